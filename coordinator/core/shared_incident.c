/* What operators say of outages afterwards: another severity or cause, or a note. Nothing that
 * stands in the ledger changes, and no state follows from it: whoever accounts for the outage
 * reads what was said of it, in order. That the entry it names is an outage's is checked where
 * the ledger is (serve/); here, only that there is such an entry at all. */
#include "core/account/contract.h"
#include "core/shared_apply.h"

#include <inttypes.h>
#include <stdio.h>

/* NULL: it can be done. */
static const char *incident_error(const struct recorder *r)
{
    const struct entry *e = r->entry;
    bool sets = e->incident.severity >= 0 || e->incident.cause >= 0;

    if (e->incident.outage >= r->shared->ledger.size)
        return "the ledger has no such entry";
    if (e->reason[0] == '\0')
        return e->incident.note ? "a note says something" : "an amendment says why";
    if (e->incident.note)
        return sets ? "a note amends nothing" : NULL;
    return sets ? NULL : "an amendment gives a severity or a cause";
}

void apply_incident(struct recorder *r)
{
    const struct entry *e = r->entry;
    const char *error = incident_error(r);
    char subject[32];

    snprintf(subject, sizeof subject, "outage %" PRIu64, e->incident.outage);
    if (error != NULL) {
        operator_refused(r, subject, "%s", error);
        return;
    }
    record_incident(r);
    shared_remember(r->shared, e, r->index, COMMAND_DONE, e->incident.note ? "noted" : "amended");
}
