#include "report/edition.h"
#include "base/check.h"
#include "base/mem.h"

#include <inttypes.h>

void report_editions_init(struct report_editions *editions, const struct period *period)
{
    *editions = (struct report_editions){.period = *period, .changed = true};
}

void report_editions_free(struct report_editions *editions)
{
    mem_free(editions->items);
    mem_free(editions->changes);
    *editions = (struct report_editions){0};
}

int report_editions_change(struct report_editions *editions, const struct edition_change *change,
                           struct err *err)
{
    editions->changed = true;
    if (editions->n == 0)
        return 0;
    if (editions->n_changes == EDITION_CHANGES_MAX)
        return err_set(err, ERR_LIMIT,
                       "entry %" PRIu64 ": more than %d changes of the month when it was over",
                       change->line, EDITION_CHANGES_MAX);
    if (editions->n_changes == editions->cap_changes) {
        editions->cap_changes = editions->cap_changes > 0 ? editions->cap_changes * 2 : 16;
        editions->changes =
            mem_realloc(editions->changes, editions->cap_changes, sizeof *editions->changes);
    }
    editions->changes[editions->n_changes++] = *change;
    return 0;
}

bool report_editions_pending(const struct report_editions *editions)
{
    return editions->open > 0 || editions->changed;
}

const struct edition_change *report_editions_changes(const struct report_editions *editions,
                                                     const struct report_edition *edition,
                                                     size_t *n)
{
    size_t first = 0;

    if (edition != NULL) {
        first = edition->first_change;
        *n = edition->n_changes;
    } else {
        if (editions->n > 0) {
            const struct report_edition *newest = &editions->items[editions->n - 1];

            first = newest->first_change + newest->n_changes;
        }
        *n = editions->n_changes - first;
    }
    return *n > 0 ? editions->changes + first : NULL;
}

struct report_edition *report_editions_line(struct report_editions *editions, uint64_t line,
                                            int64_t time_ms)
{
    struct report_edition *edition;
    size_t first;

    if (time_ms < editions->period.end_ms || editions->open > 0 || !editions->changed)
        return NULL;
    first = editions->n_changes;
    if (editions->n > 0)
        first = editions->items[editions->n - 1].first_change +
                editions->items[editions->n - 1].n_changes;
    if (editions->n == editions->cap) {
        editions->cap = editions->cap > 0 ? editions->cap * 2 : 4;
        editions->items = mem_realloc(editions->items, editions->cap, sizeof *editions->items);
    }
    edition = &editions->items[editions->n++];
    *edition = (struct report_edition){.line = line,
                                       .at_ms = time_ms,
                                       .first_change = first,
                                       .n_changes = editions->n_changes - first};
    editions->changed = false;
    return edition;
}
