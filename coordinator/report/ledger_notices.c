/* When customers were told, out of the ledger's lines: by the receipts of those that have an
 * intent, and by the status page when there is one. */
#include "report/ledger_events_private.h"
#include "base/check.h"
#include "base/utc.h"

#include <stdio.h>
#include <string.h>

/* A kind of channel in the contract's words. */
static const struct {
    const char *kind;
    enum told_by channel;
} kinds[] = {{"mail", TOLD_MAIL}, {"slack", TOLD_CHAT},      {"chatwork", TOLD_CHAT},
             {"line", TOLD_CHAT}, {"webhook", TOLD_WEBHOOK}, {"alertmanager", TOLD_ALERTMANAGER}};

static int kind_parse(const char *name)
{
    size_t i;

    for (i = 0; i < ARRAY_LEN(kinds); i++)
        if (strcmp(kinds[i].kind, name) == 0)
            return (int)kinds[i].channel;
    return -1;
}

enum { OPERATORS, CUSTOMERS };

static int audience_parse(const char *name)
{
    return strcmp(name, "customers") == 0   ? CUSTOMERS
           : strcmp(name, "operators") == 0 ? OPERATORS
                                            : -1;
}

/* ---- what makes an edition ---- */

static int news(struct ledger_events *events, struct fields *f, enum edition_what what,
                const char *subject, const char *channel, int64_t time_ms)
{
    struct edition_change change = {
        .what = what, .line = f->seq, .at_ms = time_ms, .channel = channel};

    snprintf(change.subject, sizeof change.subject, "%s", subject);
    return report_editions_change(&events->editions, &change, f->err);
}

static int tell_outage(struct ledger_events *events, struct fields *f, uint64_t line,
                       enum told_by channel, int64_t at_ms, int64_t time_ms)
{
    const struct outage *o = kept_find_outage(&events->kept, line);
    int rc = o != NULL ? kept_tell_outage(&events->kept, o, channel, at_ms, f) : 0;

    if (rc <= 0 || at_ms == TOLD_NOBODY || !outage_touches(o, &events->period))
        return rc < 0 ? rc : 0;
    return news(events, f, EDITION_LATE_NOTICE, o->id, told_by_name(channel), time_ms);
}

/* `line`: one that announced a window, or any other that a notice is of. */
static int tell_window(struct ledger_events *events, struct fields *f, uint64_t line,
                       enum told_by channel, int64_t at_ms, int64_t time_ms)
{
    const struct window *w = kept_window_of_line(&events->kept, line);
    int rc = w != NULL ? kept_tell_window(&events->kept, w, at_ms, f) : 0;

    if (rc <= 0 || at_ms == TOLD_NOBODY || w->start_ms >= events->period.end_ms ||
        w->end_ms <= events->period.begin_ms)
        return rc < 0 ? rc : 0;
    return news(events, f, EDITION_LATE_WINDOW, w->id, told_by_name(channel), time_ms);
}

/* ---- lines ---- */

static int numbers(struct fields *f, const char *key, const json_t **list)
{
    const json_t *item;
    size_t i;

    *list = json_object_get(f->root, key);
    if (!json_is_array(*list))
        return field_wrong(f, key, "a list expected");
    json_array_foreach(*list, i, item)
    {
        if (!json_is_integer(item) || json_integer_value(item) < 0)
            return field_wrong(f, key, "numbers expected");
    }
    return 0;
}

static int told(struct ledger_events *events, struct fields *f, int64_t at_ms, int64_t time_ms)
{
    const json_t *outages, *about = json_object_get(f->root, "events"), *item;
    int audience, channel, rc;
    size_t i;

    if ((rc = field_word(f, "audience", audience_parse, false, &audience)) < 0 ||
        (rc = field_word(f, "kind", kind_parse, false, &channel)) < 0 ||
        (rc = numbers(f, "outages", &outages)) < 0)
        return rc;
    if (!json_is_array(about))
        return field_wrong(f, "events", "a list expected");
    if (audience != CUSTOMERS)
        return 0;
    if (events->notices == UINT64_MAX)
        events->notices = f->seq;
    json_array_foreach(outages, i, item)
    {
        rc = tell_outage(events, f, (uint64_t)json_integer_value(item), (enum told_by)channel,
                         at_ms, time_ms);
        if (rc < 0)
            return rc;
    }
    json_array_foreach(about, i, item)
    {
        const json_t *seq = json_object_get(item, "seq");

        if (!json_is_integer(seq) || json_integer_value(seq) < 0)
            return field_wrong(f, "events", "each with its seq expected");
        rc = tell_window(events, f, (uint64_t)json_integer_value(seq), (enum told_by)channel, at_ms,
                         time_ms);
        if (rc < 0)
            return rc;
    }
    return 0;
}

int notices_intent(struct ledger_events *events, struct fields *f, int64_t time_ms)
{
    return told(events, f, TOLD_NOBODY, time_ms);
}

int notices_accepted(struct ledger_events *events, struct fields *f, int64_t time_ms)
{
    int64_t at_ms;
    int rc = field_time(f, "accepted", false, &at_ms);

    return rc < 0 ? rc : told(events, f, at_ms, time_ms);
}

/* ---- the status page ---- */

int notices_page(struct ledger_events *events, struct fields *f)
{
    json_t *page = json_object_get(f->root, "status_page");

    if (page != NULL && !json_is_array(page))
        return field_wrong(f, "status_page", "a list of functions expected");
    json_decref(events->page);
    events->page = page != NULL ? json_incref(page) : NULL;
    if (page != NULL && events->notices == UINT64_MAX)
        events->notices = f->seq;
    return 0;
}

int notices_published(struct ledger_events *events, struct fields *f, const struct outage *outage,
                      int64_t time_ms)
{
    const char *function = json_string_value(json_object_get(f->root, "function"));
    const json_t *name;
    size_t i;

    json_array_foreach(events->page, i, name)
    {
        if (json_is_string(name) && strcmp(json_string_value(name), function) == 0)
            return tell_outage(events, f, outage->line, TOLD_WEB, time_ms, time_ms);
    }
    return 0;
}
