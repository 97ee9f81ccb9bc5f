/* What a node can say of the cluster, as JSON objects: the results of the read-only
 * requests, and what `kirikae VERB --json` prints. Pure. Each function writes one
 * object at the top level of `w`. Names, not numbers; ages and durations in ms, times
 * as UTC text; lists are cut at STATUS_LIST_MAX items beside their full count. */
#ifndef REPORT_STATUS_H
#define REPORT_STATUS_H

#include "base/jsonw.h"
#include "core/engine.h"

#define STATUS_LIST_MAX 100
#define STATUS_COVERAGE_BYTES (512 << 10) /* of rows in one answer */

/* What the engine does not know of the node it runs on. */
struct status_local {
    int self; /* server */
    int64_t uptime_ms;
    enum raft_role role;
    uint64_t term, last_index, commit_index, applied_index, snapshot_index;
    uint64_t ledger_lines; /* on this disk */
    uint64_t ledger_bytes; /* 0: not known */
    uint64_t refused;      /* connections */
    uint64_t beats_sent, beats_received, beats_bad, beats_replayed;
    uint64_t raft_sent, raft_received, raft_dropped;
    uint64_t guarded; /* times a guard around libraft had to act */
};

void status_json(const struct engine *engine, struct moment now, const struct status_local *local,
                 struct jsonw *w);
void status_nodes_json(const struct engine *engine, struct moment now,
                       const struct status_local *local, struct jsonw *w);
void status_routes_json(const struct engine *engine, struct moment now,
                        const struct status_local *local, struct jsonw *w);
/* Rows of checks from number `from` on, as many as fit; "next" says where to go on. The
 * list "weak" names what is watched by too few, of the same checks. */
void status_coverage_json(const struct engine *engine, struct moment now,
                          const struct status_local *local, int from, struct jsonw *w);
void status_windows_json(const struct engine *engine, struct moment now, struct jsonw *w);

/* Notices that are not told yet, or not to all: {notices: [{notice, rule (null: a test), state
 * (gathering, open), raised, acknowledged, events: [{event, seq}], more, receivers: [{receiver,
 * channel, state (waiting, sending, accepted, given-up), node, attempts, next, accepted}]}]}. */
void status_notices_json(const struct engine *engine, struct jsonw *w);

/* How a route stands, on the leader: phase, facts, the row that matches, what is disputed.
 * `command`: with an operator's question (NULL: without). */
void status_explain_json(const struct engine *engine, struct moment now, int self, int route,
                         const struct command *command, struct jsonw *w);

/* The same keys, of an object that has others. */
void status_explain_keys(const struct engine *engine, struct moment now, int self, int route,
                         const struct command *command, struct jsonw *w);

/* What a command would come to now, on the leader (status_plan.c): code and text of its answer;
 * of a move, how the route stands, as above; "changes", in words; "routes" that would go by
 * another row or other facts; "lines" that the ledger would get. */
void status_plan_json(const struct engine *engine, struct moment now, int self,
                      const struct command *command, struct jsonw *w);

/* What each site's loss leaves; from the configuration alone. */
void status_topology_json(const struct model *model, struct jsonw *w);

/* The voters that the leader hears, by its newest beat; without a leader that is heard here,
 * those that this node hears. */
struct status_quorum {
    int voters, majority, heard;
    int teller; /* server that hears them */
    bool ok;
    int64_t lost_ms; /* none has been known of here for so long; 0: ok; -1: never since the start */
};
struct status_quorum status_quorum(const struct engine *engine, struct moment now, int self);

/* Parts of the above. "paused": what keeps automatic moves of the route (ROUTE_ALL: of all) off
 * for the longest, or null; "drained": servers. */
void status_features(const struct engine *engine, struct moment now, struct jsonw *w);
void status_paused(const struct shared *shared, int route, struct moment now, struct jsonw *w);
void status_drained(const struct shared *shared, struct jsonw *w);

/* Coordinators whose newest beat says that they hear `server`. */
server_set status_heard_by(const struct engine *engine, struct moment now, int server);
/* The pause that keeps automatic moves of the route (ROUTE_ALL: of all) off for the longest; NULL:
 * none does. */
const struct pause *status_pause(const struct shared *shared, int route, struct moment now);

/* For people: "available", ... */
const char *status_route_kind_name(enum route_kind kind);
const char *status_role_name(enum raft_role role);
const char *status_actuator_kind_name(enum actuator_kind kind); /* "haproxy", ... */

#endif
