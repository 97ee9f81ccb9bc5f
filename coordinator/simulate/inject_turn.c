/* What each kind of fault turns in the world. Faults overlap, so everything is counted. */
#include "base/check.h"
#include "core/feature.h"
#include "simulate/inject.h"

#define RESTART_DOWN_MS 300
#define UPGRADE_GAP_MS 3000

/* ---- who ---- */

typedef void on_server(struct injection *injection, int server, bool on);

static void each_server(struct injection *injection, bool on, on_server *do_it)
{
    server_set set = where_servers(&injection->fault.what, injection->sim->model);
    int i;

    for (i = 0; i < injection->sim->model->n_servers; i++)
        if (set & server_bit(i))
            do_it(injection, i, on);
}

static struct machine *coordinator(struct injection *injection, int server)
{
    return server < injection->sim->model->n_coordinators ? &injection->sim->machines[server]
                                                          : NULL;
}

typedef void on_path(struct injection *injection, int from, int to, bool on);

/* Of a path: from the one end to the other, and back. Of a place: to and from all others. Of
 * everything: all pairs. */
static void each_path(struct injection *injection, bool on, on_path *do_it)
{
    const struct fault *fault = &injection->fault;
    server_set near = where_servers(&fault->what, injection->sim->model), far = ~near;
    int i, k, n = injection->sim->model->n_servers;

    if (fault->path)
        far = where_servers(&fault->other, injection->sim->model);
    else if (fault->what.kind == WHERE_ALL)
        far = near;
    for (i = 0; i < n; i++)
        for (k = 0; k < n; k++) {
            bool there = (near & server_bit(i)) && (far & server_bit(k));
            bool back = (far & server_bit(i)) && (near & server_bit(k)) && !fault->one_way;

            if (i != k && (there || back))
                do_it(injection, i, k, on);
        }
}

/* ---- coordinators and machines ---- */

static void kill_one(struct injection *injection, int server, bool on)
{
    struct machine *machine = coordinator(injection, server);

    if (machine != NULL)
        machine_down(machine, on, false);
}

static void freeze_one(struct injection *injection, int server, bool on)
{
    struct machine *machine = coordinator(injection, server);

    if (machine != NULL)
        machine_freeze(machine, on);
}

static void wipe_one(struct injection *injection, int server, bool on)
{
    struct machine *machine = coordinator(injection, server);

    if (machine == NULL)
        return;
    machine_down(machine, on, true);
    if (on)
        machine_wipe(machine);
}

static void on_restarted(void *context, uint64_t arg)
{
    (void)arg;
    machine_down(context, false, false);
}

static void restart_one(struct injection *injection, int server, bool on)
{
    struct machine *machine = coordinator(injection, server);

    if (machine != NULL && on)
        machine_restart(machine, NULL, 0);
}

static void take_edition(struct machine *machine, uint64_t edition)
{
    machine->edition = (int)edition;
    machine->level = FEATURE_NEWEST;
}

static void on_upgrade(void *context, uint64_t edition)
{
    machine_restart(context, take_edition, edition);
}

/* As an operator does it: the next when the one before is back. */
static void upgrade(struct injection *injection)
{
    struct sim *sim = injection->sim;
    server_set set = where_servers(&injection->fault.what, sim->model);
    uint64_t edition = (uint64_t)edition_next(sim);
    int i, n = 0;

    for (i = 0; i < sim->model->n_coordinators; i++)
        if (set & server_bit(i))
            wheel_at(sim->wheel, sim_ms(sim) + UPGRADE_GAP_MS * n++, on_upgrade, &sim->machines[i],
                     edition);
}

static void isolate(struct injection *injection, int server, bool on)
{
    int i;

    for (i = 0; i < injection->sim->model->n_servers; i++)
        if (i != server) {
            network_cut(injection->sim->network, server, i, on);
            network_cut(injection->sim->network, i, server, on);
        }
}

static void host_one(struct injection *injection, int server, bool on)
{
    struct machine *machine = coordinator(injection, server);

    isolate(injection, server, on);
    targets_service(injection->sim->targets, server, SERVICE_GONE, on);
    injection->sim->server_dark[server] += on ? 1 : -1;
    if (machine == NULL)
        return;
    machine_down(machine, on, true);
    if (on)
        helper_lost(machine);
}

static void pause_one(struct injection *injection, int server, bool on)
{
    struct machine *machine = coordinator(injection, server);

    isolate(injection, server, on);
    targets_service(injection->sim->targets, server, SERVICE_GONE, on);
    if (machine == NULL)
        return;
    clock_stop(&machine->clock, sim_ms(injection->sim), on);
    holders_paused(machine, on);
    helper_clock(machine);
    machine_freeze(machine, on);
}

static void kill_helper(struct injection *injection, int server, bool on)
{
    struct machine *machine = coordinator(injection, server);

    if (machine != NULL && on)
        helper_kill(machine);
}

static void slow_fence(struct injection *injection, int server, bool on)
{
    struct machine *machine = coordinator(injection, server);

    if (machine != NULL)
        machine->fence_slow_ms += (int)injection->fault.value * (on ? 1 : -1);
}

static void stick_fence(struct injection *injection, int server, bool on)
{
    struct machine *machine = coordinator(injection, server);

    if (machine != NULL)
        machine->fence_stuck_ms += (int)injection->fault.value * (on ? 1 : -1);
}

static void freeze_helper(struct injection *injection, int server, bool on)
{
    struct machine *machine = coordinator(injection, server);

    if (machine != NULL)
        helper_freeze(machine, on);
}

/* ---- services ---- */

static void refuse_one(struct injection *injection, int server, bool on)
{
    targets_service(injection->sim->targets, server, SERVICE_REFUSES, on);
    if (on)
        software_ended(injection->sim, server);
}

static void hang_one(struct injection *injection, int server, bool on)
{
    targets_service(injection->sim->targets, server, SERVICE_HANGS, on);
}

/* From when a service is odd until a while after, nobody is blamed for his opinion of it. */
static void doubt(struct injection *injection, int server, bool on)
{
    struct sim *sim = injection->sim;

    sim->doubts[server] += on ? 1 : -1;
    if (!on)
        sim->doubt_ms[server] = sim_ms(sim) + DOUBT_MS;
}

static void sick_one(struct injection *injection, int server, bool on)
{
    targets_service(injection->sim->targets, server, SERVICE_SICK, on);
}

static void report_one(struct injection *injection, int server, bool on)
{
    doubt(injection, server, on);
    software_silenced(injection->sim, server, (enum fault_report)injection->fault.value, on);
}

static void slow_one(struct injection *injection, int server, bool on)
{
    doubt(injection, server, on);
    targets_slow(injection->sim->targets, server, (int)injection->fault.value, on);
}

static void on_flap(void *context, uint64_t index);

/* All of a place turn together: `refusing` is the same for all, also when it ends. */
static void flap_one(struct injection *injection, int server, bool on)
{
    doubt(injection, server, on);
    if (on || injection->refusing)
        targets_service(injection->sim->targets, server, SERVICE_REFUSES, on);
}

static void flap_begins(struct injection *injection)
{
    struct sim *sim = injection->sim;

    injection->refusing = true;
    wheel_at(sim->wheel, sim_ms(sim) + injection->fault.value, on_flap, sim,
             (uint64_t)(injection - sim->injections));
}

static void unseen_one(struct injection *injection, int server, bool on)
{
    doubt(injection, server, on);
    targets_seen(injection->sim->targets, server, injection->fault.other.index, SERVICE_HANGS, on);
}

/* ---- the network ---- */

static void cut_path(struct injection *injection, int from, int to, bool on)
{
    network_cut(injection->sim->network, from, to, on);
}

/* What gets slow may miss its checks' time-outs; more loss than that is not promised to be told
 * from a failure. */
#define DOUBT_DELAY_MS 30
#define DOUBT_LOSS_PERMILLE 200

static void lose_path(struct injection *injection, int from, int to, bool on)
{
    if (injection->fault.value > DOUBT_LOSS_PERMILLE) {
        doubt(injection, to, on);
        oracle_lossy(injection->sim, from, to, on);
    }
    network_loss(injection->sim->network, from, to, (int)injection->fault.value, on);
}

static void delay_path(struct injection *injection, int from, int to, bool on)
{
    if (injection->fault.value > DOUBT_DELAY_MS) {
        doubt(injection, from, on);
        doubt(injection, to, on);
    }
    network_delay(injection->sim->network, from, to, (int)injection->fault.value, on);
}

static void shut_one(struct injection *injection, int server, bool on)
{
    injection->sim->server_shut[server] += on ? 1 : -1;
}

/* A place, not a path: callers do not reach it either. */
static void shut_place(struct injection *injection, bool on)
{
    if (!injection->fault.path)
        each_server(injection, on, shut_one);
}

static void double_all(struct injection *injection, bool on)
{
    network_double(injection->sim->network, (int)injection->fault.value, on);
}

static void reorder_all(struct injection *injection, bool on)
{
    network_reorder(injection->sim->network, (int)injection->fault.value, on);
}

/* ---- disks and clocks ---- */

static void stall_one(struct injection *injection, int server, bool on)
{
    struct machine *machine = coordinator(injection, server);

    if (machine != NULL)
        platter_stall(machine->platter, on);
}

static void full_one(struct injection *injection, int server, bool on)
{
    struct machine *machine = coordinator(injection, server);

    if (machine != NULL)
        platter_full(machine->platter, on);
}

static void crawl_one(struct injection *injection, int server, bool on)
{
    struct machine *machine = coordinator(injection, server);

    if (machine != NULL)
        platter_slow(machine->platter,
                     machine->crawl_ms += (int)injection->fault.value * (on ? 1 : -1));
}

static void bad_disk_one(struct injection *injection, int server, bool on)
{
    struct machine *machine = coordinator(injection, server);

    if (machine != NULL && on)
        platter_fail(machine->platter);
}

static void corrupt_one(struct injection *injection, int server, bool on)
{
    struct machine *machine = coordinator(injection, server);

    if (machine == NULL || !on)
        return;
    machine_down(machine, true, false);
    platter_corrupt_tail(machine->platter);
    wheel_at(injection->sim->wheel, sim_ms(injection->sim) + RESTART_DOWN_MS, on_restarted, machine,
             0);
}

static void step_one(struct injection *injection, int server, bool on)
{
    struct machine *machine = coordinator(injection, server);

    if (machine == NULL || !on)
        return;
    clock_step_utc(&machine->clock, injection->fault.value);
    evidence_clocks(machine->sim);
}

static void drift_one(struct injection *injection, int server, bool on)
{
    struct machine *machine = coordinator(injection, server);

    if (machine == NULL)
        return;
    machine_drifts(machine, injection->fault.value * (on ? 1 : -1));
}

/* ---- actuators ---- */

static void turn_switch(struct injection *injection, bool on)
{
    static const enum switch_fault kinds[FAULT_KINDS] = {
        [FAULT_MUTE] = SWITCH_DOWN, [FAULT_LAG] = SWITCH_SLOW,       [FAULT_DEAF] = SWITCH_DEAF,
        [FAULT_LATE] = SWITCH_LATE, [FAULT_FORGET] = SWITCH_FORGETS,
    };
    const struct fault *fault = &injection->fault;

    switches_fault(injection->sim->switches, fault->what.index, fault->what.second,
                   kinds[fault->kind], (int)fault->value, on);
}

static void forget(struct injection *injection)
{
    turn_switch(injection, true);
}

/* ---- receivers of notices ---- */

static void turn_receivers(struct injection *injection, bool on)
{
    const struct fault *fault = &injection->fault;
    enum receiver_fault kind = fault->kind == FAULT_SILENT ? RECEIVER_SILENT : RECEIVER_UNHEARD;

    for (int i = 0; i < LIMIT_RECEIVERS; i++)
        if (fault->what.kind == WHERE_ALL || fault->what.index == i)
            receivers_fault(injection->sim->receivers, i, kind, on);
}

/* ---- what each kind turns ---- */

static const struct turn {
    on_path *path;     /* each path meant */
    on_server *server; /* each server meant */
    void (*whole)(struct injection *injection, bool on);
    void (*once)(struct injection *injection); /* its end comes by itself, if ever */
} turns[FAULT_KINDS] = {
    [FAULT_KILL] = {.server = kill_one},
    [FAULT_FREEZE] = {.server = freeze_one},
    [FAULT_WIPE] = {.server = wipe_one},
    [FAULT_RESTART] = {.server = restart_one},
    [FAULT_UPGRADE] = {.once = upgrade},
    [FAULT_HOST] = {.server = host_one},
    [FAULT_PAUSE] = {.server = pause_one},
    [FAULT_REFUSE] = {.server = refuse_one},
    [FAULT_HANG] = {.server = hang_one},
    [FAULT_SICK] = {.server = sick_one},
    [FAULT_SLOW] = {.server = slow_one},
    [FAULT_FLAP] = {.server = flap_one, .once = flap_begins},
    [FAULT_UNSEEN] = {.server = unseen_one},
    [FAULT_CUT] = {.path = cut_path, .whole = shut_place},
    [FAULT_SPLIT] = {.path = cut_path},
    [FAULT_LOSS] = {.path = lose_path},
    [FAULT_DELAY] = {.path = delay_path},
    [FAULT_DOUBLE] = {.whole = double_all},
    [FAULT_REORDER] = {.whole = reorder_all},
    [FAULT_STALL] = {.server = stall_one},
    [FAULT_FULL] = {.server = full_one},
    [FAULT_CRAWL] = {.server = crawl_one},
    [FAULT_BADDISK] = {.server = bad_disk_one},
    [FAULT_CORRUPT] = {.server = corrupt_one},
    [FAULT_STEP] = {.server = step_one},
    [FAULT_DRIFT] = {.server = drift_one},
    [FAULT_MUTE] = {.whole = turn_switch},
    [FAULT_LAG] = {.whole = turn_switch},
    [FAULT_DEAF] = {.whole = turn_switch},
    [FAULT_LATE] = {.whole = turn_switch},
    [FAULT_FORGET] = {.once = forget},
    [FAULT_SWITCHOVER] = {.once = inject_switchover},
    [FAULT_FAILOVER] = {.once = inject_failover},
    [FAULT_FORCE] = {.once = inject_force},
    [FAULT_REPORT] = {.server = report_one},
    [FAULT_HANDSOFF] = {.once = inject_handsoff},
    [FAULT_DRAIN] = {.whole = inject_drain},
    [FAULT_LEAD] = {.once = inject_lead},
    [FAULT_HELPER_KILL] = {.server = kill_helper},
    [FAULT_HELPER_FREEZE] = {.server = freeze_helper},
    [FAULT_FENCE_SLOW] = {.server = slow_fence},
    [FAULT_FENCE_STUCK] = {.server = stick_fence},
    [FAULT_AMEND] = {.once = inject_amend},
    [FAULT_SILENT] = {.whole = turn_receivers},
    [FAULT_UNHEARD] = {.whole = turn_receivers},
};

void inject_turn(struct injection *injection, bool on)
{
    const struct turn *turn;

    CHECK(injection->fault.kind < FAULT_KINDS);
    turn = &turns[injection->fault.kind];
    if (turn->path != NULL)
        each_path(injection, on, turn->path);
    if (turn->server != NULL)
        each_server(injection, on, turn->server);
    if (turn->whole != NULL)
        turn->whole(injection, on);
    if (turn->once != NULL && on)
        turn->once(injection);
}

static void on_flap(void *context, uint64_t index)
{
    struct sim *sim = context;
    struct injection *injection = &sim->injections[index];
    server_set set = where_servers(&injection->fault.what, sim->model);
    int i;

    if (!injection->on)
        return;
    injection->refusing = !injection->refusing;
    for (i = 0; i < sim->model->n_servers; i++)
        if (set & server_bit(i))
            targets_service(sim->targets, i, SERVICE_REFUSES, injection->refusing);
    callers_look(sim);
    wheel_at(sim->wheel, sim_ms(sim) + injection->fault.value, on_flap, sim, index);
}
