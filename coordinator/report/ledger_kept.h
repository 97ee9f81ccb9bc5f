/* What report/ledger_events keeps of a ledger: outages and unmonitored time that are open or touch
 * the period, in the order of the lines that began them, so that they are found by a binary search
 * however many there are; windows that are not over or touch it; amendments and notices of what is
 * kept. What
 * there is more of than its bound is an error that names the entry. */
#ifndef REPORT_LEDGER_KEPT_H
#define REPORT_LEDGER_KEPT_H

#include "core/account/availability.h"
#include "report/ledger_fields.h"

/* An outage as it was told before a line said otherwise. */
struct revision {
    uint64_t line;
    struct outage before;
};

/* Channels as contracts speak of them. */
enum told_by { TOLD_MAIL, TOLD_CHAT, TOLD_WEB, TOLD_WEBHOOK, TOLD_ALERTMANAGER, TOLD_BY };
const char *told_by_name(enum told_by channel); /* "mail" */
#define TOLD_NOBODY INT64_MAX                   /* yet */

/* A customer's word that a window was announced, or (TOLD_NOBODY) that one is to be told. */
struct telling {
    uint64_t window, line; /* the lines that announced it, and told so */
    int64_t at_ms;
};

struct kept {
    struct period period;
    struct history history; /* outages and gaps whose start_ms is UTC_NONE were dropped */
    size_t dropped_outages, dropped_gaps;
    struct revision *revisions; /* owned, in order of their lines */
    size_t n_revisions, cap_revisions;
    uint64_t *window_ids; /* owned: of each of the history's windows */
    size_t sweep_windows; /* so many: those that are over go */
    /* Owned, of each of the history's outages: the earliest word by each channel that was told of;
     * UTC_NONE: none was to be told. Each that changes it is in the history's notices. */
    int64_t (*told)[TOLD_BY];
    size_t sweep_notices;
    struct telling *tellings; /* owned, in order of their lines */
    size_t n_tellings, cap_tellings;
};

void kept_init(struct kept *kept, const struct period *period);
void kept_free(struct kept *kept);

/* With their bounds, and while they are open. */
bool outage_touches(const struct outage *outage, const struct period *period);
bool gap_touches(const struct unmonitored *gap, const struct period *period);

/* Copies of these are kept: 0 or ERR_LIMIT. Lines come in order. */
int kept_outage(struct kept *kept, const struct outage *outage, struct fields *f);
int kept_gap(struct kept *kept, const struct unmonitored *gap, struct fields *f);
int kept_amendment(struct kept *kept, const struct amendment *amendment, struct fields *f);
int kept_window(struct kept *kept, uint64_t id, const struct window *window, int64_t time_ms,
                struct fields *f);

/* Before the line f->seq changes the outage's start: earlier reports are made of what was known. */
int kept_revise(struct kept *kept, const struct outage *before, struct fields *f);

/* A notice of the outage, or of the window that a line announced, was accepted at that time, or
 * (TOLD_NOBODY) is on its way. 1: that is news; 0: no earlier than what was known; or ERR_LIMIT. */
int kept_tell_outage(struct kept *kept, const struct outage *outage, enum told_by channel,
                     int64_t at_ms, struct fields *f);
int kept_tell_window(struct kept *kept, const struct window *window, int64_t at_ms,
                     struct fields *f);

/* By the line that began it; NULL: it is not kept. Until the next is added or dropped. */
struct outage *kept_find_outage(const struct kept *kept, uint64_t line);
struct unmonitored *kept_find_gap(const struct kept *kept, uint64_t line);
/* By the line that announced it; NULL: it is not kept. Until the next is added. */
struct window *kept_window_of_line(const struct kept *kept, uint64_t line);
/* The first from `from` on with this id, and how many windows there are when there is none. */
size_t kept_find_window(const struct kept *kept, uint64_t id, size_t from);

void kept_drop_outage(struct kept *kept, struct outage *outage);
void kept_drop_gap(struct kept *kept, struct unmonitored *gap);

/* The period begins then from now on; what no longer touches it goes, windows that are over at
 * time_ms and all amendments, too. */
void kept_forget(struct kept *kept, int64_t begin_ms, int64_t time_ms);

/* What lines up to and with `last` told, before `before_ms`, into an empty history. */
void kept_copy(const struct kept *kept, uint64_t last, int64_t before_ms, struct history *out);

#endif
