#include "base/check.h"
#include "base/mem.h"
#include "simulate/parts/switches_private.h"

/* Commits in one call, as the real drivers have it: others may get in between. And looks at
 * a token that is still out; time between two questions whether a call may act. */
enum { ROUNDS_HAPROXY = 8, ROUNDS_DNS = 2, LOOKS_HAPROXY = 4, AGAIN_MS = 2, ANYWHERE_MS = 1 };

/* ---- a call's events ---- */

void call_put(struct call *call, int64_t in_ms, wheel_fire *fire, uint64_t arg)
{
    struct wheel *wheel = call->switches->options.wheel;

    call->events++;
    wheel_at(wheel, wheel_now(wheel) + in_ms, fire, call, arg);
}

/* The last thing in each event. */
void call_release(struct call *call)
{
    struct call **from = &call->at->calls;

    if (--call->events > 0 || !call->finished)
        return;
    while (*from != call)
        from = &(*from)->next;
    *from = call->next;
    mem_free(call);
}

static void finish(struct call *call, int code, struct err *err)
{
    const struct switches_options *options = &call->switches->options;
    struct event event = {.kind = EVENT_ACTED};

    call->finished = true;
    if (code != 0)
        err_wrap(err, code, "%s", call_actuator(call)->address);
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
    call_put(call, there_ms + (request >= COMMIT ? call->at->late_ms : 0), switch_arrived, request);
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

    call->waiting = may == 0 && call_by_version(call);
    if (may < 0)
        finish(call,
               err_set(&err, ERR_UNAVAILABLE,
                       "no longer the leader, or the order is not the newest: nothing was changed"),
               &err);
    else if (call->waiting)
        call_put(call, AGAIN_MS, call_look, false);
    else
        request(call, call_by_agent(call) ? ORDER : COMMIT);
}

/* The order is to be said, once more. */
static void next_round(struct call *call)
{
    call->looks = 0;
    if (call_by_version(call)) {
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
    int rounds = call_by_version(call) ? ROUNDS_HAPROXY : ROUNDS_DNS;
    int than = compare(call);
    bool says = than == 0 && got->candidate == order->candidate && got->members == order->members;
    struct err err;

    if (than > 0)
        return;
    if (!call->seen)
        call->changed = !says;
    call->seen = true;
    if (says && (call->settled || !call_by_version(call)))
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

/* The agent's word: what it had been told before, and what came of this order. */
static void answered(struct call *call)
{
    struct err err;

    if (compare(call) > 0)
        return;
    finish(call,
           call->code == 0 ? 0
                           : err_set(&err, call->code,
                                     "the agent: another order took its place, "
                                     "or the same one is still under way"),
           &err);
}

static void time_out(struct call *call)
{
    const char *doing = call->request == ORDER    ? "waiting for the agent"
                        : call->waiting           ? "asking the others whether it still leads"
                        : call->request == COMMIT ? "committing"
                        : call->request == TAKE   ? "preparing"
                        : call->seen              ? "verifying"
                                                  : "reading";
    struct err err;

    finish(call,
           err_set(&err, ERR_TIMEOUT, "no answer within %d ms while %s",
                   call_actuator(call)->timeout_ms, doing),
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
        else if (call->request == ORDER)
            answered(call);
        else if (call->request == COMMIT && !call_by_version(call))
            request(call, READ);
        else
            decide(call);
    } else if (call->waiting) {
        ask(call);
    }
}

void call_look(void *context, uint64_t answered)
{
    struct call *call = context;
    bool frozen = call->switches->frozen & server_bit(call->node);

    call->answered |= answered != 0;
    if (!call->finished && !frozen) /* it will look when it is thawed */
        look(call);
    call_release(call);
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
        call_put(earlier, 0, call_look, false);
    }
    return 0;
}

void switches_call(struct switches *switches, int node, uint64_t start, int route, int actuator,
                   const struct placement *placement)
{
    struct switch_sim *at = switch_find(switches, route, actuator);
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
    call->deadline_ms = call->began_ms + call_actuator(call)->timeout_ms;
    call->refused = refusal(switches, at, call);
    call->next = at->calls;
    at->calls = call;
    call_put(call, call->refused != 0 ? 0 : call_actuator(call)->timeout_ms, call_look, false);
    if (call->refused != 0)
        return;
    if (!call_by_agent(call)) {
        request(call, READ);
        return;
    }
    call->waiting = true; /* it orders when it may, and never from inside of this */
    call->since_ms = ENGINE_NO_TOKEN;
    call_put(call, 0, call_look, false);
}
