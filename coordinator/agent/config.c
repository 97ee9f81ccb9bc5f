/* agent.yaml */
#include "agent/agent.h"
#include "base/check.h"
#include "wire/config_parts.h"

#include <string.h>

static int read_tls(struct reader *r, const struct doc *doc, void *into)
{
    static const struct field fields[] = {
        {"ca", FIELD_TEXT, .required = true, FIELD_AT(struct agent_config, ca)},
        {"cert", FIELD_TEXT, .required = true, FIELD_AT(struct agent_config, cert)},
        {"key", FIELD_TEXT, .required = true, FIELD_AT(struct agent_config, key)},
    };

    return fields_read(r, doc, "tls", fields, ARRAY_LEN(fields), into);
}

static int read_listen(struct reader *r, const struct doc *doc, void *into)
{
    static const struct field fields[] = {
        {"address", FIELD_TEXT, .required = true, FIELD_AT(struct agent_config, host),
         .chars = CONFIG_HOST_CHARS},
        {"port", FIELD_INT, FIELD_AT(struct agent_config, port), .min = 1, .max = 65535},
    };

    return fields_read(r, doc, "listen", fields, ARRAY_LEN(fields), into);
}

static int read_kamailio(struct reader *r, const struct doc *doc, void *into)
{
    static const struct field fields[] = {
        {"socket", FIELD_TEXT, .required = true, FIELD_AT(struct agent_config, socket)},
        {"list", FIELD_TEXT, .required = true, FIELD_AT(struct agent_config, list)},
    };

    return fields_read(r, doc, "kamailio", fields, ARRAY_LEN(fields), into);
}

static int read_program(struct reader *r, const struct doc *doc, void *into)
{
    struct program {
        char name[LIMIT_NAME], path[LIMIT_TEXT];
    } program;
    static const struct field fields[] = {
        {"name", FIELD_NAME, .required = true, FIELD_AT(struct program, name)},
        {"path", FIELD_TEXT, .required = true, FIELD_AT(struct program, path)},
    };
    struct agent_config *config = into;
    int rc = fields_read(r, doc, "program", fields, ARRAY_LEN(fields), &program);

    if (rc != 0)
        return rc;
    if (program.path[0] != '/')
        return fields_refuse(r, doc->line, "path of program: must begin with /");
    for (int i = 0; i < config->n_programs; i++)
        if (strcmp(config->programs[i].name, program.name) == 0)
            return fields_refuse(r, doc->line, "two programs are named \"%s\"", program.name);
    memcpy(config->programs[config->n_programs].name, program.name, sizeof program.name);
    memcpy(config->programs[config->n_programs++].path, program.path, sizeof program.path);
    return 0;
}

static int read_programs(struct reader *r, const struct doc *doc, void *into)
{
    return fields_list(r, doc, "programs", AGENT_PROGRAMS, read_program, into);
}

int agent_config_parse(const char *file, const uint8_t *yaml, size_t len,
                       struct agent_config *config, struct err *err)
{
    static const struct field fields[] = {
        {"name", FIELD_NAME, .required = true, FIELD_AT(struct agent_config, name)},
        {"listen", FIELD_READ, .required = true, .read = read_listen},
        {"tls", FIELD_READ, .required = true, .read = read_tls},
        {"state_dir", FIELD_TEXT, .required = true, FIELD_AT(struct agent_config, state_dir)},
        {"kamailio", FIELD_READ, .read = read_kamailio},
        {"programs", FIELD_READ, .read = read_programs},
    };
    struct reader r = {.file = file, .err = err};
    struct doc *doc;
    int rc;

    *config = (struct agent_config){.port = 7410};
    rc = doc_parse(file, yaml, len, &doc, err);
    if (rc != 0)
        return rc;
    rc = fields_read(&r, doc, "the agent's file", fields, ARRAY_LEN(fields), config);
    doc_free(doc);
    return rc;
}
