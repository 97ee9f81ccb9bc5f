/* Links that get on well: Raft frames, beats, requests, names, closing. */
#include "world.h"

#include "base/mem.h"

#include <string.h>
#include <unistd.h>

static uint8_t *pattern(size_t len)
{
    uint8_t *bytes = mem_alloc(len);

    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(i * 31 + i / 251);
    return bytes;
}

static void test_raft(void **state)
{
    static const size_t lens[] = {1, 2, 2044, 2045, 16384, 70000, LIMIT_FRAME};
    const size_t n = sizeof lens / sizeof lens[0];
    struct world *world = world_new(3);
    uint8_t *bytes = pattern(LIMIT_FRAME);
    struct node *to = &world->nodes[2];
    size_t at = 0;

    world_open_all(world);
    assert_int_equal(world->nodes[0].ups, 2);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(link_send_raft(world->nodes[1].link, 2, bytes, lens[i]), 0);
    assert_int_equal(link_send_raft(world->nodes[1].link, 2, bytes, LIMIT_FRAME + 1), ERR_LIMIT);
    UNTIL(world, to->n_frames == n);
    assert_int_equal(to->frame_from, 1);
    for (size_t i = 0; i < n; at += lens[i++])
        assert_memory_equal(to->frames.data + at, bytes, lens[i]);
    assert_int_equal(at, to->frames.len);
    assert_int_equal(link_counters(world->nodes[1].link).raft_sent, n);
    assert_int_equal(link_counters(world->nodes[1].link).raft_dropped, 1);
    assert_int_equal(link_counters(to->link).raft_received, n);
    assert_int_equal(link_send_raft(world->nodes[1].link, 1, bytes, 1), ERR_UNAVAILABLE);
    mem_free(bytes);
    world_free(world);
}

/* A peer that does not read costs at most LIMIT_SEND_QUEUE, and loses nothing that was
 * accepted when it reads again. */
static void test_queue(void **state)
{
    struct world *world = world_new(2);
    uint8_t *bytes = pattern(LIMIT_FRAME);
    unsigned accepted = 0;

    world_open_all(world);
    /* The loop does not run meanwhile: nobody reads. */
    while (link_send_raft(world->nodes[0].link, 1, bytes, LIMIT_FRAME) == 0)
        assert_true(++accepted < 64);
    assert_true(accepted >= 7);
    assert_int_equal(link_send_raft(world->nodes[0].link, 1, bytes, LIMIT_FRAME), ERR_LIMIT);
    assert_true(raft_up(world->nodes[0].link, 1));
    UNTIL(world, world->nodes[1].n_frames == accepted);
    assert_int_equal(link_send_raft(world->nodes[0].link, 1, bytes, LIMIT_FRAME), 0);
    mem_free(bytes);
    world_free(world);
}

static void test_beats(void **state)
{
    struct world *world = world_new(3);
    uint8_t *bytes = pattern(LIMIT_BEAT);

    world_open(world, 0);
    link_send_beat(world->nodes[0].link, 1, bytes, 5); /* no key yet: nothing */
    assert_int_equal(link_counters(world->nodes[0].link).beats_sent, 0);
    world_close(world, 0);
    world_open_all(world);
    for (int from = 0; from < 3; from++)
        for (int to = 0; to < 3; to++) {
            unsigned before = world->nodes[to].n_beats;

            if (from == to)
                continue;
            link_send_beat(world->nodes[from].link, to, bytes, LIMIT_BEAT);
            UNTIL(world, world->nodes[to].n_beats == before + 1);
            assert_int_equal(world->nodes[to].beat_from, from);
            assert_int_equal(world->nodes[to].beat.len, LIMIT_BEAT);
            assert_memory_equal(world->nodes[to].beat.data, bytes, LIMIT_BEAT);
        }
    link_send_beat(world->nodes[0].link, 0, bytes, 5);
    assert_int_equal(link_counters(world->nodes[0].link).beats_sent, 2);
    assert_int_equal(link_counters(world->nodes[0].link).beats_received, 2);
    assert_int_equal(link_counters(world->nodes[0].link).beats_bad, 0);
    mem_free(bytes);
    world_free(world);
}

struct answer {
    unsigned n;
    int code;
    struct buf bytes;
};

static void on_answer(void *context, int code, const uint8_t *bytes, size_t len)
{
    struct answer *answer = context;

    answer->n++;
    answer->code = code;
    buf_append(&answer->bytes, bytes, len);
}

static void ask(struct world *world, const char *text, int timeout_ms, struct answer *answer)
{
    link_request(world->nodes[0].link, 1, (const uint8_t *)text, strlen(text), timeout_ms,
                 on_answer, answer);
}

static void test_requests(void **state)
{
    struct world *world = world_new(2);
    struct answer answers[3] = {0}, late = {0}, large = {0};
    struct node *server = &world->nodes[1];
    uint8_t *bytes = pattern(LIMIT_FRAME);

    world_open_all(world);
    ask(world, "a", 5000, &answers[0]);
    ask(world, "b", 5000, &answers[1]);
    ask(world, "c", 5000, &answers[2]);
    UNTIL(world, server->n_calls == 3);
    assert_int_equal(server->role, LINK_NODE);
    assert_int_equal(server->asked_by, 0);
    assert_string_equal(server->name, "n0");
    assert_int_equal(world->nodes[1].link->n_inbound, 2); /* Raft, and one for all requests */
    for (int i = 2; i >= 0; i--)
        link_reply(server->calls[i], (const uint8_t *)"xyz" + i, 1);
    UNTIL(world, answers[0].n + answers[1].n + answers[2].n == 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(answers[i].code, 0);
        assert_int_equal(answers[i].bytes.data[0], "xyz"[i]);
        buf_free(&answers[i].bytes);
    }

    ask(world, "late", 60, &late);
    UNTIL(world, server->n_calls == 4 && late.n == 1);
    assert_int_equal(late.code, ERR_TIMEOUT);
    link_reply(server->calls[3], NULL, 0);

    server->echo = true;
    link_request(world->nodes[0].link, 1, bytes, LIMIT_FRAME - LINK_ID, 5000, on_answer, &large);
    UNTIL(world, large.n == 1);
    assert_int_equal(large.code, 0);
    assert_int_equal(large.bytes.len, LIMIT_FRAME - LINK_ID);
    assert_memory_equal(large.bytes.data, bytes, large.bytes.len);
    link_request(world->nodes[0].link, 1, bytes, LIMIT_FRAME, 5000, on_answer, &large);
    assert_int_equal(large.n, 1); /* never from inside */
    UNTIL(world, large.n == 2);
    assert_int_equal(large.code, ERR_LIMIT);
    assert_int_equal(late.n, 1);
    buf_free(&large.bytes);
    mem_free(bytes);
    world_free(world);
}

static void test_request_unreachable(void **state)
{
    struct world *world = world_new(2);
    struct answer answer = {0};

    world_open(world, 0);
    ask(world, "anybody?", 5000, &answer);
    UNTIL(world, answer.n == 1); /* refused by the kernel: no waiting for the time-out */
    assert_int_equal(answer.code, ERR_UNAVAILABLE);
    link_request(world->nodes[0].link, 0, (const uint8_t *)"me", 2, 100, on_answer, &answer);
    UNTIL(world, answer.n == 2);
    assert_int_equal(answer.code, ERR_UNAVAILABLE);
    world_open(world, 1);
    world->nodes[1].echo = true;
    ask(world, "now?", 5000, &answer);
    UNTIL(world, answer.n == 3);
    assert_int_equal(answer.code, 0);
    buf_free(&answer.bytes);
    world_free(world);
}

/* Closing with all sorts of things under way ends each request once and leaks nothing. */
static void test_close_in_flight(void **state)
{
    struct world *world = world_new(3);
    struct answer answers[2] = {0}, after = {0};
    struct node *server = &world->nodes[1];
    uint8_t *bytes = pattern(LIMIT_FRAME);
    struct link *link;

    world_open_all(world);
    ask(world, "a", 5000, &answers[0]);
    UNTIL(world, server->n_calls == 1);
    ask(world, "b", 5000, &answers[1]);
    for (int i = 0; i < 20; i++)
        link_send_raft(world->nodes[0].link, 1, bytes, LIMIT_FRAME);
    link_send_beat(world->nodes[0].link, 1, bytes, 100);
    link = world->nodes[0].link;
    world_close(world, 0);
    (void)link;
    assert_int_equal(answers[0].n, 1);
    assert_int_equal(answers[0].code, ERR_UNAVAILABLE);
    assert_int_equal(answers[1].n, 1);
    assert_int_equal(answers[1].code, ERR_UNAVAILABLE);
    UNTIL(world, server->downs == 1);
    /* The caller is gone; so is, for the second call, the link itself. */
    for (unsigned i = 0; i < server->n_calls; i++)
        if (i > 0)
            link_reply(server->calls[i], bytes, 10);
    world_close(world, 1);
    link_reply(server->calls[0], bytes, 10);
    assert_int_equal(after.n, 0);
    mem_free(bytes);
    world_free(world);
}

static void close_inside(void *context, int code, const uint8_t *bytes, size_t len)
{
    struct world *world = context;
    struct link *link = world->nodes[0].link;

    world->nodes[0].link = NULL;
    if (link != NULL)
        link_close(link, NULL, NULL);
}

static void test_close_from_callback(void **state)
{
    struct world *world = world_new(2);

    world_open_all(world);
    world->nodes[1].echo = true;
    for (int i = 0; i < 5; i++)
        link_request(world->nodes[0].link, 1, (const uint8_t *)"x", 1, 1000, close_inside, world);
    UNTIL(world, world->nodes[0].link == NULL && !raft_up(world->nodes[1].link, 0));
    world_free(world);
}

static void test_close_while_dialling(void **state)
{
    struct world *world = world_new(2);

    for (unsigned steps = 0; steps < 12; steps++) {
        world_open(world, 0);
        world_open(world, 1);
        for (unsigned i = 0; i < steps; i++)
            world_step(world);
        world_close(world, 0);
        world_close(world, 1);
    }
    world_free(world);
}

static void talk(struct world *world)
{
    world_open_all(world);
    link_send_raft(world->nodes[0].link, 1, (const uint8_t *)"hi", 2);
    link_send_beat(world->nodes[1].link, 0, (const uint8_t *)"ho", 2);
    UNTIL(world, world->nodes[1].n_frames == 1 && world->nodes[0].n_beats == 1);
    world_free(world);
}

static void test_host_names(void **state)
{
    struct world *world = world_new(2);

    for (int i = 0; i < 2; i++)
        strcpy(world->options.peers[i].host, "localhost");
    world->options.bind_host = "::";
    talk(world);
}

static void test_ipv6(void **state)
{
    struct world *world = world_new(2);
    union address address;
    int fd = socket(AF_INET6, SOCK_STREAM, 0);

    address_parse("::1", 0, &address);
    if (fd < 0 || bind(fd, &address.any, sizeof address.v6) != 0) {
        if (fd >= 0)
            close(fd);
        world_free(world);
        skip();
    }
    close(fd);
    for (int i = 0; i < 2; i++)
        strcpy(world->options.peers[i].host, "::1");
    talk(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_raft),
        cmocka_unit_test(test_queue),
        cmocka_unit_test(test_beats),
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_request_unreachable),
        cmocka_unit_test(test_close_in_flight),
        cmocka_unit_test(test_close_from_callback),
        cmocka_unit_test(test_close_while_dialling),
        cmocka_unit_test(test_host_names),
        cmocka_unit_test(test_ipv6),
    };

    return cmocka_run_group_tests_name("link-talk", tests, NULL, NULL);
}
