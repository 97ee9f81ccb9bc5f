#include "core/account/availability.h"
#include "core/account/intervals.h"
#include "base/check.h"
#include "base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PERIOD_MAX_MS (100ll * 86400000) /* keeps 64-bit products of the target exact */

static const char *const causes[CAUSE_COUNT] = {
    "provider",
    "force-majeure",
    "third-party-software",
    "third-party-service",
    "customer",
    "customer-environment",
    "attack",
    "rate-limit",
    "contract",
};
static const char *const severities[] = {"emergency", "severe", "minor"};

static int find(const char *const *names, size_t n, const char *name)
{
    size_t i;

    for (i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return (int)i;
    return -1;
}

const char *outage_cause_name(enum cause cause)
{
    return causes[cause];
}

int outage_cause_parse(const char *name)
{
    return find(causes, ARRAY_LEN(causes), name);
}

const char *outage_severity_name(enum severity severity)
{
    return severities[severity];
}

int outage_severity_parse(const char *name)
{
    return find(severities, ARRAY_LEN(severities), name);
}

/* A zeroed item at the end of a growing array. */
static void *append(void **items, size_t *n, size_t *cap, size_t size)
{
    char *item;

    if (*n == *cap) {
        *cap = *cap > 0 ? *cap * 2 : 16;
        *items = mem_realloc(*items, *cap, size);
    }
    item = (char *)*items + *n * size;
    memset(item, 0, size);
    (*n)++;
    return item;
}

struct outage *history_outage(struct history *history)
{
    void *items = history->outages;
    struct outage *item = append(&items, &history->n_outages, &history->cap_outages, sizeof *item);

    history->outages = items;
    return item;
}

struct window *history_window(struct history *history)
{
    void *items = history->windows;
    struct window *item = append(&items, &history->n_windows, &history->cap_windows, sizeof *item);

    history->windows = items;
    return item;
}

struct unmonitored *history_gap(struct history *history)
{
    void *items = history->gaps;
    struct unmonitored *item = append(&items, &history->n_gaps, &history->cap_gaps, sizeof *item);

    history->gaps = items;
    return item;
}

void history_free(struct history *history)
{
    mem_free(history->outages);
    mem_free(history->windows);
    mem_free(history->gaps);
    *history = (struct history){0};
}

bool outage_seen(const struct outage *outage, int64_t as_of_ms, struct outage *seen)
{
    *seen = *outage;
    if (seen->start_ms > as_of_ms)
        return false;
    if (seen->last_good_ms == UTC_NONE)
        seen->last_good_ms = seen->start_ms;
    if (seen->end_ms > as_of_ms)
        seen->end_ms = UTC_NONE;
    if (seen->end_ms == UTC_NONE)
        seen->last_fail_ms = UTC_NONE;
    else if (seen->last_fail_ms == UTC_NONE)
        seen->last_fail_ms = seen->end_ms;
    if (seen->recognised_ms > as_of_ms)
        seen->recognised_ms = UTC_NONE;
    if (seen->repaired_ms > as_of_ms)
        seen->repaired_ms = UTC_NONE;
    return true;
}

/* An open outage runs to as-of, and so does the last failing observation. */
static void close_at(struct outage *seen, int64_t as_of_ms)
{
    if (seen->end_ms == UTC_NONE)
        seen->end_ms = seen->last_fail_ms = as_of_ms;
}

bool outage_counts(const struct outage *seen, const struct terms *terms, int64_t as_of_ms)
{
    int64_t end_ms = seen->end_ms == UTC_NONE ? as_of_ms : seen->end_ms;

    return terms->down_severity[seen->severity] && !terms->excluded_cause[seen->cause] &&
           end_ms - seen->start_ms >= terms->minimum_outage_ms;
}

static struct interval month_of(const struct period *period)
{
    int64_t end_ms = period->end_ms < period->as_of_ms ? period->end_ms : period->as_of_ms;

    CHECK(period->begin_ms <= period->end_ms);
    CHECK(period->end_ms - period->begin_ms < PERIOD_MAX_MS);
    return (struct interval){period->begin_ms,
                             end_ms > period->begin_ms ? end_ms : period->begin_ms};
}

/* The windows of a kind that stop the function. An announcement after the start
 * excludes only from then on; an early finish gives the rest back. */
static void add_windows(const struct history *history, bool emergency, int function,
                        struct intervals *out)
{
    size_t i;

    for (i = 0; i < history->n_windows; i++) {
        const struct window *w = &history->windows[i];
        int64_t begin_ms = w->announced_ms > w->start_ms ? w->announced_ms : w->start_ms;
        int64_t end_ms = w->end_ms;

        if (w->finished_ms != UTC_NONE && w->finished_ms < end_ms)
            end_ms = w->finished_ms;
        if (w->emergency == emergency && function_set_has(&w->functions, function))
            intervals_add(out, begin_ms, end_ms);
    }
}

/* A function's or service's time in its classes. */
struct shares {
    struct intervals planned; /* P */
    struct intervals down, low, high, excluded, impaired, unmonitored;
};

static void shares_free(struct shares *s)
{
    intervals_free(&s->planned);
    intervals_free(&s->down);
    intervals_free(&s->low);
    intervals_free(&s->high);
    intervals_free(&s->excluded);
    intervals_free(&s->impaired);
    intervals_free(&s->unmonitored);
}

/* The raw unions of a function's outages by what they are. */
struct raw {
    struct intervals any, down_severity, excluded, impaired;
};

static void sort_outages(const struct history *history, const struct terms *terms,
                         const struct period *period, int function, struct shares *s,
                         struct raw *raw)
{
    size_t i;

    for (i = 0; i < history->n_outages; i++) {
        struct outage o;

        if (!function_set_has(&history->outages[i].functions, function) ||
            !outage_seen(&history->outages[i], period->as_of_ms, &o))
            continue;
        close_at(&o, period->as_of_ms);
        intervals_add(&raw->any, o.start_ms, o.end_ms);
        if (terms->down_severity[o.severity]) {
            intervals_add(&raw->down_severity, o.start_ms, o.end_ms);
            if (terms->excluded_cause[o.cause])
                intervals_add(&raw->excluded, o.start_ms, o.end_ms);
        } else if (!terms->excluded_cause[o.cause]) {
            intervals_add(&raw->impaired, o.start_ms, o.end_ms);
        }
        if (outage_counts(&o, terms, period->as_of_ms)) {
            intervals_add(&s->down, o.start_ms, o.end_ms);
            intervals_add(&s->low, o.start_ms, o.last_fail_ms);
            intervals_add(&s->high, o.last_good_ms, o.end_ms);
        }
    }
}

static void add_gaps(const struct history *history, const struct period *period, int function,
                     struct intervals *out)
{
    size_t i;

    for (i = 0; i < history->n_gaps; i++) {
        const struct unmonitored *gap = &history->gaps[i];

        if (function_set_has(&gap->functions, function))
            intervals_add(out, gap->start_ms,
                          gap->end_ms == UTC_NONE ? period->as_of_ms : gap->end_ms);
    }
}

static struct shares function_shares(const struct history *history, const struct terms *terms,
                                     const struct period *period, int function)
{
    struct interval month = month_of(period);
    struct intervals regular = {0}, emergency = {0}, q = {0};
    struct raw raw = {0};
    struct shares s = {0};

    intervals_add(&s.planned, month.begin, month.end);
    add_windows(history, false, function, &regular);
    add_windows(history, true, function, &emergency);
    intervals_subtract(&s.planned, &regular);
    intervals_union(&q, &s.planned);
    intervals_subtract(&q, &emergency);
    sort_outages(history, terms, period, function, &s, &raw);

    intervals_intersect(&s.down, &q);
    intervals_intersect(&s.low, &q);

    /* excluded = (excluded causes in P) ∪ (down severities in P less Q), less D */
    intervals_intersect(&raw.excluded, &s.planned);
    intervals_union(&s.excluded, &s.planned);
    intervals_subtract(&s.excluded, &q);
    intervals_intersect(&s.excluded, &raw.down_severity);
    intervals_union(&s.excluded, &raw.excluded);
    intervals_subtract(&s.excluded, &s.down);

    intervals_union(&s.impaired, &raw.impaired);
    intervals_intersect(&s.impaired, &q);
    intervals_subtract(&s.impaired, &s.down);
    intervals_subtract(&s.impaired, &s.excluded);

    add_gaps(history, period, function, &s.unmonitored);
    intervals_intersect(&s.unmonitored, &q);
    intervals_subtract(&s.unmonitored, &raw.any);

    intervals_union(&s.high, &s.unmonitored);
    intervals_intersect(&s.high, &q);

    intervals_free(&regular);
    intervals_free(&emergency);
    intervals_free(&q);
    intervals_free(&raw.any);
    intervals_free(&raw.down_severity);
    intervals_free(&raw.excluded);
    intervals_free(&raw.impaired);
    return s;
}

static int64_t percent(int64_t planned_ms, int64_t down_ms)
{
    return planned_ms == 0 ? PERCENT_NONE : (planned_ms - down_ms) * 1000000 / planned_ms;
}

static void measure(const struct shares *s, const struct terms *terms, const struct period *period,
                    struct figures *f)
{
    struct interval month = month_of(period);
    int64_t judged_ms;

    f->planned_ms = intervals_length(&s->planned);
    f->maintenance_ms = month.end - month.begin - f->planned_ms;
    f->downtime_ms = intervals_length(&s->down);
    f->downtime_low_ms = intervals_length(&s->low);
    f->downtime_high_ms = intervals_length(&s->high);
    f->excluded_ms = intervals_length(&s->excluded);
    f->impaired_ms = intervals_length(&s->impaired);
    f->unmonitored_ms = intervals_length(&s->unmonitored);
    f->availability = percent(f->planned_ms, f->downtime_ms);
    f->low = percent(f->planned_ms, f->downtime_high_ms);
    f->high = percent(f->planned_ms, f->downtime_low_ms);

    judged_ms = f->downtime_ms;
    if (terms->judged_by == JUDGED_LOW)
        judged_ms = f->downtime_high_ms;
    else if (terms->judged_by == JUDGED_HIGH)
        judged_ms = f->downtime_low_ms;
    f->target_met = -1;
    if (f->planned_ms > 0 && terms->target_micro > 0)
        f->target_met =
            (f->planned_ms - judged_ms) * 100000000 >= terms->target_micro * f->planned_ms;
}

static bool failure_of(const struct history *history, const struct outage *closed, int function)
{
    struct intervals windows = {0};
    bool outside;

    add_windows(history, false, function, &windows);
    add_windows(history, true, function, &windows);
    outside = intervals_outside(&windows, closed->start_ms, closed->end_ms) > 0;
    intervals_free(&windows);
    return outside;
}

bool account_failure(const struct history *history, const struct terms *terms,
                     const struct period *period, const struct outage *outage,
                     const struct function_set *functions)
{
    struct interval month = month_of(period);
    struct outage seen;
    int function;

    if (!outage_seen(outage, period->as_of_ms, &seen) ||
        !outage_counts(&seen, terms, period->as_of_ms) || seen.start_ms < month.begin ||
        seen.start_ms >= month.end)
        return false;
    close_at(&seen, period->as_of_ms);
    for (function = 0; function < LIMIT_FUNCTIONS; function++)
        if (function_set_has(functions, function) && function_set_has(&seen.functions, function) &&
            failure_of(history, &seen, function))
            return true;
    return false;
}

static void count_failures(const struct history *history, const struct terms *terms,
                           const struct period *period, const struct function_set *functions,
                           struct figures *f)
{
    int64_t sum_ms = 0;
    size_t i;

    for (i = 0; i < history->n_outages; i++) {
        struct outage seen;

        if (!account_failure(history, terms, period, &history->outages[i], functions))
            continue;
        f->failures++;
        outage_seen(&history->outages[i], period->as_of_ms, &seen);
        if (seen.repaired_ms == UTC_NONE)
            continue;
        f->repaired++;
        sum_ms += seen.repaired_ms - seen.start_ms;
    }
    f->mttr_ms = f->repaired > 0 ? sum_ms / f->repaired : -1;
}

struct figures account_function(const struct history *history, const struct terms *terms,
                                const struct period *period, int function)
{
    struct shares s = function_shares(history, terms, period, function);
    struct function_set only = {0};
    struct figures f = {0};

    function_set_add(&only, function);
    measure(&s, terms, period, &f);
    count_failures(history, terms, period, &only, &f);
    shares_free(&s);
    return f;
}

static void cut_to_planned(struct shares *sum)
{
    intervals_intersect(&sum->down, &sum->planned);
    intervals_intersect(&sum->low, &sum->planned);
    intervals_intersect(&sum->high, &sum->planned);
    intervals_intersect(&sum->excluded, &sum->planned);
    intervals_intersect(&sum->impaired, &sum->planned);
    intervals_intersect(&sum->unmonitored, &sum->planned);
    intervals_subtract(&sum->excluded, &sum->down);
    intervals_subtract(&sum->impaired, &sum->down);
    intervals_subtract(&sum->impaired, &sum->excluded);
    intervals_subtract(&sum->unmonitored, &sum->down);
    intervals_subtract(&sum->unmonitored, &sum->excluded);
    intervals_subtract(&sum->unmonitored, &sum->impaired);
}

struct figures account_service(const struct history *history, const struct terms *terms,
                               const struct period *period, const struct function_set *critical)
{
    struct interval month = month_of(period);
    struct shares sum = {0};
    struct figures f = {0};
    int function;

    intervals_add(&sum.planned, month.begin, month.end);
    for (function = 0; function < LIMIT_FUNCTIONS; function++) {
        struct intervals regular = {0};
        struct shares s;

        if (!function_set_has(critical, function))
            continue;
        s = function_shares(history, terms, period, function);
        add_windows(history, false, function, &regular);
        intervals_subtract(&sum.planned, &regular);
        intervals_union(&sum.down, &s.down);
        intervals_union(&sum.low, &s.low);
        intervals_union(&sum.high, &s.high);
        intervals_union(&sum.excluded, &s.excluded);
        intervals_union(&sum.impaired, &s.impaired);
        intervals_union(&sum.unmonitored, &s.unmonitored);
        intervals_free(&regular);
        shares_free(&s);
    }
    cut_to_planned(&sum);
    measure(&sum, terms, period, &f);
    count_failures(history, terms, period, critical, &f);
    shares_free(&sum);
    return f;
}

const char *percent_text(int64_t percent_e4, char text[PERCENT_TEXT_MAX])
{
    if (percent_e4 == PERCENT_NONE)
        return NULL;
    snprintf(text, PERCENT_TEXT_MAX, "%" PRId64 ".%04d", percent_e4 / 10000,
             (int)(percent_e4 % 10000));
    return text;
}
