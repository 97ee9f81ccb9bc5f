/* A clock that runs fast or slow, stands still and steps; and when it will show something. */
#include "simulate/parts/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static struct clock_sim begun(void)
{
    struct clock_sim clock;

    clock_init(&clock, 1000, 50000, 1700000000000);
    return clock;
}

static void both_clocks_go_with_the_world(void **state)
{
    struct clock_sim clock = begun();
    struct moment now = clock_now(&clock, 3500);

    (void)state;
    assert_int_equal(now.boot_ms, 52500);
    assert_int_equal(now.utc_ms, 1700000002500);
    assert_int_equal(clock_when(&clock, 52500), 3500);
}

static void a_rate_counts_from_its_beginning(void **state)
{
    struct clock_sim clock = begun();

    (void)state;
    clock_rate(&clock, 2000, 10000);
    assert_int_equal(clock_now(&clock, 2000).boot_ms, 51000);
    assert_int_equal(clock_now(&clock, 12000).boot_ms, 61100);
    clock_rate(&clock, 12000, -10000);
    assert_int_equal(clock_now(&clock, 22000).boot_ms, 71000);
    /* A century at a rate that divides nothing. */
    clock_rate(&clock, 22000, 333333);
    assert_int_equal(clock_now(&clock, 22000 + 3155760000000).boot_ms, 71000 + 4207678948080);
}

static void a_stopped_clock_stands_for_both(void **state)
{
    struct clock_sim clock = begun();

    (void)state;
    clock_stop(&clock, 2000, true);
    assert_int_equal(clock_now(&clock, 9000).boot_ms, 51000);
    assert_int_equal(clock_now(&clock, 9000).utc_ms, 1700000001000);
    assert_int_equal(clock_when(&clock, 51001), INT64_MAX);
    assert_int_equal(clock_when(&clock, 51000), 2000);
    clock_stop(&clock, 9000, false);
    assert_int_equal(clock_now(&clock, 9500).boot_ms, 51500);
    assert_int_equal(clock_when(&clock, 51500), 9500);
}

static void it_tells_for_how_long_it_stood(void **state)
{
    struct clock_sim clock = begun();

    (void)state;
    assert_int_equal(clock_stood_ms(&clock, 1500, 0), 0);
    clock_stop(&clock, 2000, true); /* at 51000 */
    assert_int_equal(clock_stood_ms(&clock, 2400, 51000), 400);
    clock_rate(&clock, 2500, 5000);
    assert_int_equal(clock_stood_ms(&clock, 2600, 51000), 600);
    clock_stop(&clock, 3000, false);
    clock_rate(&clock, 3000, 0);
    clock_stop(&clock, 4000, true); /* at 52000 */
    clock_stop(&clock, 4050, false);
    assert_int_equal(clock_stood_ms(&clock, 9000, 51000), 1050);
    assert_int_equal(clock_stood_ms(&clock, 9000, 51001), 50);
    assert_int_equal(clock_stood_ms(&clock, 9000, 52001), 0);
}

static void a_step_moves_utc_alone(void **state)
{
    struct clock_sim clock = begun();

    (void)state;
    clock_step_utc(&clock, -7000);
    assert_int_equal(clock_now(&clock, 1000).boot_ms, 50000);
    assert_int_equal(clock_now(&clock, 1000).utc_ms, 1699999993000);
    clock_step_utc(&clock, 8000);
    assert_int_equal(clock_now(&clock, 1000).utc_ms, 1700000001000);
}

/* The first world ms that shows it, at any rate, and never backwards over any change. */
static void when_is_the_inverse_of_now(void **state)
{
    static const int64_t rates[] = {0, 1, -1, 10000, -10000, 500000, -999000, 7777};
    struct clock_sim clock = begun();
    int64_t world_ms = 1000, shown_ms = 50000;

    (void)state;
    for (int i = 0; i < 8; i++) {
        clock_rate(&clock, world_ms, rates[i]);
        assert_int_equal(clock_now(&clock, world_ms).boot_ms, shown_ms);
        for (int64_t boot_ms = shown_ms + 1; boot_ms < shown_ms + 400; boot_ms += 7) {
            int64_t at_ms = clock_when(&clock, boot_ms);

            assert_true(clock_now(&clock, at_ms).boot_ms >= boot_ms);
            assert_true(clock_now(&clock, at_ms - 1).boot_ms < boot_ms);
        }
        world_ms += 1237;
        shown_ms = clock_now(&clock, world_ms).boot_ms;
    }
}

static void never_is_never(void **state)
{
    struct clock_sim clock = begun();

    (void)state;
    assert_int_equal(clock_when(&clock, INT64_MAX), INT64_MAX);
    clock_rate(&clock, 1000, -999999);
    assert_int_equal(clock_when(&clock, INT64_MAX - 1), INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_clocks_go_with_the_world),
        cmocka_unit_test(a_rate_counts_from_its_beginning),
        cmocka_unit_test(a_stopped_clock_stands_for_both),
        cmocka_unit_test(it_tells_for_how_long_it_stood),
        cmocka_unit_test(a_step_moves_utc_alone),
        cmocka_unit_test(when_is_the_inverse_of_now),
        cmocka_unit_test(never_is_never),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
