/* What one node tells a monitoring system: a page of OpenMetrics (openmetrics.h), made anew for
 * each scrape from what the engine knows, what it counted (core/counters.h) and what the shell
 * says of the process. Pure. Labels are names of the configuration and fixed words, so the number
 * of series is bounded by it; of checks the first METRICS_CHECKS_MAX have series of their own. */
#ifndef REPORT_METRICS_H
#define REPORT_METRICS_H

#include "base/buf.h"
#include "base/histogram.h"
#include "core/engine.h"
#include "report/status.h"

#define METRICS_CHECKS_MAX 500

/* HTTP, by audience: public, metrics, operators. */
#define METRICS_AUDIENCES 3
struct metrics_http {
    uint64_t open[METRICS_AUDIENCES], requests[METRICS_AUDIENCES];
    uint64_t failed, late, refused, slow; /* web/web.h */
};

/* What the engine does not know. Zero: not known, but for counts. */
struct metrics_local {
    struct status_local status;
    const char *version; /* of the program */
    int64_t started_ms;  /* UTC, as it was then: it stays the same */
    int connections;     /* open, to the port */
    uint64_t resident_bytes, heap_bytes;
    int64_t cpu_us;
    const struct histogram *loop_lag; /* how late timers came; NULL */
    int64_t loop_lag_longest_us;
    uint64_t answers[3]; /* to operators' commands: done, refused, came to nothing */
    struct metrics_http http;
    int64_t page_us; /* what the page before took */
};

void metrics_page(const struct engine *engine, struct moment now, const struct metrics_local *local,
                  struct buf *out);

#endif
