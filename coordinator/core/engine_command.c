/* Operators' commands: answered once, whatever happens to the leader in between. */
#include "base/check.h"
#include "core/engine_private.h"

#include <stdio.h>
#include <string.h>

#define COMMAND_WAIT_MS 15000
#define NOTICE_MS (14ll * 24 * 3600 * 1000) /* regular maintenance is announced so long ahead */

static void reply(struct effects *effects, const struct command_id *id, int code, const char *text)
{
    struct effect *effect = engine_add(effects, EFFECT_REPLY);

    effect->reply.id = *id;
    effect->reply.code = code;
    snprintf(effect->reply.text, sizeof effect->reply.text, "%s", text);
}

static void wait_for(struct engine *engine, struct moment now, const struct command_id *id,
                     struct effects *effects)
{
    int i;

    for (i = 0; i < engine->n_waiters; i++)
        if (memcmp(&engine->waiters[i].id, id, sizeof *id) == 0)
            return;
    if (engine->n_waiters == ENGINE_WAITERS_MAX) {
        reply(effects, id, ERR_LIMIT, "too many commands wait for their end: ask again");
        return;
    }
    engine->waiters[engine->n_waiters++] =
        (struct waiter){.id = *id, .deadline_ms = now.boot_ms + COMMAND_WAIT_MS};
}

/* What a rule says of a command, with the facts it saw, for --dry-run. */
static void describe(const struct rule *rule, uint32_t facts, char *text, size_t size)
{
    size_t used;
    int bit;

    snprintf(text, size, "rule %u: %s; facts:", rule->number, rule->comment);
    for (bit = 0; bit < FACT_COUNT; bit++) {
        used = strlen(text);
        if ((facts & (1u << bit)) && used < size)
            snprintf(text + used, size - used, " %s", fact_name(bit));
    }
}

static void take_move(struct engine *engine, struct moment now, const struct command *command,
                      struct effects *effects)
{
    char text[LIMIT_TEXT * 2];
    const struct rule *rule;
    uint32_t facts;

    if (command->route < 0 || command->route >= engine->model->n_routes || command->to < 0 ||
        command->to >= engine->model->routes[command->route].n_candidates) {
        reply(effects, &command->id, ERR_INVALID, "no such route or candidate");
        return;
    }
    facts = route_facts(engine, now, command->route) | route_asked(engine, command);
    rule = route_rule(engine, command->route, facts);
    if (command->dry_run) {
        describe(rule, facts, text, sizeof text);
        reply(effects, &command->id, rule->action == ACTION_MOVE_TO ? 0 : ERR_REFUSED, text);
        return;
    }
    if (engine_pending(engine, ENTRY_INTENT, command->route) ||
        engine_pending(engine, ENTRY_REFUSED, command->route)) {
        reply(effects, &command->id, ERR_REFUSED, "another move is being decided: ask again");
        return;
    }
    route_do(engine, now, command->route, rule, facts, command, effects);
    wait_for(engine, now, &command->id, effects);
}

static const char *window_error(struct moment now, const struct command *command)
{
    const struct window_state *w = &command->window;
    bool any = false;
    size_t i;

    if (command->kind == COMMAND_WINDOW_END)
        return NULL;
    for (i = 0; i < ARRAY_LEN(w->functions); i++)
        any = any || w->functions[i] != 0;
    if (!any)
        return "a window must name at least one function that stops";
    if (w->end_ms <= w->start_ms)
        return "a window must end after it starts";
    if (w->end_ms <= now.utc_ms)
        return "a window must end in the future";
    if (!w->emergency && !w->short_notice && w->start_ms - now.utc_ms < NOTICE_MS)
        return "regular maintenance is announced 14 days ahead: give --override-notice to add it "
               "all the same";
    return NULL;
}

static void take_window(struct engine *engine, struct moment now, const struct command *command,
                        struct effects *effects)
{
    const char *error = window_error(now, command);
    struct entry *entry;

    if (error != NULL) {
        reply(effects, &command->id, ERR_REFUSED, error);
        return;
    }
    entry = engine_propose(engine, now, ENTRY_WINDOW, (int)engine->proposals, effects);
    if (entry == NULL) {
        reply(effects, &command->id, ERR_LIMIT, "too much is being decided: ask again");
        return;
    }
    entry->id = command->id;
    memcpy(entry->who, command->who, sizeof entry->who);
    memcpy(entry->reason, command->reason, sizeof entry->reason);
    entry->window.end = command->kind == COMMAND_WINDOW_END;
    entry->window.window = command->window.id;
    entry->window.emergency = command->window.emergency;
    /* Recorded as short only when it was: the override alone is not one. */
    entry->window.short_notice = !command->window.emergency && !entry->window.end &&
                                 command->window.start_ms - now.utc_ms < NOTICE_MS;
    entry->window.start_ms = command->window.start_ms;
    entry->window.end_ms = command->window.end_ms;
    memcpy(entry->window.functions, command->window.functions, sizeof entry->window.functions);
    wait_for(engine, now, &command->id, effects);
}

void command_take(struct engine *engine, const struct event *event, struct effects *effects)
{
    const struct command *command = event->command;

    if (!engine_leads(engine)) {
        reply(effects, &command->id, ERR_UNAVAILABLE, "this node does not lead");
        return;
    }
    if (shared_command(engine->shared, &command->id) != NULL) {
        wait_for(engine, event->now, &command->id, effects);
        return;
    }
    if (command->kind == COMMAND_SWITCHOVER || command->kind == COMMAND_FAILOVER)
        take_move(engine, event->now, command, effects);
    else
        take_window(engine, event->now, command, effects);
}

static bool settled(const struct engine *engine, struct moment now, const struct waiter *waiter,
                    struct effects *effects)
{
    const struct command_state *state = shared_command(engine->shared, &waiter->id);

    if (state != NULL && state->result == COMMAND_DONE)
        reply(effects, &waiter->id, 0, state->text);
    else if (state != NULL && state->result == COMMAND_REFUSED)
        reply(effects, &waiter->id, ERR_REFUSED, state->text);
    else if (!engine_leads(engine))
        reply(effects, &waiter->id, ERR_UNAVAILABLE,
              "the leader changed meanwhile: ask again with the same command id");
    else if (now.boot_ms >= waiter->deadline_ms)
        reply(effects, &waiter->id, ERR_TIMEOUT,
              state != NULL ? "committed, but not every actuator has confirmed it yet"
                            : "not committed in time: ask again with the same command id");
    else
        return false;
    return true;
}

void command_settle(struct engine *engine, struct moment now, struct effects *effects)
{
    int i = 0;

    while (i < engine->n_waiters) {
        if (settled(engine, now, &engine->waiters[i], effects))
            engine->waiters[i] = engine->waiters[--engine->n_waiters];
        else
            i++;
    }
}
