/* A coordinator's disk in memory. The platter holds what survives a crash; while a process
 * runs, a struct replicate_disk over it gives libraft its struct raft_io, with writes that
 * take their time, may stall, find no room, or be lost with a crash. */
#ifndef SIMULATE_PLATTER_H
#define SIMULATE_PLATTER_H

#include "replicate/disk.h"
#include "simulate/parts/wheel.h"

struct platter;

struct platter_options {
    const char *name;
    struct wheel *wheel;
    uint64_t seed;
    int write_ms; /* a write takes 0 … this, usually 1 */
    /* The process' clock: libraft's time and heartbeat ticks follow it. */
    int64_t (*now)(void *context);                   /* boot ms */
    int64_t (*when)(void *context, int64_t boot_ms); /* the wheel's time of a boot time */
    /* Runs `fire` when the process can: at once, or after it was thawed. */
    void (*run)(void *context, wheel_fire *fire, void *fire_context, uint64_t arg);
    /* What goes to the log, the moment it does; may be NULL. */
    void (*appending)(void *context, const struct raft_entry *entries, unsigned n);
    void *context;
};
struct platter *platter_new(const struct platter_options *options);
/* When all its disks are freed; the wheel must not step after it. */
void platter_free(struct platter *platter);

/* The disk of a process that begins. One at a time: the one before must be cut off, closed
 * or freed first. As with raft_uv one write is under way at a time, and all appends that
 * came meanwhile make up the next; what is written is synced. */
struct replicate_disk *platter_attach(struct platter *platter);

/* Fires the requests that libraft has finished: call it after anything but a completion or a
 * tick went into libraft. Does nothing when no process runs. */
void platter_fire(struct platter *platter);

/* The process is gone this instant: writes that wait are lost, of the one under way all or
 * nothing gets there (`power`: any part, a torn tail), nothing more reaches the platter, and
 * no callback of that disk comes until its io is closed. Then what is out ends with
 * RAFT_CANCELED, and the close is called back, by the wheel or by turn(). Nothing to do when
 * no process runs. */
void platter_cut_off(struct platter *platter, bool power);

/* Faults. */
void platter_stall(struct platter *platter, bool on); /* writes end when it is over */
void platter_slow(struct platter *platter, int extra_ms);
void platter_full(struct platter *platter, bool on); /* writes are tried again every second */
void platter_fail(struct platter *platter);          /* the next write fails (EIO) */
void platter_corrupt_tail(struct platter *platter);  /* the newest entry is damaged: load says so */
void platter_wipe(struct platter *platter);          /* no process runs */
bool platter_is_empty(const struct platter *platter);

/* What is on it, for the invariants: all 0 when there is none. */
struct platter_view {
    raft_term term;
    raft_id vote;
    raft_index first, last; /* entries; last < first: none */
    raft_index snapshot;
    raft_term snapshot_term;
    uint64_t bytes; /* of entries and snapshot */
};
struct platter_view platter_view(const struct platter *platter);
/* Of a durable entry; false: not there (any more), or to be dropped by what its process has the
 * disk do next. `hash` covers type and data. */
bool platter_entry(const struct platter *platter, raft_index index, raft_term *term,
                   uint64_t *hash);

#endif
