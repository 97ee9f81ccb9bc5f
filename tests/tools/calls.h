/* A customer who always calls: one call every interval, on a fresh connection, whether or
 * not earlier calls still wait. */
#ifndef TOOLS_CALLS_H
#define TOOLS_CALLS_H

#include "base/limits.h"

#include <stdint.h>
#include <sys/socket.h>
#include <uv.h>

struct calls;

struct calls_options {
    const char *http;            /* "HOST:PORT" to call, or NULL: */
    struct sockaddr_storage dns; /* the server to ask before every call */
    const char *dns_name;
    int dns_port; /* to call at the address found */
    int interval_ms, timeout_ms;
};

/* Call `number` ended. `name`: who served it, NULL when it failed. */
typedef void calls_ended(void *context, uint64_t number, const char *name);

/* The options' texts must outlive it. */
struct calls *calls_open(uv_loop_t *loop, const struct calls_options *options, calls_ended *ended,
                         void *context);
/* The number that the next call will have. */
uint64_t calls_next(const struct calls *calls);
/* No call ends after this. The memory goes when the loop has run empty. */
void calls_close(struct calls *calls);

#endif
