/* How a route stands, by the leader, who alone decides about it. */
#include "report/status.h"
#include "serve/internal.h"

#include <string.h>

/* What an operator would ask: "ask", "to", "force". *asks: there is a question. */
static int question(struct request *request, const struct route *route, struct command *command,
                    bool *asks, struct err *err)
{
    char ask[LIMIT_NAME], to[LIMIT_NAME];
    int r;

    r = args_text(request->args, "ask", ask, sizeof ask, err);
    if (r == 0)
        r = args_text(request->args, "to", to, sizeof to, err);
    if (r < 0)
        return r;
    *asks = ask[0] != '\0';
    if (!*asks)
        return 0;
    command->kind = strcmp(ask, "failover") == 0 ? COMMAND_FAILOVER : COMMAND_SWITCHOVER;
    command->force = args_bool(request->args, "force");
    command->to = to[0] != '\0' ? model_candidate(route, to) : 0; /* back to the preferred one */
    if (command->kind == COMMAND_SWITCHOVER && (strcmp(ask, "switchover") != 0 || command->force))
        return err_set(err, ERR_INVALID,
                       "argument \"ask\" is switchover or failover; \"force\" goes with failover");
    if (command->to < 0)
        return err_set(err, ERR_INVALID, "route %s has no candidate \"%s\"", route->name, to);
    return 0;
}

int run_explain(struct request *request, struct rpc_response *response, struct err *err)
{
    const struct model *model;
    struct command command = {0};
    char name[LIMIT_NAME];
    struct jsonw w;
    bool asks;
    int r;

    r = args_text(request->args, "route", name, sizeof name, err);
    if (r == 0)
        r = forward_unless_leader(request, response, err);
    if (r != 0)
        return r;
    model = engine_shared(request->engine)->model;
    command.route = model_route(model, name);
    if (command.route < 0)
        return err_set(err, ERR_INVALID, "no route \"%s\"", name);
    r = question(request, &model->routes[command.route], &command, &asks, err);
    if (r < 0)
        return r;
    jsonw_begin(&w, &response->result);
    status_explain_json(request->engine, request->now, request->serve->options.self, command.route,
                        asks ? &command : NULL, &w);
    return 0;
}
