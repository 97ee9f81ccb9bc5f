/* Editions of November's report, in UTC: what makes one, and that each can be made again, byte for
 * byte, from whatever longer ledger. */
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

struct world {
    struct lines lines;
    struct model *model;
    struct contract contract;
    struct zone *zone;
    struct ledger_events *events;
};

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);

    w->model = lines_model();
    model_contract(w->model, &w->contract);
    w->contract.terms.excluded_cause[CAUSE_ATTACK] = true;
    w->zone = open_zone("UTC");
    w->lines.time_ms = utc("2026-10-31T23:00:00Z");
    lines_verdict(&w->lines);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    ledger_events_free(w->events);
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

static int opened(struct world *w, const char *start)
{
    int seq = (int)w->lines.n;

    lines_add(&w->lines, "outage", "open",
              ",\"outage\":%d,\"function\":\"calling\",\"severity\":\"emergency\","
              "\"cause\":\"provider\",\"start\":\"%s\",\"last_good\":null,\"recognised\":\"%s\","
              "\"evidence\":5",
              seq, start, start);
    return seq;
}

static void closed(struct world *w, int outage, const char *end)
{
    lines_add(&w->lines, "outage", "close",
              ",\"outage\":%d,\"function\":\"calling\",\"start\":null,\"end\":\"%s\","
              "\"last_fail\":null",
              outage, end);
}

static void amended(struct world *w, int outage, const char *severity, const char *cause)
{
    lines_add(&w->lines, "incident", "amended",
              ",\"outage\":%d,\"severity\":%s,\"cause\":%s,\"who\":\"sato\",\"reason\":\"looked\"",
              outage, severity, cause);
}

/* An outage of an hour on the tenth. */
static int an_hour(struct world *w)
{
    int outage;

    at(w, "2026-11-10T00:00:05Z");
    outage = opened(w, "2026-11-10T00:00:00Z");
    at(w, "2026-11-10T01:00:05Z");
    closed(w, outage, "2026-11-10T01:00:00Z");
    return outage;
}

static void month_over(struct world *w)
{
    at(w, "2026-12-01T00:00:01Z");
    lines_verdict(&w->lines);
}

/* ---- reports ---- */

static int try_read(struct world *w, uint64_t n, const char *as_of, struct err *err)
{
    struct period period =
        sla_period(&w->contract, w->zone, 2026, 11, as_of != NULL ? utc(as_of) : INT64_MAX / 4);
    struct tree tree = {0};
    uint64_t i;
    int rc = 0;

    ledger_events_free(w->events);
    w->events = ledger_events_new(&w->contract, &period);
    for (i = 0; i < n && rc == 0; i++) {
        uint8_t leaf[TREE_HASH];
        size_t len;
        const char *line = lines_get(&w->lines, i, &len);

        tree_leaf(line, len, leaf);
        tree_append(&tree, leaf);
        rc = ledger_events_line(w->events, line, len, &tree, err);
    }
    return rc;
}

static void read_lines(struct world *w, uint64_t n, const char *as_of)
{
    struct err err;

    if (try_read(w, n, as_of, &err) != 0)
        fail_msg("%s", err.text);
}

/* The JSON of an edition, and what it begins with; NULL: there is none. */
static char *edition(struct world *w, int number, struct ledger_view *kept)
{
    struct ledger_view view, view_before = {0};
    struct sla_input input = {
        .contract = &w->contract, .zone = w->zone, .year = 2026, .month = 11, .cluster = "c"};
    struct sla_input input_before = input;
    struct buf out = {0};
    struct sla *sla, *before = NULL;
    struct err err;
    char *text;

    if (ledger_events_view(w->events, number, &view, &err) != 0)
        return NULL;
    ledger_view_input(&view, &input);
    if (view.edition > 1) {
        assert_int_equal(ledger_events_view(w->events, view.edition - 1, &view_before, &err), 0);
        ledger_view_input(&view_before, &input_before);
        input.before = before = sla_new(&input_before);
    }
    sla = sla_new(&input);
    sla_json(sla, &out);
    sla_text(sla, SLA_ENGLISH, &out);
    sla_text(sla, SLA_JAPANESE, &out);
    sla_html(sla, SLA_JAPANESE, &out);
    text = strdup(buf_cstr(&out));
    if (kept != NULL)
        *kept = view; /* its history is of no use any more */
    buf_free(&out);
    sla_free(sla);
    sla_free(before);
    ledger_view_free(&view);
    ledger_view_free(&view_before);
    return text;
}

static void says(const char *text, const char *part)
{
    assert_non_null(text);
    if (strstr(text, part) == NULL) {
        print_error("%s\n", text);
        fail_msg("no \"%s\" in that", part);
    }
}

static void newest(struct world *w, int number, bool provisional)
{
    struct ledger_view view;

    free(edition(w, 0, &view));
    assert_int_equal(view.edition, number);
    assert_int_equal(view.provisional, provisional);
}

/* ---- cases ---- */

static void the_first_line_behind_the_month_makes_the_first(void **state)
{
    struct world *w = *state;
    struct ledger_view view;
    char *text;

    an_hour(w);
    read_lines(w, w->lines.n, NULL);
    newest(w, 1, true);
    month_over(w);
    lines_verdict(&w->lines);
    read_lines(w, w->lines.n, NULL);
    text = edition(w, 0, &view);
    assert_int_equal(view.edition, 1);
    assert_false(view.provisional);
    assert_int_equal(view.size, w->lines.n - 1);
    assert_int_equal(view.as_of_ms, utc("2026-12-01T00:00:01Z"));
    says(text, "\"made_by\":{\"seq\":3,\"at\":\"2026-12-01T00:00:01.000Z\"},\"changes\":[],");
    says(text, "Edition 1: made by entry 3 of the ledger");
    says(text, "\"downtime_ms\":3600000,");
    free(text);
    assert_null(edition(w, 2, NULL));
}

static void an_amendment_makes_the_next(void **state)
{
    struct world *w = *state;
    int outage = an_hour(w);
    char *first, *second, *again;

    month_over(w);
    read_lines(w, w->lines.n, NULL);
    first = edition(w, 1, NULL);
    at(w, "2026-12-02T00:00:00Z");
    amended(w, outage, "null", "\"attack\"");
    read_lines(w, w->lines.n, NULL);
    newest(w, 2, false);
    second = edition(w, 2, NULL);
    says(second, "\"changes\":[{\"seq\":4,\"at\":\"2026-12-02T00:00:00.000Z\",\"what\":\"amended\","
                 "\"of\":\"1\",\"cause\":{\"from\":\"provider\",\"to\":\"attack\"},"
                 "\"who\":\"sato\",\"reason\":\"looked\"}]");
    says(second, "{\"kind\":\"function\",\"name\":\"calling\",\"figure\":\"downtime_ms\","
                 "\"from\":3600000,\"to\":0}");
    says(second, "outage 1: cause provider -> attack (sato: looked)\n"
                 "  service call-centre: availability 99.8611 % -> 100.0000 %\n");
    says(second, "第1版からの変更");
    at(w, "2026-12-03T00:00:00Z");
    amended(w, outage, "\"minor\"", "\"provider\"");
    closed(w, opened(w, "2026-12-03T00:00:00Z"), "2026-12-03T00:10:00Z");
    lines_verdict(&w->lines);
    read_lines(w, w->lines.n, NULL);
    newest(w, 3, false);
    assert_string_equal(again = edition(w, 1, NULL), first);
    free(again);
    assert_string_equal(again = edition(w, 2, NULL), second);
    free(again);
    again = edition(w, 3, NULL);
    says(again, "outage 1: severity emergency -> minor, cause attack -> provider");
    says(again, "\"figure\":\"impaired_ms\",\"from\":0,\"to\":3600000");
    free(again);
    free(first);
    free(second);
}

/* The same is said of a ledger that was cut then, and by as-of. */
static void as_of_is_the_ledger_as_it_was_known(void **state)
{
    struct world *w = *state;
    int outage = an_hour(w);
    char *then, *now;

    month_over(w);
    at(w, "2026-12-02T00:00:00Z");
    amended(w, outage, "null", "\"attack\"");
    read_lines(w, w->lines.n, "2026-12-01T12:00:00Z");
    newest(w, 1, false);
    assert_null(edition(w, 2, NULL));
    now = edition(w, 1, NULL);
    read_lines(w, w->lines.n - 1, NULL);
    assert_string_equal(then = edition(w, 0, NULL), now);
    free(then);
    free(now);
    /* In the month: what was closed later is open, and the root is of what there was. */
    read_lines(w, w->lines.n, "2026-11-10T00:30:00Z");
    now = edition(w, 0, NULL);
    says(now, "\"provisional\":true,\"edition\":1,");
    says(now, "\"downtime_ms\":1800000,");
    says(now, "\"ledger\":{\"size\":2,\"root\":");
    read_lines(w, 2, "2026-11-10T00:30:00Z");
    assert_string_equal(then = edition(w, 0, NULL), now);
    free(then);
    free(now);
}

static void what_is_open_holds_it_back(void **state)
{
    struct world *w = *state;
    int outage;
    char *text;

    at(w, "2026-11-30T23:00:00Z");
    outage = opened(w, "2026-11-30T22:59:00Z");
    month_over(w);
    read_lines(w, w->lines.n, NULL);
    newest(w, 1, true);
    at(w, "2026-12-01T03:00:00Z");
    closed(w, outage, "2026-12-01T02:59:00Z");
    read_lines(w, w->lines.n, NULL);
    newest(w, 1, false);
    text = edition(w, 1, NULL);
    says(text, "\"made_by\":{\"seq\":3,");
    says(text, "\"downtime_ms\":3660000,");
    free(text);
}

/* An outage of the month that the ledger hears of when it is over. */
static void late_evidence_makes_the_next(void **state)
{
    struct world *w = *state;
    int outage, gap;
    char *text;

    month_over(w);
    outage = opened(w, "2026-11-30T23:59:00Z");
    read_lines(w, w->lines.n, NULL);
    newest(w, 2, true); /* it may still be disputed */
    free(edition(w, 1, NULL));
    lines_add(&w->lines, "outage", "disputed",
              ",\"outage\":%d,\"function\":\"calling\",\"start\":null", outage);
    read_lines(w, w->lines.n, NULL);
    newest(w, 1, false);
    outage = opened(w, "2026-11-30T23:59:00Z");
    closed(w, outage, "2026-12-01T00:00:00Z");
    read_lines(w, w->lines.n, NULL);
    newest(w, 2, false);
    text = edition(w, 0, NULL);
    says(text, "\"what\":\"late-outage\",\"of\":\"4\"}");
    says(text, "#4 an outage of the month, told late");
    says(text, "\"figure\":\"failures\",\"from\":0,\"to\":1}");
    free(text);
    gap = (int)w->lines.n;
    lines_add(&w->lines, "coverage", "unmonitored-open",
              ",\"unmonitored\":%d,\"function\":\"login\"", gap);
    lines_add(&w->lines, "coverage", "unmonitored-close",
              ",\"unmonitored\":%d,\"function\":\"login\",\"start\":\"2026-11-30T23:00:00Z\","
              "\"end\":\"2026-12-01T00:00:02Z\"",
              gap);
    read_lines(w, w->lines.n, NULL);
    newest(w, 3, false);
    text = edition(w, 3, NULL);
    says(text, "\"what\":\"late-unmonitored\"");
    says(text, "\"figure\":\"unmonitored_ms\",\"from\":0,\"to\":3600000}");
    free(text);
}

static void extended(struct world *w, int outage, const char *start)
{
    lines_add(&w->lines, "outage", "extended-back",
              ",\"outage\":%d,\"function\":\"calling\",\"start\":\"%s\",\"last_good\":null", outage,
              start);
}

/* The next month's outage turns out to have begun in this one; another, longer ago than told. */
static void a_start_that_moves_leaves_editions_as_they_were(void **state)
{
    struct world *w = *state;
    int outage = an_hour(w), next;
    char *first, *second, *again;

    month_over(w);
    next = opened(w, "2026-12-01T00:00:01Z");
    closed(w, next, "2026-12-01T00:10:00Z");
    read_lines(w, w->lines.n, NULL);
    first = edition(w, 0, NULL);
    says(first, "\"downtime_ms\":3600000,");
    extended(w, outage, "2026-11-09T23:00:00Z");
    read_lines(w, w->lines.n, NULL);
    newest(w, 2, false);
    second = edition(w, 2, NULL);
    says(second, "\"figure\":\"downtime_ms\",\"from\":3600000,\"to\":7200000}");
    next = opened(w, "2026-12-01T01:00:00Z");
    lines_verdict(&w->lines);
    extended(w, next, "2026-11-30T23:00:00Z");
    read_lines(w, w->lines.n, NULL);
    newest(w, 3, true);
    closed(w, next, "2026-12-01T02:00:00Z");
    read_lines(w, w->lines.n, NULL);
    newest(w, 3, false);
    again = edition(w, 3, NULL);
    says(again, "\"figure\":\"downtime_ms\",\"from\":7200000,\"to\":10800000}");
    free(again);
    assert_string_equal(again = edition(w, 1, NULL), first);
    free(again);
    assert_string_equal(again = edition(w, 2, NULL), second);
    free(again);
    free(first);
    free(second);
}

/* The line that tells of it first makes the first edition, which does not know of the month's part.
 */
static void unmonitored_time_that_moves(void **state)
{
    struct world *w = *state;
    char *first, *again;
    int gap;

    at(w, "2026-12-01T00:00:05Z");
    gap = (int)w->lines.n;
    lines_add(&w->lines, "coverage", "unmonitored-open",
              ",\"unmonitored\":%d,\"function\":\"login\"", gap);
    read_lines(w, w->lines.n, NULL);
    newest(w, 1, false);
    first = edition(w, 1, NULL);
    lines_add(&w->lines, "coverage", "unmonitored-close",
              ",\"unmonitored\":%d,\"function\":\"login\",\"start\":\"2026-11-30T23:00:00Z\","
              "\"end\":\"2026-12-01T00:00:02Z\"",
              gap);
    read_lines(w, w->lines.n, NULL);
    newest(w, 2, false);
    assert_string_equal(again = edition(w, 1, NULL), first);
    free(again);
    again = edition(w, 2, NULL);
    says(again, "\"figure\":\"unmonitored_ms\",\"from\":0,\"to\":3600000}");
    free(again);
    free(first);
}

/* Outages of other months, notes, and what was said when nothing was final yet, make none. */
static void what_changes_nothing_makes_none(void **state)
{
    struct world *w = *state;
    int outage = an_hour(w), other;
    char *text;

    amended(w, outage, "null", "\"customer\"");
    month_over(w);
    at(w, "2026-12-05T00:00:00Z");
    other = opened(w, "2026-12-05T00:00:00Z");
    amended(w, other, "null", "\"attack\"");
    closed(w, other, "2026-12-05T00:01:00Z");
    amended(w, other, "\"minor\"", "null");
    amended(w, 0, "\"minor\"", "null"); /* no outage at all */
    lines_add(&w->lines, "incident", "note", ",\"outage\":%d,\"who\":\"sato\",\"text\":\"hm\"",
              outage);
    read_lines(w, w->lines.n, NULL);
    newest(w, 1, false);
    text = edition(w, 0, NULL);
    says(text, "\"cause\":\"customer\"");
    free(text);
}

/* Amended while it is open, so that an edition has two reasons. */
static void an_edition_tells_all_that_made_it(void **state)
{
    struct world *w = *state;
    int outage;
    char *text;

    month_over(w);
    outage = opened(w, "2026-11-30T23:59:00Z");
    amended(w, outage, "\"minor\"", "null");
    closed(w, outage, "2026-12-01T00:00:00Z");
    read_lines(w, w->lines.n, NULL);
    newest(w, 2, false);
    text = edition(w, 2, NULL);
    says(text, "\"what\":\"amended\",\"of\":\"2\",\"severity\":{");
    says(text, "\"what\":\"late-outage\",\"of\":\"2\"}]");
    free(text);
}

/* The month is over where the contract is. */
static void validity_cuts_the_month(void **state)
{
    struct world *w = *state;

    w->contract.valid_until = (struct bound){true, false, utc("2026-11-20T00:00:00Z")};
    an_hour(w);
    at(w, "2026-11-20T00:00:00Z");
    lines_verdict(&w->lines);
    read_lines(w, w->lines.n, NULL);
    newest(w, 1, false);
    w->contract.valid_until.given = false;
}

static void before_the_ledger_nothing_was_monitored(void **state)
{
    struct world *w = *state;
    char *text;

    lines_free(&w->lines);
    at(w, "2026-11-02T00:00:00Z");
    lines_verdict(&w->lines);
    month_over(w);
    read_lines(w, w->lines.n, NULL);
    text = edition(w, 0, NULL);
    says(text, "\"unmonitored_ms\":86400000,");
    says(text, "\"ledger_begins\":\"2026-11-02T00:00:00.000Z\"");
    says(text, "The ledger begins at 2026-11-02 00:00:00.000 +00:00: before that nothing was");
    free(text);
    w->contract.valid_from = (struct bound){true, false, utc("2026-11-02T00:00:00Z")};
    read_lines(w, w->lines.n, NULL);
    text = edition(w, 0, NULL);
    says(text, "\"unmonitored_ms\":0,");
    assert_null(strstr(text, "The ledger begins at"));
    free(text);
}

static void what_is_wrong_is_named(void **state)
{
    static const char *const wrong[][2] = {
        {"\"outage\":9,\"severity\":null,\"cause\":\"attack\"", "entry 3: field outage: "},
        {"\"outage\":3,\"severity\":null,\"cause\":\"attack\"", "entry 3: field outage: "},
        {"\"outage\":\"1\",\"severity\":null,\"cause\":\"attack\"", "entry 3: field outage: "},
        {"\"outage\":1,\"severity\":\"mild\",\"cause\":null", "entry 3: field severity: "},
        {"\"outage\":1,\"severity\":null,\"cause\":\"us\"", "entry 3: field cause: "},
        {"\"outage\":1,\"severity\":null,\"cause\":null", "entry 3: field severity: "},
        {"\"outage\":1,\"severity\":null,\"cause\":\"attack\",\"who\":3", "entry 3: field who: "},
    };
    struct world *w = *state;
    size_t i;

    an_hour(w);
    for (i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct err err = {""};

        lines_add(&w->lines, "incident", "amended", ",%s", wrong[i][0]);
        assert_int_equal(try_read(w, w->lines.n, NULL, &err), ERR_INVALID);
        if (strstr(err.text, wrong[i][1]) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", err.text, wrong[i][1]);
        w->lines.n--;
        w->lines.text.len = w->lines.at[w->lines.n];
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_first_line_behind_the_month_makes_the_first),
        CASE(an_amendment_makes_the_next),
        CASE(as_of_is_the_ledger_as_it_was_known),
        CASE(what_is_open_holds_it_back),
        CASE(late_evidence_makes_the_next),
        CASE(a_start_that_moves_leaves_editions_as_they_were),
        CASE(unmonitored_time_that_moves),
        CASE(what_changes_nothing_makes_none),
        CASE(an_edition_tells_all_that_made_it),
        CASE(validity_cuts_the_month),
        CASE(before_the_ledger_nothing_was_monitored),
        CASE(what_is_wrong_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
