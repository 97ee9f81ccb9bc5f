/* One coordinator without its shell: the engine and its Raft, bound together. Carries out
 * what the engine says in order, brings back what comes of it, keeps the ledger whole and
 * the membership right. Everything outside (time, links, disks, probes, actuators) is in a
 * table of functions: daemon/ fills it with libuv and real parts, simulate/ with a world of
 * its own. Nothing here knows which. One thread per node; many nodes may live in one.
 *
 * The shell calls node_run() when node_due_ms() has come, and node_poll() after anything
 * that may have changed Raft (its disk's completions included). What the functions of the
 * table call back at once is queued, not recursed into. */
#ifndef NODE_NODE_H
#define NODE_NODE_H

#include "base/log.h"
#include "core/account/tree.h"
#include "core/engine.h"
#include "replicate/replicate.h"

struct node;

struct node_shell {
    void *context;
    struct moment (*now)(void *context);
    /* node_due_ms() is sooner than it was when last asked. After node_open() and node_run() the
     * shell asks anyway. */
    void (*wake)(void *context);

    /* To one coordinator, in order, 0 or ERR_…; and to every other one, or lost. Borrowed. */
    int (*send_raft)(void *context, int server, const uint8_t *bytes, size_t len);
    void (*send_beat)(void *context, const uint8_t *bytes, size_t len);

    /* One more probe of a check now; comes back as EVENT_PROBE, never from inside. */
    void (*probe)(void *context, int check);
    /* One call of an actuator; comes back as EVENT_ACTED, never from inside. */
    void (*act)(void *context, int route, int actuator, const struct placement *placement);
    /* To this node's helper: serve `route` under `epoch` until boot time `until_ms`, and bring it
     * down within `fence_ms` then; 0: let go of it for good. Comes back as EVENT_HOLDER, never
     * from inside; until it is heard the newest order of each route stands. */
    void (*hold)(void *context, int route, uint32_t epoch, int64_t until_ms, int fence_ms);
    /* Tells one receiver of engine_model() of one notice (notice_find() in engine_shared()), within
     * its channel's timeout_ms. Comes back as EVENT_TOLD once, possibly from inside, and also
     * when another configuration came meanwhile. Borrowed. */
    void (*tell)(void *context, const struct tell_order *order);
    /* Another configuration is in force (engine_model): probes and actuators follow it. What
     * is still out under the old one must not come back any more. */
    void (*configured)(void *context);
    /* A time zone by its name, for node to own; NULL: there is none, and it was said. */
    struct zone *(*zone)(void *context, const char *name);
    /* The answer to a command that was brought by EVENT_COMMAND, once for all that came with
     * this id until now; possibly from inside node_step(). */
    void (*reply)(void *context, const struct command_id *id, int code, const char *text);

    /* The ledger on this node's disk (store/ledger.h has the rules). */
    uint64_t (*ledger_size)(void *context);
    int (*ledger_put)(void *context, uint64_t seq, const char *line, size_t len, struct err *err);
    int (*ledger_sync)(void *context, struct err *err);
    /* Root of the Merkle tree over the lines as they are on the disk. */
    int (*ledger_root)(void *context, uint8_t root[TREE_HASH], struct err *err);
    /* Ask a coordinator for ledger lines from `from` on: node_fetched() once, whatever comes,
     * unless the node is closed before. */
    void (*fetch)(void *context, int server, uint64_t from);
    /* Ask a coordinator to put `raft_id` in the place of this node's old one: node_joined()
     * once, whatever comes, unless the node is closed before. */
    void (*join)(void *context, int server, uint64_t raft_id);

    /* This node cannot go on. The daemon ends at once and does not return; when it returns the
     * node does nothing any more and is to be closed. */
    void (*fatal)(void *context, const char *why);
};

struct node_options {
    int self;      /* server */
    uint64_t boot; /* random, of this start */
    uint64_t raft_id;
    const char *file;          /* name of the cluster file, for messages; must outlive the node */
    const struct model *model; /* parsed from `yaml`; must outlive the node */
    const uint8_t *yaml;       /* copied */
    size_t yaml_len;
    int snapshot_every, snapshot_trailing; /* entries; 0: the usual ones */
    uint32_t level;                        /* as in engine_options */
    struct replicate_disk *disk;           /* owned from the call on */
    struct log *log;
    struct node_shell shell;
};

/* Writes the first Raft configuration to an empty disk (`raft_id`, `model`, `disk`, `log`). */
int node_bootstrap(const struct node_options *options, struct err *err);

/* Loads what the disk has and starts. Of the shell only `now`, the ledger's, `configured`,
 * `send_raft` and `fatal` are called from inside; what the engine has to say waits for the
 * first call of node_run() or another. On an error *node is set all the same: close it. */
int node_open(const struct node_options *options, struct node **node, struct err *err);
/* Nothing happens any more but what closing needs: commands that wait get `reply` at once,
 * node_replace() its `done` later, and at last `closed` comes from node_run(), which `wake`
 * asks for. The node is gone then. May be called from inside of any function of the shell. */
void node_close(struct node *node, void (*closed)(void *context), void *context);

/* Boot ms when node_run() is due: engine's tick, Raft's timers, joining, ledger lines. May be
 * past. INT64_MAX: never, the node is dead. */
int64_t node_due_ms(const struct node *node);
void node_run(struct node *node);
void node_poll(struct node *node);

/* Anything that happened: probes, beats, actuators, commands, refused connections. */
void node_step(struct node *node, const struct event *event);
/* A node that is stopped in order is told so (EVENT_LEAVE), and closed when engine_left(), or
 * after so long. */
#define NODE_LEAVE_MS 3000
/* A beat's bytes from coordinator `server`, as the key says that opened it. 0, ERR_INVALID. */
int node_beat(struct node *node, int server, const uint8_t *bytes, size_t len, struct err *err);
/* The same decoded: for a shell that gives one beat to many nodes. Sets beat->from. */
void node_take_beat(struct node *node, int server, struct beat *beat);
/* A Raft frame from coordinator `server`, as its certificate says. */
void node_receive(struct node *node, int server, const uint8_t *bytes, size_t len);

/* Lines from `from` on, `n` of them, as fetch() asked; code < 0: none came. */
void node_fetched(struct node *node, int code, uint64_t from, const char *const *lines, int n);
/* join() was answered; `leader`: who leads as the asked one knows, -1. */
void node_joined(struct node *node, int code, const char *text, int leader);
/* On the leader: coordinator `server` has lost its data and comes back as `raft_id`. `done`
 * once: 0, ERR_DENIED, ERR_UNAVAILABLE, ERR_REFUSED; `text` lives during the call. */
typedef void node_replaced(void *context, int code, const char *text);
void node_replace(struct node *node, int server, uint64_t raft_id, node_replaced *done,
                  void *context);

/* Right before a call of an actuator takes effect: may it, with the order (epoch, step) of
 * `route` and a token that was taken at boot time `since_ms` (engine_may_act)? >0: yes; <0: no;
 * 0: not yet, the others are asked. Ask again in a few ms. Not from inside of the shell's
 * functions. */
int node_may_act(struct node *node, int route, uint32_t epoch, uint32_t step, int64_t since_ms);

/* For this server's own software: engine_lend(). */
struct lease node_lend(struct node *node, int route);

const struct engine *node_engine(const struct node *node);
struct replicate_info node_raft(const struct node *node);
/* A newer cluster file was read (takes the model): see engine_offer(). ERR_REFUSED too when it
 * is not the one in force but has its version. */
int node_offer(struct node *node, struct model *model, const uint8_t *yaml, uint32_t yaml_len,
               struct err *err);
/* UTC at which this server's own certificate ends: see engine_certificate(). */
void node_certificate(struct node *node, int64_t ends_ms);

#endif
