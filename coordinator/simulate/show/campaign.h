/* Every single fault of a configuration, at several moments, and what of it the configuration
 * survives. What is promised, and looked at after each run:
 *
 *   invariants  none is broken (watch.h)
 *   rest        everything settles once the fault is over
 *   calm        a fault that leaves the active candidate serving, and not looking failed to
 *               enough observers, moves nothing and costs its callers nothing
 *   outage      a fault that the protocol can see and help (truth.h) ends within a bound
 *   quorum      without any one site a quorum is left, or the configuration accepts that not
 *
 * The bound, of a route's callers through one of its actuators:
 *
 *     first failure     1.1 interval + timeout of the slowest check of its candidates' servers
 *   + confirmation      n probes one beat apart (or timeout / 8, if that is longer) + timeout,
 *                       n being the greater of fall and fall_silent; n intervals when they do
 *                       not fit into the profile's window
 *   + ballots           2 beats
 *   + entries           10 times the distance between sites + 100 ms for disks
 *   + patience          of the route
 *   + another leader    2 (silent + election), when the fault takes the leader
 *   + fence             L_s of protocol.md, when the route is exclusive
 *   + actuator          its timeout
 *
 * What the layout itself cannot survive (the actuator's own place dark, no other candidate
 * ready, no quorum left) is not covered: said, with the reason, and no error. */
#ifndef SIMULATE_CAMPAIGN_H
#define SIMULATE_CAMPAIGN_H

#include "simulate/show/play.h"

#define CAMPAIGN_PHASES 3

struct campaign_options {
    const char *name;
    const uint8_t *yaml;
    size_t yaml_len;
    uint64_t seed; /* phase i runs under seed + i */
    int between_sites_ms;
    bool pairs; /* all pairs of unlike single faults, overlapping, at one moment: only invariants
                 * and rest are promised then */
};

enum campaign_result { CAMPAIGN_KEPT, CAMPAIGN_NOT_COVERED, CAMPAIGN_BROKEN };

/* Equivalent servers of one site and role share a row. */
struct campaign_row {
    struct buf what, whom;        /* "host silent", "voice-1..3" */
    int runs, moves, false_moves; /* moves: the most of any run */
    /* The worst outage of callers who could be helped, and the bound of that run; -1: none of
     * the runs had such callers. */
    int64_t outage_ms, bound_ms;
    int64_t settled_ms; /* the worst; after the fault was over */
    enum campaign_result result;
    char text[400];    /* which promise was broken and how, or why it is not covered */
    uint32_t promises; /* broken ones, bit per enum campaign_promise */
    struct buf again;  /* the run that `text`, or else `outage_ms`, is from: options of
                        * kirikae simulate */
};

enum campaign_promise {
    PROMISE_INVARIANTS,
    PROMISE_REST,
    PROMISE_CALM,
    PROMISE_OUTAGE,
    PROMISE_QUORUM,
    PROMISES
};
const char *campaign_promise_name(enum campaign_promise promise);

struct campaign {
    struct campaign_row *rows;
    int n_rows, cap;
    int runs;
    int64_t simulated_ms;
};
/* 0, ERR_INVALID, or ERR_REFUSED: it does not come up without faults. Starts as many processes
 * as there are processors. */
int campaign_run(const struct campaign_options *options, struct campaign *campaign,
                 struct err *err);
void campaign_free(struct campaign *campaign);

/* The bound above. */
int64_t campaign_bound_ms(const struct model *model, int route, int actuator, int between_sites_ms,
                          bool leader_stays);
/* How long a fault lasts in a campaign: longer than any bound. */
int64_t campaign_fault_ms(const struct model *model, int between_sites_ms);

#endif
