/* What could be survived: the world's truth at one moment, set against what the protocol
 * needs to see before it moves anything (protocol.md, Belief). It tells a promise that was
 * broken from a loss that the layout itself makes unavoidable. */
#ifndef SIMULATE_TRUTH_H
#define SIMULATE_TRUTH_H

#include "simulate/sim.h"

enum truth_of_callers {
    TRUTH_UNTOUCHED,   /* the active candidate serves, as far as can be seen too: nothing may happen
                        */
    TRUTH_UNSURE,      /* callers are served, but it looks failed to enough: a move is no fault */
    TRUTH_COVERED,     /* callers are lost, and it can be seen, decided and carried out */
    TRUTH_NOT_COVERED, /* callers are lost, and `why` says what makes it impossible to help */
};
struct truth {
    enum truth_of_callers callers;
    bool leader_stays; /* it runs and still reaches a majority */
    char why[200];
};

/* Of the callers of a route through one of its actuators; `leader` is who led before the
 * faults (a server; -1: nobody). */
struct truth truth_look(const struct sim *sim, int route, int actuator, int leader);

#endif
