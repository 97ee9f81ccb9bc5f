/* Certificates for tests: authorities and what they issue, as PEM files. */
#ifndef TESTS_LINK_PKI_H
#define TESTS_LINK_PKI_H

struct authority;

/* A self-signed CA; its certificate goes to `ca_file`. */
struct authority *authority_new(const char *ca_file);
void authority_free(struct authority *authority);

/* A certificate valid from now + begin_s to now + end_s, and its key. `ou` may be NULL. */
void authority_issue(struct authority *authority, const char *cn, const char *ou, long begin_s,
                     long end_s, const char *cert_file, const char *key_file);

#endif
