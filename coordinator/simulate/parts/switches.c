#include "base/check.h"
#include "base/mem.h"
#include "simulate/parts/switches_private.h"

#include <string.h>

struct switch_sim *switch_find(const struct switches *switches, int route, int actuator)
{
    const struct model *model = switches->options.model;

    CHECK(route >= 0 && route < model->n_routes);
    CHECK(actuator >= 0 && actuator < model->routes[route].n_actuators);
    return &switches->all[route * LIMIT_ACTUATORS + actuator];
}

/* The server that has the host of "host:port" or "[host]:port". */
static int place_of(const struct model *model, const char *address)
{
    const char *colon = strrchr(address, ':');
    size_t len = colon == NULL ? 0 : (size_t)(colon - address);

    if (len > 2 && address[0] == '[' && address[len - 1] == ']') {
        address++;
        len -= 2;
    }
    for (int i = 0; i < model->n_servers && len > 0; i++)
        if (strlen(model->servers[i].host) == len &&
            memcmp(model->servers[i].host, address, len) == 0)
            return i;
    return ANYWHERE;
}

static void switch_init(struct switch_sim *at, const struct model *model, const struct route *route,
                        const struct actuator *actuator)
{
    const struct candidate *candidate = &route->candidates[0];

    for (int i = 0; i < candidate->n_members; i++)
        at->first.members |= server_bit(candidate->members[i]);
    at->says = at->first;
    at->place = place_of(model, actuator->address);
}

struct switches *switches_new(const struct switches_options *options)
{
    struct switches *switches = mem_zalloc(1, sizeof *switches);
    const struct model *model = options->model;

    switches->options = *options;
    prng_seed(&switches->prng, options->seed);
    switches->all = mem_zalloc((size_t)model->n_routes * LIMIT_ACTUATORS, sizeof *switches->all);
    for (int i = 0; i < model->n_routes; i++)
        for (int j = 0; j < model->routes[i].n_actuators; j++)
            switch_init(switch_find(switches, i, j), model, &model->routes[i],
                        &model->routes[i].actuators[j]);
    return switches;
}

void switches_free(struct switches *switches)
{
    for (int i = 0; i < switches->options.model->n_routes * LIMIT_ACTUATORS; i++)
        while (switches->all[i].calls != NULL) {
            struct call *call = switches->all[i].calls;

            switches->all[i].calls = call->next;
            mem_free(call);
        }
    mem_free(switches->all);
    mem_free(switches);
}

const struct setting *switches_get(const struct switches *switches, int route, int actuator)
{
    return &switch_find(switches, route, actuator)->says;
}

int switches_place(const struct switches *switches, int route, int actuator)
{
    int place = switch_find(switches, route, actuator)->place;

    return place == ANYWHERE ? SERVER_NONE : place;
}

bool switches_answers(const struct switches *switches, int route, int actuator)
{
    return switch_find(switches, route, actuator)->down == 0;
}

/* ---- at the switch ---- */

void switch_say(struct switches *switches, int route, int actuator, const struct setting *setting,
                uint64_t version)
{
    const struct switches_options *options = &switches->options;
    struct switch_sim *at = switch_find(switches, route, actuator);
    struct setting before = at->says;

    at->version = version;
    if (at->newest < version)
        at->newest = version;
    at->says = *setting;
    if (before.epoch != setting->epoch || before.step != setting->step ||
        before.candidate != setting->candidate || before.members != setting->members)
        options->changed(options->context, route, actuator, &before);
}

/* HAProxy obeys whoever has a later version than the one in force. */
static void commit(struct call *call)
{
    struct setting setting = setting_of(&call->placement);
    struct switch_sim *at = call->at;

    if (call_by_version(call) && call->token > at->version)
        switch_say(call->switches, call->route, call->actuator, &setting, call->token);
    else if (!call_by_version(call) && call->token == at->version)
        switch_say(call->switches, call->route, call->actuator, &setting, at->newest + 1);
}

/* A request has arrived. Every answer tells what is in force, too. */
void switch_arrived(void *context, uint64_t request)
{
    struct call *call = context;
    struct switch_sim *at = call->at;
    bool answers = at->down == 0 && call->back_ms >= 0 && !(request == COMMIT && at->deaf > 0);

    if (at->down == 0) {
        if (request == ORDER)
            agent_take(call);
        else if (request == COMMIT)
            commit(call);
        else if (request == TAKE)
            call->token = ++at->newest;
        else if (!call_by_version(call))
            call->token = at->version;
        if (request != ORDER)
            call->got = at->says;
        call->settled = at->version == at->newest;
    }
    if (answers && request != ORDER) /* an agent answers when it has obeyed */
        call_put(call, call->back_ms + at->slow_ms, call_look, true);
    call_release(call);
}

void switches_freeze(struct switches *switches, int node, bool frozen)
{
    if (frozen) {
        switches->frozen |= server_bit(node);
        return;
    }
    switches->frozen &= ~server_bit(node);
    for (int i = 0; i < switches->options.model->n_routes * LIMIT_ACTUATORS; i++)
        for (struct call *call = switches->all[i].calls; call != NULL; call = call->next)
            if (call->node == node && !call->finished)
                call_put(call, 0, call_look, false);
}

void switches_fault(struct switches *switches, int route, int actuator, enum switch_fault fault,
                    int ms, bool on)
{
    struct switch_sim *at = switch_find(switches, route, actuator);
    int sign = on ? 1 : -1;

    switch (fault) {
    case SWITCH_DOWN:
        at->down += sign;
        break;
    case SWITCH_SLOW:
        at->slow_ms += sign * ms;
        break;
    case SWITCH_DEAF:
        at->deaf += sign;
        break;
    case SWITCH_LATE:
        at->late_ms += sign * ms;
        break;
    case SWITCH_FORGETS:
        if (on && actuator_by_agent(&switches->options.model->routes[route].actuators[actuator]))
            agent_restarts(switches, at);
        else if (on)
            switch_say(switches, route, actuator, &at->first, at->newest + 1);
        break;
    }
    CHECK(at->down >= 0 && at->deaf >= 0 && at->slow_ms >= 0 && at->late_ms >= 0);
}
