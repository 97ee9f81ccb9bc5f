/* What the parts of the month's page share. */
#ifndef REPORT_SLA_PAGE_H
#define REPORT_SLA_PAGE_H

#include "report/html.h"
#include "report/sla.h"
#include "report/sla_words.h"

struct page {
    const struct sla *sla;
    enum sla_language language;
    struct html html;
    int sections, figures; /* so far: their numbers */
};

const char *page_word(const struct page *p, enum sla_word word);
void page_word_leaf(struct page *p, const char *element, const char *class_name,
                    enum sla_word word);

/* "2026-11-01 00:00:00.000"; with its offset where the month's clock changes, or always. */
void page_moment(struct page *p, int64_t utc_ms);
void page_moment_offset(struct page *p, int64_t utc_ms);
void page_duration(struct page *p, int64_t ms); /* "706:00:00.000" */
/* "99.4366 %", or that it does not apply. */
void page_percent(struct page *p, int64_t percent);
void page_functions(struct page *p, const struct function_set *set);
/* "発信 calling": the label is Japanese. */
void page_function_name(struct page *p, int function);
void page_outage_id(struct page *p, const char *id);

/* A section with its numbered heading, and its end. */
void page_section(struct page *p, enum sla_word heading);
void page_section_end(struct page *p);
void page_none(struct page *p); /* a line that says so */
/* A table in a box of its own, which scrolls when it is wider than the page: <table> and the
 * caption. Ends at page_table_end(). */
void page_table(struct page *p, const char *class_name, enum sla_word caption);
/* Its head: columns of W_…, two words in one when the second is not W_COUNT; then <tbody>. */
void page_table_head(struct page *p, const enum sla_word (*columns)[2], int n);
void page_table_end(struct page *p);

/* Cells of a table, and a second line in one. */
void page_cell(struct page *p, const char *class_name);
void page_cell_end(struct page *p);
void page_duration_cell(struct page *p, int64_t ms);
void page_second(struct page *p);
void page_second_end(struct page *p);
void page_row_head(struct page *p); /* <th>: html_close() ends it */
void page_moment_or(struct page *p, int64_t utc_ms, enum sla_word otherwise); /* UTC_NONE */
void page_left_out(struct page *p, size_t n); /* so many rows; none: nothing */

/* The sets of a service, or of a function when the contract has no service. */
int page_rows(const struct sla *sla);
const struct sla_row *page_row(const struct sla *sla, int row);
int page_function(const struct sla *sla, int row); /* its number in the contract */
void page_row_shares(const struct sla *sla, int row, struct shares *shares); /* to shares_free() */

/* What the target leaves for downtime; -1: no target or no planned time. */
int64_t page_budget_ms(const struct sla *sla, const struct figures *figures);

/* ---- why an outage counts or not ---- */

enum page_class {
    CLASS_PLANNED,
    CLASS_DOWN,
    CLASS_EXCLUDED,
    CLASS_IMPAIRED,
    CLASS_UNMONITORED,
    CLASS_MAINTENANCE,
    CLASS_OUTSIDE,
    CLASS_COUNT
};
const char *page_class_css(enum page_class class); /* "k-down": fill and pattern */
enum sla_word page_class_word(enum page_class class);
/* How the outage is drawn, and the word for why. */
enum page_class page_outage_class(const struct sla *sla, const struct sla_outage *outage,
                                  enum sla_word *why);

/* ---- sections and figures ---- */

extern const char sla_style[];               /* the style sheet */
void page_patterns(struct page *p);          /* that the figures' fills refer to */
void page_legend(struct page *p);            /* classes with letters and patterns */
void page_calendar(struct page *p, int row); /* days by hours */
void page_burn(struct page *p, int row);     /* downtime against what is allowed */
void page_timeline(struct page *p);          /* outages with their bounds */
void page_coverage(struct page *p);          /* functions by days */
void page_availability(struct page *p);      /* the table of figures */
void page_outages(struct page *p);           /* the table, and those excluded */
void page_excluded(struct page *p);
void page_windows(struct page *p);
void page_targets(struct page *p);
void page_discount(struct page *p);
void page_amendments(struct page *p);

#define PAGE_ROWS_MAX 1000 /* of a table of what happened */
#define PAGE_NOTICES_MAX 8 /* of one outage */
#define PAGE_PLOTS_MAX 12  /* services with plots */
#define PAGE_STRIPS_MAX 40 /* outages on the time line */

#endif
