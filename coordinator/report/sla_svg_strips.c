#include "report/sla_svg.h"
#include "base/mem.h"
#include "base/utc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Strips have no text of their own: they are as wide as the page, the words stand beside them. */

/* A line every seven days. */
static void weeks(struct page *p, const struct month *month)
{
    int day;

    for (day = 7; day < month->days; day += 7) {
        int x = month_x(month, month_hours(p->sla, month, 24 * day, 24).begin, STRIP_WIDTH);

        svg_line(p, "week", x, 0, x, STRIP_HEIGHT);
    }
}

static void axis(struct page *p, const struct month *month)
{
    struct html *h = &p->html;
    int day;

    html_open_class(h, "li", "head");
    html_attr(h, "aria-hidden", "true");
    html_open_class(h, "div", "days");
    for (day = 0; day < month->days; day += 7) {
        int x = month_x(month, month_hours(p->sla, month, 24 * day, 24).begin, STRIP_WIDTH);

        html_open(h, "span");
        html_attrf(h, "style", "left:%d.%02d%%", x / 100, x % 100);
        html_textf(h, p->language == SLA_JAPANESE ? "%d日" : "%d", day + 1);
        html_close(h);
    }
    html_close(h);
    html_close(h);
}

/* ---- outages ---- */

static int64_t until_ms(const struct sla *sla, const struct outage *o)
{
    return o->end_ms == UTC_NONE ? sla->period.as_of_ms : o->end_ms;
}

static void in_the_month(struct page *p, const struct month *month, const struct sla_outage *item,
                         const char *class_name)
{
    int64_t end_ms = until_ms(p->sla, &item->seen);
    int from = month_x(month, item->seen.start_ms, STRIP_WIDTH);
    int to = month_x(month, end_ms, STRIP_WIDTH);

    svg_strip(p, "strip");
    html_textf(&p->html, "#%s", item->seen.id);
    svg_described(p);
    html_textf(&p->html, "%" PRId64 " ms", end_ms - item->seen.start_ms);
    svg_drawn(p);
    svg_rect(p, "track", 0, 0, STRIP_WIDTH, STRIP_HEIGHT);
    weeks(p, month);
    svg_rect(p, class_name, from, 14, to - from, STRIP_HEIGHT - 28);
    svg_line(p, "at", from, 14, from, STRIP_HEIGHT - 14);
    svg_end(p);
}

/* The whole of it and its bounds, however short: last good ├──▇▇▇▇──┤ first good. */
static void close_up(struct page *p, const struct sla_outage *item, const char *class_name)
{
    const struct outage *o = &item->seen;
    int64_t end_ms = until_ms(p->sla, o), length = end_ms - o->last_good_ms;
    int64_t fail_ms = o->last_fail_ms == UTC_NONE ? end_ms : o->last_fail_ms;
    const int edge = 200, width = STRIP_WIDTH - 2 * edge;
    int start, fail;

    if (length <= 0)
        length = 1;
    start = edge + (int)((__int128)(o->start_ms - o->last_good_ms) * width / length);
    fail = edge + (int)((__int128)(fail_ms - o->last_good_ms) * width / length);
    svg_strip(p, "strip");
    html_textf(&p->html, "#%s", o->id);
    svg_described(p);
    html_textf(&p->html, "%" PRId64 " ms, %" PRId64 " ms, %" PRId64 " ms",
               o->start_ms - o->last_good_ms, fail_ms - o->start_ms, end_ms - fail_ms);
    svg_drawn(p);
    svg_rect(p, class_name, start, 14, edge + width - start, STRIP_HEIGHT - 28);
    if (start > edge) {
        svg_line(p, "whisker", edge, 50, start, 50);
        svg_line(p, "whisker", edge, 22, edge, 78);
    }
    if (fail < edge + width) {
        svg_rect(p, "maybe", fail, 14, edge + width - fail, STRIP_HEIGHT - 28);
        svg_line(p, "whisker", fail, 50, edge + width, 50);
        svg_line(p, "whisker", edge + width, 22, edge + width, 78);
    }
    svg_end(p);
}

static void outage_strip(struct page *p, const struct month *month, const struct sla_outage *item)
{
    struct html *h = &p->html;
    int64_t end_ms = until_ms(p->sla, &item->seen);
    enum sla_word why;
    enum page_class class = page_outage_class(p->sla, item, &why);

    html_open(h, "li");
    html_open_class(h, "div", "what");
    page_outage_id(p, item->seen.id);
    html_text(h, " ");
    page_functions(p, &item->seen.functions);
    html_close(h);
    in_the_month(p, month, item, page_class_css(class));
    close_up(p, item, page_class_css(class));
    html_open_class(h, "div", "how");
    page_duration(p, end_ms - item->seen.start_ms);
    html_text(h, " ");
    page_word_leaf(p, "span", NULL,
                   item->seen.end_ms == UTC_NONE ? W_OPEN
                   : class == CLASS_OUTSIDE      ? why
                                                 : page_class_word(class));
    html_close(h);
    html_close(h);
}

struct chosen {
    const struct sla_outage *outage;
    int64_t length_ms;
    size_t place;
};

static int longest_first(const void *a, const void *b)
{
    const struct chosen *x = a, *y = b;

    if (x->length_ms != y->length_ms)
        return x->length_ms > y->length_ms ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

static int by_place(const void *a, const void *b)
{
    const struct chosen *x = a, *y = b;

    return (x->place > y->place) - (x->place < y->place);
}

void page_timeline(struct page *p)
{
    const struct sla *sla = p->sla;
    struct month month = month_of_report(sla);
    struct chosen *chosen = mem_zalloc(sla->n_outages + 1, sizeof *chosen);
    size_t n = sla->n_outages, i;

    for (i = 0; i < n; i++)
        chosen[i] = (struct chosen){
            &sla->outages[i], until_ms(sla, &sla->outages[i].seen) - sla->outages[i].seen.start_ms,
            i};
    qsort(chosen, n, sizeof *chosen, longest_first);
    if (n > PAGE_STRIPS_MAX)
        n = PAGE_STRIPS_MAX;
    qsort(chosen, n, sizeof *chosen, by_place);
    page_word_leaf(p, "h3", NULL, W_TIMELINE);
    page_word_leaf(p, "p", "hint", W_TIMELINE_DESC);
    html_open_class(&p->html, "ol", "strips outages");
    axis(p, &month);
    for (i = 0; i < n; i++)
        outage_strip(p, &month, chosen[i].outage);
    html_close(&p->html);
    if (n < sla->n_outages) {
        html_open_class(&p->html, "p", "hint");
        html_textf(&p->html, "%zu %s", sla->n_outages - n, page_word(p, W_OUTAGES_LEFT_OUT));
        html_close(&p->html);
    }
    mem_free(chosen);
}

/* ---- coverage ---- */

/* How much of a day's planned time was unmonitored: bars by class of share. */
static const struct {
    int upto_percent, height;
    const char *css, *text;
} levels[] = {{1, 25, "u-1", "≤ 1 %"},
              {10, 50, "u-2", "≤ 10 %"},
              {50, 75, "u-3", "≤ 50 %"},
              {100, 100, "u-4", "> 50 %"}};
#define LEVELS (int)(sizeof levels / sizeof levels[0])

/* -1: nothing planned, -2: all monitored. */
static int level_of(const struct shares *s, struct interval day)
{
    int64_t planned_ms = within_ms(&s->planned, day.begin, day.end);
    int64_t dark_ms = within_ms(&s->unmonitored, day.begin, day.end);
    int level = 0;

    if (planned_ms == 0)
        return -1;
    if (dark_ms == 0)
        return -2;
    while (level + 1 < LEVELS && dark_ms * 100 > planned_ms * levels[level].upto_percent)
        level++;
    return level;
}

static void coverage_strip(struct page *p, const struct month *month, int i)
{
    const struct sla_row *row = &p->sla->functions[i];
    const struct shares *s = account_function_shares(p->sla->account, page_function(p->sla, i));
    int day;

    svg_strip(p, "strip tall");
    html_textf(&p->html, "%s: %s", row->name, page_word(p, W_COVERAGE));
    svg_described(p);
    html_textf(&p->html, "%s: %" PRId64 " ms", page_word(p, W_UNMONITORED),
               row->figures.unmonitored_ms);
    svg_drawn(p);
    svg_rect(p, "full", 0, 0, STRIP_WIDTH, STRIP_HEIGHT);
    for (day = 0; day < month->days; day++) {
        struct interval whole = month_hours(p->sla, month, 24 * day, 24);
        int x = month_x(month, whole.begin, STRIP_WIDTH);
        int width = month_x(month, whole.end, STRIP_WIDTH) - x;
        int level = level_of(s, whole);

        if (level == -1)
            svg_rect(p, "unplanned", x, 0, width, STRIP_HEIGHT);
        else if (level >= 0)
            svg_rect(p, levels[level].css, x, STRIP_HEIGHT - levels[level].height, width,
                     levels[level].height);
        if (day > 0)
            svg_line(p, "day", x, 0, x, STRIP_HEIGHT);
    }
    svg_end(p);
}

static void key(struct page *p, const char *css, int height, const char *text)
{
    struct html *h = &p->html;

    html_open(h, "li");
    html_open_class(h, "svg", "key");
    html_attrf(h, "viewBox", "0 0 %d %d", STRIP_HEIGHT, STRIP_HEIGHT);
    html_attr(h, "aria-hidden", "true");
    svg_rect(p, "full", 0, 0, STRIP_HEIGHT, STRIP_HEIGHT);
    svg_rect(p, css, 0, STRIP_HEIGHT - height, STRIP_HEIGHT, height);
    html_close(h);
    html_text(h, text);
    html_close(h);
}

static void coverage_legend(struct page *p)
{
    int i;
    char text[128];

    html_open_class(&p->html, "ul", "legend");
    key(p, "full", STRIP_HEIGHT, page_word(p, W_COVERAGE_FULL));
    for (i = 0; i < LEVELS; i++) {
        snprintf(text, sizeof text, "%s %s", page_word(p, W_COVERAGE_GAP), levels[i].text);
        key(p, levels[i].css, levels[i].height, text);
    }
    key(p, "unplanned", STRIP_HEIGHT, page_word(p, W_COVERAGE_UNPLANNED));
    html_close(&p->html);
}

void page_coverage(struct page *p)
{
    struct html *h = &p->html;
    struct month month = month_of_report(p->sla);
    int i;

    page_word_leaf(p, "p", "hint", W_COVERAGE_DESC);
    html_open_class(h, "ol", "strips coverage");
    axis(p, &month);
    for (i = 0; i < p->sla->n_functions; i++) {
        html_open(h, "li");
        html_open_class(h, "div", "what");
        page_function_name(p, page_function(p->sla, i));
        html_close(h);
        coverage_strip(p, &month, i);
        html_open_class(h, "div", "how");
        page_percent(p, p->sla->functions[i].figures.monitored);
        html_text(h, " ");
        page_duration(p, p->sla->functions[i].figures.unmonitored_ms);
        html_close(h);
        html_close(h);
    }
    html_close(h);
    coverage_legend(p);
}
