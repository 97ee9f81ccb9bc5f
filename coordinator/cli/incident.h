/* kirikae incident: outages, and what operators said of them afterwards, from the ledger's lines
 * alone. An incident is one JSON object, which --json prints and everything else is told from:
 *
 *   outage (seq of the line that opened it), state (open, closed, disputed), function, route,
 *   severity, cause (as amended), first: {severity, cause} (as it was opened), start, last_good,
 *   recognised, evidence (a log index), end, last_fail (null while it is open), disputed (when),
 *   acknowledged: [{seq, time, who, reason}],
 *   posts: [{seq, time, status, ja, en, who}] (for customers),
 *   said: [{seq, time, type: amended, severity, cause, who, reason} or
 *          {seq, time, type: note, who, text}], oldest first
 *
 * and, of one that is shown: grounds (the line of its evidence), moves (of its route, in its
 * time: lines of intents, each with the time when it was verified, or null). */
#ifndef CLI_INCIDENT_H
#define CLI_INCIDENT_H

#include "base/limits.h"
#include "cli/cli.h"

/* ---- incident_read.c ---- */

struct incidents {
    json_t *list;          /* by number; owned */
    char zone[LIMIT_NAME]; /* of the contract that is in force; "" when nobody says it */
};

/* All that there ever were. `file`: an export; NULL: ask the cluster. 0, or an exit code after a
 * message. */
int incidents_read(struct cli *cli, const char *file, struct incidents *incidents);
void incidents_free(struct incidents *incidents);
json_t *incidents_find(const struct incidents *incidents, uint64_t outage); /* NULL: none */

/* Adds what an incident rests on, and what its route did. */
int incident_read_more(struct cli *cli, const char *file, json_t *incident);

/* ---- cmd_incident_say.c ---- */

/* The command's first argument; CLI_USAGE after a message. */
int incident_number(struct cli *cli, uint64_t *outage);

/* ---- incident_print.c ---- */

void incidents_print(FILE *out, const json_t *list);
/* Its posts' texts as lists of lines: lines of one text are lines on a terminal, too. */
void incident_cut_lines(json_t *incident);
void incident_print(FILE *out, const json_t *incident);

#endif
