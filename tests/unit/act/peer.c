#include "peer.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { PATIENCE_S = 20 };

static void add_extension(X509 *cert, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    assert_non_null(extension);
    X509_add_ext(cert, extension, -1);
    X509_EXTENSION_free(extension);
}

static void make_tls(struct peer *peer, const char *ca_path)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    X509_NAME *name = X509_get_subject_name(cert);
    FILE *file = fopen(ca_path, "w");

    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    X509_set_pubkey(cert, key);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"test", -1, -1, 0);
    X509_set_issuer_name(cert, name);
    add_extension(cert, NID_subject_alt_name, "IP:127.0.0.1");
    assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, cert), 1);
    fclose(file);
    peer->tls = SSL_CTX_new(TLS_server_method());
    assert_int_equal(SSL_CTX_use_certificate(peer->tls, cert), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(peer->tls, key), 1);
    X509_free(cert);
    EVP_PKEY_free(key);
}

static int get(struct peer *peer, char *byte)
{
    int n = peer->ssl != NULL ? SSL_read(peer->ssl, byte, 1) : (int)read(peer->fd, byte, 1);

    if (n == 1)
        buf_append(&peer->input, byte, 1);
    return n == 1;
}

static void say(struct peer *peer, const char *text)
{
    size_t len = strlen(text);

    if (peer->ssl != NULL)
        SSL_write(peer->ssl, text, (int)len);
    else
        send(peer->fd, text, len, MSG_NOSIGNAL);
}

static int read_until(struct peer *peer, const char *end)
{
    char byte;

    buf_clear(&peer->line);
    while (get(peer, &byte)) {
        buf_append(&peer->line, &byte, 1);
        if (peer->line.len >= strlen(end) &&
            memcmp(peer->line.data + peer->line.len - strlen(end), end, strlen(end)) == 0)
            return 1;
    }
    return 0;
}

static int read_request(struct peer *peer)
{
    const char *at;
    long left;
    char byte;

    if (!read_until(peer, "\r\n\r\n"))
        return 0;
    at = strcasestr(buf_cstr(&peer->line), "content-length: ");
    for (left = at == NULL ? 0 : atol(at + 16); left > 0; left--)
        if (!get(peer, &byte))
            return 0;
    return 1;
}

static int start_tls(struct peer *peer)
{
    peer->ssl = SSL_new(peer->tls);
    SSL_set_fd(peer->ssl, peer->fd);
    return SSL_accept(peer->ssl) == 1;
}

static int step(struct peer *peer, const struct peer_step *step)
{
    struct linger linger = {1, 0};
    char byte;

    switch (step->what) {
    case PEER_SAY:
        say(peer, step->text);
        return 1;
    case PEER_LINE:
        if (!read_until(peer, "\r\n"))
            return 0;
        if (strncasecmp(buf_cstr(&peer->line), step->text, strlen(step->text)) != 0)
            peer->surprise = step->text;
        return peer->surprise == NULL;
    case PEER_DATA:
        return read_until(peer, "\r\n.\r\n");
    case PEER_SOME:
        for (int i = 0; i < 100000; i++)
            if (!get(peer, &byte))
                return 0;
        return 1;
    case PEER_REQUEST:
        return read_request(peer);
    case PEER_TLS:
        return start_tls(peer);
    case PEER_RESET:
        setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
        return 0;
    case PEER_HANG:
        while (get(peer, &byte))
            ;
        return 0;
    default:
        return 0;
    }
}

static void *run(void *context)
{
    struct peer *peer = context;
    struct timeval patience = {PATIENCE_S, 0};

    peer->fd = accept(peer->listener, NULL, NULL);
    if (peer->fd < 0)
        return NULL;
    setsockopt(peer->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    while (step(peer, peer->script))
        peer->script++;
    if (peer->ssl != NULL)
        SSL_free(peer->ssl);
    close(peer->fd);
    return NULL;
}

void peer_start(struct peer *peer, const struct peer_step *script, const char *ca_path)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof address;

    *peer = (struct peer){.script = script};
    if (ca_path != NULL)
        make_tls(peer, ca_path);
    peer->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(peer->listener, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(peer->listener, 1), 0);
    assert_int_equal(getsockname(peer->listener, (struct sockaddr *)&address, &len), 0);
    peer->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&peer->thread, NULL, run, peer), 0);
}

void peer_join(struct peer *peer)
{
    shutdown(peer->listener, SHUT_RDWR); /* nobody may have come */
    pthread_join(peer->thread, NULL);
    close(peer->listener);
    SSL_CTX_free(peer->tls);
    buf_free(&peer->line);
    if (peer->surprise != NULL)
        fail_msg("not %s: %s", peer->surprise, buf_cstr(&peer->input));
}
