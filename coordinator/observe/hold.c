#include "observe/hold.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define PAUSE_MIN_MS 200
#define PAUSE_MAX_MS 30000
#define LASTED_MS 10000 /* what lasted so long is worth a new one soon */
#define LIFE_MS 60000

struct hold {
    uv_loop_t *loop;
    char host[LIMIT_TEXT], port[8];
    int timeout_ms;
    void (*broke)(void *context);
    void *context;
    uv_timer_t timer; /* pause, time-out of connecting, end of a life */
    uv_getaddrinfo_t lookup;
    uv_connect_t connect;
    uv_tcp_t *tcp;     /* NULL: none */
    int64_t opened_ms; /* 0: not connected */
    int pause_ms;      /* the next */
    bool looking;      /* lookup is out */
    bool closing;
    int handles; /* of libuv, not closed yet, and the look-up */
    void (*closed)(void *context);
};

static void release(struct hold *hold)
{
    void (*closed)(void *context) = hold->closed;
    void *context = hold->context;

    if (--hold->handles > 0)
        return;
    mem_free(hold);
    closed(context);
}

static void on_timer_closed(uv_handle_t *handle)
{
    release(handle->data);
}

static void on_tcp_closed(uv_handle_t *handle)
{
    struct hold *hold = handle->data;

    mem_free(handle);
    release(hold);
}

static void drop(struct hold *hold)
{
    if (hold->tcp != NULL)
        uv_close((uv_handle_t *)hold->tcp, on_tcp_closed);
    hold->tcp = NULL;
    hold->opened_ms = 0;
}

static void begin(struct hold *hold);

static void on_pause_over(uv_timer_t *timer)
{
    begin(timer->data);
}

/* Later again; each time later when it does not last. */
static void pause_then_begin(struct hold *hold, bool lasted)
{
    if (lasted)
        hold->pause_ms = PAUSE_MIN_MS;
    uv_timer_start(&hold->timer, on_pause_over, (uint64_t)hold->pause_ms, 0);
    hold->pause_ms = hold->pause_ms * 2 < PAUSE_MAX_MS ? hold->pause_ms * 2 : PAUSE_MAX_MS;
}

static void on_too_late(uv_timer_t *timer)
{
    struct hold *hold = timer->data;

    drop(hold);
    pause_then_begin(hold, false);
}

static void on_life_over(uv_timer_t *timer)
{
    struct hold *hold = timer->data;

    drop(hold);
    begin(hold);
}

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
    static _Thread_local char dropped[1024];

    (void)handle;
    (void)size;
    *buf = uv_buf_init(dropped, sizeof dropped);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct hold *hold = stream->data;
    bool lasted;

    (void)buf;
    if (n >= 0)
        return;
    lasted = clock_boot_ms() - hold->opened_ms >= LASTED_MS;
    drop(hold);
    pause_then_begin(hold, lasted);
    hold->broke(hold->context);
}

static void on_connect(uv_connect_t *connect, int status)
{
    uv_stream_t *stream = connect->handle;
    struct hold *hold = stream->data;

    if (status == UV_ECANCELED || hold->tcp != (uv_tcp_t *)stream)
        return;
    if (status == 0)
        status = uv_read_start(stream, on_alloc, on_read);
    if (status != 0) {
        drop(hold);
        pause_then_begin(hold, false);
        return;
    }
    hold->opened_ms = clock_boot_ms();
    uv_timer_start(&hold->timer, on_life_over, LIFE_MS, 0);
}

static void connect_to(struct hold *hold, const struct sockaddr *address)
{
    int rc;

    hold->tcp = mem_zalloc(1, sizeof *hold->tcp);
    CHECK(uv_tcp_init(hold->loop, hold->tcp) == 0);
    hold->tcp->data = hold;
    hold->handles++;
    rc = uv_tcp_connect(&hold->connect, hold->tcp, address, on_connect);
    if (rc != 0) {
        drop(hold);
        pause_then_begin(hold, false);
        return;
    }
    uv_timer_start(&hold->timer, on_too_late, (uint64_t)hold->timeout_ms, 0);
}

static void on_found(uv_getaddrinfo_t *lookup, int status, struct addrinfo *list)
{
    struct hold *hold = lookup->data;

    hold->looking = false;
    if (!hold->closing && status == 0)
        connect_to(hold, list->ai_addr);
    else if (!hold->closing)
        pause_then_begin(hold, false);
    uv_freeaddrinfo(list);
    release(hold);
}

static void begin(struct hold *hold)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};

    hold->lookup.data = hold;
    if (uv_getaddrinfo(hold->loop, &hold->lookup, on_found, hold->host, hold->port, &hints) != 0) {
        pause_then_begin(hold, false);
        return;
    }
    hold->looking = true;
    hold->handles++;
}

/* Where a URL leads: a host, without the brackets of an address, and a port. */
static void read_url(struct hold *hold, const char *url)
{
    CURLU *parts = curl_url();
    char *host = NULL, *port = NULL;
    size_t skip;

    CHECK(parts != NULL);
    if (curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK) {
        skip = host[0] == '[';
        snprintf(hold->host, sizeof hold->host, "%.*s", (int)strcspn(host + skip, "]"),
                 host + skip);
        snprintf(hold->port, sizeof hold->port, "%s", port);
    }
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(parts);
}

struct hold *hold_open(uv_loop_t *loop, const struct check *check, void (*broke)(void *context),
                       void *context)
{
    struct hold *hold = mem_zalloc(1, sizeof *hold);

    hold->loop = loop;
    hold->timeout_ms = check->timeout_ms;
    hold->broke = broke;
    hold->context = context;
    hold->pause_ms = PAUSE_MIN_MS;
    if (check->kind == CHECK_HTTP) {
        read_url(hold, check->url);
    } else {
        snprintf(hold->host, sizeof hold->host, "%s", check->host);
        snprintf(hold->port, sizeof hold->port, "%d", check->port);
    }
    CHECK(uv_timer_init(loop, &hold->timer) == 0);
    hold->timer.data = hold;
    hold->handles = 1;
    begin(hold);
    return hold;
}

void hold_close(struct hold *hold, void (*closed)(void *context))
{
    hold->closing = true;
    hold->closed = closed;
    if (hold->looking)
        uv_cancel((uv_req_t *)&hold->lookup);
    drop(hold);
    uv_close((uv_handle_t *)&hold->timer, on_timer_closed);
}
