/* The replicated state: a history with every kind of entry gives the same bytes and the
 * same ledger whether it is applied straight or from a snapshot at any index on, and
 * entries that no longer fit change nothing. */
#include "base/buf.h"
#include "base/check.h"
#include "base/mem.h"
#include "base/utc.h"
#include "core/failover/rules.h"
#include "wire/codec.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#define T0 1790000000000ll
#define HISTORY_MAX 128

struct history {
    struct buf entries[HISTORY_MAX];
    int n;
    uint32_t version;
    int64_t time_ms;
};

/* State and ledger of one node. */
struct node {
    struct shared *shared;
    struct buf lines;
};

static void emit(void *context, uint64_t seq, const char *line, size_t len)
{
    struct node *node = context;

    assert_int_equal(seq, node->shared->ledger.size - 1);
    buf_append(&node->lines, line, len);
    buf_append(&node->lines, "\n", 1);
}

static void apply_bytes(struct node *node, uint64_t index, const struct buf *bytes)
{
    struct entry entry;
    struct err err;

    CHECK(entry_decode(bytes->data, bytes->len, &entry, &err) == 0);
    shared_apply(node->shared, index, &entry, emit, node);
    entry_free(&entry);
}

static void free_node(struct node *node)
{
    shared_free(node->shared);
    buf_free(&node->lines);
}

/* ---- writing a history ---- */

static struct entry make(struct history *h, enum entry_kind kind)
{
    h->time_ms += 1000;
    return (struct entry){
        .kind = kind, .term = 3, .leader = 8, .time_ms = h->time_ms, .config_version = h->version};
}

static void add(struct history *h, struct entry *entry)
{
    CHECK(h->n < HISTORY_MAX);
    entry_encode(entry, &h->entries[h->n++]);
}

static void add_config(struct history *h, const char *kind, uint32_t version)
{
    struct entry e = make(h, ENTRY_CONFIG);
    char *yaml = mem_strdup(world_yaml(kind, 0));

    strstr(yaml, "version: ")[strlen("version: ")] = (char)('0' + version);
    e.config.yaml = (uint8_t *)yaml;
    e.config.yaml_len = (uint32_t)strlen(yaml);
    add(h, &e);
    entry_free(&e);
    h->version = version;
}

/* Eleven observers; `age_ms`: since when it is so. */
static void add_verdict(struct history *h, int check, enum verdict verdict, uint32_t age_ms)
{
    struct entry e = make(h, ENTRY_VERDICT);
    bool down = verdict == VERDICT_DOWN;
    uint8_t i;

    e.verdict.check = check;
    e.verdict.verdict = verdict;
    e.verdict.need = 6;
    e.verdict.agree = e.verdict.assigned = e.verdict.n_ballots = 11;
    for (i = 0; i < 11; i++)
        e.verdict.ballots[i] = (struct ballot){.observer = i >= check ? (uint8_t)(i + 1) : i,
                                               .opinion = down ? OPINION_DOWN : OPINION_UP,
                                               .reason = down ? REASON_REFUSED : REASON_OK,
                                               .fail_age_ms = down ? age_ms - i : age_ms + 500,
                                               .good_age_ms = down ? age_ms + 100 : age_ms - i,
                                               .arrived_age_ms = 20};
    add(h, &e);
}

static struct entry intent(struct history *h, int from, int to, uint32_t epoch, uint32_t step,
                           server_set members, uint16_t rule)
{
    struct entry e = make(h, ENTRY_INTENT);

    e.intent.from = from;
    e.intent.to = to;
    e.intent.epoch = epoch;
    e.intent.step = step;
    e.intent.members = members;
    e.intent.rule = rule;
    return e;
}

static void add_outcome(struct history *h, enum entry_kind kind, uint32_t epoch, uint32_t step)
{
    struct entry e = make(h, kind);

    e.outcome.epoch = epoch;
    e.outcome.step = step;
    e.outcome.ok = true;
    e.outcome.took_ms = 12;
    add(h, &e);
}

static void add_standing(struct history *h, uint16_t rule, int from, uint32_t epoch, uint32_t step)
{
    struct entry e = make(h, ENTRY_REFUSED);

    e.intent.from = e.intent.to = from;
    e.intent.epoch = epoch;
    e.intent.step = step;
    e.intent.rule = rule;
    add(h, &e);
}

static void add_window(struct history *h, uint8_t id, uint64_t ends)
{
    struct entry e = make(h, ENTRY_WINDOW);

    e.id.bytes[0] = id;
    strcpy(e.who, "tanaka");
    strcpy(e.reason, "定期");
    e.window.end = ends != 0;
    e.window.window = ends;
    e.window.start_ms = h->time_ms + 3600000;
    e.window.end_ms = h->time_ms + 7200000;
    e.window.functions[0] = 1;
    add(h, &e);
}

static void add_hole(struct history *h, int check, bool hole)
{
    struct entry e = make(h, ENTRY_COVERAGE);

    e.coverage.check = check;
    e.coverage.hole = hole;
    add(h, &e);
}

static void add_node(struct history *h, enum entry_kind kind, int server, bool silent)
{
    struct entry e = make(h, kind);

    e.node.server = server;
    e.node.silent = silent;
    e.node.raft_id = 260;
    add(h, &e);
}

static void add_leader(struct history *h, uint64_t term)
{
    struct entry e = make(h, ENTRY_LEADER);

    e.term = term;
    add(h, &e);
}

/* Entries that fit nothing: of an old epoch, of routes, checks and servers that are not,
 * under another configuration, with members of another candidate, or out of turn. */
static void add_misfits(struct history *h, uint32_t epoch, uint32_t step, int active)
{
    server_set mine = active == 0 ? 15 : 240, theirs = active == 0 ? 240 : 15;
    uint32_t version = h->version;
    struct entry e;

    e = intent(h, active, !active, epoch, 0, theirs, 12);
    add(h, &e); /* the epoch that is */
    e = intent(h, active, !active, epoch + 2, 0, theirs, 12);
    add(h, &e); /* one too far */
    e = intent(h, !active, active, epoch + 1, 0, mine, 12);
    add(h, &e); /* from where it is not */
    e = intent(h, active, !active, epoch + 1, 0, mine, 12);
    e.intent.forced = true;
    add(h, &e); /* somebody else's servers */
    e = intent(h, active, active, epoch, step + 1, 0, 40);
    add(h, &e); /* nobody */
    e = intent(h, active, !active, epoch + 1, 0, theirs, 20);
    e.intent.route = 5;
    add(h, &e);
    add_outcome(h, ENTRY_ACT, epoch - 1, 0);
    add_outcome(h, ENTRY_OUTCOME, epoch, step + 1);
    add_outcome(h, ENTRY_VERIFIED, epoch - 1, step);
    add_standing(h, 23, active, epoch - 1, step); /* blocked, of an epoch that is over */
    add_standing(h, 24, active, epoch, step);     /* unblocked, what was not blocked */
    add_verdict(h, 4000, VERDICT_DOWN, 100);
    add_hole(h, 4000, true);
    add_node(h, ENTRY_NODE, 40, true);
    h->version = version + 7;
    add_verdict(h, 0, VERDICT_DOWN, 100);
    e = intent(h, active, !active, epoch + 1, 0, theirs, 12);
    add(h, &e);
    h->version = version;
    add_config(h, "available", version); /* not newer */
    add_leader(h, 1);                    /* of a term long over */
}

/* What operators say, and a leader's term in between. */
static void add_verbs(struct history *h, uint64_t term)
{
    struct entry e = make(h, ENTRY_PAUSE);

    e.pause.until_ms = h->time_ms + 60000;
    add(h, &e);
    e.pause.route = ROUTE_ALL;
    add(h, &e);
    e = make(h, ENTRY_PAUSE);
    e.pause.expired = true;
    add(h, &e); /* too early */
    e.time_ms += 60000;
    h->time_ms = e.time_ms;
    add(h, &e);
    e = make(h, ENTRY_DRAIN);
    strcpy(e.who, "ito");
    e.drain.server = 9;
    add(h, &e);
    e = make(h, ENTRY_HANDOVER);
    e.handover.server = 4;
    add(h, &e);
    e = make(h, ENTRY_LEADER);
    e.term = term;
    e.leader = 4;
    add(h, &e);
}

static void fail_all(struct history *h, int first, enum verdict verdict)
{
    int c;

    for (c = first; c < first + 4; c++)
        add_verdict(h, c, verdict, 400);
}

static void write_history(struct history *h)
{
    struct entry e;

    *h = (struct history){.time_ms = T0};
    add_leader(h, 3);
    add_config(h, "available", 1);
    fail_all(h, 0, VERDICT_UP);
    fail_all(h, 4, VERDICT_UP);
    add_outcome(h, ENTRY_OUTCOME, 1, 0);
    add_outcome(h, ENTRY_VERIFIED, 1, 0);
    add_window(h, 1, 0);
    add_window(h, 2, 13);
    add_node(h, ENTRY_NODE, 2, true);
    add_hole(h, 1, true);
    /* one leaves the pool, all fail, the route moves */
    add_verdict(h, 3, VERDICT_DOWN, 300);
    e = intent(h, 0, 0, 1, 1, 7, 40);
    add(h, &e);
    add_verdict(h, 0, VERDICT_DISPUTED, 300);
    fail_all(h, 0, VERDICT_DOWN);
    e = intent(h, 0, 1, 2, 0, 240, 20);
    add(h, &e);
    add_outcome(h, ENTRY_OUTCOME, 2, 0);
    add_outcome(h, ENTRY_VERIFIED, 2, 0);
    add_outcome(h, ENTRY_REASSERTED, 2, 0);
    add_node(h, ENTRY_MEMBER, 2, false);
    add_node(h, ENTRY_NODE, 2, false);
    add_hole(h, 1, false);
    e = make(h, ENTRY_SECURITY);
    e.security.refused = 7;
    add(h, &e);
    /* nobody is left, then somebody is */
    fail_all(h, 4, VERDICT_DOWN);
    add_standing(h, 23, 1, 2, 0);
    add_standing(h, 21, 1, 2, 0);
    fail_all(h, 4, VERDICT_UP);
    add_standing(h, 24, 1, 2, 0);
    add_outcome(h, ENTRY_OUTCOME, 2, 0);
    add_outcome(h, ENTRY_VERIFIED, 2, 0);
    add_verbs(h, 4);
    add_leader(h, 5);
    /* exclusive from now on; an operator goes back, twice asked */
    add_config(h, "exclusive", 2);
    fail_all(h, 0, VERDICT_UP);
    e = intent(h, 1, 0, 3, 0, 15, 16);
    e.id.bytes[0] = 9;
    strcpy(e.who, "tanaka");
    e.intent.planned = true;
    add(h, &e);
    add(h, &e);
    add_outcome(h, ENTRY_ACT, 3, 0);
    add_outcome(h, ENTRY_OUTCOME, 3, 0);
    add_outcome(h, ENTRY_VERIFIED, 3, 0);
    add_standing(h, 14, 0, 3, 0);
    add_misfits(h, 3, 0, 0);
}

static void free_history(struct history *h)
{
    int i;

    for (i = 0; i < h->n; i++)
        buf_free(&h->entries[i]);
}

static void from_snapshot(struct node *node, const struct history *h, int at)
{
    struct buf snapshot = {0};
    struct err err;
    int i;

    *node = (struct node){.shared = shared_new()};
    for (i = 0; i < at; i++)
        apply_bytes(node, (uint64_t)i + 1, &h->entries[i]);
    shared_encode(node->shared, &snapshot);
    shared_free(node->shared);
    CHECK(shared_decode(snapshot.data, snapshot.len, &node->shared, &err) == 0);
    buf_free(&snapshot);
    for (; i < h->n; i++)
        apply_bytes(node, (uint64_t)i + 1, &h->entries[i]);
}

static void assert_same(const struct node *a, const struct node *b, int at)
{
    uint8_t root_a[TREE_HASH], root_b[TREE_HASH];
    struct buf x = {0}, y = {0};

    shared_encode(a->shared, &x);
    shared_encode(b->shared, &y);
    if (x.len != y.len || memcmp(x.data, y.data, x.len) != 0)
        fail_msg("a snapshot at %d gives another state", at);
    tree_root(&a->shared->ledger, root_a);
    tree_root(&b->shared->ledger, root_b);
    assert_memory_equal(root_a, root_b, TREE_HASH);
    if (a->lines.len != b->lines.len || memcmp(a->lines.data, b->lines.data, a->lines.len) != 0)
        fail_msg("a snapshot at %d gives other lines", at);
    buf_free(&x);
    buf_free(&y);
}

static void a_snapshot_at_any_index_changes_nothing(void **state)
{
    struct node straight, other;
    struct history h;
    int at;

    (void)state;
    write_history(&h);
    from_snapshot(&straight, &h, 0);
    /* it did what it is to cover */
    assert_int_equal(straight.shared->routes[0].now.epoch, 3);
    assert_int_equal(straight.shared->routes[0].phase, ROUTE_SERVING);
    assert_int_equal(straight.shared->leader_term, 5);
    assert_int_equal(straight.shared->n_windows, 1);
    assert_true(straight.shared->windows[0].finished_ms != UTC_NONE);
    for (at = 1; at <= h.n; at++) {
        from_snapshot(&other, &h, at);
        assert_same(&straight, &other, at);
        free_node(&other);
    }
    free_node(&straight);
    free_history(&h);
}

static bool on_ledger(const struct node *node, const char *what)
{
    return memmem(node->lines.data, node->lines.len, what, strlen(what)) != NULL;
}

static void the_history_has_every_kind_of_line(void **state)
{
    static const char *const types[] = {"\"config\"",
                                        "\"leader\"",
                                        "\"up\"",
                                        "\"down\"",
                                        "\"disputed\"",
                                        "\"kind\":\"move\"",
                                        "\"kind\":\"pool\"",
                                        "\"act\"",
                                        "\"outcome\"",
                                        "\"verified\"",
                                        "\"refused\"",
                                        "\"reasserted\"",
                                        "\"blocked\"",
                                        "\"unblocked\"",
                                        "\"held\"",
                                        "\"added\"",
                                        "\"ended\"",
                                        "\"hole\"",
                                        "\"covered\"",
                                        "\"silent\"",
                                        "\"heard\"",
                                        "\"member\"",
                                        "\"security\"",
                                        "\"open\"",
                                        "\"close\"",
                                        "\"paused\"",
                                        "\"resumed\"",
                                        "\"drained\"",
                                        "\"handover\"",
                                        "\"unmonitored-open\"",
                                        "\"unmonitored-close\""};
    struct history h;
    struct node node;
    size_t i;

    (void)state;
    write_history(&h);
    from_snapshot(&node, &h, 0);
    for (i = 0; i < ARRAY_LEN(types); i++)
        if (!on_ledger(&node, types[i]))
            fail_msg("no line with %s", types[i]);
    free_node(&node);
    free_history(&h);
}

/* The state's bytes but for the index, the newest term, and the time. */
static void encode_still(struct node *node, struct buf *out)
{
    uint64_t index = node->shared->index, term = node->shared->term;
    int64_t time_ms = node->shared->time_ms;

    node->shared->index = node->shared->term = 0;
    node->shared->time_ms = T0;
    shared_encode(node->shared, out);
    node->shared->index = index;
    node->shared->term = term;
    node->shared->time_ms = time_ms;
}

static void misfits_change_nothing(void **state)
{
    struct buf before = {0}, after = {0};
    struct history h, misfits = {.version = 2};
    struct node node;
    int i;

    (void)state;
    write_history(&h);
    from_snapshot(&node, &h, 0);
    misfits.time_ms = h.time_ms;
    add_misfits(&misfits, 3, 0, 0);
    for (i = 0; i < misfits.n; i++) {
        uint64_t lines = node.shared->ledger.size;

        buf_clear(&before);
        buf_clear(&after);
        encode_still(&node, &before);
        apply_bytes(&node, (uint64_t)(h.n + i + 1), &misfits.entries[i]);
        encode_still(&node, &after);
        if (node.shared->ledger.size != lines || before.len != after.len ||
            memcmp(before.data, after.data, before.len) != 0)
            fail_msg("misfit %d changed something", i);
    }
    buf_free(&before);
    buf_free(&after);
    free_node(&node);
    free_history(&misfits);
    free_history(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_snapshot_at_any_index_changes_nothing),
        cmocka_unit_test(the_history_has_every_kind_of_line),
        cmocka_unit_test(misfits_change_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
