/* What all commands share that change something: on a terminal they say what they are going to
 * do and ask; --yes is for scripts, and without a terminal only --force needs it. */
#ifndef CLI_VERB_H
#define CLI_VERB_H

#include "cli/cli.h"

#define VERB_REASON                                                                                \
    {                                                                                              \
        "reason", "TEXT", "why; it goes into the ledger", true                                     \
    }
#define VERB_DRY_RUN                                                                               \
    {                                                                                              \
        "dry-run", NULL, "only say what would be decided, changed and recorded", false             \
    }
#define VERB_YES                                                                                   \
    {                                                                                              \
        "yes", NULL, "do not ask, even on a terminal", false                                       \
    }

struct verb {
    const char *name; /* of the request */
    const char *what; /* it is going to do, for who is asked; may have several lines */
    const char *word; /* to be typed before it goes on; NULL: y or n */
    const char *word_of;
    const char *text; /* option and argument with words for the ledger; NULL: "reason"; "": none */
    json_t **answer;  /* gets what the cluster says, instead of it being printed; NULL */
};

/* Puts option "reason" (`text`) into `args`, asks, tells the cluster, prints its answer. `args` is
 * taken. Returns an exit code. */
int verb_run(struct cli *cli, const struct verb *verb, json_t *args);

/* Puts a text of the command line into `args`, which an error frees. */
int verb_put(struct cli *cli, json_t *args, const char *key, const char *text);

#endif
