#include "base/check.h"
#include "cli/explain.h"
#include "cli/incident.h"
#include "cli/ledger_part.h"

#include <string.h>

#define INCIDENTS_MAX 65536

/* ---- incidents ---- */

json_t *incidents_find(const struct incidents *incidents, uint64_t outage)
{
    size_t low = 0, high = json_array_size(incidents->list);

    while (low < high) {
        size_t middle = (low + high) / 2;
        json_t *item = json_array_get(incidents->list, middle);
        uint64_t number = (uint64_t)cli_int(item, "outage");

        if (number == outage)
            return item;
        if (number < outage)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static void copy_keys(json_t *to, const json_t *from, const char *const *keys)
{
    for (; *keys != NULL; keys++) {
        json_t *value = json_object_get(from, *keys);

        json_object_set_new(to, *keys, value != NULL ? json_deep_copy(value) : json_null());
    }
}

static int open_one(struct cli *cli, struct incidents *incidents, const json_t *line)
{
    static const char *const first[] = {"severity", "cause", NULL};
    static const char *const head[] = {"outage", NULL};
    static const char *const keys[] = {"function",  "route",      "severity", "cause", "start",
                                       "last_good", "recognised", "evidence", NULL};
    size_t n = json_array_size(incidents->list);
    json_t *incident = json_object(), *was = json_object();

    if (n == INCIDENTS_MAX ||
        (n > 0 &&
         cli_int(line, "outage") <= cli_int(json_array_get(incidents->list, n - 1), "outage"))) {
        json_decref(incident);
        json_decref(was);
        return cli_fail(cli, CLI_REFUSED,
                        "entry %lld opens an outage out of order, or one too many",
                        (long long)cli_int(line, "seq"));
    }
    copy_keys(incident, line, head);
    json_object_set_new(incident, "state", json_string("open"));
    copy_keys(incident, line, keys);
    copy_keys(was, line, first);
    json_object_set_new(incident, "first", was);
    json_object_set_new(incident, "end", json_null());
    json_object_set_new(incident, "last_fail", json_null());
    json_object_set_new(incident, "disputed", json_null());
    json_object_set_new(incident, "acknowledged", json_array());
    json_object_set_new(incident, "posts", json_array());
    json_object_set_new(incident, "said", json_array());
    json_array_append_new(incidents->list, incident);
    return 0;
}

/* A time without a quorum was told later: it began earlier than was known at first. */
static void extend_one(json_t *incident, const json_t *line)
{
    static const char *const keys[] = {"start", "last_good", NULL};

    copy_keys(incident, line, keys);
}

static void end_one(json_t *incident, const json_t *line)
{
    static const char *const keys[] = {"end", "last_fail", NULL};
    bool disputed = strcmp(cli_text(line, "type"), "disputed") == 0;

    json_object_set_new(incident, "state", json_string(disputed ? "disputed" : "closed"));
    json_object_set_new(incident, "ended", json_integer((json_int_t)cli_int(line, "seq")));
    if (disputed)
        json_object_set(incident, "disputed", json_object_get(line, "time"));
    else
        copy_keys(incident, line, keys);
}

/* What was said last holds. */
static void say_of(json_t *incident, const json_t *line)
{
    static const char *const amended[] = {"seq",   "time", "type",   "severity",
                                          "cause", "who",  "reason", NULL};
    static const char *const note[] = {"seq", "time", "type", "who", "text", NULL};
    static const char *const amends[] = {"severity", "cause"};
    bool is_note = strcmp(cli_text(line, "type"), "note") == 0;
    json_t *said = json_object();
    size_t i;

    copy_keys(said, line, is_note ? note : amended);
    for (i = 0; i < ARRAY_LEN(amends); i++)
        if (!is_note && json_is_string(json_object_get(line, amends[i])))
            json_object_set(incident, amends[i], json_object_get(line, amends[i]));
    json_array_append_new(json_object_get(incident, "said"), said);
}

static void add_to(json_t *incident, const char *list, const json_t *line, const char *const *keys)
{
    json_t *item = json_object();

    copy_keys(item, line, keys);
    json_array_append_new(json_object_get(incident, list), item);
}

static void of_incident(json_t *incident, const json_t *line)
{
    static const char *const ack[] = {"seq", "time", "who", "reason", NULL};
    static const char *const post[] = {"seq", "time", "status", "ja", "en", "who", NULL};
    const char *type = cli_text(line, "type");

    if (strcmp(type, "acknowledged") == 0)
        add_to(incident, "acknowledged", line, ack);
    else if (strcmp(type, "post") == 0)
        add_to(incident, "posts", line, post);
    else if (strcmp(type, "amended") == 0 || strcmp(type, "note") == 0)
        say_of(incident, line);
}

static int take(struct cli *cli, void *context, const char *text, size_t len)
{
    struct incidents *incidents = context;
    json_t *line = json_loadb(text, len, 0, NULL), *incident;
    int r = 0;

    if (line == NULL)
        return cli_fail(cli, CLI_REFUSED, "a line of the ledger is not JSON");
    /* An outage that began before an export does is in none of its lines as a whole. */
    incident = incidents_find(incidents, (uint64_t)cli_int(line, "outage"));
    if (line_is(line, "outage", "open"))
        r = open_one(cli, incidents, line);
    else if (line_is(line, "outage", "extended-back") && incident != NULL)
        extend_one(incident, line);
    else if ((line_is(line, "outage", "close") || line_is(line, "outage", "disputed")) &&
             incident != NULL)
        end_one(incident, line);
    else if (line_is(line, "incident", NULL) && incident != NULL)
        of_incident(incident, line);
    else if (line_is(line, "config", "contract"))
        snprintf(incidents->zone, sizeof incidents->zone, "%s",
                 cli_text(json_object_get(line, "contract"), "timezone"));
    json_decref(line);
    return r;
}

int incidents_read(struct cli *cli, const char *file, struct incidents *incidents)
{
    struct ledger_part part = {.categories = {"outage", "incident", "config"},
                               .n_categories = 3,
                               .end = UINT64_MAX,
                               .each = take,
                               .context = incidents};

    *incidents = (struct incidents){.list = json_array()};
    return ledger_part_read(cli, file, &part);
}

void incidents_free(struct incidents *incidents)
{
    json_decref(incidents->list);
}

/* ---- what it rests on ---- */

static int take_more(struct cli *cli, void *context, const char *text, size_t len)
{
    json_t *incident = context, *line = json_loadb(text, len, 0, NULL);
    json_t *moves = json_object_get(incident, "moves");
    const char *route = cli_text(incident, "route");
    json_t *last = json_array_get(moves, json_array_size(moves) - 1);

    if (line == NULL)
        return cli_fail(cli, CLI_REFUSED, "a line of the ledger is not JSON");
    if (cli_int(line, "index") == cli_int(incident, "evidence") &&
        json_is_null(json_object_get(incident, "grounds")))
        json_object_set(incident, "grounds", line);
    if (cli_int(line, "index") < cli_int(incident, "evidence")) {
        /* of an export: before its time */
    } else if (line_is_move(line, route)) {
        json_object_set_new(line, "verified", json_null());
        json_array_append(moves, line);
    } else if (line_is_of(line, "verified", route) && last != NULL &&
               cli_int(line, "epoch") == cli_int(last, "epoch") &&
               json_is_null(json_object_get(last, "verified"))) {
        json_object_set(last, "verified", json_object_get(line, "time"));
    }
    json_decref(line);
    return 0;
}

static int index_at(struct cli *cli, uint64_t seq, uint64_t *index)
{
    json_t *page, *line;
    int r = ledger_page(cli, seq, 1, NULL, &page);

    if (r != 0)
        return r;
    line =
        json_loads(json_string_value(json_array_get(json_object_get(page, "lines"), 0)), 0, NULL);
    *index = (uint64_t)cli_int(line, "index");
    json_decref(line);
    json_decref(page);
    return 0;
}

/* The first entry of the ledger at or behind a log index; indices rise with the entries. The
 * one of `seq` is. */
static int seek(struct cli *cli, uint64_t index, uint64_t seq, uint64_t *from)
{
    uint64_t low = 0, found;
    int r;

    while (low < seq) {
        uint64_t middle = low + (seq - low) / 2;

        r = index_at(cli, middle, &found);
        if (r != 0)
            return r;
        if (found < index)
            low = middle + 1;
        else
            seq = middle;
    }
    *from = low;
    return 0;
}

int incident_read_more(struct cli *cli, const char *file, json_t *incident)
{
    struct ledger_part part = {.categories = {"verdict", "failover", "coverage"},
                               .n_categories = 3,
                               .end = UINT64_MAX,
                               .each = take_more,
                               .context = incident};
    int r = 0;

    if (json_object_get(incident, "ended") != NULL)
        part.end = (uint64_t)cli_int(incident, "ended") + 1;
    json_object_set_new(incident, "grounds", json_null());
    json_object_set_new(incident, "moves", json_array());
    if (file == NULL)
        r = seek(cli, (uint64_t)cli_int(incident, "evidence"),
                 (uint64_t)cli_int(incident, "outage"), &part.from);
    return r != 0 ? r : ledger_part_read(cli, file, &part);
}
