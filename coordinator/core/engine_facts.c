/* The situation of a route, resolved once into facts. */
#include "base/utc.h"
#include "core/engine_private.h"

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

server_set route_pool(const struct engine *engine, int route)
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
        if (route_pool(engine, route) != state->now.members)
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
