/* When probes are made, and how many at once. */
#include "fake.h"
#include "observe/schedule.h"
#include "world.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void test_jitter_is_bounded(void **state)
{
    static const int intervals_ms[] = {100, 101, 15000, 3600000};
    struct prng prng;

    for (size_t i = 0; i < 4; i++) {
        int interval_ms = intervals_ms[i], least = interval_ms, most = interval_ms;
        int64_t sum = 0;

        schedule_seed(&prng, 7, (int)i);
        for (int n = 0; n < 10000; n++) {
            int gap_ms = schedule_gap_ms(&prng, interval_ms);

            assert_in_range(gap_ms, interval_ms - interval_ms / 10, interval_ms + interval_ms / 10);
            least = gap_ms < least ? gap_ms : least;
            most = gap_ms > most ? gap_ms : most;
            sum += gap_ms;
        }
        /* All of the room is used, and the mean is the interval. */
        assert_true(most - least > interval_ms / 10);
        assert_in_range(sum / 10000, interval_ms - interval_ms / 100 - 1,
                        interval_ms + interval_ms / 100 + 1);
    }
}

static void test_first_probes_are_spread(void **state)
{
    int tenths[10] = {0};
    struct prng prng;

    for (int check = 0; check < 1000; check++) {
        int first_ms;

        schedule_seed(&prng, 42, check);
        first_ms = schedule_first_ms(&prng, 15000);
        assert_in_range(first_ms, 0, 14999);
        tenths[first_ms / 1500]++;
    }
    for (int i = 0; i < 10; i++)
        assert_in_range(tenths[i], 50, 150);
}

static void test_same_seed_same_times(void **state)
{
    struct prng one, two, other;
    int differ = 0;

    schedule_seed(&one, 5, 3);
    schedule_seed(&two, 5, 3);
    schedule_seed(&other, 6, 3);
    for (int i = 0; i < 100; i++) {
        int gap_ms = schedule_gap_ms(&one, 15000);

        assert_int_equal(gap_ms, schedule_gap_ms(&two, 15000));
        differ += gap_ms != schedule_gap_ms(&other, 15000);
    }
    assert_true(differ > 50);
}

static int by_number(const void *one, const void *two)
{
    return *(const int *)one - *(const int *)two;
}

/* The observer keeps to the generator's times, and does not drift. */
static void test_times_are_kept(void **state)
{
    enum { PROBES = 15 };
    int late_ms[PROBES];
    struct fake fake;
    struct world world;
    struct prng prng;
    int64_t due_ms;

    world_init(&world);
    fake_open(&fake, &world.loop, FAKE_OK);
    fake_listen(&fake);
    world_http(&world, "http", fake.port, 100, 1000);
    world_observe(&world, 9);
    world_await(&world, PROBES);
    schedule_seed(&prng, 9, 0);
    due_ms = world.opened_ms + schedule_first_ms(&prng, 100);
    for (int i = 0; i < PROBES; i++) {
        late_ms[i] = (int)(world.results[i].began_ms - due_ms);
        assert_true(late_ms[i] >= -1);
        due_ms += schedule_gap_ms(&prng, 100);
    }
    qsort(late_ms, PROBES, sizeof late_ms[0], by_number);
    assert_in_range(late_ms[PROBES / 2] + 1, 0, 20);
    fake_close(&fake);
    world_end(&world);
}

/* Checks of one interval go together, eight at most, at the times of the first of them. */
static void test_batches(void **state)
{
    enum { CHECKS = 11, OTHER = 1, NOT_OURS = 3 };
    int64_t began_ms[CHECKS] = {0};
    int late_ms[CHECKS];
    struct fake fake;
    struct world world;
    struct prng prng;

    world_init(&world);
    fake_open(&fake, &world.loop, FAKE_OK);
    fake_listen(&fake);
    for (int i = 0; i < CHECKS; i++)
        world_http(&world, "http", fake.port, i == OTHER ? 400 : 300, 1000);
    world_observe(&world, 9);
    world_await(&world, 2 * CHECKS);
    for (int i = 0; i < 2 * CHECKS; i++)
        if (began_ms[world.results[i].check] == 0)
            began_ms[world.results[i].check] = world.results[i].began_ms;
    for (int i = 0; i < CHECKS; i++) {
        late_ms[i] = 0;
        if (i == NOT_OURS)
            continue;
        schedule_seed(&prng, 9, i == OTHER || i == CHECKS - 1 ? i : 0);
        late_ms[i] = (int)(began_ms[i] - world.opened_ms) -
                     schedule_first_ms(&prng, world.checks[i].interval_ms);
        assert_true(late_ms[i] >= -1);
    }
    qsort(late_ms, CHECKS, sizeof late_ms[0], by_number);
    assert_in_range(late_ms[CHECKS - 1] + 1, 0, 40);
    fake_close(&fake);
    world_end(&world);
}

static void on_end(uv_timer_t *timer)
{
    uv_stop(timer->loop);
}

static void run_for(struct world *world, uint64_t ms)
{
    uv_timer_t end;

    assert_int_equal(uv_timer_init(&world->loop, &end), 0);
    uv_timer_start(&end, on_end, ms, 0);
    uv_run(&world->loop, UV_RUN_DEFAULT);
    uv_close((uv_handle_t *)&end, NULL);
    uv_run(&world->loop, UV_RUN_NOWAIT);
}

/* Nothing answers: probes overlap, up to a limit that leaves room to confirm. */
static void test_in_flight(void **state)
{
    struct fake fake;
    struct world world;

    world_init(&world);
    fake_open(&fake, &world.loop, FAKE_SILENT);
    fake_listen(&fake);
    world_http(&world, "http", fake.port, 50, 60000);
    world_observe(&world, 1);
    run_for(&world, 1000);
    assert_int_equal(fake.requests, OBSERVE_IN_FLIGHT - 2);
    for (int i = 0; i < 4; i++)
        observe_now(world.observe, 0);
    run_for(&world, 200);
    assert_int_equal(fake.requests, OBSERVE_IN_FLIGHT);
    assert_int_equal(fake.connections, OBSERVE_IN_FLIGHT);
    /* Closed with all of them in flight: no result. */
    fake_close(&fake);
    assert_int_equal(world.n, 0);
    world_end(&world);
    assert_int_equal(world.n, 0);
}

static void test_not_ours(void **state)
{
    struct fake fake;
    struct world world;

    world_init(&world);
    fake_open(&fake, &world.loop, FAKE_OK);
    fake_listen(&fake);
    for (int i = 0; i < 4; i++)
        world_http(&world, "http", fake.port, i == 3 ? 100 : NEVER_MS, 1000);
    world_observe(&world, 1);
    observe_now(world.observe, 3);
    observe_now(world.observe, 4);
    observe_now(world.observe, -1);
    run_for(&world, 250);
    assert_int_equal(fake.connections, 0);
    fake_close(&fake);
    world_end(&world);
}

static void on_closed(void *context)
{
    struct world *world = context;

    world->closed = true;
}

static void close_at_once(void *context, const struct probe_result *result)
{
    struct world *world = context;

    assert_int_equal(world->n++, 0);
    observe_close(world->observe, on_closed, world);
    world->observe = NULL;
}

/* Closed from inside a result, when other results wait behind it. */
static void test_close_inside_result(void **state)
{
    struct fake fake;
    struct world world;

    world_init(&world);
    fake_open(&fake, &world.loop, FAKE_OK);
    world_tcp(&world, fake.port, NEVER_MS, 1000);
    world.observe = observe_open(&(struct observe_options){.loop = &world.loop,
                                                           .model = &world.model,
                                                           .seed = 1,
                                                           .result = close_at_once,
                                                           .context = &world});
    for (int i = 0; i < 4; i++)
        observe_now(world.observe, 0);
    world_await(&world, 1);
    fake_close(&fake);
    world_end(&world);
    assert_int_equal(world.n, 1);
}

/* This process stands still longer than the time-out while the probe is on its way. */
static void test_own_stall_is_no_timeout(void **state)
{
    struct fake fake;
    struct world world;

    world_init(&world);
    fake_open(&fake, &world.loop, FAKE_SILENT);
    fake_listen(&fake);
    world_http(&world, "http", fake.port, NEVER_MS, 1000);
    world_observe(&world, 1);
    observe_now(world.observe, 0);
    while (fake.requests == 0)
        uv_run(&world.loop, UV_RUN_ONCE);
    usleep(1500000);
    world_await(&world, 1);
    assert_int_equal(world.results[0].reason, REASON_LOCAL);
    fake_close(&fake);
    world_end(&world);
}

/* The answer came while this process stood still: it counts. */
static void test_answer_waits_behind_stall(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001)};
    socklen_t len = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), conn = -1;
    char request[1024];
    struct world world;

    assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
    assert_int_equal(listen(listener, 1), 0);
    world_init(&world);
    world_http(&world, "http", ntohs(address.sin_port), NEVER_MS, 1000);
    world_observe(&world, 1);
    observe_now(world.observe, 0);
    while (conn < 0) {
        uv_run(&world.loop, UV_RUN_NOWAIT);
        conn = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    }
    while (recv(conn, request, sizeof request, 0) <= 0)
        uv_run(&world.loop, UV_RUN_NOWAIT);
    dprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    usleep(1500000);
    world_await(&world, 1);
    assert_int_equal(world.results[0].reason, REASON_OK);
    world_end(&world);
    close(conn);
    close(listener);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jitter_is_bounded),
        cmocka_unit_test(test_first_probes_are_spread),
        cmocka_unit_test(test_same_seed_same_times),
        cmocka_unit_test(test_times_are_kept),
        cmocka_unit_test(test_batches),
        cmocka_unit_test(test_in_flight),
        cmocka_unit_test(test_not_ours),
        cmocka_unit_test(test_close_inside_result),
        cmocka_unit_test(test_own_stall_is_no_timeout),
        cmocka_unit_test(test_answer_waits_behind_stall),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
