/* A campaign as tables. */
#ifndef CLI_SIMULATE_TABLE_H
#define CLI_SIMULATE_TABLE_H

#include "simulate/show/campaign.h"

#include <stdio.h>

void simulate_table(FILE *out, const char *file, struct campaign *campaign);
/* The worst pairs, and all in which something broke. */
void simulate_table_pairs(FILE *out, const char *file, struct campaign *campaign);
void simulate_table_json(FILE *out, struct campaign *campaign);
/* How many rows ended so. */
int simulate_count(const struct campaign *campaign, enum campaign_result result);

#endif
