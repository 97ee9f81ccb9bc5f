/* kirikae incident amend, annotate, ack, post: what operators say of an outage. */
#include "base/buf.h"
#include "cli/incident.h"
#include "cli/verb.h"
#include "core/account/contract.h"

#include <stdlib.h>
#include <string.h>

int incident_number(struct cli *cli, uint64_t *outage)
{
    const char *text = cli->arguments[0];
    char *end;

    *outage = strtoull(text, &end, 10);
    if (*end != '\0' || text[0] < '0' || text[0] > '9' || *outage > INT64_MAX)
        return cli_fail(cli, CLI_USAGE,
                        "\"%s\" is not the number of an outage: see kirikae incident list", text);
    return 0;
}

static int put_number(struct cli *cli, json_t *args)
{
    uint64_t outage;
    int r = incident_number(cli, &outage);

    if (r != 0)
        json_decref(args);
    else
        json_object_set_new(args, "outage", json_integer((json_int_t)outage));
    return r;
}

static int run_amend(struct cli *cli)
{
    const char *severity = cli_value(cli, "severity"), *cause = cli_value(cli, "cause");
    json_t *args = json_object();
    char what[512];
    int r = put_number(cli, args);

    if (r == 0 && severity != NULL)
        r = verb_put(cli, args, "severity", severity);
    if (r == 0 && cause != NULL)
        r = verb_put(cli, args, "cause", cause);
    if (r != 0)
        return r;
    snprintf(what, sizeof what, "Outage %s counts with%s%s%s%s from its start on.",
             cli->arguments[0], severity != NULL ? " severity " : "",
             severity != NULL ? severity : "", cause != NULL ? " cause " : "",
             cause != NULL ? cause : "");
    return verb_run(cli, &(struct verb){.name = "incident-amend", .what = what}, args);
}

static int run_annotate(struct cli *cli)
{
    json_t *args = json_object();
    char what[128];
    int r = put_number(cli, args);

    if (r != 0)
        return r;
    snprintf(what, sizeof what, "Outage %s gets a note.", cli->arguments[0]);
    return verb_run(cli, &(struct verb){.name = "incident-annotate", .what = what, .text = "note"},
                    args);
}

static int run_ack(struct cli *cli)
{
    json_t *args = json_object();
    char what[128];
    int r = put_number(cli, args);

    if (r != 0)
        return r;
    snprintf(what, sizeof what, "You look after outage %s: nobody further is called.",
             cli->arguments[0]);
    return verb_run(cli, &(struct verb){.name = "incident-ack", .what = what}, args);
}

/* ---- post ---- */

/* As files have it: a mark of UTF-8 before it, CR before LF, and an end of line behind it. */
static void trim(struct buf *text)
{
    size_t from = text->len >= 3 && memcmp(text->data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0, to = 0;

    for (; from < text->len; from++)
        if (text->data[from] != '\r' || from + 1 == text->len || text->data[from + 1] != '\n')
            text->data[to++] = text->data[from];
    while (to > 0 && text->data[to - 1] == '\n')
        to--;
    text->len = to;
}

static int put_bytes(struct cli *cli, json_t *args, const char *language, const struct buf *text)
{
    json_t *value;

    if (text->len > LIMIT_POST)
        return cli_fail(cli, CLI_USAGE, "--%s is %zu bytes long, at most %d are posted", language,
                        text->len, LIMIT_POST);
    value = json_stringn((const char *)text->data, text->len);
    if (value == NULL || strlen(json_string_value(value)) != text->len) {
        json_decref(value);
        return cli_fail(cli, CLI_USAGE, "--%s is not UTF-8 text", language);
    }
    json_object_set_new(args, language, value);
    return 0;
}

/* --ja TEXT, or --ja-file FILE ("-": standard input). */
static int put_words(struct cli *cli, json_t *args, const char *language)
{
    const char *text = cli_value(cli, language), *file;
    struct buf bytes = {0};
    struct err err;
    char option[16];
    int r = 0;

    snprintf(option, sizeof option, "%s-file", language);
    file = cli_value(cli, option);
    if (text == NULL && file == NULL)
        return 0;
    if (text != NULL && file != NULL)
        return cli_fail(cli, CLI_USAGE, "give --%s or --%s", language, option);
    if (text != NULL)
        buf_str(&bytes, text);
    else if (cli_read_file(strcmp(file, "-") == 0 ? "/dev/stdin" : file, 4 * LIMIT_POST, &bytes,
                           &err) < 0)
        r = cli_fail(cli, CLI_USAGE, "%s", err.text);
    trim(&bytes);
    if (r == 0)
        r = put_bytes(cli, args, language, &bytes);
    buf_free(&bytes);
    return r;
}

static bool both_from_stdin(const struct cli *cli)
{
    const char *ja = cli_value(cli, "ja-file"), *en = cli_value(cli, "en-file");

    return ja != NULL && en != NULL && strcmp(ja, "-") == 0 && strcmp(en, "-") == 0;
}

static int run_post(struct cli *cli)
{
    json_t *args = json_object();
    char what[128];
    int r = put_number(cli, args);

    if (r != 0)
        return r;
    if (both_from_stdin(cli))
        r = cli_fail(cli, CLI_USAGE, "standard input is one text, not two");
    if (r == 0)
        r = put_words(cli, args, "ja");
    if (r == 0)
        r = put_words(cli, args, "en");
    if (r == 0 && json_object_get(args, "ja") == NULL && json_object_get(args, "en") == NULL)
        r = cli_fail(cli, CLI_USAGE, "give --ja, --en, or both: what are customers told?");
    if (r == 0)
        r = cli_put(cli, args, "status", cli_value(cli, "status"));
    if (r != 0) {
        json_decref(args);
        return r;
    }
    snprintf(what, sizeof what, "Customers are told of outage %s: %s.", cli->arguments[0],
             cli_value(cli, "status"));
    return verb_run(cli, &(struct verb){.name = "incident-post", .what = what, .text = ""}, args);
}

/* ---- their tables ---- */

static void causes(FILE *out)
{
    int i;

    fprintf(out, "\ncauses:");
    for (i = 0; i < CAUSE_COUNT; i++)
        fprintf(out, "%s%s", i % 5 == 0 ? "\n  " : ", ", outage_cause_name((enum cause)i));
    fputc('\n', out);
}

static const struct cli_option amend_options[] = {
    {"severity", "SEVERITY", "emergency, severe or minor", false},
    {"cause", "CAUSE", "one of those below", false},
    VERB_REASON,
    VERB_DRY_RUN,
    VERB_YES,
    {0},
};

static const struct cli_option annotate_options[] = {
    {"note", "TEXT", "what is to be known of it; it goes into the ledger and the report", true},
    VERB_DRY_RUN,
    VERB_YES,
    {0},
};

static const struct cli_option ack_options[] = {
    {"reason", "TEXT", "what is to be said with it; it goes into the ledger", false},
    VERB_DRY_RUN,
    VERB_YES,
    {0},
};

static const struct cli_option post_options[] = {
    {"status", "STATUS", "investigating, identified, monitoring or resolved", true},
    {"ja", "TEXT", "in Japanese; at most 2000 bytes, of several lines if need be", false},
    {"en", "TEXT", "in English, likewise", false},
    {"ja-file", "FILE", "the same out of a file; -: standard input", false},
    {"en-file", "FILE", "likewise", false},
    VERB_DRY_RUN,
    VERB_YES,
    {0},
};

const struct cli_command cmd_incident_amend = {
    .name = "incident amend",
    .arguments = "ID",
    .n_arguments = 1,
    .summary = "Give an outage another severity or cause; recorded beside it",
    .needs = "operator",
    .example = "kirikae incident amend 1234 --cause customer-environment --reason \"their own "
               "line was cut, as their carrier confirms\"",
    .options = amend_options,
    .more = causes,
    .run = run_amend,
};

const struct cli_command cmd_incident_annotate = {
    .name = "incident annotate",
    .arguments = "ID",
    .n_arguments = 1,
    .summary = "Add a note to an outage",
    .needs = "operator",
    .example = "kirikae incident annotate 1234 --note \"disk of voice-2 replaced\"",
    .options = annotate_options,
    .run = run_annotate,
};

const struct cli_command cmd_incident_ack = {
    .name = "incident ack",
    .arguments = "ID",
    .n_arguments = 1,
    .summary = "Say that you look after an outage: nobody further is called",
    .needs = "operator",
    .example = "kirikae incident ack 1234 --reason \"on my way\"",
    .options = ack_options,
    .run = run_ack,
};

const struct cli_command cmd_incident_post = {
    .name = "incident post",
    .arguments = "ID",
    .n_arguments = 1,
    .summary = "Tell customers of an outage: status page, and notices that say so",
    .needs = "operator",
    .example = "kirikae incident post 1234 --status identified --ja \"原因を特定しました。\" "
               "--en \"We know the cause.\"",
    .options = post_options,
    .run = run_post,
};
