#include "base/check.h"
#include "base/mem.h"
#include "simulate/parts/platter_private.h"

#include <stdio.h>

#define RETRY_MS 1000 /* as disk_uv.c */

void ops_push(struct ops *ops, const struct op *op)
{
    struct op *copy = mem_dup(op, sizeof *op);

    copy->next = NULL;
    *ops->end = copy;
    ops->end = &copy->next;
}

struct op *ops_pop(struct ops *ops)
{
    struct op *op = ops->first;

    if (op == NULL)
        return NULL;
    ops->first = op->next;
    if (ops->first == NULL)
        ops->end = &ops->first;
    return op;
}

static unsigned writing_size(const struct disk *disk)
{
    const struct op *op = disk->writes.first;
    unsigned size = 0;

    for (unsigned i = 0; i < disk->n_writing; i++, op = op->next)
        size += op->kind == OP_APPEND ? op->append.n : 1;
    return size;
}

/* The first `n` entries of what is under way, or the snapshot, get to the platter. */
static void land(struct disk *disk, unsigned n)
{
    struct platter *p = disk->platter;
    const struct op *op = disk->writes.first;

    disk->landed = true;
    for (unsigned i = 0; i < disk->n_writing && n > 0; i++, op = op->next) {
        if (op->kind == OP_PUT) {
            platter_keep_image(p, op->put.snapshot, op->put.trailing);
            n--;
            continue;
        }
        CHECK(op->index == p->first + p->n);
        for (unsigned k = 0; k < op->append.n && n > 0; k++, n--)
            platter_keep_entry(p, &op->append.entries[k]);
    }
}

static void on_written(void *context, uint64_t serial);

/* Begins the next write: all appends that wait, or one snapshot. */
static void advance(struct disk *disk)
{
    struct op *op;

    if (disk->over || disk->completing || disk->n_writing > 0)
        return;
    while (disk->writes.first != NULL && disk->writes.first->kind == OP_TRUNCATE) {
        op = ops_pop(&disk->writes);
        platter_drop_from(disk->platter, op->index);
        mem_free(op);
    }
    op = disk->writes.first;
    if (op == NULL)
        return;
    disk->landed = false;
    disk->n_writing = 1;
    if (op->kind == OP_APPEND)
        while ((op = op->next) != NULL && op->kind == OP_APPEND)
            disk->n_writing++;
    disk_later(disk, disk_drawn_ms(disk->platter), on_written);
}

void disk_finish_write(struct op *op, int status)
{
    struct op done = *op;

    mem_free(op);
    if (done.kind == OP_APPEND)
        done.append.req->cb(done.append.req, status);
    else if (done.kind == OP_PUT)
        done.put.req->cb(done.put.req, status);
}

static void report(struct disk *disk, enum guard_disk what)
{
    disk->face.report(disk->face.context, what);
}

/* libraft takes a failed append for an impossible thing: as with raft_uv it is never told,
 * and the write stays under way for ever. */
static bool append_failed(struct disk *disk)
{
    struct op *op = disk->writes.first;

    if (disk->status != RAFT_IOERR || op->kind != OP_APPEND)
        return false;
    snprintf(disk->io->errmsg, sizeof disk->io->errmsg, "write: input/output error");
    report(disk, GUARD_DISK_WRITE_FAILED);
    return true;
}

static void write_done(void *context, uint64_t serial)
{
    struct disk *disk = disk_find(context, serial);
    bool had_room;

    if (disk == NULL || disk->over)
        return;
    had_room = !disk->out_of_room;
    disk->out_of_room = disk->status == RAFT_NOSPACE;
    if (disk->out_of_room) {
        disk_later(disk, RETRY_MS, on_written);
        if (had_room)
            report(disk, GUARD_DISK_STALLED);
        return;
    }
    if (!had_room)
        report(disk, GUARD_DISK_RECOVERED);
    if (append_failed(disk))
        return;
    disk->completing = true;
    while (disk->n_writing > 0 && !disk->over) {
        disk->n_writing--;
        disk_finish_write(ops_pop(&disk->writes), disk->status);
        platter_fire(disk->platter);
    }
    disk->completing = false;
    advance(disk);
}

static void on_written(void *context, uint64_t serial)
{
    struct platter *p = context;
    struct disk *disk = disk_find(p, serial);

    if (disk == NULL || disk->over)
        return;
    if (p->stalled) {
        disk->held = true;
        return;
    }
    disk->status = p->full ? RAFT_NOSPACE : p->failing ? RAFT_IOERR : 0;
    if (disk->status == 0) {
        land(disk, writing_size(disk));
    } else if (disk->status == RAFT_IOERR) {
        p->failing = false;
        if (disk->writes.first->kind == OP_APPEND)
            land(disk, prng_below(&p->prng, writing_size(disk) + 1));
    }
    disk_run(disk, write_done);
}

void disk_resume(struct disk *disk)
{
    if (!disk->held)
        return;
    disk->held = false;
    disk_later(disk, 0, on_written);
}

int disk_append(struct raft_io *io, struct raft_io_append *req, const struct raft_entry entries[],
                unsigned n, raft_io_append_cb cb)
{
    struct disk *disk = io->impl;

    CHECK(n > 0);
    if (!disk->over && disk->platter->options.appending != NULL)
        disk->platter->options.appending(disk->platter->options.context, entries, n);
    req->cb = cb;
    ops_push(&disk->writes, &(struct op){.kind = OP_APPEND,
                                         .index = disk->next_index,
                                         .append = {.req = req, .entries = entries, .n = n}});
    disk->next_index += n;
    advance(disk);
    return 0;
}

int disk_truncate(struct raft_io *io, raft_index index)
{
    struct disk *disk = io->impl;

    if (index >= disk->next_index)
        return 0;
    ops_push(&disk->writes, &(struct op){.kind = OP_TRUNCATE, .index = index});
    disk->next_index = index;
    advance(disk);
    return 0;
}

int disk_snapshot_put(struct raft_io *io, unsigned trailing, struct raft_io_snapshot_put *req,
                      const struct raft_snapshot *snapshot, raft_io_snapshot_put_cb cb)
{
    struct disk *disk = io->impl;

    req->cb = cb;
    ops_push(&disk->writes,
             &(struct op){.kind = OP_PUT,
                          .put = {.req = req, .snapshot = snapshot, .trailing = trailing}});
    if (trailing == 0)
        disk->next_index = snapshot->index + 1;
    advance(disk);
    return 0;
}

/* Cutting off, closing and freeing all come here: the first decides what got there. */
void disk_end(struct disk *disk, bool power)
{
    struct platter *p = disk->platter;
    unsigned size;

    if (disk->over)
        return;
    size = writing_size(disk);
    if (!disk->landed && !p->full)
        land(disk, power ? prng_below(&p->prng, size + 1) : size * prng_below(&p->prng, 2));
    disk->over = true;
    p->disk = NULL;
}
