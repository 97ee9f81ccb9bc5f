/* What was, is and is planned: incidents and maintenance as lists. */
#include "base/utc.h"
#include "report/board_html.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DAY_MS 86400000ll

static void fact(struct board_html *p, enum board_word word)
{
    board_html_leaf(p, "dt", NULL, word);
    html_open(&p->html, "dd");
}

static void none(struct board_html *p, enum board_word word)
{
    board_html_leaf(p, "p", "none", word);
}

static void left_out(struct board_html *p, size_t n)
{
    if (n == 0)
        return;
    html_open_class(&p->html, "p", "none");
    html_textf(&p->html, p->language == SLA_JAPANESE ? "%zu%s" : "%zu %s", n,
               board_html_word(p, B_LEFT_OUT));
    html_close(&p->html);
}

/* ---- one incident ---- */

static void posts(struct board_html *p, const struct board_incident *incident)
{
    struct html *h = &p->html;
    size_t i;

    if (incident->n_posts == 0)
        return;
    html_open_class(h, "ol", "posts");
    html_attr(h, "aria-label", board_html_word(p, B_UPDATES));
    for (i = 0; i < incident->n_posts; i++) {
        const struct board_post *post = incident->posts[i];
        const char *text;
        bool other;

        text = board_post_text(post, p->language, &other);
        html_open(h, "li");
        html_open_class(h, "p", "post");
        html_leaf(h, "strong", NULL, board_status_word(post->status, p->language));
        html_text(h, " ");
        board_html_moment(p, post->at_ms);
        html_close(h);
        html_open(h, "p");
        html_attr(h, "dir", "auto");
        if (other)
            html_attr(h, "lang", p->language == SLA_JAPANESE ? "en" : "ja");
        html_text(h, text);
        html_close(h);
        html_close(h);
    }
    html_close(h);
}

static const char *standing(const struct board_html *p, const struct board_incident *incident)
{
    if (incident->end_ms != UTC_NONE)
        return board_html_word(p, B_RECOVERED);
    if (incident->n_posts > 0)
        return board_status_word(incident->posts[0]->status, p->language);
    return board_html_word(p, B_ONGOING);
}

static void incident(struct board_html *p, const struct board_incident *incident,
                     const char *heading)
{
    bool open = incident->end_ms == UTC_NONE;
    struct html *h = &p->html;

    html_open_class(h, "article", open ? "incident open" : "incident");
    html_attrf(h, "id", "i%" PRIu64, incident->id);
    html_open(h, heading);
    html_leaf(h, "bdi", NULL, board_function_label(p->page, incident->function, p->language));
    html_text(h, " ");
    html_open(h, "span");
    html_attr(h, "class", open ? "state down" : "state operational");
    board_html_mark(p, open ? BOARD_DOWN : BOARD_GOOD);
    html_text(h, standing(p, incident));
    html_close(h);
    html_close(h);
    html_open_class(h, "dl", "facts");
    fact(p, B_SEVERITY);
    html_text(h, sla_severity_word(incident->severity, p->language));
    html_close(h);
    fact(p, B_BEGAN);
    board_html_moment(p, incident->start_ms);
    html_close(h);
    if (!open) {
        fact(p, B_ENDED);
        board_html_moment(p, incident->end_ms);
        html_close(h);
    }
    fact(p, B_LASTED);
    board_html_duration(p,
                        (open ? p->page->source->as_of_ms : incident->end_ms) - incident->start_ms);
    if (open)
        html_textf(h, p->language == SLA_JAPANESE ? "%s" : " %s", board_html_word(p, B_SO_FAR));
    html_close(h);
    html_close(h);
    posts(p, incident);
    html_close(h);
}

void board_html_open(struct board_html *p)
{
    const struct board_page *page = p->page;
    size_t i;

    board_html_section(p, "open", B_OPEN_INCIDENTS);
    if (page->n_open == 0)
        none(p, B_NO_OPEN);
    for (i = 0; i < page->n_open && i < BOARD_SHOWN_OPEN; i++)
        incident(p, &page->incidents[i], "h3");
    left_out(p, page->n_open - i);
    board_html_section_end(p);
}

/* ---- those of days ---- */

/* "2026-11-22", of the zone's calendar. */
static void day_text(const struct board_html *p, int64_t utc_ms, char text[UTC_TEXT_MAX])
{
    utc_format(utc_ms + zone_offset(p->page->source->zone, utc_ms) * 1000ll, text);
    text[strcspn(text, "T")] = '\0';
}

static size_t day_incidents(struct board_html *p, size_t from, size_t end)
{
    const struct board_incident *incidents = p->page->incidents;
    char day[UTC_TEXT_MAX], other[UTC_TEXT_MAX];
    size_t i = from;

    day_text(p, incidents[from].start_ms, day);
    html_leaf(&p->html, "h3", "day", day);
    do {
        incident(p, &incidents[i++], "h4");
        if (i < end)
            day_text(p, incidents[i].start_ms, other);
    } while (i < end && strcmp(day, other) == 0);
    return i;
}

/* So many of those that are over: of the history all, of the first page those of the last days. */
static size_t past(const struct board_html *p)
{
    const struct board_page *page = p->page;
    int64_t since_ms = page->source->as_of_ms - BOARD_PAST_DAYS * DAY_MS;
    size_t i = page->n_open;

    while (i < page->n_incidents && (p->history || page->incidents[i].start_ms >= since_ms))
        i++;
    return i - page->n_open;
}

static void days_told(struct board_html *p, int days)
{
    html_open_class(&p->html, "p", "hint");
    html_textf(&p->html, p->language == SLA_JAPANESE ? "%s%d%s" : "%s %d %s",
               board_html_word(p, B_LAST), days, board_html_word(p, B_DAYS));
    html_close(&p->html);
}

void board_html_past(struct board_html *p)
{
    const struct board_page *page = p->page;
    const size_t most = p->history ? BOARD_SHOWN_ALL : BOARD_SHOWN_PAST;
    size_t from = page->n_open, n = past(p), end = from + (n < most ? n : most), i;
    struct html *h = &p->html;

    board_html_section(p, "past", B_PAST_INCIDENTS);
    days_told(p, p->history ? page->n_days : BOARD_PAST_DAYS);
    if (n == 0)
        none(p, B_NO_PAST);
    for (i = from; i < end;)
        i = day_incidents(p, i, end);
    left_out(p, from + n - end);
    if (!p->history) {
        html_open(h, "p");
        html_open(h, "a");
        html_attr(h, "href", "history.html");
        html_text(h, board_html_word(p, B_ALL_INCIDENTS));
        html_close(h);
        html_close(h);
    }
    board_html_section_end(p);
}

/* ---- maintenance ---- */

static void window(struct board_html *p, const struct board_window *w)
{
    struct html *h = &p->html;
    struct buf labels = {0};

    html_open_class(h, "article", w->phase == BOARD_ACTIVE ? "window active" : "window");
    html_attrf(h, "id", "m%" PRIu64, w->id);
    html_open(h, "h3");
    html_text(h, board_html_word(p, w->emergency ? B_EMERGENCY : B_REGULAR));
    html_text(h, " ");
    html_open(h, "span");
    html_attr(h, "class", w->phase == BOARD_ACTIVE ? "state maintenance" : "state unknown");
    html_text(h, board_phase_word(w->phase, p->language));
    html_close(h);
    html_close(h);
    html_open_class(h, "dl", "facts");
    fact(p, B_FUNCTIONS);
    board_function_labels(p->page, &w->functions, p->language, &labels);
    html_text(h, buf_cstr(&labels));
    buf_free(&labels);
    html_close(h);
    fact(p, B_WHEN);
    board_html_moment(p, w->start_ms);
    html_text(h, " – ");
    board_html_moment(p, w->end_ms);
    html_close(h);
    fact(p, B_ANNOUNCED);
    board_html_moment(p, w->announced_ms);
    html_close(h);
    html_close(h);
    html_close(h);
}

void board_html_windows(struct board_html *p, bool over)
{
    const struct board_page *page = p->page;
    size_t from = over ? page->n_ahead : 0, to = over ? page->n_windows : page->n_ahead, i;

    board_html_section(p, "maintenance", over ? B_PAST_MAINTENANCE : B_MAINTENANCE);
    if (from == to)
        none(p, over ? B_NO_PAST_MAINTENANCE : B_NO_MAINTENANCE);
    for (i = from; i < to && i - from < BOARD_SHOWN_ALL; i++)
        window(p, &page->windows[i]);
    left_out(p, to - i);
    board_html_section_end(p);
}
