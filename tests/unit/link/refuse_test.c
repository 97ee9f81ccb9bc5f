/* Whoever may not come in gets a refusal in words, and the node goes on. */
#include "world.h"

#include "base/mem.h"

#include <string.h>

static struct world *world;

static int setup(void **state)
{
    world = world_new(2);
    world_open_all(world);
    return 0;
}

static int teardown(void **state)
{
    world_free(world);
    return 0;
}

/* n0 refused something, for a reason with `text` in it, and still serves n1. */
static void assert_refused(const char *text)
{
    struct node *node = &world->nodes[0];
    unsigned frames = node->n_frames;

    UNTIL(world, node->n_refused == 1);
    if (strstr(node->why, text) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", text, node->why);
    assert_int_equal(link_counters(node->link).refused, 1);
    assert_true(raft_up(world->nodes[1].link, 0));
    assert_int_equal(link_send_raft(world->nodes[1].link, 0, (const uint8_t *)"x", 1), 0);
    UNTIL(world, node->n_frames == frames + 1);
}

static void refused_tls(const char *name, const char *alpn, const char *text)
{
    struct rude *rude = rude_new(world, 0);

    rude_tls(rude, name, alpn);
    rude_until_over(rude);
    assert_refused(text);
    rude_free(rude);
}

static void other_authority(const char *cn, const char *ou)
{
    char ca[PATH_ROOM], cert[PATH_ROOM], key[PATH_ROOM];
    struct authority *other;

    world_path(world, "other-ca.pem", ca);
    world_path(world, "other.pem", cert);
    world_path(world, "other.key", key);
    other = authority_new(ca);
    authority_issue(other, cn, ou, -3600, 3600, cert, key);
    authority_free(other);
}

static void test_unknown_ca(void **state)
{
    other_authority("n1", "node");
    refused_tls("other", ALPN_RAFT, "certificate of \"n1\"");
}

static void issue_for(const char *ou, long begin_s, long end_s)
{
    char cert[PATH_ROOM], key[PATH_ROOM];

    world_path(world, "odd.pem", cert);
    world_path(world, "odd.key", key);
    authority_issue(world->authority, "n1", ou, begin_s, end_s, cert, key);
}

static void test_expired(void **state)
{
    issue_for("node", -7200, -3600);
    refused_tls("odd", ALPN_RAFT, "expired");
}

static void test_not_yet_valid(void **state)
{
    issue_for("node", 3600, 7200);
    refused_tls("odd", ALPN_RAFT, "not yet valid");
}

static void test_operator_on_raft(void **state)
{
    world_issue(world, "op", "sato", "operator");
    refused_tls("op", ALPN_RAFT, "\"sato\" has the role operator");
}

static void test_operator_on_peer(void **state)
{
    world_issue(world, "op", "n1", "operator");
    refused_tls("op", ALPN_PEER, "has the role operator");
}

static void test_unknown_role(void **state)
{
    world_issue(world, "op", "sato", "emperor");
    refused_tls("op", ALPN_ADMIN, "OU must be");
}

static void test_no_role(void **state)
{
    world_issue(world, "op", "sato", NULL);
    refused_tls("op", ALPN_ADMIN, "OU must be");
}

static void test_stranger_node(void **state)
{
    world_issue(world, "n9", "n9", "node");
    refused_tls("n9", ALPN_RAFT, "\"n9\" is no coordinator");
}

static void test_stranger_node_admin(void **state)
{
    world_issue(world, "n9", "n9", "node");
    refused_tls("n9", ALPN_ADMIN, "\"n9\" is no coordinator");
}

static void test_own_certificate(void **state)
{
    refused_tls("n0", ALPN_RAFT, "own certificate");
}

static void test_unprintable_name(void **state)
{
    world_issue(world, "op", "sa\nto", "operator");
    refused_tls("op", ALPN_ADMIN, "CN");
}

static void test_no_certificate(void **state)
{
    refused_tls(NULL, ALPN_ADMIN, "shows no certificate");
}

static void test_no_alpn(void **state)
{
    refused_tls("n1", NULL, "ALPN");
}

static void test_unknown_alpn(void **state)
{
    refused_tls("n1", "\x02h2", "ALPN");
}

static void refused_raw(const char *bytes, const char *text)
{
    struct rude *rude = rude_new(world, 0);

    rude_raw(rude, bytes, strlen(bytes));
    rude_until_over(rude);
    assert_refused(text);
    rude_free(rude);
}

static void test_garbage(void **state)
{
    refused_raw("garbage, garbage and nothing but garbage\n", "does not speak TLS");
}

static void test_http(void **state)
{
    refused_raw("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "does not speak TLS");
}

static void test_half_open(void **state)
{
    struct rude *rude = rude_new(world, 0);
    int64_t began_ms = clock_boot_ms();

    rude_raw(rude, "\x16\x03\x01", 3);
    rude_until_over(rude);
    assert_true(clock_boot_ms() - began_ms >= LIMIT_HANDSHAKE_MS - 1); /* of another clock */
    assert_refused("handshake takes too long");
    rude_free(rude);
}

/* A port scan is no break-in. */
static void test_scan(void **state)
{
    struct rude *rude = rude_new(world, 0);

    UNTIL(world, world->nodes[0].link->n_inbound == 2);
    rude_free(rude);
    UNTIL(world, world->nodes[0].link->n_inbound == 1);
    assert_int_equal(world->nodes[0].n_refused, 0);
}

static struct rude *admin(void)
{
    struct rude *rude = rude_new(world, 0);

    world_issue(world, "op", "佐藤", "operator");
    assert_true(rude_tls(rude, "op", ALPN_ADMIN));
    return rude;
}

static void test_admin(void **state)
{
    struct rude *rude = admin();
    uint8_t answer[64];

    world->nodes[0].echo = true;
    assert_true(rude_frame(rude, 13, "12345678hello", 13));
    assert_int_equal(rude_read(rude, answer, sizeof answer), 13);
    assert_memory_equal(answer, "12345678hello", 13);
    assert_int_equal(world->nodes[0].role, LINK_OPERATOR);
    assert_int_equal(world->nodes[0].asked_by, -1);
    assert_string_equal(world->nodes[0].name, "佐藤");
    /* A byte at a time is a request too. */
    for (int i = 0; i < 12; i++) {
        assert_int_equal(SSL_write(rude->ssl,
                                   "\0\0\0\x08"
                                   "abcdefgh" +
                                       i,
                                   1),
                         1);
        world_step(world);
    }
    assert_int_equal(rude_read(rude, answer, sizeof answer), 8);
    assert_memory_equal(answer, "abcdefgh", 8);
    assert_int_equal(world->nodes[0].n_refused, 0);
    rude_free(rude);
}

static void test_oversized(void **state)
{
    struct rude *rude = admin();

    rude_frame(rude, LIMIT_FRAME + 1, "", 0);
    rude_until_over(rude);
    assert_refused("frame longer");
    rude_free(rude);
}

static void test_no_number(void **state)
{
    struct rude *rude = admin();

    rude_frame(rude, 7, "1234567", 7);
    rude_until_over(rude);
    assert_refused("without a number");
    rude_free(rude);
}

static void test_too_many_calls(void **state)
{
    struct rude *rude = admin();

    for (int i = 0; i < 257; i++)
        rude_frame(rude, 8, "abcdefgh", 8);
    rude_until_over(rude);
    assert_refused("too many requests");
    assert_int_equal(world->nodes[0].n_calls, 256);
    for (unsigned i = 0; i < world->nodes[0].n_calls; i++)
        link_reply(world->nodes[0].calls[i], NULL, 0);
    rude_free(rude);
}

static void test_slow_reader(void **state)
{
    uint8_t *bytes = mem_zalloc(1, LIMIT_FRAME);
    struct rude *rude = admin();
    struct node *node = &world->nodes[0];

    for (int i = 0; i < 30; i++)
        rude_frame(rude, 8, "abcdefgh", 8);
    UNTIL(world, node->n_calls == 30);
    for (unsigned i = 0; i < 30; i++)
        link_reply(node->calls[i], bytes, LIMIT_FRAME - LINK_ID);
    assert_refused("does not read its answers");
    mem_free(bytes);
    rude_free(rude);
}

static void test_garbage_inside_tls(void **state)
{
    struct rude *rude = admin();

    rude_raw(rude, "no record at all", 16);
    rude_until_over(rude);
    assert_refused("");
    rude_free(rude);
}

/* Whatever the number, memory and log lines stay bounded and coordinators get in. */
static void test_flood(void **state)
{
    enum { N = LIMIT_CONNECTIONS + 20 };
    struct rude *crowd[N];
    struct node *node = &world->nodes[0];

    for (int i = 0; i < N; i++) {
        crowd[i] = rude_new(world, 0);
        uv_run(&world->loop, UV_RUN_NOWAIT);
    }
    /* From an address of no coordinator: half of the connections are theirs. */
    UNTIL(world, node->n_refused == N - LIMIT_CONNECTIONS / 2);
    assert_string_equal(node->why, "too many connections");
    assert_int_equal(node->link->n_inbound, LIMIT_CONNECTIONS / 2 + 1);
    assert_int_equal(node->link->refusals.lines, 3);
    assert_int_equal(node->link->refusals.silent, node->n_refused - 3);
    world_close(world, 1);
    world_open(world, 1);
    UNTIL(world, raft_up(world->nodes[1].link, 0));
    for (int i = 0; i < N; i++)
        rude_free(crowd[i]);
    UNTIL(world, node->link->n_strangers == 0);
}

/* Somebody without a certificate on a coordinator's machine. */
static void test_flood_from_a_coordinator(void **state)
{
    enum { N = LIMIT_CONNECTIONS / 8 + 20 };
    struct rude *crowd[N];
    struct node *node = &world->nodes[0];

    for (int i = 0; i < N; i++) {
        crowd[i] = rude_new_at(world, 0, world->options.peers[1].host);
        uv_run(&world->loop, UV_RUN_NOWAIT);
    }
    UNTIL(world, node->n_refused >= 20);
    assert_string_equal(node->why, "too many connections");
    assert_true(node->link->n_inbound <= LIMIT_CONNECTIONS / 8 + 1);
    for (int i = 0; i < N; i++)
        rude_free(crowd[i]);
}

/* --- the dialler's side --- */

static void test_wrong_name_answers(void **state)
{
    struct world *odd = world_new(3);

    /* n2's certificate on n1's address. */
    odd->options.peers[2] = odd->options.peers[1];
    strcpy(odd->options.peers[2].name, "n2");
    world_open(odd, 2);
    world_open(odd, 0);
    UNTIL(odd, odd->nodes[0].n_refused > 0 && raft_up(odd->nodes[0].link, 2));
    assert_string_equal(odd->nodes[0].why, "\"n2\" answers where \"n1\" should be");
    assert_false(raft_up(odd->nodes[0].link, 1));
    UNTIL(odd, odd->nodes[2].n_refused > 0);
    assert_non_null(strstr(odd->nodes[2].why, "the other side refuses"));
    world_free(odd);
}

/* The listener's certificate expired after it started, say: both sides refuse. */
static void test_listener_of_other_ca(void **state)
{
    struct world *odd = world_new(2);
    struct authority *other;
    char ca[PATH_ROOM];

    world_path(odd, "other-ca.pem", ca);
    other = authority_new(ca);
    authority_issue(other, "n1", "node", -3600, 3600, odd->cert[1], odd->key[1]);
    world_open(odd, 0);
    strcpy(odd->ca, ca);
    world_open(odd, 1);
    UNTIL(odd, odd->nodes[0].n_refused > 1 && odd->nodes[1].n_refused > 1);
    assert_false(raft_up(odd->nodes[0].link, 1));
    assert_false(raft_up(odd->nodes[1].link, 0));
    assert_int_equal(odd->nodes[0].ups + odd->nodes[1].ups, 0);
    authority_free(other);
    world_free(odd);
}

/* --- our own files --- */

static void open_fails(struct world *odd, int code, const char *text)
{
    struct err err;

    assert_int_equal(world_open_err(odd, 0, &err), code);
    if (strstr(err.text, text) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", text, err.text);
}

static void test_own_files(void **state)
{
    struct world *odd = world_new(2);
    char good_key[PATH_ROOM], good_ca[PATH_ROOM];
    struct authority *other;

    strcpy(good_key, odd->key[0]);
    strcpy(good_ca, odd->ca);
    strcpy(odd->key[0], odd->key[1]);
    open_fails(odd, ERR_IO, "mismatch");
    strcpy(odd->key[0], "/nowhere/at/all");
    open_fails(odd, ERR_IO, "No such file");
    strcpy(odd->key[0], good_key);
    world_path(odd, "other-ca.pem", odd->ca);
    other = authority_new(odd->ca);
    authority_free(other);
    open_fails(odd, ERR_INVALID, "against CA");
    strcpy(odd->ca, good_ca);
    authority_issue(odd->authority, "n0", "node", -7200, -60, odd->cert[0], odd->key[0]);
    open_fails(odd, ERR_INVALID, "expired");
    authority_issue(odd->authority, "n7", "node", -60, 60, odd->cert[0], odd->key[0]);
    open_fails(odd, ERR_INVALID, "CN must be \"n0\"");
    authority_issue(odd->authority, "n0", "admin", -60, 60, odd->cert[0], odd->key[0]);
    open_fails(odd, ERR_INVALID, "OU must be \"node\"");
    world_issue(odd, "n0", "n0", "node");
    strcpy(odd->options.peers[0].host, "192.0.2.1");
    open_fails(odd, ERR_IO, "192.0.2.1");
    world_free(odd);
}

#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(test_unknown_ca),
        WITH_WORLD(test_expired),
        WITH_WORLD(test_not_yet_valid),
        WITH_WORLD(test_operator_on_raft),
        WITH_WORLD(test_operator_on_peer),
        WITH_WORLD(test_unknown_role),
        WITH_WORLD(test_no_role),
        WITH_WORLD(test_stranger_node),
        WITH_WORLD(test_stranger_node_admin),
        WITH_WORLD(test_own_certificate),
        WITH_WORLD(test_unprintable_name),
        WITH_WORLD(test_no_certificate),
        WITH_WORLD(test_no_alpn),
        WITH_WORLD(test_unknown_alpn),
        WITH_WORLD(test_garbage),
        WITH_WORLD(test_http),
        WITH_WORLD(test_half_open),
        WITH_WORLD(test_scan),
        WITH_WORLD(test_admin),
        WITH_WORLD(test_oversized),
        WITH_WORLD(test_no_number),
        WITH_WORLD(test_too_many_calls),
        WITH_WORLD(test_slow_reader),
        WITH_WORLD(test_garbage_inside_tls),
        WITH_WORLD(test_flood),
        WITH_WORLD(test_flood_from_a_coordinator),
        cmocka_unit_test(test_wrong_name_answers),
        cmocka_unit_test(test_listener_of_other_ca),
        cmocka_unit_test(test_own_files),
    };

    return cmocka_run_group_tests_name("link-refuse", tests, NULL, NULL);
}
