/* The route machine on the leader: facts -> rule -> entry, and the outbox. */
#include "base/check.h"
#include "base/log.h"
#include "base/utc.h"
#include "core/engine_private.h"

#include <stdio.h>
#include <string.h>

/* First other candidate, in order of preference, that holds its least; -1. */
int route_next(const struct engine *engine, int route)
{
    const struct shared *shared = engine->shared;
    int c;

    for (c = 0; c < engine->model->routes[route].n_candidates; c++)
        if (c != shared->routes[route].now.candidate && shared_candidate_ready(shared, route, c))
            return c;
    return -1;
}

/* Patience is counted on the boot clock: UTC steps, and differs from leader to leader. */
void route_watch(struct engine *engine, struct moment now)
{
    const struct shared *shared = engine->shared;
    int r;

    for (r = 0; shared->model != NULL && r < shared->model->n_routes; r++) {
        const struct placement *at = &shared->routes[r].now;

        if (!shared_candidate_failed(shared, r, at->candidate))
            engine->failed_ms[r] = 0;
        else if (engine->failed_ms[r] == 0 || engine->failed_epoch[r] != at->epoch)
            engine->failed_ms[r] = now.boot_ms;
        engine->failed_epoch[r] = at->epoch;
    }
}

/* Down by verdict, and no longer by what the observers say now: a leader that inherits
 * verdicts looks before it moves. */
static bool member_back(const struct engine *engine, struct moment now, int server)
{
    bool down = false;
    int i;

    for (i = model_next_check(engine->model, server, -1); i >= 0;
         i = model_next_check(engine->model, server, i)) {
        if (engine->shared->checks[i].verdict != VERDICT_DOWN)
            continue;
        down = true;
        if (!belief_up(engine, now, i))
            return false;
    }
    return down;
}

/* Confirmed, for longer than the route's patience, and still so. */
static bool active_failed(const struct engine *engine, struct moment now, int route)
{
    const struct shared *shared = engine->shared;
    int active = shared->routes[route].now.candidate, m, standing;
    const struct candidate *c = &engine->model->routes[route].candidates[active];

    if (!shared_candidate_failed(shared, route, active) ||
        now.boot_ms - engine->failed_ms[route] < engine->model->routes[route].patience_ms)
        return false;
    standing = server_count(shared_candidate_standing(shared, route, active));
    for (m = 0; m < c->n_members; m++)
        standing += member_back(engine, now, c->members[m]);
    return standing < c->least;
}

/* Who is to serve under the active candidate: those placed that nothing speaks against,
 * and those that are fit. */
static server_set pool_of(const struct engine *engine, int route)
{
    const struct placement *now = &engine->shared->routes[route].now;

    return (now->members & shared_candidate_standing(engine->shared, route, now->candidate)) |
           shared_candidate_ok(engine->shared, route, now->candidate);
}

static bool one_more_is_too_many(const struct engine *engine, struct moment now, int route)
{
    const struct route *r = &engine->model->routes[route];
    const struct route_state *state = &engine->shared->routes[route];
    /* As the entries are stamped: never before the newest of them. */
    int64_t nth,
        utc_ms = now.utc_ms > engine->shared->time_ms ? now.utc_ms : engine->shared->time_ms;

    if (r->hold_moves <= 0 || r->hold_moves > LIMIT_ACTUATORS)
        return false;
    nth = state->automatic_ms[r->hold_moves - 1];
    return nth != UTC_NONE && utc_ms - nth < r->hold_window_ms;
}

uint32_t route_facts(const struct engine *engine, struct moment now, int route)
{
    const struct shared *shared = engine->shared;
    const struct route_state *state = &shared->routes[route];
    int n_actuators = engine->model->routes[route].n_actuators;
    uint32_t facts = 0;

    if (shared_candidate_ready(shared, route, state->now.candidate)) {
        facts |= FACT_ACTIVE_OK;
        if (pool_of(engine, route) != state->now.members)
            facts |= FACT_POOL_DIFFERS;
    } else if (active_failed(engine, now, route)) {
        facts |= FACT_ACTIVE_FAILED;
    }
    if (route_next(engine, route) >= 0)
        facts |= FACT_OTHER_READY;
    if (state->held)
        facts |= FACT_HELD;
    if (one_more_is_too_many(engine, now, route))
        facts |= FACT_MAY_HOLD;
    if (state->done == (1u << n_actuators) - 1)
        facts |= FACT_ALL_DONE;
    if (state->phase == ROUTE_WAITING && grants_over(engine, now, route))
        facts |= FACT_GRANTS_OVER;
    return facts;
}

uint32_t route_asked(const struct engine *engine, const struct command *command)
{
    uint32_t facts = command->kind == COMMAND_SWITCHOVER ? FACT_SWITCHOVER : FACT_FAILOVER;

    if (command->force)
        facts |= FACT_FORCE;
    if (command->to == engine->shared->routes[command->route].now.candidate)
        facts |= FACT_TARGET_ACTIVE;
    if (shared_candidate_ready(engine->shared, command->route, command->to))
        facts |= FACT_TARGET_READY;
    /* Patience is for automatic moves. */
    if (shared_candidate_failed(engine->shared, command->route,
                                engine->shared->routes[command->route].now.candidate))
        facts |= FACT_ACTIVE_FAILED;
    return facts;
}

static server_set members_for(const struct engine *engine, int route, int candidate)
{
    const struct candidate *c = &engine->model->routes[route].candidates[candidate];
    server_set ok = shared_candidate_ok(engine->shared, route, candidate), all = 0;
    int i;

    if (candidate == engine->shared->routes[route].now.candidate)
        return pool_of(engine, route);
    for (i = 0; i < c->n_members; i++)
        all |= server_bit(c->members[i]);
    return ok != 0 ? ok : all; /* forced onto a sick one: all of it */
}

static void fill_intent(const struct engine *engine, struct entry *entry, int route, int to,
                        const struct rule *rule, uint32_t facts, const struct command *command)
{
    const struct placement *now = &engine->shared->routes[route].now;
    bool move = to != now->candidate;

    entry->intent.route = route;
    entry->intent.from = now->candidate;
    entry->intent.to = to;
    entry->intent.epoch = move ? now->epoch + 1 : now->epoch;
    entry->intent.step = move ? 0 : now->step + 1;
    entry->intent.members = members_for(engine, route, to);
    entry->intent.rule = rule->number;
    entry->intent.facts = facts;
    entry->intent.planned = command != NULL && command->kind == COMMAND_SWITCHOVER;
    entry->intent.forced = command != NULL && command->force;
    if (command != NULL) {
        entry->id = command->id;
        memcpy(entry->who, command->who, sizeof entry->who);
        memcpy(entry->reason, command->reason, sizeof entry->reason);
    } else {
        snprintf(entry->reason, sizeof entry->reason, "%s", rule->comment);
    }
}

static void propose_intent(struct engine *engine, struct moment now, int route, int to,
                           const struct rule *rule, uint32_t facts, const struct command *command,
                           struct effects *effects)
{
    const struct route *r = &engine->model->routes[route];
    int from = engine->shared->routes[route].now.candidate;
    struct entry *entry = engine_propose(engine, now, ENTRY_INTENT, route, effects);

    if (entry == NULL)
        return;
    fill_intent(engine, entry, route, to, rule, facts, command);
    if (to != from)
        engine_log(effects, LOG_LEVEL_WARN, "move", "route %s: %s -> %s, epoch %u, rule %u: %s",
                   r->name, r->candidates[from].name, r->candidates[to].name, entry->intent.epoch,
                   rule->number, rule->comment);
    else
        engine_log(effects, LOG_LEVEL_INFO, "pool", "route %s: %d of %d servers of %s serve",
                   r->name, server_count(entry->intent.members), r->candidates[to].n_members,
                   r->candidates[to].name);
}

static void propose_standing(struct engine *engine, struct moment now, int route,
                             const struct rule *rule, uint32_t facts, const struct command *command,
                             struct effects *effects)
{
    struct entry *entry = engine_propose(engine, now, ENTRY_REFUSED, route, effects);

    if (entry == NULL)
        return;
    entry->intent.route = route;
    entry->intent.from = engine->shared->routes[route].now.candidate;
    entry->intent.to = command != NULL ? command->to : entry->intent.from;
    entry->intent.epoch = engine->shared->routes[route].now.epoch;
    entry->intent.step = engine->shared->routes[route].now.step;
    entry->intent.rule = rule->number;
    entry->intent.facts = facts;
    snprintf(entry->reason, sizeof entry->reason, "%s", rule->comment);
    if (command != NULL) {
        entry->id = command->id;
        memcpy(entry->who, command->who, sizeof entry->who);
    }
    engine_log(effects, LOG_LEVEL_WARN, "refused", "route %s: rule %u: %s",
               engine->model->routes[route].name, rule->number, rule->comment);
}

static void propose_outcome(struct engine *engine, struct moment now, int route,
                            enum entry_kind kind, struct effects *effects)
{
    const struct route_state *state = &engine->shared->routes[route];
    struct entry *entry = engine_propose(engine, now, kind, route, effects);

    if (entry == NULL)
        return;
    entry->outcome.route = route;
    entry->outcome.epoch = state->now.epoch;
    entry->outcome.step = state->now.step;
    if (kind == ENTRY_VERIFIED && state->now.step == 0)
        engine_log(effects, LOG_LEVEL_INFO, "verified", "route %s is served by %s, epoch %u",
                   engine->model->routes[route].name,
                   engine->model->routes[route].candidates[state->now.candidate].name,
                   state->now.epoch);
}

void route_do(struct engine *engine, struct moment now, int route, const struct rule *rule,
              uint32_t facts, const struct command *command, struct effects *effects)
{
    int active = engine->shared->routes[route].now.candidate;

    /* One decision at a time: the next one is made in the situation that this one leaves. */
    if (engine_pending(engine, ENTRY_INTENT, route) || engine_pending(engine, ENTRY_REFUSED, route))
        return;
    switch (rule->action) {
    case ACTION_NONE:
    case ACTION_FAILBACK:
    case ACTION_FOLLOW:
        break;
    case ACTION_MOVE:
        propose_intent(engine, now, route, route_next(engine, route), rule, facts, NULL, effects);
        break;
    case ACTION_MOVE_TO:
        CHECK(command != NULL);
        propose_intent(engine, now, route, command->to, rule, facts, command, effects);
        break;
    case ACTION_POOL:
        propose_intent(engine, now, route, active, rule, facts, NULL, effects);
        break;
    case ACTION_ACT:
        propose_outcome(engine, now, route, ENTRY_ACT, effects);
        break;
    case ACTION_VERIFY:
        propose_outcome(engine, now, route, ENTRY_VERIFIED, effects);
        break;
    case ACTION_REFUSE:
    case ACTION_BLOCK:
    case ACTION_UNBLOCK:
    case ACTION_HOLD:
        propose_standing(engine, now, route, rule, facts, command, effects);
        break;
    }
}

/* ---- the outbox ---- */

static void run_outbox(struct engine *engine, struct moment now, int route, struct effects *effects)
{
    const struct route_state *state = &engine->shared->routes[route];
    int a;

    /* A blocked route keeps asserting: the last candidate stays. */
    if (state->phase == ROUTE_WAITING)
        return;
    for (a = 0; a < engine->model->routes[route].n_actuators; a++) {
        struct effect *effect;

        if (!outbox_due(&engine->out[route][a], &state->now, now.boot_ms))
            continue;
        effect = engine_add(effects, EFFECT_ACT);
        effect->act.route = route;
        effect->act.actuator = a;
        effect->act.placement = state->now;
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
    if (event->acted.text != NULL && event->acted.code != 0)
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
    snprintf(entry->reason, sizeof entry->reason,
             "%s has seen epoch %u, above every committed one: the same placement above it",
             route->actuators[event->acted.actuator].name, event->acted.seen_epoch);
    engine_log(effects, LOG_LEVEL_WARN, "renumbered", "route %s: %s", route->name, entry->reason);
}

void route_acted(struct engine *engine, const struct event *event, struct effects *effects)
{
    const struct route_state *state;
    struct outslot *slot;
    bool ok = event->acted.code == 0, report, current;

    if (event->acted.route >= engine->model->n_routes ||
        event->acted.actuator >= engine->model->routes[event->acted.route].n_actuators)
        return;
    slot = &engine->out[event->acted.route][event->acted.actuator];
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

/* It serves as it should: only the outbox waits for a time. */
static bool at_rest(const struct engine *engine, int route, uint32_t facts, const struct rule *rule)
{
    return rule->action == ACTION_NONE && (facts & FACT_ACTIVE_OK) &&
           engine->shared->routes[route].phase == ROUTE_SERVING;
}

static int64_t outbox_next_ms(const struct engine *engine, int route)
{
    int64_t next_ms = INT64_MAX;
    int a;

    for (a = 0; a < engine->model->routes[route].n_actuators; a++) {
        const struct outslot *slot = &engine->out[route][a];

        if (!slot->busy && slot->next_ms < next_ms)
            next_ms = slot->next_ms;
    }
    return next_ms;
}

void route_lead(struct engine *engine, struct moment now, struct effects *effects)
{
    int r;

    engine->routes_ms = INT64_MAX;
    engine->routes_busy = false;
    for (r = 0; r < engine->model->n_routes; r++) {
        uint32_t facts = route_facts(engine, now, r);
        const struct rule *rule = rules_match(engine->shared->routes[r].phase, facts);

        route_do(engine, now, r, rule, facts, NULL, effects);
        run_outbox(engine, now, r, effects);
        if (!at_rest(engine, r, facts, rule))
            engine->routes_busy = true;
        else if (outbox_next_ms(engine, r) < engine->routes_ms)
            engine->routes_ms = outbox_next_ms(engine, r);
    }
}
