/* Commands against real nodes. */
#include "../client/node.h"
#include "cli/cli.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "run.h"

static struct nodes *nodes;

static void ok(int code)
{
    if (code != CLI_DONE)
        fail_msg("exit %d: %s", code, err_text);
}

static void says(const char *text)
{
    if (strstr(out_text, text) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", out_text, text);
}

static int start_calm(void **state)
{
    static const struct node_plan plans[NODES] = {
        {.up = true, .leader = 0}, {.up = true, .leader = 0}, {.up = true, .leader = 0}};

    nodes = nodes_start(plans);
    setenv("KIRIKAE_CONFIG", nodes->admin, 1);
    return 0;
}

static int start_outage(void **state)
{
    static const struct node_plan plans[NODES] = {{.up = true, .leader = 0, .outage = true}};

    nodes = nodes_start(plans);
    setenv("KIRIKAE_CONFIG", nodes->admin, 1);
    return 0;
}

static int stop(void **state)
{
    nodes_stop(nodes);
    run_free();
    return 0;
}

static void export_path(const char *name, char path[NODES_PATH])
{
    nodes_path(nodes, name, path);
}

static void edit(const char *from, const char *to, const char *what, const char *with)
{
    static char text[1 << 20];
    FILE *f = fopen(from, "r");
    size_t len = fread(text, 1, sizeof text - 1, f);
    char *at;

    fclose(f);
    text[len] = '\0';
    at = strstr(text, what);
    assert_non_null(at);
    f = fopen(to, "w");
    fprintf(f, "%.*s%s%s", (int)(at - text), text, with, at + strlen(what));
    fclose(f);
}

static void test_shows(void **state)
{
    /* The three speak no beats here: the leader alone is no quorum, and that is said. */
    assert_int_equal(run("status", NULL), CLI_UNREACHABLE);
    says("leader   a1, term 1");
    says("a1 hears 1 of 3 voters, 2 needed");
    says("calls  tokyo");
    ok(run("nodes", NULL));
    says("c1      ishikari  voter");
    ok(run("routes", NULL));
    says("calls: tokyo serves, serving");
    says("osaka: ready, 1 of at least 1 healthy");
    ok(run("coverage", NULL));
    says("voice@a1");
    says("TOO FEW");
    ok(run("coverage", "--json", NULL));
    says("\"weak\"");
    ok(run("topology", NULL));
    says("without tokyo");
    ok(run("topology", "--node", "c1", NULL));
    ok(run("explain", "calls", NULL));
    says("calls");
    assert_int_equal(run("explain", "cals", NULL), CLI_USAGE);
    assert_int_equal(run("topology", "--node", "z9", NULL), CLI_USAGE);
}

static void test_moves(void **state)
{
    ok(run("switchover", "calls", "--to", "osaka", "--reason", "works in tokyo", NULL));
    ok(run("routes", "--node", "a1", NULL));
    says("calls: osaka serves");
    ok(run("explain", "calls", NULL));
    says("calls went from tokyo to osaka");
    says("asked for by hanako: works in tokyo");
    says("no verdict: nothing of it was down");
    says("rule 16 decided in phase serving: planned move");
    says("switchover-asked  an operator asks for a planned move");
    says("held until then by tokyo, epoch 1: a1");
    says("verified");
    ok(run("switchover", "calls", "--to", "tokyo", "--reason", "back", "--dry-run", "--node", "b1",
           NULL));
    says("rule 16 matches: move-to");
    says("target-ready      the candidate asked for holds its least");
    ok(run("routes", "--node", "a1", NULL));
    says("calls: osaka serves");
    assert_int_equal(run("failover", "calls", "--to", "tokyo", "--reason", "r", "--dry-run", NULL),
                     CLI_REFUSED);
    says("rule 18 matches: refuse");
    says("19 move-to   it fits, but rule 18 comes first");
    says("20 move      it lacks active-failed");
    ok(run("failover", "calls", "--to", "tokyo", "--reason", "r", "--force", "--dry-run", NULL));
    says("rule 12 matches: move-to");

    /* osaka is not seen failed; forcing it needs a yes. */
    assert_int_equal(run("failover", "calls", "--to", "tokyo", "--reason", "r", NULL), CLI_REFUSED);
    assert_int_equal(run("failover", "calls", "--to", "kyoto", "--reason", "r", NULL), CLI_USAGE);
    assert_non_null(strstr(err_text, "candidates: tokyo, osaka"));
    ok(run("failover", "calls", "--to", "tokyo", "--reason", "drill", "--force", "--yes", NULL));
    ok(run("explain", "calls", "--json", NULL));
    says("\"forced\": true");
}

static void test_verbs(void **state)
{
    ok(run("leader", NULL));
    says("a1 leads in term 1");
    assert_int_equal(run("leader", "move", "a1", "--reason", "r", NULL), CLI_REFUSED);
    assert_non_null(strstr(err_text, "it leads already"));
    ok(run("pause", "calls", "--for", "2h", "--reason", "soon", "--dry-run", NULL));
    says("it would be done: automatic moves are paused until");
    says("what would change\n  route calls: no failover, failback or following by itself until");
    says("by itself calls would go by other facts\n  now: rule 62, none: all is well");
    says("the ledger would say\n  {\"v\":1,");
    says("nothing was asked for");
    assert_int_equal(run("drain", "a1", "--reason", "new disk", "--dry-run", NULL), CLI_REFUSED);
    says("it would be refused: tokyo of route calls would be left with 0 fit");
    says("nothing: only the refusal is recorded");
    ok(run("maintenance", "add", "--functions", "calling", "--start", "+20d", "--end", "+21d",
           "--reason", "upgrade", "--dry-run", NULL));
    says("the rule of 14 days is kept");
    ok(run("maintenance", "list", NULL));
    says("no maintenance windows");
    ok(run("pause", "calls", "--for", "2h", "--reason", "work on the uplink", NULL));
    says("automatic moves are paused until");
    run("--json", "--node", "a1", "status", NULL);
    says("\"reason\": \"work on the uplink\"");
    ok(run("routes", "--node", "a1", NULL));
    says("by hanako: work on the uplink");
    ok(run("resume", "calls", "--reason", "done", "--dry-run", NULL));
    ok(run("resume", "calls", "--reason", "done", NULL));
    assert_int_equal(run("resume", "calls", "--reason", "done", NULL), CLI_REFUSED);
    assert_int_equal(run("pause", "calls", "--for", "8d", "--reason", "r", NULL), CLI_USAGE);
    assert_int_equal(run("drain", "a1", "--reason", "new disk", NULL), CLI_REFUSED);
    assert_non_null(strstr(err_text, "its least is 1"));
    ok(run("drain", "b1", "--reason", "new disk", NULL));
    run("status", "--node", "a1", NULL);
    says("drained  b1 since");
    ok(run("routes", "--node", "a1", NULL));
    says("b1, drained");
    ok(run("undrain", "b1", "--reason", "disk is in", NULL));
    assert_int_equal(run("failback", "calls", "--reason", "r", NULL), CLI_REFUSED);
    assert_non_null(strstr(err_text, "already serves"));
}

static void test_explain_an_outage(void **state)
{
    char whole[NODES_PATH];

    export_path("ledger.jsonl", whole);
    ok(run("explain", "calls", NULL));
    says("calls went from tokyo to osaka");
    says("automatic");
    says("first failing observation of voice@a1");
    says("voice@a1 was believed down");
    says("2 of 2 assigned observers agree, 2 needed; from osaka 1 of 1, ishikari 1 of 1");
    says("refused  12 ms");
    says("rule 25 decided in phase serving");
    says("28 follow    it lacks parent-moved");
    says("26 move      it lacks site-silent");
    says("verified: every actuator");
    says("outage 7 of calling is over: ");
    ok(run("explain", "7", NULL));
    says("outage 7 of calling, from ");
    says("calls went from tokyo to osaka");
    assert_int_equal(run("explain", "6", NULL), CLI_USAGE);
    ok(run("audit", "export", "--format", "jsonl", "-o", whole, NULL));

    /* The same from an export, with nobody to ask. */
    nodes_kill(nodes, 0);
    ok(run("explain", "--last", "--from", whole, "--json", NULL));
    says("\"passed_over\": [");
    says("\"grants_over_ms\": null");
    assert_int_equal(run("explain", "cals", "--from", whole, NULL), CLI_USAGE);
    ok(run("explain", "7", "--from", whole, NULL));
    says("rule 25 decided in phase serving");
}

/* The scene's outage 7, as operators speak of it. */
static void test_incidents(void **state)
{
    ok(run("notice", "list", "--open", NULL));
    says("no notices");
    assert_int_equal(run("notice", "test", "mail", NULL), CLI_USAGE);
    assert_non_null(strstr(err_text, "no channel \"mail\"; there are: none"));
    ok(run("incident", "list", NULL));
    says("7       closed  calling   ");
    ok(run("incident", "amend", "7", "--severity", "minor", "--cause", "attack", "--reason", "r",
           "--dry-run", NULL));
    says("outage 7: its cause is attack from its start on");
    ok(run("incident", "amend", "7", "--cause", "customer", "--reason", "their line", NULL));
    says("amended");
    ok(run("incident", "amend", "7", "--severity", "severe", "--cause", "attack", "--reason",
           "a flood of calls", "--node", "b1", NULL));
    ok(run("incident", "annotate", "7", "--note", "see the carrier's report", NULL));
    says("noted");
    assert_int_equal(run("incident", "amend", "6", "--cause", "attack", "--reason", "r", NULL),
                     CLI_USAGE);
    assert_non_null(strstr(err_text, "entry 6 is no outage: it is "));
    assert_int_equal(run("incident", "amend", "7", "--cause", "us", "--reason", "r", NULL),
                     CLI_USAGE);
    assert_non_null(strstr(err_text, "is none of provider, "));
    assert_int_equal(run("incident", "amend", "7", "--reason", "r", NULL), CLI_USAGE);
    assert_int_equal(run("incident", "amend", "7x", "--cause", "attack", "--reason", "r", NULL),
                     CLI_USAGE);
    assert_int_equal(run("incident", "annotate", "7", "--note", " ", NULL), CLI_USAGE);
}

static void say_more(const char *file)
{
    FILE *f = fopen(file, "w");

    assert_non_null(f);
    fprintf(f, "\xef\xbb\xbf復旧作業中です。\r\nお待ちください。\r\n\r\n");
    fclose(f);
    ok(run("incident", "ack", "7", "--dry-run", NULL));
    says("outage 7: nobody further is called");
    ok(run("incident", "ack", "7", NULL));
    says("acknowledged");
    ok(run("incident", "ack", "7", "--reason", "me too", "--node", "b1", NULL));
    says("acknowledged");
    assert_int_equal(run("incident", "ack", "6", NULL), CLI_USAGE);
    assert_non_null(strstr(err_text, "entry 6 is no outage: it is "));
    ok(run("incident", "post", "7", "--status", "identified", "--ja-file", file, "--en",
           "A switch failed.", NULL));
    says("posted");
    assert_int_equal(run("incident", "post", "7", "--status", "fixed", "--en", "x", NULL),
                     CLI_USAGE);
    assert_non_null(strstr(err_text, "is none of investigating, "));
    assert_int_equal(run("incident", "post", "7", "--status", "resolved", NULL), CLI_USAGE);
    assert_int_equal(run("incident", "post", "7", "--en", "x", NULL), CLI_USAGE);
    assert_int_equal(
        run("incident", "post", "7", "--status", "resolved", "--ja", "x", "--ja-file", file, NULL),
        CLI_USAGE);
    assert_int_equal(run("incident", "post", "7", "--status", "resolved", "--ja-file", "-",
                         "--en-file", "-", NULL),
                     CLI_USAGE);
    assert_int_equal(run("incident", "post", "7", "--status", "resolved", "--en", "a\x1b[2J", NULL),
                     CLI_USAGE);
    assert_non_null(strstr(err_text, "control characters"));
}

static void shows_all_of_it(const char *from, const char *file)
{
    ok(run("incident", "show", "7", from, file, NULL));
    says("outage 7 of calling, route calls: closed");
    says("severity    severe (first: emergency)");
    says("cause       attack (first: provider)");
    says("voice@a1 was believed down");
    says("2 of 2 assigned observers agree");
    says("tokyo to osaka, epoch 2, rule 25, automatic, verified 2026-");
    says("hanako");
    says("cause customer: their line");
    says("severity severe, cause attack: a flood of calls");
    says("see the carrier's report");
    assert_true(strstr(out_text, "their line") < strstr(out_text, "a flood"));
    says("acknowledged: hanako after ");
    says("hanako: me too (entry ");
    says("hanako: identified (entry ");
    says("    ja  復旧作業中です。\n        お待ちください。\n    en  A switch failed.\n");
    ok(run("incident", "show", "7", "--json", from, file, NULL));
    says("\"first\": {");
    says("\"ja\": \"復旧作業中です。\\nお待ちください。\"");
    says("\"opinion\": \"down\"");
    ok(run("incident", "list", "--since", "2026-11-01T00:00:00+09:00", from, file, NULL));
    says("severe (first: emergency)");
    ok(run("incident", "list", "--since", "2027-11-01T00:00:00+09:00", from, file, NULL));
    says("no incidents");
    ok(run("incident", "list", "--until", "2025-11-01T00:00:00+09:00", from, file, NULL));
    says("no incidents");
    ok(run("incident", "list", "--open", from, file, NULL));
    says("no incidents");
    assert_int_equal(run("incident", "show", "6", from, file, NULL), CLI_USAGE);
    assert_non_null(strstr(err_text, "no outage has the number 6"));
    assert_int_equal(
        run("incident", "list", "--month", "2026-11", "--until", "+1d", from, file, NULL),
        CLI_USAGE);
}

static void test_incidents_shown(void **state)
{
    char whole[NODES_PATH], post[NODES_PATH];

    export_path("ledger.jsonl", whole);
    ok(run("incident", "amend", "7", "--cause", "customer", "--reason", "their line", NULL));
    ok(run("incident", "amend", "7", "--severity", "severe", "--cause", "attack", "--reason",
           "a flood of calls", NULL));
    ok(run("incident", "annotate", "7", "--note", "see the carrier's report", NULL));
    export_path("post.txt", post);
    say_more(post);
    shows_all_of_it("--node", "a1");
    ok(run("incident", "list", "--month", "2026-11", NULL));
    says("7       closed  calling   ");
    ok(run("incident", "list", "--month", "2026-10", NULL));
    says("no incidents");
    ok(run("audit", "export", "--format", "jsonl", "-o", whole, NULL));
    nodes_kill(nodes, 0);
    shows_all_of_it("--from", whole);
    edit(whole, whole, "their line", "our line!!");
    assert_int_equal(run("incident", "list", "--from", whole, NULL), CLI_REFUSED);
}

/* More than a page of the ledger holds. */
static void test_incidents_talked_about(void **state)
{
    enum { NOTES = 440 };
    char note[LIMIT_TEXT], number[32];
    const char *at;
    int i;

    for (i = 0; i < NOTES; i++) {
        memset(note, '"', sizeof note - 1); /* two bytes of a line, each */
        note[sizeof note - 1] = '\0';
        note[snprintf(note, sizeof note, "note %03d", i)] = ' ';
        ok(run("incident", "annotate", "7", "--note", note, NULL));
    }
    ok(run("incident", "show", "7", "--json", NULL));
    for (i = 0, at = out_text; i < NOTES; i++) {
        snprintf(number, sizeof number, "\"note %03d ", i);
        at = strstr(at, number);
        assert_non_null(at);
    }
    ok(run("incident", "list", NULL));
    says("  440");
}

static void test_explain_how_it_stands(void **state)
{
    ok(run("explain", "--why-not", "calls", "--node", "b1", NULL));
    says("calls is served by tokyo, epoch 1, phase serving");
    says("no-quorum         the leader hears no majority of voters");
    says("20 move      it lacks active-failed; against it: no-quorum");
    assert_int_equal(run("explain", "--why-not", "cals", NULL), CLI_USAGE);
    ok(run("explain", "--why-not", "calls", "--json", NULL));
    says("\"meaning\": ");
}

static void test_maintenance(void **state)
{
    ok(run("maintenance", "list", NULL));
    says("no maintenance windows");
    assert_int_equal(run("maintenance", "add", "--functions", "calling", "--start", "now", "--end",
                         "+30d", "--reason", "upgrade", NULL),
                     CLI_REFUSED);
    assert_non_null(strstr(err_text, "14 days"));
    ok(run("maintenance", "add", "--functions", "calling", "--start", "now", "--end", "+30d",
           "--reason", "upgrade", "--override-notice", NULL));
    assert_int_equal(run("maintenance", "add", "--functions", "caling", "--start", "now", "--end",
                         "+30d", "--reason", "upgrade", "--emergency", NULL),
                     CLI_USAGE);
    assert_non_null(strstr(err_text, "functions: calling"));
    ok(run("maintenance", "list", NULL));
    says("hanako");
    says("regular (short notice)");
}

/* ---- the ledger ---- */

static void test_audit(void **state)
{
    char whole[NODES_PATH], bad[NODES_PATH], csv[NODES_PATH];

    export_path("ledger.jsonl", whole);
    export_path("bad.jsonl", bad);
    export_path("ledger.csv", csv);
    ok(run("audit", "export", "--format", "jsonl", "-o", whole, NULL));
    ok(run("audit", "verify", whole, NULL));
    says("whole: entries 0 to ");
    ok(run("audit", "export", "--format", "jsonl", NULL));
    says("{\"head\":");
    ok(run("audit", "export", "--format", "csv", "--output", csv, NULL));
    ok(run("audit", "verify", whole, "--json", NULL));
    says("\"whole\": true");

    edit(whole, bad, "\"refused\"", "\"timeout\"");
    assert_int_equal(run("audit", "verify", bad, NULL), CLI_REFUSED);
    edit(whole, bad, "\"seq\":2,", "\"seq\":3,");
    assert_int_equal(run("audit", "verify", bad, NULL), CLI_REFUSED);
    edit(whole, bad, "{\"head\"", "");
    assert_int_equal(run("audit", "verify", bad, NULL), CLI_REFUSED);
    assert_int_equal(run("audit", "verify", csv, NULL), CLI_REFUSED);
    assert_int_equal(run("replay", bad, NULL), CLI_REFUSED);
    ok(run("replay", whole, NULL));
    says("verdict down     voice@a1");
    says("down: 2 of 2 agree, 2 needed");
    says("failover intent  calls");
    says("0 differ, 0 left out");
    ok(run("replay", whole, "--json", NULL));
    says("\"differ\": 0");
    assert_int_equal(run("audit", "export", "--format", "jsonl", "-o", "/nonexistent/x", NULL),
                     CLI_USAGE);
}

static void write_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "we");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void refused_for(const char *file, const char *what)
{
    assert_int_equal(run("sla", "report", "--month", "2026-11", "--from", file, NULL), CLI_REFUSED);
    if (strstr(err_text, what) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err_text, what);
}

/* What is no whole export is named before a contract is missed in it. */
static void refuse_exports(const char *whole, const char *bad)
{
    static const char words[] = "\"type\":\"contract\"", zone[] = "Asia/Tokyo";
    size_t len = 1 << 20, at;
    char *text = malloc(len + 1), *found;
    FILE *f;

    assert_non_null(text);
    memset(text, 'a', len);
    text[len] = '\0';
    write_text(bad, text);
    refused_for(bad, "line 1 is longer than");
    assert_int_equal(run("audit", "verify", bad, NULL), CLI_REFUSED);
    write_text(bad, "");
    refused_for(bad, "neither entries nor head");
    write_text(bad, "{}\n");
    refused_for(bad, "line 1");

    f = fopen(whole, "re");
    assert_non_null(f);
    at = fread(text, 1, len, f);
    fclose(f);
    text[at] = '\0';
    assert_non_null(found = strstr(text, words));
    assert_non_null(found = strstr(found, zone));
    memcpy(found, "Asia/Nikko", sizeof zone - 1);
    write_text(bad, text);
    refused_for(bad, "was altered");
    assert_null(strstr(err_text, "Nikko"));
    free(text);
}

static void test_sla(void **state)
{
    const char *const as_of = "2026-11-30T00:00:00+09:00";
    char whole[NODES_PATH], table[NODES_PATH];
    int online;

    export_path("ledger.jsonl", whole);
    export_path("ledger.csv", table);
    online = run("sla", "report", "--month", "2026-11", "--as-of", "2026-12-01T00:00:00+09:00",
                 "--format", "json", NULL);
    assert_in_range(online, CLI_DONE, CLI_REFUSED);
    says("\"calling\"");
    assert_int_equal(run("sla", "report", "--month", "2026-11", "--lang", "ja", "--as-of",
                         "2026-12-01T00:00:00+09:00", NULL),
                     online);
    says("月次SLA報告書");
    ok(run("audit", "export", "--format", "jsonl", "-o", whole, NULL));

    /* From an export and a cluster file nobody is asked. */
    nodes_kill(nodes, 0);
    assert_int_equal(run("sla", "report", "--month", "2026-11", "--as-of",
                         "2026-12-01T00:00:00+09:00", "--from", whole, "--cluster", nodes->cluster,
                         NULL),
                     online);
    assert_int_equal(run("sla", "report", "--month", "2026-11", "--from", whole, NULL), online);
    says("of the ledger");
    /* What the export cannot know is no good time. */
    ok(run("sla", "report", "--month", "2037-01", "--from", whole, "--as-of",
           "2037-01-11T00:00:00+09:00", NULL));
    says("100.0000 % [0.0000, 100.0000]");
    assert_int_equal(run("sla", "report", "--month", "2026-11", "--from", whole, "--format", "html",
                         "--lang", "ja", NULL),
                     online);
    says("<html lang=\"ja\">");
    says("ルートハッシュ");
    assert_int_equal(
        run("sla", "diff", "--month", "2026-11", "--from", whole, "--edition", "2", "1", NULL),
        CLI_USAGE);
    assert_non_null(strstr(err_text, "edition 2 is not before edition 1"));
    assert_int_equal(
        run("sla", "diff", "--month", "2026-11", "--from", whole, "--edition", "1", "2", NULL),
        CLI_USAGE);
    assert_non_null(strstr(err_text, "there is no edition 2: there are 0 and a provisional one"));
    write_text(table, "\xef\xbb\xbf\"seq\"\r\n");
    assert_int_equal(run("sla", "report", "--month", "2026-11", "--from", table, NULL),
                     CLI_REFUSED);
    assert_non_null(strstr(err_text, "is CSV, which nothing can verify"));
    refuse_exports(whole, table);
    ok(run("sla", "status", "--from", whole, "--as-of", as_of, NULL));
    says("Function calling\n  Downtime used: ");
    says("After an hour of outage from now: ");
    ok(run("sla", "status", "--from", whole, "--as-of", as_of, "--lang", "ja", NULL));
    says("今から1時間停止すれば");
    ok(run("sla", "status", "--from", whole, "--as-of", as_of, "--json", NULL));
    says("\"after_an_hour\":{");
    assert_int_equal(run("sla", "report", "--month", "2037-11", "--from", whole, "--cluster",
                         nodes->cluster, NULL),
                     CLI_USAGE);
    assert_non_null(strstr(err_text, "2037-11 has not begun yet"));
    assert_int_equal(run("sla", "report", "--month", "2020-01", "--from", whole, "--cluster",
                         nodes->cluster, "--as-of", "2026-12-01T00:00:00+09:00", NULL),
                     CLI_USAGE);
    assert_non_null(strstr(err_text, "nothing is known of 2020-01"));
    assert_int_equal(run("sla", "report", "--month", "2026-11", "--from", whole, "--cluster",
                         nodes->cluster, "--as-of", "2026-12-01T00:00:00+09:00", "--service", "x",
                         NULL),
                     CLI_USAGE);
    assert_non_null(strstr(err_text, "\"x\" is none of the contract's services"));
    assert_int_equal(run("sla", "report", "--month", "2026-11", "--from", whole, "--cluster",
                         nodes->cluster, "--as-of", "2026-12-01T00:00:00+09:00", "--edition", "2",
                         NULL),
                     CLI_USAGE);
    assert_non_null(strstr(err_text, "there is no edition 2"));
}

static void test_contract(void **state)
{
    ok(run("contract", "show", NULL));
    says("contract ");
    says("Asia/Tokyo");
    ok(run("contract", "show", "--json", NULL));
    says("{\"contract\":{\"name\":");
}

static void test_sla_by_a_contract_file(void **state)
{
    const char *const as_of = "2026-12-01T00:00:00+09:00";
    char whole[NODES_PATH], contract[NODES_PATH];

    export_path("ledger.jsonl", whole);
    export_path("contract.json", contract);
    write_text(contract, "{\"contract\":{\"name\":\"\\u9867\\u5ba2 A\",\"target\":null,"
                         "\"functions\":[\"calling\"]}}\n");
    ok(run("audit", "export", "--format", "jsonl", "-o", whole, NULL));
    ok(run("sla", "report", "--month", "2026-11", "--as-of", as_of, "--contract", contract, NULL));
    says("顧客 A");
    says("Cluster: ");
    nodes_kill(nodes, 0);
    ok(run("sla", "report", "--month", "2026-11", "--as-of", as_of, "--contract", contract,
           "--from", whole, NULL));
    says("顧客 A");
    says("Cluster: ");
    ok(run("sla", "report", "--month", "2026-11", "--as-of", as_of, "--contract", contract,
           "--from", whole, "--format", "json", NULL));
    says("\"contract_from\":\"/");
    ok(run("sla", "report", "--month", "2026-11", "--as-of", as_of, "--contract", contract,
           "--from", whole, "--cluster", nodes->cluster, NULL));
    says("Cluster: ");

    write_text(contract, "contract: {name: a, functions: [calling], timezone: Asia/Tokio}\n");
    assert_int_equal(run("sla", "report", "--month", "2026-11", "--contract", contract, NULL),
                     CLI_REFUSED);
    assert_non_null(strstr(err_text, "time zone Asia/Tokio"));
    assert_int_equal(run("sla", "report", "--month", "2026-11", "--contract", "/nonexistent", NULL),
                     CLI_USAGE);
}

static void test_nobody_answers(void **state)
{
    nodes_kill(nodes, 0);
    assert_int_equal(run("status", "--timeout", "1", NULL), CLI_UNREACHABLE);
    assert_int_equal(
        run("switchover", "calls", "--to", "osaka", "--reason", "r", "--timeout", "1", NULL),
        CLI_UNREACHABLE);
    assert_non_null(strstr(err_text, "is not known"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_shows, start_calm, stop),
        cmocka_unit_test_setup_teardown(test_verbs, start_calm, stop),
        cmocka_unit_test_setup_teardown(test_moves, start_calm, stop),
        cmocka_unit_test_setup_teardown(test_explain_an_outage, start_outage, stop),
        cmocka_unit_test_setup_teardown(test_explain_how_it_stands, start_calm, stop),
        cmocka_unit_test_setup_teardown(test_maintenance, start_calm, stop),
        cmocka_unit_test_setup_teardown(test_incidents, start_outage, stop),
        cmocka_unit_test_setup_teardown(test_incidents_shown, start_outage, stop),
        cmocka_unit_test_setup_teardown(test_incidents_talked_about, start_outage, stop),
        cmocka_unit_test_setup_teardown(test_audit, start_outage, stop),
        cmocka_unit_test_setup_teardown(test_sla, start_outage, stop),
        cmocka_unit_test_setup_teardown(test_contract, start_calm, stop),
        cmocka_unit_test_setup_teardown(test_sla_by_a_contract_file, start_outage, stop),
        cmocka_unit_test_setup_teardown(test_nobody_answers, start_outage, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
