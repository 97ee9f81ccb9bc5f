/* What the schedule and the kinds of probes know of each other. A kind starts a probe and
 * says once how it ended; the schedule keeps the time, the limits and the time-out. */
#ifndef OBSERVE_PROBE_H
#define OBSERVE_PROBE_H

#include "core/detect/reason.h"
#include "core/model/model.h"
#include "transfer/transfer.h"

#include <stdbool.h>

struct observe;

struct probe {
    const struct check *check;
    struct observe *observe;
    uv_loop_t *loop;
    struct transfers *transfers;
    uint64_t number; /* random: what a kind marks its request with */
    bool fresh;      /* a confirmation: trust no connection that is already open */
    void *state;     /* the kind's own, from start to probe_end() or stop */
};

struct probe_kind {
    /* Never calls probe_end() itself: the answer comes from the loop. */
    void (*start)(struct probe *probe);
    /* Gives up: probe_end() does not come any more. */
    void (*stop)(struct probe *probe);
};

extern const struct probe_kind probe_tcp;
extern const struct probe_kind probe_http;
extern const struct probe_kind probe_sip;

/* Called by the kind, once. `status` is the status of HTTP or SIP, or 0, `text` the cause for the
 * operator. The probe is gone afterwards. */
void probe_end(struct probe *probe, enum reason reason, int status, const char *text);

/* A kind with handles of its own, which may outlive its probe: the observer is not closed
 * before each hold is released. */
void probe_hold(struct observe *observe);
void probe_release(struct observe *observe);

/* REASON_NONE: the error number says nothing. */
enum reason reason_of_errno(int os_error);
/* What a failed transfer (code not CURLE_OK) says about the server. */
enum reason transfer_reason(const struct transfer_end *end);

#endif
