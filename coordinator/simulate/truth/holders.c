/* Exclusive routes on the data plane: what the machines' helpers have up, whatever grants say. */
#include "core/failover/promise.h"
#include "core/feature.h"
#include "simulate/inject.h"
#include "simulate/inside.h"
#include "wire/codec.h"

/* What is cut in this ms is over, whichever of its events comes first. */
static bool answers(const struct machine *machine, int route)
{
    const struct keeping *keeping = &machine->keeps[route];
    bool cut =
        keeping->holding.phase == HOLDING_STOPPING && !keeping->holding.cut &&
        machine->fence_stuck_ms == 0 && !helper_still(machine, route) &&
        clock_now(&machine->clock, sim_ms(machine->sim)).boot_ms >= keeping->holding.stop_by_ms;

    return keeping->up && !machine->clock.stopped && !cut;
}

/* Its daemon may be heard again by the time that the next one serves: what was not covered when
 * that was decided stays so until it is down. */
static bool is_excused(struct machine *machine, int route)
{
    struct keeping *keeping = &machine->keeps[route];

    if (keeping->outside != OUTSIDE_NOT)
        return true;
    keeping->outside = outside_why(machine, route);
    if (keeping->outside == OUTSIDE_NOT)
        return false;
    machine->sim->counts.outside++;
    sim_note(machine->sim, NOTE_HOLDER, machine->server, "outlives", "%s, epoch %u: %s",
             machine->sim->model->routes[route].name, keeping->epoch,
             outside_word(keeping->outside));
    return true;
}

static void check_alone(struct sim *sim, int route, int server)
{
    const struct keeping *mine = &sim->machines[server].keeps[route];
    int i;

    for (i = 0; i < sim->model->n_coordinators; i++) {
        const struct keeping *other = &sim->machines[i].keeps[route];
        int older = other->epoch < mine->epoch ? i : server;

        if (i == server || !answers(&sim->machines[i], route) || other->epoch == mine->epoch ||
            is_excused(&sim->machines[older], route))
            continue;
        sim_break(sim, "exclusive-alone",
                  "%s begins to serve %s under epoch %u, %s still does under epoch %u",
                  sim->model->servers[server].name, sim->model->routes[route].name, mine->epoch,
                  sim->model->servers[i].name, other->epoch);
    }
}

void holders_serve(struct machine *machine, int route, bool up, uint32_t epoch)
{
    struct keeping *keeping = &machine->keeps[route];
    const char *name = machine->sim->model->routes[route].name;

    if (keeping->up)
        sim_note(machine->sim, NOTE_HOLDER, machine->server, "stops", "%s, epoch %u", name,
                 keeping->epoch);
    keeping->up = up;
    keeping->outside = OUTSIDE_NOT;
    keeping->since_ms = sim_ms(machine->sim);
    if (up) {
        keeping->epoch = epoch;
        sim_note(machine->sim, NOTE_HOLDER, machine->server, "serves", "%s, epoch %u", name, epoch);
        check_alone(machine->sim, route, machine->server);
    }
    callers_look(machine->sim);
}

void holders_paused(struct machine *machine, bool on)
{
    struct sim *sim = machine->sim;
    int r;

    for (r = 0; r < sim->model->n_routes; r++) {
        if (!machine->keeps[r].up)
            continue;
        machine->keeps[r].since_ms = sim_ms(sim);
        sim_note(sim, NOTE_HOLDER, machine->server, on ? "stops" : "serves", "%s, epoch %u",
                 sim->model->routes[r].name, machine->keeps[r].epoch);
        if (!on)
            check_alone(sim, r, machine->server);
    }
}

server_set sim_holders(const struct sim *sim, int route)
{
    server_set set = 0;
    int i;

    for (i = 0; sim->machines != NULL && i < sim->model->n_coordinators; i++)
        if (answers(&sim->machines[i], route))
            set |= server_bit(i);
    return set;
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
        const struct keeping *other = &sim->machines[i].keeps[route];

        /* Who has it again after others is never two at a time. */
        if (!(next & server_bit(i)) && answers(&sim->machines[i], route) &&
            other->epoch < entry->outcome.epoch && !is_excused(&sim->machines[i], route))
            sim_break(sim, "act-after-grants",
                      "%s acts on %s for epoch %u, %s still serves epoch %u",
                      sim->model->servers[leader->server].name, sim->model->routes[route].name,
                      entry->outcome.epoch, sim->model->servers[i].name, other->epoch);
    }
}

/* Under the epoch in force, for at least so long. Of what a helper leaves behind when it dies or
 * stands still nobody could know. */
static bool serves_since(const struct machine *machine, int route, uint32_t epoch, int64_t ms)
{
    const struct keeping *keeping = &machine->keeps[route];

    return answers(machine, route) && keeping->holding.phase == HOLDING_UP &&
           keeping->epoch == epoch && !helper_still(machine, route) &&
           sim_ms(machine->sim) - keeping->since_ms >= ms;
}

/* Whom a leader says not to serve must not have served all that time. What comes meanwhile of
 * its words is not known yet: it looks again before it acts on them. */
static void check_lapse(struct machine *leader, const struct entry *entry)
{
    struct sim *sim = leader->sim;
    int route = entry->holding.route, server = entry->holding.server;

    if (!entry->holding.holds &&
        serves_since(&sim->machines[server], route, entry->holding.epoch, entry->holding.since_ms))
        sim_break(sim, "lapse-true", "%s is said not to serve %s since %u ms, and does",
                  sim->model->servers[server].name, sim->model->routes[route].name,
                  entry->holding.since_ms);
}

/* Nor is a lapse that is over a reason to leave. */
static void check_leaves(struct machine *leader, const struct entry *entry)
{
    struct sim *sim = leader->sim;
    const struct timing *timing = &sim->model->timing;
    const struct route_state *state =
        &engine_shared(node_engine(leader->process->node))->routes[entry->intent.route];
    int64_t ms = promise_wait_ms(timing) + 3ll * timing->beat_ms;
    int i;

    if (entry->intent.from == entry->intent.to || entry->who[0] != '\0')
        return;
    for (i = 0; i < sim->model->n_coordinators; i++)
        if ((state->lapsed & server_bit(i)) &&
            serves_since(&sim->machines[i], entry->intent.route, state->now.epoch, ms))
            sim_break(
                sim, "lapse-true", "%s is left because %s did not serve, which has for %lld ms",
                sim->model->routes[entry->intent.route].name, sim->model->servers[i].name,
                (long long)(sim_ms(sim) - sim->machines[i].keeps[entry->intent.route].since_ms));
}

/* Also who is down counts: it comes back as what it was. */
static void check_level(struct machine *leader, const struct entry *entry)
{
    struct sim *sim = leader->sim;
    uint32_t needed = feature_needed(entry);
    int i;

    for (i = 0; i < sim->model->n_coordinators; i++)
        if (sim->machines[i].level < needed)
            sim_break(sim, "known-by-all", "%s decides on \"%s\" of feature level %u, %s knows %u",
                      sim->model->servers[leader->server].name, entry_kind_name(entry->kind),
                      needed, sim->model->servers[i].name, sim->machines[i].level);
}

static void check_decision(struct machine *leader, const struct entry *entry)
{
    check_level(leader, entry);
    if (entry->kind == ENTRY_ACT)
        check_act(leader, entry);
    else if (entry->kind == ENTRY_HOLDING)
        check_lapse(leader, entry);
    else if (entry->kind == ENTRY_INTENT)
        check_leaves(leader, entry);
}

/* And not a follower, who stores what another decided, or what it decided itself once: Raft
 * knows before the engine that it leads no more. */
static bool decides(const struct machine *machine)
{
    return machine->process != NULL && engine_leads(node_engine(machine->process->node)) &&
           node_raft(machine->process->node).role == RAFT_ROLE_LEADER;
}

void holders_appending(void *context, const struct raft_entry *entries, unsigned n)
{
    struct machine *machine = context;
    struct err err;
    unsigned i;

    if (!decides(machine))
        return;
    for (i = 0; i < n; i++) {
        struct entry entry = {0};

        if (entries[i].type != RAFT_COMMAND)
            continue;
        if (entry_decode(entries[i].buf.base, entries[i].buf.len, &entry, &err) == 0)
            check_decision(machine, &entry);
        entry_free(&entry);
    }
}
