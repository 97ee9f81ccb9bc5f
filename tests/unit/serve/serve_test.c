/* The verbs of serve, against a real engine and ledger; the link is a stand-in here. */
#include "world.h"
#include "base/utc.h"
#include "wire/codec.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ID "00112233445566778899aabbccddeeff"
#define ID_2 "fedcba9876543210fedcba9876543210"

/* ---- the link's stand-in: a call holds its answer ---- */

struct link_call {
    int answered;
    struct rpc_response response;
};

struct link {
    int peer, timeout_ms, requests;
    struct rpc_request sent;
    link_answer *done;
    void *context;
};

void link_reply(struct link_call *call, const uint8_t *bytes, size_t len)
{
    struct err err;

    call->answered++;
    assert_int_equal(rpc_response_decode(bytes, len, &call->response, &err), 0);
}

void link_request(struct link *link, int peer, const uint8_t *bytes, size_t len, int timeout_ms,
                  link_answer *done, void *context)
{
    struct err err;

    link->requests++;
    link->peer = peer;
    link->timeout_ms = timeout_ms;
    link->done = done;
    link->context = context;
    rpc_request_free(&link->sent);
    assert_int_equal(rpc_request_decode(bytes, len, &link->sent, &err), 0);
}

struct caller {
    enum link_role role;
    const char *name;
    int peer;
    const char *behalf;
    enum link_role behalf_role;
};

static const struct caller admin = {LINK_ADMIN, "hanako", -1, NULL, 0};
static const struct caller viewer = {LINK_VIEWER, "taro", -1, NULL, 0};
static const struct caller node = {LINK_NODE, "b1", 1, NULL, 0};
static const struct caller node_for_admin = {LINK_NODE, "b1", 1, "hanako", LINK_ADMIN};
static const struct caller node_for_viewer = {LINK_NODE, "b1", 1, "taro", LINK_VIEWER};
static const struct caller node_for_node = {LINK_NODE, "b1", 1, "c1", LINK_NODE};
static const struct caller admin_for_other = {LINK_ADMIN, "hanako", -1, "taro", LINK_ADMIN};

static void ask(struct world *world, const struct caller *who, const char *verb, const char *args,
                struct link_call *call)
{
    struct rpc_request request = {0};
    struct buf bytes = {0};

    snprintf(request.verb, sizeof request.verb, "%s", verb);
    buf_str(&request.args, args);
    if (who->behalf != NULL) {
        snprintf(request.behalf, sizeof request.behalf, "%s", who->behalf);
        request.behalf_role = (int)who->behalf_role;
    }
    rpc_request_encode(&request, &bytes);
    *call = (struct link_call){0};
    serve_request(world->serve, call, who->role, who->name, who->peer, bytes.data, bytes.len);
    rpc_request_free(&request);
    buf_free(&bytes);
}

static json_t *result_of(struct link_call *call)
{
    json_t *json;

    assert_int_equal(call->answered, 1);
    if (call->response.code != 0)
        fail_msg("%d: %s", call->response.code, call->response.text);
    json = json_loadb((const char *)call->response.result.data, call->response.result.len, 0, NULL);
    assert_non_null(json);
    rpc_response_free(&call->response);
    return json;
}

static json_t *get(struct world *world, const char *verb, const char *args)
{
    struct link_call call;

    ask(world, &viewer, verb, args, &call);
    return result_of(&call);
}

static void refused(struct world *world, const struct caller *who, const char *verb,
                    const char *args, int code, const char *text)
{
    struct link_call call;

    ask(world, who, verb, args, &call);
    assert_int_equal(call.answered, 1);
    if (call.response.code != code || strstr(call.response.text, text) == NULL)
        fail_msg("%s %s: %d \"%s\", wanted %d \"%s\"", verb, args, call.response.code,
                 call.response.text, code, text);
    rpc_response_free(&call.response);
}

static struct world *leader(void)
{
    struct world *world = world_new(0, NULL, NULL, "127.0.0.1");

    world_lead(world);
    return world;
}

static const char *text(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));

    return value != NULL ? value : "";
}

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

/* The commands of one test, each with an id of its own; "done" or why not. */
static const char *tell(struct world *world, const struct caller *who, const char *verb,
                        const char *args)
{
    static char answer[LIMIT_TEXT * 16];
    static int n;
    char with_id[512];
    struct link_call call;

    snprintf(with_id, sizeof with_id, "{\"id\":\"%032x\",\"reason\":\"r\",%s}", ++n, args);
    ask(world, who, verb, with_id, &call);
    world_tick(world, 10);
    assert_int_equal(call.answered, 1);
    snprintf(answer, sizeof answer, "%d %.*s", call.response.code,
             call.response.code == 0 ? (int)call.response.result.len : (int)sizeof answer - 20,
             call.response.code == 0 ? (const char *)call.response.result.data
                                     : call.response.text);
    rpc_response_free(&call.response);
    return answer;
}

static void told(struct world *world, const char *verb, const char *args, const char *wanted)
{
    const char *answer = tell(world, &admin, verb, args);

    if (strstr(answer, wanted) == NULL)
        fail_msg("%s %s: %s, wanted %s", verb, args, answer, wanted);
}

static const struct shared *shared_of(const struct world *world)
{
    return engine_shared(world->engine);
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
    snprintf(args, sizeof args, "\"window\":%llu",
             (unsigned long long)shared_of(world)->windows[1].id);
    told(world, "maintenance-end", args, "is over already");
    world_free(world);
}

/* ---- not the leader ---- */

static const char forward_args[] = "{\"id\":\"" ID "\",\"route\":\"calls\",\"to\":\"osaka\","
                                   "\"reason\":\"r\",\"wait_ms\":1234}";

static void test_forwards_once(void **state)
{
    struct link link = {0};
    struct world *world = world_new(0, NULL, &link, "127.0.0.1");
    struct rpc_response answer = {.code = ERR_REFUSED, .text = "rule 9 says no"};
    struct link_call call;
    struct buf bytes = {0};

    world_follow(world, 2);
    ask(world, &admin, "switchover", forward_args, &call);
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
    ask(world, &node_for_admin, "switchover", forward_args, &call);
    assert_int_equal(call.answered, 1);
    assert_int_equal(link.requests, 1);
    assert_int_equal(call.response.code, ERR_UNAVAILABLE);
    assert_string_equal(call.response.leader, "c1");
    rpc_response_free(&call.response);
    ask(world, &node, "join", "{\"raft_id\":258}", &call);
    assert_string_equal(call.response.leader, "c1");
    rpc_response_free(&call.response);

    /* The leader does not answer, or with garbage. */
    ask(world, &admin, "switchover", forward_args, &call);
    link.done(link.context, ERR_TIMEOUT, NULL, 0);
    assert_int_equal(call.response.code, ERR_UNAVAILABLE);
    rpc_response_free(&call.response);
    ask(world, &admin, "switchover", forward_args, &call);
    link.done(link.context, 0, (const uint8_t *)"\xff\xff\xff", 3);
    assert_int_equal(call.response.code, ERR_UNAVAILABLE);
    rpc_response_free(&call.response);

    world_follow(world, -1);
    refused(world, &admin, "switchover", forward_args, ERR_UNAVAILABLE, "no leader is known");
    rpc_request_free(&link.sent);
    world_free(world);
}

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
        ask(world, &admin, "switchover", forward_args, &calls[i]);
        assert_int_equal(calls[i].answered, 0);
    }
    refused(world, &admin, "switchover", forward_args, ERR_LIMIT, "wait for their answer");
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
        cmocka_unit_test(test_status),
        cmocka_unit_test(test_other_reads),
        cmocka_unit_test(test_explain),
        cmocka_unit_test(test_ledger),
        cmocka_unit_test(test_ledger_pages),
        cmocka_unit_test(test_roles),
        cmocka_unit_test(test_nodes_ask),
        cmocka_unit_test(test_bad_requests),
        cmocka_unit_test(test_bad_moves),
        cmocka_unit_test(test_switchover),
        cmocka_unit_test(test_id_again),
        cmocka_unit_test(test_id_again_meanwhile),
        cmocka_unit_test(test_rule_refuses),
        cmocka_unit_test(test_pause),
        cmocka_unit_test(test_drain),
        cmocka_unit_test(test_dry_runs),
        cmocka_unit_test(test_failback),
        cmocka_unit_test(test_leader_move),
        cmocka_unit_test(test_extended_window),
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_forwards_once),
        cmocka_unit_test(test_report),
        cmocka_unit_test(test_report_rate),
        cmocka_unit_test(test_active),
        cmocka_unit_test(test_rate),
        cmocka_unit_test(test_pending_limit_and_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
