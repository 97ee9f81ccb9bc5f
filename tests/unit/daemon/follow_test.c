/* Who follows the ledger: a real one on the disk, and a loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/mem.h"
#include "daemon/daemon.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINES 5000

struct shelf {
    char dir[64];
    uv_loop_t loop;
    struct daemon *daemon;
    struct follower follower;
    uint64_t seen, again_at; /* lines; after so many it wants all of them again; 0: never */
};

void daemon_module_closed(void *daemon)
{
    struct daemon *d = daemon;

    d->modules--;
}

void log_line(struct log *log, enum log_level level, const char *event, const char *format, ...)
{
    fail_msg("%s", format);
}

static void on_line(void *context, const char *line, size_t len)
{
    struct shelf *w = context;
    char want[32];

    snprintf(want, sizeof want, "{\"seq\":%d}", (int)w->follower.next - 1);
    assert_int_equal(len, strlen(want));
    assert_memory_equal(line, want, len);
    w->seen++;
    if (w->seen == w->again_at)
        w->follower.next = 0;
}

static void put(struct shelf *w, int from, int n)
{
    char line[32];
    struct err err;
    int i;

    for (i = from; i < from + n; i++) {
        snprintf(line, sizeof line, "{\"seq\":%d}", i);
        assert_int_equal(ledger_put(w->daemon->ledger, (uint64_t)i, line, strlen(line), &err), 0);
    }
    follow_wake(w->daemon);
}

static void open_shelf(struct shelf *w)
{
    struct err err;

    *w = (struct shelf){.dir = "/tmp/kirikae-follow.XXXXXX"};
    assert_non_null(mkdtemp(w->dir));
    uv_loop_init(&w->loop);
    w->daemon = mem_zalloc(1, sizeof *w->daemon);
    w->daemon->loop = &w->loop;
    w->daemon->modules = 1;
    assert_int_equal(ledger_open(w->dir, &w->daemon->ledger, &err), 0);
    follow_wake(w->daemon); /* before it is open: nothing happens */
    assert_int_equal(follow_module_open(w->daemon, &err), 0);
    w->follower = (struct follower){.line = on_line, .context = w};
}

static void close_shelf(struct shelf *w)
{
    char command[96];

    follow_module_close(w->daemon);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_int_equal(w->daemon->modules, 0);
    assert_int_equal(uv_loop_close(&w->loop), 0);
    ledger_close(w->daemon->ledger);
    mem_free(w->daemon);
    snprintf(command, sizeof command, "rm -r %s", w->dir);
    assert_int_equal(system(command), 0);
}

static void lines_come_in_order_and_so_do_new_ones(void **state)
{
    struct shelf w;

    open_shelf(&w);
    put(&w, 0, LINES);
    follow_add(w.daemon, &w.follower);
    assert_int_equal(w.seen, 0); /* later, from the loop */
    uv_run(&w.loop, UV_RUN_DEFAULT);
    assert_int_equal(w.seen, LINES);
    assert_true(follow_done(w.daemon, &w.follower));
    put(&w, LINES, 3);
    assert_false(follow_done(w.daemon, &w.follower));
    uv_run(&w.loop, UV_RUN_DEFAULT);
    assert_int_equal(w.seen, LINES + 3);
    close_shelf(&w);
}

static void who_wants_all_again_gets_them(void **state)
{
    struct shelf w;

    open_shelf(&w);
    put(&w, 0, LINES);
    w.again_at = LINES / 2;
    follow_add(w.daemon, &w.follower);
    uv_run(&w.loop, UV_RUN_DEFAULT);
    assert_int_equal(w.seen, LINES / 2 + LINES);
    close_shelf(&w);
}

static void who_waits_gets_none_until_it_waits_no_more(void **state)
{
    struct shelf w;

    open_shelf(&w);
    w.follower.waits = true;
    follow_add(w.daemon, &w.follower);
    put(&w, 0, 10);
    uv_run(&w.loop, UV_RUN_DEFAULT);
    assert_int_equal(w.seen, 0);
    w.follower.waits = false;
    follow_wake(w.daemon);
    uv_run(&w.loop, UV_RUN_DEFAULT);
    assert_int_equal(w.seen, 10);
    follow_remove(w.daemon, &w.follower);
    put(&w, 10, 10);
    uv_run(&w.loop, UV_RUN_DEFAULT);
    assert_int_equal(w.seen, 10);
    close_shelf(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_come_in_order_and_so_do_new_ones),
        cmocka_unit_test(who_wants_all_again_gets_them),
        cmocka_unit_test(who_waits_gets_none_until_it_waits_no_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
