/* The replicated state by itself: what an entry comes to, in the order that the log gives. */
#include "base/mem.h"
#include "base/utc.h"
#include "cluster.h"
#include "core/failover/rules.h"
#include "wire/codec.h"
#include "wire/config.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

enum { MIRROR = 4 };

#define T0 1790000000000ll
#define WEEK_MS (7ll * 24 * 3600 * 1000)

struct solo {
    struct shared *shared;
    int64_t now_ms;
    char outage[1024]; /* newest line of that category */
};

static void emit(void *context, uint64_t seq, const char *line, size_t len)
{
    struct solo *solo = context;

    (void)seq;
    if (memmem(line, len, "\"category\":\"outage\"", 19) != NULL)
        snprintf(solo->outage, sizeof solo->outage, "%.*s", (int)len, line);
}

static void apply(struct solo *solo, struct entry *entry)
{
    entry->term = 1;
    entry->leader = 8;
    entry->time_ms = solo->now_ms;
    if (entry->config_version == 0 && solo->shared->model != NULL)
        entry->config_version = solo->shared->model->version;
    shared_apply(solo->shared, solo->shared->index + 1, entry, emit, solo);
    entry_free(entry);
}

static void configure(struct solo *solo, const char *yaml)
{
    struct entry e = {.kind = ENTRY_CONFIG};

    e.config.model = world_parse(yaml);
    e.config.yaml = mem_dup(yaml, strlen(yaml));
    e.config.yaml_len = (uint32_t)strlen(yaml);
    apply(solo, &e);
}

static char *version_of(const char *yaml, char version)
{
    char *copy = mem_strdup(yaml);

    strstr(copy, "version: ")[strlen("version: ")] = version;
    return copy;
}

/* Eleven observers say so; `old` of them for a week already. */
static void verdict(struct solo *solo, int check, enum verdict verdict, int old)
{
    struct entry e = {.kind = ENTRY_VERDICT};
    bool down = verdict == VERDICT_DOWN;
    int i;

    e.verdict.check = check;
    e.verdict.verdict = verdict;
    e.verdict.need = 6;
    e.verdict.n_ballots = e.verdict.agree = e.verdict.assigned = 11;
    for (i = 0; i < 11; i++)
        e.verdict.ballots[i] = (struct ballot){.observer = (uint8_t)(i >= check ? i + 1 : i),
                                               .opinion = down ? OPINION_DOWN : OPINION_UP,
                                               .fail_age_ms = !down     ? AGE_NEVER
                                                              : i < old ? WEEK_MS
                                                                        : 300,
                                               .good_age_ms = !down     ? 5000
                                                              : i < old ? WEEK_MS + 100
                                                                        : 400};
    apply(solo, &e);
}

static void outcome(struct solo *solo, enum entry_kind kind, uint32_t epoch, uint32_t step)
{
    struct entry e = {.kind = kind};

    e.outcome.epoch = epoch;
    e.outcome.step = step;
    e.outcome.ok = true;
    apply(solo, &e);
}

static struct entry move(int to, uint32_t epoch, uint16_t rule)
{
    struct entry e = {.kind = ENTRY_INTENT};

    e.intent.from = !to;
    e.intent.to = to;
    e.intent.epoch = epoch;
    e.intent.members = to == 0 ? 15 : 240;
    e.intent.rule = rule;
    return e;
}

static struct solo *solo_new(const char *kind)
{
    struct solo *solo = mem_zalloc(1, sizeof *solo);
    int c;

    solo->shared = shared_new();
    solo->now_ms = T0;
    configure(solo, world_yaml(kind, 0));
    for (c = 0; c < 8; c++)
        verdict(solo, c, VERDICT_UP, 0);
    outcome(solo, ENTRY_OUTCOME, 1, 0);
    outcome(solo, ENTRY_VERIFIED, 1, 0);
    assert_int_equal(solo->shared->routes[0].phase, ROUTE_SERVING);
    return solo;
}

static void solo_free(struct solo *solo)
{
    shared_free(solo->shared);
    mem_free(solo);
}

static void an_outage_begins_with_the_failure_that_was_one_too_many(void **state)
{
    struct solo *solo = solo_new("available");

    (void)state;
    verdict(solo, 0, VERDICT_DOWN, 0); /* two of four are enough: it goes on without */
    verdict(solo, 1, VERDICT_DOWN, 0);
    assert_false(solo->shared->functions[0].down);
    solo->now_ms += WEEK_MS;
    verdict(solo, 2, VERDICT_DOWN, 0);
    assert_true(solo->shared->functions[0].down);
    assert_int_equal(solo->shared->functions[0].start_ms, solo->now_ms - 300);
    assert_int_equal(solo->shared->functions[0].last_good_ms, solo->now_ms - 400);
    solo_free(solo);
}

static void a_dissenter_of_last_week_does_not_make_the_outage_a_week_long(void **state)
{
    struct solo *solo = solo_new("available");

    (void)state;
    solo->now_ms += 1000;
    verdict(solo, 0, VERDICT_DISPUTED, 0);
    solo->now_ms += WEEK_MS;
    verdict(solo, 0, VERDICT_DOWN, 1);
    assert_int_equal(solo->shared->checks[0].fail_since_ms, solo->now_ms - 300);
    /* a majority that failed it all along was right all along */
    verdict(solo, 1, VERDICT_DISPUTED, 0);
    verdict(solo, 1, VERDICT_DOWN, 6);
    assert_int_equal(solo->shared->checks[1].fail_since_ms, solo->now_ms - WEEK_MS);
    solo_free(solo);
}

static void a_move_counts_although_the_clock_stands_still(void **state)
{
    struct solo *solo = solo_new("available");
    struct entry e;
    int round, to;

    (void)state;
    for (round = 0; round < 2; round++) { /* the time of the state is ahead of all clocks */
        to = !solo->shared->routes[0].now.candidate;
        e = move(to, solo->shared->routes[0].now.epoch + 1, 12);
        e.intent.forced = true;
        snprintf(e.who, sizeof e.who, "tanaka");
        apply(solo, &e);
        assert_true(solo->shared->functions[0].down);
        outcome(solo, ENTRY_OUTCOME, solo->shared->routes[0].now.epoch, 0);
        outcome(solo, ENTRY_VERIFIED, solo->shared->routes[0].now.epoch, 0);
        assert_false(solo->shared->functions[0].down);
    }
    solo_free(solo);
}

static void what_a_command_asks_for_happens_once(void **state)
{
    struct solo *solo = solo_new("available");
    struct entry window = {.kind = ENTRY_WINDOW, .id = {{1}}};
    struct entry there = move(1, 2, 16), copy;

    (void)state;
    window.window.end_ms = T0 + 1000;
    copy = window;
    apply(solo, &window);
    apply(solo, &copy);
    assert_int_equal(solo->shared->n_windows, 1);

    there.id.bytes[0] = 2;
    there.intent.planned = true;
    copy = there;
    apply(solo, &there);
    apply(solo, &copy);
    assert_int_equal(shared_command(solo->shared, &copy.id)->result, COMMAND_PENDING);

    copy = move(0, 3, 16);
    copy.id.bytes[0] = 3;
    copy.config_version = 9; /* made under a configuration that is over */
    apply(solo, &copy);
    assert_int_equal(shared_command(solo->shared, &copy.id)->result, COMMAND_REFUSED);
    solo_free(solo);
}

static void readiness_is_looked_at_again_at_commit(void **state)
{
    struct solo *solo = solo_new("available");
    struct entry e;
    int c;

    (void)state;
    for (c = 0; c < 8; c++) /* verdicts that were on their way before the intent */
        verdict(solo, c, VERDICT_DOWN, 0);
    e = move(1, 2, 20);
    apply(solo, &e);
    assert_int_equal(solo->shared->routes[0].now.candidate, 0);
    for (c = 0; c < 8; c++)
        verdict(solo, c, VERDICT_UP, 0);
    e = move(1, 2, 20); /* the active one is back */
    apply(solo, &e);
    assert_int_equal(solo->shared->routes[0].now.candidate, 0);
    e = move(1, 2, 16);
    apply(solo, &e);
    assert_int_equal(solo->shared->routes[0].now.candidate, 1);
    solo_free(solo);
}

/* It names itself, and is no operator: a pause is before it, and damping goes on counting. */
static void who_is_being_stopped_is_no_operator(void **state)
{
    struct solo *solo = solo_new("exclusive");
    struct entry pause = {.kind = ENTRY_PAUSE, .who = "akira"}, e;
    struct route_state *route = &solo->shared->routes[0];

    (void)state;
    pause.pause.until_ms = solo->now_ms + 60000;
    apply(solo, &pause);
    e = move(1, 2, 67);
    snprintf(e.who, sizeof e.who, "voice-1");
    apply(solo, &e);
    assert_int_equal(route->now.candidate, 0);
    pause = (struct entry){.kind = ENTRY_PAUSE, .who = "akira"};
    apply(solo, &pause);
    route->automatic_ms[0] = T0 - 1000;
    e = move(1, 2, 67);
    snprintf(e.who, sizeof e.who, "voice-1");
    apply(solo, &e);
    assert_int_equal(route->now.candidate, 1);
    assert_int_equal(route->automatic_ms[0], T0 - 1000);
    assert_int_equal(route->automatic_ms[1], UTC_NONE);
    solo_free(solo);
}

static void only_an_act_ends_waiting(void **state)
{
    struct solo *solo = solo_new("exclusive");
    struct entry e = move(1, 2, 12);

    (void)state;
    e.intent.forced = true;
    apply(solo, &e);
    assert_int_equal(solo->shared->routes[0].phase, ROUTE_WAITING);
    e = (struct entry){.kind = ENTRY_REFUSED};
    e.intent.rule = 23;
    e.intent.epoch = 2;
    apply(solo, &e);
    assert_int_equal(solo->shared->routes[0].phase, ROUTE_WAITING);
    outcome(solo, ENTRY_ACT, 2, 0);
    outcome(solo, ENTRY_VERIFIED, 2, 0); /* no actuator has said so */
    assert_int_equal(solo->shared->routes[0].phase, ROUTE_ACTING);
    solo_free(solo);
}

static void a_forced_move_to_a_failed_candidate_is_not_undone(void **state)
{
    struct solo *solo = solo_new("available");
    struct entry e = move(1, 2, 12);
    int c;

    (void)state;
    for (c = MIRROR; c < MIRROR + 4; c++)
        verdict(solo, c, VERDICT_DOWN, 0);
    e.intent.forced = true;
    snprintf(e.who, sizeof e.who, "operator");
    apply(solo, &e);
    assert_int_equal(solo->shared->routes[0].now.candidate, 1);
    assert_true(solo->shared->routes[0].held);
    assert_int_equal(
        rules_match(ROUTE_ACTING, FACT_ACTIVE_FAILED | FACT_OTHER_READY | FACT_HELD)->action,
        ACTION_NONE);
    /* An operator takes it back, and all is as ever. */
    e = move(0, 3, 16);
    snprintf(e.who, sizeof e.who, "operator");
    apply(solo, &e);
    assert_int_equal(solo->shared->routes[0].now.candidate, 0);
    assert_false(solo->shared->routes[0].held);
    solo_free(solo);
}

static void a_route_that_comes_back_is_above_all_its_epochs(void **state)
{
    struct solo *solo = solo_new("available");
    char *other = world_replaced(world_yaml("available", 0), "calls", "lines"), *next;
    struct entry e = move(1, 2, 16);
    uint32_t epoch;

    (void)state;
    e.id.bytes[0] = 5;
    apply(solo, &e); /* its actuators have seen epoch 2 */
    epoch = solo->shared->routes[0].now.epoch;
    next = version_of(other, '2');
    configure(solo, next);
    assert_string_equal(solo->shared->model->routes[0].name, "lines");
    assert_int_equal(shared_command(solo->shared, &e.id)->result, COMMAND_REFUSED);
    mem_free(next);
    next = version_of(world_yaml("available", 0), '3');
    configure(solo, next);
    assert_string_equal(solo->shared->model->routes[0].name, "calls");
    assert_true(solo->shared->routes[0].now.epoch > epoch);
    mem_free(next);
    mem_free(other);
    solo_free(solo);
}

static void a_candidate_that_is_gone_may_still_hold_its_grant(void **state)
{
    struct solo *solo = solo_new("exclusive");
    char *other =
        world_replaced(world_yaml("exclusive", 0), "name: tokyo, servers", "name: kanto, servers");
    char *next = version_of(other, '2');

    (void)state;
    configure(solo, next);
    assert_int_equal(solo->shared->routes[0].now.epoch, 2);
    assert_int_equal(solo->shared->routes[0].phase, ROUTE_WAITING);
    mem_free(next);
    mem_free(other);
    solo_free(solo);
}

static void a_configuration_changes_no_voter_and_places_no_sick_server(void **state)
{
    struct solo *solo = solo_new("available");
    char *voters = world_replaced(world_yaml("available", 0), ", role: standby", "");
    char *next = version_of(voters, '2');

    (void)state;
    configure(solo, next);
    assert_int_equal(solo->shared->model->version, 1);
    mem_free(next);
    mem_free(voters);
    verdict(solo, 2, VERDICT_DOWN, 0);
    next = version_of(world_yaml("available", 0), '2');
    configure(solo, next);
    assert_int_equal(solo->shared->model->version, 2);
    assert_int_equal(solo->shared->routes[0].now.members, 1 | 2 | 8);
    mem_free(next);
    solo_free(solo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_outage_begins_with_the_failure_that_was_one_too_many),
        cmocka_unit_test(a_dissenter_of_last_week_does_not_make_the_outage_a_week_long),
        cmocka_unit_test(a_move_counts_although_the_clock_stands_still),
        cmocka_unit_test(what_a_command_asks_for_happens_once),
        cmocka_unit_test(readiness_is_looked_at_again_at_commit),
        cmocka_unit_test(who_is_being_stopped_is_no_operator),
        cmocka_unit_test(only_an_act_ends_waiting),
        cmocka_unit_test(a_forced_move_to_a_failed_candidate_is_not_undone),
        cmocka_unit_test(a_route_that_comes_back_is_above_all_its_epochs),
        cmocka_unit_test(a_candidate_that_is_gone_may_still_hold_its_grant),
        cmocka_unit_test(a_configuration_changes_no_voter_and_places_no_sick_server),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
