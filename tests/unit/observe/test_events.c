/* What tells of itself: connections that break, processes that end. */
#include "base/check.h"
#include "fake.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[64];

static int set_up(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/kirikae-events-XXXXXX");
    return mkdtemp(dir) != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    char command[96];

    (void)state;
    snprintf(command, sizeof command, "rm -r %s", dir);
    return system(command);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* ---- connections ---- */

static void test_a_broken_connection_is_told(void **state)
{
    struct fake fake;
    struct world world;

    (void)state;
    world_init(&world);
    fake_open(&fake, &world.loop, FAKE_OK);
    fake_listen(&fake);
    world.checks[world_tcp(&world, fake.port, NEVER_MS, 300)].keep_connection = true;
    world_observe(&world, 1);
    while (fake.connections == 0)
        world_run(&world, 5);
    world_run(&world, 50);
    assert_int_equal(world.hints, 0);
    fake_close(&fake); /* with all its connections, and the port */
    world_await_hint(&world, 1);
    assert_int_equal(world.hinted, 0);
    world_run(&world, 700); /* nobody listens: tries fail, and say nothing */
    assert_int_equal(world.hints, 1);
    world_end(&world);
}

static void test_urls_and_names_are_found(void **state)
{
    struct fake fake;
    struct world world;
    int check;

    (void)state;
    world_init(&world);
    fake_open(&fake, &world.loop, FAKE_OK);
    fake_listen(&fake);
    check = world_http(&world, "http", fake.port, NEVER_MS, 300);
    world.checks[check].keep_connection = true;
    check = world_tcp(&world, fake.port, NEVER_MS, 300);
    world.checks[check].keep_connection = true;
    snprintf(world.checks[check].host, LIMIT_NAME, "localhost");
    world_observe(&world, 1);
    while (fake.connections < 2)
        world_run(&world, 5);
    fake_close(&fake);
    world_await_hint(&world, 2);
    world_end(&world);
}

static void test_closing_amid_a_try(void **state)
{
    struct world world;
    int check;

    (void)state;
    for (int ms = 0; ms < 8; ms++) {
        world_init(&world);
        check = world_tcp(&world, 9, NEVER_MS, 300);
        world.checks[check].keep_connection = true;
        snprintf(world.checks[check].host, LIMIT_NAME, "localhost");
        world_observe(&world, 1);
        if (ms > 0)
            world_run(&world, ms);
        world_end(&world);
    }
}

/* ---- processes ---- */

static pid_t child(void)
{
    pid_t pid = fork();

    if (pid == 0)
        for (;;)
            pause();
    return pid;
}

static void end_child(pid_t pid)
{
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void write_pid(const char *path, pid_t pid)
{
    char text[16], fresh[96];

    snprintf(text, sizeof text, "%d\n", (int)pid);
    snprintf(fresh, sizeof fresh, "%s.new", path);
    write_file(fresh, text);
    assert_int_equal(rename(fresh, path), 0); /* as careful programs do */
}

static int process_check(struct world *world, enum process_kind kind, const char *process)
{
    int check = world_tcp(world, 9, NEVER_MS, 300);

    world->checks[check].process_kind = kind;
    snprintf(world->checks[check].process, LIMIT_TEXT, "%s", process);
    return check;
}

static void test_a_process_by_its_number(void **state)
{
    pid_t first = child(), second;
    struct world world;
    char path[96];

    (void)state;
    snprintf(path, sizeof path, "%s/x.pid", dir);
    world_init(&world);
    process_check(&world, PROCESS_PIDFILE, path);
    world_observe(&world, 1);
    world_run(&world, 50); /* no file yet */
    write_pid(path, first);
    world_run(&world, 200);
    second = child();
    write_pid(path, second); /* it hands over, and ends later */
    world_run(&world, 200);
    end_child(first);
    world_run(&world, 200);
    assert_int_equal(world.hints, 0);
    end_child(second);
    world_await_hint(&world, 1);
    world_run(&world, 1500); /* the file still names it */
    assert_int_equal(world.hints, 1);
    first = child();
    write_pid(path, first);
    world_run(&world, 200);
    end_child(first);
    world_await_hint(&world, 2);
    world_end(&world);
}

static void test_what_is_no_number(void **state)
{
    static const char *const texts[] = {"", "x", "-1", "0", "1", "99999999999999999999", "3000000"};
    struct world world;
    char path[96];

    (void)state;
    snprintf(path, sizeof path, "%s/odd.pid", dir);
    world_init(&world);
    process_check(&world, PROCESS_PIDFILE, path);
    world_observe(&world, 1);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        write_file(path, texts[i]);
        world_run(&world, 20);
    }
    assert_int_equal(world.hints, 0);
    world_end(&world);
}

static void unit_file(const char *unit, char path[160])
{
    snprintf(path, 160, "%s/system.slice", dir);
    mkdir(path, 0700);
    snprintf(path, 160, "%s/system.slice/%s", dir, unit);
    mkdir(path, 0700);
    snprintf(path, 160, "%s/system.slice/%s/cgroup.events", dir, unit);
}

static void test_a_unit(void **state)
{
    struct world world;
    char path[160];

    (void)state;
    unit_file("x.service", path);
    world_init(&world);
    world.cgroups = dir;
    process_check(&world, PROCESS_UNIT, "x.service");
    world_observe(&world, 1);
    write_file(path, "populated 1\nfrozen 0\n");
    world_run(&world, 1200);
    write_file(path, "populated 1\nfrozen 1\n");
    world_run(&world, 100);
    assert_int_equal(world.hints, 0);
    write_file(path, "populated 0\nfrozen 0\n");
    world_await_hint(&world, 1);
    write_file(path, "populated 1\nfrozen 0\n");
    world_run(&world, 100);
    assert_int_equal(unlink(path), 0); /* systemd takes the group away */
    world_await_hint(&world, 2);
    write_file(path, "populated 1\nfrozen 0\n");
    world_run(&world, 1200);
    write_file(path, "populated 0\nfrozen 0\n");
    world_await_hint(&world, 3);
    world_end(&world);
}

static void test_an_instance_of_a_template(void **state)
{
    struct world world;
    char path[160];

    (void)state;
    snprintf(path, sizeof path, "%s/system.slice", dir);
    mkdir(path, 0700);
    unit_file("system-a\\x2db.slice", path);
    unit_file("system-a\\x2db.slice/a-b@1.service", path);
    world_init(&world);
    world.cgroups = dir;
    process_check(&world, PROCESS_UNIT, "a-b@1.service");
    world_observe(&world, 1);
    write_file(path, "populated 1\n");
    world_run(&world, 1200);
    write_file(path, "populated 0\n");
    world_await_hint(&world, 1);
    world_end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_broken_connection_is_told),
        cmocka_unit_test(test_urls_and_names_are_found),
        cmocka_unit_test(test_closing_amid_a_try),
        cmocka_unit_test(test_a_process_by_its_number),
        cmocka_unit_test(test_what_is_no_number),
        cmocka_unit_test(test_a_unit),
        cmocka_unit_test(test_an_instance_of_a_template),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
