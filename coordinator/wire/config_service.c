/* Functions and services: what the customer was promised. */
#include "base/check.h"
#include "base/mem.h"
#include "wire/config_parts.h"

#include <string.h>

static const char *const severities[] = {"emergency", "severe", "minor", NULL};

static void add_to_function(struct function *function, int check)
{
    function->checks =
        mem_realloc(function->checks, (size_t)function->n_checks + 1, sizeof *function->checks);
    function->checks[function->n_checks++] = check;
}

/* A check's name stands for all its targets, name@target for one. */
static int read_function_check(struct reader *r, const struct doc *doc, void *into)
{
    const struct config_builder *b = r->context;
    struct function *function = into;
    char name[LIMIT_NAME];
    int rc = fields_text(r, doc, "check of function", NULL, name, sizeof name);
    size_t stem = rc == 0 ? strcspn(name, "@") : 0;
    int before = function->n_checks;

    if (rc != 0)
        return rc;
    for (int t = 0; t < b->n_templates; t++) {
        const struct check_template *template = &b->templates[t];

        if (strncmp(template->name, name, stem) != 0 || template->name[stem] != '\0')
            continue;
        for (int c = template->first; c < template->first + template->n; c++)
            if (name[stem] == '\0' || strcmp(b->model->checks[c].name, name) == 0) {
                if (function->n_checks == b->model->n_checks)
                    return fields_refuse(r, doc->line, "checks of function: named twice");
                add_to_function(function, c);
            }
    }
    if (function->n_checks == before)
        return fields_refuse(r, doc->line, "there is no check \"%s\"", name);
    return 0;
}

static int read_function_checks(struct reader *r, const struct doc *doc, void *into)
{
    return fields_list(r, doc, "checks of function", LIMIT_CHECKS, read_function_check, into);
}

static int read_function_route(struct reader *r, const struct doc *doc, void *into)
{
    return config_reference(r, doc, "route", model_route, into);
}

static int read_need(struct reader *r, const struct doc *doc, void *into)
{
    static const struct field fields[] = {
        {"least", FIELD_INT, .required = true, FIELD_AT(struct function, least), .min = 1,
         .max = LIMIT_CHECKS},
    };
    struct function *function = into;

    if (doc->kind == DOC_MAP) {
        function->need = NEED_LEAST;
        return fields_read(r, doc, "need", fields, ARRAY_LEN(fields), function);
    }
    function->need = NEED_ALL;
    if (doc->kind == DOC_TEXT && strcmp(doc->text, "all") == 0)
        return 0;
    function->need = NEED_ANY;
    if (doc->kind == DOC_TEXT && strcmp(doc->text, "any") == 0)
        return 0;
    return fields_refuse(r, doc->line, "need of function: expected all, any or {least: n}");
}

static int read_function(struct reader *r, const struct doc *doc, void *into)
{
    static const struct field fields[] = {
        {"name", FIELD_NAME, .required = true, FIELD_AT(struct function, name)},
        {"label_ja", FIELD_TEXT, FIELD_AT(struct function, label_ja)},
        {"label_en", FIELD_PLAIN, FIELD_AT(struct function, label_en)},
        {"severity", FIELD_WORD, FIELD_AT(struct function, severity), .words = severities},
        {"route", FIELD_READ, FIELD_AT(struct function, route), .read = read_function_route},
        {"checks", FIELD_READ, .read = read_function_checks},
        {"need", FIELD_READ, .read = read_need},
    };
    struct model *model = into;
    int own = model->n_functions++, rc;
    struct function *function = &model->functions[own];

    function->route = -1;
    rc = fields_read(r, doc, "function", fields, ARRAY_LEN(fields), function);
    if (rc != 0)
        return rc;
    return config_unique(r, doc, "function", function->name, model_function(model, function->name),
                         own);
}

int config_functions(struct reader *r, const struct doc *doc, void *into)
{
    struct model *model = into;

    model->functions = mem_zalloc((size_t)doc_count(doc), sizeof *model->functions);
    return fields_list(r, doc, "functions", LIMIT_FUNCTIONS, read_function, model);
}

static int read_critical_one(struct reader *r, const struct doc *doc, void *into)
{
    struct service *service = into;

    return config_reference(r, doc, "function", model_function,
                            &service->critical[service->n_critical++]);
}

static int read_critical(struct reader *r, const struct doc *doc, void *into)
{
    struct service *service = into;

    service->critical = mem_zalloc((size_t)doc_count(doc), sizeof *service->critical);
    return fields_list(r, doc, "critical of service", LIMIT_FUNCTIONS, read_critical_one, into);
}

static int read_service(struct reader *r, const struct doc *doc, void *into)
{
    static const struct field fields[] = {
        {"name", FIELD_NAME, .required = true, FIELD_AT(struct service, name)},
        {"critical", FIELD_READ, .required = true, .read = read_critical},
    };
    struct model *model = into;

    return fields_read(r, doc, "service", fields, ARRAY_LEN(fields),
                       &model->services[model->n_services++]);
}

int config_services(struct reader *r, const struct doc *doc, void *into)
{
    struct model *model = into;

    model->services = mem_zalloc((size_t)doc_count(doc), sizeof *model->services);
    return fields_list(r, doc, "services", LIMIT_FUNCTIONS, read_service, model);
}
