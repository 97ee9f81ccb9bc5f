/* A machine's helper: the product's own state machine (core/failover/holding.h) on the machine's
 * clock, whatever becomes of the daemon. A route without actuators of its own has none: there
 * a client goes by what its daemon says, or by the grant's end when that is gone. */
#include "core/failover/holding.h"
#include "base/check.h"
#include "simulate/inside.h"

#define STOP_MS 2 /* of a stop that goes well; one in eight hangs until it is cut */

static void obey(struct machine *machine, int route, struct holding_orders orders);

static int64_t boot_ms(const struct machine *machine)
{
    return clock_now(&machine->clock, sim_ms(machine->sim)).boot_ms;
}

static bool is_own(const struct machine *machine, int route)
{
    return route_is_own(&machine->sim->model->routes[route]);
}

/* ---- time ---- */

static void on_due(void *context, uint64_t route)
{
    struct machine *machine = context;
    struct keeping *keeping = &machine->keeps[route];

    if (sim_ms(machine->sim) >= keeping->armed_ms)
        keeping->armed_ms = INT64_MAX;
    if (machine->helper_gone || machine->helper_frozen > 0)
        return;
    if (holding_next_ms(&keeping->holding) <= boot_ms(machine))
        obey(machine, (int)route, holding_tick(&keeping->holding, boot_ms(machine)));
    else
        helper_arm(machine, (int)route);
}

void helper_arm(struct machine *machine, int route)
{
    struct keeping *keeping = &machine->keeps[route];
    int64_t due_ms = clock_when(&machine->clock, holding_next_ms(&keeping->holding));

    if (due_ms < sim_ms(machine->sim))
        due_ms = sim_ms(machine->sim);
    if (due_ms == INT64_MAX || due_ms >= keeping->armed_ms)
        return;
    keeping->armed_ms = due_ms;
    wheel_at(machine->sim->wheel, due_ms, on_due, machine, (uint64_t)route);
}

/* ---- what it does ---- */

static void tell(struct machine *machine, int route, const struct holding_orders *orders)
{
    struct event event = {.kind = EVENT_HOLDER};

    if (machine->process == NULL || !is_own(machine, route))
        return;
    event.holder.route = route;
    event.holder.epoch = orders->epoch;
    event.holder.word = orders->tell == HOLDING_TELL_HELD ? HOLDER_HELD
                        : orders->why == HOLDING_RELEASED ? HOLDER_RELEASED
                                                          : HOLDER_FENCED;
    machine_told(machine, &event);
}

static void on_stopped(void *context, uint64_t arg)
{
    struct machine *machine = context;
    int route = (int)(arg % LIMIT_ROUTES);
    struct keeping *keeping = &machine->keeps[route];

    if (keeping->stops != arg / LIMIT_ROUTES || keeping->holding.phase != HOLDING_STOPPING ||
        machine->helper_gone || machine->helper_frozen > 0)
        return;
    holders_serve(machine, route, false, 0);
    obey(machine, route, holding_stopped(&keeping->holding));
}

/* A client of no helper takes all the time it may. */
static void stop(struct machine *machine, int route)
{
    struct keeping *keeping = &machine->keeps[route];
    struct sim *sim = machine->sim;
    uint64_t arg = ++keeping->stops * LIMIT_ROUTES + (uint64_t)route;

    if (!keeping->up)
        wheel_at(sim->wheel, sim_ms(sim), on_stopped, machine, arg);
    else if (is_own(machine, route) && prng_mix(sim->seed ^ arg ^ (uint64_t)machine->server) % 8)
        wheel_at(sim->wheel, sim_ms(sim) + STOP_MS, on_stopped, machine, arg);
}

static void obey(struct machine *machine, int route, struct holding_orders orders)
{
    struct keeping *keeping = &machine->keeps[route];

    while (orders.act == HOLDING_DO_START || orders.act == HOLDING_DO_CUT) {
        holders_serve(machine, route, orders.act == HOLDING_DO_START, orders.epoch);
        orders = orders.act == HOLDING_DO_START
                     ? holding_started(&keeping->holding, true, boot_ms(machine))
                     : holding_stopped(&keeping->holding);
    }
    if (orders.act == HOLDING_DO_STOP)
        stop(machine, route);
    if (orders.tell != HOLDING_TELL_NOTHING)
        tell(machine, route, &orders);
    helper_arm(machine, route);
}

/* ---- what it is told ---- */

static void order(struct machine *machine, int route, const struct keeping_order *order)
{
    struct holding *holding = &machine->keeps[route].holding;
    int64_t now_ms = boot_ms(machine);
    uint64_t start = machine->process->start;

    if (order->until_ms > 0) {
        machine->keeps[route].start = start;
        obey(machine, route,
             holding_hold(holding, order->epoch, order->until_ms, order->fence_ms, now_ms));
        return;
    }
    /* A new process does not know who goes by the word of the one before. */
    if (is_own(machine, route) || machine->keeps[route].start == start)
        obey(machine, route, holding_release(holding, order->epoch, now_ms));
}

void helper_order(struct machine *machine, int route, const struct keeping_order *newest)
{
    machine->keeps[route].order = *newest;
    if (!machine->helper_gone && machine->helper_frozen == 0)
        order(machine, route, newest);
}

/* ---- its life ---- */

/* It fences first, whatever is up. The daemon says again what it last said. */
static void begin(struct machine *machine, int route)
{
    struct keeping *keeping = &machine->keeps[route];
    int fence_ms = machine->sim->model->timing.fence_ms;

    obey(machine, route, holding_begin(&keeping->holding, fence_ms, boot_ms(machine)));
    if (keeping->order.epoch != 0 && machine->process != NULL)
        order(machine, route, &keeping->order);
}

void helper_begin(struct machine *machine)
{
    int r;

    machine->helper_gone = false;
    for (r = 0; r < machine->sim->model->n_routes; r++)
        if (machine->sim->model->routes[r].kind == ROUTE_EXCLUSIVE)
            begin(machine, r);
}

void helper_clock(struct machine *machine)
{
    int r;

    for (r = 0; r < machine->sim->model->n_routes; r++) {
        machine->keeps[r].armed_ms = INT64_MAX;
        helper_arm(machine, r);
    }
}

/* No power: what it held is down, and it begins anew with the machine. */
void helper_lost(struct machine *machine)
{
    int r;

    for (r = 0; r < machine->sim->model->n_routes; r++) {
        struct keeping *keeping = &machine->keeps[r];

        if (keeping->up)
            holders_serve(machine, r, false, 0);
        keeping->stops++;
        keeping->order = (struct keeping_order){0};
        keeping->holding = (struct holding){0};
    }
}
