#include "cli/ledger_part.h"
#include "cli/verified.h"
#include "report/line.h"

#include <string.h>

static int of_part(struct cli *cli, void *context, const char *line, size_t len)
{
    const struct ledger_part *part = context;
    struct line_start start;
    struct err err;
    int i;

    if (line_start(line, len, &start, &err) < 0)
        return cli_fail(cli, CLI_REFUSED, "a line of the ledger: %s", err.text);
    for (i = 0; i < part->n_categories; i++)
        if (start.seq >= part->from && start.seq < part->end &&
            strcmp(start.category, part->categories[i]) == 0)
            return part->each(cli, part->context, line, len);
    return 0;
}

int ledger_part_read(struct cli *cli, const char *file, const struct ledger_part *part)
{
    struct verify_result result;
    json_t *categories;
    int i, r;

    if (file != NULL)
        return verified_read(cli, file, of_part, (void *)part, &result);
    categories = json_array();
    for (i = 0; i < part->n_categories; i++)
        json_array_append_new(categories, json_string(part->categories[i]));
    r = ledger_pull_part(cli, categories, part->from, part->end, part->each, part->context);
    json_decref(categories);
    return r;
}
