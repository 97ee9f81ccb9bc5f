/* The ledger's inside, shared by ledger.c and ledger_segment.c only. */
#ifndef STORE_LEDGER_PRIVATE_H
#define STORE_LEDGER_PRIVATE_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEGMENT_LINES 65536u
#define INDEX_EVERY 64u /* lines between remembered offsets */

struct segment {
    uint64_t first;    /* seq of its first line */
    uint32_t lines;    /* those not yet written included */
    uint64_t bytes;    /* likewise */
    uint64_t *offsets; /* owned; of lines 0, INDEX_EVERY, 2 * INDEX_EVERY, ... */
    uint32_t n_offsets, cap_offsets;
};

struct ledger {
    char *dir;                /* owned */
    int dir_fd;               /* holds the lock */
    struct segment *segments; /* owned; never none */
    size_t n_segments;
    int fd;           /* of the last segment */
    uint64_t written; /* bytes of it that are in the file; the rest is `pending` */
    struct buf pending;
    bool unsynced; /* written since the last sync */
    bool lost;     /* a sync failed: what the file holds is not known */
    int read_fd;   /* of read_segment, -1: none */
    size_t read_segment;
};

/* ledger_segment.c */
int ledger_io_error(const struct ledger *ledger, const struct segment *segment, const char *what,
                    int code, struct err *err);
/* Finds, checks and opens all segments; begins the first one if there is none. What follows the
 * last whole line is cut off. */
int segments_load(struct ledger *ledger, struct err *err);
/* Starts the segment whose first line is `first`. On failure nothing has changed and it can be
 * tried again. */
int segment_start(struct ledger *ledger, uint64_t first, struct err *err);
int segment_open(const struct ledger *ledger, uint64_t first, int flags);
/* One more line of `len` bytes, its newline included. */
void segment_count(struct segment *segment, uint64_t len);

#endif
