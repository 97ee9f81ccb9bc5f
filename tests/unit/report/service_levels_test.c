/* The examples of the service levels by name, from a list of events to the report's JSON. The
 * month is November 2026 in Tokyo, 30 days, unless the case says otherwise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../core/account/open_zone.h"
#include "base/mem.h"
#include "report/event_list.h"
#include "report/sla.h"

#include <stdlib.h>
#include <string.h>

#define JST(time) "\"2026-11-" time "+09:00\""
#define OUTAGE(id, from, to, rest)                                                                 \
    "{\"type\":\"outage\",\"id\":\"" id "\",\"functions\":[\"calling\"],\"start\":" from           \
    ",\"end\":" to "," rest "}\n"
#define EMERGENCY "\"severity\":\"emergency\",\"cause\":\"provider\""
#define WINDOW(kind, announced, from, to, rest)                                                    \
    "{\"type\":\"maintenance\",\"id\":\"m\",\"functions\":[\"calling\"],\"kind\":\"" kind          \
    "\",\"announced\":" announced ",\"start\":" from ",\"end\":" to rest "}\n"
#define AMEND(id, at, set)                                                                         \
    "{\"type\":\"amendment\",\"id\":\"" id "\",\"of\":\"o\",\"at\":" at ",\"set\":" set "}\n"
#define EARLY "\"2026-10-01T00:00:00+09:00\""
#define LATER "2027-06-01T00:00:00+09:00"

struct world {
    struct contract contract;
    struct zone *zone;
    struct buf json;
    bool provisional;
    int edition;
};

static int setup(void **state)
{
    struct world *w = mem_zalloc(1, sizeof *w);
    struct contract *c = &w->contract;

    contract_init(c);
    c->terms.target_micro = 98000000;
    c->terms.excluded_cause[CAUSE_ATTACK] = true;
    c->n_functions = 2;
    c->functions = mem_zalloc(2, sizeof *c->functions);
    strcpy(c->functions[0].name, "calling");
    strcpy(c->functions[1].name, "login");
    c->n_services = 1;
    c->services = mem_zalloc(1, sizeof *c->services);
    strcpy(c->services[0].name, "centre");
    function_set_add(&c->services[0].critical, 0);
    w->zone = open_zone("Asia/Tokyo");
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    buf_free(&w->json);
    zone_free(w->zone);
    contract_free(&w->contract);
    mem_free(w);
    return 0;
}

static void zone(struct world *w, const char *name)
{
    zone_free(w->zone);
    w->zone = open_zone(name);
}

static void compute_month(struct world *w, int year, int month, const char *events,
                          const char *as_of)
{
    struct event_list *list = event_list_new(&w->contract, "events");
    struct function_names names;
    struct sla_input input = {.contract = &w->contract,
                              .zone = w->zone,
                              .year = year,
                              .month = month,
                              .as_of_ms = utc(as_of),
                              .names = &names};
    struct sla *sla;
    struct err err;
    int rc = 0;

    while (rc == 0 && *events != '\0') {
        size_t len = strcspn(events, "\n");

        rc = event_list_line(list, events, len, &err);
        events += len + 1;
    }
    if (rc != 0 || event_list_end(list, &input.history, &err) != 0)
        fail_msg("%s", err.text);
    function_names_init(&names, &w->contract);
    sla = sla_new(&input);
    buf_clear(&w->json);
    sla_json(sla, &w->json);
    buf_cstr(&w->json);
    w->provisional = sla->provisional;
    w->edition = sla->edition;
    sla_free(sla);
    event_list_free(list);
}

static void compute(struct world *w, const char *events)
{
    compute_month(w, 2026, 11, events, LATER);
}

/* Does the row of this function or service say it? */
static void expect(const struct world *w, const char *name, const char *text)
{
    char begin[80], *row;
    const char *at, *end;

    snprintf(begin, sizeof begin, "{\"name\":\"%s\"", name);
    at = strstr((char *)w->json.data, begin);
    assert_non_null(at);
    end = strchr(at, '}');
    row = mem_zalloc((size_t)(end - at) + 2, 1);
    memcpy(row, at, (size_t)(end - at));
    row[end - at] = ',';
    if (strstr(row, text) == NULL)
        fail_msg("no %s in %s", text, row);
    mem_free(row);
}

static void expect_hours(const struct world *w, const char *key, double hours)
{
    char text[80];

    snprintf(text, sizeof text, "\"%s\":%lld,", key, (long long)(hours * 3600000));
    expect(w, "calling", text);
}

/* ---- time planned ---- */

/* 30 days, 10 h maintenance, 4 h outage of which nothing lies in the window: 706/710. */
static void the_example_of_706_by_710(void **state)
{
    struct world *w = *state;

    compute(w, WINDOW("regular", EARLY, JST("05T00:00:00"), JST("05T10:00:00"), "")
                   OUTAGE("o", JST("10T00:00:00"), JST("10T04:00:00"), EMERGENCY));
    expect_hours(w, "planned_ms", 710);
    expect_hours(w, "maintenance_ms", 10);
    expect_hours(w, "downtime_ms", 4);
    expect(w, "calling", "\"availability\":\"99.4366\",");
    expect(w, "centre", "\"availability\":\"99.4366\",");
    expect(w, "login", "\"availability\":\"100.0000\",");
    assert_false(w->provisional);
}

static void an_overrun_past_the_announced_end_is_downtime(void **state)
{
    struct world *w = *state;

    compute(w, WINDOW("regular", EARLY, JST("05T00:00:00"), JST("05T05:00:00"),
                      ",\"finished\":" JST("05T07:00:00"))
                   OUTAGE("o", JST("05T00:00:00"), JST("05T07:00:00"), EMERGENCY));
    expect_hours(w, "planned_ms", 715);
    expect_hours(w, "downtime_ms", 2);
    expect(w, "calling", "\"failures\":1,");
}

static void an_early_finish_gives_the_rest_back(void **state)
{
    struct world *w = *state;

    compute(w, WINDOW("regular", EARLY, JST("05T00:00:00"), JST("05T05:00:00"),
                      ",\"finished\":" JST("05T02:00:00"))
                   OUTAGE("o", JST("05T00:00:00"), JST("05T03:00:00"), EMERGENCY));
    expect_hours(w, "planned_ms", 718);
    expect_hours(w, "downtime_ms", 1);
}

static void announced_after_it_began(void **state)
{
    struct world *w = *state;

    compute(w, WINDOW("regular", JST("05T01:30:00"), JST("05T00:00:00"), JST("05T05:00:00"), "")
                   OUTAGE("o", JST("05T00:00:00"), JST("05T05:00:00"), EMERGENCY));
    expect_hours(w, "planned_ms", 716.5);
    expect_hours(w, "downtime_ms", 1.5);
    compute(w, WINDOW("regular", JST("05T06:00:00"), JST("05T00:00:00"), JST("05T05:00:00"), ""));
    expect_hours(w, "planned_ms", 720);
}

static void a_short_notice_excludes_and_is_told(void **state)
{
    struct world *w = *state;

    compute(w,
            WINDOW("regular", JST("01T00:00:00"), JST("14T23:59:59.999"), JST("15T05:00:00"), ""));
    expect_hours(w, "maintenance_ms", 5 + 1 / 3600000.0);
    assert_non_null(strstr((char *)w->json.data, "\"notice_met\":false"));
    compute(w, WINDOW("regular", JST("01T00:00:00"), JST("15T00:00:00"), JST("15T05:00:00"), ""));
    assert_non_null(strstr((char *)w->json.data, "\"notice_met\":true"));
}

/* Emergency windows stay in the planned time, and what lies in them is no downtime. */
static void emergency_maintenance(void **state)
{
    struct world *w = *state;

    compute(w, WINDOW("emergency", JST("05T00:00:00"), JST("05T01:00:00"), JST("05T03:00:00"), "")
                   OUTAGE("o", JST("05T01:00:00"), JST("05T04:00:00"), EMERGENCY));
    expect_hours(w, "planned_ms", 720);
    expect_hours(w, "excluded_ms", 2);
    expect_hours(w, "downtime_ms", 1);
}

static void nothing_planned_is_not_applicable(void **state)
{
    struct world *w = *state;

    w->contract.terms.discounts[0] = (struct tier){98000000, 10000000};
    w->contract.terms.n_discounts = 1;
    compute(w, WINDOW("regular", EARLY, "\"2026-10-31T00:00:00+09:00\"",
                      "\"2026-12-01T00:00:00+09:00\"", "")
                   OUTAGE("o", JST("05T01:00:00"), JST("05T04:00:00"), EMERGENCY));
    expect(w, "calling", "\"planned_ms\":0,");
    expect(w, "calling", "\"availability\":null,\"low\":null,\"high\":null,\"target_met\":null,");
    expect(w, "calling", "\"failures\":0,\"mttr_ms\":null,");
    expect(w, "centre", "\"discount_percent\":0,");
}

static void a_contract_that_begins_or_ends_inside_the_month(void **state)
{
    struct world *w = *state;

    w->contract.valid_from = (struct bound){.given = true, .ms = utc("2026-11-11T00:00:00+09:00")};
    w->contract.valid_until = (struct bound){.given = true, .ms = utc("2026-11-21T00:00:00+09:00")};
    compute(w, OUTAGE("o", JST("10T22:00:00"), JST("11T01:00:00"), EMERGENCY)
                   OUTAGE("p", JST("20T23:00:00"), JST("21T05:00:00"), EMERGENCY));
    expect_hours(w, "planned_ms", 240);
    expect_hours(w, "downtime_ms", 2);
    expect(w, "calling", "\"failures\":1,");
    compute_month(w, 2026, 12, "", LATER);
    expect(w, "calling", "\"planned_ms\":0,");
    assert_false(w->provisional);
}

/* ---- the edges of outages ---- */

/* Split at 00:00 local; the failure is that of the month in which it started. */
static void the_months_boundary(void **state)
{
    static const char events[] =
        OUTAGE("o", "\"2026-11-30T22:00:00+09:00\"", "\"2026-12-01T03:00:00+09:00\"", EMERGENCY);
    struct world *w = *state;

    compute(w, events);
    expect_hours(w, "downtime_ms", 2);
    expect(w, "calling", "\"failures\":1,");
    compute_month(w, 2026, 12, events, LATER);
    expect_hours(w, "downtime_ms", 3);
    expect(w, "calling", "\"failures\":0,");
}

static void an_open_outage_runs_to_as_of(void **state)
{
    struct world *w = *state;

    compute_month(w, 2026, 11, OUTAGE("o", JST("10T00:00:00"), "null", EMERGENCY),
                  "2026-11-10T06:00:00+09:00");
    expect_hours(w, "planned_ms", 222);
    expect_hours(w, "downtime_ms", 6);
    assert_true(w->provisional);
    /* what ended later was not known to */
    compute_month(w, 2026, 11,
                  OUTAGE("o", JST("10T00:00:00"), JST("10T07:00:00"),
                         EMERGENCY ",\"repaired\":" JST("10T08:00:00")),
                  "2026-11-10T06:00:00+09:00");
    expect_hours(w, "downtime_ms", 6);
    expect_hours(w, "downtime_low_ms", 6);
    expect(w, "calling", "\"failures\":1,\"mttr_ms\":null,");
    compute_month(w, 2026, 11, OUTAGE("o", JST("10T00:00:00"), "null", EMERGENCY), LATER);
    expect_hours(w, "downtime_ms", 504);
    assert_true(w->provisional);
}

static void edges_keep_their_bounds(void **state)
{
    struct world *w = *state;

    compute(w,
            OUTAGE("o", JST("10T01:00:00"), JST("10T03:00:00"),
                   EMERGENCY ",\"last_good\":" JST("10T00:30:00") ",\"last_fail\":" JST(
                       "10T02:45:00")) "{\"type\":\"unmonitored\",\"functions\":[\"calling\"],"
                                       "\"start\":" JST("10T02:00:00") ",\"end\":" JST("10T04:00:"
                                                                                       "00") "}\n");
    expect_hours(w, "downtime_ms", 2);
    expect_hours(w, "downtime_low_ms", 1.75);
    expect_hours(w, "downtime_high_ms", 3.5);
    expect_hours(w, "unmonitored_ms", 1);
}

static void shorter_than_the_minimum(void **state)
{
    struct world *w = *state;

    w->contract.terms.minimum_outage_ms = 60000;
    compute(w, OUTAGE("o", JST("10T00:00:00"), JST("10T00:00:59.999"), EMERGENCY)
                   OUTAGE("p", JST("11T00:00:00"), JST("11T00:01:00"), EMERGENCY));
    expect(w, "calling", "\"downtime_ms\":60000,");
    expect(w, "calling", "\"failures\":1,");
    assert_non_null(strstr((char *)w->json.data, "\"id\":\"o\""));
}

static void time_is_a_union_and_failures_are_counted(void **state)
{
    struct world *w = *state;

    compute(w, OUTAGE("o", JST("10T00:00:00"), JST("10T02:00:00"),
                      EMERGENCY ",\"repaired\":" JST("10T03:00:00"))
                   OUTAGE("p", JST("10T01:00:00"), JST("10T04:00:00"),
                          EMERGENCY ",\"repaired\":" JST("10T04:00:00.001"))
                       OUTAGE("q", JST("12T01:00:00"), JST("12T02:00:00"), EMERGENCY));
    expect_hours(w, "downtime_ms", 5);
    expect(w, "calling", "\"failures\":3,\"mttr_ms\":10800000,"); /* a floor, of two */
}

/* ---- what counts ---- */

static void other_severities_are_impaired_time(void **state)
{
    struct world *w = *state;

    compute(w, OUTAGE("o", JST("10T00:00:00"), JST("10T02:00:00"),
                      "\"severity\":\"severe\",\"cause\":\"provider\"")
                   OUTAGE("p", JST("10T01:00:00"), JST("10T04:00:00"), EMERGENCY));
    expect_hours(w, "downtime_ms", 3);
    expect_hours(w, "impaired_ms", 1);
    w->contract.terms.down_severity[SEVERITY_SEVERE] = true;
    compute(w, OUTAGE("o", JST("10T00:00:00"), JST("10T02:00:00"),
                      "\"severity\":\"severe\",\"cause\":\"provider\""));
    expect_hours(w, "downtime_ms", 2);
}

static void excluded_causes_are_listed_apart(void **state)
{
    struct world *w = *state;

    compute(w, OUTAGE("o", JST("10T00:00:00"), JST("10T02:00:00"),
                      "\"severity\":\"emergency\",\"cause\":\"attack\"")
                   OUTAGE("p", JST("10T01:00:00"), JST("10T04:00:00"), EMERGENCY));
    expect_hours(w, "planned_ms", 720);
    expect_hours(w, "downtime_ms", 3);
    expect_hours(w, "excluded_ms", 1);
}

/* Recomputed from the original times, in the order of the amendments' times, those after as-of
 * unheard; the old report can be made again. */
static void severity_and_cause_are_amended(void **state)
{
    static const char events[] =
        AMEND("2", "\"2026-12-05T00:00:00+09:00\"", "{\"cause\":\"provider\"}")
            AMEND("1", "\"2026-12-03T00:00:00+09:00\"", "{\"cause\":\"attack\"}")
                OUTAGE("o", JST("10T00:00:00"), JST("10T02:00:00"), EMERGENCY)
                    AMEND("3", "\"2026-12-05T00:00:00+09:00\"", "{\"severity\":\"minor\"}");
    struct world *w = *state;

    compute_month(w, 2026, 11, events, "2026-12-02T23:59:59.999+09:00");
    expect_hours(w, "downtime_ms", 2);
    assert_int_equal(w->edition, 1);
    compute_month(w, 2026, 11, events, "2026-12-03T00:00:00+09:00");
    expect_hours(w, "downtime_ms", 0);
    expect_hours(w, "excluded_ms", 2);
    assert_int_equal(w->edition, 2);
    compute(w, events);
    expect_hours(w, "downtime_ms", 0);
    expect_hours(w, "excluded_ms", 0);
    expect_hours(w, "impaired_ms", 2);
    assert_int_equal(w->edition, 4);
}

/* ---- targets and discounts ---- */

/* 720 h: 14.4 h is 2 %. */
static void exactly_98_percent_is_no_breach(void **state)
{
    struct world *w = *state;

    w->contract.terms.discounts[0] = (struct tier){98000000, 10000000};
    w->contract.terms.discounts[1] = (struct tier){95000000, 12500000};
    w->contract.terms.n_discounts = 2;
    compute(w, OUTAGE("o", JST("10T00:00:00"), JST("10T14:24:00"), EMERGENCY));
    expect(w, "calling", "\"availability\":\"98.0000\",");
    expect(w, "calling", "\"target_met\":true,");
    expect(w, "centre", "\"discount_percent\":0,");
    compute(w, OUTAGE("o", JST("10T00:00:00"), JST("10T14:24:00.001"), EMERGENCY));
    expect(w, "calling", "\"availability\":\"97.9999\",");
    expect(w, "calling", "\"target_met\":false,");
    expect(w, "centre", "\"discount_percent\":10,");
    compute(w, OUTAGE("o", JST("10T00:00:00"), JST("11T12:00:00"), EMERGENCY));
    expect(w, "centre", "\"availability\":\"95.0000\",");
    expect(w, "centre", "\"discount_percent\":10,");
    compute(w, OUTAGE("o", JST("10T00:00:00"), JST("11T12:00:01"), EMERGENCY));
    expect(w, "centre", "\"discount_percent\":12.5,");
}

static void _97_996_is_not_printed_as_98(void **state)
{
    struct world *w = *state;

    /* 2.004 % of 2 592 000 s */
    compute(w, OUTAGE("o", JST("10T00:00:00"), JST("10T14:25:43.680"), EMERGENCY));
    expect(w, "calling", "\"availability\":\"97.9960\",");
    expect(w, "calling", "\"target_met\":false,");
}

static void judged_by_a_bound(void **state)
{
    static const char events[] =
        OUTAGE("o", JST("10T00:00:00"), JST("10T14:24:00"),
               EMERGENCY ",\"last_good\":" JST("09T23:59:59") ",\"last_fail\":" JST("10T10:00:00"));
    struct world *w = *state;

    w->contract.terms.discounts[0] = (struct tier){98000000, 10000000};
    w->contract.terms.n_discounts = 1;
    compute(w, events);
    expect(w, "centre", "\"target_met\":true,");
    w->contract.terms.judged_by = JUDGED_LOW;
    compute(w, events);
    expect(w, "centre", "\"target_met\":false,");
    expect(w, "centre", "\"discount_percent\":10,");
    w->contract.terms.judged_by = JUDGED_HIGH;
    w->contract.terms.target_micro = 98500000;
    compute(w, events);
    expect(w, "centre", "\"target_met\":true,");
}

/* ---- what is said of each outage ---- */

static void says(const struct world *w, const char *text)
{
    if (strstr((char *)w->json.data, text) == NULL)
        fail_msg("no %s in %s", text, (char *)w->json.data);
}

#define TIMES                                                                                      \
    ",\"last_fail\":" JST("10T01:29:45") ",\"recognised\":" JST(                                   \
        "10T00:10:00") ",\"repaired\":" JST("10T05:00:00")
#define NOTICE(channel, at) "{\"channel\":\"" channel "\",\"at\":" at "}"
#define NOTICES                                                                                    \
    ",\"notified\":[" NOTICE("web", JST("10T01:10:00.001")) "," NOTICE(                            \
        "mail", JST("10T03:00:00")) "," NOTICE("mail", JST("10T01:10:00")) "]"

/* From the recognition: 2 h until customers can work again, whatever is repaired later; 1 h to the
 * first word by a channel. */
static void targets_of_recovery_and_notification(void **state)
{
    static const char events[] =
        OUTAGE("o", JST("10T00:00:00"), JST("10T02:10:00"), EMERGENCY TIMES NOTICES);
    struct world *w = *state;

    w->contract.recovery[SEVERITY_EMERGENCY] = (struct target){TARGET_CLOCK, 2 * 3600000};
    w->contract.notification[SEVERITY_EMERGENCY] = (struct target){TARGET_CLOCK, 3600000};
    compute(w, events);
    says(w, "\"recovery_target\":{\"deadline\":\"2026-11-09T17:10:00.000Z\",\"outcome\":\"met\"}");
    says(w, "\"notification_target\":{\"deadline\":\"2026-11-09T16:10:00.000Z\","
            "\"outcome\":\"missed\"}");
    says(w, "\"notified\":[{\"channel\":\"mail\",\"at\":\"2026-11-09T16:10:00.000Z\","
            "\"outcome\":\"met\"},{\"channel\":\"web\",\"at\":\"2026-11-09T16:10:00.001Z\","
            "\"outcome\":\"missed\"}]");
    says(w, "\"unrepaired\":[]");
    expect(w, "calling", "\"mtta_ms\":600000,\"mtbf_ms\":2584200000,");
    /* what was not known yet is running, or late */
    compute_month(w, 2026, 11, events, "2026-11-10T01:05:00+09:00");
    says(w, "\"recovery_target\":{\"deadline\":\"2026-11-09T17:10:00.000Z\","
            "\"outcome\":\"running\"}");
    says(w, "\"outcome\":\"running\"},\"notified\":[]");
    says(w, "\"end\":null,\"last_good\":\"2026-11-09T15:00:00.000Z\",\"last_fail\":null");
    says(w, "\"unrepaired\":[\"o\"]");
    w->contract.recovery[SEVERITY_EMERGENCY].amount--;
    compute(w, events);
    says(w, "\"recovery_target\":{\"deadline\":\"2026-11-09T17:09:59.999Z\","
            "\"outcome\":\"missed\"}");
}

/* 2 business days from Friday the 20th: Monday the 23rd is a holiday, so Wednesday 19:00. */
static void minor_faults_by_business_days(void **state)
{
    static const char events[] =
        OUTAGE("o", JST("20T11:00:00"), JST("25T19:00:00"),
               "\"severity\":\"minor\",\"cause\":\"provider\",\"recognised\":" JST(
                   "20T11:30:00") ",\"repaired\":" JST("26T10:00:00"));
    struct world *w = *state;

    w->contract.recovery[SEVERITY_MINOR] = (struct target){TARGET_BUSINESS_DAYS, 2};
    compute(w, events);
    says(w, "\"recovery_target\":{\"deadline\":\"2026-11-25T10:00:00.000Z\",\"outcome\":\"met\"}");
    assert_null(strstr((char *)w->json.data, "holidays_lack"));
    /* a deadline in a year that the table of holidays lacks is told */
    compute_month(w, 2031, 1,
                  "{\"type\":\"outage\",\"id\":\"o\",\"start\":\"2031-01-20T00:00:00+09:00\","
                  "\"end\":null,\"recognised\":\"2031-01-20T00:00:00+09:00\","
                  "\"severity\":\"minor\",\"cause\":\"provider\"}\n",
                  "2031-02-01T00:00:00+09:00");
    says(w, "\"holidays_lack\":2031");
}

static void grounds_of_what_is_not_counted(void **state)
{
    struct world *w = *state;

    w->contract.terms.minimum_outage_ms = 60000;
    compute(w, OUTAGE("a", JST("10T00:00:00"), JST("10T02:00:00"),
                      "\"severity\":\"emergency\",\"cause\":\"attack\""));
    says(w,
         "\"counted\":false,\"failure\":false,\"grounds\":\"excluded-cause\",\"maintenance\":[]");
    compute(w, OUTAGE("b", JST("10T00:00:00"), JST("10T02:00:00"),
                      "\"severity\":\"severe\",\"cause\":\"provider\""));
    says(w, "\"grounds\":\"severity\"");
    compute(w, OUTAGE("c", JST("10T00:00:00"), JST("10T00:00:59"), EMERGENCY));
    says(w, "\"grounds\":\"shorter-than-minimum\"");
    compute(w, WINDOW("emergency", JST("09T00:00:00"), JST("10T00:00:00"), JST("10T03:00:00"),
                      ",\"finished\":" JST("10T01:00:00"))
                   OUTAGE("d", JST("10T00:59:59"), JST("10T02:00:00"), EMERGENCY));
    says(w, "\"counted\":true,\"failure\":true,\"grounds\":\"downtime\",\"maintenance\":[\"m\"]");
    compute(w, WINDOW("emergency", JST("09T00:00:00"), JST("10T00:00:00"), JST("10T03:00:00"),
                      ",\"finished\":" JST("10T01:00:00"))
                   OUTAGE("d", JST("10T01:00:00"), JST("10T02:00:00"), EMERGENCY));
    says(w, "\"grounds\":\"downtime\",\"maintenance\":[]");
    compute(w, WINDOW("emergency", JST("09T00:00:00"), JST("10T00:00:00"), JST("10T03:00:00"),
                      ",\"finished\":" JST(
                          "10T01:00:00")) "{\"type\":\"maintenance\",\"id\":\"n\",\"functions\":["
                                          "\"calling\"],"
                                          "\"kind\":\"regular\",\"announced\":" EARLY
                                          ",\"start\":" JST("10T01:30:00") ",\"end\":" JST(
                                              "10T01:31:00") "}\n" OUTAGE("d", JST("10T01:00:00"),
                                                                          JST("10T02:00:00"),
                                                                          EMERGENCY));
    says(w, "\"maintenance\":[\"n\"]");
}

static void amendments_tell_from_what_to_what(void **state)
{
    struct world *w = *state;

    compute(w, AMEND("1", "\"2026-11-20T00:00:00+09:00\"", "{\"cause\":\"attack\"}")
                   AMEND("2", "\"2026-12-01T00:00:00+09:00\"",
                         "{\"cause\":\"customer\",\"severity\":\"minor\"}")
                       OUTAGE("o", JST("10T00:00:00"), JST("10T02:00:00"), EMERGENCY));
    says(w, "\"amendments\":[{\"id\":\"1\",\"of\":\"o\",\"at\":\"2026-11-19T15:00:00.000Z\","
            "\"who\":null,\"reason\":null,\"cause\":{\"from\":\"provider\",\"to\":\"attack\"},"
            "\"late\":false},{\"id\":\"2\",\"of\":\"o\",\"at\":\"2026-11-30T15:00:00.000Z\","
            "\"who\":null,\"reason\":null,\"severity\":{\"from\":\"emergency\",\"to\":\"minor\"},"
            "\"cause\":{\"from\":\"attack\",\"to\":\"customer\"},\"late\":true}]");
    assert_int_equal(w->edition, 2);
    /* of an outage of another month */
    compute_month(w, 2026, 12,
                  AMEND("1", "\"2027-01-20T00:00:00+09:00\"", "{\"cause\":\"attack\"}")
                      OUTAGE("o", JST("10T00:00:00"), JST("10T02:00:00"), EMERGENCY),
                  LATER);
    says(w, "\"amendments\":[]");
    assert_int_equal(w->edition, 1);
}

/* 12.5 % of 98 765 yen is 12 345.625. */
static void a_discount_in_yen(void **state)
{
    static const char events[] = OUTAGE("o", JST("10T00:00:00"), JST("12T00:00:00"), EMERGENCY);
    struct world *w = *state;

    w->contract.terms.discounts[0] = (struct tier){98000000, 12500000};
    w->contract.terms.n_discounts = 1;
    compute(w, events);
    expect(w, "centre", "\"discount_percent\":12.5,\"discount_yen\":null,");
    w->contract.monthly_fee_yen = 98765;
    w->contract.yen_rounding = YEN_DOWN;
    compute(w, events);
    expect(w, "centre", "\"discount_yen\":12345,");
    w->contract.yen_rounding = YEN_HALF_UP;
    compute(w, events);
    expect(w, "centre", "\"discount_yen\":12346,");
    w->contract.monthly_fee_yen = 98760; /* 12 345 */
    w->contract.yen_rounding = YEN_UP;
    compute(w, events);
    expect(w, "centre", "\"discount_yen\":12345,");
    w->contract.monthly_fee_yen = 98761;
    compute(w, events);
    expect(w, "centre", "\"discount_yen\":12346,");
    compute(w, "");
    expect(w, "centre", "\"discount_percent\":0,\"discount_yen\":0,");
    says(w, "\"missing\":[\"response_time\",\"slots\",\"backups\"]");
}

/* ---- services ---- */

static void a_service_is_the_union_of_its_functions(void **state)
{
    struct world *w = *state;

    function_set_add(&w->contract.services[0].critical, 1);
    compute(
        w,
        OUTAGE("o", JST("10T00:00:00"), JST("10T02:00:00"),
               EMERGENCY) "{\"type\":\"outage\",\"id\":\"p\",\"functions\":[\"calling\",\"login\"],"
                          "\"start\":" JST("10T01:00:00") ",\"end\":" JST(
                              "10T04:00:00") "," EMERGENCY "}\n"
                                             "{\"type\":\"maintenance\",\"id\":\"m\",\"functions\":"
                                             "[\"login\"],"
                                             "\"kind\":\"regular\",\"announced\":" EARLY
                                             ",\"start\":" JST("10T00:30:00") ",\"end\":" JST(
                                                 "10T01:30:00") "}\n");
    expect_hours(w, "downtime_ms", 4);
    expect(w, "login", "\"downtime_ms\":9000000,");
    expect(w, "centre", "\"planned_ms\":2588400000,");
    expect(w, "centre", "\"downtime_ms\":10800000,");
    expect(w, "centre", "\"failures\":2,");
}

/* ---- zones with daylight saving ---- */

static void months_with_days_of_23_and_25_hours(void **state)
{
    static const struct {
        const char *zone;
        int year, month;
        double hours;
    } months[] = {
        {"Asia/Tokyo", 2026, 2, 672},
        {"Asia/Tokyo", 2028, 2, 696},
        {"America/New_York", 2026, 3, 743},
        {"America/New_York", 2026, 11, 721},
        {"Europe/Berlin", 2026, 3, 743},
        {"Europe/Berlin", 2026, 10, 745},
        {"Australia/Lord_Howe", 2026, 4, 720.5},
        {"Australia/Lord_Howe", 2026, 10, 743.5},
        {"Africa/Casablanca", 2026, 2, 673},
        {"Pacific/Apia", 2011, 12, 720},
    };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof months / sizeof months[0]; i++) {
        zone(w, months[i].zone);
        compute_month(w, months[i].year, months[i].month, "", "2030-01-01T00:00:00Z");
        expect_hours(w, "planned_ms", months[i].hours);
    }
}

/* The clock of New York reads 01:30 twice on the first of November 2026. */
static void an_outage_over_the_hour_that_happens_twice(void **state)
{
    struct world *w = *state;

    zone(w, "America/New_York");
    compute(w, OUTAGE("o", "\"2026-11-01T01:30:00-04:00\"", "\"2026-11-01T01:30:00-05:00\"",
                      EMERGENCY));
    expect_hours(w, "downtime_ms", 1);
    compute(w, OUTAGE("o", "\"2026-11-01T03:30:00Z\"", "\"2026-11-01T04:30:00Z\"", EMERGENCY));
    expect_hours(w, "downtime_ms", 0.5); /* the month begins at 04:00 UTC */
    compute(w, OUTAGE("o", "\"2026-12-01T04:30:00Z\"", "\"2026-12-01T05:30:00Z\"", EMERGENCY));
    expect_hours(w, "downtime_ms", 0.5); /* and ends at 05:00 */
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_example_of_706_by_710),
        CASE(an_overrun_past_the_announced_end_is_downtime),
        CASE(an_early_finish_gives_the_rest_back),
        CASE(announced_after_it_began),
        CASE(a_short_notice_excludes_and_is_told),
        CASE(emergency_maintenance),
        CASE(nothing_planned_is_not_applicable),
        CASE(a_contract_that_begins_or_ends_inside_the_month),
        CASE(the_months_boundary),
        CASE(an_open_outage_runs_to_as_of),
        CASE(edges_keep_their_bounds),
        CASE(shorter_than_the_minimum),
        CASE(time_is_a_union_and_failures_are_counted),
        CASE(other_severities_are_impaired_time),
        CASE(excluded_causes_are_listed_apart),
        CASE(severity_and_cause_are_amended),
        CASE(exactly_98_percent_is_no_breach),
        CASE(_97_996_is_not_printed_as_98),
        CASE(judged_by_a_bound),
        CASE(targets_of_recovery_and_notification),
        CASE(minor_faults_by_business_days),
        CASE(grounds_of_what_is_not_counted),
        CASE(amendments_tell_from_what_to_what),
        CASE(a_discount_in_yen),
        CASE(a_service_is_the_union_of_its_functions),
        CASE(months_with_days_of_23_and_25_hours),
        CASE(an_outage_over_the_hour_that_happens_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
