/* How often something took how long, in fixed steps from 1 ms to 10 s. Whoever counts owns one;
 * zero-initialise. */
#ifndef BASE_HISTOGRAM_H
#define BASE_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_STEPS 13

struct histogram {
    uint64_t counts[HISTOGRAM_STEPS + 1]; /* longer than the step before, up to this one; the
                                           * last: longer than all */
    uint64_t sum_us;
};

void histogram_add(struct histogram *histogram, uint64_t took_us);
/* The longest that still counts as step `step`, 0 .. HISTOGRAM_STEPS - 1. */
uint32_t histogram_step_ms(int step);

#endif
