/* What a scenario's story comes to, in words that hold however the trace is retuned:
 *
 *   expect WORD [OF] [=|<=|>=] VALUE [at TIME]      no operator: equal
 *   expect no WORD [OF] [at TIME]                   = 0
 *
 * "owed" in the place of "expect" is what should be and is not: the story says why. When it
 * comes true the file has to say "expect".
 *
 * The words, what they are of, and what they are measured by are one table (expect.c). Looked
 * at at TIME, or when all is over. Counts and times begin with the scenario, not with its
 * warm-up. */
#ifndef GOLDEN_EXPECT_H
#define GOLDEN_EXPECT_H

#include "observed.h"

enum expect_op { EXPECT_IS, EXPECT_AT_MOST, EXPECT_AT_LEAST };

struct expect {
    const struct expect_word *word;
    int line;
    bool owed;
    char *text;  /* for the report; owned */
    char of[64]; /* its object as written; empty: none */
    int object;  /* … in the model, or the number; -1: of all */
    enum expect_op op;
    int64_t value; /* number, ms, or index of a name in the model; -1: nobody */
    int64_t at_ms; /* -1: when all is over */
};

/* `words` are those behind "expect". 0, or ERR_INVALID. */
int expect_parse(char **words, int n, const struct model *model, struct expect *expect,
                 struct err *err);
/* True: holds. Else `why` says what is seen instead. */
bool expect_holds(const struct expect *expect, const struct observed *seen, struct buf *why);
/* It is about the time after all faults. */
bool expect_is_settled(const struct expect *expect);
/* Every word with its form and meaning. */
void expect_usage(struct buf *out);

#endif
