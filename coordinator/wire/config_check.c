/* Checks: one template in the file, one check per target in the model. */
#include "base/check.h"
#include "base/mem.h"
#include "wire/config_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct check_spec {
    struct check base;
    const struct doc *targets, *tcp, *http, *sip, *report; /* NULL: not given */
};

static int read_observers(struct reader *r, const struct doc *doc, void *into)
{
    int *observers = into;
    int64_t value;
    int rc;

    *observers = 0;
    if (doc->kind == DOC_TEXT && strcmp(doc->text, "all") == 0)
        return 0;
    rc = fields_int(r, doc, "observers of check (or all)", 2, LIMIT_SERVERS, &value);
    if (rc == 0)
        *observers = (int)value;
    return rc;
}

/* "200" or "200-299". */
static int read_range(struct reader *r, const struct doc *doc, const char *of, long max,
                      struct check *check)
{
    long low = 0, high = 0;
    char *end;

    if (doc->kind == DOC_TEXT && strspn(doc->text, "0123456789-") == strlen(doc->text)) {
        low = high = strtol(doc->text, &end, 10);
        if (*end == '-')
            high = strtol(end + 1, &end, 10);
        if (*end != '\0')
            low = 0;
    }
    if (low < 100 || high > max || low > high)
        return fields_refuse(r, doc->line,
                             "status of %s: expected a status or a range of them from 100 to "
                             "%ld, such as 200 or 200-299",
                             of, max);
    check->status_min = (int)low;
    check->status_max = (int)high;
    return 0;
}

static int read_http_status(struct reader *r, const struct doc *doc, void *into)
{
    return read_range(r, doc, "http", 599, into);
}

static int read_sip_status(struct reader *r, const struct doc *doc, void *into)
{
    return read_range(r, doc, "sip", 699, into);
}

static int read_http(struct reader *r, const struct doc *doc, struct check *check)
{
    static const struct field fields[] = {
        {"url", FIELD_TEXT, .required = true, FIELD_AT(struct check, url),
         .chars = "{}:/?#[]@!$&'()*+,;=-._~%"},
        {"status", FIELD_READ, .read = read_http_status},
        {"ca", FIELD_TEXT, FIELD_AT(struct check, ca_file)},
    };
    int rc;

    check->kind = CHECK_HTTP;
    check->status_min = 200;
    check->status_max = 399;
    rc = fields_read(r, doc, "http", fields, ARRAY_LEN(fields), check);
    if (rc == 0 && strncmp(check->url, "http://", 7) != 0 &&
        strncmp(check->url, "https://", 8) != 0)
        return fields_refuse(r, doc->line, "url of http: must begin with http:// or https://");
    return rc;
}

static int read_tcp(struct reader *r, const struct doc *doc, struct check *check)
{
    static const struct field fields[] = {
        {"port", FIELD_INT, .required = true, FIELD_AT(struct check, port), .min = 1, .max = 65535},
    };

    check->kind = CHECK_TCP;
    return fields_read(r, doc, "tcp", fields, ARRAY_LEN(fields), check);
}

static int read_sip(struct reader *r, const struct doc *doc, struct check *check)
{
    static const char *const transports[] = {"udp", "tcp", NULL};
    static const struct field fields[] = {
        {"port", FIELD_INT, FIELD_AT(struct check, port), .min = 1, .max = 65535},
        {"transport", FIELD_WORD, FIELD_AT(struct check, transport), .words = transports},
        {"status", FIELD_READ, .read = read_sip_status},
    };

    check->kind = CHECK_SIP;
    check->port = 5060;
    check->status_min = 200;
    check->status_max = 299;
    return fields_read(r, doc, "sip", fields, ARRAY_LEN(fields), check);
}

/* Its ttl stands for both times: how long a word is good, and how long one may be late. */
static int read_report(struct reader *r, const struct doc *doc, struct check *check)
{
    static const struct field fields[] = {
        {"name", FIELD_NAME, FIELD_AT(struct check, report)},
        {"ttl", FIELD_MS, .required = true, FIELD_AT(struct check, interval_ms), .min = 500,
         .max = 3600000},
    };
    int rc;

    if (check->interval_ms != 0 || check->timeout_ms != 0 || check->keep_connection)
        return fields_refuse(r, doc->line,
                             "check \"%s\" is reported, not probed: it has a ttl, and no interval, "
                             "timeout or hold",
                             check->name);
    check->kind = CHECK_REPORT;
    memcpy(check->report, check->name, sizeof check->report);
    rc = fields_read(r, doc, "report", fields, ARRAY_LEN(fields), check);
    check->timeout_ms = check->interval_ms;
    return rc;
}

static int read_pidfile(struct reader *r, const struct doc *doc, void *into)
{
    struct check *check = into;
    int rc =
        fields_text(r, doc, "pidfile of process", "/.-_@", check->process, sizeof check->process);

    check->process_kind = PROCESS_PIDFILE;
    if (rc == 0 && check->process[0] != '/')
        return fields_refuse(r, doc->line, "pidfile of process: expected a path from /");
    return rc;
}

/* It becomes the name of a folder below the control groups. */
static int read_unit(struct reader *r, const struct doc *doc, void *into)
{
    struct check *check = into;
    char unit[LIMIT_NAME];
    int rc = fields_text(r, doc, "unit of process", ".-_@", unit, sizeof unit);
    size_t len = rc == 0 ? strlen(unit) : 0;

    if (rc != 0)
        return rc;
    if (check->process_kind != PROCESS_NONE)
        return fields_refuse(r, doc->line, "process: either a pidfile or a unit");
    if (len <= strlen(".service") || strcmp(unit + len - strlen(".service"), ".service") != 0)
        return fields_refuse(r, doc->line, "unit of process: expected a name such as x.service");
    check->process_kind = PROCESS_UNIT;
    memcpy(check->process, unit, len + 1);
    return 0;
}

static int read_process(struct reader *r, const struct doc *doc, void *into)
{
    static const struct field fields[] = {
        {"pidfile", FIELD_READ, .read = read_pidfile},
        {"unit", FIELD_READ, .read = read_unit},
    };
    struct check_spec *spec = into;
    int rc = fields_read(r, doc, "process", fields, ARRAY_LEN(fields), &spec->base);

    if (rc == 0 && spec->base.process_kind == PROCESS_NONE)
        return fields_refuse(r, doc->line, "process: either a pidfile or a unit");
    return rc;
}

/* Puts the target's {host} and {name} into the URL. */
static int expand_url(struct reader *r, const struct doc *doc, const char *url,
                      const struct server *target, char *into)
{
    char text[LIMIT_TEXT * 2];
    size_t used = 0;

    for (const char *c = url; *c != '\0' && used < LIMIT_TEXT; c++) {
        const char *value = NULL;
        bool bracket = false;

        if (strncmp(c, "{host}", 6) == 0) {
            value = target->host; /* an IPv6 address stands in brackets in a URL */
            bracket = strchr(value, ':') != NULL && (c == url || c[-1] != '[');
        } else if (strncmp(c, "{name}", 6) == 0) {
            value = target->name;
        } else if (*c == '{' || *c == '}') {
            return fields_refuse(r, doc->line,
                                 "url of http: only {host} and {name} may stand in "
                                 "braces");
        }
        if (value != NULL) {
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s%s", bracket ? "[" : "",
                                     value, bracket ? "]" : "");
            c += strlen("{host}") - 1;
        } else {
            text[used++] = *c;
        }
    }
    if (used >= LIMIT_TEXT)
        return fields_refuse(r, doc->line, "url of http: longer than %d bytes for target \"%s\"",
                             LIMIT_TEXT - 1, target->name);
    text[used] = '\0';
    memcpy(into, text, used + 1);
    return 0;
}

static struct check *add_check(struct config_builder *b)
{
    struct model *model = b->model;

    if (model->n_checks == b->room_checks) {
        b->room_checks = b->room_checks > 0 ? 2 * b->room_checks : 16;
        model->checks = mem_realloc(model->checks, (size_t)b->room_checks, sizeof *model->checks);
    }
    return &model->checks[model->n_checks++];
}

static int expand(struct reader *r, const struct doc *doc, void *into)
{
    struct config_builder *b = r->context;
    const struct check_spec *spec = into;
    struct check *check;
    char name[2 * LIMIT_NAME];
    int target, rc;

    rc = config_reference(r, doc, "target", model_server, &target);
    if (rc != 0)
        return rc;
    if (b->model->n_checks == LIMIT_CHECKS)
        return fields_refuse(r, doc->line, "more than %d checks", LIMIT_CHECKS);
    snprintf(name, sizeof name, "%s@%s", spec->base.name, b->model->servers[target].name);
    if (strlen(name) >= LIMIT_NAME)
        return fields_refuse(r, doc->line, "the name %s is longer than %d bytes", name,
                             LIMIT_NAME - 1);
    check = add_check(b);
    *check = spec->base;
    memcpy(check->name, name, strlen(name) + 1);
    check->target = target;
    if (check->kind == CHECK_HTTP)
        return expand_url(r, spec->http, spec->base.url, &b->model->servers[target], check->url);
    memcpy(check->host, b->model->servers[target].host, LIMIT_NAME);
    return 0;
}

static const struct field check_fields[] = {
    {"name", FIELD_NAME, .required = true, FIELD_AT(struct check_spec, base.name)},
    {"targets", FIELD_DOC, .required = true, FIELD_AT(struct check_spec, targets)},
    {"tcp", FIELD_DOC, FIELD_AT(struct check_spec, tcp)},
    {"http", FIELD_DOC, FIELD_AT(struct check_spec, http)},
    {"sip", FIELD_DOC, FIELD_AT(struct check_spec, sip)},
    {"report", FIELD_DOC, FIELD_AT(struct check_spec, report)},
    {"hold", FIELD_BOOL, FIELD_AT(struct check_spec, base.keep_connection)},
    {"process", FIELD_READ, .read = read_process},
    {"interval", FIELD_MS, FIELD_AT(struct check_spec, base.interval_ms), .min = 100,
     .max = 3600000},
    {"timeout", FIELD_MS, FIELD_AT(struct check_spec, base.timeout_ms), .min = 10, .max = 60000},
    {"rise", FIELD_INT, FIELD_AT(struct check_spec, base.rise), .min = 1, .max = 100},
    {"fall", FIELD_INT, FIELD_AT(struct check_spec, base.fall), .min = 1, .max = 100},
    {"fall_silent", FIELD_INT, FIELD_AT(struct check_spec, base.fall_silent), .min = 1, .max = 100},
    {"observers", FIELD_READ, FIELD_AT(struct check_spec, base.observers), .read = read_observers},
};

static int read_kind(struct reader *r, const struct doc *doc, struct check_spec *spec)
{
    struct check *check = &spec->base;
    int rc;

    if ((spec->tcp != NULL) + (spec->http != NULL) + (spec->sip != NULL) + (spec->report != NULL) !=
        1)
        return fields_refuse(r, doc->line, "check \"%s\" needs one of tcp, http, sip and report",
                             check->name);
    if (spec->report != NULL)
        return read_report(r, spec->report, check);
    rc = spec->tcp != NULL    ? read_tcp(r, spec->tcp, check)
         : spec->http != NULL ? read_http(r, spec->http, check)
                              : read_sip(r, spec->sip, check);
    if (rc == 0 && check->keep_connection && check->kind == CHECK_SIP)
        return fields_refuse(r, doc->line, "check \"%s\": hold is for tcp and http", check->name);
    if (check->interval_ms == 0)
        check->interval_ms = 15000;
    if (check->timeout_ms == 0)
        check->timeout_ms = 1000;
    return rc;
}

static int read_check(struct reader *r, const struct doc *doc, void *into)
{
    struct config_builder *b = r->context;
    struct check_spec spec = {.base = {.rise = 2, .fall = 1, .fall_silent = 4, .observers = 5}};
    struct check_template *template;
    int rc = fields_read(r, doc, "check", check_fields, ARRAY_LEN(check_fields), &spec);

    if (rc != 0)
        return rc;
    if (spec.targets->kind == DOC_LIST && spec.targets->first == NULL)
        return fields_refuse(r, spec.targets->line, "check \"%s\" has no targets", spec.base.name);
    rc = read_kind(r, doc, &spec);
    if (rc != 0)
        return rc;
    for (int i = 0; i < b->n_templates; i++)
        if (strcmp(b->templates[i].name, spec.base.name) == 0)
            return fields_refuse(r, doc->line, "two checks are named \"%s\"", spec.base.name);
    template = &b->templates[b->n_templates++];
    memcpy(template->name, spec.base.name, LIMIT_NAME);
    template->first = b->model->n_checks;
    rc = fields_list(r, spec.targets, "targets of check", LIMIT_SERVERS, expand, &spec);
    template->n = b->model->n_checks - template->first;
    return rc;
}

int config_find_checks(const struct config_builder *b, const char *name, int *first)
{
    for (int t = 0; t < b->n_templates; t++) {
        const struct check_template *template = &b->templates[t];

        *first = template->first;
        if (strcmp(template->name, name) == 0)
            return template->n;
    }
    *first = model_check(b->model, name);
    return *first >= 0;
}

int config_checks(struct reader *r, const struct doc *doc, void *into)
{
    struct config_builder *b = r->context;

    b->templates = mem_zalloc((size_t)doc_count(doc), sizeof *b->templates);
    return fields_list(r, doc, "checks", LIMIT_CHECKS, read_check, into);
}
