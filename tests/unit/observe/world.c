#include "world.h"
#include "base/check.h"
#include "base/clock.h"

#include <stdio.h>
#include <string.h>

/* Who watches is not what is tested here: server 0 watches everything but check 3. */
server_set model_observers(const struct model *model, int check)
{
    return check == 3 ? 0 : server_bit(0);
}

static void on_result(void *context, const struct probe_result *result)
{
    struct world *world = context;

    CHECK(!world->closed);
    if (world->n < WORLD_RESULTS)
        world->results[world->n++] = *result;
}

static void on_hint(void *context, int check)
{
    struct world *world = context;

    CHECK(!world->closed);
    world->hints++;
    world->hinted = check;
}

void world_init(struct world *world)
{
    memset(world, 0, sizeof *world);
    CHECK(uv_loop_init(&world->loop) == 0);
    world->model.checks = world->checks;
}

static struct check *add(struct world *world, int interval_ms, int timeout_ms)
{
    struct check *check = &world->checks[world->model.n_checks++];

    CHECK(world->model.n_checks <= WORLD_CHECKS);
    check->interval_ms = interval_ms;
    check->timeout_ms = timeout_ms;
    snprintf(check->name, sizeof check->name, "check-%d", world->model.n_checks - 1);
    return check;
}

int world_tcp(struct world *world, int port, int interval_ms, int timeout_ms)
{
    struct check *check = add(world, interval_ms, timeout_ms);

    check->kind = CHECK_TCP;
    snprintf(check->host, sizeof check->host, "127.0.0.1");
    check->port = port;
    return world->model.n_checks - 1;
}

int world_http(struct world *world, const char *scheme, int port, int interval_ms, int timeout_ms)
{
    struct check *check = add(world, interval_ms, timeout_ms);

    check->kind = CHECK_HTTP;
    snprintf(check->url, sizeof check->url, "%s://127.0.0.1:%d/health", scheme, port);
    check->status_min = 200;
    check->status_max = 299;
    return world->model.n_checks - 1;
}

int world_sip(struct world *world, const char *host, int port, bool tcp, int interval_ms,
              int timeout_ms)
{
    struct check *check = add(world, interval_ms, timeout_ms);

    check->kind = CHECK_SIP;
    snprintf(check->host, sizeof check->host, "%s", host);
    check->port = port;
    check->transport = tcp ? TRANSPORT_TCP : TRANSPORT_UDP;
    check->status_min = 200;
    check->status_max = 299;
    return world->model.n_checks - 1;
}

void world_observe(struct world *world, uint64_t seed)
{
    world->opened_ms = clock_boot_ms();
    world->observe = observe_open(&(struct observe_options){.loop = &world->loop,
                                                            .model = &world->model,
                                                            .seed = seed,
                                                            .result = on_result,
                                                            .hint = on_hint,
                                                            .context = world,
                                                            .cgroups = world->cgroups});
}

void world_await_hint(struct world *world, int hints)
{
    int64_t end_ms = clock_boot_ms() + PATIENCE_MS;

    while (world->hints < hints && clock_boot_ms() < end_ms)
        world_run(world, 20);
    assert_int_equal(world->hints, hints);
}

static void on_guard(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
}

void world_run(struct world *world, int ms)
{
    uv_timer_t timer;
    bool over = false;

    CHECK(uv_timer_init(&world->loop, &timer) == 0);
    timer.data = &over;
    uv_timer_start(&timer, on_guard, (uint64_t)ms, 0);
    while (!over)
        uv_run(&world->loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&world->loop, UV_RUN_NOWAIT);
}

void world_await(struct world *world, int n)
{
    uv_timer_t guard;
    bool expired = false;

    CHECK(n <= WORLD_RESULTS);
    CHECK(uv_timer_init(&world->loop, &guard) == 0);
    guard.data = &expired;
    uv_timer_start(&guard, on_guard, PATIENCE_MS, 0);
    while (world->n < n && !expired)
        uv_run(&world->loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&guard, NULL);
    uv_run(&world->loop, UV_RUN_NOWAIT);
    assert_false(expired);
}

struct probe_result world_probe(struct world *world, int check)
{
    struct probe_result result = {0};

    for (int tries = 0; tries < 10; tries++) {
        world->n = 0;
        observe_now(world->observe, check);
        world_await(world, 1);
        result = world->results[0];
        assert_int_equal(result.check, check);
        if (result.reason != REASON_LOCAL)
            break;
    }
    return result;
}

static void on_closed(void *context)
{
    struct world *world = context;

    world->closed = true;
}

void world_end(struct world *world)
{
    if (world->observe != NULL) {
        observe_close(world->observe, on_closed, world);
        world->observe = NULL;
    }
    uv_run(&world->loop, UV_RUN_DEFAULT);
    assert_true(world->closed);
    assert_int_equal(uv_loop_close(&world->loop), 0);
}
