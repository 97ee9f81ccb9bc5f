#include "scenario.h"
#include "base/check.h"
#include "base/mem.h"
#include "simulate/faults/topology.h"
#include "wire/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS 24
#define LEADER "LEADER"

const char *const note_words[] = {
    [NOTE_FAULT] = "fault",   [NOTE_LOG] = "log",         [NOTE_LEADER] = "leader",
    [NOTE_LEDGER] = "ledger", [NOTE_SWITCH] = "switch",   [NOTE_CALLERS] = "callers",
    [NOTE_REPLY] = "reply",   [NOTE_PROCESS] = "process", [NOTE_HOLDER] = "holder",
    [NOTE_TOLD] = "told",     [NOTE_BREACH] = "BREACH"};
#define NOTE_WORDS (sizeof note_words / sizeof note_words[0])

struct line {
    struct scenario *scenario;
    int number;
    char *words[WORDS]; /* behind the directive */
    int n;
};
typedef int take_directive(struct line *line, struct err *err);

/* ---- small things ---- */

static int wrong(struct err *err, const char *what, const char *text)
{
    return err_set(err, ERR_INVALID, "%s: %s", text, what);
}

static int take_number(const char *text, int *value, struct err *err)
{
    char *end;
    long number = strtol(text, &end, 10);

    if (end == text || *end != '\0' || number < 0 || number > 1000000)
        return wrong(err, "not a number", text);
    *value = (int)number;
    return 0;
}

static int take_small_time(const char *text, int *ms, struct err *err)
{
    int64_t value;

    if (fault_time_parse(text, &value, err) < 0)
        return ERR_INVALID;
    if (value > 3600000)
        return wrong(err, "more than 1h", text);
    *ms = (int)value;
    return 0;
}

static int needs_words(const struct line *line, int n, const char *form, struct err *err)
{
    return line->n == n ? 0 : err_set(err, ERR_INVALID, "expected: %s", form);
}

/* ---- the world ---- */

static int take_topology_word(struct topology *t, char *word, struct err *err)
{
    struct {
        const char *word;
        int *value;
        bool time;
    } values[] = {{"nodes", &t->nodes, false},         {"standbys", &t->standbys, false},
                  {"sites", &t->sites, false},         {"extra", &t->extra_checks, false},
                  {"interval", &t->interval_ms, true}, {"patience", &t->patience_ms, true},
                  {"failback", &t->failback_ms, true}, {"drain", &t->grace_ms, true},
                  {"backoff", &t->backoff_ms, true}};
    struct {
        const char *word;
        bool *flag;
    } flags[] = {
        {"fast", &t->fast},           {"pairs", &t->pairs},       {"follow", &t->follow},
        {"exclusive", &t->exclusive}, {"reports", &t->reports},   {"watched", &t->watched},
        {"address", &t->address},     {"callers", &t->callers},   {"agent", &t->agent},
        {"in-turn", &t->in_turn},     {"optional", &t->optional}, {"notices", &t->notices}};
    char *value = strchr(word, '=');
    size_t i;

    for (i = 0; value == NULL && i < ARRAY_LEN(flags); i++)
        if (strcmp(word, flags[i].word) == 0) {
            *flags[i].flag = true;
            return 0;
        }
    if (value != NULL)
        *value++ = '\0';
    for (i = 0; value != NULL && i < ARRAY_LEN(values); i++)
        if (strcmp(word, values[i].word) == 0)
            return values[i].time ? take_small_time(value, values[i].value, err)
                                  : take_number(value, values[i].value, err);
    return wrong(
        err,
        "not of nodes=N standbys=N sites=N extra=N interval=TIME patience=TIME "
        "failback=TIME drain=TIME backoff=TIME fast pairs follow exclusive reports watched "
        "address callers agent in-turn optional notices",
        word);
}

static int take_model(struct line *line, const char *name, struct err *err)
{
    struct scenario *s = line->scenario;

    return config_parse(name, s->yaml.data, s->yaml.len, &s->model, err);
}

static int once(const struct line *line, struct err *err)
{
    return line->scenario->model == NULL
               ? 0
               : err_set(err, ERR_INVALID, "there already is a topology or config");
}

static int take_topology(struct line *line, struct err *err)
{
    struct topology topology = {.nodes = 12};
    int i, rc = once(line, err);

    for (i = 0; rc == 0 && i < line->n; i++)
        rc = take_topology_word(&topology, line->words[i], err);
    if (rc == 0)
        rc = topology_check(&topology, err);
    if (rc < 0)
        return rc;
    topology_yaml(&topology, &line->scenario->yaml);
    return take_model(line, "topology", err);
}

static int read_file(const char *path, struct buf *out, struct err *err)
{
    FILE *file = fopen(path, "r");
    char chunk[4096];
    size_t got;

    if (file == NULL)
        return err_set(err, ERR_IO, "%s: %m", path);
    while ((got = fread(chunk, 1, sizeof chunk, file)) > 0)
        buf_append(out, chunk, got);
    fclose(file);
    return 0;
}

static int take_config(struct line *line, struct err *err)
{
    const char *path = line->scenario->path, *slash = strrchr(path, '/');
    struct buf beside = {0};
    int rc = once(line, err);

    if (rc == 0)
        rc = needs_words(line, 1, "config FILE", err);
    if (rc < 0)
        return rc;
    if (slash != NULL && line->words[0][0] != '/')
        buf_append(&beside, path, (size_t)(slash + 1 - path));
    buf_str(&beside, line->words[0]);
    rc = read_file(buf_cstr(&beside), &line->scenario->yaml, err);
    buf_free(&beside);
    return rc < 0 ? rc : take_model(line, line->words[0], err);
}

static int take_seed(struct line *line, struct err *err)
{
    int seed = 0, rc = needs_words(line, 1, "seed NUMBER", err);

    if (rc == 0)
        rc = take_number(line->words[0], &seed, err);
    line->scenario->seed = (uint64_t)seed;
    return rc;
}

static int take_time(struct line *line, int64_t *ms, struct err *err)
{
    if (line->n != 1)
        return err_set(err, ERR_INVALID, "expected one TIME");
    return fault_time_parse(line->words[0], ms, err);
}

static int take_run(struct line *line, struct err *err)
{
    return take_time(line, &line->scenario->run_ms, err);
}

static int take_heal(struct line *line, struct err *err)
{
    return take_time(line, &line->scenario->heal_ms, err);
}

static int take_warm_up(struct line *line, struct err *err)
{
    return take_time(line, &line->scenario->warm_up_ms, err);
}

static int take_between_sites(struct line *line, struct err *err)
{
    int rc = needs_words(line, 1, "between-sites TIME", err);

    return rc < 0 ? rc : take_small_time(line->words[0], &line->scenario->between_sites_ms, err);
}

/* ---- what is done ---- */

/* By time; at one time in the file's order. */
static int add_action(struct line *line, const struct action *action, struct err *err)
{
    struct scenario *s = line->scenario;
    int i = s->n_actions;

    if (i == SCENARIO_ACTIONS)
        return err_set(err, ERR_LIMIT, "more than %d faults and asks", SCENARIO_ACTIONS);
    for (; i > 0 && s->actions[i - 1].at_ms > action->at_ms; i--)
        s->actions[i] = s->actions[i - 1];
    s->actions[i] = *action;
    s->actions[i].line = line->number;
    s->n_actions++;
    return 0;
}

int scenario_fault(const struct scenario *scenario, const struct action *action, int leader,
                   struct fault *fault, struct err *err)
{
    const char *text = action->fault, *at;
    struct buf named = {0};
    int rc;

    while ((at = strstr(text, LEADER)) != NULL) {
        buf_append(&named, text, (size_t)(at - text));
        buf_str(&named, scenario->model->servers[leader].name);
        text = at + strlen(LEADER);
    }
    buf_str(&named, text);
    rc = fault_parse(buf_cstr(&named), scenario->model, fault, err);
    buf_free(&named);
    return rc;
}

static int take_fault(struct line *line, struct err *err)
{
    struct action action = {0};
    struct fault fault;
    int rc = needs_words(line, 1, "fault KIND:WHAT[=VALUE]@TIME[+DURATION]", err);

    if (rc < 0)
        return rc;
    action.fault = line->words[0];
    rc = scenario_fault(line->scenario, &action, 0, &fault, err);
    if (rc < 0)
        return rc;
    action.at_ms = fault.at_ms;
    action.fault = mem_strdup(action.fault);
    rc = add_action(line, &action, err);
    if (rc < 0)
        mem_free(action.fault);
    return rc;
}

const char *const ask_words[COMMAND_HANDOVER] = {
    [COMMAND_SWITCHOVER] = "switchover", [COMMAND_FAILOVER] = "failover",
    [COMMAND_WINDOW_ADD] = "window",     [COMMAND_PAUSE] = "pause",
    [COMMAND_RESUME] = "resume",         [COMMAND_DRAIN] = "drain",
    [COMMAND_UNDRAIN] = "undrain",
};

static int take_move(struct line *line, struct command *command, int *used, struct err *err)
{
    const struct model *model = line->scenario->model;

    if (line->n < 4)
        return err_set(err, ERR_INVALID, "expected: ask TIME switchover|failover ROUTE CANDIDATE");
    command->route = model_route(model, line->words[2]);
    if (command->route < 0)
        return wrong(err, "there is no such route", line->words[2]);
    command->to = model_candidate(&model->routes[command->route], line->words[3]);
    if (command->to < 0)
        return wrong(err, "the route has no such candidate", line->words[3]);
    *used = 4;
    return 0;
}

static int take_window(struct line *line, struct action *action, int *used, struct err *err)
{
    int function;

    if (line->n < 5 || strcmp(line->words[3], "for") != 0)
        return err_set(err, ERR_INVALID, "expected: ask TIME window FUNCTION for TIME");
    function = model_function(line->scenario->model, line->words[2]);
    if (function < 0)
        return wrong(err, "there is no such function", line->words[2]);
    action->command.window.functions[function / 64] |= 1ull << (function % 64);
    *used = 5;
    return fault_time_parse(line->words[4], &action->window_ms, err);
}

static int take_pause(struct line *line, struct command *command, int *used, struct err *err)
{
    bool begins = command->kind == COMMAND_PAUSE;

    if (line->n < 3 || (begins && (line->n < 5 || strcmp(line->words[3], "for") != 0)))
        return err_set(err, ERR_INVALID,
                       "expected: ask TIME pause ROUTE|all for TIME, or resume ROUTE|all");
    command->route = strcmp(line->words[2], "all") == 0
                         ? ROUTE_ALL
                         : model_route(line->scenario->model, line->words[2]);
    if (command->route == -1 && strcmp(line->words[2], "all") != 0)
        return wrong(err, "there is no such route", line->words[2]);
    *used = begins ? 5 : 3;
    return begins ? fault_time_parse(line->words[4], &command->for_ms, err) : 0;
}

static int take_server(struct line *line, struct command *command, int *used, struct err *err)
{
    if (line->n < 3)
        return err_set(err, ERR_INVALID, "expected: ask TIME drain|undrain SERVER");
    command->server = model_server(line->scenario->model, line->words[2]);
    if (command->server < 0)
        return wrong(err, "there is no such server", line->words[2]);
    *used = 3;
    return 0;
}

static int take_verb(struct line *line, struct action *action, int *used, struct err *err)
{
    struct command *command = &action->command;

    switch (command->kind) {
    case COMMAND_WINDOW_ADD:
        return take_window(line, action, used, err);
    case COMMAND_PAUSE:
    case COMMAND_RESUME:
        return take_pause(line, command, used, err);
    case COMMAND_DRAIN:
    case COMMAND_UNDRAIN:
        return take_server(line, command, used, err);
    default:
        return take_move(line, command, used, err);
    }
}

static int take_ask_option(struct line *line, struct command *command, int *used, struct err *err)
{
    const char *word = line->words[(*used)++];

    if (strcmp(word, "as") == 0 && *used < line->n)
        snprintf(command->who, sizeof command->who, "%s", line->words[(*used)++]);
    else if (strcmp(word, "force") == 0)
        command->force = true;
    else if (strcmp(word, "dry-run") == 0)
        command->dry_run = true;
    else if (strcmp(word, "emergency") == 0)
        command->window.emergency = true;
    else if (strcmp(word, "override-notice") == 0)
        command->window.short_notice = true;
    else
        return wrong(err, "not of force, dry-run, emergency, override-notice, as NAME", word);
    return 0;
}

static int take_ask(struct line *line, struct err *err)
{
    struct action action = {.command = {.who = "operator", .reason = "as the story goes"}};
    struct command *command = &action.command;
    int used = 0, rc;
    size_t kind;

    if (line->n < 2)
        return err_set(err, ERR_INVALID, "expected: ask TIME switchover|failover|window …");
    rc = fault_time_parse(line->words[0], &action.at_ms, err);
    if (rc < 0)
        return rc;
    for (kind = 0; kind < ARRAY_LEN(ask_words); kind++)
        if (ask_words[kind] != NULL && strcmp(line->words[1], ask_words[kind]) == 0)
            break;
    if (kind == ARRAY_LEN(ask_words))
        return wrong(err, "nobody asks for that", line->words[1]);
    command->kind = (enum command_kind)kind;
    rc = take_verb(line, &action, &used, err);
    while (rc == 0 && used < line->n)
        rc = take_ask_option(line, command, &used, err);
    snprintf((char *)command->id.bytes, sizeof command->id.bytes, "line-%d", line->number);
    return rc < 0 ? rc : add_action(line, &action, err);
}

/* ---- what is seen ---- */

bool words_have(const struct words *words, const char *word)
{
    int i;

    for (i = 0; i < words->n; i++)
        if (strcmp(words->at[i], word) == 0)
            return true;
    return false;
}

static int keep_word(struct words *words, const char *word, struct err *err)
{
    if (words->n == SCENARIO_WORDS)
        return err_set(err, ERR_LIMIT, "more than %d words", SCENARIO_WORDS);
    words->at[words->n++] = mem_strdup(word);
    return 0;
}

static void free_words(struct words *words)
{
    while (words->n > 0)
        mem_free(words->at[--words->n]);
}

static int take_show_word(struct scenario *s, const char *word, struct err *err)
{
    size_t i;

    if (strncmp(word, "log=", 4) == 0)
        return keep_word(&s->logs, word + 4, err);
    for (i = 0; i < NOTE_WORDS; i++)
        if (strcmp(word, note_words[i]) == 0) {
            s->show |= 1u << i;
            return 0;
        }
    return wrong(err,
                 "not of fault, leader, ledger, switch, callers, reply, process, holder, "
                 "log=EVENT",
                 word);
}

static int take_show(struct line *line, struct err *err)
{
    int i, rc = line->n > 0 ? 0 : err_set(err, ERR_INVALID, "expected: show KIND…");

    for (i = 0; rc == 0 && i < line->n; i++)
        rc = take_show_word(line->scenario, line->words[i], err);
    return rc;
}

static int take_hide(struct line *line, struct err *err)
{
    int i, rc = line->n > 0 ? 0 : err_set(err, ERR_INVALID, "expected: hide WORD…");

    for (i = 0; rc == 0 && i < line->n; i++)
        rc = keep_word(&line->scenario->hidden, line->words[i], err);
    return rc;
}

static int add_expect(struct line *line, bool owed, struct err *err)
{
    struct scenario *s = line->scenario;
    struct expect *expect = &s->expects[s->n_expects];
    struct buf text = {0};
    int i, rc;

    if (s->n_expects == SCENARIO_EXPECTS)
        return err_set(err, ERR_LIMIT, "more than %d expectations", SCENARIO_EXPECTS);
    for (i = 0; i < line->n; i++)
        buf_printf(&text, "%s%s", i > 0 ? " " : "", line->words[i]);
    rc = expect_parse(line->words, line->n, s->model, expect, err);
    expect->line = line->number;
    expect->owed = owed;
    if (rc == 0) {
        expect->text = mem_strdup(buf_cstr(&text));
        s->n_expects++;
    }
    buf_free(&text);
    return rc;
}

static int take_expect(struct line *line, struct err *err)
{
    return add_expect(line, false, err);
}

static int take_owed(struct line *line, struct err *err)
{
    return add_expect(line, true, err);
}

/* ---- the file ---- */

static const struct {
    const char *word;
    take_directive *take;
    bool needs_model; /* it names what the topology or config has */
} directives[] = {{"topology", take_topology, false},
                  {"config", take_config, false},
                  {"seed", take_seed, false},
                  {"warm-up", take_warm_up, false},
                  {"run", take_run, false},
                  {"heal", take_heal, false},
                  {"between-sites", take_between_sites, false},
                  {"fault", take_fault, true},
                  {"ask", take_ask, true},
                  {"show", take_show, false},
                  {"hide", take_hide, false},
                  {"expect", take_expect, true},
                  {"owed", take_owed, true}};

static int take_line(struct scenario *scenario, int number, char *text, struct err *err)
{
    struct line line = {.scenario = scenario, .number = number};
    char *save = NULL, *word = strtok_r(text, " \t", &save);
    const char *directive = word;
    size_t i;

    if (word == NULL || word[0] == '#')
        return 0;
    while ((word = strtok_r(NULL, " \t", &save)) != NULL && word[0] != '#') {
        if (line.n == WORDS)
            return err_set(err, ERR_LIMIT, "more than %d words", WORDS);
        line.words[line.n++] = word;
    }
    for (i = 0; i < ARRAY_LEN(directives); i++)
        if (strcmp(directive, directives[i].word) == 0)
            return directives[i].needs_model && scenario->model == NULL
                       ? wrong(err, "comes before any topology or config", directive)
                       : directives[i].take(&line, err);
    return wrong(err, "there is no such directive (see --help)", directive);
}

static int take_lines(struct scenario *s, const char *text, struct err *err)
{
    int number = 1, rc = 0;

    for (; *text != '\0' && strncmp(text, "---\n", 4) != 0; number++) {
        size_t len = strcspn(text, "\n");
        char *line = mem_alloc(len + 1);

        memcpy(line, text, len);
        line[len] = '\0';
        buf_printf(&s->told, "%s\n", line);
        rc = take_line(s, number, line, err);
        mem_free(line);
        if (rc < 0)
            return err_wrap(err, rc, "%s:%d", s->path, number);
        text += len + (text[len] == '\n');
    }
    buf_str(&s->told, "---\n");
    if (*text != '\0')
        buf_str(&s->trace, text + 4);
    return 0;
}

static int whole(const struct scenario *s, struct err *err)
{
    int i;

    if (s->model == NULL)
        return err_set(err, ERR_INVALID, "%s: no topology and no config", s->path);
    if (s->run_ms == 0)
        return err_set(err, ERR_INVALID, "%s: no \"run TIME\"", s->path);
    if (s->n_expects == 0)
        return err_set(err, ERR_INVALID, "%s: nothing is expected", s->path);
    for (i = 0; i < s->n_actions; i++)
        if (s->actions[i].at_ms > s->run_ms)
            return err_set(err, ERR_INVALID, "%s:%d: happens after the end of the run", s->path,
                           s->actions[i].line);
    for (i = 0; i < s->n_expects; i++)
        if (s->heal_ms == 0 && expect_is_settled(&s->expects[i]))
            return err_set(err, ERR_INVALID, "%s:%d: nothing settles without \"heal TIME\"",
                           s->path, s->expects[i].line);
    for (i = 0; i < s->n_expects; i++)
        if (s->expects[i].at_ms > s->run_ms)
            return err_set(err, ERR_INVALID, "%s:%d: is looked at after the end of the run",
                           s->path, s->expects[i].line);
    return 0;
}

int scenario_read(const char *path, struct scenario *scenario, struct err *err)
{
    struct buf text = {0};
    int rc;

    *scenario = (struct scenario){.path = mem_strdup(path), .seed = 1, .warm_up_ms = 20000};
    rc = read_file(path, &text, err);
    if (rc == 0)
        rc = take_lines(scenario, buf_cstr(&text), err);
    if (rc == 0)
        rc = whole(scenario, err);
    if (scenario->show == 0)
        scenario->show = ~(1u << NOTE_LOG);
    scenario->show |= 1u << NOTE_BREACH;
    buf_free(&text);
    return rc;
}

void scenario_free(struct scenario *scenario)
{
    int i;

    for (i = 0; i < scenario->n_actions; i++)
        mem_free(scenario->actions[i].fault);
    for (i = 0; i < scenario->n_expects; i++)
        mem_free(scenario->expects[i].text);
    free_words(&scenario->logs);
    free_words(&scenario->hidden);
    model_free(scenario->model);
    buf_free(&scenario->yaml);
    buf_free(&scenario->told);
    buf_free(&scenario->trace);
    mem_free(scenario->path);
}
