/* A small voice endpoint to watch, to call and to break: HTTP for signalling, UDP for
 * voice. */
#include "args.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/mem.h"

#include <getopt.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

#define REQUEST_MAX 4096
#define DATAGRAM_MAX 1400
#define QUEUE_MAX (64 << 10) /* bytes of answers that a client does not read */

static const char help[] =
    "Usage: endpoint --bind HOST:PORT [--name NAME]\n"
    "\n"
    "A small voice endpoint. Over HTTP/1.1 it answers\n"
    "  GET /health   200 \"ok NAME\", or 503 \"sick NAME\" while told to be sick\n"
    "  GET /call     200 \"NAME NUMBER\", the number counting calls\n"
    "and it echoes UDP datagrams on the same port, \"NAME \" before them.\n"
    "Prints \"listening HOST:PORT\" when it is ready; port 0 lets the kernel choose.\n"
    "\n"
    "  SIGUSR1   toggles sickness        SIGTERM, SIGINT   end\n"
    "\n"
    "Example: endpoint --bind 127.0.0.1:8080 --name voice-1\n";

struct endpoint {
    uv_loop_t loop;
    uv_tcp_t tcp;
    uv_udp_t udp;
    uv_signal_t signals[3];
    const char *name;
    bool sick;
    unsigned long calls;
    char datagram[DATAGRAM_MAX];
};

struct conn {
    uv_tcp_t tcp;
    struct endpoint *endpoint;
    size_t len;
    char request[REQUEST_MAX + 1];
};

struct answer {
    uv_write_t write;
    bool last; /* close afterwards */
    char text[512];
};

/* Only connections have data: all else lives as long as the loop. */
static void on_conn_closed(uv_handle_t *handle)
{
    mem_free(handle->data);
}

static void conn_close(struct conn *conn)
{
    if (!uv_is_closing((uv_handle_t *)&conn->tcp))
        uv_close((uv_handle_t *)&conn->tcp, on_conn_closed);
}

static void on_written(uv_write_t *write, int status)
{
    struct answer *answer = write->data;

    if (status < 0 || answer->last)
        conn_close(write->handle->data);
    mem_free(answer);
}

static void reply(struct conn *conn, const char *status, bool last, const char *body)
{
    struct answer *answer = mem_zalloc(1, sizeof *answer);
    uv_buf_t buf;
    int len;

    len = snprintf(answer->text, sizeof answer->text,
                   "HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n%s\r\n%s",
                   status, strlen(body), last ? "Connection: close\r\n" : "", body);
    CHECK(len > 0 && (size_t)len < sizeof answer->text);
    answer->last = last;
    answer->write.data = answer;
    buf = uv_buf_init(answer->text, (unsigned)len);
    if (uv_write(&answer->write, (uv_stream_t *)&conn->tcp, &buf, 1, on_written) != 0) {
        mem_free(answer);
        conn_close(conn);
    }
}

static void serve(struct conn *conn, const char *request)
{
    struct endpoint *endpoint = conn->endpoint;
    bool last = strcasestr(request, "\r\nConnection: close") != NULL ||
                strstr(request, " HTTP/1.0\r\n") != NULL;
    char body[LIMIT_NAME + 32];

    if (strncmp(request, "GET /health ", 12) == 0) {
        snprintf(body, sizeof body, "%s %s\n", endpoint->sick ? "sick" : "ok", endpoint->name);
        reply(conn, endpoint->sick ? "503 Sick" : "200 OK", last, body);
    } else if (strncmp(request, "GET /call ", 10) == 0) {
        snprintf(body, sizeof body, "%s %lu\n", endpoint->name, ++endpoint->calls);
        reply(conn, "200 OK", last, body);
    } else {
        reply(conn, "404 Not Found", last, "GET /health or /call\n");
    }
}

/* Requests may come in pieces, and several at once. */
static void on_bytes(struct conn *conn)
{
    char *start = conn->request, *end;

    conn->request[conn->len] = '\0';
    while (!uv_is_closing((uv_handle_t *)&conn->tcp) && (end = strstr(start, "\r\n\r\n")) != NULL) {
        end[2] = '\0';
        serve(conn, start);
        start = end + 4;
    }
    conn->len -= (size_t)(start - conn->request);
    memmove(conn->request, start, conn->len);
    if (conn->len == REQUEST_MAX ||
        uv_stream_get_write_queue_size((uv_stream_t *)&conn->tcp) > QUEUE_MAX)
        conn_close(conn);
}

static void on_conn_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
    struct conn *conn = handle->data;

    *buf = uv_buf_init(conn->request + conn->len, (unsigned)(REQUEST_MAX - conn->len));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct conn *conn = stream->data;

    if (n < 0)
        return conn_close(conn);
    conn->len += (size_t)n;
    on_bytes(conn);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct conn *conn;

    if (status < 0)
        return;
    conn = mem_zalloc(1, sizeof *conn);
    conn->endpoint = listener->loop->data;
    CHECK(uv_tcp_init(listener->loop, &conn->tcp) == 0);
    conn->tcp.data = conn;
    if (uv_accept(listener, (uv_stream_t *)&conn->tcp) != 0 || uv_tcp_nodelay(&conn->tcp, 1) != 0 ||
        uv_read_start((uv_stream_t *)&conn->tcp, on_conn_alloc, on_read) != 0)
        conn_close(conn);
}

static void on_datagram_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
    struct endpoint *endpoint = handle->loop->data;

    *buf = uv_buf_init(endpoint->datagram, sizeof endpoint->datagram);
}

/* What the socket cannot take now is lost, as voice is. */
static void on_datagram(uv_udp_t *udp, ssize_t n, const uv_buf_t *buf, const struct sockaddr *from,
                        unsigned flags)
{
    struct endpoint *endpoint = udp->loop->data;
    uv_buf_t echo[3];

    if (n < 0 || from == NULL)
        return;
    echo[0] = uv_buf_init((char *)endpoint->name, (unsigned)strlen(endpoint->name));
    echo[1] = uv_buf_init(" ", 1);
    echo[2] = uv_buf_init(buf->base, (unsigned)n);
    uv_udp_try_send(udp, echo, 3, from);
}

static void on_walk(uv_handle_t *handle, void *context)
{
    if (!uv_is_closing(handle))
        uv_close(handle, handle->data != NULL ? on_conn_closed : NULL);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct endpoint *endpoint = handle->loop->data;

    if (number == SIGUSR1)
        endpoint->sick = !endpoint->sick;
    else
        uv_walk(handle->loop, on_walk, NULL);
}

static int bound_port(const struct endpoint *endpoint, struct sockaddr_storage *address)
{
    int len = sizeof *address;

    CHECK(uv_tcp_getsockname(&endpoint->tcp, (struct sockaddr *)address, &len) == 0);
    return ntohs(((struct sockaddr_in *)address)->sin_port); /* in the same place for IPv6 */
}

static int listen_on(struct endpoint *endpoint, struct sockaddr_storage *address)
{
    int rc;

    CHECK(uv_tcp_init(&endpoint->loop, &endpoint->tcp) == 0);
    CHECK(uv_udp_init(&endpoint->loop, &endpoint->udp) == 0);
    rc = uv_tcp_bind(&endpoint->tcp, (struct sockaddr *)address, 0);
    if (rc == 0)
        rc = uv_listen((uv_stream_t *)&endpoint->tcp, 1024, on_connection);
    if (rc != 0)
        return rc;
    /* Voice on the port that the kernel may have chosen. */
    bound_port(endpoint, address);
    rc = uv_udp_bind(&endpoint->udp, (struct sockaddr *)address, 0);
    if (rc == 0)
        rc = uv_udp_recv_start(&endpoint->udp, on_datagram_alloc, on_datagram);
    return rc;
}

static int run(const char *name, const char *where, struct sockaddr_storage *address)
{
    static const int numbers[] = {SIGUSR1, SIGTERM, SIGINT};
    struct endpoint endpoint = {.name = name};
    int rc;

    signal(SIGPIPE, SIG_IGN);
    CHECK(uv_loop_init(&endpoint.loop) == 0);
    endpoint.loop.data = &endpoint;
    rc = listen_on(&endpoint, address);
    if (rc != 0) {
        fprintf(stderr, "endpoint: cannot listen on %s: %s\n", where, uv_strerror(rc));
        uv_walk(&endpoint.loop, on_walk, NULL);
    } else {
        for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
            CHECK(uv_signal_init(&endpoint.loop, &endpoint.signals[i]) == 0);
            CHECK(uv_signal_start(&endpoint.signals[i], on_signal, numbers[i]) == 0);
        }
        printf("listening %.*s:%d\n", (int)(strrchr(where, ':') - where), where,
               bound_port(&endpoint, address));
        fflush(stdout);
    }
    uv_run(&endpoint.loop, UV_RUN_DEFAULT);
    CHECK(uv_loop_close(&endpoint.loop) == 0);
    return rc != 0 ? 1 : 0;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"bind", required_argument, NULL, 'b'},
                                            {"name", required_argument, NULL, 'n'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    struct sockaddr_storage address;
    const char *where = NULL, *name = "endpoint";
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'b')
            where = optarg;
        else if (option == 'n')
            name = optarg;
        else if (option == 'h')
            return fputs(help, stdout) < 0;
        else
            return 2;
    }
    if (optind != argc || where == NULL || !args_address(where, &address)) {
        fputs("endpoint: want --bind HOST:PORT with an address; see --help\n", stderr);
        return 2;
    }
    if (strlen(name) >= LIMIT_NAME) {
        fprintf(stderr, "endpoint: a name has at most %d bytes\n", LIMIT_NAME - 1);
        return 2;
    }
    return run(name, where, &address);
}
