#include "world.h"

#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    return remove(path);
}

/* The node lost its disk and comes back with nothing, under its next id. */
static void wipe(struct node *node)
{
    node_close(node);
    nftw(node->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    assert_int_equal(mkdir(node->dir, 0700), 0);
    node->id += 256;
}

struct answer {
    int n, code;
};

static void on_replaced(void *context, int code)
{
    struct answer *answer = context;

    answer->n++;
    answer->code = code;
}

static bool answered(struct world *world, void *context)
{
    return ((struct answer *)context)->n > 0;
}

static int replace(struct node *leader, struct node *node, enum member_role role)
{
    struct answer answer = {0};
    const char *address = leader->world->model->servers[node->server].name;

    replicate_replace(leader->replicate, node->server, node->id, address, role, on_replaced,
                      &answer);
    assert_true(world_until(leader->world, WAIT_MS, answered, &answer));
    assert_int_equal(answer.n, 1);
    return answer.code;
}

static void replaces_a_wiped_node(void **state)
{
    struct world *world = world_new(3, 300, 30);
    struct node *leader, *lost;
    struct replicate_info info;

    world_open_all(world);
    for (int i = 0; i < 3; i++) { /* the new one must get a snapshot, in parts */
        raft_set_snapshot_threshold(&world->nodes[i].replicate->raft, 16);
        raft_set_snapshot_trailing(&world->nodes[i].replicate->raft, 4);
    }
    leader = world_await_leader(world);
    world_propose_many(leader, 40, 64 << 10);
    world_await_applied(world, 40);
    lost = &world->nodes[(leader->server + 1) % 3];
    wipe(lost);
    world_propose_many(leader, 3, 64);
    node_open(lost);
    assert_int_equal(lost->n_applied, 0);

    assert_int_equal(replace(leader, lost, MEMBER_VOTER), 0);
    assert_int_equal(replicate_member(leader->replicate, lost->server), lost->id);
    world_await_applied(world, 43);
    world_expect_equal(world);
    assert_int_equal(lost->restored, 1);
    info = replicate_info(leader->replicate);
    assert_int_equal(info.members, 3);
    assert_int_equal(info.voters, 3);

    /* Asked for again, it is done already. */
    assert_int_equal(replace(leader, lost, MEMBER_VOTER), 0);

    /* Its vote counts. */
    world->nodes[(leader->server + 2) % 3].cut = true;
    assert_int_equal(world_propose(leader, "two of three", 12), PROPOSE_COMMITTED);
    world_free(world);
}

static void small_logs_need_no_snapshot(void **state)
{
    struct world *world = world_new(3, 300, 30);
    struct node *leader, *lost;
    struct replicate_info info;

    world_open_all(world);
    leader = world_await_leader(world);
    world_propose_many(leader, 10, 64);
    world_await_applied(world, 10);
    lost = &world->nodes[(leader->server + 1) % 3];
    wipe(lost);
    node_open(lost);
    assert_false(replicate_placed(leader->replicate, lost->id, MEMBER_STANDBY));
    assert_int_equal(replace(leader, lost, MEMBER_STANDBY), 0);
    assert_true(replicate_placed(leader->replicate, lost->id, MEMBER_STANDBY));
    assert_false(replicate_placed(leader->replicate, lost->id, MEMBER_VOTER));
    world_await_applied(world, 10);
    info = replicate_info(leader->replicate);
    assert_int_equal(info.members, 3);
    assert_int_equal(info.voters, 2);
    /* And to a voter, without taking it out again. */
    assert_int_equal(replace(leader, lost, MEMBER_VOTER), 0);
    assert_int_equal(replicate_info(leader->replicate).voters, 3);
    /* Changes and barriers have indices too; commands keep theirs. */
    world_propose_many(leader, 2, 64);
    world_await_applied(world, 12);
    assert_true(leader->applied[10] >= leader->applied[9] + 5);
    world_expect_equal(world);
    node_close(lost);
    node_open(lost);
    world_await_applied(world, 12);
    assert_int_equal(replicate_member(lost->replicate, lost->server), lost->id);
    world_free(world);
}

static void refuses_what_makes_no_sense(void **state)
{
    struct world *world = world_new(3, 300, 30);
    struct node *leader, *other;
    struct answer answer = {0};

    world_open_all(world);
    leader = world_await_leader(world);
    other = &world->nodes[(leader->server + 1) % 3];
    assert_int_equal(replace(other, other, MEMBER_VOTER), ERR_UNAVAILABLE);
    assert_int_equal(replace(leader, leader, MEMBER_VOTER), ERR_REFUSED);
    replicate_replace(leader->replicate, other->server, leader->id + 256, "x", MEMBER_VOTER,
                      on_replaced, &answer);
    assert_int_equal(answer.code, ERR_REFUSED);
    world_free(world);
}

static bool assigning(struct world *world, void *context)
{
    struct replicate *r = ((struct node *)context)->replicate;

    return r->replacement.step == MEMBER_ASSIGN && r->replacement.under_way;
}

/* The new node never comes: a clear answer, and a later try goes on from there. */
static void gives_up(void **state)
{
    struct world *world = world_new(3, 300, 30);
    struct node *leader, *lost;
    struct answer answer = {0};

    world_open_all(world);
    leader = world_await_leader(world);
    world_propose_many(leader, 5, 64);
    lost = &world->nodes[(leader->server + 1) % 3];
    wipe(lost);
    replicate_replace(leader->replicate, lost->server, lost->id, "lost", MEMBER_VOTER, on_replaced,
                      &answer);
    assert_true(world_until(world, WAIT_MS, assigning, leader));
    /* Only one at a time. */
    assert_int_equal(replace(leader, lost, MEMBER_VOTER), ERR_REFUSED);
    leader->replicate->replacement.deadline_ms = 0;
    assert_true(world_until(world, WAIT_MS, answered, &answer));
    assert_int_equal(answer.code, ERR_UNAVAILABLE);
    assert_int_equal(replicate_info(leader->replicate).voters, 2);
    assert_int_equal(world_propose(leader, "goes on", 7), PROPOSE_COMMITTED);

    node_open(lost);
    raft_set_max_catch_up_round_duration(&leader->replicate->raft, 100);
    assert_int_equal(replace(leader, lost, MEMBER_VOTER), 0);
    world_await_applied(world, 6);
    world_free(world);
}

static void ends_with_the_leadership(void **state)
{
    struct world *world = world_new(3, 300, 30);
    struct node *leader, *lost;
    struct answer answer = {0};

    world_open_all(world);
    leader = world_await_leader(world);
    lost = &world->nodes[(leader->server + 1) % 3];
    wipe(lost);
    replicate_replace(leader->replicate, lost->server, lost->id, "lost", MEMBER_VOTER, on_replaced,
                      &answer);
    assert_true(world_until(world, WAIT_MS, assigning, leader));
    leader->cut = true;
    assert_true(world_until(world, WAIT_MS, answered, &answer));
    assert_int_equal(answer.code, ERR_UNAVAILABLE);
    answer.n = 0;
    leader->cut = false;
    leader = world_await_leader(world);
    replicate_replace(leader->replicate, lost->server, lost->id, "lost", MEMBER_VOTER, on_replaced,
                      &answer);
    node_close(leader);
    assert_int_equal(answer.n, 1);
    assert_int_equal(answer.code, ERR_UNAVAILABLE);
    world_free(world);
}

static bool applied_eight(struct world *world, void *context)
{
    return ((struct node *)context)->n_applied == 8;
}

/* Asks for it until it is so: a transfer may come to nothing. */
static bool leads(struct world *world, void *context)
{
    struct node *wanted = context, *leader = world_leader(world);
    struct err err;

    if (leader != NULL && leader != wanted)
        replicate_transfer(leader->replicate, wanted->server, &err);
    return leader == wanted;
}

/* A change of members that reaches a follower behind other entries, in one go with them. */
static void changes_in_a_batch_are_committed(void **state)
{
    struct world *world = world_new(5, 300, 30);
    struct node *leader, *late, *lost;

    world_open_all(world);
    leader = world_await_leader(world);
    late = &world->nodes[(leader->server + 1) % 5];
    lost = &world->nodes[(leader->server + 2) % 5];
    world_propose_many(leader, 2, 64);
    world_await_applied(world, 2);
    late->cut = true;
    world_propose_many(leader, 3, 64);
    wipe(lost);
    node_open(lost);
    assert_int_equal(replace(leader, lost, MEMBER_VOTER), 0);
    world_propose_many(leader, 3, 64);
    late->cut = false;
    assert_true(world_until(world, WAIT_MS, applied_eight, late));
    assert_true(late->replicate->raft.configuration_uncommitted_index == 0);
    assert_true(late->replicate->raft.configuration_committed_index ==
                leader->replicate->raft.configuration_committed_index);

    assert_true(world_until(world, WAIT_MS, leads, late));
    wipe(lost);
    node_open(lost);
    assert_int_equal(replace(late, lost, MEMBER_VOTER), 0);
    world_free(world);
}

static bool changing(struct world *world, void *context)
{
    return replicate_info(((struct node *)context)->replicate).members_change;
}

static bool settled(struct world *world, void *context)
{
    return !changing(world, context);
}

/* What a leader began and could not commit is under way for the next one as well. */
static void a_change_outlives_its_leader(void **state)
{
    struct world *world = world_new(5, 300, 30);
    struct node *leader, *heir, *lost;
    struct answer answer = {0};
    int i;

    world_open_all(world);
    leader = world_await_leader(world);
    heir = &world->nodes[(leader->server + 1) % 5];
    lost = &world->nodes[(leader->server + 2) % 5];
    world_propose_many(leader, 2, 64);
    world_await_applied(world, 2);
    assert_false(replicate_info(leader->replicate).members_change);
    for (i = 0; i < 5; i++)
        world->nodes[i].cut = &world->nodes[i] != leader && &world->nodes[i] != heir;
    replicate_replace(leader->replicate, lost->server, lost->id + 256, "lost", MEMBER_VOTER,
                      on_replaced, &answer);
    assert_true(world_until(world, WAIT_MS, changing, heir));
    for (i = 0; i < 5; i++)
        world->nodes[i].cut = &world->nodes[i] == leader || &world->nodes[i] == lost;
    assert_true(world_until(world, WAIT_MS, leads, heir));
    assert_true(replicate_info(heir->replicate).members_change);
    assert_int_equal(world_propose(heir, "with it", 7), PROPOSE_COMMITTED);
    assert_true(world_until(world, WAIT_MS, settled, heir));
    assert_int_equal(replicate_info(heir->replicate).voters, 4);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replaces_a_wiped_node),
        cmocka_unit_test(small_logs_need_no_snapshot),
        cmocka_unit_test(refuses_what_makes_no_sense),
        cmocka_unit_test(gives_up),
        cmocka_unit_test(ends_with_the_leadership),
        cmocka_unit_test(changes_in_a_batch_are_committed),
        cmocka_unit_test(a_change_outlives_its_leader),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
