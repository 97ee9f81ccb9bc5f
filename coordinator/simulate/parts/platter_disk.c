#include "base/check.h"
#include "base/mem.h"
#include "simulate/parts/platter_private.h"

#include <stddef.h>
#include <stdio.h>

#define CAPACITY_KB 1024                   /* what libraft is told when there is room */
#define REQUEST_TRANSFER (RAFT_CHANGE + 1) /* libraft's type without a public name */

struct disk *disk_find(struct platter *platter, uint64_t serial)
{
    struct disk *disk = platter->disks;

    while (disk != NULL && disk->serial != serial)
        disk = disk->next;
    return disk;
}

void disk_later(struct disk *disk, int64_t ms, wheel_fire *fire)
{
    struct wheel *wheel = disk->platter->options.wheel;

    wheel_at(wheel, wheel_now(wheel) + ms, fire, disk->platter, disk->serial);
}

void disk_run(struct disk *disk, wheel_fire *fire)
{
    const struct platter_options *options = &disk->platter->options;

    options->run(options->context, fire, disk->platter, disk->serial);
}

int64_t disk_drawn_ms(struct platter *p)
{
    return prng_below(&p->prng, (uint32_t)p->options.write_ms + 1) + p->extra_ms;
}

/* ---- finished requests ---- */

static void fire_request(void *request)
{
    struct raft_apply *apply = request;
    struct raft_barrier *barrier = request;
    struct raft_change *change = request;
    struct raft_transfer *transfer = request;

    switch (apply->type) {
    case RAFT_COMMAND:
        apply->cb(apply, apply->status, apply->result);
        break;
    case RAFT_BARRIER:
        barrier->cb(barrier, barrier->status);
        break;
    case RAFT_CHANGE:
        change->cb(change, change->status);
        break;
    case REQUEST_TRANSFER:
        transfer->cb(transfer);
        break;
    default:
        CHECK(false);
    }
}

/* legacy.requests: the head of a ring of (next, previous). */
static void fire_finished(struct disk *disk)
{
    struct raft *raft = disk->io->data;
    void **ring = raft->legacy.requests;

    while (!disk->over && ring[0] != ring) {
        void **link = ring[0];

        ring[0] = link[0];
        ((void **)link[0])[1] = ring;
        fire_request((char *)link - offsetof(struct raft_apply, queue));
    }
}

void platter_fire(struct platter *platter)
{
    if (platter->disk != NULL && platter->disk->tick != NULL)
        fire_finished(platter->disk);
}

/* ---- reading ---- */

static int io_load(struct raft_io *io, raft_term *term, raft_id *voted_for,
                   struct raft_snapshot **snapshot, raft_index *start_index,
                   struct raft_entry *entries[], size_t *n_entries)
{
    struct disk *disk = io->impl;
    struct platter *p = disk->platter;

    for (size_t i = 0; i < p->n; i++)
        if (p->entries[i].damaged) {
            snprintf(io->errmsg, sizeof io->errmsg, "entry %llu: checksum mismatch", p->first + i);
            return RAFT_CORRUPT;
        }
    CHECK(p->first <= p->image.index + 1);
    *term = p->term;
    *voted_for = p->vote;
    *snapshot = p->image.index > 0 ? platter_copy_image(p) : NULL;
    *start_index = p->first;
    *entries = platter_copy_entries(p);
    *n_entries = p->n;
    disk->next_index = p->first + p->n;
    return 0;
}

static void finish_get(struct disk *disk, struct op *op)
{
    struct raft_io_snapshot_get *req = op->get;
    struct raft_snapshot *snapshot = platter_copy_image(disk->platter);

    mem_free(op);
    req->cb(req, snapshot, snapshot->index > 0 ? 0 : RAFT_NOTFOUND);
}

static void get_done(void *context, uint64_t serial)
{
    struct disk *disk = disk_find(context, serial);

    if (disk == NULL || disk->over)
        return;
    finish_get(disk, ops_pop(&disk->reads));
    platter_fire(disk->platter);
}

static void on_read(void *context, uint64_t serial)
{
    struct disk *disk = disk_find(context, serial);

    if (disk != NULL && !disk->over)
        disk_run(disk, get_done);
}

static int io_snapshot_get(struct raft_io *io, struct raft_io_snapshot_get *req,
                           raft_io_snapshot_get_cb cb)
{
    struct disk *disk = io->impl;

    req->cb = cb;
    ops_push(&disk->reads, &(struct op){.kind = OP_GET, .get = req});
    if (!disk->over)
        disk_later(disk, disk_drawn_ms(disk->platter), on_read);
    return 0;
}

/* ---- term, vote and first entry: written at once ---- */

static int write_now(struct disk *disk)
{
    if (disk->over || !disk->platter->failing)
        return 0;
    disk->platter->failing = false;
    snprintf(disk->io->errmsg, sizeof disk->io->errmsg, "metadata: input/output error");
    return RAFT_IOERR;
}

static int io_set_term(struct raft_io *io, raft_term term)
{
    struct disk *disk = io->impl;
    int rv = write_now(disk);

    if (rv == 0 && !disk->over) {
        disk->platter->term = term;
        disk->platter->vote = 0;
    }
    return rv;
}

static int io_set_vote(struct raft_io *io, raft_id id)
{
    struct disk *disk = io->impl;
    int rv = write_now(disk);

    if (rv == 0 && !disk->over)
        disk->platter->vote = id;
    return rv;
}

static int io_bootstrap(struct raft_io *io, const struct raft_configuration *conf)
{
    struct disk *disk = io->impl;
    struct raft_entry entry = {.term = 1, .type = RAFT_CHANGE};
    int rv;

    if (disk->platter->term != 0)
        return RAFT_CANTBOOTSTRAP;
    rv = io_set_term(io, 1);
    if (rv != 0)
        return rv;
    CHECK(raft_configuration_encode(conf, &entry.buf) == 0);
    platter_keep_entry(disk->platter, &entry);
    raft_free(entry.buf.base);
    return 0;
}

/* Forcing a configuration is an operator's last resort outside of any cluster. */
static int io_recover(struct raft_io *io, const struct raft_configuration *conf)
{
    return RAFT_UNAUTHORIZED;
}

/* ---- time ---- */

static int64_t boot_ms(const struct disk *disk)
{
    return disk->platter->options.now(disk->platter->options.context);
}

static raft_time io_time(struct raft_io *io)
{
    return (raft_time)boot_ms(io->impl);
}

static void on_tick(void *context, uint64_t serial);

/* A clock that stands still cannot say when: look again after a while. */
static void arm_tick(struct disk *disk)
{
    const struct platter_options *options = &disk->platter->options;
    int64_t now_ms = wheel_now(options->wheel);
    int64_t at_ms = options->when(options->context, disk->tick_at_ms);

    disk_later(disk, at_ms < now_ms + disk->tick_ms ? at_ms - now_ms : disk->tick_ms, on_tick);
}

static void tick(void *context, uint64_t serial)
{
    struct disk *disk = disk_find(context, serial);

    if (disk == NULL || disk->over)
        return;
    disk->tick_at_ms = boot_ms(disk) + disk->tick_ms;
    arm_tick(disk);
    disk->tick(disk->io);
    platter_fire(disk->platter);
}

static void on_tick(void *context, uint64_t serial)
{
    struct disk *disk = disk_find(context, serial);

    if (disk == NULL || disk->over)
        return;
    if (boot_ms(disk) < disk->tick_at_ms)
        arm_tick(disk);
    else
        disk_run(disk, tick);
}

static int io_start(struct raft_io *io, unsigned msecs, raft_io_tick_cb on, raft_io_recv_cb recv)
{
    struct disk *disk = io->impl;

    disk->tick = on;
    disk->tick_ms = msecs;
    disk->tick_at_ms = boot_ms(disk) + msecs;
    arm_tick(disk);
    return 0;
}

/* ---- beginning and end ---- */

void platter_cut_off(struct platter *platter, bool power)
{
    if (platter->disk != NULL)
        disk_end(platter->disk, power);
}

static void finish_close(struct disk *disk)
{
    raft_io_close_cb closed = disk->closed;
    struct op *op;

    if (closed == NULL)
        return;
    while ((op = ops_pop(&disk->writes)) != NULL)
        disk_finish_write(op, RAFT_CANCELED);
    while ((op = ops_pop(&disk->reads)) != NULL)
        finish_get(disk, op);
    disk->closed = NULL;
    closed(disk->io);
}

static void on_closed(void *context, uint64_t serial)
{
    struct disk *disk = disk_find(context, serial);

    if (disk != NULL)
        finish_close(disk);
}

static void io_close(struct raft_io *io, raft_io_close_cb cb)
{
    struct disk *disk = io->impl;

    disk_end(disk, false);
    disk->closed = cb;
    disk_later(disk, 0, on_closed);
}

static int io_init(struct raft_io *io, raft_id id, const char *address)
{
    return 0;
}

void disk_tell_capacity(struct disk *disk)
{
    if (disk->io != NULL)
        disk->io->capacity = disk->platter->full ? 0 : CAPACITY_KB;
}

static int open_disk(struct replicate_disk *face, struct raft_io *io, struct err *err)
{
    struct disk *disk = (struct disk *)face;

    disk->io = io;
    io->version = 2;
    io->impl = disk;
    io->init = io_init;
    io->close = io_close;
    io->load = io_load;
    io->start = io_start;
    io->bootstrap = io_bootstrap;
    io->recover = io_recover;
    io->set_term = io_set_term;
    io->set_vote = io_set_vote;
    io->append = disk_append;
    io->truncate = disk_truncate;
    io->snapshot_put = disk_snapshot_put;
    io->snapshot_get = io_snapshot_get;
    io->time = io_time;
    disk_tell_capacity(disk);
    return 0;
}

static void turn_disk(struct replicate_disk *face)
{
    finish_close((struct disk *)face);
}

static void free_disk(struct replicate_disk *face)
{
    struct disk *disk = (struct disk *)face;
    struct platter *p = disk->platter;
    struct disk **at = &p->disks;
    struct op *op;

    disk_end(disk, false);
    while ((op = ops_pop(&disk->writes)) != NULL)
        mem_free(op);
    while ((op = ops_pop(&disk->reads)) != NULL)
        mem_free(op);
    while (*at != disk)
        at = &(*at)->next;
    *at = disk->next;
    mem_free(disk);
}

struct replicate_disk *platter_attach(struct platter *platter)
{
    struct disk *disk = mem_zalloc(1, sizeof *disk);

    CHECK(platter->disk == NULL);
    disk->face = (struct replicate_disk){
        .name = platter->options.name, .open = open_disk, .turn = turn_disk, .free = free_disk};
    disk->platter = platter;
    disk->serial = ++platter->serials;
    disk->writes.end = &disk->writes.first;
    disk->reads.end = &disk->reads.first;
    disk->next = platter->disks;
    platter->disks = disk;
    platter->disk = disk;
    return &disk->face;
}
