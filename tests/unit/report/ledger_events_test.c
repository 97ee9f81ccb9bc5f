#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../core/account/open_zone.h"
#include "lines.h"
#include "base/utc.h"
#include "report/ledger_events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOUR 3600000ll

struct world {
    struct lines lines;
    struct model *model;
    struct contract contract;
    struct period period; /* November 2026, UTC */
    struct ledger_view view;
};

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);

    w->model = lines_model();
    model_contract(w->model, &w->contract);
    w->period = (struct period){utc("2026-11-01T00:00:00Z"), utc("2026-12-01T00:00:00Z"),
                                utc("2026-12-01T00:00:00Z")};
    w->lines.time_ms = utc("2026-11-10T00:00:00Z");
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    lines_free(&w->lines);
    ledger_view_free(&w->view);
    contract_free(&w->contract);
    model_free(w->model);
    free(w);
    return 0;
}

static int read_all(const struct world *w, struct ledger_events **events, struct err *err)
{
    uint64_t i;
    int rc = 0;

    *events = ledger_events_new(&w->contract, &w->period);
    for (i = 0; rc == 0 && i < w->lines.n; i++) {
        size_t len;
        const char *line = lines_get(&w->lines, i, &len);

        rc = ledger_events_line(*events, line, len, NULL, err);
    }
    return rc;
}

/* What the newest report is made of. */
static const struct history *history_of(struct world *w, const struct ledger_events *events)
{
    struct err err;

    ledger_view_free(&w->view);
    if (ledger_events_view(events, 0, &w->view, &err) != 0)
        fail_msg("%s", err.text);
    return &w->view.history;
}

static void open_outage(struct world *w, const char *function, const char *start)
{
    lines_add(&w->lines, "outage", "open",
              ",\"outage\":%d,\"function\":\"%s\",\"severity\":\"emergency\",\"cause\":\"provider\""
              ",\"start\":\"%s\",\"last_good\":null,\"recognised\":\"%s\",\"evidence\":5",
              (int)w->lines.n, function, start, start);
}

static void close_outage(struct world *w, int id, const char *function, const char *end,
                         const char *last_fail)
{
    lines_add(
        &w->lines, "outage", "close",
        ",\"outage\":%d,\"function\":\"%s\",\"start\":null,\"end\":\"%s\",\"last_fail\":%s%s%s", id,
        function, end, last_fail == NULL ? "" : "\"", last_fail == NULL ? "null" : last_fail,
        last_fail == NULL ? "" : "\"");
}

static void extend_outage(struct world *w, int id, const char *function, const char *start)
{
    lines_add(&w->lines, "outage", "extended-back",
              ",\"outage\":%d,\"function\":\"%s\",\"start\":\"%s\",\"last_good\":\"%s\"", id,
              function, start, start);
}

/* What the nodes' journals tell of a time without a quorum comes after what verdicts made of it. */
static void an_outage_may_have_begun_earlier(void **state)
{
    struct world *w = *state;
    struct ledger_events *events;
    const struct history *h;
    struct err err;

    open_outage(w, "calling", "2026-11-09T23:00:00.000Z");
    open_outage(w, "login", "2026-11-09T23:30:00.000Z");
    close_outage(w, 0, "calling", "2026-11-09T23:50:00.000Z", "2026-11-09T23:49:00.000Z");
    extend_outage(w, 0, "calling", "2026-11-09T22:58:00.000Z");
    extend_outage(w, 1, "login", "2026-11-09T23:20:00.000Z");
    extend_outage(w, 1, "login", "2026-11-09T23:25:00.000Z"); /* it is known already */
    extend_outage(w, 5, "login", "2026-11-09T23:25:00.000Z"); /* no such outage is kept */
    assert_int_equal(read_all(w, &events, &err), 0);
    h = history_of(w, events);
    assert_int_equal(h->n_outages, 2);
    assert_int_equal(h->outages[0].start_ms, utc("2026-11-09T22:58:00Z"));
    assert_int_equal(h->outages[0].last_good_ms, utc("2026-11-09T22:58:00Z"));
    assert_int_equal(h->outages[0].end_ms, utc("2026-11-09T23:50:00Z"));
    assert_int_equal(h->outages[1].start_ms, utc("2026-11-09T23:20:00Z"));
    ledger_events_free(events);
}

static void pairs_meet(void **state)
{
    struct world *w = *state;
    struct ledger_events *events;
    const struct history *h;
    struct err err;

    lines_verdict(&w->lines);
    open_outage(w, "calling", "2026-11-09T23:00:00.000Z");
    open_outage(w, "login", "2026-11-09T23:30:00.000Z");
    lines_verdict(&w->lines);
    close_outage(w, 1, "calling", "2026-11-09T23:50:00.000Z", "2026-11-09T23:49:00.000Z");
    lines_add(&w->lines, "coverage", "unmonitored-open", ",\"unmonitored\":5,\"function\":\"old\"");
    assert_int_equal(read_all(w, &events, &err), 0);
    h = history_of(w, events);
    assert_int_equal(h->n_outages, 2);
    assert_string_equal(h->outages[0].id, "1");
    assert_int_equal(h->outages[0].start_ms, utc("2026-11-09T23:00:00Z"));
    assert_int_equal(h->outages[0].end_ms, utc("2026-11-09T23:50:00Z"));
    assert_int_equal(h->outages[0].last_fail_ms, utc("2026-11-09T23:49:00Z"));
    assert_int_equal(h->outages[0].repaired_ms, h->outages[0].end_ms);
    assert_true(function_set_has(&h->outages[0].functions, 0));
    assert_false(function_set_has(&h->outages[0].functions, 1));
    assert_int_equal(h->outages[1].end_ms, UTC_NONE);
    assert_true(function_set_has(&h->outages[1].functions, 1));
    assert_int_equal(h->n_gaps, 2);
    assert_int_equal(h->gaps[0].end_ms, UTC_NONE);
    assert_int_equal(h->gaps[1].start_ms, w->period.begin_ms); /* before the ledger began */
    assert_int_equal(h->gaps[1].end_ms, utc("2026-11-10T00:00:00Z"));
    assert_int_equal(h->gaps[1].functions.bits[0], 3);
    assert_int_equal(w->view.names.n, 3);
    assert_string_equal(w->view.names.names[2], "old");
    ledger_events_free(events);
}

/* What callers never noticed counts nowhere. */
static void a_disputed_outage_is_none(void **state)
{
    struct world *w = *state;
    struct ledger_events *events;
    struct err err;

    open_outage(w, "calling", "2026-11-09T23:00:00.000Z");
    lines_add(&w->lines, "outage", "disputed",
              ",\"outage\":0,\"function\":\"calling\",\"start\":\"2026-11-09T23:00:00.000Z\"");
    assert_int_equal(read_all(w, &events, &err), 0);
    assert_int_equal(history_of(w, events)->n_outages, 0);
    ledger_events_free(events);
    close_outage(w, 0, "calling", "2026-11-09T23:10:00.000Z", NULL);
    assert_int_equal(read_all(w, &events, &err), ERR_INVALID);
    assert_non_null(strstr(err.text, "no such outage is open"));
    ledger_events_free(events);
}

static void windows_end_early(void **state)
{
    struct world *w = *state;
    struct ledger_events *events;
    const struct history *h;
    struct err err;

    lines_add(&w->lines, "maintenance", "added",
              ",\"window\":77,\"kind\":\"regular\",\"functions\":[\"calling\",\"login\"],"
              "\"announced\":\"2026-11-10T00:00:00.000Z\",\"start\":\"2026-11-11T00:00:00.000Z\","
              "\"end\":\"2026-11-11T05:00:00.000Z\",\"short_notice\":true,\"who\":\"ops\","
              "\"reason\":null");
    lines_add(&w->lines, "maintenance", "ended",
              ",\"window\":77,\"finished\":\"2026-11-11T02:00:00.000Z\",\"who\":\"ops\","
              "\"reason\":null");
    assert_int_equal(read_all(w, &events, &err), 0);
    h = history_of(w, events);
    assert_int_equal(h->n_windows, 1);
    assert_int_equal(h->windows[0].functions.bits[0], 3);
    assert_false(h->windows[0].emergency);
    assert_true(h->windows[0].short_notice);
    assert_int_equal(h->windows[0].finished_ms, utc("2026-11-11T02:00:00Z"));
    ledger_events_free(events);
}

#define KIND ",\"kind\":\"regular\",\"functions\":[\"calling\"],\"announced\":"

/* What it is longer by was announced later, and ends with it. */
static void windows_are_extended(void **state)
{
    struct world *w = *state;
    struct ledger_events *events;
    const struct history *h;
    struct err err;

    lines_add(&w->lines, "maintenance", "added",
              ",\"window\":77" KIND "\"2026-11-10T00:00:00.000Z\","
              "\"start\":\"2026-11-11T00:00:00.000Z\",\"end\":\"2026-11-11T05:00:00.000Z\","
              "\"short_notice\":false,\"who\":\"ops\",\"reason\":null");
    lines_add(&w->lines, "maintenance", "extended",
              ",\"window\":77" KIND "\"2026-11-11T04:00:00.000Z\","
              "\"start\":\"2026-11-11T05:00:00.000Z\",\"end\":\"2026-11-11T07:00:00.000Z\","
              "\"short_notice\":true,\"who\":\"ops\",\"reason\":null");
    lines_add(&w->lines, "maintenance", "ended",
              ",\"window\":77,\"finished\":\"2026-11-11T06:00:00.000Z\",\"who\":\"ops\","
              "\"reason\":null");
    assert_int_equal(read_all(w, &events, &err), 0);
    h = history_of(w, events);
    assert_int_equal(h->n_windows, 2);
    assert_false(h->windows[0].short_notice);
    assert_true(h->windows[1].short_notice);
    assert_int_equal(h->windows[1].announced_ms, utc("2026-11-11T04:00:00Z"));
    assert_int_equal(h->windows[1].start_ms, utc("2026-11-11T05:00:00Z"));
    assert_int_equal(h->windows[0].finished_ms, utc("2026-11-11T06:00:00Z"));
    assert_int_equal(h->windows[1].finished_ms, utc("2026-11-11T06:00:00Z"));
    ledger_events_free(events);
}

/* Clocks of two leaders may differ: no negative time, no bound beyond its edge. */
static void edges_that_cross(void **state)
{
    struct world *w = *state;
    struct ledger_events *events;
    const struct history *h;
    struct err err;

    open_outage(w, "calling", "2026-11-09T23:00:00.500Z");
    close_outage(w, 0, "calling", "2026-11-09T23:00:00.200Z", "2026-11-09T23:00:00.900Z");
    open_outage(w, "calling", "2026-11-09T23:10:00.500Z");
    close_outage(w, 2, "calling", "2026-11-09T23:20:00.000Z", "2026-11-09T23:00:00.000Z");
    assert_int_equal(read_all(w, &events, &err), 0);
    h = history_of(w, events);
    assert_int_equal(h->outages[0].end_ms, h->outages[0].start_ms);
    assert_int_equal(h->outages[0].last_fail_ms, h->outages[0].start_ms);
    assert_int_equal(h->outages[1].last_fail_ms, h->outages[1].start_ms);
    ledger_events_free(events);
}

/* What does not touch the period is not kept. */
static void other_months_cost_no_memory(void **state)
{
    struct world *w = *state;
    struct ledger_events *events;
    const struct history *h;
    struct err err;
    int i;

    w->lines.time_ms = utc("2026-10-01T00:00:00Z");
    for (i = 0; i < 200; i++) {
        open_outage(w, "calling", "2026-10-03T00:00:00.000Z");
        close_outage(w, 2 * i, "calling", "2026-10-03T01:00:00.000Z", NULL);
    }
    open_outage(w, "calling", "2026-10-31T23:59:59.000Z");
    close_outage(w, 400, "calling", "2026-11-01T00:00:00.001Z", NULL);
    open_outage(w, "calling", "2026-12-01T00:00:00.000Z"); /* only its last good one could */
    close_outage(w, 402, "calling", "2026-12-01T01:00:00.000Z", NULL);
    assert_int_equal(read_all(w, &events, &err), 0);
    h = history_of(w, events);
    assert_int_equal(h->n_outages, 1);
    assert_string_equal(h->outages[0].id, "400");
    ledger_events_free(events);
}

static void refuse(struct world *w, const char *entry, const char *field)
{
    struct ledger_events *events;
    struct err err;

    assert_int_equal(read_all(w, &events, &err), ERR_INVALID);
    if (strstr(err.text, entry) == NULL || strstr(err.text, field) == NULL)
        fail_msg("\"%s\" does not name %s and %s", err.text, entry, field);
    ledger_events_free(events);
    lines_free(&w->lines);
    w->lines.time_ms = utc("2026-11-10T00:00:00Z");
    lines_verdict(&w->lines);
}

#define OPEN(outage, function, severity, cause, start)                                             \
    lines_add(&w->lines, "outage", "open",                                                         \
              ",\"outage\":" outage ",\"function\":" function ",\"severity\":" severity            \
              ",\"cause\":" cause ",\"evidence\":5,\"start\":" start)
#define WHEN "\"2026-11-09T23:00:00.000Z\""

static void what_is_wrong_is_named(void **state)
{
    struct world *w = *state;

    lines_verdict(&w->lines);
    OPEN("7", "\"calling\"", "\"severe\"", "\"provider\"", WHEN);
    refuse(w, "entry 1", "field outage");
    OPEN("\"1\"", "\"calling\"", "\"severe\"", "\"provider\"", WHEN);
    refuse(w, "entry 1", "field outage");
    OPEN("1", "null", "\"severe\"", "\"provider\"", WHEN);
    refuse(w, "entry 1", "field function");
    OPEN("1", "\"calling\"", "\"grave\"", "\"provider\"", WHEN);
    refuse(w, "entry 1", "field severity");
    OPEN("1", "\"calling\"", "\"severe\"", "\"weather\"", WHEN);
    refuse(w, "entry 1", "field cause");
    OPEN("1", "\"calling\"", "\"severe\"", "\"provider\"", "null");
    refuse(w, "entry 1", "field start");
    OPEN("1", "\"calling\"", "\"severe\"", "\"provider\"", "\"yesterday\"");
    refuse(w, "entry 1", "field start");
    OPEN("1", "\"calling\"", "\"severe\"", "\"provider\"", WHEN ",\"start\":" WHEN);
    refuse(w, "entry 1", "duplicate");
    OPEN("1", "\"calling\"", "\"severe\"", "\"provider\"", WHEN ",");
    refuse(w, "entry 1", "not JSON");
    close_outage(w, 0, "calling", "2026-11-09T23:50:00.000Z", NULL);
    refuse(w, "entry 1", "field outage");
    open_outage(w, "calling", "2026-11-09T23:00:00.000Z");
    close_outage(w, 1, "login", "2026-11-09T23:50:00.000Z", NULL);
    refuse(w, "entry 2", "field function");
    lines_add(&w->lines, "maintenance", "ended", ",\"window\":1,\"finished\":" WHEN);
    refuse(w, "entry 1", "field window");
    lines_add(&w->lines, "maintenance", "added",
              ",\"window\":1,\"kind\":\"yearly\",\"functions\":[],\"announced\":" WHEN
              ",\"start\":" WHEN ",\"end\":" WHEN);
    refuse(w, "entry 1", "field kind");
    lines_add(&w->lines, "maintenance", "added",
              ",\"window\":1,\"kind\":\"regular\",\"functions\":[3],\"announced\":" WHEN
              ",\"start\":" WHEN ",\"end\":" WHEN);
    refuse(w, "entry 1", "field functions");
    lines_add(&w->lines, "coverage", "unmonitored-close",
              ",\"unmonitored\":0,\"function\":\"calling\",\"start\":" WHEN ",\"end\":" WHEN);
    refuse(w, "entry 1", "field unmonitored");
    w->lines.time_ms -= 5000;
    lines_verdict(&w->lines);
    refuse(w, "entry 1", "field time");
    w->lines.n = 3; /* the next one says so of itself */
    lines_verdict(&w->lines);
    w->lines.at[1] = w->lines.at[3];
    w->lines.at[2] = w->lines.at[4];
    w->lines.n = 2;
    refuse(w, "entry 1", "field seq");
}

/* Functions beyond the limit are refused, not written past the table. */
static void too_many_functions(void **state)
{
    struct world *w = *state;
    struct ledger_events *events;
    struct err err;
    char name[16];
    int i;

    for (i = 0; i < LIMIT_FUNCTIONS; i++) {
        snprintf(name, sizeof name, "f%d", i);
        open_outage(w, name, "2026-11-09T23:00:00.000Z");
    }
    assert_int_equal(read_all(w, &events, &err), ERR_LIMIT);
    assert_non_null(strstr(err.text, "entry 254"));
    ledger_events_free(events);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_outage_may_have_begun_earlier),
        CASE(pairs_meet),
        CASE(a_disputed_outage_is_none),
        CASE(windows_end_early),
        CASE(windows_are_extended),
        CASE(edges_that_cross),
        CASE(other_months_cost_no_memory),
        CASE(what_is_wrong_is_named),
        CASE(too_many_functions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
