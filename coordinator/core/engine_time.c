/* What this node makes of its clocks: the boot clock, by which everything local goes and which
 * shows when it stood still; UTC, which goes into the ledger and may be set at any time. */
#include "base/log.h"
#include "core/engine_private.h"

#define CATCH_UP_PART 16   /* of the time that passes, while UTC is behind the ledger */
#define CLOCK_STEP_MS 1000 /* UTC is set, not slewed */

int64_t engine_time_ms(const struct engine *engine, struct moment now)
{
    int64_t passed_ms = now.boot_ms - engine->timed_ms;
    int64_t least_ms = engine->shared->time_ms + passed_ms - passed_ms / CATCH_UP_PART;

    return now.utc_ms > least_ms ? now.utc_ms : least_ms;
}

void time_applied(struct engine *engine, struct moment now, int64_t before_ms)
{
    if (engine->shared->time_ms != before_ms)
        engine->timed_ms = now.boot_ms;
}

/* A tick that comes late means that this node stood still, not that the others did. */
static void notice_gap(struct engine *engine, struct moment now, struct effects *effects)
{
    int64_t gap = now.boot_ms - engine->stepped_ms;
    int i;

    engine->stepped_ms = now.boot_ms;
    if (gap < engine->model->timing.beat_ms * 3 / 2)
        return;
    for (i = 0; i < engine->model->n_coordinators; i++)
        detector_shift(&engine->peers[i].detector, gap);
    report_shift(engine, gap);
    engine->suspect_until_ms = now.boot_ms + engine->model->timing.silent_ms;
    if (gap >= engine->model->timing.window_ms)
        engine_log(effects, LOG_LEVEL_WARN, "stalled",
                   "this node stood still for %lld ms: it abstains for %d ms", (long long)gap,
                   engine->model->timing.silent_ms);
}

/* Nothing here goes by UTC but the ledger's times; who reads them wants to know. */
static void notice_step(struct engine *engine, struct moment now, struct effects *effects)
{
    int64_t jump_ms = now.utc_ms - now.boot_ms - engine->utc_ahead_ms;

    engine->utc_ahead_ms = now.utc_ms - now.boot_ms;
    if (jump_ms <= -CLOCK_STEP_MS || jump_ms >= CLOCK_STEP_MS)
        engine_log(effects, LOG_LEVEL_WARN, "clock",
                   "UTC jumped by %lld ms: times in the ledger are off while this node leads, "
                   "nothing else goes by it",
                   (long long)jump_ms);
}

void time_step(struct engine *engine, struct moment now, struct effects *effects)
{
    notice_gap(engine, now, effects);
    notice_step(engine, now, effects);
}
