/* Operators' commands: answered once, whatever happens to the leader in between. */
#include "base/utc.h"
#include "core/engine_private.h"
#include "core/feature.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define COMMAND_WAIT_MS 15000

void command_reply(struct effects *effects, const struct command_id *id, int code,
                   const char *format, ...)
{
    struct effect *effect = engine_add(effects, EFFECT_REPLY);
    va_list args;

    effect->reply.id = *id;
    effect->reply.code = code;
    va_start(args, format);
    vsnprintf(effect->reply.text, sizeof effect->reply.text, format, args);
    va_end(args);
}

static struct waiter *waiter_of(struct engine *engine, const struct command_id *id)
{
    int i;

    for (i = 0; i < engine->n_waiters; i++)
        if (memcmp(&engine->waiters[i].command.id, id, sizeof *id) == 0)
            return &engine->waiters[i];
    return NULL;
}

static void wait_for(struct engine *engine, struct moment now, const struct command *command,
                     bool undecided, struct effects *effects)
{
    struct waiter *waiter;

    if (engine->n_waiters == ENGINE_WAITERS_MAX) {
        command_reply(effects, &command->id, ERR_LIMIT,
                      "too many commands wait for their end: ask again");
        return;
    }
    waiter = &engine->waiters[engine->n_waiters++];
    *waiter = (struct waiter){.command = *command,
                              .undecided = undecided,
                              .config_version = engine->model->version,
                              .deadline_ms = now.boot_ms + COMMAND_WAIT_MS};
    waiter->command.incident.ja = waiter->command.incident.en = NULL; /* were lent */
}

void command_mark(struct entry *entry, const struct command *command)
{
    entry->id = command->id;
    entry->digest = command->digest;
    memcpy(entry->who, command->who, sizeof entry->who);
}

struct entry *command_propose(struct engine *engine, struct moment now, enum entry_kind kind,
                              const struct command *command, struct effects *effects)
{
    /* Its own key: it is beside whatever else is under way. */
    struct entry *entry = engine_propose(engine, now, kind, (int)engine->proposals, effects);
    char text[LIMIT_TEXT * 2];

    if (feature_of(kind) > engine->shared->level) {
        feature_why(engine, feature_of(kind), text, sizeof text);
        command_reply(effects, &command->id, ERR_UNAVAILABLE, "%s", text);
        return NULL;
    }
    if (entry == NULL) {
        command_reply(effects, &command->id, ERR_LIMIT, "too much is being decided: ask again");
        return NULL;
    }
    command_mark(entry, command);
    memcpy(entry->reason, command->reason, sizeof entry->reason);
    return entry;
}

/* ---- moves ---- */

static void print_move(const struct engine *engine, struct moment now, int route, char *text,
                       size_t size)
{
    const struct route_state *state = &engine->shared->routes[route];
    const struct route *r = &engine->model->routes[route];
    const char *to = r->candidates[state->now.candidate].name;
    long long ago_s = (long long)(engine_time_ms(engine, now) - state->intent_ms) / 1000;

    if (ago_s < 0)
        ago_s = 0;
    if (state->moved_ms != UTC_NONE)
        snprintf(text, size, "a change of %s's pool is under way (epoch %u, step %u, ", to,
                 state->now.epoch, state->now.step);
    else if (state->who[0] == '\0')
        snprintf(text, size, "an automatic move to %s, begun %lld s ago, is under way (epoch %u, ",
                 to, ago_s, state->now.epoch);
    else
        snprintf(text, size, "%s's %s to %s, asked %lld s ago, is under way (epoch %u, ",
                 state->who, state->planned ? "switchover" : "failover", to, ago_s,
                 state->now.epoch);
}

void route_holder(const struct engine *engine, struct moment now, int route, char *text,
                  size_t size)
{
    const struct route_state *state = &engine->shared->routes[route];
    const struct route *r = &engine->model->routes[route];
    const char *before = "actuators ";
    size_t used;
    int a;

    print_move(engine, now, route, text, size);
    used = strlen(text);
    if (state->phase == ROUTE_WAITING) {
        snprintf(text + used, size - used, "waiting for grants)");
        return;
    }
    for (a = 0; a < r->n_actuators; a++) {
        if (state->done >> a & 1)
            continue;
        used = strlen(text);
        snprintf(text + used, size - used, "%s%s", before, r->actuators[a].name);
        before = ", ";
    }
    used = strlen(text);
    snprintf(text + used, size - used,
             state->done == (1u << r->n_actuators) - 1 ? "to be verified)" : " pending)");
}

static bool being_decided(const struct engine *engine, int route)
{
    return engine_pending(engine, ENTRY_INTENT, route) ||
           engine_pending(engine, ENTRY_REFUSED, route);
}

enum decision { ANSWERED, PROPOSED, UNDECIDED };

static enum decision decide(struct engine *engine, struct moment now, const struct command *command,
                            struct effects *effects)
{
    uint32_t facts = route_facts_asked(engine, now, command);
    const struct rule *rule = route_rule(engine, command->route, facts);

    if (rule->with & FACT_NO_QUORUM) { /* it could not be recorded either */
        command_reply(effects, &command->id, ERR_UNAVAILABLE, "%s", rule->comment);
        return ANSWERED;
    }
    if (being_decided(engine, command->route))
        return UNDECIDED;
    route_do(engine, now, command->route, rule, facts, command, effects);
    return being_decided(engine, command->route) ? PROPOSED : UNDECIDED;
}

bool command_moves(const struct command *command)
{
    return command->kind == COMMAND_SWITCHOVER || command->kind == COMMAND_FAILOVER;
}

bool command_names_route(const struct engine *engine, const struct command *command)
{
    return command->route >= 0 && command->route < engine->model->n_routes && command->to >= 0 &&
           command->to < engine->model->routes[command->route].n_candidates;
}

static void take_move(struct engine *engine, struct moment now, const struct command *command,
                      struct effects *effects)
{
    enum decision decision;

    if (!command_names_route(engine, command)) {
        command_reply(effects, &command->id, ERR_INVALID, "no such route or candidate");
        return;
    }
    decision = decide(engine, now, command, effects);
    if (decision != ANSWERED)
        wait_for(engine, now, command, decision == UNDECIDED, effects);
}

/* ---- the rest ---- */

static void rehearse(struct engine *engine, struct moment now, const struct command *command,
                     struct effects *effects)
{
    struct rehearsal rehearsal;

    engine_rehearse(engine, now, command, NULL, NULL, &rehearsal);
    command_reply(effects, &command->id, rehearsal.code, "%s", rehearsal.text);
    shared_copy_free(rehearsal.after);
}

void command_take(struct engine *engine, const struct event *event, struct effects *effects)
{
    const struct command *command = event->command;
    struct moment now = event->now;

    if (!engine_leads(engine)) {
        command_reply(effects, &command->id, ERR_UNAVAILABLE, "this node does not lead");
        return;
    }
    if (command->dry_run) {
        rehearse(engine, now, command, effects);
        return;
    }
    if (waiter_of(engine, &command->id) != NULL)
        return; /* one answer is for both */
    count_command(engine, command);
    if (shared_command(engine->shared, &command->id) != NULL)
        wait_for(engine, now, command, false, effects);
    else if (command_moves(command))
        take_move(engine, now, command, effects);
    else if (server_count(engine->heard & engine->voters) < engine->majority)
        command_reply(effects, &command->id, ERR_UNAVAILABLE,
                      "no majority of voters is heard: nothing can be decided");
    else if (verbs_take(engine, now, command, effects))
        wait_for(engine, now, command, false, effects);
}

/* Who hands over leads no more, and sees all the same whether the other does. */
static bool may_outlive_lead(const struct command *command)
{
    return command->kind == COMMAND_HANDOVER;
}

/* The id stands for another command: its answer is none to this one. */
static bool used_before(const struct command_state *state, const struct command *command,
                        struct effects *effects)
{
    char id[2 * sizeof command->id.bytes + 1];
    size_t i;

    if (state == NULL || state->digest == command->digest || state->digest == 0 ||
        command->digest == 0)
        return false;
    for (i = 0; i < sizeof command->id.bytes; i++)
        snprintf(id + 2 * i, 3, "%02x", command->id.bytes[i]);
    command_reply(effects, &command->id, ERR_INVALID,
                  "command id %s stands for another command (log index %llu: \"%.120s\"): take a "
                  "new one",
                  id, (unsigned long long)state->index, state->text);
    return true;
}

static bool settled(const struct engine *engine, struct moment now, const struct waiter *waiter,
                    struct effects *effects)
{
    const struct command_id *id = &waiter->command.id;
    const struct command_state *state = shared_command(engine->shared, id);

    if (used_before(state, &waiter->command, effects))
        return true;
    if (state != NULL && state->result == COMMAND_DONE)
        command_reply(effects, id, 0, "%s", state->text);
    else if (state != NULL && state->result == COMMAND_REFUSED)
        command_reply(effects, id, ERR_REFUSED, "%s", state->text);
    else if (!engine_leads(engine) && !may_outlive_lead(&waiter->command))
        command_reply(effects, id, ERR_UNAVAILABLE,
                      "the leader changed meanwhile: ask again with the same command id");
    else if (now.boot_ms >= waiter->deadline_ms)
        command_reply(effects, id, ERR_TIMEOUT,
                      state != NULL ? "committed, but not every actuator has confirmed it yet"
                                    : "not committed in time: ask again with the same command id");
    else
        return false;
    return true;
}

/* What it waited for is decided: it is looked at in the situation that there is now. */
static bool look_again(struct engine *engine, struct moment now, struct waiter *waiter,
                       struct effects *effects)
{
    const struct command *command = &waiter->command;
    enum decision decision;

    if (!waiter->undecided || !engine_leads(engine) ||
        shared_command(engine->shared, &command->id) != NULL)
        return false;
    if (waiter->config_version != engine->model->version) {
        command_reply(effects, &command->id, ERR_REFUSED,
                      "the configuration changed meanwhile: look again");
        return true;
    }
    decision = decide(engine, now, command, effects);
    waiter->undecided = decision == UNDECIDED;
    return decision == ANSWERED;
}

void command_settle(struct engine *engine, struct moment now, struct effects *effects)
{
    int i = 0;

    while (i < engine->n_waiters) {
        struct waiter *waiter = &engine->waiters[i];

        if (look_again(engine, now, waiter, effects) || settled(engine, now, waiter, effects))
            *waiter = engine->waiters[--engine->n_waiters];
        else
            i++;
    }
}
