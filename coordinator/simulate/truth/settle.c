/* Is all as it should be? Asked after the faults have ended (the liveness phase). */
#include "simulate/inside.h"

static bool one_leader(const struct sim *sim, struct buf *why)
{
    int i, leaders = 0;

    for (i = 0; i < sim->model->n_coordinators; i++) {
        const struct process *process = sim->machines[i].process;

        if (!process_runs(process)) {
            buf_printf(why, "%s does not run; ", sim->model->servers[i].name);
            return false;
        }
        leaders += engine_leads(node_engine(process->node));
    }
    if (leaders != 1)
        buf_printf(why, "%d nodes lead; ", leaders);
    return leaders == 1;
}

static bool all_equal(const struct sim *sim, struct buf *why)
{
    const struct node *one = sim->machines[0].process->node;
    const struct shared *first = engine_shared(node_engine(one));
    int i, members = node_raft(one).members, voters = node_raft(one).voters;

    for (i = 0; i < sim->model->n_coordinators; i++) {
        const struct machine *machine = &sim->machines[i];
        const struct shared *shared = engine_shared(node_engine(machine->process->node));

        if (node_raft(machine->process->node).members != members ||
            node_raft(machine->process->node).voters != voters) {
            buf_printf(why, "%s knows other members than %s; ", sim->model->servers[i].name,
                       sim->model->servers[0].name);
            return false;
        }
        if (shared->index == first->index && machine->lines == first->ledger.size)
            continue;
        buf_printf(why, "%s is at index %llu with %llu lines, %s at %llu with %llu; ",
                   sim->model->servers[i].name, (unsigned long long)shared->index,
                   (unsigned long long)machine->lines, sim->model->servers[0].name,
                   (unsigned long long)first->index, (unsigned long long)first->ledger.size);
        return false;
    }
    return true;
}

static bool any_ready(const struct shared *shared, int route)
{
    int c;

    for (c = 0; c < shared->model->routes[route].n_candidates; c++)
        if (shared_candidate_ready(shared, route, c))
            return true;
    return false;
}

/* An exclusive route is served by its holder, under the epoch that was decided. */
static bool held(const struct sim *sim, int route, const struct placement *now)
{
    int i;

    for (i = 0; i < sim->model->n_coordinators; i++)
        if ((now->members & server_bit(i)) && sim->machines[i].keeps[route].up &&
            sim->machines[i].keeps[route].epoch == now->epoch)
            return true;
    return false;
}

static bool route_settled(const struct sim *sim, const struct shared *shared, int route,
                          struct buf *why)
{
    const struct route *r = &shared->model->routes[route];
    const struct route_state *state = &shared->routes[route];
    bool paused = shared_paused(shared, route, shared->time_ms);
    int a;

    if (state->phase == ROUTE_WAITING || state->phase == ROUTE_ACTING) {
        buf_printf(why, "%s has a move under way; ", r->name);
        return false;
    }
    /* Hands off after too many moves is as configured, or as an operator wants it. */
    if (any_ready(shared, route) && !state->held && !paused &&
        !shared_candidate_ready(shared, route, state->now.candidate)) {
        buf_printf(why, "%s is not on a healthy candidate; ", r->name);
        return false;
    }
    if (shared_follow_to(shared, route) >= 0 && !state->held && !paused) {
        buf_printf(why, "%s is not where %s is; ", r->name, shared->model->routes[r->follows].name);
        return false;
    }
    if (r->kind == ROUTE_EXCLUSIVE && !held(sim, route, &state->now)) {
        buf_printf(why, "%s has no holder; ", r->name);
        return false;
    }
    for (a = 0; a < r->n_actuators; a++) {
        const struct setting *setting = switches_get(sim->switches, route, a);

        if (actuator_is_own(&r->actuators[a]))
            continue; /* its holder was looked at */
        if (setting->epoch == state->now.epoch && setting->step == state->now.step &&
            setting->candidate == state->now.candidate && setting->members == state->now.members)
            continue;
        buf_printf(why, "%s/%s does not say what was decided; ", r->name, r->actuators[a].name);
        return false;
    }
    return true;
}

static bool checks_true(const struct sim *sim, const struct shared *shared, struct buf *why)
{
    int c;

    for (c = 0; c < shared->model->n_checks; c++) {
        const struct check *check = &shared->model->checks[c];

        if (shared->checks[c].verdict == VERDICT_UP || !targets_serves(sim->targets, check->target))
            continue;
        buf_printf(why, "%s is %s though it works; ", check->name,
                   verdict_name(shared->checks[c].verdict));
        return false;
    }
    return true;
}

/* A function whose route is served by who can has no outage open. */
static bool functions_up(const struct shared *shared, struct buf *why)
{
    int f;

    for (f = 0; f < shared->model->n_functions; f++) {
        const struct function *function = &shared->model->functions[f];

        if (!shared->functions[f].down || function->route < 0 ||
            !shared_candidate_ready(shared, function->route,
                                    shared->routes[function->route].now.candidate))
            continue;
        buf_printf(why, "%s is down though its route is served; ", function->name);
        return false;
    }
    return true;
}

bool sim_settled(struct sim *sim, struct buf *why)
{
    const struct shared *shared;
    bool settled;
    int r;

    buf_clear(why);
    settled = one_leader(sim, why);
    if (!settled)
        return false;
    shared = sim_shared(sim);
    settled = all_equal(sim, why) && settled;
    if (shared->model == NULL)
        return false;
    settled = checks_true(sim, shared, why) && settled;
    settled = functions_up(shared, why) && settled;
    for (r = 0; r < shared->model->n_routes; r++)
        settled = route_settled(sim, shared, r, why) && settled;
    settled = told_settled(sim, why) && settled;
    return !asks_open_ones(sim, why) && settled;
}
