#include "report/sla_pen.h"

#include <inttypes.h>

#define WHAT 4 /* a list's items are indented so far, and what is said of them */

static void empty(const struct sla_pen *p, size_t n)
{
    if (n == 0)
        buf_printf(p->out, "  %s\n", pen_word(p, W_NONE));
}

/* ---- outages ---- */

static enum sla_word ground(const struct sla_outage *item)
{
    static const enum sla_word words[] = {[SLA_DOWN] = W_COUNTED_DOWN,
                                          [SLA_OTHER_SEVERITY] = W_NOT_COUNTED_SEVERITY,
                                          [SLA_EXCLUDED_CAUSE] = W_NOT_COUNTED_CAUSE,
                                          [SLA_TOO_SHORT] = W_NOT_COUNTED_SHORT};

    return words[item->standing];
}

/* "#o1 calling: emergency, provider" */
static void title(const struct sla_pen *p, const struct sla_outage *item)
{
    buf_printf(p->out, "  #%s ", item->seen.id);
    pen_functions(p, &item->seen.functions);
    buf_printf(p->out, ": %s, %s", sla_severity_word(item->seen.severity, p->language),
               sla_cause_word(item->seen.cause, p->language));
}

/* A time, with its outer bound when that is another one. */
static void edge(const struct sla_pen *p, enum sla_word w, int64_t at_ms, enum sla_word bound,
                 int64_t outer_ms)
{
    pen_label(p, WHAT, w);
    if (at_ms == UTC_NONE) {
        buf_str(p->out, pen_word(p, W_OPEN));
        return;
    }
    pen_moment(p, at_ms);
    if (outer_ms != at_ms) {
        buf_printf(p->out, " (%s ", pen_word(p, bound));
        pen_moment(p, outer_ms);
        buf_str(p->out, ")");
    }
}

static void deadline(const struct sla_pen *p, int64_t deadline_ms, enum target_outcome outcome)
{
    if (deadline_ms == UTC_NONE)
        return;
    buf_printf(p->out, "; %s ", pen_word(p, W_DUE));
    if (deadline_ms == DESK_NEVER) {
        buf_str(p->out, pen_word(p, W_NEVER_DUE));
        return;
    }
    pen_moment(p, deadline_ms);
    pen_outcome(p, outcome);
}

static void notified(const struct sla_pen *p, const struct sla_outage *item)
{
    const char *comma = "";
    size_t i;

    pen_label(p, WHAT, W_NOTIFIED);
    for (i = 0; i < item->n_notices; i++, comma = ", ") {
        const struct sla_notice *notice = &item->notices[i];

        buf_printf(p->out, "%s%s ", comma, notice->channel);
        if (notice->at_ms != UTC_NONE)
            pen_moment(p, notice->at_ms);
        else
            buf_str(p->out, pen_word(p, W_NOT_ARRIVED));
        pen_outcome(p, notice->outcome);
    }
    if (item->n_notices == 0)
        buf_str(p->out, pen_word(p, W_NOT_NOTIFIED));
    deadline(p, item->notify_by_ms, item->n_notices == 0 ? item->notify : OUTCOME_NONE);
    buf_str(p->out, "\n");
}

static void time_or(const struct sla_pen *p, enum sla_word w, int64_t at_ms, enum sla_word none)
{
    pen_label(p, WHAT, w);
    if (at_ms == UTC_NONE)
        buf_str(p->out, pen_word(p, none));
    else
        pen_moment(p, at_ms);
}

static void outage(const struct sla_pen *p, const struct sla_outage *item)
{
    const struct outage *seen = &item->seen;
    int64_t end_ms = seen->end_ms != UTC_NONE ? seen->end_ms : p->sla->period.as_of_ms;

    title(p, item);
    buf_printf(p->out, ", %s\n", pen_word(p, ground(item)));
    edge(p, W_START, seen->start_ms, W_LAST_GOOD, seen->last_good_ms);
    buf_str(p->out, "\n");
    time_or(p, W_RECOGNISED, seen->recognised_ms, W_NOT_RECOGNISED);
    buf_str(p->out, "\n");
    if (p->sla->notified)
        notified(p, item);
    edge(p, W_END, seen->end_ms, W_LAST_FAIL, seen->last_fail_ms);
    deadline(p, item->recover_by_ms, item->recovery);
    buf_str(p->out, "\n");
    pen_label(p, WHAT, W_DURATION);
    pen_duration(p, end_ms - seen->start_ms);
    buf_str(p->out, "\n");
    time_or(p, W_REPAIRED, seen->repaired_ms, W_NOT_REPAIRED);
    buf_str(p->out, "\n");
    if (seen->evidence != 0) {
        pen_label(p, WHAT, W_EVIDENCE);
        buf_printf(p->out, "%s %" PRIu64 "\n", pen_word(p, W_EVIDENCE_ENTRY), seen->evidence);
    }
}

static void outages(const struct sla_pen *p)
{
    const struct sla *sla = p->sla;
    const char *comma = " ";
    size_t i;

    pen_heading(p, W_OUTAGES);
    empty(p, sla->n_outages);
    for (i = 0; i < sla->n_outages; i++)
        outage(p, &sla->outages[i]);
    for (i = 0; i < sla->n_outages; i++) {
        const struct sla_outage *item = &sla->outages[i];

        if (!item->failure || item->seen.repaired_ms != UTC_NONE)
            continue;
        if (*comma == ' ')
            buf_printf(p->out, "  %s:", pen_word(p, W_UNREPAIRED));
        buf_printf(p->out, "%s#%s", comma, item->seen.id);
        comma = ", ";
    }
    if (*comma != ' ')
        buf_str(p->out, "\n");
}

/* Those that would be downtime, but for their cause or a window. */
static void excluded(const struct sla_pen *p)
{
    const struct sla *sla = p->sla;
    size_t i, w, n = 0;

    pen_heading(p, W_EXCLUDED_OUTAGES);
    for (i = 0; i < sla->n_outages; i++) {
        const struct sla_outage *item = &sla->outages[i];
        const char *comma = ": ";

        if (item->standing == SLA_OTHER_SEVERITY ||
            (item->standing != SLA_EXCLUDED_CAUSE && !item->in_window))
            continue;
        n++;
        title(p, item);
        if (item->standing == SLA_EXCLUDED_CAUSE) {
            buf_printf(p->out, "%s%s", comma, pen_word(p, W_NOT_COUNTED_CAUSE));
            comma = ", ";
        }
        for (w = 0; w < sla->n_windows && item->in_window; w++) {
            if (!sla_covers(sla, &sla->windows[w].window, &item->seen))
                continue;
            buf_printf(p->out, "%s%s #%s", comma, pen_word(p, W_NOT_COUNTED_WINDOW),
                       sla->windows[w].window.id);
            comma = ", ";
        }
        buf_str(p->out, "\n");
    }
    empty(p, n);
}

/* ---- windows ---- */

static void window(const struct sla_pen *p, const struct sla_window *item)
{
    const struct window *w = &item->window;

    buf_printf(p->out, "  #%s ", w->id);
    pen_functions(p, &w->functions);
    buf_printf(p->out, ": %s", pen_word(p, w->emergency ? W_EMERGENCY : W_REGULAR));
    if (w->reason[0] != '\0')
        buf_printf(p->out, ", %s", w->reason);
    buf_str(p->out, "\n");
    pen_label(p, WHAT, W_WINDOW);
    pen_moment(p, w->start_ms);
    buf_str(p->out, " - ");
    pen_moment(p, w->end_ms);
    if (w->finished_ms != UTC_NONE) {
        buf_printf(p->out, ", %s ", pen_word(p, W_FINISHED));
        pen_moment(p, w->finished_ms);
    }
    buf_str(p->out, "\n");
    pen_label(p, WHAT, W_NOTICE_GIVEN);
    pen_moment(p, w->announced_ms);
    if (w->tells)
        buf_printf(p->out, ", %s", pen_word(p, item->untold ? W_DELIVERED_TO_NOBODY : W_DELIVERED));
    if (w->tells && !item->untold) {
        buf_str(p->out, " ");
        pen_moment(p, w->told_ms);
    }
    if (!item->untold) {
        buf_str(p->out, " (");
        pen_duration(p, item->notice_ms);
        buf_str(p->out, ")");
    }
    if (!item->notice_met)
        buf_printf(p->out, ", %s", pen_word(p, W_NOTICE_MISSED));
    buf_str(p->out, "\n");
}

/* ---- amendments ---- */

static void changes(const struct sla_pen *p, const struct sla_amendment *item)
{
    const struct amendment *a = item->amendment;
    const char *comma = "";

    if (a->severity >= 0) {
        buf_printf(p->out, "%s -> %s", sla_severity_word(item->severity_was, p->language),
                   sla_severity_word((enum severity)a->severity, p->language));
        comma = ", ";
    }
    if (a->cause >= 0)
        buf_printf(p->out, "%s%s -> %s", comma, sla_cause_word(item->cause_was, p->language),
                   sla_cause_word((enum cause)a->cause, p->language));
    if (a->severity < 0 && a->cause < 0)
        buf_str(p->out, pen_word(p, W_NOTE));
}

static void amendment(const struct sla_pen *p, const struct sla_amendment *item)
{
    const struct amendment *a = item->amendment;

    buf_printf(p->out, "  #%s %s #%s: ", a->id, pen_word(p, W_AMENDMENT_OF), a->of);
    changes(p, item);
    buf_str(p->out, "\n");
    pen_label(p, WHAT, W_AMENDMENT_AT);
    pen_moment(p, a->at_ms);
    if (item->late)
        buf_printf(p->out, ", %s", pen_word(p, W_AFTER_THE_MONTH));
    buf_str(p->out, "\n");
    if (a->who[0] != '\0') {
        pen_label(p, WHAT, W_AMENDMENT_WHO);
        buf_printf(p->out, "%s\n", a->who);
    }
    if (a->reason[0] != '\0') {
        pen_label(p, WHAT, W_REASON);
        buf_printf(p->out, "%s\n", a->reason);
    }
}

void pen_lists(const struct sla_pen *p)
{
    const struct sla *sla = p->sla;
    size_t i;

    outages(p);
    excluded(p);
    pen_heading(p, W_WINDOWS);
    empty(p, sla->n_windows);
    for (i = 0; i < sla->n_windows; i++)
        window(p, &sla->windows[i]);
    pen_heading(p, W_AMENDMENTS);
    empty(p, sla->n_amendments);
    for (i = 0; i < sla->n_amendments; i++)
        amendment(p, &sla->amendments[i]);
}
