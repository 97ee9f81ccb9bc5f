/* A platter through its struct raft_io, without libraft. */
#ifndef TESTS_SIMULATE_RIG_H
#define TESTS_SIMULATE_RIG_H

#include "simulate/parts/platter.h"

#define BATCHES 64

struct process {
    struct replicate_disk *disk;
    struct raft_io io;
    int reports[GUARD_DISK_RECOVERED + 1];
    int ticks, closes;
    int64_t ticked_ms;
};

struct rig {
    struct wheel *wheel;
    struct platter *platter;
    struct process process;
    bool frozen, clock_stopped;
    int64_t clock_lost_ms; /* while it stood still */
    struct held {
        wheel_fire *fire;
        void *context;
        uint64_t arg;
    } held[BATCHES];
    int n_held;
};

/* One append: batch `i` has entries with the data (i, k). */
struct batch {
    struct raft_io_append req;
    struct raft_entry entries[4];
    uint64_t data[4][2];
    int called, status;
};

struct loaded {
    raft_term term;
    raft_id vote;
    struct raft_snapshot *snapshot;
    raft_index start;
    struct raft_entry *entries;
    size_t n;
};

struct putting {
    struct raft_io_snapshot_put req;
    struct raft_snapshot snapshot;
    struct raft_buffer bufs[2];
    int called, status;
};

void thaw(struct rig *rig);
struct rig *rig_new(uint64_t seed);
void attach(struct rig *rig);
void run_ms(struct rig *rig, int64_t ms);
void closed(struct raft_io *io);
void detach(struct rig *rig);
void rig_free(struct rig *rig);
void append(struct rig *rig, struct batch *batch, uint64_t id, unsigned n);
int load(struct rig *rig, struct loaded *loaded);
void unload(struct loaded *loaded);
void start_empty(struct rig *rig);
/* Comes back with what survived. */
void come_back(struct rig *rig, struct loaded *loaded);
void put(struct rig *rig, struct putting *putting, raft_index index, unsigned trailing);
void put_close(struct putting *putting);

#endif
