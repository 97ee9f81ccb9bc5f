/* What "never two" does not promise (protocol.md): each case by what really happened to this
 * holder, for as long as it makes the difference and no longer. All else is a breach. */
#include "core/failover/promise.h"
#include "simulate/inside.h"

static int64_t boot_ms(const struct machine *machine)
{
    return clock_now(&machine->clock, sim_ms(machine->sim)).boot_ms;
}

/* Of a grant, from the beat that it counts from to the end of its fence. */
static int64_t lease_ms(const struct sim *sim)
{
    return sim->model->timing.lease_holder_ms + sim->model->timing.fence_ms;
}

/* Had its clock gone on, it would be down. */
static bool was_paused(const struct machine *machine, const struct keeping *keeping)
{
    const struct sim *sim = machine->sim;
    int64_t sent_ms = keeping->owed_ms - lease_ms(sim);
    int64_t stood_ms = clock_stood_ms(&machine->clock, sim_ms(sim), sent_ms);

    return stood_ms > 0 && boot_ms(machine) + stood_ms + stood_ms * PROMISE_RHO_PERCENT / 100 + 1 >=
                               keeping->owed_ms;
}

/* Its clock was slower while it counted its lease, or another's faster while it waited. */
static bool was_wild(const struct machine *machine)
{
    const struct sim *sim = machine->sim;
    int64_t since_ms = sim_ms(sim) - lease_ms(sim) * (100 + PROMISE_RHO_PERCENT) / 100;
    bool wild = machine->slow_ms >= since_ms;

    for (int i = 0; i < sim->model->n_coordinators; i++)
        wild |= i != machine->server && sim->machines[i].fast_ms >= since_ms;
    return wild;
}

/* For a whole lease a majority of voters has had no beat of it, since their starts: they need not
 * wait for its word. */
static bool is_unheard(const struct machine *machine)
{
    const struct sim *sim = machine->sim;
    int i, deaf = 0;

    for (i = 0; i < sim->model->n_coordinators; i++) {
        const struct machine *voter = &sim->machines[i];
        int64_t heard_ms = voter->heard[machine->server].at_ms;

        if (heard_ms < voter->started_ms)
            heard_ms = voter->started_ms;
        deaf += sim->model->servers[i].role == MEMBER_VOTER && i != machine->server &&
                sim_ms(sim) - heard_ms >= lease_ms(sim);
    }
    return deaf >= model_majority(sim->model);
}

enum outside outside_why(const struct machine *machine, int route)
{
    const struct keeping *keeping = &machine->keeps[route];

    if (was_paused(machine, keeping))
        return OUTSIDE_PAUSE;
    if (was_wild(machine))
        return OUTSIDE_CLOCK;
    /* Before that it is up by right, whatever became of its helper. */
    if (boot_ms(machine) < keeping->owed_ms || !is_unheard(machine))
        return OUTSIDE_NOT;
    if (keeping->holding.phase == HOLDING_STOPPING && keeping->holding.cut)
        return OUTSIDE_FENCE;
    /* One that starts again has F to take down what it finds. */
    return helper_still(machine, route) || keeping->left ? OUTSIDE_HELPER : OUTSIDE_NOT;
}

const char *outside_word(enum outside why)
{
    static const char *const words[] = {[OUTSIDE_NOT] = "within the guarantee",
                                        [OUTSIDE_PAUSE] = "its boot clock stood still",
                                        [OUTSIDE_CLOCK] = "clocks part by more than rho",
                                        [OUTSIDE_FENCE] = "its fence takes longer than F, unheard",
                                        [OUTSIDE_HELPER] =
                                            "its helper is gone or stands still, unheard"};

    return words[why];
}
