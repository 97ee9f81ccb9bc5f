/* Random histories against the second implementation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "brute.h"
#include "core/account/availability.h"

#include <stdio.h>
#include <string.h>

#define ROUNDS 4000
#define MONTH 200

static int64_t ms(const struct brute_world *w, int time)
{
    return time == BRUTE_NEVER ? UTC_NONE : (int64_t)time * w->unit_ms;
}

static struct function_set set_of(unsigned bits)
{
    return (struct function_set){.bits = {bits}};
}

static void fill_outages(const struct brute_world *w, struct history *h)
{
    for (int i = 0; i < w->n_outages; i++) {
        const struct brute_outage *from = &w->outages[i];
        struct outage *o = history_outage(h);

        snprintf(o->id, sizeof o->id, "o%d", i);
        o->line = (uint64_t)i;
        o->functions = set_of(from->functions);
        o->first_severity = (enum severity)from->severity;
        o->first_cause = (enum cause)from->cause;
        o->start_ms = ms(w, from->start);
        o->end_ms = ms(w, from->end);
        o->last_good_ms = ms(w, from->last_good);
        o->last_fail_ms = ms(w, from->last_fail);
        o->recognised_ms = ms(w, from->recognised);
        o->repaired_ms = ms(w, from->repaired);
    }
    for (int i = 0; i < w->n_amendments; i++) {
        struct amendment *a = history_amendment(h);

        snprintf(a->of, sizeof a->of, "o%d", w->amendments[i].of);
        a->line = (uint64_t)i;
        a->at_ms = ms(w, w->amendments[i].at);
        a->severity = w->amendments[i].severity;
        a->cause = w->amendments[i].cause;
    }
}

static void fill_windows(const struct brute_world *w, struct history *h)
{
    for (int i = 0; i < w->n_windows; i++) {
        const struct brute_window *from = &w->windows[i];
        struct window *window = history_window(h);

        window->functions = set_of(from->functions);
        window->emergency = from->emergency;
        window->announced_ms = ms(w, from->announced);
        window->tells = from->tells;
        window->told_ms = ms(w, from->told);
        window->start_ms = ms(w, from->start);
        window->end_ms = ms(w, from->end);
        window->finished_ms = ms(w, from->finished);
    }
    for (int i = 0; i < w->n_gaps; i++) {
        struct unmonitored *gap = history_gap(h);

        gap->functions = set_of(w->gaps[i].functions);
        gap->start_ms = ms(w, w->gaps[i].start);
        gap->end_ms = ms(w, w->gaps[i].end);
    }
}

static struct terms terms_of(const struct brute_world *w)
{
    struct terms terms = {.target_micro = w->target_micro,
                          .minimum_outage_ms = (int64_t)w->minimum * w->unit_ms,
                          .judged_by = w->judged_by == 1   ? JUDGED_LOW
                                       : w->judged_by == 2 ? JUDGED_HIGH
                                                           : JUDGED_MEASURED,
                          .n_discounts = w->n_tiers};

    for (int i = 0; i < SEVERITY_COUNT; i++)
        terms.down_severity[i] = (w->down_severities >> i & 1) != 0;
    for (int i = 0; i < CAUSE_COUNT; i++)
        terms.excluded_cause[i] = (w->excluded_causes >> i & 1) != 0;
    for (int i = 0; i < w->n_tiers; i++)
        terms.discounts[i] = (struct tier){w->tiers[i].below_micro, w->tiers[i].percent_micro};
    return terms;
}

/* The contract's validity is cut by report/sla.h; here the month is handed over cut. */
static struct period period_of(const struct brute_world *w)
{
    struct period period = {0, ms(w, w->month), ms(w, w->as_of)};

    if (w->valid_from != BRUTE_NEVER && w->valid_from > 0)
        period.begin_ms = ms(w, w->valid_from < w->month ? w->valid_from : w->month);
    if (w->until < w->month)
        period.end_ms = ms(w, w->until);
    return period;
}

#define SAME(field)                                                                                \
    if (ours.field != theirs.field)                                                                \
    fail_msg("history %d, functions %x: %s is %lld, not %lld", round, set, #field,                 \
             (long long)ours.field, (long long)theirs.field)

static void compare(int round, unsigned set, struct figures ours, struct brute_figures theirs)
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
    SAME(monitored);
    SAME(target_met);
    SAME(discount_micro);
    SAME(failures);
    SAME(mttr_ms);
    SAME(mtta_ms);
    SAME(mtbf_ms);
}

static void random_histories(void **state)
{
    struct prng prng;

    (void)state;
    prng_seed(&prng, 20261122);
    for (int round = 0; round < ROUNDS; round++) {
        struct history h = {0};
        struct brute_world w;
        struct period period;
        struct account *account;
        struct terms terms;

        brute_invent(&prng, MONTH, round % 2 == 0 ? 1 : 1000, &w);
        fill_outages(&w, &h);
        fill_windows(&w, &h);
        terms = terms_of(&w);
        period = period_of(&w);
        history_amend(&h, period.as_of_ms);
        account = account_new(&h, &terms, &period);
        for (int f = 0; f < BRUTE_FUNCTIONS; f++)
            compare(round, 1u << f, account_function(account, f), brute_figures(&w, 1u << f));
        for (unsigned set = 1; set < 1u << BRUTE_FUNCTIONS; set++) {
            struct function_set critical = set_of(set);

            compare(round, set, account_service(account, &critical), brute_figures(&w, set));
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
