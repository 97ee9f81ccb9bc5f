/* What this node makes of its clocks: the boot clock, by which everything local goes and which
 * shows when it stood still; UTC, which goes into the ledger and may be set at any time. Beats
 * say what the others' show. */
#include "base/log.h"
#include "base/utc.h"
#include "core/engine_private.h"

#define CATCH_UP_PART 16       /* of the time that passes, while UTC is behind the ledger */
#define CLOCK_STEP_MS 1000     /* UTC is set, not slewed */
#define CLOCK_RECORD_MS 600000 /* a node's steps are recorded at most this often */

/* ---- which time it is ---- */

static bool is_heard(const struct engine *engine, int server)
{
    return server == engine->self || (engine->heard & server_bit(server)) != 0;
}

/* The voters' clocks, as far as they are heard now, ahead of this node's boot clock. */
struct clocks {
    int known, mute; /* mute: of programs from before beats said it */
    int64_t ahead_ms[LIMIT_SERVERS];
};

static struct clocks clocks_of(const struct engine *engine)
{
    struct clocks clocks = {0};
    int i, k;

    for (i = 0; i < engine->model->n_coordinators; i++) {
        int64_t ms = engine->peers[i].utc_ahead_ms;

        if (!(engine->voters & server_bit(i)) || !is_heard(engine, i))
            continue;
        if (ms == UTC_NONE) {
            clocks.mute++;
            continue;
        }
        for (k = clocks.known++; k > 0 && clocks.ahead_ms[k - 1] > ms; k--)
            clocks.ahead_ms[k] = clocks.ahead_ms[k - 1];
        clocks.ahead_ms[k] = ms;
    }
    return clocks;
}

/* Their median, if a majority of them is known; else UTC_NONE. Of two in the middle the one
 * behind: time in the ledger can be made up, but never taken back. */
static int64_t median_ahead(const struct engine *engine, const struct clocks *clocks)
{
    return clocks->known >= engine->majority ? clocks->ahead_ms[(clocks->known - 1) / 2] : UTC_NONE;
}

/* While most do not say what their clocks show, and for the first entry of all, this node's own
 * is all there is. Else one that hears too few lets the ledger's time go on from where it is. */
static int64_t backed_utc_ms(const struct engine *engine, struct moment now)
{
    struct clocks clocks = clocks_of(engine);
    int64_t median = median_ahead(engine, &clocks), utc_ms = now.utc_ms;

    if (median == UTC_NONE)
        return clocks.known + clocks.mute >= engine->majority || engine->shared->time_ms == 0
                   ? utc_ms
                   : UTC_NONE;
    median += now.boot_ms;
    if (utc_ms > median + CLOCK_BOUND_MS)
        return median + CLOCK_BOUND_MS;
    return utc_ms < median - CLOCK_BOUND_MS ? median - CLOCK_BOUND_MS : utc_ms;
}

int64_t engine_time_ms(const struct engine *engine, struct moment now)
{
    int64_t passed_ms = now.boot_ms - engine->timed_ms;
    int64_t least_ms = engine->shared->time_ms + passed_ms - passed_ms / CATCH_UP_PART;
    int64_t utc_ms = backed_utc_ms(engine, now);

    return utc_ms > least_ms ? utc_ms : least_ms;
}

void time_applied(struct engine *engine, struct moment now, int64_t before_ms)
{
    if (engine->shared->time_ms != before_ms)
        engine->timed_ms = now.boot_ms;
}

/* ---- what the clocks do ---- */

/* A tick that comes late means that this node stood still, not that the others did. */
static void notice_gap(struct engine *engine, struct moment now, struct effects *effects)
{
    int64_t gap = now.boot_ms - engine->stepped_ms;
    int i;

    engine->stepped_ms = now.boot_ms;
    if (gap < engine->model->timing.beat_ms * 3 / 2)
        return;
    engine->counters.stalls++;
    engine->counters.stalled_ms += (uint64_t)gap;
    for (i = 0; i < engine->model->n_coordinators; i++)
        detector_shift(&engine->peers[i].detector, gap);
    report_shift(engine, gap);
    journal_stalled(engine, now, gap);
    engine->suspect_until_ms = now.boot_ms + engine->model->timing.silent_ms;
    if (gap >= engine->model->timing.lease_holder_ms)
        engine->behind_until_ms = engine->suspect_until_ms;
    if (gap < engine->model->timing.window_ms)
        return;
    engine->looks_ms = now.boot_ms;
    belief_forget(engine, now);
    engine_log(effects, LOG_LEVEL_WARN, "stalled",
               "this node stood still for %lld ms: it abstains for %d ms", (long long)gap,
               engine->model->timing.silent_ms);
}

/* Nothing here goes by UTC but the ledger's times; who reads them wants to know. */
static void notice_step(struct engine *engine, struct moment now, struct effects *effects)
{
    struct peer *self = &engine->peers[engine->self];
    int64_t jump_ms = now.utc_ms - now.boot_ms - self->utc_ahead_ms;

    self->utc_ahead_ms = now.utc_ms - now.boot_ms;
    if (jump_ms > -CLOCK_STEP_MS && jump_ms < CLOCK_STEP_MS)
        return;
    self->steps++;
    self->stepped_ms += jump_ms;
    engine->odd = true;
    engine_log(effects, LOG_LEVEL_WARN, "clock",
               "UTC jumped by %lld ms: nothing goes by it but times in the ledger, and those "
               "stay within %d ms of most voters' clocks",
               (long long)jump_ms, CLOCK_BOUND_MS);
}

void time_step(struct engine *engine, struct moment now, struct effects *effects)
{
    notice_gap(engine, now, effects);
    notice_step(engine, now, effects);
}

void time_beat(struct engine *engine, struct moment now, const struct beat *beat, bool new_start)
{
    struct peer *peer = &engine->peers[beat->from];

    if (new_start) { /* what came before was another leader's to record */
        peer->steps_recorded = beat->steps;
        peer->stepped_recorded_ms = beat->stepped_ms;
    }
    peer->utc_ahead_ms = beat->utc_ms == UTC_NONE ? UTC_NONE : beat->utc_ms - now.boot_ms;
    peer->steps = beat->steps;
    peer->stepped_ms = beat->stepped_ms;
}

int64_t engine_clock_ahead_ms(const struct engine *engine, struct moment now)
{
    struct clocks clocks = clocks_of(engine);
    int64_t median = median_ahead(engine, &clocks);

    return median == UTC_NONE ? UTC_NONE : now.utc_ms - now.boot_ms - median;
}

void time_compare(struct engine *engine, struct moment now, struct effects *effects)
{
    int64_t off_ms = engine_clock_ahead_ms(engine, now);

    if (off_ms == UTC_NONE)
        return;
    if ((off_ms < -CLOCK_BOUND_MS || off_ms > CLOCK_BOUND_MS) == engine->clock_off)
        return;
    engine->clock_off = !engine->clock_off;
    if (engine->clock_off)
        engine_log(effects, LOG_LEVEL_WARN, "clock-off",
                   "UTC here is %lld ms %s the median of the voters' clocks: look at this node's "
                   "time service",
                   (long long)(off_ms < 0 ? -off_ms : off_ms), off_ms < 0 ? "behind" : "ahead of");
    else
        engine_log(effects, LOG_LEVEL_INFO, "clock-right",
                   "UTC here is within %d ms of the median of the voters' clocks", CLOCK_BOUND_MS);
}

/* ---- into the ledger ---- */

static bool record_steps(struct engine *engine, struct moment now, int server,
                         struct effects *effects)
{
    struct peer *peer = &engine->peers[server];
    struct clocks clocks = clocks_of(engine);
    int64_t median = median_ahead(engine, &clocks);
    struct entry *entry = engine_propose(engine, now, ENTRY_CLOCK, server, effects);

    if (entry == NULL)
        return false;
    peer->steps_ms = now.boot_ms;
    entry->clock.server = server;
    entry->clock.steps = peer->steps - peer->steps_recorded;
    entry->clock.stepped_ms = peer->stepped_ms - peer->stepped_recorded_ms;
    entry->clock.boot = server == engine->self ? engine->boot : peer->boot;
    entry->clock.total = peer->steps;
    entry->clock.compared = median != UTC_NONE && is_heard(engine, server);
    entry->clock.ahead_ms = entry->clock.compared ? peer->utc_ahead_ms - median : 0;
    entry->clock.bound_ms = CLOCK_BOUND_MS;
    return true;
}

void time_lead(struct engine *engine, struct moment now, struct effects *effects)
{
    int i;

    for (i = 0; i < engine->model->n_coordinators; i++) {
        const struct peer *peer = &engine->peers[i];

        if ((int32_t)(peer->steps - peer->steps_recorded) > 0 &&
            (peer->steps_ms == 0 || now.boot_ms - peer->steps_ms >= CLOCK_RECORD_MS) &&
            !record_steps(engine, now, i, effects))
            return;
    }
}

/* On every node, so that a new leader records none twice. */
void time_recorded(struct engine *engine, const struct entry *entry)
{
    int server = entry->clock.server;
    struct peer *peer = &engine->peers[server];
    uint64_t boot = server == engine->self ? engine->boot : peer->boot;

    if (entry->clock.boot != boot || (int32_t)(entry->clock.total - peer->steps_recorded) <= 0)
        return;
    peer->steps_recorded = entry->clock.total;
    peer->stepped_recorded_ms += entry->clock.stepped_ms;
}
