#include "core/account/history.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* A zeroed item at the end of a growing array. */
static void *append(void **items, size_t *n, size_t *cap, size_t size)
{
    char *item;

    if (*n == *cap) {
        *cap = *cap > 0 ? *cap * 2 : 16;
        *items = mem_realloc(*items, *cap, size);
    }
    item = (char *)*items + *n * size;
    memset(item, 0, size);
    (*n)++;
    return item;
}

struct outage *history_outage(struct history *history)
{
    void *items = history->outages;
    struct outage *item = append(&items, &history->n_outages, &history->cap_outages, sizeof *item);

    history->outages = items;
    return item;
}

struct window *history_window(struct history *history)
{
    void *items = history->windows;
    struct window *item = append(&items, &history->n_windows, &history->cap_windows, sizeof *item);

    history->windows = items;
    return item;
}

struct unmonitored *history_gap(struct history *history)
{
    void *items = history->gaps;
    struct unmonitored *item = append(&items, &history->n_gaps, &history->cap_gaps, sizeof *item);

    history->gaps = items;
    return item;
}

struct notice *history_notice(struct history *history)
{
    void *items = history->notices;
    struct notice *item = append(&items, &history->n_notices, &history->cap_notices, sizeof *item);

    history->notices = items;
    return item;
}

struct amendment *history_amendment(struct history *history)
{
    void *items = history->amendments;
    struct amendment *item =
        append(&items, &history->n_amendments, &history->cap_amendments, sizeof *item);

    history->amendments = items;
    item->severity = item->cause = -1;
    return item;
}

void history_free(struct history *history)
{
    mem_free(history->outages);
    mem_free(history->windows);
    mem_free(history->gaps);
    mem_free(history->notices);
    mem_free(history->amendments);
    *history = (struct history){0};
}

/* ---- amendments ---- */

static int by_time(const void *a, const void *b)
{
    const struct amendment *x = a, *y = b;

    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    return (x->line > y->line) - (x->line < y->line);
}

static int by_id(const void *a, const void *b)
{
    const struct outage *const *x = a, *const *y = b;

    return strcmp((*x)->id, (*y)->id);
}

static int is_id(const void *id, const void *item)
{
    const struct outage *const *outage = item;

    return strcmp(id, (*outage)->id);
}

void history_amend(struct history *history, int64_t as_of_ms)
{
    struct outage **index = mem_zalloc(history->n_outages + 1, sizeof *index);
    size_t i;

    for (i = 0; i < history->n_outages; i++) {
        index[i] = &history->outages[i];
        index[i]->severity = index[i]->first_severity;
        index[i]->cause = index[i]->first_cause;
    }
    if (history->n_outages > 1)
        qsort(index, history->n_outages, sizeof *index, by_id);
    if (history->n_amendments > 1)
        qsort(history->amendments, history->n_amendments, sizeof *history->amendments, by_time);
    for (i = 0; i < history->n_amendments; i++) {
        const struct amendment *amendment = &history->amendments[i];
        struct outage **found;

        if (amendment->at_ms > as_of_ms)
            break;
        found = bsearch(amendment->of, index, history->n_outages, sizeof *index, is_id);
        if (found != NULL && amendment->severity >= 0)
            (*found)->severity = (enum severity)amendment->severity;
        if (found != NULL && amendment->cause >= 0)
            (*found)->cause = (enum cause)amendment->cause;
    }
    mem_free(index);
}

int64_t window_announced_ms(const struct window *w)
{
    if (!w->tells)
        return w->announced_ms;
    return w->told_ms != UTC_NONE ? w->told_ms : UTC_MOST_MS;
}

struct interval window_taken(const struct window *w)
{
    bool early = w->finished_ms != UTC_NONE && w->finished_ms < w->end_ms;
    int64_t announced_ms = window_announced_ms(w);

    return (struct interval){.begin = announced_ms > w->start_ms ? announced_ms : w->start_ms,
                             .end = early ? w->finished_ms : w->end_ms};
}

bool outage_seen(const struct outage *outage, int64_t as_of_ms, struct outage *seen)
{
    *seen = *outage;
    if (seen->start_ms > as_of_ms)
        return false;
    if (seen->last_good_ms == UTC_NONE)
        seen->last_good_ms = seen->start_ms;
    if (seen->end_ms > as_of_ms)
        seen->end_ms = UTC_NONE;
    if (seen->end_ms == UTC_NONE)
        seen->last_fail_ms = UTC_NONE;
    else if (seen->last_fail_ms == UTC_NONE)
        seen->last_fail_ms = seen->end_ms;
    if (seen->recognised_ms > as_of_ms)
        seen->recognised_ms = UTC_NONE;
    if (seen->repaired_ms > as_of_ms)
        seen->repaired_ms = UTC_NONE;
    return true;
}
