/* A second implementation of the accounting that shares nothing with the first but the rules: the
 * month is an array, and each moment is asked what it is. Times are whole units of time, counted
 * from the month's begin; what happened is drawn at random. */
#ifndef TESTS_ACCOUNT_BRUTE_H
#define TESTS_ACCOUNT_BRUTE_H

#include "base/prng.h"

#include <stdbool.h>
#include <stdint.h>

#define BRUTE_NEVER 1000000 /* no such time */
#define BRUTE_FUNCTIONS 3   /* sets of them are bits */
#define BRUTE_LIST 12

struct brute_outage {
    unsigned functions;
    int severity, cause; /* numbers of the contract's enums */
    int start, end, last_good, last_fail, recognised, repaired;
};

struct brute_window {
    unsigned functions;
    bool emergency;
    bool tells; /* customers are told, and that counts: then, or never */
    int announced, told, start, end, finished;
};

struct brute_gap {
    unsigned functions;
    int start, end;
};

struct brute_amendment {
    int of;              /* index of the outage */
    int at;              /* equal ones count in the list's order */
    int severity, cause; /* -1: as it was */
};

struct brute_tier {
    int64_t below_micro, percent_micro;
};

struct brute_world {
    int unit_ms;
    int month;             /* the month's length */
    int valid_from, until; /* of the contract; BRUTE_NEVER: always */
    int as_of;
    int64_t target_micro; /* 0: none */
    unsigned down_severities, excluded_causes;
    int minimum;
    int judged_by; /* 0 measured, 1 low, 2 high */
    struct brute_tier tiers[4];
    int n_tiers;
    struct brute_outage outages[BRUTE_LIST];
    int n_outages;
    struct brute_window windows[BRUTE_LIST];
    int n_windows;
    struct brute_gap gaps[BRUTE_LIST];
    int n_gaps;
    struct brute_amendment amendments[BRUTE_LIST];
    int n_amendments;
};

struct brute_figures {
    int64_t planned_ms, maintenance_ms, downtime_ms, excluded_ms, impaired_ms, unmonitored_ms;
    int64_t downtime_low_ms, downtime_high_ms;
    int64_t availability, low, high, monitored; /* percent * 10 000; -1: nothing planned */
    int target_met;                             /* -1: nothing to say */
    int64_t discount_micro;
    uint32_t failures;
    int64_t mttr_ms, mtta_ms, mtbf_ms; /* -1: none */
};

/* A world with a month of so many units. */
void brute_invent(struct prng *prng, int month, int unit_ms, struct brute_world *world);

/* Of a function when `set` has one member, else of a service with these critical functions. */
struct brute_figures brute_figures(const struct brute_world *world, unsigned set);
bool brute_provisional(const struct brute_world *world);
/* 1, and one more for each amendment of an outage of the period that came when it was over. */
int brute_edition(const struct brute_world *world);

#endif
