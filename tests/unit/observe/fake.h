/* A server on 127.0.0.1 that behaves as badly as a test asks. */
#ifndef TEST_OBSERVE_FAKE_H
#define TEST_OBSERVE_FAKE_H

#include <stdbool.h>
#include <uv.h>

enum fake_mode {
    FAKE_OK,
    FAKE_ERROR,    /* 500 */
    FAKE_REDIRECT, /* 302 */
    FAKE_SILENT,   /* accepts, never answers */
    FAKE_CLOSE,    /* closes when asked */
    FAKE_RESET,    /* resets when asked */
    FAKE_GARBAGE,  /* not HTTP */
    FAKE_BIG,      /* a body beyond TRANSFER_BODY_MAX */
    FAKE_SLOW,     /* answers after FAKE_SLOW_MS */
    FAKE_ONCE,     /* keeps the connection open and closes it when asked again */
    FAKE_STUCK,    /* keeps the connection open and is silent when asked again */
};
#define FAKE_SLOW_MS 60

struct conn;
struct fake {
    uv_tcp_t listener;
    enum fake_mode mode;
    int port;
    int connections, requests;
    struct conn *conns;
};

/* Binds a port; nobody listens on it before fake_listen(). */
void fake_open(struct fake *fake, uv_loop_t *loop, enum fake_mode mode);
void fake_listen(struct fake *fake);
void fake_close(struct fake *fake);
/* The next of fake->conns, which are the open ones. */
const struct conn *fake_next(const struct conn *conn);

#endif
