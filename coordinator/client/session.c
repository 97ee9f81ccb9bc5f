#include "client/session.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct session {
    int fd;
    SSL *ssl;
    BIO_METHOD *method; /* a socket that never raises SIGPIPE */
    uint64_t next_id;
};

/* Puts OpenSSL's oldest queued reason into the text. */
static int tls_error(struct err *err, int code, const char *what)
{
    unsigned long e = ERR_peek_last_error();
    const char *reason = e != 0 ? ERR_reason_error_string(e) : NULL;

    ERR_clear_error();
    return err_set(err, code, "%s: %s", what, reason != NULL ? reason : "connection closed");
}

int session_context(const char *ca, const char *cert, const char *key, SSL_CTX **out,
                    struct err *err)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    int r = 0;

    ERR_clear_error();
    if (context == NULL)
        return tls_error(err, ERR_IO, "TLS");
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    if (SSL_CTX_load_verify_locations(context, ca, NULL) != 1)
        r = tls_error(err, ERR_INVALID, ca);
    else if (SSL_CTX_use_certificate_chain_file(context, cert) != 1)
        r = tls_error(err, ERR_INVALID, cert);
    else if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)
        r = tls_error(err, ERR_INVALID, key);
    if (r < 0) {
        SSL_CTX_free(context);
        return r;
    }
    *out = context;
    return 0;
}

/* ---- the socket ---- */

static int wait_for(int fd, short events, int64_t deadline_ms, struct err *err)
{
    struct pollfd p = {.fd = fd, .events = events};
    int64_t left;
    int r;

    do {
        left = deadline_ms - clock_boot_ms();
        if (left <= 0)
            return err_set(err, ERR_TIMEOUT, "no answer in time");
        r = poll(&p, 1, left > 60000 ? 60000 : (int)left);
    } while (r == 0 || (r < 0 && errno == EINTR));
    if (r < 0)
        return err_set(err, ERR_IO, "poll: %s", strerror(errno));
    return 0;
}

static int connect_one(const struct addrinfo *to, int64_t deadline_ms, int *out, struct err *err)
{
    int fd = socket(to->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int one = 1, failed = 0, r = 0;
    socklen_t len = sizeof failed;

    if (fd < 0)
        return err_set(err, ERR_IO, "socket: %s", strerror(errno));
    if (connect(fd, to->ai_addr, to->ai_addrlen) != 0) {
        if (errno != EINPROGRESS)
            r = err_set(err, ERR_UNAVAILABLE, "connect: %s", strerror(errno));
        else
            r = wait_for(fd, POLLOUT, deadline_ms, err);
    }
    if (r == 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &len) == 0 && failed != 0)
        r = err_set(err, ERR_UNAVAILABLE, "connect: %s", strerror(failed));
    if (r < 0) {
        close(fd);
        return r;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    *out = fd;
    return 0;
}

static int connect_any(const char *host, int port, int64_t deadline_ms, int *fd, struct err *err)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list, *to;
    char service[8];
    int r;

    snprintf(service, sizeof service, "%d", port);
    r = getaddrinfo(host, service, &hints, &list);
    if (r != 0)
        return err_set(err, ERR_UNAVAILABLE, "%s: %s", host, gai_strerror(r));
    r = err_set(err, ERR_UNAVAILABLE, "%s has no address", host);
    for (to = list; to != NULL && r < 0; to = to->ai_next)
        r = connect_one(to, deadline_ms, fd, err);
    freeaddrinfo(list);
    return r;
}

/* ---- TLS on it ---- */

static int bio_write(BIO *bio, const char *bytes, int len)
{
    ssize_t n;
    int fd = -1;

    BIO_get_fd(bio, &fd);
    BIO_clear_retry_flags(bio);
    n = send(fd, bytes, (size_t)len, MSG_NOSIGNAL);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        BIO_set_retry_write(bio);
    return (int)n;
}

/* As BIO_s_socket(), but the write. */
static BIO_METHOD *quiet_socket(void)
{
    const BIO_METHOD *plain = BIO_s_socket();
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOCKET, "quiet socket");

    if (method == NULL)
        return NULL;
    BIO_meth_set_write(method, bio_write);
    BIO_meth_set_read(method, BIO_meth_get_read(plain));
    BIO_meth_set_ctrl(method, BIO_meth_get_ctrl(plain));
    BIO_meth_set_create(method, BIO_meth_get_create(plain));
    BIO_meth_set_destroy(method, BIO_meth_get_destroy(plain));
    return method;
}

/* After a TLS call that returned `n` <= 0: 0 to try again, else an error. */
static int tls_wait(struct session *s, int n, int64_t deadline_ms, const char *what,
                    struct err *err)
{
    switch (SSL_get_error(s->ssl, n)) {
    case SSL_ERROR_WANT_READ:
        return wait_for(s->fd, POLLIN, deadline_ms, err);
    case SSL_ERROR_WANT_WRITE:
        return wait_for(s->fd, POLLOUT, deadline_ms, err);
    default:
        return tls_error(err, ERR_UNAVAILABLE, what);
    }
}

static bool subject_is(X509 *certificate, int nid, const char *wanted)
{
    char text[LIMIT_NAME];
    int n = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), nid, text, sizeof text);

    return n >= 0 && (size_t)n == strlen(wanted) && memcmp(text, wanted, (size_t)n) == 0;
}

static int check_peer(struct session *s, const char *name, struct err *err)
{
    X509 *certificate = SSL_get0_peer_certificate(s->ssl);

    if (certificate == NULL)
        return err_set(err, ERR_DENIED, "no certificate");
    if (!subject_is(certificate, NID_organizationalUnitName, "node"))
        return err_set(err, ERR_DENIED, "its certificate is not a node's (OU is not node)");
    if (!subject_is(certificate, NID_commonName, name))
        return err_set(err, ERR_DENIED, "its certificate is another's (CN is not %s)", name);
    return 0;
}

static int handshake(struct session *s, int64_t deadline_ms, struct err *err)
{
    long verified;
    int n, r;

    while ((n = SSL_connect(s->ssl)) != 1) {
        r = tls_wait(s, n, deadline_ms, "TLS handshake", err);
        if (r < 0) {
            verified = SSL_get_verify_result(s->ssl);
            if (verified != X509_V_OK)
                return err_set(err, ERR_DENIED, "its certificate is not accepted: %s",
                               X509_verify_cert_error_string(verified));
            return r;
        }
    }
    return 0;
}

static int start_tls(struct session *s, SSL_CTX *context, int64_t deadline_ms, struct err *err)
{
    static const unsigned char alpn[] = "\x0fkirikae-admin/1";
    BIO *bio;

    ERR_clear_error();
    s->ssl = SSL_new(context);
    s->method = quiet_socket();
    bio = s->method != NULL ? BIO_new(s->method) : NULL;
    if (s->ssl == NULL || bio == NULL) {
        BIO_free(bio);
        return tls_error(err, ERR_IO, "TLS");
    }
    BIO_set_fd(bio, s->fd, BIO_NOCLOSE);
    SSL_set_bio(s->ssl, bio, bio);
    if (SSL_set_alpn_protos(s->ssl, alpn, sizeof alpn - 1) != 0)
        return tls_error(err, ERR_IO, "ALPN");
    return handshake(s, deadline_ms, err);
}

int session_open(SSL_CTX *context, const char *name, const char *host, int port,
                 int64_t deadline_ms, struct session **out, struct err *err)
{
    struct session *s;
    int fd = -1, r;

    r = connect_any(host, port, deadline_ms, &fd, err);
    if (r < 0)
        return r;
    s = mem_zalloc(1, sizeof *s);
    s->fd = fd;
    r = start_tls(s, context, deadline_ms, err);
    if (r == 0)
        r = check_peer(s, name, err);
    if (r < 0) {
        session_close(s);
        return r;
    }
    *out = s;
    return 0;
}

void session_close(struct session *session)
{
    if (session == NULL)
        return;
    if (session->ssl != NULL && SSL_is_init_finished(session->ssl))
        SSL_shutdown(session->ssl);
    SSL_free(session->ssl);
    BIO_meth_free(session->method);
    ERR_clear_error();
    close(session->fd);
    mem_free(session);
}

/* ---- frames: be32 length, then be64 number and the message ---- */

static void put_be(uint8_t *at, uint64_t value, int bytes)
{
    while (bytes-- > 0) {
        at[bytes] = (uint8_t)value;
        value >>= 8;
    }
}

static uint64_t get_be(const uint8_t *at, int bytes)
{
    uint64_t value = 0;

    while (bytes-- > 0)
        value = value << 8 | *at++;
    return value;
}

static int write_all(struct session *s, const uint8_t *bytes, size_t len, int64_t deadline_ms,
                     struct err *err)
{
    size_t done = 0, n;
    int r;

    while (done < len) {
        ERR_clear_error();
        r = SSL_write_ex(s->ssl, bytes + done, len - done, &n);
        if (r == 1)
            done += n;
        else if ((r = tls_wait(s, r, deadline_ms, "sending", err)) < 0)
            return r;
    }
    return 0;
}

static int read_all(struct session *s, uint8_t *bytes, size_t len, int64_t deadline_ms,
                    struct err *err)
{
    size_t done = 0, n;
    int r;

    while (done < len) {
        ERR_clear_error();
        r = SSL_read_ex(s->ssl, bytes + done, len - done, &n);
        if (r == 1)
            done += n;
        else if ((r = tls_wait(s, r, deadline_ms, "waiting for the answer", err)) < 0)
            return r;
    }
    return 0;
}

int session_ask(struct session *session, const struct buf *request, int64_t deadline_ms,
                struct buf *answer, struct err *err)
{
    uint64_t id = ++session->next_id;
    struct buf frame = {0};
    uint8_t head[12];
    uint64_t len;
    int r;

    if (request->len + 8 > LIMIT_FRAME)
        return err_set(err, ERR_LIMIT, "the request is larger than %d bytes", LIMIT_FRAME);
    put_be(buf_reserve(&frame, 4), request->len + 8, 4);
    put_be(buf_reserve(&frame, 8), id, 8);
    buf_append(&frame, request->data, request->len);
    r = write_all(session, frame.data, frame.len, deadline_ms, err);
    buf_free(&frame);
    if (r == 0)
        r = read_all(session, head, sizeof head, deadline_ms, err);
    if (r < 0)
        return r;
    len = get_be(head, 4);
    if (len < 8 || len > LIMIT_FRAME || get_be(head + 4, 8) != id)
        return err_set(err, ERR_CORRUPT, "the answer is not a frame of the protocol");
    buf_clear(answer);
    return read_all(session, buf_reserve(answer, len - 8), len - 8, deadline_ms, err);
}
