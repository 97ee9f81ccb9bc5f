/* Ways in which a coordinator could go wrong that have a story: what the clock, an
 * operator, a second leader, a new configuration or ten thousand checks can do. */
#include "base/buf.h"
#include "base/mem.h"
#include "cluster.h"
#include "core/failover/rules.h"
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

enum { VOICE = 0, MIRROR = 4, BACKUP = 8 };
#define T0 1790000000000ll
#define WEEK_MS (7ll * 24 * 3600 * 1000)

/* ---- the replicated state by itself ---- */

struct solo {
    struct shared *shared;
    int64_t now_ms;
    char outage[1024]; /* newest line of that category */
};

static void emit(void *context, uint64_t seq, const char *line, size_t len)
{
    struct solo *solo = context;

    (void)seq;
    if (memmem(line, len, "\"category\":\"outage\"", 19) != NULL)
        snprintf(solo->outage, sizeof solo->outage, "%.*s", (int)len, line);
}

static void apply(struct solo *solo, struct entry *entry)
{
    entry->term = 1;
    entry->leader = 8;
    entry->time_ms = solo->now_ms;
    if (entry->config_version == 0 && solo->shared->model != NULL)
        entry->config_version = solo->shared->model->version;
    shared_apply(solo->shared, solo->shared->index + 1, entry, emit, solo);
    entry_free(entry);
}

static void configure(struct solo *solo, const char *yaml)
{
    struct entry e = {.kind = ENTRY_CONFIG};

    e.config.model = world_parse(yaml);
    e.config.yaml = mem_dup(yaml, strlen(yaml));
    e.config.yaml_len = (uint32_t)strlen(yaml);
    apply(solo, &e);
}

static char *version_of(const char *yaml, char version)
{
    char *copy = mem_strdup(yaml);

    strstr(copy, "version: ")[strlen("version: ")] = version;
    return copy;
}

/* Eleven observers say so; `old` of them for a week already. */
static void verdict(struct solo *solo, int check, enum verdict verdict, int old)
{
    struct entry e = {.kind = ENTRY_VERDICT};
    bool down = verdict == VERDICT_DOWN;
    int i;

    e.verdict.check = check;
    e.verdict.verdict = verdict;
    e.verdict.need = 6;
    e.verdict.n_ballots = e.verdict.agree = e.verdict.assigned = 11;
    for (i = 0; i < 11; i++)
        e.verdict.ballots[i] = (struct ballot){.observer = (uint8_t)(i >= check ? i + 1 : i),
                                               .opinion = down ? OPINION_DOWN : OPINION_UP,
                                               .fail_age_ms = !down     ? AGE_NEVER
                                                              : i < old ? WEEK_MS
                                                                        : 300,
                                               .good_age_ms = !down     ? 5000
                                                              : i < old ? WEEK_MS + 100
                                                                        : 400};
    apply(solo, &e);
}

static void outcome(struct solo *solo, enum entry_kind kind, uint32_t epoch, uint32_t step)
{
    struct entry e = {.kind = kind};

    e.outcome.epoch = epoch;
    e.outcome.step = step;
    e.outcome.ok = true;
    apply(solo, &e);
}

static struct entry move(int to, uint32_t epoch, uint16_t rule)
{
    struct entry e = {.kind = ENTRY_INTENT};

    e.intent.from = !to;
    e.intent.to = to;
    e.intent.epoch = epoch;
    e.intent.members = to == 0 ? 15 : 240;
    e.intent.rule = rule;
    return e;
}

static struct solo *solo_new(const char *kind)
{
    struct solo *solo = mem_zalloc(1, sizeof *solo);
    int c;

    solo->shared = shared_new();
    solo->now_ms = T0;
    configure(solo, world_yaml(kind, 0));
    for (c = 0; c < 8; c++)
        verdict(solo, c, VERDICT_UP, 0);
    outcome(solo, ENTRY_OUTCOME, 1, 0);
    outcome(solo, ENTRY_VERIFIED, 1, 0);
    assert_int_equal(solo->shared->routes[0].phase, ROUTE_SERVING);
    return solo;
}

static void solo_free(struct solo *solo)
{
    shared_free(solo->shared);
    mem_free(solo);
}

static void an_outage_begins_with_the_failure_that_was_one_too_many(void **state)
{
    struct solo *solo = solo_new("available");

    (void)state;
    verdict(solo, 0, VERDICT_DOWN, 0); /* two of four are enough: it goes on without */
    verdict(solo, 1, VERDICT_DOWN, 0);
    assert_false(solo->shared->functions[0].down);
    solo->now_ms += WEEK_MS;
    verdict(solo, 2, VERDICT_DOWN, 0);
    assert_true(solo->shared->functions[0].down);
    assert_int_equal(solo->shared->functions[0].start_ms, solo->now_ms - 300);
    assert_int_equal(solo->shared->functions[0].last_good_ms, solo->now_ms - 400);
    solo_free(solo);
}

static void a_dissenter_of_last_week_does_not_make_the_outage_a_week_long(void **state)
{
    struct solo *solo = solo_new("available");

    (void)state;
    solo->now_ms += 1000;
    verdict(solo, 0, VERDICT_DISPUTED, 0);
    solo->now_ms += WEEK_MS;
    verdict(solo, 0, VERDICT_DOWN, 1);
    assert_int_equal(solo->shared->checks[0].fail_since_ms, solo->now_ms - 300);
    /* a majority that failed it all along was right all along */
    verdict(solo, 1, VERDICT_DISPUTED, 0);
    verdict(solo, 1, VERDICT_DOWN, 6);
    assert_int_equal(solo->shared->checks[1].fail_since_ms, solo->now_ms - WEEK_MS);
    solo_free(solo);
}

static void a_move_counts_although_the_clock_stands_still(void **state)
{
    struct solo *solo = solo_new("available");
    struct entry e;
    int round, to;

    (void)state;
    for (round = 0; round < 2; round++) { /* the time of the state is ahead of all clocks */
        to = !solo->shared->routes[0].now.candidate;
        e = move(to, solo->shared->routes[0].now.epoch + 1, 12);
        e.intent.forced = true;
        snprintf(e.who, sizeof e.who, "tanaka");
        apply(solo, &e);
        assert_true(solo->shared->functions[0].down);
        outcome(solo, ENTRY_OUTCOME, solo->shared->routes[0].now.epoch, 0);
        outcome(solo, ENTRY_VERIFIED, solo->shared->routes[0].now.epoch, 0);
        assert_false(solo->shared->functions[0].down);
    }
    solo_free(solo);
}

static void what_a_command_asks_for_happens_once(void **state)
{
    struct solo *solo = solo_new("available");
    struct entry window = {.kind = ENTRY_WINDOW, .id = {{1}}};
    struct entry there = move(1, 2, 16), copy;

    (void)state;
    window.window.end_ms = T0 + 1000;
    copy = window;
    apply(solo, &window);
    apply(solo, &copy);
    assert_int_equal(solo->shared->n_windows, 1);

    there.id.bytes[0] = 2;
    there.intent.planned = true;
    copy = there;
    apply(solo, &there);
    apply(solo, &copy);
    assert_int_equal(shared_command(solo->shared, &copy.id)->result, COMMAND_PENDING);

    copy = move(0, 3, 16);
    copy.id.bytes[0] = 3;
    copy.config_version = 9; /* made under a configuration that is over */
    apply(solo, &copy);
    assert_int_equal(shared_command(solo->shared, &copy.id)->result, COMMAND_REFUSED);
    solo_free(solo);
}

static void readiness_is_looked_at_again_at_commit(void **state)
{
    struct solo *solo = solo_new("available");
    struct entry e;
    int c;

    (void)state;
    for (c = 0; c < 8; c++) /* verdicts that were on their way before the intent */
        verdict(solo, c, VERDICT_DOWN, 0);
    e = move(1, 2, 20);
    apply(solo, &e);
    assert_int_equal(solo->shared->routes[0].now.candidate, 0);
    for (c = 0; c < 8; c++)
        verdict(solo, c, VERDICT_UP, 0);
    e = move(1, 2, 20); /* the active one is back */
    apply(solo, &e);
    assert_int_equal(solo->shared->routes[0].now.candidate, 0);
    e = move(1, 2, 16);
    apply(solo, &e);
    assert_int_equal(solo->shared->routes[0].now.candidate, 1);
    solo_free(solo);
}

static void only_an_act_ends_waiting(void **state)
{
    struct solo *solo = solo_new("exclusive");
    struct entry e = move(1, 2, 12);

    (void)state;
    e.intent.forced = true;
    apply(solo, &e);
    assert_int_equal(solo->shared->routes[0].phase, ROUTE_WAITING);
    e = (struct entry){.kind = ENTRY_REFUSED};
    e.intent.rule = 23;
    e.intent.epoch = 2;
    apply(solo, &e);
    assert_int_equal(solo->shared->routes[0].phase, ROUTE_WAITING);
    outcome(solo, ENTRY_ACT, 2, 0);
    outcome(solo, ENTRY_VERIFIED, 2, 0); /* no actuator has said so */
    assert_int_equal(solo->shared->routes[0].phase, ROUTE_ACTING);
    solo_free(solo);
}

static void a_forced_move_to_a_failed_candidate_is_not_undone(void **state)
{
    struct solo *solo = solo_new("available");
    struct entry e = move(1, 2, 12);
    int c;

    (void)state;
    for (c = MIRROR; c < MIRROR + 4; c++)
        verdict(solo, c, VERDICT_DOWN, 0);
    e.intent.forced = true;
    snprintf(e.who, sizeof e.who, "operator");
    apply(solo, &e);
    assert_int_equal(solo->shared->routes[0].now.candidate, 1);
    assert_true(solo->shared->routes[0].held);
    assert_int_equal(
        rules_match(ROUTE_ACTING, FACT_ACTIVE_FAILED | FACT_OTHER_READY | FACT_HELD)->action,
        ACTION_NONE);
    /* An operator takes it back, and all is as ever. */
    e = move(0, 3, 16);
    snprintf(e.who, sizeof e.who, "operator");
    apply(solo, &e);
    assert_int_equal(solo->shared->routes[0].now.candidate, 0);
    assert_false(solo->shared->routes[0].held);
    solo_free(solo);
}

static char *replaced(const char *yaml, const char *from, const char *to)
{
    struct buf out = {0};
    const char *at;

    for (; (at = strstr(yaml, from)) != NULL; yaml = at + strlen(from)) {
        buf_append(&out, yaml, (size_t)(at - yaml));
        buf_append(&out, to, strlen(to));
    }
    buf_append(&out, yaml, strlen(yaml) + 1);
    return (char *)out.data;
}

static void a_route_that_comes_back_is_above_all_its_epochs(void **state)
{
    struct solo *solo = solo_new("available");
    char *other = replaced(world_yaml("available", 0), "calls", "lines"), *next;
    struct entry e = move(1, 2, 16);
    uint32_t epoch;

    (void)state;
    e.id.bytes[0] = 5;
    apply(solo, &e); /* its actuators have seen epoch 2 */
    epoch = solo->shared->routes[0].now.epoch;
    next = version_of(other, '2');
    configure(solo, next);
    assert_string_equal(solo->shared->model->routes[0].name, "lines");
    assert_int_equal(shared_command(solo->shared, &e.id)->result, COMMAND_REFUSED);
    mem_free(next);
    next = version_of(world_yaml("available", 0), '3');
    configure(solo, next);
    assert_string_equal(solo->shared->model->routes[0].name, "calls");
    assert_true(solo->shared->routes[0].now.epoch > epoch);
    mem_free(next);
    mem_free(other);
    solo_free(solo);
}

static void a_candidate_that_is_gone_may_still_hold_its_grant(void **state)
{
    struct solo *solo = solo_new("exclusive");
    char *other =
        replaced(world_yaml("exclusive", 0), "name: tokyo, servers", "name: kanto, servers");
    char *next = version_of(other, '2');

    (void)state;
    configure(solo, next);
    assert_int_equal(solo->shared->routes[0].now.epoch, 2);
    assert_int_equal(solo->shared->routes[0].phase, ROUTE_WAITING);
    mem_free(next);
    mem_free(other);
    solo_free(solo);
}

static void a_configuration_changes_no_voter_and_places_no_sick_server(void **state)
{
    struct solo *solo = solo_new("available");
    char *voters = replaced(world_yaml("available", 0), ", role: standby", "");
    char *next = version_of(voters, '2');

    (void)state;
    configure(solo, next);
    assert_int_equal(solo->shared->model->version, 1);
    mem_free(next);
    mem_free(voters);
    verdict(solo, 2, VERDICT_DOWN, 0);
    next = version_of(world_yaml("available", 0), '2');
    configure(solo, next);
    assert_int_equal(solo->shared->model->version, 2);
    assert_int_equal(solo->shared->routes[0].now.members, 1 | 2 | 8);
    mem_free(next);
    solo_free(solo);
}

/* ---- twelve nodes ---- */

static struct cluster *calm(const char *kind, uint64_t seed)
{
    struct cluster *c = cluster_new(kind, 0, seed);

    cluster_run(c, 3000);
    assert_int_equal(cluster_shared(c)->routes[0].phase, ROUTE_SERVING);
    return c;
}

static void set(bool *what, int first, bool to)
{
    int i;

    for (i = first; i < first + 4; i++)
        what[i] = to;
}

static void a_clock_that_was_ahead_does_not_stop_failover(void **state)
{
    struct cluster *c = calm("available", 30);

    (void)state;
    c->utc_shift_ms = 3600 * 1000;
    c->dead[MIRROR] = true; /* something is committed at that time */
    cluster_run(c, 1000);
    c->utc_shift_ms = 0;
    set(c->dead, VOICE, true);
    cluster_run(c, 1500);
    assert_int_equal(c->told_candidate, 1);
    cluster_free(c);
}

static void a_clock_that_leaps_does_not_use_up_patience(void **state)
{
    struct cluster *c = cluster_new("available", 3000, 31);

    (void)state;
    cluster_run(c, 3000);
    set(c->dead, VOICE, true);
    cluster_run(c, 1000);
    c->utc_shift_ms = 3600 * 1000;
    cluster_run(c, 1000);
    assert_int_equal(c->told_candidate, 0);
    cluster_run(c, 3000);
    assert_int_equal(c->told_candidate, 1);
    cluster_free(c);
}

static char *three_candidates(void)
{
    char *a = replaced(world_yaml("exclusive", 0), "mirror-4]\n    tcp",
                       "mirror-4, backup-1, backup-2]\n    tcp");
    char *b = replaced(a, "    actuators:\n",
                       "      - {name: ishikari, servers: [backup-1, backup-2], value: b}\n"
                       "    actuators:\n");

    mem_free(a);
    return b;
}

static void force(struct cluster *c, int to, uint8_t id)
{
    struct command command = {.kind = COMMAND_FAILOVER,
                              .id = {{id}},
                              .to = to,
                              .who = "tanaka",
                              .reason = "now",
                              .force = true};

    cluster_command(c, &command);
}

/* The holders of the first epoch are cut off; two moves follow each other at once. */
static void a_move_that_overtakes_another_waits_for_the_first_holders_too(void **state)
{
    char *yaml = three_candidates();
    uint64_t seed;
    int i;

    (void)state;
    for (seed = 40; seed < 50; seed++) {
        struct cluster *c = cluster_of(yaml, seed);
        int64_t took;

        cluster_run(c, 3000);
        assert_int_equal(c->told_candidate, 0);
        set(c->cut, VOICE, true);
        force(c, 1, 1);
        cluster_run(c, 20);
        force(c, 2, 2);
        for (took = 0; took < 5000 && c->told_candidate != 2; took += 5)
            cluster_run(c, 5);
        assert_int_equal(c->told_candidate, 2);
        for (i = VOICE; i < VOICE + 4; i++)
            assert_true(engine_grant(cluster_engine(c, i), 0) <= c->now_ms);
        cluster_free(c);
    }
    mem_free(yaml);
}

/* Voters that started after the holders were gone have never heard them. */
static void a_waiting_route_outlives_the_restart_of_all_voters(void **state)
{
    struct cluster *c = calm("exclusive", 51);
    int i;

    (void)state;
    set(c->cut, VOICE, true);
    force(c, 1, 1);
    for (i = MIRROR; i < CLUSTER_NODES; i++)
        cluster_restart(c, i, 1);
    cluster_reelect(c);
    cluster_run(c, 4000);
    assert_int_equal(c->told_candidate, 1);
    assert_int_equal(cluster_shared(c)->routes[0].phase, ROUTE_SERVING);
    cluster_free(c);
}

static void a_file_with_other_coordinators_is_not_proposed_for_ever(void **state)
{
    struct cluster *c = calm("available", 52);
    uint64_t before;
    int i;

    (void)state;
    cluster_edit(c, "backup-4", "backup-9");
    for (i = 0; i < CLUSTER_NODES; i++)
        cluster_restart(c, i, 2);
    cluster_reelect(c);
    before = cluster_shared(c)->index;
    cluster_run(c, 2000);
    assert_int_equal(cluster_shared(c)->model->version, 1);
    assert_true(cluster_shared(c)->index < before + 50);
    cluster_free(c);
}

static void what_is_known_to_be_down_is_not_confirmed_all_day(void **state)
{
    struct cluster *c = calm("available", 53);
    int before;

    (void)state;
    c->dead[VOICE] = true;
    cluster_run(c, 4000);
    before = c->confirmations;
    assert_true(before > 0);
    cluster_run(c, 5000);
    assert_int_equal(c->confirmations, before);
    c->dead[VOICE] = false; /* but its return is */
    cluster_run(c, 500);
    assert_true(c->confirmations > before);
    cluster_free(c);
}

static void who_forces_a_move_is_not_overruled(void **state)
{
    struct cluster *c = cluster_new("available", 3000, 55);

    (void)state;
    cluster_run(c, 3000);
    set(c->dead, VOICE, true);
    set(c->dead, MIRROR, true);
    cluster_run(c, 10000);
    force(c, 1, 1);
    set(c->dead, VOICE, false);
    cluster_run(c, 10000);
    assert_int_equal(c->told_candidate, 1);
    cluster_free(c);
}

static void a_node_that_stood_still_knows_it_before_its_next_step(void **state)
{
    struct cluster *c = calm("available", 54);
    struct moment thawed = {.boot_ms = c->now_ms + 30000, .utc_ms = 0};

    (void)state;
    assert_true(engine_leads(cluster_engine(c, c->leader)));
    assert_false(cluster_trusts_itself(c, c->leader, thawed));
    cluster_free(c);
}

/* ---- one node, thousands of checks ---- */

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
    with = replaced(yaml, "routes:\n", buf_cstr(&checks));
    buf_printf(&targets, "checks:\n");
    buf_clear(&names);
    buf_printf(&names, "targets:\n%s", buf_cstr(&targets));
    all = replaced(with, "checks:\n", buf_cstr(&names));
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
        cmocka_unit_test(an_outage_begins_with_the_failure_that_was_one_too_many),
        cmocka_unit_test(a_dissenter_of_last_week_does_not_make_the_outage_a_week_long),
        cmocka_unit_test(a_move_counts_although_the_clock_stands_still),
        cmocka_unit_test(what_a_command_asks_for_happens_once),
        cmocka_unit_test(readiness_is_looked_at_again_at_commit),
        cmocka_unit_test(only_an_act_ends_waiting),
        cmocka_unit_test(a_forced_move_to_a_failed_candidate_is_not_undone),
        cmocka_unit_test(a_route_that_comes_back_is_above_all_its_epochs),
        cmocka_unit_test(a_candidate_that_is_gone_may_still_hold_its_grant),
        cmocka_unit_test(a_configuration_changes_no_voter_and_places_no_sick_server),
        cmocka_unit_test(a_clock_that_was_ahead_does_not_stop_failover),
        cmocka_unit_test(a_clock_that_leaps_does_not_use_up_patience),
        cmocka_unit_test(a_move_that_overtakes_another_waits_for_the_first_holders_too),
        cmocka_unit_test(a_waiting_route_outlives_the_restart_of_all_voters),
        cmocka_unit_test(a_file_with_other_coordinators_is_not_proposed_for_ever),
        cmocka_unit_test(what_is_known_to_be_down_is_not_confirmed_all_day),
        cmocka_unit_test(who_forces_a_move_is_not_overruled),
        cmocka_unit_test(a_node_that_stood_still_knows_it_before_its_next_step),
        cmocka_unit_test(every_vote_has_its_turn_whatever_fails),
        cmocka_unit_test(thousands_of_failures_start_few_confirmations),
        cmocka_unit_test(verdicts_by_the_thousand_leave_room_for_an_operator),
        cmocka_unit_test(beats_out_of_a_buffer_are_no_evidence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
