/* A node's word on an exclusive route, and what it waits for: its own disk, its own
 * membership, its fence. And a proposal that is refused at once. */
#include "cluster.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

enum { MIRROR = 4, BACKUP = 8, VOTER = BACKUP + 1 };

static struct moment now(const struct cluster *c)
{
    return (struct moment){.boot_ms = c->now_ms, .utc_ms = 1790000000000ll + c->now_ms};
}

/* Route 0 is served by candidate 1 under epoch 2. */
static struct cluster *moved(void)
{
    struct cluster *c = cluster_new("exclusive", 0, 77);
    struct command command = {.kind = COMMAND_FAILOVER, .to = 1, .force = true};

    cluster_run(c, 3000);
    command.id.bytes[0] = 1;
    snprintf(command.who, sizeof command.who, "operator");
    cluster_command(c, &command);
    cluster_run(c, 3000);
    assert_int_equal(cluster_shared(c)->routes[0].now.epoch, 2);
    return c;
}

/* What the node's next beat says of route 0. */
static struct clear word(struct cluster *c, int node)
{
    static struct beat beat;

    engine_beat((struct engine *)cluster_engine(c, node), now(c), &beat);
    assert_int_equal(beat.n_clears, 1);
    return beat.clears[0];
}

static void stands(struct cluster *c, int node, uint64_t stored_index, bool votes)
{
    engine_standing((struct engine *)cluster_engine(c, node), now(c), stored_index, votes);
}

static void a_word_waits_for_the_own_disk(void **state)
{
    struct cluster *c = moved();
    uint64_t intent = cluster_shared(c)->routes[0].intent_index;

    (void)state;
    assert_int_equal(word(c, VOTER).epoch, 2);
    assert_true(word(c, VOTER).clear);
    stands(c, VOTER, intent - 1, true); /* applied, but its own disk still writes */
    assert_int_equal(word(c, VOTER).epoch, 1);
    assert_false(word(c, VOTER).clear);
    stands(c, VOTER, intent, true);
    assert_int_equal(word(c, VOTER).epoch, 2);
    assert_true(word(c, VOTER).clear);
    cluster_free(c);
}

static void who_is_no_voter_yet_says_nothing_clear(void **state)
{
    struct cluster *c = moved();

    (void)state;
    stands(c, VOTER, UINT64_MAX, false);
    assert_int_equal(word(c, VOTER).epoch, 2);
    assert_false(word(c, VOTER).clear);
    stands(c, VOTER, UINT64_MAX, true);
    assert_true(word(c, VOTER).clear);
    cluster_free(c);
}

/* The holders are cut off, so it takes a majority that stores the intent: five and the leader,
 * which does not yet. */
static struct cluster *waiting(void)
{
    struct cluster *c = cluster_new("exclusive", 0, 78);
    struct command command = {.kind = COMMAND_FAILOVER, .to = 1, .force = true};
    int i;

    cluster_run(c, 3000);
    for (i = 0; i < MIRROR; i++)
        c->cut[i] = true;
    for (i = MIRROR; i < CLUSTER_NODES; i++)
        stands(c, i, i < BACKUP || i == VOTER ? UINT64_MAX : 0, true);
    command.id.bytes[0] = 1;
    snprintf(command.who, sizeof command.who, "operator");
    cluster_command(c, &command);
    cluster_run(c, 3000);
    assert_int_equal(cluster_shared(c)->routes[0].phase, ROUTE_WAITING);
    return c;
}

static void a_leader_counts_itself_by_its_own_disk(void **state)
{
    struct cluster *c = waiting();

    (void)state;
    stands(c, BACKUP, UINT64_MAX, true);
    cluster_run(c, 3000);
    assert_int_equal(cluster_shared(c)->routes[0].phase, ROUTE_SERVING);
    cluster_free(c);
}

/* What the process before was granted may still be served by its fence or a client. */
static void a_release_after_a_start_waits_for_the_lease_before_it(void **state)
{
    struct cluster *c = waiting();
    struct timing timing = model_timing(PROFILE_NORMAL);
    int64_t started_ms = c->now_ms;

    (void)state;
    cluster_restart(c, VOTER, 1);
    cluster_run(c, timing.lease_holder_ms - 50);
    assert_int_equal(word(c, VOTER).epoch, 1);
    cluster_run(c, timing.fence_ms + 100);
    assert_true(c->now_ms - started_ms >= timing.lease_holder_ms + timing.fence_ms);
    assert_int_equal(word(c, VOTER).epoch, 2);
    cluster_free(c);
}

/* ---- refused at once ---- */

static int count(const struct effects *effects, enum effect_kind kind, uint64_t *number)
{
    int i, n = 0;

    for (i = 0; i < effects->n; i++)
        if (effects->items[i].kind == kind) {
            n++;
            *number = effects->items[i].propose.number;
        }
    return n;
}

static void a_refused_proposal_is_not_made_again_at_once(void **state)
{
    const char *yaml = world_yaml("available", 0);
    struct engine_options options = {.self = BACKUP,
                                     .boot = 1,
                                     .seed = 1,
                                     .shared = shared_new(),
                                     .model = world_parse(yaml),
                                     .yaml = (const uint8_t *)yaml,
                                     .yaml_len = (uint32_t)strlen(yaml),
                                     .now = {.boot_ms = 1000}};
    struct engine *engine = engine_new(&options);
    struct event lead = {.kind = EVENT_RAFT, .now = {.boot_ms = 1000}};
    struct event refused = {.kind = EVENT_PROPOSED, .now = {.boot_ms = 1000}};
    struct event tick = {.kind = EVENT_TICK, .now = {.boot_ms = 1050}};
    struct effects effects = {0};
    uint64_t number = 0;

    (void)state;
    lead.raft.role = RAFT_ROLE_LEADER;
    lead.raft.term = 2;
    lead.raft.leader = BACKUP;
    engine_step(engine, &lead, &effects);
    assert_int_equal(count(&effects, EFFECT_PROPOSE, &number), 1);
    effects_clear(&effects);
    refused.proposed.proposal = number;
    refused.proposed.fate = PROPOSAL_FAILED;
    engine_step(engine, &refused, &effects);
    assert_int_equal(count(&effects, EFFECT_PROPOSE, &number), 0);
    engine_step(engine, &tick, &effects);
    assert_int_equal(count(&effects, EFFECT_PROPOSE, &number), 0);
    tick.now.boot_ms = 1000 + model_timing(PROFILE_NORMAL).beat_ms;
    engine_step(engine, &tick, &effects);
    assert_int_equal(count(&effects, EFFECT_PROPOSE, &number), 1);
    effects_free(&effects);
    engine_free(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_word_waits_for_the_own_disk),
        cmocka_unit_test(who_is_no_voter_yet_says_nothing_clear),
        cmocka_unit_test(a_leader_counts_itself_by_its_own_disk),
        cmocka_unit_test(a_release_after_a_start_waits_for_the_lease_before_it),
        cmocka_unit_test(a_refused_proposal_is_not_made_again_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
