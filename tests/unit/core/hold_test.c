/* What a node's helper is told of an exclusive route and what comes of its word: through whole
 * engines. Route 0 has an address: voice-1 serves it, then mirror-1. */
#include "cluster.h"
#include "core/engine_private.h"
#include "base/utc.h"
#include "core/failover/promise.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

enum { VOICE = 0, MIRROR = 4 };

/* In the place of the sample's candidates and switch. */
static const char own[] = "      - {name: tokyo, servers: [voice-1], value: v}\n"
                          "      - {name: osaka, servers: [mirror-1], value: m}\n"
                          "    actuators:\n"
                          "      - {name: line, address: {ip: 192.0.2.10}}\n";

static void word(struct cluster *c, int node, uint32_t epoch, enum holder_word said)
{
    struct event event = {.kind = EVENT_HOLDER};

    event.holder.epoch = epoch;
    event.holder.word = said;
    cluster_step(c, node, &event);
}

static struct cluster *calm(void)
{
    const char *yaml = world_yaml("exclusive", 0);
    const char *from = strstr(yaml, "      - {name: tokyo"), *to = strstr(yaml, "functions:");
    struct buf text = {0};
    struct cluster *c;

    buf_append(&text, yaml, (size_t)(from - yaml));
    buf_str(&text, own);
    buf_str(&text, to);
    c = cluster_of(buf_cstr(&text), 5);
    buf_free(&text);
    c->helpers = true;
    cluster_run(c, 3000);
    assert_int_equal(c->held[VOICE].epoch, 1);
    assert_int_equal(cluster_shared(c)->routes[0].phase, ROUTE_SERVING);
    word(c, MIRROR, 0, HOLDER_RELEASED); /* it is asked, and has nothing */
    cluster_run(c, 200);
    return c;
}

static void move(struct cluster *c, int to)
{
    struct command command = {.kind = COMMAND_FAILOVER, .to = to, .force = true};

    command.id.bytes[0] = (uint8_t)(1 + to);
    snprintf(command.who, sizeof command.who, "operator");
    cluster_command(c, &command);
}

static const struct route_state *route_of(const struct cluster *c)
{
    return &cluster_shared(c)->routes[0];
}

static int64_t wait_ms(const struct cluster *c)
{
    return promise_wait_ms(&cluster_shared(c)->model->timing);
}

/* How long the move took to act; -1: not within `ms`. */
static int64_t acted_ms(struct cluster *c, int64_t ms)
{
    int64_t began_ms = c->now_ms;

    for (; c->now_ms < began_ms + ms; cluster_run(c, 5))
        if (route_of(c)->now.epoch == 2 && route_of(c)->phase != ROUTE_WAITING)
            return c->now_ms - began_ms;
    return -1;
}

static void only_who_has_a_grant_is_told_to_hold(void **state)
{
    struct cluster *c = calm();
    int64_t until_ms = c->held[VOICE].until_ms;
    int i;

    (void)state;
    for (i = 0; i < CLUSTER_NODES; i++)
        assert_int_equal(c->held[i].orders > 0, i == VOICE);
    assert_int_equal(until_ms, engine_grant(cluster_engine(c, VOICE), 0));
    cluster_run(c, 500); /* renewed, and no more than granted */
    assert_true(c->held[VOICE].until_ms > until_ms);
    assert_int_equal(c->held[VOICE].fence_ms, cluster_shared(c)->model->timing.fence_ms);
    for (i = 0; i < CLUSTER_NODES; i++)
        c->stopped[i] = i != VOICE;
    until_ms = c->held[VOICE].until_ms;
    cluster_run(c, 3000);
    assert_int_equal(c->held[VOICE].until_ms, until_ms);
    assert_int_equal(c->held[VOICE].over, 0); /* it just runs out: it may come again */
    cluster_free(c);
}

static void a_move_is_let_go_and_waits_for_the_helper(void **state)
{
    struct cluster *c = calm();

    (void)state;
    c->mute[VOICE] = true; /* it is told, and does not answer yet */
    move(c, 1);
    assert_int_equal(acted_ms(c, 1500), -1);
    assert_int_equal(c->held[VOICE].over, 1);
    assert_int_equal(c->held[MIRROR].epoch, 0);
    word(c, VOICE, 1, HOLDER_FENCED); /* it may come again: not yet */
    assert_int_equal(acted_ms(c, 500), -1);
    word(c, VOICE, 1, HOLDER_LOST); /* nobody knows */
    assert_int_equal(acted_ms(c, 500), -1);
    word(c, VOICE, 1, HOLDER_RELEASED);
    assert_in_range(acted_ms(c, 500), 0, 100);
    cluster_run(c, 500);
    assert_int_equal(c->held[MIRROR].epoch, 2);
    assert_int_equal(route_of(c)->phase, ROUTE_SERVING);
    cluster_free(c);
}

static void a_helper_that_says_nothing_is_waited_out(void **state)
{
    struct cluster *c = calm();
    int64_t began_ms = c->now_ms, until_ms;

    (void)state;
    c->mute[VOICE] = true;
    move(c, 1);
    cluster_run(c, 20);
    until_ms = c->held[VOICE].until_ms; /* D, of the newest grant */
    assert_true(acted_ms(c, 6000) > 0);
    assert_true(c->now_ms >= until_ms + c->held[VOICE].fence_ms + 4000);
    assert_in_range(c->now_ms - began_ms, 4000, 5000);
    cluster_free(c);
}

/* It has forgotten what its helper was told, and the helper, which stands still, not. */
static void a_daemon_that_starts_anew_does_not_speak_for_its_helper(void **state)
{
    struct cluster *c = calm();
    int64_t began_ms;

    (void)state;
    c->mute[VOICE] = true;
    cluster_restart(c, VOICE, 1);
    began_ms = c->now_ms;
    move(c, 1);
    cluster_run(c, 3000);
    assert_int_equal(c->held[VOICE].over, 1);
    assert_int_equal(route_of(c)->phase, ROUTE_WAITING);
    assert_true(acted_ms(c, 3000) > 0); /* the kernel has taken away what may have been left */
    assert_in_range(c->now_ms - began_ms, 4000, 5500);
    cluster_free(c);
    c = calm();
    cluster_restart(c, VOICE, 1); /* its helper answers */
    cluster_run(c, 1000);
    move(c, 1);
    assert_in_range(acted_ms(c, 2000), 0, 200);
    cluster_free(c);
}

/* What it knew says that all grants are over; what it has not read yet, that one holder waits. */
static void a_leader_that_stood_still_hears_before_it_acts(void **state)
{
    struct cluster *c = calm();
    struct event tick = {.kind = EVENT_TICK};
    int64_t until_ms;

    (void)state;
    c->mute[VOICE] = true;
    move(c, 1);
    cluster_run(c, 200);
    until_ms = c->held[VOICE].until_ms;
    c->now_ms += 2 * wait_ms(c);
    cluster_step(c, c->leader, &tick);
    assert_int_equal(route_of(c)->now.epoch, 2);
    assert_int_equal(route_of(c)->phase, ROUTE_WAITING);
    assert_true(acted_ms(c, 6000) > 0);
    assert_true(c->now_ms >= until_ms + c->held[VOICE].fence_ms + 4000);
    cluster_free(c);
}

static void what_software_was_lent_is_waited_for(void **state)
{
    struct cluster *c = calm();
    struct lease lease;

    (void)state;
    lease = cluster_lend(c, VOICE, 0);
    assert_true(lease.until_ms > c->now_ms);
    c->mute[VOICE] = true;
    move(c, 1);
    cluster_run(c, 20);
    word(c, VOICE, 1, HOLDER_RELEASED); /* of the address it is true */
    assert_true(acted_ms(c, 2000) > 0);
    assert_true(c->now_ms >= lease.until_ms);
    cluster_free(c);
    c = calm(); /* nothing was lent: nothing is waited for */
    move(c, 1);
    assert_in_range(acted_ms(c, 2000), 0, 100);
    cluster_free(c);
}

/* It is clear for no older epoch any more. */
static void stores_intent(struct cluster *c, int node, uint32_t epoch)
{
    struct event event = {.kind = EVENT_STORED};

    event.stored.intent_epoch = epoch;
    cluster_step(c, node, &event);
}

/* What a helper let go of before says nothing of what the start before this one was granted. */
static void a_new_start_waits_for_what_the_one_before_was_granted(void **state)
{
    struct cluster *c = calm();
    int64_t began_ms;
    int i;

    (void)state;
    move(c, 1);
    assert_in_range(acted_ms(c, 2000), 0, 100);
    cluster_run(c, 1000);
    assert_int_equal(c->held[MIRROR].epoch, 2);
    c->mute[MIRROR] = true;
    for (i = 0; i < CLUSTER_NODES; i++)
        stores_intent(c, i, 3);
    cluster_restart(c, MIRROR, 1);
    c->held[MIRROR].until_ms = 0;
    began_ms = c->now_ms;
    cluster_run(c, 50);
    word(c, MIRROR, 1, HOLDER_RELEASED); /* asked anew; epoch 2 may be up */
    move(c, 0);
    cluster_run(c, 300);
    assert_int_equal(c->held[MIRROR].until_ms, 0); /* this start has got nothing */
    assert_int_equal(route_of(c)->now.epoch, 3);
    assert_int_equal(route_of(c)->phase, ROUTE_WAITING);
    for (; route_of(c)->phase == ROUTE_WAITING; cluster_run(c, 5))
        assert_true(c->now_ms < began_ms + 6000);
    assert_true(c->now_ms >= began_ms + cluster_shared(c)->model->timing.lease_holder_ms);
    cluster_free(c);
}

static int64_t lapsed_ms(struct cluster *c, int64_t ms)
{
    int64_t began_ms = c->now_ms;

    for (; c->now_ms < began_ms + ms; cluster_run(c, 5))
        if (route_of(c)->lapsed != 0 || route_of(c)->now.epoch > 1)
            return c->now_ms - began_ms;
    return -1;
}

static void who_says_himself_that_he_does_not_hold_has_lapsed(void **state)
{
    struct cluster *c = calm();
    int beat_ms = cluster_shared(c)->model->timing.beat_ms;
    int64_t bound_ms = wait_ms(c) + 3 * beat_ms;

    (void)state;
    c->mute[VOICE] = true;
    word(c, VOICE, 0, HOLDER_LOST);
    assert_in_range(lapsed_ms(c, 3000), bound_ms - beat_ms, bound_ms + 2 * beat_ms);
    cluster_run(c, 6000);
    assert_int_equal(route_of(c)->now.epoch, 2); /* and the other one has it */
    cluster_free(c);
}

static void a_helper_that_is_back_in_time_has_not_lapsed(void **state)
{
    struct cluster *c = calm();

    (void)state;
    c->mute[VOICE] = true;
    word(c, VOICE, 0, HOLDER_LOST);
    cluster_run(c, wait_ms(c) / 2);
    c->mute[VOICE] = false;
    word(c, VOICE, 1, HOLDER_HELD);
    assert_int_equal(lapsed_ms(c, 3000), -1);
    cluster_free(c);
}

/* Nobody knows what it did while nobody heard it: its word counts from when it is heard. */
static void the_word_of_one_heard_again_counts_from_then_on(void **state)
{
    struct cluster *c = calm();
    int64_t bound_ms = wait_ms(c) + 3 * cluster_shared(c)->model->timing.beat_ms;

    (void)state;
    c->stopped[VOICE] = c->mute[VOICE] = true;
    word(c, VOICE, 0, HOLDER_LOST);
    cluster_run(c, bound_ms - 250);
    c->stopped[VOICE] = false;
    assert_int_equal(lapsed_ms(c, 700), -1);
    c->mute[VOICE] = false;
    word(c, VOICE, 1, HOLDER_HELD);
    assert_int_equal(lapsed_ms(c, 3000), -1);
    cluster_free(c);
}

static void whom_no_majority_hears_has_lapsed(void **state)
{
    struct cluster *c = calm();
    int64_t bound_ms = wait_ms(c) + 3 * cluster_shared(c)->model->timing.beat_ms;

    (void)state;
    c->stopped[VOICE] = true;
    assert_in_range(lapsed_ms(c, 5000), bound_ms, bound_ms + 1000);
    cluster_free(c);
}

/* Who is said not to hold it has begun while that was being committed, and stands still for a
 * moment just now: it is asked for as long as anyone else before the route goes on. */
static void a_lapse_that_is_over_moves_nothing(void **state)
{
    struct cluster *c = calm();
    struct entry entry = {.kind = ENTRY_HOLDING};

    (void)state;
    entry.holding.epoch = 1;
    entry.holding.server = VOICE;
    entry.holding.since_ms = (uint32_t)wait_ms(c);
    c->mute[VOICE] = true;
    word(c, VOICE, 0, HOLDER_LOST);
    cluster_run(c, wait_ms(c) / 4);
    cluster_commit(c, &entry);
    cluster_run(c, wait_ms(c) / 4);
    assert_true(route_of(c)->lapsed != 0);
    assert_int_equal(route_of(c)->now.epoch, 1);
    c->mute[VOICE] = false;
    word(c, VOICE, 1, HOLDER_HELD);
    cluster_run(c, 3000);
    assert_int_equal(route_of(c)->lapsed, 0);
    cluster_free(c);
}

/* ---- who could hold it ---- */

static void ask(struct cluster *c, int to, enum command_kind kind)
{
    struct command command = {.kind = kind, .to = to};

    command.id.bytes[0] = (uint8_t)(10 + c->replies);
    snprintf(command.who, sizeof command.who, "operator");
    cluster_command(c, &command);
    cluster_run(c, 1000);
}

static void whose_helper_is_not_heard_is_not_ready(void **state)
{
    struct cluster *c = calm();
    const struct engine *leader;

    (void)state;
    leader = cluster_engine(c, c->leader);
    assert_true(engine_ready(leader, 0, 1));
    assert_null(engine_unable(leader, 0, MIRROR));
    word(c, MIRROR, 0, HOLDER_LOST);
    cluster_run(c, 300);
    assert_false(engine_ready(leader, 0, 1));
    assert_string_equal(engine_unable(leader, 0, MIRROR), "its kirikae-helper is not heard");
    ask(c, 1, COMMAND_SWITCHOVER);
    assert_int_equal(c->reply_code, ERR_REFUSED);
    assert_non_null(strstr(c->reply_text, "mirror-1: its kirikae-helper is not heard"));
    c->dead[VOICE] = true;
    cluster_run(c, 5000);
    assert_int_equal(route_of(c)->now.epoch, 1);
    assert_int_equal(route_of(c)->phase, ROUTE_BLOCKED);
    word(c, MIRROR, 0, HOLDER_RELEASED); /* it is back */
    cluster_run(c, 1000);
    assert_int_equal(route_of(c)->now.epoch, 2);
    assert_int_equal(route_of(c)->phase, ROUTE_SERVING);
    cluster_free(c);
}

/* ---- who is stopped ---- */

static void leave(struct cluster *c, int node)
{
    struct event event = {.kind = EVENT_LEAVE};

    cluster_step(c, node, &event);
}

static bool left(const struct cluster *c, int node)
{
    return engine_left(cluster_engine(c, node), cluster_now(c));
}

/* When it could end, after its stop; -1: not within `ms`. */
static int64_t left_ms(struct cluster *c, int node, int64_t ms)
{
    int64_t began_ms = c->now_ms;

    for (; c->now_ms < began_ms + ms; cluster_run(c, 5))
        if (left(c, node))
            return c->now_ms - began_ms;
    return -1;
}

static void a_holder_that_is_stopped_lets_the_other_one_serve_first(void **state)
{
    struct cluster *c = calm();

    (void)state;
    leave(c, VOICE);
    assert_false(left(c, VOICE));
    assert_in_range(left_ms(c, VOICE, 1000), 0, 100);
    assert_int_equal(c->held[VOICE].over, 1);
    assert_int_equal(route_of(c)->now.epoch, 2);
    assert_int_equal(route_of(c)->rule, 67);
    assert_string_equal(route_of(c)->who, "voice-1");
    assert_true(route_of(c)->planned);
    c->stopped[VOICE] = true;
    cluster_run(c, 500);
    assert_int_equal(c->held[MIRROR].epoch, 2);
    assert_int_equal(route_of(c)->phase, ROUTE_SERVING);
    assert_int_equal(route_of(c)->automatic_ms[0], UTC_NONE); /* it is none */
    cluster_free(c);
}

static void its_word_is_waited_for(void **state)
{
    struct cluster *c = calm();

    (void)state;
    c->mute[VOICE] = true;
    leave(c, VOICE);
    assert_int_equal(left_ms(c, VOICE, 1000), -1);
    assert_int_equal(route_of(c)->phase, ROUTE_WAITING);
    word(c, VOICE, 1, HOLDER_RELEASED);
    assert_in_range(left_ms(c, VOICE, 1000), 0, 100);
    assert_int_equal(route_of(c)->phase, ROUTE_ACTING);
    cluster_free(c);
}

static void what_will_not_come_is_not_waited_for(void **state)
{
    struct cluster *c = calm();
    struct command pause = {.kind = COMMAND_PAUSE, .for_ms = 60000};

    (void)state;
    leave(c, MIRROR); /* it holds nothing */
    assert_true(left(c, MIRROR));
    cluster_run(c, 300);
    leave(c, VOICE); /* and nobody else is there */
    assert_true(left(c, VOICE));
    cluster_run(c, 2000);
    assert_int_equal(route_of(c)->now.epoch, 1);
    cluster_free(c);
    c = calm();
    snprintf(pause.who, sizeof pause.who, "operator");
    cluster_command(c, &pause);
    cluster_run(c, 300);
    leave(c, VOICE);
    assert_true(left(c, VOICE));
    cluster_run(c, 2000);
    assert_int_equal(route_of(c)->now.epoch, 1);
    cluster_free(c);
}

static void who_is_stopped_is_not_chosen(void **state)
{
    struct cluster *c = calm();

    (void)state;
    leave(c, MIRROR);
    cluster_run(c, 300);
    assert_string_equal(engine_unable(cluster_engine(c, c->leader), 0, MIRROR),
                        "it is being stopped");
    ask(c, 1, COMMAND_SWITCHOVER);
    assert_int_equal(c->reply_code, ERR_REFUSED);
    assert_int_equal(route_of(c)->now.epoch, 1);
    cluster_free(c);
}

static void a_leader_that_is_stopped_lets_another_one_lead(void **state)
{
    struct cluster *c = calm();
    int transfers = c->transfers;

    (void)state;
    leave(c, c->leader);
    assert_false(left(c, c->leader));
    cluster_run(c, 300);
    assert_int_equal(c->transfers, transfers + 1);
    assert_int_not_equal(c->transfer_to, c->leader);
    cluster_resign(c);
    assert_true(left(c, c->leader));
    cluster_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_who_has_a_grant_is_told_to_hold),
        cmocka_unit_test(a_move_is_let_go_and_waits_for_the_helper),
        cmocka_unit_test(a_helper_that_says_nothing_is_waited_out),
        cmocka_unit_test(a_daemon_that_starts_anew_does_not_speak_for_its_helper),
        cmocka_unit_test(a_leader_that_stood_still_hears_before_it_acts),
        cmocka_unit_test(what_software_was_lent_is_waited_for),
        cmocka_unit_test(a_new_start_waits_for_what_the_one_before_was_granted),
        cmocka_unit_test(who_says_himself_that_he_does_not_hold_has_lapsed),
        cmocka_unit_test(a_helper_that_is_back_in_time_has_not_lapsed),
        cmocka_unit_test(the_word_of_one_heard_again_counts_from_then_on),
        cmocka_unit_test(whom_no_majority_hears_has_lapsed),
        cmocka_unit_test(a_lapse_that_is_over_moves_nothing),
        cmocka_unit_test(whose_helper_is_not_heard_is_not_ready),
        cmocka_unit_test(a_holder_that_is_stopped_lets_the_other_one_serve_first),
        cmocka_unit_test(its_word_is_waited_for),
        cmocka_unit_test(what_will_not_come_is_not_waited_for),
        cmocka_unit_test(who_is_stopped_is_not_chosen),
        cmocka_unit_test(a_leader_that_is_stopped_lets_another_one_lead),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
