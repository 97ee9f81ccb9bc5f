/* What this node sees: probes and beats come in here, confirmation rounds begin here. */
#include "base/mem.h"
#include "core/engine_private.h"

#include <string.h>

#define NEWS_BEATS 4   /* a change is said so often before it waits for its turn */
#define CONFIRM_MAX 64 /* confirmation rounds at once */
#define HINT_PROBES 3  /* a beat apart */

struct cell *cell_of(const struct engine *engine, int check, int observer)
{
    return &engine->cells[check * engine->model->n_coordinators + observer];
}

/* How much of what this node sees goes into one beat, and how long it takes to say all. The
 * figures are those of a vote, an echo and a report with ordinary ages (wire/codec_beat.c); the
 * rare hints make a vote or two wait for the next beat. */
static void plan_beats(struct engine *engine)
{
    const struct model *model = engine->model;
    int room = (LIMIT_BEAT - 200 - 16 * model->n_coordinators - 8 * model->n_routes -
                8 * engine->reports[engine->self]) /
               16;
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
        watch->took_ms = AGE_NEVER;
        watch->assigned = model_observers(model, c);
        watch->first =
            first < engine->room / 2 &&
            (model_in_route(model, model->checks[c].target) || model_of_callers(model, c));
        first += watch->first;
    }
}

static void count_voters(struct engine *engine)
{
    int i;

    engine->voters = 0;
    for (i = 0; i < engine->model->n_coordinators; i++)
        if (engine->model->servers[i].role == MEMBER_VOTER)
            engine->voters |= server_bit(i);
    engine->majority = model_majority(engine->model);
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
    engine->confirm_ms = INT64_MAX;
    engine_wake(engine, now);
    count_voters(engine);
    report_reset(engine);
    journal_reset(engine, now);
    plan_beats(engine);
    plan_watches(engine);
}

/* Most voters are silent to this node. */
bool belief_alone(const struct engine *engine)
{
    return server_count(engine->heard & engine->voters) < engine->majority;
}

/* A node that stood still, or hears no majority, does not trust what it sees. Asked from
 * outside a step it may have stood still and not have noticed yet. */
bool belief_abstains(const struct engine *engine, struct moment now)
{
    return now.boot_ms < engine->suspect_until_ms ||
           now.boot_ms - engine->stepped_ms >= engine->model->timing.beat_ms * 3 / 2 ||
           belief_alone(engine);
}

/* ---- confirmation ---- */

/* A hint's brief one becomes a whole one when there is a reason; none is made briefer. */
static void prolong(struct watch *watch, struct moment now, int64_t for_ms, bool brief)
{
    if (!watch->brief || brief)
        return;
    watch->brief = false;
    watch->confirm_until_ms = now.boot_ms + for_ms;
}

static void begin_round(struct engine *engine, struct moment now, int check, int64_t for_ms,
                        bool brief)
{
    struct watch *watch = &engine->watches[check];

    if (!(watch->assigned & server_bit(engine->self)) ||
        engine->model->checks[check].kind == CHECK_REPORT)
        return;
    if (watch->confirm_until_ms != 0) {
        prolong(watch, now, for_ms, brief);
        return;
    }
    /* When hundreds fail at once their ordinary probes have to do, except for routes. */
    if (engine->confirming >= CONFIRM_MAX && !watch->first)
        return;
    engine->confirming++;
    watch->brief = brief;
    watch->confirm_until_ms = now.boot_ms + for_ms;
    watch->confirm_next_ms = now.boot_ms;
    engine_due(&engine->confirm_ms, now.boot_ms);
}

/* All observers of a check that somebody fails probe it again and again for a while,
 * so that finding out takes a confirmation, not an interval. */
static void confirm(struct engine *engine, struct moment now, int check)
{
    if (now.boot_ms >= engine->watches[check].rest_ms)
        begin_round(engine, now, check,
                    engine->model->timing.window_ms + engine->model->checks[check].timeout_ms,
                    false);
}

void belief_look(struct engine *engine, struct moment now, int check)
{
    begin_round(engine, now, check,
                engine->model->timing.window_ms + engine->model->checks[check].timeout_ms, false);
}

/* A few probes, because what ends takes a moment to be gone: a process's connections are closed
 * before it stops listening. When one fails, a whole round follows by itself; when none does, the
 * next failure is looked at like any other. */
void belief_hint(struct engine *engine, struct moment now, int check)
{
    struct watch *watch = &engine->watches[check];

    if (watch->hint_ms != BOOT_NEVER && now.boot_ms - watch->hint_ms < HINT_REST_MS)
        return;
    watch->hint_ms = now.boot_ms;
    begin_round(engine, now, check, HINT_PROBES * engine->model->timing.beat_ms, true);
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
        if (!watch->brief)
            watch->rest_ms = now.boot_ms + engine->model->checks[check].interval_ms;
        engine->confirming--;
        return;
    }
    if (now.boot_ms >= watch->confirm_next_ms) {
        watch->confirm_next_ms = now.boot_ms + pace_ms;
        engine_add(effects, EFFECT_PROBE)->check = check;
    }
    engine_due(&engine->confirm_ms, watch->confirm_next_ms);
    engine_due(&engine->confirm_ms, watch->confirm_until_ms);
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

    journal_sensed(engine, now, check, cell_of(engine, check, engine->self)->ended_ms);
    put_cell(engine, now.boot_ms, engine->self, &vote);
}

bool belief_quiet(const struct engine *engine, int server)
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

enum sensed belief_sense(struct engine *engine, struct moment now, int check, enum reason reason,
                         int64_t began_ms)
{
    const struct check *c = &engine->model->checks[check];
    struct watch *watch = &engine->watches[check];
    enum sensed sensed = sensor_feed(&watch->sensor, c, reason, began_ms, now.boot_ms,
                                     belief_quiet(engine, c->target));

    vote_myself(engine, now, check);
    /* The others need not wait for the next beat to learn of a change. */
    if (sensed == SENSED_CHANGED) {
        engine->next_beat_ms = now.boot_ms;
        watch->news = NEWS_BEATS;
    }
    return sensed;
}

void belief_probe(struct engine *engine, const struct event *event, struct effects *effects)
{
    int check = event->probe.check;
    enum reason_class class = reason_class(event->probe.reason);
    enum sensed sensed;

    if (check < 0 || check >= engine->model->n_checks)
        return;
    if (event->probe.began_ms < engine->stood_ms)
        return; /* its answer waited here, or its time ran out while nothing was read */
    count_probe(engine, event);
    sensed = belief_sense(engine, event->now, check, event->probe.reason, event->probe.began_ms);
    if (class == REASON_ABSTAIN)
        return;
    look(engine, event->now, check, class != REASON_GOOD, sensed == SENSED_CHANGED);
    run_confirmation(engine, event->now, check, effects);
}

/* A majority of observers that all stood still would move a route by what each knew before: they
 * look anew first. What software says of itself has its own rule (report_shift). */
void belief_forget(struct engine *engine, struct moment now)
{
    int c;

    engine->stood_ms = now.boot_ms;
    for (c = 0; c < engine->model->n_checks; c++) {
        struct watch *watch = &engine->watches[c];

        if (!(watch->assigned & server_bit(engine->self)) ||
            engine->model->checks[c].kind == CHECK_REPORT)
            continue;
        sensor_forget(&watch->sensor);
        vote_myself(engine, now, c);
        begin_round(engine, now, c, (int64_t)HINT_PROBES * engine->model->timing.beat_ms, true);
    }
}

/* Was this beat sent lately? It was sent after the one of mine that it echoes; what waited
 * in a buffer or on a slow line is no word on how things are now. */
bool belief_recent(const struct engine *engine, struct moment now, const struct peer *peer,
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
        !belief_recent(engine, now, &engine->peers[beat->from], engine->model->timing.window_ms))
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

/* Routes that it could not hold, a bit each. */
static uint64_t unable(const struct peer *peer)
{
    uint64_t set = 0;
    int i;

    for (i = 0; i < peer->n_clears; i++)
        set |= (uint64_t)peer->clears[i].unable << peer->clears[i].route;
    return set;
}

/* Something in this beat that verdicts or elections go by and votes do not say. */
static bool says_other(const struct peer *peer, const struct beat *beat)
{
    return peer->heard != beat->heard || peer->abstain != beat->abstain ||
           peer->leader != beat->leader || peer->term != beat->term ||
           peer->refused != beat->refused || peer->steps != beat->steps ||
           peer->level != beat->level;
}

void belief_beat(struct engine *engine, const struct event *event, struct effects *effects)
{
    const struct beat *beat = event->beat;
    uint64_t was_unable;
    struct peer *peer;

    if (beat->from < 0 || beat->from >= engine->model->n_coordinators || beat->from == engine->self)
        return;
    peer = &engine->peers[beat->from];
    if (peer->boot == beat->boot && beat->number <= peer->number)
        return;
    count_beat(engine, event->now, beat);
    if (peer->boot != beat->boot) {
        memset(peer->granted, 0, sizeof peer->granted);
        memset(&peer->echo_of_me, 0, sizeof peer->echo_of_me);
        memset(peer->echoes, 0, sizeof peer->echoes);
        peer->boot_ms = event->now.boot_ms;
        peer->refused_recorded =
            beat->refused; /* what came before was another leader's to record */
    }
    if (says_other(peer, beat))
        engine_wake(engine, event->now);
    time_beat(engine, event->now, beat, peer->boot != beat->boot);
    peer->boot = beat->boot;
    peer->number = beat->number;
    peer->rx_ms = event->now.boot_ms;
    peer->term = beat->term;
    peer->applied = beat->applied;
    peer->config_version = beat->config_version;
    peer->level = beat->level;
    peer->leader = beat->leader;
    if (beat->leader)
        peer->led_term = beat->term;
    peer->abstain = beat->abstain;
    peer->refused = beat->refused;
    peer->heard = beat->heard;
    memcpy(peer->echoes, beat->echoes, sizeof peer->echoes[0] * (size_t)beat->n_echoes);
    if (engine->self < beat->n_echoes && beat->echoes[engine->self].known &&
        beat->echoes[engine->self].boot == engine->boot)
        peer->echo_of_me = beat->echoes[engine->self];
    was_unable = unable(peer);
    take_clears(peer, beat, engine->model->version);
    /* Routes at rest go by it too. */
    if (unable(peer) != was_unable || peer->leaving != beat->leaving)
        engine->routes_busy = true;
    peer->leaving = beat->leaving;
    /* "Up" means that my own recent beat was echoed: one way is not a connection. */
    if (belief_recent(engine, event->now, peer, engine->model->timing.silent_ms)) {
        detector_feed(&peer->detector, event->now.boot_ms);
        peer->met_ms = event->now.boot_ms;
        if (peer->detector.silent)
            engine_wake(engine, event->now); /* it is heard again */
    }
    take_votes(engine, event->now, beat);
    report_beat(engine, event->now, beat);
    late_answer(engine, beat, event->now);
    journal_beat(engine, event->now, beat);
    notices_beat(engine, event->now, beat, effects);
    if (beat->leader && beat->from == engine->leader && beat->term == engine->term) {
        struct effect *effect = engine_add(effects, EFFECT_LEADER_BEAT);

        effect->leader_beat.server = beat->from;
        effect->leader_beat.term = beat->term;
    }
}

/* This node was alone and hears most others again: what failed meanwhile was perhaps its own
 * line, and is looked at anew before its word is taken for a dispute. */
static void look_anew(struct engine *engine, struct moment now)
{
    int c;

    for (c = 0; c < engine->model->n_checks; c++)
        if (engine->watches[c].sensor.fails > 0)
            begin_round(engine, now, c,
                        engine->model->timing.window_ms + engine->model->checks[c].timeout_ms,
                        false);
}

void belief_tick(struct engine *engine, struct moment now)
{
    const struct timing *timing = &engine->model->timing;
    bool alone = belief_alone(engine);
    int i;

    for (i = 0; i < engine->model->n_coordinators; i++) {
        struct detector *detector = &engine->peers[i].detector;

        if (i == engine->self)
            continue;
        if (detector_check(detector, timing->silent_ms, now.boot_ms)) {
            engine->next_beat_ms = now.boot_ms; /* say at once whom we lost or found */
            engine->odd = true;
            engine->heard ^= server_bit(i);
            if (detector->silent)
                went_quiet(engine, now, i);
        }
        report_quiet(engine, now, i);
        if (!detector->silent)
            engine_due(&engine->tick_ms,
                       detector->heard_ms + detector_bound(detector, timing->silent_ms));
    }
    if (alone && !belief_alone(engine))
        look_anew(engine, now);
}

void belief_confirm(struct engine *engine, struct moment now, struct effects *effects)
{
    int i;

    if (now.boot_ms < engine->confirm_ms)
        return;
    engine->confirm_ms = INT64_MAX;
    for (i = 0; engine->confirming > 0 && i < engine->model->n_checks; i++)
        run_confirmation(engine, now, i, effects);
}
