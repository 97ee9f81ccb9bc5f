#include "fake.h"
#include "base/check.h"
#include "base/mem.h"
#include "transfer/transfer.h"

#include <stdio.h>
#include <string.h>

struct conn {
    uv_tcp_t tcp;
    uv_timer_t timer;
    uv_write_t write;
    struct fake *fake;
    struct conn *next, **link; /* in the server's list */
    int requests;
    int handles;
    char *answer; /* owned */
    char bytes[4096];
};

static void on_conn_closed(uv_handle_t *handle)
{
    struct conn *conn = handle->data;

    if (--conn->handles > 0)
        return;
    mem_free(conn->answer);
    mem_free(conn);
}

static void conn_close(struct conn *conn, bool reset)
{
    if (uv_is_closing((uv_handle_t *)&conn->tcp))
        return;
    *conn->link = conn->next;
    if (conn->next != NULL)
        conn->next->link = conn->link;
    if (reset)
        CHECK(uv_tcp_close_reset(&conn->tcp, on_conn_closed) == 0);
    else
        uv_close((uv_handle_t *)&conn->tcp, on_conn_closed);
    uv_close((uv_handle_t *)&conn->timer, on_conn_closed);
}

static void answer(struct conn *conn, const char *status, size_t body)
{
    size_t cap = body + 256;
    uv_buf_t buf;
    int head;

    mem_free(conn->answer);
    conn->answer = mem_alloc(cap);
    head = snprintf(conn->answer, cap,
                    "HTTP/1.1 %s\r\nContent-Length: %zu\r\nLocation: /elsewhere\r\n\r\n", status,
                    body);
    memset(conn->answer + head, 'x', body);
    buf = uv_buf_init(conn->answer, (unsigned)head + (unsigned)body);
    uv_write(&conn->write, (uv_stream_t *)&conn->tcp, &buf, 1, NULL);
}

static void on_slow(uv_timer_t *timer)
{
    answer(timer->data, "200 OK", 2);
}

static void garbage(struct conn *conn)
{
    uv_buf_t buf = uv_buf_init("220 mail.example ESMTP\r\n", 24);

    uv_write(&conn->write, (uv_stream_t *)&conn->tcp, &buf, 1, NULL);
}

static void on_request(struct conn *conn)
{
    bool again = ++conn->requests > 1;

    conn->fake->requests++;
    switch (conn->fake->mode) {
    case FAKE_OK:
        return answer(conn, "200 OK", 2);
    case FAKE_ERROR:
        return answer(conn, "500 Broken", 2);
    case FAKE_REDIRECT:
        return answer(conn, "302 Found", 2);
    case FAKE_SILENT:
        return;
    case FAKE_CLOSE:
        return conn_close(conn, false);
    case FAKE_RESET:
        return conn_close(conn, true);
    case FAKE_GARBAGE:
        return garbage(conn);
    case FAKE_BIG:
        return answer(conn, "200 OK", 4 * TRANSFER_BODY_MAX);
    case FAKE_SLOW:
        uv_timer_start(&conn->timer, on_slow, FAKE_SLOW_MS, 0);
        return;
    case FAKE_ONCE:
        return again ? conn_close(conn, false) : answer(conn, "200 OK", 2);
    case FAKE_STUCK:
        return again ? (void)0 : answer(conn, "200 OK", 2);
    }
}

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
    struct conn *conn = handle->data;

    *buf = uv_buf_init(conn->bytes, sizeof conn->bytes);
}

/* libcurl's request fits one segment. */
static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    if (n < 0)
        conn_close(stream->data, false);
    else if (n > 0)
        on_request(stream->data);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct fake *fake = listener->data;
    struct conn *conn = mem_zalloc(1, sizeof *conn);

    CHECK(status == 0);
    CHECK(uv_tcp_init(listener->loop, &conn->tcp) == 0);
    CHECK(uv_timer_init(listener->loop, &conn->timer) == 0);
    conn->tcp.data = conn->timer.data = conn;
    conn->handles = 2;
    conn->fake = fake;
    conn->link = &fake->conns;
    conn->next = fake->conns;
    if (conn->next != NULL)
        conn->next->link = &conn->next;
    fake->conns = conn;
    fake->connections++;
    CHECK(uv_accept(listener, (uv_stream_t *)&conn->tcp) == 0);
    uv_read_start((uv_stream_t *)&conn->tcp, on_alloc, on_read);
}

void fake_open(struct fake *fake, uv_loop_t *loop, enum fake_mode mode)
{
    struct sockaddr_in address;
    int len = sizeof address;

    *fake = (struct fake){.mode = mode};
    CHECK(uv_ip4_addr("127.0.0.1", 0, &address) == 0);
    CHECK(uv_tcp_init(loop, &fake->listener) == 0);
    fake->listener.data = fake;
    CHECK(uv_tcp_bind(&fake->listener, (struct sockaddr *)&address, 0) == 0);
    CHECK(uv_tcp_getsockname(&fake->listener, (struct sockaddr *)&address, &len) == 0);
    fake->port = ntohs(address.sin_port);
}

void fake_listen(struct fake *fake)
{
    CHECK(uv_listen((uv_stream_t *)&fake->listener, 64, on_connection) == 0);
}

void fake_close(struct fake *fake)
{
    while (fake->conns != NULL)
        conn_close(fake->conns, false);
    uv_close((uv_handle_t *)&fake->listener, NULL);
}

const struct conn *fake_next(const struct conn *conn)
{
    return conn->next;
}
