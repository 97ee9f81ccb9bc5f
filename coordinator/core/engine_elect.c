/* Beats decide elections: they find a silent leader sooner than Raft's own timer, and
 * they tell where the leader should live when all is calm. */
#include "base/log.h"
#include "core/engine_private.h"

#define RANK_MS 30 /* between the first, second, … to stand */
#define STAND_AGAIN_MS 500
#define CALM_MS 5000 /* a leader leads this long before it hands over */
#define TRANSFER_AGAIN_MS 30000

/* Do most voters miss the leader? Asked through what their beats say they hear. */
static bool missed_by_most(const struct engine *engine)
{
    int i, miss = 0;

    for (i = 0; i < engine->model->n_coordinators; i++) {
        if (engine->model->servers[i].role != MEMBER_VOTER || i == engine->leader)
            continue;
        if (i == engine->self)
            miss++;
        else if (!engine->peers[i].detector.silent &&
                 !(engine->peers[i].heard & server_bit(engine->leader)))
            miss++;
    }
    return miss >= model_majority(engine->model);
}

/* Voters where a leader should live stand first, the others in order after them. */
static int rank(const struct engine *engine)
{
    server_set calm = model_calm_leaders(engine->model);
    bool mine = calm & server_bit(engine->self);
    int i, before = 0;

    for (i = 0; i < engine->model->n_coordinators; i++) {
        bool theirs = calm & server_bit(i);

        if (i == engine->self || i == engine->leader ||
            engine->model->servers[i].role != MEMBER_VOTER || engine->peers[i].detector.silent)
            continue;
        before += theirs == mine ? i < engine->self : theirs;
    }
    return before;
}

/* It led in this term and says that it does no more: it has lost its majority, or hands
 * over. Raft's followers would wait for their timers to find out. */
static bool resigned(const struct engine *engine, const struct peer *leader)
{
    return leader->term == engine->term && leader->led_term == engine->term && !leader->leader;
}

void elect_tick(struct engine *engine, struct moment now, struct effects *effects)
{
    const struct peer *leader = engine->leader >= 0 && engine->leader != engine->self
                                    ? &engine->peers[engine->leader]
                                    : NULL;
    bool silent = leader != NULL && leader->rx_ms != BOOT_NEVER && leader->detector.silent;
    bool left = leader != NULL && !silent && resigned(engine, leader);

    if ((silent || left) != engine->leader_silent) {
        engine->leader_silent = silent || left;
        engine_add(effects, EFFECT_LEADER_SILENT)->leader_silent = engine->leader_silent;
        engine->elect_ms = 0;
    }
    if (engine->model->servers[engine->self].role != MEMBER_VOTER ||
        !(left || (silent && missed_by_most(engine))))
        return;
    /* One that hands over has told its successor: that one has a beat's time to win. */
    if (engine->elect_ms == 0)
        engine->elect_ms =
            now.boot_ms + RANK_MS * rank(engine) + (left ? engine->model->timing.beat_ms : 0);
    if (now.boot_ms < engine->elect_ms) {
        engine_due(&engine->tick_ms, engine->elect_ms);
        return;
    }
    engine->elect_ms = now.boot_ms + STAND_AGAIN_MS;
    engine_due(&engine->tick_ms, engine->elect_ms);
    engine_log(effects, LOG_LEVEL_INFO, "stand", "%s %s: standing for leader",
               engine->model->servers[engine->leader].name,
               left ? "leads no more" : "is silent to most voters");
    engine_add(effects, EFFECT_ELECT);
}

static bool calm(const struct engine *engine, struct moment now)
{
    int r;

    if ((now.boot_ms - engine->led_ms < CALM_MS && !engine->leaving) || engine->n_pending > 0 ||
        belief_abstains(engine, now))
        return false;
    for (r = 0; r < engine->model->n_routes; r++)
        if (engine->shared->routes[r].phase != ROUTE_SERVING)
            return false;
    return true;
}

/* Of `set`, one that is heard now and has all we have; -1. */
static int heir(const struct engine *engine, server_set set)
{
    int i;

    for (i = 0; i < engine->model->n_coordinators; i++) {
        const struct peer *peer = &engine->peers[i];

        if (i != engine->self && (set & server_bit(i)) && !peer->detector.silent &&
            !peer->abstain && !peer->leaving && peer->applied + 16 >= engine->shared->index)
            return i;
    }
    return -1;
}

int elect_successor(const struct engine *engine)
{
    int to = heir(engine, model_calm_leaders(engine->model));

    return to >= 0 ? to : heir(engine, engine->voters);
}

/* Who is being stopped need not look for a better place. */
static void bequeath(struct engine *engine, struct moment now, struct effects *effects)
{
    int to = elect_successor(engine);

    if (to < 0 || !calm(engine, now) ||
        (engine->transferred_ms != 0 && now.boot_ms - engine->transferred_ms < STAND_AGAIN_MS))
        return;
    engine->transferred_ms = now.boot_ms;
    engine_log(effects, LOG_LEVEL_INFO, "hand-over",
               "this coordinator is being stopped: %s is "
               "to lead",
               engine->model->servers[to].name);
    engine_add(effects, EFFECT_TRANSFER)->server = to;
}

/* Only to a node that is heard now, and has nobody better to be. */
void elect_hand_over(struct engine *engine, struct moment now, struct effects *effects)
{
    server_set good = model_calm_leaders(engine->model);
    int to;

    if (engine->leaving) {
        bequeath(engine, now, effects);
        return;
    }
    if ((good & server_bit(engine->self)) || verbs_chosen(engine, now) || !calm(engine, now) ||
        (engine->transferred_ms != 0 && now.boot_ms - engine->transferred_ms < TRANSFER_AGAIN_MS))
        return;
    to = heir(engine, good);
    if (to < 0)
        return;
    engine->transferred_ms = now.boot_ms;
    engine_log(effects, LOG_LEVEL_INFO, "hand-over",
               "all is calm: %s is to lead, from a place that no route prefers",
               engine->model->servers[to].name);
    engine_add(effects, EFFECT_TRANSFER)->server = to;
}
