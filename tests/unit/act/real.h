/* Real HAProxy, named and knotd for tests: started on 127.0.0.1 with ports the kernel
 * chose, in a directory of their own, and ended by pid. And what every test of act/
 * needs besides: a small model, one call run to its end. */
#ifndef TESTS_ACT_REAL_H
#define TESTS_ACT_REAL_H

#include "act/act.h"

#include <sys/types.h>

/* "10 s": no server here needs a tenth of it. */
#define REAL_PATIENCE_MS 60000

/* One route with two candidates, voice and mirror, of `pool` servers each: voice-1 is
 * server 0, mirror-1 is server `pool`. One actuator, to be filled by the test. */
struct world {
    char dir[64];
    struct model *model;
    struct route *route;
    struct actuator *actuator;
    int pool;
    int port;        /* of the server started last: HAProxy's CLI, or DNS */
    int http_port;   /* HAProxy's frontend */
    pid_t pid;       /* 0: not running */
    char secret[64]; /* base64, of the TSIG key "kirikae" */
};
struct world *world_new(int pool);
void world_free(struct world *world); /* ends the server, removes the directory */

/* True when the test must be skipped: KIRIKAE_NO_REAL=1. */
bool real_skipped(void);
int real_free_port(void); /* free for TCP and UDP */
void real_write(const struct world *world, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void real_stop(struct world *world);
/* Like the above, but remembers nothing: for a server that must not end well. */
void real_kill(struct world *world);

/* WEIGHTS: by TCP, and the servers of each backend have weights of 1, 30, and 0 from there on. */
enum { HAPROXY_TCP, HAPROXY_UNIX, HAPROXY_OPERATOR, HAPROXY_WEIGHTS };
/* Starts (or starts again, with the map file as it was) and fills the actuator. */
void real_haproxy(struct world *world, int kind);
/* One set of commands, the answers as one text (static). */
const char *real_cli(const struct world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
const char *real_map(const struct world *world);        /* "active voice\nepoch 1.0\n" */
bool real_ready(const struct world *world, int server); /* not in maintenance */
bool real_drains(const struct world *world, int server);
/* What a caller gets: the name of the backend, with the number of servers in use. */
const char *real_http(const struct world *world);

enum dns_kind { DNS_NAMED, DNS_KNOT };
void real_dns(struct world *world, enum dns_kind kind);
/* Starts again; with `forget` from the first zone file. */
void real_dns_again(struct world *world, enum dns_kind kind, bool forget);
/* "127.0.1.1 127.0.1.2 | epoch=1 step=0", sorted. */
const char *real_records(const struct world *world);

struct act_order world_order(const struct world *world, uint32_t epoch, uint32_t step,
                             int candidate, server_set members);
server_set world_all(const struct world *world, int candidate);
/* One call on a loop of its own. `may` NULL: always. */
struct act_result world_run_may(const struct act_order *order, act_may *may, void *context);
struct act_result world_run(const struct act_order *order);
void world_ok(const struct act_order *order, bool changed);
void world_fails(const struct act_order *order, int code, const char *text);

#endif
