/* Paths and their faults, datagrams, exchanges. */
#include "simulate/parts/network.h"

#include "base/check.h"
#include "base/mem.h"
#include "simulate/parts/network_private.h"

#include <string.h>

#define BETWEEN_SITES_MS 2
#define SYN_MS 1000           /* before a SYN is sent again */
#define PATIENCE_MS (1 << 20) /* for one packet: nobody has more */
/* How late reordering makes a datagram: 1 … 2^n ms, n drawn below this. Often a little, so
 * that it changes places with others' beats, at times enough for the same sender's next. */
#define LATE_BITS 11

enum fault_kind { FAULT_LOSS, FAULT_DELAY, FAULT_DOUBLE, FAULT_REORDER };

struct network_fault {
    enum fault_kind kind;
    int from, to; /* 0 for those of the whole network */
    int value;
};

/* --- parcels and flights --- */

struct parcel *parcel_new(const uint8_t *bytes, size_t len)
{
    struct parcel *parcel = mem_alloc(sizeof *parcel + len);

    parcel->refs = 1;
    parcel->len = len;
    parcel->memo = NULL;
    if (len > 0)
        memcpy(parcel->bytes, bytes, len);
    return parcel;
}

void parcel_release(struct parcel *parcel)
{
    CHECK(parcel->refs > 0);
    if (--parcel->refs > 0)
        return;
    mem_free(parcel->memo);
    mem_free(parcel);
}

uint32_t network_take_flight(struct network *network)
{
    uint32_t flight = network->spare;

    if (flight != NO_FLIGHT) {
        network->spare = network->flights[flight].next;
        return flight;
    }
    if (network->n_flights >= network->room) {
        CHECK(network->room < UINT32_MAX / 2);
        network->room = network->room == 0 ? 1024 : network->room * 2;
        network->flights = mem_realloc(network->flights, network->room, sizeof *network->flights);
    }
    return network->n_flights++;
}

static void return_flight(struct network *network, uint32_t flight)
{
    network->flights[flight].parcel = NULL;
    network->flights[flight].next = network->spare;
    network->spare = flight;
}

void network_drop_flight(struct network *network, uint32_t flight)
{
    parcel_release(network->flights[flight].parcel);
    return_flight(network, flight);
}

/* --- paths --- */

struct path *network_path(const struct network *network, int from, int to)
{
    CHECK(from >= 0 && from < network->n_servers && to >= 0 && to < network->n_servers);
    return &network->paths[from * network->n_servers + to];
}

int network_transit(const struct network *network, struct prng *prng, int from, int to)
{
    return network_path(network, from, to)->delay_ms + (int)prng_below(prng, 2);
}

static bool happens(struct prng *prng, int permille)
{
    return permille > 0 && prng_below(prng, 1000) < (uint32_t)permille;
}

int network_repeats(const struct network *network, struct prng *prng, int from, int to,
                    int first_ms, int cap_ms)
{
    int loss = network_path(network, from, to)->loss, cost_ms = 0;

    while (cost_ms < cap_ms && happens(prng, loss))
        cost_ms = cost_ms == 0 ? first_ms : cost_ms * 2;
    return cost_ms < cap_ms ? cost_ms : cap_ms;
}

int network_packet(const struct network *network, struct prng *prng, int from, int to, int packet)
{
    int a = packet % 2 == 0 ? from : to, b = packet % 2 == 0 ? to : from;
    int first_ms = packet < 2 ? SYN_MS : RETRANSMIT_MS;

    return network_transit(network, prng, a, b) +
           network_repeats(network, prng, a, b, first_ms, PATIENCE_MS);
}

static int base_ms(const struct network *network, int from, int to)
{
    const struct server *servers = network->options.model->servers;

    if (servers[from].site == servers[to].site)
        return 0;
    return network->options.between_sites_ms > 0 ? network->options.between_sites_ms
                                                 : BETWEEN_SITES_MS;
}

bool network_cut_now(const struct network *network, int from, int to)
{
    return network_path(network, from, to)->cuts > 0;
}

/* --- faults --- */

static void note_fault(struct network *network, struct network_fault fault, bool on)
{
    struct network_fault *faults = network->faults;
    int i = 0;

    if (on) {
        if (network->n_faults == network->faults_room) {
            network->faults_room = network->faults_room * 2 + 16;
            network->faults =
                mem_realloc(faults, (size_t)network->faults_room, sizeof *network->faults);
        }
        network->faults[network->n_faults++] = fault;
        return;
    }
    while (i < network->n_faults &&
           !(faults[i].kind == fault.kind && faults[i].from == fault.from &&
             faults[i].to == fault.to && faults[i].value == fault.value))
        i++;
    CHECK(i < network->n_faults);
    faults[i] = faults[--network->n_faults];
}

struct strength {
    int sum, greatest;
};

static struct strength strength_of(const struct network *network, enum fault_kind kind, int from,
                                   int to)
{
    struct strength strength = {0, 0};

    for (int i = 0; i < network->n_faults; i++) {
        const struct network_fault *fault = &network->faults[i];

        if (fault->kind != kind || fault->from != from || fault->to != to)
            continue;
        strength.sum += fault->value;
        if (fault->value > strength.greatest)
            strength.greatest = fault->value;
    }
    return strength;
}

void network_cut(struct network *network, int from, int to, bool on)
{
    struct path *path = network_path(network, from, to);
    bool was_stuck;

    if (from == to)
        return;
    was_stuck = streams_stuck(network, from, to);
    path->cuts += on ? 1 : -1;
    CHECK(path->cuts >= 0);
    streams_path(network, from, to, was_stuck);
}

void network_loss(struct network *network, int from, int to, int permille, bool on)
{
    struct path *path = network_path(network, from, to);

    CHECK(permille >= 0 && permille <= 1000);
    if (permille == 1000) {
        network_cut(network, from, to, on);
        return;
    }
    note_fault(network, (struct network_fault){FAULT_LOSS, from, to, permille}, on);
    path->loss = strength_of(network, FAULT_LOSS, from, to).greatest;
}

void network_delay(struct network *network, int from, int to, int ms, bool on)
{
    struct path *path = network_path(network, from, to);

    CHECK(ms >= 0);
    note_fault(network, (struct network_fault){FAULT_DELAY, from, to, ms}, on);
    path->delay_ms = base_ms(network, from, to) + strength_of(network, FAULT_DELAY, from, to).sum;
}

void network_double(struct network *network, int permille, bool on)
{
    note_fault(network, (struct network_fault){FAULT_DOUBLE, 0, 0, permille}, on);
    network->doubling = strength_of(network, FAULT_DOUBLE, 0, 0).greatest;
}

void network_reorder(struct network *network, int permille, bool on)
{
    note_fault(network, (struct network_fault){FAULT_REORDER, 0, 0, permille}, on);
    network->reordering = strength_of(network, FAULT_REORDER, 0, 0).greatest;
}

/* --- datagrams --- */

static void on_datagram(void *context, uint64_t index)
{
    struct network *network = context;
    struct flight flight = network->flights[index];
    server_set left;

    if (flight.aside) {
        network->flights[index].aside = false;
        wheel_at(network->wheel, wheel_now(network->wheel), on_datagram, network, index);
        return;
    }
    return_flight(network, (uint32_t)index);
    /* Once around from any receiver on: none is always the first to know. */
    left = flight.to >> flight.begin << flight.begin;
    while (flight.to != 0) {
        int to = __builtin_ctzll(left != 0 ? left : flight.to);

        left &= ~server_bit(to);
        flight.to &= ~server_bit(to);
        if (flight.resets < network->reset_at[to])
            continue;
        if (network->discouraged[to] & server_bit(flight.from))
            streams_hint(network, to, flight.from);
        network->options.deliver(network->options.context, to, flight.from, true, flight.parcel);
    }
    parcel_release(flight.parcel);
}

/* Receivers by the ms it takes to them. */
struct wave {
    int delay_ms;
    server_set to;
};
struct waves {
    struct wave wave[2 * LIMIT_SERVERS];
    int n;
};

static void join(struct waves *waves, int delay_ms, int to)
{
    int i = 0;

    while (i < waves->n &&
           (waves->wave[i].delay_ms != delay_ms || (waves->wave[i].to & server_bit(to))))
        i++;
    if (i == waves->n)
        waves->wave[waves->n++] = (struct wave){delay_ms, 0};
    waves->wave[i].to |= server_bit(to);
}

static int lateness(struct network *network)
{
    struct prng *prng = &network->beat_prng;

    if (!happens(prng, network->reordering))
        return 0;
    return 1 + (int)prng_below(prng, 1u << prng_below(prng, LATE_BITS));
}

static void launch(struct network *network, int from, struct parcel *parcel,
                   const struct waves *waves)
{
    uint64_t bits = prng_next(&network->beat_prng), n = (uint64_t)network->n_coordinators;
    int64_t now_ms = wheel_now(network->wheel);

    for (int i = 0; i < waves->n; i++, bits = bits >> 1 | bits << 63) {
        uint32_t index = network_take_flight(network);

        parcel->refs++;
        network->flights[index] = (struct flight){.parcel = parcel,
                                                  .to = waves->wave[i].to,
                                                  .resets = network->resets,
                                                  .from = (uint8_t)from,
                                                  .begin = (uint8_t)((bits >> 32) * n >> 32),
                                                  .aside = bits & 1};
        wheel_at(network->wheel, now_ms + waves->wave[i].delay_ms, on_datagram, network, index);
    }
}

void network_cast(struct network *network, int from, struct parcel *parcel)
{
    server_set left = network->sealed[from];
    struct prng *prng = &network->beat_prng;
    uint64_t jitter = prng_next(prng); /* a bit each */
    struct waves waves;

    waves.n = 0;
    for (; left != 0; left &= left - 1) {
        int to = __builtin_ctzll(left);
        const struct path *path = network_path(network, from, to);

        network->counts.datagrams++;
        network->counts.bytes += parcel->len;
        if (path->cuts > 0 || happens(prng, path->loss)) {
            network->counts.lost++;
            continue;
        }
        join(&waves, path->delay_ms + (int)(jitter >> to & 1) + lateness(network), to);
        if (happens(prng, network->doubling)) {
            network->counts.doubled++;
            join(&waves, network_transit(network, prng, from, to) + lateness(network), to);
        }
    }
    launch(network, from, parcel, &waves);
}

/* --- exchanges --- */

int network_exchange(struct network *network, int from, int to, int timeout_ms)
{
    struct prng prng;
    int ms = 0;

    if (from == to)
        return 0;
    /* One draw of the common generator: how this one goes does not shift the others. */
    prng_seed(&prng, prng_next(&network->exchange_prng));
    if (streams_stuck(network, from, to))
        return -1;
    for (int packet = 0; packet < 4; packet++)
        ms += network_packet(network, &prng, from, to, packet);
    return ms <= timeout_ms ? ms : -1;
}

/* --- the whole --- */

struct network *network_new(const struct network_options *options)
{
    struct network *network = mem_zalloc(1, sizeof *network);
    size_t n = (size_t)options->model->n_servers;

    network->options = *options;
    network->wheel = options->wheel;
    network->n_servers = options->model->n_servers;
    network->n_coordinators = options->model->n_coordinators;
    network->n_flights = 1;
    prng_seed(&network->beat_prng, prng_mix(options->seed + 1));
    prng_seed(&network->frame_prng, prng_mix(options->seed + 2));
    prng_seed(&network->dial_prng, prng_mix(options->seed + 3));
    prng_seed(&network->exchange_prng, prng_mix(options->seed + 4));
    network->paths = mem_zalloc(n * n, sizeof *network->paths);
    for (int from = 0; from < network->n_servers; from++)
        for (int to = 0; to < network->n_servers; to++)
            network_path(network, from, to)->delay_ms = base_ms(network, from, to);
    streams_open(network);
    return network;
}

void network_free(struct network *network)
{
    for (uint32_t i = 1; i < network->n_flights; i++)
        if (network->flights[i].parcel != NULL)
            parcel_release(network->flights[i].parcel);
    mem_free(network->flights);
    mem_free(network->faults);
    mem_free(network->streams);
    mem_free(network->paths);
    mem_free(network);
}

void network_listen(struct network *network, int server)
{
    CHECK(server >= 0 && server < network->n_coordinators);
    CHECK(!(network->listening & server_bit(server)));
    network->listening |= server_bit(server);
    streams_listen(network, server);
}

void network_reset(struct network *network, int server)
{
    CHECK(server >= 0 && server < network->n_coordinators);
    network->listening &= ~server_bit(server);
    network->reset_at[server] = ++network->resets;
    network->sealed[server] = 0;
    for (int from = 0; from < network->n_coordinators; from++)
        network->sealed[from] &= ~server_bit(server);
    streams_reset(network, server);
}

struct network_counts network_counts(const struct network *network)
{
    return network->counts;
}
