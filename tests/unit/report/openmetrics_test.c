/* The writer of OpenMetrics: what it writes, byte by byte, and what it refuses. */
#include "report/openmetrics.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const peer[] = {"peer", NULL};

static void assert_page(struct om *om, const char *expected)
{
    om_end(om);
    assert_string_equal(buf_cstr(om->out), expected);
    buf_free(om->out);
}

static void test_numbers(void **state)
{
    struct buf out = {0};
    struct om om;

    om_begin(&om, &out);
    om_gauge(&om, "kirikae_a", OM_NUMBER, "A.", OM_PLAIN);
    om_int(&om, OM_PLAIN, 0);
    om_gauge(&om, "kirikae_b", OM_NUMBER, "B.", peer);
    om_int(&om, OM_LABELS("x"), INT64_MIN);
    om_count(&om, OM_LABELS("y"), UINT64_MAX);
    om_bool(&om, OM_LABELS("z"), true);
    om_gauge(&om, "kirikae_c_bytes", OM_BYTES, "C.", OM_PLAIN);
    om_count(&om, OM_PLAIN, 4096);
    om_counter(&om, "kirikae_d", OM_NUMBER, "D.", OM_PLAIN);
    om_count(&om, OM_PLAIN, 12);
    assert_page(&om, "# TYPE kirikae_a gauge\n# HELP kirikae_a A.\nkirikae_a 0\n"
                     "# TYPE kirikae_b gauge\n# HELP kirikae_b B.\n"
                     "kirikae_b{peer=\"x\"} -9223372036854775808\n"
                     "kirikae_b{peer=\"y\"} 18446744073709551615\n"
                     "kirikae_b{peer=\"z\"} 1\n"
                     "# TYPE kirikae_c_bytes gauge\n# UNIT kirikae_c_bytes bytes\n"
                     "# HELP kirikae_c_bytes C.\nkirikae_c_bytes 4096\n"
                     "# TYPE kirikae_d counter\n# HELP kirikae_d D.\nkirikae_d_total 12\n"
                     "# EOF\n");
}

static void test_seconds(void **state)
{
    struct buf out = {0};
    struct om om;

    om_begin(&om, &out);
    om_gauge(&om, "kirikae_a_seconds", OM_SECONDS, "A.", peer);
    om_ms(&om, OM_LABELS("a"), 0);
    om_ms(&om, OM_LABELS("b"), 1500);
    om_ms(&om, OM_LABELS("c"), -7);
    om_us(&om, OM_LABELS("d"), 1);
    om_us(&om, OM_LABELS("e"), 1795489445678901);
    om_ms(&om, OM_LABELS("f"), 60000);
    om_ms(&om, OM_LABELS("g"), INT64_MAX);
    om_ms(&om, OM_LABELS("h"), INT64_MIN);
    om_us(&om, OM_LABELS("i"), INT64_MIN);
    om_counter(&om, "kirikae_b_seconds", OM_SECONDS, "B.", OM_PLAIN);
    om_us(&om, OM_PLAIN, 1000010);
    assert_page(&om, "# TYPE kirikae_a_seconds gauge\n# UNIT kirikae_a_seconds seconds\n"
                     "# HELP kirikae_a_seconds A.\n"
                     "kirikae_a_seconds{peer=\"a\"} 0\n"
                     "kirikae_a_seconds{peer=\"b\"} 1.5\n"
                     "kirikae_a_seconds{peer=\"c\"} -0.007\n"
                     "kirikae_a_seconds{peer=\"d\"} 0.000001\n"
                     "kirikae_a_seconds{peer=\"e\"} 1795489445.678901\n"
                     "kirikae_a_seconds{peer=\"f\"} 60\n"
                     "kirikae_a_seconds{peer=\"g\"} 9223372036854.775\n"
                     "kirikae_a_seconds{peer=\"h\"} -9223372036854.775\n"
                     "kirikae_a_seconds{peer=\"i\"} -9223372036854.775808\n"
                     "# TYPE kirikae_b_seconds counter\n# UNIT kirikae_b_seconds seconds\n"
                     "# HELP kirikae_b_seconds B.\nkirikae_b_seconds_total 1.00001\n"
                     "# EOF\n");
}

static void test_labels_are_escaped(void **state)
{
    struct buf out = {0};
    struct om om;

    om_begin(&om, &out);
    om_info(&om, "kirikae_a", "One\nline, a \\ too.", OM_LABELS("x", "y"));
    om_is(&om, OM_LABELS("say \"no\"\n\\", "発信"));
    assert_page(&om, "# TYPE kirikae_a info\n# HELP kirikae_a One\\nline, a \\\\ too.\n"
                     "kirikae_a_info{x=\"say \\\"no\\\"\\n\\\\\",y=\"発信\"} 1\n"
                     "# EOF\n");
}

static void test_one_of(void **state)
{
    static const char *const names[] = {"up", "down"};
    struct buf out = {0};
    struct om om;

    om_begin(&om, &out);
    om_gauge(&om, "kirikae_a", OM_NUMBER, "A.", OM_LABELS("peer", "state"));
    om_one_of(&om, OM_LABELS("x"), names, 2, 1);
    om_gauge(&om, "kirikae_b", OM_NUMBER, "B.", OM_LABELS("state"));
    om_one_of(&om, OM_PLAIN, names, 2, -1);
    assert_page(&om, "# TYPE kirikae_a gauge\n# HELP kirikae_a A.\n"
                     "kirikae_a{peer=\"x\",state=\"up\"} 0\n"
                     "kirikae_a{peer=\"x\",state=\"down\"} 1\n"
                     "# TYPE kirikae_b gauge\n# HELP kirikae_b B.\n"
                     "kirikae_b{state=\"up\"} 0\nkirikae_b{state=\"down\"} 0\n"
                     "# EOF\n");
}

/* Steps are cumulative, and what is longer than all is in the last. */
static void test_histogram(void **state)
{
    struct histogram histogram = {0};
    struct buf out = {0};
    struct om om;
    const char *page;

    histogram_add(&histogram, 0);
    histogram_add(&histogram, 1000);
    histogram_add(&histogram, 1001);
    histogram_add(&histogram, 700000);
    histogram_add(&histogram, 10000000);
    histogram_add(&histogram, 10000001);
    om_begin(&om, &out);
    om_histogram(&om, "kirikae_a_seconds", "A.", peer);
    om_times(&om, OM_LABELS("x"), &histogram);
    assert_int_equal(om.series, HISTOGRAM_STEPS + 3);
    om_end(&om);
    page = buf_cstr(&out);
    assert_non_null(strstr(page, "kirikae_a_seconds_bucket{peer=\"x\",le=\"0.001\"} 2\n"));
    assert_non_null(strstr(page, "kirikae_a_seconds_bucket{peer=\"x\",le=\"0.002\"} 3\n"));
    assert_non_null(strstr(page, "kirikae_a_seconds_bucket{peer=\"x\",le=\"0.5\"} 3\n"));
    assert_non_null(strstr(page, "kirikae_a_seconds_bucket{peer=\"x\",le=\"1.0\"} 4\n"));
    assert_non_null(strstr(page, "kirikae_a_seconds_bucket{peer=\"x\",le=\"10.0\"} 5\n"));
    assert_non_null(strstr(page, "kirikae_a_seconds_bucket{peer=\"x\",le=\"+Inf\"} 6\n"
                                 "kirikae_a_seconds_count{peer=\"x\"} 6\n"
                                 "kirikae_a_seconds_sum{peer=\"x\"} 20.702002\n# EOF\n"));
    buf_free(&out);
}

/* The names of steps are those of base/histogram.h. */
static void test_steps(void **state)
{
    struct buf out = {0};
    struct histogram none = {0};
    struct om om;
    char le[64];
    int i;

    om_begin(&om, &out);
    om_histogram(&om, "kirikae_a_seconds", "A.", OM_PLAIN);
    om_times(&om, OM_PLAIN, &none);
    for (i = 0; i < HISTOGRAM_STEPS; i++) {
        double seconds = histogram_step_ms(i) / 1000.0;

        snprintf(le, sizeof le, seconds < 1 ? "_bucket{le=\"%g\"} 0" : "_bucket{le=\"%.1f\"} 0",
                 seconds);
        assert_non_null(strstr(buf_cstr(&out), le));
    }
    buf_free(&out);
}

/* What a configuration makes too many of is counted, and the page stays whole. */
static void test_bounded(void **state)
{
    struct histogram none = {0};
    struct buf out = {0};
    char name[16];
    struct om om;
    int i;

    om_begin(&om, &out);
    om_gauge(&om, "kirikae_a", OM_NUMBER, "A.", peer);
    for (i = 0; i < OM_SERIES_MAX + 5; i++) {
        snprintf(name, sizeof name, "%d", i);
        om_int(&om, OM_LABELS(name), i);
    }
    assert_int_equal(om.left_out, 5);
    assert_non_null(strstr(buf_cstr(&out), "kirikae_a{peer=\"1023\"} 1023\n"));
    assert_null(strstr(buf_cstr(&out), "peer=\"1024\""));
    om_histogram(&om, "kirikae_b_seconds", "B.", peer);
    for (i = 0; i < 70; i++) {
        snprintf(name, sizeof name, "%d", i);
        om_times(&om, OM_LABELS(name), &none);
    }
    assert_int_equal(om.left_out, 5 + 6 * (HISTOGRAM_STEPS + 3)); /* none of them in half */
    om_gauge(&om, "kirikae_c", OM_NUMBER, "C.", OM_PLAIN);
    om_int(&om, OM_PLAIN, 1);
    om_end(&om);
    assert_non_null(strstr(buf_cstr(&out), "kirikae_c 1\n# EOF\n"));
    buf_free(&out);
}

/* ---- what a program must not do ---- */

static void sample_first(struct om *om)
{
    om_int(om, OM_PLAIN, 1);
}

static void family_twice(struct om *om)
{
    om_gauge(om, "kirikae_a", OM_NUMBER, "A.", OM_PLAIN);
    om_gauge(om, "kirikae_b", OM_NUMBER, "B.", OM_PLAIN);
    om_counter(om, "kirikae_a", OM_NUMBER, "A.", OM_PLAIN);
}

static void foreign_name(struct om *om)
{
    om_gauge(om, "node_a", OM_NUMBER, "A.", OM_PLAIN);
}

static void bad_name(struct om *om)
{
    om_gauge(om, "kirikae_A", OM_NUMBER, "A.", OM_PLAIN);
}

static void total_twice(struct om *om)
{
    om_counter(om, "kirikae_a_total", OM_NUMBER, "A.", OM_PLAIN);
}

static void unit_not_in_name(struct om *om)
{
    om_gauge(om, "kirikae_a", OM_SECONDS, "A.", OM_PLAIN);
}

static void name_without_unit(struct om *om)
{
    om_gauge(om, "kirikae_a_bytes", OM_NUMBER, "A.", OM_PLAIN);
}

static void seconds_as_count(struct om *om)
{
    om_gauge(om, "kirikae_a_seconds", OM_SECONDS, "A.", OM_PLAIN);
    om_int(om, OM_PLAIN, 1);
}

static void counter_below_zero(struct om *om)
{
    om_counter(om, "kirikae_a_seconds", OM_SECONDS, "A.", OM_PLAIN);
    om_us(om, OM_PLAIN, -1);
}

static void too_few_values(struct om *om)
{
    om_gauge(om, "kirikae_a", OM_NUMBER, "A.", OM_LABELS("x", "y"));
    om_int(om, OM_LABELS("x"), 1);
}

static void too_many_values(struct om *om)
{
    om_gauge(om, "kirikae_a", OM_NUMBER, "A.", OM_LABELS("x"));
    om_int(om, OM_LABELS("x", "y"), 1);
}

static void own_le(struct om *om)
{
    om_gauge(om, "kirikae_a", OM_NUMBER, "A.", OM_LABELS("le"));
}

static void times_of_a_gauge(struct om *om)
{
    struct histogram none = {0};

    om_gauge(om, "kirikae_a_seconds", OM_SECONDS, "A.", OM_PLAIN);
    om_times(om, OM_PLAIN, &none);
}

static void after_the_end(struct om *om)
{
    om_end(om);
    om_gauge(om, "kirikae_a", OM_NUMBER, "A.", OM_PLAIN);
}

static int ends_by(void (*wrong)(struct om *om))
{
    struct buf out = {0};
    struct om om;
    int status;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0});
        signal(SIGABRT, SIG_DFL);
        if (freopen("/dev/null", "w", stderr) == NULL)
            _exit(2);
        om_begin(&om, &out);
        wrong(&om);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void test_refused(void **state)
{
    static void (*const wrongs[])(struct om * om) = {
        sample_first,       family_twice,     foreign_name,      bad_name,
        total_twice,        unit_not_in_name, name_without_unit, seconds_as_count,
        counter_below_zero, too_few_values,   too_many_values,   own_le,
        times_of_a_gauge,   after_the_end};
    size_t i;

    for (i = 0; i < sizeof wrongs / sizeof wrongs[0]; i++)
        assert_int_equal(ends_by(wrongs[i]), SIGABRT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),   cmocka_unit_test(test_seconds),
        cmocka_unit_test(test_one_of),    cmocka_unit_test(test_labels_are_escaped),
        cmocka_unit_test(test_histogram), cmocka_unit_test(test_steps),
        cmocka_unit_test(test_bounded),   cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
