/* Datagrams and exchanges: what reaches whom, when and in which order. */
#include "net.h"

/* --- datagrams --- */

static void a_beat_reaches_all_others(void **state)
{
    struct net *net = *state;
    bool early = false, late = false;

    for (int i = 0; i < 100; i++) {
        int64_t began_ms = wheel_now(net->wheel);

        net->n_seen = 0;
        cast(net, 1);
        run(net, 20);
        assert_int_equal(net->n_seen, NODES - 1);
        for (int j = 0; j < net->n_seen; j++) {
            int64_t took_ms = net->seen[j].at_ms - began_ms;
            int base_ms = net->seen[j].to == 0 ? 0 : 5;

            assert_true(net->seen[j].datagram && net->seen[j].from == 1);
            assert_true(took_ms == base_ms || took_ms == base_ms + 1);
            early = early || took_ms == base_ms;
            late = late || took_ms > base_ms;
            for (int k = 0; k < j; k++)
                assert_int_not_equal(net->seen[k].to, net->seen[j].to);
        }
    }
    assert_true(early && late);
    assert_int_equal(network_counts(net->network).datagrams, 100 * (NODES - 1));
}

static void loss_is_of_one_direction_and_the_greatest_counts(void **state)
{
    struct net *net = *state;

    network_loss(net->network, 0, 1, 300, true);
    network_loss(net->network, 0, 1, 100, true);
    network_loss(net->network, 0, 1, 300, true);
    network_loss(net->network, 0, 1, 300, false);
    for (int i = 0; i < 10000; i++) {
        cast(net, 0);
        cast(net, 1);
        run(net, 1);
    }
    run(net, 20);
    assert_in_range(count(net, 0, 1), 6850, 7150);
    assert_int_equal(count(net, 1, 0), 10000);
    assert_int_equal(network_counts(net->network).lost, 10000 - count(net, 0, 1));
    network_loss(net->network, 0, 1, 300, false);
    network_loss(net->network, 0, 1, 100, false);
    net->n_seen = 0;
    for (int i = 0; i < 100; i++)
        cast(net, 0);
    run(net, 20);
    assert_int_equal(count(net, 0, 1), 100);
}

static void overlapping_cuts_both_have_to_end(void **state)
{
    struct net *net = *state;

    network_cut(net->network, 2, 3, true);
    network_loss(net->network, 2, 3, 1000, true);
    network_cut(net->network, 2, 3, false);
    assert_true(network_cut_now(net->network, 2, 3));
    assert_false(network_cut_now(net->network, 3, 2));
    cast(net, 2);
    cast(net, 3);
    run(net, 20);
    assert_int_equal(count(net, 2, 3), 0);
    assert_int_equal(count(net, 3, 2), 1);
    network_loss(net->network, 2, 3, 1000, false);
    assert_false(network_cut_now(net->network, 2, 3));
    cast(net, 2);
    run(net, 20);
    assert_int_equal(count(net, 2, 3), 1);
}

static void doubles_come_twice_and_delays_add_up(void **state)
{
    struct net *net = *state;
    int64_t began_ms = wheel_now(net->wheel);

    network_double(net->network, 1000, true);
    network_delay(net->network, 4, 0, 100, true);
    network_delay(net->network, 4, 0, 30, true);
    cast(net, 4);
    run(net, 200);
    for (int to = 0; to < NODES - 1; to++)
        assert_int_equal(count(net, 4, to), 2);
    for (int i = 0; i < net->n_seen; i++)
        if (net->seen[i].to == 0)
            assert_in_range(net->seen[i].at_ms - began_ms, 135, 136);
    assert_int_equal(network_counts(net->network).doubled, NODES - 1);
    network_double(net->network, 1000, false);
    network_delay(net->network, 4, 0, 100, false);
    network_delay(net->network, 4, 0, 30, false);
    net->n_seen = 0;
    began_ms = wheel_now(net->wheel);
    cast(net, 4);
    run(net, 200);
    assert_int_equal(net->n_seen, NODES - 1);
    for (int i = 0; i < net->n_seen; i++)
        assert_in_range(net->seen[i].at_ms - began_ms, 5, 6);
}

static int overtaken(const struct net *net)
{
    uint32_t newest[NODES] = {0};
    int n = 0;

    for (int i = 0; i < net->n_seen; i++) {
        const struct seen *seen = &net->seen[i];

        if (seen->number < newest[seen->to])
            n++;
        else
            newest[seen->to] = seen->number;
    }
    return n;
}

static void reordering_lets_a_later_beat_overtake(void **state)
{
    struct net *net = *state;

    for (int i = 0; i < 1000; i++) {
        cast(net, 0);
        run(net, 100);
    }
    assert_int_equal(overtaken(net), 0);
    network_reorder(net->network, 500, true);
    for (int i = 0; i < 1000; i++) {
        cast(net, 0);
        run(net, 100);
    }
    run(net, 2000);
    assert_in_range(overtaken(net), 100, 2000);
    assert_int_equal(net->n_seen, 2000 * (NODES - 1));
}

static void of_two_beats_in_a_ms_either_is_first(void **state)
{
    struct net *net = *state;
    int swapped = 0;

    for (int i = 0; i < 1000; i++) {
        int64_t first_ms[2] = {0, 0};
        int first[2] = {0, 0};

        net->n_seen = 0;
        cast(net, 0);
        cast(net, 1);
        run(net, 20);
        for (int j = 0; j < net->n_seen; j++)
            if (net->seen[j].to == 2) {
                first_ms[net->seen[j].from] = net->seen[j].at_ms;
                first[net->seen[j].from] = j;
            }
        swapped += first_ms[0] == first_ms[1] && first[1] < first[0];
    }
    assert_in_range(swapped, 50, 450);
}

static void any_receiver_may_be_the_first(void **state)
{
    struct net *net = *state;
    int first_to[NODES] = {0};

    for (int i = 0; i < 1000; i++) {
        int at = net->n_seen;

        cast(net, 4); /* to all equally far */
        run(net, 20);
        first_to[net->seen[at].to]++;
    }
    for (int to = 0; to < NODES - 1; to++)
        assert_true(first_to[to] > 150);
}

/* --- exchanges --- */

static void an_exchange_takes_two_round_trips(void **state)
{
    struct net *net = *state;

    for (int i = 0; i < 100; i++) {
        assert_in_range(network_exchange(net->network, 0, 5, 100), 0, 4);
        assert_in_range(network_exchange(net->network, 4, 5, 100), 20, 24);
        assert_int_equal(network_exchange(net->network, 4, 5, 19), -1);
    }
    assert_int_equal(network_exchange(net->network, 4, 4, 0), 0);
    network_delay(net->network, 5, 4, 100, true);
    assert_in_range(network_exchange(net->network, 4, 5, 1000), 220, 224);
    network_delay(net->network, 5, 4, 100, false);
    network_cut(net->network, 5, 4, true);
    assert_int_equal(network_exchange(net->network, 4, 5, 100), -1);
    assert_in_range(network_exchange(net->network, 0, 5, 100), 0, 4);
    network_cut(net->network, 5, 4, false);
    network_cut(net->network, 4, 5, true);
    assert_int_equal(network_exchange(net->network, 4, 5, 100), -1);
}

static void what_an_exchange_loses_costs_time(void **state)
{
    struct net *net = *state;
    int fast = 0, segment = 0, syn = 0;

    network_loss(net->network, 4, 5, 100, true);
    network_loss(net->network, 5, 4, 100, true);
    for (int i = 0; i < 10000; i++) {
        int ms = network_exchange(net->network, 4, 5, 1 << 24);

        fast += ms <= 24;
        segment += ms >= 220 && ms <= 224;
        syn += ms >= 1020;
        assert_true(ms >= 20);
    }
    assert_in_range(fast, 6400, 6700);    /* .9^4 */
    assert_in_range(segment, 1050, 1300); /* .9^4 * .1 * 2 */
    assert_in_range(syn, 1800, 2050);     /* 1 - .9^2, and some more with many segments lost */
}

/* --- the same again --- */

/* A bit of everything; the arrivals in one number. */
static uint64_t story(uint64_t seed, bool probes)
{
    struct net *net = open_net(seed);
    uint64_t hash = 0;

    network_reorder(net->network, 100, true);
    network_double(net->network, 50, true);
    for (int i = 0; i < 3000; i++) {
        int from = i % NODES, to = (i * 3 + 1) % NODES;

        if (i % 700 == 0)
            network_loss(net->network, from, (from + 1) % NODES, 200, true);
        if (i % 900 == 100)
            cut_both(net, 1, 3, i % 1800 == 100);
        if (i == 1500)
            network_reset(net->network, 4);
        if (i == 1600)
            network_listen(net->network, 4);
        cast(net, from);
        if (from != to)
            send_frame(net, from, to);
        if (probes)
            network_exchange(net->network, from, 5, 100);
        run(net, 7);
    }
    run(net, 10000);
    for (int i = 0; i < net->n_seen; i++) {
        const struct seen *seen = &net->seen[i];

        hash = prng_mix(hash ^ (uint64_t)seen->at_ms ^ ((uint64_t)seen->number << 32));
        hash = prng_mix(hash ^ (uint64_t)(seen->to * 64 + seen->from * 2 + seen->datagram));
    }
    close_net(net);
    return hash;
}

static void a_seed_is_a_run(void **state)
{
    uint64_t hash = story(3, false);

    (void)state;
    assert_true(story(3, false) == hash);
    assert_true(story(3, true) == hash);
    assert_true(story(4, false) != hash);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_NET(a_beat_reaches_all_others),
        ON_NET(loss_is_of_one_direction_and_the_greatest_counts),
        ON_NET(overlapping_cuts_both_have_to_end),
        ON_NET(doubles_come_twice_and_delays_add_up),
        ON_NET(reordering_lets_a_later_beat_overtake),
        ON_NET(of_two_beats_in_a_ms_either_is_first),
        ON_NET(any_receiver_may_be_the_first),
        ON_NET(an_exchange_takes_two_round_trips),
        ON_NET(what_an_exchange_loses_costs_time),
        cmocka_unit_test(a_seed_is_a_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
