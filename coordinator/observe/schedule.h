/* When a check is probed next. Pure: the same generator gives the same times. */
#ifndef OBSERVE_SCHEDULE_H
#define OBSERVE_SCHEDULE_H

#include "base/prng.h"

/* Each observer has a generator of its own for `check` and what it probes at the same
 * moments: its times do not depend on what others do. */
void schedule_seed(struct prng *prng, uint64_t seed, int check);
/* From the start to the first probe: anywhere in the first interval. */
int schedule_first_ms(struct prng *prng, int interval_ms);
/* From one probe to the next: the interval, a tenth less or more at most. */
int schedule_gap_ms(struct prng *prng, int interval_ms);

#endif
