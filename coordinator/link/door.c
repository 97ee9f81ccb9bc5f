/* Between an operator's TLS connection and whoever serves HTTP: a socket pair. What comes on one
 * side is written to the other before more of it is read, so a door holds little: what one read
 * gave, either way. Whoever serves decides how long it stays open. */
#include "base/check.h"
#include "base/mem.h"
#include "link/inside.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Bytes that may wait in the kernel on each leg: who reads slowly gets what is new. */
#define WAITING (32 << 10)

struct door {
    struct inbound *inbound; /* NULL: closing */
    struct conn_env *env;
    uv_pipe_t pipe;
    uv_write_t write;
    struct buf inflight; /* given to libuv */
    struct buf waiting;  /* came meanwhile */
    bool writing;
};

static uv_stream_t *stream(struct door *door)
{
    return (uv_stream_t *)&door->pipe;
}

/* ---- from the operator to the server ---- */

static void on_written(uv_write_t *write, int status);

/* A server that is gone takes nothing more; its end is noticed where it is read from. */
static void give(struct door *door, struct buf *bytes)
{
    uv_buf_t part = uv_buf_init((char *)bytes->data, (unsigned)bytes->len);

    door->inflight = *bytes;
    *bytes = (struct buf){0};
    door->writing = uv_write(&door->write, stream(door), &part, 1, on_written) == 0;
    if (!door->writing)
        buf_free(&door->inflight);
}

static void on_written(uv_write_t *write, int status)
{
    struct door *door = write->data;

    (void)status;
    door->writing = false;
    buf_free(&door->inflight);
    if (door->inbound == NULL)
        return;
    if (door->waiting.len > 0)
        give(door, &door->waiting);
    else
        conn_hold(door->inbound->conn, false);
}

void door_bytes(struct door *door, const uint8_t *bytes, size_t len)
{
    uv_buf_t part = uv_buf_init((char *)bytes, (unsigned)len);
    int count = door->writing ? 0 : uv_try_write(stream(door), &part, 1);

    if (count < 0 && count != UV_EAGAIN)
        return;
    if (count < 0)
        count = 0;
    if ((size_t)count == len)
        return;
    buf_append(&door->waiting, bytes + count, len - (size_t)count);
    if (door->writing)
        return;
    give(door, &door->waiting);
    if (door->writing)
        conn_hold(door->inbound->conn, true);
}

/* ---- from the server to the operator ---- */

static void on_alloc(uv_handle_t *handle, size_t hint, uv_buf_t *room)
{
    struct door *door = handle->data;

    (void)hint;
    *room = uv_buf_init((char *)door->inbound->link->env.wire, CONN_WIRE);
}

/* It is read from only while nothing waits for the operator: at its end all has been said. */
static void on_read(uv_stream_t *from, ssize_t count, const uv_buf_t *bytes)
{
    struct door *door = from->data;
    struct conn *conn = door->inbound->conn;

    if (count < 0)
        conn_end(conn, 0, "served");
    else if (count > 0)
        conn_send_raw(conn, (const uint8_t *)bytes->base, (size_t)count);
    if (count > 0 && conn_queue(conn) > 0)
        uv_read_stop(from);
}

void door_drained(struct door *door)
{
    uv_read_start(stream(door), on_alloc, on_read);
}

/* ---- opening and closing ---- */

static void on_closed(uv_handle_t *handle)
{
    struct door *door = handle->data;
    struct conn_env *env = door->env;

    buf_free(&door->inflight);
    buf_free(&door->waiting);
    mem_free(door);
    conn_env_release(env);
}

/* Best effort: with the kernel's own sizes all goes on, only later. */
static void keep_short(struct conn *conn, int server)
{
    int waiting = WAITING, fd = conn_fd(conn);

    setsockopt(server, SOL_SOCKET, SO_SNDBUF, &waiting, sizeof waiting);
    setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &waiting, sizeof waiting);
}

struct door *door_open(struct inbound *inbound, struct err *err)
{
    struct link *link = inbound->link;
    struct door *door;
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0) {
        err_set(err, ERR_IO, "no socket pair: %s", strerror(errno));
        return NULL;
    }
    door = mem_zalloc(1, sizeof *door);
    door->inbound = inbound;
    door->env = &link->env;
    CHECK(uv_pipe_init(link->env.loop, &door->pipe, 0) == 0);
    CHECK(uv_pipe_open(&door->pipe, pair[0]) == 0);
    door->pipe.data = door->write.data = door;
    conn_env_hold(&link->env);
    CHECK(uv_read_start(stream(door), on_alloc, on_read) == 0);
    keep_short(inbound->conn, pair[1]);
    link->options.handlers.http(link->options.handlers.context, pair[1]);
    return door;
}

void door_close(struct door *door)
{
    door->inbound = NULL;
    uv_close((uv_handle_t *)&door->pipe, on_closed);
}
