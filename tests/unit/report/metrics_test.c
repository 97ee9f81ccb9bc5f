/* A whole page of metrics, from an engine in a known state, against metrics_page.txt.
 *
 *   report_metrics_test FILE            compares
 *   report_metrics_test --write FILE    writes it anew: look at the difference
 */
#include "report/metrics.h"
#include "base/mem.h"
#include "base/utc.h"
#include "core/feature.h"
#include "report/openmetrics.h"
#include "wire/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SELF 0
#define BOOT 77

static const char *golden;
static bool write_golden;

static const char config[] =
    "cluster: test\n"
    "version: 3\n"
    "profile: normal\n"
    "sites: [{name: tokyo}, {name: osaka}, {name: ishikari}]\n"
    "servers:\n"
    "  - {name: a1, site: tokyo, host: 10.0.1.1}\n"
    "  - {name: b1, site: osaka, host: 10.0.2.1}\n"
    "  - {name: c1, site: ishikari, host: 10.0.3.1}\n"
    "  - {name: c2, site: ishikari, host: 10.0.3.2, role: standby}\n"
    "targets:\n"
    "  - {name: web, site: osaka, host: 10.0.4.1}\n"
    "checks:\n"
    "  - {name: voice, targets: [a1, b1], tcp: {port: 8080}, interval: 1s, timeout: 300ms}\n"
    "  - {name: login, targets: [web], http: {url: \"http://{host}/\"}, observers: all}\n"
    "routes:\n"
    "  - name: calls\n"
    "    candidates:\n"
    "      - {name: tokyo, servers: [a1], value: v}\n"
    "      - {name: osaka, servers: [b1], value: m}\n"
    "    actuators:\n"
    "      - {name: lb, haproxy: {address: \"10.0.4.1:9999\", map: /x.map}, timeout: 1s}\n"
    "  - name: line\n"
    "    kind: exclusive\n"
    "    candidates: [{name: tokyo, servers: [a1]}, {name: osaka, servers: [b1]}]\n"
    "    actuators: [{name: vip, address: {ip: 192.0.2.1}}]\n"
    "functions:\n"
    "  - {name: calling, label_ja: 発信, route: calls}\n"
    "  - {name: login, label_ja: ログイン, checks: [login]}\n"
    "services: [{name: centre, critical: [calling, login]}]\n"
    "contract: {name: c, timezone: Asia/Tokyo, target: \"98\"}\n"
    "notices:\n"
    "  channels: [{name: desk, webhook: {url: \"https://10.0.5.1/\", key_file: /k}}]\n"
    "  receivers:\n"
    "    - {name: night, channel: desk}\n"
    "    - {name: manager, channel: desk}\n"
    "  rules: [{name: all, events: [outage], tell: [night]}]\n";

struct world {
    struct engine *engine;
    struct moment now;
    uint64_t index, beats;
};

static struct model *parsed(const char *yaml)
{
    struct model *model = NULL;
    struct err err = {{0}};

    if (config_parse("test.yaml", (const uint8_t *)yaml, strlen(yaml), &model, &err) != 0)
        fail_msg("%s", err.text);
    return model;
}

static void step(struct world *world, struct event *event)
{
    struct effects effects = {0};

    event->now = world->now;
    engine_step(world->engine, event, &effects);
    effects_free(&effects);
}

static void apply(struct world *world, struct entry *entry)
{
    struct effects effects = {0};

    entry->term = 4;
    entry->leader = SELF;
    entry->time_ms = world->now.utc_ms;
    entry->config_version = 3;
    engine_apply(world->engine, world->now, ++world->index, entry, NULL, NULL, &effects);
    entry_free(entry);
    effects_free(&effects);
}

static struct world world_new(const char *yaml)
{
    struct world world = {.now = {.boot_ms = 50000, .utc_ms = 1795489445678}};
    struct engine_options options = {.self = SELF,
                                     .boot = BOOT,
                                     .seed = 3,
                                     .level = FEATURE_REPORT,
                                     .shared = shared_new(),
                                     .model = parsed(yaml),
                                     .yaml = (const uint8_t *)yaml,
                                     .yaml_len = (uint32_t)strlen(yaml),
                                     .now = world.now};

    world.engine = engine_new(&options);
    return world;
}

static void commit_config(struct world *world, const char *yaml)
{
    struct entry entry = {.kind = ENTRY_CONFIG};

    entry.config.yaml = mem_dup(yaml, strlen(yaml));
    entry.config.yaml_len = (uint32_t)strlen(yaml);
    entry.config.model = parsed(yaml);
    apply(world, &entry);
}

/* The peer's next beat, `skipped` after the one before, which echoes ours. */
static void beat(struct world *world, int from, uint64_t skipped)
{
    struct beat ours,
        theirs = {
            .boot = 5, .from = from, .heard = 7, .config_version = 3, .certificate_ms = UTC_NONE};
    struct event event = {.kind = EVENT_BEAT, .beat = &theirs};

    engine_beat(world->engine, world->now, &ours);
    world->now.boot_ms += 4;
    world->now.utc_ms += 4;
    world->beats += 1 + skipped;
    theirs.number = world->beats;
    theirs.term = 4;
    theirs.level = 3;
    theirs.applied = 6 + (uint64_t)from;
    theirs.utc_ms = world->now.utc_ms - 250;
    theirs.n_echoes = 4;
    theirs.echoes[SELF] =
        (struct echo){.known = true, .boot = BOOT, .number = ours.number, .age_ms = 1};
    step(world, &event);
}

static void probe(struct world *world, const char *check, enum reason reason, uint32_t took_ms)
{
    struct event event = {.kind = EVENT_PROBE};

    event.probe.check = model_check(engine_model(world->engine), check);
    event.probe.reason = reason;
    event.probe.began_ms = world->now.boot_ms - took_ms;
    event.probe.took_ms = took_ms;
    step(world, &event);
}

static void verdict(struct world *world, const char *check, enum verdict verdict)
{
    struct entry entry = {.kind = ENTRY_VERDICT};

    entry.verdict.check = model_check(engine_model(world->engine), check);
    entry.verdict.verdict = verdict;
    apply(world, &entry);
}

static void raft(struct world *world, enum raft_role role, uint64_t term, int leader)
{
    struct event event = {.kind = EVENT_RAFT};

    event.raft.role = role;
    event.raft.term = term;
    event.raft.leader = leader;
    step(world, &event);
}

static void acted(struct world *world, int code, uint32_t took_ms)
{
    struct event event = {.kind = EVENT_ACTED};

    event.acted.epoch = 1;
    event.acted.code = code;
    event.acted.took_ms = took_ms;
    step(world, &event);
}

/* Two are told of one thing: one by the second attempt, the other not yet. */
static void notice(struct world *world)
{
    struct entry test = {.kind = ENTRY_NOTICE, .notice = {.act = NOTICE_ACT_TEST, .receivers = 3}};
    struct entry send = {
        .kind = ENTRY_NOTICE,
        .notice = {
            .act = NOTICE_ACT_SEND, .notice = 1, .receivers = 1, .step = -1, .node = 1, .boot = 5}};
    struct entry failed = {
        .kind = ENTRY_NOTICE,
        .notice = {.act = NOTICE_ACT_FAILED, .notice = 1, .node = 1, .boot = 5, .attempt = 1}};
    struct entry again = send, accepted = failed;

    accepted.notice.act = NOTICE_ACT_ACCEPTED;
    accepted.notice.attempt = 2;
    apply(world, &test);
    apply(world, &send);
    apply(world, &failed);
    apply(world, &again);
    accepted.notice.at_ms = world->now.utc_ms;
    apply(world, &accepted);
}

static void tick_now(struct world *world)
{
    struct event tick = {.kind = EVENT_TICK};

    world->now.boot_ms += 70;
    world->now.utc_ms += 70;
    step(world, &tick);
}

static void history(struct world *world)
{
    struct entry leader = {.kind = ENTRY_LEADER};
    struct command pause = {.kind = COMMAND_PAUSE, .id = {{1}}, .route = 0, .for_ms = 60000};
    struct event command = {.kind = EVENT_COMMAND, .command = &pause};

    commit_config(world, config);
    engine_certificate(world->engine, 1827025445000);
    notice(world);
    raft(world, RAFT_ROLE_FOLLOWER, 3, 2);
    raft(world, RAFT_ROLE_CANDIDATE, 4, -1);
    raft(world, RAFT_ROLE_LEADER, 4, SELF);
    apply(world, &leader);
    beat(world, 1, 0);
    beat(world, 1, 3);
    world->beats = 0;
    beat(world, 2, 0);
    probe(world, "voice@b1", REASON_OK, 3);
    probe(world, "voice@b1", REASON_OK, 0);
    probe(world, "login@web", REASON_STATUS, 120);
    probe(world, "login@web", REASON_LOCAL, 0);
    verdict(world, "voice@a1", VERDICT_UP);
    verdict(world, "voice@b1", VERDICT_DISPUTED);
    verdict(world, "login@web", VERDICT_DOWN);
    acted(world, 0, 12);
    acted(world, -1, 1000);
    tick_now(world);
    step(world, &command);
    tick_now(world);
}

static struct metrics_local local_of(const struct world *world, struct histogram *lag)
{
    histogram_add(lag, 400);
    histogram_add(lag, 30000);
    return (struct metrics_local){.status = {.self = SELF,
                                             .uptime_ms = 60000,
                                             .role = RAFT_ROLE_LEADER,
                                             .term = 4,
                                             .last_index = world->index + 5,
                                             .commit_index = world->index + 2,
                                             .applied_index = world->index,
                                             .snapshot_index = 1,
                                             .ledger_lines = 3,
                                             .ledger_bytes = 1234,
                                             .refused = 2,
                                             .beats_sent = 30,
                                             .beats_received = 28,
                                             .beats_bad = 1,
                                             .beats_replayed = 4,
                                             .raft_sent = 11,
                                             .raft_received = 12,
                                             .raft_dropped = 1,
                                             .guarded = 2},
                                  .version = "1.2.3",
                                  .started_ms = 1795489385678,
                                  .connections = 5,
                                  .resident_bytes = 20 << 20,
                                  .heap_bytes = 8 << 20,
                                  .cpu_us = 2500000,
                                  .loop_lag = lag,
                                  .loop_lag_longest_us = 30000,
                                  .answers = {1, 2, 3},
                                  .http = {.open = {1, 2, 3},
                                           .requests = {10, 20, 30},
                                           .failed = 4,
                                           .late = 5,
                                           .refused = 6,
                                           .slow = 7},
                                  .page_us = 321};
}

static void compare(const struct buf *page)
{
    struct buf want = {0};
    char part[4096];
    FILE *file = fopen(golden, write_golden ? "w" : "r");
    size_t n;

    assert_non_null(file);
    if (write_golden) {
        assert_int_equal(fwrite(page->data, 1, page->len, file), page->len);
    } else {
        while ((n = fread(part, 1, sizeof part, file)) > 0)
            buf_append(&want, part, n);
        assert_string_equal(buf_cstr((struct buf *)page), buf_cstr(&want));
    }
    assert_int_equal(fclose(file), 0);
    buf_free(&want);
}

static void test_page(void **state)
{
    struct world world = world_new(config);
    struct histogram lag = {0};
    struct metrics_local local;
    struct buf page = {0};

    history(&world);
    local = local_of(&world, &lag);
    metrics_page(world.engine, world.now, &local, &page);
    compare(&page);
    buf_free(&page);
    engine_free(world.engine);
}

/* Nothing is committed, nothing was heard: the page has what there is. */
static void test_before_any_commit(void **state)
{
    struct world world = world_new(config);
    struct metrics_local local = {.status = {.self = SELF}, .version = "1"};
    struct buf out = {0};
    const char *page;

    metrics_page(world.engine, world.now, &local, &out);
    page = buf_cstr(&out);
    assert_non_null(strstr(page, "kirikae_config_committed 0\n"));
    assert_non_null(strstr(page, "kirikae_raft_quorum 0\n"));
    assert_non_null(strstr(page, "\nkirikae_checks 3\n"));
    assert_null(strstr(page, "kirikae_route_epoch{"));
    assert_null(strstr(page, "kirikae_check_up{"));
    assert_null(strstr(page, "kirikae_peer_beat_age_seconds{"));
    assert_string_equal(page + out.len - 6, "# EOF\n");
    buf_free(&out);
    engine_free(world.engine);
}

static int times(const char *page, const char *what)
{
    int n = 0;

    while ((page = strstr(page, what)) != NULL) {
        page += strlen(what);
        n++;
    }
    return n;
}

/* More checks than may have series of their own: the first have, and the page says so. */
static void test_many_checks(void **state)
{
    static char yaml[sizeof config + (METRICS_CHECKS_MAX + 10) * 80];
    const char *rest = strstr(config, "routes:");
    struct metrics_local local = {.status = {.self = SELF}, .version = "1"};
    size_t len = (size_t)(rest - config);
    struct buf out = {0};
    struct world world;
    const char *page;
    int i;

    memcpy(yaml, config, len);
    for (i = 0; i < METRICS_CHECKS_MAX; i++)
        len += (size_t)sprintf(yaml + len, "  - {name: c%d, targets: [b1], tcp: {port: %d}}\n", i,
                               1000 + i);
    strcpy(yaml + len, rest);
    world = world_new(yaml);
    commit_config(&world, yaml);
    metrics_page(world.engine, world.now, &local, &out);
    page = buf_cstr(&out);
    assert_int_equal(times(page, "\nkirikae_check_disputed{"), METRICS_CHECKS_MAX);
    assert_non_null(strstr(page, "\nkirikae_checks 503\n"));
    assert_non_null(strstr(page, "\nkirikae_checks_unknown 503\n"));
    assert_non_null(strstr(page, "\nkirikae_metrics_checks_left_out 3\n"));
    assert_non_null(strstr(page, "\nkirikae_metrics_series_left_out 0\n"));
    buf_free(&out);
    engine_free(world.engine);
}

static void ledger_of(char *root, size_t size, int lines)
{
    struct world world = world_new(config);
    struct metrics_local local = {.status = {.self = SELF}, .version = "1"};
    struct buf out = {0};
    const char *at;
    int i;

    commit_config(&world, config);
    /* Each of them is a line of the ledger. */
    for (i = (int)engine_shared(world.engine)->ledger.size; i < lines; i++)
        verdict(&world, "login@web", i % 2 == 0 ? VERDICT_UP : VERDICT_DISPUTED);
    assert_int_equal(engine_shared(world.engine)->ledger.size, lines);
    metrics_page(world.engine, world.now, &local, &out);
    at = strstr(buf_cstr(&out), "\nkirikae_ledger_root_lines ");
    assert_non_null(at);
    snprintf(root, size, "%.*s", (int)(strstr(at, "# TYPE kirikae_entries") - at), at);
    buf_free(&out);
    engine_free(world.engine);
}

/* Nodes that are a few lines apart compare the same lines; up to 48 bits are exact as a number. */
static void test_ledger_root(void **state)
{
    char at_256[512], at_300[512], at_511[512], at_512[512];

    ledger_of(at_256, sizeof at_256, 256);
    ledger_of(at_300, sizeof at_300, 300);
    ledger_of(at_511, sizeof at_511, 511);
    ledger_of(at_512, sizeof at_512, 512);
    assert_non_null(strstr(at_256, "kirikae_ledger_root_lines 256\n"));
    assert_string_equal(at_256, at_300);
    assert_string_equal(at_256, at_511);
    assert_non_null(strstr(at_512, "kirikae_ledger_root_lines 512\n"));
    assert_string_not_equal(strstr(at_256, "kirikae_ledger_root "),
                            strstr(at_512, "kirikae_ledger_root "));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_page),
        cmocka_unit_test(test_before_any_commit),
        cmocka_unit_test(test_many_checks),
        cmocka_unit_test(test_ledger_root),
    };

    golden = argv[argc - 1];
    write_golden = argc == 3 && strcmp(argv[1], "--write") == 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
