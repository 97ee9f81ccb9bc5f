/* The route machine on the leader: facts -> rule -> entry. */
#include "base/check.h"
#include "base/log.h"
#include "base/utc.h"
#include "core/engine_private.h"

#include <stdio.h>
#include <string.h>

static server_set members_for(const struct engine *engine, int route, int candidate)
{
    const struct candidate *c = &engine->model->routes[route].candidates[candidate];
    server_set ok = route_fit(engine, route, candidate), all = 0;
    int i;

    if (candidate == engine->shared->routes[route].now.candidate)
        return route_pool(engine, route);
    for (i = 0; i < c->n_members; i++)
        all |= server_bit(c->members[i]);
    return ok != 0 ? ok : all; /* forced onto a sick one: all of it */
}

/* What it leaves works: nobody is without service, and who is left may finish. */
static bool is_planned(const struct engine *engine, int route, const struct rule *rule,
                       const struct command *command)
{
    int follows = engine->model->routes[route].follows;

    return (command != NULL && command->kind == COMMAND_SWITCHOVER) ||
           rule->action == ACTION_FAILBACK || rule->action == ACTION_LEAVE ||
           (rule->action == ACTION_FOLLOW && engine->shared->routes[follows].planned);
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
    entry->intent.phase = (int)engine->shared->routes[route].phase;
    entry->intent.facts = facts;
    entry->intent.planned = is_planned(engine, route, rule, command);
    entry->intent.forced = (facts & FACT_FORCE) != 0;
    if (command != NULL) {
        command_mark(entry, command);
        memcpy(entry->reason, command->reason, sizeof entry->reason);
    } else {
        snprintf(entry->reason, sizeof entry->reason, "%s", rule->comment);
    }
    /* Somebody stops it: no automatic move, and not to be counted as one. */
    if (rule->action == ACTION_LEAVE) {
        memcpy(entry->who, engine->model->servers[hold_leaver(engine, route)].name, LIMIT_NAME);
        snprintf(entry->reason, sizeof entry->reason, "it is being stopped");
    }
}

static void propose_intent(struct engine *engine, struct moment now, int route, int to,
                           const struct rule *rule, uint32_t facts, const struct command *command,
                           struct effects *effects)
{
    const struct route *r = &engine->model->routes[route];
    int from = engine->shared->routes[route].now.candidate;
    int key = to != from ? route : INTENT_POOL(route);
    struct entry *entry = engine_propose(engine, now, ENTRY_INTENT, key, effects);

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

/* "; mirror-1: its kirikae-helper is not heard", of the candidate asked for. */
static void say_unable(const struct engine *engine, int route, struct entry *entry)
{
    const struct candidate *c = &engine->model->routes[route].candidates[entry->intent.to];
    size_t len = strlen(entry->reason);
    int m;

    for (m = 0; m < c->n_members && len < sizeof entry->reason; m++) {
        const char *why = engine_unable(engine, route, c->members[m]);

        if (why != NULL)
            len += (size_t)snprintf(entry->reason + len, sizeof entry->reason - len, "; %s: %s",
                                    engine->model->servers[c->members[m]].name, why);
    }
}

/* Who holds the route comes with the row's words while a move is under way. */
static void say_why_not(const struct engine *engine, struct moment now, int route,
                        const struct rule *rule, struct entry *entry)
{
    const struct route_state *state = &engine->shared->routes[route];
    bool moves = (state->phase == ROUTE_WAITING || state->phase == ROUTE_ACTING) &&
                 state->moved_ms == UTC_NONE;
    char holder[LIMIT_TEXT];

    if (rule->number != RULE_UNDER_WAY && !moves)
        return;
    route_holder(engine, now, route, holder, sizeof holder);
    if (rule->number == RULE_UNDER_WAY)
        snprintf(entry->reason, sizeof entry->reason, "%s", holder);
    else
        snprintf(entry->reason, sizeof entry->reason, "%s; %.150s", rule->comment, holder);
}

static void fill_standing(const struct engine *engine, struct moment now, struct entry *entry,
                          int route, const struct rule *rule, uint32_t facts,
                          const struct command *command)
{
    entry->intent.route = route;
    entry->intent.from = engine->shared->routes[route].now.candidate;
    entry->intent.to = command != NULL ? command->to : entry->intent.from;
    entry->intent.epoch = engine->shared->routes[route].now.epoch;
    entry->intent.step = engine->shared->routes[route].now.step;
    entry->intent.rule = rule->number;
    entry->intent.phase = (int)engine->shared->routes[route].phase;
    entry->intent.facts = facts;
    snprintf(entry->reason, sizeof entry->reason, "%s", rule->comment);
    if (command != NULL) {
        command_mark(entry, command);
        say_why_not(engine, now, route, rule, entry);
        if (!(facts & FACT_TARGET_READY))
            say_unable(engine, route, entry);
    }
}

void route_fill(const struct engine *engine, struct moment now, const struct rule *rule,
                uint32_t facts, const struct command *command, struct entry *entry)
{
    if (rule->action == ACTION_MOVE_TO)
        fill_intent(engine, entry, command->route, command->to, rule, facts, command);
    else
        fill_standing(engine, now, entry, command->route, rule, facts, command);
}

static void propose_standing(struct engine *engine, struct moment now, int route,
                             const struct rule *rule, uint32_t facts, const struct command *command,
                             struct effects *effects)
{
    struct entry *entry = engine_propose(engine, now, ENTRY_REFUSED, route, effects);

    if (entry == NULL)
        return;
    fill_standing(engine, now, entry, route, rule, facts, command);
    engine_log(effects, LOG_LEVEL_WARN, "refused", "route %s: rule %u: %s",
               engine->model->routes[route].name, rule->number, entry->reason);
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

/* One decision at a time: the next one is made in the situation that this one leaves. But no
 * move waits for a change of the pool: whichever of them is committed first, it still fits. */
static bool undecided(const struct engine *engine, int route, enum action action)
{
    bool moves = action == ACTION_MOVE || action == ACTION_FAILBACK || action == ACTION_FOLLOW ||
                 action == ACTION_LEAVE || action == ACTION_MOVE_TO;

    return engine_pending(engine, ENTRY_INTENT, route) ||
           engine_pending(engine, ENTRY_REFUSED, route) ||
           (!moves && engine_pending(engine, ENTRY_INTENT, INTENT_POOL(route)));
}

/* Who leaves the pool may be the first of a whole site: while others of it are being confirmed
 * the move that would follow is given a beat's time. */
static bool pool_waits(const struct engine *engine, struct moment now, int route)
{
    const struct placement *at = &engine->shared->routes[route].now;
    server_set stays = at->members & route_pool(engine, route);
    int c;

    if (stays == at->members ||
        now.boot_ms - engine->pool_ms[route] >= engine->model->timing.beat_ms)
        return false;
    for (c = 0; c < engine->model->n_checks; c++)
        if (engine->watches[c].confirm_until_ms != 0 &&
            (stays & server_bit(engine->model->checks[c].target)))
            return true;
    return false;
}

/* Is the route that this one follows about to move, and this one then with it? */
static bool leads_soon(const struct engine *engine, struct moment now, int parent, int route)
{
    const struct route *r = &engine->model->routes[route];
    int to, c;

    if (parent < 0)
        return false;
    to = route_next(engine, parent);
    if (to < 0 ||
        route_rule(engine, parent, route_facts(engine, now, parent))->action != ACTION_MOVE)
        return false;
    c = model_candidate(r, engine->model->routes[parent].candidates[to].name);
    return c != engine->shared->routes[route].now.candidate && route_ready(engine, route, c);
}

void route_do(struct engine *engine, struct moment now, int route, const struct rule *rule,
              uint32_t facts, const struct command *command, struct effects *effects)
{
    int active = engine->shared->routes[route].now.candidate;

    if (undecided(engine, route, rule->action))
        return;
    switch (rule->action) {
    case ACTION_NONE:
        break;
    case ACTION_FAILBACK:
        propose_intent(engine, now, route, route_back(engine, now, route), rule, facts, NULL,
                       effects);
        break;
    case ACTION_FOLLOW:
        propose_intent(engine, now, route, route_follow(engine, route), rule, facts, NULL, effects);
        break;
    case ACTION_MOVE:
        if (leads_soon(engine, now, engine->model->routes[route].follows, route))
            break;
        propose_intent(engine, now, route, route_next(engine, route), rule, facts, NULL, effects);
        break;
    case ACTION_LEAVE:
        propose_intent(engine, now, route, route_next(engine, route), rule, facts, NULL, effects);
        break;
    case ACTION_MOVE_TO:
        CHECK(command != NULL);
        propose_intent(engine, now, route, command->to, rule, facts, command, effects);
        break;
    case ACTION_POOL:
        if (pool_waits(engine, now, route))
            break;
        propose_intent(engine, now, route, active, rule, facts, NULL, effects);
        break;
    case ACTION_ACT:
        propose_outcome(engine, now, route, ENTRY_ACT, effects);
        break;
    case ACTION_VERIFY:
        propose_outcome(engine, now, route, ENTRY_VERIFIED, effects);
        break;
    case ACTION_DISPUTE:
        if (engine->shared->routes[route].disputed)
            break;
        propose_standing(engine, now, route, rule, facts, command, effects);
        break;
    case ACTION_REFUSE:
    case ACTION_BLOCK:
    case ACTION_UNBLOCK:
    case ACTION_HOLD:
        propose_standing(engine, now, route, rule, facts, command, effects);
        break;
    }
}

/* It serves as it should: only the outbox waits for a time. */
static bool at_rest(const struct engine *engine, int route, uint32_t facts, const struct rule *rule)
{
    return rule->action == ACTION_NONE && (facts & FACT_ACTIVE_OK) && !(facts & FACT_LEAVING) &&
           engine->shared->routes[route].phase == ROUTE_SERVING;
}

void route_lead(struct engine *engine, struct moment now, struct effects *effects)
{
    int r;

    engine->routes_ms = INT64_MAX;
    engine->routes_busy = false;
    for (r = 0; r < engine->model->n_routes; r++) {
        uint32_t facts = route_facts(engine, now, r);
        const struct rule *rule = route_rule(engine, r, facts);

        if (rule->number == RULE_DISPUTED)
            engine->served_ms[r] = now.boot_ms;
        route_do(engine, now, r, rule, facts, NULL, effects);
        outbox_run(engine, now, r, effects);
        if (!at_rest(engine, r, facts, rule))
            engine->routes_busy = true;
        engine_due(&engine->routes_ms, outbox_next_ms(engine, r));
        engine_due(&engine->routes_ms, route_due_ms(engine, now, r, facts));
    }
}
