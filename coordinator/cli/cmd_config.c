#include "base/clock.h"
#include "cli/cluster_file.h"
#include "cli/contract_file.h"
#include "cli/contract_show.h"
#include "cli/notice_warn.h"

static void summary(FILE *out, const struct model *model)
{
    int i;

    fprintf(out, "cluster %s, version %u, profile %s\n", model->cluster, model->version,
            model->profile == PROFILE_FAST ? "fast" : "normal");
    fprintf(out, "%d sites, %d coordinators, %d targets, %d checks, %d functions, %d services\n",
            model->n_sites, model->n_coordinators, model->n_servers - model->n_coordinators,
            model->n_checks, model->n_functions, model->n_services);
    for (i = 0; i < model->n_routes; i++) {
        const struct route *route = &model->routes[i];
        int j;

        fprintf(out, "route %s (%s):", route->name,
                route->kind == ROUTE_EXCLUSIVE ? "exclusive" : "available");
        for (j = 0; j < route->n_candidates; j++)
            fprintf(out, "%s %s (%d of %d)", j > 0 ? "," : "", route->candidates[j].name,
                    route->candidates[j].least, route->candidates[j].n_members);
        fprintf(out, "; %d actuators", route->n_actuators);
        if (route->follows >= 0)
            fprintf(out, "; follows %s", model->routes[route->follows].name);
        if (route->failback.automatic)
            fprintf(out, "; goes back by itself after %d s%s", route->failback.after_ms / 1000,
                    route->failback.n_allowed > 0 ? ", at allowed times" : "");
        fputc('\n', out);
    }
    if (model->notices != NULL)
        fprintf(out, "notices: %d channels, %d receivers, %d rules, %d templates\n",
                model->notices->n_channels, model->notices->n_receivers, model->notices->n_rules,
                model->notices->n_templates);
}

/* Right, and yet perhaps not what is expected of it. */
static void warn(FILE *err, const struct route *route)
{
    int i, n = 0;

    for (i = 0; i < route->n_actuators; i++)
        n += route->actuators[i].kind == ACTUATOR_HAPROXY;
    if (n > 1)
        fprintf(err,
                "warning: route %s has %d HAProxies: each switches by itself, so while one is told "
                "or cannot be reached they may send callers to different candidates\n",
                route->name, n);
}

static void warn_of_contract(FILE *out, const struct model *model)
{
    struct contract contract;
    struct zone *zone = NULL;
    struct err err;

    if (model->contract.name[0] == '\0')
        return;
    model_contract(model, &contract);
    if (contract_zone_load("warning", &contract, &zone, &err) == 0)
        contract_warn(out, &contract, zone, clock_utc_ms());
    else
        fprintf(out, "%s\n", err.text);
    zone_free(zone);
    contract_free(&contract);
}

static int run(struct cli *cli)
{
    struct model *model;
    json_t *topology;
    struct err err;
    int i, r;

    r = cluster_file_read(cli->arguments[0], &model, &err);
    if (r < 0)
        return cli_fail(cli, r == ERR_IO ? CLI_USAGE : CLI_REFUSED, "%s", err.text);
    for (i = 0; i < model->n_routes; i++)
        warn(cli->err, &model->routes[i]);
    warn_of_contract(cli->err, model);
    notice_warn(cli->err, model);
    topology = cluster_file_topology(model);
    if (cli->json) {
        cli_print_json(cli->out, topology);
    } else {
        summary(cli->out, model);
        fputc('\n', cli->out);
        cluster_file_print_topology(cli->out, topology);
    }
    json_decref(topology);
    model_free(model);
    return CLI_DONE;
}

const struct cli_command cmd_config_check = {
    .name = "config check",
    .arguments = "FILE",
    .n_arguments = 1,
    .summary = "Check a cluster file and show what it means; exit 1 when it is refused",
    .needs = "nothing: works offline",
    .example = "kirikae config check /etc/kirikae/cluster.yaml",
    .run = run,
};
