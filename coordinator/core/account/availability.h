/* What happened -> what the contract says about it. Exact: integer milliseconds and
 * half-open intervals from end to end; a percentage is made only for print.
 *
 * M  the month, cut to the contract's validity and at as-of
 * P  M less the regular maintenance windows that name the function: planned time
 * Q  P less the emergency windows that name it
 * D  the counted outages inside Q: downtime
 *
 * What is later than as-of is unknown. */
#ifndef CORE_ACCOUNT_AVAILABILITY_H
#define CORE_ACCOUNT_AVAILABILITY_H

#include "core/account/history.h"
#include "core/account/intervals.h"

/* begin <= end, less than 100 days apart; M is [begin, min(end, as_of)). */
struct period {
    int64_t begin_ms, end_ms, as_of_ms;
};

/* A function's or service's time in its classes. */
struct shares {
    struct intervals planned; /* P */
    struct intervals down;    /* D, and its bounds: */
    struct intervals low, high;
    struct intervals excluded, impaired, unmonitored;
};
void shares_free(struct shares *shares);

#define PERCENT_NONE (-1) /* no planned time */

struct figures {
    int64_t planned_ms, maintenance_ms, downtime_ms, excluded_ms, impaired_ms, unmonitored_ms;
    int64_t downtime_low_ms, downtime_high_ms;
    int64_t availability, low, high; /* percent * 10 000, truncated; or PERCENT_NONE */
    int64_t monitored;               /* likewise: of P, what is not unmonitored */
    int target_met;                  /* 1, 0; -1: no planned time or no target */
    int64_t discount_micro;          /* of the fee, in millionths of a percent */
    uint32_t failures, repaired;     /* repaired: those that mttr_ms is made of … */
    uint32_t recognised;             /* … and mtta_ms */
    int64_t mttr_ms, mtta_ms;        /* means from start to repair and to recognition; -1: none */
    int64_t mtbf_ms;                 /* (P - D) by failures; -1: none */
};

/* One month's account. What it is made of is borrowed and must live as long, unchanged;
 * amendments are applied before (history_amend). */
struct account;

struct account *account_new(const struct history *history, const struct terms *terms,
                            const struct period *period);
void account_free(struct account *account); /* NULL is fine */

struct figures account_function(struct account *account, int function);
/* A service by its critical functions. */
struct figures account_service(struct account *account, const struct function_set *critical);

/* The sets behind the figures: a function's until account_free(); a service's are the caller's
 * to shares_free(). */
const struct shares *account_function_shares(struct account *account, int function);
void account_service_shares(struct account *account, const struct function_set *critical,
                            struct shares *shares);

/* Does the outage count as a failure of any of these functions in the period? */
bool account_failure(struct account *account, const struct outage *outage,
                     const struct function_set *functions);
/* Is part of it, up to as-of, inside windows of either kind that stop one of its functions? */
bool account_in_window(struct account *account, const struct outage *outage);
/* It lasts long enough, and its severity and cause are downtime by the contract. */
bool outage_counts(const struct outage *seen, const struct terms *terms, int64_t as_of_ms);

#define PERCENT_TEXT_MAX 32
/* "99.4366"; PERCENT_NONE gives NULL. */
const char *percent_text(int64_t percent, char text[PERCENT_TEXT_MAX]);

#endif
