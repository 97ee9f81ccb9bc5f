#include "core/account/availability.h"
#include "base/check.h"
#include "base/mem.h"

#include <inttypes.h>
#include <stdio.h>

#define PERIOD_MAX_MS (100ll * 86400000) /* keeps 64-bit products of percentages exact */

struct account {
    const struct history *history;
    const struct terms *terms;
    struct period period;
    bool made[LIMIT_FUNCTIONS];
    struct shares shares[LIMIT_FUNCTIONS];     /* made when first asked for */
    struct intervals regular[LIMIT_FUNCTIONS]; /* windows … */
    struct intervals windows[LIMIT_FUNCTIONS]; /* … of both kinds */
};

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

/* The windows of a kind that stop the function. */
static void add_windows(const struct history *history, bool emergency, int function,
                        struct intervals *out)
{
    size_t i;

    for (i = 0; i < history->n_windows; i++) {
        const struct window *w = &history->windows[i];
        struct interval taken = window_taken(w);

        if (w->emergency == emergency && function_set_has(&w->functions, function))
            intervals_gather(out, taken.begin, taken.end);
    }
    intervals_settle(out);
}

void shares_free(struct shares *s)
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
        intervals_gather(&raw->any, o.start_ms, o.end_ms);
        if (terms->down_severity[o.severity]) {
            intervals_gather(&raw->down_severity, o.start_ms, o.end_ms);
            if (terms->excluded_cause[o.cause])
                intervals_gather(&raw->excluded, o.start_ms, o.end_ms);
        } else if (!terms->excluded_cause[o.cause]) {
            intervals_gather(&raw->impaired, o.start_ms, o.end_ms);
        }
        if (outage_counts(&o, terms, period->as_of_ms)) {
            intervals_gather(&s->down, o.start_ms, o.end_ms);
            intervals_gather(&s->low, o.start_ms, o.last_fail_ms);
            intervals_gather(&s->high, o.last_good_ms, o.end_ms);
        }
    }
    intervals_settle(&raw->any);
    intervals_settle(&raw->down_severity);
    intervals_settle(&raw->excluded);
    intervals_settle(&raw->impaired);
    intervals_settle(&s->down);
    intervals_settle(&s->low);
    intervals_settle(&s->high);
}

static void add_gaps(const struct history *history, const struct period *period, int function,
                     struct intervals *out)
{
    size_t i;

    for (i = 0; i < history->n_gaps; i++) {
        const struct unmonitored *gap = &history->gaps[i];

        if (function_set_has(&gap->functions, function))
            intervals_gather(out, gap->start_ms,
                             gap->end_ms == UTC_NONE ? period->as_of_ms : gap->end_ms);
    }
    intervals_settle(out);
}

static void make_shares(struct account *account, int function)
{
    const struct history *history = account->history;
    struct interval month = month_of(&account->period);
    struct shares *s = &account->shares[function];
    struct intervals emergency = {0}, q = {0};
    struct raw raw = {0};

    intervals_add(&s->planned, month.begin, month.end);
    add_windows(history, false, function, &account->regular[function]);
    add_windows(history, true, function, &emergency);
    intervals_union(&account->windows[function], &account->regular[function]);
    intervals_union(&account->windows[function], &emergency);
    intervals_subtract(&s->planned, &account->regular[function]);
    intervals_union(&q, &s->planned);
    intervals_subtract(&q, &emergency);
    sort_outages(history, account->terms, &account->period, function, s, &raw);

    intervals_intersect(&s->down, &q);
    intervals_intersect(&s->low, &q);

    /* excluded = (excluded causes in P) ∪ (down severities in P less Q), less D */
    intervals_intersect(&raw.excluded, &s->planned);
    intervals_union(&s->excluded, &s->planned);
    intervals_subtract(&s->excluded, &q);
    intervals_intersect(&s->excluded, &raw.down_severity);
    intervals_union(&s->excluded, &raw.excluded);
    intervals_subtract(&s->excluded, &s->down);

    intervals_union(&s->impaired, &raw.impaired);
    intervals_intersect(&s->impaired, &q);
    intervals_subtract(&s->impaired, &s->down);
    intervals_subtract(&s->impaired, &s->excluded);

    add_gaps(history, &account->period, function, &s->unmonitored);
    intervals_intersect(&s->unmonitored, &q);
    intervals_subtract(&s->unmonitored, &raw.any);

    intervals_union(&s->high, &s->unmonitored);
    intervals_intersect(&s->high, &q);

    intervals_free(&emergency);
    intervals_free(&q);
    intervals_free(&raw.any);
    intervals_free(&raw.down_severity);
    intervals_free(&raw.excluded);
    intervals_free(&raw.impaired);
    account->made[function] = true;
}

const struct shares *account_function_shares(struct account *account, int function)
{
    CHECK(function >= 0 && function < LIMIT_FUNCTIONS);
    if (!account->made[function])
        make_shares(account, function);
    return &account->shares[function];
}

struct account *account_new(const struct history *history, const struct terms *terms,
                            const struct period *period)
{
    struct account *account = mem_zalloc(1, sizeof *account);

    account->history = history;
    account->terms = terms;
    account->period = *period;
    return account;
}

void account_free(struct account *account)
{
    int i;

    if (account == NULL)
        return;
    for (i = 0; i < LIMIT_FUNCTIONS; i++) {
        shares_free(&account->shares[i]);
        intervals_free(&account->regular[i]);
        intervals_free(&account->windows[i]);
    }
    mem_free(account);
}

/* ---- figures ---- */

static int64_t percent(int64_t planned_ms, int64_t down_ms)
{
    return planned_ms == 0 ? PERCENT_NONE : (planned_ms - down_ms) * 1000000 / planned_ms;
}

static int64_t judged_ms(const struct terms *terms, const struct figures *f)
{
    return terms->judged_by == JUDGED_LOW    ? f->downtime_high_ms
           : terms->judged_by == JUDGED_HIGH ? f->downtime_low_ms
                                             : f->downtime_ms;
}

/* Is the judged availability at least so many percent? Exact. */
static bool reaches(const struct terms *terms, const struct figures *f, int64_t micro)
{
    return (f->planned_ms - judged_ms(terms, f)) * PERCENT_MICRO_MAX >= micro * f->planned_ms;
}

static int64_t discount(const struct terms *terms, const struct figures *f)
{
    int64_t most = 0;
    int i;

    for (i = 0; i < terms->n_discounts && f->planned_ms > 0; i++)
        if (terms->discounts[i].percent_micro > most &&
            !reaches(terms, f, terms->discounts[i].below_micro))
            most = terms->discounts[i].percent_micro;
    return most;
}

static struct figures measure(const struct account *account, const struct shares *s)
{
    const struct terms *terms = account->terms;
    struct interval month = month_of(&account->period);
    struct figures f = {.planned_ms = intervals_length(&s->planned),
                        .downtime_ms = intervals_length(&s->down),
                        .downtime_low_ms = intervals_length(&s->low),
                        .downtime_high_ms = intervals_length(&s->high),
                        .excluded_ms = intervals_length(&s->excluded),
                        .impaired_ms = intervals_length(&s->impaired),
                        .unmonitored_ms = intervals_length(&s->unmonitored),
                        .target_met = -1};

    f.maintenance_ms = month.end - month.begin - f.planned_ms;
    f.availability = percent(f.planned_ms, f.downtime_ms);
    f.low = percent(f.planned_ms, f.downtime_high_ms);
    f.high = percent(f.planned_ms, f.downtime_low_ms);
    f.monitored = percent(f.planned_ms, f.unmonitored_ms);
    if (f.planned_ms > 0 && terms->target_micro > 0)
        f.target_met = reaches(terms, &f, terms->target_micro);
    f.discount_micro = discount(terms, &f);
    return f;
}

bool account_failure(struct account *account, const struct outage *outage,
                     const struct function_set *functions)
{
    const struct period *period = &account->period;
    struct interval month = month_of(period);
    struct outage seen;
    int function;

    if (!outage_seen(outage, period->as_of_ms, &seen) ||
        !outage_counts(&seen, account->terms, period->as_of_ms) || seen.start_ms < month.begin ||
        seen.start_ms >= month.end)
        return false;
    close_at(&seen, period->as_of_ms);
    for (function = 0; function < LIMIT_FUNCTIONS; function++) {
        if (!function_set_has(functions, function) || !function_set_has(&seen.functions, function))
            continue;
        account_function_shares(account, function);
        if (intervals_outside(&account->windows[function], seen.start_ms, seen.end_ms) > 0)
            return true;
    }
    return false;
}

bool account_in_window(struct account *account, const struct outage *outage)
{
    struct outage seen;
    int function;

    if (!outage_seen(outage, account->period.as_of_ms, &seen))
        return false;
    close_at(&seen, account->period.as_of_ms);
    for (function = 0; function < LIMIT_FUNCTIONS; function++) {
        if (!function_set_has(&seen.functions, function))
            continue;
        account_function_shares(account, function);
        if (intervals_outside(&account->windows[function], seen.start_ms, seen.end_ms) <
            seen.end_ms - seen.start_ms)
            return true;
    }
    return false;
}

/* A million times that lie ten thousand years apart do not fit 64 bits. */
static int64_t mean(__int128 sum_ms, uint32_t n)
{
    return n > 0 ? (int64_t)(sum_ms / n) : -1;
}

static void count_failures(struct account *account, const struct function_set *functions,
                           struct figures *f)
{
    const struct history *history = account->history;
    __int128 repairing_ms = 0, recognising_ms = 0;
    size_t i;

    for (i = 0; i < history->n_outages; i++) {
        struct outage seen;

        if (!account_failure(account, &history->outages[i], functions))
            continue;
        f->failures++;
        outage_seen(&history->outages[i], account->period.as_of_ms, &seen);
        if (seen.repaired_ms != UTC_NONE) {
            f->repaired++;
            repairing_ms += seen.repaired_ms - seen.start_ms;
        }
        if (seen.recognised_ms != UTC_NONE) {
            f->recognised++;
            if (seen.recognised_ms > seen.start_ms) /* else it was known before it showed */
                recognising_ms += seen.recognised_ms - seen.start_ms;
        }
    }
    f->mttr_ms = mean(repairing_ms, f->repaired);
    f->mtta_ms = mean(recognising_ms, f->recognised);
    f->mtbf_ms = mean(f->planned_ms - f->downtime_ms, f->failures);
}

struct figures account_function(struct account *account, int function)
{
    struct function_set only = {0};
    struct figures f = measure(account, account_function_shares(account, function));

    function_set_add(&only, function);
    count_failures(account, &only, &f);
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

void account_service_shares(struct account *account, const struct function_set *critical,
                            struct shares *sum)
{
    struct interval month = month_of(&account->period);
    int function;

    *sum = (struct shares){0};
    intervals_add(&sum->planned, month.begin, month.end);
    for (function = 0; function < LIMIT_FUNCTIONS; function++) {
        const struct shares *s;

        if (!function_set_has(critical, function))
            continue;
        s = account_function_shares(account, function);
        intervals_subtract(&sum->planned, &account->regular[function]);
        intervals_union(&sum->down, &s->down);
        intervals_union(&sum->low, &s->low);
        intervals_union(&sum->high, &s->high);
        intervals_union(&sum->excluded, &s->excluded);
        intervals_union(&sum->impaired, &s->impaired);
        intervals_union(&sum->unmonitored, &s->unmonitored);
    }
    cut_to_planned(sum);
}

struct figures account_service(struct account *account, const struct function_set *critical)
{
    struct shares sum;
    struct figures f;

    account_service_shares(account, critical, &sum);
    f = measure(account, &sum);
    count_failures(account, critical, &f);
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
