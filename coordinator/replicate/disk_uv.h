/* The daemon's disk: raft_uv's segments in a directory, with a transport that goes nowhere. */
#ifndef REPLICATE_DISK_UV_H
#define REPLICATE_DISK_UV_H

#include "replicate/disk.h"

#include <uv.h>

/* `dir` exists and is copied. `loop` NULL: on a loop of its own (bootstrap). To be given to
 * replicate_open() or replicate_bootstrap(), which own it from then on. */
struct replicate_disk *disk_uv_new(uv_loop_t *loop, const char *dir);

#endif
