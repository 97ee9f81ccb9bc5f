#include "brute.h"

#include <string.h>

#define MARGIN 130 /* what is drawn reaches so far out of the month */

struct moment {
    bool m, p, q, down, low, high, excluded, impaired, unmonitored;
};

static int the_begin(const struct brute_world *w)
{
    int begin = w->valid_from == BRUTE_NEVER || w->valid_from < 0 ? 0 : w->valid_from;

    return begin > w->month ? w->month : begin;
}

static int the_end(const struct brute_world *w)
{
    return w->until < w->month ? (w->until < the_begin(w) ? the_begin(w) : w->until) : w->month;
}

static bool has(unsigned set, int member)
{
    return (set >> member & 1) != 0;
}

static bool in_window(const struct brute_world *w, int f, int t, bool emergency)
{
    bool in = false;

    for (int i = 0; i < w->n_windows; i++) {
        const struct brute_window *window = &w->windows[i];

        in |= window->emergency == emergency && has(window->functions, f) && t >= window->start &&
              t >= (window->tells ? window->told : window->announced) && t < window->end &&
              t < window->finished;
    }
    return in;
}

/* The outage as it is known at as-of: amended, and what is later unknown. */
struct known {
    bool any, open, counts, down_severity, excluded_cause;
    unsigned functions;
    int start, end, last_good, last_fail, recognised, repaired;
};

/* Every amendment is asked whether a later one overrides it. */
static int amended(const struct brute_world *w, int outage, bool severity, int first)
{
    int value = first, when = -BRUTE_NEVER;

    for (int i = 0; i < w->n_amendments; i++) {
        const struct brute_amendment *a = &w->amendments[i];
        int to = severity ? a->severity : a->cause;

        if (a->of == outage && a->at <= w->as_of && to >= 0 && a->at >= when) {
            value = to;
            when = a->at;
        }
    }
    return value;
}

static int until_as_of(const struct brute_world *w, int time)
{
    return time > w->as_of ? BRUTE_NEVER : time;
}

static struct known look_at(const struct brute_world *w, int i)
{
    const struct brute_outage *o = &w->outages[i];
    struct known k = {.any = o->start <= w->as_of,
                      .functions = o->functions,
                      .start = o->start,
                      .end = until_as_of(w, o->end),
                      .last_good = o->last_good == BRUTE_NEVER ? o->start : o->last_good,
                      .recognised = until_as_of(w, o->recognised),
                      .repaired = until_as_of(w, o->repaired)};

    k.open = k.end == BRUTE_NEVER;
    k.last_fail = o->last_fail == BRUTE_NEVER ? k.end : o->last_fail;
    if (k.open)
        k.end = k.last_fail = w->as_of;
    k.down_severity = has(w->down_severities, amended(w, i, true, o->severity));
    k.excluded_cause = has(w->excluded_causes, amended(w, i, false, o->cause));
    k.counts = k.any && k.down_severity && !k.excluded_cause && k.end - k.start >= w->minimum;
    return k;
}

/* What is this moment for one function? */
static struct moment ask(const struct brute_world *w, const struct known *known, int f, int t)
{
    bool any = false, down_severity = false, excluded_cause = false, other = false, gap = false;
    bool down = false, low = false, high = false;
    struct moment s = {.m = t >= the_begin(w) && t < the_end(w) && t < w->as_of};

    s.p = s.m && !in_window(w, f, t, false);
    s.q = s.p && !in_window(w, f, t, true);
    for (int i = 0; i < w->n_outages; i++) {
        const struct known *k = &known[i];
        bool now = t >= k->start && t < k->end;

        if (!k->any || !has(k->functions, f))
            continue;
        any |= now;
        down_severity |= now && k->down_severity;
        excluded_cause |= now && k->down_severity && k->excluded_cause;
        other |= now && !k->down_severity && !k->excluded_cause;
        down |= now && k->counts;
        low |= k->counts && t >= k->start && t < k->last_fail;
        high |= k->counts && t >= k->last_good && t < k->end;
    }
    for (int i = 0; i < w->n_gaps; i++)
        gap |= has(w->gaps[i].functions, f) && t >= w->gaps[i].start && t < w->gaps[i].end;
    s.down = down && s.q;
    s.excluded = s.p && ((excluded_cause) || (down_severity && !s.q)) && !s.down;
    s.impaired = other && s.q && !s.down && !s.excluded;
    s.unmonitored = gap && s.q && !any;
    s.low = low && s.q;
    s.high = (high || s.unmonitored) && s.q;
    return s;
}

/* For a set of functions: planned when it is so for all, the rest when it is so for one. */
static struct moment ask_all(const struct brute_world *w, const struct known *known, unsigned set,
                             int t)
{
    struct moment s = {.p = true};

    for (int f = 0; f < BRUTE_FUNCTIONS; f++) {
        struct moment one = ask(w, known, f, t);

        if (!has(set, f))
            continue;
        s.m = one.m;
        s.p &= one.p;
        s.down |= one.down;
        s.low |= one.low;
        s.high |= one.high;
        s.excluded |= one.excluded;
        s.impaired |= one.impaired;
        s.unmonitored |= one.unmonitored;
    }
    s.excluded &= !s.down;
    s.impaired &= !s.down && !s.excluded;
    s.unmonitored &= !s.down && !s.excluded && !s.impaired;
    return s;
}

static bool failure(const struct brute_world *w, const struct known *k, unsigned set)
{
    if (!k->counts || k->start < the_begin(w) || k->start >= the_end(w) || k->start >= w->as_of)
        return false;
    for (int f = 0; f < BRUTE_FUNCTIONS; f++)
        for (int t = k->start; t < k->end && has(set, f) && has(k->functions, f); t++)
            if (!in_window(w, f, t, false) && !in_window(w, f, t, true))
                return true;
    return false;
}

static int64_t share(int64_t of, int64_t less)
{
    return of == 0 ? -1 : (of - less) * 1000000 / of;
}

/* Below so many millionths of a percent? */
static bool below(const struct brute_figures *f, int64_t judged, int64_t micro)
{
    return (long double)(f->planned_ms - judged) * 100000000.0L <
           (long double)micro * (long double)f->planned_ms;
}

static void judge(const struct brute_world *w, struct brute_figures *f)
{
    int64_t judged = w->judged_by == 1   ? f->downtime_high_ms
                     : w->judged_by == 2 ? f->downtime_low_ms
                                         : f->downtime_ms;

    f->availability = share(f->planned_ms, f->downtime_ms);
    f->low = share(f->planned_ms, f->downtime_high_ms);
    f->high = share(f->planned_ms, f->downtime_low_ms);
    f->monitored = share(f->planned_ms, f->unmonitored_ms);
    f->target_met =
        f->planned_ms == 0 || w->target_micro == 0 ? -1 : !below(f, judged, w->target_micro);
    for (int i = 0; i < w->n_tiers && f->planned_ms > 0; i++)
        if (below(f, judged, w->tiers[i].below_micro) &&
            w->tiers[i].percent_micro > f->discount_micro)
            f->discount_micro = w->tiers[i].percent_micro;
}

static void count(const struct brute_world *w, const struct known *known, unsigned set,
                  struct brute_figures *out)
{
    int64_t repair = 0, recognition = 0;
    int repaired = 0, recognised = 0;

    for (int i = 0; i < w->n_outages; i++) {
        const struct known *k = &known[i];

        if (!failure(w, k, set))
            continue;
        out->failures++;
        if (k->repaired != BRUTE_NEVER) {
            repaired++;
            repair += k->repaired - k->start;
        }
        if (k->recognised != BRUTE_NEVER) {
            recognised++;
            recognition += k->recognised > k->start ? k->recognised - k->start : 0;
        }
    }
    out->mttr_ms = repaired > 0 ? repair * w->unit_ms / repaired : -1;
    out->mtta_ms = recognised > 0 ? recognition * w->unit_ms / recognised : -1;
    out->mtbf_ms = out->failures > 0 ? (out->planned_ms - out->downtime_ms) / out->failures : -1;
}

struct brute_figures brute_figures(const struct brute_world *w, unsigned set)
{
    struct brute_figures out = {0};
    struct known known[BRUTE_LIST];

    for (int i = 0; i < w->n_outages; i++)
        known[i] = look_at(w, i);
    for (int t = -MARGIN; t < w->month + MARGIN; t++) {
        struct moment s = ask_all(w, known, set, t);

        out.maintenance_ms += w->unit_ms * (s.m && !s.p);
        out.planned_ms += w->unit_ms * s.p;
        out.downtime_ms += w->unit_ms * (s.p && s.down);
        out.downtime_low_ms += w->unit_ms * (s.p && s.low);
        out.downtime_high_ms += w->unit_ms * (s.p && s.high);
        out.excluded_ms += w->unit_ms * (s.p && s.excluded);
        out.impaired_ms += w->unit_ms * (s.p && s.impaired);
        out.unmonitored_ms += w->unit_ms * (s.p && s.unmonitored);
    }
    judge(w, &out);
    count(w, known, set, &out);
    return out;
}

static bool touches(const struct brute_world *w, int i)
{
    struct known k = look_at(w, i);

    return k.any && k.start < the_end(w) && (k.open || k.end > the_begin(w));
}

bool brute_provisional(const struct brute_world *w)
{
    bool provisional = w->as_of < the_end(w);

    for (int i = 0; i < w->n_outages; i++)
        provisional |= touches(w, i) && look_at(w, i).open;
    return provisional;
}

int brute_edition(const struct brute_world *w)
{
    int edition = 1;

    for (int i = 0; i < w->n_amendments; i++)
        edition += w->amendments[i].at >= the_end(w) && w->amendments[i].at <= w->as_of &&
                   touches(w, w->amendments[i].of);
    return edition;
}

/* ---- worlds ---- */

static int between(struct prng *prng, int low, int high)
{
    return low + (int)prng_below(prng, (uint32_t)(high - low + 1));
}

static bool one_in(struct prng *prng, int n)
{
    return prng_below(prng, (uint32_t)n) == 0;
}

static int or_never(struct prng *prng, int one_in_n, int time)
{
    return one_in(prng, one_in_n) ? BRUTE_NEVER : time;
}

static unsigned some(struct prng *prng)
{
    return 1 + prng_below(prng, (1 << BRUTE_FUNCTIONS) - 1);
}

static void invent_outages(struct prng *prng, struct brute_world *w)
{
    w->n_outages = (int)prng_below(prng, 8);
    for (int i = 0; i < w->n_outages; i++) {
        struct brute_outage *o = &w->outages[i];
        int length = between(prng, 0, 60);

        o->functions = some(prng);
        o->severity = between(prng, 0, 2);
        o->cause = between(prng, 0, 8);
        o->start = between(prng, -50, w->month + 50);
        o->end = or_never(prng, 6, o->start + length);
        o->last_good = or_never(prng, 4, o->start - between(prng, 0, 9));
        o->last_fail = o->start + between(prng, 0, length);
        if (o->end == BRUTE_NEVER || one_in(prng, 4))
            o->last_fail = BRUTE_NEVER;
        o->recognised = or_never(prng, 4, o->start + between(prng, -3, 70));
        o->repaired = or_never(prng, 4, o->start + between(prng, 0, 100));
    }
    w->n_amendments = w->n_outages > 0 ? (int)prng_below(prng, 7) : 0;
    for (int i = 0; i < w->n_amendments; i++) {
        struct brute_amendment *a = &w->amendments[i];

        a->of = (int)prng_below(prng, (uint32_t)w->n_outages);
        a->at =
            one_in(prng, 3) && i > 0 ? w->amendments[i - 1].at : between(prng, -60, w->month + 100);
        a->severity = between(prng, -1, 2);
        a->cause = a->severity < 0 ? between(prng, 0, 8) : between(prng, -1, 8);
    }
}

static void invent_windows(struct prng *prng, struct brute_world *w)
{
    w->n_windows = (int)prng_below(prng, 5);
    for (int i = 0; i < w->n_windows; i++) {
        struct brute_window *window = &w->windows[i];

        window->functions = some(prng);
        window->emergency = one_in(prng, 2);
        window->start = between(prng, -50, w->month + 20);
        window->end = window->start + between(prng, 0, 70);
        window->announced = window->start + between(prng, -40, 30);
        window->tells = one_in(prng, 3);
        window->told = or_never(prng, 3, window->announced + between(prng, 0, 40));
        window->finished = or_never(prng, 2, between(prng, window->start - 5, window->end + 20));
    }
    if (one_in(prng, 40)) { /* nothing, or next to nothing, is planned */
        struct brute_window *window = &w->windows[w->n_windows++];

        *window = (struct brute_window){.announced = -100, .start = -60, .finished = BRUTE_NEVER};
        window->functions = some(prng);
        window->end = w->month + between(prng, -1, 0);
    }
    w->n_gaps = (int)prng_below(prng, 4);
    for (int i = 0; i < w->n_gaps; i++) {
        struct brute_gap *gap = &w->gaps[i];

        gap->functions = some(prng);
        gap->start = between(prng, -50, w->month + 20);
        gap->end = or_never(prng, 5, gap->start + between(prng, 0, 80));
    }
}

static void invent_contract(struct prng *prng, struct brute_world *w)
{
    w->valid_from = or_never(prng, 2, between(prng, -40, w->month / 2));
    w->until = or_never(prng, 2, between(prng, w->month / 2 + 1, w->month + 40));
    if (one_in(prng, 50)) { /* not this month */
        w->valid_from = w->month + 10;
        w->until = w->month + 20;
    }
    w->as_of = between(prng, -20, w->month + 100);
    w->target_micro = one_in(prng, 10) ? 0 : between(prng, 1, 10000) * 10000ll;
    w->down_severities = 1 + prng_below(prng, 7);
    w->excluded_causes = prng_below(prng, 1 << 9) & prng_below(prng, 1 << 9);
    w->minimum = one_in(prng, 2) ? 0 : between(prng, 1, 30);
    w->judged_by = between(prng, 0, 2);
    w->n_tiers = between(prng, 0, 4);
    for (int i = 0; i < w->n_tiers; i++)
        w->tiers[i].below_micro = between(prng, 1, 999) * 100000ll + i; /* none is another's */
    for (int i = 0; i < w->n_tiers; i++)
        w->tiers[i].percent_micro = between(prng, 1, 200) * 500000ll;
}

void brute_invent(struct prng *prng, int month, int unit_ms, struct brute_world *world)
{
    memset(world, 0, sizeof *world);
    world->month = month;
    world->unit_ms = unit_ms;
    invent_contract(prng, world);
    invent_outages(prng, world);
    invent_windows(prng, world);
    if (one_in(prng, 20)) { /* exactly at the target */
        world->target_micro = 0;
        for (unsigned f = 0; f < BRUTE_FUNCTIONS; f++) {
            struct brute_figures figures = brute_figures(world, 1u << f);

            if (figures.planned_ms > 0 && figures.downtime_ms * 100000000 % figures.planned_ms == 0)
                world->target_micro =
                    (figures.planned_ms - figures.downtime_ms) * 100000000 / figures.planned_ms;
        }
    }
}
