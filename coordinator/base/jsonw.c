#include "base/jsonw.h"
#include "base/check.h"
#include "base/utc.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

void jsonw_begin(struct jsonw *w, struct buf *out)
{
    *w = (struct jsonw){.out = out};
}

/* Length of the valid UTF-8 sequence at `s` (RFC 3629), 0 when it is none. */
static size_t utf8_len(const unsigned char *s)
{
    size_t n, i;

    if (s[0] < 0x80)
        return 1;
    if (s[0] >= 0xc2 && s[0] <= 0xdf)
        n = 2;
    else if (s[0] >= 0xe0 && s[0] <= 0xef)
        n = 3;
    else if (s[0] >= 0xf0 && s[0] <= 0xf4)
        n = 4;
    else
        return 0;
    for (i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
        (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return n;
}

static void quoted(struct buf *out, const char *text)
{
    const unsigned char *s = (const unsigned char *)text;

    buf_str(out, "\"");
    while (*s != '\0') {
        size_t n = utf8_len(s);

        if (*s == '"' || *s == '\\')
            buf_printf(out, "\\%c", *s);
        else if (*s == '\n')
            buf_str(out, "\\n");
        else if (*s < 0x20 || *s == 0x7f)
            buf_printf(out, "\\u%04x", *s);
        else if (n == 0)
            buf_str(out, "\\ufffd");
        else
            buf_append(out, s, n);
        s += n > 0 ? n : 1;
    }
    buf_str(out, "\"");
}

static void lead(struct jsonw *w, const char *key)
{
    bool in_object = w->depth > 0 && w->closer[w->depth - 1] == '}';

    CHECK(in_object == (key != NULL));
    if (w->comma[w->depth])
        buf_str(w->out, ",");
    w->comma[w->depth] = true;
    if (key != NULL) {
        quoted(w->out, key);
        buf_str(w->out, ":");
    }
}

static void open_level(struct jsonw *w, const char *key, char opener, char closer)
{
    lead(w, key);
    CHECK(w->depth < JSONW_DEPTH_MAX);
    buf_append(w->out, &opener, 1);
    w->closer[w->depth++] = closer;
    w->comma[w->depth] = false;
}

void jsonw_object(struct jsonw *w, const char *key)
{
    open_level(w, key, '{', '}');
}

void jsonw_array(struct jsonw *w, const char *key)
{
    open_level(w, key, '[', ']');
}

void jsonw_end(struct jsonw *w)
{
    CHECK(w->depth > 0);
    w->depth--;
    buf_append(w->out, &w->closer[w->depth], 1);
}

void jsonw_int(struct jsonw *w, const char *key, int64_t value)
{
    lead(w, key);
    buf_printf(w->out, "%" PRId64, value);
}

void jsonw_bool(struct jsonw *w, const char *key, bool value)
{
    lead(w, key);
    buf_str(w->out, value ? "true" : "false");
}

void jsonw_null(struct jsonw *w, const char *key)
{
    lead(w, key);
    buf_str(w->out, "null");
}

void jsonw_str(struct jsonw *w, const char *key, const char *text)
{
    if (text == NULL) {
        jsonw_null(w, key);
        return;
    }
    lead(w, key);
    quoted(w->out, text);
}

void jsonw_strf(struct jsonw *w, const char *key, const char *format, ...)
{
    va_list args;
    char text[1024];

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    jsonw_str(w, key, text);
}

void jsonw_hex(struct jsonw *w, const char *key, const uint8_t *bytes, size_t len)
{
    size_t i;

    lead(w, key);
    buf_str(w->out, "\"");
    for (i = 0; i < len; i++)
        buf_printf(w->out, "%02x", bytes[i]);
    buf_str(w->out, "\"");
}

void jsonw_time(struct jsonw *w, const char *key, int64_t utc_ms)
{
    char text[UTC_TEXT_MAX];

    if (utc_ms == INT64_MIN) {
        jsonw_null(w, key);
        return;
    }
    utc_format(utc_ms, text);
    jsonw_str(w, key, text);
}

void jsonw_raw(struct jsonw *w, const char *key, const char *json, size_t len)
{
    lead(w, key);
    buf_append(w->out, json, len);
}
