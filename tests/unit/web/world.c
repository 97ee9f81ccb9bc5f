#include "world.h"
#include "base/mem.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static bool is_free(int port)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool bound = bind(fd, (struct sockaddr *)&any, sizeof any) == 0;

    close(fd);
    return bound;
}

/* Below the kernel's own choice: somebody's connection would take such a port between here and
 * the listening. Other processes of the tests begin their search elsewhere. */
int world_free_port(void)
{
    static int next;
    int i, port;

    for (i = 0; i < 1000; i++) {
        port = 12000 + (getpid() * 61 + next++) % 20000;
        if (is_free(port))
            return port;
    }
    fail_msg("no free port");
    return 0;
}

static void on_line(void *context, enum log_level level, const char *event, const char *text)
{
    struct world *world = context;

    (void)level;
    world->lines++;
    snprintf(world->line, sizeof world->line, "%s: %s", event, text);
}

struct world *world_open(const struct web_patience *patience)
{
    struct world *world = mem_zalloc(1, sizeof *world);
    struct web_options options = {.loop = &world->loop};
    struct err err;
    int i;

    assert_int_equal(uv_loop_init(&world->loop), 0);
    world->log = log_open_sink(LOG_LEVEL_DEBUG, on_line, world);
    options.log = world->log;
    if (patience != NULL)
        options.patience = *patience;
    for (i = 0; i < WEB_AUDIENCES; i++) {
        world->ports[i] = world_free_port();
        options.listen[i] = (struct web_address){"127.0.0.1", world->ports[i]};
    }
    if (web_open(&options, &world->web, &err) < 0)
        fail_msg("%s", err.text);
    return world;
}

void world_step(struct world *world)
{
    uv_run(&world->loop, UV_RUN_NOWAIT);
    poll(NULL, 0, 1);
}

static void on_closed(void *context)
{
    struct world *world = context;

    world->web = NULL;
}

void world_close(struct world *world)
{
    web_close(world->web, on_closed, world);
    UNTIL(world, world->web == NULL);
}

void world_free(struct world *world)
{
    if (world->web != NULL)
        world_close(world);
    assert_int_equal(uv_run(&world->loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&world->loop), 0);
    log_close(world->log);
    mem_free(world);
}

/* ---- clients ---- */

struct client client_connect(struct world *world, enum web_audience audience)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)world->ports[audience]),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct client client = {.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};

    assert_return_code(connect(client.fd, (struct sockaddr *)&to, sizeof to), errno);
    return client;
}

void client_close(struct client *client)
{
    close(client->fd);
    buf_free(&client->in);
}

void client_say(struct client *client, const char *text)
{
    send(client->fd, text, strlen(text), MSG_NOSIGNAL);
}

void client_get(struct client *client, const char *path, const char *lines)
{
    struct buf text = {0};

    buf_printf(&text, "GET %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n", path, lines);
    client_say(client, buf_cstr(&text));
    buf_free(&text);
}

void client_look(struct client *client)
{
    char bytes[65536];
    ssize_t len;

    while (!client->over && (len = recv(client->fd, bytes, sizeof bytes, MSG_DONTWAIT)) != -1)
        if (len == 0)
            client->over = true;
        else
            buf_append(&client->in, bytes, (size_t)len);
    if (!client->over && errno != EAGAIN)
        client->over = true;
}

int status_of(const char *answer)
{
    return strncmp(answer, "HTTP/1.1 ", 9) == 0 ? atoi(answer + 9) : -1;
}

const char *body_of(const char *answer)
{
    const char *end = strstr(answer, "\r\n\r\n");

    return end != NULL ? end + 4 : NULL;
}

const char *header_of(const char *answer, const char *name)
{
    static char value[1024];
    char line[64];
    const char *at;

    snprintf(line, sizeof line, "\r\n%s: ", name);
    at = strcasestr(answer, line);
    if (at == NULL || at > body_of(answer))
        return NULL;
    at += strlen(line);
    snprintf(value, sizeof value, "%.*s", (int)strcspn(at, "\r"), at);
    return value;
}

static bool whole(struct client *client)
{
    const char *text = buf_cstr(&client->in), *body = body_of(text), *length;

    if (client->over)
        return true;
    if (body == NULL)
        return false;
    length = header_of(text, "Content-Length");
    return status_of(text) == 304 ||
           (length != NULL && strlen(body) >= (size_t)strtoul(length, NULL, 10));
}

const char *client_answer(struct world *world, struct client *client, bool loop_runs)
{
    int64_t until_ms = clock_boot_ms() + PATIENCE_MS;

    for (client_look(client); !whole(client); client_look(client)) {
        assert_true(clock_boot_ms() < until_ms);
        if (loop_runs)
            world_step(world);
        else
            poll(NULL, 0, 1);
    }
    return buf_cstr(&client->in);
}

const char *ask(struct world *world, enum web_audience audience, const char *text)
{
    static char answer[65536];
    struct client client = client_connect(world, audience);

    client_say(&client, text);
    snprintf(answer, sizeof answer, "%s", client_answer(world, &client, true));
    client_close(&client);
    return answer;
}

const char *get(struct world *world, enum web_audience audience, const char *path)
{
    char text[2048];

    snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);
    return ask(world, audience, text);
}
