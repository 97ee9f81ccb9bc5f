#include "samples.h"
#include "base/check.h"
#include "base/mem.h"
#include "base/utc.h"
#include "core/account/contract.h"
#include "wire/config.h"

#include <stdio.h>
#include <string.h>

const char sample_yaml[] =
    "cluster: sample\n"
    "version: 7\n"
    "profile: fast\n"
    "sites: [{name: a}, {name: b}, {name: c}]\n"
    "servers:\n"
    "  - {name: a-1, site: a, host: 10.0.1.1}\n"
    "  - {name: a-2, site: a, host: 10.0.1.2, port: 7401}\n"
    "  - {name: a-3, site: a, host: 10.0.1.3, role: standby}\n"
    "  - {name: b-1, site: b, host: 10.0.2.1}\n"
    "  - {name: b-2, site: b, host: 10.0.2.2}\n"
    "  - {name: b-3, site: b, host: 10.0.2.3}\n"
    "  - {name: c-1, site: c, host: 10.0.3.1}\n"
    "  - {name: c-2, site: c, host: 10.0.3.2}\n"
    "  - {name: c-3, site: c, host: 'fd00::3'}\n"
    "targets: [{name: web-1, site: a, host: 10.0.1.9}]\n"
    "checks:\n"
    "  - {name: voice, targets: [a-1, a-2, b-1, b-2], http: {url: 'http://{host}:8080/{name}'},\n"
    "     interval: 100ms, timeout: 300ms, rise: 3, fall: 2, fall_silent: 5}\n"
    "  - {name: six, targets: [c-3], http: {url: 'https://{host}/', status: 204, ca: /ca.pem}}\n"
    "  - {name: calls, targets: [c-2], sip: {}}\n"
    "  - {name: trunk, targets: [c-3], sip: {port: 5080, transport: tcp, status: 200-404}}\n"
    "  - {name: web, targets: [web-1], tcp: {port: 443}, observers: 4}\n"
    "routes:\n"
    "  - name: calls\n"
    "    kind: available\n"
    "    patience: 2s\n"
    "    hold: {moves: 3, window: 30m}\n"
    "    candidates:\n"
    "      - {name: first, servers: [a-1, a-2], least: 2, value: one, weights: {a-2: 50}}\n"
    "      - {name: second, servers: [b-1, b-2], value: two}\n"
    "    actuators:\n"
    "      - {name: lb, haproxy: {address: 'unix:/run/lb.sock', map: /etc/lb.map}, timeout: 2s}\n"
    "      - name: ns\n"
    "        dns: {server: '10.0.9.9:53', zone: example, record: sip.EXAMPLE., ttl: 5s,\n"
    "              tsig: {name: key, algorithm: hmac-sha512, file: /key}}\n"
    "      - {name: kam, kamailio: {address: '10.0.9.8:7410', agent: kam-1, set: 3, port: 5070}}\n"
    "      - {name: ex, exec: {address: '10.0.9.8:7410', agent: kam-1, program: announce},\n"
    "         required: false}\n"
    "    order: in-turn\n"
    "functions:\n"
    "  - {name: calling, label_ja: 発信, route: calls}\n"
    "  - {name: login, checks: [voice, web@web-1], need: {least: 2}, severity: severe}\n"
    "services: [{name: all, critical: [calling, login]}]\n"
    "contract: {name: sla, timezone: Asia/Tokyo, target: 99.95, down_severities: [severe, minor],\n"
    "           minimum_outage: 5m}\n";

static void sample_ballots(struct entry *entry)
{
    entry->verdict.n_ballots = 3;
    for (int i = 0; i < 3; i++)
        entry->verdict.ballots[i] =
            (struct ballot){.observer = (uint8_t)(3 + i),
                            .opinion = i == 2 ? OPINION_UP : OPINION_DOWN,
                            .reason = i == 2 ? REASON_OK : REASON_TIMEOUT,
                            .abstain = i == 1,
                            .fail_age_ms = i == 2 ? AGE_NEVER : 120u + (uint32_t)i,
                            .good_age_ms = i == 1 ? AGE_NEVER : 350,
                            .arrived_age_ms = i == 1 ? AGE_NEVER : 0};
}

static void sample_journal(struct entry *entry)
{
    struct journal_spans *spans = mem_zalloc(1, sizeof *spans);

    entry->journal.from_ms = -UTC_MOST_MS;
    entry->journal.to_ms = UTC_MOST_MS;
    entry->journal.index = UINT64_MAX;
    entry->journal.heard = 1ull << 63 | 3;
    entry->journal.spans = spans;
    for (spans->n = 0; spans->n < LIMIT_JOURNAL_SPANS; spans->n++) {
        bool goes_on = spans->n % 8 == 0;

        spans->spans[spans->n] =
            (struct journal_span){.kind = (enum span_kind)(spans->n % 4),
                                  .check = spans->n % 3 == 0 ? -1 : LIMIT_CHECKS - 1,
                                  .route = spans->n % 3 == 1 ? -1 : LIMIT_ROUTES - 1,
                                  .server = spans->n % 3 == 2 ? SERVER_NONE : LIMIT_SERVERS - 1,
                                  .start_ms = -UTC_MOST_MS,
                                  .good_ms = -UTC_MOST_MS,
                                  .end_ms = goes_on ? SPAN_GOES_ON : UTC_MOST_MS,
                                  .fail_ms = goes_on ? SPAN_GOES_ON : UTC_MOST_MS,
                                  .servers = UINT64_MAX};
    }
}

static void sample_body(struct entry *entry)
{
    struct err err;

    switch (entry->kind) {
    case ENTRY_LEADER:
        break;
    case ENTRY_CONFIG:
        entry->config.yaml_len = (uint32_t)strlen(sample_yaml);
        entry->config.yaml = mem_dup(sample_yaml, entry->config.yaml_len);
        CHECK(config_parse("sample", entry->config.yaml, entry->config.yaml_len,
                           &entry->config.model, &err) == 0);
        break;
    case ENTRY_VERDICT:
        entry->verdict.check = 5;
        entry->verdict.verdict = VERDICT_DISPUTED;
        entry->verdict.need = 4;
        entry->verdict.agree = 2;
        entry->verdict.assigned = 8;
        sample_ballots(entry);
        break;
    case ENTRY_INTENT:
    case ENTRY_REFUSED:
        entry->intent.route = 0;
        entry->intent.epoch = UINT32_MAX;
        entry->intent.step = 3;
        entry->intent.from = 0;
        entry->intent.to = entry->kind == ENTRY_REFUSED ? -1 : 1;
        entry->intent.members = 1ull << 63 | 3;
        entry->intent.rule = UINT16_MAX;
        entry->intent.phase = entry->kind == ENTRY_REFUSED ? -1 : (int)ROUTE_BLOCKED;
        entry->intent.facts = 0x80000001;
        entry->intent.planned = true;
        entry->intent.forced = true;
        break;
    case ENTRY_ACT:
    case ENTRY_OUTCOME:
    case ENTRY_VERIFIED:
    case ENTRY_REASSERTED:
        entry->outcome.route = LIMIT_ROUTES - 1;
        entry->outcome.actuator = entry->kind == ENTRY_OUTCOME ? LIMIT_ACTUATORS - 1 : -1;
        entry->outcome.epoch = 4;
        entry->outcome.step = 5;
        entry->outcome.ok = true;
        entry->outcome.took_ms = 12;
        break;
    case ENTRY_WINDOW:
        entry->window.window = UINT64_MAX;
        entry->window.extend = entry->window.refused = true;
        entry->window.end = entry->window.emergency = entry->window.short_notice = true;
        entry->window.start_ms = -UTC_MOST_MS;
        entry->window.end_ms = UTC_MOST_MS;
        for (int i = 0; i < LIMIT_FUNCTIONS / 64; i++)
            entry->window.functions[i] = 1ull << 63 | (uint64_t)i;
        break;
    case ENTRY_COVERAGE:
        entry->coverage.check = LIMIT_CHECKS - 1;
        entry->coverage.observers = LIMIT_SERVERS;
        entry->coverage.sites = LIMIT_SITES;
        entry->coverage.hole = true;
        break;
    case ENTRY_NODE:
    case ENTRY_MEMBER:
        entry->node.server = LIMIT_SERVERS - 1;
        entry->node.silent = true;
        entry->node.silent_ms = 431;
        entry->node.raft_id = 256 * 3 + 8;
        break;
    case ENTRY_SECURITY:
        entry->security.refused = UINT32_MAX;
        entry->security.server = 11;
        break;
    case ENTRY_PAUSE:
        entry->pause.route = LIMIT_ROUTES - 1;
        entry->pause.until_ms = -UTC_MOST_MS;
        entry->pause.expired = true;
        break;
    case ENTRY_DRAIN:
        entry->drain.server = LIMIT_SERVERS - 1;
        entry->drain.end = true;
        break;
    case ENTRY_HANDOVER:
        entry->handover.server = LIMIT_SERVERS - 1;
        entry->handover.failed = true;
        break;
    case ENTRY_HOLDING:
        entry->holding.route = LIMIT_ROUTES - 1;
        entry->holding.epoch = 9;
        entry->holding.server = LIMIT_SERVERS - 1;
        entry->holding.holds = true;
        entry->holding.since_ms = 300;
        break;
    case ENTRY_FEATURES:
        entry->features.level = 2;
        break;
    case ENTRY_CLOCK:
        entry->clock.server = LIMIT_SERVERS - 1;
        entry->clock.steps = 3;
        entry->clock.stepped_ms = -3600000;
        entry->clock.boot = UINT64_MAX;
        entry->clock.total = 4;
        entry->clock.compared = true;
        entry->clock.ahead_ms = INT64_MIN;
        entry->clock.bound_ms = 2000;
        break;
    case ENTRY_INCIDENT:
        entry->incident.outage = UINT64_MAX;
        entry->incident.severity = SEVERITY_MINOR;
        entry->incident.cause = CAUSE_COUNT - 1;
        entry->incident.note = true;
        break;
    case ENTRY_JOURNAL:
        sample_journal(entry);
        break;
    case ENTRY_ACKNOWLEDGED:
        entry->acknowledged.outage = UINT64_MAX;
        break;
    case ENTRY_POST:
        entry->post.outage = UINT64_MAX;
        entry->post.status = POST_RESOLVED;
        entry->post.ja = mem_strdup("復旧しました。\nご迷惑をおかけしました。");
        entry->post.en = mem_strdup("It works again.\nWe are sorry.");
        break;
    case ENTRY_NOTICE:
        entry->notice.act = NOTICE_ACT_TEST;
        entry->notice.notice = UINT64_MAX;
        entry->notice.receivers = 1ull << 63 | 5;
        entry->notice.step = LIMIT_NOTICE_STEPS - 1;
        entry->notice.node = LIMIT_SERVERS - 1;
        entry->notice.boot = UINT64_MAX;
        entry->notice.receiver = LIMIT_RECEIVERS - 1;
        entry->notice.attempt = UINT32_MAX;
        entry->notice.at_ms = -UTC_MOST_MS;
        entry->notice.unsure = true;
        entry->notice.rule = LIMIT_NOTICE_RULES - 1;
        entry->notice.subject = UINT64_MAX - 1;
        break;
    case ENTRY_TROUBLE:
        entry->trouble.server = LIMIT_SERVERS - 1;
        entry->trouble.expires_ms = UTC_MOST_MS;
        break;
    }
}

const enum entry_kind sample_kinds[SAMPLE_KINDS] = {
    ENTRY_LEADER,   ENTRY_CONFIG,   ENTRY_VERDICT,      ENTRY_INTENT,     ENTRY_ACT,
    ENTRY_OUTCOME,  ENTRY_VERIFIED, ENTRY_REFUSED,      ENTRY_WINDOW,     ENTRY_COVERAGE,
    ENTRY_NODE,     ENTRY_SECURITY, ENTRY_MEMBER,       ENTRY_REASSERTED, ENTRY_PAUSE,
    ENTRY_DRAIN,    ENTRY_HANDOVER, ENTRY_HOLDING,      ENTRY_FEATURES,   ENTRY_CLOCK,
    ENTRY_INCIDENT, ENTRY_JOURNAL,  ENTRY_ACKNOWLEDGED, ENTRY_POST,
};

void sample_entry(enum entry_kind kind, struct entry *entry)
{
    memset(entry, 0, sizeof *entry);
    entry->kind = kind;
    entry->term = UINT64_MAX;
    entry->leader = 4;
    entry->time_ms = 1795312800123;
    entry->config_version = 7;
    for (int i = 0; i < 16; i++)
        entry->id.bytes[i] = (uint8_t)(i + 1);
    entry->digest = UINT64_MAX - 1;
    strcpy(entry->who, "watanabe");
    strcpy(entry->reason, "計画切替");
    sample_body(entry);
}

void sample_beat(int n_echoes, int n_votes, struct beat *beat)
{
    memset(beat, 0, sizeof *beat);
    beat->boot = 0xfedcba9876543210;
    beat->number = 1u << 30;
    beat->from = SERVER_NONE;
    beat->term = 17;
    beat->applied = 123456;
    beat->config_version = 7;
    beat->utc_ms = 1795312800123;
    beat->steps = 2;
    beat->stepped_ms = -3600000;
    beat->level = 2;
    beat->level_needed = 1;
    beat->leader = true;
    beat->abstain = true;
    beat->heard = 0xfef;
    beat->n_echoes = n_echoes;
    for (int i = 0; i < n_echoes; i++)
        if (i % 5 != 4)
            beat->echoes[i] = (struct echo){.known = true,
                                            .boot = 0x1111111111111111u * (uint64_t)(i % 15 + 1),
                                            .number = 1000000u + (uint64_t)i,
                                            .age_ms = (uint32_t)i * 9};
    beat->n_votes = n_votes;
    for (int i = 0; i < n_votes; i++) {
        bool down = i < n_votes / 2;

        beat->votes[i] = (struct vote){.check = (uint16_t)(i * 150),
                                       .opinion = down ? OPINION_DOWN : OPINION_UP,
                                       .reason = down ? REASON_REFUSED : REASON_OK,
                                       .age_ms = (uint32_t)i * 10,
                                       .fail_age_ms = down ? 300 : AGE_NEVER,
                                       .good_age_ms = i % 7 == 0 ? AGE_NEVER : 15000};
    }
    beat->n_clears = 3;
    beat->clears[0] = (struct clear){.route = 0, .clear = true, .epoch = 5, .intent = 5};
    beat->clears[1] =
        (struct clear){.route = LIMIT_ROUTES - 1, .epoch = 5, .intent = 6, .holding = true};
    beat->clears[2] = (struct clear){.route = 2, .epoch = UINT32_MAX, .intent = 0};
    beat->n_reports = 2;
    beat->reports[0] = (struct report_word){.check = 7, .state = REPORT_OK, .age_ms = 650};
    beat->reports[1] = (struct report_word){.check = 300, .state = REPORT_FAILING, .age_ms = 0};
    beat->n_hints = 1;
    beat->hints[0] = 300;
    beat->certificate_ms = 1795312800000;
    beat->receipt = (struct receipt_word){.notice = 300,
                                          .receiver = LIMIT_RECEIVERS - 1,
                                          .attempt = 2,
                                          .accepted = true,
                                          .unsure = true,
                                          .age_ms = 40,
                                          .text = "250 2.0.0 受け付けました"};
    beat->gap = beat->tells = true;
    beat->knew_age_ms = 20000;
    beat->journal_age_ms = AGE_NEVER - 1;
    beat->first_run = 6;
    beat->newest_run = 8;
    beat->n_runs = 2;
    beat->runs[0] = (struct run_word){.id = 7,
                                      .kind = RUN_BLIND,
                                      .subject = RUN_ALL,
                                      .age_ms = 19000,
                                      .good_ms = AGE_NEVER,
                                      .length_ms = AGE_NEVER};
    beat->runs[1] = (struct run_word){
        .id = 8, .subject = 300, .age_ms = 9000, .good_ms = 90, .length_ms = 8000, .fail_ms = 70};
}

static void sample_rows(struct shared *s)
{
    for (int i = 0; i < s->model->n_checks; i++)
        s->checks[i] = (struct check_state){.verdict = (enum verdict)(i % 4),
                                            .since_ms = 1000 + i,
                                            .index = 50u + (uint64_t)i,
                                            .fail_since_ms = i % 2 ? UTC_NONE : 900 + i,
                                            .good_before_ms = i % 3 ? UTC_NONE : -5,
                                            .hole = i % 2};
    s->routes[0] = (struct route_state){
        .phase = ROUTE_BLOCKED,
        .now = {.epoch = 9, .step = 2, .candidate = 1, .members = 1ull << 63 | 24, .draining = 7},
        .previous = -1,
        .intent_index = 77,
        .intent_ms = 1795312800000,
        .rule = 12,
        .planned = true,
        .done = 3,
        .moved_ms = UTC_NONE,
        .held = true,
        .grace_until_ms = 123456,
        .lapsed = 1ull << 63,
        .lapsed_ms = 1795312800001,
        .lapsed_index = 78,
        .command = {.bytes = {9, 8, 7}},
        .who = "suzuki",
        .pause = {.until_ms = 1795312900000, .since_ms = 5, .who = "sato", .reason = "点検"}};
    for (int k = 0; k < LIMIT_ACTUATORS; k++)
        s->routes[0].automatic_ms[k] = k < 3 ? 1795312800000 - k : UTC_NONE;
    s->functions[1].last = (struct last_outage){8, 1795312700000, 1795312699900, 1795312710000};
    s->functions[0] = (struct function_state){.down = true,
                                              .outage = 12,
                                              .start_ms = 500,
                                              .last_good_ms = UTC_NONE,
                                              .unmonitored = 13,
                                              .unmonitored_ms = 501};
}

static void sample_windows(struct shared *s)
{
    s->n_windows = 2;
    s->windows = mem_zalloc(2, sizeof *s->windows);
    for (int i = 0; i < 2; i++) {
        struct window_state *w = &s->windows[i];

        w->id = 40u + (uint64_t)i;
        w->emergency = w->short_notice = i == 0;
        w->announced_ms = 100;
        w->start_ms = 200;
        w->end_ms = 300;
        w->finished_ms = i == 0 ? UTC_NONE : 250;
        w->functions[0] = 3;
        w->functions[LIMIT_FUNCTIONS / 64 - 1] = 1ull << 63;
        strcpy(w->who, "sato");
        strcpy(w->reason, "定期メンテナンス");
    }
}

static void sample_verbs(struct shared *s)
{
    s->pause =
        (struct pause){.until_ms = 1795312900001, .since_ms = 6, .who = "kato", .reason = "all"};
    s->drains[0] = (struct drain){.since_ms = 7, .who = "ito", .reason = "disk"};
    s->drains[LIMIT_SERVERS - 1] = (struct drain){.since_ms = 8, .who = "abe", .reason = "fan"};
    s->handover = (struct handover){
        .until_ms = 1795312900002, .server = 4, .led = true, .command = {.bytes = {6, 5}}};
}

struct shared *sample_shared(void)
{
    struct shared *s = shared_new();
    struct err err;

    s->config_yaml_len = (uint32_t)strlen(sample_yaml);
    s->config_yaml = mem_dup(sample_yaml, s->config_yaml_len);
    CHECK(config_parse("sample", s->config_yaml, s->config_yaml_len, &s->model, &err) == 0);
    s->index = 1234;
    s->term = 5;
    s->leader_term = 4;
    s->leader = 8;
    s->time_ms = 1795312800999;
    s->checks = mem_zalloc((size_t)s->model->n_checks, sizeof *s->checks);
    s->routes = mem_zalloc((size_t)s->model->n_routes, sizeof *s->routes);
    s->functions = mem_zalloc((size_t)s->model->n_functions, sizeof *s->functions);
    sample_rows(s);
    for (int i = 0; i < LIMIT_SERVERS; i++)
        s->nodes[i] =
            (struct node_state){.raft_id = (uint64_t)i + 1, .silent = i % 2, .since_ms = i};
    sample_windows(s);
    sample_verbs(s);
    for (int i = 0; i < LIMIT_COMMAND_IDS; i += 3) {
        s->commands[i] = (struct command_state){.id = {.bytes = {1, (uint8_t)i, (uint8_t)(i >> 8)}},
                                                .digest = (uint64_t)i << 40,
                                                .result = (enum command_result)(i % 4),
                                                .index = (uint64_t)i};
        snprintf(s->commands[i].text, sizeof s->commands[i].text, "answer %d", i);
    }
    s->next_command = 5000;
    s->ledger.size = 0xb;
    memset(s->ledger.peaks[0], 0xa0, TREE_HASH);
    memset(s->ledger.peaks[1], 0xa1, TREE_HASH);
    memset(s->ledger.peaks[3], 0xa3, TREE_HASH);
    return s;
}
