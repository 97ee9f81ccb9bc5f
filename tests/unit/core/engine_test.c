/* The engine's decisions in a cluster of twelve, under virtual time. */
#include "base/mem.h"
#include "cluster.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

enum { VOICE = 0, MIRROR = 4, BACKUP = 8 };

static struct cluster *calm(const char *kind, uint64_t seed)
{
    struct cluster *c = cluster_new(kind, 0, seed);

    cluster_run(c, 3000);
    assert_int_equal(cluster_shared(c)->routes[0].phase, ROUTE_SERVING);
    assert_int_equal(cluster_shared(c)->routes[0].now.candidate, 0);
    assert_int_equal(c->told_candidate, 0);
    assert_int_equal(c->moves, 0);
    assert_int_equal(c->outages, 0);
    return c;
}

static void end(struct cluster *c)
{
    cluster_run(c, 50);
    assert_true(cluster_equal(c));
    cluster_free(c);
}

static void cut_site(struct cluster *c, int first, bool cut)
{
    int i;

    for (i = first; i < first + 4; i++)
        c->cut[i] = cut;
}

static void a_cut_site_moves_the_route_once_and_nothing_moves_back(void **state)
{
    struct cluster *c = calm("available", 1);
    int64_t took = 0;

    (void)state;
    cut_site(c, VOICE, true);
    while (c->told_candidate == 0 && took < 3000) {
        cluster_run(c, 10);
        took += 10;
    }
    assert_in_range(took, 100, 1000);
    cluster_run(c, 2000);
    assert_int_equal(cluster_shared(c)->routes[0].phase, ROUTE_SERVING);
    assert_int_equal(c->moves, 1);
    assert_int_equal(c->outages, 1);
    cut_site(c, VOICE, false);
    cluster_run(c, 5000);
    assert_int_equal(cluster_shared(c)->routes[0].now.candidate, 1);
    assert_int_equal(c->moves, 1);
    assert_false(cluster_shared(c)->functions[0].down);
    end(c);
}

static void one_dead_server_leaves_the_pool_and_comes_back(void **state)
{
    struct cluster *c = calm("available", 2);

    (void)state;
    c->dead[VOICE + 1] = true;
    cluster_run(c, 1000);
    assert_int_equal(cluster_shared(c)->routes[0].now.candidate, 0);
    assert_int_equal(cluster_shared(c)->routes[0].now.members, 1 | 4 | 8);
    c->dead[VOICE + 1] = false;
    cluster_run(c, 1000);
    assert_int_equal(cluster_shared(c)->routes[0].now.members, 15);
    assert_int_equal(c->moves, 0);
    assert_int_equal(c->outages, 0);
    end(c);
}

static void a_dead_coordinator_is_not_a_dead_service(void **state)
{
    struct cluster *c = calm("available", 3);
    int i;

    (void)state;
    for (i = VOICE; i < VOICE + 4; i++)
        c->stopped[i] = true;
    cluster_run(c, 5000);
    assert_int_equal(c->moves, 0);
    assert_true(cluster_shared(c)->nodes[VOICE].silent);
    assert_int_equal(cluster_shared(c)->routes[0].now.members, 15);
    end(c);
}

static void the_last_candidate_is_never_withdrawn(void **state)
{
    struct cluster *c = calm("available", 4);
    int i;

    (void)state;
    for (i = 0; i < 8; i++)
        c->dead[i] = true;
    cluster_run(c, 3000);
    assert_int_equal(cluster_shared(c)->routes[0].phase, ROUTE_BLOCKED);
    assert_true(cluster_shared(c)->functions[0].down);
    assert_true(cluster_shared(c)->routes[0].now.members != 0);
    for (i = MIRROR; i < MIRROR + 4; i++)
        c->dead[i] = false;
    cluster_run(c, 2000);
    assert_int_equal(cluster_shared(c)->routes[0].now.candidate, 1);
    assert_false(cluster_shared(c)->functions[0].down);
    end(c);
}

static void a_function_that_fails_for_too_few_moves_nothing(void **state)
{
    struct cluster *c = calm("available", 5);

    (void)state;
    /* mirror-1..4 and backup-2 cannot reach the voice servers, the others can: five of
     * eleven fail it, and most of ishikari see it up */
    cut_site(c, MIRROR, true);
    cluster_run(c, 4000);
    assert_int_equal(c->moves, 0);
    assert_int_equal(cluster_shared(c)->routes[0].now.candidate, 0);
    end(c);
}

static void without_a_quorum_nothing_moves(void **state)
{
    struct cluster *c = calm("available", 6);
    int i;

    (void)state;
    for (i = MIRROR; i < BACKUP + 2; i++)
        c->stopped[i] = true; /* 5 of 11 voters are left */
    for (i = VOICE; i < VOICE + 4; i++)
        c->dead[i] = true;
    c->leader = 11;
    cluster_run(c, 5000);
    assert_int_equal(c->told_candidate, 0);
    cluster_free(c);
}

static void random_loss_of_a_fifth_moves_nothing(void **state)
{
    struct cluster *c = calm("available", 7);

    (void)state;
    c->loss_percent = 20;
    cluster_run(c, 10 * 60 * 1000);
    assert_int_equal(c->moves, 0);
    assert_int_equal(c->outages, 0);
    c->loss_percent = 0;
    cluster_run(c, 3000);
    end(c);
}

static void flapping_ends_with_hands_off_until_an_operator_acts(void **state)
{
    struct cluster *c = calm("available", 8);
    struct command command = {.kind = COMMAND_FAILOVER,
                              .id = {{1}},
                              .to = 1,
                              .who = "tanaka",
                              .reason = "flapping",
                              .force = true};
    int i, round;

    (void)state;
    for (round = 0; round < 8; round++) {
        int sick = round % 2 == 0 ? VOICE : MIRROR, well = round % 2 == 0 ? MIRROR : VOICE;

        for (i = 0; i < 4; i++) {
            c->dead[sick + i] = true;
            c->dead[well + i] = false;
        }
        cluster_run(c, 3000);
    }
    assert_int_equal(c->moves, 5);
    assert_true(cluster_shared(c)->routes[0].held);
    command.to = !cluster_shared(c)->routes[0].now.candidate;
    cluster_command(c, &command);
    cluster_run(c, 1000);
    assert_int_equal(c->reply_code, 0);
    assert_false(cluster_shared(c)->routes[0].held);
    end(c);
}

static void patience_keeps_a_short_failure_from_moving_a_route(void **state)
{
    struct cluster *c = cluster_new("available", 3000, 9);
    int i;

    (void)state;
    cluster_run(c, 3000);
    for (i = VOICE; i < VOICE + 4; i++)
        c->dead[i] = true;
    cluster_run(c, 2000);
    for (i = VOICE; i < VOICE + 4; i++)
        c->dead[i] = false;
    cluster_run(c, 3000);
    assert_int_equal(c->moves, 0);
    assert_true(c->outages == 1);
    for (i = VOICE; i < VOICE + 4; i++)
        c->dead[i] = true;
    cluster_run(c, 4500);
    assert_int_equal(c->moves, 1);
    end(c);
}

static void a_switchover_is_answered_once_however_often_it_is_sent(void **state)
{
    struct cluster *c = calm("available", 10);
    struct command command = {
        .kind = COMMAND_SWITCHOVER, .id = {{7}}, .to = 1, .who = "tanaka", .reason = "drill"};

    (void)state;
    cluster_command(c, &command);
    cluster_command(c, &command);
    cluster_run(c, 1000);
    assert_int_equal(c->reply_code, 0);
    cluster_command(c, &command);
    assert_int_equal(c->reply_code, 0);
    assert_int_equal(c->moves, 1);
    assert_int_equal(c->told_candidate, 1);
    assert_int_equal(c->outages, 0); /* planned */
    end(c);
}

static void a_failover_from_a_healthy_side_is_refused_and_recorded(void **state)
{
    struct cluster *c = calm("available", 11);
    struct command command = {
        .kind = COMMAND_FAILOVER, .id = {{8}}, .to = 1, .who = "tanaka", .reason = "nervous"};

    (void)state;
    cluster_command(c, &command);
    cluster_run(c, 500);
    assert_int_equal(c->reply_code, ERR_REFUSED);
    assert_int_equal(c->refused, 1);
    assert_int_equal(c->moves, 0);
    command.id.bytes[0] = 9;
    command.dry_run = true;
    command.force = true;
    cluster_command(c, &command);
    assert_int_equal(c->reply_code, 0);
    assert_non_null(strstr(c->reply_text, "rule 12"));
    assert_int_equal(c->moves, 0);
    end(c);
}

static void an_actuator_that_fails_is_told_again(void **state)
{
    struct cluster *c = calm("available", 12);

    (void)state;
    c->actuator_fails = true;
    cut_site(c, VOICE, true);
    cluster_run(c, 2000);
    assert_int_equal(cluster_shared(c)->routes[0].phase, ROUTE_ACTING);
    assert_int_equal(c->told_candidate, 0);
    c->actuator_fails = false;
    cluster_run(c, 6000);
    assert_int_equal(c->told_candidate, 1);
    assert_int_equal(cluster_shared(c)->routes[0].phase, ROUTE_SERVING);
    end(c);
}

static void refused_connections_of_any_node_are_recorded_once(void **state)
{
    struct cluster *c = calm("available", 16);
    int i, lines;

    (void)state;
    for (i = 0; i < 30; i++)
        cluster_refuse(c, 2);
    cluster_refuse(c, 8);
    cluster_run(c, 65000);
    assert_in_range(c->refused, 2, 3); /* a line for each of the two, at most one a minute */
    lines = c->refused;
    c->leader = 9;
    cluster_reelect(c);
    cluster_run(c, 3000);
    assert_int_equal(c->refused, lines);
    end(c);
}

/* Raft's followers would wait for their timers; its beats say so at once. */
static void a_leader_that_resigns_is_followed_up(void **state)
{
    struct cluster *c = calm("available", 17);

    (void)state;
    assert_int_equal(c->stands, 0);
    cluster_resign(c);
    cluster_run(c, 90); /* a successor that was named has a beat's time */
    assert_int_equal(c->stands, 0);
    cluster_run(c, 250);
    assert_true(c->stands > 0);
    cluster_free(c);
}

/* It served a cluster that is gone, and remembers. */
static void an_actuator_that_has_seen_more_is_told_above_it(void **state)
{
    struct cluster *c = cluster_new("available", 0, 15);

    (void)state;
    c->told_epoch = 17;
    c->told_candidate = 1;
    cluster_run(c, 4000);
    assert_int_equal(c->told_candidate, 0);
    assert_int_equal(c->told_epoch, 18);
    assert_int_equal(cluster_shared(c)->routes[0].phase, ROUTE_SERVING);
    assert_int_equal(cluster_shared(c)->routes[0].now.epoch, 18);
    assert_int_equal(c->moves, 0);
    end(c);
}

/* The holder's grant is looked at by the holder itself, on its own engine, at every
 * moment of the move: it has ended before the actuator is told. */
/* Is the function when these nodes are lost, by a contract that asks for so many? */
static bool unmonitored_after(const char *minimum, int first, int n)
{
    char *yaml = world_replaced(world_yaml("available", 0), "name: c, ", minimum);
    struct cluster *c = cluster_of(yaml, 7);
    bool unmonitored;
    int i;

    cluster_run(c, 3000);
    assert_int_equal(cluster_shared(c)->functions[0].unmonitored, 0);
    for (i = first; i < first + n; i++)
        c->cut[i] = true;
    cluster_run(c, 10000);
    unmonitored = cluster_shared(c)->functions[0].unmonitored != 0;
    for (i = first; i < first + n; i++)
        c->cut[i] = false;
    cluster_run(c, 10000);
    assert_int_equal(cluster_shared(c)->functions[0].unmonitored, 0);
    end(c);
    mem_free(yaml);
    return unmonitored;
}

static void a_contract_may_ask_for_more_observers_and_sites(void **state)
{
    (void)state;
    assert_false(unmonitored_after("name: c, ", MIRROR, 1));
    assert_false(unmonitored_after("name: c, ", MIRROR, 4));
    assert_false(unmonitored_after("name: c, minimum_observers: 10, ", MIRROR, 1));
    assert_true(unmonitored_after("name: c, minimum_observers: 11, ", MIRROR, 1));
    assert_false(unmonitored_after("name: c, minimum_sites: 3, ", MIRROR, 3));
    assert_true(unmonitored_after("name: c, minimum_sites: 3, ", MIRROR, 4));
}

static void an_exclusive_route_never_has_two_holders(void **state)
{
    uint64_t seed;

    (void)state;
    for (seed = 100; seed < 120; seed++) {
        struct cluster *c = calm("exclusive", seed);
        int64_t took, i;

        assert_true(engine_grant(cluster_engine(c, VOICE), 0) > c->now_ms);
        c->loss_percent = seed % 2 ? 10 : 0;
        if (seed % 3 == 0) {
            cut_site(c, VOICE, true);
        } else {
            for (i = 0; i < 4; i++)
                c->dead[VOICE + i] = true;
        }
        for (took = 0; took < 10000 && c->told_candidate == 0; took += 5)
            cluster_run(c, 5);
        assert_int_equal(c->told_candidate, 1);
        for (i = 0; i < 4; i++)
            assert_true(engine_grant(cluster_engine(c, VOICE + (int)i), 0) <= c->now_ms);
        cluster_run(c, 2000);
        assert_true(engine_grant(cluster_engine(c, MIRROR), 0) > c->now_ms);
        cluster_free(c);
    }
}

static struct holder_view holder(struct cluster *c, int node, int server)
{
    struct moment now = {.boot_ms = c->now_ms, .utc_ms = c->now_ms};

    return engine_holder(cluster_engine(c, node), now, 0, server);
}

static void all_see_how_long_a_holder_may_serve(void **state)
{
    struct cluster *c = calm("exclusive", 51);
    int64_t lease_ms = engine_model(cluster_engine(c, VOICE))->timing.lease_holder_ms;
    int64_t own_ms = engine_grant(cluster_engine(c, VOICE), 0) - c->now_ms;

    (void)state;
    assert_true(holder(c, MIRROR, VOICE).serves);
    assert_true(holder(c, MIRROR, VOICE).left_ms > 0);
    assert_true(holder(c, MIRROR, VOICE).left_ms <= lease_ms);
    assert_int_equal(holder(c, VOICE, VOICE).left_ms, own_ms);
    assert_false(holder(c, MIRROR, MIRROR).serves);
    assert_int_equal(holder(c, VOICE, MIRROR).left_ms, 0);
    assert_true(c->now_ms - engine_knew_ms(cluster_engine(c, MIRROR)) < 1000);
    cut_site(c, VOICE, true);
    cluster_run(c, lease_ms + 300);
    assert_false(holder(c, MIRROR, VOICE).serves);
    assert_int_equal(holder(c, MIRROR, VOICE).left_ms, 0);
    cluster_run(c, 5000);
    assert_true(holder(c, VOICE, MIRROR).left_ms == 0);
    assert_true(holder(c, MIRROR + 1, MIRROR).serves);
    assert_true(c->now_ms - engine_knew_ms(cluster_engine(c, VOICE)) > 5000);
    cluster_free(c);
}

static void few_that_hear_a_holder_are_no_promise(void **state)
{
    struct cluster *c = calm("exclusive", 52);
    int64_t lease_ms = engine_model(cluster_engine(c, VOICE))->timing.lease_holder_ms;
    int i;

    (void)state;
    for (i = MIRROR; i < CLUSTER_NODES; i++)
        c->stopped[i] = true;
    cluster_run(c, lease_ms + 300);
    assert_int_equal(holder(c, VOICE + 1, VOICE).left_ms, 0);
    assert_int_equal(holder(c, VOICE, VOICE).left_ms, 0);
    cluster_free(c);
}

static void a_holder_without_a_majority_loses_its_grant(void **state)
{
    struct cluster *c = calm("exclusive", 50);
    int64_t grant;

    (void)state;
    cut_site(c, VOICE, true);
    grant = engine_grant(cluster_engine(c, VOICE), 0);
    cluster_run(c, 600);
    assert_true(engine_grant(cluster_engine(c, VOICE), 0) <= grant);
    assert_true(engine_grant(cluster_engine(c, VOICE), 0) <= c->now_ms);
    cluster_free(c);
}

static void a_node_that_stood_still_abstains(void **state)
{
    struct cluster *c = calm("available", 13);

    (void)state;
    assert_true(cluster_trusts_itself(c, 9, cluster_now(c)));
    c->stopped[9] = true; /* frozen: no step for a while */
    cluster_run(c, 700);
    c->stopped[9] = false;
    cluster_run(c, 5);
    assert_false(cluster_trusts_itself(c, 9, cluster_now(c)));
    cluster_run(c, 1500);
    assert_true(cluster_trusts_itself(c, 9, cluster_now(c)));

    end(c);
}

/* The leader and so many that the others are no majority stand still. */
static void stand_still(struct cluster *c, int64_t ms)
{
    int i;

    for (i = 5; i < CLUSTER_NODES; i++)
        c->stopped[i] = true;
    cluster_run(c, ms);
    for (i = 5; i < CLUSTER_NODES; i++)
        c->stopped[i] = false;
}

/* What the leader proposed before it stood still is committed when it goes on. */
static void commit_journal(struct cluster *c, int64_t until_ms)
{
    struct entry entry = {.kind = ENTRY_JOURNAL};

    entry.journal.spans = mem_zalloc(1, sizeof *entry.journal.spans);
    entry.journal.from_ms = entry.journal.to_ms = until_ms;
    cluster_commit(c, &entry);
    entry_free(&entry);
    cluster_run(c, 5);
    assert_true(cluster_shared(c)->told_ms == until_ms);
}

static void an_earlier_account_does_not_end_the_next(void **state)
{
    struct cluster *c = calm("available", 15);
    int64_t until_ms = cluster_now(c).utc_ms;

    (void)state;
    stand_still(c, 20000);
    cluster_run(c, 600); /* it asks */
    commit_journal(c, until_ms);
    cluster_run(c, 20000);
    assert_in_range(cluster_shared(c)->told_ms - until_ms, 19000, 21000);
    end(c);
}

/* By the ledger's clock: nothing is proposed that ends before it begins. */
static void what_is_told_is_not_told_again(void **state)
{
    struct cluster *c = calm("available", 16);
    int64_t told_ms;
    uint64_t index;

    (void)state;
    stand_still(c, 20000);
    cluster_run(c, 600); /* it asks */
    told_ms = cluster_now(c).utc_ms;
    commit_journal(c, told_ms);
    cluster_run(c, 20000);
    assert_true(cluster_shared(c)->told_ms == told_ms);
    index = cluster_shared(c)->index;
    cluster_run(c, 5000);
    assert_int_equal(cluster_shared(c)->index, index); /* nor again and again */
    end(c);
}

/* All nodes come back with a newer file: the log replays, then the newer one is committed. */
static void a_newer_file_is_committed_by_the_leader(void **state)
{
    struct cluster *c = calm("available", 14);
    int i;

    (void)state;
    for (i = 0; i < CLUSTER_NODES; i++)
        cluster_restart(c, i, 2);
    c->leader = 9;
    cluster_reelect(c);
    cluster_run(c, 3000);
    assert_int_equal(cluster_shared(c)->model->version, 2);
    assert_true(engine_leads(cluster_engine(c, 9)));
    cut_site(c, VOICE, true);
    cluster_run(c, 2000);
    assert_int_equal(c->told_candidate, 1);
    end(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cut_site_moves_the_route_once_and_nothing_moves_back),
        cmocka_unit_test(one_dead_server_leaves_the_pool_and_comes_back),
        cmocka_unit_test(a_dead_coordinator_is_not_a_dead_service),
        cmocka_unit_test(the_last_candidate_is_never_withdrawn),
        cmocka_unit_test(a_function_that_fails_for_too_few_moves_nothing),
        cmocka_unit_test(without_a_quorum_nothing_moves),
        cmocka_unit_test(random_loss_of_a_fifth_moves_nothing),
        cmocka_unit_test(flapping_ends_with_hands_off_until_an_operator_acts),
        cmocka_unit_test(patience_keeps_a_short_failure_from_moving_a_route),
        cmocka_unit_test(a_switchover_is_answered_once_however_often_it_is_sent),
        cmocka_unit_test(a_failover_from_a_healthy_side_is_refused_and_recorded),
        cmocka_unit_test(an_actuator_that_fails_is_told_again),
        cmocka_unit_test(a_leader_that_resigns_is_followed_up),
        cmocka_unit_test(refused_connections_of_any_node_are_recorded_once),
        cmocka_unit_test(an_actuator_that_has_seen_more_is_told_above_it),
        cmocka_unit_test(a_contract_may_ask_for_more_observers_and_sites),
        cmocka_unit_test(an_exclusive_route_never_has_two_holders),
        cmocka_unit_test(all_see_how_long_a_holder_may_serve),
        cmocka_unit_test(few_that_hear_a_holder_are_no_promise),
        cmocka_unit_test(a_holder_without_a_majority_loses_its_grant),
        cmocka_unit_test(a_node_that_stood_still_abstains),
        cmocka_unit_test(an_earlier_account_does_not_end_the_next),
        cmocka_unit_test(what_is_told_is_not_told_again),
        cmocka_unit_test(a_newer_file_is_committed_by_the_leader),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
