/* What happened one after the other, with the time between. */
#include "base/buf.h"
#include "base/utc.h"
#include "cli/explain.h"

#include <string.h>

#define LONG_BEFORE_MS 600000 /* a verdict so old was no news when the route moved */

int64_t explain_ms(const char *from, const char *to)
{
    int64_t a, b;

    return utc_parse(from, &a) == 0 && utc_parse(to, &b) == 0 ? b - a : 0;
}

/* ---- a line in words ---- */

static void names(struct buf *text, const json_t *list)
{
    const json_t *item;
    size_t i;

    json_array_foreach(list, i, item)
        buf_printf(text, "%s%s", i > 0 ? ", " : "", json_string_value(item));
}

static void intent_words(const json_t *line, struct buf *text)
{
    if (line_is_move(line, NULL)) {
        buf_printf(text, "rule %lld: from %s to %s, epoch %lld", (long long)cli_int(line, "rule"),
                   cli_text(line, "from"), cli_text(line, "to"), (long long)cli_int(line, "epoch"));
        return;
    }
    buf_printf(text, "rule %lld: the pool of %s is now ", (long long)cli_int(line, "rule"),
               cli_text(line, "to"));
    names(text, json_object_get(line, "members"));
}

static void outcome_words(const json_t *line, struct buf *text)
{
    bool ok = cli_bool(line, "ok");

    buf_printf(text, "%s %s after %lld ms%s%s", cli_text(line, "actuator"),
               ok ? "reads it back" : "FAILED", (long long)cli_int(line, "took_ms"), ok ? "" : ": ",
               ok ? "" : cli_text(line, "reason"));
}

static void failover_words(const json_t *line, struct buf *text)
{
    const char *who = cli_text(line, "who");

    if (line_is(line, "failover", "intent"))
        intent_words(line, text);
    else if (line_is(line, "failover", "outcome"))
        outcome_words(line, text);
    else if (line_is(line, "failover", "act"))
        buf_str(text, "no holder of the epoch before can still serve: the actuators may be told");
    else if (line_is(line, "failover", "verified"))
        buf_printf(text, "verified: every actuator reads back epoch %lld, step %lld",
                   (long long)cli_int(line, "epoch"), (long long)cli_int(line, "step"));
    else if (line_is(line, "failover", "reasserted"))
        buf_printf(text, "%s had forgotten and was told again%s%s", cli_text(line, "actuator"),
                   cli_text(line, "reason")[0] != '\0' ? ": " : "", cli_text(line, "reason"));
    else
        buf_printf(text, "%s%s%s, rule %lld: %s", cli_text(line, "type"),
                   who[0] != '\0' ? " to " : "", who, (long long)cli_int(line, "rule"),
                   cli_text(line, "reason"));
}

static void words(const json_t *line, struct buf *text)
{
    buf_clear(text);
    if (line_is(line, "verdict", NULL))
        buf_printf(text, "%s is %s: %lld of %lld agree, %lld needed", cli_text(line, "check"),
                   cli_text(line, "type"), (long long)cli_int(line, "agree"),
                   (long long)cli_int(line, "assigned"), (long long)cli_int(line, "need"));
    else if (line_is(line, "outage", "open"))
        buf_printf(text, "outage %lld of %s, which began at %s", (long long)cli_int(line, "outage"),
                   cli_text(line, "function"), cli_text(line, "start"));
    else if (line_is(line, "outage", "close"))
        buf_printf(text, "outage %lld of %s is over: %lld ms", (long long)cli_int(line, "outage"),
                   cli_text(line, "function"),
                   (long long)explain_ms(cli_text(line, "start"), cli_text(line, "end")));
    else if (line_is(line, "outage", "extended-back"))
        buf_printf(text, "outage %lld of %s began earlier, at %s: without a quorum nobody said so",
                   (long long)cli_int(line, "outage"), cli_text(line, "function"),
                   cli_text(line, "start"));
    else if (line_is(line, "outage", "disputed"))
        buf_printf(text, "outage %lld of %s is none: the callers were served",
                   (long long)cli_int(line, "outage"), cli_text(line, "function"));
    else
        failover_words(line, text);
}

/* ---- which lines ---- */

static bool holds(const json_t *list, const json_t *line)
{
    const json_t *item;
    size_t i;

    json_array_foreach(list, i, item)
    {
        if (cli_int(item, "seq") == cli_int(line, "seq"))
            return true;
    }
    return false;
}

static bool closes(const json_t *outages, const json_t *line)
{
    const json_t *open;
    size_t i;

    json_array_foreach(outages, i, open)
    {
        if (line_ends(line, open))
            return true;
    }
    return false;
}

static bool is_news(const struct past *past, const json_t *verdict)
{
    const json_t *at =
        json_array_get(past->lines, (size_t)(past->move >= 0 ? past->move : past->outage));

    return explain_ms(cli_text(verdict, "time"), cli_text(at, "time")) <= LONG_BEFORE_MS;
}

/* Where the story begins: the first verdict that was news, else the move or the outage. */
static int first_line(const struct past *past, const struct grounds *grounds)
{
    int i, last = past->move >= 0 ? past->move : past->outage;

    for (i = 0; i < last; i++) {
        const json_t *line = json_array_get(past->lines, (size_t)i);

        if (holds(grounds->verdicts, line) && is_news(past, line))
            return i;
    }
    return last;
}

/* … and where it ends: the move is verified, the next one begins, or the outage is over. */
static int last_line(const struct past *past, const struct grounds *grounds)
{
    const json_t *move = past->move >= 0 ? json_array_get(past->lines, (size_t)past->move) : NULL;
    int i, n = (int)json_array_size(past->lines);

    for (i = (past->move >= 0 ? past->move : past->outage) + 1; i < n; i++) {
        const json_t *line = json_array_get(past->lines, (size_t)i);

        if (line_is_move(line, past->route))
            return i - 1;
        if (move != NULL ? line_is_of(line, "verified", past->route) &&
                               cli_int(line, "epoch") == cli_int(move, "epoch")
                         : closes(grounds->outages, line))
            return i;
    }
    return n - 1;
}

/* The earliest failing observation of the verdicts that were news. */
static const char *first_failing(const struct past *past, const struct grounds *grounds,
                                 const char **check)
{
    const char *first = "";
    const json_t *verdict;
    size_t i;

    json_array_foreach(grounds->verdicts, i, verdict)
    {
        const char *since = cli_text(verdict, "fail_since");

        if (since[0] == '\0' || !is_news(past, verdict) ||
            (first[0] != '\0' && strcmp(since, first) >= 0))
            continue;
        first = since;
        *check = cli_text(verdict, "check");
    }
    return first;
}

/* ---- the list ---- */

struct telling {
    json_t *list;
    const char *first, *before; /* times */
};

static void tell(struct telling *telling, const char *time, json_t *seq, const char *text)
{
    if (telling->first == NULL)
        telling->first = telling->before = time;
    json_array_append_new(telling->list,
                          json_pack("{s:s,s:I,s:I,s:o,s:s}", "time", time, "ms",
                                    (json_int_t)explain_ms(telling->first, time), "after_ms",
                                    (json_int_t)explain_ms(telling->before, time), "seq", seq,
                                    "what", text));
    telling->before = time;
}

json_t *explain_timeline(const struct past *past, const struct grounds *grounds)
{
    struct telling telling = {.list = json_array()};
    struct buf text = {0};
    const char *failing, *check = "";
    int i, n = (int)json_array_size(past->lines), from, end;

    if (past->move < 0 && past->outage < 0)
        return telling.list;
    failing = first_failing(past, grounds, &check);
    if (failing[0] != '\0') {
        buf_printf(&text, "first failing observation of %s", check);
        tell(&telling, failing, json_null(), buf_cstr(&text));
    }
    from = first_line(past, grounds);
    end = last_line(past, grounds);
    for (i = from; i < n; i++) {
        const json_t *line = json_array_get(past->lines, (size_t)i);
        bool of_route = line_is(line, "failover", NULL) && i <= end &&
                        strcmp(cli_text(line, "route"), past->route) == 0;

        if (!of_route && !holds(grounds->verdicts, line) && !holds(grounds->outages, line) &&
            !closes(grounds->outages, line))
            continue;
        words(line, &text);
        tell(&telling, cli_text(line, "time"), json_integer(cli_int(line, "seq")), buf_cstr(&text));
    }
    buf_free(&text);
    return telling.list;
}
