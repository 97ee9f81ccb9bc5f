/* A contract for people: all its terms, and what is odd in it. */
#ifndef CLI_CONTRACT_SHOW_H
#define CLI_CONTRACT_SHOW_H

#include "core/account/contract.h"
#include "core/account/zone.h"

#include <stdio.h>

/* A line per term; what is as if nobody had said it is marked as the default. `tzdata`: NULL when
 * not known. */
void contract_show(FILE *out, const struct contract *contract, const char *tzdata);

/* "warning: contract: ..." for each term that is legal and yet perhaps not what was meant. A
 * contract without a first or last day is judged by the year of `now_ms`. Returns their number. */
int contract_warn(FILE *out, const struct contract *contract, const struct zone *zone,
                  int64_t now_ms);

#endif
