#include "base/buf.h"
#include "base/clock.h"
#include "cli/contract_file.h"
#include "cli/contract_show.h"
#include "cli/sla_contract.h"
#include "core/account/contract_json.h"

/* As a contract's own file, which can be checked again. */
static void print_json(FILE *out, const struct contract *contract)
{
    struct buf text = {0};

    buf_str(&text, "{\"contract\":");
    contract_json(contract, &text);
    buf_str(&text, "}\n");
    fwrite(text.data, 1, text.len, out);
    buf_free(&text);
}

static void print(struct cli *cli, const struct contract *contract)
{
    char version[SLA_VERSION_MAX];

    if (cli->json)
        print_json(cli->out, contract);
    else
        contract_show(cli->out, contract, sla_tzdata(version));
}

static int check(struct cli *cli)
{
    struct contract contract;
    struct zone *zone;
    int r = contract_file_read(cli, cli->arguments[0], &contract, &zone);

    if (r != 0)
        return r;
    contract_warn(cli->err, &contract, zone, clock_utc_ms());
    print(cli, &contract);
    contract_free(&contract);
    zone_free(zone);
    return CLI_DONE;
}

static int show(struct cli *cli)
{
    struct sla_contract found;
    int r = sla_contract_ask(cli, &found);

    if (r == 0)
        print(cli, &found.contract);
    sla_contract_free(&found);
    return r;
}

const struct cli_command cmd_contract_check = {
    .name = "contract check",
    .arguments = "FILE",
    .n_arguments = 1,
    .summary = "Check a contract's own file and show its terms; exit 1 when it is refused",
    .needs = "nothing: works offline",
    .example = "kirikae contract check contract.yaml",
    .run = check,
};

const struct cli_command cmd_contract_show = {
    .name = "contract show",
    .arguments = "",
    .summary = "Show the terms of the cluster's contract",
    .needs = "viewer",
    .example = "kirikae contract show",
    .run = show,
};
