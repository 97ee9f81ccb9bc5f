/* What probes find, and when they are made. */
#include "simulate/parts/targets.h"
#include "base/check.h"
#include "observe/observe.h"
#include "observe/schedule.h"
#include "small.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { MOST = 4096 };

struct ended {
    int node, check;
    uint64_t start;
    enum reason reason;
    int64_t began_ms, ended_ms;
};

struct world {
    struct model *model;
    struct wheel *wheel;
    struct network *network;
    struct targets *targets;
    struct ended ended[MOST];
    int n_ended;
    int replace_after; /* watch anew from inside the n-th end; 0: never */
    bool inside;       /* of a call that must not end a probe */
};

static void on_ended(void *context, int node, uint64_t start, int check, enum reason reason,
                     int64_t began_ms)
{
    struct world *world = context;

    assert_false(world->inside);
    assert_true(world->n_ended < MOST);
    world->ended[world->n_ended++] =
        (struct ended){node, check, start, reason, began_ms, wheel_now(world->wheel)};
    if (world->n_ended == world->replace_after)
        targets_watch(world->targets, node, start + 1, world->model, 99);
}

static int setup(void **state)
{
    struct world *world = mem_zalloc(1, sizeof *world);

    world->model = small_model();
    world->wheel = wheel_new();
    world->network = network_new(
        &(struct network_options){.model = world->model, .wheel = world->wheel, .seed = 1});
    world->targets = targets_new(&(struct targets_options){
        .wheel = world->wheel, .network = world->network, .ended = on_ended, .context = world});
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;

    targets_free(world->targets);
    network_free(world->network);
    wheel_free(world->wheel);
    model_free(world->model);
    mem_free(world);
    return 0;
}

static void run(struct world *world, int64_t until_ms)
{
    while (wheel_step(world->wheel, until_ms))
        ;
}

static void confirm(struct world *world, int node, int check)
{
    world->inside = true;
    targets_probe(world->targets, node, check);
    world->inside = false;
}

/* What a confirmation that begins now finds; regular probes go on beside it. */
static struct ended confirmed(struct world *world, int node, int check)
{
    int64_t now_ms = wheel_now(world->wheel);

    world->n_ended = 0;
    confirm(world, node, check);
    run(world, now_ms + 100);
    for (int i = 0; i < world->n_ended; i++)
        if (world->ended[i].node == node && world->ended[i].check == check &&
            world->ended[i].began_ms == now_ms)
            return world->ended[i];
    fail_msg("the probe of check %d never ended", check);
    return world->ended[0];
}

static int64_t took_ms(const struct ended *ended)
{
    return ended->ended_ms - ended->began_ms;
}

static void test_schedule_is_that_of_observe(void **state)
{
    struct world *world = *state;
    struct prng prng;
    int64_t due_ms;
    int n = 0;

    run(world, 1000);
    targets_watch(world->targets, TWO, 7, world->model, 42);
    run(world, 31000);
    schedule_seed(&prng, 42, HTTP_FIRST);
    due_ms = 1000 + schedule_first_ms(&prng, 200);
    for (int i = 0; i < world->n_ended; i++) {
        assert_int_equal(world->ended[i].node, TWO);
        assert_int_equal(world->ended[i].start, 7);
        if (world->ended[i].check != HTTP_FIRST)
            continue;
        assert_int_equal(world->ended[i].began_ms, due_ms);
        due_ms += schedule_gap_ms(&prng, 200);
        n++;
    }
    assert_in_range(n, 145, 155);
}

static void test_watches_what_is_assigned(void **state)
{
    struct world *world = *state;
    bool seen[N_CHECKS] = {false};

    targets_watch(world->targets, ONE, 1, world->model, 5);
    confirm(world, ONE, TCP_ONE);
    confirm(world, ONE, N_CHECKS);
    confirm(world, ONE, -1);
    confirm(world, TWO, TCP_FIRST); /* watches nothing */
    run(world, 1000);
    for (int i = 0; i < world->n_ended; i++) {
        assert_int_equal(world->ended[i].node, ONE);
        seen[world->ended[i].check] = true;
    }
    assert_true(seen[TCP_FIRST] && seen[HTTP_FIRST] && seen[SLOW_SECOND]);
    assert_false(seen[TCP_ONE]); /* a server does not watch itself */
}

static void test_what_a_probe_finds(void **state)
{
    static const struct {
        enum service_state state;
        enum reason tcp, http;
        bool serves;
    } cases[] = {
        {SERVICE_UP, REASON_OK, REASON_OK, true},
        {SERVICE_REFUSES, REASON_REFUSED, REASON_REFUSED, false},
        {SERVICE_HANGS, REASON_TIMEOUT, REASON_TIMEOUT, false},
        {SERVICE_SICK, REASON_OK, REASON_STATUS, false},
        {SERVICE_GONE, REASON_TIMEOUT, REASON_TIMEOUT, false},
    };
    struct world *world = *state;

    targets_watch(world->targets, TWO, 1, world->model, 1);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct ended tcp, http;

        targets_service(world->targets, FIRST, cases[i].state, true);
        tcp = confirmed(world, TWO, TCP_FIRST);
        http = confirmed(world, TWO, HTTP_FIRST);
        assert_int_equal(tcp.reason, cases[i].tcp);
        assert_int_equal(http.reason, cases[i].http);
        if (tcp.reason == REASON_TIMEOUT) {
            assert_int_equal(took_ms(&tcp), 50);
            assert_int_equal(took_ms(&http), 80);
        } else {
            assert_in_range(took_ms(&tcp), 0, 3);
            assert_in_range(took_ms(&http), 0, 3);
        }
        assert_int_equal(targets_serves(world->targets, FIRST), cases[i].serves);
        assert_true(targets_serves(world->targets, SECOND));
        targets_service(world->targets, FIRST, cases[i].state, false);
    }
    assert_int_equal(confirmed(world, TWO, TCP_FIRST).reason, REASON_OK);
}

/* Not even when the answer is there at once. */
static void test_a_confirmation_ends_later(void **state)
{
    struct world *world = *state;
    int at_once = 0;

    targets_watch(world->targets, TWO, 1, world->model, 1);
    for (int i = 0; i < 200; i++) {
        struct ended ended = confirmed(world, TWO, TCP_FIRST);

        at_once += took_ms(&ended) == 0;
    }
    assert_true(at_once > 0);
}

static void test_the_worst_state_counts(void **state)
{
    struct world *world = *state;
    struct targets *targets = world->targets;

    targets_watch(targets, TWO, 1, world->model, 1);
    targets_service(targets, FIRST, SERVICE_SICK, true);
    targets_service(targets, FIRST, SERVICE_HANGS, true);
    assert_int_equal(confirmed(world, TWO, HTTP_FIRST).reason, REASON_TIMEOUT);
    targets_service(targets, FIRST, SERVICE_REFUSES, true);
    targets_service(targets, FIRST, SERVICE_REFUSES, true);
    assert_int_equal(confirmed(world, TWO, HTTP_FIRST).reason, REASON_REFUSED);
    targets_service(targets, FIRST, SERVICE_GONE, true);
    assert_int_equal(confirmed(world, TWO, HTTP_FIRST).reason, REASON_TIMEOUT);
    targets_service(targets, FIRST, SERVICE_GONE, false);
    targets_service(targets, FIRST, SERVICE_REFUSES, false);
    assert_int_equal(confirmed(world, TWO, HTTP_FIRST).reason, REASON_REFUSED);
    targets_service(targets, FIRST, SERVICE_REFUSES, false);
    targets_service(targets, FIRST, SERVICE_HANGS, false);
    assert_int_equal(confirmed(world, TWO, HTTP_FIRST).reason, REASON_STATUS);
}

static void test_only_one_site_finds_it_so(void **state)
{
    struct world *world = *state;

    targets_watch(world->targets, TWO, 1, world->model, 1);
    targets_watch(world->targets, THREE, 2, world->model, 1);
    targets_seen(world->targets, FIRST, WEST, SERVICE_HANGS, true);
    assert_int_equal(confirmed(world, TWO, TCP_FIRST).reason, REASON_OK);
    assert_int_equal(confirmed(world, THREE, TCP_FIRST).reason, REASON_TIMEOUT);
    assert_true(targets_serves(world->targets, FIRST));
    targets_service(world->targets, FIRST, SERVICE_REFUSES, true);
    assert_int_equal(confirmed(world, TWO, TCP_FIRST).reason, REASON_REFUSED);
    assert_int_equal(confirmed(world, THREE, TCP_FIRST).reason, REASON_REFUSED);
    targets_service(world->targets, FIRST, SERVICE_REFUSES, false);
    targets_seen(world->targets, FIRST, WEST, SERVICE_HANGS, false);
    assert_int_equal(confirmed(world, THREE, TCP_FIRST).reason, REASON_OK);
}

static void test_slow_answers(void **state)
{
    struct world *world = *state;
    struct ended ended;

    targets_watch(world->targets, TWO, 1, world->model, 1);
    targets_slow(world->targets, FIRST, 30, true);
    ended = confirmed(world, TWO, TCP_FIRST);
    assert_int_equal(ended.reason, REASON_OK);
    assert_in_range(took_ms(&ended), 30, 33);
    targets_slow(world->targets, FIRST, 30, true);
    ended = confirmed(world, TWO, TCP_FIRST);
    assert_int_equal(ended.reason, REASON_TIMEOUT);
    assert_int_equal(took_ms(&ended), 50);
    targets_service(world->targets, FIRST, SERVICE_REFUSES, true);
    ended = confirmed(world, TWO, TCP_FIRST);
    assert_int_equal(ended.reason, REASON_REFUSED);
    assert_in_range(took_ms(&ended), 0, 3);
    targets_service(world->targets, FIRST, SERVICE_REFUSES, false);
    assert_true(targets_serves(world->targets, FIRST));
    targets_slow(world->targets, FIRST, TARGETS_PATIENCE_MS - 60, true);
    assert_true(targets_serves(world->targets, FIRST));
    targets_slow(world->targets, FIRST, 1, true);
    assert_false(targets_serves(world->targets, FIRST));
}

static void test_the_network_counts(void **state)
{
    struct world *world = *state;
    struct ended ended;

    targets_watch(world->targets, TWO, 1, world->model, 1);
    targets_service(world->targets, FIRST, SERVICE_REFUSES, true);
    network_cut(world->network, FIRST, TWO, true);
    ended = confirmed(world, TWO, TCP_FIRST);
    assert_int_equal(ended.reason, REASON_TIMEOUT);
    assert_int_equal(took_ms(&ended), 50);
    network_cut(world->network, FIRST, TWO, false);
    network_delay(world->network, TWO, FIRST, 20, true);
    ended = confirmed(world, TWO, TCP_FIRST);
    assert_int_equal(ended.reason, REASON_REFUSED);
    assert_in_range(took_ms(&ended), 20, 45);
    network_delay(world->network, TWO, FIRST, 20, false);
}

/* Of a check, how many were out at most, as they ended. */
static int most_out(const struct world *world, int check)
{
    int most = 0;

    for (int i = 0; i < world->n_ended; i++) {
        int out = 0;

        for (int j = 0; j < world->n_ended; j++)
            out += world->ended[j].check == check &&
                   world->ended[j].began_ms <= world->ended[i].began_ms &&
                   world->ended[j].ended_ms > world->ended[i].began_ms;
        most = world->ended[i].check == check && out > most ? out : most;
    }
    return most;
}

static void test_probes_in_flight_are_limited(void **state)
{
    struct world *world = *state;

    targets_service(world->targets, SECOND, SERVICE_GONE, true);
    targets_watch(world->targets, TWO, 1, world->model, 1);
    run(world, 8000);
    assert_int_equal(most_out(world, SLOW_SECOND), OBSERVE_IN_FLIGHT - 2);
    world->n_ended = 0;
    for (int i = 0; i < 5; i++)
        confirm(world, TWO, SLOW_SECOND);
    run(world, 12000);
    assert_int_equal(most_out(world, SLOW_SECOND), OBSERVE_IN_FLIGHT);
}

static void test_a_frozen_node_begins_nothing(void **state)
{
    struct world *world = *state;
    int early = 0, at_once = 0;

    targets_watch(world->targets, TWO, 1, world->model, 1);
    targets_service(world->targets, SECOND, SERVICE_GONE, true);
    run(world, 5000);
    world->n_ended = 0;
    targets_freeze(world->targets, TWO, true);
    confirm(world, TWO, TCP_FIRST);
    run(world, 10000);
    /* What was out ended meanwhile. */
    assert_int_equal(world->n_ended, OBSERVE_IN_FLIGHT - 2);
    for (int i = 0; i < world->n_ended; i++)
        assert_true(world->ended[i].began_ms <= 5000);
    world->n_ended = 0;
    targets_freeze(world->targets, TWO, false);
    targets_freeze(world->targets, TWO, false);
    run(world, 11000);
    for (int i = 0; i < world->n_ended; i++) {
        early += world->ended[i].began_ms < 10000;
        if (world->ended[i].check == TCP_FIRST)
            at_once += world->ended[i].began_ms < 10090;
    }
    assert_int_equal(early, 0);
    assert_int_equal(at_once, 2); /* as observe/ does: one that was due, and the next */
    world->n_ended = 0;
    run(world, 21000);
    assert_true(world->n_ended > 150); /* and on at its interval */
    assert_int_equal(most_out(world, TCP_FIRST), 1);
}

static void test_thawed_before_its_time_changes_nothing(void **state)
{
    struct world *world = *state;
    struct prng prng;
    int64_t first_ms;

    targets_watch(world->targets, TWO, 1, world->model, 42);
    schedule_seed(&prng, 42, TCP_FIRST);
    first_ms = schedule_first_ms(&prng, 100);
    assert_true(first_ms > 2);
    targets_freeze(world->targets, TWO, true);
    run(world, first_ms - 1);
    targets_freeze(world->targets, TWO, false);
    run(world, first_ms + 10);
    for (int i = 0; i < world->n_ended; i++)
        if (world->ended[i].check == TCP_FIRST) {
            assert_int_equal(world->ended[i].began_ms, first_ms);
            return;
        }
    fail_msg("not probed");
}

static void test_another_start_ends_what_was(void **state)
{
    struct world *world = *state;

    targets_service(world->targets, SECOND, SERVICE_GONE, true);
    targets_watch(world->targets, TWO, 1, world->model, 1);
    run(world, 5000);
    world->n_ended = 0;
    targets_watch(world->targets, TWO, 2, world->model, 1);
    run(world, 10000);
    for (int i = 0; i < world->n_ended; i++) {
        assert_int_equal(world->ended[i].start, 2);
        assert_true(world->ended[i].began_ms >= 5000);
    }
    assert_in_range(world->n_ended, 75, 130); /* one schedule, not two */
    world->n_ended = 0;
    targets_watch(world->targets, TWO, 2, NULL, 0);
    confirm(world, TWO, TCP_FIRST);
    run(world, 20000);
    assert_int_equal(world->n_ended, 0);
}

static void test_watching_anew_from_inside_an_end(void **state)
{
    struct world *world = *state;

    world->replace_after = 10;
    targets_watch(world->targets, TWO, 1, world->model, 1);
    run(world, 2000);
    assert_true(world->n_ended > 20);
    for (int i = 0; i < world->n_ended; i++)
        assert_int_equal(world->ended[i].start, i < 10 ? 1 : 2);
}

static uint64_t digest(void)
{
    uint64_t mixed = 0;
    struct world *world;
    void *state;

    setup(&state);
    world = state;
    for (int node = ONE; node <= THREE; node++)
        targets_watch(world->targets, node, 1, world->model, 7);
    targets_slow(world->targets, FIRST, 20, true);
    run(world, 10000);
    for (int i = 0; i < world->n_ended; i++) {
        const struct ended *ended = &world->ended[i];

        mixed = prng_mix(mixed ^ (uint64_t)ended->node << 48 ^ (uint64_t)ended->check << 40 ^
                         (uint64_t)ended->began_ms << 16 ^ (uint64_t)ended->ended_ms);
    }
    teardown(&state);
    return mixed;
}

static void test_same_seed_same_run(void **state)
{
    (void)state;
    assert_int_equal(digest(), digest());
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_schedule_is_that_of_observe),
        TEST(test_watches_what_is_assigned),
        TEST(test_what_a_probe_finds),
        TEST(test_a_confirmation_ends_later),
        TEST(test_the_worst_state_counts),
        TEST(test_only_one_site_finds_it_so),
        TEST(test_slow_answers),
        TEST(test_the_network_counts),
        TEST(test_probes_in_flight_are_limited),
        TEST(test_a_frozen_node_begins_nothing),
        TEST(test_thawed_before_its_time_changes_nothing),
        TEST(test_another_start_ends_what_was),
        TEST(test_watching_anew_from_inside_an_end),
        cmocka_unit_test(test_same_seed_same_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
