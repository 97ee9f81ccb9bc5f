#include "report/sla_pen.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define VALUES 30 /* the column in which values begin */

const char *pen_word(const struct sla_pen *pen, enum sla_word word)
{
    return sla_word(word, pen->language);
}

void pen_heading(const struct sla_pen *pen, enum sla_word word)
{
    buf_printf(pen->out, "\n%s\n", pen_word(pen, word));
}

/* Columns of a terminal: what is Japanese takes two. */
static int width(const char *text)
{
    int columns = 0;

    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (c < 0x80 || c >= 0xc0) /* not inside a character */
            columns += c >= 0xe2 ? 2 : 1;
    }
    return columns;
}

void pen_pad(const struct sla_pen *pen, const char *text, int column)
{
    int spaces = column - width(text);

    buf_printf(pen->out, "%*s", spaces > 1 ? spaces : 1, "");
}

void pen_label(const struct sla_pen *pen, int indent, enum sla_word word)
{
    const char *text = pen_word(pen, word);

    buf_printf(pen->out, "%*s%s:", indent, "", text);
    pen_pad(pen, text, VALUES - indent - 1);
}

void pen_moment(const struct sla_pen *pen, int64_t utc_ms)
{
    int offset_s = zone_offset(pen->sla->zone, utc_ms);
    char text[UTC_TEXT_MAX];
    int minutes = abs(offset_s) / 60, date;

    utc_format(utc_ms + offset_s * 1000ll, text);
    date = (int)strcspn(text, "T"); /* the last hours of 9999 are in 10000 in the east */
    buf_printf(pen->out, "%.*s %.12s %c%02d:%02d", date, text, text + date + 1,
               offset_s < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

void pen_duration(const struct sla_pen *pen, int64_t ms)
{
    if (ms < 0) {
        buf_str(pen->out, "-");
        ms = -ms;
    }
    buf_printf(pen->out, "%" PRId64 ":%02d:%02d.%03d", ms / 3600000, (int)(ms / 60000 % 60),
               (int)(ms / 1000 % 60), (int)(ms % 1000));
}

void pen_functions(const struct sla_pen *pen, const struct function_set *set)
{
    const char *comma = "";
    int i;

    for (i = 0; i < pen->sla->names->n; i++) {
        if (!function_set_has(set, i))
            continue;
        buf_printf(pen->out, "%s%s", comma, pen->sla->names->names[i]);
        comma = ", ";
    }
}

void pen_outcome(const struct sla_pen *pen, enum target_outcome outcome)
{
    static const enum sla_word words[] = {
        [OUTCOME_RUNNING] = W_RUNNING, [OUTCOME_MET] = W_MET, [OUTCOME_MISSED] = W_NOT_MET};

    if (outcome != OUTCOME_NONE)
        buf_printf(pen->out, " %s", pen_word(pen, words[outcome]));
}
