/* A contract's own file, read and checked offline. */
#ifndef CLI_CONTRACT_FILE_H
#define CLI_CONTRACT_FILE_H

#include "cli/cli.h"
#include "core/account/contract.h"
#include "core/account/zone.h"

/* The contract and its zone, for contract_free() and zone_free(): 0, or an exit code after a
 * message (then there is nothing to free). */
int contract_file_read(struct cli *cli, const char *file, struct contract *contract,
                       struct zone **zone);
/* The same of a contract's text; `name` is for messages. ERR_INVALID or ERR_LIMIT. */
int contract_text_read(const char *name, const void *text, size_t len, struct contract *contract,
                       struct zone **zone, struct err *err);
/* The zone of a contract that was read, and what can only be checked with it. `name` is for
 * messages; zone_free() in any case. ERR_INVALID. */
int contract_zone_load(const char *name, const struct contract *contract, struct zone **zone,
                       struct err *err);

#endif
