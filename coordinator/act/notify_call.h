/* Inside act/: a delivery under way, and what a kind of channel must offer. */
#ifndef ACT_NOTIFY_CALL_H
#define ACT_NOTIFY_CALL_H

#include "act/notify.h"
#include "base/buf.h"
#include "transfer/transfer.h"

struct notify_call {
    struct notify *notify;
    struct notify_call *next;
    enum channel_kind kind;
    struct transfer *transfer; /* NULL: it never came to one */
    int timeout_ms;
    int64_t start_ms;               /* boot clock */
    char secret[NOTIFY_SECRET_MAX]; /* of the file, without white space at its end; wiped */
    notify_done *done;
    void *context;
    struct notify_result result; /* of what ended before it began */
};

struct notify_kind {
    bool secret; /* it does not go without one */
    /* Fills the transfer: 0, or an error that ends the delivery before it begins. */
    int (*prepare)(struct notify_call *call, const struct notify_message *message, struct err *err);
    /* code, unsure and text of an end. */
    void (*judge)(const struct transfer_end *end, struct notify_result *result);
};

extern const struct notify_kind notify_mail, notify_slack, notify_chatwork, notify_line,
    notify_webhook, notify_alertmanager;

/* notify_http.c: a POST. Headers are added before the body is given. */
struct curl_slist *notify_header(struct curl_slist *list, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* `path` follows the URL, or `otherwise` when the channel has none; either may be "". Takes the
 * list. */
int notify_post(struct notify_call *call, const struct channel *channel, const char *otherwise,
                const char *path, struct curl_slist *headers, const void *body, size_t len,
                struct err *err);
void notify_judge_http(const struct transfer_end *end, struct notify_result *result);
/* Whom the channel's TLS trusts. */
void notify_trust(struct notify_call *call, const struct channel *channel);

/* "Could not reach …" of a transfer that came to no answer. */
void notify_no_answer(const struct transfer_end *end, struct notify_result *result);

#endif
