/* Probes: one file per kind, one result with a reason per probe. Decides nothing.
 * Every check of this observer runs at its interval with a seeded jitter of up to a
 * tenth of it, whether or not an earlier probe still waits (at most
 * OBSERVE_IN_FLIGHT of one check at once, two of them kept for confirmations). Some checks
 * of one interval are probed at the same moments, which saves wake-ups. A probe
 * whose time-out this process noticed late ends as REASON_LOCAL: we stood still, not the
 * server. Several instances may live in one process. Loop thread only.
 *
 * http: TLS 1.2 or newer, at most 64 KiB of the body read, no redirects, no proxy; checks
 * with an interval of 5 s or less keep their connections for up to 10 s. A confirmation
 * (observe_now) always connects anew. sip: OPTIONS over a socket of its own, each probe
 * (probe_sip.c). The process must ignore SIGPIPE. */
#ifndef OBSERVE_OBSERVE_H
#define OBSERVE_OBSERVE_H

#include "base/log.h"
#include "core/detect/reason.h"
#include "core/model/model.h"

#include <uv.h>

#define OBSERVE_IN_FLIGHT 8

struct observe;

/* Times on the boot clock (base/clock.h). `status` is the status of HTTP or SIP, or 0. */
struct probe_result {
    int check;
    enum reason reason;
    int status;
    int64_t began_ms;
    uint32_t took_ms;
};
typedef void observe_result(void *context, const struct probe_result *result);

/* What the check looks at has changed perhaps: a connection that was held (connection.h), a process
 * of this server (process.h) has ended. No evidence, but a reason to look at once. */
typedef void observe_hint(void *context, int check);

struct observe_options {
    uv_loop_t *loop;
    const struct model *model; /* must outlive it */
    int self;
    uint64_t seed;
    struct log *log; /* may be NULL */
    observe_result *result;
    observe_hint *hint;
    void *context;
    const char *cgroups; /* NULL: where the system has them */
};

/* Starts every check c for which model_observers(model, c) has `self`, except what is reported.
 * The first probes come within one interval, those of many checks spread over it. Of checks with
 * `hold` that it watches OBSERVE_CONNECTIONS are held. */
#define OBSERVE_CONNECTIONS 256
struct observe *observe_open(const struct observe_options *options);
/* One more probe of `check` now, besides the regular ones (a confirmation round). Its
 * result never comes from inside this call. Nothing happens when this node does not watch
 * it, or when too many are in flight. */
void observe_now(struct observe *observe, int check);
/* No result comes after this; `closed` when its memory is gone. May be called from inside
 * a result. */
void observe_close(struct observe *observe, void (*closed)(void *context), void *context);

#endif
