/* The ledger's lines on this node's disk: append-only segment files of JSON lines,
 * sealed when full. What a line says is none of its business. Loop thread only. */
#ifndef STORE_LEDGER_H
#define STORE_LEDGER_H

#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct ledger;

/* Opens or creates `dir`. A torn last line (no newline: the node died while writing)
 * is cut off; anything else that is not whole is ERR_CORRUPT and names the file. */
int ledger_open(const char *dir, struct ledger **ledger, struct err *err);
void ledger_close(struct ledger *ledger);

uint64_t ledger_size(const struct ledger *ledger); /* lines */
uint64_t ledger_bytes(const struct ledger *ledger);

/* Puts line number `seq`. seq < size: the line must be equal to the stored one, else
 * ERR_CORRUPT (two histories!). seq > size: 1, lines before it are missing here. */
int ledger_put(struct ledger *ledger, uint64_t seq, const char *line, size_t len, struct err *err);
/* Forces all lines to the disk. */
int ledger_sync(struct ledger *ledger, struct err *err);
/* Appends lines from `seq` on to `out`, each with its newline, at most `max_bytes` (but at
 * least one line when there is one); *count is how many. */
int ledger_read(struct ledger *ledger, uint64_t seq, size_t max_bytes, struct buf *out,
                uint64_t *count, struct err *err);

#endif
