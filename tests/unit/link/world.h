/* A few links in one loop, what happened to them, and a rude client. */
#ifndef TESTS_LINK_WORLD_H
#define TESTS_LINK_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "link/frame.h"
#include "link/inside.h"
#include "pki.h"

#define NODES 4
#define PATH_ROOM 128

struct node {
    struct link *link; /* NULL: not open */
    bool closed;
    int ups, downs;
    struct buf frames; /* every Raft frame, one after the other */
    unsigned n_frames;
    int frame_from;
    struct buf beat; /* the last */
    unsigned n_beats;
    int beat_from;
    unsigned n_refused;
    char why[LIMIT_TEXT]; /* of the last refusal */
    /* Requests wait here until world_reply(), or are echoed. */
    bool echo;
    struct link_call *calls[512];
    struct buf asked; /* of the last request */
    unsigned n_calls;
    enum link_role role;
    char name[LIMIT_NAME];
    int asked_by;
    int http; /* the newest that came by HTTP; -1: none. The test closes it */
    unsigned n_http;
};

struct world {
    uv_loop_t loop;
    char dir[PATH_ROOM];
    struct authority *authority;
    int n;
    struct link_options options;
    bool no_http; /* no node serves it */
    char cert[NODES][PATH_ROOM], key[NODES][PATH_ROOM], ca[PATH_ROOM];
    struct node nodes[NODES];
};

/* n nodes "n0", "n1", … on addresses of this process alone; none is open yet. */
struct world *world_new(int n);
void world_free(struct world *world);
int world_open_err(struct world *world, int node, struct err *err);
void world_open(struct world *world, int node);
void world_close(struct world *world, int node);
void world_open_all(struct world *world); /* and waits until all are connected */
bool raft_up(const struct link *link, int peer);
void world_step(struct world *world);
int world_free_port(void); /* on every address */
void world_path(const struct world *world, const char *name, char path[PATH_ROOM]);
/* A certificate of the world's authority as files NAME.pem and NAME.key. */
void world_issue(struct world *world, const char *file, const char *cn, const char *ou);

/* What takes longer than this hangs: no machine is so slow. */
#define PATIENCE_MS 60000

#define UNTIL(world, condition)                                                                    \
    do {                                                                                           \
        int64_t until_ms = clock_boot_ms() + PATIENCE_MS;                                          \
        while (!(condition)) {                                                                     \
            assert_true(clock_boot_ms() < until_ms);                                               \
            world_step(world);                                                                     \
        }                                                                                          \
    } while (0)

/* A client that can be wrong in every way. Waits step the world. */
struct rude {
    struct world *world;
    int fd;
    SSL_CTX *ctx;
    SSL *ssl;
    bool over; /* the other side closed or refused */
};

/* TCP only. */
struct rude *rude_new(struct world *world, int node);
struct rude *rude_new_at(struct world *world, int node, const char *from); /* its address */
/* TLS with certificate files NAME.pem and NAME.key (NULL: none) and ALPN in wire form
 * (NULL: none); true when the handshake came to its end here. */
bool rude_tls(struct rude *rude, const char *name, const char *alpn);
/* Over TLS, without frames, and what does not go now may go later: how many bytes went or came,
 * 0: none now. */
size_t rude_put(struct rude *rude, const void *bytes, size_t len);
size_t rude_take(struct rude *rude, void *bytes, size_t room);
void rude_raw(struct rude *rude, const void *bytes, size_t len); /* below TLS */
bool rude_frame(struct rude *rude, uint32_t claimed, const void *bytes, size_t len);
/* A whole frame's payload, or 0 and rude->over. */
size_t rude_read(struct rude *rude, uint8_t *bytes, size_t room);
void rude_until_over(struct rude *rude);
void rude_free(struct rude *rude);

#define ALPN_RAFT "\x0ekirikae-raft/1"
#define ALPN_PEER "\x0ekirikae-peer/1"
#define ALPN_ADMIN "\x0fkirikae-admin/1"
#define ALPN_HTTP "\x08http/1.1"

#endif
