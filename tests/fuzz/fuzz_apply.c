/* Applying: whatever a log holds that can be read, it is applied without harm; a state that
 * went through a snapshot stays the same as one that did not; and each situation that comes of
 * it has its row. The input says what the log holds, a few bytes for a field. */
#include "base/check.h"
#include "base/mem.h"
#include "base/utc.h"
#include "core/account/contract.h"
#include "core/engine.h"
#include "core/failover/rules.h"
#include "core/feature.h"
#include "wire/codec.h"
#include "wire/config.h"

#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ENTRIES 150
#define BEGIN_MS 1790000000000ll
#define NAMES "cluster: fuzz\nversion: %d\nprofile: normal\n"
#define PLACES                                                                                     \
    "sites: [{name: a}, {name: b}, {name: c}]\n"                                                   \
    "servers:\n"                                                                                   \
    "  - {name: a1, site: a, host: 10.0.0.1}\n"                                                    \
    "  - {name: a2, site: a, host: 10.0.0.2}\n"                                                    \
    "  - {name: b1, site: b, host: 10.0.0.3}\n"                                                    \
    "  - {name: b2, site: b, host: 10.0.0.4}\n"                                                    \
    "  - {name: c1, site: c, host: 10.0.0.5}\n"                                                    \
    "  - {name: c2, site: c, host: 10.0.0.6}\n"                                                    \
    "checks:\n"                                                                                    \
    "  - {name: v, targets: [a1, a2, b1, b2], tcp: {port: 80}, interval: 1s, timeout: 300ms}\n"
#define HAPROXY(name, map)                                                                         \
    "    actuators: [{name: " name ", haproxy: {address: \"10.0.1.1:99\", map: " map "}}]\n"
#define FIRST                                                                                      \
    "  - name: first\n"                                                                            \
    "    kind: exclusive\n"                                                                        \
    "    failback: {after: 1s}\n"                                                                  \
    "    drain: 5s\n"                                                                              \
    "    candidates:\n"                                                                            \
    "      - {name: x, servers: [a1, a2], least: 1, value: x}\n"                                   \
    "      - {name: y, servers: [b1, b2], least: 1, value: y}\n"
#define FUNCTIONS                                                                                  \
    "functions:\n"                                                                                 \
    "  - {name: f, label_ja: f, route: first}\n"                                                   \
    "  - {name: g, label_ja: g, checks: [v@a1, v@b1], need: any}\n"                                \
    "services: [{name: s, critical: [f]}]\n"                                                       \
    "contract: {name: k, timezone: Asia/Tokyo, target: \"98\"}\n"

#define NOTICES(receivers, rule)                                                                   \
    "notices:\n"                                                                                   \
    "  channels: [{name: h, webhook: {url: 'https://h.example/', key_file: /k}}]\n"                \
    "  receivers:\n" receivers "    - {name: r, channel: h, otherwise: s}\n"                       \
    "    - {name: s, channel: h}\n"                                                                \
    "  rules:\n"                                                                                   \
    "    - name: " rule "\n"                                                                       \
    "      events: [outage, lasting, recovered, disputed, failover, refused, blocked, coverage,\n" \
    "               node-lost, node-back, certificate, clock, quorum-back, posted]\n"              \
    "      lasting: 30s\n"                                                                         \
    "      tell: [r]\n"                                                                            \
    "      escalate: [{after: 1m, tell: [s]}]\n"                                                   \
    "    - name: m\n"                                                                              \
    "      events: [maintenance, maintenance-begun, maintenance-over, outage]\n"                   \
    "      functions: [f]\n"                                                                       \
    "      tell: [r, s]\n"

/* Every other version has one route less, so that old entries point at nothing. */
static const char *const files[] = {
    NAMES PLACES "routes:\n" FIRST HAPROXY(
        "l1", "/l1.map") "  - name: second\n"
                         "    follows: first\n"
                         "    hold: {moves: 2, window: 1h, backoff: 1s}\n"
                         "    candidates:\n"
                         "      - {name: x, servers: [a1], value: x2}\n"
                         "      - {name: y, servers: [b1], value: y2}\n" HAPROXY("l2", "/l2.map")
                             FUNCTIONS NOTICES("    - {name: q, channel: h}\n", "o"),
    NAMES PLACES "routes:\n" FIRST HAPROXY("l1", "/l1.map") FUNCTIONS NOTICES("", "p"),
};

struct input {
    const uint8_t *at, *end;
};

static uint64_t number(struct input *in, int bytes)
{
    uint64_t value = 0;

    while (bytes-- > 0)
        value = value << 8 | (in->at < in->end ? *in->at++ : 0);
    return value;
}

static int below(struct input *in, int n)
{
    return (int)(number(in, 1) % (uint64_t)n);
}

/* Mostly one of the small ones that mean something. */
static int index_of(struct input *in, int few, int limit)
{
    uint8_t byte = (uint8_t)number(in, 1);

    return byte < 224 ? byte % few : (int)(number(in, 2) % (uint64_t)limit);
}

static int64_t time_of(struct input *in)
{
    static const int64_t odd[] = {-UTC_MOST_MS, -1, 0, UTC_MOST_MS};
    uint8_t byte = (uint8_t)number(in, 1);

    return byte < ARRAY_LEN(odd) ? odd[byte] : BEGIN_MS + (int64_t)number(in, 3) * 16;
}

static void fill_verdict(struct input *in, struct entry *e)
{
    int i;

    e->verdict.check = index_of(in, 4, LIMIT_CHECKS);
    e->verdict.verdict = (enum verdict)below(in, 4);
    e->verdict.need = (uint8_t)below(in, LIMIT_SERVERS + 1);
    e->verdict.n_ballots = (uint8_t)below(in, 8);
    for (i = 0; i < e->verdict.n_ballots; i++)
        e->verdict.ballots[i] = (struct ballot){.observer = (uint8_t)index_of(in, 6, LIMIT_SERVERS),
                                                .opinion = (uint8_t)below(in, 3),
                                                .reason = (uint8_t)below(in, REASON_COUNT),
                                                .abstain = below(in, 2),
                                                .fail_age_ms = (uint32_t)number(in, 4),
                                                .good_age_ms = (uint32_t)number(in, 4)};
}

/* On top of the placement there is, most of the time. */
static void fill_intent(struct input *in, const struct shared *shared, struct entry *e)
{
    const struct placement *now;

    e->intent.route = index_of(in, 2, LIMIT_ROUTES);
    e->intent.from = below(in, LIMIT_CANDIDATES + 1) - 1;
    e->intent.to = index_of(in, 2, LIMIT_CANDIDATES) - (below(in, 16) == 0);
    e->intent.members = number(in, 1);
    e->intent.rule = (uint16_t)below(in, 70);
    e->intent.phase = below(in, 5) - 1;
    e->intent.facts = (uint32_t)number(in, 4);
    e->intent.planned = below(in, 2);
    e->intent.forced = below(in, 2);
    if (shared->model == NULL || e->intent.route >= shared->model->n_routes || below(in, 8) == 0)
        return;
    now = &shared->routes[e->intent.route].now;
    e->intent.from = now->candidate;
    e->intent.epoch = now->epoch + (e->intent.to != now->candidate);
    e->intent.step = e->intent.to != now->candidate ? 0 : now->step + 1;
    e->intent.members = e->intent.to == 0 ? 1 : 4;
}

static void fill_outcome(struct input *in, const struct shared *shared, struct entry *e)
{
    e->outcome.route = index_of(in, 2, LIMIT_ROUTES);
    e->outcome.actuator = index_of(in, 1, LIMIT_ACTUATORS) - (below(in, 16) == 0);
    e->outcome.ok = below(in, 4) > 0;
    if (shared->model == NULL || e->outcome.route >= shared->model->n_routes)
        return;
    e->outcome.epoch = shared->routes[e->outcome.route].now.epoch;
    e->outcome.step = shared->routes[e->outcome.route].now.step;
}

static void fill_holding(struct input *in, const struct shared *shared, struct entry *e)
{
    e->holding.route = index_of(in, 2, LIMIT_ROUTES);
    e->holding.server = index_of(in, 6, LIMIT_SERVERS);
    e->holding.holds = below(in, 2);
    e->holding.since_ms = (uint32_t)number(in, 4);
    if (shared->model != NULL && e->holding.route < shared->model->n_routes)
        e->holding.epoch = shared->routes[e->holding.route].now.epoch;
}

static void fill_window(struct input *in, struct entry *e)
{
    e->window.window = number(in, 1);
    e->window.end = below(in, 4) == 0;
    e->window.extend = below(in, 4) == 0;
    e->window.refused = below(in, 8) == 0;
    e->window.start_ms = time_of(in);
    e->window.end_ms = time_of(in);
    e->window.functions[0] = number(in, 1);
    e->window.functions[3] = number(in, 8);
}

static void fill_config(struct input *in, struct entry *e)
{
    char yaml[4096];
    int version = 1 + below(in, 255);
    struct err err;

    snprintf(yaml, sizeof yaml, files[version % 2], version);
    e->config.yaml = mem_dup(yaml, strlen(yaml));
    e->config.yaml_len = (uint32_t)strlen(yaml);
    CHECK(config_parse("fuzz", e->config.yaml, e->config.yaml_len, &e->config.model, &err) == 0);
}

static void fill_journal(struct input *in, const struct shared *shared, struct entry *e)
{
    struct journal_spans *spans = mem_zalloc(1, sizeof *spans);
    bool sane = e->time_ms > BEGIN_MS && e->time_ms < UTC_MOST_MS / 2;

    e->journal.to_ms = (sane ? e->time_ms : BEGIN_MS) - (int64_t)number(in, 1);
    e->journal.from_ms = e->journal.to_ms - (int64_t)number(in, 2);
    e->journal.index = below(in, 2) ? shared->index : number(in, 1);
    e->journal.heard = number(in, 2);
    e->journal.spans = spans;
    for (spans->n = 0; spans->n < 7 && below(in, 8) > 0; spans->n++) {
        struct journal_span *span = &spans->spans[spans->n];

        *span = (struct journal_span){.kind = (enum span_kind)below(in, 4),
                                      .check = index_of(in, 4, LIMIT_CHECKS) - 1,
                                      .route = index_of(in, 2, LIMIT_ROUTES) - 1,
                                      .server = index_of(in, 6, LIMIT_SERVERS) - 1,
                                      .servers = number(in, 1)};
        span->start_ms = e->journal.from_ms + (int64_t)number(in, 2) - 300;
        span->good_ms = span->start_ms - below(in, 200);
        span->end_ms = span->start_ms + (int64_t)number(in, 2);
        span->fail_ms = span->end_ms - below(in, 200);
        if (below(in, 4) == 0)
            span->end_ms = span->fail_ms = SPAN_GOES_ON;
        if (below(in, 32) == 0)
            span->start_ms = time_of(in);
    }
}

/* Of a notice, an outage, a window that there is, most of the time. */
static void fill_notice(struct input *in, const struct shared *shared, struct entry *e)
{
    const struct notices *notices = &shared->notices;
    const struct notice_state *notice;
    const struct delivery *delivery;

    e->notice.act = (enum notice_act)(NOTICE_ACT_SEND + below(in, 7));
    e->notice.notice = number(in, 1);
    e->notice.receivers = number(in, 1);
    e->notice.step = below(in, LIMIT_NOTICE_STEPS + 1) - 1;
    e->notice.node = index_of(in, 6, LIMIT_SERVERS);
    e->notice.receiver = index_of(in, 3, LIMIT_RECEIVERS);
    e->notice.attempt = (uint32_t)below(in, 6);
    e->notice.at_ms = time_of(in);
    e->notice.unsure = below(in, 2);
    e->notice.rule = index_of(in, 2, LIMIT_NOTICE_RULES);
    e->notice.subject = number(in, 1);
    if (e->notice.act == NOTICE_ACT_LASTING && shared->model != NULL && below(in, 4) > 0)
        e->notice.subject = shared->functions[below(in, shared->model->n_functions)].outage - 1;
    if (shared->n_windows > 0 && below(in, 4) > 0 &&
        (e->notice.act == NOTICE_ACT_BEGUN || e->notice.act == NOTICE_ACT_OVER))
        e->notice.subject = shared->windows[below(in, shared->n_windows)].id;
    if (notices->n == 0 || below(in, 8) == 0)
        return;
    notice = &notices->list[below(in, notices->n)];
    e->notice.notice = notice->id;
    if (notice->rule >= 0 && below(in, 2))
        e->notice.step = notice->steps < LIMIT_NOTICE_STEPS ? notice->steps : -1;
    if (notice->n_deliveries == 0)
        return;
    delivery = &notice->deliveries[below(in, notice->n_deliveries)];
    e->notice.receiver = delivery->receiver;
    e->notice.attempt = delivery->attempts;
    if (e->notice.act != NOTICE_ACT_SEND)
        e->notice.node = delivery->node;
}

static void fill_body(struct input *in, const struct shared *shared, struct entry *e)
{
    switch (e->kind) {
    case ENTRY_LEADER:
        break;
    case ENTRY_CONFIG:
        fill_config(in, e);
        break;
    case ENTRY_VERDICT:
        fill_verdict(in, e);
        break;
    case ENTRY_INTENT:
    case ENTRY_REFUSED:
        fill_intent(in, shared, e);
        break;
    case ENTRY_ACT:
    case ENTRY_OUTCOME:
    case ENTRY_VERIFIED:
    case ENTRY_REASSERTED:
        fill_outcome(in, shared, e);
        break;
    case ENTRY_WINDOW:
        fill_window(in, e);
        break;
    case ENTRY_COVERAGE:
        e->coverage.check = index_of(in, 4, LIMIT_CHECKS);
        e->coverage.hole = below(in, 2);
        break;
    case ENTRY_NODE:
    case ENTRY_MEMBER:
        e->node.server = index_of(in, 6, LIMIT_SERVERS);
        e->node.silent = below(in, 2);
        break;
    case ENTRY_SECURITY:
        e->security.server = index_of(in, 6, LIMIT_SERVERS);
        e->security.refused = (uint32_t)number(in, 4);
        break;
    case ENTRY_PAUSE:
        e->pause.route = index_of(in, 3, LIMIT_ROUTES) - 1;
        e->pause.until_ms = below(in, 3) == 0 ? 0 : time_of(in);
        e->pause.expired = below(in, 4) == 0;
        break;
    case ENTRY_DRAIN:
        e->drain.server = index_of(in, 6, LIMIT_SERVERS);
        e->drain.end = below(in, 2);
        break;
    case ENTRY_HANDOVER:
        e->handover.server = index_of(in, 6, LIMIT_SERVERS);
        e->handover.failed = below(in, 4) == 0;
        break;
    case ENTRY_HOLDING:
        fill_holding(in, shared, e);
        break;
    case ENTRY_FEATURES:
        e->features.level = 1 + (uint32_t)below(in, FEATURE_NEWEST);
        break;
    case ENTRY_CLOCK:
        e->clock.server = index_of(in, 6, LIMIT_SERVERS);
        e->clock.steps = (uint32_t)number(in, 4);
        e->clock.stepped_ms = time_of(in);
        e->clock.compared = below(in, 2);
        e->clock.ahead_ms = (int64_t)number(in, 8);
        break;
    case ENTRY_INCIDENT:
        e->incident.outage = number(in, 1);
        e->incident.severity = below(in, 4) - 1;
        e->incident.cause = below(in, CAUSE_COUNT + 1) - 1;
        e->incident.note = below(in, 2);
        strcpy(e->reason, below(in, 4) > 0 ? "r" : "");
        break;
    case ENTRY_JOURNAL:
        fill_journal(in, shared, e);
        break;
    case ENTRY_ACKNOWLEDGED:
        e->acknowledged.outage = number(in, 1);
        break;
    case ENTRY_POST:
        e->post.outage = number(in, 1);
        e->post.status = (enum post_status)below(in, POST_STATUSES);
        e->post.ja = below(in, 2) ? mem_strdup("復旧\nしました") : NULL;
        e->post.en = below(in, 2) ? mem_strdup("resolved") : NULL;
        break;
    case ENTRY_NOTICE:
        fill_notice(in, shared, e);
        break;
    case ENTRY_TROUBLE:
        e->trouble.server = index_of(in, 6, LIMIT_SERVERS);
        e->trouble.expires_ms = time_of(in);
        break;
    }
}

static void draw(struct input *in, const struct shared *shared, struct entry *e)
{
    /* What the state hangs on most comes more often. */
    static const enum entry_kind kinds[] = {
        ENTRY_LEADER,   ENTRY_CONFIG,       ENTRY_VERDICT,  ENTRY_VERDICT,  ENTRY_VERDICT,
        ENTRY_VERDICT,  ENTRY_INTENT,       ENTRY_INTENT,   ENTRY_ACT,      ENTRY_OUTCOME,
        ENTRY_OUTCOME,  ENTRY_VERIFIED,     ENTRY_VERIFIED, ENTRY_REFUSED,  ENTRY_WINDOW,
        ENTRY_COVERAGE, ENTRY_NODE,         ENTRY_SECURITY, ENTRY_MEMBER,   ENTRY_REASSERTED,
        ENTRY_PAUSE,    ENTRY_DRAIN,        ENTRY_DRAIN,    ENTRY_HANDOVER, ENTRY_HOLDING,
        ENTRY_HOLDING,  ENTRY_FEATURES,     ENTRY_CLOCK,    ENTRY_INCIDENT, ENTRY_JOURNAL,
        ENTRY_JOURNAL,  ENTRY_ACKNOWLEDGED, ENTRY_POST,     ENTRY_NOTICE,   ENTRY_NOTICE,
        ENTRY_NOTICE,   ENTRY_TROUBLE};
    int64_t newest_ms = shared->time_ms > BEGIN_MS && shared->time_ms < UTC_MOST_MS / 2
                            ? shared->time_ms
                            : BEGIN_MS;

    *e = (struct entry){.kind = kinds[below(in, (int)ARRAY_LEN(kinds))],
                        .term = number(in, 1),
                        .leader = index_of(in, 6, LIMIT_SERVERS) - (below(in, 16) == 0),
                        .time_ms = newest_ms + (int64_t)number(in, 2)};
    if (below(in, 128) == 0)
        e->time_ms = time_of(in);
    e->config_version =
        shared->model != NULL && below(in, 8) > 0 ? shared->model->version : (uint32_t)below(in, 3);
    e->id.bytes[0] = (uint8_t)below(in, 8);
    if (e->id.bytes[0] != 0)
        strcpy(e->who, "suzuki");
    fill_body(in, shared, e);
}

/* As it comes out of a log. */
static struct entry read_again(const struct entry *entry)
{
    struct buf bytes = {0};
    struct entry again;
    struct err err;

    entry_encode(entry, &bytes);
    CHECK(entry_decode(bytes.data, bytes.len, &again, &err) == 0);
    buf_free(&bytes);
    return again;
}

static struct shared *copy(const struct shared *shared)
{
    struct buf bytes = {0};
    struct shared *again;
    struct err err;

    shared_encode(shared, &bytes);
    CHECK(shared_decode(bytes.data, bytes.len, &again, &err) == 0);
    buf_free(&bytes);
    return again;
}

static bool same(const struct shared *a, const struct shared *b)
{
    struct buf x = {0}, y = {0};
    bool equal;

    shared_encode(a, &x);
    shared_encode(b, &y);
    equal = x.len == y.len && memcmp(x.data, y.data, x.len) == 0;
    buf_free(&x);
    buf_free(&y);
    return equal;
}

static struct engine *begin(void)
{
    struct err err;
    char yaml[4096];
    struct engine_options options = {.self = 4, .boot = 1, .seed = 1};
    struct event raft = {.kind = EVENT_RAFT, .raft = {RAFT_ROLE_LEADER, 3, 4, 0, 0}};
    struct effects effects = {0};
    struct engine *engine;

    snprintf(yaml, sizeof yaml, files[1], 1);
    options.yaml = (const uint8_t *)yaml;
    options.yaml_len = (uint32_t)strlen(yaml);
    CHECK(config_parse("fuzz", options.yaml, options.yaml_len, &options.model, &err) == 0);
    options.shared = shared_new();
    options.now = (struct moment){1000, BEGIN_MS};
    engine = engine_new(&options);
    raft.now = options.now;
    engine_step(engine, &raft, &effects);
    effects_free(&effects);
    return engine;
}

/* Every route has a row, whatever an operator asks besides. */
static void look(const struct engine *engine, struct moment now, struct input *in)
{
    struct command ask = {.kind = below(in, 2) ? COMMAND_FAILOVER : COMMAND_SWITCHOVER};
    const struct shared *shared = engine_shared(engine);

    ask.force = ask.kind == COMMAND_FAILOVER && below(in, 2);
    for (int r = 0; shared->model != NULL && r < shared->model->n_routes; r++) {
        ask.route = r;
        ask.to = below(in, shared->model->routes[r].n_candidates);
        CHECK(engine_route_view(engine, now, r, NULL).rule != NULL);
        CHECK(engine_route_view(engine, now, r, &ask).rule != NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, data + size};
    struct engine *engine = begin();
    struct shared *beside = copy(engine_shared(engine));
    struct moment now = {1000, BEGIN_MS};
    struct effects effects = {0};
    uint64_t index;

    for (index = 1; in.at < in.end && index <= ENTRIES; index++) {
        struct event tick = {.kind = EVENT_TICK};
        struct entry entry, again;

        draw(&in, engine_shared(engine), &entry);
        again = read_again(&entry);
        now.boot_ms += below(&in, 60);
        now.utc_ms =
            BEGIN_MS + now.boot_ms + (below(&in, 32) == 0 ? (int)number(&in, 2) - 30000 : 0);
        if (below(&in, 8) == 0)
            engine_restore(engine, now, copy(engine_shared(engine)));
        shared_apply(beside, index, &again, NULL, NULL);
        engine_apply(engine, now, index, &entry, NULL, NULL, &effects);
        if (index % 8 == 0)
            CHECK(same(engine_shared(engine), beside));
        look(engine, now, &in);
        tick.now = now;
        engine_step(engine, &tick, &effects);
        effects_clear(&effects);
        entry_free(&entry);
        entry_free(&again);
    }
    effects_free(&effects);
    shared_free(beside);
    engine_free(engine);
    return 0;
}
