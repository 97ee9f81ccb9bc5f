/* Twelve nodes: what must come right although clocks, disks or operators do not. */
#include "base/mem.h"
#include "cluster.h"
#include "wire/config.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

enum { VOICE = 0, MIRROR = 4 };

static struct cluster *calm(const char *kind, uint64_t seed)
{
    struct cluster *c = cluster_new(kind, 0, seed);

    cluster_run(c, 3000);
    assert_int_equal(cluster_shared(c)->routes[0].phase, ROUTE_SERVING);
    return c;
}

static void set(bool *what, int first, bool to)
{
    int i;

    for (i = first; i < first + 4; i++)
        what[i] = to;
}

static void a_clock_that_was_ahead_does_not_stop_failover(void **state)
{
    struct cluster *c = calm("available", 30);

    (void)state;
    c->utc_shift_ms = 3600 * 1000;
    c->dead[MIRROR] = true; /* something is committed at that time */
    cluster_run(c, 1000);
    c->utc_shift_ms = 0;
    set(c->dead, VOICE, true);
    cluster_run(c, 1500);
    assert_int_equal(c->told_candidate, 1);
    cluster_free(c);
}

static void a_clock_that_leaps_does_not_use_up_patience(void **state)
{
    struct cluster *c = cluster_new("available", 3000, 31);

    (void)state;
    cluster_run(c, 3000);
    set(c->dead, VOICE, true);
    cluster_run(c, 1000);
    c->utc_shift_ms = 3600 * 1000;
    cluster_run(c, 1000);
    assert_int_equal(c->told_candidate, 0);
    cluster_run(c, 3000);
    assert_int_equal(c->told_candidate, 1);
    cluster_free(c);
}

static char *three_candidates(void)
{
    char *a = world_replaced(world_yaml("exclusive", 0), "mirror-4]\n    tcp",
                             "mirror-4, backup-1, backup-2]\n    tcp");
    char *b = world_replaced(a, "    actuators:\n",
                             "      - {name: ishikari, servers: [backup-1, backup-2], value: b}\n"
                             "    actuators:\n");

    mem_free(a);
    return b;
}

static void force(struct cluster *c, int to, uint8_t id)
{
    struct command command = {.kind = COMMAND_FAILOVER,
                              .id = {{id}},
                              .to = to,
                              .who = "tanaka",
                              .reason = "now",
                              .force = true};

    cluster_command(c, &command);
}

/* The holders of the first epoch are cut off; two moves follow each other at once. */
static void a_move_that_overtakes_another_waits_for_the_first_holders_too(void **state)
{
    char *yaml = three_candidates();
    uint64_t seed;
    int i;

    (void)state;
    for (seed = 40; seed < 50; seed++) {
        struct cluster *c = cluster_of(yaml, seed);
        int64_t took;

        cluster_run(c, 3000);
        assert_int_equal(c->told_candidate, 0);
        set(c->cut, VOICE, true);
        force(c, 1, 1);
        cluster_run(c, 20);
        force(c, 2, 2);
        for (took = 0; took < 5000 && c->told_candidate != 2; took += 5)
            cluster_run(c, 5);
        assert_int_equal(c->told_candidate, 2);
        for (i = VOICE; i < VOICE + 4; i++)
            assert_true(engine_grant(cluster_engine(c, i), 0) <= c->now_ms);
        cluster_free(c);
    }
    mem_free(yaml);
}

/* Voters that started after the holders were gone have never heard them. */
static void a_waiting_route_outlives_the_restart_of_all_voters(void **state)
{
    struct cluster *c = calm("exclusive", 51);
    int i;

    (void)state;
    set(c->cut, VOICE, true);
    force(c, 1, 1);
    for (i = MIRROR; i < CLUSTER_NODES; i++)
        cluster_restart(c, i, 1);
    cluster_reelect(c);
    cluster_run(c, 4000);
    assert_int_equal(c->told_candidate, 1);
    assert_int_equal(cluster_shared(c)->routes[0].phase, ROUTE_SERVING);
    cluster_free(c);
}

static void a_file_with_other_coordinators_is_not_proposed_for_ever(void **state)
{
    struct cluster *c = calm("available", 52);
    uint64_t before;
    int i;

    (void)state;
    cluster_edit(c, "backup-4", "backup-9");
    for (i = 0; i < CLUSTER_NODES; i++)
        cluster_restart(c, i, 2);
    cluster_reelect(c);
    before = cluster_shared(c)->index;
    cluster_run(c, 2000);
    assert_int_equal(cluster_shared(c)->model->version, 1);
    assert_true(cluster_shared(c)->index < before + 50);
    cluster_free(c);
}

static void what_is_known_to_be_down_is_not_confirmed_all_day(void **state)
{
    struct cluster *c = calm("available", 53);
    int before;

    (void)state;
    c->dead[VOICE] = true;
    cluster_run(c, 4000);
    before = c->confirmations;
    assert_true(before > 0);
    cluster_run(c, 5000);
    assert_int_equal(c->confirmations, before);
    c->dead[VOICE] = false; /* but its return is */
    cluster_run(c, 500);
    assert_true(c->confirmations > before);
    cluster_free(c);
}

static void who_forces_a_move_is_not_overruled(void **state)
{
    struct cluster *c = cluster_new("available", 3000, 55);

    (void)state;
    cluster_run(c, 3000);
    set(c->dead, VOICE, true);
    set(c->dead, MIRROR, true);
    cluster_run(c, 10000);
    force(c, 1, 1);
    set(c->dead, VOICE, false);
    cluster_run(c, 10000);
    assert_int_equal(c->told_candidate, 1);
    cluster_free(c);
}

static void a_node_that_stood_still_knows_it_before_its_next_step(void **state)
{
    struct cluster *c = calm("available", 54);
    struct moment thawed = {.boot_ms = c->now_ms + 30000, .utc_ms = 0};

    (void)state;
    assert_true(engine_leads(cluster_engine(c, c->leader)));
    assert_false(cluster_trusts_itself(c, c->leader, thawed));
    cluster_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clock_that_was_ahead_does_not_stop_failover),
        cmocka_unit_test(a_clock_that_leaps_does_not_use_up_patience),
        cmocka_unit_test(a_move_that_overtakes_another_waits_for_the_first_holders_too),
        cmocka_unit_test(a_waiting_route_outlives_the_restart_of_all_voters),
        cmocka_unit_test(a_file_with_other_coordinators_is_not_proposed_for_ever),
        cmocka_unit_test(what_is_known_to_be_down_is_not_confirmed_all_day),
        cmocka_unit_test(who_forces_a_move_is_not_overruled),
        cmocka_unit_test(a_node_that_stood_still_knows_it_before_its_next_step),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
