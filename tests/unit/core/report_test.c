/* What a server's software says of itself, through the eyes of its observers; hints; what it is
 * told of leases; the time of all that. */
#include "cluster.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

enum { VOICE = 0, MIRROR = 4, BACKUP = 8, CALLS = 8 }; /* CALLS + i: calls@voice-(i + 1), … */
#define TTL_MS 1000

/* The sample cluster, whose voice servers' software reports too. */
static const char *reporting(const char *interval)
{
    static char yaml[8192];
    const char *plain = world_yaml("available", 0), *routes = strstr(plain, "routes:");
    const char *checks = strstr(plain, "    interval: 100ms");

    snprintf(yaml, sizeof yaml,
             "%.*s    interval: %s\n    timeout: 300ms\n    process: {unit: voice.service}\n"
             "  - {name: calls, report: {ttl: 1s}, targets: [voice-1, voice-2, voice-3, voice-4]}\n"
             "%s",
             (int)(checks - plain), plain, interval, routes);
    return yaml;
}

static void say(struct cluster *c, int server, bool failing)
{
    struct event event = {.kind = EVENT_REPORT,
                          .report = {.check = CALLS + server, .failing = failing, .text = "test"}};

    cluster_step(c, server, &event);
}

/* `ok` and `failing`: bits of servers whose software says so every 300 ms. */
static void run(struct cluster *c, int64_t ms, unsigned ok, unsigned failing)
{
    for (; ms > 0; ms -= 300) {
        for (int i = VOICE; i < MIRROR; i++)
            if ((ok | failing) & 1u << i)
                say(c, i, failing >> i & 1);
        cluster_run(c, ms < 300 ? ms : 300);
    }
}

static enum verdict verdict(const struct cluster *c, int check)
{
    return cluster_shared(c)->checks[check].verdict;
}

static struct cluster *calm(void)
{
    struct cluster *c = cluster_of(reporting("100ms"), 1);

    run(c, 3000, 0xf, 0);
    for (int i = VOICE; i < MIRROR; i++)
        assert_int_equal(verdict(c, CALLS + i), VERDICT_UP);
    assert_int_equal(c->disputed, 0);
    return c;
}

static const struct ballot *newest(const struct cluster *c, int check, int *n)
{
    static struct ballot ballots[LIMIT_SERVERS];

    *n = engine_ballots(cluster_engine(c, c->leader), cluster_now(c), check, ballots);
    return ballots;
}

static void assert_all_say(const struct cluster *c, int check, enum reason reason)
{
    int n;
    const struct ballot *ballots = newest(c, check, &n);

    assert_int_equal(n, CLUSTER_NODES - 1); /* the target is no observer of itself */
    for (int i = 0; i < n; i++) {
        assert_int_equal(ballots[i].opinion, OPINION_DOWN);
        assert_int_equal(ballots[i].reason, reason);
    }
}

static void nothing_said_yet_is_unknown(void **state)
{
    struct cluster *c = cluster_of(reporting("100ms"), 1);

    (void)state;
    cluster_run(c, 10000);
    for (int i = VOICE; i < MIRROR; i++)
        assert_int_equal(verdict(c, CALLS + i), VERDICT_UNKNOWN);
    assert_int_equal(c->moves, 0);
    cluster_free(c);
}

static void a_failing_word_is_evidence_at_once(void **state)
{
    struct cluster *c = calm();

    (void)state;
    for (int beats = c->beats[0]; c->beats[0] == beats;)
        cluster_run(c, 5);
    say(c, 0, true);
    cluster_run(c, 40);
    assert_int_equal(verdict(c, CALLS), VERDICT_DOWN);
    assert_all_say(c, CALLS, REASON_REPORTED);
    assert_int_equal(verdict(c, 0), VERDICT_UP); /* what is probed is well */
    run(c, 600, 0xf, 0);
    assert_int_equal(verdict(c, CALLS), VERDICT_UP);
    assert_int_equal(c->moves, 0);
    cluster_free(c);
}

static void enough_of_them_move_the_route(void **state)
{
    struct cluster *c = calm();

    (void)state;
    run(c, 600, 0x1, 0xe);
    assert_int_equal(c->moves, 1);
    assert_int_equal(c->told_candidate, 1);
    cluster_free(c);
}

static void a_word_that_is_not_renewed_expires(void **state)
{
    struct cluster *c = calm();

    (void)state;
    run(c, TTL_MS - 400, 0xe, 0); /* it said ok up to 300 ms before */
    assert_int_equal(verdict(c, CALLS), VERDICT_UP);
    run(c, 600, 0xe, 0);
    assert_int_equal(verdict(c, CALLS), VERDICT_DOWN);
    assert_all_say(c, CALLS, REASON_EXPIRED);
    assert_int_equal(c->moves, 0);
    cluster_free(c);
}

/* A restart within the ttl is nothing; a coordinator that stays away makes the word missing. */
static void a_coordinator_that_is_gone_takes_its_words_along(void **state)
{
    struct cluster *c = calm();

    (void)state;
    c->stopped[0] = true;
    run(c, 500, 0xe, 0);
    c->stopped[0] = false;
    cluster_restart(c, 0, 1);
    run(c, 3000, 0xf, 0);
    assert_int_equal(verdict(c, CALLS), VERDICT_UP);
    c->verdicts = 0;
    c->stopped[0] = true;
    run(c, 800, 0xe, 0);
    assert_int_equal(c->verdicts, 0);
    run(c, 2000, 0xe, 0);
    assert_int_equal(verdict(c, CALLS), VERDICT_DOWN);
    assert_all_say(c, CALLS, REASON_TIMEOUT);
    assert_int_equal(verdict(c, 0), VERDICT_UP);
    assert_int_equal(c->moves, 0);
    cluster_free(c);
}

/* After a restart of its coordinator the software is as mute as before: that is not unknown. */
static void a_restart_does_not_renew_a_word(void **state)
{
    struct cluster *c = calm();

    (void)state;
    c->stopped[0] = true;
    run(c, 300, 0xe, 0);
    c->stopped[0] = false;
    cluster_restart(c, 0, 1);
    run(c, 2500, 0xe, 0);
    assert_int_equal(verdict(c, CALLS), VERDICT_DOWN);
    cluster_free(c);
}

static void an_observer_that_hears_nothing_does_not_vouch(void **state)
{
    struct cluster *c = calm();
    struct ballot ballots[LIMIT_SERVERS];
    int n;

    (void)state;
    c->cut[BACKUP + 1] = true;
    run(c, 600, 0xf, 0);
    n = engine_ballots(cluster_engine(c, BACKUP + 1), cluster_now(c), CALLS, ballots);
    for (int i = 0; i < n; i++)
        if (ballots[i].observer == BACKUP + 1)
            assert_int_equal(ballots[i].opinion, OPINION_NONE);
    run(c, 3000, 0xf, 0);
    assert_int_equal(verdict(c, CALLS), VERDICT_UP);
    c->cut[BACKUP + 1] = false;
    run(c, 3000, 0xf, 0);
    assert_int_equal(c->disputed, 0);
    cluster_free(c);
}

static void words_about_others_are_ignored(void **state)
{
    struct cluster *c = calm();
    struct event event = {.kind = EVENT_REPORT, .report = {.check = CALLS + 1, .failing = true}};

    (void)state;
    cluster_step(c, 0, &event); /* of another server */
    event.report.check = 0;     /* that is probed */
    cluster_step(c, 0, &event);
    event.report.check = LIMIT_CHECKS;
    cluster_step(c, 0, &event);
    run(c, 600, 0xf, 0);
    assert_int_equal(verdict(c, CALLS + 1), VERDICT_UP);
    assert_int_equal(verdict(c, 0), VERDICT_UP);
    cluster_free(c);
}

/* ---- hints ---- */

static struct cluster *seldom(void)
{
    struct cluster *c = cluster_of(reporting("15s"), 1);

    run(c, 36000, 0xf, 0); /* between two probes */
    assert_int_equal(verdict(c, 0), VERDICT_UP);
    c->confirmations = 0;
    return c;
}

static void hint(struct cluster *c, int node, int check)
{
    struct event event = {.kind = EVENT_HINT, .hint.check = check};

    cluster_step(c, node, &event);
}

static void a_hint_finds_a_dead_process_at_once(void **state)
{
    struct cluster *c = seldom();

    (void)state;
    for (int beats = c->beats[0]; c->beats[0] == beats;)
        cluster_run(c, 5); /* the next would come a beat later */
    c->dead[0] = true;
    hint(c, 0, 0);
    cluster_run(c, 30);
    assert_int_equal(verdict(c, 0), VERDICT_DOWN);
    cluster_free(c);
}

static void a_hint_is_no_evidence_and_is_not_repeated(void **state)
{
    struct cluster *c = seldom();

    (void)state;
    c->verdicts = 0;
    for (int i = 0; i < 20; i++) {
        hint(c, 0, 0);
        run(c, 30, 0xf, 0);
    }
    run(c, 3000, 0xf, 0);
    assert_int_equal(c->verdicts, 0);
    assert_in_range(c->confirmations, 11, 3 * 11);
    assert_int_equal(verdict(c, 0), VERDICT_UP);
    cluster_free(c);
}

static void an_observer_s_own_hint_looks_for_itself(void **state)
{
    struct cluster *c = seldom();

    (void)state;
    for (int i = 0; i < 30; i++) {
        hint(c, BACKUP, 0);
        cluster_run(c, 30);
    }
    assert_in_range(c->confirmations, 1, 3);
    hint(c, BACKUP, -1);
    hint(c, BACKUP, LIMIT_CHECKS);
    cluster_free(c);
}

/* It lingered for longer than the hint's few probes: the first that finds out calls the rest. */
static void a_hint_that_found_nothing_keeps_no_look_back(void **state)
{
    struct event found = {.kind = EVENT_PROBE, .probe = {0, REASON_REFUSED, 0, 1}};
    struct cluster *c = seldom();

    (void)state;
    hint(c, 0, 0);
    run(c, 700, 0xf, 0);
    c->dead[0] = true;
    found.probe.began_ms = c->now_ms;
    cluster_step(c, BACKUP, &found);
    run(c, 100, 0xf, 0);
    assert_int_equal(verdict(c, 0), VERDICT_DOWN);
    cluster_free(c);
}

/* No answer is evidence only when it repeats, and takes its time. */
static void a_hint_finds_a_hung_process(void **state)
{
    struct cluster *c = seldom();
    int64_t began;

    (void)state;
    c->loss_percent = 20;
    c->hung[0] = true;
    hint(c, 0, 0);
    for (began = c->now_ms; verdict(c, 0) != VERDICT_DOWN && c->now_ms - began < 30000;)
        run(c, 100, 0xf, 0);
    assert_in_range(c->now_ms - began, 1, 1200);
    cluster_free(c);
}

/* ---- leases ---- */

/* How long an operator's move of an exclusive route waits for the old holder. */
static int64_t move_ms(bool lend)
{
    struct cluster *c = cluster_of(world_yaml("exclusive", 0), 1);
    struct command command = {.kind = COMMAND_SWITCHOVER, .id = {{1}}, .to = 1, .reason = "test"};
    struct lease lease = {0};
    int64_t took = 0;

    cluster_run(c, 3000);
    if (lend)
        for (int i = VOICE; i < MIRROR; i++) {
            lease = cluster_lend(c, i, 0);
            assert_int_equal(lease.epoch, 1);
            assert_in_range(lease.until_ms, c->now_ms + 1, c->now_ms + 500);
        }
    assert_int_equal(cluster_lend(c, MIRROR, 0).until_ms, 0);
    cluster_command(c, &command);
    for (; c->told_candidate == 0 && took < 3000; took += 5)
        cluster_run(c, 5);
    if (lend)
        assert_true(c->now_ms >= lease.until_ms);
    assert_int_equal(cluster_lend(c, VOICE, 0).until_ms, 0);
    cluster_run(c, 1000);
    assert_true(cluster_lend(c, MIRROR, 0).until_ms > c->now_ms);
    assert_int_equal(cluster_lend(c, MIRROR, 0).epoch, 2);
    cluster_free(c);
    return took;
}

static void what_was_lent_is_waited_for(void **state)
{
    (void)state;
    assert_in_range(move_ms(false), 0, 200);
    assert_in_range(move_ms(true), 300, 800);
}

static void who_is_alone_lends_nothing(void **state)
{
    struct cluster *c = calm();

    (void)state;
    assert_in_range(cluster_lend(c, VOICE, 0).until_ms, c->now_ms + 1, c->now_ms + 500);
    assert_int_equal(cluster_lend(c, MIRROR, 0).until_ms, 0);
    c->cut[VOICE] = true;
    run(c, 1500, 0xe, 0);
    assert_int_equal(cluster_lend(c, VOICE, 0).until_ms, 0);
    cluster_free(c);
}

/* ---- the ledger's time ---- */

static void a_fast_clock_does_not_make_durations_collapse(void **state)
{
    struct cluster *c = calm();
    int64_t fast_ms, then_ms;

    (void)state;
    c->utc_shift_ms = 3600000;
    c->dead[0] = true;
    run(c, 600, 0xf, 0);
    fast_ms = cluster_shared(c)->time_ms;
    c->utc_shift_ms = 0; /* the true time again, an hour before */
    run(c, 60000, 0xf, 0);
    c->dead[0] = false;
    run(c, 1000, 0xf, 0);
    then_ms = cluster_shared(c)->time_ms;
    assert_in_range(then_ms - fast_ms, 55000, 62000);
    cluster_free(c);
}

/* ---- a node that doubts itself ---- */

/* One engine alone, stepped by hand. */
static struct engine *alone(struct moment now)
{
    const char *yaml = world_yaml("available", 0);
    struct engine_options options = {.boot = 1,
                                     .shared = shared_new(),
                                     .model = world_parse(yaml),
                                     .yaml = (const uint8_t *)yaml,
                                     .yaml_len = (uint32_t)strlen(yaml),
                                     .now = now};

    return engine_new(&options);
}

/* How many lines of that kind the step says. */
static int tick(struct engine *engine, struct moment now, const char *what)
{
    struct event event = {.kind = EVENT_TICK, .now = now};
    struct effects effects = {0};
    int n = 0;

    engine_step(engine, &event, &effects);
    for (int i = 0; i < effects.n; i++)
        n += effects.items[i].kind == EFFECT_LOG && strcmp(effects.items[i].log.event, what) == 0;
    effects_free(&effects);
    return n;
}

static void a_stall_and_a_step_of_the_clock_are_said(void **state)
{
    struct moment now = {.boot_ms = 5000, .utc_ms = 1790000000000};
    struct engine *engine = alone(now);
    int stalls = 0, steps = 0;

    (void)state;
    for (int i = 0; i < 100; i++) {
        now.boot_ms += 50;
        now.utc_ms += 50 + i % 3; /* slewed: no step */
        stalls += tick(engine, now, "stalled");
        steps += tick(engine, now, "clock");
    }
    assert_true(stalls == 0 && steps == 0);
    now.boot_ms += 3000; /* stopped, and the clock with it */
    now.utc_ms += 3000;
    assert_int_equal(tick(engine, now, "stalled"), 1);
    now.utc_ms -= 3600000;
    assert_int_equal(tick(engine, now, "clock"), 1);
    assert_int_equal(tick(engine, now, "clock"), 0);
    engine_free(engine);
}

/* As often as a stall comes: it lasts so long after the newest, and no longer. */
static void abstaining_ends(void **state)
{
    struct cluster *c = calm();
    struct moment now;

    (void)state;
    for (int i = 0; i < 3; i++) {
        c->stopped[BACKUP + 1] = true;
        run(c, 900, 0xf, 0);
        c->stopped[BACKUP + 1] = false;
        run(c, 5, 0xf, 0);
        assert_false(cluster_trusts_itself(c, BACKUP + 1, cluster_now(c)));
        run(c, 5, 0xf, 0);
        now = cluster_now(c);
        assert_true(engine_peer(cluster_engine(c, BACKUP), now, BACKUP + 1).abstain);
    }
    run(c, 500, 0xf, 0); /* the silence that others are allowed, and a beat */
    assert_true(cluster_trusts_itself(c, BACKUP + 1, cluster_now(c)));
    run(c, 100, 0xf, 0);
    assert_false(engine_peer(cluster_engine(c, BACKUP), cluster_now(c), BACKUP + 1).abstain);
    assert_int_equal(c->moves, 0);
    cluster_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_said_yet_is_unknown),
        cmocka_unit_test(a_failing_word_is_evidence_at_once),
        cmocka_unit_test(enough_of_them_move_the_route),
        cmocka_unit_test(a_word_that_is_not_renewed_expires),
        cmocka_unit_test(a_coordinator_that_is_gone_takes_its_words_along),
        cmocka_unit_test(a_restart_does_not_renew_a_word),
        cmocka_unit_test(an_observer_that_hears_nothing_does_not_vouch),
        cmocka_unit_test(words_about_others_are_ignored),
        cmocka_unit_test(a_hint_finds_a_dead_process_at_once),
        cmocka_unit_test(a_hint_is_no_evidence_and_is_not_repeated),
        cmocka_unit_test(an_observer_s_own_hint_looks_for_itself),
        cmocka_unit_test(what_was_lent_is_waited_for),
        cmocka_unit_test(who_is_alone_lends_nothing),
        cmocka_unit_test(a_stall_and_a_step_of_the_clock_are_said),
        cmocka_unit_test(abstaining_ends),
        cmocka_unit_test(a_fast_clock_does_not_make_durations_collapse),
        cmocka_unit_test(a_hint_that_found_nothing_keeps_no_look_back),
        cmocka_unit_test(a_hint_finds_a_hung_process),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
