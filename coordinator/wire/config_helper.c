#include "wire/config_helper.h"
#include "base/check.h"
#include "base/mem.h"
#include "wire/fields.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT_MAX_MS 60000

/* "192.0.2.10/24" */
static int read_prefixed(struct reader *r, const struct doc *doc, void *into)
{
    struct helper_address *address = into;
    char *slash, *end = NULL;
    long prefix;
    int rc = fields_text(r, doc, "address", ".:/", address->text, sizeof address->text);

    if (rc != 0)
        return rc;
    slash = strchr(address->text, '/');
    prefix = slash != NULL ? strtol(slash + 1, &end, 10) : -1;
    if (slash != NULL)
        *slash = '\0';
    if (inet_pton(AF_INET, address->text, address->bytes) == 1)
        address->family = AF_INET;
    else if (inet_pton(AF_INET6, address->text, address->bytes) == 1)
        address->family = AF_INET6;
    if (address->family == 0 || slash == NULL || end == slash + 1 || *end != '\0' || prefix < 1 ||
        prefix > (address->family == AF_INET ? 32 : 128))
        return fields_refuse(r, doc->line,
                             "address: expected an address with its prefix, as 192.0.2.10/24");
    address->prefix = (int)prefix;
    /* One spelling: the daemon's is compared with it. */
    inet_ntop(address->family, address->bytes, address->text, sizeof address->text);
    return 0;
}

static int read_address(struct reader *r, const struct doc *doc, void *into)
{
    static const struct field fields[] = {
        {"address", FIELD_READ, .required = true, .read = read_prefixed},
        {"interface", FIELD_TEXT, .required = true, FIELD_AT(struct helper_address, interface),
         .chars = ".-_@"},
    };
    struct helper_route *route = into;

    return fields_read(r, doc, "address", fields, ARRAY_LEN(fields),
                       &route->addresses[route->n_addresses++]);
}

static int read_addresses(struct reader *r, const struct doc *doc, void *into)
{
    return fields_list(r, doc, "addresses of route", HELPER_ADDRESSES, read_address, into);
}

static int read_program(struct reader *r, const struct doc *doc, void *into)
{
    char *program = into;
    int rc = fields_text(r, doc, "program", NULL, program, LIMIT_TEXT);

    if (rc == 0 && program[0] != '/')
        return fields_refuse(r, doc->line, "program: expected an absolute path");
    return rc;
}

static int read_argument(struct reader *r, const struct doc *doc, void *into)
{
    struct helper_hook *hook = into;

    return fields_text(r, doc, "argument", NULL, hook->arguments[hook->n_arguments++], LIMIT_TEXT);
}

static int read_arguments(struct reader *r, const struct doc *doc, void *into)
{
    return fields_list(r, doc, "arguments of hook", HELPER_ARGUMENTS, read_argument, into);
}

static int read_hook(struct reader *r, const struct doc *doc, void *into)
{
    static const struct field fields[] = {
        {"name", FIELD_NAME, .required = true, FIELD_AT(struct helper_hook, name)},
        {"program", FIELD_READ, .required = true, FIELD_AT(struct helper_hook, program),
         .read = read_program},
        {"arguments", FIELD_READ, .read = read_arguments},
        {"limit", FIELD_MS, FIELD_AT(struct helper_hook, limit_ms), .min = 10, .max = LIMIT_MAX_MS},
        {"check", FIELD_MS, FIELD_AT(struct helper_hook, check_ms), .min = 100, .max = 3600000},
        {"last_resort", FIELD_TEXT, .required = true, FIELD_AT(struct helper_hook, last_resort),
         .chars = ".-_@"},
    };
    struct helper_route *route = into;
    struct helper_hook *hook = &route->hooks[route->n_hooks++];

    hook->limit_ms = 5000;
    return fields_read(r, doc, "hook", fields, ARRAY_LEN(fields), hook);
}

static int read_hooks(struct reader *r, const struct doc *doc, void *into)
{
    return fields_list(r, doc, "hooks of route", HELPER_HOOKS, read_hook, into);
}

/* Two routes with one address would take it from each other. */
static int check_alone(struct reader *r, const struct doc *doc, const struct helper_config *config)
{
    const struct helper_route *own = &config->routes[config->n_routes - 1];

    for (int i = 0; i < config->n_routes; i++)
        for (int a = 0; a < config->routes[i].n_addresses; a++)
            for (int k = 0; k < own->n_addresses; k++)
                if ((&config->routes[i] != own || a < k) &&
                    strcmp(config->routes[i].addresses[a].text, own->addresses[k].text) == 0)
                    return fields_refuse(r, doc->line, "address %s stands here twice",
                                         own->addresses[k].text);
    for (int i = 0; i + 1 < config->n_routes; i++)
        if (strcmp(config->routes[i].name, own->name) == 0)
            return fields_refuse(r, doc->line, "route \"%s\" stands here twice", own->name);
    return 0;
}

static int read_route(struct reader *r, const struct doc *doc, void *into)
{
    static const struct field fields[] = {
        {"name", FIELD_NAME, .required = true, FIELD_AT(struct helper_route, name)},
        {"addresses", FIELD_READ, .read = read_addresses},
        {"hooks", FIELD_READ, .read = read_hooks},
    };
    struct helper_config *config = into;
    struct helper_route *route = &config->routes[config->n_routes++];
    int rc = fields_read(r, doc, "route", fields, ARRAY_LEN(fields), route);

    if (rc == 0 && route->n_addresses + route->n_hooks == 0)
        return fields_refuse(r, doc->line, "route \"%s\" has neither addresses nor hooks",
                             route->name);
    return rc != 0 ? rc : check_alone(r, doc, config);
}

static int read_routes(struct reader *r, const struct doc *doc, void *into)
{
    struct helper_config *config = into;

    config->routes = mem_zalloc(LIMIT_ROUTES, sizeof *config->routes);
    return fields_list(r, doc, "routes", LIMIT_ROUTES, read_route, config);
}

int config_parse_helper(const char *file, const uint8_t *yaml, size_t len,
                        struct helper_config *config, struct err *err)
{
    static const struct field fields[] = {
        {"socket", FIELD_TEXT, FIELD_AT(struct helper_config, socket)},
        {"user", FIELD_NAME, FIELD_AT(struct helper_config, user)},
        {"routes", FIELD_READ, .required = true, .read = read_routes},
    };
    struct reader r = {.file = file, .err = err};
    struct doc *doc;
    int rc;

    *config = (struct helper_config){.socket = "/run/kirikae/helper.sock", .user = "kirikae"};
    rc = doc_parse(file, yaml, len, &doc, err);
    if (rc != 0)
        return rc;
    rc = fields_read(&r, doc, "the helper's file", fields, ARRAY_LEN(fields), config);
    doc_free(doc);
    return rc;
}

void helper_config_free(struct helper_config *config)
{
    mem_free(config->routes);
    config->routes = NULL;
}
