/* HTML and SVG that cannot forget to escape: whatever is not a literal of ours comes in through
 * html_text() or html_attr(). Elements are closed in the order in which they were opened. Pure. */
#ifndef REPORT_HTML_H
#define REPORT_HTML_H

#include "base/buf.h"

#include <stdbool.h>

#define HTML_DEPTH_MAX 24

struct html {
    struct buf *out;
    const char *open[HTML_DEPTH_MAX]; /* names of the elements that are open */
    int depth;
    bool in_tag; /* attributes may still come */
};

void html_begin(struct html *h, struct buf *out, const char *language);
void html_end(struct html *h); /* every element but the page's own is closed */

/* Names of elements and attributes are literals. */
void html_open(struct html *h, const char *element);
void html_open_class(struct html *h, const char *element, const char *class_name);
void html_close(struct html *h);                     /* the innermost */
void html_void(struct html *h, const char *element); /* <meta>, <path/>: attributes, no content */
void html_void_end(struct html *h);

/* <meta NAME="VALUE" content="CONTENT">; `name` is a literal. */
void html_meta(struct html *h, const char *name, const char *value, const char *content);
/* Opens <head> with what every page's begins with. */
void html_head(struct html *h);
/* A page that is opened as a file: should a text get past the escaping, it runs nothing and
 * fetches nothing all the same. */
void html_head_strict(struct html *h);

/* Of the element opened last, before its content. */
void html_attr(struct html *h, const char *name, const char *value);
void html_attrf(struct html *h, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Escaped; what is no UTF-8 or no character of a page becomes U+FFFD. NULL: nothing. */
void html_text(struct html *h, const char *text);
void html_textf(struct html *h, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* An element with nothing but text. class_name may be NULL. */
void html_leaf(struct html *h, const char *element, const char *class_name, const char *text);
/* The page's style sheet, which must be a literal of ours: it is not escaped. */
void html_style(struct html *h, const char *sheet);

#endif
