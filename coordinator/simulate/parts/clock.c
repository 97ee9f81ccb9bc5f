#include "simulate/parts/clock.h"

#include "base/check.h"

#define MILLION 1000000

static int64_t boot_at(const struct clock_sim *clock, int64_t world_ms)
{
    CHECK(world_ms >= clock->world_ms);
    if (clock->stopped)
        return clock->boot_ms;
    return clock->boot_ms + (world_ms - clock->world_ms) * (MILLION + clock->ppm) / MILLION;
}

/* From here on something else holds. Drops less than 1 ms, so what was shown stays shown. */
static void anchor(struct clock_sim *clock, int64_t world_ms)
{
    clock->boot_ms = boot_at(clock, world_ms);
    if (clock->stopped)
        clock->stops[(clock->n_stops - 1) % CLOCK_STOPS].for_ms += world_ms - clock->world_ms;
    clock->world_ms = world_ms;
}

void clock_init(struct clock_sim *clock, int64_t world_ms, int64_t boot_ms, int64_t utc_ms)
{
    *clock = (struct clock_sim){
        .world_ms = world_ms, .boot_ms = boot_ms, .utc_offset_ms = utc_ms - boot_ms};
}

struct moment clock_now(const struct clock_sim *clock, int64_t world_ms)
{
    int64_t boot_ms = boot_at(clock, world_ms);

    return (struct moment){.boot_ms = boot_ms, .utc_ms = boot_ms + clock->utc_offset_ms};
}

int64_t clock_when(const struct clock_sim *clock, int64_t boot_ms)
{
    int64_t rate = MILLION + clock->ppm;
    __int128 wait_ms;

    if (boot_ms <= clock->boot_ms)
        return clock->world_ms;
    if (clock->stopped || boot_ms == INT64_MAX)
        return INT64_MAX;
    wait_ms = ((__int128)(boot_ms - clock->boot_ms) * MILLION + rate - 1) / rate;
    return wait_ms > INT64_MAX - clock->world_ms ? INT64_MAX : clock->world_ms + (int64_t)wait_ms;
}

void clock_rate(struct clock_sim *clock, int64_t world_ms, int64_t ppm)
{
    CHECK(ppm > -MILLION);
    anchor(clock, world_ms);
    clock->ppm = ppm;
}

void clock_stop(struct clock_sim *clock, int64_t world_ms, bool stopped)
{
    anchor(clock, world_ms);
    if (stopped && !clock->stopped)
        clock->stops[clock->n_stops++ % CLOCK_STOPS] =
            (struct clock_standstill){.boot_ms = clock->boot_ms};
    clock->stopped = stopped;
}

int64_t clock_stood_ms(const struct clock_sim *clock, int64_t world_ms, int64_t boot_ms)
{
    int64_t stood_ms = clock->stopped ? world_ms - clock->world_ms : 0;

    for (unsigned i = 0; i < CLOCK_STOPS && i < clock->n_stops; i++)
        if (clock->stops[i].boot_ms >= boot_ms)
            stood_ms += clock->stops[i].for_ms;
    return stood_ms;
}

void clock_step_utc(struct clock_sim *clock, int64_t by_ms)
{
    clock->utc_offset_ms += by_ms;
}
