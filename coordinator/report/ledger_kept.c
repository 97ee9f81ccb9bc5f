#include "report/ledger_kept_private.h"
#include "report/ledger_events.h"
#include "base/mem.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define SWEEP_LEAST 64
#define REVISIONS_MAX 4096 /* each is looked at for each outage of a report */

void kept_init(struct kept *kept, const struct period *period)
{
    *kept = (struct kept){
        .period = *period, .sweep_windows = SWEEP_LEAST, .sweep_notices = SWEEP_LEAST};
}

void kept_free(struct kept *kept)
{
    history_free(&kept->history);
    mem_free(kept->window_ids);
    mem_free(kept->revisions);
    mem_free(kept->told);
    mem_free(kept->tellings);
}

bool outage_touches(const struct outage *o, const struct period *period)
{
    return o->last_good_ms < period->end_ms &&
           (o->end_ms == UTC_NONE || o->end_ms > period->begin_ms);
}

bool gap_touches(const struct unmonitored *gap, const struct period *period)
{
    return gap->start_ms < period->end_ms &&
           (gap->end_ms == UTC_NONE || gap->end_ms > period->begin_ms);
}

int kept_too_many(struct fields *f, int most, const char *what)
{
    return err_set(f->err, ERR_LIMIT, "entry %" PRIu64 ": more than %d %s", f->seq, most, what);
}

size_t kept_first_from(const void *items, size_t n, size_t size, size_t at, uint64_t line)
{
    size_t low = 0, high = n;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        uint64_t told;

        memcpy(&told, (const char *)items + mid * size + at, sizeof told);
        if (told < line)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* ---- outages ---- */

struct outage *kept_find_outage(const struct kept *kept, uint64_t line)
{
    const struct history *h = &kept->history;
    size_t i = kept_first_from(h->outages, h->n_outages, sizeof *h->outages,
                               offsetof(struct outage, line), line);

    return i < h->n_outages && h->outages[i].line == line && h->outages[i].start_ms != UTC_NONE
               ? &h->outages[i]
               : NULL;
}

int kept_outage(struct kept *kept, const struct outage *outage, struct fields *f)
{
    if (kept->history.n_outages - kept->dropped_outages >= LEDGER_OUTAGES_MAX)
        return kept_too_many(f, LEDGER_OUTAGES_MAX, "outages are open or touch the month");
    *history_outage(&kept->history) = *outage;
    kept_told_init(kept);
    return 0;
}

static void sweep_outages(struct kept *kept)
{
    struct history *h = &kept->history;
    size_t i, n = 0;

    for (i = 0; i < h->n_outages; i++)
        if (h->outages[i].start_ms != UTC_NONE) {
            memcpy(kept->told[n], kept->told[i], sizeof kept->told[n]);
            h->outages[n++] = h->outages[i];
        }
    h->n_outages = n;
    kept->dropped_outages = 0;
}

/* When half of them are dropped, the rest moves together: constant time a drop, on average. */
void kept_drop_outage(struct kept *kept, struct outage *outage)
{
    const struct history *h = &kept->history;

    outage->start_ms = UTC_NONE;
    kept->dropped_outages++;
    if (kept->dropped_outages >= SWEEP_LEAST && kept->dropped_outages >= h->n_outages / 2)
        sweep_outages(kept);
}

int kept_revise(struct kept *kept, const struct outage *before, struct fields *f)
{
    size_t i, n = 0;

    if (kept->n_revisions == REVISIONS_MAX) { /* of what is kept no more, none is needed */
        for (i = 0; i < kept->n_revisions; i++)
            if (kept_find_outage(kept, kept->revisions[i].before.line) != NULL)
                kept->revisions[n++] = kept->revisions[i];
        kept->n_revisions = n;
    }
    if (kept->n_revisions == REVISIONS_MAX)
        return kept_too_many(f, REVISIONS_MAX,
                             "of the month's outages began earlier than was told");
    if (kept->n_revisions == kept->cap_revisions) {
        kept->cap_revisions = kept->cap_revisions > 0 ? kept->cap_revisions * 2 : 16;
        kept->revisions =
            mem_realloc(kept->revisions, kept->cap_revisions, sizeof *kept->revisions);
    }
    kept->revisions[kept->n_revisions++] = (struct revision){f->seq, *before};
    return 0;
}

/* As it was known behind the line `last`. */
static const struct outage *version(const struct kept *kept, const struct outage *outage,
                                    uint64_t last)
{
    size_t i;

    for (i = 0; i < kept->n_revisions; i++)
        if (kept->revisions[i].line > last && kept->revisions[i].before.line == outage->line)
            return &kept->revisions[i].before;
    return outage;
}

/* ---- unmonitored time ---- */

struct unmonitored *kept_find_gap(const struct kept *kept, uint64_t line)
{
    const struct history *h = &kept->history;
    size_t i = kept_first_from(h->gaps, h->n_gaps, sizeof *h->gaps,
                               offsetof(struct unmonitored, line), line);

    return i < h->n_gaps && h->gaps[i].line == line && h->gaps[i].start_ms != UTC_NONE ? &h->gaps[i]
                                                                                       : NULL;
}

int kept_gap(struct kept *kept, const struct unmonitored *gap, struct fields *f)
{
    if (kept->history.n_gaps - kept->dropped_gaps >= LEDGER_GAPS_MAX)
        return kept_too_many(f, LEDGER_GAPS_MAX, "unmonitored times are open or touch the month");
    *history_gap(&kept->history) = *gap;
    return 0;
}

static void sweep_gaps(struct kept *kept)
{
    struct history *h = &kept->history;
    size_t i, n = 0;

    for (i = 0; i < h->n_gaps; i++)
        if (h->gaps[i].start_ms != UTC_NONE)
            h->gaps[n++] = h->gaps[i];
    h->n_gaps = n;
    kept->dropped_gaps = 0;
}

void kept_drop_gap(struct kept *kept, struct unmonitored *gap)
{
    const struct history *h = &kept->history;

    gap->start_ms = UTC_NONE;
    kept->dropped_gaps++;
    if (kept->dropped_gaps >= SWEEP_LEAST && kept->dropped_gaps >= h->n_gaps / 2)
        sweep_gaps(kept);
}

/* ---- amendments ---- */

static void sweep_amendments(struct kept *kept)
{
    struct history *h = &kept->history;
    size_t i, n = 0;

    for (i = 0; i < h->n_amendments; i++)
        if (kept_find_outage(kept, strtoull(h->amendments[i].of, NULL, 10)) != NULL)
            h->amendments[n++] = h->amendments[i];
    h->n_amendments = n;
}

int kept_amendment(struct kept *kept, const struct amendment *amendment, struct fields *f)
{
    if (kept->history.n_amendments >= LEDGER_AMENDMENTS_MAX)
        sweep_amendments(kept);
    if (kept->history.n_amendments >= LEDGER_AMENDMENTS_MAX)
        return kept_too_many(f, LEDGER_AMENDMENTS_MAX,
                             "amendments and notes of the month's outages");
    *history_amendment(&kept->history) = *amendment;
    return 0;
}

/* ---- windows ---- */

/* No line speaks of a window that is over any more. */
static void sweep_windows(struct kept *kept, int64_t time_ms)
{
    struct history *h = &kept->history;
    size_t i, n = 0;

    for (i = 0; i < h->n_windows; i++) {
        const struct window *w = &h->windows[i];

        if (w->end_ms <= time_ms &&
            (w->start_ms >= kept->period.end_ms || w->end_ms <= kept->period.begin_ms))
            continue;
        kept->window_ids[n] = kept->window_ids[i];
        h->windows[n++] = *w;
    }
    h->n_windows = n;
    kept_sweep_tellings(kept);
    kept->sweep_windows = n < SWEEP_LEAST ? SWEEP_LEAST : 2 * n;
}

int kept_window(struct kept *kept, uint64_t id, const struct window *window, int64_t time_ms,
                struct fields *f)
{
    struct history *h = &kept->history;

    if (h->n_windows >= kept->sweep_windows || h->n_windows >= LEDGER_WINDOWS_MAX)
        sweep_windows(kept, time_ms);
    if (h->n_windows >= LEDGER_WINDOWS_MAX)
        return kept_too_many(f, LEDGER_WINDOWS_MAX,
                             "maintenance windows are not over or touch the month");
    *history_window(h) = *window;
    kept->window_ids = mem_realloc(kept->window_ids, h->cap_windows, sizeof *kept->window_ids);
    kept->window_ids[h->n_windows - 1] = id;
    return 0;
}

size_t kept_find_window(const struct kept *kept, uint64_t id, size_t from)
{
    size_t i = from;

    while (i < kept->history.n_windows && kept->window_ids[i] != id)
        i++;
    return i;
}

void kept_forget(struct kept *kept, int64_t begin_ms, int64_t time_ms)
{
    struct history *h = &kept->history;
    size_t i;

    kept->period.begin_ms = begin_ms;
    for (i = 0; i < h->n_outages; i++)
        if (h->outages[i].end_ms != UTC_NONE && !outage_touches(&h->outages[i], &kept->period))
            h->outages[i].start_ms = UTC_NONE;
    for (i = 0; i < h->n_gaps; i++)
        if (h->gaps[i].end_ms != UTC_NONE && !gap_touches(&h->gaps[i], &kept->period))
            h->gaps[i].start_ms = UTC_NONE;
    sweep_outages(kept);
    sweep_gaps(kept);
    sweep_windows(kept, time_ms);
    kept_sweep_notices(kept);
    kept->history.n_amendments = 0;
}

/* ---- copies ---- */

void kept_copy(const struct kept *kept, uint64_t last, int64_t before_ms, struct history *out)
{
    const struct history *h = &kept->history;
    size_t i;

    for (i = 0; i < h->n_outages && h->outages[i].line <= last; i++) {
        const struct outage *outage = &h->outages[i];

        if (outage->start_ms == UTC_NONE)
            continue;
        outage = version(kept, outage, last);
        if (outage_touches(outage, &kept->period))
            *history_outage(out) = *outage;
    }
    for (i = 0; i < h->n_gaps && h->gaps[i].line <= last; i++)
        if (h->gaps[i].start_ms != UTC_NONE && gap_touches(&h->gaps[i], &kept->period))
            *history_gap(out) = h->gaps[i];
    for (i = 0; i < h->n_windows && h->windows[i].line <= last; i++) {
        struct window *copy = history_window(out);

        *copy = h->windows[i];
        if (copy->finished_ms >= before_ms)
            copy->finished_ms = UTC_NONE;
        kept_copy_tellings(kept, last, copy);
    }
    for (i = 0; i < h->n_notices && h->notices[i].line <= last; i++)
        *history_notice(out) = h->notices[i];
    for (i = 0; i < h->n_amendments && h->amendments[i].line <= last; i++)
        *history_amendment(out) = h->amendments[i];
}
