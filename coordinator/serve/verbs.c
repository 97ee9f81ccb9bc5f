/* Operators' verbs besides moves and maintenance: pauses, drains, who is to lead. */
#include "serve/internal.h"

#define PAUSE_MIN_MS 1000

/* ---- pauses ---- */

static int which_routes(struct request *request, const struct model *model, struct command *command,
                        struct err *err)
{
    bool all = args_bool(request->args, "all");

    if (all == (json_object_get(request->args, "route") != NULL))
        return err_set(err, ERR_INVALID, "give one route, or all of them");
    command->route = ROUTE_ALL;
    return all ? 0 : command_route(request, model, command, err);
}

int run_pause(struct request *request, struct rpc_response *response, struct err *err)
{
    struct command command = {.kind = COMMAND_PAUSE};
    const struct model *model;
    int r;

    r = args_int(request->args, "for_ms", PAUSE_MIN_MS, PAUSE_MAX_MS, 0, &command.for_ms, err);
    if (r == 0)
        r = command_begin(request, response, &command, &model, err);
    if (r != 0)
        return r;
    r = which_routes(request, model, &command, err);
    return r < 0 ? r : command_submit(request, response, &command, err);
}

int run_resume(struct request *request, struct rpc_response *response, struct err *err)
{
    struct command command = {.kind = COMMAND_RESUME};
    const struct model *model;
    int r;

    r = command_begin(request, response, &command, &model, err);
    if (r != 0)
        return r;
    r = which_routes(request, model, &command, err);
    return r < 0 ? r : command_submit(request, response, &command, err);
}

/* ---- servers ---- */

static int which_server(struct request *request, const struct model *model, struct command *command,
                        struct err *err)
{
    bool coordinator = command->kind == COMMAND_HANDOVER;
    int n = coordinator ? model->n_coordinators : model->n_servers; /* coordinators come first */
    char name[LIMIT_NAME];
    struct buf known = {0};
    int i, r = args_text(request->args, "server", name, sizeof name, err);

    if (r < 0)
        return r;
    command->server = model_server(model, name);
    if (command->server >= 0 && command->server < n)
        return 0;
    for (i = 0; i < n; i++)
        buf_printf(&known, "%s%s", i > 0 ? ", " : "", model->servers[i].name);
    err_set(err, ERR_INVALID, "no %s \"%s\"; there are: %s", coordinator ? "coordinator" : "server",
            name, buf_cstr(&known));
    buf_free(&known);
    return ERR_INVALID;
}

static int server_verb(struct request *request, struct rpc_response *response,
                       enum command_kind kind, struct err *err)
{
    struct command command = {.kind = kind};
    const struct model *model;
    int r;

    r = command_begin(request, response, &command, &model, err);
    if (r != 0)
        return r;
    r = which_server(request, model, &command, err);
    return r < 0 ? r : command_submit(request, response, &command, err);
}

int run_drain(struct request *request, struct rpc_response *response, struct err *err)
{
    return server_verb(request, response, COMMAND_DRAIN, err);
}

int run_undrain(struct request *request, struct rpc_response *response, struct err *err)
{
    return server_verb(request, response, COMMAND_UNDRAIN, err);
}

int run_leader_move(struct request *request, struct rpc_response *response, struct err *err)
{
    return server_verb(request, response, COMMAND_HANDOVER, err);
}
