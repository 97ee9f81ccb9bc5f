/* The situation of a route, resolved once into facts. */
#include "base/check.h"
#include "base/utc.h"
#include "core/engine_private.h"

#define UTC_LOOK_MS 60000 /* what waits for a time of UTC is looked at so often */
#define KEPT_LOOK_MS 1000 /* … and what is kept back for another reason */

server_set route_fit(const struct engine *engine, int route, int candidate)
{
    server_set fit = shared_candidate_ok(engine->shared, route, candidate);
    int i;

    for (i = 0; i < engine->model->n_coordinators; i++)
        if (!hold_able(engine, route, i))
            fit &= ~server_bit(i);
    return fit;
}

bool route_ready(const struct engine *engine, int route, int candidate)
{
    return server_count(route_fit(engine, route, candidate)) >=
           engine->model->routes[route].candidates[candidate].least;
}

int route_next(const struct engine *engine, int route)
{
    int c;

    for (c = 0; c < engine->model->routes[route].n_candidates; c++)
        if (c != engine->shared->routes[route].now.candidate && route_ready(engine, route, c))
            return c;
    return -1;
}

int route_follow(const struct engine *engine, int route)
{
    int c = shared_follow_to(engine->shared, route);

    return c >= 0 && route_ready(engine, route, c) ? c : -1;
}

static bool in_dispute(const struct engine *engine, int server)
{
    int i;

    for (i = model_next_check(engine->model, server, -1); i >= 0;
         i = model_next_check(engine->model, server, i))
        if (engine->shared->checks[i].verdict == VERDICT_DISPUTED)
            return true;
    return false;
}

/* Its members that are fit, and of whom nobody says otherwise. */
static int undisputed(const struct engine *engine, int route, int candidate)
{
    const struct candidate *c = &engine->model->routes[route].candidates[candidate];
    server_set ok = shared_candidate_ok(engine->shared, route, candidate);
    int m, n = 0;

    for (m = 0; m < c->n_members; m++)
        n += (ok & server_bit(c->members[m])) && !in_dispute(engine, c->members[m]);
    return n;
}

/* No hurry to go back: one in dispute is not ready for that. */
static void watch_ready(struct engine *engine, struct moment now, int route)
{
    int c;

    for (c = 0; c < engine->model->routes[route].n_candidates; c++)
        if (undisputed(engine, route, c) < engine->model->routes[route].candidates[c].least)
            engine->ready_ms[route][c] = 0;
        else if (engine->ready_ms[route][c] == 0)
            engine->ready_ms[route][c] = now.boot_ms;
}

/* The observers of its callers look at once, so that a real failure need not wait for them. */
static void found_failed(struct engine *engine, struct moment now, int route)
{
    int callers = engine->model->routes[route].callers;

    engine->failed_ms[route] = now.boot_ms;
    if (callers >= 0)
        belief_look(engine, now, callers);
}

/* Patience is counted on the boot clock: UTC steps, and differs from leader to leader. */
void route_watch(struct engine *engine, struct moment now)
{
    const struct shared *shared = engine->shared;
    int r;

    for (r = 0; shared->model != NULL && r < shared->model->n_routes; r++) {
        const struct placement *at = &shared->routes[r].now;

        if (engine->moved_index[r] != shared->routes[r].intent_index)
            engine->moved_ms[r] = now.boot_ms;
        engine->moved_index[r] = shared->routes[r].intent_index;
        if (!shared_candidate_failed(shared, r, at->candidate))
            engine->failed_ms[r] = 0;
        else if (engine->failed_ms[r] == 0 || engine->failed_epoch[r] != at->epoch)
            found_failed(engine, now, r);
        engine->failed_epoch[r] = at->epoch;
        if (engine->model->routes[r].failback.automatic)
            watch_ready(engine, now, r);
        if (route_pool(engine, r) == at->members)
            engine->pool_ms[r] = 0;
        else if (engine->pool_ms[r] == 0)
            engine->pool_ms[r] = now.boot_ms;
    }
}

/* A verdict may be older than the lead, the quorum's loss or the leader's standstill: whether it
 * still holds is known when the observers have had the time to tell this leader. */
static bool just_looking(const struct engine *engine, struct moment now)
{
    return now.boot_ms - engine->looks_ms < engine->model->timing.window_ms;
}

/* Down by verdict, and no longer by what the observers say now: a leader that inherits
 * verdicts looks before it moves. Likewise who is said not to hold the route: it may have begun
 * while that was being committed. */
static bool member_back(const struct engine *engine, struct moment now, int route, int server)
{
    bool down = false;
    int i;

    if (shared_drained(engine->shared, server))
        return false;
    if (engine->shared->routes[route].lapsed & server_bit(server)) {
        if (hold_lapsed(engine, now, route, server))
            return false;
        down = true;
    }
    for (i = model_next_check(engine->model, server, -1); i >= 0;
         i = model_next_check(engine->model, server, i)) {
        if (engine->shared->checks[i].verdict != VERDICT_DOWN)
            continue;
        down = true;
        if (belief_down(engine, now, i) ||
            (!belief_denied(engine, now, i) && !just_looking(engine, now)))
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
        standing += member_back(engine, now, route, c->members[m]);
    return standing < c->least;
}

server_set route_pool(const struct engine *engine, int route)
{
    const struct placement *now = &engine->shared->routes[route].now;
    server_set standing = shared_candidate_standing(engine->shared, route, now->candidate);

    /* Who only does not hold it stays placed, or could never hold it again. */
    standing |= engine->shared->routes[route].lapsed;
    return (now->members & standing) | route_fit(engine, route, now->candidate);
}

/* Automatic moves within the window that `hold` looks at. */
static int moved_lately(const struct engine *engine, struct moment now, int route)
{
    const struct route_state *state = &engine->shared->routes[route];
    int64_t since_ms = engine_time_ms(engine, now) - engine->model->routes[route].damp_window_ms;
    int n = 0;

    while (n < LIMIT_ACTUATORS && state->automatic_ms[n] != UTC_NONE &&
           state->automatic_ms[n] > since_ms)
        n++;
    return n;
}

/* It doubles with every move that the window still remembers, and is over with the window at
 * the latest. On the boot clock, like patience. */
static bool backs_off(const struct engine *engine, struct moment now, int route, int moves)
{
    const struct route *r = &engine->model->routes[route];

    return moves > 0 && now.boot_ms - engine->moved_ms[route] < (int64_t)r->damp_backoff_ms
                                                                    << (moves - 1);
}

static bool in_maintenance(const struct engine *engine, struct moment now, int route)
{
    const struct model *model = engine->model;
    bool any = false;
    int f;

    for (f = 0; f < model->n_functions; f++) {
        if (model->functions[f].route != route)
            continue;
        any = true;
        if (!shared_function_in_window(engine->shared, f, now.utc_ms))
            return false;
    }
    return any;
}

/* What keeps automatic moves back. */
static uint32_t kept_back(const struct engine *engine, struct moment now, int route)
{
    const struct route *r = &engine->model->routes[route];
    int moves = moved_lately(engine, now, route);
    uint32_t facts = 0;

    if (engine->shared->routes[route].held)
        facts |= FACT_HELD;
    if (r->damp_moves > 0 && moves >= r->damp_moves)
        facts |= FACT_MAY_HOLD;
    if (shared_paused(engine->shared, route, engine_time_ms(engine, now)))
        facts |= FACT_PAUSED;
    if (backs_off(engine, now, route, moves))
        facts |= FACT_BACKOFF;
    if (in_maintenance(engine, now, route))
        facts |= FACT_MAINTENANCE;
    if (server_count(engine->heard & engine->voters) < engine->majority)
        facts |= FACT_NO_QUORUM;
    if (r->kind == ROUTE_EXCLUSIVE && engine->members_change)
        facts |= FACT_MEMBERS_CHANGE;
    return facts;
}

static server_set at_site(const struct model *model, int site)
{
    server_set set = 0;
    int i;

    for (i = 0; i < model->n_coordinators; i++)
        if (model->servers[i].site == site)
            set |= server_bit(i);
    return set;
}

/* Was the leader before this one silent when this one came to lead? Who hands over is not. */
static bool leader_gone(const struct engine *engine, server_set silent)
{
    int before = engine->leader_before;

    return before >= 0 && (silent & server_bit(before)) &&
           engine->peers[before].detector.heard_ms <= engine->led_ms;
}

/* A function, servers, a whole site, the leader with it? By whose beats come. */
static uint32_t what_failed(const struct engine *engine, int route)
{
    const struct model *model = engine->model;
    int active = engine->shared->routes[route].now.candidate, m;
    const struct candidate *c = &model->routes[route].candidates[active];
    server_set standing = shared_candidate_standing(engine->shared, route, active);
    server_set down = 0, sites = 0;

    for (m = 0; m < c->n_members; m++)
        if (!(standing & server_bit(c->members[m]))) {
            down |= server_bit(c->members[m]);
            sites |= at_site(model, model->servers[c->members[m]].site);
        }
    if (down & engine->heard)
        return FACT_HOST_HEARD;
    if (sites == 0 || (sites & engine->heard))
        return 0;
    return FACT_SITE_SILENT | (leader_gone(engine, sites) ? FACT_LEADER_GONE : 0);
}

/* Callers that were served in a dispute are not any more: that they are not is to be in the
 * ledger first, because the outage begins with it. As long as a verdict takes, no longer. */
static bool verdict_awaited(const struct engine *engine, struct moment now, int route, int check)
{
    return engine->shared->routes[route].disputed &&
           engine->shared->checks[check].verdict != VERDICT_DOWN && engine->served_ms[route] != 0 &&
           now.boot_ms - engine->served_ms[route] < engine->model->timing.window_ms;
}

/* Failed by all verdicts. And by what its callers see? */
static uint32_t failed_facts(const struct engine *engine, struct moment now, int route)
{
    int check = engine->model->routes[route].callers;
    enum callers callers =
        check < 0 ? CALLERS_LOST : belief_callers(engine, now, check, engine->failed_ms[route]);

    if (callers == CALLERS_LOST && check >= 0 && verdict_awaited(engine, now, route, check))
        return 0;
    if (callers == CALLERS_LOST)
        return FACT_ACTIVE_FAILED | what_failed(engine, route);
    return callers == CALLERS_SERVED ? FACT_DISPUTED : 0;
}

/* How the active candidate is. */
static uint32_t active_facts(const struct engine *engine, struct moment now, int route)
{
    const struct placement *at = &engine->shared->routes[route].now;
    const struct candidate *c = &engine->model->routes[route].candidates[at->candidate];
    server_set ok = shared_candidate_ok(engine->shared, route, at->candidate);
    uint32_t facts = FACT_ACTIVE_OK;

    if (server_count(ok) < c->least)
        return active_failed(engine, now, route) ? failed_facts(engine, now, route) : 0;
    if (undisputed(engine, route, at->candidate) < c->least)
        facts |= FACT_DISPUTED;
    if (server_count(at->members) < c->n_members)
        facts |= FACT_DEGRADED;
    if (route_pool(engine, route) != at->members)
        facts |= FACT_POOL_DIFFERS;
    return facts;
}

/* An operator brought it where it is, and not because the other one had failed: it stays. */
static bool chosen(const struct route_state *state)
{
    const struct rule *rule = rules_by_number(state->rule);

    return rule != NULL && rule->action == ACTION_MOVE_TO && rule->number != RULE_LEFT_FAILED;
}

/* The first candidate before the active one that is ready, and that it may go back to once
 * that has lasted: one that follows only to where the other is. -1. */
static int preferred(const struct engine *engine, struct moment now, int route, int64_t *due_ms)
{
    const struct route *r = &engine->model->routes[route], *parent;
    const struct route_state *state = &engine->shared->routes[route];
    int c, best = -1;

    *due_ms = INT64_MAX;
    if (!r->failback.automatic || state->phase != ROUTE_SERVING || chosen(state))
        return -1;
    parent = r->follows >= 0 ? &engine->model->routes[r->follows] : NULL;
    for (c = 0; c < state->now.candidate; c++) {
        int64_t ready_ms = engine->ready_ms[route][c];

        if (ready_ms == 0 || !route_ready(engine, route, c) ||
            (parent != NULL && model_candidate(parent, r->candidates[c].name) !=
                                   engine->shared->routes[r->follows].now.candidate))
            continue;
        engine_due(due_ms, ready_ms + r->failback.after_ms);
        if (best < 0 && now.boot_ms >= ready_ms + r->failback.after_ms)
            best = c;
    }
    return best;
}

/* UTC when failback is allowed, from now on; INT64_MAX: nobody knows. */
static int64_t allowed_ms(const struct engine *engine, struct moment now, int route)
{
    const struct failback *failback = &engine->model->routes[route].failback;
    int64_t utc_ms = engine_time_ms(engine, now), local_ms, next_ms = INT64_MAX;
    int i;

    if (failback->n_allowed == 0)
        return utc_ms;
    if (engine->zone == NULL)
        return INT64_MAX;
    local_ms = utc_ms + zone_offset(engine->zone, utc_ms) * 1000ll;
    for (i = 0; i < failback->n_allowed; i++) {
        if (span_contains(&failback->allowed[i], local_ms))
            return utc_ms;
        engine_due(&next_ms, span_next_ms(&failback->allowed[i], local_ms));
    }
    return zone_to_utc(engine->zone, next_ms);
}

int route_back(const struct engine *engine, struct moment now, int route)
{
    int64_t due_ms;
    int back = preferred(engine, now, route, &due_ms);

    return back >= 0 && allowed_ms(engine, now, route) <= engine_time_ms(engine, now) ? back : -1;
}

/* Left by a planned move, and not yet told to go: whom an operator drains has no such end. */
static bool finishing(const struct engine *engine, int route)
{
    const struct placement *at = &engine->shared->routes[route].now;

    return (at->draining & ~shared_candidate_drained(engine->shared, route, at->candidate)) != 0;
}

static bool grace_over(const struct engine *engine, struct moment now, int route)
{
    return finishing(engine, route) &&
           engine_time_ms(engine, now) >= engine->shared->routes[route].grace_until_ms;
}

/* UTC may step meanwhile: look again before long. */
static int64_t boot_at(const struct engine *engine, struct moment now, int64_t utc_ms)
{
    int64_t in_ms = utc_ms - engine_time_ms(engine, now);

    return now.boot_ms + (in_ms < UTC_LOOK_MS ? in_ms : UTC_LOOK_MS);
}

static int64_t at_least(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

int64_t route_due_ms(const struct engine *engine, struct moment now, int route, uint32_t facts)
{
    const struct route_state *state = &engine->shared->routes[route];
    int64_t due_ms = INT64_MAX, back_ms;
    int back = preferred(engine, now, route, &back_ms);

    if (just_looking(engine, now) &&
        shared_candidate_failed(engine->shared, route, state->now.candidate))
        engine_due(&due_ms, now.boot_ms + engine->model->timing.beat_ms / 4);
    if (finishing(engine, route) && !(facts & FACT_DRAIN_OVER))
        engine_due(&due_ms, boot_at(engine, now, state->grace_until_ms));
    if (facts & FACT_PARENT_MOVED) /* a window's end, a majority heard again: nobody says so */
        engine_due(&due_ms, now.boot_ms + KEPT_LOOK_MS);
    if (back < 0)
        engine_due(&due_ms, back_ms);
    else /* it waits for an allowed time, or for the end of what keeps it back */
        engine_due(&due_ms, at_least(now.boot_ms + KEPT_LOOK_MS,
                                     boot_at(engine, now, allowed_ms(engine, now, route))));
    return due_ms;
}

bool engine_ready(const struct engine *engine, int route, int candidate)
{
    return route_ready(engine, route, candidate);
}

uint32_t route_facts(const struct engine *engine, struct moment now, int route)
{
    const struct route_state *state = &engine->shared->routes[route];
    const struct route *r = &engine->model->routes[route];
    uint32_t facts = active_facts(engine, now, route) | kept_back(engine, now, route);

    if (route_next(engine, route) >= 0)
        facts |= FACT_OTHER_READY;
    if ((facts & FACT_ACTIVE_OK) && (facts & FACT_OTHER_READY) &&
        route_back(engine, now, route) >= 0)
        facts |= FACT_FAILBACK_DUE;
    if (route_follow(engine, route) >= 0)
        facts |= FACT_PARENT_MOVED;
    if (hold_leaver(engine, route) >= 0)
        facts |= FACT_LEAVING;
    if (grace_over(engine, now, route))
        facts |= FACT_DRAIN_OVER;
    if ((model_required(r, r->n_actuators) & ~state->done) == 0)
        facts |= FACT_ALL_DONE;
    if (state->phase == ROUTE_WAITING && grants_over(engine, now, route))
        facts |= FACT_GRANTS_OVER;
    return facts;
}

const struct rule *route_rule(const struct engine *engine, int route, uint32_t facts)
{
    enum route_phase phase = engine->shared->routes[route].phase;

    CHECK(rules_possible(phase, facts));
    return rules_match(phase, facts);
}

static uint32_t asked(const struct engine *engine, const struct command *command)
{
    uint32_t facts = command->kind == COMMAND_SWITCHOVER ? FACT_SWITCHOVER : FACT_FAILOVER;

    if (command->force && (facts & FACT_FAILOVER))
        facts |= FACT_FORCE;
    if (command->to == engine->shared->routes[command->route].now.candidate)
        facts |= FACT_TARGET_ACTIVE;
    if (route_ready(engine, command->route, command->to))
        facts |= FACT_TARGET_READY;
    /* Patience is for automatic moves. */
    if (shared_candidate_failed(engine->shared, command->route,
                                engine->shared->routes[command->route].now.candidate))
        facts |= FACT_ACTIVE_FAILED;
    return facts;
}

uint32_t route_facts_asked(const struct engine *engine, struct moment now,
                           const struct command *command)
{
    uint32_t facts = route_facts(engine, now, command->route) | asked(engine, command);

    return facts & FACT_ACTIVE_FAILED ? facts & ~(uint32_t)FACT_DISPUTED : facts;
}

struct route_view engine_route_view(const struct engine *engine, struct moment now, int route,
                                    const struct command *command)
{
    struct route_view view = {.phase = engine->shared->routes[route].phase,
                              .facts = command != NULL ? route_facts_asked(engine, now, command)
                                                       : route_facts(engine, now, route)};

    view.rule = route_rule(engine, route, view.facts);
    return view;
}
