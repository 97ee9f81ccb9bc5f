#include "cli/contract_show.h"
#include "base/check.h"
#include "base/utc.h"
#include "core/account/holidays.h"
#include "report/sla.h"

#include <inttypes.h>
#include <string.h>

static void percent(FILE *out, int64_t micro)
{
    char text[PERCENT_TEXT_MAX];

    fprintf(out, "%s %%", sla_target_text(micro, text));
}

/* "90s", "2h" */
static void duration(FILE *out, int64_t ms)
{
    if (ms % 3600000 == 0 && ms > 0)
        fprintf(out, "%" PRId64 " h", ms / 3600000);
    else if (ms % 60000 == 0 && ms > 0)
        fprintf(out, "%" PRId64 " min", ms / 60000);
    else if (ms % 1000 == 0)
        fprintf(out, "%" PRId64 " s", ms / 1000);
    else
        fprintf(out, "%" PRId64 " ms", ms);
}

static void moment(FILE *out, const struct bound *bound)
{
    char text[UTC_TEXT_MAX];

    utc_format(bound->ms, text);
    if (bound->local)
        text[strlen("2026-10-01")] = '\0';
    fputs(text, out);
}

/* ---- the terms: each prints its value, and is true when nobody had to say it ---- */

static bool show_timezone(FILE *out, const struct contract *c)
{
    fputs(c->timezone, out);
    return strcmp(c->timezone, "Asia/Tokyo") == 0;
}

static bool show_valid(FILE *out, const struct contract *c)
{
    if (!c->valid_from.given && !c->valid_until.given) {
        fputs("always", out);
        return true;
    }
    fputs("from ", out);
    if (c->valid_from.given)
        moment(out, &c->valid_from);
    else
        fputs("ever", out);
    fputs(", until ", out);
    if (c->valid_until.given)
        moment(out, &c->valid_until);
    else
        fputs("further notice", out);
    fputs(c->valid_until.given ? ", that moment excluded" : "", out);
    return false;
}

static bool show_functions(FILE *out, const struct contract *c)
{
    int i;

    for (i = 0; i < c->n_functions; i++) {
        const struct contract_function *f = &c->functions[i];

        fprintf(out, "%s%s", i > 0 ? ", " : "", f->name);
        if (f->label_ja[0] != '\0')
            fprintf(out, " (%s)", f->label_ja);
        if (f->label_en[0] != '\0')
            fprintf(out, " (%s)", f->label_en);
    }
    return false;
}

static bool show_services(FILE *out, const struct contract *c)
{
    int s, i;

    for (s = 0; s < c->n_services; s++) {
        const char *before = ": ";

        fprintf(out, "%s%s", s > 0 ? "; " : "", c->services[s].name);
        for (i = 0; i < c->n_functions; i++) {
            if (!function_set_has(&c->services[s].critical, i))
                continue;
            fprintf(out, "%s%s", before, c->functions[i].name);
            before = ", ";
        }
    }
    fputs(c->n_services == 0 ? "none" : "", out);
    return c->n_services == 0;
}

static bool show_target(FILE *out, const struct contract *c)
{
    if (c->terms.target_micro > 0)
        percent(out, c->terms.target_micro);
    else
        fputs("none", out);
    return c->terms.target_micro == 0;
}

static bool show_judged_by(FILE *out, const struct contract *c)
{
    static const char *const words[] = {"availability as measured",
                                        "the low end of what it may have been",
                                        "the high end of what it may have been"};

    fputs(words[c->terms.judged_by], out);
    return c->terms.judged_by == JUDGED_MEASURED;
}

static bool show_severities(FILE *out, const struct contract *c)
{
    const bool *down = c->terms.down_severity;
    int i, n = 0;

    for (i = 0; i < SEVERITY_COUNT; i++)
        if (down[i])
            fprintf(out, "%s%s", n++ > 0 ? ", " : "", outage_severity_name((enum severity)i));
    fputs(n == 0 ? "none" : "", out);
    return n == 1 && down[SEVERITY_EMERGENCY];
}

static bool show_causes(FILE *out, const struct contract *c)
{
    int i, n = 0;

    for (i = 0; i < CAUSE_COUNT; i++)
        if (c->terms.excluded_cause[i])
            fprintf(out, "%s%s", n++ > 0 ? ", " : "", outage_cause_name((enum cause)i));
    fputs(n == 0 ? "none" : "", out);
    return n == 0;
}

static bool show_minimum(FILE *out, const struct contract *c)
{
    duration(out, c->terms.minimum_outage_ms);
    return c->terms.minimum_outage_ms == 0;
}

static bool show_discounts(FILE *out, const struct contract *c)
{
    int i;

    for (i = 0; i < c->terms.n_discounts; i++) {
        fputs(i > 0 ? ", below " : "below ", out);
        percent(out, c->terms.discounts[i].below_micro);
        fputs(": ", out);
        percent(out, c->terms.discounts[i].percent_micro);
    }
    fputs(c->terms.n_discounts == 0 ? "none" : "", out);
    return c->terms.n_discounts == 0;
}

static bool show_fee(FILE *out, const struct contract *c)
{
    if (c->monthly_fee_yen >= 0)
        fprintf(out, "%" PRId64 " yen", c->monthly_fee_yen);
    else
        fputs("not said: a discount is in percent only", out);
    return c->monthly_fee_yen < 0;
}

static bool show_rounding(FILE *out, const struct contract *c)
{
    static const char *const words[] = {"down", "up", "half up"};

    fprintf(out, "yen %s", words[c->yen_rounding]);
    return c->yen_rounding == YEN_DOWN;
}

static bool show_least(FILE *out, int least)
{
    if (least > 0)
        fprintf(out, "%d, fewer leave time unmonitored", least);
    else
        fputs("as many as the checks need", out);
    return least == 0;
}

static bool show_observers(FILE *out, const struct contract *c)
{
    return show_least(out, c->minimum_observers);
}

static bool show_sites(FILE *out, const struct contract *c)
{
    return show_least(out, c->minimum_sites);
}

static void show_target_time(FILE *out, const struct target *target)
{
    if (target->kind == TARGET_BUSINESS_DAYS)
        fprintf(out, "%" PRId64 " business days", target->amount);
    else
        duration(out, target->amount);
    if (target->kind == TARGET_BUSINESS_HOURS)
        fputs(" of desk hours", out);
}

static bool show_targets(FILE *out, const struct target *targets)
{
    int i, n = 0;

    for (i = 0; i < SEVERITY_COUNT; i++) {
        if (targets[i].kind == TARGET_NONE)
            continue;
        fprintf(out, "%s%s ", n++ > 0 ? ", " : "", outage_severity_name((enum severity)i));
        show_target_time(out, &targets[i]);
    }
    fputs(n == 0 ? "no targets" : "", out);
    return n == 0;
}

static bool show_notification(FILE *out, const struct contract *c)
{
    return show_targets(out, c->notification);
}

static bool show_recovery(FILE *out, const struct contract *c)
{
    return show_targets(out, c->recovery);
}

static bool show_desk(FILE *out, const struct contract *c)
{
    char text[SPAN_TEXT_MAX], unsaid[SPAN_TEXT_MAX];
    struct desk desk;

    desk_default(&desk);
    span_format(&c->desk.hours, text);
    span_format(&desk.hours, unsaid);
    fputs(text, out);
    return strcmp(text, unsaid) == 0;
}

static bool show_holidays(FILE *out, const struct contract *c)
{
    if (c->desk.open_on_holidays)
        fputs("open on public holidays", out);
    else
        fprintf(out, "closed on Japan's, known for %d to %d (published %s)", HOLIDAYS_YEAR_FIRST,
                HOLIDAYS_YEAR_LAST, HOLIDAYS_VERSION);
    return !c->desk.open_on_holidays;
}

static bool show_closed(FILE *out, const struct contract *c)
{
    size_t i;

    for (i = 0; i < c->desk.n_closed; i++) {
        const struct closed_days *row = &c->desk.closed[i];

        fprintf(out, "%s%s ", i > 0 ? ", " : "", row->name);
        if (row->year != 0)
            fprintf(out, "%04d-", row->year);
        fprintf(out, "%02d-%02d to %02d-%02d", row->first_month, row->first_day, row->last_month,
                row->last_day);
    }
    fputs(c->desk.n_closed == 0 ? "none" : "", out);
    return c->desk.n_closed == 0;
}

static bool show_response(FILE *out, const struct contract *c)
{
    if (c->response_time_ms > 0)
        fprintf(out, "%" PRId64 " ms on average", c->response_time_ms);
    else
        fputs("no target", out);
    return c->response_time_ms == 0;
}

static const struct {
    const char *label;
    bool (*show)(FILE *out, const struct contract *contract);
} terms[] = {
    {"time zone", show_timezone},
    {"valid", show_valid},
    {"functions", show_functions},
    {"services", show_services},
    {"target", show_target},
    {"judged by", show_judged_by},
    {"downtime", show_severities},
    {"excluded causes", show_causes},
    {"shortest outage", show_minimum},
    {"discounts", show_discounts},
    {"monthly fee", show_fee},
    {"rounding", show_rounding},
    {"observers", show_observers},
    {"sites", show_sites},
    {"notification", show_notification},
    {"recovery", show_recovery},
    {"desk hours", show_desk},
    {"holidays", show_holidays},
    {"closed days", show_closed},
    {"response time", show_response},
};

void contract_show(FILE *out, const struct contract *contract, const char *tzdata)
{
    size_t i;

    fprintf(out, "contract %s\n", contract->name);
    for (i = 0; i < ARRAY_LEN(terms); i++) {
        fprintf(out, "  %-15s  ", terms[i].label);
        if (terms[i].show(out, contract))
            fputs(" (default)", out);
        if (i == 0 && tzdata != NULL)
            fprintf(out, ", tzdata %s", tzdata);
        fputc('\n', out);
    }
}
