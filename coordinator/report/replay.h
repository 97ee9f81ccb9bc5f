/* The ledger's decisions made again: the ballots of a verdict are counted once more, the phase
 * and facts of a decision about a route looked up in the table of rules, by the same functions
 * that the engine uses, and what they give is held against what was recorded. Pure; a line has
 * in it all that it takes. */
#ifndef REPORT_REPLAY_H
#define REPORT_REPLAY_H

#include "base/err.h"
#include "base/limits.h"
#include "core/failover/rules.h"

#include <stddef.h>
#include <stdint.h>

enum replay_result {
    REPLAY_NONE,     /* the line records no decision */
    REPLAY_SAME,     /* the same was decided again */
    REPLAY_DIFFERS,  /* something else was, or the line does not say what it must */
    REPLAY_LEFT_OUT, /* no row decided it, or it was recorded without what it takes */
};

struct replayed {
    enum replay_result result;
    uint64_t seq;
    int64_t time_ms;
    char kind[LIMIT_NAME];     /* "verdict down", "failover intent" */
    char subject[LIMIT_NAME];  /* check or route */
    char recorded[LIMIT_TEXT]; /* "rule 20, move"; "4 of 5 agree, 3 needed: down" */
    char again[LIMIT_TEXT];    /* the same of the replay, or why there is none */
};

struct replay;

/* By these rows (borrowed); the table's own: rules_table(). */
struct replay *replay_new(const struct rule *rows, int n);
void replay_free(struct replay *replay); /* NULL is fine */

/* A line of the ledger, without its newline. ERR_INVALID: it is no such line. */
int replay_line(struct replay *replay, const char *line, size_t len, struct replayed *out,
                struct err *err);

#endif
