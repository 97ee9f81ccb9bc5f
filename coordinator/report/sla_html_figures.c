#include "report/sla_page.h"

#include <inttypes.h>
#include <stdio.h>

static void verdict_cell(struct page *p, const struct figures *f)
{
    char text[PERCENT_TEXT_MAX];
    int64_t target_micro = p->sla->contract->terms.target_micro;

    page_cell(p, "num");
    if (f->target_met < 0) {
        html_text(&p->html, page_word(p, f->planned_ms == 0 ? W_NOT_APPLICABLE : W_NO_TARGET));
    } else {
        page_word_leaf(p, "span", f->target_met == 1 ? "met" : "missed",
                       f->target_met == 1 ? W_MET : W_NOT_MET);
        page_second(p);
        html_textf(&p->html, "%s %%", sla_target_text(target_micro, text));
        page_second_end(p);
    }
    page_cell_end(p);
}

static void name_cell(struct page *p, const struct sla_row *row, int function)
{
    page_row_head(p);
    if (function >= 0)
        page_function_name(p, function);
    else
        html_leaf(&p->html, "bdi", NULL, row->name);
    html_close(&p->html);
}

static void figures_row(struct page *p, const struct sla_row *row, int function)
{
    const struct figures *f = &row->figures;
    struct html *h = &p->html;
    char low[PERCENT_TEXT_MAX], high[PERCENT_TEXT_MAX];

    html_open(h, "tr");
    name_cell(p, row, function);
    page_duration_cell(p, f->planned_ms);
    page_duration_cell(p, f->maintenance_ms);
    page_cell(p, f->downtime_ms == 0 ? "num zero" : "num");
    page_duration(p, f->downtime_ms);
    page_second(p);
    html_text(h, "[");
    page_duration(p, f->downtime_low_ms);
    html_text(h, ", ");
    page_duration(p, f->downtime_high_ms);
    html_text(h, "]");
    page_second_end(p);
    page_cell_end(p);
    page_duration_cell(p, f->excluded_ms);
    page_duration_cell(p, f->impaired_ms);
    page_duration_cell(p, f->unmonitored_ms);
    page_cell(p, "num strong");
    page_percent(p, f->availability);
    if (percent_text(f->low, low) != NULL) {
        page_second(p);
        html_textf(h, "[%s, %s]", low, percent_text(f->high, high));
        page_second_end(p);
    }
    page_cell_end(p);
    verdict_cell(p, f);
    html_close(h);
}

static void group(struct page *p, enum sla_word word, int columns)
{
    struct html *h = &p->html;

    html_open_class(h, "tr", "group");
    html_open(h, "th");
    html_attr(h, "scope", "rowgroup");
    html_attrf(h, "colspan", "%d", columns);
    html_text(h, page_word(p, word));
    html_close(h);
    html_close(h);
}

static void mean_cell(struct page *p, int64_t ms)
{
    page_cell(p, "num");
    if (ms < 0)
        html_text(&p->html, page_word(p, W_NONE));
    else
        page_duration(p, ms);
    page_cell_end(p);
}

static void failures_row(struct page *p, const struct sla_row *row, int function)
{
    html_open(&p->html, "tr");
    name_cell(p, row, function);
    page_cell(p, "num");
    html_textf(&p->html, "%" PRIu32, row->figures.failures);
    page_cell_end(p);
    mean_cell(p, row->figures.mttr_ms);
    mean_cell(p, row->figures.mtta_ms);
    mean_cell(p, row->figures.mtbf_ms);
    html_close(&p->html);
}

/* Services before functions, as the summary has them. */
static void all_rows(struct page *p, int columns,
                     void (*print)(struct page *, const struct sla_row *, int))
{
    const struct sla *sla = p->sla;
    int i;

    if (sla->n_services > 0)
        group(p, W_SERVICE, columns);
    for (i = 0; i < sla->n_services; i++)
        print(p, &sla->services[i], -1);
    if (sla->n_functions > 0)
        group(p, W_FUNCTION, columns);
    for (i = 0; i < sla->n_functions; i++)
        print(p, &sla->functions[i], page_function(sla, i));
}

void page_availability(struct page *p)
{
    static const enum sla_word times[][2] = {
        {W_NAME, W_COUNT},        {W_PLANNED, W_COUNT},       {W_MAINTENANCE, W_COUNT},
        {W_DOWNTIME, W_BOUNDS},   {W_EXCLUDED, W_COUNT},      {W_IMPAIRED, W_COUNT},
        {W_UNMONITORED, W_COUNT}, {W_AVAILABILITY, W_BOUNDS}, {W_VERDICT, W_TARGET}};
    static const enum sla_word repairs[][2] = {{W_NAME, W_COUNT},
                                               {W_FAILURES, W_COUNT},
                                               {W_MTTR, W_COUNT},
                                               {W_MTTA, W_COUNT},
                                               {W_MTBF, W_COUNT}};

    page_table(p, "figures", W_AVAILABILITY);
    page_table_head(p, times, 9);
    all_rows(p, 9, figures_row);
    page_table_end(p);
    page_word_leaf(p, "h3", NULL, W_RELIABILITY);
    page_table(p, "repairs", W_RELIABILITY);
    page_table_head(p, repairs, 5);
    all_rows(p, 5, failures_row);
    page_table_end(p);
}
