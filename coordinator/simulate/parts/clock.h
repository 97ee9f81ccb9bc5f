/* A machine's clocks against the world's time: a rate, a stopped boot clock (a hypervisor's
 * pause), steps and an offset of UTC. Pure arithmetic, in whole ms, never backwards for the
 * boot clock. */
#ifndef SIMULATE_CLOCK_H
#define SIMULATE_CLOCK_H

#include "core/engine.h"

#include <stdint.h>

#define CLOCK_STOPS 8
struct clock_sim {
    int64_t world_ms, boot_ms; /* a point where both are known */
    int64_t ppm;               /* rate against the world: 10 000 is 1 % fast */
    int64_t utc_offset_ms;     /* UTC - boot */
    bool stopped;
    struct clock_standstill {
        int64_t boot_ms, for_ms; /* where, and for how long (world) */
    } stops[CLOCK_STOPS];        /* the newest ones */
    unsigned n_stops;
};

void clock_init(struct clock_sim *clock, int64_t world_ms, int64_t boot_ms, int64_t utc_ms);
struct moment clock_now(const struct clock_sim *clock, int64_t world_ms);
/* Earliest world time at which the boot clock shows `boot_ms` or more (INT64_MAX when it stands
 * still before that). For what was shown before the clock last changed: when it did. */
int64_t clock_when(const struct clock_sim *clock, int64_t boot_ms);
void clock_rate(struct clock_sim *clock, int64_t world_ms, int64_t ppm);
void clock_stop(struct clock_sim *clock, int64_t world_ms, bool stopped);
/* For how long it stood still since it showed `boot_ms`. */
int64_t clock_stood_ms(const struct clock_sim *clock, int64_t world_ms, int64_t boot_ms);
void clock_step_utc(struct clock_sim *clock, int64_t by_ms);

#endif
