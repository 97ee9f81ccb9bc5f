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
#define NEWS_BEATS 4         /* a change is said so often before it waits for its turn */
#define CONFIRM_MAX 64       /* confirmation rounds at once */
#define SWEEP_LEAST 256      /* checks that the leader looks at on every tick … */
#define SWEEP_PARTS 40       /* … or this part of them */
#define LEADER_GRACE_MS 3000 /* … and a new leader first listens for a while */

static struct cell *cell_of(const struct engine *engine, int check, int observer)
{
    return &engine->cells[check * engine->model->n_coordinators + observer];
}

/* How much of what this node sees goes into one beat, and how long it takes to say all. The
 * figures are those of a vote and of an echo with ordinary ages (wire/codec_beat.c). */
static void plan_beats(struct engine *engine)
{
    const struct model *model = engine->model;
    int room = (LIMIT_BEAT - 200 - 16 * model->n_coordinators - 8 * model->n_routes) / 16;
    int part;

    room = room > LIMIT_BEAT_VOTES ? LIMIT_BEAT_VOTES : room;
    engine->room = room < 8 ? 8 : room;
    part = engine->room / 4;
    engine->round_ms = model->n_checks <= engine->room
                           ? 0
                           : (int64_t)model->timing.beat_ms * ((model->n_checks + part - 1) / part);
}

/* Checks of servers in routes go first, as many as leave room for others. */
static void plan_watches(struct engine *engine)
{
    const struct model *model = engine->model;
    int c, first = 0;

    for (c = 0; c < model->n_checks; c++) {
        struct watch *watch = &engine->watches[c];

        sensor_init(&watch->sensor);
        watch->assigned = model_observers(model, c);
        watch->first = first < engine->room / 2 && model_in_route(model, model->checks[c].target);
        first += watch->first;
    }
}

/* Everything local begins anew under a configuration; the peers' detectors go on. */
void belief_reset(struct engine *engine, struct moment now)
{
    const struct model *model = engine->model;
    size_t n = (size_t)model->n_checks * (size_t)model->n_coordinators, i;

    mem_free(engine->watches);
    mem_free(engine->cells);
    engine->watches = mem_zalloc((size_t)model->n_checks, sizeof engine->watches[0]);
    engine->cells = mem_zalloc(n, sizeof engine->cells[0]);
    for (i = 0; i < n; i++)
        engine->cells[i] = (struct cell){.arrived_ms = BOOT_NEVER,
                                         .ended_ms = BOOT_NEVER,
                                         .fail_ms = BOOT_NEVER,
                                         .good_ms = BOOT_NEVER};
    engine->turn_failing = engine->turn_passing = engine->swept = engine->confirming = 0;
    engine->dirty = false;
    plan_beats(engine);
    plan_watches(engine);
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

static bool hears_majority(const struct engine *engine)
{
    server_set heard = belief_heard(engine);
    int i, voters = 0;

    for (i = 0; i < engine->model->n_coordinators; i++)
        voters += (heard & server_bit(i)) && engine->model->servers[i].role == MEMBER_VOTER;
    return voters >= model_majority(engine->model);
}

/* A node that stood still, or hears no majority, does not trust what it sees. Asked from
 * outside a step it may have stood still and not have noticed yet. */
bool belief_abstains(const struct engine *engine, struct moment now)
{
    return now.boot_ms < engine->suspect_until_ms ||
           now.boot_ms - engine->stepped_ms >= engine->model->timing.beat_ms * 3 / 2 ||
           !hears_majority(engine);
}

/* ---- confirmation ---- */

/* All observers of a check that somebody fails probe it again and again for a while,
 * so that finding out takes a confirmation, not an interval. */
static void confirm(struct engine *engine, struct moment now, int check)
{
    struct watch *watch = &engine->watches[check];

    if (watch->confirm_until_ms != 0 || now.boot_ms < watch->rest_ms ||
        !(watch->assigned & server_bit(engine->self)))
        return;
    /* When hundreds fail at once their ordinary probes have to do, except for routes. */
    if (engine->confirming >= CONFIRM_MAX && !watch->first)
        return;
    engine->confirming++;
    watch->confirm_until_ms =
        now.boot_ms + engine->model->timing.window_ms + engine->model->checks[check].timeout_ms;
    watch->confirm_next_ms = now.boot_ms;
}

/* A word on a check calls for a look when it contradicts what was committed. What is known
 * to be down, or in dispute, is not looked at all day long: only when something changes. */
static void look(struct engine *engine, struct moment now, int check, bool fails, bool news)
{
    enum verdict verdict =
        engine->shared->model != NULL ? engine->shared->checks[check].verdict : VERDICT_UNKNOWN;

    if (verdict == VERDICT_DISPUTED ? news : fails == (verdict != VERDICT_DOWN))
        confirm(engine, now, check);
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
        watch->rest_ms = now.boot_ms + engine->model->checks[check].interval_ms;
        engine->confirming--;
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
        engine->watches[vote->check].dirty = engine->dirty = true;
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

    for (c = model_next_check(engine->model, server, -1); c >= 0;
         c = model_next_check(engine->model, server, c)) {
        struct watch *watch = &engine->watches[c];

        look(engine, now, c, true, true);
        if (sensor_quiet(&watch->sensor, &engine->model->checks[c]) != SENSED_CHANGED)
            continue;
        watch->news = NEWS_BEATS;
        vote_myself(engine, now, c);
    }
}

void belief_probe(struct engine *engine, const struct event *event, struct effects *effects)
{
    int check = event->probe.check;
    enum reason_class class = reason_class(event->probe.reason);
    struct watch *watch;
    enum sensed sensed;

    if (check < 0 || check >= engine->model->n_checks)
        return;
    watch = &engine->watches[check];
    sensed = sensor_feed(&watch->sensor, &engine->model->checks[check], event->probe.reason,
                         event->probe.began_ms, event->now.boot_ms,
                         is_quiet(engine, engine->model->checks[check].target));
    vote_myself(engine, event->now, check);
    if (class != REASON_ABSTAIN) {
        look(engine, event->now, check, class != REASON_GOOD, sensed == SENSED_CHANGED);
        run_confirmation(engine, event->now, check, effects);
    }
    /* The others need not wait for the next beat to learn of a change. */
    if (sensed == SENSED_CHANGED) {
        engine->next_beat_ms = event->now.boot_ms;
        watch->news = NEWS_BEATS;
    }
}

/* Was this beat sent lately? It was sent after the one of mine that it echoes; what waited
 * in a buffer or on a slow line is no word on how things are now. */
static bool echoes_since(const struct engine *engine, struct moment now, const struct peer *peer,
                         int64_t ms)
{
    uint64_t number = peer->echo_of_me.number;

    return peer->echo_of_me.known && number <= engine->sent.newest &&
           engine->sent.newest - number < PROMISE_RING &&
           now.boot_ms - engine->sent.sent_ms[number % PROMISE_RING] <= ms;
}

static bool failing_vote(const struct vote *vote)
{
    return vote->opinion == OPINION_DOWN ||
           (vote->fail_age_ms != AGE_NEVER && reason_class(vote->reason) != REASON_GOOD);
}

static void take_votes(struct engine *engine, struct moment now, const struct beat *beat)
{
    int i;

    if (beat->config_version != engine->model->version ||
        !echoes_since(engine, now, &engine->peers[beat->from], engine->model->timing.window_ms))
        return;
    for (i = 0; i < beat->n_votes; i++) {
        const struct vote *vote = &beat->votes[i];
        bool news;

        if (vote->check >= engine->model->n_checks ||
            !(engine->watches[vote->check].assigned & server_bit(beat->from)))
            continue;
        news = cell_of(engine, vote->check, beat->from)->opinion != vote->opinion;
        put_cell(engine, now.boot_ms, beat->from, vote);
        if (vote->opinion != OPINION_NONE || failing_vote(vote))
            look(engine, now, vote->check, failing_vote(vote), news);
    }
}

static void take_clears(struct peer *peer, const struct beat *beat, uint32_t version)
{
    int i;

    peer->n_clears = 0;
    if (beat->config_version != version)
        return; /* another one's numbers */
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
        memset(peer->echoes, 0, sizeof peer->echoes);
        peer->boot_ms = event->now.boot_ms;
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
    take_clears(peer, beat, engine->model->version);
    /* "Up" means that my own recent beat was echoed: one way is not a connection. */
    if (echoes_since(engine, event->now, peer, engine->model->timing.silent_ms))
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
    for (i = 0; engine->confirming > 0 && i < engine->model->n_checks; i++)
        run_confirmation(engine, now, i, effects);
}

/* ---- ballots ---- */

/* When a word arrived. One that waits for its turn stands until that has come round, as
 * long as its observer is heard: what changes comes out of turn. */
static int64_t arrived(const struct engine *engine, struct moment now, int check, int observer)
{
    const struct cell *cell = cell_of(engine, check, observer);
    int64_t stands_ms, heard_ms = engine->peers[observer].rx_ms;

    if (cell->arrived_ms == BOOT_NEVER || observer == engine->self)
        return cell->arrived_ms == BOOT_NEVER ? BOOT_NEVER : now.boot_ms;
    if (engine->round_ms == 0 || engine->watches[check].first)
        return cell->arrived_ms;
    stands_ms = cell->arrived_ms + engine->round_ms;
    return stands_ms < heard_ms ? stands_ms : heard_ms;
}

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
            .arrived_age_ms = boot_age(now.boot_ms, arrived(engine, now, check, i)),
        };
    }
    return n;
}

/* How old a vote may be and still count: a check that runs every 15 s is not
 * forgotten in between. */
static int64_t fresh_ms(const struct engine *engine, int check)
{
    const struct check *c = &engine->model->checks[check];

    return 2ll * c->interval_ms + c->timeout_ms + engine->model->timing.window_ms +
           engine->round_ms;
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

static struct count count_now(const struct engine *engine, struct moment now, int check,
                              struct ballot *ballots, int *n)
{
    *n = engine_ballots(engine, now, check, ballots);
    return count_ballots(engine->model, engine->model->checks[check].target, ballots, *n,
                         (uint32_t)engine->model->timing.window_ms);
}

bool belief_up(const struct engine *engine, struct moment now, int check)
{
    struct ballot ballots[LIMIT_SERVERS];
    int n;

    return count_now(engine, now, check, ballots, &n).result == COUNT_UP;
}

static void lead_check(struct engine *engine, struct moment now, int check, struct effects *effects)
{
    enum verdict is = engine->shared->checks[check].verdict, be;
    struct ballot ballots[LIMIT_SERVERS];
    struct entry *entry;
    struct count count;
    int n;

    count = count_now(engine, now, check, ballots, &n);
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

/* What routes hang on is judged before the rest. */
static void lead_dirty(struct engine *engine, struct moment now, bool first,
                       struct effects *effects)
{
    int i;

    for (i = 0; i < engine->model->n_checks; i++) {
        struct watch *watch = &engine->watches[i];

        if (!watch->dirty || watch->first != first)
            continue;
        watch->dirty = false;
        lead_check(engine, now, i, effects);
    }
}

/* Time alone changes little: a part of the checks at a time, all within a second or so. */
static void sweep_checks(struct engine *engine, struct moment now, bool settled,
                         struct effects *effects)
{
    int i, n = engine->model->n_checks, part = n / SWEEP_PARTS + SWEEP_LEAST;

    for (i = 0; i < n && i < part; i++) {
        int check = engine->swept++ % n;

        lead_check(engine, now, check, effects);
        if (settled)
            lead_cover(engine, now, check, effects);
    }
    engine->swept = n > 0 ? engine->swept % n : 0;
}

void belief_lead(struct engine *engine, struct moment now, bool sweep, struct effects *effects)
{
    bool settled = sweep && now.boot_ms - engine->led_ms >= LEADER_GRACE_MS;
    int i;

    if (engine->dirty) {
        engine->dirty = false;
        lead_dirty(engine, now, true, effects);
        lead_dirty(engine, now, false, effects);
    }
    if (sweep)
        sweep_checks(engine, now, settled, effects);
    for (i = 0; settled && i < engine->model->n_coordinators; i++)
        lead_node(engine, now, i, effects);
}
