/* What operators say besides moves: pauses, drains, who is to lead. Decided when the entry is
 * applied, so that two who ask at once cannot both be right; what is refused leaves a line too. */
#include "base/utc.h"
#include "core/shared_apply.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool shared_paused(const struct shared *shared, int route, int64_t utc_ms)
{
    return shared->pause.until_ms > utc_ms || shared->routes[route].pause.until_ms > utc_ms;
}

bool shared_drained(const struct shared *shared, int server)
{
    return shared->drains[server].since_ms != 0;
}

/* Who took others of the candidate out: "; a1 is drained by sato". */
static void name_drains(const struct shared *shared, const struct candidate *c, char *why)
{
    size_t used;
    int m;

    for (m = 0; m < c->n_members; m++) {
        used = strlen(why);
        if (shared_drained(shared, c->members[m]) && used < LIMIT_TEXT)
            snprintf(why + used, LIMIT_TEXT - used, "; %s is drained by %s",
                     shared->model->servers[c->members[m]].name, shared->drains[c->members[m]].who);
    }
}

/* How many of the route's active candidate would still be fit without the server; -1: it is
 * none of them, or is no loss. */
static int left_without(const struct shared *shared, int route, int server)
{
    int active = shared->routes[route].now.candidate;

    if (!(shared_candidate_standing(shared, route, active) & server_bit(server)))
        return -1;
    return server_count(shared_candidate_ok(shared, route, active) & ~server_bit(server));
}

bool shared_may_drain(const struct shared *shared, int server, char why[LIMIT_TEXT])
{
    const struct model *model = shared->model;
    int r, left;

    for (r = 0; r < model->n_routes; r++) {
        const struct route *route = &model->routes[r];
        const struct candidate *active = &route->candidates[shared->routes[r].now.candidate];

        left = left_without(shared, r, server);
        if (left < 0 || left >= active->least)
            continue;
        snprintf(why, LIMIT_TEXT,
                 "%s of route %s would be left with %d fit, and its least is %d: move the route "
                 "(switchover), or bring another server back first",
                 active->name, route->name, left, active->least);
        name_drains(shared, active, why);
        return false;
    }
    return true;
}

static void done(struct recorder *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void done(struct recorder *r, const char *format, ...)
{
    char text[LIMIT_TEXT];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    shared_remember(r->shared, r->entry, r->index, COMMAND_DONE, text);
}

void operator_refused(struct recorder *r, const char *subject, const char *format, ...)
{
    char why[LIMIT_TEXT];
    va_list args;

    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    shared_remember(r->shared, r->entry, r->index, COMMAND_REFUSED, why);
    if (r->entry->who[0] != '\0')
        record_operator_refused(r, subject, why);
}

/* ---- pauses ---- */

/* They stay in the state until their end is committed: an operator may be sooner. */
static bool runs(const struct pause *pause)
{
    return pause->until_ms != 0;
}

static void end_pause(struct recorder *r, struct pause *pause, const char *subject)
{
    bool expired = r->entry->pause.expired;

    if (!runs(pause)) {
        if (!expired)
            operator_refused(r, subject, "automatic moves are not paused");
        return;
    }
    if (expired && pause->until_ms > r->shared->time_ms)
        return; /* prolonged meanwhile */
    *pause = (struct pause){0};
    record_pause(r, pause);
    done(r, "automatic moves go on");
}

static void begin_pause(struct recorder *r, struct pause *pause, const char *subject)
{
    int64_t now_ms = r->shared->time_ms, until_ms = r->entry->pause.until_ms;
    char until[UTC_TEXT_MAX];

    if (until_ms <= now_ms || until_ms - now_ms > PAUSE_MAX_MS) {
        operator_refused(r, subject, "a pause ends in the future, within 7 days");
        return;
    }
    if (until_ms < pause->until_ms && strcmp(pause->who, r->entry->who) != 0) {
        utc_format(pause->until_ms, until);
        operator_refused(r, subject, "%s has paused it until %s: resume it first", pause->who,
                         until);
        return;
    }
    *pause = (struct pause){.since_ms = now_ms, .until_ms = until_ms};
    memcpy(pause->who, r->entry->who, sizeof pause->who);
    memcpy(pause->reason, r->entry->reason, sizeof pause->reason);
    record_pause(r, pause);
    utc_format(until_ms, until);
    done(r, "automatic moves are paused until %s", until);
}

void apply_pause(struct recorder *r)
{
    struct shared *shared = r->shared;
    int route = r->entry->pause.route;
    struct pause *pause;
    const char *subject;

    if (route < ROUTE_ALL || route >= shared->model->n_routes)
        return;
    pause = route == ROUTE_ALL ? &shared->pause : &shared->routes[route].pause;
    subject = route == ROUTE_ALL ? "all routes" : shared->model->routes[route].name;
    if (r->entry->pause.until_ms == 0)
        end_pause(r, pause, subject);
    else
        begin_pause(r, pause, subject);
}

/* ---- drains ---- */

static void begin_drain(struct recorder *r, int server, const char *name)
{
    struct drain *drain = &r->shared->drains[server];
    char why[LIMIT_TEXT];

    if (drain->since_ms != 0) {
        operator_refused(r, name, "%s has drained it already", drain->who);
        return;
    }
    if (!shared_may_drain(r->shared, server, why)) {
        operator_refused(r, name, "%s", why);
        return;
    }
    drain->since_ms = r->shared->time_ms;
    memcpy(drain->who, r->entry->who, sizeof drain->who);
    memcpy(drain->reason, r->entry->reason, sizeof drain->reason);
    record_drain(r, "drained");
    done(r, "%s leaves all pools; what it serves now may finish", name);
}

void apply_drain(struct recorder *r)
{
    int server = r->entry->drain.server;
    const char *name;

    if (server < 0 || server >= r->shared->model->n_servers)
        return;
    name = r->shared->model->servers[server].name;
    if (!r->entry->drain.end) {
        begin_drain(r, server, name);
        return;
    }
    if (!shared_drained(r->shared, server)) {
        operator_refused(r, name, "it is not drained");
        return;
    }
    r->shared->drains[server] = (struct drain){0};
    record_drain(r, "undrained");
    done(r, "%s may come back into its pools", name);
}

/* ---- who leads ---- */

static bool awaited(const struct handover *handover)
{
    return handover->until_ms != 0 && !handover->led;
}

static void answer(struct recorder *r, enum command_result result, const char *text)
{
    struct entry answered = {.id = r->shared->handover.command};

    shared_remember(r->shared, &answered, r->index, result, text);
}

/* It came to nothing: one under way, or, with a command's id, one that may not begin. */
static void fail_handover(struct recorder *r, const char *name)
{
    struct handover *handover = &r->shared->handover;

    if (r->entry->who[0] != '\0') {
        operator_refused(r, name, "%s", r->entry->reason);
    } else if (awaited(handover) && handover->server == r->entry->handover.server) {
        record_handover(r, "handover-failed");
        answer(r, COMMAND_REFUSED, r->entry->reason);
        *handover = (struct handover){0};
    }
}

void apply_handover(struct recorder *r)
{
    const struct model *model = r->shared->model;
    struct handover *handover = &r->shared->handover;
    int server = r->entry->handover.server;

    if (server < 0 || server >= model->n_coordinators)
        return;
    if (r->entry->handover.failed) {
        fail_handover(r, model->servers[server].name);
    } else if (model->servers[server].role != MEMBER_VOTER) {
        operator_refused(r, model->servers[server].name, "it has no vote: only a voter can lead");
    } else if (awaited(handover)) {
        operator_refused(r, model->servers[server].name, "the lead is just going to %s",
                         model->servers[handover->server].name);
    } else if (server == r->shared->leader) {
        operator_refused(r, model->servers[server].name, "it leads already");
    } else {
        *handover = (struct handover){.server = server,
                                      .until_ms = r->shared->time_ms + HANDOVER_KEPT_MS,
                                      .command = r->entry->id};
        record_handover(r, "handover");
        shared_remember(r->shared, r->entry, r->index, COMMAND_PENDING, "under way");
    }
}

void apply_led(struct recorder *r)
{
    struct handover *handover = &r->shared->handover;
    const struct model *model = r->shared->model;
    char text[LIMIT_TEXT];
    bool chosen;

    if (handover->until_ms == 0 || model == NULL || r->shared->leader < 0 ||
        r->shared->leader >= model->n_coordinators)
        return;
    chosen = r->shared->leader == handover->server;
    snprintf(text, sizeof text, chosen ? "%s leads" : "%s leads instead: look again",
             model->servers[r->shared->leader].name);
    if (!handover->led)
        answer(r, chosen ? COMMAND_DONE : COMMAND_REFUSED, text);
    handover->led = true;
    if (!chosen)
        *handover = (struct handover){0};
}
