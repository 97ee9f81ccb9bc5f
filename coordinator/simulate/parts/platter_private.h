/* A platter as its files see it: what survives (platter.c), a process' side of it
 * (platter_disk.c) and how it writes (platter_write.c). */
#ifndef SIMULATE_PLATTER_PRIVATE_H
#define SIMULATE_PLATTER_PRIVATE_H

#include "base/prng.h"
#include "simulate/parts/platter.h"

struct disk;

/* ---- platter.c ---- */

struct stored {
    raft_term term;
    enum raft_entry_type type;
    bool damaged;
    void *data;
    size_t len;
    uint64_t hash;
};

struct image {
    raft_index index; /* 0: no snapshot */
    raft_term term;
    struct raft_buffer conf; /* encoded, libraft's memory */
    raft_index conf_index;
    void *data;
    size_t len;
};

struct platter {
    struct platter_options options;
    struct prng prng;

    raft_term term;
    raft_id vote;
    raft_index first; /* of `entries`; the next index when there are none */
    struct stored *entries;
    size_t n, room;
    struct image image;
    uint64_t bytes;

    bool stalled, full, failing;
    int extra_ms;

    struct disk *disk;  /* of the process that runs, or NULL */
    struct disk *disks; /* all that are not freed */
    uint64_t serials;
};

void platter_keep_entry(struct platter *p, const struct raft_entry *entry);
void platter_drop_from(struct platter *p, raft_index index);
/* In place of the one before; trailing as in raft_io's snapshot_put. */
void platter_keep_image(struct platter *p, const struct raft_snapshot *snapshot, unsigned trailing);
/* For libraft, in its memory. Without a snapshot all of it is 0. */
struct raft_snapshot *platter_copy_image(const struct platter *p);
struct raft_entry *platter_copy_entries(const struct platter *p);

enum op_kind { OP_APPEND, OP_TRUNCATE, OP_PUT, OP_GET };

struct op {
    enum op_kind kind;
    raft_index index; /* the first entry to append or to drop */
    union {
        struct {
            struct raft_io_append *req;
            const struct raft_entry *entries; /* libraft keeps them until the callback */
            unsigned n;
        } append;
        struct {
            struct raft_io_snapshot_put *req;
            const struct raft_snapshot *snapshot; /* likewise */
            unsigned trailing;
        } put;
        struct raft_io_snapshot_get *get;
    };
    struct op *next;
};

struct ops {
    struct op *first, **end;
};

struct disk {
    struct replicate_disk face;
    struct platter *platter;
    uint64_t serial; /* the wheel's and run()'s arg: a disk that is freed is not found */
    struct raft_io *io;
    struct ops writes, reads;
    raft_index next_index; /* after all `writes` */

    unsigned n_writing; /* the first of `writes`, under way */
    bool landed;        /* they are on the platter, the process does not know it yet */
    int status;         /* how the write ended */
    bool held;          /* it would end, but for a stall */
    bool completing;    /* its callbacks are called */
    bool out_of_room;   /* said so */

    unsigned tick_ms;
    int64_t tick_at_ms; /* boot */
    raft_io_tick_cb tick;

    bool over; /* cut off or closing */
    raft_io_close_cb closed;
    struct disk *next;
};

/* ---- platter_disk.c ---- */

/* NULL: it was freed. */
struct disk *disk_find(struct platter *platter, uint64_t serial);
/* `fire` comes after `ms` of the world, at the disk, not at the process. */
void disk_later(struct disk *disk, int64_t ms, wheel_fire *fire);
int64_t disk_drawn_ms(struct platter *p);
/* `fire` comes at the process. */
void disk_run(struct disk *disk, wheel_fire *fire);
void disk_tell_capacity(struct disk *disk);

/* ---- platter_write.c ---- */

void ops_push(struct ops *ops, const struct op *op);
struct op *ops_pop(struct ops *ops); /* NULL: none */

int disk_append(struct raft_io *io, struct raft_io_append *req, const struct raft_entry entries[],
                unsigned n, raft_io_append_cb cb);
int disk_truncate(struct raft_io *io, raft_index index);
int disk_snapshot_put(struct raft_io *io, unsigned trailing, struct raft_io_snapshot_put *req,
                      const struct raft_snapshot *snapshot, raft_io_snapshot_put_cb cb);
void disk_resume(struct disk *disk); /* a stall is over */
/* Calls back and frees `op`. */
void disk_finish_write(struct op *op, int status);
/* The disk is over: what is under way gets there or not. */
void disk_end(struct disk *disk, bool power);

#endif
