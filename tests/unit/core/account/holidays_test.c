#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/utc.h"
#include "core/account/holidays.h"

#include <stdbool.h>
#include <string.h>

enum { MONDAY = 0, SUNDAY = 6 };

static int weekday(int64_t day)
{
    return (int)((day + 3) % 7); /* 1970-01-01 was a Thursday */
}

/* The day of the month of its n-th Monday. */
static int nth_monday(int year, int month, int n)
{
    int64_t first = utc_days_from_civil(year, month, 1);

    return 1 + (7 - weekday(first)) % 7 + 7 * (n - 1);
}

/* When the sun's longitude is 0 and 180 degrees in Japan, by the usual approximation for 1980 to
 * 2099: the tropical year of 365.242194 days against the leap years. */
static int equinox(int year, double in_1980)
{
    int years = year - 1980;

    return (int)(in_1980 + 0.242194 * years) - years / 4;
}

/* 国民の祝日 by article 2 of the law, and by the moves for the Tokyo games (2020, 2021). */
static const char *by_article_2(int64_t on)
{
    const char *name = NULL;
    int year, month, day, i;

    utc_civil_from_days(on, &year, &month, &day);
    const struct {
        int month, day;
        const char *name;
    } days[] = {
        {1, 1, "元日"},
        {1, nth_monday(year, 1, 2), "成人の日"},
        {2, 11, "建国記念の日"},
        {2, 23, "天皇誕生日"},
        {3, equinox(year, 20.8431), "春分の日"},
        {4, 29, "昭和の日"},
        {5, 3, "憲法記念日"},
        {5, 4, "みどりの日"},
        {5, 5, "こどもの日"},
        {7,
         year == 2020   ? 23
         : year == 2021 ? 22
                        : nth_monday(year, 7, 3),
         "海の日"},
        {8,
         year == 2020   ? 10
         : year == 2021 ? 8
                        : 11,
         "山の日"},
        {9, nth_monday(year, 9, 3), "敬老の日"},
        {9, equinox(year, 23.2488), "秋分の日"},
        {year == 2020 || year == 2021 ? 7 : 10,
         year == 2020   ? 24
         : year == 2021 ? 23
                        : nth_monday(year, 10, 2),
         "スポーツの日"},
        {11, 3, "文化の日"},
        {11, 23, "勤労感謝の日"},
    };

    for (i = 0; i < (int)(sizeof days / sizeof days[0]); i++)
        if (days[i].month == month && days[i].day == day)
            name = days[i].name;
    return name;
}

static const char *by_law(int64_t day)
{
    int64_t before;

    if (by_article_2(day) != NULL)
        return by_article_2(day);
    /* 3-2: the nearest later day that is none itself, after one that falls on a Sunday. */
    for (before = day - 1; by_article_2(before) != NULL; before--)
        if (weekday(before) == SUNDAY)
            return "振替休日";
    /* 3-3: a day between two of them. */
    if (by_article_2(day - 1) != NULL && by_article_2(day + 1) != NULL)
        return "国民の休日";
    return NULL;
}

static void every_day_is_what_the_law_makes_it(void **state)
{
    int64_t day = utc_days_from_civil(HOLIDAYS_YEAR_FIRST, 1, 1);
    int64_t end = utc_days_from_civil(HOLIDAYS_YEAR_LAST + 1, 1, 1);
    int n = 0;

    for (; day < end; day++) {
        int year, month, of_month;
        const char *name, *law = by_law(day);

        utc_civil_from_days(day, &year, &month, &of_month);
        name = holiday_name(year, month, of_month);
        if ((name == NULL) != (law == NULL) || (name != NULL && strcmp(name, law) != 0))
            fail_msg("%04d-%02d-%02d: %s, by law %s", year, month, of_month,
                     name != NULL ? name : "none", law != NULL ? law : "none");
        n += name != NULL;
    }
    assert_int_equal(n, 143); /* rows of the published file for 2020 to 2027 */
}

static void expect(int year, int month, int day, const char *name)
{
    if (name == NULL)
        assert_null(holiday_name(year, month, day));
    else
        assert_string_equal(holiday_name(year, month, day), name);
}

static void named_dates(void **state)
{
    expect(2020, 1, 1, "元日"); /* first and last row */
    expect(2027, 11, 23, "勤労感謝の日");
    /* Moved for the games, and their usual days are workdays. */
    expect(2020, 7, 23, "海の日");
    expect(2020, 7, 24, "スポーツの日");
    expect(2020, 8, 10, "山の日");
    expect(2020, 7, 20, NULL);
    expect(2020, 8, 11, NULL);
    expect(2020, 10, 12, NULL);
    expect(2021, 7, 22, "海の日");
    expect(2021, 7, 23, "スポーツの日");
    expect(2021, 8, 8, "山の日");
    expect(2021, 8, 9, "振替休日");
    /* A Sunday's substitute, also when the next days are holidays themselves. */
    expect(2024, 2, 12, "振替休日");
    expect(2026, 5, 3, "憲法記念日");
    expect(2026, 5, 6, "振替休日");
    expect(2027, 3, 21, "春分の日");
    expect(2027, 3, 22, "振替休日");
    /* Not after a Saturday. */
    expect(2024, 11, 23, "勤労感謝の日");
    expect(2024, 11, 25, NULL);
    /* Between two. */
    expect(2026, 9, 21, "敬老の日");
    expect(2026, 9, 22, "国民の休日");
    expect(2026, 9, 23, "秋分の日");
    expect(2027, 9, 20, "敬老の日");
    expect(2027, 9, 21, NULL);
    expect(2027, 9, 23, "秋分の日");
}

static void other_years_are_not_covered(void **state)
{
    assert_false(holidays_cover(2019));
    assert_true(holidays_cover(2020));
    assert_true(holidays_cover(2027));
    assert_false(holidays_cover(2028));
    expect(2019, 5, 1, NULL);
    expect(2028, 1, 1, NULL);
    expect(-1, 1, 1, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_is_what_the_law_makes_it),
        cmocka_unit_test(named_dates),
        cmocka_unit_test(other_years_are_not_covered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
