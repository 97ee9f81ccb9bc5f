/* The truth about services: what each server's service does, and what a probe of it finds.
 * Also every observer's schedule of probes: the one of observe/ (observe/schedule.h), with
 * its limits on probes in flight. What a probe finds is decided when it begins: a service
 * that dies while it is out does not change it. */
#ifndef SIMULATE_TARGETS_H
#define SIMULATE_TARGETS_H

#include "core/engine.h"
#include "simulate/parts/network.h"

/* Callers wait so long for an answer: a service that is slower does not work for them. */
#define TARGETS_PATIENCE_MS 3000

struct targets;

struct targets_options {
    struct wheel *wheel;
    struct network *network;
    const struct model *model; /* may be NULL: no route names its callers */
    /* Does the way of the route's callers through `place` lead to who serves them? */
    bool (*served)(void *context, int route, int place);
    /* A probe of process `start` of `node` ended; began_world_ms is the world's time. Comes
     * for a frozen or dead process too: the receiver keeps it until the thaw (a time-out that
     * the process then notices late is REASON_LOCAL, as in observe/) or drops it. Never from
     * inside a call of this header. */
    void (*ended)(void *context, int node, uint64_t start, int check, enum reason reason,
                  int64_t began_world_ms);
    void *context;
};
struct targets *targets_new(const struct targets_options *options);
void targets_free(struct targets *targets);

/* Process `start` of `node` begins to watch what `model` assigns to it (borrowed during the
 * call); earlier schedules of the node end, and so do probes that are out. NULL: it watches
 * nothing any more. */
void targets_watch(struct targets *targets, int node, uint64_t start, const struct model *model,
                   uint64_t seed);
/* A frozen node begins no probes; what it missed meanwhile is left out. */
void targets_freeze(struct targets *targets, int node, bool frozen);
/* A confirmation, now: if the node watches the check and not too many are out. */
void targets_probe(struct targets *targets, int node, int check);

enum service_state {
    SERVICE_UP,
    SERVICE_REFUSES, /* the process is gone, the machine answers */
    SERVICE_HANGS,   /* takes nothing in and says nothing: silence to every kind of check */
    SERVICE_SICK,    /* a wrong status; a TCP check finds it well */
    SERVICE_GONE,    /* the machine says nothing at all */
};
/* Of all services on the server. On and off in pairs; of those that are on the worst counts:
 * gone, then refuses, hangs, sick. */
void targets_service(struct targets *targets, int server, enum service_state state, bool on);
/* Answers take so much longer; of several, the sum. */
void targets_slow(struct targets *targets, int server, int ms, bool on);
/* Only observers in `site` find it so; counted together with the states for all. */
void targets_seen(struct targets *targets, int server, int site, enum service_state state, bool on);

/* The truth, for oracles: does the server's service work for callers? It is up and at most
 * TARGETS_PATIENCE_MS slow, whatever single sites find and whatever the network does. */
bool targets_serves(const struct targets *targets, int server);
/* What a probe of the check that gets through finds from a site, by the truth. */
enum reason targets_finds(const struct targets *targets, int site, const struct check *check);

#endif
