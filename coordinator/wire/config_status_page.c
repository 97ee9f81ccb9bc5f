/* The public status page: whether there is one, and what it shows. */
#include "base/check.h"
#include "wire/config_parts.h"

#include <string.h>

static int read_url(struct reader *r, const struct doc *doc, void *into)
{
    struct status_page *page = into;
    const char *host;
    size_t len;
    int rc = fields_text(r, doc, "url of status_page", ":/.-_~%[]", page->url,
                         sizeof page->url - 1); /* room for a slash */

    if (rc != 0)
        return rc;
    host = strncmp(page->url, "https://", 8) == 0  ? page->url + 8
           : strncmp(page->url, "http://", 7) == 0 ? page->url + 7
                                                   : "/";
    if (*host == '\0' || strchr(":/.", *host) != NULL)
        return fields_expected(r, doc, "url of status_page", "https://HOST/... or http://HOST/...");
    len = strlen(page->url);
    if (page->url[len - 1] != '/')
        memcpy(page->url + len, "/", 2);
    return 0;
}

static int read_shown(struct reader *r, const struct doc *doc, void *into)
{
    struct status_page *page = into;
    int function, rc = config_reference(r, doc, "function", model_function, &function);

    if (rc != 0)
        return rc;
    if (function_set_has(&page->functions, function))
        return fields_refuse(r, doc->line, "functions of status_page: named twice");
    function_set_add(&page->functions, function);
    return 0;
}

static int read_functions(struct reader *r, const struct doc *doc, void *into)
{
    struct status_page *page = into;

    page->functions = (struct function_set){0};
    if (doc_count(doc) == 0)
        return fields_expected(r, doc, "functions of status_page", "a function or more");
    return fields_list(r, doc, "functions of status_page", LIMIT_FUNCTIONS, read_shown, page);
}

int config_status_page(struct reader *r, const struct doc *doc, void *into)
{
    static const struct field fields[] = {
        {"title", FIELD_PLAIN, FIELD_AT(struct status_page, title)},
        {"title_ja", FIELD_PLAIN, FIELD_AT(struct status_page, title_ja)},
        {"url", FIELD_READ, .read = read_url},
        {"days", FIELD_INT, FIELD_AT(struct status_page, days), .min = 1,
         .max = STATUS_PAGE_DAYS_MAX},
        {"functions", FIELD_READ, .read = read_functions},
    };
    struct model *model = into;
    struct status_page *page = &model->status_page;
    int i;

    *page = (struct status_page){.given = true, .days = STATUS_PAGE_DAYS_MAX};
    for (i = 0; i < model->n_functions; i++)
        function_set_add(&page->functions, i);
    return fields_read(r, doc, "status_page", fields, ARRAY_LEN(fields), page);
}
