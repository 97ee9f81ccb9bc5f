/* May a call still take effect? What the others' beats have to say before it may. */
#include "cluster.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

enum { STANDBY = 3, LEADER = 8, VOTERS = 11, BEAT_MS = 100 };

static int setup(void **state)
{
    struct cluster *c = cluster_new("available", 0, 1);

    cluster_run(c, 3000);
    assert_int_equal(c->leader, LEADER);
    *state = c;
    return 0;
}

static int teardown(void **state)
{
    cluster_free(*state);
    return 0;
}

static const struct placement *placed(const struct cluster *c)
{
    return &engine_shared(cluster_engine(c, LEADER))->routes[0].now;
}

static int may(const struct cluster *c, int64_t since_ms)
{
    return engine_may_act(cluster_engine(c, LEADER), cluster_now(c), 0, placed(c)->epoch,
                          placed(c)->step, since_ms);
}

/* As a call does that waits: it asks, and asks again. Returns what it is told in the end. */
static int wait_for(struct cluster *c, int64_t since_ms, int ms)
{
    int64_t until_ms = c->now_ms + ms;

    while (may(c, since_ms) == 0 && c->now_ms < until_ms) {
        struct event event = {.kind = EVENT_RECHECK, .recheck.since_ms = since_ms};

        cluster_step(c, LEADER, &event);
        cluster_run(c, 5);
    }
    return may(c, since_ms);
}

static void cut_voters(struct cluster *c, int n)
{
    for (int i = 0; i < CLUSTER_NODES && n > 0; i++)
        if (i != STANDBY && i != LEADER) {
            c->cut[i] = true;
            n--;
        }
}

/* A beat of `from` that says this term and echoes the newest of the leader. */
static void beat_of(struct cluster *c, int from, uint64_t term)
{
    static struct beat beat;
    struct event event = {.kind = EVENT_BEAT, .beat = &beat};

    engine_beat((struct engine *)cluster_engine(c, from), cluster_now(c), &beat);
    beat.from = from;
    beat.term = term;
    cluster_step(c, LEADER, &event);
}

static void old_echoes_do_not_count(void **state)
{
    struct cluster *c = *state;
    int64_t since_ms = c->now_ms;

    assert_true(may(c, since_ms - 3 * BEAT_MS) > 0);
    assert_int_equal(may(c, since_ms), 0);
    assert_int_equal(may(c, since_ms - 1), 0);
    /* Ordinary beats tell in the end, when nobody asks. */
    cluster_run(c, 3 * BEAT_MS);
    assert_true(may(c, since_ms) > 0);
    /* An actuator that compares by itself needs no echo. */
    assert_true(may(c, ENGINE_NO_TOKEN) > 0);
}

/* A beat of the ms in which the token was taken may have been sent before it. */
static void the_same_moment_is_too_early(void **state)
{
    struct cluster *c = *state;
    struct event ask = {.kind = EVENT_RECHECK, .recheck.since_ms = c->now_ms - 1};
    int64_t sent_ms = c->now_ms;
    int beats = c->beats[LEADER];

    cluster_step(c, LEADER, &ask);
    assert_int_equal(c->beats[LEADER], beats + 1);
    assert_true(may(c, sent_ms - 1) > 0);
    assert_int_equal(may(c, sent_ms), 0);
}

static void who_is_asked_answers_at_once(void **state)
{
    struct cluster *c = *state;

    for (int i = 0; i < 20; i++) {
        int beats[CLUSTER_NODES];
        int64_t since_ms;

        cluster_run(c, 35);
        since_ms = c->now_ms;
        for (int n = 0; n < CLUSTER_NODES; n++)
            beats[n] = c->beats[n];
        assert_true(wait_for(c, since_ms, 10) > 0);
        for (int n = 0; n < CLUSTER_NODES; n++)
            if (n != STANDBY)
                assert_true(c->beats[n] > beats[n]);
    }
}

/* However often somebody asks. */
static void never_in_a_burst(void **state)
{
    struct cluster *c = *state;
    int beats[CLUSTER_NODES];

    for (int n = 0; n < CLUSTER_NODES; n++)
        beats[n] = c->beats[n];
    for (int i = 0; i < 200; i++) {
        struct event event = {.kind = EVENT_RECHECK, .recheck.since_ms = c->now_ms};

        cluster_step(c, LEADER, &event);
        cluster_run(c, 5);
    }
    for (int n = 0; n < CLUSTER_NODES; n++)
        if (n != STANDBY)
            assert_in_range(c->beats[n] - beats[n], 40, 1000 / BEAT_MS + 1000 / (BEAT_MS / 8));
    assert_in_range(c->beats[STANDBY] - beats[STANDBY], 9, 30);
}

static void a_majority_is_needed(void **state)
{
    struct cluster *c = *state;

    cut_voters(c, VOTERS / 2); /* five others and this node are left */
    assert_true(wait_for(c, c->now_ms, 10) > 0);
    cut_voters(c, VOTERS / 2 + 1);
    assert_int_equal(wait_for(c, c->now_ms, BEAT_MS), 0);
    /* Until it sees itself that they are gone. */
    assert_true(wait_for(c, c->now_ms, 1000) < 0);
}

/* They hear its beats and answer, but are in another term than this node. */
static void other_terms_do_not_count(void **state)
{
    struct cluster *c = *state;
    struct event raft = {.kind = EVENT_RAFT,
                         .raft = {.role = RAFT_ROLE_LEADER, .term = 2, .leader = LEADER}};

    c->term = 2;
    cluster_step(c, LEADER, &raft);
    assert_true(engine_leads(cluster_engine(c, LEADER)));
    assert_int_equal(wait_for(c, c->now_ms, 2 * BEAT_MS), 0);
    for (int i = 0, n = 1; i < CLUSTER_NODES; i++)
        if (i != STANDBY && i != LEADER) {
            beat_of(c, i, 2);
            assert_int_equal(may(c, c->now_ms - BEAT_MS) > 0, ++n > VOTERS / 2);
        }
    c->leader = 0;
}

static void a_higher_term_forbids(void **state)
{
    struct cluster *c = *state;

    assert_true(wait_for(c, c->now_ms, 10) > 0);
    beat_of(c, STANDBY, 2);
    assert_true(may(c, c->now_ms - 10) < 0);
    assert_true(may(c, ENGINE_NO_TOKEN) < 0);
}

static void only_for_the_placement(void **state)
{
    struct cluster *c = *state;
    const struct engine *engine = cluster_engine(c, LEADER);
    uint32_t epoch = placed(c)->epoch, step = placed(c)->step;
    int64_t since_ms = c->now_ms - 3 * BEAT_MS;

    assert_true(engine_may_act(engine, cluster_now(c), 0, epoch, step, since_ms) > 0);
    assert_true(engine_may_act(engine, cluster_now(c), 0, epoch + 1, step, since_ms) < 0);
    assert_true(engine_may_act(engine, cluster_now(c), 0, epoch, step + 1, since_ms) < 0);
    assert_true(engine_may_act(engine, cluster_now(c), 1, epoch, step, since_ms) < 0);
    assert_true(engine_may_act(engine, cluster_now(c), 0, epoch, step + 1, ENGINE_NO_TOKEN) < 0);
    engine = cluster_engine(c, 0);
    assert_true(engine_may_act(engine, cluster_now(c), 0, epoch, step, since_ms) < 0);
}

static void not_when_it_stood_still(void **state)
{
    struct cluster *c = *state;
    int64_t since_ms = c->now_ms - 3 * BEAT_MS;

    assert_true(may(c, since_ms) > 0);
    c->now_ms += 2 * BEAT_MS;
    assert_true(may(c, since_ms) < 0);
    assert_true(may(c, ENGINE_NO_TOKEN) < 0);
}

/* A lost question is asked again long before the next beat is due. */
static void asks_again_when_nobody_answers(void **state)
{
    struct cluster *c = *state;
    int64_t since_ms = c->now_ms;

    c->loss_percent = 100;
    assert_int_equal(wait_for(c, since_ms, 15), 0);
    c->loss_percent = 0;
    assert_true(wait_for(c, since_ms, BEAT_MS / 4 + 10) > 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(old_echoes_do_not_count),      TEST(the_same_moment_is_too_early),
        TEST(who_is_asked_answers_at_once), TEST(never_in_a_burst),
        TEST(a_majority_is_needed),         TEST(other_terms_do_not_count),
        TEST(a_higher_term_forbids),        TEST(only_for_the_placement),
        TEST(not_when_it_stood_still),      TEST(asks_again_when_nobody_answers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
