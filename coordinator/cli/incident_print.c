#include "base/utc.h"
#include "cli/explain.h"
#include "cli/incident.h"
#include "cli/table.h"

#include <string.h>

static const char *duration(int64_t ms, char text[48])
{
    if (ms < 10000)
        snprintf(text, 48, "%lld ms", (long long)ms);
    else
        snprintf(text, 48, "%lld:%02d:%02d", (long long)(ms / 3600000), (int)(ms / 60000 % 60),
                 (int)(ms / 1000 % 60));
    return text;
}

/* How long it lasted; "" while it is open. */
static const char *lasted(const json_t *incident, char text[48])
{
    text[0] = '\0';
    if (cli_text(incident, "end")[0] == '\0')
        return text;
    return duration(explain_ms(cli_text(incident, "start"), cli_text(incident, "end")), text);
}

/* From recognition until somebody first said that they look after it; "" when nobody has. */
static const char *acknowledged(const json_t *incident, char text[128])
{
    const json_t *first = json_array_get(json_object_get(incident, "acknowledged"), 0);
    char after[48];

    text[0] = '\0';
    if (first != NULL)
        snprintf(
            text, 128, "%s after %s", cli_text(first, "who"),
            duration(explain_ms(cli_text(incident, "recognised"), cli_text(first, "time")), after));
    return text;
}

/* "minor (first: emergency)" */
static const char *as_amended(const json_t *incident, const char *key, char text[128])
{
    const char *is = cli_text(incident, key);
    const char *was = cli_text(json_object_get(incident, "first"), key);

    if (strcmp(is, was) == 0)
        snprintf(text, 128, "%s", is);
    else
        snprintf(text, 128, "%s (first: %s)", is, was);
    return text;
}

void incidents_print(FILE *out, const json_t *list)
{
    static const char *const heads[] = {"OUTAGE",   "STATE", "FUNCTION",     "START", "LASTED",
                                        "SEVERITY", "CAUSE", "ACKNOWLEDGED", "POSTS", "SAID"};
    struct table *table = table_new(heads, 10);
    const json_t *incident;
    char text[128];
    size_t i;

    json_array_foreach(list, i, incident)
    {
        table_cell(table, "%lld", (long long)cli_int(incident, "outage"));
        table_cell(table, "%s", cli_text(incident, "state"));
        table_cell(table, "%s", cli_text(incident, "function"));
        table_cell(table, "%s", cli_text(incident, "start"));
        table_cell(table, "%s", lasted(incident, text));
        table_cell(table, "%s", as_amended(incident, "severity", text));
        table_cell(table, "%s", as_amended(incident, "cause", text));
        table_cell(table, "%s", acknowledged(incident, text));
        table_cell(table, "%zu", json_array_size(json_object_get(incident, "posts")));
        table_cell(table, "%zu", json_array_size(json_object_get(incident, "said")));
    }
    table_end(table, out, "no incidents");
}

/* ---- one of them ---- */

static void print_key(FILE *out, const char *key, const char *value)
{
    fprintf(out, "  %-11s %s\n", key, value[0] != '\0' ? value : "-");
}

static void print_head(FILE *out, const json_t *incident)
{
    const char *route = cli_text(incident, "route"), *end = cli_text(incident, "end");
    char text[128];

    fprintf(out, "outage %lld of %s%s%s: %s\n", (long long)cli_int(incident, "outage"),
            cli_text(incident, "function"), route[0] != '\0' ? ", route " : "", route,
            cli_text(incident, "state"));
    print_key(out, "severity", as_amended(incident, "severity", text));
    print_key(out, "cause", as_amended(incident, "cause", text));
    print_key(out, "last good", cli_text(incident, "last_good"));
    print_key(out, "start", cli_text(incident, "start"));
    print_key(out, "recognised", cli_text(incident, "recognised"));
    if (cli_text(incident, "disputed")[0] != '\0') {
        print_key(out, "disputed", cli_text(incident, "disputed"));
        fprintf(out, "  callers were served: it is no outage\n");
        return;
    }
    print_key(out, "last fail", cli_text(incident, "last_fail"));
    print_key(out, "end", end);
    if (end[0] != '\0')
        print_key(out, "lasted", lasted(incident, text));
}

static void print_grounds(FILE *out, const json_t *line)
{
    if (line_is(line, "verdict", NULL)) {
        explain_print_verdict(out, line);
        return;
    }
    if (line_is(line, "coverage", "no-quorum")) {
        fprintf(out,
                "\nit rests on what the nodes' own checks said without a quorum, from %s to %s "
                "(entry %lld)\n",
                cli_text(line, "from"), cli_text(line, "to"), (long long)cli_int(line, "seq"));
        return;
    }
    if (!json_is_object(line)) {
        fprintf(out, "\nits evidence is not in these lines\n");
        return;
    }
    fprintf(out, "\nit rests on entry %lld at %s: %s/%s of %s", (long long)cli_int(line, "seq"),
            cli_text(line, "time"), cli_text(line, "category"), cli_text(line, "type"),
            cli_text(line, "route"));
    if (cli_text(line, "server")[0] != '\0')
        fprintf(out, ", %s", cli_text(line, "server"));
    fputc('\n', out);
}

static void print_moves(FILE *out, const json_t *moves)
{
    const json_t *move;
    size_t i;

    if (json_array_size(moves) > 0)
        fprintf(out, "\nmoves in its time\n");
    json_array_foreach(moves, i, move)
    {
        const char *who = cli_text(move, "who"), *verified = cli_text(move, "verified");

        fprintf(out, "  %s  %s to %s, epoch %lld, rule %lld, %s%s, %s%s (entry %lld)\n",
                cli_text(move, "time"), cli_text(move, "from"), cli_text(move, "to"),
                (long long)cli_int(move, "epoch"), (long long)cli_int(move, "rule"),
                who[0] != '\0' ? "asked for by " : "automatic", who,
                verified[0] != '\0' ? "verified " : "not verified", verified,
                (long long)cli_int(move, "seq"));
    }
}

static void print_said(FILE *out, const json_t *list)
{
    const json_t *said;
    size_t i;

    if (json_array_size(list) > 0)
        fprintf(out, "\nsaid of it\n");
    json_array_foreach(list, i, said)
    {
        const char *severity = cli_text(said, "severity"), *cause = cli_text(said, "cause");

        fprintf(out, "  %s  %s (entry %lld)\n    ", cli_text(said, "time"), cli_text(said, "who"),
                (long long)cli_int(said, "seq"));
        if (strcmp(cli_text(said, "type"), "note") == 0)
            fprintf(out, "%s\n", cli_text(said, "text"));
        else
            fprintf(out, "%s%s%s%s%s: %s\n", severity[0] != '\0' ? "severity " : "", severity,
                    severity[0] != '\0' && cause[0] != '\0' ? ", " : "",
                    cause[0] != '\0' ? "cause " : "", cause, cli_text(said, "reason"));
    }
}

static void print_acknowledged(FILE *out, const json_t *incident)
{
    const json_t *list = json_object_get(incident, "acknowledged"), *ack;
    char text[128];
    size_t i;

    if (json_array_size(list) > 0)
        fprintf(out, "\nacknowledged: %s\n", acknowledged(incident, text));
    json_array_foreach(list, i, ack)
    {
        const char *reason = cli_text(ack, "reason");

        fprintf(out, "  %s  %s%s%s (entry %lld)\n", cli_text(ack, "time"), cli_text(ack, "who"),
                reason[0] != '\0' ? ": " : "", reason, (long long)cli_int(ack, "seq"));
    }
}

/* ---- posts ---- */

static json_t *cut(const char *text)
{
    json_t *lines = json_array();

    for (;;) {
        size_t len = strcspn(text, "\n");

        json_array_append_new(lines, json_stringn(text, len));
        if (text[len] == '\0')
            return lines;
        text += len + 1;
    }
}

static void cut_text(json_t *post, const char *language)
{
    json_t *text = json_object_get(post, language);

    if (json_is_string(text))
        json_object_set_new(post, language, cut(json_string_value(text)));
}

void incident_cut_lines(json_t *incident)
{
    json_t *post;
    size_t i;

    json_array_foreach(json_object_get(incident, "posts"), i, post)
    {
        cut_text(post, "ja");
        cut_text(post, "en");
    }
}

static void print_text(FILE *out, const json_t *post, const char *language)
{
    const json_t *line;
    size_t i;

    json_array_foreach(json_object_get(post, language), i, line)
        fprintf(out, "    %s  %s\n", i == 0 ? language : "  ", json_string_value(line));
}

static void print_posts(FILE *out, const json_t *list)
{
    const json_t *post;
    size_t i;

    if (json_array_size(list) > 0)
        fprintf(out, "\ncustomers were told\n");
    json_array_foreach(list, i, post)
    {
        fprintf(out, "  %s  %s: %s (entry %lld)\n", cli_text(post, "time"), cli_text(post, "who"),
                cli_text(post, "status"), (long long)cli_int(post, "seq"));
        print_text(out, post, "ja");
        print_text(out, post, "en");
    }
}

void incident_print(FILE *out, const json_t *incident)
{
    print_head(out, incident);
    print_grounds(out, json_object_get(incident, "grounds"));
    print_moves(out, json_object_get(incident, "moves"));
    print_acknowledged(out, incident);
    print_posts(out, json_object_get(incident, "posts"));
    print_said(out, json_object_get(incident, "said"));
}
