#include "core/account/business.h"
#include "core/account/holidays.h"
#include "base/check.h"
#include "base/utc.h"

#include <string.h>

#define DAY_MIN (24 * 60)
#define MINUTE_MS 60000ll
#define DAY_MS (DAY_MIN * MINUTE_MS)

void desk_default(struct desk *desk)
{
    memset(desk, 0, sizeof *desk);
    desk->hours = (struct week_span){.days = 0x1f, .begin_min = 10 * 60, .end_min = 19 * 60};
}

static bool date_exists(int year, int month, int day)
{
    int y, m, d;

    if (month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    utc_civil_from_days(utc_days_from_civil(year, month, day), &y, &m, &d);
    return m == month && d == day;
}

static bool runs_over_new_year(const struct closed_days *row)
{
    return row->last_month < row->first_month ||
           (row->last_month == row->first_month && row->last_day < row->first_day);
}

static int check_row(const struct closed_days *row, struct err *err)
{
    const int leap = 2000; /* a row of every year may name 02-29 */
    int first = row->year != 0 ? row->year : leap;
    int last = row->year != 0 && runs_over_new_year(row) ? first + 1 : first;

    if (row->year != 0 && (row->year < ZONE_YEAR_MIN || row->year > ZONE_YEAR_MAX))
        return err_set(err, ERR_INVALID, "year %d is not in %d..%d", row->year, ZONE_YEAR_MIN,
                       ZONE_YEAR_MAX);
    if (!date_exists(first, row->first_month, row->first_day))
        return err_set(err, ERR_INVALID, "%02d-%02d is no date", row->first_month, row->first_day);
    if (!date_exists(last, row->last_month, row->last_day))
        return err_set(err, ERR_INVALID, "%02d-%02d is no date", row->last_month, row->last_day);
    return 0;
}

int desk_check(const struct desk *desk, struct err *err)
{
    const struct week_span *hours = &desk->hours;
    size_t i;

    if (hours->begin_min < 0 || hours->end_min > DAY_MIN || hours->begin_min >= hours->end_min)
        return err_set(err, ERR_INVALID,
                       "desk hours must begin before they end, on the same day, "
                       "such as Mon-Fri 10:00-19:00");
    if (desk->n_closed > DESK_CLOSED_MAX)
        return err_set(err, ERR_LIMIT, "more than %d rows of closed days", DESK_CLOSED_MAX);
    for (i = 0; i < desk->n_closed; i++)
        if (check_row(&desk->closed[i], err) < 0)
            return err_wrap(err, ERR_INVALID, "closed days %zu (%s)", i + 1, desk->closed[i].name);
    return 0;
}

static bool row_has(const struct closed_days *row, int year, int month, int day)
{
    int at = month * 100 + day;
    int first = row->first_month * 100 + row->first_day;
    int last = row->last_month * 100 + row->last_day;

    if (!runs_over_new_year(row))
        return at >= first && at <= last && (row->year == 0 || row->year == year);
    if (at >= first)
        return row->year == 0 || row->year == year;
    return at <= last && (row->year == 0 || row->year == year - 1);
}

/* Holidays come last, so that a year is missed only for a day that hangs on it. */
static bool open_by_rule(const struct desk *desk, int64_t day, int *lacking_year)
{
    int weekday = (int)((day % 7 + 7 + 3) % 7); /* 1970-01-01 was a Thursday; Monday is 0 */
    int year, month, of_month;
    size_t i;

    if ((desk->hours.days >> weekday & 1) == 0)
        return false;
    utc_civil_from_days(day, &year, &month, &of_month);
    for (i = 0; i < desk->n_closed; i++)
        if (row_has(&desk->closed[i], year, month, of_month))
            return false;
    if (desk->open_on_holidays)
        return true;
    if (!holidays_cover(year) && (*lacking_year == 0 || year < *lacking_year))
        *lacking_year = year;
    return holiday_name(year, month, of_month) == NULL;
}

bool desk_business_day(const struct desk *desk, const struct zone *zone, int64_t day,
                       struct opening *opening, int *lacking_year)
{
    if (!open_by_rule(desk, day, lacking_year))
        return false;
    *opening = (struct opening){
        zone_to_utc(zone, day * DAY_MS + desk->hours.begin_min * MINUTE_MS),
        zone_to_utc(zone, day * DAY_MS + desk->hours.end_min * MINUTE_MS),
    };
    return opening->begin_ms < opening->end_ms;
}

static int64_t local_day(const struct zone *zone, int64_t utc_ms)
{
    int64_t local_ms = utc_ms + zone_offset(zone, utc_ms) * 1000ll;

    return local_ms / DAY_MS - (local_ms % DAY_MS < 0);
}

int64_t desk_after_days(const struct desk *desk, const struct zone *zone, int64_t from_ms, int n,
                        int *lacking_year)
{
    int64_t day = local_day(zone, from_ms), last = day + DESK_LOOK_DAYS;
    struct opening opening;

    CHECK(n > 0);
    while (++day <= last)
        if (desk_business_day(desk, zone, day, &opening, lacking_year) && --n == 0)
            return opening.end_ms;
    return DESK_NEVER;
}

int64_t desk_after_hours(const struct desk *desk, const struct zone *zone, int64_t from_ms,
                         int64_t open_ms, int *lacking_year)
{
    int64_t day = local_day(zone, from_ms), last = day + DESK_LOOK_DAYS;
    struct opening opening;

    CHECK(open_ms > 0);
    for (; day <= last; day++) {
        int64_t begin_ms;

        if (!desk_business_day(desk, zone, day, &opening, lacking_year))
            continue;
        begin_ms = opening.begin_ms > from_ms ? opening.begin_ms : from_ms;
        if (begin_ms >= opening.end_ms)
            continue;
        if (opening.end_ms - begin_ms >= open_ms)
            return begin_ms + open_ms;
        open_ms -= opening.end_ms - begin_ms;
    }
    return DESK_NEVER;
}
