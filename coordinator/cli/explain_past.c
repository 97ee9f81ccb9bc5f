#include "cli/explain.h"
#include "cli/ledger_pull.h"
#include "cli/verified.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK 2000    /* lines that are looked at in one go, backwards */
#define BLOCKS_MAX 50 /* then it is too old: an export has it */

bool line_is(const json_t *line, const char *category, const char *type)
{
    return strcmp(cli_text(line, "category"), category) == 0 &&
           (type == NULL || strcmp(cli_text(line, "type"), type) == 0);
}

bool line_is_of(const json_t *line, const char *type, const char *route)
{
    return line_is(line, "failover", type) && strcmp(cli_text(line, "route"), route) == 0;
}

bool line_ends(const json_t *line, const json_t *open)
{
    return (line_is(line, "outage", "close") || line_is(line, "outage", "disputed")) &&
           cli_int(line, "outage") == cli_int(open, "outage");
}

bool line_is_move(const json_t *line, const char *route)
{
    return line_is(line, "failover", "intent") && strcmp(cli_text(line, "kind"), "move") == 0 &&
           (route == NULL || strcmp(cli_text(line, "route"), route) == 0);
}

/* ---- from the cluster ---- */

static json_t *categories(void)
{
    return json_pack("[s,s,s]", "failover", "verdict", "outage");
}

/* Lines [from, end) of interest, parsed, into *lines. */
/* What is told of it is for a terminal. */
static json_t *line_of(const struct cli *cli, const char *text)
{
    json_t *line = json_loads(text, 0, NULL);

    cli_clean(cli, line);
    return line;
}

static int read_block(struct cli *cli, uint64_t from, uint64_t end, json_t **lines)
{
    json_t *page;
    int r;

    *lines = json_array();
    while (from < end) {
        const json_t *text;
        uint64_t next;
        size_t i;

        r = ledger_page(cli, from, end - from, categories(), &page);
        if (r != 0)
            return r;
        json_array_foreach(json_object_get(page, "lines"), i, text)
            json_array_append_new(*lines, line_of(cli, json_string_value(text)));
        next = (uint64_t)cli_int(page, "next");
        json_decref(page);
        if (next <= from)
            return cli_fail(cli, CLI_REFUSED, "the ledger ends at line %llu on this node",
                            (unsigned long long)from);
        from = next;
    }
    return 0;
}

static int ledger_size_now(struct cli *cli, uint64_t *size)
{
    json_t *page;
    int r = ledger_page(cli, 0, 1, categories(), &page);

    if (r != 0)
        return r;
    *size = (uint64_t)cli_int(page, "size");
    json_decref(page);
    return 0;
}

static int newest_move(const json_t *lines, const char *route)
{
    int i;

    for (i = (int)json_array_size(lines) - 1; i >= 0; i--)
        if (line_is_move(json_array_get(lines, (size_t)i), route))
            return i;
    return -1;
}

/* Backwards from the end, until there is a move of the route (NULL: of any) and one block
 * before it; without any move, all that may be looked at. */
static int read_back(struct cli *cli, const char *route, json_t **lines)
{
    bool found = false;
    uint64_t end;
    int i, r;

    r = ledger_size_now(cli, &end);
    for (i = 0; r == 0 && end > 0 && i < BLOCKS_MAX; i++) {
        uint64_t from = end > BLOCK ? end - BLOCK : 0;
        bool enough = found;
        json_t *block;

        r = read_block(cli, from, end, &block);
        found = found || newest_move(block, route) >= 0;
        json_array_extend(block, *lines);
        json_decref(*lines);
        *lines = block;
        end = from;
        if (enough)
            break;
    }
    return r;
}

/* What is before and behind an outage's line. */
static int read_around(struct cli *cli, uint64_t seq, json_t **lines)
{
    uint64_t size;
    int r = ledger_size_now(cli, &size);

    if (r != 0 || seq >= size)
        return r;
    json_decref(*lines);
    return read_block(cli, seq > BLOCK ? seq - BLOCK : 0, seq + BLOCK < size ? seq + BLOCK : size,
                      lines);
}

/* ---- from an export ---- */

static int take_line(struct cli *cli, void *context, const char *text, size_t len)
{
    json_t *line = json_loadb(text, len, 0, NULL);

    cli_clean(cli, line);

    if (line != NULL && (line_is(line, "failover", NULL) || line_is(line, "verdict", NULL) ||
                         line_is(line, "outage", NULL)))
        json_array_append(context, line);
    json_decref(line);
    return 0;
}

static int read_export(struct cli *cli, const char *file, json_t *lines)
{
    struct verify_result result;

    return verified_read(cli, file, take_line, lines, &result);
}

/* ---- what is asked for ---- */

static bool is_number(const char *what, uint64_t *number)
{
    char *end;

    if (what == NULL || what[0] < '0' || what[0] > '9')
        return false;
    *number = strtoull(what, &end, 10);
    return *end == '\0';
}

/* The first move of the route while the outage lasts. */
static int move_in(const json_t *lines, int outage, const char *route)
{
    const json_t *open = json_array_get(lines, (size_t)outage), *line;
    size_t i;

    for (i = (size_t)outage + 1; i < json_array_size(lines); i++) {
        line = json_array_get(lines, i);
        if (line_is_move(line, route))
            return (int)i;
        if (line_ends(line, open))
            break;
    }
    return -1;
}

static void choose_outage(struct past *past, int outage)
{
    const json_t *line = json_array_get(past->lines, (size_t)outage);

    past->outage = outage;
    snprintf(past->route, sizeof past->route, "%s", cli_text(line, "route"));
    past->move = past->route[0] != '\0' ? move_in(past->lines, outage, past->route) : -1;
}

static int find_outage(struct cli *cli, uint64_t number, struct past *past)
{
    int i;

    for (i = 0; i < (int)json_array_size(past->lines); i++) {
        const json_t *line = json_array_get(past->lines, (size_t)i);

        if (line_is(line, "outage", "open") && (uint64_t)cli_int(line, "outage") == number) {
            choose_outage(past, i);
            return 0;
        }
    }
    return cli_fail(cli, CLI_USAGE, "no outage has the number %llu: see kirikae audit export",
                    (unsigned long long)number);
}

/* The newest move; where nothing has moved, the newest outage. */
static int find_last(struct cli *cli, struct past *past)
{
    int i;

    past->move = newest_move(past->lines, NULL);
    if (past->move >= 0) {
        snprintf(past->route, sizeof past->route, "%s",
                 cli_text(json_array_get(past->lines, (size_t)past->move), "route"));
        return 0;
    }
    for (i = (int)json_array_size(past->lines) - 1; i >= 0; i--)
        if (line_is(json_array_get(past->lines, (size_t)i), "outage", "open")) {
            choose_outage(past, i);
            return 0;
        }
    return cli_fail(cli, CLI_REFUSED, "nothing has moved, and there was no outage");
}

/* Without a move nothing in the ledger shows that there is such a route. */
static int must_exist(struct cli *cli, const char *name, const char *file)
{
    const json_t *route;
    bool found = false;
    json_t *routes;
    size_t i;
    int r;

    if (file != NULL)
        return cli_fail(cli, CLI_USAGE, "%s has no move of a route \"%s\"", file, name);
    r = cli_ask(cli, "routes", NULL, &routes);
    if (r != 0)
        return r;
    json_array_foreach(json_object_get(routes, "routes"), i, route) found =
        found || strcmp(cli_text(route, "route"), name) == 0;
    json_decref(routes);
    return found ? 0 : cli_fail(cli, CLI_USAGE, "no route \"%s\": see kirikae routes", name);
}

static int find_route(struct cli *cli, const char *name, const char *file, struct past *past)
{
    snprintf(past->route, sizeof past->route, "%s", name);
    past->move = newest_move(past->lines, name);
    return past->move >= 0 ? 0 : must_exist(cli, name, file);
}

int past_read(struct cli *cli, const char *what, const char *file, struct past *past)
{
    uint64_t number;
    bool incident = is_number(what, &number);
    int r;

    *past = (struct past){.lines = json_array(), .move = -1, .outage = -1};
    if (file != NULL)
        r = read_export(cli, file, past->lines);
    else if (incident)
        r = read_around(cli, number, &past->lines);
    else
        r = read_back(cli, what, &past->lines);
    if (r != 0)
        return r;
    if (incident)
        return find_outage(cli, number, past);
    return what == NULL ? find_last(cli, past) : find_route(cli, what, file, past);
}

void past_free(struct past *past)
{
    json_decref(past->lines);
}
