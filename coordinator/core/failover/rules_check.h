/* Is a table of rules well formed? Looked at in every situation that is possible, without
 * exception. The build runs it over the table (rules_check_main.c) and fails when it is not. */
#ifndef CORE_FAILOVER_RULES_CHECK_H
#define CORE_FAILOVER_RULES_CHECK_H

#include "base/buf.h"
#include "core/failover/rules.h"

#define RULES_MAX 64 /* rows of a table */

struct rules_check {
    long situations; /* that are possible */
    int problems;    /* 0: well formed */
};

/* A line into `out` for each thing that is wrong, naming the row: numbers that are not unique;
 * rows that no situation fits, or that lose all of theirs to rows above, with these; facts both
 * needed and forbidden; situations without a row; operators' questions that are not answered;
 * actions that are not safe in a situation that their row takes. */
struct rules_check rules_check(const struct rule *rows, int n, struct buf *out);

#endif
