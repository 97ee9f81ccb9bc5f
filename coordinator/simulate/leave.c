/* A daemon that is stopped in order, and started again: as daemon/daemon.c does it, it first lets
 * others take over. */
#include "base/mem.h"
#include "simulate/inside.h"

#define LOOK_MS 5 /* as in daemon/ */
#define DOWN_MS 300

struct leaving {
    struct machine *machine;
    uint64_t start;
    int64_t by_ms;
    leave_then *then;
    uint64_t arg;
};

static void on_restarted(void *context, uint64_t arg)
{
    (void)arg;
    machine_down(context, false, false);
}

static bool has_left(const struct leaving *leaving)
{
    struct machine *machine = leaving->machine;
    struct process *process = machine_process(machine->sim, machine->server, leaving->start);

    if (process == NULL || sim_ms(machine->sim) >= leaving->by_ms)
        return true;
    return process_runs(process) && engine_left(node_engine(process->node),
                                                clock_now(&machine->clock, sim_ms(machine->sim)));
}

static void on_look(void *context, uint64_t arg)
{
    struct leaving *leaving = context;
    struct machine *machine = leaving->machine;
    struct sim *sim = machine->sim;

    if (!has_left(leaving)) {
        wheel_at(sim->wheel, sim_ms(sim) + LOOK_MS, on_look, leaving, arg);
        return;
    }
    if (leaving->then != NULL)
        leaving->then(machine, leaving->arg);
    machine_down(machine, true, false);
    wheel_at(sim->wheel, sim_ms(sim) + DOWN_MS, on_restarted, machine, 0);
    mem_free(leaving);
}

void machine_restart(struct machine *machine, leave_then *then, uint64_t arg)
{
    struct sim *sim = machine->sim;
    struct leaving *leaving = mem_zalloc(1, sizeof *leaving);
    struct event event = {.kind = EVENT_LEAVE};

    *leaving = (struct leaving){
        .machine = machine, .by_ms = sim_ms(sim) + NODE_LEAVE_MS, .then = then, .arg = arg};
    machine->left = true;
    if (machine->process != NULL) {
        leaving->start = machine->process->start;
        sim_note(sim, NOTE_PROCESS, machine->server, "leaves", "%s", "asked to stop");
        machine_told(machine, &event);
    }
    wheel_at(sim->wheel, sim_ms(sim) + (machine->process != NULL ? LOOK_MS : 0), on_look, leaving,
             0);
}
