#include "observe/connection.h"
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

struct connection {
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

static void release(struct connection *connection)
{
    void (*closed)(void *context) = connection->closed;
    void *context = connection->context;

    if (--connection->handles > 0)
        return;
    mem_free(connection);
    closed(context);
}

static void on_timer_closed(uv_handle_t *handle)
{
    release(handle->data);
}

static void on_tcp_closed(uv_handle_t *handle)
{
    struct connection *connection = handle->data;

    mem_free(handle);
    release(connection);
}

static void drop(struct connection *connection)
{
    if (connection->tcp != NULL)
        uv_close((uv_handle_t *)connection->tcp, on_tcp_closed);
    connection->tcp = NULL;
    connection->opened_ms = 0;
}

static void begin(struct connection *connection);

static void on_pause_over(uv_timer_t *timer)
{
    begin(timer->data);
}

/* Later again; each time later when it does not last. */
static void pause_then_begin(struct connection *connection, bool lasted)
{
    if (lasted)
        connection->pause_ms = PAUSE_MIN_MS;
    uv_timer_start(&connection->timer, on_pause_over, (uint64_t)connection->pause_ms, 0);
    connection->pause_ms =
        connection->pause_ms * 2 < PAUSE_MAX_MS ? connection->pause_ms * 2 : PAUSE_MAX_MS;
}

static void on_too_late(uv_timer_t *timer)
{
    struct connection *connection = timer->data;

    drop(connection);
    pause_then_begin(connection, false);
}

static void on_life_over(uv_timer_t *timer)
{
    struct connection *connection = timer->data;

    drop(connection);
    begin(connection);
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
    struct connection *connection = stream->data;
    bool lasted;

    (void)buf;
    if (n >= 0)
        return;
    lasted = clock_boot_ms() - connection->opened_ms >= LASTED_MS;
    drop(connection);
    pause_then_begin(connection, lasted);
    connection->broke(connection->context);
}

static void on_connect(uv_connect_t *connect, int status)
{
    uv_stream_t *stream = connect->handle;
    struct connection *connection = stream->data;

    if (status == UV_ECANCELED || connection->tcp != (uv_tcp_t *)stream)
        return;
    if (status == 0)
        status = uv_read_start(stream, on_alloc, on_read);
    if (status != 0) {
        drop(connection);
        pause_then_begin(connection, false);
        return;
    }
    connection->opened_ms = clock_boot_ms();
    uv_timer_start(&connection->timer, on_life_over, LIFE_MS, 0);
}

static void connect_to(struct connection *connection, const struct sockaddr *address)
{
    int rc;

    connection->tcp = mem_zalloc(1, sizeof *connection->tcp);
    CHECK(uv_tcp_init(connection->loop, connection->tcp) == 0);
    connection->tcp->data = connection;
    connection->handles++;
    rc = uv_tcp_connect(&connection->connect, connection->tcp, address, on_connect);
    if (rc != 0) {
        drop(connection);
        pause_then_begin(connection, false);
        return;
    }
    uv_timer_start(&connection->timer, on_too_late, (uint64_t)connection->timeout_ms, 0);
}

static void on_found(uv_getaddrinfo_t *lookup, int status, struct addrinfo *list)
{
    struct connection *connection = lookup->data;

    connection->looking = false;
    if (!connection->closing && status == 0)
        connect_to(connection, list->ai_addr);
    else if (!connection->closing)
        pause_then_begin(connection, false);
    uv_freeaddrinfo(list);
    release(connection);
}

static void begin(struct connection *connection)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};

    connection->lookup.data = connection;
    if (uv_getaddrinfo(connection->loop, &connection->lookup, on_found, connection->host,
                       connection->port, &hints) != 0) {
        pause_then_begin(connection, false);
        return;
    }
    connection->looking = true;
    connection->handles++;
}

/* Where a URL leads: a host, without the brackets of an address, and a port. */
static void read_url(struct connection *connection, const char *url)
{
    CURLU *parts = curl_url();
    char *host = NULL, *port = NULL;
    size_t skip;

    CHECK(parts != NULL);
    if (curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK) {
        skip = host[0] == '[';
        snprintf(connection->host, sizeof connection->host, "%.*s", (int)strcspn(host + skip, "]"),
                 host + skip);
        snprintf(connection->port, sizeof connection->port, "%s", port);
    }
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(parts);
}

struct connection *connection_open(uv_loop_t *loop, const struct check *check,
                                   void (*broke)(void *context), void *context)
{
    struct connection *connection = mem_zalloc(1, sizeof *connection);

    connection->loop = loop;
    connection->timeout_ms = check->timeout_ms;
    connection->broke = broke;
    connection->context = context;
    connection->pause_ms = PAUSE_MIN_MS;
    if (check->kind == CHECK_HTTP) {
        read_url(connection, check->url);
    } else {
        snprintf(connection->host, sizeof connection->host, "%s", check->host);
        snprintf(connection->port, sizeof connection->port, "%d", check->port);
    }
    CHECK(uv_timer_init(loop, &connection->timer) == 0);
    connection->timer.data = connection;
    connection->handles = 1;
    begin(connection);
    return connection;
}

void connection_close(struct connection *connection, void (*closed)(void *context))
{
    connection->closing = true;
    connection->closed = closed;
    if (connection->looking)
        uv_cancel((uv_req_t *)&connection->lookup);
    drop(connection);
    uv_close((uv_handle_t *)&connection->timer, on_timer_closed);
}
