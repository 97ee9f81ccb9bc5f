#include "report/csv.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* What a spreadsheet takes for the beginning of a formula; in Japan full-width signs too. */
static bool formula(const char *text, size_t len)
{
    static const char *const signs[] = {"=",  "+",  "-",  "@",  "\t", "\r",
                                        "\n", "＝", "＋", "－", "＠"};
    size_t i;

    for (i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (len >= strlen(signs[i]) && memcmp(text, signs[i], strlen(signs[i])) == 0)
            return true;
    return false;
}

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
    if (formula(text, len))
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
