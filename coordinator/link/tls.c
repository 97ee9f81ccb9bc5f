#include "link/tls.h"
#include "base/check.h"
#include "base/mem.h"
#include "base/plain.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Wire form: each name after its length. */
static const struct {
    enum tls_kind kind;
    const char *wire;
} protocols[] = {{TLS_RAFT, "\x0ekirikae-raft/1"},
                 {TLS_PEER, "\x0ekirikae-peer/1"},
                 {TLS_ADMIN, "\x0fkirikae-admin/1"},
                 {TLS_AGENT, "\x0fkirikae-agent/1"},
                 {TLS_HTTP, "\x08http/1.1"}};

struct tls {
    SSL_CTX *server, *client;
};

static const char *protocol_wire(enum tls_kind kind)
{
    for (size_t i = 0; i < ARRAY_LEN(protocols); i++)
        if (protocols[i].kind == kind)
            return protocols[i].wire;
    return NULL;
}

/* The first error queued is the innermost cause. */
static const char *first_reason(void)
{
    unsigned long code = ERR_peek_error();
    const char *text = ERR_reason_error_string(code);

    if (ERR_SYSTEM_ERROR(code))
        return strerror(ERR_GET_REASON(code));
    return text != NULL ? text : "unknown reason";
}

/* One entry of the subject as printable UTF-8; 0, or ERR_INVALID when it is missing,
 * there twice, too long or not fit for a log line. */
static int subject_entry(const X509 *cert, int nid, char *out, size_t size)
{
    const X509_NAME *subject = X509_get_subject_name(cert);
    int at = X509_NAME_get_index_by_NID(subject, nid, -1);
    unsigned char *text = NULL;
    int len, rc = 0;

    if (at < 0 || X509_NAME_get_index_by_NID(subject, nid, at) >= 0)
        return ERR_INVALID;
    len = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    if (len <= 0 || (size_t)len >= size)
        rc = ERR_INVALID;
    if (rc == 0) {
        memcpy(out, text, (size_t)len);
        out[len] = '\0';
        if (strlen(out) != (size_t)len || !plain_text(out))
            rc = ERR_INVALID;
    }
    OPENSSL_free(text);
    return rc;
}

static const char *const roles[] = {[LINK_NODE] = "node",
                                    [LINK_ADMIN] = "admin",
                                    [LINK_OPERATOR] = "operator",
                                    [LINK_VIEWER] = "viewer",
                                    [LINK_AGENT] = "agent"};

static int role_parse(const char *text, enum link_role *role)
{
    for (size_t i = 0; i < ARRAY_LEN(roles); i++)
        if (strcmp(text, roles[i]) == 0) {
            *role = (enum link_role)i;
            return 0;
        }
    return ERR_INVALID;
}

static bool protocol_agreed(const SSL *ssl, enum tls_kind kind)
{
    const unsigned char *got = NULL;
    const char *want = protocol_wire(kind);
    unsigned int len = 0;

    SSL_get0_alpn_selected(ssl, &got, &len);
    return want != NULL && len == (unsigned int)want[0] && memcmp(got, want + 1, len) == 0;
}

static int refuse(struct tls_session *session, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int refuse(struct tls_session *session, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(session->why, sizeof session->why, format, args);
    va_end(args);
    return ERR_DENIED;
}

#define NO_PROTOCOL "names no protocol of this port (ALPN)"

/* The certificate is good; may its bearer do what the session is for? */
static int judge(struct tls_session *session, const SSL *ssl, const X509 *cert)
{
    char unit[LIMIT_NAME];

    if (!protocol_agreed(ssl, session->kind))
        return refuse(session, NO_PROTOCOL);
    if (subject_entry(cert, NID_commonName, session->name, sizeof session->name) != 0)
        return refuse(session, "certificate without one usable CN");
    if (subject_entry(cert, NID_organizationalUnitName, unit, sizeof unit) != 0 ||
        role_parse(unit, &session->role) != 0)
        return refuse(session, "certificate of \"%s\": OU must be node, admin, operator or viewer",
                      session->name);
    session->peer = -1;
    if (session->kind == TLS_AGENT) {
        enum link_role want = session->want_name != NULL ? LINK_AGENT : LINK_NODE;

        if (session->role != want)
            return refuse(session, "\"%s\" has the role %s; this needs the role %s", session->name,
                          unit, roles[want]);
    } else if (session->kind == TLS_HTTP) {
        /* Pages are for people: a node's or an agent's key does not open them. */
        if (session->role == LINK_NODE || session->role == LINK_AGENT)
            return refuse(session, "\"%s\" has the role %s; pages are for admin, operator, viewer",
                          session->name, unit);
    } else if (session->role == LINK_NODE) {
        session->peer = session->index_of(session->context, session->name);
        if (session->peer < 0)
            return refuse(session, "\"%s\" is no coordinator of this cluster", session->name);
    } else if (session->kind != TLS_ADMIN || session->want_name != NULL) {
        return refuse(session, "\"%s\" has the role %s; this needs the role node", session->name,
                      unit);
    }
    if (session->want_name != NULL && strcmp(session->name, session->want_name) != 0)
        return refuse(session, "\"%s\" answers where \"%s\" should be", session->name,
                      session->want_name);
    return 0;
}

static int on_verify(X509_STORE_CTX *store, void *arg)
{
    const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tls_session *session = SSL_get_app_data(ssl);
    const X509 *cert = X509_STORE_CTX_get0_cert(store);
    char name[LIMIT_NAME] = "?";

    (void)arg;
    if (X509_verify_cert(store) != 1) {
        subject_entry(cert, NID_commonName, name, sizeof name);
        refuse(session, "certificate of \"%s\": %s", name,
               X509_verify_cert_error_string(X509_STORE_CTX_get_error(store)));
        return 0;
    }
    if (judge(session, ssl, cert) == 0)
        return 1;
    X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
    return 0;
}

static bool offered(const struct tls_session *session, enum tls_kind kind)
{
    return kind == TLS_HTTP ? session->http : (kind == TLS_AGENT) == session->agent;
}

/* The first of the dialler's protocols that is ours decides the kind. */
static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                   const unsigned char *in, unsigned int in_len, void *arg)
{
    struct tls_session *session = SSL_get_app_data(ssl);

    (void)arg;
    for (unsigned int at = 0; at < in_len && in[at] < in_len - at; at += in[at] + 1u)
        for (size_t i = 0; i < ARRAY_LEN(protocols); i++)
            if (offered(session, protocols[i].kind) &&
                in[at] == (unsigned char)protocols[i].wire[0] &&
                memcmp(in + at + 1, protocols[i].wire + 1, in[at]) == 0) {
                session->kind = protocols[i].kind;
                *out = in + at + 1;
                *out_len = in[at];
                return SSL_TLSEXT_ERR_OK;
            }
    refuse(session, NO_PROTOCOL);
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* A daemon has no terminal to ask on: an encrypted key is an error. */
static int no_passphrase(char *out, int size, int writing, void *arg)
{
    (void)out, (void)size, (void)writing, (void)arg;
    return -1;
}

static int load(SSL_CTX *ctx, const char *ca_file, const char *cert_file, const char *key_file,
                struct err *err)
{
    if (SSL_CTX_load_verify_file(ctx, ca_file) != 1)
        return err_set(err, ERR_IO, "CA certificate %s: %s", ca_file, first_reason());
    if (SSL_CTX_use_certificate_chain_file(ctx, cert_file) != 1)
        return err_set(err, ERR_IO, "certificate %s: %s", cert_file, first_reason());
    if (SSL_CTX_use_PrivateKey_file(ctx, key_file, SSL_FILETYPE_PEM) != 1)
        return err_set(err, ERR_IO, "key %s: %s", key_file, first_reason());
    if (SSL_CTX_check_private_key(ctx) != 1)
        return err_set(err, ERR_INVALID, "key %s does not belong to certificate %s", key_file,
                       cert_file);
    return 0;
}

static int context_new(const SSL_METHOD *method, const char *ca_file, const char *cert_file,
                       const char *key_file, SSL_CTX **out, struct err *err)
{
    SSL_CTX *ctx = SSL_CTX_new(method);

    CHECK(ctx != NULL);
    *out = ctx;
    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    SSL_CTX_set_security_level(ctx, 2); /* RSA 2048, P-256, SHA-256 and better */
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE);
    CHECK(SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1);
    CHECK(SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"
                                        "TLS_CHACHA20_POLY1305_SHA256") == 1);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(ctx, 0);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_default_passwd_cb(ctx, no_passphrase);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_cert_verify_callback(ctx, on_verify, NULL);
    SSL_CTX_set_alpn_select_cb(ctx, on_alpn, NULL);
    return load(ctx, ca_file, cert_file, key_file, err);
}

/* Better now and in words than as an alert from eleven others. */
static int prove_own(SSL_CTX *ctx, const char *ca_file, const char *cert_file, const char *self,
                     enum link_role role, struct err *err)
{
    X509 *cert = SSL_CTX_get0_certificate(ctx);
    X509_STORE_CTX *store = X509_STORE_CTX_new();
    char name[LIMIT_NAME], unit[LIMIT_NAME];
    STACK_OF(X509) *chain = NULL;
    int rc = 0;

    CHECK(store != NULL);
    SSL_CTX_get0_chain_certs(ctx, &chain);
    CHECK(X509_STORE_CTX_init(store, SSL_CTX_get_cert_store(ctx), cert, chain) == 1);
    if (X509_verify_cert(store) != 1)
        rc = err_set(err, ERR_INVALID, "certificate %s against CA %s: %s", cert_file, ca_file,
                     X509_verify_cert_error_string(X509_STORE_CTX_get_error(store)));
    else if (X509_check_purpose(cert, X509_PURPOSE_SSL_SERVER, 0) != 1 ||
             X509_check_purpose(cert, X509_PURPOSE_SSL_CLIENT, 0) != 1)
        rc = err_set(err, ERR_INVALID, "certificate %s must be good for TLS servers and clients",
                     cert_file);
    else if (subject_entry(cert, NID_commonName, name, sizeof name) != 0 || strcmp(name, self) != 0)
        rc = err_set(err, ERR_INVALID, "certificate %s: CN must be \"%s\"", cert_file, self);
    else if (subject_entry(cert, NID_organizationalUnitName, unit, sizeof unit) != 0 ||
             strcmp(unit, roles[role]) != 0)
        rc = err_set(err, ERR_INVALID, "certificate %s: OU must be \"%s\"", cert_file, roles[role]);
    X509_STORE_CTX_free(store);
    return rc;
}

int tls_open(const char *ca_file, const char *cert_file, const char *key_file, const char *self,
             enum link_role role, struct tls **out, struct err *err)
{
    struct tls *tls = mem_zalloc(1, sizeof *tls);
    int rc;

    ERR_clear_error();
    rc = context_new(TLS_server_method(), ca_file, cert_file, key_file, &tls->server, err);
    if (rc == 0)
        rc = context_new(TLS_client_method(), ca_file, cert_file, key_file, &tls->client, err);
    if (rc == 0)
        rc = prove_own(tls->server, ca_file, cert_file, self, role, err);
    ERR_clear_error();
    if (rc != 0) {
        tls_close(tls);
        return rc;
    }
    *out = tls;
    return 0;
}

void tls_close(struct tls *tls)
{
    if (tls == NULL)
        return;
    SSL_CTX_free(tls->server);
    SSL_CTX_free(tls->client);
    mem_free(tls);
}

int64_t tls_ends_ms(const struct tls *tls)
{
    const X509 *cert = SSL_CTX_get0_certificate(tls->server);
    struct tm end;

    /* A certificate whose time is not one is not taken by tls_open(). */
    CHECK(cert != NULL && ASN1_TIME_to_tm(X509_get0_notAfter(cert), &end) == 1);
    return timegm(&end) * (int64_t)1000;
}

SSL *tls_session_new(struct tls *tls, struct tls_session *session)
{
    bool dials = session->want_name != NULL;
    SSL *ssl = SSL_new(dials ? tls->client : tls->server);
    const char *wire;

    CHECK(ssl != NULL);
    SSL_set_app_data(ssl, session);
    if (dials) {
        wire = protocol_wire(session->kind);
        CHECK(SSL_set_alpn_protos(ssl, (const unsigned char *)wire, (unsigned int)strlen(wire)) ==
              0);
        SSL_set_connect_state(ssl);
    } else {
        SSL_set_accept_state(ssl);
    }
    return ssl;
}

void tls_why(const struct tls_session *session, int ssl_error, char *why, size_t size)
{
    int reason = ERR_GET_REASON(ERR_peek_error());

    if (session->why[0] != '\0')
        snprintf(why, size, "%s", session->why);
    else if (ssl_error != SSL_ERROR_SSL)
        snprintf(why, size, "broken off");
    else if (reason > SSL_AD_REASON_OFFSET && reason < SSL_AD_REASON_OFFSET + 256)
        snprintf(why, size, "the other side refuses: %s",
                 SSL_alert_desc_string_long(reason - SSL_AD_REASON_OFFSET));
    else if (reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST ||
             reason == SSL_R_HTTPS_PROXY_REQUEST)
        snprintf(why, size, "does not speak TLS");
    else if (reason == SSL_R_UNSUPPORTED_PROTOCOL || reason == SSL_R_VERSION_TOO_LOW)
        snprintf(why, size, "offers no TLS from 1.2 on");
    else if (reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE)
        snprintf(why, size, "shows no certificate");
    else
        snprintf(why, size, "TLS: %s", first_reason());
}
