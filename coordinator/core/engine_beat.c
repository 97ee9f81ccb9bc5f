/* The beat that goes out, and what the beats that came in say of grants. */
#include "base/check.h"
#include "core/engine_private.h"

#include <string.h>

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

static bool failing(const struct sensor *sensor)
{
    return sensor->opinion == OPINION_DOWN || sensor->fails > 0;
}

static void add_vote(struct engine *engine, struct moment now, int check, struct beat *beat)
{
    struct vote vote = sensor_vote(&engine->watches[check].sensor, check, now.boot_ms);

    beat->votes[beat->n_votes++] = vote;
}

/* Failing ones first; then a part of the others that goes round from beat to beat. */
static void fill_votes(struct engine *engine, struct moment now, struct beat *beat)
{
    int i, n = engine->model->n_checks, c = engine->rotate;
    server_set me = server_bit(engine->self);

    for (i = 0; i < n && beat->n_votes < LIMIT_BEAT_VOTES; i++)
        if ((engine->watches[i].assigned & me) && failing(&engine->watches[i].sensor))
            add_vote(engine, now, i, beat);
    for (i = 0; i < n && beat->n_votes < LIMIT_BEAT_VOTES; i++, c = (c + 1) % n)
        if ((engine->watches[c].assigned & me) && !failing(&engine->watches[c].sensor) &&
            engine->watches[c].sensor.opinion != OPINION_NONE)
            add_vote(engine, now, c, beat);
    engine->rotate = n > 0 ? c % n : 0;
}

static struct clear clear_of(const struct engine *engine, int route)
{
    uint32_t epoch = engine->shared->routes[route].now.epoch;
    uint32_t intent = engine->stored_intent[route];

    if (intent < epoch)
        intent = epoch;
    /* While an exclusive route waits, its new epoch is applied but nobody holds it:
     * the word stands for the old one, and it is not clear. */
    return (struct clear){.route = (uint8_t)route,
                          .epoch = epoch,
                          .intent = intent,
                          .clear = intent == epoch &&
                                   engine->shared->routes[route].phase != ROUTE_WAITING};
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
        .leader = engine_leads(engine),
        .abstain = belief_abstains(engine, now),
        .heard = belief_heard(engine),
    };
    promise_sent(&engine->sent, beat->number, now.boot_ms);
    engine->peers[engine->self].rx_ms = now.boot_ms;
    engine->peers[engine->self].boot = engine->boot;
    engine->peers[engine->self].number = beat->number;
    fill_echoes(engine, now, beat);
    fill_votes(engine, now, beat);
    for (r = 0; engine->shared->model != NULL && r < engine->model->n_routes; r++)
        if (engine->model->routes[r].kind == ROUTE_EXCLUSIVE)
            beat->clears[beat->n_clears++] = clear_of(engine, r);
}

/* ---- grants ---- */

int64_t engine_grant(const struct engine *engine, int route)
{
    uint64_t echoed[LIMIT_SERVERS] = {0};
    const struct route_state *state;
    int i, n = 0;

    if (engine->shared->model == NULL || engine->model->routes[route].kind != ROUTE_EXCLUSIVE)
        return 0;
    state = &engine->shared->routes[route];
    if (!(state->now.members & server_bit(engine->self)) || state->phase == ROUTE_WAITING)
        return 0;
    for (i = 0; i < engine->model->n_coordinators; i++) {
        if (engine->model->servers[i].role != MEMBER_VOTER)
            continue;
        if (i == engine->self)
            echoed[n] = clear_of(engine, route).clear ? engine->sent.newest : 0;
        else if (engine->peers[i].granted_epoch[route] == state->now.epoch)
            echoed[n] = engine->peers[i].granted[route];
        n++;
    }
    return promise_deadline(&engine->sent, echoed, n, model_majority(engine->model),
                            &engine->model->timing);
}

/* When did voter `v` last hear `holder`, on this node's clock? Only its word from after
 * it stored the intent counts. */
static struct report report_of(const struct engine *engine, struct moment now, int route, int v,
                               int holder)
{
    uint32_t epoch = engine->shared->routes[route].now.epoch;
    const struct peer *peer = &engine->peers[v];
    int i;

    if (v == engine->self) {
        int64_t heard = engine->peers[holder].rx_ms;

        if (holder == engine->self)
            heard = now.boot_ms;
        return (struct report){.stored = true,
                               .heard_ms = heard == BOOT_NEVER ? engine->started_ms : heard};
    }
    for (i = 0; i < peer->n_clears; i++)
        if (peer->clears[i].route == route && peer->clears[i].intent >= epoch)
            return (struct report){
                .stored = true,
                .heard_ms = holder == v ? peer->rx_ms : peer->rx_ms - peer->echoes[holder].age_ms};
    return (struct report){0};
}

/* A holder that has applied the intent serves the old epoch no longer (engine_grant) and
 * its beats say which epoch it has applied: that is its release. */
static bool released(const struct engine *engine, int route, int holder)
{
    const struct peer *peer = &engine->peers[holder];
    int i;

    if (holder == engine->self)
        return true;
    for (i = 0; i < peer->n_clears; i++)
        if (peer->clears[i].route == route)
            return peer->clears[i].epoch >= engine->shared->routes[route].now.epoch;
    return false;
}

bool grants_over(const struct engine *engine, struct moment now, int route)
{
    const struct route_state *state = &engine->shared->routes[route];
    const struct candidate *old;
    struct report reports[LIMIT_SERVERS];
    int m, v, n;

    if (engine->model->routes[route].kind != ROUTE_EXCLUSIVE || state->previous < 0)
        return true;
    old = &engine->model->routes[route].candidates[state->previous];
    for (m = 0; m < old->n_members; m++) {
        if (!engine->model->servers[old->members[m]].coordinator ||
            released(engine, route, old->members[m]))
            continue; /* never held a grant, or gave it back */
        for (v = n = 0; v < engine->model->n_coordinators; v++)
            if (engine->model->servers[v].role == MEMBER_VOTER)
                reports[n++] = report_of(engine, now, route, v, old->members[m]);
        if (!promise_over(reports, n, model_majority(engine->model), &engine->model->timing,
                          now.boot_ms))
            return false;
    }
    return true;
}

struct peer_view engine_peer(const struct engine *engine, struct moment now, int server)
{
    const struct peer *peer = &engine->peers[server];

    if (server == engine->self)
        return (struct peer_view){.heard = true,
                                  .applied = engine->shared->index,
                                  .hears = belief_heard(engine),
                                  .abstain = belief_abstains(engine, now)};
    return (struct peer_view){.heard = !peer->detector.silent,
                              .age_ms = peer->rx_ms == BOOT_NEVER ? -1 : now.boot_ms - peer->rx_ms,
                              .applied = peer->applied,
                              .hears = peer->heard,
                              .abstain = peer->abstain};
}
