/* A platter through its struct raft_io, without libraft. */
#include "simulate/parts/platter.h"
#include "base/mem.h"
#include "base/prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#define BATCHES 64

struct process {
    struct replicate_disk *disk;
    struct raft_io io;
    int reports[GUARD_DISK_RECOVERED + 1];
    int ticks, closes;
    int64_t ticked_ms;
};

struct rig {
    struct wheel *wheel;
    struct platter *platter;
    struct process process;
    bool frozen, clock_stopped;
    int64_t clock_lost_ms; /* while it stood still */
    struct held {
        wheel_fire *fire;
        void *context;
        uint64_t arg;
    } held[BATCHES];
    int n_held;
};

/* One append: batch `i` has entries with the data (i, k). */
struct batch {
    struct raft_io_append req;
    struct raft_entry entries[4];
    uint64_t data[4][2];
    int called, status;
};

static int64_t now_of(void *context)
{
    struct rig *rig = context;

    return 5000 + (rig->clock_stopped ? 0 : wheel_now(rig->wheel)) - rig->clock_lost_ms;
}

static int64_t when_of(void *context, int64_t boot_ms)
{
    struct rig *rig = context;

    return rig->clock_stopped ? INT64_MAX : boot_ms - 5000 + rig->clock_lost_ms;
}

static void run_of(void *context, wheel_fire *fire, void *fire_context, uint64_t arg)
{
    struct rig *rig = context;

    if (!rig->frozen) {
        fire(fire_context, arg);
        return;
    }
    assert_true(rig->n_held < BATCHES);
    rig->held[rig->n_held++] = (struct held){fire, fire_context, arg};
}

static void thaw(struct rig *rig)
{
    int n = rig->n_held;

    rig->frozen = false;
    rig->n_held = 0;
    for (int i = 0; i < n; i++)
        rig->held[i].fire(rig->held[i].context, rig->held[i].arg);
}

static void report(void *context, enum guard_disk what)
{
    struct process *process = context;

    process->reports[what]++;
}

static struct rig *rig_new(uint64_t seed)
{
    struct rig *rig = mem_zalloc(1, sizeof *rig);
    struct platter_options options = {.name = "test", .seed = seed, .write_ms = 3};

    rig->wheel = wheel_new();
    options.wheel = rig->wheel;
    options.now = now_of;
    options.when = when_of;
    options.run = run_of;
    options.context = rig;
    rig->platter = platter_new(&options);
    return rig;
}

static void attach(struct rig *rig)
{
    struct process *process = &rig->process;
    struct err err;

    memset(process, 0, sizeof *process);
    process->disk = platter_attach(rig->platter);
    process->disk->report = report;
    process->disk->context = process;
    assert_int_equal(process->disk->open(process->disk, &process->io, &err), 0);
    assert_int_equal(process->io.init(&process->io, 1, "1"), 0);
}

static void run_ms(struct rig *rig, int64_t ms)
{
    int64_t until_ms = wheel_now(rig->wheel) + ms;

    while (wheel_step(rig->wheel, until_ms))
        ;
}

static void closed(struct raft_io *io)
{
    struct process *process = (struct process *)((char *)io - offsetof(struct process, io));

    process->closes++;
}

static void detach(struct rig *rig)
{
    struct process *process = &rig->process;

    process->io.close(&process->io, closed);
    assert_int_equal(process->closes, 0); /* never from inside */
    run_ms(rig, 0);
    assert_int_equal(process->closes, 1);
    process->disk->free(process->disk);
    process->disk = NULL;
}

static void rig_free(struct rig *rig)
{
    if (rig->process.disk != NULL)
        detach(rig);
    run_ms(rig, 10000); /* what is left on the wheel finds nothing */
    platter_free(rig->platter);
    wheel_free(rig->wheel);
    mem_free(rig);
}

/* ---- appends ---- */

static void appended(struct raft_io_append *req, int status)
{
    struct batch *batch = req->data;

    batch->called++;
    batch->status = status;
}

static void append(struct rig *rig, struct batch *batch, uint64_t id, unsigned n)
{
    memset(batch, 0, sizeof *batch);
    batch->req.data = batch;
    for (unsigned k = 0; k < n; k++) {
        batch->data[k][0] = id;
        batch->data[k][1] = k;
        batch->entries[k] = (struct raft_entry){
            .term = 1 + id, .type = RAFT_COMMAND, .buf = {batch->data[k], sizeof batch->data[k]}};
    }
    assert_int_equal(
        rig->process.io.append(&rig->process.io, &batch->req, batch->entries, n, appended), 0);
}

struct loaded {
    raft_term term;
    raft_id vote;
    struct raft_snapshot *snapshot;
    raft_index start;
    struct raft_entry *entries;
    size_t n;
};

static int load(struct rig *rig, struct loaded *loaded)
{
    struct raft_io *io = &rig->process.io;

    memset(loaded, 0, sizeof *loaded);
    return io->load(io, &loaded->term, &loaded->vote, &loaded->snapshot, &loaded->start,
                    &loaded->entries, &loaded->n);
}

static void unload(struct loaded *loaded)
{
    if (loaded->snapshot != NULL) {
        raft_configuration_close(&loaded->snapshot->configuration);
        raft_free(loaded->snapshot->bufs[0].base);
        raft_free(loaded->snapshot->bufs);
        raft_free(loaded->snapshot);
    }
    if (loaded->entries != NULL)
        raft_free(loaded->entries[0].batch);
    raft_free(loaded->entries);
}

static void start_empty(struct rig *rig)
{
    struct loaded loaded;

    attach(rig);
    assert_int_equal(load(rig, &loaded), 0);
    unload(&loaded);
}

/* Comes back with what survived. */
static void come_back(struct rig *rig, struct loaded *loaded)
{
    platter_cut_off(rig->platter, false);
    if (rig->process.disk != NULL)
        detach(rig);
    attach(rig);
    assert_int_equal(load(rig, loaded), 0);
}

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

struct putting {
    struct raft_io_snapshot_put req;
    struct raft_snapshot snapshot;
    struct raft_buffer bufs[2];
    int called, status;
};

static void put_done(struct raft_io_snapshot_put *req, int status)
{
    struct putting *putting = req->data;

    putting->called++;
    putting->status = status;
}

static void put(struct rig *rig, struct putting *putting, raft_index index, unsigned trailing)
{
    struct raft_io *io = &rig->process.io;

    memset(putting, 0, sizeof *putting);
    putting->req.data = putting;
    raft_configuration_init(&putting->snapshot.configuration);
    assert_int_equal(raft_configuration_add(&putting->snapshot.configuration, 7, "7", RAFT_VOTER),
                     0);
    putting->bufs[0] = (struct raft_buffer){"first", 5};
    putting->bufs[1] = (struct raft_buffer){"second", 6};
    putting->snapshot.index = index;
    putting->snapshot.term = 9;
    putting->snapshot.configuration_index = 1;
    putting->snapshot.bufs = putting->bufs;
    putting->snapshot.n_bufs = 2;
    assert_int_equal(io->snapshot_put(io, trailing, &putting->req, &putting->snapshot, put_done),
                     0);
    assert_int_equal(putting->called, 0);
}

static void put_close(struct putting *putting)
{
    raft_configuration_close(&putting->snapshot.configuration);
}

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

/* ---- faults ---- */

static void a_stalled_write_ends_when_it_is_over(void **state)
{
    struct rig *rig = rig_new(8);
    struct batch batches[2];

    start_empty(rig);
    append(rig, &batches[0], 0, 1);
    platter_stall(rig->platter, true);
    run_ms(rig, 1000);
    append(rig, &batches[1], 1, 1);
    run_ms(rig, 1000);
    assert_int_equal(batches[0].called, 0);
    assert_int_equal(platter_view(rig->platter).last, 0);
    platter_stall(rig->platter, false);
    run_ms(rig, 10);
    assert_int_equal(batches[0].called, 1);
    assert_int_equal(batches[1].called, 1);
    platter_slow(rig->platter, 200);
    append(rig, &batches[0], 0, 1);
    run_ms(rig, 199);
    assert_int_equal(batches[0].called, 0);
    run_ms(rig, 10);
    assert_int_equal(batches[0].called, 1);
    rig_free(rig);
}

static void a_full_disk_is_tried_again(void **state)
{
    struct rig *rig = rig_new(9);
    struct process *process = &rig->process;
    struct batch batch;
    struct putting putting;

    start_empty(rig);
    assert_true(process->io.capacity > 256);
    platter_full(rig->platter, true);
    assert_int_equal(process->io.capacity, 0);
    append(rig, &batch, 0, 4);
    put(rig, &putting, 4, 8);
    run_ms(rig, 5500);
    assert_int_equal(batch.called, 0);
    assert_int_equal(process->reports[GUARD_DISK_STALLED], 1);
    platter_full(rig->platter, false);
    assert_true(process->io.capacity > 256);
    run_ms(rig, 1100);
    assert_int_equal(batch.called, 1);
    assert_int_equal(putting.called, 1);
    assert_int_equal(putting.status, 0);
    assert_int_equal(process->reports[GUARD_DISK_STALLED], 1);
    assert_int_equal(process->reports[GUARD_DISK_RECOVERED], 1);
    put_close(&putting);
    rig_free(rig);
}

static void a_failing_write_is_reported(void **state)
{
    struct rig *rig = rig_new(10);
    struct process *process = &rig->process;
    struct batch batches[2];
    struct putting putting;

    start_empty(rig);
    platter_fail(rig->platter);
    assert_int_equal(process->io.set_term(&process->io, 3), RAFT_IOERR);
    assert_int_equal(process->io.set_term(&process->io, 3), 0);
    platter_fail(rig->platter);
    put(rig, &putting, 4, 8);
    run_ms(rig, 20);
    assert_int_equal(putting.status, RAFT_IOERR);
    assert_int_equal(platter_view(rig->platter).snapshot, 0);
    assert_int_equal(process->reports[GUARD_DISK_WRITE_FAILED], 0);
    platter_fail(rig->platter);
    append(rig, &batches[0], 0, 1);
    run_ms(rig, 20);
    append(rig, &batches[1], 1, 1);
    run_ms(rig, 5000);
    assert_int_equal(process->reports[GUARD_DISK_WRITE_FAILED], 1);
    assert_int_equal(batches[0].called, 0); /* the process has to end */
    assert_int_equal(batches[1].called, 0);
    assert_true(strlen(process->io.errmsg) > 0);
    detach(rig);
    assert_int_equal(batches[0].status, RAFT_CANCELED);
    assert_int_equal(batches[1].status, RAFT_CANCELED);
    put_close(&putting);
    rig_free(rig);
}

static void a_damaged_entry_is_refused(void **state)
{
    struct rig *rig = rig_new(11);
    struct batch batch;
    struct loaded loaded;

    start_empty(rig);
    append(rig, &batch, 0, 3);
    run_ms(rig, 20);
    detach(rig);
    platter_corrupt_tail(rig->platter);
    attach(rig);
    assert_int_equal(load(rig, &loaded), RAFT_CORRUPT);
    assert_true(strlen(rig->process.io.errmsg) > 0);
    detach(rig);
    platter_wipe(rig->platter);
    start_empty(rig);
    rig_free(rig);
}

/* ---- time ---- */

static void on_tick(struct raft_io *io)
{
    struct process *process = (struct process *)((char *)io - offsetof(struct process, io));

    process->ticks++;
    process->ticked_ms = (int64_t)io->time(io);
}

static void no_message(struct raft_io *io, struct raft_message *message)
{
    fail();
}

/* platter_fire() looks into libraft's requests: none here. */
static struct raft *quiet_raft(void)
{
    struct raft *raft = mem_zalloc(1, sizeof *raft);

    raft->legacy.requests[0] = raft->legacy.requests;
    raft->legacy.requests[1] = raft->legacy.requests;
    return raft;
}

static void a_frozen_process_finds_it_later(void **state)
{
    struct rig *rig = rig_new(12);
    struct process *process = &rig->process;
    struct raft *raft = quiet_raft();
    struct batch batches[2];

    start_empty(rig);
    process->io.data = raft;
    process->io.start(&process->io, 10, on_tick, no_message);
    append(rig, &batches[0], 0, 1);
    append(rig, &batches[1], 1, 1);
    rig->frozen = true;
    run_ms(rig, 1000);
    assert_int_equal(platter_view(rig->platter).last, 1); /* the disk went on */
    assert_int_equal(batches[0].called, 0);
    assert_int_equal(process->ticks, 0);
    thaw(rig);
    assert_int_equal(batches[0].called, 1);
    assert_int_equal(process->ticks, 1); /* not one for each that was missed */
    run_ms(rig, 100);
    assert_int_equal(batches[1].called, 1);
    assert_int_equal(process->ticks, 11);
    detach(rig);
    mem_free(raft);
    rig_free(rig);
}

static void ticks_follow_the_process_clock(void **state)
{
    struct rig *rig = rig_new(13);
    struct process *process = &rig->process;
    struct raft *raft = quiet_raft();

    start_empty(rig);
    process->io.data = raft;
    process->io.start(&process->io, 10, on_tick, no_message);
    run_ms(rig, 55);
    assert_int_equal(process->ticks, 5);
    assert_int_equal(process->ticked_ms, 5050);
    rig->clock_stopped = true;
    rig->clock_lost_ms = -wheel_now(rig->wheel);
    run_ms(rig, 1000);
    assert_int_equal(process->ticks, 5);
    rig->clock_stopped = false;
    rig->clock_lost_ms = 1000;
    run_ms(rig, 100);
    assert_in_range(process->ticks, 14, 15);
    platter_cut_off(rig->platter, false);
    run_ms(rig, 100);
    assert_in_range(process->ticks, 14, 15);
    detach(rig);
    mem_free(raft);
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
        cmocka_unit_test(a_stalled_write_ends_when_it_is_over),
        cmocka_unit_test(a_full_disk_is_tried_again),
        cmocka_unit_test(a_failing_write_is_reported),
        cmocka_unit_test(a_damaged_entry_is_refused),
        cmocka_unit_test(a_frozen_process_finds_it_later),
        cmocka_unit_test(ticks_follow_the_process_clock),
    };

    return cmocka_run_group_tests_name("platter", tests, NULL, NULL);
}
