#include "report/board_page_private.h"
#include "base/check.h"
#include "base/mem.h"
#include "base/utc.h"

#include <stdlib.h>
#include <string.h>

#define DAY_MS 86400000ll

static const char *const state_names[BOARD_STATES] = {
    [BOARD_UNKNOWN] = "unknown",         [BOARD_GOOD] = "operational",
    [BOARD_MAINTENANCE] = "maintenance", [BOARD_UNMONITORED] = "unmonitored",
    [BOARD_IMPAIRED] = "degraded",       [BOARD_DOWN] = "down",
};
static const char *const phase_names[] = {
    [BOARD_PLANNED] = "planned", [BOARD_ACTIVE] = "in-progress", [BOARD_OVER] = "over"};

const char *board_state_name(enum board_state state)
{
    CHECK((unsigned)state < BOARD_STATES);
    return state_names[state];
}

const char *board_phase_name(enum board_phase phase)
{
    CHECK((unsigned)phase < ARRAY_LEN(phase_names));
    return phase_names[phase];
}

/* ---- days ---- */

/* Days since 1970-01-01 on the zone's calendar. */
static int64_t day_of(const struct zone *zone, int64_t utc_ms)
{
    int64_t local_ms = utc_ms + zone_offset(zone, utc_ms) * 1000ll;

    return local_ms / DAY_MS - (local_ms % DAY_MS < 0);
}

static int64_t day_begins_ms(const struct zone *zone, int64_t day)
{
    return zone_to_utc(zone, day * DAY_MS);
}

int64_t board_midnight_ms(const struct zone *zone, int64_t as_of_ms)
{
    return day_begins_ms(zone, day_of(zone, as_of_ms) + 1);
}

/* ---- one function ---- */

static int64_t within_ms(const struct intervals *set, struct interval span)
{
    return span.end > span.begin
               ? span.end - span.begin - intervals_outside(set, span.begin, span.end)
               : 0;
}

static int64_t percent(int64_t planned_ms, int64_t down_ms)
{
    return planned_ms == 0 ? PERCENT_NONE : (planned_ms - down_ms) * 1000000 / planned_ms;
}

/* [begin, min(end, as-of)) of a day, less what is before anything was known. */
static struct interval day_span(const struct maker *m, int64_t day)
{
    const struct board_source *source = m->source;
    struct interval span = {day_begins_ms(source->zone, day), day_begins_ms(source->zone, day + 1)};

    if (span.end > source->as_of_ms)
        span.end = source->as_of_ms;
    if (source->view->from_ms == UTC_NONE || span.end < source->view->from_ms)
        span.end = span.begin;
    return span;
}

static enum board_state worst_of(const struct board_day *day, struct interval span)
{
    if (span.begin >= span.end)
        return BOARD_UNKNOWN;
    return day->down_ms > 0          ? BOARD_DOWN
           : day->impaired_ms > 0    ? BOARD_IMPAIRED
           : day->unmonitored_ms > 0 ? BOARD_UNMONITORED
           : day->maintenance_ms > 0 ? BOARD_MAINTENANCE
                                     : BOARD_GOOD;
}

static void fill_days(struct maker *m, int which)
{
    struct board_function *function = &m->page->functions[which];
    const struct shares *s = account_function_shares(m->account, m->shown[which]);
    int64_t planned_ms = 0, down_ms = 0;
    int i;

    function->days = mem_zalloc((size_t)m->page->n_days, sizeof *function->days);
    for (i = 0; i < m->page->n_days; i++) {
        struct interval span = day_span(m, m->first_day + i);
        int64_t planned = within_ms(&s->planned, span);
        struct board_day *day = &function->days[i];

        utc_civil_from_days(m->first_day + i, &day->year, &day->month, &day->day);
        day->down_ms = within_ms(&s->down, span);
        day->impaired_ms = within_ms(&s->impaired, span) + within_ms(&s->excluded, span);
        day->unmonitored_ms = within_ms(&s->unmonitored, span);
        day->maintenance_ms = within_ms(&m->windows[which], span);
        day->availability = percent(planned, day->down_ms);
        day->worst = worst_of(day, span);
        planned_ms += planned;
        down_ms += day->down_ms;
    }
    function->availability = percent(planned_ms, down_ms);
}

static bool any_outage(const struct maker *m, int number, bool down)
{
    const struct terms *terms = &m->source->contract->terms;
    struct outage o;
    size_t i;

    for (i = 0; i < m->history.n_outages; i++)
        if (function_set_has(&m->history.outages[i].functions, number) &&
            outage_seen(&m->history.outages[i], m->source->as_of_ms, &o) && o.end_ms == UTC_NONE &&
            terms->down_severity[o.severity] == down)
            return true;
    return false;
}

static bool any_gap(const struct maker *m, int number)
{
    size_t i;

    for (i = 0; i < m->history.n_gaps; i++) {
        const struct unmonitored *gap = &m->history.gaps[i];

        if (function_set_has(&gap->functions, number) && gap->start_ms <= m->source->as_of_ms &&
            (gap->end_ms == UTC_NONE || gap->end_ms > m->source->as_of_ms))
            return true;
    }
    return false;
}

/* In this order. In a window that stops the function an outage is none, as in the report; behind
 * its end it is one again. */
static enum board_state state_now(const struct maker *m, int function)
{
    struct interval now = {m->source->as_of_ms, m->source->as_of_ms + 1};
    int number = m->shown[function];

    if (m->source->view->from_ms == UTC_NONE)
        return BOARD_UNMONITORED;
    if (within_ms(&m->windows[function], now) > 0)
        return BOARD_MAINTENANCE;
    if (any_outage(m, number, true))
        return BOARD_DOWN;
    if (any_outage(m, number, false))
        return BOARD_IMPAIRED;
    return any_gap(m, number) ? BOARD_UNMONITORED : BOARD_GOOD;
}

static void fill_functions(struct maker *m)
{
    struct board_page *page = m->page;
    int i;

    for (i = 0; i < page->n_functions; i++) {
        fill_days(m, i);
        page->functions[i].now = state_now(m, i);
        if (page->functions[i].now > page->now)
            page->now = page->functions[i].now;
    }
}

/* ---- the whole ---- */

static void choose_functions(struct maker *m)
{
    const struct contract *contract = m->source->contract;
    struct board_page *page = m->page;
    int i;

    m->names = m->source->view->ledger.names;
    for (i = 0; i < LIMIT_FUNCTIONS; i++)
        m->page_of[i] = -1;
    page->functions = mem_zalloc((size_t)contract->n_functions + 1, sizeof *page->functions);
    for (i = 0; i < contract->n_functions; i++) {
        const char *name = contract->functions[i].name;
        int number = function_names_find(&m->names, name, strlen(name));

        if (!function_set_has(&m->source->page->functions, i) || number < 0)
            continue;
        m->shown[page->n_functions] = number;
        m->page_of[number] = page->n_functions;
        page->functions[page->n_functions++].function = &contract->functions[i];
    }
}

static void *copied(const void *items, size_t n, size_t size)
{
    return n > 0 ? mem_dup(items, n * size) : NULL;
}

static void copy_history(struct maker *m)
{
    const struct history *from = &m->source->view->ledger.history;
    int64_t known_ms = m->source->view->from_ms;
    struct unmonitored *gap;
    int i;

    m->history.outages = copied(from->outages, from->n_outages, sizeof *from->outages);
    m->history.n_outages = m->history.cap_outages = from->n_outages;
    m->history.windows = copied(from->windows, from->n_windows, sizeof *from->windows);
    m->history.n_windows = m->history.cap_windows = from->n_windows;
    m->history.gaps = copied(from->gaps, from->n_gaps, sizeof *from->gaps);
    m->history.n_gaps = m->history.cap_gaps = from->n_gaps;
    if (known_ms == UTC_NONE || known_ms <= m->period.begin)
        return;
    gap = history_gap(&m->history);
    gap->start_ms = m->period.begin;
    gap->end_ms = known_ms;
    for (i = 0; i < m->page->n_functions; i++)
        function_set_add(&gap->functions, m->shown[i]);
}

static void collect_windows(struct maker *m)
{
    int function;
    size_t i;

    m->windows = mem_zalloc((size_t)m->page->n_functions + 1, sizeof *m->windows);
    for (function = 0; function < m->page->n_functions; function++) {
        for (i = 0; i < m->history.n_windows; i++) {
            const struct window *w = &m->history.windows[i];
            struct interval taken = window_taken(w);

            if (function_set_has(&w->functions, m->shown[function]))
                intervals_gather(&m->windows[function], taken.begin, taken.end);
        }
        intervals_settle(&m->windows[function]);
    }
}

static uint64_t mixed(uint64_t mark, uint64_t value)
{
    return (mark ^ value) * 1099511628211u; /* FNV-1a's prime */
}

/* Its days but today's figures, which move by themselves. */
static uint64_t mixed_function(const struct board_page *page, uint64_t mark, int which)
{
    const struct board_function *function = &page->functions[which];
    int i;

    mark = mixed(mark, function->now);
    for (i = 0; i < page->n_days - 1; i++) {
        mark = mixed(mark, (uint64_t)function->days[i].down_ms);
        mark = mixed(mark, (uint64_t)function->days[i].impaired_ms);
        mark = mixed(mark, (uint64_t)function->days[i].unmonitored_ms);
    }
    return mixed(mark, function->days[i].worst);
}

/* Of what is told, not of how long it has lasted. */
static uint64_t mark_of(const struct maker *m)
{
    const struct board_page *page = m->page;
    uint64_t mark = 14695981039346656037u;
    size_t i;

    mark = mixed(mark, (uint64_t)m->source->stale_ms);
    mark = mixed(mark, (uint64_t)m->first_day);
    mark = mixed(mark, (uint64_t)page->n_days);
    for (i = 0; i < (size_t)page->n_functions; i++)
        mark = mixed_function(page, mark, (int)i);
    for (i = 0; i < page->n_incidents; i++) {
        const struct board_incident *incident = &page->incidents[i];

        mark = mixed(mark, incident->id);
        mark = mixed(mark, incident->severity);
        mark = mixed(mark, (uint64_t)incident->start_ms);
        mark = mixed(mark, (uint64_t)incident->end_ms);
        mark = mixed(mark, incident->n_posts);
    }
    for (i = 0; i < page->n_windows; i++) {
        mark = mixed(mark, page->windows[i].id);
        mark = mixed(mark, page->windows[i].phase);
        mark = mixed(mark, (uint64_t)page->windows[i].end_ms);
    }
    return mark;
}

struct board_page *board_page_new(const struct board_source *source)
{
    struct board_page *page = mem_zalloc(1, sizeof *page);
    struct maker *m = mem_zalloc(1, sizeof *m);
    struct period period;
    int i;

    *m = (struct maker){.page = page, .source = source};
    page->source = source;
    page->n_days = source->page->days;
    page->title = source->page->title[0] != '\0' ? source->page->title : source->contract->name;
    page->title_ja = source->page->title_ja[0] != '\0' ? source->page->title_ja : page->title;
    page->url = source->page->url;
    m->first_day = day_of(source->zone, source->as_of_ms) - page->n_days + 1;
    m->period = (struct interval){day_begins_ms(source->zone, m->first_day), source->as_of_ms};
    period = (struct period){m->period.begin, board_midnight_ms(source->zone, source->as_of_ms),
                             source->as_of_ms};
    choose_functions(m);
    copy_history(m);
    collect_windows(m);
    m->account = account_new(&m->history, &source->contract->terms, &period);
    page->now = BOARD_GOOD;
    fill_functions(m);
    board_page_incidents(m);
    board_page_windows(m);
    page->mark = mark_of(m);
    account_free(m->account);
    for (i = 0; i < page->n_functions; i++)
        intervals_free(&m->windows[i]);
    mem_free(m->windows);
    history_free(&m->history);
    mem_free(m);
    return page;
}

void board_page_free(struct board_page *page)
{
    size_t i;

    if (page == NULL)
        return;
    for (i = 0; i < page->n_incidents; i++)
        mem_free(page->incidents[i].posts);
    for (i = 0; i < (size_t)page->n_functions; i++)
        mem_free(page->functions[i].days);
    mem_free(page->functions);
    mem_free(page->incidents);
    mem_free(page->windows);
    mem_free(page);
}
