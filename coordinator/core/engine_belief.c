/* What this node sees and what the ballots of all say: probes and beats come in here,
 * verdicts go out from the leader. */
#include "base/check.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/engine_private.h"

#include <stdlib.h>
#include <string.h>

#define COVERAGE_PATIENCE_MS 5000 /* a hole or silence must last before it is a fact … */
#define NODE_PATIENCE_MS 1000
#define LEADER_GRACE_MS 3000 /* … and a new leader first listens for a while */

static struct cell *cell_of(const struct engine *engine, int check, int observer)
{
    return &engine->cells[check * engine->model->n_coordinators + observer];
}

/* Everything local begins anew under a configuration; the peers' detectors go on. */
void belief_reset(struct engine *engine, struct moment now)
{
    const struct model *model = engine->model;
    size_t n = (size_t)model->n_checks * (size_t)model->n_coordinators, i;
    int c;

    mem_free(engine->watches);
    mem_free(engine->cells);
    engine->watches = mem_zalloc((size_t)model->n_checks, sizeof engine->watches[0]);
    engine->cells = mem_zalloc(n, sizeof engine->cells[0]);
    for (i = 0; i < n; i++)
        engine->cells[i] = (struct cell){.arrived_ms = BOOT_NEVER,
                                         .ended_ms = BOOT_NEVER,
                                         .fail_ms = BOOT_NEVER,
                                         .good_ms = BOOT_NEVER};
    for (c = 0; c < model->n_checks; c++) {
        sensor_init(&engine->watches[c].sensor);
        engine->watches[c].assigned = model_observers(model, c);
    }
    engine->rotate = 0;
}

server_set belief_heard(const struct engine *engine)
{
    server_set heard = server_bit(engine->self);
    int i;

    for (i = 0; i < engine->model->n_coordinators; i++)
        if (i != engine->self && !engine->peers[i].detector.silent)
            heard |= server_bit(i);
    return heard;
}

/* A node that stood still, or hears no majority, does not trust what it sees. */
bool belief_abstains(const struct engine *engine, struct moment now)
{
    if (now.boot_ms < engine->suspect_until_ms)
        return true;
    return server_count(belief_heard(engine)) * 2 <= engine->model->n_coordinators;
}

/* ---- confirmation ---- */

/* All observers of a check that somebody fails probe it again and again for a while,
 * so that finding out takes a confirmation, not an interval. */
static void confirm(struct engine *engine, struct moment now, int check)
{
    struct watch *watch = &engine->watches[check];

    if (watch->confirm_until_ms != 0 || !(watch->assigned & server_bit(engine->self)))
        return;
    watch->confirm_until_ms =
        now.boot_ms + engine->model->timing.window_ms + engine->model->checks[check].timeout_ms;
    watch->confirm_next_ms = now.boot_ms;
}

static void run_confirmation(struct engine *engine, struct moment now, int check,
                             struct effects *effects)
{
    struct watch *watch = &engine->watches[check];
    int pace_ms = engine->model->timing.beat_ms;

    if (watch->confirm_until_ms == 0)
        return;
    if (now.boot_ms >= watch->confirm_until_ms) {
        watch->confirm_until_ms = 0;
        return;
    }
    if (now.boot_ms < watch->confirm_next_ms)
        return;
    watch->confirm_next_ms = now.boot_ms + pace_ms;
    engine_add(effects, EFFECT_PROBE)->check = check;
}

/* ---- what comes in ---- */

static void put_cell(struct engine *engine, int64_t now_ms, int observer, const struct vote *vote)
{
    struct cell *cell = cell_of(engine, vote->check, observer);

    if (cell->opinion != vote->opinion || vote->opinion == OPINION_DOWN)
        engine->watches[vote->check].dirty = true;
    cell->opinion = vote->opinion;
    cell->reason = vote->reason;
    cell->arrived_ms = now_ms;
    cell->ended_ms = vote->age_ms == AGE_NEVER ? BOOT_NEVER : now_ms - vote->age_ms;
    cell->fail_ms = vote->fail_age_ms == AGE_NEVER ? BOOT_NEVER : now_ms - vote->fail_age_ms;
    cell->good_ms = vote->good_age_ms == AGE_NEVER ? BOOT_NEVER : now_ms - vote->good_age_ms;
}

static void vote_myself(struct engine *engine, struct moment now, int check)
{
    struct vote vote = sensor_vote(&engine->watches[check].sensor, check, now.boot_ms);

    put_cell(engine, now.boot_ms, engine->self, &vote);
}

/* A coordinator whose beats have come and come no more. */
static bool is_quiet(const struct engine *engine, int server)
{
    return server < engine->model->n_coordinators && server != engine->self &&
           engine->peers[server].rx_ms != BOOT_NEVER && engine->peers[server].detector.silent;
}

/* Its beats stopped: its checks are looked at closer, and what already failed weighs more. */
static void went_quiet(struct engine *engine, struct moment now, int server)
{
    int c;

    for (c = 0; c < engine->model->n_checks; c++) {
        if (engine->model->checks[c].target != server)
            continue;
        confirm(engine, now, c);
        if (sensor_quiet(&engine->watches[c].sensor, &engine->model->checks[c]) == SENSED_CHANGED)
            vote_myself(engine, now, c);
    }
}

void belief_probe(struct engine *engine, const struct event *event, struct effects *effects)
{
    int check = event->probe.check;
    struct watch *watch;
    enum sensed sensed;

    if (check < 0 || check >= engine->model->n_checks)
        return;
    watch = &engine->watches[check];
    sensed = sensor_feed(&watch->sensor, &engine->model->checks[check], event->probe.reason,
                         event->probe.began_ms, event->now.boot_ms,
                         is_quiet(engine, engine->model->checks[check].target));
    vote_myself(engine, event->now, check);
    if (sensed == SENSED_FAILING || watch->sensor.opinion == OPINION_DOWN) {
        confirm(engine, event->now, check);
        run_confirmation(engine, event->now, check, effects);
    }
    /* The others need not wait for the next beat to learn of a change. */
    if (sensed == SENSED_CHANGED)
        engine->next_beat_ms = event->now.boot_ms;
}

static bool failing_vote(const struct vote *vote)
{
    return vote->opinion == OPINION_DOWN ||
           (vote->fail_age_ms != AGE_NEVER && reason_class(vote->reason) != REASON_GOOD);
}

static void take_votes(struct engine *engine, struct moment now, const struct beat *beat)
{
    int i;

    if (beat->config_version != engine->model->version)
        return;
    for (i = 0; i < beat->n_votes; i++) {
        const struct vote *vote = &beat->votes[i];

        if (vote->check >= engine->model->n_checks ||
            !(engine->watches[vote->check].assigned & server_bit(beat->from)))
            continue;
        put_cell(engine, now.boot_ms, beat->from, vote);
        if (failing_vote(vote))
            confirm(engine, now, vote->check);
    }
}

static void take_clears(struct peer *peer, const struct beat *beat)
{
    int i;

    peer->n_clears = beat->n_clears;
    memcpy(peer->clears, beat->clears, sizeof peer->clears[0] * (size_t)beat->n_clears);
    for (i = 0; i < beat->n_clears; i++) {
        const struct clear *clear = &beat->clears[i];

        if (clear->route >= LIMIT_ROUTES || !clear->clear || !peer->echo_of_me.known)
            continue;
        peer->granted[clear->route] = peer->echo_of_me.number;
        peer->granted_epoch[clear->route] = clear->epoch;
    }
}

/* "Up" means that my own recent beat was echoed: one way is not a connection. */
static bool echoed_lately(const struct engine *engine, struct moment now, const struct peer *peer)
{
    uint64_t number = peer->echo_of_me.number;

    return peer->echo_of_me.known && number <= engine->sent.newest &&
           engine->sent.newest - number < PROMISE_RING &&
           now.boot_ms - engine->sent.sent_ms[number % PROMISE_RING] <=
               engine->model->timing.silent_ms;
}

void belief_beat(struct engine *engine, const struct event *event)
{
    const struct beat *beat = event->beat;
    struct peer *peer;

    if (beat->from < 0 || beat->from >= engine->model->n_coordinators || beat->from == engine->self)
        return;
    peer = &engine->peers[beat->from];
    if (peer->boot == beat->boot && beat->number <= peer->number)
        return;
    if (peer->boot != beat->boot) {
        memset(peer->granted, 0, sizeof peer->granted);
        memset(&peer->echo_of_me, 0, sizeof peer->echo_of_me);
    }
    peer->boot = beat->boot;
    peer->number = beat->number;
    peer->rx_ms = event->now.boot_ms;
    peer->term = beat->term;
    peer->applied = beat->applied;
    peer->config_version = beat->config_version;
    peer->leader = beat->leader;
    peer->abstain = beat->abstain;
    peer->heard = beat->heard;
    memcpy(peer->echoes, beat->echoes, sizeof peer->echoes[0] * (size_t)beat->n_echoes);
    if (engine->self < beat->n_echoes && beat->echoes[engine->self].known &&
        beat->echoes[engine->self].boot == engine->boot)
        peer->echo_of_me = beat->echoes[engine->self];
    take_clears(peer, beat);
    if (echoed_lately(engine, event->now, peer))
        detector_feed(&peer->detector, event->now.boot_ms);
    take_votes(engine, event->now, beat);
}

void belief_tick(struct engine *engine, struct moment now, struct effects *effects)
{
    const struct timing *timing = &engine->model->timing;
    int i;

    for (i = 0; i < engine->model->n_coordinators; i++) {
        if (i == engine->self ||
            !detector_check(&engine->peers[i].detector, timing->silent_ms, now.boot_ms))
            continue;
        engine->next_beat_ms = now.boot_ms; /* say at once whom we lost or found */
        if (engine->peers[i].detector.silent)
            went_quiet(engine, now, i);
    }
    for (i = 0; i < engine->model->n_checks; i++)
        run_confirmation(engine, now, i, effects);
}

/* ---- ballots ---- */

int engine_ballots(const struct engine *engine, struct moment now, int check,
                   struct ballot *ballots)
{
    int i, n = 0;

    for (i = 0; i < engine->model->n_coordinators; i++) {
        const struct cell *cell = cell_of(engine, check, i);

        if (!(engine->watches[check].assigned & server_bit(i)))
            continue;
        ballots[n++] = (struct ballot){
            .observer = (uint8_t)i,
            .opinion = cell->opinion,
            .reason = cell->reason,
            .abstain = i == engine->self ? belief_abstains(engine, now) : engine->peers[i].abstain,
            .fail_age_ms = boot_age(now.boot_ms, cell->fail_ms),
            .good_age_ms = boot_age(now.boot_ms, cell->good_ms),
            .arrived_age_ms = boot_age(now.boot_ms, cell->arrived_ms),
        };
    }
    return n;
}

/* How old a vote may be and still count: a check that runs every 15 s is not
 * forgotten in between. */
static int64_t fresh_ms(const struct engine *engine, int check)
{
    const struct check *c = &engine->model->checks[check];

    return 2ll * c->interval_ms + c->timeout_ms + engine->model->timing.window_ms;
}

struct cover engine_cover(const struct engine *engine, struct moment now, int check)
{
    struct cover cover = {.assigned = engine->watches[check].assigned};
    uint64_t sites = 0;
    int i, assigned = server_count(cover.assigned);

    for (i = 0; i < engine->model->n_coordinators; i++) {
        const struct cell *cell = cell_of(engine, check, i);

        if (!(cover.assigned & server_bit(i)) || cell->ended_ms == BOOT_NEVER ||
            now.boot_ms - cell->ended_ms > fresh_ms(engine, check) ||
            (i != engine->self && engine->peers[i].detector.silent))
            continue;
        cover.watching |= server_bit(i);
        sites |= 1ull << engine->model->servers[i].site;
    }
    cover.sites = __builtin_popcountll(sites);
    cover.hole = server_count(cover.watching) * 2 <= assigned || cover.sites < 2;
    return cover;
}

static enum verdict judge(const struct engine *engine, int check, enum verdict now_is,
                          const struct count *count)
{
    uint32_t patience =
        (uint32_t)(engine->model->timing.window_ms + engine->model->checks[check].timeout_ms);

    if (count->result == COUNT_DOWN)
        return VERDICT_DOWN;
    if (count->result == COUNT_UP && (now_is != VERDICT_DISPUTED || count->fails == 0))
        return count->fails > 0 && count->oldest_fail_ms >= patience && now_is == VERDICT_UP
                   ? VERDICT_DISPUTED
                   : VERDICT_UP;
    if (count->result == COUNT_SPLIT && count->oldest_fail_ms >= patience && now_is != VERDICT_DOWN)
        return VERDICT_DISPUTED;
    return now_is;
}

static void lead_check(struct engine *engine, struct moment now, int check, struct effects *effects)
{
    enum verdict is = engine->shared->checks[check].verdict, be;
    struct ballot ballots[LIMIT_SERVERS];
    struct entry *entry;
    struct count count;
    int n;

    n = engine_ballots(engine, now, check, ballots);
    count = count_ballots(engine->model, engine->model->checks[check].target, ballots, n,
                          (uint32_t)engine->model->timing.window_ms);
    be = judge(engine, check, is, &count);
    if (be == is)
        return;
    entry = engine_propose(engine, now, ENTRY_VERDICT, check, effects);
    if (entry == NULL)
        return;
    entry->verdict.check = check;
    entry->verdict.verdict = be;
    entry->verdict.need = (uint8_t)count.need;
    entry->verdict.agree = (uint8_t)(be == VERDICT_UP ? count.ups : count.fails);
    entry->verdict.assigned = (uint8_t)count.assigned;
    entry->verdict.n_ballots = (uint8_t)n;
    memcpy(entry->verdict.ballots, ballots, sizeof ballots[0] * (size_t)n);
    engine_log(effects, be == VERDICT_UP ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, "verdict",
               "%s is %s: %d of %d assigned observers agree, %d needed",
               engine->model->checks[check].name, verdict_name(be), entry->verdict.agree,
               count.assigned, count.need);
}

/* True once `odd` has been true for `patience_ms`; *since keeps the start. */
static bool lasting(bool odd, int64_t *since, int64_t now_ms, int64_t patience_ms)
{
    if (!odd) {
        *since = 0;
        return false;
    }
    if (*since == 0)
        *since = now_ms;
    return now_ms - *since >= patience_ms;
}

static void lead_cover(struct engine *engine, struct moment now, int check, struct effects *effects)
{
    struct cover cover = engine_cover(engine, now, check);
    struct watch *watch = &engine->watches[check];
    struct entry *entry;

    /* Everyone gets the time for a first probe before its absence is a hole. */
    if (cover.hole && now.boot_ms - engine->model_ms < fresh_ms(engine, check))
        return;
    if (!lasting(cover.hole != engine->shared->checks[check].hole, &watch->odd_ms, now.boot_ms,
                 COVERAGE_PATIENCE_MS))
        return;
    entry = engine_propose(engine, now, ENTRY_COVERAGE, check, effects);
    if (entry == NULL)
        return;
    entry->coverage.check = check;
    entry->coverage.hole = cover.hole;
    entry->coverage.observers = (uint8_t)server_count(cover.watching);
    entry->coverage.sites = (uint8_t)cover.sites;
    engine_log(effects, cover.hole ? LOG_LEVEL_WARN : LOG_LEVEL_INFO, "coverage",
               "%s is watched by %d observers from %d sites%s", engine->model->checks[check].name,
               server_count(cover.watching), cover.sites, cover.hole ? ": too few" : "");
}

/* Silent to most of those who can speak: asked of everyone, not of the leader alone. */
static bool silent_to_most(const struct engine *engine, int server)
{
    int i, speak = 0, miss = 0;

    for (i = 0; i < engine->model->n_coordinators; i++) {
        if (i == server || (i != engine->self && engine->peers[i].detector.silent))
            continue;
        speak++;
        miss += i == engine->self ? engine->peers[server].detector.silent
                                  : !(engine->peers[i].heard & server_bit(server));
    }
    return 2 * miss > speak;
}

static void lead_node(struct engine *engine, struct moment now, int server, struct effects *effects)
{
    struct peer *peer = &engine->peers[server];
    bool silent = server != engine->self && silent_to_most(engine, server);
    struct entry *entry;

    if (!lasting(silent != engine->shared->nodes[server].silent, &peer->odd_ms, now.boot_ms,
                 NODE_PATIENCE_MS))
        return;
    entry = engine_propose(engine, now, ENTRY_NODE, server, effects);
    if (entry == NULL)
        return;
    entry->node.server = server;
    entry->node.silent = silent;
    entry->node.silent_ms = boot_age(now.boot_ms, peer->rx_ms);
    engine_log(effects, silent ? LOG_LEVEL_WARN : LOG_LEVEL_INFO, "node", "coordinator %s is %s",
               engine->model->servers[server].name, silent ? "silent" : "heard again");
}

void belief_lead(struct engine *engine, struct moment now, bool sweep, struct effects *effects)
{
    bool settled = sweep && now.boot_ms - engine->led_ms >= LEADER_GRACE_MS;
    int i;

    for (i = 0; i < engine->model->n_checks; i++) {
        if (!sweep && !engine->watches[i].dirty)
            continue;
        engine->watches[i].dirty = false;
        lead_check(engine, now, i, effects);
        if (settled)
            lead_cover(engine, now, i, effects);
    }
    for (i = 0; settled && i < engine->model->n_coordinators; i++)
        lead_node(engine, now, i, effects);
}
