/* Ledger lines -> what the accounting needs to know: outages, maintenance windows, unmonitored
 * time, what operators said of outages afterwards, and when customers were told. Feed every line
 * from entry 0 on; only what touches the period is kept, so memory does not grow with the ledger.
 * Lines that are later than the period's as-of are checked for their order and else ignored. Pure.
 *
 *   events = ledger_events_new(&contract, &period);
 *   ... ledger_events_line() for each line ...
 *   ledger_events_view(events, 0, &view, &err);
 *   ... a report of view.history, as of view.as_of_ms ...
 *   ledger_view_free(&view);
 *
 * The ledger knows no repair apart from the recovery: an outage's repaired_ms is its end_ms. What
 * was before the ledger's first line was watched by nobody: it is unmonitored. */
#ifndef REPORT_LEDGER_EVENTS_H
#define REPORT_LEDGER_EVENTS_H

#include "base/err.h"
#include "report/edition.h"
#include "report/sla.h"

#include <stddef.h>
#include <stdint.h>

/* Of one month. Outages and gaps that are open count, too. */
#define LEDGER_OUTAGES_MAX 300000
#define LEDGER_GAPS_MAX 300000
#define LEDGER_WINDOWS_MAX 16384
#define LEDGER_AMENDMENTS_MAX 65536
#define LEDGER_NOTICES_MAX 600000
#define LEDGER_TELLINGS_MAX 65536

struct ledger_events;

/* The contract's functions get its numbers, others that the ledger names come behind them.
 * `contract` is only read during the call. */
struct ledger_events *ledger_events_new(const struct contract *contract,
                                        const struct period *period);
void ledger_events_free(struct ledger_events *events); /* NULL is fine */

/* For who follows a ledger without end: of no contract, and of all the time from begin_ms on. */
struct ledger_events *ledger_events_follow(int64_t begin_ms);
/* What was over before begin_ms, which never goes back, and the texts of amendments. */
void ledger_events_forget(struct ledger_events *events, int64_t begin_ms);
/* How many outages, unmonitored times and amendments are kept. */
size_t ledger_events_kept(const struct ledger_events *events);

/* The next line, without its newline. `tree` is the ledger's with this line (NULL: nobody asks
 * for roots). ERR_INVALID names entry and field, ERR_LIMIT what there are too many of; then
 * `events` is of no more use. */
int ledger_events_line(struct ledger_events *events, const char *line, size_t len,
                       const struct tree *tree, struct err *err);

/* What one report is made of. */
struct ledger_view {
    struct history history; /* owned; open outages are in it, open */
    struct function_names names;
    int edition;
    bool provisional;
    int64_t as_of_ms;
    bool notices;      /* the ledger knows whom customers' notices went to */
    int64_t begins_ms; /* the ledger's first line; UTC_NONE: it has none */
    uint64_t size;     /* of the ledger that it is made of, and its root */
    uint8_t root[TREE_HASH];
    const struct report_edition *made;    /* NULL: provisional */
    const struct edition_change *changes; /* since the edition before; the events' own */
    size_t n_changes;
};

/* Edition n of the report, or (0) the newest that can be told: what is provisional, if anything
 * was said that is in no edition yet. ERR_REFUSED: no such edition; the text says how many there
 * are. Borrows from `events`. */
int ledger_events_view(const struct ledger_events *events, int edition, struct ledger_view *view,
                       struct err *err);
/* A provisional view as of a time of the caller's. What is later than `known_ms` nobody can know
 * yet: it is unmonitored. */
void ledger_view_as_of(const struct ledger_events *events, struct ledger_view *view,
                       int64_t as_of_ms, int64_t known_ms);
/* Puts all that the view has into the input of its report, as of then. */
void ledger_view_input(struct ledger_view *view, struct sla_input *input);
void ledger_view_free(struct ledger_view *view);

#endif
