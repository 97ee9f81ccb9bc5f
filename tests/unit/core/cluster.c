#include "cluster.h"
#include "base/check.h"
#include "base/mem.h"
#include "base/prng.h"
#include "core/engine_private.h"
#include "wire/codec.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MAX 65536
#define UTC_START 1790000000000ll

struct stored {
    uint8_t *bytes;
    size_t len;
};

struct cluster_inside {
    struct engine *engines[CLUSTER_NODES];
    struct prng prng;
    struct stored log[LOG_MAX];
    uint64_t committed;              /* entries in the log */
    uint64_t applied[CLUSTER_NODES]; /* of each node */
    int64_t probe_ms[CLUSTER_NODES][32];
    struct effects effects;
    char *yaml; /* the file that nodes start with */
};

static struct moment moment(const struct cluster *c)
{
    return (struct moment){.boot_ms = c->now_ms, .utc_ms = UTC_START + c->now_ms + c->utc_shift_ms};
}

static struct moment moment_of(const struct cluster *c, int node)
{
    struct moment now = moment(c);

    now.utc_ms += c->utc_off_ms[node];
    return now;
}

static bool connected(const struct cluster *c, int a, int b)
{
    return !c->stopped[a] && !c->stopped[b] && (a == b || (!c->cut[a] && !c->cut[b]));
}

static void carry_out(struct cluster *c, int node);

static void step(struct cluster *c, int node, const struct event *event)
{
    struct event there = *event;

    if (c->stopped[node])
        return;
    there.now = moment_of(c, node);
    engine_step(c->inside->engines[node], &there, &c->inside->effects);
    carry_out(c, node);
}

static bool says(const char *line, size_t len, const char *what)
{
    return memmem(line, len, what, strlen(what)) != NULL;
}

static void count_line(void *context, uint64_t seq, const char *line, size_t len)
{
    struct cluster *c = context;

    (void)seq;
    if (c->line != NULL)
        c->line(c->line_context, line, len);
    c->moves += says(line, len, "\"type\":\"intent\"") && says(line, len, "\"move\"");
    c->verdicts += says(line, len, "\"category\":\"verdict\"");
    c->disputed += says(line, len, "\"category\":\"verdict\",\"type\":\"disputed\"");
    c->served += says(line, len, "\"rule\":64");
    c->refused += says(line, len, "\"type\":\"refused\"");
    if (says(line, len, "\"type\":\"stepped\"")) {
        c->steps++;
        snprintf(c->step, sizeof c->step, "%.*s", (int)len, line);
    }
    c->outages += says(line, len, "\"category\":\"outage\",\"type\":\"open\"");
    c->outages -= says(line, len, "\"category\":\"outage\",\"type\":\"disputed\"");
}

/* What the node's log says of intents that it has not applied. */
static void tell_stored(struct cluster *c, int node, int route, uint32_t epoch)
{
    struct event event = {.kind = EVENT_STORED, .now = moment(c)};

    event.stored.route = route;
    event.stored.intent_epoch = epoch;
    step(c, node, &event);
}

static void catch_up(struct cluster *c, int node)
{
    struct cluster_inside *in = c->inside;

    while (in->applied[node] < in->committed && !c->stopped[node]) {
        struct stored *stored = &in->log[in->applied[node]++];
        struct entry entry;
        struct err err;

        CHECK(entry_decode(stored->bytes, stored->len, &entry, &err) == 0);
        if (entry.kind == ENTRY_INTENT && entry.intent.step == 0)
            tell_stored(c, node, entry.intent.route, entry.intent.epoch);
        engine_apply(in->engines[node], moment_of(c, node), in->applied[node], &entry,
                     node == 8 ? count_line : NULL, c, &in->effects);
        carry_out(c, node);
        if (entry.kind == ENTRY_INTENT)
            tell_stored(c, node, entry.intent.route, 0);
        entry_free(&entry);
    }
}

static int reachable_voters(const struct cluster *c, int node)
{
    const struct model *model = engine_model(c->inside->engines[node]);
    int i, n = 0;

    for (i = 0; i < CLUSTER_NODES; i++)
        n += model->servers[i].role == MEMBER_VOTER && connected(c, node, i);
    return n;
}

static void catch_up(struct cluster *c, int node);

static void commit(struct cluster *c, const struct entry *entry)
{
    struct buf bytes = {0};

    CHECK(c->inside->committed < LOG_MAX);
    entry_encode(entry, &bytes);
    c->inside->log[c->inside->committed++] = (struct stored){.bytes = bytes.data, .len = bytes.len};
}

static void propose(struct cluster *c, int node, uint64_t number, const struct entry *entry)
{
    struct event event = {.kind = EVENT_PROPOSED, .now = moment(c)};
    bool ok = node == c->leader && reachable_voters(c, node) >= 6;

    event.proposed.proposal = number;
    event.proposed.fate = ok ? PROPOSAL_COMMITTED : PROPOSAL_UNKNOWN;
    if (ok) {
        commit(c, entry);
        catch_up(c, node); /* as libraft does: applied, then reported */
    }
    step(c, node, &event);
}

static void probe(struct cluster *c, int node, int check)
{
    const struct check *k = &engine_model(c->inside->engines[node])->checks[check];
    struct event event = {.kind = EVENT_PROBE, .now = moment(c)};
    bool silent = c->hung[k->target] || !connected(c, node, node) || c->cut[node] ||
                  c->cut[k->target] || (int)prng_below(&c->inside->prng, 100) < c->loss_percent ||
                  (int)prng_below(&c->inside->prng, 100) < c->loss_percent;

    event.probe.check = check;
    event.probe.began_ms = c->now_ms - (silent ? k->timeout_ms : 1);
    event.probe.reason = silent ? REASON_TIMEOUT : c->dead[k->target] ? REASON_REFUSED : REASON_OK;
    /* Before the fault the answer came: a time-out ends a probe that began in it. */
    step(c, node, &event);
}

static void trace(struct cluster *c, uint64_t value)
{
    c->trace = prng_mix(c->trace ^ value);
}

static void beat(struct cluster *c, int node)
{
    struct buf bytes = {0};
    struct beat out, in;
    struct err err;
    int i;

    c->beats[node]++;
    engine_beat(c->inside->engines[node], moment_of(c, node), &out);
    beat_encode(&out, &bytes);
    for (size_t b = 0; b < bytes.len; b++)
        trace(c, bytes.data[b]);
    for (i = 0; i < CLUSTER_NODES; i++) {
        struct event event = {.kind = EVENT_BEAT, .now = moment(c), .beat = &in};

        if (i == node || !connected(c, node, i) ||
            (int)prng_below(&c->inside->prng, 100) < c->loss_percent)
            continue;
        CHECK(beat_decode(bytes.data, bytes.len, &in, &err) == 0);
        in.from = node;
        step(c, i, &event);
    }
    buf_free(&bytes);
}

static void act(struct cluster *c, int node, const struct effect *effect)
{
    struct event event = {.kind = EVENT_ACTED, .now = moment(c)};
    int a = effect->act.actuator % 4;

    event.acted.route = effect->act.route;
    event.acted.actuator = effect->act.actuator;
    event.acted.epoch = effect->act.placement.epoch;
    event.acted.step = effect->act.placement.step;
    event.acted.seen_epoch = c->told_epoch;
    event.acted.code = c->actuator_fails || c->failing[a]            ? ERR_TIMEOUT
                       : c->told_epoch > effect->act.placement.epoch ? ERR_STALE
                                                                     : 0;
    event.acted.text = event.acted.code != 0 ? "no answer" : NULL;
    if (event.acted.code == 0) {
        c->told_candidate = effect->act.placement.candidate;
        c->told_epoch = effect->act.placement.epoch;
        c->told_draining = effect->act.placement.draining;
        c->told_epochs[a] = effect->act.placement.epoch;
    }
    step(c, node, &event);
}

static void hold(struct cluster *c, int node, const struct effect *effect)
{
    struct event event = {.kind = EVENT_HOLDER, .now = moment(c)};
    bool up = effect->hold.until_ms > 0;

    c->held[node].orders++;
    if (up) {
        c->held[node].epoch = effect->hold.epoch;
        c->held[node].until_ms = effect->hold.until_ms;
        c->held[node].fence_ms = effect->hold.fence_ms;
    } else {
        c->held[node].over = effect->hold.epoch;
    }
    if (!c->helpers || c->mute[node])
        return;
    event.holder.route = effect->hold.route;
    event.holder.epoch = effect->hold.epoch;
    event.holder.word = up ? HOLDER_HELD : HOLDER_RELEASED;
    step(c, node, &event);
}

/* A receiver answers at once, or never does. */
static void tell(struct cluster *c, int node, const struct tell_order *order)
{
    struct event event = {.kind = EVENT_TOLD};
    bool failed = c->tell != TELL_ACCEPTED || (c->deaf & server_bit(node));

    CHECK(c->n_tells < (int)ARRAY_LEN(c->tells));
    c->tells[c->n_tells].node = node;
    c->tells[c->n_tells].at_ms = c->now_ms;
    c->tells[c->n_tells++].order = *order;
    if (c->tell == TELL_NOTHING)
        return;
    event.told.notice = order->notice;
    event.told.receiver = order->receiver;
    event.told.attempt = order->attempt;
    event.told.code = failed ? ERR_TIMEOUT : 0;
    event.told.unsure = c->tell == TELL_UNSURE;
    event.told.text = failed ? "no route to host" : "250 2.0.0 OK";
    cluster_step(c, node, &event);
}

static void carry_out(struct cluster *c, int node)
{
    struct effects effects = c->inside->effects;
    int i;

    c->inside->effects = (struct effects){0};
    for (i = 0; i < effects.n; i++) {
        struct effect *effect = &effects.items[i];

        trace(c, (uint64_t)c->now_ms << 16 | (uint64_t)node << 8 | effect->kind);
        if (effect->kind == EFFECT_PROPOSE)
            propose(c, node, effect->propose.number, &effect->propose.entry);
        else if (effect->kind == EFFECT_BEAT)
            beat(c, node);
        else if (effect->kind == EFFECT_PROBE) {
            c->confirmations++;
            c->inside->probe_ms[node][effect->check] = c->now_ms; /* due at once */
        } else if (effect->kind == EFFECT_ACT)
            act(c, node, effect);
        else if (effect->kind == EFFECT_HOLD)
            hold(c, node, effect);
        else if (effect->kind == EFFECT_LOG && getenv("CLUSTER_LOG") != NULL)
            printf("%8lld %d %s: %s\n", (long long)c->now_ms, node, effect->log.event,
                   effect->log.text);
        else if (effect->kind == EFFECT_TELL)
            tell(c, node, &effect->tell);
        else if (effect->kind == EFFECT_ELECT)
            c->stands++;
        else if (effect->kind == EFFECT_TRANSFER) {
            c->transfers++;
            c->transfer_to = effect->server;
        } else if (effect->kind == EFFECT_REPLY) {
            c->replies++;
            c->reply_code = effect->reply.code;
            memcpy(c->reply_text, effect->reply.text, sizeof c->reply_text);
        }
    }
    effects_free(&effects);
}

static void tell_raft(struct cluster *c)
{
    int i;

    for (i = 0; i < CLUSTER_NODES; i++) {
        struct event event = {.kind = EVENT_RAFT, .now = moment(c)};

        event.raft.role = i == c->leader ? RAFT_ROLE_LEADER : RAFT_ROLE_FOLLOWER;
        event.raft.term = c->term;
        event.raft.leader = c->leader;
        if (!c->stopped[i] && connected(c, i, c->leader))
            step(c, i, &event);
    }
}

/* A leader without a majority is replaced by the first node that has one. */
static void elect(struct cluster *c)
{
    int i;

    if (!c->stopped[c->leader] && reachable_voters(c, c->leader) >= 6)
        return;
    for (i = CLUSTER_NODES - 1; i >= 0; i--)
        if (!c->stopped[i] && reachable_voters(c, i) >= 6) {
            c->leader = i;
            c->term++;
            tell_raft(c);
            return;
        }
}

static void boot(struct cluster *c, int node, uint64_t incarnation)
{
    const char *yaml = c->inside->yaml;
    struct engine_options options = {.self = node,
                                     .boot = incarnation * 1000 + (uint64_t)node + 1,
                                     .seed = incarnation + (uint64_t)node,
                                     .level = c->level[node],
                                     .shared = shared_new(),
                                     .model = world_parse(yaml),
                                     .yaml = (const uint8_t *)yaml,
                                     .yaml_len = (uint32_t)strlen(yaml),
                                     .now = moment_of(c, node)};

    c->inside->engines[node] = engine_new(&options);
    c->inside->applied[node] = 0;
}

struct cluster *cluster_new(const char *route_kind, int patience_ms, uint64_t seed)
{
    return cluster_of(world_yaml(route_kind, patience_ms), seed);
}

void cluster_edit(struct cluster *c, const char *from, const char *to)
{
    char *at;

    CHECK(strlen(from) == strlen(to));
    while ((at = strstr(c->inside->yaml, from)) != NULL)
        memcpy(at, to, strlen(to));
}

struct cluster *cluster_of(const char *yaml, uint64_t seed)
{
    struct cluster *c = mem_zalloc(1, sizeof *c);
    int i, k;

    c->inside = mem_zalloc(1, sizeof *c->inside);
    c->inside->yaml = mem_strdup(yaml);
    prng_seed(&c->inside->prng, seed);
    c->leader = 8;
    c->term = 1;
    c->now_ms = 1000;
    c->told_candidate = -1;
    for (i = 0; i < CLUSTER_NODES; i++) {
        boot(c, i, seed);
        for (k = 0; k < 32; k++)
            c->inside->probe_ms[i][k] = c->now_ms + (i * 7 + k * 11) % 100;
    }
    tell_raft(c);
    return c;
}

void cluster_restart(struct cluster *c, int node, uint32_t version)
{
    char *at = strstr(c->inside->yaml, "version: ");

    CHECK(at != NULL && version < 10);
    at[strlen("version: ")] = (char)('0' + version);
    engine_free(c->inside->engines[node]);
    boot(c, node, c->term * 7919 + version);
}

void cluster_resign(struct cluster *c)
{
    struct event event = {.kind = EVENT_RAFT, .now = moment(c)};

    event.raft.role = RAFT_ROLE_FOLLOWER;
    event.raft.term = c->term;
    event.raft.leader = -1;
    step(c, c->leader, &event);
}

void cluster_reelect(struct cluster *c)
{
    c->term++;
    tell_raft(c);
}

void cluster_free(struct cluster *c)
{
    uint64_t e;
    int i;

    for (i = 0; i < CLUSTER_NODES; i++)
        engine_free(c->inside->engines[i]);
    for (e = 0; e < c->inside->committed; e++)
        mem_free(c->inside->log[e].bytes);
    effects_free(&c->inside->effects);
    mem_free(c->inside->yaml);
    mem_free(c->inside);
    mem_free(c);
}

static void run_node(struct cluster *c, int node)
{
    const struct model *model = engine_model(c->inside->engines[node]);
    struct event tick = {.kind = EVENT_TICK, .now = moment(c)};
    int k;

    catch_up(c, node);
    for (k = 0; k < model->n_checks; k++)
        if ((model_observers(model, k) & server_bit(node)) &&
            model->checks[k].kind != CHECK_REPORT && c->now_ms >= c->inside->probe_ms[node][k]) {
            c->inside->probe_ms[node][k] = c->now_ms + model->checks[k].interval_ms;
            probe(c, node, k);
        }
    if (c->restless || c->now_ms >= engine_next_ms(c->inside->engines[node])) {
        c->ticks++;
        step(c, node, &tick);
    }
}

void cluster_run(struct cluster *c, int64_t ms)
{
    int64_t until = c->now_ms + ms;
    int i;

    for (; c->now_ms < until; c->now_ms += 5) {
        elect(c);
        for (i = 0; i < CLUSTER_NODES; i++)
            if (!c->stopped[i] && (connected(c, i, c->leader) || i == c->leader))
                run_node(c, i);
            else if (!c->stopped[i]) {
                struct event tick = {.kind = EVENT_TICK, .now = moment(c)};

                step(c, i, &tick);
            }
    }
}

struct moment cluster_now(const struct cluster *c)
{
    return moment(c);
}

void cluster_step(struct cluster *c, int node, struct event *event)
{
    event->now = moment(c);
    step(c, node, event);
}

const struct engine *cluster_engine(const struct cluster *c, int node)
{
    return c->inside->engines[node];
}

bool cluster_trusts_itself(const struct cluster *c, int node, struct moment now)
{
    return !belief_abstains(cluster_engine(c, node), now);
}

const struct shared *cluster_shared(const struct cluster *c)
{
    return engine_shared(c->inside->engines[c->leader]);
}

struct lease cluster_lend(struct cluster *c, int node, int route)
{
    return engine_lend(c->inside->engines[node], moment(c), route);
}

void cluster_commit(struct cluster *c, struct entry *entry)
{
    entry->term = c->term;
    entry->leader = c->leader;
    entry->time_ms = moment(c).utc_ms;
    entry->config_version = cluster_shared(c)->model->version;
    commit(c, entry);
}

void cluster_command(struct cluster *c, const struct command *command)
{
    struct event event = {.kind = EVENT_COMMAND, .now = moment(c), .command = command};

    step(c, c->leader, &event);
}

bool cluster_equal(const struct cluster *c)
{
    const struct shared *first = cluster_shared(c);
    uint8_t want[TREE_HASH], have[TREE_HASH];
    int i;

    tree_root(&first->ledger, want);
    for (i = 0; i < CLUSTER_NODES; i++) {
        const struct shared *shared = engine_shared(c->inside->engines[i]);

        if (c->stopped[i] || !connected(c, i, c->leader))
            continue;
        tree_root(&shared->ledger, have);
        if (shared->index != first->index || memcmp(want, have, sizeof want) != 0)
            return false;
    }
    return true;
}

void cluster_refuse(struct cluster *c, int node)
{
    struct event event = {.kind = EVENT_REFUSED, .now = moment(c)};

    step(c, node, &event);
}
