/* A ledger line's own keys, with what is wrong of them named by entry and field. */
#ifndef REPORT_LEDGER_FIELDS_H
#define REPORT_LEDGER_FIELDS_H

#include "base/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One parsed line. What follows returns 0 or ERR_INVALID. */
struct fields {
    json_t *root;
    uint64_t seq;
    struct err *err;
};

/* Parses it; f->root is the caller's to give back, also after an error (then NULL). */
int fields_parse(struct fields *f, const char *line, size_t len);
int field_wrong(struct fields *f, const char *key, const char *expected);
int field_number(struct fields *f, const char *key, uint64_t *value);
/* A time, or UTC_NONE for null where `may_be_null`. */
int field_time(struct fields *f, const char *key, bool may_be_null, int64_t *utc_ms);
/* One of the words that `parse` knows; -1 for null where `may_be_null`. */
int field_word(struct fields *f, const char *key, int (*parse)(const char *name), bool may_be_null,
               int *value);
/* Null is "". */
int field_text(struct fields *f, const char *key, char *text, size_t size);

#endif
