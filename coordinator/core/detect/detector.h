/* When is a peer silent? After a floor that the profile sets, longer while its beats
 * come late or get lost: mean and deviation of the gaps, as TCP estimates its
 * retransmission time (RFC 6298), never more than CEILING times the floor. */
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
