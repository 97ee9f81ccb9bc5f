/* An agent and a coordinator's link on one loop, a route with two candidates of two servers,
 * and one call at a time, as the leader makes it. */
#ifndef TESTS_AGENT_BENCH_H
#define TESTS_AGENT_BENCH_H

#include "world.h"

#include "act/act.h"
#include "agent/agent.h"

#include <sys/types.h>

struct bench {
    struct world *world; /* n0 is the coordinator */
    struct model *model;
    struct route *route;
    struct actuator *actuator;
    struct agent_config config;
    struct agent *agent; /* NULL: not running */
    struct act *act;
    int ended; /* calls */
    struct act_result result;
};

/* The agent is called "agent" and not started yet. */
struct bench *bench_new(void);
void bench_free(struct bench *bench);
void bench_start(struct bench *bench);
void bench_stop(struct bench *bench);
/* The program itself in place of the agent on the loop; it is awaited by bench_await(). */
pid_t bench_spawn(struct bench *bench, const char *path);
void bench_kill(pid_t pid);
/* Runs the order until an agent is there to answer it. */
struct act_result bench_await(struct bench *bench, struct act_order order);
/* A file of the world's directory; returns its path (static). */
const char *bench_write(struct bench *bench, const char *name, unsigned mode, const char *text);
/* What a file there holds, "" when there is none (static). */
const char *bench_read(struct bench *bench, const char *name);
/* `members`: bits of the candidate's two. */
struct act_order bench_order(const struct bench *bench, uint32_t epoch, uint32_t step,
                             int candidate, int members);
struct act_result bench_run(struct bench *bench, struct act_order order);
void bench_ok(struct bench *bench, struct act_order order, bool changed);
void bench_fails(struct bench *bench, struct act_order order, int code, const char *text);

#endif
