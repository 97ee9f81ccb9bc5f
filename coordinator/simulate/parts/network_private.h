/* Between network.c (paths, datagrams, exchanges) and network_stream.c. */
#ifndef SIMULATE_NETWORK_PRIVATE_H
#define SIMULATE_NETWORK_PRIVATE_H

#include "simulate/parts/network.h"

#define NO_FLIGHT 0 /* flights[0] is never used */
#define RETRANSMIT_MS 200

/* From one server to another. */
struct path {
    int cuts;
    int delay_ms; /* base and faults; a draw of 0 … 1 ms comes on top */
    int loss;     /* per mille */
};

/* A datagram to all that it reaches in one ms, or a frame. They lie in one array and are
 * named by index: it grows while receivers send, so keep no pointer across a delivery. */
struct flight {
    struct parcel *parcel; /* NULL: a free one */
    server_set to;
    int64_t due_ms;   /* of a frame */
    uint32_t resets;  /* network's when it was sent: later processes do not get it */
    uint32_t session; /* of a frame whose sender is gone */
    uint32_t next;    /* of the same stream, or of the free ones */
    uint8_t from;
    uint8_t begin; /* with this receiver */
    bool aside;    /* lets others of the same ms go first */
};

enum stream_phase {
    STREAM_OFF,        /* no process that dials */
    STREAM_WAITING,    /* for the next attempt */
    STREAM_CONNECTING, /* `works`: this attempt will */
    STREAM_UP,
};

/* What is armed in the wheel is known by its time: what fires at another one is stale. */
struct stream {
    uint8_t from, to;
    enum stream_phase phase;
    bool works;
    bool half; /* the receiver's end is gone, which the sender does not know */
    int failures;
    uint32_t session; /* connections so far */
    uint32_t resets;  /* network's when the attempt began */
    int64_t phase_ms; /* end of WAITING or CONNECTING */

    uint32_t first, last; /* frames on their way, in order */
    size_t bytes;         /* of these */
    int64_t arrive_ms;    /* of the first frame */
    int64_t release_ms;   /* nothing arrives earlier: retransmission after a cut */
    int64_t sent_ms;
    int64_t give_up_ms; /* while the path is cut */
};

struct network_fault;

struct network {
    struct network_options options;
    struct wheel *wheel;
    int n_servers, n_coordinators;
    struct path *paths;     /* from * n_servers + to */
    struct stream *streams; /* from * n_coordinators + to */

    struct flight *flights;
    uint32_t n_flights, room;
    uint32_t spare; /* free flights */

    server_set listening;
    uint32_t resets;                       /* of all servers, ever */
    uint32_t reset_at[LIMIT_SERVERS];      /* `resets` with the server's latest */
    server_set sealed[LIMIT_SERVERS];      /* by sender: who can open its beats */
    server_set discouraged[LIMIT_SERVERS]; /* by dialler: whom it dials less and less often */

    struct network_fault *faults;
    int n_faults, faults_room;
    int doubling, reordering; /* per mille */

    struct prng beat_prng, frame_prng, dial_prng, exchange_prng;
    struct network_counts counts;
};

/* network.c */
struct path *network_path(const struct network *network, int from, int to);
/* One packet's way, without loss. */
int network_transit(const struct network *network, struct prng *prng, int from, int to);
/* What losses in a row cost: `first_ms` for one, twice that for two, …, at most `most_ms`. */
int network_repeats(const struct network *network, struct prng *prng, int from, int to,
                    int first_ms, int most_ms);
/* What packet 0, 1, … of a connection takes: `from` dials, they go to and fro. */
int network_packet(const struct network *network, struct prng *prng, int from, int to, int packet);
uint32_t network_take_flight(struct network *network);
void network_drop_flight(struct network *network, uint32_t flight);

/* network_stream.c */
void streams_open(struct network *network);
/* Either way is cut: nothing on a stream between the two gets ahead. */
bool streams_stuck(const struct network *network, int a, int b);
/* A path between the two changed, one way or the other. */
void streams_path(struct network *network, int a, int b, bool was_stuck);
void streams_listen(struct network *network, int server);
void streams_reset(struct network *network, int server);
/* `server` hears from `peer`: no reason to wait any longer. */
void streams_hint(struct network *network, int server, int peer);

#endif
