/* Requests that change something: they go to the leader's engine. */
#include "base/check.h"
#include "base/plain.h"
#include "core/account/tree.h"
#include "serve/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The leader checks the names: it alone is sure to have the newest configuration. */
int command_model(struct request *request, const struct model **model, struct err *err)
{
    *model = engine_shared(request->engine)->model;
    if (*model == NULL)
        return err_set(err, ERR_UNAVAILABLE, "no configuration is committed yet");
    return 0;
}

/* By names, which no new configuration changes. How long to wait is no part of what is asked. */
static uint64_t digest_of(const struct request *request)
{
    json_t *args = json_copy(request->args);
    uint8_t hash[TREE_HASH];
    struct buf text = {0};
    uint64_t digest = 0;
    char *json;
    size_t i;

    json_object_del(args, "id");
    json_object_del(args, "wait_ms");
    json = json_dumps(args, JSON_COMPACT | JSON_SORT_KEYS);
    CHECK(json != NULL);
    buf_printf(&text, "%s\n%s\n%s", request->rpc->verb, request->name, json);
    tree_leaf(text.data, text.len, hash);
    for (i = 0; i < sizeof digest; i++)
        digest = digest << 8 | hash[i];
    free(json);
    json_decref(args);
    buf_free(&text);
    return digest != 0 ? digest : 1;
}

int command_common(struct request *request, struct command *command, struct err *err)
{
    /* A verb has the one or the other. */
    const char *key = json_object_get(request->args, "note") != NULL ? "note" : "reason";
    int r;

    r = args_id(request->args, &command->id, err);
    if (r == 0)
        r = args_text(request->args, key, command->reason, sizeof command->reason, err);
    if (r < 0)
        return r;
    /* Where it has to be said, args_parse() has seen to that. */
    if (json_object_get(request->args, key) != NULL && plain_blank(command->reason))
        return err_set(err, ERR_INVALID, "argument \"%s\" is empty: it goes into the ledger", key);
    snprintf(command->who, sizeof command->who, "%s", request->name);
    command->digest = digest_of(request);
    command->dry_run = args_bool(request->args, "dry_run");
    return 0;
}

/* What it would come to: read, not asked for, so its id is used up for nothing. */
static void foretell(struct request *request, struct rpc_response *response,
                     const struct command *command)
{
    struct jsonw w;

    jsonw_begin(&w, &response->result);
    status_plan_json(request->engine, request->now, request->serve->options.self, command, &w);
}

int command_submit(struct request *request, struct rpc_response *response,
                   const struct command *command, struct err *err)
{
    const struct serve_handlers *handlers = &request->serve->options.handlers;
    struct pending *pending;
    int r;

    if (command->dry_run) {
        foretell(request, response, command);
        return 0;
    }
    r = pending_new(request, json_string_value(json_object_get(request->args, "id")),
                    command->digest, &pending, err);
    if (r < 0)
        return r;
    handlers->submit(handlers->context, command, pending_reply, pending);
    return 1;
}

int command_begin(struct request *request, struct rpc_response *response, struct command *command,
                  const struct model **model, struct err *err)
{
    int r = command_common(request, command, err);

    if (r == 0)
        r = forward_unless_leader(request, response, err);
    if (r == 0)
        r = command_model(request, model, err);
    return r;
}

/* ---- moves ---- */

static int unknown_route(const struct model *model, const char *name, struct err *err)
{
    struct buf known = {0};
    int i;

    for (i = 0; i < model->n_routes; i++)
        buf_printf(&known, "%s%s", i > 0 ? ", " : "", model->routes[i].name);
    err_set(err, ERR_INVALID, "no route \"%s\"; routes: %s", name,
            known.len > 0 ? buf_cstr(&known) : "none");
    buf_free(&known);
    return ERR_INVALID;
}

static int unknown_candidate(const struct route *route, const char *name, struct err *err)
{
    struct buf known = {0};
    int i;

    for (i = 0; i < route->n_candidates; i++)
        buf_printf(&known, "%s%s", i > 0 ? ", " : "", route->candidates[i].name);
    err_set(err, ERR_INVALID, "route %s has no candidate \"%s\"; candidates: %s", route->name, name,
            buf_cstr(&known));
    buf_free(&known);
    return ERR_INVALID;
}

int command_route(struct request *request, const struct model *model, struct command *command,
                  struct err *err)
{
    char route[LIMIT_NAME];
    int r = args_text(request->args, "route", route, sizeof route, err);

    if (r < 0)
        return r;
    command->route = model_route(model, route);
    return command->route < 0 ? unknown_route(model, route, err) : 0;
}

static int move_target(struct request *request, const struct model *model, struct command *command,
                       struct err *err)
{
    char to[LIMIT_NAME];
    int r = command_route(request, model, command, err);

    if (r < 0 || json_object_get(request->args, "to") == NULL)
        return r; /* back to the first candidate, which every route prefers */
    r = args_text(request->args, "to", to, sizeof to, err);
    if (r < 0)
        return r;
    command->to = model_candidate(&model->routes[command->route], to);
    if (command->to < 0)
        return unknown_candidate(&model->routes[command->route], to, err);
    return 0;
}

static int move(struct request *request, struct rpc_response *response, enum command_kind kind,
                struct err *err)
{
    struct command command = {.kind = kind};
    const struct model *model;
    int r;

    r = command_common(request, &command, err);
    if (r == 0)
        r = forward_unless_leader(request, response, err);
    if (r != 0)
        return r;
    r = command_model(request, &model, err);
    if (r == 0)
        r = move_target(request, model, &command, err);
    if (r < 0)
        return r;
    command.force = args_bool(request->args, "force");
    return command_submit(request, response, &command, err);
}

int run_switchover(struct request *request, struct rpc_response *response, struct err *err)
{
    return move(request, response, COMMAND_SWITCHOVER, err);
}

int run_failback(struct request *request, struct rpc_response *response, struct err *err)
{
    return move(request, response, COMMAND_SWITCHOVER, err);
}

int run_failover(struct request *request, struct rpc_response *response, struct err *err)
{
    return move(request, response, COMMAND_FAILOVER, err);
}

/* ---- maintenance ---- */

static int window_times(struct request *request, struct window_state *window, struct err *err)
{
    int64_t now_ms = request->now.utc_ms;
    int r;

    r = args_time(request->args, "start", &window->start_ms, err);
    if (r == 0)
        r = args_time(request->args, "end", &window->end_ms, err);
    if (r < 0)
        return r;
    if (window->end_ms <= window->start_ms)
        return err_set(err, ERR_INVALID, "the window ends before it starts");
    if (window->end_ms <= now_ms)
        return err_set(err, ERR_INVALID, "the window has already ended");
    window->announced_ms = now_ms;
    window->finished_ms = INT64_MIN;
    window->emergency = args_bool(request->args, "emergency");
    window->short_notice = args_bool(request->args, "override_notice");
    return 0;
}

static int unknown_function(const struct model *model, const char *name, struct err *err)
{
    struct buf known = {0};
    int i;

    for (i = 0; i < model->n_functions; i++)
        buf_printf(&known, "%s%s", i > 0 ? ", " : "", model->functions[i].name);
    err_set(err, ERR_INVALID, "no function \"%.64s\"; functions: %s", name,
            known.len > 0 ? buf_cstr(&known) : "none");
    buf_free(&known);
    return ERR_INVALID;
}

static int window_functions(struct request *request, const struct model *model,
                            struct window_state *window, struct err *err)
{
    const json_t *list = json_object_get(request->args, "functions");
    size_t i;

    if (json_array_size(list) == 0)
        return err_set(err, ERR_INVALID, "no function is named: which ones stop?");
    for (i = 0; i < json_array_size(list); i++) {
        const char *name = json_string_value(json_array_get(list, i));
        int function;

        if (name == NULL)
            return err_set(err, ERR_INVALID, "argument \"functions\" is to be a list of texts");
        function = model_function(model, name);
        if (function < 0)
            return unknown_function(model, name, err);
        window->functions[function / 64] |= (uint64_t)1 << (function % 64);
    }
    return 0;
}

int run_window_add(struct request *request, struct rpc_response *response, struct err *err)
{
    struct command command = {.kind = COMMAND_WINDOW_ADD};
    const struct model *model;
    int r;

    r = command_common(request, &command, err);
    if (r == 0)
        r = forward_unless_leader(request, response, err);
    if (r != 0)
        return r;
    r = command_model(request, &model, err);
    if (r == 0)
        r = window_times(request, &command.window, err);
    if (r == 0)
        r = window_functions(request, model, &command.window, err);
    if (r < 0)
        return r;
    snprintf(command.window.who, sizeof command.window.who, "%s", command.who);
    snprintf(command.window.reason, sizeof command.window.reason, "%s", command.reason);
    return command_submit(request, response, &command, err);
}

static int known_window(const struct shared *shared, uint64_t id, struct err *err)
{
    int i;

    for (i = 0; i < shared->n_windows; i++)
        if (shared->windows[i].id == id)
            return 0;
    return err_set(err, ERR_INVALID, "no maintenance window %llu: see the list",
                   (unsigned long long)id);
}

static int window_id(struct request *request, struct rpc_response *response,
                     struct command *command, struct err *err)
{
    int64_t id;
    int r;

    r = command_common(request, command, err);
    if (r == 0)
        r = args_int(request->args, "window", 1, INT64_MAX, 0, &id, err);
    if (r == 0)
        r = forward_unless_leader(request, response, err);
    if (r != 0)
        return r;
    command->window.id = (uint64_t)id;
    return known_window(engine_shared(request->engine), command->window.id, err);
}

int run_window_end(struct request *request, struct rpc_response *response, struct err *err)
{
    struct command command = {.kind = COMMAND_WINDOW_END};
    int r = window_id(request, response, &command, err);

    return r != 0 ? r : command_submit(request, response, &command, err);
}

int run_window_extend(struct request *request, struct rpc_response *response, struct err *err)
{
    struct command command = {.kind = COMMAND_WINDOW_EXTEND};
    int r;

    r = args_time(request->args, "end", &command.window.end_ms, err);
    if (r == 0)
        r = window_id(request, response, &command, err);
    command.window.short_notice = args_bool(request->args, "override_notice");
    return r != 0 ? r : command_submit(request, response, &command, err);
}

/* ---- coordinators ---- */

int run_join(struct request *request, struct rpc_response *response, struct err *err)
{
    const struct serve_handlers *handlers = &request->serve->options.handlers;
    struct pending *pending;
    int64_t raft_id;
    int r;

    r = args_int(request->args, "raft_id", 1, INT64_MAX, 0, &raft_id, err);
    if (r == 0)
        r = forward_unless_leader(request, response, err);
    if (r != 0)
        return r;
    r = pending_new(request, "", 0, &pending, err);
    if (r < 0)
        return r;
    handlers->join(handlers->context, request->peer, (uint64_t)raft_id, pending_reply, pending);
    return 1;
}
