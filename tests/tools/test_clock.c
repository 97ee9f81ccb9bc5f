/* What the preloaded clock shows of a rate, seen from within: the clocks against UTC, and what
 * waits by them against them.
 *   LD_PRELOAD=libclock.so CLOCK_RATE_PPM=N test_clock N */
#include "base/clock.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static int64_t wanted_ppm;

static int64_t read_ns(clockid_t id)
{
    struct timespec now;

    assert_int_equal(clock_gettime(id, &now), 0);
    return now.tv_sec * 1000000000ll + now.tv_nsec;
}

/* Over half a second; who is scheduled away between two readings is out by that much. */
static int64_t rate_of(clockid_t id)
{
    int64_t utc = read_ns(CLOCK_REALTIME), time = read_ns(id), utc_passed, passed;

    usleep(500000);
    passed = read_ns(id) - time;
    utc_passed = read_ns(CLOCK_REALTIME) - utc;
    return (passed - utc_passed) * 1000000 / utc_passed;
}

static void rates(void **state)
{
    static const clockid_t ids[] = {CLOCK_BOOTTIME, CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        int64_t ppm = 0;
        int tries;

        for (tries = 0; tries < 5; tries++) {
            ppm = rate_of(ids[i]);
            if (ppm > wanted_ppm - 1000 && ppm < wanted_ppm + 1000)
                break;
        }
        assert_in_range(ppm + 1000000, wanted_ppm + 999000, wanted_ppm + 1001000);
    }
}

/* Never early by the clock itself; how late, keeps the least of several. */
static void assert_waited(int64_t began_ms, int64_t wait_ms, int64_t *least_late_ms)
{
    int64_t late_ms = clock_boot_ms() - began_ms - wait_ms;

    assert_true(late_ms >= 0);
    if (late_ms < *least_late_ms)
        *least_late_ms = late_ms;
}

static void waits(void **state)
{
    int timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC), epoll = epoll_create1(0), i;
    int64_t late[3] = {1000, 1000, 1000};
    uint64_t count;

    (void)state;
    for (i = 0; i < 5; i++) {
        struct itimerspec when = {0};
        struct epoll_event event;
        int64_t began_ms = clock_boot_ms(), end_ms = began_ms + 300;

        when.it_value = (struct timespec){end_ms / 1000, end_ms % 1000 * 1000000};
        assert_int_equal(timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL), 0);
        assert_int_equal(read(timer, &count, sizeof count), sizeof count);
        assert_waited(began_ms, 300, &late[0]);
        began_ms = clock_boot_ms();
        assert_int_equal(epoll_wait(epoll, &event, 1, 300), 0);
        assert_waited(began_ms, 300, &late[1]);
        began_ms = clock_boot_ms();
        assert_int_equal(poll(NULL, 0, 300), 0);
        assert_waited(began_ms, 300, &late[2]);
    }
    for (i = 0; i < 3; i++) /* not translated, 300 ms by a clock 20 % fast are 60 too many */
        assert_in_range(late[i], 0, 20);
    close(timer);
    close(epoll);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(rates), cmocka_unit_test(waits)};

    if (argc != 2)
        return 2;
    wanted_ppm = strtoll(argv[1], NULL, 10);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
