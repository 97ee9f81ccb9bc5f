/* What a command would come to (the answer to a dry run), for people. */
#ifndef CLI_PLAN_H
#define CLI_PLAN_H

#include <jansson.h>
#include <stdio.h>

/* The answer, why, what changes, what routes go by then, what is recorded. */
void plan_print(FILE *out, const json_t *plan);
/* Only what changes. */
void plan_print_changes(FILE *out, const json_t *plan);

#endif
