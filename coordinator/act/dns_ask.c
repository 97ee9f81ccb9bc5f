#include "act/dns_ask.h"
#include "base/buf.h"
#include "base/check.h"
#include "base/mem.h"

#include <stdio.h>

/* The first wait is longer than a usual round trip and short beside a deadline. */
enum { RESEND_FIRST_MS = 150, RESEND_MAX_MS = 1200, DATAGRAM_MAX = 4096 };

struct dns_ask {
    struct call *call;
    const struct sockaddr_storage *server;
    const struct dns_request *request;
    dns_answered *answered;
    int slot;
    int open; /* handles and requests that libuv still has */
    bool stopped;
    uv_udp_t udp;
    uv_timer_t resend;
    uint64_t wait_ms;
    unsigned ignored;
    uint8_t datagram[DATAGRAM_MAX];

    uv_tcp_t tcp;
    uv_connect_t connect;
    uv_write_t write;
    uint8_t prefix[2];
    struct buf in;
};

static void hold(struct dns_ask *ask)
{
    ask->open++;
    call_hold(ask->call);
}

static void release(struct dns_ask *ask)
{
    struct call *call = ask->call;

    if (--ask->open == 0) {
        buf_free(&ask->in);
        mem_free(ask);
    }
    call_release(call);
}

static void on_closed(uv_handle_t *handle)
{
    release(handle->data);
}

/* Handles that were never initialised have no data. */
static void close_handle(uv_handle_t *handle)
{
    if (handle->data != NULL && !uv_is_closing(handle))
        uv_close(handle, on_closed);
}

void dns_ask_stop(struct dns_ask *ask)
{
    if (ask == NULL || ask->stopped)
        return;
    ask->stopped = true;
    close_handle((uv_handle_t *)&ask->udp);
    close_handle((uv_handle_t *)&ask->resend);
    close_handle((uv_handle_t *)&ask->tcp);
}

static void fail(struct dns_ask *ask, int status)
{
    call_fail(ask->call, ERR_IO, "%s: %s", ask->call->doing, uv_strerror(status));
}

/* ---- TCP ---- */

static void on_tcp_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    struct dns_ask *ask = handle->data;

    (void)suggested;
    *out = uv_buf_init((char *)buf_reserve(&ask->in, DATAGRAM_MAX), DATAGRAM_MAX);
    ask->in.len -= DATAGRAM_MAX; /* until it is filled */
}

static void on_tcp_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *bytes)
{
    struct dns_ask *ask = stream->data;
    size_t want;

    (void)bytes;
    if (ask->stopped || n == 0)
        return;
    if (n < 0) {
        fail(ask, (int)n);
        return;
    }
    ask->in.len += (size_t)n;
    if (ask->in.len < 2)
        return;
    want = (size_t)ask->in.data[0] << 8 | ask->in.data[1];
    if (want > DNS_ANSWER_MAX) {
        call_fail(ask->call, ERR_LIMIT, "%s: an answer of %zu bytes, more than %d",
                  ask->call->doing, want, DNS_ANSWER_MAX);
        return;
    }
    if (ask->in.len < want + 2)
        return;
    if (ask->answered(ask->call, ask->slot, ask->in.data + 2, want))
        dns_ask_stop(ask);
    else
        call_fail(ask->call, ERR_INVALID, "%s: an answer that is not ours or not signed",
                  ask->call->doing);
}

static void on_tcp_written(uv_write_t *request, int status)
{
    struct dns_ask *ask = request->data;

    if (status < 0 && !ask->stopped)
        fail(ask, status);
    release(ask);
}

static void on_tcp_connect(uv_connect_t *request, int status)
{
    struct dns_ask *ask = request->data;
    size_t len = ask->request->len;
    uv_buf_t bytes[2];

    if (status < 0 && !ask->stopped)
        fail(ask, status);
    if (!ask->stopped) {
        ask->prefix[0] = (uint8_t)(len >> 8);
        ask->prefix[1] = (uint8_t)len;
        bytes[0] = uv_buf_init((char *)ask->prefix, 2);
        bytes[1] = uv_buf_init((char *)ask->request->wire, (unsigned)len);
        ask->write.data = ask;
        status = uv_write(&ask->write, (uv_stream_t *)&ask->tcp, bytes, 2, on_tcp_written);
        if (status == 0)
            hold(ask);
        if (status == 0)
            status = uv_read_start((uv_stream_t *)&ask->tcp, on_tcp_alloc, on_tcp_read);
        if (status < 0)
            fail(ask, status);
    }
    release(ask);
}

static void start_tcp(struct dns_ask *ask)
{
    int rv;

    close_handle((uv_handle_t *)&ask->udp);
    close_handle((uv_handle_t *)&ask->resend);
    CHECK(uv_tcp_init(ask->call->loop, &ask->tcp) == 0);
    ask->tcp.data = ask;
    hold(ask);
    ask->connect.data = ask;
    rv = uv_tcp_connect(&ask->connect, &ask->tcp, (const struct sockaddr *)ask->server,
                        on_tcp_connect);
    if (rv < 0) {
        fail(ask, rv);
        return;
    }
    uv_tcp_nodelay(&ask->tcp, 1);
    hold(ask);
}

/* ---- UDP ---- */

static void on_resend(uv_timer_t *timer);

static void send_once(struct dns_ask *ask)
{
    uv_buf_t bytes = uv_buf_init((char *)ask->request->wire, (unsigned)ask->request->len);
    int rv = uv_udp_try_send(&ask->udp, &bytes, 1, NULL);

    /* A full socket buffer is like a lost datagram: it is sent again. */
    if (rv < 0 && rv != UV_EAGAIN && rv != UV_ENOBUFS) {
        fail(ask, rv);
        return;
    }
    CHECK(uv_timer_start(&ask->resend, on_resend, ask->wait_ms, 0) == 0);
    ask->wait_ms = ask->wait_ms * 2 > RESEND_MAX_MS ? RESEND_MAX_MS : ask->wait_ms * 2;
}

static void on_resend(uv_timer_t *timer)
{
    struct dns_ask *ask = timer->data;

    if (!ask->stopped)
        send_once(ask);
}

static void on_udp_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    struct dns_ask *ask = handle->data;

    (void)suggested;
    *out = uv_buf_init((char *)ask->datagram, sizeof ask->datagram);
}

static void ignore(struct dns_ask *ask)
{
    ask->ignored++;
    snprintf(ask->call->note, sizeof ask->call->note,
             "answers came that are not ours or not signed with the TSIG key (%u ignored)",
             ask->ignored);
}

static void on_udp_read(uv_udp_t *udp, ssize_t n, const uv_buf_t *bytes,
                        const struct sockaddr *from, unsigned flags)
{
    struct dns_ask *ask = udp->data;

    (void)bytes;
    if (ask->stopped || uv_is_closing((uv_handle_t *)udp) || (n == 0 && from == NULL))
        return;
    if (n < 0) {
        fail(ask, (int)n);
        return;
    }
    if ((flags & UV_UDP_PARTIAL) || n < LDNS_HEADER_SIZE ||
        LDNS_ID_WIRE(ask->datagram) != ask->request->id || !LDNS_QR_WIRE(ask->datagram))
        ignore(ask);
    else if (LDNS_TC_WIRE(ask->datagram))
        start_tcp(ask);
    else if (ask->answered(ask->call, ask->slot, ask->datagram, (size_t)n))
        dns_ask_stop(ask);
    else
        ignore(ask);
}

static void start_udp(struct dns_ask *ask)
{
    int rv;

    CHECK(uv_udp_init(ask->call->loop, &ask->udp) == 0);
    CHECK(uv_timer_init(ask->call->loop, &ask->resend) == 0);
    ask->udp.data = ask->resend.data = ask;
    hold(ask);
    hold(ask);
    ask->wait_ms = RESEND_FIRST_MS;
    /* Connected: the kernel drops what comes from elsewhere and reports a closed port. */
    rv = uv_udp_connect(&ask->udp, (const struct sockaddr *)ask->server);
    if (rv == 0)
        rv = uv_udp_recv_start(&ask->udp, on_udp_alloc, on_udp_read);
    if (rv < 0)
        fail(ask, rv);
    else
        send_once(ask);
}

struct dns_ask *dns_ask(struct call *call, const struct sockaddr_storage *server,
                        const struct dns_request *request, dns_answered *answered, int slot)
{
    struct dns_ask *ask = mem_zalloc(1, sizeof *ask);

    ask->call = call;
    ask->server = server;
    ask->request = request;
    ask->answered = answered;
    ask->slot = slot;
    /* The slot is filled only after the return: a failure until then is stopped here. */
    if (request->len > DNS_UDP_MAX)
        start_tcp(ask);
    else
        start_udp(ask);
    if (!call->finished)
        return ask;
    dns_ask_stop(ask);
    return NULL;
}
