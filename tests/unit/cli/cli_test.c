/* The command line without a cluster: help, wrong use, and what works offline. */
#include "cli/admin_config.h"
#include "cli/cli.h"
#include "cli/table.h"
#include "base/utc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "run.h"

#include "../simulate/shop.h"

static int teardown(void **state)
{
    run_free();
    return 0;
}

static void wrong(int code, const char *text)
{
    assert_int_equal(code, CLI_USAGE);
    if (strstr(err_text, text) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err_text, text);
}

static const char *const commands[] = {"status",
                                       "nodes",
                                       "routes",
                                       "explain",
                                       "coverage",
                                       "topology",
                                       "failover",
                                       "switchover",
                                       "maintenance add",
                                       "maintenance list",
                                       "maintenance end",
                                       "audit export",
                                       "audit verify",
                                       "sla report",
                                       "sla compute",
                                       "config check",
                                       "simulate",
                                       "rules",
                                       "replay",
                                       "incident list",
                                       "incident show",
                                       "incident amend",
                                       "incident annotate",
                                       "incident ack",
                                       "notice list",
                                       "notice show",
                                       "notice test",
                                       "incident post",
                                       "contract check",
                                       "contract show"};

static void test_help(void **state)
{
    size_t i;

    assert_int_equal(run("--help", NULL), CLI_DONE);
    for (i = 0; i < sizeof commands / sizeof *commands; i++)
        assert_non_null(strstr(out_text, commands[i]));
    assert_int_equal(run("--version", NULL), CLI_DONE);
    assert_non_null(strstr(out_text, "kirikae "));
    assert_int_equal(run("help", NULL), CLI_DONE);
    for (i = 0; i < sizeof commands / sizeof *commands; i++) {
        char first[32], example[64];
        const char *space = strchr(commands[i], ' ');

        snprintf(first, sizeof first, "%.*s", (int)strcspn(commands[i], " "), commands[i]);
        snprintf(example, sizeof example, "example:\n  kirikae %s", commands[i]);
        assert_int_equal(
            run(first, space != NULL ? space + 1 : "--help", space != NULL ? "--help" : NULL, NULL),
            CLI_DONE);
        assert_non_null(strstr(out_text, example));
        assert_non_null(strstr(out_text, "needs: "));
        assert_int_equal(run("help", first, space != NULL ? space + 1 : NULL, NULL), CLI_DONE);
        assert_non_null(strstr(out_text, example));
    }
}

static void test_help_of_a_family(void **state)
{
    assert_int_equal(run("maintenance", "--help", NULL), CLI_DONE);
    assert_non_null(strstr(out_text, "maintenance extend"));
    assert_null(strstr(out_text, "audit"));
    assert_int_equal(run("help", "audit", NULL), CLI_DONE);
    assert_non_null(strstr(out_text, "audit verify"));
    wrong(run("help", "audit", "exprot", NULL), "audit export, audit verify");
    (void)state;
}

static void test_wrong_use(void **state)
{
    char long_text[300];

    memset(long_text, 'r', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    assert_int_equal(run(NULL), CLI_USAGE);
    wrong(run("statsu", NULL), "no command \"statsu\"");
    wrong(run("help", "statsu", NULL), "no command");
    wrong(run("audit", NULL), "audit export, audit verify");
    wrong(run("audit", "exprot", NULL), "audit export, audit verify");
    wrong(run("status", "--jsno", NULL), "no option --jsno");
    wrong(run("status", "-j", NULL), "no option -j");
    wrong(run("status", "now", NULL), "one word too many");
    wrong(run("status", "--json=yes", NULL), "takes no value");
    wrong(run("status", "--node", NULL), "--node needs NAME");
    wrong(run("status", "--timeout", "0", NULL), "1 to 600");
    wrong(run("status", "--timeout", "5x", NULL), "1 to 600");
    wrong(run("--json", NULL), "a command is missing");
    wrong(run("--node", "b1", "statsu", NULL), "no command \"statsu\"");
    wrong(run("--node", NULL), "--node needs NAME");
    wrong(run("failover", NULL), "usage: kirikae failover ROUTE");
    wrong(run("failover", "calls", NULL), "--to CANDIDATE is needed");
    wrong(run("failover", "calls", "--to", "osaka", NULL), "--reason TEXT is needed");
    wrong(run("failover", "calls", "--to", "osaka", "--to", "tokyo", "--reason", "r", NULL),
          "given twice");
    wrong(run("failover", "calls", "--to", "osaka", "--reason", " ", NULL), "--reason is empty");
    wrong(run("failover", "calls", "--to", "osaka", "--reason", long_text, NULL),
          "--reason is 299 bytes long, at most 255");
    wrong(run("pause", "--for", "2h", "--reason", "r", NULL), "give one route, or --all");
    wrong(run("pause", "calls", "--all", "--for", "2h", "--reason", "r", NULL),
          "give one route, or --all");
    wrong(run("pause", "calls", "--for", "soon", "--reason", "r", NULL), "is no duration");
    wrong(run("pause", "calls", "--reason", "r", NULL), "--for DURATION is needed");
    wrong(run("pause", "calls", "mail", "--for", "2h", "--reason", "r", NULL), "one word too many");
    wrong(run("maintenance", "extend", "7", "--until", "then", "--reason", "r", NULL),
          "--until \"then\" is not a time");
    wrong(run("switchover", "calls", "--to", "osaka", "--reason", "r", "--force", NULL),
          "no option --force");
    wrong(run("maintenance", "end", "x", "--reason", "r", NULL), "not the number of a window");
    wrong(run("maintenance", "add", "--functions", "a", "--start", "tomorrow", "--end", "+2h",
              "--reason", "r", NULL),
          "--start \"tomorrow\" is not a time");
    wrong(run("audit", "export", "--format", "xml", NULL), "jsonl or csv");
    wrong(run("audit", "export", "--format", "csv", "--since", "x", NULL), "--since \"x\"");
    wrong(run("sla", "report", "--month", "2026-13", NULL), "not a month");
    wrong(run("sla", "report", "--month", "2026-11", "--lang", "de", NULL), "ja or en");
    wrong(run("sla", "report", "--month", "2026-11", "--format", "pdf", NULL),
          "text, json, csv or html");
    wrong(run("audit", "verify", "/nonexistent/x", NULL), "/nonexistent/x");
    wrong(run("replay", "/nonexistent/x", NULL), "/nonexistent/x");
    wrong(run("explain", NULL), "one of these");
    wrong(run("explain", "calls", "--last", NULL), "one of these");
    wrong(run("explain", "calls", "lines", NULL), "one word too many");
    wrong(run("explain", "--why-not", "calls", "--from", "x", NULL), "an export cannot tell");
    wrong(run("explain", "--last", "--from", "/nonexistent/x", NULL), "/nonexistent/x");
    wrong(run("config", "check", "/nonexistent/x", NULL), "/nonexistent/x");
    wrong(run("simulate", NULL), "usage: kirikae simulate FILE");
    wrong(run("simulate", "/nonexistent/x", NULL), "--fault, --loss or --campaign");
    wrong(run("simulate", "/nonexistent/x", "--campaign", NULL), "/nonexistent/x");
    wrong(run("simulate", "x", "--campaign", "--pairs", NULL), "--campaign or --pairs");
    wrong(run("simulate", "x", "--pairs", "--trace", NULL), "has its own faults");
    wrong(run("simulate", "x", "--campaign", "--seed", "-1", NULL), "--seed \"-1\"");
    wrong(run("simulate", "x", "--campaign", "--sites-ms", "1001", NULL), "up to 1000");
    wrong(run("status", "--config", "/nonexistent/admin.yaml", NULL), "/nonexistent/admin.yaml");
    wrong(run("--config", "/nonexistent/admin.yaml", "--json", "status", NULL),
          "/nonexistent/admin.yaml");
    wrong(run("--reason", "r", "--config=/nonexistent/admin.yaml", "drain", "a1", NULL),
          "/nonexistent/admin.yaml");
}

/* --force without a terminal and without --yes: nobody could be asked. */
static void test_force_needs_a_yes(void **state)
{
    int in = dup(STDIN_FILENO), pipes[2];

    assert_int_equal(pipe(pipes), 0);
    dup2(pipes[0], STDIN_FILENO);
    wrong(run("failover", "calls", "--to", "osaka", "--reason", "r", "--force", NULL), "add --yes");
    dup2(in, STDIN_FILENO);
    close(in);
    close(pipes[0]);
    close(pipes[1]);
}

static void test_error_as_json(void **state)
{
    json_t *json;

    assert_int_equal(run("config", "check", "/nonexistent/x", "--json", NULL), CLI_USAGE);
    json = json_loads(out_text, 0, NULL);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(json, "error"), "exit")),
                     CLI_USAGE);
    json_decref(json);
}

/* ---- offline ---- */

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static const char cluster[] = "cluster: test\nversion: 3\n"
                              "sites: [{name: tokyo}, {name: osaka}, {name: ishikari}]\n"
                              "servers:\n"
                              "  - {name: a1, site: tokyo, host: 127.0.0.1}\n"
                              "  - {name: b1, site: osaka, host: 127.0.0.2}\n"
                              "  - {name: c1, site: ishikari, host: 127.0.0.3}\n"
                              "checks:\n"
                              "  - {name: voice, targets: [a1, b1], tcp: {port: 8080}}\n"
                              "routes:\n"
                              "  - name: calls\n"
                              "    candidates:\n"
                              "      - {name: tokyo, servers: [a1], least: 1}\n"
                              "      - {name: osaka, servers: [b1], least: 1}\n"
                              "functions: [{name: calling, route: calls}]\n"
                              "contract: {name: c, timezone: Asia/Tokyo, target: \"98\"}\n";

static void test_config_and_topology(void **state)
{
    char path[] = "/tmp/kirikae-cli-XXXXXX", odd[sizeof cluster + 64];
    json_t *json, *lost;

    close(mkstemp(path));
    write_file(path, cluster);
    if (run("config", "check", path, NULL) != CLI_DONE)
        fail_msg("%s", err_text);
    assert_non_null(strstr(out_text, "cluster test, version 3"));
    assert_non_null(strstr(out_text, "without tokyo: 2 voters left, 2 needed: quorum"));
    assert_non_null(strstr(out_text, "calls: moves, served by osaka"));
    assert_int_equal(run("topology", "--config", path, "--json", NULL), CLI_DONE);
    json = json_loads(out_text, 0, NULL);
    assert_int_equal(json_integer_value(json_object_get(json, "survives")), 1);
    lost = json_object_get(json_array_get(json_object_get(json, "sites"), 1), "lost");
    assert_string_equal(cli_text(json_array_get(json_object_get(lost, "routes"), 0), "how"),
                        "stays");
    json_decref(json);

    assert_string_equal(err_text, "");
    snprintf(odd, sizeof odd, "%.*scontract: {name: c}\n",
             (int)(strstr(cluster, "contract:") - cluster), cluster);
    write_file(path, odd);
    assert_int_equal(run("config", "check", path, NULL), CLI_DONE);
    assert_non_null(strstr(err_text, "warning: contract: there is no target"));
    snprintf(odd, sizeof odd, "%.*scontract: {name: c, timezone: Asia/Tokio}\n",
             (int)(strstr(cluster, "contract:") - cluster), cluster);
    write_file(path, odd);
    assert_int_equal(run("config", "check", path, NULL), CLI_DONE);
    assert_non_null(strstr(err_text, "warning: timezone of contract: time zone Asia/Tokio"));

    write_file(path, "cluster: test\nversoin: 1\n");
    assert_int_equal(run("config", "check", path, NULL), CLI_REFUSED);
    assert_non_null(strstr(err_text, "versoin"));
    assert_non_null(strstr(err_text, ":2"));
    assert_int_equal(run("topology", "--config", path, NULL), CLI_REFUSED);
    unlink(path);
}

static void said(const char *text)
{
    if (strstr(out_text, text) == NULL)
        fail_msg("\"%s\" is not in:\n%s%s", text, out_text, err_text);
}

static void test_rules(void **state)
{
    json_t *json, *rule;

    assert_int_equal(run("rules", NULL), CLI_DONE);
    said("62  serving");
    said("  needs    active-failed, other-ready\n"
         "  without  held, may-hold, paused, maintenance, backoff, no-quorum, members-change\n");
    said("all-done          every actuator has read back the placement");
    assert_int_equal(run("rules", "--json", NULL), CLI_DONE);
    json = json_loads(out_text, 0, NULL);
    rule = json_array_get(json_object_get(json, "rules"), 0);
    assert_int_equal(cli_int(rule, "number"), 8);
    assert_string_equal(cli_text(rule, "action"), "refuse");
    assert_int_equal(json_array_size(json_object_get(rule, "phases")), 4);
    assert_string_equal(json_string_value(json_array_get(json_object_get(rule, "needs"), 1)),
                        "no-quorum");
    assert_string_equal(cli_text(json_array_get(json_object_get(json, "facts"), 0), "name"),
                        "active-ok");
    json_decref(json);
}

/* ---- simulate ---- */

static void test_simulate(void **state)
{
    char path[] = "/tmp/kirikae-cli-XXXXXX";
    json_t *json;

    close(mkstemp(path));
    write_file(path, shop);
    assert_int_equal(run("simulate", path, "--fault", "cut:east@2s+8s", "--fault",
                         "switchover:web.west@4s", "--loss", "1%", "--seed", "3", NULL),
                     CLI_DONE);
    said("fault     loss:all=1%@0s begins");
    said("web is to move from east to west");
    said("rule 10: the candidate asked for already serves");
    said("every invariant holds");
    assert_int_equal(run("simulate", path, "--fault", "cut:east@2s+8s", "--json", NULL), CLI_DONE);
    json = json_loads(out_text, 0, NULL);
    assert_true(cli_bool(json, "settled"));
    json_decref(json);
    wrong(run("simulate", path, "--fault", "cut:atlantis@1s", NULL), "atlantis");
    wrong(run("simulate", path, "--loss", "much", NULL), "--loss takes a percentage");
    wrong(run("simulate", path, "--loss", "200%", NULL), "loss");
    wrong(run("simulate", path, "--loss", "5%", "--length", "soon", NULL), "--length");

    write_file(path, "cluster: test\nversoin: 1\n");
    assert_int_equal(run("simulate", path, "--campaign", NULL), CLI_REFUSED);
    assert_non_null(strstr(err_text, "versoin"));
    unlink(path);
}

static void test_simulate_campaign(void **state)
{
    char path[] = "/tmp/kirikae-cli-XXXXXX";
    const json_t *row;
    json_t *json;
    bool cut = false;
    size_t i;

    close(mkstemp(path));
    write_file(path, shop_alone);
    assert_int_equal(run("simulate", path, "--campaign", NULL), CLI_DONE);
    said("FAULT ");
    said("shop-1..2");
    said("not covered: lost for as long as it lasts");
    said("site cut off, east: web by proxy: no other candidate serves them either");
    said(", 0 not kept");
    assert_int_equal(run("simulate", path, "--campaign", "--json", NULL), CLI_DONE);
    json = json_loads(out_text, 0, NULL);
    assert_true(cli_bool(json, "kept"));
    json_array_foreach(json_object_get(json, "faults"), i, row)
    {
        if (strcmp(cli_text(row, "fault"), "site cut off") != 0 ||
            strcmp(cli_text(row, "of"), "east") != 0)
            continue;
        cut = true;
        assert_string_equal(cli_text(row, "result"), "not covered");
        assert_true(json_is_null(json_object_get(row, "outage_ms")));
        assert_non_null(strstr(cli_text(row, "options"), "--fault 'cut:east@"));
    }
    assert_true(cut);
    json_decref(json);
    unlink(path);
}

/* Losing a site that no route prefers costs the quorum: told, and no success. */
static void test_simulate_promise_not_kept(void **state)
{
    char path[] = "/tmp/kirikae-cli-XXXXXX", yaml[4096];
    const char *targets = strstr(shop, "targets:");

    close(mkstemp(path));
    snprintf(yaml, sizeof yaml, "%.*s%s%s", (int)(targets - shop), shop,
             "  - {name: n-2, site: north, host: 10.0.3.2}\n"
             "  - {name: n-3, site: north, host: 10.0.3.3}\n",
             targets);
    write_file(path, yaml);
    assert_int_equal(run("simulate", path, "--campaign", NULL), CLI_REFUSED);
    said("NOT KEPT: quorum");
    said("2 of 5 voters would be left, 3 are needed");
    unlink(path);
}

/* ---- contracts ---- */

static void warned(const char *text)
{
    if (strstr(err_text, text) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err_text, text);
}

static void test_contract_check(void **state)
{
    char path[] = "/tmp/kirikae-cli-XXXXXX", copy[] = "/tmp/kirikae-cli-XXXXXX", *first;
    json_t *json;

    close(mkstemp(path));
    close(mkstemp(copy));
    write_file(path, "contract:\n"
                     "  name: 顧客 A\n"
                     "  functions: [{name: calling, label_ja: 発信}, login]\n"
                     "  services: [{name: phone, critical: [calling]}]\n"
                     "  target: 99.9\n"
                     "  recovery_targets: 8 business hours\n"
                     "  valid_until: 2027-04-01\n");
    assert_int_equal(run("contract", "check", path, NULL), CLI_DONE);
    assert_string_equal(err_text, "");
    said("contract 顧客 A");
    said("Asia/Tokyo (default), tzdata 20");
    said("calling (発信), login\n");
    said("phone: calling\n");
    said("99.9 %\n");
    said("severe 8 h of desk hours");
    said("until 2027-04-01");
    said("Mon-Fri 10:00-19:00 (default)");
    said("closed days      none (default)");

    /* What --json prints is a contract's file, and says the same. */
    first = strdup(out_text);
    assert_int_equal(run("contract", "check", path, "--json", NULL), CLI_DONE);
    json = json_loads(out_text, 0, NULL);
    assert_string_equal(cli_text(json_object_get(json, "contract"), "target"), "99.9");
    json_decref(json);
    write_file(copy, out_text);
    assert_int_equal(run("contract", "check", copy, NULL), CLI_DONE);
    assert_string_equal(out_text, first);
    free(first);
    unlink(path);
    unlink(copy);
}

static void test_contract_check_warns(void **state)
{
    char path[] = "/tmp/kirikae-cli-XXXXXX";

    close(mkstemp(path));
    write_file(path, "contract:\n"
                     "  name: c\n"
                     "  functions: [f]\n"
                     "  down_severities: []\n"
                     "  excluded_causes: [provider]\n"
                     "  target: 98\n"
                     "  discounts: [{below: 99, percent: 10}, {below: 95, percent: 10}]\n"
                     "  recovery_targets: {emergency: 2h, severe: 2 business days}\n"
                     "  valid_from: 2027-04-01\n"
                     "  valid_until: 2031-04-01\n");
    assert_int_equal(run("contract", "check", path, NULL), CLI_DONE);
    warned("nothing is downtime");
    warned("excluded_causes has provider");
    warned("a month below 99 % has one even when it meets the target of 98 %");
    warned("the tier below 95 % never matters, that below 99 % gives as much");
    warned("discounts are for services, and there is none");
    warned("recovery_targets has none for minor faults");
    warned("no year 2028, only 2020 to 2027");
    write_file(path, "contract: {name: c, functions: [f], services: [{name: s, critical: []}],\n"
                     "  valid_until: 2028-01-01, recovery_targets: 1 business day}\n");
    assert_int_equal(run("contract", "check", path, NULL), CLI_DONE);
    assert_string_equal(
        err_text, "warning: contract: there is no target: no function or service can miss it\n"
                  "warning: contract: service s has no critical function: nothing can be "
                  "down in it\n");
    unlink(path);
}

static void test_contract_check_refuses(void **state)
{
    char path[] = "/tmp/kirikae-cli-XXXXXX";

    close(mkstemp(path));
    write_file(path, "contract: {name: c, functions: [f], timezone: Asia/Tokio}\n");
    assert_int_equal(run("contract", "check", path, NULL), CLI_REFUSED);
    warned("timezone of contract: time zone Asia/Tokio");
    write_file(path, "contract: {name: c, functions: [f],\n  tagret: 98}\n");
    assert_int_equal(run("contract", "check", path, NULL), CLI_REFUSED);
    warned(":2: unknown key \"tagret\" in contract; did you mean \"target\"?");
    write_file(path, "contract: {name: c, functions: [f], valid_until: 2026-04-01,\n"
                     "  valid_from: 2026-03-31T15:00:00Z}\n"); /* the same moment in Tokyo */
    assert_int_equal(run("contract", "check", path, NULL), CLI_REFUSED);
    warned("valid_until is not after valid_from");
    write_file(path, shop_alone);
    assert_int_equal(run("contract", "check", path, NULL), CLI_REFUSED);
    warned("this is a cluster file");
    unlink(path);
    wrong(run("contract", "check", path, NULL), "No such file");
}

/* East of Greenwich the last month ends in the year 10000. */
static void test_last_month(void **state)
{
    char path[] = "/tmp/kirikae-cli-XXXXXX";

    close(mkstemp(path));
    write_file(path, "contract: {name: c, functions: [f]}\n");
    assert_int_equal(run("sla", "compute", "--contract", path, "--events", "/dev/null", "--month",
                         "9999-12", "--as-of", "9999-12-31T23:59:59Z", NULL),
                     CLI_DONE);
    said("- 10000-01-01 00:00:00.000 +09:00");
    said(" 10000-01-01 08:59:59.000 +09:00");
    assert_int_equal(run("sla", "compute", "--contract", path, "--events", "/dev/null", "--month",
                         "9999-12", "--format", "html", NULL),
                     CLI_DONE);
    said(">10000-01-01 00:00:00<span class=\"ms\">.000");
    unlink(path);
}

static void test_verify_rejects_garbage(void **state)
{
    char path[] = "/tmp/kirikae-cli-XXXXXX";

    close(mkstemp(path));
    assert_int_equal(run("audit", "verify", path, NULL), CLI_REFUSED); /* empty */
    write_file(path, "hello\n");
    assert_int_equal(run("audit", "verify", path, NULL), CLI_REFUSED);
    assert_string_equal(out_text, "");
    unlink(path);
}

/* ---- small parts ---- */

static int parse_admin(const char *yaml, struct err *err)
{
    struct admin_config config;

    return admin_config_parse("admin.yaml", (const uint8_t *)yaml, strlen(yaml), &config, err);
}

static void test_admin_file(void **state)
{
    struct err err;

    assert_int_equal(parse_admin("cluster_file: /c\ntls: {ca: /a, cert: /b, key: /k}\n", &err), 0);
    assert_int_equal(parse_admin("cluster_file: /c\ntls: {ca: /a, cert: /b}\n", &err), ERR_INVALID);
    assert_non_null(strstr(err.text, "key"));
    assert_int_equal(parse_admin("cluster_file: /c\ntsl: {}\n", &err), ERR_INVALID);
    assert_non_null(strstr(err.text, "admin.yaml:2"));
    assert_non_null(strstr(err.text, "tsl"));
    assert_int_equal(parse_admin("", &err), ERR_INVALID);
}

static void test_time(void **state)
{
    int64_t ms;

    assert_int_equal(cli_time("now", 1000, &ms), 0);
    assert_int_equal(ms, 1000);
    assert_int_equal(cli_time("+90m", 1000, &ms), 0);
    assert_int_equal(ms, 1000 + 90 * 60000);
    assert_int_equal(cli_time("+3d", 0, &ms), 0);
    assert_int_equal(ms, 3 * 86400000);
    assert_int_equal(cli_time("1970-01-01T09:00:01+09:00", 5, &ms), 0);
    assert_int_equal(ms, 1000);
    assert_int_not_equal(cli_time("+", 0, &ms), 0);
    assert_int_not_equal(cli_time("+-5m", 0, &ms), 0);
    assert_int_not_equal(cli_time("+5w", 0, &ms), 0);
    assert_int_not_equal(cli_time("+5mm", 0, &ms), 0);
    assert_int_not_equal(cli_time("2026-11-01 00:00", 0, &ms), 0);
    assert_int_not_equal(cli_time("", 0, &ms), 0);
}

static void test_table(void **state)
{
    static const char *const heads[] = {"NAME", "N", ""};
    char *text;
    size_t len;
    FILE *f = open_memstream(&text, &len);
    struct table *table = table_new(heads, 3);

    table_cell(table, "発信");
    table_cell(table, "%d", 1);
    table_cell(table, "held");
    table_cell(table, "abcdef");
    table_cell(table, "%s", "");
    table_cell(table, "%s", "");
    table_end(table, f, "none");
    table_end(table_new(heads, 3), f, "none");
    fclose(f);
    assert_string_equal(text, "NAME    N\n発信    1  held\nabcdef  -\nnone\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_help, teardown),
        cmocka_unit_test_teardown(test_help_of_a_family, teardown),
        cmocka_unit_test_teardown(test_wrong_use, teardown),
        cmocka_unit_test_teardown(test_force_needs_a_yes, teardown),
        cmocka_unit_test_teardown(test_error_as_json, teardown),
        cmocka_unit_test_teardown(test_config_and_topology, teardown),
        cmocka_unit_test_teardown(test_rules, teardown),
        cmocka_unit_test_teardown(test_simulate, teardown),
        cmocka_unit_test_teardown(test_simulate_campaign, teardown),
        cmocka_unit_test_teardown(test_simulate_promise_not_kept, teardown),
        cmocka_unit_test_teardown(test_contract_check, teardown),
        cmocka_unit_test_teardown(test_contract_check_warns, teardown),
        cmocka_unit_test_teardown(test_contract_check_refuses, teardown),
        cmocka_unit_test_teardown(test_last_month, teardown),
        cmocka_unit_test_teardown(test_verify_rejects_garbage, teardown),
        cmocka_unit_test_teardown(test_admin_file, teardown),
        cmocka_unit_test_teardown(test_time, teardown),
        cmocka_unit_test_teardown(test_table, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
