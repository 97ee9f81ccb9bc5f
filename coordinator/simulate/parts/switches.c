#include "simulate/parts/switches.h"
#include "base/check.h"
#include "base/mem.h"

#include <string.h>

/* Commits in one call, as the real drivers have it: others may get in between. And looks at
 * a token that is still out; time between two questions whether a call may act. */
enum { ROUNDS_HAPROXY = 8, ROUNDS_DNS = 2, LOOKS_HAPROXY = 4, AGAIN_MS = 2 };

enum { ANYWHERE = -1, ANYWHERE_MS = 1 };

struct call;

enum request { READ, TAKE, COMMIT };

struct switch_sim {
    struct setting says, first;
    uint64_t version, newest; /* token of what it says; given out last, counting restarts */
    int place;                /* server, or ANYWHERE */
    int down, deaf;           /* faults that are on */
    int slow_ms, late_ms;
    struct call *calls; /* owned, newest first */
};

/* One call, and at most one request of it on its way. It lives until its events on the wheel
 * are over: a commit lands whatever became of the sender. */
struct call {
    struct switches *switches;
    struct switch_sim *at;
    struct call *next;
    int node, route, actuator;
    uint64_t start;
    struct placement placement;
    int64_t began_ms, deadline_ms;
    int events; /* on the wheel */

    int rounds, looks;    /* commits so far; looks of this round */
    enum request request; /* that is out */
    int back_ms;          /* of its answer; -1: there will be none */
    bool answered;        /* … is here, not looked at yet */
    struct setting got;   /* read, with … */
    bool settled;         /* … no other token out */
    uint64_t token;
    int64_t since_ms; /* when it was taken, by the node's clock */
    bool waiting;     /* until it may commit */

    bool seen, changed, finished;
    uint32_t seen_epoch;
    int refused; /* from the start, or overtaken: why */
};

struct switches {
    struct switches_options options;
    struct prng prng;
    server_set frozen;
    struct switch_sim *all; /* owned: LIMIT_ACTUATORS for each route */
};

static struct switch_sim *find(const struct switches *switches, int route, int actuator)
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
            switch_init(find(switches, i, j), model, &model->routes[i],
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
    return &find(switches, route, actuator)->says;
}

int switches_place(const struct switches *switches, int route, int actuator)
{
    int place = find(switches, route, actuator)->place;

    return place == ANYWHERE ? SERVER_NONE : place;
}

bool switches_answers(const struct switches *switches, int route, int actuator)
{
    return find(switches, route, actuator)->down == 0;
}

/* ---- a call's events ---- */

static void put(struct call *call, int64_t in_ms, wheel_fire *fire, uint64_t arg)
{
    struct wheel *wheel = call->switches->options.wheel;

    call->events++;
    wheel_at(wheel, wheel_now(wheel) + in_ms, fire, call, arg);
}

/* The last thing in each event. */
static void release(struct call *call)
{
    struct call **from = &call->at->calls;

    if (--call->events > 0 || !call->finished)
        return;
    while (*from != call)
        from = &(*from)->next;
    *from = call->next;
    mem_free(call);
}

static const struct actuator *actuator_of(const struct call *call)
{
    return &call->switches->options.model->routes[call->route].actuators[call->actuator];
}

static bool by_version(const struct call *call)
{
    return actuator_of(call)->kind == ACTUATOR_HAPROXY;
}

static void finish(struct call *call, int code, struct err *err)
{
    const struct switches_options *options = &call->switches->options;
    struct event event = {.kind = EVENT_ACTED};

    call->finished = true;
    if (code != 0)
        err_wrap(err, code, "%s", actuator_of(call)->address);
    event.acted.route = call->route;
    event.acted.actuator = call->actuator;
    event.acted.epoch = call->placement.epoch;
    event.acted.step = call->placement.step;
    event.acted.code = code;
    event.acted.changed = code == 0 && call->changed;
    event.acted.seen_epoch = call->seen_epoch;
    event.acted.took_ms = (uint32_t)(wheel_now(options->wheel) - call->began_ms);
    event.acted.text = code != 0 ? err->text : NULL;
    options->acted(options->context, call->node, call->start, &event);
}

/* ---- at the switch ---- */

static void say(struct switches *switches, int route, int actuator, const struct setting *setting,
                uint64_t version)
{
    const struct switches_options *options = &switches->options;
    struct switch_sim *at = find(switches, route, actuator);
    struct setting before = at->says;

    at->version = version;
    if (at->newest < version)
        at->newest = version;
    at->says = *setting;
    if (before.epoch != setting->epoch || before.step != setting->step ||
        before.candidate != setting->candidate || before.members != setting->members)
        options->changed(options->context, route, actuator, &before);
}

static void on_look(void *context, uint64_t answered);

/* HAProxy obeys whoever has a later version than the one in force. */
static void commit(struct call *call)
{
    const struct placement *order = &call->placement;
    struct setting setting = {order->epoch, order->step, order->candidate, order->members};
    struct switch_sim *at = call->at;

    if (by_version(call) && call->token > at->version)
        say(call->switches, call->route, call->actuator, &setting, call->token);
    else if (!by_version(call) && call->token == at->version)
        say(call->switches, call->route, call->actuator, &setting, at->newest + 1);
}

/* A request has arrived. Every answer tells what is in force, too. */
static void on_arrived(void *context, uint64_t request)
{
    struct call *call = context;
    struct switch_sim *at = call->at;
    bool answers = at->down == 0 && call->back_ms >= 0 && !(request == COMMIT && at->deaf > 0);

    if (at->down == 0) {
        if (request == COMMIT)
            commit(call);
        else if (request == TAKE)
            call->token = ++at->newest;
        else if (!by_version(call))
            call->token = at->version;
        call->got = at->says;
        call->settled = at->version == at->newest;
    }
    if (answers)
        put(call, call->back_ms + at->slow_ms, on_look, true);
    release(call);
}

/* ---- at the driver ---- */

static void request(struct call *call, enum request request)
{
    struct switches *switches = call->switches;
    struct network *network = switches->options.network;
    int64_t left_ms = call->deadline_ms - wheel_now(switches->options.wheel);
    int place = call->at->place, ms = ANYWHERE_MS, there_ms;

    if (place != ANYWHERE)
        ms = network_exchange(network, call->node, place, (int)left_ms);
    call->request = request;
    call->back_ms = ms < 0 ? -1 : ms - ms / 2;
    there_ms = ms < 0 ? ANYWHERE_MS : ms / 2;
    /* Without an answer nobody knows whether the request arrived. */
    if (ms < 0 && (network_cut_now(network, call->node, place) || prng_below(&switches->prng, 2)))
        return;
    put(call, there_ms + (request == COMMIT ? call->at->late_ms : 0), on_arrived, request);
}

/* What it says against the order: <0 older, 0 the same; >0 newer, and the call is finished
 * (call_compare of act/). */
static int compare(struct call *call)
{
    const struct setting *got = &call->got;
    const struct placement *order = &call->placement;
    bool newer =
        got->epoch > order->epoch || (got->epoch == order->epoch && got->step > order->step);

    struct err err;

    if (!call->seen || newer)
        call->seen_epoch = got->epoch;
    if (newer)
        finish(call,
               err_set(&err, ERR_STALE, "it already serves epoch %u.%u, newer than %u.%u",
                       got->epoch, got->step, order->epoch, order->step),
               &err);
    return newer ? 1 : got->epoch == order->epoch && got->step == order->step ? 0 : -1;
}

static void ask(struct call *call)
{
    const struct switches_options *options = &call->switches->options;
    int may = options->may(options->context, call->node, call->start, call->route, &call->placement,
                           call->since_ms);
    struct err err;

    call->waiting = may == 0 && by_version(call);
    if (may < 0)
        finish(call,
               err_set(&err, ERR_UNAVAILABLE,
                       "no longer the leader, or the order is not the newest: nothing was changed"),
               &err);
    else if (call->waiting)
        put(call, AGAIN_MS, on_look, false);
    else
        request(call, COMMIT);
}

/* The order is to be said, once more. */
static void next_round(struct call *call)
{
    call->looks = 0;
    if (by_version(call)) {
        request(call, TAKE);
        return;
    }
    call->since_ms = ENGINE_NO_TOKEN;
    ask(call);
}

static void taken(struct call *call)
{
    const struct switches_options *options = &call->switches->options;

    call->since_ms = options->boot_ms(options->context, call->node);
    if (compare(call) <= 0)
        ask(call);
}

/* What the switch says was read, first or back. */
static void decide(struct call *call)
{
    const struct setting *got = &call->got;
    const struct placement *order = &call->placement;
    int rounds = by_version(call) ? ROUNDS_HAPROXY : ROUNDS_DNS;
    int than = compare(call);
    bool says = than == 0 && got->candidate == order->candidate && got->members == order->members;
    struct err err;

    if (than > 0)
        return;
    if (!call->seen)
        call->changed = !says;
    call->seen = true;
    if (says && (call->settled || !by_version(call)))
        finish(call, 0, NULL);
    else if (says && call->looks++ < LOOKS_HAPROXY)
        request(call, READ);
    else if (call->rounds++ < rounds)
        next_round(call);
    else
        finish(call,
               err_set(&err, says ? ERR_UNAVAILABLE : ERR_INVALID,
                       "it was told %d times and still says epoch %u.%u%s", rounds, got->epoch,
                       got->step, says ? ", but others keep changing it" : ""),
               &err);
}

static void time_out(struct call *call)
{
    const char *doing = call->waiting             ? "asking the others whether it still leads"
                        : call->request == COMMIT ? "committing"
                        : call->request == TAKE   ? "preparing"
                        : call->seen              ? "verifying"
                                                  : "reading";
    struct err err;

    finish(call,
           err_set(&err, ERR_TIMEOUT, "no answer within %d ms while %s",
                   actuator_of(call)->timeout_ms, doing),
           &err);
}

static void refuse(struct call *call)
{
    struct err err;

    finish(call,
           err_set(&err, call->refused, "%s",
                   call->refused == ERR_REFUSED       ? "an earlier call is still under way"
                   : call->refused == ERR_UNAVAILABLE ? "a newer order took its place"
                                                      : "the order leaves its candidate "
                                                        "without a server"),
           &err);
}

/* What happened to the call: timers come before sockets, as libuv has it. */
static void look(struct call *call)
{
    if (call->refused != 0) {
        refuse(call);
    } else if (wheel_now(call->switches->options.wheel) >= call->deadline_ms) {
        time_out(call);
    } else if (call->answered) {
        call->answered = false;
        if (call->request == TAKE)
            taken(call);
        else if (call->request == COMMIT && !by_version(call))
            request(call, READ);
        else
            decide(call);
    } else if (call->waiting) {
        ask(call);
    }
}

static void on_look(void *context, uint64_t answered)
{
    struct call *call = context;
    bool frozen = call->switches->frozen & server_bit(call->node);

    call->answered |= answered != 0;
    if (!call->finished && !frozen) /* it will look when it is thawed */
        look(call);
    release(call);
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
                put(call, 0, on_look, false);
}

static bool newer(const struct placement *a, const struct placement *b)
{
    return a->epoch > b->epoch || (a->epoch == b->epoch && a->step > b->step);
}

static struct call *under_way(const struct switch_sim *at, const struct call *call)
{
    struct call *other = at->calls;

    while (other != NULL && (other->node != call->node || other->start != call->start ||
                             other->finished || other->refused != 0))
        other = other->next;
    return other;
}

static bool serves(const struct switches *switches, const struct call *call)
{
    const struct route *route = &switches->options.model->routes[call->route];
    const struct candidate *candidate = &route->candidates[call->placement.candidate];
    server_set members = 0;

    for (int i = 0; i < candidate->n_members; i++)
        members |= server_bit(candidate->members[i]);
    return (members & call->placement.members) != 0;
}

/* Why a call cannot even begin; 0: it can, in the place of one that is under way. */
static int refusal(const struct switches *switches, const struct switch_sim *at,
                   const struct call *call)
{
    struct call *earlier = under_way(at, call);

    if (earlier != NULL && !newer(&call->placement, &earlier->placement))
        return ERR_REFUSED;
    if (!serves(switches, call))
        return ERR_INVALID;
    if (earlier != NULL) {
        earlier->refused = ERR_UNAVAILABLE;
        put(earlier, 0, on_look, false);
    }
    return 0;
}

void switches_call(struct switches *switches, int node, uint64_t start, int route, int actuator,
                   const struct placement *placement)
{
    struct switch_sim *at = find(switches, route, actuator);
    struct call *call = mem_zalloc(1, sizeof *call);

    CHECK(placement->candidate >= 0 &&
          placement->candidate < switches->options.model->routes[route].n_candidates);
    call->switches = switches;
    call->at = at;
    call->node = node;
    call->start = start;
    call->route = route;
    call->actuator = actuator;
    call->placement = *placement;
    call->began_ms = wheel_now(switches->options.wheel);
    call->deadline_ms = call->began_ms + actuator_of(call)->timeout_ms;
    call->refused = refusal(switches, at, call);
    call->next = at->calls;
    at->calls = call;
    put(call, call->refused != 0 ? 0 : actuator_of(call)->timeout_ms, on_look, false);
    if (call->refused == 0)
        request(call, READ);
}

void switches_fault(struct switches *switches, int route, int actuator, enum switch_fault fault,
                    int ms, bool on)
{
    struct switch_sim *at = find(switches, route, actuator);
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
        if (on)
            say(switches, route, actuator, &at->first, at->newest + 1);
        break;
    }
    CHECK(at->down >= 0 && at->deaf >= 0 && at->slow_ms >= 0 && at->late_ms >= 0);
}
