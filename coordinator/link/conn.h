/* One TCP connection that carries frames, or bytes, under TLS. Knows nothing of peers or kinds.
 *
 * A connection frees itself after it ended; conn_end() may be called from any event
 * and at any time before `ended`. Events never come from inside conn_send(). */
#ifndef LINK_CONN_H
#define LINK_CONN_H

#include "base/err.h"
#include "link/address.h"
#include "link/tls.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

/* What all connections of a node share. Input is used up before the loop reads
 * again, so one buffer of each sort is enough. */
struct conn_env {
    uv_loop_t *loop;
    BIO_METHOD *bio;
    uint8_t *wire;                      /* CONN_WIRE bytes from the network */
    uint8_t *plain;                     /* CONN_PLAIN bytes, decrypted */
    unsigned alive;                     /* handles and requests that the loop still knows */
    void (*over)(struct conn_env *env); /* the last of them is gone */
};

void conn_env_open(struct conn_env *env, uv_loop_t *loop, void (*over)(struct conn_env *env));
void conn_env_close(struct conn_env *env);
void conn_env_hold(struct conn_env *env);
void conn_env_release(struct conn_env *env);

struct conn;

struct conn_events {
    void (*open)(void *owner); /* handshake done, the other side verified */
    void (*frame)(void *owner, const uint8_t *bytes, size_t len); /* borrowed */
    /* Last event. `code`: what conn_end() was given; by itself ERR_UNAVAILABLE (closed or
     * lost), ERR_DENIED (certificate, role, alert), ERR_LIMIT (frame too long). */
    void (*ended)(void *owner, int code, const char *why);
    /* After conn_raw() instead of frames: what came, borrowed; and that nothing waits to be sent
     * any more. */
    void (*bytes)(void *owner, const uint8_t *bytes, size_t len);
    void (*drained)(void *owner);
};

/* A connection in the making; `session` is copied. */
struct conn *conn_new(struct conn_env *env, struct tls *tls, const struct tls_session *session,
                      const struct conn_events *events, void *owner);
/* Then one of these. ERR_IO: the connection can only be ended. A dialled connection
 * begins TLS by itself when TCP stands, an accepted one with conn_start(). */
int conn_accept(struct conn *conn, uv_stream_t *server, struct err *err);
int conn_connect(struct conn *conn, const union address *to, const union address *from,
                 struct err *err); /* `from` NULL: any */
void conn_start(struct conn *conn);

/* Queues a frame of both parts. ERR_UNAVAILABLE: not open; ERR_LIMIT: LIMIT_FRAME or
 * LIMIT_SEND_QUEUE would be passed. */
int conn_send(struct conn *conn, const uint8_t *head, size_t head_len, const uint8_t *bytes,
              size_t len);
/* From `open` on it carries bytes as they are. Whoever sends them looks at conn_queue(), and
 * waits for `drained` when it is not 0. */
void conn_raw(struct conn *conn);
int conn_send_raw(struct conn *conn, const uint8_t *bytes, size_t len);
size_t conn_queue(const struct conn *conn);
/* Reads no more until it is let go; what was read already still comes (CONN_WIRE bytes at most). */
void conn_hold(struct conn *conn, bool hold);
void conn_end(struct conn *conn, int code, const char *why);
/* Ends it when writing failed or has not moved for `stall_ms`; true then. */
bool conn_check(struct conn *conn, uint64_t stall_ms);

bool conn_is_open(const struct conn *conn);
bool conn_is_connecting(const struct conn *conn); /* TCP does not stand yet */
uint64_t conn_active_ms(const struct conn *conn); /* uv_now() of the last frame either way */
const union address *conn_remote(const struct conn *conn);
const char *conn_address(const struct conn *conn); /* "host:port" */
const struct tls_session *conn_session(const struct conn *conn);
int conn_fd(const struct conn *conn); /* -1: none */
/* RFC 5705 keying material without context; only while open. */
void conn_export(struct conn *conn, const char *label, uint8_t *out, size_t len);

#define CONN_WIRE (32 << 10)
#define CONN_PLAIN (16 << 10)

#endif
