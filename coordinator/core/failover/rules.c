#include "core/failover/rules.h"
#include "base/check.h"

#define IN(phase) (1u << (phase))
#define SERVING IN(ROUTE_SERVING)
#define WAITING IN(ROUTE_WAITING)
#define ACTING IN(ROUTE_ACTING)
#define BLOCKED IN(ROUTE_BLOCKED)
#define ANY (SERVING | WAITING | ACTING | BLOCKED)

/* No automatic move while one of these holds … */
#define HANDS_OFF                                                                                  \
    (FACT_HELD | FACT_PAUSED | FACT_MAINTENANCE | FACT_NO_QUORUM | FACT_MEMBERS_CHANGE)
/* … nor a next one while one of these does. */
#define NOT_YET (HANDS_OFF | FACT_BACKOFF | FACT_MAY_HOLD)
#define FAILED (FACT_ACTIVE_FAILED | FACT_OTHER_READY)

/* Operators come first: what they ask for is answered whatever else is going on. What can be
 * done follows, and at last why nothing is. */
static const struct rule table[] = {
    /* an operator asks */
    {8, ANY, FACT_SWITCHOVER | FACT_NO_QUORUM, 0, ACTION_REFUSE,
     "no majority of voters is heard: nothing can be decided"},
    {9, ANY, FACT_FAILOVER | FACT_NO_QUORUM, 0, ACTION_REFUSE,
     "no majority of voters is heard: nothing can be decided"},
    {10, ANY, FACT_SWITCHOVER | FACT_TARGET_ACTIVE, 0, ACTION_REFUSE,
     "the candidate asked for already serves"},
    {11, ANY, FACT_FAILOVER | FACT_TARGET_ACTIVE, 0, ACTION_REFUSE,
     "the candidate asked for already serves"},
    {6, ANY, FACT_SWITCHOVER | FACT_MEMBERS_CHANGE, 0, ACTION_REFUSE,
     "the cluster's members are changing: an exclusive route waits for that"},
    {7, ANY, FACT_FAILOVER | FACT_MEMBERS_CHANGE, 0, ACTION_REFUSE,
     "the cluster's members are changing: an exclusive route waits for that"},
    {12, ANY, FACT_FAILOVER | FACT_FORCE, 0, ACTION_MOVE_TO,
     "an operator forces the move: no other check is made"},
    {13, WAITING | ACTING, FACT_SWITCHOVER, 0, ACTION_REFUSE, "another move is under way"},
    {14, ANY, FACT_SWITCHOVER, FACT_TARGET_READY, ACTION_REFUSE,
     "the candidate asked for does not hold its least of healthy servers"},
    {15, BLOCKED, FACT_SWITCHOVER, 0, ACTION_MOVE_TO, "planned move away from a failed candidate"},
    {16, SERVING, FACT_SWITCHOVER, 0, ACTION_MOVE_TO, "planned move to a candidate that is ready"},
    {17, ANY, FACT_FAILOVER, FACT_TARGET_READY, ACTION_REFUSE,
     "the candidate asked for does not hold its least of healthy servers"},
    {18, ANY, FACT_FAILOVER, FACT_ACTIVE_FAILED, ACTION_REFUSE,
     "the active candidate is not seen failed: use switchover, or --force"},
    {19, ANY, FACT_FAILOVER, 0, ACTION_MOVE_TO, "an operator leaves a failed candidate"},

    /* the active candidate failed, or the route that this one follows has moved */
    {28, ANY, FACT_PARENT_MOVED, HANDS_OFF, ACTION_FOLLOW,
     "the route that this one follows has moved: its move comes first"},
    {27, SERVING | ACTING, FAILED | FACT_LEADER_GONE, NOT_YET, ACTION_MOVE,
     "confirmed failure of the active candidate's site, the leader with it, another is ready"},
    {26, SERVING | ACTING, FAILED | FACT_SITE_SILENT, NOT_YET, ACTION_MOVE,
     "confirmed failure of the active candidate's site, another is ready"},
    {25, SERVING | ACTING, FAILED | FACT_HOST_HEARD, NOT_YET, ACTION_MOVE,
     "confirmed failure of a function on servers that live, another candidate is ready"},
    {20, SERVING | ACTING, FAILED, NOT_YET, ACTION_MOVE,
     "confirmed failure of the active candidate, another is ready"},
    {21, SERVING | ACTING | BLOCKED, FAILED | FACT_MAY_HOLD, HANDS_OFF, ACTION_HOLD,
     "too many automatic moves lately: hands off until an operator acts"},
    {22, BLOCKED, FAILED, NOT_YET, ACTION_MOVE,
     "another candidate has become ready while the active one is failed"},
    {23, SERVING | ACTING, FACT_ACTIVE_FAILED, FACT_OTHER_READY, ACTION_BLOCK,
     "confirmed failure of the active candidate and no other is ready: the last one stays"},
    {24, BLOCKED, FACT_ACTIVE_OK, 0, ACTION_UNBLOCK, "the active candidate holds its least again"},

    /* a move under way */
    {30, WAITING, FACT_GRANTS_OVER, 0, ACTION_ACT,
     "no holder of the old epoch can still serve: the actuators may be told"},
    {31, ACTING, FACT_ALL_DONE, 0, ACTION_VERIFY, "every actuator reads back the placement"},

    /* who holds it is being stopped */
    {67, SERVING | ACTING, FACT_LEAVING | FACT_OTHER_READY,
     FACT_HELD | FACT_PAUSED | FACT_NO_QUORUM | FACT_MEMBERS_CHANGE, ACTION_LEAVE,
     "a coordinator that holds it is being stopped: another candidate takes over first"},

    /* the pool, and the way back */
    {40, SERVING | ACTING, FACT_POOL_DIFFERS, 0, ACTION_POOL,
     "a server left or came back while the candidate holds its least"},
    {41, SERVING | ACTING, FACT_ACTIVE_OK | FACT_DRAIN_OVER, 0, ACTION_POOL,
     "who was left by a planned move has had its time to finish"},
    {42, SERVING, FACT_FAILBACK_DUE, NOT_YET, ACTION_FAILBACK,
     "a preferred candidate has been ready for its hold-down, and this is an allowed time"},

    /* why nothing is done */
    {50, SERVING | ACTING | BLOCKED, FAILED | FACT_NO_QUORUM, 0, ACTION_NONE,
     "no majority of voters is heard: nothing moves"},
    {51, SERVING | ACTING | BLOCKED, FAILED | FACT_HELD, 0, ACTION_NONE,
     "held after too many automatic moves: an operator must act"},
    {52, SERVING | ACTING | BLOCKED, FAILED | FACT_PAUSED, 0, ACTION_NONE,
     "automatic moves are paused by an operator"},
    {53, SERVING | ACTING | BLOCKED, FAILED | FACT_MAINTENANCE, 0, ACTION_NONE,
     "what the route carries is in announced maintenance"},
    {54, SERVING | ACTING | BLOCKED, FAILED | FACT_MEMBERS_CHANGE, 0, ACTION_NONE,
     "the cluster's members are changing: an exclusive route waits for that"},
    {55, SERVING | ACTING | BLOCKED, FAILED | FACT_BACKOFF, 0, ACTION_NONE,
     "it moved a moment ago: the wait before the next automatic move runs"},
    {64, SERVING | ACTING | BLOCKED, FACT_DISPUTED, FACT_ACTIVE_OK, ACTION_DISPUTE,
     "the callers are served, against the observers of its servers: recorded, never acted on"},
    {56, WAITING, 0, 0, ACTION_NONE, "the grants of the old epoch run out"},
    {57, BLOCKED, 0, 0, ACTION_NONE, "nobody can take over: the last candidate stays"},
    {68, SERVING | ACTING, FACT_LEAVING, 0, ACTION_NONE,
     "a coordinator that holds it is being stopped, and it cannot move now: its grant runs out"},
    {58, ACTING, 0, 0, ACTION_NONE, "the actuators are being told"},
    {59, SERVING, FACT_FAILBACK_DUE, 0, ACTION_NONE,
     "failback is due, but automatic moves are not allowed now"},
    {60, SERVING, FACT_DISPUTED, 0, ACTION_NONE,
     "observers disagree about the active candidate: recorded, never acted on"},
    {61, SERVING, FACT_DEGRADED, 0, ACTION_NONE,
     "the active candidate holds its least with fewer servers than it has"},
    {62, SERVING, FACT_ACTIVE_OK, 0, ACTION_NONE, "all is well"},
    {63, SERVING, 0, 0, ACTION_NONE,
     "the active candidate is not seen healthy, nor failed for as long as patience asks"},
};

const struct rule *rules_table(int *n)
{
    *n = (int)ARRAY_LEN(table);
    return table;
}

/* Facts of an exclusive kind, or that say more about another. */
static const struct bond {
    uint32_t when, never, only_with;
} bonds[] = {
    {FACT_ACTIVE_OK, FACT_ACTIVE_FAILED, 0},
    {FACT_DISPUTED, FACT_ACTIVE_FAILED, 0},
    {FACT_POOL_DIFFERS, 0, FACT_ACTIVE_OK},
    {FACT_DEGRADED, 0, FACT_ACTIVE_OK},
    {FACT_FAILBACK_DUE, 0, FACT_ACTIVE_OK | FACT_OTHER_READY},
    {FACT_HOST_HEARD, FACT_SITE_SILENT, FACT_ACTIVE_FAILED},
    {FACT_SITE_SILENT, 0, FACT_ACTIVE_FAILED},
    {FACT_LEADER_GONE, 0, FACT_SITE_SILENT},
    {FACT_PARENT_MOVED, 0, FACT_OTHER_READY},
    {FACT_SWITCHOVER, FACT_FAILOVER | FACT_FORCE, 0},
    {FACT_FORCE, 0, FACT_FAILOVER},
};

bool rules_possible(enum route_phase phase, uint32_t facts)
{
    size_t i;

    for (i = 0; i < ARRAY_LEN(bonds); i++)
        if ((facts & bonds[i].when) &&
            ((facts & bonds[i].never) != 0 || (facts & bonds[i].only_with) != bonds[i].only_with))
            return false;
    if (!(facts & FACT_ASKED) && (facts & (FACT_TARGET_READY | FACT_TARGET_ACTIVE)))
        return false;
    if ((facts & FACT_GRANTS_OVER) && phase != ROUTE_WAITING)
        return false;
    return !(facts & FACT_FAILBACK_DUE) || phase == ROUTE_SERVING;
}

bool rule_fits(const struct rule *rule, enum route_phase phase, uint32_t facts)
{
    return (rule->phases & IN(phase)) && (facts & rule->with) == rule->with &&
           (facts & rule->without) == 0;
}

const struct rule *rules_first(const struct rule *rows, int n, enum route_phase phase,
                               uint32_t facts)
{
    int i;

    for (i = 0; i < n; i++)
        if (rule_fits(&rows[i], phase, facts))
            return &rows[i];
    return NULL;
}

const struct rule *rules_match(enum route_phase phase, uint32_t facts)
{
    const struct rule *rule = rules_first(table, (int)ARRAY_LEN(table), phase, facts);

    CHECK(rule != NULL);
    return rule;
}

const struct rule *rules_by_number(uint16_t number)
{
    size_t i;

    for (i = 0; i < ARRAY_LEN(table); i++)
        if (table[i].number == number)
            return &table[i];
    return NULL;
}
