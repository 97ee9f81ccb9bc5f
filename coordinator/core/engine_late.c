/* Late commands (protocol.md). What an actuator is told by a token (HAProxy's map version)
 * takes effect when no newer token came into force before: whoever takes a token later than
 * this leader wins. A leader of a newer term needs the vote of a majority first, so when a
 * majority is still in this term after the token was taken, no newer leader has an older
 * one. The vote shows in the terms that beats say; that they were sent since shows in the beat
 * of this node that they echo. It is the rule that the check `actuator` of tests/model proves;
 * `actuator-raft-leadership`, Raft's own word alone, goes back to an older epoch. */
#include "core/engine_private.h"

static bool higher_term_known(const struct engine *engine)
{
    int i;

    for (i = 0; i < engine->model->n_coordinators; i++)
        if (i != engine->self && engine->peers[i].term > engine->term)
            return true;
    return false;
}

/* A beat sent in the same ms may have been sent before. */
static bool in_term_since(const struct engine *engine, const struct peer *peer, int64_t since_ms)
{
    uint64_t number = peer->echo_of_me.number;

    return peer->term == engine->term && peer->echo_of_me.known && number <= engine->sent.newest &&
           engine->sent.newest - number < PROMISE_RING &&
           engine->sent.sent_ms[number % PROMISE_RING] > since_ms;
}

static bool is_placed(const struct engine *engine, int route, uint32_t epoch, uint32_t step)
{
    const struct placement *now;

    if (route < 0 || route >= engine->model->n_routes)
        return false;
    now = &engine->shared->routes[route].now;
    return now->epoch == epoch && now->step == step;
}

int engine_may_act(const struct engine *engine, struct moment now, int route, uint32_t epoch,
                   uint32_t step, int64_t since_ms)
{
    int i, n = 0;

    if (!engine_leads(engine) || belief_abstains(engine, now) || higher_term_known(engine) ||
        !is_placed(engine, route, epoch, step))
        return -1;
    if (since_ms == ENGINE_NO_TOKEN)
        return 1;
    for (i = 0; i < engine->model->n_coordinators; i++)
        n += (engine->voters & server_bit(i)) &&
             (i == engine->self || in_term_since(engine, &engine->peers[i], since_ms));
    return n >= engine->majority;
}

void late_recheck(struct engine *engine, const struct event *event)
{
    int64_t since_ms = event->recheck.since_ms, now_ms = event->now.boot_ms;
    bool lost = now_ms - engine->asked_ms >= engine->model->timing.beat_ms / 4;

    if (engine->ask_ms != INT64_MAX || (engine->asked_ms > since_ms && !lost))
        return;
    engine->ask_ms = since_ms < now_ms ? now_ms : now_ms + 1;
    engine_due(&engine->urgent_ms, engine->ask_ms);
}

void late_answer(struct engine *engine, const struct beat *beat, struct moment now)
{
    if (beat->asks && (engine->voters & server_bit(engine->self)))
        engine_due(&engine->urgent_ms, now.boot_ms);
}
