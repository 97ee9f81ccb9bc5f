/* The table of failover rules. A route's situation is resolved once into facts; the
 * first row that fits says what to do. Rows are numbered for good: the number goes
 * into the ledger, so a row may change its wording but never its meaning. */
#ifndef CORE_FAILOVER_RULES_H
#define CORE_FAILOVER_RULES_H

#include "core/shared.h"

enum fact {
    FACT_ACTIVE_OK = 1 << 0,       /* the active candidate holds its least */
    FACT_ACTIVE_FAILED = 1 << 1,   /* it does not, by confirmed verdicts older than patience */
    FACT_OTHER_READY = 1 << 2,     /* another candidate holds its least */
    FACT_POOL_DIFFERS = 1 << 3,    /* the members placed are not the healthy ones */
    FACT_SWITCHOVER = 1 << 4,      /* an operator asks for a planned move */
    FACT_FAILOVER = 1 << 5,        /* an operator asks to leave a failed candidate */
    FACT_FORCE = 1 << 6,           /* … and insists */
    FACT_TARGET_READY = 1 << 7,    /* the candidate asked for holds its least */
    FACT_TARGET_ACTIVE = 1 << 8,   /* the candidate asked for already serves */
    FACT_HELD = 1 << 9,            /* too many automatic moves lately */
    FACT_ALL_DONE = 1 << 10,       /* every required actuator has read back the placement */
    FACT_GRANTS_OVER = 1 << 11,    /* no holder of the old epoch can still serve */
    FACT_MAY_HOLD = 1 << 12,       /* one more automatic move would be too many */
    FACT_PAUSED = 1 << 13,         /* an operator has paused automatic moves, of it or of all */
    FACT_MAINTENANCE = 1 << 14,    /* every function of the route is inside a window */
    FACT_BACKOFF = 1 << 15,        /* it flaps: the next automatic move waits */
    FACT_NO_QUORUM = 1 << 16,      /* the leader hears no majority of voters */
    FACT_MEMBERS_CHANGE = 1 << 17, /* exclusive: a change of Raft's members is under way */
    FACT_HOST_HEARD = 1 << 18,     /* failed: a coordinator on a failed member still beats */
    FACT_SITE_SILENT = 1 << 19,    /* failed: no coordinator at the failed members' sites does */
    FACT_LEADER_GONE = 1 << 20,    /* … and the leader before this one was there */
    FACT_DISPUTED = 1 << 21,       /* it holds its least only if those in dispute are counted; or
                                    * it does not, but callers are served */
    FACT_DEGRADED = 1 << 22,       /* it holds its least, but not all its servers serve */
    FACT_FAILBACK_DUE = 1 << 23,   /* a preferred one is ready for its time, in an allowed window */
    FACT_PARENT_MOVED = 1 << 24,   /* the route it follows went to another candidate, ready here */
    FACT_DRAIN_OVER = 1 << 25,     /* who was left by a planned move has had its time to finish */
    FACT_LEAVING = 1 << 26,        /* exclusive: a server that holds it is being stopped, and
                                    * those that stay are fewer than the least */
};
#define FACT_COUNT 27
#define FACT_ASKED (FACT_SWITCHOVER | FACT_FAILOVER)

enum action {
    ACTION_NONE,     /* nothing to do, or nothing that may be done: the row says why */
    ACTION_MOVE,     /* to the first other candidate that is ready */
    ACTION_FAILBACK, /* to the first preferred candidate that is ready */
    ACTION_FOLLOW,   /* to the candidate of the same name as that of the route it follows */
    ACTION_MOVE_TO,  /* to the candidate asked for */
    ACTION_POOL,     /* same candidate, healthy members */
    ACTION_ACT,      /* exclusive: the actuators may be told now */
    ACTION_VERIFY,   /* the placement is served */
    ACTION_REFUSE,   /* say no to the operator, and record it */
    ACTION_BLOCK,    /* record that nobody can take over */
    ACTION_UNBLOCK,  /* record that the active candidate serves again */
    ACTION_HOLD,     /* record that it is hands off until an operator acts */
    ACTION_DISPUTE,  /* record that callers are served, whatever the verdicts say */
    ACTION_LEAVE,    /* to the first other candidate that is ready, before who serves stops */
};
#define ACTION_COUNT 14
#define PHASE_COUNT 4 /* of enum route_phase */

/* The row by which an operator leaves a candidate that has failed. */
#define RULE_LEFT_FAILED 19
/* Numbers of placements that no row decides. */
#define RULE_FOUNDED 1    /* the placement that a configuration begins with */
#define RULE_RENUMBERED 2 /* the same placement, above an epoch that an actuator had seen */
/* A row whose refusal names who holds the route. */
#define RULE_UNDER_WAY 13
/* The row that is recorded once of each failure. */
#define RULE_DISPUTED 64

struct rule {
    uint16_t number;
    uint8_t phases;   /* bit per enum route_phase in which it is looked at */
    uint32_t with;    /* facts that must hold */
    uint32_t without; /* facts that must not */
    enum action action;
    const char *comment;
};

/* The table, in order of precedence, and its length. */
const struct rule *rules_table(int *n);
/* Can these facts hold together in this phase? The engine never resolves others. */
bool rules_possible(enum route_phase phase, uint32_t facts);
bool rule_fits(const struct rule *rule, enum route_phase phase, uint32_t facts);
/* First of the rows that fits; NULL: none. */
const struct rule *rules_first(const struct rule *rows, int n, enum route_phase phase,
                               uint32_t facts);
/* The same of the table: there is one for every possible situation. */
const struct rule *rules_match(enum route_phase phase, uint32_t facts);
const struct rule *rules_by_number(uint16_t number);

/* rules_words.c: names as they travel, and what they mean to people. */
const char *fact_name(int bit);
const char *fact_meaning(int bit);
int fact_by_name(const char *name); /* its bit; -1 */
const char *action_name(enum action action);
const char *phase_name(enum route_phase phase);
int phase_by_name(const char *name); /* -1 */

#endif
