#include "observe/schedule.h"

void schedule_seed(struct prng *prng, uint64_t seed, int check)
{
    prng_seed(prng, prng_mix(seed) ^ prng_mix((uint64_t)check + 1));
}

int schedule_first_ms(struct prng *prng, int interval_ms)
{
    return (int)prng_below(prng, (uint32_t)interval_ms);
}

int schedule_gap_ms(struct prng *prng, int interval_ms)
{
    int jitter = interval_ms / 10;

    return interval_ms - jitter + (int)prng_below(prng, 2 * (uint32_t)jitter + 1);
}
