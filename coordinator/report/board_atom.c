/* The status page as a feed, RFC 4287. Ids are made of the ledger's first line and of what an entry
 * is about: whatever moves or is renamed, no reader shows the same twice. */
#include "base/mem.h"
#include "base/utc.h"
#include "report/board_files.h"
#include "report/board_words.h"
#include "report/html.h"
#include "report/sla_words.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENTRIES_MOST 50

enum entry_about { ABOUT_FEED, ABOUT_INCIDENT, ABOUT_POST, ABOUT_WINDOW };

struct entry_of {
    enum entry_about about;
    int64_t updated_ms;
    uint64_t id;
    const struct board_incident *incident; /* of a post, too */
    const struct board_post *post;
    const struct board_window *window;
};

struct feed {
    const struct board_page *page;
    enum sla_language language;
    struct html xml;
    struct entry_of *entries; /* owned, the newest first */
    size_t n;
};

/* ---- what there is ---- */

static int by_newest(const void *a, const void *b)
{
    const struct entry_of *x = a, *y = b;

    if (x->updated_ms != y->updated_ms)
        return x->updated_ms > y->updated_ms ? -1 : 1;
    if (x->about != y->about)
        return x->about < y->about ? -1 : 1;
    return (x->id < y->id) - (x->id > y->id);
}

static int64_t window_updated_ms(const struct board_window *window)
{
    int64_t at_ms = window->phase == BOARD_OVER     ? window->end_ms
                    : window->phase == BOARD_ACTIVE ? window->start_ms
                                                    : window->announced_ms;

    return at_ms > window->announced_ms ? at_ms : window->announced_ms;
}

static void collect(struct feed *f)
{
    const struct board_page *page = f->page;
    size_t n = page->n_windows + page->n_incidents, i, k;

    for (i = 0; i < page->n_incidents; i++)
        n += page->incidents[i].n_posts;
    f->entries = mem_zalloc(n + 1, sizeof *f->entries);
    for (i = 0; i < page->n_incidents; i++) {
        const struct board_incident *incident = &page->incidents[i];

        f->entries[f->n++] = (struct entry_of){
            ABOUT_INCIDENT, incident->updated_ms, incident->id, incident, NULL, NULL};
        for (k = 0; k < incident->n_posts; k++)
            f->entries[f->n++] =
                (struct entry_of){ABOUT_POST, incident->posts[k]->at_ms, incident->posts[k]->line,
                                  incident,   incident->posts[k],        NULL};
    }
    for (i = 0; i < page->n_windows; i++)
        f->entries[f->n++] = (struct entry_of){
            ABOUT_WINDOW,     window_updated_ms(&page->windows[i]), page->windows[i].id, NULL, NULL,
            &page->windows[i]};
    qsort(f->entries, f->n, sizeof *f->entries, by_newest);
    if (f->n > ENTRIES_MOST)
        f->n = ENTRIES_MOST;
}

/* ---- elements ---- */

static void leaf(struct feed *f, const char *element, const char *text)
{
    html_leaf(&f->xml, element, NULL, text);
    buf_str(f->xml.out, "\n");
}

static void moment(struct feed *f, const char *element, int64_t utc_ms)
{
    char text[UTC_TEXT_MAX];

    utc_format(utc_ms, text);
    leaf(f, element, text);
}

/* A UUID of a hash (version 8). */
static void id(struct feed *f, enum entry_about about, uint64_t number)
{
    uint8_t hash[TREE_HASH], *b = hash;
    struct buf name = {0};
    char text[64];

    buf_append(&name, f->page->source->view->id, BOARD_ID);
    buf_printf(&name, "status page %d %" PRIu64, about, number);
    if (about == ABOUT_FEED)
        buf_printf(&name, " %d", f->language);
    tree_leaf(name.data, name.len, hash);
    buf_free(&name);
    hash[6] = (hash[6] & 0x0f) | 0x80;
    hash[8] = (hash[8] & 0x3f) | 0x80;
    snprintf(text, sizeof text,
             "urn:uuid:%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
             b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
             b[14], b[15]);
    leaf(f, "id", text);
}

static void link_to(struct feed *f, const char *rel, const char *type, const char *path,
                    const char *anchor, uint64_t number)
{
    struct html *x = &f->xml;

    if (f->page->url[0] == '\0')
        return;
    html_void(x, "link");
    html_attr(x, "rel", rel);
    html_attr(x, "type", type);
    if (anchor != NULL)
        html_attrf(x, "href", "%s%s#%s%" PRIu64, f->page->url, path, anchor, number);
    else
        html_attrf(x, "href", "%s%s", f->page->url, path);
    html_void_end(x);
    buf_str(x->out, "\n");
}

static void content(struct feed *f, struct buf *text)
{
    html_open(&f->xml, "content");
    html_attr(&f->xml, "type", "text");
    html_text(&f->xml, buf_cstr(text));
    html_close(&f->xml);
    buf_str(f->xml.out, "\n");
    buf_free(text);
}

/* ---- entries ---- */

/* Readers show nothing beside it that says of which zone it is. */
static void whole_moment(struct feed *f, struct buf *text, int64_t utc_ms)
{
    board_moment(f->page, utc_ms, text);
    buf_str(text, " (UTC");
    board_offset(f->page, utc_ms, text);
    buf_str(text, ")");
}

static void line_moment(struct feed *f, struct buf *text, enum board_word word, int64_t utc_ms)
{
    buf_printf(text, "%s: ", board_word(word, f->language));
    whole_moment(f, text, utc_ms);
    buf_str(text, "\n");
}

static void line_post(struct feed *f, struct buf *text, const struct board_post *post)
{
    bool other;

    buf_printf(text, "%s: %s\n", board_status_word(post->status, f->language),
               board_post_text(post, f->language, &other));
}

static void incident(struct feed *f, const struct board_incident *incident)
{
    bool open = incident->end_ms == UTC_NONE;
    struct buf text = {0};
    size_t i;

    buf_printf(
        &text, "%s: %s (%s, %s)", board_function_label(f->page, incident->function, f->language),
        board_word(B_INCIDENT, f->language), sla_severity_word(incident->severity, f->language),
        board_word(open ? B_ONGOING : B_RECOVERED, f->language));
    leaf(f, "title", buf_cstr(&text));
    buf_clear(&text);
    moment(f, "published", incident->start_ms);
    line_moment(f, &text, B_BEGAN, incident->start_ms);
    if (!open)
        line_moment(f, &text, B_ENDED, incident->end_ms);
    for (i = 0; i < incident->n_posts; i++)
        line_post(f, &text, incident->posts[i]);
    content(f, &text);
}

static void post(struct feed *f, const struct entry_of *e)
{
    struct buf text = {0};

    buf_printf(&text, "%s: %s", board_function_label(f->page, e->incident->function, f->language),
               board_status_word(e->post->status, f->language));
    leaf(f, "title", buf_cstr(&text));
    buf_clear(&text);
    line_post(f, &text, e->post);
    content(f, &text);
}

static void window(struct feed *f, const struct board_window *w)
{
    struct buf text = {0};

    buf_printf(&text, "%s: ", board_word(w->emergency ? B_EMERGENCY : B_REGULAR, f->language));
    board_function_labels(f->page, &w->functions, f->language, &text);
    buf_printf(&text, " (%s)", board_phase_word(w->phase, f->language));
    leaf(f, "title", buf_cstr(&text));
    buf_clear(&text);
    moment(f, "published", w->announced_ms);
    buf_printf(&text, "%s: ", board_word(B_WHEN, f->language));
    whole_moment(f, &text, w->start_ms);
    buf_str(&text, " – ");
    whole_moment(f, &text, w->end_ms);
    buf_str(&text, "\n");
    line_moment(f, &text, B_ANNOUNCED, w->announced_ms);
    content(f, &text);
}

static void entry(struct feed *f, const struct entry_of *e)
{
    const char *file = f->language == SLA_JAPANESE ? "history.html" : "en/history.html";

    html_open(&f->xml, "entry");
    id(f, e->about, e->id);
    moment(f, "updated", e->updated_ms);
    link_to(f, "alternate", "text/html", file, e->about == ABOUT_WINDOW ? "m" : "i",
            e->about == ABOUT_WINDOW ? e->id : e->incident->id);
    if (e->about == ABOUT_INCIDENT)
        incident(f, e->incident);
    else if (e->about == ABOUT_POST)
        post(f, e);
    else
        window(f, e->window);
    html_close(&f->xml);
    buf_str(f->xml.out, "\n");
}

void board_atom(const struct board_page *page, enum sla_language language, struct buf *out)
{
    struct feed f = {.page = page, .language = language, .xml = {.out = out}};
    const struct board_view *view = page->source->view;
    bool japanese = language == SLA_JAPANESE;
    size_t i;

    collect(&f);
    buf_str(out, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
    html_open(&f.xml, "feed");
    html_attr(&f.xml, "xmlns", "http://www.w3.org/2005/Atom");
    html_attr(&f.xml, "xml:lang", japanese ? "ja" : "en");
    id(&f, ABOUT_FEED, 0);
    leaf(&f, "title", board_title(page, language));
    moment(&f, "updated",
           f.n > 0                              ? f.entries[0].updated_ms
           : view->ledger.begins_ms != UTC_NONE ? view->ledger.begins_ms
                                                : page->source->as_of_ms);
    link_to(&f, "self", "application/atom+xml", japanese ? "feed.ja.atom" : "feed.en.atom", NULL,
            0);
    link_to(&f, "alternate", "text/html", japanese ? "" : "en/index.html", NULL, 0);
    html_open(&f.xml, "author");
    html_leaf(&f.xml, "name", NULL, board_title(page, language));
    html_close(&f.xml);
    for (i = 0; i < f.n; i++)
        entry(&f, &f.entries[i]);
    html_close(&f.xml);
    buf_str(out, "\n");
    mem_free(f.entries);
}
