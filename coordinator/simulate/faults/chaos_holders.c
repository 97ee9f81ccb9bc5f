/* What may fail beside a holder of an exclusive route, each for itself: its helper, its fence, its
 * daemon, its service, its host and its clock. Drawn after all else of a schedule, so that the
 * rest is what it is without. */
#include "base/check.h"
#include "simulate/faults/chaos_draw.h"

/* Weights are repetitions. */
static const struct {
    enum fault_kind kind;
    int shortest_ms, longest_ms;
    int least, most; /* value; 0: none */
} parts[] = {
    {FAULT_HELPER_KILL},
    {FAULT_HELPER_KILL},
    {FAULT_HELPER_KILL},
    {FAULT_HELPER_FREEZE, 20, 5000},
    {FAULT_HELPER_FREEZE, 20, 5000},
    {FAULT_HELPER_FREEZE, 20, 800},
    {FAULT_FENCE_SLOW, 500, 8000, 1, 60},
    {FAULT_FENCE_SLOW, 500, 8000, 1, 60},
    {FAULT_FENCE_STUCK, 200, 3000, 10, 2500},
    {FAULT_KILL, 1, 1500},
    {FAULT_FREEZE, 20, 2000},
    {FAULT_REFUSE, 100, 3000},
    {FAULT_HOST, 100, 3000},
    {FAULT_PAUSE, 20, 2000},
};

static int own_route(struct drawing *d)
{
    int n = d->model->n_routes, skip;

    if (n == 0)
        return -1;
    skip = (int)prng_below(&d->prng, (uint32_t)n);
    for (int i = 0; i < n; i++) {
        const struct route *route = &d->model->routes[(skip + i) % n];

        if (route->kind == ROUTE_EXCLUSIVE && route_is_own(route))
            return (skip + i) % n;
    }
    return -1;
}

static bool is_move(const struct fault *fault, int route)
{
    return fault->kind >= FAULT_SWITCHOVER && fault->kind <= FAULT_FORCE &&
           fault->what.index == route;
}

/* Who an operator wants to lose the route, and when; no such move: anyone, anytime. */
static int64_t at_a_move(struct drawing *d, int route, int *candidate)
{
    int moves = 0, chosen;

    for (int i = 0; i < d->n; i++)
        moves += is_move(&d->faults[i], route);
    if (moves == 0 || chaos_chance(d, 1, 2)) {
        *candidate = (int)prng_below(&d->prng, (uint32_t)d->model->routes[route].n_candidates);
        return chaos_between(d, 0, d->chaos->length_ms * 9 / 10);
    }
    chosen = (int)prng_below(&d->prng, (uint32_t)moves);
    *candidate = 0;
    for (int i = 0;; i++) {
        if (!is_move(&d->faults[i], route))
            continue;
        if (chosen-- == 0)
            return chaos_between(d, d->faults[i].at_ms - 300, d->faults[i].at_ms + 100);
        *candidate = d->faults[i].what.second;
    }
}

static void one_part(struct drawing *d, int route)
{
    size_t part = prng_below(&d->prng, ARRAY_LEN(parts));
    struct fault fault = {.kind = parts[part].kind};
    int candidate = 0;

    fault.at_ms = at_a_move(d, route, &candidate);
    fault.for_ms = chaos_between(d, parts[part].shortest_ms, parts[part].longest_ms);
    fault.value = chaos_between(d, parts[part].least, parts[part].most);
    fault.what.kind = WHERE_SERVER;
    fault.what.index = d->model->routes[route].candidates[candidate].members[0];
    chaos_add(d, fault);
}

void chaos_holders(struct drawing *d)
{
    int route = own_route(d), more;

    if (route < 0 || chaos_chance(d, 1, 2))
        return;
    more = 1 + (int)prng_below(&d->prng, 4);
    while (more-- > 0)
        one_part(d, route);
}
