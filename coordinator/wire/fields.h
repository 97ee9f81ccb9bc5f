/* Tables that say which keys a map of the configuration may have and where their
 * values go. One place knows unknown, repeated and missing keys, wrong types and
 * ranges, and words them for the operator. */
#ifndef WIRE_FIELDS_H
#define WIRE_FIELDS_H

#include "wire/doc.h"

#include <stdbool.h>
#include <stdint.h>

struct reader {
    const char *file;
    struct err *err;
    void *context; /* for field.read: the caller's */
};

enum field_kind {
    FIELD_NAME, /* [a-z0-9][a-z0-9.-]*, shorter than `size` */
    FIELD_TEXT, /* one line, not empty, shorter than `size`; of letters, digits and `chars` if given
                 */
    FIELD_PLAIN, /* plain (base/plain.h) and not blank, shorter than `size` */
    FIELD_INT,   /* min .. max, into 4 bytes */
    FIELD_MS,    /* a duration "100ms", "15s", "5m", "1h"; min .. max in ms, into 4 or 8 bytes */
    FIELD_BOOL,
    FIELD_WORD, /* one of `words`; its number into an enum */
    FIELD_READ, /* `read` does it; with .at = 0 it gets the whole struct */
    FIELD_DOC,  /* a pointer to the node itself, for later */
};

struct field {
    const char *key;
    enum field_kind kind;
    bool required;
    size_t at, size; /* of the member: FIELD_AT() */
    int64_t min, max;
    const char *chars;        /* NULL: any */
    const char *const *words; /* NULL at the end */
    int (*read)(struct reader *r, const struct doc *doc, void *into);
};

#define FIELD_AT(type, member) .at = offsetof(type, member), .size = sizeof(((type *)0)->member)

/* Reads map `doc` into `into`, in the order of the table. `what` names the map in
 * messages ("check"). Members that are not in the map, or null, keep their value. */
int fields_read(struct reader *r, const struct doc *doc, const char *what,
                const struct field *fields, size_t n, void *into);

/* Each child of list `doc` to `read`; ERR_LIMIT when there are more than `max`. */
int fields_list(struct reader *r, const struct doc *doc, const char *what, int max,
                int (*read)(struct reader *r, const struct doc *doc, void *into), void *into);

/* Copies a text of one line that is not empty and shorter than `size`. `chars`: NULL, or what it
 * may have in it besides letters and digits. */
int fields_text(struct reader *r, const struct doc *doc, const char *what, const char *chars,
                char *into, size_t size);
int fields_name(struct reader *r, const struct doc *doc, const char *what, char *into, size_t size);
int fields_plain(struct reader *r, const struct doc *doc, const char *what, char *into,
                 size_t size);
int fields_ms(struct reader *r, const struct doc *doc, const char *what, int64_t min, int64_t max,
              int64_t *ms);
int fields_int(struct reader *r, const struct doc *doc, const char *what, int64_t min, int64_t max,
               int64_t *value);

/* "`what`: expected `wanted`, found ..." */
int fields_expected(struct reader *r, const struct doc *doc, const char *what, const char *wanted);

/* Sets "file:line: ..." and returns ERR_INVALID. */
int fields_refuse(struct reader *r, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
