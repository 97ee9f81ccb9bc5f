#include "report/sla_svg.h"
#include "base/utc.h"

#include <inttypes.h>
#include <stdio.h>

/* Cumulative downtime over the month; tenths of a pixel. */
#define LEFT 620
#define TOP 220
#define PLOT_WIDTH 3500
#define PLOT_HEIGHT 3150
#define RIGHT 140
#define BOTTOM 300
#define COLUMNS 350 /* moments at which the curves are looked at */

struct burn {
    struct month month;
    struct shares shares;
    int64_t budget_ms; /* -1: none */
    int64_t most_ms;   /* at the top of the axis */
    int64_t step_ms;
};

/* A step that a clock likes, with at most five of them up to `most_ms`. */
static int64_t nice_step(int64_t most_ms)
{
    static const int seconds[] = {1,    5,    15,   30,    60,    120,   300,   600,    900,
                                  1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 432000};
    size_t i = 0;

    while (i + 1 < sizeof seconds / sizeof seconds[0] && most_ms > seconds[i] * 5000ll)
        i++;
    return seconds[i] * 1000ll;
}

static void scale(struct burn *b)
{
    int64_t most_ms = intervals_length(&b->shares.high);

    if (intervals_length(&b->shares.down) > most_ms)
        most_ms = intervals_length(&b->shares.down);
    if (b->budget_ms > most_ms)
        most_ms = b->budget_ms;
    if (most_ms < 1000)
        most_ms = 1000;
    b->step_ms = nice_step(most_ms);
    /* Some room above the highest. */
    b->most_ms = (most_ms + most_ms / 12 + b->step_ms - 1) / b->step_ms * b->step_ms;
}

static int y_of(const struct burn *b, int64_t ms)
{
    return TOP + PLOT_HEIGHT - (int)(ms * PLOT_HEIGHT / b->most_ms);
}

struct curve {
    int x[COLUMNS + 1], y[COLUMNS + 1];
};

static void follow(const struct burn *b, const struct intervals *set, struct curve *c)
{
    int64_t length = b->month.end_ms - b->month.begin_ms, ms = 0, from = b->month.begin_ms;
    int i;

    for (i = 0; i <= COLUMNS; i++) {
        int64_t until = b->month.begin_ms + length * i / COLUMNS;

        if (until > b->month.known_ms)
            until = b->month.known_ms;
        ms += within_ms(set, from, until);
        if (until > from)
            from = until;
        c->x[i] = LEFT + month_x(&b->month, until, PLOT_WIDTH);
        c->y[i] = y_of(b, ms);
    }
}

/* Points between two of the same height are left out. */
static void points(struct buf *out, const struct curve *c, bool back)
{
    int n;

    for (n = 0; n <= COLUMNS; n++) {
        int i = back ? COLUMNS - n : n;

        if (i > 0 && i < COLUMNS && c->y[i - 1] == c->y[i] && c->y[i + 1] == c->y[i])
            continue;
        buf_printf(out, "%c%d %d", n == 0 && !back ? 'M' : 'L', c->x[i], c->y[i]);
    }
}

/* A line; or what is between two, for a band. */
static void path(struct page *p, const struct burn *b, const char *class_name,
                 const struct intervals *set, const struct intervals *back)
{
    struct curve c;

    html_void(&p->html, "path");
    html_attr(&p->html, "class", class_name);
    buf_str(p->html.out, " d=\"");
    follow(b, set, &c);
    points(p->html.out, &c, false);
    if (back != NULL) {
        follow(b, back, &c);
        points(p->html.out, &c, true);
        buf_str(p->html.out, "Z");
    }
    buf_str(p->html.out, "\"");
    html_void_end(&p->html);
}

static void axes(struct page *p, const struct burn *b)
{
    static const struct {
        int ms;
        const char *words[2];
    } units[] = {{3600000, {"h", "時間"}}, {60000, {"min", "分"}}, {1000, {"s", "秒"}}};
    int unit = b->step_ms >= 3600000 ? 0 : b->step_ms >= 60000 ? 1 : 2, day;
    char text[32];
    int64_t ms;

    for (ms = 0; ms <= b->most_ms; ms += b->step_ms) {
        svg_line(p, ms == 0 ? "base" : "rule", LEFT, y_of(b, ms), LEFT + PLOT_WIDTH, y_of(b, ms));
        snprintf(text, sizeof text, "%" PRId64 " %s", ms / units[unit].ms,
                 units[unit].words[p->language]);
        svg_text(p, "axis", LEFT - 60, y_of(b, ms) + 35, "end", text);
    }
    for (day = 0; day < b->month.days; day += 7) {
        int64_t at = month_hours(p->sla, &b->month, 24 * day, 24).begin;
        int x = LEFT + month_x(&b->month, at, PLOT_WIDTH);

        snprintf(text, sizeof text, p->language == SLA_JAPANESE ? "%d日" : "%d", day + 1);
        svg_line(p, "tick", x, TOP + PLOT_HEIGHT, x, TOP + PLOT_HEIGHT + 50);
        svg_text(p, "axis", x, TOP + PLOT_HEIGHT + 170, day == 0 ? "start" : "middle", text);
    }
}

static void unknown(struct page *p, const struct burn *b)
{
    int x = LEFT + month_x(&b->month, b->month.known_ms, PLOT_WIDTH);

    if (b->month.known_ms < b->month.end_ms)
        svg_rect(p, page_class_css(CLASS_OUTSIDE), x, TOP, LEFT + PLOT_WIDTH - x, PLOT_HEIGHT);
}

static void budget(struct page *p, const struct burn *b)
{
    char text[128];
    int y;

    if (b->budget_ms < 0)
        return;
    y = y_of(b, b->budget_ms);
    svg_line(p, "budget", LEFT, y, LEFT + PLOT_WIDTH, y);
    snprintf(text, sizeof text, "%s %" PRId64 ":%02d:%02d", page_word(p, W_BUDGET),
             b->budget_ms / 3600000, (int)(b->budget_ms / 60000 % 60),
             (int)(b->budget_ms / 1000 % 60));
    svg_text(p, "note", LEFT + 40, y - 50, "start", text);
}

/* The moment at which the downtime by which the contract judges goes beyond what is allowed. */
static int64_t exhausted_ms(const struct burn *b, const struct terms *terms)
{
    const struct intervals *set = terms->judged_by == JUDGED_LOW    ? &b->shares.high
                                  : terms->judged_by == JUDGED_HIGH ? &b->shares.low
                                                                    : &b->shares.down;
    int64_t left = b->budget_ms;
    size_t i;

    for (i = 0; i < set->n && b->budget_ms >= 0; i++) {
        int64_t length = set->items[i].end - set->items[i].begin;

        if (length > left)
            return set->items[i].begin + left;
        left -= length;
    }
    return UTC_NONE;
}

static void describe(struct page *p, const struct burn *b, const struct figures *f)
{
    html_textf(&p->html, "%s %s: %" PRId64 " ms [%" PRId64 ", %" PRId64 "].",
               page_word(p, W_BURN_DESC), page_word(p, W_DOWNTIME), f->downtime_ms,
               f->downtime_low_ms, f->downtime_high_ms);
    if (b->budget_ms >= 0)
        html_textf(&p->html, " %s: %" PRId64 " ms.", page_word(p, W_BUDGET), b->budget_ms);
}

void page_burn(struct page *p, int row)
{
    const struct sla_row *of = page_row(p->sla, row);
    struct burn b = {.month = month_of_report(p->sla),
                     .budget_ms = page_budget_ms(p->sla, &of->figures)};
    int64_t over;

    page_row_shares(p->sla, row, &b.shares);
    scale(&b);
    svg_begin(p, "burn", LEFT + PLOT_WIDTH + RIGHT, TOP + PLOT_HEIGHT + BOTTOM);
    html_textf(&p->html, "%s: %s", of->name, page_word(p, W_BURN));
    svg_described(p);
    describe(p, &b, &of->figures);
    svg_drawn(p);
    unknown(p, &b);
    axes(p, &b);
    path(p, &b, "band", &b.shares.low, &b.shares.high);
    path(p, &b, "curve", &b.shares.down, NULL);
    budget(p, &b);
    over = exhausted_ms(&b, &p->sla->contract->terms);
    if (over != UTC_NONE) {
        html_void(&p->html, "circle");
        html_attr(&p->html, "class", "over");
        html_attrf(&p->html, "cx", "%d", LEFT + month_x(&b.month, over, PLOT_WIDTH));
        html_attrf(&p->html, "cy", "%d", y_of(&b, b.budget_ms));
        html_attr(&p->html, "r", "45");
        html_void_end(&p->html);
    }
    svg_end(p);
    page_word_leaf(p, "p", "hint", W_BURN_DESC);
    if (over != UTC_NONE) {
        html_open_class(&p->html, "p", "over");
        html_textf(&p->html, "%s: ", page_word(p, W_EXHAUSTED));
        page_moment(p, over);
        html_close(&p->html);
    }
    shares_free(&b.shares);
}
