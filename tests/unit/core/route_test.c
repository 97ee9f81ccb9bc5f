/* What a route does and why, rule by rule, in a cluster of twelve under virtual time: a
 * site-wide route, a pairwise one that follows it, and whatever the test configures. */
#include "cluster.h"
#include "world.h"
#include "base/utc.h"
#include "core/engine_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

enum { VOICE = 0, MIRROR = 4, BACKUP = 8, CALLS = 0, PAIR = 1 };

static const char template[] = WORLD_SERVERS
    "  - {name: way, targets: [backup-1], http: {url: \"http://{host}:8080/\"},\n"
    "     interval: 200ms, timeout: 200ms}\n"
    "routes:\n"
    "  - name: calls\n"
    "    candidates:\n"
    "      - {name: tokyo, servers: [voice-1, voice-2, voice-3, voice-4], least: 2, value: v}\n"
    "      - {name: osaka, servers: [mirror-1, mirror-2, mirror-3, mirror-4], least: 2, value: m}\n"
    "    actuators:\n"
    "      - {name: lb-1, haproxy: {address: \"10.0.4.1:9999\", map: /x.map}, timeout: 1s}\n"
    "    %s\n"
    "  - name: pair\n"
    "    candidates:\n"
    "      - {name: tokyo, servers: [voice-1], value: v1}\n"
    "      - {name: osaka, servers: [mirror-1], value: m1}\n"
    "    %s\n"
    "functions:\n"
    "  - {name: calling, label_ja: 発信・着信, route: calls}\n"
    "contract: {name: c, timezone: Asia/Tokyo, target: \"98\"}\n";

/* `calls`, `pair`: one more line of these routes. */
static struct cluster *calm(const char *calls, const char *pair)
{
    char yaml[sizeof template + 256];
    struct cluster *c;

    snprintf(yaml, sizeof yaml, template, calls, pair);
    c = cluster_of(yaml, 7);
    cluster_run(c, 3000);
    assert_int_equal(cluster_shared(c)->routes[CALLS].phase, ROUTE_SERVING);
    assert_int_equal(cluster_shared(c)->routes[CALLS].now.candidate, 0);
    return c;
}

static const struct route_state *route_of(const struct cluster *c, int route)
{
    return &cluster_shared(c)->routes[route];
}

static uint32_t facts_of(const struct cluster *c, int route)
{
    return route_facts(cluster_engine(c, c->leader), cluster_now(c), route);
}

static int rule_of(const struct cluster *c, int route)
{
    return route_rule(cluster_engine(c, c->leader), route, facts_of(c, route))->number;
}

static void assert_moved(const struct cluster *c, int route, int to, int rule)
{
    assert_int_equal(route_of(c, route)->now.candidate, to);
    assert_int_equal(route_of(c, route)->rule, rule);
}

static void end(struct cluster *c)
{
    cluster_run(c, 50);
    assert_true(cluster_equal(c));
    cluster_free(c);
}

static void set(bool *of, int first, int n, bool value)
{
    int i;

    for (i = first; i < first + n; i++)
        of[i] = value;
}

static void command(struct cluster *c, enum command_kind kind, int route, int to)
{
    static uint8_t id;
    struct command command = {.kind = kind, .who = "akira", .route = route, .to = to};

    command.id.bytes[0] = ++id;
    cluster_command(c, &command);
}

/* ---- what failed ---- */

static void a_function_on_living_servers(void **state)
{
    struct cluster *c = calm("", "");

    (void)state;
    set(c->dead, VOICE, 4, true);
    cluster_run(c, 1000);
    assert_moved(c, CALLS, 1, 25);
    assert_moved(c, PAIR, 1, 25);
    end(c);
}

static void servers_of_a_site_that_is_heard(void **state)
{
    struct cluster *c = calm("", "");

    (void)state;
    set(c->cut, VOICE, 3, true);
    cluster_run(c, 2000);
    assert_moved(c, CALLS, 1, 20);
    end(c);
}

static void a_site(void **state)
{
    struct cluster *c = calm("", "");

    (void)state;
    set(c->cut, VOICE, 4, true);
    cluster_run(c, 2000);
    assert_moved(c, CALLS, 1, 26);
    end(c);
}

static void a_site_and_the_leader_with_it(void **state)
{
    struct cluster *c = calm("", "");

    (void)state;
    c->leader = VOICE;
    cluster_reelect(c);
    cluster_run(c, 1000);
    set(c->cut, VOICE, 4, true);
    cluster_run(c, 2000);
    assert_int_not_equal(c->leader, VOICE);
    assert_moved(c, CALLS, 1, 27);
    end(c);
}

/* Who hands the leadership over is not gone with a site that fails later. */
static void a_leader_that_handed_over_is_not_gone(void **state)
{
    struct cluster *c = calm("", "");

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
    end(c);
}

/* Nor is one that died elsewhere, before. */
static void a_leader_of_another_site_is_not_gone_with_it(void **state)
{
    struct cluster *c = calm("", "");

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
    struct cluster *c = calm("patience: 2s", "");

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
    end(c);
}

static void a_second_move_waits_and_the_first_does_not(void **state)
{
    struct cluster *c = calm("hold: {moves: 8, window: 1h, backoff: 4s}", "");

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
    end(c);
}

static void backoff_can_be_switched_off(void **state)
{
    struct cluster *c = calm("hold: {moves: 8, window: 1h, backoff: 0s}", "");

    (void)state;
    set(c->dead, VOICE, 4, true);
    cluster_run(c, 1000);
    set(c->dead, VOICE, 4, false);
    cluster_run(c, 600);
    set(c->dead, MIRROR, 4, true);
    cluster_run(c, 800);
    assert_moved(c, CALLS, 0, 25);
    end(c);
}

static void too_many_moves_hold_it(void **state)
{
    struct cluster *c = calm("hold: {moves: 1, window: 1h, backoff: 0s}", "");

    (void)state;
    set(c->dead, VOICE, 4, true);
    cluster_run(c, 1000);
    set(c->dead, VOICE, 4, false);
    set(c->dead, MIRROR, 4, true);
    cluster_run(c, 1500);
    assert_true(route_of(c, CALLS)->held);
    assert_int_equal(rule_of(c, CALLS), 51);
    assert_int_equal(c->moves, 3); /* the pair, which holds nothing, went there and back */
    end(c);
}

static void what_is_announced_moves_nothing(void **state)
{
    struct cluster *c = calm("", "");
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
    end(c);
}

static void an_exclusive_route_waits_for_members_that_change(void **state)
{
    struct cluster *c = calm("kind: exclusive", "");
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
    end(c);
}

static void a_paused_route_does_not_move(void **state)
{
    struct cluster *c = calm("", "");
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
    struct cluster *c = calm("patience: 5s", "");

    (void)state;
    set(c->dead, VOICE, 4, true);
    cluster_run(c, 2000);
    assert_int_equal(rule_of(c, CALLS), 63);
    end(c);
}

static void the_last_candidate_stays(void **state)
{
    struct cluster *c = calm("", "");

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
    end(c);
}

static void what_a_move_waits_for_has_rows(void **state)
{
    struct cluster *c = calm("kind: exclusive", "");

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
    end(c);
}

/* ---- how the active one is ---- */

static void a_smaller_pool_is_degraded(void **state)
{
    struct cluster *c = calm("", "");

    (void)state;
    assert_int_equal(rule_of(c, CALLS), 62);
    c->dead[VOICE] = true;
    cluster_run(c, 1000);
    assert_int_equal(rule_of(c, CALLS), 61);
    end(c);
}

/* Down in the eyes of one observer, up in those of ten. */
static void a_dispute_is_no_failure(void **state)
{
    struct cluster *c = calm("", "");
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

/* ---- the way back ---- */

static void it_fails_back_after_its_hold_down(void **state)
{
    struct cluster *c = calm("failback: {after: 5s}", "");

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
    end(c);
}

static void it_does_not_go_back_into_a_dispute(void **state)
{
    struct cluster *c = calm("failback: {after: 5s}", "");
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
    struct cluster *c = calm("failback: manual", "");

    (void)state;
    set(c->dead, VOICE, 4, true);
    cluster_run(c, 2000);
    set(c->dead, VOICE, 4, false);
    cluster_run(c, 20000);
    assert_int_equal(route_of(c, CALLS)->now.candidate, 1);
    end(c);
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
    struct cluster *c = calm("failback: {after: 5s, allowed: [Mon 14:14-14:15]}", "");
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
    end(c);
}

static void failback_waits_while_moves_are_off(void **state)
{
    struct cluster *c = calm("failback: {after: 5s}", "");
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
    struct cluster *c = calm("failback: {after: 5s}", "");

    (void)state;
    cluster_run(c, 6000);
    command(c, COMMAND_SWITCHOVER, CALLS, 1);
    cluster_run(c, 20000);
    assert_moved(c, CALLS, 1, 16);
    end(c);
}

/* From the network comes anything: force goes with failover only. */
static void a_switchover_knows_no_force(void **state)
{
    struct cluster *c = calm("", "");
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
    end(c);
}

/* ---- followers ---- */

static void a_pair_goes_where_its_route_goes(void **state)
{
    struct cluster *c = calm("", "follows: calls");

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
    end(c);
}

static void a_pair_moves_alone_and_is_taken_along_later(void **state)
{
    struct cluster *c = calm("", "follows: calls");

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
    end(c);
}

/* It waits for grants that run out, on its way to where its route no longer goes. */
static void a_move_of_a_pair_is_overtaken(void **state)
{
    struct cluster *c = calm("", "follows: calls\n    kind: exclusive");

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
    end(c);
}

static void a_pair_stays_where_the_other_is_not_ready(void **state)
{
    struct cluster *c = calm("", "follows: calls");

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
    end(c);
}

/* No actuator answers, and nothing is committed: that it may go now is for the leader to see. */
static void a_pair_that_was_kept_back_goes_when_it_may(void **state)
{
    char yaml[sizeof template + 256], *from, *to;
    struct engine *leader;
    struct cluster *c;

    (void)state;
    snprintf(yaml, sizeof yaml, template, "", "kind: exclusive\n    follows: calls");
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
    end(c);
}

/* ---- drains ---- */

static void who_is_left_by_a_planned_move_may_finish(void **state)
{
    struct cluster *c = calm("drain: 3s", "");

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
    end(c);
}

static void a_failed_candidate_drains_nobody(void **state)
{
    struct cluster *c = calm("drain: 30s", "");

    (void)state;
    set(c->dead, VOICE, 4, true);
    cluster_run(c, 1000);
    assert_moved(c, CALLS, 1, 25);
    assert_int_equal(route_of(c, CALLS)->now.draining, 0);
    end(c);
}

static void whom_an_operator_drains_finishes_without_an_end(void **state)
{
    struct cluster *c = calm("", "");
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
    end(c);
}

/* Nothing changes for the placement, and still the switch is told, next time. */
static void who_is_drained_elsewhere_is_told_too(void **state)
{
    struct cluster *c = calm("", "");
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
    end(c);
}

/* ---- a lesser repair and a greater one ---- */

static void a_move_does_not_wait_for_a_pool_call(void **state)
{
    struct cluster *c = calm("", "");
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
    struct cluster *c = calm(calls, "");
    int64_t ms;

    set(c->dead, VOICE, 4, true);
    if (way != NULL)
        (way[0] ? c->dead : c->hung)[BACKUP] = true;
    ms = moves_after(c);
    end(c);
    return ms;
}

static void served_callers_keep_it_where_it_is(void **state)
{
    struct cluster *c = calm("callers: way", "");

    (void)state;
    set(c->dead, VOICE, 4, true);
    cluster_run(c, 10000);
    assert_int_equal(route_of(c, CALLS)->now.candidate, 0);
    assert_int_equal(facts_of(c, CALLS) & (FACT_DISPUTED | FACT_ACTIVE_FAILED), FACT_DISPUTED);
    assert_int_equal(rule_of(c, CALLS), RULE_DISPUTED);
    assert_int_equal(c->served, 1);
    c->dead[BACKUP] = true;
    assert_in_range(moves_after(c), 0, 200 + 100); /* a probe's interval, and telling of it */
    end(c);
}

static void a_dispute_is_recorded_once_whoever_leads(void **state)
{
    struct cluster *c = calm("callers: way", "");
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
    end(c);
}

/* The servers' verdicts begin an outage that is none. It is one when the way itself is down. */
static void downtime_in_a_dispute_is_the_callers(void **state)
{
    struct cluster *c = calm("callers: way", "");
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
    end(c);
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
    struct cluster *c = calm("callers: way", "");
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
    end(c);
}

static void an_operator_may_leave_what_callers_are_served_by(void **state)
{
    struct cluster *c = calm("callers: way", "");

    (void)state;
    set(c->dead, VOICE, 4, true);
    cluster_run(c, 2000);
    assert_int_equal(rule_of(c, CALLS), RULE_DISPUTED);
    command(c, COMMAND_FAILOVER, CALLS, 1);
    cluster_run(c, 1000);
    assert_moved(c, CALLS, 1, 19);
    end(c);
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
        cmocka_unit_test(served_callers_keep_it_where_it_is),
        cmocka_unit_test(a_dispute_is_recorded_once_whoever_leads),
        cmocka_unit_test(downtime_in_a_dispute_is_the_callers),
        cmocka_unit_test(callers_are_waited_for_a_round_and_a_probe),
        cmocka_unit_test(an_operator_may_leave_what_callers_are_served_by),
        cmocka_unit_test(callers_that_fail_too_delay_nothing),
        cmocka_unit_test(the_last_candidate_stays),
        cmocka_unit_test(what_a_move_waits_for_has_rows),
        cmocka_unit_test(a_smaller_pool_is_degraded),
        cmocka_unit_test(a_dispute_is_no_failure),
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
        cmocka_unit_test(who_is_left_by_a_planned_move_may_finish),
        cmocka_unit_test(a_failed_candidate_drains_nobody),
        cmocka_unit_test(whom_an_operator_drains_finishes_without_an_end),
        cmocka_unit_test(who_is_drained_elsewhere_is_told_too),
        cmocka_unit_test(a_move_does_not_wait_for_a_pool_call),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
