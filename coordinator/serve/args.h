/* A request's arguments: a JSON object held against a small table. Unknown, missing and
 * wrongly typed keys are ERR_INVALID with the key in the text. */
#ifndef SERVE_ARGS_H
#define SERVE_ARGS_H

#include "base/buf.h"
#include "base/err.h"
#include "core/entry.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum arg_kind { ARG_TEXT, ARG_INT, ARG_BOOL, ARG_LIST };

struct arg {
    const char *name; /* NULL ends a table */
    enum arg_kind kind;
    bool required;
};

/* *args is the caller's (json_decref), also when it is {}. */
int args_parse(const struct buf *bytes, const struct arg *table, json_t **args, struct err *err);

/* Copies a text into out[size]; "" when absent. Too long, control characters: ERR_INVALID. */
int args_text(const json_t *args, const char *key, char *out, size_t size, struct err *err);
/* A text of several lines of at most `max` bytes, borrowed; NULL when absent. Longer, blank,
 * other control characters: ERR_INVALID. */
int args_lines(const json_t *args, const char *key, size_t max, const char **text, struct err *err);
/* A number in [min, max]; `otherwise` when absent. */
int args_int(const json_t *args, const char *key, int64_t min, int64_t max, int64_t otherwise,
             int64_t *out, struct err *err);
bool args_bool(const json_t *args, const char *key);
/* RFC 3339 with an offset. */
int args_time(const json_t *args, const char *key, int64_t *utc_ms, struct err *err);
/* "id": 32 hexadecimal digits, not all zero. */
int args_id(const json_t *args, struct command_id *id, struct err *err);

#endif
