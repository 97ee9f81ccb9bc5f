#include "report/board_html.h"
#include "base/check.h"
#include "base/utc.h"
#include "report/board_files.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *board_html_word(const struct board_html *p, enum board_word word)
{
    return board_word(word, p->language);
}

void board_html_leaf(struct board_html *p, const char *element, const char *class_name,
                     enum board_word word)
{
    html_leaf(&p->html, element, class_name, board_html_word(p, word));
}

void board_html_moment(struct board_html *p, int64_t utc_ms)
{
    struct buf text = {0};
    char iso[UTC_TEXT_MAX];

    board_moment(p->page, utc_ms, &text);
    utc_format(utc_ms, iso);
    html_open(&p->html, "time");
    html_attr(&p->html, "datetime", iso);
    html_text(&p->html, buf_cstr(&text));
    html_close(&p->html);
    buf_free(&text);
}

void board_html_duration(struct board_html *p, int64_t ms)
{
    struct buf text = {0};

    board_duration(ms, p->language, &text);
    html_text(&p->html, buf_cstr(&text));
    buf_free(&text);
}

/* Each state has a shape of its own. */
void board_html_mark(struct board_html *p, enum board_state state)
{
    static const char *const shapes[BOARD_STATES] = {
        [BOARD_UNKNOWN] = "M10 50H90",
        [BOARD_GOOD] = "M12 54L40 80L88 24",
        [BOARD_MAINTENANCE] = "M18 18H82V82H18Z",
        [BOARD_UNMONITORED] = "M50 88V87M28 36C28 4 76 6 72 36C70 52 50 52 50 70",
        [BOARD_IMPAIRED] = "M50 10L92 86H8Z",
        [BOARD_DOWN] = "M16 16L84 84M84 16L16 84",
    };
    struct html *h = &p->html;

    html_open_class(h, "svg", "mark");
    html_attr(h, "viewBox", "0 0 100 100");
    html_attr(h, "aria-hidden", "true");
    html_void(h, "path");
    html_attr(h, "d", shapes[state]);
    html_void_end(h);
    html_close(h);
}

static void state_badge(struct board_html *p, enum board_state state)
{
    html_open(&p->html, "span");
    html_attrf(&p->html, "class", "state %s", board_state_name(state));
    board_html_mark(p, state);
    html_text(&p->html, board_state_word(state, p->language));
    html_close(&p->html);
}

void board_html_section(struct board_html *p, const char *id, enum board_word heading)
{
    html_open(&p->html, "section");
    html_attrf(&p->html, "aria-labelledby", "h-%s", id);
    html_open(&p->html, "h2");
    html_attrf(&p->html, "id", "h-%s", id);
    html_text(&p->html, board_html_word(p, heading));
    html_close(&p->html);
}

void board_html_section_end(struct board_html *p)
{
    html_close(&p->html);
}

/* ---- a function's days ---- */

#define BAR_PITCH 10
#define BAR_WIDTH 8
#define BAR_HEIGHT 40

/* As high as it matters: seen without colours, too. */
static void bar(struct board_html *p, int at, enum board_state state)
{
    static const int heights[BOARD_STATES] = {
        [BOARD_UNKNOWN] = 4,      [BOARD_GOOD] = 24,     [BOARD_MAINTENANCE] = 12,
        [BOARD_UNMONITORED] = 18, [BOARD_IMPAIRED] = 32, [BOARD_DOWN] = BAR_HEIGHT,
    };
    struct html *h = &p->html;

    html_void(h, "rect");
    html_attrf(h, "class", "d-%s", board_state_name(state));
    html_attrf(h, "x", "%d", at * BAR_PITCH + 1);
    html_attrf(h, "y", "%d", BAR_HEIGHT - heights[state]);
    html_attrf(h, "width", "%d", BAR_WIDTH);
    html_attrf(h, "height", "%d", heights[state]);
    html_void_end(h);
}

static void percent(struct board_html *p, int64_t availability)
{
    char text[PERCENT_TEXT_MAX];

    if (percent_text(availability, text) == NULL)
        board_html_leaf(p, "span", NULL, B_NOT_APPLICABLE);
    else
        html_textf(&p->html, "%s %%", text);
}

static void bars(struct board_html *p, int function)
{
    const struct board_function *f = &p->page->functions[function];
    int n = p->page->n_days, counts[BOARD_STATES] = {0}, i;
    struct html *h = &p->html;

    for (i = 0; i < n; i++)
        counts[f->days[i].worst]++;
    html_open_class(h, "svg", "bars");
    html_attr(h, "role", "img");
    html_attrf(h, "viewBox", "0 0 %d %d", n * BAR_PITCH, BAR_HEIGHT);
    html_attr(h, "preserveAspectRatio", "none");
    html_open(h, "title");
    html_textf(h, "%s: %d %s", board_function_label(p->page, function, p->language), n,
               board_html_word(p, B_DAYS));
    html_close(h);
    html_open(h, "desc");
    for (i = 0; i < BOARD_STATES; i++)
        if (counts[i] > 0)
            html_textf(h, "%s: %d. ", board_state_word((enum board_state)i, p->language),
                       counts[i]);
    html_close(h);
    for (i = 0; i < n; i++)
        bar(p, i, f->days[i].worst);
    html_close(h);
}

static void span_of(struct board_html *p, enum board_word word, int64_t ms, bool *first)
{
    if (ms == 0)
        return;
    html_text(&p->html, *first ? "" : p->language == SLA_JAPANESE ? "、" : ", ");
    html_textf(&p->html, "%s ", board_html_word(p, word));
    board_html_duration(p, ms);
    *first = false;
}

static bool alike(const struct board_day *a, const struct board_day *b)
{
    return a->worst == b->worst && a->worst <= BOARD_GOOD && a->availability == b->availability;
}

/* Days on which nothing happened are one row together. */
static void day_row(struct board_html *p, const struct board_day *first,
                    const struct board_day *last)
{
    struct html *h = &p->html;
    bool none = true;

    html_open(h, "tr");
    html_open(h, "th");
    html_attr(h, "scope", "row");
    html_textf(h, "%04d-%02d-%02d", first->year, first->month, first->day);
    if (last != first)
        html_textf(h, " – %04d-%02d-%02d", last->year, last->month, last->day);
    html_close(h);
    html_leaf(h, "td", NULL, board_state_word(first->worst, p->language));
    html_open_class(h, "td", "num");
    percent(p, first->availability);
    html_close(h);
    html_open(h, "td");
    span_of(p, B_DOWN_FOR, first->down_ms, &none);
    span_of(p, B_IMPAIRED_FOR, first->impaired_ms, &none);
    span_of(p, B_UNMONITORED_FOR, first->unmonitored_ms, &none);
    span_of(p, B_MAINTENANCE_FOR, first->maintenance_ms, &none);
    html_close(h);
    html_close(h);
}

static void days_table(struct board_html *p, const struct board_function *f)
{
    static const enum board_word columns[] = {B_DAY, B_STATE, B_AVAILABILITY, B_DETAIL};
    struct html *h = &p->html;
    int i, until;
    size_t c;

    html_open(h, "details");
    board_html_leaf(p, "summary", NULL, B_DAYS_TABLE);
    html_open_class(h, "div", "scroll");
    html_attr(h, "tabindex", "0");
    html_attr(h, "role", "region");
    html_attr(h, "aria-label", board_html_word(p, B_DAYS_TABLE));
    html_open(h, "table");
    html_open(h, "thead");
    html_open(h, "tr");
    for (c = 0; c < ARRAY_LEN(columns); c++) {
        html_open(h, "th");
        html_attr(h, "scope", "col");
        html_text(h, board_html_word(p, columns[c]));
        html_close(h);
    }
    html_close(h);
    html_close(h);
    html_open(h, "tbody");
    for (i = p->page->n_days - 1; i >= 0; i = until) {
        for (until = i - 1; until >= 0 && alike(&f->days[until], &f->days[i]); until--)
            ;
        day_row(p, &f->days[until + 1], &f->days[i]);
    }
    html_close(h);
    html_close(h);
    html_close(h);
    html_close(h);
}

static void one_function(struct board_html *p, int function)
{
    const struct board_function *f = &p->page->functions[function];
    struct html *h = &p->html;

    html_open_class(h, "article", "function");
    html_open_class(h, "div", "line");
    html_open(h, "h3");
    html_leaf(h, "bdi", NULL, board_function_label(p->page, function, p->language));
    html_close(h);
    state_badge(p, f->now);
    html_close(h);
    bars(p, function);
    html_open_class(h, "p", "under");
    html_open(h, "span");
    html_textf(h, p->language == SLA_JAPANESE ? "%d%s" : "%d %s", p->page->n_days - 1,
               board_html_word(p, B_DAYS_AGO));
    html_close(h);
    html_open_class(h, "span", "percent");
    html_textf(h, p->language == SLA_JAPANESE ? "%d%sの%s " : "%d %s, %s ", p->page->n_days,
               board_html_word(p, B_DAYS), board_html_word(p, B_AVAILABILITY));
    percent(p, f->availability);
    html_close(h);
    board_html_leaf(p, "span", NULL, B_TODAY);
    html_close(h);
    days_table(p, f);
    html_close(h);
}

static void legend(struct board_html *p)
{
    struct html *h = &p->html;
    int state;

    html_open_class(h, "ul", "legend");
    html_attr(h, "aria-label", board_html_word(p, B_LEGEND));
    for (state = BOARD_STATES - 1; state >= 0; state--) {
        html_open(h, "li");
        html_open_class(h, "svg", "key");
        html_attrf(h, "viewBox", "0 0 %d %d", BAR_PITCH, BAR_HEIGHT);
        html_attr(h, "aria-hidden", "true");
        bar(p, 0, (enum board_state)state);
        html_close(h);
        html_text(h, board_state_word((enum board_state)state, p->language));
        html_close(h);
    }
    html_close(h);
}

/* ---- the page ---- */

static bool english(const struct board_html *p)
{
    return p->language == SLA_ENGLISH;
}

static void link_to(struct board_html *p, const char *class_name, const char *path,
                    enum board_word word)
{
    html_open_class(&p->html, "a", class_name);
    html_attr(&p->html, "href", path);
    html_text(&p->html, board_html_word(p, word));
    html_close(&p->html);
}

static void head(struct board_html *p)
{
    struct html *h = &p->html;

    html_head(h);
    html_meta(h, "name", "color-scheme", "light dark");
    html_head_strict(h);
    html_void(h, "link");
    html_attr(h, "rel", "alternate");
    html_attr(h, "type", "application/atom+xml");
    html_attr(h, "href", english(p) ? "../feed.en.atom" : "feed.ja.atom");
    html_void_end(h);
    html_open(h, "title");
    html_textf(h, "%s%s%s · %s", p->history ? board_html_word(p, B_HISTORY) : "",
               p->history ? " · " : "", board_headline(p->page, p->language),
               board_title(p->page, p->language));
    html_close(h);
    html_style(h, board_style);
    html_close(h);
}

static void stale(struct board_html *p)
{
    struct html *h = &p->html;

    if (p->page->source->stale_ms == UTC_NONE)
        return;
    html_open_class(h, "div", "stale");
    html_attr(h, "role", "alert");
    html_open(h, "p");
    board_html_leaf(p, "strong", NULL, B_STALE);
    html_text(h, " ");
    html_text(h, board_html_word(p, B_STALE_SINCE));
    html_text(h, " ");
    board_html_moment(p, p->page->source->stale_ms);
    html_close(h);
    html_close(h);
}

static void headline(struct board_html *p)
{
    enum board_state state =
        p->page->source->stale_ms != UTC_NONE ? BOARD_UNMONITORED : p->page->now;
    struct html *h = &p->html;

    html_open(h, "p");
    html_attrf(h, "class", "headline %s", board_state_name(state));
    board_html_mark(p, state);
    html_text(h, board_headline(p->page, p->language));
    html_close(h);
}

static void as_of(struct board_html *p)
{
    const struct board_source *source = p->page->source;
    struct html *h = &p->html;
    struct buf offset = {0};

    board_offset(p->page, source->as_of_ms, &offset);
    html_open_class(h, "p", "as-of");
    html_text(h, board_html_word(p, B_AS_OF));
    html_text(h, " ");
    board_html_moment(p, source->as_of_ms);
    html_textf(h, " · %s %s (UTC%s)", board_html_word(p, B_TIMES_IN), source->contract->timezone,
               buf_cstr(&offset));
    html_close(h);
    buf_free(&offset);
}

static void top(struct board_html *p)
{
    const char *file = p->history ? "history.html" : "index.html";
    struct html *h = &p->html;
    char path[32];

    snprintf(path, sizeof path, "%s%s", english(p) ? "../" : "en/", file);
    html_open(h, "header");
    html_open_class(h, "div", "line");
    html_open(h, "h1");
    html_leaf(h, "bdi", NULL, board_title(p->page, p->language));
    html_close(h);
    html_open(h, "a");
    html_attr(h, "href", path);
    html_attr(h, "hreflang", english(p) ? "ja" : "en");
    html_attr(h, "lang", english(p) ? "ja" : "en");
    html_text(h, board_html_word(p, B_OTHER_LANGUAGE));
    html_close(h);
    html_close(h);
    stale(p);
    if (p->history)
        link_to(p, NULL, "index.html", B_BACK);
    else
        headline(p);
    as_of(p);
    html_close(h);
}

static void bottom(struct board_html *p)
{
    struct html *h = &p->html;

    html_open(h, "footer");
    board_html_leaf(p, "p", NULL, B_NOT_COUNTED);
    html_open(h, "p");
    link_to(p, NULL, english(p) ? "../feed.en.atom" : "feed.ja.atom", B_FEED);
    html_text(h, " · ");
    html_open(h, "a");
    html_attr(h, "href", english(p) ? "../status.json" : "status.json");
    html_text(h, "JSON");
    html_close(h);
    html_close(h);
    html_close(h);
}

static void functions(struct board_html *p)
{
    int i;

    board_html_section(p, "now", B_NOW);
    for (i = 0; i < p->page->n_functions; i++)
        one_function(p, i);
    legend(p);
    board_html_section_end(p);
}

void board_html(const struct board_page *page, enum sla_language language, bool history,
                struct buf *out)
{
    struct board_html p = {.page = page, .language = language, .history = history};

    html_begin(&p.html, out, english(&p) ? "en" : "ja");
    head(&p);
    html_open(&p.html, "body");
    top(&p);
    html_open(&p.html, "main");
    if (history) {
        if (page->n_open > 0)
            board_html_open(&p);
        board_html_past(&p);
        board_html_windows(&p, true);
    } else {
        if (page->n_open > 0)
            board_html_open(&p);
        functions(&p);
        if (page->n_open == 0)
            board_html_open(&p);
        board_html_windows(&p, false);
        board_html_past(&p);
    }
    html_close(&p.html);
    bottom(&p);
    html_close(&p.html);
    html_end(&p.html);
}
