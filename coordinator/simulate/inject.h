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

/* inject_command.c: operators' commands */
void inject_switchover(struct injection *injection);
void inject_failover(struct injection *injection);
void inject_force(struct injection *injection);
void inject_handsoff(struct injection *injection);
void inject_drain(struct injection *injection, bool on);
void inject_lead(struct injection *injection);
void inject_amend(struct injection *injection);

#endif
