/* One node, as its files see it.
 *
 *   node.c         opens, closes, runs; what happened goes into the engine
 *   effects.c      carries out what the engine says, in order
 *   entries.c      entries and snapshots, between the engine and libraft
 *   intents.c      intents that stand in the log, applied or not
 *   commands.c     operators' commands that wait for their answer
 *   ledger_sync.c  gets lines that the state has and this disk lacks
 *   member.c       comes back after lost data, and takes others back */
#ifndef NODE_INTERNAL_H
#define NODE_INTERNAL_H

#include "node/node.h"

#define LOOK_MS 1000 /* between two looks at what is missing here */
#define COMMANDS_MAX 64
#define INTENTS_MAX 256

/* An intent of an exclusive route that is in the log and may not be applied yet. */
struct stored_intent {
    uint64_t index;
    int route;
    uint32_t epoch;
};

struct node {
    int self;
    uint64_t raft_id;
    const char *file;
    uint32_t level;            /* newest feature level that it knows (core/feature.h) */
    const struct model *model; /* of the local file; the engine has one of its own */
    struct log *log;
    struct node_shell shell;
    struct engine *engine;
    struct replicate *replicate; /* NULL while it opens, and when it is closed */
    struct replicate_info seen;  /* Raft's state as last told to the engine */

    bool dead; /* fatal() was called: nothing is done any more */
    bool closing;
    void (*closed)(void *context);
    void *closed_context;

    struct effects effects; /* to be carried out */
    struct effects carried; /* being carried out: items[at] */
    int at;
    bool carrying;
    struct buf scratch;
    struct beat beat; /* too big for a deep stack */

    struct stored_intent intents[INTENTS_MAX];
    int n_intents;
    struct command_id commands[COMMANDS_MAX];
    int n_commands;

    /* Boot ms; INT64_MAX while an answer is awaited. */
    int64_t fetch_ms, join_ms;
    int fetch_peer, join_peer; /* who was asked last, who is asked next */
    int replacing;             /* Raft ids that this leader is putting in the place of others */
    int64_t told_ms;           /* when the shell will run this node at latest, but for Raft */
};

/* node.c */
static inline bool node_lives(const struct node *node)
{
    return !node->dead && !node->closing;
}
static inline struct moment node_now(const struct node *node)
{
    return node->shell.now(node->shell.context);
}
/* After whatever may have made something due: wakes the shell if that is sooner. */
void node_tell(struct node *node);
void node_fatal(struct node *node, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* effects.c */
void effects_carry_out(struct node *node);
/* Another configuration is in force. The first `old` effects that wait are of the one before:
 * their probes and calls mean nothing any more. */
void effects_configured(struct node *node, int old);

/* entries.c */
struct replicate_handlers entries_handlers(struct node *node);
void entries_propose(struct node *node, uint64_t number, const struct entry *entry);

/* intents.c */
void intents_stored(void *node, uint64_t index, uint64_t term, const uint8_t *bytes, size_t len);
void intents_truncated(void *node, uint64_t from);
void intents_applied(struct node *node, uint64_t index); /* the state covers up to it */

/* commands.c */
/* False: no room, and answered. */
bool commands_add(struct node *node, const struct command_id *id);
void commands_answer(struct node *node, const struct command_id *id, int code, const char *text);
void commands_end(struct node *node);

/* ledger_sync.c */
void ledger_sync_look(struct node *node, int64_t now_ms);

/* member.c */
void members_tell(struct node *node); /* the engine: is a change of them under way? */
void rejoin_look(struct node *node, int64_t now_ms);

#endif
