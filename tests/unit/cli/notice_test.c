/* Notices out of an export: what it says of each, and the clearness of that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../report/lines.h"
#include "base/check.h"
#include "base/utc.h"
#include "cli/cli.h"
#include "report/export.h"
#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char dir[] = "/tmp/kirikae-notice-XXXXXX", file[64];

#define WHO(receiver, channel) ",\"receiver\":\"" receiver "\",\"channel\":\"" channel "\""
#define KIND ",\"kind\":\"mail\",\"audience\":\"customers\""
#define CONTENT "\"more\":0,\"outages\":[1],\"windows\":[]"
#define EVENTS ",\"events\":[{\"event\":\"outage\",\"seq\":1},{\"event\":\"outage\",\"seq\":2}],"
#define SENT(attempt, node, repeat, key)                                                           \
    ",\"node\":\"" node "\",\"attempt\":" attempt ",\"repeat\":" repeat ",\"key\":\"" key "\""

/* Two outages: desk has it the second time, boss not at all. A test that nobody has yet. */
static void fill(struct lines *l)
{
    utc_parse("2026-11-10T00:00:00Z", &l->time_ms);
    lines_add(l, "config", "contract", ",\"contract\":{\"timezone\":\"Asia/Tokyo\"}");
    lines_add(l, "outage", "open", ",\"outage\":1,\"function\":\"calling\"");
    lines_add(l, "outage", "open", ",\"outage\":2,\"function\":\"login\"");
    lines_add(l, "notice", "intent",
              ",\"notice\":1,\"rule\":\"outages\",\"step\":0" WHO("desk", "mail")
                  KIND SENT("1", "a1", "false", "c-1-desk") EVENTS CONTENT);
    lines_add(l, "notice", "intent",
              ",\"notice\":1,\"rule\":\"outages\",\"step\":0" WHO("boss", "mail")
                  KIND SENT("1", "a1", "false", "c-1-boss") EVENTS CONTENT);
    lines_add(l, "notice", "failed",
              ",\"notice\":1" WHO("desk", "mail") ",\"node\":\"a1\",\"attempt\":1,\"unsure\":true,"
                                                  "\"next\":\"2026-11-10T00:01:00.000Z\","
                                                  "\"reason\":\"it hung up\"");
    lines_add(l, "notice", "given-up", ",\"notice\":1" WHO("boss", "mail") ",\"attempts\":1");
    lines_add(l, "notice", "intent",
              ",\"notice\":1,\"rule\":\"outages\",\"step\":null" WHO("desk", "mail")
                  KIND SENT("2", "b1", "true", "c-1-desk") EVENTS CONTENT);
    lines_add(
        l, "notice", "accepted",
        ",\"notice\":1" WHO("desk", "mail") KIND
        ",\"node\":\"b1\",\"attempt\":2,\"accepted\":\"2026-11-10T00:01:02.000Z\"" EVENTS CONTENT
        ",\"answer\":\"250 2.0.0 OK\"");
    lines_add(l, "notice", "test", ",\"who\":\"sato\",\"receivers\":[\"desk\"]");
    lines_add(l, "notice", "intent",
              ",\"notice\":2,\"rule\":null,\"step\":0" WHO("desk", "mail")
                  KIND SENT("1", "a1", "false",
                            "c-2-desk") ",\"events\":[{\"event\":\"test\",\"seq\":9}]," CONTENT);
}

static int setup(void **state)
{
    struct export_options options = {
        .cluster = "c", .since_ms = UTC_NONE, .until_ms = UTC_NONE, .exported_ms = 1795312900000};
    struct ledger_export *export = export_new(&options);
    struct lines lines = {0};
    struct buf out = {0};
    struct err err;
    uint64_t i;
    FILE *f;

    (void)state;
    fill(&lines);
    for (i = 0; i < lines.n; i++) {
        size_t len;
        const char *line = lines_get(&lines, i, &len);

        CHECK(export_line(export, line, len, &out, &err) == 0);
    }
    export_end(export, &out);
    CHECK(mkdtemp(dir) != NULL);
    snprintf(file, sizeof file, "%s/ledger.jsonl", dir);
    f = fopen(file, "w");
    CHECK(f != NULL && fwrite(out.data, 1, out.len, f) == out.len && fclose(f) == 0);
    export_free(export);
    buf_free(&out);
    lines_free(&lines);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    run_free();
    unlink(file);
    rmdir(dir);
    return 0;
}

static void says(const char *part)
{
    if (strstr(out_text, part) == NULL) {
        print_error("%s", out_text);
        fail_msg("no \"%s\" in that", part);
    }
}

static void a_list(void **state)
{
    (void)state;
    assert_int_equal(run("notice", "list", "--from", file, NULL), CLI_DONE);
    says("1       2026-11-10T00:00:03.000Z  outages  outage x 2  given-up  1/2");
    says("2       2026-11-10T00:00:10.000Z  (test)   test        open      0/1");
    assert_int_equal(run("notice", "list", "--open", "--from", file, NULL), CLI_DONE);
    assert_null(strstr(out_text, "outages"));
    says("(test)");
    assert_int_equal(run("notice", "list", "--month", "2026-10", "--from", file, NULL), CLI_DONE);
    says("no notices");
    assert_int_equal(run("notice", "list", "--month", "2026-11", "--json", "--from", file, NULL),
                     CLI_DONE);
    says("\"notices\": [");
    says("\"key\": \"c-1-desk\"");
}

static void one_of_them(void **state)
{
    (void)state;
    assert_int_equal(run("notice", "show", "1", "--from", file, NULL), CLI_DONE);
    says("notice 1 of rule outages: given-up\n");
    says("  2026-11-10T00:00:02.000Z  an outage of login begins (entry 2)\n");
    says("  desk by mail (mail, for customers): accepted 2026-11-10T00:01:02.000Z: 250 2.0.0 OK\n"
         "    key c-1-desk\n"
         "    attempt 1  2026-11-10T00:00:03.000Z by a1: failed 2026-11-10T00:00:05.000Z: it hung "
         "up (it may have arrived)\n"
         "    attempt 2  2026-11-10T00:00:07.000Z by b1, which says that it repeats: accepted "
         "2026-11-10T00:01:02.000Z: 250 2.0.0 OK\n");
    says("  boss by mail (mail, for customers): given-up\n");
    assert_int_equal(run("notice", "show", "2", "--from", file, NULL), CLI_DONE);
    says("a test by sato (entry 9)");
    says("attempt 1  2026-11-10T00:00:10.000Z by a1: nobody has said yet what became of it\n");
    assert_int_equal(run("notice", "show", "2", "--json", "--from", file, NULL), CLI_DONE);
    says("\"who\": \"sato\"");
}

static void wrong_uses(void **state)
{
    (void)state;
    assert_int_equal(run("notice", "show", "3", "--from", file, NULL), CLI_USAGE);
    assert_non_null(strstr(err_text, "no notice has the number 3"));
    assert_int_equal(run("notice", "show", "one", "--from", file, NULL), CLI_USAGE);
    assert_int_equal(
        run("notice", "list", "--month", "2026-11", "--since", "now", "--from", file, NULL),
        CLI_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_list), cmocka_unit_test(one_of_them),
                                       cmocka_unit_test(wrong_uses)};

    return cmocka_run_group_tests(tests, setup, teardown);
}
