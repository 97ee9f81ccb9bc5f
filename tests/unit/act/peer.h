/* A server on 127.0.0.1 that does what a script says to whoever connects, in a thread. */
#ifndef TEST_ACT_PEER_H
#define TEST_ACT_PEER_H

#include "base/buf.h"

#include <openssl/ssl.h>
#include <pthread.h>

enum peer_do {
    PEER_END, /* closes */
    PEER_SAY,
    PEER_LINE,    /* reads a line, which begins with the text */
    PEER_DATA,    /* reads a mail, to its dot */
    PEER_SOME,    /* reads 100 000 bytes */
    PEER_REQUEST, /* reads a request, its body included */
    PEER_TLS,
    PEER_RESET,
    PEER_HANG, /* reads until the other side closes */
};

struct peer_step {
    enum peer_do what;
    const char *text;
};

struct peer {
    int listener, port;
    const struct peer_step *script;
    SSL_CTX *tls;
    SSL *ssl;
    int fd;
    pthread_t thread;
    struct buf input; /* all that came */
    struct buf line;
    const char *surprise; /* what the script did not foresee */
};

/* `ca_path`: where its certificate goes, NULL: it has none. */
void peer_start(struct peer *peer, const struct peer_step *script, const char *ca_path);
/* Waits for the end of the script. */
void peer_join(struct peer *peer);

#endif
