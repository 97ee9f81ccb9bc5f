/* Contracts of their own: what is written arrives, as YAML and as JSON; every slip is named where
 * it stands; and what is written back is read as the same. */
#include "base/buf.h"
#include "base/check.h"
#include "base/mem.h"
#include "base/utc.h"
#include "core/account/contract_json.h"
#include "core/model/model.h"
#include "samples.h"
#include "wire/config.h"
#include "wire/config.h"
#include "wire/contract.h"

#include "testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *examples; /* directory of deploy/examples */

static int parse(const char *yaml, struct contract *contract, struct err *err)
{
    size_t len = strlen(yaml);
    uint8_t *exact = mem_dup(yaml, len);
    int rc = contract_parse("c.yaml", exact, len, contract, err);

    mem_free(exact);
    return rc;
}

static void read_good(const char *yaml, struct contract *contract)
{
    struct err err;

    if (parse(yaml, contract, &err) != 0)
        fail_msg("%s\n%s", err.text, yaml);
}

/* The JSON of the contract in `yaml`; a text to free. */
static char *canonical(const char *yaml)
{
    struct contract contract;
    struct buf out = {0};
    char *text;

    read_good(yaml, &contract);
    buf_str(&out, "{\"contract\":");
    contract_json(&contract, &out);
    buf_str(&out, "}");
    contract_free(&contract);
    text = mem_strdup(buf_cstr(&out));
    buf_free(&out);
    return text;
}

/* ---- what arrives ---- */

static const char everything[] =
    "contract:\n"
    "  name: コールセンター 第2\n"
    "  timezone: Europe/Berlin\n"
    "  functions: [\"call out\", {name: 着信, label_ja: 着信する}, login]\n"
    "  services:\n"
    "    - {name: \"電話\", critical: [\"call out\", 着信]}\n"
    "    - {name: all, critical: [login, 着信, \"call out\"]}\n"
    "  target: 99.9\n"
    "  down_severities: [emergency, severe]\n"
    "  excluded_causes: [force-majeure, third-party-software, third-party-service, customer,\n"
    "                    customer-environment, attack, rate-limit, contract, provider]\n"
    "  minimum_outage_ms: 1500\n"
    "  judged_by: low\n"
    "  discounts: [{below: 98, percent: 10}, {below: \"95.000001\", percent: 25.5}]\n"
    "  valid_from: 2026-04-01\n"
    "  valid_until: 2027-04-01T00:00:00+09:00\n"
    "  minimum_observers: 5\n"
    "  minimum_sites: 2\n"
    "  notification_targets: 1h\n"
    "  recovery_targets: {emergency: 2h, severe: 90m, minor: 2 business days}\n"
    "  desk_hours: {days: \"Mon-Wed,Sat\", from: \"09:00\", to: \"17:30\"}\n"
    "  holidays:\n"
    "    public: none\n"
    "    closed:\n"
    "      - {name: お盆, from: 08-13, to: \"08-16\"}\n"
    "      - {name: 年末年始, from: 12-29, to: 01-03}\n"
    "      - {name: 移転, from: 2026-12-30, to: 2027-01-02}\n"
    "      - {name: 記念日, from: 05-20}\n"
    "  roundings: {yen: half-up}\n"
    "  response_time_target_ms: 3000\n"
    "  monthly_fee: 500000\n";

/* The same, written with other words. */
static const char *const alike[] = {
    "{\"contract\":{\"monthly_fee\":\"500000\",\"response_time_target_ms\":3000,\"roundings\":{"
    "\"yen\":"
    "\"half-up\"},\"holidays\":{\"closed\":[{\"name\":\"\\u304a\\u76c6\",\"from\":\"08-13\",\"to\":"
    "\"08-16\"},{\"name\":\"年末年始\",\"from\":\"12-29\",\"to\":\"01-03\"},{\"name\":\"移転\","
    "\"from\":"
    "\"2026-12-30\",\"to\":\"01-02\"},{\"name\":\"記念日\",\"from\":\"05-20\",\"to\":null}],"
    "\"public\":"
    "\"none\"},\"desk_hours\":\"Mon,Tue,Wed,Sat 09:00-17:30\",\"recovery_targets\":{\"minor\":\"2 "
    "business days\",\"severe\":\"5400s\",\"emergency\":\"7200000ms\"},\"notification_targets\":{"
    "\"emergency\":\"1h\",\"severe\":\"60m\",\"minor\":\"3600s\"},\"minimum_sites\":2,"
    "\"minimum_observers\":\"5\",\"valid_until\":\"2027-03-31T15:00:00Z\",\"valid_from\":"
    "\"2026-04-01\",\"discounts\":[{\"percent\":\"10.0\",\"below\":\"98.000000\"},{\"below\":95."
    "000001,"
    "\"percent\":25.500000}],\"judged_by\":\"low\",\"minimum_outage\":\"1500ms\",\"excluded_"
    "causes\":["
    "\"provider\",\"contract\",\"rate-limit\",\"attack\",\"customer-environment\",\"customer\","
    "\"third-party-service\",\"third-party-software\",\"force-majeure\"],\"down_severities\":["
    "\"severe\",\"emergency\"],\"target\":\"99.9\",\"services\":[{\"name\":\"\\u96fb\\u8a71\","
    "\"critical\":[\"着信\",\"call out\"]},{\"critical\":[\"login\",\"call "
    "out\",\"\\u7740\\u4fe1\"],"
    "\"name\":\"all\"}],\"functions\":[{\"name\":\"call "
    "out\",\"label_ja\":null},{\"name\":\"着信\","
    "\"label_ja\":\"着信する\"},\"login\"],\"timezone\":\"Europe\\/Berlin\",\"name\":"
    "\"コールセンター \\u7b2c2\"}}\n",
};

static void all_of_it_arrives(void **state)
{
    struct contract c;
    int64_t until;
    int i;

    read_good(everything, &c);
    assert_string_equal(c.name, "コールセンター 第2");
    assert_string_equal(c.timezone, "Europe/Berlin");
    assert_int_equal(c.n_functions, 3);
    assert_string_equal(c.functions[0].name, "call out");
    assert_string_equal(c.functions[0].label_ja, "");
    assert_string_equal(c.functions[1].label_ja, "着信する");
    assert_int_equal(c.n_services, 2);
    assert_string_equal(c.services[0].name, "電話");
    assert_int_equal(c.services[0].critical.bits[0], 3);
    assert_int_equal(c.services[1].critical.bits[0], 7);
    assert_int_equal(c.terms.target_micro, 99900000);
    assert_true(c.terms.down_severity[SEVERITY_EMERGENCY]);
    assert_true(c.terms.down_severity[SEVERITY_SEVERE]);
    assert_false(c.terms.down_severity[SEVERITY_MINOR]);
    for (i = 0; i < CAUSE_COUNT; i++)
        assert_true(c.terms.excluded_cause[i]);
    assert_int_equal(c.terms.minimum_outage_ms, 1500);
    assert_int_equal(c.terms.judged_by, JUDGED_LOW);
    assert_int_equal(c.terms.n_discounts, 2);
    assert_int_equal(c.terms.discounts[1].below_micro, 95000001);
    assert_int_equal(c.terms.discounts[1].percent_micro, 25500000);
    assert_true(c.valid_from.given && c.valid_from.local);
    assert_int_equal(c.valid_from.ms, utc_days_from_civil(2026, 4, 1) * 86400000);
    assert_int_equal(utc_parse("2027-04-01T00:00:00+09:00", &until), 0);
    assert_true(c.valid_until.given && !c.valid_until.local);
    assert_int_equal(c.valid_until.ms, until);
    assert_int_equal(c.minimum_observers, 5);
    assert_int_equal(c.minimum_sites, 2);
    for (i = 0; i < SEVERITY_COUNT; i++) {
        assert_int_equal(c.notification[i].kind, TARGET_CLOCK);
        assert_int_equal(c.notification[i].amount, 3600000);
    }
    assert_int_equal(c.recovery[SEVERITY_SEVERE].amount, 5400000);
    assert_int_equal(c.recovery[SEVERITY_MINOR].kind, TARGET_BUSINESS_DAYS);
    assert_int_equal(c.recovery[SEVERITY_MINOR].amount, 2);
    assert_int_equal(c.desk.hours.days, 0x27);
    assert_int_equal(c.desk.hours.begin_min, 540);
    assert_int_equal(c.desk.hours.end_min, 1050);
    assert_true(c.desk.open_on_holidays);
    assert_int_equal(c.desk.n_closed, 4);
    assert_string_equal(c.desk.closed[1].name, "年末年始");
    assert_int_equal(c.desk.closed[1].first_month, 12);
    assert_int_equal(c.desk.closed[1].last_month, 1);
    assert_int_equal(c.desk.closed[2].year, 2026);
    assert_int_equal(c.desk.closed[3].last_day, 20);
    assert_int_equal(c.yen_rounding, YEN_HALF_UP);
    assert_int_equal(c.response_time_ms, 3000);
    assert_int_equal(c.monthly_fee_yen, 500000);
    contract_free(&c);
}

static void json_is_read_like_yaml(void **state)
{
    char *wanted = canonical(everything);
    size_t i;

    for (i = 0; i < sizeof alike / sizeof *alike; i++) {
        char *got = canonical(alike[i]);

        assert_string_equal(got, wanted);
        mem_free(got);
    }
    mem_free(wanted);
}

/* One JSON value a line, indented with `indent`, as programs print it. */
static void pretty(const char *json, const char *indent, struct buf *out)
{
    bool quoted = false;
    int depth = 0;

    buf_clear(out);
    for (; *json != '\0'; json++) {
        bool opens = !quoted && (*json == '{' || *json == '[');
        bool closes = !quoted && (*json == '}' || *json == ']');

        if (*json == '"' && json[-1] != '\\')
            quoted = !quoted;
        depth += opens - closes;
        if (closes)
            buf_str(out, "\n");
        for (int i = 0; closes && i < depth; i++)
            buf_str(out, indent);
        buf_append(out, json, 1);
        if (opens || (*json == ',' && !quoted)) {
            buf_str(out, "\n");
            for (int i = 0; i < depth; i++)
                buf_str(out, indent);
        } else if (*json == ':' && !quoted) {
            buf_str(out, " ");
        }
    }
}

static void what_is_written_back_is_the_same(void **state)
{
    static const char *const indents[] = {"", "  ", "\t"};
    char *first = canonical(everything), *second = canonical(first);
    struct buf text = {0};
    size_t i;

    assert_string_equal(second, first);
    mem_free(second);
    for (i = 0; i < sizeof indents / sizeof *indents; i++) {
        pretty(first, indents[i], &text);
        second = canonical(buf_cstr(&text));
        assert_string_equal(second, first);
        mem_free(second);
    }
    mem_free(first);
    buf_free(&text);
}

static void the_rest_has_defaults(void **state)
{
    static const char *const least[] = {
        "contract: {name: c, functions: [f]}",
        "{\"contract\":{\"name\":\"c\",\"functions\":[\"f\"]}}",
        "contract: {name: c, functions: [f], services: null, target: null, discounts: [],\n"
        "  valid_from: null, holidays: {}, recovery_targets: {emergency: null}, roundings: {},\n"
        "  desk_hours: null, timezone: null, monthly_fee: null, excluded_causes: []}",
    };
    struct contract c;
    size_t i;

    for (i = 0; i < sizeof least / sizeof *least; i++) {
        read_good(least[i], &c);
        assert_string_equal(c.timezone, "Asia/Tokyo");
        assert_int_equal(c.n_services, 0);
        assert_int_equal(c.terms.target_micro, 0);
        assert_true(c.terms.down_severity[SEVERITY_EMERGENCY]);
        assert_false(c.terms.down_severity[SEVERITY_SEVERE]);
        assert_false(c.terms.down_severity[SEVERITY_MINOR]);
        for (int k = 0; k < CAUSE_COUNT; k++)
            assert_false(c.terms.excluded_cause[k]);
        assert_int_equal(c.terms.minimum_outage_ms, 0);
        assert_int_equal(c.terms.judged_by, JUDGED_MEASURED);
        assert_int_equal(c.terms.n_discounts, 0);
        assert_false(c.valid_from.given);
        assert_false(c.valid_until.given);
        assert_int_equal(c.minimum_observers, 0);
        assert_int_equal(c.minimum_sites, 0);
        assert_int_equal(c.recovery[SEVERITY_EMERGENCY].kind, TARGET_NONE);
        assert_int_equal(c.notification[SEVERITY_MINOR].kind, TARGET_NONE);
        assert_int_equal(c.desk.hours.days, 0x1f);
        assert_int_equal(c.desk.hours.begin_min, 600);
        assert_false(c.desk.open_on_holidays);
        assert_int_equal(c.desk.n_closed, 0);
        assert_int_equal(c.yen_rounding, YEN_DOWN);
        assert_int_equal(c.response_time_ms, 0);
        assert_int_equal(c.monthly_fee_yen, -1);
        contract_free(&c);
    }
}

static void hours_without_days_are_from_monday_to_friday(void **state)
{
    static const char *const hours[] = {"09:00-17:00", "{from: \"09:00\", to: \"17:00\"}"};
    struct contract c;
    char yaml[128];
    size_t i;

    for (i = 0; i < sizeof hours / sizeof *hours; i++) {
        snprintf(yaml, sizeof yaml, "contract: {name: c, functions: [f], desk_hours: %s}",
                 hours[i]);
        read_good(yaml, &c);
        assert_int_equal(c.desk.hours.days, 0x1f);
        assert_int_equal(c.desk.hours.begin_min, 540);
        contract_free(&c);
    }
}

static void null_in_quotes_is_a_text(void **state)
{
    struct contract c;

    read_good("contract: {name: \"null\", functions: ['null']}", &c);
    assert_string_equal(c.name, "null");
    assert_string_equal(c.functions[0].name, "null");
    contract_free(&c);
}

/* ---- what does not ---- */

static const struct {
    const char *yaml, *told;
} refused[] = {
    /* the file */
    {"", "c.yaml: is empty"},
    {"[]", "c.yaml:1: the contract file: expected a map of keys and values, found a list"},
    {"contract: {", "not YAML: while parsing a flow node"},
    {"name: c", "c.yaml:1: unknown key \"name\" in the contract file"},
    {"{}", "c.yaml:1: the contract file: key \"contract\" is missing"},
    {"contract: null", "c.yaml:1: the contract file: key \"contract\" is missing"},
    {"contract: c", "c.yaml:1: contract: expected a map of keys and values, found \"c\""},
    {"contract: {name: c, functions: [f]}\ncluster: c\n", "c.yaml:2: this is a cluster file"},
    {"contract: {name: c, functions: [f]}\nroutes: []\n", "c.yaml:2: unknown key \"routes\""},
    {"contract: {name: c, functions: [f]}\ncontract: {}\n",
     "c.yaml:2: key \"contract\" comes twice in the contract file, first in line 1"},
    {"contract: {name: &a c}", "c.yaml:1: anchors are not allowed"},
    {"{\"contract\":{\"name\":\"\\ud83d\"}}", "c.yaml:1: not YAML"},
#define WITH(line) "contract:\n  functions: [f, g]\n  name: c\n  " line "\n"
    /* keys */
    {WITH("targett: 1"), "c.yaml:4: unknown key \"targett\" in contract; did you mean \"target\"?"},
    {WITH("name: d"), "c.yaml:4: key \"name\" comes twice in contract, first in line 3"},
    {"contract: {functions: [f]}", "c.yaml:1: contract: key \"name\" is missing"},
    {"contract: {name: c}", "c.yaml:1: contract: key \"functions\" is missing"},
    {"contract: {name: c, functions: null}", "c.yaml:1: contract: key \"functions\" is missing"},
    /* names */
    {"contract: {name: \"\", functions: [f]}",
     "name of contract: expected a text of 1 to 63 bytes"},
    {"contract: {name: \"a\\u202eb\", functions: [f]}", "name of contract: expected a text that"},
    {"contract: {name: \"\\u3000\", functions: [f]}", "name of contract: expected a text that"},
    {"contract: {name: [c], functions: [f]}", "name of contract: expected a text of 1 to 63 bytes, "
                                              "found a list"},
    {"contract: {name: あいうえおかきくけこさしすせそたちつてとなに, functions: [f]}",
     "name of contract: expected a text of 1 to 63 bytes"},
    /* functions and services */
    {"contract: {name: c, functions: []}", "functions of contract: expected a function or more"},
    {"contract: {name: c, functions: f}", "functions of contract: expected a list, found \"f\""},
    {"contract: {name: c, functions: [f, f]}", "c.yaml:1: two functions are named \"f\""},
    {"contract: {name: c, functions: [f, null]}", "functions of contract: expected no null in"},
    {"contract: {name: c, functions: [f, {name: f, label_ja: 発信}]}",
     "two functions are named \"f\""},
    {"contract: {name: c, functions: [{label_ja: f}]}", "function of contract: key \"name\" is"},
    {"contract: {name: c, functions: [{name: f, route: r}]}", "unknown key \"route\" in function"},
    {"contract: {name: c, functions: [[f]]}", "function of contract: expected a text of 1 to 63"},
    {WITH("services: [{name: s, critical: [h]}]"),
     "c.yaml:4: there is no function \"h\" in this contract"},
    {WITH("services: [{name: s, critical: [f, f]}]"), "critical of service: \"f\" is named twice"},
    {WITH("services: [{name: s}]"), "c.yaml:4: service: key \"critical\" is missing"},
    {WITH("services: [{critical: [f]}]"), "c.yaml:4: service: key \"name\" is missing"},
    {WITH("services: [{name: s, critical: [f]}, {name: s, critical: [g]}]"),
     "two services are named \"s\""},
    {WITH("services: [{name: s, critical: [f], weight: 1}]"), "unknown key \"weight\" in service"},
    {WITH("services: s"), "services of contract: expected a list"},
    /* zone */
    {WITH("timezone: ../etc"), "timezone of contract: expected"},
    {WITH("timezone: /Tokyo"), "timezone of contract: expected a name such as Asia/Tokyo"},
    {WITH("timezone: \"\""), "timezone of contract: expected"},
    {WITH("timezone: {}"), "timezone of contract: expected"},
    /* percentages */
    {WITH("target: 0"),
     "c.yaml:4: target of contract: expected a percentage above 0 and up to 100"},
    {WITH("target: 100.000001"), "target of contract: expected"},
    {WITH("target: -1"), "found \"-1\""},
    {WITH("target: 99.9%"), "found \"99.9%\""},
    {WITH("target: 99.1234567"), "at most six decimals, such as 99.9, found \"99.1234567\""},
    {WITH("target: 99."), "target of contract"},
    {WITH("target: .9"), "target of contract"},
    {WITH("target: 9e1"), "target of contract"},
    {WITH("target: 1000"), "target of contract"},
    {WITH("target: 99999999999999999999999"), "target of contract"},
    {WITH("target: \"\""), "target of contract"},
    {WITH("target: true"), "target of contract"},
    {WITH("target: [99]"),
     "target of contract: expected a percentage above 0 and up to 100 with at "
     "most six decimals, such as 99.9, found a list"},
    /* what counts */
    {WITH("down_severities: [grave]"), "down_severities of contract: expected emergency, severe or "
                                       "minor, found \"grave\""},
    {WITH("down_severities: emergency"), "down_severities of contract: expected a list"},
    {WITH("excluded_causes: [weather]"), "excluded_causes of contract: expected one of provider, "
                                         "force-majeure"},
    {WITH("minimum_outage_ms: -1"), "minimum_outage_ms of contract: expected a number from 0 to "},
    {WITH("minimum_outage_ms: 86400001"), "minimum_outage_ms of contract: expected"},
    {WITH("minimum_outage_ms: 1.5"), "minimum_outage_ms of contract: expected"},
    {WITH("minimum_outage: 5"), "minimum_outage of contract: expected a duration with its unit"},
    {WITH("minimum_outage: 5s\n  minimum_outage_ms: 5000"),
     "c.yaml:5: contract: minimum_outage and minimum_outage_ms are the same"},
    {WITH("judged_by: mean"), "judged_by of contract: expected measured, low or high"},
    /* discounts */
    {WITH("discounts: [{below: 98}]"), "c.yaml:4: discount: key \"percent\" is missing"},
    {WITH("discounts: [{percent: 1}]"), "c.yaml:4: discount: key \"below\" is missing"},
    {WITH("discounts: [{below: 98, percent: 101}]"),
     "percent of discount: expected a percentage from "
     "0 to 100"},
    {WITH("discounts: [{below: 98, percent: -1}]"), "percent of discount: expected"},
    {WITH("discounts: [{below: 100.1, percent: 1}]"), "below of discount: expected"},
    {WITH("discounts:\n   - {below: 98, percent: 1}\n   - {below: \"98.0\", percent: 2}"),
     "c.yaml:6: discounts of contract: two are for below the same percentage"},
    {WITH("discounts: [{below: 98, percent: 1, yen: 2}]"), "unknown key \"yen\" in discount"},
    {WITH("discounts: {}"), "discounts of contract: expected a list, found a map"},
    /* validity */
    {WITH("valid_from: 2026-02-29"), "c.yaml:4: valid_from of contract: expected a date such as"},
    {WITH("valid_from: 2026-4-1"), "valid_from of contract: expected a date such as"},
    {WITH("valid_from: 2026-04-01T00:00:00"), "valid_from of contract: expected a date such as"},
    {WITH("valid_until: 0000-00-00"), "valid_until of contract: expected a date such as"},
    {WITH("valid_from: 1969-12-31"), "valid_from of contract: expected a date such as"},
    {WITH("valid_from: 1969-12-31T23:59:59Z"), "valid_from of contract: expected a date such as"},
    {WITH("valid_until: 9999-12-31T23:59:59-00:01"), "valid_until of contract: expected a date"},
    {WITH("valid_until: soon"), "valid_until of contract: expected a date such as"},
    {WITH("valid_until: []"), "valid_until of contract: expected a date such as"},
    {WITH("valid_from: 2026-04-01\n  valid_until: 2026-04-01"),
     "contract: valid_until is not after valid_from"},
    {WITH("valid_from: 2026-04-01T00:00:00Z\n  valid_until: 2026-04-01T09:00:00+09:00"),
     "contract: valid_until is not after valid_from"},
    {WITH("valid_from: 2026-04-01T00:00:00Z\n  valid_until: 2026-03-31"),
     "contract: valid_until is not after valid_from"},
    /* least of observers and sites */
    {WITH("minimum_observers: 0"), "minimum_observers of contract: expected a number from 1 to 64"},
    {WITH("minimum_observers: 65"), "minimum_observers of contract"},
    {WITH("minimum_sites: 17"), "minimum_sites of contract: expected a number from 1 to 16"},
    /* targets */
    {WITH("notification_targets: 1"), "notification_targets of contract: expected a time up to 366 "
                                      "days, such as 2h, 2 business days or 8 business hours, "
                                      "found \"1\""},
    {WITH("notification_targets: [1h]"), "notification_targets of contract: expected"},
    {WITH("notification_targets: {grave: 1h}"), "unknown key \"grave\" in notification_targets of"},
    {WITH("recovery_targets: {minor: 2 days}"), "minor of targets: expected a time up to 366 days"},
    {WITH("recovery_targets: {minor: 0 business days}"), "minor of targets: expected"},
    {WITH("recovery_targets: {minor: 367 business days}"), "minor of targets: expected"},
    {WITH("recovery_targets: {minor: 99999 business days}"), "minor of targets: expected"},
    {WITH("recovery_targets: {minor: business days}"), "minor of targets: expected"},
    {WITH("recovery_targets: {minor: 9000 business hours}"), "minor of targets: expected"},
    {WITH("recovery_targets: {severe: 0h}"), "severe of targets: expected"},
    {WITH("recovery_targets: {severe: 8785h}"), "severe of targets: expected"},
    {WITH("recovery_targets: {severe: -1h}"), "severe of targets: expected"},
    {WITH("recovery_targets: {severe: {}}"), "severe of targets: expected"},
    /* the desk */
    {WITH("desk_hours: 9-17"), "desk_hours of contract: expected hours of one day"},
    {WITH("desk_hours: \"19:00-10:00\""), "desk_hours of contract: expected hours of one day"},
    {WITH("desk_hours: \"10:00-25:00\""), "desk_hours of contract: expected hours of one day"},
    {WITH("desk_hours: Mo-Fr 10:00-19:00"), "desk_hours of contract: expected hours of one day"},
    {WITH("desk_hours: []"), "desk_hours of contract: expected hours of one day"},
    {WITH("desk_hours: {from: \"10:00\"}"), "desk_hours of contract: key \"to\" is missing"},
    {WITH("desk_hours: {days: Mon, from: \"10:00\", to: \"9:00\"}"),
     "desk_hours of contract: expected"},
    {WITH("desk_hours: {day: Mon, from: \"10:00\", to: \"19:00\"}"), "did you mean \"days\"?"},
    {WITH("holidays: japan"), "holidays of contract: expected a map"},
    {WITH("holidays: {public: france}"), "public of holidays: expected japan or none"},
    {WITH("holidays: {closed: [08-13]}"), "closed days: expected a map of keys and values"},
    {WITH("holidays: {closed: [{name: a, from: 8-13}]}"),
     "from of closed days: expected a day such as"},
    {WITH("holidays: {closed: [{name: a, from: 02-30}]}"), "closed days 1 (a): 02-30 is no date"},
    {WITH("holidays: {closed: [{name: a, from: 2026-02-29}]}"),
     "closed days 1 (a): 02-29 is no date"},
    {WITH("holidays: {closed: [{name: a, from: 01-01}, {name: b, from: 01-01, to: 13-01}]}"),
     "closed days 2 (b): 13-01 is no date"},
    {WITH("holidays: {closed: [{name: a, from: 01-01, to: 2026-01-03}]}"),
     "less than a year apart"},
    {WITH("holidays: {closed: [{name: a, from: 2026-01-05, to: 2027-01-06}]}"), "less than a year"},
    {WITH("holidays: {closed: [{name: a, from: 2026-12-29, to: 2026-01-03}]}"), "less than a year"},
    {WITH("holidays: {closed: [{from: 01-01}]}"), "closed days: key \"name\" is missing"},
    {WITH("holidays: {closed: [{name: a}]}"), "closed days: key \"from\" is missing"},
    {WITH("holidays: {open: [a]}"), "unknown key \"open\" in holidays of contract"},
    /* money and time */
    {WITH("roundings: {yen: nearest}"),
     "yen of roundings of contract: expected down, up or half-up"},
    {WITH("roundings: down"), "roundings of contract: expected a map"},
    {WITH("roundings: {eur: down}"), "unknown key \"eur\" in roundings of contract"},
    {WITH("response_time_target_ms: 0"),
     "response_time_target_ms of contract: expected a number from"},
    {WITH("response_time_target_ms: 3s"), "response_time_target_ms of contract: expected"},
    {WITH("monthly_fee: -1"), "monthly_fee of contract: expected a number from 0 to 100000000000"},
    {WITH("monthly_fee: 100000000001"), "monthly_fee of contract: expected"},
    {WITH("monthly_fee: 1000.5"), "monthly_fee of contract: expected"},
    {WITH("monthly_fee: 99999999999999999999"), "monthly_fee of contract: expected"},
};

static void slips_are_named(void **state)
{
    struct contract contract;
    struct err err;
    size_t i;

    for (i = 0; i < sizeof refused / sizeof *refused; i++) {
        if (parse(refused[i].yaml, &contract, &err) == 0)
            fail_msg("is taken: %s", refused[i].yaml);
        if (strstr(err.text, refused[i].told) == NULL)
            fail_msg("\"%s\" does not say \"%s\"\n%s", err.text, refused[i].told, refused[i].yaml);
        assert_null(contract.functions);
    }
}

static void there_are_limits(void **state)
{
    static const struct {
        const char *before, *item, *after, *told;
        int most;
    } rows[] = {
        {"contract: {name: c, functions: [", "f%d", "]}", "functions of contract: more than 256",
         LIMIT_FUNCTIONS},
        {"contract: {name: c, functions: [f], services: [", "{name: s%d, critical: [f]}", "]}",
         "services of contract: more than 256", LIMIT_FUNCTIONS},
        {"contract: {name: c, functions: [f], discounts: [", "{below: %d, percent: 1}", "]}",
         "discounts of contract: more than 16", LIMIT_TIERS},
        {"contract: {name: c, functions: [f], holidays: {closed: [", "{name: c%d, from: 01-01}",
         "]}}", "closed of holidays: more than 64", DESK_CLOSED_MAX},
    };
    struct contract contract;
    struct err err;
    size_t r;

    for (r = 0; r < sizeof rows / sizeof *rows; r++)
        for (int more = 0; more < 2; more++) {
            struct buf text = {0};
            char item[64];

            buf_str(&text, rows[r].before);
            for (int i = 0; i < rows[r].most + more; i++) {
                snprintf(item, sizeof item, rows[r].item, i);
                buf_str(&text, i > 0 ? ", " : "");
                buf_str(&text, item);
            }
            buf_str(&text, rows[r].after);
            assert_true((parse(buf_cstr(&text), &contract, &err) == 0) == (more == 0));
            if (more > 0 && strstr(err.text, rows[r].told) == NULL)
                fail_msg("%s", err.text);
            contract_free(&contract);
            buf_free(&text);
        }
}

static void validity_may_be_within_a_day_of_unlike_times(void **state)
{
    struct contract contract;

    read_good(WITH("valid_from: 2026-04-01T00:00:00Z\n  valid_until: 2026-04-01"), &contract);
    contract_free(&contract);
}

/* As the ledger has it: with the functions and services of the cluster file, and its name where
 * the contract has none. */
static void a_cluster_s_is_read_back(void **state)
{
    static const char *const names[] = {"{\"name\":\"sla\",", "{\"name\":\"sample\","};
    struct model *model;
    struct err err;

    if (config_parse("it", (const uint8_t *)sample_yaml, strlen(sample_yaml), &model, &err) != 0)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct buf json = {0};
        char *again;

        if (i > 0)
            model->contract.name[0] = '\0';
        buf_str(&json, "{\"contract\":");
        model_contract_json(model, &json);
        buf_str(&json, "}");
        again = canonical(buf_cstr(&json));
        assert_string_equal(again, buf_cstr(&json));
        assert_non_null(strstr(again, names[i]));
        assert_non_null(strstr(again, "{\"name\":\"all\",\"critical\":[\"calling\",\"login\"]}"));
        mem_free(again);
        buf_free(&json);
    }
    model_free(model);
}

/* As JSON of ASCII alone says them. */
static void escapes_of_json_are_read(void **state)
{
    struct contract c;
    struct err err;

    read_good(" \n{\"contract\":{\"name\":\"\\ud842\\uDFB7\\u91ce\\u5bb6 \\\\ud842\\\\udfb7 \\/ "
              "\\\"\",\"functions\":[\"\\ud83d\\udcde\"]}}",
              &c);
    assert_string_equal(c.name, "𠮷野家 \\ud842\\udfb7 / \"");
    assert_string_equal(c.functions[0].name, "📞");
    contract_free(&c);
    assert_int_not_equal(parse("{\"contract\":{\"name\":\"\\ud842\"}}", &c, &err), 0);
    assert_int_not_equal(parse("{\"contract\":{\"name\":\"\\ud842\\ud842\"}}", &c, &err), 0);
    assert_int_not_equal(parse("{\"contract\":{\"name\":\"\\udfb7\\ud842\"}}", &c, &err), 0);
    assert_int_not_equal(parse("{\"contract\":{\"name\":\"\\ud842\\udfb", &c, &err), 0);
    assert_int_not_equal(parse("{\"contract\\", &c, &err), 0);
}

/* What goes into the ledger is read by who makes reports from it. */
static void what_a_cluster_promises_is_read(void **state)
{
    static const char yaml[] =
        "cluster: c\nversion: 1\nsites: [{name: s}]\n"
        "servers: [{name: a, site: s, host: h1}, {name: b, site: s, host: h2},\n"
        "          {name: d, site: s, host: h3}]\n"
        "checks: [{name: t, targets: [a], tcp: {port: 1}}]\n"
        "functions: [{name: f, label_ja: \"a\\u202eb\", checks: [t]},\n"
        "            {name: g, label_ja: \"\\u3000\", label_en: G, checks: [t]}]\n"
        "services: [{name: one, critical: [f]}, {name: none, critical: []}]\n";
    struct buf text = {0};
    struct contract c;
    struct model *m;
    struct err err;

    if (config_parse("c.yaml", (const uint8_t *)yaml, sizeof yaml - 1, &m, &err) != 0)
        fail_msg("%s", err.text);
    buf_str(&text, "{\"contract\":");
    model_contract_json(m, &text);
    buf_str(&text, "}");
    read_good(buf_cstr(&text), &c);
    assert_string_equal(c.name, "c");
    assert_string_equal(c.functions[0].label_ja, "a???b");
    assert_string_equal(c.functions[1].label_ja, "");
    assert_string_equal(c.functions[1].label_en, "G");
    assert_int_equal(c.services[1].critical.bits[0], 0);
    contract_free(&c);
    model_free(m);
    buf_free(&text);
}

static void the_example_is_good(void **state)
{
    struct buf text = {0};
    char path[512];
    struct contract c;
    FILE *file;

    snprintf(path, sizeof path, "%s/contract-video.yaml", examples);
    file = fopen(path, "re");
    assert_non_null(file);
    text.len = fread(buf_reserve(&text, LIMIT_CONFIG), 1, LIMIT_CONFIG, file);
    fclose(file);
    read_good(buf_cstr(&text), &c);
    assert_int_equal(c.n_functions, 3);
    assert_int_equal(c.services[0].critical.bits[0], 7);
    assert_int_equal(c.terms.target_micro, 99900000);
    assert_int_equal(c.recovery[SEVERITY_MINOR].amount, 8 * 3600000);
    assert_int_equal(c.notification[SEVERITY_SEVERE].amount, 24 * 3600000);
    assert_int_equal(c.desk.hours.end_min, 17 * 60);
    contract_free(&c);
    buf_free(&text);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_it_arrives),
        cmocka_unit_test(json_is_read_like_yaml),
        cmocka_unit_test(what_is_written_back_is_the_same),
        cmocka_unit_test(the_rest_has_defaults),
        cmocka_unit_test(hours_without_days_are_from_monday_to_friday),
        cmocka_unit_test(null_in_quotes_is_a_text),
        cmocka_unit_test(slips_are_named),
        cmocka_unit_test(there_are_limits),
        cmocka_unit_test(a_cluster_s_is_read_back),
        cmocka_unit_test(escapes_of_json_are_read),
        cmocka_unit_test(what_a_cluster_promises_is_read),
        cmocka_unit_test(the_example_is_good),
        cmocka_unit_test(validity_may_be_within_a_day_of_unlike_times),
    };

    examples = argc > 1 ? argv[1] : NULL;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
