/* A node over a shell that only counts, and a real disk: how it begins, waits and ends. What
 * several nodes do together is for tests/sim and tests/cluster. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "core/engine_private.h"
#include "core/feature.h"
#include "node/node.h"
#include "replicate/disk_uv.h"
#include "replicate/raft_codec.h"
#include "wire/codec.h"
#include "wire/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_1                                                                                     \
    "cluster: test\nversion: 1\naccept_quorum_loss: true\nsites: [{name: a}]\nservers:\n"          \
    "  - {name: a-1, site: a, host: 10.0.1.1}\n"
#define TEXT_REST                                                                                  \
    "targets: [{name: web, site: a, host: 10.0.1.9}]\n"                                            \
    "checks: [{name: web, targets: [web], tcp: {port: 443}}]\n"                                    \
    "functions: [{name: calling, label_ja: 発信, checks: [web@web]}]\n"                          \
    "services: [{name: centre, critical: [calling]}]\n"                                            \
    "contract: {name: c, timezone: Asia/Tokyo, target: \"98\"}\n"

static const char alone[] = TEXT_1 TEXT_REST;
static const char three[] = TEXT_1 "  - {name: a-2, site: a, host: 10.0.1.2}\n"
                                   "  - {name: a-3, site: a, host: 10.0.1.3}\n" TEXT_REST;

#define LINES_MAX 64
#define ASKED_MAX 8

struct bench {
    char dir[32];
    uv_loop_t loop;
    uv_timer_t pulse;
    struct model *model;
    struct node_options options;
    struct node *node;
    struct err err;

    int64_t ahead_ms; /* of the node's clock */
    int calls;        /* of the shell, but for time and waking */
    int beats, configured, replies, fatals, closed;
    int reply_code;
    char why[ERR_TEXT_MAX]; /* of the newest fatal */
    int corrupt_from;       /* ledger lines from here on are not what they were; -1 */
    char *lines[LINES_MAX];
    int n_lines;
    int asked[ASKED_MAX], n_asked; /* whom, to join */
    int hint;
};

/* ---- the shell ---- */

static struct moment on_now(void *context)
{
    struct bench *b = context;

    return (struct moment){.boot_ms = clock_boot_ms() + b->ahead_ms,
                           .utc_ms = clock_utc_ms() + b->ahead_ms};
}

static void on_wake(void *context)
{
}

static int on_send_raft(void *context, int server, const uint8_t *bytes, size_t len)
{
    ((struct bench *)context)->calls++;
    return 0;
}

static void on_send_beat(void *context, const uint8_t *bytes, size_t len)
{
    struct bench *b = context;

    static struct beat beat;

    b->calls++;
    b->beats++;
    /* Whatever the engine has been told of yet: others count on a beat's term. */
    assert_int_equal(beat_decode(bytes, len, &beat, &b->err), 0);
    assert_true(beat.term == node_raft(b->node).term);
}

static void on_probe(void *context, int check)
{
    ((struct bench *)context)->calls++;
}

static void on_act(void *context, int route, int actuator, const struct placement *placement)
{
    ((struct bench *)context)->calls++;
}

static void on_hold(void *context, int route, uint32_t epoch, int64_t until_ms, int fence_ms)
{
}

static void on_configured(void *context)
{
    struct bench *b = context;

    b->calls++;
    b->configured++;
}

static void on_reply(void *context, const struct command_id *id, int code, const char *text)
{
    struct bench *b = context;

    b->replies++;
    b->reply_code = code;
}

static uint64_t on_size(void *context)
{
    return (uint64_t)((struct bench *)context)->n_lines;
}

static int on_put(void *context, uint64_t seq, const char *line, size_t len, struct err *err)
{
    struct bench *b = context;

    b->calls++;
    if (b->corrupt_from >= 0 && seq >= (uint64_t)b->corrupt_from)
        return err_set(err, ERR_CORRUPT, "another history");
    if (seq < (uint64_t)b->n_lines) {
        assert_int_equal(strlen(b->lines[seq]), len);
        assert_memory_equal(b->lines[seq], line, len);
        return 0;
    }
    assert_int_equal(seq, b->n_lines);
    assert_true(b->n_lines < LINES_MAX);
    b->lines[b->n_lines++] = strndup(line, len);
    return 0;
}

static int on_sync(void *context, struct err *err)
{
    ((struct bench *)context)->calls++;
    return 0;
}

static int on_root(void *context, uint8_t root[TREE_HASH], struct err *err)
{
    fail(); /* nothing is ever missing here */
    return 0;
}

static void on_fetch(void *context, int server, uint64_t from)
{
    fail();
}

static void on_join(void *context, int server, uint64_t raft_id)
{
    struct bench *b = context;

    b->calls++;
    assert_int_equal(raft_id, b->options.raft_id);
    if (b->n_asked < ASKED_MAX)
        b->asked[b->n_asked++] = server;
    node_joined(b->node, ERR_UNAVAILABLE, "does not lead", b->hint);
}

static void on_fatal(void *context, const char *why)
{
    struct bench *b = context;

    b->calls++;
    b->fatals++;
    snprintf(b->why, sizeof b->why, "%s", why);
}

/* ---- the bench ---- */

static void on_pulse(uv_timer_t *pulse)
{
}

static void set_up(struct bench *b, const char *yaml, int self)
{
    size_t len = strlen(yaml);

    *b = (struct bench){.dir = "/tmp/node-XXXXXX", .corrupt_from = -1, .hint = -1};
    assert_non_null(mkdtemp(b->dir));
    assert_int_equal(uv_loop_init(&b->loop), 0);
    uv_timer_init(&b->loop, &b->pulse);
    uv_timer_start(&b->pulse, on_pulse, 1, 1);
    if (config_parse("f.yaml", (const uint8_t *)yaml, len, &b->model, &b->err) < 0)
        fail_msg("%s", b->err.text);
    b->options = (struct node_options){.self = self,
                                       .boot = 7,
                                       .raft_id = replicate_id(self, 0),
                                       .file = "f.yaml",
                                       .model = b->model,
                                       .yaml = (const uint8_t *)yaml,
                                       .yaml_len = len,
                                       .shell = {.context = b,
                                                 .now = on_now,
                                                 .wake = on_wake,
                                                 .send_raft = on_send_raft,
                                                 .send_beat = on_send_beat,
                                                 .probe = on_probe,
                                                 .act = on_act,
                                                 .hold = on_hold,
                                                 .configured = on_configured,
                                                 .reply = on_reply,
                                                 .ledger_size = on_size,
                                                 .ledger_put = on_put,
                                                 .ledger_sync = on_sync,
                                                 .ledger_root = on_root,
                                                 .fetch = on_fetch,
                                                 .join = on_join,
                                                 .fatal = on_fatal}};
}

static int bootstrap(struct bench *b)
{
    b->options.disk = disk_uv_new(NULL, b->dir);
    return node_bootstrap(&b->options, &b->err);
}

static void begin(struct bench *b)
{
    b->options.disk = disk_uv_new(&b->loop, b->dir);
    if (node_open(&b->options, &b->node, &b->err) < 0)
        fail_msg("%s", b->err.text);
}

static void turn(struct bench *b)
{
    uv_run(&b->loop, UV_RUN_ONCE);
    if (b->closed == 0)
        node_poll(b->node);
    if (b->closed == 0 && node_due_ms(b->node) <= on_now(b).boot_ms)
        node_run(b->node);
}

#define AWAIT(b, condition)                                                                        \
    do {                                                                                           \
        int64_t until_ms_ = clock_boot_ms() + 60000;                                               \
        while (!(condition)) {                                                                     \
            assert_true(clock_boot_ms() < until_ms_);                                              \
            turn(b);                                                                               \
        }                                                                                          \
    } while (0)

static void on_closed(void *context)
{
    struct bench *b = context;

    b->closed++;
    b->node = NULL;
}

static void end(struct bench *b)
{
    node_close(b->node, on_closed, b);
    assert_int_equal(b->closed, 0);
    AWAIT(b, b->closed == 1);
    b->closed = 0;
}

static void tear_down(struct bench *b)
{
    char command[64];

    uv_close((uv_handle_t *)&b->pulse, NULL);
    uv_run(&b->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&b->loop), 0);
    while (b->n_lines > 0)
        free(b->lines[--b->n_lines]);
    model_free(b->model);
    snprintf(command, sizeof command, "rm -rf %s", b->dir);
    assert_int_equal(system(command), 0);
}

static bool settled(const struct bench *b)
{
    const struct shared *shared = engine_shared(node_engine(b->node));

    return engine_leads(node_engine(b->node)) && shared->model != NULL &&
           shared->level == FEATURE_NEWEST;
}

/* ---- tests ---- */

static void one_alone_leads_and_comes_back(void **state)
{
    struct bench b;
    int lines;

    set_up(&b, alone, 0);
    assert_int_equal(bootstrap(&b), 0);
    assert_int_equal(bootstrap(&b), ERR_REFUSED);
    begin(&b);
    AWAIT(&b, settled(&b));
    assert_int_equal(b.configured, 1);
    assert_true(b.beats > 0);
    lines = b.n_lines;
    assert_true(lines > 0);
    assert_int_equal(engine_shared(node_engine(b.node))->ledger.size, lines);
    end(&b);

    /* The log is applied again: on_put() sees that the lines are the same. */
    b.options.boot = 8;
    begin(&b);
    AWAIT(&b, settled(&b));
    assert_int_equal(engine_shared(node_engine(b.node))->ledger.size, lines);
    assert_int_equal(b.n_lines, lines);
    assert_int_equal(b.configured, 2);
    assert_int_equal(b.fatals, 0);
    end(&b);
    tear_down(&b);
}

/* It says so and applies nothing, instead of making something else of what it does not know. */
static void an_older_program_leaves_a_newer_log_alone(void **state)
{
    struct bench b;

    set_up(&b, alone, 0);
    assert_int_equal(bootstrap(&b), 0);
    begin(&b);
    AWAIT(&b, settled(&b));
    end(&b);
    b.options.level = FEATURE_FIRST;
    b.options.disk = disk_uv_new(&b.loop, b.dir);
    assert_true(node_open(&b.options, &b.node, &b.err) < 0);
    assert_int_equal(b.fatals, 1);
    assert_non_null(strstr(b.why, "the log is at feature level 4, this program knows up to 1"));
    assert_int_equal(engine_shared(node_engine(b.node))->index, 0);
    end(&b);
    tear_down(&b);
}

/* Before anything of it comes in. */
static void an_older_program_leaves_a_newer_cluster_alone(void **state)
{
    struct beat beat = {.boot = 9, .number = 1, .level = 2, .level_needed = FEATURE_FIRST};
    struct bench b;

    set_up(&b, three, 0);
    assert_int_equal(bootstrap(&b), 0);
    b.options.level = FEATURE_FIRST;
    begin(&b);
    node_take_beat(b.node, 1, &beat);
    assert_int_equal(b.fatals, 0); /* it may wait for this node */
    beat.level_needed = 2;
    beat.number++;
    node_take_beat(b.node, 1, &beat);
    assert_int_equal(b.fatals, 1);
    assert_non_null(strstr(b.why, "a-2 says: the cluster is at feature level 2"));
    end(&b);
    tear_down(&b);
}

static void ends_with_a_command_and_a_proposal_out(void **state)
{
    struct command command = {.kind = COMMAND_WINDOW_ADD, .id = {{1}}, .who = "op"};
    struct event event = {.kind = EVENT_COMMAND, .command = &command};
    struct bench b;
    int calls;

    set_up(&b, alone, 0);
    assert_int_equal(bootstrap(&b), 0);
    begin(&b);
    AWAIT(&b, settled(&b));
    event.now = on_now(&b);
    command.window.functions[0] = 1;
    command.window.emergency = true;
    command.window.start_ms = event.now.utc_ms;
    command.window.end_ms = event.now.utc_ms + 60000;
    node_step(b.node, &event);
    node_step(b.node, &event); /* the same again: one answer */
    assert_int_equal(b.replies, 0);

    node_close(b.node, on_closed, &b);
    assert_int_equal(b.replies, 1);
    assert_int_equal(b.reply_code, ERR_UNAVAILABLE);
    calls = b.calls;
    command.id.bytes[0] = 2; /* too late: answered at once */
    node_step(b.node, &event);
    assert_int_equal(b.replies, 2);
    AWAIT(&b, b.closed == 1);
    assert_int_equal(b.replies, 2);
    assert_int_equal(b.calls, calls);
    tear_down(&b);
}

/* Once committed it would stop every node, and again after each start. */
static void what_nobody_could_read_is_not_proposed(void **state)
{
    struct engine *engine;
    struct bench b;

    set_up(&b, alone, 0);
    assert_int_equal(bootstrap(&b), 0);
    begin(&b);
    AWAIT(&b, settled(&b));
    engine = (struct engine *)node_engine(b.node);
    engine->peers[0].steps = 1; /* as a peer's beats might say */
    engine->peers[0].stepped_ms = INT64_MAX;
    AWAIT(&b, engine->peers[0].steps_ms != 0);
    assert_int_equal(b.fatals, 0);
    engine->peers[0].stepped_ms = 5000;
    engine->peers[0].steps_ms = 0;
    AWAIT(&b, engine->peers[0].steps_recorded == 1); /* it goes on */
    assert_int_equal(b.fatals, 0);
    end(&b);
    tear_down(&b);
}

/* Between a message that brings a newer term and the next poll the engine does not know. */
static void a_beat_says_the_term_as_it_leaves(void **state)
{
    struct raft_message news = {.type = RAFT_APPEND_ENTRIES, .append_entries = {.term = 7}};
    struct beat asks = {.boot = 1, .number = 1, .asks = true};
    struct buf bytes = {0};
    struct bench b;
    int beats;

    set_up(&b, three, 0);
    assert_int_equal(bootstrap(&b), 0);
    begin(&b);
    AWAIT(&b, b.beats > 1);
    raft_codec_encode(&bytes, replicate_id(1, 0), replicate_id(0, 0), &news);
    node_receive(b.node, 1, bytes.data, bytes.len);
    assert_int_equal(node_raft(b.node).term, 7);
    beats = b.beats;
    node_take_beat(b.node, 1, &asks);
    assert_int_equal(b.beats, beats + 1);
    buf_free(&bytes);
    end(&b);
    tear_down(&b);
}

/* Whoever begins a change of members: exclusive routes wait for its commit. */
static void the_engine_knows_others_changes_of_members(void **state)
{
    struct raft_configuration conf;
    struct raft_entry change = {.term = 1, .type = RAFT_CHANGE};
    struct raft_message news = {.type = RAFT_APPEND_ENTRIES,
                                .append_entries = {.term = 1,
                                                   .prev_log_index = 1,
                                                   .prev_log_term = 1,
                                                   .leader_commit = 1,
                                                   .entries = &change,
                                                   .n_entries = 1}};
    struct raft_message commits = {
        .type = RAFT_APPEND_ENTRIES,
        .append_entries = {.term = 1, .prev_log_index = 2, .prev_log_term = 1, .leader_commit = 2}};
    struct buf bytes = {0};
    struct bench b;

    raft_configuration_init(&conf);
    assert_int_equal(raft_configuration_add(&conf, replicate_id(0, 0), "a-1", RAFT_VOTER), 0);
    assert_int_equal(raft_configuration_add(&conf, replicate_id(1, 0), "a-2", RAFT_VOTER), 0);
    assert_int_equal(raft_configuration_encode(&conf, &change.buf), 0);
    set_up(&b, three, 0);
    assert_int_equal(bootstrap(&b), 0);
    begin(&b);
    raft_codec_encode(&bytes, replicate_id(1, 0), replicate_id(0, 0), &news);
    node_receive(b.node, 1, bytes.data, bytes.len);
    AWAIT(&b, node_raft(b.node).stored_index == 2);
    turn(&b);
    assert_true(node_engine(b.node)->members_change);
    buf_clear(&bytes);
    raft_codec_encode(&bytes, replicate_id(1, 0), replicate_id(0, 0), &commits);
    node_receive(b.node, 1, bytes.data, bytes.len);
    AWAIT(&b, !node_engine(b.node)->members_change);
    raft_configuration_close(&conf);
    raft_free(change.buf.base);
    buf_free(&bytes);
    end(&b);
    tear_down(&b);
}

static void a_fatal_that_returns_ends_everything(void **state)
{
    struct bench b;
    int calls;

    set_up(&b, alone, 0);
    assert_int_equal(bootstrap(&b), 0);
    b.corrupt_from = 0;
    begin(&b);
    AWAIT(&b, b.fatals == 1);
    calls = b.calls;
    assert_true(node_due_ms(b.node) == INT64_MAX);
    assert_true(node_may_act(b.node, 0, 0, 0, ENGINE_NO_TOKEN) < 0);
    for (int i = 0; i < 50; i++) {
        turn(&b);
        node_run(b.node);
    }
    assert_int_equal(b.calls, calls);
    assert_int_equal(b.n_lines, 0);
    end(&b);
    tear_down(&b);
}

static void a_damaged_disk_is_said_and_closed(void **state)
{
    char command[160];
    struct bench b;

    set_up(&b, alone, 0);
    assert_int_equal(bootstrap(&b), 0);
    snprintf(
        command, sizeof command,
        "for f in %s/0*; do printf XXXXXXXX | dd of=$f bs=1 seek=64 conv=notrunc 2>/dev/null; done",
        b.dir);
    assert_int_equal(system(command), 0);
    b.options.disk = disk_uv_new(&b.loop, b.dir);
    assert_true(node_open(&b.options, &b.node, &b.err) < 0);
    assert_non_null(strstr(b.err.text, "closed segment"));
    assert_true(node_due_ms(b.node) == INT64_MAX);
    node_run(b.node);
    end(&b);
    assert_int_equal(b.calls, 0);
    tear_down(&b);
}

/* From one to the next, to whom the last one named, and never to itself. */
static void who_lost_its_data_asks_in_turn(void **state)
{
    static const int want[] = {1, 2, 1, 2};
    struct bench b;

    set_up(&b, three, 0);
    b.options.raft_id = replicate_id(0, 5);
    begin(&b);
    while (b.n_asked < 4) {
        b.ahead_ms += 50; /* a second passes quickly */
        turn(&b);
    }
    assert_memory_equal(b.asked, want, sizeof want);
    b.hint = 2;
    while (b.n_asked < 7) {
        b.ahead_ms += 50;
        turn(&b);
    }
    assert_int_equal(b.asked[5], 2);
    assert_int_equal(b.asked[6], 2);
    end(&b);
    tear_down(&b);
}

static void bytes_that_are_no_beat_are_refused(void **state)
{
    static const uint8_t bytes[] = {0xff, 1, 2, 3};
    struct bench b;

    set_up(&b, three, 0);
    assert_int_equal(bootstrap(&b), 0);
    begin(&b);
    assert_int_equal(node_beat(b.node, 1, bytes, sizeof bytes, &b.err), ERR_INVALID);
    assert_int_equal(engine_peer(node_engine(b.node), on_now(&b), 1).age_ms, -1);
    end(&b);
    tear_down(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_alone_leads_and_comes_back),
        cmocka_unit_test(an_older_program_leaves_a_newer_log_alone),
        cmocka_unit_test(an_older_program_leaves_a_newer_cluster_alone),
        cmocka_unit_test(ends_with_a_command_and_a_proposal_out),
        cmocka_unit_test(what_nobody_could_read_is_not_proposed),
        cmocka_unit_test(a_beat_says_the_term_as_it_leaves),
        cmocka_unit_test(the_engine_knows_others_changes_of_members),
        cmocka_unit_test(a_fatal_that_returns_ends_everything),
        cmocka_unit_test(a_damaged_disk_is_said_and_closed),
        cmocka_unit_test(who_lost_its_data_asks_in_turn),
        cmocka_unit_test(bytes_that_are_no_beat_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
