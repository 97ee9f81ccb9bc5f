/* What a notice says to one receiver: from its events' ledger lines and the state to a subject,
 * a text, or JSON, as the receiver's channel takes it; in Japanese or English; for operators or
 * for customers, to whom nothing internal is told. Pure. Never fails: a line that is not there
 * or not understood is named by its number. */
#ifndef REPORT_NOTICE_TEXT_H
#define REPORT_NOTICE_TEXT_H

#include "base/buf.h"
#include "core/account/zone.h"
#include "core/notice/notice.h"
#include "core/shared.h"

#include <stdbool.h>
#include <stdint.h>

#define NOTICE_SUBJECT_MAX 240     /* bytes, cut at a character's end */
#define NOTICE_BODY_MAX (32 << 10) /* bytes of a mail's text, and of what a template makes */
#define NOTICE_JSON_MAX (1 << 20)  /* bytes of JSON, in which every event is whole */
#define NOTICE_BRIEF_MAX 6000      /* bytes of a text for a chat */

/* The ledger line of that number without its newline, or false. */
typedef bool notice_line_of(void *context, uint64_t seq, struct buf *line);

struct notice_input {
    const struct shared *shared;       /* with a model that has notices */
    const struct zone *zone;           /* the contract's; NULL: UTC */
    const struct notice_state *notice; /* of NOTICE_QUORUM_LOST: id 0 and that one event */
    int receiver;
    int64_t now_ms; /* UTC */
    bool repeat;    /* an earlier delivery may have been accepted */
    notice_line_of *line;
    void *context;
    /* NOTICE_QUORUM_LOST, of which no line tells: who says it, and since when (UTC) it knows of
     * no majority. */
    int server;
    int64_t since_ms;
};

struct notice_text {
    struct buf subject; /* one line */
    struct buf body;    /* mail, chats: text; webhook, alertmanager: JSON (proto/README.md) */
    struct buf thread;  /* names the incident or window that it is mostly about; may be empty */
};

void notice_text_write(const struct notice_input *input, struct notice_text *text);
void notice_text_free(struct notice_text *text);

#endif
