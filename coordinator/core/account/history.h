/* What happened, as the accounting needs it: outages, maintenance windows, unmonitored time,
 * and what was said about them afterwards. It comes from the ledger (report/ledger_events.h)
 * or from a plain list (report/event_list.h). Times are UTC milliseconds. */
#ifndef CORE_ACCOUNT_HISTORY_H
#define CORE_ACCOUNT_HISTORY_H

#include "base/limits.h"
#include "base/utc.h"
#include "core/account/contract.h"
#include "core/account/intervals.h"

/* UTC_NONE where a time is not known; last_good and last_fail then fall on start and
 * end. last_good <= start <= last_fail <= end is the caller's promise. */
struct outage {
    char id[LIMIT_NAME];
    uint64_t line; /* that told of it: orders those that start together */
    struct function_set functions;
    enum severity severity, first_severity; /* as amended, as first said */
    enum cause cause, first_cause;
    int64_t start_ms, end_ms; /* first failing, first good; UTC_NONE: open */
    int64_t last_good_ms, last_fail_ms;
    int64_t recognised_ms, repaired_ms;
    uint64_t evidence; /* Raft index of the verdict that began it; 0: not said */
};

struct window {
    char id[LIMIT_NAME];
    uint64_t line;
    struct function_set functions;
    bool emergency, short_notice;
    bool tells; /* notices of it go to customers: it is announced when the first one has it … */
    int64_t told_ms; /* … which was then; UTC_NONE: nobody has */
    int64_t announced_ms, start_ms, end_ms, finished_ms; /* UTC_NONE: to the announced end */
    char reason[LIMIT_TEXT];                             /* may be empty */
};

struct unmonitored {
    uint64_t line;
    struct function_set functions;
    int64_t start_ms, end_ms; /* UTC_NONE: still */
};

/* The first word of one receiver that it has a notice of the outage. */
struct notice {
    char outage[LIMIT_NAME];
    char channel[LIMIT_NAME];
    uint64_t line; /* that told of it */
    int64_t at_ms; /* UTC_NONE: it is on its way, and nobody has it yet */
};

/* Said later about an outage: another severity or cause, or (neither) a note. */
struct amendment {
    char id[LIMIT_NAME], of[LIMIT_NAME];
    uint64_t line;
    int64_t at_ms;
    int severity, cause; /* -1: as it was */
    char who[LIMIT_NAME];
    char reason[LIMIT_TEXT];
};

/* Each list is owned and in any order. */
struct history {
    struct outage *outages;
    size_t n_outages, cap_outages;
    struct window *windows;
    size_t n_windows, cap_windows;
    struct unmonitored *gaps;
    size_t n_gaps, cap_gaps;
    struct notice *notices;
    size_t n_notices, cap_notices;
    struct amendment *amendments;
    size_t n_amendments, cap_amendments;
};

/* A new, zeroed one at the end. */
struct outage *history_outage(struct history *history);
struct window *history_window(struct history *history);
struct unmonitored *history_gap(struct history *history);
struct notice *history_notice(struct history *history);
struct amendment *history_amendment(struct history *history);
void history_free(struct history *history);

/* The outages get the severities and causes that amendments up to and at as-of leave them, in
 * the order of their times, equal ones in that of their lines. Sorts the amendments so. */
void history_amend(struct history *history, int64_t as_of_ms);

/* When customers knew of it; UTC_MOST_MS: they do not. */
int64_t window_announced_ms(const struct window *window);
/* The time that the window takes: none before its announcement, none after an early finish. May be
 * empty or inverted. */
struct interval window_taken(const struct window *window);

/* What of the outage is known at as-of: false when nothing; else *seen has no time
 * later than as-of, and no UTC_NONE but end_ms and last_fail_ms of an open outage and
 * recognised_ms and repaired_ms. */
bool outage_seen(const struct outage *outage, int64_t as_of_ms, struct outage *seen);

#endif
