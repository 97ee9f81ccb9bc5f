/* A plain list of events: what it comes to, and each thing that may be wrong with it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../core/account/open_zone.h"
#include "base/buf.h"
#include "base/mem.h"
#include "report/event_list.h"

#include <stdlib.h>
#include <string.h>

#define T(day) "2026-11-" day "T00:00:00+09:00"
#define OUTAGE                                                                                     \
    "{\"type\":\"outage\",\"id\":\"o1\",\"functions\":[\"calling\"],\"start\":\"" T(               \
        "10") "\","                                                                                \
              "\"end\":\"" T("12") "\",\"severity\":\"emergency\",\"cause\":\"provider\"}\n"
#define MAINTENANCE                                                                                \
    "{\"type\":\"maintenance\",\"id\":\"m1\",\"functions\":[\"login\"],\"kind\":\"regular\","      \
    "\"announced\":\"" T("01") "\",\"start\":\"" T("20") "\",\"end\":\"" T("21") "\"}\n"

struct world {
    struct contract contract;
    struct event_list *list;
    struct history *history;
    struct err err;
};

static int setup(void **state)
{
    struct world *w = mem_zalloc(1, sizeof *w);

    contract_init(&w->contract);
    w->contract.n_functions = 2;
    w->contract.functions = mem_zalloc(2, sizeof *w->contract.functions);
    strcpy(w->contract.functions[0].name, "calling");
    strcpy(w->contract.functions[1].name, "login");
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    event_list_free(w->list);
    contract_free(&w->contract);
    mem_free(w);
    return 0;
}

static int read_bytes(struct world *w, const char *text, size_t size)
{
    const char *end = text + size;
    int rc = 0;

    event_list_free(w->list);
    w->list = event_list_new(&w->contract, "events.jsonl");
    while (rc == 0 && text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        size_t len = newline != NULL ? (size_t)(newline - text) : (size_t)(end - text);

        rc = event_list_line(w->list, text, len, &w->err);
        text += len + 1;
    }
    return rc < 0 ? rc : event_list_end(w->list, &w->history, &w->err);
}

static void good(struct world *w, const char *text)
{
    if (read_bytes(w, text, strlen(text)) != 0)
        fail_msg("%s", w->err.text);
}

static void bad(struct world *w, const char *text, const char *message)
{
    if (read_bytes(w, text, strlen(text)) != ERR_INVALID)
        fail_msg("accepted: %s", text);
    if (strstr(w->err.text, message) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", w->err.text, message);
}

static void an_outage(void **state)
{
    struct world *w = *state;
    const struct outage *o;

    good(w, "{\"type\":\"outage\",\"id\":\"ö 1\",\"functions\":[\"login\",\"calling\"],"
            "\"start\":\"2026-11-10T00:00:00.125+09:00\",\"end\":\"2026-11-10T04:00:00+09:00\","
            "\"last_good\":\"2026-11-09T23:59:45+09:00\",\"last_fail\":\"2026-11-09T18:59:50Z\","
            "\"recognised\":\"2026-11-11T00:00:00+09:00\","
            "\"repaired\":\"2026-11-10T05:00:00+09:00\",\"severity\":\"severe\","
            "\"cause\":\"rate-limit\",\"notified\":[{\"channel\":\"mail\",\"at\":"
            "\"2026-11-10T01:00:00+09:00\"},{\"at\":\"2026-11-10T02:00:00+09:00\","
            "\"channel\":\"web\"}]}");
    assert_int_equal(w->history->n_outages, 1);
    o = w->history->outages;
    assert_string_equal(o->id, "ö 1");
    assert_int_equal(o->line, 1);
    assert_int_equal(o->functions.bits[0], 3);
    assert_int_equal(o->start_ms, utc("2026-11-09T15:00:00.125Z"));
    assert_int_equal(o->end_ms, utc("2026-11-09T19:00:00Z"));
    assert_int_equal(o->last_good_ms, utc("2026-11-09T14:59:45Z"));
    assert_int_equal(o->last_fail_ms, utc("2026-11-09T18:59:50Z"));
    assert_int_equal(o->recognised_ms, utc("2026-11-10T15:00:00Z"));
    assert_int_equal(o->repaired_ms, utc("2026-11-09T20:00:00Z"));
    assert_int_equal(o->severity, SEVERITY_SEVERE);
    assert_int_equal(o->first_severity, SEVERITY_SEVERE);
    assert_int_equal(o->cause, CAUSE_RATE_LIMIT);
    assert_int_equal(o->first_cause, CAUSE_RATE_LIMIT);
    assert_int_equal(w->history->n_notices, 2);
    assert_string_equal(w->history->notices[1].outage, "ö 1");
    assert_string_equal(w->history->notices[1].channel, "web");
    assert_int_equal(w->history->notices[1].at_ms, utc("2026-11-09T17:00:00Z"));
}

/* Absent keys are null, absent lists empty. */
static void what_is_absent(void **state)
{
    static const char *const texts[] = {
        "{\"type\":\"outage\",\"id\":\"o\",\"start\":\"2026-11-10T00:00:00Z\","
        "\"severity\":\"minor\",\"cause\":\"attack\"}",
        "{\"type\":\"outage\",\"id\":\"o\",\"start\":\"2026-11-10T00:00:00Z\","
        "\"severity\":\"minor\",\"cause\":\"attack\",\"functions\":[],\"end\":null,"
        "\"last_good\":null,\"last_fail\":null,\"recognised\":null,\"repaired\":null,"
        "\"notified\":[]}"};
    struct world *w = *state;
    size_t i;

    for (i = 0; i < 2; i++) {
        const struct outage *o;

        good(w, texts[i]);
        o = w->history->outages;
        assert_int_equal(o->functions.bits[0], 0);
        assert_true(o->end_ms == UTC_NONE && o->last_good_ms == UTC_NONE &&
                    o->last_fail_ms == UTC_NONE && o->recognised_ms == UTC_NONE &&
                    o->repaired_ms == UTC_NONE);
        assert_int_equal(w->history->n_notices, 0);
    }
}

static void the_other_events(void **state)
{
    struct world *w = *state;
    const struct history *h;

    good(
        w, "{\"type\":\"amendment\",\"id\":\"o1\",\"of\":\"o1\",\"at\":\"" T(
               "15") "\",\"set\":{\"cause\":\"customer\",\"severity\":\"minor\"}}\n" OUTAGE
                     "{\"type\":\"maintenance\",\"id\":\"m1\",\"functions\":[\"login\"],"
                     "\"kind\":\"emergency\",\"announced\":\"" T("01") "\",\"start\":\"" T("20") "\",\"end\":\"" T(
                         "22") "\",\"finished\":\"" T("21") "\"}\n"
                                                            "{\"type\":\"unmonitored\","
                                                            "\"functions\":[\"calling\"],\"start\":"
                                                            "\"" T("03") "\",\"end\":\"" T(
                                                                "04") "\"}\n"
                                                                      "{\"type\":\"amendment\","
                                                                      "\"id\":\"a2\",\"of\":\"o1\","
                                                                      "\"at\":\"" T(
                                                                          "14") "\",\"set\":{"
                                                                                "\"severity\":"
                                                                                "\"severe\"}}\n");
    h = w->history;
    assert_int_equal(h->n_windows, 1);
    assert_string_equal(h->windows[0].id, "m1");
    assert_int_equal(h->windows[0].line, 3);
    assert_int_equal(h->windows[0].functions.bits[0], 2);
    assert_true(h->windows[0].emergency);
    assert_int_equal(h->windows[0].announced_ms, utc(T("01")));
    assert_int_equal(h->windows[0].start_ms, utc(T("20")));
    assert_int_equal(h->windows[0].end_ms, utc(T("22")));
    assert_int_equal(h->windows[0].finished_ms, utc(T("21")));
    assert_int_equal(h->n_gaps, 1);
    assert_int_equal(h->gaps[0].functions.bits[0], 1);
    assert_int_equal(h->gaps[0].start_ms, utc(T("03")));
    assert_int_equal(h->gaps[0].end_ms, utc(T("04")));
    assert_int_equal(h->n_amendments, 2);
    assert_string_equal(h->amendments[0].of, "o1");
    assert_int_equal(h->amendments[0].at_ms, utc(T("15")));
    assert_int_equal(h->amendments[0].cause, CAUSE_CUSTOMER);
    assert_int_equal(h->amendments[0].severity, SEVERITY_MINOR);
    assert_int_equal(h->amendments[1].cause, -1);
    assert_int_equal(h->amendments[1].severity, SEVERITY_SEVERE);
}

static void quiet_months_and_texts_of_windows(void **state)
{
    struct world *w = *state;

    good(w, "");
    assert_int_equal(w->history->n_outages, 0);
    good(w, "\xef\xbb\xbf");
    good(w, "\xef\xbb\xbf" OUTAGE "\r\n \t\r\n\n" MAINTENANCE);
    assert_int_equal(w->history->n_outages + w->history->n_windows, 2);
    assert_int_equal(w->history->windows[0].line, 5);
    good(w, " { \"cause\" : \"provider\",\"severity\":\"minor\",\"start\":\"" T(
                "10") "\",\"id\":\"o\", \"type\":\"outage\" } \r");
}

/* Whatever the order of the lines, the lists are by start. */
static void lists_are_by_start(void **state)
{
    struct world *w = *state;

    good(w, "{\"type\":\"unmonitored\",\"start\":\"" T(
                "09") "\"}\n"
                      "{\"type\":\"outage\",\"id\":\"b\",\"start\":\"" T(
                          "09") "\",\"severity\":\"minor\",\"cause\":\"attack\"}\n" OUTAGE
                                "{\"type\":\"outage\",\"id\":\"a\",\"start\":\"" T(
                                    "09") "\",\"severity\":\"minor\",\"cause\":\"attack\"}\n"
                                          "{\"type\":\"unmonitored\",\"start\":\"" T("08") "\"}\n");
    assert_string_equal(w->history->outages[0].id, "b");
    assert_string_equal(w->history->outages[1].id, "a");
    assert_string_equal(w->history->outages[2].id, "o1");
    assert_int_equal(w->history->gaps[0].line, 5);
    assert_true(w->history->gaps[0].end_ms == UTC_NONE);
}

#define OF(rest)                                                                                   \
    "{\"type\":\"outage\",\"id\":\"o\",\"severity\":\"minor\",\"cause\":\"attack\"," rest "}"
#define WINDOW(rest) "{\"type\":\"maintenance\",\"id\":\"m\"," rest "}"
#define AMEND(rest) "{\"type\":\"amendment\",\"id\":\"a\",\"of\":\"o1\"," rest "}\n" OUTAGE

static void bad_lines(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        /* not an object of JSON */
        {"\n\nnonsense\n", "events.jsonl:3: not JSON, near byte 8"},
        {"[]", "events.jsonl:1: not a JSON object; expected one a line"},
        {"{\"type\":\"outage\"} {}", "not JSON"},
        {"{\"type\":\"outage\",", "not JSON"},
        {"{\"type\":\"outage\",\"id\":\"a\",\"id\":\"a\"}", "duplicate object key near '\"id\"'"},
        {"{\"type\":\"outage\",\"start\":NaN}", "not JSON"},
        {"{\"type\":\"outage\",\"id\":\"\xff\"}", "unable to decode byte 0xff"},
        {"{\"type\":\"outage\",\"id\":\"a\\u0000b\"}", "not JSON"},
        {OUTAGE "\xef\xbb\xbf{}", "events.jsonl:2: not JSON"},
        /* types and keys */
        {"{}", "type of event is absent; expected outage, maintenance, unmonitored or amendment"},
        {"{\"type\":null}", "type of event is null; expected"},
        {"{\"type\":\"Outage\"}", "type of event is \"Outage\"; expected"},
        {"{\"type\":1}", "type of event is 1; expected"},
        {OF("\"tenants\":[]"), "unknown key \"tenants\" of outage; expected only type, id"},
        {WINDOW("\"reason\":\"x\""), "unknown key \"reason\" of maintenance"},
        {"{\"type\":\"unmonitored\",\"id\":\"u\"}", "unknown key \"id\" of unmonitored"},
        {AMEND("\"who\":\"me\""), "unknown key \"who\" of amendment"},
        {OF("\"\\u001b[2J\":1"), "unknown key \"?[2J\""},
        /* ids */
        {"{\"type\":\"outage\"}", "id of outage is absent; expected a text"},
        {"{\"type\":\"outage\",\"id\":7}", "id of outage is 7; expected a text"},
        {"{\"type\":\"outage\",\"id\":\"\"}", "id of outage is \"\"; expected a text"},
        {"{\"type\":\"outage\",\"id\":\" \"}", "id of outage is \" \"; expected a text"},
        {"{\"type\":\"outage\",\"id\":\"a\\nb\"}", "id of outage is \"a\\nb\"; expected a text"},
        {"{\"type\":\"outage\",\"id\":"
         "\"123456789 123456789 123456789 123456789 123456789 123456789 1234\"}",
         "id of outage is \"123456789"},
        {OUTAGE MAINTENANCE OUTAGE, "events.jsonl:3: id \"o1\" is that of line 1, too"},
        {OUTAGE "{\"type\":\"maintenance\",\"id\":\"o1\",\"kind\":\"regular\",\"announced\":\"" T(
             "01") "\",\"start\":\"" T("20") "\",\"end\":\"" T("21") "\"}\n",
         "events.jsonl:2: id \"o1\" is that of line 1, too"},
        {AMEND("\"at\":\"" T("15") "\",\"set\":{\"cause\":\"attack\"}")
             AMEND("\"at\":\"" T("16") "\",\"set\":{\"cause\":\"attack\"}"),
         "events.jsonl:4: id \"o1\" is that of line 2, too"},
        {OUTAGE "{\"type\":\"amendment\",\"id\":\"a\",\"of\":\"o1\",\"at\":\"" T(
             "15") "\",\"set\":{\"cause\":\"attack\"}}\n"
                   "{\"type\":\"amendment\",\"id\":\"a\",\"of\":\"o1\",\"at\":\"" T(
                       "15") "\",\"set\":{\"cause\":\"attack\"}}\n",
         "events.jsonl:3: id \"a\" is that of line 2, too"},
        /* functions and words */
        {OF("\"functions\":\"calling\""),
         "functions of outage is \"calling\"; expected a list of the contract's functions"},
        {OF("\"functions\":[1]"), "functions of outage is [1]; expected a list"},
        {OF("\"functions\":[\"calling\",\"fax\"]"),
         "functions of outage: the contract has no function \"fax\""},
        {"{\"type\":\"outage\",\"id\":\"o\",\"cause\":\"attack\",\"start\":\"" T("10") "\"}",
         "severity of outage is absent; expected emergency, severe or minor"},
        {"{\"type\":\"outage\",\"id\":\"o\",\"severity\":\"mild\",\"start\":\"" T("10") "\"}",
         "severity of outage is \"mild\"; expected"},
        {"{\"type\":\"outage\",\"id\":\"o\",\"severity\":\"minor\",\"start\":\"" T("10") "\"}",
         "cause of outage is absent; expected provider, force-majeure"},
        {"{\"type\":\"outage\",\"id\":\"o\",\"severity\":\"minor\",\"cause\":[],\"start\":\"" T(
             "10") "\"}",
         "cause of outage is []; expected provider"},
        {WINDOW("\"start\":\"" T("20") "\""),
         "kind of maintenance is absent; expected regular or emergency"},
        {WINDOW("\"kind\":\"planned\""), "kind of maintenance is \"planned\"; expected regular"},
        /* times */
        {OF("\"end\":null"), "start of outage is absent; expected a time with offset such as"},
        {OF("\"start\":null"), "start of outage is null; expected a time with offset"},
        {OF("\"start\":1793458800"), "start of outage is 1793458800; expected a time"},
        {OF("\"start\":\"2026-11-10T00:00:00\""), "\"2026-11-10T00:00:00\"; expected a time"},
        {OF("\"start\":\"2026-02-30T00:00:00Z\""), "expected a time with offset"},
        {OF("\"start\":\"2026-11-10T24:00:00Z\""), "expected a time with offset"},
        {OF("\"start\":\"2026-11-10\""), "expected a time with offset"},
        {OF("\"start\":\"" T("10") "\",\"end\":\"soon\""),
         "end of outage is \"soon\"; expected a time with offset such as "
         "2026-11-01T00:00:00+09:00, or null"},
        {OF("\"start\":\"" T("10") "\",\"recognised\":false"), "recognised of outage is false"},
        {OF("\"start\":\"" T("10") "\",\"end\":\"" T("09") "\""),
         "end of outage is \"2026-11-09T00:00:00+09:00\"; expected start or later"},
        {OF("\"start\":\"" T("10") "\",\"last_good\":\"" T("11") "\""),
         "last_good of outage is \"2026-11-11T00:00:00+09:00\"; expected start or earlier"},
        {OF("\"start\":\"" T("10") "\",\"end\":\"" T("12") "\",\"last_fail\":\"" T("13") "\""),
         "last_fail of outage is \"2026-11-13T00:00:00+09:00\"; expected a time from start to end"},
        {OF("\"start\":\"" T("10") "\",\"end\":\"" T("12") "\",\"last_fail\":\"" T("09") "\""),
         "last_fail of outage"},
        {OF("\"start\":\"" T("10") "\",\"last_fail\":\"" T("11") "\""),
         "last_fail of outage is \"2026-11-11T00:00:00+09:00\"; expected none before there is"},
        {OF("\"start\":\"" T("10") "\",\"repaired\":\"" T("09") "\""),
         "repaired of outage is \"2026-11-09T00:00:00+09:00\"; expected start or later"},
        {WINDOW("\"kind\":\"regular\",\"start\":\"" T("20") "\",\"end\":\"" T("21") "\""),
         "announced of maintenance is absent"},
        {WINDOW("\"kind\":\"regular\",\"announced\":\"" T("01") "\",\"end\":\"" T("21") "\""),
         "start of maintenance is absent"},
        {WINDOW("\"kind\":\"regular\",\"announced\":\"" T("01") "\",\"start\":\"" T("20") "\""),
         "end of maintenance is absent"},
        {WINDOW("\"kind\":\"regular\",\"announced\":\"" T("01") "\",\"start\":\"" T(
             "20") "\",\"end\":\"" T("19") "\""),
         "end of maintenance is \"2026-11-19T00:00:00+09:00\"; expected start or later"},
        {"{\"type\":\"unmonitored\",\"functions\":[]}", "start of unmonitored is absent"},
        {"{\"type\":\"unmonitored\",\"start\":\"" T("10") "\",\"end\":\"" T("09") "\"}",
         "end of unmonitored is \"2026-11-09T00:00:00+09:00\"; expected start or later"},
        /* notices */
        {OF("\"start\":\"" T("10") "\",\"notified\":{}"),
         "notified of outage is {}; expected a list of {\"channel\", \"at\"}"},
        {OF("\"start\":\"" T("10") "\",\"notified\":[\"mail\"]"), "notified of outage is"},
        {OF("\"start\":\"" T("10") "\",\"notified\":[{\"channel\":\"mail\"}]"),
         "at of notified is absent"},
        {OF("\"start\":\"" T("10") "\",\"notified\":[{\"at\":\"" T("10") "\"}]"),
         "channel of notified is absent"},
        {OF("\"start\":\"" T("10") "\",\"notified\":[{\"channel\":\"mail\",\"at\":\"" T(
             "10") "\",\"to\":\"x\"}]"),
         "unknown key \"to\" of notified"},
        /* amendments */
        {AMEND("\"set\":{\"cause\":\"attack\"}"), "at of amendment is absent"},
        {AMEND("\"at\":\"" T("15") "\""), "set of amendment is absent"},
        {AMEND("\"at\":\"" T("15") "\",\"set\":[]"), "set of amendment is []"},
        {AMEND("\"at\":\"" T("15") "\",\"set\":{}"),
         "set of amendment is {}; expected a cause or a severity"},
        {AMEND("\"at\":\"" T("15") "\",\"set\":{\"cause\":null}"),
         "expected a cause or a severity"},
        {AMEND("\"at\":\"" T("15") "\",\"set\":{\"end\":\"" T("11") "\"}"),
         "unknown key \"end\" of set; expected only cause, severity"},
        {AMEND("\"at\":\"" T("15") "\",\"set\":{\"cause\":\"bad luck\"}"),
         "cause of set is \"bad luck\"; expected provider"},
        {AMEND("\"at\":\"" T("15") "\",\"set\":{\"severity\":3}"), "severity of set is 3"},
        {"{\"type\":\"amendment\",\"id\":\"a\",\"of\":\"o2\",\"at\":\"" T(
             "15") "\",\"set\":{\"cause\":\"attack\"}}\n" OUTAGE,
         "events.jsonl:1: of of amendment is \"o2\", the id of no outage in the list"},
        {OUTAGE MAINTENANCE "{\"type\":\"amendment\",\"id\":\"a\",\"of\":\"m1\",\"at\":\"" T(
             "15") "\",\"set\":{\"cause\":\"attack\"}}\n",
         "events.jsonl:3: of of amendment is \"m1\", a maintenance; expected an outage's id"},
    };
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
        bad(*state, cases[i].text, cases[i].message);
}

static void too_much(void **state)
{
    struct world *w = *state;
    char *line = mem_alloc(EVENT_LIST_LINE_MAX + 1);
    int i;

    memset(line, ' ', EVENT_LIST_LINE_MAX + 1);
    assert_int_equal(read_bytes(w, line, EVENT_LIST_LINE_MAX), 0);
    assert_int_equal(read_bytes(w, line, EVENT_LIST_LINE_MAX + 1), ERR_LIMIT);
    assert_string_equal(w->err.text, "events.jsonl:1: longer than 65536 bytes");
    mem_free(line);
    event_list_free(w->list);
    w->list = event_list_new(&w->contract, "events.jsonl");
    for (i = 0; i < EVENT_LIST_LINES_MAX; i++)
        assert_int_equal(event_list_line(w->list, "", 0, &w->err), 0);
    assert_int_equal(event_list_line(w->list, "", 0, &w->err), ERR_LIMIT);
    assert_string_equal(w->err.text, "events.jsonl: more than 1000000 lines");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_outage),          CASE(what_is_absent),
        CASE(the_other_events),   CASE(quiet_months_and_texts_of_windows),
        CASE(lists_are_by_start), CASE(bad_lines),
        CASE(too_much),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
