/* One call of one traffic actuator. A call is idempotent: read what is there, plan
 * the difference, apply it under (epoch, step), read back. No retries here: the
 * engine's outbox decides. Loop thread only. */
#ifndef ACT_ACT_H
#define ACT_ACT_H

#include "base/err.h"
#include "base/log.h"
#include "core/model/model.h"
#include "link/agent.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct act;

struct act_order {
    const struct model *model;
    int route, actuator;
    uint32_t epoch, step;
    int candidate;
    server_set members;  /* of the candidate, that are to serve */
    server_set draining; /* others, that may finish what they have */
};

struct act_result {
    int code;     /* 0: it now says what was ordered. ERR_STALE: it has seen a newer
                   * (epoch, step); ERR_TIMEOUT, ERR_IO, ERR_LIMIT, ERR_INVALID, ERR_DENIED,
                   * ERR_REFUSED, ERR_UNAVAILABLE otherwise */
    bool changed; /* it did not say so before this call */
    uint32_t took_ms;
    uint32_t seen_epoch, seen_step; /* read from it, before the change */
    /* Text when code != 0; else what others had done to it that was put right, or "". */
    struct err err;
};
typedef void act_done(void *context, const struct act_order *order,
                      const struct act_result *result);

/* May the order take effect? >0: yes; <0: no, which ends the call with ERR_UNAVAILABLE ("no
 * longer the leader, or …"); 0: not yet, and it is asked again until the call's time is up.
 * `since_ms`: when, on the boot clock, the actuator had given the token that the order goes by.
 * Called again when the same order takes a newer one. */
#define ACT_NO_TOKEN INT64_MIN /* it compares and sets at once, by itself: 0 is as good as yes */
typedef int act_may(void *context, const struct act_order *order, int64_t since_ms);

struct act *act_open(uv_loop_t *loop, struct log *log, act_may *may, void *context);
/* The way to agents, which outlives it. Calls of agents without one end with ERR_UNAVAILABLE. */
void act_agents(struct act *act, struct link *link);
/* Runs the call; `done` comes exactly once, never from inside act_run(), at the latest
 * after the actuator's timeout_ms. `order` is copied; order->model must stay valid until
 * then. At most one call per (route, actuator) at once: a second ends the first with
 * ERR_UNAVAILABLE when its order is newer, else itself with ERR_REFUSED. */
void act_run(struct act *act, const struct act_order *order, act_done *done, void *context);
/* Pending calls end with ERR_UNAVAILABLE before `closed`. */
void act_close(struct act *act, void (*closed)(void *context), void *context);

#endif
