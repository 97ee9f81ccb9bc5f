/* What the files of the switches share. A call is a driver's: it reads, plans and commits, or
 * orders an agent to; at the switch, or the agent beside it, requests arrive one by one.
 *
 *   switches.c        what there is, and what arrives at a switch
 *   switches_call.c   the drivers
 *   switches_agent.c  the agents */
#ifndef SIMULATE_SWITCHES_PRIVATE_H
#define SIMULATE_SWITCHES_PRIVATE_H

#include "base/prng.h"
#include "simulate/parts/switches.h"

enum { ANYWHERE = -1 };

enum request { READ, TAKE, COMMIT, ORDER };

struct switch_sim {
    struct setting says, first;
    uint64_t version, newest; /* token of what it says; given out last, counting restarts */
    int place;                /* server, or ANYWHERE */
    int down, deaf;           /* faults that are on */
    int slow_ms, late_ms;
    struct call *calls; /* owned, newest first */
    /* an agent's */
    struct setting kept; /* newest order, on its disk */
    int64_t busy_ms;     /* until then it obeys one, and others wait */
    int64_t back_ms;     /* it starts again, and nobody listens before */
    unsigned starts;
};

/* One call, and at most one request of it on its way. It lives until its events on the wheel
 * are over: a commit lands whatever became of the sender. */
struct call {
    struct switches *switches;
    struct switch_sim *at;
    struct call *next;
    int node, route, actuator;
    uint64_t start;
    struct placement placement;
    int64_t began_ms, deadline_ms;
    int events; /* on the wheel */

    int rounds, looks;    /* commits so far; looks of this round */
    enum request request; /* that is out */
    int back_ms;          /* of its answer; -1: there will be none */
    bool answered;        /* … is here, not looked at yet */
    struct setting got;   /* read, with … */
    bool settled;         /* … no other token out */
    uint64_t token;
    int64_t since_ms;     /* when it was taken, by the node's clock */
    bool waiting;         /* until it may commit */
    unsigned agent_start; /* … that has kept the order */
    int code;             /* that the agent answers */

    bool seen, changed, finished;
    uint32_t seen_epoch;
    int refused; /* from the start, or overtaken: why */
};

struct switches {
    struct switches_options options;
    struct prng prng;
    server_set frozen;
    struct switch_sim *all; /* owned: LIMIT_ACTUATORS for each route */
};

struct switch_sim *switch_find(const struct switches *switches, int route, int actuator);
/* From now on; `version`: its token. */
void switch_say(struct switches *switches, int route, int actuator, const struct setting *setting,
                uint64_t version);
static inline struct setting setting_of(const struct placement *order)
{
    return (struct setting){order->epoch, order->step, order->candidate, order->members};
}

static inline const struct actuator *call_actuator(const struct call *call)
{
    return &call->switches->options.model->routes[call->route].actuators[call->actuator];
}

static inline bool call_by_version(const struct call *call)
{
    return call_actuator(call)->kind == ACTUATOR_HAPROXY;
}

static inline bool actuator_by_agent(const struct actuator *actuator)
{
    return actuator->kind == ACTUATOR_KAMAILIO || actuator->kind == ACTUATOR_EXEC;
}

static inline bool call_by_agent(const struct call *call)
{
    return actuator_by_agent(call_actuator(call));
}

/* An event of the call, which lives until then. */
void call_put(struct call *call, int64_t in_ms, wheel_fire *fire, uint64_t arg);
void call_release(struct call *call); /* the last thing in each event */
/* The driver looks what has happened to it: `answered`, its request. */
void call_look(void *call, uint64_t answered);
/* A request has arrived. */
void switch_arrived(void *call, uint64_t request);

/* An order has arrived at the agent, which is there. */
void agent_take(struct call *call);
void agent_restarts(struct switches *switches, struct switch_sim *at);

#endif
