/* OPTIONS as it is written, what counts as its answer, and how probes of it end on real
 * sockets: against a server of the test, and against Kamailio. */
#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"
#include "observe/sip_text.h"
#include "world.h"

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIMEOUT_MS 2000 /* of probes that are not to time out */
#define SHORT_MS 100

/* ---- text ---- */

static const struct check udp_check = {.kind = CHECK_SIP, .host = "10.0.0.1", .port = 5060};

static void test_request(void **state)
{
    struct check six = {.host = "fd00::1", .port = 5080, .transport = TRANSPORT_TCP};
    struct sip_ids ids, other;
    struct buf text = {0};

    sip_ids(&ids, 1);
    sip_ids(&other, 2);
    assert_string_not_equal(ids.branch, other.branch);
    assert_string_not_equal(ids.call_id, other.call_id);
    sip_options(&text, &udp_check, &ids, "10.0.0.9:4000");
    assert_non_null(strstr(buf_cstr(&text), "OPTIONS sip:10.0.0.1:5060 SIP/2.0\r\n"));
    assert_non_null(strstr(buf_cstr(&text), "Via: SIP/2.0/UDP 10.0.0.9:4000;branch=z9hG4bK"));
    assert_memory_equal(text.data + text.len - 4, "\r\n\r\n", 4);
    buf_clear(&text);
    sip_options(&text, &six, &ids, "[fd00::9]:4000");
    assert_non_null(strstr(buf_cstr(&text), "OPTIONS sip:[fd00::1]:5080;transport=tcp SIP/2.0"));
    assert_non_null(strstr(buf_cstr(&text), "Via: SIP/2.0/TCP [fd00::9]:4000;branch="));
    buf_free(&text);
}

/* B and C stand for our branch and Call-ID. */
static const struct {
    const char *text;
    enum sip_kind kind;
    int status;
} answers[] = {
    {"SIP/2.0 200 OK\nVia: SIP/2.0/UDP h;branch=B\nCall-ID: C\nCSeq: 1 OPTIONS\n\n", SIP_ANSWER,
     200},
    {"sip/2.0 404 \nv: SIP/2.0/UDP h ; rport=5 ; BRANCH = B;received=1.1.1.1\ni:C\n"
     "cseq : 1  OPTIONS\nX: a\n folded: not a header\n\nbody",
     SIP_ANSWER, 404},
    {"SIP/2.0 503\nVia: SIP/2.0/UDP h;branch=B\nCall-ID: C\nCSeq: 1 OPTIONS\n\n", SIP_ANSWER, 503},
    /* To another request. */
    {"SIP/2.0 200 OK\nVia: SIP/2.0/UDP h;branch=Bx\nCall-ID: C\nCSeq: 1 OPTIONS\n\n", SIP_OTHER, 0},
    {"SIP/2.0 200 OK\nVia: SIP/2.0/UDP h\nCall-ID: C\nCSeq: 1 OPTIONS\n\n", SIP_OTHER, 0},
    {"SIP/2.0 200 OK\nVia: SIP/2.0/UDP h;branch=B\nCall-ID: Cx\nCSeq: 1 OPTIONS\n\n", SIP_OTHER, 0},
    {"SIP/2.0 200 OK\nVia: SIP/2.0/UDP h;branch=B\nCall-ID: C\nCSeq: 2 OPTIONS\n\n", SIP_OTHER, 0},
    {"SIP/2.0 200 OK\nVia: SIP/2.0/UDP h;branch=B\nCall-ID: C\nCSeq: 1 INVITE\n\n", SIP_OTHER, 0},
    {"SIP/2.0 200 OK\nVia: SIP/2.0/UDP h;branch=B\nVia: SIP/2.0/UDP i;branch=B\nCall-ID: C\n"
     "CSeq: 1 OPTIONS\n\n",
     SIP_OTHER, 0},
    {"SIP/2.0 200 OK\nVia: SIP/2.0/UDP h;branch=B, SIP/2.0/UDP i\nCall-ID: C\nCSeq: 1 OPTIONS\n\n",
     SIP_OTHER, 0},
    /* Not all there yet. */
    {"", SIP_PARTIAL, 0},
    {"SIP/2", SIP_PARTIAL, 0},
    {"SIP/2.0 200 OK\nVia: SIP/2.0/UDP h;branch=B\nCall-ID: C\nCSeq: 1 OPTIONS\n", SIP_PARTIAL, 0},
    /* Broken, or something else. */
    {"HTTP/1.1 200 OK\n\n", SIP_GARBAGE, 0},
    {"SIP/2.0 099 x\n\n", SIP_GARBAGE, 0},
    {"SIP/2.0 700 x\n\n", SIP_GARBAGE, 0},
    {"SIP/2.0 2000 x\n\n", SIP_GARBAGE, 0},
    {"SIP/2.0 2x0 x\n\n", SIP_GARBAGE, 0},
    {"SIP/2.0 20\n\n", SIP_GARBAGE, 0},
    {"SIP/2.0 200 OK\n\n", SIP_GARBAGE, 0},
    {"SIP/2.0 200 OK\nVia: SIP/2.0/UDP h;branch=B\nCall-ID: C\n\n", SIP_GARBAGE, 0},
    {"SIP/2.0 200 OK\nVia: SIP/2.0/UDP h;branch=B\nCall-ID: C\nCall-ID: C\nCSeq: 1 OPTIONS\n\n",
     SIP_GARBAGE, 0},
    {"SIP/2.0 200 OK\nno colon\n\n", SIP_GARBAGE, 0},
};

static void test_answers(void **state)
{
    struct sip_ids ids = {.branch = "B", .call_id = "C"};

    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        size_t len = strlen(answers[i].text);
        char *exact = mem_dup(answers[i].text, len);
        int status = 0;

        if (sip_answer(exact, len, &ids, &status) != answers[i].kind)
            fail_msg("%s", answers[i].text);
        if (answers[i].kind == SIP_ANSWER)
            assert_int_equal(status, answers[i].status);
        mem_free(exact);
    }
}

/* ---- a server of the test: one process, one socket, as a mode says ---- */

enum mode {
    OK,
    UNAVAILABLE, /* 503 */
    SILENT,
    GARBAGE,
    STRANGE,     /* an answer to something else, then the right one */
    TRYING,      /* 100, then 200 */
    SECOND_ONLY, /* the first request is lost */
    CLOSES,      /* TCP only */
    SPLIT,       /* TCP only: in two parts */
};

struct answerer {
    pid_t pid;
    int port;
};

/* The lines of the request that an answer repeats. */
static void answer(const char *request, const char *status, const char *mark, char *out,
                   size_t size)
{
    static const char *const names[] = {"Via:", "From:", "To:", "Call-ID:", "CSeq:"};
    size_t n = (size_t)snprintf(out, size, "SIP/2.0 %s\r\n", status);

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *line = strstr(request, names[i]), *end = strstr(line, "\r\n");
        const char *marked = strcmp(names[i], "Call-ID:") == 0 ? mark : "";

        n += (size_t)snprintf(out + n, size - n, "%.*s%s\r\n", (int)(end - line), line, marked);
    }
    snprintf(out + n, size - n, "Content-Length: 0\r\n\r\n");
}

static void say(int fd, const struct sockaddr_in *to, const char *text, size_t len)
{
    if (to != NULL)
        (void)!sendto(fd, text, len, 0, (const struct sockaddr *)to, sizeof *to);
    else
        (void)!write(fd, text, len);
}

static void obey(enum mode mode, int nth, int fd, const struct sockaddr_in *to, const char *request)
{
    char text[4096];

    answer(request, mode == UNAVAILABLE ? "503 Service Unavailable" : "200 OK", "", text,
           sizeof text);
    switch (mode) {
    case SILENT:
    case CLOSES:
        return;
    case GARBAGE:
        snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\n\r\n");
        break;
    case STRANGE:
    case TRYING: {
        char before[4096];

        answer(request, mode == TRYING ? "100 Trying" : "503 No", mode == TRYING ? "" : "x", before,
               sizeof before);
        say(fd, to, before, strlen(before));
        break;
    }
    case SECOND_ONLY:
        if (nth == 0)
            return;
        break;
    case SPLIT:
        say(fd, to, text, 20);
        usleep(20000);
        say(fd, to, text + 20, strlen(text) - 20);
        return;
    default:
        break;
    }
    say(fd, to, text, strlen(text));
}

static void serve(int fd, bool tcp, enum mode mode)
{
    for (int nth = 0;; nth++) {
        struct sockaddr_in from;
        socklen_t len = sizeof from;
        char request[4096] = "";
        int conn = tcp ? accept(fd, NULL, NULL) : -1;

        if (tcp) {
            (void)!read(conn, request, sizeof request - 1);
            obey(mode, nth, conn, NULL, request);
            if (mode == CLOSES)
                close(conn);
        } else {
            (void)!recvfrom(fd, request, sizeof request - 1, 0, (struct sockaddr *)&from, &len);
            obey(mode, nth, fd, &from, request);
        }
    }
}

static int bind_any(bool tcp, int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, tcp ? SOCK_STREAM : SOCK_DGRAM, 0);

    CHECK(bind(fd, (struct sockaddr *)&address, len) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&address, &len) == 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static struct answerer server_start(bool tcp, enum mode mode)
{
    struct answerer server;
    int fd = bind_any(tcp, &server.port);

    if (tcp)
        CHECK(listen(fd, 8) == 0);
    server.pid = fork();
    CHECK(server.pid >= 0);
    if (server.pid == 0)
        serve(fd, tcp, mode);
    close(fd);
    return server;
}

static void server_stop(struct answerer *server)
{
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
}

static struct probe_result ask(const char *host, int port, bool tcp, int timeout_ms)
{
    struct probe_result result;
    struct world world;

    world_init(&world);
    world_sip(&world, host, port, tcp, NEVER_MS, timeout_ms);
    world_observe(&world, 1);
    result = world_probe(&world, 0);
    world_end(&world);
    return result;
}

static struct probe_result against(bool tcp, enum mode mode, int timeout_ms)
{
    struct answerer server = server_start(tcp, mode);
    struct probe_result result = ask("127.0.0.1", server.port, tcp, timeout_ms);

    server_stop(&server);
    return result;
}

static void test_modes(void **state)
{
    static const struct {
        bool tcp;
        enum mode mode;
        int timeout_ms;
        enum reason reason;
        int status;
    } cases[] = {
        {false, OK, TIMEOUT_MS, REASON_OK, 200},
        {false, UNAVAILABLE, TIMEOUT_MS, REASON_STATUS, 503},
        {false, SILENT, SHORT_MS, REASON_TIMEOUT, 0},
        {false, GARBAGE, TIMEOUT_MS, REASON_PROTOCOL, 0},
        {false, STRANGE, TIMEOUT_MS, REASON_OK, 200},
        {false, TRYING, TIMEOUT_MS, REASON_OK, 200},
        {false, SECOND_ONLY, SHORT_MS, REASON_TIMEOUT, 0},
        {true, OK, TIMEOUT_MS, REASON_OK, 200},
        {true, UNAVAILABLE, TIMEOUT_MS, REASON_STATUS, 503},
        {true, SILENT, SHORT_MS, REASON_TIMEOUT, 0},
        {true, GARBAGE, TIMEOUT_MS, REASON_PROTOCOL, 0},
        {true, STRANGE, TIMEOUT_MS, REASON_OK, 200},
        {true, TRYING, TIMEOUT_MS, REASON_OK, 200},
        {true, CLOSES, TIMEOUT_MS, REASON_CLOSED, 0},
        {true, SPLIT, TIMEOUT_MS, REASON_OK, 200},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct probe_result result = against(cases[i].tcp, cases[i].mode, cases[i].timeout_ms);

        if (result.reason != cases[i].reason || result.status != cases[i].status)
            fail_msg("case %zu: reason %d, status %d", i, result.reason, result.status);
    }
}

static void test_sent_again(void **state)
{
    struct probe_result result = against(false, SECOND_ONLY, TIMEOUT_MS);

    assert_int_equal(result.reason, REASON_OK);
    assert_in_range(result.took_ms, 499, TIMEOUT_MS);
}

static void test_refused(void **state)
{
    int port, fd;

    for (int tcp = 0; tcp < 2; tcp++) {
        struct probe_result result;

        fd = bind_any(tcp, &port);
        close(fd);
        result = ask("127.0.0.1", port, tcp, TIMEOUT_MS);
        assert_int_equal(result.reason, REASON_REFUSED);
        assert_in_range(result.took_ms, 0, SHORT_MS);
    }
}

static void test_names(void **state)
{
    struct answerer server = server_start(false, OK);

    assert_int_equal(ask("localhost", server.port, false, TIMEOUT_MS).reason, REASON_OK);
    server_stop(&server);
    assert_int_equal(ask("nowhere.invalid", 5060, false, 10000).reason, REASON_RESOLVE);
}

/* The observer goes while probes are out. */
static void test_closed_under_way(void **state)
{
    static const char *const hosts[] = {"127.0.0.1", "localhost"};

    for (int i = 0; i < 4; i++) {
        struct answerer server = server_start(i & 1, SILENT);
        struct world world;

        world_init(&world);
        world_sip(&world, hosts[i / 2], server.port, i & 1, NEVER_MS, TIMEOUT_MS);
        world_observe(&world, 1);
        observe_now(world.observe, 0);
        observe_now(world.observe, 0);
        uv_run(&world.loop, UV_RUN_NOWAIT);
        world_end(&world);
        server_stop(&server);
    }
}

/* ---- Kamailio ---- */

static void write_config(const char *path, const char *host)
{
    FILE *file = fopen(path, "w");

    CHECK(file != NULL);
    fprintf(file,
            "debug=0\nlog_stderror=yes\nfork=no\nchildren=1\ndisable_tcp=no\n"
            "listen=udp:%s:5060\nlisten=tcp:%s:5060\n"
            "loadmodule \"sl.so\"\nloadmodule \"pv.so\"\n"
            "request_route { sl_send_reply(\"200\", \"OK\"); }\n",
            host, host);
    fclose(file);
}

static void test_kamailio(void **state)
{
    char dir[] = "/tmp/kirikae-sip-XXXXXX", path[64], host[32];
    struct probe_result result;
    pid_t pid;

    if (getenv("KIRIKAE_NO_REAL") != NULL)
        skip();
    CHECK(mkdtemp(dir) != NULL);
    snprintf(path, sizeof path, "%s/kamailio.cfg", dir);
    /* An address that no other process uses, with the usual port. */
    snprintf(host, sizeof host, "127.%d.%d.9", 1 + getpid() % 250, getpid() / 250 % 250);
    write_config(path, host);
    pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        setpgid(0, 0);
        (void)!freopen("/dev/null", "w", stdout);
        (void)!freopen("/dev/null", "w", stderr);
        execlp("kamailio", "kamailio", "-DD", "-E", "-m", "16", "-M", "4", "-f", path, "-Y", dir,
               (char *)NULL);
        execl("/usr/sbin/kamailio", "kamailio", "-DD", "-E", "-m", "16", "-M", "4", "-f", path,
              "-Y", dir, (char *)NULL);
        _exit(127);
    }
    setpgid(pid, pid);
    for (int tcp = 0; tcp < 2; tcp++) {
        int64_t until_ms = clock_boot_ms() + PATIENCE_MS;

        do /* asked at once it is not there yet */
            result = ask(host, 5060, tcp, TIMEOUT_MS);
        while (result.reason != REASON_OK && clock_boot_ms() < until_ms &&
               waitpid(pid, NULL, WNOHANG) == 0);
        assert_int_equal(result.reason, REASON_OK);
        assert_int_equal(result.status, 200);
    }
    kill(-pid, SIGKILL);
    waitpid(pid, NULL, 0);
    unlink(path);
    rmdir(dir);
    assert_int_equal(ask(host, 5060, false, TIMEOUT_MS).reason, REASON_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_modes),
        cmocka_unit_test(test_sent_again),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_closed_under_way),
        cmocka_unit_test(test_kamailio),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
