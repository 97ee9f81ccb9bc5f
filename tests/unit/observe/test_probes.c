/* What each way of failing is called, on real sockets. */
#include "base/clock.h"
#include "observe/probe.h"
#include "transfer/transfer.h"
#include "fake.h"
#include "world.h"

#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIMEOUT_MS 2000 /* of probes that are not to time out */
#define SHORT_MS 100

/* One confirmation of an HTTP check against a server in `mode`. */
static struct probe_result ask(enum fake_mode mode, int timeout_ms)
{
    struct probe_result result;
    struct fake fake;
    struct world world;

    world_init(&world);
    fake_open(&fake, &world.loop, mode);
    fake_listen(&fake);
    world_http(&world, "http", fake.port, NEVER_MS, timeout_ms);
    world_observe(&world, 1);
    result = world_probe(&world, 0);
    fake_close(&fake);
    world_end(&world);
    return result;
}

static void test_http_answers(void **state)
{
    static const struct {
        enum fake_mode mode;
        enum reason reason;
        int status;
    } cases[] = {
        {FAKE_OK, REASON_OK, 200},           {FAKE_ERROR, REASON_STATUS, 500},
        {FAKE_REDIRECT, REASON_STATUS, 302}, {FAKE_CLOSE, REASON_CLOSED, 0},
        {FAKE_RESET, REASON_RESET, 0},       {FAKE_GARBAGE, REASON_PROTOCOL, 0},
        {FAKE_BIG, REASON_OK, 200},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct probe_result result = ask(cases[i].mode, TIMEOUT_MS);

        assert_int_equal(result.reason, cases[i].reason);
        assert_int_equal(result.status, cases[i].status);
    }
}

static void test_http_slow(void **state)
{
    int64_t before_ms = clock_boot_ms();
    struct probe_result result = ask(FAKE_SLOW, TIMEOUT_MS);

    assert_int_equal(result.reason, REASON_OK);
    assert_true(result.began_ms >= before_ms && result.began_ms <= clock_boot_ms());
    assert_in_range(result.took_ms, FAKE_SLOW_MS - 1, TIMEOUT_MS);
}

static void test_http_timeout(void **state)
{
    struct probe_result result = ask(FAKE_SILENT, SHORT_MS);

    assert_int_equal(result.reason, REASON_TIMEOUT);
    /* Noticed later it would be our own stall. */
    assert_in_range(result.took_ms, SHORT_MS - 1, SHORT_MS + 50);
}

static void test_redirect_in_range(void **state)
{
    struct fake fake;
    struct world world;

    world_init(&world);
    fake_open(&fake, &world.loop, FAKE_REDIRECT);
    fake_listen(&fake);
    world_http(&world, "http", fake.port, NEVER_MS, TIMEOUT_MS);
    world.checks[0].status_max = 399;
    world_observe(&world, 1);
    assert_int_equal(world_probe(&world, 0).reason, REASON_OK);
    assert_int_equal(fake.requests, 1);
    fake_close(&fake);
    world_end(&world);
}

static void test_refused_and_recovered(void **state)
{
    struct fake fake;
    struct world world;

    world_init(&world);
    fake_open(&fake, &world.loop, FAKE_OK);
    world_tcp(&world, fake.port, NEVER_MS, TIMEOUT_MS);
    world_http(&world, "http", fake.port, NEVER_MS, TIMEOUT_MS);
    world_observe(&world, 1);
    assert_int_equal(world_probe(&world, 0).reason, REASON_REFUSED);
    assert_int_equal(world_probe(&world, 1).reason, REASON_REFUSED);
    fake_listen(&fake);
    assert_int_equal(world_probe(&world, 0).reason, REASON_OK);
    assert_int_equal(world_probe(&world, 1).reason, REASON_OK);
    fake_close(&fake);
    world_end(&world);
}

/* A listener whose queue is full drops every SYN. */
static void test_tcp_timeout(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001)};
    socklen_t len = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0), fill[4];
    struct probe_result result;
    struct world world;

    assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
    assert_int_equal(listen(listener, 0), 0);
    for (int i = 0; i < 4; i++) {
        fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)!connect(fill[i], (struct sockaddr *)&address, len);
    }
    world_init(&world);
    world_tcp(&world, ntohs(address.sin_port), NEVER_MS, SHORT_MS);
    world_observe(&world, 1);
    result = world_probe(&world, 0);
    assert_int_equal(result.reason, REASON_TIMEOUT);
    world_end(&world);
    for (int i = 0; i < 4; i++)
        close(fill[i]);
    close(listener);
}

static void test_no_proxy(void **state)
{
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    assert_int_equal(ask(FAKE_OK, TIMEOUT_MS).reason, REASON_OK);
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
}

static void test_unusable_ca_file(void **state)
{
    struct fake fake;
    struct world world;

    world_init(&world);
    fake_open(&fake, &world.loop, FAKE_SILENT);
    fake_listen(&fake);
    world_http(&world, "https", fake.port, NEVER_MS, TIMEOUT_MS);
    snprintf(world.checks[0].ca_file, sizeof world.checks[0].ca_file, "/nonexistent/ca.pem");
    world_observe(&world, 1);
    observe_now(world.observe, 0);
    world_await(&world, 1);
    assert_int_equal(world.results[0].reason, REASON_LOCAL);
    fake_close(&fake);
    world_end(&world);
}

static void in_child(void (*run)(void))
{
    int status;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        run();
        _exit(1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        skip();
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void leave(bool good)
{
    fflush(NULL);
    _exit(good ? 0 : 1);
}

static void without_descriptors(void)
{
    struct rlimit none = {0, 0};
    struct fake fake;
    struct world world;
    bool good;

    world_init(&world);
    fake_open(&fake, &world.loop, FAKE_OK);
    fake_listen(&fake);
    world_tcp(&world, fake.port, NEVER_MS, TIMEOUT_MS);
    world_http(&world, "http", fake.port, NEVER_MS, TIMEOUT_MS);
    world_observe(&world, 1);
    uv_run(&world.loop, UV_RUN_NOWAIT);
    setrlimit(RLIMIT_NOFILE, &none);
    observe_now(world.observe, 0);
    observe_now(world.observe, 1);
    world_await(&world, 2);
    good = world.results[0].reason == REASON_LOCAL && world.results[1].reason == REASON_LOCAL;
    leave(good);
}

static void test_no_descriptors(void **state)
{
    in_child(without_descriptors);
}

static void without_network(void)
{
    struct world world;
    enum reason reason;
    bool good;

    if (unshare(CLONE_NEWNET) != 0)
        _exit(77);
    world_init(&world);
    world_tcp(&world, 80, NEVER_MS, TIMEOUT_MS);
    snprintf(world.checks[0].host, sizeof world.checks[0].host, "192.0.2.1");
    world_tcp(&world, 80, NEVER_MS, TIMEOUT_MS);
    snprintf(world.checks[1].host, sizeof world.checks[1].host, "2001:db8::1");
    world_tcp(&world, 80, NEVER_MS, TIMEOUT_MS);
    snprintf(world.checks[2].host, sizeof world.checks[2].host, "nobody.invalid");
    world_observe(&world, 1);
    good = world_probe(&world, 0).reason == REASON_UNREACHABLE;
    /* Without an address of our own to connect from it is our own fault. */
    observe_now(world.observe, 1);
    world_await(&world, 2);
    reason = world.results[1].reason;
    good = good && (reason == REASON_UNREACHABLE || reason == REASON_LOCAL);
    good = good && world_probe(&world, 2).reason == REASON_RESOLVE;
    leave(good);
}

static void test_no_network(void **state)
{
    in_child(without_network);
}

static void test_causes(void **state)
{
    static const struct {
        CURLcode code;
        int os_error;
        enum reason reason;
    } cases[] = {
        {CURLE_COULDNT_CONNECT, ECONNREFUSED, REASON_REFUSED},
        {CURLE_COULDNT_CONNECT, EHOSTUNREACH, REASON_UNREACHABLE},
        {CURLE_COULDNT_CONNECT, ENETUNREACH, REASON_UNREACHABLE},
        {CURLE_COULDNT_CONNECT, EADDRNOTAVAIL, REASON_LOCAL},
        {CURLE_COULDNT_CONNECT, ENFILE, REASON_LOCAL},
        {CURLE_COULDNT_CONNECT, ENOBUFS, REASON_LOCAL},
        {CURLE_COULDNT_CONNECT, 0, REASON_UNREACHABLE},
        {CURLE_SEND_ERROR, EPIPE, REASON_RESET},
        {CURLE_RECV_ERROR, ECONNRESET, REASON_RESET},
        {CURLE_RECV_ERROR, 0, REASON_PROTOCOL},
        {CURLE_WEIRD_SERVER_REPLY, 0, REASON_PROTOCOL},
        {CURLE_PARTIAL_FILE, 0, REASON_CLOSED},
        {CURLE_PEER_FAILED_VERIFICATION, 0, REASON_TLS},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct transfer_end end = {.code = cases[i].code, .os_error = cases[i].os_error};

        assert_int_equal(transfer_reason(&end), cases[i].reason);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http_answers),
        cmocka_unit_test(test_http_slow),
        cmocka_unit_test(test_http_timeout),
        cmocka_unit_test(test_redirect_in_range),
        cmocka_unit_test(test_refused_and_recovered),
        cmocka_unit_test(test_tcp_timeout),
        cmocka_unit_test(test_no_proxy),
        cmocka_unit_test(test_unusable_ca_file),
        cmocka_unit_test(test_no_descriptors),
        cmocka_unit_test(test_no_network),
        cmocka_unit_test(test_causes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
