/* A loop, a model with checks of 127.0.0.1, one observer and what it saw. */
#ifndef TEST_OBSERVE_WORLD_H
#define TEST_OBSERVE_WORLD_H

#include "observe/observe.h"

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

/* What takes longer than this hangs: no machine is so slow. */
#define PATIENCE_MS 60000
#define WORLD_CHECKS 11
#define WORLD_RESULTS 256
#define NEVER_MS 3600000 /* an interval: only confirmations are probed */

struct world {
    uv_loop_t loop;
    struct model model;
    struct check checks[WORLD_CHECKS];
    struct observe *observe;
    struct probe_result results[WORLD_RESULTS];
    int n;
    bool closed;
    int64_t opened_ms;
    int hints, hinted; /* how many, the newest's check */
    const char *cgroups;
};

void world_init(struct world *world);
/* Checks are added before world_observe(); they return their number. */
int world_tcp(struct world *world, int port, int interval_ms, int timeout_ms);
int world_http(struct world *world, const char *scheme, int port, int interval_ms, int timeout_ms);
int world_sip(struct world *world, const char *host, int port, bool tcp, int interval_ms,
              int timeout_ms);
void world_observe(struct world *world, uint64_t seed);
/* Runs the loop until there are `n` results; fails when it hangs. */
void world_await(struct world *world, int n);
void world_run(struct world *world, int ms);
/* Runs until there were so many hints; fails when it hangs. */
void world_await_hint(struct world *world, int hints);
/* One confirmation; the machine's own stalls (REASON_LOCAL) are tried again. */
struct probe_result world_probe(struct world *world, int check);
/* Closes the observer and sees that nothing is left on the loop. */
void world_end(struct world *world);

#endif
