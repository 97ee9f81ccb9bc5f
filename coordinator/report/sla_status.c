#include "report/sla_status.h"
#include "base/check.h"
#include "base/jsonw.h"
#include "base/mem.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_MS 3600000ll
#define WEEK_MS (7 * 24 * HOUR_MS)

/* ---- histories ---- */

/* As if nothing more happened: what is open ends now. */
static void close_now(const struct history *from, int64_t now_ms, struct history *to)
{
    size_t i;

    for (i = 0; i < from->n_outages; i++) {
        struct outage seen;

        if (!outage_seen(&from->outages[i], now_ms, &seen))
            continue;
        if (seen.end_ms == UTC_NONE)
            seen.end_ms = seen.last_fail_ms = now_ms;
        *history_outage(to) = seen;
    }
    for (i = 0; i < from->n_gaps; i++) {
        struct unmonitored gap = from->gaps[i];

        if (gap.end_ms == UTC_NONE || gap.end_ms > now_ms)
            gap.end_ms = now_ms;
        *history_gap(to) = gap;
    }
    for (i = 0; i < from->n_windows; i++)
        *history_window(to) = from->windows[i];
}

/* The next hour of all functions, of the first severity and cause that count. */
static void add_hour(const struct terms *terms, int64_t now_ms, struct history *history)
{
    struct outage hour = {.start_ms = now_ms,
                          .last_good_ms = now_ms,
                          .end_ms = now_ms + HOUR_MS,
                          .last_fail_ms = now_ms + HOUR_MS,
                          .recognised_ms = now_ms,
                          .repaired_ms = now_ms + HOUR_MS};
    int severity = 0, cause = 0;

    while (severity < SEVERITY_COUNT && !terms->down_severity[severity])
        severity++;
    while (cause < CAUSE_COUNT && terms->excluded_cause[cause])
        cause++;
    if (severity == SEVERITY_COUNT || cause == CAUSE_COUNT)
        return;
    memset(&hour.functions, 0xff, sizeof hour.functions);
    hour.severity = (enum severity)severity;
    hour.cause = (enum cause)cause;
    *history_outage(history) = hour;
}

/* ---- figures ---- */

struct accounts {
    struct account *so_far, *now, *hour;
};

static struct figures figures_of(struct account *account, const struct function_set *critical,
                                 int function)
{
    return critical != NULL ? account_service(account, critical)
                            : account_function(account, function);
}

static int64_t judged(const struct terms *terms, const struct figures *f)
{
    return terms->judged_by == JUDGED_LOW    ? f->downtime_high_ms
           : terms->judged_by == JUDGED_HIGH ? f->downtime_low_ms
                                             : f->downtime_ms;
}

static struct sla_outlook outlook(const struct terms *terms, const struct figures *f)
{
    return (struct sla_outlook){.availability = terms->judged_by == JUDGED_LOW    ? f->low
                                                : terms->judged_by == JUDGED_HIGH ? f->high
                                                                                  : f->availability,
                                .target_met = f->target_met,
                                .discount_micro = f->discount_micro};
}

static int64_t since(const struct terms *terms, const struct shares *s, int64_t from_ms,
                     int64_t to_ms)
{
    const struct intervals *down = terms->judged_by == JUDGED_LOW    ? &s->high
                                   : terms->judged_by == JUDGED_HIGH ? &s->low
                                                                     : &s->down;
    struct intervals part = {0};
    int64_t length;

    intervals_add(&part, from_ms, to_ms);
    intervals_intersect(&part, down);
    length = intervals_length(&part);
    intervals_free(&part);
    return length;
}

static int64_t last_week(const struct sla_status *status, struct account *account,
                         const struct function_set *critical, int function)
{
    const struct terms *terms = &status->contract->terms;
    int64_t now_ms = status->period.as_of_ms, length;
    struct shares sum;

    if (critical == NULL)
        return since(terms, account_function_shares(account, function), status->week_begin_ms,
                     now_ms);
    account_service_shares(account, critical, &sum);
    length = since(terms, &sum, status->week_begin_ms, now_ms);
    shares_free(&sum);
    return length;
}

/* value * num / den, all below 2^62 and den above 0. */
static int64_t share(int64_t value, int64_t num, int64_t den)
{
    return (int64_t)((__int128)value * num / den);
}

static void fill(const struct sla_status *status, const struct accounts *accounts, const char *name,
                 const struct function_set *critical, int function, struct sla_budget *item)
{
    const struct terms *terms = &status->contract->terms;
    const struct period *period = &status->period;
    const struct figures now = figures_of(accounts->now, critical, function);
    const struct figures hour = figures_of(accounts->hour, critical, function);
    const struct figures so_far = figures_of(accounts->so_far, critical, function);
    int64_t elapsed_ms = period->as_of_ms - period->begin_ms;
    int64_t left_ms = period->end_ms - period->as_of_ms;
    int64_t week_ms = period->as_of_ms - status->week_begin_ms;

    memcpy(item->name, name, LIMIT_NAME);
    item->service = critical != NULL;
    item->planned_ms = now.planned_ms;
    item->allowed_ms =
        terms->target_micro == 0
            ? -1
            : share(now.planned_ms, PERCENT_MICRO_MAX - terms->target_micro, PERCENT_MICRO_MAX);
    item->used_ms = judged(terms, &so_far);
    item->week_ms = last_week(status, accounts->so_far, critical, function);
    item->trend_ms = item->used_ms + share(item->used_ms, left_ms, elapsed_ms);
    item->week_trend_ms = item->used_ms + share(item->week_ms, left_ms, week_ms);
    item->now = outlook(terms, &now);
    item->hour = outlook(terms, &hour);
}

struct sla_status *sla_status_new(const struct sla_input *input)
{
    struct sla_status *status = mem_zalloc(1, sizeof *status);
    const struct contract *contract = input->contract;
    struct history so_far = {0}, hour = {0};
    struct period *period = &status->period, whole;
    struct accounts accounts;
    int64_t now_ms = input->as_of_ms;
    int i;

    status->contract = contract;
    *period = sla_period(contract, input->zone, input->year, input->month, now_ms);
    CHECK(period->begin_ms < now_ms && now_ms <= period->end_ms);
    whole = *period;
    whole.as_of_ms = period->end_ms;
    status->elapsed = share(1000000, now_ms - period->begin_ms, period->end_ms - period->begin_ms);
    status->week_begin_ms =
        now_ms - WEEK_MS > period->begin_ms ? now_ms - WEEK_MS : period->begin_ms;
    history_amend(input->history, now_ms);
    close_now(input->history, now_ms, &so_far);
    close_now(input->history, now_ms, &hour);
    add_hour(&contract->terms, now_ms, &hour);
    accounts.so_far = account_new(input->history, &contract->terms, period);
    accounts.now = account_new(&so_far, &contract->terms, &whole);
    accounts.hour = account_new(&hour, &contract->terms, &whole);
    status->items = mem_zalloc((size_t)(contract->n_services + contract->n_functions) + 1,
                               sizeof *status->items);
    for (i = 0; i < contract->n_services; i++)
        if (input->service == NULL || strcmp(contract->services[i].name, input->service) == 0)
            fill(status, &accounts, contract->services[i].name, &contract->services[i].critical, -1,
                 &status->items[status->n++]);
    for (i = 0; i < contract->n_functions && input->service == NULL; i++)
        fill(status, &accounts, contract->functions[i].name, NULL, i, &status->items[status->n++]);
    account_free(accounts.so_far);
    account_free(accounts.now);
    account_free(accounts.hour);
    history_free(&so_far);
    history_free(&hour);
    return status;
}

void sla_status_free(struct sla_status *status)
{
    if (status == NULL)
        return;
    mem_free(status->items);
    mem_free(status);
}

/* ---- text ---- */

static void moment(const struct zone *zone, int64_t utc_ms, struct buf *out)
{
    int offset_s = zone_offset(zone, utc_ms), minutes = abs(offset_s) / 60, date;
    char text[UTC_TEXT_MAX];

    utc_format(utc_ms + offset_s * 1000ll, text);
    date = (int)strcspn(text, "T");
    buf_printf(out, "%.*s %.8s %c%02d:%02d", date, text, text + date + 1, offset_s < 0 ? '-' : '+',
               minutes / 60, minutes % 60);
}

static void duration(int64_t ms, struct buf *out)
{
    int64_t size = ms < 0 ? -ms : ms;

    buf_printf(out, "%s%" PRId64 ":%02d:%02d.%03d", ms < 0 ? "-" : "", size / 3600000,
               (int)(size / 60000 % 60), (int)(size / 1000 % 60), (int)(size % 1000));
}

static void labelled(const char *label, int64_t ms, struct buf *out)
{
    buf_printf(out, "  %s: ", label);
    duration(ms, out);
}

static void outlook_text(const char *label, const struct sla_outlook *o, bool service, bool ja,
                         struct buf *out)
{
    char text[PERCENT_TEXT_MAX] = "";

    if (percent_text(o->availability, text) == NULL) {
        buf_printf(out, "  %s: %s\n", label, ja ? "対象外" : "not applicable");
        return;
    }
    buf_printf(out, "  %s: %s %%", label, text);
    if (o->target_met >= 0)
        buf_printf(out, ", %s",
                   o->target_met ? (ja ? "達成" : "target met") : (ja ? "未達" : "target not met"));
    if (service)
        buf_printf(out, ", %s %s %%", ja ? "料金減額" : "discount",
                   sla_target_text(o->discount_micro, text));
    buf_str(out, "\n");
}

static void budget_text(const struct sla_status *status, const struct sla_budget *b, bool ja,
                        struct buf *out)
{
    char used[PERCENT_TEXT_MAX] = "", elapsed[PERCENT_TEXT_MAX] = "";

    buf_printf(out, "\n%s %s\n",
               b->service ? (ja ? "サービス" : "Service") : (ja ? "機能" : "Function"), b->name);
    labelled(ja ? "停止時間" : "Downtime used", b->used_ms, out);
    if (b->allowed_ms < 0) {
        buf_str(out, ja ? "（目標値なし）\n" : " (no target)\n");
    } else {
        buf_str(out, ja ? "、許容 " : " of ");
        duration(b->allowed_ms, out);
        buf_str(out, ja ? "、残り " : " allowed, left ");
        duration(b->allowed_ms - b->used_ms, out);
        if (b->allowed_ms > 0)
            buf_printf(out,
                       ja ? "（%s %% 使用、月の %s %% 経過）" : " (%s %% used, %s %% of the month)",
                       percent_text(share(b->used_ms, 1000000, b->allowed_ms), used),
                       percent_text(status->elapsed, elapsed));
        buf_str(out, "\n");
    }
    labelled(ja ? "この調子での月末" : "At this rate the month ends at", b->trend_ms, out);
    buf_str(out, "\n");
    labelled(ja ? "直近7日間" : "In the last 7 days", b->week_ms, out);
    buf_str(out, ja ? "、その調子での月末 " : ", at that rate the month ends at ");
    duration(b->week_trend_ms, out);
    buf_str(out, "\n");
    outlook_text(ja ? "今後停止がなければ" : "If nothing more happens", &b->now, b->service, ja,
                 out);
    outlook_text(ja ? "今から1時間停止すれば" : "After an hour of outage from now", &b->hour,
                 b->service, ja, out);
}

void sla_status_text(const struct sla_status *status, const struct zone *zone,
                     enum sla_language language, struct buf *out)
{
    bool ja = language == SLA_JAPANESE;
    char text[PERCENT_TEXT_MAX] = "";
    int i;

    buf_str(out, ja ? "集計時点 " : "As of ");
    moment(zone, status->period.as_of_ms, out);
    buf_str(out, ja ? "、対象期間 " : ", period ");
    moment(zone, status->period.begin_ms, out);
    buf_str(out, " - ");
    moment(zone, status->period.end_ms, out);
    buf_printf(out, ja ? "（%s %% 経過）\n" : " (%s %% of it over)\n",
               percent_text(status->elapsed, text));
    for (i = 0; i < status->n; i++)
        budget_text(status, &status->items[i], ja, out);
}

/* ---- JSON ---- */

static void percent_json(struct jsonw *w, const char *key, int64_t percent)
{
    char text[PERCENT_TEXT_MAX];

    jsonw_str(w, key, percent_text(percent, text));
}

static void outlook_json(struct jsonw *w, const char *key, const struct sla_outlook *o,
                         bool service)
{
    char text[PERCENT_TEXT_MAX];

    jsonw_object(w, key);
    percent_json(w, "availability", o->availability);
    if (o->target_met < 0)
        jsonw_null(w, "target_met");
    else
        jsonw_bool(w, "target_met", o->target_met == 1);
    if (service) {
        sla_target_text(o->discount_micro, text);
        jsonw_raw(w, "discount_percent", text, strlen(text));
    }
    jsonw_end(w);
}

static void budget_json(struct jsonw *w, const struct sla_budget *b)
{
    jsonw_object(w, NULL);
    jsonw_str(w, "kind", b->service ? "service" : "function");
    jsonw_str(w, "name", b->name);
    jsonw_int(w, "month_planned_ms", b->planned_ms);
    jsonw_int(w, "used_ms", b->used_ms);
    if (b->allowed_ms < 0) {
        jsonw_null(w, "allowed_ms");
        jsonw_null(w, "left_ms");
        jsonw_null(w, "used_percent");
    } else {
        jsonw_int(w, "allowed_ms", b->allowed_ms);
        jsonw_int(w, "left_ms", b->allowed_ms - b->used_ms);
        percent_json(w, "used_percent",
                     b->allowed_ms > 0 ? share(b->used_ms, 1000000, b->allowed_ms) : PERCENT_NONE);
    }
    jsonw_int(w, "trend_ms", b->trend_ms);
    jsonw_int(w, "week_ms", b->week_ms);
    jsonw_int(w, "week_trend_ms", b->week_trend_ms);
    outlook_json(w, "as_it_is", &b->now, b->service);
    outlook_json(w, "after_an_hour", &b->hour, b->service);
    jsonw_end(w);
}

void sla_status_json(const struct sla_status *status, struct buf *out)
{
    struct jsonw w;
    int i;

    jsonw_begin(&w, out);
    jsonw_object(&w, NULL);
    jsonw_str(&w, "contract", status->contract->name);
    jsonw_str(&w, "timezone", status->contract->timezone);
    jsonw_time(&w, "begin", status->period.begin_ms);
    jsonw_time(&w, "end", status->period.end_ms);
    jsonw_time(&w, "as_of", status->period.as_of_ms);
    percent_json(&w, "elapsed_percent", status->elapsed);
    jsonw_array(&w, "budgets");
    for (i = 0; i < status->n; i++)
        budget_json(&w, &status->items[i]);
    jsonw_end(&w);
    jsonw_end(&w);
    buf_str(out, "\n");
}
