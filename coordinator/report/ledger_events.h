/* Ledger lines -> what the accounting needs to know: outages, maintenance windows and
 * unmonitored time. Feed every line from entry 0 on; only what touches the period is
 * kept, so memory does not grow with the ledger. Pure.
 *
 * The ledger knows no repair apart from the recovery yet: an outage's repaired_ms is
 * its end_ms. */
#ifndef REPORT_LEDGER_EVENTS_H
#define REPORT_LEDGER_EVENTS_H

#include "base/err.h"
#include "report/sla.h"

#include <stddef.h>
#include <stdint.h>

struct ledger_events;

/* The contract's functions get its numbers, others that the ledger names come behind them.
 * `contract` is only read during the call. */
struct ledger_events *ledger_events_new(const struct contract *contract,
                                        const struct period *period);
void ledger_events_free(struct ledger_events *events); /* NULL is fine */

/* The next line, without its newline. ERR_INVALID names entry and field, ERR_LIMIT what
 * there are too many of; then `events` is of no more use. */
int ledger_events_line(struct ledger_events *events, const char *line, size_t len, struct err *err);

/* All that was fed so far; open ones are in it, open. Both until the next line. */
struct history *ledger_events_history(struct ledger_events *events);
const struct function_names *ledger_events_names(const struct ledger_events *events);

#endif
