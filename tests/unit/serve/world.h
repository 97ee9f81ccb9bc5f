/* One node without Raft, link or clock: a real engine, a real ledger on disk and a real
 * serve. What the engine proposes is committed at once; actuators always succeed. */
#ifndef TESTS_UNIT_SERVE_WORLD_H
#define TESTS_UNIT_SERVE_WORLD_H

#include "core/engine.h"
#include "serve/serve.h"

#define WORLD_WAITING 8

struct world {
    char dir[64];
    struct engine *engine;
    struct ledger *ledger;
    struct serve *serve;
    struct moment now;
    int self;
    uint64_t index;
    bool hold;      /* commands wait until world_release() */
    int joins;      /* asked for */
    uint32_t level; /* that the others know; 0: they do not say */
    bool disputed;  /* the ledger says that an outage which ends was none */
    bool behind;    /* its lines do not come to the disk any more */
    struct {
        struct command_id id;
        serve_reply *reply;
        void *arg;
    } waiting[WORLD_WAITING];
    int n_waiting;
};

/* Server 0 to 2 are "a1" in tokyo, "b1" in osaka, "c1" in ishikari. Route "calls" goes to
 * candidate "tokyo" {a1} or "osaka" {b1}; functions "calling", and "login" by
 * the check of b1. Software on a1 reports "phones".
 * `ports` of the servers; NULL: any. `link` may be NULL when nothing is forwarded. */
struct world *world_new(int self, const int *ports, struct link *link, const char *link_host);
/* Without the free of serve when `served` is false (it is closed already). */
void world_free(struct world *world);
const char *world_yaml(const int *ports, const char *host);

void world_lead(struct world *world);               /* elected, configuration committed */
void world_follow(struct world *world, int leader); /* -1: nobody known */
void world_verdict(struct world *world, int check, enum verdict verdict);
/* The two others hear this node, and say so, until time goes on. A command brings it about. */
void world_hear(struct world *world);
void world_tick(struct world *world, int64_t ms);
void world_release(struct world *world);

#endif
