/* The promises that the world watches, by name. A breach ends the run. */
#ifndef SIMULATE_WATCH_H
#define SIMULATE_WATCH_H

struct invariant {
    const char *name;
    const char *says;
};
extern const struct invariant invariants[];

#endif
