#include "core/notice/template.h"
#include "base/check.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "base/plain.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char *const names[TEMPLATE_NAMES] = {
    [TEMPLATE_SUBJECT] = "subject",
    [TEMPLATE_TEXT] = "text",
    [TEMPLATE_CLUSTER] = "cluster",
    [TEMPLATE_NOTICE] = "notice",
    [TEMPLATE_RULE] = "rule",
    [TEMPLATE_RECEIVER] = "receiver",
    [TEMPLATE_TIME] = "time",
    [TEMPLATE_SEVERITY] = "severity",
    [TEMPLATE_COUNT] = "count",
    [TEMPLATE_MORE] = "more",
    [TEMPLATE_OPEN] = "open",
    [TEMPLATE_REPEAT] = "repeat",
    [TEMPLATE_ESCALATED] = "escalated",
    [TEMPLATE_TEST] = "test",
    [TEMPLATE_STATUS_URL] = "status_url",
    [TEMPLATE_EVENTS] = "events",
};

static const char *const event_names[TEMPLATE_EVENT_NAMES] = {
    [TEMPLATE_EVENT] = "event",
    [TEMPLATE_WORDS] = "words",
    [TEMPLATE_SUMMARY] = "summary",
    [TEMPLATE_FUNCTION] = "function",
    [TEMPLATE_EVENT_SEVERITY] = "event_severity",
    [TEMPLATE_START] = "start",
    [TEMPLATE_END] = "end",
    [TEMPLATE_DURATION] = "duration",
    [TEMPLATE_RECOGNISED] = "recognised",
    [TEMPLATE_POST] = "post",
    [TEMPLATE_OUTAGE] = "outage",
    [TEMPLATE_ROUTE] = "route",
    [TEMPLATE_SERVER] = "server",
    [TEMPLATE_CHECK] = "check",
    [TEMPLATE_REASON] = "reason",
    [TEMPLATE_SEQ] = "seq",
};

/* A name's place: those of events come after those of the notice. */
#define EVENT_FIRST TEMPLATE_NAMES
#define NAME_MAX_LEN 32

struct tag {
    char kind; /* 'v' a value, '#', '^', '/', '!'; 0: there is no further one */
    int name;  /* -1: of none that there is */
    char text[NAME_MAX_LEN];
    const char *begin, *end; /* with the rest of its line, where it stands alone on it */
    const char *at;          /* its own first brace */
    bool open;               /* it has no end */
};

static int find(const char *name)
{
    for (int i = 0; i < TEMPLATE_NAMES; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    for (int i = 0; i < TEMPLATE_EVENT_NAMES; i++)
        if (strcmp(event_names[i], name) == 0)
            return EVENT_FIRST + i;
    return -1;
}

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* A line that only a section's tag or a comment stands on goes with it. */
static void take_line(const char *text, struct tag *tag)
{
    const char *begin = tag->begin, *end = tag->end;

    while (begin > text && blank(begin[-1]))
        begin--;
    while (blank(*end))
        end++;
    if ((begin > text && begin[-1] != '\n') || (*end != '\n' && *end != '\0'))
        return;
    tag->begin = begin;
    tag->end = *end == '\n' ? end + 1 : end;
}

static struct tag next_tag(const char *text, const char *from)
{
    struct tag tag = {.at = strstr(from, "{{"), .name = -1};
    const char *inner, *close;
    size_t len;

    if (tag.at == NULL)
        return tag;
    inner = tag.at + 2;
    close = strstr(inner, "}}");
    tag.begin = tag.at;
    tag.open = close == NULL;
    tag.end = tag.open ? inner : close + 2;
    tag.kind = *inner != '\0' && strchr("#^/!", *inner) != NULL ? *inner++ : 'v';
    if (tag.open)
        return tag;
    while (inner < close && blank(*inner))
        inner++;
    while (close > inner && blank(close[-1]))
        close--;
    len = (size_t)(close - inner);
    snprintf(tag.text, sizeof tag.text, "%.*s", (int)plain_cut(inner, len, sizeof tag.text - 1),
             inner);
    if (len < sizeof tag.text)
        tag.name = find(tag.text);
    if (tag.kind != 'v')
        take_line(text, &tag);
    return tag;
}

struct checker {
    const char *name, *text;
    int first_line;
    struct err *err;
    struct {
        int name, line;
    } open[TEMPLATE_DEPTH];
    int depth;
};

static int line_of(const struct checker *c, const char *at)
{
    int line = c->first_line;

    for (const char *p = c->text; p < at; p++)
        line += *p == '\n';
    return line;
}

static const char *spelt(int name)
{
    return name < EVENT_FIRST ? names[name] : event_names[name - EVENT_FIRST];
}

static bool in_events(const struct checker *c)
{
    for (int i = 0; i < c->depth; i++)
        if (c->open[i].name == TEMPLATE_EVENTS)
            return true;
    return false;
}

static void list_names(bool events, struct buf *out)
{
    for (int i = 0; i < TEMPLATE_NAMES; i++)
        buf_printf(out, "%s%s", i > 0 ? ", " : "", names[i]);
    for (int i = 0; events && i < TEMPLATE_EVENT_NAMES; i++)
        buf_printf(out, ", %s", event_names[i]);
}

static int unknown(const struct checker *c, const struct tag *tag)
{
    struct buf list = {0};
    char text[NAME_MAX_LEN];
    int rv;

    snprintf(text, sizeof text, "%s", tag->text);
    plain_clean(text);
    list_names(in_events(c), &list);
    rv = err_set(c->err, ERR_INVALID, "template %s, line %d: no name \"%s\": want one of %s",
                 c->name, line_of(c, tag->at), text, buf_cstr(&list));
    buf_free(&list);
    return rv;
}

static int check_close(struct checker *c, const struct tag *tag, int line)
{
    if (c->depth == 0)
        return err_set(c->err, ERR_INVALID,
                       "template %s, line %d: {{/%s}} closes a section that is not open", c->name,
                       line, tag->text);
    if (c->open[c->depth - 1].name != tag->name)
        return err_set(c->err, ERR_INVALID,
                       "template %s, line %d: {{/%s}} where {{/%s}}, for line %d, was expected",
                       c->name, line, tag->text, spelt(c->open[c->depth - 1].name),
                       c->open[c->depth - 1].line);
    c->depth--;
    return 0;
}

static int check_tag(struct checker *c, const struct tag *tag)
{
    int line = line_of(c, tag->at);

    if (tag->open)
        return err_set(c->err, ERR_INVALID, "template %s, line %d: \"{{\" without \"}}\"", c->name,
                       line);
    if (tag->kind == '!')
        return 0;
    if (tag->name < 0)
        return unknown(c, tag);
    if (tag->kind == '/')
        return check_close(c, tag, line);
    if (tag->name >= EVENT_FIRST && !in_events(c))
        return err_set(c->err, ERR_INVALID,
                       "template %s, line %d: \"%s\" is of one event: want it inside {{#events}} … "
                       "{{/events}}",
                       c->name, line, tag->text);
    if (tag->kind == 'v')
        return tag->name != TEMPLATE_EVENTS
                   ? 0
                   : err_set(c->err, ERR_INVALID,
                             "template %s, line %d: \"events\" is no value: want {{#events}}",
                             c->name, line);
    if (tag->name == TEMPLATE_EVENTS && in_events(c))
        return err_set(c->err, ERR_INVALID, "template %s, line %d: \"events\" inside of \"events\"",
                       c->name, line);
    if (c->depth == TEMPLATE_DEPTH)
        return err_set(c->err, ERR_INVALID,
                       "template %s, line %d: more than %d sections inside of each other", c->name,
                       line, TEMPLATE_DEPTH);
    c->open[c->depth].name = tag->name;
    c->open[c->depth++].line = line;
    return 0;
}

int template_check(const char *name, const char *text, int first_line, struct err *err)
{
    struct checker c = {.name = name, .text = text, .first_line = first_line, .err = err};
    struct tag tag;
    int rv;

    for (tag = next_tag(text, text); tag.kind != 0; tag = next_tag(text, tag.end)) {
        rv = check_tag(&c, &tag);
        if (rv != 0)
            return rv;
    }
    if (c.depth > 0)
        return err_set(err, ERR_INVALID, "template %s, line %d: {{#%s}} without {{/%s}}", name,
                       c.open[c.depth - 1].line, spelt(c.open[c.depth - 1].name),
                       spelt(c.open[c.depth - 1].name));
    return 0;
}

struct writer {
    const char *text;
    const struct template_values *values;
    enum template_escape escape;
    size_t max; /* length of `out` */
    struct buf *out;
    bool cut;
};

static void put(struct writer *w, const char *text, size_t len)
{
    size_t room = w->max - w->out->len, fits = w->cut ? 0 : plain_cut(text, len, room);

    buf_append(w->out, text, fits);
    w->cut = w->cut || fits < len;
}

static const char *value_of(const struct writer *w, const struct template_event *event, int name)
{
    const char *value = NULL;

    if (name < EVENT_FIRST)
        value = w->values->values[name];
    else if (event != NULL)
        value = event->values[name - EVENT_FIRST];
    return value != NULL ? value : "";
}

static void put_value(struct writer *w, const char *value)
{
    size_t len = plain_cut(value, strlen(value), TEMPLATE_VALUE_MAX);
    char *text = mem_alloc(len + 1);
    struct buf json = {0};
    struct jsonw j;

    memcpy(text, value, len);
    text[len] = '\0';
    plain_clean_lines(text);
    if (w->escape == TEMPLATE_JSON) {
        jsonw_begin(&j, &json);
        jsonw_str(&j, NULL, text);
        if (json.len - 2 <= w->max - w->out->len) /* half an escape is none */
            put(w, (const char *)json.data + 1, json.len - 2);
        else
            w->cut = true;
    } else {
        put(w, text, len);
    }
    buf_free(&json);
    mem_free(text);
}

/* The tag that closes the section which is open at `from`. */
static struct tag close_of(const struct writer *w, const char *from)
{
    struct tag tag = next_tag(w->text, from);

    for (int depth = 1; tag.kind != 0; tag = next_tag(w->text, tag.end)) {
        depth += tag.kind == '#' || tag.kind == '^' ? 1 : tag.kind == '/' ? -1 : 0;
        if (depth == 0)
            break;
    }
    CHECK(tag.kind == '/'); /* it passed template_check() */
    return tag;
}

static void render(struct writer *w, const char *from, const char *to,
                   const struct template_event *event);

static void section(struct writer *w, const struct tag *open, const struct tag *close,
                    const struct template_event *event)
{
    int times;

    if (open->name == TEMPLATE_EVENTS)
        times = w->values->n_events;
    else
        times = value_of(w, event, open->name)[0] != '\0';
    if (open->kind == '^')
        times = times == 0;
    for (int i = 0; i < times && !w->cut; i++)
        render(w, open->end, close->begin,
               open->name == TEMPLATE_EVENTS && open->kind == '#' ? &w->values->events[i] : event);
}

/* Recursion ends with TEMPLATE_DEPTH. */
static void render(struct writer *w, const char *from, const char *to,
                   const struct template_event *event)
{
    struct tag tag, close;

    for (tag = next_tag(w->text, from); tag.kind != 0 && tag.begin < to && !w->cut;
         tag = next_tag(w->text, from)) {
        if (tag.begin > from)
            put(w, from, (size_t)(tag.begin - from));
        from = tag.end;
        if (tag.kind == 'v') {
            put_value(w, value_of(w, event, tag.name));
        } else if (tag.kind != '!') {
            close = close_of(w, tag.end);
            section(w, &tag, &close, event);
            from = close.end;
        }
    }
    if (from < to)
        put(w, from, (size_t)(to - from));
}

int template_render(const char *text, const struct template_values *values,
                    enum template_escape escape, size_t max, struct buf *out)
{
    struct writer w = {
        .text = text, .values = values, .escape = escape, .max = out->len + max, .out = out};

    render(&w, text, text + strlen(text), NULL);
    return w.cut ? 1 : 0;
}
