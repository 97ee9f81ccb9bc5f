/* Connections that are kept between probes: they save work and must not lie. */
#include "fake.h"
#include "observe/schedule.h"
#include "world.h"

#define PROBES 8

static void open_world(struct world *world, struct fake *fake, enum fake_mode mode, int timeout_ms)
{
    world_init(world);
    fake_open(fake, &world->loop, mode);
    fake_listen(fake);
    world_http(world, "http", fake->port, 100, timeout_ms);
    world_observe(world, 3);
}

static void close_world(struct world *world, struct fake *fake)
{
    fake_close(fake);
    world_end(world);
}

static void test_one_connection_for_all(void **state)
{
    struct fake fake;
    struct world world;

    open_world(&world, &fake, FAKE_OK, 2000);
    world_await(&world, PROBES);
    assert_true(fake.requests >= PROBES);
    assert_int_equal(fake.connections, 1);
    close_world(&world, &fake);
}

/* The server closes the kept connection just when it is used again. */
static void test_closed_by_server(void **state)
{
    struct fake fake;
    struct world world;

    open_world(&world, &fake, FAKE_ONCE, 2000);
    world_await(&world, PROBES);
    for (int i = 0; i < PROBES; i++)
        assert_int_equal(world.results[i].reason, REASON_OK);
    /* It was used again, and failed, and nobody saw it. */
    assert_true(fake.requests > PROBES);
    close_world(&world, &fake);
}

/* Every kept connection is a black hole. */
static void test_stuck(void **state)
{
    int64_t stuck_ms = -1, good_ms = -1;
    struct fake fake;
    struct world world;

    open_world(&world, &fake, FAKE_STUCK, 700);
    world_await(&world, PROBES);
    for (int i = 0; i < world.n; i++) {
        const struct probe_result *result = &world.results[i];

        if (result->reason == REASON_TIMEOUT && stuck_ms < 0)
            stuck_ms = result->began_ms;
    }
    /* Probes that began while the first one was stuck went on, on connections of their own. */
    assert_true(stuck_ms >= 0);
    for (int i = 0; i < world.n; i++) {
        const struct probe_result *result = &world.results[i];

        if (result->reason == REASON_OK && result->began_ms > stuck_ms &&
            result->began_ms < stuck_ms + 700)
            good_ms = result->began_ms;
    }
    assert_true(good_ms >= 0);
    close_world(&world, &fake);
}

/* A seed whose first probe comes at once, and the next one only after an interval. */
static uint64_t early_seed(int interval_ms)
{
    struct prng prng;

    for (uint64_t seed = 1;; seed++) {
        schedule_seed(&prng, seed, 0);
        if (schedule_first_ms(&prng, interval_ms) < interval_ms / 50)
            return seed;
    }
}

static int open_connections(const struct fake *fake)
{
    int n = 0;

    for (const struct conn *conn = fake->conns; conn != NULL; conn = fake_next(conn))
        n++;
    return n;
}

/* A confirmation does not trust the kept connection, and leaves none behind. */
static void test_confirmation_connects_anew(void **state)
{
    enum { INTERVAL_MS = 5000 };
    struct fake fake;
    struct world world;

    world_init(&world);
    fake_open(&fake, &world.loop, FAKE_STUCK);
    fake_listen(&fake);
    world_http(&world, "http", fake.port, INTERVAL_MS, 1000);
    world_observe(&world, early_seed(INTERVAL_MS));
    world_await(&world, 1);
    for (int i = 2; i <= 4; i++) {
        observe_now(world.observe, 0);
        world_await(&world, i);
        assert_int_equal(world.results[i - 1].reason, REASON_OK);
        assert_int_equal(fake.connections, i);
    }
    while (open_connections(&fake) > 1)
        uv_run(&world.loop, UV_RUN_ONCE);
    assert_int_equal(open_connections(&fake), 1);
    close_world(&world, &fake);
}

/* A check that comes seldom does not hold a connection meanwhile. */
static void test_seldom_means_fresh(void **state)
{
    struct fake fake;
    struct world world;

    world_init(&world);
    fake_open(&fake, &world.loop, FAKE_OK);
    fake_listen(&fake);
    world_http(&world, "http", fake.port, NEVER_MS, 2000);
    world_observe(&world, 3);
    for (int i = 1; i <= 3; i++) {
        assert_int_equal(world_probe(&world, 0).reason, REASON_OK);
        while (fake.conns != NULL)
            uv_run(&world.loop, UV_RUN_ONCE);
    }
    close_world(&world, &fake);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_connection_for_all),
        cmocka_unit_test(test_closed_by_server),
        cmocka_unit_test(test_stuck),
        cmocka_unit_test(test_confirmation_connects_anew),
        cmocka_unit_test(test_seldom_means_fresh),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
