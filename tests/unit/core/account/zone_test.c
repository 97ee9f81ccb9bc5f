#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/prng.h"
#include "core/account/zone_rule.h"
#include "open_zone.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HOUR 3600000ll
#define DAY (24 * HOUR)

static const char *const zones[] = {
    "Asia/Tokyo",
    "Europe/London",
    "America/New_York",
    "America/Sao_Paulo",
    "Asia/Beirut",
    "Pacific/Apia",
    "Africa/Casablanca",
    "America/Santiago",
    "Asia/Gaza",
    "Europe/Dublin",
    "Antarctica/Troll",
    "Pacific/Chatham",
    "America/Nuuk",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Etc/GMT+12",
    "Asia/Tehran",
    "America/Havana",
    "UTC",
    "Pacific/Kwajalein",
};

static void offsets_are_those_of_libc(void **state)
{
    struct prng prng;
    size_t i;
    int k;

    prng_seed(&prng, 7);
    for (i = 0; i < sizeof zones / sizeof zones[0]; i++) {
        struct zone *zone = open_zone(zones[i]);

        setenv("TZ", zones[i], 1);
        tzset();
        for (k = 0; k < 4000; k++) { /* 1970 .. 2400 */
            time_t t = (time_t)(prng_next(&prng) % 13569465600ull);
            struct tm tm;

            localtime_r(&t, &tm);
            if (zone_offset(zone, t * 1000) != tm.tm_gmtoff)
                fail_msg("%s at %lld: %d, not %ld", zones[i], (long long)t,
                         zone_offset(zone, t * 1000), tm.tm_gmtoff);
        }
        zone_free(zone);
    }
}

/* The promise of zone_to_utc, by looking at the clock before and after. */
static void first_moment_at_which_the_clock_reads_it(void **state)
{
    struct prng prng;
    size_t i;
    int k;

    prng_seed(&prng, 8);
    for (i = 0; i < sizeof zones / sizeof zones[0]; i++) {
        struct zone *zone = open_zone(zones[i]);

        for (k = 0; k < 300; k++) {
            int64_t local = (int64_t)(prng_next(&prng) % (86400ull * 365 * 80)) * 1000, t, at;

            if (k % 2 == 0) /* midnights, which is what months need */
                local -= local % DAY;
            at = zone_to_utc(zone, local);
            assert_true(at + zone_offset(zone, at) * 1000ll >= local);
            for (t = at - 1; t > at - 27 * HOUR; t -= HOUR / 4)
                assert_true(t + zone_offset(zone, t) * 1000ll < local);
        }
        zone_free(zone);
    }
}

static void expect_month(const char *name, int year, int month, const char *begin, const char *end)
{
    struct zone *zone = open_zone(name);
    struct zone_month bounds = zone_month(zone, year, month);

    assert_int_equal(bounds.begin_ms, utc(begin));
    assert_int_equal(bounds.end_ms, utc(end));
    zone_free(zone);
}

static void months(void **state)
{
    expect_month("Asia/Tokyo", 2026, 10, "2026-10-01T00:00:00+09:00", "2026-11-01T00:00:00+09:00");
    expect_month("Asia/Tokyo", 2026, 12, "2026-12-01T00:00:00+09:00", "2027-01-01T00:00:00+09:00");
    expect_month("Asia/Tokyo", 2028, 2, "2028-02-01T00:00:00+09:00", "2028-03-01T00:00:00+09:00");
    /* Daylight saving ends and begins: 31 days and an hour, 31 days less an hour. */
    expect_month("Europe/London", 2026, 10, "2026-09-30T23:00:00Z", "2026-11-01T00:00:00Z");
    expect_month("America/New_York", 2045, 3, "2045-03-01T05:00:00Z", "2045-04-01T04:00:00Z");
    /* The clock jumps from 00:00 to 01:00 on the first day: the month begins with it. */
    expect_month("America/Asuncion", 2023, 10, "2023-10-01T04:00:00Z", "2023-11-01T03:00:00Z");
    /* The clock goes from 01:00 back to 00:00 on the first day: the first 00:00 counts. */
    expect_month("America/Havana", 2026, 11, "2026-11-01T04:00:00Z", "2026-12-01T05:00:00Z");
    /* 30 December 2011 does not exist there. */
    expect_month("Pacific/Apia", 2011, 12, "2011-12-01T10:00:00Z", "2011-12-31T10:00:00Z");
}

static void months_tile(void **state)
{
    size_t i;
    int year, month;

    for (i = 0; i < sizeof zones / sizeof zones[0]; i++) {
        struct zone *zone = open_zone(zones[i]);
        int64_t end = zone_month(zone, 1999, 12).end_ms;

        for (year = 2000; year < 2100; year++)
            for (month = 1; month <= 12; month++) {
                struct zone_month m = zone_month(zone, year, month);

                assert_int_equal(m.begin_ms, end);
                assert_in_range(m.end_ms - m.begin_ms, 27 * DAY, 32 * DAY);
                end = m.end_ms;
            }
        zone_free(zone);
    }
}

static void a_rule_is(const char *text, int year_offset_s, int summer_offset_s)
{
    struct zone_rule rule;
    int64_t until;

    assert_int_equal(zone_rule_parse(text, strlen(text), &rule), 0);
    assert_int_equal(zone_rule_offset(&rule, utc("2030-01-15T12:00:00Z") / 1000, &until),
                     year_offset_s);
    assert_int_equal(zone_rule_offset(&rule, utc("2030-07-15T12:00:00Z") / 1000, &until),
                     summer_offset_s);
}

static void rules(void **state)
{
    static const char *const bad[] = {
        "",
        "E",
        "EST",
        "EST5EDT",
        "EST25",
        "EST5EDT,M3.2.0",
        "<+09>",
        "<+9-9",
        "EST5EDT,M13.1.0,M1.1.0",
        "EST5EDT,M1.6.0,M2.1.0",
        "EST5EDT,J0,J3",
        "EST5EDT,J366,J3",
        "EST5EDT,366,3",
        "EST5EDT,M3.2.0/168,M11.1.0",
        "EST5EDT,M3.2.7,M11.1.0",
        "EST5EDT,M3.2.0,M11.1.0x",
        "EST5:60",
        "EST99999999999999999999",
    };
    struct zone_rule rule;
    int64_t until;
    size_t i;

    a_rule_is("JST-9", 9 * 3600, 9 * 3600);
    a_rule_is("<-0330>3:30", -12600, -12600);
    a_rule_is("EST5EDT,M3.2.0,M11.1.0", -5 * 3600, -4 * 3600);
    a_rule_is("AEST-10AEDT,M10.1.0,M4.1.0/3", 11 * 3600, 10 * 3600);
    a_rule_is("IST-1GMT0,M10.5.0,M3.5.0/1", 0, 3600);
    a_rule_is("XXX3EDT4,0/0,J365/23", -4 * 3600, -4 * 3600); /* all year, RFC 8536 3.3.1 */
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(zone_rule_parse(bad[i], strlen(bad[i]), &rule), ERR_INVALID);

    /* J60 is 1 March in every year, 59 only in years of 365 days. */
    assert_int_equal(zone_rule_parse("A\0", 2, &rule), ERR_INVALID);
    assert_int_equal(zone_rule_parse("AAA0BBB,J60/0,J300/0", 20, &rule), 0);
    assert_int_equal(zone_rule_offset(&rule, utc("2028-02-29T23:59:59Z") / 1000, &until), 0);
    assert_int_equal(until, utc("2028-03-01T00:00:00Z") / 1000);
    assert_int_equal(zone_rule_parse("AAA0BBB,59/0,300/0", 18, &rule), 0);
    assert_int_equal(zone_rule_offset(&rule, utc("2028-02-28T23:59:59Z") / 1000, &until), 0);
    assert_int_equal(until, utc("2028-02-29T00:00:00Z") / 1000);
}

static void names(void **state)
{
    static const char *const good[] = {"UTC", "Asia/Tokyo", "America/Argentina/Buenos_Aires",
                                       "Etc/GMT+12", "America/Port-au-Prince"};
    static const char *const bad[] = {"",           "/etc/passwd", "../etc/passwd",   "Asia/../x",
                                      "Asia//x",    "Asia/",       "Asia/To kyo",     ".hidden",
                                      "-x",         "a/b\n",       "Asia/T\x80",      "localtime",
                                      "posixrules", "posix/UTC",   "right/Asia/Tokyo"};
    size_t i;

    for (i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(zone_name_ok(good[i]));
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(zone_name_ok(bad[i]));
}

static void month_texts(void **state)
{
    static const char *const bad[] = {"2026-13",  "2026-00", "2026-1", "26-01",  "2026/01",
                                      "2026-01-", "1969-12", "",       "+026-01"};
    int year, month;
    size_t i;

    assert_int_equal(zone_month_parse("2026-11", &year, &month), 0);
    assert_int_equal(year, 2026);
    assert_int_equal(month, 11);
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(zone_month_parse(bad[i], &year, &month), ERR_INVALID);
}

/* Cut anywhere and with any byte changed: an error or a zone that can be asked. */
static void hostile_bytes(void **state)
{
    struct buf bytes = {0};
    struct prng prng;
    struct zone *zone;
    struct err err;
    size_t len;
    int k;

    prng_seed(&prng, 9);
    read_zone("America/New_York", &bytes);
    for (len = 0; len < bytes.len; len++) {
        uint8_t *copy = malloc(len > 0 ? len : 1);

        memcpy(copy, bytes.data, len);
        assert_true(zone_parse(copy, len, &zone, &err) < 0);
        free(copy);
    }
    for (k = 0; k < 20000; k++) {
        uint8_t *copy = malloc(bytes.len);
        int n = 1 + (int)prng_below(&prng, 4);

        memcpy(copy, bytes.data, bytes.len);
        while (n-- > 0)
            copy[prng_below(&prng, k % 2 == 0 ? 100 : (uint32_t)bytes.len)] =
                (uint8_t)prng_next(&prng);
        if (zone_parse(copy, bytes.len, &zone, &err) == 0) {
            struct zone_month m = zone_month(zone, 2026, 11);

            assert_true(m.begin_ms < m.end_ms + 3 * DAY);
            zone_month(zone, 9999, 12);
            zone_month(zone, 1970, 1);
            zone_offset(zone, INT64_MAX);
            zone_offset(zone, INT64_MIN);
            zone_free(zone);
        }
        free(copy);
    }
    buf_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offsets_are_those_of_libc),
        cmocka_unit_test(first_moment_at_which_the_clock_reads_it),
        cmocka_unit_test(months),
        cmocka_unit_test(months_tile),
        cmocka_unit_test(rules),
        cmocka_unit_test(names),
        cmocka_unit_test(month_texts),
        cmocka_unit_test(hostile_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
