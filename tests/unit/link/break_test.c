/* What breaks and comes back: TCP, keys, nodes, certificates. */
#include "base/clock.h"
#include "world.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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

static void send_beat(int from, const char *text)
{
    link_send_beat(world->nodes[from].link, 1 - from, (const uint8_t *)text, strlen(text));
}

static void beat_arrives(int from, const char *text)
{
    struct node *to = &world->nodes[1 - from];
    unsigned before = to->n_beats;

    send_beat(from, text);
    UNTIL(world, to->n_beats == before + 1);
    assert_int_equal(to->beat.len, strlen(text));
    assert_memory_equal(to->beat.data, text, to->beat.len);
}

static struct dialler *dialler(int from)
{
    return &world->nodes[from].link->peers[1 - from].raft;
}

static void cut_tcp(int from)
{
    conn_end(dialler(from)->conn, ERR_UNAVAILABLE, "cut by the test");
    assert_false(raft_up(world->nodes[from].link, 1 - from));
}

/* The old key goes on while TCP is down, and the new one takes over when it is back. */
static void test_key_outlives_tcp(void **state)
{
    struct node *n0 = &world->nodes[0];
    struct beat_key *old = n0->link->peers[1].seal;

    beat_arrives(0, "before");
    cut_tcp(0);
    dialler(0)->due_ms = UINT64_MAX; /* no dialling for now */
    UNTIL(world, world->nodes[1].link->peers[0].raft_in == NULL);
    for (int i = 0; i < 5; i++)
        beat_arrives(0, "without TCP");
    assert_ptr_equal(n0->link->peers[1].seal, old);
    dialler(0)->due_ms = 0;
    UNTIL(world, raft_up(n0->link, 1));
    beat_arrives(0, "after");
    assert_int_equal(world->nodes[1].link->peers[0].ring.n, 1);
    assert_int_equal(link_counters(world->nodes[1].link).beats_bad, 0);
    assert_int_equal(n0->ups, 2);
    assert_int_equal(n0->downs, 1);
}

/* A listener that has the new key before the dialler knows it still opens the old. */
static void test_key_before_welcome(void **state)
{
    struct link *receiver = world->nodes[1].link;

    beat_arrives(0, "one");
    cut_tcp(0);
    UNTIL(world, receiver->peers[0].ring.n == 2);
    send_beat(0, "two"); /* under either key, as far as the dialler has come */
    UNTIL(world, world->nodes[1].n_beats == 2);
    UNTIL(world, raft_up(world->nodes[0].link, 1));
    beat_arrives(0, "three");
}

static void raw_datagram(int to, const void *bytes, size_t len)
{
    const struct link_peer *peer = &world->options.peers[to];
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    union address address;

    assert_int_equal(address_parse(peer->host, peer->port, &address), 0);
    assert_int_equal(sendto(fd, bytes, len, 0, &address.any, sizeof address.v4), len);
    close(fd);
}

static void test_replayed_and_forged(void **state)
{
    struct node *to = &world->nodes[1];
    uint8_t datagram[BEAT_DATAGRAM + 100] = {0};
    size_t len =
        beat_seal(world->nodes[0].link->peers[1].seal, (const uint8_t *)"beat", 4, datagram);

    raw_datagram(1, datagram, len);
    UNTIL(world, to->n_beats == 1);
    raw_datagram(1, datagram, len);
    UNTIL(world, link_counters(to->link).beats_replayed == 1);
    beat_arrives(0, "next");
    len = beat_seal(world->nodes[0].link->peers[1].seal, (const uint8_t *)"beat", 4, datagram);
    datagram[BEAT_HEAD + 1] ^= 1;
    raw_datagram(1, datagram, len);
    raw_datagram(1, datagram, 0);
    raw_datagram(1, "garbage", 7);
    raw_datagram(1, datagram, sizeof datagram);
    /* Sealed for n1, and sent back to n0. */
    datagram[BEAT_HEAD + 1] ^= 1;
    raw_datagram(0, datagram, len);
    UNTIL(world, link_counters(to->link).beats_bad == 4);
    UNTIL(world, link_counters(world->nodes[0].link).beats_bad == 1);
    assert_int_equal(to->n_beats, 2);
    assert_int_equal(link_counters(to->link).beats_received, 2);
}

static void test_restart(void **state)
{
    struct node *n0 = &world->nodes[0], *n1 = &world->nodes[1];

    beat_arrives(0, "before");
    world_close(world, 1);
    UNTIL(world, n0->downs == 1);
    send_beat(0, "to nobody");
    world_open(world, 1);
    UNTIL(world, raft_up(n0->link, 1) && raft_up(n1->link, 0));
    beat_arrives(0, "after");
    beat_arrives(1, "after, back");
    assert_int_equal(link_send_raft(n0->link, 1, (const uint8_t *)"x", 1), 0);
    UNTIL(world, n1->n_frames == 1);
}

/* Waiting between attempts stays short, and a beat ends it. */
static void test_redial(void **state)
{
    struct node *n0 = &world->nodes[0];

    world_close(world, 1);
    UNTIL(world, dialler(0)->failures >= 5);
    assert_true(dialler(0)->due_ms <= link_now(n0->link) + 1000);
    world_open(world, 1);
    UNTIL(world, raft_up(world->nodes[1].link, 0));
    if (!raft_up(n0->link, 1) && dialler(0)->conn == NULL) {
        dialler(0)->due_ms = UINT64_MAX; /* only a beat can help now */
        beat_arrives(1, "alive");
    }
    UNTIL(world, raft_up(n0->link, 1));
}

/* A second Raft connection from the same node ends the first. */
static void test_newer_replaces(void **state)
{
    struct node *n1 = &world->nodes[1];
    struct rude *first, *second;
    uint8_t byte[8];

    world_close(world, 0); /* it would dial again, and be the newer one */
    UNTIL(world, n1->link->n_inbound == 0);
    first = rude_new(world, 1);
    assert_true(rude_tls(first, "n0", ALPN_RAFT));
    assert_int_equal(rude_read(first, byte, sizeof byte), 0); /* the welcome is empty */
    assert_false(first->over);
    assert_true(rude_frame(first, 3, "one", 3));
    UNTIL(world, n1->n_frames == 1);
    second = rude_new(world, 1);
    assert_true(rude_tls(second, "n0", ALPN_RAFT));
    rude_until_over(first);
    assert_true(rude_frame(second, 3, "two", 3));
    UNTIL(world, n1->n_frames == 2);
    assert_int_equal(n1->n_refused, 0);
    assert_int_equal(n1->link->n_inbound, 1);
    rude_free(first);
    rude_free(second);
}

static long serial_shown(int node)
{
    struct rude *rude = rude_new(world, node);
    X509 *cert;
    long serial;

    assert_true(rude_tls(rude, "n1", ALPN_ADMIN));
    cert = SSL_get1_peer_certificate(rude->ssl);
    serial = ASN1_INTEGER_get(X509_get0_serialNumber(cert));
    X509_free(cert);
    rude_free(rude);
    return serial;
}

static void test_reload(void **state)
{
    struct link *link = world->nodes[0].link;
    int64_t ends_ms = link_certificate_ends_ms(link);
    long before = serial_shown(0);
    struct err err;
    FILE *file;

    assert_in_range(ends_ms - clock_utc_ms(), 3000000, 3600000);
    authority_issue(world->authority, "n0", "node", -3600, 7200, world->cert[0], world->key[0]);
    assert_int_equal(serial_shown(0), before);
    assert_int_equal(link_reload(link, &err), 0);
    assert_in_range(link_certificate_ends_ms(link) - ends_ms, 3599000, 3700000);
    assert_true(serial_shown(0) > before);
    before = serial_shown(0);
    file = fopen(world->cert[0], "w");
    fputs("no certificate\n", file);
    fclose(file);
    assert_int_equal(link_reload(link, &err), ERR_IO);
    assert_non_null(strstr(err.text, world->cert[0]));
    assert_int_equal(serial_shown(0), before);
    /* Old connections stayed. */
    assert_int_equal(world->nodes[0].downs + world->nodes[1].downs, 0);
    beat_arrives(0, "still");
    cut_tcp(0);
    UNTIL(world, raft_up(link, 1));
}

/* A Raft connection whose other side breaks off is seen by its dialler, who sends
 * nothing at the moment. */
static void test_eof_seen(void **state)
{
    struct node *n0 = &world->nodes[0], *n1 = &world->nodes[1];

    conn_end(n1->link->peers[0].raft_in->conn, 0, "cut by the test");
    UNTIL(world, n0->downs == 1);
    UNTIL(world, raft_up(n0->link, 1));
}

#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(test_key_outlives_tcp),
        WITH_WORLD(test_key_before_welcome),
        WITH_WORLD(test_replayed_and_forged),
        WITH_WORLD(test_restart),
        WITH_WORLD(test_redial),
        WITH_WORLD(test_newer_replaces),
        WITH_WORLD(test_reload),
        WITH_WORLD(test_eof_seen),
    };

    return cmocka_run_group_tests_name("link-break", tests, NULL, NULL);
}
