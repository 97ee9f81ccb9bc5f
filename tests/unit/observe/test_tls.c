/* HTTPS: which certificates are believed. The server is a thread with a certificate made
 * here, on a port that the kernel chose. */
#include "world.h"

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static EVP_PKEY *new_key(void)
{
    return EVP_EC_gen("P-256");
}

static void add_extension(X509 *cert, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    assert_non_null(extension);
    X509_add_ext(cert, extension, -1);
    X509_EXTENSION_free(extension);
}

/* Self-signed, for 127.0.0.1. */
static X509 *new_cert(EVP_PKEY *key)
{
    X509 *cert = X509_new();
    X509_NAME *name = X509_get_subject_name(cert);

    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    X509_set_pubkey(cert, key);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"test", -1, -1, 0);
    X509_set_issuer_name(cert, name);
    add_extension(cert, NID_subject_alt_name, "IP:127.0.0.1");
    assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
    return cert;
}

static void write_pem(const char *path, X509 *cert)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, cert), 1);
    fclose(file);
}

struct https {
    SSL_CTX *context;
    int listener, port;
    pthread_t thread;
};

/* Answers one request a connection until its listener is shut down. */
static void *serve(void *argument)
{
    static const char answer[] =
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    struct https *https = argument;
    char request[4096];
    int fd;

    while ((fd = accept(https->listener, NULL, NULL)) >= 0) {
        SSL *ssl = SSL_new(https->context);

        SSL_set_fd(ssl, fd);
        if (SSL_accept(ssl) == 1 && SSL_read(ssl, request, sizeof request) > 0)
            SSL_write(ssl, answer, sizeof answer - 1);
        SSL_shutdown(ssl);
        SSL_free(ssl);
        close(fd);
    }
    return NULL;
}

static void https_open(struct https *https, EVP_PKEY *key, X509 *cert)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001)};
    socklen_t len = sizeof address;

    https->context = SSL_CTX_new(TLS_server_method());
    assert_int_equal(SSL_CTX_use_certificate(https->context, cert), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(https->context, key), 1);
    https->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(https->listener, (struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(https->listener, (struct sockaddr *)&address, &len), 0);
    assert_int_equal(listen(https->listener, 16), 0);
    https->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&https->thread, NULL, serve, https), 0);
}

static void https_close(struct https *https)
{
    shutdown(https->listener, SHUT_RDWR);
    pthread_join(https->thread, NULL);
    close(https->listener);
    SSL_CTX_free(https->context);
}

static void test_trust(void **state)
{
    char dir[] = "/tmp/observe-tls-XXXXXX", good[64], wrong[64];
    EVP_PKEY *key = new_key(), *other_key = new_key();
    X509 *cert = new_cert(key), *other = new_cert(other_key);
    struct https https;
    struct world world;

    assert_non_null(mkdtemp(dir));
    snprintf(good, sizeof good, "%s/good.pem", dir);
    snprintf(wrong, sizeof wrong, "%s/wrong.pem", dir);
    write_pem(good, cert);
    write_pem(wrong, other);
    https_open(&https, key, cert);
    world_init(&world);
    for (int i = 0; i < 3; i++)
        world_http(&world, "https", https.port, NEVER_MS, 5000);
    snprintf(world.checks[0].ca_file, sizeof world.checks[0].ca_file, "%s", good);
    snprintf(world.checks[1].ca_file, sizeof world.checks[1].ca_file, "%s", wrong);
    world_observe(&world, 1);
    /* Handles and the cache of authorities are shared: what one check trusts must not
     * become what another one trusts. */
    for (int round = 0; round < 2; round++) {
        assert_int_equal(world_probe(&world, 0).reason, REASON_OK);
        assert_int_equal(world_probe(&world, 1).reason, REASON_TLS);
        assert_int_equal(world_probe(&world, 2).reason, REASON_TLS);
    }
    world_end(&world);
    https_close(&https);
    unlink(good);
    unlink(wrong);
    rmdir(dir);
    X509_free(cert);
    X509_free(other);
    EVP_PKEY_free(key);
    EVP_PKEY_free(other_key);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_trust)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
