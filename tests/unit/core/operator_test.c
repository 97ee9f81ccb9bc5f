/* Pauses, drains and the choice of a leader, as the replicated state has them. */
#include "base/mem.h"
#include "core/failover/rules.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define T0 1790000000000ll
#define HOUR_MS 3600000ll

struct state {
    struct shared *shared;
    uint64_t index;
    uint8_t ids;
    char line[2048]; /* newest of the ledger */
};

static void emit(void *context, uint64_t seq, const char *line, size_t len)
{
    struct state *s = context;

    (void)seq;
    snprintf(s->line, sizeof s->line, "%.*s", (int)len, line);
}

static struct entry make(struct state *s, enum entry_kind kind, const char *who)
{
    struct entry e = {.kind = kind,
                      .term = s->shared->leader_term > 0 ? s->shared->leader_term : 3,
                      .leader = 8,
                      .time_ms = s->shared->time_ms + 1000,
                      .config_version = 1};

    if (who != NULL) {
        e.id.bytes[0] = ++s->ids;
        snprintf(e.who, sizeof e.who, "%s", who);
        snprintf(e.reason, sizeof e.reason, "because");
    }
    return e;
}

/* The answer to its command; -1: none. */
static int apply(struct state *s, struct entry *entry)
{
    const struct command_state *command;

    s->line[0] = '\0';
    shared_apply(s->shared, ++s->index, entry, emit, s);
    command = shared_command(s->shared, &entry->id);
    return command != NULL ? (int)command->result : -1;
}

static const char *answer(const struct state *s, const struct entry *entry)
{
    return shared_command(s->shared, &entry->id)->text;
}

static struct state begin(void)
{
    struct state s = {.shared = shared_new()};
    const char *yaml = world_yaml("available", 0);
    struct entry e = {.kind = ENTRY_CONFIG, .term = 3, .leader = 8, .time_ms = T0};
    int c;

    e.config.yaml_len = (uint32_t)strlen(yaml);
    e.config.yaml = mem_dup(yaml, e.config.yaml_len);
    e.config.model = world_model("available", 0);
    apply(&s, &e);
    entry_free(&e);
    e = make(&s, ENTRY_LEADER, NULL);
    apply(&s, &e);
    for (c = 0; c < s.shared->model->n_checks; c++)
        s.shared->checks[c].verdict = VERDICT_UP;
    return s;
}

static void verdict(struct state *s, int check, enum verdict verdict)
{
    struct entry e = make(s, ENTRY_VERDICT, NULL);

    e.verdict.check = check;
    e.verdict.verdict = verdict;
    apply(s, &e);
}

static struct entry pause_of(struct state *s, int route, int64_t for_ms)
{
    struct entry e = make(s, ENTRY_PAUSE, "sato");

    e.pause.route = route;
    e.pause.until_ms = for_ms != 0 ? e.time_ms + for_ms : 0;
    return e;
}

static struct entry expiry_of(struct state *s, int route)
{
    struct entry e = make(s, ENTRY_PAUSE, NULL);

    e.pause.route = route;
    e.pause.expired = true;
    return e;
}

static void a_pause_holds_until_its_end(void **state)
{
    struct state s = begin();
    struct entry e = pause_of(&s, 0, HOUR_MS);
    int64_t until_ms = e.pause.until_ms;

    (void)state;
    assert_int_equal(apply(&s, &e), COMMAND_DONE);
    assert_non_null(
        strstr(s.line, "\"category\":\"operator\",\"type\":\"paused\",\"route\":\"calls\""));
    assert_non_null(strstr(s.line, "\"who\":\"sato\",\"reason\":\"because\""));
    assert_true(shared_paused(s.shared, 0, until_ms - 1));
    assert_false(shared_paused(s.shared, 0, until_ms)); /* before its end is committed, too */
    e = expiry_of(&s, 0);
    apply(&s, &e);
    assert_string_equal(s.line, ""); /* too early: an operator may have prolonged it */
    assert_true(shared_paused(s.shared, 0, until_ms - 1));
    e.time_ms = until_ms;
    apply(&s, &e);
    assert_non_null(strstr(s.line, "\"type\":\"resumed\",\"route\":\"calls\",\"expired\":true"));
    assert_false(shared_paused(s.shared, 0, 0));
    apply(&s, &e);
    assert_string_equal(s.line, ""); /* once */
    shared_free(s.shared);
}

/* Who shortens it takes from the other what he counts on; who prolongs it does not. */
static void nobody_shortens_anothers_pause(void **state)
{
    struct state s = begin();
    struct entry e = pause_of(&s, 0, HOUR_MS), other;
    int64_t until_ms;

    (void)state;
    assert_int_equal(apply(&s, &e), COMMAND_DONE);
    until_ms = s.shared->routes[0].pause.until_ms;
    other = pause_of(&s, 0, 60000);
    strcpy(other.who, "abe");
    assert_int_equal(apply(&s, &other), COMMAND_REFUSED);
    assert_non_null(strstr(s.line, "\"type\":\"refused\""));
    assert_non_null(strstr(s.line, "sato has paused it until 2026-"));
    assert_true(s.shared->routes[0].pause.until_ms == until_ms);
    other = pause_of(&s, 0, 2 * HOUR_MS);
    strcpy(other.who, "abe");
    assert_int_equal(apply(&s, &other), COMMAND_DONE);
    other = pause_of(&s, 0, 60000);
    strcpy(other.who, "abe");
    assert_int_equal(apply(&s, &other), COMMAND_DONE); /* his own */
    shared_free(s.shared);
}

static void all_routes_are_paused_at_once(void **state)
{
    struct state s = begin();
    struct entry e = pause_of(&s, ROUTE_ALL, HOUR_MS);
    int64_t until_ms = e.pause.until_ms;

    (void)state;
    assert_int_equal(apply(&s, &e), COMMAND_DONE);
    assert_non_null(strstr(s.line, "\"type\":\"paused\",\"route\":null"));
    assert_true(shared_paused(s.shared, 0, until_ms - 1));
    e = pause_of(&s, 0, 0);
    assert_int_equal(apply(&s, &e), COMMAND_REFUSED); /* the route itself is not paused */
    assert_non_null(
        strstr(s.line, "\"type\":\"refused\",\"command\":\"pause\",\"subject\":\"calls\""));
    e = pause_of(&s, ROUTE_ALL, 0);
    assert_int_equal(apply(&s, &e), COMMAND_DONE);
    assert_non_null(strstr(s.line, "\"type\":\"resumed\",\"route\":null,\"expired\":false"));
    assert_false(shared_paused(s.shared, 0, until_ms - 1));
    shared_free(s.shared);
}

static void no_pause_is_for_long(void **state)
{
    struct state s = begin();
    struct entry e = pause_of(&s, 0, PAUSE_MAX_MS + 1);

    (void)state;
    assert_int_equal(apply(&s, &e), COMMAND_REFUSED);
    e = pause_of(&s, 0, -5);
    assert_int_equal(apply(&s, &e), COMMAND_REFUSED);
    e = pause_of(&s, 0, PAUSE_MAX_MS);
    assert_int_equal(apply(&s, &e), COMMAND_DONE);
    /* again: it is as the newest says */
    e = pause_of(&s, 0, HOUR_MS);
    assert_int_equal(apply(&s, &e), COMMAND_DONE);
    assert_false(shared_paused(s.shared, 0, e.pause.until_ms));
    shared_free(s.shared);
}

static struct entry move_by(struct state *s, const char *who)
{
    struct entry e = make(s, ENTRY_INTENT, who);

    e.intent.to = 1;
    e.intent.epoch = 2;
    e.intent.members = 240;
    e.intent.rule = who != NULL ? 16 : 20;
    return e;
}

/* One that was proposed before the pause is committed after it. */
static void no_automatic_move_is_committed_in_a_pause(void **state)
{
    struct state s = begin();
    struct entry e = pause_of(&s, 0, HOUR_MS);
    int c;

    (void)state;
    apply(&s, &e);
    for (c = 0; c < 4; c++)
        verdict(&s, c, VERDICT_DOWN);
    e = move_by(&s, NULL);
    apply(&s, &e);
    assert_int_equal(s.shared->routes[0].now.epoch, 1);
    e = move_by(&s, "suzuki");
    assert_int_equal(apply(&s, &e), COMMAND_PENDING);
    assert_int_equal(s.shared->routes[0].now.epoch, 2);
    assert_string_equal(s.shared->routes[0].who, "suzuki");
    shared_free(s.shared);
}

static struct entry drain_of(struct state *s, int server, bool end)
{
    struct entry e = make(s, ENTRY_DRAIN, "ito");

    e.drain.server = server;
    e.drain.end = end;
    return e;
}

static void a_drained_server_is_not_fit(void **state)
{
    struct state s = begin();
    struct entry e = drain_of(&s, 0, false);

    (void)state;
    assert_int_equal(apply(&s, &e), COMMAND_DONE);
    assert_non_null(strstr(s.line, "\"type\":\"drained\",\"server\":\"voice-1\",\"who\":\"ito\""));
    assert_true(shared_drained(s.shared, 0));
    assert_false(shared_member_ok(s.shared, 0));
    assert_int_equal(shared_candidate_ok(s.shared, 0, 0), 14);
    assert_int_equal(shared_candidate_standing(s.shared, 0, 0), 14);
    e = drain_of(&s, 0, false);
    assert_int_equal(apply(&s, &e), COMMAND_REFUSED);
    assert_string_equal(answer(&s, &e), "ito has drained it already");
    e = drain_of(&s, 0, true);
    assert_int_equal(apply(&s, &e), COMMAND_DONE);
    assert_non_null(strstr(s.line, "\"type\":\"undrained\""));
    assert_int_equal(shared_candidate_ok(s.shared, 0, 0), 15);
    e = drain_of(&s, 0, true);
    assert_int_equal(apply(&s, &e), COMMAND_REFUSED);
    shared_free(s.shared);
}

static void nobody_drains_below_the_least(void **state)
{
    struct state s = begin();
    struct entry e = drain_of(&s, 0, false);

    (void)state;
    apply(&s, &e);
    verdict(&s, 1, VERDICT_DOWN);
    e = drain_of(&s, 2, false);
    assert_int_equal(apply(&s, &e), COMMAND_REFUSED);
    assert_string_equal(answer(&s, &e),
                        "tokyo of route calls would be left with 1 fit, and its least is 2: move "
                        "the route (switchover), or bring another server back first; voice-1 is drained "
                        "by ito");
    assert_false(shared_drained(s.shared, 2));
    e = drain_of(&s, 1, false); /* it is no loss: it is down */
    assert_int_equal(apply(&s, &e), COMMAND_DONE);
    for (e = drain_of(&s, 4, false); e.drain.server < 8;
         e = drain_of(&s, e.drain.server + 1, false))
        assert_int_equal(apply(&s, &e), COMMAND_DONE); /* none of them is placed */
    e = drain_of(&s, 11, false);
    assert_int_equal(apply(&s, &e), COMMAND_DONE); /* in no route at all */
    shared_free(s.shared);
}

/* Of four one is drained, and the least is two: the third failure is not needed any more. */
static void a_drain_leaves_fewer_to_spare(void **state)
{
    struct state s = begin();
    struct entry e = drain_of(&s, 3, false);

    (void)state;
    apply(&s, &e);
    verdict(&s, 0, VERDICT_DOWN);
    assert_false(s.shared->functions[0].down);
    verdict(&s, 1, VERDICT_DOWN);
    assert_true(s.shared->functions[0].down);
    e = drain_of(&s, 3, true); /* its end ends the outage */
    apply(&s, &e);
    assert_false(s.shared->functions[0].down);
    shared_free(s.shared);
}

static struct entry hand_over(struct state *s, int server)
{
    struct entry e = make(s, ENTRY_HANDOVER, "abe");

    e.handover.server = server;
    return e;
}

static void led_by(struct state *s, int server)
{
    struct entry e = make(s, ENTRY_LEADER, NULL);

    e.term = s->shared->leader_term + 1;
    e.leader = server;
    apply(s, &e);
}

static void a_handover_is_answered_when_it_leads(void **state)
{
    struct state s = begin();
    struct entry e = hand_over(&s, 4), other;

    (void)state;
    assert_int_equal(apply(&s, &e), COMMAND_PENDING);
    assert_non_null(
        strstr(s.line, "\"type\":\"handover\",\"server\":\"mirror-1\",\"who\":\"abe\""));
    other = hand_over(&s, 5);
    assert_int_equal(apply(&s, &other), COMMAND_REFUSED);
    assert_string_equal(answer(&s, &other), "the lead is just going to mirror-1");
    led_by(&s, 4);
    assert_int_equal(shared_command(s.shared, &e.id)->result, COMMAND_DONE);
    assert_string_equal(answer(&s, &e), "mirror-1 leads");
    assert_true(s.shared->handover.led);
    led_by(&s, 5); /* the choice ends with its lead */
    assert_true(s.shared->handover.until_ms == 0);
    assert_int_equal(shared_command(s.shared, &e.id)->result, COMMAND_DONE);
    shared_free(s.shared);
}

static void a_handover_that_fails_says_so(void **state)
{
    struct state s = begin();
    struct entry e = hand_over(&s, 4), failed;

    (void)state;
    apply(&s, &e);
    led_by(&s, 6);
    assert_int_equal(shared_command(s.shared, &e.id)->result, COMMAND_REFUSED);
    assert_string_equal(answer(&s, &e), "mirror-3 leads instead: look again");
    e = hand_over(&s, 4);
    apply(&s, &e);
    failed = make(&s, ENTRY_HANDOVER, NULL);
    failed.handover.server = 4;
    failed.handover.failed = true;
    strcpy(failed.reason, "not in time");
    apply(&s, &failed);
    assert_non_null(strstr(s.line, "\"type\":\"handover-failed\",\"server\":\"mirror-1\""));
    assert_string_equal(answer(&s, &e), "not in time");
    assert_true(s.shared->handover.until_ms == 0);
    e = hand_over(&s, 6);
    assert_int_equal(apply(&s, &e), COMMAND_REFUSED); /* leads */
    e = hand_over(&s, 3);
    assert_int_equal(apply(&s, &e), COMMAND_REFUSED); /* no vote */
    shared_free(s.shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pause_holds_until_its_end),
        cmocka_unit_test(nobody_shortens_anothers_pause),
        cmocka_unit_test(all_routes_are_paused_at_once),
        cmocka_unit_test(no_pause_is_for_long),
        cmocka_unit_test(no_automatic_move_is_committed_in_a_pause),
        cmocka_unit_test(a_drained_server_is_not_fit),
        cmocka_unit_test(nobody_drains_below_the_least),
        cmocka_unit_test(a_drain_leaves_fewer_to_spare),
        cmocka_unit_test(a_handover_is_answered_when_it_leads),
        cmocka_unit_test(a_handover_that_fails_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
