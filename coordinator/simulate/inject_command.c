/* Faults that are operators' commands: each is asked of whoever leads. */
#include "core/account/contract.h"
#include "simulate/inject.h"

#include <stdio.h>
#include <string.h>

static void ask(struct sim *sim, struct command *asked)
{
    uint64_t id[2] = {0, 0};

    snprintf(asked->who, sizeof asked->who, "operator");
    snprintf(asked->reason, sizeof asked->reason, "simulated");
    id[0] = prng_next(&sim->prng); /* one after the other: a list has no order */
    id[1] = prng_next(&sim->prng);
    memcpy(asked->id.bytes, id, sizeof asked->id.bytes);
    sim_ask(sim, SERVER_NONE, asked);
}

static void command(struct injection *injection, enum command_kind kind, bool force)
{
    ask(injection->sim, &(struct command){.kind = kind,
                                          .route = injection->fault.what.index,
                                          .to = injection->fault.what.second,
                                          .force = force});
}

static void about_server(struct injection *injection, enum command_kind kind)
{
    ask(injection->sim, &(struct command){.kind = kind, .server = injection->fault.what.index});
}

#define HANDSOFF_MS 60000 /* when it has no end */

void inject_handsoff(struct injection *injection)
{
    int64_t for_ms = injection->fault.for_ms;

    if (for_ms <= 0)
        for_ms = HANDSOFF_MS;
    ask(injection->sim, &(struct command){.kind = COMMAND_PAUSE,
                                          .route = ROUTE_ALL,
                                          .for_ms = for_ms < PAUSE_MAX_MS ? for_ms : PAUSE_MAX_MS});
}

void inject_switchover(struct injection *injection)
{
    command(injection, COMMAND_SWITCHOVER, false);
}

void inject_failover(struct injection *injection)
{
    command(injection, COMMAND_FAILOVER, false);
}

void inject_force(struct injection *injection)
{
    command(injection, COMMAND_FAILOVER, true);
}

void inject_drain(struct injection *injection, bool on)
{
    about_server(injection, on ? COMMAND_DRAIN : COMMAND_UNDRAIN);
}

void inject_lead(struct injection *injection)
{
    about_server(injection, COMMAND_HANDOVER);
}

/* That there is such an outage is looked up where the ledger is, which a world has no part of:
 * so one that there is. */
void inject_amend(struct injection *injection)
{
    struct sim *sim = injection->sim;
    struct command command = {.kind = COMMAND_AMEND};

    if (sim->outage == 0)
        return;
    command.incident.outage = sim->outage - 1;
    command.incident.severity = (int)prng_below(&sim->prng, SEVERITY_COUNT + 1) - 1;
    command.incident.cause = (int)prng_below(&sim->prng, CAUSE_COUNT + 1) - 1;
    if (command.incident.severity < 0 && command.incident.cause < 0)
        command.kind = COMMAND_ANNOTATE;
    ask(sim, &command);
}
