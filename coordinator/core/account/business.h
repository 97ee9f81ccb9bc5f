/* The business time of a contract's support desk: which local dates it is open on and from when
 * to when, in the contract's zone, and moments counted by it. */
#ifndef CORE_ACCOUNT_BUSINESS_H
#define CORE_ACCOUNT_BUSINESS_H

#include "base/err.h"
#include "base/limits.h"
#include "core/account/zone.h"
#include "core/model/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DESK_CLOSED_MAX 64
#define DESK_NEVER INT64_MAX /* later than any time: the desk is not open for so long … */
#define DESK_LOOK_DAYS 3653  /* … within ten years */

/* Days on which the desk is closed besides its weekdays off and public holidays: from first to
 * last, both included, over the year's end when `last` is the earlier one (12-29 .. 01-03). */
struct closed_days {
    char name[LIMIT_NAME]; /* "年末年始" */
    int year;              /* of the first day; 0: every year */
    int first_month, first_day, last_month, last_day;
};

struct desk {
    struct week_span hours; /* of the local day; begin < end <= 24:00 */
    bool open_on_holidays;
    struct closed_days closed[DESK_CLOSED_MAX];
    size_t n_closed;
};

/* Mon-Fri 10:00-19:00, closed on public holidays, no further closed days. */
void desk_default(struct desk *desk);

/* 0, or ERR_INVALID or ERR_LIMIT with the rule and the row that breaks it. The rest is for a desk
 * that passed. One without weekdays passes: it is never open. */
int desk_check(const struct desk *desk, struct err *err);

/* Functions that look at public holidays lower *lacking_year to the earliest year that they
 * needed and that the table of holidays.h lacks; its days counted as no holidays. 0: none yet,
 * as the caller sets it once for all its calls. */

struct opening {
    int64_t begin_ms, end_ms; /* UTC, half-open */
};

/* Is this local date (days since 1970-01-01) a business day? Then true, with the hours. A date
 * whose hours a change of the clock skips is none. Of hours that happen twice the first begin
 * and the first end count. */
bool desk_business_day(const struct desk *desk, const struct zone *zone, int64_t day,
                       struct opening *opening, int *lacking_year);

/* The end of the desk's hours on the n-th business day after the local date of `from_ms`, n > 0;
 * that date itself never counts. Or DESK_NEVER. */
int64_t desk_after_days(const struct desk *desk, const struct zone *zone, int64_t from_ms, int n,
                        int *lacking_year);

/* The earliest moment by which the desk was open for `open_ms` > 0 since `from_ms`. So time that
 * is used up as the desk closes ends then, not when it opens next. Or DESK_NEVER. */
int64_t desk_after_hours(const struct desk *desk, const struct zone *zone, int64_t from_ms,
                         int64_t open_ms, int *lacking_year);

#endif
