#include "base/utc.h"
#include "cli/contract_show.h"
#include "core/account/holidays.h"
#include "report/sla.h"

#include <stdarg.h>
#include <string.h>

#define DAY_MS 86400000ll

struct warning {
    FILE *out;
    const struct contract *contract;
    const struct zone *zone;
    int64_t now_ms;
    int n;
};

static void __attribute__((format(printf, 2, 3))) warn(struct warning *w, const char *format, ...)
{
    va_list args;

    fputs("warning: contract: ", w->out);
    va_start(args, format);
    vfprintf(w->out, format, args);
    va_end(args);
    fputc('\n', w->out);
    w->n++;
}

static void targets(struct warning *w)
{
    const struct contract *c = w->contract;
    const struct terms *terms = &c->terms;
    bool any = false;
    int i;

    if (terms->target_micro == 0)
        warn(w, "there is no target: no function or service can miss it");
    for (i = 0; i < SEVERITY_COUNT; i++)
        any = any || terms->down_severity[i];
    if (!any)
        warn(w, "down_severities is empty: nothing is downtime");
    if (terms->excluded_cause[CAUSE_PROVIDER])
        warn(w, "excluded_causes has provider: the provider's own faults are not downtime");
    any = false;
    for (i = 0; i < SEVERITY_COUNT; i++)
        any = any || c->recovery[i].kind != TARGET_NONE;
    for (i = 0; i < SEVERITY_COUNT && any; i++)
        if (c->recovery[i].kind == TARGET_NONE)
            warn(w, "recovery_targets has none for %s faults",
                 outage_severity_name((enum severity)i));
}

static void tier(struct warning *w, const struct tier *tier)
{
    const struct terms *terms = &w->contract->terms;
    char below[PERCENT_TEXT_MAX], other[PERCENT_TEXT_MAX];
    int i;

    sla_target_text(tier->below_micro, below);
    if (terms->target_micro > 0 && tier->below_micro > terms->target_micro)
        warn(w, "discounts: a month below %s %% has one even when it meets the target of %s %%",
             below, sla_target_text(terms->target_micro, other));
    for (i = 0; i < terms->n_discounts; i++)
        if (terms->discounts[i].below_micro > tier->below_micro &&
            terms->discounts[i].percent_micro >= tier->percent_micro) {
            warn(w, "discounts: the tier below %s %% never matters, that below %s %% gives as much",
                 below, sla_target_text(terms->discounts[i].below_micro, other));
            return;
        }
}

static void discounts(struct warning *w)
{
    const struct terms *terms = &w->contract->terms;
    int i;

    for (i = 0; i < terms->n_discounts; i++)
        tier(w, &terms->discounts[i]);
    if (terms->n_discounts > 0 && w->contract->n_services == 0)
        warn(w, "discounts are for services, and there is none");
}

static void services(struct warning *w)
{
    static const struct function_set none;
    int i;

    for (i = 0; i < w->contract->n_services; i++)
        if (memcmp(&w->contract->services[i].critical, &none, sizeof none) == 0)
            warn(w, "service %s has no critical function: nothing can be down in it",
                 w->contract->services[i].name);
}

static int local_year(const struct zone *zone, int64_t utc_ms)
{
    int64_t local_ms = utc_ms + zone_offset(zone, utc_ms) * 1000ll;
    int year, month, day;

    utc_civil_from_days(local_ms / DAY_MS - (local_ms % DAY_MS < 0), &year, &month, &day);
    return year;
}

/* The years that the contract is known to run in, when its clocks hang on holidays. */
static void holidays(struct warning *w)
{
    const struct contract *c = w->contract;
    int now = local_year(w->zone, w->now_ms), first = now, last = now, year, i;
    bool business = false;

    for (i = 0; i < SEVERITY_COUNT; i++)
        business = business || c->recovery[i].kind > TARGET_CLOCK ||
                   c->notification[i].kind > TARGET_CLOCK;
    if (!business || c->desk.open_on_holidays)
        return;
    if (c->valid_from.given)
        first = local_year(w->zone, bound_ms(&c->valid_from, w->zone));
    if (c->valid_until.given)
        last = local_year(w->zone, bound_ms(&c->valid_until, w->zone) - 1);
    for (year = first; year <= last; year++)
        if (!holidays_cover(year)) {
            warn(w,
                 "the table of public holidays has no year %d, only %d to %d: targets in "
                 "business time take its holidays for business days",
                 year, HOLIDAYS_YEAR_FIRST, HOLIDAYS_YEAR_LAST);
            return;
        }
}

int contract_warn(FILE *out, const struct contract *contract, const struct zone *zone,
                  int64_t now_ms)
{
    struct warning w = {.out = out, .contract = contract, .zone = zone, .now_ms = now_ms};

    targets(&w);
    discounts(&w);
    services(&w);
    holidays(&w);
    return w.n;
}
