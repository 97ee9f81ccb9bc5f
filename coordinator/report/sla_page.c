#include "report/sla_page.h"
#include "base/utc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *page_word(const struct page *p, enum sla_word word)
{
    return sla_word(word, p->language);
}

void page_word_leaf(struct page *p, const char *element, const char *class_name, enum sla_word word)
{
    html_leaf(&p->html, element, class_name, page_word(p, word));
}

/* ---- times and figures ---- */

static void moment(struct page *p, int64_t utc_ms, bool offset)
{
    int offset_s = zone_offset(p->sla->zone, utc_ms), minutes = abs(offset_s) / 60, date;
    struct html *h = &p->html;
    char text[UTC_TEXT_MAX];

    html_open_class(h, "time", NULL);
    utc_format(utc_ms, text);
    html_attr(h, "datetime", text);
    utc_format(utc_ms + offset_s * 1000ll, text);
    date = (int)strcspn(text, "T");
    html_textf(h, "%.*s %.8s", date, text, text + date + 1);
    html_open_class(h, "span", "ms");
    html_textf(h, "%.4s", text + date + 9);
    if (offset)
        html_textf(h, " %c%02d:%02d", offset_s < 0 ? '-' : '+', minutes / 60, minutes % 60);
    html_close(h);
    html_close(h);
}

void page_moment_offset(struct page *p, int64_t utc_ms)
{
    moment(p, utc_ms, true);
}

void page_moment(struct page *p, int64_t utc_ms)
{
    const struct sla *sla = p->sla;
    int usual = zone_offset(sla->zone, sla->period.begin_ms);

    moment(p, utc_ms,
           zone_offset(sla->zone, utc_ms) != usual ||
               zone_offset(sla->zone, sla->period.end_ms) != usual);
}

void page_duration(struct page *p, int64_t ms)
{
    struct html *h = &p->html;

    html_open_class(h, "span", "dur");
    html_textf(h, "%" PRId64 ":%02d:%02d", ms / 3600000, (int)(ms / 60000 % 60),
               (int)(ms / 1000 % 60));
    html_open_class(h, "span", "ms");
    html_textf(h, ".%03d", (int)(ms % 1000));
    html_close(h);
    html_close(h);
}

void page_percent(struct page *p, int64_t percent)
{
    char text[PERCENT_TEXT_MAX];

    if (percent_text(percent, text) == NULL)
        html_text(&p->html, page_word(p, W_NOT_APPLICABLE));
    else
        html_textf(&p->html, "%s %%", text);
}

void page_function_name(struct page *p, int function)
{
    const struct contract *contract = p->sla->contract;
    const char *label = p->language == SLA_JAPANESE && function < contract->n_functions
                            ? contract->functions[function].label_ja
                            : "";

    if (label[0] != '\0') {
        html_leaf(&p->html, "bdi", NULL, label);
        html_text(&p->html, " ");
    }
    html_leaf(&p->html, "bdi", label[0] != '\0' ? "code" : NULL, p->sla->names->names[function]);
}

void page_functions(struct page *p, const struct function_set *set)
{
    const char *comma = "";
    int i;

    for (i = 0; i < p->sla->names->n; i++) {
        if (!function_set_has(set, i))
            continue;
        html_text(&p->html, comma);
        page_function_name(p, i);
        comma = p->language == SLA_JAPANESE ? "、" : ", ";
    }
}

void page_outage_id(struct page *p, const char *id)
{
    html_open_class(&p->html, "bdi", "id");
    html_textf(&p->html, "#%s", id);
    html_close(&p->html);
}

/* ---- frames ---- */

void page_section(struct page *p, enum sla_word heading)
{
    struct html *h = &p->html;

    html_open(h, "section");
    html_attrf(h, "aria-labelledby", "s%d", ++p->sections);
    html_open(h, "h2");
    html_attrf(h, "id", "s%d", p->sections);
    html_open_class(h, "span", "no");
    html_textf(h, "%d", p->sections);
    html_close(h);
    html_text(h, page_word(p, heading));
    html_close(h);
}

void page_section_end(struct page *p)
{
    html_close(&p->html);
}

void page_none(struct page *p)
{
    page_word_leaf(p, "p", "none", W_NONE);
}

void page_table(struct page *p, const char *class_name, enum sla_word caption)
{
    struct html *h = &p->html;

    html_open_class(h, "div", "scroll");
    html_attr(h, "tabindex", "0");
    html_attr(h, "role", "region");
    html_attr(h, "aria-label", page_word(p, caption));
    html_open_class(h, "table", class_name);
}

void page_table_head(struct page *p, const enum sla_word (*columns)[2], int n)
{
    struct html *h = &p->html;
    int i;

    html_open(h, "thead");
    html_open(h, "tr");
    for (i = 0; i < n; i++) {
        html_open(h, "th");
        html_attr(h, "scope", "col");
        html_text(h, page_word(p, columns[i][0]));
        if (columns[i][1] != W_COUNT)
            page_word_leaf(p, "span", "second", columns[i][1]);
        html_close(h);
    }
    html_close(h);
    html_close(h);
    html_open(h, "tbody");
}

void page_table_end(struct page *p)
{
    html_close(&p->html);
    html_close(&p->html);
    html_close(&p->html);
}

/* ---- cells ---- */

void page_cell(struct page *p, const char *class_name)
{
    html_open_class(&p->html, "td", class_name);
}

void page_cell_end(struct page *p)
{
    html_close(&p->html);
}

void page_duration_cell(struct page *p, int64_t ms)
{
    page_cell(p, ms == 0 ? "num zero" : "num");
    page_duration(p, ms);
    page_cell_end(p);
}

/* A second line in the cell. */
void page_second(struct page *p)
{
    html_open_class(&p->html, "span", "second");
}

void page_second_end(struct page *p)
{
    html_close(&p->html);
}

void page_row_head(struct page *p)
{
    html_open(&p->html, "th");
    html_attr(&p->html, "scope", "row");
}

void page_left_out(struct page *p, size_t n)
{
    if (n == 0)
        return;
    html_open_class(&p->html, "p", "hint");
    html_textf(&p->html, "%zu %s", n, page_word(p, W_ROWS_LEFT_OUT));
    html_close(&p->html);
}

/* A moment that may not have come. */
void page_moment_or(struct page *p, int64_t utc_ms, enum sla_word otherwise)
{
    if (utc_ms == UTC_NONE)
        html_text(&p->html, page_word(p, otherwise));
    else
        page_moment(p, utc_ms);
}

/* ---- what is told of ---- */

int page_rows(const struct sla *sla)
{
    return sla->n_services > 0 ? sla->n_services : sla->n_functions;
}

const struct sla_row *page_row(const struct sla *sla, int row)
{
    return sla->n_services > 0 ? &sla->services[row] : &sla->functions[row];
}

int page_function(const struct sla *sla, int row)
{
    return contract_function(sla->contract, sla->functions[row].name);
}

void page_row_shares(const struct sla *sla, int row, struct shares *shares)
{
    const struct contract *contract = sla->contract;
    struct function_set critical = {0};
    int i;

    if (sla->n_services == 0)
        function_set_add(&critical, page_function(sla, row));
    for (i = 0; i < contract->n_services && sla->n_services > 0; i++)
        if (strcmp(contract->services[i].name, sla->services[row].name) == 0)
            critical = contract->services[i].critical;
    account_service_shares(sla->account, &critical, shares);
}

int64_t page_budget_ms(const struct sla *sla, const struct figures *figures)
{
    int64_t target_micro = sla->contract->terms.target_micro;

    if (target_micro <= 0 || figures->planned_ms == 0)
        return -1;
    return figures->planned_ms * (PERCENT_MICRO_MAX - target_micro) / PERCENT_MICRO_MAX;
}

/* ---- classes ---- */

static const struct {
    const char *css;
    enum sla_word word;
} classes[CLASS_COUNT] = {
    [CLASS_PLANNED] = {"k-planned", W_CLASS_PLANNED},
    [CLASS_DOWN] = {"k-down", W_CLASS_DOWN},
    [CLASS_EXCLUDED] = {"k-excluded", W_CLASS_EXCLUDED},
    [CLASS_IMPAIRED] = {"k-impaired", W_CLASS_IMPAIRED},
    [CLASS_UNMONITORED] = {"k-unmonitored", W_CLASS_UNMONITORED},
    [CLASS_MAINTENANCE] = {"k-maintenance", W_CLASS_MAINTENANCE},
    [CLASS_OUTSIDE] = {"k-outside", W_CLASS_OUTSIDE},
};

const char *page_class_css(enum page_class class)
{
    return classes[class].css;
}

enum sla_word page_class_word(enum page_class class)
{
    return classes[class].word;
}

enum page_class page_outage_class(const struct sla *sla, const struct sla_outage *outage,
                                  enum sla_word *why)
{
    bool down_severity = sla->contract->terms.down_severity[outage->seen.severity];

    switch (outage->standing) {
    case SLA_DOWN:
        /* One of an earlier month goes on as downtime, but is that month's failure. */
        *why = outage->failure || outage->seen.start_ms < sla->period.begin_ms
                   ? W_COUNTED_DOWN
                   : W_NOT_COUNTED_WINDOW;
        return *why == W_COUNTED_DOWN ? CLASS_DOWN : CLASS_EXCLUDED;
    case SLA_EXCLUDED_CAUSE:
        *why = W_NOT_COUNTED_CAUSE;
        return down_severity ? CLASS_EXCLUDED : CLASS_OUTSIDE;
    case SLA_OTHER_SEVERITY:
        *why = W_NOT_COUNTED_SEVERITY;
        return CLASS_IMPAIRED;
    case SLA_TOO_SHORT:
        break;
    }
    *why = W_NOT_COUNTED_SHORT;
    return CLASS_OUTSIDE;
}
