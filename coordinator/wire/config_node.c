/* What is one node's own: node.yaml. */
#include "base/check.h"
#include "base/log.h"
#include "wire/config.h"
#include "wire/config_parts.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int read_log_level(struct reader *r, const struct doc *doc, void *into)
{
    static const struct {
        const char *name;
        enum log_level level;
    } levels[] = {{"error", LOG_LEVEL_ERROR},
                  {"warn", LOG_LEVEL_WARN},
                  {"info", LOG_LEVEL_INFO},
                  {"debug", LOG_LEVEL_DEBUG}};
    int *level = into;

    for (size_t i = 0; i < ARRAY_LEN(levels); i++)
        if (doc->kind == DOC_TEXT && strcmp(doc->text, levels[i].name) == 0) {
            *level = levels[i].level;
            return 0;
        }
    return fields_refuse(r, doc->line, "log_level: expected error, warn, info or debug");
}

static int read_tls(struct reader *r, const struct doc *doc, void *into)
{
    static const struct field fields[] = {
        {"ca", FIELD_TEXT, .required = true, FIELD_AT(struct node_config, ca)},
        {"cert", FIELD_TEXT, .required = true, FIELD_AT(struct node_config, cert)},
        {"key", FIELD_TEXT, .required = true, FIELD_AT(struct node_config, key)},
    };

    return fields_read(r, doc, "tls", fields, ARRAY_LEN(fields), into);
}

/* 1..65535 in decimal, 0 when it is not. */
static int port_of(const char *text)
{
    size_t len = strlen(text);
    int port = len <= 5 && strspn(text, "0123456789") == len ? atoi(text) : 0;

    return port <= 65535 ? port : 0;
}

/* "192.0.2.1:80" or "[2001:db8::1]:80". */
static bool split(char *text, struct http_address *address)
{
    char *colon = strrchr(text, ':'), *host = text;
    uint8_t bytes[16];
    int family = AF_INET;

    if (colon == NULL || colon == text)
        return false;
    *colon = '\0';
    address->port = port_of(colon + 1);
    if (text[0] == '[' && colon[-1] == ']') {
        colon[-1] = '\0';
        host++;
        family = AF_INET6;
    }
    snprintf(address->host, sizeof address->host, "%s", host);
    return address->port != 0 && inet_pton(family, host, bytes) == 1;
}

/* No names: nobody could tell which of their addresses would be listened on. */
static int read_address(struct reader *r, const struct doc *doc, void *into)
{
    char text[LIMIT_NAME];
    int rc = fields_text(r, doc, doc->key, NULL, text, sizeof text);

    if (rc == 0 && !split(text, into))
        return fields_refuse(
            r, doc->line, "%s: expected an IP address and a port such as 10.20.1.1:8081", doc->key);
    return rc;
}

/* Whoever comes there is asked for no certificate. */
static int read_loopback(struct reader *r, const struct doc *doc, void *into)
{
    const struct http_address *address = into;
    int rc = read_address(r, doc, into);

    if (rc == 0 && strncmp(address->host, "127.", 4) != 0 && strcmp(address->host, "::1") != 0)
        return fields_refuse(r, doc->line,
                             "%s: expected a loopback address such as 127.0.0.1:7401 (from "
                             "elsewhere operators come to this node's own port, with their "
                             "certificate)",
                             doc->key);
    return rc;
}

static int read_http(struct reader *r, const struct doc *doc, void *into)
{
    static const struct field fields[] = {
        {"public", FIELD_READ, FIELD_AT(struct node_config, http_public), .read = read_address},
        {"metrics", FIELD_READ, FIELD_AT(struct node_config, http_metrics), .read = read_address},
        {"operators", FIELD_READ, FIELD_AT(struct node_config, http_operators),
         .read = read_loopback},
    };

    return fields_read(r, doc, "http", fields, ARRAY_LEN(fields), into);
}

/* Where the status page's files go, and what runs when they say something new. */
static int read_status_page(struct reader *r, const struct doc *doc, void *into)
{
    static const struct field fields[] = {
        {"dir", FIELD_TEXT, .required = true, FIELD_AT(struct node_config, status_dir)},
        {"hook", FIELD_TEXT, FIELD_AT(struct node_config, status_hook)},
    };
    struct node_config *node = into;
    int rc = fields_read(r, doc, "status_page", fields, ARRAY_LEN(fields), node);

    if (rc == 0 && (node->status_dir[0] != '/' ||
                    (node->status_hook[0] != '\0' && node->status_hook[0] != '/')))
        rc = fields_refuse(r, doc->line, "status_page: dir and hook are paths that begin with /");
    return rc;
}

int config_parse_node(const char *file, const uint8_t *yaml, size_t len, struct node_config *node,
                      struct err *err)
{
    static const struct field fields[] = {
        {"name", FIELD_NAME, .required = true, FIELD_AT(struct node_config, name)},
        {"cluster_file", FIELD_TEXT, .required = true, FIELD_AT(struct node_config, cluster_file)},
        {"data_dir", FIELD_TEXT, .required = true, FIELD_AT(struct node_config, data_dir)},
        {"tls", FIELD_READ, .required = true, .read = read_tls},
        {"bind", FIELD_TEXT, FIELD_AT(struct node_config, bind), .chars = CONFIG_HOST_CHARS},
        {"helper", FIELD_TEXT, FIELD_AT(struct node_config, helper)},
        {"http", FIELD_READ, .read = read_http},
        {"status_page", FIELD_READ, .read = read_status_page},
        {"log_level", FIELD_READ, FIELD_AT(struct node_config, log_level), .read = read_log_level},
    };
    struct reader r = {.file = file, .err = err};
    struct doc *doc;
    int rc;

    *node = (struct node_config){.log_level = LOG_LEVEL_INFO};
    rc = doc_parse(file, yaml, len, &doc, err);
    if (rc != 0)
        return rc;
    rc = fields_read(&r, doc, "the node file", fields, ARRAY_LEN(fields), node);
    doc_free(doc);
    return rc;
}
