/* An operator's HTTP: who is let in, and bytes both ways at the pace of the slower side. */
#include "world.h"

#include "base/check.h"
#include "base/mem.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define MUCH (8 << 20) /* more than all buffers on the way hold */
#define PIECE 10000

static struct world *world;

static int setup(void **state)
{
    world = world_new(2);
    world_open_all(world);
    return 0;
}

static int teardown(void **state)
{
    if (world->nodes[0].http >= 0)
        close(world->nodes[0].http);
    world_free(world);
    return 0;
}

/* Somebody of this role at n0's door. */
static struct rude *comes(const char *ou)
{
    struct rude *rude = rude_new(world, 0);

    world_issue(world, "op", "sato", ou);
    assert_true(rude_tls(rude, "op", "\x02h2" ALPN_HTTP));
    UNTIL(world, world->nodes[0].n_http == 1);
    return rude;
}

static void test_people_are_let_in(void **state)
{
    static const char *const roles[] = {"viewer", "operator", "admin"};
    struct node *node = &world->nodes[0];
    char bytes[8];
    struct rude *rude;
    size_t i;

    for (i = 0; i < ARRAY_LEN(roles); i++) {
        node->n_http = 0;
        rude = comes(roles[i]);
        assert_int_equal(rude_put(rude, "hello", 5), 5);
        UNTIL(world, recv(node->http, bytes, sizeof bytes, MSG_DONTWAIT | MSG_PEEK) == 5);
        assert_int_equal(recv(node->http, bytes, sizeof bytes, 0), 5);
        assert_memory_equal(bytes, "hello", 5);
        assert_int_equal(send(node->http, "welcome", 7, 0), 7);
        UNTIL(world, rude_take(rude, bytes, sizeof bytes) == 7);
        assert_memory_equal(bytes, "welcome", 7);
        rude_free(rude);
        UNTIL(world, recv(node->http, bytes, sizeof bytes, MSG_DONTWAIT) == 0);
        close(node->http);
        node->http = -1;
    }
    assert_int_equal(node->n_refused, 0);
}

static void refused(const char *name, const char *why)
{
    struct node *node = &world->nodes[0];
    struct rude *rude = rude_new(world, 0);

    rude_tls(rude, name, ALPN_HTTP);
    rude_until_over(rude);
    UNTIL(world, node->n_refused == 1);
    if (strstr(node->why, why) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", why, node->why);
    assert_int_equal(node->n_http, 0);
    rude_free(rude);
}

static void test_nodes_are_not(void **state)
{
    refused("n1", "\"n1\" has the role node; pages are for");
}

static void test_agents_are_not(void **state)
{
    world_issue(world, "ag", "ag1", "agent");
    refused("ag", "\"ag1\" has the role agent; pages are for");
}

static void test_nobody_without_a_certificate(void **state)
{
    refused(NULL, "shows no certificate");
}

static void test_nobody_where_there_are_no_pages(void **state)
{
    world_close(world, 0);
    world->no_http = true;
    world_open(world, 0);
    world_issue(world, "op", "sato", "admin");
    refused("op", "names no protocol of this port");
}

static uint8_t byte_at(size_t at)
{
    return (uint8_t)(at * 31 + at / 4099);
}

static void fill(uint8_t *bytes, size_t from, size_t len)
{
    for (size_t i = 0; i < len; i++)
        bytes[i] = byte_at(from + i);
}

static void assert_bytes(const uint8_t *bytes, size_t from, size_t len)
{
    for (size_t i = 0; i < len; i++)
        assert_int_equal(bytes[i], byte_at(from + i));
}

/* Puts until nothing goes any more for a while; how much went. */
static size_t put_until_full(struct rude *rude, size_t len)
{
    uint8_t bytes[PIECE];
    size_t done = 0, now;
    int in_vain = 0;

    while (done < len && in_vain < 4) {
        now = len - done < PIECE ? len - done : PIECE;
        fill(bytes, done, now);
        now = rude_put(rude, bytes, now);
        done += now;
        in_vain = now > 0 ? 0 : in_vain + 1;
        if (now == 0)
            world_step(world);
    }
    return done;
}

static void test_a_server_that_does_not_read_stops_the_operator(void **state)
{
    struct rude *rude = comes("viewer");
    int fd = world->nodes[0].http;
    uint8_t bytes[PIECE];
    size_t sent = put_until_full(rude, MUCH), had = 0;
    ssize_t len;

    assert_true(sent < MUCH);
    while (had < sent) {
        len = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (len < 0)
            world_step(world);
        else
            assert_bytes(bytes, had, (size_t)len);
        had += len > 0 ? (size_t)len : 0;
    }
    rude_free(rude);
}

static void test_an_operator_who_does_not_read_stops_the_server(void **state)
{
    struct rude *rude = comes("viewer");
    int fd = world->nodes[0].http, in_vain = 0;
    size_t sent = 0, had = 0, now;
    uint8_t bytes[PIECE];
    ssize_t len;

    while (sent < MUCH && in_vain < 4) {
        fill(bytes, sent, sizeof bytes);
        len = send(fd, bytes, sizeof bytes, MSG_DONTWAIT);
        sent += len > 0 ? (size_t)len : 0;
        in_vain = len > 0 ? 0 : in_vain + 1;
        if (len < 0)
            world_step(world);
    }
    assert_true(sent < MUCH);
    /* It is all there, also after the server has gone. */
    close(fd);
    world->nodes[0].http = -1;
    while (had < sent) {
        now = rude_take(rude, bytes, sizeof bytes);
        assert_false(rude->over);
        if (now == 0)
            world_step(world);
        assert_bytes(bytes, had, now);
        had += now;
    }
    UNTIL(world, (rude_take(rude, bytes, sizeof bytes), rude->over));
    assert_int_equal(world->nodes[0].n_refused, 0);
    rude_free(rude);
}

static void test_closing_takes_everybody_out(void **state)
{
    struct rude *rude = comes("viewer");
    char byte;

    put_until_full(rude, MUCH);
    world_close(world, 0);
    while (recv(world->nodes[0].http, &byte, 1, 0) > 0)
        ;
    rude_until_over(rude);
    rude_free(rude);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        WITH(test_people_are_let_in),
        WITH(test_nodes_are_not),
        WITH(test_agents_are_not),
        WITH(test_nobody_without_a_certificate),
        WITH(test_nobody_where_there_are_no_pages),
        WITH(test_a_server_that_does_not_read_stops_the_operator),
        WITH(test_an_operator_who_does_not_read_stops_the_server),
        WITH(test_closing_takes_everybody_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
