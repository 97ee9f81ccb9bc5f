/* What operators say of outages. The leader, and it alone, looks up in its own ledger
 * that what they name is an outage: whichever node was asked, the command comes by here. */
#include "core/account/contract.h"
#include "report/line.h"
#include "serve/internal.h"

#include <inttypes.h>
#include <string.h>

#define SCAN_BYTES (1 << 20) /* of lines behind the outage's own, to see how it ended */

static bool is(const struct line_start *start, const char *category, const char *type)
{
    return strcmp(start->category, category) == 0 && strcmp(start->type, type) == 0;
}

/* Key "outage" of a line; -1: it has none. */
static int64_t outage_of(const char *line, size_t len)
{
    json_t *object = json_loadb(line, len, 0, NULL);
    const json_t *outage = json_object_get(object, "outage");
    int64_t seq = json_is_integer(outage) ? json_integer_value(outage) : -1;

    json_decref(object);
    return seq;
}

static int no_outage(const struct line_start *start, const char *line, size_t len, struct err *err)
{
    int64_t other = outage_of(line, len);

    if (other >= 0)
        return err_set(err, ERR_INVALID,
                       "entry %" PRIu64 " is no outage: it is %s/%s of outage %" PRId64, start->seq,
                       start->category, start->type, other);
    return err_set(err, ERR_INVALID, "entry %" PRIu64 " is no outage: it is %s/%s", start->seq,
                   start->category, start->type);
}

static int opens_outage(struct ledger *ledger, uint64_t seq, struct err *err)
{
    struct line_start start;
    struct buf line = {0};
    uint64_t count;
    int r;

    r = ledger_read(ledger, seq, 1, &line, &count, err);
    if (r == 0)
        r = line_start((const char *)line.data, line.len - 1, &start, err);
    if (r == 0 && !is(&start, "outage", "open"))
        r = no_outage(&start, (const char *)line.data, line.len - 1, err);
    buf_free(&line);
    return r;
}

/* Of these lines: 1 when one ends the outage, and *disputed says how; 0: none does. */
static int find_end(const char *line, const char *end, uint64_t seq, bool *disputed,
                    struct err *err)
{
    while (line < end) {
        const char *next = memchr(line, '\n', (size_t)(end - line));
        size_t len = (size_t)(next - line);
        struct line_start start;
        int r = line_start(line, len, &start, err);

        if (r < 0)
            return r;
        if ((is(&start, "outage", "close") || is(&start, "outage", "disputed")) &&
            outage_of(line, len) == (int64_t)seq) {
            *disputed = strcmp(start.type, "disputed") == 0;
            return 1;
        }
        line = next + 1;
    }
    return 0;
}

/* Callers were served: a disagreement, and no outage. One that is still open is none yet. A
 * dispute is over soon, so it is not looked for for ever: who accounts for it reads all. */
static int not_disputed(struct ledger *ledger, uint64_t seq, struct err *err)
{
    uint64_t from = seq + 1, size = ledger_size(ledger), count;
    struct buf page = {0};
    size_t scanned = 0;
    bool disputed = false;
    int r = 0;

    while (r == 0 && from < size && scanned < SCAN_BYTES) {
        buf_clear(&page);
        r = ledger_read(ledger, from, SERVE_PAGE_BYTES, &page, &count, err);
        if (r == 0)
            r = find_end((const char *)page.data, (const char *)page.data + page.len, seq,
                         &disputed, err);
        scanned += page.len;
        from += count;
    }
    buf_free(&page);
    if (r < 0)
        return r;
    return disputed
               ? err_set(err, ERR_INVALID, "outage %" PRIu64 " was disputed: it is no outage", seq)
               : 0;
}

static bool is_open(const struct shared *shared, uint64_t seq)
{
    int i;

    for (i = 0; i < shared->model->n_functions; i++)
        if (shared->functions[i].outage == seq + 1)
            return true;
    return false;
}

static int which_outage(struct request *request, struct command *command, struct err *err)
{
    const struct shared *shared = engine_shared(request->engine);
    struct ledger *ledger = request->serve->options.ledger;
    int64_t outage;
    uint64_t seq;
    int r = args_int(request->args, "outage", 0, INT64_MAX, 0, &outage, err);

    if (r < 0)
        return r;
    seq = command->incident.outage = (uint64_t)outage;
    /* Its answer is what was said then, whatever has become of the outage. */
    if (shared_command(shared, &command->id) != NULL)
        return 0;
    if (seq >= shared->ledger.size)
        return err_set(err, ERR_INVALID,
                       "the ledger has %" PRIu64 " entries, none with number %" PRIu64,
                       shared->ledger.size, seq);
    if (seq >= ledger_size(ledger))
        return err_set(err, ERR_UNAVAILABLE,
                       "entry %" PRIu64 " is not on the leader's disk yet: ask again", seq);
    r = opens_outage(ledger, seq, err);
    return r == 0 && !is_open(shared, seq) ? not_disputed(ledger, seq, err) : r;
}

/* ---- severities, causes, states: the words that there are, NULL behind the last ---- */

static const char *severity_at(int i)
{
    return i < SEVERITY_COUNT ? outage_severity_name((enum severity)i) : NULL;
}

static const char *cause_at(int i)
{
    return i < CAUSE_COUNT ? outage_cause_name((enum cause)i) : NULL;
}

static const char *status_at(int i)
{
    return i < POST_STATUSES ? post_status_name((enum post_status)i) : NULL;
}

/* Which word the argument is; -1: there is no such argument. */
static int which_word(struct request *request, const char *key, const char *(*word_at)(int i),
                      int *value, struct err *err)
{
    const char *text = json_string_value(json_object_get(request->args, key));
    struct buf known = {0};
    int i;

    *value = -1;
    for (i = 0; text != NULL && word_at(i) != NULL; i++) {
        if (strcmp(word_at(i), text) == 0)
            *value = i;
        buf_printf(&known, "%s%s", i > 0 ? ", " : "", word_at(i));
    }
    if (text != NULL && *value < 0)
        err_set(err, ERR_INVALID, "argument \"%s\": \"%.64s\" is none of %s", key, text,
                buf_cstr(&known));
    buf_free(&known);
    return text == NULL || *value >= 0 ? 0 : ERR_INVALID;
}

/* ---- verbs ---- */

/* Of the outage that the arguments name, whatever the command says of it. */
static int say(struct request *request, struct rpc_response *response, struct command *command,
               struct err *err)
{
    const struct model *model;
    int r = command_begin(request, response, command, &model, err);

    if (r != 0)
        return r;
    r = which_outage(request, command, err);
    return r < 0 ? r : command_submit(request, response, command, err);
}

int run_incident_amend(struct request *request, struct rpc_response *response, struct err *err)
{
    struct command command = {.kind = COMMAND_AMEND};
    int r;

    r = which_word(request, "severity", severity_at, &command.incident.severity, err);
    if (r == 0)
        r = which_word(request, "cause", cause_at, &command.incident.cause, err);
    if (r == 0 && command.incident.severity < 0 && command.incident.cause < 0)
        r = err_set(err, ERR_INVALID, "give a severity, a cause, or both");
    return r != 0 ? r : say(request, response, &command, err);
}

int run_incident_annotate(struct request *request, struct rpc_response *response, struct err *err)
{
    struct command command = {.kind = COMMAND_ANNOTATE, .incident = {.severity = -1, .cause = -1}};

    return say(request, response, &command, err);
}

int run_incident_ack(struct request *request, struct rpc_response *response, struct err *err)
{
    struct command command = {.kind = COMMAND_ACKNOWLEDGE};

    return say(request, response, &command, err);
}

int run_incident_post(struct request *request, struct rpc_response *response, struct err *err)
{
    struct command command = {.kind = COMMAND_POST};
    int r, status;

    r = which_word(request, "status", status_at, &status, err);
    if (r == 0)
        r = args_lines(request->args, "ja", LIMIT_POST, &command.incident.ja, err);
    if (r == 0)
        r = args_lines(request->args, "en", LIMIT_POST, &command.incident.en, err);
    if (r == 0 && command.incident.ja == NULL && command.incident.en == NULL)
        r = err_set(err, ERR_INVALID, "give a text in Japanese, in English, or both");
    if (r != 0)
        return r;
    command.incident.status = (enum post_status)status;
    return say(request, response, &command, err);
}
