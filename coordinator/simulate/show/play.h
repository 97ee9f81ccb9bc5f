/* One scenario from its beginning to rest: a calm world, the faults, the end of all faults,
 * and then a while in which everything has to come back to what it should be. The same
 * configuration, seed and faults give the same play, in a campaign as alone. */
#ifndef SIMULATE_PLAY_H
#define SIMULATE_PLAY_H

#include "simulate/sim.h"

#define PLAY_SITES_MS 3 /* one way between sites, where nothing else is asked for */

struct play_options {
    const char *name; /* of the configuration, for messages */
    const uint8_t *yaml;
    size_t yaml_len;
    uint64_t seed;
    int between_sites_ms;
    enum log_level log_level;
    sim_tell *tell;
    void *context;
};
/* A world that has warmed up: its time is 0 and somebody leads. 0, ERR_INVALID: the
 * configuration's text is wrong, or ERR_REFUSED: it does not even come up. */
int play_open(const struct play_options *options, struct sim **sim, struct err *err);

struct played {
    bool settled;
    int64_t healed_ms;  /* when all faults were ended */
    int64_t settled_ms; /* after that */
    char why[300];      /* it did not settle */
    char breach[64];    /* invariant; empty: all hold */
    char breach_text[600];
    int outside; /* holders that another had to meet: the guarantee does not cover them */
};
/* Runs to `length_ms`, ends all faults, and waits for rest. */
void play_to_rest(struct sim *sim, int64_t length_ms, struct played *played);

#endif
