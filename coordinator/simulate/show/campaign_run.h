/* One run of a campaign, and what was promised in it. */
#ifndef SIMULATE_CAMPAIGN_RUN_H
#define SIMULATE_CAMPAIGN_RUN_H

#include "simulate/show/campaign.h"

/* Moves of each route, told by the world. */
struct counting {
    const struct model *model; /* NULL: they do not count yet */
    int moves[LIMIT_ROUTES];
};
sim_tell counting_note; /* the context is a struct counting */

struct run {
    struct sim *sim; /* at 0; is used up */
    struct counting *counting;
    const struct fault *faults; /* times from 0 */
    int n_faults;
    int64_t at_ms;    /* … which is here */
    int64_t fault_ms; /* how long the last one lasts */
    int leader;
    int between_sites_ms;
    bool pair; /* calm and bounds are not promised */
};

struct run_result {
    enum campaign_result result;
    uint32_t promises; /* broken */
    int moves, false_moves;
    int64_t outage_ms, bound_ms; /* as in struct campaign_row */
    int64_t settled_ms, simulated_ms;
    char text[400];
};
void run_scenario(const struct run *run, struct run_result *result);

/* When the scenario is over and all faults are ended. */
int64_t run_length_ms(const struct fault *faults, int n, int64_t at_ms, int64_t fault_ms);
/* When the first fault of a phase begins: elsewhere between beats and probes in each. */
int64_t run_phase_ms(int phase);

#endif
