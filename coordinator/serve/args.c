#include "serve/args.h"
#include "base/plain.h"
#include "base/utc.h"

#include <inttypes.h>
#include <string.h>

static const struct arg *find(const struct arg *table, const char *name)
{
    for (; table->name != NULL; table++)
        if (strcmp(table->name, name) == 0)
            return table;
    return NULL;
}

static bool fits(const json_t *value, enum arg_kind kind)
{
    switch (kind) {
    case ARG_TEXT:
        return json_is_string(value);
    case ARG_INT:
        return json_is_integer(value);
    case ARG_BOOL:
        return json_is_boolean(value);
    case ARG_LIST:
        return json_is_array(value);
    }
    return false;
}

static const char *kind_name(enum arg_kind kind)
{
    static const char *const names[] = {"a text", "a whole number", "true or false", "a list"};

    return names[kind];
}

static int unknown(const struct arg *table, const char *key, struct err *err)
{
    struct buf known = {0};

    for (; table->name != NULL; table++)
        buf_printf(&known, "%s%s", known.len > 0 ? ", " : "", table->name);
    err_set(err, ERR_INVALID, "unknown argument \"%.64s\"; known: %s", key,
            known.len > 0 ? buf_cstr(&known) : "none");
    buf_free(&known);
    return ERR_INVALID;
}

static int hold_against(json_t *args, const struct arg *table, struct err *err)
{
    const char *key;
    json_t *value;

    json_object_foreach(args, key, value)
    {
        const struct arg *arg = find(table, key);

        if (arg == NULL)
            return unknown(table, key, err);
        if (!fits(value, arg->kind))
            return err_set(err, ERR_INVALID, "argument \"%s\" is to be %s", key,
                           kind_name(arg->kind));
    }
    for (; table->name != NULL; table++)
        if (table->required && json_object_get(args, table->name) == NULL)
            return err_set(err, ERR_INVALID, "argument \"%s\" is missing", table->name);
    return 0;
}

int args_parse(const struct buf *bytes, const struct arg *table, json_t **args, struct err *err)
{
    json_error_t where;
    int r;

    *args = bytes->len > 0
                ? json_loadb((const char *)bytes->data, bytes->len, JSON_REJECT_DUPLICATES, &where)
                : json_object();
    if (*args == NULL)
        return err_set(err, ERR_INVALID, "the arguments are not JSON: %s", where.text);
    if (json_is_object(*args))
        r = hold_against(*args, table, err);
    else
        r = err_set(err, ERR_INVALID, "the arguments are not a JSON object");
    if (r != 0) {
        json_decref(*args);
        *args = NULL;
    }
    return r;
}

int args_text(const json_t *args, const char *key, char *out, size_t size, struct err *err)
{
    const json_t *value = json_object_get(args, key);
    const char *text = value != NULL ? json_string_value(value) : "";
    size_t len = strlen(text);

    if (len >= size)
        return err_set(err, ERR_INVALID, "argument \"%s\" is longer than %zu bytes", key, size - 1);
    if (!plain_text(text))
        return err_set(err, ERR_INVALID,
                       "argument \"%s\" has control characters or marks of direction", key);
    memcpy(out, text, len + 1);
    return 0;
}

int args_lines(const json_t *args, const char *key, size_t max, const char **text, struct err *err)
{
    *text = json_string_value(json_object_get(args, key));
    if (*text == NULL)
        return 0;
    if (strlen(*text) > max)
        return err_set(err, ERR_INVALID, "argument \"%s\" is longer than %zu bytes", key, max);
    if (!plain_lines(*text))
        return err_set(err, ERR_INVALID,
                       "argument \"%s\" has control characters other than ends of lines, or marks "
                       "of direction",
                       key);
    if (plain_blank(*text))
        return err_set(err, ERR_INVALID, "argument \"%s\" is empty", key);
    return 0;
}

int args_int(const json_t *args, const char *key, int64_t min, int64_t max, int64_t otherwise,
             int64_t *out, struct err *err)
{
    const json_t *value = json_object_get(args, key);

    *out = value != NULL ? json_integer_value(value) : otherwise;
    if (value != NULL && (*out < min || *out > max))
        return err_set(err, ERR_INVALID,
                       "argument \"%s\" is %" PRId64 ", allowed: %" PRId64 " to %" PRId64, key,
                       *out, min, max);
    return 0;
}

bool args_bool(const json_t *args, const char *key)
{
    return json_is_true(json_object_get(args, key));
}

int args_time(const json_t *args, const char *key, int64_t *utc_ms, struct err *err)
{
    const char *text = json_string_value(json_object_get(args, key));

    if (utc_parse(text, utc_ms) != 0)
        return err_set(err, ERR_INVALID,
                       "argument \"%s\" is \"%.40s\", not a time such as "
                       "2026-11-22T00:00:00+09:00",
                       key, text);
    return 0;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

int args_id(const json_t *args, struct command_id *id, struct err *err)
{
    const char *text = json_string_value(json_object_get(args, "id"));
    size_t i;
    bool zero = true;

    if (strlen(text) != 2 * sizeof id->bytes)
        goto wrong;
    for (i = 0; i < sizeof id->bytes; i++) {
        int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

        if (high < 0 || low < 0)
            goto wrong;
        id->bytes[i] = (uint8_t)(high * 16 + low);
        zero = zero && id->bytes[i] == 0;
    }
    if (!zero)
        return 0;
wrong:
    return err_set(err, ERR_INVALID, "argument \"id\" is not 32 hexadecimal digits (a-f small)");
}
