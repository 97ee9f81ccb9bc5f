#include "world.h"

static void elects_and_applies(void **state)
{
    struct world *world = world_new(3, 300, 30);
    struct node *leader;
    struct replicate_info info;
    struct err err;

    world_open_all(world);
    leader = world_await_leader(world);
    info = replicate_info(leader->replicate);
    assert_int_equal(info.members, 3);
    assert_int_equal(info.voters, 3);
    assert_int_equal(info.leader_raft_id, leader->id);
    assert_int_equal(world_propose(leader, "padded to eight", 15), PROPOSE_COMMITTED);
    assert_int_equal(leader->state.len, 16);
    world_propose_many(leader, 200, 120);
    world_await_applied(world, 201);
    world_expect_equal(world);

    /* Followers refuse; so does everyone what is too large or empty. */
    for (int i = 0; i < 3; i++)
        if (&world->nodes[i] != leader)
            assert_int_equal(replicate_propose(world->nodes[i].replicate, (const uint8_t *)"x", 1,
                                               NULL, NULL, &err),
                             ERR_UNAVAILABLE);
    assert_int_equal(
        replicate_propose(leader->replicate, (const uint8_t *)"x", 0, NULL, NULL, &err), ERR_LIMIT);
    assert_int_equal(replicate_propose(leader->replicate, (const uint8_t *)"x", LIMIT_COMMAND + 1,
                                       NULL, NULL, &err),
                     ERR_LIMIT);
    world_free(world);
}

static void no_tick(struct raft_io *io)
{
}

/* Here libraft would tell of nothing: no tick comes, and it waits for one. */
static void a_commit_is_news_at_once(void **state)
{
    struct world *world = world_new(3, 60000, 30);
    struct node *leader;

    world_open_all(world);
    replicate_elect(world->nodes[0].replicate);
    leader = world_await_leader(world);
    assert_int_equal(world_propose(leader, "warm up.", 8), PROPOSE_COMMITTED);
    world_await_applied(world, 1);
    leader->replicate->tick = no_tick;
    assert_int_equal(world_propose(leader, "all know", 8), PROPOSE_COMMITTED);
    world_await_applied(world, 2);
    raft_set_heartbeat_timeout(&leader->replicate->raft, 10 * WAIT_MS);
    assert_int_equal(world_propose(leader, "lonely..", 8), PROPOSE_COMMITTED);
    world_await_applied(world, 3);
    world_expect_equal(world);
    world_free(world);
}

static void cuts_large_batches(void **state)
{
    struct world *world = world_new(3, 500, 50);
    struct node *leader, *lagging;

    world_open_all(world);
    leader = world_await_leader(world);
    lagging = &world->nodes[(leader->server + 1) % 3];
    lagging->cut = true;
    world_propose_many(leader, 30, LIMIT_COMMAND);
    lagging->cut = false;
    world_await_applied(world, 30);
    world_expect_equal(world);
    assert_true(leader->largest_frame > LIMIT_COMMAND);
    assert_int_equal(replicate_info(lagging->replicate).dropped_frames, 0);
    world_free(world);
}

static void comes_back_from_disk(void **state)
{
    struct world *world = world_new(3, 300, 30);
    struct node *leader;

    world_open_all(world);
    leader = world_await_leader(world);
    world_propose_many(leader, 50, 64);
    world_await_applied(world, 50);
    for (int i = 0; i < 3; i++)
        node_close(&world->nodes[i]);
    world_open_all(world);
    /* Everything in the log was told before the node took part in anything. */
    for (int i = 0; i < 3; i++) {
        int stored = 0;

        for (int index = 0; index < WORLD_COMMANDS; index++)
            stored += world->nodes[i].stored[index] != 0;
        assert_int_equal(stored, 50);
    }
    leader = world_await_leader(world);
    world_await_applied(world, 50);
    /* A barrier of the new term is between: indices skip it. */
    assert_int_equal(world_propose(leader, "again...", 8), PROPOSE_COMMITTED);
    world_await_applied(world, 51);
    world_expect_equal(world);
    assert_true(leader->applied[50] > leader->applied[49] + 1);
    world_free(world);
}

static void one_voter_leads_itself(void **state)
{
    struct world *world = world_new(1, 300, 30);

    world_open_all(world);
    world_propose_many(world_await_leader(world), 5, 8);
    node_close(&world->nodes[0]);
    node_open(&world->nodes[0]);
    /* Here entries are applied while they are loaded: on_apply() wants them stored before. */
    world_await_applied(world, 5);
    world_free(world);
}

static void bootstraps_once(void **state)
{
    struct world *world = world_new(1, 300, 30);
    struct replicate_options options;
    struct replicate *none;
    struct err err;

    assert_int_equal(node_bootstrap(&world->nodes[0], &err), ERR_REFUSED);
    options = world_options(&world->nodes[0], disk_uv_new(NULL, "/nonexistent"));
    assert_int_equal(replicate_bootstrap(&options, &err), ERR_IO);
    options = world_options(&world->nodes[0], disk_uv_new(&world->loop, "/nonexistent"));
    assert_int_equal(replicate_open(&options, &none, &err), ERR_IO);
    assert_null(none);
    options = world_options(&world->nodes[0], NULL);
    options.timing = (struct timing){.election_ms = 150, .heartbeat_ms = 15};
    assert_int_equal(replicate_open(&options, &none, &err), ERR_INVALID);
    assert_null(none);
    options = world_options(&world->nodes[0], NULL);
    options.raft_id = replicate_id(9, 0);
    assert_int_equal(replicate_open(&options, &none, &err), ERR_INVALID);
    assert_null(none);
    world_free(world);
}

static bool leads_now(struct world *world, void *context)
{
    struct node *node = context;

    return replicate_info(node->replicate).role == 2;
}

static void hands_over(void **state)
{
    struct world *world = world_new(3, 300, 30);
    struct node *leader, *next;
    struct err err;

    world_open_all(world);
    leader = world_await_leader(world);
    next = &world->nodes[(leader->server + 1) % 3];
    assert_int_equal(replicate_transfer(leader->replicate, leader->server, &err), ERR_REFUSED);
    assert_int_equal(replicate_transfer(leader->replicate, 4, &err), ERR_REFUSED);
    assert_int_equal(replicate_transfer(next->replicate, leader->server, &err), ERR_UNAVAILABLE);
    assert_int_equal(replicate_transfer(leader->replicate, next->server, &err), 0);
    assert_true(world_until(world, WAIT_MS, leads_now, next));
    assert_int_equal(world_propose(next, "new", 3), PROPOSE_COMMITTED);
    world_free(world);
}

struct chain {
    struct node *node;
    int committed;
};

static void on_chain(void *context, enum propose_fate fate)
{
    struct chain *chain = context;
    struct err err;

    assert_int_equal(fate, PROPOSE_COMMITTED);
    chain->committed++;
    if (chain->committed < 10)
        assert_int_equal(replicate_propose(chain->node->replicate, (const uint8_t *)"chain", 5,
                                           on_chain, chain, &err),
                         0);
}

static bool chain_done(struct world *world, void *context)
{
    return ((struct chain *)context)->committed == 10;
}

static void proposes_from_callbacks(void **state)
{
    struct world *world = world_new(3, 300, 30);
    struct chain chain = {0};
    struct err err;

    world_open_all(world);
    chain.node = world_await_leader(world);
    /* As from inside apply(): it waits until libraft is idle. */
    chain.node->replicate->depth++;
    assert_int_equal(replicate_propose(chain.node->replicate, (const uint8_t *)"first", 5, on_chain,
                                       &chain, &err),
                     0);
    chain.node->replicate->depth--;
    assert_int_equal(replicate_info(chain.node->replicate).last_index,
                     replicate_info(chain.node->replicate).commit_index);
    assert_true(world_until(world, WAIT_MS, chain_done, &chain));
    world_await_applied(world, 10);
    world_expect_equal(world);
    world_free(world);
}

static void on_fate(void *context, enum propose_fate fate)
{
    *(int *)context = (int)fate;
}

static bool known(struct world *world, void *context)
{
    return *(int *)context >= 0;
}

static bool follows(struct world *world, void *context)
{
    return replicate_info(((struct node *)context)->replicate).role == 0;
}

/* A cut leader's entries are replaced by those of the next one. */
static void truncates(void **state)
{
    struct world *world = world_new(3, 300, 30);
    struct node *old, *leader;
    uint64_t last;
    int fate = -1;
    struct err err;

    world_open_all(world);
    old = world_await_leader(world);
    world_propose_many(old, 3, 16);
    world_await_applied(world, 3);
    last = replicate_info(old->replicate).last_index;
    old->cut = true;
    assert_int_equal(
        replicate_propose(old->replicate, (const uint8_t *)"lost", 4, on_fate, &fate, &err), 0);
    assert_true(old->stored[last + 1] != 0);
    assert_true(world_until(world, WAIT_MS, follows, old)); /* it steps down by itself */
    assert_true(world_until(world, WAIT_MS, known, &fate));
    assert_int_equal(fate, PROPOSE_UNKNOWN);
    leader = world_await_leader(world);
    assert_int_equal(world_propose(leader, "kept", 4), PROPOSE_COMMITTED);
    assert_int_equal(old->n_truncated, 0);
    old->cut = false;
    world_await_applied(world, 4);
    assert_int_equal(old->n_truncated, 1);
    assert_int_equal(old->truncated, last + 1);
    world_expect_equal(world);
    world_free(world);
}

static void closing_leaves_outcomes_unknown(void **state)
{
    struct world *world = world_new(3, 300, 30);
    struct node *leader;
    int fate = -1, waiting = -1;
    struct err err;

    world_open_all(world);
    leader = world_await_leader(world);
    for (int i = 0; i < 3; i++)
        world->nodes[i].deaf = true;
    assert_int_equal(
        replicate_propose(leader->replicate, (const uint8_t *)"a", 1, on_fate, &fate, &err), 0);
    leader->replicate->depth++;
    assert_int_equal(
        replicate_propose(leader->replicate, (const uint8_t *)"b", 1, on_fate, &waiting, &err), 0);
    leader->replicate->depth--;
    node_close(leader);
    assert_int_equal(fate, PROPOSE_UNKNOWN);
    assert_int_equal(waiting, PROPOSE_FAILED); /* never left */
    world_free(world);
}

/* Guard 1 (H) and replicate_elect(): the time until somebody else leads. */
static int takeover_ms(bool told)
{
    struct world *world = world_new(12, 2000, 100);
    struct node *old, *next;
    uint64_t began;
    int took;

    world_open_all(world);
    for (int i = 0; i < 12; i++)
        replicate_elect(world->nodes[0].replicate); /* the first leader soon, too */
    old = world_await_leader(world);
    world_propose_many(old, 3, 16);
    world_await_applied(world, 3);
    next = &world->nodes[(old->server + 1) % 12];

    old->cut = true;
    began = uv_hrtime();
    for (int i = 0; i < 12 && told; i++)
        replicate_leader_silent(world->nodes[i].replicate, true);
    replicate_elect(next->replicate);
    world_await_leader(world);
    took = (int)((uv_hrtime() - began) / 1000000);
    if (told)
        assert_ptr_equal(world_leader(world), next);
    assert_int_equal(next->replicate->raft.election_timeout, 2000); /* calm again */
    world_free(world);
    return took;
}

static void beats_decide_elections(void **state)
{
    int with = takeover_ms(true);
    int without = takeover_ms(false);

    print_message("takeover after a cut: %d ms told, %d ms not told\n", with, without);
    assert_true(with < without);  /* usually a few ms */
    assert_true(without >= 1000); /* the others believe in the leader until et is over */
}

/* A stalled stream alone makes no candidate of a follower whose leader beats on. */
static void beats_keep_a_follower_calm(void **state)
{
    struct world *world = world_new(3, 300, 30);
    struct node *leader, *follower;
    uint64_t term;

    world_open_all(world);
    leader = world_await_leader(world);
    follower = &world->nodes[(leader->server + 1) % 3];
    term = replicate_info(leader->replicate).term;
    world_run(world, 100); /* it knows whom it follows */
    follower->deaf = true;
    for (int i = 0; i < 40; i++) {
        replicate_leader_beat(follower->replicate, leader->server, term);
        world_run(world, 30);
        assert_int_equal(replicate_info(follower->replicate).role, 0);
    }
    /* Beats of another term or of somebody else say nothing. */
    for (int i = 0; i < 40 && replicate_info(follower->replicate).role == 0; i++) {
        replicate_leader_beat(follower->replicate, leader->server, term + 1);
        replicate_leader_beat(follower->replicate, follower->server, term);
        world_run(world, 30);
    }
    assert_int_not_equal(replicate_info(follower->replicate).role, 0);
    world_free(world);
}

/* One that stands while the others hear the leader does no harm. */
static void standing_without_need(void **state)
{
    struct world *world = world_new(3, 600, 30);
    struct node *leader;
    uint64_t term;

    world_open_all(world);
    leader = world_await_leader(world);
    term = replicate_info(leader->replicate).term;
    replicate_elect(leader->replicate);
    replicate_elect(world->nodes[(leader->server + 1) % 3].replicate);
    world_run(world, 400);
    assert_ptr_equal(world_await_leader(world), leader);
    assert_int_equal(replicate_info(leader->replicate).term, term);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(world->nodes[i].replicate->raft.election_timeout, 600);
        assert_false(world->nodes[i].replicate->hasty);
    }
    world_free(world);
}

/* What is not for us, or from whom it says it is, or not Raft, does nothing. */
static void drops_garbage(void **state)
{
    struct world *world = world_new(3, 300, 30);
    struct raft_message message = {.type = RAFT_TIMEOUT_NOW,
                                   .timeout_now = {.term = 99, .last_log_index = 1}};
    struct buf frame = {0};
    struct replicate *r;
    uint64_t term, dropped;

    world_open_all(world);
    world_await_leader(world);
    r = world->nodes[0].replicate;
    term = replicate_info(r).term;
    dropped = replicate_info(r).dropped_frames;
    raft_codec_encode(&frame, replicate_id(1, 0), replicate_id(0, 0), &message);
    assert_int_equal(replicate_receive(r, 2, frame.data, frame.len), ERR_DENIED);
    assert_int_equal(replicate_receive(r, 1, frame.data, frame.len - 1), ERR_INVALID);
    assert_int_equal(replicate_receive(r, 1, frame.data, 0), ERR_INVALID);
    buf_clear(&frame);
    raft_codec_encode(&frame, replicate_id(1, 0), replicate_id(0, 3), &message);
    assert_int_equal(replicate_receive(r, 1, frame.data, frame.len), ERR_STALE);
    buf_clear(&frame);
    raft_codec_encode(&frame, replicate_id(0, 0), replicate_id(0, 0), &message);
    assert_int_equal(replicate_receive(r, 0, frame.data, frame.len), ERR_DENIED);
    assert_int_equal(replicate_info(r).term, term);
    assert_int_equal(replicate_info(r).dropped_frames, dropped + 5);
    buf_free(&frame);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elects_and_applies),
        cmocka_unit_test(a_commit_is_news_at_once),
        cmocka_unit_test(cuts_large_batches),
        cmocka_unit_test(comes_back_from_disk),
        cmocka_unit_test(one_voter_leads_itself),
        cmocka_unit_test(bootstraps_once),
        cmocka_unit_test(hands_over),
        cmocka_unit_test(proposes_from_callbacks),
        cmocka_unit_test(truncates),
        cmocka_unit_test(closing_leaves_outcomes_unknown),
        cmocka_unit_test(beats_decide_elections),
        cmocka_unit_test(beats_keep_a_follower_calm),
        cmocka_unit_test(standing_without_need),
        cmocka_unit_test(drops_garbage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
