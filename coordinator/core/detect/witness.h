/* What the journals of several nodes say together of a time in which nobody could commit. Nobody
 * acts on it any more, so it is counted among the assigned observers who could tell, not among all
 * assigned: the others were dead or cut off. Of a check at a moment
 *
 *   they could tell   two of them at least, from two sites, and as many as the contract asks for
 *   it was down       when more than half of those fail it, from two sites, and in no site but the
 *                     target's own do most of those see it up (count.h)
 *
 * A time starts with the earliest failing probe of the set that makes it down, and ends with the
 * first good one after it. One that goes on when there is a quorum again is followed to its end by
 * those who told it. */
#ifndef CORE_DETECT_WITNESS_H
#define CORE_DETECT_WITNESS_H

#include "core/detect/journal.h"
#include "core/entry.h"

/* The time [from, to) and the moment of counting. */
struct gap_time {
    int64_t from_ms, to_ms, now_ms;
};

struct witness; /* all journals, in order of what they speak of */

/* `journals` by server, NULL: not heard; on the boot clock of who counts. */
struct witness *witness_new(const struct model *model, const struct journal *const *journals,
                            const struct gap_time *gap);
void witness_free(struct witness *witness);
/* Adds the times in which the check was down, or nobody could tell, to `spans`, on the clock of
 * the journals. False: there is no room. */
bool witness_check(struct witness *witness, int check, struct journal_spans *spans);
/* … and those in which a server placed on an exclusive route did not serve it, or did not say. */
bool witness_route(struct witness *witness, int route, server_set placed,
                   struct journal_spans *spans);

#endif
