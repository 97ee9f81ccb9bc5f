/* A clock that runs too fast or too slow, for one process. All servers of a lab share the clock
 * of one kernel; with this preloaded (LD_PRELOAD) the boot and the monotonic clock have run at
 * another rate since the machine booted: CLOCK_RATE_PPM too fast, or too slow when negative.
 * Processes with the same rate agree on the time, to the nanosecond: a daemon and its helper.
 * UTC is left alone. What waits by such a clock is translated: absolute timerfd, epoll, poll. */
#include <dlfcn.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define BILLION 1000000000ll
#define MILLION 1000000ll
#define PPM_LIMIT 500000

static int64_t rate_ppm;

/* Before main(), and before there are threads. */
__attribute__((constructor)) static void begin(void)
{
    const char *text = getenv("CLOCK_RATE_PPM");
    char *end = NULL;
    long ppm = text == NULL ? 0 : strtol(text, &end, 10);

    if (text != NULL && (end == text || *end != '\0' || ppm < -PPM_LIMIT || ppm > PPM_LIMIT))
        abort(); /* a test that believes in a rate must not run without it */
    rate_ppm = ppm;
}

/* x * times / by, rounded down; x * times need not fit. */
static int64_t scale(int64_t x, int64_t times, int64_t by)
{
    return x / by * times + x % by * times / by;
}

static struct timespec shown(struct timespec real)
{
    int64_t ns = scale(real.tv_sec * BILLION + real.tv_nsec, MILLION + rate_ppm, MILLION);

    return (struct timespec){ns / BILLION, ns % BILLION};
}

/* The first real instant at which this clock shows `time`. */
static struct timespec real_of(struct timespec time)
{
    int64_t ns = scale(time.tv_sec * BILLION + time.tv_nsec, MILLION, MILLION + rate_ppm) + 1;

    return (struct timespec){ns / BILLION, ns % BILLION};
}

/* Rounded up: who waits by a slow clock finds the time over. */
static int real_wait(int timeout_ms)
{
    if (timeout_ms <= 0)
        return timeout_ms;
    return (int)((timeout_ms * MILLION + MILLION + rate_ppm - 1) / (MILLION + rate_ppm));
}

static int is_rated(clockid_t id)
{
    return id == CLOCK_BOOTTIME || id == CLOCK_MONOTONIC || id == CLOCK_MONOTONIC_COARSE ||
           id == CLOCK_MONOTONIC_RAW;
}

int clock_gettime(clockid_t id, struct timespec *now)
{
    if (syscall(SYS_clock_gettime, id, now) < 0)
        return -1;
    if (is_rated(id))
        *now = shown(*now);
    return 0;
}

/* Of the boot or the monotonic clock: the programs here have no others. */
int timerfd_settime(int fd, int flags, const struct itimerspec *when, struct itimerspec *before)
{
    struct itimerspec real = *when;

    if (when->it_interval.tv_sec != 0 || when->it_interval.tv_nsec != 0)
        abort();
    if (when->it_value.tv_sec != 0 || when->it_value.tv_nsec != 0)
        real.it_value = real_of(when->it_value); /* a span is translated as an instant is */
    return (int)syscall(SYS_timerfd_settime, fd, flags, &real, before);
}

int epoll_pwait(int fd, struct epoll_event *events, int max, int timeout_ms, const sigset_t *mask)
{
    return (int)syscall(SYS_epoll_pwait, fd, events, max, real_wait(timeout_ms), mask,
                        sizeof(uint64_t));
}

int epoll_wait(int fd, struct epoll_event *events, int max, int timeout_ms)
{
    return epoll_pwait(fd, events, max, timeout_ms, NULL);
}

int poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
    return (int)syscall(SYS_poll, fds, n, real_wait(timeout_ms));
}
