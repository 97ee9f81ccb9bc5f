/* What ledger_kept.c and ledger_told.c share. */
#ifndef REPORT_LEDGER_KEPT_PRIVATE_H
#define REPORT_LEDGER_KEPT_PRIVATE_H

#include "report/ledger_kept.h"

#define SWEEP_LEAST 64

int kept_too_many(struct fields *f, int most, const char *what);
/* The first of `n` items, sorted by the line that told of each, from `line` on. `at` is where in
 * an item its line stands. */
size_t kept_first_from(const void *items, size_t n, size_t size, size_t at, uint64_t line);

/* Of the newest outage nobody is told yet. */
void kept_told_init(struct kept *kept);
/* Of what is kept no more. */
void kept_sweep_notices(struct kept *kept);
void kept_sweep_tellings(struct kept *kept);
/* Into a copy of a window: what lines up to and with `last` told of its announcement. */
void kept_copy_tellings(const struct kept *kept, uint64_t last, struct window *copy);

#endif
