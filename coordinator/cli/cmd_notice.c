/* kirikae notice list, show, test. */
#include "base/clock.h"
#include "base/utc.h"
#include "cli/ledger_pull.h"
#include "cli/ledger_span.h"
#include "cli/notice.h"
#include "cli/verb.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- list ---- */

/* What gathers begins now. */
static bool within(const json_t *notice, const struct ledger_span *span)
{
    const char *state = cli_text(notice, "state");
    int64_t begun_ms = clock_utc_ms();

    if (span->open && strcmp(state, "open") != 0 && strcmp(state, "gathering") != 0)
        return false;
    utc_parse(cli_text(notice, "begun"), &begun_ms);
    return begun_ms >= span->since_ms && begun_ms < span->until_ms;
}

static void show_list(struct cli *cli, const json_t *list, const struct ledger_span *span)
{
    json_t *chosen = json_array(), *notice;
    size_t i;

    json_array_foreach(list, i, notice)
    {
        if (within(notice, span))
            json_array_append(chosen, notice);
    }
    cli_clean(cli, chosen);
    if (cli->json) {
        json_t *object = json_pack("{s:O}", "notices", chosen);

        cli_print_json(cli->out, object);
        json_decref(object);
    } else {
        notices_print(cli->out, chosen);
    }
    json_decref(chosen);
}

static int run_list(struct cli *cli)
{
    struct notices_read notices;
    struct ledger_span span;
    int r = notices_read(cli, cli_value(cli, "from"), 0, &notices);

    if (r == 0)
        r = ledger_span_read(cli, notices.zone, &span);
    if (r == 0)
        show_list(cli, notices.list, &span);
    notices_read_free(&notices);
    return r;
}

/* ---- show ---- */

static int show(struct cli *cli, const char *file, json_t *notice)
{
    int r = notice_read_more(cli, file, notice);

    if (r != 0)
        return r;
    cli_clean(cli, notice);
    if (cli->json)
        cli_print_json(cli->out, notice);
    else
        notice_print(cli->out, notice);
    return 0;
}

static int run_show(struct cli *cli)
{
    const char *file = cli_value(cli, "from"), *text = cli->arguments[0];
    struct notices_read notices;
    json_t *notice = NULL;
    uint64_t number;
    char *end;
    int r;

    number = strtoull(text, &end, 10);
    if (*end != '\0' || text[0] < '0' || text[0] > '9')
        return cli_fail(cli, CLI_USAGE,
                        "\"%s\" is not the number of a notice: see kirikae notice list", text);
    r = notices_read(cli, file, 0, &notices);
    if (r == 0)
        notice = notices_find(&notices, number);
    if (r == 0)
        r = notice != NULL ? show(cli, file, notice)
                           : cli_fail(cli, CLI_USAGE,
                                      "no notice has the number %s: see kirikae notice list", text);
    notices_read_free(&notices);
    return r;
}

/* ---- test ---- */

#define TEST_WAIT_MS 60000
#define TEST_LOOK_MS 500

/* Its number, when all have it, somebody is given up, or the time is over. */
static int wait_for(struct cli *cli, uint64_t number, uint64_t from)
{
    static const struct timespec rest = {.tv_nsec = TEST_LOOK_MS * 1000000l};
    int64_t until_ms = clock_boot_ms() + TEST_WAIT_MS;

    for (;;) {
        struct notices_read notices;
        const char *state = "";
        json_t *notice = NULL;
        int r = notices_read(cli, NULL, from, &notices);

        if (r == 0)
            notice = notices_find(&notices, number);
        if (notice != NULL)
            state = cli_text(notice, "state");
        if (r == 0 && notice != NULL &&
            (strcmp(state, "open") != 0 || clock_boot_ms() > until_ms)) {
            cli_clean(cli, notice);
            if (cli->json)
                cli_print_json(cli->out, notice);
            else
                notice_print_receivers(cli->out, notice, false);
            r = strcmp(state, "told") == 0 ? CLI_DONE : CLI_REFUSED;
            notices_read_free(&notices);
            return r;
        }
        notices_read_free(&notices);
        if (r == 0 && clock_boot_ms() > until_ms)
            r = cli_fail(cli, CLI_REFUSED, "nobody was told within %d s", TEST_WAIT_MS / 1000);
        if (r != 0)
            return r;
        nanosleep(&rest, NULL);
    }
}

static int ledger_size_now(struct cli *cli, uint64_t *size)
{
    json_t *page;
    int r = ledger_page(cli, 0, 1, NULL, &page);

    if (r != 0)
        return r;
    *size = (uint64_t)cli_int(page, "size");
    json_decref(page);
    return 0;
}

static int run_test(struct cli *cli)
{
    const char *to = cli_value(cli, "to");
    json_t *args = json_object(), *answer = NULL;
    uint64_t from, number;
    char what[256];
    int r = verb_put(cli, args, "channel", cli->arguments[0]);

    if (r == 0 && to != NULL)
        r = verb_put(cli, args, "to", to);
    if (r != 0)
        return r;
    r = ledger_size_now(cli, &from);
    if (r != 0) {
        json_decref(args);
        return r;
    }
    snprintf(what, sizeof what, "%s%s by channel %s gets a test.", to != NULL ? "Receiver " : "Who",
             to != NULL ? to : "ever is told", cli->arguments[0]);
    r = verb_run(cli,
                 &(struct verb){.name = "notice-test", .what = what, .text = "", .answer = &answer},
                 args);
    if (r != 0 || answer == NULL)
        return r;
    if (sscanf(cli_text(answer, "text"), "notice %" SCNu64, &number) != 1)
        r = cli_fail(cli, CLI_REFUSED, "the cluster does not say which notice it is: \"%s\"",
                     cli_text(answer, "text"));
    json_decref(answer);
    return r == 0 ? wait_for(cli, number, from) : r;
}

/* ---- their tables ---- */

static const struct cli_option list_options[] = {
    {"month", "YYYY-MM", "that began in this month, in the contract's time zone", false},
    {"since", "TIME", "not before, such as 2026-11-01T00:00:00+09:00", false},
    {"until", "TIME", "before", false},
    {"open", NULL, "only those that somebody has not got yet", false},
    {"from", "EXPORT", "read this export instead of the cluster's ledger", false},
    {0},
};

static const struct cli_option show_options[] = {
    {"from", "EXPORT", "read this export instead of the cluster's ledger", false},
    {0},
};

static const struct cli_option test_options[] = {
    {"to", "RECEIVER", "only to this one of the channel's receivers", false},
    VERB_DRY_RUN,
    VERB_YES,
    {0},
};

const struct cli_command cmd_notice_list = {
    .name = "notice list",
    .arguments = "",
    .summary = "List notices: of what, by which rule, and who has them",
    .needs = "viewer; nothing with --from",
    .example = "kirikae notice list --open",
    .options = list_options,
    .run = run_list,
};

const struct cli_command cmd_notice_show = {
    .name = "notice show",
    .arguments = "NUMBER",
    .n_arguments = 1,
    .summary = "Show a notice: events, receivers, attempts, receipts",
    .needs = "viewer; nothing with --from",
    .example = "kirikae notice show 12",
    .options = show_options,
    .run = run_show,
};

const struct cli_command cmd_notice_test = {
    .name = "notice test",
    .arguments = "CHANNEL",
    .n_arguments = 1,
    .summary = "Send a test by a channel, and wait for what its receivers say",
    .needs = "operator",
    .example = "kirikae notice test mail --to desk",
    .options = test_options,
    .run = run_test,
};
