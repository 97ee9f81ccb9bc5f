/* Operators' commands, on the leader and elsewhere, against a real engine and ledger. */
#include "ask.h"
#include "base/utc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* ---- commands ---- */

static void test_switchover(void **state)
{
    static const char move[] = "{\"id\":\"" ID "\",\"route\":\"calls\",\"to\":\"osaka\","
                               "\"reason\":\"works\"}";
    struct world *world = leader();
    struct link_call call;
    json_t *r, *line;
    uint64_t size;
    size_t i;
    int found = 0;

    ask(world, &admin, "switchover", move, &call);
    world_tick(world, 10);
    r = result_of(&call);
    assert_string_equal(text(r, "id"), ID);
    json_decref(r);
    assert_int_equal(engine_shared(world->engine)->routes[0].now.candidate, 1);

    /* The same id again: the same answer, and nothing moves. */
    size = engine_shared(world->engine)->ledger.size;
    ask(world, &node_for_admin, "switchover", move, &call);
    world_tick(world, 10);
    json_decref(result_of(&call));
    assert_int_equal(engine_shared(world->engine)->ledger.size, size);

    r = get(world, "ledger", "{\"from\":0,\"categories\":[\"failover\"]}");
    json_array_foreach(json_object_get(r, "lines"), i, line)
    {
        found += strstr(json_string_value(line), "\"type\":\"intent\"") != NULL &&
                 strstr(json_string_value(line), "\"who\":\"hanako\",\"reason\":\"works\"") != NULL;
    }
    assert_int_equal(found, 1);
    json_decref(r);
    world_free(world);
}

/* An id stands for one command: all of it but how long to wait, and who asked. */
static void test_id_again(void **state)
{
    static const struct caller other = {LINK_OPERATOR, "jiro", -1, NULL, 0};
#define PAUSE(rest) "{\"id\":\"" ID "\",\"for_ms\":60000,\"reason\":\"r\"," rest "}"
    struct world *world = leader();
    struct link_call call;

    ask(world, &admin, "pause", PAUSE("\"all\":true"), &call);
    world_tick(world, 10);
    json_decref(result_of(&call));
    ask(world, &admin, "pause", PAUSE("\"wait_ms\":5,\"all\":true"), &call);
    world_tick(world, 10);
    json_decref(result_of(&call));
    refused(world, &admin, "pause", PAUSE("\"route\":\"calls\""), ERR_INVALID,
            "command id " ID " stands for another command (log index ");
    refused(world, &other, "pause", PAUSE("\"all\":true"), ERR_INVALID, "another command");
    refused(world, &admin, "resume", "{\"id\":\"" ID "\",\"all\":true,\"reason\":\"r\"}",
            ERR_INVALID, "another command");
    assert_true(engine_shared(world->engine)->pause.until_ms != 0);
    world_free(world);
#undef PAUSE
}

/* … also while it waits: what is said of the one is no answer to the other. */
static void test_id_again_meanwhile(void **state)
{
    struct world *world = leader();
    struct link_call call;

    world->hold = true;
    ask(world, &admin, "drain", "{\"id\":\"" ID "\",\"server\":\"b1\",\"reason\":\"r\"}", &call);
    refused(world, &admin, "drain", "{\"id\":\"" ID "\",\"server\":\"c1\",\"reason\":\"r\"}",
            ERR_INVALID, "stands for another command of hanako that waits");
    assert_int_equal(call.answered, 0);
    world_release(world);
    assert_int_equal(call.answered, 1);
    rpc_response_free(&call.response);
    world_free(world);
}

static void test_rule_refuses(void **state)
{
    struct world *world = leader();
    struct link_call call;

    /* Nothing of tokyo is seen failed. */
    ask(world, &admin, "failover",
        "{\"id\":\"" ID "\",\"route\":\"calls\",\"to\":\"osaka\",\"reason\":\"r\"}", &call);
    world_tick(world, 10);
    assert_int_equal(call.answered, 1);
    assert_int_equal(call.response.code, ERR_REFUSED);
    assert_true(call.response.text[0] != '\0');
    rpc_response_free(&call.response);
    assert_int_equal(engine_shared(world->engine)->routes[0].now.candidate, 0);
    world_free(world);
}

static void test_windows(void **state)
{
    struct world *world = leader();
    struct link_call call;
    json_t *r, *window;
    char end[160];

    refused(world, &admin, "maintenance-add",
            "{\"id\":\"" ID_2 "\",\"functions\":[\"calling\"],\"start\":\"2026-11-25T00:00:00Z\","
            "\"end\":\"2026-11-25T01:00:00Z\",\"reason\":\"r\"}",
            ERR_REFUSED, "14 days ahead");
    refused(world, &admin, "maintenance-add",
            "{\"id\":\"" ID "\",\"functions\":[\"caling\"],\"start\":\"2027-11-25T00:00:00Z\","
            "\"end\":\"2027-11-25T01:00:00Z\",\"reason\":\"r\"}",
            ERR_INVALID, "functions: calling");
    refused(world, &admin, "maintenance-add",
            "{\"id\":\"" ID "\",\"functions\":[],\"start\":\"2027-11-25T00:00:00Z\","
            "\"end\":\"2027-11-25T01:00:00Z\",\"reason\":\"r\"}",
            ERR_INVALID, "no function is named");
    refused(world, &admin, "maintenance-add",
            "{\"id\":\"" ID "\",\"functions\":[\"calling\"],\"start\":\"tomorrow\","
            "\"end\":\"2027-11-25T01:00:00Z\",\"reason\":\"r\"}",
            ERR_INVALID, "not a time");
    refused(world, &admin, "maintenance-add",
            "{\"id\":\"" ID "\",\"functions\":[\"calling\"],\"start\":\"2027-11-25T02:00:00Z\","
            "\"end\":\"2027-11-25T01:00:00Z\",\"reason\":\"r\"}",
            ERR_INVALID, "ends before");
    refused(world, &admin, "maintenance-end",
            "{\"id\":\"" ID "\",\"window\":4711,\"reason\":\"r\"}", ERR_INVALID,
            "no maintenance window 4711");

    ask(world, &admin, "maintenance-add",
        "{\"id\":\"" ID "\",\"functions\":[\"calling\"],\"start\":\"2026-11-25T00:00:00Z\","
        "\"end\":\"2026-11-25T01:00:00Z\",\"reason\":\"upgrade\",\"override_notice\":true}",
        &call);
    world_tick(world, 10);
    json_decref(result_of(&call));
    r = get(world, "maintenance-list", "{}");
    window = json_array_get(json_object_get(r, "windows"), 0);
    assert_string_equal(text(window, "state"), "planned");
    assert_string_equal(text(window, "who"), "hanako");
    assert_true(json_is_true(json_object_get(window, "short_notice")));
    snprintf(end, sizeof end, "{\"id\":\"1%s\",\"window\":%lld,\"reason\":\"not needed\"}", ID + 1,
             (long long)json_integer_value(json_object_get(window, "window")));
    json_decref(r);
    ask(world, &admin, "maintenance-end", end, &call);
    world_tick(world, 10);
    json_decref(result_of(&call));
    r = get(world, "maintenance-list", "{}");
    assert_string_equal(text(json_array_get(json_object_get(r, "windows"), 0), "state"), "ended");
    json_decref(r);
    world_free(world);
}

static void test_pause(void **state)
{
    struct world *world = leader();

    told(world, "pause", "\"for_ms\":60000", "one route, or all");
    told(world, "pause", "\"route\":\"calls\",\"all\":true,\"for_ms\":60000", "one route, or all");
    told(world, "pause", "\"route\":\"cals\",\"for_ms\":60000", "no route \"cals\"; routes: calls");
    told(world, "pause", "\"route\":\"calls\",\"for_ms\":604800001", "for_ms");
    world_hear(world);
    told(world, "pause", "\"route\":\"calls\",\"for_ms\":60000,\"dry_run\":true",
         "route calls: no failover, failback or following by itself until ");
    assert_true(shared_of(world)->routes[0].pause.until_ms == 0);
    told(world, "resume", "\"route\":\"calls\"", "are not paused");
    told(world, "pause", "\"route\":\"calls\",\"for_ms\":60000", "are paused until");
    assert_string_equal(shared_of(world)->routes[0].pause.who, "hanako");
    told(world, "resume", "\"route\":\"calls\"", "go on");
    told(world, "pause", "\"all\":true,\"for_ms\":60000", "are paused until");
    assert_true(shared_of(world)->pause.until_ms != 0);
    told(world, "resume", "\"all\":true", "go on");
    told(world, "pause", "\"all\":true,\"for_ms\":1000", "are paused until");
    world_tick(world, 1500); /* its end is committed without anybody asking */
    assert_true(shared_of(world)->pause.until_ms == 0);
    world_free(world);
}

static void test_drain(void **state)
{
    struct world *world = leader();

    told(world, "drain", "\"server\":\"a9\"", "no server \"a9\"; there are: a1, b1, c1");
    told(world, "drain", "\"server\":\"a1\"", "tokyo of route calls would be left with 0 fit");
    told(world, "drain", "\"server\":\"a1\",\"dry_run\":true", "would be left with 0 fit");
    told(world, "drain", "\"server\":\"b1\",\"dry_run\":true",
         "route calls, osaka: 1 -> 0 of 1 fit, its least is 1");
    told(world, "drain", "\"server\":\"b1\"", "leaves all pools");
    assert_true(shared_drained(shared_of(world), 1));
    told(world, "drain", "\"server\":\"b1\"", "hanako has drained it already");
    told(world, "switchover", "\"route\":\"calls\",\"to\":\"osaka\"", "does not hold its least");
    told(world, "undrain", "\"server\":\"b1\"", "may come back");
    told(world, "undrain", "\"server\":\"b1\"", "not drained");
    world_free(world);
}

static void dry(struct world *world, const char *verb, const char *args, int code,
                const char *const *wanted)
{
    char with[256];
    uint64_t index = shared_of(world)->index;
    const char *answer;
    char says[16];

    snprintf(with, sizeof with, "%s,\"dry_run\":true", args);
    world_hear(world);
    answer = tell(world, &admin, verb, with);
    snprintf(says, sizeof says, "\"code\":%d,", code);
    if (strstr(answer, says) == NULL)
        fail_msg("%s %s: %s, wanted %s", verb, args, answer, says);
    for (; *wanted != NULL; wanted++)
        if (strstr(answer, *wanted) == NULL)
            fail_msg("%s %s: %s, wanted %s", verb, args, answer, *wanted);
    assert_true(shared_of(world)->index == index);
}

#define SAYS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define WINDOW(from, to)                                                                           \
    "\"functions\":[\"calling\"],\"start\":\"2026-" from "Z\",\"end\":\"2026-" to "Z\""

/* Every verb says beforehand what it would do, and does nothing of it. */
static void test_dry_runs(void **state)
{
    struct world *world = leader();
    char args[128];

    dry(world, "switchover", "\"route\":\"calls\",\"to\":\"osaka\"", 0,
        SAYS("\"rule\":16", "switchover-asked", "goes from tokyo to osaka, epoch 1 -> 2",
             "serving then: b1", "\"type\":\"intent\"", "\"who\":\"hanako\""));
    dry(world, "failback", "\"route\":\"calls\"", ERR_REFUSED,
        SAYS("\"rule\":10", "nothing: only the refusal is recorded", "\"type\":\"refused\""));
    dry(world, "failover", "\"route\":\"calls\",\"to\":\"osaka\",\"force\":true", 0,
        SAYS("\"rule\":12", "downtime of function calling begins, until the move is verified",
             "\"forced\":true"));
    dry(world, "pause", "\"all\":true,\"for_ms\":60000", 0,
        SAYS("route calls: no failover", "(hanako, for all routes)", "\"type\":\"paused\"",
             "\"then\":{\"phase\":\"serving\",\"rule\":62", "\"paused\""));
    dry(world, "resume", "\"all\":true", ERR_REFUSED, SAYS("are not paused"));
    dry(world, "drain", "\"server\":\"b1\"", 0,
        SAYS("osaka: 1 -> 0 of 1 fit", "\"type\":\"drained\""));
    dry(world, "drain", "\"server\":\"a1\"", ERR_REFUSED, SAYS("would be left with 0 fit"));
    dry(world, "undrain", "\"server\":\"b1\"", ERR_REFUSED, SAYS("it is not drained"));
    dry(world, "leader-move", "\"server\":\"a1\"", ERR_REFUSED, SAYS("it leads already"));
    dry(world, "leader-move", "\"server\":\"b1\"", 0,
        SAYS("b1 leads in the place of a1; no calm hand-over", "\"type\":\"handover\""));
    dry(world, "maintenance-add", WINDOW("12-25T00:00:00", "12-25T01:00:00"), 0,
        SAYS("function calling stops from 2026-12-25T00:00:00.000Z to 2026-12-25T01:00:00.000Z: "
             "no planned service time",
             "the rule of 14 days is kept (announced now, it is kept from 2026-12-08T",
             "route calls: no automatic move meanwhile", "\"type\":\"added\""));
    dry(world, "maintenance-add", WINDOW("11-25T00:00:00", "11-25T01:00:00"), ERR_REFUSED,
        SAYS("14 days ahead"));
    dry(world, "maintenance-add",
        WINDOW("11-25T00:00:00", "11-25T01:00:00") ",\"override_notice\":true", 0,
        SAYS("is not kept, and that is recorded", "\"short_notice\":true"));
    told(world, "maintenance-add", WINDOW("11-20T00:00:00", "11-25T01:00:00") ",\"emergency\":true",
         "added");
    snprintf(args, sizeof args, "\"window\":%llu",
             (unsigned long long)shared_of(world)->windows[0].id);
    dry(world, "maintenance-end", args, 0,
        SAYS("ends; what is left until 2026-11-25T01:00:00.000Z is planned service time again",
             "\"type\":\"ended\""));
    snprintf(args + strlen(args), sizeof args - strlen(args), ",\"end\":\"2026-11-26T00:00:00Z\"");
    dry(world, "maintenance-extend", args, 0,
        SAYS("stops from 2026-11-25T01:00:00.000Z to 2026-11-26T00:00:00.000Z", "emergency",
             "\"type\":\"extended\""));
    assert_int_equal(shared_of(world)->n_windows, 1);
    assert_int_equal(shared_of(world)->windows[0].finished_ms, UTC_NONE);
    world_free(world);
}

static void test_failback(void **state)
{
    struct world *world = leader();

    told(world, "failback", "\"route\":\"calls\"", "already serves");
    told(world, "switchover", "\"route\":\"calls\",\"to\":\"osaka\"", "verified");
    told(world, "failback", "\"route\":\"calls\",\"dry_run\":true", "rule 16");
    world_verdict(world, 0, VERDICT_DOWN);
    told(world, "failback", "\"route\":\"calls\"", "does not hold its least");
    world_verdict(world, 0, VERDICT_UP);
    told(world, "failback", "\"route\":\"calls\"", "verified");
    assert_int_equal(shared_of(world)->routes[0].now.candidate, 0);
    world_free(world);
}

static void test_leader_move(void **state)
{
    static const struct caller operator= {LINK_OPERATOR, "taro", -1, NULL, 0};
    struct world *world = leader();

    assert_non_null(strstr(tell(world, &operator, "leader-move", "\"server\":\"b1\""), "may not"));
    told(world, "leader-move", "\"server\":\"d1\"", "no coordinator \"d1\"; there are: a1, b1, c1");
    told(world, "leader-move", "\"server\":\"a1\"", "it leads already");
    world_free(world);
}

static void test_extended_window(void **state)
{
    struct world *world = leader();
    char args[160];
    uint64_t id;

    told(world, "maintenance-add",
         "\"functions\":[\"calling\"],\"start\":\"2026-12-25T00:00:00Z\","
         "\"end\":\"2026-12-25T01:00:00Z\"",
         "added");
    id = shared_of(world)->windows[0].id;
    snprintf(args, sizeof args, "\"window\":%llu,\"end\":\"2026-12-25T02:00:00Z\"",
             (unsigned long long)id);
    told(world, "maintenance-extend", args, "extended");
    told(world, "maintenance-extend", args, "would not end later");
    assert_false(shared_of(world)->windows[0].short_notice);
    world->now.utc_ms += 20ll * 86400000;
    world_tick(world, 10); /* all clocks say so */
    snprintf(args, sizeof args, "\"window\":%llu,\"end\":\"2026-12-25T03:00:00Z\"",
             (unsigned long long)id);
    told(world, "maintenance-extend", args, "14 days ahead");
    snprintf(args, sizeof args,
             "\"window\":%llu,\"end\":\"2026-12-25T03:00:00Z\",\"override_notice\":true",
             (unsigned long long)id);
    told(world, "maintenance-extend", args, "extended");
    assert_true(shared_of(world)->windows[0].short_notice);
    snprintf(args, sizeof args, "\"window\":%llu", (unsigned long long)id);
    told(world, "maintenance-end", args, "ended"); /* before it starts: called off */
    assert_true(shared_of(world)->windows[0].finished_ms < shared_of(world)->windows[0].start_ms);
    snprintf(args, sizeof args,
             "\"window\":%llu,\"end\":\"2026-12-25T04:00:00Z\",\"override_notice\":true",
             (unsigned long long)id);
    told(world, "maintenance-extend", args, "has ended already");
    told(world, "maintenance-add", WINDOW("12-01T00:00:00", "12-31T23:00:00"), "14 days ahead");
    told(world, "maintenance-add",
         "\"functions\":[\"calling\"],\"start\":\"2027-02-01T00:00:00Z\","
         "\"end\":\"2028-02-01T01:00:00Z\"",
         "31 days at most");
    told(world, "maintenance-add",
         "\"functions\":[\"calling\"],\"start\":\"2026-12-01T00:00:00Z\","
         "\"end\":\"2026-12-20T00:00:00Z\",\"override_notice\":true",
         "added");
    snprintf(args, sizeof args,
             "\"window\":%llu,\"end\":\"2126-12-25T04:00:00Z\",\"override_notice\":true",
             (unsigned long long)shared_of(world)->windows[1].id);
    told(world, "maintenance-extend", args, "31 days from now at most");
    world->now.utc_ms += 20ll * 86400000;
    world_tick(world, 10); /* all clocks say so */
    snprintf(args, sizeof args, "\"window\":%llu",
             (unsigned long long)shared_of(world)->windows[1].id);
    told(world, "maintenance-end", args, "is over already");
    world_free(world);
}

/* ---- not the leader ---- */

static void test_forwards_once(void **state)
{
    struct link link = {0};
    struct world *world = world_new(0, NULL, &link, "127.0.0.1");
    struct rpc_response answer = {.code = ERR_REFUSED, .text = "rule 9 says no"};
    struct link_call call;
    struct buf bytes = {0};

    world_follow(world, 2);
    ask(world, &admin, "switchover", move_args, &call);
    assert_int_equal(call.answered, 0);
    assert_int_equal(link.requests, 1);
    assert_int_equal(link.peer, 2);
    assert_int_equal(link.timeout_ms, 1234);
    assert_string_equal(link.sent.verb, "switchover");
    assert_string_equal(link.sent.behalf, "hanako");
    assert_int_equal(link.sent.behalf_role, LINK_ADMIN);
    rpc_response_encode(&answer, &bytes);
    link.done(link.context, 0, bytes.data, bytes.len);
    assert_int_equal(call.answered, 1);
    assert_int_equal(call.response.code, ERR_REFUSED);
    assert_string_equal(call.response.text, "rule 9 says no");
    rpc_response_free(&call.response);
    buf_free(&bytes);

    /* What was forwarded to us is not forwarded again: the answer names the leader. */
    ask(world, &node_for_admin, "switchover", move_args, &call);
    assert_int_equal(call.answered, 1);
    assert_int_equal(link.requests, 1);
    assert_int_equal(call.response.code, ERR_UNAVAILABLE);
    assert_string_equal(call.response.leader, "c1");
    rpc_response_free(&call.response);
    ask(world, &node, "join", "{\"raft_id\":258}", &call);
    assert_string_equal(call.response.leader, "c1");
    rpc_response_free(&call.response);

    /* The leader does not answer, or with garbage. */
    ask(world, &admin, "switchover", move_args, &call);
    link.done(link.context, ERR_TIMEOUT, NULL, 0);
    assert_int_equal(call.response.code, ERR_UNAVAILABLE);
    rpc_response_free(&call.response);
    ask(world, &admin, "switchover", move_args, &call);
    link.done(link.context, 0, (const uint8_t *)"\xff\xff\xff", 3);
    assert_int_equal(call.response.code, ERR_UNAVAILABLE);
    rpc_response_free(&call.response);

    world_follow(world, -1);
    refused(world, &admin, "switchover", move_args, ERR_UNAVAILABLE, "no leader is known");
    rpc_request_free(&link.sent);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_switchover),
        cmocka_unit_test(test_id_again),
        cmocka_unit_test(test_id_again_meanwhile),
        cmocka_unit_test(test_rule_refuses),
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_pause),
        cmocka_unit_test(test_drain),
        cmocka_unit_test(test_dry_runs),
        cmocka_unit_test(test_failback),
        cmocka_unit_test(test_leader_move),
        cmocka_unit_test(test_extended_window),
        cmocka_unit_test(test_forwards_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
