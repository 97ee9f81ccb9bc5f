/* A few coordinators in one process on one loop: real libraft, real files, frames through
 * a queue that a test can cut. */
#ifndef TEST_REPLICATE_WORLD_H
#define TEST_REPLICATE_WORLD_H

#include "base/check.h"
#include "base/mem.h"
#include "replicate/disk_uv.h"
#include "replicate/internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define WORLD_MAX 12
#define WORLD_COMMANDS 16384
#define WAIT_MS 60000

struct world;

struct node {
    struct world *world;
    int server;
    uint64_t id;
    char dir[64];
    struct replicate *replicate; /* NULL: down */
    uv_timer_t due;
    bool closing;
    bool cut;          /* nothing in, nothing out */
    bool deaf;         /* drops incoming frames only */
    struct buf state;  /* every applied command, one after the other */
    uint64_t *applied; /* index of each, in order */
    int n_applied;
    uint64_t *stored;   /* hash by index; 0: none */
    uint64_t truncated; /* lowest index it was told of since reset */
    int n_truncated;
    int restored, snapshots;
    bool refuse_snapshot;
    int fatal;
    char why[256];
    size_t largest_frame;
    int parts; /* of snapshots that arrived */
};

struct frame {
    int from, to;
    size_t len;
    struct frame *next;
    uint8_t bytes[];
};

struct world {
    uv_loop_t loop;
    uv_timer_t beat; /* so that uv_run() returns */
    uv_timer_t post;
    struct frame *first, **last;
    struct model *model;
    struct timing timing;
    char base[32];
    int n;
    struct node nodes[WORLD_MAX];
    /* told of every frame before it is sent; false drops it */
    bool (*filter)(struct world *world, int from, int to, const uint8_t *bytes, size_t len);
    int filtered;
    uint64_t *truth; /* hash by index of what anybody applied there */
};

/* n voters with their first configuration on disk, none running. */
struct world *world_new(int n, int election_ms, int heartbeat_ms);
void world_free(struct world *world);

/* On the node's dir and the world's loop unless another disk is given. */
struct replicate_options world_options(struct node *node, struct replicate_disk *disk);
int node_bootstrap(struct node *node, struct err *err);
void node_open(struct node *node);
int node_try_open(struct node *node, struct err *err);
void node_close(struct node *node);  /* and waits */
void node_forget(struct node *node); /* what it applied, as a new process would */
void world_open_all(struct world *world);

typedef bool world_holds(struct world *world, void *context);
bool world_until(struct world *world, int timeout_ms, world_holds *holds, void *context);
void world_run(struct world *world, int ms);

struct node *world_leader(struct world *world); /* NULL: none or several */
struct node *world_await_leader(struct world *world);
void world_await_applied(struct world *world, int n); /* n commands on all that run */
/* Proposes and waits; the fate. */
enum propose_fate world_propose(struct node *node, const void *bytes, size_t len);
void world_propose_many(struct node *node, int n, size_t len);
void world_expect_equal(struct world *world);

#endif
