/* What a route does and why, rule by rule: what moves it, and what keeps it back. */
#include "core/engine_private.h"
#include "routes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

/* ---- what failed ---- */

static void a_function_on_living_servers(void **state)
{
    struct cluster *c = routes_calm("", "");

    (void)state;
    set(c->dead, VOICE, 4, true);
    cluster_run(c, 1000);
    assert_moved(c, CALLS, 1, 25);
    assert_moved(c, PAIR, 1, 25);
    routes_end(c);
}

static void servers_of_a_site_that_is_heard(void **state)
{
    struct cluster *c = routes_calm("", "");

    (void)state;
    set(c->cut, VOICE, 3, true);
    cluster_run(c, 2000);
    assert_moved(c, CALLS, 1, 20);
    routes_end(c);
}

static void a_site(void **state)
{
    struct cluster *c = routes_calm("", "");

    (void)state;
    set(c->cut, VOICE, 4, true);
    cluster_run(c, 2000);
    assert_moved(c, CALLS, 1, 26);
    routes_end(c);
}

static void a_site_and_the_leader_with_it(void **state)
{
    struct cluster *c = routes_calm("", "");

    (void)state;
    c->leader = VOICE;
    cluster_reelect(c);
    cluster_run(c, 1000);
    set(c->cut, VOICE, 4, true);
    cluster_run(c, 2000);
    assert_int_not_equal(c->leader, VOICE);
    assert_moved(c, CALLS, 1, 27);
    routes_end(c);
}

/* Who hands the leadership over is not gone with a site that fails later. */
static void a_leader_that_handed_over_is_not_gone(void **state)
{
    struct cluster *c = routes_calm("", "");

    (void)state;
    c->leader = VOICE;
    cluster_reelect(c);
    cluster_run(c, 1000);
    c->leader = BACKUP;
    cluster_reelect(c);
    cluster_run(c, 1000);
    set(c->cut, VOICE, 4, true);
    cluster_run(c, 2000);
    assert_moved(c, CALLS, 1, 26);
    routes_end(c);
}

/* Nor is one that died elsewhere, before. */
static void a_leader_of_another_site_is_not_gone_with_it(void **state)
{
    struct cluster *c = routes_calm("", "");

    (void)state;
    c->stopped[c->leader] = true;
    cluster_run(c, 2000);
    assert_false(c->stopped[c->leader]);
    set(c->cut, VOICE, 4, true);
    cluster_run(c, 2000);
    assert_moved(c, CALLS, 1, 26);
    cluster_free(c);
}

/* ---- what keeps it back ---- */

static void nothing_moves_without_a_majority(void **state)
{
    struct cluster *c = routes_calm("patience: 2s", "");

    (void)state;
    set(c->dead, VOICE, 4, true);
    cluster_run(c, 1000);
    set(c->cut, VOICE, 4, true);
    set(c->cut, BACKUP + 1, 3, true);
    cluster_run(c, 3000);
    assert_true(facts_of(c, CALLS) & FACT_NO_QUORUM);
    assert_int_equal(rule_of(c, CALLS), 50);
    command(c, COMMAND_FAILOVER, CALLS, 1);
    cluster_run(c, 50);
    assert_int_equal(route_of(c, CALLS)->now.candidate, 0);
    set(c->cut, 0, CLUSTER_NODES, false);
    cluster_run(c, 2000);
    assert_int_equal(route_of(c, CALLS)->now.candidate, 1);
    routes_end(c);
}

static void a_second_move_waits_and_the_first_does_not(void **state)
{
    struct cluster *c = routes_calm("hold: {moves: 8, window: 1h, backoff: 4s}", "");

    (void)state;
    assert_false(facts_of(c, CALLS) & FACT_BACKOFF);
    set(c->dead, VOICE, 4, true);
    cluster_run(c, 1000);
    assert_moved(c, CALLS, 1, 25);
    set(c->dead, VOICE, 4, false);
    cluster_run(c, 1000);
    set(c->dead, MIRROR, 4, true);
    cluster_run(c, 1500);
    assert_int_equal(rule_of(c, CALLS), 55);
    assert_int_equal(route_of(c, CALLS)->now.candidate, 1);
    cluster_run(c, 1500);
    assert_moved(c, CALLS, 0, 25);
    /* Twice as long the next time: 8 s. */
    set(c->dead, MIRROR, 4, false);
    cluster_run(c, 500);
    set(c->dead, VOICE, 4, true);
    cluster_run(c, 6000);
    assert_int_equal(rule_of(c, CALLS), 55);
    cluster_run(c, 2500);
    assert_moved(c, CALLS, 1, 25);
    routes_end(c);
}

static void backoff_can_be_switched_off(void **state)
{
    struct cluster *c = routes_calm("hold: {moves: 8, window: 1h, backoff: 0s}", "");

    (void)state;
    set(c->dead, VOICE, 4, true);
    cluster_run(c, 1000);
    set(c->dead, VOICE, 4, false);
    cluster_run(c, 600);
    set(c->dead, MIRROR, 4, true);
    cluster_run(c, 800);
    assert_moved(c, CALLS, 0, 25);
    routes_end(c);
}

static void too_many_moves_hold_it(void **state)
{
    struct cluster *c = routes_calm("hold: {moves: 1, window: 1h, backoff: 0s}", "");

    (void)state;
    set(c->dead, VOICE, 4, true);
    cluster_run(c, 1000);
    set(c->dead, VOICE, 4, false);
    set(c->dead, MIRROR, 4, true);
    cluster_run(c, 1500);
    assert_true(route_of(c, CALLS)->held);
    assert_int_equal(rule_of(c, CALLS), 51);
    assert_int_equal(c->moves, 3); /* the pair, which holds nothing, went there and back */
    routes_end(c);
}

static void what_is_announced_moves_nothing(void **state)
{
    struct cluster *c = routes_calm("", "");
    struct command window = {.kind = COMMAND_WINDOW_ADD, .who = "akira"};

    (void)state;
    window.id.bytes[0] = 200;
    window.window.functions[0] = 1;
    window.window.emergency = true;
    window.window.start_ms = cluster_now(c).utc_ms;
    window.window.end_ms = window.window.start_ms + 5000;
    cluster_command(c, &window);
    cluster_run(c, 100);
    set(c->dead, VOICE, 4, true);
    cluster_run(c, 3000);
    assert_int_equal(rule_of(c, CALLS), 53);
    assert_int_equal(route_of(c, CALLS)->now.candidate, 0);
    assert_moved(c, PAIR, 1, 25); /* no function names it: it is not announced */
    cluster_run(c, 3000);
    assert_moved(c, CALLS, 1, 25);
    routes_end(c);
}

static void an_exclusive_route_waits_for_members_that_change(void **state)
{
    struct cluster *c = routes_calm("kind: exclusive", "");
    struct engine *leader = (struct engine *)cluster_engine(c, c->leader);

    (void)state;
    engine_members(leader, true);
    set(c->dead, VOICE, 4, true);
    cluster_run(c, 2000);
    assert_int_equal(rule_of(c, CALLS), 54);
    assert_moved(c, PAIR, 1, 25);
    engine_members(leader, false);
    cluster_run(c, 2000);
    assert_moved(c, CALLS, 1, 25);
    routes_end(c);
}

static void a_paused_route_does_not_move(void **state)
{
    struct cluster *c = routes_calm("", "");
    struct shared *shared = (struct shared *)cluster_shared(c);

    (void)state;
    shared->routes[CALLS].pause.until_ms = cluster_now(c).utc_ms + 3000;
    set(c->dead, VOICE, 4, true);
    cluster_run(c, 2000);
    assert_int_equal(rule_of(c, CALLS), 52);
    assert_moved(c, PAIR, 1, 25);
    cluster_free(c);
}

static void a_young_failure_is_waited_for(void **state)
{
    struct cluster *c = routes_calm("patience: 5s", "");

    (void)state;
    set(c->dead, VOICE, 4, true);
    cluster_run(c, 2000);
    assert_int_equal(rule_of(c, CALLS), 63);
    routes_end(c);
}

static void the_last_candidate_stays(void **state)
{
    struct cluster *c = routes_calm("", "");

    (void)state;
    set(c->dead, MIRROR, 4, true);
    cluster_run(c, 500);
    set(c->dead, VOICE, 4, true);
    cluster_run(c, 2000);
    assert_int_equal(route_of(c, CALLS)->phase, ROUTE_BLOCKED);
    assert_int_equal(rule_of(c, CALLS), 57);
    set(c->dead, MIRROR, 4, false);
    cluster_run(c, 2000);
    assert_moved(c, CALLS, 1, 22);
    routes_end(c);
}

static void what_a_move_waits_for_has_rows(void **state)
{
    struct cluster *c = routes_calm("kind: exclusive", "");

    (void)state;
    set(c->cut, VOICE, 4, true);
    while (route_of(c, CALLS)->phase == ROUTE_SERVING)
        cluster_run(c, 1);
    assert_int_equal(rule_of(c, CALLS), 56);
    c->actuator_fails = true;
    cluster_run(c, 2000);
    assert_int_equal(rule_of(c, CALLS), 58);
    c->actuator_fails = false;
    cluster_run(c, 6000);
    assert_moved(c, CALLS, 1, 26);
    assert_int_equal(rule_of(c, CALLS), 62);
    routes_end(c);
}

/* ---- how the active one is ---- */

static void a_smaller_pool_is_degraded(void **state)
{
    struct cluster *c = routes_calm("", "");

    (void)state;
    assert_int_equal(rule_of(c, CALLS), 62);
    c->dead[VOICE] = true;
    cluster_run(c, 1000);
    assert_int_equal(rule_of(c, CALLS), 61);
    routes_end(c);
}

/* Down in the eyes of one observer, up in those of ten. */
static void a_dispute_is_no_failure(void **state)
{
    struct cluster *c = routes_calm("", "");
    struct shared *shared = (struct shared *)cluster_shared(c);
    int i;

    (void)state;
    for (i = 0; i < 3; i++)
        shared->checks[i].verdict = VERDICT_DISPUTED;
    assert_int_equal(facts_of(c, CALLS) & (FACT_ACTIVE_OK | FACT_DISPUTED),
                     FACT_ACTIVE_OK | FACT_DISPUTED);
    assert_int_equal(rule_of(c, CALLS), 60);
    shared->checks[2].verdict = VERDICT_UP;
    assert_int_equal(rule_of(c, CALLS), 62);
    cluster_free(c);
}

/* ---- drains ---- */

static void who_is_left_by_a_planned_move_may_finish(void **state)
{
    struct cluster *c = routes_calm("drain: 3s", "");

    (void)state;
    command(c, COMMAND_SWITCHOVER, CALLS, 1);
    cluster_run(c, 1000);
    assert_moved(c, CALLS, 1, 16);
    assert_int_equal(route_of(c, CALLS)->now.draining, 15);
    cluster_run(c, 1500);
    assert_int_equal(route_of(c, CALLS)->now.draining, 15);
    cluster_run(c, 1000);
    assert_int_equal(route_of(c, CALLS)->now.draining, 0);
    assert_int_equal(route_of(c, CALLS)->now.step, 1);
    assert_int_equal(route_of(c, CALLS)->phase, ROUTE_SERVING);
    routes_end(c);
}

static void a_failed_candidate_drains_nobody(void **state)
{
    struct cluster *c = routes_calm("drain: 30s", "");

    (void)state;
    set(c->dead, VOICE, 4, true);
    cluster_run(c, 1000);
    assert_moved(c, CALLS, 1, 25);
    assert_int_equal(route_of(c, CALLS)->now.draining, 0);
    routes_end(c);
}

static void whom_an_operator_drains_finishes_without_an_end(void **state)
{
    struct cluster *c = routes_calm("", "");
    struct command drain = {.kind = COMMAND_DRAIN, .who = "akira", .server = VOICE + 1};

    (void)state;
    drain.id.bytes[0] = 201;
    cluster_command(c, &drain);
    cluster_run(c, 1000);
    assert_int_equal(route_of(c, CALLS)->now.members, 1 | 4 | 8);
    assert_int_equal(route_of(c, CALLS)->now.draining, 2);
    cluster_run(c, 5000);
    assert_int_equal(route_of(c, CALLS)->now.draining, 2);
    assert_int_equal(rule_of(c, CALLS), 61);
    drain.kind = COMMAND_UNDRAIN;
    drain.id.bytes[0] = 202;
    cluster_command(c, &drain);
    cluster_run(c, 1000);
    assert_int_equal(route_of(c, CALLS)->now.members, 15);
    assert_int_equal(route_of(c, CALLS)->now.draining, 0);
    routes_end(c);
}

/* Nothing changes for the placement, and still the switch is told, next time. */
static void who_is_drained_elsewhere_is_told_too(void **state)
{
    struct cluster *c = routes_calm("", "");
    struct command drain = {.kind = COMMAND_DRAIN, .who = "akira", .server = MIRROR + 1};
    uint32_t step = route_of(c, CALLS)->now.step;

    (void)state;
    drain.id.bytes[0] = 201;
    cluster_command(c, &drain);
    cluster_run(c, 2 * OUTBOX_ASSERT_MS);
    assert_int_equal(c->told_draining, server_bit(MIRROR + 1));
    assert_int_equal(route_of(c, CALLS)->now.step, step);
    drain.kind = COMMAND_UNDRAIN;
    drain.id.bytes[0] = 202;
    cluster_command(c, &drain);
    cluster_run(c, 2 * OUTBOX_ASSERT_MS);
    assert_int_equal(c->told_draining, 0);
    routes_end(c);
}

/* ---- a lesser repair and a greater one ---- */

static void a_move_does_not_wait_for_a_pool_call(void **state)
{
    struct cluster *c = routes_calm("", "");
    struct engine *leader = (struct engine *)cluster_engine(c, c->leader);
    struct effects effects = {0};
    struct placement moved;
    int i, calls = 0;

    (void)state;
    moved = leader->shared->routes[CALLS].now;
    leader->out[CALLS][0].busy = true; /* for the placement before */
    leader->out[CALLS][0].epoch = moved.epoch;
    leader->out[CALLS][0].step = moved.step;
    leader->shared->routes[CALLS].now.epoch++;
    outbox_run(leader, cluster_now(c), CALLS, &effects);
    for (i = 0; i < effects.n; i++)
        calls += effects.items[i].kind == EFFECT_ACT;
    assert_int_equal(calls, 1);
    effects_free(&effects);
    cluster_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_function_on_living_servers),
        cmocka_unit_test(servers_of_a_site_that_is_heard),
        cmocka_unit_test(a_site),
        cmocka_unit_test(a_site_and_the_leader_with_it),
        cmocka_unit_test(a_leader_that_handed_over_is_not_gone),
        cmocka_unit_test(a_leader_of_another_site_is_not_gone_with_it),
        cmocka_unit_test(nothing_moves_without_a_majority),
        cmocka_unit_test(a_second_move_waits_and_the_first_does_not),
        cmocka_unit_test(backoff_can_be_switched_off),
        cmocka_unit_test(too_many_moves_hold_it),
        cmocka_unit_test(what_is_announced_moves_nothing),
        cmocka_unit_test(an_exclusive_route_waits_for_members_that_change),
        cmocka_unit_test(a_paused_route_does_not_move),
        cmocka_unit_test(a_young_failure_is_waited_for),
        cmocka_unit_test(the_last_candidate_stays),
        cmocka_unit_test(what_a_move_waits_for_has_rows),
        cmocka_unit_test(a_smaller_pool_is_degraded),
        cmocka_unit_test(a_dispute_is_no_failure),
        cmocka_unit_test(who_is_left_by_a_planned_move_may_finish),
        cmocka_unit_test(a_failed_candidate_drains_nobody),
        cmocka_unit_test(whom_an_operator_drains_finishes_without_an_end),
        cmocka_unit_test(who_is_drained_elsewhere_is_told_too),
        cmocka_unit_test(a_move_does_not_wait_for_a_pool_call),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
