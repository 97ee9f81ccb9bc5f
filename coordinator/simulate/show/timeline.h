/* What a play looks like to an operator: who saw what, what was decided by which rule, what
 * the switches said and what callers went through, from the first fault on. Fed with the
 * world's notes; the ledger's lines among them are read as strangers read them, by their keys. */
#ifndef SIMULATE_TIMELINE_H
#define SIMULATE_TIMELINE_H

#include "base/buf.h"
#include "simulate/show/play.h"

struct timeline;

/* `all`: every note, the nodes' own logs included. */
struct timeline *timeline_new(bool all);
void timeline_free(struct timeline *timeline);

sim_tell timeline_note; /* the context is a struct timeline; ignored until it has begun */
/* From here on (`sim` is at 0); times count from `zero_ms`, the first fault. */
void timeline_begin(struct timeline *timeline, const struct sim *sim, int64_t zero_ms);
/* The play is over: what became of it. */
void timeline_end(struct timeline *timeline, const struct sim *sim, const struct played *played);

/* For people, and as one JSON object. */
void timeline_text(const struct timeline *timeline, struct buf *out);
void timeline_json(const struct timeline *timeline, struct buf *out);

/* ---- timeline_line.c: a ledger line in words ---- */

/* "verdict", "rule", …: the kind of event it makes, with its text (which may have several
 * lines) in `out`. NULL: of no interest here. `refused`: it says why something was not done. */
const char *timeline_line(const char *line, int64_t at_ms, struct buf *out, bool *refused);

#endif
