#include "report/sla_edition.h"
#include "base/check.h"
#include "report/ledger_events.h"
#include "report/sla_pen.h"

#include <inttypes.h>
#include <string.h>

/* ---- which figures differ ---- */

static const struct {
    const char *figure;
    const char *words[2];
    enum figure_kind kind;
    size_t offset;
} table[] = {
#define FIGURE(member, kind, english, japanese)                                                    \
    {                                                                                              \
#member, {english, japanese }, kind, offsetof(struct figures, member)                      \
    }
    FIGURE(availability, FIGURE_PERCENT, "availability", "サービス稼働率"),
    FIGURE(low, FIGURE_PERCENT, "availability, lower bound", "サービス稼働率（下限）"),
    FIGURE(high, FIGURE_PERCENT, "availability, upper bound", "サービス稼働率（上限）"),
    FIGURE(downtime_ms, FIGURE_MS, "downtime", "停止時間"),
    FIGURE(downtime_low_ms, FIGURE_MS, "downtime, lower bound", "停止時間（下限）"),
    FIGURE(downtime_high_ms, FIGURE_MS, "downtime, upper bound", "停止時間（上限）"),
    FIGURE(excluded_ms, FIGURE_MS, "excluded", "SLAの適用外"),
    FIGURE(impaired_ms, FIGURE_MS, "impaired", "機能低下時間"),
    FIGURE(unmonitored_ms, FIGURE_MS, "unmonitored", "監視できなかった時間"),
    FIGURE(planned_ms, FIGURE_MS, "planned service time", "計画サービス時間"),
    FIGURE(maintenance_ms, FIGURE_MS, "regular maintenance", "定期メンテナンス時間"),
    FIGURE(target_met, FIGURE_MET, "target", "目標"),
    FIGURE(discount_micro, FIGURE_MICRO, "discount", "料金減額率"),
    FIGURE(failures, FIGURE_COUNT, "failures", "障害件数"),
    FIGURE(mttr_ms, FIGURE_MS, "mean time to repair", "平均修復時間（MTTR）"),
#undef FIGURE
};

static int64_t value_of(const struct figures *figures, size_t row)
{
    const char *at = (const char *)figures + table[row].offset;

    if (table[row].kind == FIGURE_MET)
        return *(const int *)at;
    return table[row].kind == FIGURE_COUNT ? *(const uint32_t *)at : *(const int64_t *)at;
}

static void compare(bool service, const struct sla_row *before, const struct sla_row *after,
                    sla_difference_fn *each, void *context)
{
    size_t i;

    for (i = 0; i < sizeof table / sizeof table[0]; i++) {
        const struct sla_difference difference = {.service = service,
                                                  .name = after->name,
                                                  .figure = table[i].figure,
                                                  .words = {table[i].words[0], table[i].words[1]},
                                                  .kind = table[i].kind,
                                                  .from = value_of(&before->figures, i),
                                                  .to = value_of(&after->figures, i)};

        /* Only services have a discount. */
        if (difference.from != difference.to && (service || table[i].kind != FIGURE_MICRO))
            each(context, &difference);
    }
}

void sla_differences(const struct sla *before, const struct sla *after, sla_difference_fn *each,
                     void *context)
{
    int i;

    CHECK(before->contract == after->contract);
    for (i = 0; i < after->n_services; i++)
        compare(true, &before->services[i], &after->services[i], each, context);
    for (i = 0; i < after->n_functions; i++)
        compare(false, &before->functions[i], &after->functions[i], each, context);
}

/* ---- text ---- */

static void moment(const struct sla *sla, int64_t utc_ms, struct buf *out)
{
    const struct sla_pen pen = {.sla = sla, .out = out};

    pen_moment(&pen, utc_ms);
}

static void amended_text(const struct edition_change *change, struct buf *out)
{
    const char *comma = "";

    if (change->severity != change->severity_was) {
        buf_printf(out, "severity %s -> %s", outage_severity_name(change->severity_was),
                   outage_severity_name(change->severity));
        comma = ", ";
    }
    if (change->cause != change->cause_was) {
        buf_printf(out, "%scause %s -> %s", comma, outage_cause_name(change->cause_was),
                   outage_cause_name(change->cause));
        comma = ", ";
    }
    if (*comma == '\0')
        buf_printf(out, "severity %s, cause %s, as they were",
                   outage_severity_name(change->severity), outage_cause_name(change->cause));
    if (change->who[0] != '\0' || change->reason[0] != '\0')
        buf_printf(out, " (%s%s%s)", change->who, change->who[0] != '\0' ? ": " : "",
                   change->reason);
}

void sla_change_text(const struct sla *sla, const struct edition_change *change,
                     enum sla_language language, struct buf *out)
{
    static const char *const late[][2] = {
        {"an outage of the month, told late", "後から判明した障害"},
        {"unmonitored time of the month, told late", "後から判明した監視できなかった時間"},
        {"customers have the notice of the outage", "障害の通知がお客様に到達"},
        {"customers have the notice of the maintenance", "メンテナンスの通知がお客様に到達"}};

    buf_printf(out, language == SLA_JAPANESE ? "台帳 %" PRIu64 " 行目、" : "entry %" PRIu64 ", ",
               change->line);
    moment(sla, change->at_ms, out);
    switch (change->what) {
    case EDITION_AMENDED:
        buf_printf(out,
                   language == SLA_JAPANESE ? ": 障害 %s: " : ": outage %s: ", change->subject);
        amended_text(change, out);
        break;
    case EDITION_LATE_OUTAGE:
        buf_printf(out, ": #%s %s", change->subject, late[0][language]);
        break;
    case EDITION_LATE_GAP:
        buf_printf(out, ": #%s %s", change->subject, late[1][language]);
        break;
    case EDITION_LATE_NOTICE:
    case EDITION_LATE_WINDOW:
        buf_printf(out, ": #%s %s (%s)", change->subject,
                   late[change->what == EDITION_LATE_NOTICE ? 2 : 3][language], change->channel);
        break;
    }
}

static void value_text(enum figure_kind kind, int64_t value, enum sla_language language,
                       struct buf *out)
{
    static const char *const met[][2] = {{"not met", "未達"}, {"met", "達成"}};
    char text[PERCENT_TEXT_MAX] = "";

    if (value < 0)
        buf_str(out, language == SLA_JAPANESE ? "該当なし" : "none");
    else if (kind == FIGURE_MS)
        buf_printf(out, "%" PRId64 ":%02d:%02d.%03d", value / 3600000, (int)(value / 60000 % 60),
                   (int)(value / 1000 % 60), (int)(value % 1000));
    else if (kind == FIGURE_PERCENT)
        buf_printf(out, "%s %%", percent_text(value, text));
    else if (kind == FIGURE_MICRO)
        buf_printf(out, "%s %%", sla_target_text(value, text));
    else if (kind == FIGURE_MET)
        buf_str(out, met[value != 0][language]);
    else
        buf_printf(out, "%" PRId64, value);
}

void sla_difference_text(const struct sla_difference *d, enum sla_language language,
                         struct buf *out)
{
    static const char *const kinds[][2] = {{"function", "機能"}, {"service", "サービス"}};

    buf_printf(out, "%s %s: %s ", kinds[d->service][language], d->name, d->words[language]);
    value_text(d->kind, d->from, language, out);
    buf_str(out, " -> ");
    value_text(d->kind, d->to, language, out);
}

struct printing {
    enum sla_language language;
    struct buf *out;
};

static void print_difference(void *context, const struct sla_difference *difference)
{
    const struct printing *p = context;

    buf_str(p->out, "  ");
    sla_difference_text(difference, p->language, p->out);
    buf_str(p->out, "\n");
}

void sla_edition_text(const struct sla *sla, enum sla_language language, struct buf *out)
{
    const bool japanese = language == SLA_JAPANESE;
    const struct ledger_view *view = sla->view;
    struct printing printing = {language, out};
    size_t i;

    if (view == NULL)
        return;
    buf_str(out, "\n");
    if (view->made != NULL)
        buf_printf(out,
                   japanese ? "第%d版: 台帳 %" PRIu64 " 行目で確定\n"
                            : "Edition %d: made by entry %" PRIu64 " of the ledger\n",
                   sla->edition, view->made->line);
    else
        buf_printf(out,
                   japanese ? "第%d版: 暫定（対象期間が未了か、継続中の事象がある）\n"
                            : "Edition %d: provisional: the month is not over, or something in it "
                              "is open\n",
                   sla->edition);
    if (view->begins_ms > sla->period.begin_ms) {
        buf_str(out, japanese ? "台帳の開始: " : "The ledger begins at ");
        moment(sla, view->begins_ms, out);
        buf_str(out,
                japanese ? "（それ以前は監視なし）\n" : ": before that nothing was monitored\n");
    }
    if (sla->before == NULL)
        return;
    buf_printf(out, japanese ? "第%d版からの変更\n" : "Changes since edition %d\n",
               sla->before->edition);
    for (i = 0; i < view->n_changes; i++) {
        buf_str(out, "  ");
        sla_change_text(sla, &view->changes[i], language, out);
        buf_str(out, "\n");
    }
    sla_differences(sla->before, sla, print_difference, &printing);
}

/* ---- JSON ---- */

void sla_from_to_json(struct jsonw *w, const char *key, const char *from, const char *to)
{
    jsonw_object(w, key);
    jsonw_str(w, "from", from);
    jsonw_str(w, "to", to);
    jsonw_end(w);
}

void sla_change_json(struct jsonw *w, const struct edition_change *change)
{
    static const char *const what[] = {"amended", "late-outage", "late-unmonitored", "late-notice",
                                       "late-maintenance-notice"};

    jsonw_object(w, NULL);
    jsonw_int(w, "seq", (int64_t)change->line);
    jsonw_time(w, "at", change->at_ms);
    jsonw_str(w, "what", what[change->what]);
    jsonw_str(w, "of", change->subject);
    if (change->what == EDITION_AMENDED) {
        if (change->severity != change->severity_was)
            sla_from_to_json(w, "severity", outage_severity_name(change->severity_was),
                             outage_severity_name(change->severity));
        if (change->cause != change->cause_was)
            sla_from_to_json(w, "cause", outage_cause_name(change->cause_was),
                             outage_cause_name(change->cause));
        jsonw_str(w, "who", change->who[0] != '\0' ? change->who : NULL);
        jsonw_str(w, "reason", change->reason[0] != '\0' ? change->reason : NULL);
    }
    if (change->channel != NULL)
        jsonw_str(w, "channel", change->channel);
    jsonw_end(w);
}

static void value_json(struct jsonw *w, const char *key, enum figure_kind kind, int64_t value)
{
    char text[PERCENT_TEXT_MAX] = "";

    if (value < 0)
        jsonw_null(w, key);
    else if (kind == FIGURE_PERCENT)
        jsonw_str(w, key, percent_text(value, text));
    else if (kind == FIGURE_MET)
        jsonw_bool(w, key, value != 0);
    else if (kind == FIGURE_MICRO)
        jsonw_raw(w, key, sla_target_text(value, text), strlen(text));
    else
        jsonw_int(w, key, value);
}

void sla_difference_json(struct jsonw *w, const struct sla_difference *d)
{
    jsonw_object(w, NULL);
    jsonw_str(w, "kind", d->service ? "service" : "function");
    jsonw_str(w, "name", d->name);
    jsonw_str(w, "figure", d->kind == FIGURE_MICRO ? "discount_percent" : d->figure);
    value_json(w, "from", d->kind, d->from);
    value_json(w, "to", d->kind, d->to);
    jsonw_end(w);
}

static void write_difference(void *context, const struct sla_difference *difference)
{
    sla_difference_json(context, difference);
}

void sla_edition_json(const struct sla *sla, struct jsonw *w)
{
    const struct ledger_view *view = sla->view;
    size_t i;

    if (view == NULL)
        return;
    jsonw_time(w, "ledger_begins", view->begins_ms);
    if (view->made == NULL) {
        jsonw_null(w, "made_by");
    } else {
        jsonw_object(w, "made_by");
        jsonw_int(w, "seq", (int64_t)view->made->line);
        jsonw_time(w, "at", view->made->at_ms);
        jsonw_end(w);
    }
    jsonw_array(w, "changes");
    for (i = 0; i < view->n_changes; i++)
        sla_change_json(w, &view->changes[i]);
    jsonw_end(w);
    jsonw_array(w, "changed_figures");
    if (sla->before != NULL)
        sla_differences(sla->before, sla, write_difference, w);
    jsonw_end(w);
}
