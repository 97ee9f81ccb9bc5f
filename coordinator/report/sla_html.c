#include "report/sla_page.h"
#include "base/utc.h"

#include <inttypes.h>
#include <stdio.h>

/* ---- cover ---- */

static void fact(struct page *p, enum sla_word word)
{
    page_word_leaf(p, "dt", NULL, word);
    html_open(&p->html, "dd");
}

static void month_name(struct page *p)
{
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};

    if (p->language == SLA_JAPANESE)
        html_textf(&p->html, "%d年%d月", p->sla->year, p->sla->month);
    else
        html_textf(&p->html, "%s %d", months[p->sla->month - 1], p->sla->year);
}

static void edition(struct page *p)
{
    html_textf(&p->html, "%s%d%s", page_word(p, W_EDITION), p->sla->edition,
               page_word(p, W_EDITION_END));
}

static void facts(struct page *p)
{
    static const enum sla_word judged[] = {[JUDGED_MEASURED] = W_JUDGED_MEASURED,
                                           [JUDGED_LOW] = W_JUDGED_LOW,
                                           [JUDGED_HIGH] = W_JUDGED_HIGH};
    const struct sla *sla = p->sla;
    struct html *h = &p->html;

    html_open_class(h, "dl", "facts");
    fact(p, W_CONTRACT);
    html_leaf(h, "bdi", NULL, sla->contract->name);
    if (sla->contract_from != NULL) {
        html_text(h, " · ");
        html_leaf(h, "bdi", "from", sla->contract_from);
    }
    html_close(h);
    if (sla->ledger && sla->cluster[0] != '\0') {
        fact(p, W_CLUSTER);
        html_leaf(h, "bdi", NULL, sla->cluster);
        html_close(h);
    }
    fact(p, W_PERIOD);
    page_moment_offset(p, sla->period.begin_ms);
    html_text(h, " – ");
    page_moment_offset(p, sla->period.end_ms);
    html_close(h);
    fact(p, W_AS_OF);
    page_moment_offset(p, sla->period.as_of_ms);
    html_close(h);
    fact(p, W_TIMEZONE);
    html_text(h, sla->contract->timezone);
    if (sla->tzdata[0] != '\0')
        html_textf(h, " (tzdata %s)", sla->tzdata);
    html_close(h);
    fact(p, W_JUDGED);
    html_text(h, page_word(p, judged[sla->contract->terms.judged_by]));
    html_close(h);
    html_close(h);
}

/* Room for names and seals. */
static void signatures(struct page *p)
{
    static const enum sla_word boxes[] = {W_SIGN_APPROVED, W_SIGN_CHECKED, W_SIGN_PREPARED};
    size_t i;

    html_open_class(&p->html, "ul", "seals");
    for (i = 0; i < sizeof boxes / sizeof boxes[0]; i++)
        page_word_leaf(p, "li", NULL, boxes[i]);
    html_close(&p->html);
}

static void cover(struct page *p)
{
    struct html *h = &p->html;

    html_open_class(h, "header", "cover");
    html_open(h, "h1");
    page_word_leaf(p, "span", "title", W_TITLE);
    html_text(h, " ");
    html_open_class(h, "span", "month");
    month_name(p);
    html_close(h);
    html_close(h);
    html_open_class(h, "p", "badges");
    html_open_class(h, "span", "badge");
    edition(p);
    html_close(h);
    if (p->sla->provisional) {
        html_text(h, " ");
        page_word_leaf(p, "span", "badge provisional", W_PROVISIONAL);
    }
    html_close(h);
    facts(p);
    signatures(p);
    html_close(h);
}

/* ---- summary ---- */

/* A ring or a cross, which fonts draw in sizes that do not go together. */
static void mark(struct page *p, bool met)
{
    struct html *h = &p->html;

    html_open_class(h, "svg", "mark");
    html_attr(h, "viewBox", "0 0 100 100");
    html_attr(h, "aria-hidden", "true");
    html_void(h, met ? "circle" : "path");
    if (met) {
        html_attr(h, "cx", "50");
        html_attr(h, "cy", "50");
        html_attr(h, "r", "42");
    } else {
        html_attr(h, "d", "M12 12L88 88M88 12L12 88");
    }
    html_void_end(h);
    html_close(h);
}

static void verdict(struct page *p, const struct figures *f)
{
    struct html *h = &p->html;
    enum sla_word word = f->planned_ms == 0   ? W_NOT_APPLICABLE
                         : f->target_met < 0  ? W_NO_TARGET
                         : f->target_met == 1 ? W_MET
                                              : W_NOT_MET;

    html_open_class(h, "p",
                    word == W_MET       ? "verdict met"
                    : word == W_NOT_MET ? "verdict missed"
                                        : "verdict");
    if (word == W_MET || word == W_NOT_MET) {
        mark(p, word == W_MET);
    }
    html_text(h, page_word(p, word));
    html_close(h);
}

static void card_facts(struct page *p, const struct figures *f)
{
    int64_t budget_ms = page_budget_ms(p->sla, f);
    struct html *h = &p->html;
    char text[PERCENT_TEXT_MAX];

    html_open(h, "dl");
    if (p->sla->contract->terms.target_micro > 0) {
        fact(p, W_TARGET);
        html_textf(h, "%s %%", sla_target_text(p->sla->contract->terms.target_micro, text));
        html_close(h);
    }
    fact(p, W_DOWNTIME);
    page_duration(p, f->downtime_ms);
    html_close(h);
    if (budget_ms >= 0) {
        fact(p, W_BUDGET);
        page_duration(p, budget_ms);
        html_close(h);
    }
    fact(p, W_FAILURES);
    html_textf(h, "%" PRIu32, f->failures);
    html_close(h);
    if (p->sla->contract->terms.n_discounts > 0 && p->sla->n_services > 0) {
        fact(p, W_DISCOUNT);
        html_textf(h, "%s %%", sla_target_text(f->discount_micro, text));
        html_close(h);
    }
    html_close(h);
}

static void card(struct page *p, const struct sla_row *row)
{
    const struct figures *f = &row->figures;
    struct html *h = &p->html;
    char low[PERCENT_TEXT_MAX], high[PERCENT_TEXT_MAX];

    html_open_class(h, "article", "card");
    html_open(h, "h3");
    html_leaf(h, "bdi", NULL, row->name);
    html_close(h);
    verdict(p, f);
    html_open_class(h, "p", "percent");
    page_percent(p, f->availability);
    if (percent_text(f->low, low) != NULL) {
        html_open_class(h, "span", "second");
        html_textf(h, "[%s, %s]", low, percent_text(f->high, high));
        html_close(h);
    }
    html_close(h);
    card_facts(p, f);
    html_close(h);
}

static void summary(struct page *p)
{
    int i;

    page_section(p, W_SUMMARY);
    html_open_class(&p->html, "div", "cards");
    for (i = 0; i < page_rows(p->sla); i++)
        card(p, page_row(p->sla, i));
    html_close(&p->html);
    page_word_leaf(p, "p", "hint", W_EXACT);
    page_section_end(p);
}

/* ---- availability with its plots ---- */

static void plots(struct page *p)
{
    int n = page_rows(p->sla), i;

    for (i = 0; i < n && i < PAGE_PLOTS_MAX; i++) {
        html_open_class(&p->html, "div", "plots");
        html_open(&p->html, "h3");
        html_leaf(&p->html, "bdi", NULL, page_row(p->sla, i)->name);
        html_close(&p->html);
        if (i == 0)
            page_legend(p);
        html_open(&p->html, "figure");
        page_word_leaf(p, "figcaption", NULL, W_CALENDAR);
        page_calendar(p, i);
        html_close(&p->html);
        html_open(&p->html, "figure");
        page_word_leaf(p, "figcaption", NULL, W_BURN);
        page_burn(p, i);
        html_close(&p->html);
        html_close(&p->html);
    }
    if (n > i) {
        html_open_class(&p->html, "p", "hint");
        html_textf(&p->html, "%d %s", n - i, page_word(p, W_PLOTS_LEFT_OUT));
        html_close(&p->html);
    }
}

static void availability(struct page *p)
{
    page_section(p, W_AVAILABILITY);
    page_availability(p);
    plots(p);
    page_section_end(p);
}

static void outages(struct page *p)
{
    page_section(p, W_OUTAGES);
    if (p->sla->n_outages == 0) {
        page_none(p);
    } else {
        page_timeline(p);
        page_outages(p);
    }
    page_section_end(p);
}

/* ---- discount ---- */

/* "¥480,000" */
static void yen(struct page *p, int64_t amount)
{
    int64_t unit = 1;

    while (amount / unit >= 1000)
        unit *= 1000;
    html_textf(&p->html, "¥%" PRId64, amount / unit);
    for (; unit > 1; unit /= 1000)
        html_textf(&p->html, ",%03" PRId64, amount % unit / (unit / 1000));
}

static void tiers(struct page *p)
{
    const struct terms *terms = &p->sla->contract->terms;
    static const enum sla_word columns[][2] = {{W_AVAILABILITY, W_COUNT}, {W_OF_FEE, W_COUNT}};
    struct html *h = &p->html;
    char text[PERCENT_TEXT_MAX];
    int i;

    page_table(p, "tiers", W_DISCOUNT_TIERS);
    page_table_head(p, columns, 2);
    for (i = 0; i < terms->n_discounts; i++) {
        html_open(h, "tr");
        html_open(h, "th");
        html_attr(h, "scope", "row");
        sla_target_text(terms->discounts[i].below_micro, text);
        if (p->language == SLA_JAPANESE)
            html_textf(h, "%s %% %s", text, page_word(p, W_BELOW));
        else
            html_textf(h, "%s %s %%", page_word(p, W_BELOW), text);
        html_close(h);
        html_open_class(h, "td", "num");
        html_textf(h, "%s %%", sla_target_text(terms->discounts[i].percent_micro, text));
        html_close(h);
        html_close(h);
    }
    page_table_end(p);
}

static void discount(struct page *p)
{
    static const enum sla_word columns[][2] = {{W_SERVICE, W_COUNT},
                                               {W_AVAILABILITY, W_COUNT},
                                               {W_DISCOUNT, W_COUNT},
                                               {W_DISCOUNT_YEN, W_COUNT}};
    const struct sla *sla = p->sla;
    const bool fee = sla->contract->monthly_fee_yen >= 0;
    struct html *h = &p->html;
    char text[PERCENT_TEXT_MAX];
    int i;

    page_section(p, W_DISCOUNT);
    if (sla->contract->terms.n_discounts == 0 || sla->n_services == 0) {
        page_word_leaf(p, "p", "none", W_NO_DISCOUNT);
        page_section_end(p);
        return;
    }
    page_table(p, "discount", W_DISCOUNT);
    page_table_head(p, columns, fee ? 4 : 3);
    for (i = 0; i < sla->n_services; i++) {
        html_open(h, "tr");
        html_open(h, "th");
        html_attr(h, "scope", "row");
        html_leaf(h, "bdi", NULL, sla->services[i].name);
        html_close(h);
        html_open_class(h, "td", "num");
        page_percent(p, sla->services[i].figures.availability);
        html_close(h);
        html_open_class(h, "td", "num strong");
        html_textf(h, "%s %%", sla_target_text(sla->services[i].figures.discount_micro, text));
        html_close(h);
        if (fee) {
            html_open_class(h, "td", "num strong");
            yen(p, sla->services[i].discount_yen);
            html_close(h);
        }
        html_close(h);
    }
    page_table_end(p);
    if (fee) {
        html_open_class(h, "p", "hint");
        html_textf(h, "%s: ", page_word(p, W_FEE));
        yen(p, sla->contract->monthly_fee_yen);
        html_close(h);
    }
    page_word_leaf(p, "h3", NULL, W_DISCOUNT_TIERS);
    tiers(p);
    page_section_end(p);
}

/* ---- how to verify, and what is not there ---- */

static void verify(struct page *p)
{
    const struct sla *sla = p->sla;
    struct html *h = &p->html;
    char as_of[UTC_TEXT_MAX];
    size_t i;

    page_section(p, W_VERIFY);
    if (!sla->ledger) {
        page_word_leaf(p, "p", NULL, W_VERIFY_LIST);
        page_section_end(p);
        return;
    }
    page_word_leaf(p, "p", NULL, W_VERIFY_DESC);
    html_open(h, "pre");
    utc_format(sla->period.as_of_ms, as_of);
    html_textf(h,
               "kirikae audit verify EXPORT\n"
               "kirikae sla report --month %04d-%02d --from EXPORT",
               sla->year, sla->month);
    if (sla->provisional)
        html_textf(h, " --as-of %s", as_of);
    else
        html_textf(h, " --edition %d", sla->edition);
    html_close(h);
    html_open_class(h, "dl", "facts");
    fact(p, W_LEDGER_SIZE);
    html_textf(h, "%" PRIu64, sla->ledger_size);
    html_close(h);
    fact(p, W_LEDGER_ROOT);
    html_open(h, "code");
    for (i = 0; i < TREE_HASH; i++)
        html_textf(h, "%02x", sla->ledger_root[i]);
    html_close(h);
    html_close(h);
    html_close(h);
    page_section_end(p);
}

static void missing(struct page *p)
{
    struct html *h = &p->html;
    int i;

    page_section(p, W_MISSING);
    html_open(h, "ul");
    for (i = 0; p->sla->missing[i] != NULL; i++)
        html_leaf(h, "li", NULL, sla_missing_word(p->sla->missing[i], p->language));
    html_close(h);
    if (p->sla->names->n > p->sla->contract->n_functions && !p->sla->part) {
        page_word_leaf(p, "h3", NULL, W_NOT_IN_CONTRACT);
        html_open(h, "ul");
        for (i = p->sla->contract->n_functions; i < p->sla->names->n; i++)
            html_leaf(h, "li", NULL, p->sla->names->names[i]);
        html_close(h);
    }
    page_section_end(p);
}

/* ---- the page ---- */

static void head(struct page *p)
{
    struct html *h = &p->html;

    html_head(h);
    html_head_strict(h);
    html_open(h, "title");
    html_textf(h, "%s %04d-%02d · %s", page_word(p, W_TITLE), p->sla->year, p->sla->month,
               p->sla->contract->name);
    html_close(h);
    html_style(h, sla_style);
    html_close(h);
}

static void section(struct page *p, enum sla_word heading, void (*print)(struct page *))
{
    page_section(p, heading);
    print(p);
    page_section_end(p);
}

void sla_html(const struct sla *sla, enum sla_language language, struct buf *out)
{
    struct page p = {.sla = sla, .language = language};

    html_begin(&p.html, out, language == SLA_JAPANESE ? "ja" : "en");
    head(&p);
    html_open(&p.html, "body");
    page_patterns(&p);
    html_open(&p.html, "main");
    cover(&p);
    summary(&p);
    availability(&p);
    outages(&p);
    section(&p, W_WINDOWS, page_windows);
    section(&p, W_TARGETS, page_targets);
    section(&p, W_COVERAGE, page_coverage);
    section(&p, W_EXCLUDED_OUTAGES, page_excluded);
    discount(&p);
    section(&p, W_AMENDMENTS, page_amendments);
    verify(&p);
    missing(&p);
    html_close(&p.html);
    html_close(&p.html);
    html_end(&p.html);
}
