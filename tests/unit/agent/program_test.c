/* Programs: what they are told, what their exits mean, and that an order which is late does
 * not reach them. */
#include "bench.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Keeps what it was told in `now`, tells every run in `runs`; `mode` makes it behave. */
static const char script[] = "#!/bin/sh\n"
                             "cd \"$(dirname \"$0\")\" || exit 9\n"
                             "mode=$(cat mode 2>/dev/null)\n"
                             "echo \"$KIRIKAE_ACTION $KIRIKAE_EPOCH.$KIRIKAE_STEP\" >>runs\n"
                             "want=\"$KIRIKAE_ROUTE $KIRIKAE_ACTUATOR $KIRIKAE_CANDIDATE "
                             "$KIRIKAE_VALUE [$KIRIKAE_MEMBERS]\"\n"
                             "case $KIRIKAE_ACTION in\n"
                             "read) test \"$(cat now 2>/dev/null)\" = \"$want\" ;;\n"
                             "apply)\n"
                             "  case $mode in\n"
                             "  fail) echo 'the line is cut'; exit 1 ;;\n"
                             "  never) echo 'not on a Sunday'; exit 2 ;;\n"
                             "  forget) exit 0 ;;\n"
                             "  crash) kill -SEGV $$ ;;\n"
                             "  flood) head -c 100000000 /dev/zero; echo the end ;;\n"
                             "  leave) (trap '' TERM; yes) & sleep 60 & ;;\n"
                             "  hang) sh -c 'sleep 60; echo late >late' & wait ;;\n"
                             "  esac\n"
                             "  echo \"$want\" >now ;;\n"
                             "esac\n";

static const char *agent_path; /* the program */

static struct bench *exec_bench_without_agent(void)
{
    struct bench *bench = bench_new();
    const char *path = bench_write(bench, "program", 0755, script);

    bench->actuator->kind = ACTUATOR_EXEC;
    snprintf(bench->actuator->program, sizeof bench->actuator->program, "p");
    snprintf(bench->config.programs[0].name, sizeof bench->config.programs[0].name, "p");
    snprintf(bench->config.programs[0].path, sizeof bench->config.programs[0].path, "%s", path);
    bench->config.n_programs = 1;
    return bench;
}

static struct bench *exec_bench(void)
{
    struct bench *bench = exec_bench_without_agent();

    bench_start(bench);
    return bench;
}

static void it_is_told_and_read_back(void **state)
{
    struct bench *bench = exec_bench();

    bench_ok(bench, bench_order(bench, 1, 0, 0, 3), true);
    assert_string_equal(bench_read(bench, "now"), "calls sw tokyo voice [voice-1 voice-2]\n");
    assert_string_equal(bench_read(bench, "runs"), "read 1.0\napply 1.0\nread 1.0\n");
    bench_ok(bench, bench_order(bench, 1, 0, 0, 3), false); /* asserted: only read */
    bench_ok(bench, bench_order(bench, 2, 1, 1, 2), true);
    assert_string_equal(bench_read(bench, "now"), "calls sw osaka mirror [mirror-2]\n");
    bench_write(bench, "now", 0644, "somebody else\n");
    bench_ok(bench, bench_order(bench, 2, 1, 1, 2), true);
    bench_free(bench);
}

static void exits_are_told(void **state)
{
    struct bench *bench = exec_bench();

    bench_write(bench, "mode", 0644, "fail");
    bench_fails(bench, bench_order(bench, 1, 0, 0, 3), ERR_IO, "exit 1: the line is cut");
    bench_fails(bench, bench_order(bench, 1, 0, 0, 3), ERR_IO, "exit 1"); /* tried again */
    bench_write(bench, "mode", 0644, "forget");
    bench_fails(bench, bench_order(bench, 1, 0, 0, 3), ERR_INVALID, "reading it back says no");
    bench_write(bench, "mode", 0644, "never");
    bench_write(bench, "runs", 0644, "");
    bench_fails(bench, bench_order(bench, 1, 0, 0, 3), ERR_REFUSED, "exit 2: not on a Sunday");
    bench_fails(bench, bench_order(bench, 1, 0, 0, 3), ERR_REFUSED, "not on a Sunday");
    assert_string_equal(bench_read(bench, "runs"), "read 1.0\napply 1.0\n"); /* once */
    bench_write(bench, "mode", 0644, "");
    bench_ok(bench, bench_order(bench, 1, 1, 0, 3), true); /* another order */
    snprintf(bench->actuator->program, sizeof bench->actuator->program, "other");
    bench_fails(bench, bench_order(bench, 1, 2, 0, 3), ERR_INVALID, "no program \"other\"");
    bench_free(bench);
}

/* Nothing is written when the agent is killed: what matters was before it answered. */
static void refused_for_good_survives_a_kill(void **state)
{
    struct bench *bench = exec_bench_without_agent();
    struct act_order order = bench_order(bench, 4, 2, 0, 3);
    pid_t agent = bench_spawn(bench, agent_path);

    bench_write(bench, "mode", 0644, "never");
    assert_int_equal(bench_await(bench, order).code, ERR_REFUSED);
    bench_kill(agent);
    bench_write(bench, "mode", 0644, "");
    bench_write(bench, "runs", 0644, "");
    for (int restart = 0; restart < 2; restart++) {
        agent = bench_spawn(bench, agent_path);
        assert_int_equal(bench_await(bench, order).code, ERR_REFUSED);
        bench_fails(bench, order, ERR_REFUSED, "exit 2: not on a Sunday");
        bench_fails(bench, bench_order(bench, 4, 1, 0, 3), ERR_STALE, "4.2");
        assert_string_equal(bench_read(bench, "runs"), "");
        bench_kill(agent);
    }
    /* Another order is none that was refused, after the next restart neither. */
    order.step++;
    agent = bench_spawn(bench, agent_path);
    assert_int_equal(bench_await(bench, order).code, 0);
    bench_kill(agent);
    agent = bench_spawn(bench, agent_path);
    assert_int_equal(bench_await(bench, order).code, 0);
    bench_kill(agent);
    bench_free(bench);
}

/* The whole process group: the child that it waits for as well. */
static void its_time_is_limited(void **state)
{
    struct bench *bench = exec_bench();
    struct act_result result;

    bench_ok(bench, bench_order(bench, 1, 0, 0, 3), true); /* the agent is connected */
    bench_write(bench, "now", 0644, "");
    bench_write(bench, "mode", 0644, "hang");
    bench->actuator->timeout_ms = 5000;
    result = bench_run(bench, bench_order(bench, 1, 1, 0, 3));
    assert_string_equal(err_name(result.code), err_name(ERR_TIMEOUT));
    assert_non_null(strstr(result.err.text, "took longer than 4500 ms and was killed"));
    assert_string_equal(bench_read(bench, "now"), "");
    assert_string_equal(bench_read(bench, "late"), "");
    bench_free(bench);
}

/* However much it prints, and whatever it leaves behind: it is over when it ends. */
static void its_output_keeps_nobody_waiting(void **state)
{
    struct bench *bench = exec_bench();

    bench_write(bench, "mode", 0644, "flood");
    bench_ok(bench, bench_order(bench, 1, 0, 0, 3), true);
    bench_write(bench, "mode", 0644, "leave");
    bench_ok(bench, bench_order(bench, 2, 0, 1, 3), true);
    bench_write(bench, "mode", 0644, "crash");
    bench_fails(bench, bench_order(bench, 3, 0, 0, 3), ERR_IO, "apply: ended by signal 11");
    bench_free(bench);
}

static void an_older_order_is_refused(void **state)
{
    struct bench *bench = exec_bench();

    bench_ok(bench, bench_order(bench, 5, 2, 1, 3), true);
    bench_write(bench, "runs", 0644, "");
    for (int restarted = 0; restarted < 2; restarted++) {
        struct act_result result = bench_run(bench, bench_order(bench, 4, 9, 0, 3));

        assert_string_equal(err_name(result.code), err_name(ERR_STALE));
        assert_int_equal(result.seen_epoch, 5);
        assert_int_equal(result.seen_step, 2);
        bench_fails(bench, bench_order(bench, 5, 1, 1, 1), ERR_STALE, "5.2");
        assert_string_equal(bench_read(bench, "runs"), ""); /* not even asked */
        bench_stop(bench);
        bench_start(bench);
    }
    bench_ok(bench, bench_order(bench, 5, 3, 1, 1), true);
    bench_free(bench);
}

/* An order that cannot be kept is not obeyed. */
static void what_is_not_on_disk_is_not_obeyed(void **state)
{
    struct bench *bench = exec_bench();
    char away[PATH_ROOM + 8];

    bench_ok(bench, bench_order(bench, 1, 0, 0, 3), true);
    bench_write(bench, "runs", 0644, "");
    snprintf(away, sizeof away, "%s.away", bench->world->dir);
    assert_int_equal(rename(bench->world->dir, away), 0);
    bench_fails(bench, bench_order(bench, 2, 0, 1, 3), ERR_IO, "No such file");
    assert_int_equal(rename(away, bench->world->dir), 0);
    assert_string_equal(bench_read(bench, "runs"), "");
    bench_fails(bench, bench_order(bench, 0, 9, 0, 3), ERR_STALE, "1.0");
    bench_free(bench);
}

static void on_overtaken(void *context, const struct act_order *order,
                         const struct act_result *result)
{
    *(int *)context = result->code;
}

/* A program that hangs does not keep a newer order waiting. */
static void a_newer_order_stops_an_older(void **state)
{
    struct bench *bench = exec_bench();
    struct act_order first = bench_order(bench, 1, 0, 0, 3);
    int code = 1;

    bench_write(bench, "mode", 0644, "hang");
    act_run(bench->act, &first, on_overtaken, &code);
    UNTIL(bench->world, strstr(bench_read(bench, "runs"), "apply 1.0") != NULL);
    bench_write(bench, "mode", 0644, "");
    bench_ok(bench, bench_order(bench, 2, 0, 1, 3), true);
    assert_true(code < 0);
    assert_string_equal(bench_read(bench, "now"), "calls sw osaka mirror [mirror-1 mirror-2]\n");
    bench_free(bench);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_told_and_read_back),
        cmocka_unit_test(exits_are_told),
        cmocka_unit_test(refused_for_good_survives_a_kill),
        cmocka_unit_test(its_time_is_limited),
        cmocka_unit_test(its_output_keeps_nobody_waiting),
        cmocka_unit_test(an_older_order_is_refused),
        cmocka_unit_test(what_is_not_on_disk_is_not_obeyed),
        cmocka_unit_test(a_newer_order_stops_an_older),
    };

    if (argc != 2)
        return 2;
    agent_path = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
