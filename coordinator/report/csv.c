#include "report/csv.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void csv_begin(struct buf *out)
{
    buf_str(out, "\xef\xbb\xbf");
}

void csv_bytes(struct buf *out, const char *text, size_t len)
{
    size_t i;

    if (out->len > 0 && out->data[out->len - 1] == '"')
        buf_str(out, ",");
    buf_str(out, "\"");
    if (len > 0 && memchr("=+-@\t\r", text[0], 6) != NULL)
        buf_str(out, "'");
    for (i = 0; i < len; i++) {
        const char *quote = memchr(text + i, '"', len - i);
        size_t until = quote == NULL ? len : (size_t)(quote - text);

        buf_append(out, text + i, until - i);
        if (quote != NULL)
            buf_str(out, "\"\"");
        i = until;
    }
    buf_str(out, "\"");
}

void csv_text(struct buf *out, const char *text)
{
    csv_bytes(out, text, text == NULL ? 0 : strlen(text));
}

void csv_int(struct buf *out, int64_t value)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRId64, value);
    csv_text(out, text);
}

void csv_end(struct buf *out)
{
    buf_str(out, "\r\n");
}
