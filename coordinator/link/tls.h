/* Certificates: the two OpenSSL contexts of a node, who may do what, and refusals in
 * words. A session (one per connection) is judged while its handshake runs, so that
 * the other side gets an alert instead of a silent close. */
#ifndef LINK_TLS_H
#define LINK_TLS_H

#include "base/err.h"
#include "link/link.h"

#include <openssl/ssl.h>

struct tls;

enum tls_kind { TLS_NONE, TLS_RAFT, TLS_PEER, TLS_ADMIN, TLS_AGENT, TLS_HTTP };

/* What a connection wants of the other side, and what it learned. Zero-initialise. */
struct tls_session {
    enum tls_kind kind;    /* set by the dialler; by ALPN for a listener */
    const char *want_name; /* dialler: who must be there; NULL for a listener */
    bool agent;            /* listener: an agent's port, which knows TLS_AGENT and nothing else */
    bool http;             /* listener: somebody serves TLS_HTTP */
    /* Index in the table of coordinators, or -1. */
    int (*index_of)(const void *context, const char *name);
    const void *context;
    /* Found out: */
    char name[LIMIT_NAME];
    enum link_role role;
    int peer;             /* index for LINK_NODE, else -1 */
    char why[LIMIT_TEXT]; /* our own refusal, in words */
};

/* Reads the files and proves that they fit: key and certificate belong together, the
 * CA issued it, it is valid now, names `self` and the role (node or agent). ERR_IO,
 * ERR_INVALID. */
int tls_open(const char *ca_file, const char *cert_file, const char *key_file, const char *self,
             enum link_role role, struct tls **tls, struct err *err);
void tls_close(struct tls *tls); /* sessions in use stay good; NULL is fine */

/* UTC at which the own certificate ends. */
int64_t tls_ends_ms(const struct tls *tls);

/* `session` must outlive the SSL. Dialler when session->want_name is set. */
SSL *tls_session_new(struct tls *tls, struct tls_session *session);

/* After a failed operation (result of SSL_get_error), the reason in words. */
void tls_why(const struct tls_session *session, int ssl_error, char *why, size_t size);

#endif
