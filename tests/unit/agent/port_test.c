/* Who may order, and of whom. */
#include "bench.h"

#include <stdio.h>

static void only_the_agent_that_was_meant(void **state)
{
    struct bench *bench = bench_new();

    bench->actuator->kind = ACTUATOR_EXEC;
    snprintf(bench->actuator->program, sizeof bench->actuator->program, "p");
    bench_fails(bench, bench_order(bench, 1, 0, 0, 3), ERR_UNAVAILABLE, "the agent: ");
    bench_start(bench);
    bench_fails(bench, bench_order(bench, 1, 0, 0, 3), ERR_INVALID, "no program");
    snprintf(bench->actuator->agent, sizeof bench->actuator->agent, "other");
    bench_fails(bench, bench_order(bench, 2, 0, 0, 3), ERR_DENIED, "\"agent\" answers where");
    /* A coordinator's own port is none, nor is one of an agent for anything else. */
    snprintf(bench->actuator->address, sizeof bench->actuator->address, "%.60s:%d",
             bench->config.host, bench->world->options.peers[0].port);
    bench_fails(bench, bench_order(bench, 2, 0, 0, 3), ERR_DENIED, "refuses");
    bench_free(bench);
}

static void issue_for(struct bench *bench, long seconds)
{
    authority_issue(bench->world->authority, "agent", "agent", -3600, seconds, bench->config.cert,
                    bench->config.key);
}

/* It would not begin with such a certificate, but it outlives the one that it began with. */
static void an_expired_agent_is_not_ordered(void **state)
{
    struct bench *bench = bench_new();
    int64_t expired_ms = clock_boot_ms() + 4000;
    struct err err;

    bench->actuator->kind = ACTUATOR_EXEC;
    snprintf(bench->actuator->program, sizeof bench->actuator->program, "p");
    issue_for(bench, 3);
    bench_start(bench);
    while (clock_boot_ms() < expired_ms)
        world_step(bench->world);
    bench_fails(bench, bench_order(bench, 1, 0, 0, 3), ERR_DENIED, "expired");
    issue_for(bench, 3600);
    assert_int_equal(agent_reload(bench->agent, &err), 0);
    assert_int_equal(bench_await(bench, bench_order(bench, 1, 0, 0, 3)).code, ERR_INVALID);
    bench_free(bench);
}

static void only_coordinators_may_order(void **state)
{
    static const struct {
        const char *role, *alpn;
        bool good;
    } cases[] = {
        {"node", "\x0fkirikae-agent/1", true},   {"admin", "\x0fkirikae-agent/1", false},
        {"agent", "\x0fkirikae-agent/1", false}, {"node", "\x0ekirikae-peer/1", false},
        {"admin", "\x0fkirikae-admin/1", false}, {"node", NULL, false},
    };
    struct bench *bench = bench_new();
    int port = bench->world->options.peers[0].port;

    bench_start(bench);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rude *rude;
        uint8_t answer[512];

        bench->world->options.peers[0].port = bench->config.port; /* where it goes */
        world_issue(bench->world, "x", "x", cases[i].role);
        rude = rude_new(bench->world, 0);
        rude_tls(rude, "x", cases[i].alpn);
        rude_frame(rude, 3, "abc", 3);
        if ((rude_read(rude, answer, sizeof answer) > 0) != cases[i].good)
            fail_msg("%s %s", cases[i].role, cases[i].alpn);
        rude_free(rude);
    }
    bench->world->options.peers[0].port = port;
    bench_free(bench);
}

/* One that is slow to begin is not taken for one that has nothing to say. */
static void a_slow_handshake_is_waited_for(void **state)
{
    struct bench *bench = bench_new();
    int port = bench->world->options.peers[0].port;
    int64_t until_ms = clock_boot_ms() + 1200; /* two ticks of the port */
    struct rude *rude;
    uint8_t answer[512];

    bench_start(bench);
    bench->world->options.peers[0].port = bench->config.port;
    rude = rude_new(bench->world, 0);
    while (clock_boot_ms() < until_ms)
        world_step(bench->world);
    rude_tls(rude, "n0", "\x0fkirikae-agent/1");
    rude_frame(rude, 3, "abc", 3);
    assert_true(rude_read(rude, answer, sizeof answer) > 0);
    rude_free(rude);
    bench->world->options.peers[0].port = port;
    bench_free(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_agent_that_was_meant),
        cmocka_unit_test(an_expired_agent_is_not_ordered),
        cmocka_unit_test(only_coordinators_may_order),
        cmocka_unit_test(a_slow_handshake_is_waited_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
