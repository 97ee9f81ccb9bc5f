/* Shared by the files of this folder only. */
#ifndef SERVE_INTERNAL_H
#define SERVE_INTERNAL_H

#include "base/jsonw.h"
#include "serve/args.h"
#include "serve/serve.h"
#include "wire/codec.h"

struct pending;

/* A token bucket. */
struct rate {
    int per_s;
    int64_t refilled_ms; /* boot time of the last refill */
    int64_t tokens;      /* thousandths of a request */
};

struct serve {
    struct serve_options options;
    struct pending *pending; /* list */
    int n_pending;
    bool closed;
    struct rate operators, software;
};

struct request {
    struct serve *serve;
    struct link_call *call;
    enum link_role role; /* whose rights count: of the named operator when forwarded */
    const char *name;    /* likewise */
    bool forwarded;
    int peer; /* server that asks, -1: an operator */
    const struct rpc_request *rpc;
    json_t *args; /* checked against the verb's table */
    const struct engine *engine;
    struct moment now;
};

/* 0: `response` holds the answer; negative: `err` does; 1: answered later. */
typedef int verb_run(struct request *request, struct rpc_response *response, struct err *err);

verb_run run_status, run_nodes, run_routes, run_coverage, run_windows, run_topology, run_config,
    run_ledger, run_explain;
verb_run run_report, run_active;

/* False: too many, one is not to be served. */
bool serve_within_rate(struct rate *rate, struct moment now);
verb_run run_switchover, run_failback, run_failover, run_window_add, run_window_end,
    run_window_extend, run_join;
verb_run run_pause, run_resume, run_drain, run_undrain, run_leader_move;
verb_run run_notices, run_notice_test;
verb_run run_incident_amend, run_incident_annotate, run_incident_ack, run_incident_post;

/* ---- commands.c, for verbs.c and incidents.c ---- */

/* `id`, `reason` or `note`, and the name of who asks. */
int command_common(struct request *request, struct command *command, struct err *err);
/* All that every one begins with, up to the configuration: 0 go on, else as verb_run. */
int command_begin(struct request *request, struct rpc_response *response, struct command *command,
                  const struct model **model, struct err *err);
/* The committed configuration. */
int command_model(struct request *request, const struct model **model, struct err *err);
int command_route(struct request *request, const struct model *model, struct command *command,
                  struct err *err);
/* 1; 0 when it is a dry run, answered; or ERR_…. */
int command_submit(struct request *request, struct rpc_response *response,
                   const struct command *command, struct err *err);

/* Encodes, sends, and frees what the response owns. */
void serve_answer(struct link_call *call, struct rpc_response *response);

/* ---- what waits: a command in the engine, or at the leader ---- */

struct pending {
    struct serve *serve;
    struct pending *prev, *next;
    struct link_call *call; /* NULL: answered by serve_close() */
    char name[LIMIT_NAME];
    char id[33]; /* of the command, "" */
    uint64_t digest;
};

/* ERR_LIMIT when too many wait; ERR_INVALID when another command with this id does. */
int pending_new(struct request *request, const char *id, uint64_t digest, struct pending **pending,
                struct err *err);
/* A serve_reply; arg is the struct pending. */
void pending_reply(void *arg, int code, const char *text);

/* 0: this node leads, go on. 1: forwarded, answered later. Negative: nobody to ask, and
 * response->leader names the leader when it is known. */
int forward_unless_leader(struct request *request, struct rpc_response *response, struct err *err);

#endif
