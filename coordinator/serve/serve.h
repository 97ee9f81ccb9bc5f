/* Requests of operators and of other coordinators: one table of verbs with the least
 * role that each needs. Reads answer from this node's engine and ledger; commands, and how a route
 * stands, go to the leader, forwarded once on behalf of the named operator. Bad input of any kind
 * is an ERR_INVALID answer. Loop thread only.
 *
 * Verbs, with their arguments (JSON; ? optional):
 *   viewer    status, nodes, routes, topology, config, maintenance-list,
 *             coverage {from?}, ledger {from, count?, categories?},
 *             explain {route, ask?, to?, force?, wait_ms?}: the leader's view
 *   operator  switchover {id, route, to, reason, dry_run?, wait_ms?}
 *             failover   the same and {force?}
 *             maintenance-add {id, functions, start, end, reason, emergency?,
 *                              override_notice?, dry_run?, wait_ms?}
 *             maintenance-end {id, window, reason, dry_run?, wait_ms?}
 *             maintenance-extend {id, window, end, reason, override_notice?, dry_run?, wait_ms?}
 *             failback  {id, route, reason, dry_run?, wait_ms?}
 *             pause {id, route or all, for_ms, reason, dry_run?, wait_ms?}
 *             resume {id, route or all, reason, dry_run?, wait_ms?}
 *             drain, undrain {id, server, reason, dry_run?, wait_ms?}
 *             incident-amend {id, outage, severity?, cause?, reason, dry_run?, wait_ms?}
 *             incident-annotate {id, outage, note, dry_run?, wait_ms?}
 *   admin     leader-move {id, server, reason, dry_run?, wait_ms?}
 *   node      join {raft_id}, ledger-page (as ledger)
 *   software  report {check, state: ok|failing, text?}, active {route}: of this server alone, by
 *             its own certificate, an operator or an admin
 *
 * `id` (32 hexadecimal digits, chosen by the client) makes a command safe to repeat: the same
 * arguments of the same caller get the same answer, any others ERR_INVALID;
 * with `dry_run` nothing is proposed, and the answer says what would be (status_plan_json());
 * `wait_ms` is how long a forwarding node waits for the leader. */
#ifndef SERVE_SERVE_H
#define SERVE_SERVE_H

#include "base/log.h"
#include "core/engine.h"
#include "link/link.h"
#include "report/status.h"
#include "store/ledger.h"

#define SERVE_PENDING_MAX 64         /* commands that wait for their answer, in all */
#define SERVE_PENDING_NAME_MAX 8     /* of one caller */
#define SERVE_ARGS_MAX (64 << 10)    /* bytes of a request's arguments */
#define SERVE_RATE_PER_S 200         /* operators' requests, with bursts of twice that */
#define SERVE_REPORTS_PER_S 20       /* of this server's software, with bursts of twice that */
#define SERVE_PAGE_BYTES (256 << 10) /* of ledger lines in one answer */
#define SERVE_WAIT_MAX_MS 120000

struct serve;

/* The answer to a command: 0 or ERR_… and a text that is copied. */
typedef void serve_reply(void *arg, int code, const char *text);

struct serve_handlers {
    void *context;
    const struct engine *(*engine)(void *context);
    struct moment (*now)(void *context);
    void (*local)(void *context, struct status_local *local);
    /* Hands a command to the engine of this leader. `reply` must be called once, now or
     * later, before or after serve_close(). `command` is only borrowed. */
    void (*submit)(void *context, const struct command *command, serve_reply *reply, void *arg);
    /* Coordinator `server` asks to come back under a new Raft id. Only on the leader. */
    void (*join)(void *context, int server, uint64_t raft_id, serve_reply *reply, void *arg);
    /* This server's software says how its check is; asks until when it may serve a route. */
    void (*report)(void *context, int check, bool failing, const char *text);
    struct lease (*lend)(void *context, int route);
};

struct serve_options {
    int self;
    struct link *link;     /* outlives serve */
    struct ledger *ledger; /* likewise */
    struct log *log;
    struct serve_handlers handlers;
};

struct serve *serve_open(const struct serve_options *options);
/* Answers what still waits with ERR_UNAVAILABLE. Call it before link_close(). */
void serve_close(struct serve *serve);

/* As link_handlers.request; `context` is the struct serve. */
void serve_request(void *context, struct link_call *call, enum link_role role, const char *name,
                   int peer, const uint8_t *bytes, size_t len);

#endif
