/* What the actuators of the configuration turn: one switch for each actuator of each route,
 * holding what it was told last under (epoch, step), and the leader's driver that talks to
 * it as the real ones do. HAProxy's: read; take a token, with another look; compare; ask until
 * it may act; commit with the token, which is refused when a later one is in force; read back.
 * DNS's: read; compare; ask whether it may act; commit what the switch itself compares with what
 * was read; read back. An agent's (Kamailio, exec): ask whether it may act; one order, which the
 * agent compares with the newest that it has kept on its disk, obeys and answers. */
#ifndef SIMULATE_SWITCHES_H
#define SIMULATE_SWITCHES_H

#include "core/engine.h"
#include "simulate/parts/network.h"

struct switches;

/* What a switch says now; epoch 0: what it began with (the first candidate, all members). */
struct setting {
    uint32_t epoch, step;
    int candidate;
    server_set members;
};

struct switches_options {
    const struct model *model; /* must outlive it; its routes and actuators are all there are */
    struct wheel *wheel;
    /* How a node reaches the switch: by the server that has the host of its address. There is
     * none, or a unix socket: from everywhere in 1 ms. */
    struct network *network;
    uint64_t seed;
    /* May the process that began a call (its start's number) carry out this order now? >0: yes;
     * <0: no, or it is gone; 0: not yet. Asked right before a commit is sent, and again while it
     * is not yet, with when the token was taken by boot_ms(); ENGINE_NO_TOKEN where 0 is as good
     * as yes. */
    int (*may)(void *context, int node, uint64_t start, int route,
               const struct placement *placement, int64_t since_ms);
    int64_t (*boot_ms)(void *context, int node); /* what the node's clock shows */
    /* A call ended; `event` lives during the call. Once per switches_call(), at the latest
     * after the actuator's timeout_ms unless the node is frozen, and never from inside it.
     * Comes also for a process that is gone (`start` tells): the receiver drops it. */
    void (*acted)(void *context, int node, uint64_t start, const struct event *event);
    /* A switch says something else now: `before` and what it says. */
    void (*changed)(void *context, int route, int actuator, const struct setting *before);
    void *context;
};
struct switches *switches_new(const struct switches_options *options);
void switches_free(struct switches *switches);

/* The process `start` of `node` calls. The event's `now` is filled in by acted()'s receiver.
 * A second call of the same actuator while one is under way ends that one with ERR_UNAVAILABLE
 * when its order is newer, else itself with ERR_REFUSED. */
void switches_call(struct switches *switches, int node, uint64_t start, int route, int actuator,
                   const struct placement *placement);
/* A frozen node's calls stand still: answers wait for the thaw, and so do time-outs, which
 * then come first. What it had sent arrives. */
void switches_freeze(struct switches *switches, int node, bool frozen);
const struct setting *switches_get(const struct switches *switches, int route, int actuator);
/* The server on which the switch stands; SERVER_NONE: reached from everywhere. */
int switches_place(const struct switches *switches, int route, int actuator);
bool switches_answers(const struct switches *switches, int route, int actuator); /* SWITCH_DOWN */

enum switch_fault {
    SWITCH_DOWN,    /* no answer, keeps what it says */
    SWITCH_SLOW,    /* answers take `ms` longer */
    SWITCH_DEAF,    /* commits take effect, their answer is lost */
    SWITCH_LATE,    /* a commit lands `ms` after it was sent, whatever became of its sender */
    SWITCH_FORGETS, /* once: restarts with what it began with; tokens from before are stale. An
                     * agent keeps what it was told, and loses only what it was doing. */
};
/* On and off in pairs, with the same `ms`; several of them add up. */
void switches_fault(struct switches *switches, int route, int actuator, enum switch_fault fault,
                    int ms, bool on);

#endif
