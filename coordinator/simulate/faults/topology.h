/* Configurations of any size for the simulator, as the YAML that operators write: `nodes`
 * coordinators over three sites (four from 24 on), two candidates on the first two sites,
 * routes of both kinds, functions, targets that are not coordinators. */
#ifndef SIMULATE_TOPOLOGY_H
#define SIMULATE_TOPOLOGY_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct topology {
    int nodes;        /* 3 .. 50 */
    int standbys;     /* of them, a quarter at most; last ones of the first site */
    int sites;        /* 2 .. 4; 0: as said above */
    bool fast;        /* profile */
    bool pairs;       /* also pairwise routes: server i of site 1 -> server i of site 2 */
    bool follow;      /* … that follow the site-wide one */
    bool exclusive;   /* also a route whose holders need grants */
    bool address;     /* … and have an address of their own: its helper's, not a client's */
    bool thirds;      /* … with a third candidate, on the third site */
    bool watched;     /* their connections are held, their processes watched */
    bool reports;     /* the servers of the candidates' own software reports too */
    bool callers;     /* the site-wide route names a check of the way that its callers take */
    bool agent;       /* … and has an agent's actuator between its two */
    bool in_turn;     /* … and tells its actuators in turn */
    bool optional;    /* … and waits for all of them but the last */
    bool notices;     /* people are told */
    int interval_ms;  /* of checks of servers; 0: 100 */
    int patience_ms;  /* of the site-wide route */
    int failback_ms;  /* of all routes: back by themselves after that; 0: not */
    int grace_ms;     /* of all routes */
    int backoff_ms;   /* of all routes; -1: none, 0: as usual */
    int extra_checks; /* of targets that no route needs, at 15 s; up to 10000 */
};
/* 0, or ERR_INVALID: there is no such topology. */
int topology_check(const struct topology *topology, struct err *err);
/* As a seed draws it. */
struct topology topology_draw(uint64_t seed);
/* The voters stand as evenly as they can, so that losing any one site keeps the quorum where
 * that is possible; over two sites it is not, and the text accepts it. For a topology that
 * topology_check() passes. */
void topology_yaml(const struct topology *topology, struct buf *out);

#endif
