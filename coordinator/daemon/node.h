/* kirikaed: one node. An ordered table of modules, opened from the top and closed in
 * mirror order (node.c); the shell that carries out what the engine says (effects.c);
 * what comes back from Raft (raft.c), the port (port.c) and the world (world.c); how a
 * node that lost something gets it back (ledger_sync.c, member.c). Everything on one
 * loop thread. */
#ifndef DAEMON_NODE_H
#define DAEMON_NODE_H

#include "act/act.h"
#include "base/log.h"
#include "core/engine.h"
#include "link/link.h"
#include "observe/observe.h"
#include "replicate/replicate.h"
#include "serve/serve.h"
#include "store/ledger.h"
#include "wire/codec.h"
#include "wire/config.h"

#include <uv.h>

/* Probes and actuators of one configuration; replaced as a whole when another takes
 * effect. Holds a copy of the model, because calls outlive the committed one. */
struct world {
    struct node *node;
    struct model *model; /* owned */
    struct observe *observe;
    struct act *act;
    int open; /* of the two */
};

/* An intent of an exclusive route that is in the log and may not be applied yet. */
struct stored_intent {
    uint64_t index;
    int route;
    uint32_t epoch;
};
#define STORED_INTENTS_MAX 256

struct reply_slot {
    struct command_id id;
    serve_reply *reply;
    void *arg;
};
#define REPLY_SLOTS_MAX 64

struct proposal {
    struct node *node;
    uint64_t number;
};

struct node {
    uv_loop_t *loop;
    struct node_config config;
    char raft_dir[LIMIT_TEXT + 16], ledger_dir[LIMIT_TEXT + 16];
    struct buf cluster_yaml;
    int self;
    uint64_t boot; /* random, of this start */
    uint64_t raft_id;
    int64_t started_ms;
    struct log *log;
    struct model *file_model; /* of the local file; the engine gets a copy of its own */
    struct ledger *ledger;
    struct engine *engine;
    struct link *link;
    struct replicate *replicate;
    struct serve *serve;
    struct world *world; /* newest; NULL while closing */
    int worlds;          /* not yet gone */

    uv_timer_t tick, slow;
    uv_check_t after; /* every round of the loop: has Raft changed? */
    uv_signal_t on_term, on_int, on_hup;
    int handles;                /* of these that are open */
    struct replicate_info seen; /* Raft's state as last told to the engine */

    struct effects effects;
    bool carrying; /* effects are being carried out further up the stack */
    struct buf scratch;
    struct stored_intent intents[STORED_INTENTS_MAX];
    int n_intents;
    struct reply_slot replies[REPLY_SLOTS_MAX];
    int n_replies;

    bool syncing;  /* ledger lines are being fetched */
    int sync_peer; /* who was asked last */
    bool joining;  /* an answer to `join` is awaited */
    int join_peer;

    int modules; /* open now */
    bool closing;
    int exit_code;
};

/* node.c */
int node_open(struct node *node, struct err *err);
/* Reads both files and, for --init, makes the data directory; then closes again. */
int node_prepare(struct node *node, bool init, struct err *err);
/* Begins to close; the loop ends when all is closed. Safe to call twice. */
void node_stop(struct node *node, int exit_code);
void node_module_closed(void *node);
struct moment node_now(void);
/* Something that cannot be gone on with: says why and ends the process at once. */
_Noreturn void node_fatal(struct node *node, const char *why);

/* effects.c */
void node_step(struct node *node, const struct event *event);
void node_carry_out(struct node *node);

/* raft.c */
int raft_module_open(struct node *node, struct err *err);
int raft_module_init(struct node *node, struct err *err); /* --init */
void raft_poll(struct node *node);
void raft_propose(struct node *node, uint64_t number, const struct entry *entry);

/* ledger_sync.c: fetches lines that the state has and this disk lacks */
void ledger_sync_check(struct node *node);

/* port.c */
int port_module_open(struct node *node, struct err *err);
int serve_module_open(struct node *node, struct err *err);
void port_beat(struct node *node);
void port_reply(struct node *node, const struct effect *effect);
/* Commands that wait for an answer will not get one any more. */
void port_forget_replies(struct node *node);

/* world.c */
int world_module_open(struct node *node, struct err *err);
void world_module_close(struct node *node);
/* Another configuration took effect. */
void world_replace(struct node *node);

/* member.c: who am I to Raft */
int member_load(struct node *node, struct err *err);
int member_init(struct node *node, struct err *err);
void member_tick(struct node *node);
void member_join(void *node, int server, uint64_t raft_id, serve_reply *reply, void *arg);

#endif
