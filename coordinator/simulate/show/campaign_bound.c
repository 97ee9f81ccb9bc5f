#include "core/failover/promise.h"
#include "simulate/show/campaign.h"

#define IN_FLIGHT 8 /* probes of one check at once, as in observe/ */
#define JITTER_TENTHS 11
#define DISKS_MS 100
#define DISTANCES 10
#define BEATS 2
#define MARGIN_MS 5000
#define FAULT_MIN_MS 10000

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* From the failure until enough observers are sure. */
static int64_t seen_ms(const struct model *model, const struct check *check)
{
    int64_t interval_ms = (int64_t)check->interval_ms * JITTER_TENTHS / 10;
    int64_t n = larger(check->fall, check->fall_silent);
    int64_t pace_ms =
        larger(model->timing.beat_ms, (check->timeout_ms + IN_FLIGHT - 1) / IN_FLIGHT);
    bool fits = n * pace_ms <= model->timing.window_ms + check->timeout_ms;

    return interval_ms + check->timeout_ms + n * (fits ? pace_ms : interval_ms) + check->timeout_ms;
}

static int64_t route_seen_ms(const struct model *model, const struct route *route)
{
    int64_t worst_ms = 0;
    int k, m, c;

    for (k = 0; k < route->n_candidates; k++)
        for (m = 0; m < route->candidates[k].n_members; m++)
            for (c = model_next_check(model, route->candidates[k].members[m], -1); c >= 0;
                 c = model_next_check(model, route->candidates[k].members[m], c))
                worst_ms = larger(worst_ms, seen_ms(model, &model->checks[c]));
    return worst_ms;
}

int64_t campaign_bound_ms(const struct model *model, int route, int actuator, int between_sites_ms,
                          bool leader_stays)
{
    const struct route *r = &model->routes[route];
    const struct timing *timing = &model->timing;
    int64_t ms = route_seen_ms(model, r) + BEATS * timing->beat_ms +
                 (int64_t)DISTANCES * between_sites_ms + DISKS_MS + r->patience_ms +
                 r->actuators[actuator].timeout_ms;

    if (r->callers >= 0) /* their check is heard first */
        ms += timing->window_ms + model->checks[r->callers].timeout_ms;
    if (!leader_stays)
        ms += 2 * ((int64_t)timing->silent_ms + timing->election_ms);
    if (r->kind == ROUTE_EXCLUSIVE)
        ms += promise_wait_ms(timing);
    return ms;
}

int64_t campaign_fault_ms(const struct model *model, int between_sites_ms)
{
    int64_t longest_ms = FAULT_MIN_MS;
    int r, a;

    for (r = 0; r < model->n_routes; r++)
        for (a = 0; a < model->routes[r].n_actuators; a++)
            longest_ms = larger(
                longest_ms, campaign_bound_ms(model, r, a, between_sites_ms, false) + MARGIN_MS);
    return longest_ms;
}
