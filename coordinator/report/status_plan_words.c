/* What a command would change: the state as it is beside the state with the command applied. */
#include "base/utc.h"
#include "core/account/contract.h"
#include "report/status_plan.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define DAY_MS 86400000ll
#define NOTICE_DAYS 14

static void say(const struct plan *plan, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void say(const struct plan *plan, const char *format, ...)
{
    char text[LIMIT_TEXT * 4];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    plan->say(plan->context, text);
}

static const char *at(int64_t utc_ms, char text[UTC_TEXT_MAX])
{
    utc_format(utc_ms, text);
    return text;
}

/* ---- routes ---- */

static void names_of(const struct model *model, server_set set, struct buf *out)
{
    int i;

    for (i = 0; i < model->n_servers; i++)
        if (set & server_bit(i))
            buf_printf(out, "%s%s", out->len > 0 ? ", " : "", model->servers[i].name);
}

static void say_servers(const struct plan *plan, const char *before, server_set set)
{
    struct buf names = {0};

    names_of(engine_model(plan->engine), set, &names);
    if (names.len > 0)
        say(plan, "%s: %s", before, buf_cstr(&names));
    buf_free(&names);
}

static void say_actuators(const struct plan *plan, const struct route *route)
{
    struct buf names = {0};
    int a;

    for (a = 0; a < route->n_actuators; a++)
        buf_printf(&names, "%s%s%s", a > 0 ? ", " : "", route->actuators[a].name,
                   route->actuators[a].optional ? " (optional)" : "");
    say(plan, "told: %s", names.len > 0 ? buf_cstr(&names) : "no actuator");
    buf_free(&names);
}

static void say_move(const struct plan *plan, int r)
{
    const struct model *model = engine_model(plan->engine);
    const struct route *route = &model->routes[r];
    const struct route_state *was = &engine_shared(plan->engine)->routes[r],
                             *is = &plan->rehearsal->after->routes[r];
    char until[UTC_TEXT_MAX];
    int i;

    say(plan, "route %s goes from %s to %s, epoch %u -> %u", route->name,
        route->candidates[was->now.candidate].name, route->candidates[is->now.candidate].name,
        was->now.epoch, is->now.epoch);
    say_servers(plan, "serving then", is->now.members);
    if (is->now.draining != 0) {
        say_servers(plan, "may finish what they have", is->now.draining);
        say(plan, "until: %s", at(is->grace_until_ms, until));
    }
    say_actuators(plan, route);
    if (route->kind == ROUTE_EXCLUSIVE)
        say(plan, "exclusive: they are told when nobody who serves now can serve any more");
    for (i = 0; i < model->n_routes; i++)
        if (model->routes[i].follows == r)
            say(plan, "route %s follows, if its candidate there is ready", model->routes[i].name);
    if (was->held != is->held)
        say(plan,
            is->held ? "route %s is held: nothing moves it by itself until an operator does"
                     : "route %s is held no longer: automatic moves are counted anew",
            route->name);
}

static void say_routes(const struct plan *plan)
{
    const struct model *model = engine_model(plan->engine);
    int r;

    for (r = 0; r < model->n_routes; r++)
        if (engine_shared(plan->engine)->routes[r].now.epoch !=
            plan->rehearsal->after->routes[r].now.epoch)
            say_move(plan, r);
}

static void say_functions(const struct plan *plan)
{
    const struct model *model = engine_model(plan->engine);
    int f;

    for (f = 0; f < model->n_functions; f++) {
        bool was = engine_shared(plan->engine)->functions[f].down;
        bool is = plan->rehearsal->after->functions[f].down;

        if (was != is)
            say(plan, "downtime of function %s %s", model->functions[f].name,
                is ? "begins, until the move is verified" : "ends");
    }
}

/* ---- pauses ---- */

static void say_pauses(const struct plan *plan)
{
    const struct model *model = engine_model(plan->engine);
    const struct shared *after = plan->rehearsal->after;
    char until[UTC_TEXT_MAX];
    int r;

    for (r = 0; r < model->n_routes; r++) {
        const struct pause *pause = &after->routes[r].pause;

        if (plan->command->route != ROUTE_ALL && plan->command->route != r)
            continue;
        if (after->pause.until_ms > pause->until_ms)
            pause = &after->pause;
        if (pause->until_ms == 0)
            say(plan, "route %s: automatic moves go on", model->routes[r].name);
        else
            say(plan,
                "route %s: no failover, failback or following by itself until %s (%s%s); "
                "operators' moves go on",
                model->routes[r].name, at(pause->until_ms, until), pause->who,
                pause == &after->pause ? ", for all routes" : "");
    }
}

/* ---- drains ---- */

static void say_pool(const struct plan *plan, int r)
{
    const struct model *model = engine_model(plan->engine);
    const struct route *route = &model->routes[r];
    int active = engine_shared(plan->engine)->routes[r].now.candidate, c, m;

    for (c = 0; c < route->n_candidates; c++)
        for (m = 0; m < route->candidates[c].n_members; m++)
            if (route->candidates[c].members[m] == plan->command->server)
                say(plan, "route %s, %s%s: %d -> %d of %d fit, its least is %d", route->name,
                    route->candidates[c].name, c == active ? ", which serves" : "",
                    server_count(shared_candidate_ok(engine_shared(plan->engine), r, c)),
                    server_count(shared_candidate_ok(plan->rehearsal->after, r, c)),
                    route->candidates[c].n_members, route->candidates[c].least);
}

static void say_pools(const struct plan *plan)
{
    int r, n = engine_model(plan->engine)->n_routes;

    for (r = 0; r < n; r++)
        say_pool(plan, r);
    if (plan->command->kind == COMMAND_DRAIN)
        say(plan, "nothing new comes to it, what it serves may finish, until it is undrained");
}

/* ---- who leads ---- */

static void say_handover(const struct plan *plan)
{
    const struct model *model = engine_model(plan->engine);
    char until[UTC_TEXT_MAX];

    say(plan, "%s leads in the place of %s; no calm hand-over undoes that until %s",
        model->servers[plan->command->server].name,
        model->servers[engine_leader(plan->engine)].name,
        at(plan->rehearsal->after->handover.until_ms, until));
    say(plan, "no route moves; commands that wait are asked again");
}

/* ---- maintenance ---- */

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* What is announced must begin so much later. */
static void say_notice(const struct plan *plan, int64_t start_ms, bool emergency)
{
    int64_t ahead_ms = later(start_ms - plan->now.utc_ms, 0);
    char rule[UTC_TEXT_MAX];

    if (emergency)
        say(plan, "emergency: no notice is needed; what is announced is not counted as downtime");
    else
        say(plan,
            "regular: announced %lld days %lld h ahead; the rule of %d days is %s "
            "(announced now, it is kept from %s on)",
            (long long)ahead_ms / DAY_MS, (long long)ahead_ms % DAY_MS / 3600000, NOTICE_DAYS,
            ahead_ms >= NOTICE_DAYS * DAY_MS ? "kept" : "not kept, and that is recorded",
            at(plan->now.utc_ms + NOTICE_DAYS * DAY_MS, rule));
    if (start_ms < plan->now.utc_ms)
        say(plan, "it begins before it is announced: it counts only from now on");
}

/* Automatic moves of a route stop when all its functions do. */
static void say_stops(const struct plan *plan, const struct window_state *window, int64_t from_ms)
{
    const struct model *model = engine_model(plan->engine);
    const struct shared *after = plan->rehearsal->after;
    int r, f;

    for (r = 0; r < model->n_routes; r++) {
        const char *stays = NULL;
        bool named = false;

        for (f = 0; f < model->n_functions; f++) {
            if (model->functions[f].route != r)
                continue;
            named = named || (window->functions[f / 64] >> (f % 64) & 1) != 0;
            if (!shared_function_in_window(after, f, from_ms))
                stays = model->functions[f].name;
        }
        if (named && stays == NULL)
            say(plan, "route %s: no automatic move meanwhile", model->routes[r].name);
        else if (named)
            say(plan, "route %s: automatic moves go on, function %s of it does not stop",
                model->routes[r].name, stays);
    }
}

static void say_bounds(const struct plan *plan, const struct window_state *window, int64_t from_ms)
{
    const struct model *model = engine_model(plan->engine);
    char start[UTC_TEXT_MAX], end[UTC_TEXT_MAX];
    int f;

    for (f = 0; f < model->n_functions; f++)
        if (window->functions[f / 64] >> (f % 64) & 1)
            say(plan, "function %s stops from %s to %s: %s", model->functions[f].name,
                at(from_ms, start), at(window->end_ms, end),
                window->emergency ? "planned service time, but no downtime"
                                  : "no planned service time");
}

static void say_window(const struct plan *plan)
{
    const struct shared *before = engine_shared(plan->engine), *after = plan->rehearsal->after;
    uint64_t id =
        plan->command->kind == COMMAND_WINDOW_ADD ? after->index : plan->command->window.id;
    const struct window_state *was = shared_window(before, id), *is = shared_window(after, id);
    int64_t now_ms = plan->now.utc_ms, from_ms;
    char end[UTC_TEXT_MAX];

    if (is == NULL)
        return;
    if (plan->command->kind == COMMAND_WINDOW_END && was != NULL) {
        say(plan,
            now_ms < was->start_ms ? "window %" PRIu64 " is called off, its end was to be %s"
                                   : "window %" PRIu64 " ends; what is left until %s is planned "
                                     "service time again",
            id, at(was->end_ms, end));
        return;
    }
    from_ms = was != NULL ? was->end_ms : later(is->start_ms, now_ms);
    say_bounds(plan, is, from_ms);
    say_notice(plan, was != NULL ? was->end_ms : is->start_ms, is->emergency);
    say_stops(plan, is, from_ms);
}

/* ---- incidents ---- */

static void say_incident(const struct plan *plan)
{
    const struct command *command = plan->command;
    int severity = command->incident.severity, cause = command->incident.cause;

    if (command->kind == COMMAND_ANNOTATE) {
        say(plan, "outage %" PRIu64 " gets a note, nothing is counted otherwise",
            command->incident.outage);
        return;
    }
    if (severity >= 0)
        say(plan, "outage %" PRIu64 ": its severity is %s from its start on",
            command->incident.outage, outage_severity_name((enum severity)severity));
    if (cause >= 0)
        say(plan, "outage %" PRIu64 ": its cause is %s from its start on", command->incident.outage,
            outage_cause_name((enum cause)cause));
    say(plan, "reports of its time get a new edition, and the old one can still be made");
}

static void say_post(const struct plan *plan)
{
    const struct command *command = plan->command;

    say(plan, "outage %" PRIu64 ": customers are told, %s%s%s: %s", command->incident.outage,
        command->incident.ja != NULL ? "in Japanese" : "",
        command->incident.ja != NULL && command->incident.en != NULL ? " and " : "",
        command->incident.en != NULL ? "in English" : "",
        post_status_name(command->incident.status));
}

static void say_test(const struct plan *plan)
{
    const struct notice_config *config = engine_model(plan->engine)->notices;
    int i;

    for (i = 0; config != NULL && i < config->n_receivers; i++)
        if (plan->command->receivers & receiver_bit(i))
            say(plan, "%s gets a test by %s", config->receivers[i].name,
                config->channels[config->receivers[i].channel].name);
}

void plan_words(const struct plan *plan)
{
    if (plan->rehearsal->code != 0) {
        say(plan, plan->rehearsal->after != NULL ? "nothing: only the refusal is recorded"
                                                 : "nothing, and nothing is recorded");
        return;
    }
    say_routes(plan);
    say_functions(plan);
    switch (plan->command->kind) {
    case COMMAND_PAUSE:
    case COMMAND_RESUME:
        say_pauses(plan);
        break;
    case COMMAND_DRAIN:
    case COMMAND_UNDRAIN:
        say_pools(plan);
        break;
    case COMMAND_HANDOVER:
        say_handover(plan);
        break;
    case COMMAND_WINDOW_ADD:
    case COMMAND_WINDOW_END:
    case COMMAND_WINDOW_EXTEND:
        say_window(plan);
        break;
    case COMMAND_AMEND:
    case COMMAND_ANNOTATE:
        say_incident(plan);
        break;
    case COMMAND_ACKNOWLEDGE:
        say(plan, "outage %" PRIu64 ": nobody further is called, nothing is counted otherwise",
            plan->command->incident.outage);
        break;
    case COMMAND_POST:
        say_post(plan);
        break;
    case COMMAND_NOTICE_TEST:
        say_test(plan);
        break;
    case COMMAND_SWITCHOVER:
    case COMMAND_FAILOVER:
        break;
    }
}
