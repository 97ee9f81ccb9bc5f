/* The table of failover rules. A route's situation is resolved once into facts; the
 * first row that fits says what to do. Rows are numbered for good: the number goes
 * into the ledger, so a row may change its wording but never its meaning. */
#ifndef CORE_FAILOVER_RULES_H
#define CORE_FAILOVER_RULES_H

#include "core/shared.h"

enum fact {
    FACT_ACTIVE_OK = 1 << 0,     /* the active candidate holds its least */
    FACT_ACTIVE_FAILED = 1 << 1, /* it does not, by confirmed verdicts older than patience */
    FACT_OTHER_READY = 1 << 2,   /* another candidate holds its least */
    FACT_POOL_DIFFERS = 1 << 3,  /* the members placed are not the healthy ones */
    FACT_SWITCHOVER = 1 << 4,    /* an operator asks for a planned move */
    FACT_FAILOVER = 1 << 5,      /* an operator asks to leave a failed candidate */
    FACT_FORCE = 1 << 6,         /* … and insists */
    FACT_TARGET_READY = 1 << 7,  /* the candidate asked for holds its least */
    FACT_TARGET_ACTIVE = 1 << 8, /* the candidate asked for already serves */
    FACT_HELD = 1 << 9,          /* too many automatic moves lately */
    FACT_ALL_DONE = 1 << 10,     /* every actuator has read back the placement */
    FACT_GRANTS_OVER = 1 << 11,  /* no holder of the old epoch can still serve */
    FACT_MAY_HOLD = 1 << 12,     /* one more automatic move would be too many */
};
#define FACT_COUNT 13
#define FACT_ASKED (FACT_SWITCHOVER | FACT_FAILOVER)

enum action {
    ACTION_NONE,
    ACTION_MOVE,    /* to the first other candidate that is ready */
    ACTION_MOVE_TO, /* to the candidate asked for */
    ACTION_POOL,    /* same candidate, healthy members */
    ACTION_ACT,     /* exclusive: the actuators may be told now */
    ACTION_VERIFY,  /* the placement is served */
    ACTION_REFUSE,  /* say no to the operator, and record it */
    ACTION_BLOCK,   /* record that nobody can take over */
    ACTION_UNBLOCK, /* record that the active candidate serves again */
    ACTION_HOLD,    /* record that it is hands off until an operator acts */
};

/* Numbers of placements that no row decides. */
#define RULE_FOUNDED 1    /* the placement that a configuration begins with */
#define RULE_RENUMBERED 2 /* the same placement, above an epoch that an actuator had seen */

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
/* First row that fits, NULL when none does (all is well). */
const struct rule *rules_match(enum route_phase phase, uint32_t facts);
const struct rule *rules_by_number(uint16_t number);
const char *fact_name(int bit);

#endif
