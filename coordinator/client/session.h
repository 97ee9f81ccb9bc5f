/* One TLS connection to one node, blocking with deadlines (boot clock, ms). */
#ifndef CLIENT_SESSION_H
#define CLIENT_SESSION_H

#include "base/buf.h"
#include "base/err.h"

#include <openssl/ssl.h>
#include <stdint.h>

struct session;

/* A client context: TLS 1.2 at the least, the CA, our certificate and key. */
int session_context(const char *ca, const char *cert, const char *key, SSL_CTX **context,
                    struct err *err);

/* Connects and checks that the peer is the node `name`. */
int session_open(SSL_CTX *context, const char *name, const char *host, int port,
                 int64_t deadline_ms, struct session **session, struct err *err);
void session_close(struct session *session); /* NULL is fine */

/* Sends one request and waits for its answer; ERR_… ends the usefulness of the session. */
int session_ask(struct session *session, const struct buf *request, int64_t deadline_ms,
                struct buf *answer, struct err *err);

#endif
