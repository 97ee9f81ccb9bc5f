/* Where libraft's log, term, vote and snapshots live: its struct raft_io without the
 * network. replicate/ wraps whatever is given here with the same guards, so that the
 * daemon (raft_uv, disk_uv.c) and the simulator (a disk in memory) run the same code.
 * Loop thread only. */
#ifndef REPLICATE_DISK_H
#define REPLICATE_DISK_H

#include "base/err.h"
#include "replicate/guard.h"

#include <raft.h>

struct replicate_disk {
    const char *name; /* for messages, as the directory; lives until `free` */
    /* Fills all of `io` but `send`, `random` and `data`; `io` stays where it is until `free`.
     * Ticks, completions and libraft's finished requests (raft->legacy.requests) are the
     * disk's to fire, never from inside a call of libraft. It never brings a message: frames
     * come in by replicate_receive(). */
    int (*open)(struct replicate_disk *disk, struct raft_io *io, struct err *err);
    /* Lets things go on until the next completion: only before raft_start() and while
     * closing outside of the shell's loop (bootstrap). */
    void (*turn)(struct replicate_disk *disk);
    /* Releases everything, also what a failed `open` left. Once, after io->close called back
     * or if it was never called. */
    void (*free)(struct replicate_disk *disk);
    /* Filled by replicate/ before `open`, to be called after io->start: what libraft is not
     * told by a result (guard 5). On the loop thread, at once. */
    void (*report)(void *context, enum guard_disk what);
    void *context;
};

#endif
