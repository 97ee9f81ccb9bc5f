#include "rig.h"
#include "base/mem.h"
#include "base/prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

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

void thaw(struct rig *rig)
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

struct rig *rig_new(uint64_t seed)
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

void attach(struct rig *rig)
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

void run_ms(struct rig *rig, int64_t ms)
{
    int64_t until_ms = wheel_now(rig->wheel) + ms;

    while (wheel_step(rig->wheel, until_ms))
        ;
}

void closed(struct raft_io *io)
{
    struct process *process = (struct process *)((char *)io - offsetof(struct process, io));

    process->closes++;
}

void detach(struct rig *rig)
{
    struct process *process = &rig->process;

    process->io.close(&process->io, closed);
    assert_int_equal(process->closes, 0); /* never from inside */
    run_ms(rig, 0);
    assert_int_equal(process->closes, 1);
    process->disk->free(process->disk);
    process->disk = NULL;
}

void rig_free(struct rig *rig)
{
    if (rig->process.disk != NULL)
        detach(rig);
    run_ms(rig, 10000); /* what is left on the wheel finds nothing */
    platter_free(rig->platter);
    wheel_free(rig->wheel);
    mem_free(rig);
}

static void appended(struct raft_io_append *req, int status)
{
    struct batch *batch = req->data;

    batch->called++;
    batch->status = status;
}

void append(struct rig *rig, struct batch *batch, uint64_t id, unsigned n)
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

int load(struct rig *rig, struct loaded *loaded)
{
    struct raft_io *io = &rig->process.io;

    memset(loaded, 0, sizeof *loaded);
    return io->load(io, &loaded->term, &loaded->vote, &loaded->snapshot, &loaded->start,
                    &loaded->entries, &loaded->n);
}

void unload(struct loaded *loaded)
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

void start_empty(struct rig *rig)
{
    struct loaded loaded;

    attach(rig);
    assert_int_equal(load(rig, &loaded), 0);
    unload(&loaded);
}

void come_back(struct rig *rig, struct loaded *loaded)
{
    platter_cut_off(rig->platter, false);
    if (rig->process.disk != NULL)
        detach(rig);
    attach(rig);
    assert_int_equal(load(rig, loaded), 0);
}

static void put_done(struct raft_io_snapshot_put *req, int status)
{
    struct putting *putting = req->data;

    putting->called++;
    putting->status = status;
}

void put(struct rig *rig, struct putting *putting, raft_index index, unsigned trailing)
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

void put_close(struct putting *putting)
{
    raft_configuration_close(&putting->snapshot.configuration);
}
