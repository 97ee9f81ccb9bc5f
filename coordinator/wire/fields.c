#include "wire/fields.h"
#include "base/check.h"
#include "base/plain.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FIELDS_MAX 32  /* of one table */
#define SHOWN_MAX 48   /* bytes of the operator's text in a message */
#define SUGGEST_LEN 32 /* longer keys get no suggestion */

int fields_refuse(struct reader *r, int line, const char *format, ...)
{
    va_list args;
    char text[ERR_TEXT_MAX];

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return err_set(r->err, ERR_INVALID, "%s:%d: %s", r->file, line, text);
}

/* What was found instead, for "expected ..., found ...". */
static const char *found(const struct doc *doc, char *room, size_t size)
{
    int line = doc->kind == DOC_TEXT ? (int)strcspn(doc->text, "\n") : 0;

    if (doc->kind != DOC_TEXT)
        return doc_kind_name(doc);
    if (doc->null)
        return "null";
    if (doc->text[0] == '\0')
        return "nothing";
    snprintf(room, size, "\"%.*s\"", SHOWN_MAX < line ? SHOWN_MAX : line, doc->text);
    return room;
}

int fields_expected(struct reader *r, const struct doc *doc, const char *what, const char *wanted)
{
    char room[SHOWN_MAX + 8];

    return fields_refuse(r, doc->line, "%s: expected %s, found %s", what, wanted,
                         found(doc, room, sizeof room));
}

static bool alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

int fields_text(struct reader *r, const struct doc *doc, const char *what, const char *chars,
                char *into, size_t size)
{
    char wanted[128];

    snprintf(wanted, sizeof wanted, "a text of 1 to %zu bytes", size - 1);
    if (doc->kind != DOC_TEXT || doc->text[0] == '\0' || strlen(doc->text) >= size)
        return fields_expected(r, doc, what, wanted);
    if (strchr(doc->text, '\n') != NULL)
        return fields_refuse(r, doc->line, "%s: expected a text in one line", what);
    for (const char *c = doc->text; *c != '\0' && chars != NULL; c++) {
        if (alphanumeric(*c) || strchr(chars, *c) != NULL)
            continue;
        snprintf(wanted, sizeof wanted, "only letters, digits and %s", chars);
        return fields_expected(r, doc, what, wanted);
    }
    memcpy(into, doc->text, strlen(doc->text) + 1);
    return 0;
}

int fields_name(struct reader *r, const struct doc *doc, const char *what, char *into, size_t size)
{
    int rc = fields_text(r, doc, what, NULL, into, size);

    if (rc != 0)
        return rc;
    for (const char *c = into; *c != '\0'; c++)
        if (!alphanumeric(*c) || (*c >= 'A' && *c <= 'Z'))
            if (c == into || (*c != '.' && *c != '-'))
                return fields_expected(
                    r, doc, what,
                    "a name that begins with a-z or 0-9 and has only a-z 0-9 . - in it");
    return 0;
}

int fields_plain(struct reader *r, const struct doc *doc, const char *what, char *into, size_t size)
{
    int rc = fields_text(r, doc, what, NULL, into, size);

    if (rc == 0 && (!plain_text(into) || plain_blank(into)))
        return fields_refuse(r, doc->line,
                             "%s: expected a text that can be seen, without control characters "
                             "or marks of direction",
                             what);
    return rc;
}

/* Decimal digits at `text`; false when there are none or too many. */
static bool digits(const char *text, int64_t *value, const char **end)
{
    const char *c = text;

    *value = 0;
    for (; *c >= '0' && *c <= '9'; c++) {
        if (c - text == 12)
            return false;
        *value = *value * 10 + (*c - '0');
    }
    *end = c;
    return c > text;
}

int fields_int(struct reader *r, const struct doc *doc, const char *what, int64_t min, int64_t max,
               int64_t *value)
{
    char wanted[96];
    const char *end;

    snprintf(wanted, sizeof wanted, "a number from %lld to %lld", (long long)min, (long long)max);
    if (doc->kind != DOC_TEXT || !digits(doc->text, value, &end) || *end != '\0' || *value < min ||
        *value > max)
        return fields_expected(r, doc, what, wanted);
    return 0;
}

static const struct {
    const char *name;
    int64_t ms;
} units[] = {{"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};

static void ms_text(int64_t ms, char *text, size_t size)
{
    for (size_t i = 0; i < ARRAY_LEN(units); i++)
        if (ms % units[i].ms == 0 && (ms > 0 || units[i].ms == 1000)) {
            snprintf(text, size, "%lld%s", (long long)(ms / units[i].ms), units[i].name);
            return;
        }
}

int fields_ms(struct reader *r, const struct doc *doc, const char *what, int64_t min, int64_t max,
              int64_t *ms)
{
    char wanted[128], low[24], high[24];
    const char *end;
    int64_t unit = 0;

    if (doc->kind == DOC_TEXT && digits(doc->text, ms, &end))
        for (size_t i = 0; i < ARRAY_LEN(units); i++)
            if (strcmp(end, units[i].name) == 0)
                unit = units[i].ms;
    /* At most 12 digits times 3 600 000 stays below 2^63. */
    if (unit > 0 && *ms * unit >= min && *ms * unit <= max) {
        *ms *= unit;
        return 0;
    }
    ms_text(min, low, sizeof low);
    ms_text(max, high, sizeof high);
    snprintf(wanted, sizeof wanted, "a duration with its unit (ms, s, m, h) from %s to %s", low,
             high);
    return fields_expected(r, doc, what, wanted);
}

static int read_bool(struct reader *r, const struct doc *doc, const char *what, bool *value)
{
    if (doc->kind != DOC_TEXT ||
        (strcmp(doc->text, "true") != 0 && strcmp(doc->text, "false") != 0))
        return fields_expected(r, doc, what, "true or false");
    *value = doc->text[0] == 't';
    return 0;
}

static int read_word(struct reader *r, const struct doc *doc, const char *what,
                     const char *const *words, void *into)
{
    char wanted[128] = "";
    size_t used = 0;

    for (int i = 0; words[i] != NULL; i++) {
        if (doc->kind == DOC_TEXT && strcmp(doc->text, words[i]) == 0) {
            memcpy(into, &i, sizeof i);
            return 0;
        }
        used += (size_t)snprintf(wanted + used, sizeof wanted - used, "%s%s",
                                 i == 0 ? "" : (words[i + 1] == NULL ? " or " : ", "), words[i]);
        CHECK(used < sizeof wanted);
    }
    return fields_expected(r, doc, what, wanted);
}

/* Edits (insert, delete, replace; Levenshtein 1966) between two short keys. */
static unsigned distance(const char *a, const char *b)
{
    unsigned row[SUGGEST_LEN + 1];
    size_t b_len = strlen(b);

    CHECK(b_len <= SUGGEST_LEN);
    for (size_t k = 0; k <= b_len; k++)
        row[k] = (unsigned)k;
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        unsigned diagonal = row[0];

        row[0] = (unsigned)i;
        for (size_t k = 1; k <= b_len; k++) {
            unsigned best = diagonal + (a[i - 1] != b[k - 1]);

            diagonal = row[k];
            if (row[k] + 1 < best)
                best = row[k] + 1;
            if (row[k - 1] + 1 < best)
                best = row[k - 1] + 1;
            row[k] = best;
        }
    }
    return row[b_len];
}

static int unknown_key(struct reader *r, const struct doc *child, const char *what,
                       const struct field *fields, size_t n)
{
    const char *nearest = NULL;
    size_t len = strlen(child->key);
    unsigned best = len < 4 ? 2 : 3; /* this many edits are no longer a slip of the finger */

    for (size_t i = 0; i < n && len <= SUGGEST_LEN; i++) {
        unsigned d = distance(child->key, fields[i].key);

        if (d < best) {
            best = d;
            nearest = fields[i].key;
        }
    }
    if (nearest != NULL)
        return fields_refuse(r, child->key_line, "unknown key \"%s\" in %s; did you mean \"%s\"?",
                             child->key, what, nearest);
    return fields_refuse(r, child->key_line, "unknown key \"%.*s\" in %s", SHOWN_MAX, child->key,
                         what);
}

static int read_field(struct reader *r, const struct doc *doc, const char *what,
                      const struct field *field, void *into)
{
    char name[96];
    char *at = (char *)into + field->at;
    int64_t value;
    int rc;

    snprintf(name, sizeof name, "%s of %s", field->key, what);
    switch (field->kind) {
    case FIELD_NAME:
        return fields_name(r, doc, name, at, field->size);
    case FIELD_TEXT:
        return fields_text(r, doc, name, field->chars, at, field->size);
    case FIELD_PLAIN:
        return fields_plain(r, doc, name, at, field->size);
    case FIELD_BOOL:
        return read_bool(r, doc, name, (bool *)at);
    case FIELD_WORD:
        return read_word(r, doc, name, field->words, at);
    case FIELD_READ:
        return field->read(r, doc, at);
    case FIELD_DOC:
        memcpy(at, &doc, sizeof doc);
        return 0;
    case FIELD_INT:
        rc = fields_int(r, doc, name, field->min, field->max, &value);
        break;
    default:
        rc = fields_ms(r, doc, name, field->min, field->max, &value);
        break;
    }
    if (rc == 0 && field->size == sizeof(uint32_t)) {
        uint32_t narrow = (uint32_t)value;

        memcpy(at, &narrow, sizeof narrow);
    } else if (rc == 0) {
        CHECK(field->size == sizeof value);
        memcpy(at, &value, sizeof value);
    }
    return rc;
}

int fields_read(struct reader *r, const struct doc *doc, const char *what,
                const struct field *fields, size_t n, void *into)
{
    const struct doc *values[FIELDS_MAX] = {NULL};
    int rc = 0;

    CHECK(n <= FIELDS_MAX);
    if (doc->kind != DOC_MAP)
        return fields_expected(r, doc, what, "a map of keys and values");
    for (const struct doc *child = doc->first; child != NULL; child = child->next) {
        size_t i = 0;

        while (i < n && strcmp(fields[i].key, child->key) != 0)
            i++;
        if (i == n)
            return unknown_key(r, child, what, fields, n);
        if (values[i] != NULL)
            return fields_refuse(r, child->key_line,
                                 "key \"%s\" comes twice in %s, first in line %d", child->key, what,
                                 values[i]->key_line);
        values[i] = child;
    }
    for (size_t i = 0; i < n && rc == 0; i++) {
        if (values[i] != NULL && !values[i]->null)
            rc = read_field(r, values[i], what, &fields[i], into);
        else if (fields[i].required)
            rc = fields_refuse(r, doc->line, "%s: key \"%s\" is missing", what, fields[i].key);
    }
    return rc;
}

int fields_list(struct reader *r, const struct doc *doc, const char *what, int max,
                int (*read)(struct reader *r, const struct doc *doc, void *into), void *into)
{
    int rc = 0, n = 0;

    if (doc->kind != DOC_LIST)
        return fields_expected(r, doc, what, "a list");
    for (const struct doc *child = doc->first; child != NULL && rc == 0; child = child->next) {
        if (++n > max)
            return fields_refuse(r, child->line, "%s: more than %d", what, max);
        if (child->null)
            return fields_expected(r, child, what, "no null in the list");
        rc = read(r, child, into);
    }
    return rc;
}
