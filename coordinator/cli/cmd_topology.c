#include "base/buf.h"
#include "base/check.h"
#include "cli/cluster_file.h"
#include "cli/table.h"
#include "report/status.h"
#include "wire/config.h"

#include <string.h>

int cluster_file_read(const char *file, struct model **model, struct err *err)
{
    struct buf yaml = {0};
    int r;

    r = cli_read_file(file, LIMIT_CONFIG, &yaml, err);
    if (r == 0)
        r = config_parse(file, yaml.data, yaml.len, model, err);
    buf_free(&yaml);
    return r;
}

int cluster_model_ask(struct cli *cli, struct model **model)
{
    json_t *result;
    const char *yaml;
    struct err err;
    int r = cli_ask(cli, "config", NULL, &result);

    if (r != 0)
        return r;
    yaml = cli_text(result, "yaml");
    r = config_parse(CLUSTER_NAME, (const uint8_t *)yaml, strlen(yaml), model, &err);
    json_decref(result);
    return r < 0 ? cli_fail(cli, CLI_REFUSED, "%s", err.text) : 0;
}

json_t *cluster_file_topology(const struct model *model)
{
    struct buf text = {0};
    struct jsonw w;
    json_t *topology;

    jsonw_begin(&w, &text);
    status_topology_json(model, &w);
    topology = json_loadb((const char *)text.data, text.len, 0, NULL);
    CHECK(topology != NULL);
    buf_free(&text);
    return topology;
}

static void lost(FILE *out, const json_t *site)
{
    const json_t *loss = json_object_get(site, "lost"), *route;
    size_t i;

    fprintf(out, "without %s: %lld voters left, %lld needed: %s\n", cli_text(site, "site"),
            (long long)cli_int(loss, "voters_left"), (long long)cli_int(loss, "majority"),
            cli_bool(loss, "quorum") ? "quorum" : "NO QUORUM");
    json_array_foreach(json_object_get(loss, "routes"), i, route)
        fprintf(out, "  %s: %s%s%s\n", cli_text(route, "route"), cli_text(route, "how"),
                cli_text(route, "served_by")[0] != '\0' ? ", served by " : "",
                cli_text(route, "served_by"));
}

void cluster_file_print_topology(FILE *out, const json_t *topology)
{
    static const char *const heads[] = {"SITE", "VOTERS", "STANDBYS"};
    struct table *table = table_new(heads, 3);
    const json_t *item;
    size_t i;

    fprintf(out, "%lld coordinators, %lld of them voters; %lld are a majority, so %lld may fail\n",
            (long long)cli_int(topology, "coordinators"), (long long)cli_int(topology, "voters"),
            (long long)cli_int(topology, "majority"), (long long)cli_int(topology, "survives"));
    json_array_foreach(json_object_get(topology, "sites"), i, item)
    {
        table_cell(table, "%s", cli_text(item, "site"));
        table_cell(table, "%lld", (long long)cli_int(item, "voters"));
        table_cell(table, "%lld", (long long)cli_int(item, "standbys"));
    }
    table_end(table, out, "no sites");
    fputc('\n', out);
    json_array_foreach(json_object_get(topology, "sites"), i, item) lost(out, item);
    fprintf(out, "\nthe leader, when all is calm:");
    json_array_foreach(json_object_get(topology, "calm_leaders"), i, item)
        fprintf(out, "%s %s", i > 0 ? "," : "", json_string_value(item));
    fputc('\n', out);
}

static int offline(struct cli *cli, const char *file)
{
    struct model *model;
    json_t *topology;
    struct err err;
    int r;

    r = cluster_file_read(file, &model, &err);
    if (r < 0)
        return cli_fail(cli, r == ERR_IO ? CLI_USAGE : CLI_REFUSED, "%s", err.text);
    topology = cluster_file_topology(model);
    if (cli->json)
        cli_print_json(cli->out, topology);
    else
        cluster_file_print_topology(cli->out, topology);
    json_decref(topology);
    model_free(model);
    return CLI_DONE;
}

static int run(struct cli *cli)
{
    const char *file = cli_value(cli, "config");

    if (file != NULL)
        return offline(cli, file);
    return cli_show(cli, "topology", NULL, cluster_file_print_topology);
}

static const struct cli_option options[] = {
    {"config", "FILE", "a cluster file: work offline, ask nobody", false},
    {0},
};

const struct cli_command cmd_topology = {
    .name = "topology",
    .arguments = "",
    .summary = "Show what the loss of each site leaves",
    .needs = "viewer; nothing with --config",
    .example = "kirikae topology --config /etc/kirikae/cluster.yaml",
    .options = options,
    .run = run,
};
