/* Carries out what the engine says, in order. What comes back at once (a proposal that
 * cannot be made, an entry applied from inside) steps the engine again; its effects
 * queue behind those still to be carried out. */
#include "base/check.h"
#include "daemon/node.h"

void node_step(struct node *node, const struct event *event)
{
    if (node->closing)
        return;
    engine_step(node->engine, event, &node->effects);
    node_carry_out(node);
}

static void act(struct node *node, const struct effect *effect);

static void carry_out(struct node *node, struct effect *effect)
{
    struct err err;

    switch (effect->kind) {
    case EFFECT_PROPOSE:
        raft_propose(node, effect->propose.number, &effect->propose.entry);
        entry_free(&effect->propose.entry);
        break;
    case EFFECT_PROBE:
        if (node->world != NULL)
            observe_now(node->world->observe, effect->check);
        break;
    case EFFECT_BEAT:
        port_beat(node);
        break;
    case EFFECT_ACT:
        act(node, effect);
        break;
    case EFFECT_ELECT:
        if (node->replicate != NULL)
            replicate_elect(node->replicate);
        break;
    case EFFECT_LEADER_BEAT:
        if (node->replicate != NULL)
            replicate_leader_beat(node->replicate, effect->leader_beat.server,
                                  effect->leader_beat.term);
        break;
    case EFFECT_LEADER_SILENT:
        if (node->replicate != NULL)
            replicate_leader_silent(node->replicate, effect->leader_silent);
        break;
    case EFFECT_TRANSFER:
        if (replicate_transfer(node->replicate, effect->server, &err) < 0)
            log_line(node->log, LOG_LEVEL_INFO, "hand-over", "not now: %s", err.text);
        break;
    case EFFECT_LOG:
        log_line(node->log, effect->log.level, effect->log.event, "%s", effect->log.text);
        break;
    case EFFECT_REPLY:
        port_reply(node, effect);
        break;
    }
}

void node_carry_out(struct node *node)
{
    int i;

    if (node->carrying)
        return;
    node->carrying = true;
    for (i = 0; i < node->effects.n && !node->closing; i++) {
        struct effect effect = node->effects.items[i];

        /* Ours now: the list may move or grow meanwhile. */
        if (effect.kind == EFFECT_PROPOSE)
            node->effects.items[i].kind = EFFECT_BEAT;
        carry_out(node, &effect);
    }
    effects_clear(&node->effects);
    node->carrying = false;
}

static void acted(void *context, const struct act_order *order, const struct act_result *result)
{
    struct world *world = context;
    struct event event = {.kind = EVENT_ACTED, .now = node_now()};

    if (world != world->node->world)
        return; /* of a configuration that is no longer in force */
    event.acted.route = order->route;
    event.acted.actuator = order->actuator;
    event.acted.epoch = order->epoch;
    event.acted.step = order->step;
    event.acted.code = result->code;
    event.acted.changed = result->changed;
    event.acted.seen_epoch = result->seen_epoch;
    event.acted.took_ms = result->took_ms;
    event.acted.text = result->code != 0 ? result->err.text : NULL;
    node_step(world->node, &event);
}

static void act(struct node *node, const struct effect *effect)
{
    struct act_order order;

    if (node->world == NULL)
        return;
    order = (struct act_order){.model = node->world->model,
                               .route = effect->act.route,
                               .actuator = effect->act.actuator,
                               .epoch = effect->act.placement.epoch,
                               .step = effect->act.placement.step,
                               .candidate = effect->act.placement.candidate,
                               .members = effect->act.placement.members};
    act_run(node->world->act, &order, acted, node->world);
}
