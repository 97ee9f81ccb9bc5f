#include "core/detect/detector.h"

#include <stdlib.h>

void detector_init(struct detector *detector, int beat_ms)
{
    *detector = (struct detector){
        .heard_ms = INT64_MIN, .mean_x8 = beat_ms * 8, .dev_x4 = beat_ms, .silent = true};
}

void detector_feed(struct detector *detector, int64_t now_ms)
{
    int64_t gap;
    int32_t error;

    if (detector->heard_ms != INT64_MIN && !detector->silent) {
        gap = now_ms - detector->heard_ms;
        if (gap > 10000)
            gap = 10000;
        error = (int32_t)gap - detector->mean_x8 / 8;
        detector->mean_x8 += error;
        detector->dev_x4 += abs(error) - detector->dev_x4 / 4;
    }
    detector->heard_ms = now_ms;
}

void detector_shift(struct detector *detector, int64_t gap_ms)
{
    if (detector->heard_ms != INT64_MIN)
        detector->heard_ms += gap_ms;
}

int detector_bound(const struct detector *detector, int floor_ms)
{
    int bound = detector->mean_x8 / 8 + detector->dev_x4;

    if (bound < floor_ms)
        return floor_ms;
    return bound > floor_ms * DETECTOR_CEILING ? floor_ms * DETECTOR_CEILING : bound;
}

bool detector_check(struct detector *detector, int floor_ms, int64_t now_ms)
{
    bool silent = detector->heard_ms == INT64_MIN ||
                  now_ms - detector->heard_ms >= detector_bound(detector, floor_ms);
    bool changed = silent != detector->silent;

    detector->silent = silent;
    return changed;
}
