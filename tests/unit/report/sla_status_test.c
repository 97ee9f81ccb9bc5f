/* How November 2026, in UTC, stands: 720 h, of which a target of 98 % allows 14:24 h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../core/account/open_zone.h"
#include "lines.h"
#include "base/utc.h"
#include "report/sla_status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOUR 3600000ll

struct world {
    struct model *model;
    struct contract contract;
    struct zone *zone;
    struct history history;
    struct function_names names;
};

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);

    w->model = lines_model();
    model_contract(w->model, &w->contract);
    w->contract.terms.discounts[0] = (struct tier){98000000, 10000000};
    w->contract.terms.n_discounts = 1;
    function_names_init(&w->names, &w->contract);
    w->zone = open_zone("UTC");
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    history_free(&w->history);
    contract_free(&w->contract);
    model_free(w->model);
    zone_free(w->zone);
    free(w);
    return 0;
}

/* Of "calling"; NULL: open. */
static void outage(struct world *w, const char *start, const char *end)
{
    struct outage *o = history_outage(&w->history);

    snprintf(o->id, sizeof o->id, "%zu", w->history.n_outages);
    o->line = w->history.n_outages;
    function_set_add(&o->functions, 0);
    o->start_ms = o->last_good_ms = utc(start);
    o->end_ms = o->last_fail_ms = end != NULL ? utc(end) : UTC_NONE;
    o->recognised_ms = o->start_ms;
    o->repaired_ms = o->end_ms;
}

static struct sla_status *status_at(struct world *w, const char *now)
{
    struct sla_input input = {.contract = &w->contract,
                              .zone = w->zone,
                              .year = 2026,
                              .month = 11,
                              .as_of_ms = utc(now),
                              .history = &w->history,
                              .names = &w->names};

    return sla_status_new(&input);
}

static void what_is_used_and_left(void **state)
{
    struct world *w = *state;
    const struct sla_budget *service, *calling, *login;
    struct sla_status *s;

    outage(w, "2026-11-02T00:00:00Z", "2026-11-02T04:00:00Z");
    outage(w, "2026-11-14T00:00:00Z", "2026-11-14T02:00:00Z");
    s = status_at(w, "2026-11-16T00:00:00Z");
    assert_int_equal(s->n, 3);
    assert_int_equal(s->elapsed, 500000);
    service = &s->items[0];
    calling = &s->items[1];
    login = &s->items[2];
    assert_true(service->service);
    assert_string_equal(calling->name, "calling");
    assert_int_equal(calling->planned_ms, 720 * HOUR);
    assert_int_equal(calling->allowed_ms, 144 * HOUR / 10);
    assert_int_equal(calling->used_ms, 6 * HOUR);
    assert_int_equal(calling->week_ms, 2 * HOUR);
    assert_int_equal(calling->trend_ms, 12 * HOUR);
    assert_int_equal(calling->week_trend_ms, 6 * HOUR + 2 * HOUR * 15 / 7);
    assert_int_equal(calling->now.availability, 991666);
    assert_int_equal(calling->hour.availability, 990277);
    assert_int_equal(calling->hour.target_met, 1);
    assert_int_equal(login->used_ms, 0);
    assert_int_equal(service->used_ms, 6 * HOUR);
    sla_status_free(s);
}

/* 14 h are used: the next hour misses the target, and costs the discount. */
static void the_next_hour(void **state)
{
    struct world *w = *state;
    struct sla_status *s;
    struct buf out = {0};

    outage(w, "2026-11-02T00:00:00Z", "2026-11-02T14:00:00Z");
    s = status_at(w, "2026-11-03T00:00:00Z");
    assert_int_equal(s->items[0].now.target_met, 1);
    assert_int_equal(s->items[0].now.discount_micro, 0);
    assert_int_equal(s->items[0].hour.target_met, 0);
    assert_int_equal(s->items[0].hour.discount_micro, 10000000);
    assert_int_equal(s->items[2].hour.target_met, 1); /* log in has all of its own left */
    sla_status_json(s, &out);
    assert_non_null(strstr(buf_cstr(&out), "\"left_ms\":1440000,\"used_percent\":\"97.2222\""));
    assert_non_null(strstr(buf_cstr(&out), "\"after_an_hour\":{\"availability\":\"97.9166\","
                                           "\"target_met\":false,\"discount_percent\":10}"));
    buf_clear(&out);
    sla_status_text(s, w->zone, SLA_ENGLISH, &out);
    assert_non_null(strstr(buf_cstr(&out), "Downtime used: 14:00:00.000 of 14:24:00.000 allowed, "
                                           "left 0:24:00.000 (97.2222 % used, 6.6666 %"));
    assert_non_null(strstr(buf_cstr(&out), "After an hour of outage from now: 97.9166 %, target "
                                           "not met, discount 10 %"));
    buf_free(&out);
    sla_status_free(s);
}

/* What is open counts until now, and is over now for what lies ahead. */
static void an_open_outage(void **state)
{
    struct world *w = *state;
    struct sla_status *s;

    outage(w, "2026-11-02T23:00:00Z", NULL);
    s = status_at(w, "2026-11-03T00:00:00Z");
    assert_int_equal(s->items[1].used_ms, HOUR);
    assert_int_equal(s->items[1].now.availability, 998611);
    assert_int_equal(s->items[1].hour.availability, 997222);
    sla_status_free(s);
}

/* The hour is cut by the month's end, and by maintenance; without a target nothing is allowed. */
static void near_the_end(void **state)
{
    struct world *w = *state;
    struct window *window = history_window(&w->history);
    struct sla_status *s;

    strcpy(window->id, "w");
    function_set_add(&window->functions, 1);
    window->announced_ms = utc("2026-11-01T00:00:00Z");
    window->start_ms = utc("2026-11-30T23:00:00Z");
    window->end_ms = utc("2026-12-01T01:00:00Z");
    window->finished_ms = UTC_NONE;
    w->contract.terms.target_micro = 0;
    s = status_at(w, "2026-11-30T23:30:00Z");
    assert_int_equal(s->items[1].allowed_ms, -1);
    assert_int_equal(s->items[1].now.target_met, -1);
    assert_int_equal(s->items[1].hour.availability, 999305); /* half an hour */
    assert_int_equal(s->items[2].planned_ms, 719 * HOUR);
    assert_int_equal(s->items[2].hour.availability, 1000000);
    sla_status_free(s);
    s = status_at(w, "2026-12-01T00:00:00Z");
    assert_int_equal(s->elapsed, 1000000);
    assert_int_equal(s->items[1].hour.availability, 1000000);
    sla_status_free(s);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(what_is_used_and_left),
        CASE(the_next_hour),
        CASE(an_open_outage),
        CASE(near_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
