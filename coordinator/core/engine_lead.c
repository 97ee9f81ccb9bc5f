/* What the leader does besides: its term, sweeps over what time alone may change, routes, and
 * what others report to be recorded. */
#include "base/log.h"
#include "base/mem.h"
#include "core/engine_private.h"

#define REFUSED_RECORD_MS 60000 /* refused connections are recorded at most this often */

/* First the own-term barrier: only when it is applied does this node know all that was
 * committed before, the configuration in force among it. Then the file, if it is newer. */
static void begin_term(struct engine *engine, struct moment now, struct effects *effects)
{
    const struct shared *shared = engine->shared;
    struct entry *entry;

    if (shared->leader_term != engine->term) {
        if (engine->barrier_term != engine->term &&
            engine_propose(engine, now, ENTRY_LEADER, 0, effects) != NULL)
            engine->barrier_term = engine->term;
        return;
    }
    if (shared->model != NULL && engine->local_model->version <= shared->model->version)
        return;
    if (shared->model != NULL && !model_same_coordinators(engine->local_model, shared->model)) {
        if (!engine->foreign) /* it would be refused, and proposed again, for ever */
            engine_log(effects, LOG_LEVEL_ERROR, "config",
                       "version %u of the cluster file has other coordinators than the "
                       "configuration in force: it is not used",
                       engine->local_model->version);
        engine->foreign = true;
        return;
    }
    entry = engine_propose(engine, now, ENTRY_CONFIG, 0, effects);
    if (entry == NULL)
        return;
    entry->config.yaml = mem_dup(engine->local_yaml, engine->local_yaml_len);
    entry->config.yaml_len = engine->local_yaml_len;
}

static void record_refusals(struct engine *engine, struct moment now, struct effects *effects)
{
    struct entry *entry;
    int i;

    for (i = 0; i < engine->model->n_coordinators; i++) {
        struct peer *peer = &engine->peers[i];

        if ((int32_t)(peer->refused - peer->refused_recorded) <= 0 ||
            (peer->refused_ms != 0 && now.boot_ms - peer->refused_ms < REFUSED_RECORD_MS))
            continue;
        entry = engine_propose(engine, now, ENTRY_SECURITY, i, effects);
        if (entry == NULL)
            return;
        entry->security.server = i;
        entry->security.refused = peer->refused - peer->refused_recorded;
        peer->refused_ms = now.boot_ms;
    }
}

/* Sweeps are as frequent as beats while all is calm, and then find nothing. */
static int64_t sweep_due_ms(const struct engine *engine)
{
    int beat_ms = engine->model->timing.beat_ms;

    return engine->swept_ms + (engine->odd ? beat_ms / 4 : beat_ms);
}

static void sweep(struct engine *engine, struct moment now, struct effects *effects)
{
    engine->swept_ms = now.boot_ms;
    engine->odd = belief_sweep(engine, now, effects);
    engine->odd |= hold_lead(engine, now, effects);
    record_refusals(engine, now, effects);
    time_lead(engine, now, effects);
    verbs_sweep(engine, now, effects);
    feature_raise(engine, now, effects);
    journal_lead(engine, now, effects);
    elect_hand_over(engine, now, effects);
}

void lead(struct engine *engine, struct moment now, bool routes, struct effects *effects)
{
    if (engine->role != RAFT_ROLE_LEADER)
        return;
    begin_term(engine, now, effects);
    if (!engine_leads(engine))
        return;
    belief_lead(engine, now, effects);
    notices_lead(engine, now, effects);
    verbs_hand_over(engine, now, effects);
    if (now.boot_ms >= sweep_due_ms(engine))
        sweep(engine, now, effects);
    if (routes || engine->routes_busy || now.boot_ms >= engine->routes_ms)
        route_lead(engine, now, effects);
}

int64_t lead_due_ms(const struct engine *engine)
{
    int64_t due_ms = sweep_due_ms(engine);

    if (!engine_leads(engine))
        return INT64_MAX;
    engine_due(&due_ms, engine->routes_ms);
    engine_due(&due_ms, engine->notices_ms);
    if (engine->routes_busy)
        engine_due(&due_ms, engine->stepped_ms + engine->model->timing.beat_ms / 4);
    return due_ms;
}

void lead_member(struct engine *engine, const struct event *event, struct effects *effects)
{
    struct entry *entry;

    if (!engine_leads(engine))
        return;
    entry = engine_propose(engine, event->now, ENTRY_MEMBER, event->member.server, effects);
    if (entry == NULL)
        return;
    entry->node.server = event->member.server;
    entry->node.raft_id = event->member.raft_id;
}
