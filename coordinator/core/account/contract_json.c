#include "core/account/contract_json.h"
#include "base/check.h"
#include "base/jsonw.h"
#include "base/utc.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DAY_MS 86400000ll

/* "98", "99.95": millionths of a percent. */
static void percent(struct jsonw *w, const char *key, int64_t micro)
{
    char text[32];
    size_t len;

    CHECK(micro >= 0);
    snprintf(text, sizeof text, "%" PRId64 ".%06" PRId64, micro / 1000000, micro % 1000000);
    for (len = strlen(text); text[len - 1] == '0'; len--)
        ;
    if (text[len - 1] == '.')
        len--;
    text[len] = '\0';
    jsonw_str(w, key, text);
}

/* A date is its local midnight; anything else has an offset. */
static void bound(struct jsonw *w, const char *key, const struct bound *bound)
{
    int year, month, day;

    if (bound->given && bound->local) {
        CHECK(bound->ms % DAY_MS == 0);
        utc_civil_from_days(bound->ms / DAY_MS, &year, &month, &day);
        jsonw_strf(w, key, "%04d-%02d-%02d", year, month, day);
    } else if (bound->given) {
        jsonw_time(w, key, bound->ms);
    }
}

static void functions(const struct contract *contract, struct jsonw *w)
{
    int i;

    jsonw_array(w, "functions");
    for (i = 0; i < contract->n_functions; i++) {
        const struct contract_function *function = &contract->functions[i];

        if (function->label_ja[0] == '\0' && function->label_en[0] == '\0') {
            jsonw_str(w, NULL, function->name);
            continue;
        }
        jsonw_object(w, NULL);
        jsonw_str(w, "name", function->name);
        if (function->label_ja[0] != '\0')
            jsonw_str(w, "label_ja", function->label_ja);
        if (function->label_en[0] != '\0')
            jsonw_str(w, "label_en", function->label_en);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static bool any_critical(const struct contract_service *service)
{
    size_t i;

    for (i = 0; i < ARRAY_LEN(service->critical.bits); i++)
        if (service->critical.bits[i] != 0)
            return true;
    return false;
}

/* One that hangs on nothing is none. */
static void services(const struct contract *contract, struct jsonw *w)
{
    int s, i;

    jsonw_array(w, "services");
    for (s = 0; s < contract->n_services; s++) {
        if (!any_critical(&contract->services[s]))
            continue;
        jsonw_object(w, NULL);
        jsonw_str(w, "name", contract->services[s].name);
        jsonw_array(w, "critical");
        for (i = 0; i < contract->n_functions; i++)
            if (function_set_has(&contract->services[s].critical, i))
                jsonw_str(w, NULL, contract->functions[i].name);
        jsonw_end(w);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void terms(const struct terms *terms, struct jsonw *w)
{
    static const char *const judged[] = {"measured", "low", "high"};
    int i;

    if (terms->target_micro > 0)
        percent(w, "target", terms->target_micro);
    jsonw_array(w, "down_severities");
    for (i = 0; i < SEVERITY_COUNT; i++)
        if (terms->down_severity[i])
            jsonw_str(w, NULL, outage_severity_name((enum severity)i));
    jsonw_end(w);
    jsonw_array(w, "excluded_causes");
    for (i = 0; i < CAUSE_COUNT; i++)
        if (terms->excluded_cause[i])
            jsonw_str(w, NULL, outage_cause_name((enum cause)i));
    jsonw_end(w);
    jsonw_int(w, "minimum_outage_ms", terms->minimum_outage_ms);
    CHECK((unsigned)terms->judged_by < ARRAY_LEN(judged));
    jsonw_str(w, "judged_by", judged[terms->judged_by]);
    jsonw_array(w, "discounts");
    for (i = 0; i < terms->n_discounts; i++) {
        jsonw_object(w, NULL);
        percent(w, "below", terms->discounts[i].below_micro);
        percent(w, "percent", terms->discounts[i].percent_micro);
        jsonw_end(w);
    }
    jsonw_end(w);
}

/* ---- targets, and the desk: later keys, written when they were said ---- */

static void target(struct jsonw *w, const char *key, const struct target *target)
{
    const int64_t hour_ms = 3600000, second_ms = 1000;
    bool one;

    switch (target->kind) {
    case TARGET_NONE:
        break;
    case TARGET_CLOCK:
        if (target->amount % hour_ms == 0)
            jsonw_strf(w, key, "%" PRId64 "h", target->amount / hour_ms);
        else if (target->amount % second_ms == 0)
            jsonw_strf(w, key, "%" PRId64 "s", target->amount / second_ms);
        else
            jsonw_strf(w, key, "%" PRId64 "ms", target->amount);
        break;
    case TARGET_BUSINESS_DAYS:
        one = target->amount == 1;
        jsonw_strf(w, key, "%" PRId64 " business day%s", target->amount, one ? "" : "s");
        break;
    case TARGET_BUSINESS_HOURS:
        one = target->amount == hour_ms;
        CHECK(target->amount % hour_ms == 0);
        jsonw_strf(w, key, "%" PRId64 " business hour%s", target->amount / hour_ms, one ? "" : "s");
        break;
    }
}

static void targets(struct jsonw *w, const char *key, const struct target *targets)
{
    int i, n = 0;

    for (i = 0; i < SEVERITY_COUNT; i++)
        n += targets[i].kind != TARGET_NONE;
    if (n == 0)
        return;
    jsonw_object(w, key);
    for (i = 0; i < SEVERITY_COUNT; i++)
        target(w, outage_severity_name((enum severity)i), &targets[i]);
    jsonw_end(w);
}

static bool same_hours(const struct week_span *a, const struct week_span *b)
{
    return a->days == b->days && a->begin_min == b->begin_min && a->end_min == b->end_min;
}

static void desk_hours(struct jsonw *w, const struct week_span *hours)
{
    char text[SPAN_TEXT_MAX];

    span_format(hours, text);
    jsonw_str(w, "desk_hours", text);
}

static void closed_days(struct jsonw *w, const struct closed_days *row)
{
    jsonw_object(w, NULL);
    jsonw_str(w, "name", row->name);
    if (row->year != 0)
        jsonw_strf(w, "from", "%04d-%02d-%02d", row->year, row->first_month, row->first_day);
    else
        jsonw_strf(w, "from", "%02d-%02d", row->first_month, row->first_day);
    jsonw_strf(w, "to", "%02d-%02d", row->last_month, row->last_day);
    jsonw_end(w);
}

static void desk(struct jsonw *w, const struct desk *desk)
{
    struct desk unsaid;
    size_t i;

    desk_default(&unsaid);
    if (!same_hours(&desk->hours, &unsaid.hours))
        desk_hours(w, &desk->hours);
    if (!desk->open_on_holidays && desk->n_closed == 0)
        return;
    jsonw_object(w, "holidays");
    if (desk->open_on_holidays)
        jsonw_str(w, "public", "none");
    if (desk->n_closed > 0) {
        jsonw_array(w, "closed");
        for (i = 0; i < desk->n_closed; i++)
            closed_days(w, &desk->closed[i]);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void roundings(const struct contract *contract, struct jsonw *w)
{
    static const char *const words[] = {"down", "up", "half-up"};

    CHECK((unsigned)contract->yen_rounding < ARRAY_LEN(words));
    jsonw_object(w, "roundings");
    jsonw_str(w, "yen", words[contract->yen_rounding]);
    jsonw_end(w);
}

void contract_json(const struct contract *contract, struct buf *out)
{
    struct jsonw w;

    jsonw_begin(&w, out);
    jsonw_object(&w, NULL);
    jsonw_str(&w, "name", contract->name);
    jsonw_str(&w, "timezone", contract->timezone);
    functions(contract, &w);
    services(contract, &w);
    terms(&contract->terms, &w);
    bound(&w, "valid_from", &contract->valid_from);
    bound(&w, "valid_until", &contract->valid_until);
    if (contract->minimum_observers > 0)
        jsonw_int(&w, "minimum_observers", contract->minimum_observers);
    if (contract->minimum_sites > 0)
        jsonw_int(&w, "minimum_sites", contract->minimum_sites);
    if (contract->response_time_ms > 0)
        jsonw_int(&w, "response_time_target_ms", contract->response_time_ms);
    if (contract->monthly_fee_yen >= 0)
        jsonw_int(&w, "monthly_fee", contract->monthly_fee_yen);
    roundings(contract, &w);
    targets(&w, "notification_targets", contract->notification);
    targets(&w, "recovery_targets", contract->recovery);
    desk(&w, &contract->desk);
    jsonw_end(&w);
}
