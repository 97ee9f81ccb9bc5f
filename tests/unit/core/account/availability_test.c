/* Every example of the service levels, by name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/account/availability.h"

#include <stdlib.h>

#define SECOND 1000ll
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)
#define MONTH (30 * DAY)

struct world {
    struct history history;
    struct terms terms;
    struct period period; /* [0, 30 days) */
};

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);

    w->terms = (struct terms){.target_micro = 98000000, .down_severity = {true, false, false}};
    w->terms.excluded_cause[CAUSE_ATTACK] = true;
    w->period = (struct period){0, MONTH, MONTH};
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    history_free(&w->history);
    free(w);
    return 0;
}

/* Function 0, emergency, provider; repaired when it ends. */
static struct outage *outage(struct world *w, int64_t start, int64_t end)
{
    struct outage *o = history_outage(&w->history);

    function_set_add(&o->functions, 0);
    o->start_ms = start;
    o->end_ms = o->repaired_ms = end;
    o->last_good_ms = o->last_fail_ms = o->recognised_ms = UTC_NONE;
    return o;
}

/* Function 0, regular, announced long ago. */
static struct window *window(struct world *w, int64_t start, int64_t end)
{
    struct window *window = history_window(&w->history);

    function_set_add(&window->functions, 0);
    window->announced_ms = start - 1000 * HOUR;
    window->start_ms = start;
    window->end_ms = end;
    window->finished_ms = UTC_NONE;
    return window;
}

static void gap(struct world *w, int64_t start, int64_t end)
{
    struct unmonitored *gap = history_gap(&w->history);

    function_set_add(&gap->functions, 0);
    gap->start_ms = start;
    gap->end_ms = end;
}

static struct figures figures_of(struct world *w, int function)
{
    struct account *account = account_new(&w->history, &w->terms, &w->period);
    struct figures f = account_function(account, function);

    account_free(account);
    return f;
}

static struct figures figures(struct world *w)
{
    return figures_of(w, 0);
}

static void expect_percent(int64_t percent, const char *expected)
{
    char text[PERCENT_TEXT_MAX];

    if (expected == NULL)
        assert_null(percent_text(percent, text));
    else
        assert_string_equal(percent_text(percent, text), expected);
}

/* "30 days, 10 h maintenance, 4 h outage of which nothing lies in the window: 706/710" */
static void the_example_of_the_sheet(void **state)
{
    struct world *w = *state;
    struct figures f;

    window(w, 5 * DAY, 5 * DAY + 10 * HOUR);
    outage(w, 10 * DAY, 10 * DAY + 4 * HOUR);
    f = figures(w);
    assert_int_equal(f.planned_ms, 710 * HOUR);
    assert_int_equal(f.maintenance_ms, 10 * HOUR);
    assert_int_equal(f.downtime_ms, 4 * HOUR);
    assert_int_equal(f.availability, 706 * 1000000 / 710);
    expect_percent(f.availability, "99.4366");
    assert_int_equal(f.target_met, 1);
    assert_int_equal(f.failures, 1);
    assert_int_equal(f.mttr_ms, 4 * HOUR);
}

static void a_quiet_month_is_a_hundred(void **state)
{
    struct figures f = figures(*state);

    expect_percent(f.availability, "100.0000");
    expect_percent(f.low, "100.0000");
    assert_int_equal(f.failures, 0);
    assert_int_equal(f.mttr_ms, -1);
}

static void exactly_the_target_is_no_breach(void **state)
{
    struct world *w = *state;
    struct outage *o = outage(w, DAY, DAY + MONTH / 50);
    struct figures f = figures(w);

    expect_percent(f.availability, "98.0000");
    assert_int_equal(f.target_met, 1);
    o->end_ms++;
    f = figures(w);
    expect_percent(f.availability, "97.9999");
    assert_int_equal(f.target_met, 0);
}

/* 97.996 is not 98.00, and 99.99999 is not 100. */
static void a_percentage_is_never_rounded_up(void **state)
{
    struct world *w = *state;
    struct outage *o = outage(w, DAY, DAY + MONTH / 100000 * 2004);

    expect_percent(figures(w).availability, "97.9960");
    assert_int_equal(figures(w).target_met, 0);
    o->end_ms = DAY + 1;
    expect_percent(figures(w).availability, "99.9999");
}

static void no_planned_time_is_neither_0_nor_100(void **state)
{
    struct world *w = *state;
    struct figures f;

    window(w, -DAY, MONTH + DAY);
    outage(w, DAY, 2 * DAY);
    f = figures(w);
    assert_int_equal(f.planned_ms, 0);
    assert_int_equal(f.downtime_ms, 0);
    expect_percent(f.availability, NULL);
    expect_percent(f.low, NULL);
    expect_percent(f.high, NULL);
    assert_int_equal(f.target_met, -1);
    assert_int_equal(f.failures, 0);
}

static void overlapping_windows_count_once(void **state)
{
    struct world *w = *state;

    window(w, DAY, DAY + 6 * HOUR);
    window(w, DAY + 4 * HOUR, DAY + 10 * HOUR);
    assert_int_equal(figures(w).maintenance_ms, 10 * HOUR);
}

static void an_overrun_is_downtime(void **state)
{
    struct world *w = *state;

    window(w, DAY, DAY + 5 * HOUR);
    outage(w, DAY + HOUR, DAY + 6 * HOUR);
    assert_int_equal(figures(w).downtime_ms, HOUR);
    assert_int_equal(figures(w).failures, 1);
    assert_int_equal(figures(w).mttr_ms, 5 * HOUR);
}

static void an_outage_inside_a_window_is_no_failure(void **state)
{
    struct world *w = *state;

    window(w, DAY, DAY + 5 * HOUR);
    outage(w, DAY + HOUR, DAY + 5 * HOUR);
    assert_int_equal(figures(w).downtime_ms, 0);
    assert_int_equal(figures(w).failures, 0);
}

static void an_early_finish_gives_the_rest_back(void **state)
{
    struct world *w = *state;
    struct window *early = window(w, DAY, DAY + 5 * HOUR);

    early->finished_ms = DAY + 2 * HOUR;
    outage(w, DAY + HOUR, DAY + 3 * HOUR);
    assert_int_equal(figures(w).maintenance_ms, 2 * HOUR);
    assert_int_equal(figures(w).downtime_ms, HOUR);
    early->finished_ms = DAY + 9 * HOUR; /* a late finish gains nothing */
    assert_int_equal(figures(w).maintenance_ms, 5 * HOUR);
    early->finished_ms = DAY - HOUR; /* called off */
    assert_int_equal(figures(w).maintenance_ms, 0);
}

static void a_late_announcement_excludes_from_then_on(void **state)
{
    struct world *w = *state;
    struct window *late = window(w, DAY, DAY + 5 * HOUR);

    outage(w, DAY, DAY + 5 * HOUR);
    late->announced_ms = DAY + HOUR;
    assert_int_equal(figures(w).maintenance_ms, 4 * HOUR);
    assert_int_equal(figures(w).downtime_ms, HOUR);
    late->announced_ms = DAY + 6 * HOUR;
    assert_int_equal(figures(w).maintenance_ms, 0);
    assert_int_equal(figures(w).downtime_ms, 5 * HOUR);
}

/* An hour's notice is short, but it is notice. */
static void a_short_notice_still_excludes(void **state)
{
    struct world *w = *state;

    window(w, DAY, DAY + 5 * HOUR)->announced_ms = DAY - HOUR;
    assert_int_equal(figures(w).maintenance_ms, 5 * HOUR);
}

static void emergency_maintenance_stays_planned_but_is_excluded(void **state)
{
    struct world *w = *state;
    struct figures f;

    window(w, DAY, DAY + 5 * HOUR)->emergency = true;
    outage(w, DAY + HOUR, DAY + 6 * HOUR);
    f = figures(w);
    assert_int_equal(f.planned_ms, MONTH);
    assert_int_equal(f.maintenance_ms, 0);
    assert_int_equal(f.downtime_ms, HOUR);
    assert_int_equal(f.excluded_ms, 4 * HOUR);
}

static void an_excluded_cause_is_listed_not_down(void **state)
{
    struct world *w = *state;
    struct figures f;

    outage(w, DAY, DAY + 4 * HOUR)->cause = CAUSE_ATTACK;
    outage(w, DAY + 3 * HOUR, DAY + 5 * HOUR); /* ours as well: downtime goes first */
    f = figures(w);
    assert_int_equal(f.downtime_ms, 2 * HOUR);
    assert_int_equal(f.excluded_ms, 3 * HOUR);
    assert_int_equal(f.failures, 1);
}

static void other_severities_are_impaired_time(void **state)
{
    struct world *w = *state;
    struct figures f;

    outage(w, DAY, DAY + 4 * HOUR)->severity = SEVERITY_SEVERE;
    outage(w, DAY + 3 * HOUR, DAY + 5 * HOUR);
    f = figures(w);
    assert_int_equal(f.impaired_ms, 3 * HOUR);
    assert_int_equal(f.downtime_ms, 2 * HOUR);
    w->terms.down_severity[SEVERITY_SEVERE] = true;
    f = figures(w);
    assert_int_equal(f.impaired_ms, 0);
    assert_int_equal(f.downtime_ms, 5 * HOUR);
    assert_int_equal(f.failures, 2); /* time is a union, failures are counted one by one */
}

static void split_at_the_months_edge(void **state)
{
    struct world *w = *state;
    struct figures f;

    outage(w, -3 * HOUR, HOUR);
    outage(w, MONTH - 2 * HOUR, MONTH + 4 * HOUR);
    w->period.as_of_ms = MONTH + DAY;
    f = figures(w);
    assert_int_equal(f.downtime_ms, 3 * HOUR);
    assert_int_equal(f.failures, 1); /* counted in the month in which it started */
    assert_int_equal(f.mttr_ms, 6 * HOUR);
    w->period = (struct period){MONTH, 2 * MONTH, 2 * MONTH};
    f = figures(w);
    assert_int_equal(f.downtime_ms, 4 * HOUR);
    assert_int_equal(f.failures, 0);
}

static void an_open_outage_runs_to_as_of(void **state)
{
    struct world *w = *state;
    struct figures f;

    outage(w, DAY, UTC_NONE)->last_good_ms = DAY - SECOND;
    w->period.as_of_ms = 2 * DAY;
    f = figures(w);
    assert_int_equal(f.planned_ms, 2 * DAY);
    assert_int_equal(f.downtime_ms, DAY);
    assert_int_equal(f.downtime_low_ms, DAY);
    assert_int_equal(f.downtime_high_ms, DAY + SECOND);
    expect_percent(f.availability, "50.0000");
    assert_int_equal(f.failures, 1);
    assert_int_equal(f.mttr_ms, -1);
}

static void what_is_later_than_as_of_is_unknown(void **state)
{
    struct world *w = *state;
    struct outage *o = outage(w, DAY, 3 * DAY);
    struct figures f;

    o->last_fail_ms = DAY + HOUR;
    outage(w, 5 * DAY, 6 * DAY);
    w->period.as_of_ms = 2 * DAY;
    f = figures(w);
    assert_int_equal(f.downtime_ms, DAY);
    assert_int_equal(f.downtime_low_ms, DAY); /* open: it was failing until as-of */
    assert_int_equal(f.failures, 1);
    assert_int_equal(f.repaired, 0);
}

/* It is known already, so the time before its edge may have been down. */
static void an_outage_that_begins_at_as_of(void **state)
{
    struct world *w = *state;

    outage(w, DAY, DAY + HOUR)->last_good_ms = DAY - 15 * SECOND;
    w->period.as_of_ms = DAY;
    assert_int_equal(figures(w).downtime_ms, 0);
    assert_int_equal(figures(w).downtime_high_ms, 15 * SECOND);
    w->period.as_of_ms = DAY - 1;
    assert_int_equal(figures(w).downtime_high_ms, 0);
}

static void before_the_month_there_is_nothing(void **state)
{
    struct world *w = *state;
    struct figures f;

    w->period.as_of_ms = -DAY;
    f = figures(w);
    assert_int_equal(f.planned_ms, 0);
    expect_percent(f.availability, NULL);
}

static void bounds_of_the_edges(void **state)
{
    struct world *w = *state;
    struct outage *o = outage(w, DAY, DAY + HOUR);
    struct figures f;

    o->last_good_ms = DAY - 15 * SECOND;
    o->last_fail_ms = DAY + HOUR - 15 * SECOND;
    f = figures(w);
    assert_int_equal(f.downtime_ms, HOUR);
    assert_int_equal(f.downtime_high_ms, HOUR + 15 * SECOND);
    assert_int_equal(f.downtime_low_ms, HOUR - 15 * SECOND);
    assert_true(f.low < f.availability && f.availability < f.high);
}

static void unmonitored_time_is_its_own_class(void **state)
{
    struct world *w = *state;
    struct figures f;

    gap(w, DAY, DAY + 10 * HOUR);
    outage(w, DAY + 9 * HOUR, DAY + 12 * HOUR);
    f = figures(w);
    assert_int_equal(f.unmonitored_ms, 9 * HOUR);
    assert_int_equal(f.downtime_ms, 3 * HOUR);
    assert_int_equal(f.downtime_high_ms, 12 * HOUR);
    assert_int_equal(f.downtime_low_ms, 3 * HOUR);
}

static void judged_by_what_the_contract_says(void **state)
{
    struct world *w = *state;
    struct outage *o = outage(w, DAY, DAY + MONTH / 50);

    o->last_good_ms = o->start_ms - 1;
    assert_int_equal(figures(w).target_met, 1);
    w->terms.judged_by = JUDGED_LOW;
    assert_int_equal(figures(w).target_met, 0);
    w->terms.judged_by = JUDGED_HIGH;
    o->last_fail_ms = o->end_ms;
    o->end_ms += HOUR;
    assert_int_equal(figures(w).target_met, 1);
    w->terms.target_micro = 0;
    assert_int_equal(figures(w).target_met, -1);
}

static void shorter_than_the_minimum_is_not_counted(void **state)
{
    struct world *w = *state;

    w->terms.minimum_outage_ms = 60 * SECOND;
    outage(w, DAY, DAY + 60 * SECOND - 1);
    assert_int_equal(figures(w).downtime_ms, 0);
    assert_int_equal(figures(w).failures, 0);
    outage(w, 2 * DAY, 2 * DAY + 60 * SECOND);
    assert_int_equal(figures(w).downtime_ms, 60 * SECOND);
    assert_int_equal(figures(w).failures, 1);
}

static void mttr_is_a_floor_over_the_repaired_ones(void **state)
{
    struct world *w = *state;
    struct figures f;

    outage(w, DAY, DAY + 10)->repaired_ms = DAY + 10;
    outage(w, 2 * DAY, 2 * DAY + 11)->repaired_ms = 2 * DAY + 11;
    outage(w, 3 * DAY, 3 * DAY + 50)->repaired_ms = UTC_NONE;
    f = figures(w);
    assert_int_equal(f.failures, 3);
    assert_int_equal(f.repaired, 2);
    assert_int_equal(f.mttr_ms, 10);
}

/* One outage of two critical functions is one failure; a window of one of them stops
 * the service's planned time. */
static void a_service_is_the_union_of_its_critical_functions(void **state)
{
    struct world *w = *state;
    struct function_set critical = {0};
    struct account *account;
    struct figures f;

    function_set_add(&critical, 0);
    function_set_add(&critical, 200);
    function_set_add(&outage(w, DAY, DAY + 2 * HOUR)->functions, 200);
    outage(w, DAY + HOUR, DAY + 3 * HOUR);
    function_set_add(&outage(w, 9 * DAY, 10 * DAY)->functions, 7);
    w->history.outages[2].functions = (struct function_set){.bits = {1 << 7}};
    window(w, 2 * DAY, 2 * DAY + HOUR);
    account = account_new(&w->history, &w->terms, &w->period);
    f = account_service(account, &critical);
    account_free(account);
    assert_int_equal(f.planned_ms, MONTH - HOUR);
    assert_int_equal(f.downtime_ms, 3 * HOUR);
    assert_int_equal(f.failures, 2);
    assert_int_equal(figures_of(w, 200).downtime_ms, 2 * HOUR);
    assert_int_equal(figures_of(w, 200).planned_ms, MONTH);
}

static void words_and_back(void **state)
{
    int i;

    for (i = 0; i < CAUSE_COUNT; i++)
        assert_int_equal(outage_cause_parse(outage_cause_name((enum cause)i)), i);
    for (i = 0; i < 3; i++)
        assert_int_equal(outage_severity_parse(outage_severity_name((enum severity)i)), i);
    assert_int_equal(outage_cause_parse("weather"), -1);
    assert_int_equal(outage_severity_parse("Emergency"), -1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_example_of_the_sheet),
        CASE(a_quiet_month_is_a_hundred),
        CASE(exactly_the_target_is_no_breach),
        CASE(a_percentage_is_never_rounded_up),
        CASE(no_planned_time_is_neither_0_nor_100),
        CASE(overlapping_windows_count_once),
        CASE(an_overrun_is_downtime),
        CASE(an_outage_inside_a_window_is_no_failure),
        CASE(an_early_finish_gives_the_rest_back),
        CASE(a_late_announcement_excludes_from_then_on),
        CASE(a_short_notice_still_excludes),
        CASE(emergency_maintenance_stays_planned_but_is_excluded),
        CASE(an_excluded_cause_is_listed_not_down),
        CASE(other_severities_are_impaired_time),
        CASE(split_at_the_months_edge),
        CASE(an_open_outage_runs_to_as_of),
        CASE(what_is_later_than_as_of_is_unknown),
        CASE(an_outage_that_begins_at_as_of),
        CASE(before_the_month_there_is_nothing),
        CASE(bounds_of_the_edges),
        CASE(unmonitored_time_is_its_own_class),
        CASE(judged_by_what_the_contract_says),
        CASE(shorter_than_the_minimum_is_not_counted),
        CASE(mttr_is_a_floor_over_the_repaired_ones),
        CASE(a_service_is_the_union_of_its_critical_functions),
        CASE(words_and_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
