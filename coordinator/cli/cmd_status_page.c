#include "base/clock.h"
#include "cli/cluster_file.h"
#include "cli/contract_file.h"
#include "cli/sla_contract.h"
#include "cli/verified.h"
#include "report/board_files.h"
#include "report/line.h"
#include "store/file.h"

#include <string.h>

/* What the page is made of, apart from the ledger's lines. */
struct page_config {
    struct sla_contract found; /* its contract and zone */
    struct status_page page;
};

struct reading {
    struct board *board;
    int64_t as_of_ms; /* later lines are left out */
    int failed;
    struct err err;
};

/* After a line that makes no sense the rest is verified all the same. */
static int each(struct cli *cli, void *context, const char *line, size_t len)
{
    struct reading *reading = context;
    struct line_start start;
    struct err err;

    (void)cli;
    if (reading->failed != 0 ||
        (line_start(line, len, &start, &err) == 0 && start.time_ms > reading->as_of_ms))
        return 0;
    reading->failed = board_line(reading->board, line, len, &reading->err);
    return 0;
}

/* ---- the configuration ---- */

static int from_model(struct cli *cli, struct model *model, const char *name,
                      struct page_config *config)
{
    struct err err;
    int r = 0;

    config->page = model->status_page;
    model_contract(model, &config->found.contract);
    if (config->found.contract.name[0] == '\0')
        memcpy(config->found.contract.name, model->cluster, LIMIT_NAME);
    if (!model->status_page.given)
        r = cli_fail(cli, CLI_USAGE, "%s has no status_page", name);
    else if (contract_zone_load(name, &config->found.contract, &config->found.zone, &err) < 0)
        r = cli_fail(cli, CLI_USAGE, "%s", err.text);
    model_free(model);
    return r;
}

static int ask(struct cli *cli, struct page_config *config)
{
    struct model *model;
    int r = cluster_model_ask(cli, &model);

    return r != 0 ? r : from_model(cli, model, CLUSTER_NAME, config);
}

/* Without a cluster file: of --contract, or the newest that the export knows; all its functions. */
static int from_export(struct cli *cli, int64_t as_of_ms, struct page_config *config)
{
    struct sla_request request = {.as_of_ms = as_of_ms};
    char text[UTC_TEXT_MAX];
    int i, r;

    utc_format(as_of_ms, text);
    text[strlen("2026-11")] = '\0';
    if (zone_month_parse(text, &request.year, &request.month) < 0)
        return cli_fail(cli, CLI_USAGE, "no status page is of %s", text);
    r = sla_contract_find(cli, &request, &config->found);
    config->page = (struct status_page){.given = true, .days = STATUS_PAGE_DAYS_MAX};
    for (i = 0; i < config->found.contract.n_functions; i++)
        function_set_add(&config->page.functions, i);
    return r;
}

static int find_config(struct cli *cli, int64_t as_of_ms, struct page_config *config)
{
    struct model *model;
    struct err err;

    if (cli_value(cli, "from") == NULL && cli_value(cli, "contract") != NULL)
        return cli_fail(cli, CLI_USAGE, "--contract is for an export: the cluster has its own");
    if (cli_value(cli, "from") == NULL)
        return ask(cli, config);
    if (cli->cluster == NULL || cli_value(cli, "contract") != NULL)
        return from_export(cli, as_of_ms, config);
    if (cluster_file_read(cli->cluster, &model, &err) < 0)
        return cli_fail(cli, CLI_USAGE, "%s", err.text);
    return from_model(cli, model, cli->cluster, config);
}

/* ---- the ledger ---- */

static int read_ledger(struct cli *cli, struct reading *reading, int64_t *known_ms)
{
    const char *file = cli_value(cli, "from");
    struct verify_result result;
    struct ledger_head head;
    int r = file != NULL ? verified_read(cli, file, each, reading, &result)
                         : ledger_pull(cli, each, reading, &head);

    if (r != 0)
        return r;
    if (file != NULL && result.from != 0)
        return cli_fail(cli, CLI_REFUSED,
                        "%s begins with entry %llu: a page needs all from the first on", file,
                        (unsigned long long)result.from);
    if (reading->failed < 0)
        return cli_fail(cli, CLI_REFUSED, "the ledger yields no page: %s", reading->err.text);
    *known_ms = file != NULL ? result.known_ms : clock_utc_ms();
    return 0;
}

/* ---- the files ---- */

static int write_files(struct cli *cli, const struct board_file files[BOARD_FILES])
{
    struct err err;
    int i;

    for (i = 0; i < BOARD_FILES; i++)
        if (file_publish(cli->arguments[0], files[i].path, files[i].bytes.data, files[i].bytes.len,
                         &err) < 0)
            return cli_fail(cli, CLI_REFUSED, "%s", err.text);
    if (!cli->json)
        fprintf(cli->out, "%d files written to %s\n", BOARD_FILES, cli->arguments[0]);
    return 0;
}

static int make(struct cli *cli, const struct page_config *config, const struct board *board,
                int64_t as_of_ms)
{
    struct board_view *view = board_view(board);
    struct board_source source = {.view = view,
                                  .contract = &config->found.contract,
                                  .zone = config->found.zone,
                                  .page = &config->page,
                                  .as_of_ms = as_of_ms,
                                  .stale_ms = UTC_NONE};
    struct board_file files[BOARD_FILES];
    struct board_page *page;
    int r;

    page = board_page_new(&source);
    board_files(page, files);
    r = write_files(cli, files);
    board_files_free(files);
    board_page_free(page);
    board_view_free(view);
    return r;
}

static int run(struct cli *cli)
{
    const char *as_of = cli_value(cli, "as-of");
    struct reading reading = {.board = board_new(), .as_of_ms = UTC_MOST_MS};
    struct page_config config = {0};
    int64_t known_ms = 0;
    int r = 0;

    if (as_of != NULL && cli_time(as_of, clock_utc_ms(), &reading.as_of_ms) < 0)
        r = cli_fail(cli, CLI_USAGE,
                     "--as-of \"%s\" is not a time such as 2026-11-01T00:00:00+09:00", as_of);
    if (r == 0)
        r = read_ledger(cli, &reading, &known_ms);
    if (r == 0 && as_of == NULL)
        reading.as_of_ms = known_ms;
    if (r == 0)
        r = find_config(cli, reading.as_of_ms, &config);
    if (r == 0)
        r = make(cli, &config, reading.board, reading.as_of_ms);
    sla_contract_free(&config.found);
    board_free(reading.board);
    return r;
}

static const struct cli_option options[] = {
    {"from", "EXPORT",
     "read this export instead of the cluster's ledger; with --cluster, its status_page is that "
     "file's",
     false},
    {"contract", "FILE", "go by this contract; with --from", false},
    {"as-of", "TIME", "what the ledger knew then (default: now)", false},
    {0},
};

const struct cli_command cmd_status_page_export = {
    .name = "status-page export",
    .arguments = "DIR",
    .n_arguments = 1,
    .summary = "Write the public status page as files that can be put anywhere",
    .needs = "viewer; nothing with --from",
    .example = "kirikae status-page export /var/www/status",
    .options = options,
    .run = run,
};
