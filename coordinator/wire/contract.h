/* A contract by itself: a file, YAML or JSON (which is YAML), with `contract:` at its top and
 * nothing else, which names its own functions and services. The names there may be any plain
 * text. A cluster's contract is a section of the cluster file: wire/config.h. */
#ifndef WIRE_CONTRACT_H
#define WIRE_CONTRACT_H

#include "base/err.h"
#include "core/account/contract.h"

#include <stddef.h>
#include <stdint.h>

/* 0 and a contract for contract_free(); ERR_LIMIT or ERR_INVALID with file, line, field and what
 * was expected. `file` is for messages only. */
int contract_parse(const char *file, const uint8_t *bytes, size_t len, struct contract *contract,
                   struct err *err);

#endif
