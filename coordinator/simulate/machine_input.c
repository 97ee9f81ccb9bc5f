/* What comes in for a process goes through here: it is handled at once, or kept while the
 * process stands still, or dropped when it is another's. */
#include "base/check.h"
#include "base/mem.h"
#include "simulate/inside.h"
#include "wire/codec.h"

#include <stdio.h>

#define SOCKET_DATAGRAMS 256 /* beats that wait in a socket's buffer; more are dropped */

static void keep(struct machine *machine, const struct input *input)
{
    struct input *kept = mem_dup(input, sizeof *input);

    if (input->kind == INPUT_PARCEL)
        kept->parcel.parcel->refs++;
    kept->next = NULL;
    *machine->backlog_end = kept;
    machine->backlog_end = &kept->next;
}

void machine_drop_backlog(struct machine *machine)
{
    struct input *input = machine->backlog, *next;

    for (; input != NULL; input = next) {
        next = input->next;
        if (input->kind == INPUT_PARCEL)
            parcel_release(input->parcel.parcel);
        mem_free(input);
    }
    machine->backlog = NULL;
    machine->backlog_end = &machine->backlog;
    machine->datagrams = 0;
}

static struct beat *decoded(struct sim *sim, struct parcel *parcel)
{
    struct err err;

    if (parcel->memo != NULL)
        return parcel->memo;
    parcel->memo = mem_alloc(sizeof(struct beat));
    CHECK(beat_decode(parcel->bytes, parcel->len, parcel->memo, &err) == 0);
    return parcel->memo;
}

/* One that was overtaken says nothing new. */
static void hear(struct process *process, int from, const struct beat *beat)
{
    struct heard *heard = &process->machine->heard[from];

    if (beat->boot == heard->boot && beat->number <= heard->number)
        return;
    *heard = (struct heard){beat->boot, beat->number, sim_ms(process->sim)};
}

static void take_parcel(struct process *process, int from, bool datagram, struct parcel *parcel)
{
    if (datagram) {
        struct beat *beat = decoded(process->sim, parcel);

        hear(process, from, beat);
        node_take_beat(process->node, from, beat);
    } else {
        node_receive(process->node, from, parcel->bytes, parcel->len);
    }
}

static void take_probe(struct process *process, int check, enum reason reason, int64_t began_ms)
{
    struct event event = {.kind = EVENT_PROBE,
                          .now = clock_now(&process->machine->clock, sim_ms(process->sim))};

    evidence_probe(process->sim, process->machine->server, check, reason);
    event.probe.check = check;
    event.probe.reason = reason;
    event.probe.began_ms = began_ms;
    event.probe.took_ms = (uint32_t)(event.now.boot_ms - began_ms);
    node_step(process->node, &event);
}

static void take(struct process *process, struct input *input)
{
    switch (input->kind) {
    case INPUT_PARCEL:
        take_parcel(process, input->parcel.from, input->parcel.datagram, input->parcel.parcel);
        break;
    case INPUT_FIRE:
        input->fire.fire(input->fire.context, input->fire.arg);
        break;
    case INPUT_PROBE:
        take_probe(process, input->probe.check, input->probe.reason, input->probe.began_ms);
        break;
    case INPUT_ACTED:
        input->acted.now = clock_now(&process->machine->clock, sim_ms(process->sim));
        node_step(process->node, &input->acted);
        break;
    }
}

void machine_deliver(void *context, int to, int from, bool datagram, struct parcel *parcel)
{
    struct sim *sim = context;
    struct machine *machine = &sim->machines[to];
    struct process *process = machine->process;

    if (process == NULL || process->gone)
        return;
    if (process_runs(process)) {
        take_parcel(process, from, datagram, parcel);
        process_after(process);
        return;
    }
    if (datagram && ++machine->datagrams > SOCKET_DATAGRAMS)
        return;
    keep(machine,
         &(struct input){.kind = INPUT_PARCEL,
                         .start = process->start,
                         .parcel = {.from = from, .datagram = datagram, .parcel = parcel}});
}

/* A probe that ends while its observer stands still is found late: its time-out was noticed
 * late, and an answer that waited is as good as ever. */
void machine_probe_ended(void *context, int node, uint64_t start, int check, enum reason reason,
                         int64_t began_ms)
{
    struct sim *sim = context;
    struct machine *machine = &sim->machines[node];
    struct process *process = machine_process(sim, node, start);
    int64_t boot_ms;

    if (process == NULL)
        return;
    boot_ms = clock_now(&machine->clock, sim_ms(sim)).boot_ms - (sim_ms(sim) - began_ms);
    if (process_runs(process)) {
        take_probe(process, check, reason, boot_ms);
        process_after(process);
        return;
    }
    if (reason_class(reason) == REASON_SILENT)
        reason = REASON_LOCAL;
    keep(machine,
         &(struct input){.kind = INPUT_PROBE,
                         .start = start,
                         .probe = {.check = check, .reason = reason, .began_ms = boot_ms}});
}

struct told {
    struct machine *machine;
    uint64_t start;
    struct event event;
};

static void on_told(void *context, uint64_t arg)
{
    struct told *told = context;

    (void)arg;
    machine_acted(told->machine->sim, told->machine->server, told->start, &told->event);
    mem_free(told);
}

/* Never from inside of the node that ordered it. */
void machine_told(struct machine *machine, const struct event *event)
{
    struct told *told = mem_zalloc(1, sizeof *told);

    told->machine = machine;
    told->start = machine->process->start;
    told->event = *event;
    wheel_at(machine->sim->wheel, sim_ms(machine->sim), on_told, told, 0);
}

void machine_acted(void *context, int node, uint64_t start, const struct event *event)
{
    struct sim *sim = context;
    struct machine *machine = &sim->machines[node];
    struct process *process = machine_process(sim, node, start);
    struct input input = {.kind = INPUT_ACTED, .start = start, .acted = *event};

    if (process == NULL)
        return;
    if (process_runs(process)) {
        take(process, &input);
        process_after(process);
        return;
    }
    if (event->kind == EVENT_ACTED && event->acted.text != NULL)
        snprintf(input.text, sizeof input.text, "%s", event->acted.text);
    keep(machine, &input);
}

void machine_run(void *context, wheel_fire *fire, void *fire_context, uint64_t arg)
{
    struct machine *machine = context;
    struct process *process = machine->process;

    if (process == NULL || process->opening || machine->frozen == 0) {
        fire(fire_context, arg);
        if (process != NULL)
            process_after(process);
        return;
    }
    keep(machine, &(struct input){.kind = INPUT_FIRE,
                                  .start = process->start,
                                  .fire = {.fire = fire, .context = fire_context, .arg = arg}});
}

/* ---- what is asked of it ---- */

int machine_may(void *context, int node, uint64_t start, int route,
                const struct placement *placement, int64_t since_ms)
{
    struct process *process = machine_process(context, node, start);
    int may;

    if (!process_runs(process))
        return -1;
    may = node_may_act(process->node, route, placement->epoch, placement->step, since_ms);
    process_after(process);
    return may;
}

int64_t machine_boot_ms(void *context, int node)
{
    struct sim *sim = context;

    return clock_now(&sim->machines[node].clock, sim_ms(sim)).boot_ms;
}

/* ---- standing still ---- */

/* As libuv's loop does when it goes on: timers first, then what waits in the sockets. */
static void thaw(struct machine *machine)
{
    struct process *process = machine->process;
    uint64_t start;

    if (process == NULL)
        return;
    start = process->start;
    if (!process->failed)
        node_run(process->node);
    machine->datagrams = 0;
    while (machine->process != NULL && machine->process->start == start &&
           machine->backlog != NULL && machine->frozen == 0) {
        struct input *input = machine->backlog;

        machine->backlog = input->next;
        if (machine->backlog == NULL)
            machine->backlog_end = &machine->backlog;
        if (input->kind == INPUT_ACTED && input->acted.kind == EVENT_ACTED &&
            input->acted.acted.text != NULL)
            input->acted.acted.text = input->text;
        if (!process->failed)
            take(process, input);
        platter_fire(machine->platter);
        if (input->kind == INPUT_PARCEL)
            parcel_release(input->parcel.parcel);
        mem_free(input);
    }
    if (machine->process != NULL && machine->process->start == start)
        process_after(machine->process);
}

void machine_freeze(struct machine *machine, bool on)
{
    machine->frozen += on ? 1 : -1;
    CHECK(machine->frozen >= 0);
    if (on)
        watch_leads(machine, false);
    targets_freeze(machine->sim->targets, machine->server, machine->frozen > 0);
    switches_freeze(machine->sim->switches, machine->server, machine->frozen > 0);
    if (on && machine->frozen == 1)
        sim_note(machine->sim, NOTE_PROCESS, machine->server, "stands-still", "%s", "");
    if (!on && machine->frozen == 0) {
        sim_note(machine->sim, NOTE_PROCESS, machine->server, "goes-on", "%s", "");
        thaw(machine);
    }
}
