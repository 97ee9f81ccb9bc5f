/* kirikae notice: who was told of what, from the ledger's lines, and from the state what they do
 * not say yet. A notice is one JSON object, which --json prints and everything else is told from:
 *
 *   notice, rule (null: a test), state (gathering, open, told, given-up, dropped), begun (of its
 *   first line; null: none yet), acknowledged (null: it is told, nobody knows any more),
 *   events: [{event, seq}], more, outages, windows,
 *   receivers: [{receiver, channel, kind, audience, key, state (waiting, sending, accepted,
 *     given-up), accepted, answer, next, otherwise,
 *     attempts: [{attempt, step, node, begun, repeat, outcome (null, accepted, failed), at, unsure,
 *       text}]}]
 *
 * and, of one that is shown, in each event: line (of the ledger; null: not in these lines). */
#ifndef CLI_NOTICE_H
#define CLI_NOTICE_H

#include "base/limits.h"
#include "cli/cli.h"

/* ---- notice_read.c ---- */

struct notices_read {
    json_t *list;          /* by their first lines; owned */
    json_t *by_number;     /* the same by "notice"; owned */
    char zone[LIMIT_NAME]; /* of the contract that is in force; "" when nobody says it */
};

/* All of entries [from, …). `file`: an export; NULL: ask the cluster, whose state is looked at,
 * too. 0, or an exit code after a message. */
int notices_read(struct cli *cli, const char *file, uint64_t from, struct notices_read *notices);
void notices_read_free(struct notices_read *notices);
json_t *notices_find(const struct notices_read *notices, uint64_t number); /* NULL: none */

/* Adds the lines that its events are of. */
int notice_read_more(struct cli *cli, const char *file, json_t *notice);

/* ---- notice_print.c ---- */

void notices_print(FILE *out, const json_t *list);
void notice_print(FILE *out, const json_t *notice);
void notice_print_receivers(FILE *out, const json_t *notice, bool attempts);

#endif
