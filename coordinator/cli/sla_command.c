#include "cli/sla_command.h"
#include "base/buf.h"
#include "base/check.h"
#include "base/clock.h"
#include "store/zone_file.h"

#include <string.h>

/* NULL also when the command knows no such option. */
static const char *value_if_any(const struct cli *cli, const char *option)
{
    const struct cli_option *known = cli->command->options;

    while (known->name != NULL && strcmp(known->name, option) != 0)
        known++;
    return known->name != NULL ? cli_value(cli, option) : NULL;
}

/* A CSV holds one table. */
static int read_section(struct cli *cli, struct sla_request *request)
{
    static const struct {
        const char *name;
        sla_print_fn *print;
    } sections[] = {
        {"figures", sla_csv}, {"outages", sla_csv_outages}, {"maintenance", sla_csv_windows}};
    const char *section = value_if_any(cli, "section");
    size_t i;

    request->csv = sla_csv;
    if (section != NULL && strcmp(request->format, "csv") != 0)
        return cli_fail(cli, CLI_USAGE, "--section is for --format csv");
    for (i = 0; section != NULL && i < ARRAY_LEN(sections); i++) {
        if (strcmp(section, sections[i].name) != 0)
            continue;
        request->csv = sections[i].print;
        return 0;
    }
    return section == NULL
               ? 0
               : cli_fail(cli, CLI_USAGE,
                          "--section is figures, outages or maintenance, not \"%s\"", section);
}

int sla_request_read(struct cli *cli, struct sla_request *request)
{
    const char *month = value_if_any(cli, "month"), *as_of = cli_value(cli, "as-of");
    const char *language = cli_value(cli, "lang");

    *request =
        (struct sla_request){.as_of_ms = clock_utc_ms(), .format = value_if_any(cli, "format")};
    if (month != NULL && zone_month_parse(month, &request->year, &request->month) != 0)
        return cli_fail(cli, CLI_USAGE, "--month \"%s\" is not a month such as 2026-11", month);
    if (as_of != NULL && cli_time(as_of, clock_utc_ms(), &request->as_of_ms) != 0)
        return cli_fail(cli, CLI_USAGE,
                        "--as-of \"%s\" is not a time such as "
                        "2026-12-01T00:00:00+09:00",
                        as_of);
    if (language != NULL && strcmp(language, "ja") == 0)
        request->language = SLA_JAPANESE;
    else if (language != NULL && strcmp(language, "en") != 0)
        return cli_fail(cli, CLI_USAGE, "--lang is ja or en, not \"%s\"", language);
    if (request->format == NULL)
        request->format = cli->json ? "json" : "text";
    if (strcmp(request->format, "text") != 0 && strcmp(request->format, "json") != 0 &&
        strcmp(request->format, "csv") != 0 && strcmp(request->format, "html") != 0)
        return cli_fail(cli, CLI_USAGE, "--format is text, json, csv or html, not \"%s\"",
                        request->format);
    return read_section(cli, request);
}

int sla_zone_read(struct cli *cli, const struct contract *contract, struct zone **zone)
{
    struct err err;

    if (zone_file_load(contract->timezone, zone, &err) < 0)
        return cli_fail(cli, CLI_USAGE, "%s", err.text);
    return 0;
}

/* "# version 2025b" begins tzdata.zi. */
const char *sla_tzdata(char version[SLA_VERSION_MAX])
{
    FILE *f = fopen(ZONE_DIR "/tzdata.zi", "re");
    char line[64] = "";
    bool found;

    if (f == NULL)
        return NULL;
    found = fgets(line, sizeof line, f) != NULL && strncmp(line, "# version ", 10) == 0;
    fclose(f);
    if (!found)
        return NULL;
    snprintf(version, SLA_VERSION_MAX, "%.*s", (int)strcspn(line + 10, "\n"), line + 10);
    return version;
}

void sla_request_print(struct cli *cli, const struct sla_request *request,
                       const struct sla_input *input)
{
    struct sla *sla = sla_new(input);
    struct buf out = {0};

    if (strcmp(request->format, "json") == 0)
        sla_json(sla, &out);
    else if (strcmp(request->format, "csv") == 0)
        request->csv(sla, &out);
    else if (strcmp(request->format, "html") == 0)
        sla_html(sla, request->language, &out);
    else
        sla_text(sla, request->language, &out);
    fwrite(out.data, 1, out.len, cli->out);
    buf_free(&out);
    sla_free(sla);
}
