/* Ticks that come when engine_next_ms() says are enough: more of them decide nothing else. */
#include "cluster.h"
#include "base/check.h"
#include "base/mem.h"
#include "wire/codec.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

/* The same history twice, from a calm start on: with the ticks that are asked for, and with
 * one every 5 ms. */
struct twins {
    struct cluster *asked, *restless;
};

static struct twins twins(const char *kind, uint64_t seed)
{
    struct twins t = {cluster_new(kind, 0, seed), cluster_new(kind, 0, seed)};

    cluster_run(t.asked, 8000);
    cluster_run(t.restless, 8000);
    assert_true(t.asked->trace == t.restless->trace);
    assert_int_equal(cluster_shared(t.asked)->routes[0].phase, ROUTE_SERVING);
    t.restless->restless = true;
    t.asked->ticks = t.restless->ticks = 0;
    return t;
}

static void twins_run(struct twins *t, int64_t ms)
{
    cluster_run(t->asked, ms);
    cluster_run(t->restless, ms);
}

static void twins_end(struct twins *t)
{
    cluster_free(t->asked);
    cluster_free(t->restless);
}

static void same_decisions(const struct twins *t)
{
    const struct placement *a = &cluster_shared(t->asked)->routes[0].now;
    const struct placement *b = &cluster_shared(t->restless)->routes[0].now;

    assert_int_equal(t->asked->moves, t->restless->moves);
    assert_int_equal(t->asked->verdicts, t->restless->verdicts);
    assert_int_equal(t->asked->disputed, t->restless->disputed);
    assert_int_equal(t->asked->outages, t->restless->outages);
    assert_int_equal(t->asked->refused, t->restless->refused);
    assert_int_equal(t->asked->told_candidate, t->restless->told_candidate);
    assert_int_equal(t->asked->told_epoch, t->restless->told_epoch);
    assert_int_equal(a->epoch, b->epoch);
    assert_int_equal(a->step, b->step);
    assert_true(a->members == b->members);
}

/* Ms until the actuator is told of another candidate. */
static int64_t time_to_move(struct cluster *c)
{
    int was = c->told_candidate;
    int64_t began = c->now_ms;

    while (c->told_candidate == was && c->now_ms - began < 10000)
        cluster_run(c, 5);
    return c->now_ms - began;
}

static void moved_alike(struct twins *t)
{
    int64_t asked = time_to_move(t->asked), restless = time_to_move(t->restless);

    assert_in_range(restless, 50, 3000);
    assert_in_range(asked, restless - 50, restless + 50);
    cluster_run(t->asked, 20000 - asked);
    cluster_run(t->restless, 20000 - restless);
    same_decisions(t);
    assert_int_equal(t->asked->moves, 1);
}

/* Every effect and every byte of every beat, at the same time. */
static void a_calm_cluster_does_the_same_with_more_ticks(void **state)
{
    struct twins t = twins("exclusive", 3);

    (void)state;
    twins_run(&t, 30000);
    assert_true(t.asked->trace == t.restless->trace);
    assert_int_equal(t.restless->ticks, 12 * 30 * 200);
    assert_in_range(t.asked->ticks, 1, 12 * 30 * 25);
    twins_end(&t);
}

static void a_dead_site_moves_alike(void **state)
{
    struct twins t = twins("available", 4);
    int i;

    (void)state;
    for (i = 0; i < 4; i++)
        t.asked->cut[i] = t.restless->cut[i] = true;
    moved_alike(&t);
    twins_end(&t);
}

static void hung_services_move_alike(void **state)
{
    struct twins t = twins("available", 5);
    int i;

    (void)state;
    for (i = 0; i < 3; i++)
        t.asked->hung[i] = t.restless->hung[i] = true;
    moved_alike(&t);
    twins_end(&t);
}

/* The actuators are told when the old epoch's grants are over, not when a sweep finds out. */
static void an_exclusive_route_waits_no_longer(void **state)
{
    struct twins t = twins("exclusive", 6);
    int i;

    (void)state;
    for (i = 0; i < 4; i++)
        t.asked->cut[i] = t.restless->cut[i] = true;
    moved_alike(&t);
    twins_end(&t);
}

/* Its holders are alive: each says so when its fence of 30 ms is over, not a beat later. */
static void a_release_is_said_when_the_fence_is_over(void **state)
{
    uint64_t seed;
    int i;

    (void)state;
    for (seed = 1; seed <= 5; seed++) {
        struct cluster *c = cluster_new("exclusive", 0, seed);

        cluster_run(c, 8000 + 35 * (int64_t)seed);
        for (i = 0; i < 3; i++)
            c->dead[i] = true;
        assert_in_range(time_to_move(c), 35, 95);
        cluster_free(c);
    }
}

/* ---- one node that hears nothing but its own ticks ---- */

struct lone {
    struct engine *engine;
    struct effects effects;
    struct moment now;
    int64_t utc_ahead_ms; /* of the boot clock */
    int64_t beat_utc_ms;  /* of its newest beat */
    int self;
    uint64_t index;
    server_set word; /* whom the others hear */
    int64_t stepped_ms;
    int64_t gap_ms; /* longest between two steps */
    int stands, ticks, beats, acts, logs;
    int probes; /* of check 0 */
};

static void step(struct lone *lone, const struct event *what)
{
    struct event event = *what;
    int i;

    if (lone->now.boot_ms - lone->stepped_ms > lone->gap_ms)
        lone->gap_ms = lone->now.boot_ms - lone->stepped_ms;
    lone->stepped_ms = lone->now.boot_ms;
    lone->now.utc_ms = lone->now.boot_ms + lone->utc_ahead_ms;
    event.now = lone->now;
    lone->ticks += event.kind == EVENT_TICK;
    engine_step(lone->engine, &event, &lone->effects);
    for (i = 0; i < lone->effects.n; i++) {
        if (lone->effects.items[i].kind == EFFECT_BEAT) {
            lone->beats++;
            lone->beat_utc_ms = lone->now.utc_ms;
        }
        lone->stands += lone->effects.items[i].kind == EFFECT_ELECT;
        lone->acts += lone->effects.items[i].kind == EFFECT_ACT;
        lone->logs += lone->effects.items[i].kind == EFFECT_LOG;
        lone->probes +=
            lone->effects.items[i].kind == EFFECT_PROBE && lone->effects.items[i].check == 0;
    }
    effects_clear(&lone->effects);
}

static void lone_new(struct lone *lone, int self)
{
    const char *yaml = world_yaml("available", 0);
    struct engine_options options = {.self = self,
                                     .boot = 1,
                                     .seed = 1,
                                     .shared = shared_new(),
                                     .model = world_parse(yaml),
                                     .yaml = (const uint8_t *)yaml,
                                     .yaml_len = (uint32_t)strlen(yaml),
                                     .now = {.boot_ms = 1000, .utc_ms = 1000}};

    *lone = (struct lone){.self = self, .now = options.now, .word = 4095};
    lone->engine = engine_new(&options);
}

static void lone_free(struct lone *lone)
{
    effects_free(&lone->effects);
    engine_free(lone->engine);
}

/* A beat of `from` that echoes the newest of ours and fails check 0, if asked to. */
static void hear(struct lone *lone, int from, uint64_t number, bool fails)
{
    struct event event = {.kind = EVENT_BEAT};
    struct beat ours, beat = {.boot = 7, .number = number, .from = from, .config_version = 1};

    engine_beat(lone->engine, lone->now, &ours);
    beat.heard = lone->word;
    beat.n_echoes = CLUSTER_NODES;
    beat.echoes[lone->self] = (struct echo){.known = true, .boot = 1, .number = ours.number};
    if (fails)
        beat.votes[beat.n_votes++] = (struct vote){.opinion = OPINION_DOWN,
                                                   .reason = REASON_REFUSED,
                                                   .age_ms = 5,
                                                   .fail_age_ms = 5,
                                                   .good_age_ms = 100};
    event.beat = &beat;
    step(lone, &event);
}

/* Sleeps until engine_next_ms(), as a shell does, and ticks; until something else happens. */
static void sleep_until(struct lone *lone, int64_t until_ms)
{
    struct event tick = {.kind = EVENT_TICK};

    while (engine_next_ms(lone->engine) <= until_ms) {
        if (engine_next_ms(lone->engine) > lone->now.boot_ms)
            lone->now.boot_ms = engine_next_ms(lone->engine);
        step(lone, &tick);
    }
    lone->now.boot_ms = until_ms;
}

static void silence_is_noticed_to_the_millisecond(void **state)
{
    struct lone lone;
    int i;

    (void)state;
    lone_new(&lone, 9);
    sleep_until(&lone, 1013); /* its beats come between ours */
    for (i = 0; i < 50; i++) {
        hear(&lone, 3, (uint64_t)i + 1, false);
        if (i < 49)
            sleep_until(&lone, lone.now.boot_ms + 100);
    }
    sleep_until(&lone, lone.now.boot_ms + 399);
    assert_true(engine_peer(lone.engine, lone.now, 3).heard);
    sleep_until(&lone, lone.now.boot_ms + 1);
    assert_false(engine_peer(lone.engine, lone.now, 3).heard);
    lone_free(&lone);
}

static void a_peer_heard_again_is_noticed_soon(void **state)
{
    struct lone lone;

    (void)state;
    lone_new(&lone, 9);
    sleep_until(&lone, 1007);
    lone.word = 0;
    hear(&lone, 3, 1, false);
    sleep_until(&lone, 1007 + 25);
    assert_true(engine_peer(lone.engine, lone.now, 3).heard);
    lone_free(&lone);
}

/* At once, then with every beat's time, for a window and a time-out; then no more. */
static void a_confirmation_runs_on_ticks_alone(void **state)
{
    struct lone lone;

    (void)state;
    lone_new(&lone, 9);
    sleep_until(&lone, 1013);
    hear(&lone, 3, 1, true);
    assert_int_equal(lone.probes, 1);
    sleep_until(&lone, 1013 + 99);
    assert_int_equal(lone.probes, 1);
    sleep_until(&lone, 1013 + 100);
    assert_int_equal(lone.probes, 2);
    sleep_until(&lone, 6000);
    assert_int_equal(lone.probes, 13);
    lone_free(&lone);
}

/* … whatever else happens when, and no tick comes so late that the node takes it for a stall
 * of its own. */
static void an_idle_node_ticks_little_and_beats_on_time(void **state)
{
    struct event other = {.kind = EVENT_REFUSED};
    struct lone lone;
    int i;

    (void)state;
    lone_new(&lone, 9);
    for (i = 0; i < 1000; i++) {
        sleep_until(&lone, lone.now.boot_ms + 37);
        step(&lone, &other);
    }
    assert_in_range(lone.beats, 369, 373);
    lone.ticks = lone.gap_ms = 0;
    sleep_until(&lone, lone.now.boot_ms + 60000);
    assert_in_range(lone.beats, 969, 972);
    assert_in_range(lone.ticks, 600, 60 * 25);
    assert_in_range(lone.gap_ms, 1, 50);
    assert_int_equal(lone.logs, 0);
    lone_free(&lone);
}

/* Two voters that live where a leader should come before this one. */
/* A node wakes up once for the beats of all others when they come at the same moments. */
static void beats_come_at_common_moments(void **state)
{
    static const int64_t ahead_ms[] = {0, 3, 51, 97, -1234567891234, 1795349999949};
    struct lone lone;
    size_t i;

    (void)state;
    for (i = 0; i < ARRAY_LEN(ahead_ms); i++) {
        lone_new(&lone, 9);
        lone.utc_ahead_ms = ahead_ms[i];
        sleep_until(&lone, 3000);
        assert_in_range(lone.beats, 20, 22); /* the first one at once */
        assert_int_equal(lone.beat_utc_ms % 100, 0);
        lone.utc_ahead_ms += 42; /* somebody sets the clock */
        sleep_until(&lone, 4000);
        assert_in_range(lone.beats, 30, 32);
        assert_int_equal(lone.beat_utc_ms % 100, 0);
        lone_free(&lone);
    }
}

static void it_stands_for_leader_when_its_turn_comes(void **state)
{
    struct event raft = {.kind = EVENT_RAFT};
    struct lone lone;
    int i;

    (void)state;
    lone_new(&lone, 11);
    raft.raft.term = 1;
    raft.raft.leader = 8;
    step(&lone, &raft);
    sleep_until(&lone, 1013);
    for (i = 0; i < 11; i++)
        hear(&lone, i, 1, false);
    sleep_until(&lone, 1013 + 390);
    lone.word &= ~server_bit(8);
    for (i = 0; i < 11; i++)
        if (i != 8)
            hear(&lone, i, 2, false);
    sleep_until(&lone, 1013 + 400 + 2 * 30 - 1);
    assert_int_equal(lone.stands, 0);
    sleep_until(&lone, 1013 + 400 + 2 * 30);
    assert_int_equal(lone.stands, 1);
    lone_free(&lone);
}

static void applied(struct lone *lone, struct entry *entry)
{
    entry->term = 1;
    entry->leader = 9;
    entry->time_ms = 1;
    entry->config_version = 1;
    engine_apply(lone->engine, lone->now, ++lone->index, entry, NULL, NULL, &lone->effects);
    entry_free(entry);
}

/* A leader that serves a route in peace, and that no event wakes. */
static void lead_alone(struct lone *lone)
{
    struct event raft = {.kind = EVENT_RAFT};
    struct entry leader = {.kind = ENTRY_LEADER}, config = {.kind = ENTRY_CONFIG},
                 outcome = {.kind = ENTRY_OUTCOME}, verified = {.kind = ENTRY_VERIFIED};
    int i;

    raft.raft.role = RAFT_ROLE_LEADER;
    raft.raft.term = 1;
    raft.raft.leader = 9;
    step(lone, &raft);
    applied(lone, &leader);
    config.config.model = world_model("available", 0);
    config.config.yaml = mem_dup("", 0);
    applied(lone, &config);
    for (i = 0; i < engine_model(lone->engine)->n_checks; i++) {
        struct entry verdict = {.kind = ENTRY_VERDICT};

        verdict.verdict.check = i;
        verdict.verdict.verdict = VERDICT_UP;
        applied(lone, &verdict);
    }
    outcome.outcome.ok = true;
    outcome.outcome.epoch = verified.outcome.epoch =
        engine_shared(lone->engine)->routes[0].now.epoch;
    applied(lone, &outcome);
    applied(lone, &verified);
    assert_int_equal(engine_shared(lone->engine)->routes[0].phase, ROUTE_SERVING);
}

static void what_is_served_is_asserted_on_time(void **state)
{
    struct event done = {.kind = EVENT_ACTED};
    struct lone lone;
    int64_t at_ms;
    int i;

    (void)state;
    lone_new(&lone, 9);
    lead_alone(&lone);
    effects_clear(&lone.effects); /* the first call is under way */
    for (i = 0; i < 5; i++) {
        const struct placement *now = &engine_shared(lone.engine)->routes[0].now;

        sleep_until(&lone, lone.now.boot_ms + 13);
        done.acted.epoch = now->epoch;
        done.acted.step = now->step;
        step(&lone, &done);
        at_ms = lone.now.boot_ms;
        assert_int_equal(lone.acts, i);
        sleep_until(&lone, at_ms + 1999);
        assert_int_equal(lone.acts, i);
        sleep_until(&lone, at_ms + 2000);
        assert_int_equal(lone.acts, i + 1);
    }
    lone_free(&lone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_calm_cluster_does_the_same_with_more_ticks),
        cmocka_unit_test(a_dead_site_moves_alike),
        cmocka_unit_test(hung_services_move_alike),
        cmocka_unit_test(an_exclusive_route_waits_no_longer),
        cmocka_unit_test(a_release_is_said_when_the_fence_is_over),
        cmocka_unit_test(silence_is_noticed_to_the_millisecond),
        cmocka_unit_test(a_peer_heard_again_is_noticed_soon),
        cmocka_unit_test(a_confirmation_runs_on_ticks_alone),
        cmocka_unit_test(an_idle_node_ticks_little_and_beats_on_time),
        cmocka_unit_test(beats_come_at_common_moments),
        cmocka_unit_test(it_stands_for_leader_when_its_turn_comes),
        cmocka_unit_test(what_is_served_is_asserted_on_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
