/* Pages that the loop makes when asked, and what stays up while it stands still. */
#include "world.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#define CLIENTS 20
#define LOOP_MS 400

static struct {
    int runs;
    bool empty;
} maker;

static void make(void *context, struct buf *out)
{
    assert_ptr_equal(context, &maker);
    maker.runs++;
    if (!maker.empty)
        buf_printf(out, "run %d", maker.runs);
}

static int opened(void **state)
{
    static const struct web_patience patience = {.loop_ms = LOOP_MS};
    struct world *world = *state = world_open(&patience);

    maker.runs = 0;
    maker.empty = false;
    web_dynamic(world->web, WEB_METRICS, "/metrics", "text/plain", 60000, make, &maker);
    assert_int_equal(web_publish(world->web, WEB_METRICS, "/still", "text/plain", "here", 4), 0);
    return 0;
}

static int closed(void **state)
{
    world_free(*state);
    return 0;
}

static void many_share_one_run(void **state)
{
    struct world *world = *state;
    struct client clients[CLIENTS];
    int i;

    for (i = 0; i < CLIENTS; i++) {
        clients[i] = client_connect(world, WEB_METRICS);
        client_get(&clients[i], "/metrics", "");
    }
    for (i = 0; i < CLIENTS; i++) {
        assert_string_equal(body_of(client_answer(world, &clients[i], true)), "run 1");
        client_close(&clients[i]);
    }
    assert_int_equal(maker.runs, 1);
    assert_string_equal(body_of(get(world, WEB_METRICS, "/metrics")), "run 1");
    assert_int_equal(maker.runs, 1);
    assert_non_null(header_of(get(world, WEB_METRICS, "/metrics"), "ETag"));
}

static void what_is_too_old_is_made_again(void **state)
{
    struct world *world = *state;
    int runs = 0;
    int64_t begin_ms;

    web_dynamic(world->web, WEB_PUBLIC, "/now", "text/plain", WEB_AGE_LEAST_MS, make, &maker);
    begin_ms = clock_boot_ms();
    while (clock_boot_ms() - begin_ms < 450) {
        assert_int_equal(status_of(get(world, WEB_PUBLIC, "/now")), 200);
        runs++;
    }
    assert_true(maker.runs >= 2 && maker.runs <= 5);
    assert_true(runs > maker.runs);
}

static void nothing_to_tell_is_said_so(void **state)
{
    const char *answer;

    maker.empty = true;
    answer = get(*state, WEB_METRICS, "/metrics");
    assert_int_equal(status_of(answer), 503);
    assert_string_equal(header_of(answer, "Retry-After"), "5");
    maker.empty = false;
    assert_string_equal(body_of(get(*state, WEB_METRICS, "/metrics")), "run 2");
}

static void a_loop_that_stands_still_holds_up_no_other_page(void **state)
{
    struct world *world = *state;
    struct client waits = client_connect(world, WEB_METRICS), other, late;
    int64_t begin_ms = clock_boot_ms();

    client_get(&waits, "/metrics", "");
    other = client_connect(world, WEB_METRICS);
    client_get(&other, "/still", "");
    assert_string_equal(body_of(client_answer(world, &other, false)), "here");
    assert_int_equal(status_of(client_answer(world, &waits, false)), 503);
    assert_true(clock_boot_ms() - begin_ms >= LOOP_MS);
    /* Who comes now does not even wait, until the loop has woken up. */
    late = client_connect(world, WEB_METRICS);
    client_get(&late, "/metrics", "");
    begin_ms = clock_boot_ms();
    assert_int_equal(status_of(client_answer(world, &late, false)), 503);
    assert_true(clock_boot_ms() - begin_ms < LOOP_MS);
    assert_int_equal(maker.runs, 0);
    assert_int_equal(web_counters(world->web).late, 2);
    UNTIL(world, maker.runs == 1);
    UNTIL(world, status_of(get(world, WEB_METRICS, "/metrics")) == 200);
    assert_int_equal(maker.runs, 1);
    /* The connection that waited in vain is as good as new. */
    buf_clear(&waits.in);
    client_get(&waits, "/metrics", "");
    assert_string_equal(body_of(client_answer(world, &waits, true)), "run 1");
    client_close(&waits);
    client_close(&other);
    client_close(&late);
}

static void a_page_may_go_while_somebody_waits_for_it(void **state)
{
    struct world *world = *state;
    struct client waits = client_connect(world, WEB_METRICS);

    client_get(&waits, "/metrics", "");
    UNTIL(world, web_counters(world->web).requests[WEB_METRICS] == 1);
    web_withdraw(world->web, WEB_METRICS, "/metrics");
    assert_true(status_of(client_answer(world, &waits, true)) == 404 || maker.runs == 1);
    client_close(&waits);
    assert_int_equal(status_of(get(world, WEB_METRICS, "/metrics")), 404);
}

static void who_waits_is_hung_up_on_when_all_ends(void **state)
{
    struct world *world = *state;
    struct client waits = client_connect(world, WEB_METRICS);
    int i;

    client_get(&waits, "/metrics", "");
    for (i = 0; i < 200 && web_counters(world->web).requests[WEB_METRICS] == 0; i++)
        poll(NULL, 0, 10);
    world_close(world);
    assert_int_equal(status_of(client_answer(world, &waits, false)), 503);
    assert_int_equal(maker.runs, 0);
    client_close(&waits);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, opened, closed)
    const struct CMUnitTest tests[] = {
        WITH(many_share_one_run),
        WITH(what_is_too_old_is_made_again),
        WITH(nothing_to_tell_is_said_so),
        WITH(a_loop_that_stands_still_holds_up_no_other_page),
        WITH(a_page_may_go_while_somebody_waits_for_it),
        WITH(who_waits_is_hung_up_on_when_all_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
