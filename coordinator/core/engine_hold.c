/* Exclusive routes on the servers placed: what this node's helper is told, and whether those who
 * are to serve do (protocol.md, Grant and Fence). */
#include "base/log.h"
#include "core/engine_private.h"

#define BLIND_MS 4000    /* an address outlives a helper that is gone by no more (kernel's own) */
#define FOUNDED_MS 10000 /* daemons of a new cluster do not begin all at once */

static bool is_own(const struct engine *engine, int route)
{
    return engine->own >> route & 1;
}

void hold_reset(struct engine *engine)
{
    int r;

    engine->exclusive = engine->own = 0;
    for (r = 0; engine->shared->model != NULL && r < engine->model->n_routes; r++) {
        engine->exclusive |= (uint64_t)(engine->model->routes[r].kind == ROUTE_EXCLUSIVE) << r;
        engine->own |= (uint64_t)route_is_own(&engine->model->routes[r]) << r;
    }
}

/* ---- this node's helper ---- */

static void order(const struct engine *engine, int route, uint32_t epoch, int64_t until_ms,
                  struct effects *effects)
{
    struct effect *effect = engine_add(effects, EFFECT_HOLD);

    effect->hold.route = route;
    effect->hold.epoch = epoch;
    effect->hold.until_ms = until_ms;
    effect->hold.fence_ms = engine->model->timing.fence_ms;
}

/* A grant that comes no more just runs out: it may come again. What a newer epoch has ended never
 * does. */
static void tell_one(struct engine *engine, int route, struct effects *effects)
{
    const struct route_state *state = &engine->shared->routes[route];
    struct holder *holder = &engine->holders[route];
    int64_t granted_ms = engine_grant(engine, route);
    uint32_t over = state->now.epoch;

    if (granted_ms > 0) {
        if (state->now.epoch == holder->told_epoch && granted_ms <= holder->told_ms)
            return;
        holder->told_epoch = state->now.epoch;
        holder->told_ms = granted_ms;
        order(engine, route, state->now.epoch, granted_ms, effects);
        return;
    }
    if (!grants_newer_known(engine, route))
        over--;
    if (over > holder->over_told) {
        holder->over_told = over;
        order(engine, route, over, 0, effects);
    }
}

void hold_tell(struct engine *engine, struct effects *effects)
{
    int r;

    for (r = 0; r < engine->model->n_routes && engine->exclusive != 0; r++)
        if (engine->exclusive >> r & 1)
            tell_one(engine, r, effects);
}

void hold_event(struct engine *engine, const struct event *event)
{
    int route = event->holder.route;
    uint32_t epoch = event->holder.epoch;
    struct holder *holder;
    bool news, heard;

    if (route >= engine->model->n_routes || !is_own(engine, route))
        return;
    holder = &engine->holders[route];
    heard = holder->heard;
    holder->heard = event->holder.word != HOLDER_LOST;
    if (event->holder.word == HOLDER_HELD) {
        news = holder->held_epoch != epoch;
        holder->held_epoch = epoch;
        holder->held_ms = event->now.boot_ms;
    } else {
        news = holder->held_epoch != 0;
        if (event->holder.word == HOLDER_LOST || epoch >= holder->held_epoch)
            holder->held_epoch = 0;
    }
    news |= heard != holder->heard;
    if (event->holder.word == HOLDER_RELEASED && epoch > holder->over) {
        news = true;
        holder->over = epoch;
    }
    if (news) /* others wait for it */
        engine->next_beat_ms = event->now.boot_ms;
}

bool hold_is_over(const struct engine *engine, struct moment now, int route)
{
    uint32_t over = engine->holders[route].over;

    return over > 0 && over + 1 >= engine->shared->routes[route].now.epoch &&
           engine->lent_ms[route] < now.boot_ms;
}

static bool is_candidate(const struct engine *engine, int route)
{
    const struct route *r = &engine->model->routes[route];
    int c, m;

    for (c = 0; c < r->n_candidates; c++)
        for (m = 0; m < r->candidates[c].n_members; m++)
            if (r->candidates[c].members[m] == engine->self)
                return true;
    return false;
}

/* What its helper was told last, by this process or one before, and is not known to have let go
 * of yet. */
static bool may_be_up(const struct engine *engine, struct moment now, int route)
{
    const struct holder *holder = &engine->holders[route];
    uint32_t epoch = engine->shared->routes[route].now.epoch;
    int64_t after_ms = engine->model->timing.fence_ms + BLIND_MS;

    if (holder->told_epoch > 0)
        return holder->told_epoch < epoch && holder->over < holder->told_epoch &&
               now.boot_ms < holder->told_ms + after_ms;
    return epoch > 1 && holder->over < epoch - 1 && now.boot_ms < engine->former_ms + after_ms &&
           is_candidate(engine, route);
}

bool hold_lingers(const struct engine *engine, struct moment now, int route)
{
    const struct route_state *state = &engine->shared->routes[route];
    int64_t after_ms = engine->model->timing.fence_ms + BLIND_MS;

    if (!is_own(engine, route))
        return false;
    /* It may have been another route's address. */
    if (state->phase == ROUTE_WAITING && state->previous < 0 &&
        now.boot_ms < engine->stray_ms + after_ms)
        return true;
    return may_be_up(engine, now, route);
}

bool hold_serves(const struct engine *engine, struct moment now, int route)
{
    const struct route_state *state = &engine->shared->routes[route];
    const struct holder *holder = &engine->holders[route];

    if (!is_own(engine, route))
        return engine_grant(engine, route) > now.boot_ms;
    /* It answers every renewal: one that is not heard any more is not relied on. */
    return holder->held_epoch != 0 && holder->held_epoch == state->now.epoch &&
           now.boot_ms - holder->held_ms < engine->model->timing.lease_holder_ms;
}

/* ---- who could serve, and who is about to stop ---- */

const char *engine_unable(const struct engine *engine, int route, int server)
{
    const struct peer *peer = &engine->peers[server];
    const struct clear *word = word_of(peer, route);
    bool own = server == engine->self;

    if (!(engine->exclusive >> route & 1))
        return NULL;
    if (own ? engine->leaving : peer->leaving)
        return "it is being stopped";
    if (own ? is_own(engine, route) && !engine->holders[route].heard : word != NULL && word->unable)
        return "its kirikae-helper is not heard";
    return NULL;
}

bool hold_able(const struct engine *engine, int route, int server)
{
    return engine_unable(engine, route, server) == NULL;
}

/* It says so, and is still there. */
static bool is_leaving(const struct engine *engine, int server)
{
    return server == engine->self
               ? engine->leaving
               : engine->peers[server].leaving && (engine->heard & server_bit(server)) != 0;
}

int hold_leaver(const struct engine *engine, int route)
{
    const struct placement *at = &engine->shared->routes[route].now;
    server_set stay = at->members & shared_candidate_standing(engine->shared, route, at->candidate);
    int i, leaver = -1;

    for (i = 0; i < engine->model->n_coordinators && (engine->exclusive >> route & 1); i++)
        if ((at->members & server_bit(i)) && is_leaving(engine, i)) {
            stay &= ~server_bit(i);
            leaver = i;
        }
    return server_count(stay) < engine->model->routes[route].candidates[at->candidate].least
               ? leaver
               : -1;
}

static bool left_behind(const struct engine *engine, int route)
{
    const struct route_state *state = &engine->shared->routes[route];
    const struct candidate *before;
    int m;

    if (state->phase != ROUTE_WAITING || state->previous < 0)
        return false;
    before = &engine->model->routes[route].candidates[state->previous];
    for (m = 0; m < before->n_members; m++)
        if (before->members[m] == engine->self)
            return true;
    return false;
}

/* This node, being stopped, is waited for by who takes over, or will be. */
static bool awaited(const struct engine *engine, struct moment now, int route)
{
    const struct route_state *state = &engine->shared->routes[route];

    if (left_behind(engine, route))
        return true;
    return state->phase != ROUTE_WAITING && hold_leaver(engine, route) >= 0 &&
           (state->now.members & server_bit(engine->self)) && route_next(engine, route) >= 0 &&
           !state->held && !shared_paused(engine->shared, route, engine_time_ms(engine, now));
}

bool engine_left(const struct engine *engine, struct moment now)
{
    int r;

    if (engine->shared->model == NULL ||
        server_count(engine->heard & engine->voters) < engine->majority)
        return true;
    if (engine->n_tellings > 0) /* else they would be told again, by another */
        return false;
    for (r = 0; r < engine->model->n_routes && engine->exclusive != 0; r++)
        if ((engine->exclusive >> r & 1) && awaited(engine, now, r))
            return false;
    return !engine_leads(engine) || elect_successor(engine) < 0;
}

/* ---- who of those placed serves ---- */

bool hold_heard(const struct engine *engine, struct moment now, int route, int server)
{
    const struct peer *peer = &engine->peers[server];
    const struct clear *word = word_of(peer, route);

    if (server == engine->self)
        return hold_serves(engine, now, route);
    return !peer->detector.silent && word != NULL && word->holding &&
           word->epoch == engine->shared->routes[route].now.epoch;
}

static int64_t patience_ms(const struct engine *engine)
{
    return promise_wait_ms(&engine->model->timing) + 3 * engine->model->timing.beat_ms;
}

static bool speaks(const struct engine *engine, int server)
{
    return server == engine->self || (engine->heard & server_bit(server));
}

static void watch_one(struct engine *engine, struct moment now, int route)
{
    const struct route_state *state = &engine->shared->routes[route];
    bool anew = engine->seen_epoch[route] != state->now.epoch || state->phase == ROUTE_WAITING;
    bool blind = belief_abstains(engine, now);
    int i;

    engine->seen_epoch[route] = state->now.epoch;
    for (i = 0; i < engine->model->n_coordinators; i++) {
        int64_t *seen_ms = &engine->seen_holding_ms[route][i];
        int64_t *undenied_ms = &engine->undenied_ms[route][i];

        if (anew)
            *seen_ms = *undenied_ms = now.boot_ms + (state->previous < 0 ? FOUNDED_MS : 0);
        else if (hold_heard(engine, now, route, i))
            *seen_ms = *undenied_ms = now.boot_ms;
        else if (blind && *seen_ms < now.boot_ms)
            *seen_ms = now.boot_ms;
        /* Who was not heard meanwhile may have served: its word counts from now on. */
        if ((blind || !speaks(engine, i)) && *undenied_ms < now.boot_ms)
            *undenied_ms = now.boot_ms;
    }
}

void hold_watch(struct engine *engine, struct moment now)
{
    int r;

    for (r = 0; r < engine->model->n_routes && engine->exclusive != 0; r++)
        if (engine->exclusive >> r & 1)
            watch_one(engine, now, r);
}

/* Its newest beat that this voter has received is older than any lease. */
static bool deaf_to(const struct engine *engine, struct moment now, int voter, int server)
{
    const struct peer *peer = &engine->peers[voter];
    const struct echo *echo = &peer->echoes[server];
    int64_t heard_ms = echo->known ? peer->rx_ms - echo->age_ms : peer->boot_ms;

    if (voter == server || !(engine->heard & server_bit(voter)))
        return false;
    if (voter == engine->self)
        heard_ms = engine->peers[server].rx_ms;
    return now.boot_ms - heard_ms >= promise_wait_ms(&engine->model->timing);
}

/* For how long it has not served, as far as is known here. */
static int64_t missing_ms(const struct engine *engine, struct moment now, int route, int server)
{
    return now.boot_ms - (speaks(engine, server) ? engine->undenied_ms[route][server]
                                                 : engine->seen_holding_ms[route][server]);
}

bool hold_lapsed(const struct engine *engine, struct moment now, int route, int server)
{
    int v, deaf = 0;

    if (missing_ms(engine, now, route, server) < patience_ms(engine) ||
        belief_abstains(engine, now))
        return false;
    if (speaks(engine, server))
        return server == engine->self || word_of(&engine->peers[server], route) != NULL;
    for (v = 0; v < engine->model->n_coordinators; v++)
        deaf += (engine->voters & server_bit(v)) && deaf_to(engine, now, v, server);
    return deaf >= engine->majority;
}

static bool say(struct engine *engine, struct moment now, int route, int server, bool holds,
                struct effects *effects)
{
    const struct route_state *state = &engine->shared->routes[route];
    int64_t since_ms = missing_ms(engine, now, route, server);
    struct entry *entry =
        engine_propose(engine, now, ENTRY_HOLDING, route * LIMIT_SERVERS + server, effects);

    if (entry == NULL)
        return true;
    entry->holding.route = route;
    entry->holding.epoch = state->now.epoch;
    entry->holding.server = server;
    entry->holding.holds = holds;
    entry->holding.since_ms = holds || since_ms < 0 ? 0 : (uint32_t)since_ms;
    engine_log(effects, LOG_LEVEL_WARN, holds ? "holds" : "lapsed",
               holds ? "route %s: %s serves it again, epoch %u"
                     : "route %s: %s is to serve it and does not, epoch %u",
               engine->model->routes[route].name, engine->model->servers[server].name,
               state->now.epoch);
    return true;
}

static bool lead_one(struct engine *engine, struct moment now, int route, struct effects *effects)
{
    const struct route_state *state = &engine->shared->routes[route];
    bool odd = false;
    int i;

    for (i = 0; i < engine->model->n_coordinators; i++) {
        bool said = (state->lapsed & server_bit(i)) != 0;

        if (!(state->now.members & server_bit(i)))
            continue;
        odd |= now.boot_ms - engine->seen_holding_ms[route][i] > 2 * engine->model->timing.beat_ms;
        if (said ? hold_heard(engine, now, route, i) : hold_lapsed(engine, now, route, i))
            odd |= say(engine, now, route, i, said, effects);
    }
    return odd;
}

bool hold_lead(struct engine *engine, struct moment now, struct effects *effects)
{
    bool odd = false;
    int r;

    for (r = 0; r < engine->model->n_routes && engine->exclusive != 0; r++)
        if ((engine->exclusive >> r & 1) && engine->shared->routes[r].phase != ROUTE_WAITING &&
            engine->seen_epoch[r] == engine->shared->routes[r].now.epoch)
            odd |= lead_one(engine, now, r, effects);
    return odd;
}

void hold_done(struct engine *engine, struct moment now, int route, int actuator,
               struct effects *effects)
{
    const struct route_state *state = &engine->shared->routes[route];
    server_set placed = state->now.members & ~state->lapsed;
    struct entry *entry;
    int i;

    if (state->done >> actuator & 1 || placed == 0)
        return;
    for (i = 0; i < engine->model->n_coordinators; i++)
        if ((placed & server_bit(i)) && !hold_heard(engine, now, route, i))
            return;
    entry = engine_propose(engine, now, ENTRY_OUTCOME, route * LIMIT_ACTUATORS + actuator, effects);
    if (entry == NULL)
        return;
    entry->outcome.route = route;
    entry->outcome.actuator = actuator;
    entry->outcome.epoch = state->now.epoch;
    entry->outcome.step = state->now.step;
    entry->outcome.ok = true;
    entry->outcome.took_ms = (uint32_t)(now.boot_ms - engine->moved_ms[route]);
}
