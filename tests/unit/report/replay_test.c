/* Decisions made again from their ledger lines. */
#include "report/replay.h"
#include "lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static struct lines lines;
static struct replayed again;

static void with_rows(const struct rule *rows, int n)
{
    struct replay *replay = replay_new(rows, n);
    struct err err;
    size_t len;
    const char *line = lines_get(&lines, lines.n - 1, &len);

    if (replay_line(replay, line, len, &again, &err) != 0)
        fail_msg("%s", err.text);
    replay_free(replay);
}

/* Replays the newest line. */
static void newest(enum replay_result result, const char *says)
{
    const struct rule *rows;
    int n;

    rows = rules_table(&n);
    with_rows(rows, n);
    if (again.result != result || strstr(again.again, says) == NULL)
        fail_msg("result %d, recorded \"%s\", again \"%s\"", (int)again.result, again.recorded,
                 again.again);
}

static int teardown(void **state)
{
    lines_free(&lines);
    return 0;
}

static void verdict(const char *type, const char *was, int agree, const char *ballots)
{
    lines_add(&lines, "verdict", type,
              ",\"check\":\"voice@voice-1\",\"target\":\"voice-1\",\"site\":\"tokyo\","
              "\"was\":\"%s\",\"need\":2,\"agree\":%d,\"assigned\":3,\"window_ms\":500,"
              "\"patience_ms\":800,\"fail_since\":null,\"good_before\":null,\"ballots\":[%s]",
              was, agree, ballots);
}

#define BALLOT(observer, site, opinion, fail, good)                                                \
    "{\"observer\":\"" observer "\",\"site\":\"" site "\",\"opinion\":\"" opinion                  \
    "\",\"reason\":\"timeout\",\"abstain\":false,\"fail_age_ms\":" fail ",\"good_age_ms\":" good   \
    ",\"arrived_age_ms\":3}"
#define DOWN(observer, site) BALLOT(observer, site, "down", "200", "700")
#define UP(observer, site) BALLOT(observer, site, "up", "null", "12")

static void ballots_are_counted_again(void **state)
{
    (void)state;
    verdict("down", "up", 3,
            DOWN("voice-2", "tokyo") "," DOWN("mirror-1", "osaka") "," DOWN("web-1", "ishikari"));
    newest(REPLAY_SAME, "down: 3 of 3 agree, 2 needed");
    assert_string_equal(again.kind, "verdict down");
    assert_string_equal(again.subject, "voice@voice-1");
    verdict("up", "down", 2,
            UP("voice-2", "tokyo") "," UP("mirror-1", "osaka") "," DOWN("web-1", "ishikari"));
    newest(REPLAY_SAME, "up: 2 of 3 agree");
    /* A dissent that lasts is a dispute; one that is young changes nothing. */
    verdict("disputed", "up", 1,
            UP("voice-2", "tokyo") "," UP("mirror-1", "osaka") "," BALLOT("web-1", "ishikari",
                                                                          "down", "900", "1400"));
    newest(REPLAY_SAME, "disputed: 1 of 3 agree");
    verdict("disputed", "up", 1,
            UP("voice-2", "tokyo") "," UP("mirror-1", "osaka") "," BALLOT("web-1", "ishikari",
                                                                          "down", "700", "1400"));
    newest(REPLAY_DIFFERS, "up: 2 of 3 agree");
}

static void what_the_ballots_do_not_say_differs(void **state)
{
    (void)state;
    /* Two of one site, the target's own. */
    verdict("down", "up", 2,
            DOWN("voice-2", "tokyo") "," DOWN("voice-3", "tokyo") "," UP("web-1", "ishikari"));
    newest(REPLAY_DIFFERS, "up: 1 of 3 agree");
    verdict("down", "up", 3,
            DOWN("voice-2", "tokyo") "," DOWN("mirror-1", "osaka") "," UP("web-1", "ishikari"));
    newest(REPLAY_DIFFERS, "");
    verdict("down", "up", 3, DOWN("voice-2", "tokyo") "," DOWN("mirror-1", "osaka"));
    newest(REPLAY_DIFFERS, "down: 2 of 2 agree");
    verdict("down", "asleep", 3, "");
    newest(REPLAY_DIFFERS, "does not say how");
    verdict("down", "up", 1, BALLOT("voice-2", "tokyo", "sideways", "1", "2"));
    newest(REPLAY_DIFFERS, "does not say how");
    verdict("down", "up", 1, BALLOT("voice-2", "", "down", "1", "2"));
    newest(REPLAY_DIFFERS, "does not say how");
    verdict("down", "up", 1, BALLOT("voice-2", "tokyo", "down", "-1", "2"));
    newest(REPLAY_DIFFERS, "does not say how");
}

static void route(const char *type, const char *kind, int rule, const char *phase,
                  const char *facts)
{
    lines_add(&lines, "failover", type,
              ",\"route\":\"calls\"%s,\"epoch\":2,\"rule\":%d,\"phase\":\"%s\",\"facts\":[%s]",
              kind, rule, phase, facts);
}

#define MOVE ",\"kind\":\"move\""
#define POOL ",\"kind\":\"pool\""
#define FAILED "\"active-failed\",\"other-ready\""

static void rows_are_found_again(void **state)
{
    (void)state;
    route("intent", MOVE, 20, "serving", FAILED);
    newest(REPLAY_SAME, "rule 20: move");
    route("intent", POOL, 40, "acting", "\"active-ok\",\"pool-differs\"");
    newest(REPLAY_SAME, "rule 40: pool");
    route("intent", MOVE, 12, "acting", "\"failover-asked\",\"forced\"");
    newest(REPLAY_SAME, "rule 12: move-to");
    route("held", "", 12, "acting", "\"failover-asked\",\"forced\"");
    newest(REPLAY_SAME, "rule 12: move-to");
    route("held", "", 21, "serving", FAILED ",\"may-hold\"");
    newest(REPLAY_SAME, "rule 21: hold");
    route("blocked", "", 23, "serving", "\"active-failed\"");
    newest(REPLAY_SAME, "rule 23: block");
    route("unblocked", "", 24, "blocked", "\"active-ok\"");
    newest(REPLAY_SAME, "rule 24: unblock");
    route("refused", "", 13, "waiting", "\"switchover-asked\",\"target-ready\"");
    newest(REPLAY_SAME, "rule 13: refuse");
}

static void another_row_or_action_differs(void **state)
{
    (void)state;
    route("intent", MOVE, 22, "serving", FAILED);
    newest(REPLAY_DIFFERS, "rule 20: move");
    route("intent", MOVE, 20, "waiting", FAILED);
    newest(REPLAY_DIFFERS, "rule 56: none");
    route("intent", POOL, 20, "serving", FAILED);
    newest(REPLAY_DIFFERS, "rule 20: move");
    route("refused", "", 20, "serving", FAILED);
    newest(REPLAY_DIFFERS, "rule 20: move");
    route("intent", MOVE, 20, "serving", FAILED ",\"held\"");
    newest(REPLAY_DIFFERS, "rule 51: none");
    route("intent", MOVE, 20, "asleep", FAILED);
    newest(REPLAY_DIFFERS, "the phase \"asleep\" is not known");
    route("intent", MOVE, 20, "serving", "\"bored\"");
    newest(REPLAY_DIFFERS, "the fact \"bored\" is not known");
}

/* The same line under a table in which somebody has changed a row, or left one out. */
static void a_changed_table_differs(void **state)
{
    const struct rule *table;
    struct rule rows[64];
    int i, n, without = 0;

    (void)state;
    table = rules_table(&n);
    route("intent", MOVE, 20, "serving", FAILED);
    memcpy(rows, table, sizeof rows[0] * (size_t)n);
    with_rows(rows, n);
    assert_int_equal(again.result, REPLAY_SAME);
    for (i = 0; i < n; i++)
        if (rows[i].number == 20)
            rows[i].with |= FACT_HOST_HEARD;
    with_rows(rows, n);
    assert_int_equal(again.result, REPLAY_DIFFERS);
    for (i = 0; i < n; i++)
        if (table[i].number != 20)
            rows[without++] = table[i];
    with_rows(rows, without);
    assert_int_equal(again.result, REPLAY_DIFFERS);
    with_rows(rows, 0);
    assert_int_equal(again.result, REPLAY_DIFFERS);
    assert_string_equal(again.again, "no row fits");
}

static void what_no_row_decided_is_left_out_and_named(void **state)
{
    (void)state;
    lines_add(&lines, "failover", "intent", ",\"route\":\"calls\",\"kind\":\"pool\",\"rule\":2");
    newest(REPLAY_LEFT_OUT, "rule 2: no row decided it");
    lines_add(&lines, "failover", "intent", ",\"route\":\"calls\",\"kind\":\"pool\",\"rule\":40");
    newest(REPLAY_LEFT_OUT, "an older version");
    lines_verdict(&lines);
    newest(REPLAY_LEFT_OUT, "an older version");
    lines_add(&lines, "failover", "act", ",\"route\":\"calls\"");
    newest(REPLAY_NONE, "");
    lines_add(&lines, "outage", "open", ",\"outage\":1");
    newest(REPLAY_NONE, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(ballots_are_counted_again, teardown),
        cmocka_unit_test_teardown(what_the_ballots_do_not_say_differs, teardown),
        cmocka_unit_test_teardown(rows_are_found_again, teardown),
        cmocka_unit_test_teardown(another_row_or_action_differs, teardown),
        cmocka_unit_test_teardown(a_changed_table_differs, teardown),
        cmocka_unit_test_teardown(what_no_row_decided_is_left_out_and_named, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
