#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/account/targets.h"
#include "open_zone.h"

#define HOUR 3600000ll

static int64_t deadline(struct target target, int64_t recognised_ms)
{
    struct zone *zone = open_zone("Asia/Tokyo");
    struct desk desk;
    int lacking_year = 0;
    int64_t ms;

    desk_default(&desk);
    ms = target_deadline_ms(&target, &desk, zone, recognised_ms, &lacking_year);
    assert_int_equal(lacking_year, 0);
    zone_free(zone);
    return ms;
}

/* Sheet B: emergency 2 h, severe 4 h, minor 2 business days; recognised on a Friday evening. */
static void deadlines(void **state)
{
    int64_t friday = utc("2026-11-13T20:00:00+09:00");

    assert_int_equal(deadline((struct target){TARGET_CLOCK, 2 * HOUR}, friday),
                     utc("2026-11-13T22:00:00+09:00"));
    assert_int_equal(deadline((struct target){TARGET_CLOCK, 4 * HOUR}, friday),
                     utc("2026-11-14T00:00:00+09:00"));
    assert_int_equal(deadline((struct target){TARGET_BUSINESS_DAYS, 2}, friday),
                     utc("2026-11-17T19:00:00+09:00"));
    assert_int_equal(deadline((struct target){TARGET_BUSINESS_HOURS, 8 * HOUR}, friday),
                     utc("2026-11-16T18:00:00+09:00"));
    assert_int_equal(deadline((struct target){TARGET_NONE, 0}, friday), UTC_NONE);
    assert_int_equal(deadline((struct target){TARGET_CLOCK, 2 * HOUR}, UTC_NONE), UTC_NONE);
    assert_int_equal(deadline((struct target){TARGET_BUSINESS_DAYS, 2}, UTC_NONE), UTC_NONE);
}

static void a_desk_that_never_opens_and_a_year_that_lacks(void **state)
{
    struct zone *zone = open_zone("Asia/Tokyo");
    struct target days = {TARGET_BUSINESS_DAYS, 1}, hours = {TARGET_BUSINESS_HOURS, 1};
    int64_t at = utc("2027-12-31T20:00:00+09:00");
    struct desk desk;
    int lacking_year = 0;

    desk_default(&desk);
    assert_int_equal(target_deadline_ms(&days, &desk, zone, at, &lacking_year),
                     utc("2028-01-03T19:00:00+09:00"));
    assert_int_equal(lacking_year, 2028);
    desk.hours.days = 0;
    assert_int_equal(target_deadline_ms(&days, &desk, zone, at, &lacking_year), DESK_NEVER);
    assert_int_equal(target_deadline_ms(&hours, &desk, zone, at, &lacking_year), DESK_NEVER);
    zone_free(zone);
}

static void outcomes(void **state)
{
    enum { RECOGNISED = 1000, DEADLINE = 2000 };
    static const struct {
        int64_t recognised_ms, deadline_ms, done_ms, as_of_ms;
        enum target_outcome outcome;
    } cases[] = {
        {RECOGNISED, DEADLINE, 1500, 5000, OUTCOME_MET},
        {RECOGNISED, DEADLINE, DEADLINE, 5000, OUTCOME_MET},
        {RECOGNISED, DEADLINE, DEADLINE + 1, 5000, OUTCOME_MISSED},
        {RECOGNISED, DEADLINE, UTC_NONE, 5000, OUTCOME_MISSED},
        {RECOGNISED, DEADLINE, UTC_NONE, DEADLINE + 1, OUTCOME_MISSED},
        {RECOGNISED, DEADLINE, UTC_NONE, DEADLINE, OUTCOME_RUNNING},
        {RECOGNISED, DEADLINE, UTC_NONE, RECOGNISED, OUTCOME_RUNNING},
        /* Recovered before it was recognised. */
        {RECOGNISED, DEADLINE, 500, 5000, OUTCOME_MET},
        /* What comes after as-of is not known yet. */
        {RECOGNISED, DEADLINE, 1500, 1499, OUTCOME_RUNNING},
        {RECOGNISED, DEADLINE, 1500, 1500, OUTCOME_MET},
        {RECOGNISED, DEADLINE, 9000, 2500, OUTCOME_MISSED},
        {RECOGNISED, DEADLINE, 500, RECOGNISED - 1, OUTCOME_NONE},
        /* Nothing to judge by. */
        {UTC_NONE, UTC_NONE, 500, 5000, OUTCOME_NONE},
        {UTC_NONE, DEADLINE, 500, 5000, OUTCOME_NONE},
        {RECOGNISED, UTC_NONE, UTC_NONE, 5000, OUTCOME_NONE},
        {RECOGNISED, DESK_NEVER, 1500, 5000, OUTCOME_NONE},
        {RECOGNISED, DESK_NEVER, UTC_NONE, 5000, OUTCOME_NONE},
    };
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum target_outcome got = target_outcome(cases[i].recognised_ms, cases[i].deadline_ms,
                                          cases[i].done_ms, cases[i].as_of_ms);

        if (got != cases[i].outcome)
            fail_msg("case %zu: %s, not %s", i, outcome_name(got), outcome_name(cases[i].outcome));
    }
}

/* Sheet B: within 1 h by each channel. */
static void notices(void **state)
{
    int64_t recognised = utc("2026-11-14T03:00:00+09:00"), as_of = utc("2026-12-01T00:00:00+09:00");
    int64_t until = deadline((struct target){TARGET_CLOCK, HOUR}, recognised);
    int64_t mail = utc("2026-11-14T03:20:00+09:00"), chat = utc("2026-11-14T04:00:00.001+09:00");

    assert_int_equal(target_outcome(recognised, until, mail, as_of), OUTCOME_MET);
    assert_int_equal(target_outcome(recognised, until, chat, as_of), OUTCOME_MISSED);
    assert_int_equal(target_outcome(recognised, until, UTC_NONE, as_of), OUTCOME_MISSED);
    assert_int_equal(target_outcome(recognised, until, chat, mail), OUTCOME_RUNNING);
}

static void amounts(void **state)
{
    static const struct target good[] = {
        {TARGET_NONE, 0},
        {TARGET_CLOCK, 1},
        {TARGET_CLOCK, TARGET_AMOUNT_MAX_MS},
        {TARGET_BUSINESS_DAYS, TARGET_AMOUNT_MAX_DAYS},
        {TARGET_BUSINESS_HOURS, 16 * HOUR},
    };
    static const struct target bad[] = {
        {TARGET_CLOCK, 0},           {TARGET_CLOCK, TARGET_AMOUNT_MAX_MS + 1},
        {TARGET_BUSINESS_DAYS, 0},   {TARGET_BUSINESS_DAYS, TARGET_AMOUNT_MAX_DAYS + 1},
        {TARGET_BUSINESS_HOURS, -1}, {TARGET_BUSINESS_HOURS, INT64_MAX},
    };
    struct err err;
    size_t i;

    for (i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_int_equal(target_check(&good[i], &err), 0);
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(target_check(&bad[i], &err), ERR_INVALID);
    assert_int_equal(target_check(&bad[3], &err), ERR_INVALID);
    assert_string_equal(err.text, "367 business days is not in 1..366");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deadlines),
        cmocka_unit_test(a_desk_that_never_opens_and_a_year_that_lacks),
        cmocka_unit_test(outcomes),
        cmocka_unit_test(notices),
        cmocka_unit_test(amounts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
