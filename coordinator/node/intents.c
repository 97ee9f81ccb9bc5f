/* Intents that stand in this node's log, committed or not: what "clear" means in a beat
 * (protocol.md, Move). The first look at what comes into the log, so also where a node finds
 * that it is too old for it. */
#include "core/feature.h"
#include "node/internal.h"
#include "wire/codec.h"

#include <string.h>

static void tell(struct node *node, int route)
{
    struct event event = {.kind = EVENT_STORED, .now = node_now(node)};
    int i;

    event.stored.route = route;
    for (i = 0; i < node->n_intents; i++)
        if (node->intents[i].route == route && node->intents[i].epoch > event.stored.intent_epoch)
            event.stored.intent_epoch = node->intents[i].epoch;
    node_step(node, &event);
}

static void add(struct node *node, uint64_t index, const struct entry *entry)
{
    if (entry->kind != ENTRY_INTENT || entry->intent.step != 0 || entry->intent.route < 0 ||
        entry->intent.route >= LIMIT_ROUTES)
        return;
    if (node->n_intents == INTENTS_MAX)
        memmove(node->intents, node->intents + 1,
                (size_t)--node->n_intents * sizeof node->intents[0]);
    node->intents[node->n_intents++] = (struct stored_intent){
        .index = index, .route = entry->intent.route, .epoch = entry->intent.epoch};
    tell(node, entry->intent.route);
}

void intents_stored(void *context, uint64_t index, uint64_t term, const uint8_t *bytes, size_t len)
{
    struct node *node = context;
    struct entry entry = {0};
    struct err err;

    (void)term;
    /* The log reaches back behind the snapshot that was restored. */
    if (index <= engine_shared(node->engine)->index)
        return;
    if (entry_decode(bytes, len, &entry, &err) == 0) {
        if (feature_check("the log", feature_needed(&entry), node->level, &err) < 0)
            node_fatal(node, "entry %llu: %s", (unsigned long long)index, err.text);
        else
            add(node, index, &entry);
    }
    entry_free(&entry);
}

/* Takes out the intents from index `from` to `to`. */
static void forget(struct node *node, uint64_t from, uint64_t to)
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
            tell(node, r);
}

void intents_truncated(void *context, uint64_t from)
{
    forget(context, from, UINT64_MAX);
}

void intents_applied(struct node *node, uint64_t index)
{
    forget(node, 0, index);
}
