/* The words of the table: names that travel in the ledger, and what each fact means. */
#include "base/check.h"
#include "core/failover/rules.h"

#include <string.h>

/* In the order of the bits. */
static const struct {
    const char *name, *meaning;
} words[FACT_COUNT] = {
    {"active-ok", "the active candidate holds its least of healthy servers"},
    {"active-failed", "for longer than patience the active candidate lacks its least, confirmed"},
    {"other-ready", "another candidate holds its least"},
    {"pool-differs", "the servers placed are not the healthy ones"},
    {"switchover-asked", "an operator asks for a planned move"},
    {"failover-asked", "an operator asks to leave a failed candidate"},
    {"forced", "the operator insists"},
    {"target-ready", "the candidate asked for holds its least"},
    {"target-active", "the candidate asked for already serves"},
    {"held", "it moved by itself too often, or was forced: an operator must act"},
    {"all-done", "every actuator has read back the placement"},
    {"grants-over", "no holder of the epoch before can still serve"},
    {"may-hold", "one more automatic move would be too many"},
    {"paused", "an operator has paused automatic moves, of this route or of all"},
    {"maintenance", "every function of the route is inside an announced window"},
    {"backoff", "it flaps: the next automatic move waits"},
    {"no-quorum", "the leader hears no majority of voters"},
    {"members-change", "exclusive: a change of the cluster's members is under way"},
    {"host-heard", "a coordinator on a failed server still beats"},
    {"site-silent", "no coordinator at the failed servers' sites beats"},
    {"leader-gone", "the leader before this one was at those sites"},
    {"disputed", "the active candidate is down to some only, or callers are served all the same"},
    {"degraded", "the active candidate holds its least with fewer servers than it has"},
    {"failback-due", "a preferred candidate was ready for its time, and this is an allowed one"},
    {"parent-moved", "the route that it follows serves another candidate, which is ready here"},
    {"drain-over", "who was left by a planned move has had its time to finish"},
    {"leaving", "exclusive: a coordinator that holds it is being stopped"},
};

const char *fact_name(int bit)
{
    CHECK(bit >= 0 && bit < FACT_COUNT);
    return words[bit].name;
}

const char *fact_meaning(int bit)
{
    CHECK(bit >= 0 && bit < FACT_COUNT);
    return words[bit].meaning;
}

int fact_by_name(const char *name)
{
    int bit;

    for (bit = 0; bit < FACT_COUNT; bit++)
        if (strcmp(words[bit].name, name) == 0)
            return bit;
    return -1;
}

const char *action_name(enum action action)
{
    static const char *const names[ACTION_COUNT] = {
        "none",   "move",   "failback", "follow",  "move-to", "pool",    "act",
        "verify", "refuse", "block",    "unblock", "hold",    "dispute", "leave"};

    CHECK((unsigned)action < ARRAY_LEN(names));
    return names[action];
}

static const char *const phases[PHASE_COUNT] = {"serving", "waiting", "acting", "blocked"};

const char *phase_name(enum route_phase phase)
{
    CHECK((unsigned)phase < ARRAY_LEN(phases));
    return phases[phase];
}

int phase_by_name(const char *name)
{
    int phase;

    for (phase = 0; phase < PHASE_COUNT; phase++)
        if (strcmp(phases[phase], name) == 0)
            return phase;
    return -1;
}
