#include "serve/serve.h"
#include "base/check.h"
#include "base/mem.h"
#include "base/plain.h"
#include "serve/internal.h"

#include <stdio.h>
#include <string.h>

enum least { LEAST_VIEWER, LEAST_OPERATOR, LEAST_ADMIN, LEAST_NODE, LEAST_SOFTWARE };

static const struct arg args_none[] = {{0}};
static const struct arg args_coverage[] = {{"from", ARG_INT, false}, {0}};
static const struct arg args_ledger[] = {
    {"from", ARG_INT, true}, {"count", ARG_INT, false}, {"categories", ARG_LIST, false}, {0}};
static const struct arg args_explain[] = {{"route", ARG_TEXT, true},   {"ask", ARG_TEXT, false},
                                          {"to", ARG_TEXT, false},     {"force", ARG_BOOL, false},
                                          {"wait_ms", ARG_INT, false}, {0}};
static const struct arg args_switchover[] = {{"id", ARG_TEXT, true},
                                             {"route", ARG_TEXT, true},
                                             {"to", ARG_TEXT, true},
                                             {"reason", ARG_TEXT, true},
                                             {"dry_run", ARG_BOOL, false},
                                             {"wait_ms", ARG_INT, false},
                                             {0}};
static const struct arg args_failover[] = {{"id", ARG_TEXT, true},       {"route", ARG_TEXT, true},
                                           {"to", ARG_TEXT, true},       {"reason", ARG_TEXT, true},
                                           {"dry_run", ARG_BOOL, false}, {"force", ARG_BOOL, false},
                                           {"wait_ms", ARG_INT, false},  {0}};
static const struct arg args_window_add[] = {{"id", ARG_TEXT, true},
                                             {"functions", ARG_LIST, true},
                                             {"start", ARG_TEXT, true},
                                             {"end", ARG_TEXT, true},
                                             {"reason", ARG_TEXT, true},
                                             {"emergency", ARG_BOOL, false},
                                             {"override_notice", ARG_BOOL, false},
                                             {"dry_run", ARG_BOOL, false},
                                             {"wait_ms", ARG_INT, false},
                                             {0}};
static const struct arg args_window_end[] = {
    {"id", ARG_TEXT, true},       {"window", ARG_INT, true},   {"reason", ARG_TEXT, true},
    {"dry_run", ARG_BOOL, false}, {"wait_ms", ARG_INT, false}, {0}};
static const struct arg args_failback[] = {
    {"id", ARG_TEXT, true},       {"route", ARG_TEXT, true},   {"reason", ARG_TEXT, true},
    {"dry_run", ARG_BOOL, false}, {"wait_ms", ARG_INT, false}, {0}};
static const struct arg args_pause[] = {{"id", ARG_TEXT, true},      {"route", ARG_TEXT, false},
                                        {"all", ARG_BOOL, false},    {"for_ms", ARG_INT, true},
                                        {"reason", ARG_TEXT, true},  {"dry_run", ARG_BOOL, false},
                                        {"wait_ms", ARG_INT, false}, {0}};
static const struct arg args_resume[] = {{"id", ARG_TEXT, true},
                                         {"route", ARG_TEXT, false},
                                         {"all", ARG_BOOL, false},
                                         {"reason", ARG_TEXT, true},
                                         {"dry_run", ARG_BOOL, false},
                                         {"wait_ms", ARG_INT, false},
                                         {0}};
static const struct arg args_server[] = {{"id", ARG_TEXT, true},      {"server", ARG_TEXT, true},
                                         {"reason", ARG_TEXT, true},  {"dry_run", ARG_BOOL, false},
                                         {"wait_ms", ARG_INT, false}, {0}};
static const struct arg args_window_extend[] = {{"id", ARG_TEXT, true},
                                                {"window", ARG_INT, true},
                                                {"end", ARG_TEXT, true},
                                                {"reason", ARG_TEXT, true},
                                                {"override_notice", ARG_BOOL, false},
                                                {"dry_run", ARG_BOOL, false},
                                                {"wait_ms", ARG_INT, false},
                                                {0}};
static const struct arg args_amend[] = {{"id", ARG_TEXT, true},        {"outage", ARG_INT, true},
                                        {"severity", ARG_TEXT, false}, {"cause", ARG_TEXT, false},
                                        {"reason", ARG_TEXT, true},    {"dry_run", ARG_BOOL, false},
                                        {"wait_ms", ARG_INT, false},   {0}};
static const struct arg args_annotate[] = {
    {"id", ARG_TEXT, true},       {"outage", ARG_INT, true},   {"note", ARG_TEXT, true},
    {"dry_run", ARG_BOOL, false}, {"wait_ms", ARG_INT, false}, {0}};
static const struct arg args_ack[] = {{"id", ARG_TEXT, true},      {"outage", ARG_INT, true},
                                      {"reason", ARG_TEXT, false}, {"dry_run", ARG_BOOL, false},
                                      {"wait_ms", ARG_INT, false}, {0}};
static const struct arg args_post[] = {{"id", ARG_TEXT, true},      {"outage", ARG_INT, true},
                                       {"status", ARG_TEXT, true},  {"ja", ARG_TEXT, false},
                                       {"en", ARG_TEXT, false},     {"dry_run", ARG_BOOL, false},
                                       {"wait_ms", ARG_INT, false}, {0}};
static const struct arg args_notice_test[] = {{"id", ARG_TEXT, true},
                                              {"channel", ARG_TEXT, true},
                                              {"to", ARG_TEXT, false},
                                              {"reason", ARG_TEXT, false},
                                              {"dry_run", ARG_BOOL, false},
                                              {"wait_ms", ARG_INT, false},
                                              {0}};
static const struct arg args_join[] = {{"raft_id", ARG_INT, true}, {0}};

static const struct arg args_report[] = {
    {"check", ARG_TEXT, true}, {"state", ARG_TEXT, true}, {"text", ARG_TEXT, false}, {0}};
static const struct arg args_active[] = {{"route", ARG_TEXT, true}, {0}};

static const struct verb {
    const char *name;
    enum least least;
    const struct arg *args;
    verb_run *run;
} verbs[] = {
    {"status", LEAST_VIEWER, args_none, run_status},
    {"nodes", LEAST_VIEWER, args_none, run_nodes},
    {"routes", LEAST_VIEWER, args_none, run_routes},
    {"coverage", LEAST_VIEWER, args_coverage, run_coverage},
    {"topology", LEAST_VIEWER, args_none, run_topology},
    {"config", LEAST_VIEWER, args_none, run_config},
    {"maintenance-list", LEAST_VIEWER, args_none, run_windows},
    {"notices", LEAST_VIEWER, args_none, run_notices},
    {"ledger", LEAST_VIEWER, args_ledger, run_ledger},
    {"explain", LEAST_VIEWER, args_explain, run_explain},
    {"switchover", LEAST_OPERATOR, args_switchover, run_switchover},
    {"failover", LEAST_OPERATOR, args_failover, run_failover},
    {"maintenance-add", LEAST_OPERATOR, args_window_add, run_window_add},
    {"maintenance-end", LEAST_OPERATOR, args_window_end, run_window_end},
    {"maintenance-extend", LEAST_OPERATOR, args_window_extend, run_window_extend},
    {"failback", LEAST_OPERATOR, args_failback, run_failback},
    {"pause", LEAST_OPERATOR, args_pause, run_pause},
    {"resume", LEAST_OPERATOR, args_resume, run_resume},
    {"drain", LEAST_OPERATOR, args_server, run_drain},
    {"undrain", LEAST_OPERATOR, args_server, run_undrain},
    {"incident-amend", LEAST_OPERATOR, args_amend, run_incident_amend},
    {"incident-annotate", LEAST_OPERATOR, args_annotate, run_incident_annotate},
    {"incident-ack", LEAST_OPERATOR, args_ack, run_incident_ack},
    {"incident-post", LEAST_OPERATOR, args_post, run_incident_post},
    {"notice-test", LEAST_OPERATOR, args_notice_test, run_notice_test},
    {"leader-move", LEAST_ADMIN, args_server, run_leader_move},
    {"ledger-page", LEAST_NODE, args_ledger, run_ledger},
    {"join", LEAST_NODE, args_join, run_join},
    {"report", LEAST_SOFTWARE, args_report, run_report},
    {"active", LEAST_SOFTWARE, args_active, run_active},
};

static const struct verb *find_verb(const char *name)
{
    size_t i;

    for (i = 0; i < ARRAY_LEN(verbs); i++)
        if (strcmp(verbs[i].name, name) == 0)
            return &verbs[i];
    return NULL;
}

static int unknown_verb(const char *name, struct err *err)
{
    struct buf known = {0};
    size_t i;

    for (i = 0; i < ARRAY_LEN(verbs); i++)
        buf_printf(&known, "%s%s", i > 0 ? ", " : "", verbs[i].name);
    err_set(err, ERR_INVALID, "unknown request \"%s\"; known: %s", name, buf_cstr(&known));
    buf_free(&known);
    return ERR_INVALID;
}

static const char *role_name(enum link_role role)
{
    static const char *const names[] = {"node", "admin", "operator", "viewer"};

    return names[role];
}

static bool may(const struct request *request, enum least least)
{
    enum link_role role = request->role;

    switch (least) {
    case LEAST_VIEWER:
        return true;
    case LEAST_OPERATOR:
        return role == LINK_ADMIN || role == LINK_OPERATOR;
    case LEAST_ADMIN:
        return role == LINK_ADMIN;
    case LEAST_NODE:
        return role == LINK_NODE;
    case LEAST_SOFTWARE:
        return role == LINK_ADMIN || role == LINK_OPERATOR ||
               (role == LINK_NODE && request->peer == request->serve->options.self);
    }
    return false;
}

static struct rate full_rate(int per_s, struct moment now)
{
    return (struct rate){.per_s = per_s, .refilled_ms = now.boot_ms, .tokens = per_s * 2 * 1000};
}

/* Over all operators, and over all of this server's software: a loop gone wild costs little. */
bool serve_within_rate(struct rate *rate, struct moment now)
{
    int64_t full = rate->per_s * 2 * 1000;

    if (now.boot_ms > rate->refilled_ms) {
        int64_t passed_ms = now.boot_ms - rate->refilled_ms;

        if (passed_ms > 2000)
            passed_ms = 2000;
        rate->tokens += passed_ms * rate->per_s;
        if (rate->tokens > full)
            rate->tokens = full;
        rate->refilled_ms = now.boot_ms;
    }
    if (rate->tokens < 1000)
        return false;
    rate->tokens -= 1000;
    return true;
}

void serve_answer(struct link_call *call, struct rpc_response *response)
{
    struct buf bytes = {0};

    rpc_response_encode(response, &bytes);
    if (bytes.len + 64 > LIMIT_FRAME) {
        struct rpc_response small = {.code = ERR_LIMIT};

        snprintf(small.text, sizeof small.text, "the answer would be larger than a frame");
        buf_clear(&bytes);
        rpc_response_encode(&small, &bytes);
    }
    link_reply(call, bytes.data, bytes.len);
    buf_free(&bytes);
    rpc_response_free(response);
}

/* A node may speak for an operator, with no more than that operator's role. */
static int on_behalf(struct request *request, struct err *err)
{
    const struct rpc_request *rpc = request->rpc;

    if (rpc->behalf[0] == '\0')
        return 0;
    if (request->role != LINK_NODE)
        return err_set(err, ERR_DENIED, "only a node may ask on behalf of others");
    if (!plain_text(rpc->behalf))
        return err_set(err, ERR_INVALID, "the name on whose behalf to ask is not plain text");
    if (rpc->behalf_role != LINK_ADMIN && rpc->behalf_role != LINK_OPERATOR &&
        rpc->behalf_role != LINK_VIEWER)
        return err_set(err, ERR_INVALID, "no such role on whose behalf to ask: %d",
                       rpc->behalf_role);
    request->forwarded = true;
    request->role = (enum link_role)rpc->behalf_role;
    request->name = rpc->behalf;
    return 0;
}

static int dispatch(struct request *request, struct rpc_response *response, struct err *err)
{
    struct serve *serve = request->serve;
    const struct verb *verb;
    int r;

    r = on_behalf(request, err);
    if (r < 0)
        return r;
    if (request->role != LINK_NODE && !serve_within_rate(&serve->operators, request->now))
        return err_set(err, ERR_LIMIT, "too many requests, more than %d a second",
                       SERVE_RATE_PER_S);
    verb = find_verb(request->rpc->verb);
    if (verb == NULL)
        return unknown_verb(request->rpc->verb, err);
    if (!may(request, verb->least)) {
        log_line(serve->options.log, LOG_LEVEL_WARN, "request-denied", "%s (%s) may not %s",
                 request->name, role_name(request->role), verb->name);
        return err_set(err, ERR_DENIED, "%s has the role %s, which may not %s", request->name,
                       role_name(request->role), verb->name);
    }
    if (request->rpc->args.len > SERVE_ARGS_MAX)
        return err_set(err, ERR_LIMIT, "the arguments have %zu bytes, allowed: %d",
                       request->rpc->args.len, SERVE_ARGS_MAX);
    r = args_parse(&request->rpc->args, verb->args, &request->args, err);
    if (r < 0)
        return r;
    return verb->run(request, response, err);
}

void serve_request(void *context, struct link_call *call, enum link_role role, const char *name,
                   int peer, const uint8_t *bytes, size_t len)
{
    struct serve *serve = context;
    const struct serve_handlers *handlers = &serve->options.handlers;
    struct rpc_request rpc = {0};
    struct rpc_response response = {0};
    struct err err = {0};
    struct request request = {.serve = serve,
                              .call = call,
                              .role = role,
                              .name = name,
                              .peer = peer,
                              .rpc = &rpc,
                              .engine = handlers->engine(handlers->context),
                              .now = handlers->now(handlers->context)};
    int r;

    CHECK(!serve->closed);
    r = rpc_request_decode(bytes, len, &rpc, &err);
    if (r == 0)
        r = dispatch(&request, &response, &err);
    if (r <= 0) {
        if (r < 0) {
            buf_clear(&response.result);
            response.code = r;
            snprintf(response.text, sizeof response.text, "%s", err.text);
        }
        serve_answer(call, &response);
    }
    json_decref(request.args);
    rpc_request_free(&rpc);
}

struct serve *serve_open(const struct serve_options *options)
{
    struct serve *serve = mem_zalloc(1, sizeof *serve);
    struct moment now;

    serve->options = *options;
    now = options->handlers.now(options->handlers.context);
    serve->operators = full_rate(SERVE_RATE_PER_S, now);
    serve->software = full_rate(SERVE_REPORTS_PER_S, now);
    return serve;
}

void serve_close(struct serve *serve)
{
    struct pending *pending;

    serve->closed = true;
    for (pending = serve->pending; pending != NULL; pending = pending->next) {
        struct rpc_response response = {.code = ERR_UNAVAILABLE};

        snprintf(response.text, sizeof response.text, "this node is going down");
        serve_answer(pending->call, &response);
        pending->call = NULL;
    }
    if (serve->pending == NULL)
        mem_free(serve);
}
