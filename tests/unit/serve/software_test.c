/* A server's own software, and what is too much, against a real engine and ledger. */
#include "ask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* ---- limits and the end ---- */

/* What the node says of its software in its next beat: its only word, or none. */
static enum report_state beat_says(struct world *world)
{
    struct beat beat;

    engine_beat(world->engine, world->now, &beat);
    return beat.n_reports == 1 ? (enum report_state)beat.reports[0].state : REPORT_NONE;
}

static void report(struct world *world, const struct caller *who, const char *args, int code,
                   const char *told)
{
    struct link_call call = {0};

    ask(world, who, "report", args, &call);
    assert_int_equal(call.response.code, code);
    if (told != NULL)
        assert_non_null(
            strstr(code == 0 ? buf_cstr(&call.response.result) : call.response.text, told));
    rpc_response_free(&call.response);
}

static void test_report(void **state)
{
    static const struct caller self = {LINK_NODE, "a1", 0, NULL, 0};
    struct world *world = world_new(0, NULL, NULL, "127.0.0.1");

    (void)state;
    world_lead(world);
    assert_int_equal(beat_says(world), REPORT_NONE);
    report(world, &self, "{\"check\":\"phones\",\"state\":\"ok\"}", 0, "\"ttl_ms\":2000");
    assert_int_equal(beat_says(world), REPORT_OK);
    report(world, &self, "{\"check\":\"calls@a1\",\"state\":\"failing\",\"text\":\"no trunk\"}", 0,
           "\"check\":\"calls@a1\"");
    assert_int_equal(beat_says(world), REPORT_FAILING);
    report(world, &admin, "{\"check\":\"phones\",\"state\":\"ok\"}", 0, NULL);
    assert_int_equal(beat_says(world), REPORT_OK);

    report(world, &viewer, "{\"check\":\"phones\",\"state\":\"failing\"}", ERR_DENIED,
           "taro has the role viewer");
    report(world, &node, "{\"check\":\"phones\",\"state\":\"failing\"}", ERR_DENIED, "b1");
    report(world, &node_for_viewer, "{\"check\":\"phones\",\"state\":\"failing\"}", ERR_DENIED,
           NULL);
    report(world, &self, "{\"check\":\"calls\",\"state\":\"ok\"}", ERR_INVALID,
           "reported are: calls@a1");
    report(world, &self, "{\"check\":\"voice@a1\",\"state\":\"ok\"}", ERR_INVALID, "voice@a1");
    report(world, &self, "{\"check\":\"phones\",\"state\":\"fine\"}", ERR_INVALID, "ok or failing");
    report(world, &self, "{\"check\":\"phones\"}", ERR_INVALID, "state");
    assert_int_equal(beat_says(world), REPORT_OK);
    world_free(world);
}

/* Software gone wild is stopped, and the operators' requests go on. */
static void test_report_rate(void **state)
{
    static const struct caller self = {LINK_NODE, "a1", 0, NULL, 0};
    struct world *world = world_new(0, NULL, NULL, "127.0.0.1");
    struct link_call call = {0};

    (void)state;
    world_lead(world);
    for (int i = 0; i < 2 * SERVE_REPORTS_PER_S; i++)
        report(world, &self, "{\"check\":\"phones\",\"state\":\"ok\"}", 0, NULL);
    report(world, &self, "{\"check\":\"phones\",\"state\":\"failing\"}", ERR_LIMIT, "too many");
    assert_int_equal(beat_says(world), REPORT_OK);
    ask(world, &viewer, "status", "{}", &call);
    assert_int_equal(call.response.code, 0);
    rpc_response_free(&call.response);
    world_tick(world, 50);
    report(world, &self, "{\"check\":\"phones\",\"state\":\"failing\"}", 0, NULL);
    world_free(world);
}

static json_int_t until_of(struct world *world, const struct caller *who, const char *route)
{
    struct link_call call = {0};
    char args[64];
    json_t *answer;
    json_int_t until_ms;

    snprintf(args, sizeof args, "{\"route\":\"%s\"}", route);
    ask(world, who, "active", args, &call);
    if (call.response.code != 0) {
        rpc_response_free(&call.response);
        return -1;
    }
    answer = json_loads(buf_cstr(&call.response.result), 0, NULL);
    assert_string_equal(json_string_value(json_object_get(answer, "kind")), "available");
    assert_int_equal(json_integer_value(json_object_get(answer, "epoch")), 1);
    until_ms = json_integer_value(json_object_get(answer, "until_ms"));
    json_decref(answer);
    rpc_response_free(&call.response);
    return until_ms;
}

static void test_active(void **state)
{
    static const struct caller self = {LINK_NODE, "a1", 0, NULL, 0};
    struct world *world = world_new(0, NULL, NULL, "127.0.0.1");

    (void)state;
    assert_int_equal(until_of(world, &self, "calls"), -1); /* nothing is committed */
    world_lead(world);
    world_hear(world);
    assert_int_equal(until_of(world, &self, "calls"), world->now.boot_ms + 500);
    assert_int_equal(until_of(world, &admin, "calls"), world->now.boot_ms + 500);
    assert_int_equal(until_of(world, &viewer, "calls"), -1);
    assert_int_equal(until_of(world, &node, "calls"), -1);
    assert_int_equal(until_of(world, &self, "trunks"), -1);
    world_tick(world, 3000); /* it stood still, and hears nobody: it does not know */
    assert_int_equal(until_of(world, &self, "calls"), 0);
    world_free(world);
}

static void test_rate(void **state)
{
    struct world *world = leader();
    struct link_call call;
    int i, limited = 0;

    for (i = 0; i < 3 * SERVE_RATE_PER_S; i++) {
        ask(world, &viewer, "topology", "{}", &call);
        limited += call.response.code == ERR_LIMIT;
        rpc_response_free(&call.response);
    }
    assert_int_equal(limited, SERVE_RATE_PER_S);
    ask(world, &node, "topology", "{}", &call); /* nodes are not operators */
    json_decref(result_of(&call));
    world_tick(world, 5);
    json_decref(get(world, "topology", "{}"));
    refused(world, &viewer, "topology", "{}", ERR_LIMIT, "too many requests");
    world_free(world);
}

static void test_pending_limit_and_close(void **state)
{
    struct world *world = leader();
    struct link_call calls[SERVE_PENDING_NAME_MAX];
    int i;

    world->hold = true;
    for (i = 0; i < SERVE_PENDING_NAME_MAX; i++) {
        ask(world, &admin, "switchover", move_args, &calls[i]);
        assert_int_equal(calls[i].answered, 0);
    }
    refused(world, &admin, "switchover", move_args, ERR_LIMIT, "wait for their answer");
    serve_close(world->serve);
    world->serve = NULL;
    for (i = 0; i < SERVE_PENDING_NAME_MAX; i++) {
        assert_int_equal(calls[i].answered, 1);
        assert_int_equal(calls[i].response.code, ERR_UNAVAILABLE);
        rpc_response_free(&calls[i].response);
    }
    world_release(world); /* late replies: nothing more is said, all is freed */
    for (i = 0; i < SERVE_PENDING_NAME_MAX; i++)
        assert_int_equal(calls[i].answered, 1);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_report),
        cmocka_unit_test(test_report_rate),
        cmocka_unit_test(test_active),
        cmocka_unit_test(test_rate),
        cmocka_unit_test(test_pending_limit_and_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
