#include "report/sla_edition.h"
#include "report/sla_words.h"

#include <inttypes.h>
#include <stdlib.h>

struct page {
    const struct sla *sla;
    struct buf *out;
    enum sla_language language;
};

static const char *word(const struct page *p, enum sla_word w)
{
    return sla_word(w, p->language);
}

/* "2026-11-01 00:00:00.000 +09:00" */
static void moment(const struct page *p, int64_t utc_ms)
{
    int offset_s = zone_offset(p->sla->zone, utc_ms);
    char text[UTC_TEXT_MAX];
    int minutes = abs(offset_s) / 60;

    utc_format(utc_ms + offset_s * 1000ll, text);
    buf_printf(p->out, "%.10s %.12s %c%02d:%02d", text, text + 11, offset_s < 0 ? '-' : '+',
               minutes / 60, minutes % 60);
}

static void duration(const struct page *p, int64_t ms)
{
    buf_printf(p->out, "%" PRId64 ":%02d:%02d.%03d", ms / 3600000, (int)(ms / 60000 % 60),
               (int)(ms / 1000 % 60), (int)(ms % 1000));
}

static void duration_line(const struct page *p, enum sla_word w, int64_t ms)
{
    buf_printf(p->out, "  %s: ", word(p, w));
    duration(p, ms);
    buf_str(p->out, "\n");
}

static void cover(const struct page *p)
{
    const struct sla *sla = p->sla;
    size_t i;

    buf_printf(p->out, "%s %04d-%02d%s%s%s\n", word(p, W_TITLE), sla->year, sla->month,
               sla->provisional ? " (" : "", sla->provisional ? word(p, W_PROVISIONAL) : "",
               sla->provisional ? ")" : "");
    if (sla->cluster[0] != '\0')
        buf_printf(p->out, "%s: %s\n", word(p, W_CLUSTER), sla->cluster);
    buf_printf(p->out, "%s: %s, %s%d%s\n", word(p, W_CONTRACT), sla->contract->name,
               word(p, W_EDITION), sla->edition, word(p, W_EDITION_END));
    if (sla->contract_from != NULL)
        buf_printf(p->out, "%s: %s\n", word(p, W_CONTRACT_FROM), sla->contract_from);
    buf_printf(p->out, "%s: ", word(p, W_PERIOD));
    moment(p, sla->period.begin_ms);
    buf_str(p->out, " - ");
    moment(p, sla->period.end_ms);
    buf_printf(p->out, " (%s%s%s)\n", sla->contract->timezone,
               sla->tzdata[0] != '\0' ? ", tzdata " : "", sla->tzdata);
    buf_printf(p->out, "%s: ", word(p, W_AS_OF));
    moment(p, sla->period.as_of_ms);
    buf_printf(p->out, "\n%s: %" PRIu64 ", ", word(p, W_LEDGER), sla->ledger_size);
    for (i = 0; i < TREE_HASH; i++)
        buf_printf(p->out, "%02x", sla->ledger_root[i]);
    buf_str(p->out, "\n");
}

static void availability(const struct page *p, const struct figures *f)
{
    char measured[PERCENT_TEXT_MAX], low[PERCENT_TEXT_MAX], high[PERCENT_TEXT_MAX];

    if (percent_text(f->availability, measured) == NULL) {
        buf_printf(p->out, "  %s: %s\n", word(p, W_AVAILABILITY), word(p, W_NOT_APPLICABLE));
        return;
    }
    buf_printf(p->out, "  %s: %s %% [%s, %s]\n", word(p, W_AVAILABILITY), measured,
               percent_text(f->low, low), percent_text(f->high, high));
    if (f->target_met >= 0)
        buf_printf(p->out, "  %s: %s %% %s\n", word(p, W_TARGET),
                   sla_target_text(p->sla->contract->terms.target_micro, measured),
                   word(p, f->target_met == 1 ? W_MET : W_NOT_MET));
}

static void row(const struct page *p, enum sla_word kind, const struct sla_row *row)
{
    const struct figures *f = &row->figures;

    buf_printf(p->out, "\n%s %s", word(p, kind), row->name);
    if (p->language == SLA_JAPANESE && row->label_ja[0] != '\0')
        buf_printf(p->out, "（%s）", row->label_ja);
    buf_str(p->out, "\n");
    availability(p, f);
    duration_line(p, W_PLANNED, f->planned_ms);
    duration_line(p, W_MAINTENANCE, f->maintenance_ms);
    buf_printf(p->out, "  %s: ", word(p, W_DOWNTIME));
    duration(p, f->downtime_ms);
    buf_str(p->out, " [");
    duration(p, f->downtime_low_ms);
    buf_str(p->out, ", ");
    duration(p, f->downtime_high_ms);
    buf_str(p->out, "]\n");
    duration_line(p, W_EXCLUDED, f->excluded_ms);
    duration_line(p, W_IMPAIRED, f->impaired_ms);
    duration_line(p, W_UNMONITORED, f->unmonitored_ms);
    buf_printf(p->out, "  %s: %" PRIu32 "\n", word(p, W_FAILURES), f->failures);
    if (f->mttr_ms >= 0)
        duration_line(p, W_MTTR, f->mttr_ms);
    else
        buf_printf(p->out, "  %s: %s\n", word(p, W_MTTR), word(p, W_NONE));
}

static void names(const struct page *p, const struct function_set *set)
{
    const char *comma = "";
    int i;

    for (i = 0; i < p->sla->names->n; i++) {
        if (!function_set_has(set, i))
            continue;
        buf_printf(p->out, "%s%s", comma, p->sla->names->names[i]);
        comma = ", ";
    }
}

static void outages(const struct page *p)
{
    size_t i;

    buf_printf(p->out, "\n%s\n", word(p, W_OUTAGES));
    if (p->sla->n_outages == 0)
        buf_printf(p->out, "  %s\n", word(p, W_NONE));
    for (i = 0; i < p->sla->n_outages; i++) {
        const struct sla_outage *item = &p->sla->outages[i];

        buf_printf(p->out, "  #%s ", item->seen.id);
        names(p, &item->seen.functions);
        buf_str(p->out, ": ");
        moment(p, item->seen.start_ms);
        buf_str(p->out, " - ");
        if (item->seen.end_ms == UTC_NONE) {
            buf_str(p->out, word(p, W_OPEN));
        } else {
            moment(p, item->seen.end_ms);
            buf_str(p->out, " (");
            duration(p, item->seen.end_ms - item->seen.start_ms);
            buf_str(p->out, ")");
        }
        buf_printf(p->out, ", %s, %s%s%s\n", sla_severity_word(item->seen.severity, p->language),
                   sla_cause_word(item->seen.cause, p->language), item->counted ? "" : ", ",
                   item->counted ? "" : word(p, W_NOT_COUNTED));
    }
}

static void windows(const struct page *p)
{
    size_t i;

    buf_printf(p->out, "\n%s\n", word(p, W_WINDOWS));
    if (p->sla->n_windows == 0)
        buf_printf(p->out, "  %s\n", word(p, W_NONE));
    for (i = 0; i < p->sla->n_windows; i++) {
        const struct window *w = &p->sla->windows[i].window;

        buf_printf(p->out, "  #%s ", w->id);
        names(p, &w->functions);
        buf_printf(p->out, ": %s, ", word(p, w->emergency ? W_EMERGENCY : W_REGULAR));
        moment(p, w->start_ms);
        buf_str(p->out, " - ");
        moment(p, w->end_ms);
        buf_printf(p->out, ", %s ", word(p, W_ANNOUNCED));
        moment(p, w->announced_ms);
        if (w->finished_ms != UTC_NONE) {
            buf_printf(p->out, ", %s ", word(p, W_FINISHED));
            moment(p, w->finished_ms);
        }
        if (!p->sla->windows[i].notice_met)
            buf_printf(p->out, ", %s", word(p, W_NOTICE_MISSED));
        buf_str(p->out, "\n");
    }
}

void sla_text(const struct sla *sla, enum sla_language language, struct buf *out)
{
    const struct page p = {sla, out, language};
    int i;

    cover(&p);
    for (i = 0; i < sla->n_services; i++)
        row(&p, W_SERVICE, &sla->services[i]);
    for (i = 0; i < sla->n_functions; i++)
        row(&p, W_FUNCTION, &sla->functions[i]);
    outages(&p);
    windows(&p);
    sla_edition_text(sla, language, out);
    if (sla->names->n > sla->contract->n_functions && !sla->part) {
        buf_printf(out, "\n%s:", word(&p, W_NOT_IN_CONTRACT));
        for (i = sla->contract->n_functions; i < sla->names->n; i++)
            buf_printf(out, " %s", sla->names->names[i]);
        buf_str(out, "\n");
    }
    buf_printf(out, "\n%s:", word(&p, W_MISSING));
    for (i = 0; sla->missing[i] != NULL; i++)
        buf_printf(out, " %s", sla->missing[i]);
    buf_str(out, "\n");
}
