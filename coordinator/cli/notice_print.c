#include "base/check.h"
#include "cli/notice.h"
#include "cli/table.h"

#include <string.h>

/* "outage x 3, recovered" */
static const char *events_text(const json_t *events, char *text, size_t size)
{
    const json_t *event, *other;
    size_t i, j, used = 0;

    text[0] = '\0';
    json_array_foreach(events, i, event)
    {
        const char *name = cli_text(event, "event");
        size_t n = 0;
        bool before = false;

        json_array_foreach(events, j, other)
        {
            bool same = strcmp(cli_text(other, "event"), name) == 0;

            n += same;
            before = before || (same && j < i);
        }
        if (before || used >= size)
            continue;
        used += (size_t)snprintf(text + used, size - used, "%s%s", used > 0 ? ", " : "", name);
        if (n > 1 && used < size)
            used += (size_t)snprintf(text + used, size - used, " x %zu", n);
    }
    return text;
}

static size_t count(const json_t *notice, const char *state)
{
    const json_t *receiver;
    size_t i, n = 0;

    json_array_foreach(json_object_get(notice, "receivers"), i, receiver) n +=
        strcmp(cli_text(receiver, "state"), state) == 0;
    return n;
}

static const char *rule_of(const json_t *notice)
{
    return json_is_string(json_object_get(notice, "rule")) ? cli_text(notice, "rule") : "(test)";
}

void notices_print(FILE *out, const json_t *list)
{
    static const char *const heads[] = {"NOTICE", "BEGUN", "RULE", "EVENTS", "STATE", "ACCEPTED"};
    struct table *table = table_new(heads, 6);
    const json_t *notice;
    char text[256];
    size_t i;

    json_array_foreach(list, i, notice)
    {
        table_cell(table, "%lld", (long long)cli_int(notice, "notice"));
        table_cell(table, "%s", cli_text(notice, "begun"));
        table_cell(table, "%s", rule_of(notice));
        table_cell(table, "%s", events_text(json_object_get(notice, "events"), text, sizeof text));
        table_cell(table, "%s", cli_text(notice, "state"));
        table_cell(table, "%zu/%zu", count(notice, "accepted"),
                   json_array_size(json_object_get(notice, "receivers")));
    }
    table_end(table, out, "no notices");
}

/* ---- what it tells of ---- */

/* A line in words: %s is what the key says. */
static const struct words {
    const char *category, *type, *key, *format;
} words[] = {
    {"outage", "open", "function", "an outage of %s begins"},
    {"outage", "lasting", "function", "the outage of %s goes on"},
    {"outage", "close", "function", "the outage of %s is over"},
    {"outage", "disputed", "function", "the outage of %s is none: callers were served"},
    {"verdict", "disputed", "check", "observers disagree on %s"},
    {"failover", "verified", "route", "%s is served anew"},
    {"failover", "refused", "route", "%s is not moved, as was asked"},
    {"failover", "blocked", "route", "%s cannot be moved"},
    {"failover", "held", "route", "%s waits for an operator"},
    {"coverage", "hole", "check", "%s is watched by too few"},
    {"coverage", "no-quorum", "to", "there was no quorum until %s"},
    {"membership", "silent", "server", "%s is not heard any more"},
    {"membership", "heard", "server", "%s is heard again"},
    {"security", "certificate", "server", "the certificate of %s ends"},
    {"clock", "stepped", "server", "the clock of %s was set"},
    {"maintenance", "added", "start", "maintenance is announced for %s"},
    {"maintenance", "extended", "end", "maintenance goes on until %s"},
    {"maintenance", "ended", "finished", "maintenance is over at %s"},
    {"maintenance", "begun", "time", "maintenance begins at %s"},
    {"maintenance", "over", "end", "maintenance was to end at %s"},
    {"incident", "post", "status", "customers are told: %s"},
    {"notice", "test", "who", "a test by %s"},
};

static void print_line(FILE *out, const json_t *line)
{
    size_t i;

    for (i = 0; i < ARRAY_LEN(words); i++)
        if (strcmp(words[i].category, cli_text(line, "category")) == 0 &&
            strcmp(words[i].type, cli_text(line, "type")) == 0)
            break;
    fprintf(out, "%s  ", cli_text(line, "time"));
    if (i < ARRAY_LEN(words)) {
        const char *at = strstr(words[i].format, "%s");

        fprintf(out, "%.*s%s%s", (int)(at - words[i].format), words[i].format,
                cli_text(line, words[i].key), at + 2);
    } else {
        fprintf(out, "%s/%s", cli_text(line, "category"), cli_text(line, "type"));
    }
}

static void print_events(FILE *out, const json_t *notice)
{
    const json_t *event;
    size_t i;

    fprintf(out, "\nit tells of\n");
    json_array_foreach(json_object_get(notice, "events"), i, event)
    {
        const json_t *line = json_object_get(event, "line");

        fprintf(out, "  ");
        if (json_is_object(line))
            print_line(out, line);
        else
            fprintf(out, "%s", cli_text(event, "event"));
        fprintf(out, " (entry %lld)\n", (long long)cli_int(event, "seq"));
    }
    if (cli_int(notice, "more") > 0)
        fprintf(out, "  and %lld more\n", (long long)cli_int(notice, "more"));
}

/* ---- who is told ---- */

static void print_attempt(FILE *out, const json_t *attempt)
{
    const char *outcome = cli_text(attempt, "outcome"), *text = cli_text(attempt, "text");

    fprintf(out, "    attempt %lld  %s by %s%s", (long long)cli_int(attempt, "attempt"),
            cli_text(attempt, "begun"), cli_text(attempt, "node"),
            cli_bool(attempt, "repeat") ? ", which says that it repeats" : "");
    if (outcome[0] == '\0')
        fprintf(out, ": nobody has said yet what became of it");
    else
        fprintf(out, ": %s %s", outcome, cli_text(attempt, "at"));
    if (text[0] != '\0')
        fprintf(out, ": %s", text);
    fprintf(out, "%s\n", cli_bool(attempt, "unsure") ? " (it may have arrived)" : "");
}

static void print_receiver(FILE *out, const json_t *receiver, bool attempts)
{
    const char *kind = cli_text(receiver, "kind"), *answer = cli_text(receiver, "answer");
    const json_t *attempt;
    size_t i;

    fprintf(out, "  %s by %s", cli_text(receiver, "receiver"), cli_text(receiver, "channel"));
    if (kind[0] != '\0')
        fprintf(out, " (%s, for %s)", kind, cli_text(receiver, "audience"));
    fprintf(out, ": %s", cli_text(receiver, "state"));
    if (cli_text(receiver, "accepted")[0] != '\0')
        fprintf(out, " %s%s%s", cli_text(receiver, "accepted"), answer[0] != '\0' ? ": " : "",
                answer);
    if (cli_text(receiver, "next")[0] != '\0')
        fprintf(out, ", next attempt %s", cli_text(receiver, "next"));
    if (cli_text(receiver, "otherwise")[0] != '\0')
        fprintf(out, "; %s is told instead", cli_text(receiver, "otherwise"));
    fputc('\n', out);
    if (attempts && cli_text(receiver, "key")[0] != '\0')
        fprintf(out, "    key %s\n", cli_text(receiver, "key"));
    json_array_foreach(json_object_get(receiver, "attempts"), i, attempt)
    {
        if (attempts || strcmp(cli_text(receiver, "state"), "accepted") != 0)
            print_attempt(out, attempt);
    }
}

void notice_print_receivers(FILE *out, const json_t *notice, bool attempts)
{
    const json_t *receiver;
    size_t i;

    json_array_foreach(json_object_get(notice, "receivers"), i, receiver)
        print_receiver(out, receiver, attempts);
}

void notice_print(FILE *out, const json_t *notice)
{
    fprintf(out, "notice %lld of rule %s: %s%s\n", (long long)cli_int(notice, "notice"),
            rule_of(notice), cli_text(notice, "state"),
            cli_bool(notice, "acknowledged") ? ", acknowledged" : "");
    print_events(out, notice);
    if (json_array_size(json_object_get(notice, "receivers")) > 0)
        fprintf(out, "\nwho is told\n");
    notice_print_receivers(out, notice, true);
}
