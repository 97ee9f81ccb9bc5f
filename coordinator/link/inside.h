/* The parts of a link, for the files of this folder: dial.c, listen.c, door.c, request.c,
 * beats.c and link.c, which holds them together. One timer drives all deadlines. */
#ifndef LINK_INSIDE_H
#define LINK_INSIDE_H

#include "base/buf.h"
#include "base/prng.h"
#include "link/address.h"
#include "link/beat.h"
#include "link/conn.h"
#include "link/link.h"
#include "link/tls.h"

#include <sys/queue.h>

#define LINK_TICK_MS 50  /* while something is under way */
#define LINK_CALM_MS 250 /* while all peers are connected and nobody waits */
#define LINK_ID 8        /* bytes of the number before a request or an answer */

/* dial.c: one dialled connection to a peer, begun again when it breaks. */
struct dialler {
    struct link *link;
    int peer;
    enum tls_kind kind; /* TLS_RAFT: always kept; TLS_PEER: while there are requests */
    struct conn *conn;  /* NULL between attempts */
    bool up;            /* frames may be sent */
    bool resolving;
    uv_getaddrinfo_t resolve;
    bool refused;           /* the last attempt, by them or by us: hurry will not help */
    unsigned failures;      /* attempts since it was last up */
    uint64_t due_ms;        /* of the next attempt */
    uint64_t began_ms;      /* of this one */
    struct beat_key *fresh; /* exported; used once the listener has welcomed us */
};

/* request.c: ours, to others. */
struct request {
    TAILQ_ENTRY(request) entry;
    uint64_t id;
    uint64_t deadline_ms;
    link_answer *done;
    void *context;
    struct buf bytes; /* kept until sent */
    bool sent;
    int code; /* not 0: to be finished with it */
};
TAILQ_HEAD(requests, request);

/* listen.c: others' connections to us. */
struct inbound {
    LIST_ENTRY(inbound) entry;
    struct link *link;
    struct conn *conn;
    uint64_t began_ms;
    bool stranger; /* does not come from a coordinator's address */
    LIST_HEAD(, link_call) calls;
    unsigned n_calls;
    struct door *door; /* HTTP; NULL: another kind */
};

struct link_call {
    LIST_ENTRY(link_call) entry;
    struct inbound *inbound; /* NULL: the caller is gone */
    uint8_t id[LINK_ID];
};

struct peer {
    union address address; /* as resolved last */
    bool resolved;
    struct dialler raft, ask;
    struct requests requests;
    unsigned n_requests;
    struct inbound *raft_in; /* the newest Raft connection from there */
    struct beat_key *seal;
    struct beat_ring ring;
};

/* Refusals of the last window that got no line of their own. */
struct refusals {
    uint64_t window_ms;
    unsigned lines;
    uint64_t silent;
};

struct link {
    struct link_options options; /* texts owned */
    struct tls *tls;
    struct conn_env env;
    union address bind;
    uv_tcp_t listener;
    uv_udp_t udp;
    uv_timer_t tick;
    struct peer *peers; /* n_peers */
    LIST_HEAD(, inbound) inbounds;
    unsigned n_inbound, n_strangers;
    LIST_HEAD(, link_order) orders;
    uint64_t next_id;
    struct prng prng;
    struct refusals refusals;
    struct link_counters counters;
    uint8_t datagram[BEAT_DATAGRAM + 1]; /* one more, to see that one is too long */
    bool closing;
    void (*closed)(void *context);
    void *closed_context;
};

/* link.c */
uint64_t link_now(const struct link *link);
void link_busy(struct link *link); /* a deadline has begun: back to the short tick */
int link_index_of(const void *link, const char *name); /* of a coordinator, or -1 */
/* Counts it, tells handlers and (so many lines a window) log. */
void link_refused(struct link *link, const char *address, const char *why);

/* dial.c */
void dialler_init(struct dialler *dialler, struct link *link, int peer, enum tls_kind kind);
void dialler_tick(struct dialler *dialler);
bool dialler_calm(const struct dialler *dialler);
/* The peer is alive: no reason to wait any longer. */
void dialler_hint(struct dialler *dialler);
void dialler_close(struct dialler *dialler);

/* listen.c */
int listen_open(struct link *link, struct err *err);
void listen_tick(struct link *link);
bool listen_calm(const struct link *link);
void listen_close(struct link *link);

/* door.c: an operator's HTTP over to whoever serves it, in plain. */
struct door *door_open(struct inbound *inbound, struct err *err);
void door_bytes(struct door *door, const uint8_t *bytes, size_t len);
void door_drained(struct door *door);
void door_close(struct door *door);

/* request.c */
void requests_up(struct link *link, int peer);
/* Fails what was sent, and what was not unless `keep_unsent`. */
void requests_down(struct link *link, int peer, bool keep_unsent);
void requests_answer(struct link *link, int peer, const uint8_t *bytes, size_t len);
void requests_tick(struct link *link, int peer);
void requests_close(struct link *link, int peer);

/* order.c */
void link_orders_close(struct link *link);

/* beats.c */
int beats_open(struct link *link, struct err *err);
/* From now on beats to `peer` go under this key; takes it. */
void beats_use(struct link *link, int peer, struct beat_key *key);
struct beat_key *beats_export(struct conn *conn, bool seal, int from, int to);
void beats_close(struct link *link);

#endif
