#include "base/histogram.h"
#include "base/check.h"

static const uint32_t steps_ms[HISTOGRAM_STEPS] = {1,   2,   5,    10,   20,   50,   100,
                                                   200, 500, 1000, 2000, 5000, 10000};

void histogram_add(struct histogram *histogram, uint64_t took_us)
{
    int step = 0;

    while (step < HISTOGRAM_STEPS && took_us > steps_ms[step] * 1000ull)
        step++;
    histogram->counts[step]++;
    histogram->sum_us += took_us;
}

uint32_t histogram_step_ms(int step)
{
    CHECK(step >= 0 && step < HISTOGRAM_STEPS);
    return steps_ms[step];
}
