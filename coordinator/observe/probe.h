/* What the schedule and the kinds of probes know of each other. A kind starts a probe and
 * says once how it ended; the schedule keeps the time, the limits and the time-out. */
#ifndef OBSERVE_PROBE_H
#define OBSERVE_PROBE_H

#include "core/detect/reason.h"
#include "core/model/model.h"
#include "observe/transfer.h"

#include <stdbool.h>

struct probe {
    const struct check *check;
    struct transfers *transfers;
    bool fresh;  /* a confirmation: trust no connection that is already open */
    void *state; /* the kind's own, from start to probe_end() or stop */
};

struct probe_kind {
    /* Never calls probe_end() itself: the answer comes from the loop. */
    void (*start)(struct probe *probe);
    /* Gives up: probe_end() does not come any more. */
    void (*stop)(struct probe *probe);
};

extern const struct probe_kind probe_tcp;
extern const struct probe_kind probe_http;

/* Called by the kind, once. `status` is the HTTP status or 0, `text` the cause for the
 * operator. The probe is gone afterwards. */
void probe_end(struct probe *probe, enum reason reason, int status, const char *text);

#endif
