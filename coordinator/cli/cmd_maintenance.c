#include "base/clock.h"
#include "base/utc.h"
#include "cli/table.h"
#include "cli/verb.h"

#include <stdlib.h>
#include <string.h>

/* ---- list ---- */

static void print_list(FILE *out, const json_t *result)
{
    static const char *const heads[] = {"WINDOW", "STATE", "KIND",      "START",
                                        "END",    "WHO",   "FUNCTIONS", "REASON"};
    struct table *table = table_new(heads, 8);
    const json_t *window, *function;
    size_t i, j;

    json_array_foreach(json_object_get(result, "windows"), i, window)
    {
        char names[512] = "";

        json_array_foreach(json_object_get(window, "functions"), j, function)
            snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", j > 0 ? "," : "",
                     json_string_value(function));
        table_cell(table, "%lld", (long long)cli_int(window, "window"));
        table_cell(table, "%s", cli_text(window, "state"));
        table_cell(table, "%s%s", cli_text(window, "kind"),
                   cli_bool(window, "short_notice") ? " (short notice)" : "");
        table_cell(table, "%s", cli_text(window, "start"));
        table_cell(table, "%s",
                   cli_text(window, "finished")[0] != '\0' ? cli_text(window, "finished")
                                                           : cli_text(window, "end"));
        table_cell(table, "%s", cli_text(window, "who"));
        table_cell(table, "%s", names);
        table_cell(table, "%s", cli_text(window, "reason"));
    }
    table_end(table, out, "no maintenance windows");
}

static int run_list(struct cli *cli)
{
    return cli_show(cli, "maintenance-list", NULL, print_list);
}

/* ---- add ---- */

static int set_time(struct cli *cli, json_t *args, const char *option, const char *key)
{
    const char *text = cli_value(cli, option);
    char canonical[UTC_TEXT_MAX];
    int64_t utc_ms;

    if (cli_time(text, clock_utc_ms(), &utc_ms) != 0)
        return cli_fail(cli, CLI_USAGE,
                        "--%s \"%s\" is not a time: write 2026-12-01T00:00:00+09:00, now, or +2h",
                        option, text);
    utc_format(utc_ms, canonical);
    json_object_set_new(args, key, json_string(canonical));
    return 0;
}

static json_t *split(const char *names)
{
    json_t *list = json_array();

    for (;;) {
        size_t len = strcspn(names, ",");

        json_array_append_new(list, json_stringn(names, len));
        if (names[len] == '\0')
            return list;
        names += len + 1;
    }
}

static int run_add(struct cli *cli)
{
    json_t *args = json_object();
    char what[512];
    int r;

    r = set_time(cli, args, "start", "start");
    if (r == 0)
        r = set_time(cli, args, "end", "end");
    if (r != 0) {
        json_decref(args);
        return r;
    }
    json_object_set_new(args, "functions", split(cli_value(cli, "functions")));
    if (cli_flag(cli, "emergency"))
        json_object_set_new(args, "emergency", json_true());
    if (cli_flag(cli, "override-notice"))
        json_object_set_new(args, "override_notice", json_true());
    snprintf(what, sizeof what, "%s maintenance, %s to %s; %s stop.",
             cli_flag(cli, "emergency") ? "Emergency" : "Regular", cli_text(args, "start"),
             cli_text(args, "end"), cli_value(cli, "functions"));
    return verb_run(cli, &(struct verb){.name = "maintenance-add", .what = what}, args);
}

/* ---- end, extend ---- */

static int put_window(struct cli *cli, json_t *args)
{
    const char *text = cli->arguments[0];
    char *end;
    long long window = strtoll(text, &end, 10);

    if (*end != '\0' || end == text || window < 1)
        return cli_fail(cli, CLI_USAGE,
                        "\"%s\" is not the number of a window: see "
                        "kirikae maintenance list",
                        text);
    json_object_set_new(args, "window", json_integer(window));
    return 0;
}

static int run_end(struct cli *cli)
{
    json_t *args = json_object();
    char what[128];
    int r = put_window(cli, args);

    if (r != 0) {
        json_decref(args);
        return r;
    }
    snprintf(what, sizeof what,
             "Maintenance window %s ends now; before its start: it is called off.",
             cli->arguments[0]);
    return verb_run(cli, &(struct verb){.name = "maintenance-end", .what = what}, args);
}

static int run_extend(struct cli *cli)
{
    json_t *args = json_object();
    char what[128];
    int r = put_window(cli, args);

    if (r == 0)
        r = set_time(cli, args, "until", "end");
    if (r != 0) {
        json_decref(args);
        return r;
    }
    if (cli_flag(cli, "override-notice"))
        json_object_set_new(args, "override_notice", json_true());
    snprintf(what, sizeof what, "Maintenance window %s lasts until %s.", cli->arguments[0],
             cli_text(args, "end"));
    return verb_run(cli, &(struct verb){.name = "maintenance-extend", .what = what}, args);
}

static const struct cli_option add_options[] = {
    {"functions", "A,B", "what customers cannot do meanwhile", true},
    {"start", "TIME", "2026-12-01T00:00:00+09:00, now, or +2h", true},
    {"end", "TIME", "likewise", true},
    {"reason", "TEXT", "why; it goes into the ledger and the report", true},
    {"emergency", NULL, "not regular maintenance", false},
    {"override-notice", NULL, "regular, although less than 14 days ahead; recorded", false},
    VERB_DRY_RUN,
    VERB_YES,
    {0},
};

static const struct cli_option end_options[] = {VERB_REASON, VERB_DRY_RUN, VERB_YES, {0}};

static const struct cli_option extend_options[] = {
    {"until", "TIME", "its new end: 2026-12-01T00:00:00+09:00, or +2h from now", true},
    {"override-notice", NULL, "regular, although less than 14 days ahead; recorded", false},
    VERB_REASON,
    VERB_DRY_RUN,
    VERB_YES,
    {0},
};

const struct cli_command cmd_maintenance_list = {
    .name = "maintenance list",
    .arguments = "",
    .summary = "List the maintenance windows",
    .needs = "viewer",
    .example = "kirikae maintenance list",
    .run = run_list,
};

const struct cli_command cmd_maintenance_add = {
    .name = "maintenance add",
    .arguments = "",
    .summary = "Announce a maintenance window",
    .needs = "operator",
    .example = "kirikae maintenance add --functions calling,login --start "
               "2026-12-20T00:00:00+09:00 --end 2026-12-20T05:00:00+09:00 --reason \"database "
               "upgrade\"",
    .options = add_options,
    .run = run_add,
};

const struct cli_command cmd_maintenance_end = {
    .name = "maintenance end",
    .arguments = "WINDOW",
    .n_arguments = 1,
    .summary = "End a maintenance window early, or call it off",
    .needs = "operator",
    .example = "kirikae maintenance end 1234 --reason \"finished early\"",
    .options = end_options,
    .run = run_end,
};

const struct cli_command cmd_maintenance_extend = {
    .name = "maintenance extend",
    .arguments = "WINDOW",
    .n_arguments = 1,
    .summary = "Let a maintenance window end later",
    .needs = "operator",
    .example = "kirikae maintenance extend 1234 --until 2026-12-20T06:00:00+09:00 --reason "
               "\"the upgrade takes longer\" --override-notice",
    .options = extend_options,
    .run = run_extend,
};
