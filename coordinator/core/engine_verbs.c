/* Operators' verbs besides moves: maintenance, pauses, drains, who is to lead, incidents. What they
 * come to is decided where their entries are applied (shared_operator.c); here is what only the
 * leader knows: the time, and who is heard. */
#include "base/check.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/utc.h"
#include "core/engine_private.h"

#include <stdio.h>
#include <string.h>

#define NOTICE_MS (14ll * 24 * 3600 * 1000)     /* regular maintenance is announced so long ahead */
#define WINDOW_MAX_MS (31ll * 24 * 3600 * 1000) /* a slip of the year stops no route for one */
#define HANDOVER_WAIT_MS 6000
#define HANDOVER_AGAIN_MS 1500

/* ---- maintenance ---- */

/* Does what is announced now begin too soon? */
static bool too_soon(const struct engine *engine, struct moment now, const struct command *command)
{
    const struct window_state *w = &command->window;
    int64_t start_ms = w->start_ms;

    if (command->kind == COMMAND_WINDOW_END)
        return false;
    if (command->kind == COMMAND_WINDOW_EXTEND) {
        w = shared_window(engine->shared, command->window.id);
        if (w == NULL)
            return false;
        start_ms = w->end_ms;
    }
    return !w->emergency && start_ms - engine_time_ms(engine, now) < NOTICE_MS;
}

static const char *window_error(int64_t utc_ms, const struct command *command)
{
    const struct window_state *w = &command->window;
    bool any = false;
    size_t i;

    if (command->kind == COMMAND_WINDOW_EXTEND && w->end_ms - utc_ms > WINDOW_MAX_MS)
        return "a window is extended to 31 days from now at most";
    if (command->kind != COMMAND_WINDOW_ADD)
        return NULL;
    for (i = 0; i < ARRAY_LEN(w->functions); i++)
        any = any || w->functions[i] != 0;
    if (!any)
        return "a window must name at least one function that stops";
    if (w->end_ms <= w->start_ms)
        return "a window must end after it starts";
    if (w->end_ms <= utc_ms)
        return "a window must end in the future";
    if (w->end_ms - w->start_ms > WINDOW_MAX_MS)
        return "a window lasts 31 days at most: the month's report would be of nothing";
    return NULL;
}

static void fill_window(const struct engine *engine, struct moment now,
                        const struct command *command, struct entry *entry)
{
    const char *error = window_error(engine_time_ms(engine, now), command);
    bool soon = too_soon(engine, now, command);

    if (error == NULL && soon && !command->window.short_notice)
        error = "regular maintenance is announced 14 days ahead: give --override-notice to have "
                "it all the same (it is recorded), or declare an emergency";
    if (error != NULL)
        snprintf(entry->reason, sizeof entry->reason, "%s", error);
    entry->window.refused = error != NULL;
    entry->window.end = command->kind == COMMAND_WINDOW_END;
    entry->window.extend = command->kind == COMMAND_WINDOW_EXTEND;
    entry->window.window = command->window.id;
    entry->window.emergency = command->window.emergency;
    /* Recorded as short only when it was: the override alone is not one. */
    entry->window.short_notice = soon;
    entry->window.start_ms = command->window.start_ms;
    entry->window.end_ms = command->window.end_ms;
    memcpy(entry->window.functions, command->window.functions, sizeof entry->window.functions);
}

/* ---- pauses ---- */

static void end_if_over(struct engine *engine, struct moment now, int route,
                        const struct pause *pause, struct effects *effects)
{
    struct entry *entry;

    if (pause->until_ms == 0 || pause->until_ms > engine_time_ms(engine, now))
        return;
    /* Commands' keys are not negative. */
    entry = engine_propose(engine, now, ENTRY_PAUSE, -2 - route, effects);
    if (entry == NULL)
        return;
    entry->pause.route = route;
    entry->pause.expired = true;
}

void verbs_sweep(struct engine *engine, struct moment now, struct effects *effects)
{
    int r;

    end_if_over(engine, now, ROUTE_ALL, &engine->shared->pause, effects);
    for (r = 0; r < engine->model->n_routes; r++)
        end_if_over(engine, now, r, &engine->shared->routes[r].pause, effects);
}

/* ---- who leads ---- */

/* Would it take over soon? */
static const char *handover_error(const struct engine *engine, int server)
{
    const struct peer *peer = &engine->peers[server];

    if (server == engine->self)
        return "it leads already";
    if (engine->model->servers[server].role != MEMBER_VOTER)
        return "it has no vote: only a voter can lead";
    if (peer->rx_ms == BOOT_NEVER || peer->detector.silent)
        return "it is not heard now: only a voter that is can lead";
    if (peer->abstain)
        return "it does not trust itself now: it stood still, or hears too few";
    return NULL;
}

static void give_up(struct engine *engine, struct moment now, struct effects *effects)
{
    int server = engine->shared->handover.server;
    struct entry *entry = engine_propose(engine, now, ENTRY_HANDOVER, -1, effects);

    if (entry == NULL)
        return;
    entry->handover.server = server;
    entry->handover.failed = true;
    snprintf(entry->reason, sizeof entry->reason, "%s did not take over in %d s: %s leads on",
             engine->model->servers[server].name, HANDOVER_WAIT_MS / 1000,
             engine->model->servers[engine->self].name);
}

void verbs_hand_over(struct engine *engine, struct moment now, struct effects *effects)
{
    const struct handover *handover = &engine->shared->handover;

    if (handover->until_ms == 0 || handover->led) {
        engine->chosen_ms = 0;
        return;
    }
    if (engine->chosen_ms == 0)
        engine->chosen_ms = now.boot_ms;
    else if (now.boot_ms - engine->chosen_ms >= HANDOVER_WAIT_MS)
        give_up(engine, now, effects);
    if (engine->transferred_ms >= engine->chosen_ms &&
        now.boot_ms - engine->transferred_ms < HANDOVER_AGAIN_MS)
        return;
    if (handover_error(engine, handover->server) != NULL)
        return; /* not now: it may be heard again before this is given up */
    engine->transferred_ms = now.boot_ms;
    engine_log(effects, LOG_LEVEL_INFO, "hand-over", "an operator wants %s to lead",
               engine->model->servers[handover->server].name);
    engine_add(effects, EFFECT_TRANSFER)->server = handover->server;
}

bool verbs_chosen(const struct engine *engine, struct moment now)
{
    const struct handover *handover = &engine->shared->handover;

    return handover->led && handover->server == engine->self &&
           handover->until_ms > engine_time_ms(engine, now);
}

/* ---- all of them ---- */

enum entry_kind verbs_kind(enum command_kind kind)
{
    switch (kind) {
    case COMMAND_WINDOW_ADD:
    case COMMAND_WINDOW_END:
    case COMMAND_WINDOW_EXTEND:
        return ENTRY_WINDOW;
    case COMMAND_PAUSE:
    case COMMAND_RESUME:
        return ENTRY_PAUSE;
    case COMMAND_DRAIN:
    case COMMAND_UNDRAIN:
        return ENTRY_DRAIN;
    case COMMAND_HANDOVER:
        return ENTRY_HANDOVER;
    case COMMAND_AMEND:
    case COMMAND_ANNOTATE:
        return ENTRY_INCIDENT;
    case COMMAND_ACKNOWLEDGE:
        return ENTRY_ACKNOWLEDGED;
    case COMMAND_POST:
        return ENTRY_POST;
    case COMMAND_NOTICE_TEST:
        return ENTRY_NOTICE;
    case COMMAND_SWITCHOVER:
    case COMMAND_FAILOVER:
        break;
    }
    CHECK(!"a verb");
    return ENTRY_WINDOW;
}

const char *verbs_error(const struct engine *engine, const struct command *command)
{
    const struct model *model = engine->model;

    switch (verbs_kind(command->kind)) {
    case ENTRY_PAUSE:
        if (command->route < ROUTE_ALL || command->route >= model->n_routes)
            return "no such route";
        return command->for_ms > PAUSE_MAX_MS ? "a pause is no longer than 7 days" : NULL;
    case ENTRY_DRAIN:
        return command->server < 0 || command->server >= model->n_servers ? "no such server" : NULL;
    case ENTRY_HANDOVER:
        return command->server < 0 || command->server >= model->n_coordinators
                   ? "no such coordinator"
                   : NULL;
    case ENTRY_INCIDENT:
    case ENTRY_ACKNOWLEDGED:
    case ENTRY_POST:
        return command->incident.outage >= engine->shared->ledger.size
                   ? "the ledger has no such entry"
                   : NULL;
    default:
        return NULL;
    }
}

static void fill_test(const struct command *command, struct entry *entry)
{
    entry->notice.act = NOTICE_ACT_TEST;
    entry->notice.receivers = command->receivers;
}

static char *text_copy(const char *text)
{
    return text != NULL ? mem_strdup(text) : NULL;
}

void verbs_fill(const struct engine *engine, struct moment now, const struct command *command,
                struct entry *entry)
{
    const char *error;

    switch (verbs_kind(command->kind)) {
    case ENTRY_PAUSE:
        entry->pause.route = command->route;
        entry->pause.until_ms =
            command->kind == COMMAND_RESUME ? 0 : engine_time_ms(engine, now) + command->for_ms;
        break;
    case ENTRY_DRAIN:
        entry->drain.server = command->server;
        entry->drain.end = command->kind == COMMAND_UNDRAIN;
        break;
    case ENTRY_HANDOVER:
        error = handover_error(engine, command->server);
        entry->handover.server = command->server;
        entry->handover.failed = error != NULL;
        if (error != NULL)
            snprintf(entry->reason, sizeof entry->reason, "%s", error);
        break;
    case ENTRY_INCIDENT:
        entry->incident.outage = command->incident.outage;
        entry->incident.severity = command->incident.severity;
        entry->incident.cause = command->incident.cause;
        entry->incident.note = command->kind == COMMAND_ANNOTATE;
        break;
    case ENTRY_ACKNOWLEDGED:
        entry->acknowledged.outage = command->incident.outage;
        break;
    case ENTRY_NOTICE:
        fill_test(command, entry);
        break;
    case ENTRY_POST:
        entry->post.outage = command->incident.outage;
        entry->post.status = command->incident.status;
        entry->post.ja = text_copy(command->incident.ja);
        entry->post.en = text_copy(command->incident.en);
        break;
    default:
        fill_window(engine, now, command, entry);
        break;
    }
}

bool verbs_take(struct engine *engine, struct moment now, const struct command *command,
                struct effects *effects)
{
    const char *error = verbs_error(engine, command);
    struct entry *entry;

    if (error != NULL) {
        command_reply(effects, &command->id, ERR_INVALID, "%s", error);
        return false;
    }
    entry = command_propose(engine, now, verbs_kind(command->kind), command, effects);
    if (entry != NULL)
        verbs_fill(engine, now, command, entry);
    return entry != NULL;
}
