#include "report/ledger_fields.h"
#include "base/utc.h"

#include <inttypes.h>
#include <string.h>

int fields_parse(struct fields *f, const char *line, size_t len)
{
    json_error_t problem;

    f->root = json_loadb(line, len, JSON_REJECT_DUPLICATES, &problem);
    return f->root != NULL ? 0
                           : err_set(f->err, ERR_INVALID, "entry %" PRIu64 ": not JSON: %s", f->seq,
                                     problem.text);
}

int field_wrong(struct fields *f, const char *key, const char *expected)
{
    return err_set(f->err, ERR_INVALID, "entry %" PRIu64 ": field %s: %s", f->seq, key, expected);
}

int field_number(struct fields *f, const char *key, uint64_t *value)
{
    const json_t *item = json_object_get(f->root, key);

    if (!json_is_integer(item) || json_integer_value(item) < 0)
        return field_wrong(f, key, "a number expected");
    *value = (uint64_t)json_integer_value(item);
    return 0;
}

static bool absent(const json_t *item)
{
    return item == NULL || json_is_null(item);
}

int field_time(struct fields *f, const char *key, bool may_be_null, int64_t *utc_ms)
{
    const json_t *item = json_object_get(f->root, key);

    *utc_ms = UTC_NONE;
    if (may_be_null && absent(item))
        return 0;
    if (!json_is_string(item) || utc_parse(json_string_value(item), utc_ms) != 0)
        return field_wrong(f, key, may_be_null ? "a time or null expected" : "a time expected");
    return 0;
}

int field_word(struct fields *f, const char *key, int (*parse)(const char *name), bool may_be_null,
               int *value)
{
    const json_t *item = json_object_get(f->root, key);

    *value = json_is_string(item) ? parse(json_string_value(item)) : -1;
    if (may_be_null && absent(item))
        return 0;
    return *value < 0 ? field_wrong(f, key, "not one of the known words") : 0;
}

int field_text(struct fields *f, const char *key, char *text, size_t size)
{
    const json_t *item = json_object_get(f->root, key);

    text[0] = '\0';
    if (absent(item))
        return 0;
    if (!json_is_string(item) || json_string_length(item) >= size)
        return field_wrong(f, key, "a text expected, or it is too long");
    memcpy(text, json_string_value(item), json_string_length(item) + 1);
    return 0;
}
