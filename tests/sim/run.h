/* One seed: a configuration and a schedule drawn from it, the faults (safety phase), then a
 * world without faults that must come to rest (liveness phase). */
#ifndef TESTS_SIM_RUN_H
#define TESTS_SIM_RUN_H

#include "simulate/faults/chaos.h"
#include "simulate/sim.h"

struct plan {
    uint64_t seed;
    struct buf yaml;
    int nodes;
    bool exclusive;
    int64_t length_ms;
    int snapshot_every, snapshot_trailing;
    int between_sites_ms;
    struct fault faults[CHAOS_MAX];
    int n_faults;
};
/* 0: as the seed draws it. */
struct wishes {
    int nodes;
    int64_t length_ms;
    bool grants; /* all about the promise on exclusive routes: small, short, many moves */
    bool gaps;   /* all about times without a quorum */
};
void plan_draw(struct plan *plan, uint64_t seed, const struct wishes *wishes);
void plan_free(struct plan *plan);

struct outcome {
    char breach[64]; /* invariant, "liveness"; empty: all kept */
    char text[1024];
    int64_t at_ms, simulated_ms;
    uint64_t digest;
    struct sim_counts counts;
};
/* Runs it; `tell` may be NULL. */
void plan_run(const struct plan *plan, sim_tell *tell, void *context, struct outcome *outcome);

/* Takes out faults, then halves what is left, as long as the same breach comes (delta
 * debugging, Zeller and Hildebrandt 2002). At most `runs`. */
void plan_shrink(struct plan *plan, const struct outcome *outcome, int runs);

#endif
