/* Processes on machines: how they begin, wake up and end. */
#include "base/check.h"
#include "base/mem.h"
#include "core/failover/promise.h"
#include "core/feature.h"
#include "simulate/inside.h"

struct process *machine_process(const struct sim *sim, int server, uint64_t start)
{
    struct process *process = sim->machines[server].process;

    return process != NULL && process->start == start ? process : NULL;
}

/* ---- time ---- */

static void on_wake(void *context, uint64_t start)
{
    struct machine *machine = context;
    struct process *process = machine->process;

    if (process == NULL || process->start != start)
        return;
    if (process->armed_ms > sim_ms(machine->sim)) /* a later one is meant */
        return;
    process->armed_ms = INT64_MAX;
    if (!process_runs(process))
        return; /* thawing looks at the time first */
    if (clock_now(&machine->clock, sim_ms(machine->sim)).boot_ms >= node_due_ms(process->node))
        node_run(process->node);
    process_after(process);
}

static void arm(struct process *process)
{
    struct machine *machine = process->machine;
    int64_t due_ms = clock_when(&machine->clock, node_due_ms(process->node));

    if (due_ms < sim_ms(machine->sim))
        due_ms = sim_ms(machine->sim);
    if (due_ms >= process->armed_ms || due_ms == INT64_MAX)
        return;
    process->armed_ms = due_ms;
    wheel_at(machine->sim->wheel, due_ms, on_wake, machine, process->start);
}

void process_after(struct process *process)
{
    if (!process_runs(process))
        return;
    platter_fire(process->machine->platter);
    node_poll(process->node);
    if (!process_runs(process))
        return;
    watch_process(process);
    arm(process);
}

/* ---- the end of a process ---- */

static void on_closed(void *context)
{
    struct process *process = context;
    struct process **at = &process->sim->closing;

    while (*at != process)
        at = &(*at)->next;
    *at = process->next;
    log_close(process->log);
    mem_free(process);
}

/* What is gone still has to let go of its memory. */
static void on_closing(void *context, uint64_t start)
{
    struct sim *sim = context;
    struct process *process;

    for (process = sim->closing; process != NULL; process = process->next)
        if (process->start == start) {
            node_run(process->node);
            return;
        }
}

void process_closing(struct process *process)
{
    wheel_at(process->sim->wheel, sim_ms(process->sim), on_closing, process->sim, process->start);
}

static void end(struct machine *machine, bool power)
{
    struct process *process = machine->process;
    struct sim *sim = machine->sim;

    if (process == NULL)
        return;
    process->gone = true;
    machine->process = NULL;
    watch_leads(machine, false);
    targets_watch(sim->targets, machine->server, process->start, NULL, 0);
    network_reset(sim->network, machine->server);
    platter_cut_off(machine->platter, power);
    if (power)
        book_power_loss(machine);
    machine_drop_backlog(machine);
    process->next = sim->closing;
    sim->closing = process;
    if (process->node == NULL) {
        on_closed(process);
        return;
    }
    node_close(process->node, on_closed, process);
    process_closing(process);
    sim_note(sim, NOTE_PROCESS, machine->server, "ends", "%s", power ? "no power" : "killed");
}

/* From inside of its own node: it ends when that has come back. */
static void on_failed(void *context, uint64_t start)
{
    struct machine *machine = context;

    if (machine->process == NULL || machine->process->start != start)
        return;
    end(machine, false);
    if (machine->down == 0) /* as systemd does: RestartSec */
        machine_down(machine, true, false);
}

void process_fail(struct process *process, const char *why)
{
    if (process->failed || process->gone)
        return;
    process->failed = true;
    sim_note(process->sim, NOTE_PROCESS, process->machine->server, "fails", "%s", why);
    wheel_at(process->sim->wheel, sim_ms(process->sim), on_failed, process->machine,
             process->start);
}

/* ---- its beginning ---- */

static void on_log(void *context, enum log_level level, const char *event, const char *text)
{
    struct process *process = context;

    (void)level;
    if (!process->gone)
        sim_note(process->sim, NOTE_LOG, process->machine->server, event, "%s", text);
}

/* As daemon/identity.c: a node whose log is gone must not vote under its old id again. */
static void choose_id(struct machine *machine)
{
    int64_t utc_ms = clock_now(&machine->clock, sim_ms(machine->sim)).utc_ms;
    uint64_t newer;

    if (!machine->founded || !platter_is_empty(machine->platter))
        return;
    newer = replicate_id(machine->server, (uint64_t)(utc_ms / 1000));
    machine->raft_id = newer > machine->raft_id ? newer : machine->raft_id + 256;
}

static struct node_options options_of(struct process *process)
{
    struct machine *machine = process->machine;
    struct sim *sim = process->sim;
    const struct edition *edition = &sim->editions[machine->edition];

    return (struct node_options){
        .self = machine->server,
        .boot = prng_mix(sim->seed ^ prng_mix(process->start)) | 1,
        .raft_id = machine->raft_id,
        .file = sim->name,
        .model = edition->model,
        .yaml = edition->yaml,
        .yaml_len = edition->yaml_len,
        .snapshot_every = sim->snapshot_every,
        .snapshot_trailing = sim->snapshot_trailing,
        .level = machine->level,
        .disk = platter_attach(machine->platter),
        .log = process->log,
        .shell = shell_of(process),
    };
}

static void found(struct process *process)
{
    struct node_options options = options_of(process);
    struct err err;

    CHECK(node_bootstrap(&options, &err) == 0);
    platter_cut_off(process->machine->platter, false);
    process->machine->founded = true;
}

void machine_wipe(struct machine *machine)
{
    platter_wipe(machine->platter);
    machine->lines = machine->synced = 0;
    machine->wiped = true;
}

/* A disk that cannot be read is replaced by an empty one, as the runbook says. */
static void open_failed(struct process *process, int code, const char *why)
{
    struct machine *machine = process->machine;

    sim_note(process->sim, NOTE_PROCESS, machine->server, "cannot-start", "%s", why);
    end(machine, false);
    if (code == ERR_CORRUPT)
        machine_wipe(machine);
    machine_down(machine, true, false);
}

static void begin(struct machine *machine)
{
    struct sim *sim = machine->sim;
    struct process *process;
    struct node_options options;
    struct err err = {0};
    int code;

    CHECK(machine->process == NULL);
    process = mem_zalloc(1, sizeof *process);
    process->sim = sim;
    process->machine = machine;
    process->start = ++sim->starts;
    machine->started_ms = sim_ms(sim);
    process->armed_ms = INT64_MAX;
    process->opening = true;
    process->log = log_open_sink(sim->log_level, on_log, process);
    machine->process = process;
    sim->counts.starts++;
    choose_id(machine);
    if (!machine->founded)
        found(process);
    network_listen(sim->network, machine->server);
    options = options_of(process);
    code = node_open(&options, &process->node, &err);
    process->opening = false;
    if (code < 0 || process->failed) {
        open_failed(process, code, code < 0 ? err.text : "failed while it started");
        return;
    }
    sim_note(sim, NOTE_PROCESS, machine->server, "starts", "as %llu",
             (unsigned long long)machine->raft_id);
    shell_configure(process);
    watch_restart(machine);
    process_after(process);
}

/* ---- down and up again, in pairs ---- */

#define RESTART_MS 1000

static void on_restart(void *context, uint64_t arg)
{
    (void)arg;
    machine_down(context, false, false);
}

/* A start that was not a fault's end: after a while, as a supervisor does it. */
static void restart_later(struct machine *machine)
{
    wheel_at(machine->sim->wheel, sim_ms(machine->sim) + RESTART_MS, on_restart, machine, 0);
}

void machine_down(struct machine *machine, bool on, bool power)
{
    bool by_itself = on && machine->process == NULL && machine->down == 0;

    machine->down += on ? 1 : -1;
    CHECK(machine->down >= 0);
    if (on && machine->process != NULL)
        end(machine, power);
    else if (by_itself)
        restart_later(machine);
    else if (machine->down == 0 && machine->process == NULL)
        begin(machine);
}

/* ---- its clock ---- */

static int64_t until(const struct sim *sim, bool beyond, int64_t ms)
{
    return beyond ? INT64_MAX : ms == INT64_MAX ? sim_ms(sim) : ms;
}

void machine_drifts(struct machine *machine, int64_t by_ppm)
{
    int64_t rho = PROMISE_RHO_PERCENT * 10000;

    machine->ppm += by_ppm;
    machine->slow_ms = until(machine->sim, machine->ppm < -rho, machine->slow_ms);
    machine->fast_ms = until(machine->sim, machine->ppm > rho, machine->fast_ms);
    clock_rate(&machine->clock, sim_ms(machine->sim), machine->ppm);
    helper_clock(machine);
    if (machine->process != NULL)
        process_after(machine->process); /* its next wake-up is at another time now */
}

/* ---- all of them ---- */

static int64_t clock_of(void *context)
{
    struct machine *machine = context;

    return clock_now(&machine->clock, sim_ms(machine->sim)).boot_ms;
}

static int64_t when_of(void *context, int64_t boot_ms)
{
    struct machine *machine = context;

    return clock_when(&machine->clock, boot_ms);
}

static void machine_open(struct sim *sim, int server)
{
    struct machine *machine = &sim->machines[server];
    struct platter_options options = {
        .name = sim->model->servers[server].name,
        .wheel = sim->wheel,
        .seed = prng_mix(sim->seed + 1000 + (uint64_t)server),
        .write_ms = 1,
        .now = clock_of,
        .when = when_of,
        .run = machine_run,
        .appending = holders_appending,
        .context = machine,
    };
    int64_t boot_ms, utc_ms;

    machine->sim = sim;
    machine->server = server;
    machine->slow_ms = machine->fast_ms = INT64_MIN;
    machine->raft_id = replicate_id(server, 0);
    machine->level = sim->old & server_bit(server) ? FEATURE_FIRST : FEATURE_NEWEST;
    machine->backlog_end = &machine->backlog;
    /* Boot clocks begin anywhere, UTC within some ms of each other. */
    boot_ms = 100000 + (int64_t)prng_below(&sim->prng, 1000000);
    utc_ms = WORLD_UTC_MS + (int64_t)prng_below(&sim->prng, 20);
    clock_init(&machine->clock, sim_ms(sim), boot_ms, utc_ms);
    machine->platter = platter_new(&options);
    helper_clock(machine);
    helper_begin(machine);
}

void machines_open(struct sim *sim)
{
    int i;

    sim->machines = mem_zalloc((size_t)sim->model->n_coordinators, sizeof sim->machines[0]);
    for (i = 0; i < sim->model->n_coordinators; i++)
        machine_open(sim, i);
    for (i = 0; i < sim->model->n_coordinators; i++)
        begin(&sim->machines[i]);
}

void machines_free(struct sim *sim)
{
    int i;

    for (i = 0; i < sim->model->n_coordinators; i++)
        end(&sim->machines[i], false);
    while (sim->closing != NULL)
        CHECK(wheel_step(sim->wheel, sim_ms(sim) + 60000) || sim->closing == NULL);
    for (i = 0; i < sim->model->n_coordinators; i++)
        platter_free(sim->machines[i].platter);
    mem_free(sim->machines);
}
