/* Twelve engines in one process: virtual time, beats that may be lost, probes answered
 * from the truth, and a log that simply orders what the leader proposes (a stand-in for
 * Raft: committed when the leader reaches a majority of voters, applied everywhere that
 * is connected, caught up later). For tests of the engine's decisions. */
#ifndef TESTS_UNIT_CORE_CLUSTER_H
#define TESTS_UNIT_CORE_CLUSTER_H

#include "core/engine.h"

#include <stdbool.h>

#define CLUSTER_NODES 12

struct cluster {
    int64_t now_ms;
    int64_t utc_shift_ms;              /* of everybody's clock */
    int64_t utc_off_ms[CLUSTER_NODES]; /* … and besides of one's */
    int leader;
    uint64_t term;
    int loss_percent;
    bool cut[CLUSTER_NODES];       /* no packet in or out */
    bool stopped[CLUSTER_NODES];   /* the coordinator does not run */
    bool dead[CLUSTER_NODES];      /* the service refuses */
    bool hung[CLUSTER_NODES];      /* the service does not answer */
    bool actuator_fails;           /* all of them */
    bool failing[4];               /* one of the first four of a route */
    uint32_t level[CLUSTER_NODES]; /* feature level that a node's next start knows; 0: newest */
    uint32_t told_epochs[4];       /* what each of them was told last */
    int told_candidate;            /* … and any */
    uint32_t told_epoch;
    server_set told_draining;
    int confirmations;                               /* probes that the engines asked for at once */
    int moves, verdicts, disputed, refused, outages; /* ledger lines seen at node 0's log */
    int steps; /* … of clocks, and the newest of these lines */
    char step[512];
    int served;    /* … routes in dispute, because their callers are served */
    bool restless; /* ticks all the time, not only when engine_next_ms() says */
    int ticks;     /* of all nodes */
    int beats[CLUSTER_NODES];
    uint64_t trace;             /* over all that the engines asked for, when, and all their beats */
    int stands;                 /* times that a node wanted to stand for leader */
    int transfers, transfer_to; /* leaders that wanted to hand over, and to whom */
    int replies;
    int reply_code;
    char reply_text[LIMIT_TEXT * 2];
    /* Helpers, of route 0: they do at once what they are told, and say so. */
    bool helpers, mute[CLUSTER_NODES]; /* … and whose says nothing */
    struct {
        uint32_t epoch, over; /* told to hold, to let go of; 0: not yet */
        int64_t until_ms;
        int fence_ms, orders;
    } held[CLUSTER_NODES];
    void (*line)(void *context, const char *line, size_t len); /* of node 8's ledger; may be NULL */
    void *line_context;
    /* Notices: orders to tell somebody, as they came, and what comes of them at once. */
    struct {
        int node;
        int64_t at_ms;
        struct tell_order order;
    } tells[256];
    int n_tells;
    enum { TELL_ACCEPTED, TELL_FAILED, TELL_UNSURE, TELL_NOTHING } tell;
    server_set deaf; /* nodes that never get through */
    struct cluster_inside *inside;
};

struct cluster *cluster_new(const char *route_kind, int patience_ms, uint64_t seed);
struct cluster *cluster_of(const char *yaml, uint64_t seed);
/* Changes the file that nodes start with: `to` is as long as `from`. */
void cluster_edit(struct cluster *cluster, const char *from, const char *to);
void cluster_free(struct cluster *cluster);
void cluster_run(struct cluster *cluster, int64_t ms);
/* The node's process starts anew, with a file of that version, and replays the log. */
void cluster_restart(struct cluster *cluster, int node, uint32_t version);
/* A new term, led by cluster->leader. */
void cluster_reelect(struct cluster *cluster);
/* The leader learns that it leads no more; the others still think that it does. */
void cluster_resign(struct cluster *cluster);
/* Anything else that happens to a node, now. */
void cluster_step(struct cluster *cluster, int node, struct event *event);
struct moment cluster_now(const struct cluster *cluster);
const struct engine *cluster_engine(const struct cluster *cluster, int node);
/* It does not abstain: it has not stood still and hears most others. */
bool cluster_trusts_itself(const struct cluster *cluster, int node, struct moment now);
struct lease cluster_lend(struct cluster *cluster, int node, int route);
const struct shared *cluster_shared(const struct cluster *cluster); /* of the leader */
/* The node's port refuses a connection. */
void cluster_refuse(struct cluster *cluster, int node);
/* What an earlier leader proposed is committed only now. */
void cluster_commit(struct cluster *cluster, struct entry *entry);
void cluster_command(struct cluster *cluster, const struct command *command);
/* All connected nodes have the same state: index and ledger root. */
bool cluster_equal(const struct cluster *cluster);

#endif
