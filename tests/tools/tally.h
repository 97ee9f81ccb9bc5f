/* What a caller has seen: the arithmetic of its outage, without clock or network. Times in
 * ms of one monotonic clock, never running backwards. */
#ifndef TOOLS_TALLY_H
#define TOOLS_TALLY_H

#include "base/buf.h"
#include "base/limits.h"

#include <stdint.h>

struct tally_name {
    char name[LIMIT_NAME];
    uint64_t calls;
};

struct tally {
    char label[LIMIT_NAME];
    int64_t marked_ms;
    uint64_t calls, failed;         /* ended since the mark */
    int64_t good_ms;                /* newest success, since ever; at first the beginning */
    char served[LIMIT_NAME];        /* by whom */
    char served_before[LIMIT_NAME]; /* newest success at the mark */
    int64_t first_failure_ms;       /* -1: none since the mark */
    int64_t gap_ms;                 /* longest time without a success that reached past the mark */
    int64_t recovered_ms;           /* when that gap ended */
    struct tally_name by[LIMIT_SERVERS]; /* since the mark */
    int n_by;
};

void tally_open(struct tally *tally, int64_t now_ms);
/* "The fault is injected now": counts anew. */
void tally_mark(struct tally *tally, const char *label, int64_t now_ms);
void tally_good(struct tally *tally, const char *name, int64_t now_ms);
void tally_failed(struct tally *tally, int64_t now_ms);
/* One JSON line, its newline included. outage_ms counts a gap that is still open, in which
 * case, or when no call failed, recovered_after_ms is null. */
void tally_report(const struct tally *tally, int64_t now_ms, struct buf *out);

#endif
