/* When is a peer silent? When nothing has come for
 *
 *   bound = mean + 4 * deviation of the gaps, within [floor, DETECTOR_CEILING * floor]
 *
 * with mean += (gap - mean) / 8 and deviation += (|gap - mean| - deviation) / 4, as TCP estimates
 * its retransmission time (RFC 6298). The floor is the profile's (silent_ms, four beats), so calm
 * peers are not judged sooner; late and lost beats make it longer, by no more than the ceiling,
 * which bounds how long a real silence takes. Both fade within two dozen calm beats.
 *
 * At 20 % loss one observer has false silences, some a minute; most of eleven at once have not
 * one in years, and it takes most (silent_to_most, the rules of ballots). A pause of this node
 * itself is nobody's silence (detector_shift). A peer's pause that is longer than the bound is
 * one; it is no gap to learn from, and ends with the next beat. */
#ifndef CORE_DETECT_DETECTOR_H
#define CORE_DETECT_DETECTOR_H

#include <stdbool.h>
#include <stdint.h>

#define DETECTOR_CEILING 2

struct detector {
    int64_t heard_ms; /* boot time of the newest beat; INT64_MIN: never */
    int32_t mean_x8;  /* smoothed gap, eighths of a ms */
    int32_t dev_x4;   /* smoothed deviation, quarters of a ms */
    bool silent;      /* as last told by detector_check() */
};

void detector_init(struct detector *detector, int beat_ms);
void detector_feed(struct detector *detector, int64_t now_ms);
/* This node itself stood still for `gap_ms`: nobody else is to blame for it. */
void detector_shift(struct detector *detector, int64_t gap_ms);
/* Ms without a beat after which the peer counts as silent. */
int detector_bound(const struct detector *detector, int floor_ms);
/* True when `silent` changed. A peer never heard stays as it is: silent. */
bool detector_check(struct detector *detector, int floor_ms, int64_t now_ms);

#endif
