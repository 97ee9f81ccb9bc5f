#include "control.h"
#include "args.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/jsonw.h"
#include "base/limits.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_MAX_BYTES 512
#define WORDS_MAX 3
#define WAIT_MAX_MS 3600000
#define IN_A_ROW 3 /* calls that a server must answer: one may be an accident of balancing */

enum waiting { WAIT_NOTHING, WAIT_SERVED, WAIT_FAILING };

struct client {
    uv_pipe_t pipe;
    uv_timer_t timer;
    struct control *control;
    struct client *next, **link;
    int handles;
    enum waiting waiting;
    char prefix[LIMIT_NAME];
    uint64_t first_call; /* that counts: it started after the command */
    int in_a_row;
    int64_t began_ms;
    size_t len;
    char line[LINE_MAX_BYTES];
};

struct control {
    uv_pipe_t pipe;
    struct control_handlers handlers;
    struct client *clients;
};

struct reply {
    uv_write_t write;
    struct buf text;
};

static void on_client_closed(uv_handle_t *handle)
{
    struct client *client = handle->data;

    if (--client->handles == 0)
        mem_free(client);
}

static void client_close(struct client *client)
{
    if (uv_is_closing((uv_handle_t *)&client->pipe))
        return;
    *client->link = client->next;
    if (client->next != NULL)
        client->next->link = client->link;
    uv_close((uv_handle_t *)&client->pipe, on_client_closed);
    uv_close((uv_handle_t *)&client->timer, on_client_closed);
}

static void on_replied(uv_write_t *write, int status)
{
    struct reply *reply = write->data;

    if (status < 0)
        client_close(write->handle->data);
    buf_free(&reply->text);
    mem_free(reply);
}

/* Takes the text. */
static void send_text(struct client *client, struct buf *text)
{
    struct reply *reply = mem_zalloc(1, sizeof *reply);
    uv_buf_t buf;

    reply->text = *text;
    reply->write.data = reply;
    buf = uv_buf_init((char *)reply->text.data, (unsigned)reply->text.len);
    if (uv_write(&reply->write, (uv_stream_t *)&client->pipe, &buf, 1, on_replied) != 0) {
        buf_free(&reply->text);
        mem_free(reply);
        client_close(client);
    }
}

/* {"ok":…,KEY:VALUE,"waited_ms":…}; the last two where they are known. */
static void say(struct client *client, bool ok, const char *key, const char *value,
                int64_t waited_ms)
{
    struct buf text = {0};
    struct jsonw w;

    jsonw_begin(&w, &text);
    jsonw_object(&w, NULL);
    jsonw_bool(&w, "ok", ok);
    if (key != NULL)
        jsonw_str(&w, key, value);
    if (waited_ms >= 0)
        jsonw_int(&w, "waited_ms", waited_ms);
    jsonw_end(&w);
    buf_str(&text, "\n");
    send_text(client, &text);
}

static void end_wait(struct client *client, bool ok, const char *key, const char *value)
{
    client->waiting = WAIT_NOTHING;
    uv_timer_stop(&client->timer);
    say(client, ok, key, value, clock_boot_ms() - client->began_ms);
}

static void on_wait_over(uv_timer_t *timer)
{
    end_wait(timer->data, false, "error", "not in time");
}

static void on_call(struct client *client, const char *name)
{
    if (client->waiting == WAIT_FAILING && name == NULL)
        return end_wait(client, true, NULL, NULL);
    if (client->waiting != WAIT_SERVED)
        return;
    if (name == NULL || strncmp(name, client->prefix, strlen(client->prefix)) != 0)
        client->in_a_row = 0;
    else if (++client->in_a_row == IN_A_ROW)
        end_wait(client, true, "served", name);
}

void control_call_ended(struct control *control, uint64_t number, const char *name)
{
    struct client *client, *next;

    for (client = control->clients; client != NULL; client = next) {
        next = client->next;
        if (number >= client->first_call)
            on_call(client, name);
    }
}

static void start_wait(struct client *client, enum waiting waiting, const char *prefix,
                       const char *timeout)
{
    const struct control_handlers *handlers = &client->control->handlers;
    int timeout_ms;

    if (client->waiting != WAIT_NOTHING)
        return say(client, false, "error", "already waiting", -1);
    if (!args_number(timeout, 0, WAIT_MAX_MS, &timeout_ms))
        return say(client, false, "error", "a time in ms is wanted", -1);
    client->waiting = waiting;
    client->in_a_row = 0;
    client->first_call = handlers->next_call(handlers->context);
    client->began_ms = clock_boot_ms();
    snprintf(client->prefix, sizeof client->prefix, "%s", prefix);
    uv_timer_start(&client->timer, on_wait_over, (uint64_t)timeout_ms, 0);
}

static void obey(struct client *client, char *line)
{
    const struct control_handlers *handlers = &client->control->handlers;
    char *words[WORDS_MAX + 1], *rest = NULL;
    struct buf text = {0};
    int n = 0;

    for (char *word = strtok_r(line, " ", &rest); word != NULL && n <= WORDS_MAX;
         word = strtok_r(NULL, " ", &rest))
        words[n++] = word;
    if (n == 2 && strcmp(words[0], "mark") == 0) {
        handlers->mark(handlers->context, words[1]);
        say(client, true, "label", words[1], -1);
    } else if (n == 1 && strcmp(words[0], "report") == 0) {
        handlers->report(handlers->context, &text);
        send_text(client, &text);
    } else if (n == 3 && strcmp(words[0], "wait-served") == 0) {
        start_wait(client, WAIT_SERVED, words[1], words[2]);
    } else if (n == 2 && strcmp(words[0], "wait-failing") == 0) {
        start_wait(client, WAIT_FAILING, "", words[1]);
    } else if (n == 1 && strcmp(words[0], "quit") == 0) {
        say(client, true, NULL, NULL, -1);
        handlers->quit(handlers->context);
    } else {
        say(client, false, "error",
            "mark LABEL, report, wait-served PREFIX MS, wait-failing MS or quit", -1);
    }
}

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
    struct client *client = handle->data;

    *buf = uv_buf_init(client->line + client->len, (unsigned)(sizeof client->line - client->len));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct client *client = stream->data;
    char *end;

    if (n < 0)
        return client_close(client);
    client->len += (size_t)n;
    while ((end = memchr(client->line, '\n', client->len)) != NULL) {
        size_t used = (size_t)(end + 1 - client->line);

        *end = '\0';
        obey(client, client->line);
        client->len -= used;
        memmove(client->line, end + 1, client->len);
        if (uv_is_closing((uv_handle_t *)&client->pipe))
            return;
    }
    if (client->len == sizeof client->line)
        client_close(client);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct control *control = listener->data;
    struct client *client;

    if (status < 0)
        return;
    client = mem_zalloc(1, sizeof *client);
    client->control = control;
    CHECK(uv_pipe_init(listener->loop, &client->pipe, 0) == 0);
    CHECK(uv_timer_init(listener->loop, &client->timer) == 0);
    client->pipe.data = client->timer.data = client;
    client->handles = 2;
    client->link = &control->clients;
    client->next = control->clients;
    if (client->next != NULL)
        client->next->link = &client->next;
    control->clients = client;
    if (uv_accept(listener, (uv_stream_t *)&client->pipe) != 0 ||
        uv_read_start((uv_stream_t *)&client->pipe, on_alloc, on_read) != 0)
        client_close(client);
}

static void on_control_closed(uv_handle_t *handle)
{
    mem_free(handle->data);
}

int control_open(uv_loop_t *loop, const char *path, const struct control_handlers *handlers,
                 struct control **out)
{
    struct control *control = mem_zalloc(1, sizeof *control);
    struct stat st;
    int rc;

    control->handlers = *handlers;
    CHECK(uv_pipe_init(loop, &control->pipe, 0) == 0);
    control->pipe.data = control;
    if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
        unlink(path);
    rc = uv_pipe_bind(&control->pipe, path);
    if (rc == 0)
        rc = uv_listen((uv_stream_t *)&control->pipe, 16, on_connection);
    if (rc != 0)
        uv_close((uv_handle_t *)&control->pipe, on_control_closed);
    else
        *out = control;
    return rc;
}

void control_close(struct control *control)
{
    while (control->clients != NULL)
        client_close(control->clients);
    uv_close((uv_handle_t *)&control->pipe, on_control_closed);
}
