/* The network between all servers of the configuration: datagrams (beats) that may be lost,
 * late, doubled or overtaken, and streams (Raft frames) that keep their order, turn loss into
 * delay and break. What is on its way survives everything but its own fate: a frozen receiver
 * finds it in its buffers.
 *
 * Paths are directed and per pair of servers. A path has a base delay, a jitter, a loss (per
 * packet), and may be cut. Cuts are counted: two overlapping faults on one path both have to
 * end. A server's path to itself has no faults. Time is the wheel's, randomness the seed's
 * alone, with a generator each for beats, frames, dialling and exchanges: a probe more does
 * not shift the rest.
 *
 * A stream is a connection that the sender's process dials, as link/dial.c does (attempts of
 * 0.5 s with growing pauses, cut short by a beat of the peer). As there, beats are sealed
 * under a key of that session: they reach a peer from the first connection of the two
 * processes on, also while it is dialled again. A stream gets ahead only while both
 * directions are open. What waits 3 s for an acknowledgement ends it (TCP_USER_TIMEOUT); an
 * idle one notices a cut after 5 s more. A shorter cut delays.
 *
 * Not here: bandwidth, and link/'s window against replays (doubled and overtaken beats are
 * delivered). A receiver that stands still takes any number of frames; its kernel's buffers
 * would be full at some point and the sender's queue then stall. */
#ifndef SIMULATE_NETWORK_H
#define SIMULATE_NETWORK_H

#include "base/prng.h"
#include "core/model/model.h"
#include "simulate/parts/wheel.h"

#include <stddef.h>

struct network;

/* Bytes on their way, shared by all receivers of one sending. */
struct parcel {
    int refs;
    size_t len;
    void *memo; /* the receivers': e.g. decoded once for all; freed with mem_free() */
    uint8_t bytes[];
};
struct parcel *parcel_new(const uint8_t *bytes, size_t len); /* one reference, the caller's */
void parcel_release(struct parcel *parcel);

/* What arrives; `parcel` is borrowed. Anything here may be called from it. */
typedef void network_deliver(void *context, int to, int from, bool datagram, struct parcel *parcel);

struct network_options {
    const struct model *model; /* servers and sites; must outlive it */
    struct wheel *wheel;
    uint64_t seed;
    /* One way. Within a site 0..1 ms; between sites as given here, 0: 2 ms. */
    int between_sites_ms;
    network_deliver *deliver;
    void *context;
};
struct network *network_new(const struct network_options *options); /* nobody listens yet */
/* The wheel must not turn any more: what is armed there refers to it. */
void network_free(struct network *network);

/* A process begins at coordinator `server`: it takes connections and dials all others. */
void network_listen(struct network *network, int server);
/* It ended: its streams break, what is in its socket buffers is gone, what it had sent
 * arrives. Fine when there was none. */
void network_reset(struct network *network, int server);

/* A datagram to every coordinator that has had a connection from the sender. */
void network_cast(struct network *network, int from, struct parcel *parcel);
/* On the stream from one to the other. 0; ERR_UNAVAILABLE: there is none now (it broke and is
 * not set up again yet); ERR_LIMIT: longer than LIMIT_FRAME, or LIMIT_SEND_QUEUE bytes wait. */
int network_stream(struct network *network, int from, int to, const uint8_t *bytes, size_t len);

/* One exchange of a small request and its answer between two servers from now on (a probe, an
 * actuator's command): ms until the answer, or -1 when something of it does not come within
 * `timeout_ms` (a lost SYN costs a second, a lost segment 200 ms). */
int network_exchange(struct network *network, int from, int to, int timeout_ms);
bool network_cut_now(const struct network *network, int from, int to);

/* Faults; on and off in pairs, with the same values. Loss, doubling and reordering in per
 * mille; of several the greatest counts (a loss of 1000 is a cut). Delays add up. */
void network_cut(struct network *network, int from, int to, bool on);
void network_loss(struct network *network, int from, int to, int permille, bool on);
void network_double(struct network *network, int permille, bool on);
void network_reorder(struct network *network, int permille, bool on);
void network_delay(struct network *network, int from, int to, int ms, bool on);

struct network_counts {
    uint64_t datagrams, lost, doubled; /* per receiver; those that meet a cut are lost too */
    uint64_t frames, broken;           /* frames taken, streams that ended */
    uint64_t bytes;                    /* of both kinds */
};
struct network_counts network_counts(const struct network *network);

#endif
