#include "report/board_page_private.h"
#include "base/mem.h"
#include "base/utc.h"

#include <stdlib.h>

/* ---- incidents ---- */

static void collect_posts(const struct board_view *view, struct board_incident *incident)
{
    size_t i, n = 0;

    for (i = 0; i < view->n_posts; i++)
        n += view->posts[i].outage == incident->id;
    incident->posts = mem_zalloc(n + 1, sizeof *incident->posts);
    for (i = view->n_posts; i-- > 0;)
        if (view->posts[i].outage == incident->id)
            incident->posts[incident->n_posts++] = &view->posts[i];
    if (n > 0 && incident->posts[0]->at_ms > incident->updated_ms)
        incident->updated_ms = incident->posts[0]->at_ms;
}

static int page_function(const struct maker *m, const struct function_set *functions)
{
    int i;

    for (i = 0; i < m->names.n; i++)
        if (function_set_has(functions, i) && m->page_of[i] >= 0)
            return m->page_of[i];
    return -1;
}

/* What happened wholly in maintenance of the function is a part of that, unless somebody has
 * said something of it. */
static bool is_maintenance(const struct maker *m, const struct board_incident *incident)
{
    int64_t end_ms = incident->end_ms == UTC_NONE ? m->source->as_of_ms : incident->end_ms;

    return incident->n_posts == 0 && end_ms > incident->start_ms &&
           intervals_outside(&m->windows[incident->function], incident->start_ms, end_ms) == 0;
}

static void add_incident(struct maker *m, const struct outage *outage)
{
    struct board_page *page = m->page;
    struct board_incident incident = {.id = outage->line};
    struct outage seen;

    incident.function = page_function(m, &outage->functions);
    if (incident.function < 0 || !outage_seen(outage, m->source->as_of_ms, &seen) ||
        (seen.end_ms != UTC_NONE && seen.end_ms < m->period.begin))
        return;
    incident.severity = seen.severity;
    incident.start_ms = incident.updated_ms = seen.start_ms;
    incident.end_ms = seen.end_ms;
    if (seen.recognised_ms != UTC_NONE && seen.recognised_ms > incident.updated_ms)
        incident.updated_ms = seen.recognised_ms;
    if (seen.end_ms != UTC_NONE && seen.end_ms > incident.updated_ms)
        incident.updated_ms = seen.end_ms;
    collect_posts(m->source->view, &incident);
    if (is_maintenance(m, &incident)) {
        mem_free(incident.posts);
        return;
    }
    page->incidents[page->n_incidents++] = incident;
    page->n_open += incident.end_ms == UTC_NONE;
}

static int by_newest(const void *a, const void *b)
{
    const struct board_incident *x = a, *y = b;

    if ((x->end_ms == UTC_NONE) != (y->end_ms == UTC_NONE))
        return x->end_ms == UTC_NONE ? -1 : 1;
    if (x->start_ms != y->start_ms)
        return x->start_ms > y->start_ms ? -1 : 1;
    return (x->id < y->id) - (x->id > y->id);
}

void board_page_incidents(struct maker *m)
{
    struct board_page *page = m->page;
    size_t i;

    page->incidents = mem_zalloc(m->history.n_outages + 1, sizeof *page->incidents);
    for (i = 0; i < m->history.n_outages; i++)
        add_incident(m, &m->history.outages[i]);
    qsort(page->incidents, page->n_incidents, sizeof *page->incidents, by_newest);
}

/* ---- maintenance ---- */

static enum board_phase phase_of(const struct maker *m, struct interval taken)
{
    return taken.end <= m->source->as_of_ms     ? BOARD_OVER
           : taken.begin <= m->source->as_of_ms ? BOARD_ACTIVE
                                                : BOARD_PLANNED;
}

static struct board_window *same_window(struct board_page *page, uint64_t id)
{
    size_t i;

    for (i = 0; i < page->n_windows; i++)
        if (page->windows[i].id == id)
            return &page->windows[i];
    return NULL;
}

/* What it was extended by is told with it. */
static void add_window(struct maker *m, const struct window *w)
{
    uint64_t id = strtoull(w->id, NULL, 10);
    struct board_window *same = same_window(m->page, id);
    struct board_window window = {.id = id,
                                  .emergency = w->emergency,
                                  .announced_ms = w->announced_ms,
                                  .start_ms = w->start_ms,
                                  .end_ms = window_taken(w).end};
    int i, n = 0;

    for (i = 0; i < m->names.n; i++)
        if (function_set_has(&w->functions, i) && m->page_of[i] >= 0) {
            function_set_add(&window.functions, m->page_of[i]);
            n++;
        }
    if (n == 0 || window.end_ms <= w->start_ms || /* it was called off */
        w->announced_ms > m->source->as_of_ms || window.end_ms <= m->period.begin)
        return;
    if (same != NULL) {
        if (window.start_ms > same->start_ms)
            window.start_ms = same->start_ms;
        if (window.end_ms < same->end_ms)
            window.end_ms = same->end_ms;
        window.announced_ms = same->announced_ms;
    }
    window.phase = phase_of(m, (struct interval){window.start_ms, window.end_ms});
    *(same != NULL ? same : &m->page->windows[m->page->n_windows++]) = window;
}

static int by_nearest(const void *a, const void *b)
{
    const struct board_window *x = a, *y = b;
    bool over = x->phase == BOARD_OVER;

    if (over != (y->phase == BOARD_OVER))
        return over ? 1 : -1;
    if (x->start_ms != y->start_ms)
        return (x->start_ms < y->start_ms) == over ? 1 : -1;
    return (x->id > y->id) - (x->id < y->id);
}

void board_page_windows(struct maker *m)
{
    struct board_page *page = m->page;
    size_t i;

    page->windows = mem_zalloc(m->history.n_windows + 1, sizeof *page->windows);
    for (i = 0; i < m->history.n_windows; i++)
        add_window(m, &m->history.windows[i]);
    qsort(page->windows, page->n_windows, sizeof *page->windows, by_nearest);
    for (i = 0; i < page->n_windows; i++)
        page->n_ahead += page->windows[i].phase != BOARD_OVER;
}
