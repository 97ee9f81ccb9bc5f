/* What operators did: maintenance, pauses, drains, who is to lead, incidents. */
#include "base/utc.h"
#include "core/record_line.h"

static const struct model *model_of(const struct recorder *r)
{
    return r->shared->model;
}

static void functions_of(const struct recorder *r, struct jsonw *w, const uint64_t *set)
{
    int i;

    jsonw_array(w, "functions");
    for (i = 0; i < model_of(r)->n_functions; i++)
        if (set[i / 64] >> (i % 64) & 1)
            jsonw_str(w, NULL, model_of(r)->functions[i].name);
    jsonw_end(w);
}

void record_window(struct recorder *r, const struct window_state *window, const char *type)
{
    struct news news = {.event = NOTICE_MAINTENANCE,
                        .function = -1,
                        .window = window->id,
                        .functions = window->functions,
                        .rule = -1};
    struct line line;

    line_begin(r, &line, "maintenance", type);
    jsonw_int(&line.w, "window", (int64_t)window->id);
    if (window->finished_ms != UTC_NONE) {
        jsonw_time(&line.w, "finished", window->finished_ms);
    } else {
        jsonw_str(&line.w, "kind", window->emergency ? "emergency" : "regular");
        functions_of(r, &line.w, window->functions);
        jsonw_time(&line.w, "announced", window->announced_ms);
        jsonw_time(&line.w, "start", window->start_ms);
        jsonw_time(&line.w, "end", window->end_ms);
        jsonw_bool(&line.w, "short_notice", window->short_notice);
    }
    line_who(r, &line.w);
    news.seq = line_finish(r, &line);
    if (window->finished_ms != UTC_NONE && window->finished_ms >= window->start_ms)
        news.event = NOTICE_MAINTENANCE_OVER;
    notice_raise(r, &news);
}

void record_pause(struct recorder *r, const struct pause *pause)
{
    int route = r->entry->pause.route;
    bool paused = pause->until_ms != 0;
    struct line line;

    line_begin(r, &line, "operator", paused ? "paused" : "resumed");
    jsonw_str(&line.w, "route", route == ROUTE_ALL ? NULL : model_of(r)->routes[route].name);
    if (paused)
        jsonw_time(&line.w, "until", pause->until_ms);
    else
        jsonw_bool(&line.w, "expired", r->entry->pause.expired);
    line_who(r, &line.w);
    line_finish(r, &line);
}

static void on_server(struct recorder *r, const char *type, int server)
{
    struct line line;

    line_begin(r, &line, "operator", type);
    jsonw_str(&line.w, "server", line_server(r, server));
    line_who(r, &line.w);
    line_finish(r, &line);
}

void record_drain(struct recorder *r, const char *type)
{
    on_server(r, type, r->entry->drain.server);
}

void record_handover(struct recorder *r, const char *type)
{
    on_server(r, type, r->entry->handover.server);
}

void record_incident(struct recorder *r)
{
    const struct entry *entry = r->entry;
    int severity = entry->incident.severity, cause = entry->incident.cause;
    struct line line;

    line_begin(r, &line, "incident", entry->incident.note ? "note" : "amended");
    jsonw_int(&line.w, "outage", (int64_t)entry->incident.outage);
    if (entry->incident.note) {
        jsonw_str(&line.w, "who", line_text(entry->who));
        jsonw_str(&line.w, "text", entry->reason);
    } else {
        jsonw_str(&line.w, "severity",
                  severity < 0 ? NULL : outage_severity_name((enum severity)severity));
        jsonw_str(&line.w, "cause", cause < 0 ? NULL : outage_cause_name((enum cause)cause));
        line_who(r, &line.w);
    }
    line_finish(r, &line);
}

void record_acknowledged(struct recorder *r)
{
    struct line line;

    line_begin(r, &line, "incident", "acknowledged");
    jsonw_int(&line.w, "outage", (int64_t)r->entry->acknowledged.outage);
    line_who(r, &line.w);
    line_finish(r, &line);
}

/* Of an outage that is long over nobody knows whose it was: whoever wants posts is told. */
static void tell_post(struct recorder *r, uint64_t seq)
{
    struct news news = {.event = NOTICE_POSTED,
                        .seq = seq,
                        .outage = r->entry->post.outage + 1,
                        .function = -1,
                        .rule = -1,
                        .over = true};

    for (int i = 0; i < model_of(r)->n_functions; i++) {
        const struct function_state *state = &r->shared->functions[i];

        if (state->outage != news.outage && state->last.outage != news.outage)
            continue;
        news.function = i;
        news.over = state->outage != news.outage;
    }
    notice_raise(r, &news);
}

void record_post(struct recorder *r)
{
    struct line line;

    line_begin(r, &line, "incident", "post");
    jsonw_int(&line.w, "outage", (int64_t)r->entry->post.outage);
    jsonw_str(&line.w, "status", post_status_name(r->entry->post.status));
    jsonw_str(&line.w, "ja", r->entry->post.ja);
    jsonw_str(&line.w, "en", r->entry->post.en);
    jsonw_str(&line.w, "who", line_text(r->entry->who));
    tell_post(r, line_finish(r, &line));
}

void record_operator_refused(struct recorder *r, const char *subject, const char *why)
{
    struct line line;

    line_begin(r, &line, "operator", "refused");
    jsonw_str(&line.w, "command", entry_kind_name(r->entry->kind));
    jsonw_str(&line.w, "subject", subject);
    jsonw_str(&line.w, "why", why);
    line_who(r, &line.w);
    line_finish(r, &line);
}
