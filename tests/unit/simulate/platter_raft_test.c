/* libraft on platters: what is acknowledged survives whatever the disks do. */
#include "rafts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

static void a_thousand_entries_commit(void **state)
{
    struct world *world = world_new(3, 100000, 1);

    run_ms(world, 2000);
    check_all_equal(world);
    assert_true(world->n_acked >= 1000);
    assert_int_equal(world->n_acked, world->n_chain);
    assert_true(platter_view(world->nodes[2].platter).last > 1000);
    world_free(world);
}

/* Any two of five are gone at any time, with and without their power. */
static void crash_on_and_on(struct world *world, int rounds)
{
    for (int round = 0; round < rounds; round++) {
        int first = (int)prng_below(&world->prng, NODES);
        int second = (int)prng_below(&world->prng, NODES);

        crash(&world->nodes[first], round % 2 == 0);
        run_ms(world, prng_below(&world->prng, 300));
        if (world->nodes[second].process != NULL)
            crash(&world->nodes[second], round % 3 == 0);
        run_ms(world, prng_below(&world->prng, 600));
        assert_int_equal(up(&world->nodes[first]), 0);
        if (world->nodes[second].process == NULL)
            assert_int_equal(up(&world->nodes[second]), 0);
        run_ms(world, prng_below(&world->prng, 300));
    }
    check_all_equal(world);
}

static void nothing_acknowledged_is_forgotten(void **state)
{
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct world *world = world_new(NODES, 64, seed);

        crash_on_and_on(world, 20);
        assert_true(world->n_acked > 500);
        world_free(world);
    }
}

static uint64_t digest(uint64_t seed)
{
    struct world *world = world_new(NODES, 64, seed);
    uint64_t digest;

    crash_on_and_on(world, 5);
    digest = wheel_fired(world->wheel) ^ world->chain[world->n_chain];
    for (int i = 0; i < NODES; i++) {
        struct platter *platter = world->nodes[i].platter;
        struct platter_view view = platter_view(platter);
        raft_term term;
        uint64_t hash;

        digest = prng_mix(digest ^ view.term ^ view.vote << 16 ^ view.first << 32 ^ view.bytes);
        for (raft_index k = view.first; platter_entry(platter, k, &term, &hash); k++)
            digest = prng_mix(digest ^ hash ^ term);
    }
    world_free(world);
    return digest;
}

static void the_same_seed_gives_the_same_run(void **state)
{
    uint64_t first = digest(42);

    assert_true(digest(42) == first);
    assert_true(digest(43) != first);
}

static void a_snapshot_brings_a_node_up_to_date(void **state)
{
    struct world *world = world_new(3, 32, 2);
    struct node *late;

    run_ms(world, 1000);
    late = leader(world) == &world->nodes[0] ? &world->nodes[1] : &world->nodes[0];
    crash(late, true);
    run_ms(world, 1000);
    late->installs = 0;
    assert_int_equal(up(late), 0);
    assert_true(platter_view(leader(world)->platter).first > platter_view(late->platter).last + 1);
    run_ms(world, 1000);
    assert_true(late->installs > 0);
    check_all_equal(world);
    assert_true(platter_view(late->platter).snapshot > 1000);

    crash(late, false); /* what it got is also what it begins with */
    assert_int_equal(up(late), 0);
    assert_true(late->process->count > 1000);
    check_all_equal(world);
    world_free(world);
}

static void nothing_commits_without_disks(void **state)
{
    struct world *world = world_new(3, 100000, 3);
    struct node *leads;
    int before;

    run_ms(world, 1000);
    leads = leader(world);
    assert_non_null(leads);
    for (int i = 0; i < 3; i++)
        platter_stall(world->nodes[i].platter, &world->nodes[i] != leads);
    run_ms(world, 50); /* what was under way */
    before = world->n_acked;
    assert_true(before > 0);
    run_ms(world, 1000);
    assert_int_equal(world->n_acked, before);
    for (int i = 0; i < 3; i++)
        platter_stall(world->nodes[i].platter, false);
    run_ms(world, 1000);
    assert_true(world->n_acked > before + 200);
    check_all_equal(world);
    world_free(world);
}

static void full_disks_refuse_and_recover(void **state)
{
    struct world *world = world_new(3, 100000, 4);
    int before;

    run_ms(world, 1000);
    for (int i = 0; i < 3; i++)
        platter_full(world->nodes[i].platter, true);
    run_ms(world, 100);
    before = world->n_acked;
    assert_int_equal(propose(world), RAFT_NOSPACE);
    run_ms(world, 3000);
    assert_int_equal(world->n_acked, before);
    assert_int_equal(leader(world)->reports[GUARD_DISK_STALLED], 1);
    for (int i = 0; i < 3; i++)
        platter_full(world->nodes[i].platter, false);
    run_ms(world, 2000);
    assert_true(world->n_acked > before + 200);
    assert_int_equal(leader(world)->reports[GUARD_DISK_RECOVERED], 1);
    check_all_equal(world);
    world_free(world);
}

static void a_damaged_disk_does_not_start(void **state)
{
    struct world *world = world_new(3, 100000, 5);
    struct node *node = &world->nodes[1];

    run_ms(world, 1000);
    crash(node, false);
    platter_corrupt_tail(node->platter);
    assert_int_equal(up(node), RAFT_CORRUPT);
    run_ms(world, 500); /* the others go on */
    assert_true(world->n_acked > 500);
    world_free(world);
}

static void count_barrier(struct raft_barrier *req, int status)
{
    *(int *)req->data += status == 0 ? 1 : 100;
}

static void count_transfer(struct raft_transfer *req)
{
    ++*(int *)req->data;
}

static void count_change(struct raft_change *req, int status)
{
    *(int *)req->data += status == 0 ? 1 : 100;
}

static void all_kinds_of_requests_are_drained(void **state)
{
    struct world *world = world_new(3, 100000, 6);
    int barriers = 0, changes = 0, transfers = 0;
    struct raft_barrier barrier = {.data = &barriers};
    struct raft_change change = {.data = &changes};
    struct raft_transfer transfer = {.data = &transfers};
    struct node *leads;
    raft_id to;

    run_ms(world, 1000);
    leads = leader(world);
    to = leads == &world->nodes[0] ? 2 : 1;
    assert_int_equal(raft_barrier(&leads->process->raft, &barrier, count_barrier), 0);
    assert_int_equal(barriers, 0);
    run_ms(world, 100);
    assert_int_equal(barriers, 1);
    assert_int_equal(raft_assign(&leads->process->raft, &change, (raft_id)(6 - leads->id) - to,
                                 RAFT_STANDBY, count_change),
                     0);
    run_ms(world, 100);
    assert_int_equal(changes, 1);
    idle_ms(world, 100); /* libraft's transfers fail while something is on its way */
    assert_int_equal(raft_transfer(&leads->process->raft, &transfer, to, count_transfer), 0);
    run_ms(world, 100);
    assert_int_equal(transfers, 1);
    assert_ptr_equal(leader(world), &world->nodes[to - 1]);
    check_all_equal(world);
    world_free(world);
}

static void requests_end_without_any_message(void **state)
{
    struct world *world = world_new(1, 100000, 7);
    struct node *leads;

    idle_ms(world, 1000);
    assert_int_equal(propose(world), 0);
    assert_int_equal(world->n_out, 1); /* never from inside */
    idle_ms(world, 5);
    assert_int_equal(world->n_acked, 1); /* by its own write */
    world_free(world);

    world = world_new(3, 100000, 8);
    idle_ms(world, 1000);
    leads = leader(world);
    assert_non_null(leads);
    for (int i = 0; i < 3; i++)
        if (&world->nodes[i] != leads)
            crash(&world->nodes[i], false);
    assert_int_equal(propose(world), 0);
    idle_ms(world, 50);
    assert_int_equal(world->n_out, 1);
    idle_ms(world, 1000);
    assert_int_equal(world->n_out, 0); /* by the tick that ended its leadership */
    assert_int_equal(world->n_acked, 0);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thousand_entries_commit),
        cmocka_unit_test(nothing_acknowledged_is_forgotten),
        cmocka_unit_test(the_same_seed_gives_the_same_run),
        cmocka_unit_test(a_snapshot_brings_a_node_up_to_date),
        cmocka_unit_test(nothing_commits_without_disks),
        cmocka_unit_test(full_disks_refuse_and_recover),
        cmocka_unit_test(a_damaged_disk_does_not_start),
        cmocka_unit_test(all_kinds_of_requests_are_drained),
        cmocka_unit_test(requests_end_without_any_message),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
