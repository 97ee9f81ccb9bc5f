/* Between the engine and libraft: entries in, entries out, snapshots both ways. */
#include "base/mem.h"
#include "core/feature.h"
#include "node/internal.h"
#include "wire/codec.h"

/* ---- in ---- */

static int on_send(void *context, int server, const uint8_t *bytes, size_t len)
{
    struct node *node = context;

    if (!node_lives(node))
        return ERR_UNAVAILABLE;
    return node->shell.send_raft(node->shell.context, server, bytes, len);
}

static void on_line(void *context, uint64_t seq, const char *line, size_t len)
{
    struct node *node = context;
    struct err err;
    int r;

    if (!node_lives(node))
        return;
    r = node->shell.ledger_put(node->shell.context, seq, line, len, &err);
    /* 1: lines before it are missing here; ledger_sync.c gets this one too. */
    if (r == ERR_CORRUPT)
        node_fatal(node, "%s", err.text);
    else if (r < 0)
        log_line(node->log, LOG_LEVEL_ERROR, "ledger", "%s", err.text);
}

/* Everything here counts coordinators by their place in the cluster file. */
static int check_coordinators(const struct node *node, const struct model *in_force,
                              struct err *err)
{
    if (in_force == NULL || model_same_coordinators(in_force, node->model))
        return 0;
    return err_set(err, ERR_INVALID, "%s: its coordinators are not those of version %u, in force",
                   node->file, in_force->version);
}

static void on_apply(void *context, uint64_t index, const uint8_t *bytes, size_t len)
{
    struct node *node = context;
    const struct shared *shared = engine_shared(node->engine);
    uint32_t version = engine_model(node->engine)->version;
    bool had = shared->model != NULL;
    int waiting = node->effects.n;
    struct entry entry = {0};
    struct err err;

    if (!node_lives(node))
        return;
    if (entry_decode(bytes, len, &entry, &err) < 0) {
        node_fatal(node, "entry %llu of the log cannot be read: %s", (unsigned long long)index,
                   err.text);
        entry_free(&entry);
        return;
    }
    log_line(node->log, LOG_LEVEL_DEBUG, "apply", "entry %llu: %s", (unsigned long long)index,
             entry_kind_name(entry.kind));
    engine_apply(node->engine, node_now(node), index, &entry, on_line, node, &node->effects);
    /* Also one that took no effect is over now: else no holder would ever be clear again. */
    if (entry.kind == ENTRY_INTENT)
        intents_applied(node, index);
    entry_free(&entry);
    if (shared->model != NULL && (!had || shared->model->version != version)) {
        if (check_coordinators(node, shared->model, &err) < 0)
            node_fatal(node, "%s", err.text);
        if (node_lives(node))
            effects_configured(node, waiting);
    }
    effects_carry_out(node);
    node_tell(node);
}

static int on_snapshot(void *context, struct buf *out, struct err *err)
{
    struct node *node = context;
    const struct node_shell *shell = &node->shell;
    int r;

    /* What came since is not in the state. */
    if (!node_lives(node))
        return err_set(err, ERR_UNAVAILABLE, "this node is going down");
    if (shell->ledger_size(shell->context) < engine_shared(node->engine)->ledger.size)
        return err_set(err, ERR_UNAVAILABLE, "ledger lines are still being fetched");
    r = shell->ledger_sync(shell->context, err);
    if (r < 0)
        return r;
    shared_encode(engine_shared(node->engine), out);
    return 0;
}

static int on_restore(void *context, const uint8_t *bytes, size_t len, struct err *err)
{
    struct node *node = context;
    struct shared *shared;
    int r;

    if (!node_lives(node))
        return err_set(err, ERR_UNAVAILABLE, "this node is going down");
    r = shared_decode(bytes, len, &shared, err);
    if (r < 0)
        return r;
    r = feature_check("the snapshot", shared->level, node->level, err);
    if (r == 0)
        r = check_coordinators(node, shared->model, err);
    if (r < 0) {
        shared_free(shared);
        return r;
    }
    engine_restore(node->engine, node_now(node), shared);
    intents_applied(node, shared->index);
    effects_configured(node, node->effects.n);
    return 0;
}

static void on_fatal(void *context, const char *why)
{
    node_fatal(context, "%s", why);
}

static void on_wake(void *context)
{
    struct node *node = context;

    node->shell.wake(node->shell.context);
}

struct replicate_handlers entries_handlers(struct node *node)
{
    return (struct replicate_handlers){.context = node,
                                       .send = on_send,
                                       .apply = on_apply,
                                       .snapshot = on_snapshot,
                                       .restore = on_restore,
                                       .stored = intents_stored,
                                       .truncated = intents_truncated,
                                       .fatal = on_fatal,
                                       .wake = on_wake};
}

/* ---- out ---- */

struct proposal {
    struct node *node;
    uint64_t number;
};

static void on_proposed(void *context, enum propose_fate fate)
{
    static const enum proposal_fate fates[] = {[PROPOSE_COMMITTED] = PROPOSAL_COMMITTED,
                                               [PROPOSE_FAILED] = PROPOSAL_FAILED,
                                               [PROPOSE_UNKNOWN] = PROPOSAL_UNKNOWN};
    struct proposal *proposal = context;
    struct node *node = proposal->node;
    struct event event = {.kind = EVENT_PROPOSED, .now = node_now(node)};

    event.proposed.proposal = proposal->number;
    event.proposed.fate = fates[fate];
    mem_free(proposal);
    node_step(node, &event);
}

/* What a peer's beat has put into an entry of ours may be out of bounds: once committed it would
 * stop every node. */
static bool readable(const struct buf *bytes, struct err *err)
{
    struct entry entry = {0};
    int r = entry_decode(bytes->data, bytes->len, &entry, err);

    entry_free(&entry);
    return r == 0;
}

void entries_propose(struct node *node, uint64_t number, const struct entry *entry)
{
    struct proposal *proposal = mem_zalloc(1, sizeof *proposal);
    struct err err;

    *proposal = (struct proposal){.node = node, .number = number};
    buf_clear(&node->scratch);
    entry_encode(entry, &node->scratch);
    if (!readable(&node->scratch, &err)) {
        log_line(node->log, LOG_LEVEL_ERROR, "not-proposed", "%s: %s", entry_kind_name(entry->kind),
                 err.text);
        on_proposed(proposal, PROPOSE_FAILED);
        return;
    }
    if (replicate_propose(node->replicate, node->scratch.data, node->scratch.len, on_proposed,
                          proposal, &err) < 0)
        on_proposed(proposal, PROPOSE_FAILED);
}
