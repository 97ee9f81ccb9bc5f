/* A machine's helper: the product's own state machine (core/failover/holding.h) on the machine's
 * clock, whatever becomes of the daemon. A route without actuators of its own has none: there
 * a client goes by what its daemon says, or by the grant's end when that is gone. */
#include "core/failover/holding.h"
#include "simulate/inside.h"

#define STOP_MS 2         /* of a stop that goes well; one in eight hangs until it is cut */
#define AGAIN_MS 50       /* systemd starts a helper that died */
#define LIFE_MORE_MS 1000 /* up to it: the kernel looks once in a second */
#define UNHEARD_MS 1500   /* daemon/holder.c: who answers nothing for so long is as good as gone */

static void obey(struct machine *machine, int route, struct holding_orders orders);

static int64_t boot_ms(const struct machine *machine)
{
    return clock_now(&machine->clock, sim_ms(machine->sim)).boot_ms;
}

static bool is_own(const struct machine *machine, int route)
{
    return route_is_own(&machine->sim->model->routes[route]);
}

bool helper_still(const struct machine *machine, int route)
{
    return is_own(machine, route) && (machine->helper_gone || machine->helper_frozen > 0);
}

/* ---- time ---- */

static void on_due(void *context, uint64_t route)
{
    struct machine *machine = context;
    struct keeping *keeping = &machine->keeps[route];

    if (sim_ms(machine->sim) >= keeping->armed_ms)
        keeping->armed_ms = INT64_MAX;
    if (helper_still(machine, (int)route))
        return;
    if (holding_next_ms(&keeping->holding) <= boot_ms(machine))
        obey(machine, (int)route, holding_tick(&keeping->holding, boot_ms(machine)));
    else
        helper_arm(machine, (int)route);
}

/* The kernel's own deadline. */
static void on_life_over(void *context, uint64_t route)
{
    struct machine *machine = context;
    struct keeping *keeping = &machine->keeps[route];

    if (keeping->up && boot_ms(machine) >= keeping->life_ms)
        holders_serve(machine, (int)route, false, 0);
}

static void arm_life(struct machine *machine, int route)
{
    int64_t over_ms = clock_when(&machine->clock, machine->keeps[route].life_ms);

    if (machine->keeps[route].up && over_ms != INT64_MAX)
        wheel_at(machine->sim->wheel,
                 over_ms > sim_ms(machine->sim) ? over_ms : sim_ms(machine->sim), on_life_over,
                 machine, (uint64_t)route);
}

static void renew(struct keeping *keeping)
{
    keeping->life_ms = INT64_MAX;
    keeping->left = false;
}

/* Nobody renews it from now on. */
static void leave(struct machine *machine, int route)
{
    struct sim *sim = machine->sim;
    struct keeping *keeping = &machine->keeps[route];
    int64_t renewed_ms = boot_ms(machine) - (sim_ms(sim) - keeping->since_ms) % HOLDING_RENEW_MS;

    keeping->life_ms = renewed_ms + HOLDING_LIFE_S * 1000 +
                       (int64_t)(prng_mix(sim->seed ^ (uint64_t)renewed_ms) % LIFE_MORE_MS);
    arm_life(machine, route);
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
        helper_still(machine, route))
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
    else if (is_own(machine, route) && machine->fence_stuck_ms == 0 &&
             prng_mix(sim->seed ^ arg ^ (uint64_t)machine->server) % 8)
        wheel_at(sim->wheel, sim_ms(sim) + STOP_MS + machine->fence_slow_ms, on_stopped, machine,
                 arg);
}

static bool is_stuck(const struct machine *machine, int route)
{
    return machine->fence_stuck_ms > 0 && machine->keeps[route].up && is_own(machine, route);
}

/* What is to take no time takes some: the kernel does not answer. Nor does anybody renew what is
 * up meanwhile. */
static void cut_slowly(struct machine *machine, int route)
{
    struct keeping *keeping = &machine->keeps[route];
    uint64_t arg = ++keeping->stops * LIMIT_ROUTES + (uint64_t)route;

    leave(machine, route);
    wheel_at(machine->sim->wheel, sim_ms(machine->sim) + machine->fence_stuck_ms, on_stopped,
             machine, arg);
}

static void obey(struct machine *machine, int route, struct holding_orders orders)
{
    struct keeping *keeping = &machine->keeps[route];

    while (orders.act == HOLDING_DO_START ||
           (orders.act == HOLDING_DO_CUT && !is_stuck(machine, route))) {
        if (orders.act == HOLDING_DO_START)
            renew(keeping);
        holders_serve(machine, route, orders.act == HOLDING_DO_START, orders.epoch);
        orders = orders.act == HOLDING_DO_START
                     ? holding_started(&keeping->holding, true, boot_ms(machine))
                     : holding_stopped(&keeping->holding);
    }
    if (orders.act == HOLDING_DO_STOP)
        stop(machine, route);
    if (orders.act == HOLDING_DO_CUT)
        cut_slowly(machine, route);
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
        machine->keeps[route].owed_ms = order->until_ms + order->fence_ms;
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
    machine->keeps[route].order.start = machine->process->start;
    if (!helper_still(machine, route))
        order(machine, route, newest);
}

/* ---- its life ---- */

static void say_again(struct machine *machine, int route)
{
    const struct keeping_order *newest = &machine->keeps[route].order;

    if (newest->epoch != 0 && machine->process != NULL && process_runs(machine->process) &&
        newest->start == machine->process->start)
        order(machine, route, newest);
}

/* It fences first, whatever is up. The daemon says again what it last said. */
static void begin(struct machine *machine, int route)
{
    struct keeping *keeping = &machine->keeps[route];
    int fence_ms = machine->sim->model->timing.fence_ms;

    obey(machine, route, holding_begin(&keeping->holding, fence_ms, boot_ms(machine)));
    say_again(machine, route);
}

void helper_begin(struct machine *machine)
{
    int r;

    for (r = 0; r < machine->sim->model->n_routes; r++)
        if (machine->sim->model->routes[r].kind == ROUTE_EXCLUSIVE)
            begin(machine, r);
}

static void each_own(struct machine *machine, void (*do_it)(struct machine *machine, int route))
{
    int r;

    for (r = 0; r < machine->sim->model->n_routes; r++)
        if (machine->sim->model->routes[r].kind == ROUTE_EXCLUSIVE && is_own(machine, r))
            do_it(machine, r);
}

static void greet(struct machine *machine, int route)
{
    struct event event = {.kind = EVENT_HOLDER,
                          .holder = {.route = route, .word = HOLDER_RELEASED}};

    if (machine->process != NULL && !helper_still(machine, route))
        machine_told(machine, &event);
}

void helper_greet(struct machine *machine)
{
    each_own(machine, greet);
}

void helper_clock(struct machine *machine)
{
    int r;

    for (r = 0; r < machine->sim->model->n_routes; r++) {
        machine->keeps[r].armed_ms = INT64_MAX;
        helper_arm(machine, r);
        arm_life(machine, r);
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

/* ---- faults on it alone ---- */

static void abandon(struct machine *machine, int route)
{
    machine->keeps[route].left = true;
    leave(machine, route);
}

/* What is due comes first, then what was said in the meantime. */
static void go_on(struct machine *machine, int route)
{
    struct keeping *keeping = &machine->keeps[route];

    keeping->since_ms = sim_ms(machine->sim);
    if (keeping->holding.phase == HOLDING_STOPPING && keeping->holding.cut)
        cut_slowly(machine, route);
    else if (keeping->holding.phase == HOLDING_STOPPING)
        stop(machine, route);
    if (holding_next_ms(&keeping->holding) <= boot_ms(machine))
        obey(machine, route, holding_tick(&keeping->holding, boot_ms(machine)));
    else
        helper_arm(machine, route);
    if (keeping->holding.phase == HOLDING_UP)
        renew(keeping);
    say_again(machine, route);
    greet(machine, route);
}

static void unheard(struct machine *machine, int route)
{
    struct event event = {.kind = EVENT_HOLDER, .holder = {.route = route, .word = HOLDER_LOST}};

    if (machine->process != NULL)
        machine_told(machine, &event);
}

static void lose(struct machine *machine, int route)
{
    machine->keeps[route].stops++;
    if (machine->helper_frozen == 0)
        abandon(machine, route);
    unheard(machine, route);
}

static void on_unheard(void *context, uint64_t holds)
{
    struct machine *machine = context;

    if (machine->helper_frozen > 0 && machine->helper_freezes == holds)
        each_own(machine, unheard);
}

/* One that is to stand still does so from its start. */
static void on_again(void *context, uint64_t arg)
{
    struct machine *machine = context;

    (void)arg;
    if (!machine->helper_gone || machine->helper_frozen > 0)
        return;
    machine->helper_gone = false;
    each_own(machine, begin);
}

void helper_kill(struct machine *machine)
{
    if (machine->helper_gone)
        return;
    sim_note(machine->sim, NOTE_HOLDER, machine->server, "helper", "dies");
    each_own(machine, lose);
    machine->helper_gone = true;
    wheel_at(machine->sim->wheel, sim_ms(machine->sim) + AGAIN_MS, on_again, machine, 0);
}

void helper_freeze(struct machine *machine, bool on)
{
    bool was = machine->helper_frozen > 0 || machine->helper_gone;

    machine->helper_frozen += on ? 1 : -1;
    if (on && !was)
        each_own(machine, abandon);
    if (on && machine->helper_frozen == 1)
        wheel_at(machine->sim->wheel, sim_ms(machine->sim) + UNHEARD_MS, on_unheard, machine,
                 ++machine->helper_freezes);
    if (on || machine->helper_frozen > 0)
        return;
    if (machine->helper_gone)
        wheel_at(machine->sim->wheel, sim_ms(machine->sim), on_again, machine, 0);
    else
        each_own(machine, go_on);
}
