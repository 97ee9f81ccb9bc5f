#include "core/account/contract.h"
#include "base/check.h"
#include "base/mem.h"

#include <string.h>

static const char *const causes[CAUSE_COUNT] = {
    "provider",
    "force-majeure",
    "third-party-software",
    "third-party-service",
    "customer",
    "customer-environment",
    "attack",
    "rate-limit",
    "contract",
};
static const char *const severities[SEVERITY_COUNT] = {"emergency", "severe", "minor"};

static int find(const char *const *names, size_t n, const char *name)
{
    size_t i;

    for (i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return (int)i;
    return -1;
}

const char *outage_cause_name(enum cause cause)
{
    CHECK((unsigned)cause < CAUSE_COUNT);
    return causes[cause];
}

int outage_cause_parse(const char *name)
{
    return find(causes, CAUSE_COUNT, name);
}

const char *outage_severity_name(enum severity severity)
{
    CHECK((unsigned)severity < SEVERITY_COUNT);
    return severities[severity];
}

int outage_severity_parse(const char *name)
{
    return find(severities, SEVERITY_COUNT, name);
}

int64_t bound_ms(const struct bound *bound, const struct zone *zone)
{
    return bound->local ? zone_to_utc(zone, bound->ms) : bound->ms;
}

void contract_init(struct contract *contract)
{
    *contract = (struct contract){.timezone = "Asia/Tokyo", .monthly_fee_yen = -1};
    contract->terms.down_severity[SEVERITY_EMERGENCY] = true;
    desk_default(&contract->desk);
}

void contract_free(struct contract *contract)
{
    mem_free(contract->functions);
    mem_free(contract->services);
    contract->functions = NULL;
    contract->services = NULL;
    contract->n_functions = contract->n_services = 0;
}

int contract_function(const struct contract *contract, const char *name)
{
    int i;

    for (i = 0; i < contract->n_functions; i++)
        if (strcmp(contract->functions[i].name, name) == 0)
            return i;
    return -1;
}
