/* What is one node's own: node.yaml. */
#include "base/check.h"
#include "base/log.h"
#include "wire/config.h"
#include "wire/config_parts.h"

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
