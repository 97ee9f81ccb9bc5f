/* The HAProxy driver against a real HAProxy. */
#include "real.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static struct world *open_world(int pool, int kind)
{
    struct world *world;

    if (real_skipped())
        skip();
    world = world_new(pool);
    real_haproxy(world, kind);
    return world;
}

static void moves_and_repeats(void **state)
{
    struct world *world = open_world(2, HAPROXY_TCP);
    struct act_order order = world_order(world, 1, 0, 1, world_all(world, 1));
    struct act_result result;

    assert_string_equal(real_http(world), "voice 2");
    result = world_run(&order);
    assert_int_equal(result.code, 0);
    assert_true(result.changed);
    assert_int_equal(result.seen_epoch, 0);
    assert_string_equal(real_map(world), "active mirror\nepoch 1.0\n");
    assert_string_equal(real_http(world), "mirror 2");
    world_ok(&order, false);
    /* The same again under a later step: the token moves, nothing else. */
    order.step = 1;
    result = world_run(&order);
    assert_true(result.code == 0 && result.changed);
    assert_int_equal(result.seen_epoch, 1);
    assert_int_equal(result.seen_step, 0);
    assert_string_equal(real_map(world), "active mirror\nepoch 1.1\n");
    world_free(world);
}

static void pool_follows_members(void **state)
{
    struct world *world = open_world(2, HAPROXY_UNIX);
    struct act_order order = world_order(world, 1, 0, 0, server_bit(0));

    world_ok(&order, true);
    assert_true(real_ready(world, 0));
    assert_false(real_ready(world, 1));
    /* The other candidate's servers are left alone. */
    assert_true(real_ready(world, 2) && real_ready(world, 3));
    assert_string_equal(real_http(world), "voice 1");
    order = world_order(world, 1, 1, 0, server_bit(1));
    world_ok(&order, true);
    assert_false(real_ready(world, 0));
    assert_true(real_ready(world, 1));
    world_ok(&order, false);
    /* Somebody meddles with the pool under an unchanged map. */
    real_cli(world, "set server voice/voice-1 state drain; set server voice/voice-2 state maint");
    world_ok(&order, true);
    assert_true(real_ready(world, 1));
    assert_false(real_ready(world, 0));
    world_ok(&order, false);
    /* Who may finish, and who comes back from that. */
    order = world_order(world, 1, 1, 0, server_bit(1));
    order.step = 2;
    order.draining = server_bit(0);
    world_ok(&order, true);
    assert_true(real_drains(world, 0));
    world_ok(&order, false);
    order.step = 3;
    order.draining = 0;
    world_ok(&order, true);
    assert_false(real_ready(world, 0));
    /* A drained server is not serving. */
    order = world_order(world, 1, 4, 0, world_all(world, 0));
    real_cli(world, "set server voice/voice-1 state drain");
    world_ok(&order, true);
    assert_string_equal(real_http(world), "voice 2");
    world_free(world);
}

static void candidate_name_stands_for_value(void **state)
{
    struct world *world = open_world(1, HAPROXY_TCP);
    struct act_order order = world_order(world, 1, 0, 1, world_all(world, 1));

    world->route->candidates[1].value[0] = '\0';
    snprintf(world->route->candidates[1].name, LIMIT_NAME, "mirror");
    world_ok(&order, true);
    assert_string_equal(real_http(world), "mirror 1");
    world_free(world);
}

static void stale_is_refused(void **state)
{
    struct world *world = open_world(2, HAPROXY_TCP);
    struct act_order order = world_order(world, 3, 2, 0, world_all(world, 0));
    struct act_result result;

    world_ok(&order, true);
    order = world_order(world, 3, 1, 1, server_bit(2));
    world_fails(&order, ERR_STALE, "3.2");
    order = world_order(world, 2, 9, 1, server_bit(2));
    result = world_run(&order);
    assert_int_equal(result.code, ERR_STALE);
    assert_int_equal(result.seen_epoch, 3);
    assert_int_equal(result.seen_step, 2);
    assert_false(result.changed);
    /* Nothing was touched: neither map nor pool nor a version taken. */
    assert_string_equal(real_map(world), "active voice\nepoch 3.2\n");
    assert_true(real_ready(world, 3));
    assert_non_null(strstr(real_cli(world, "show map"), "curr_ver=1 next_ver=1"));
    world_free(world);
}

static void garbled_epoch_counts_as_none(void **state)
{
    static const char *const rows[] = {"epoch 7", "epoch 99999999999.0", "epoch 3.-1", "epok 9.9",
                                       "epoch 9.0x"};
    struct world *world = open_world(1, HAPROXY_TCP);
    struct act_order order = world_order(world, 1, 0, 1, world_all(world, 1));

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        real_cli(world, "clear map %s/calls.map; add map %s/calls.map %s", world->dir, world->dir,
                 rows[i]);
        world_ok(&order, true);
        assert_string_equal(real_map(world), "active mirror\nepoch 1.0\n");
    }
    /* Second rows of a key, foreign keys: put right under the same token. */
    real_cli(world, "add map %s/calls.map active voice", world->dir);
    world_ok(&order, true);
    real_cli(world, "add map %s/calls.map other thing", world->dir);
    world_ok(&order, true);
    assert_string_equal(real_map(world), "active mirror\nepoch 1.0\n");
    world_free(world);
}

static void restart_forgets(void **state)
{
    struct world *world = open_world(2, HAPROXY_TCP);
    struct act_order order = world_order(world, 4, 0, 1, server_bit(2));

    world_ok(&order, true);
    real_stop(world);
    real_haproxy(world, HAPROXY_TCP);
    assert_string_equal(real_map(world), "active voice\nepoch 0.0\n");
    world_ok(&order, true);
    assert_string_equal(real_map(world), "active mirror\nepoch 4.0\n");
    assert_false(real_ready(world, 3));
    world_ok(&order, false);
    world_free(world);
}

/* Where a call may die: after the pool, after the version, after half or all of its rows. */
static void half_way_death_is_harmless(void **state)
{
    struct world *world = open_world(2, HAPROXY_TCP);
    struct act_order order = world_order(world, 1, 0, 0, world_all(world, 0));
    const char *dir = world->dir;

    world_ok(&order, true);
    real_cli(world, "prepare map %s/calls.map", dir);
    real_cli(world, "set server mirror/mirror-2 state maint");
    real_cli(world, "add map @2 %s/calls.map active mirror", dir);
    assert_string_equal(real_map(world), "active voice\nepoch 1.0\n");
    assert_string_equal(real_http(world), "voice 2");
    /* The same order again: unchanged for callers, and the dead call's version is void. */
    world_ok(&order, false);
    assert_string_equal(real_cli(world, "commit map @2 %s/calls.map", dir),
                        "Version number out of range.\n\n");
    order = world_order(world, 2, 0, 1, world_all(world, 1));
    world_ok(&order, true);
    assert_string_equal(real_http(world), "mirror 2");
    assert_non_null(strstr(real_cli(world, "show map"), "entry_cnt=2"));
    world_free(world);
}

struct permit {
    const struct world *world;
    int asked, until; /* true so many times */
};

static int limited(void *context, const struct act_order *order, int64_t since_ms)
{
    struct permit *permit = context;

    return permit->asked++ < permit->until ? 1 : -1;
}

static void may_forbids(void **state)
{
    struct world *world = open_world(2, HAPROXY_TCP);
    struct act_order order = world_order(world, 1, 0, 1, server_bit(2));
    struct permit permit = {.world = world, .until = 0};
    struct act_result result = world_run_may(&order, limited, &permit);

    assert_int_equal(result.code, ERR_UNAVAILABLE);
    assert_false(result.changed);
    assert_true(real_ready(world, 3));
    assert_string_equal(real_map(world), "active voice\nepoch 0.0\n");
    /* Forbidden with the token, and before the pool. */
    permit = (struct permit){.world = world, .until = 1};
    result = world_run_may(&order, limited, &permit);
    assert_int_equal(result.code, ERR_UNAVAILABLE);
    assert_int_equal(permit.asked, 2);
    assert_true(real_ready(world, 3));
    /* Forbidden between the pool and the commit. */
    permit = (struct permit){.world = world, .until = 2};
    result = world_run_may(&order, limited, &permit);
    assert_int_equal(result.code, ERR_UNAVAILABLE);
    assert_int_equal(permit.asked, 3);
    assert_false(real_ready(world, 3));
    assert_string_equal(real_map(world), "active voice\nepoch 0.0\n");
    /* Nothing to change: not asked. */
    world_ok(&order, true);
    permit = (struct permit){.world = world, .until = 0};
    result = world_run_may(&order, limited, &permit);
    assert_int_equal(result.code, 0);
    assert_int_equal(permit.asked, 0);
    world_free(world);
}

static int not_yet(void *context, const struct act_order *order, int64_t since_ms)
{
    ++*(int *)context;
    return 0;
}

/* Neither the pool nor the map is touched while leave is awaited. */
static void nothing_happens_without_leave(void **state)
{
    struct world *world = open_world(2, HAPROXY_TCP);
    struct act_order order = world_order(world, 1, 0, 1, server_bit(2));
    struct act_result result;
    int asked = 0;

    world->actuator->timeout_ms = 300;
    result = world_run_may(&order, not_yet, &asked);
    assert_int_equal(result.code, ERR_TIMEOUT);
    assert_non_null(strstr(result.err.text, "whether this node still leads"));
    assert_true(asked > 10);
    assert_true(real_ready(world, 3));
    assert_string_equal(real_map(world), "active voice\nepoch 0.0\n");
    order.members = world_all(world, 1); /* the pool is right */
    assert_int_equal(world_run_may(&order, not_yet, &asked).code, ERR_TIMEOUT);
    assert_string_equal(real_map(world), "active voice\nepoch 0.0\n");
    world_free(world);
}

static void refusals_are_told(void **state)
{
    struct world *world = open_world(1, HAPROXY_TCP);
    struct act_order order = world_order(world, 1, 0, 1, world_all(world, 1));
    struct actuator right = *world->actuator;

    snprintf(world->actuator->map, LIMIT_TEXT, "/no/such.map");
    world_fails(&order, ERR_INVALID, "Unknown map identifier");
    snprintf(world->actuator->map, LIMIT_TEXT, "/x; shutdown frontend calls");
    world_fails(&order, ERR_INVALID, "cannot be a map");
    *world->actuator = right;
    snprintf(world->route->candidates[1].value, LIMIT_NAME, "nowhere");
    world_fails(&order, ERR_INVALID, "Can't find backend");
    snprintf(world->route->candidates[1].value, LIMIT_NAME, "mirror");
    snprintf(world->model->servers[1].name, LIMIT_NAME, "stranger");
    world_fails(&order, ERR_INVALID, "no server stranger");
    assert_string_equal(real_map(world), "active voice\nepoch 0.0\n");
    real_kill(world);
    world_fails(&order, ERR_IO, "refused");
    snprintf(world->actuator->address, LIMIT_TEXT, "unix:%s/none.sock", world->dir);
    world_fails(&order, ERR_IO, "no such file");
    snprintf(world->actuator->address, LIMIT_TEXT, "lb-1.example:9999");
    world_fails(&order, ERR_INVALID, "no numeric address");
    world_free(world);
}

static void operator_socket_is_denied(void **state)
{
    struct world *world = open_world(2, HAPROXY_OPERATOR);
    struct act_order order = world_order(world, 1, 0, 1, server_bit(2));

    world_fails(&order, ERR_DENIED, "level admin");
    assert_string_equal(real_map(world), "active voice\nepoch 0.0\n");
    world_free(world);
}

static void large_pool(void **state)
{
    struct world *world = open_world(31, HAPROXY_TCP);
    struct act_order order = world_order(world, 1, 0, 1, server_bit(31));

    world_ok(&order, true);
    assert_string_equal(real_http(world), "mirror 1");
    order = world_order(world, 1, 1, 1, world_all(world, 1));
    world_ok(&order, true);
    assert_string_equal(real_http(world), "mirror 31");
    world_free(world);
}

/* ---- two movers ---- */

struct rival {
    struct world *world;
    struct act_order order;
    int asked, commits, code;
    int held;  /* version */
    int until; /* takes no version any more after so many commits */
};

/* A call asks when it has its token, and again before its commit. */
static bool before_commit(struct rival *rival)
{
    return ++rival->asked % 2 == 0;
}

/* A newer mover does all its work while the older one stands before its commit. */
static int rival_overtakes(void *context, const struct act_order *order, int64_t since_ms)
{
    struct rival *rival = context;

    if (before_commit(rival) && rival->commits++ == 0)
        rival->code = world_run(&rival->order).code;
    return 1;
}

static void newer_overtakes_older(void **state)
{
    struct world *world = open_world(2, HAPROXY_TCP);
    struct act_order old = world_order(world, 1, 0, 0, world_all(world, 0));
    struct rival rival = {world, world_order(world, 2, 0, 1, world_all(world, 1)), .code = 1};
    struct act_result result = world_run_may(&old, rival_overtakes, &rival);

    assert_int_equal(rival.code, 0);
    assert_int_equal(result.code, ERR_STALE);
    assert_int_equal(result.seen_epoch, 2);
    assert_string_equal(real_map(world), "active mirror\nepoch 2.0\n");
    world_free(world);
}

static void older_in_between_loses(void **state)
{
    struct world *world = open_world(2, HAPROXY_TCP);
    struct act_order new = world_order(world, 2, 0, 1, world_all(world, 1));
    struct rival rival = {world, world_order(world, 1, 0, 0, world_all(world, 0)), .code = 1};
    struct act_result result = world_run_may(&new, rival_overtakes, &rival);

    assert_int_equal(rival.code, 0);
    assert_int_equal(result.code, 0);
    assert_string_equal(real_map(world), "active mirror\nepoch 2.0\n");
    world_free(world);
}

/* The older mover, by hand: it holds the newer version, having looked before the newer
 * mover's commit, and commits at the worst moments. */
static int rival_holds_newer_version(void *context, const struct act_order *order, int64_t since_ms)
{
    struct rival *rival = context;
    const char *dir = rival->world->dir;

    if (!before_commit(rival))
        return 1;
    if (rival->commits++ == 0) {
        assert_string_equal(real_cli(rival->world, "prepare map %s/calls.map", dir),
                            "New version created: 2\n\n");
        real_cli(rival->world, "add map @2 %s/calls.map active voice", dir);
        real_cli(rival->world, "add map @2 %s/calls.map epoch 1.0", dir);
    } else if (rival->commits == 2) { /* the newer mover took version 1, and again 3 */
        assert_string_equal(real_cli(rival->world, "commit map @2 %s/calls.map", dir), "\n");
        assert_string_equal(real_map(rival->world), "active voice\nepoch 1.0\n");
    }
    return 1;
}

static void older_with_newer_version_loses(void **state)
{
    struct world *world = open_world(2, HAPROXY_TCP);
    struct act_order new = world_order(world, 2, 0, 1, world_all(world, 1));
    struct rival rival = {.world = world};
    struct act_result result = world_run_may(&new, rival_holds_newer_version, &rival);

    assert_int_equal(result.code, 0);
    assert_int_equal(rival.commits, 2);
    assert_string_equal(real_map(world), "active mirror\nepoch 2.0\n");
    assert_string_equal(real_cli(world, "commit map @2 %s/calls.map", world->dir),
                        "Version number out of range.\n\n");
    assert_string_equal(real_map(world), "active mirror\nepoch 2.0\n");
    world_free(world);
}

/* The older mover, by hand, always a version ahead: before each commit of the newer one it
 * commits the version it holds and takes the next. */
static int rival_leapfrogs(void *context, const struct act_order *order, int64_t since_ms)
{
    struct rival *rival = context;
    const char *dir = rival->world->dir;

    if (!before_commit(rival))
        return 1;
    if (rival->commits++ > 0)
        assert_string_equal(real_cli(rival->world, "commit map @%d %s/calls.map", rival->held, dir),
                            "\n");
    assert_int_equal(sscanf(real_cli(rival->world, "prepare map %s/calls.map", dir),
                            "New version created: %d", &rival->held),
                     1);
    real_cli(rival->world, "add map @%d %s/calls.map active voice", rival->held, dir);
    real_cli(rival->world, "add map @%d %s/calls.map epoch 1.0", rival->held, dir);
    return 1;
}

/* While an older epoch can still come into force, the newer mover does not call it done. */
static void done_is_never_said_too_early(void **state)
{
    struct world *world = open_world(2, HAPROXY_TCP);
    struct act_order new = world_order(world, 2, 0, 1, world_all(world, 1));
    struct rival rival = {.world = world};
    struct act_result result = world_run_may(&new, rival_leapfrogs, &rival);

    assert_true(rival.commits > 2);
    assert_int_equal(result.code, ERR_UNAVAILABLE);
    assert_string_equal(real_cli(world, "commit map @%d %s/calls.map", rival.held, world->dir),
                        "\n");
    assert_string_equal(real_map(world), "active voice\nepoch 1.0\n");
    world_ok(&new, true);
    assert_string_equal(real_map(world), "active mirror\nepoch 2.0\n");
    world_free(world);
}

static void keep_code(void *context, const struct act_order *order, const struct act_result *result)
{
    *(int *)context = result->code;
}

/* Both at once, started in either order: the newer one always ends up served. */
static void concurrent_movers(void **state)
{
    struct world *world = open_world(2, HAPROXY_TCP);
    uv_loop_t loop;

    assert_int_equal(uv_loop_init(&loop), 0);
    for (uint32_t round = 0; round < 40; round++) {
        struct act *acts[2] = {act_open(&loop, NULL, NULL, NULL),
                               act_open(&loop, NULL, NULL, NULL)};
        struct act_order orders[2];
        char expected[64];
        int codes[2] = {1, 1};

        for (uint32_t i = 0; i < 2; i++)
            orders[i] = world_order(world, 2 * round + 1 + i, 0, (int)i, world_all(world, (int)i));
        for (uint32_t i = 0; i < 2; i++) {
            uint32_t which = (i + round) % 2;

            act_run(acts[which], &orders[which], keep_code, &codes[which]);
            /* From side by side to one a few turns ahead of the other. */
            for (uint32_t turn = 0; i == 0 && turn < round / 2; turn++)
                uv_run(&loop, UV_RUN_NOWAIT);
        }
        while (codes[0] > 0 || codes[1] > 0)
            uv_run(&loop, UV_RUN_ONCE);
        assert_true(codes[0] == 0 || codes[0] == ERR_STALE);
        assert_int_equal(codes[1], 0);
        snprintf(expected, sizeof expected, "active mirror\nepoch %u.0\n", 2 * round + 2);
        assert_string_equal(real_map(world), expected);
        act_close(acts[0], NULL, NULL);
        act_close(acts[1], NULL, NULL);
        uv_run(&loop, UV_RUN_DEFAULT);
    }
    assert_int_equal(uv_loop_close(&loop), 0);
    world_free(world);
}

/* A version is taken before the first commits of ours, and left alone. */
static int taker(void *context, const struct act_order *order, int64_t since_ms)
{
    struct rival *rival = context;

    if (before_commit(rival) && rival->commits++ < rival->until)
        real_cli(rival->world, "prepare map %s/calls.map", rival->world->dir);
    return 1;
}

/* Two leaders that order the same do not keep each other from ending. */
static void equal_movers_both_succeed(void **state)
{
    struct world *world = open_world(2, HAPROXY_TCP);
    struct act_order order = world_order(world, 1, 0, 1, world_all(world, 1));
    struct rival rival = {.world = world, .until = 3};
    uv_loop_t loop;

    assert_int_equal(world_run_may(&order, taker, &rival).code, 0);
    assert_int_equal(rival.commits, 4);
    assert_int_equal(uv_loop_init(&loop), 0);
    for (uint32_t round = 2; round < 12; round++) {
        struct act *acts[3];
        int codes[3] = {1, 1, 1};

        order = world_order(world, round, 0, (int)(round % 2), world_all(world, (int)(round % 2)));
        for (int i = 0; i < 3; i++) {
            acts[i] = act_open(&loop, NULL, NULL, NULL);
            act_run(acts[i], &order, keep_code, &codes[i]);
        }
        while (codes[0] > 0 || codes[1] > 0 || codes[2] > 0)
            uv_run(&loop, UV_RUN_ONCE);
        for (int i = 0; i < 3; i++) {
            assert_int_equal(codes[i], 0);
            act_close(acts[i], NULL, NULL);
        }
        uv_run(&loop, UV_RUN_DEFAULT);
        assert_string_equal(real_http(world), round % 2 ? "mirror 2" : "voice 2");
    }
    assert_int_equal(uv_loop_close(&loop), 0);
    world_free(world);
}

/* The states of all servers as letters, voice's and mirror's: Ready, Maint, Drain. */
static const char *pools(const struct world *world)
{
    static char text[2 * LIMIT_SERVERS + 1];
    int n = 2 * world->pool;

    for (int i = 0; i < n; i++)
        text[i] = real_drains(world, i) ? 'D' : real_ready(world, i) ? 'R' : 'M';
    text[n] = '\0';
    return text;
}

static void drained_everywhere(void **state)
{
    struct world *world = open_world(2, HAPROXY_TCP);
    struct act_order order = world_order(world, 1, 0, 0, world_all(world, 0));

    /* Behind the candidate that does not serve, under the same token, and back. */
    world_ok(&order, true);
    order.draining = server_bit(3);
    world_ok(&order, true);
    assert_string_equal(pools(world), "RRRD");
    world_ok(&order, false);
    order.draining = 0;
    world_ok(&order, true);
    assert_string_equal(pools(world), "RRRR");
    /* Who stands in both is drained in both. */
    world->route->candidates[1].members[1] = 0;
    real_stop(world);
    real_haproxy(world, HAPROXY_TCP);
    order = world_order(world, 2, 0, 0, server_bit(1));
    order.draining = server_bit(0);
    world_ok(&order, true);
    assert_non_null(strstr(real_cli(world, "show servers state voice"), " 127.0.1.1 2 8 "));
    assert_non_null(strstr(real_cli(world, "show servers state mirror"), " 127.0.1.1 2 8 "));
    order.members = world_all(world, 0);
    order.draining = 0;
    order.step++;
    world_ok(&order, true);
    assert_non_null(strstr(real_cli(world, "show servers state voice"), " 127.0.1.1 2 0 "));
    assert_non_null(strstr(real_cli(world, "show servers state mirror"), " 127.0.1.1 2 0 "));
    world_free(world);
}

/* A drain that comes before, during and after a move, twice, and ends in between. */
static void late_and_repeated_drains(void **state)
{
    struct world *world = open_world(2, HAPROXY_TCP);
    struct act_order order = world_order(world, 1, 0, 0, world_all(world, 0));

    order.draining = server_bit(2);
    world_ok(&order, true);
    assert_string_equal(pools(world), "RRDR");
    /* A planned move: who is left may finish, and who is drained stays so. */
    order = world_order(world, 2, 0, 1, server_bit(3));
    order.draining = world_all(world, 0) | server_bit(2);
    world_ok(&order, true);
    assert_string_equal(pools(world), "DDDR");
    world_ok(&order, false);
    /* The older order, late. */
    order = world_order(world, 1, 0, 0, world_all(world, 0));
    world_fails(&order, ERR_STALE, "2.0");
    assert_string_equal(pools(world), "DDDR");
    /* They have finished; the drain has ended. */
    order = world_order(world, 2, 1, 1, world_all(world, 1));
    world_ok(&order, true);
    assert_string_equal(pools(world), "RRRR");
    world_ok(&order, false);
    world_free(world);
}

static void what_a_human_did_is_told(void **state)
{
    struct world *world = open_world(2, HAPROXY_TCP);
    struct act_order order = world_order(world, 1, 0, 0, server_bit(0));
    struct act_result result = world_run(&order);

    assert_int_equal(result.code, 0);
    assert_string_equal(result.err.text, ""); /* nobody did anything */
    real_cli(world, "set server voice/voice-1 state maint; set server voice/voice-2 state ready");
    result = world_run(&order);
    assert_true(result.code == 0 && result.changed);
    assert_string_equal(result.err.text, "voice/voice-1 was maint, is ready again, "
                                         "voice/voice-2 was ready, is maint again");
    assert_string_equal(pools(world), "RMRR");
    /* Ours: another order wants it otherwise. */
    order = world_order(world, 1, 1, 0, world_all(world, 0));
    result = world_run(&order);
    assert_int_equal(result.code, 0);
    assert_string_equal(result.err.text, "");
    /* Behind the candidate that does not serve maint is left alone, until it is needed. */
    real_cli(world, "set server mirror/mirror-1 state maint");
    world_ok(&order, false);
    order.draining = server_bit(2);
    world_ok(&order, false);
    assert_string_equal(pools(world), "RRMR");
    order = world_order(world, 2, 0, 1, world_all(world, 1));
    result = world_run(&order);
    assert_int_equal(result.code, 0);
    assert_string_equal(result.err.text, "mirror/mirror-1 was maint, is ready again");
    assert_string_equal(pools(world), "RRRR");
    /* Drained by hand: of a server that serves no less. */
    real_cli(world, "set server mirror/mirror-2 state drain");
    result = world_run(&order);
    assert_string_equal(result.err.text, "mirror/mirror-2 was drain, is ready again");
    world_free(world);
}

/* What is not to serve now is in nobody's way. */
static void a_backend_that_is_missing_elsewhere(void **state)
{
    struct world *world = open_world(2, HAPROXY_TCP);
    struct act_order order = world_order(world, 1, 0, 0, world_all(world, 0));

    order.draining = world_all(world, 1);
    snprintf(world->model->servers[2].name, LIMIT_NAME, "stranger");
    world_ok(&order, true);
    assert_true(real_ready(world, 3) && real_drains(world, 3));
    snprintf(world->route->candidates[1].value, LIMIT_NAME, "nowhere");
    world_ok(&order, false);
    world_free(world);
}

/* A share of what HAProxy's own file says, which rounding never takes from a server as a whole. */
static void shares_of_weights(void **state)
{
    struct world *world = open_world(3, HAPROXY_WEIGHTS); /* 1, 30 and 0 */
    struct candidate *voice = &world->route->candidates[0];
    struct act_order order = world_order(world, 1, 0, 0, world_all(world, 0));

    voice->weighted = true;
    voice->weights[0] = voice->weights[1] = 50;
    voice->weights[2] = 100;
    world_ok(&order, true);
    assert_non_null(strstr(real_cli(world, "get weight voice/voice-1"), "1 (initial 1)"));
    assert_non_null(strstr(real_cli(world, "get weight voice/voice-2"), "15 (initial 30)"));
    assert_non_null(strstr(real_cli(world, "get weight voice/voice-3"), "0 (initial 0)"));
    world_ok(&order, false);
    voice->weights[1] = 100; /* taken back */
    world_ok(&order, true);
    assert_non_null(strstr(real_cli(world, "get weight voice/voice-2"), "30 (initial 30)"));
    world_free(world);
}

/* A weight that is configured is set and kept; one that is not is left alone. */
static void absolute_weights(void **state)
{
    struct world *world = open_world(2, HAPROXY_TCP);
    struct act_order order;

    world->actuator->weights = WEIGHTS_ABSOLUTE;
    order = world_order(world, 1, 0, 0, world_all(world, 0));
    real_cli(world, "set server voice/voice-2 weight 7");
    world_ok(&order, true);
    assert_non_null(strstr(real_cli(world, "get weight voice/voice-2"), "7 (initial 1)"));
    world->route->candidates[0].weighted = true;
    world->route->candidates[0].weights[0] = 100;
    world->route->candidates[0].weights[1] = 50;
    world_ok(&order, true);
    assert_non_null(strstr(real_cli(world, "get weight voice/voice-1"), "100 (initial 1)"));
    assert_non_null(strstr(real_cli(world, "get weight voice/voice-2"), "50 (initial 1)"));
    world_ok(&order, false);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moves_and_repeats),
        cmocka_unit_test(pool_follows_members),
        cmocka_unit_test(candidate_name_stands_for_value),
        cmocka_unit_test(stale_is_refused),
        cmocka_unit_test(garbled_epoch_counts_as_none),
        cmocka_unit_test(restart_forgets),
        cmocka_unit_test(half_way_death_is_harmless),
        cmocka_unit_test(may_forbids),
        cmocka_unit_test(nothing_happens_without_leave),
        cmocka_unit_test(refusals_are_told),
        cmocka_unit_test(operator_socket_is_denied),
        cmocka_unit_test(large_pool),
        cmocka_unit_test(newer_overtakes_older),
        cmocka_unit_test(older_in_between_loses),
        cmocka_unit_test(older_with_newer_version_loses),
        cmocka_unit_test(done_is_never_said_too_early),
        cmocka_unit_test(concurrent_movers),
        cmocka_unit_test(equal_movers_both_succeed),
        cmocka_unit_test(drained_everywhere),
        cmocka_unit_test(late_and_repeated_drains),
        cmocka_unit_test(what_a_human_did_is_told),
        cmocka_unit_test(a_backend_that_is_missing_elsewhere),
        cmocka_unit_test(shares_of_weights),
        cmocka_unit_test(absolute_weights),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
