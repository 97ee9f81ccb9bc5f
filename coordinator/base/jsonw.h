/* Writes JSON: compact, keys in the order given, integers only, so that the same
 * facts give the same bytes on every node. Misuse is a broken promise (CHECK).
 *
 *   jsonw_begin(&w, &buf);
 *   jsonw_object(&w, NULL);
 *     jsonw_int(&w, "epoch", 4);
 *     jsonw_array(&w, "members"); jsonw_str(&w, NULL, "voice-1"); jsonw_end(&w);
 *   jsonw_end(&w);
 */
#ifndef BASE_JSONW_H
#define BASE_JSONW_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

#define JSONW_DEPTH_MAX 16

struct jsonw {
    struct buf *out; /* not owned */
    unsigned depth;
    char closer[JSONW_DEPTH_MAX];
    bool comma[JSONW_DEPTH_MAX + 1];
};

/* `key` is NULL inside an array and at the top. */
void jsonw_begin(struct jsonw *w, struct buf *out);
void jsonw_object(struct jsonw *w, const char *key);
void jsonw_array(struct jsonw *w, const char *key);
void jsonw_end(struct jsonw *w); /* closes the innermost object or array */
void jsonw_int(struct jsonw *w, const char *key, int64_t value);
void jsonw_bool(struct jsonw *w, const char *key, bool value);
void jsonw_null(struct jsonw *w, const char *key);
/* Text; NULL gives null. Control characters and invalid UTF-8 become escapes. */
void jsonw_str(struct jsonw *w, const char *key, const char *text);
void jsonw_strf(struct jsonw *w, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Bytes as lower-case hexadecimal. */
void jsonw_hex(struct jsonw *w, const char *key, const uint8_t *bytes, size_t len);
/* UTC milliseconds as "2026-11-22T03:04:05.678Z"; INT64_MIN gives null. */
void jsonw_time(struct jsonw *w, const char *key, int64_t utc_ms);
/* Text that already is JSON. */
void jsonw_raw(struct jsonw *w, const char *key, const char *json, size_t len);

#endif
