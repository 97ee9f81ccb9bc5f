/* A small seeded generator (splitmix64, Steele, Lea and Flood 2014) for jitter
 * and tie-breaks. Never for keys. The same seed gives the same run. */
#ifndef BASE_PRNG_H
#define BASE_PRNG_H

#include <stdint.h>

struct prng {
    uint64_t state;
};

void prng_seed(struct prng *prng, uint64_t seed);
uint64_t prng_next(struct prng *prng);
/* Uniform enough in [0, bound); 0 when bound is 0. */
uint32_t prng_below(struct prng *prng, uint32_t bound);
/* The mixing step alone: a 64-bit hash of a 64-bit value. */
uint64_t prng_mix(uint64_t value);
/* FNV-1a of a text, mixed. */
uint64_t prng_hash(const char *text);

#endif
