/* Run by the build over the table of rules: a table that is not well formed builds nothing. */
#include "core/failover/rules_check.h"

#include <stdio.h>

int main(void)
{
    struct buf problems = {0};
    struct rules_check result;
    const struct rule *rows;
    int n;

    rows = rules_table(&n);
    result = rules_check(rows, n, &problems);
    if (result.problems > 0)
        fprintf(stderr, "core/failover/rules.c: %d problems\n%s", result.problems,
                buf_cstr(&problems));
    else
        printf("%d rows, %d facts, %ld situations: each has exactly one first row\n", n, FACT_COUNT,
               result.situations);
    buf_free(&problems);
    return result.problems > 0;
}
