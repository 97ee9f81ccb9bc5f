/* Streams: their order, and what loss, cuts and the end of a process do to them. */
#include "net.h"

/* --- frames and cuts --- */

static void a_stream_keeps_its_order_and_turns_loss_into_delay(void **state)
{
    struct net *net = *state;
    int64_t sent_ms[5000], longest_ms = 0;
    uint32_t next = net->number;

    network_loss(net->network, 0, 2, 300, true);
    for (int i = 0; i < 5000; i++) {
        sent_ms[i] = wheel_now(net->wheel);
        assert_int_equal(send_frame(net, 0, 2), 0);
        run(net, 3); /* less than the way takes: several are on it */
    }
    run(net, 5000);
    assert_int_equal(net->n_seen, 5000);
    for (int i = 0; i < net->n_seen; i++) {
        int64_t took_ms = net->seen[i].at_ms - sent_ms[i];

        assert_false(net->seen[i].datagram);
        assert_int_equal(net->seen[i].number, next++);
        assert_true(took_ms >= 5);
        longest_ms = took_ms > longest_ms ? took_ms : longest_ms;
    }
    assert_in_range(longest_ms, 1605, 3006);
    assert_int_equal(network_counts(net->network).broken, 0);
}

/* Of many segments one is lost more often than one of one. */
static void a_long_frame_meets_more_loss(void **state)
{
    struct net *net = *state;
    static const uint8_t bytes[50 * 1400];
    static const size_t len[] = {100, sizeof bytes};
    int late[2] = {0, 0};

    network_loss(net->network, 0, 2, 20, true);
    for (int i = 0; i < 400; i++) {
        int64_t began_ms = wheel_now(net->wheel);

        assert_int_equal(network_stream(net->network, 0, 2, bytes, len[i % 2]), 0);
        run(net, 4000);
        late[i % 2] += net->seen[net->n_seen - 1].at_ms - began_ms >= 200;
    }
    assert_in_range(late[0], 0, 12);    /* of 200: 2 % */
    assert_in_range(late[1], 110, 145); /* 1 - .98^50 = 64 % */
}

static void a_short_cut_delays(void **state)
{
    struct net *net = *state;
    int64_t healed_ms;

    for (int way = 0; way < 2; way++) { /* data, then acknowledgements do not get through */
        net->n_seen = 0;
        assert_int_equal(send_frame(net, 0, 2), 0);
        network_cut(net->network, way == 0 ? 0 : 2, way == 0 ? 2 : 0, true);
        assert_int_equal(send_frame(net, 0, 2), 0);
        run(net, 2900);
        assert_int_equal(send_frame(net, 0, 2), 0);
        assert_int_equal(net->n_seen, 0);
        network_cut(net->network, way == 0 ? 0 : 2, way == 0 ? 2 : 0, false);
        healed_ms = wheel_now(net->wheel);
        assert_int_equal(send_frame(net, 0, 2), 0);
        run(net, 300);
        assert_int_equal(net->n_seen, 4);
        for (int i = 0; i < 4; i++) {
            assert_int_equal(net->seen[i].number, net->seen[0].number + (uint32_t)i);
            assert_in_range(net->seen[i].at_ms - healed_ms, 6, 206);
        }
    }
    assert_int_equal(network_counts(net->network).broken, 0);
}

static void a_long_cut_breaks_and_is_dialled_again(void **state)
{
    struct net *net = *state;

    cut_both(net, 0, 2, true);
    run(net, 100);
    assert_int_equal(send_frame(net, 0, 2), 0);
    run(net, 2999);
    assert_int_equal(send_frame(net, 0, 2), 0);
    run(net, 1);
    assert_int_equal(send_frame(net, 0, 2), ERR_UNAVAILABLE);
    assert_int_equal(send_frame(net, 2, 0), 0); /* had nothing to say */
    assert_int_equal(send_frame(net, 0, 1), 0);
    run(net, 20000);
    assert_int_equal(send_frame(net, 0, 2), ERR_UNAVAILABLE);
    assert_int_equal(send_frame(net, 2, 0), ERR_UNAVAILABLE);
    assert_int_equal(count(net, 0, 2), 0);
    cut_both(net, 0, 2, false);
    assert_in_range(until_up(net, 0, 2), 1, 1650); /* what is left of an attempt and a pause */
    run(net, 10);
    assert_int_equal(count(net, 0, 2), 1); /* what the old connection had is gone */
    assert_int_equal(network_counts(net->network).broken, 2);
}

static void an_idle_stream_notices_a_cut_late(void **state)
{
    struct net *net = *state;

    assert_int_equal(send_frame(net, 0, 2), 0);
    run(net, 1000);
    cut_both(net, 0, 2, true);
    run(net, 6999); /* 5 s without a frame, 3 s without an answer to the empty one */
    assert_int_equal(network_counts(net->network).broken, 1); /* 2 -> 0, idle for longer */
    run(net, 1);
    assert_int_equal(network_counts(net->network).broken, 2);
}

static void a_beat_of_the_peer_hastens_the_dialling(void **state)
{
    struct net *net = *state;
    int total_ms[2] = {0, 0};

    for (int hint = 0; hint < 2; hint++)
        for (int i = 0; i < 20; i++) {
            int ms = 0;

            network_cut(net->network, 0, 2, true);
            assert_int_equal(send_frame(net, 0, 2), 0);
            run(net, 30000);
            network_cut(net->network, 0, 2, false);
            while (send_frame(net, 0, 2) != 0) {
                if (hint == 1 && ms % 25 == 0)
                    cast(net, 2);
                run(net, 1);
                ms++;
            }
            total_ms[hint] += ms;
            run(net, 1000);
        }
    assert_true(total_ms[1] < total_ms[0] * 3 / 4);
}

static void what_waits_is_limited(void **state)
{
    struct net *net = *state;
    uint8_t *bytes = mem_zalloc(1, LIMIT_FRAME + 1);
    int n = 0;

    cut_both(net, 0, 2, true);
    assert_int_equal(network_stream(net->network, 0, 2, bytes, LIMIT_FRAME + 1), ERR_LIMIT);
    while (network_stream(net->network, 0, 2, bytes, 1 << 16) == 0)
        n++;
    assert_int_equal(n, LIMIT_SEND_QUEUE / (1 << 16) - 1); /* each with its header */
    assert_int_equal(network_stream(net->network, 0, 2, bytes, 1 << 16), ERR_LIMIT);
    assert_int_equal(network_stream(net->network, 0, 2, bytes, 4), 0);
    run(net, 3100);
    cut_both(net, 0, 2, false);
    until_up(net, 0, 2); /* what broke counts no more */
    mem_free(bytes);
}

/* --- processes --- */

static void a_dead_process_gets_nothing_and_its_peers_know(void **state)
{
    struct net *net = *state;

    cast(net, 0);
    assert_int_equal(send_frame(net, 0, 2), 0);
    assert_int_equal(send_frame(net, 2, 0), 0);
    cast(net, 2);
    network_reset(net->network, 2);
    network_listen(net->network, 2); /* at once another */
    assert_int_equal(send_frame(net, 0, 2), ERR_UNAVAILABLE);
    assert_int_equal(send_frame(net, 2, 0), ERR_UNAVAILABLE);
    run(net, 20);
    assert_int_equal(count(net, 0, 2), 0);
    assert_int_equal(count(net, 2, 0), 2); /* what it had sent */
    assert_in_range(until_up(net, 2, 0), 1, 100);
    assert_in_range(until_up(net, 0, 2), 1, 500);
    run(net, 20);
    assert_int_equal(count(net, 0, 2), 1);
}

static void nobody_answers_before_the_process_begins(void **state)
{
    struct net *net = *state;

    network_reset(net->network, 2);
    network_reset(net->network, 2);
    run(net, 60000);
    assert_int_equal(send_frame(net, 0, 2), ERR_UNAVAILABLE);
    assert_int_equal(send_frame(net, 2, 0), ERR_UNAVAILABLE);
    cast(net, 0);
    cast(net, 2);
    run(net, 20);
    assert_int_equal(count(net, 0, 2), 0);
    assert_int_equal(count(net, 2, 0), 0);
    network_listen(net->network, 2);
    assert_in_range(until_up(net, 0, 2), 1, 1200);
}

/* No beat without a key, no key without a connection: each direction has its own. */
static void beats_begin_with_the_first_connection(void **state)
{
    struct net *net = *state;

    network_cut(net->network, 0, 2, true);
    run(net, 30000);
    cast(net, 2);
    run(net, 20);
    assert_int_equal(count(net, 2, 0), 1); /* goes on under the old key */
    network_reset(net->network, 2);
    network_listen(net->network, 2);
    run(net, 5000);
    cast(net, 2);
    run(net, 20);
    assert_int_equal(count(net, 2, 0), 1);
    assert_int_equal(count(net, 2, 1), 2);
    network_cut(net->network, 0, 2, false);
    run(net, 5000);
    cast(net, 2);
    cast(net, 0);
    run(net, 20);
    assert_int_equal(count(net, 2, 0), 2);
    assert_int_equal(count(net, 0, 2), 1);
}

static void a_death_behind_a_cut_is_seen_when_it_heals(void **state)
{
    struct net *net = *state;

    network_cut(net->network, 2, 0, true);
    network_reset(net->network, 2);
    network_listen(net->network, 2);
    assert_int_equal(send_frame(net, 0, 2), 0);
    assert_int_equal(send_frame(net, 1, 2), ERR_UNAVAILABLE);
    run(net, 1000);
    assert_int_equal(send_frame(net, 0, 2), 0);
    network_cut(net->network, 2, 0, false);
    assert_int_equal(send_frame(net, 0, 2), ERR_UNAVAILABLE);
    until_up(net, 0, 2);
    run(net, 20);
    assert_int_equal(count(net, 0, 2), 1);
}

static void a_dead_process_dials_nobody(void **state)
{
    struct net *net = *state;

    for (int dialling = 0; dialling < 2; dialling++) {
        until_up(net, 2, 0);
        cut_both(net, 2, 0, true);
        assert_int_equal(send_frame(net, 2, 0), 0);
        run(net, dialling ? 30000 : 1000);
        network_reset(net->network, 2);
        run(net, 5000);
        cut_both(net, 2, 0, false);
        run(net, 5000);
        assert_int_equal(send_frame(net, 2, 0), ERR_UNAVAILABLE);
        network_listen(net->network, 2);
    }
}

static void the_order_outlives_the_sender(void **state)
{
    struct net *net = *state;

    network_loss(net->network, 2, 0, 500, true);
    for (int i = 0; i < 50; i++)
        assert_int_equal(send_frame(net, 2, 0), 0);
    network_reset(net->network, 2);
    run(net, 5000);
    assert_int_equal(net->n_seen, 50);
    for (int i = 0; i < 50; i++)
        assert_int_equal(net->seen[i].number, i);
}

static void what_a_dead_sender_could_not_send_is_gone(void **state)
{
    struct net *net = *state;

    network_cut(net->network, 2, 0, true);
    assert_int_equal(send_frame(net, 2, 0), 0);
    assert_int_equal(send_frame(net, 2, 1), 0);
    network_reset(net->network, 2);
    network_cut(net->network, 2, 0, false);
    run(net, 5000);
    assert_int_equal(count(net, 2, 0), 0);
    assert_int_equal(count(net, 2, 1), 1);
}

/* A lost frame of the old process would come after the new one's connection. */
static void a_new_connection_ends_what_the_old_one_still_has(void **state)
{
    struct net *net = *state;
    uint32_t fence;

    network_loss(net->network, 2, 0, 999, true);
    for (int i = 0; i < 10; i++)
        assert_int_equal(send_frame(net, 2, 0), 0);
    network_loss(net->network, 2, 0, 999, false);
    network_reset(net->network, 2);
    network_listen(net->network, 2);
    assert_in_range(until_up(net, 2, 0), 1, 150);
    fence = net->number - 1;
    run(net, 5000);
    assert_int_equal(count(net, 2, 0), 1);
    assert_int_equal(net->seen[net->n_seen - 1].number, fence);
}

static void an_end_in_the_middle_of_a_delivery(void **state)
{
    struct net *net = *state;

    for (int i = 0; i < 5; i++) {
        assert_int_equal(send_frame(net, 0, 2), 0);
        assert_int_equal(send_frame(net, 1, 2), 0);
    }
    cast(net, 0);
    net->kill = 2;
    run(net, 20);
    assert_int_equal(count(net, 0, 2) + count(net, 1, 2), 1);
    assert_int_equal(count(net, 0, 3), 1);
}

/* --- dialling --- */

/* The process at 0 begins over far paths: six packets of 105 ms. At 300 ms it is half done. */
static void begin_far(struct net *net)
{
    network_delay(net->network, 0, 2, 100, true);
    network_delay(net->network, 2, 0, 100, true);
    network_reset(net->network, 0);
    network_listen(net->network, 0);
    run(net, 300);
}

static void a_connection_takes_three_round_trips(void **state)
{
    struct net *net = *state;

    begin_far(net);
    assert_in_range(until_up(net, 0, 2), 330, 386); /* the first attempt: within 50 ms */
}

static void a_cut_or_a_death_ends_the_attempt(void **state)
{
    struct net *net = *state;

    begin_far(net);
    cut_both(net, 0, 2, true);
    run(net, 386);
    assert_int_equal(send_frame(net, 0, 2), ERR_UNAVAILABLE);
    cut_both(net, 0, 2, false);
    until_up(net, 0, 2);
    network_reset(net->network, 0);
    network_listen(net->network, 0);
    run(net, 300);
    network_reset(net->network, 2);
    network_listen(net->network, 2);
    run(net, 386);
    assert_int_equal(send_frame(net, 0, 2), ERR_UNAVAILABLE);
    assert_in_range(until_up(net, 0, 2), 1, 1000);
}

/* Attempts in vain take their time: 0.5 s where nothing answers, nearly none where a process
 * is missing. */
static void an_attempt_into_a_cut_waits(void **state)
{
    struct net *net = *state;
    int longest_ms[2] = {0, 0};

    for (int cut = 0; cut < 2; cut++)
        for (int i = 0; i < 50; i++) {
            int ms;

            network_reset(net->network, 2);
            if (cut == 1)
                network_cut(net->network, 2, 0, true);
            run(net, 20000 + 37 * i);
            network_listen(net->network, 2);
            if (cut == 1)
                network_cut(net->network, 2, 0, false);
            ms = until_up(net, 0, 2);
            longest_ms[cut] = ms > longest_ms[cut] ? ms : longest_ms[cut];
        }
    assert_in_range(longest_ms[0], 700, 1100);
    assert_in_range(longest_ms[1], 1200, 1650);
}

static void paths_that_are_too_slow_get_no_connection(void **state)
{
    struct net *net = *state;

    network_delay(net->network, 0, 2, 500, true);
    network_reset(net->network, 0);
    network_listen(net->network, 0);
    run(net, 30000);
    assert_int_equal(send_frame(net, 0, 2), ERR_UNAVAILABLE);
    network_delay(net->network, 0, 2, 500, false);
    until_up(net, 0, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_NET(a_stream_keeps_its_order_and_turns_loss_into_delay),
        ON_NET(a_long_frame_meets_more_loss),
        ON_NET(a_short_cut_delays),
        ON_NET(a_long_cut_breaks_and_is_dialled_again),
        ON_NET(an_idle_stream_notices_a_cut_late),
        ON_NET(a_beat_of_the_peer_hastens_the_dialling),
        ON_NET(what_waits_is_limited),
        ON_NET(a_dead_process_gets_nothing_and_its_peers_know),
        ON_NET(nobody_answers_before_the_process_begins),
        ON_NET(beats_begin_with_the_first_connection),
        ON_NET(a_death_behind_a_cut_is_seen_when_it_heals),
        ON_NET(a_dead_process_dials_nobody),
        ON_NET(the_order_outlives_the_sender),
        ON_NET(what_a_dead_sender_could_not_send_is_gone),
        ON_NET(a_connection_takes_three_round_trips),
        ON_NET(a_cut_or_a_death_ends_the_attempt),
        ON_NET(an_attempt_into_a_cut_waits),
        ON_NET(paths_that_are_too_slow_get_no_connection),
        ON_NET(a_new_connection_ends_what_the_old_one_still_has),
        ON_NET(an_end_in_the_middle_of_a_delivery),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
