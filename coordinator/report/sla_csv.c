#include "report/csv.h"
#include "report/sla.h"

#include <string.h>

static void header(struct buf *out, const char *const *columns)
{
    csv_begin(out);
    for (; *columns != NULL; columns++)
        csv_text(out, *columns);
    csv_end(out);
}

static void boolean(struct buf *out, bool value)
{
    csv_text(out, value ? "true" : "false");
}

/* Empty when there is none. */
static void count(struct buf *out, int64_t value)
{
    if (value < 0)
        csv_text(out, NULL);
    else
        csv_int(out, value);
}

static void moment(struct buf *out, int64_t utc_ms)
{
    char text[UTC_TEXT_MAX];

    if (utc_ms == UTC_NONE || utc_ms == DESK_NEVER) {
        csv_text(out, NULL);
        return;
    }
    utc_format(utc_ms, text);
    csv_text(out, text);
}

/* The names, one after the other, in one cell. */
static void functions(struct buf *out, const struct sla *sla, const struct function_set *set)
{
    struct buf text = {0};
    int i;

    for (i = 0; i < sla->names->n; i++)
        if (function_set_has(set, i))
            buf_printf(&text, "%s%s", text.len > 0 ? "; " : "", sla->names->names[i]);
    csv_text(out, buf_cstr(&text));
    buf_free(&text);
}

/* ---- figures ---- */

static void row(struct buf *out, const struct sla *sla, const char *kind, const struct sla_row *row,
                bool service)
{
    const struct figures *f = &row->figures;
    const int64_t values[] = {f->planned_ms,      f->maintenance_ms,  f->downtime_ms,
                              f->excluded_ms,     f->impaired_ms,     f->unmonitored_ms,
                              f->downtime_low_ms, f->downtime_high_ms};
    const int64_t percents[] = {f->availability, f->low, f->high};
    char text[PERCENT_TEXT_MAX];
    size_t i;

    buf_printf(out, "\"%04d-%02d\"", sla->year, sla->month);
    csv_text(out, sla->contract->timezone);
    boolean(out, sla->provisional);
    csv_text(out, kind);
    csv_text(out, row->name);
    for (i = 0; i < sizeof values / sizeof values[0]; i++)
        csv_int(out, values[i]);
    for (i = 0; i < sizeof percents / sizeof percents[0]; i++)
        csv_text(out, percent_text(percents[i], text));
    csv_text(out, f->target_met < 0 ? NULL : f->target_met == 1 ? "true" : "false");
    csv_int(out, f->failures);
    count(out, f->mttr_ms);
    count(out, f->mtta_ms);
    count(out, f->mtbf_ms);
    csv_text(out, percent_text(f->monitored, text));
    csv_text(out, service ? sla_target_text(f->discount_micro, text) : NULL);
    count(out, row->discount_yen);
    csv_int(out, sla->edition);
    csv_end(out);
}

void sla_csv(const struct sla *sla, struct buf *out)
{
    static const char *const columns[] = {"month",
                                          "timezone",
                                          "provisional",
                                          "kind",
                                          "name",
                                          "planned_ms",
                                          "maintenance_ms",
                                          "downtime_ms",
                                          "excluded_ms",
                                          "impaired_ms",
                                          "unmonitored_ms",
                                          "downtime_low_ms",
                                          "downtime_high_ms",
                                          "availability",
                                          "low",
                                          "high",
                                          "target_met",
                                          "failures",
                                          "mttr_ms",
                                          "mtta_ms",
                                          "mtbf_ms",
                                          "monitored",
                                          "discount_percent",
                                          "discount_yen",
                                          "edition",
                                          NULL};
    int i;

    header(out, columns);
    for (i = 0; i < sla->n_functions; i++)
        row(out, sla, "function", &sla->functions[i], false);
    for (i = 0; i < sla->n_services; i++)
        row(out, sla, "service", &sla->services[i], true);
}

/* ---- lists ---- */

static void outcome(struct buf *out, enum target_outcome outcome)
{
    csv_text(out, outcome == OUTCOME_NONE ? NULL : outcome_name(outcome));
}

void sla_csv_outages(const struct sla *sla, struct buf *out)
{
    static const char *const columns[] = {"id",         "functions",    "severity",  "cause",
                                          "start",      "end",          "last_good", "last_fail",
                                          "recognised", "repaired",     "counted",   "failure",
                                          "grounds",    "recover_by",   "recovery",  "first_notice",
                                          "notify_by",  "notification", NULL};
    size_t i, n;

    header(out, columns);
    for (i = 0; i < sla->n_outages; i++) {
        const struct sla_outage *item = &sla->outages[i];
        const struct outage *seen = &item->seen;
        int64_t first_ms = UTC_NONE;

        for (n = 0; n < item->n_notices; n++)
            if (item->notices[n].at_ms != UTC_NONE &&
                (first_ms == UTC_NONE || item->notices[n].at_ms < first_ms))
                first_ms = item->notices[n].at_ms;
        csv_text(out, seen->id);
        functions(out, sla, &seen->functions);
        csv_text(out, outage_severity_name(seen->severity));
        csv_text(out, outage_cause_name(seen->cause));
        moment(out, seen->start_ms);
        moment(out, seen->end_ms);
        moment(out, seen->last_good_ms);
        moment(out, seen->last_fail_ms);
        moment(out, seen->recognised_ms);
        moment(out, seen->repaired_ms);
        boolean(out, item->counted);
        boolean(out, item->failure);
        csv_text(out, sla_standing_name(item->standing));
        moment(out, item->recover_by_ms);
        outcome(out, item->recovery);
        moment(out, first_ms);
        moment(out, item->notify_by_ms);
        outcome(out, item->notify);
        csv_end(out);
    }
}

void sla_csv_windows(const struct sla *sla, struct buf *out)
{
    static const char *const columns[] = {"id",  "kind",     "functions",  "announced", "start",
                                          "end", "finished", "notice_met", "delivered", NULL};
    size_t i;

    header(out, columns);
    for (i = 0; i < sla->n_windows; i++) {
        const struct window *w = &sla->windows[i].window;

        csv_text(out, w->id);
        csv_text(out, w->emergency ? "emergency" : "regular");
        functions(out, sla, &w->functions);
        moment(out, w->announced_ms);
        moment(out, w->start_ms);
        moment(out, w->end_ms);
        moment(out, w->finished_ms);
        boolean(out, sla->windows[i].notice_met);
        moment(out, w->tells ? w->told_ms : UTC_NONE);
        csv_end(out);
    }
}
