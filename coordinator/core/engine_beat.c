/* The beat that goes out, and what the beats that came in say of grants. */
#include "core/engine_private.h"

#define RECEIPT_VOTES 7        /* that one with its text takes the room of */
#define CONFIG_SETTLES_MS 2000 /* a lease of the configuration before may still run */

static void fill_echoes(const struct engine *engine, struct moment now, struct beat *beat)
{
    int i;

    beat->n_echoes = engine->model->n_coordinators;
    for (i = 0; i < beat->n_echoes; i++) {
        const struct peer *peer = &engine->peers[i];

        /* Never heard: as old as this start (protocol.md, Move). */
        beat->echoes[i] = peer->rx_ms == BOOT_NEVER
                              ? (struct echo){.age_ms = boot_age(now.boot_ms, engine->started_ms)}
                              : (struct echo){.known = true,
                                              .boot = peer->boot,
                                              .number = peer->number,
                                              .age_ms = boot_age(now.boot_ms, peer->rx_ms)};
    }
}

static bool failing(const struct watch *watch)
{
    return watch->sensor.opinion == OPINION_DOWN || watch->sensor.fails > 0;
}

static bool goes_first(const struct watch *watch)
{
    return watch->first;
}

static bool has_news(const struct watch *watch)
{
    return watch->news > 0;
}

static bool any(const struct watch *watch)
{
    return true;
}

/* Adds votes of one sort until there are `most`, beginning at *turn and leaving it where the
 * next beat begins. */
static void fill_sort(struct engine *engine, struct moment now, bool sort(const struct watch *),
                      int most, int *turn, struct beat *beat)
{
    server_set me = server_bit(engine->self);
    int i, n = engine->model->n_checks, c = *turn;

    for (i = 0; i < n && beat->n_votes < most; i++, c = (c + 1) % n) {
        struct watch *watch = &engine->watches[c];

        if (!(watch->assigned & me) || watch->told == beat->number || !sort(watch) ||
            (watch->sensor.opinion == OPINION_NONE && !failing(watch)))
            continue;
        watch->told = beat->number;
        if (watch->news > 0)
            watch->news--;
        beat->votes[beat->n_votes++] = sensor_vote(&watch->sensor, c, now.boot_ms);
    }
    *turn = c;
}

/* Everything when there is room for it. Else what routes hang on, what changed, what fails
 * and what does not, in turn: whatever fails, a part is left for what does not, because a
 * vote that is never renewed is a hole. */
static void fill_votes(struct engine *engine, struct moment now, struct beat *beat)
{
    /* A run of the journal takes a little more than a vote, what a receiver said as much as a
     * few. */
    int used = 2 * beat->n_runs + (beat->receipt.notice != 0 ? RECEIPT_VOTES : 0);
    int room = engine->room > used + used / 2 ? engine->room - used : engine->room;
    int top = 0, most = room - room / 4;

    fill_sort(engine, now, goes_first, most, &top, beat);
    fill_sort(engine, now, has_news, most, &engine->turn_failing, beat);
    fill_sort(engine, now, failing, most, &engine->turn_failing, beat);
    fill_sort(engine, now, any, room, &engine->turn_passing, beat);
}

/* Somebody has applied a newer one than this node: it is behind, and knows it. */
bool grants_newer_known(const struct engine *engine, int route)
{
    int i, k;

    for (i = 0; i < engine->model->n_coordinators; i++)
        for (k = 0; k < engine->peers[i].n_clears; k++)
            if (engine->peers[i].clears[k].route == route &&
                engine->peers[i].clears[k].epoch > engine->shared->routes[route].now.epoch)
                return true;
    return false;
}

/* Only a move waits for it: who serves, or may again, has nothing to let go of. And no longer
 * than until the helper has let go of what is left, whichever start was granted it. */
static bool fencing(const struct engine *engine, struct moment now, int route)
{
    if (engine->shared->routes[route].phase != ROUTE_WAITING)
        return false;
    return (now.boot_ms < engine->fence_until_ms[route] && !hold_is_over(engine, now, route)) ||
           hold_lingers(engine, now, route);
}

/* This node's log holds no intent newer than the epoch that it has applied. While an exclusive
 * route waits, its new epoch is applied but nobody holds it: the word stands for the old one,
 * and it is not clear. */
static bool own_word(const struct engine *engine, int route)
{
    const struct route_state *state = &engine->shared->routes[route];

    return engine->votes && engine->stored_intent[route] <= state->now.epoch &&
           state->phase != ROUTE_WAITING && !grants_newer_known(engine, route);
}

/* libraft applies what others have stored, while this node's own disk may still be writing: a
 * crash would take the intent back. Only what is on the disk counts as stored (protocol.md,
 * Move; tests/model, applied-unstored). */
static bool on_disk(const struct engine *engine, int route)
{
    return engine->shared->routes[route].intent_index <= engine->stored_index;
}

static struct clear clear_of(const struct engine *engine, struct moment now, int route)
{
    uint32_t epoch = engine->shared->routes[route].now.epoch;
    uint32_t intent = engine->stored_intent[route];

    if (intent < epoch)
        intent = epoch;
    /* Who says the new epoch stores it and has released the old one: not before its disk has it
     * and its fence is over. */
    if ((fencing(engine, now, route) || !on_disk(engine, route)) && epoch > 0)
        return (struct clear){.route = (uint8_t)route, .epoch = epoch - 1, .intent = intent};
    return (struct clear){.route = (uint8_t)route,
                          .epoch = epoch,
                          .intent = intent,
                          .clear = own_word(engine, route),
                          .holding = hold_serves(engine, now, route)};
}

void engine_beat(struct engine *engine, struct moment now, struct beat *beat)
{
    int r;

    *beat = (struct beat){
        .boot = engine->boot,
        .number = ++engine->beat_number,
        .from = engine->self,
        .term = engine->term,
        .applied = engine->shared->index,
        .config_version = engine->model->version,
        .utc_ms = now.utc_ms,
        .steps = engine->peers[engine->self].steps,
        .stepped_ms = engine->peers[engine->self].stepped_ms,
        .level = engine->level,
        .level_needed = engine->shared->level,
        .leader = engine_leads(engine),
        .abstain = belief_abstains(engine, now),
        .leaving = engine->leaving,
        .asks = now.boot_ms >= engine->ask_ms,
        .refused = engine->peers[engine->self].refused,
        .heard = engine->heard,
    };
    promise_sent(&engine->sent, beat->number, now.boot_ms);
    if (beat->asks) {
        engine->asked_ms = now.boot_ms;
        engine->ask_ms = INT64_MAX;
    }
    engine->peers[engine->self].rx_ms = now.boot_ms;
    engine->peers[engine->self].boot = engine->boot;
    engine->peers[engine->self].number = beat->number;
    fill_echoes(engine, now, beat);
    journal_fill(engine, now, beat);
    tell_fill(engine, now, beat);
    fill_votes(engine, now, beat);
    report_fill(engine, now, beat);
    for (r = 0; engine->shared->model != NULL && r < engine->model->n_routes; r++)
        if (engine->model->routes[r].kind == ROUTE_EXCLUSIVE) {
            beat->clears[beat->n_clears] = clear_of(engine, now, r);
            beat->clears[beat->n_clears++].unable = !hold_able(engine, r, engine->self);
        }
}

/* ---- grants ---- */

void grants_fence(struct engine *engine, int64_t over_ms, int route)
{
    int64_t fenced_ms;
    int r;

    for (r = 0; r < LIMIT_ROUTES; r++)
        if ((route < 0 || r == route) && over_ms < engine->lent_ms[r])
            over_ms = engine->lent_ms[r];
    fenced_ms = over_ms + engine->model->timing.fence_ms;
    /* Never sooner than was said before: what this start waits for may be longer. */
    for (r = 0; r < LIMIT_ROUTES; r++)
        if ((route < 0 || r == route) && engine->fence_until_ms[r] < fenced_ms)
            engine->fence_until_ms[r] = fenced_ms;
    if (engine->fenced_ms < fenced_ms)
        engine->fenced_ms = fenced_ms;
}

int64_t engine_grant(const struct engine *engine, int route)
{
    uint64_t echoed[LIMIT_SERVERS] = {0};
    const struct route_state *state;
    int i, n = 0;

    if (engine->shared->model == NULL || engine->model->routes[route].kind != ROUTE_EXCLUSIVE)
        return 0;
    state = &engine->shared->routes[route];
    /* What its own disk does not have, it may forget: and its beats do not say that it holds it. */
    if (!(state->now.members & server_bit(engine->self)) || state->phase == ROUTE_WAITING ||
        !on_disk(engine, route) || grants_newer_known(engine, route))
        return 0;
    for (i = 0; i < engine->model->n_coordinators; i++) {
        if (engine->model->servers[i].role != MEMBER_VOTER)
            continue;
        if (i == engine->self)
            echoed[n] = own_word(engine, route) ? engine->sent.newest : 0;
        else if (engine->peers[i].granted_epoch[route] == state->now.epoch)
            echoed[n] = engine->peers[i].granted[route];
        n++;
    }
    return promise_deadline(&engine->sent, echoed, n, model_majority(engine->model),
                            &engine->model->timing);
}

struct lease engine_lend(struct engine *engine, struct moment now, int route)
{
    struct lease lease = {0};
    const struct placement *at;

    if (engine->shared->model == NULL)
        return lease;
    at = &engine->shared->routes[route].now;
    lease.epoch = at->epoch;
    if (engine->model->routes[route].kind == ROUTE_EXCLUSIVE) {
        lease.until_ms = engine_grant(engine, route);
        if (engine->lent_ms[route] < lease.until_ms)
            engine->lent_ms[route] = lease.until_ms;
    } else if ((at->members & server_bit(engine->self)) && !belief_abstains(engine, now)) {
        lease.until_ms = now.boot_ms + engine->model->timing.lease_holder_ms;
    }
    if (lease.until_ms <= now.boot_ms)
        lease.until_ms = 0;
    return lease;
}

/* This peer's word on the route; NULL: none under this configuration. */
const struct clear *word_of(const struct peer *peer, int route)
{
    int i;

    for (i = 0; i < peer->n_clears; i++)
        if (peer->clears[i].route == route)
            return &peer->clears[i];
    return NULL;
}

/* It has applied the intent: it will never again say clear for the old epoch. (That it
 * stores one is less: that may be another one, which the log takes back.) */
static bool applied(const struct engine *engine, const struct peer *peer, int route)
{
    const struct clear *word = word_of(peer, route);

    return word != NULL && word->epoch >= engine->shared->routes[route].now.epoch;
}

/* When did voter `v` last hear `holder`, on this node's clock? Only its word from after
 * it applied the intent counts. */
static struct report report_of(const struct engine *engine, struct moment now, int route, int v,
                               int holder)
{
    const struct peer *peer = &engine->peers[v];
    const struct echo *echo = &peer->echoes[holder];

    if (v == engine->self) {
        int64_t heard = engine->peers[holder].rx_ms;

        return (struct report){.stored = on_disk(engine, route),
                               .heard_ms = heard == BOOT_NEVER ? engine->started_ms : heard};
    }
    if (!applied(engine, peer, route))
        return (struct report){0};
    if (holder == v)
        return (struct report){.stored = true, .heard_ms = peer->rx_ms};
    /* Nothing since its start, which was before its first beat. */
    return (struct report){.stored = true,
                           .heard_ms = echo->known ? peer->rx_ms - echo->age_ms : peer->boot_ms};
}

/* The lease that a holder may go by: while it may not have applied this configuration, or
 * had not a moment ago, the longest that any profile has. */
static struct timing lease_of(const struct engine *engine, struct moment now, int holder)
{
    struct timing timing = engine->model->timing, other;
    int i;

    if (engine->peers[holder].config_version == engine->model->version &&
        now.boot_ms - engine->model_ms >= CONFIG_SETTLES_MS)
        return timing;
    for (i = PROFILE_NORMAL; i <= PROFILE_FAST; i++) {
        other = model_timing((enum profile)i);
        if (other.lease_holder_ms > timing.lease_holder_ms)
            timing.lease_holder_ms = other.lease_holder_ms;
    }
    return timing;
}

/* A holder that has applied the intent serves the old epoch no longer (engine_grant). When
 * its fence is over its beats say the new epoch: that is its release. */
static bool released(const struct engine *engine, struct moment now, int route, int holder)
{
    return holder == engine->self ? !fencing(engine, now, route)
                                  : applied(engine, &engine->peers[holder], route);
}

/* Who may hold a grant of an older epoch: the members of every other candidate, because a
 * move may overtake one that still waited; anyone when a configuration began the route
 * anew, because it may have been another candidate's. */
static bool may_hold(const struct engine *engine, int route, int server)
{
    const struct route *r = &engine->model->routes[route];
    const struct route_state *state = &engine->shared->routes[route];
    int c;

    if (candidate_has(&r->candidates[state->now.candidate], server))
        return false;
    if (state->previous < 0)
        return true;
    for (c = 0; c < r->n_candidates; c++)
        if (candidate_has(&r->candidates[c], server))
            return true;
    return false;
}

static bool holder_over(const struct engine *engine, struct moment now, int route, int holder)
{
    struct timing timing = lease_of(engine, now, holder);
    struct report reports[LIMIT_SERVERS];
    int v, n = 0;

    if (released(engine, now, route, holder))
        return true;
    for (v = 0; v < engine->model->n_coordinators; v++)
        if (engine->model->servers[v].role == MEMBER_VOTER)
            reports[n++] = report_of(engine, now, route, v, holder);
    return promise_over(reports, n, model_majority(engine->model), &timing, now.boot_ms);
}

/* Reports stay true, but who stood still for a lease, or hears no majority, does not know what
 * came since: that a holder whose helper stands still is there and waits for it. A lesser stall
 * is no reason: a machine that stalls all the time would never act. */
static bool behind(const struct engine *engine, struct moment now)
{
    return now.boot_ms < engine->behind_until_ms ||
           now.boot_ms - engine->stepped_ms >= engine->model->timing.lease_holder_ms ||
           belief_alone(engine);
}

bool grants_over(const struct engine *engine, struct moment now, int route)
{
    int i;

    if (behind(engine, now))
        return false;
    for (i = 0; i < engine->model->n_coordinators; i++)
        if (may_hold(engine, route, i) && !holder_over(engine, now, route, i))
            return false;
    return true;
}

struct peer_view engine_peer(const struct engine *engine, struct moment now, int server)
{
    const struct peer *peer = &engine->peers[server];

    if (server == engine->self)
        return (struct peer_view){.heard = true,
                                  .leads = engine_leads(engine),
                                  .applied = engine->shared->index,
                                  .hears = engine->heard,
                                  .abstain = belief_abstains(engine, now),
                                  .level = engine->level,
                                  .certificate_ms = peer->certificate_ms};
    return (struct peer_view){.heard = !peer->detector.silent,
                              .leads = peer->leader,
                              .age_ms = peer->rx_ms == BOOT_NEVER ? -1 : now.boot_ms - peer->rx_ms,
                              .applied = peer->applied,
                              .hears = peer->heard,
                              .abstain = peer->abstain,
                              .level = peer->level,
                              .certificate_ms = peer->certificate_ms};
}
