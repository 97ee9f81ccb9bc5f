#include "wire/codec_journal.h"
#include "base/check.h"
#include "base/mem.h"
#include "base/utc.h"

static bool is_time(int64_t utc_ms)
{
    return utc_ms >= -UTC_MOST_MS && utc_ms <= UTC_MOST_MS;
}

void journal_put(const struct entry *entry, struct journal_message *m)
{
    const struct journal_spans *spans = entry->journal.spans;

    CHECK(spans->n >= 0 && spans->n <= LIMIT_JOURNAL_SPANS);
    kirikae__v1__journal__init(&m->head);
    m->head.from_ms = entry->journal.from_ms;
    m->head.to_ms = entry->journal.to_ms;
    m->head.index = entry->journal.index;
    m->head.heard = entry->journal.heard;
    m->head.n_spans = (size_t)spans->n;
    m->head.spans = m->list;
    for (int i = 0; i < spans->n; i++) {
        const struct journal_span *span = &spans->spans[i];
        bool goes_on = span->end_ms == SPAN_GOES_ON;

        kirikae__v1__journal_span__init(&m->spans[i]);
        m->spans[i].kind = span->kind;
        m->spans[i].check = span->check;
        m->spans[i].route = span->route;
        m->spans[i].server = span->server;
        m->spans[i].start_ms = span->start_ms;
        m->spans[i].good_ms = span->good_ms;
        m->spans[i].goes_on = goes_on;
        m->spans[i].end_ms = goes_on ? 0 : span->end_ms;
        m->spans[i].fail_ms = goes_on ? 0 : span->fail_ms;
        m->spans[i].servers = span->servers;
        m->list[i] = &m->spans[i];
    }
}

static bool get_span(const Kirikae__V1__JournalSpan *s, struct journal_span *span)
{
    if (s->kind > SPAN_UNTOLD || s->check < -1 || s->check >= LIMIT_CHECKS || s->route < -1 ||
        s->route >= LIMIT_ROUTES || s->server < SERVER_NONE || s->server >= LIMIT_SERVERS ||
        !is_time(s->start_ms) || !is_time(s->good_ms) || !is_time(s->end_ms) ||
        !is_time(s->fail_ms))
        return false;
    *span = (struct journal_span){.kind = (enum span_kind)s->kind,
                                  .check = s->check,
                                  .route = s->route,
                                  .server = s->server,
                                  .start_ms = s->start_ms,
                                  .good_ms = s->good_ms,
                                  .end_ms = s->goes_on ? SPAN_GOES_ON : s->end_ms,
                                  .fail_ms = s->goes_on ? SPAN_GOES_ON : s->fail_ms,
                                  .servers = s->servers};
    return true;
}

bool journal_get(const Kirikae__V1__Journal *j, struct entry *entry)
{
    struct journal_spans *spans;

    if (j->n_spans > LIMIT_JOURNAL_SPANS || !is_time(j->from_ms) || !is_time(j->to_ms) ||
        j->to_ms < j->from_ms)
        return false;
    entry->journal.from_ms = j->from_ms;
    entry->journal.to_ms = j->to_ms;
    entry->journal.index = j->index;
    entry->journal.heard = j->heard;
    spans = entry->journal.spans = mem_zalloc(1, sizeof *spans);
    for (size_t i = 0; i < j->n_spans; i++)
        if (!get_span(j->spans[i], &spans->spans[spans->n++])) {
            mem_free(spans);
            entry->journal.spans = NULL;
            return false;
        }
    return true;
}
