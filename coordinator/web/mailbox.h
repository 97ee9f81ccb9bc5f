/* What the loop thread and the HTTP thread hand to each other. A message belongs to whoever
 * holds it; no lock is ever held, so neither waits for the other. */
#ifndef WEB_MAILBOX_H
#define WEB_MAILBOX_H

#include "base/buf.h"
#include "web/web.h"

#include <stdatomic.h>
#include <stdbool.h>

enum message_kind {
    /* to the HTTP thread; `place` is the loop's number of a path */
    MESSAGE_PAGE,    /* bytes: the page */
    MESSAGE_DYNAMIC, /* number: max_age_ms */
    MESSAGE_STREAM,
    MESSAGE_ANSWER, /* to MESSAGE_ASK; bytes: the page */
    MESSAGE_EVENT,  /* bytes: as it goes out */
    MESSAGE_WITHDRAW,
    MESSAGE_ADOPT, /* number: the descriptor */
    MESSAGE_STOP,
    /* to the loop */
    MESSAGE_ASK,
    MESSAGE_WATCHED, /* number: listeners */
    MESSAGE_TROUBLE, /* the counters tell of some */
    MESSAGE_STOPPED, /* the last: the thread ends */
};

struct message {
    struct message *next;
    enum message_kind kind;
    uint64_t place;
    int number;
    enum web_audience audience;
    char path[WEB_PATH], type[WEB_TYPE];
    struct buf bytes; /* owned */
};

struct mailbox {
    struct message *_Atomic newest;
};

struct message *message_new(enum message_kind kind, uint64_t place, int number);
void message_free(struct message *message); /* and its bytes; NULL is fine */

/* True when it was empty: whoever reads it has to be woken. */
bool mailbox_put(struct mailbox *box, struct message *message);
/* All that is there, oldest first. */
struct message *mailbox_take(struct mailbox *box);

#endif
