#include "base/buf.h"
#include "base/clock.h"
#include "base/utc.h"
#include "cli/ledger_pull.h"
#include "cli/verified.h"
#include "report/export.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* ---- export ---- */

struct output {
    FILE *file;
    const char *name; /* NULL: standard output */
    struct ledger_export *export;
    struct buf bytes;
    bool over; /* behind --until */
};

static int flush(struct cli *cli, struct output *output)
{
    size_t n = fwrite(output->bytes.data, 1, output->bytes.len, output->file);
    bool whole = n == output->bytes.len;

    buf_clear(&output->bytes);
    if (whole)
        return 0;
    return cli_fail(cli, CLI_REFUSED, "%s: %s",
                    output->name != NULL ? output->name : "standard output", strerror(errno));
}

static int export_each(struct cli *cli, void *context, const char *line, size_t len)
{
    struct output *output = context;
    struct err err;
    int r;

    if (output->over)
        return 0;
    r = export_line(output->export, line, len, &output->bytes, &err);
    if (r < 0)
        return cli_fail(cli, CLI_REFUSED, "%s", err.text);
    output->over = r > 0;
    return output->bytes.len > 65536 ? flush(cli, output) : 0;
}

static int optional_time(struct cli *cli, const char *option, int64_t *utc_ms)
{
    const char *text = cli_value(cli, option);

    *utc_ms = UTC_NONE;
    if (text != NULL && cli_time(text, clock_utc_ms(), utc_ms) != 0)
        return cli_fail(cli, CLI_USAGE,
                        "--%s \"%s\" is not a time such as "
                        "2026-11-01T00:00:00+09:00",
                        option, text);
    return 0;
}

static int export_settings(struct cli *cli, struct export_options *options)
{
    const char *format = cli_value(cli, "format");
    int r;

    *options = (struct export_options){.exported_ms = clock_utc_ms()};
    if (strcmp(format, "csv") == 0)
        options->format = EXPORT_CSV;
    else if (strcmp(format, "jsonl") != 0)
        return cli_fail(cli, CLI_USAGE, "--format is jsonl or csv, not \"%s\"", format);
    r = optional_time(cli, "since", &options->since_ms);
    if (r == 0)
        r = optional_time(cli, "until", &options->until_ms);
    return r;
}

/* The cluster's name stands in every page. */
static int cluster_name(struct cli *cli, struct export_options *options)
{
    json_t *page;
    int r = ledger_page(cli, 0, 1, NULL, &page);

    if (r != 0)
        return r;
    snprintf(options->cluster, sizeof options->cluster, "%s", cli_text(page, "cluster"));
    json_decref(page);
    return 0;
}

static int export_to(struct cli *cli, const struct export_options *options, struct output *output)
{
    struct ledger_head head;
    int r;

    output->export = export_new(options);
    r = ledger_pull(cli, export_each, output, &head);
    if (r == 0) {
        export_end(output->export, &output->bytes);
        r = flush(cli, output);
    }
    export_free(output->export);
    buf_free(&output->bytes);
    if (r == 0 && output->name != NULL && !cli->json)
        fprintf(cli->out, "%llu entries seen, written to %s\n", (unsigned long long)head.size,
                output->name);
    return r;
}

/* Beside the file first: an export that failed never looks like one. */
static int export_file(struct cli *cli, const struct export_options *options, const char *name)
{
    struct output output = {.name = name};
    struct buf part = {0};
    const char *path;
    int r;

    buf_printf(&part, "%s.part", name);
    path = buf_cstr(&part);
    output.file = fopen(path, "we");
    if (output.file == NULL) {
        r = cli_fail(cli, CLI_USAGE, "%s: %s", path, strerror(errno));
        buf_free(&part);
        return r;
    }
    r = export_to(cli, options, &output);
    if (r == 0 && (fflush(output.file) != 0 || fsync(fileno(output.file)) != 0))
        r = cli_fail(cli, CLI_REFUSED, "%s: %s", path, strerror(errno));
    fclose(output.file);
    if (r == 0 && rename(path, name) != 0)
        r = cli_fail(cli, CLI_REFUSED, "%s: %s", name, strerror(errno));
    if (r != 0)
        unlink(path);
    buf_free(&part);
    return r;
}

static int run_export(struct cli *cli)
{
    const char *name = cli_value(cli, "output");
    struct export_options options;
    struct output output = {.file = cli->out};
    int r;

    r = export_settings(cli, &options);
    if (r == 0)
        r = cluster_name(cli, &options);
    if (r != 0)
        return r;
    return name != NULL ? export_file(cli, &options, name) : export_to(cli, &options, &output);
}

/* ---- verify ---- */

static int ignore(struct cli *cli, void *context, const char *line, size_t len)
{
    return 0;
}

static int run_verify(struct cli *cli)
{
    struct verify_result result;
    char root[2 * TREE_HASH + 1];
    size_t i;
    int r;

    r = verified_read(cli, cli->arguments[0], ignore, NULL, &result);
    if (r != 0)
        return r;
    for (i = 0; i < TREE_HASH; i++)
        snprintf(root + 2 * i, 3, "%02x", result.root[i]);
    if (cli->json) {
        json_t *object =
            json_pack("{s:b,s:s,s:I,s:I,s:s}", "whole", 1, "cluster", result.cluster, "from",
                      (json_int_t)result.from, "size", (json_int_t)result.size, "root", root);

        cli_print_json(cli->out, object);
        json_decref(object);
    } else {
        fprintf(cli->out, "whole: entries %llu to %llu of %s, root %s\n",
                (unsigned long long)result.from, (unsigned long long)result.size, result.cluster,
                root);
    }
    return CLI_DONE;
}

static const struct cli_option export_options[] = {
    {"format", "FORMAT", "jsonl, or csv: for a spreadsheet; it cannot be verified or reported on",
     true},
    {"since", "TIME", "from this time on, such as 2026-11-01T00:00:00+09:00", false},
    {"until", "TIME", "before this time", false},
    {"output", "FILE", "also -o; default: standard output", false},
    {0},
};

const struct cli_command cmd_audit_export = {
    .name = "audit export",
    .arguments = "",
    .summary = "Write the ledger out, checked against the cluster's root",
    .needs = "viewer",
    .example = "kirikae audit export --format jsonl -o ledger.jsonl",
    .options = export_options,
    .run = run_export,
};

const struct cli_command cmd_audit_verify = {
    .name = "audit verify",
    .arguments = "FILE",
    .n_arguments = 1,
    .summary = "Check an export: nothing altered, missing or reordered",
    .needs = "nothing: works offline",
    .example = "kirikae audit verify ledger.jsonl",
    .run = run_verify,
};
