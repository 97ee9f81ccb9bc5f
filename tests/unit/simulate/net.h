/* A network of five coordinators and a target, and what arrives there. */
#ifndef TESTS_SIMULATE_NET_H
#define TESTS_SIMULATE_NET_H

#include "base/err.h"
#include "base/mem.h"
#include "simulate/parts/network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#define NODES 5   /* sites 0 0 1 1 2 */
#define SERVERS 6 /* the last one is a target at site 0 */
#define SEEN_MAX 200000
#define UP_MS 1000 /* all streams are there by then */

struct seen {
    int64_t at_ms;
    int to, from;
    bool datagram;
    uint32_t number;
};

struct net {
    struct model model;
    struct wheel *wheel;
    struct network *network;
    uint32_t number;
    struct seen seen[SEEN_MAX];
    int n_seen;
    int kill; /* when something reaches this server, its process ends */
};

static inline void on_parcel(void *context, int to, int from, bool datagram, struct parcel *parcel)
{
    struct net *net = context;
    struct seen *seen = &net->seen[net->n_seen++];

    assert_true(net->n_seen < SEEN_MAX);
    assert_true(parcel->len >= sizeof seen->number);
    *seen = (struct seen){wheel_now(net->wheel), to, from, datagram, 0};
    memcpy(&seen->number, parcel->bytes, sizeof seen->number);
    if (to == net->kill)
        network_reset(net->network, to);
}

static inline void run(struct net *net, int64_t ms)
{
    int64_t until_ms = wheel_now(net->wheel) + ms;

    while (wheel_step(net->wheel, until_ms))
        ;
}

static inline struct net *open_net(uint64_t seed)
{
    struct net *net = mem_zalloc(1, sizeof *net);

    net->kill = -1;
    net->model.n_servers = SERVERS;
    net->model.n_coordinators = NODES;
    for (int i = 0; i < SERVERS; i++)
        net->model.servers[i].site = i < NODES ? i / 2 : 0;
    net->wheel = wheel_new();
    net->network = network_new(&(struct network_options){.model = &net->model,
                                                         .wheel = net->wheel,
                                                         .seed = seed,
                                                         .between_sites_ms = 5,
                                                         .deliver = on_parcel,
                                                         .context = net});
    for (int i = 0; i < NODES; i++)
        network_listen(net->network, i);
    run(net, UP_MS);
    return net;
}

static inline void close_net(struct net *net)
{
    network_free(net->network);
    wheel_free(net->wheel);
    mem_free(net);
}

static inline int setup(void **state)
{
    *state = open_net(1);
    return 0;
}

static inline int teardown(void **state)
{
    close_net(*state);
    return 0;
}

static inline uint32_t cast(struct net *net, int from)
{
    struct parcel *parcel = parcel_new((const uint8_t *)&net->number, sizeof net->number);

    network_cast(net->network, from, parcel);
    parcel_release(parcel);
    return net->number++;
}

static inline int send_frame(struct net *net, int from, int to)
{
    int rc =
        network_stream(net->network, from, to, (const uint8_t *)&net->number, sizeof net->number);

    net->number += rc == 0;
    return rc;
}

static inline int count(const struct net *net, int from, int to)
{
    int n = 0;

    for (int i = 0; i < net->n_seen; i++)
        n += net->seen[i].from == from && net->seen[i].to == to;
    return n;
}

static inline void cut_both(struct net *net, int a, int b, bool on)
{
    network_cut(net->network, a, b, on);
    network_cut(net->network, b, a, on);
}

/* Ms until frames are taken again. */
static inline int until_up(struct net *net, int from, int to)
{
    int ms = 0;

    while (send_frame(net, from, to) != 0) {
        run(net, 1);
        assert_true(++ms < 100000);
    }
    return ms;
}

/* A test with the network of open_net(1). */
#define ON_NET(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
