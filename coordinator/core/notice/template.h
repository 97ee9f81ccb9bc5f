/* Texts of notices that are the operator's own: a small part of mustache, without logic.
 *
 *   {{name}}                  the value; nothing when there is none
 *   {{#name}} … {{/name}}     when there is a value; of `events`: once for each
 *   {{^name}} … {{/name}}     when there is none
 *   {{! … }}                  a comment
 *
 * A line with nothing but a section's tag or a comment on it is left out. Names are those of the
 * list below and no others, so a misspelt one is found when the configuration is read. Pure. */
#ifndef CORE_NOTICE_TEMPLATE_H
#define CORE_NOTICE_TEMPLATE_H

#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>

#define TEMPLATE_DEPTH 8              /* sections inside of each other */
#define TEMPLATE_VALUE_MAX (32 << 10) /* bytes of a value; more are cut */

/* Of the notice. */
enum template_name {
    TEMPLATE_SUBJECT,    /* the built-in subject, likewise: */
    TEMPLATE_TEXT,       /* … the built-in text */
    TEMPLATE_CLUSTER,    /* name of the cluster */
    TEMPLATE_NOTICE,     /* number of the notice, as `kirikae notice show` takes it */
    TEMPLATE_RULE,       /* name of its rule */
    TEMPLATE_RECEIVER,   /* name of the receiver */
    TEMPLATE_TIME,       /* when it was raised */
    TEMPLATE_SEVERITY,   /* the worst of its outages */
    TEMPLATE_COUNT,      /* how many events */
    TEMPLATE_MORE,       /* how many more than are listed; none: nothing */
    TEMPLATE_OPEN,       /* how many of its outages go on; none: nothing */
    TEMPLATE_REPEAT,     /* words that say that it is a repetition */
    TEMPLATE_ESCALATED,  /* words that say that nobody acknowledged it, or another is silent */
    TEMPLATE_TEST,       /* words that say that it is a test */
    TEMPLATE_STATUS_URL, /* of the status page */
    TEMPLATE_EVENTS,     /* a section: */
    TEMPLATE_NAMES
};

/* Of one event, inside {{#events}}. What is marked * is empty for customers. */
enum template_event_name {
    TEMPLATE_EVENT,          /* its name in rules: "outage" */
    TEMPLATE_WORDS,          /* what it is called: 障害発生 */
    TEMPLATE_SUMMARY,        /* one line that tells it */
    TEMPLATE_FUNCTION,       /* label of the function, or of those of a window */
    TEMPLATE_EVENT_SEVERITY, /* "event_severity" */
    TEMPLATE_START,          /* of the outage or window */
    TEMPLATE_END,
    TEMPLATE_DURATION,
    TEMPLATE_RECOGNISED,
    TEMPLATE_POST,   /* an operator's word for customers */
    TEMPLATE_OUTAGE, /* * number of the incident */
    TEMPLATE_ROUTE,  /* * */
    TEMPLATE_SERVER, /* * */
    TEMPLATE_CHECK,  /* * */
    TEMPLATE_REASON, /* * */
    TEMPLATE_SEQ,    /* * number of its ledger line */
    TEMPLATE_EVENT_NAMES
};

struct template_event {
    const char *values[TEMPLATE_EVENT_NAMES]; /* NULL and "": none */
};

struct template_values {
    const char *values[TEMPLATE_NAMES]; /* that of TEMPLATE_EVENTS is not looked at */
    const struct template_event *events;
    int n_events;
};

enum template_escape {
    TEMPLATE_PLAIN, /* control characters other than line breaks become '?' */
    TEMPLATE_JSON,  /* values are put inside of the template's own quotes */
};

/* ERR_INVALID names the template, the line (the text's first is `first_line`), what is there and
 * what was expected. */
int template_check(const char *name, const char *text, int first_line, struct err *err);
/* Of a template that passed; at most `max` bytes are appended, cut at a character's end. Returns
 * 1 when it was cut. */
int template_render(const char *text, const struct template_values *values,
                    enum template_escape escape, size_t max, struct buf *out);

#endif
