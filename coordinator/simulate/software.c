/* What a server's own software does besides serving: it reports to its server's coordinator, and
 * its end is noticed where a check says so (hold: by the observers, process: by its own node). */
#include "base/check.h"
#include "simulate/inside.h"

#define PER_TTL 3 /* reports, so that one may be lost */

static struct process *runs_on(const struct sim *sim, int server)
{
    struct process *process = sim->machines[server].process;

    return process_runs(process) ? process : NULL;
}

/* ---- reports ---- */

static void report(struct process *process, int check, bool failing)
{
    struct event event = {.kind = EVENT_REPORT,
                          .now = clock_now(&process->machine->clock, sim_ms(process->sim)),
                          .report = {.check = check, .failing = failing}};

    node_step(process->node, &event);
    process_after(process);
}

static void on_report(void *context, uint64_t arg)
{
    struct sim *sim = context;
    const struct check *check = &sim->model->checks[arg];
    enum reason finds = targets_finds(sim->targets, sim->model->servers[check->target].site, check);
    struct process *process = runs_on(sim, check->target);

    wheel_at(sim->wheel, sim_ms(sim) + check->interval_ms / PER_TTL, on_report, sim, arg);
    if (process == NULL) /* its words expire unheard, however well it is */
        sim->doubt_ms[check->target] = sim_ms(sim) + check->interval_ms + DOUBT_MS;
    else if (finds != REASON_TIMEOUT && finds != REASON_REFUSED &&
             sim->says_nothing[check->target] == 0)
        report(process, (int)arg, finds != REASON_OK || sim->complains[check->target] > 0);
}

void software_open(struct sim *sim)
{
    int c;

    for (c = 0; c < sim->model->n_checks; c++) {
        const struct check *check = &sim->model->checks[c];
        uint64_t phase = prng_mix(sim->seed ^ prng_mix((uint64_t)c));

        if (check->kind != CHECK_REPORT)
            continue;
        sim->murky = true; /* a word is no truth */
        wheel_at(sim->wheel, sim_ms(sim) + (int64_t)(phase % (uint64_t)check->interval_ms),
                 on_report, sim, (uint64_t)c);
    }
}

void software_silenced(struct sim *sim, int server, enum fault_report how, bool on)
{
    int *faults = how == FAULT_REPORT_FAILING ? sim->complains : sim->says_nothing;

    faults[server] += on ? 1 : -1;
    CHECK(faults[server] >= 0);
}

/* ---- its end ---- */

/* Of a check to a node: 16 bits each. */
static void on_hint(void *context, uint64_t arg)
{
    struct sim *sim = context;
    struct process *process = runs_on(sim, (int)(arg & 0xffff));
    struct event event = {.kind = EVENT_HINT, .hint.check = (int)(arg >> 16)};

    if (process == NULL)
        return;
    event.now = clock_now(&process->machine->clock, sim_ms(sim));
    node_step(process->node, &event);
    process_after(process);
}

static void hint(struct sim *sim, int check, int node, int after_ms)
{
    if (after_ms >= 0)
        wheel_at(sim->wheel, sim_ms(sim) + after_ms, on_hint, sim,
                 (uint64_t)check << 16 | (uint64_t)node);
}

void software_ended(struct sim *sim, int server)
{
    int c, i;

    for (c = 0; c < sim->model->n_checks; c++) {
        const struct check *check = &sim->model->checks[c];
        server_set observers = check->keep_connection ? model_observers(sim->model, c) : 0;

        if (check->target != server)
            continue;
        if (check->process_kind != PROCESS_NONE)
            hint(sim, c, server, 1);
        for (i = 0; i < sim->model->n_coordinators; i++)
            if (observers & server_bit(i))
                hint(sim, c, i, network_exchange(sim->network, server, i, check->timeout_ms));
    }
}
