/* `sla compute` from end to end: contracts and events drawn at random are written to files, and
 * what it prints is what the second implementation of the accounting says. And its wrong uses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "run.h"

#include "base/buf.h"
#include "base/utc.h"
#include "brute.h"
#include "cli/cli.h"
#include "core/account/contract.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROUNDS 600
#define UNIT_MS 1800000

static char dir[] = "/tmp/kirikae-compute-XXXXXX";
static char contract_path[64], events_path[64];

static int setup(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(contract_path, sizeof contract_path, "%s/contract.json", dir);
    snprintf(events_path, sizeof events_path, "%s/events.jsonl", dir);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(contract_path);
    unlink(events_path);
    rmdir(dir);
    run_free();
    return 0;
}

static void write_file(const char *path, const struct buf *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    if (text->len > 0)
        assert_int_equal(fwrite(text->data, 1, text->len, f), text->len);
    assert_int_equal(fclose(f), 0);
}

static void write_text(const char *path, const char *text)
{
    struct buf buf = {0};

    buf_str(&buf, text);
    write_file(path, &buf);
    buf_free(&buf);
}

/* ---- a world as files ---- */

static const char *const function_names[BRUTE_FUNCTIONS] = {"calling", "log in", "履歴"};

struct month {
    const char *zone, *name, *begin;
    int units;
};

struct pen {
    struct buf text;
    struct prng *prng;
    int64_t begin_ms;
};

/* ,"key":"2026-11-10T00:00:00.000+09:00", in one of the offsets; nothing, or null, for none. */
static void time_key(struct pen *pen, const char *key, int time)
{
    static const struct {
        const char *text;
        int minutes;
    } offsets[] = {{"Z", 0}, {"+09:00", 540}, {"-03:30", -210}};
    unsigned which = prng_below(pen->prng, 3);
    char text[UTC_TEXT_MAX];

    if (time == BRUTE_NEVER) {
        if (prng_below(pen->prng, 2) == 0)
            buf_printf(&pen->text, ",\"%s\":null", key);
        return;
    }
    utc_format(pen->begin_ms + (int64_t)time * UNIT_MS + offsets[which].minutes * 60000ll, text);
    buf_printf(&pen->text, ",\"%s\":\"%.23s%s\"", key, text, offsets[which].text);
}

static void functions_key(struct pen *pen, const char *key, unsigned set)
{
    const char *comma = "";

    buf_printf(&pen->text, "\"%s\":[", key);
    for (int f = 0; f < BRUTE_FUNCTIONS; f++) {
        if ((set >> f & 1) == 0)
            continue;
        buf_printf(&pen->text, "%s\"%s\"", comma, function_names[f]);
        comma = ",";
    }
    buf_str(&pen->text, "]");
}

static const char *percent(int64_t micro, char text[32])
{
    snprintf(text, 32, "%" PRId64 ".%06" PRId64, micro / 1000000, micro % 1000000);
    return text;
}

static void write_contract(const struct brute_world *w, const struct month *month,
                           struct prng *prng)
{
    static const char *const judged[] = {"measured", "low", "high"};
    struct pen pen = {.prng = prng};
    struct buf *out = &pen.text;
    char text[32];

    assert_int_equal(utc_parse(month->begin, &pen.begin_ms), 0);
    buf_printf(out, "{\"contract\":{\"name\":\"a\",\"timezone\":\"%s\",", month->zone);
    functions_key(&pen, "functions", 7);
    buf_str(out, ",\"services\":[");
    for (unsigned set = 1; set < 1u << BRUTE_FUNCTIONS; set++) {
        buf_printf(out, "%s{\"name\":\"s%u\",", set > 1 ? "," : "", set);
        functions_key(&pen, "critical", set);
        buf_str(out, "}");
    }
    buf_str(out, "]");
    if (w->target_micro > 0)
        buf_printf(out, ",\"target\":\"%s\"", percent(w->target_micro, text));
    buf_str(out, ",\"down_severities\":[");
    for (int i = 0, n = 0; i < SEVERITY_COUNT; i++)
        if ((w->down_severities >> i & 1) != 0)
            buf_printf(out, "%s\"%s\"", n++ > 0 ? "," : "", outage_severity_name((enum severity)i));
    buf_str(out, "],\"excluded_causes\":[");
    for (int i = 0, n = 0; i < CAUSE_COUNT; i++)
        if ((w->excluded_causes >> i & 1) != 0)
            buf_printf(out, "%s\"%s\"", n++ > 0 ? "," : "", outage_cause_name((enum cause)i));
    buf_printf(out, "],\"minimum_outage_ms\":%d,\"judged_by\":\"%s\",\"discounts\":[",
               w->minimum * UNIT_MS, judged[w->judged_by]);
    for (int i = 0; i < w->n_tiers; i++) {
        buf_printf(out, "%s{\"below\":\"%s\"", i > 0 ? "," : "",
                   percent(w->tiers[i].below_micro, text));
        buf_printf(out, ",\"percent\":%s}", percent(w->tiers[i].percent_micro, text));
    }
    buf_str(out, "]");
    if (w->valid_from != BRUTE_NEVER)
        time_key(&pen, "valid_from", w->valid_from);
    if (w->until != BRUTE_NEVER)
        time_key(&pen, "valid_until", w->until);
    buf_str(out, "}}");
    write_file(contract_path, out);
    buf_free(out);
}

static void outage_line(struct pen *pen, const struct brute_outage *o, int i)
{
    buf_printf(&pen->text, "{\"type\":\"outage\",\"id\":\"o%d\",", i);
    functions_key(pen, "functions", o->functions);
    time_key(pen, "start", o->start);
    time_key(pen, "end", o->end);
    time_key(pen, "last_good", o->last_good);
    time_key(pen, "last_fail", o->last_fail);
    time_key(pen, "recognised", o->recognised);
    time_key(pen, "repaired", o->repaired);
    buf_printf(&pen->text, ",\"severity\":\"%s\",\"cause\":\"%s\"}",
               outage_severity_name((enum severity)o->severity),
               outage_cause_name((enum cause)o->cause));
}

static void window_line(struct pen *pen, const struct brute_window *w, int i)
{
    buf_printf(&pen->text, "{\"type\":\"maintenance\",\"id\":\"m%d\",\"kind\":\"%s\",", i,
               w->emergency ? "emergency" : "regular");
    functions_key(pen, "functions", w->functions);
    time_key(pen, "announced", w->announced);
    time_key(pen, "start", w->start);
    time_key(pen, "end", w->end);
    time_key(pen, "finished", w->finished);
    buf_str(&pen->text, "}");
}

static void gap_line(struct pen *pen, const struct brute_gap *gap)
{
    buf_str(&pen->text, "{\"type\":\"unmonitored\",");
    functions_key(pen, "functions", gap->functions);
    time_key(pen, "start", gap->start);
    time_key(pen, "end", gap->end);
    buf_str(&pen->text, "}");
}

static void amendment_line(struct pen *pen, const struct brute_amendment *a, int i)
{
    buf_printf(&pen->text, "{\"type\":\"amendment\",\"id\":\"a%d\",\"of\":\"o%d\"", i, a->of);
    time_key(pen, "at", a->at);
    buf_str(&pen->text, ",\"set\":{");
    if (a->severity >= 0)
        buf_printf(&pen->text, "\"severity\":\"%s\"",
                   outage_severity_name((enum severity)a->severity));
    if (a->cause >= 0)
        buf_printf(&pen->text, "%s\"cause\":\"%s\"", a->severity >= 0 ? "," : "",
                   outage_cause_name((enum cause)a->cause));
    buf_str(&pen->text, "}}");
}

/* The four lists are mixed; each keeps its own order, which that of equal amendments hangs on. */
static void write_events(const struct brute_world *w, const struct month *month, struct prng *prng)
{
    int at[4] = {0}, n[4] = {w->n_outages, w->n_windows, w->n_gaps, w->n_amendments};
    struct pen pen = {.prng = prng};

    assert_int_equal(utc_parse(month->begin, &pen.begin_ms), 0);
    for (int left = n[0] + n[1] + n[2] + n[3]; left > 0;) {
        unsigned list = prng_below(prng, 4);

        if (at[list] == n[list])
            continue;
        if (list == 0)
            outage_line(&pen, &w->outages[at[0]], at[0]);
        else if (list == 1)
            window_line(&pen, &w->windows[at[1]], at[1]);
        else if (list == 2)
            gap_line(&pen, &w->gaps[at[2]]);
        else
            amendment_line(&pen, &w->amendments[at[3]], at[3]);
        buf_str(&pen.text, prng_below(prng, 4) == 0 ? "\r\n\n" : "\n");
        at[list]++;
        left--;
    }
    write_file(events_path, &pen.text);
    buf_free(&pen.text);
}

/* ---- what comes out ---- */

static int round_now;

static void is_integer(const json_t *row, const char *key, int64_t expected)
{
    const json_t *value = json_object_get(row, key);

    if (!json_is_integer(value) || json_integer_value(value) != expected)
        fail_msg("round %d, %s: %s is %lld, not %lld", round_now, cli_text(row, "name"), key,
                 (long long)json_integer_value(value), (long long)expected);
}

static void is_percent(const json_t *row, const char *key, int64_t expected)
{
    const json_t *value = json_object_get(row, key);
    char text[32];

    snprintf(text, sizeof text, "%" PRId64 ".%04" PRId64, expected / 10000, expected % 10000);
    if (expected < 0 ? !json_is_null(value)
                     : !json_is_string(value) || strcmp(json_string_value(value), text) != 0)
        fail_msg("round %d, %s: %s is %s, not %s", round_now, cli_text(row, "name"), key,
                 json_string_value(value), expected < 0 ? "null" : text);
}

static void is_mean(const json_t *row, const char *key, int64_t expected)
{
    if (expected >= 0)
        is_integer(row, key, expected);
    else
        assert_true(json_is_null(json_object_get(row, key)));
}

static void compare_row(const json_t *row, const char *name, const struct brute_figures *f,
                        bool service)
{
    const json_t *met = json_object_get(row, "target_met");
    const json_t *discount = json_object_get(row, "discount_percent");

    assert_string_equal(cli_text(row, "name"), name);
    is_integer(row, "planned_ms", f->planned_ms);
    is_integer(row, "maintenance_ms", f->maintenance_ms);
    is_integer(row, "downtime_ms", f->downtime_ms);
    is_integer(row, "excluded_ms", f->excluded_ms);
    is_integer(row, "impaired_ms", f->impaired_ms);
    is_integer(row, "unmonitored_ms", f->unmonitored_ms);
    is_integer(row, "downtime_low_ms", f->downtime_low_ms);
    is_integer(row, "downtime_high_ms", f->downtime_high_ms);
    is_percent(row, "availability", f->availability);
    is_percent(row, "low", f->low);
    is_percent(row, "high", f->high);
    if (!(f->target_met < 0    ? json_is_null(met)
          : f->target_met == 1 ? json_is_true(met)
                               : json_is_false(met)))
        fail_msg("round %d, %s: target_met should be %d", round_now, name, f->target_met);
    is_integer(row, "failures", f->failures);
    is_mean(row, "mttr_ms", f->mttr_ms);
    if (service) {
        assert_true(json_is_number(discount));
        if (json_number_value(discount) != (double)f->discount_micro / 1e6)
            fail_msg("round %d, %s: discount_percent is %f", round_now, name,
                     json_number_value(discount));
    } else {
        assert_null(discount);
    }
}

static void compare(const struct brute_world *w, const struct month *month, int code)
{
    json_error_t problem;
    json_t *root = json_loads(out_text, JSON_REJECT_DUPLICATES, &problem);
    const json_t *functions = json_object_get(root, "functions");
    const json_t *services = json_object_get(root, "services");

    if (root == NULL)
        fail_msg("round %d: %s\n%s%s", round_now, problem.text, out_text, err_text);
    assert_string_equal(cli_text(root, "month"), month->name);
    assert_string_equal(cli_text(root, "timezone"), month->zone);
    assert_true(json_is_boolean(json_object_get(root, "provisional")));
    assert_int_equal(cli_bool(root, "provisional"), brute_provisional(w));
    is_integer(root, "edition", brute_edition(w));
    assert_int_equal(json_array_size(functions), BRUTE_FUNCTIONS);
    assert_int_equal(json_array_size(services), (1 << BRUTE_FUNCTIONS) - 1);
    for (unsigned f = 0; f < BRUTE_FUNCTIONS; f++) {
        struct brute_figures figures = brute_figures(w, 1u << f);

        compare_row(json_array_get(functions, f), function_names[f], &figures, false);
    }
    for (unsigned set = 1; set < 1u << BRUTE_FUNCTIONS; set++) {
        struct brute_figures figures = brute_figures(w, set);
        char name[8];

        snprintf(name, sizeof name, "s%u", set);
        compare_row(json_array_get(services, set - 1), name, &figures, true);
    }
    assert_int_equal(code, CLI_DONE);
    json_decref(root);
}

static void random_worlds_through_files(void **state)
{
    static const struct month months[] = {
        {"Asia/Tokyo", "2026-10", "2026-09-30T15:00:00Z", 744 * 2},
        {"Asia/Tokyo", "2028-02", "2028-01-31T15:00:00Z", 696 * 2},
        {"America/New_York", "2026-03", "2026-03-01T05:00:00Z", 743 * 2},
        {"America/New_York", "2026-11", "2026-11-01T04:00:00Z", 721 * 2},
        {"Australia/Lord_Howe", "2026-04", "2026-03-31T13:00:00Z", 1441},
        {"Australia/Lord_Howe", "2026-10", "2026-09-30T13:30:00Z", 1487},
    };
    struct prng prng;

    (void)state;
    prng_seed(&prng, 706710);
    for (round_now = 0; round_now < ROUNDS; round_now++) {
        const struct month *month = &months[(size_t)round_now % (sizeof months / sizeof months[0])];
        struct brute_world w;
        char as_of[UTC_TEXT_MAX];
        int64_t begin_ms;

        brute_invent(&prng, month->units, UNIT_MS, &w);
        for (int i = 0; i < w.n_windows; i++) /* a list says itself when each was announced */
            w.windows[i].tells = false;
        write_contract(&w, month, &prng);
        write_events(&w, month, &prng);
        assert_int_equal(utc_parse(month->begin, &begin_ms), 0);
        utc_format(begin_ms + (int64_t)w.as_of * UNIT_MS, as_of);
        compare(&w, month,
                run("sla", "compute", "--contract", contract_path, "--events", events_path,
                    "--month", month->name, "--as-of", as_of, "--format", "json", NULL));
    }
}

/* ---- use ---- */

#define CONTRACT                                                                                   \
    "contract:\n  name: a\n  target: \"98\"\n  functions: [calling]\n"                             \
    "  services: [{name: centre, critical: [calling]}]\n"
#define OUTAGE                                                                                     \
    "{\"type\":\"outage\",\"id\":\"o\",\"functions\":[\"calling\"],"                               \
    "\"start\":\"2026-11-10T00:00:00+09:00\",\"end\":\"2026-11-11T00:00:00+09:00\","               \
    "\"severity\":\"emergency\",\"cause\":\"provider\"}\n"

static int compute(const char *month, const char *option, const char *value)
{
    return run("sla", "compute", "--contract", contract_path, "--events", events_path, "--month",
               month, option, value, NULL);
}

static void says(int code, int expected, const char *text)
{
    assert_int_equal(code, expected);
    if (strstr(expected == CLI_USAGE ? err_text : out_text, text) == NULL)
        fail_msg("\"%s%s\" does not say \"%s\"", out_text, err_text, text);
}

static void wrong_uses(void **state)
{
    (void)state;
    write_text(contract_path, CONTRACT);
    write_text(events_path, "\n" OUTAGE OUTAGE);
    says(compute("2026-11", NULL, NULL), CLI_USAGE, "/events.jsonl:3: id \"o\" is that of line 2");
    write_text(events_path, OUTAGE);
    says(run("sla", "compute", "--contract", contract_path, "--events", events_path, NULL),
         CLI_USAGE, "--month YYYY-MM is needed");
    says(run("sla", "compute", "--contract", contract_path, "--month", "2026-11", NULL), CLI_USAGE,
         "--events FILE is needed");
    says(run("sla", "compute", "--events", events_path, "--month", "2026-11", NULL), CLI_USAGE,
         "--contract FILE is needed");
    says(compute("2026-13", NULL, NULL), CLI_USAGE, "--month \"2026-13\" is not a month");
    says(compute("", NULL, NULL), CLI_USAGE, "--month \"\" is not a month");
    says(compute("2026-11", "--as-of", "yesterday"), CLI_USAGE, "--as-of \"yesterday\"");
    says(compute("2026-11", "--format", "pdf"), CLI_USAGE, "--format is");
    says(compute("2026-11", "--lang", "fr"), CLI_USAGE, "--lang is ja or en");
    says(run("sla", "compute", "--contract", contract_path, "--events", "/nowhere", "--month",
             "2026-11", NULL),
         CLI_USAGE, "/nowhere: No such file");
    says(run("sla", "compute", "--contract", contract_path, "--events", dir, "--month", "2026-11",
             NULL),
         CLI_USAGE, "Is a directory");
    write_text(contract_path, CONTRACT "  timezone: Asia/Tokio\n");
    says(compute("2026-11", NULL, NULL), CLI_USAGE, "Asia/Tokio");
    write_text(contract_path, CONTRACT "  tagret: \"99\"\n");
    says(compute("2026-11", NULL, NULL), CLI_USAGE, "tagret");
    assert_string_equal(out_text, "");
}

static void formats(void **state)
{
    (void)state;
    write_text(contract_path, CONTRACT);
    write_text(events_path, OUTAGE);
    says(compute("2026-11", "--as-of", "2026-12-01T00:00:00+09:00"), CLI_DONE,
         "Monthly SLA report 2026-11 edition 1\n");
    says(compute("2026-11", "--lang", "ja"), CLI_DONE, "月次SLA報告書 2026-11");
    says(compute("2026-11", "--format", "csv"), CLI_DONE, "\xef\xbb\xbf\"month\",");
    says(run("sla", "compute", "--contract", contract_path, "--events", events_path, "--month",
             "2026-11", "--format=csv", "--section=outages", NULL),
         CLI_DONE, "\xef\xbb\xbf\"id\",\"functions\",");
    says(run("sla", "compute", "--contract", contract_path, "--events", events_path, "--month",
             "2026-11", "--format=csv", "--section=maintenance", NULL),
         CLI_DONE, "\"announced\",");
    says(run("sla", "compute", "--contract", contract_path, "--events", events_path, "--month",
             "2026-11", "--format=csv", "--section=all", NULL),
         CLI_USAGE, "--section is figures, outages or maintenance, not \"all\"");
    says(compute("2026-11", "--section", "outages"), CLI_USAGE, "--section is for --format csv");
    says(compute("2026-11", "--format", "json"), CLI_DONE, "\"cluster\":null");
    says(compute("2026-11", "--json", NULL), CLI_DONE, "{\"month\":\"2026-11\"");
    says(compute("2026-10", "--format", "json"), CLI_DONE, "\"availability\":\"100.0000\"");
}

static void events_on_the_standard_input(void **state)
{
    (void)state;
    write_text(contract_path, CONTRACT);
    write_text(events_path, OUTAGE "{}\n");
    assert_non_null(freopen(events_path, "r", stdin));
    says(run("sla", "compute", "--contract", contract_path, "--events", "-", "--month", "2026-11",
             NULL),
         CLI_USAGE, "standard input:2: type of event is absent");
}

static void too_long_a_line(void **state)
{
    struct buf text = {0};

    (void)state;
    for (int i = 0; i < 65536; i++)
        buf_str(&text, " ");
    buf_str(&text, "\n" OUTAGE);
    write_text(contract_path, CONTRACT);
    write_file(events_path, &text);
    says(compute("2026-11", "--json", NULL), CLI_DONE, "\"failures\":1");
    text.data[65536] = ' ';
    write_file(events_path, &text);
    says(compute("2026-11", NULL, NULL), CLI_USAGE, "events.jsonl:1: longer than 65536 bytes");
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_worlds_through_files),
                                       cmocka_unit_test(wrong_uses), cmocka_unit_test(formats),
                                       cmocka_unit_test(events_on_the_standard_input),
                                       cmocka_unit_test(too_long_a_line)};

    return cmocka_run_group_tests(tests, setup, teardown);
}
