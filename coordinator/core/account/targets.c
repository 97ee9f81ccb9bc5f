#include "core/account/targets.h"
#include "base/check.h"
#include "base/utc.h"

int target_check(const struct target *target, struct err *err)
{
    bool days = target->kind == TARGET_BUSINESS_DAYS;
    int64_t most = days ? TARGET_AMOUNT_MAX_DAYS : TARGET_AMOUNT_MAX_MS;

    if (target->kind == TARGET_NONE || (target->amount >= 1 && target->amount <= most))
        return 0;
    return err_set(err, ERR_INVALID, "%lld %s is not in 1..%lld", (long long)target->amount,
                   days ? "business days" : "ms", (long long)most);
}

int64_t target_deadline_ms(const struct target *target, const struct desk *desk,
                           const struct zone *zone, int64_t recognised_ms, int *lacking_year)
{
    if (recognised_ms == UTC_NONE)
        return UTC_NONE;
    switch (target->kind) {
    case TARGET_NONE:
        return UTC_NONE;
    case TARGET_CLOCK:
        return recognised_ms + target->amount;
    case TARGET_BUSINESS_DAYS:
        return desk_after_days(desk, zone, recognised_ms, (int)target->amount, lacking_year);
    case TARGET_BUSINESS_HOURS:
        return desk_after_hours(desk, zone, recognised_ms, target->amount, lacking_year);
    }
    CHECK(!"a kind of target");
    return UTC_NONE;
}

enum target_outcome target_outcome(int64_t recognised_ms, int64_t deadline_ms, int64_t done_ms,
                                   int64_t as_of_ms)
{
    bool done = done_ms != UTC_NONE && done_ms <= as_of_ms;

    if (recognised_ms == UTC_NONE || recognised_ms > as_of_ms || deadline_ms == UTC_NONE ||
        deadline_ms == DESK_NEVER)
        return OUTCOME_NONE;
    if ((done ? done_ms : as_of_ms) > deadline_ms)
        return OUTCOME_MISSED;
    return done ? OUTCOME_MET : OUTCOME_RUNNING;
}

const char *outcome_name(enum target_outcome outcome)
{
    static const char *const names[] = {
        [OUTCOME_NONE] = "none",
        [OUTCOME_RUNNING] = "running",
        [OUTCOME_MET] = "met",
        [OUTCOME_MISSED] = "missed",
    };

    CHECK((unsigned)outcome < ARRAY_LEN(names));
    return names[outcome];
}
