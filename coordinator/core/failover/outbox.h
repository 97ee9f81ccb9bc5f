/* What an actuator is to be told, and when again: one slot per route and actuator on
 * the leader. New placements go out at once, failures are retried with backoff, and a
 * served placement is asserted again and again, because real parts restart and forget. */
#ifndef CORE_FAILOVER_OUTBOX_H
#define CORE_FAILOVER_OUTBOX_H

#include "core/shared.h"

#define OUTBOX_RETRY_MS 100 /* first retry; doubles up to … */
#define OUTBOX_RETRY_MAX_MS 5000
#define OUTBOX_ASSERT_MS 2000
#define OUTBOX_REPORT_MS 60000 /* the same failure is recorded this often */

struct outslot {
    bool busy;            /* the newest call is under way */
    uint32_t epoch, step; /* of the newest call */
    int tries;            /* that failed in a row, for this placement */
    int64_t next_ms;      /* not before */
    int64_t reported_ms;  /* when a failure was last recorded; INT64_MIN */
};

void outbox_init(struct outslot *slot);
/* True when a call for `placement` should start now; marks it started. One for another
 * placement that is under way is overtaken: what it brings back says nothing any more. */
bool outbox_due(struct outslot *slot, const struct placement *placement, int64_t now_ms);
/* The newest call ended. True when a failure should be recorded. */
bool outbox_ended(struct outslot *slot, bool ok, int64_t now_ms);

#endif
