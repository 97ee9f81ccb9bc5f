#include "report/ledger_events.h"
#include "report/sla_edition.h"
#include "report/sla_page.h"

/* What was said later: amendments of the month's outages, and what made this edition. */

static void changed(struct page *p, const char *from, const char *to)
{
    html_textf(&p->html, "%s → %s", from, to);
}

static void amendment_row(struct page *p, const struct sla_amendment *item)
{
    const struct amendment *a = item->amendment;
    struct html *h = &p->html;

    html_open(h, "tr");
    page_row_head(p);
    page_outage_id(p, a->of);
    html_close(h);
    page_cell(p, "when");
    page_moment(p, a->at_ms);
    page_second(p);
    html_leaf(h, "bdi", NULL, a->who);
    page_second_end(p);
    page_cell_end(p);
    page_cell(p, "wide");
    if (a->severity >= 0)
        changed(p, sla_severity_word(item->severity_was, p->language),
                sla_severity_word((enum severity)a->severity, p->language));
    if (a->severity >= 0 && a->cause >= 0)
        html_text(h, p->language == SLA_JAPANESE ? "、" : ", ");
    if (a->cause >= 0)
        changed(p, sla_cause_word(item->cause_was, p->language),
                sla_cause_word((enum cause)a->cause, p->language));
    if (a->severity < 0 && a->cause < 0)
        html_text(h, page_word(p, W_NOTE));
    page_second(p);
    html_leaf(h, "bdi", NULL, a->reason);
    page_second_end(p);
    page_cell_end(p);
    html_close(h);
}

static void difference_item(void *context, const struct sla_difference *difference)
{
    struct page *p = context;
    struct buf text = {0};

    sla_difference_text(difference, p->language, &text);
    html_leaf(&p->html, "li", NULL, buf_cstr(&text));
    buf_free(&text);
}

/* Since the edition before. */
static void edition_changes(struct page *p)
{
    const struct sla *sla = p->sla;
    struct buf text = {0};
    size_t i;

    html_open(&p->html, "h3");
    html_textf(&p->html, "%s: %s%d%s", page_word(p, W_SINCE_EDITION), page_word(p, W_EDITION),
               sla->before->edition, page_word(p, W_EDITION_END));
    html_close(&p->html);
    html_open(&p->html, "ul");
    for (i = 0; i < sla->view->n_changes && i < PAGE_ROWS_MAX; i++) {
        buf_clear(&text);
        sla_change_text(sla, &sla->view->changes[i], p->language, &text);
        html_leaf(&p->html, "li", NULL, buf_cstr(&text));
    }
    sla_differences(sla->before, sla, difference_item, p);
    html_close(&p->html);
    page_left_out(p, sla->view->n_changes - i);
    buf_free(&text);
}

void page_amendments(struct page *p)
{
    static const enum sla_word columns[][2] = {
        {W_AMENDMENT_OF, W_COUNT}, {W_AMENDMENT_AT, W_AMENDMENT_WHO}, {W_AMENDMENT_SET, W_REASON}};
    const struct sla *sla = p->sla;
    size_t i, n = sla->n_amendments < PAGE_ROWS_MAX ? sla->n_amendments : PAGE_ROWS_MAX;

    if (n == 0) {
        page_none(p);
    } else {
        page_table(p, "amendments", W_AMENDMENTS);
        page_table_head(p, columns, 3);
        for (i = 0; i < n; i++)
            amendment_row(p, &sla->amendments[i]);
        page_table_end(p);
        page_left_out(p, sla->n_amendments - n);
    }
    if (sla->view != NULL && sla->before != NULL)
        edition_changes(p);
}
