#include "core/detect/sensor.h"

void sensor_init(struct sensor *sensor)
{
    *sensor = (struct sensor){.ended_ms = BOOT_NEVER,
                              .good_ms = BOOT_NEVER,
                              .rise_ms = BOOT_NEVER,
                              .fail_ms = BOOT_NEVER,
                              .last_fail_ms = BOOT_NEVER};
}

static enum sensed good(struct sensor *sensor, const struct check *check, int64_t began_ms)
{
    bool up = sensor->opinion == OPINION_UP;

    if (began_ms > sensor->good_ms)
        sensor->good_ms = began_ms;
    if (sensor->goods == 0)
        sensor->rise_ms = began_ms;
    sensor->fails = 0;
    sensor->wrongs = 0;
    sensor->goods++;
    if (up || (sensor->opinion == OPINION_DOWN && sensor->goods < check->rise)) {
        if (up)
            sensor->fail_ms = BOOT_NEVER;
        return SENSED_NOTHING;
    }
    sensor->fail_ms = BOOT_NEVER;
    sensor->opinion = OPINION_UP;
    return SENSED_CHANGED;
}

/* Down when enough failed. */
static enum sensed weigh(struct sensor *sensor, const struct check *check, bool quiet)
{
    int silent = quiet ? (check->fall_silent + 1) / 2 : check->fall_silent;

    if (sensor->opinion == OPINION_DOWN)
        return SENSED_NOTHING;
    if (sensor->wrongs < check->fall && sensor->fails < silent)
        return SENSED_FAILING;
    sensor->opinion = OPINION_DOWN;
    return SENSED_CHANGED;
}

static void bad(struct sensor *sensor, enum reason_class class, int64_t began_ms)
{
    if (sensor->fails == 0 && sensor->opinion != OPINION_DOWN)
        sensor->fail_ms = began_ms;
    if (began_ms > sensor->last_fail_ms)
        sensor->last_fail_ms = began_ms;
    sensor->goods = 0;
    sensor->fails++;
    if (class == REASON_WRONG)
        sensor->wrongs++;
}

enum sensed sensor_feed(struct sensor *sensor, const struct check *check, enum reason reason,
                        int64_t began_ms, int64_t ended_ms, bool quiet)
{
    enum reason_class class = reason_class(reason);

    if (class == REASON_ABSTAIN)
        return SENSED_NOTHING;
    if (class != REASON_GOOD && sensor->good_ms != BOOT_NEVER && began_ms <= sensor->good_ms)
        return SENSED_NOTHING;
    sensor->reason = reason;
    sensor->ended_ms = ended_ms;
    if (class == REASON_GOOD)
        return good(sensor, check, began_ms);
    bad(sensor, class, began_ms);
    return weigh(sensor, check, quiet);
}

enum sensed sensor_quiet(struct sensor *sensor, const struct check *check)
{
    return sensor->fails > 0 ? weigh(sensor, check, true) : SENSED_NOTHING;
}

void sensor_unsure(struct sensor *sensor)
{
    if (sensor->opinion == OPINION_UP)
        sensor->opinion = OPINION_NONE;
}

void sensor_forget(struct sensor *sensor)
{
    sensor->opinion = OPINION_NONE;
    sensor->goods = sensor->fails = sensor->wrongs = 0;
}

uint32_t boot_age(int64_t now_ms, int64_t then_ms)
{
    int64_t age;

    if (then_ms == BOOT_NEVER)
        return AGE_NEVER;
    age = now_ms - then_ms;
    if (age < 0)
        return 0;
    return age >= AGE_NEVER ? AGE_NEVER - 1 : (uint32_t)age;
}

struct vote sensor_vote(const struct sensor *sensor, int check, int64_t now_ms)
{
    bool down = sensor->opinion == OPINION_DOWN || sensor->fails > 0;

    return (struct vote){
        .check = (uint16_t)check,
        .opinion = (uint8_t)sensor->opinion,
        .reason = (uint8_t)sensor->reason,
        .age_ms = boot_age(now_ms, sensor->ended_ms),
        .fail_age_ms = boot_age(now_ms, down ? sensor->fail_ms : sensor->last_fail_ms),
        .good_age_ms = boot_age(now_ms, down ? sensor->good_ms : sensor->rise_ms),
    };
}
