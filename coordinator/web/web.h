/* HTTP/1.1 for people and their monitoring: pages that the rest of the daemon makes, and nothing
 * else. GET and HEAD, no bodies, no files, no parameters.
 *
 * A thread of its own speaks to the clients (libmicrohttpd), so that none of them can hold up
 * the loop: slow readers, half requests and floods meet that thread only, and what has been
 * published stays up while the loop stands still. Nothing is shared: bytes are handed over
 * (mailbox.h). The thread runs when an address is listened on, or once somebody was adopted.
 *
 * Each audience has an address and pages of its own; operators see the others' too, where they
 * have none of the same path. A path begins with '/', is shorter than WEB_PATH and is what comes
 * before a '?'; what can be asked for is exactly what was put there.
 *
 * Every answer forbids scripts, frames and foreign content, but for the operators' pages, which
 * may have scripts that are pages themselves (never inline). Styles may be inline.
 *
 * All calls and callbacks on the loop thread. */
#ifndef WEB_WEB_H
#define WEB_WEB_H

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"

#include <stdint.h>
#include <uv.h>

#define WEB_PATH 128
#define WEB_TYPE 64        /* of a content type */
#define WEB_PLACES 256     /* paths in use */
#define WEB_PAGE (4 << 20) /* bytes */
#define WEB_EVENT (256 << 10)
#define WEB_LISTENERS 8      /* of a stream */
#define WEB_AGE_LEAST_MS 100 /* so that nobody's hurry becomes the loop's */

enum web_audience { WEB_PUBLIC, WEB_METRICS, WEB_OPERATORS, WEB_AUDIENCES };

struct web;

struct web_address {
    const char *host; /* an IP address; NULL: this audience is not listened for */
    int port;
};

/* How long others may take. 0: the value here. */
struct web_patience {
    int request_ms;   /* 10 s: for a whole request, and between two */
    int loop_ms;      /* 5 s: the loop, for a page that is made when asked for */
    int send_ms;      /* 60 s: for taking a whole answer, or some of a stream */
    int keepalive_ms; /* 15 s: between two signs of life of a silent stream */
};

struct web_options {
    uv_loop_t *loop;
    struct log *log;
    struct web_address listen[WEB_AUDIENCES];
    struct web_patience patience;
};

/* ERR_INVALID, ERR_IO: names the key (http.public, ...) and the address. Operators' must be a
 * loopback address: who comes there is asked for nothing. After an error the loop must run once
 * more. */
int web_open(const struct web_options *options, struct web **web, struct err *err);
/* Hangs up on everybody. No `make` is called any more. */
void web_close(struct web *web, void (*closed)(void *context), void *context);

/* From now on this is what is there; the bytes are copied. ERR_LIMIT: too large, or too many
 * paths, and what was there stays. */
int web_publish(struct web *web, enum web_audience audience, const char *path, const char *type,
                const void *bytes, size_t len);

/* A page that is made when somebody asks, and then is good for `max_age_ms`. One run at a time,
 * however many wait for it. What is left empty is a 503, and so is what comes too late. */
typedef void web_make(void *context, struct buf *out);
void web_dynamic(struct web *web, enum web_audience audience, const char *path, const char *type,
                 int max_age_ms, web_make *make, void *context);

/* Server-sent events, each of which tells all that there is to tell: who comes gets the newest
 * at once, and who reads too slowly misses some, never the newest. */
void web_stream(struct web *web, enum web_audience audience, const char *path);
/* `event` is its name, `data` may have lines. ERR_LIMIT: longer than WEB_EVENT. */
int web_push(struct web *web, enum web_audience audience, const char *path, const char *event,
             const char *data);
/* How many listen to a stream. */
int web_watched(const struct web *web, enum web_audience audience, const char *path);

/* Of any kind; fine when there is none. Whoever registered `make` withdraws it before what it
 * uses goes, or closes the web. */
void web_withdraw(struct web *web, enum web_audience audience, const char *path);

/* A connection of an operator who has proved to be one, before its first request. Takes it. */
void web_adopt(struct web *web, int fd);

struct web_counters {
    uint64_t connections[WEB_AUDIENCES];
    uint64_t open[WEB_AUDIENCES]; /* of these, now */
    uint64_t requests[WEB_AUDIENCES];
    uint64_t failed;  /* answers from 400 on, as far as they are ours */
    uint64_t late;    /* 503: the loop took too long */
    uint64_t refused; /* connections: too many, or hung up on to make room */
    uint64_t slow;    /* connections that took too long to ask, or to read */
};
struct web_counters web_counters(const struct web *web);

#endif
