/* The real helper, with real addresses, in a network namespace of its own. This test is its
 * daemon. What it waits for is awaited on its socket or on the kernel. */
#include "base/clock.h"
#include "wire/holding.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* What takes longer than this hangs: no machine is so slow. */
#define PATIENCE_MS 60000
#define F 2000 /* valgrind and sanitizers are slow, and so is a loaded machine */

static const char *binary, *denied; /* NULL: not in this build */
static char dir[64];
static pid_t helper;
static int sock = -1;

/* ---- the world around it ---- */

static bool run(const char *format, ...)
{
    char command[512];
    va_list args;

    va_start(args, format);
    vsnprintf(command, sizeof command, format, args);
    va_end(args);
    return system(command) == 0;
}

static void write_file(const char *name, const char *format, ...)
{
    char path[128];
    va_list args;
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", dir, name);
    file = fopen(path, "w");
    assert_non_null(file);
    va_start(args, format);
    vfprintf(file, format, args);
    va_end(args);
    fchmod(fileno(file), 0755);
    fclose(file);
}

static void start_helper(void)
{
    char config[128];

    snprintf(config, sizeof config, "%s/helper.yaml", dir);
    helper = fork();
    if (helper == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails does not end it */
        execl(binary, "kirikae-helper", "--config", config, NULL);
        _exit(127);
    }
    assert_true(helper > 0);
}

static void connect_to_helper(void)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int64_t until_ms = clock_boot_ms() + PATIENCE_MS;

    snprintf(name.sun_path, sizeof name.sun_path, "%s/sock", dir);
    while (clock_boot_ms() < until_ms) {
        sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        if (connect(sock, (struct sockaddr *)&name, sizeof name) == 0)
            return;
        close(sock);
        poll(NULL, 0, 5);
    }
    fail_msg("the helper does not listen");
}

static void end_helper(int signal)
{
    kill(helper, signal);
    waitpid(helper, NULL, 0);
    close(sock);
}

static void say(enum holding_kind kind, uint32_t epoch, int64_t for_ms, const char *things)
{
    struct holding_message message = {
        .kind = kind, .epoch = epoch, .fence_ms = F, .route = "line", .candidate = "tokyo"};
    uint8_t bytes[HOLDING_BYTES];
    size_t len;

    message.time_ms = kind == HOLDING_HOLD ? clock_boot_ms() + for_ms : 0;
    snprintf(message.text, sizeof message.text, "%s", things);
    len = holding_encode(&message, bytes);
    assert_int_equal(send(sock, bytes, len, MSG_NOSIGNAL), len);
}

/* The next answer. */
static struct holding_message answer(void)
{
    struct pollfd fd = {.fd = sock, .events = POLLIN};
    uint8_t bytes[HOLDING_BYTES];
    struct holding_message message;
    struct err err;
    ssize_t n;

    assert_int_equal(poll(&fd, 1, PATIENCE_MS), 1);
    n = recv(sock, bytes, sizeof bytes, 0);
    assert_true(n > 0);
    assert_int_equal(holding_decode(bytes, (size_t)n, &message, &err), 0);
    return message;
}

static struct holding_message expect(enum holding_kind kind)
{
    struct holding_message message = answer();

    if (message.kind != kind)
        fail_msg("answer %d, not %d: %s", message.kind, kind, message.text);
    return message;
}

static bool has(const char *address)
{
    return run("ip -o addr show dev lan | grep -qF ' %s/'", address);
}

static int enter(void **state)
{
    char map[32];
    int len = snprintf(map, sizeof map, "0 %u 1", getuid()), fd;

    (void)state;
    if (unshare(getuid() == 0 ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET) < 0)
        return 0;
    fd = getuid() == 0 ? -1 : open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        assert_int_equal(write(fd, map, (size_t)len), len);
        close(fd);
    }
    snprintf(dir, sizeof dir, "/tmp/kirikae-helper-XXXXXX");
    assert_non_null(mkdtemp(dir));
    assert_true(run("ip link add lan type veth peer name far && ip link set lan up && "
                    "ip link set far up && ip link add any type veth peer name any1 && "
                    "ip link set any up && ip link set any1 up"));
    write_file("helper.yaml",
               "socket: %s/sock\nuser: root\nroutes:\n"
               "  - name: line\n"
               "    addresses:\n"
               "      - {address: 192.0.2.10/24, interface: lan}\n"
               "      - {address: \"2001:db8::10/64\", interface: lan}\n"
               "    hooks:\n"
               "      - {name: note, program: %s/note, limit: 10s, last_resort: any}\n"
               "      - {name: hangs, program: %s/hangs, limit: 10s, last_resort: any}\n",
               dir, dir, dir);
    write_file("note",
               "#!/bin/sh\necho \"$KIRIKAE_ACTION $KIRIKAE_ROUTE $KIRIKAE_EPOCH "
               "$KIRIKAE_CANDIDATE\" >>%s/noted\n",
               dir);
    write_file("hangs",
               "#!/bin/sh\n[ \"$KIRIKAE_ACTION\" = start ] || [ ! -e %s/hang ] || "
               "exec sleep 100\n",
               dir);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    if (dir[0] != '\0')
        run("rm -rf %s", dir);
    return 0;
}

#define NEEDS_NAMESPACE()                                                                          \
    do {                                                                                           \
        (void)state;                                                                               \
        if (dir[0] == '\0')                                                                        \
            skip();                                                                                \
    } while (0)

/* ---- tests ---- */

static void fences_at_the_deadline_and_takes_the_epoch_up_again(void **state)
{
    struct holding_message fenced;
    int64_t before_ms;

    NEEDS_NAMESPACE();
    start_helper();
    connect_to_helper();
    before_ms = clock_boot_ms();
    say(HOLDING_HOLD, 3, 3000, "192.0.2.10 2001:db8::10");
    expect(HOLDING_HELD);
    assert_true(has("192.0.2.10") && has("2001:db8::10"));
    fenced = expect(HOLDING_FENCED); /* nothing more was said */
    assert_int_equal(fenced.why, HOLDING_DEADLINE);
    assert_true(fenced.time_ms - before_ms >= 3000);
    assert_false(has("192.0.2.10") || has("2001:db8::10"));
    say(HOLDING_HOLD, 3, 60000, "192.0.2.10");
    expect(HOLDING_HELD);
    assert_true(has("192.0.2.10") && !has("2001:db8::10"));
    say(HOLDING_RELEASE, 3, 0, "");
    assert_int_equal(expect(HOLDING_FENCED).why, HOLDING_RELEASED);
    assert_false(has("192.0.2.10"));
    say(HOLDING_HOLD, 3, 60000, "192.0.2.10");
    assert_int_equal(expect(HOLDING_FENCED).why, HOLDING_RELEASED);
    end_helper(SIGTERM);
}

static void does_nothing_that_its_file_does_not_say(void **state)
{
    NEEDS_NAMESPACE();
    start_helper();
    connect_to_helper();
    say(HOLDING_HOLD, 1, 60000, "192.0.2.11");
    assert_non_null(strstr(expect(HOLDING_FAILED).text, "192.0.2.11"));
    say(HOLDING_HOLD, 1, 60000, "hook:rm");
    assert_non_null(strstr(expect(HOLDING_FAILED).text, "hook:rm"));
    assert_false(has("192.0.2.11"));
    end_helper(SIGTERM);
}

static void a_deadline_outlives_the_daemon(void **state)
{
    NEEDS_NAMESPACE();
    start_helper();
    connect_to_helper();
    say(HOLDING_HOLD, 1, 3000, "192.0.2.10");
    expect(HOLDING_HELD);
    close(sock);
    connect_to_helper();
    assert_true(has("192.0.2.10"));
    assert_int_equal(expect(HOLDING_FENCED).why, HOLDING_DEADLINE);
    assert_false(has("192.0.2.10"));
    end_helper(SIGTERM);
}

static void a_helper_that_dies_fences_when_it_begins_again(void **state)
{
    NEEDS_NAMESPACE();
    start_helper();
    connect_to_helper();
    say(HOLDING_HOLD, 1, 60000, "192.0.2.10 2001:db8::10");
    expect(HOLDING_HELD);
    end_helper(SIGKILL);
    assert_true(has("192.0.2.10"));
    start_helper();
    connect_to_helper(); /* it does not listen before it has fenced */
    assert_false(has("192.0.2.10") || has("2001:db8::10"));
    say(HOLDING_RELEASE, 1, 0, "");
    assert_int_equal(expect(HOLDING_FENCED).why, HOLDING_RELEASED);
    end_helper(SIGTERM);
}

static void the_kernel_fences_for_a_helper_that_never_comes_back(void **state)
{
    int64_t until_ms;

    NEEDS_NAMESPACE();
    start_helper();
    connect_to_helper();
    say(HOLDING_HOLD, 1, 60000, "192.0.2.10 2001:db8::10");
    expect(HOLDING_HELD);
    end_helper(SIGKILL);
    until_ms = clock_boot_ms() + PATIENCE_MS;
    while (has("192.0.2.10") || has("2001:db8::10")) {
        assert_true(clock_boot_ms() < until_ms);
        poll(NULL, 0, 50);
    }
}

static void hooks_are_called_and_one_that_hangs_is_cut(void **state)
{
    NEEDS_NAMESPACE();
    run("rm -f %s/noted", dir);
    start_helper();
    connect_to_helper();
    say(HOLDING_HOLD, 6, 60000, "hook:note hook:hangs");
    expect(HOLDING_HELD);
    assert_true(run("grep -qx 'stop line 0 ' %s/noted", dir)); /* as it began */
    assert_true(run("grep -qx 'start line 6 tokyo' %s/noted", dir));
    assert_true(run("ip -o link show any | grep -q ,UP"));
    write_file("hang", "x");
    say(HOLDING_RELEASE, 6, 0, "");
    assert_int_equal(expect(HOLDING_FENCED).why, HOLDING_RELEASED);
    assert_true(run("grep -qx 'stop line 6 tokyo' %s/noted", dir));
    assert_false(run("ip -o link show any | grep -q ,UP"));
    run("rm %s/hang", dir);
    say(HOLDING_HOLD, 7, 60000, "hook:hangs");
    expect(HOLDING_HELD);
    assert_true(run("ip -o link show any | grep -q ,UP"));
    end_helper(SIGTERM);
}

static void what_is_wrong_with_a_hook_is_told(void **state)
{
    struct holding_message failed;

    NEEDS_NAMESPACE();
    write_file("note", "#!/bin/sh\n[ \"$KIRIKAE_ACTION\" = stop ] && exit 0\n"
                       "echo the trunk is not there; exit 3\n");
    start_helper();
    connect_to_helper();
    say(HOLDING_HOLD, 1, 60000, "192.0.2.10 hook:note");
    failed = expect(HOLDING_FAILED);
    assert_non_null(strstr(failed.text, "exit code 3: the trunk is not there"));
    assert_int_equal(expect(HOLDING_FENCED).why, HOLDING_LOST);
    assert_false(has("192.0.2.10"));
    end_helper(SIGTERM);
}

/* Hooks that do what they can to keep the fence from its time: the address is gone by then. */
static void no_hook_keeps_the_fence_waiting(void **state)
{
    static const char *const starts[] = {
        "yes & yes", /* its output never comes to an end */
        "trap '' TERM INT HUP; while :; do sleep 100; done",
        "trap '' TERM; head -c 100000000 /dev/zero; sleep 100",
    };

    NEEDS_NAMESPACE();
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        struct holding_message fenced;
        int64_t began_ms;

        write_file("note", "#!/bin/sh\n[ \"$KIRIKAE_ACTION\" = stop ] && exit 0\n%s\n", starts[i]);
        start_helper();
        connect_to_helper();
        began_ms = clock_boot_ms();
        say(HOLDING_HOLD, 1, 1000, "192.0.2.10 hook:note");
        fenced = expect(HOLDING_FENCED);
        assert_int_equal(fenced.why, HOLDING_DEADLINE);
        assert_in_range(fenced.time_ms - began_ms, 1000, 1000 + F);
        assert_false(has("192.0.2.10"));
        assert_true(run("ip -o link show any | grep -q ,UP")); /* stopped, not cut */
        end_helper(SIGTERM);
    }
}

/* What a hook leaves behind holds its output open, and writes into it. */
static void a_hook_is_over_when_it_ends(void **state)
{
    struct holding_message failed;

    NEEDS_NAMESPACE();
    write_file("note", "#!/bin/sh\n[ \"$KIRIKAE_ACTION\" = stop ] && exit 0\n"
                       "(trap '' TERM; yes) & (trap '' TERM; exec sleep 3) & exit 0\n");
    start_helper();
    connect_to_helper();
    say(HOLDING_HOLD, 1, 60000, "192.0.2.10 hook:note");
    expect(HOLDING_HELD);
    end_helper(SIGTERM);
    assert_false(has("192.0.2.10"));
    write_file("note", "#!/bin/sh\n[ \"$KIRIKAE_ACTION\" = stop ] && exit 0\nkill -SEGV $$\n");
    start_helper();
    connect_to_helper();
    say(HOLDING_HOLD, 1, 60000, "192.0.2.10 hook:note");
    failed = expect(HOLDING_FAILED);
    assert_non_null(strstr(failed.text, "start: ended by signal 11"));
    assert_int_equal(expect(HOLDING_FENCED).why, HOLDING_LOST);
    end_helper(SIGTERM);
}

/* Nor is it forgotten: it is tried again, until it is down. */
static void what_still_stands_is_not_called_fenced(void **state)
{
    struct holding_message last;
    char path[128];

    NEEDS_NAMESPACE();
    if (denied == NULL)
        skip();
    snprintf(path, sizeof path, "%s/denied", dir);
    write_file("note", "#!/bin/sh\n");
    setenv("LD_PRELOAD", denied, 1);
    setenv("DENIED", path, 1);
    start_helper();
    unsetenv("LD_PRELOAD");
    connect_to_helper();
    say(HOLDING_HOLD, 1, 60000, "192.0.2.10");
    expect(HOLDING_HELD);
    write_file("denied", "x");
    say(HOLDING_RELEASE, 1, 0, "");
    assert_non_null(strstr(expect(HOLDING_FAILED).text, "192.0.2.10")); /* the first way … */
    assert_non_null(strstr(expect(HOLDING_FAILED).text, "interface lan"));
    while (has("192.0.2.10")) /* … the second, and both again until the kernel's own deadline */
        assert_non_null(strstr(expect(HOLDING_FAILED).text, "lan"));
    unlink(path);
    do
        last = answer();
    while (last.kind == HOLDING_FAILED);
    assert_int_equal(last.kind, HOLDING_FENCED);
    assert_false(has("192.0.2.10"));
    end_helper(SIGTERM);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fences_at_the_deadline_and_takes_the_epoch_up_again),
        cmocka_unit_test(does_nothing_that_its_file_does_not_say),
        cmocka_unit_test(a_deadline_outlives_the_daemon),
        cmocka_unit_test(a_helper_that_dies_fences_when_it_begins_again),
        cmocka_unit_test(the_kernel_fences_for_a_helper_that_never_comes_back),
        cmocka_unit_test(hooks_are_called_and_one_that_hangs_is_cut),
        cmocka_unit_test(what_is_wrong_with_a_hook_is_told),
        cmocka_unit_test(no_hook_keeps_the_fence_waiting),
        cmocka_unit_test(a_hook_is_over_when_it_ends),
        cmocka_unit_test(what_still_stands_is_not_called_fenced),
    };

    if (argc != 2 && argc != 3)
        return 2;
    binary = argv[1];
    denied = argv[2];
    return cmocka_run_group_tests(tests, enter, leave);
}
