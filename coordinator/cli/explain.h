/* kirikae explain: a move or an incident, told from the ledger's lines alone.
 *
 *   past     which lines there are, and which of them is asked for
 *   account  what belongs to it, as one JSON object
 *   print    the same for people */
#ifndef CLI_EXPLAIN_H
#define CLI_EXPLAIN_H

#include "cli/cli.h"
#include "base/limits.h"

/* ---- explain_past.c ---- */

struct past {
    json_t *lines; /* verdicts, decisions about routes, outages; oldest first; owned */
    char route[LIMIT_NAME];
    int move;   /* line of the move that is asked for; -1: there was none */
    int outage; /* line of the incident that is asked for; -1: a route was */
};

/* What is asked for: a route's name, the number of an outage, NULL: whatever was last. `file`:
 * an export; NULL: ask the cluster. 0; or an exit code, after a message: no such route or
 * outage, or the lines could not be had. */
int past_read(struct cli *cli, const char *what, const char *file, struct past *past);
void past_free(struct past *past);

/* Category and type (NULL: any) of a line. */
bool line_is(const json_t *line, const char *category, const char *type);
bool line_is_of(const json_t *line, const char *type, const char *route);
bool line_ends(const json_t *line, const json_t *open);   /* that outage, or says it was none */
bool line_is_move(const json_t *line, const char *route); /* NULL: of any */

/* ---- explain_account.c, explain_timeline.c ---- */

/* The caller's (json_decref). */
json_t *explain_account(const struct past *past);

/* Down verdicts that the move rests on, those of the incident, its outages: lists of lines. */
struct grounds {
    json_t *verdicts, *outages;
};
json_t *explain_timeline(const struct past *past, const struct grounds *grounds);
/* Between two times as the ledger writes them; 0 when one is none. */
int64_t explain_ms(const char *from, const char *to);

/* ---- explain_print.c ---- */

void explain_print(FILE *out, const json_t *account);
void explain_print_verdict(FILE *out, const json_t *line);
/* Of a verdict line, or of a check as the cluster sees it now. */
void explain_print_ballots(FILE *out, const json_t *ballots);

/* ---- explain_now.c ---- */

/* How a route stands now. Prints; 0 or an exit code after a message. */
int explain_now(struct cli *cli, json_t *args);
/* The same of a view that has come with something else: adds what the table says of it … */
int explain_view(struct cli *cli, json_t *view);
/* … and tells people. */
void explain_print_view(FILE *out, const json_t *view);

#endif
