/* What this server's own software says and asks. Nothing is forwarded: a report is the word of
 * this server, and a lease counts by the clock of this machine. */
#include "serve/internal.h"

#include <string.h>

static bool is_own_report(const struct request *request, const struct check *check)
{
    return check->kind == CHECK_REPORT && check->target == request->serve->options.self;
}

static int unknown_report(const struct request *request, const char *name, struct err *err)
{
    const struct model *model = engine_model(request->engine);
    struct buf known = {0};
    int i;

    for (i = 0; i < model->n_checks; i++)
        if (is_own_report(request, &model->checks[i]))
            buf_printf(&known, "%s%s", known.len > 0 ? ", " : "", model->checks[i].name);
    err_set(err, ERR_INVALID, "no check \"%s\" is reported by software of %s; reported are: %s",
            name, model->servers[request->serve->options.self].name,
            known.len > 0 ? buf_cstr(&known) : "none");
    buf_free(&known);
    return ERR_INVALID;
}

/* By the check's name, or by what the software calls it. */
static int find_report(const struct request *request, const char *name)
{
    const struct model *model = engine_model(request->engine);
    int i;

    for (i = 0; i < model->n_checks; i++)
        if (is_own_report(request, &model->checks[i]) &&
            (strcmp(model->checks[i].name, name) == 0 ||
             strcmp(model->checks[i].report, name) == 0))
            return i;
    return -1;
}

int run_report(struct request *request, struct rpc_response *response, struct err *err)
{
    const struct serve_handlers *handlers = &request->serve->options.handlers;
    char name[LIMIT_NAME], state[LIMIT_NAME], text[LIMIT_TEXT];
    bool failing;
    struct jsonw w;
    int check, r;

    r = args_text(request->args, "check", name, sizeof name, err);
    if (r == 0)
        r = args_text(request->args, "state", state, sizeof state, err);
    if (r == 0)
        r = args_text(request->args, "text", text, sizeof text, err);
    if (r < 0)
        return r;
    failing = strcmp(state, "failing") == 0;
    if (!failing && strcmp(state, "ok") != 0)
        return err_set(err, ERR_INVALID, "argument \"state\" is to be ok or failing");
    check = find_report(request, name);
    if (check < 0)
        return unknown_report(request, name, err);
    if (!serve_within_rate(&request->serve->software, request->now))
        return err_set(err, ERR_LIMIT, "too many reports, more than %d a second",
                       SERVE_REPORTS_PER_S);
    jsonw_begin(&w, &response->result);
    jsonw_object(&w, NULL);
    jsonw_str(&w, "check", engine_model(request->engine)->checks[check].name);
    jsonw_int(&w, "ttl_ms", engine_model(request->engine)->checks[check].interval_ms);
    jsonw_end(&w);
    handlers->report(handlers->context, check, failing, text);
    return 0;
}

int run_active(struct request *request, struct rpc_response *response, struct err *err)
{
    const struct serve_handlers *handlers = &request->serve->options.handlers;
    const struct model *model = engine_shared(request->engine)->model;
    char name[LIMIT_NAME];
    struct lease lease;
    struct jsonw w;
    int route, r;

    r = args_text(request->args, "route", name, sizeof name, err);
    if (r < 0)
        return r;
    if (model == NULL)
        return err_set(err, ERR_UNAVAILABLE, "no configuration is committed yet");
    route = model_route(model, name);
    if (route < 0)
        return err_set(err, ERR_INVALID, "no route \"%s\"", name);
    lease = handlers->lend(handlers->context, route);
    jsonw_begin(&w, &response->result);
    jsonw_object(&w, NULL);
    jsonw_str(&w, "route", model->routes[route].name);
    jsonw_str(&w, "kind", model->routes[route].kind == ROUTE_EXCLUSIVE ? "exclusive" : "available");
    jsonw_int(&w, "epoch", lease.epoch);
    jsonw_int(&w, "until_ms", lease.until_ms);
    jsonw_end(&w);
    return 0;
}
