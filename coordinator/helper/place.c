#include "base/check.h"
#include "core/model/model.h"
#include "helper/announce.h"
#include "helper/helper.h"

#include <stdio.h>
#include <string.h>

/* After it came up: a neighbour that missed one hears the next. */
static const int announce_after_ms[] = {0, 50, 200, 1000, 3000};

static void obey(struct place *place, struct holding_orders orders, int64_t now_ms);

/* ---- telling ---- */

static void tell(struct place *place, const struct holding_orders *orders, int64_t now_ms)
{
    static const char *const whys[] = {"its time is over", "released", "lost"};
    struct holding_message message = {.epoch = orders->epoch, .why = orders->why};
    bool up = orders->tell == HOLDING_TELL_HELD;

    if (up != place->up)
        log_line(place->helper->log, LOG_LEVEL_INFO, up ? "held" : "fenced",
                 "route %s, epoch %u%s%s", place->route->name, orders->epoch, up ? "" : ": ",
                 up ? "" : whys[orders->why]);
    place->up = up;
    message.kind = up ? HOLDING_HELD : HOLDING_FENCED;
    message.time_ms = now_ms;
    memcpy(message.route, place->route->name, sizeof message.route);
    helper_tell(place->helper, &message);
}

static void deny(struct place *place, const struct err *err)
{
    struct holding_message message = {.kind = HOLDING_FAILED, .epoch = place->holding.epoch};

    memcpy(message.route, place->route->name, sizeof message.route);
    snprintf(message.text, sizeof message.text, "%s", err->text);
    helper_tell(place->helper, &message);
}

static void complain(struct place *place, const struct err *err)
{
    log_line(place->helper->log, LOG_LEVEL_ERROR, "failed", "route %s: %s", place->route->name,
             err->text);
    deny(place, err);
}

/* ---- up ---- */

static bool hooks_run(const struct place *place)
{
    int h;

    for (h = 0; h < place->route->n_hooks; h++)
        if (place->runs[h].pid != 0)
            return true;
    return false;
}

static void run_hook(struct place *place, int h, const char *action, int64_t limit_ms)
{
    struct hook_call call = {.action = action,
                             .route = place->route->name,
                             .epoch = place->holding.epoch,
                             .limit_ms = limit_ms};
    struct err err;

    memcpy(call.candidate, place->candidate, sizeof call.candidate);
    if (hook_start(&place->runs[h], &place->route->hooks[h], &call, &err) < 0) {
        place->failed = true;
        complain(place, &err);
    }
}

static void kill_hooks(struct place *place)
{
    int h;

    for (h = 0; h < place->route->n_hooks; h++)
        hook_kill(&place->runs[h]);
}

static int put_addresses(struct place *place, int64_t now_ms, struct err *err)
{
    int a, r = 0;

    for (a = 0; a < place->route->n_addresses && r == 0; a++)
        if (place->addresses & 1u << a)
            r = address_put(place->helper->netlink, &place->route->addresses[a], err);
    place->renew_ms = now_ms + HOLDING_RENEW_MS;
    return r;
}

static void announce_all(struct place *place, int64_t now_ms)
{
    struct err err;
    int a;

    for (a = 0; a < place->route->n_addresses; a++)
        if (place->addresses & 1u << a && announce(&place->route->addresses[a], &err) < 0)
            log_line(place->helper->log, LOG_LEVEL_WARN, "announce", "%s", err.text);
    place->announced++;
    place->announce_ms = INT64_MAX;
    if (place->announced < (int)ARRAY_LEN(announce_after_ms))
        place->announce_ms =
            now_ms + announce_after_ms[place->announced] - announce_after_ms[place->announced - 1];
}

static void bring_up(struct place *place, int64_t now_ms)
{
    struct err err;
    int h;

    kill_hooks(place); /* of the epoch before */
    place->failed = false;
    if (put_addresses(place, now_ms, &err) < 0) {
        place->failed = true;
        complain(place, &err);
    }
    place->announced = 0;
    place->announce_ms = now_ms;
    for (h = 0; h < place->route->n_hooks && !place->failed; h++) {
        const struct helper_hook *hook = &place->route->hooks[h];

        if (!(place->hooks & 1u << h))
            continue;
        if (interface_set(place->helper->netlink, hook->last_resort, true, &err) < 0) {
            place->failed = true;
            complain(place, &err);
        } else {
            run_hook(place, h, "start", now_ms + hook->limit_ms);
        }
        place->check_ms[h] = hook->check_ms > 0 ? now_ms + hook->check_ms : INT64_MAX;
    }
}

/* ---- down ---- */

/* The way that needs no program: takes down what all of its callers come through. */
static bool last_resort(struct place *place, const char *interface)
{
    struct err err;

    log_line(place->helper->log, LOG_LEVEL_ERROR, "last-resort", "route %s: interface %s goes down",
             place->route->name, interface);
    if (interface_set(place->helper->netlink, interface, false, &err) == 0)
        return true;
    complain(place, &err);
    return false;
}

static void take_address(struct place *place, int a)
{
    const struct helper_address *address = &place->route->addresses[a];
    struct err err;

    place->addresses_left &= ~(1u << a);
    if (address_take(place->helper->netlink, address, &err) == 0)
        return;
    complain(place, &err);
    if (!last_resort(place, address->interface))
        place->addresses_left |= 1u << a;
}

static void give_up_hook(struct place *place, int h)
{
    place->hooks_left &= ~(1u << h);
    if (!last_resort(place, place->route->hooks[h].last_resort))
        place->hooks_left |= 1u << h;
}

/* Hooks that were killed begin to stop when they are gone, which takes its moment. Whatever is
 * wanted: all that stands in the file, because nobody knows what is left. */
static void bring_down(struct place *place)
{
    int a, h;

    kill_hooks(place);
    place->failed = false;
    place->announce_ms = INT64_MAX;
    for (a = 0; a < place->route->n_addresses; a++)
        take_address(place, a);
    for (h = 0; h < place->route->n_hooks; h++) {
        run_hook(place, h, "stop", INT64_MAX); /* holding.h keeps its time */
        if (place->runs[h].pid == 0)
            give_up_hook(place, h);
    }
}

static void cut(struct place *place)
{
    int h;

    for (h = 0; h < place->route->n_hooks; h++)
        if (place->runs[h].pid != 0)
            give_up_hook(place, h);
    kill_hooks(place);
}

/* What neither way took down is tried again: it is not fenced, and nobody is told so. */
static struct holding_orders stopped(struct place *place, int64_t now_ms)
{
    static const struct holding_orders nothing;

    if (place->addresses_left == 0 && place->hooks_left == 0)
        return holding_stopped(&place->holding);
    place->again_ms = now_ms + HOLDING_RETRY_MS;
    return nothing;
}

static void try_again(struct place *place, int64_t now_ms)
{
    int a, h;

    place->again_ms = INT64_MAX;
    for (a = 0; a < place->route->n_addresses; a++)
        if (place->addresses_left >> a & 1)
            take_address(place, a);
    for (h = 0; h < place->route->n_hooks; h++)
        if (place->hooks_left >> h & 1)
            give_up_hook(place, h);
    if (!hooks_run(place))
        obey(place, stopped(place, now_ms), now_ms);
}

static void obey(struct place *place, struct holding_orders orders, int64_t now_ms)
{
    while (orders.act != HOLDING_DO_NOTHING) {
        switch (orders.act) {
        case HOLDING_DO_START:
            bring_up(place, now_ms);
            if (!place->failed && hooks_run(place))
                return;
            orders = holding_started(&place->holding, !place->failed, now_ms);
            break;
        case HOLDING_DO_STOP:
            bring_down(place);
            if (hooks_run(place))
                return;
            orders = stopped(place, now_ms);
            break;
        case HOLDING_DO_CUT:
            cut(place);
            orders = stopped(place, now_ms);
            break;
        case HOLDING_DO_NOTHING:
            break;
        }
    }
    if (orders.tell != HOLDING_TELL_NOTHING)
        tell(place, &orders, now_ms);
}

/* ---- what the daemon says ---- */

/* The bit of what `thing` names; false: the file does not have it. */
static bool want(const struct helper_route *route, const char *thing, uint32_t *addresses,
                 uint32_t *hooks)
{
    int i;

    for (i = 0; i < route->n_addresses; i++)
        if (strcmp(route->addresses[i].text, thing) == 0) {
            *addresses |= 1u << i;
            return true;
        }
    for (i = 0; i < route->n_hooks && strncmp(thing, "hook:", 5) == 0; i++)
        if (strcmp(route->hooks[i].name, thing + 5) == 0) {
            *hooks |= 1u << i;
            return true;
        }
    return false;
}

/* All that the message names. */
static int want_all(const struct helper_route *route, const struct holding_message *message,
                    uint32_t *addresses, uint32_t *hooks, struct err *err)
{
    char things[HOLDING_TEXT], *rest = things, *thing;

    *addresses = *hooks = 0;
    memcpy(things, message->text, sizeof things);
    while ((thing = strsep(&rest, " ")) != NULL)
        if (!want(route, thing, addresses, hooks))
            return err_set(err, ERR_DENIED, "the helper's file has no \"%.80s\" for it", thing);
    return 0;
}

void place_hold(struct place *place, const struct holding_message *message, int64_t now_ms)
{
    uint32_t addresses, hooks;
    struct err err;

    if (want_all(place->route, message, &addresses, &hooks, &err) < 0) {
        complain(place, &err);
        return;
    }
    place->addresses = addresses;
    place->hooks = hooks;
    memcpy(place->candidate, message->candidate, sizeof place->candidate);
    obey(place,
         holding_hold(&place->holding, message->epoch, message->time_ms, (int)message->fence_ms,
                      now_ms),
         now_ms);
}

void place_release(struct place *place, const struct holding_message *message, int64_t now_ms)
{
    struct holding_orders orders = holding_release(&place->holding, message->epoch, now_ms);
    uint32_t addresses, hooks;
    struct err err;

    if (place->holding.phase == HOLDING_DOWN && message->text[0] != '\0' &&
        want_all(place->route, message, &addresses, &hooks, &err) < 0)
        deny(place, &err);
    else
        obey(place, orders, now_ms);
}

void place_lost(struct place *place, int64_t now_ms)
{
    obey(place, holding_lost(&place->holding, now_ms), now_ms);
}

void place_begin(struct place *place, int64_t now_ms)
{
    struct timing timing = model_timing(PROFILE_NORMAL);
    int h;

    place->announce_ms = place->again_ms = INT64_MAX;
    for (h = 0; h < place->route->n_hooks; h++)
        place->check_ms[h] = INT64_MAX;
    obey(place, holding_begin(&place->holding, timing.fence_ms, now_ms), now_ms);
}

/* ---- time ---- */

void place_hook_ended(struct place *place, int h, int64_t now_ms)
{
    const char *action = place->runs[h].call.action;
    struct err err;
    int r = hook_ended(&place->runs[h], &place->route->hooks[h], &err);

    if (r < 0)
        complain(place, &err);
    if (r < 0 && place->holding.phase == HOLDING_STOPPING)
        give_up_hook(place, h);
    if (place->holding.phase == HOLDING_UP && strcmp(action, "check") == 0) {
        place->check_ms[h] = now_ms + place->route->hooks[h].check_ms;
        if (r < 0)
            place_lost(place, now_ms);
        return;
    }
    place->failed |= r < 0;
    if (hooks_run(place))
        return;
    if (place->holding.phase == HOLDING_STARTING)
        obey(place, holding_started(&place->holding, !place->failed, now_ms), now_ms);
    else if (place->holding.phase == HOLDING_STOPPING)
        obey(place, stopped(place, now_ms), now_ms);
}

/* Somebody took it away, or it came to the end of the kernel's own deadline. */
static void renew(struct place *place, int64_t now_ms)
{
    struct err err;

    if (put_addresses(place, now_ms, &err) == 0)
        return;
    complain(place, &err);
    place_lost(place, now_ms);
}

static void tick_hook(struct place *place, int h, int64_t now_ms)
{
    const struct helper_hook *hook = &place->route->hooks[h];
    struct err err;

    if (place->runs[h].pid != 0 && now_ms >= place->runs[h].call.limit_ms) {
        err_set(&err, ERR_TIMEOUT, "hook %s: %s took longer than %d ms", hook->name,
                place->runs[h].call.action, hook->limit_ms);
        complain(place, &err);
        place_lost(place, now_ms); /* bringing it down kills it */
    } else if (place->runs[h].pid == 0 && place->holding.phase == HOLDING_UP &&
               now_ms >= place->check_ms[h]) {
        run_hook(place, h, "check", now_ms + hook->limit_ms);
        place->check_ms[h] = now_ms + hook->check_ms;
    }
}

void place_tick(struct place *place, int64_t now_ms)
{
    int h;

    while (holding_next_ms(&place->holding) <= now_ms)
        obey(place, holding_tick(&place->holding, now_ms), now_ms);
    if (now_ms >= place->again_ms)
        try_again(place, now_ms);
    if (now_ms >= place->announce_ms)
        announce_all(place, now_ms);
    if (place->holding.phase == HOLDING_UP && now_ms >= place->renew_ms)
        renew(place, now_ms);
    for (h = 0; h < place->route->n_hooks; h++)
        tick_hook(place, h, now_ms);
}

static void sooner(int64_t *next_ms, int64_t by_ms)
{
    if (by_ms < *next_ms)
        *next_ms = by_ms;
}

int64_t place_next_ms(const struct place *place)
{
    int64_t next_ms = holding_next_ms(&place->holding);
    int h;

    sooner(&next_ms, place->announce_ms);
    sooner(&next_ms, place->again_ms);
    if (place->holding.phase == HOLDING_UP)
        sooner(&next_ms, place->renew_ms);
    for (h = 0; h < place->route->n_hooks; h++)
        if (place->runs[h].pid != 0)
            sooner(&next_ms, place->runs[h].call.limit_ms);
        else if (place->holding.phase == HOLDING_UP)
            sooner(&next_ms, place->check_ms[h]);
    return next_ms;
}

bool place_is_down(const struct place *place)
{
    return place->holding.phase == HOLDING_DOWN;
}
