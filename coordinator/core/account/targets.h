/* Times by which a contract wants something done after a fault was recognised, and what is known
 * of it at as-of. The same for recovery, whose target hangs on the severity, and for a notice,
 * which is done at the first acceptance by its channel. */
#ifndef CORE_ACCOUNT_TARGETS_H
#define CORE_ACCOUNT_TARGETS_H

#include "core/account/business.h"

enum target_kind {
    TARGET_NONE,
    TARGET_CLOCK,         /* amount: ms, day and night, 24 x 365 */
    TARGET_BUSINESS_DAYS, /* amount: days; done by the end of the desk's hours on the last one */
    TARGET_BUSINESS_HOURS /* amount: ms in which the desk is open */
};

struct target {
    enum target_kind kind;
    int64_t amount;
};

#define TARGET_AMOUNT_MAX_MS (366 * 86400000ll)
#define TARGET_AMOUNT_MAX_DAYS 366

/* 0, or ERR_INVALID: an amount below 1 or above the most. What follows is for one that passed. */
int target_check(const struct target *target, struct err *err);

/* The last moment at which it is still in time. UTC_NONE without a target or while nothing is
 * recognised; DESK_NEVER as in business.h, with *lacking_year. */
int64_t target_deadline_ms(const struct target *target, const struct desk *desk,
                           const struct zone *zone, int64_t recognised_ms, int *lacking_year);

enum target_outcome {
    OUTCOME_NONE,    /* nothing to judge: no deadline, or one that never comes */
    OUTCOME_RUNNING, /* not done, and the deadline is not over */
    OUTCOME_MET,     /* done at the deadline or before, also before it was recognised */
    OUTCOME_MISSED   /* done later, or not done and the deadline is over */
};

/* As known at as-of: a recognition later than that is none yet, a `done_ms` later than that or
 * UTC_NONE is not done yet. */
enum target_outcome target_outcome(int64_t recognised_ms, int64_t deadline_ms, int64_t done_ms,
                                   int64_t as_of_ms);
const char *outcome_name(enum target_outcome outcome); /* "none", "running", "met", "missed" */

#endif
