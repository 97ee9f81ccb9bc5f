#include "simulate/faults/chaos_draw.h"
#include "base/check.h"

/* What a kind is put on. */
enum place {
    NODE,     /* a coordinator, sometimes a site of them */
    MACHINE,  /* likewise, or what runs no coordinator */
    SERVICE,  /* mostly of a route's candidates */
    VIEW,     /* a service, from a site */
    BORDER,   /* a server or a site */
    LINES,    /* a server, a site, a path */
    PACKETS,  /* all, or a path */
    ALL_OVER, /* all */
    SWITCH,
    MOVE,
};

static const struct recipe {
    enum place place;
    uint32_t weight;
    int64_t least, most; /* value; 0: none */
    bool either_sign;
} recipes[FAULT_KINDS] = {
    [FAULT_KILL] = {NODE, 6},
    [FAULT_FREEZE] = {NODE, 6},
    [FAULT_WIPE] = {NODE, 3},
    [FAULT_RESTART] = {NODE, 4},
    [FAULT_UPGRADE] = {NODE, 4},
    [FAULT_HOST] = {MACHINE, 6},
    [FAULT_PAUSE] = {MACHINE, 4},
    [FAULT_REFUSE] = {SERVICE, 6},
    [FAULT_HANG] = {SERVICE, 5},
    [FAULT_SICK] = {SERVICE, 3},
    [FAULT_SLOW] = {SERVICE, 3, 20, 5000},
    [FAULT_FLAP] = {SERVICE, 3, 100, 5000},
    [FAULT_UNSEEN] = {VIEW, 3},
    [FAULT_CUT] = {LINES, 7},
    [FAULT_SPLIT] = {BORDER, 4},
    [FAULT_LOSS] = {PACKETS, 5, 50, 300},
    [FAULT_DELAY] = {PACKETS, 4, 3, 300},
    [FAULT_DOUBLE] = {ALL_OVER, 2, 10, 300},
    [FAULT_REORDER] = {ALL_OVER, 2, 10, 300},
    [FAULT_STALL] = {NODE, 3},
    [FAULT_FULL] = {NODE, 3},
    [FAULT_CRAWL] = {NODE, 3, 1, 1000},
    [FAULT_BADDISK] = {NODE, 3},
    [FAULT_CORRUPT] = {NODE, 3},
    [FAULT_STEP] = {NODE, 3, 5, 3600000, .either_sign = true},
    [FAULT_DRIFT] = {NODE, 3, 50, CHAOS_DRIFT_PPM, .either_sign = true},
    [FAULT_MUTE] = {SWITCH, 3},
    [FAULT_LAG] = {SWITCH, 3, 10, 3000},
    [FAULT_DEAF] = {SWITCH, 3},
    [FAULT_LATE] = {SWITCH, 3, 50, 20000},
    [FAULT_FORGET] = {SWITCH, 2},
    [FAULT_SWITCHOVER] = {MOVE, 5},
    [FAULT_FAILOVER] = {MOVE, 3},
    [FAULT_FORCE] = {MOVE, 3},
    [FAULT_REPORT] = {NODE, 0}, /* where reports are configured: chaos.c */
    /* chaos.c: beside what else goes wrong, not in its place */
    [FAULT_HANDSOFF] = {ALL_OVER, 0},
    [FAULT_DRAIN] = {SERVICE, 0},
    [FAULT_LEAD] = {NODE, 0},
    [FAULT_HELPER_KILL] = {NODE, 0}, /* chaos_holders.c */
    [FAULT_HELPER_FREEZE] = {NODE, 0},
    [FAULT_FENCE_SLOW] = {NODE, 0},
    [FAULT_FENCE_STUCK] = {NODE, 0},
    [FAULT_AMEND] = {ALL_OVER, 0}, /* chaos.c */
    [FAULT_SILENT] = {ALL_OVER, 0},
    [FAULT_UNHEARD] = {ALL_OVER, 0},
};

int64_t chaos_between(struct drawing *d, int64_t min, int64_t max)
{
    return max <= min ? min : min + (int64_t)(prng_next(&d->prng) % (uint64_t)(max - min + 1));
}

bool chaos_chance(struct drawing *d, uint32_t n, uint32_t of)
{
    return prng_below(&d->prng, of) < n;
}

/* Every doubling from min to max is equally likely. */
static int64_t magnitude(struct drawing *d, int64_t min, int64_t max)
{
    uint32_t doublings = 0;

    CHECK(min > 0);
    while (doublings < 40 && min << (doublings + 1) <= max)
        doublings++;
    min <<= prng_below(&d->prng, doublings + 1);
    return chaos_between(d, min, 2 * min < max ? 2 * min : max);
}

int64_t chaos_duration(struct drawing *d)
{
    return magnitude(d, d->shortest_ms, d->longest_ms);
}

enum fault_kind chaos_kind(struct drawing *d)
{
    uint32_t sum = 0, at;
    int kind = 0;

    for (int k = 0; k < FAULT_KINDS; k++)
        sum += recipes[k].weight;
    at = prng_below(&d->prng, sum);
    while (at >= recipes[kind].weight)
        at -= recipes[kind++].weight;
    return (enum fault_kind)kind;
}

/* ---- places ---- */

static server_set all_servers(const struct drawing *d, int n)
{
    return d->model->n_servers == 0 || n == 0 ? 0 : server_bit(n - 1) * 2 - 1;
}

static struct where one_server(struct drawing *d, server_set set)
{
    uint32_t skip;

    CHECK(set != 0);
    skip = prng_below(&d->prng, (uint32_t)server_count(set));
    while (skip-- > 0)
        set &= set - 1;
    return (struct where){.kind = WHERE_SERVER, .index = __builtin_ctzll(set)};
}

static struct where one_site(struct drawing *d)
{
    return (struct where){.kind = WHERE_SITE,
                          .index = (int)prng_below(&d->prng, (uint32_t)d->model->n_sites)};
}

/* The members of a candidate, of the first one mostly. Empty: there are no routes. */
static server_set members(struct drawing *d)
{
    const struct route *route;
    const struct candidate *candidate;
    server_set set = 0;
    int k = 0;

    if (d->model->n_routes == 0)
        return 0;
    route = &d->model->routes[prng_below(&d->prng, (uint32_t)d->model->n_routes)];
    if (chaos_chance(d, 1, 3))
        k = (int)prng_below(&d->prng, (uint32_t)route->n_candidates);
    candidate = &route->candidates[k];
    for (int m = 0; m < candidate->n_members; m++)
        set |= server_bit(candidate->members[m]);
    return set;
}

struct where chaos_leader(struct drawing *d)
{
    return one_server(d, model_calm_leaders(d->model));
}

struct where chaos_primary_site(struct drawing *d)
{
    const struct model *model = d->model;
    int route, server;

    if (model->n_routes == 0)
        return one_site(d);
    route = (int)prng_below(&d->prng, (uint32_t)model->n_routes);
    server = model->routes[route].candidates[0].members[0];
    return (struct where){.kind = WHERE_SITE, .index = model->servers[server].site};
}

/* One that may lead, one that serves, any. */
static struct where one_node(struct drawing *d)
{
    server_set coordinators = all_servers(d, d->model->n_coordinators), set;

    switch (prng_below(&d->prng, 3)) {
    case 0:
        return chaos_leader(d);
    case 1:
        set = members(d) & coordinators;
        return one_server(d, set != 0 ? set : coordinators);
    default:
        return one_server(d, coordinators);
    }
}

static bool site_has_node(const struct drawing *d, int site)
{
    for (int i = 0; i < d->model->n_coordinators; i++)
        if (d->model->servers[i].site == site)
            return true;
    return false;
}

static struct where node_place(struct drawing *d)
{
    if (d->chaos->harsh && chaos_chance(d, 1, 4))
        return (struct where){.kind = WHERE_ALL};
    if (chaos_chance(d, 1, d->chaos->harsh ? 3 : 6)) {
        struct where site = one_site(d);

        if (site_has_node(d, site.index))
            return site;
    }
    return one_node(d);
}

static struct where machine_place(struct drawing *d)
{
    if (d->chaos->harsh && chaos_chance(d, 1, 8))
        return (struct where){.kind = WHERE_ALL};
    if (chaos_chance(d, 1, 3))
        return one_site(d);
    return chaos_chance(d, 1, 4) ? one_server(d, all_servers(d, d->model->n_servers)) : one_node(d);
}

static struct where one_service(struct drawing *d)
{
    server_set set = members(d);

    if (set == 0 || chaos_chance(d, 1, 8))
        set = all_servers(d, d->model->n_servers);
    return one_server(d, set);
}

static struct where service_place(struct drawing *d)
{
    if (d->chaos->harsh && chaos_chance(d, 1, 8))
        return (struct where){.kind = WHERE_ALL};
    return chaos_chance(d, 1, 4) ? chaos_primary_site(d) : one_service(d);
}

/* Between two sites, or a server and a site that is not its own. */
static bool draw_path(struct drawing *d, struct fault *fault)
{
    int near;

    if (d->model->n_sites < 2)
        return false;
    fault->path = true;
    fault->one_way = chaos_chance(d, 1, 2);
    fault->what = chaos_chance(d, 1, 2) ? one_site(d) : one_node(d);
    near = fault->what.kind == WHERE_SITE ? fault->what.index
                                          : d->model->servers[fault->what.index].site;
    fault->other = (struct where){
        .kind = WHERE_SITE,
        .index = (near + 1 + (int)prng_below(&d->prng, (uint32_t)d->model->n_sites - 1)) %
                 d->model->n_sites};
    if (fault->one_way && chaos_chance(d, 1, 2)) {
        struct where swap = fault->what;

        fault->what = fault->other;
        fault->other = swap;
    }
    return true;
}

static bool draw_switch(struct drawing *d, struct fault *fault)
{
    const struct model *model = d->model;
    int all = 0, at;

    for (int r = 0; r < model->n_routes; r++)
        all += model->routes[r].n_actuators;
    if (all == 0)
        return false;
    at = (int)prng_below(&d->prng, (uint32_t)all);
    fault->what.kind = WHERE_ACTUATOR;
    while (at >= model->routes[fault->what.index].n_actuators)
        at -= model->routes[fault->what.index++].n_actuators;
    fault->what.second = at;
    return true;
}

static bool draw_move(struct drawing *d, struct fault *fault)
{
    const struct model *model = d->model;

    if (model->n_routes == 0)
        return false;
    fault->what.kind = WHERE_CANDIDATE;
    fault->what.index = (int)prng_below(&d->prng, (uint32_t)model->n_routes);
    fault->what.second =
        (int)prng_below(&d->prng, (uint32_t)model->routes[fault->what.index].n_candidates);
    return true;
}

static bool draw_place(struct drawing *d, enum place place, struct fault *fault)
{
    switch (place) {
    case NODE:
        fault->what = node_place(d);
        return true;
    case MACHINE:
        fault->what = machine_place(d);
        return true;
    case SERVICE:
        fault->what = service_place(d);
        return true;
    case VIEW:
        fault->path = true;
        fault->what = one_service(d);
        fault->other = one_site(d);
        return true;
    case BORDER:
        fault->what = chaos_chance(d, 1, 2) ? one_site(d) : one_node(d);
        return true;
    case LINES:
        if (chaos_chance(d, 1, 2))
            return draw_path(d, fault);
        return draw_place(d, BORDER, fault);
    case PACKETS:
        if (chaos_chance(d, 1, 2))
            return draw_path(d, fault);
        return draw_place(d, ALL_OVER, fault);
    case ALL_OVER:
        fault->what.kind = WHERE_ALL;
        return true;
    case SWITCH:
        return draw_switch(d, fault);
    case MOVE:
        return draw_move(d, fault);
    }
    return false;
}

bool chaos_single(struct drawing *d, enum fault_kind kind, int64_t at_ms, struct fault *fault)
{
    const struct recipe *recipe = &recipes[kind];

    *fault = (struct fault){.kind = kind, .at_ms = at_ms, .for_ms = chaos_duration(d)};
    if ((kind == FAULT_PAUSE && !d->chaos->pauses) || !draw_place(d, recipe->place, fault))
        return false;
    if (kind == FAULT_DRIFT) /* a moment of it is nothing */
        fault->for_ms = chaos_between(d, d->chaos->length_ms / 8, d->chaos->length_ms);
    if (recipe->most > 0)
        fault->value = magnitude(d, recipe->least, recipe->most);
    if (recipe->either_sign && chaos_chance(d, 1, 2))
        fault->value = -fault->value;
    return true;
}
