/* Routes: candidates and the actuators that move the traffic. */
#include "base/check.h"
#include "base/mem.h"
#include "wire/config_parts.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_MAX_MS 600000
#define BACKOFF_MAX_MS 600000
#define AFTER_MAX_MS (7 * 86400000)
#define GRACE_MAX_MS 86400000
#define DNS_CHARS ".-_"
#define ADDRESS_CHARS ".:-_[]/"

static int read_member(struct reader *r, const struct doc *doc, void *into)
{
    struct candidate *candidate = into;

    return config_reference(r, doc, "server", model_server,
                            &candidate->members[candidate->n_members++]);
}

static int read_members(struct reader *r, const struct doc *doc, void *into)
{
    struct candidate *candidate = into;

    candidate->members = mem_zalloc(LIMIT_SERVERS, sizeof *candidate->members);
    return fields_list(r, doc, "servers of candidate", LIMIT_SERVERS, read_member, candidate);
}

static int member_by_name(struct reader *r, const struct candidate *candidate, const char *name)
{
    const struct config_builder *b = r->context;

    for (int i = 0; i < candidate->n_members; i++)
        if (strcmp(b->model->servers[candidate->members[i]].name, name) == 0)
            return i;
    return -1;
}

/* A map of servers of the candidate, which stand before it in the table of fields. */
static int read_weights(struct reader *r, const struct doc *doc, void *into)
{
    struct candidate *candidate = into;

    if (doc->kind != DOC_MAP)
        return fields_refuse(r, doc->line, "weights of candidate: expected a map, found %s",
                             doc_kind_name(doc));
    candidate->weighted = true;
    for (const struct doc *child = doc->first; child != NULL; child = child->next) {
        int member = member_by_name(r, candidate, child->key), rc;
        int64_t weight;

        if (member < 0)
            return fields_refuse(r, child->key_line,
                                 "weights of candidate: \"%s\" is none of its servers", child->key);
        rc = fields_int(r, child, "weight of a server", 1, 100, &weight);
        if (rc != 0)
            return rc;
        candidate->weights[member] = (uint8_t)weight;
    }
    return 0;
}

static int read_candidate(struct reader *r, const struct doc *doc, void *into)
{
    static const struct field fields[] = {
        {"name", FIELD_NAME, .required = true, FIELD_AT(struct candidate, name)},
        {"servers", FIELD_READ, .required = true, .read = read_members},
        {"least", FIELD_INT, FIELD_AT(struct candidate, least), .min = 1, .max = LIMIT_SERVERS},
        {"value", FIELD_TEXT, FIELD_AT(struct candidate, value), .chars = "._:-"},
        {"weights", FIELD_READ, .read = read_weights},
    };
    struct route *route = into;
    int own = route->n_candidates++, rc;
    struct candidate *candidate = &route->candidates[own];

    candidate->least = 1;
    memset(candidate->weights, 100, sizeof candidate->weights);
    rc = fields_read(r, doc, "candidate", fields, ARRAY_LEN(fields), candidate);
    if (rc != 0)
        return rc;
    return config_unique(r, doc, "candidate", candidate->name,
                         model_candidate(route, candidate->name), own);
}

static int read_candidates(struct reader *r, const struct doc *doc, void *into)
{
    return fields_list(r, doc, "candidates of route", LIMIT_CANDIDATES, read_candidate, into);
}

/* "host:port", an IPv6 host in brackets; or, where that can be, "unix:/path". */
static int check_address(struct reader *r, const struct doc *doc, const char *what,
                         const char *address, bool may_be_unix)
{
    const char *colon = strrchr(address, ':');
    size_t host = colon != NULL ? (size_t)(colon - address) : 0;
    bool good;

    if (may_be_unix && strncmp(address, "unix:", 5) == 0) {
        if (address[5] == '/')
            return 0;
        return fields_refuse(r, doc->line, "%s: a path after unix: begins with /", what);
    }
    good = host > 0 && strlen(colon + 1) <= 5 && colon[1] != '\0' &&
           strspn(colon + 1, "0123456789") == strlen(colon + 1) && atoi(colon + 1) >= 1 &&
           atoi(colon + 1) <= 65535 && memchr(address, '/', host) == NULL;
    if (good && memchr(address, ':', host) != NULL)
        good = address[0] == '[' && colon[-1] == ']';
    if (!good)
        return fields_refuse(r, doc->line, "%s: expected host:port%s, found \"%.48s\"", what,
                             may_be_unix ? " or unix:/path" : "", address);
    return 0;
}

static int read_haproxy(struct reader *r, const struct doc *doc, struct actuator *actuator)
{
    static const char *const weights[] = {"relative", "absolute", NULL};
    static const struct field fields[] = {
        {"address", FIELD_TEXT, .required = true, FIELD_AT(struct actuator, address),
         .chars = ADDRESS_CHARS},
        /* Stands in commands on its socket. */
        {"map", FIELD_TEXT, .required = true, FIELD_AT(struct actuator, map), .chars = "/._-+"},
        {"weights", FIELD_WORD, FIELD_AT(struct actuator, weights), .words = weights},
    };
    int rc = fields_read(r, doc, "haproxy", fields, ARRAY_LEN(fields), actuator);

    actuator->kind = ACTUATOR_HAPROXY;
    return rc != 0 ? rc : check_address(r, doc, "address of haproxy", actuator->address, true);
}

static int read_tsig_algorithm(struct reader *r, const struct doc *doc, void *into)
{
    static const char *const known[] = {"hmac-sha256", "hmac-sha512"};

    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (doc->kind == DOC_TEXT && strcmp(doc->text, known[i]) == 0) {
            strcpy(into, known[i]);
            return 0;
        }
    return fields_refuse(r, doc->line, "algorithm of tsig: expected hmac-sha256 or hmac-sha512");
}

static int read_tsig(struct reader *r, const struct doc *doc, void *into)
{
    static const struct field fields[] = {
        {"name", FIELD_TEXT, .required = true, FIELD_AT(struct actuator, tsig_name),
         .chars = DNS_CHARS},
        {"algorithm", FIELD_READ, FIELD_AT(struct actuator, tsig_algorithm),
         .read = read_tsig_algorithm},
        {"file", FIELD_TEXT, .required = true, FIELD_AT(struct actuator, tsig_file)},
    };
    struct actuator *actuator = into;

    strcpy(actuator->tsig_algorithm, "hmac-sha256");
    return fields_read(r, doc, "tsig", fields, ARRAY_LEN(fields), actuator);
}

static int read_ttl(struct reader *r, const struct doc *doc, void *into)
{
    struct actuator *actuator = into;
    int64_t ms;
    int rc = fields_ms(r, doc, "ttl of dns", 1000, 86400000, &ms);

    if (rc == 0 && ms % 1000 != 0)
        return fields_refuse(r, doc->line, "ttl of dns: whole seconds only");
    if (rc == 0)
        actuator->ttl_s = (int)(ms / 1000);
    return rc;
}

static int read_dns(struct reader *r, const struct doc *doc, struct actuator *actuator)
{
    static const struct field fields[] = {
        {"server", FIELD_TEXT, .required = true, FIELD_AT(struct actuator, address),
         .chars = ADDRESS_CHARS},
        {"zone", FIELD_TEXT, .required = true, FIELD_AT(struct actuator, zone), .chars = DNS_CHARS},
        {"record", FIELD_TEXT, .required = true, FIELD_AT(struct actuator, record),
         .chars = DNS_CHARS},
        {"ttl", FIELD_READ, .read = read_ttl},
        {"tsig", FIELD_READ, .required = true, .read = read_tsig},
    };
    int rc;

    actuator->kind = ACTUATOR_DNS;
    actuator->ttl_s = 1;
    rc = fields_read(r, doc, "dns", fields, ARRAY_LEN(fields), actuator);
    return rc != 0 ? rc : check_address(r, doc, "server of dns", actuator->address, false);
}

#define AGENT_FIELDS                                                                               \
    {"address", FIELD_TEXT, .required = true, FIELD_AT(struct actuator, address),                  \
     .chars = ADDRESS_CHARS},                                                                      \
    {                                                                                              \
        "agent", FIELD_NAME, .required = true, FIELD_AT(struct actuator, agent)                    \
    }

static int read_kamailio(struct reader *r, const struct doc *doc, struct actuator *actuator)
{
    static const char *const transports[] = {"udp", "tcp", NULL};
    static const struct field fields[] = {
        AGENT_FIELDS,
        {"set", FIELD_INT, .required = true, FIELD_AT(struct actuator, set), .min = 1,
         .max = 1000000},
        {"port", FIELD_INT, FIELD_AT(struct actuator, port), .min = 1, .max = 65535},
        {"transport", FIELD_WORD, FIELD_AT(struct actuator, transport), .words = transports},
    };
    int rc;

    actuator->kind = ACTUATOR_KAMAILIO;
    actuator->port = 5060;
    rc = fields_read(r, doc, "kamailio", fields, ARRAY_LEN(fields), actuator);
    return rc != 0 ? rc : check_address(r, doc, "address of kamailio", actuator->address, false);
}

static int read_exec(struct reader *r, const struct doc *doc, struct actuator *actuator)
{
    static const struct field fields[] = {
        AGENT_FIELDS,
        {"program", FIELD_NAME, .required = true, FIELD_AT(struct actuator, program)},
    };
    int rc;

    actuator->kind = ACTUATOR_EXEC;
    rc = fields_read(r, doc, "exec", fields, ARRAY_LEN(fields), actuator);
    return rc != 0 ? rc : check_address(r, doc, "address of exec", actuator->address, false);
}

static int read_required(struct reader *r, const struct doc *doc, void *into)
{
    static const char *const words[] = {"true", "false"};
    struct actuator *actuator = into;

    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (doc->kind == DOC_TEXT && strcmp(doc->text, words[i]) == 0) {
            actuator->optional = i == 1;
            return 0;
        }
    return fields_refuse(r, doc->line, "required of actuator: expected true or false");
}

static int read_ip(struct reader *r, const struct doc *doc, void *into)
{
    struct actuator *actuator = into;
    int rc = fields_text(r, doc, "ip of address", ".:", actuator->address, LIMIT_NAME);
    uint8_t bytes[16];

    if (rc != 0)
        return rc;
    /* One spelling: the helper's file has it too, and two routes could have the same. */
    if (inet_pton(AF_INET, actuator->address, bytes) == 1)
        inet_ntop(AF_INET, bytes, actuator->address, LIMIT_NAME);
    else if (inet_pton(AF_INET6, actuator->address, bytes) == 1)
        inet_ntop(AF_INET6, bytes, actuator->address, LIMIT_NAME);
    else
        return fields_refuse(r, doc->line, "ip of address: expected an IPv4 or IPv6 address");
    return 0;
}

static int read_own_address(struct reader *r, const struct doc *doc, struct actuator *actuator)
{
    static const struct field fields[] = {
        {"ip", FIELD_READ, .required = true, .read = read_ip},
    };

    actuator->kind = ACTUATOR_ADDRESS;
    return fields_read(r, doc, "address", fields, ARRAY_LEN(fields), actuator);
}

static int read_hook(struct reader *r, const struct doc *doc, struct actuator *actuator)
{
    char name[LIMIT_NAME] = "";
    static const struct field fields[] = {
        {"name", FIELD_NAME, .required = true, .at = 0, .size = LIMIT_NAME},
    };
    int rc = fields_read(r, doc, "hook", fields, ARRAY_LEN(fields), name);

    actuator->kind = ACTUATOR_HOOK;
    memcpy(actuator->address, "hook:", 5);
    memcpy(actuator->address + 5, name, sizeof name);
    return rc;
}

static int read_actuator(struct reader *r, const struct doc *doc, void *into)
{
    struct spec {
        struct actuator base;
        const struct doc *of[6]; /* by enum actuator_kind; NULL: not given */
    } spec = {.base = {.timeout_ms = 1000}};
    static const struct field fields[] = {
        {"name", FIELD_NAME, .required = true, FIELD_AT(struct spec, base.name)},
        {"haproxy", FIELD_DOC, FIELD_AT(struct spec, of[ACTUATOR_HAPROXY])},
        {"dns", FIELD_DOC, FIELD_AT(struct spec, of[ACTUATOR_DNS])},
        {"kamailio", FIELD_DOC, FIELD_AT(struct spec, of[ACTUATOR_KAMAILIO])},
        {"exec", FIELD_DOC, FIELD_AT(struct spec, of[ACTUATOR_EXEC])},
        {"address", FIELD_DOC, FIELD_AT(struct spec, of[ACTUATOR_ADDRESS])},
        {"hook", FIELD_DOC, FIELD_AT(struct spec, of[ACTUATOR_HOOK])},
        {"required", FIELD_READ, .read = read_required},
        {"timeout", FIELD_MS, FIELD_AT(struct spec, base.timeout_ms), .min = 50, .max = 60000},
    };
    static int (*const readers[])(struct reader *, const struct doc *, struct actuator *) = {
        [ACTUATOR_HAPROXY] = read_haproxy,     [ACTUATOR_DNS] = read_dns,
        [ACTUATOR_KAMAILIO] = read_kamailio,   [ACTUATOR_EXEC] = read_exec,
        [ACTUATOR_ADDRESS] = read_own_address, [ACTUATOR_HOOK] = read_hook,
    };
    struct route *route = into;
    int rc = fields_read(r, doc, "actuator", fields, ARRAY_LEN(fields), &spec), kind = -1,
        given = 0;

    for (size_t i = 0; i < ARRAY_LEN(readers); i++)
        if (spec.of[i] != NULL) {
            kind = (int)i;
            given++;
        }
    if (rc == 0 && given != 1)
        return fields_refuse(r, doc->line,
                             "actuator \"%s\" needs one of haproxy, dns, kamailio, exec, address "
                             "and hook",
                             spec.base.name);
    if (rc == 0)
        rc = readers[kind](r, spec.of[kind], &spec.base);
    if (rc == 0)
        route->actuators[route->n_actuators++] = spec.base;
    return rc;
}

static int read_actuators(struct reader *r, const struct doc *doc, void *into)
{
    return fields_list(r, doc, "actuators of route", LIMIT_ACTUATORS, read_actuator, into);
}

static int read_damping(struct reader *r, const struct doc *doc, void *into)
{
    static const struct field fields[] = {
        /* The state remembers LIMIT_ACTUATORS automatic moves. */
        {"moves", FIELD_INT, FIELD_AT(struct route, damp_moves), .min = 1, .max = LIMIT_ACTUATORS},
        {"window", FIELD_MS, FIELD_AT(struct route, damp_window_ms), .min = 1000,
         .max = INT32_MAX / 3600000 * 3600000ll},
        {"backoff", FIELD_MS, FIELD_AT(struct route, damp_backoff_ms), .min = 0,
         .max = BACKOFF_MAX_MS},
    };

    return fields_read(r, doc, "hold", fields, ARRAY_LEN(fields), into);
}

static int read_span(struct reader *r, const struct doc *doc, void *into)
{
    struct failback *failback = into;

    if (doc->kind != DOC_TEXT || !span_parse(doc->text, &failback->allowed[failback->n_allowed++]))
        return fields_refuse(r, doc->line,
                             "allowed of failback: expected a span such as "
                             "\"Mon-Fri 02:00-04:00\" or \"22:00-24:00\"");
    return 0;
}

static int read_allowed(struct reader *r, const struct doc *doc, void *into)
{
    if (doc->kind == DOC_LIST && doc->first == NULL)
        return fields_refuse(r, doc->line,
                             "allowed of failback: no time at all is never; leave "
                             "it out for any time");
    return fields_list(r, doc, "allowed of failback", LIMIT_SPANS, read_span, into);
}

static int read_failback(struct reader *r, const struct doc *doc, void *into)
{
    static const struct field fields[] = {
        {"after", FIELD_MS, .required = true, FIELD_AT(struct failback, after_ms), .min = 1000,
         .max = AFTER_MAX_MS},
        {"allowed", FIELD_READ, .read = read_allowed},
    };
    struct failback *failback = into;

    if (doc->kind == DOC_TEXT && strcmp(doc->text, "manual") == 0)
        return 0;
    if (doc->kind != DOC_MAP)
        return fields_refuse(r, doc->line,
                             "failback of route: expected manual or {after: TIME, allowed: [...]}");
    failback->automatic = true;
    return fields_read(r, doc, "failback", fields, ARRAY_LEN(fields), failback);
}

static int read_callers(struct reader *r, const struct doc *doc, void *into)
{
    const struct config_builder *b = r->context;
    struct route *route = into;
    char name[LIMIT_NAME];
    int first, n, rc = fields_text(r, doc, "callers of route", NULL, name, sizeof name);

    if (rc != 0)
        return rc;
    n = config_find_checks(b, name, &first);
    if (n == 0)
        return fields_refuse(r, doc->line, "callers of route: there is no check \"%s\"", name);
    if (n > 1)
        return fields_refuse(r, doc->line,
                             "callers of route: check \"%s\" has %d targets; name one, as "
                             "check@server",
                             name, n);
    route->callers = first;
    return 0;
}

static int read_nothing(struct reader *r, const struct doc *doc, void *into)
{
    return 0;
}

static int read_route(struct reader *r, const struct doc *doc, void *into)
{
    static const char *const kinds[] = {"available", "exclusive", NULL};
    static const char *const orders[] = {"together", "in-turn", NULL};
    static const struct field fields[] = {
        {"name", FIELD_NAME, .required = true, FIELD_AT(struct route, name)},
        {"kind", FIELD_WORD, FIELD_AT(struct route, kind), .words = kinds},
        {"patience", FIELD_MS, FIELD_AT(struct route, patience_ms), .min = 0,
         .max = PATIENCE_MAX_MS},
        {"hold", FIELD_READ, .read = read_damping},
        {"failback", FIELD_READ, FIELD_AT(struct route, failback), .read = read_failback},
        {"drain", FIELD_MS, FIELD_AT(struct route, grace_ms), .min = 0, .max = GRACE_MAX_MS},
        {"callers", FIELD_READ, .read = read_callers},
        {"follows", FIELD_READ, .read = read_nothing}, /* once all routes are known */
        {"candidates", FIELD_READ, .required = true, .read = read_candidates},
        {"order", FIELD_WORD, FIELD_AT(struct route, order), .words = orders},
        {"actuators", FIELD_READ, .read = read_actuators},
    };
    struct model *model = into;
    int own = model->n_routes++, rc;
    struct route *route = &model->routes[own];

    route->damp_moves = 5;
    route->damp_window_ms = 3600000;
    route->damp_backoff_ms = 1000;
    route->follows = -1;
    route->callers = -1;
    rc = fields_read(r, doc, "route", fields, ARRAY_LEN(fields), route);
    if (rc != 0)
        return rc;
    return config_unique(r, doc, "route", route->name, model_route(model, route->name), own);
}

/* A route may follow one that comes later. */
static int read_follows(struct reader *r, const struct doc *routes, struct model *model)
{
    const struct doc *route, *field;
    int own = 0, rc = 0;

    for (route = routes->first; route != NULL && rc == 0; route = route->next, own++)
        for (field = route->first; field != NULL && rc == 0; field = field->next)
            if (strcmp(field->key, "follows") == 0)
                rc = config_reference(r, field, "route", model_route, &model->routes[own].follows);
    return rc;
}

int config_routes(struct reader *r, const struct doc *doc, void *into)
{
    struct model *model = into;
    int rc;

    model->routes = mem_zalloc((size_t)doc_count(doc), sizeof *model->routes);
    rc = fields_list(r, doc, "routes", LIMIT_ROUTES, read_route, model);
    return rc != 0 ? rc : read_follows(r, doc, model);
}
