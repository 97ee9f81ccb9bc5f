#include "world.h"
#include "base/check.h"
#include "base/mem.h"
#include "wire/codec.h"
#include "wire/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UTC_START 1795489445678ll /* 2026-11-24 */

static const char template[] =
    "cluster: test\n"
    "version: 1\n"
    "sites: [{name: tokyo}, {name: osaka}, {name: ishikari}]\n"
    "servers:\n"
    "  - {name: a1, site: tokyo, host: %s, port: %d}\n"
    "  - {name: b1, site: osaka, host: %s, port: %d}\n"
    "  - {name: c1, site: ishikari, host: %s, port: %d}\n"
    "checks:\n"
    "  - {name: voice, targets: [a1, b1], tcp: {port: 8080}, interval: 100ms, timeout: 300ms}\n"
    "  - {name: calls, targets: [a1], report: {name: phones, ttl: 2s}}\n"
    "routes:\n"
    "  - name: calls\n"
    "    candidates:\n"
    "      - {name: tokyo, servers: [a1], least: 1, value: v}\n"
    "      - {name: osaka, servers: [b1], least: 1, value: m}\n"
    "    actuators:\n"
    "      - {name: lb-1, haproxy: {address: \"127.0.0.1:9999\", map: /x.map}, timeout: 1s}\n"
    "functions:\n"
    "  - {name: calling, label_ja: 発信・着信, route: calls}\n"
    "  - {name: login, checks: [voice@b1]}\n"
    "services:\n"
    "  - {name: centre, critical: [calling]}\n"
    "contract: {name: c, timezone: Asia/Tokyo, target: \"98\"}\n";

const char *world_yaml(const int *ports, const char *host)
{
    static _Thread_local char yaml[sizeof template + 256];
    static const int any[] = {7401, 7402, 7403};

    if (ports == NULL)
        ports = any;
    snprintf(yaml, sizeof yaml, template, host, ports[0], host, ports[1], host, ports[2]);
    return yaml;
}

/* ---- what the engine wants done ---- */

static void emit(void *context, uint64_t seq, const char *line, size_t len)
{
    struct world *world = context;
    static const char end[] = "\"category\":\"outage\",\"type\":\"close";
    const char *close = memmem(line, len, end, sizeof end - 1);
    struct buf other = {0};
    struct err err;

    if (world->behind)
        return;
    if (world->disputed && close != NULL) {
        const char *after = close + sizeof end - 1, *word = after - strlen("close");

        buf_append(&other, line, (size_t)(word - line));
        buf_str(&other, "disputed");
        buf_append(&other, after, (size_t)(line + len - after));
        line = (const char *)other.data;
        len = other.len;
    }
    if (ledger_put(world->ledger, seq, line, len, &err) != 0) {
        fprintf(stderr, "ledger: %s\n", err.text);
        abort();
    }
    buf_free(&other);
}

static void step(struct world *world, struct event *event);

/* Through the codec, as Raft would bring it back. */
static void commit(struct world *world, const struct entry *proposed, struct effects *effects)
{
    struct buf bytes = {0};
    struct entry entry;
    struct err err;

    entry_encode(proposed, &bytes);
    if (entry_decode(bytes.data, bytes.len, &entry, &err) != 0) {
        fprintf(stderr, "entry: %s\n", err.text);
        abort();
    }
    engine_apply(world->engine, world->now, ++world->index, &entry, emit, world, effects);
    entry_free(&entry);
    buf_free(&bytes);
}

static void answer(struct world *world, const struct effect *effect)
{
    int i = 0;

    while (i < world->n_waiting) {
        if (memcmp(&world->waiting[i].id, &effect->reply.id, sizeof effect->reply.id) != 0) {
            i++;
            continue;
        }
        world->waiting[i].reply(world->waiting[i].arg, effect->reply.code, effect->reply.text);
        world->waiting[i] = world->waiting[--world->n_waiting];
    }
}

static void carry_out(struct world *world, struct effects *effects)
{
    int i;

    for (i = 0; i < effects->n; i++) {
        struct effect *effect = &effects->items[i];
        struct event event = {.now = world->now};

        if (effect->kind == EFFECT_PROPOSE) {
            struct effects more = {0};

            commit(world, &effect->propose.entry, &more);
            carry_out(world, &more);
            effects_free(&more);
            event.kind = EVENT_PROPOSED;
            event.proposed.proposal = effect->propose.number;
            event.proposed.fate = PROPOSAL_COMMITTED;
            step(world, &event);
        } else if (effect->kind == EFFECT_ACT) {
            event.kind = EVENT_ACTED;
            event.acted.route = effect->act.route;
            event.acted.actuator = effect->act.actuator;
            event.acted.epoch = effect->act.placement.epoch;
            event.acted.step = effect->act.placement.step;
            event.acted.changed = true;
            event.acted.took_ms = 3;
            step(world, &event);
        } else if (effect->kind == EFFECT_REPLY) {
            answer(world, effect);
        }
    }
}

static void step(struct world *world, struct event *event)
{
    struct effects effects = {0};

    event->now = world->now;
    engine_step(world->engine, event, &effects);
    carry_out(world, &effects);
    effects_free(&effects);
}

void world_hear(struct world *world)
{
    struct beat mine, beat = {.term = 1, .config_version = 1, .heard = 7, .n_echoes = 3};
    struct event event = {.kind = EVENT_BEAT, .beat = &beat};
    int i;

    engine_beat(world->engine, world->now, &mine);
    beat.utc_ms = world->now.utc_ms;
    beat.applied = world->index;
    beat.level = world->level;
    beat.echoes[world->self] = (struct echo){.known = true, .boot = 77, .number = mine.number};
    for (i = 0; i < 3; i++) {
        beat.from = i;
        beat.boot = (uint64_t)i + 1;
        beat.number = mine.number;
        if (i != world->self)
            step(world, &event);
    }
    world_tick(world, 1);
}

/* ---- serve's callbacks ---- */

static const struct engine *serve_engine(void *context)
{
    return ((struct world *)context)->engine;
}

static struct moment serve_now(void *context)
{
    return ((struct world *)context)->now;
}

static void serve_local(void *context, struct status_local *local)
{
    struct world *world = context;

    *local = (struct status_local){.self = world->self,
                                   .uptime_ms = 5000,
                                   .role = RAFT_ROLE_LEADER,
                                   .term = 1,
                                   .applied_index = world->index,
                                   .ledger_lines = ledger_size(world->ledger)};
}

static void serve_submit(void *context, const struct command *command, serve_reply *reply,
                         void *arg)
{
    struct world *world = context;
    struct event event = {.kind = EVENT_COMMAND};

    CHECK(world->n_waiting < WORLD_WAITING || world->hold);
    if (world->n_waiting < WORLD_WAITING) {
        world->waiting[world->n_waiting].id = command->id;
        world->waiting[world->n_waiting].reply = reply;
        world->waiting[world->n_waiting++].arg = arg;
    }
    event.command = command;
    if (world->hold)
        return;
    world_hear(world);
    step(world, &event);
}

static void serve_join(void *context, int server, uint64_t raft_id, serve_reply *reply, void *arg)
{
    struct world *world = context;

    world->joins++;
    reply(arg, raft_id > 256 ? 0 : ERR_REFUSED, raft_id > 256 ? "joined" : "an old id");
}

static void serve_report(void *context, int check, bool failing, const char *text)
{
    struct world *world = context;
    struct event event = {.kind = EVENT_REPORT,
                          .report = {.check = check, .failing = failing, .text = text}};

    step(world, &event);
}

static struct lease serve_lend(void *context, int route)
{
    struct world *world = context;

    return engine_lend(world->engine, world->now, route);
}

/* ---- the world ---- */

struct world *world_new(int self, const int *ports, struct link *link, const char *host)
{
    struct world *world = mem_zalloc(1, sizeof *world);
    struct engine_options options = {.self = self, .boot = 77, .seed = 5};
    struct serve_options serve = {.self = self,
                                  .link = link,
                                  .handlers = {.context = world,
                                               .engine = serve_engine,
                                               .now = serve_now,
                                               .local = serve_local,
                                               .submit = serve_submit,
                                               .join = serve_join,
                                               .report = serve_report,
                                               .lend = serve_lend}};
    const char *yaml = world_yaml(ports, host);
    struct err err;

    world->self = self;
    world->now = (struct moment){.boot_ms = 100000, .utc_ms = UTC_START};
    snprintf(world->dir, sizeof world->dir, "/tmp/kirikae-serve-XXXXXX");
    CHECK(mkdtemp(world->dir) != NULL);
    if (config_parse("test.yaml", (const uint8_t *)yaml, strlen(yaml), &options.model, &err) != 0 ||
        ledger_open(world->dir, &world->ledger, &err) != 0) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
    options.shared = shared_new();
    options.yaml = (const uint8_t *)yaml;
    options.yaml_len = (uint32_t)strlen(yaml);
    options.now = world->now;
    world->engine = engine_new(&options);
    serve.ledger = world->ledger;
    world->serve = serve_open(&serve);
    return world;
}

void world_free(struct world *world)
{
    char command[128];

    if (world->serve != NULL)
        serve_close(world->serve);
    engine_free(world->engine);
    ledger_close(world->ledger);
    snprintf(command, sizeof command, "rm -r %s", world->dir);
    CHECK(system(command) == 0);
    mem_free(world);
}

void world_lead(struct world *world)
{
    struct event event = {.kind = EVENT_RAFT};

    event.raft.role = RAFT_ROLE_LEADER;
    event.raft.term = 1;
    event.raft.leader = world->self;
    step(world, &event);
    world_tick(world, 1);
    CHECK(engine_leads(world->engine));
    world_verdict(world, 0, VERDICT_UP);
    world_verdict(world, 1, VERDICT_UP);
    world_verdict(world, 2, VERDICT_UP);
}

void world_follow(struct world *world, int leader)
{
    struct event event = {.kind = EVENT_RAFT};

    event.raft.role = RAFT_ROLE_FOLLOWER;
    event.raft.term = 2;
    event.raft.leader = leader;
    step(world, &event);
}

void world_verdict(struct world *world, int check, enum verdict verdict)
{
    struct entry entry = {.kind = ENTRY_VERDICT, .term = 1, .leader = world->self};
    struct effects effects = {0};
    int i;

    entry.time_ms = world->now.utc_ms;
    entry.config_version = 1;
    entry.verdict.check = check;
    entry.verdict.verdict = verdict;
    entry.verdict.need = entry.verdict.agree = entry.verdict.assigned = 2;
    entry.verdict.n_ballots = 2;
    for (i = 0; i < 2; i++)
        entry.verdict.ballots[i] =
            (struct ballot){.observer = (uint8_t)((check + 1 + i) % 3),
                            .opinion = verdict == VERDICT_UP ? OPINION_UP : OPINION_DOWN,
                            .reason = verdict == VERDICT_UP ? REASON_OK : REASON_REFUSED,
                            .fail_age_ms = verdict == VERDICT_UP ? AGE_NEVER : 12,
                            .good_age_ms = verdict == VERDICT_UP ? 10 : 112,
                            .arrived_age_ms = 2};
    commit(world, &entry, &effects);
    carry_out(world, &effects);
    effects_free(&effects);
}

void world_tick(struct world *world, int64_t ms)
{
    struct event event = {.kind = EVENT_TICK};

    world->now.boot_ms += ms;
    world->now.utc_ms += ms;
    step(world, &event);
}

void world_release(struct world *world)
{
    while (world->n_waiting > 0) {
        world->n_waiting--;
        world->waiting[world->n_waiting].reply(world->waiting[world->n_waiting].arg, 0, "released");
    }
}
