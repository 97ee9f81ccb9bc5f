/* The ledger for strangers: its lines as JSON Lines or CSV. Pure: lines in, bytes out.
 *
 * JSON Lines: the lines as they are, and between them lines that are no leaves:
 *   {"before":{"size":n,"peaks":["…"]}}   first, when the export begins behind entry 0: the
 *                                         tree before it, largest subtree first
 *   {"checkpoint":{"size":n,"root":"…","leaves":"…"}}  behind every EXPORT_RANGE entries and
 *                                         behind the last: the root over the first n entries
 *                                         and the first 4 bytes of each leaf hash since the
 *                                         last checkpoint, so that an altered entry is named
 *   {"head":{"size","root","cluster","from","since","until","exported"}}   last
 * `size` counts the ledger's entries up to the end of the export, `from` is its first. */
#ifndef REPORT_EXPORT_H
#define REPORT_EXPORT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"

#include <stddef.h>
#include <stdint.h>

#define EXPORT_RANGE 256
#define EXPORT_LEAF 4 /* bytes of a leaf hash in a checkpoint */

enum export_format { EXPORT_JSONL, EXPORT_CSV };

struct export_options {
    enum export_format format;
    char cluster[LIMIT_NAME];
    int64_t since_ms, until_ms; /* by the entries' time, [since, until); UTC_NONE: no bound */
    int64_t exported_ms;
};

struct ledger_export;

struct ledger_export *export_new(const struct export_options *options);
void export_free(struct ledger_export *e); /* NULL is fine */

/* The next line of the ledger, from entry 0 on, without its newline; appends to `out`
 * what the export says of it. 1: it and all that follow are behind `until`. ERR_INVALID:
 * the line is not whole, the text names entry and field. */
int export_line(struct ledger_export *e, const char *line, size_t len, struct buf *out,
                struct err *err);
/* The end of the export. */
void export_end(struct ledger_export *e, struct buf *out);

#endif
