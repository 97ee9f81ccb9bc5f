/* Between the engine and libraft: entries in, entries out. */
#include "base/check.h"
#include "base/mem.h"
#include "daemon/node.h"

#include <stdio.h>
#include <string.h>

static int on_send(void *context, int server, const uint8_t *bytes, size_t len)
{
    struct node *node = context;

    return link_send_raft(node->link, server, bytes, len);
}

static void on_line(void *context, uint64_t seq, const char *line, size_t len)
{
    struct node *node = context;
    struct err err;
    int r = ledger_put(node->ledger, seq, line, len, &err);

    /* 1: lines before it are missing here; ledger_sync fetches this one too. */
    if (r == ERR_CORRUPT)
        node_fatal(node, err.text);
    if (r < 0)
        log_line(node->log, LOG_LEVEL_ERROR, "ledger", "%s", err.text);
}

/* Everything here counts coordinators by their place in the cluster file. */
static int check_coordinators(const struct node *node, const struct model *in_force,
                              struct err *err)
{
    if (in_force == NULL || model_same_coordinators(in_force, node->file_model))
        return 0;
    return err_set(err, ERR_INVALID, "%s: its coordinators are not those of version %u, in force",
                   node->config.cluster_file, in_force->version);
}

/* ---- intents in the log, committed or not: what "clear" means (protocol.md, Move) ---- */

static void tell_stored(struct node *node, int route)
{
    struct event event = {.kind = EVENT_STORED, .now = node_now()};
    int i;

    event.stored.route = route;
    for (i = 0; i < node->n_intents; i++)
        if (node->intents[i].route == route && node->intents[i].epoch > event.stored.intent_epoch)
            event.stored.intent_epoch = node->intents[i].epoch;
    node_step(node, &event);
}

static void on_stored(void *context, uint64_t index, uint64_t term, const uint8_t *bytes,
                      size_t len)
{
    struct node *node = context;
    struct entry entry = {0};
    struct err err;

    (void)term;
    /* The log reaches back behind the snapshot that was restored. */
    if (index <= engine_shared(node->engine)->index)
        return;
    if (entry_decode(bytes, len, &entry, &err) == 0 && entry.kind == ENTRY_INTENT &&
        entry.intent.step == 0 && entry.intent.route >= 0 && entry.intent.route < LIMIT_ROUTES) {
        if (node->n_intents == STORED_INTENTS_MAX)
            memmove(node->intents, node->intents + 1,
                    (size_t)--node->n_intents * sizeof node->intents[0]);
        node->intents[node->n_intents++] = (struct stored_intent){
            .index = index, .route = entry.intent.route, .epoch = entry.intent.epoch};
        tell_stored(node, entry.intent.route);
    }
    entry_free(&entry);
}

/* Takes out the intents from index `from` to `to`. */
static void forget_intents(struct node *node, uint64_t from, uint64_t to)
{
    uint64_t touched = 0;
    int i, r, kept = 0;

    for (i = 0; i < node->n_intents; i++)
        if (node->intents[i].index < from || node->intents[i].index > to)
            node->intents[kept++] = node->intents[i];
        else
            touched |= 1ull << node->intents[i].route;
    node->n_intents = kept;
    for (r = 0; r < LIMIT_ROUTES; r++)
        if (touched >> r & 1)
            tell_stored(node, r);
}

static void on_truncated(void *context, uint64_t from)
{
    forget_intents(context, from, UINT64_MAX);
}

static void on_apply(void *context, uint64_t index, const uint8_t *bytes, size_t len)
{
    struct node *node = context;
    struct entry entry = {0};
    uint32_t version = engine_model(node->engine)->version;
    bool had = engine_shared(node->engine)->model != NULL;
    struct err err;

    if (entry_decode(bytes, len, &entry, &err) < 0) {
        char why[ERR_TEXT_MAX + 64];

        snprintf(why, sizeof why, "entry %llu of the log cannot be read: %s",
                 (unsigned long long)index, err.text);
        node_fatal(node, why);
    }
    engine_apply(node->engine, node_now(), index, &entry, on_line, node, &node->effects);
    entry_free(&entry);
    if (!had || engine_model(node->engine)->version != version) {
        if (check_coordinators(node, engine_shared(node->engine)->model, &err) < 0)
            node_fatal(node, err.text);
        world_replace(node);
    }
    node_carry_out(node);
}

static int on_snapshot(void *context, struct buf *out, struct err *err)
{
    struct node *node = context;
    int r;

    if (ledger_size(node->ledger) < engine_shared(node->engine)->ledger.size)
        return err_set(err, ERR_UNAVAILABLE, "ledger lines are still being fetched");
    r = ledger_sync(node->ledger, err);
    if (r < 0)
        return r;
    shared_encode(engine_shared(node->engine), out);
    return 0;
}

static int on_restore(void *context, const uint8_t *bytes, size_t len, struct err *err)
{
    struct node *node = context;
    struct shared *shared;
    int r = shared_decode(bytes, len, &shared, err);

    if (r < 0)
        return r;
    r = check_coordinators(node, shared->model, err);
    if (r < 0) {
        shared_free(shared);
        return r;
    }
    engine_restore(node->engine, node_now(), shared);
    forget_intents(node, 0, shared->index);
    world_replace(node);
    return 0;
}

static void on_fatal(void *context, const char *why)
{
    node_fatal(context, why);
}

static struct replicate_options options_of(struct node *node)
{
    return (struct replicate_options){.loop = node->loop,
                                      .dir = node->raft_dir,
                                      .raft_id = node->raft_id,
                                      .model = node->file_model,
                                      .timing = node->file_model->timing,
                                      .seed = node->boot,
                                      .log = node->log,
                                      .handlers = {.context = node,
                                                   .send = on_send,
                                                   .apply = on_apply,
                                                   .snapshot = on_snapshot,
                                                   .restore = on_restore,
                                                   .stored = on_stored,
                                                   .truncated = on_truncated,
                                                   .fatal = on_fatal}};
}

int raft_module_open(struct node *node, struct err *err)
{
    struct replicate_options options = options_of(node);

    return replicate_open(&options, &node->replicate, err);
}

int raft_module_init(struct node *node, struct err *err)
{
    struct replicate_options options = options_of(node);

    return replicate_bootstrap(&options, err);
}

/* ---- out ---- */

static void on_proposed(void *context, enum propose_fate fate)
{
    static const enum proposal_fate fates[] = {[PROPOSE_COMMITTED] = PROPOSAL_COMMITTED,
                                               [PROPOSE_FAILED] = PROPOSAL_FAILED,
                                               [PROPOSE_UNKNOWN] = PROPOSAL_UNKNOWN};
    struct proposal *proposal = context;
    struct event event = {.kind = EVENT_PROPOSED, .now = node_now()};

    event.proposed.proposal = proposal->number;
    event.proposed.fate = fates[fate];
    node_step(proposal->node, &event);
    mem_free(proposal);
}

void raft_propose(struct node *node, uint64_t number, const struct entry *entry)
{
    struct proposal *proposal = mem_zalloc(1, sizeof *proposal);
    struct err err;

    *proposal = (struct proposal){.node = node, .number = number};
    buf_clear(&node->scratch);
    entry_encode(entry, &node->scratch);
    if (replicate_propose(node->replicate, node->scratch.data, node->scratch.len, on_proposed,
                          proposal, &err) < 0)
        on_proposed(proposal, PROPOSE_FAILED);
}

/* libraft tells nobody when its state changes: look after every round of the loop. */
void raft_poll(struct node *node)
{
    struct replicate_info info;
    struct event event = {.kind = EVENT_RAFT};

    if (node->closing)
        return;
    info = replicate_info(node->replicate);
    if (info.role == node->seen.role && info.term == node->seen.term &&
        info.leader_raft_id == node->seen.leader_raft_id)
        return;
    node->seen = info;
    event.now = node_now();
    event.raft.role = (enum raft_role)info.role;
    event.raft.term = info.term;
    event.raft.leader = info.leader_raft_id != 0 ? replicate_server_of(info.leader_raft_id) : -1;
    event.raft.last_index = info.last_index;
    event.raft.commit_index = info.commit_index;
    node_step(node, &event);
}
