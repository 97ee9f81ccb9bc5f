/* What happened -> what the contract says about it. Exact: integer milliseconds and
 * half-open intervals from end to end; a percentage is made only for print.
 *
 * M  the month, cut to the contract's validity and at as-of
 * P  M less the regular maintenance windows that name the function: planned time
 * Q  P less the emergency windows that name it
 * D  the counted outages inside Q: downtime
 *
 * What is later than as-of is unknown. Functions are numbers below LIMIT_FUNCTIONS. */
#ifndef CORE_ACCOUNT_AVAILABILITY_H
#define CORE_ACCOUNT_AVAILABILITY_H

#include "base/limits.h"
#include "base/utc.h"
#include "core/model/model.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cause {
    CAUSE_PROVIDER,
    CAUSE_FORCE_MAJEURE,
    CAUSE_THIRD_PARTY_SOFTWARE,
    CAUSE_THIRD_PARTY_SERVICE,
    CAUSE_CUSTOMER,
    CAUSE_CUSTOMER_ENVIRONMENT,
    CAUSE_ATTACK,
    CAUSE_RATE_LIMIT,
    CAUSE_CONTRACT,
    CAUSE_COUNT
};
const char *outage_cause_name(enum cause cause); /* "force-majeure" */
int outage_cause_parse(const char *name);        /* -1: none of them */
const char *outage_severity_name(enum severity severity);
int outage_severity_parse(const char *name); /* -1: none of them */

struct function_set {
    uint64_t bits[LIMIT_FUNCTIONS / 64];
};
static inline bool function_set_has(const struct function_set *set, int function)
{
    return (set->bits[function / 64] >> (function % 64) & 1) != 0;
}
static inline void function_set_add(struct function_set *set, int function)
{
    set->bits[function / 64] |= (uint64_t)1 << (function % 64);
}

/* UTC_NONE where a time is not known; last_good and last_fail then fall on start and
 * end. last_good <= start <= last_fail <= end is the caller's promise. */
struct outage {
    uint64_t id;
    struct function_set functions;
    enum severity severity;
    enum cause cause;
    int64_t start_ms, end_ms; /* first failing, first good; UTC_NONE: open */
    int64_t last_good_ms, last_fail_ms;
    int64_t recognised_ms, repaired_ms;
};

struct window {
    uint64_t id;
    struct function_set functions;
    bool emergency, short_notice;
    int64_t announced_ms, start_ms, end_ms, finished_ms; /* UTC_NONE: to the announced end */
};

struct unmonitored {
    uint64_t id;
    struct function_set functions;
    int64_t start_ms, end_ms; /* UTC_NONE: still */
};

struct history {
    struct outage *outages; /* owned, any order */
    size_t n_outages, cap_outages;
    struct window *windows;
    size_t n_windows, cap_windows;
    struct unmonitored *gaps;
    size_t n_gaps, cap_gaps;
};
struct outage *history_outage(struct history *history); /* a new, zeroed one at the end */
struct window *history_window(struct history *history);
struct unmonitored *history_gap(struct history *history);
void history_free(struct history *history);

enum judged_by { JUDGED_MEASURED, JUDGED_LOW, JUDGED_HIGH };

struct terms {
    int64_t target_micro; /* 98 % is 98 000 000; 0: none */
    bool down_severity[3];
    bool excluded_cause[CAUSE_COUNT];
    int64_t minimum_outage_ms;
    enum judged_by judged_by;
};

/* begin <= end, less than 100 days apart; M is [begin, min(end, as_of)). */
struct period {
    int64_t begin_ms, end_ms, as_of_ms;
};

#define PERCENT_NONE (-1) /* no planned time */

struct figures {
    int64_t planned_ms, maintenance_ms, downtime_ms, excluded_ms, impaired_ms, unmonitored_ms;
    int64_t downtime_low_ms, downtime_high_ms;
    int64_t availability, low, high; /* percent * 10 000, truncated; or PERCENT_NONE */
    int target_met;                  /* 1, 0; -1: no planned time or no target */
    uint32_t failures, repaired;     /* repaired: those that mttr_ms is made of */
    int64_t mttr_ms;                 /* -1: none */
};

struct figures account_function(const struct history *history, const struct terms *terms,
                                const struct period *period, int function);
/* A service by its critical functions. */
struct figures account_service(const struct history *history, const struct terms *terms,
                               const struct period *period, const struct function_set *critical);

/* Does the outage count as a failure of any of these functions in the period? */
bool account_failure(const struct history *history, const struct terms *terms,
                     const struct period *period, const struct outage *outage,
                     const struct function_set *functions);

/* What of the outage is known at as-of: false when nothing; else *seen has no time
 * later than as-of, and no UTC_NONE but end_ms and last_fail_ms of an open outage and
 * recognised_ms and repaired_ms. */
bool outage_seen(const struct outage *outage, int64_t as_of_ms, struct outage *seen);
/* It lasts long enough, and its severity and cause are downtime by the contract. */
bool outage_counts(const struct outage *seen, const struct terms *terms, int64_t as_of_ms);

#define PERCENT_TEXT_MAX 32
/* "99.4366"; PERCENT_NONE gives NULL. */
const char *percent_text(int64_t percent, char text[PERCENT_TEXT_MAX]);

#endif
