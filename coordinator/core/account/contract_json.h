/* A contract as JSON that the reader of contracts takes back (JSON is YAML): what it says goes
 * into the ledger, so that a report can be made from an export alone, years later.
 *
 * Every node writes the same bytes, whatever version it is. So a key that comes later is
 * written only when the contract says it, and a change of what is written for a contract that
 * could be said before needs a feature level (core/feature.h). */
#ifndef CORE_ACCOUNT_CONTRACT_JSON_H
#define CORE_ACCOUNT_CONTRACT_JSON_H

#include "base/buf.h"
#include "core/account/contract.h"

/* Appends one object, without newline. */
void contract_json(const struct contract *contract, struct buf *out);

#endif
