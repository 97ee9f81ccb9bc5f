#include "core/engine.h"
#include "base/check.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/utc.h"
#include "core/engine_private.h"
#include "core/feature.h"

#include <stdarg.h>
#include <stdio.h>

/* ---- effects ---- */

struct effect *engine_add(struct effects *effects, enum effect_kind kind)
{
    if (effects->n == effects->cap) {
        effects->cap = effects->cap > 0 ? effects->cap * 2 : 16;
        effects->items =
            mem_realloc(effects->items, (size_t)effects->cap, sizeof effects->items[0]);
    }
    effects->items[effects->n] = (struct effect){.kind = kind};
    return &effects->items[effects->n++];
}

void effects_clear(struct effects *effects)
{
    int i;

    for (i = 0; i < effects->n; i++)
        if (effects->items[i].kind == EFFECT_PROPOSE)
            entry_free(&effects->items[i].propose.entry);
    effects->n = 0;
}

void effects_free(struct effects *effects)
{
    effects_clear(effects);
    mem_free(effects->items);
    *effects = (struct effects){0};
}

void engine_log(struct effects *effects, int level, const char *event, const char *format, ...)
{
    struct effect *effect = engine_add(effects, EFFECT_LOG);
    va_list args;

    effect->log.level = level;
    effect->log.event = event;
    va_start(args, format);
    vsnprintf(effect->log.text, sizeof effect->log.text, format, args);
    va_end(args);
}

/* ---- proposals ---- */

bool engine_pending(const struct engine *engine, enum entry_kind kind, int key)
{
    int i;

    for (i = 0; i < engine->n_pending; i++)
        if (engine->pending[i].kind == kind && engine->pending[i].key == key)
            return true;
    return false;
}

/* There may be as many of these as there are checks. */
static bool can_wait(enum entry_kind kind)
{
    return kind == ENTRY_VERDICT || kind == ENTRY_COVERAGE || kind == ENTRY_NODE;
}

struct entry *engine_propose(struct engine *engine, struct moment now, enum entry_kind kind,
                             int key, struct effects *effects)
{
    struct effect *effect;

    if (engine->n_pending >= ENGINE_PENDING_MAX - (can_wait(kind) ? ENGINE_PENDING_SPARE : 0) ||
        engine_pending(engine, kind, key) || now.boot_ms < engine->refused_until_ms ||
        feature_of(kind) > engine->shared->level)
        return NULL;
    effect = engine_add(effects, EFFECT_PROPOSE);
    effect->propose.number = ++engine->proposals;
    effect->propose.entry = (struct entry){
        .kind = kind,
        .term = engine->term,
        .leader = engine->self,
        .time_ms = engine_time_ms(engine, now),
        .config_version = engine->shared->model != NULL ? engine->shared->model->version : 0,
    };
    engine->pending[engine->n_pending++] =
        (struct pending){.number = effect->propose.number, .kind = kind, .key = key};
    return &effect->propose.entry;
}

static void proposed(struct engine *engine, const struct event *event)
{
    int i;

    /* No leader any more, or no room on the disks of a majority: asking again at once would be
     * refused at once, without end. */
    if (event->proposed.fate == PROPOSAL_FAILED)
        engine->refused_until_ms = event->now.boot_ms + engine->model->timing.beat_ms;
    for (i = 0; i < engine->n_pending; i++)
        if (engine->pending[i].number == event->proposed.proposal) {
            if (engine->pending[i].kind == ENTRY_LEADER &&
                event->proposed.fate != PROPOSAL_COMMITTED)
                engine->barrier_term = 0;
            engine->pending[i] = engine->pending[--engine->n_pending];
            return;
        }
}

/* ---- life ---- */

/* The longest that any profile grants: the file may not be what was in force. */
static int64_t longest_lease_ms(void)
{
    struct timing normal = model_timing(PROFILE_NORMAL), fast = model_timing(PROFILE_FAST);

    return normal.lease_holder_ms > fast.lease_holder_ms ? normal.lease_holder_ms
                                                         : fast.lease_holder_ms;
}

struct engine *engine_new(const struct engine_options *options)
{
    struct engine *engine = mem_zalloc(1, sizeof *engine);
    int i;

    CHECK(options->self >= 0 && options->self < options->model->n_coordinators);
    engine->self = options->self;
    engine->boot = options->boot;
    engine->level = options->level != 0 ? options->level : FEATURE_NEWEST;
    prng_seed(&engine->prng, options->seed);
    engine->shared = options->shared;
    engine->local_model = options->model;
    engine->local_yaml = mem_dup(options->yaml, options->yaml_len);
    engine->local_yaml_len = options->yaml_len;
    engine->leader = engine->leader_before = SERVER_NONE;
    engine->role = RAFT_ROLE_FOLLOWER;
    engine->started_ms = engine->stepped_ms = options->now.boot_ms;
    engine->heard = server_bit(engine->self);
    engine->next_beat_ms = options->now.boot_ms;
    engine->urgent_ms = engine->ask_ms = INT64_MAX;
    for (i = 0; i < LIMIT_SERVERS; i++) {
        detector_init(&engine->peers[i].detector, options->model->timing.beat_ms);
        engine->peers[i].rx_ms = engine->peers[i].met_ms = BOOT_NEVER;
        engine->peers[i].utc_ahead_ms = engine->peers[i].certificate_ms = UTC_NONE;
        engine->counters.peers[i].round_trip_ms = -1;
    }
    engine->peers[engine->self].utc_ahead_ms = options->now.utc_ms - options->now.boot_ms;
    engine->started_utc_ms = options->now.utc_ms;
    engine->timed_ms = options->now.boot_ms;
    engine->stored_index = UINT64_MAX;
    engine->votes = true;
    engine->knew_ms = engine->before_ms = BOOT_NEVER;
    outbox_reset(engine);
    config_use(engine, options->now);
    /* What the process before was granted, its fence or a client of it may still go by: the
     * helper's word is about the one, not about the other. */
    engine->former_ms = options->now.boot_ms + longest_lease_ms();
    for (i = 0; i < LIMIT_ROUTES; i++)
        engine->lent_ms[i] = engine->former_ms;
    grants_fence(engine, engine->former_ms, -1);
    return engine;
}

void engine_standing(struct engine *engine, struct moment now, uint64_t stored_index, bool votes)
{
    int r;

    /* Holders and movers wait for this node's word on an intent. */
    for (r = 0; engine->shared->model != NULL && r < engine->model->n_routes; r++)
        if (engine->model->routes[r].kind == ROUTE_EXCLUSIVE &&
            engine->shared->routes[r].intent_index > engine->stored_index &&
            engine->shared->routes[r].intent_index <= stored_index)
            engine->next_beat_ms = now.boot_ms;
    engine->stored_index = stored_index;
    engine->votes = votes;
}

void engine_zone(struct engine *engine, struct zone *zone)
{
    zone_free(engine->zone);
    engine->zone = zone;
    engine->routes_busy = true;
}

void engine_certificate(struct engine *engine, int64_t ends_ms)
{
    /* To the second, as certificates are: all say the same of it. */
    engine->peers[engine->self].certificate_ms =
        ends_ms == UTC_NONE ? UTC_NONE : ends_ms - ends_ms % 1000;
    engine->notices_ms = engine->stepped_ms;
}

void engine_members(struct engine *engine, bool change)
{
    engine->members_change = change;
}

void engine_free(struct engine *engine)
{
    if (engine == NULL)
        return;
    shared_free(engine->shared);
    model_free(engine->local_model);
    mem_free(engine->local_yaml);
    mem_free(engine->watches);
    mem_free(engine->cells);
    mem_free(engine->journal);
    mem_free(engine->tellings);
    gap_account_free(engine->account);
    zone_free(engine->zone);
    mem_free(engine);
}

void engine_restore(struct engine *engine, struct moment now, struct shared *shared)
{
    struct route_names old;

    config_names(engine, &old);
    shared_free(engine->shared);
    engine->shared = shared;
    engine->timed_ms = now.boot_ms;
    config_changed(engine, now, &old);
    route_watch(engine, now);
    engine->restored = true;
}

bool engine_leads(const struct engine *engine)
{
    return engine->role == RAFT_ROLE_LEADER && engine->shared->leader_term == engine->term &&
           engine->shared->leader == engine->self && engine->shared->model != NULL;
}

int engine_leader(const struct engine *engine)
{
    return engine->leader;
}

/* ---- steps ---- */

/* Every node keeps count, so that a new leader records none twice. The entry may come
 * before the beat that tells of it; one from before this start counts what was never heard
 * here. */
static void note_recorded(struct engine *engine, const struct entry *entry)
{
    if (entry->kind == ENTRY_SECURITY && entry->security.server >= 0 &&
        entry->security.server < engine->model->n_coordinators &&
        entry->time_ms >= engine->started_utc_ms)
        engine->peers[entry->security.server].refused_recorded += entry->security.refused;
    if (entry->kind == ENTRY_CLOCK)
        time_recorded(engine, entry);
    if (entry->kind == ENTRY_JOURNAL)
        journal_applied(engine, entry);
}

static void raft_changed(struct engine *engine, const struct event *event, struct effects *effects)
{
    bool led = engine->role == RAFT_ROLE_LEADER;
    bool leads = event->raft.role == RAFT_ROLE_LEADER;

    count_raft(engine, event);
    /* Not when only the term is new: libraft still names the old leader while it votes. */
    if (event->raft.leader != engine->leader) {
        if (event->raft.leader >= 0)
            engine_log(effects, LOG_LEVEL_INFO, "leader", "%s leads in term %llu",
                       engine->model->servers[event->raft.leader].name,
                       (unsigned long long)event->raft.term);
        else
            engine_log(effects, LOG_LEVEL_INFO, "no-leader", "no leader is known in term %llu",
                       (unsigned long long)event->raft.term);
    }
    if (leads && (!led || event->raft.term != engine->term)) {
        engine->led_ms = engine->looks_ms = event->now.boot_ms;
        belief_begin(engine);
        outbox_reset(engine);
    }
    if (!leads || event->raft.term != engine->term) {
        gap_account_free(engine->account);
        engine->account = NULL;
    }
    engine_wake(engine, event->now);
    engine->role = event->raft.role;
    engine->term = event->raft.term;
    engine->leader = event->raft.leader;
}

void engine_wake(struct engine *engine, struct moment now)
{
    engine_due(&engine->tick_ms, now.boot_ms + engine->model->timing.beat_ms / 4);
    engine->odd = true;
}

/* A beat later, moved a little towards the common moments of UTC at which all nodes beat: then
 * a node wakes up once for the beats of all. It never waits much longer than a beat for it, and
 * where clocks differ it only wakes up more often. */
static int64_t next_turn_ms(const struct engine *engine, struct moment now)
{
    int beat_ms = engine->model->timing.beat_ms;
    int64_t late_ms = ((now.utc_ms % beat_ms) + beat_ms) % beat_ms;

    if (late_ms > beat_ms - beat_ms / 16)
        late_ms -= beat_ms;
    else if (late_ms > beat_ms / 8)
        late_ms = beat_ms / 8;
    return now.boot_ms + beat_ms - late_ms;
}

static void tick(struct engine *engine, struct moment now, struct effects *effects)
{
    if (now.boot_ms < engine->tick_ms)
        return;
    engine->tick_ms = next_turn_ms(engine, now);
    belief_tick(engine, now);
    time_compare(engine, now, effects);
    hold_watch(engine, now);
    journal_tick(engine, now);
    if (engine->restored)
        tell_applied(engine, now, effects);
    engine->restored = false;
    tell_tick(engine, now, effects);
    elect_tick(engine, now, effects);
}

static int64_t spaced(const struct engine *engine, int64_t due_ms, int64_t newest_ms)
{
    int64_t spaced_ms = newest_ms + engine->model->timing.beat_ms / 8;

    return due_ms > spaced_ms ? due_ms : spaced_ms;
}

/* On time, or at once after a change, but never in a burst. What asks and what answers waits
 * only for its like: an actuator's call waits for it. */
static int64_t beat_due_ms(const struct engine *engine)
{
    int64_t due_ms = spaced(engine, engine->next_beat_ms, engine->beat_ms);

    engine_due(&due_ms, spaced(engine, engine->urgent_ms, engine->hurried_ms));
    return due_ms;
}

static void beat_if_due(struct engine *engine, struct moment now, struct effects *effects)
{
    if (now.boot_ms < beat_due_ms(engine))
        return;
    engine->beat_ms = now.boot_ms;
    engine->next_beat_ms = next_turn_ms(engine, now);
    if (now.boot_ms >= engine->urgent_ms) {
        engine->hurried_ms = now.boot_ms;
        engine->urgent_ms = engine->ask_ms > now.boot_ms ? engine->ask_ms : INT64_MAX;
    }
    if (engine->fenced_ms > now.boot_ms) /* its end is the release that movers wait for */
        engine_due(&engine->next_beat_ms, engine->fenced_ms);
    engine_add(effects, EFFECT_BEAT);
}

static bool is_frequent(enum event_kind kind)
{
    return kind == EVENT_TICK || kind == EVENT_PROBE || kind == EVENT_BEAT ||
           kind == EVENT_RECHECK || kind == EVENT_REPORT || kind == EVENT_HINT;
}

void engine_step(struct engine *engine, const struct event *event, struct effects *effects)
{
    time_step(engine, event->now, effects);
    switch (event->kind) {
    case EVENT_TICK:
        engine->tick_ms = event->now.boot_ms;
        break;
    case EVENT_PROBE:
        belief_probe(engine, event, effects);
        break;
    case EVENT_BEAT:
        belief_beat(engine, event, effects);
        break;
    case EVENT_RAFT:
        raft_changed(engine, event, effects);
        break;
    case EVENT_PROPOSED:
        proposed(engine, event);
        break;
    case EVENT_ACTED:
        outbox_acted(engine, event, effects);
        break;
    case EVENT_COMMAND:
        command_take(engine, event, effects);
        break;
    case EVENT_REFUSED:
        engine->peers[engine->self].refused++;
        engine->odd = true;
        break;
    case EVENT_MEMBER:
        lead_member(engine, event, effects);
        break;
    case EVENT_STORED:
        engine->stored_intent[event->stored.route] = event->stored.intent_epoch;
        break;
    case EVENT_HOLDER:
        hold_event(engine, event);
        journal_holds(engine, event->now);
        break;
    case EVENT_RECHECK:
        late_recheck(engine, event);
        break;
    case EVENT_REPORT:
        report_take(engine, event, effects);
        break;
    case EVENT_HINT:
        hint_take(engine, event, effects);
        break;
    case EVENT_LEAVE:
        engine->leaving = true;
        engine->next_beat_ms = event->now.boot_ms;
        engine_wake(engine, event->now);
        break;
    case EVENT_TOLD:
        tell_told(engine, event);
        break;
    }
    tick(engine, event->now, effects);
    belief_confirm(engine, event->now, effects);
    hold_tell(engine, effects);
    beat_if_due(engine, event->now, effects);
    lead(engine, event->now, !is_frequent(event->kind), effects);
    command_settle(engine, event->now, effects);
}

/* May this node have held a grant of the route's placement until now? */
static bool served_here(const struct engine *engine, int route)
{
    return engine->shared->model != NULL && route >= 0 && route < engine->model->n_routes &&
           engine->model->routes[route].kind == ROUTE_EXCLUSIVE &&
           (engine->shared->routes[route].now.members & server_bit(engine->self)) != 0;
}

void engine_apply(struct engine *engine, struct moment now, uint64_t index, struct entry *entry,
                  ledger_emit *emit, void *context, struct effects *effects)
{
    const struct model *before = engine->shared->model;
    int64_t time_ms = engine->shared->time_ms;
    enum entry_kind kind = entry->kind;
    int leader = engine->shared->leader;
    struct route_names old = {0};

    if (kind == ENTRY_CONFIG)
        config_names(engine, &old);
    if (kind == ENTRY_INTENT && served_here(engine, entry->intent.route))
        grants_fence(engine, now.boot_ms, entry->intent.route);
    shared_apply(engine->shared, index, entry, emit, context);
    count_applied(engine, entry);
    time_applied(engine, now, time_ms);
    note_recorded(engine, entry);
    if (engine->shared->leader != leader)
        engine->leader_before = leader;
    if (engine->shared->model != before) {
        config_changed(engine, now, &old);
        engine_log(effects, LOG_LEVEL_INFO, "config", "configuration version %u is in force",
                   engine->model->version);
    }
    /* Holders and movers wait for this node's word on it. */
    if (kind == ENTRY_INTENT || kind == ENTRY_ACT)
        engine->next_beat_ms = now.boot_ms;
    engine->odd = true;
    journal_led(engine, now);
    route_watch(engine, now);
    hold_tell(engine, effects);
    if (engine->shared->notices.n > 0 || engine->n_tellings > 0)
        tell_applied(engine, now, effects);
    engine->notices_ms = now.boot_ms;
    lead(engine, now, true, effects);
    command_settle(engine, now, effects);
}

int64_t engine_next_ms(const struct engine *engine)
{
    int beat_ms = engine->model->timing.beat_ms;
    /* Often enough that a late one is noticed (notice_gap). */
    int64_t next_ms = engine->stepped_ms + beat_ms / 2;

    engine_due(&next_ms, engine->tick_ms);
    engine_due(&next_ms, engine->confirm_ms);
    engine_due(&next_ms, beat_due_ms(engine));
    engine_due(&next_ms, lead_due_ms(engine));
    return next_ms;
}

const struct shared *engine_shared(const struct engine *engine)
{
    return engine->shared;
}

const struct model *engine_model(const struct engine *engine)
{
    return engine->model;
}
