/* What the disk does to a node. A file size limit makes writes fail as a broken disk
 * would; a small tmpfs is full when it is full. */
#include "world.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/resource.h>

static bool may_mount;

static void break_disk(bool broken)
{
    struct rlimit limit = {.rlim_cur = broken ? 0 : RLIM_INFINITY, .rlim_max = RLIM_INFINITY};

    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static bool is_dead(struct world *world, void *context)
{
    return ((struct node *)context)->fatal > 0;
}

static void on_fate(void *context, enum propose_fate fate)
{
    *(int *)context = (int)fate;
}

/* Guard 5. Without it raft_uv's retry timer takes its own state for a segment and crashes
 * a retry time (here 1 s) after the failed write. */
static void a_failed_write_is_fatal(void **state)
{
    struct world *world = world_new(1, 300, 30);
    struct node *node = &world->nodes[0];
    struct err err;
    int fate = -1;

    world_open_all(world);
    world_await_leader(world);
    assert_int_equal(world_propose(node, "before", 6), PROPOSE_COMMITTED);
    break_disk(true);
    assert_int_equal(
        replicate_propose(node->replicate, (const uint8_t *)"never", 5, on_fate, &fate, &err), 0);
    assert_true(world_until(world, WAIT_MS, is_dead, node));
    break_disk(false);
    assert_int_equal(node->fatal, 1);
    assert_non_null(strstr(node->why, "writing to the log failed"));
    assert_int_equal(replicate_info(node->replicate).role, 3);
    assert_int_equal(
        replicate_propose(node->replicate, (const uint8_t *)"x", 1, on_fate, &fate, &err),
        ERR_UNAVAILABLE);
    node_close(node); /* in time: no crash */
    assert_int_equal(fate, PROPOSE_UNKNOWN);
    node_open(node);
    world_await_leader(world);
    assert_int_equal(node->n_applied, 1);
    world_free(world);
}

/* libraft's worker renames a full segment, which is gone. */
static void a_segment_that_cannot_be_closed_is_fatal(void **state)
{
    struct world *world = world_new(1, 300, 30);
    struct node *node = &world->nodes[0];
    uint8_t *bytes = mem_zalloc(64 << 10, 1);
    struct err err;
    int fate;

    world_open_all(world);
    world_await_leader(world);
    assert_int_equal(world_propose(node, "before", 6), PROPOSE_COMMITTED);
    for (int i = 1; i <= 8; i++) {
        char path[128];

        snprintf(path, sizeof path, "%s/open-%d", node->dir, i);
        unlink(path);
    }
    for (int i = 0; i < 20; i++)
        assert_int_equal(replicate_propose(node->replicate, bytes, 64 << 10, on_fate, &fate, &err),
                         0);
    assert_true(world_until(world, WAIT_MS, is_dead, node));
    assert_int_equal(node->fatal, 1);
    assert_non_null(strstr(node->why, "closing or removing a segment"));
    mem_free(bytes);
    world_free(world);
}

static bool count_all(struct world *world, int from, int to, const uint8_t *bytes, size_t len)
{
    return false;
}

/* Also guard 5: a vote that is not on disk must never leave. */
static void a_vote_that_is_not_stored_is_not_cast(void **state)
{
    struct world *world = world_new(3, 300, 30);
    struct node *node = &world->nodes[0];
    struct raft_message vote = {.type = RAFT_REQUEST_VOTE,
                                .request_vote = {.version = 2,
                                                 .term = 5,
                                                 .candidate_id = replicate_id(1, 0),
                                                 .last_log_index = 1,
                                                 .last_log_term = 1}};
    struct buf frame = {0};

    node_open(node);
    world->filter = count_all;
    raft_codec_encode(&frame, replicate_id(1, 0), node->id, &vote);
    break_disk(true);
    assert_int_equal(replicate_receive(node->replicate, 1, frame.data, frame.len), 0);
    break_disk(false);
    assert_int_equal(node->fatal, 1);
    assert_non_null(strstr(node->why, "cannot store the term"));
    assert_int_equal(world->filtered, 0);
    assert_int_equal(replicate_receive(node->replicate, 1, frame.data, frame.len), ERR_UNAVAILABLE);

    /* The same with a good disk: the vote leaves. */
    node_close(node);
    node_open(node);
    assert_int_equal(replicate_receive(node->replicate, 1, frame.data, frame.len), 0);
    assert_int_equal(world->filtered, 1);
    buf_free(&frame);
    world_free(world);
}

/* The same with entries in the message: what libraft wants stored then is never answered,
 * and still freed (a sanitizer says so). */
static void what_a_dead_node_drops_is_freed(void **state)
{
    struct world *world = world_new(3, 300, 30);
    struct node *node = &world->nodes[0];
    struct raft_entry entry = {
        .term = 5, .type = RAFT_COMMAND, .buf = {.base = "command", .len = 8}};
    struct raft_message append = {
        .type = RAFT_APPEND_ENTRIES,
        .append_entries = {
            .term = 5, .prev_log_index = 1, .prev_log_term = 1, .entries = &entry, .n_entries = 1}};
    struct buf frame = {0};

    node_open(node);
    world->filter = count_all;
    raft_codec_encode(&frame, replicate_id(1, 0), node->id, &append);
    break_disk(true);
    assert_int_equal(replicate_receive(node->replicate, 1, frame.data, frame.len), 0);
    break_disk(false);
    assert_int_equal(node->fatal, 1);
    assert_non_null(node->replicate->unanswered);
    assert_int_equal(world->filtered, 0);
    node_close(node);
    node_open(node); /* nothing of it is there */
    assert_int_equal(replicate_info(node->replicate).last_index, 1);
    buf_free(&frame);
    world_free(world);
}

static bool stalls(struct world *world, void *context)
{
    return ((struct node *)context)->replicate->stalled;
}

static bool recovered(struct world *world, void *context)
{
    return !((struct node *)context)->replicate->stalled;
}

static void fill(const char *dir)
{
    static const char block[64 << 10];
    char path[128];
    int fd;

    snprintf(path, sizeof path, "%s/filler", dir);
    fd = open(path, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    while (write(fd, block, sizeof block) > 0)
        ;
    close(fd);
}

/* One node without room stalls, the others go on, and it recovers. */
static void a_full_disk_is_waited_for(void **state)
{
    struct world *world;
    struct node *leader, *full = NULL;
    struct err err;
    char path[128];

    if (!may_mount)
        skip();
    world = world_new(3, 500, 50);
    full = &world->nodes[2];
    assert_int_equal(mount("none", full->dir, "tmpfs", 0, "size=6m"), 0);
    assert_int_equal(node_bootstrap(full, &err), 0);
    world_open_all(world);
    leader = world_await_leader(world);
    if (leader == full) {
        assert_int_equal(replicate_transfer(leader->replicate, 0, &err), 0);
        world_run(world, 200);
        leader = world_await_leader(world);
    }
    assert_ptr_not_equal(leader, full);
    fill(full->dir);
    world_propose_many(leader, 64, 64 << 10);
    assert_true(world_until(world, WAIT_MS, stalls, full));
    assert_int_equal(leader->n_applied, 64);
    assert_int_equal(full->fatal, 0);

    snprintf(path, sizeof path, "%s/filler", full->dir);
    assert_int_equal(unlink(path), 0);
    assert_true(world_until(world, WAIT_MS, recovered, full));
    world_await_applied(world, 64);
    world_expect_equal(world);
    node_close(full);
    assert_int_equal(umount2(full->dir, MNT_DETACH), 0);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failed_write_is_fatal),
        cmocka_unit_test(a_segment_that_cannot_be_closed_is_fatal),
        cmocka_unit_test(a_vote_that_is_not_stored_is_not_cast),
        cmocka_unit_test(what_a_dead_node_drops_is_freed),
        cmocka_unit_test(a_full_disk_is_waited_for),
    };

    /* Before there are threads: the namespace is each thread's own. */
    may_mount =
        unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
