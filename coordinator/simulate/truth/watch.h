/* The promises that the world watches, by name. A breach ends the run. */
#ifndef SIMULATE_WATCH_H
#define SIMULATE_WATCH_H

#include <stdbool.h>

struct invariant {
    const char *name;
    const char *says;
};
extern const struct invariant invariants[]; /* up to a NULL name */
bool invariant_known(const char *name);

#endif
