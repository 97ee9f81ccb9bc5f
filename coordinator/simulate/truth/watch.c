/* Invariants over nodes, looked at after everything that happens at one. */
#include "simulate/truth/watch.h"
#include "base/check.h"
#include "base/mem.h"
#include "simulate/inside.h"
#include "wire/codec.h"

#include <string.h>

const struct invariant invariants[] = {
    {"one-leader", "at most one node leads in a term (Raft paper, section 5.2)"},
    {"one-vote", "a node's vote of a term never changes; who leads has its own on its disk"},
    {"terms-rise", "a node's term and commit index never go back"},
    {"committed-stays", "a committed entry is never lost or changed"},
    {"leader-complete", "a new leader has every committed entry (section 5.4)"},
    {"states-equal", "nodes that applied the same index have the same state"},
    {"ledgers-equal", "every node puts the same lines into its ledger"},
    {"epochs-rise", "no actuator takes an older epoch after a newer one"},
    {"last-candidate-stays", "no actuator is left without a server, no pool below its least"},
    {"exclusive-alone", "an exclusive route never has two candidates that serve"},
    {"verified-true", "a placement is verified only when every required actuator has said it"},
    {"in-turn", "in turn, no actuator is told before the required ones before it have said so"},
    {"act-after-grants", "who decides to act knows that no older epoch can still be served"},
    {"failover-backed", "no automatic move without the verdicts and ballots it rests on"},
    {"back-to-preferred", "failback goes to a more preferred candidate, where it is configured"},
    {"follows-its-route", "a route that follows goes where the other one is"},
    {"leaves-when-asked", "no planned move because of a coordinator that was not to stop"},
    {"lapse-true", "who is said not to serve an exclusive route has not served it meanwhile"},
    {"ballots-true", "no ballot claims a failure that its observer did not see"},
    {"decisions-replay", "every decision in the ledger can be made again from its line alone"},
    {"no-false-move", "no automatic move away from a candidate that plainly serves"},
    {"downtime-true", "the ledger's downtime is the callers', up to what it takes to see it"},
    {"gap-told",
     "callers lost without a quorum are in the ledger afterwards, or the time is unmonitored"},
    {"ledger-time",
     "the ledger's times never run back nor far ahead of most clocks, no duration is negative"},
    {"pause-kept", "no automatic move while an operator has paused them"},
    {"drain-keeps-least", "no drain takes a route's active candidate below its least"},
    {"told-all", "every event that a rule of notices wants is told to each of its receivers"},
    {"told-once", "a receiver takes a notice under one key, and a second time only as a repeat"},
    {"told-true", "nobody is told, or said to have been told, what is not so"},
    {"known-by-all", "nothing is decided that needs a feature level which a member lacks"},
    {"answered-once", "no command is answered more often than it was asked"},
    {"acknowledged-kept", "no acknowledged command is lost"},
    {NULL, NULL},
};

bool invariant_known(const char *name)
{
    int i;

    for (i = 0; invariants[i].name != NULL; i++)
        if (strcmp(invariants[i].name, name) == 0)
            return true;
    return false;
}

/* A growing array by Raft index or term. */
struct column {
    uint64_t *values; /* 0: not known */
    uint64_t n;
};

struct watch_log {
    struct column leaders; /* by term: server + 1 */
    struct column entries; /* by index: hash of term, type and data */
    struct column states;  /* by index: hash of the state */
    uint64_t committed;    /* newest index that any node knows committed */
    uint64_t newest_term;  /* that was led */
    struct buf scratch;
};

static uint64_t *cell(struct column *column, uint64_t at)
{
    uint64_t n = column->n > 0 ? column->n : 1024;

    if (at >= column->n) {
        while (n <= at)
            n *= 2;
        CHECK(n < (uint64_t)1 << 32);
        column->values = mem_realloc(column->values, n, sizeof column->values[0]);
        memset(column->values + column->n, 0, (n - column->n) * sizeof column->values[0]);
        column->n = n;
    }
    return &column->values[at];
}

void watch_open(struct sim *sim)
{
    sim->watch = mem_zalloc(1, sizeof *sim->watch);
}

void watch_free(struct sim *sim)
{
    mem_free(sim->watch->leaders.values);
    mem_free(sim->watch->entries.values);
    mem_free(sim->watch->states.values);
    buf_free(&sim->watch->scratch);
    mem_free(sim->watch);
}

static const char *name_of(const struct machine *machine)
{
    return machine->sim->model->servers[machine->server].name;
}

/* ---- Raft ---- */

static bool durable(struct machine *machine, uint64_t index, uint64_t *value)
{
    raft_term term;
    uint64_t hash;

    if (!platter_entry(machine->platter, index, &term, &hash))
        return false;
    *value = prng_mix(hash ^ prng_mix(term)) | 1;
    return true;
}

/* What this node knows committed is what all others know. What a snapshot of it covers is
 * compared as state. */
static void check_committed(struct machine *machine, uint64_t commit)
{
    struct watch_log *watch = machine->sim->watch;
    struct platter_view disk = platter_view(machine->platter);
    uint64_t value, *known;

    if (machine->checked < disk.snapshot)
        machine->checked = disk.snapshot;
    while (machine->checked < commit && durable(machine, machine->checked + 1, &value)) {
        known = cell(&watch->entries, ++machine->checked);
        if (*known == 0)
            machine->sim->counts.entries++;
        if (*known != 0 && *known != value) {
            sim_break(machine->sim, "committed-stays", "entry %llu of %s is another one",
                      (unsigned long long)machine->checked, name_of(machine));
            return;
        }
        *known = value;
    }
    if (commit > watch->committed)
        watch->committed = commit;
}

/* All of the newest committed entries are on the disk of who leads. */
static void check_complete(struct machine *machine)
{
    struct watch_log *watch = machine->sim->watch;
    struct platter_view disk = platter_view(machine->platter);
    uint64_t index = watch->committed, value;

    for (; index > disk.snapshot && index + 4096 > watch->committed; index--) {
        if (durable(machine, index, &value) &&
            (*cell(&watch->entries, index) == 0 || *cell(&watch->entries, index) == value))
            continue;
        sim_break(machine->sim, "leader-complete", "%s leads without entry %llu, committed is %llu",
                  name_of(machine), (unsigned long long)index,
                  (unsigned long long)watch->committed);
        return;
    }
}

/* Looked at as it is on the disk: what only the process knows is gone when it dies. */
static void check_vote(struct machine *machine)
{
    struct platter_view disk = platter_view(machine->platter);

    if (disk.term == machine->vote_term && machine->vote != 0 && disk.vote != machine->vote)
        sim_break(machine->sim, "one-vote", "%s votes for %llx in term %llu, after %llx",
                  name_of(machine), (unsigned long long)disk.vote, (unsigned long long)disk.term,
                  (unsigned long long)machine->vote);
    machine->vote_term = disk.term;
    machine->vote = disk.vote;
}

static void check_own_vote(struct machine *machine, uint64_t term)
{
    struct platter_view disk = platter_view(machine->platter);

    if (disk.term != term || disk.vote != machine->raft_id)
        sim_break(machine->sim, "one-vote",
                  "%s leads in term %llu, its disk says a vote for %llx in term %llu",
                  name_of(machine), (unsigned long long)term, (unsigned long long)disk.vote,
                  (unsigned long long)disk.term);
}

static void check_leader(struct machine *machine, const struct replicate_info *info)
{
    uint64_t *leader = cell(&machine->sim->watch->leaders, info->term);

    check_own_vote(machine, info->term);
    if (*leader != 0 && *leader != (uint64_t)machine->server + 1) {
        sim_break(machine->sim, "one-leader", "%s and %s lead in term %llu", name_of(machine),
                  machine->sim->model->servers[*leader - 1].name, (unsigned long long)info->term);
        return;
    }
    if (*leader == 0) {
        *leader = (uint64_t)machine->server + 1;
        machine->sim->counts.elections++;
        sim_note(machine->sim, NOTE_LEADER, machine->server, "leads", "term %llu",
                 (unsigned long long)info->term);
        /* Who wins an older term late needs not know what a newer one has committed. */
        if (info->term > machine->sim->watch->newest_term) {
            machine->sim->watch->newest_term = info->term;
            check_complete(machine);
        }
    }
}

/* ---- the shared state ---- */

static uint64_t hash_state(struct watch_log *watch, const struct shared *shared)
{
    uint64_t value = 14695981039346656037ull;
    size_t i;

    buf_clear(&watch->scratch);
    shared_encode(shared, &watch->scratch);
    for (i = 0; i + 8 <= watch->scratch.len; i += 8) {
        uint64_t word;

        memcpy(&word, watch->scratch.data + i, 8);
        value = (value ^ word) * 1099511628211ull;
        value ^= value >> 29;
    }
    for (; i < watch->scratch.len; i++)
        value = (value ^ watch->scratch.data[i]) * 1099511628211ull;
    return prng_mix(value) | 1;
}

static void check_state(struct process *process)
{
    struct sim *sim = process->sim;
    const struct shared *shared = engine_shared(node_engine(process->node));
    uint64_t value, *known = cell(&sim->watch->states, shared->index);

    value = hash_state(sim->watch, shared);
    if (*known != 0 && *known != value) {
        sim_break(sim, "states-equal", "%s has another state at index %llu",
                  name_of(process->machine), (unsigned long long)shared->index);
        return;
    }
    if (*known == 0)
        sim_mix(sim, value);
    *known = value;
}

void watch_leads(struct machine *machine, bool leads)
{
    if (machine->leads == leads)
        return;
    machine->leads = leads;
    machine->sim->leaders += leads ? 1 : -1;
    oracle_led(machine->sim, machine->sim->leaders > 0);
}

void watch_process(struct process *process)
{
    struct machine *machine = process->machine;
    struct replicate_info info = node_raft(process->node);

    watch_leads(machine, engine_leads(node_engine(process->node)));
    check_vote(machine);
    if (info.term != machine->seen_term || info.role != machine->seen_role) {
        if (info.term < machine->seen_term)
            sim_break(machine->sim, "terms-rise", "%s goes back to term %llu from %llu",
                      name_of(machine), (unsigned long long)info.term,
                      (unsigned long long)machine->seen_term);
        machine->seen_term = info.term;
        machine->seen_role = info.role;
        if (info.role == RAFT_ROLE_LEADER)
            check_leader(machine, &info);
    }
    if (info.commit_index != machine->seen_commit) {
        if (info.commit_index < machine->seen_commit)
            sim_break(machine->sim, "terms-rise", "%s: commit index goes back to %llu from %llu",
                      name_of(machine), (unsigned long long)info.commit_index,
                      (unsigned long long)machine->seen_commit);
        machine->seen_commit = info.commit_index;
    }
    if (machine->checked < info.commit_index)
        check_committed(machine, info.commit_index);
    if (info.applied_index != machine->seen_applied) {
        machine->seen_applied = info.applied_index;
        check_state(process);
    }
}

/* A process that begins knows what its disk knows: a term that it had is not forgotten. */
void watch_restart(struct machine *machine)
{
    struct platter_view disk = platter_view(machine->platter);

    machine->seen_commit = machine->seen_applied = 0;
    machine->checked = 0;
    machine->seen_role = RAFT_ROLE_FOLLOWER;
    if (disk.term < machine->seen_term && !machine->wiped)
        sim_break(machine->sim, "terms-rise", "%s has forgotten term %llu, its disk says %llu",
                  name_of(machine), (unsigned long long)machine->seen_term,
                  (unsigned long long)disk.term);
    if (machine->wiped)
        machine->seen_term = machine->vote = 0;
    machine->wiped = false;
}
