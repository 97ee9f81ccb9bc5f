/* Carries out what the engine says, in order. What comes back at once (a proposal that
 * cannot be made, an entry applied from inside) steps the engine again; its effects
 * queue behind those still to be carried out. */
#include "node/internal.h"
#include "wire/codec.h"

/* The engine is told of a newer term when Raft is polled. A beat is this node's word that it
 * has not voted in a newer one (engine_may_act): that has to be true as it leaves. */
static void say_term(const struct node *node, struct beat *beat)
{
    uint64_t term = node_raft(node).term;

    if (term > beat->term) {
        beat->term = term;
        beat->leader = false;
    }
}

static void send_beat(struct node *node)
{
    engine_beat(node->engine, node_now(node), &node->beat);
    say_term(node, &node->beat);
    buf_clear(&node->scratch);
    beat_encode(&node->beat, &node->scratch);
    node->shell.send_beat(node->shell.context, node->scratch.data, node->scratch.len);
}

static void transfer(struct node *node, int server)
{
    struct err err;

    if (replicate_transfer(node->replicate, server, &err) < 0)
        log_line(node->log, LOG_LEVEL_INFO, "hand-over", "not now: %s", err.text);
}

static void carry_out(struct node *node, const struct effect *effect)
{
    const struct node_shell *shell = &node->shell;

    switch (effect->kind) {
    case EFFECT_PROPOSE:
        entries_propose(node, effect->propose.number, &effect->propose.entry);
        break;
    case EFFECT_PROBE:
        shell->probe(shell->context, effect->check);
        break;
    case EFFECT_BEAT:
        send_beat(node);
        break;
    case EFFECT_ACT:
        shell->act(shell->context, effect->act.route, effect->act.actuator, &effect->act.placement);
        break;
    case EFFECT_ELECT:
        replicate_elect(node->replicate);
        break;
    case EFFECT_LEADER_BEAT:
        replicate_leader_beat(node->replicate, effect->leader_beat.server,
                              effect->leader_beat.term);
        break;
    case EFFECT_LEADER_SILENT:
        replicate_leader_silent(node->replicate, effect->leader_silent);
        break;
    case EFFECT_TRANSFER:
        transfer(node, effect->server);
        break;
    case EFFECT_HOLD:
        shell->hold(shell->context, effect->hold.route, effect->hold.epoch, effect->hold.until_ms,
                    effect->hold.fence_ms);
        break;
    case EFFECT_LOG:
        log_line(node->log, effect->log.level, effect->log.event, "%s", effect->log.text);
        break;
    case EFFECT_REPLY:
        commands_answer(node, &effect->reply.id, effect->reply.code, effect->reply.text);
        break;
    case EFFECT_TELL:
        shell->tell(shell->context, &effect->tell);
        break;
    }
}

void effects_carry_out(struct node *node)
{
    if (node->carrying)
        return;
    node->carrying = true;
    while (node->effects.n > 0 && node_lives(node)) {
        struct effects empty = node->carried;

        /* Two lists in turn: what is carried out stays where it is while others queue. */
        node->carried = node->effects;
        node->effects = empty;
        for (node->at = 0; node->at < node->carried.n && node_lives(node); node->at++)
            carry_out(node, &node->carried.items[node->at]);
        effects_clear(&node->carried);
    }
    node->carrying = false;
}

static bool is_order(enum effect_kind kind)
{
    return kind == EFFECT_PROBE || kind == EFFECT_ACT || kind == EFFECT_HOLD || kind == EFFECT_TELL;
}

/* Of those from `from` to before `to`; those owe nobody anything. */
static void drop_orders(struct effects *list, int from, int to)
{
    int i, kept = from;

    for (i = from; i < list->n; i++)
        if (i >= to || !is_order(list->items[i].kind))
            list->items[kept++] = list->items[i];
    if (kept < list->n)
        list->n = kept;
}

/* Only failback's allowed times go by it, and quiet hours. */
static bool needs_zone(const struct model *model)
{
    int i;

    for (i = 0; i < model->n_routes; i++)
        if (model->routes[i].failback.n_allowed > 0)
            return true;
    for (i = 0; model->notices != NULL && i < model->notices->n_rules; i++)
        if (model->notices->rules[i].n_quiet > 0)
            return true;
    return false;
}

static void bring_zone(struct node *node)
{
    const struct model *model = engine_model(node->engine);

    engine_zone(node->engine, needs_zone(model)
                                  ? node->shell.zone(node->shell.context, model->contract.timezone)
                                  : NULL);
}

void effects_configured(struct node *node, int old)
{
    drop_orders(&node->carried, node->at + 1, node->carried.n);
    drop_orders(&node->effects, 0, old);
    node->shell.configured(node->shell.context);
    bring_zone(node);
}
