#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../core/account/open_zone.h"
#include "lines.h"
#include "base/utc.h"
#include "core/model/model.h"
#include "report/ledger_events.h"
#include "report/sla.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

struct world {
    struct lines lines;
    struct model *model;
    struct contract contract;
    struct ledger_events *events; /* of the report made last */
    struct ledger_view view;
    struct zone *zone;
};

/* November 2026 in Tokyo: 10 h of maintenance, 4 h of outage of "calling". */
static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);

    w->model = lines_model();
    model_contract(w->model, &w->contract);
    w->zone = open_zone("Asia/Tokyo");
    w->lines.time_ms = utc("2026-10-01T00:00:00+09:00");
    lines_add(&w->lines, "maintenance", "added",
              ",\"window\":77,\"kind\":\"regular\",\"functions\":[\"calling\"],"
              "\"announced\":\"2026-10-01T00:00:00+09:00\",\"start\":\"2026-11-05T00:00:00+09:00\","
              "\"end\":\"2026-11-05T10:00:00+09:00\",\"short_notice\":false,\"who\":\"ops\","
              "\"reason\":\"disks\"");
    w->lines.time_ms = utc("2026-11-10T00:00:10+09:00");
    lines_add(&w->lines, "outage", "open",
              ",\"outage\":1,\"function\":\"calling\",\"severity\":\"emergency\","
              "\"cause\":\"provider\",\"start\":\"2026-11-10T00:00:00+09:00\","
              "\"last_good\":\"2026-11-09T23:59:45+09:00\","
              "\"recognised\":\"2026-11-10T00:00:10+09:00\",\"evidence\":5");
    w->lines.time_ms = utc("2026-11-10T04:00:10+09:00");
    lines_add(&w->lines, "outage", "close",
              ",\"outage\":1,\"function\":\"calling\",\"start\":\"2026-11-10T00:00:00+09:00\","
              "\"end\":\"2026-11-10T04:00:00+09:00\",\"last_fail\":\"2026-11-10T03:59:45+09:00\"");
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    lines_free(&w->lines);
    ledger_view_free(&w->view);
    ledger_events_free(w->events);
    contract_free(&w->contract);
    model_free(w->model);
    zone_free(w->zone);
    free(w);
    return 0;
}

/* A line says so: the report is final. */
static void month_over(struct world *w)
{
    w->lines.time_ms = utc("2026-12-01T00:00:00+09:00");
    lines_verdict(&w->lines);
}

static struct sla *report(struct world *w, int month, const char *as_of)
{
    struct period period = sla_period(&w->contract, w->zone, 2026, month, utc(as_of));
    struct sla_input input = {.contract = &w->contract,
                              .zone = w->zone,
                              .year = 2026,
                              .month = month,
                              .cluster = w->model->cluster,
                              .tzdata = "2025b"};
    struct err err;
    uint64_t i;

    ledger_events_free(w->events);
    w->events = ledger_events_new(&w->contract, &period);
    for (i = 0; i < w->lines.n; i++) {
        size_t len;
        const char *line = lines_get(&w->lines, i, &len);

        if (ledger_events_line(w->events, line, len, NULL, &err) != 0)
            fail_msg("%s", err.text);
    }
    ledger_view_free(&w->view);
    if (ledger_events_view(w->events, 0, &w->view, &err) != 0)
        fail_msg("%s", err.text);
    ledger_view_input(&w->view, &input);
    return sla_new(&input);
}

static struct sla *final_report(struct world *w)
{
    month_over(w);
    return report(w, 11, "2026-12-10T00:00:00+09:00");
}

static void expect_text(const struct sla *sla, enum sla_language language, const char *const *parts)
{
    struct buf out = {0};

    sla_text(sla, language, &out);
    buf_cstr(&out);
    for (; *parts != NULL; parts++)
        if (strstr((char *)out.data, *parts) == NULL)
            fail_msg("no \"%s\" in\n%s", *parts, (char *)out.data);
    buf_free(&out);
}

static void as_json(void **state)
{
    struct sla *sla = final_report(*state);
    struct buf out = {0};
    json_t *root, *calling, *login, *service;
    json_error_t problem;

    sla_json(sla, &out);
    root = json_loadb((char *)out.data, out.len, JSON_REJECT_DUPLICATES, &problem);
    if (root == NULL)
        fail_msg("%s", problem.text);
    assert_string_equal(json_string_value(json_object_get(root, "month")), "2026-11");
    assert_string_equal(json_string_value(json_object_get(root, "timezone")), "Asia/Tokyo");
    assert_true(json_is_false(json_object_get(root, "provisional")));
    assert_int_equal(json_integer_value(json_object_get(root, "edition")), 1);
    assert_string_equal(json_string_value(json_object_get(root, "target")), "98");
    assert_string_equal(json_string_value(json_object_get(root, "begin")),
                        "2026-10-31T15:00:00.000Z");
    calling = json_array_get(json_object_get(root, "functions"), 0);
    login = json_array_get(json_object_get(root, "functions"), 1);
    service = json_array_get(json_object_get(root, "services"), 0);
    assert_string_equal(json_string_value(json_object_get(calling, "name")), "calling");
    assert_int_equal(json_integer_value(json_object_get(calling, "planned_ms")), 710 * 3600000ll);
    assert_int_equal(json_integer_value(json_object_get(calling, "downtime_ms")), 4 * 3600000);
    assert_int_equal(json_integer_value(json_object_get(calling, "downtime_low_ms")),
                     4 * 3600000 - 15000);
    assert_int_equal(json_integer_value(json_object_get(calling, "downtime_high_ms")),
                     4 * 3600000 + 15000);
    assert_string_equal(json_string_value(json_object_get(calling, "availability")), "99.4366");
    assert_true(json_is_true(json_object_get(calling, "target_met")));
    assert_int_equal(json_integer_value(json_object_get(calling, "mttr_ms")), 4 * 3600000);
    assert_string_equal(json_string_value(json_object_get(login, "availability")), "100.0000");
    assert_true(json_is_null(json_object_get(login, "mttr_ms")));
    assert_string_equal(json_string_value(json_object_get(service, "availability")), "99.4366");
    assert_int_equal(json_integer_value(json_object_get(service, "failures")), 1);
    assert_int_equal(json_array_size(json_object_get(root, "outages")), 1);
    assert_int_equal(json_array_size(json_object_get(root, "maintenance")), 1);
    json_decref(root);
    buf_free(&out);
    sla_free(sla);
}

static void as_text(void **state)
{
    static const char *const english[] = {
        "Monthly SLA report 2026-11 edition 1\n",
        "Availability:               99.4366 % [99.4360, 99.4372]  met\n",
        "Target:                     98 %\n",
        "Planned service time:       710:00:00.000\n",
        "Downtime:                   4:00:00.000 [3:59:45.000, 4:00:15.000]\n",
        "2026-11-01 00:00:00.000 +09:00 - 2026-12-01 00:00:00.000 +09:00 (Asia/Tokyo, tzdata "
        "2025b)",
        "  #1 calling: emergency, provider, as downtime\n"
        "    Start:                    2026-11-10 00:00:00.000 +09:00 (last good 2026-11-09 "
        "23:59:45.000 +09:00)\n"
        "    Recognised:               2026-11-10 00:00:10.000 +09:00\n"
        "    Recovery:                 2026-11-10 04:00:00.000 +09:00 (last failing 2026-11-10 "
        "03:59:45.000 +09:00)\n"
        "    Duration:                 4:00:00.000\n"
        "    Repaired:                 2026-11-10 04:00:00.000 +09:00\n"
        "    Evidence:                 ledger entry 5\n",
        "Mean time to repair:        none\n",
        "Not gathered yet, left out: notices to customers, mean response time",
        NULL};
    static const char *const japanese[] = {
        "月次SLA報告書 2026-11 第1版\n",
        "機能 calling（発信）",
        "サービス稼働率:             99.4366 % [99.4360, 99.4372]  達成\n",
        "目標値:                     98 %\n",
        "該当なし",
        "定期",
        NULL};
    struct sla *sla = final_report(*state);

    expect_text(sla, SLA_ENGLISH, english);
    expect_text(sla, SLA_JAPANESE, japanese);
    sla_free(sla);
}

static void an_open_outage_makes_it_provisional(void **state)
{
    static const char *const japanese[] = {"月次SLA報告書 2026-11 第1版 (暫定)", "継続中", NULL};
    struct sla *sla = report(*state, 11, "2026-11-10T03:00:00+09:00");

    assert_true(sla->provisional);
    assert_int_equal(sla->functions[0].figures.downtime_ms, 3 * 3600000);
    expect_text(sla, SLA_JAPANESE, japanese);
    sla_free(sla);
}

static void no_planned_time(void **state)
{
    static const char *const japanese[] = {"サービス稼働率:             対象外\n", NULL};
    struct world *w = *state;
    struct sla *sla;

    w->lines.time_ms = utc("2026-11-20T00:00:00+09:00");
    lines_add(&w->lines, "maintenance", "added",
              ",\"window\":78,\"kind\":\"regular\",\"functions\":[\"login\"],"
              "\"announced\":\"2026-11-20T00:00:00+09:00\",\"start\":\"2026-11-30T00:00:00+09:00\","
              "\"end\":\"2027-01-10T00:00:00+09:00\",\"short_notice\":true,\"who\":\"ops\","
              "\"reason\":null");
    sla = report(w, 12, "2027-01-01T00:00:00+09:00");
    expect_text(sla, SLA_JAPANESE, japanese);
    assert_int_equal(sla->functions[1].figures.availability, PERCENT_NONE);
    assert_int_equal(sla->n_windows, 1);
    assert_false(sla->windows[0].notice_met);
    sla_free(sla);
}

static void a_function_that_the_contract_lacks(void **state)
{
    static const char *const english[] = {"In the ledger but not in the contract: recording", NULL};
    struct world *w = *state;
    struct sla *sla;

    lines_add(&w->lines, "coverage", "unmonitored-open",
              ",\"unmonitored\":%d,\"function\":\"recording\"", (int)w->lines.n);
    sla = report(w, 11, "2026-12-01T00:00:00+09:00");
    assert_int_equal(sla->n_functions, 2);
    expect_text(sla, SLA_ENGLISH, english);
    sla_free(sla);
}

static void as_csv(void **state)
{
    struct sla *sla = final_report(*state);
    struct buf out = {0};
    const char *text;

    sla_csv(sla, &out);
    text = buf_cstr(&out);
    assert_memory_equal(text, "\xef\xbb\xbf\"month\",", 11);
    assert_non_null(strstr(text,
                           "\r\n\"2026-11\",\"Asia/Tokyo\",\"false\",\"function\",\"calling\","
                           "\"2556000000\",\"36000000\",\"14400000\","));
    assert_non_null(strstr(text, "\"99.4366\",\"99.4360\",\"99.4372\",\"true\",\"1\","
                                 "\"14400000\",\"10000\",\"2541600000\",\"100.0000\","));
    buf_free(&out);
    sla_free(sla);
}

static void targets(void **state)
{
    char text[PERCENT_TEXT_MAX];

    assert_string_equal(sla_target_text(98000000, text), "98");
    assert_string_equal(sla_target_text(99950000, text), "99.95");
    assert_string_equal(sla_target_text(100000000, text), "100");
    assert_string_equal(sla_target_text(99000001, text), "99.000001");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(as_json),
        CASE(as_text),
        CASE(an_open_outage_makes_it_provisional),
        CASE(no_planned_time),
        CASE(a_function_that_the_contract_lacks),
        CASE(as_csv),
        cmocka_unit_test(targets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
