#include "world.h"

#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>

/* ---- one node ---- */

static uint64_t hash(const uint8_t *bytes, size_t len)
{
    uint64_t h = 14695981039346656037ull;

    for (size_t i = 0; i < len; i++)
        h = (h ^ bytes[i]) * 1099511628211ull;
    return h | 1;
}

static void deliver(uv_timer_t *timer)
{
    struct world *world = timer->data;
    struct frame *all = world->first;

    world->first = NULL;
    world->last = &world->first;
    while (all != NULL) {
        struct frame *frame = all;
        struct node *to = &world->nodes[frame->to];

        all = frame->next;
        if (to->replicate != NULL && !to->closing && !to->cut && !to->deaf &&
            !world->nodes[frame->from].cut) {
            if (frame->len > 1 && frame->bytes[1] == 7)
                to->parts++;
            replicate_receive(to->replicate, frame->from, frame->bytes, frame->len);
        }
        free(frame);
    }
}

static int on_send(void *context, int server, const uint8_t *bytes, size_t len)
{
    struct node *node = context;
    struct world *world = node->world;
    struct frame *frame;

    assert_true(len <= LIMIT_FRAME);
    if (len > node->largest_frame)
        node->largest_frame = len;
    if (node->cut || server >= world->n || world->nodes[server].cut)
        return ERR_UNAVAILABLE;
    if (world->filter != NULL && !world->filter(world, node->server, server, bytes, len)) {
        world->filtered++;
        return 0;
    }
    frame = malloc(sizeof *frame + len);
    *frame = (struct frame){.from = node->server, .to = server, .len = len};
    memcpy(frame->bytes, bytes, len);
    *world->last = frame;
    world->last = &frame->next;
    uv_timer_start(&world->post, deliver, 0, 0);
    return 0;
}

static void on_apply(void *context, uint64_t index, const uint8_t *bytes, size_t len)
{
    struct node *node = context;

    /* The log itself says what is at this index. */
    assert_true(index < WORLD_COMMANDS);
    assert_int_equal(node->stored[index], hash(bytes, len));
    if (node->world->truth[index] == 0)
        node->world->truth[index] = hash(bytes, len);
    assert_int_equal(node->world->truth[index], hash(bytes, len));
    if (node->n_applied > 0)
        assert_true(index > node->applied[node->n_applied - 1]);
    assert_true(node->n_applied < WORLD_COMMANDS);
    node->applied[node->n_applied++] = index;
    buf_append(&node->state, bytes, len);
}

static int on_snapshot(void *context, struct buf *out, struct err *err)
{
    struct node *node = context;
    uint64_t n = (uint64_t)node->n_applied;

    if (node->refuse_snapshot)
        return err_set(err, ERR_IO, "the ledger is not on disk");
    node->snapshots++;
    buf_append(out, &n, sizeof n);
    buf_append(out, node->applied, n * sizeof *node->applied);
    buf_append(out, node->state.data, node->state.len);
    return 0;
}

static int on_restore(void *context, const uint8_t *bytes, size_t len, struct err *err)
{
    struct node *node = context;
    uint64_t n;

    memcpy(&n, bytes, sizeof n);
    node->n_applied = (int)n;
    memcpy(node->applied, bytes + 8, n * sizeof *node->applied);
    buf_clear(&node->state);
    buf_append(&node->state, bytes + 8 + 8 * n, len - 8 - 8 * n);
    node->restored++;
    return 0;
}

static void on_stored(void *context, uint64_t index, uint64_t term, const uint8_t *bytes,
                      size_t len)
{
    struct node *node = context;

    assert_true(index < WORLD_COMMANDS);
    assert_true(term > 0);
    node->stored[index] = hash(bytes, len);
}

static void on_truncated(void *context, uint64_t from_index)
{
    struct node *node = context;

    node->n_truncated++;
    if (node->truncated == 0 || from_index < node->truncated)
        node->truncated = from_index;
    for (uint64_t i = from_index; i < WORLD_COMMANDS; i++)
        node->stored[i] = 0;
}

static void on_fatal(void *context, const char *why)
{
    struct node *node = context;

    node->fatal++;
    snprintf(node->why, sizeof node->why, "%s", why);
}

/* ---- its time ---- */

static void arm(struct node *node);

static void on_due(uv_timer_t *timer)
{
    struct node *node = timer->data;

    replicate_run(node->replicate);
    arm(node);
}

static void arm(struct node *node)
{
    uint64_t now = uv_now(&node->world->loop);
    uint64_t due = node->replicate != NULL ? replicate_due_ms(node->replicate) : UINT64_MAX;

    if (due == UINT64_MAX)
        uv_timer_stop(&node->due);
    else
        uv_timer_start(&node->due, on_due, due > now ? due - now : 0, 0);
}

static void on_wake(void *context)
{
    arm(context);
}

/* ---- up and down ---- */

struct replicate_options world_options(struct node *node, struct replicate_disk *disk)
{
    return (struct replicate_options){
        .disk = disk != NULL ? disk : disk_uv_new(&node->world->loop, node->dir),
        .raft_id = node->id,
        .model = node->world->model,
        .timing = node->world->timing,
        .seed = 7,
        .handlers = {.context = node,
                     .send = on_send,
                     .apply = on_apply,
                     .snapshot = on_snapshot,
                     .restore = on_restore,
                     .stored = on_stored,
                     .truncated = on_truncated,
                     .fatal = on_fatal,
                     .wake = on_wake},
    };
}

int node_bootstrap(struct node *node, struct err *err)
{
    struct replicate_options options = world_options(node, disk_uv_new(NULL, node->dir));

    return replicate_bootstrap(&options, err);
}

int node_try_open(struct node *node, struct err *err)
{
    struct replicate_options options = world_options(node, NULL);
    int code;

    node_forget(node);
    code = replicate_open(&options, &node->replicate, err);
    arm(node);
    return code;
}

void node_open(struct node *node)
{
    struct err err = {.text = ""};

    if (node_try_open(node, &err) < 0)
        fail_msg("%s", err.text);
}

void node_forget(struct node *node)
{
    buf_clear(&node->state);
    node->n_applied = 0;
    memset(node->stored, 0, WORLD_COMMANDS * sizeof *node->stored);
}

static void on_closed(void *context)
{
    struct node *node = context;

    node->replicate = NULL;
    node->closing = false;
}

static bool is_down(struct world *world, void *context)
{
    return ((struct node *)context)->replicate == NULL;
}

void node_close(struct node *node)
{
    if (node->replicate == NULL)
        return;
    node->closing = true;
    replicate_close(node->replicate, on_closed, node);
    assert_true(world_until(node->world, WAIT_MS, is_down, node));
}

/* ---- the world ---- */

static void on_beat(uv_timer_t *timer)
{
}

struct world *world_new(int n, int election_ms, int heartbeat_ms)
{
    struct world *world = mem_zalloc(1, sizeof *world);

    assert_int_equal(uv_loop_init(&world->loop), 0);
    uv_timer_init(&world->loop, &world->beat);
    uv_timer_init(&world->loop, &world->post);
    world->post.data = world;
    uv_timer_start(&world->beat, on_beat, 2, 2);
    world->last = &world->first;
    world->timing = (struct timing){.election_ms = election_ms, .heartbeat_ms = heartbeat_ms};
    world->n = n;
    world->truth = mem_zalloc(WORLD_COMMANDS, sizeof *world->truth);
    world->model = mem_zalloc(1, sizeof *world->model);
    world->model->n_servers = world->model->n_coordinators = n;
    strcpy(world->base, "/tmp/replicate-XXXXXX");
    assert_non_null(mkdtemp(world->base));
    for (int i = 0; i < n; i++) {
        struct server *server = &world->model->servers[i];

        snprintf(server->name, sizeof server->name, "node-%d", i + 1);
        server->coordinator = true;
    }
    for (int i = 0; i < n; i++) {
        struct node *node = &world->nodes[i];
        struct err err;

        node->world = world;
        node->server = i;
        node->id = replicate_id(i, 0);
        node->applied = mem_zalloc(WORLD_COMMANDS, sizeof *node->applied);
        node->stored = mem_zalloc(WORLD_COMMANDS, sizeof *node->stored);
        snprintf(node->dir, sizeof node->dir, "%s/%d", world->base, i);
        assert_int_equal(mkdir(node->dir, 0700), 0);
        assert_int_equal(node_bootstrap(node, &err), 0);
        uv_timer_init(&world->loop, &node->due);
        node->due.data = node;
    }
    return world;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    return remove(path);
}

void world_free(struct world *world)
{
    for (int i = 0; i < world->n; i++) {
        node_close(&world->nodes[i]);
        uv_close((uv_handle_t *)&world->nodes[i].due, NULL);
    }
    uv_close((uv_handle_t *)&world->beat, NULL);
    uv_close((uv_handle_t *)&world->post, NULL);
    uv_run(&world->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&world->loop), 0);
    while (world->first != NULL) {
        struct frame *frame = world->first;

        world->first = frame->next;
        free(frame);
    }
    for (int i = 0; i < world->n; i++) {
        buf_free(&world->nodes[i].state);
        mem_free(world->nodes[i].applied);
        mem_free(world->nodes[i].stored);
    }
    nftw(world->base, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    mem_free(world->truth);
    mem_free(world->model);
    mem_free(world);
}

void world_open_all(struct world *world)
{
    for (int i = 0; i < world->n; i++)
        node_open(&world->nodes[i]);
}

bool world_until(struct world *world, int timeout_ms, world_holds *holds, void *context)
{
    uint64_t end = uv_hrtime() + (uint64_t)timeout_ms * 1000000;

    while (!holds(world, context)) {
        if (uv_hrtime() > end)
            return false;
        uv_run(&world->loop, UV_RUN_ONCE);
    }
    return true;
}

static bool never(struct world *world, void *context)
{
    return false;
}

void world_run(struct world *world, int ms)
{
    world_until(world, ms, never, NULL);
}

struct node *world_leader(struct world *world)
{
    struct node *leader = NULL;
    uint64_t term = 0;

    for (int i = 0; i < world->n; i++) {
        struct node *node = &world->nodes[i];
        struct replicate_info info;

        if (node->replicate == NULL || node->closing || node->cut)
            continue;
        info = replicate_info(node->replicate);
        if (info.role == 2 && info.term > term) {
            leader = node;
            term = info.term;
        }
    }
    return leader;
}

static bool has_leader(struct world *world, void *context)
{
    struct node *leader = world_leader(world);
    struct replicate_info info;

    if (leader == NULL)
        return false;
    info = replicate_info(leader->replicate);
    return info.commit_index == info.last_index; /* its own barrier too */
}

struct node *world_await_leader(struct world *world)
{
    assert_true(world_until(world, WAIT_MS, has_leader, NULL));
    return world_leader(world);
}

static bool all_applied(struct world *world, void *context)
{
    for (int i = 0; i < world->n; i++)
        if (world->nodes[i].replicate != NULL && !world->nodes[i].cut &&
            world->nodes[i].n_applied < *(int *)context)
            return false;
    return true;
}

void world_await_applied(struct world *world, int n)
{
    assert_true(world_until(world, WAIT_MS, all_applied, &n));
}

struct outcome {
    int left;
    int fates[3];
};

static void on_done(void *context, enum propose_fate fate)
{
    struct outcome *outcome = context;

    outcome->left--;
    outcome->fates[fate]++;
}

static bool is_done(struct world *world, void *context)
{
    return ((struct outcome *)context)->left == 0;
}

enum propose_fate world_propose(struct node *node, const void *bytes, size_t len)
{
    struct outcome outcome = {.left = 1};
    struct err err;

    assert_int_equal(replicate_propose(node->replicate, bytes, len, on_done, &outcome, &err), 0);
    assert_true(world_until(node->world, WAIT_MS, is_done, &outcome));
    for (int fate = 0; fate < 3; fate++)
        if (outcome.fates[fate] > 0)
            return (enum propose_fate)fate;
    return PROPOSE_FAILED;
}

void world_propose_many(struct node *node, int n, size_t len)
{
    uint8_t *bytes = mem_zalloc(len, 1);
    struct outcome outcome = {0};
    struct err err;

    for (int i = 0; i < n; i++) {
        /* Not more at once than segments are prepared for. */
        if (outcome.left >= 64 || outcome.left * len > (256u << 10))
            assert_true(world_until(node->world, WAIT_MS, is_done, &outcome));
        memset(bytes, 'a' + i % 26, len);
        memcpy(bytes, &i, sizeof i);
        if (replicate_propose(node->replicate, bytes, len, on_done, &outcome, &err) < 0)
            fail_msg("proposal %d: %s", i, err.text);
        outcome.left++;
    }
    assert_true(world_until(node->world, WAIT_MS, is_done, &outcome));
    assert_int_equal(outcome.fates[PROPOSE_COMMITTED], n);
    mem_free(bytes);
}

void world_expect_equal(struct world *world)
{
    struct node *first = NULL;

    for (int i = 0; i < world->n; i++) {
        struct node *node = &world->nodes[i];

        if (node->replicate == NULL || node->cut)
            continue;
        assert_int_equal(node->fatal, 0);
        if (first == NULL) {
            first = node;
            continue;
        }
        assert_int_equal(node->n_applied, first->n_applied);
        assert_int_equal(node->state.len, first->state.len);
        assert_memory_equal(node->applied, first->applied,
                            (size_t)first->n_applied * sizeof *first->applied);
        if (first->state.len > 0)
            assert_memory_equal(node->state.data, first->state.data, first->state.len);
    }
}
