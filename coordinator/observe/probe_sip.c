/* OPTIONS to a SIP server, over UDP or TCP. Any final answer to it counts, by its status.
 *
 * UDP loses packets, so the request is sent again as RFC 3261 says (17.1.2.2, timer E),
 * for as long as the check's own time lasts. The socket is connected: what the kernel
 * learns by ICMP about it ends the probe at once, and nobody else's datagrams arrive. */
#include "base/check.h"
#include "base/mem.h"
#include "observe/probe.h"
#include "observe/sip_text.h"

#include <stdio.h>
#include <string.h>

enum { AGAIN_MS = 500, AGAIN_MAX_MS = 4000 }; /* T1 and T2 */

struct sip {
    struct probe *probe; /* NULL: it has ended */
    struct observe *observe;
    bool tcp;
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t stream_tcp;
        uv_udp_t udp;
    };
    uv_timer_t again;
    int again_ms;
    uv_getaddrinfo_t resolve;
    uv_connect_t connect;
    uv_write_t write;
    enum reason failed; /* at the start, to be told from the loop */
    char text[LIMIT_TEXT];
    struct sip_ids ids;
    struct buf request;
    size_t n_in;
    char in[SIP_ANSWER_MAX];
    int held; /* handles and requests that the loop knows */
};

static void hold(struct sip *sip)
{
    sip->held++;
}

static void release(struct sip *sip)
{
    struct observe *observe = sip->observe;

    if (--sip->held > 0)
        return;
    buf_free(&sip->request);
    mem_free(sip);
    probe_release(observe);
}

static void on_closed(uv_handle_t *handle)
{
    release(handle->data);
}

static void give_up(struct sip *sip)
{
    sip->probe = NULL;
    uv_close((uv_handle_t *)&sip->again, on_closed);
    if (sip->handle.data != NULL)
        uv_close(&sip->handle, on_closed);
    uv_cancel((uv_req_t *)&sip->resolve);
}

static void end(struct sip *sip, enum reason reason, int status, const char *text)
{
    struct probe *probe = sip->probe;

    if (probe == NULL)
        return;
    give_up(sip);
    probe_end(probe, reason, status, text);
}

static void end_uv(struct sip *sip, const char *doing, int rv)
{
    enum reason reason = reason_of_errno(-rv);
    char text[LIMIT_TEXT];

    snprintf(text, sizeof text, "%s: %s", doing, uv_strerror(rv));
    end(sip, reason != REASON_NONE ? reason : REASON_LOCAL, 0, text);
}

/* ---- what comes ---- */

/* False: more is to come. */
static bool read_answer(struct sip *sip, const char *bytes, size_t len)
{
    const struct check *check = sip->probe->check;
    int status = 0;

    switch (sip_answer(bytes, len, &sip->ids, &status)) {
    case SIP_PARTIAL:
        if (sip->tcp && len < sizeof sip->in)
            return false;
        end(sip, REASON_PROTOCOL, 0, "the answer has no end");
        return true;
    case SIP_GARBAGE:
        end(sip, REASON_PROTOCOL, 0, "not an answer of SIP");
        return true;
    case SIP_OTHER:
        return false;
    case SIP_ANSWER:
        break;
    }
    if (status < 200) /* it works on it */
        return false;
    end(sip, status >= check->status_min && status <= check->status_max ? REASON_OK : REASON_STATUS,
        status, "");
    return true;
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    struct sip *sip = handle->data;

    *out = uv_buf_init(sip->in + sip->n_in, (unsigned)(sizeof sip->in - sip->n_in));
}

static void on_datagram(uv_udp_t *udp, ssize_t n, const uv_buf_t *bytes,
                        const struct sockaddr *from, unsigned flags)
{
    struct sip *sip = udp->data;

    if (sip->probe == NULL || (n == 0 && from == NULL))
        return;
    if (n < 0)
        end_uv(sip, "asking", (int)n);
    else
        read_answer(sip, sip->in, (size_t)n);
}

/* A whole answer that did not count is dropped, and what follows it is read. */
static void read_stream(struct sip *sip)
{
    while (sip->n_in > 0 && !read_answer(sip, sip->in, sip->n_in)) {
        const char *last = memmem(sip->in, sip->n_in, "\r\n\r\n", 4);

        if (last == NULL)
            return;
        sip->n_in -= (size_t)(last - sip->in) + 4;
        memmove(sip->in, last + 4, sip->n_in);
    }
}

static void on_stream(uv_stream_t *stream, ssize_t n, const uv_buf_t *bytes)
{
    struct sip *sip = stream->data;

    if (sip->probe == NULL || n == 0)
        return;
    if (n == UV_EOF) {
        end(sip, REASON_CLOSED, 0, "closed without an answer");
    } else if (n < 0) {
        end_uv(sip, "asking", (int)n);
    } else {
        sip->n_in += (size_t)n;
        read_stream(sip);
    }
}

/* ---- what goes ---- */

static void make_request(struct sip *sip)
{
    struct sockaddr_storage address;
    int len = sizeof address, port;
    char host[64] = "", local[80];

    memset(&address, 0, sizeof address);
    if (sip->tcp)
        uv_tcp_getsockname(&sip->stream_tcp, (struct sockaddr *)&address, &len);
    else
        uv_udp_getsockname(&sip->udp, (struct sockaddr *)&address, &len);
    uv_ip_name((struct sockaddr *)&address, host, sizeof host);
    port = ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                               : ((struct sockaddr_in *)&address)->sin_port);
    snprintf(local, sizeof local, address.ss_family == AF_INET6 ? "[%s]:%d" : "%s:%d", host, port);
    sip_options(&sip->request, sip->probe->check, &sip->ids, local);
}

static void on_again(uv_timer_t *timer);

static void send_datagram(struct sip *sip)
{
    uv_buf_t bytes = uv_buf_init((char *)sip->request.data, (unsigned)sip->request.len);
    int rv = uv_udp_try_send(&sip->udp, &bytes, 1, NULL);

    if (rv < 0 && rv != UV_EAGAIN) { /* a full buffer is a lost packet */
        end_uv(sip, "asking", rv);
        return;
    }
    uv_timer_start(&sip->again, on_again, (uint64_t)sip->again_ms, 0);
    sip->again_ms = sip->again_ms < AGAIN_MAX_MS / 2 ? 2 * sip->again_ms : AGAIN_MAX_MS;
}

static void on_again(uv_timer_t *timer)
{
    struct sip *sip = timer->data;

    if (sip->failed != REASON_NONE)
        end(sip, sip->failed, 0, sip->text);
    else
        send_datagram(sip);
}

static void on_written(uv_write_t *request, int status)
{
    struct sip *sip = request->data;

    if (status < 0)
        end_uv(sip, "asking", status);
    release(sip);
}

static void send_stream(struct sip *sip)
{
    uv_buf_t bytes = uv_buf_init((char *)sip->request.data, (unsigned)sip->request.len);
    int rv = uv_write(&sip->write, &sip->stream, &bytes, 1, on_written);

    sip->write.data = sip;
    if (rv < 0)
        end_uv(sip, "asking", rv);
    else
        hold(sip);
}

static void on_connect(uv_connect_t *request, int status)
{
    struct sip *sip = request->data;

    if (sip->probe != NULL && status < 0) {
        end_uv(sip, "connecting", status);
    } else if (sip->probe != NULL) {
        make_request(sip);
        uv_read_start(&sip->stream, on_alloc, on_stream);
        send_stream(sip);
    }
    release(sip);
}

/* ---- where to ---- */

/* Tells it from the loop: the start of a probe must not end it. */
static void fail_soon(struct sip *sip, enum reason reason, const char *text)
{
    sip->failed = reason;
    snprintf(sip->text, sizeof sip->text, "%s", text);
    uv_timer_start(&sip->again, on_again, 0, 0);
}

static void fail_soon_uv(struct sip *sip, int rv)
{
    enum reason reason = reason_of_errno(-rv);

    fail_soon(sip, reason != REASON_NONE ? reason : REASON_LOCAL, uv_strerror(rv));
}

static void ask_tcp(struct sip *sip, const struct sockaddr *address)
{
    int rv = uv_tcp_init(sip->again.loop, &sip->stream_tcp);

    CHECK(rv == 0);
    sip->handle.data = sip;
    hold(sip);
    sip->connect.data = sip;
    rv = uv_tcp_connect(&sip->connect, &sip->stream_tcp, address, on_connect);
    if (rv < 0)
        fail_soon_uv(sip, rv);
    else
        hold(sip);
}

static void ask_udp(struct sip *sip, const struct sockaddr *address)
{
    int rv = uv_udp_init(sip->again.loop, &sip->udp);

    CHECK(rv == 0);
    sip->handle.data = sip;
    hold(sip);
    rv = uv_udp_connect(&sip->udp, address);
    if (rv == 0)
        rv = uv_udp_recv_start(&sip->udp, on_alloc, on_datagram);
    if (rv < 0) {
        fail_soon_uv(sip, rv);
        return;
    }
    make_request(sip);
    uv_timer_start(&sip->again, on_again, 0, 0);
}

static void ask(struct sip *sip, const struct sockaddr *address)
{
    if (sip->tcp)
        ask_tcp(sip, address);
    else
        ask_udp(sip, address);
}

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
    struct sip *sip = request->data;

    if (sip->probe != NULL && status < 0)
        end(sip, REASON_RESOLVE, 0, uv_strerror(status));
    else if (sip->probe != NULL)
        ask(sip, found->ai_addr);
    uv_freeaddrinfo(found);
    release(sip);
}

static void resolve(struct sip *sip, const struct check *check)
{
    struct addrinfo hints = {.ai_socktype = sip->tcp ? SOCK_STREAM : SOCK_DGRAM};
    char port[8];
    int rv;

    snprintf(port, sizeof port, "%d", check->port);
    sip->resolve.data = sip;
    rv = uv_getaddrinfo(sip->again.loop, &sip->resolve, on_resolved, check->host, port, &hints);
    if (rv < 0)
        fail_soon(sip, REASON_LOCAL, uv_strerror(rv));
    else
        hold(sip);
}

static void start(struct probe *probe)
{
    const struct check *check = probe->check;
    struct sip *sip = mem_zalloc(1, sizeof *sip);
    struct sockaddr_in6 six;
    struct sockaddr_in four;

    probe->state = sip;
    sip->probe = probe;
    sip->observe = probe->observe;
    probe_hold(sip->observe);
    sip->tcp = check->transport == TRANSPORT_TCP;
    sip->again_ms = AGAIN_MS;
    sip_ids(&sip->ids, probe->number);
    CHECK(uv_timer_init(probe->loop, &sip->again) == 0);
    sip->again.data = sip;
    hold(sip);
    if (uv_ip4_addr(check->host, check->port, &four) == 0)
        ask(sip, (struct sockaddr *)&four);
    else if (uv_ip6_addr(check->host, check->port, &six) == 0)
        ask(sip, (struct sockaddr *)&six);
    else
        resolve(sip, check);
}

static void stop(struct probe *probe)
{
    give_up(probe->state);
}

const struct probe_kind probe_sip = {start, stop};
