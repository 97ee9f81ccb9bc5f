#include "wire/config.h"
#include "base/check.h"
#include "base/mem.h"
#include "wire/config_parts.h"

#include <string.h>

#define PORT_DEFAULT 7400

static struct model *model_of(struct reader *r)
{
    return ((struct config_builder *)r->context)->model;
}

int config_reference(struct reader *r, const struct doc *doc, const char *what,
                     int (*find)(const struct model *model, const char *name), int *index)
{
    char name[LIMIT_NAME];
    int rc = fields_text(r, doc, what, NULL, name, sizeof name);

    if (rc != 0)
        return rc;
    *index = find(model_of(r), name);
    if (*index < 0)
        return fields_refuse(r, doc->line, "there is no %s \"%s\"", what, name);
    return 0;
}

int config_unique(struct reader *r, const struct doc *doc, const char *what, const char *name,
                  int first, int own)
{
    if (first == own)
        return 0;
    return fields_refuse(r, doc->line, "two %ss are named \"%s\"", what, name);
}

static int read_site(struct reader *r, const struct doc *doc, void *into)
{
    static const struct field fields[] = {
        {"name", FIELD_NAME, .required = true, FIELD_AT(struct site, name)},
    };
    struct model *model = into;
    int own = model->n_sites++;
    const char *name = model->sites[own].name;
    int rc = fields_read(r, doc, "site", fields, ARRAY_LEN(fields), &model->sites[own]);

    return rc != 0 ? rc : config_unique(r, doc, "site", name, model_site(model, name), own);
}

static int read_sites(struct reader *r, const struct doc *doc, void *into)
{
    return fields_list(r, doc, "sites", LIMIT_SITES, read_site, into);
}

static int read_site_name(struct reader *r, const struct doc *doc, void *into)
{
    return config_reference(r, doc, "site", model_site, into);
}

static int read_server(struct reader *r, const struct doc *doc, void *into)
{
    static const char *const roles[] = {"voter", "standby", NULL};
    static const struct field fields[] = {
        {"name", FIELD_NAME, .required = true, FIELD_AT(struct server, name)},
        {"site", FIELD_READ, .required = true, FIELD_AT(struct server, site),
         .read = read_site_name},
        {"host", FIELD_TEXT, .required = true, FIELD_AT(struct server, host),
         .chars = CONFIG_HOST_CHARS},
        {"port", FIELD_INT, FIELD_AT(struct server, port), .min = 1, .max = 65535},
        {"role", FIELD_WORD, FIELD_AT(struct server, role), .words = roles},
    };
    struct model *model = into;
    int own = model->n_servers++, rc;
    struct server *server = &model->servers[own];

    model->n_coordinators++;
    *server = (struct server){.coordinator = true, .port = PORT_DEFAULT};
    rc = fields_read(r, doc, "server", fields, ARRAY_LEN(fields), server);
    if (rc != 0)
        return rc;
    return config_unique(r, doc, "server", server->name, model_server(model, server->name), own);
}

static int read_servers(struct reader *r, const struct doc *doc, void *into)
{
    return fields_list(r, doc, "servers", LIMIT_SERVERS, read_server, into);
}

static int read_target(struct reader *r, const struct doc *doc, void *into)
{
    static const struct field fields[] = {
        {"name", FIELD_NAME, .required = true, FIELD_AT(struct server, name)},
        {"site", FIELD_READ, .required = true, FIELD_AT(struct server, site),
         .read = read_site_name},
        {"host", FIELD_TEXT, .required = true, FIELD_AT(struct server, host),
         .chars = CONFIG_HOST_CHARS},
    };
    struct model *model = into;
    int own = model->n_servers++;
    const char *name = model->servers[own].name;
    int rc = fields_read(r, doc, "target", fields, ARRAY_LEN(fields), &model->servers[own]);

    return rc != 0 ? rc : config_unique(r, doc, "server", name, model_server(model, name), own);
}

static int read_targets(struct reader *r, const struct doc *doc, void *into)
{
    struct model *model = into;

    return fields_list(r, doc, "servers and targets", LIMIT_SERVERS - model->n_servers, read_target,
                       into);
}

static int read_cluster(struct reader *r, const struct doc *doc)
{
    static const char *const profiles[] = {"normal", "fast", NULL};
    static const struct field fields[] = {
        {"cluster", FIELD_NAME, .required = true, FIELD_AT(struct model, cluster)},
        {"version", FIELD_INT, .required = true, FIELD_AT(struct model, version), .min = 1,
         .max = UINT32_MAX},
        {"profile", FIELD_WORD, FIELD_AT(struct model, profile), .words = profiles},
        {"accept_quorum_loss", FIELD_BOOL, FIELD_AT(struct model, accept_quorum_loss)},
        {"sites", FIELD_READ, .required = true, .read = read_sites},
        {"servers", FIELD_READ, .required = true, .read = read_servers},
        {"targets", FIELD_READ, .read = read_targets},
        {"checks", FIELD_READ, .read = config_checks},
        {"routes", FIELD_READ, .read = config_routes},
        {"functions", FIELD_READ, .read = config_functions},
        {"services", FIELD_READ, .read = config_services},
        {"contract", FIELD_READ, .read = config_contract},
        {"notices", FIELD_READ, .read = config_notices},
        {"status_page", FIELD_READ, .read = config_status_page},
    };

    return fields_read(r, doc, "the cluster file", fields, ARRAY_LEN(fields), model_of(r));
}

int config_parse(const char *file, const uint8_t *yaml, size_t len, struct model **model,
                 struct err *err)
{
    struct config_builder builder = {.model = model_new()};
    struct reader r = {.file = file, .err = err, .context = &builder};
    struct doc *doc;
    int rc = doc_parse(file, yaml, len, &doc, err);

    if (rc == 0) {
        rc = read_cluster(&r, doc);
        doc_free(doc);
    }
    mem_free(builder.templates);
    if (rc == 0) {
        builder.model->timing = model_timing(builder.model->profile);
        rc = model_validate(builder.model, err);
        if (rc != 0)
            err_wrap(err, rc, "%s", file);
        else
            model_index(builder.model);
    }
    if (rc != 0) {
        model_free(builder.model);
        builder.model = NULL;
    }
    *model = builder.model;
    return rc;
}
