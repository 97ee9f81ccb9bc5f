/* One node, thousands of checks. */
#include "base/buf.h"
#include "base/mem.h"
#include "cluster.h"
#include "wire/codec.h"
#include "wire/config.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define T0 1790000000000ll

enum { TARGETS = 40, TEMPLATES = 60, MANY = TARGETS * TEMPLATES };

static char *many_checks(void)
{
    struct buf targets = {0}, names = {0}, checks = {0};
    char *yaml = mem_strdup(world_yaml("available", 0)), *with, *all;
    int i;

    for (i = 0; i < TARGETS; i++) {
        buf_printf(&targets, "  - {name: web-%d, site: tokyo, host: 10.1.0.%d}\n", i, i + 1);
        buf_printf(&names, "%sweb-%d", i > 0 ? ", " : "", i);
    }
    for (i = 0; i < TEMPLATES; i++)
        buf_printf(&checks, "  - {name: c%d, targets: [%s], tcp: {port: %d}}\n", i,
                   buf_cstr(&names), 1000 + i);
    buf_printf(&checks, "routes:\n");
    with = world_replaced(yaml, "routes:\n", buf_cstr(&checks));
    buf_printf(&targets, "checks:\n");
    buf_clear(&names);
    buf_printf(&names, "targets:\n%s", buf_cstr(&targets));
    all = world_replaced(with, "checks:\n", buf_cstr(&names));
    buf_free(&targets);
    buf_free(&names);
    buf_free(&checks);
    mem_free(yaml);
    mem_free(with);
    return all;
}

struct lone {
    struct engine *engine;
    struct effects effects;
    struct moment now;
    uint64_t index, number;
    char *yaml;
};

static void stepped(struct lone *lone, struct event *event)
{
    event->now = lone->now;
    engine_step(lone->engine, event, &lone->effects);
}

/* Commits what node 8 proposes of this kind, as often as it does; returns how much it
 * proposed of all kinds. */
static int commit(struct lone *lone, enum entry_kind kind)
{
    int i, n = 0;

    for (i = 0; i < lone->effects.n; i++) {
        struct effect effect = lone->effects.items[i];
        struct event done = {.kind = EVENT_PROPOSED};

        if (effect.kind != EFFECT_PROPOSE)
            continue;
        n++;
        if (effect.propose.entry.kind != kind)
            continue;
        lone->effects.items[i].kind = EFFECT_BEAT; /* taken */
        if (kind == ENTRY_CONFIG)
            effect.propose.entry.config.model = world_parse(lone->yaml);
        engine_apply(lone->engine, lone->now, ++lone->index, &effect.propose.entry, NULL, NULL,
                     &lone->effects);
        entry_free(&effect.propose.entry);
        done.proposed.proposal = effect.propose.number;
        stepped(lone, &done);
    }
    return n;
}

static void lone_new(struct lone *lone)
{
    struct event leads = {.kind = EVENT_RAFT};
    struct engine_options options = {.self = 8, .boot = 1, .shared = shared_new()};

    *lone = (struct lone){.now = {.boot_ms = 1000, .utc_ms = T0}, .yaml = many_checks()};
    options.model = world_parse(lone->yaml);
    options.yaml = (const uint8_t *)lone->yaml;
    options.yaml_len = (uint32_t)strlen(lone->yaml);
    options.now = lone->now;
    lone->engine = engine_new(&options);
    leads.raft.role = RAFT_ROLE_LEADER;
    leads.raft.term = 1;
    leads.raft.leader = 8;
    stepped(lone, &leads);
    commit(lone, ENTRY_LEADER);
    commit(lone, ENTRY_CONFIG);
    assert_true(engine_leads(lone->engine));
    assert_int_equal(engine_model(lone->engine)->n_checks, MANY + 8);
}

static void lone_free(struct lone *lone)
{
    effects_free(&lone->effects);
    engine_free(lone->engine);
    mem_free(lone->yaml);
}

static void probed(struct lone *lone, int check, enum reason reason)
{
    struct event event = {.kind = EVENT_PROBE};

    event.probe.check = check;
    event.probe.reason = reason;
    event.probe.began_ms = lone->now.boot_ms - 1;
    stepped(lone, &event);
}

static void all_probed(struct lone *lone, enum reason reason)
{
    int c;

    for (c = 0; c < MANY + 8; c++)
        probed(lone, c, reason);
}

static void every_vote_has_its_turn_whatever_fails(void **state)
{
    struct lone lone;
    struct beat *beat = mem_zalloc(1, sizeof *beat);
    bool *told = mem_zalloc(MANY + 8, sizeof *told);
    int i, c, beats, missing = MANY + 8;

    (void)state;
    lone_new(&lone);
    all_probed(&lone, REASON_OK);
    for (c = 0; c < MANY + 8; c += 2)
        probed(&lone, c, REASON_REFUSED);
    for (c = 0; c < MANY + 8; c++) {
        told[c] = !(engine_cover(lone.engine, lone.now, c).assigned & server_bit(8));
        missing -= told[c];
    }
    assert_in_range(missing, 500, MANY);
    for (beats = 0; beats < 400 && missing > 0; beats++) {
        lone.now.boot_ms += 100;
        engine_beat(lone.engine, lone.now, beat);
        for (i = 0; i < beat->n_votes; i++) {
            missing -= !told[beat->votes[i].check];
            told[beat->votes[i].check] = true;
        }
        for (c = 0, i = 0; i < beat->n_votes; i++)
            c += beat->votes[i].check < 8;
        assert_int_equal(c, 8); /* what the route hangs on is in every beat */
    }
    assert_int_equal(missing, 0);
    mem_free(told);
    mem_free(beat);
    lone_free(&lone);
}

static void thousands_of_failures_start_few_confirmations(void **state)
{
    struct lone lone;
    struct event tick = {.kind = EVENT_TICK};
    int i, t, probes = 0;

    (void)state;
    lone_new(&lone);
    all_probed(&lone, REASON_OK);
    effects_clear(&lone.effects);
    all_probed(&lone, REASON_REFUSED);
    for (t = 0; t < 1000; t += 25) {
        lone.now.boot_ms += 25;
        stepped(&lone, &tick);
    }
    for (i = 0; i < lone.effects.n; i++)
        probes += lone.effects.items[i].kind == EFFECT_PROBE;
    assert_in_range(probes, 10, 1000);
    lone_free(&lone);
}

/* The word of another node on every check, as its beats would bring it. `echo`: the newest
 * beat of ours that it had; 0: the newest. */
static void say(struct lone *lone, int from, uint8_t opinion, uint64_t echo)
{
    struct event event = {.kind = EVENT_BEAT};
    struct beat *ours = mem_zalloc(1, sizeof *ours), *beat = mem_zalloc(1, sizeof *beat);
    int c = 0;

    engine_beat(lone->engine, lone->now, ours);
    while (c < MANY + 8) {
        *beat = (struct beat){.boot = 7,
                              .number = ++lone->number,
                              .from = from,
                              .term = 1,
                              .config_version = 1,
                              .heard = 4095,
                              .n_echoes = CLUSTER_NODES};
        beat->echoes[8] =
            (struct echo){.known = true, .boot = 1, .number = echo != 0 ? echo : ours->number};
        for (; c < MANY + 8 && beat->n_votes < LIMIT_BEAT_VOTES; c++)
            beat->votes[beat->n_votes++] =
                (struct vote){.check = (uint16_t)c,
                              .opinion = opinion,
                              .reason = opinion == OPINION_DOWN ? REASON_REFUSED : REASON_OK,
                              .age_ms = 5,
                              .fail_age_ms = opinion == OPINION_DOWN ? 10 : AGE_NEVER,
                              .good_age_ms = opinion == OPINION_DOWN ? 110 : 5};
        event.beat = beat;
        stepped(lone, &event);
    }
    mem_free(ours);
    mem_free(beat);
}

static void verdicts_by_the_thousand_leave_room_for_an_operator(void **state)
{
    struct lone lone;
    struct event asks = {.kind = EVENT_COMMAND};
    struct command command = {.kind = COMMAND_FAILOVER,
                              .id = {{1}},
                              .to = 1,
                              .who = "tanaka",
                              .reason = "now",
                              .force = true};
    struct event tick = {.kind = EVENT_TICK};
    int i, intents = 0, verdicts = 0;

    (void)state;
    lone_new(&lone);
    for (i = 0; i < CLUSTER_NODES; i++)
        if (i != 8)
            say(&lone, i, OPINION_DOWN, 0);
    stepped(&lone, &tick);
    stepped(&lone, &tick);
    asks.command = &command;
    stepped(&lone, &asks);
    for (i = 0; i < lone.effects.n; i++) {
        const struct effect *effect = &lone.effects.items[i];

        verdicts += effect->kind == EFFECT_PROPOSE && effect->propose.entry.kind == ENTRY_VERDICT;
        intents += effect->kind == EFFECT_PROPOSE && effect->propose.entry.kind == ENTRY_INTENT;
    }
    assert_in_range(verdicts, 100, MANY / 2); /* more are to come */
    assert_int_equal(intents, 1);
    lone_free(&lone);
}

static void beats_out_of_a_buffer_are_no_evidence(void **state)
{
    struct lone lone;
    struct event tick = {.kind = EVENT_TICK};
    struct beat *beat = mem_zalloc(1, sizeof *beat);
    int i;

    (void)state;
    lone_new(&lone);
    engine_beat(lone.engine, lone.now, beat);
    for (i = 0; i < 30; i++) { /* three seconds on, its beats still echo the first of ours */
        lone.now.boot_ms += 100;
        stepped(&lone, &tick);
        engine_beat(lone.engine, lone.now, beat);
    }
    for (i = 0; i < CLUSTER_NODES; i++)
        if (i != 8)
            say(&lone, i, OPINION_DOWN, 1);
    stepped(&lone, &tick);
    assert_int_equal(commit(&lone, ENTRY_VERDICT), 0);
    for (i = 0; i < CLUSTER_NODES; i++)
        if (i != 8)
            say(&lone, i, OPINION_DOWN, 0);
    assert_true(commit(&lone, ENTRY_VERDICT) > 0);
    mem_free(beat);
    lone_free(&lone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_vote_has_its_turn_whatever_fails),
        cmocka_unit_test(thousands_of_failures_start_few_confirmations),
        cmocka_unit_test(verdicts_by_the_thousand_leave_room_for_an_operator),
        cmocka_unit_test(beats_out_of_a_buffer_are_no_evidence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
