#include "notify_world.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void write_file(const char *path, const char *text, mode_t mode)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
}

int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);

    signal(SIGPIPE, SIG_IGN);
    snprintf(w->dir, sizeof w->dir, "/tmp/kirikae-notify.XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    snprintf(w->secret_file, sizeof w->secret_file, "%s/secret", w->dir);
    snprintf(w->ca_file, sizeof w->ca_file, "%s/ca.pem", w->dir);
    write_file(w->secret_file, SECRET "\n", 0600);
    assert_int_equal(uv_loop_init(&w->loop), 0);
    w->notify = notify_open(&w->loop);
    snprintf(w->channel.name, sizeof w->channel.name, "channel");
    snprintf(w->channel.secret_file, sizeof w->channel.secret_file, "%s", w->secret_file);
    snprintf(w->channel.from, sizeof w->channel.from, "kirikae@example.org");
    w->channel.plain = true;
    w->channel.timeout_ms = 5000;
    w->message = (struct notify_message){.channel = &w->channel,
                                         .to = "ops@example.com",
                                         .key = KEY,
                                         .thread = "",
                                         .now_ms = 1790000000123,
                                         .subject = "subject",
                                         .body = "body\n"};
    *state = w;
    return 0;
}

void on_closed(void *context)
{
    *(bool *)context = true;
}

int teardown(void **state)
{
    struct world *w = *state;
    bool closed = false;

    notify_close(w->notify, on_closed, &closed);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_true(closed);
    assert_int_equal(uv_loop_close(&w->loop), 0);
    unlink(w->secret_file);
    unlink(w->ca_file);
    rmdir(w->dir);
    buf_free(&w->peer.input);
    free(w);
    return 0;
}

void on_done(void *context, const struct notify_result *result)
{
    struct world *w = context;

    w->result = *result;
    w->done++;
}

void deliver(struct world *w)
{
    int before = w->done;

    notify_send(w->notify, &w->message, on_done, w);
    assert_int_equal(w->done, before);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_int_equal(w->done, before + 1);
    assert_null(strstr(w->result.text, SECRET));
}

void exchange(struct world *w, const char *scheme, const struct peer_step *script)
{
    buf_free(&w->peer.input);
    peer_start(&w->peer, script, w->ca_file);
    snprintf(w->channel.url, sizeof w->channel.url, "%s://127.0.0.1:%d", scheme, w->peer.port);
    if (w->channel.kind == CHANNEL_SLACK) {
        char url[LIMIT_TEXT];

        snprintf(url, sizeof url, "%s://127.0.0.1:%d/services/T0/B0/" SECRET "\n", scheme,
                 w->peer.port);
        write_file(w->secret_file, url, 0600);
    }
    deliver(w);
    peer_join(&w->peer);
}

void expect(const struct world *w, int code, bool unsure, const char *text)
{
    if (w->result.code != code || w->result.unsure != unsure ||
        strstr(w->result.text, text) == NULL)
        fail_msg("code %d, unsure %d: %s; expected %d, %d: %s", w->result.code, w->result.unsure,
                 w->result.text, code, unsure, text);
}

const char *input(struct world *w)
{
    return buf_cstr(&w->peer.input);
}

void expect_input(struct world *w, const char *text)
{
    if (strstr(input(w), text) == NULL)
        fail_msg("no %s in:\n%s", text, input(w));
}
