#include "report/sla.h"
#include "report/sla_edition.h"
#include "base/jsonw.h"

#include <string.h>

static void percent_json(struct jsonw *w, const char *key, int64_t percent)
{
    char text[PERCENT_TEXT_MAX];

    jsonw_str(w, key, percent_text(percent, text));
}

static void mean_json(struct jsonw *w, const char *key, int64_t ms)
{
    if (ms < 0)
        jsonw_null(w, key);
    else
        jsonw_int(w, key, ms);
}

static void row_json(struct jsonw *w, const struct sla_row *row, bool service)
{
    const struct figures *f = &row->figures;
    char text[PERCENT_TEXT_MAX];

    jsonw_object(w, NULL);
    jsonw_str(w, "name", row->name);
    if (row->label_ja[0] != '\0')
        jsonw_str(w, "label_ja", row->label_ja);
    jsonw_int(w, "planned_ms", f->planned_ms);
    jsonw_int(w, "maintenance_ms", f->maintenance_ms);
    jsonw_int(w, "downtime_ms", f->downtime_ms);
    jsonw_int(w, "excluded_ms", f->excluded_ms);
    jsonw_int(w, "impaired_ms", f->impaired_ms);
    jsonw_int(w, "unmonitored_ms", f->unmonitored_ms);
    jsonw_int(w, "downtime_low_ms", f->downtime_low_ms);
    jsonw_int(w, "downtime_high_ms", f->downtime_high_ms);
    percent_json(w, "availability", f->availability);
    percent_json(w, "low", f->low);
    percent_json(w, "high", f->high);
    if (f->target_met < 0)
        jsonw_null(w, "target_met");
    else
        jsonw_bool(w, "target_met", f->target_met == 1);
    jsonw_int(w, "failures", f->failures);
    mean_json(w, "mttr_ms", f->mttr_ms);
    mean_json(w, "mtta_ms", f->mtta_ms);
    mean_json(w, "mtbf_ms", f->mtbf_ms);
    percent_json(w, "monitored", f->monitored);
    if (service) {
        sla_target_text(f->discount_micro, text);
        jsonw_raw(w, "discount_percent", text, strlen(text));
        mean_json(w, "discount_yen", row->discount_yen);
    }
    jsonw_end(w);
}

static void names_json(struct jsonw *w, const struct sla *sla, const struct function_set *set)
{
    int i;

    jsonw_array(w, "functions");
    for (i = 0; i < sla->names->n; i++)
        if (function_set_has(set, i))
            jsonw_str(w, NULL, sla->names->names[i]);
    jsonw_end(w);
}

static void deadline_json(struct jsonw *w, int64_t deadline_ms, enum target_outcome outcome)
{
    jsonw_time(w, "deadline", deadline_ms == DESK_NEVER ? UTC_NONE : deadline_ms);
    jsonw_str(w, "outcome", outcome == OUTCOME_NONE ? NULL : outcome_name(outcome));
}

/* Recovery and notification, each with its deadline and what became of it. */
static void targets_json(struct jsonw *w, const struct sla_outage *item)
{
    size_t i;

    jsonw_object(w, "recovery_target");
    deadline_json(w, item->recover_by_ms, item->recovery);
    jsonw_end(w);
    jsonw_object(w, "notification_target");
    deadline_json(w, item->notify_by_ms, item->notify);
    jsonw_end(w);
    jsonw_array(w, "notified");
    for (i = 0; i < item->n_notices; i++) {
        const struct sla_notice *notice = &item->notices[i];

        jsonw_object(w, NULL);
        jsonw_str(w, "channel", notice->channel);
        jsonw_time(w, "at", notice->at_ms);
        jsonw_str(w, "outcome",
                  notice->outcome == OUTCOME_NONE ? NULL : outcome_name(notice->outcome));
        jsonw_end(w);
    }
    jsonw_end(w);
}

/* The windows that it lies in: those that take it, or part of it, out of the downtime. */
static void covering_json(struct jsonw *w, const struct sla *sla, const struct sla_outage *item)
{
    size_t i;

    jsonw_array(w, "maintenance");
    for (i = 0; i < sla->n_windows && item->in_window; i++)
        if (sla_covers(sla, &sla->windows[i].window, &item->seen))
            jsonw_str(w, NULL, sla->windows[i].window.id);
    jsonw_end(w);
}

static void outage_json(struct jsonw *w, const struct sla *sla, const struct sla_outage *item)
{
    const struct outage *seen = &item->seen;

    jsonw_object(w, NULL);
    jsonw_str(w, "id", seen->id);
    names_json(w, sla, &seen->functions);
    jsonw_str(w, "severity", outage_severity_name(seen->severity));
    jsonw_str(w, "cause", outage_cause_name(seen->cause));
    jsonw_time(w, "start", seen->start_ms);
    jsonw_time(w, "end", seen->end_ms);
    jsonw_time(w, "last_good", seen->last_good_ms);
    jsonw_time(w, "last_fail", seen->last_fail_ms);
    jsonw_time(w, "recognised", seen->recognised_ms);
    jsonw_time(w, "repaired", seen->repaired_ms);
    jsonw_bool(w, "counted", item->counted);
    jsonw_bool(w, "failure", item->failure);
    jsonw_str(w, "grounds", sla_standing_name(item->standing));
    covering_json(w, sla, item);
    targets_json(w, item);
    if (seen->evidence != 0)
        jsonw_int(w, "evidence", (int64_t)seen->evidence);
    jsonw_end(w);
}

static void outages_json(struct jsonw *w, const struct sla *sla)
{
    size_t i;

    jsonw_array(w, "outages");
    for (i = 0; i < sla->n_outages; i++)
        outage_json(w, sla, &sla->outages[i]);
    jsonw_end(w);
    jsonw_array(w, "unrepaired");
    for (i = 0; i < sla->n_outages; i++)
        if (sla->outages[i].failure && sla->outages[i].seen.repaired_ms == UTC_NONE)
            jsonw_str(w, NULL, sla->outages[i].seen.id);
    jsonw_end(w);
}

static void amendments_json(struct jsonw *w, const struct sla *sla)
{
    size_t i;

    jsonw_array(w, "amendments");
    for (i = 0; i < sla->n_amendments; i++) {
        const struct sla_amendment *item = &sla->amendments[i];
        const struct amendment *a = item->amendment;

        jsonw_object(w, NULL);
        jsonw_str(w, "id", a->id);
        jsonw_str(w, "of", a->of);
        jsonw_time(w, "at", a->at_ms);
        jsonw_str(w, "who", a->who[0] != '\0' ? a->who : NULL);
        jsonw_str(w, "reason", a->reason[0] != '\0' ? a->reason : NULL);
        if (a->severity >= 0)
            sla_from_to_json(w, "severity", outage_severity_name(item->severity_was),
                             outage_severity_name((enum severity)a->severity));
        if (a->cause >= 0)
            sla_from_to_json(w, "cause", outage_cause_name(item->cause_was),
                             outage_cause_name((enum cause)a->cause));
        jsonw_bool(w, "late", item->late);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void windows_json(struct jsonw *w, const struct sla *sla)
{
    size_t i;

    jsonw_array(w, "maintenance");
    for (i = 0; i < sla->n_windows; i++) {
        const struct window *window = &sla->windows[i].window;

        jsonw_object(w, NULL);
        jsonw_str(w, "id", window->id);
        jsonw_str(w, "kind", window->emergency ? "emergency" : "regular");
        names_json(w, sla, &window->functions);
        jsonw_time(w, "announced", window->announced_ms);
        jsonw_time(w, "start", window->start_ms);
        jsonw_time(w, "end", window->end_ms);
        jsonw_time(w, "finished", window->finished_ms);
        jsonw_bool(w, "notice_met", sla->windows[i].notice_met);
        if (sla->windows[i].untold)
            jsonw_null(w, "notice_ms");
        else
            jsonw_int(w, "notice_ms", sla->windows[i].notice_ms);
        if (window->tells)
            jsonw_time(w, "delivered", window->told_ms);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void cover_json(struct jsonw *w, const struct sla *sla)
{
    static const char *const judged_by[] = {
        [JUDGED_MEASURED] = "measured", [JUDGED_LOW] = "low", [JUDGED_HIGH] = "high"};
    int64_t target_micro = sla->contract->terms.target_micro;
    char text[PERCENT_TEXT_MAX];

    jsonw_strf(w, "month", "%04d-%02d", sla->year, sla->month);
    jsonw_str(w, "timezone", sla->contract->timezone);
    jsonw_str(w, "tzdata", sla->tzdata[0] != '\0' ? sla->tzdata : NULL);
    jsonw_bool(w, "provisional", sla->provisional);
    jsonw_int(w, "edition", sla->edition);
    jsonw_str(w, "cluster", sla->cluster[0] != '\0' ? sla->cluster : NULL);
    jsonw_str(w, "contract", sla->contract->name);
    if (sla->contract_from != NULL)
        jsonw_str(w, "contract_from", sla->contract_from);
    jsonw_str(w, "target", target_micro > 0 ? sla_target_text(target_micro, text) : NULL);
    jsonw_str(w, "judged_by", judged_by[sla->contract->terms.judged_by]);
    if (sla->lacking_year != 0)
        jsonw_int(w, "holidays_lack", sla->lacking_year);
    jsonw_time(w, "begin", sla->period.begin_ms);
    jsonw_time(w, "end", sla->period.end_ms);
    jsonw_time(w, "as_of", sla->period.as_of_ms);
}

void sla_json(const struct sla *sla, struct buf *out)
{
    struct jsonw w;
    int i;

    jsonw_begin(&w, out);
    jsonw_object(&w, NULL);
    cover_json(&w, sla);
    jsonw_array(&w, "functions");
    for (i = 0; i < sla->n_functions; i++)
        row_json(&w, &sla->functions[i], false);
    jsonw_end(&w);
    jsonw_array(&w, "services");
    for (i = 0; i < sla->n_services; i++)
        row_json(&w, &sla->services[i], true);
    jsonw_end(&w);
    outages_json(&w, sla);
    windows_json(&w, sla);
    amendments_json(&w, sla);
    sla_edition_json(sla, &w);
    jsonw_array(&w, "not_in_contract");
    for (i = sla->contract->n_functions; i < sla->names->n && !sla->part; i++)
        jsonw_str(&w, NULL, sla->names->names[i]);
    jsonw_end(&w);
    jsonw_array(&w, "missing");
    for (i = 0; sla->missing[i] != NULL; i++)
        jsonw_str(&w, NULL, sla->missing[i]);
    jsonw_end(&w);
    if (sla->ledger) {
        jsonw_object(&w, "ledger");
        jsonw_int(&w, "size", (int64_t)sla->ledger_size);
        jsonw_hex(&w, "root", sla->ledger_root, TREE_HASH);
        jsonw_end(&w);
    }
    jsonw_end(&w);
    buf_str(out, "\n");
}
