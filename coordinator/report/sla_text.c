#include "report/sla_edition.h"
#include "report/sla_pen.h"

#include <inttypes.h>
#include <stdio.h>

static void duration_line(const struct sla_pen *p, enum sla_word w, int64_t ms)
{
    pen_label(p, 2, w);
    if (ms >= 0)
        pen_duration(p, ms);
    else
        buf_str(p->out, pen_word(p, W_NONE));
    buf_str(p->out, "\n");
}

/* ---- cover ---- */

static void bound(const struct sla_pen *p, const struct bound *bound)
{
    if (bound->given)
        pen_moment(p, bound_ms(bound, p->sla->zone));
}

static void source(const struct sla_pen *p)
{
    const struct sla *sla = p->sla;
    size_t i;

    if (!sla->ledger) {
        pen_label(p, 2, W_SOURCE);
        buf_printf(p->out, "%s\n", pen_word(p, W_PLAIN_LIST));
        return;
    }
    if (sla->cluster[0] != '\0') {
        pen_label(p, 2, W_CLUSTER);
        buf_printf(p->out, "%s\n", sla->cluster);
    }
    pen_label(p, 2, W_LEDGER);
    buf_printf(p->out, "%" PRIu64 ", ", sla->ledger_size);
    for (i = 0; i < TREE_HASH; i++)
        buf_printf(p->out, "%02x", sla->ledger_root[i]);
    buf_str(p->out, "\n");
}

static void cover(const struct sla_pen *p)
{
    const struct sla *sla = p->sla;
    const struct contract *contract = sla->contract;

    buf_printf(p->out, "%s %04d-%02d %s%d%s", pen_word(p, W_TITLE), sla->year, sla->month,
               pen_word(p, W_EDITION), sla->edition, pen_word(p, W_EDITION_END));
    if (sla->provisional)
        buf_printf(p->out, " (%s)", pen_word(p, W_PROVISIONAL));
    buf_str(p->out, "\n\n");
    pen_label(p, 2, W_CONTRACT);
    buf_printf(p->out, "%s\n", contract->name);
    if (sla->contract_from != NULL) {
        pen_label(p, 2, W_CONTRACT_FROM);
        buf_printf(p->out, "%s\n", sla->contract_from);
    }
    if (contract->valid_from.given || contract->valid_until.given) {
        pen_label(p, 2, W_VALIDITY);
        bound(p, &contract->valid_from);
        buf_str(p->out, " - ");
        bound(p, &contract->valid_until);
        buf_str(p->out, "\n");
    }
    pen_label(p, 2, W_PERIOD);
    pen_moment(p, sla->period.begin_ms);
    buf_str(p->out, " - ");
    pen_moment(p, sla->period.end_ms);
    buf_printf(p->out, " (%s%s%s)\n", contract->timezone, sla->tzdata[0] != '\0' ? ", tzdata " : "",
               sla->tzdata);
    duration_line(p, W_LENGTH, sla->period.end_ms - sla->period.begin_ms);
    pen_label(p, 2, W_AS_OF);
    pen_moment(p, sla->period.as_of_ms);
    buf_str(p->out, "\n");
    source(p);
    if (sla->lacking_year != 0)
        buf_printf(p->out, "  %s %d\n", pen_word(p, W_LACKING_YEAR), sla->lacking_year);
}

/* ---- figures ---- */

static void availability(const struct sla_pen *p, const struct figures *f)
{
    char measured[PERCENT_TEXT_MAX], low[PERCENT_TEXT_MAX], high[PERCENT_TEXT_MAX];

    if (percent_text(f->availability, measured) == NULL)
        buf_str(p->out, pen_word(p, W_NOT_APPLICABLE));
    else
        buf_printf(p->out, "%s %% [%s, %s]", measured, percent_text(f->low, low),
                   percent_text(f->high, high));
}

static void verdict(const struct sla_pen *p, const struct figures *f)
{
    if (f->target_met >= 0)
        buf_printf(p->out, "  %s", pen_word(p, f->target_met == 1 ? W_MET : W_NOT_MET));
}

static void summary_rows(const struct sla_pen *p, enum sla_word kind, const struct sla_row *rows,
                         int n)
{
    char name[LIMIT_NAME * 2];
    int i;

    for (i = 0; i < n; i++) {
        snprintf(name, sizeof name, "%s %s", pen_word(p, kind), rows[i].name);
        buf_printf(p->out, "  %s", name);
        pen_pad(p, name, 28);
        availability(p, &rows[i].figures);
        verdict(p, &rows[i].figures);
        buf_str(p->out, "\n");
    }
}

static void summary(const struct sla_pen *p)
{
    static const enum sla_word judged[] = {[JUDGED_MEASURED] = W_JUDGED_MEASURED,
                                           [JUDGED_LOW] = W_JUDGED_LOW,
                                           [JUDGED_HIGH] = W_JUDGED_HIGH};
    const struct terms *terms = &p->sla->contract->terms;
    char target[PERCENT_TEXT_MAX];

    pen_heading(p, W_SUMMARY);
    pen_label(p, 2, W_TARGET);
    if (terms->target_micro > 0)
        buf_printf(p->out, "%s %%\n", sla_target_text(terms->target_micro, target));
    else
        buf_printf(p->out, "%s\n", pen_word(p, W_NO_TARGET));
    pen_label(p, 2, W_JUDGED);
    buf_printf(p->out, "%s\n", pen_word(p, judged[terms->judged_by]));
    summary_rows(p, W_SERVICE, p->sla->services, p->sla->n_services);
    summary_rows(p, W_FUNCTION, p->sla->functions, p->sla->n_functions);
}

static void downtime(const struct sla_pen *p, const struct figures *f)
{
    pen_label(p, 2, W_DOWNTIME);
    pen_duration(p, f->downtime_ms);
    buf_str(p->out, " [");
    pen_duration(p, f->downtime_low_ms);
    buf_str(p->out, ", ");
    pen_duration(p, f->downtime_high_ms);
    buf_str(p->out, "]\n");
}

static void discount(const struct sla_pen *p, const struct sla_row *row)
{
    char percent[PERCENT_TEXT_MAX];

    if (p->sla->contract->terms.n_discounts == 0)
        return;
    pen_label(p, 2, W_DISCOUNT);
    buf_printf(p->out, "%s %%", sla_target_text(row->figures.discount_micro, percent));
    if (row->discount_yen >= 0)
        buf_printf(p->out, ", %" PRId64 " %s", row->discount_yen, pen_word(p, W_YEN));
    buf_str(p->out, "\n");
}

static void row(const struct sla_pen *p, enum sla_word kind, const struct sla_row *row)
{
    const struct figures *f = &row->figures;
    char monitored[PERCENT_TEXT_MAX];

    buf_printf(p->out, "\n%s %s", pen_word(p, kind), row->name);
    if (p->language == SLA_JAPANESE && row->label_ja[0] != '\0')
        buf_printf(p->out, "（%s）", row->label_ja);
    buf_str(p->out, "\n");
    pen_label(p, 2, W_AVAILABILITY);
    availability(p, f);
    verdict(p, f);
    buf_str(p->out, "\n");
    duration_line(p, W_PLANNED, f->planned_ms);
    duration_line(p, W_MAINTENANCE, f->maintenance_ms);
    downtime(p, f);
    duration_line(p, W_EXCLUDED, f->excluded_ms);
    duration_line(p, W_IMPAIRED, f->impaired_ms);
    duration_line(p, W_UNMONITORED, f->unmonitored_ms);
    if (percent_text(f->monitored, monitored) != NULL) {
        pen_label(p, 2, W_MONITORED);
        buf_printf(p->out, "%s %%\n", monitored);
    }
    pen_label(p, 2, W_FAILURES);
    buf_printf(p->out, "%" PRIu32 "\n", f->failures);
    duration_line(p, W_MTTR, f->mttr_ms);
    duration_line(p, W_MTTA, f->mtta_ms);
    duration_line(p, W_MTBF, f->mtbf_ms);
    if (kind == W_SERVICE)
        discount(p, row);
}

/* ---- the end ---- */

static void left_out(const struct sla_pen *p)
{
    const struct sla *sla = p->sla;
    const char *comma = " ";
    int i;

    if (sla->names->n > sla->contract->n_functions && !sla->part) {
        buf_printf(p->out, "\n%s:", pen_word(p, W_NOT_IN_CONTRACT));
        for (i = sla->contract->n_functions; i < sla->names->n; i++)
            buf_printf(p->out, " %s", sla->names->names[i]);
        buf_str(p->out, "\n");
    }
    buf_printf(p->out, "\n%s:", pen_word(p, W_MISSING));
    for (i = 0; sla->missing[i] != NULL; i++, comma = p->language == SLA_JAPANESE ? "、" : ", ")
        buf_printf(p->out, "%s%s", comma, sla_missing_word(sla->missing[i], p->language));
    buf_printf(p->out, "\n%s\n", pen_word(p, W_EXACT));
    if (sla->ledger)
        buf_printf(p->out, "%s\n", pen_word(p, W_DISAGREEMENTS));
    else
        buf_printf(p->out, "%s\n", pen_word(p, W_VERIFY_LIST));
}

void sla_text(const struct sla *sla, enum sla_language language, struct buf *out)
{
    const struct sla_pen p = {sla, out, language};
    int i;

    cover(&p);
    summary(&p);
    for (i = 0; i < sla->n_services; i++)
        row(&p, W_SERVICE, &sla->services[i]);
    for (i = 0; i < sla->n_functions; i++)
        row(&p, W_FUNCTION, &sla->functions[i]);
    pen_lists(&p);
    sla_edition_text(sla, language, out);
    left_out(&p);
}
