/* A real Kamailio: its dispatcher says what is ordered, after its restart too. */
#include "agent/kamailio_text.h"
#include "base/check.h"
#include "base/mem.h"
#include "bench.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static const char config[] = "debug=0\nlog_stderror=yes\nchildren=1\ndisable_tcp=yes\n"
                             "listen=udp:%s:5060\n"
                             "loadmodule \"jsonrpcs.so\"\nloadmodule \"sl.so\"\n"
                             "loadmodule \"tm.so\"\nloadmodule \"dispatcher.so\"\n"
                             "modparam(\"jsonrpcs\", \"transport\", 4)\n"
                             "modparam(\"jsonrpcs\", \"dgram_socket\", \"%s/rpc\")\n"
                             "modparam(\"dispatcher\", \"list_file\", \"%s/list\")\n"
                             "modparam(\"dispatcher\", \"reload_delta\", %d)\n"
                             "request_route { sl_send_reply(\"200\", \"OK\"); }\n";

/* One request on the socket; the answer's length, or 0 when nobody answers. */
static size_t rpc(const struct bench *bench, const char *method, const char *params, char *answer,
                  size_t room)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval limit = {.tv_sec = 1};
    sa_family_t any = AF_UNIX;
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    char text[512];
    ssize_t n = -1;

    snprintf(address.sun_path, sizeof address.sun_path, "%.90s/rpc", bench->world->dir);
    snprintf(text, sizeof text, "{\"jsonrpc\":\"2.0\",\"method\":\"%s\",\"params\":[%s],\"id\":7}",
             method, params);
    CHECK(bind(fd, (struct sockaddr *)&any, sizeof any) == 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
        send(fd, text, strlen(text), 0) > 0)
        n = recv(fd, answer, room, 0);
    close(fd);
    return n > 0 ? (size_t)n : 0;
}

/* "voice-1" as 127.0.1.1: letters of all four servers in their order, "." where none. */
static const char *says(const struct bench *bench)
{
    static char text[8];
    static char answer[65536];
    struct kamailio_target targets[8];
    size_t len = rpc(bench, "dispatcher.list", "", answer, sizeof answer);
    struct err err;
    int n = 0;

    memcpy(text, "....", 5);
    assert_true(len > 0);
    assert_int_equal(kamailio_parse_list(answer, len, 7, 3, targets, 8, &n, &err), 0);
    for (int i = 0; i < n; i++) {
        int server;

        assert_int_equal(sscanf(targets[i].uri, "sip:127.0.1.%d:5070;transport=udp", &server), 1);
        text[server - 1] = targets[i].state;
    }
    return text;
}

/* Its list may be read again every `reload_delta` seconds; 0: at any time. */
static pid_t kamailio_start(struct bench *bench, int reload_delta)
{
    char text[2048], answer[4096];
    int64_t until_ms = clock_boot_ms() + PATIENCE_MS;
    const char *path;
    pid_t pid;

    snprintf(text, sizeof text, config, bench->config.host, bench->world->dir, bench->world->dir,
             reload_delta);
    path = bench_write(bench, "kamailio.cfg", 0644, text);
    setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
    pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);

        setpgid(0, 0);
        dup2(null, 1);
        dup2(null, 2);
        execlp("kamailio", "kamailio", "-DD", "-E", "-m", "16", "-M", "4", "-f", path, "-Y",
               bench->world->dir, (char *)NULL);
        _exit(127);
    }
    setpgid(pid, pid);
    while (rpc(bench, "core.version", "", answer, sizeof answer) == 0) {
        assert_int_equal(waitpid(pid, NULL, WNOHANG), 0); /* is it installed? */
        assert_true(clock_boot_ms() < until_ms);
        usleep(10000); /* its start has no event to wait for */
    }
    return pid;
}

/* All its processes: each is gone when the socket that they share is. */
static void kamailio_kill(pid_t pid)
{
    kill(-pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

/* Agent and Kamailio, both running. */
struct edge {
    struct bench *bench;
    pid_t pid; /* 0: killed */
};

static void edge_kill(struct edge *edge)
{
    kamailio_kill(edge->pid);
    edge->pid = 0;
}

static int begin(void **state)
{
    struct edge *edge;
    struct bench *bench;

    if (getenv("KIRIKAE_NO_REAL") != NULL)
        return 0;
    *state = edge = mem_zalloc(1, sizeof *edge);
    edge->bench = bench = bench_new();
    bench->actuator->kind = ACTUATOR_KAMAILIO;
    bench->actuator->set = 3;
    bench->actuator->port = 5070;
    snprintf(bench->config.socket, sizeof bench->config.socket, "%s/rpc", bench->world->dir);
    snprintf(bench->config.list, sizeof bench->config.list, "%s/list", bench->world->dir);
    bench_start(bench);
    edge->pid = kamailio_start(bench, 0);
    return 0;
}

static int end(void **state)
{
    struct edge *edge = *state;

    if (edge == NULL)
        return 0;
    if (edge->pid != 0)
        edge_kill(edge);
    bench_free(edge->bench);
    mem_free(edge);
    return 0;
}

/* The test's bench; without the real Kamailio there is nothing to test. */
static struct bench *bench_of(void **state)
{
    struct edge *edge = *state;

    if (edge == NULL)
        skip();
    return edge->bench;
}

static void it_moves(void **state)
{
    struct bench *bench = bench_of(state);
    struct act_order drains;

    assert_string_equal(says(bench), "....");
    bench_ok(bench, bench_order(bench, 1, 0, 0, 3), true);
    assert_string_equal(says(bench), "AADD");
    bench_ok(bench, bench_order(bench, 1, 0, 0, 3), false);
    bench_ok(bench, bench_order(bench, 1, 1, 0, 1), true);
    assert_string_equal(says(bench), "ADDD");
    drains = bench_order(bench, 1, 2, 0, 1);
    drains.draining = server_bit(1); /* nothing new, and what it has goes on */
    bench_ok(bench, drains, true);
    assert_string_equal(says(bench), "AIDD");
    bench_ok(bench, bench_order(bench, 2, 0, 1, 3), true);
    assert_string_equal(says(bench), "DDAA");
}

static void what_others_do_is_put_right(void **state)
{
    struct bench *bench = bench_of(state);
    struct edge *edge = *state;
    char answer[4096];

    bench_ok(bench, bench_order(bench, 1, 0, 0, 3), true);
    rpc(bench, "dispatcher.set_state", "\"ip\",3,\"sip:127.0.1.1:5070;transport=udp\"", answer,
        sizeof answer);
    assert_string_equal(says(bench), "IADD");
    bench_ok(bench, bench_order(bench, 1, 0, 0, 3), true);
    assert_string_equal(says(bench), "AADD");
    /* Started again it says so by itself, before anybody tells it. */
    edge_kill(edge);
    bench_fails(bench, bench_order(bench, 2, 0, 1, 3), ERR_IO, "refused");
    edge->pid = kamailio_start(bench, 0);
    assert_string_equal(says(bench), "DDAA");
    bench_ok(bench, bench_order(bench, 2, 0, 1, 3), false);
}

static void weights_are_set(void **state)
{
    struct bench *bench = bench_of(state);

    bench_ok(bench, bench_order(bench, 1, 0, 0, 3), true);
    bench->route->candidates[0].weights[1] = 50;
    bench_ok(bench, bench_order(bench, 2, 0, 1, 3), true);
    assert_non_null(
        strstr(bench_read(bench, "list"), "3 sip:127.0.1.2:5070;transport=udp 4 0 rweight=50\n"));
    bench_ok(bench, bench_order(bench, 2, 0, 1, 3), false);
}

static void a_move_does_not_wait_for_weights(void **state)
{
    struct bench *bench = bench_of(state);
    struct edge *edge = *state;

    edge_kill(edge);
    edge->pid = kamailio_start(bench, 3600);
    bench_ok(bench, bench_order(bench, 1, 0, 0, 3), true);
    bench->route->candidates[0].weights[1] = 50;
    bench_fails(bench, bench_order(bench, 2, 0, 1, 3), ERR_REFUSED, "Ongoing reload");
    assert_string_equal(says(bench), "DDAA");
}

/* Gone, and there and silent: its processes do not answer for as long as they stand still. */
static void one_that_does_not_answer_is_told(void **state)
{
    struct bench *bench = bench_of(state);
    struct edge *edge = *state;

    bench_ok(bench, bench_order(bench, 1, 0, 0, 3), true);
    bench->actuator->timeout_ms = 1000;
    kill(-edge->pid, SIGSTOP);
    bench_fails(bench, bench_order(bench, 2, 0, 1, 3), ERR_TIMEOUT, "");
    kill(-edge->pid, SIGCONT);
    bench->actuator->timeout_ms = PATIENCE_MS;
    /* The one that was given up may still be under way. */
    assert_int_equal(bench_await(bench, bench_order(bench, 2, 0, 1, 3)).code, 0);
    assert_string_equal(says(bench), "DDAA");
}

static void a_late_command_is_refused(void **state)
{
    struct bench *bench = bench_of(state);

    bench_ok(bench, bench_order(bench, 7, 1, 1, 3), true);
    for (int restarted = 0; restarted < 2; restarted++) {
        struct act_result result = bench_run(bench, bench_order(bench, 6, 4, 0, 3));

        assert_string_equal(err_name(result.code), err_name(ERR_STALE));
        assert_int_equal(result.seen_epoch, 7);
        bench_fails(bench, bench_order(bench, 7, 0, 1, 1), ERR_STALE, "7.1");
        assert_string_equal(says(bench), "DDAA");
        assert_non_null(strstr(bench_read(bench, "list"), "epoch 7.1"));
        bench_stop(bench);
        bench_start(bench);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_moves, begin, end),
        cmocka_unit_test_setup_teardown(what_others_do_is_put_right, begin, end),
        cmocka_unit_test_setup_teardown(weights_are_set, begin, end),
        cmocka_unit_test_setup_teardown(a_move_does_not_wait_for_weights, begin, end),
        cmocka_unit_test_setup_teardown(one_that_does_not_answer_is_told, begin, end),
        cmocka_unit_test_setup_teardown(a_late_command_is_refused, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
