/* Who is told of notices: takes what comes, says so, and may be silent, or not be heard. */
#ifndef SIMULATE_RECEIVERS_H
#define SIMULATE_RECEIVERS_H

#include "core/engine.h"
#include "simulate/parts/wheel.h"

struct receivers;

struct receivers_options {
    const struct model *model; /* must outlive them; without notices there are none */
    struct wheel *wheel;
    uint64_t seed;
    bool (*reaches)(void *context, int node); /* a machine reaches what is outside */
    /* A receiver has it: whatever its teller will know of that. */
    void (*took)(void *context, int node, const struct tell_order *order);
    void (*told)(void *context, int node, uint64_t start, const struct event *event);
    void *context;
};

enum receiver_fault { RECEIVER_SILENT, RECEIVER_UNHEARD, RECEIVER_FAULTS };

struct receivers *receivers_new(const struct receivers_options *options);
void receivers_free(struct receivers *receivers);
/* By the process `start` on the machine `node`; comes back by told(), never from inside. */
void receivers_tell(struct receivers *receivers, int node, uint64_t start,
                    const struct tell_order *order);
void receivers_fault(struct receivers *receivers, int receiver, enum receiver_fault fault, bool on);

#endif
