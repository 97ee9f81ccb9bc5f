/* What is counted, and views for who shows it. Nothing here decides anything. */
#include "core/engine_private.h"

#include <string.h>

void count_probe(struct engine *engine, const struct event *event)
{
    enum check_kind kind = engine->model->checks[event->probe.check].kind;
    struct watch *watch = &engine->watches[event->probe.check];
    enum reason_class class = reason_class(event->probe.reason);

    if ((unsigned)event->probe.reason < REASON_COUNT)
        engine->counters.probes[kind][event->probe.reason]++;
    if (class == REASON_ABSTAIN)
        return; /* how long it took says nothing of the server */
    histogram_add(&engine->counters.probe_time[kind], event->probe.took_ms * 1000ull);
    watch->took_ms = event->probe.took_ms;
    watch->failures += class != REASON_GOOD;
}

/* From when a beat was sent to when its echo came, without what it lay there. */
static int64_t round_trip_ms(const struct engine *engine, struct moment now,
                             const struct beat *beat)
{
    const struct echo *echo = &beat->echoes[engine->self];
    int64_t ms;

    if (engine->self >= beat->n_echoes || !echo->known || echo->boot != engine->boot ||
        echo->number > engine->sent.newest || engine->sent.newest - echo->number >= PROMISE_RING)
        return -1;
    ms = now.boot_ms - engine->sent.sent_ms[echo->number % PROMISE_RING] - echo->age_ms;
    return ms > 0 ? ms : 0; /* each of the two clocks was read in whole ms */
}

/* Before the peer's newest beat is this one. */
void count_beat(struct engine *engine, struct moment now, const struct beat *beat)
{
    struct peer_counters *count = &engine->counters.peers[beat->from];
    const struct peer *peer = &engine->peers[beat->from];

    count->received++;
    if (peer->boot == beat->boot)
        count->lost += beat->number - peer->number - 1;
    count->round_trip_ms = round_trip_ms(engine, now, beat);
}

void count_raft(struct engine *engine, const struct event *event)
{
    struct counters *counters = &engine->counters;
    bool another_term = event->raft.term != engine->term;

    counters->leaders += event->raft.leader >= 0 && event->raft.leader != engine->leader;
    counters->candidacies +=
        event->raft.role == RAFT_ROLE_CANDIDATE && engine->role != RAFT_ROLE_CANDIDATE;
    counters->led +=
        event->raft.role == RAFT_ROLE_LEADER && (engine->role != RAFT_ROLE_LEADER || another_term);
}

void count_call(struct engine *engine, const struct event *event)
{
    int route = event->acted.route, actuator = event->acted.actuator;
    enum actuator_kind kind = engine->model->routes[route].actuators[actuator].kind;
    struct call_counters *count = &engine->counters.calls[route][actuator];

    count->calls++;
    count->failures += event->acted.code != 0;
    count->took_ms += event->acted.took_ms;
    histogram_add(&engine->counters.call_time[kind], event->acted.took_ms * 1000ull);
}

void count_command(struct engine *engine, const struct command *command)
{
    if ((unsigned)command->kind < COUNTED_COMMANDS)
        engine->counters.commands[command->kind]++;
}

void count_applied(struct engine *engine, const struct entry *entry)
{
    int receiver = entry->kind == ENTRY_NOTICE ? entry->notice.receiver : -1;

    if ((unsigned)entry->kind < COUNTED_ENTRIES)
        engine->counters.applied[entry->kind]++;
    if (receiver < 0 || receiver >= LIMIT_RECEIVERS ||
        entry->config_version != engine->model->version)
        return;
    engine->counters.receipts[receiver].accepted += entry->notice.act == NOTICE_ACT_ACCEPTED;
    engine->counters.receipts[receiver].failed += entry->notice.act == NOTICE_ACT_FAILED;
}

void count_reset(struct engine *engine)
{
    memset(engine->counters.calls, 0, sizeof engine->counters.calls);
    memset(engine->counters.receipts, 0, sizeof engine->counters.receipts);
}

const struct counters *engine_counters(const struct engine *engine)
{
    return &engine->counters;
}

struct check_view engine_check(const struct engine *engine, int check)
{
    const struct watch *watch = &engine->watches[check];

    return (struct check_view){.watched = (watch->assigned & server_bit(engine->self)) != 0,
                               .opinion = watch->sensor.opinion,
                               .reason = watch->sensor.reason,
                               .took_ms = watch->took_ms,
                               .failures = watch->failures};
}

int engine_commands_waiting(const struct engine *engine)
{
    return engine->n_waiters;
}
