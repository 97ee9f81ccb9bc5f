/* HAProxy itself. */
#include "real_private.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ldns/ldns.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

/* `set server` needs level admin. No health checks: only kirikae moves traffic. */
static const char haproxy_cfg[] = "global\n"
                                  "    stats socket %s level %s\n"
                                  "    maxconn 100\n"
                                  "    nbthread 2\n"
                                  "defaults\n"
                                  "    mode http\n"
                                  "    timeout connect 500ms\n"
                                  "    timeout client 5s\n"
                                  "    timeout server 5s\n"
                                  "    retries 0\n"
                                  "frontend calls\n"
                                  "    bind fd@%d\n"
                                  "    use_backend %%[str(active),map(%s/calls.map,voice)]\n"
                                  "%s";

/* The servers' names are those of the model. (Here the backend answers by itself, so that
 * a test sees which one serves and with how many servers.) */
static const char haproxy_backend[] = "backend %s\n"
                                      "    http-request return status 200 content-type text/plain "
                                      "lf-string \"%%[be_name] %%[nbsrv]\"\n";

/* -1: nobody listens. */
static int connect_cli(const struct world *world)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s/cli.sock", world->dir);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

/* All that a test may talk to: HAProxy opens its sockets one after the other. */
static bool haproxy_is_ready(const struct world *world)
{
    int fd = connect_cli(world);

    if (fd >= 0)
        close(fd);
    return fd >= 0 && real_can_connect(world->port) && real_can_connect(world->http_port);
}

/* A socket on a port of its own for HAProxy to listen on. (HAProxy shares a port that
 * it binds itself with any other HAProxy, say of a second run of the tests.) */
static int inheritable(int *port)
{
    int fd;

    *port = 0;
    fd = real_bound(SOCK_STREAM, port);
    assert_int_equal(fcntl(fd, F_SETFD, 0), 0);
    return fd;
}

void real_haproxy(struct world *world, int kind)
{
    const char *const argv[] = {"haproxy", "-db", "-q", "-f", "haproxy.cfg", NULL};
    struct actuator *actuator = world->actuator;
    char backends[16384] = "", path[256], sockets[512];
    const char *arguments[6];
    int cli, http;

    cli = inheritable(&world->port);
    http = inheritable(&world->http_port);
    for (int c = 0; c < 2; c++) {
        real_append(backends, sizeof backends, haproxy_backend, world->route->candidates[c].value);
        for (int i = 0; i < world->pool; i++) {
            int s = world->route->candidates[c].members[i];

            real_append(backends, sizeof backends, "    server %s %s:9 weight %d\n",
                        world->model->servers[s].name, world->model->servers[s].host,
                        kind != HAPROXY_WEIGHTS || i == 0 ? 1
                        : i == 1                          ? 30
                                                          : 0);
        }
    }
    snprintf(sockets, sizeof sockets, "unix@%s/cli.sock level admin\n    stats socket fd@%d",
             world->dir, cli);
    real_write(world, "haproxy.cfg", haproxy_cfg, sockets,
               kind == HAPROXY_OPERATOR ? "operator" : "admin", http, world->dir, backends);
    real_write(world, "calls.map", "active voice\nepoch 0.0\n");
    actuator->kind = ACTUATOR_HAPROXY;
    snprintf(actuator->map, sizeof actuator->map, "%s/calls.map", world->dir);
    if (kind == HAPROXY_UNIX)
        snprintf(actuator->address, sizeof actuator->address, "unix:%s/cli.sock", world->dir);
    else
        snprintf(actuator->address, sizeof actuator->address, "127.0.0.1:%d", world->port);
    memcpy(arguments, argv, sizeof argv);
    snprintf(path, sizeof path, "%s/haproxy.cfg", world->dir);
    arguments[4] = path;
    real_start(world, arguments, haproxy_is_ready);
    close(cli);
    close(http);
}

/* Sends `request`, shuts down, reads to the end. */
static const char *talk(int fd, const char *request)
{
    static char answer[65536];
    size_t len = 0;
    ssize_t n;

    assert_true(write(fd, request, strlen(request)) == (ssize_t)strlen(request));
    while ((n = read(fd, answer + len, sizeof answer - 1 - len)) > 0)
        len += (size_t)n;
    answer[len] = '\0';
    close(fd);
    return answer;
}

const char *real_cli(const struct world *world, const char *format, ...)
{
    int fd = connect_cli(world);
    char commands[4096];
    va_list args;

    va_start(args, format);
    vsnprintf(commands, sizeof commands - 1, format, args);
    va_end(args);
    strcat(commands, "\n");
    assert_true(fd >= 0);
    return talk(fd, commands);
}

const char *real_map(const struct world *world)
{
    static char rows[65536];
    const char *answer = real_cli(world, "show map %s/calls.map", world->dir);
    const char *line = answer;

    rows[0] = '\0';
    while (*line == '0') { /* 0xADDRESS KEY VALUE */
        const char *key = strchr(line, ' ') + 1;
        const char *end = strchr(key, '\n');

        real_append(rows, sizeof rows, "%.*s\n", (int)(end - key), key);
        line = end + 1;
    }
    return rows;
}

static unsigned admin_state(const struct world *world, int server)
{
    const char *name = world->model->servers[server].name;
    const char *backend = world->route->candidates[server / world->pool].value;
    const char *answer = real_cli(world, "show servers state %s", backend);
    char pattern[128];
    const char *at;
    unsigned admin;

    snprintf(pattern, sizeof pattern, " %s ", name);
    at = strstr(answer, pattern);
    assert_non_null(at);
    assert_int_equal(sscanf(at, " %*s %*s %*s %u", &admin), 1);
    return admin;
}

bool real_ready(const struct world *world, int server)
{
    return (admin_state(world, server) & 1) == 0;
}

bool real_drains(const struct world *world, int server)
{
    return (admin_state(world, server) & 9) == 8;
}

const char *real_http(const struct world *world)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)world->http_port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const char *body;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    body = strstr(talk(fd, "GET / HTTP/1.0\r\n\r\n"), "\r\n\r\n");
    assert_non_null(body);
    return body + 4;
}
