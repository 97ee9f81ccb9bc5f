/* What is written to a platter is there when it comes back. */
#include "base/mem.h"
#include "base/prng.h"
#include "rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void appends_end_in_order(void **state)
{
    struct rig *rig = rig_new(1);
    struct batch batches[20];
    struct loaded loaded;
    raft_term term;
    uint64_t hash, other;

    start_empty(rig);
    for (int i = 0; i < 20; i++) {
        append(rig, &batches[i], (uint64_t)i, 2);
        assert_int_equal(batches[i].called, 0); /* never from inside */
        if (i % 3 == 0)
            run_ms(rig, 1);
        for (int k = 1; k <= i; k++)
            assert_true(batches[k - 1].called >= batches[k].called);
    }
    run_ms(rig, 20);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(batches[i].called, 1);
        assert_int_equal(batches[i].status, 0);
    }
    assert_int_equal(platter_view(rig->platter).last, 40);
    assert_int_equal(platter_view(rig->platter).bytes, 40 * 16);
    assert_true(platter_entry(rig->platter, 40, &term, &hash));
    assert_int_equal(term, 20);
    assert_true(platter_entry(rig->platter, 39, &term, &other));
    assert_true(hash != other);
    assert_false(platter_entry(rig->platter, 41, &term, &hash));
    assert_false(platter_entry(rig->platter, 0, &term, &hash));

    come_back(rig, &loaded);
    assert_int_equal(loaded.start, 1);
    assert_int_equal(loaded.n, 40);
    for (int i = 0; i < 40; i++) {
        assert_int_equal(loaded.entries[i].term, 1 + i / 2);
        assert_int_equal(loaded.entries[i].type, RAFT_COMMAND);
        assert_ptr_equal(loaded.entries[i].batch, loaded.entries[0].batch);
        assert_memory_equal(loaded.entries[i].buf.base, batches[i / 2].data[i % 2], 16);
    }
    unload(&loaded);
    rig_free(rig);
}

static void truncating_waits_for_its_turn(void **state)
{
    struct rig *rig = rig_new(2);
    struct batch batches[3];
    struct loaded loaded;

    start_empty(rig);
    append(rig, &batches[0], 0, 4);
    rig->process.io.truncate(&rig->process.io, 3);
    append(rig, &batches[1], 1, 1);
    rig->process.io.truncate(&rig->process.io, 4); /* nothing there */
    append(rig, &batches[2], 2, 1);
    assert_int_equal(platter_view(rig->platter).last, 0);
    run_ms(rig, 20);
    come_back(rig, &loaded);
    assert_int_equal(loaded.n, 4);
    assert_memory_equal(loaded.entries[1].buf.base, batches[0].data[1], 16);
    assert_memory_equal(loaded.entries[2].buf.base, batches[1].data[0], 16);
    assert_memory_equal(loaded.entries[3].buf.base, batches[2].data[0], 16);
    unload(&loaded);
    rig->process.io.truncate(&rig->process.io, 1); /* at once when nothing is under way */
    assert_int_equal(platter_view(rig->platter).last, 0);
    assert_int_equal(platter_view(rig->platter).bytes, 0);
    rig_free(rig);
}

/* The promise of every disk: over many seeds and crashes. */
static void what_was_acknowledged_survives(void **state)
{
    int torn = 0, lost = 0, more = 0;

    for (uint64_t seed = 1; seed <= 2000; seed++) {
        struct rig *rig = rig_new(seed);
        struct prng prng;
        struct batch batches[BATCHES];
        struct loaded loaded;
        bool power = seed % 2 == 0;
        raft_index acknowledged = 0, all = 0, boundary = 0;
        int n, i;

        prng_seed(&prng, seed);
        start_empty(rig);
        n = (int)prng_below(&prng, BATCHES);
        for (i = 0; i < n; i++) {
            append(rig, &batches[i], (uint64_t)i, 1 + (unsigned)i % 4);
            run_ms(rig, prng_below(&prng, 2));
        }
        platter_cut_off(rig->platter, power);
        run_ms(rig, 20); /* and nothing more gets there */
        for (i = 0; i < n; i++) {
            all += 1 + (unsigned)i % 4;
            acknowledged = batches[i].called ? all : acknowledged;
        }
        detach(rig);
        attach(rig);
        assert_int_equal(load(rig, &loaded), 0);
        assert_in_range(loaded.n, acknowledged, all);
        for (size_t k = 0, b = 0; k < loaded.n; b++) {
            for (size_t j = 0; j <= b % 4 && k < loaded.n; j++, k++)
                assert_memory_equal(loaded.entries[k].buf.base, batches[b].data[j], 16);
            boundary = k;
        }
        all = 0;
        for (i = 0; i < n && all < loaded.n; i++)
            all += 1 + (unsigned)i % 4;
        torn += all != boundary;
        if (!power)
            assert_int_equal(all, boundary);
        for (; i < n; i++)
            lost++;
        more += loaded.n > acknowledged;
        for (i = 0; i < n; i++) {
            assert_int_equal(batches[i].called, 1); /* closing ended what was out */
            assert_true(batches[i].status == 0 || batches[i].status == RAFT_CANCELED);
        }
        unload(&loaded);
        rig_free(rig);
    }
    assert_true(torn > 50);
    assert_true(lost > 50);
    assert_true(more > 50);
}

/* ---- snapshots ---- */

static void check_snapshot(const struct raft_snapshot *snapshot, raft_index index)
{
    assert_non_null(snapshot);
    assert_int_equal(snapshot->index, index);
    assert_int_equal(snapshot->term, 9);
    assert_int_equal(snapshot->configuration_index, 1);
    assert_int_equal(snapshot->configuration.n, 1);
    assert_int_equal(snapshot->configuration.servers[0].id, 7);
    assert_int_equal(snapshot->n_bufs, 1);
    assert_int_equal(snapshot->bufs[0].len, 11);
    assert_memory_equal(snapshot->bufs[0].base, "firstsecond", 11);
}

static void a_snapshot_shortens_the_log(void **state)
{
    struct rig *rig = rig_new(3);
    struct batch batches[10];
    struct putting taken, taken_again, received;
    struct loaded loaded;
    raft_term term;
    uint64_t hash;

    start_empty(rig);
    for (int i = 0; i < 5; i++)
        append(rig, &batches[i], (uint64_t)i, 4);
    put(rig, &taken, 18, 5);
    append(rig, &batches[5], 5, 4);
    run_ms(rig, 20);
    assert_int_equal(taken.called, 1);
    assert_true(platter_entry(rig->platter, 14, &term, &hash));
    assert_int_equal(platter_view(rig->platter).first, 14);
    assert_int_equal(platter_view(rig->platter).last, 24);
    assert_int_equal(platter_view(rig->platter).snapshot, 18);
    assert_int_equal(platter_view(rig->platter).bytes, 11 * 16 + 11);

    come_back(rig, &loaded);
    check_snapshot(loaded.snapshot, 18);
    assert_int_equal(loaded.start, 14);
    assert_int_equal(loaded.n, 11);
    unload(&loaded);

    put(rig, &taken_again, 22, 5);
    assert_true(platter_entry(rig->platter, 24, &term, &hash));
    put(rig, &received, 20, 0);           /* in place of all, also of what is newer */
    for (raft_index k = 14; k <= 24; k++) /* there, but to go */
        assert_false(platter_entry(rig->platter, k, &term, &hash));
    append(rig, &batches[6], 6, 1);
    run_ms(rig, 20);
    assert_true(platter_entry(rig->platter, 21, &term, &hash));
    come_back(rig, &loaded);
    check_snapshot(loaded.snapshot, 20);
    assert_int_equal(loaded.start, 21);
    assert_int_equal(loaded.n, 1);
    assert_memory_equal(loaded.entries[0].buf.base, batches[6].data[0], 16);
    unload(&loaded);
    put_close(&taken);
    put_close(&taken_again);
    put_close(&received);
    rig_free(rig);
}

struct getting {
    struct raft_io_snapshot_get req;
    struct raft_snapshot *snapshot;
    int called, status;
};

static void got(struct raft_io_snapshot_get *req, struct raft_snapshot *snapshot, int status)
{
    struct getting *getting = req->data;

    getting->called++;
    getting->status = status;
    getting->snapshot = snapshot;
}

static void a_snapshot_is_read_as_a_copy(void **state)
{
    struct rig *rig = rig_new(4);
    struct raft_io *io = &rig->process.io;
    struct getting getting = {.req.data = &getting}, late = {.req.data = &late};
    struct loaded loaded = {0};
    struct putting putting;

    start_empty(rig);
    put(rig, &putting, 18, 0);
    run_ms(rig, 20);
    platter_stall(rig->platter, true); /* reading goes on */
    io->snapshot_get(io, &getting.req, got);
    assert_int_equal(getting.called, 0);
    run_ms(rig, 20);
    assert_int_equal(getting.called, 1);
    assert_int_equal(getting.status, 0);
    check_snapshot(getting.snapshot, 18);
    loaded.snapshot = getting.snapshot;
    unload(&loaded);

    io->snapshot_get(io, &late.req, got);
    platter_cut_off(rig->platter, false);
    run_ms(rig, 20);
    assert_int_equal(late.called, 0);
    detach(rig);
    assert_int_equal(late.called, 1); /* so that libraft frees what belongs to it */
    loaded.snapshot = late.snapshot;
    unload(&loaded);
    put_close(&putting);
    rig_free(rig);
}

/* ---- term, vote, the beginning ---- */

static void term_and_vote_are_there_at_once(void **state)
{
    struct rig *rig = rig_new(5);
    struct raft_io *io = &rig->process.io;
    struct raft_configuration conf, read;
    struct loaded loaded;

    assert_true(platter_is_empty(rig->platter));
    attach(rig);
    raft_configuration_init(&conf);
    raft_configuration_add(&conf, 7, "7", RAFT_VOTER);
    assert_int_equal(io->bootstrap(io, &conf), 0);
    assert_int_equal(io->bootstrap(io, &conf), RAFT_CANTBOOTSTRAP);
    assert_false(platter_is_empty(rig->platter));
    io->set_vote(io, 3);
    assert_int_equal(platter_view(rig->platter).vote, 3);
    io->set_term(io, 6); /* takes the vote away */
    platter_cut_off(rig->platter, true);
    io->set_term(io, 7);
    io->set_vote(io, 4);

    come_back(rig, &loaded);
    assert_int_equal(loaded.term, 6);
    assert_int_equal(loaded.vote, 0);
    assert_int_equal(loaded.n, 1);
    assert_int_equal(loaded.entries[0].term, 1);
    assert_int_equal(loaded.entries[0].type, RAFT_CHANGE);
    assert_int_equal(raft_configuration_decode(&loaded.entries[0].buf, &read), 0);
    assert_int_equal(read.servers[0].id, 7);
    raft_configuration_close(&read);
    raft_configuration_close(&conf);
    unload(&loaded);
    detach(rig);
    platter_wipe(rig->platter);
    assert_true(platter_is_empty(rig->platter));
    assert_int_equal(platter_view(rig->platter).bytes, 0);
    rig_free(rig);
}

static void closing_can_be_turned_by_hand(void **state)
{
    struct rig *rig = rig_new(6);
    struct process *process = &rig->process;
    struct batch batch;

    start_empty(rig);
    append(rig, &batch, 0, 1);
    process->disk->turn(process->disk); /* nothing closes */
    process->io.close(&process->io, closed);
    process->disk->turn(process->disk);
    process->disk->turn(process->disk);
    assert_int_equal(process->closes, 1);
    assert_int_equal(batch.called, 1);
    assert_int_equal(batch.status, RAFT_CANCELED);
    run_ms(rig, 20);
    assert_int_equal(process->closes, 1);
    process->disk->free(process->disk);
    process->disk = NULL;
    rig_free(rig);
}

/* The next process begins before the one before it is closed. */
static void a_dead_process_does_not_disturb_the_next(void **state)
{
    struct rig *rig = rig_new(7);
    struct process *old = mem_zalloc(1, sizeof *old);
    struct batch batch, next;
    struct loaded loaded;
    struct err err;

    old->disk = platter_attach(rig->platter);
    assert_int_equal(old->disk->open(old->disk, &old->io, &err), 0);
    assert_int_equal(old->io.load(&old->io, &loaded.term, &loaded.vote, &loaded.snapshot,
                                  &loaded.start, &loaded.entries, &loaded.n),
                     0);
    rig->process.io = old->io;
    append(rig, &batch, 0, 1);
    platter_cut_off(rig->platter, false);
    attach(rig);
    assert_int_equal(load(rig, &loaded), 0);
    append(rig, &next, 1, 1);
    run_ms(rig, 10);
    assert_int_equal(next.called, 1);
    assert_int_equal(batch.called, 0);
    assert_int_equal(platter_view(rig->platter).last, loaded.n + 1);
    old->io.close(&old->io, closed);
    run_ms(rig, 10);
    assert_int_equal(batch.called, 1);
    assert_int_equal(old->closes, 1);
    assert_int_equal(platter_view(rig->platter).last, loaded.n + 1);
    old->disk->free(old->disk);
    mem_free(old);
    unload(&loaded);
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_end_in_order),
        cmocka_unit_test(truncating_waits_for_its_turn),
        cmocka_unit_test(what_was_acknowledged_survives),
        cmocka_unit_test(a_snapshot_shortens_the_log),
        cmocka_unit_test(a_snapshot_is_read_as_a_copy),
        cmocka_unit_test(term_and_vote_are_there_at_once),
        cmocka_unit_test(closing_can_be_turned_by_hand),
        cmocka_unit_test(a_dead_process_does_not_disturb_the_next),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
