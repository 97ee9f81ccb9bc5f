#include "wire/doc.h"
#include "base/limits.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>
#include <yaml.h>

struct build {
    const char *file;
    struct err *err;
    yaml_parser_t parser;
    struct doc *root;
    struct doc *open[DOC_DEPTH_MAX]; /* the lists and maps we are in */
    struct doc *last[DOC_DEPTH_MAX]; /* newest child of each */
    int depth;
    char *key; /* read, its value is still to come */
    int key_line;
};

void doc_free(struct doc *doc)
{
    while (doc != NULL) {
        struct doc *next = doc->next;

        doc_free(doc->first); /* at most DOC_DEPTH_MAX deep */
        mem_free((char *)doc->key);
        mem_free((char *)doc->text);
        mem_free(doc);
        doc = next;
    }
}

int doc_count(const struct doc *doc)
{
    int n = 0;

    for (const struct doc *child = doc->first; child != NULL; child = child->next)
        n++;
    return n;
}

const char *doc_kind_name(const struct doc *doc)
{
    static const char *const names[] = {"a text", "a list", "a map"};

    return names[doc->kind];
}

static int refuse(struct build *b, const yaml_event_t *event, const char *why)
{
    return err_set(b->err, ERR_INVALID, "%s:%zu: %s", b->file, event->start_mark.line + 1, why);
}

/* Hangs a new node into the innermost open list or map. */
static struct doc *add(struct build *b, enum doc_kind kind, const yaml_event_t *event)
{
    struct doc *doc = mem_zalloc(1, sizeof *doc);

    doc->kind = kind;
    doc->line = (int)event->start_mark.line + 1;
    doc->key = b->key;
    doc->key_line = b->key_line;
    b->key = NULL;
    if (b->depth == 0)
        b->root = doc;
    else if (b->last[b->depth - 1] == NULL)
        b->open[b->depth - 1]->first = doc;
    else
        b->last[b->depth - 1]->next = doc;
    if (b->depth > 0)
        b->last[b->depth - 1] = doc;
    return doc;
}

static bool wants_key(const struct build *b)
{
    return b->depth > 0 && b->open[b->depth - 1]->kind == DOC_MAP && b->key == NULL;
}

static int on_open(struct build *b, enum doc_kind kind, const yaml_event_t *event)
{
    if (wants_key(b))
        return refuse(b, event, "a key must be a text");
    if (b->depth == DOC_DEPTH_MAX)
        return refuse(b, event, "nested too deeply");
    b->open[b->depth] = add(b, kind, event);
    b->last[b->depth] = NULL;
    b->depth++;
    return 0;
}

static int on_text(struct build *b, const yaml_event_t *event)
{
    const char *value = (const char *)event->data.scalar.value;
    size_t len = event->data.scalar.length;
    struct doc *doc;
    char *text;

    for (size_t i = 0; i < len; i++)
        if (((unsigned char)value[i] < ' ' && (value[i] != '\n' || wants_key(b))) ||
            value[i] == 0x7f)
            return refuse(b, event, "control characters are not allowed");
    text = mem_alloc(len + 1);
    memcpy(text, value, len);
    text[len] = '\0';
    if (wants_key(b)) {
        b->key = text;
        b->key_line = (int)event->start_mark.line + 1;
    } else {
        doc = add(b, DOC_TEXT, event);
        doc->text = text;
        doc->block = event->data.scalar.style == YAML_LITERAL_SCALAR_STYLE;
        doc->null =
            strcmp(text, "null") == 0 && event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    }
    return 0;
}

static int on_event(struct build *b, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_ALIAS_EVENT:
        return refuse(b, event, "aliases are not allowed: write the value out");
    case YAML_DOCUMENT_START_EVENT:
        return b->root != NULL ? refuse(b, event, "a second document is not allowed") : 0;
    case YAML_SCALAR_EVENT:
        if (event->data.scalar.anchor != NULL)
            return refuse(b, event, "anchors are not allowed");
        if (event->data.scalar.tag != NULL)
            return refuse(b, event, "tags are not allowed");
        return on_text(b, event);
    case YAML_SEQUENCE_START_EVENT:
        if (event->data.sequence_start.anchor != NULL)
            return refuse(b, event, "anchors are not allowed");
        if (event->data.sequence_start.tag != NULL)
            return refuse(b, event, "tags are not allowed");
        return on_open(b, DOC_LIST, event);
    case YAML_MAPPING_START_EVENT:
        if (event->data.mapping_start.anchor != NULL)
            return refuse(b, event, "anchors are not allowed");
        if (event->data.mapping_start.tag != NULL)
            return refuse(b, event, "tags are not allowed");
        return on_open(b, DOC_MAP, event);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        b->depth--;
        return 0;
    default:
        return 0;
    }
}

static int bad_yaml(struct build *b, const unsigned char *yaml, size_t len)
{
    const yaml_parser_t *p = &b->parser;
    size_t line = p->problem_mark.line;

    if (p->error == YAML_READER_ERROR) { /* has an offset instead of a mark */
        line = 0;
        for (size_t i = 0; i < len && i < p->problem_offset; i++)
            line += yaml[i] == '\n';
    }
    return err_set(b->err, ERR_INVALID, "%s:%zu: not YAML: %s%s%s", b->file, line + 1,
                   p->context != NULL ? p->context : "", p->context != NULL ? ", " : "",
                   p->problem != NULL ? p->problem : "unreadable");
}

static int build(struct build *b, const unsigned char *yaml, size_t len)
{
    bool end = false;
    int rc = 0;

    while (rc == 0 && !end) {
        yaml_event_t event;

        if (!yaml_parser_parse(&b->parser, &event))
            return bad_yaml(b, yaml, len);
        end = event.type == YAML_STREAM_END_EVENT;
        rc = on_event(b, &event);
        yaml_event_delete(&event);
    }
    if (rc == 0 && b->root == NULL)
        return err_set(b->err, ERR_INVALID, "%s: is empty", b->file);
    return rc;
}

/* ---- JSON ---- */

/* An escape of four hexadecimal digits, \u91ce; -1: there is none. */
static int escaped(const unsigned char *at, const unsigned char *end)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    int value = 0;

    if (end - at < 6 || at[0] != '\\' || at[1] != 'u')
        return -1;
    for (int i = 2; i < 6; i++) {
        const char *digit = at[i] != '\0' ? strchr(digits, at[i]) : NULL;

        if (digit == NULL)
            return -1;
        value = value * 16 + (int)(digit - digits) % 16;
    }
    return value;
}

/* JSON escapes what is beyond 16 bits as two halves, \ud842\udfb7, YAML as \U00020bb7.
 * Puts YAML's in their place; returns the new length. */
static size_t join_halves(unsigned char *text, size_t len)
{
    unsigned char *into = text;
    const unsigned char *at = text, *end = text + len;

    while (at < end) {
        int high = escaped(at, end), low = high >= 0 ? escaped(at + 6, end) : -1;
        size_t n = *at == '\\' && end - at >= 2 ? 2 : 1; /* an escape, whatever it says */

        if (high >= 0xd800 && high <= 0xdbff && low >= 0xdc00 && low <= 0xdfff) {
            char joined[16];

            snprintf(joined, sizeof joined, "\\U%08x",
                     0x10000 + ((unsigned)(high - 0xd800) << 10) + (unsigned)(low - 0xdc00));
            memcpy(into, joined, 10);
            into += 10;
            at += 12;
            continue;
        }
        memmove(into, at, n);
        into += n;
        at += n;
    }
    return (size_t)(into - text);
}

static bool looks_like_json(const unsigned char *text, size_t len)
{
    size_t i = 0;

    while (i < len && strchr(" \t\r\n", text[i]) != NULL && text[i] != '\0')
        i++;
    return i < len && text[i] == '{';
}

int doc_parse(const char *file, const unsigned char *yaml, size_t len, struct doc **root,
              struct err *err)
{
    struct build b = {.file = file, .err = err};
    unsigned char *json = NULL;
    int rc;

    *root = NULL;
    if (len > LIMIT_CONFIG)
        return err_set(err, ERR_LIMIT, "%s: %zu bytes are more than %d", file, len, LIMIT_CONFIG);
    if (len == 0) /* `yaml` may be NULL, which libyaml does not take */
        return err_set(err, ERR_INVALID, "%s: is empty", file);
    if (!yaml_parser_initialize(&b.parser))
        return err_set(err, ERR_LIMIT, "%s: no memory to parse it", file);
    if (looks_like_json(yaml, len)) {
        json = mem_dup(yaml, len);
        len = join_halves(json, len);
        yaml = json;
    }
    yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&b.parser, yaml, len);
    rc = build(&b, yaml, len);
    yaml_parser_delete(&b.parser);
    mem_free(b.key);
    mem_free(json);
    if (rc != 0)
        doc_free(b.root);
    else
        *root = b.root;
    return rc;
}
