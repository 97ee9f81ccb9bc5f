#include "report/ledger_events.h"
#include "report/line.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/mem.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define WINDOWS_MAX 65536
#define OPEN_MAX 65536

struct ledger_events {
    struct period period;
    struct function_names names;
    uint64_t lines;
    int64_t time_ms;
    struct history done; /* ended, touching the period; and all windows */
    struct history open; /* not ended yet */
    struct history all;  /* both, made when asked for */
};

/* One parsed line; the first problem is kept in err. */
struct fields {
    json_t *root;
    uint64_t seq;
    struct err *err;
};

struct ledger_events *ledger_events_new(const struct contract *contract,
                                        const struct period *period)
{
    struct ledger_events *events = mem_zalloc(1, sizeof *events);

    events->period = *period;
    events->time_ms = UTC_NONE;
    function_names_init(&events->names, contract);
    return events;
}

void ledger_events_free(struct ledger_events *events)
{
    if (events == NULL)
        return;
    history_free(&events->done);
    history_free(&events->open);
    history_free(&events->all);
    mem_free(events);
}

static int wrong(struct fields *f, const char *key, const char *expected)
{
    return err_set(f->err, ERR_INVALID, "entry %" PRIu64 ": field %s: %s", f->seq, key, expected);
}

static int get_number(struct fields *f, const char *key, uint64_t *value)
{
    const json_t *item = json_object_get(f->root, key);

    if (!json_is_integer(item) || json_integer_value(item) < 0)
        return wrong(f, key, "a number expected");
    *value = (uint64_t)json_integer_value(item);
    return 0;
}

/* A time, or UTC_NONE for null where `may_be_null`. */
static int get_time(struct fields *f, const char *key, bool may_be_null, int64_t *utc_ms)
{
    const json_t *item = json_object_get(f->root, key);

    *utc_ms = UTC_NONE;
    if (may_be_null && (item == NULL || json_is_null(item)))
        return 0;
    if (!json_is_string(item) || utc_parse(json_string_value(item), utc_ms) != 0)
        return wrong(f, key, may_be_null ? "a time or null expected" : "a time expected");
    return 0;
}

static int get_word(struct fields *f, const char *key, int (*parse)(const char *name), int *value)
{
    const json_t *item = json_object_get(f->root, key);

    *value = json_is_string(item) ? parse(json_string_value(item)) : -1;
    return *value < 0 ? wrong(f, key, "not one of the known words") : 0;
}

static int intern(struct ledger_events *events, struct fields *f, const json_t *item,
                  const char *key, struct function_set *set)
{
    const char *name = json_string_value(item);
    int i;

    if (name == NULL || name[0] == '\0' || strlen(name) >= LIMIT_NAME)
        return wrong(f, key, "a function's name expected");
    i = function_names_find(&events->names, name, strlen(name));
    if (i < 0)
        return err_set(f->err, ERR_LIMIT, "entry %" PRIu64 ": more than %d functions", f->seq,
                       LIMIT_FUNCTIONS);
    function_set_add(set, i);
    return 0;
}

static int get_function(struct ledger_events *events, struct fields *f, struct function_set *set)
{
    return intern(events, f, json_object_get(f->root, "function"), "function", set);
}

static void id_text(char id[LIMIT_NAME], uint64_t number)
{
    snprintf(id, LIMIT_NAME, "%" PRIu64, number);
}

/* Leaders' clocks differ, so edges counted by two of them may cross by a little: time
 * is never negative, and a bound beyond its edge says no more than the edge. */
static void settle(struct outage *o)
{
    if (o->end_ms < o->start_ms)
        o->end_ms = o->start_ms;
    if (o->last_good_ms == UTC_NONE || o->last_good_ms > o->start_ms)
        o->last_good_ms = o->start_ms;
    if (o->last_fail_ms == UTC_NONE || o->last_fail_ms > o->end_ms)
        o->last_fail_ms = o->end_ms;
    if (o->last_fail_ms < o->start_ms)
        o->last_fail_ms = o->start_ms;
}

static int outage_open(struct ledger_events *events, struct fields *f)
{
    struct outage o = {.end_ms = UTC_NONE, .last_fail_ms = UTC_NONE, .repaired_ms = UTC_NONE};
    int severity, cause, rc;

    if ((rc = get_number(f, "outage", &o.line)) < 0 ||
        (rc = get_function(events, f, &o.functions)) < 0 ||
        (rc = get_word(f, "severity", outage_severity_parse, &severity)) < 0 ||
        (rc = get_word(f, "cause", outage_cause_parse, &cause)) < 0 ||
        (rc = get_time(f, "start", false, &o.start_ms)) < 0 ||
        (rc = get_time(f, "last_good", true, &o.last_good_ms)) < 0 ||
        (rc = get_time(f, "recognised", true, &o.recognised_ms)) < 0 ||
        (rc = get_number(f, "evidence", &o.evidence)) < 0)
        return rc;
    if (o.line != f->seq)
        return wrong(f, "outage", "the entry's own seq expected");
    if (events->open.n_outages >= OPEN_MAX)
        return err_set(f->err, ERR_LIMIT, "entry %" PRIu64 ": more than %d outages are open",
                       f->seq, OPEN_MAX);
    id_text(o.id, o.line);
    o.severity = o.first_severity = (enum severity)severity;
    o.cause = o.first_cause = (enum cause)cause;
    if (o.last_good_ms == UTC_NONE || o.last_good_ms > o.start_ms)
        o.last_good_ms = o.start_ms;
    *history_outage(&events->open) = o;
    return 0;
}

/* Takes the outage that the line speaks of from those that are open. */
static int outage_over(struct ledger_events *events, struct fields *f, struct outage *o)
{
    struct history *open = &events->open;
    struct function_set functions = {0};
    uint64_t id;
    size_t i;
    int rc = get_number(f, "outage", &id);

    if (rc < 0)
        return rc;
    for (i = 0; i < open->n_outages && open->outages[i].line != id; i++)
        ;
    if (i == open->n_outages)
        return wrong(f, "outage", "no such outage is open");
    *o = open->outages[i];
    if ((rc = get_function(events, f, &functions)) < 0)
        return rc;
    if (memcmp(&functions, &o->functions, sizeof functions) != 0)
        return wrong(f, "function", "not the one whose outage was opened");
    open->outages[i] = open->outages[--open->n_outages];
    return 0;
}

/* Callers were served: a disagreement, which is no outage. */
static int outage_disputed(struct ledger_events *events, struct fields *f)
{
    struct outage none;

    return outage_over(events, f, &none);
}

static int outage_close(struct ledger_events *events, struct fields *f)
{
    struct outage o;
    int rc;

    if ((rc = outage_over(events, f, &o)) < 0 || (rc = get_time(f, "end", false, &o.end_ms)) < 0 ||
        (rc = get_time(f, "last_fail", true, &o.last_fail_ms)) < 0)
        return rc;
    settle(&o);
    o.repaired_ms = o.end_ms;
    if (o.last_good_ms < events->period.end_ms && o.end_ms > events->period.begin_ms)
        *history_outage(&events->done) = o;
    return 0;
}

static int window_added(struct ledger_events *events, struct fields *f)
{
    const json_t *kind = json_object_get(f->root, "kind");
    const json_t *list = json_object_get(f->root, "functions");
    struct window w = {.line = f->seq, .finished_ms = UTC_NONE};
    uint64_t id;
    size_t i;
    int rc;

    if ((rc = get_number(f, "window", &id)) < 0 ||
        (rc = get_time(f, "announced", false, &w.announced_ms)) < 0 ||
        (rc = get_time(f, "start", false, &w.start_ms)) < 0 ||
        (rc = get_time(f, "end", false, &w.end_ms)) < 0)
        return rc;
    if (!json_is_string(kind) || (strcmp(json_string_value(kind), "regular") != 0 &&
                                  strcmp(json_string_value(kind), "emergency") != 0))
        return wrong(f, "kind", "regular or emergency expected");
    if (!json_is_array(list))
        return wrong(f, "functions", "a list of functions expected");
    for (i = 0; i < json_array_size(list); i++)
        if ((rc = intern(events, f, json_array_get(list, i), "functions", &w.functions)) < 0)
            return rc;
    if (w.end_ms < w.start_ms)
        return wrong(f, "end", "not before start");
    if (events->done.n_windows >= WINDOWS_MAX)
        return err_set(f->err, ERR_LIMIT, "entry %" PRIu64 ": more than %d maintenance windows",
                       f->seq, WINDOWS_MAX);
    id_text(w.id, id);
    w.emergency = strcmp(json_string_value(kind), "emergency") == 0;
    w.short_notice = json_is_true(json_object_get(f->root, "short_notice"));
    *history_window(&events->done) = w;
    return 0;
}

/* An extension counts like a window of its own: it was announced when it was. */
static int window_extended(struct ledger_events *events, struct fields *f)
{
    const struct history *done = &events->done;
    char id[LIMIT_NAME];
    uint64_t number;
    size_t i;
    int rc = get_number(f, "window", &number);

    if (rc < 0)
        return rc;
    id_text(id, number);
    for (i = 0; i < done->n_windows && strcmp(done->windows[i].id, id) != 0; i++)
        ;
    if (i == done->n_windows)
        return wrong(f, "window", "no such window was added");
    return window_added(events, f);
}

static int window_ended(struct ledger_events *events, struct fields *f)
{
    struct history *done = &events->done;
    char id[LIMIT_NAME];
    int64_t finished_ms;
    uint64_t number;
    size_t i, n = 0;
    int rc;

    if ((rc = get_number(f, "window", &number)) < 0 ||
        (rc = get_time(f, "finished", false, &finished_ms)) < 0)
        return rc;
    id_text(id, number);
    for (i = 0; i < done->n_windows; i++) { /* with all that it was extended by */
        if (strcmp(done->windows[i].id, id) != 0)
            continue;
        if (done->windows[i].finished_ms != UTC_NONE)
            return wrong(f, "window", "it has ended already");
        done->windows[i].finished_ms = finished_ms;
        n++;
    }
    return n > 0 ? 0 : wrong(f, "window", "no such window was added");
}

static int gap_open(struct ledger_events *events, struct fields *f, int64_t time_ms)
{
    struct unmonitored gap = {.start_ms = time_ms, .end_ms = UTC_NONE};
    int rc;

    if ((rc = get_number(f, "unmonitored", &gap.line)) < 0 ||
        (rc = get_function(events, f, &gap.functions)) < 0)
        return rc;
    if (gap.line != f->seq)
        return wrong(f, "unmonitored", "the entry's own seq expected");
    if (events->open.n_gaps >= OPEN_MAX)
        return err_set(f->err, ERR_LIMIT, "entry %" PRIu64 ": more than %d gaps are open", f->seq,
                       OPEN_MAX);
    *history_gap(&events->open) = gap;
    return 0;
}

static int gap_close(struct ledger_events *events, struct fields *f)
{
    struct history *open = &events->open;
    struct function_set functions = {0};
    struct unmonitored gap;
    uint64_t id;
    size_t i;
    int rc = get_number(f, "unmonitored", &id);

    if (rc < 0)
        return rc;
    for (i = 0; i < open->n_gaps && open->gaps[i].line != id; i++)
        ;
    if (i == open->n_gaps)
        return wrong(f, "unmonitored", "no such gap is open");
    gap = open->gaps[i];
    if ((rc = get_function(events, f, &functions)) < 0 ||
        (rc = get_time(f, "start", false, &gap.start_ms)) < 0 ||
        (rc = get_time(f, "end", false, &gap.end_ms)) < 0)
        return rc;
    if (memcmp(&functions, &gap.functions, sizeof functions) != 0)
        return wrong(f, "function", "not the one whose gap was opened");
    open->gaps[i] = open->gaps[--open->n_gaps];
    if (gap.start_ms < events->period.end_ms && gap.end_ms > events->period.begin_ms)
        *history_gap(&events->done) = gap;
    return 0;
}

static bool is(const struct line_start *start, const char *category, const char *type)
{
    return strcmp(start->category, category) == 0 && strcmp(start->type, type) == 0;
}

static int take(struct ledger_events *events, struct fields *f, const struct line_start *start)
{
    if (is(start, "outage", "open"))
        return outage_open(events, f);
    if (is(start, "outage", "close"))
        return outage_close(events, f);
    if (is(start, "outage", "disputed"))
        return outage_disputed(events, f);
    if (is(start, "maintenance", "added"))
        return window_added(events, f);
    if (is(start, "maintenance", "extended"))
        return window_extended(events, f);
    if (is(start, "maintenance", "ended"))
        return window_ended(events, f);
    if (is(start, "coverage", "unmonitored-open"))
        return gap_open(events, f, start->time_ms);
    if (is(start, "coverage", "unmonitored-close"))
        return gap_close(events, f);
    return 0;
}

static bool concerns_us(const struct line_start *start)
{
    return strcmp(start->category, "outage") == 0 || strcmp(start->category, "maintenance") == 0 ||
           (strcmp(start->category, "coverage") == 0 &&
            strncmp(start->type, "unmonitored", strlen("unmonitored")) == 0);
}

int ledger_events_line(struct ledger_events *events, const char *line, size_t len, struct err *err)
{
    struct fields f = {.seq = events->lines, .err = err};
    struct line_start start;
    json_error_t problem;
    int rc = line_start(line, len, &start, err);

    if (rc < 0)
        return err_wrap(err, rc, "entry %" PRIu64, events->lines);
    if (start.seq != events->lines)
        return err_set(err, ERR_INVALID, "entry %" PRIu64 ": field seq: entry %" PRIu64 " found",
                       events->lines, start.seq);
    if (events->lines > 0 && start.time_ms < events->time_ms)
        return wrong(&f, "time", "it runs backwards");
    if (concerns_us(&start)) {
        f.root = json_loadb(line, len, JSON_REJECT_DUPLICATES, &problem);
        rc = f.root == NULL
                 ? err_set(err, ERR_INVALID, "entry %" PRIu64 ": not JSON: %s", f.seq, problem.text)
                 : take(events, &f, &start);
        json_decref(f.root);
    }
    events->lines++;
    events->time_ms = start.time_ms;
    return rc;
}

struct history *ledger_events_history(struct ledger_events *events)
{
    struct history *all = &events->all;
    size_t i;

    all->n_outages = all->n_windows = all->n_gaps = 0;
    for (i = 0; i < events->done.n_outages; i++)
        *history_outage(all) = events->done.outages[i];
    for (i = 0; i < events->open.n_outages; i++)
        *history_outage(all) = events->open.outages[i];
    for (i = 0; i < events->done.n_windows; i++)
        *history_window(all) = events->done.windows[i];
    for (i = 0; i < events->done.n_gaps; i++)
        *history_gap(all) = events->done.gaps[i];
    for (i = 0; i < events->open.n_gaps; i++)
        *history_gap(all) = events->open.gaps[i];
    return all;
}

const struct function_names *ledger_events_names(const struct ledger_events *events)
{
    return &events->names;
}
