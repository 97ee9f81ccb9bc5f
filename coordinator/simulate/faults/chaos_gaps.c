/* Schedules about times without a quorum: most voters are gone for a while, again and again, and
 * what callers need fails and recovers before, within and after. */
#include "base/check.h"
#include "simulate/faults/chaos_draw.h"

/* As many as must not be missing, each by itself, and back at about the same time. */
static void lose_quorum(struct drawing *d, int64_t at, int64_t for_ms)
{
    static const enum fault_kind kinds[] = {FAULT_KILL, FAULT_KILL, FAULT_FREEZE, FAULT_SPLIT};
    int n = d->model->n_coordinators, first = (int)prng_below(&d->prng, (uint32_t)n), i;
    int left = d->minority + 1 + (int)prng_below(&d->prng, 2);

    for (i = 0; i < n && left > 0; i++) {
        int server = (first + i) % n;
        enum fault_kind kind = kinds[prng_below(&d->prng, ARRAY_LEN(kinds))];
        int64_t begin_ms = chaos_between(d, 0, 300), more_ms = chaos_between(d, 0, 1500);

        if (!(d->voters & server_bit(server)))
            continue;
        left--;
        chaos_add(d, (struct fault){.kind = kind,
                                    .what = {.kind = WHERE_SERVER, .index = server},
                                    .at_ms = at + begin_ms,
                                    .for_ms = for_ms - begin_ms + more_ms});
    }
}

static void fail_service(struct drawing *d, int64_t at, int64_t for_ms)
{
    static const enum fault_kind kinds[] = {FAULT_REFUSE, FAULT_REFUSE, FAULT_HANG};

    chaos_add(d, (struct fault){.kind = kinds[prng_below(&d->prng, ARRAY_LEN(kinds))],
                                .what = chaos_primary_site(d),
                                .at_ms = at,
                                .for_ms = for_ms});
}

void chaos_gaps(struct drawing *d)
{
    int64_t at = chaos_between(d, 1000, 6000);

    while (at < d->chaos->length_ms) {
        int64_t gap_ms = chaos_between(d, 4000, 25000);
        int services = (int)prng_below(&d->prng, 3);

        lose_quorum(d, at, gap_ms);
        for (; services > 0; services--) {
            int64_t begin_ms = at + chaos_between(d, -3000, gap_ms);
            int64_t for_ms = chaos_between(d, 1000, gap_ms);

            fail_service(d, begin_ms, for_ms);
        }
        /* Mostly all is well again; now and then the next one comes before all is told. */
        at += gap_ms +
              (chaos_chance(d, 1, 3) ? chaos_between(d, 500, 3000) : chaos_between(d, 8000, 15000));
    }
}
