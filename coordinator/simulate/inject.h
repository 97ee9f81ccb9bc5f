/* One fault in the world, between inject.c (when) and inject_turn.c (what it turns). */
#ifndef SIMULATE_INJECT_H
#define SIMULATE_INJECT_H

#include "simulate/inside.h"

struct injection {
    struct sim *sim;
    struct fault fault;
    bool on, over;
    bool refusing; /* a flapping service */
};

/* Puts the fault on, takes it off. */
void inject_turn(struct injection *injection, bool on);

#endif
