/* A notice as one receiver sees it: its events put together, what it is mostly about, and how
 * names and times are written. Private to the notice_*.c files. */
#ifndef REPORT_NOTICE_VIEW_H
#define REPORT_NOTICE_VIEW_H

#include "report/notice_words.h"

struct notice_view {
    const struct notice_input *input;
    const struct model *model;
    const struct receiver *receiver;
    enum channel_kind kind;
    enum language language;
    bool customers;
    struct notice_fact *facts; /* owned */
    int n;
    bool told[LIMIT_NOTICE_REFS]; /* in the fact of the same outage before it, or not at all */
    enum notice_title title;      /* the weightiest */
    int outages, open;            /* that it tells of; of them, go on */
    int severity;                 /* the worst of the outages, -1 */
    enum notice_word mark;        /* N_ESCALATED, N_OTHERWISE; N_WORDS: of the first to be told */
    int64_t raised_ms;            /* UTC */
    int offset_s;                 /* of the zone, then */
};

void notice_view_open(const struct notice_input *input, struct notice_view *view);
void notice_view_free(struct notice_view *view);

const char *view_word(const struct notice_view *view, enum notice_word word);
/* The words of the fact's kind to this receiver; NULL: it is not told of it. */
const char *view_title(const struct notice_view *view, const struct notice_fact *fact);
const char *view_severity(const struct notice_view *view, int severity);

/* "2026-11-22 12:04:05", or as customers read it; with its offset where that is not the
 * notice's. */
void view_moment(const struct notice_view *view, int64_t utc_ms, struct buf *out);
void view_duration(const struct notice_view *view, int64_t ms, struct buf *out);
void view_zone(const struct notice_view *view, struct buf *out); /* "+09:00" */
/* What customers call a function: its label, or else its name. */
const char *view_label(const struct notice_view *view, int function);
/* The first `most` of them, and how many more. */
void view_functions(const struct notice_view *view, const uint64_t *set, int most, struct buf *out);
/* What the fact is about: a function, a route, a server, … */
void view_subject_of(const struct notice_view *view, const struct notice_fact *fact,
                     struct buf *out);
/* What the service is called to customers, the cluster to operators. */
const char *view_service(const struct notice_view *view);
/* How an outage stands: N_OPEN or N_RECOVERED. */
enum notice_word view_state(const struct notice_fact *fact);

void view_subject(const struct notice_view *view, struct buf *out);
/* notice_body.c */
void view_body(const struct notice_view *view, struct buf *out);
void view_brief(const struct notice_view *view, struct buf *out);
/* One line that tells the fact. */
void view_summary(const struct notice_view *view, const struct notice_fact *fact, struct buf *out);
/* Marks, each on its line: a repetition, an escalation, a test. */
void view_marks(const struct notice_view *view, struct buf *out);
/* notice_commands.c: how to acknowledge what goes on, and where to look. */
void view_acknowledge(const struct notice_view *view, struct buf *out);
void view_look_further(const struct notice_view *view, struct buf *out);
/* notice_json.c */
void view_webhook(const struct notice_view *view, struct buf *out);
void view_alerts(const struct notice_view *view, struct buf *out);

#endif
