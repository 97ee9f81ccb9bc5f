#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "daemon/status_page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct world {
    uv_loop_t loop;
    struct log *log;
    struct buf told; /* "event: text", a line each */
    int lines;
    char dir[64], program[96], out[96];
    struct status_hook *hook;
    int closed;
};

static void on_line(void *context, enum log_level level, const char *event, const char *text)
{
    struct world *w = context;

    buf_printf(&w->told, "%d %s: %s\n", level, event, text);
    w->lines++;
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);

    strcpy(w->dir, "/tmp/kirikae-hook-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    snprintf(w->program, sizeof w->program, "%s/hook", w->dir);
    snprintf(w->out, sizeof w->out, "%s/out", w->dir);
    assert_int_equal(uv_loop_init(&w->loop), 0);
    w->log = log_open_sink(LOG_LEVEL_DEBUG, on_line, w);
    *state = w;
    return 0;
}

static void on_closed(void *context)
{
    ((struct world *)context)->closed++;
}

static int teardown(void **state)
{
    struct world *w = *state;

    if (w->hook != NULL && w->closed == 0)
        status_hook_close(w->hook, on_closed, w);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_int_equal(w->closed, w->hook != NULL);
    assert_int_equal(uv_loop_close(&w->loop), 0);
    log_close(w->log);
    buf_free(&w->told);
    unlink(w->program);
    unlink(w->out);
    assert_int_equal(rmdir(w->dir), 0);
    free(w);
    return 0;
}

static void open_hook(struct world *w, const char *script, int limit_ms)
{
    FILE *file = script != NULL ? fopen(w->program, "w") : NULL;

    if (file != NULL) {
        fprintf(file, "#!/bin/sh\n%s\n", script);
        fclose(file);
        chmod(w->program, 0755);
    }
    w->hook = status_hook_open(&w->loop, w->log, w->program, w->dir, limit_ms);
}

static void run_until(struct world *w, int lines)
{
    while (w->lines < lines && uv_run(&w->loop, UV_RUN_ONCE) != 0)
        ;
    assert_int_equal(w->lines, lines);
}

static void told(struct world *w, const char *text)
{
    if (strstr(buf_cstr(&w->told), text) == NULL)
        fail_msg("no \"%s\" in \"%s\"", text, buf_cstr(&w->told));
}

static long bytes_out(const struct world *w)
{
    struct stat st;

    return stat(w->out, &st) == 0 ? (long)st.st_size : -1;
}

static void it_gets_the_directory(void **state)
{
    struct world *w = *state;

    open_hook(w, "test \"$1\" = \"$(pwd)\" && test $# = 1 && echo it is $(echo $((1+1)))", 10000);
    status_hook_run(w->hook);
    run_until(w, 1);
    told(w, "6 status-hook: ");
    told(w, "/hook: done: it is 2\n");
}

static void a_failure_is_told(void **state)
{
    struct world *w = *state;

    open_hook(w, "printf 'no\\nroom\\033[1m' >&2; exit 3", 10000);
    status_hook_run(w->hook);
    run_until(w, 1);
    told(w, "3 status-hook: ");
    told(w, "exit code 3: no room?[1m\n");
}

static void one_that_is_not_there_is_told(void **state)
{
    struct world *w = *state;

    open_hook(w, NULL, 10000);
    status_hook_run(w->hook);
    run_until(w, 1);
    told(w, "no such file or directory");
    uv_run(&w->loop, UV_RUN_NOWAIT);
    status_hook_run(w->hook); /* and tried again */
    run_until(w, 2);
}

/* Of those that come while it runs, one more is enough. */
static void runs_do_not_overlap(void **state)
{
    struct world *w = *state;
    int i;

    open_hook(w, "test -e busy && echo overlap; : >busy; printf x >>out; rm busy; echo ran", 10000);
    for (i = 0; i < 5; i++)
        status_hook_run(w->hook);
    run_until(w, 2);
    uv_run(&w->loop, UV_RUN_DEFAULT); /* there is no more */
    assert_int_equal(w->lines, 2);
    assert_int_equal(bytes_out(w), 2);
    assert_null(strstr(buf_cstr(&w->told), "overlap"));
}

/* It and what it has started. */
static void one_that_hangs_is_killed(void **state)
{
    struct world *w = *state;

    open_hook(w, "sleep 600 & sleep 600", 200);
    status_hook_run(w->hook);
    run_until(w, 1);
    told(w, "took longer than 200 ms");
}

static void what_it_leaves_behind_is_not_waited_for(void **state)
{
    struct world *w = *state;

    open_hook(w, "sleep 3 & exit 0", 200);
    status_hook_run(w->hook);
    run_until(w, 1);
    told(w, "took longer than 200 ms");
}

static void one_that_talks_too_much_is_cut(void **state)
{
    struct world *w = *state;

    open_hook(w, "head -c 1000000 /dev/zero | tr '\\0' a", 10000);
    status_hook_run(w->hook);
    run_until(w, 1);
    told(w, "done: aaa");
    assert_true(w->told.len < 1200);
}

static void closing_ends_it(void **state)
{
    struct world *w = *state;

    open_hook(w, "sleep 600", 600000);
    status_hook_run(w->hook);
    uv_run(&w->loop, UV_RUN_NOWAIT);
    status_hook_close(w->hook, on_closed, w);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_int_equal(w->closed, 1);
    assert_int_equal(w->lines, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_gets_the_directory, setup, teardown),
        cmocka_unit_test_setup_teardown(a_failure_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(one_that_is_not_there_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(runs_do_not_overlap, setup, teardown),
        cmocka_unit_test_setup_teardown(one_that_hangs_is_killed, setup, teardown),
        cmocka_unit_test_setup_teardown(what_it_leaves_behind_is_not_waited_for, setup, teardown),
        cmocka_unit_test_setup_teardown(one_that_talks_too_much_is_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(closing_ends_it, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
