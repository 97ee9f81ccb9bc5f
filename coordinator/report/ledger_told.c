/* Who was told: of outages by each channel, of maintenance windows at all. Only what changes that
 * is kept, so that repeats cost nothing. */
#include "report/ledger_events.h"
#include "report/ledger_kept_private.h"
#include "base/mem.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *told_by_name(enum told_by channel)
{
    static const char *const names[TOLD_BY] = {[TOLD_MAIL] = "mail",
                                               [TOLD_CHAT] = "chat",
                                               [TOLD_WEB] = "web",
                                               [TOLD_WEBHOOK] = "webhook",
                                               [TOLD_ALERTMANAGER] = "alertmanager"};

    return names[channel];
}

/* ---- outages ---- */

void kept_told_init(struct kept *kept)
{
    const struct history *h = &kept->history;
    int channel;

    kept->told = mem_realloc(kept->told, h->cap_outages, sizeof *kept->told);
    for (channel = 0; channel < TOLD_BY; channel++)
        kept->told[h->n_outages - 1][channel] = UTC_NONE;
}

void kept_sweep_notices(struct kept *kept)
{
    struct history *h = &kept->history;
    size_t i, n = 0;

    for (i = 0; i < h->n_notices; i++)
        if (kept_find_outage(kept, strtoull(h->notices[i].outage, NULL, 10)) != NULL)
            h->notices[n++] = h->notices[i];
    h->n_notices = n;
    kept->sweep_notices = n < SWEEP_LEAST ? SWEEP_LEAST : 2 * n;
}

int kept_tell_outage(struct kept *kept, const struct outage *outage, enum told_by channel,
                     int64_t at_ms, struct fields *f)
{
    struct history *h = &kept->history;
    int64_t *told_ms = &kept->told[outage - h->outages][channel];
    struct notice *notice;

    if (*told_ms != UTC_NONE && at_ms >= *told_ms)
        return 0;
    if (h->n_notices >= kept->sweep_notices)
        kept_sweep_notices(kept);
    if (h->n_notices >= LEDGER_NOTICES_MAX)
        return kept_too_many(f, LEDGER_NOTICES_MAX, "notices of the month's outages");
    *told_ms = at_ms;
    notice = history_notice(h);
    memcpy(notice->outage, outage->id, sizeof notice->outage);
    snprintf(notice->channel, sizeof notice->channel, "%s", told_by_name(channel));
    notice->line = f->seq;
    notice->at_ms = at_ms != TOLD_NOBODY ? at_ms : UTC_NONE;
    return 1;
}

/* ---- windows ---- */

void kept_sweep_tellings(struct kept *kept)
{
    size_t i, n = 0;

    for (i = 0; i < kept->n_tellings; i++)
        if (kept_window_of_line(kept, kept->tellings[i].window) != NULL)
            kept->tellings[n++] = kept->tellings[i];
    kept->n_tellings = n;
}

struct window *kept_window_of_line(const struct kept *kept, uint64_t line)
{
    const struct history *h = &kept->history;
    size_t i = kept_first_from(h->windows, h->n_windows, sizeof *h->windows,
                               offsetof(struct window, line), line);

    return i < h->n_windows && h->windows[i].line == line ? &h->windows[i] : NULL;
}

/* What it has so far tells the window itself. */
int kept_tell_window(struct kept *kept, const struct window *window, int64_t at_ms,
                     struct fields *f)
{
    size_t i;

    for (i = 0; i < kept->n_tellings; i++)
        if (kept->tellings[i].window == window->line && kept->tellings[i].at_ms <= at_ms)
            return 0;
    if (kept->n_tellings == LEDGER_TELLINGS_MAX)
        return kept_too_many(f, LEDGER_TELLINGS_MAX, "notices of the month's maintenance");
    if (kept->n_tellings == kept->cap_tellings) {
        kept->cap_tellings = kept->cap_tellings > 0 ? kept->cap_tellings * 2 : 16;
        kept->tellings = mem_realloc(kept->tellings, kept->cap_tellings, sizeof *kept->tellings);
    }
    kept->tellings[kept->n_tellings++] = (struct telling){window->line, f->seq, at_ms};
    return 1;
}

void kept_copy_tellings(const struct kept *kept, uint64_t last, struct window *copy)
{
    int64_t first_ms = TOLD_NOBODY;
    size_t i;

    for (i = 0; i < kept->n_tellings && kept->tellings[i].line <= last; i++) {
        if (kept->tellings[i].window != copy->line)
            continue;
        copy->tells = true;
        if (kept->tellings[i].at_ms < first_ms)
            first_ms = kept->tellings[i].at_ms;
    }
    copy->told_ms = first_ms != TOLD_NOBODY ? first_ms : UTC_NONE;
}
