/* The way back to a preferred candidate, and routes that follow another. */
#include "base/utc.h"
#include "core/engine_private.h"
#include "routes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* ---- the way back ---- */

static void it_fails_back_after_its_hold_down(void **state)
{
    struct cluster *c = routes_calm("failback: {after: 5s}", "");

    (void)state;
    set(c->dead, VOICE, 4, true);
    cluster_run(c, 2000);
    set(c->dead, VOICE, 4, false);
    cluster_run(c, 4000);
    c->dead[VOICE] = c->dead[VOICE + 1] = c->dead[VOICE + 2] = true; /* it begins anew */
    cluster_run(c, 1000);
    set(c->dead, VOICE, 4, false);
    cluster_run(c, 4500);
    assert_int_equal(route_of(c, CALLS)->now.candidate, 1);
    cluster_run(c, 1500);
    assert_moved(c, CALLS, 0, 42);
    assert_true(route_of(c, CALLS)->planned);
    assert_int_equal(route_of(c, CALLS)->phase, ROUTE_SERVING);
    routes_end(c);
}

static void it_does_not_go_back_into_a_dispute(void **state)
{
    struct cluster *c = routes_calm("failback: {after: 5s}", "");
    struct engine *leader = (struct engine *)cluster_engine(c, c->leader);
    int i;

    (void)state;
    set(c->dead, VOICE, 4, true);
    cluster_run(c, 2000);
    set(c->dead, VOICE, 4, false);
    cluster_run(c, 4000);
    assert_true(leader->ready_ms[CALLS][0] != 0);
    for (i = 0; i < 3; i++)
        leader->shared->checks[i].verdict = VERDICT_DISPUTED;
    route_watch(leader, cluster_now(c));
    assert_true(leader->ready_ms[CALLS][0] == 0);
    leader->shared->checks[2].verdict = VERDICT_UP;
    route_watch(leader, cluster_now(c));
    assert_true(leader->ready_ms[CALLS][0] == cluster_now(c).boot_ms);
    cluster_free(c);
}

static void a_route_without_failback_stays(void **state)
{
    struct cluster *c = routes_calm("failback: manual", "");

    (void)state;
    set(c->dead, VOICE, 4, true);
    cluster_run(c, 2000);
    set(c->dead, VOICE, 4, false);
    cluster_run(c, 20000);
    assert_int_equal(route_of(c, CALLS)->now.candidate, 1);
    routes_end(c);
}

/* "UTC" as a TZif file of version 2 (RFC 8536). */
static struct zone *utc(void)
{
    static const uint8_t file[] = "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" /* magic, version, unused */
                                  "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4"
                                  "\0\0\0\0\0\0UTC\0"
                                  "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                                  "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4"
                                  "\0\0\0\0\0\0UTC\0"
                                  "\nUTC0\n";
    struct zone *zone;
    struct err err;

    if (zone_parse(file, sizeof file - 1, &zone, &err) != 0)
        fail_msg("%s", err.text);
    return zone;
}

/* The cluster's clock begins at 1790000000000, a Monday, 14:13:20. */
static void it_fails_back_at_an_allowed_time_only(void **state)
{
    struct cluster *c = routes_calm("failback: {after: 5s, allowed: [Mon 14:14-14:15]}", "");
    int i;

    (void)state;
    for (i = 0; i < CLUSTER_NODES; i++)
        engine_zone((struct engine *)cluster_engine(c, i), utc());
    set(c->dead, VOICE, 4, true);
    cluster_run(c, 2000);
    set(c->dead, VOICE, 4, false);
    cluster_run(c, 33000);
    assert_int_equal(route_of(c, CALLS)->now.candidate, 1);
    assert_false(facts_of(c, CALLS) & FACT_FAILBACK_DUE);
    cluster_run(c, 4000);
    assert_moved(c, CALLS, 0, 42);
    routes_end(c);
}

static void failback_waits_while_moves_are_off(void **state)
{
    struct cluster *c = routes_calm("failback: {after: 5s}", "");
    struct shared *shared;

    (void)state;
    set(c->dead, VOICE, 4, true);
    cluster_run(c, 2000);
    set(c->dead, VOICE, 4, false);
    cluster_run(c, 3000);
    shared = (struct shared *)cluster_shared(c);
    shared->routes[CALLS].held = true;
    cluster_run(c, 5000);
    assert_int_equal(rule_of(c, CALLS), 59);
    assert_int_equal(route_of(c, CALLS)->now.candidate, 1);
    shared->routes[CALLS].held = false;
    cluster_run(c, 2000);
    assert_moved(c, CALLS, 0, 42);
    cluster_free(c);
}

static void what_an_operator_chose_stays(void **state)
{
    struct cluster *c = routes_calm("failback: {after: 5s}", "");

    (void)state;
    cluster_run(c, 6000);
    command(c, COMMAND_SWITCHOVER, CALLS, 1);
    cluster_run(c, 20000);
    assert_moved(c, CALLS, 1, 16);
    routes_end(c);
}

/* From the network comes anything: force goes with failover only. */
static void a_switchover_knows_no_force(void **state)
{
    struct cluster *c = routes_calm("", "");
    struct command command = {
        .kind = COMMAND_SWITCHOVER, .who = "akira", .route = CALLS, .to = 1, .force = true};

    (void)state;
    set(c->dead, MIRROR, 4, true);
    cluster_run(c, 1000);
    command.id.bytes[0] = 203;
    cluster_command(c, &command);
    cluster_run(c, 1000);
    assert_int_equal(route_of(c, CALLS)->now.candidate, 0);
    assert_int_equal(c->refused, 1);
    routes_end(c);
}

/* ---- followers ---- */

static void a_pair_goes_where_its_route_goes(void **state)
{
    struct cluster *c = routes_calm("", "follows: calls");

    (void)state;
    set(c->dead, VOICE + 1, 3, true); /* not the pair's */
    cluster_run(c, 1500);
    assert_moved(c, CALLS, 1, 25);
    assert_moved(c, PAIR, 1, 28);
    assert_int_equal(route_of(c, PAIR)->automatic_ms[0], UTC_NONE);
    set(c->dead, VOICE + 1, 3, false);
    cluster_run(c, 1500);
    command(c, COMMAND_SWITCHOVER, CALLS, 0);
    cluster_run(c, 1500);
    assert_moved(c, CALLS, 0, 16);
    assert_moved(c, PAIR, 0, 28);
    assert_true(route_of(c, PAIR)->planned);
    routes_end(c);
}

static void a_pair_moves_alone_and_is_taken_along_later(void **state)
{
    struct cluster *c = routes_calm("", "follows: calls");

    (void)state;
    c->dead[VOICE] = true;
    cluster_run(c, 1500);
    assert_moved(c, PAIR, 1, 25);
    assert_int_equal(route_of(c, CALLS)->now.candidate, 0);
    c->dead[VOICE] = false;
    cluster_run(c, 3000);
    assert_int_equal(route_of(c, PAIR)->now.candidate, 1); /* its own move is the newer one */
    command(c, COMMAND_SWITCHOVER, CALLS, 1);
    cluster_run(c, 1000);
    command(c, COMMAND_SWITCHOVER, CALLS, 0);
    cluster_run(c, 1000);
    assert_moved(c, PAIR, 0, 28);
    routes_end(c);
}

/* It waits for grants that run out, on its way to where its route no longer goes. */
static void a_move_of_a_pair_is_overtaken(void **state)
{
    struct cluster *c = routes_calm("", "follows: calls\n    kind: exclusive");

    (void)state;
    c->cut[VOICE] = true; /* its grant has to run out */
    set(c->dead, VOICE + 1, 1, true);
    while (route_of(c, PAIR)->phase != ROUTE_WAITING)
        cluster_run(c, 10);
    assert_int_equal(route_of(c, PAIR)->now.candidate, 1);
    c->cut[VOICE] = false;
    command(c, COMMAND_SWITCHOVER, CALLS, 1);
    cluster_run(c, 10);
    command(c, COMMAND_SWITCHOVER, CALLS, 0);
    cluster_run(c, 3000);
    assert_int_equal(route_of(c, CALLS)->now.candidate, 0);
    assert_moved(c, PAIR, 0, 28);
    assert_int_equal(route_of(c, PAIR)->phase, ROUTE_SERVING);
    routes_end(c);
}

static void a_pair_stays_where_the_other_is_not_ready(void **state)
{
    struct cluster *c = routes_calm("", "follows: calls");

    (void)state;
    c->dead[MIRROR] = true;
    cluster_run(c, 500);
    set(c->dead, VOICE + 1, 3, true);
    cluster_run(c, 2000);
    assert_moved(c, CALLS, 1, 25);
    assert_int_equal(route_of(c, PAIR)->now.candidate, 0);
    c->dead[MIRROR] = false;
    cluster_run(c, 2000);
    assert_moved(c, PAIR, 1, 28);
    routes_end(c);
}

/* No actuator answers, and nothing is committed: that it may go now is for the leader to see. */
static void a_pair_that_was_kept_back_goes_when_it_may(void **state)
{
    char yaml[ROUTES_YAML], *from, *to;
    struct engine *leader;
    struct cluster *c;

    (void)state;
    routes_yaml("", "kind: exclusive\n    follows: calls", yaml);
    from = strstr(yaml, "    actuators:");
    to = strstr(yaml, "  - name: pair");
    memmove(from, to, strlen(to) + 1);
    c = cluster_of(yaml, 7);
    cluster_run(c, 3000);
    leader = (struct engine *)cluster_engine(c, c->leader);
    engine_members(leader, true);
    command(c, COMMAND_SWITCHOVER, CALLS, 1);
    cluster_run(c, 3000);
    assert_moved(c, CALLS, 1, 16);
    assert_int_equal(route_of(c, PAIR)->now.candidate, 0);
    engine_members(leader, false);
    cluster_run(c, 1500);
    assert_moved(c, PAIR, 1, 28);
    routes_end(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_fails_back_after_its_hold_down),
        cmocka_unit_test(it_does_not_go_back_into_a_dispute),
        cmocka_unit_test(a_route_without_failback_stays),
        cmocka_unit_test(it_fails_back_at_an_allowed_time_only),
        cmocka_unit_test(failback_waits_while_moves_are_off),
        cmocka_unit_test(what_an_operator_chose_stays),
        cmocka_unit_test(a_switchover_knows_no_force),
        cmocka_unit_test(a_pair_goes_where_its_route_goes),
        cmocka_unit_test(a_pair_moves_alone_and_is_taken_along_later),
        cmocka_unit_test(a_move_of_a_pair_is_overtaken),
        cmocka_unit_test(a_pair_stays_where_the_other_is_not_ready),
        cmocka_unit_test(a_pair_that_was_kept_back_goes_when_it_may),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
