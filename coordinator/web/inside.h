/* The parts of the HTTP thread: server.c holds them together, guest.c has the connections,
 * answer.c what each request gets, stream.c those who listen. All on that thread.
 *
 * libmicrohttpd parses and writes; it has one daemon without a socket or a thread of its own,
 * driven from server.c. Its time-outs are not used: they begin anew with each byte. */
#ifndef WEB_INSIDE_H
#define WEB_INSIDE_H

#include "link/address.h"
#include "web/server.h"

#include <microhttpd.h>
#include <pthread.h>
#include <sys/queue.h>

#define ETAG_TEXT 35 /* 128 bits in hex, quoted, and a NUL */
#define RING 8       /* events of a stream that a listener may lag behind */

/* One event as it goes out; whoever is sending it holds it. */
struct event {
    unsigned holders;
    struct buf bytes;
};

struct page {
    LIST_ENTRY(page) entry;
    uint64_t place;
    enum message_kind kind; /* PAGE, DYNAMIC, STREAM */
    enum web_audience audience;
    char path[WEB_PATH], type[WEB_TYPE];

    struct MHD_Response *full, *same; /* 200 and 304; NULL: nothing there */
    char etag[ETAG_TEXT];

    /* DYNAMIC */
    int max_age_ms;
    int64_t made_ms;
    bool asked; /* the loop, at asked_ms */
    int64_t asked_ms;

    /* STREAM */
    struct event *ring[RING];
    uint64_t n_events; /* ever; the newest is n_events - 1 */
    int n_listeners;
};

enum guest_state {
    GUEST_IDLE,      /* no whole request yet, until deadline_ms */
    GUEST_WAITING,   /* suspended, for a page that is being made */
    GUEST_ANSWERED,  /* taking its answer, until deadline_ms */
    GUEST_LISTENING, /* to a stream; suspended while there is nothing new */
};

/* One connection. */
struct guest {
    LIST_ENTRY(guest) entry;
    struct server *server;
    struct MHD_Connection *connection;
    int fd;
    enum web_audience audience;
    union address from;
    bool adopted;
    bool asked; /* a whole request, at least once */
    bool cut;   /* on its way out */
    enum guest_state state;
    int64_t deadline_ms;
    bool suspended;

    struct page *page; /* waits for it or listens to it; NULL: it was withdrawn */
    uint64_t next;     /* event to send */
    struct event *sending;
    size_t sent;      /* of it */
    int64_t moved_ms; /* it took something */
    bool sign;        /* of life is due */
};

/* Who comes next: libmicrohttpd tells of a connection from within adding it. */
struct arrival {
    int fd;
    enum web_audience audience;
    union address from;
    bool adopted;
};

struct server {
    /* both threads' */
    struct mailbox to_thread, to_loop;
    void (*notify)(void *context);
    void *notify_context;
    int wake; /* eventfd */
    _Atomic uint64_t connections[WEB_AUDIENCES], open[WEB_AUDIENCES], requests[WEB_AUDIENCES];
    _Atomic uint64_t failed, late, refused, slow;
    pthread_t thread;

    struct web_patience patience;
    struct MHD_Daemon *http;
    int epoll;
    int listeners[WEB_AUDIENCES]; /* -1: none */
    bool deaf;                    /* no descriptors left: they are looked at again later */
    struct arrival arrival;
    LIST_HEAD(, guest) guests;
    LIST_HEAD(, page) pages;
    int64_t look_ms;     /* at everybody's deadlines */
    int64_t told_ms;     /* of trouble */
    uint64_t told_count; /* of it */
    bool stopping;
};

/* server.c */
void server_tell(struct server *server, enum message_kind kind, uint64_t place, int number);
struct page *server_page(struct server *server, enum web_audience audience, const char *path);

/* guest.c */
void guests_accept(struct server *server, enum web_audience audience);
void guests_adopt(struct server *server, int fd);
void guests_look(struct server *server, int64_t now_ms); /* at deadlines */
void guests_resume_waiting(struct server *server, const struct page *page);
void guests_farewell(struct server *server);
void guest_suspend(struct guest *guest);
void guest_resume(struct guest *guest);
/* libmicrohttpd's: a connection begins or ends. */
void guest_notify(void *server, struct MHD_Connection *connection, void **socket_context,
                  enum MHD_ConnectionNotificationCode code);

/* answer.c */
/* What `page` says from now on; takes the bytes. */
void answer_set(struct page *page, struct buf *bytes);
void answer_clear(struct page *page);
/* Puts what every answer has. */
void answer_headers(struct MHD_Response *response, enum web_audience audience, const char *type,
                    const char *cache);
enum MHD_Result answer_fail(struct guest *guest, unsigned status);
/* libmicrohttpd's */
enum MHD_Result answer_request(void *server, struct MHD_Connection *connection, const char *url,
                               const char *method, const char *version, const char *body,
                               size_t *body_len, void **request);
void answer_over(void *server, struct MHD_Connection *connection, void **request,
                 enum MHD_RequestTerminationCode code);
/* To a connection that there is no room for. */
extern const char answer_no_room[];

/* stream.c */
enum MHD_Result stream_listen(struct guest *guest, struct page *page, int64_t now_ms);
void stream_event(struct server *server, struct page *page, struct buf *bytes);
void stream_look(struct guest *guest, int64_t now_ms);
void stream_over(struct guest *guest);
void stream_clear(struct server *server, struct page *page); /* it is withdrawn */

#endif
