/* What a node says of the cluster: a real engine, fed by hand. */
#include "base/mem.h"
#include "core/engine.h"
#include "core/feature.h"
#include "report/status.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SELF 0
#define BOOT 77
#define CONFIG "cluster: test\n"

static const char *const names[] = {"a1", "a2", "b1", "b2", "c1"};
static const int sites[] = {0, 0, 1, 1, 2};

/* Five coordinators on three sites, c1 is a standby; route "calls": tokyo {a1, a2} or
 * osaka {b1, b2}; one check on each member. */
static struct model *make_model(void)
{
    struct model *m = model_new();
    int i;

    snprintf(m->cluster, sizeof m->cluster, "test");
    m->version = 1;
    m->n_sites = 3;
    snprintf(m->sites[0].name, LIMIT_NAME, "tokyo");
    snprintf(m->sites[1].name, LIMIT_NAME, "osaka");
    snprintf(m->sites[2].name, LIMIT_NAME, "ishikari");
    m->n_servers = m->n_coordinators = 5;
    for (i = 0; i < 5; i++) {
        snprintf(m->servers[i].name, LIMIT_NAME, "%s", names[i]);
        snprintf(m->servers[i].host, LIMIT_NAME, i == 4 ? "fd00::1" : "10.0.0.%d", i + 1);
        m->servers[i].site = sites[i];
        m->servers[i].coordinator = true;
        m->servers[i].port = 7400;
        m->servers[i].role = i == 4 ? MEMBER_STANDBY : MEMBER_VOTER;
    }
    m->n_checks = 4;
    m->checks = mem_zalloc(4, sizeof *m->checks);
    for (i = 0; i < 4; i++)
        m->checks[i] = (struct check){.target = i,
                                      .kind = CHECK_TCP,
                                      .interval_ms = 1000,
                                      .timeout_ms = 300,
                                      .rise = 2,
                                      .fall = 1,
                                      .fall_silent = 4,
                                      .port = 80};
    for (i = 0; i < 4; i++)
        snprintf(m->checks[i].name, LIMIT_NAME, "voice@%s", names[i]);
    m->n_routes = 1;
    m->routes = mem_zalloc(1, sizeof *m->routes);
    snprintf(m->routes[0].name, LIMIT_NAME, "calls");
    m->routes[0].callers = -1;
    m->routes[0].n_candidates = 2;
    m->routes[0].damp_moves = 3;
    m->routes[0].damp_window_ms = 600000;
    for (i = 0; i < 2; i++) {
        struct candidate *c = &m->routes[0].candidates[i];

        snprintf(c->name, LIMIT_NAME, "%s", m->sites[i].name);
        c->n_members = 2;
        c->least = 2;
        c->members = mem_alloc(2 * sizeof(int));
        c->members[0] = 2 * i;
        c->members[1] = 2 * i + 1;
    }
    m->n_functions = 1;
    m->functions = mem_zalloc(1, sizeof *m->functions);
    snprintf(m->functions[0].name, LIMIT_NAME, "calling");
    m->functions[0].route = 0;
    return m;
}

struct world {
    struct engine *engine;
    struct moment now;
    uint64_t index;
    uint32_t level; /* that the next beat says */
};

static void apply(struct world *world, struct entry *entry)
{
    struct effects effects = {0};

    entry->term = 1;
    entry->leader = SELF;
    entry->time_ms = world->now.utc_ms;
    entry->config_version = 1;
    engine_apply(world->engine, world->now, ++world->index, entry, NULL, NULL, &effects);
    entry_free(entry);
    effects_free(&effects);
}

static void verdict(struct world *world, int check, enum verdict verdict)
{
    struct entry entry = {.kind = ENTRY_VERDICT};

    entry.verdict.check = check;
    entry.verdict.verdict = verdict;
    entry.verdict.n_ballots = 1;
    entry.verdict.ballots[0] =
        (struct ballot){.observer = 4,
                        .opinion = verdict == VERDICT_DOWN ? OPINION_DOWN : OPINION_UP,
                        .fail_age_ms = verdict == VERDICT_DOWN ? 10 : AGE_NEVER,
                        .good_age_ms = 110};
    apply(world, &entry);
}

static struct world world_new(bool committed)
{
    struct world world = {.now = {.boot_ms = 50000, .utc_ms = 1795489445678}};
    struct engine_options options = {.self = SELF,
                                     .boot = BOOT,
                                     .seed = 3,
                                     .shared = shared_new(),
                                     .model = make_model(),
                                     .yaml = (const uint8_t *)CONFIG,
                                     .yaml_len = sizeof CONFIG - 1,
                                     .now = world.now};
    struct entry entry = {.kind = ENTRY_CONFIG};
    int i;

    world.engine = engine_new(&options);
    if (!committed)
        return world;
    entry.config.yaml = mem_dup(CONFIG, sizeof CONFIG - 1);
    entry.config.yaml_len = sizeof CONFIG - 1;
    entry.config.model = make_model();
    apply(&world, &entry);
    for (i = 0; i < 4; i++)
        verdict(&world, i, VERDICT_UP);
    return world;
}

/* `from` says that it hears all in `heard`, and has the newest of our beats. */
static void beat(struct world *world, int from, server_set heard)
{
    static uint64_t number;
    struct effects effects = {0};
    struct beat ours, theirs = {.boot = 5, .number = ++number, .from = from, .heard = heard};
    struct event event = {.kind = EVENT_BEAT, .now = world->now, .beat = &theirs};

    engine_beat(world->engine, world->now, &ours);
    theirs.config_version = 1;
    theirs.level = world->level;
    theirs.term = 1;
    theirs.applied = 40 + (uint64_t)from;
    theirs.n_echoes = 5;
    theirs.echoes[SELF] = (struct echo){.known = true, .boot = BOOT, .number = ours.number};
    engine_step(world->engine, &event, &effects);
    event.kind = EVENT_TICK;
    engine_step(world->engine, &event, &effects);
    effects_free(&effects);
}

static void raft(struct world *world, int leader)
{
    struct event event = {.kind = EVENT_RAFT, .now = world->now};
    struct effects effects = {0};

    event.raft.role = RAFT_ROLE_FOLLOWER;
    event.raft.term = 1;
    event.raft.leader = leader;
    engine_step(world->engine, &event, &effects);
    effects_free(&effects);
}

typedef void writer(const struct engine *engine, struct moment now,
                    const struct status_local *local, struct jsonw *w);

static json_t *parse(struct buf *text)
{
    json_t *json = json_loadb((const char *)text->data, text->len, JSON_REJECT_DUPLICATES, NULL);

    assert_non_null(json);
    buf_free(text);
    return json;
}

static json_t *say(struct world *world, writer *write)
{
    struct status_local local = {.self = SELF, .uptime_ms = 12, .term = 1, .ledger_lines = 5};
    struct buf text = {0};
    struct jsonw w;

    jsonw_begin(&w, &text);
    write(world->engine, world->now, &local, &w);
    return parse(&text);
}

static json_t *coverage(struct world *world, int from)
{
    struct status_local local = {.self = SELF};
    struct buf text = {0};
    struct jsonw w;

    jsonw_begin(&w, &text);
    status_coverage_json(world->engine, world->now, &local, from, &w);
    return parse(&text);
}

static const char *text(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));

    return value != NULL ? value : "";
}

static int64_t number(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static bool flag(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

static const json_t *item(const json_t *object, const char *list, size_t i)
{
    return json_array_get(json_object_get(object, list), i);
}

static bool has(const json_t *view, const char *fact)
{
    size_t i;

    for (i = 0; i < json_array_size(json_object_get(view, "facts")); i++)
        if (strcmp(json_string_value(item(view, "facts", i)), fact) == 0)
            return true;
    return false;
}

static void test_before_any_commit(void **state)
{
    struct world world = world_new(false);
    json_t *s = say(&world, status_json);

    assert_string_equal(text(s, "cluster"), "test");
    assert_true(json_is_null(json_object_get(s, "leader")));
    assert_false(flag(json_object_get(s, "quorum"), "ok"));
    assert_false(flag(json_object_get(s, "config"), "committed"));
    assert_int_equal(json_array_size(json_object_get(s, "routes")), 0);
    assert_string_equal(text(json_object_get(s, "ledger"), "root"),
                        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    json_decref(s);
    s = say(&world, status_routes_json);
    assert_int_equal(json_array_size(json_object_get(s, "routes")), 0);
    json_decref(s);
    json_decref(coverage(&world, 0));
    engine_free(world.engine);
}

static void test_quorum_is_what_the_leader_hears(void **state)
{
    struct world world = world_new(true);
    const json_t *quorum;
    json_t *s;

    raft(&world, 2);
    beat(&world, 2, server_bit(0) | server_bit(3) | server_bit(4));
    s = say(&world, status_json);
    quorum = json_object_get(s, "quorum");
    assert_string_equal(text(s, "leader"), "b1");
    assert_string_equal(text(quorum, "heard_by"), "b1");
    assert_int_equal(number(quorum, "voters"), 4);
    assert_int_equal(number(quorum, "majority"), 3);
    assert_int_equal(number(quorum, "heard"), 3); /* itself, a1, b2; c1 has no vote */
    assert_true(flag(quorum, "ok"));
    json_decref(s);

    beat(&world, 2, server_bit(0));
    s = say(&world, status_json);
    assert_int_equal(number(json_object_get(s, "quorum"), "heard"), 2);
    assert_false(flag(json_object_get(s, "quorum"), "ok"));
    json_decref(s);
    engine_free(world.engine);
}

static void test_nodes(void **state)
{
    struct world world = world_new(true);
    const json_t *node;
    json_t *s;

    beat(&world, 2, server_bit(0) | server_bit(3));
    world.now.boot_ms += 30;
    s = say(&world, status_nodes_json);
    assert_int_equal(json_array_size(json_object_get(s, "nodes")), 5);
    node = item(s, "nodes", 0);
    assert_string_equal(text(node, "address"), "10.0.0.1:7400");
    assert_true(json_is_null(json_object_get(node, "beat_age_ms")));
    assert_string_equal(json_string_value(item(node, "heard_by", 0)), "b1");
    node = item(s, "nodes", 2);
    assert_true(flag(node, "heard"));
    assert_int_equal(number(node, "beat_age_ms"), 30);
    assert_int_equal(number(node, "applied"), 42);
    node = item(s, "nodes", 3);
    assert_true(json_is_null(json_object_get(node, "beat_age_ms")));
    assert_string_equal(json_string_value(item(node, "heard_by", 0)), "b1");
    node = item(s, "nodes", 4);
    assert_string_equal(text(node, "address"), "[fd00::1]:7400");
    assert_string_equal(text(node, "role"), "standby");
    assert_int_equal(json_array_size(json_object_get(node, "heard_by")), 0);
    json_decref(s);
    engine_free(world.engine);
}

/* Some have been upgraded: what is in force, and who holds it back. */
static void test_feature_levels(void **state)
{
    struct world world = world_new(true);
    const json_t *features;
    json_t *s;

    s = say(&world, status_json);
    features = json_object_get(s, "features");
    assert_int_equal(number(features, "level"), FEATURE_FIRST);
    assert_int_equal(number(features, "newest"), FEATURE_NEWEST); /* this node */
    assert_int_equal(json_array_size(json_object_get(features, "lack")), 4);
    json_decref(s);
    world.level = FEATURE_FIRST;
    beat(&world, 1, server_bit(0));
    world.level = FEATURE_NEWEST;
    beat(&world, 2, server_bit(0));
    s = say(&world, status_json);
    features = json_object_get(s, "features");
    assert_string_equal(json_string_value(item(features, "lack", 0)), "a2");
    assert_int_equal(json_array_size(json_object_get(features, "lack")), 3);
    json_decref(s);
    s = say(&world, status_nodes_json);
    assert_int_equal(number(item(s, "nodes", 0), "level"), FEATURE_NEWEST);
    assert_int_equal(number(item(s, "nodes", 1), "level"), FEATURE_FIRST);
    assert_true(json_is_null(json_object_get(item(s, "nodes", 3), "level")));
    json_decref(s);
    engine_free(world.engine);
}

static void test_routes_and_outages(void **state)
{
    struct world world = world_new(true);
    const json_t *candidate;
    json_t *s;

    verdict(&world, 1, VERDICT_DOWN);
    verdict(&world, 2, VERDICT_DISPUTED);
    s = say(&world, status_routes_json);
    candidate = item(item(s, "routes", 0), "candidates", 0);
    assert_true(flag(candidate, "active"));
    assert_false(flag(candidate, "ready"));
    assert_int_equal(number(candidate, "healthy"), 1);
    assert_true(flag(item(candidate, "members", 0), "healthy"));
    assert_false(flag(item(candidate, "members", 1), "healthy"));
    assert_string_equal(json_string_value(item(item(candidate, "members", 1), "failing", 0)),
                        "voice@a2");
    assert_true(json_is_null(json_object_get(item(s, "routes", 0), "last_move")));
    json_decref(s);

    s = say(&world, status_json);
    assert_int_equal(number(json_object_get(s, "down"), "count"), 1);
    assert_string_equal(text(item(json_object_get(s, "down"), "checks", 0), "check"), "voice@a2");
    assert_int_equal(number(json_object_get(s, "disputed"), "count"), 1);
    assert_true(flag(item(s, "functions", 0), "down"));
    assert_string_equal(text(item(s, "outages", 0), "function"), "calling");
    assert_string_equal(text(item(s, "outages", 0), "start"), "2026-11-24T03:04:05.668Z");
    json_decref(s);
    engine_free(world.engine);
}

/* What a route goes by, and who says what of a check that is in dispute. */
static void test_explain(void **state)
{
    struct world world = world_new(true);
    struct command command = {.kind = COMMAND_FAILOVER, .to = 1, .force = true};
    const json_t *check;
    struct buf out = {0};
    struct jsonw w;
    json_t *s;

    verdict(&world, 2, VERDICT_DISPUTED);
    jsonw_begin(&w, &out);
    status_explain_json(world.engine, world.now, SELF, 0, NULL, &w);
    s = parse(&out);
    assert_string_equal(text(s, "route"), "calls");
    assert_string_equal(text(s, "active"), "tokyo");
    assert_string_equal(text(s, "phase"), "acting");
    assert_int_equal(json_array_size(json_object_get(s, "disputed")), 1);
    check = item(s, "disputed", 0);
    assert_string_equal(text(check, "check"), "voice@b1");
    assert_int_equal(json_array_size(json_object_get(check, "ballots")), 4);
    assert_string_equal(text(item(check, "ballots", 0), "observer"), "a1");
    assert_string_equal(text(item(check, "ballots", 0), "site"), "tokyo");
    assert_string_equal(text(item(check, "ballots", 0), "opinion"), "none");
    assert_true(json_is_null(json_object_get(item(check, "ballots", 0), "fail_age_ms")));
    json_decref(s);

    /* As an operator would find it who insists. */
    jsonw_begin(&w, &out);
    status_explain_json(world.engine, world.now, SELF, 0, &command, &w);
    s = parse(&out);
    assert_true(has(s, "failover-asked"));
    assert_true(has(s, "forced"));
    assert_false(has(s, "switchover-asked"));
    json_decref(s);
    engine_free(world.engine);
}

static void test_coverage(void **state)
{
    struct world world = world_new(true);
    json_t *s = coverage(&world, 0);

    assert_int_equal(number(s, "checks"), 4);
    assert_int_equal(json_array_size(json_object_get(s, "rows")), 4);
    assert_int_equal(json_array_size(json_object_get(s, "observers")), 5);
    /* Nobody has probed yet: everything is watched by too few. */
    assert_int_equal(json_array_size(json_object_get(s, "weak")), 4);
    assert_int_equal(number(item(s, "rows", 0), "assigned"),
                     json_array_size(json_object_get(item(s, "rows", 0), "absent")));
    json_decref(s);
    s = coverage(&world, 3);
    assert_int_equal(json_array_size(json_object_get(s, "rows")), 1);
    assert_string_equal(text(item(s, "rows", 0), "check"), "voice@b2");
    assert_true(json_is_null(json_object_get(s, "next")));
    json_decref(s);
    s = coverage(&world, 99);
    assert_int_equal(json_array_size(json_object_get(s, "rows")), 0);
    json_decref(s);
    engine_free(world.engine);
}

static void test_topology(void **state)
{
    struct model *model = make_model();
    struct buf out = {0};
    const json_t *lost;
    struct jsonw w;
    json_t *t;

    jsonw_begin(&w, &out);
    status_topology_json(model, &w);
    t = parse(&out);
    assert_int_equal(number(t, "voters"), 4);
    assert_int_equal(number(t, "majority"), 3);
    assert_int_equal(number(t, "survives"), 1);
    lost = json_object_get(item(t, "sites", 0), "lost");
    assert_int_equal(number(lost, "voters_left"), 2);
    assert_false(flag(lost, "quorum"));
    assert_string_equal(text(item(lost, "routes", 0), "how"), "stuck");
    assert_true(json_is_null(json_object_get(item(lost, "routes", 0), "served_by")));
    lost = json_object_get(item(t, "sites", 2), "lost");
    assert_true(flag(lost, "quorum"));
    assert_string_equal(text(item(lost, "routes", 0), "served_by"), "tokyo");
    assert_int_equal(number(item(t, "sites", 2), "standbys"), 1);
    json_decref(t);
    model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_before_any_commit),
        cmocka_unit_test(test_quorum_is_what_the_leader_hears),
        cmocka_unit_test(test_nodes),
        cmocka_unit_test(test_feature_levels),
        cmocka_unit_test(test_routes_and_outages),
        cmocka_unit_test(test_explain),
        cmocka_unit_test(test_coverage),
        cmocka_unit_test(test_topology),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
