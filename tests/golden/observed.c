#include "observed.h"
#include "base/check.h"
#include "base/utc.h"
#include "scenario.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* How a line of the ledger is told: {key} is what stands there. What the story never needs is
 * left out by an empty text. A type that is not here is told with all that it has. */
static const struct {
    const char *type, *text;
} told[] = {
    {"up", "{check}, {agree} of {assigned}"},
    {"down", "{check}, {agree} of {assigned}"},
    {"degraded", "{check}, {agree} of {assigned}"},
    {"disputed", "{check}, {agree} of {assigned}: {by}"},
    {"tell", "{receiver} of notice {notice} ({rule}), by {node}, attempt {attempt}"},
    {"accepted", "notice {notice} by {receiver}, from {node}, attempt {attempt}"},
    {"failed", "notice {notice} to {receiver}, by {node}, attempt {attempt}"},
    {"otherwise", "notice {notice} to {to}, because {receiver} is silent"},
    {"lasting", "{function}, {for_ms} ms"},
    {"acknowledged", "outage {outage}, {who}"},
    {"intent", "{route} {from} -> {to}, epoch {epoch}.{step}, rule {rule} {who}"},
    {"act", "{route}, epoch {epoch}.{step}"},
    {"outcome", "{route}/{actuator}, epoch {epoch}.{step}, ok {ok} {reason}"},
    {"reasserted", "{route}/{actuator}, epoch {epoch}.{step}"},
    {"verified", "{route} at {to}, epoch {epoch}.{step}"},
    {"blocked", "{route} stays at {active}, rule {rule}"},
    {"unblocked", "{route} at {active}, rule {rule}"},
    {"held", "{route} at {active}, rule {rule}"},
    {"callers-served", "{route} at {active}, rule {rule}"},
    {"refused", "{route} to {to}, rule {rule} {who}"},
    {"open", "{function}"},
    {"close", "{function}, {counted_ms} ms counted"},
    {"no", "{command} of {subject}, {who}"},
    {"none", "{function}: the callers were served"},
    {"amended", "outage {outage}: {severity} {cause}, {who}"},
    {"note", "outage {outage}, {who}"},
    {"silent", "{server}"},
    {"heard", "{server}"},
    {"member", "{server}"},
    {"added", "{kind} window {window}"},
    {"ended", "window {window}"},
    {"hole", "{check}: {observers} observers, {sites} sites"},
    {"covered", "{check}: {observers} observers, {sites} sites"},
    {"no-quorum", "from {from_s} to {to_s}"},
    {"journal", "{check} down from {start_s} to {end_s}"},
    {"no-evidence", "{check} from {start_s} to {end_s}"},
    {"not-held", "{route} by {server} from {start_s} to {end_s}"},
    {"hold-unknown", "{route} by {server} from {start_s} to {end_s}"},
    {"extended-back", "{function}, from {start_s} on"},
    {"unmonitored-open", "{function}"},
    {"unmonitored-close", "{function}, {counted_ms} ms"},
    {"leader", ""}, /* the leader's own note is enough */
};

/* ---- writing ---- */

void observed_say(struct observed *seen, int64_t at_ms, const char *kind, const char *format, ...)
{
    char text[1024];
    va_list args;
    size_t len;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    len = strlen(text);
    while (len > 0 && text[len - 1] == ' ')
        text[--len] = '\0';
    buf_printf(&seen->trace, "%7lld.%03lld %-8s%s\n", (long long)(at_ms / 1000),
               (long long)(at_ms % 1000), kind, text);
}

static void put_value(const json_t *value, struct buf *out)
{
    if (json_is_string(value))
        buf_str(out, json_string_value(value));
    else if (json_is_integer(value))
        buf_printf(out, "%lld", (long long)json_integer_value(value));
    else if (json_is_boolean(value))
        buf_str(out, json_is_true(value) ? "yes" : "no");
}

static void fill(const char *form, const json_t *line, struct buf *out)
{
    while (*form != '\0') {
        const char *end = *form == '{' ? strchr(form, '}') : NULL;

        if (end == NULL) {
            buf_append(out, form++, 1);
            continue;
        }
        put_value(json_object_getn(line, form + 1, (size_t)(end - form - 1)), out);
        form = end + 1;
    }
}

/* Of a check and of an outage, of a route and of another verb, it is one word. */
static const char *form_of(const char *word, const json_t *line)
{
    if (strcmp(word, "disputed") == 0 && json_object_get(line, "outage") != NULL)
        return "none";
    if (strcmp(word, "intent") == 0 && json_object_get(line, "notice") != NULL)
        return "tell";
    if (strcmp(word, "refused") == 0 && json_object_get(line, "command") != NULL)
        return "no";
    return word;
}

static void say_ledger(struct observed *seen, const struct note *note, const json_t *line)
{
    const char *word = form_of(note->word, line);
    struct buf text = {0};
    size_t i;

    for (i = 0; i < ARRAY_LEN(told) && strcmp(told[i].type, word) != 0; i++)
        ;
    if (i == ARRAY_LEN(told))
        buf_str(&text, note->text);
    else
        fill(told[i].text, line, &text);
    if (text.len > 0)
        observed_say(seen, note->at_ms, "ledger", "%s %s", note->word, buf_cstr(&text));
    buf_free(&text);
}

static bool shown(const struct scenario *scenario, const struct note *note)
{
    if (words_have(&scenario->hidden, note->word))
        return false;
    return (scenario->show & 1u << note->kind) ||
           (note->kind == NOTE_LOG && words_have(&scenario->logs, note->word));
}

static void say(struct observed *seen, const struct note *note)
{
    const struct model *model = seen->scenario->model;
    const char *server = note->server >= 0 ? model->servers[note->server].name : NULL;
    const char *kind = note_words[note->kind];

    switch (note->kind) {
    case NOTE_LEADER:
    case NOTE_HOLDER:
    case NOTE_PROCESS:
        observed_say(seen, note->at_ms, kind, "%s %s%s%s", server, note->word,
                     note->text[0] != '\0' ? ": " : "", note->text);
        break;
    case NOTE_LOG:
    case NOTE_REPLY:
        observed_say(seen, note->at_ms, kind, "%s: %s: %s", server, note->word, note->text);
        break;
    case NOTE_SWITCH:
        observed_say(seen, note->at_ms, kind, "%s", note->text);
        break;
    default:
        observed_say(seen, note->at_ms, kind, "%s %s", note->word, note->text);
    }
}

/* ---- keeping ---- */

static void count(json_t *counts, const char *word)
{
    json_int_t n = json_integer_value(json_object_get(counts, word));

    json_object_set_new(counts, word, json_integer(n + 1));
}

static void keep_holder(struct observed *seen, const struct note *note)
{
    bool serves = strcmp(note->word, "serves") == 0;
    char name[LIMIT_NAME];
    int route;

    if (!serves && strcmp(note->word, "stops") != 0)
        return;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(note->text, ","), note->text);
    route = model_route(seen->scenario->model, name);
    CHECK(route >= 0);
    if (!serves) {
        if (--seen->routes[route].holders == 0)
            seen->routes[route].since_ms = note->at_ms;
        return;
    }
    if (seen->routes[route].holders++ == 0 && note->at_ms >= 0 &&
        note->at_ms - seen->routes[route].since_ms > seen->routes[route].longest_ms)
        seen->routes[route].longest_ms = note->at_ms - seen->routes[route].since_ms;
}

/* An outage that is over: what a month's report counts for it. */
static void add_counted(json_t *line)
{
    const char *start = json_string_value(json_object_get(line, "start"));
    const char *end = json_string_value(json_object_get(line, "end"));
    int64_t start_ms, end_ms;

    if (start != NULL && end != NULL && utc_parse(start, &start_ms) == 0 &&
        utc_parse(end, &end_ms) == 0)
        json_object_set_new(line, "counted_ms", json_integer(end_ms - start_ms));
}

/* Times in the story's own. */
static void add_seconds(const struct observed *seen, json_t *line, const struct note *note,
                        const char *key)
{
    const char *text = json_string_value(json_object_get(line, key));
    int64_t utc_ms, ms;
    char name[16], value[32];

    snprintf(name, sizeof name, "%s_s", key);
    snprintf(value, sizeof value, "then on");
    if (text != NULL && utc_parse(text, &utc_ms) == 0) {
        ms = note->at_ms - (sim_utc_ms(seen->sim) - utc_ms);
        snprintf(value, sizeof value, "%s%lld.%03lld", ms < 0 ? "-" : "",
                 (long long)llabs(ms) / 1000, (long long)llabs(ms) % 1000);
    }
    json_object_set_new(line, name, json_string(value));
}

/* What it failed before its newest success it says no more. */
static bool failed_last(const json_t *ballot)
{
    const json_t *fail = json_object_get(ballot, "fail_age_ms");
    const json_t *good = json_object_get(ballot, "good_age_ms");

    return json_is_integer(fail) &&
           (!json_is_integer(good) || json_integer_value(fail) <= json_integer_value(good));
}

/* Who failed it, of a verdict that not enough agreed on. */
static void add_by(json_t *line)
{
    const json_t *ballots = json_object_get(line, "ballots"), *ballot;
    struct buf by = {0};
    size_t i;

    json_array_foreach(ballots, i, ballot)
    {
        const char *opinion = json_string_value(json_object_get(ballot, "opinion"));

        if (opinion != NULL && strcmp(opinion, "down") == 0 && failed_last(ballot))
            buf_printf(&by, "%s%s%s", by.len > 0 ? ", " : "",
                       json_string_value(json_object_get(ballot, "observer")),
                       json_is_true(json_object_get(ballot, "abstain")) ? " (abstains)" : "");
    }
    json_object_set_new(line, "by", json_string(buf_cstr(&by)));
    buf_free(&by);
}

static void keep_ledger(struct observed *seen, const struct note *note)
{
    static const char *const times[] = {"start", "end", "from", "to"};
    json_t *line = json_loads(note->line, 0, NULL);
    size_t i;

    CHECK(line != NULL);
    json_object_set_new(line, "at_ms", json_integer(note->at_ms));
    for (i = 0; i < ARRAY_LEN(times); i++)
        add_seconds(seen, line, note, times[i]);
    if (strcmp(note->word, "close") == 0 || strcmp(note->word, "unmonitored-close") == 0)
        add_counted(line);
    if (strcmp(note->word, "disputed") == 0)
        add_by(line);
    json_array_append_new(seen->ledger, line);
    if (shown(seen->scenario, note))
        say_ledger(seen, note, line);
}

void observed_note(void *context, const struct note *note)
{
    struct observed *seen = context;

    if (note->kind == NOTE_HOLDER)
        keep_holder(seen, note);
    if (note->kind == NOTE_LEDGER)
        json_array_append_new(seen->lines, json_string(note->line));
    if (note->at_ms < 0)
        return;
    if (note->kind == NOTE_LEDGER) {
        keep_ledger(seen, note);
        return;
    }
    if (note->kind == NOTE_LEADER)
        seen->leaders++;
    if (note->kind == NOTE_LOG)
        count(seen->logs, note->word);
    if (note->kind == NOTE_REPLY)
        count(seen->replies, note->word);
    if (shown(seen->scenario, note))
        say(seen, note);
}

void observed_free(struct observed *seen)
{
    json_decref(seen->ledger);
    json_decref(seen->lines);
    json_decref(seen->logs);
    json_decref(seen->replies);
    buf_free(&seen->trace);
    buf_free(&seen->unsettled);
}
