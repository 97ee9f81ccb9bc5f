/* A month in which customers were told of outages and maintenance: in time, late, or never. The
 * whole report of it is in told_report.txt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../core/account/open_zone.h"
#include "lines.h"
#include "base/utc.h"
#include "report/ledger_events.h"
#include "report/sla_edition.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOUR 3600000ll

static const char *golden;

struct world {
    struct lines lines;
    struct model *model;
    struct contract contract;
    struct zone *zone;
    struct ledger_events *events;
    struct ledger_view view, view_before;
    struct sla *sla, *before;
};

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);

    w->model = lines_model();
    model_contract(w->model, &w->contract);
    w->contract.notification[SEVERITY_EMERGENCY] = (struct target){TARGET_CLOCK, HOUR};
    w->zone = open_zone("UTC");
    w->lines.time_ms = utc("2026-10-31T23:00:00Z");
    lines_verdict(&w->lines);
    *state = w;
    return 0;
}

static void forget_report(struct world *w)
{
    sla_free(w->sla);
    sla_free(w->before);
    ledger_view_free(&w->view);
    ledger_view_free(&w->view_before);
    ledger_events_free(w->events);
    w->sla = w->before = NULL;
    w->events = NULL;
}

static int teardown(void **state)
{
    struct world *w = *state;

    forget_report(w);
    lines_free(&w->lines);
    contract_free(&w->contract);
    model_free(w->model);
    zone_free(w->zone);
    free(w);
    return 0;
}

/* ---- lines ---- */

static void at(struct world *w, const char *time)
{
    w->lines.time_ms = utc(time);
}

static int opened(struct world *w, const char *function, const char *start)
{
    int seq = (int)w->lines.n;

    at(w, start);
    lines_add(&w->lines, "outage", "open",
              ",\"outage\":%d,\"function\":\"%s\",\"severity\":\"emergency\","
              "\"cause\":\"provider\",\"start\":\"%s\",\"last_good\":null,\"recognised\":\"%s\","
              "\"evidence\":5",
              seq, function, start, start);
    return seq;
}

static void closed(struct world *w, int outage, const char *function, const char *end)
{
    at(w, end);
    lines_add(&w->lines, "outage", "close",
              ",\"outage\":%d,\"function\":\"%s\",\"start\":null,\"end\":\"%s\",\"last_fail\":null",
              outage, function, end);
}

static int announced(struct world *w, int window, const char *now, const char *start,
                     const char *end)
{
    int seq = (int)w->lines.n;

    at(w, now);
    lines_add(&w->lines, "maintenance", "added",
              ",\"window\":%d,\"kind\":\"regular\",\"functions\":[\"calling\"],"
              "\"announced\":\"%s\",\"start\":\"%s\",\"end\":\"%s\",\"short_notice\":false,"
              "\"who\":\"ops\",\"reason\":null",
              window, now, start, end);
    return seq;
}

struct tells {
    int about; /* the line that it is of */
    const char *kind, *audience;
    bool outage; /* of one; else of a window */
};

static void content(const struct tells *t, char text[160])
{
    snprintf(text, 160,
             "\"events\":[{\"event\":\"%s\",\"seq\":%d}],\"outages\":[%.*d],\"windows\":[]",
             t->outage ? "outage" : "maintenance", t->about, t->outage ? 1 : 0,
             t->outage ? t->about : 0);
}

static void intent(struct world *w, struct tells t)
{
    char text[160];

    content(&t, text);
    lines_add(&w->lines, "notice", "intent",
              ",\"notice\":1,\"rule\":\"r\",\"step\":0,\"receiver\":\"x\",\"channel\":\"c\","
              "\"kind\":\"%s\",\"audience\":\"%s\",\"node\":\"voice-1\",\"attempt\":1,"
              "\"repeat\":false,\"key\":\"k\",\"more\":0,%s",
              t.kind, t.audience, text);
}

static void accepted(struct world *w, const char *when, struct tells t)
{
    char text[160];

    content(&t, text);
    if (utc(when) > w->lines.time_ms)
        at(w, when);
    lines_add(&w->lines, "notice", "accepted",
              ",\"notice\":1,\"receiver\":\"x\",\"channel\":\"c\",\"kind\":\"%s\","
              "\"audience\":\"%s\",\"node\":\"voice-1\",\"attempt\":1,\"accepted\":\"%s\",%s,"
              "\"answer\":\"250 ok\"",
              t.kind, t.audience, when, text);
}

#define CUSTOMERS(line, kind) ((struct tells){line, kind, "customers", true})
#define ANNOUNCED(line, kind) ((struct tells){line, kind, "customers", false})

static void page(struct world *w, const char *functions)
{
    lines_add(&w->lines, "config", "contract", ",\"version\":1,\"contract\":null%s", functions);
}

static void month_over(struct world *w)
{
    at(w, "2026-12-01T00:00:01Z");
    lines_verdict(&w->lines);
}

/* ---- reports ---- */

static void follow(struct world *w, struct err *err, int expected)
{
    struct period period = sla_period(&w->contract, w->zone, 2026, 11, INT64_MAX / 4);
    struct tree tree = {0};
    uint64_t i;
    int rc = 0;

    forget_report(w);
    w->events = ledger_events_new(&w->contract, &period);
    for (i = 0; i < w->lines.n && rc == 0; i++) {
        size_t len;
        const char *line = lines_get(&w->lines, i, &len);

        rc = ledger_events_line(w->events, line, len, &tree, err);
    }
    if (rc != expected)
        fail_msg("%d: %s", rc, err->text);
}

static const struct sla *report(struct world *w, int edition)
{
    struct sla_input input = {
        .contract = &w->contract, .zone = w->zone, .year = 2026, .month = 11, .cluster = "c"};
    struct sla_input input_before = input;
    struct err err;

    follow(w, &err, 0);
    if (ledger_events_view(w->events, edition, &w->view, &err) != 0)
        fail_msg("%s", err.text);
    ledger_view_input(&w->view, &input);
    if (w->view.edition > 1) {
        assert_int_equal(ledger_events_view(w->events, w->view.edition - 1, &w->view_before, &err),
                         0);
        ledger_view_input(&w->view_before, &input_before);
        input.before = w->before = sla_new(&input_before);
    }
    w->sla = sla_new(&input);
    return w->sla;
}

static void told(const struct sla *sla, size_t outage, const char *channel, const char *when,
                 enum target_outcome outcome)
{
    const struct sla_outage *item = &sla->outages[outage];
    size_t i;

    for (i = 0; i < item->n_notices && strcmp(item->notices[i].channel, channel) != 0; i++)
        ;
    if (i == item->n_notices)
        fail_msg("outage %zu: not by %s", outage, channel);
    assert_int_equal(item->notices[i].at_ms, when != NULL ? utc(when) : UTC_NONE);
    assert_int_equal(item->notices[i].outcome, outcome);
}

/* ---- outages ---- */

static void each_channel_has_its_clock(void **state)
{
    struct world *w = *state;
    const struct sla *sla;
    int outage;

    page(w, ",\"status_page\":[\"login\",\"calling\"]");
    outage = opened(w, "calling", "2026-11-10T00:00:00.000Z");
    intent(w, CUSTOMERS(outage, "mail"));
    intent(w, CUSTOMERS(outage, "slack"));
    intent(w, CUSTOMERS(outage, "line"));
    intent(w, (struct tells){outage, "webhook", "operators", true});
    accepted(w, "2026-11-10T00:00:10.000Z", (struct tells){outage, "webhook", "operators", true});
    closed(w, outage, "calling", "2026-11-10T00:20:00.000Z");
    accepted(w, "2026-11-10T01:00:00.000Z", CUSTOMERS(outage, "mail"));
    accepted(w, "2026-11-10T01:30:00.000Z", CUSTOMERS(outage, "line"));
    accepted(w, "2026-11-10T01:29:00.000Z", CUSTOMERS(outage, "slack")); /* was told later */
    accepted(w, "2026-11-10T01:31:00.000Z", CUSTOMERS(outage, "mail"));
    month_over(w);
    sla = report(w, 1);
    assert_int_equal(sla->outages[0].n_notices, 3);
    told(sla, 0, "web", "2026-11-10T00:00:00Z", OUTCOME_MET);
    told(sla, 0, "mail", "2026-11-10T01:00:00Z", OUTCOME_MET); /* at the last moment */
    told(sla, 0, "chat", "2026-11-10T01:29:00Z", OUTCOME_MISSED);
    assert_int_equal(sla->outages[0].notify, OUTCOME_MISSED);
    assert_string_equal(sla->missing[0], "response_time");
}

/* What is on its way is missed when its time is over, whatever the other channels did. */
static void what_never_arrives_is_missed(void **state)
{
    struct world *w = *state;
    const struct sla *sla;
    int first, second;

    page(w, ",\"status_page\":[\"calling\"]");
    first = opened(w, "calling", "2026-11-10T00:00:00.000Z");
    intent(w, CUSTOMERS(first, "mail"));
    closed(w, first, "calling", "2026-11-10T00:20:00.000Z");
    second = opened(w, "login", "2026-11-30T23:50:00.000Z"); /* it is not on the page */
    intent(w, CUSTOMERS(second, "mail"));
    closed(w, second, "login", "2026-11-30T23:55:00.000Z");
    month_over(w);
    sla = report(w, 1);
    told(sla, 0, "web", "2026-11-10T00:00:00Z", OUTCOME_MET);
    told(sla, 0, "mail", NULL, OUTCOME_MISSED);
    assert_int_equal(sla->outages[0].notify, OUTCOME_MISSED);
    assert_int_equal(sla->outages[1].n_notices, 1);
    told(sla, 1, "mail", NULL, OUTCOME_RUNNING);
    assert_int_equal(sla->outages[1].notify, OUTCOME_RUNNING);
}

/* A ledger of a cluster that tells nobody says nothing of notices; one that does, that there was
 * none. */
static void who_tells_nobody_is_not_judged(void **state)
{
    struct world *w = *state;
    const struct sla *sla;
    int outage = opened(w, "calling", "2026-11-10T00:00:00.000Z");

    intent(w, (struct tells){outage, "mail", "operators", true});
    accepted(w, "2026-11-10T00:00:10.000Z", (struct tells){outage, "mail", "operators", true});
    closed(w, outage, "calling", "2026-11-10T00:20:00.000Z");
    month_over(w);
    sla = report(w, 1);
    assert_int_equal(sla->n_notices, 0);
    assert_string_equal(sla->missing[0], "notices");
    assert_false(sla->notified);
    page(w, ",\"status_page\":[]");
    assert_false(report(w, 1)->notified); /* then it was not known */
}

static void the_page_is_the_configurations(void **state)
{
    struct world *w = *state;
    const struct sla *sla;
    int outage;

    page(w, ",\"status_page\":[\"calling\"]");
    outage = opened(w, "calling", "2026-11-10T00:00:00.000Z");
    closed(w, outage, "calling", "2026-11-10T00:20:00.000Z");
    page(w, "");
    outage = opened(w, "calling", "2026-11-11T00:00:00.000Z");
    closed(w, outage, "calling", "2026-11-11T00:20:00.000Z");
    month_over(w);
    sla = report(w, 1);
    told(sla, 0, "web", "2026-11-10T00:00:00Z", OUTCOME_MET);
    assert_int_equal(sla->outages[1].n_notices, 0);
    assert_int_equal(sla->outages[1].notify, OUTCOME_MISSED);
}

/* ---- editions ---- */

static void a_late_receipt_makes_an_edition(void **state)
{
    struct world *w = *state;
    struct buf text = {0};
    const struct sla *sla;
    int outage = opened(w, "calling", "2026-11-30T23:58:00.000Z"), other, window;

    window = announced(w, 77, "2026-11-30T23:58:30.000Z", "2026-11-30T23:59:00.000Z",
                       "2026-12-01T01:00:00.000Z");
    intent(w, ANNOUNCED(window, "mail"));
    intent(w, CUSTOMERS(outage, "mail"));
    closed(w, outage, "calling", "2026-11-30T23:59:00.000Z");
    month_over(w);
    accepted(w, "2026-12-01T00:30:00.000Z", CUSTOMERS(outage, "mail"));
    accepted(w, "2026-12-01T00:40:00.000Z", CUSTOMERS(outage, "mail")); /* says nothing new */
    accepted(w, "2026-12-01T00:50:00.000Z", ANNOUNCED(window, "slack"));
    accepted(w, "2026-12-01T00:51:00.000Z", ANNOUNCED(window, "mail"));
    other = opened(w, "calling", "2026-12-02T00:00:00.000Z"); /* of another month */
    accepted(w, "2026-12-02T00:10:00.000Z", CUSTOMERS(other, "mail"));
    sla = report(w, 1);
    told(sla, 0, "mail", NULL, OUTCOME_RUNNING);
    assert_true(sla->windows[0].untold);
    sla = report(w, 2);
    assert_false(w->view.provisional);
    told(sla, 0, "mail", "2026-12-01T00:30:00Z", OUTCOME_MET);
    assert_int_equal(w->view.n_changes, 1);
    sla_edition_text(sla, SLA_ENGLISH, &text);
    assert_non_null(strstr(buf_cstr(&text), ": #1 customers have the notice of the outage (mail)"));
    sla = report(w, 3);
    assert_int_equal(w->view.changes[0].what, EDITION_LATE_WINDOW);
    assert_int_equal(sla->windows[0].window.told_ms, utc("2026-12-01T00:50:00Z"));
    assert_false(sla->windows[0].untold);
    report(w, 0);
    assert_int_equal(w->view.edition, 3);
    buf_free(&text);
}

/* ---- maintenance ---- */

static int64_t planned_without(struct world *w, int edition)
{
    const struct period *period = &report(w, edition)->period;

    return period->end_ms - period->begin_ms - w->sla->functions[0].figures.planned_ms;
}

static void a_window_counts_from_its_delivery(void **state)
{
    struct world *w = *state;
    int window = announced(w, 77, "2026-11-01T00:00:00.000Z", "2026-11-20T00:00:00.000Z",
                           "2026-11-20T04:00:00.000Z");

    month_over(w);
    assert_int_equal(planned_without(w, 1), 4 * HOUR); /* nobody is told: by the commit */
    assert_true(w->sla->windows[0].notice_met);
    w->lines.n--;
    w->lines.text.len = w->lines.at[w->lines.n];
    at(w, "2026-11-01T00:00:01Z");
    intent(w, (struct tells){window, "mail", "operators", false});
    intent(w, ANNOUNCED(window, "mail"));
    month_over(w);
    assert_int_equal(planned_without(w, 1), 0); /* on its way, for ever */
    assert_true(w->sla->windows[0].untold);
    assert_false(w->sla->windows[0].notice_met);
    w->lines.n--;
    w->lines.text.len = w->lines.at[w->lines.n];
    at(w, "2026-11-20T00:00:00Z");
    accepted(w, "2026-11-20T01:00:00.000Z", ANNOUNCED(window, "mail"));
    accepted(w, "2026-11-20T02:00:00.000Z", ANNOUNCED(window, "slack"));
    month_over(w);
    assert_int_equal(planned_without(w, 1), 3 * HOUR);
    assert_false(w->sla->windows[0].notice_met);
    assert_int_equal(w->sla->windows[0].notice_ms, -HOUR);
}

static void a_fortnight_is_counted_from_the_receipt(void **state)
{
    struct world *w = *state;
    int window = announced(w, 77, "2026-11-01T00:00:00.000Z", "2026-11-20T00:00:00.000Z",
                           "2026-11-20T04:00:00.000Z");
    int next;

    intent(w, ANNOUNCED(window, "mail"));
    accepted(w, "2026-11-06T00:00:00.000Z", ANNOUNCED(window, "mail"));
    next = announced(w, 88, "2026-11-06T00:00:00.000Z", "2026-11-21T00:00:00.000Z",
                     "2026-11-21T04:00:00.000Z");
    intent(w, ANNOUNCED(next, "mail"));
    accepted(w, "2026-11-07T00:00:00.001Z", ANNOUNCED(next, "mail"));
    month_over(w);
    report(w, 1);
    assert_true(w->sla->windows[0].notice_met);
    assert_false(w->sla->windows[1].notice_met); /* a millisecond late, although it was added */
    assert_int_equal(w->sla->windows[1].notice_ms, 14 * 24 * HOUR - 1);
}

/* ---- what is wrong ---- */

static void wrong(struct world *w, const char *more, const char *field)
{
    struct err err = {0};

    lines_add(&w->lines, "notice", "accepted", "%s", more);
    follow(w, &err, ERR_INVALID);
    assert_non_null(strstr(err.text, "entry 1: field "));
    if (strstr(err.text, field) == NULL)
        fail_msg("\"%s\" does not name %s", err.text, field);
    lines_free(&w->lines);
    w->lines.time_ms = utc("2026-11-10T00:00:00Z");
    lines_verdict(&w->lines);
}

#define GOOD                                                                                       \
    ",\"accepted\":\"2026-11-10T00:00:00.000Z\",\"kind\":\"mail\",\"audience\":\"customers\""

static void what_is_wrong_is_named(void **state)
{
    struct world *w = *state;

    wrong(w, ",\"kind\":\"mail\",\"audience\":\"customers\",\"outages\":[],\"events\":[]",
          "accepted");
    wrong(w, ",\"accepted\":\"2026-11-10T00:00:00.000Z\",\"audience\":\"customers\"", "kind");
    wrong(w, ",\"accepted\":\"2026-11-10T00:00:00.000Z\",\"kind\":\"mail\",\"audience\":\"all\"",
          "audience");
    wrong(w, GOOD ",\"events\":[]", "outages");
    wrong(w, GOOD ",\"events\":[],\"outages\":[\"1\"]", "outages");
    wrong(w, GOOD ",\"outages\":[]", "events");
    wrong(w, GOOD ",\"outages\":[],\"events\":[{\"event\":\"outage\"}]", "events");
}

/* ---- the whole of it ---- */

static void a_month(struct world *w)
{
    int line;

    page(w, ",\"status_page\":[\"calling\"]");
    line = announced(w, 70, "2026-11-01T00:00:10.000Z", "2026-11-18T15:00:00.000Z",
                     "2026-11-18T20:00:00.000Z");
    intent(w, ANNOUNCED(line, "mail"));
    accepted(w, "2026-11-01T00:00:40.000Z", ANNOUNCED(line, "mail"));
    line = announced(w, 71, "2026-11-02T00:00:00.000Z", "2026-11-20T15:00:00.000Z",
                     "2026-11-20T20:00:00.000Z");
    intent(w, ANNOUNCED(line, "mail"));
    accepted(w, "2026-11-09T15:00:00.000Z", ANNOUNCED(line, "mail"));
    line = opened(w, "calling", "2026-11-10T00:00:00.000Z");
    intent(w, CUSTOMERS(line, "mail"));
    intent(w, CUSTOMERS(line, "chatwork"));
    accepted(w, "2026-11-10T00:01:00.000Z", CUSTOMERS(line, "mail"));
    accepted(w, "2026-11-10T00:01:30.000Z", CUSTOMERS(line, "chatwork"));
    closed(w, line, "calling", "2026-11-10T00:30:00.000Z");
    line = opened(w, "calling", "2026-11-12T00:00:00.000Z");
    intent(w, CUSTOMERS(line, "mail"));
    intent(w, CUSTOMERS(line, "chatwork"));
    accepted(w, "2026-11-12T00:01:00.000Z", CUSTOMERS(line, "mail"));
    closed(w, line, "calling", "2026-11-12T00:30:00.000Z");
    accepted(w, "2026-11-12T01:30:00.000Z", CUSTOMERS(line, "chatwork"));
    line = announced(w, 72, "2026-11-20T00:00:00.000Z", "2026-11-21T15:00:00.000Z",
                     "2026-11-21T20:00:00.000Z");
    intent(w, ANNOUNCED(line, "mail"));
    accepted(w, "2026-11-21T16:00:00.000Z", ANNOUNCED(line, "mail"));
    line = announced(w, 73, "2026-11-22T00:00:00.000Z", "2026-11-23T15:00:00.000Z",
                     "2026-11-23T20:00:00.000Z");
    intent(w, ANNOUNCED(line, "mail"));
    line = opened(w, "login", "2026-11-25T00:00:00.000Z");
    intent(w, CUSTOMERS(line, "mail"));
    closed(w, line, "login", "2026-11-25T00:30:00.000Z");
    month_over(w);
    accepted(w, "2026-12-01T09:00:00.000Z", CUSTOMERS(line, "mail"));
}

static void the_whole_report(void **state)
{
    struct world *w = *state;
    struct buf text = {0}, want = {0};
    const struct sla *sla;
    FILE *f = fopen(golden, "r");
    size_t n;

    assert_non_null(f);
    do {
        size_t before = want.len;

        n = fread(buf_reserve(&want, 65536), 1, 65536, f);
        want.len = before + n;
    } while (n > 0);
    fclose(f);
    a_month(w);
    sla = report(w, 2);
    sla_text(sla, SLA_ENGLISH, &text);
    buf_str(&text, "\n");
    sla_text(sla, SLA_JAPANESE, &text);
    buf_str(&text, "\n");
    sla_json(sla, &text);
    if (strcmp(buf_cstr(&text), buf_cstr(&want)) != 0) {
        print_error("%s", buf_cstr(&text));
        fail_msg("that is not %s", golden);
    }
    buf_clear(&text);
    sla_csv_windows(sla, &text);
    assert_non_null(strstr(buf_cstr(&text), "\"false\",\"2026-11-09T15:00:00.000Z\"\r\n"));
    assert_non_null(strstr(buf_cstr(&text), "\"false\",\"\"\r\n"));
    sla_html(sla, SLA_JAPANESE, &text);
    assert_non_null(strstr(buf_cstr(&text), "通知到達"));
    assert_non_null(strstr(buf_cstr(&text), "通知未着"));
    assert_non_null(strstr(buf_cstr(&text), "<bdi>chat</bdi>"));
    buf_free(&text);
    buf_free(&want);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_channel_has_its_clock, setup, teardown),
        cmocka_unit_test_setup_teardown(what_never_arrives_is_missed, setup, teardown),
        cmocka_unit_test_setup_teardown(who_tells_nobody_is_not_judged, setup, teardown),
        cmocka_unit_test_setup_teardown(the_page_is_the_configurations, setup, teardown),
        cmocka_unit_test_setup_teardown(a_late_receipt_makes_an_edition, setup, teardown),
        cmocka_unit_test_setup_teardown(a_window_counts_from_its_delivery, setup, teardown),
        cmocka_unit_test_setup_teardown(a_fortnight_is_counted_from_the_receipt, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_wrong_is_named, setup, teardown),
        cmocka_unit_test_setup_teardown(the_whole_report, setup, teardown),
    };

    if (argc != 2)
        return 2;
    golden = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
