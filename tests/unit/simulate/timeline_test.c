/* What a play looks like to an operator: ledger lines in words, and a whole story. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "shop.h"
#include "simulate/show/play.h"
#include "simulate/show/timeline.h"

#include <jansson.h>

/* ---- lines ---- */

static struct buf said;
static bool refused;

static const char *say(const char *line, int64_t at_ms)
{
    buf_clear(&said);
    return timeline_line(line, at_ms, &said, &refused);
}

static void has(const char *part)
{
    if (strstr(buf_cstr(&said), part) == NULL)
        fail_msg("\"%s\" is not in:\n%s", part, buf_cstr(&said));
}

static void has_not(const char *part)
{
    if (strstr(buf_cstr(&said), part) != NULL)
        fail_msg("\"%s\" is in:\n%s", part, buf_cstr(&said));
}

#define BALLOT(observer, site, opinion, reason, fail, heard)                                       \
    "{\"observer\":\"" observer "\",\"site\":\"" site "\",\"opinion\":\"" opinion                  \
    "\",\"reason\":\"" reason "\",\"abstain\":false,\"fail_age_ms\":" fail                         \
    ",\"good_age_ms\":null,\"arrived_age_ms\":" heard "}"

static void test_verdict(void **state)
{
    static const char line[] =
        "{\"category\":\"verdict\",\"type\":\"down\",\"check\":\"web@shop-1\",\"need\":3,"
        "\"agree\":3,\"assigned\":5,\"ballots\":["              //
        BALLOT("a", "east", "down", "timeout", "400", "10") "," //
        BALLOT("c", "west", "up", "ok", "null", "20") ","       //
        BALLOT("b", "east", "down", "refused", "150", "0") ","  //
        BALLOT("d", "west", "down", "timeout", "300", "0") ","  //
        BALLOT("e", "north", "up", "ok", "null", "900") "]}";

    assert_string_equal(say(line, 1000), "verdict");
    has("web@shop-1 is down: 3 of 5 observers see it fail, 3 needed");
    has("east: 2 of 2 see it fail (timeout, refused), the first at 0.600, the last at 0.850");
    has("west: 1 of 2 see it fail (timeout), the first at 0.700; 1 of 2 see it up");
    has("north: 1 of 1 not heard since 0.100");
    assert_false(refused);
    assert_null(strstr(strstr(buf_cstr(&said), "east:") + 1, "east:"));
}

static void test_disputed(void **state)
{
    say("{\"category\":\"verdict\",\"type\":\"disputed\",\"check\":\"w\",\"need\":3,\"agree\":1,"
        "\"assigned\":5,\"ballots\":[]}",
        0);
    has("1 of 5 observers see it fail, 3 needed: nothing follows");
    assert_true(refused);
    say("{\"category\":\"verdict\",\"type\":\"disputed\",\"check\":\"w\",\"need\":3,\"agree\":4,"
        "\"assigned\":5,\"ballots\":[]}",
        0);
    has("not from enough sites");
}

static void test_decisions(void **state)
{
    assert_string_equal(
        say("{\"category\":\"failover\",\"type\":\"intent\",\"route\":\"web\",\"kind\":\"move\","
            "\"epoch\":2,\"step\":0,\"from\":\"east\",\"to\":\"west\",\"members\":[\"spare-1\"],"
            "\"rule\":20,\"who\":null}",
            0),
        "rule");
    has("web is to move from east to west: spare-1, epoch 2.0");
    has("rule 20: confirmed failure of the active candidate, another is ready");
    has_not("asked for");
    assert_false(refused);

    say("{\"category\":\"failover\",\"type\":\"intent\",\"route\":\"web\",\"kind\":\"pool\","
        "\"epoch\":2,\"step\":1,\"to\":\"east\",\"members\":[\"a\",\"b\"],\"rule\":40}",
        0);
    has("web stays on east: a, b, epoch 2.1");

    say("{\"category\":\"failover\",\"type\":\"refused\",\"route\":\"web\",\"to\":\"west\","
        "\"rule\":18,\"who\":\"suzuki\",\"reason\":\"test\"}",
        0);
    has("web is refused to move to west");
    has("rule 18: the active candidate is not seen failed");
    has("asked for by suzuki: test");
    assert_true(refused);

    say("{\"category\":\"failover\",\"type\":\"blocked\",\"route\":\"web\",\"rule\":23}", 0);
    has("web is blocked");
    has("the last one stays");
    assert_true(refused);
    say("{\"category\":\"failover\",\"type\":\"unblocked\",\"route\":\"web\",\"rule\":24}", 0);
    assert_false(refused);
}

static void test_incidents(void **state)
{
    assert_string_equal(
        say("{\"category\":\"incident\",\"type\":\"amended\",\"outage\":21,\"severity\":null,"
            "\"cause\":\"attack\",\"who\":\"sato\",\"reason\":\"r\"}",
            0),
        "outage");
    has("sato amends entry 21's outage, cause attack");
    has_not("severity");
    say("{\"category\":\"incident\",\"type\":\"note\",\"outage\":21,\"who\":\"sato\","
        "\"text\":\"see there\"}",
        0);
    has("sato says of entry 21's outage: see there");
    assert_false(refused);
}

static void test_outcomes(void **state)
{
    assert_string_equal(
        say("{\"category\":\"failover\",\"type\":\"outcome\",\"route\":\"web\",\"actuator\":\"lb\","
            "\"epoch\":2,\"step\":0,\"ok\":false,\"took_ms\":1000,\"reason\":\"no answer\"}",
            0),
        "actuator");
    has("lb of web, epoch 2.0: FAILED in 1000 ms: no answer");
    assert_true(refused);
    say("{\"category\":\"failover\",\"type\":\"outcome\",\"route\":\"web\",\"actuator\":\"lb\","
        "\"epoch\":2,\"step\":0,\"ok\":true,\"took_ms\":6,\"reason\":null}",
        0);
    has("done in 6 ms");
    assert_false(refused);
}

static void test_of_no_interest(void **state)
{
    assert_null(say("{\"category\":\"config\",\"type\":\"config\",\"version\":1}", 0));
    assert_null(say("not JSON", 0));
}

/* ---- a story ---- */

static struct played play(struct timeline *timeline, const char *yaml, const char *const *texts)
{
    struct play_options options = {.name = "shop.yaml",
                                   .yaml = (const uint8_t *)yaml,
                                   .yaml_len = strlen(yaml),
                                   .seed = 1,
                                   .between_sites_ms = PLAY_SITES_MS,
                                   .log_level = LOG_LEVEL_INFO,
                                   .tell = timeline_note,
                                   .context = timeline};
    struct played played;
    struct fault fault;
    struct sim *sim;
    struct err err;

    assert_int_equal(play_open(&options, &sim, &err), 0);
    timeline_begin(timeline, sim, 2000);
    for (; *texts != NULL; texts++) {
        if (fault_parse(*texts, sim_model(sim), &fault, &err) < 0)
            fail_msg("%s", err.text);
        sim_inject(sim, &fault);
    }
    play_to_rest(sim, 8000, &played);
    timeline_end(timeline, sim, &played);
    sim_free(sim);
    return played;
}

static const char *const cut[] = {"cut:east@2s", "switchover:web.west@3s", NULL};

/* The parts come in this order. */
static void in_order(const char *const *parts)
{
    const char *at = buf_cstr(&said);

    for (; *parts != NULL; parts++) {
        at = strstr(at, *parts);
        if (at == NULL)
            fail_msg("\"%s\" is not, or not there, in:\n%s", *parts, buf_cstr(&said));
    }
}

static void test_story(void **state)
{
    static const char *const parts[] = {"   -2.000  leader",
                                        "leads\n    0.000  fault     cut:east@2s begins",
                                        "callers   web by proxy: LOST",
                                        "verdict   web@shop-",
                                        "see it fail (timeout), the first at 0.",
                                        "rule      web is to move from east to west",
                                        "rule 26: ",
                                        "switch    web/proxy: west with 1 of 1",
                                        "web by proxy: served again after ",
                                        "verified  web is served by west",
                                        "fault     switchover:web.west@3s begins",
                                        "rule      web is refused to move to west",
                                        "fault     cut:east@2s ends",
                                        "callers, by the truth",
                                        "web by proxy: from east to west; one outage of ",
                                        "not done, and why:",
                                        "web is refused to move to west: rule 10: ",
                                        "every invariant holds",
                                        "all came to rest within ",
                                        NULL};
    struct timeline *timeline = timeline_new(false);
    struct played played = play(timeline, shop, cut);

    buf_clear(&said);
    timeline_text(timeline, &said);
    assert_true(played.settled);
    in_order(parts);
    has_not("switchover:web.west@3s ends"); /* it only begins */
    assert_null(strstr(strstr(buf_cstr(&said), "not done, and why:"), "is to move"));
    has_not("  log ");
    timeline_free(timeline);
}

static void test_story_as_json(void **state)
{
    struct timeline *timeline = timeline_new(false);
    json_t *story, *event, *callers;
    bool move = false;
    size_t i;

    play(timeline, shop, cut);
    buf_clear(&said);
    timeline_json(timeline, &said);
    story = json_loads(buf_cstr(&said), 0, NULL);
    assert_non_null(story);
    callers = json_array_get(json_object_get(story, "callers"), 0);
    assert_string_equal(json_string_value(json_object_get(callers, "to")), "west");
    assert_in_range(json_integer_value(json_object_get(callers, "longest_ms")), 100, 2000);
    json_array_foreach(json_object_get(story, "events"), i, event)
    {
        const json_t *line = json_object_get(event, "line");

        move = move || json_integer_value(json_object_get(line, "rule")) == 26;
    }
    assert_true(move);
    assert_true(json_is_true(json_object_get(story, "settled")));
    assert_true(json_is_null(json_object_get(story, "broken")));
    json_decref(story);
    timeline_free(timeline);
}

static void test_trace(void **state)
{
    struct timeline *timeline = timeline_new(true);

    play(timeline, shop, cut);
    buf_clear(&said);
    timeline_text(timeline, &said);
    has("  log ");
    timeline_free(timeline);
}

static void test_nothing_happens(void **state)
{
    static const char *const nothing[] = {NULL};
    struct timeline *timeline = timeline_new(false);

    play(timeline, shop, nothing);
    buf_clear(&said);
    timeline_text(timeline, &said);
    has("web by proxy: stays on east; no outage");
    has("nothing was refused");
    timeline_free(timeline);
}

static void test_last_candidate(void **state)
{
    static const char *const faults[] = {"refuse:shop-1@2s", "refuse:shop-2@2s", NULL};
    struct timeline *timeline = timeline_new(false);

    play(timeline, shop_alone, faults);
    buf_clear(&said);
    timeline_text(timeline, &said);
    has("web is blocked: rule 23: ");
    has("web by proxy: stays on east; one outage of 6000 ms");
    timeline_free(timeline);
}

/* Who holds it is found out before anything is counted. */
static void test_exclusive_at_rest(void **state)
{
    static const char yaml[] =
        "cluster: held\n"
        "version: 1\n"
        "profile: fast\n"
        "sites: [{name: east}, {name: west}, {name: north}]\n"
        "servers:\n"
        "  - {name: one, site: east, host: 10.0.0.1}\n"
        "  - {name: two, site: west, host: 10.0.1.1}\n"
        "  - {name: three, site: north, host: 10.0.2.1}\n"
        "checks: [{name: web, targets: [one, two], tcp: {port: 80}, interval: 100ms}]\n"
        "routes:\n"
        "  - name: web\n"
        "    kind: exclusive\n"
        "    candidates: [{name: east, servers: [one]}, {name: west, servers: [two]}]\n"
        "    actuators: [{name: ip, address: {ip: 192.0.2.1}}]\n";
    struct play_options options = {.name = "held.yaml",
                                   .yaml = (const uint8_t *)yaml,
                                   .yaml_len = sizeof yaml - 1,
                                   .seed = 1,
                                   .between_sites_ms = 3};
    struct callers_view callers;
    struct sim *sim;
    struct err err;

    assert_int_equal(play_open(&options, &sim, &err), 0);
    sim_run(sim, 1000);
    callers = sim_callers(sim, 0, 0);
    assert_true(callers.served);
    assert_int_equal(callers.outages, 0);
    assert_int_equal(callers.longest_ms, 0);
    sim_free(sim);
}

static int teardown(void **state)
{
    buf_free(&said);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdict),        cmocka_unit_test(test_disputed),
        cmocka_unit_test(test_decisions),      cmocka_unit_test(test_incidents),
        cmocka_unit_test(test_outcomes),       cmocka_unit_test(test_of_no_interest),
        cmocka_unit_test(test_story),          cmocka_unit_test(test_story_as_json),
        cmocka_unit_test(test_trace),          cmocka_unit_test(test_nothing_happens),
        cmocka_unit_test(test_last_candidate), cmocka_unit_test(test_exclusive_at_rest),
    };

    return cmocka_run_group_tests(tests, NULL, teardown);
}
