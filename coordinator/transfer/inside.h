/* Inside transfer/: what a transfer is, on the loop and apart. */
#ifndef TRANSFER_INSIDE_H
#define TRANSFER_INSIDE_H

#include "base/buf.h"
#include "transfer/transfer.h"

#include <stdatomic.h>

struct transfers {
    uv_loop_t *loop;
    CURLM *multi; /* NULL once closed */
    uv_timer_t timer;
    struct transfer *pool; /* idle, linked by `next` */
    int pooled, active;
    int handles;            /* of libuv, not yet closed */
    struct transfer *apart; /* in threads, linked by `next` */
    uv_async_t ended;       /* one of them has */
    void (*closed)(void *context);
    void *context;
};

struct transfer {
    struct transfers *transfers;
    CURL *easy;
    struct transfer *next;
    transfer_done *done;
    void *context;
    size_t body; /* bytes seen */
    bool started;
    int local_error; /* errno of a failure of our own that libcurl does not pass on */
    char text[CURL_ERROR_SIZE];
    struct buf kept; /* of the answer, up to `keep` bytes */
    size_t keep;
    struct buf send;
    size_t given;                /* of `send`, to libcurl */
    bool sent;                   /* all was given once: it stays so */
    struct curl_slist *lists[2]; /* owned */
    int n_lists;
    bool apart, threaded;
    bool answered; /* the line that is kept came after all was sent */
    uv_thread_t thread;
    int64_t deadline_ms;     /* boot clock */
    atomic_bool abort, over; /* asked of the thread; said by it */
    CURLcode code;           /* how it ended, when `over` */
};

/* A handle of libuv is closed; with the last one the memory goes. */
void transfers_release(struct transfers *transfers);
void transfers_open_apart(struct transfers *transfers);
void transfers_close_apart(struct transfers *transfers);
/* Tells the owner; the transfer is gone. */
void transfer_ended(struct transfer *transfer, CURLcode code);

#endif
