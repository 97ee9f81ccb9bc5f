/* Calls of actuators: what lands, what is refused, and what the caller is told. */
#include "simulate/parts/switches.h"
#include "small.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 64 };

struct acted {
    int node;
    uint64_t start;
    struct event event;
    char text[LIMIT_TEXT];
    int64_t at_ms;
};

struct world {
    struct model *model;
    struct wheel *wheel;
    struct network *network;
    struct switches *switches;
    struct acted acted[MOST];
    int n_acted;
    struct setting before; /* of the newest change */
    int n_changed, n_back;
    int n_may;
    bool denied;      /* what may() says, or … */
    uint32_t deposed; /* … for this epoch, or … */
    int64_t leave_ms; /* … not yet, before then */
    int64_t since_ms; /* that it was given */
    int forgets;      /* an actuator that restarts when may() is asked; -1 */
    bool inside;      /* of a call that must not end one */
};

enum { BOOT_MS = 77000 }; /* what the nodes' clocks are ahead of the world's */

static int on_may(void *context, int node, uint64_t start, int route,
                  const struct placement *placement, int64_t since_ms)
{
    struct world *world = context;

    assert_int_equal(route, 0);
    assert_true(placement->epoch > 0);
    world->n_may++;
    world->since_ms = since_ms;
    if (world->forgets >= 0)
        switches_fault(world->switches, 0, world->forgets, SWITCH_FORGETS, 0, true);
    if (world->denied || placement->epoch == world->deposed)
        return -1;
    return wheel_now(world->wheel) >= world->leave_ms;
}

static int64_t on_boot_ms(void *context, int node)
{
    struct world *world = context;

    return wheel_now(world->wheel) + BOOT_MS;
}

static void on_acted(void *context, int node, uint64_t start, const struct event *event)
{
    struct world *world = context;
    struct acted *acted = &world->acted[world->n_acted++];

    assert_false(world->inside);
    assert_true(world->n_acted < MOST);
    assert_int_equal(event->kind, EVENT_ACTED);
    assert_int_equal(event->acted.code == 0, event->acted.text == NULL);
    *acted = (struct acted){node, start, *event, .at_ms = wheel_now(world->wheel)};
    if (event->acted.text != NULL)
        snprintf(acted->text, sizeof acted->text, "%s", event->acted.text);
}

static void on_changed(void *context, int route, int actuator, const struct setting *before)
{
    struct world *world = context;

    assert_int_equal(route, 0);
    assert_memory_not_equal(before, switches_get(world->switches, route, actuator), sizeof *before);
    world->before = *before;
    world->n_changed++;
    world->n_back += before->epoch > switches_get(world->switches, route, actuator)->epoch;
}

static int setup(void **state)
{
    struct world *world = mem_zalloc(1, sizeof *world);

    world->model = small_model();
    world->wheel = wheel_new();
    world->network = network_new(
        &(struct network_options){.model = world->model, .wheel = world->wheel, .seed = 1});
    world->switches = switches_new(&(struct switches_options){.model = world->model,
                                                              .wheel = world->wheel,
                                                              .network = world->network,
                                                              .seed = 1,
                                                              .may = on_may,
                                                              .boot_ms = on_boot_ms,
                                                              .acted = on_acted,
                                                              .changed = on_changed,
                                                              .context = world});
    world->forgets = -1;
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;

    switches_free(world->switches);
    network_free(world->network);
    wheel_free(world->wheel);
    model_free(world->model);
    mem_free(world);
    return 0;
}

static void run(struct world *world, int64_t until_ms)
{
    while (wheel_step(world->wheel, until_ms))
        ;
}

/* To candidate 1 (SECOND) when the epoch is odd, else to candidate 0 (FIRST). */
static struct placement to(uint32_t epoch, uint32_t step)
{
    int candidate = (int)epoch % 2;

    return (struct placement){epoch, step, candidate, server_bit(candidate == 0 ? FIRST : SECOND)};
}

static void call(struct world *world, int node, int actuator, uint32_t epoch, uint32_t step)
{
    struct placement placement = to(epoch, step);

    world->inside = true;
    switches_call(world->switches, node, 10, 0, actuator, &placement);
    world->inside = false;
}

/* The next call to end. */
static const struct acted *await(struct world *world)
{
    int n = world->n_acted;
    int64_t until_ms = wheel_now(world->wheel) + 60000;

    while (world->n_acted == n)
        assert_true(wheel_step(world->wheel, until_ms));
    return &world->acted[n];
}

static const struct acted *call_and_await(struct world *world, int node, int actuator,
                                          uint32_t epoch, uint32_t step)
{
    call(world, node, actuator, epoch, step);
    return await(world);
}

static void assert_says(const struct world *world, int actuator, uint32_t epoch, uint32_t step)
{
    const struct setting *says = switches_get(world->switches, 0, actuator);
    struct placement placement = to(epoch, step);

    assert_int_equal(says->epoch, epoch);
    assert_int_equal(says->step, step);
    assert_int_equal(says->candidate, placement.candidate);
    assert_int_equal(says->members, placement.members);
}

static void fault(struct world *world, int actuator, enum switch_fault kind, int ms, bool on)
{
    switches_fault(world->switches, 0, actuator, kind, ms, on);
}

static void test_a_call_is_done_once(void **state)
{
    struct world *world = *state;

    for (int actuator = PROXY; actuator <= LOCAL; actuator++) {
        const struct acted *acted;

        assert_says(world, actuator, 0, 0);
        world->n_changed = 0;
        acted = call_and_await(world, TWO, actuator, 3, 2);
        assert_int_equal(acted->node, TWO);
        assert_int_equal(acted->start, 10);
        assert_int_equal(acted->event.acted.code, 0);
        assert_true(acted->event.acted.changed);
        assert_int_equal(acted->event.acted.actuator, actuator);
        assert_int_equal(acted->event.acted.epoch, 3);
        assert_int_equal(acted->event.acted.step, 2);
        assert_int_equal(acted->event.acted.seen_epoch, 0);
        assert_in_range(acted->event.acted.took_ms, 0, 30);
        assert_says(world, actuator, 3, 2);
        assert_int_equal(world->n_changed, 1);
        assert_int_equal(world->before.epoch, 0);

        acted = call_and_await(world, TWO, actuator, 3, 2);
        assert_int_equal(acted->event.acted.code, 0);
        assert_false(acted->event.acted.changed);
        assert_int_equal(acted->event.acted.seen_epoch, 3);
        assert_int_equal(world->n_changed, 1);
    }
    assert_int_equal(world->n_may, 3);
}

/* Under the same (epoch, step) all that was ordered counts. */
static void test_another_pool_is_told_again(void **state)
{
    struct world *world = *state;
    struct placement placement = to(1, 0);

    call_and_await(world, TWO, PROXY, 1, 0);
    placement.members |= server_bit(FIRST);
    switches_call(world->switches, TWO, 10, 0, PROXY, &placement);
    assert_true(await(world)->event.acted.changed);
    assert_int_equal(switches_get(world->switches, 0, PROXY)->members, placement.members);
    placement.candidate = 0;
    switches_call(world->switches, TWO, 10, 0, PROXY, &placement);
    assert_true(await(world)->event.acted.changed);
    assert_int_equal(switches_get(world->switches, 0, PROXY)->candidate, 0);
}

static void test_the_newer_one_stays(void **state)
{
    struct world *world = *state;
    const struct acted *acted;

    call_and_await(world, TWO, PROXY, 4, 1);
    acted = call_and_await(world, ONE, PROXY, 3, 7);
    assert_int_equal(acted->event.acted.code, ERR_STALE);
    assert_int_equal(acted->event.acted.seen_epoch, 4);
    assert_false(acted->event.acted.changed);
    assert_string_equal(acted->text, "10.0.0.1:9999: it already serves epoch 4.1, newer than 3.7");
    acted = call_and_await(world, ONE, PROXY, 4, 0);
    assert_int_equal(acted->event.acted.code, ERR_STALE);
    assert_says(world, PROXY, 4, 1);
    assert_int_equal(call_and_await(world, ONE, PROXY, 4, 2)->event.acted.code, 0);
    assert_says(world, PROXY, 4, 2);
}

/* Both have read before either commits: the older one's commit comes last, and is refused. */
static void test_a_commit_in_between_makes_the_token_stale(void **state)
{
    struct world *world = *state;
    const struct acted *one, *other;

    fault(world, PROXY, SWITCH_LATE, 300, true);
    call(world, THREE, PROXY, 1, 0);
    run(world, 100);
    assert_int_equal(world->n_may, 1); /* its commit is out */
    fault(world, PROXY, SWITCH_LATE, 300, false);
    other = call_and_await(world, TWO, PROXY, 2, 0);
    assert_int_equal(other->event.acted.code, 0);
    assert_int_equal(other->event.acted.seen_epoch, 0);
    assert_says(world, PROXY, 2, 0);
    one = await(world);
    assert_int_equal(one->node, THREE);
    assert_int_equal(one->event.acted.code, ERR_STALE);
    assert_int_equal(one->event.acted.seen_epoch, 2);
    assert_says(world, PROXY, 2, 0);
    assert_int_equal(world->n_changed, 1);
}

static void test_not_without_leave(void **state)
{
    struct world *world = *state;
    const struct acted *acted;

    world->denied = true;
    acted = call_and_await(world, TWO, PROXY, 1, 0);
    assert_int_equal(acted->event.acted.code, ERR_UNAVAILABLE);
    assert_says(world, PROXY, 0, 0);
    world->denied = false;
    call_and_await(world, TWO, PROXY, 1, 0);
    world->denied = true; /* nothing to do: nobody is asked */
    assert_int_equal(call_and_await(world, TWO, PROXY, 1, 0)->event.acted.code, 0);
}

/* HAProxy's driver waits for leave with its token in hand, and says since when. */
static void test_no_commit_before_leave(void **state)
{
    struct world *world = *state;
    const struct acted *acted;

    world->leave_ms = 200;
    call(world, TWO, PROXY, 1, 0);
    run(world, 199);
    assert_says(world, PROXY, 0, 0);
    assert_in_range(world->n_may, 90, 100);
    assert_in_range(world->since_ms, BOOT_MS + 1, BOOT_MS + 10);
    acted = await(world);
    assert_int_equal(acted->event.acted.code, 0);
    assert_in_range(acted->at_ms, 200, 210);
    assert_says(world, PROXY, 1, 0);
    /* Never given: the call's time is up. Refused meanwhile: it ends. */
    world->leave_ms = INT64_MAX;
    acted = call_and_await(world, TWO, PROXY, 2, 0);
    assert_int_equal(acted->event.acted.code, ERR_TIMEOUT);
    assert_int_equal(acted->event.acted.took_ms, 1000);
    assert_non_null(strstr(acted->text, "while asking the others"));
    call(world, TWO, PROXY, 2, 0);
    run(world, wheel_now(world->wheel) + 100);
    world->denied = true;
    assert_int_equal(await(world)->event.acted.code, ERR_UNAVAILABLE);
    assert_says(world, PROXY, 1, 0);
    /* DNS compares by itself: what is not yet is as good as leave. */
    world->denied = false;
    assert_int_equal(call_and_await(world, TWO, NAMES, 1, 0)->event.acted.code, 0);
    assert_true(world->since_ms == ENGINE_NO_TOKEN);
}

/* The newer one has the earlier token and commits first; the older one saw nothing of it. */
static void overtake(struct world *world)
{
    world->leave_ms = 100;
    call(world, TWO, PROXY, 2, 0);
    run(world, 50);
    call(world, THREE, PROXY, 1, 0);
    run(world, 99);
    assert_int_equal(world->n_changed, 0);
    run(world, 2000);
    assert_int_equal(world->n_acted, 2);
    assert_says(world, PROXY, 2, 0);
}

/* HAProxy goes by versions, not by epochs: who has the later one and may go on goes back (the
 * check `actuator-raft-leadership` of tests/model). */
static void test_the_later_token_goes_back(void **state)
{
    struct world *world = *state;

    overtake(world);
    assert_int_equal(world->n_back, 1);
}

static void test_without_leave_nothing_goes_back(void **state)
{
    struct world *world = *state;

    world->deposed = 1;
    overtake(world);
    assert_int_equal(world->n_back, 0);
}

static void test_one_call_at_once(void **state)
{
    struct world *world = *state;
    struct placement placement = to(1, 0);
    const struct acted *refused;

    call(world, TWO, PROXY, 1, 0);
    call(world, TWO, PROXY, 1, 0);                                 /* refused */
    call(world, TWO, NAMES, 1, 0);                                 /* another actuator */
    call(world, THREE, PROXY, 1, 0);                               /* another node */
    switches_call(world->switches, TWO, 99, 0, PROXY, &placement); /* the next start */
    refused = await(world);
    assert_int_equal(refused->node, TWO);
    assert_int_equal(refused->event.acted.code, ERR_REFUSED);
    assert_int_equal(refused->event.acted.took_ms, 0);
    for (int i = 1; i < 5; i++)
        assert_int_equal(await(world)->event.acted.code, 0);
    assert_int_equal(call_and_await(world, TWO, PROXY, 1, 0)->event.acted.code, 0);
}

static void test_a_newer_order_takes_the_place_of_an_older(void **state)
{
    struct world *world = *state;
    struct placement older = {1, 1, 1, server_bit(SECOND)}, newer = {2, 0, 1, server_bit(SECOND)};
    const struct acted *acted;

    fault(world, PROXY, SWITCH_DOWN, 0, true);
    switches_call(world->switches, TWO, 1, 0, PROXY, &older);
    switches_call(world->switches, TWO, 1, 0, PROXY, &newer);
    acted = await(world);
    assert_int_equal(acted->event.acted.epoch, 1);
    assert_int_equal(acted->event.acted.code, ERR_UNAVAILABLE);
    assert_int_equal(acted->event.acted.took_ms, 0);
    acted = await(world);
    assert_int_equal(acted->event.acted.epoch, 2);
    assert_int_equal(acted->event.acted.code, ERR_TIMEOUT);
}

static void test_a_pool_is_never_emptied(void **state)
{
    struct world *world = *state;
    struct placement placement = {1, 0, 1, server_bit(FIRST)}; /* not of that candidate */

    switches_call(world->switches, TWO, 1, 0, PROXY, &placement);
    assert_int_equal(await(world)->event.acted.code, ERR_INVALID);
    assert_says(world, PROXY, 0, 0);
}

static void test_down(void **state)
{
    struct world *world = *state;
    const struct acted *acted;

    fault(world, PROXY, SWITCH_DOWN, 0, true);
    acted = call_and_await(world, TWO, PROXY, 1, 0);
    assert_int_equal(acted->event.acted.code, ERR_TIMEOUT);
    assert_int_equal(acted->event.acted.took_ms, 1000);
    assert_int_equal(acted->at_ms, 1000);
    assert_string_equal(acted->text, "10.0.0.1:9999: no answer within 1000 ms while reading");
    assert_says(world, PROXY, 0, 0);
    fault(world, PROXY, SWITCH_DOWN, 0, false);
    assert_int_equal(call_and_await(world, TWO, PROXY, 1, 0)->event.acted.code, 0);
    /* A commit on its way meets nobody. */
    fault(world, PROXY, SWITCH_LATE, 300, true);
    call(world, TWO, PROXY, 2, 0);
    run(world, wheel_now(world->wheel) + 100);
    fault(world, PROXY, SWITCH_DOWN, 0, true);
    assert_int_equal(await(world)->event.acted.code, ERR_TIMEOUT);
    assert_says(world, PROXY, 1, 0);
}

static void test_deaf(void **state)
{
    struct world *world = *state;
    const struct acted *acted;

    fault(world, PROXY, SWITCH_DEAF, 0, true);
    acted = call_and_await(world, TWO, PROXY, 1, 0);
    assert_int_equal(acted->event.acted.code, ERR_TIMEOUT);
    assert_false(acted->event.acted.changed);
    assert_non_null(strstr(acted->text, "while committing"));
    assert_says(world, PROXY, 1, 0);
    acted = call_and_await(world, TWO, PROXY, 1, 0);
    assert_int_equal(acted->event.acted.code, 0);
    assert_false(acted->event.acted.changed);
}

static void test_slow(void **state)
{
    struct world *world = *state;
    const struct acted *acted;

    fault(world, PROXY, SWITCH_SLOW, 200, true);
    acted = call_and_await(world, TWO, PROXY, 1, 0);
    assert_int_equal(acted->event.acted.code, 0);
    assert_in_range(acted->event.acted.took_ms, 600, 620); /* read, take, commit and read back */
    fault(world, PROXY, SWITCH_SLOW, 200, true);
    acted = call_and_await(world, TWO, PROXY, 2, 0);
    assert_int_equal(acted->event.acted.code, ERR_TIMEOUT);
    assert_non_null(strstr(acted->text, "while committing"));
    assert_says(world, PROXY, 2, 0);
    acted = call_and_await(world, TWO, NAMES, 1, 0);
    assert_int_equal(acted->event.acted.code, 0);
    fault(world, NAMES, SWITCH_SLOW, 400, true);
    acted = call_and_await(world, TWO, NAMES, 2, 0);
    assert_int_equal(acted->event.acted.code, ERR_TIMEOUT);
    assert_non_null(strstr(acted->text, "while verifying"));
    assert_says(world, NAMES, 2, 0);
}

static void test_a_late_commit_outlives_its_call(void **state)
{
    struct world *world = *state;
    const struct acted *acted;

    fault(world, PROXY, SWITCH_LATE, 3000, true);
    acted = call_and_await(world, TWO, PROXY, 1, 0);
    assert_int_equal(acted->event.acted.code, ERR_TIMEOUT);
    world->denied = true; /* it leads no more */
    run(world, 2900);
    assert_says(world, PROXY, 0, 0);
    run(world, 3100);
    assert_says(world, PROXY, 1, 0);
    assert_int_equal(world->n_changed, 1);
    run(world, 10000);
    assert_int_equal(world->n_acted, 1);
}

static void test_a_late_commit_does_not_overtake(void **state)
{
    struct world *world = *state;

    fault(world, PROXY, SWITCH_LATE, 3000, true);
    call_and_await(world, TWO, PROXY, 1, 0);
    fault(world, PROXY, SWITCH_LATE, 3000, false);
    assert_int_equal(call_and_await(world, THREE, PROXY, 2, 0)->event.acted.code, 0);
    run(world, 10000);
    assert_says(world, PROXY, 2, 0);
    assert_int_equal(world->n_changed, 1);
}

static void test_a_frozen_node_goes_on_later(void **state)
{
    struct world *world = *state;
    const struct acted *acted;

    call(world, TWO, PROXY, 1, 0);
    switches_freeze(world->switches, TWO, true);
    run(world, 500);
    assert_int_equal(world->n_may, 0);
    assert_int_equal(world->n_acted, 0);
    /* Another one moves meanwhile: the thawed one has read before. */
    assert_int_equal(call_and_await(world, THREE, PROXY, 2, 0)->event.acted.code, 0);
    switches_freeze(world->switches, TWO, false);
    acted = await(world);
    assert_int_equal(acted->node, TWO);
    assert_int_equal(world->n_may, 1); /* with its token it looks again: it did not ask */
    assert_int_equal(acted->event.acted.code, ERR_STALE);
    assert_says(world, PROXY, 2, 0);
}

/* Going on without an answer is no answer. */
static void test_a_thaw_is_no_answer(void **state)
{
    struct world *world = *state;

    fault(world, PROXY, SWITCH_LATE, 300, true);
    call(world, TWO, PROXY, 1, 0);
    run(world, 100);
    assert_int_equal(world->n_may, 1);
    switches_freeze(world->switches, TWO, true);
    switches_freeze(world->switches, TWO, false);
    assert_int_equal(await(world)->event.acted.code, 0);
    assert_int_equal(world->n_may, 1);
}

static void test_a_node_frozen_for_long_sees_its_timer_first(void **state)
{
    struct world *world = *state;
    const struct acted *acted;

    call(world, TWO, PROXY, 1, 0);
    switches_freeze(world->switches, TWO, true);
    run(world, 5000);
    assert_int_equal(world->n_acted, 0);
    world->inside = true;
    switches_freeze(world->switches, TWO, false);
    world->inside = false;
    acted = await(world);
    assert_int_equal(acted->event.acted.code, ERR_TIMEOUT);
    assert_int_equal(acted->event.acted.took_ms, 5000);
    assert_says(world, PROXY, 0, 0);
}

static void test_forgets(void **state)
{
    struct world *world = *state;
    const struct acted *acted;

    call_and_await(world, TWO, PROXY, 1, 0);
    fault(world, PROXY, SWITCH_FORGETS, 0, true);
    assert_says(world, PROXY, 0, 0);
    assert_int_equal(world->n_changed, 2);
    assert_int_equal(world->before.epoch, 1);
    acted = call_and_await(world, TWO, PROXY, 1, 0);
    assert_int_equal(acted->event.acted.code, 0);
    assert_true(acted->event.acted.changed);
    fault(world, PROXY, SWITCH_FORGETS, 0, false);
    assert_says(world, PROXY, 1, 0);
}

/* Its restart makes the token stale each time: a call does not try for ever. */
static void test_rounds_are_limited(void **state)
{
    struct world *world = *state;

    world->forgets = PROXY;
    assert_int_equal(call_and_await(world, TWO, PROXY, 1, 0)->event.acted.code, ERR_INVALID);
    assert_int_equal(world->n_may, 8);
    world->n_may = 0;
    world->forgets = NAMES;
    assert_int_equal(call_and_await(world, TWO, NAMES, 1, 0)->event.acted.code, ERR_INVALID);
    assert_int_equal(world->n_may, 2);
    assert_says(world, PROXY, 0, 0);
    assert_says(world, NAMES, 0, 0);
}

static void test_reached_by_the_host_of_its_address(void **state)
{
    struct world *world = *state;
    int64_t took_ms;

    network_cut(world->network, TWO, FIRST, true); /* its host only begins like that of NAMES */
    assert_int_equal(call_and_await(world, TWO, NAMES, 1, 0)->event.acted.code, 0);
    for (int i = 0; i < world->model->n_servers; i++)
        if (i != ONE && i != TWO)
            network_cut(world->network, TWO, i, true);
    assert_int_equal(call_and_await(world, TWO, PROXY, 1, 0)->event.acted.code, 0);
    assert_int_equal(call_and_await(world, TWO, NAMES, 2, 0)->event.acted.code, ERR_TIMEOUT);
    network_cut(world->network, TWO, ONE, true);
    assert_int_equal(call_and_await(world, TWO, PROXY, 1, 0)->event.acted.code, ERR_TIMEOUT);
    took_ms = call_and_await(world, TWO, LOCAL, 1, 0)->event.acted.took_ms;
    assert_int_equal(took_ms, 3); /* read, take, commit and read back: 1 ms each */
    took_ms = call_and_await(world, ONE, PROXY, 2, 0)->event.acted.took_ms;
    assert_int_equal(took_ms, 0); /* its own server */
}

/* The way back is cut between taking a token and committing: the commit may have landed or not,
 * and the caller does not know. */
static void test_a_lost_answer_leaves_both_open(void **state)
{
    struct world *world = *state;
    int landed = 0;

    fault(world, PROXY, SWITCH_SLOW, 100, true);
    for (uint32_t epoch = 1; epoch <= 20; epoch++) {
        const struct acted *acted;

        call(world, TWO, PROXY, epoch, 0);
        run(world, wheel_now(world->wheel) + 150);
        network_cut(world->network, ONE, TWO, true);
        acted = await(world);
        assert_int_equal(acted->event.acted.code, ERR_TIMEOUT);
        assert_non_null(strstr(acted->text, "while committing"));
        network_cut(world->network, ONE, TWO, false);
        landed += switches_get(world->switches, 0, PROXY)->epoch == epoch;
    }
    assert_in_range(landed, 4, 16);
    /* With the way there cut nothing lands. */
    call(world, TWO, PROXY, 21, 0);
    run(world, wheel_now(world->wheel) + 150);
    network_cut(world->network, TWO, ONE, true);
    landed = world->n_changed;
    assert_int_equal(await(world)->event.acted.code, ERR_TIMEOUT);
    assert_int_equal(world->n_changed, landed);
}

static void test_freed_with_calls_under_way(void **state)
{
    struct world *world = *state;

    call(world, TWO, PROXY, 1, 0);
    call(world, ONE, NAMES, 1, 0);
    run(world, 1);
}

/* ---- agents ---- */

/* In the place of DNS. */
static struct world *with_agent(void **state)
{
    struct world *world = *state;

    world->model->routes[0].actuators[NAMES].kind = ACTUATOR_KAMAILIO;
    return world;
}

static void test_an_agent_obeys_one_order(void **state)
{
    struct world *world = with_agent(state);
    const struct acted *acted = call_and_await(world, TWO, NAMES, 3, 1);

    assert_int_equal(acted->event.acted.code, 0);
    assert_true(acted->event.acted.changed);
    assert_int_equal(acted->event.acted.seen_epoch, 0);
    assert_says(world, NAMES, 3, 1);
    acted = call_and_await(world, ONE, NAMES, 3, 1);
    assert_int_equal(acted->event.acted.code, 0);
    assert_false(acted->event.acted.changed);
    assert_int_equal(acted->event.acted.seen_epoch, 3);
    assert_int_equal(world->n_may, 2);
    assert_int_equal(world->since_ms, ENGINE_NO_TOKEN);
    world->denied = true;
    acted = call_and_await(world, TWO, NAMES, 4, 0);
    assert_int_equal(acted->event.acted.code, ERR_UNAVAILABLE);
    assert_says(world, NAMES, 3, 1);
}

static void test_an_agent_that_restarts_knows_its_orders(void **state)
{
    struct world *world = with_agent(state);
    const struct acted *acted;

    call_and_await(world, TWO, NAMES, 3, 0);
    fault(world, NAMES, SWITCH_FORGETS, 0, true);
    assert_says(world, NAMES, 3, 0);
    acted = call_and_await(world, ONE, NAMES, 2, 0); /* nobody listens yet */
    assert_int_equal(acted->event.acted.code, ERR_TIMEOUT);
    assert_non_null(strstr(acted->text, "waiting for the agent"));
    acted = call_and_await(world, ONE, NAMES, 2, 0);
    assert_int_equal(acted->event.acted.code, ERR_STALE);
    assert_int_equal(acted->event.acted.seen_epoch, 3);
    acted = call_and_await(world, ONE, NAMES, 3, 0);
    assert_int_equal(acted->event.acted.code, 0);
    assert_false(acted->event.acted.changed);
    assert_int_equal(world->n_changed, 1);
}

/* Kept before it is obeyed: what dies in between is not done, but nothing older is either. */
static void test_what_an_agent_has_kept_stands(void **state)
{
    struct world *world = with_agent(state);

    call(world, TWO, NAMES, 1, 0);
    call(world, ONE, NAMES, 3, 0); /* waits while the other one is obeyed, or the other way */
    while (world->n_changed == 0)
        assert_true(wheel_step(world->wheel, wheel_now(world->wheel) + 1000));
    fault(world, NAMES, SWITCH_FORGETS, 0, true);
    run(world, wheel_now(world->wheel) + 2000);
    assert_int_equal(world->n_acted, 2);
    assert_int_equal(call_and_await(world, THREE, NAMES, 2, 0)->event.acted.code, ERR_STALE);
    assert_int_equal(call_and_await(world, THREE, NAMES, 3, 0)->event.acted.code, 0);
    assert_says(world, NAMES, 3, 0);
    assert_int_equal(world->n_back, 0);
}

static void test_a_late_order_is_refused_by_the_agent(void **state)
{
    struct world *world = with_agent(state);
    const struct acted *acted;

    fault(world, NAMES, SWITCH_LATE, 500, true);
    call(world, TWO, NAMES, 2, 0);
    run(world, 100); /* it is on its way */
    fault(world, NAMES, SWITCH_LATE, 500, false);
    acted = call_and_await(world, ONE, NAMES, 3, 0);
    assert_int_equal(acted->event.acted.code, 0);
    acted = await(world);
    assert_int_equal(acted->event.acted.epoch, 2);
    assert_int_equal(acted->event.acted.code, ERR_STALE);
    assert_says(world, NAMES, 3, 0);
}

static void test_an_agent_out_of_reach(void **state)
{
    struct world *world = with_agent(state);

    fault(world, NAMES, SWITCH_DOWN, 0, true);
    assert_int_equal(call_and_await(world, TWO, NAMES, 1, 0)->event.acted.code, ERR_TIMEOUT);
    assert_says(world, NAMES, 0, 0);
    fault(world, NAMES, SWITCH_DOWN, 0, false);
    fault(world, NAMES, SWITCH_DEAF, 0, true); /* it obeys, and its answer is lost */
    assert_int_equal(call_and_await(world, TWO, NAMES, 1, 0)->event.acted.code, ERR_TIMEOUT);
    assert_says(world, NAMES, 1, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_call_is_done_once),
        TEST(test_another_pool_is_told_again),
        TEST(test_the_newer_one_stays),
        TEST(test_a_commit_in_between_makes_the_token_stale),
        TEST(test_not_without_leave),
        TEST(test_no_commit_before_leave),
        TEST(test_the_later_token_goes_back),
        TEST(test_without_leave_nothing_goes_back),
        TEST(test_one_call_at_once),
        TEST(test_a_newer_order_takes_the_place_of_an_older),
        TEST(test_a_pool_is_never_emptied),
        TEST(test_down),
        TEST(test_deaf),
        TEST(test_slow),
        TEST(test_a_late_commit_outlives_its_call),
        TEST(test_a_late_commit_does_not_overtake),
        TEST(test_a_frozen_node_goes_on_later),
        TEST(test_a_thaw_is_no_answer),
        TEST(test_a_node_frozen_for_long_sees_its_timer_first),
        TEST(test_forgets),
        TEST(test_rounds_are_limited),
        TEST(test_reached_by_the_host_of_its_address),
        TEST(test_a_lost_answer_leaves_both_open),
        TEST(test_an_agent_obeys_one_order),
        TEST(test_an_agent_that_restarts_knows_its_orders),
        TEST(test_what_an_agent_has_kept_stands),
        TEST(test_a_late_order_is_refused_by_the_agent),
        TEST(test_an_agent_out_of_reach),
        TEST(test_freed_with_calls_under_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
