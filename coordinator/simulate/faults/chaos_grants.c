/* Schedules for the promise on exclusive routes: one route is taken from its holder again and
 * again, at the worst moments that the promise allows. */
#include "simulate/faults/chaos_draw.h"

struct scene {
    int route, from, to; /* candidates */
    int holder;          /* server, of `from` */
    int64_t lease_ms;
    int64_t deaf_ms; /* from here on nobody hears the holder */
    int64_t move_ms; /* from here on it must not learn of anything */
};

static int exclusive_route(const struct model *model)
{
    for (int r = 0; r < model->n_routes; r++)
        if (model->routes[r].kind == ROUTE_EXCLUSIVE)
            return r;
    return -1;
}

static int64_t part(struct drawing *d, const struct scene *s, int least, int most)
{
    return chaos_between(d, s->lease_ms * least / 100, s->lease_ms * most / 100);
}

static int other_voter(struct drawing *d, int not )
{
    int n = d->model->n_coordinators;
    int server = (int)prng_below(&d->prng, (uint32_t)n - 1);

    return server + (server >= not );
}

static void at_server(struct drawing *d, enum fault_kind kind, int server, int64_t at,
                      int64_t for_ms)
{
    chaos_add(d, (struct fault){.kind = kind,
                                .what = {.kind = WHERE_SERVER, .index = server},
                                .at_ms = at,
                                .for_ms = for_ms});
}

static void cut(struct drawing *d, int server, int site, bool out, int64_t from, int64_t to)
{
    struct fault fault = {.kind = FAULT_CUT, .path = true, .one_way = true, .at_ms = from};
    struct where near = {.kind = WHERE_SERVER, .index = server};
    struct where far = {.kind = WHERE_SITE, .index = site};

    fault.for_ms = to - from;
    fault.what = out ? near : far;
    fault.other = out ? far : near;
    chaos_add(d, fault);
}

static void force(struct drawing *d, const struct scene *s, int candidate, int64_t at)
{
    chaos_add(d, (struct fault){.kind = FAULT_FORCE,
                                .what = {WHERE_CANDIDATE, s->route, candidate},
                                .at_ms = at});
}

/* All as far apart as clocks may be: the holder slow and those that wait fast, mostly. */
static void far_clocks(struct drawing *d, int holder)
{
    for (int i = 0; i < d->model->n_coordinators; i++) {
        struct fault fault = {.kind = FAULT_DRIFT,
                              .what = {.kind = WHERE_SERVER, .index = i},
                              .for_ms = d->chaos->length_ms};
        bool slow = chaos_chance(d, 1, 8) ? i != holder : i == holder;

        fault.value = slow ? -CHAOS_DRIFT_PPM : CHAOS_DRIFT_PPM;
        chaos_add(d, fault);
    }
}

/* What the holder sends is lost first; it still hears that its last beats came, so its lease
 * is the longest. Then it is alone, or stands still. Some sites may have lost it before, and
 * not all are there again when it comes back: what a leader sends may be missing. */
static void last_breath(struct drawing *d, const struct scene *s)
{
    int64_t back = s->move_ms + part(d, s, 100, 400);
    bool uneven = chaos_chance(d, 1, 3), freeze = chaos_chance(d, 1, 4);

    for (int site = 0; site < d->model->n_sites; site++) {
        int64_t early = uneven && chaos_chance(d, 1, 2) ? part(d, s, 10, 90) : 0;
        int64_t late = uneven && chaos_chance(d, 1, 2) ? part(d, s, 10, 400) : 0;

        cut(d, s->holder, site, true, s->deaf_ms - early, back);
        if (!freeze)
            cut(d, s->holder, site, false, s->move_ms, back + late);
    }
    if (freeze)
        at_server(d, FAULT_FREEZE, s->holder, s->move_ms, back - s->move_ms);
}

/* Somebody who has promised forgets, somebody else has to lead or to wait. */
static void forgetful(struct drawing *d, const struct scene *s)
{
    int server = other_voter(d, s->holder);
    int64_t at = chaos_chance(d, 1, 2) ? chaos_between(d, s->deaf_ms, s->move_ms)
                                       : s->move_ms + part(d, s, 0, 80);

    switch (prng_below(&d->prng, 8)) {
    case 0:
        at_server(d, FAULT_WIPE, server, at, part(d, s, 1, 50));
        break;
    case 1:
        chaos_add(d, (struct fault){.kind = FAULT_UPGRADE,
                                    .what = {.kind = WHERE_SERVER, .index = server},
                                    .at_ms = at});
        break;
    case 2: /* what it knows is not on its disk when it dies */
        at_server(d, FAULT_STALL, server, s->move_ms - part(d, s, 0, 20), part(d, s, 20, 300));
        at_server(d, FAULT_KILL, server, s->move_ms + part(d, s, 2, 60), part(d, s, 1, 40));
        break;
    case 3:
        at_server(d, FAULT_FREEZE, server, at, part(d, s, 20, 300));
        break;
    default:
        at_server(d, FAULT_KILL, server, at, part(d, s, 1, 15));
        break;
    }
}

/* The holder begins anew and is heard; its helper still goes by what it was granted before. */
static void new_process(struct drawing *d, const struct scene *s)
{
    at_server(d, FAULT_KILL, s->holder, chaos_between(d, s->deaf_ms, s->move_ms),
              part(d, s, 1, 15));
}

/* One that leads is gone while the route waits, or somebody new leads when it begins to. */
static void leaderless(struct drawing *d, const struct scene *s)
{
    struct where leader = chaos_leader(d);
    enum fault_kind kind = chaos_chance(d, 1, 2) ? FAULT_KILL : FAULT_FREEZE;

    int64_t at = s->move_ms - s->lease_ms + part(d, s, 0, 160);

    at_server(d, kind, leader.index, at, part(d, s, 20, 500));
}

static void take_away(struct drawing *d, struct scene *s, int64_t at)
{
    int n = d->model->routes[s->route].n_candidates;
    int more = (int)prng_below(&d->prng, 4);

    s->deaf_ms = at;
    s->move_ms = at + part(d, s, 20, 80);
    s->to = (s->from + 1 + (int)prng_below(&d->prng, (uint32_t)n - 1)) % n;
    if (chaos_chance(d, 1, 6))
        new_process(d, s);
    else
        last_breath(d, s);
    force(d, s, s->to, s->move_ms + part(d, s, 0, 20));
    if (chaos_chance(d, 1, 3)) { /* overtaken by the next one */
        s->to = (s->to + 1 + (int)prng_below(&d->prng, (uint32_t)n - 1)) % n;
        force(d, s, s->to, s->move_ms + part(d, s, 21, 60));
    }
    if (chaos_chance(d, 1, 5))
        leaderless(d, s);
    for (; more > 0; more--)
        forgetful(d, s);
}

void chaos_grants(struct drawing *d)
{
    struct scene s = {.route = exclusive_route(d->model)};
    const struct route *route = &d->model->routes[s.route];
    int64_t at = chaos_between(d, 0, 1000);

    s.lease_ms = d->model->timing.lease_holder_ms;
    if (chaos_chance(d, 3, 4))
        far_clocks(d, route->candidates[0].members[0]);
    while (at < d->chaos->length_ms) {
        s.holder = route->candidates[s.from].members[0];
        take_away(d, &s, at);
        s.from = s.to;
        at += s.lease_ms * 4 + chaos_between(d, 500, 2500);
    }
    chaos_holders(d);
}
