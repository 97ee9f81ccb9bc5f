/* Streams: what a TCP connection of link/ does, without the packets. Times are those of
 * link/conn.c and link/dial.c. */
#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "simulate/parts/network_private.h"

#define SEGMENT 1400 /* bytes */
#define RETRANSMIT_MAX_MS 3000
#define USER_TIMEOUT_MS 3000 /* unacknowledged for so long: the connection ends */
#define ALIVE_MS 5000        /* an empty frame after so long without another */
#define CONNECT_MS 500
#define BACKOFF_MIN_MS 100
#define BACKOFF_MAX_MS 1000
#define TICK_MS 50 /* link/ looks at its connections this often */
#define HEADER 4   /* bytes before a frame */
#define NEVER INT64_MAX

static void on_arrival(void *context, uint64_t index);
static void on_give_up(void *context, uint64_t index);
static void on_phase(void *context, uint64_t index);

static struct stream *stream_of(const struct network *network, int from, int to)
{
    return &network->streams[from * network->n_coordinators + to];
}

static void arm(struct network *network, struct stream *stream, int64_t *armed_ms, int64_t ms,
                wheel_fire *fire)
{
    CHECK(ms >= wheel_now(network->wheel)); /* else it would fire at another time, as stale */
    *armed_ms = ms;
    wheel_at(network->wheel, ms, fire, network, (uint64_t)(stream - network->streams));
}

/* False: what fires is not what was armed last. */
static bool fired(const struct network *network, int64_t *armed_ms)
{
    if (*armed_ms != wheel_now(network->wheel))
        return false;
    *armed_ms = NEVER;
    return true;
}

bool streams_stuck(const struct network *network, int a, int b)
{
    return network_path(network, a, b)->cuts > 0 || network_path(network, b, a)->cuts > 0;
}

static bool stuck(const struct network *network, const struct stream *stream)
{
    return streams_stuck(network, stream->from, stream->to);
}

/* --- frames --- */

static uint32_t unlink_first(struct network *network, struct stream *stream)
{
    uint32_t index = stream->first;

    stream->first = network->flights[index].next;
    stream->bytes -= network->flights[index].parcel->len + HEADER;
    return index;
}

static int64_t first_due(const struct network *network, const struct stream *stream)
{
    int64_t due_ms = network->flights[stream->first].due_ms;

    return due_ms > stream->release_ms ? due_ms : stream->release_ms;
}

static void await_first(struct network *network, struct stream *stream)
{
    if (stream->first != NO_FLIGHT && !stuck(network, stream))
        arm(network, stream, &stream->arrive_ms, first_due(network, stream), on_arrival);
}

/* All that is due: the first was what the others waited for. */
static void on_arrival(void *context, uint64_t index)
{
    struct network *network = context;
    struct stream *stream = &network->streams[index];
    int64_t now_ms = wheel_now(network->wheel);

    if (!fired(network, &stream->arrive_ms))
        return;
    while (stream->first != NO_FLIGHT && !stuck(network, stream) &&
           first_due(network, stream) <= now_ms) {
        uint32_t flight = unlink_first(network, stream);
        struct parcel *parcel = network->flights[flight].parcel;

        parcel->refs++;
        network_drop_flight(network, flight);
        network->options.deliver(network->options.context, stream->to, stream->from, false, parcel);
        parcel_release(parcel);
    }
    await_first(network, stream);
}

static int64_t transport_ms(struct network *network, const struct stream *stream, size_t len)
{
    struct prng *prng = &network->frame_prng;
    int from = stream->from, to = stream->to, worst_ms = 0;
    int transit_ms = network_transit(network, prng, from, to);

    if (network_path(network, from, to)->loss == 0)
        return transit_ms;
    for (size_t at = 0; at == 0 || at < len; at += SEGMENT) {
        int ms = network_repeats(network, prng, from, to, RETRANSMIT_MS, RETRANSMIT_MAX_MS);

        if (ms > worst_ms)
            worst_ms = ms;
    }
    return transit_ms + worst_ms;
}

int network_stream(struct network *network, int from, int to, const uint8_t *bytes, size_t len)
{
    int64_t now_ms = wheel_now(network->wheel);
    struct stream *stream;
    uint32_t index;

    CHECK(from != to && from >= 0 && from < network->n_coordinators);
    CHECK(to >= 0 && to < network->n_coordinators);
    stream = stream_of(network, from, to);
    if (stream->phase != STREAM_UP)
        return ERR_UNAVAILABLE;
    if (len > LIMIT_FRAME || stream->bytes + len + HEADER > LIMIT_SEND_QUEUE)
        return ERR_LIMIT;
    index = network_take_flight(network);
    network->flights[index] = (struct flight){
        .parcel = parcel_new(bytes, len), .due_ms = now_ms + transport_ms(network, stream, len)};
    if (stuck(network, stream) && stream->first == NO_FLIGHT &&
        now_ms + USER_TIMEOUT_MS < stream->give_up_ms)
        arm(network, stream, &stream->give_up_ms, now_ms + USER_TIMEOUT_MS, on_give_up);
    if (stream->first == NO_FLIGHT)
        stream->first = index;
    else
        network->flights[stream->last].next = index;
    stream->last = index;
    stream->bytes += len + HEADER;
    stream->sent_ms = now_ms;
    network->counts.frames++;
    network->counts.bytes += len;
    if (stream->first == index)
        await_first(network, stream);
    return 0;
}

/* --- the end of a connection --- */

static void drop_frames(struct network *network, struct stream *stream)
{
    while (stream->first != NO_FLIGHT)
        network_drop_flight(network, unlink_first(network, stream));
}

static void again_later(struct network *network, struct stream *stream, int64_t from_ms)
{
    struct prng *prng = &network->dial_prng;
    int wait_ms = BACKOFF_MIN_MS;

    for (int i = 0; i < stream->failures && wait_ms < BACKOFF_MAX_MS; i++)
        wait_ms *= 2;
    if (wait_ms > BACKOFF_MAX_MS)
        wait_ms = BACKOFF_MAX_MS;
    wait_ms -= (int)prng_below(prng, (uint32_t)wait_ms / 4);
    if (++stream->failures >= 2)
        network->discouraged[stream->from] |= server_bit(stream->to);
    stream->phase = STREAM_WAITING;
    arm(network, stream, &stream->phase_ms, from_ms + wait_ms + prng_below(prng, TICK_MS),
        on_phase);
}

/* The sender sees it. */
static void break_off(struct network *network, struct stream *stream)
{
    drop_frames(network, stream);
    stream->arrive_ms = NEVER;
    stream->give_up_ms = NEVER;
    stream->half = false;
    network->counts.broken++;
    again_later(network, stream, wheel_now(network->wheel));
}

static void on_give_up(void *context, uint64_t index)
{
    struct network *network = context;
    struct stream *stream = &network->streams[index];

    if (fired(network, &stream->give_up_ms))
        break_off(network, stream);
}

static void path_ended(struct network *network, struct stream *stream)
{
    int64_t now_ms = wheel_now(network->wheel);
    int64_t unanswered_ms = now_ms; /* since when something is */

    if (stream->first == NO_FLIGHT && stream->sent_ms + ALIVE_MS > now_ms)
        unanswered_ms = stream->sent_ms + ALIVE_MS;
    arm(network, stream, &stream->give_up_ms, unanswered_ms + USER_TIMEOUT_MS, on_give_up);
}

/* Retransmissions go on at a steady pace (TCP_THIN_LINEAR_TIMEOUTS): the next one is through. */
static void path_healed(struct network *network, struct stream *stream)
{
    struct prng *prng = &network->frame_prng;

    stream->give_up_ms = NEVER;
    if (stream->half) {
        break_off(network, stream);
        return;
    }
    if (stream->first == NO_FLIGHT)
        return;
    stream->release_ms = wheel_now(network->wheel) + 1 + prng_below(prng, RETRANSMIT_MS) +
                         network_transit(network, prng, stream->from, stream->to);
    await_first(network, stream);
}

void streams_path(struct network *network, int a, int b, bool was_stuck)
{
    bool is_stuck = streams_stuck(network, a, b);

    if (is_stuck == was_stuck || a >= network->n_coordinators || b >= network->n_coordinators)
        return;
    for (int way = 0; way < 2; way++) {
        struct stream *stream = way == 0 ? stream_of(network, a, b) : stream_of(network, b, a);

        if (stream->phase == STREAM_UP && is_stuck)
            path_ended(network, stream);
        else if (stream->phase == STREAM_UP)
            path_healed(network, stream);
    }
}

/* --- dialling --- */

/* Round trips for TCP, for TLS and for the listener's welcome. */
static void attempt(struct network *network, struct stream *stream)
{
    bool reached = !stuck(network, stream);
    int ms = 0;

    for (int packet = 0; packet < 6 && reached; packet++) {
        ms += network_packet(network, &network->dial_prng, stream->from, stream->to, packet);
        reached = packet != 1 || ms <= CONNECT_MS;
    }
    if (!reached)
        ms = CONNECT_MS;
    else if (ms > LIMIT_HANDSHAKE_MS)
        ms = LIMIT_HANDSHAKE_MS;
    stream->works =
        reached && ms < LIMIT_HANDSHAKE_MS && (network->listening & server_bit(stream->to)) != 0;
    stream->resets = network->resets;
    stream->phase = STREAM_CONNECTING;
    arm(network, stream, &stream->phase_ms, wheel_now(network->wheel) + ms, on_phase);
}

static void went_up(struct network *network, struct stream *stream)
{
    stream->phase = STREAM_UP;
    stream->failures = 0;
    stream->session++;
    stream->release_ms = 0;
    stream->sent_ms = wheel_now(network->wheel);
    network->discouraged[stream->from] &= ~server_bit(stream->to);
    network->sealed[stream->from] |= server_bit(stream->to);
}

static void on_phase(void *context, uint64_t index)
{
    struct network *network = context;
    struct stream *stream = &network->streams[index];

    if (!fired(network, &stream->phase_ms))
        return;
    if (stream->phase == STREAM_WAITING)
        attempt(network, stream);
    else if (stream->works && !stuck(network, stream) &&
             stream->resets >= network->reset_at[stream->to])
        went_up(network, stream);
    else
        again_later(network, stream, wheel_now(network->wheel));
}

static void dial_soon(struct network *network, struct stream *stream)
{
    stream->phase = STREAM_WAITING;
    arm(network, stream, &stream->phase_ms,
        wheel_now(network->wheel) + prng_below(&network->dial_prng, TICK_MS), on_phase);
}

void streams_hint(struct network *network, int server, int peer)
{
    struct stream *stream = stream_of(network, server, peer);

    if (stream->phase != STREAM_WAITING)
        return;
    stream->failures = 1;
    network->discouraged[server] &= ~server_bit(peer);
    dial_soon(network, stream);
}

/* --- processes --- */

void streams_open(struct network *network)
{
    int n = network->n_coordinators;

    network->streams = mem_zalloc((size_t)n * (size_t)n, sizeof *network->streams);
    for (int i = 0; i < n * n; i++)
        network->streams[i] = (struct stream){.from = (uint8_t)(i / n),
                                              .to = (uint8_t)(i % n),
                                              .phase_ms = NEVER,
                                              .arrive_ms = NEVER,
                                              .give_up_ms = NEVER};
}

void streams_listen(struct network *network, int server)
{
    for (int to = 0; to < network->n_coordinators; to++)
        if (to != server)
            dial_soon(network, stream_of(network, server, to));
}

/* A frame whose sender is gone. A newer connection takes the older one's place. */
static void on_orphan(void *context, uint64_t index)
{
    struct network *network = context;
    struct flight flight = network->flights[index];
    int to = __builtin_ctzll(flight.to);

    flight.parcel->refs++;
    network_drop_flight(network, (uint32_t)index);
    if (flight.resets >= network->reset_at[to] &&
        stream_of(network, flight.from, to)->session == flight.session)
        network->options.deliver(network->options.context, to, flight.from, false, flight.parcel);
    parcel_release(flight.parcel);
}

/* What is in its kernel and cannot get out is gone; the rest comes as it would have. */
static void sender_gone(struct network *network, struct stream *stream)
{
    int64_t due_ms = 0;

    if (stuck(network, stream) || stream->half)
        drop_frames(network, stream);
    while (stream->first != NO_FLIGHT) {
        int64_t first_ms = first_due(network, stream);
        uint32_t index = unlink_first(network, stream);
        struct flight *flight = &network->flights[index];

        due_ms = first_ms > due_ms ? first_ms : due_ms;
        flight->from = stream->from;
        flight->to = server_bit(stream->to);
        flight->resets = network->resets;
        flight->session = stream->session;
        wheel_at(network->wheel, due_ms, on_orphan, network, index);
    }
    if (stream->phase == STREAM_UP)
        network->counts.broken++;
    stream->phase = STREAM_OFF;
    stream->half = false;
    stream->failures = 0;
    stream->phase_ms = stream->arrive_ms = stream->give_up_ms = NEVER;
}

/* The sender is told at once, unless that cannot reach it. */
static void receiver_gone(struct network *network, struct stream *stream)
{
    if (stream->phase != STREAM_UP)
        return;
    if (network_cut_now(network, stream->to, stream->from))
        stream->half = true;
    else
        break_off(network, stream);
}

void streams_reset(struct network *network, int server)
{
    network->discouraged[server] = 0;
    for (int peer = 0; peer < network->n_coordinators; peer++) {
        if (peer == server)
            continue;
        sender_gone(network, stream_of(network, server, peer));
        receiver_gone(network, stream_of(network, peer, server));
    }
}
