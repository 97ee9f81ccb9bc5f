/* What chaos.c composes schedules of: single faults, drawn. Not for others. */
#ifndef SIMULATE_CHAOS_DRAW_H
#define SIMULATE_CHAOS_DRAW_H

#include "base/prng.h"
#include "simulate/faults/chaos.h"

#define CHAOS_DRIFT_PPM 10000 /* rho */

struct drawing {
    const struct chaos *chaos;
    const struct model *model;
    struct prng prng;
    server_set voters;
    int minority;                    /* so many voters may be missing */
    int64_t shortest_ms, longest_ms; /* durations of this schedule */
    struct fault *faults;
    int n, most;
};

/* Puts it into the schedule, cut to its length; leaves it out when it does not fit. */
void chaos_add(struct drawing *d, struct fault fault);

/* Min and max included; min when max is less. */
int64_t chaos_between(struct drawing *d, int64_t min, int64_t max);
/* With probability n / of. */
bool chaos_chance(struct drawing *d, uint32_t n, uint32_t of);
/* Small ones and great ones equally often. */
int64_t chaos_duration(struct drawing *d);
enum fault_kind chaos_kind(struct drawing *d);
/* A fault of the kind; false: the model has nothing for it. */
bool chaos_single(struct drawing *d, enum fault_kind kind, int64_t at_ms, struct fault *fault);

/* The whole schedule of those that are about grants (chaos_grants.c). */
void chaos_grants(struct drawing *d);
/* … and of those about times without a quorum (chaos_gaps.c). */
void chaos_gaps(struct drawing *d);
/* What else fails at a holder of an exclusive route that has actuators of its own
 * (chaos_holders.c); nothing where there is none. */
void chaos_holders(struct drawing *d);

/* A server that may lead when all is calm. */
struct where chaos_leader(struct drawing *d);
/* The site of a first candidate; any, when there are no routes. */
struct where chaos_primary_site(struct drawing *d);

#endif
