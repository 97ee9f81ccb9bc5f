/* Notices for programs: JSON for webhooks, alerts for an Alertmanager. */
#include "base/jsonw.h"
#include "base/plain.h"
#include "report/notice_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LINE_MAX_BYTES 4096 /* of a ledger line; a longer one is named by its number alone */
#define HOUR_MS (3600 * 1000ll)
#define DAY_MS (24 * HOUR_MS)

static void text_of(struct jsonw *w, const char *key, struct buf *text)
{
    jsonw_str(w, key, buf_cstr(text));
    buf_free(text);
}

static const char *given(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

static void functions(const struct notice_view *view, const uint64_t *set, bool names,
                      struct jsonw *w)
{
    for (int i = 0; i < view->model->n_functions; i++)
        if (set[i / 64] >> (i % 64) & 1)
            jsonw_str(w, NULL, names ? view->model->functions[i].name : view_label(view, i));
}

/* What customers may know too. */
static void public_keys(const struct notice_view *view, const struct notice_fact *fact,
                        struct jsonw *w)
{
    struct buf label = {0}, summary = {0};

    view_subject_of(view, fact, &label);
    view_summary(view, fact, &summary);
    jsonw_str(w, "event", notice_event_name(fact->event));
    jsonw_bool(w, "over", fact->over);
    text_of(w, "label", &label);
    text_of(w, "summary", &summary);
    jsonw_str(w, "severity",
              fact->severity < 0 ? NULL : outage_severity_name((enum severity)fact->severity));
    jsonw_time(w, "time", fact->time_ms);
    jsonw_time(w, "start", fact->start_ms);
    jsonw_time(w, "recognised", fact->recognised_ms);
    jsonw_time(w, "end", fact->end_ms);
    if (fact->window != 0) {
        jsonw_str(w, "kind", fact->emergency ? "emergency" : "regular");
        jsonw_array(w, "labels");
        functions(view, fact->functions, false, w);
        jsonw_end(w);
    }
    if (fact->event == NOTICE_POSTED) {
        jsonw_str(w, "status", given(fact->status));
        jsonw_str(w, "ja", given(fact->post[LANGUAGE_JA]));
        jsonw_str(w, "en", given(fact->post[LANGUAGE_EN]));
    }
}

static void event(const struct notice_view *view, const struct notice_fact *fact, struct jsonw *w)
{
    jsonw_object(w, NULL);
    public_keys(view, fact, w);
    if (!view->customers) {
        jsonw_int(w, "seq", (int64_t)fact->seq);
        if (fact->outage != NOTICE_NONE)
            jsonw_int(w, "outage", (int64_t)fact->outage);
        else
            jsonw_null(w, "outage");
        if (fact->known && fact->line.len > 0 && fact->line.len <= LINE_MAX_BYTES)
            jsonw_raw(w, "line", (const char *)fact->line.data, fact->line.len);
        else
            jsonw_null(w, "line");
    }
    jsonw_end(w);
}

void view_webhook(const struct notice_view *view, struct buf *out)
{
    const struct notice_state *notice = view->input->notice;
    const struct notice_config *config = view->model->notices;
    struct buf subject = {0}, text = {0};
    struct jsonw w;

    view_subject(view, &subject);
    view_body(view, &text);
    jsonw_begin(&w, out);
    jsonw_object(&w, NULL);
    jsonw_int(&w, "v", 1);
    jsonw_str(&w, view->customers ? "service" : "cluster", view_service(view));
    jsonw_int(&w, "notice", (int64_t)notice->id);
    if (!view->customers)
        jsonw_str(&w, "rule",
                  notice->rule >= 0 && notice->rule < config->n_rules
                      ? config->rules[notice->rule].name
                      : NULL);
    jsonw_str(&w, "audience", audience_name(view->receiver->audience));
    jsonw_str(&w, "language", view->language == LANGUAGE_JA ? "ja" : "en");
    jsonw_time(&w, "raised", view->raised_ms);
    jsonw_bool(&w, "repeat", view->input->repeat);
    jsonw_bool(&w, "escalated", view->mark != N_WORDS);
    text_of(&w, "subject", &subject);
    text_of(&w, "text", &text);
    jsonw_array(&w, "events");
    for (int i = 0; i < view->n; i++)
        if (view_title(view, &view->facts[i]) != NULL)
            event(view, &view->facts[i], &w);
    jsonw_end(&w);
    jsonw_int(&w, "more", notice->more);
    jsonw_end(&w);
}

/* By what an alert is known, so that its end finds it: the labels are of the alert that began. */
struct alert {
    const char *name;
    const char *server, *site; /* labels or NULL */
    bool ends;                 /* now */
    int64_t lasts_ms;          /* else; nobody sends it again */
};

static struct alert alert_of(const struct notice_fact *fact)
{
    static const struct alert alerts[NOTICE_EVENTS] = {
        [NOTICE_OUTAGE] = {.name = "KirikaeOutage", .lasts_ms = 30 * DAY_MS},
        [NOTICE_LASTING] = {.name = "KirikaeOutage", .lasts_ms = 30 * DAY_MS},
        [NOTICE_RECOVERED] = {.name = "KirikaeOutage", .ends = true},
        [NOTICE_DISPUTED] = {.name = "KirikaeDisputed", .lasts_ms = HOUR_MS},
        [NOTICE_FAILOVER] = {.name = "KirikaeFailover", .lasts_ms = HOUR_MS},
        [NOTICE_REFUSED] = {.name = "KirikaeFailoverRefused", .lasts_ms = HOUR_MS},
        [NOTICE_BLOCKED] = {.name = "KirikaeFailoverBlocked", .lasts_ms = DAY_MS},
        [NOTICE_COVERAGE] = {.name = "KirikaeCoverageHole", .lasts_ms = DAY_MS},
        [NOTICE_NODE_LOST] = {.name = "KirikaeNodeLost", .lasts_ms = 30 * DAY_MS},
        [NOTICE_NODE_BACK] = {.name = "KirikaeNodeLost", .ends = true},
        [NOTICE_CERTIFICATE] = {.name = "KirikaeCertificateEnds", .lasts_ms = DAY_MS},
        [NOTICE_CLOCK] = {.name = "KirikaeClockStepped", .lasts_ms = HOUR_MS},
        [NOTICE_MAINTENANCE] = {.name = "KirikaeMaintenanceAnnounced", .lasts_ms = HOUR_MS},
        [NOTICE_MAINTENANCE_BEGUN] = {.name = "KirikaeMaintenance", .lasts_ms = DAY_MS},
        [NOTICE_MAINTENANCE_OVER] = {.name = "KirikaeMaintenance", .ends = true},
        [NOTICE_QUORUM_LOST] = {.name = "KirikaeQuorumLost", .lasts_ms = 30 * DAY_MS},
        [NOTICE_QUORUM_BACK] = {.name = "KirikaeQuorumLost", .ends = true},
        [NOTICE_POSTED] = {.name = "KirikaeIncidentPost", .lasts_ms = HOUR_MS},
        [NOTICE_TEST] = {.name = "KirikaeTest", .lasts_ms = HOUR_MS / 4},
    };
    struct alert alert = alerts[fact->event];

    if (fact->over)
        alert.ends = true;
    return alert;
}

static void label(struct jsonw *w, const char *key, const char *value)
{
    if (value != NULL && value[0] != '\0')
        jsonw_str(w, key, value);
}

static void labels(const struct notice_view *view, const struct notice_fact *fact,
                   const struct alert *alert, struct jsonw *w)
{
    char number[24];

    jsonw_object(w, "labels");
    jsonw_str(w, "alertname", alert->name);
    label(w, view->customers ? "service" : "cluster", view_service(view));
    if (fact->severity >= 0)
        jsonw_str(w, "severity", outage_severity_name((enum severity)fact->severity));
    if (view->customers) {
        struct buf name = {0};

        view_subject_of(view, fact, &name);
        label(w, "function", buf_cstr(&name));
        buf_free(&name);
    } else {
        label(w, "function", fact->function);
        label(w, "route", fact->route);
        label(w, "check", fact->check);
        label(w, "site", alert->site);
        label(w, "server", alert->site != NULL ? NULL : fact->server);
        if (fact->outage != NOTICE_NONE) {
            snprintf(number, sizeof number, "%" PRIu64, fact->outage);
            label(w, "incident", number);
        }
    }
    if (fact->window != 0) {
        snprintf(number, sizeof number, "%" PRIu64, fact->window);
        label(w, "window", number);
    }
    jsonw_end(w);
}

static void annotations(const struct notice_view *view, const struct notice_fact *fact,
                        struct jsonw *w)
{
    struct notice_view other = *view;
    struct buf text = {0};

    jsonw_object(w, "annotations");
    other.language = LANGUAGE_JA;
    view_summary(&other, fact, &text);
    text_of(w, "summary_ja", &text);
    text = (struct buf){0};
    other.language = LANGUAGE_EN;
    view_summary(&other, fact, &text);
    text_of(w, "summary_en", &text);
    jsonw_end(w);
}

static int64_t or_else(int64_t utc_ms, int64_t otherwise_ms)
{
    return utc_ms != UTC_NONE ? utc_ms : otherwise_ms;
}

static void alert(const struct notice_view *view, const struct notice_fact *fact,
                  const struct alert *alert, struct jsonw *w)
{
    int64_t told_ms = or_else(fact->time_ms, view->raised_ms);
    int64_t start_ms = or_else(fact->start_ms, told_ms), end_ms;

    /* Of a window that is announced, and of a post, the alert is the word itself. */
    if (fact->event == NOTICE_MAINTENANCE || fact->event == NOTICE_POSTED)
        start_ms = told_ms;
    if (alert->ends)
        end_ms = fact->event == NOTICE_MAINTENANCE_OVER ? told_ms : or_else(fact->end_ms, told_ms);
    else
        end_ms = view->input->now_ms + alert->lasts_ms;
    if (end_ms <= start_ms)
        end_ms = start_ms + 1;
    jsonw_object(w, NULL);
    labels(view, fact, alert, w);
    annotations(view, fact, w);
    jsonw_time(w, "startsAt", start_ms);
    jsonw_time(w, "endsAt", end_ms);
    jsonw_str(w, "generatorURL", "");
    jsonw_end(w);
}

/* Each site told of it by itself. */
static void quorum(const struct notice_view *view, const struct notice_fact *fact,
                   struct alert *which, struct jsonw *w)
{
    int server = model_server(view->model, fact->server);

    for (int i = 0; i < view->model->n_sites; i++) {
        if (fact->event == NOTICE_QUORUM_LOST &&
            (server < 0 || view->model->servers[server].site != i))
            continue;
        which->site = view->model->sites[i].name;
        alert(view, fact, which, w);
    }
}

void view_alerts(const struct notice_view *view, struct buf *out)
{
    struct jsonw w;

    jsonw_begin(&w, out);
    jsonw_array(&w, NULL);
    for (int i = 0; i < view->n; i++) {
        struct alert which = alert_of(&view->facts[i]);

        if (view->told[i])
            continue;
        if (view->facts[i].event == NOTICE_QUORUM_LOST ||
            view->facts[i].event == NOTICE_QUORUM_BACK)
            quorum(view, &view->facts[i], &which, &w);
        else
            alert(view, &view->facts[i], &which, &w);
        if (view->facts[i].event == NOTICE_FAILOVER) /* whatever blocked it does not any more */
            alert(view, &view->facts[i],
                  &(struct alert){.name = "KirikaeFailoverBlocked", .ends = true}, &w);
    }
    jsonw_end(&w);
}
