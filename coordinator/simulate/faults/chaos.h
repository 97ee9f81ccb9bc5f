/* Schedules of faults drawn from a seed, within what the system promises to survive
 * (protocol.md): faults of every kind, alone and together, short and long, but the schedule
 * ends, so that a liveness phase can follow. The same seed, model and wishes give the same
 * schedule on every machine.
 *
 * What is survived: at any time a majority of the voters is up, can write and hears each
 * other, a while for coming back included; a voter that lost its disk, or will at its next
 * write, never counts again. Of faults of whole sites that cost voters there is one at a
 * time. Services, actuators, packets and clocks may fail anywhere: UTC steps by an hour at
 * most, clocks drift by 1 % at most (the bound rho). */
#ifndef SIMULATE_CHAOS_H
#define SIMULATE_CHAOS_H

#include "simulate/faults/fault.h"

struct chaos {
    int64_t length_ms; /* of the scenario, above 0: all faults begin and end in it */
    int most;          /* faults, at most; 0: 24 */
    bool pauses;       /* hypervisor pauses too: outside the guarantee of exclusive routes */
    bool harsh;  /* also more than it serves through: majorities down, every disk full; never that
                  * a majority loses its disks */
    bool grants; /* only what tries the promise on the model's exclusive route, which it must
                  * have; harsh */
    bool gaps;   /* only times without a quorum, and services that fail about them */
};
#define CHAOS_MAX 64
/* Fills `faults` (room for CHAOS_MAX) in the order of their beginnings, returns how many: at
 * least one. */
int chaos_draw(const struct chaos *chaos, const struct model *model, uint64_t seed,
               struct fault *faults);

#endif
