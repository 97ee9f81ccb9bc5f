#include "report/sla_svg.h"

#include <stdio.h>
#include <string.h>

/* Days of the month down, hours across; tenths of a pixel. */
#define LEFT 440
#define TOP 190
#define CELL 150
#define ROW 142
#define RIGHT 260
#define WIDTH (LEFT + 24 * CELL + RIGHT)

#define WEEKDAY_OF_DAY_0 4 /* 1970-01-01 was a Thursday */

static const char *const weekdays[][2] = {{"Su", "日"}, {"Mo", "月"}, {"Tu", "火"}, {"We", "水"},
                                          {"Th", "木"}, {"Fr", "金"}, {"Sa", "土"}};
static const enum sla_word letters[CLASS_COUNT] = {
    [CLASS_PLANNED] = W_COUNT,
    [CLASS_DOWN] = W_LETTER_DOWN,
    [CLASS_EXCLUDED] = W_LETTER_EXCLUDED,
    [CLASS_IMPAIRED] = W_LETTER_IMPAIRED,
    [CLASS_UNMONITORED] = W_LETTER_UNMONITORED,
    [CLASS_MAINTENANCE] = W_LETTER_MAINTENANCE,
    [CLASS_OUTSIDE] = W_COUNT,
};

/* ---- what was the worst in an hour ---- */

static enum page_class worst(const struct sla *sla, const struct shares *s, struct interval cell)
{
    int64_t end_ms =
        sla->period.end_ms < sla->period.as_of_ms ? sla->period.end_ms : sla->period.as_of_ms;

    if (cell.begin < sla->period.begin_ms)
        cell.begin = sla->period.begin_ms;
    if (cell.end > end_ms)
        cell.end = end_ms;
    if (cell.begin >= cell.end)
        return CLASS_OUTSIDE;
    if (within_ms(&s->down, cell.begin, cell.end) > 0)
        return CLASS_DOWN;
    if (within_ms(&s->excluded, cell.begin, cell.end) > 0)
        return CLASS_EXCLUDED;
    if (within_ms(&s->impaired, cell.begin, cell.end) > 0)
        return CLASS_IMPAIRED;
    if (within_ms(&s->unmonitored, cell.begin, cell.end) > 0)
        return CLASS_UNMONITORED;
    if (within_ms(&s->planned, cell.begin, cell.end) < cell.end - cell.begin)
        return CLASS_MAINTENANCE;
    return CLASS_PLANNED;
}

struct calendar {
    struct month month;
    enum page_class cells[31][24];
    int minutes_of_day[31];
    int cells_of[CLASS_COUNT];
};

static void fill(struct calendar *c, const struct sla *sla, const struct shares *shares)
{
    int day, hour;

    c->month = month_of_report(sla);
    for (day = 0; day < c->month.days; day++) {
        struct interval whole = month_hours(sla, &c->month, 24 * day, 24);

        c->minutes_of_day[day] = (int)((whole.end - whole.begin) / 60000);
        for (hour = 0; hour < 24; hour++) {
            struct interval cell = month_hours(sla, &c->month, 24 * day + hour, 1);
            enum page_class class = worst(sla, shares, cell);

            c->cells[day][hour] = class;
            c->cells_of[class]++;
        }
    }
}

/* ---- how it is drawn ---- */

static void axis(struct page *p, const struct calendar *c)
{
    char text[16];
    int hour;

    for (hour = 0; hour <= 24; hour += 3) {
        snprintf(text, sizeof text, "%d", hour);
        svg_text(p, "axis", LEFT + hour * CELL, TOP - 60, "middle", text);
    }
    for (hour = 0; hour <= 24; hour += 6)
        svg_line(p, "tick", LEFT + hour * CELL, TOP - 40, LEFT + hour * CELL, TOP - 10);
}

/* One rectangle for hours that are alike; the letters of a class are one text. */
static void day_cells(struct page *p, const enum page_class *cells, int y)
{
    int hour, until;

    for (hour = 0; hour < 24; hour = until) {
        enum page_class class = cells[hour];

        for (until = hour + 1; until < 24 && cells[until] == class; until++)
            ;
        svg_rect(p, page_class_css(class), LEFT + hour * CELL, y, (until - hour) * CELL, ROW);
    }
    for (hour = 0; hour < 24; hour++)
        if (letters[cells[hour]] != W_COUNT)
            svg_text(p, cells[hour] == CLASS_DOWN ? "letter light" : "letter",
                     LEFT + hour * CELL + CELL / 2, y + ROW - 40, "middle",
                     page_word(p, letters[cells[hour]]));
}

static void day_row(struct page *p, const struct calendar *c, int day)
{
    int weekday = (int)((c->month.local_ms / 86400000 + day + WEEKDAY_OF_DAY_0) % 7);
    int y = TOP + day * ROW, minutes = c->minutes_of_day[day];
    char text[24];

    snprintf(text, sizeof text, "%d", day + 1);
    svg_text(p, "axis", 170, y + ROW - 38, "end", text);
    svg_text(p,
             weekday == 0   ? "axis sun"
             : weekday == 6 ? "axis sat"
                            : "axis",
             290, y + ROW - 38, "middle", weekdays[weekday][p->language]);
    day_cells(p, c->cells[day], y);
    if (minutes != 24 * 60) {
        snprintf(text, sizeof text, minutes % 60 == 0 ? "%dh" : "%d:%02d", minutes / 60,
                 minutes % 60);
        svg_text(p, "axis", LEFT + 24 * CELL + 40, y + ROW - 38, "start", text);
    }
}

static void grid(struct page *p, int days)
{
    int i;

    html_void(&p->html, "path");
    html_attr(&p->html, "class", "grid");
    buf_str(p->html.out, " d=\"");
    for (i = 0; i <= 24; i++)
        buf_printf(p->html.out, "M%d %dV%d", LEFT + i * CELL, TOP, TOP + days * ROW);
    for (i = 0; i <= days; i++)
        buf_printf(p->html.out, "M%d %dH%d", LEFT, TOP + i * ROW, LEFT + 24 * CELL);
    buf_str(p->html.out, "\"");
    html_void_end(&p->html);
}

static void describe(struct page *p, const struct calendar *c)
{
    int class;

    html_text(&p->html, page_word(p, W_CALENDAR_DESC));
    for (class = 0; class < CLASS_COUNT; class ++)
        if (c->cells_of[class] > 0)
            html_textf(&p->html, " %s: %d.", page_word(p, page_class_word(class)),
                       c->cells_of[class]);
}

void page_calendar(struct page *p, int row)
{
    struct shares shares;
    struct calendar c = {0};
    int day;

    page_row_shares(p->sla, row, &shares);
    fill(&c, p->sla, &shares);
    shares_free(&shares);
    svg_begin(p, "calendar", WIDTH, TOP + c.month.days * ROW + 20);
    html_textf(&p->html, "%s: %s %04d-%02d", page_row(p->sla, row)->name, page_word(p, W_CALENDAR),
               p->sla->year, p->sla->month);
    svg_described(p);
    describe(p, &c);
    svg_drawn(p);
    axis(p, &c);
    for (day = 0; day < c.month.days; day++)
        day_row(p, &c, day);
    grid(p, c.month.days);
    svg_end(p);
}

/* ---- patterns and the legend ---- */

static void pattern(struct page *p, const char *id, int size, const char *ground, const char *ink,
                    const char *d)
{
    struct html *h = &p->html;

    html_open(h, "pattern");
    html_attr(h, "id", id);
    html_attr(h, "patternUnits", "userSpaceOnUse");
    html_attrf(h, "width", "%d", size);
    html_attrf(h, "height", "%d", size);
    html_void(h, "rect");
    html_attrf(h, "width", "%d", size);
    html_attrf(h, "height", "%d", size);
    html_attr(h, "fill", ground);
    html_void_end(h);
    html_void(h, "path");
    html_attr(h, "d", d);
    html_attr(h, "stroke", ink);
    html_attr(h, "stroke-width", "9");
    html_attr(h, "fill", "none");
    html_void_end(h);
    html_close(h);
}

void page_patterns(struct page *p)
{
    struct html *h = &p->html;

    html_open_class(h, "svg", "defs");
    html_attr(h, "width", "0");
    html_attr(h, "height", "0");
    html_attr(h, "aria-hidden", "true");
    html_open(h, "defs");
    pattern(p, "p-excluded", 60, "#ece6f5", "#c9b8e4", "M-15 15L15 -15M0 60L60 0M45 75L75 45");
    pattern(p, "p-impaired", 60, "#fbe9bf", "#eccb76", "M15 10V20M45 40V50");
    pattern(p, "p-unmonitored", 60, "#e1e5ea", "#bcc4ce", "M0 0L60 60M60 0L0 60");
    pattern(p, "p-maintenance", 50, "#dce9f5", "#b5cfe7", "M0 25H50");
    pattern(p, "p-outside", 80, "#fbfcfd", "#e3e7eb", "M0 80L80 0");
    /* Of strips, whose units are wider than high. */
    pattern(p, "p-strip", 80, "#fbfcfd", "#cfd6dd", "M0 80L80 0");
    html_close(h);
    html_close(h);
}

void page_legend(struct page *p)
{
    static const enum page_class order[] = {CLASS_DOWN,        CLASS_EXCLUDED,    CLASS_IMPAIRED,
                                            CLASS_UNMONITORED, CLASS_MAINTENANCE, CLASS_PLANNED,
                                            CLASS_OUTSIDE};
    struct html *h = &p->html;
    size_t i;

    html_open_class(h, "ul", "legend");
    for (i = 0; i < sizeof order / sizeof order[0]; i++) {
        enum page_class class = order[i];

        html_open(h, "li");
        html_open_class(h, "svg", "key");
        html_attrf(h, "viewBox", "0 0 %d %d", CELL, ROW);
        html_attr(h, "aria-hidden", "true");
        svg_rect(p, page_class_css(class), 0, 0, CELL, ROW);
        if (letters[class] != W_COUNT)
            svg_text(p, class == CLASS_DOWN ? "letter light" : "letter", CELL / 2, ROW - 40,
                     "middle", page_word(p, letters[class]));
        html_close(h);
        html_text(h, page_word(p, page_class_word(class)));
        html_close(h);
    }
    html_close(h);
}
