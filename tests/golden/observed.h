/* What is kept of a run for its trace and its expectations. */
#ifndef GOLDEN_OBSERVED_H
#define GOLDEN_OBSERVED_H

#include "simulate/sim.h"

#include <jansson.h>

struct scenario;

struct observed {
    const struct scenario *scenario;
    struct sim *sim; /* NULL while it is being made */
    struct buf trace;
    json_t *ledger; /* array of the scenario's lines, each with "at_ms" of the world */
    json_t *lines;  /* array: the whole ledger's lines as they are */
    json_t *logs;   /* object: event -> how often */
    json_t *replies;
    int leaders;
    struct {
        int holders;
        int64_t since_ms, longest_ms; /* without one */
    } routes[LIMIT_ROUTES];
    bool settled;
    struct buf unsettled; /* why it is not */
};

/* The sim_tell of a run; `context` is a struct observed. */
void observed_note(void *context, const struct note *note);
/* A line of the runner's own. */
void observed_say(struct observed *seen, int64_t at_ms, const char *kind, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void observed_free(struct observed *seen);

#endif
