#include "report/ledger_events_private.h"
#include "report/ledger_fields.h"
#include "report/line.h"
#include "base/check.h"
#include "base/mem.h"
#include "base/utc.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct ledger_events *ledger_events_new(const struct contract *contract,
                                        const struct period *period)
{
    struct ledger_events *events = mem_zalloc(1, sizeof *events);

    events->period = *period;
    events->time_ms = events->begins_ms = UTC_NONE;
    events->notices = UINT64_MAX;
    events->n_contract = contract->n_functions;
    function_names_init(&events->names, contract);
    report_editions_init(&events->editions, period);
    kept_init(&events->kept, period);
    return events;
}

struct ledger_events *ledger_events_follow(int64_t begin_ms)
{
    static const struct contract none;
    const struct period period = {begin_ms, UTC_MOST_MS, UTC_MOST_MS};

    return ledger_events_new(&none, &period);
}

void ledger_events_forget(struct ledger_events *events, int64_t begin_ms)
{
    CHECK(begin_ms >= events->period.begin_ms);
    events->period.begin_ms = begin_ms;
    kept_forget(&events->kept, begin_ms, events->time_ms);
}

size_t ledger_events_kept(const struct ledger_events *events)
{
    const struct history *h = &events->kept.history;

    return h->n_outages + h->n_gaps + h->n_amendments;
}

void ledger_events_free(struct ledger_events *events)
{
    if (events == NULL)
        return;
    kept_free(&events->kept);
    report_editions_free(&events->editions);
    json_decref(events->page);
    mem_free(events);
}

/* ---- fields ---- */

static int intern(struct ledger_events *events, struct fields *f, const json_t *item,
                  const char *key, struct function_set *set)
{
    const char *name = json_string_value(item);
    int i, n = events->names.n;

    if (name == NULL || name[0] == '\0' || strlen(name) >= LIMIT_NAME)
        return field_wrong(f, key, "a function's name expected");
    i = function_names_find(&events->names, name, strlen(name));
    if (i < 0)
        return err_set(f->err, ERR_LIMIT, "entry %" PRIu64 ": more than %d functions", f->seq,
                       LIMIT_FUNCTIONS);
    if (i == n)
        events->named[i] = f->seq;
    function_set_add(set, i);
    return 0;
}

static int get_function(struct ledger_events *events, struct fields *f, struct function_set *set)
{
    return intern(events, f, json_object_get(f->root, "function"), "function", set);
}

/* Is the line about the function that was named when it began? */
static int same_function(struct ledger_events *events, struct fields *f,
                         const struct function_set *was)
{
    struct function_set set = {0};
    int rc = get_function(events, f, &set);

    if (rc == 0 && memcmp(&set, was, sizeof set) != 0)
        return field_wrong(f, "function", "not the one that it was opened for");
    return rc;
}

static void id_text(char id[LIMIT_NAME], uint64_t number)
{
    snprintf(id, LIMIT_NAME, "%" PRIu64, number);
}

static int told_late(struct ledger_events *events, struct fields *f, enum edition_what what,
                     uint64_t subject, int64_t time_ms)
{
    struct edition_change change = {.what = what, .line = f->seq, .at_ms = time_ms};

    id_text(change.subject, subject);
    return report_editions_change(&events->editions, &change, f->err);
}

/* ---- outages ---- */

/* Leaders' clocks differ, so edges counted by two of them may cross by a little: time
 * is never negative, and a bound beyond its edge says no more than the edge. */
static void settle(struct outage *o)
{
    if (o->end_ms < o->start_ms)
        o->end_ms = o->start_ms;
    if (o->last_fail_ms == UTC_NONE || o->last_fail_ms > o->end_ms)
        o->last_fail_ms = o->end_ms;
    if (o->last_fail_ms < o->start_ms)
        o->last_fail_ms = o->start_ms;
}

static int outage_open(struct ledger_events *events, struct fields *f, int64_t time_ms)
{
    struct outage o = {.end_ms = UTC_NONE, .last_fail_ms = UTC_NONE, .repaired_ms = UTC_NONE};
    int severity, cause, rc;

    if ((rc = field_number(f, "outage", &o.line)) < 0 ||
        (rc = get_function(events, f, &o.functions)) < 0 ||
        (rc = field_word(f, "severity", outage_severity_parse, false, &severity)) < 0 ||
        (rc = field_word(f, "cause", outage_cause_parse, false, &cause)) < 0 ||
        (rc = field_time(f, "start", false, &o.start_ms)) < 0 ||
        (rc = field_time(f, "last_good", true, &o.last_good_ms)) < 0 ||
        (rc = field_time(f, "recognised", true, &o.recognised_ms)) < 0 ||
        (rc = field_number(f, "evidence", &o.evidence)) < 0)
        return rc;
    if (o.line != f->seq)
        return field_wrong(f, "outage", "the entry's own seq expected");
    id_text(o.id, o.line);
    o.severity = o.first_severity = (enum severity)severity;
    o.cause = o.first_cause = (enum cause)cause;
    if (o.last_good_ms == UTC_NONE || o.last_good_ms > o.start_ms)
        o.last_good_ms = o.start_ms;
    if ((rc = kept_outage(&events->kept, &o, f)) < 0)
        return rc;
    events->editions.open += outage_touches(&o, &events->period);
    return notices_published(events, f, &o, time_ms);
}

/* The open outage that the line speaks of. */
static int outage_over(struct ledger_events *events, struct fields *f, struct outage **found)
{
    uint64_t id;
    int rc = field_number(f, "outage", &id);

    if (rc < 0)
        return rc;
    *found = kept_find_outage(&events->kept, id);
    if (*found == NULL || (*found)->end_ms != UTC_NONE)
        return field_wrong(f, "outage", "no such outage is open");
    return same_function(events, f, &(*found)->functions);
}

/* Callers were served: a disagreement, which is no outage. */
static int outage_disputed(struct ledger_events *events, struct fields *f)
{
    struct outage *o;
    int rc = outage_over(events, f, &o);

    if (rc < 0)
        return rc;
    events->editions.open -= outage_touches(o, &events->period);
    kept_drop_outage(&events->kept, o);
    return 0;
}

static int outage_close(struct ledger_events *events, struct fields *f, int64_t time_ms)
{
    int64_t end_ms, last_fail_ms;
    struct outage *o;
    int rc;

    if ((rc = outage_over(events, f, &o)) < 0 || (rc = field_time(f, "end", false, &end_ms)) < 0 ||
        (rc = field_time(f, "last_fail", true, &last_fail_ms)) < 0)
        return rc;
    events->editions.open -= outage_touches(o, &events->period);
    o->end_ms = end_ms;
    o->last_fail_ms = last_fail_ms;
    settle(o);
    o->repaired_ms = o->end_ms;
    if (outage_touches(o, &events->period))
        return told_late(events, f, EDITION_LATE_OUTAGE, o->line, time_ms);
    kept_drop_outage(&events->kept, o);
    return 0;
}

/* The nodes' journals know of an earlier start. One that was over before the month is not kept, and
 * stays out of it. */
static int outage_extended(struct ledger_events *events, struct fields *f, int64_t time_ms)
{
    int64_t start_ms, last_good_ms;
    struct outage *o;
    uint64_t id;
    int rc;

    if ((rc = field_number(f, "outage", &id)) < 0 ||
        (rc = field_time(f, "start", false, &start_ms)) < 0 ||
        (rc = field_time(f, "last_good", true, &last_good_ms)) < 0)
        return rc;
    o = kept_find_outage(&events->kept, id);
    if (o == NULL || start_ms >= o->start_ms)
        return 0;
    if ((rc = kept_revise(&events->kept, o, f)) < 0)
        return rc;
    if (o->end_ms == UTC_NONE)
        events->editions.open -= outage_touches(o, &events->period);
    o->start_ms = start_ms;
    o->last_good_ms = last_good_ms == UTC_NONE || last_good_ms > start_ms ? start_ms : last_good_ms;
    if (o->end_ms != UTC_NONE)
        return told_late(events, f, EDITION_LATE_OUTAGE, o->line, time_ms);
    events->editions.open += outage_touches(o, &events->period);
    return 0;
}

/* ---- what was said of them later ---- */

/* Of an outage that touches the month; *found is NULL when it does not. */
static int said_of(struct ledger_events *events, struct fields *f, int64_t time_ms,
                   const char *key_of_text, struct amendment *a, struct outage **found)
{
    uint64_t id;
    int rc;

    *a = (struct amendment){.line = f->seq, .at_ms = time_ms, .severity = -1, .cause = -1};
    if ((rc = field_number(f, "outage", &id)) < 0 ||
        (rc = field_text(f, "who", a->who, sizeof a->who)) < 0 ||
        (rc = field_text(f, key_of_text, a->reason, sizeof a->reason)) < 0)
        return rc;
    if (id >= f->seq)
        return field_wrong(f, "outage", "the seq of an earlier entry expected");
    id_text(a->id, f->seq);
    id_text(a->of, id);
    *found = kept_find_outage(&events->kept, id);
    if (*found != NULL && !outage_touches(*found, &events->period))
        *found = NULL;
    return 0;
}

static int incident_note(struct ledger_events *events, struct fields *f, int64_t time_ms)
{
    struct amendment a;
    struct outage *o;
    int rc = said_of(events, f, time_ms, "text", &a, &o);

    return rc < 0 || o == NULL ? rc : kept_amendment(&events->kept, &a, f);
}

static int incident_amended(struct ledger_events *events, struct fields *f, int64_t time_ms)
{
    struct edition_change change = {.what = EDITION_AMENDED, .line = f->seq, .at_ms = time_ms};
    struct amendment a;
    struct outage *o;
    int rc;

    if ((rc = said_of(events, f, time_ms, "reason", &a, &o)) < 0 ||
        (rc = field_word(f, "severity", outage_severity_parse, true, &a.severity)) < 0 ||
        (rc = field_word(f, "cause", outage_cause_parse, true, &a.cause)) < 0)
        return rc;
    if (a.severity < 0 && a.cause < 0)
        return field_wrong(f, "severity", "this or a cause expected");
    if (o == NULL)
        return 0;
    if ((rc = kept_amendment(&events->kept, &a, f)) < 0)
        return rc;
    change.severity_was = o->severity;
    change.cause_was = o->cause;
    o->severity = a.severity < 0 ? o->severity : (enum severity)a.severity;
    o->cause = a.cause < 0 ? o->cause : (enum cause)a.cause;
    change.severity = o->severity;
    change.cause = o->cause;
    memcpy(change.subject, a.of, sizeof change.subject);
    memcpy(change.who, a.who, sizeof change.who);
    memcpy(change.reason, a.reason, sizeof change.reason);
    return report_editions_change(&events->editions, &change, f->err);
}

/* ---- maintenance windows ---- */

static int window_added(struct ledger_events *events, struct fields *f, int64_t time_ms)
{
    const json_t *kind = json_object_get(f->root, "kind");
    const json_t *list = json_object_get(f->root, "functions");
    struct window w = {.line = f->seq, .finished_ms = UTC_NONE};
    uint64_t id;
    size_t i;
    int rc;

    if ((rc = field_number(f, "window", &id)) < 0 ||
        (rc = field_time(f, "announced", false, &w.announced_ms)) < 0 ||
        (rc = field_time(f, "start", false, &w.start_ms)) < 0 ||
        (rc = field_time(f, "end", false, &w.end_ms)) < 0 ||
        (rc = field_text(f, "reason", w.reason, sizeof w.reason)) < 0)
        return rc;
    if (!json_is_string(kind) || (strcmp(json_string_value(kind), "regular") != 0 &&
                                  strcmp(json_string_value(kind), "emergency") != 0))
        return field_wrong(f, "kind", "regular or emergency expected");
    if (!json_is_array(list))
        return field_wrong(f, "functions", "a list of functions expected");
    for (i = 0; i < json_array_size(list); i++)
        if ((rc = intern(events, f, json_array_get(list, i), "functions", &w.functions)) < 0)
            return rc;
    if (w.end_ms < w.start_ms)
        return field_wrong(f, "end", "not before start");
    id_text(w.id, id);
    w.emergency = strcmp(json_string_value(kind), "emergency") == 0;
    w.short_notice = json_is_true(json_object_get(f->root, "short_notice"));
    return kept_window(&events->kept, id, &w, time_ms, f);
}

/* An extension counts like a window of its own: it was announced when it was. */
static int window_extended(struct ledger_events *events, struct fields *f, int64_t time_ms)
{
    uint64_t id;
    int rc = field_number(f, "window", &id);

    if (rc < 0)
        return rc;
    if (kept_find_window(&events->kept, id, 0) == events->kept.history.n_windows)
        return field_wrong(f, "window", "no such window was added");
    return window_added(events, f, time_ms);
}

static int window_ended(struct ledger_events *events, struct fields *f)
{
    struct history *h = &events->kept.history;
    int64_t finished_ms;
    uint64_t id;
    size_t i, n = 0;
    int rc;

    if ((rc = field_number(f, "window", &id)) < 0 ||
        (rc = field_time(f, "finished", false, &finished_ms)) < 0)
        return rc;
    /* With all that it was extended by. */
    for (i = kept_find_window(&events->kept, id, 0); i < h->n_windows;
         i = kept_find_window(&events->kept, id, i + 1)) {
        if (h->windows[i].finished_ms != UTC_NONE)
            return field_wrong(f, "window", "it has ended already");
        h->windows[i].finished_ms = finished_ms;
        n++;
    }
    return n > 0 ? 0 : field_wrong(f, "window", "no such window was added");
}

/* ---- unmonitored time ---- */

static int gap_open(struct ledger_events *events, struct fields *f, int64_t time_ms)
{
    struct unmonitored gap = {.start_ms = time_ms, .end_ms = UTC_NONE};
    int rc;

    if ((rc = field_number(f, "unmonitored", &gap.line)) < 0 ||
        (rc = get_function(events, f, &gap.functions)) < 0)
        return rc;
    if (gap.line != f->seq)
        return field_wrong(f, "unmonitored", "the entry's own seq expected");
    if ((rc = kept_gap(&events->kept, &gap, f)) < 0)
        return rc;
    events->editions.open += gap_touches(&gap, &events->period);
    return 0;
}

static int gap_close(struct ledger_events *events, struct fields *f, int64_t time_ms)
{
    struct unmonitored *gap, news;
    bool touched, touches;
    uint64_t id;
    int rc = field_number(f, "unmonitored", &id);

    if (rc < 0)
        return rc;
    gap = kept_find_gap(&events->kept, id);
    if (gap == NULL || gap->end_ms != UTC_NONE)
        return field_wrong(f, "unmonitored", "no such gap is open");
    if ((rc = same_function(events, f, &gap->functions)) < 0)
        return rc;
    touched = gap_touches(gap, &events->period);
    events->editions.open -= touched;
    if ((rc = field_time(f, "start", false, &gap->start_ms)) < 0 ||
        (rc = field_time(f, "end", false, &gap->end_ms)) < 0)
        return rc;
    touches = gap_touches(gap, &events->period);
    if (touches && !touched) { /* it is news of this line: reports before it do not know */
        news = *gap;
        news.line = f->seq;
    }
    if (!touches || !touched)
        kept_drop_gap(&events->kept, gap);
    if (touches && !touched && (rc = kept_gap(&events->kept, &news, f)) < 0)
        return rc;
    return touches ? told_late(events, f, EDITION_LATE_GAP, id, time_ms) : 0;
}

/* ---- lines ---- */

static bool is(const struct line_start *start, const char *category, const char *type)
{
    return strcmp(start->category, category) == 0 && strcmp(start->type, type) == 0;
}

static int take(struct ledger_events *events, struct fields *f, const struct line_start *start)
{
    if (is(start, "outage", "open"))
        return outage_open(events, f, start->time_ms);
    if (is(start, "outage", "close"))
        return outage_close(events, f, start->time_ms);
    if (is(start, "outage", "disputed"))
        return outage_disputed(events, f);
    if (is(start, "outage", "extended-back"))
        return outage_extended(events, f, start->time_ms);
    if (is(start, "incident", "amended"))
        return incident_amended(events, f, start->time_ms);
    if (is(start, "incident", "note"))
        return incident_note(events, f, start->time_ms);
    if (is(start, "maintenance", "added"))
        return window_added(events, f, start->time_ms);
    if (is(start, "maintenance", "extended"))
        return window_extended(events, f, start->time_ms);
    if (is(start, "maintenance", "ended"))
        return window_ended(events, f);
    if (is(start, "coverage", "unmonitored-open"))
        return gap_open(events, f, start->time_ms);
    if (is(start, "coverage", "unmonitored-close"))
        return gap_close(events, f, start->time_ms);
    if (is(start, "notice", "intent"))
        return notices_intent(events, f, start->time_ms);
    if (is(start, "notice", "accepted"))
        return notices_accepted(events, f, start->time_ms);
    if (is(start, "config", "contract"))
        return notices_page(events, f);
    return 0;
}

static bool concerns_us(const struct line_start *start)
{
    return strcmp(start->category, "outage") == 0 || strcmp(start->category, "maintenance") == 0 ||
           strcmp(start->category, "incident") == 0 || strcmp(start->category, "notice") == 0 ||
           is(start, "config", "contract") ||
           (strcmp(start->category, "coverage") == 0 &&
            strncmp(start->type, "unmonitored", strlen("unmonitored")) == 0);
}

static int parse_and_take(struct ledger_events *events, const char *line, size_t len,
                          const struct line_start *start, struct err *err)
{
    struct fields f = {.seq = start->seq, .err = err};
    int rc = fields_parse(&f, line, len);

    if (rc == 0)
        rc = take(events, &f, start);
    json_decref(f.root);
    return rc;
}

/* What follows from a line that is not later than as-of. */
static int account(struct ledger_events *events, const char *line, size_t len,
                   const struct line_start *start, const struct tree *tree, struct err *err)
{
    struct report_edition *edition;
    int rc;

    if (events->taken == 0)
        events->begins_ms = start->time_ms;
    if (concerns_us(start) && (rc = parse_and_take(events, line, len, start, err)) < 0)
        return rc;
    events->taken++;
    if (tree != NULL)
        tree_copy(&events->tree, tree);
    edition = report_editions_line(&events->editions, start->seq, start->time_ms);
    if (edition != NULL && tree != NULL)
        tree_root(tree, edition->root);
    return 0;
}

int ledger_events_line(struct ledger_events *events, const char *line, size_t len,
                       const struct tree *tree, struct err *err)
{
    struct line_start start;
    int rc = line_start(line, len, &start, err);

    if (rc < 0)
        return err_wrap(err, rc, "entry %" PRIu64, events->lines);
    if (start.seq != events->lines)
        return err_set(err, ERR_INVALID, "entry %" PRIu64 ": field seq: entry %" PRIu64 " found",
                       events->lines, start.seq);
    if (events->lines > 0 && start.time_ms < events->time_ms)
        return err_set(err, ERR_INVALID, "entry %" PRIu64 ": field time: it runs backwards",
                       events->lines);
    events->lines++;
    events->time_ms = start.time_ms;
    return start.time_ms > events->period.as_of_ms ? 0
                                                   : account(events, line, len, &start, tree, err);
}
