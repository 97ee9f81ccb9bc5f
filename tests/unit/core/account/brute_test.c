/* A second implementation that shares nothing with the first but the rules: one
 * element per second, each asked what it is. Random histories must give the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/prng.h"
#include "core/account/availability.h"

#include <stdlib.h>

#define MONTH_S 200
#define LOW (-100)
#define HIGH 320
#define SPAN (HIGH - LOW)
#define FUNCTIONS 3
#define NONE 100000

/* Times here are whole seconds; NONE is unknown. */
struct second {
    bool m, p, q, down, low, high, excluded, impaired, unmonitored;
};

static int seconds(int64_t ms)
{
    return ms == UTC_NONE ? NONE : (int)(ms / 1000);
}

static bool in_window(const struct history *h, int f, int t, bool emergency)
{
    size_t i;

    for (i = 0; i < h->n_windows; i++) {
        const struct window *w = &h->windows[i];

        if (w->emergency != emergency || !function_set_has(&w->functions, f))
            continue;
        if (t >= seconds(w->start_ms) && t >= seconds(w->announced_ms) && t < seconds(w->end_ms) &&
            t < seconds(w->finished_ms))
            return true;
    }
    return false;
}

/* What is known at as_of, in seconds. */
struct known {
    bool any, open;
    int start, end, last_good, last_fail, repaired;
};

static struct known known(const struct outage *o, int as_of)
{
    struct known k = {.any = seconds(o->start_ms) <= as_of,
                      .start = seconds(o->start_ms),
                      .end = seconds(o->end_ms),
                      .last_good = seconds(o->last_good_ms),
                      .last_fail = seconds(o->last_fail_ms),
                      .repaired = seconds(o->repaired_ms)};

    if (k.last_good == NONE)
        k.last_good = k.start;
    if (k.last_fail == NONE)
        k.last_fail = k.end;
    if (k.end > as_of) {
        k.open = true;
        k.end = k.last_fail = as_of;
    }
    if (k.repaired > as_of)
        k.repaired = NONE;
    return k;
}

static bool counts(const struct outage *o, const struct known *k, const struct terms *terms)
{
    return terms->down_severity[o->severity] && !terms->excluded_cause[o->cause] &&
           (k->end - k->start) * 1000 >= terms->minimum_outage_ms;
}

static struct second look(const struct history *h, const struct terms *terms, int as_of, int f,
                          int t)
{
    bool any = false, down_severity = false, excluded_cause = false, other = false, gap = false;
    bool d = false, low = false, high = false;
    struct second s = {.m = t >= 0 && t < MONTH_S && t < as_of};
    size_t i;

    s.p = s.m && !in_window(h, f, t, false);
    s.q = s.p && !in_window(h, f, t, true);
    for (i = 0; i < h->n_outages; i++) {
        const struct outage *o = &h->outages[i];
        struct known k = known(o, as_of);
        bool now = t >= k.start && t < k.end;

        if (!k.any || !function_set_has(&o->functions, f))
            continue;
        any |= now;
        if (terms->down_severity[o->severity]) {
            down_severity |= now;
            excluded_cause |= now && terms->excluded_cause[o->cause];
        } else {
            other |= now && !terms->excluded_cause[o->cause];
        }
        if (counts(o, &k, terms)) {
            d |= now;
            low |= t >= k.start && t < k.last_fail;
            high |= t >= k.last_good && t < k.end;
        }
    }
    for (i = 0; i < h->n_gaps; i++)
        gap |= function_set_has(&h->gaps[i].functions, f) && t >= seconds(h->gaps[i].start_ms) &&
               t < seconds(h->gaps[i].end_ms);
    s.down = d && s.q;
    s.excluded = ((excluded_cause && s.p) || (down_severity && s.p && !s.q)) && !s.down;
    s.impaired = other && s.q && !s.down && !s.excluded;
    s.unmonitored = gap && s.q && !any;
    s.low = low && s.q;
    s.high = (high || s.unmonitored) && s.q;
    return s;
}

static bool failure(const struct history *h, const struct terms *terms, int as_of,
                    const struct outage *o, const struct known *k, int f)
{
    int t;

    if (!k->any || !function_set_has(&o->functions, f) || !counts(o, k, terms) || k->start < 0 ||
        k->start >= MONTH_S || k->start >= as_of)
        return false;
    for (t = k->start; t < k->end; t++)
        if (!in_window(h, f, t, false) && !in_window(h, f, t, true))
            return true;
    return false;
}

static int64_t percent(int64_t p, int64_t d)
{
    return p == 0 ? PERCENT_NONE : (p - d) * 100 * 10000 / p;
}

/* A function when `set` has one member, else a service. */
static struct figures brute(const struct history *h, const struct terms *terms, int as_of,
                            unsigned set)
{
    struct figures out = {.mttr_ms = -1, .target_met = -1};
    int64_t sum = 0, judged;
    size_t i;
    int t, f;

    for (t = LOW; t < HIGH; t++) {
        struct second s = {.p = true};

        for (f = 0; f < FUNCTIONS; f++) {
            struct second one = look(h, terms, as_of, f, t);

            if ((set >> f & 1) == 0)
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
        out.maintenance_ms += 1000 * (s.m && !s.p);
        if (!s.p)
            continue;
        out.planned_ms += 1000;
        out.downtime_ms += 1000 * s.down;
        out.downtime_low_ms += 1000 * s.low;
        out.downtime_high_ms += 1000 * s.high;
        s.excluded &= !s.down;
        s.impaired &= !s.down && !s.excluded;
        s.unmonitored &= !s.down && !s.excluded && !s.impaired;
        out.excluded_ms += 1000 * s.excluded;
        out.impaired_ms += 1000 * s.impaired;
        out.unmonitored_ms += 1000 * s.unmonitored;
    }
    for (i = 0; i < h->n_outages; i++) {
        struct known k = known(&h->outages[i], as_of);
        bool any = false;

        for (f = 0; f < FUNCTIONS; f++)
            any |= (set >> f & 1) != 0 && failure(h, terms, as_of, &h->outages[i], &k, f);
        out.failures += any;
        if (any && k.repaired != NONE) {
            out.repaired++;
            sum += k.repaired - k.start;
        }
    }
    if (out.repaired > 0)
        out.mttr_ms = sum * 1000 / out.repaired;
    out.availability = percent(out.planned_ms, out.downtime_ms);
    out.low = percent(out.planned_ms, out.downtime_high_ms);
    out.high = percent(out.planned_ms, out.downtime_low_ms);
    judged = terms->judged_by == JUDGED_LOW    ? out.downtime_high_ms
             : terms->judged_by == JUDGED_HIGH ? out.downtime_low_ms
                                               : out.downtime_ms;
    if (out.planned_ms > 0)
        out.target_met = (long double)(out.planned_ms - judged) * 100000000.0L >=
                         (long double)terms->target_micro * out.planned_ms;
    return out;
}

/* Uniform in [low, high]. */
static int between(struct prng *prng, int low, int high)
{
    return low + (int)prng_below(prng, (uint32_t)(high - low + 1));
}

static int64_t maybe(struct prng *prng, int of, int64_t ms)
{
    return prng_below(prng, (uint32_t)of) == 0 ? UTC_NONE : ms;
}

static struct function_set some(struct prng *prng)
{
    return (struct function_set){.bits = {1 + prng_below(prng, (1 << FUNCTIONS) - 1)}};
}

static void invent(struct prng *prng, struct history *h, struct terms *terms)
{
    int i, n;

    for (n = (int)prng_below(prng, 8), i = 0; i < n; i++) {
        struct outage *o = history_outage(h);
        int start = between(prng, -50, 250), end = start + between(prng, 0, 60);

        o->line = (uint64_t)i;
        o->functions = some(prng);
        o->severity = (enum severity)prng_below(prng, 3);
        o->cause = (enum cause)prng_below(prng, 3);
        o->start_ms = start * 1000;
        o->last_good_ms = maybe(prng, 4, (start - between(prng, 0, 9)) * 1000);
        o->end_ms = maybe(prng, 6, end * 1000);
        o->last_fail_ms =
            o->end_ms == UTC_NONE ? UTC_NONE : maybe(prng, 4, between(prng, start, end) * 1000);
        o->repaired_ms =
            o->end_ms == UTC_NONE ? UTC_NONE : maybe(prng, 4, (end + between(prng, 0, 40)) * 1000);
        o->recognised_ms = UTC_NONE;
    }
    for (n = (int)prng_below(prng, 5), i = 0; i < n; i++) {
        struct window *w = history_window(h);
        int start = between(prng, -50, 220), end = start + between(prng, 0, 70);

        w->functions = some(prng);
        w->emergency = prng_below(prng, 2) == 0;
        w->announced_ms = (start + between(prng, -40, 30)) * 1000;
        w->start_ms = start * 1000;
        w->end_ms = end * 1000;
        w->finished_ms = maybe(prng, 2, between(prng, start - 5, end + 20) * 1000);
    }
    for (n = (int)prng_below(prng, 4), i = 0; i < n; i++) {
        struct unmonitored *gap = history_gap(h);
        int start = between(prng, -50, 220);

        gap->functions = some(prng);
        gap->start_ms = start * 1000;
        gap->end_ms = maybe(prng, 5, (start + between(prng, 0, 80)) * 1000);
    }
    *terms = (struct terms){.target_micro = between(prng, 1, 100) * 1000000ll,
                            .down_severity = {true, prng_below(prng, 2) == 0},
                            .minimum_outage_ms = between(prng, 0, 12) * 1000,
                            .judged_by = (enum judged_by)prng_below(prng, 3)};
    terms->excluded_cause[1] = true;
    terms->excluded_cause[2] = prng_below(prng, 2) == 0;
}

#define SAME(field)                                                                                \
    if (ours.field != theirs.field)                                                                \
    fail_msg("history %d, functions %x: %s is %lld, not %lld", round, set, #field,                 \
             (long long)ours.field, (long long)theirs.field)

static void compare(int round, unsigned set, struct figures ours, struct figures theirs)
{
    SAME(planned_ms);
    SAME(maintenance_ms);
    SAME(downtime_ms);
    SAME(downtime_low_ms);
    SAME(downtime_high_ms);
    SAME(excluded_ms);
    SAME(impaired_ms);
    SAME(unmonitored_ms);
    SAME(availability);
    SAME(low);
    SAME(high);
    SAME(target_met);
    SAME(failures);
    SAME(repaired);
    SAME(mttr_ms);
}

static void random_histories(void **state)
{
    struct prng prng;
    int round;

    prng_seed(&prng, 20261122);
    for (round = 0; round < 4000; round++) {
        int as_of = between(&prng, -20, 300);
        struct period period = {0, MONTH_S * 1000, as_of * 1000};
        struct history h = {0};
        struct account *account;
        struct terms terms;
        unsigned set;
        int f;

        invent(&prng, &h, &terms);
        account = account_new(&h, &terms, &period);
        for (f = 0; f < FUNCTIONS; f++)
            compare(round, 1u << f, account_function(account, f),
                    brute(&h, &terms, as_of, 1u << f));
        for (set = 1; set < 1u << FUNCTIONS; set++) {
            struct function_set critical = {.bits = {set}};

            compare(round, set, account_service(account, &critical), brute(&h, &terms, as_of, set));
        }
        account_free(account);
        history_free(&h);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_histories)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
