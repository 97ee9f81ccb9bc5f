/* Clients that want to keep others out, or do not end. */
#include "world.h"
#include "base/mem.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#define MOST 64 /* connections of an audience */
#define REQUEST_MS 700
#define SEND_MS 3000

static int opened(void **state)
{
    static const struct web_patience patience = {.request_ms = REQUEST_MS, .send_ms = SEND_MS};
    struct world *world = *state = world_open(&patience);

    assert_int_equal(web_publish(world->web, WEB_PUBLIC, "/", "text/plain", "well", 4), 0);
    return 0;
}

static int closed(void **state)
{
    world_free(*state);
    return 0;
}

static void until_over(struct world *world, struct client *client)
{
    UNTIL(world, (client_look(client), client->over));
}

/* A byte now and then is no request. */
static void a_slow_request_is_cut(void **state)
{
    struct world *world = *state;
    struct client client = client_connect(world, WEB_PUBLIC);
    int64_t begin_ms = clock_boot_ms();

    client_say(&client, "GET / HTTP/1.1\r\nHost: x\r\nX-Much: ");
    while (!client.over) {
        assert_true(clock_boot_ms() - begin_ms < PATIENCE_MS);
        client_say(&client, "a");
        client_look(&client);
        world_step(world);
    }
    assert_true(clock_boot_ms() - begin_ms >= REQUEST_MS);
    assert_int_equal(client.in.len, 0);
    assert_int_equal(web_counters(world->web).slow, 1);
    client_close(&client);
}

static void an_idle_connection_ends_and_is_no_trouble(void **state)
{
    struct world *world = *state;
    struct client client = client_connect(world, WEB_PUBLIC);

    client_get(&client, "/", "");
    assert_int_equal(status_of(client_answer(world, &client, true)), 200);
    until_over(world, &client);
    assert_int_equal(web_counters(world->web).slow, 0);
    client_close(&client);
    UNTIL(world, web_counters(world->web).open[WEB_PUBLIC] == 0);
    assert_int_equal(world->lines, 0);
}

static void a_slow_reader_is_cut(void **state)
{
    struct world *world = *state;
    uint8_t *bytes = mem_zalloc(WEB_PAGE, 1);
    struct client client = client_connect(world, WEB_PUBLIC);
    int i;

    assert_int_equal(web_publish(world->web, WEB_PUBLIC, "/big", "a/b", bytes, WEB_PAGE), 0);
    for (i = 0; i < 10; i++)
        client_get(&client, "/big", "");
    UNTIL(world, web_counters(world->web).slow == 1);
    UNTIL(world, web_counters(world->web).open[WEB_PUBLIC] == 0);
    assert_int_equal(status_of(get(world, WEB_PUBLIC, "/")), 200);
    client_close(&client);
    mem_free(bytes);
}

static void rude_ones_do_no_harm(void **state)
{
    static const char *const texts[] = {"\x16\x03\x01\x02",
                                        "\r\n\r\n\r\n",
                                        "GET",
                                        "GET /\r\n\r\n",
                                        "\0\0\0\0",
                                        "GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n",
                                        "GET / HTTP/1.1\r\n: x\r\n\r\n",
                                        "PRI * HTTP/2.0\r\n\r\n"};
    struct world *world = *state;
    struct client client;
    size_t i;

    for (i = 0; i < 10 * ARRAY_LEN(texts); i++) {
        client = client_connect(world, WEB_PUBLIC);
        client_say(&client, texts[i % ARRAY_LEN(texts)]);
        if (i % 3 == 0)
            world_step(world);
        client_close(&client);
    }
    assert_int_equal(status_of(get(world, WEB_PUBLIC, "/")), 200);
    UNTIL(world, web_counters(world->web).open[WEB_PUBLIC] == 0);
}

/* Those who only sit there make room for who asks. */
static void idle_ones_make_room(void **state)
{
    struct world *world = *state;
    struct client clients[MOST];
    int64_t since_ms;
    int i, n = 0;

    for (i = 0; i < MOST; i++)
        clients[i] = client_connect(world, WEB_PUBLIC);
    UNTIL(world, web_counters(world->web).connections[WEB_PUBLIC] == MOST);
    for (i = 0; i < 5; i++)
        assert_int_equal(status_of(get(world, WEB_PUBLIC, "/")), 200);
    assert_true(web_counters(world->web).open[WEB_PUBLIC] <= MOST);
    for (i = 0; i < MOST; i++) {
        client_look(&clients[i]);
        n += clients[i].over;
    }
    assert_true(n >= 1 && n <= 5);
    assert_true(clients[0].over);
    assert_int_equal(web_counters(world->web).refused, n);
    UNTIL(world, world->lines == 1);
    /* The next line would come in a minute. */
    for (i = 0; i < MOST; i++)
        until_over(world, &clients[i]);
    since_ms = clock_boot_ms();
    UNTIL(world, clock_boot_ms() - since_ms > 600);
    assert_true(web_counters(world->web).slow > 10);
    assert_int_equal(world->lines, 1);
    for (i = 0; i < MOST; i++)
        client_close(&clients[i]);
}

/* And so do those who take their answer slowly. */
static void slow_readers_make_room(void **state)
{
    struct world *world = *state;
    uint8_t *bytes = mem_zalloc(WEB_PAGE, 1);
    struct client clients[MOST];
    int64_t since_ms;
    int i;

    assert_int_equal(web_publish(world->web, WEB_PUBLIC, "/big", "a/b", bytes, WEB_PAGE), 0);
    for (i = 0; i < MOST; i++) {
        clients[i] = client_connect(world, WEB_PUBLIC);
        client_get(&clients[i], "/big", "");
    }
    UNTIL(world, web_counters(world->web).requests[WEB_PUBLIC] == MOST);
    since_ms = clock_boot_ms();
    UNTIL(world, clock_boot_ms() - since_ms > SEND_MS / 10);
    assert_int_equal(status_of(get(world, WEB_PUBLIC, "/")), 200);
    assert_int_equal(web_counters(world->web).refused, 1);
    for (i = 0; i < MOST; i++)
        client_close(&clients[i]);
    mem_free(bytes);
}

static void nothing(void *context, struct buf *out)
{
    (void)context;
    buf_str(out, "made");
}

/* When all are busy, the next one is told so; other audiences have room of their own. */
static void when_all_are_busy_the_next_is_told(void **state)
{
    struct world *world = *state;
    struct client clients[MOST], next;
    int i;

    web_dynamic(world->web, WEB_PUBLIC, "/made", "text/plain", 1000, nothing, NULL);
    for (i = 0; i < MOST; i++) {
        clients[i] = client_connect(world, WEB_PUBLIC);
        client_get(&clients[i], "/made", "");
    }
    /* The loop does not run. */
    while (web_counters(world->web).requests[WEB_PUBLIC] < MOST)
        poll(NULL, 0, 1);
    next = client_connect(world, WEB_PUBLIC);
    client_get(&next, "/", "");
    while (!next.over) {
        client_look(&next);
        poll(NULL, 0, 1);
    }
    assert_true(next.in.len == 0 || status_of(buf_cstr(&next.in)) == 503);
    assert_int_equal(web_counters(world->web).refused, 1);
    assert_int_equal(status_of(get(world, WEB_METRICS, "/")), 404);
    for (i = 0; i < MOST; i++) {
        assert_string_equal(body_of(client_answer(world, &clients[i], true)), "made");
        client_close(&clients[i]);
    }
    client_close(&next);
}

static void all_ends_while_clients_hang(void **state)
{
    struct world *world = *state;
    uint8_t *bytes = mem_zalloc(WEB_PAGE, 1);
    struct client half = client_connect(world, WEB_PUBLIC), reads = half, idle;
    int64_t begin_ms;

    assert_int_equal(web_publish(world->web, WEB_PUBLIC, "/big", "a/b", bytes, WEB_PAGE), 0);
    client_say(&half, "GET / HT");
    reads = client_connect(world, WEB_PUBLIC);
    client_get(&reads, "/big", "");
    idle = client_connect(world, WEB_OPERATORS);
    UNTIL(world, web_counters(world->web).requests[WEB_PUBLIC] == 1);
    begin_ms = clock_boot_ms();
    world_close(world);
    assert_true(clock_boot_ms() - begin_ms < REQUEST_MS);
    while (!half.over || !reads.over || !idle.over) {
        client_look(&half);
        client_look(&reads);
        client_look(&idle);
    }
    client_close(&half);
    client_close(&reads);
    client_close(&idle);
    mem_free(bytes);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, opened, closed)
    const struct CMUnitTest tests[] = {
        WITH(a_slow_request_is_cut),
        WITH(an_idle_connection_ends_and_is_no_trouble),
        WITH(a_slow_reader_is_cut),
        WITH(rude_ones_do_no_harm),
        WITH(idle_ones_make_room),
        WITH(slow_readers_make_room),
        WITH(when_all_are_busy_the_next_is_told),
        WITH(all_ends_while_clients_hang),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
