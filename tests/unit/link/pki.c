#include "pki.h"
#include "base/check.h"
#include "base/mem.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>

struct authority {
    EVP_PKEY *key;
    X509 *cert;
    long serial;
};

static void name_add(X509_NAME *name, const char *field, const char *value)
{
    if (value != NULL)
        CHECK(X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, (const unsigned char *)value,
                                         -1, -1, 0) == 1);
}

static void extension_add(X509 *cert, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    CHECK(extension != NULL && X509_add_ext(cert, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

static X509 *cert_new(struct authority *by, EVP_PKEY *key, const char *cn, const char *ou,
                      long begin_s, long end_s)
{
    X509 *cert = X509_new();

    CHECK(cert != NULL && X509_set_version(cert, X509_VERSION_3) == 1);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), ++by->serial);
    X509_gmtime_adj(X509_getm_notBefore(cert), begin_s);
    X509_gmtime_adj(X509_getm_notAfter(cert), end_s);
    name_add(X509_get_subject_name(cert), "OU", ou);
    name_add(X509_get_subject_name(cert), "CN", cn);
    CHECK(X509_set_pubkey(cert, key) == 1);
    CHECK(X509_set_issuer_name(cert, X509_get_subject_name(by->cert != NULL ? by->cert : cert)));
    extension_add(cert, NID_basic_constraints, by->cert == NULL ? "critical,CA:TRUE" : "CA:FALSE");
    CHECK(X509_sign(cert, by->key, EVP_sha256()) > 0);
    return cert;
}

static void cert_write(X509 *cert, const char *file)
{
    FILE *out = fopen(file, "w");

    CHECK(out != NULL && PEM_write_X509(out, cert) == 1);
    fclose(out);
}

struct authority *authority_new(const char *ca_file)
{
    struct authority *authority = mem_zalloc(1, sizeof *authority);

    authority->key = EVP_EC_gen("P-256");
    CHECK(authority->key != NULL);
    authority->cert = cert_new(authority, authority->key, "a CA", NULL, -86400 * 9, 86400);
    cert_write(authority->cert, ca_file);
    return authority;
}

void authority_free(struct authority *authority)
{
    X509_free(authority->cert);
    EVP_PKEY_free(authority->key);
    mem_free(authority);
}

void authority_issue(struct authority *authority, const char *cn, const char *ou, long begin_s,
                     long end_s, const char *cert_file, const char *key_file)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = cert_new(authority, key, cn, ou, begin_s, end_s);
    FILE *out = fopen(key_file, "w");

    CHECK(out != NULL && PEM_write_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) == 1);
    fclose(out);
    cert_write(cert, cert_file);
    X509_free(cert);
    EVP_PKEY_free(key);
}
