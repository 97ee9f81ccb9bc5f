/* Server-sent events. */
#include "world.h"
#include "base/mem.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#define LIVE WEB_OPERATORS, "/live"

static int opened(void **state)
{
    static const struct web_patience patience = {.keepalive_ms = 300, .send_ms = 1500};
    struct world *world = *state = world_open(&patience);

    web_stream(world->web, LIVE);
    return 0;
}

static int closed(void **state)
{
    world_free(*state);
    return 0;
}

static void push(struct world *world, const char *data)
{
    assert_int_equal(web_push(world->web, LIVE, "state", data), 0);
}

static struct client listens(struct world *world)
{
    struct client client = client_connect(world, WEB_OPERATORS);
    int before = web_watched(world->web, LIVE);

    client_get(&client, "/live", "");
    UNTIL(world, web_watched(world->web, LIVE) == before + 1);
    return client;
}

static bool has(struct client *client, const char *text)
{
    client_look(client);
    return strstr(buf_cstr(&client->in), text) != NULL;
}

static void events_come_in_order(void **state)
{
    struct world *world = *state;
    struct client client = listens(world);
    const char *at;
    char text[32];
    int i;

    for (i = 1; i <= 50; i++) {
        snprintf(text, sizeof text, "number %d", i);
        push(world, text);
        snprintf(text, sizeof text, "data: number %d\n\n", i);
        UNTIL(world, has(&client, text));
    }
    at = buf_cstr(&client.in);
    assert_int_equal(status_of(at), 200);
    assert_string_equal(header_of(at, "Content-Type"), "text/event-stream");
    assert_string_equal(header_of(at, "Cache-Control"), "no-store");
    for (i = 1; i <= 50; i++) {
        snprintf(text, sizeof text, "event: state\ndata: number %d\n\n", i);
        at = strstr(at, text);
        assert_non_null(at);
    }
    client_close(&client);
    UNTIL(world, web_watched(world->web, LIVE) == 0);
}

static void who_comes_gets_the_newest_at_once(void **state)
{
    struct world *world = *state;
    struct client early = listens(world), late;

    /* Nothing to tell is an answer, too. */
    UNTIL(world, has(&early, "\r\n\r\n"));
    push(world, "old");
    push(world, "new");
    late = listens(world);
    UNTIL(world, has(&late, "data: new\n\n"));
    assert_false(has(&late, "old"));
    UNTIL(world, has(&early, "data: new\n\n"));
    client_close(&early);
    client_close(&late);
}

static void lines_stay_lines(void **state)
{
    struct world *world = *state;
    struct client client = listens(world);

    push(world, "one\ntwo\n\nevent: evil");
    UNTIL(world, has(&client, "evil"));
    assert_true(has(&client, "event: state\ndata: one\ndata: two\ndata: \ndata: event: evil\n\n"));
    client_close(&client);
}

static void silence_has_signs_of_life(void **state)
{
    struct world *world = *state;
    struct client client = listens(world);
    int64_t begin_ms = clock_boot_ms();
    const char *at;
    int n = 0;

    push(world, "x");
    UNTIL(world, has(&client, "data: x\n\n"));
    buf_clear(&client.in);
    UNTIL(world, has(&client, ":\n\n"));
    buf_clear(&client.in);
    UNTIL(world, has(&client, ":\n\n"));
    assert_true(clock_boot_ms() - begin_ms >= 600);
    /* For longer than somebody who does not read may stay; and not more often than need be. */
    buf_clear(&client.in);
    begin_ms = clock_boot_ms();
    UNTIL(world, (client_look(&client), clock_boot_ms() - begin_ms > 2000));
    assert_false(client.over);
    for (at = buf_cstr(&client.in); (at = strstr(at, ":\n\n")) != NULL; at++)
        n++;
    assert_true(n >= 1 && n <= 6);
    client_close(&client);
}

static char *much(size_t len, char what)
{
    char *text = mem_alloc(len + 1);

    memset(text, what, len);
    text[len] = '\0';
    return text;
}

/* Each event is larger than what the sockets hold, so that only a few can be on their way. */
static void who_is_slow_misses_some_and_never_the_newest(void **state)
{
    struct world *world = *state;
    struct client slow = client_connect(world, WEB_OPERATORS);
    char *text = much(WEB_EVENT - 100, 'a');
    int small = 65536, i, n = 0, last = -1;
    const char *at;

    setsockopt(slow.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    client_get(&slow, "/live", "");
    UNTIL(world, web_watched(world->web, LIVE) == 1);
    for (i = 0; i < 40; i++) {
        snprintf(text, 8, "no. %02d ", i);
        text[7] = 'a';
        push(world, text);
        world_step(world);
    }
    poll(NULL, 0, 500);
    UNTIL(world, has(&slow, "no. 39"));
    for (at = buf_cstr(&slow.in); (at = strstr(at, "data: no. ")) != NULL; at++, n++) {
        assert_true(atoi(at + 10) > last);
        last = atoi(at + 10);
    }
    assert_true(n >= 2 && n < 40);
    assert_false(slow.over);
    client_close(&slow);
    mem_free(text);
}

static void who_does_not_read_at_all_is_hung_up_on(void **state)
{
    struct world *world = *state;
    struct client deaf = listens(world);
    char *text = much(WEB_EVENT - 100, 'a');
    int i;

    for (i = 0; i < 100; i++) {
        push(world, text);
        world_step(world);
    }
    UNTIL(world, web_watched(world->web, LIVE) == 0);
    assert_int_equal(web_counters(world->web).slow, 1);
    UNTIL(world, web_counters(world->web).open[WEB_OPERATORS] == 0);
    UNTIL(world, world->lines == 1);
    assert_non_null(strstr(world->line, "1 that were too slow"));
    client_close(&deaf);
    mem_free(text);
}

/* Long before anything would be sent again. */
static void who_leaves_is_noticed(void **state)
{
    static const struct web_patience patience = {.keepalive_ms = 600000};
    struct world *world = world_open(&patience);
    struct client client;

    web_stream(world->web, LIVE);
    client = listens(world);
    client_close(&client);
    UNTIL(world, web_watched(world->web, LIVE) == 0);
    world_free(world);
}

static void listeners_are_limited(void **state)
{
    struct world *world = *state;
    struct client clients[WEB_LISTENERS];
    const char *answer;
    int i;

    for (i = 0; i < WEB_LISTENERS; i++)
        clients[i] = listens(world);
    answer = get(world, WEB_OPERATORS, "/live");
    assert_int_equal(status_of(answer), 503);
    client_close(&clients[3]);
    UNTIL(world, web_watched(world->web, LIVE) == WEB_LISTENERS - 1);
    clients[3] = listens(world);
    for (i = 0; i < WEB_LISTENERS; i++)
        client_close(&clients[i]);
    UNTIL(world, web_watched(world->web, LIVE) == 0);
}

static void too_large_an_event_is_refused(void **state)
{
    struct world *world = *state;
    char *text = much(WEB_EVENT, 'a');

    assert_int_equal(web_push(world->web, LIVE, "state", text), ERR_LIMIT);
    mem_free(text);
}

static void a_stream_may_go(void **state)
{
    struct world *world = *state;
    struct client client = listens(world);

    push(world, "x");
    web_withdraw(world->web, LIVE);
    /* The end of the chunks: the connection goes on. */
    UNTIL(world, has(&client, "\r\n0\r\n\r\n"));
    buf_clear(&client.in);
    client_get(&client, "/live", "");
    assert_int_equal(status_of(client_answer(world, &client, true)), 404);
    client_close(&client);
    web_stream(world->web, LIVE);
    client = listens(world);
    client_close(&client);
}

static void head_is_no_listener(void **state)
{
    assert_int_equal(
        status_of(ask(*state, WEB_OPERATORS, "HEAD /live HTTP/1.1\r\nHost: localhost\r\n\r\n")),
        405);
}

static void listeners_are_hung_up_on_when_all_ends(void **state)
{
    struct world *world = *state;
    struct client client = listens(world), busy = listens(world);
    char *text = much(WEB_EVENT - 100, 'a');
    int i;

    push(world, "last");
    UNTIL(world, has(&client, "last"));
    for (i = 0; i < 40; i++)
        push(world, text);
    world_close(world);
    while (!client.over)
        client_look(&client);
    client_close(&client);
    client_close(&busy);
    mem_free(text);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, opened, closed)
    const struct CMUnitTest tests[] = {
        WITH(events_come_in_order),
        WITH(who_comes_gets_the_newest_at_once),
        WITH(lines_stay_lines),
        WITH(silence_has_signs_of_life),
        WITH(who_is_slow_misses_some_and_never_the_newest),
        WITH(who_does_not_read_at_all_is_hung_up_on),
        WITH(who_leaves_is_noticed),
        WITH(listeners_are_limited),
        WITH(too_large_an_event_is_refused),
        WITH(a_stream_may_go),
        WITH(head_is_no_listener),
        WITH(listeners_are_hung_up_on_when_all_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
