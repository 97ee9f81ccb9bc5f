/* Actuators: what they are told, and what comes back. */
#include "base/log.h"
#include "core/engine_private.h"

#include <stdio.h>

void outbox_reset(struct engine *engine)
{
    int r, a;

    for (r = 0; r < LIMIT_ROUTES; r++)
        for (a = 0; a < LIMIT_ACTUATORS; a++)
            outbox_init(&engine->out[r][a]);
}

static bool its_turn(const struct engine *engine, int route, int actuator)
{
    const struct route *r = &engine->model->routes[route];

    return r->order == ORDER_TOGETHER ||
           (model_required(r, actuator) & ~engine->shared->routes[route].done) == 0;
}

/* Whom operators drain may finish wherever it stands, also where nothing is to change for it:
 * behind a candidate that does not serve, or out of its pool for another reason. */
static server_set drained(const struct engine *engine, int route)
{
    const struct placement *now = &engine->shared->routes[route].now;
    server_set all = now->draining;
    int c;

    for (c = 0; c < engine->model->routes[route].n_candidates; c++)
        all |= shared_candidate_drained(engine->shared, route, c);
    return all & ~now->members;
}

void outbox_run(struct engine *engine, struct moment now, int route, struct effects *effects)
{
    const struct route_state *state = &engine->shared->routes[route];
    int a;

    /* A blocked route keeps asserting: the last candidate stays. */
    if (state->phase == ROUTE_WAITING)
        return;
    for (a = 0; a < engine->model->routes[route].n_actuators; a++) {
        struct effect *effect;

        if (!its_turn(engine, route, a))
            continue;
        if (actuator_is_own(&engine->model->routes[route].actuators[a])) {
            hold_done(engine, now, route, a, effects);
            continue;
        }
        if (!outbox_due(&engine->out[route][a], &state->now, now.boot_ms))
            continue;
        effect = engine_add(effects, EFFECT_ACT);
        effect->act.route = route;
        effect->act.actuator = a;
        effect->act.placement = state->now;
        effect->act.placement.draining = drained(engine, route);
    }
}

static bool propose_acted(struct engine *engine, const struct event *event, enum entry_kind kind,
                          struct effects *effects)
{
    /* Several actuators of one route report independently. */
    int key = event->acted.route * LIMIT_ACTUATORS + event->acted.actuator;
    struct entry *entry = engine_propose(engine, event->now, kind, key, effects);

    if (entry == NULL)
        return false;
    entry->outcome.route = event->acted.route;
    entry->outcome.actuator = event->acted.actuator;
    entry->outcome.epoch = event->acted.epoch;
    entry->outcome.step = event->acted.step;
    entry->outcome.ok = event->acted.code == 0;
    entry->outcome.took_ms = event->acted.took_ms;
    if (event->acted.text != NULL)
        snprintf(entry->reason, sizeof entry->reason, "%s", event->acted.text);
    return true;
}

/* An actuator that has seen an epoch above every committed one was told by a cluster, or a
 * configuration, that is gone: what this leader's own term has applied is all there is. The
 * same placement goes on above that epoch. */
static void renumber(struct engine *engine, const struct event *event, struct effects *effects)
{
    const struct route *route = &engine->model->routes[event->acted.route];
    const struct placement *now = &engine->shared->routes[event->acted.route].now;
    struct entry *entry;

    if (event->acted.seen_epoch == UINT32_MAX)
        return; /* nothing is above it: an operator has to reset the actuator */
    entry = engine_propose(engine, event->now, ENTRY_INTENT, event->acted.route, effects);
    if (entry == NULL)
        return;
    entry->intent.route = event->acted.route;
    entry->intent.from = entry->intent.to = now->candidate;
    entry->intent.epoch = event->acted.seen_epoch + 1;
    entry->intent.members = now->members;
    entry->intent.rule = RULE_RENUMBERED;
    entry->intent.phase = -1;
    snprintf(entry->reason, sizeof entry->reason,
             "%s has seen epoch %u, above every committed one: the same placement above it",
             route->actuators[event->acted.actuator].name, event->acted.seen_epoch);
    engine_log(effects, LOG_LEVEL_WARN, "renumbered", "route %s: %s", route->name, entry->reason);
}

void outbox_acted(struct engine *engine, const struct event *event, struct effects *effects)
{
    const struct route_state *state;
    struct outslot *slot;
    bool ok = event->acted.code == 0, report, current;

    if (event->acted.route >= engine->model->n_routes ||
        event->acted.actuator >= engine->model->routes[event->acted.route].n_actuators)
        return;
    count_call(engine, event);
    slot = &engine->out[event->acted.route][event->acted.actuator];
    if (event->acted.epoch != slot->epoch || event->acted.step != slot->step)
        return; /* overtaken */
    report = outbox_ended(slot, ok, event->now.boot_ms);
    if (!engine_leads(engine))
        return;
    state = &engine->shared->routes[event->acted.route];
    current = event->acted.epoch == state->now.epoch && event->acted.step == state->now.step;
    report &= current; /* what was overtaken was refused for it (engine_may_act) */
    if (event->acted.code == ERR_STALE && current && event->acted.seen_epoch >= state->now.epoch) {
        renumber(engine, event, effects);
        return;
    }
    if (ok && current && !(state->done & (1u << event->acted.actuator))) {
        /* The outcome of the placement before is not committed yet: ask again soon. */
        if (!propose_acted(engine, event, ENTRY_OUTCOME, effects))
            slot->next_ms = event->now.boot_ms + OUTBOX_RETRY_MS / 4;
    } else if (ok && current && event->acted.changed)
        propose_acted(engine, event, ENTRY_REASSERTED, effects);
    else if (!ok && report)
        propose_acted(engine, event, ENTRY_OUTCOME, effects);
    if (!ok && report)
        engine_log(effects, LOG_LEVEL_WARN, "actuator", "%s of route %s: %s",
                   engine->model->routes[event->acted.route].actuators[event->acted.actuator].name,
                   engine->model->routes[event->acted.route].name,
                   event->acted.text != NULL ? event->acted.text : err_name(event->acted.code));
}

int64_t outbox_next_ms(const struct engine *engine, int route)
{
    int64_t next_ms = INT64_MAX;
    int a;

    if (engine->shared->routes[route].phase == ROUTE_WAITING)
        return next_ms;
    for (a = 0; a < engine->model->routes[route].n_actuators; a++) {
        const struct outslot *slot = &engine->out[route][a];

        if (its_turn(engine, route, a) &&
            !actuator_is_own(&engine->model->routes[route].actuators[a]) && !slot->busy &&
            slot->next_ms < next_ms)
            next_ms = slot->next_ms;
    }
    return next_ms;
}
