/* How the text of the month's report writes its parts, in one of both languages. */
#ifndef REPORT_SLA_PEN_H
#define REPORT_SLA_PEN_H

#include "report/sla_words.h"

struct sla_pen {
    const struct sla *sla;
    struct buf *out;
    enum sla_language language;
};

const char *pen_word(const struct sla_pen *pen, enum sla_word word);
void pen_heading(const struct sla_pen *pen, enum sla_word word); /* after an empty line */
/* The begin of a line: so far indented, the word, and spaces up to where the values begin. */
void pen_label(const struct sla_pen *pen, int indent, enum sla_word word);
/* Spaces after a text that began the line, up to `column`; one at least. */
void pen_pad(const struct sla_pen *pen, const char *text, int column);

void pen_moment(const struct sla_pen *pen, int64_t utc_ms); /* "2026-11-01 00:00:00.000 +09:00" */
void pen_duration(const struct sla_pen *pen, int64_t ms);   /* "4:00:00.000" */
void pen_functions(const struct sla_pen *pen, const struct function_set *set);
/* " met", " not met", " running"; nothing for OUTCOME_NONE. */
void pen_outcome(const struct sla_pen *pen, enum target_outcome outcome);

/* sla_text_lists.c: outages, those that are excluded, windows, amendments. */
void pen_lists(const struct sla_pen *pen);

#endif
