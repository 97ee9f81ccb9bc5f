#include "base/buf.h"
#include "cli/sla_source.h"
#include "report/sla_edition.h"

struct output {
    enum sla_language language;
    struct buf text;
    struct jsonw w;
};

static void print_difference(void *context, const struct sla_difference *difference)
{
    struct output *output = context;

    buf_str(&output->text, "  ");
    sla_difference_text(difference, output->language, &output->text);
    buf_str(&output->text, "\n");
}

static void write_difference(void *context, const struct sla_difference *difference)
{
    struct output *output = context;

    sla_difference_json(&output->w, difference);
}

/* What all editions behind `from` up to and with `to` were made by. */
static int changes(struct cli *cli, const struct sla_source *source, const struct sla *sla,
                   int from, int to, struct output *output)
{
    int edition;

    for (edition = from + 1; edition <= to; edition++) {
        struct ledger_view view;
        struct err err;
        size_t i;

        if (ledger_events_view(source->events, edition, &view, &err) < 0)
            return cli_fail(cli, CLI_USAGE, "%s", err.text);
        for (i = 0; i < view.n_changes; i++) {
            if (cli->json) {
                sla_change_json(&output->w, &view.changes[i]);
                continue;
            }
            buf_str(&output->text, "  ");
            sla_change_text(sla, &view.changes[i], output->language, &output->text);
            buf_str(&output->text, "\n");
        }
        ledger_view_free(&view);
    }
    return 0;
}

static int as_text(struct cli *cli, const struct sla_source *source, const struct sla *before,
                   const struct sla *after, struct output *output)
{
    bool ja = output->language == SLA_JAPANESE;
    int r;

    buf_printf(&output->text, ja ? "%04d-%02d 第%d版 -> 第%d版\n" : "%04d-%02d edition %d -> %d\n",
               source->year, source->month, before->edition, after->edition);
    buf_str(&output->text, ja ? "変更の根拠\n" : "Lines that made the difference\n");
    r = changes(cli, source, after, before->edition, after->edition, output);
    buf_str(&output->text, ja ? "変わった値\n" : "Figures that changed\n");
    sla_differences(before, after, print_difference, output);
    return r;
}

static int as_json(struct cli *cli, const struct sla_source *source, const struct sla *before,
                   const struct sla *after, struct output *output)
{
    struct jsonw *w = &output->w;
    int r;

    jsonw_begin(w, &output->text);
    jsonw_object(w, NULL);
    jsonw_strf(w, "month", "%04d-%02d", source->year, source->month);
    jsonw_int(w, "from", before->edition);
    jsonw_int(w, "to", after->edition);
    jsonw_array(w, "changes");
    r = changes(cli, source, after, before->edition, after->edition, output);
    jsonw_end(w);
    jsonw_array(w, "changed_figures");
    sla_differences(before, after, write_difference, output);
    jsonw_end(w);
    jsonw_end(w);
    buf_str(&output->text, "\n");
    return r;
}

static int compare(struct cli *cli, const struct sla_request *request,
                   const struct sla_source *source, int from, int to)
{
    struct output output = {.language = request->language};
    struct sla *before = NULL, *after = NULL;
    struct sla_made made[2] = {0};
    int r;

    r = sla_source_make(cli, source, NULL, from, &made[0]);
    if (r == 0)
        r = sla_source_make(cli, source, NULL, to, &made[1]);
    if (r == 0) {
        before = sla_new(&made[0].input);
        after = sla_new(&made[1].input);
        r = cli->json ? as_json(cli, source, before, after, &output)
                      : as_text(cli, source, before, after, &output);
    }
    if (r == 0)
        fwrite(output.text.data, 1, output.text.len, cli->out);
    buf_free(&output.text);
    sla_free(before);
    sla_free(after);
    sla_made_free(&made[0]);
    sla_made_free(&made[1]);
    return r;
}

static int run(struct cli *cli)
{
    struct sla_source source;
    struct sla_request request;
    int from, to, r;

    r = sla_request_read(cli, &request);
    if (r == 0)
        r = sla_edition_read(cli, "--edition", cli_value(cli, "edition"), &from);
    if (r == 0)
        r = sla_edition_read(cli, "NEWER", cli->arguments[0], &to);
    if (r == 0 && from >= to)
        r = cli_fail(cli, CLI_USAGE, "edition %d is not before edition %d", from, to);
    if (r != 0)
        return r;
    r = sla_source_open(cli, &request, &source);
    if (r == 0)
        r = compare(cli, &request, &source, from, to);
    sla_source_close(&source);
    return r;
}

static const struct cli_option options[] = {
    {"month", "YYYY-MM", "in the contract's time zone", true},
    {"edition", "OLDER", "the one before; NEWER comes behind it", true},
    {"lang", "LANG", "en (default) or ja", false},
    {"as-of", "TIME", "what the ledger knew then (default: now)", false},
    {"from", "EXPORT", "read this export instead of the cluster's ledger", false},
    {"contract", "FILE", "go by this contract instead of the ledger's", false},
    {0},
};

const struct cli_command cmd_sla_diff = {
    .name = "sla diff",
    .arguments = "NEWER",
    .n_arguments = 1,
    .summary = "What changed between two editions of a month's report, and why",
    .needs = "viewer; nothing with --from",
    .example = "kirikae sla diff --month 2026-11 --edition 1 2",
    .options = options,
    .run = run,
};
