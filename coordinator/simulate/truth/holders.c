/* Exclusive routes on the data plane. A node's helper is told until when the node may serve
 * (engine_grant) and fences at that time, within F, on the node's own clock, whatever became
 * of the daemon. The invariant is on who serves, not on grants. */
#include "simulate/inside.h"
#include "wire/codec.h"

static bool exclusive(const struct sim *sim, int route)
{
    return sim->model->routes[route].kind == ROUTE_EXCLUSIVE;
}

static void check_alone(struct sim *sim, int route, int server)
{
    const struct machine *me = &sim->machines[server];
    int i;

    for (i = 0; i < sim->model->n_coordinators; i++) {
        const struct machine *other = &sim->machines[i];

        if (i == server || other->serves_ms[route] <= sim_ms(sim) ||
            other->serves_epoch[route] == me->serves_epoch[route])
            continue;
        sim_break(sim, "exclusive-alone",
                  "%s begins to serve %s under epoch %u, %s still does under epoch %u for %lld ms",
                  sim->model->servers[server].name, sim->model->routes[route].name,
                  me->serves_epoch[route], sim->model->servers[i].name, other->serves_epoch[route],
                  (long long)(other->serves_ms[route] - sim_ms(sim)));
    }
}

/* ---- telling ---- */

static void tell(struct machine *machine, int route, bool serves)
{
    machine->serves_told[route] = serves;
    sim_note(machine->sim, NOTE_HOLDER, machine->server, serves ? "serves" : "stops",
             "%s, epoch %u", machine->sim->model->routes[route].name, machine->serves_epoch[route]);
}

static void on_fence(void *context, uint64_t route)
{
    struct machine *machine = context;

    if (machine->serves_told[route] && machine->serves_ms[route] <= sim_ms(machine->sim))
        tell(machine, (int)route, false);
}

static void serve_until(struct machine *machine, int route, int64_t until_boot_ms)
{
    int64_t until_ms = clock_when(&machine->clock, until_boot_ms);

    machine->serves_boot_ms[route] = until_boot_ms;
    if (until_ms == machine->serves_ms[route])
        return;
    machine->serves_ms[route] = until_ms;
    wheel_at(machine->sim->wheel, until_ms, on_fence, machine, (uint64_t)route);
}

server_set sim_holders(const struct sim *sim, int route)
{
    server_set set = 0;
    int i;

    for (i = 0; i < sim->model->n_coordinators; i++)
        if (sim->machines[i].serves_ms[route] > sim_ms(sim))
            set |= server_bit(i);
    return set;
}

/* ---- who serves ---- */

static void look(struct process *process, int route)
{
    struct machine *machine = process->machine;
    struct sim *sim = process->sim;
    const struct engine *engine = node_engine(process->node);
    int64_t now_ms = clock_now(&machine->clock, sim_ms(sim)).boot_ms;
    int64_t fence_ms = engine_model(engine)->timing.fence_ms;
    int64_t grant_ms = engine_grant(engine, route);
    uint32_t epoch;
    bool begins;

    if (grant_ms <= now_ms) {
        /* Told at once when it is taken back by the process that gave it; a new one does not
         * know who goes by the word of the one before. */
        if (grant_ms == 0 && machine->serves_start[route] == process->start &&
            now_ms + fence_ms < machine->serves_boot_ms[route])
            serve_until(machine, route, now_ms + fence_ms);
        return;
    }
    epoch = engine_shared(engine)->routes[route].now.epoch;
    begins = machine->serves_ms[route] <= sim_ms(sim) || machine->serves_epoch[route] != epoch;
    if (begins && machine->serves_told[route])
        tell(machine, route, false);
    machine->serves_epoch[route] = epoch;
    machine->serves_start[route] = process->start;
    serve_until(machine, route, grant_ms + fence_ms);
    if (begins) {
        tell(machine, route, true);
        check_alone(sim, route, machine->server);
    }
}

void holders_look(struct process *process)
{
    int r;

    for (r = 0; r < process->sim->model->n_routes; r++)
        if (exclusive(process->sim, r))
            look(process, r);
}

void holders_clock(struct machine *machine)
{
    int r;

    for (r = 0; r < machine->sim->model->n_routes; r++)
        if (machine->serves_ms[r] > sim_ms(machine->sim))
            serve_until(machine, r, machine->serves_boot_ms[r]);
}

/* The moment of the decision, not of its effect: whatever the new holder still waits for is
 * luck, not the protocol (protocol.md, Move). */
static void check_act(struct machine *leader, const struct entry *entry)
{
    struct sim *sim = leader->sim;
    const struct engine *engine = node_engine(leader->process->node);
    int i, route = entry->outcome.route;
    server_set next = engine_shared(engine)->routes[route].now.members;

    for (i = 0; i < sim->model->n_coordinators; i++) {
        const struct machine *holder = &sim->machines[i];

        /* Who has it again after others is never two at a time. */
        if (next & server_bit(i))
            continue;
        if (holder->serves_ms[route] > sim_ms(sim) &&
            holder->serves_epoch[route] < entry->outcome.epoch)
            sim_break(sim, "act-after-grants",
                      "%s acts on %s for epoch %u, %s may serve epoch %u for %lld ms more",
                      sim->model->servers[leader->server].name, sim->model->routes[route].name,
                      entry->outcome.epoch, sim->model->servers[i].name,
                      holder->serves_epoch[route],
                      (long long)(holder->serves_ms[route] - sim_ms(sim)));
    }
}

void holders_appending(void *context, const struct raft_entry *entries, unsigned n)
{
    struct machine *machine = context;
    struct err err;
    unsigned i;

    if (machine->process == NULL || !engine_leads(node_engine(machine->process->node)))
        return; /* also what it decided once and gets back from another */
    for (i = 0; i < n; i++) {
        struct entry entry = {0};

        if (entries[i].type != RAFT_COMMAND)
            continue;
        if (entry_decode(entries[i].buf.base, entries[i].buf.len, &entry, &err) == 0 &&
            entry.kind == ENTRY_ACT)
            check_act(machine, &entry);
        entry_free(&entry);
    }
}

void holders_lost(struct machine *machine)
{
    int r;

    for (r = 0; r < machine->sim->model->n_routes; r++) {
        machine->serves_ms[r] = machine->serves_boot_ms[r] = 0;
        if (machine->serves_told[r])
            tell(machine, r, false);
    }
}
