/* One delivery of one notice by one channel. No retries here: the replicated state decides when
 * and by whom it is tried again. What goes out is only what the message says; TLS is verified,
 * no proxies, no redirects. Loop thread only; a delivery is made in a thread of its own, so that
 * no server, however slow, holds the loop up. */
#ifndef ACT_NOTIFY_H
#define ACT_NOTIFY_H

#include "base/err.h"
#include "core/model/notice.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#define NOTIFY_TEXT_MAX 160    /* bytes of what the server said, its NUL included */
#define NOTIFY_SECRET_MAX 1024 /* bytes of a secret's file */
#define NOTIFY_ANSWER_MAX 4096 /* bytes of an answer that are looked at */
#define NOTIFY_AT_ONCE 8       /* deliveries under way; more are refused */

struct notify;

/* UTF-8. Everything is copied; a line break where one line is meant is ERR_INVALID. */
struct notify_message {
    const struct channel *channel;
    const char *to;      /* the receiver's; "" where the channel has none */
    const char *key;     /* notice_key(): the same when the delivery is repeated */
    const char *thread;  /* mail: the same for all notices of one incident; "": of none */
    bool repeat;         /* an earlier delivery may have been accepted */
    int64_t now_ms;      /* UTC, from the wall clock */
    const char *subject; /* one line: mail, chatwork; may be "" for others */
    const char *body;    /* mail: the text, lines ended by \n; chats: a short text; webhook and
                          * alertmanager: JSON */
};

struct notify_result {
    int code;    /* 0: accepted; ERR_TIMEOUT, ERR_IO (no connection, or it broke), ERR_REFUSED (the
                  * server's own word), ERR_DENIED (TLS or authentication), ERR_INVALID (message,
                  * channel or secret's file), ERR_LIMIT (too many at once), ERR_UNAVAILABLE
                  * (shutting down) */
    bool unsure; /* not accepted as far as is known, and yet it may have been: all of it was sent,
                  * and no answer came */
    uint32_t took_ms;
    char text[NOTIFY_TEXT_MAX]; /* plain, one line, no secret: "250 2.0.0 Ok: queued as 4F1", "HTTP
                                 * 200", or why not */
};
typedef void notify_done(void *context, const struct notify_result *result);

struct notify *notify_open(uv_loop_t *loop);
/* `done` comes once, never from inside this call, at the latest about a second after the
 * channel's timeout_ms. */
void notify_send(struct notify *notify, const struct notify_message *message, notify_done *done,
                 void *context);
/* Deliveries under way end with ERR_UNAVAILABLE, unsure if they may have been accepted, before
 * `closed`, which comes within about a second. */
void notify_close(struct notify *notify, void (*closed)(void *context), void *context);

#endif
