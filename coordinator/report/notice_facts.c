#include "report/notice_facts.h"
#include "base/check.h"
#include "base/mem.h"
#include "base/plain.h"
#include "report/ledger_fields.h"
#include "report/line.h"

#include <string.h>

static const struct model *model_of(const struct notice_input *input)
{
    return input->shared->model;
}

/* What is not there, or not as it should be, is not said. */
static void text(struct fields *f, const char *key, char *value, size_t size)
{
    if (json_object_get(f->root, key) == NULL || field_text(f, key, value, size) != 0)
        return;
    plain_clean(value);
}

/* What an operator wrote may have lines. */
static void post(struct fields *f, const char *key, char value[LIMIT_POST + 1])
{
    if (json_object_get(f->root, key) != NULL && field_text(f, key, value, LIMIT_POST + 1) == 0)
        plain_clean_lines(value);
}

static void time_of(struct fields *f, const char *key, int64_t *utc_ms)
{
    int64_t value;

    if (field_time(f, key, true, &value) == 0 && value != UTC_NONE)
        *utc_ms = value;
}

static void number(struct fields *f, const char *key, int64_t *value)
{
    uint64_t n;

    if (field_number(f, key, &n) == 0)
        *value = (int64_t)n;
}

static void word(struct fields *f, const char *key, int (*parse)(const char *name), int *value)
{
    int n;

    if (field_word(f, key, parse, true, &n) == 0 && n >= 0)
        *value = n;
}

static void set(struct fields *f, const char *key, const struct model *model,
                uint64_t functions[LIMIT_FUNCTIONS / 64])
{
    const json_t *list = json_object_get(f->root, key), *item;
    size_t i;
    int function;

    json_array_foreach(list, i, item)
    {
        function = json_is_string(item) ? model_function(model, json_string_value(item)) : -1;
        if (function >= 0)
            functions[function / 64] |= UINT64_C(1) << (function % 64);
    }
}

static void read_window(struct fields *f, const struct model *model, struct notice_fact *fact)
{
    char kind[LIMIT_NAME] = "";
    const json_t *late = json_object_get(f->root, "short_notice");

    text(f, "kind", kind, sizeof kind);
    if (kind[0] != '\0')
        fact->emergency = strcmp(kind, "emergency") == 0;
    if (late != NULL)
        fact->short_notice = json_is_true(late);
    set(f, "functions", model, fact->functions);
    set(f, "down", model, fact->down);
    time_of(f, "announced", &fact->announced_ms);
    time_of(f, "finished", &fact->finished_ms);
}

static void read_fields(struct fields *f, const struct model *model, struct notice_fact *fact)
{
    text(f, "type", fact->type, sizeof fact->type);
    text(f, "function", fact->function, sizeof fact->function);
    text(f, "route", fact->route, sizeof fact->route);
    text(f, "server", fact->server, sizeof fact->server);
    text(f, "check", fact->check, sizeof fact->check);
    text(f, "to", fact->to, sizeof fact->to);
    text(f, "who", fact->who, sizeof fact->who);
    text(f, "reason", fact->reason, sizeof fact->reason);
    text(f, "status", fact->status, sizeof fact->status);
    post(f, "ja", fact->post[LANGUAGE_JA]);
    post(f, "en", fact->post[LANGUAGE_EN]);
    word(f, "severity", outage_severity_parse, &fact->severity);
    word(f, "cause", outage_cause_parse, &fact->cause);
    number(f, "rule", &fact->rule);
    number(f, "took_ms", &fact->took_ms);
    number(f, "evidence", &fact->evidence);
    number(f, "silent_ms", &fact->took_ms);
    number(f, "stepped_ms", &fact->took_ms);
    time_of(f, "start", &fact->start_ms);
    time_of(f, "end", &fact->end_ms);
    time_of(f, "from", &fact->start_ms);
    if (fact->event == NOTICE_QUORUM_BACK)
        time_of(f, "to", &fact->end_ms);
    time_of(f, "recognised", &fact->recognised_ms);
    time_of(f, "last_good", &fact->last_good_ms);
    time_of(f, "last_fail", &fact->last_fail_ms);
    time_of(f, "expires", &fact->expires_ms);
    if (fact->window != 0)
        read_window(f, model, fact);
}

/* One line's keys go into the fact; those that it lacks stay. */
static bool read_line(const struct notice_input *input, uint64_t seq, struct notice_fact *fact,
                      struct buf *line)
{
    struct line_start start;
    struct err err;
    struct fields f = {.seq = seq, .err = &err};

    buf_clear(line);
    if (input->line == NULL || !input->line(input->context, seq, line) ||
        line->len > LIMIT_LEDGER_LINE ||
        line_start((const char *)line->data, line->len, &start, &err) != 0 || start.seq != seq)
        return false;
    f.root = json_loadb((const char *)line->data, line->len, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(f.root)) {
        json_decref(f.root);
        return false;
    }
    fact->time_ms = start.time_ms;
    read_fields(&f, model_of(input), fact);
    json_decref(f.root);
    return true;
}

/* What the line that began an outage says of it. */
static void read_outage(const struct notice_input *input, struct notice_fact *fact)
{
    struct notice_fact *open;
    struct buf line = {0};

    if (fact->seq == fact->outage)
        return;
    open = mem_dup(fact, sizeof *fact);
    if (read_line(input, fact->outage, open, &line)) {
        fact->severity = open->severity;
        fact->cause = open->cause;
        fact->evidence = open->evidence;
        fact->start_ms = open->start_ms;
        fact->recognised_ms = open->recognised_ms;
        memcpy(fact->function, open->function, LIMIT_NAME);
        memcpy(fact->route, open->route, LIMIT_NAME);
    }
    buf_free(&line);
    mem_free(open);
}

/* Of a window that began or is over the line says little else than its number. */
static void read_known_window(const struct notice_input *input, struct notice_fact *fact)
{
    const struct window_state *window = shared_window(input->shared, fact->window);

    if (window == NULL)
        return;
    fact->emergency = window->emergency;
    fact->short_notice = window->short_notice;
    fact->announced_ms = window->announced_ms;
    fact->start_ms = window->start_ms;
    fact->end_ms = window->end_ms;
    fact->finished_ms = window->finished_ms;
    memcpy(fact->functions, window->functions, sizeof fact->functions);
}

static void clear(struct notice_fact *fact)
{
    fact->severity = fact->cause = -1;
    fact->rule = fact->took_ms = fact->evidence = -1;
    fact->start_ms = fact->end_ms = fact->recognised_ms = UTC_NONE;
    fact->last_good_ms = fact->last_fail_ms = fact->expires_ms = UTC_NONE;
    fact->announced_ms = fact->finished_ms = fact->time_ms = UTC_NONE;
}

static void read_ref(const struct notice_input *input, const struct notice_ref *ref,
                     struct notice_fact *fact)
{
    clear(fact);
    fact->event = ref->event < NOTICE_EVENTS ? ref->event : NOTICE_TEST;
    fact->seq = ref->seq;
    fact->over = ref->over || ref->event == NOTICE_RECOVERED;
    fact->outage = ref->outage > 0 ? ref->outage - 1 : NOTICE_NONE;
    fact->window = ref->window;
    if (ref->event == NOTICE_QUORUM_LOST) {
        const struct model *model = model_of(input);

        fact->known = true;
        fact->start_ms = fact->time_ms = input->since_ms;
        if (input->server >= 0 && input->server < model->n_servers)
            memcpy(fact->server, model->servers[input->server].name, LIMIT_NAME);
        return;
    }
    if (fact->window != 0)
        read_known_window(input, fact);
    fact->known = read_line(input, ref->seq, fact, &fact->line);
    if (fact->outage != NOTICE_NONE)
        read_outage(input, fact);
}

struct notice_fact *notice_facts_read(const struct notice_input *input, int *n)
{
    const struct notice_state *notice = input->notice;
    struct notice_fact *facts;

    CHECK(notice->n_refs >= 0 && notice->n_refs <= LIMIT_NOTICE_REFS);
    facts = mem_zalloc((size_t)notice->n_refs + 1, sizeof *facts);
    for (int i = 0; i < notice->n_refs; i++)
        read_ref(input, &notice->refs[i], &facts[i]);
    *n = notice->n_refs;
    return facts;
}

void notice_facts_free(struct notice_fact *facts, int n)
{
    for (int i = 0; i < n; i++)
        buf_free(&facts[i].line);
    mem_free(facts);
}
