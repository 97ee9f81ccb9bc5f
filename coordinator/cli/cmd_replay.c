#include "cli/cli.h"
#include "cli/table.h"
#include "cli/verified.h"
#include "base/utc.h"
#include "report/replay.h"

#include <string.h>

/* What was replayed, kept until the export has proved to be whole. */
struct outcome {
    struct replay *replay;
    json_t *decisions;
    int same, differ, left_out;
};

static const char *result_name(enum replay_result result)
{
    static const char *const names[] = {"", "ok", "differs", "left out"};

    return names[result];
}

static int each(struct cli *cli, void *context, const char *line, size_t len)
{
    struct outcome *outcome = context;
    char time[UTC_TEXT_MAX];
    struct replayed again;
    struct err err;

    if (replay_line(outcome->replay, line, len, &again, &err) < 0)
        return cli_fail(cli, CLI_REFUSED, "%s", err.text);
    if (again.result == REPLAY_NONE)
        return 0;
    outcome->same += again.result == REPLAY_SAME;
    outcome->differ += again.result == REPLAY_DIFFERS;
    outcome->left_out += again.result == REPLAY_LEFT_OUT;
    utc_format(again.time_ms, time);
    json_array_append_new(outcome->decisions,
                          json_pack("{s:I,s:s,s:s,s:s,s:s,s:s,s:s}", "seq", (json_int_t)again.seq,
                                    "time", time, "decision", again.kind, "of", again.subject,
                                    "recorded", again.recorded, "replayed", again.again, "result",
                                    result_name(again.result)));
    return 0;
}

static void print(FILE *out, const char *file, const struct outcome *outcome)
{
    static const char *const heads[] = {"SEQ",      "TIME",     "DECISION", "OF",
                                        "RECORDED", "REPLAYED", "RESULT"};
    struct table *table = table_new(heads, 7);
    const json_t *item;
    size_t i;

    json_array_foreach(outcome->decisions, i, item)
    {
        bool same = strcmp(cli_text(item, "result"), "ok") == 0;

        table_cell(table, "%lld", (long long)cli_int(item, "seq"));
        table_cell(table, "%s", cli_text(item, "time"));
        table_cell(table, "%s", cli_text(item, "decision"));
        table_cell(table, "%s", cli_text(item, "of"));
        table_cell(table, "%s", cli_text(item, "recorded"));
        table_cell(table, "%s", same ? "the same" : cli_text(item, "replayed"));
        table_cell(table, "%s", cli_text(item, "result"));
    }
    table_end(table, out, "no decision is in it");
    fprintf(out, "\n%s is whole; %d decisions: %d the same, %d differ, %d left out\n", file,
            outcome->same + outcome->differ + outcome->left_out, outcome->same, outcome->differ,
            outcome->left_out);
}

static int conclude(struct cli *cli, struct outcome *outcome, const struct verify_result *result)
{
    if (cli->json) {
        json_t *answer =
            json_pack("{s:s,s:I,s:I,s:i,s:i,s:i,s:O}", "cluster", result->cluster, "from",
                      (json_int_t)result->from, "size", (json_int_t)result->size, "same",
                      outcome->same, "differ", outcome->differ, "left_out", outcome->left_out,
                      "decisions", outcome->decisions);

        cli_print_json(cli->out, answer);
        json_decref(answer);
    } else {
        print(cli->out, cli->arguments[0], outcome);
    }
    return outcome->differ > 0 ? CLI_REFUSED : CLI_DONE;
}

static int run(struct cli *cli)
{
    struct outcome outcome = {.decisions = json_array()};
    struct verify_result result;
    const struct rule *rows;
    int n, r;

    rows = rules_table(&n);
    outcome.replay = replay_new(rows, n);
    r = verified_read(cli, cli->arguments[0], each, &outcome, &result);
    if (r == 0)
        r = conclude(cli, &outcome, &result);
    replay_free(outcome.replay);
    json_decref(outcome.decisions);
    return r;
}

const struct cli_command cmd_replay = {
    .name = "replay",
    .arguments = "EXPORT",
    .n_arguments = 1,
    .summary = "Make every decision of an export again: exit 1 when one comes out differently",
    .needs = "nothing: works offline",
    .example = "kirikae replay ledger.jsonl",
    .run = run,
};
