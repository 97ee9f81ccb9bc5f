/* One call of one traffic actuator. A call is idempotent: read what is there, plan
 * the difference, apply it under (epoch, step), read back. No retries here: the
 * engine's outbox decides. Loop thread only. */
#ifndef ACT_ACT_H
#define ACT_ACT_H

#include "base/err.h"
#include "base/log.h"
#include "core/model/model.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct act;

struct act_order {
    const struct model *model;
    int route, actuator;
    uint32_t epoch, step;
    int candidate;
    server_set members; /* of the candidate, that are to serve */
};

struct act_result {
    int code;     /* 0: it now says what was ordered. ERR_STALE: it has seen a newer
                   * (epoch, step); ERR_TIMEOUT, ERR_IO, ERR_LIMIT, ERR_INVALID, ERR_DENIED,
                   * ERR_REFUSED, ERR_UNAVAILABLE otherwise */
    bool changed; /* it did not say so before this call */
    uint32_t took_ms;
    uint32_t seen_epoch, seen_step; /* read from it, before the change */
    struct err err;                 /* text when code != 0 */
};
typedef void act_done(void *context, const struct act_order *order,
                      const struct act_result *result);

/* Asked right before the step that takes effect: false ends the call with
 * ERR_UNAVAILABLE ("no longer the leader"). */
typedef bool act_may(void *context);

struct act *act_open(uv_loop_t *loop, struct log *log, act_may *may, void *context);
/* Runs the call; `done` comes exactly once, never from inside act_run(), at the latest
 * after the actuator's timeout_ms. `order` is copied; order->model must stay valid until
 * then. At most one call per (route, actuator) at once: a second gives ERR_REFUSED. */
void act_run(struct act *act, const struct act_order *order, act_done *done, void *context);
/* Pending calls end with ERR_UNAVAILABLE before `closed`. */
void act_close(struct act *act, void (*closed)(void *context), void *context);

#endif
