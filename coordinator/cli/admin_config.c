#include "cli/admin_config.h"
#include "base/check.h"
#include "wire/fields.h"

static int read_tls(struct reader *r, const struct doc *doc, void *into)
{
    static const struct field fields[] = {
        {"ca", FIELD_TEXT, .required = true, FIELD_AT(struct admin_config, ca)},
        {"cert", FIELD_TEXT, .required = true, FIELD_AT(struct admin_config, cert)},
        {"key", FIELD_TEXT, .required = true, FIELD_AT(struct admin_config, key)},
    };

    return fields_read(r, doc, "tls", fields, ARRAY_LEN(fields), into);
}

int admin_config_parse(const char *file, const uint8_t *yaml, size_t len,
                       struct admin_config *config, struct err *err)
{
    static const struct field fields[] = {
        {"cluster_file", FIELD_TEXT, .required = true, FIELD_AT(struct admin_config, cluster_file)},
        {"tls", FIELD_READ, .required = true, .read = read_tls},
    };
    struct reader r = {.file = file, .err = err};
    struct doc *doc;
    int rc;

    *config = (struct admin_config){0};
    rc = doc_parse(file, yaml, len, &doc, err);
    if (rc != 0)
        return rc;
    rc = fields_read(&r, doc, "the admin file", fields, ARRAY_LEN(fields), config);
    doc_free(doc);
    return rc;
}
