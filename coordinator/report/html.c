#include "report/html.h"
#include "base/check.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* ---- escaping ---- */

/* Bytes of the UTF-8 sequence at the beginning of the text; 0: it is none. */
static size_t sequence(const uint8_t *s)
{
    uint32_t code;
    size_t n, i;

    if (s[0] < 0x80)
        return 1;
    n = s[0] >= 0xc2 && s[0] <= 0xdf ? 2
        : (s[0] & 0xf0) == 0xe0      ? 3
        : (s[0] & 0xf8) == 0xf0      ? 4
                                     : 0;
    if (n == 0)
        return 0;
    code = s[0] & (0x7f >> n);
    for (i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (s[i] & 0x3f);
    }
    /* Longer than needed, halves of a pair, beyond the last one. */
    if ((n == 3 && code < 0x800) || (n == 4 && code < 0x10000) || code > 0x10ffff ||
        (code >= 0xd800 && code <= 0xdfff))
        return 0;
    /* Characters that turn the direction of what follows: texts from others have no say in it. */
    if ((code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069))
        return 0;
    return code >= 0x80 && code < 0xa0 ? 0 : n;
}

static void escape(struct buf *out, const char *text)
{
    const uint8_t *s = (const uint8_t *)text;

    while (*s != 0) {
        size_t n = sequence(s);

        if (n == 0 || *s == 0x7f || (*s < 0x20 && *s != '\n' && *s != '\t')) {
            buf_str(out, "\xef\xbf\xbd");
            n = 1;
        } else if (*s == '&') {
            buf_str(out, "&amp;");
        } else if (*s == '<') {
            buf_str(out, "&lt;");
        } else if (*s == '>') {
            buf_str(out, "&gt;");
        } else if (*s == '"') {
            buf_str(out, "&quot;");
        } else if (*s == '\'') {
            buf_str(out, "&#39;");
        } else {
            buf_append(out, s, n);
        }
        s += n;
    }
}

static void escape_format(struct buf *out, const char *format, va_list args)
{
    char text[1024];
    int n = vsnprintf(text, sizeof text, format, args);

    CHECK(n >= 0 && (size_t)n < sizeof text);
    escape(out, text);
}

/* ---- elements ---- */

static void end_tag(struct html *h)
{
    if (h->in_tag)
        buf_str(h->out, ">");
    h->in_tag = false;
}

void html_open(struct html *h, const char *element)
{
    CHECK(h->depth < HTML_DEPTH_MAX);
    end_tag(h);
    buf_str(h->out, "<");
    buf_str(h->out, element);
    h->open[h->depth++] = element;
    h->in_tag = true;
}

void html_open_class(struct html *h, const char *element, const char *class_name)
{
    html_open(h, element);
    if (class_name != NULL)
        html_attr(h, "class", class_name);
}

void html_close(struct html *h)
{
    const char *element;

    CHECK(h->depth > 0);
    element = h->open[--h->depth];
    end_tag(h);
    buf_str(h->out, "</");
    buf_str(h->out, element);
    buf_str(h->out, ">");
    /* A line break where it is not seen: files that differ can be compared. */
    if (strcmp(element, "tr") == 0 || strcmp(element, "section") == 0 ||
        strcmp(element, "svg") == 0 || strcmp(element, "li") == 0 || strcmp(element, "p") == 0)
        buf_str(h->out, "\n");
}

void html_void(struct html *h, const char *element)
{
    end_tag(h);
    buf_str(h->out, "<");
    buf_str(h->out, element);
    h->in_tag = true;
}

void html_void_end(struct html *h)
{
    CHECK(h->in_tag);
    buf_str(h->out, "/>");
    h->in_tag = false;
}

void html_attr(struct html *h, const char *name, const char *value)
{
    CHECK(h->in_tag);
    buf_str(h->out, " ");
    buf_str(h->out, name);
    buf_str(h->out, "=\"");
    escape(h->out, value);
    buf_str(h->out, "\"");
}

void html_attrf(struct html *h, const char *name, const char *format, ...)
{
    va_list args;

    CHECK(h->in_tag);
    buf_str(h->out, " ");
    buf_str(h->out, name);
    buf_str(h->out, "=\"");
    va_start(args, format);
    escape_format(h->out, format, args);
    va_end(args);
    buf_str(h->out, "\"");
}

void html_text(struct html *h, const char *text)
{
    end_tag(h);
    if (text != NULL)
        escape(h->out, text);
}

void html_textf(struct html *h, const char *format, ...)
{
    va_list args;

    end_tag(h);
    va_start(args, format);
    escape_format(h->out, format, args);
    va_end(args);
}

void html_leaf(struct html *h, const char *element, const char *class_name, const char *text)
{
    html_open_class(h, element, class_name);
    html_text(h, text);
    html_close(h);
}

void html_style(struct html *h, const char *sheet)
{
    html_open(h, "style");
    end_tag(h);
    buf_str(h->out, "\n");
    buf_str(h->out, sheet);
    html_close(h);
    buf_str(h->out, "\n");
}

void html_begin(struct html *h, struct buf *out, const char *language)
{
    *h = (struct html){.out = out};
    buf_str(out, "<!DOCTYPE html>\n");
    html_open(h, "html");
    html_attr(h, "lang", language);
}

void html_end(struct html *h)
{
    CHECK(h->depth == 1);
    html_close(h);
    buf_str(h->out, "\n");
}

void html_meta(struct html *h, const char *name, const char *value, const char *content)
{
    html_void(h, "meta");
    html_attr(h, name, value);
    html_attr(h, "content", content);
    html_void_end(h);
}

void html_head(struct html *h)
{
    html_open(h, "head");
    html_void(h, "meta");
    html_attr(h, "charset", "utf-8");
    html_void_end(h);
    html_meta(h, "name", "viewport", "width=device-width, initial-scale=1");
}

void html_head_strict(struct html *h)
{
    html_meta(h, "http-equiv", "Content-Security-Policy",
              "default-src 'none'; style-src 'unsafe-inline'");
}
