#include "simulate/faults/chaos.h"
#include "base/check.h"
#include "simulate/faults/chaos_draw.h"

#define MOST 24      /* faults, when nothing is said */
#define TRIES 30     /* for each fault that is wanted */
#define BACK_MS 3000 /* a coordinator that comes back is counted as missing for so long */
#define FOR_EVER INT64_MAX

/* ---- what is survived ---- */

static bool costs_voters(enum fault_kind kind)
{
    return kind <= FAULT_PAUSE || kind == FAULT_CUT || kind == FAULT_SPLIT ||
           (kind >= FAULT_STALL && kind <= FAULT_CORRUPT);
}

/* Voters that cannot do their part while the fault lasts, and whether it is a site's. Of a cut
 * path it is the smaller end: the rest still hears each other. */
static server_set missing(const struct drawing *d, const struct fault *fault, bool *site)
{
    const struct where *end = &fault->what;
    server_set set;

    *site = false;
    if (!costs_voters(fault->kind))
        return 0;
    set = where_servers(end, d->model) & d->voters;
    if (fault->path) {
        server_set other = where_servers(&fault->other, d->model) & d->voters;

        if (server_count(other) < server_count(set)) {
            end = &fault->other;
            set = other;
        }
    }
    *site = end->kind == WHERE_SITE && set != 0;
    return set;
}

static bool loses_disk(const struct fault *fault)
{
    return fault->kind == FAULT_WIPE || fault->kind == FAULT_BADDISK ||
           fault->kind == FAULT_CORRUPT;
}

/* When the voters it costs are back. */
static int64_t back_ms(const struct fault *fault)
{
    if (loses_disk(fault))
        return FOR_EVER;
    return fault->at_ms + fault->for_ms + BACK_MS;
}

/* The most are missing when one of the faults begins. */
static bool survived(const struct drawing *d, const struct fault *more)
{
    for (int i = -1; i < d->n; i++) {
        int64_t at = i < 0 ? more->at_ms : d->faults[i].at_ms;
        server_set gone = 0;
        int sites = 0;

        if (at < more->at_ms || at >= back_ms(more))
            continue;
        for (int k = -1; k < d->n; k++) {
            const struct fault *fault = k < 0 ? more : &d->faults[k];
            bool site;

            if (fault->at_ms > at || back_ms(fault) <= at)
                continue;
            gone |= missing(d, fault, &site);
            sites += site;
        }
        if (gone != 0 && (server_count(gone) > d->minority || sites > 1))
            return false;
    }
    return true;
}

/* What a majority has lost is lost: no system brings that back. */
static bool disks_left(const struct drawing *d, const struct fault *more)
{
    server_set lost = loses_disk(more) ? where_servers(&more->what, d->model) & d->voters : 0;

    if (lost == 0)
        return true;
    for (int i = 0; i < d->n; i++)
        if (loses_disk(&d->faults[i]))
            lost |= where_servers(&d->faults[i].what, d->model) & d->voters;
    return server_count(lost) <= d->minority;
}

static bool same_place(const struct where *a, const struct where *b)
{
    return a->kind == b->kind && a->index == b->index && a->second == b->second;
}

/* One of its kind is there already, at that time: two drifts of one clock and such. */
static bool taken(const struct drawing *d, const struct fault *more)
{
    for (int i = 0; i < d->n; i++) {
        const struct fault *f = &d->faults[i];
        bool same;

        if (f->kind != more->kind || f->at_ms > more->at_ms + more->for_ms ||
            more->at_ms > f->at_ms + f->for_ms)
            continue;
        if (f->path || more->path || f->what.kind > WHERE_SITE)
            same = same_place(&f->what, &more->what) && same_place(&f->other, &more->other);
        else
            same = where_servers(&f->what, d->model) & where_servers(&more->what, d->model);
        if (same)
            return true;
    }
    return false;
}

void chaos_add(struct drawing *d, struct fault fault)
{
    int64_t length = d->chaos->length_ms;

    if (fault.at_ms >= length)
        return;
    if (fault.at_ms < 0)
        fault.at_ms = 0;
    if (fault_once(fault.kind))
        fault.for_ms = 0;
    else if (fault.for_ms < 1)
        fault.for_ms = 1;
    if (fault.for_ms > length - fault.at_ms)
        fault.for_ms = length - fault.at_ms;
    if (d->n < d->most && !taken(d, &fault) && disks_left(d, &fault) &&
        (d->chaos->harsh || d->chaos->grants || d->chaos->gaps || survived(d, &fault)))
        d->faults[d->n++] = fault;
}

/* ---- scenes: what goes wrong together ---- */

static int64_t around(struct drawing *d, int64_t at, int64_t before, int64_t after)
{
    return chaos_between(d, at - before, at + after);
}

static enum fault_kind one_of(struct drawing *d, const enum fault_kind *kinds, int n)
{
    return kinds[prng_below(&d->prng, (uint32_t)n)];
}
#define ONE_OF(d, ...)                                                                             \
    one_of(d, (const enum fault_kind[]){__VA_ARGS__},                                              \
           (int)(sizeof((const enum fault_kind[]){__VA_ARGS__}) / sizeof(enum fault_kind)))

/* Two draws are never arguments or initialisers of one expression: their order would be up to
 * the compiler. */
static void add_single(struct drawing *d, enum fault_kind kind, int64_t at)
{
    struct fault fault;

    if (chaos_single(d, kind, at, &fault))
        chaos_add(d, fault);
}

/* A server that leads when all is calm, and the site that serves. Both at a time as whole
 * sites would be too much: one of the two loses less. */
static void leader_and_primary(struct drawing *d, int64_t at)
{
    struct where primary = chaos_primary_site(d), leader = chaos_leader(d);
    struct fault first = {.what = leader, .at_ms = at};
    struct fault second = {.what = primary};

    first.for_ms = chaos_duration(d);
    second.at_ms = around(d, at, 0, 1500);
    second.for_ms = chaos_duration(d);
    if (chaos_chance(d, 1, 3)) {
        first.what =
            (struct where){.kind = WHERE_SITE, .index = d->model->servers[leader.index].site};
        first.kind = ONE_OF(d, FAULT_HOST, FAULT_CUT, FAULT_SPLIT);
        second.kind = ONE_OF(d, FAULT_REFUSE, FAULT_HANG, FAULT_SICK);
    } else {
        first.kind = ONE_OF(d, FAULT_KILL, FAULT_FREEZE, FAULT_HOST, FAULT_SPLIT, FAULT_STALL);
        second.kind = ONE_OF(d, FAULT_HOST, FAULT_CUT, FAULT_CUT, FAULT_REFUSE);
    }
    chaos_add(d, first);
    chaos_add(d, second);
}

/* An operator moves a route, and something dies while it is under way: a coordinator, or what
 * the route's actuators have to say. */
static void move_under_fault(struct drawing *d, int64_t at)
{
    enum fault_kind kind =
        ONE_OF(d, FAULT_SWITCHOVER, FAULT_SWITCHOVER, FAULT_FAILOVER, FAULT_FORCE);
    int more = 1 + (int)prng_below(&d->prng, 2);
    struct fault move, fault;

    if (!chaos_single(d, kind, at, &move))
        return;
    chaos_add(d, move);
    for (int i = 0; i < more; i++) {
        const struct route *route = &d->model->routes[move.what.index];

        if (route->n_actuators > 0 && chaos_chance(d, 2, 5)) {
            kind = ONE_OF(d, FAULT_MUTE, FAULT_DEAF, FAULT_LATE, FAULT_LAG, FAULT_FORGET);
            chaos_single(d, kind, around(d, at, 1000, 500), &fault);
            fault.what.index = move.what.index;
            fault.what.second = (int)prng_below(&d->prng, (uint32_t)route->n_actuators);
            fault.for_ms = chaos_between(d, 500, 10000);
        } else {
            kind = ONE_OF(d, FAULT_KILL, FAULT_KILL, FAULT_FREEZE, FAULT_RESTART, FAULT_HOST,
                          FAULT_REFUSE, FAULT_SPLIT);
            chaos_single(d, kind, around(d, at, 1500, 500), &fault);
        }
        chaos_add(d, fault);
    }
}

/* One coordinator after the other. */
static void restart_storm(struct drawing *d, int64_t at)
{
    int n = 3 + (int)prng_below(&d->prng, 6);

    for (int i = 0; i < n; i++) {
        enum fault_kind kind = ONE_OF(d, FAULT_RESTART, FAULT_RESTART, FAULT_KILL);

        add_single(d, kind, at);
        at += chaos_between(d, 200, 6000);
    }
}

/* A bad network for long, and something that happens within. */
static void bad_network(struct drawing *d, int64_t at)
{
    int more = 1 + (int)prng_below(&d->prng, 3);
    int64_t long_ms = chaos_between(d, d->chaos->length_ms / 4, d->chaos->length_ms / 2);
    struct fault fault = {.what = {.kind = WHERE_ALL}, .at_ms = at / 2, .for_ms = long_ms};

    fault.kind = ONE_OF(d, FAULT_LOSS, FAULT_LOSS, FAULT_REORDER, FAULT_DOUBLE);
    fault.value = chaos_between(d, 50, 300);
    chaos_add(d, fault);
    for (int i = 0; i < more; i++) {
        enum fault_kind kind = chaos_kind(d);

        add_single(d, kind, around(d, at / 2, 0, long_ms));
    }
}

/* Clocks that part as far as they may, and a holder or leader that stops meanwhile. */
static void bad_clocks(struct drawing *d, int64_t at)
{
    int n = 2 + (int)prng_below(&d->prng, 3);
    enum fault_kind stop = ONE_OF(d, FAULT_FREEZE, FAULT_KILL, FAULT_SPLIT, FAULT_SWITCHOVER);
    struct fault fault;

    for (int i = 0; i < n; i++)
        if (chaos_single(d, FAULT_DRIFT, around(d, at, 0, 500), &fault)) {
            fault.value = fault.value < 0 ? -CHAOS_DRIFT_PPM : CHAOS_DRIFT_PPM;
            chaos_add(d, fault);
        }
    add_single(d, FAULT_STEP, around(d, at, 0, 2000));
    add_single(d, stop, around(d, at, 0, 3000));
}

/* A route of the kind; -1: there is none. */
static int one_route(struct drawing *d, enum route_kind kind)
{
    int n = d->model->n_routes, skip;

    if (n == 0)
        return -1;
    skip = (int)prng_below(&d->prng, (uint32_t)n);
    for (int i = 0; i < n; i++)
        if (d->model->routes[(skip + i) % n].kind == kind)
            return (skip + i) % n;
    return -1;
}

static void force(struct drawing *d, int route, int candidate, int64_t at)
{
    chaos_add(d, (struct fault){.kind = FAULT_FORCE,
                                .what = {WHERE_CANDIDATE, route, candidate},
                                .at_ms = at});
}

/* A server that runs on stands still or is alone, or what comes to it is lost or late. */
static void isolate(struct drawing *d, int server, int64_t at)
{
    struct fault fault = {.what = {.kind = WHERE_SERVER, .index = server}, .at_ms = at};
    struct fault path = {.path = true, .one_way = true, .at_ms = at};

    fault.kind = ONE_OF(d, FAULT_SPLIT, FAULT_SPLIT, FAULT_FREEZE, FAULT_DELAY, FAULT_CUT);
    fault.for_ms = chaos_between(d, 300, 2500);
    if (fault.kind == FAULT_SPLIT || fault.kind == FAULT_FREEZE) {
        chaos_add(d, fault);
        return;
    }
    path.kind = fault.kind;
    path.for_ms = fault.for_ms;
    path.value = fault.kind == FAULT_DELAY ? 300 : 0;
    path.other = fault.what;
    path.what.kind = WHERE_SITE;
    for (int site = 0; site < d->model->n_sites; site++) {
        if (site == d->model->servers[server].site)
            continue; /* no path: it stands there */
        path.what.index = site;
        chaos_add(d, path);
    }
}

/* An exclusive route is taken from one holder and given back, each time while the one that
 * loses it is the last to know, and voters that start anew have forgotten whom they heard. */
static void taken_away(struct drawing *d, int64_t at)
{
    int route = one_route(d, ROUTE_EXCLUSIVE), n = 2 + (int)prng_below(&d->prng, 5);

    if (route < 0)
        return;
    add_single(d, FAULT_DRIFT, 0);
    add_single(d, FAULT_DRIFT, 0);
    for (int i = 0; i < n; i++) {
        const struct route *r = &d->model->routes[route];

        isolate(d, r->candidates[i % r->n_candidates].members[0], around(d, at, 700, 100));
        force(d, route, (i + 1) % r->n_candidates, at);
        if (chaos_chance(d, 1, 2))
            add_single(d, FAULT_RESTART, around(d, at, 400, 400));
        at += chaos_between(d, 100, 3000);
    }
}

/* A commit takes long to land, and the route has moved on when it does. */
static void overtaken(struct drawing *d, int64_t at)
{
    int route = one_route(d, ROUTE_AVAILABLE), n = 2 + (int)prng_below(&d->prng, 3);
    struct fault late = {.kind = FAULT_LATE, .at_ms = at};

    if (route < 0 || d->model->routes[route].n_actuators == 0)
        return;
    late.what.kind = WHERE_ACTUATOR;
    late.what.index = route;
    late.what.second = (int)prng_below(&d->prng, (uint32_t)d->model->routes[route].n_actuators);
    late.for_ms = chaos_between(d, 200, 1500);
    late.value = chaos_between(d, 1000, 8000);
    chaos_add(d, late);
    for (int i = 1; i <= n; i++) {
        force(d, route, i % d->model->routes[route].n_candidates, at);
        if (chaos_chance(d, 1, 3)) {
            enum fault_kind kind = ONE_OF(d, FAULT_FREEZE, FAULT_KILL, FAULT_SPLIT);

            add_single(d, kind, around(d, at, 100, 500));
        }
        at += chaos_chance(d, 1, 2) ? chaos_between(d, 1, 100) : chaos_between(d, 200, 2500);
    }
}

static void (*const scenes[])(struct drawing *d, int64_t at) = {
    leader_and_primary, move_under_fault, restart_storm, bad_network, bad_clocks, overtaken,
};

/* ---- a schedule ---- */

/* Most schedules are mixed; some are one long thing, some a hail of short ones. Durations are
 * from the longer of the two least to the shorter of the two most; parts are of 1000. */
static const struct mood {
    uint32_t weight;
    int least, most;
    int64_t shortest_ms, longest_ms;
    int least_part, most_part;
    uint32_t scenes; /* of 100 draws */
} moods[] = {
    {2, 1, 2, 1000, FOR_EVER, 250, 900, 0},
    {7, 2, 8, 50, 60000, 0, 500, 20},
    {3, 3, 8, 50, 60000, 0, 500, 70},
    {2, 8, MOST, 20, 3000, 0, 200, 10},
};

static const struct mood *draw_mood(struct drawing *d)
{
    uint32_t sum = 0, at;
    size_t i = 0;

    for (size_t k = 0; k < ARRAY_LEN(moods); k++)
        sum += moods[k].weight;
    at = prng_below(&d->prng, sum);
    while (at >= moods[i].weight)
        at -= moods[i++].weight;
    return &moods[i];
}

static int64_t at_least(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t at_most(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* In the order of their beginnings; those that begin together stay as they were drawn. */
static void sort(struct fault *faults, int n)
{
    for (int i = 1; i < n; i++) {
        struct fault fault = faults[i];
        int k = i;

        for (; k > 0 && faults[k - 1].at_ms > fault.at_ms; k--)
            faults[k] = faults[k - 1];
        faults[k] = fault;
    }
}

/* Software that complains, or dies without a word: one or two in most schedules of who reports. */
static void complaints(struct drawing *d)
{
    bool reports = false;

    for (int i = 0; i < d->model->n_checks; i++)
        reports = reports || d->model->checks[i].kind == CHECK_REPORT;
    for (int i = 0; reports && i < 2; i++) {
        struct fault fault;

        if (chaos_chance(d, 1, 3) ||
            !chaos_single(d, FAULT_REPORT, chaos_between(d, 0, d->chaos->length_ms * 9 / 10),
                          &fault))
            continue;
        fault.value = chaos_chance(d, 1, 2) ? FAULT_REPORT_FAILING : FAULT_REPORT_NOTHING;
        chaos_add(d, fault);
    }
}

/* Operators at work while things break, in one schedule of four. */
static void verbs(struct drawing *d)
{
    if (!chaos_chance(d, 1, 4))
        return;
    for (uint32_t n = 1 + prng_below(&d->prng, 4); n > 0; n--) {
        enum fault_kind kind = ONE_OF(d, FAULT_HANDSOFF, FAULT_DRAIN, FAULT_DRAIN, FAULT_LEAD);
        struct fault fault;

        if (chaos_single(d, kind, chaos_between(d, 0, d->chaos->length_ms * 9 / 10), &fault) &&
            (kind == FAULT_HANDSOFF || fault.what.kind == WHERE_SERVER))
            chaos_add(d, fault);
    }
}

/* What operators say of the outages, in one schedule of two: beside all else, so the last. */
static void amendments(struct drawing *d)
{
    if (!chaos_chance(d, 1, 2))
        return;
    for (uint32_t n = 1 + prng_below(&d->prng, 2); n > 0; n--) {
        struct fault fault;

        if (chaos_single(d, FAULT_AMEND, chaos_between(d, 0, d->chaos->length_ms), &fault))
            chaos_add(d, fault);
    }
}

/* Receivers that take nothing, or are not heard, for a while. */
static void silences(struct drawing *d)
{
    if (d->model->notices == NULL)
        return;
    for (uint32_t n = prng_below(&d->prng, 4); n > 0; n--) {
        uint32_t of = (uint32_t)d->model->notices->n_receivers;
        struct fault fault = {.kind = ONE_OF(d, FAULT_SILENT, FAULT_UNHEARD),
                              .what.kind = WHERE_RECEIVER};

        fault.what.index = (int)prng_below(&d->prng, of);
        fault.at_ms = chaos_between(d, 0, d->chaos->length_ms);
        fault.for_ms = chaos_between(d, 500, 20000);
        chaos_add(d, fault);
    }
}

int chaos_draw(const struct chaos *chaos, const struct model *model, uint64_t seed,
               struct fault *faults)
{
    struct drawing d = {.chaos = chaos, .model = model, .faults = faults};
    const struct mood *mood;
    int wanted;

    CHECK(chaos->length_ms > 0);
    prng_seed(&d.prng, prng_mix(seed));
    for (int i = 0; i < model->n_coordinators; i++)
        if (model->servers[i].role == MEMBER_VOTER)
            d.voters |= server_bit(i);
    d.minority = (server_count(d.voters) - 1) / 2;
    d.most = chaos->most > 0 ? (int)at_most(chaos->most, CHAOS_MAX) : MOST;
    if (chaos->grants || chaos->gaps) {
        d.most = CHAOS_MAX;
        if (chaos->grants)
            chaos_grants(&d);
        else
            chaos_gaps(&d);
        silences(&d);
        sort(faults, d.n);
        return d.n;
    }
    mood = draw_mood(&d);
    d.shortest_ms = at_least(chaos->length_ms * mood->least_part / 1000, mood->shortest_ms);
    d.shortest_ms = at_most(d.shortest_ms, chaos->length_ms);
    d.longest_ms = at_most(chaos->length_ms * mood->most_part / 1000, mood->longest_ms);
    d.longest_ms = at_least(d.longest_ms, d.shortest_ms);
    wanted = (int)chaos_between(&d, mood->least, mood->most);
    wanted = wanted < d.most ? wanted : d.most;
    /* The promise that is hardest to keep is tried most. */
    if (chaos_chance(&d, mood->scenes > 0, 2))
        taken_away(&d, chaos_between(&d, 0, chaos->length_ms / 2));
    for (int tries = 0; d.n < wanted && (tries < TRIES * wanted || d.n == 0); tries++) {
        int64_t at = chaos_between(&d, 0, chaos->length_ms * 9 / 10);

        enum fault_kind kind = chaos_kind(&d);

        if (chaos_chance(&d, mood->scenes, 100))
            scenes[prng_below(&d.prng, ARRAY_LEN(scenes))](&d, at);
        else
            add_single(&d, kind, at);
    }
    complaints(&d);
    verbs(&d);
    chaos_holders(&d);
    amendments(&d);
    silences(&d);
    sort(faults, d.n);
    return d.n;
}
