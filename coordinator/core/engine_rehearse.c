/* What a command would come to: tried on a copy of the state. What is decided where entries are
 * applied cannot differ from what is foretold, because it is the same code. */
#include "base/mem.h"
#include "core/engine_private.h"
#include "core/feature.h"

#include <stdio.h>
#include <string.h>

/* Which rule, by which facts. */
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

static void say(struct rehearsal *rehearsal, int code, const char *text)
{
    rehearsal->code = code;
    snprintf(rehearsal->text, sizeof rehearsal->text, "%s", text);
}

/* False: there would be no entry. */
static bool make_move(const struct engine *engine, struct moment now, const struct command *command,
                      struct entry *entry, struct rehearsal *rehearsal)
{
    const struct rule *rule;
    uint32_t facts;

    if (!command_names_route(engine, command)) {
        say(rehearsal, ERR_INVALID, "no such route or candidate");
        return false;
    }
    facts = route_facts_asked(engine, now, command);
    rule = route_rule(engine, command->route, facts);
    rehearsal->rule = rule;
    rehearsal->code = rule->action == ACTION_MOVE_TO ? 0 : ERR_REFUSED;
    describe(rule, facts, rehearsal->text, sizeof rehearsal->text);
    if (rule->with & FACT_NO_QUORUM)
        return false; /* it could not be recorded either */
    entry->kind = rule->action == ACTION_MOVE_TO ? ENTRY_INTENT : ENTRY_REFUSED;
    route_fill(engine, now, rule, facts, command, entry);
    return true;
}

static bool make_verb(const struct engine *engine, struct moment now, const struct command *command,
                      struct entry *entry, struct rehearsal *rehearsal)
{
    const char *error = verbs_error(engine, command);
    uint32_t level = feature_of(verbs_kind(command->kind));

    if (error != NULL) {
        say(rehearsal, ERR_INVALID, error);
        return false;
    }
    if (server_count(engine->heard & engine->voters) < engine->majority) {
        say(rehearsal, ERR_UNAVAILABLE, "no majority of voters is heard: nothing can be decided");
        return false;
    }
    if (level > engine->shared->level) {
        rehearsal->code = ERR_UNAVAILABLE;
        feature_why(engine, level, rehearsal->text, sizeof rehearsal->text);
        return false;
    }
    entry->kind = verbs_kind(command->kind);
    command_mark(entry, command);
    memcpy(entry->reason, command->reason, sizeof entry->reason);
    verbs_fill(engine, now, command, entry);
    return true;
}

/* What routes go by: as it is, and with the other state. */
static void look(const struct engine *engine, struct moment now, struct rehearsal *rehearsal)
{
    struct engine *then = mem_dup(engine, sizeof *engine);
    int r;

    then->shared = rehearsal->after;
    for (r = 0; r < engine->model->n_routes; r++) {
        rehearsal->now[r] = engine_route_view(engine, now, r, NULL);
        rehearsal->then[r] = engine_route_view(then, now, r, NULL);
    }
    mem_free(then);
}

static void apply(const struct engine *engine, struct entry *entry, ledger_emit *emit,
                  void *context, struct rehearsal *rehearsal)
{
    const struct command_state *answer;

    /* Of its own, whatever the client has used before. */
    memset(entry->id.bytes, 0xff, sizeof entry->id.bytes);
    rehearsal->after = shared_copy(engine->shared);
    shared_apply(rehearsal->after, engine->shared->index + 1, entry, emit, context);
    answer = shared_command(rehearsal->after, &entry->id);
    if (answer == NULL || rehearsal->rule != NULL)
        return;
    say(rehearsal, answer->result == COMMAND_REFUSED ? ERR_REFUSED : 0, answer->text);
}

void engine_rehearse(const struct engine *engine, struct moment now, const struct command *command,
                     ledger_emit *emit, void *context, struct rehearsal *rehearsal)
{
    struct entry entry = {
        .term = engine->term, .leader = engine->self, .time_ms = engine_time_ms(engine, now)};
    bool made;

    *rehearsal = (struct rehearsal){0};
    if (!engine_leads(engine) || engine->shared->model == NULL) {
        say(rehearsal, ERR_UNAVAILABLE, "this node does not lead");
        return;
    }
    entry.config_version = engine->shared->model->version;
    made = command_moves(command) ? make_move(engine, now, command, &entry, rehearsal)
                                  : make_verb(engine, now, command, &entry, rehearsal);
    if (!made)
        return;
    apply(engine, &entry, emit, context, rehearsal);
    entry_free(&entry);
    look(engine, now, rehearsal);
}
