#include "base/check.h"
#include "base/mem.h"
#include "serve/internal.h"

#include <stdio.h>
#include <string.h>

int pending_new(struct request *request, const char *id, uint64_t digest, struct pending **pending,
                struct err *err)
{
    struct serve *serve = request->serve;
    struct pending *p;
    int same = 0;

    for (p = serve->pending; p != NULL; p = p->next) {
        same += strcmp(p->name, request->name) == 0;
        if (id[0] != '\0' && strcmp(p->id, id) == 0 && p->digest != digest)
            return err_set(err, ERR_INVALID,
                           "command id %s stands for another command of %s that waits for its "
                           "answer: take a new one",
                           id, p->name);
    }
    if (serve->n_pending >= SERVE_PENDING_MAX || same >= SERVE_PENDING_NAME_MAX)
        return err_set(err, ERR_LIMIT, "%d commands of %s wait for their answer, %d in all", same,
                       request->name, serve->n_pending);
    p = mem_zalloc(1, sizeof *p);
    p->serve = serve;
    p->call = request->call;
    snprintf(p->name, sizeof p->name, "%s", request->name);
    snprintf(p->id, sizeof p->id, "%s", id);
    p->digest = digest;
    p->next = serve->pending;
    if (p->next != NULL)
        p->next->prev = p;
    serve->pending = p;
    serve->n_pending++;
    *pending = p;
    return 0;
}

/* Answers (unless closed meanwhile) and frees. */
static void end(struct pending *pending, struct rpc_response *response)
{
    struct serve *serve = pending->serve;

    if (pending->call != NULL)
        serve_answer(pending->call, response);
    else
        rpc_response_free(response);
    if (pending->prev != NULL)
        pending->prev->next = pending->next;
    else
        serve->pending = pending->next;
    if (pending->next != NULL)
        pending->next->prev = pending->prev;
    serve->n_pending--;
    mem_free(pending);
    if (serve->closed && serve->pending == NULL)
        mem_free(serve);
}

static void name_leader(struct serve *serve, struct rpc_response *response)
{
    const struct engine *engine = serve->options.handlers.engine(serve->options.handlers.context);
    int leader = engine_leader(engine);

    if (leader >= 0 && leader != serve->options.self)
        snprintf(response->leader, sizeof response->leader, "%s",
                 engine_model(engine)->servers[leader].name);
}

void pending_reply(void *arg, int code, const char *text)
{
    struct pending *pending = arg;
    struct rpc_response response = {.code = code};
    struct jsonw w;

    CHECK(code <= 0);
    if (code != 0)
        snprintf(response.text, sizeof response.text, "%s", text);
    if (code == ERR_UNAVAILABLE && !pending->serve->closed)
        name_leader(pending->serve, &response);
    jsonw_begin(&w, &response.result);
    jsonw_object(&w, NULL);
    if (pending->id[0] != '\0')
        jsonw_str(&w, "id", pending->id);
    jsonw_str(&w, "text", text);
    jsonw_end(&w);
    end(pending, &response);
}

/* ---- at the leader ---- */

static void forwarded(void *context, int code, const uint8_t *bytes, size_t len)
{
    struct pending *pending = context;
    struct rpc_response response = {0};
    struct err err = {0};

    if (code == 0)
        code = rpc_response_decode(bytes, len, &response, &err);
    else
        err_set(&err, code, "the leader did not answer: %s", err_name(code));
    if (code != 0) {
        rpc_response_free(&response);
        response = (struct rpc_response){.code = ERR_UNAVAILABLE};
        snprintf(response.text, sizeof response.text, "%s", err.text);
    }
    end(pending, &response);
}

static int forward(struct request *request, int leader, struct err *err)
{
    struct rpc_request rpc = *request->rpc; /* borrows args */
    struct buf bytes = {0};
    struct pending *pending;
    int64_t wait_ms;
    int r;

    r = args_int(request->args, "wait_ms", 1, SERVE_WAIT_MAX_MS, 30000, &wait_ms, err);
    if (r == 0)
        r = pending_new(request, "", 0, &pending, err);
    if (r < 0)
        return r;
    snprintf(rpc.behalf, sizeof rpc.behalf, "%s", request->name);
    rpc.behalf_role = request->role;
    rpc_request_encode(&rpc, &bytes);
    link_request(request->serve->options.link, leader, bytes.data, bytes.len, (int)wait_ms,
                 forwarded, pending);
    buf_free(&bytes);
    return 1;
}

int forward_unless_leader(struct request *request, struct rpc_response *response, struct err *err)
{
    int leader = engine_leader(request->engine);

    if (engine_leads(request->engine))
        return 0;
    if (leader < 0)
        return err_set(err, ERR_UNAVAILABLE, "no leader is known: no quorum, or an election");
    if (leader == request->serve->options.self)
        return err_set(err, ERR_UNAVAILABLE, "this node has just been elected, ask again");
    if (request->peer < 0)
        return forward(request, leader, err);
    snprintf(response->leader, sizeof response->leader, "%s",
             engine_model(request->engine)->servers[leader].name);
    return err_set(err, ERR_UNAVAILABLE, "this node does not lead, %s does", response->leader);
}
