#include "base/buf.h"
#include "base/limits.h"
#include "cli/cli.h"
#include "cli/simulate_table.h"
#include "simulate/faults/fault.h"
#include "simulate/show/timeline.h"
#include "wire/config.h"

#include <stdlib.h>
#include <string.h>

#define SITES_MS_MAX 1000

struct asked {
    const char *file;
    struct buf yaml;
    struct model *model; /* as the file says */
    uint64_t seed;
    int sites_ms;
    struct fault faults[CLI_MANY_MAX + 1];
    int n_faults;
    int64_t zero_ms;   /* when the first one begins */
    int64_t length_ms; /* when all are ended */
};

/* ---- what is asked for ---- */

static int number(struct cli *cli, const char *option, uint64_t most, uint64_t otherwise,
                  uint64_t *value)
{
    const char *text = cli_value(cli, option);
    char *end;

    *value = otherwise;
    if (text == NULL)
        return 0;
    *value = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || *value > most)
        return cli_fail(cli, CLI_USAGE, "--%s \"%s\" is not a number up to %llu", option, text,
                        (unsigned long long)most);
    return 0;
}

static int take_fault(struct cli *cli, struct asked *asked, const char *text)
{
    struct err err;

    if (fault_parse(text, asked->model, &asked->faults[asked->n_faults], &err) < 0)
        return cli_fail(cli, CLI_USAGE, "%s", err.text);
    asked->n_faults++;
    return 0;
}

static int take_loss(struct cli *cli, struct asked *asked)
{
    const char *loss = cli_value(cli, "loss");
    char text[64];

    if (loss == NULL)
        return 0;
    if (strlen(loss) > 16 || strspn(loss, "0123456789.%") != strlen(loss))
        return cli_fail(cli, CLI_USAGE, "--loss takes a percentage, as 20%%, not \"%s\"", loss);
    snprintf(text, sizeof text, "loss:all=%s%s@0s", loss, strchr(loss, '%') != NULL ? "" : "%");
    return take_fault(cli, asked, text);
}

/* What has no end of its own lasts as long as in a campaign. */
static int64_t ends_ms(const struct asked *asked, const struct fault *fault)
{
    return fault->at_ms +
           (fault->for_ms > 0 ? fault->for_ms : campaign_fault_ms(asked->model, asked->sites_ms));
}

static int take_length(struct cli *cli, struct asked *asked)
{
    const char *text = cli_value(cli, "length");
    struct err err;
    int i;

    asked->zero_ms = asked->n_faults > 0 ? INT64_MAX : 0;
    for (i = 0; i < asked->n_faults; i++) {
        const struct fault *fault = &asked->faults[i];

        if (fault->at_ms < asked->zero_ms)
            asked->zero_ms = fault->at_ms;
        if (ends_ms(asked, fault) > asked->length_ms)
            asked->length_ms = ends_ms(asked, fault);
    }
    if (text == NULL)
        return 0;
    if (fault_time_parse(text, &asked->length_ms, &err) < 0)
        return cli_fail(cli, CLI_USAGE, "--length: %s", err.text);
    return 0;
}

static int take_faults(struct cli *cli, struct asked *asked)
{
    int i, r = 0;

    for (i = 0; i < cli->n_many && r == 0; i++)
        r = take_fault(cli, asked, cli->many[i]);
    if (r == 0)
        r = take_loss(cli, asked);
    if (r == 0)
        r = take_length(cli, asked);
    return r;
}

static int check_options(struct cli *cli)
{
    bool campaign = cli_flag(cli, "campaign"), pairs = cli_flag(cli, "pairs");
    bool one = cli->n_many > 0 || cli_value(cli, "loss") != NULL ||
               cli_value(cli, "length") != NULL || cli_flag(cli, "trace");

    if (campaign && pairs)
        return cli_fail(cli, CLI_USAGE, "--campaign or --pairs, one after the other");
    if ((campaign || pairs) && one)
        return cli_fail(cli, CLI_USAGE, "--%s has its own faults", campaign ? "campaign" : "pairs");
    if (!campaign && !pairs && cli->n_many == 0 && cli_value(cli, "loss") == NULL)
        return cli_fail(cli, CLI_USAGE,
                        "what is to happen? --fault, --loss or --campaign; see kirikae simulate "
                        "--help");
    return 0;
}

static int take(struct cli *cli, struct asked *asked)
{
    uint64_t sites_ms = 0;
    struct err err;
    int r = check_options(cli);

    asked->file = cli->arguments[0];
    if (r == 0)
        r = number(cli, "seed", UINT32_MAX, 1, &asked->seed);
    if (r == 0)
        r = number(cli, "sites-ms", SITES_MS_MAX, PLAY_SITES_MS, &sites_ms);
    asked->sites_ms = (int)sites_ms;
    if (r != 0)
        return r;
    if (cli_read_file(asked->file, LIMIT_CONFIG, &asked->yaml, &err) < 0)
        return cli_fail(cli, CLI_USAGE, "%s", err.text);
    if (config_parse(asked->file, asked->yaml.data, asked->yaml.len, &asked->model, &err) < 0)
        return cli_fail(cli, CLI_REFUSED, "%s", err.text);
    return take_faults(cli, asked);
}

/* ---- one play ---- */

static int play(struct cli *cli, const struct asked *asked)
{
    struct timeline *timeline = timeline_new(cli_flag(cli, "trace"));
    struct play_options options = {.name = asked->file,
                                   .yaml = asked->yaml.data,
                                   .yaml_len = asked->yaml.len,
                                   .seed = asked->seed,
                                   .between_sites_ms = asked->sites_ms,
                                   .log_level =
                                       cli_flag(cli, "trace") ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR,
                                   .tell = timeline_note,
                                   .context = timeline};
    struct played played;
    struct buf text = {0};
    struct sim *sim;
    struct err err;
    int i;

    if (play_open(&options, &sim, &err) < 0) {
        timeline_free(timeline);
        return cli_fail(cli, CLI_REFUSED, "%s", err.text);
    }
    timeline_begin(timeline, sim, asked->zero_ms);
    for (i = 0; i < asked->n_faults; i++)
        sim_inject(sim, &asked->faults[i]);
    play_to_rest(sim, asked->length_ms, &played);
    timeline_end(timeline, sim, &played);
    if (cli->json)
        timeline_json(timeline, &text);
    else
        timeline_text(timeline, &text);
    fprintf(cli->out, "%s%s", buf_cstr(&text), cli->json ? "\n" : "");
    buf_free(&text);
    timeline_free(timeline);
    sim_free(sim);
    return played.settled && played.breach[0] == '\0' ? CLI_DONE : CLI_REFUSED;
}

/* ---- a campaign ---- */

static int campaign(struct cli *cli, const struct asked *asked)
{
    struct campaign_options options = {.name = asked->file,
                                       .yaml = asked->yaml.data,
                                       .yaml_len = asked->yaml.len,
                                       .seed = asked->seed,
                                       .between_sites_ms = asked->sites_ms,
                                       .pairs = cli_flag(cli, "pairs")};
    struct campaign campaign;
    struct err err;
    bool broken;

    fflush(cli->out); /* nothing of it is to be in the copies that run */
    if (campaign_run(&options, &campaign, &err) < 0)
        return cli_fail(cli, CLI_REFUSED, "%s", err.text);
    if (cli->json)
        simulate_table_json(cli->out, &campaign);
    else if (options.pairs)
        simulate_table_pairs(cli->out, asked->file, &campaign);
    else
        simulate_table(cli->out, asked->file, &campaign);
    broken = simulate_count(&campaign, CAMPAIGN_BROKEN) > 0;
    campaign_free(&campaign);
    return broken ? CLI_REFUSED : CLI_DONE;
}

static int run(struct cli *cli)
{
    struct asked asked = {0};
    int r = take(cli, &asked);

    if (r == 0)
        r = cli_flag(cli, "campaign") || cli_flag(cli, "pairs") ? campaign(cli, &asked)
                                                                : play(cli, &asked);
    buf_free(&asked.yaml);
    model_free(asked.model);
    return r;
}

static void faults(FILE *out)
{
    struct buf usage = {0};
    int kind;

    fprintf(out, "\nfaults: TIME counts from the beginning, without +DURATION it lasts to the "
                 "end\n");
    for (kind = 0; kind < FAULT_KINDS; kind++) {
        buf_clear(&usage);
        fault_usage((enum fault_kind)kind, &usage);
        fprintf(out, "  %s\n      %s\n", buf_cstr(&usage), fault_help((enum fault_kind)kind));
    }
    buf_free(&usage);
}

static const struct cli_option options[] = {
    {"fault", "FAULT", "what goes wrong, and when; may be given again", .many = true},
    {"loss", "PERCENT", "of all packets, from the beginning to the end"},
    {"seed", "N", "another seed, another order of events (default 1)"},
    {"length", "TIME", "when all faults are ended (default: after the last one)"},
    {"sites-ms", "MS", "one way between two sites (default 3)"},
    {"trace", NULL, "print everything, the nodes' logs too"},
    {"campaign", NULL, "try every single fault; exit 1 when a promise is not kept"},
    {"pairs", NULL, "try all pairs of them; exit 1 when an invariant breaks"},
    {0},
};

const struct cli_command cmd_simulate = {
    .name = "simulate",
    .arguments = "FILE",
    .n_arguments = 1,
    .summary = "Play faults against a cluster file, in a simulated world",
    .needs = "nothing: works offline, touches nothing",
    .example = "kirikae simulate /etc/kirikae/cluster.yaml --fault cut:tokyo@10s",
    .options = options,
    .more = faults,
    .run = run,
};
