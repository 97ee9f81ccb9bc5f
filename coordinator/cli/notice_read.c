#include "cli/notice.h"
#include "base/check.h"
#include "cli/explain.h"
#include "cli/ledger_part.h"

#include <inttypes.h>
#include <string.h>

#define NOTICES_MAX 262144

static void copy_keys(json_t *to, const json_t *from, const char *const *keys)
{
    for (; *keys != NULL; keys++) {
        json_t *value = json_object_get(from, *keys);

        json_object_set_new(to, *keys, value != NULL ? json_deep_copy(value) : json_null());
    }
}

static const char *number_text(uint64_t number, char text[24])
{
    snprintf(text, 24, "%" PRIu64, number);
    return text;
}

json_t *notices_find(const struct notices_read *notices, uint64_t number)
{
    char text[24];

    return json_object_get(notices->by_number, number_text(number, text));
}

/* ---- what lines say ---- */

/* The line's notice, which the first line of it makes; NULL: one too many. */
static json_t *notice_of(struct notices_read *notices, const json_t *line)
{
    static const char *const keys[] = {"rule", "events", "more", "outages", "windows", NULL};
    uint64_t number = (uint64_t)cli_int(line, "notice");
    json_t *notice = notices_find(notices, number);
    char text[24];

    if (notice != NULL || json_array_size(notices->list) == NOTICES_MAX)
        return notice;
    notice = json_pack("{s:I,s:s,s:O?,s:n}", "notice", (json_int_t)number, "state", "open", "begun",
                       json_object_get(line, "time"), "acknowledged");
    copy_keys(notice, line, keys);
    json_object_set_new(notice, "receivers", json_array());
    json_object_set(notices->by_number, number_text(number, text), notice);
    json_array_append_new(notices->list, notice);
    return notice;
}

static json_t *receiver_of(json_t *notice, const char *name)
{
    json_t *receivers = json_object_get(notice, "receivers"), *receiver;
    size_t i;

    json_array_foreach(receivers, i, receiver)
    {
        if (strcmp(cli_text(receiver, "receiver"), name) == 0)
            return receiver;
    }
    receiver = json_pack("{s:s%,s:n,s:n,s:n,s:n,s:s,s:n,s:n,s:n,s:n,s:[]}", "receiver", name,
                         strlen(name), "channel", "kind", "audience", "key", "state", "waiting",
                         "accepted", "answer", "next", "otherwise", "attempts");
    json_array_append_new(receivers, receiver);
    return receiver;
}

static void set_state(json_t *object, const char *state)
{
    json_object_set_new(object, "state", json_string(state));
}

static void intent(json_t *receiver, const json_t *line)
{
    static const char *const known[] = {"channel", "kind", "audience", "key", NULL};
    static const char *const keys[] = {"attempt", "step", "node", "repeat", NULL};
    json_t *attempt = json_object();

    copy_keys(receiver, line, known);
    set_state(receiver, "sending");
    json_object_set_new(receiver, "next", json_null());
    copy_keys(attempt, line, keys);
    json_object_set(attempt, "begun", json_object_get(line, "time"));
    json_object_set_new(attempt, "outcome", json_null());
    json_array_append_new(json_object_get(receiver, "attempts"), attempt);
}

/* What became of one of its attempts. */
static void outcome(json_t *receiver, const json_t *line, const char *time, const char *text)
{
    json_t *list = json_object_get(receiver, "attempts"), *attempt;
    size_t i;

    json_array_foreach(list, i, attempt)
    {
        if (cli_int(attempt, "attempt") != cli_int(line, "attempt"))
            continue;
        json_object_set(attempt, "outcome", json_object_get(line, "type"));
        json_object_set(attempt, "at", json_object_get(line, time));
        json_object_set(attempt, "text", json_object_get(line, text));
        if (json_object_get(line, "unsure") != NULL)
            json_object_set(attempt, "unsure", json_object_get(line, "unsure"));
    }
}

static void accepted(json_t *receiver, const json_t *line)
{
    static const char *const keys[] = {"channel", "kind", "audience", "accepted", "answer", NULL};

    copy_keys(receiver, line, keys);
    set_state(receiver, "accepted");
    outcome(receiver, line, "accepted", "answer");
}

static void failed(json_t *receiver, const json_t *line)
{
    static const char *const keys[] = {"channel", "next", NULL};

    copy_keys(receiver, line, keys);
    set_state(receiver, json_is_string(json_object_get(line, "next")) ? "waiting" : "given-up");
    outcome(receiver, line, "time", "reason");
}

/* Nobody waits for anything any more. */
static bool all(const json_t *notice, const char *state, const char *other)
{
    const json_t *receiver;
    size_t i;

    json_array_foreach(json_object_get(notice, "receivers"), i, receiver)
    {
        if (strcmp(cli_text(receiver, "state"), state) != 0 &&
            strcmp(cli_text(receiver, "state"), other) != 0)
            return false;
    }
    return true;
}

static void of_notice(json_t *notice, const json_t *line)
{
    const char *type = cli_text(line, "type");
    json_t *receiver;

    if (strcmp(type, "dropped") == 0) {
        set_state(notice, "dropped");
        return;
    }
    receiver = receiver_of(notice, cli_text(line, "receiver"));
    if (strcmp(type, "intent") == 0)
        intent(receiver, line);
    else if (strcmp(type, "accepted") == 0)
        accepted(receiver, line);
    else if (strcmp(type, "failed") == 0)
        failed(receiver, line);
    else if (strcmp(type, "given-up") == 0)
        set_state(receiver, "given-up");
    else if (strcmp(type, "otherwise") == 0)
        json_object_set(receiver, "otherwise", json_object_get(line, "to"));
    set_state(notice, all(notice, "accepted", "")           ? "told"
                      : all(notice, "accepted", "given-up") ? "given-up"
                                                            : "open");
}

static int take(struct cli *cli, void *context, const char *text, size_t len)
{
    struct notices_read *notices = context;
    json_t *line = json_loadb(text, len, 0, NULL), *notice;
    int r = 0;

    if (line == NULL)
        return cli_fail(cli, CLI_REFUSED, "a line of the ledger is not JSON");
    if (line_is(line, "config", "contract"))
        snprintf(notices->zone, sizeof notices->zone, "%s",
                 cli_text(json_object_get(line, "contract"), "timezone"));
    if (line_is(line, "notice", NULL) && !line_is(line, "notice", "test")) {
        notice = notice_of(notices, line);
        if (notice != NULL)
            of_notice(notice, line);
        else
            r = cli_fail(cli, CLI_REFUSED, "entry %lld: more than %d notices",
                         (long long)cli_int(line, "seq"), NOTICES_MAX);
    }
    json_decref(line);
    return r;
}

/* ---- what the state says ---- */

static void merge(struct notices_read *notices, const json_t *state)
{
    json_t *notice = notices_find(notices, (uint64_t)cli_int(state, "notice"));
    const json_t *receiver;
    size_t i;

    if (notice == NULL) {
        notice = notice_of(notices, state);
        if (notice == NULL)
            return;
        json_object_set_new(notice, "begun", json_null());
    }
    json_object_set(notice, "state", json_object_get(state, "state"));
    json_object_set(notice, "acknowledged", json_object_get(state, "acknowledged"));
    json_object_set(notice, "events", json_object_get(state, "events"));
    json_array_foreach(json_object_get(state, "receivers"), i, receiver)
    {
        static const char *const keys[] = {"channel", "state", "next", NULL};

        copy_keys(receiver_of(notice, cli_text(receiver, "receiver")), receiver, keys);
    }
}

static int look_at_state(struct cli *cli, struct notices_read *notices)
{
    const json_t *notice;
    json_t *result;
    size_t i;
    int r = cli_ask(cli, "notices", NULL, &result);

    if (r != 0)
        return r;
    json_array_foreach(json_object_get(result, "notices"), i, notice) merge(notices, notice);
    json_decref(result);
    return 0;
}

int notices_read(struct cli *cli, const char *file, uint64_t from, struct notices_read *notices)
{
    struct ledger_part part = {.categories = {"notice", "config"},
                               .n_categories = 2,
                               .from = from,
                               .end = UINT64_MAX,
                               .each = take,
                               .context = notices};
    int r;

    *notices = (struct notices_read){.list = json_array(), .by_number = json_object()};
    r = ledger_part_read(cli, file, &part);
    return r == 0 && file == NULL ? look_at_state(cli, notices) : r;
}

void notices_read_free(struct notices_read *notices)
{
    json_decref(notices->list);
    json_decref(notices->by_number);
}

/* ---- what it tells of ---- */

static int take_event(struct cli *cli, void *context, const char *text, size_t len)
{
    json_t *events = context, *event, *line = json_loadb(text, len, 0, NULL);
    size_t i;

    if (line == NULL)
        return cli_fail(cli, CLI_REFUSED, "a line of the ledger is not JSON");
    json_array_foreach(events, i, event)
    {
        if (cli_int(event, "seq") == cli_int(line, "seq"))
            json_object_set(event, "line", line);
    }
    json_decref(line);
    return 0;
}

int notice_read_more(struct cli *cli, const char *file, json_t *notice)
{
    static const char *const categories[] = {"outage",     "verdict",  "failover", "coverage",
                                             "membership", "security", "clock",    "maintenance",
                                             "incident",   "notice"};
    json_t *events = json_object_get(notice, "events"), *event;
    struct ledger_part part = {
        .n_categories = (int)ARRAY_LEN(categories), .each = take_event, .context = events};
    size_t i;
    int r = 0;

    memcpy(part.categories, categories, sizeof categories);
    json_array_foreach(events, i, event) json_object_set_new(event, "line", json_null());
    if (file != NULL) {
        part.end = UINT64_MAX;
        return ledger_part_read(cli, file, &part);
    }
    json_array_foreach(events, i, event)
    {
        part.from = (uint64_t)cli_int(event, "seq");
        part.end = part.from + 1;
        if (r == 0)
            r = ledger_part_read(cli, NULL, &part);
    }
    return r;
}
