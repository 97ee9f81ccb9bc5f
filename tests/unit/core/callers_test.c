/* Callers that are served dispute a failure. */
#include "core/engine_private.h"
#include "routes.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

/* ms until it serves elsewhere. */
static int64_t moves_after(struct cluster *c)
{
    int64_t began_ms = c->now_ms;

    while (route_of(c, CALLS)->now.candidate == 0 && c->now_ms - began_ms < 5000)
        cluster_run(c, 1);
    assert_moved(c, CALLS, 1, 25);
    return c->now_ms - began_ms;
}

static int64_t killed_moves_after(const char *calls, bool *way)
{
    struct cluster *c = routes_calm(calls, "");
    int64_t ms;

    set(c->dead, VOICE, 4, true);
    if (way != NULL)
        (way[0] ? c->dead : c->hung)[BACKUP] = true;
    ms = moves_after(c);
    routes_end(c);
    return ms;
}

static void served_callers_keep_it_where_it_is(void **state)
{
    struct cluster *c = routes_calm("callers: way", "");

    (void)state;
    set(c->dead, VOICE, 4, true);
    cluster_run(c, 10000);
    assert_int_equal(route_of(c, CALLS)->now.candidate, 0);
    assert_int_equal(facts_of(c, CALLS) & (FACT_DISPUTED | FACT_ACTIVE_FAILED), FACT_DISPUTED);
    assert_int_equal(rule_of(c, CALLS), RULE_DISPUTED);
    assert_int_equal(c->served, 1);
    c->dead[BACKUP] = true;
    assert_in_range(moves_after(c), 0, 200 + 100); /* a probe's interval, and telling of it */
    routes_end(c);
}

static void a_dispute_is_recorded_once_whoever_leads(void **state)
{
    struct cluster *c = routes_calm("callers: way", "");
    int before = c->leader;

    (void)state;
    set(c->dead, VOICE, 4, true);
    cluster_run(c, 3000);
    assert_true(route_of(c, CALLS)->disputed);
    c->leader = before == 9 ? 10 : 9;
    cluster_reelect(c);
    cluster_run(c, 3000);
    cluster_restart(c, c->leader, 1);
    c->leader = before;
    cluster_reelect(c);
    cluster_run(c, 3000);
    assert_int_equal(rule_of(c, CALLS), RULE_DISPUTED);
    assert_int_equal(c->served, 1);
    set(c->dead, VOICE, 4, false); /* the next one is another */
    cluster_run(c, 3000);
    assert_false(route_of(c, CALLS)->disputed);
    set(c->dead, VOICE, 4, true);
    cluster_run(c, 3000);
    assert_int_equal(c->served, 2);
    assert_int_equal(route_of(c, CALLS)->now.candidate, 0);
    routes_end(c);
}

/* The servers' verdicts begin an outage that is none. It is one when the way itself is down. */
static void downtime_in_a_dispute_is_the_callers(void **state)
{
    struct cluster *c = routes_calm("callers: way", "");
    struct command pause = {.kind = COMMAND_PAUSE, .id = {{77}}, .who = "akira", .for_ms = 3600000};
    const struct function_state *calling = &cluster_shared(c)->functions[0];
    int64_t lost_ms;

    (void)state;
    pause.route = CALLS;
    cluster_command(c, &pause);
    set(c->dead, VOICE, 4, true);
    cluster_run(c, 3000);
    assert_int_equal(c->served, 1);
    assert_int_equal(c->outages, 0);
    assert_false(calling->down);
    lost_ms = cluster_now(c).utc_ms;
    c->dead[BACKUP] = true;
    cluster_run(c, 3000);
    assert_int_equal(c->outages, 1);
    assert_true(calling->down);
    assert_in_range(calling->start_ms - lost_ms, 0, 300);
    c->dead[BACKUP] = false;
    cluster_run(c, 3000);
    assert_false(calling->down);
    assert_int_equal(c->outages, 1);
    assert_int_equal(c->served, 1);
    assert_int_equal(route_of(c, CALLS)->now.candidate, 0);
    routes_end(c);
}

static bool hole_shows(const struct shared *shared, int check, bool hole)
{
    struct shared *copy = shared_copy(shared);
    struct entry e = {.kind = ENTRY_COVERAGE,
                      .term = shared->term,
                      .time_ms = shared->time_ms,
                      .config_version = shared->model->version};
    bool shows;

    e.coverage.check = check;
    e.coverage.hole = hole;
    shared_apply(copy, shared->index + 1, &e, NULL, NULL);
    shows = copy->functions[0].unmonitored != 0;
    shared_copy_free(copy);
    return shows;
}

/* Then it alone tells of downtime. */
static void callers_whom_nobody_sees_leave_a_gap_in_a_dispute(void **state)
{
    struct cluster *c = routes_calm("callers: way", "");
    int way = cluster_shared(c)->model->routes[CALLS].callers;

    (void)state;
    assert_false(hole_shows(cluster_shared(c), way, true));
    set(c->dead, VOICE, 4, true);
    cluster_run(c, 3000);
    assert_true(route_of(c, CALLS)->disputed);
    assert_true(hole_shows(cluster_shared(c), way, true));
    assert_false(hole_shows(cluster_shared(c), way, false));
    routes_end(c);
}

static enum callers callers_seen(const struct cluster *c, int64_t since_ms, int64_t after_ms)
{
    const struct engine *leader = cluster_engine(c, c->leader);
    struct moment now = cluster_now(c);
    int way = leader->model->routes[CALLS].callers;

    since_ms += now.boot_ms;
    now.boot_ms += after_ms;
    return belief_callers(leader, now, way, since_ms);
}

/* Neither what came before the failure nor what comes no more keeps it for good. */
static void callers_are_waited_for_a_round_and_a_probe(void **state)
{
    struct cluster *c = routes_calm("callers: way", "");
    int round_ms = engine_model(cluster_engine(c, c->leader))->timing.window_ms + 200;

    (void)state;
    assert_int_equal(callers_seen(c, -1000, 0), CALLERS_SERVED);
    assert_int_equal(callers_seen(c, 0, 0), CALLERS_UNSURE);
    assert_int_equal(callers_seen(c, 0, round_ms - 1), CALLERS_UNSURE);
    assert_int_equal(callers_seen(c, 0, round_ms), CALLERS_LOST);
    assert_int_equal(callers_seen(c, -1000, round_ms), CALLERS_LOST);
    c->dead[BACKUP] = true;
    cluster_run(c, 300);
    assert_int_equal(callers_seen(c, 0, 0), CALLERS_LOST);
    routes_end(c);
}

static void an_operator_may_leave_what_callers_are_served_by(void **state)
{
    struct cluster *c = routes_calm("callers: way", "");

    (void)state;
    set(c->dead, VOICE, 4, true);
    cluster_run(c, 2000);
    assert_int_equal(rule_of(c, CALLS), RULE_DISPUTED);
    command(c, COMMAND_FAILOVER, CALLS, 1);
    cluster_run(c, 1000);
    assert_moved(c, CALLS, 1, 19);
    routes_end(c);
}

static void callers_that_fail_too_delay_nothing(void **state)
{
    bool refused = true, silent = false;
    int64_t without = killed_moves_after("", NULL),
            with = killed_moves_after("callers: way", &refused),
            unheard = killed_moves_after("callers: way", &silent);

    (void)state;
    assert_in_range(with, 0, without + 100);
    assert_in_range(unheard, 0, without + 200 + 700);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(served_callers_keep_it_where_it_is),
        cmocka_unit_test(a_dispute_is_recorded_once_whoever_leads),
        cmocka_unit_test(downtime_in_a_dispute_is_the_callers),
        cmocka_unit_test(callers_whom_nobody_sees_leave_a_gap_in_a_dispute),
        cmocka_unit_test(callers_are_waited_for_a_round_and_a_probe),
        cmocka_unit_test(an_operator_may_leave_what_callers_are_served_by),
        cmocka_unit_test(callers_that_fail_too_delay_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
