/* What an engine counts of its own life since it began, for whoever watches the watchers
 * (report/metrics.h). Plain numbers beside the decisions: nothing reads them to decide. */
#ifndef CORE_COUNTERS_H
#define CORE_COUNTERS_H

#include "base/histogram.h"
#include "core/detect/reason.h"
#include "core/model/model.h"

#define COUNTED_CHECKS (CHECK_REPORT + 1)
#define COUNTED_ACTUATORS (ACTUATOR_HOOK + 1)
#define COUNTED_COMMANDS 32 /* kinds; more are not counted */
#define COUNTED_ENTRIES 48  /* likewise */

struct peer_counters {
    uint64_t received;     /* beats of it */
    uint64_t lost;         /* … whose numbers were skipped */
    int64_t round_trip_ms; /* from a beat of this node's to its echo, less what the echo waited
                            * there; -1: not known */
};

struct call_counters { /* of one actuator, under the configuration in force */
    uint64_t calls, failures, took_ms;
};

struct receipt_counters { /* of one receiver of notices, likewise; committed */
    uint64_t accepted, failed;
};

struct counters {
    uint64_t probes[COUNTED_CHECKS][REASON_COUNT];
    struct histogram probe_time[COUNTED_CHECKS];
    struct peer_counters peers[LIMIT_SERVERS];
    struct call_counters calls[LIMIT_ROUTES][LIMIT_ACTUATORS];
    struct histogram call_time[COUNTED_ACTUATORS];
    struct receipt_counters receipts[LIMIT_RECEIVERS];
    uint64_t leaders;                    /* times that another leader became known */
    uint64_t candidacies;                /* … that this node stood for election */
    uint64_t led;                        /* … and led */
    uint64_t stalls, stalled_ms;         /* this node stood still */
    uint64_t commands[COUNTED_COMMANDS]; /* taken as leader, by kind */
    uint64_t applied[COUNTED_ENTRIES];   /* entries, by kind */
};

#endif
