/* What the helper of a node holds of one exclusive route (protocol.md, Fence): brought up under
 * a grant, brought down at its deadline whatever became of the daemon. Pure: time comes in the
 * calls, on the boot clock, and what is to be done comes back. The helper does it for real
 * addresses and hooks, the simulator for its world.
 *
 *             hold                 started
 *     DOWN ─────────▶ STARTING ──────────────▶ UP
 *      ▲                  │ deadline, release,  │
 *      │     stopped      ▼ failed, lost        │
 *      └────────────── STOPPING ◀───────────────┘
 *
 * Within an epoch the deadline only moves forward. An epoch that ran out may be held again, one
 * that was released never. Stopping takes F at most: at its end the caller is told to cut. */
#ifndef CORE_FAILOVER_HOLDING_H
#define CORE_FAILOVER_HOLDING_H

#include <stdbool.h>
#include <stdint.h>

#define HOLDING_RETRY_MS 1000 /* after what could not be started, or got lost */
/* The kernel gets a deadline of its own with each address, renewed while it is up: a helper that
 * is gone, or stands still, leaves none behind for longer than this and a second. */
#define HOLDING_LIFE_S 2 /* whole seconds: the kernel counts no others */
#define HOLDING_RENEW_MS 500

enum holding_phase { HOLDING_DOWN, HOLDING_STARTING, HOLDING_UP, HOLDING_STOPPING };

/* Why it is down. */
enum holding_why {
    HOLDING_DEADLINE, /* the grant ran out: the same epoch may come again */
    HOLDING_RELEASED, /* let go for good */
    HOLDING_LOST,     /* it could not be brought up, or went down by itself; the helper began */
};

struct holding {
    enum holding_phase phase;
    uint32_t epoch;       /* newest that was to be held; 0: none */
    uint32_t released;    /* this and all older ones are over for good */
    int64_t deadline_ms;  /* of `epoch`; 0: none */
    int64_t stop_by_ms;   /* while stopping: cut then */
    int64_t retry_ms;     /* not started before */
    int fence_ms;         /* F, as newest told */
    enum holding_why why; /* it is stopping, or down */
    bool cut;             /* this stop took too long */
};

enum holding_do {
    HOLDING_DO_NOTHING,
    HOLDING_DO_START, /* bring it up under `epoch`: holding_started() when that has ended */
    HOLDING_DO_STOP,  /* end what starts, bring it down: holding_stopped() when it is */
    HOLDING_DO_CUT,   /* it did not come down in time: kill what stops it and take the second
                       * way, which takes no time; then holding_stopped() */
};
enum holding_tell { HOLDING_TELL_NOTHING, HOLDING_TELL_HELD, HOLDING_TELL_FENCED };

/* What comes of a call: first done, then told. */
struct holding_orders {
    enum holding_do act;
    enum holding_tell tell;
    uint32_t epoch;       /* that is held; this and all older ones are fenced */
    enum holding_why why; /* fenced */
};

/* The helper has begun and does not know what is up: STOP. */
struct holding_orders holding_begin(struct holding *holding, int fence_ms, int64_t now_ms);
/* Serve under `epoch` until `deadline_ms`. */
struct holding_orders holding_hold(struct holding *holding, uint32_t epoch, int64_t deadline_ms,
                                   int fence_ms, int64_t now_ms);
/* `epoch` and all older ones are over. */
struct holding_orders holding_release(struct holding *holding, uint32_t epoch, int64_t now_ms);
struct holding_orders holding_started(struct holding *holding, bool done, int64_t now_ms);
struct holding_orders holding_stopped(struct holding *holding);
/* It is not up any more, or not as it should be; or the helper ends. */
struct holding_orders holding_lost(struct holding *holding, int64_t now_ms);
/* What time alone brings; by holding_next_ms() (INT64_MAX: nothing) at latest. */
struct holding_orders holding_tick(struct holding *holding, int64_t now_ms);
int64_t holding_next_ms(const struct holding *holding);

#endif
