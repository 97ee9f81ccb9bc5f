/* The DNS driver against a real named and a real knotd: every test runs with both. */
#include "real.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <sys/stat.h>
#include <cmocka.h>

static enum dns_kind kind_of(void **state)
{
    return *(const enum dns_kind *)*state;
}

static struct world *open_world(void **state, int pool)
{
    struct world *world;

    if (real_skipped())
        skip();
    world = world_new(pool);
    real_dns(world, kind_of(state));
    return world;
}

static void moves_and_repeats(void **state)
{
    struct world *world = open_world(state, 2);
    struct act_order order = world_order(world, 1, 0, 0, world_all(world, 0));
    struct act_result result;

    assert_string_equal(real_records(world), "127.0.0.2 |");
    result = world_run(&order);
    assert_int_equal(result.code, 0);
    assert_true(result.changed);
    assert_int_equal(result.seen_epoch, 0);
    assert_string_equal(real_records(world), "127.0.1.1 127.0.1.2 | \"epoch=1 step=0\"");
    world_ok(&order, false);
    order = world_order(world, 2, 0, 1, world_all(world, 1));
    result = world_run(&order);
    assert_true(result.code == 0 && result.changed);
    assert_int_equal(result.seen_epoch, 1);
    assert_string_equal(real_records(world), "127.0.2.1 127.0.2.2 | \"epoch=2 step=0\"");
    world_ok(&order, false);
    world_free(world);
}

static void pool_follows_members(void **state)
{
    struct world *world = open_world(state, 3);
    struct act_order order = world_order(world, 1, 0, 0, world_all(world, 0));

    world_ok(&order, true);
    order = world_order(world, 1, 1, 0, server_bit(0) | server_bit(2));
    world_ok(&order, true);
    assert_string_equal(real_records(world), "127.0.1.1 127.0.1.3 | \"epoch=1 step=1\"");
    order = world_order(world, 1, 2, 0, world_all(world, 0));
    world_ok(&order, true);
    assert_string_equal(real_records(world), "127.0.1.1 127.0.1.2 127.0.1.3 | \"epoch=1 step=2\"");
    world_free(world);
}

static void both_families(void **state)
{
    struct world *world = open_world(state, 2);
    struct act_order order = world_order(world, 1, 0, 0, world_all(world, 0));

    snprintf(world->model->servers[1].host, LIMIT_NAME, "fd00::12");
    world_ok(&order, true);
    assert_string_equal(real_records(world), "127.0.1.1 fd00::12 | \"epoch=1 step=0\"");
    world_ok(&order, false);
    /* The IPv6 member leaves, and its record with it. */
    order = world_order(world, 1, 1, 0, server_bit(0));
    world_ok(&order, true);
    assert_string_equal(real_records(world), "127.0.1.1 | \"epoch=1 step=1\"");
    world_free(world);
}

static void stale_is_refused(void **state)
{
    struct world *world = open_world(state, 1);
    struct act_order order = world_order(world, 3, 2, 0, world_all(world, 0));
    struct act_result result;

    world_ok(&order, true);
    order = world_order(world, 3, 1, 1, world_all(world, 1));
    world_fails(&order, ERR_STALE, "3.2");
    order = world_order(world, 2, 7, 1, world_all(world, 1));
    result = world_run(&order);
    assert_int_equal(result.code, ERR_STALE);
    assert_int_equal(result.seen_epoch, 3);
    assert_int_equal(result.seen_step, 2);
    assert_string_equal(real_records(world), "127.0.1.1 | \"epoch=3 step=2\"");
    world_free(world);
}

/* A restart keeps what was said; a server put back to its first zone is told again. */
static void restart_keeps_or_forgets(void **state)
{
    struct world *world = open_world(state, 1);
    struct act_order order = world_order(world, 5, 0, 1, world_all(world, 1));

    world_ok(&order, true);
    real_stop(world);
    world_fails(&order, ERR_IO, "refused");
    real_dns_again(world, kind_of(state), false);
    world_ok(&order, false);
    real_kill(world);
    real_dns_again(world, kind_of(state), true);
    assert_string_equal(real_records(world), "127.0.0.2 |");
    world_ok(&order, true);
    assert_string_equal(real_records(world), "127.0.2.1 | \"epoch=5 step=0\"");
    world_free(world);
}

static int never(void *context, const struct act_order *order, int64_t since_ms)
{
    assert_true(since_ms == ACT_NO_TOKEN);
    ++*(int *)context;
    return -1;
}

static void may_forbids(void **state)
{
    struct world *world = open_world(state, 1);
    struct act_order order = world_order(world, 1, 0, 1, world_all(world, 1));
    int asked = 0;
    struct act_result result = world_run_may(&order, never, &asked);

    assert_int_equal(result.code, ERR_UNAVAILABLE);
    assert_int_equal(asked, 1);
    assert_string_equal(real_records(world), "127.0.0.2 |");
    world_free(world);
}

static void keys_are_checked(void **state)
{
    struct world *world = open_world(state, 1);
    struct act_order order = world_order(world, 1, 0, 1, world_all(world, 1));
    struct actuator right = *world->actuator;
    char path[256];

    real_write(world, "tsig.key", "c29tZXRoaW5nIGVsc2UgYWx0b2dldGhlciBpdCBpcw==");
    world_fails(&order, ERR_DENIED, "BADSIG");
    real_write(world, "tsig.key", "%s", world->secret);
    snprintf(world->actuator->tsig_name, LIMIT_NAME, "stranger");
    world_fails(&order, ERR_DENIED, "BADKEY");
    /* A key that is known and may not update. */
    snprintf(world->actuator->tsig_name, LIMIT_NAME, "reader");
    world_fails(&order, ERR_DENIED, "may not");
    *world->actuator = right;
    snprintf(world->actuator->tsig_algorithm, LIMIT_NAME, "hmac-sha512");
    world_fails(&order, ERR_DENIED, "BADKEY");
    snprintf(world->actuator->tsig_algorithm, LIMIT_NAME, "hmac-md5");
    world_fails(&order, ERR_INVALID, "hmac-md5");
    *world->actuator = right;
    snprintf(path, sizeof path, "%s/tsig.key", world->dir);
    assert_int_equal(chmod(path, 0604), 0);
    world_fails(&order, ERR_INVALID, "0600");
    snprintf(world->actuator->tsig_file, LIMIT_TEXT, "%s/none.key", world->dir);
    world_fails(&order, ERR_IO, "none.key");
    assert_string_equal(real_records(world), "127.0.0.2 |");
    /* BIND's file format does as well. */
    real_write(world, "bind.key",
               "key \"kirikae\" {\n\talgorithm hmac-sha256;\n\tsecret \"%s\";\n};\n",
               world->secret);
    snprintf(world->actuator->tsig_file, LIMIT_TEXT, "%s/bind.key", world->dir);
    snprintf(world->actuator->tsig_algorithm, LIMIT_NAME, "HMAC-SHA256.");
    world_ok(&order, true);
    world_free(world);
}

static void zones_are_checked(void **state)
{
    struct world *world = open_world(state, 1);
    struct act_order order = world_order(world, 1, 0, 1, world_all(world, 1));
    struct actuator right = *world->actuator;

    snprintf(world->actuator->zone, LIMIT_TEXT, "other.example");
    world_fails(&order, ERR_INVALID, "is not in zone");
    snprintf(world->actuator->record, LIMIT_TEXT, "sip.other.example");
    world_fails(&order, ERR_DENIED, "REFUSED");
    *world->actuator = right;
    /* The reads succeed, the update names a zone that is not there. */
    snprintf(world->actuator->zone, LIMIT_TEXT, "example");
    world_fails(&order, ERR_DENIED, "NOTAUTH");
    *world->actuator = right;
    snprintf(world->actuator->record, LIMIT_TEXT, "other.call.example");
    world_fails(&order, ERR_DENIED, "may not");
    *world->actuator = right;
    snprintf(world->actuator->record, LIMIT_TEXT, "sip..call.example");
    world_fails(&order, ERR_INVALID, "no domain name");
    *world->actuator = right;
    snprintf(world->model->servers[1].host, LIMIT_NAME, "mirror-1.example");
    world_fails(&order, ERR_INVALID, "no address");
    assert_string_equal(real_records(world), "127.0.0.2 |");
    world_free(world);
}

/* What ldns takes for the time when it signs: this stands before the C library's. */
static time_t wrong_by_s;
int gettimeofday(struct timeval *restrict into, void *restrict zone)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    *into = (struct timeval){now.tv_sec + wrong_by_s, now.tv_nsec / 1000};
    return 0;
}

static void a_wrong_clock_is_told(void **state)
{
    struct world *world = open_world(state, 1);
    struct act_order order = world_order(world, 1, 0, 1, world_all(world, 1));

    wrong_by_s = 3600;
    world_fails(&order, ERR_DENIED, "BADTIME");
    wrong_by_s = -3600;
    world_fails(&order, ERR_DENIED, "BADTIME");
    wrong_by_s = 0;
    world_ok(&order, true);
    world_free(world);
}

/* More than fits into a datagram, both ways: TCP. */
static void many_addresses(void **state)
{
    struct world *world = open_world(state, 32);
    struct candidate *candidate = &world->route->candidates[1];
    struct act_order order = world_order(world, 1, 0, 1, ~(server_set)0);
    const char *records;

    candidate->members = mem_realloc(candidate->members, 64, sizeof *candidate->members);
    candidate->n_members = 64;
    for (int s = 0; s < 64; s++) {
        candidate->members[s] = s;
        snprintf(world->model->servers[s].host, LIMIT_NAME, "fd00:1234:5678:9abc::%d", s);
    }
    world_ok(&order, true);
    world_ok(&order, false);
    records = real_records(world);
    for (int n = 1; n < 64; n++, records++)
        assert_non_null(records = strchr(records, ' '));
    order = world_order(world, 2, 0, 1, server_bit(40));
    world_ok(&order, true);
    assert_string_equal(real_records(world), "fd00:1234:5678:9abc::40 | \"epoch=2 step=0\"");
    world_free(world);
}

/* ---- two movers ---- */

struct rival {
    struct act_order order;
    int asked, code;
};

/* The rival does all its work between our reading and our update. */
static int rival_overtakes(void *context, const struct act_order *order, int64_t since_ms)
{
    struct rival *rival = context;

    if (rival->asked++ == 0)
        rival->code = world_run(&rival->order).code;
    return 1;
}

static void newer_overtakes_older(void **state)
{
    struct world *world = open_world(state, 1);
    struct act_order old = world_order(world, 1, 0, 0, world_all(world, 0));
    struct rival rival = {world_order(world, 2, 0, 1, world_all(world, 1)), 0, 1};
    struct act_result result = world_run_may(&old, rival_overtakes, &rival);

    assert_int_equal(rival.code, 0);
    assert_int_equal(result.code, ERR_STALE);
    assert_int_equal(result.seen_epoch, 2);
    assert_int_equal(rival.asked, 1);
    assert_string_equal(real_records(world), "127.0.2.1 | \"epoch=2 step=0\"");
    /* The same with a token there before. */
    old = world_order(world, 3, 0, 0, world_all(world, 0));
    rival = (struct rival){world_order(world, 3, 1, 1, world_all(world, 1)), 0, 1};
    result = world_run_may(&old, rival_overtakes, &rival);
    assert_int_equal(result.code, ERR_STALE);
    assert_string_equal(real_records(world), "127.0.2.1 | \"epoch=3 step=1\"");
    world_free(world);
}

static void older_in_between_loses(void **state)
{
    struct world *world = open_world(state, 1);
    struct act_order new = world_order(world, 2, 0, 1, world_all(world, 1));
    struct rival rival = {world_order(world, 1, 0, 0, world_all(world, 0)), 0, 1};
    struct act_result result = world_run_may(&new, rival_overtakes, &rival);

    assert_int_equal(rival.code, 0);
    assert_int_equal(result.code, 0);
    assert_int_equal(rival.asked, 2);
    assert_string_equal(real_records(world), "127.0.2.1 | \"epoch=2 step=0\"");
    world_free(world);
}

static void keep_code(void *context, const struct act_order *order, const struct act_result *result)
{
    *(int *)context = result->code;
}

static void concurrent_movers(void **state)
{
    struct world *world = open_world(state, 1);
    uv_loop_t loop;

    assert_int_equal(uv_loop_init(&loop), 0);
    for (uint32_t round = 0; round < 20; round++) {
        struct act *acts[2] = {act_open(&loop, NULL, NULL, NULL),
                               act_open(&loop, NULL, NULL, NULL)};
        struct act_order orders[2];
        char expected[64];
        int codes[2] = {1, 1};

        for (uint32_t i = 0; i < 2; i++)
            orders[i] = world_order(world, 2 * round + 1 + i, 0, (int)i, world_all(world, (int)i));
        for (uint32_t i = 0; i < 2; i++) {
            uint32_t which = (i + round) % 2;

            act_run(acts[which], &orders[which], keep_code, &codes[which]);
            for (uint32_t turn = 0; i == 0 && turn < round / 2; turn++)
                uv_run(&loop, UV_RUN_NOWAIT);
        }
        while (codes[0] > 0 || codes[1] > 0)
            uv_run(&loop, UV_RUN_ONCE);
        assert_true(codes[0] == 0 || codes[0] == ERR_STALE);
        assert_int_equal(codes[1], 0);
        snprintf(expected, sizeof expected, "127.0.2.1 | \"epoch=%u step=0\"", 2 * round + 2);
        assert_string_equal(real_records(world), expected);
        act_close(acts[0], NULL, NULL);
        act_close(acts[1], NULL, NULL);
        uv_run(&loop, UV_RUN_DEFAULT);
    }
    assert_int_equal(uv_loop_close(&loop), 0);
    world_free(world);
}

/* ---- lost datagrams ---- */

/* A way between driver and server that loses what it is told to. Every flow of the driver
 * has its own socket to the server. */
enum { FLOWS_MAX = 16 };
struct lossy {
    uv_udp_t front, back[FLOWS_MAX];
    struct sockaddr_in from[FLOWS_MAX], server;
    int n_flows;
    int lose_asked; /* lose every first, second … copy: so many of each flow's requests */
    int seen[FLOWS_MAX];
    bool lose_update_answers; /* the first answer to an UPDATE */
    int updates, lost;
    char bytes[4096];
};

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    struct lossy *lossy = handle->data;

    *out = uv_buf_init(lossy->bytes, sizeof lossy->bytes);
}

static void on_back(uv_udp_t *udp, ssize_t n, const uv_buf_t *bytes, const struct sockaddr *from,
                    unsigned flags)
{
    struct lossy *lossy = udp->data;
    uv_buf_t out = uv_buf_init(bytes->base, (unsigned)(n > 0 ? n : 0));
    bool update = n > 12 && ((uint8_t)bytes->base[2] >> 3 & 15) == 5;

    if (n <= 0)
        return;
    if (update && lossy->lose_update_answers && lossy->lost++ == 0)
        return;
    uv_udp_try_send(&lossy->front, &out, 1, (struct sockaddr *)&lossy->from[udp - lossy->back]);
}

static int flow_of(struct lossy *lossy, const struct sockaddr_in *from)
{
    int i = 0;

    while (i < lossy->n_flows && lossy->from[i].sin_port != from->sin_port)
        i++;
    if (i == lossy->n_flows) {
        assert_true(lossy->n_flows++ < FLOWS_MAX);
        lossy->from[i] = *from;
        assert_int_equal(uv_udp_init(lossy->front.loop, &lossy->back[i]), 0);
        lossy->back[i].data = lossy;
        assert_int_equal(uv_udp_connect(&lossy->back[i], (struct sockaddr *)&lossy->server), 0);
        assert_int_equal(uv_udp_recv_start(&lossy->back[i], on_alloc, on_back), 0);
    }
    return i;
}

static void on_front(uv_udp_t *udp, ssize_t n, const uv_buf_t *bytes, const struct sockaddr *from,
                     unsigned flags)
{
    struct lossy *lossy = udp->data;
    uv_buf_t out = uv_buf_init(bytes->base, (unsigned)(n > 0 ? n : 0));
    int flow;

    if (n <= 0 || from == NULL)
        return;
    flow = flow_of(lossy, (const struct sockaddr_in *)from);
    if (((uint8_t)bytes->base[2] >> 3 & 15) == 5)
        lossy->updates++;
    if (lossy->seen[flow]++ >= lossy->lose_asked)
        uv_udp_try_send(&lossy->back[flow], &out, 1, NULL);
}

/* One call by way of `lossy`. */
static struct act_result run_lossy(struct world *world, struct lossy *lossy,
                                   const struct act_order *order)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    struct act_result result = {.code = 1};
    int len = sizeof address, code = 1;
    struct act *act;
    uv_loop_t loop;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    lossy->server = address;
    lossy->server.sin_port = htons((uint16_t)world->port);
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(uv_udp_init(&loop, &lossy->front), 0);
    lossy->front.data = lossy;
    assert_int_equal(uv_udp_bind(&lossy->front, (struct sockaddr *)&address, 0), 0);
    uv_udp_getsockname(&lossy->front, (struct sockaddr *)&address, &len);
    assert_int_equal(uv_udp_recv_start(&lossy->front, on_alloc, on_front), 0);
    snprintf(world->actuator->address, LIMIT_TEXT, "127.0.0.1:%d", ntohs(address.sin_port));
    act = act_open(&loop, NULL, NULL, NULL);
    act_run(act, order, keep_code, &code);
    while (code > 0)
        uv_run(&loop, UV_RUN_ONCE);
    result.code = code;
    act_close(act, NULL, NULL);
    uv_close((uv_handle_t *)&lossy->front, NULL);
    for (int i = 0; i < lossy->n_flows; i++)
        uv_close((uv_handle_t *)&lossy->back[i], NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    return result;
}

static void lost_requests_are_sent_again(void **state)
{
    struct world *world = open_world(state, 1);
    struct act_order order = world_order(world, 1, 0, 1, world_all(world, 1));
    struct lossy lossy = {.lose_asked = 1};

    assert_int_equal(run_lossy(world, &lossy, &order).code, 0);
    assert_true(lossy.updates >= 2); /* more on a slow machine */
    assert_string_equal(real_records(world), "127.0.2.1 | \"epoch=1 step=0\"");
    world_free(world);
}

/* The update was done, its answer lost; the copy's prerequisite fails; reading settles it. */
static void lost_answer_to_the_update(void **state)
{
    struct world *world = open_world(state, 1);
    struct act_order order = world_order(world, 1, 0, 1, world_all(world, 1));
    struct lossy lossy = {.lose_update_answers = true};

    assert_int_equal(run_lossy(world, &lossy, &order).code, 0);
    assert_true(lossy.updates >= 2); /* more on a slow machine */
    assert_string_equal(real_records(world), "127.0.2.1 | \"epoch=1 step=0\"");
    world_free(world);
}

#define WITH(test, kind)                                                                           \
    {                                                                                              \
#test " with " #kind, test, NULL, NULL, (void *)&kinds[kind]                               \
    }
#define BOTH(test) WITH(test, DNS_NAMED), WITH(test, DNS_KNOT)

int main(void)
{
    static const enum dns_kind kinds[] = {DNS_NAMED, DNS_KNOT};
    const struct CMUnitTest tests[] = {
        BOTH(moves_and_repeats),
        BOTH(pool_follows_members),
        BOTH(both_families),
        BOTH(stale_is_refused),
        BOTH(restart_keeps_or_forgets),
        BOTH(may_forbids),
        BOTH(keys_are_checked),
        BOTH(zones_are_checked),
        BOTH(a_wrong_clock_is_told),
        BOTH(many_addresses),
        BOTH(newer_overtakes_older),
        BOTH(older_in_between_loses),
        BOTH(concurrent_movers),
        BOTH(lost_requests_are_sent_again),
        BOTH(lost_answer_to_the_update),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
