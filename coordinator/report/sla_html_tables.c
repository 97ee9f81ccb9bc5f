#include "report/sla_page.h"
#include "base/utc.h"

#include <inttypes.h>
#include <string.h>

/* ---- outages ---- */

static int64_t until_ms(const struct sla *sla, const struct outage *o)
{
    return o->end_ms == UTC_NONE ? sla->period.as_of_ms : o->end_ms;
}

static void times_cells(struct page *p, const struct outage *o)
{
    int64_t end_ms = until_ms(p->sla, o);
    int64_t fail_ms = o->last_fail_ms == UTC_NONE ? end_ms : o->last_fail_ms;

    page_cell(p, "when");
    page_moment(p, o->start_ms);
    page_second(p);
    page_moment_or(p, o->recognised_ms, W_UNKNOWN);
    page_second_end(p);
    page_cell_end(p);
    page_cell(p, "when");
    page_moment_or(p, o->end_ms, W_OPEN);
    page_second(p);
    page_moment_or(p, o->repaired_ms, W_UNKNOWN);
    page_second_end(p);
    page_cell_end(p);
    page_cell(p, "num");
    page_duration(p, end_ms - o->start_ms);
    page_second(p);
    html_text(&p->html, "[");
    page_duration(p, fail_ms - o->start_ms);
    html_text(&p->html, ", ");
    page_duration(p, end_ms - o->last_good_ms);
    html_text(&p->html, "]");
    page_second_end(p);
    page_cell_end(p);
}

/* As amended; what was said first stands beside it. */
static void amended(struct page *p, const char *now, const char *first)
{
    html_text(&p->html, now);
    if (strcmp(now, first) == 0)
        return;
    html_text(&p->html, " ");
    html_open_class(&p->html, "span", "was");
    html_textf(&p->html, "(%s: %s)", page_word(p, W_FIRST_SAID), first);
    html_close(&p->html);
}

static void outage_row(struct page *p, const struct sla_outage *item)
{
    const struct outage *o = &item->seen;
    struct html *h = &p->html;
    enum sla_word why;
    enum page_class class = page_outage_class(p->sla, item, &why);

    html_open(h, "tr");
    page_row_head(p);
    page_outage_id(p, o->id);
    page_second(p);
    page_functions(p, &o->functions);
    page_second_end(p);
    html_close(h);
    times_cells(p, o);
    page_cell(p, NULL);
    amended(p, sla_severity_word(o->severity, p->language),
            sla_severity_word(o->first_severity, p->language));
    page_second(p);
    amended(p, sla_cause_word(o->cause, p->language), sla_cause_word(o->first_cause, p->language));
    page_second_end(p);
    page_cell_end(p);
    page_cell(p, class == CLASS_DOWN ? "counted" : NULL);
    html_text(h, page_word(p, why));
    if (o->evidence != 0) {
        page_second(p);
        html_textf(h, "%s %" PRIu64, page_word(p, W_EVIDENCE_ENTRY), o->evidence);
        page_second_end(p);
    }
    page_cell_end(p);
    html_close(h);
}

static const enum sla_word outage_columns[][2] = {{W_OUTAGES, W_FUNCTION}, {W_START, W_RECOGNISED},
                                                  {W_END, W_REPAIRED},     {W_DURATION, W_BOUNDS},
                                                  {W_SEVERITY, W_CAUSE},   {W_COUNTED, W_EVIDENCE}};

void page_outages(struct page *p)
{
    const struct sla *sla = p->sla;
    size_t i, n = sla->n_outages < PAGE_ROWS_MAX ? sla->n_outages : PAGE_ROWS_MAX;

    page_table(p, "outages", W_OUTAGES);
    page_table_head(p, outage_columns, 6);
    for (i = 0; i < n; i++)
        outage_row(p, &sla->outages[i]);
    page_table_end(p);
    page_left_out(p, sla->n_outages - n);
}

/* ---- those that are excluded ---- */

/* The last word on its cause; NULL: nobody said any. */
static const struct amendment *ground(const struct sla *sla, const struct outage *o)
{
    size_t i;

    for (i = sla->n_amendments; i > 0; i--) {
        const struct amendment *a = sla->amendments[i - 1].amendment;

        if (a->cause >= 0 && strcmp(a->of, o->id) == 0)
            return a;
    }
    return NULL;
}

static void excluded_row(struct page *p, const struct sla_outage *item, enum sla_word why)
{
    const struct amendment *a = ground(p->sla, &item->seen);
    struct html *h = &p->html;

    html_open(h, "tr");
    page_row_head(p);
    page_outage_id(p, item->seen.id);
    page_second(p);
    page_functions(p, &item->seen.functions);
    page_second_end(p);
    html_close(h);
    page_cell(p, "when");
    page_moment(p, item->seen.start_ms);
    page_cell_end(p);
    page_duration_cell(p, until_ms(p->sla, &item->seen) - item->seen.start_ms);
    page_cell(p, "wide");
    html_text(h, why == W_NOT_COUNTED_CAUSE ? sla_cause_word(item->seen.cause, p->language)
                                            : page_word(p, why));
    if (a != NULL && why == W_NOT_COUNTED_CAUSE) {
        page_second(p);
        page_moment(p, a->at_ms);
        html_text(h, " ");
        html_leaf(h, "bdi", NULL, a->who);
        html_text(h, a->reason[0] != '\0' ? ": " : "");
        html_leaf(h, "bdi", NULL, a->reason);
        page_second_end(p);
    }
    page_cell_end(p);
    html_close(h);
}

void page_excluded(struct page *p)
{
    static const enum sla_word columns[][2] = {
        {W_OUTAGES, W_FUNCTION}, {W_START, W_COUNT}, {W_DURATION, W_COUNT}, {W_GROUNDS, W_COUNT}};
    const struct sla *sla = p->sla;
    size_t i, rows = 0;

    for (i = 0; i < sla->n_outages; i++) {
        enum sla_word why;

        if (page_outage_class(sla, &sla->outages[i], &why) != CLASS_EXCLUDED)
            continue;
        if (rows++ == 0) {
            page_table(p, "excluded", W_EXCLUDED_OUTAGES);
            page_table_head(p, columns, 4);
        }
        if (rows <= PAGE_ROWS_MAX)
            excluded_row(p, &sla->outages[i], why);
    }
    if (rows == 0) {
        page_none(p);
        return;
    }
    page_table_end(p);
    page_left_out(p, rows > PAGE_ROWS_MAX ? rows - PAGE_ROWS_MAX : 0);
}

/* ---- maintenance ---- */

static void window_row(struct page *p, const struct sla_window *item)
{
    const struct window *w = &item->window;
    struct html *h = &p->html;

    html_open(h, "tr");
    page_row_head(p);
    page_outage_id(p, w->id);
    page_second(p);
    page_functions(p, &w->functions);
    page_second_end(p);
    html_close(h);
    page_cell(p, NULL);
    html_text(h, page_word(p, w->emergency ? W_EMERGENCY : W_REGULAR));
    page_cell_end(p);
    page_cell(p, "when");
    page_moment(p, w->announced_ms);
    if (w->tells) {
        page_second(p);
        html_textf(h, "%s ", page_word(p, item->untold ? W_DELIVERED_TO_NOBODY : W_DELIVERED));
        if (!item->untold)
            page_moment(p, w->told_ms);
        page_second_end(p);
    }
    page_second(p);
    page_word_leaf(p, "span", item->notice_met ? NULL : "missed",
                   w->emergency       ? W_NOT_NEEDED
                   : item->notice_met ? W_YES
                                      : W_NO);
    if (!w->emergency && item->notice_ms > 0)
        html_textf(h, p->language == SLA_JAPANESE ? "（%d日前）" : " (%d days)",
                   (int)(item->notice_ms / 86400000));
    page_second_end(p);
    page_cell_end(p);
    page_cell(p, "when");
    page_moment(p, w->start_ms);
    page_second(p);
    page_moment(p, w->end_ms);
    page_second_end(p);
    page_cell_end(p);
    page_cell(p, "when");
    page_moment_or(p, w->finished_ms, W_AS_ANNOUNCED);
    page_second(p);
    html_leaf(h, "bdi", NULL, w->reason);
    page_second_end(p);
    page_cell_end(p);
    html_close(h);
}

void page_windows(struct page *p)
{
    static const enum sla_word columns[][2] = {{W_WINDOWS, W_FUNCTION},
                                               {W_KIND, W_COUNT},
                                               {W_ANNOUNCED, W_NOTICE_AHEAD},
                                               {W_START, W_PLANNED_END},
                                               {W_FINISHED, W_REASON}};
    const struct sla *sla = p->sla;
    size_t i, n = sla->n_windows < PAGE_ROWS_MAX ? sla->n_windows : PAGE_ROWS_MAX;

    if (n == 0) {
        page_none(p);
        return;
    }
    page_table(p, "windows", W_WINDOWS);
    page_table_head(p, columns, 5);
    for (i = 0; i < n; i++)
        window_row(p, &sla->windows[i]);
    page_table_end(p);
    page_left_out(p, sla->n_windows - n);
}

/* ---- targets ---- */

static void deadline(struct page *p, int64_t utc_ms)
{
    if (utc_ms == DESK_NEVER)
        html_text(&p->html, page_word(p, W_NONE));
    else
        page_moment_or(p, utc_ms, W_NO_TARGET);
}

static void outcome(struct page *p, enum target_outcome outcome)
{
    static const enum sla_word words[] = {[OUTCOME_NONE] = W_COUNT,
                                          [OUTCOME_RUNNING] = W_RUNNING,
                                          [OUTCOME_MET] = W_MET,
                                          [OUTCOME_MISSED] = W_NOT_MET};

    if (words[outcome] == W_COUNT)
        return;
    page_word_leaf(p, "span",
                   outcome == OUTCOME_MET      ? "met"
                   : outcome == OUTCOME_MISSED ? "missed"
                                               : NULL,
                   words[outcome]);
}

static void notices(struct page *p, const struct sla_outage *item)
{
    struct html *h = &p->html;
    size_t i;

    for (i = 0; i < item->n_notices && i < PAGE_NOTICES_MAX; i++) {
        page_second(p);
        html_leaf(h, "bdi", NULL, item->notices[i].channel);
        html_text(h, " ");
        page_moment_or(p, item->notices[i].at_ms, W_NOT_ARRIVED);
        html_text(h, " ");
        outcome(p, item->notices[i].outcome);
        page_second_end(p);
    }
    if (i < item->n_notices) {
        page_second(p);
        html_textf(h, "+ %zu", item->n_notices - i);
        page_second_end(p);
    }
}

static void target_row(struct page *p, const struct sla_outage *item)
{
    struct html *h = &p->html;

    html_open(h, "tr");
    page_row_head(p);
    page_outage_id(p, item->seen.id);
    page_second(p);
    html_text(h, sla_severity_word(item->seen.severity, p->language));
    page_second_end(p);
    html_close(h);
    page_cell(p, "when");
    page_moment_or(p, item->seen.recognised_ms, W_UNKNOWN);
    page_cell_end(p);
    page_cell(p, "when");
    deadline(p, item->notify_by_ms);
    html_text(h, " ");
    outcome(p, item->notify);
    notices(p, item);
    page_cell_end(p);
    page_cell(p, "when");
    deadline(p, item->recover_by_ms);
    html_text(h, " ");
    outcome(p, item->recovery);
    page_second(p);
    page_moment_or(p, item->seen.end_ms, W_OPEN);
    page_second_end(p);
    page_cell_end(p);
    html_close(h);
}

void page_targets(struct page *p)
{
    static const enum sla_word columns[][2] = {{W_OUTAGES, W_SEVERITY},
                                               {W_RECOGNISED, W_COUNT},
                                               {W_NOTIFY_BY, W_NOTICES},
                                               {W_RECOVER_BY, W_END}};
    const struct sla *sla = p->sla;
    size_t i, n = sla->n_outages < PAGE_ROWS_MAX ? sla->n_outages : PAGE_ROWS_MAX;

    if (n == 0) {
        page_none(p);
        return;
    }
    page_table(p, "targets", W_TARGETS);
    page_table_head(p, columns, 4);
    for (i = 0; i < n; i++)
        target_row(p, &sla->outages[i]);
    page_table_end(p);
    page_left_out(p, sla->n_outages - n);
    if (sla->lacking_year != 0) {
        html_open_class(&p->html, "p", "hint");
        html_textf(&p->html, "%s %d", page_word(p, W_LACKING_YEAR), sla->lacking_year);
        html_close(&p->html);
    }
}
