/* Readers of single keys of a contract (fields.h): each gets the node and the member to fill, and
 * names itself in messages by the node's key. */
#ifndef WIRE_CONTRACT_PARTS_H
#define WIRE_CONTRACT_PARTS_H

#include "core/account/contract.h"
#include "wire/fields.h"

/* Of struct terms. */
int contract_target(struct reader *r, const struct doc *doc, void *target_micro);
int contract_severities(struct reader *r, const struct doc *doc, void *down_severity);
int contract_causes(struct reader *r, const struct doc *doc, void *excluded_cause);
int contract_discounts(struct reader *r, const struct doc *doc, void *terms);

/* struct bound: a date, which is its local midnight, or RFC 3339 with an offset. */
int contract_bound(struct reader *r, const struct doc *doc, void *bound);

/* struct target[SEVERITY_COUNT]: one for all, or a map. */
int contract_targets(struct reader *r, const struct doc *doc, void *targets);

/* Of struct desk, each. */
int contract_desk_hours(struct reader *r, const struct doc *doc, void *desk);
int contract_holidays(struct reader *r, const struct doc *doc, void *desk);

#endif
