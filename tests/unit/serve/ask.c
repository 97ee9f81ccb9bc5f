#include "ask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

const struct caller admin = {LINK_ADMIN, "hanako", -1, NULL, 0};
const struct caller viewer = {LINK_VIEWER, "taro", -1, NULL, 0};
const struct caller node = {LINK_NODE, "b1", 1, NULL, 0};
const struct caller node_for_admin = {LINK_NODE, "b1", 1, "hanako", LINK_ADMIN};
const struct caller node_for_viewer = {LINK_NODE, "b1", 1, "taro", LINK_VIEWER};
const struct caller node_for_node = {LINK_NODE, "b1", 1, "c1", LINK_NODE};
const struct caller admin_for_other = {LINK_ADMIN, "hanako", -1, "taro", LINK_ADMIN};

const char move_args[] = "{\"id\":\"" ID "\",\"route\":\"calls\",\"to\":\"osaka\","
                         "\"reason\":\"r\",\"wait_ms\":1234}";

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

void ask(struct world *world, const struct caller *who, const char *verb, const char *args,
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

json_t *result_of(struct link_call *call)
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

json_t *get(struct world *world, const char *verb, const char *args)
{
    struct link_call call;

    ask(world, &viewer, verb, args, &call);
    return result_of(&call);
}

void refused(struct world *world, const struct caller *who, const char *verb, const char *args,
             int code, const char *text)
{
    struct link_call call;

    ask(world, who, verb, args, &call);
    assert_int_equal(call.answered, 1);
    if (call.response.code != code || strstr(call.response.text, text) == NULL)
        fail_msg("%s %s: %d \"%s\", wanted %d \"%s\"", verb, args, call.response.code,
                 call.response.text, code, text);
    rpc_response_free(&call.response);
}

struct world *leader(void)
{
    struct world *world = world_new(0, NULL, NULL, "127.0.0.1");

    world_lead(world);
    return world;
}

const char *text(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));

    return value != NULL ? value : "";
}

const char *tell(struct world *world, const struct caller *who, const char *verb, const char *args)
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

void told(struct world *world, const char *verb, const char *args, const char *wanted)
{
    const char *answer = tell(world, &admin, verb, args);

    if (strstr(answer, wanted) == NULL)
        fail_msg("%s %s: %s, wanted %s", verb, args, answer, wanted);
}

const struct shared *shared_of(const struct world *world)
{
    return engine_shared(world->engine);
}
