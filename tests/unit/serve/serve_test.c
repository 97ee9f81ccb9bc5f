/* Requests that read, and those that nobody may make, against a real engine and ledger. */
#include "ask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* ---- reading ---- */

static void test_status(void **state)
{
    struct world *world = leader();
    json_t *s = get(world, "status", "{}"), *down;

    assert_string_equal(text(s, "cluster"), "test");
    assert_string_equal(text(s, "node"), "a1");
    assert_string_equal(text(s, "leader"), "a1");
    assert_int_equal(json_integer_value(json_object_get(json_object_get(s, "quorum"), "majority")),
                     2);
    /* Nobody else's beats came: one voter of three is no quorum. */
    assert_true(json_is_false(json_object_get(json_object_get(s, "quorum"), "ok")));
    json_decref(s);

    world_verdict(world, 0, VERDICT_DOWN);
    s = get(world, "status", "");
    down = json_object_get(json_object_get(s, "down"), "checks");
    assert_int_equal(json_array_size(down), 1);
    assert_string_equal(text(json_array_get(down, 0), "check"), "voice@a1");
    json_decref(s);
    world_free(world);
}

static void test_other_reads(void **state)
{
    struct world *world = leader();
    json_t *r;

    r = get(world, "nodes", "{}");
    assert_int_equal(json_array_size(json_object_get(r, "nodes")), 3);
    json_decref(r);
    r = get(world, "routes", "{}");
    assert_string_equal(text(json_array_get(json_object_get(r, "routes"), 0), "active"), "tokyo");
    json_decref(r);
    r = get(world, "coverage", "{}");
    assert_int_equal(json_array_size(json_object_get(r, "rows")), 3);
    assert_true(json_is_null(json_object_get(r, "next")));
    json_decref(r);
    r = get(world, "coverage", "{\"from\":1}");
    assert_int_equal(json_array_size(json_object_get(r, "rows")), 2);
    json_decref(r);
    r = get(world, "topology", "{}");
    assert_int_equal(json_array_size(json_object_get(r, "sites")), 3);
    json_decref(r);
    r = get(world, "config", "{}");
    assert_string_equal(text(r, "yaml"), world_yaml(NULL, "127.0.0.1"));
    json_decref(r);
    world_free(world);
}

/* Only who leads knows what it goes by: others ask it, for viewers too. */
static void test_explain(void **state)
{
    struct link link = {0};
    struct world *world = leader();
    struct link_call call;
    json_t *r;

    r = get(world, "explain", "{\"route\":\"calls\"}");
    assert_string_equal(text(r, "active"), "tokyo");
    assert_true(json_is_integer(json_object_get(r, "rule")));
    json_decref(r);
    r = get(world, "explain",
            "{\"route\":\"calls\",\"ask\":\"failover\",\"to\":\"osaka\",\"force\":true}");
    assert_true(json_array_size(json_object_get(r, "facts")) > 2);
    json_decref(r);
    refused(world, &viewer, "explain", "{}", ERR_INVALID, "\"route\" is missing");
    refused(world, &viewer, "explain", "{\"route\":\"cals\"}", ERR_INVALID, "no route \"cals\"");
    refused(world, &viewer, "explain", "{\"route\":\"calls\",\"ask\":\"nicely\"}", ERR_INVALID,
            "switchover or failover");
    refused(world, &viewer, "explain",
            "{\"route\":\"calls\",\"ask\":\"switchover\",\"to\":\"osaka\",\"force\":true}",
            ERR_INVALID, "\"force\" goes with failover");
    refused(world, &viewer, "explain",
            "{\"route\":\"calls\",\"ask\":\"switchover\",\"to\":\"kyoto\"}", ERR_INVALID,
            "no candidate \"kyoto\"");
    world_free(world);

    world = world_new(0, NULL, &link, "127.0.0.1");
    world_follow(world, 2);
    ask(world, &viewer, "explain", "{\"route\":\"calls\"}", &call);
    assert_int_equal(call.answered, 0);
    assert_string_equal(link.sent.verb, "explain");
    assert_string_equal(link.sent.behalf, "taro");
    link.done(link.context, ERR_TIMEOUT, NULL, 0);
    assert_int_equal(call.response.code, ERR_UNAVAILABLE);
    rpc_response_free(&call.response);
    rpc_request_free(&link.sent);
    world_free(world);
}

static void test_ledger(void **state)
{
    struct world *world = leader();
    const struct shared *shared = engine_shared(world->engine);
    struct tree tree = {0};
    uint8_t root[TREE_HASH];
    char hex[2 * TREE_HASH + 1];
    json_t *page = get(world, "ledger", "{\"from\":0}"), *line;
    size_t i;

    assert_int_equal(json_integer_value(json_object_get(page, "size")), shared->ledger.size);
    assert_true(shared->ledger.size >= 3);
    json_array_foreach(json_object_get(page, "lines"), i, line)
    {
        uint8_t leaf[TREE_HASH];

        tree_leaf(json_string_value(line), json_string_length(line), leaf);
        tree_append(&tree, leaf);
    }
    tree_root(&tree, root);
    for (i = 0; i < sizeof root; i++)
        snprintf(hex + 2 * i, 3, "%02x", root[i]);
    assert_string_equal(text(page, "root"), hex);
    json_decref(page);

    page = get(world, "ledger", "{\"from\":0,\"categories\":[\"verdict\"]}");
    assert_int_equal(json_array_size(json_object_get(page, "lines")), 3);
    assert_int_equal(json_integer_value(json_object_get(page, "next")), shared->ledger.size);
    json_decref(page);

    page = get(world, "ledger", "{\"from\":1,\"count\":1}");
    assert_int_equal(json_array_size(json_object_get(page, "lines")), 1);
    assert_non_null(
        strstr(json_string_value(json_array_get(json_object_get(page, "lines"), 0)), "\"seq\":1,"));
    json_decref(page);

    refused(world, &viewer, "ledger", "{\"from\":99999}", ERR_INVALID, "none with number 99999");
    refused(world, &viewer, "ledger", "{\"from\":-1}", ERR_INVALID, "\"from\" is -1");
    refused(world, &viewer, "ledger", "{\"from\":0,\"categories\":[1]}", ERR_INVALID, "category");
    world_free(world);
}

/* Pages of a ledger that is longer than one answer. */
static void test_ledger_pages(void **state)
{
    struct world *world = leader();
    uint64_t next = 0, size;
    int i, pages = 0;

    for (i = 0; i < 1000; i++)
        world_verdict(world, 0, i % 2 == 0 ? VERDICT_DOWN : VERDICT_UP);
    size = engine_shared(world->engine)->ledger.size;
    while (next < size) {
        char args[64];
        json_t *page;

        snprintf(args, sizeof args, "{\"from\":%llu}", (unsigned long long)next);
        page = get(world, "ledger", args);
        assert_true(json_array_size(json_object_get(page, "lines")) > 0);
        next += json_array_size(json_object_get(page, "lines"));
        assert_int_equal(json_integer_value(json_object_get(page, "next")), next);
        json_decref(page);
        pages++;
    }
    assert_true(pages > 1);
    world_free(world);
}

/* ---- who may ---- */

static void test_roles(void **state)
{
    static const char move[] =
        "{\"id\":\"" ID "\",\"route\":\"calls\",\"to\":\"osaka\",\"reason\":\"r\"}";
    struct world *world = leader();

    refused(world, &viewer, "switchover", move, ERR_DENIED, "taro has the role viewer");
    refused(world, &node, "switchover", move, ERR_DENIED, "role node");
    refused(world, &node_for_viewer, "switchover", move, ERR_DENIED, "taro has the role viewer");
    refused(world, &node_for_node, "status", "{}", ERR_INVALID, "no such role");
    refused(world, &admin_for_other, "status", "{}", ERR_DENIED, "only a node");
    refused(world, &admin, "join", "{\"raft_id\":300}", ERR_DENIED, "may not join");
    refused(world, &admin, "ledger-page", "{\"from\":0}", ERR_DENIED, "may not ledger-page");
    refused(world, &node_for_admin, "join", "{\"raft_id\":300}", ERR_DENIED, "hanako");
    assert_int_equal(world->joins, 0);
    assert_int_equal(engine_shared(world->engine)->routes[0].now.candidate, 0);
    world_free(world);
}

static void test_nodes_ask(void **state)
{
    struct world *world = leader();
    struct link_call call;
    json_t *r;

    ask(world, &node, "ledger-page", "{\"from\":0}", &call);
    r = result_of(&call);
    assert_true(json_array_size(json_object_get(r, "lines")) > 0);
    json_decref(r);
    ask(world, &node, "join", "{\"raft_id\":258}", &call);
    r = result_of(&call);
    assert_string_equal(text(r, "text"), "joined");
    json_decref(r);
    refused(world, &node, "join", "{\"raft_id\":2}", ERR_REFUSED, "an old id");
    assert_int_equal(world->joins, 2);
    world_free(world);
}

/* ---- bad input ---- */

static void test_bad_requests(void **state)
{
    struct world *world = leader();
    struct link_call call = {0};
    struct buf big = {0};
    uint8_t garbage[64];
    size_t i;

    for (i = 0; i < sizeof garbage; i++)
        garbage[i] = (uint8_t)(255 - 3 * i);
    serve_request(world->serve, &call, LINK_ADMIN, "hanako", -1, garbage, sizeof garbage);
    assert_int_equal(call.answered, 1);
    assert_int_equal(call.response.code, ERR_INVALID);
    rpc_response_free(&call.response);

    refused(world, &admin, "statsu", "{}", ERR_INVALID, "known: status");
    refused(world, &admin, "status", "{", ERR_INVALID, "not JSON");
    refused(world, &admin, "status", "[]", ERR_INVALID, "not a JSON object");
    refused(world, &admin, "status", "{\"x\":1}", ERR_INVALID, "unknown argument \"x\"");
    refused(world, &admin, "coverage", "{\"from\":\"1\"}", ERR_INVALID, "a whole number");
    refused(world, &admin, "coverage", "{\"from\":1,\"from\":2}", ERR_INVALID, "not JSON");
    refused(world, &admin, "ledger", "{}", ERR_INVALID, "\"from\" is missing");
    for (i = 0; i < 7000; i++)
        buf_str(&big, "          ");
    refused(world, &admin, "status", buf_cstr(&big), ERR_LIMIT, "allowed: 65536");
    buf_free(&big);
    world_free(world);
}

static void test_bad_moves(void **state)
{
    struct world *world = leader();

    refused(world, &admin, "switchover",
            "{\"id\":\"" ID "\",\"route\":\"call\",\"to\":\"osaka\",\"reason\":\"r\"}", ERR_INVALID,
            "no route \"call\"; routes: calls");
    refused(world, &admin, "switchover",
            "{\"id\":\"" ID "\",\"route\":\"calls\",\"to\":\"kyoto\",\"reason\":\"r\"}",
            ERR_INVALID, "candidates: tokyo, osaka");
    refused(world, &admin, "switchover",
            "{\"id\":\"" ID "\",\"route\":\"calls\",\"to\":\"osaka\",\"reason\":\" \"}",
            ERR_INVALID, "\"reason\" is empty");
    refused(world, &admin, "switchover",
            "{\"id\":\"zz\",\"route\":\"calls\",\"to\":\"osaka\",\"reason\":\"r\"}", ERR_INVALID,
            "32 hexadecimal");
    refused(world, &admin, "switchover",
            "{\"id\":\"00000000000000000000000000000000\",\"route\":\"calls\",\"to\":\"osaka\","
            "\"reason\":\"r\"}",
            ERR_INVALID, "32 hexadecimal");
    refused(world, &admin, "switchover",
            "{\"id\":\"" ID "\",\"route\":\"calls\",\"to\":\"osaka\",\"reason\":\"r\","
            "\"force\":true}",
            ERR_INVALID, "unknown argument \"force\"");
    refused(world, &admin, "switchover",
            "{\"id\":\"" ID "\",\"route\":\"calls\",\"to\":\"osaka\",\"reason\":\"a\\u0007b\"}",
            ERR_INVALID, "control characters");
    refused(world, &admin, "switchover",
            "{\"id\":\"" ID "\",\"route\":\"calls\",\"to\":\"osaka\",\"reason\":\"a\\u202eb\"}",
            ERR_INVALID, "marks of direction");
    refused(world, &admin, "switchover",
            "{\"id\":\"" ID "\",\"route\":\"calls\",\"to\":\"osaka\",\"reason\":\"\\u009b2J\"}",
            ERR_INVALID, "control characters");
    refused(world, &admin, "switchover",
            "{\"id\":\"" ID "\",\"route\":\"calls\",\"to\":\"osaka\",\"reason\":\"\\u3000 \"}",
            ERR_INVALID, "is empty");
    assert_int_equal(engine_shared(world->engine)->routes[0].now.candidate, 0);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_status),       cmocka_unit_test(test_other_reads),
        cmocka_unit_test(test_explain),      cmocka_unit_test(test_ledger),
        cmocka_unit_test(test_ledger_pages), cmocka_unit_test(test_roles),
        cmocka_unit_test(test_nodes_ask),    cmocka_unit_test(test_bad_requests),
        cmocka_unit_test(test_bad_moves),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
