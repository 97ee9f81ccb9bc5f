/* Editions of a month's report.
 *
 * The report of a month is final when the month (cut to the contract's validity) is over and no
 * outage or unmonitored time that touches it is open. Edition 1 is the report of the ledger up to
 * and with the first line at which that holds. Whatever a later line changes of what the report of
 * that month says makes the next edition: an amendment of an outage that touches the month, an
 * outage or unmonitored time of the month that is told late, or the first word of a customer, by
 * one channel, that a notice of an outage or window of the month has come. The next edition is made
 * by that line or, when something that touches the month is open again, by the first line at which
 * nothing is; until then, as before edition 1, the report is provisional and its number is the one
 * that it is going to have.
 *
 * An edition is the report of the lines up to and with the one that made it, as of that line's
 * time. So it is the same byte for byte whenever and from however much longer a ledger it is made.
 * Between two editions no line says anything of the month but notes and other texts, which
 * the next edition has. A provisional report is of all lines that there are at as-of.
 *
 * "Touches": its time with its bounds overlaps the month. Lines with times later than as-of are
 * not looked at. Pure. */
#ifndef REPORT_EDITION_H
#define REPORT_EDITION_H

#include "base/err.h"
#include "base/limits.h"
#include "core/account/availability.h"
#include "core/account/tree.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EDITION_CHANGES_MAX 65536 /* of one month */

enum edition_what {
    EDITION_AMENDED,
    EDITION_LATE_OUTAGE,
    EDITION_LATE_GAP,
    EDITION_LATE_NOTICE, /* a customer accepted a notice of an outage … */
    EDITION_LATE_WINDOW, /* … of a maintenance window */
};

/* What a line said that changes a report which was final. */
struct edition_change {
    enum edition_what what;
    uint64_t line; /* that says it, and its time */
    int64_t at_ms;
    char subject[LIMIT_NAME];             /* the outage's, unmonitored time's or window's id */
    const char *channel;                  /* a notice's, static; NULL of the others */
    enum severity severity, severity_was; /* amended: equal when the line does not set it */
    enum cause cause, cause_was;          /* likewise */
    char who[LIMIT_NAME];                 /* amended: may be empty */
    char reason[LIMIT_TEXT];              /* likewise */
};

struct report_edition {
    uint64_t line; /* that made it, and its time: the report's as-of */
    int64_t at_ms;
    uint8_t root[TREE_HASH];        /* of the ledger up to and with that line */
    size_t first_change, n_changes; /* since the edition before; none of the first */
};

struct report_editions {
    struct period period;
    struct report_edition *items; /* owned: edition n is items[n - 1] */
    size_t n, cap;
    struct edition_change *changes; /* owned */
    size_t n_changes, cap_changes;
    uint64_t open; /* of what touches the month */
    bool changed;  /* since the newest edition, or there is none */
};

void report_editions_init(struct report_editions *editions, const struct period *period);
void report_editions_free(struct report_editions *editions);

/* Since the newest edition this was said. Nothing to remember before the first. ERR_LIMIT. */
int report_editions_change(struct report_editions *editions, const struct edition_change *change,
                           struct err *err);
/* Behind every line: does it make an edition? Then its root is still to be filled in. */
struct report_edition *report_editions_line(struct report_editions *editions, uint64_t line,
                                            int64_t time_ms);
/* Is something said of the month that is in no edition yet? */
bool report_editions_pending(const struct report_editions *editions);
/* Of one edition; or (NULL) of the provisional report that is behind all. */
const struct edition_change *report_editions_changes(const struct report_editions *editions,
                                                     const struct report_edition *edition,
                                                     size_t *n);

#endif
