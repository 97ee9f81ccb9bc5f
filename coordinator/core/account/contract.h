/* What was promised, as plain data: functions and services, which time counts as downtime,
 * the target, what follows when it is missed. Read from YAML by wire/contract; a cluster's
 * configuration has one, whose functions and services are the configuration's own. */
#ifndef CORE_ACCOUNT_CONTRACT_H
#define CORE_ACCOUNT_CONTRACT_H

#include "base/limits.h"
#include "core/account/targets.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum severity { SEVERITY_EMERGENCY, SEVERITY_SEVERE, SEVERITY_MINOR, SEVERITY_COUNT };
const char *outage_severity_name(enum severity severity); /* "emergency" */
int outage_severity_parse(const char *name);              /* -1: none of them */

enum cause {
    CAUSE_PROVIDER,
    CAUSE_FORCE_MAJEURE,
    CAUSE_THIRD_PARTY_SOFTWARE,
    CAUSE_THIRD_PARTY_SERVICE,
    CAUSE_CUSTOMER,
    CAUSE_CUSTOMER_ENVIRONMENT,
    CAUSE_ATTACK,
    CAUSE_RATE_LIMIT,
    CAUSE_CONTRACT,
    CAUSE_COUNT
};
const char *outage_cause_name(enum cause cause); /* "force-majeure" */
int outage_cause_parse(const char *name);        /* -1: none of them */

/* Functions are numbers below LIMIT_FUNCTIONS: their order in the contract. */
struct function_set {
    uint64_t bits[LIMIT_FUNCTIONS / 64];
};
static inline bool function_set_has(const struct function_set *set, int function)
{
    return (set->bits[function / 64] >> (function % 64) & 1) != 0;
}
static inline void function_set_add(struct function_set *set, int function)
{
    set->bits[function / 64] |= (uint64_t)1 << (function % 64);
}

/* Percentages are in millionths of a percent: 98 % is 98 000 000, 100 % this. */
#define PERCENT_MICRO_MAX 100000000ll
#define LIMIT_TIERS 16

struct tier {
    int64_t below_micro;   /* strictly */
    int64_t percent_micro; /* of the month's fee */
};

enum judged_by { JUDGED_MEASURED, JUDGED_LOW, JUDGED_HIGH };

/* What the arithmetic of core/account/availability.h goes by. */
struct terms {
    int64_t target_micro; /* 0: none */
    bool down_severity[SEVERITY_COUNT];
    bool excluded_cause[CAUSE_COUNT];
    int64_t minimum_outage_ms;
    enum judged_by judged_by;
    struct tier discounts[LIMIT_TIERS];
    int n_discounts;
};

/* A moment; or, when `local`, one of the contract's zone, as ms since 1970-01-01 00:00 there. */
struct bound {
    bool given, local;
    int64_t ms;
};

enum yen_rounding { YEN_DOWN, YEN_UP, YEN_HALF_UP };

struct contract_function {
    char name[LIMIT_NAME];
    char label_ja[LIMIT_NAME], label_en[LIMIT_NAME]; /* for customers; may be empty */
};

struct contract_service {
    char name[LIMIT_NAME];
    struct function_set critical;
};

struct contract {
    char name[LIMIT_NAME];
    char timezone[LIMIT_NAME];            /* IANA, default Asia/Tokyo */
    struct bound valid_from, valid_until; /* [from, until) */
    struct terms terms;
    int64_t monthly_fee_yen; /* -1: not said */
    enum yen_rounding yen_rounding;
    int minimum_observers, minimum_sites; /* 0: not said */
    int64_t response_time_ms;             /* 0: no target */
    /* Since a fault was recognised: to the first word by each channel, and to its recovery. */
    struct target notification[SEVERITY_COUNT], recovery[SEVERITY_COUNT];
    struct desk desk;                    /* whose business time targets may be in */
    struct contract_function *functions; /* owned */
    int n_functions;
    struct contract_service *services; /* owned */
    int n_services;
};

/* The moment in UTC. */
int64_t bound_ms(const struct bound *bound, const struct zone *zone);

/* Everything that a contract says when it says nothing: Asia/Tokyo, emergencies are downtime. */
void contract_init(struct contract *contract);
void contract_free(struct contract *contract);                            /* what it owns */
int contract_function(const struct contract *contract, const char *name); /* -1: none */

#endif
