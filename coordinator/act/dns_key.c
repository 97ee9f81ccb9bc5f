#include "act/dns_message.h"
#include "act/secret_file.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

int dns_key_parse(const char *text, char *secret, struct err *err)
{
    const char *at = strstr(text, "secret");
    const size_t room = sizeof((struct dns_key *)0)->secret;
    ldns_rdf *raw;
    size_t len;

    if (at != NULL) { /* BIND: secret "…"; */
        at += strlen("secret");
        at += strspn(at, " \t\r\n");
        if (*at != '"')
            return err_set(err, ERR_INVALID, "want secret \"BASE64\"; in the key file");
        at++;
        len = strcspn(at, "\"");
    } else {
        at = text + strspn(text, " \t\r\n");
        len = strcspn(at, " \t\r\n");
        if (at[len + strspn(at + len, " \t\r\n")] != '\0')
            return err_set(err, ERR_INVALID, "want one base64 secret in the key file");
    }
    if (len == 0 || len >= room)
        return err_set(err, ERR_INVALID, "want 1 to %zu characters of base64 in the key file",
                       room - 1);
    memcpy(secret, at, len);
    secret[len] = '\0';
    raw = ldns_rdf_new_frm_str(LDNS_RDF_TYPE_B64, secret);
    if (raw == NULL)
        return err_set(err, ERR_INVALID, "the secret in the key file is not base64");
    explicit_bzero(ldns_rdf_data(raw), ldns_rdf_size(raw));
    ldns_rdf_deep_free(raw);
    return 0;
}

int dns_key_load(const struct actuator *actuator, struct dns_key *key, struct err *err)
{
    /* ldns offers no hmac-sha384; weaker ones than SHA-256 are not wanted. */
    static const char *const algorithms[] = {"hmac-sha256", "hmac-sha512"};
    const char *algorithm = actuator->tsig_algorithm;
    char text[DNS_KEY_FILE_MAX + 2];
    ldns_rdf *name = ldns_dname_new_frm_str(actuator->tsig_name);
    size_t len = strlen(algorithm);
    int rv;

    if (name == NULL || actuator->tsig_name[0] == '\0') {
        ldns_rdf_deep_free(name);
        return err_set(err, ERR_INVALID, "\"%s\" is no name of a TSIG key", actuator->tsig_name);
    }
    ldns_rdf_deep_free(name);
    snprintf(key->name, sizeof key->name, "%s", actuator->tsig_name);
    if (len == 0)
        algorithm = algorithms[0];
    if (len > 0 && algorithm[len - 1] == '.')
        len--;
    key->algorithm[0] = '\0';
    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++)
        if (len == 0 ||
            (strlen(algorithms[i]) == len && strncasecmp(algorithms[i], algorithm, len) == 0)) {
            snprintf(key->algorithm, sizeof key->algorithm, "%s.", algorithms[i]);
            break;
        }
    if (key->algorithm[0] == '\0')
        return err_set(err, ERR_INVALID, "TSIG algorithm \"%s\": want hmac-sha256 or hmac-sha512",
                       algorithm);
    rv = secret_file_read("tsig key", actuator->tsig_file, text, sizeof text, err);
    if (rv == 0) {
        rv = dns_key_parse(text, key->secret, err);
        if (rv != 0)
            err_wrap(err, rv, "tsig key %s", actuator->tsig_file);
    }
    explicit_bzero(text, sizeof text);
    return rv;
}
