#include "cli/cli.h"
#include "cli/table.h"

static void row(struct table *table, const json_t *node)
{
    const json_t *age = json_object_get(node, "beat_age_ms");
    bool heard = cli_bool(node, "heard");

    table_cell(table, "%s", cli_text(node, "server"));
    table_cell(table, "%s", cli_text(node, "site"));
    table_cell(table, "%s%s", cli_text(node, "role"), cli_bool(node, "leader") ? ", leads" : "");
    if (json_is_integer(age))
        table_cell(table, "%s, %lld ms ago", heard ? "yes" : "NO",
                   (long long)json_integer_value(age));
    else
        table_cell(table, "%s", heard ? "itself" : "NO, never");
    table_cell(table, "%zu", json_array_size(json_object_get(node, "heard_by")));
    table_cell(table, "%lld", (long long)cli_int(node, "applied"));
    table_cell(table, "%lld", (long long)cli_int(node, "raft_id"));
    table_cell(table, "%s%s", cli_bool(node, "silent") ? "silent " : "",
               cli_bool(node, "abstain") ? "abstains" : "");
}

static void print(FILE *out, const json_t *result)
{
    static const char *const heads[] = {"SERVER",   "SITE",  "ROLE",    "HEARD",
                                        "HEARD BY", "INDEX", "RAFT ID", ""};
    struct table *table = table_new(heads, 8);
    const json_t *node;
    size_t i;

    fprintf(out, "as %s sees them\n\n", cli_text(result, "node"));
    json_array_foreach(json_object_get(result, "nodes"), i, node) row(table, node);
    table_end(table, out, "no nodes");
}

static int run(struct cli *cli)
{
    return cli_show(cli, "nodes", NULL, print);
}

const struct cli_command cmd_nodes = {
    .name = "nodes",
    .arguments = "",
    .summary = "List the coordinators as the asked node sees them",
    .needs = "viewer",
    .example = "kirikae nodes --node backup-1",
    .run = run,
};
