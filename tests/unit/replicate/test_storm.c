/* Five nodes under lost frames, cuts, restarts and elections out of turn, with snapshots
 * every few entries: nobody applies what another does not, and in the end all are equal.
 * It goes on
 * until something was committed. An argument makes it last longer (seconds), a second one is
 * the seed. */
#include "world.h"

static int seconds = 5;
static uint64_t seed = 1;

struct storm {
    struct prng prng;
    int out; /* proposals */
    int fates[3];
    bool calm;
};

static struct storm storm;

static bool lossy(struct world *world, int from, int to, const uint8_t *bytes, size_t len)
{
    return storm.calm || prng_below(&storm.prng, 100) >= 10;
}

static void on_fate(void *context, enum propose_fate fate)
{
    storm.out--;
    storm.fates[fate]++;
}

static void propose(struct node *node)
{
    uint8_t bytes[2048];
    size_t len = 1 + prng_below(&storm.prng, sizeof bytes);
    struct err err;

    memset(bytes, 'a' + (int)prng_below(&storm.prng, 26), len);
    if (storm.out < 100 && replicate_propose(node->replicate, bytes, len, on_fate, NULL, &err) == 0)
        storm.out++;
}

static void snapshots_often(struct node *node)
{
    raft_set_snapshot_threshold(&node->replicate->raft, 24);
    raft_set_snapshot_trailing(&node->replicate->raft, 8);
}

static void gust(struct world *world)
{
    struct node *node = &world->nodes[prng_below(&storm.prng, (uint32_t)world->n)];
    bool silent = prng_below(&storm.prng, 2) == 0;
    struct node *leader;
    struct err err;

    switch (prng_below(&storm.prng, 40)) {
    case 0:
        node->cut = true;
        break;
    case 1:
    case 2:
        for (int i = 0; i < world->n; i++)
            world->nodes[i].cut = world->nodes[i].deaf = false;
        break;
    case 3:
        node->deaf = true;
        break;
    case 4:
        node_close(node);
        node_open(node);
        snapshots_often(node);
        break;
    case 5:
        replicate_elect(node->replicate);
        break;
    case 6:
        for (int i = 0; i < world->n; i++)
            replicate_leader_silent(world->nodes[i].replicate, silent);
        break;
    case 7:
        leader = world_leader(world);
        if (leader != NULL)
            replicate_transfer(leader->replicate, node->server, &err);
        break;
    default:
        for (int i = 0; i < world->n; i++)
            propose(&world->nodes[i]);
    }
}

/* An entry of the term itself, as every leader's first: without one a follower keeps what an
 * older leader left it, and nobody takes it away. */
static bool begun(struct world *world, uint64_t *term)
{
    struct node *leader = world_leader(world);
    struct replicate_info info;

    if (leader == NULL)
        return false;
    info = replicate_info(leader->replicate);
    if (info.term != *term)
        propose(leader);
    *term = info.term;
    return true;
}

static bool settled(struct world *world, void *context)
{
    struct replicate_info first = replicate_info(world->nodes[0].replicate);

    if (!begun(world, context) || storm.out > 0)
        return false;
    for (int i = 0; i < world->n; i++) {
        struct replicate_info info = replicate_info(world->nodes[i].replicate);

        if (info.applied_index != info.last_index || info.last_index != first.last_index)
            return false;
    }
    return true;
}

/* A slow machine may need most of the time to elect somebody. */
static bool goes_on(const struct world *world, uint64_t began)
{
    uint64_t took_ms = (uv_hrtime() - began) / 1000000;

    if (took_ms < (uint64_t)seconds * 1000)
        return world->nodes[0].n_applied < WORLD_COMMANDS / 2;
    return storm.fates[PROPOSE_COMMITTED] == 0 && took_ms < (uint64_t)seconds * 1000 + WAIT_MS;
}

static void storms(void **state)
{
    struct world *world = world_new(5, 500, 50);
    uint64_t began = uv_hrtime();
    uint64_t guarded = 0, begun_term = 0;
    int restored = 0;

    prng_seed(&storm.prng, seed);
    world_open_all(world);
    for (int i = 0; i < world->n; i++)
        snapshots_often(&world->nodes[i]);
    world->filter = lossy;
    while (goes_on(world, began)) {
        gust(world);
        world_run(world, (int)prng_below(&storm.prng, 20));
        for (int i = 0; i < world->n; i++)
            if (world->nodes[i].fatal > 0)
                fail_msg("node %d: %s", i, world->nodes[i].why);
    }
    storm.calm = true;
    for (int i = 0; i < world->n; i++) {
        world->nodes[i].cut = world->nodes[i].deaf = false;
        replicate_leader_silent(world->nodes[i].replicate, false);
    }
    if (!world_until(world, WAIT_MS, settled, &begun_term)) {
        for (int i = 0; i < world->n; i++) {
            struct replicate_info info = replicate_info(world->nodes[i].replicate);

            print_message("node %d: role %d, term %d, snapshot %d, applied %d, last %d\n", i,
                          (int)info.role, (int)info.term, (int)info.snapshot_index,
                          (int)info.applied_index, (int)info.last_index);
        }
        fail_msg("it does not settle, %d proposals out", storm.out);
    }
    world_expect_equal(world);
    for (int i = 0; i < world->n; i++) {
        guarded += replicate_info(world->nodes[i].replicate).guarded;
        restored += world->nodes[i].restored;
    }
    print_message("%d commands applied, %d committed, %d failed, %d unknown, term %d, "
                  "%d snapshots restored, guards acted %d times\n",
                  world->nodes[0].n_applied, storm.fates[PROPOSE_COMMITTED],
                  storm.fates[PROPOSE_FAILED], storm.fates[PROPOSE_UNKNOWN],
                  (int)replicate_info(world->nodes[0].replicate).term, restored, (int)guarded);
    assert_true(storm.fates[PROPOSE_COMMITTED] > 0);
    assert_true(world->nodes[0].n_applied >= storm.fates[PROPOSE_COMMITTED]);
    world_free(world);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(storms)};

    if (argc > 1)
        seconds = atoi(argv[1]);
    if (argc > 2)
        seed = strtoull(argv[2], NULL, 10);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
