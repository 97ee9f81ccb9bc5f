#include "core/failover/rules.h"
#include "base/check.h"

#define IN(phase) (1u << (phase))
#define SERVING IN(ROUTE_SERVING)
#define WAITING IN(ROUTE_WAITING)
#define ACTING IN(ROUTE_ACTING)
#define BLOCKED IN(ROUTE_BLOCKED)
#define ANY (SERVING | WAITING | ACTING | BLOCKED)

/* Operators come first: what they ask for is answered whatever else is going on. */
static const struct rule table[] = {
    /* an operator asks */
    {10, ANY, FACT_SWITCHOVER | FACT_TARGET_ACTIVE, 0, ACTION_REFUSE,
     "the candidate asked for already serves"},
    {11, ANY, FACT_FAILOVER | FACT_TARGET_ACTIVE, 0, ACTION_REFUSE,
     "the candidate asked for already serves"},
    {12, ANY, FACT_FAILOVER | FACT_FORCE, FACT_TARGET_ACTIVE, ACTION_MOVE_TO,
     "an operator forces the move: no other check is made"},
    {13, WAITING | ACTING, FACT_SWITCHOVER, FACT_TARGET_ACTIVE, ACTION_REFUSE,
     "another move is under way"},
    {14, ANY, FACT_SWITCHOVER, FACT_TARGET_ACTIVE | FACT_TARGET_READY, ACTION_REFUSE,
     "the candidate asked for does not hold its least of healthy servers"},
    {15, BLOCKED, FACT_SWITCHOVER | FACT_TARGET_READY, FACT_TARGET_ACTIVE, ACTION_MOVE_TO,
     "planned move away from a failed candidate"},
    {16, SERVING, FACT_SWITCHOVER | FACT_TARGET_READY, FACT_TARGET_ACTIVE, ACTION_MOVE_TO,
     "planned move to a candidate that is ready"},
    {17, ANY, FACT_FAILOVER, FACT_TARGET_ACTIVE | FACT_FORCE | FACT_TARGET_READY, ACTION_REFUSE,
     "the candidate asked for does not hold its least of healthy servers"},
    {18, ANY, FACT_FAILOVER | FACT_TARGET_READY,
     FACT_TARGET_ACTIVE | FACT_FORCE | FACT_ACTIVE_FAILED, ACTION_REFUSE,
     "the active candidate is not seen failed: use switchover, or --force"},
    {19, ANY, FACT_FAILOVER | FACT_TARGET_READY | FACT_ACTIVE_FAILED,
     FACT_TARGET_ACTIVE | FACT_FORCE, ACTION_MOVE_TO, "an operator leaves a failed candidate"},

    /* the active candidate failed */
    {20, SERVING | ACTING, FACT_ACTIVE_FAILED | FACT_OTHER_READY, FACT_HELD | FACT_MAY_HOLD,
     ACTION_MOVE, "confirmed failure of the active candidate, another is ready"},
    {21, SERVING | ACTING | BLOCKED, FACT_ACTIVE_FAILED | FACT_OTHER_READY | FACT_MAY_HOLD,
     FACT_HELD, ACTION_HOLD, "too many automatic moves lately: hands off until an operator acts"},
    {22, BLOCKED, FACT_ACTIVE_FAILED | FACT_OTHER_READY, FACT_HELD | FACT_MAY_HOLD, ACTION_MOVE,
     "another candidate has become ready while the active one is failed"},
    {23, SERVING | ACTING, FACT_ACTIVE_FAILED, FACT_OTHER_READY, ACTION_BLOCK,
     "confirmed failure of the active candidate and no other is ready: the last one stays"},
    {24, BLOCKED, FACT_ACTIVE_OK, 0, ACTION_UNBLOCK, "the active candidate holds its least again"},

    /* a move under way */
    {30, WAITING, FACT_GRANTS_OVER, 0, ACTION_ACT,
     "no holder of the old epoch can still serve: the actuators may be told"},
    {31, ACTING, FACT_ALL_DONE, 0, ACTION_VERIFY, "every actuator reads back the placement"},

    /* the pool */
    {40, SERVING | ACTING, FACT_ACTIVE_OK | FACT_POOL_DIFFERS, 0, ACTION_POOL,
     "a server left or came back while the candidate holds its least"},
};

const struct rule *rules_table(int *n)
{
    *n = (int)ARRAY_LEN(table);
    return table;
}

const struct rule *rules_match(enum route_phase phase, uint32_t facts)
{
    size_t i;

    for (i = 0; i < ARRAY_LEN(table); i++) {
        const struct rule *rule = &table[i];

        if ((rule->phases & IN(phase)) && (facts & rule->with) == rule->with &&
            (facts & rule->without) == 0)
            return rule;
    }
    return NULL;
}

const struct rule *rules_by_number(uint16_t number)
{
    size_t i;

    for (i = 0; i < ARRAY_LEN(table); i++)
        if (table[i].number == number)
            return &table[i];
    return NULL;
}

const char *fact_name(int bit)
{
    static const char *const names[FACT_COUNT] = {
        "active-ok",      "active-failed", "other-ready",  "pool-differs",  "switchover-asked",
        "failover-asked", "forced",        "target-ready", "target-active", "held",
        "all-done",       "grants-over",   "may-hold"};

    CHECK(bit >= 0 && bit < FACT_COUNT);
    return names[bit];
}
