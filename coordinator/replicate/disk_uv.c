#include "replicate/disk_uv.h"
#include "base/check.h"
#include "base/mem.h"

#include <raft/uv.h>
#include <stddef.h>
#include <string.h>

#define SEGMENT_BYTES (1u << 20)
#define DISK_RETRY_MS 1000 /* also what is left to end the process after a failed write */

struct disk_uv {
    struct replicate_disk disk;
    struct raft_uv_transport nowhere;
    struct raft_tracer tracer;
    struct raft_io *io; /* NULL: raft_uv is not there */
    uv_loop_t *loop, own;

    /* Brings what a worker thread finds to the loop's thread. Lives while the transport
     * listens, for whose closing raft_uv waits. */
    uv_async_t closing_failed;
    bool listening;
    raft_uv_transport_close_cb closed;

    char dir[];
};

static struct disk_uv *of_transport(struct raft_uv_transport *t)
{
    return (struct disk_uv *)((char *)t - offsetof(struct disk_uv, nowhere));
}

/* ---- what raft_uv traces (guard 5) ---- */

static void on_closing_failed(uv_async_t *async)
{
    struct disk_uv *d = async->data;

    d->disk.report(d->disk.context, GUARD_DISK_CLOSING_FAILED);
}

/* Also called by worker threads. */
static void trace(struct raft_tracer *tracer, int type, const void *data)
{
    struct disk_uv *d = tracer->impl;
    const struct raft_tracer_info *info = data;
    enum guard_disk what;

    if (type != RAFT_TRACER_DIAGNOSTIC || info == NULL)
        return;
    what = guard_disk(info->diagnostic.message);
    if (what == GUARD_DISK_CLOSING_FAILED && d->listening)
        uv_async_send(&d->closing_failed);
    else if (what != GUARD_DISK_CLOSING_FAILED && what != GUARD_DISK_NOTHING)
        d->disk.report(d->disk.context, what);
}

/* ---- a transport that goes nowhere ---- */

static int nowhere_init(struct raft_uv_transport *t, raft_id id, const char *address)
{
    return 0;
}

static int nowhere_listen(struct raft_uv_transport *t, raft_uv_accept_cb cb)
{
    struct disk_uv *d = of_transport(t);

    if (uv_async_init(d->loop, &d->closing_failed, on_closing_failed) != 0)
        return RAFT_IOERR;
    d->closing_failed.data = d;
    d->listening = true;
    return 0;
}

static int nowhere_connect(struct raft_uv_transport *t, struct raft_uv_connect *req, raft_id id,
                           const char *address, raft_uv_connect_cb cb)
{
    return RAFT_NOCONNECTION;
}

static void on_async_closed(uv_handle_t *handle)
{
    struct disk_uv *d = handle->data;

    d->closed(&d->nowhere);
}

static void nowhere_close(struct raft_uv_transport *t, raft_uv_transport_close_cb cb)
{
    struct disk_uv *d = of_transport(t);

    if (!d->listening) {
        cb(t);
        return;
    }
    d->closed = cb;
    uv_close((uv_handle_t *)&d->closing_failed, on_async_closed);
}

/* ---- the disk ---- */

static int open_uv(struct replicate_disk *disk, struct raft_io *io, struct err *err)
{
    struct disk_uv *d = (struct disk_uv *)disk;
    int rv = raft_uv_init(io, d->loop, d->dir, &d->nowhere);

    if (rv != 0)
        return err_set(err, rv == RAFT_NAMETOOLONG ? ERR_INVALID : ERR_IO, "%s: %s", d->dir,
                       io->errmsg);
    d->io = io;
    raft_uv_set_auto_recovery(io, false); /* it drops acknowledged entries */
    raft_uv_set_segment_size(io, SEGMENT_BYTES);
    raft_uv_set_disk_retry(io, DISK_RETRY_MS);
    raft_uv_set_tracer(io, &d->tracer);
    return 0;
}

static void turn_uv(struct replicate_disk *disk)
{
    uv_run(((struct disk_uv *)disk)->loop, UV_RUN_ONCE);
}

static void free_uv(struct replicate_disk *disk)
{
    struct disk_uv *d = (struct disk_uv *)disk;

    if (d->io != NULL)
        raft_uv_close(d->io);
    if (d->loop == &d->own)
        CHECK(uv_loop_close(&d->own) == 0);
    mem_free(d);
}

struct replicate_disk *disk_uv_new(uv_loop_t *loop, const char *dir)
{
    struct disk_uv *d = mem_zalloc(1, sizeof *d + strlen(dir) + 1);

    strcpy(d->dir, dir);
    d->loop = loop;
    if (loop == NULL) {
        CHECK(uv_loop_init(&d->own) == 0);
        d->loop = &d->own;
    }
    d->disk =
        (struct replicate_disk){.name = d->dir, .open = open_uv, .turn = turn_uv, .free = free_uv};
    d->nowhere = (struct raft_uv_transport){.version = 1,
                                            .init = nowhere_init,
                                            .listen = nowhere_listen,
                                            .connect = nowhere_connect,
                                            .close = nowhere_close};
    d->tracer = (struct raft_tracer){.impl = d, .version = 2, .emit = trace};
    return &d->disk;
}
