/* The channels of notices: where they go out, and by what. Secrets are in files of each node. */
#include "base/check.h"
#include "wire/config_notice.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_DEFAULT_MS 20000
#define URL_CHARS ":/.-_~%[]?&=+,;!$()*"
#define HOST_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-"

/* ---- URLs ---- */

struct url_form {
    const char *schemes[2]; /* with and without TLS from the first byte */
    const char *ports[2];   /* added when there is none; NULL: it stays away */
    bool path, query;       /* may it have one? */
    const char *wanted;     /* for messages */
};

/* "HOST", "HOST:PORT", an IPv6 host in brackets; *port: behind the colon, NULL without one. */
static bool host_and_port(const char *at, size_t len, const char **port)
{
    char text[LIMIT_TEXT], *end;
    uint8_t bytes[16];
    size_t host;

    memcpy(text, at, len);
    text[len] = '\0';
    host = text[0] == '[' ? strcspn(text, "]") + 1 : strspn(text, HOST_CHARS);
    *port = host < len && text[host] == ':' ? at + host + 1 : NULL;
    if (host > len || (host < len && *port == NULL))
        return false;
    if (*port != NULL) {
        long value = strtol(text + host + 1, &end, 10);

        if (text[host + 1] < '0' || text[host + 1] > '9' || *end != '\0' || value < 1 ||
            value > 65535)
            return false;
    }
    text[text[0] == '[' ? host - 1 : host] = '\0';
    if (text[0] == '[')
        return inet_pton(AF_INET6, text + 1, bytes) == 1;
    return host > 0 && text[0] != '.' && text[0] != '-';
}

static int read_url_form(struct reader *r, const struct doc *doc, const char *what,
                         const struct url_form *form, char *url)
{
    size_t scheme = 0, host, used;
    const char *at, *rest, *port;
    int f, rc;

    /* Looked at first: what is refused below is shown. */
    if (doc->kind == DOC_TEXT && strchr(doc->text, '@') != NULL)
        return fields_refuse(r, doc->line,
                             "%s: has an @ in it: a name or a password does not belong there, "
                             "where everybody who may read the configuration has it",
                             what);
    rc = fields_text(r, doc, what, URL_CHARS, url, LIMIT_TEXT);
    if (rc != 0)
        return rc;
    for (f = 0; f < 2; f++) {
        scheme = strlen(form->schemes[f]);
        if (strncmp(url, form->schemes[f], scheme) == 0)
            break;
    }
    if (f == 2)
        return fields_expected(r, doc, what, form->wanted);
    at = url + scheme;
    host = strcspn(at, "/?");
    rest = at + host;
    if (!host_and_port(at, host, &port) || (*rest != '\0' && !form->path) ||
        (strchr(rest, '?') != NULL && !form->query))
        return fields_expected(r, doc, what, form->wanted);
    used = strlen(url);
    if (port == NULL && form->ports[f] != NULL) {
        if (used + strlen(form->ports[f]) >= LIMIT_TEXT)
            return fields_expected(r, doc, what, "a shorter text");
        strcpy(url + used, form->ports[f]);
    }
    for (; form->path && !form->query && url[used - 1] == '/'; used--)
        url[used - 1] = '\0';
    return 0;
}

static int read_mail_url(struct reader *r, const struct doc *doc, void *into)
{
    /* Submission and submissions: RFC 6409, RFC 8314. */
    static const struct url_form form = {{"smtps://", "smtp://"},
                                         {":465", ":587"},
                                         false,
                                         false,
                                         "smtp://HOST or smtps://HOST, each with :PORT or without"};

    return read_url_form(r, doc, "url of mail", &form, into);
}

static int read_base_url(struct reader *r, const struct doc *doc, void *into)
{
    static const struct url_form form = {
        {"https://", "http://"}, {NULL}, true, false, "https://HOST..., and no ? in it"};

    return read_url_form(r, doc, "url of channel", &form, into);
}

static int read_hook_url(struct reader *r, const struct doc *doc, void *into)
{
    static const struct url_form form = {
        {"https://", "http://"}, {NULL}, true, true, "https://HOST..."};

    return read_url_form(r, doc, "url of webhook", &form, into);
}

/* ---- their parts ---- */

static int read_file(struct reader *r, const struct doc *doc, void *into)
{
    char what[64];
    int rc;

    snprintf(what, sizeof what, "%.32s of channel", doc->key);
    rc = fields_plain(r, doc, what, into, LIMIT_TEXT);
    if (rc == 0 && *(const char *)into != '/')
        return fields_expected(r, doc, what, "a path that begins with /");
    return rc;
}

static int read_user(struct reader *r, const struct doc *doc, void *into)
{
    int rc = fields_plain(r, doc, "user of channel", into, LIMIT_NAME);

    if (rc == 0 && strchr(into, ':') != NULL) /* would begin the password: RFC 7617 */
        return fields_expected(r, doc, "user of channel", "a text without a colon");
    return rc;
}

static int read_from(struct reader *r, const struct doc *doc, void *into)
{
    return config_mail_address(r, doc, "from of mail", into);
}

#define SECRET(key) key, FIELD_READ, FIELD_AT(struct channel, secret_file), .read = read_file
#define TLS_FIELDS                                                                                 \
    {"ca", FIELD_READ, FIELD_AT(struct channel, ca_file), .read = read_file},                      \
    {                                                                                              \
        "plain", FIELD_BOOL, FIELD_AT(struct channel, plain)                                       \
    }
#define URL(by) "url", FIELD_READ, FIELD_AT(struct channel, url), .read = by

static const struct field mail_fields[] = {
    {URL(read_mail_url), .required = true},
    {"from", FIELD_READ, .required = true, FIELD_AT(struct channel, from), .read = read_from},
    {"user", FIELD_READ, FIELD_AT(struct channel, user), .read = read_user},
    {SECRET("password_file")},
    TLS_FIELDS,
};
static const struct field slack_fields[] = {{SECRET("url_file"), .required = true}, TLS_FIELDS};
static const struct field token_fields[] = {
    {SECRET("token_file"), .required = true}, {URL(read_base_url)}, TLS_FIELDS};
static const struct field webhook_fields[] = {
    {URL(read_hook_url), .required = true}, {SECRET("key_file"), .required = true}, TLS_FIELDS};
static const struct field alertmanager_fields[] = {
    {URL(read_base_url), .required = true},
    {"user", FIELD_READ, FIELD_AT(struct channel, user), .read = read_user},
    {SECRET("password_file")},
    TLS_FIELDS,
};

static const struct {
    const struct field *fields;
    size_t n;
    const char *url; /* when there is none */
} kinds[] = {
    [CHANNEL_MAIL] = {mail_fields, ARRAY_LEN(mail_fields), ""},
    [CHANNEL_SLACK] = {slack_fields, ARRAY_LEN(slack_fields), ""},
    [CHANNEL_CHATWORK] = {token_fields, ARRAY_LEN(token_fields), "https://api.chatwork.com/v2"},
    [CHANNEL_LINE] = {token_fields, ARRAY_LEN(token_fields), "https://api.line.me"},
    [CHANNEL_WEBHOOK] = {webhook_fields, ARRAY_LEN(webhook_fields), ""},
    [CHANNEL_ALERTMANAGER] = {alertmanager_fields, ARRAY_LEN(alertmanager_fields), ""},
};

struct spec {
    struct channel base;
    const struct doc *of[ARRAY_LEN(kinds)]; /* NULL: not given */
};

static int read_channel(struct reader *r, const struct doc *doc, void *into)
{
    static const struct field fields[] = {
        {"name", FIELD_NAME, .required = true, FIELD_AT(struct spec, base.name)},
        {"mail", FIELD_DOC, FIELD_AT(struct spec, of[CHANNEL_MAIL])},
        {"slack", FIELD_DOC, FIELD_AT(struct spec, of[CHANNEL_SLACK])},
        {"chatwork", FIELD_DOC, FIELD_AT(struct spec, of[CHANNEL_CHATWORK])},
        {"line", FIELD_DOC, FIELD_AT(struct spec, of[CHANNEL_LINE])},
        {"webhook", FIELD_DOC, FIELD_AT(struct spec, of[CHANNEL_WEBHOOK])},
        {"alertmanager", FIELD_DOC, FIELD_AT(struct spec, of[CHANNEL_ALERTMANAGER])},
        {"timeout", FIELD_MS, FIELD_AT(struct spec, base.timeout_ms), .min = 1000, .max = 120000},
    };
    struct notice_config *config = into;
    struct spec spec = {.base = {.timeout_ms = TIMEOUT_DEFAULT_MS}};
    int rc = fields_read(r, doc, "channel", fields, ARRAY_LEN(fields), &spec), given = 0, own;
    size_t kind = 0;

    if (rc != 0)
        return rc;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (spec.of[i] != NULL) {
            kind = i;
            given++;
        }
    if (given != 1)
        return fields_refuse(r, doc->line,
                             "channel \"%s\" needs one of mail, slack, chatwork, line, webhook "
                             "and alertmanager",
                             spec.base.name);
    spec.base.kind = (enum channel_kind)kind;
    rc = fields_read(r, spec.of[kind], channel_kind_name(spec.base.kind), kinds[kind].fields,
                     kinds[kind].n, &spec.base);
    if (rc != 0)
        return rc;
    if (spec.base.url[0] == '\0')
        strcpy(spec.base.url, kinds[kind].url);
    rc = notice_channel_check(&spec.base, r->err);
    if (rc != 0)
        return err_wrap(r->err, rc, "%s:%d: channel \"%s\"", r->file, spec.of[kind]->line,
                        spec.base.name);
    own = config->n_channels++;
    config->channels[own] = spec.base;
    return config_unique(r, doc, "channel", spec.base.name,
                         notice_find_channel(config, spec.base.name), own);
}

int config_channels(struct reader *r, const struct doc *doc, void *into)
{
    return fields_list(r, doc, "channels of notices", LIMIT_CHANNELS, read_channel, into);
}
