/* libcurl's transfers on a libuv loop, or each in a thread of its own. A transfer is a prepared
 * easy handle: set options through transfer_easy(), start it, and hear once how it ended. Ended
 * handles are used again, whatever check they served before; connections are kept by libcurl. Needs
 * no curl_global_init() of its own: libcurl counts its users. Loop thread only. */
#ifndef TRANSFER_TRANSFER_H
#define TRANSFER_TRANSFER_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#define TRANSFER_BODY_MAX (64 << 10) /* bytes of an answer's body that are read and dropped */

struct transfers;
struct transfer;

struct transfer_end {
    CURLcode code;    /* CURLE_OK too when the body passed TRANSFER_BODY_MAX */
    int os_error;     /* errno behind it, or 0 */
    int status;       /* HTTP, 0 when none came */
    const char *text; /* cause for the operator; valid during the call, as is: */
    const char *kept; /* transfer_keep(): NUL-terminated; may have further NULs */
    size_t kept_len;
    bool sent; /* transfer_send(): all of it was handed over, so the peer may have it */
};
typedef void transfer_done(void *context, const struct transfer_end *end);

/* Keeps at most `kept` idle connections. */
struct transfers *transfers_open(uv_loop_t *loop, int kept);
/* All transfers must have ended or been stopped. `closed` when the memory is gone. */
void transfers_close(struct transfers *transfers, void (*closed)(void *context), void *context);

/* HTTP/1.1 or HTTPS to nobody yet: no proxy, no redirects, no other protocol, the system's
 * trust, body dropped. The transfer is gone after `done` or transfer_stop(). */
struct transfer *transfer_new(struct transfers *transfers, transfer_done *done, void *context);
CURL *transfer_easy(struct transfer *transfer);

/* Before the start, each at most once: */
/* Keeps the first `max` bytes of the answer's body. */
void transfer_keep(struct transfer *transfer, size_t max);
/* Of a protocol that answers in lines (SMTP) the begin of the newest one; once all is sent, of the
 * first one after that: the answer to it. */
void transfer_keep_line(struct transfer *transfer, size_t max);
/* Sends these bytes, which are copied, and wiped afterwards. */
void transfer_send(struct transfer *transfer, const void *bytes, size_t len);
/* An option that takes a list, which the transfer owns from here on. */
void transfer_list(struct transfer *transfer, CURLoption option, struct curl_slist *list);

/* `done` never comes from inside this call. No time-out: the owner stops it. */
void transfer_start(struct transfer *transfer);
void transfer_stop(struct transfer *transfer);

/* For protocols of which libcurl waits inside of one call (SMTP: for the answer to the message,
 * and to QUIT): in a thread of its own, over a connection of its own. `done` comes on the loop,
 * at the latest about a second after the time-out; there is no transfer_stop(). */
void transfer_start_apart(struct transfer *transfer, int timeout_ms);
/* `done` comes within about a second, with CURLE_ABORTED_BY_CALLBACK if nothing else came first. */
void transfer_abort(struct transfer *transfer);

#endif
