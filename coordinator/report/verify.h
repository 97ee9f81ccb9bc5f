/* Checks an export (report/export.h, JSON Lines) while it is read: every entry is there
 * once, in order and with the bytes it had, and the root is theirs. The root says which
 * ledger it is: whoever has it from elsewhere compares it. Pure; memory is constant.
 *
 * Who makes a report of the entries on the way (report/ledger_events.h) goes on verifying
 * to the end even when an entry makes no sense: the first altered one is why. */
#ifndef REPORT_VERIFY_H
#define REPORT_VERIFY_H

#include "base/err.h"
#include "base/limits.h"
#include "core/account/tree.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct verify;

struct verify_result {
    uint64_t from, size;     /* entries [from, size) of the ledger were in the export */
    uint8_t root[TREE_HASH]; /* over entries [0, size) */
    char cluster[LIMIT_NAME];
    int64_t known_ms; /* what it knows of: up to when it was made, or its `until` */
};

struct verify *verify_new(void);
void verify_free(struct verify *v); /* NULL is fine */

/* The next line of the file, without its newline. 0: an entry, whole as far as one can
 * say yet; 1: a line of the export's own; ERR_INVALID: bad text, or an entry is missing,
 * repeated or out of order; ERR_CORRUPT: bytes differ. The text names line and entry;
 * after an error the rest says nothing. */
int verify_line(struct verify *v, const char *line, size_t len, struct err *err);

/* Of the entries up to and with the last line: as long as `v`. */
const struct tree *verify_tree(const struct verify *v);
/* The file has ended. ERR_INVALID: too early. */
int verify_end(struct verify *v, struct verify_result *result, struct err *err);

#endif
