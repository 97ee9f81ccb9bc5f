/* Sets of half-open intervals [begin, end) of UTC milliseconds. A set is always
 * sorted, and its intervals neither overlap nor touch. Empty and inverted intervals
 * vanish when added. Plain values: zero-initialise, free. */
#ifndef CORE_ACCOUNT_INTERVALS_H
#define CORE_ACCOUNT_INTERVALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct interval {
    int64_t begin, end;
};

struct intervals {
    struct interval *items; /* owned */
    size_t n, cap;
};

void intervals_free(struct intervals *set);
/* Adds one interval: constant time when they come in order of begin, else linear. */
void intervals_add(struct intervals *set, int64_t begin, int64_t end);
/* For many in any order: they are put behind the set as they come, and the set is one again, and
 * may be asked, after intervals_settle(): n log n. */
void intervals_gather(struct intervals *set, int64_t begin, int64_t end);
void intervals_settle(struct intervals *set);

/* set := set ∪ other, set ∩ other, set \ other. `other` may be `set` itself. */
void intervals_union(struct intervals *set, const struct intervals *other);
void intervals_intersect(struct intervals *set, const struct intervals *other);
void intervals_subtract(struct intervals *set, const struct intervals *other);

int64_t intervals_length(const struct intervals *set); /* ms */
/* The part of [begin, end) that is outside the set, in ms. */
int64_t intervals_outside(const struct intervals *set, int64_t begin, int64_t end);

#endif
