/* Lines on a time without a quorum. */
#include "base/utc.h"
#include "core/record_line.h"

static int64_t over_ms(int64_t ms)
{
    return ms == SPAN_GOES_ON ? UTC_NONE : ms;
}

void record_no_quorum(struct recorder *r)
{
    struct line line;

    line_begin(r, &line, "coverage", "no-quorum");
    jsonw_time(&line.w, "from", r->entry->journal.from_ms);
    jsonw_time(&line.w, "to", r->entry->journal.to_ms);
    line_servers(r, &line.w, "heard", r->entry->journal.heard);
    notice_raise(r, &(struct news){.event = NOTICE_QUORUM_BACK,
                                   .seq = line_finish(r, &line),
                                   .function = -1,
                                   .rule = -1});
}

static void record_check(struct recorder *r, const struct journal_span *span)
{
    const struct model *model = r->shared->model;
    const struct check *check = span->check >= 0 ? &model->checks[span->check] : NULL;
    bool down = span->kind == SPAN_DOWN;
    struct line line;

    line_begin(r, &line, "coverage", down ? "journal" : "no-evidence");
    jsonw_str(&line.w, "check", check != NULL ? check->name : NULL);
    if (down)
        jsonw_str(&line.w, "target", model->servers[check->target].name);
    jsonw_time(&line.w, "start", span->start_ms);
    if (down)
        jsonw_time(&line.w, "last_good", span->good_ms);
    jsonw_time(&line.w, "end", over_ms(span->end_ms));
    if (down) {
        jsonw_time(&line.w, "last_fail", over_ms(span->fail_ms));
        line_servers(r, &line.w, "observers", span->servers);
    }
    line_finish(r, &line);
}

void record_span(struct recorder *r, const struct journal_span *span)
{
    const struct model *model = r->shared->model;
    struct line line;

    if (span->kind == SPAN_DOWN || span->kind == SPAN_BLIND) {
        record_check(r, span);
        return;
    }
    line_begin(r, &line, "coverage", span->kind == SPAN_IDLE ? "not-held" : "hold-unknown");
    jsonw_str(&line.w, "route", model->routes[span->route].name);
    jsonw_str(&line.w, "server", model->servers[span->server].name);
    jsonw_time(&line.w, "start", span->start_ms);
    jsonw_time(&line.w, "end", over_ms(span->end_ms));
    line_finish(r, &line);
}

void record_outage_extended(struct recorder *r, int function, uint64_t outage, int64_t start_ms,
                            int64_t last_good_ms)
{
    struct line line;

    line_begin(r, &line, "outage", "extended-back");
    jsonw_int(&line.w, "outage", (int64_t)outage - 1);
    jsonw_str(&line.w, "function", r->shared->model->functions[function].name);
    jsonw_time(&line.w, "start", start_ms);
    jsonw_time(&line.w, "last_good", last_good_ms);
    line_finish(r, &line);
}
