/* What libraft does without each guard, beside what it does with it: the same message goes
 * to libraft directly and through replicate_receive(). Shown elsewhere: guard 1 (H) in
 * test_cluster.c, 5 in test_disk.c, 6 in test_snapshot.c. guard_two_leaders() is only shown
 * as a function: without it a follower's fields overwrite a leader's. */
#include "world.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#define PEER 1

struct lone {
    struct world *world;
    struct node *node;
    uint64_t prev, prev_term, term;
};

/* One running node of three that follows whoever we play. */
static struct lone lone_in(struct world *world)
{
    struct lone l = {.world = world};

    l.node = &l.world->nodes[0];
    node_open(l.node);
    l.prev = l.prev_term = 1; /* the first configuration */
    l.term = 2;
    return l;
}

static struct lone lone_new(void)
{
    return lone_in(world_new(3, 5000, 100));
}

/* As replicate_receive() does it, or straight to libraft. */
static void hand_over(struct lone *l, const struct buf *bytes, bool guarded)
{
    struct replicate *r = l->node->replicate;
    struct raft_frame frame;
    struct err err;

    if (guarded) {
        replicate_receive(r, PEER, bytes->data, bytes->len);
        return;
    }
    assert_int_equal(raft_codec_decode(bytes->data, bytes->len, &frame, &err), 0);
    frame.message.server_address = "peer";
    r->depth++;
    r->recv(&r->io, &frame.message);
    r->depth--;
}

static void send_append(struct lone *l, struct raft_append_entries append, bool guarded)
{
    struct raft_message m = {.type = RAFT_APPEND_ENTRIES, .append_entries = append};
    struct buf bytes = {0};

    m.append_entries.term = l->term;
    raft_codec_encode(&bytes, replicate_id(PEER, 0), l->node->id, &m);
    hand_over(l, &bytes, guarded);
    buf_free(&bytes);
}

/* n commands after what it has, all committed. */
static void feed(struct lone *l, unsigned n)
{
    struct raft_entry entries[32];
    char text[8] = "command";

    assert_true(n <= 32);
    for (unsigned i = 0; i < n; i++)
        entries[i] = (struct raft_entry){
            .term = l->term, .type = RAFT_COMMAND, .buf = {.base = text, .len = 8}};
    send_append(l,
                (struct raft_append_entries){.prev_log_index = l->prev,
                                             .prev_log_term = l->prev_term,
                                             .leader_commit = l->prev + n,
                                             .entries = entries,
                                             .n_entries = n},
                true);
    l->prev += n;
    l->prev_term = l->term;
    world_await_applied(l->world, (int)l->prev - 1);
}

/* ---- 1 (R) ---- */

static int different_timeouts(bool guarded)
{
    struct lone l = lone_new();
    unsigned first = l.node->replicate->raft.follower_state.randomized_election_timeout;
    int different = 0;

    for (int i = 0; i < 8; i++) {
        l.term++;
        send_append(&l, (struct raft_append_entries){.prev_log_index = 1, .prev_log_term = 1},
                    guarded);
        different += l.node->replicate->raft.follower_state.randomized_election_timeout != first;
    }
    world_free(l.world);
    return different;
}

static void timeouts_are_drawn_once(void **state)
{
    assert_int_equal(different_timeouts(false), 0);
    assert_true(different_timeouts(true) >= 4);
}

/* ---- 4 ---- */

static uint64_t commit_after_an_old_append(bool guarded)
{
    struct lone l = lone_new();
    uint64_t commit;

    feed(&l, 8);
    assert_int_equal(replicate_info(l.node->replicate).commit_index, 9);
    /* A heartbeat anchored at the beginning, from a leader that has committed more. */
    send_append(
        &l,
        (struct raft_append_entries){.prev_log_index = 1, .prev_log_term = 1, .leader_commit = 20},
        guarded);
    commit = replicate_info(l.node->replicate).commit_index;
    assert_true(!guarded || replicate_info(l.node->replicate).guarded > 0);
    world_free(l.world);
    return commit;
}

static void commit_index_runs_backwards(void **state)
{
    assert_int_equal(commit_after_an_old_append(false), 1);
    assert_int_equal(commit_after_an_old_append(true), 9);
}

/* ---- 3 ---- */

static struct raft_buffer snapshot_data(struct node *node)
{
    struct raft_buffer *bufs, data;
    unsigned n;

    assert_int_equal(node->replicate->fsm.snapshot(&node->replicate->fsm, &bufs, &n), 0);
    data = bufs[0];
    raft_free(bufs);
    return data;
}

static void install(struct lone *l, raft_index index, raft_term term, bool guarded)
{
    struct raft_part part = {
        .install = {.term = l->term, .last_index = index, .last_term = term, .conf_index = 1}};
    struct raft_message m = {.type = RAFT_INSTALL_SNAPSHOT,
                             .server_id = replicate_id(PEER, 0),
                             .server_address = "peer"};
    struct buf bytes = {0};

    assert_int_equal(member_bootstrap_conf(l->world->model, &part.install.conf), 0);
    part.install.data = snapshot_data(l->node);
    if (!guarded) {
        m.install_snapshot = part.install;
        l->node->replicate->depth++;
        l->node->replicate->recv(&l->node->replicate->io, &m);
        l->node->replicate->depth--;
        return;
    }
    part.bytes = part.install.data.base;
    part.len = part.install.data.len;
    raft_codec_encode_part(&bytes, replicate_id(PEER, 0), l->node->id, &part);
    hand_over(l, &bytes, true);
    buf_free(&bytes);
    raft_free(part.install.data.base);
    raft_configuration_close(&part.install.conf);
}

static bool restored(struct world *world, void *context)
{
    return world->nodes[0].restored > 0;
}

static int answers;

static bool count_answers(struct world *world, int from, int to, const uint8_t *bytes, size_t len)
{
    answers += bytes[1] == RAFT_APPEND_ENTRIES_RESULT;
    return false;
}

/* A snapshot whose last entry is said to be of an older term, as libraft sends it when the
 * one on disk is newer than the one it asked for. */
static int answers_after(raft_term said, raft_term really)
{
    struct lone l = lone_new();

    l.term = 5;
    feed(&l, 3);
    install(&l, 50, said, true);
    assert_true(world_until(l.world, WAIT_MS, restored, NULL));
    l.world->filter = count_answers;
    answers = 0;
    send_append(&l, (struct raft_append_entries){.prev_log_index = 50, .prev_log_term = really},
                true);
    world_free(l.world);
    return answers;
}

static void a_wrong_term_is_a_conflict_for_ever(void **state)
{
    assert_int_equal(answers_after(4, 4), 1);
    /* It answers nothing at all; with entries in the message libraft also frees them twice. */
    assert_int_equal(answers_after(3, 4), 0);
}

/* ---- 2 ---- */

static bool taking(struct world *world, void *context)
{
    return world->nodes[0].replicate->snapshots_in_flight > 0;
}

static bool not_taking(struct world *world, void *context)
{
    return world->nodes[0].replicate->snapshots_in_flight == 0;
}

static void install_while_taking(struct world *world, bool guarded)
{
    struct lone l = lone_in(world);
    uint64_t before;

    raft_set_snapshot_threshold(&l.node->replicate->raft, 4);
    raft_set_snapshot_trailing(&l.node->replicate->raft, 2);
    feed(&l, 8);
    assert_true(world_until(l.world, WAIT_MS, taking, NULL));
    before = replicate_info(l.node->replicate).guarded;
    install(&l, 50, 2, guarded);
    assert_true(!guarded || replicate_info(l.node->replicate).guarded > before);
    assert_true(world_until(l.world, WAIT_MS, not_taking, NULL));
    /* Once it is done the next one is welcome. */
    install(&l, 50, 2, guarded);
    assert_true(world_until(l.world, WAIT_MS, restored, NULL));
}

static void crash(struct world *world)
{
    int null = open("/dev/null", O_WRONLY);

    signal(SIGSEGV, SIG_DFL); /* a sanitizer's too */
    dup2(null, 1);
    dup2(null, 2);
    assert_int_equal(uv_loop_fork(&world->loop), 0);
    install_while_taking(world, false);
    _exit(0);
}

static void installing_while_taking_crashes(void **state)
{
    struct world *world = world_new(3, 5000, 100);
    pid_t child = fork();
    int status;

    assert_true(child >= 0);
    if (child == 0)
        crash(world);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSEGV);
    world_free(world);

    world = world_new(3, 5000, 100);
    install_while_taking(world, true);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(installing_while_taking_crashes), /* first: it forks */
        cmocka_unit_test(timeouts_are_drawn_once),
        cmocka_unit_test(commit_index_runs_backwards),
        cmocka_unit_test(a_wrong_term_is_a_conflict_for_ever),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
