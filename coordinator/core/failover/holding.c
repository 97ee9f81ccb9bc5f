#include "core/failover/holding.h"
#include "base/check.h"

static const struct holding_orders nothing;

static struct holding_orders fenced(uint32_t epoch, enum holding_why why)
{
    return (struct holding_orders){.tell = HOLDING_TELL_FENCED, .epoch = epoch, .why = why};
}

static struct holding_orders start(struct holding *holding)
{
    holding->phase = HOLDING_STARTING;
    return (struct holding_orders){.act = HOLDING_DO_START, .epoch = holding->epoch};
}

static struct holding_orders stop(struct holding *holding, enum holding_why why, int64_t now_ms)
{
    holding->phase = HOLDING_STOPPING;
    holding->why = why;
    /* Who comes to it late has less time for it: D + F is what others wait for. */
    holding->stop_by_ms =
        (why == HOLDING_DEADLINE ? holding->deadline_ms : now_ms) + holding->fence_ms;
    holding->cut = false;
    if (why != HOLDING_LOST) /* what is lost may be tried again under the same grant */
        holding->deadline_ms = 0;
    return (struct holding_orders){.act = HOLDING_DO_STOP, .epoch = holding->epoch};
}

static bool runs(const struct holding *holding)
{
    return holding->phase == HOLDING_STARTING || holding->phase == HOLDING_UP;
}

/* There is a grant, and no reason to wait. */
static bool may_start(const struct holding *holding, int64_t now_ms)
{
    return holding->epoch > holding->released && now_ms < holding->deadline_ms &&
           now_ms >= holding->retry_ms;
}

struct holding_orders holding_begin(struct holding *holding, int fence_ms, int64_t now_ms)
{
    *holding = (struct holding){.fence_ms = fence_ms};
    return stop(holding, HOLDING_LOST, now_ms);
}

struct holding_orders holding_hold(struct holding *holding, uint32_t epoch, int64_t deadline_ms,
                                   int fence_ms, int64_t now_ms)
{
    bool newer = epoch > holding->epoch;

    if (epoch <= holding->released)
        return fenced(epoch, HOLDING_RELEASED);
    if (epoch < holding->epoch)
        return nothing; /* not over, but not the one that is served */
    if (newer || deadline_ms > holding->deadline_ms)
        holding->deadline_ms = deadline_ms;
    holding->epoch = epoch;
    holding->fence_ms = fence_ms;
    if (runs(holding) && now_ms >= holding->deadline_ms)
        return stop(holding, HOLDING_DEADLINE, now_ms);
    if (holding->phase == HOLDING_UP && !newer)
        return (struct holding_orders){.tell = HOLDING_TELL_HELD, .epoch = epoch};
    /* What runs has to learn of its new epoch. */
    if ((runs(holding) && newer) || (holding->phase == HOLDING_DOWN && may_start(holding, now_ms)))
        return start(holding);
    return nothing;
}

struct holding_orders holding_release(struct holding *holding, uint32_t epoch, int64_t now_ms)
{
    if (epoch > holding->released)
        holding->released = epoch;
    if (runs(holding) && holding->epoch <= holding->released)
        return stop(holding, HOLDING_RELEASED, now_ms);
    if (holding->phase == HOLDING_STOPPING) {
        if (holding->epoch <= holding->released)
            holding->why = HOLDING_RELEASED;
        return nothing; /* it will be told when it is down */
    }
    return fenced(epoch, HOLDING_RELEASED);
}

struct holding_orders holding_started(struct holding *holding, bool done, int64_t now_ms)
{
    CHECK(holding->phase == HOLDING_STARTING);
    if (!done)
        return holding_lost(holding, now_ms);
    holding->phase = HOLDING_UP;
    if (now_ms >= holding->deadline_ms)
        return stop(holding, HOLDING_DEADLINE, now_ms);
    return (struct holding_orders){.tell = HOLDING_TELL_HELD, .epoch = holding->epoch};
}

struct holding_orders holding_stopped(struct holding *holding)
{
    CHECK(holding->phase == HOLDING_STOPPING);
    holding->phase = HOLDING_DOWN;
    return fenced(holding->epoch > holding->released ? holding->epoch : holding->released,
                  holding->why);
}

struct holding_orders holding_lost(struct holding *holding, int64_t now_ms)
{
    if (!runs(holding))
        return nothing;
    holding->retry_ms = now_ms + HOLDING_RETRY_MS;
    return stop(holding, HOLDING_LOST, now_ms);
}

struct holding_orders holding_tick(struct holding *holding, int64_t now_ms)
{
    if (runs(holding) && now_ms >= holding->deadline_ms)
        return stop(holding, HOLDING_DEADLINE, now_ms);
    if (holding->phase == HOLDING_STOPPING && !holding->cut && now_ms >= holding->stop_by_ms) {
        holding->cut = true;
        return (struct holding_orders){.act = HOLDING_DO_CUT, .epoch = holding->epoch};
    }
    if (holding->phase == HOLDING_DOWN && may_start(holding, now_ms))
        return start(holding);
    if (holding->phase == HOLDING_DOWN && now_ms >= holding->deadline_ms)
        holding->deadline_ms = 0;
    return nothing;
}

int64_t holding_next_ms(const struct holding *holding)
{
    switch (holding->phase) {
    case HOLDING_STARTING:
    case HOLDING_UP:
        return holding->deadline_ms;
    case HOLDING_STOPPING:
        return holding->cut ? INT64_MAX : holding->stop_by_ms;
    case HOLDING_DOWN:
        break;
    }
    return holding->epoch > holding->released && holding->deadline_ms > 0 ? holding->retry_ms
                                                                          : INT64_MAX;
}
