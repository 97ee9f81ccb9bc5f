/* Calls against servers that misbehave, in this process: silent, closing, garbage, too
 * much, one byte at a time. And the bookkeeping of calls. */
#include "act/haproxy_cli.h"
#include "base/clock.h"
#include "base/mem.h"
#include "real.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* What the mock does when something arrives. */
enum manner {
    SILENT,
    CLOSES,          /* after the first bytes */
    BABBLES,         /* text of another protocol, with prompts */
    FLOODS,          /* 10 MB of lines, never a prompt */
    HALF,            /* the first half of a line, and then nothing */
    UNASKED,         /* two answers to one question */
    DRIBBLES,        /* good HAProxy answers byte by byte */
    FORGETS,         /* good HAProxy answers; takes everything and changes nothing */
    DNS_GARBAGE,     /* bytes that are no answer */
    DNS_UNSIGNED,    /* an unsigned NOERROR with the right id */
    DNS_LARGE,       /* truncated by UDP, a length of 65535 by TCP */
    DNS_TCP_GARBAGE, /* truncated by UDP, an unsigned answer by TCP */
};

struct mock {
    uv_loop_t *loop;
    enum manner manner;
    int port;
    uv_tcp_t listener, peers[8];
    uv_udp_t udp;
    int n_peers;
    int asked, commits;
    char in[65536], datagram[4096];
};

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    struct mock *mock = handle->data;

    if (handle->type == UV_UDP)
        *out = uv_buf_init(mock->datagram, sizeof mock->datagram);
    else
        *out = uv_buf_init(mock->in, sizeof mock->in);
}

struct sent {
    uv_write_t request;
    char bytes[];
};

static void on_sent(uv_write_t *request, int status)
{
    mem_free(request->data);
}

static void say(uv_stream_t *peer, const void *bytes, size_t len)
{
    struct sent *sent = mem_alloc(sizeof *sent + len);
    uv_buf_t out = uv_buf_init(sent->bytes, (unsigned)len);

    memcpy(sent->bytes, bytes, len);
    sent->request.data = sent;
    assert_int_equal(uv_write(&sent->request, peer, &out, 1, on_sent), 0);
}

static void flood(uv_stream_t *peer)
{
    static char rows[10 << 20];

    memset(rows, 'x', sizeof rows);
    for (size_t i = 0; i < sizeof rows; i += 100)
        rows[i] = '\n';
    say(peer, rows, sizeof rows);
}

/* Answers like HAProxy's to each line; single bytes when `dribble`. */
static void play_haproxy(uv_stream_t *peer, const char *in, size_t len, bool dribble)
{
    struct mock *mock = peer->data;

    for (const char *line = in; line < in + len;) {
        const char *end = memchr(line, '\n', len - (size_t)(line - in));
        const char *answer = "\n> ";

        if (end == NULL)
            return;
        if (strncmp(line, "show map\n", 9) == 0)
            answer = "1 (/m) pattern curr_ver=0 next_ver=0 entry_cnt=2\n\n> ";
        else if (strncmp(line, "show map ", 9) == 0)
            answer = "0x1 active mirror\n0x2 epoch 1.0\n\n> ";
        else if (strncmp(line, "show servers", 12) == 0)
            answer = "1\n# titles\n1 mirror 1 mirror-1 10.0.0.1 2 0 1 1\n\n> ";
        else if (strncmp(line, "prepare", 7) == 0)
            answer = "New version created: 1\n\n> ";
        mock->commits += strncmp(line, "commit", 6) == 0;
        for (size_t i = 0; dribble && answer[i] != '\0'; i++)
            say(peer, answer + i, 1);
        if (!dribble)
            say(peer, answer, strlen(answer));
        line = end + 1;
    }
}

static void on_peer_read(uv_stream_t *peer, ssize_t n, const uv_buf_t *bytes)
{
    struct mock *mock = peer->data;
    static const char dns_unsigned[14] = {0, 12, 0, 0, (char)0x80};
    char answer[14];

    if (n <= 0)
        return;
    mock->asked++;
    switch (mock->manner) {
    case CLOSES:
        uv_close((uv_handle_t *)peer, NULL);
        break;
    case BABBLES:
        say(peer, "HTTP/1.1 400 Bad request\n> \n> \n> \n> what\n> \n> ", 47);
        break;
    case FLOODS:
        flood(peer);
        break;
    case HALF:
        say(peer, "\n> 1 (/m) pattern curr_v", 24);
        break;
    case UNASKED:
        say(peer, "\n> \n> \n> \n> \n> \n> \n> ", 21);
        break;
    case DRIBBLES:
    case FORGETS:
        play_haproxy(peer, bytes->base, (size_t)n, mock->manner == DRIBBLES);
        break;
    case DNS_LARGE:
        say(peer, "\xff\xff", 2);
        break;
    case DNS_TCP_GARBAGE:
        memcpy(answer, dns_unsigned, sizeof answer);
        memcpy(answer + 2, bytes->base + 2, 2);
        say(peer, answer, sizeof answer);
        break;
    default:
        break;
    }
}

static void on_peer(uv_stream_t *listener, int status)
{
    struct mock *mock = listener->data;
    uv_tcp_t *peer = &mock->peers[mock->n_peers++];

    assert_true(status == 0 && mock->n_peers <= 8);
    assert_int_equal(uv_tcp_init(mock->loop, peer), 0);
    peer->data = mock;
    assert_int_equal(uv_accept(listener, (uv_stream_t *)peer), 0);
    assert_int_equal(uv_read_start((uv_stream_t *)peer, on_alloc, on_peer_read), 0);
}

static void on_datagram(uv_udp_t *udp, ssize_t n, const uv_buf_t *bytes,
                        const struct sockaddr *from, unsigned flags)
{
    struct mock *mock = udp->data;
    static char large[4200];
    char answer[12] = {0};
    uv_buf_t out = uv_buf_init(answer, sizeof answer);

    if (n <= 0 || from == NULL)
        return;
    mock->asked++;
    memcpy(answer, bytes->base, 2);
    answer[2] = (char)(bytes->base[2] | 0x80);
    if (mock->manner == DNS_LARGE || mock->manner == DNS_TCP_GARBAGE)
        answer[2] |= 2; /* TC */
    if (mock->manner == SILENT)
        return;
    if (mock->manner == DNS_GARBAGE) {
        uv_buf_t huge = uv_buf_init(large, sizeof large);

        answer[0] ^= 1;
        uv_udp_try_send(udp, &huge, 1, from);
        huge.len = 3;
        uv_udp_try_send(udp, &huge, 1, from);
        huge.len = 0;
        uv_udp_try_send(udp, &huge, 1, from);
    }
    uv_udp_try_send(udp, &out, 1, from);
}

static void mock_open(struct mock *mock, uv_loop_t *loop, enum manner manner)
{
    struct sockaddr_in address = {.sin_family = AF_INET};

    memset(mock, 0, sizeof *mock);
    mock->loop = loop;
    mock->manner = manner;
    mock->port = real_free_port();
    address.sin_port = htons((uint16_t)mock->port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(uv_tcp_init(loop, &mock->listener), 0);
    assert_int_equal(uv_udp_init(loop, &mock->udp), 0);
    mock->listener.data = mock->udp.data = mock;
    assert_int_equal(uv_tcp_bind(&mock->listener, (struct sockaddr *)&address, 0), 0);
    assert_int_equal(uv_listen((uv_stream_t *)&mock->listener, 8, on_peer), 0);
    assert_int_equal(uv_udp_bind(&mock->udp, (struct sockaddr *)&address, 0), 0);
    assert_int_equal(uv_udp_recv_start(&mock->udp, on_alloc, on_datagram), 0);
}

static void mock_close(struct mock *mock)
{
    uv_close((uv_handle_t *)&mock->listener, NULL);
    uv_close((uv_handle_t *)&mock->udp, NULL);
    for (int i = 0; i < mock->n_peers; i++)
        if (!uv_is_closing((uv_handle_t *)&mock->peers[i]))
            uv_close((uv_handle_t *)&mock->peers[i], NULL);
}

/* ---- one call of each kind ---- */

struct ended {
    int times;
    struct act_result result;
    struct act *act; /* asked again from inside `done` when set */
    const struct act_order *again;
};

static void on_done(void *context, const struct act_order *order, const struct act_result *result)
{
    struct ended *ended = context;

    ended->times++;
    ended->result = *result;
    if (ended->again != NULL) {
        const struct act_order *again = ended->again;

        ended->again = NULL;
        act_run(ended->act, again, on_done, ended);
    }
}

static void haproxy_actuator(struct world *world, int port)
{
    world->actuator->kind = ACTUATOR_HAPROXY;
    snprintf(world->actuator->address, LIMIT_TEXT, "127.0.0.1:%d", port);
    snprintf(world->actuator->map, LIMIT_TEXT, "/m");
}

static void dns_actuator(struct world *world, int port)
{
    struct actuator *actuator = world->actuator;

    actuator->kind = ACTUATOR_DNS;
    snprintf(actuator->address, LIMIT_TEXT, "127.0.0.1:%d", port);
    snprintf(actuator->zone, LIMIT_TEXT, "call.example");
    snprintf(actuator->record, LIMIT_TEXT, "sip.call.example");
    snprintf(actuator->tsig_name, LIMIT_NAME, "kirikae");
    snprintf(actuator->tsig_file, LIMIT_TEXT, "%s/tsig.key", world->dir);
    real_write(world, "tsig.key", "%s", world->secret);
}

/* One call to a mock; checks the time it took when `timeout_ms` is short. */
static struct act_result against(enum manner manner, enum actuator_kind kind, int timeout_ms,
                                 struct mock *mock)
{
    struct world *world = world_new(1);
    struct act_order order = world_order(world, 1, 0, 1, world_all(world, 1));
    struct ended ended = {0};
    int64_t start_ms;
    struct act *act;
    uv_loop_t loop;

    assert_int_equal(uv_loop_init(&loop), 0);
    mock_open(mock, &loop, manner);
    if (kind == ACTUATOR_HAPROXY)
        haproxy_actuator(world, mock->port);
    else
        dns_actuator(world, mock->port);
    world->actuator->timeout_ms = timeout_ms;
    act = act_open(&loop, NULL, NULL, NULL);
    start_ms = clock_boot_ms();
    act_run(act, &order, on_done, &ended);
    while (ended.times == 0)
        uv_run(&loop, UV_RUN_ONCE);
    if (ended.result.code == ERR_TIMEOUT)
        assert_true(clock_boot_ms() - start_ms >= timeout_ms - 1);
    act_close(act, NULL, NULL);
    mock_close(mock);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    assert_int_equal(ended.times, 1);
    world_free(world);
    return ended.result;
}

static void expect(enum manner manner, enum actuator_kind kind, int code, const char *text)
{
    struct mock mock;
    int timeout_ms = code == ERR_TIMEOUT ? 300 : REAL_PATIENCE_MS;
    struct act_result result = against(manner, kind, timeout_ms, &mock);

    assert_string_equal(err_name(result.code), err_name(code));
    if (strstr(result.err.text, text) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", result.err.text, text);
}

static void silence_ends_on_time(void **state)
{
    struct mock mock;
    struct act_result result;

    expect(SILENT, ACTUATOR_HAPROXY, ERR_TIMEOUT, "within 300 ms while reading");
    result = against(SILENT, ACTUATOR_DNS, 600, &mock);
    assert_int_equal(result.code, ERR_TIMEOUT);
    /* Three questions, each at 0, 150 and 450 ms (fewer on a slow machine). */
    assert_true(mock.asked >= 6 && mock.asked <= 9);
}

static void haproxy_misbehaves(void **state)
{
    expect(CLOSES, ACTUATOR_HAPROXY, ERR_IO, "");
    expect(BABBLES, ACTUATOR_HAPROXY, ERR_INVALID, "what was not asked");
    expect(FLOODS, ACTUATOR_HAPROXY, ERR_LIMIT, "more than");
    expect(HALF, ACTUATOR_HAPROXY, ERR_TIMEOUT, "within 300 ms while reading");
    expect(UNASKED, ACTUATOR_HAPROXY, ERR_INVALID, "what was not asked");
}

static void haproxy_dribbles(void **state)
{
    struct mock mock;
    struct act_result result = against(DRIBBLES, ACTUATOR_HAPROXY, REAL_PATIENCE_MS, &mock);

    assert_int_equal(result.code, 0);
    assert_false(result.changed);
    assert_int_equal(result.seen_epoch, 1);
}

static void dns_misbehaves(void **state)
{
    expect(DNS_GARBAGE, ACTUATOR_DNS, ERR_TIMEOUT, "ignored");
    expect(DNS_UNSIGNED, ACTUATOR_DNS, ERR_TIMEOUT, "not signed");
    expect(DNS_LARGE, ACTUATOR_DNS, ERR_LIMIT, "65535");
    expect(DNS_TCP_GARBAGE, ACTUATOR_DNS, ERR_INVALID, "not signed");
    expect(CLOSES, ACTUATOR_DNS, ERR_TIMEOUT, "not signed");
}

/* ---- bookkeeping ---- */

static void on_closed(void *context)
{
    ++*(int *)context;
}

static void one_call_per_actuator(void **state)
{
    struct world *world = world_new(1);
    struct act_order order = world_order(world, 1, 0, 1, world_all(world, 1));
    struct ended first = {0}, second = {0};
    struct mock mock;
    struct act *act;
    int closed = 0;
    uv_loop_t loop;

    assert_int_equal(uv_loop_init(&loop), 0);
    mock_open(&mock, &loop, SILENT);
    haproxy_actuator(world, mock.port);
    act = act_open(&loop, NULL, NULL, NULL);
    act_run(act, &order, on_done, &first);
    act_run(act, &order, on_done, &second);
    assert_int_equal(first.times + second.times, 0);
    while (second.times == 0)
        uv_run(&loop, UV_RUN_ONCE);
    assert_int_equal(second.result.code, ERR_REFUSED);
    assert_int_equal(first.times, 0);
    act_close(act, on_closed, &closed);
    assert_int_equal(first.times + closed, 0);
    mock_close(&mock);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(first.times, 1);
    assert_int_equal(first.result.code, ERR_UNAVAILABLE);
    assert_int_equal(closed, 1);
    assert_int_equal(uv_loop_close(&loop), 0);
    world_free(world);
}

/* The older one's answer is not waited for. */
static void a_newer_order_takes_the_place_of_an_older(void **state)
{
    struct world *world = world_new(1);
    struct act_order older = world_order(world, 1, 1, 1, world_all(world, 1));
    struct act_order newer = world_order(world, 2, 0, 1, world_all(world, 1));
    struct ended first = {0}, second = {0};
    struct mock mock;
    struct act *act;
    int closed = 0;
    uv_loop_t loop;

    assert_int_equal(uv_loop_init(&loop), 0);
    mock_open(&mock, &loop, SILENT);
    haproxy_actuator(world, mock.port);
    act = act_open(&loop, NULL, NULL, NULL);
    act_run(act, &older, on_done, &first);
    act_run(act, &newer, on_done, &second);
    assert_int_equal(first.times + second.times, 0);
    while (first.times == 0)
        uv_run(&loop, UV_RUN_ONCE);
    assert_int_equal(first.result.code, ERR_UNAVAILABLE);
    assert_non_null(strstr(first.result.err.text, "newer order"));
    assert_int_equal(second.times, 0);
    act_close(act, on_closed, &closed);
    mock_close(&mock);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(first.times, 1);
    assert_int_equal(second.times, 1);
    assert_int_equal(uv_loop_close(&loop), 0);
    world_free(world);
}

static void close_ends_dns_calls_too(void **state)
{
    struct world *world = world_new(1);
    struct act_order order = world_order(world, 1, 0, 1, world_all(world, 1));
    struct ended ended = {0};
    struct mock mock;
    int closed = 0;
    uv_loop_t loop;

    for (int turns = 0; turns < 3; turns++) {
        struct act *act;

        ended.times = closed = 0;
        assert_int_equal(uv_loop_init(&loop), 0);
        mock_open(&mock, &loop, SILENT);
        dns_actuator(world, mock.port);
        act = act_open(&loop, NULL, NULL, NULL);
        act_run(act, &order, on_done, &ended);
        for (int i = 0; i < turns; i++)
            uv_run(&loop, UV_RUN_NOWAIT);
        act_close(act, on_closed, &closed);
        mock_close(&mock);
        uv_run(&loop, UV_RUN_DEFAULT);
        assert_int_equal(ended.times, 1);
        assert_int_equal(ended.result.code, ERR_UNAVAILABLE);
        assert_int_equal(closed, 1);
        assert_int_equal(uv_loop_close(&loop), 0);
    }
    world_free(world);
}

static void done_may_ask_again(void **state)
{
    struct world *world = world_new(1);
    struct act_order order = world_order(world, 1, 0, 1, world_all(world, 1));
    struct ended ended = {.again = &order};
    struct mock mock;
    uv_loop_t loop;

    assert_int_equal(uv_loop_init(&loop), 0);
    mock_open(&mock, &loop, CLOSES);
    haproxy_actuator(world, mock.port);
    ended.act = act_open(&loop, NULL, NULL, NULL);
    act_run(ended.act, &order, on_done, &ended);
    while (ended.times < 2)
        uv_run(&loop, UV_RUN_ONCE);
    assert_int_equal(ended.result.code, ERR_IO);
    act_close(ended.act, NULL, NULL);
    mock_close(&mock);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    world_free(world);
}

static void orders_without_servers_are_refused(void **state)
{
    struct world *world = world_new(1);
    struct act_order order = world_order(world, 1, 0, 1, world_all(world, 0));

    haproxy_actuator(world, 1);
    world_fails(&order, ERR_INVALID, "without a server");
    dns_actuator(world, 1);
    order.members = 0;
    world_fails(&order, ERR_INVALID, "without a server");
    world_free(world);
}

/* A server that takes everything and changes nothing must not hold us for ever. */
static void rounds_are_bounded(void **state)
{
    struct world *world = world_new(1);
    struct act_order order = world_order(world, 2, 0, 1, world_all(world, 1));
    struct ended ended = {0};
    struct mock mock;
    struct act *act;
    uv_loop_t loop;

    assert_int_equal(uv_loop_init(&loop), 0);
    mock_open(&mock, &loop, FORGETS);
    haproxy_actuator(world, mock.port);
    act = act_open(&loop, NULL, NULL, NULL);
    act_run(act, &order, on_done, &ended);
    while (ended.times == 0)
        uv_run(&loop, UV_RUN_ONCE);
    assert_int_equal(ended.result.code, ERR_INVALID);
    assert_non_null(strstr(ended.result.err.text, "still says mirror for 1.0"));
    act_close(act, NULL, NULL);
    mock_close(&mock);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    world_free(world);
}

/* ---- leave ---- */

struct leave {
    struct mock mock;
    struct act *act;
    int asked, yet, answer; /* not yet so many times, then this */
    bool closes;            /* asking brings the end of act/ */
    int64_t start_ms, since_ms;
};

static int on_may(void *context, const struct act_order *order, int64_t since_ms)
{
    struct leave *leave = context;

    assert_int_equal(order->epoch, 2);
    assert_int_equal(leave->mock.commits, 0);
    if (leave->asked++ == 0)
        leave->since_ms = since_ms;
    assert_true(since_ms == leave->since_ms); /* the token stays the same */
    assert_true(since_ms >= leave->start_ms && since_ms <= clock_boot_ms());
    if (leave->closes && leave->asked > leave->yet)
        act_close(leave->act, NULL, NULL);
    return leave->asked > leave->yet ? leave->answer : 0;
}

static struct ended run_with(struct leave *leave)
{
    struct world *world = world_new(1);
    struct act_order order = world_order(world, 2, 0, 1, world_all(world, 1));
    struct ended ended = {0};
    uv_loop_t loop;

    assert_int_equal(uv_loop_init(&loop), 0);
    mock_open(&leave->mock, &loop, FORGETS);
    haproxy_actuator(world, leave->mock.port);
    world->actuator->timeout_ms = leave->yet == INT32_MAX ? 200 : REAL_PATIENCE_MS;
    leave->start_ms = clock_boot_ms();
    leave->act = act_open(&loop, NULL, on_may, leave);
    act_run(leave->act, &order, on_done, &ended);
    while (ended.times == 0 && leave->mock.commits == 0)
        uv_run(&loop, UV_RUN_ONCE);
    if (!leave->closes)
        act_close(leave->act, NULL, NULL);
    mock_close(&leave->mock);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    assert_int_equal(ended.times, 1);
    world_free(world);
    return ended;
}

static void no_commit_before_leave(void **state)
{
    struct leave leave = {.yet = 20, .answer = 1};

    run_with(&leave);
    assert_int_equal(leave.asked, 21);
    assert_int_equal(leave.mock.commits, 1);
}

static void no_commit_when_refused(void **state)
{
    for (int yet = 0; yet <= 20; yet += 10) {
        struct leave leave = {.yet = yet, .answer = -1};
        struct ended ended = run_with(&leave);

        assert_int_equal(ended.result.code, ERR_UNAVAILABLE);
        assert_non_null(strstr(ended.result.err.text, "no longer the leader"));
        assert_int_equal(leave.asked, yet + 1);
        assert_int_equal(leave.mock.commits, 0);
    }
}

static void leave_that_never_comes(void **state)
{
    struct leave leave = {.yet = INT32_MAX};
    struct ended ended = run_with(&leave);

    assert_int_equal(ended.result.code, ERR_TIMEOUT);
    assert_non_null(strstr(ended.result.err.text, "whether this node still leads"));
    assert_true(leave.asked > 3);
    assert_int_equal(leave.mock.commits, 0);
}

static void closed_while_it_asks(void **state)
{
    for (int yet = 0; yet <= 10; yet++) {
        struct leave leave = {.yet = yet, .answer = yet % 2, .closes = true};
        struct ended ended = run_with(&leave);

        assert_int_equal(ended.result.code, ERR_UNAVAILABLE);
        assert_non_null(strstr(ended.result.err.text, "shutting down"));
        assert_int_equal(leave.mock.commits, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silence_ends_on_time),
        cmocka_unit_test(haproxy_misbehaves),
        cmocka_unit_test(haproxy_dribbles),
        cmocka_unit_test(dns_misbehaves),
        cmocka_unit_test(one_call_per_actuator),
        cmocka_unit_test(a_newer_order_takes_the_place_of_an_older),
        cmocka_unit_test(close_ends_dns_calls_too),
        cmocka_unit_test(done_may_ask_again),
        cmocka_unit_test(orders_without_servers_are_refused),
        cmocka_unit_test(rounds_are_bounded),
        cmocka_unit_test(no_commit_before_leave),
        cmocka_unit_test(no_commit_when_refused),
        cmocka_unit_test(leave_that_never_comes),
        cmocka_unit_test(closed_while_it_asks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
