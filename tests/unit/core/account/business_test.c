#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/prng.h"
#include "core/account/business.h"
#include "core/account/holidays.h"
#include "open_zone.h"

#include <string.h>

#define MINUTE 60000ll
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define ALL_WEEK 0x7f
#define ON_SUNDAY 0x40

static void close_on(struct desk *desk, const char *name, int year, int first, int last)
{
    struct closed_days *row = &desk->closed[desk->n_closed++];

    assert_true(desk->n_closed <= DESK_CLOSED_MAX);
    snprintf(row->name, sizeof row->name, "%s", name);
    row->year = year;
    row->first_month = first / 100;
    row->first_day = first % 100;
    row->last_month = last / 100;
    row->last_day = last % 100;
}

/* Sheet B's: weekdays 10:00-19:00 but holidays, お盆 and 年末年始. */
static struct desk sheet_b(void)
{
    struct desk desk;
    struct err err;

    desk_default(&desk);
    close_on(&desk, "お盆", 0, 813, 816);
    close_on(&desk, "年末年始", 0, 1229, 103);
    assert_int_equal(desk_check(&desk, &err), 0);
    return desk;
}

/* Without holidays. */
static struct desk hours(unsigned days, int begin_min, int end_min)
{
    struct desk desk;

    desk_default(&desk);
    desk.open_on_holidays = true;
    desk.hours = (struct week_span){(uint8_t)days, (int16_t)begin_min, (int16_t)end_min};
    return desk;
}

static void days_after(const struct desk *desk, const char *zone_name, const char *from, int n,
                       const char *to, int lacks)
{
    struct zone *zone = open_zone(zone_name);
    int lacking_year = 0;
    int64_t want = to != NULL ? utc(to) : DESK_NEVER;
    int64_t got = desk_after_days(desk, zone, utc(from), n, &lacking_year);
    char text[UTC_TEXT_MAX] = "never";

    if (got != want) {
        if (got != DESK_NEVER)
            utc_format(got, text);
        fail_msg("%d business days after %s: %s", n, from, text);
    }
    assert_int_equal(lacking_year, lacks);
    zone_free(zone);
}

static void hours_after(const struct desk *desk, const char *zone_name, const char *from,
                        int64_t open_ms, const char *to)
{
    struct zone *zone = open_zone(zone_name);
    int lacking_year = 0;
    int64_t want = to != NULL ? utc(to) : DESK_NEVER;
    int64_t got = desk_after_hours(desk, zone, utc(from), open_ms, &lacking_year);
    char text[UTC_TEXT_MAX] = "never";

    if (got != want) {
        if (got != DESK_NEVER)
            utc_format(got, text);
        fail_msg("%lld ms of the desk after %s: %s", (long long)open_ms, from, text);
    }
    assert_int_equal(lacking_year, 0);
    zone_free(zone);
}

static void tokyo(const char *from, const char *to)
{
    struct desk desk = sheet_b();

    days_after(&desk, "Asia/Tokyo", from, 2, to, 0);
}

static void two_business_days(void **state)
{
    /* Friday evening, Friday in desk hours, Saturday: Tuesday's close. */
    tokyo("2026-11-13T20:00:00+09:00", "2026-11-17T19:00:00+09:00");
    tokyo("2026-11-13T11:00:00+09:00", "2026-11-17T19:00:00+09:00");
    tokyo("2026-11-14T11:00:00+09:00", "2026-11-17T19:00:00+09:00");
    /* The day itself never counts, not even before the desk opens. */
    tokyo("2026-11-17T03:00:00+09:00", "2026-11-19T19:00:00+09:00");
    tokyo("2026-11-17T11:00:00+09:00", "2026-11-19T19:00:00+09:00");
    tokyo("2026-11-17T23:59:59.999+09:00", "2026-11-19T19:00:00+09:00");
    tokyo("2026-11-18T00:00:00+09:00", "2026-11-20T19:00:00+09:00");
    /* The local date decides: in UTC this is still Monday. */
    tokyo("2026-11-16T22:00:00Z", "2026-11-19T19:00:00+09:00");
    /* On a holiday, and over one (2026-11-23, a Monday). */
    tokyo("2026-11-23T12:00:00+09:00", "2026-11-25T19:00:00+09:00");
    tokyo("2026-11-20T20:00:00+09:00", "2026-11-25T19:00:00+09:00");
    /* 敬老の日, 国民の休日, 秋分の日 after a week's end. */
    tokyo("2026-09-18T15:00:00+09:00", "2026-09-25T19:00:00+09:00");
    /* Golden Week: 昭和の日 on Wednesday; Sunday to Tuesday and 振替休日 on Wednesday. */
    tokyo("2026-04-28T18:00:00+09:00", "2026-05-01T19:00:00+09:00");
    tokyo("2026-05-01T12:00:00+09:00", "2026-05-08T19:00:00+09:00");
    tokyo("2026-05-04T12:00:00+09:00", "2026-05-08T19:00:00+09:00");
    /* 山の日 on Tuesday, お盆 from Thursday to Sunday. */
    tokyo("2026-08-10T12:00:00+09:00", "2026-08-17T19:00:00+09:00");
    tokyo("2026-08-12T12:00:00+09:00", "2026-08-18T19:00:00+09:00");
    tokyo("2026-08-14T12:00:00+09:00", "2026-08-18T19:00:00+09:00");
    /* 年末年始 from Tuesday to Sunday. */
    tokyo("2026-12-28T18:00:00+09:00", "2027-01-05T19:00:00+09:00");
    tokyo("2026-12-31T12:00:00+09:00", "2027-01-05T19:00:00+09:00");
    tokyo("2027-01-03T23:00:00+09:00", "2027-01-05T19:00:00+09:00");
}

static void business_hours(void **state)
{
    struct desk desk = sheet_b();
    const char *zone = "Asia/Tokyo";

    hours_after(&desk, zone, "2026-11-17T11:00:00+09:00", 8 * HOUR, "2026-11-17T19:00:00+09:00");
    hours_after(&desk, zone, "2026-11-13T17:00:00+09:00", 8 * HOUR, "2026-11-16T16:00:00+09:00");
    hours_after(&desk, zone, "2026-11-13T20:00:00+09:00", 8 * HOUR, "2026-11-16T18:00:00+09:00");
    hours_after(&desk, zone, "2026-11-16T03:00:00+09:00", 8 * HOUR, "2026-11-16T18:00:00+09:00");
    /* Used up as the desk closes: then, not the next morning. */
    hours_after(&desk, zone, "2026-11-13T20:00:00+09:00", 9 * HOUR, "2026-11-16T19:00:00+09:00");
    hours_after(&desk, zone, "2026-11-13T18:59:59.999+09:00", 1, "2026-11-13T19:00:00+09:00");
    hours_after(&desk, zone, "2026-11-13T19:00:00+09:00", 1, "2026-11-16T10:00:00.001+09:00");
    /* Over holidays and 年末年始: an hour on Monday 28th, nine on the 4th, one on the 5th. */
    hours_after(&desk, zone, "2026-05-01T18:00:00+09:00", 2 * HOUR, "2026-05-07T11:00:00+09:00");
    hours_after(&desk, zone, "2026-12-28T18:00:00+09:00", 11 * HOUR, "2027-01-05T11:00:00+09:00");
    hours_after(&desk, zone, "2026-08-15T12:00:00+09:00", HOUR, "2026-08-17T11:00:00+09:00");
}

static void clock_changes(void **state)
{
    struct desk desk = hours(0x1f, 600, 1140);

    /* The local close, whatever the clock did in between. */
    days_after(&desk, "Europe/Berlin", "2026-03-27T18:00:00+01:00", 2, "2026-03-31T19:00:00+02:00",
               0);
    days_after(&desk, "Europe/Berlin", "2026-10-23T18:00:00+02:00", 2, "2026-10-27T19:00:00+01:00",
               0);
    days_after(&desk, "America/New_York", "2026-03-06T20:00:00-05:00", 1,
               "2026-03-09T19:00:00-04:00", 0);
    hours_after(&desk, "America/New_York", "2026-10-30T18:00:00-04:00", 3 * HOUR,
                "2026-11-02T12:00:00-05:00");

    /* Open day and night, the days have 23 and 25 hours. */
    desk = hours(ALL_WEEK, 0, 1440);
    hours_after(&desk, "America/New_York", "2026-03-08T00:00:00-05:00", 24 * HOUR,
                "2026-03-09T01:00:00-04:00");
    hours_after(&desk, "America/New_York", "2026-11-01T00:00:00-04:00", 25 * HOUR,
                "2026-11-02T00:00:00-05:00");
    hours_after(&desk, "Europe/Berlin", "2026-10-25T00:00:00+02:00", 25 * HOUR,
                "2026-10-26T00:00:00+01:00");
    days_after(&desk, "Europe/Berlin", "2026-10-24T12:00:00+02:00", 1, "2026-10-26T00:00:00+01:00",
               0);
}

static void hours_skipped_or_repeated(void **state)
{
    struct desk desk = hours(ON_SUNDAY, 120, 180);
    const char *zone = "America/New_York";

    /* 02:00-03:00 does not happen on 8 March: no business day, the next is a week later. */
    days_after(&desk, zone, "2026-03-07T12:00:00-05:00", 1, "2026-03-15T03:00:00-04:00", 0);
    hours_after(&desk, zone, "2026-03-07T12:00:00-05:00", HOUR / 2, "2026-03-15T02:30:00-04:00");
    /* Half of it does not. */
    desk = hours(ON_SUNDAY, 150, 240);
    hours_after(&desk, zone, "2026-03-07T12:00:00-05:00", HOUR / 2, "2026-03-08T03:30:00-04:00");
    /* 01:00-02:00 happens twice on 1 November: open from the first 01:30, 90 minutes. */
    desk = hours(ON_SUNDAY, 90, 120);
    hours_after(&desk, zone, "2026-10-31T12:00:00-04:00", 90 * MINUTE, "2026-11-01T02:00:00-05:00");
    /* … and closed at the first 01:30. */
    desk = hours(ON_SUNDAY, 30, 90);
    days_after(&desk, zone, "2026-10-31T12:00:00-04:00", 1, "2026-11-01T01:30:00-04:00", 0);
    hours_after(&desk, zone, "2026-10-31T12:00:00-04:00", 61 * MINUTE, "2026-11-08T00:31:00-05:00");
    /* 30 December 2011 does not exist there. */
    desk = hours(ALL_WEEK, 600, 1140);
    days_after(&desk, "Pacific/Apia", "2011-12-29T12:00:00-10:00", 1, "2011-12-31T19:00:00+14:00",
               0);
}

static void years_that_the_table_lacks(void **state)
{
    struct desk desk = sheet_b(), any = sheet_b();
    struct zone *zone = open_zone("Asia/Tokyo");
    struct opening opening;
    int lacking_year = 0;

    /* Needed only for days that are not closed anyhow: 2028-01-01 to 03 are. */
    days_after(&desk, "Asia/Tokyo", "2027-12-24T12:00:00+09:00", 2, "2027-12-28T19:00:00+09:00", 0);
    days_after(&desk, "Asia/Tokyo", "2027-12-28T12:00:00+09:00", 2, "2028-01-05T19:00:00+09:00",
               2028);
    assert_false(
        desk_business_day(&desk, zone, utc_days_from_civil(2028, 1, 1), &opening, &lacking_year));
    assert_false(
        desk_business_day(&desk, zone, utc_days_from_civil(2028, 1, 3), &opening, &lacking_year));
    assert_int_equal(lacking_year, 0);
    /* The earliest stays, in whichever order they come. */
    assert_true(
        desk_business_day(&desk, zone, utc_days_from_civil(2029, 1, 4), &opening, &lacking_year));
    assert_int_equal(lacking_year, 2029);
    assert_true(
        desk_business_day(&desk, zone, utc_days_from_civil(2019, 4, 30), &opening, &lacking_year));
    assert_true(
        desk_business_day(&desk, zone, utc_days_from_civil(2028, 1, 4), &opening, &lacking_year));
    assert_int_equal(lacking_year, 2019);
    any.open_on_holidays = true;
    days_after(&any, "Asia/Tokyo", "2027-12-28T12:00:00+09:00", 2, "2028-01-05T19:00:00+09:00", 0);
    days_after(&any, "Asia/Tokyo", "2026-11-20T12:00:00+09:00", 1, "2026-11-23T19:00:00+09:00", 0);
    zone_free(zone);
}

static bool open_on(const struct desk *desk, int year, int month, int day)
{
    struct zone *zone = open_zone("Asia/Tokyo");
    struct opening opening;
    int lacking_year = 0;
    bool open = desk_business_day(desk, zone, utc_days_from_civil(year, month, day), &opening,
                                  &lacking_year);

    zone_free(zone);
    return open;
}

static void closed_rows(void **state)
{
    struct desk desk = hours(ALL_WEEK, 600, 1140);

    close_on(&desk, "棚卸", 2026, 507, 508);
    close_on(&desk, "移転", 2026, 1220, 105);
    close_on(&desk, "うるう日", 0, 229, 229);
    assert_true(open_on(&desk, 2026, 5, 6));
    assert_false(open_on(&desk, 2026, 5, 7));
    assert_false(open_on(&desk, 2026, 5, 8));
    assert_true(open_on(&desk, 2026, 5, 9));
    assert_true(open_on(&desk, 2027, 5, 7));
    assert_true(open_on(&desk, 2026, 1, 5));
    assert_true(open_on(&desk, 2026, 12, 19));
    assert_false(open_on(&desk, 2026, 12, 20));
    assert_false(open_on(&desk, 2027, 1, 5));
    assert_true(open_on(&desk, 2027, 1, 6));
    assert_true(open_on(&desk, 2027, 12, 20));
    assert_true(open_on(&desk, 2028, 1, 5));
    assert_false(open_on(&desk, 2028, 2, 29));
    assert_true(open_on(&desk, 2028, 2, 28));
    assert_true(open_on(&desk, 2027, 3, 1));
}

static void a_desk_that_never_opens(void **state)
{
    struct desk none = hours(0, 600, 1140), all = hours(ALL_WEEK, 600, 1140);
    struct desk late = hours(ALL_WEEK, 600, 1140);
    struct err err;
    int year;

    assert_int_equal(desk_check(&none, &err), 0);
    days_after(&none, "Asia/Tokyo", "2026-11-13T20:00:00+09:00", 1, NULL, 0);
    hours_after(&none, "Asia/Tokyo", "2026-11-13T20:00:00+09:00", 1, NULL);
    close_on(&all, "休業", 0, 101, 1231);
    days_after(&all, "Asia/Tokyo", "2026-11-13T20:00:00+09:00", 1, NULL, 0);
    hours_after(&all, "Asia/Tokyo", "2026-11-13T20:00:00+09:00", 1, NULL);
    /* Nine closed years are looked past. */
    for (year = 2026; year < 2035; year++)
        close_on(&late, "休業", year, 101, 1231);
    days_after(&late, "Asia/Tokyo", "2026-01-13T20:00:00+09:00", 1, "2035-01-01T19:00:00+09:00", 0);
    /* The last day that is looked at, and one more. */
    close_on(&late, "休業", 2035, 101, 1231);
    close_on(&late, "休業", 2036, 101, 113);
    days_after(&late, "Asia/Tokyo", "2026-01-13T20:00:00+09:00", 1, "2036-01-14T19:00:00+09:00", 0);
    hours_after(&late, "Asia/Tokyo", "2026-01-13T20:00:00+09:00", 1,
                "2036-01-14T10:00:00.001+09:00");
    days_after(&late, "Asia/Tokyo", "2026-01-12T20:00:00+09:00", 2, NULL, 0);
    hours_after(&late, "Asia/Tokyo", "2026-01-12T20:00:00+09:00", 10 * HOUR, NULL);
}

static void a_bad_desk_is_refused(void **state)
{
    static const struct {
        int year, first, last;
        const char *text;
    } bad[] = {
        {0, 1301, 1301, "closed days 1 (x): 13-01 is no date"},
        {0, 101, 132, "closed days 1 (x): 01-32 is no date"},
        {0, 230, 301, "closed days 1 (x): 02-30 is no date"},
        {2026, 229, 301, "closed days 1 (x): 02-29 is no date"},
        {2026, 1229, 229, "closed days 1 (x): 02-29 is no date"},
        {26, 101, 101, "closed days 1 (x): year 26 is not in 1970..9999"},
    };
    static const int spans[][2] = {{-1, 600}, {600, 600}, {1140, 600}, {600, 1441}};
    struct desk desk;
    struct err err;
    size_t i;

    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        desk_default(&desk);
        close_on(&desk, "x", bad[i].year, bad[i].first, bad[i].last);
        assert_int_equal(desk_check(&desk, &err), ERR_INVALID);
        assert_string_equal(err.text, bad[i].text);
    }
    for (i = 0; i < sizeof spans / sizeof spans[0]; i++) {
        desk = hours(ALL_WEEK, spans[i][0], spans[i][1]);
        assert_int_equal(desk_check(&desk, &err), ERR_INVALID);
    }
    desk_default(&desk);
    close_on(&desk, "x", 2027, 1229, 229); /* 2028 is a leap year */
    close_on(&desk, "x", 0, 229, 229);
    assert_int_equal(desk_check(&desk, &err), 0);
    desk.n_closed = DESK_CLOSED_MAX + 1;
    assert_int_equal(desk_check(&desk, &err), ERR_LIMIT);
}

/* The same by looking at the clock every five minutes. */

#define STEP (5 * MINUTE)

struct brute {
    const struct desk *desk;
    const struct zone *zone;
    int64_t at_ms, furthest_ms; /* the latest that the local clock has read */
};

static bool brute_closed(const struct desk *desk, int64_t day)
{
    int year, month, of_month, begin_year;
    size_t i;

    utc_civil_from_days(day, &year, &month, &of_month);
    if (!desk->open_on_holidays && holiday_name(year, month, of_month) != NULL)
        return true;
    for (i = 0; i < desk->n_closed; i++)
        for (begin_year = year - 1; begin_year <= year; begin_year++) {
            const struct closed_days *row = &desk->closed[i];
            int64_t first = utc_days_from_civil(begin_year, row->first_month, row->first_day);
            int64_t last = utc_days_from_civil(begin_year, row->last_month, row->last_day);

            if (last < first)
                last = utc_days_from_civil(begin_year + 1, row->last_month, row->last_day);
            if (day >= first && day <= last && (row->year == 0 || row->year == begin_year))
                return true;
        }
    return !(desk->hours.days >> (day + 3) % 7 & 1);
}

/* Is the desk open in the five minutes from brute->at_ms on? */
static bool brute_open(struct brute *brute, int64_t *day)
{
    int64_t local = brute->at_ms + zone_offset(brute->zone, brute->at_ms) * 1000ll, minute;

    if (local > brute->furthest_ms)
        brute->furthest_ms = local;
    *day = brute->furthest_ms / DAY;
    minute = brute->furthest_ms % DAY / MINUTE;
    return minute >= brute->desk->hours.begin_min && minute < brute->desk->hours.end_min &&
           !brute_closed(brute->desk, *day);
}

static int64_t brute_days(struct brute *brute, int64_t from_ms, int n)
{
    int64_t from_day = (from_ms + zone_offset(brute->zone, from_ms) * 1000ll) / DAY;
    int64_t day, on = from_day, end_ms = 0;

    for (; brute->at_ms < from_ms + 60 * DAY; brute->at_ms += STEP) {
        if (!brute_open(brute, &day) || day <= from_day)
            continue;
        if (day != on && n-- == 0)
            return end_ms;
        on = day;
        end_ms = brute->at_ms + STEP;
    }
    return n == 0 ? end_ms : DESK_NEVER;
}

static int64_t brute_hours(struct brute *brute, int64_t from_ms, int64_t open_ms)
{
    int64_t day;

    for (; brute->at_ms < from_ms + 60 * DAY; brute->at_ms += STEP)
        if (brute_open(brute, &day) && brute->at_ms >= from_ms && (open_ms -= STEP) == 0)
            return brute->at_ms + STEP;
    return DESK_NEVER;
}

static void random_desk(struct prng *prng, struct desk *desk)
{
    int rows = (int)prng_below(prng, 4);
    struct err err;

    desk_default(desk);
    desk->hours.days = (uint8_t)(prng_below(prng, 4) == 0 ? 1 + prng_below(prng, 127) : 0x7f);
    desk->hours.begin_min = (int16_t)(5 * prng_below(prng, 288));
    desk->hours.end_min = (int16_t)(desk->hours.begin_min +
                                    5 * (1 + prng_below(prng, 288 - desk->hours.begin_min / 5u)));
    desk->open_on_holidays = prng_below(prng, 2) == 0;
    while (rows-- > 0) {
        int first = 1 + (int)prng_below(prng, 12), last = first % 12 + 1;

        close_on(desk, "x", prng_below(prng, 2) == 0 ? 0 : 2020 + (int)prng_below(prng, 8),
                 first * 100 + 20 + (int)prng_below(prng, 9),
                 last * 100 + 1 + (int)prng_below(prng, 9));
    }
    assert_int_equal(desk_check(desk, &err), 0);
}

static void as_by_looking_at_the_clock(void **state)
{
    static const char *const zones[] = {
        "Asia/Tokyo",          "America/New_York", "Europe/Berlin",   "America/Havana",
        "Australia/Lord_Howe", "Antarctica/Troll", "America/Santiago"};
    struct prng prng;
    size_t i;
    int k, found = 0, lacking_year = 0;

    prng_seed(&prng, 11);
    for (i = 0; i < sizeof zones / sizeof zones[0]; i++) {
        struct zone *zone = open_zone(zones[i]);

        for (k = 0; k < 60; k++) {
            struct zone_month month =
                zone_month(zone, 2020 + (int)prng_below(&prng, 7), 1 + (int)prng_below(&prng, 12));
            int64_t from = month.begin_ms + STEP * (int64_t)prng_below(&prng, 30 * 288), got, want;
            int n = 1 + (int)prng_below(&prng, 5);
            int64_t open_ms = STEP * (1 + (int64_t)prng_below(&prng, 300));
            struct desk desk;
            struct brute brute = {&desk, zone, from - 2 * DAY, 0};

            random_desk(&prng, &desk);
            want = brute_days(&brute, from, n);
            got = desk_after_days(&desk, zone, from, n, &lacking_year);
            if (want != DESK_NEVER)
                assert_int_equal(got, want);
            else
                assert_true(got > from + 59 * DAY);
            found += want != DESK_NEVER;

            brute = (struct brute){&desk, zone, from - 2 * DAY, 0};
            want = brute_hours(&brute, from, open_ms);
            got = desk_after_hours(&desk, zone, from, open_ms, &lacking_year);
            if (want != DESK_NEVER)
                assert_int_equal(got, want);
            else
                assert_true(got > from + 59 * DAY);
            found += want != DESK_NEVER;
        }
        zone_free(zone);
    }
    assert_true(found > 7 * 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_business_days),
        cmocka_unit_test(business_hours),
        cmocka_unit_test(clock_changes),
        cmocka_unit_test(hours_skipped_or_repeated),
        cmocka_unit_test(years_that_the_table_lacks),
        cmocka_unit_test(closed_rows),
        cmocka_unit_test(a_desk_that_never_opens),
        cmocka_unit_test(a_bad_desk_is_refused),
        cmocka_unit_test(as_by_looking_at_the_clock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
