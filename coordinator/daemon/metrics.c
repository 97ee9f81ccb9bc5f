/* The page of metrics: what the process knows of itself besides its engine. Nothing here is
 * measured for a page but what the kernel and the allocator have counted anyway. */
#include "report/metrics.h"
#include "base/args.h"
#include "base/clock.h"
#include "daemon/daemon.h"
#include "report/openmetrics.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define METRICS_AGE_MS 500 /* younger than any scrape, and floods of them cost nothing */

/* In pages, the second number; 0 when it cannot be read. */
static uint64_t resident_bytes(void)
{
    int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    unsigned long long all, resident = 0;
    char text[128];
    ssize_t n;

    if (file < 0)
        return 0;
    n = read(file, text, sizeof text - 1);
    close(file);
    text[n > 0 ? n : 0] = '\0';
    return sscanf(text, "%llu %llu", &all, &resident) == 2
               ? resident * (uint64_t)sysconf(_SC_PAGESIZE)
               : 0;
}

static int64_t cpu_us(void)
{
    struct timespec time = {0};

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return time.tv_sec * 1000000ll + time.tv_nsec / 1000;
}

_Static_assert(METRICS_AUDIENCES == WEB_AUDIENCES && WEB_PUBLIC == 0 && WEB_METRICS == 1, "");

static struct metrics_http http(const struct daemon *daemon)
{
    struct web_counters counters = web_counters(daemon->web);
    struct metrics_http http = {.failed = counters.failed,
                                .late = counters.late,
                                .refused = counters.refused,
                                .slow = counters.slow};

    memcpy(http.open, counters.open, sizeof http.open);
    memcpy(http.requests, counters.requests, sizeof http.requests);
    return http;
}

static void make(void *context, struct buf *out)
{
    struct daemon *daemon = context;
    struct measured *measured = &daemon->measured;
    int64_t began_us = clock_boot_us();
    struct metrics_local local = {.version = args_version(),
                                  .started_ms = measured->started_ms,
                                  .connections = (int)link_counters(daemon->link).open,
                                  .resident_bytes = resident_bytes(),
                                  .heap_bytes = mallinfo2().uordblks,
                                  .cpu_us = cpu_us(),
                                  .loop_lag = &measured->loop_lag,
                                  .loop_lag_longest_us = measured->loop_lag_longest_us,
                                  .answers = {measured->done, measured->refused, measured->failed},
                                  .http = http(daemon),
                                  .page_us = measured->page_us};

    requests_local(daemon, &local.status);
    metrics_page(node_engine(daemon->node), daemon_now(), &local, out);
    measured->page_us = clock_boot_us() - began_us;
}

void metrics_register(struct daemon *daemon)
{
    daemon->measured.started_ms = clock_utc_ms();
    web_dynamic(daemon->web, WEB_METRICS, "/metrics", OM_CONTENT_TYPE, METRICS_AGE_MS, make,
                daemon);
}

void metrics_loop_lag(struct daemon *daemon, int64_t late_us)
{
    struct measured *measured = &daemon->measured;

    late_us = late_us > 0 ? late_us : 0; /* the loop counts in whole ms */
    histogram_add(&measured->loop_lag, (uint64_t)late_us);
    if (late_us > measured->loop_lag_longest_us)
        measured->loop_lag_longest_us = late_us;
}

void metrics_answered(struct daemon *daemon, int code)
{
    struct measured *measured = &daemon->measured;

    measured->done += code == 0;
    measured->refused += code == ERR_REFUSED || code == ERR_DENIED || code == ERR_INVALID;
    measured->failed +=
        code != 0 && code != ERR_REFUSED && code != ERR_DENIED && code != ERR_INVALID;
}
