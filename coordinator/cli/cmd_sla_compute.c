/* The month's report over a plain list of events: no cluster, nothing but two files. */
#include "base/mem.h"
#include "cli/contract_file.h"
#include "cli/sla_command.h"
#include "report/event_list.h"

#include <errno.h>
#include <string.h>

#define STANDARD_INPUT "standard input"

/* Up to the newline or the end; false when there is no more. Too long a line is one byte longer
 * than it may be, the rest of it is left. */
static bool next_line(FILE *file, char *line, size_t *len)
{
    int c;

    for (*len = 0; *len <= EVENT_LIST_LINE_MAX && (c = getc_unlocked(file)) != '\n'; (*len)++) {
        if (c == EOF)
            return *len > 0;
        line[*len] = (char)c;
    }
    return true;
}

static int read_lines(struct cli *cli, FILE *f, const char *file, struct event_list *list,
                      struct history **history)
{
    char *line = mem_alloc(EVENT_LIST_LINE_MAX + 1);
    struct err err;
    size_t len;
    int rc = 0;

    while (rc == 0 && next_line(f, line, &len))
        rc = event_list_line(list, line, len, &err);
    mem_free(line);
    if (rc == 0 && ferror(f))
        return cli_fail(cli, CLI_USAGE, "%s: %s", file, strerror(errno));
    if (rc == 0)
        rc = event_list_end(list, history, &err);
    return rc < 0 ? cli_fail(cli, CLI_USAGE, "%s", err.text) : 0;
}

/* NULL is the standard input. */
static int read_events(struct cli *cli, const char *file, struct event_list *list,
                       struct history **history)
{
    FILE *f = file == NULL ? stdin : fopen(file, "re");
    int r;

    if (f == NULL)
        return cli_fail(cli, CLI_USAGE, "%s: %s", file, strerror(errno));
    r = read_lines(cli, f, file != NULL ? file : STANDARD_INPUT, list, history);
    if (file != NULL)
        fclose(f);
    return r;
}

static int compute(struct cli *cli, const struct sla_request *request,
                   const struct contract *contract, const struct zone *zone)
{
    const char *file = strcmp(cli_value(cli, "events"), "-") != 0 ? cli_value(cli, "events") : NULL;
    struct event_list *list = event_list_new(contract, file != NULL ? file : STANDARD_INPUT);
    struct function_names names;
    char version[SLA_VERSION_MAX];
    struct sla_input input = {.contract = contract,
                              .zone = zone,
                              .year = request->year,
                              .month = request->month,
                              .as_of_ms = request->as_of_ms,
                              .names = &names,
                              .tzdata = sla_tzdata(version)};
    int r;

    function_names_init(&names, contract);
    r = read_events(cli, file, list, &input.history);
    if (r == 0)
        sla_request_print(cli, request, &input);
    event_list_free(list);
    return r;
}

static int run(struct cli *cli)
{
    struct contract contract = {0};
    struct zone *zone = NULL;
    struct sla_request request;
    int r;

    r = sla_request_read(cli, &request);
    if (r == 0 && contract_file_read(cli, cli_value(cli, "contract"), &contract, &zone) != 0)
        r = CLI_USAGE; /* as for a bad list */
    if (r == 0)
        r = compute(cli, &request, &contract, zone);
    zone_free(zone);
    contract_free(&contract);
    return r;
}

static const struct cli_option options[] = {
    {"contract", "FILE", "YAML or JSON", true},
    {"events", "FILE", "what happened, a JSON object a line; - reads the standard input", true},
    {"month", "YYYY-MM", "in the contract's time zone", true},
    {"as-of", "TIME", "what was known then (default: now)", false},
    {"lang", "LANG", "en (default) or ja", false},
    {"format", "FORMAT", "text (default), json, csv or html", false},
    {"section", "SECTION", "of a CSV: figures (default), outages or maintenance", false},
    {0},
};

static void more(FILE *out)
{
    fprintf(out,
            "\nevents, with times such as 2026-11-10T00:00:00+09:00; what is absent is null:\n"
            "  {\"type\":\"outage\",\"id\":..,\"functions\":[..],\"start\":..,\"end\":..,\n"
            "   \"last_good\":..,\"last_fail\":..,\"recognised\":..,\"repaired\":..,\n"
            "   \"severity\":..,\"cause\":..,\"notified\":[{\"channel\":..,\"at\":..}]}\n"
            "  {\"type\":\"maintenance\",\"id\":..,\"functions\":[..],\"kind\":\"regular\",\n"
            "   \"announced\":..,\"start\":..,\"end\":..,\"finished\":..}  or \"emergency\"\n"
            "  {\"type\":\"unmonitored\",\"functions\":[..],\"start\":..,\"end\":..}\n"
            "  {\"type\":\"amendment\",\"id\":..,\"of\":..,\"at\":..,\n"
            "   \"set\":{\"cause\":..,\"severity\":..}}\n"
            "severities: emergency, severe, minor; causes: provider, force-majeure,\n"
            "third-party-software, third-party-service, customer, customer-environment, attack,\n"
            "rate-limit, contract\n");
}

const struct cli_command cmd_sla_compute = {
    .name = "sla compute",
    .arguments = "",
    .summary = "Compute a month's availability from a list of events, without a cluster",
    .needs = "nothing: it works offline",
    .example = "kirikae sla compute --contract contract.yaml --events 2026-10.jsonl "
               "--month 2026-10 --lang ja",
    .options = options,
    .more = more,
    .run = run,
};
