#include "core/failover/promise.h"
#include "base/check.h"

#include <stdlib.h>

int64_t promise_wait_ms(const struct timing *timing)
{
    int64_t base = timing->lease_holder_ms + timing->fence_ms;
    int64_t up = 100 + PROMISE_RHO_PERCENT, down = 100 - PROMISE_RHO_PERCENT;
    int64_t wait = (base * up + down - 1) / down + 2;

    /* By the slowest clock the holder's lease and fence are over before the fastest has waited. */
    CHECK(timing->lease_holder_ms > 0 && timing->fence_ms > 0 && wait * down >= base * up);
    return wait;
}

void promise_sent(struct sent_beats *sent, uint64_t number, int64_t now_ms)
{
    sent->newest = number;
    sent->sent_ms[number % PROMISE_RING] = now_ms;
}

static int descending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x < y) - (x > y);
}

int64_t promise_deadline(const struct sent_beats *sent, const uint64_t *echoed, int n_voters,
                         int majority, const struct timing *timing)
{
    uint64_t numbers[LIMIT_SERVERS], n;
    int i;

    CHECK(n_voters <= LIMIT_SERVERS && majority > 0);
    if (majority > n_voters)
        return 0;
    for (i = 0; i < n_voters; i++)
        numbers[i] = echoed[i];
    qsort(numbers, (size_t)n_voters, sizeof numbers[0], descending);
    n = numbers[majority - 1]; /* a majority named this one or a newer one */
    if (n == 0 || n > sent->newest || sent->newest - n >= PROMISE_RING)
        return 0;
    return sent->sent_ms[n % PROMISE_RING] + timing->lease_holder_ms;
}

bool promise_over(const struct report *reports, int n_voters, int majority,
                  const struct timing *timing, int64_t now_ms)
{
    int64_t wait = promise_wait_ms(timing);
    int i, over = 0;

    for (i = 0; i < n_voters; i++)
        if (reports[i].stored && now_ms >= reports[i].heard_ms + wait)
            over++;
    return over >= majority;
}
