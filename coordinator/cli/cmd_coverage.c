#include "cli/cli.h"
#include "cli/table.h"

#include <string.h>

static bool has(const json_t *list, const char *name)
{
    const json_t *item;
    size_t i;

    json_array_foreach(list, i, item)
    {
        if (strcmp(json_string_value(item), name) == 0)
            return true;
    }
    return false;
}

/* o: watches; x: should and does not; blank: not its task. */
static void row(struct table *table, const json_t *row, const json_t *observers)
{
    const json_t *observer;
    size_t i;

    table_cell(table, "%s", cli_text(row, "check"));
    table_cell(table, "%s", cli_text(row, "verdict"));
    table_cell(table, "%zu/%lld", json_array_size(json_object_get(row, "watching")),
               (long long)cli_int(row, "assigned"));
    table_cell(table, "%lld", (long long)cli_int(row, "sites"));
    json_array_foreach(observers, i, observer)
    {
        const char *name = json_string_value(observer);

        table_cell(table, "%s",
                   has(json_object_get(row, "watching"), name) ? "o"
                   : has(json_object_get(row, "absent"), name) ? "x"
                                                               : ".");
    }
    table_cell(table, "%s", cli_bool(row, "hole") ? "TOO FEW" : "");
}

static void print(FILE *out, const json_t *result)
{
    const char *heads[TABLE_COLUMNS_MAX] = {"CHECK", "VERDICT", "WATCHED", "SITES"};
    const json_t *observers = json_object_get(result, "observers"), *item;
    size_t i, n = 4;
    struct table *table;

    json_array_foreach(observers, i, item)
    {
        if (n < TABLE_COLUMNS_MAX - 1)
            heads[n++] = json_string_value(item);
    }
    heads[n++] = "";
    table = table_new(heads, n);
    json_array_foreach(json_object_get(result, "rows"), i, item) row(table, item, observers);
    table_end(table, out, "no checks");
    fprintf(out, "\no watches, x should and does not, . not its task; as %s sees it\n",
            cli_text(result, "node"));
    json_array_foreach(json_object_get(result, "weak"), i, item)
        fprintf(out, "watched by too few, or from too few sites: %s\n", json_string_value(item));
}

/* Large clusters answer in parts: "next" is where the next one begins. */
static int collect(struct cli *cli, json_t **all)
{
    json_t *part;
    int r;

    r = cli_ask(cli, "coverage", NULL, all);
    while (r == 0 && json_is_integer(json_object_get(*all, "next"))) {
        r = cli_ask(cli, "coverage", json_pack("{s:I}", "from", (json_int_t)cli_int(*all, "next")),
                    &part);
        if (r != 0)
            break;
        json_array_extend(json_object_get(*all, "rows"), json_object_get(part, "rows"));
        json_array_extend(json_object_get(*all, "weak"), json_object_get(part, "weak"));
        json_object_set(*all, "next", json_object_get(part, "next"));
        json_decref(part);
    }
    return r;
}

static int run(struct cli *cli)
{
    json_t *result = NULL;
    int r = collect(cli, &result);

    if (r == 0 && cli->json)
        cli_print_json(cli->out, result);
    else if (r == 0)
        print(cli->out, result);
    json_decref(result);
    return r;
}

const struct cli_command cmd_coverage = {
    .name = "coverage",
    .arguments = "",
    .summary = "Show who watches what, and what is watched by too few",
    .needs = "viewer",
    .example = "kirikae coverage",
    .run = run,
};
