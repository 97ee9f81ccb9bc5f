#include "report/event_list.h"
#include "base/check.h"
#include "base/mem.h"
#include "base/plain.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct event_list {
    const struct contract *contract;
    const char *file;
    uint64_t lines;
    struct history history;
};

/* One object of a line; what is wrong with it goes to err. */
struct fields {
    const struct event_list *list;
    const char *what; /* "outage" */
    const json_t *object;
    struct err *err;
};

/* Texts of the file may be in the message: it goes to a terminal. */
static int refuse(const struct event_list *list, uint64_t line, struct err *err, const char *format,
                  ...) __attribute__((format(printf, 4, 5)));
static int refuse(const struct event_list *list, uint64_t line, struct err *err, const char *format,
                  ...)
{
    char text[ERR_TEXT_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    plain_clean(text);
    return err_set(err, ERR_INVALID, "%s:%" PRIu64 ": %s", list->file, line, text);
}

static int wrong(const struct fields *f, const char *key, const char *expected)
{
    const json_t *value = json_object_get(f->object, key);
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    int rc = refuse(f->list, f->list->lines, f->err, "%s of %s is %.80s%s; expected %s", key,
                    f->what, text != NULL ? text : "absent",
                    text != NULL && strlen(text) > 80 ? " ..." : "", expected);

    free(text);
    return rc;
}

/* ---- fields ---- */

/* NULL when it is absent, or null, which is the same. */
static const json_t *get(const struct fields *f, const char *key)
{
    const json_t *item = json_object_get(f->object, key);

    return json_is_null(item) ? NULL : item;
}

/* All keys are among `known`, which NULL ends. */
static int only(const struct fields *f, const char *const *known)
{
    char list[160] = "";
    size_t len = 0, i;
    const char *key;
    json_t *value;

    for (i = 0; known[i] != NULL; i++)
        len += (size_t)snprintf(list + len, sizeof list - len, "%s%s", i > 0 ? ", " : "", known[i]);
    CHECK(len < sizeof list);
    json_object_foreach((json_t *)f->object, key, value)
    {
        for (i = 0; known[i] != NULL && strcmp(known[i], key) != 0;)
            i++;
        if (known[i] == NULL)
            return refuse(f->list, f->list->lines, f->err,
                          "unknown key \"%.80s\" of %s; expected only %s", key, f->what, list);
    }
    return 0;
}

static int get_name(const struct fields *f, const char *key, char name[LIMIT_NAME])
{
    const char *text = json_string_value(get(f, key));

    if (text == NULL || strlen(text) >= LIMIT_NAME || plain_blank(text) || !plain_text(text))
        return wrong(f, key, "a text of 1 to 63 bytes without control characters");
    memcpy(name, text, strlen(text) + 1);
    return 0;
}

/* UTC_NONE when it is absent and may be. */
static int get_time(const struct fields *f, const char *key, bool needed, int64_t *utc_ms)
{
    const json_t *item = get(f, key);

    *utc_ms = UTC_NONE;
    if (item == NULL && !needed)
        return 0;
    if (!json_is_string(item) || utc_parse(json_string_value(item), utc_ms) != 0)
        return wrong(f, key,
                     needed ? "a time with offset such as 2026-11-01T00:00:00+09:00"
                            : "a time with offset such as 2026-11-01T00:00:00+09:00, or null");
    return 0;
}

/* -1 when it is absent and may be. */
static int get_word(const struct fields *f, const char *key, bool needed,
                    int (*parse)(const char *name), const char *expected, int *value)
{
    const json_t *item = get(f, key);

    *value = json_is_string(item) ? parse(json_string_value(item)) : -1;
    return *value < 0 && (item != NULL || needed) ? wrong(f, key, expected) : 0;
}

static int get_severity(const struct fields *f, bool needed, int *severity)
{
    return get_word(f, "severity", needed, outage_severity_parse, "emergency, severe or minor",
                    severity);
}

static int get_cause(const struct fields *f, bool needed, int *cause)
{
    return get_word(f, "cause", needed, outage_cause_parse,
                    "provider, force-majeure, third-party-software, third-party-service, customer, "
                    "customer-environment, attack, rate-limit or contract",
                    cause);
}

static int get_list(const struct fields *f, const char *key, const char *expected,
                    const json_t **list)
{
    *list = get(f, key);
    return *list != NULL && !json_is_array(*list) ? wrong(f, key, expected) : 0;
}

static int get_functions(const struct fields *f, struct function_set *set)
{
    const json_t *list;
    size_t i;
    int rc = get_list(f, "functions", "a list of the contract's functions", &list);

    for (i = 0; rc == 0 && i < json_array_size(list); i++) {
        const char *name = json_string_value(json_array_get(list, i));
        int function = name != NULL ? contract_function(f->list->contract, name) : -1;

        if (name == NULL)
            return wrong(f, "functions", "a list of the contract's functions");
        if (function < 0)
            return refuse(f->list, f->list->lines, f->err,
                          "functions of %s: the contract has no function \"%.80s\"", f->what, name);
        function_set_add(set, function);
    }
    return rc;
}

/* ---- events ---- */

/* The first word of a channel is the one that counts: later ones are read all the same. */
static int read_notified(struct event_list *list, const struct fields *outage, const char *id)
{
    static const char *const known[] = {"channel", "at", NULL};
    static const char expected[] = "a list of {\"channel\", \"at\"}";
    const json_t *notified;
    size_t i;
    int rc = get_list(outage, "notified", expected, &notified);

    for (i = 0; rc == 0 && i < json_array_size(notified); i++) {
        struct fields f = {list, "notified", json_array_get(notified, i), outage->err};
        struct notice *notice;

        if (!json_is_object(f.object))
            return wrong(outage, "notified", expected);
        if (list->history.n_notices == EVENT_LIST_NOTICES_MAX)
            return err_set(outage->err, ERR_LIMIT, "%s:%" PRIu64 ": more than %d in notified",
                           list->file, list->lines, EVENT_LIST_NOTICES_MAX);
        notice = history_notice(&list->history);
        memcpy(notice->outage, id, LIMIT_NAME);
        if ((rc = only(&f, known)) == 0 && (rc = get_name(&f, "channel", notice->channel)) == 0)
            rc = get_time(&f, "at", true, &notice->at_ms);
    }
    return rc;
}

static int check_outage(const struct fields *f, const struct outage *o)
{
    if (o->end_ms != UTC_NONE && o->end_ms < o->start_ms)
        return wrong(f, "end", "start or later");
    if (o->last_good_ms != UTC_NONE && o->last_good_ms > o->start_ms)
        return wrong(f, "last_good", "start or earlier");
    if (o->last_fail_ms != UTC_NONE && o->end_ms == UTC_NONE)
        return wrong(f, "last_fail", "none before there is an end");
    if (o->last_fail_ms != UTC_NONE &&
        (o->last_fail_ms < o->start_ms || o->last_fail_ms > o->end_ms))
        return wrong(f, "last_fail", "a time from start to end");
    if (o->repaired_ms != UTC_NONE && o->repaired_ms < o->start_ms)
        return wrong(f, "repaired", "start or later");
    return 0;
}

static int read_outage(struct event_list *list, const struct fields *f)
{
    static const char *const known[] = {
        "type",       "id",       "functions", "start", "end",      "last_good", "last_fail",
        "recognised", "repaired", "severity",  "cause", "notified", NULL};
    struct outage *o = history_outage(&list->history);
    int severity, cause, rc;

    if ((rc = only(f, known)) < 0 || (rc = get_name(f, "id", o->id)) < 0 ||
        (rc = get_functions(f, &o->functions)) < 0 ||
        (rc = get_time(f, "start", true, &o->start_ms)) < 0 ||
        (rc = get_time(f, "end", false, &o->end_ms)) < 0 ||
        (rc = get_time(f, "last_good", false, &o->last_good_ms)) < 0 ||
        (rc = get_time(f, "last_fail", false, &o->last_fail_ms)) < 0 ||
        (rc = get_time(f, "recognised", false, &o->recognised_ms)) < 0 ||
        (rc = get_time(f, "repaired", false, &o->repaired_ms)) < 0 ||
        (rc = get_severity(f, true, &severity)) < 0 || (rc = get_cause(f, true, &cause)) < 0 ||
        (rc = check_outage(f, o)) < 0)
        return rc;
    o->line = list->lines;
    o->severity = o->first_severity = (enum severity)severity;
    o->cause = o->first_cause = (enum cause)cause;
    return read_notified(list, f, o->id);
}

static int parse_kind(const char *name)
{
    return strcmp(name, "regular") == 0 ? 0 : strcmp(name, "emergency") == 0 ? 1 : -1;
}

static int read_maintenance(struct event_list *list, const struct fields *f)
{
    static const char *const known[] = {"type",  "id",  "functions", "kind", "announced",
                                        "start", "end", "finished",  NULL};
    struct window *w = history_window(&list->history);
    int emergency, rc;

    if ((rc = only(f, known)) < 0 || (rc = get_name(f, "id", w->id)) < 0 ||
        (rc = get_functions(f, &w->functions)) < 0 ||
        (rc = get_word(f, "kind", true, parse_kind, "regular or emergency", &emergency)) < 0 ||
        (rc = get_time(f, "announced", true, &w->announced_ms)) < 0 ||
        (rc = get_time(f, "start", true, &w->start_ms)) < 0 ||
        (rc = get_time(f, "end", true, &w->end_ms)) < 0 ||
        (rc = get_time(f, "finished", false, &w->finished_ms)) < 0)
        return rc;
    w->line = list->lines;
    w->emergency = emergency == 1;
    return w->end_ms < w->start_ms ? wrong(f, "end", "start or later") : 0;
}

static int read_unmonitored(struct event_list *list, const struct fields *f)
{
    static const char *const known[] = {"type", "functions", "start", "end", NULL};
    struct unmonitored *gap = history_gap(&list->history);
    int rc;

    if ((rc = only(f, known)) < 0 || (rc = get_functions(f, &gap->functions)) < 0 ||
        (rc = get_time(f, "start", true, &gap->start_ms)) < 0 ||
        (rc = get_time(f, "end", false, &gap->end_ms)) < 0)
        return rc;
    gap->line = list->lines;
    return gap->end_ms != UTC_NONE && gap->end_ms < gap->start_ms
               ? wrong(f, "end", "start or later")
               : 0;
}

static int read_amendment(struct event_list *list, const struct fields *f)
{
    static const char *const known[] = {"type", "id", "of", "at", "set", NULL};
    static const char *const settable[] = {"cause", "severity", NULL};
    struct amendment *a = history_amendment(&list->history);
    struct fields set = {list, "set", get(f, "set"), f->err};
    int rc;

    a->line = list->lines;
    if ((rc = only(f, known)) < 0 || (rc = get_name(f, "id", a->id)) < 0 ||
        (rc = get_name(f, "of", a->of)) < 0 || (rc = get_time(f, "at", true, &a->at_ms)) < 0)
        return rc;
    if (!json_is_object(set.object))
        return wrong(f, "set", "{\"cause\" or \"severity\": ..}");
    if ((rc = only(&set, settable)) < 0 || (rc = get_severity(&set, false, &a->severity)) < 0 ||
        (rc = get_cause(&set, false, &a->cause)) < 0)
        return rc;
    return a->severity < 0 && a->cause < 0 ? wrong(f, "set", "a cause or a severity") : 0;
}

static int read_event(struct event_list *list, const json_t *root, struct err *err)
{
    static const struct {
        const char *type;
        int (*read)(struct event_list *list, const struct fields *f);
    } events[] = {{"outage", read_outage},
                  {"maintenance", read_maintenance},
                  {"unmonitored", read_unmonitored},
                  {"amendment", read_amendment}};
    struct fields f = {list, "event", root, err};
    const char *type;
    size_t i;

    if (!json_is_object(root))
        return refuse(list, list->lines, err, "not a JSON object; expected one a line");
    type = json_string_value(get(&f, "type"));
    for (i = 0; type != NULL && i < sizeof events / sizeof events[0]; i++) {
        f.what = events[i].type;
        if (strcmp(type, f.what) == 0)
            return events[i].read(list, &f);
    }
    f.what = "event";
    return wrong(&f, "type", "outage, maintenance, unmonitored or amendment");
}

/* ---- lines ---- */

static bool blank(const char *line, size_t len)
{
    while (len > 0 && strchr(" \t\r", line[len - 1]) != NULL && line[len - 1] != '\0')
        len--;
    return len == 0;
}

int event_list_line(struct event_list *list, const char *line, size_t len, struct err *err)
{
    json_error_t problem;
    json_t *root;
    int rc;

    list->lines++;
    if (list->lines == 1 && len >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0) {
        line += 3;
        len -= 3;
    }
    if (list->lines > EVENT_LIST_LINES_MAX)
        return err_set(err, ERR_LIMIT, "%s: more than %d lines", list->file, EVENT_LIST_LINES_MAX);
    if (len > EVENT_LIST_LINE_MAX)
        return err_set(err, ERR_LIMIT, "%s:%" PRIu64 ": longer than %d bytes", list->file,
                       list->lines, EVENT_LIST_LINE_MAX);
    if (blank(line, len))
        return 0;
    root = json_loadb(line, len, JSON_REJECT_DUPLICATES, &problem);
    if (root == NULL)
        return refuse(list, list->lines, err, "not JSON, near byte %d: %.160s", problem.position,
                      problem.text);
    rc = read_event(list, root, err);
    json_decref(root);
    return rc;
}

/* ---- the whole ---- */

/* An outage, a maintenance or an amendment, by its id. */
struct entry {
    const char *id;
    uint64_t line;
    bool outage;
};

static int by_id(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int order = strcmp(x->id, y->id);

    return order != 0 ? order : (x->line > y->line) - (x->line < y->line);
}

/* Sorts them by id; names the earliest line that repeats one. */
static int check_unique(const struct event_list *list, struct entry *entries, size_t n,
                        struct err *err)
{
    const struct entry *again = NULL;
    size_t i;

    if (n > 1)
        qsort(entries, n, sizeof *entries, by_id);
    for (i = 1; i < n; i++)
        if (strcmp(entries[i].id, entries[i - 1].id) == 0 &&
            (again == NULL || entries[i].line < again->line))
            again = &entries[i];
    return again == NULL
               ? 0
               : refuse(list, again->line, err, "id \"%s\" is that of line %" PRIu64 ", too",
                        again->id, again[-1].line);
}

/* Each is of an outage. Lines are in order in the history. */
static int check_amended(const struct event_list *list, const struct entry *entries, size_t n,
                         struct err *err)
{
    size_t i;

    for (i = 0; i < list->history.n_amendments; i++) {
        const struct amendment *a = &list->history.amendments[i];
        size_t low = 0, high = n;

        while (low < high) {
            size_t middle = low + (high - low) / 2;

            if (strcmp(entries[middle].id, a->of) < 0)
                low = middle + 1;
            else
                high = middle;
        }
        if (low == n || strcmp(entries[low].id, a->of) != 0)
            return refuse(list, a->line, err,
                          "of of amendment is \"%s\", the id of no outage in the list", a->of);
        if (!entries[low].outage)
            return refuse(list, a->line, err,
                          "of of amendment is \"%s\", a maintenance; expected an outage's id",
                          a->of);
    }
    return 0;
}

static int check(const struct event_list *list, struct err *err)
{
    const struct history *h = &list->history;
    struct entry *entries = mem_zalloc(h->n_outages + h->n_windows + 1, sizeof *entries);
    struct entry *amendments = mem_zalloc(h->n_amendments + 1, sizeof *amendments);
    size_t i, n = 0;
    int rc;

    for (i = 0; i < h->n_outages; i++)
        entries[n++] = (struct entry){h->outages[i].id, h->outages[i].line, true};
    for (i = 0; i < h->n_windows; i++)
        entries[n++] = (struct entry){h->windows[i].id, h->windows[i].line, false};
    for (i = 0; i < h->n_amendments; i++)
        amendments[i] = (struct entry){h->amendments[i].id, h->amendments[i].line, false};
    if ((rc = check_unique(list, entries, n, err)) == 0 &&
        (rc = check_unique(list, amendments, h->n_amendments, err)) == 0)
        rc = check_amended(list, entries, n, err);
    mem_free(entries);
    mem_free(amendments);
    return rc;
}

#define BY_START(name, type)                                                                       \
    static int name(const void *a, const void *b)                                                  \
    {                                                                                              \
        const struct type *x = a, *y = b;                                                          \
                                                                                                   \
        if (x->start_ms != y->start_ms)                                                            \
            return x->start_ms < y->start_ms ? -1 : 1;                                             \
        return (x->line > y->line) - (x->line < y->line);                                          \
    }
BY_START(outage_by_start, outage)
BY_START(window_by_start, window)
BY_START(gap_by_start, unmonitored)

int event_list_end(struct event_list *list, struct history **history, struct err *err)
{
    struct history *h = &list->history;
    int rc = check(list, err);

    if (rc < 0)
        return rc;
    if (h->n_outages > 1)
        qsort(h->outages, h->n_outages, sizeof *h->outages, outage_by_start);
    if (h->n_windows > 1)
        qsort(h->windows, h->n_windows, sizeof *h->windows, window_by_start);
    if (h->n_gaps > 1)
        qsort(h->gaps, h->n_gaps, sizeof *h->gaps, gap_by_start);
    *history = h;
    return 0;
}

struct event_list *event_list_new(const struct contract *contract, const char *file)
{
    struct event_list *list = mem_zalloc(1, sizeof *list);

    list->contract = contract;
    list->file = file;
    return list;
}

void event_list_free(struct event_list *list)
{
    if (list == NULL)
        return;
    history_free(&list->history);
    mem_free(list);
}
