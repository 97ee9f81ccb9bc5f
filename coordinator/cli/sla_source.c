#include "cli/sla_source.h"
#include "base/clock.h"
#include "base/utc.h"
#include "cli/verified.h"

#include <stdlib.h>
#include <string.h>

/* ---- the ledger ---- */

/* After a line that makes no sense the rest is verified all the same: the first that was altered
 * may be why. */
static int feed(struct cli *cli, struct sla_source *source, const char *line, size_t len,
                const struct tree *tree)
{
    const struct sla_contract *found = &source->found;

    (void)cli;
    if (found->line != NULL && tree->size == found->seq + 1)
        source->contract_seen = len == found->len && memcmp(line, found->line, len) == 0;
    if (source->failed == 0)
        source->failed = ledger_events_line(source->events, line, len, tree, &source->err);
    return 0;
}

static int feed_export(struct cli *cli, void *context, const char *line, size_t len)
{
    struct sla_source *source = context;

    return feed(cli, source, line, len, source->tree);
}

struct pull {
    struct sla_source *source;
    struct ledger_head head;
};

static int feed_pull(struct cli *cli, void *context, const char *line, size_t len)
{
    struct pull *pull = context;

    return feed(cli, pull->source, line, len, pull->head.tree);
}

static int read_export(struct cli *cli, const char *file, struct sla_source *source)
{
    struct verify_result result;
    int r = verified_read_tree(cli, file, feed_export, source, &source->tree, &result);

    if (r != 0)
        return r;
    if (result.from != 0)
        return cli_fail(cli, CLI_REFUSED,
                        "%s begins with entry %llu: a report needs all from the first on", file,
                        (unsigned long long)result.from);
    memcpy(source->cluster, result.cluster, sizeof source->cluster);
    source->known_ms = result.known_ms;
    return 0;
}

static int read_ledger(struct cli *cli, struct sla_source *source)
{
    const char *file = cli_value(cli, "from");
    struct pull pull = {.source = source};
    int r = file != NULL ? read_export(cli, file, source)
                         : ledger_pull(cli, feed_pull, &pull, &pull.head);

    if (r != 0)
        return r;
    if (file == NULL) {
        memcpy(source->cluster, pull.head.cluster, sizeof source->cluster);
        source->known_ms = clock_utc_ms();
    }
    if (source->failed < 0)
        return cli_fail(cli, CLI_REFUSED, "the ledger yields no report: %s", source->err.text);
    if (source->found.line != NULL && !source->contract_seen)
        return cli_fail(cli, CLI_REFUSED, "the contract is not what entry %llu of the ledger says",
                        (unsigned long long)source->found.seq);
    return 0;
}

/* Nothing is known of the month, or not yet. */
static int check_month(struct cli *cli, const struct sla_source *source)
{
    struct ledger_view view;
    char begins[UTC_TEXT_MAX];
    struct err err;
    int64_t begins_ms;

    if (source->period.begin_ms >= source->period.as_of_ms)
        return cli_fail(cli, CLI_USAGE, "%04d-%02d has not begun yet", source->year, source->month);
    if (ledger_events_view(source->events, 0, &view, &err) < 0)
        return cli_fail(cli, CLI_REFUSED, "%s", err.text);
    begins_ms = view.begins_ms;
    ledger_view_free(&view);
    if (begins_ms == UTC_NONE)
        return cli_fail(cli, CLI_USAGE, "the ledger has no entries up to then");
    utc_format(begins_ms, begins);
    if (begins_ms >= source->period.end_ms && source->period.end_ms > source->period.begin_ms)
        return cli_fail(cli, CLI_USAGE, "the ledger begins at %s: nothing is known of %04d-%02d",
                        begins, source->year, source->month);
    return 0;
}

int sla_source_open(struct cli *cli, const struct sla_request *asked, struct sla_source *source)
{
    struct sla_request request = *asked;
    bool known = cli_value(cli, "from") != NULL && cli_value(cli, "as-of") == NULL;
    int r;

    *source = (struct sla_source){.year = request.year, .month = request.month};
    source->tzdata = sla_tzdata(source->version);
    if (known) /* all that the export knows: up to when, it says at its end */
        request.as_of_ms = UTC_MOST_MS;
    if ((r = sla_contract_find(cli, &request, &source->found)) != 0)
        return r;
    source->period = sla_period(&source->found.contract, source->found.zone, request.year,
                                request.month, request.as_of_ms);
    source->events = ledger_events_new(&source->found.contract, &source->period);
    if ((r = read_ledger(cli, source)) != 0)
        return r;
    if (known)
        source->period.as_of_ms = source->known_ms;
    return check_month(cli, source);
}

void sla_source_close(struct sla_source *source)
{
    ledger_events_free(source->events);
    sla_contract_free(&source->found);
}

/* ---- one edition ---- */

int sla_edition_read(struct cli *cli, const char *what, const char *text, int *edition)
{
    char *end = NULL;
    long value = text != NULL ? strtol(text, &end, 10) : 0;

    *edition = (int)value;
    if (text != NULL && (end == text || *end != '\0' || value < 1 || value > 1000000))
        return cli_fail(cli, CLI_USAGE, "%s \"%s\" is not an edition's number", what, text);
    return 0;
}

static int check_service(struct cli *cli, const struct contract *contract, const char *service)
{
    struct buf known = {0};
    int i, r;

    if (service == NULL)
        return 0;
    for (i = 0; i < contract->n_services; i++) {
        if (strcmp(contract->services[i].name, service) == 0) {
            buf_free(&known);
            return 0;
        }
        buf_printf(&known, "%s%s", i > 0 ? ", " : "", contract->services[i].name);
    }
    r = cli_fail(cli, CLI_USAGE, "--service \"%s\" is none of the contract's services: %s", service,
                 contract->n_services > 0 ? buf_cstr(&known) : "it has none");
    buf_free(&known);
    return r;
}

static int view(struct cli *cli, const struct sla_source *source, int edition,
                struct ledger_view *view, struct sla_input *input)
{
    struct err err;

    if (ledger_events_view(source->events, edition, view, &err) < 0)
        return cli_fail(cli, CLI_USAGE, "%04d-%02d: %s", source->year, source->month, err.text);
    ledger_view_as_of(source->events, view, source->period.as_of_ms, source->known_ms);
    ledger_view_input(view, input);
    return 0;
}

int sla_source_make(struct cli *cli, const struct sla_source *source, const char *service,
                    int edition, struct sla_made *made)
{
    struct sla_input before;
    int r;

    *made = (struct sla_made){.input = {.contract = &source->found.contract,
                                        .contract_from = source->found.from,
                                        .zone = source->found.zone,
                                        .year = source->year,
                                        .month = source->month,
                                        .service = service,
                                        .cluster = source->cluster,
                                        .tzdata = source->tzdata}};
    before = made->input;
    if ((r = check_service(cli, &source->found.contract, service)) != 0 ||
        (r = view(cli, source, edition, &made->view, &made->input)) != 0)
        return r;
    if (made->view.edition == 1)
        return 0;
    r = view(cli, source, made->view.edition - 1, &made->view_before, &before);
    if (r == 0)
        made->input.before = made->before = sla_new(&before);
    return r;
}

void sla_made_free(struct sla_made *made)
{
    sla_free(made->before);
    ledger_view_free(&made->view);
    ledger_view_free(&made->view_before);
}
