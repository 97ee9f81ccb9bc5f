/* Rows of the table of rules and facts, for people and as JSON. */
#ifndef CLI_RULES_SHOW_H
#define CLI_RULES_SHOW_H

#include "core/failover/rules.h"

#include <jansson.h>
#include <stdio.h>

/* {number, phases, needs, forbids, action, comment} */
json_t *rules_json(const struct rule *rule);
/* Names back into bits; those that this program does not know are left out. */
uint32_t rules_facts(const json_t *names);
/* [{name, meaning}] */
json_t *rules_json_meanings(uint32_t facts);

/* Rows above `until` (NULL: all) that would move a route in this phase but are not the one that
 * is taken, with what keeps them: [{number, action, comment, missing, forbidding, behind}];
 * `behind`: it fits, but that row comes first. Rows that answer operators are among them only
 * when one asks. */
json_t *rules_json_passed(enum route_phase phase, uint32_t facts, const struct rule *until);
/* A line for each, indented. */
void rules_print_passed(FILE *out, const json_t *passed, const char *indent);

/* "a, b"; "none" */
void rules_print_facts(FILE *out, uint32_t facts);
/* A line for each, indented. */
void rules_print_meanings(FILE *out, uint32_t facts, const char *indent);

#endif
