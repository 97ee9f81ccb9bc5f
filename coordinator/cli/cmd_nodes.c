#include "cli/cli.h"
#include "cli/table.h"

/* Some run another version than others. */
static bool levels_differ(const json_t *nodes)
{
    const json_t *node;
    int64_t level = 0;
    size_t i;

    json_array_foreach(nodes, i, node)
    {
        if (cli_int(node, "level") == 0)
            continue; /* never heard */
        if (level != 0 && level != cli_int(node, "level"))
            return true;
        level = cli_int(node, "level");
    }
    return false;
}

static void row(struct table *table, const json_t *node, bool levels)
{
    char level[32] = "";

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
    if (levels && cli_int(node, "level") > 0)
        snprintf(level, sizeof level, "level %lld ", (long long)cli_int(node, "level"));
    table_cell(table, "%s%s%s", level, cli_bool(node, "silent") ? "silent " : "",
               cli_bool(node, "abstain") ? "abstains" : "");
}

static void print(FILE *out, const json_t *result)
{
    static const char *const heads[] = {"SERVER",   "SITE",  "ROLE",    "HEARD",
                                        "HEARD BY", "INDEX", "RAFT ID", ""};
    const json_t *nodes = json_object_get(result, "nodes"), *node;
    struct table *table = table_new(heads, 8);
    bool levels = levels_differ(nodes);
    size_t i;

    fprintf(out, "as %s sees them\n\n", cli_text(result, "node"));
    json_array_foreach(nodes, i, node) row(table, node, levels);
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
