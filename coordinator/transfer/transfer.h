/* libcurl's transfers on a libuv loop. A transfer is a prepared easy handle: set options
 * through transfer_easy(), start it, and hear once how it ended. Ended handles are used
 * again, whatever check they served before; connections are kept by libcurl. Needs no
 * curl_global_init() of its own: libcurl counts its users. Loop thread only. */
#ifndef TRANSFER_TRANSFER_H
#define TRANSFER_TRANSFER_H

#include <curl/curl.h>
#include <uv.h>

#define TRANSFER_BODY_MAX (64 << 10) /* bytes of an answer's body that are read and dropped */

struct transfers;
struct transfer;

struct transfer_end {
    CURLcode code;    /* CURLE_OK too when the body passed TRANSFER_BODY_MAX */
    int os_error;     /* errno behind it, or 0 */
    int status;       /* HTTP, 0 when none came */
    const char *text; /* cause for the operator; valid during the call */
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
/* `done` never comes from inside this call. No time-out: the owner stops it. */
void transfer_start(struct transfer *transfer);
void transfer_stop(struct transfer *transfer);

#endif
