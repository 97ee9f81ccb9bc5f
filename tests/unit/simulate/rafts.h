/* libraft itself on platters: a cluster in virtual time whose processes crash, whose disks
 * fail, and which must never forget what it acknowledged. Messages are copied from node to
 * node behind the guards that libraft needs. */
#ifndef TESTS_SIMULATE_RAFTS_H
#define TESTS_SIMULATE_RAFTS_H

#include "simulate/parts/platter.h"
#include "base/prng.h"

#define NODES 5
#define COMMANDS 40000

struct process {
    struct node *node;
    struct replicate_disk *disk;
    struct raft_io io;
    struct raft raft;
    struct raft_fsm fsm;
    raft_io_recv_cb recv;
    int (*start)(struct raft_io *, unsigned, raft_io_tick_cb, raft_io_recv_cb);
    uint64_t count, chain; /* commands applied, and a hash of them in order */
};

struct node {
    struct world *world;
    int id; /* from 1 */
    struct platter *platter;
    struct process *process; /* NULL: down */
    int64_t last_ms[NODES];  /* delivery: in order for each pair */
    int installs, reports[GUARD_DISK_RECOVERED + 1];
};

struct world {
    struct wheel *wheel;
    struct prng prng;
    int n, closing;
    unsigned snapshot_every;
    struct node nodes[NODES];
    uint64_t proposed;
    bool acked[COMMANDS], present[COMMANDS];
    int n_acked, n_out;                /* commands answered well, and not yet answered */
    uint64_t n_chain, chain[COMMANDS]; /* after each command, the same on all nodes */
};

int up(struct node *node);
void crash(struct node *node, bool power);
void idle_ms(struct world *world, int64_t ms);
struct world *world_new(int n, unsigned snapshot_every, uint64_t seed);
void world_free(struct world *world);
struct node *leader(struct world *world);
/* 0, or why libraft does not want it. */
int propose(struct world *world);
/* One command each ms. */
void run_ms(struct world *world, int64_t ms);
/* All have it all, and what was acknowledged is in it. */
void check_all_equal(struct world *world);

#endif
