#include "report/replay.h"
#include "base/check.h"
#include "base/mem.h"
#include "core/detect/count.h"
#include "report/line.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct replay {
    const struct rule *rows;
    int n;
    struct model *model; /* who votes and from where; of the verdict being replayed */
};

struct replay *replay_new(const struct rule *rows, int n)
{
    struct replay *replay = mem_zalloc(1, sizeof *replay);

    replay->rows = rows;
    replay->n = n;
    replay->model = model_new();
    return replay;
}

void replay_free(struct replay *replay)
{
    if (replay == NULL)
        return;
    model_free(replay->model);
    mem_free(replay);
}

/* ---- reading ---- */

__attribute__((format(printf, 3, 4))) static void
end(struct replayed *out, enum replay_result result, const char *format, ...)
{
    va_list args;

    out->result = result;
    va_start(args, format);
    vsnprintf(out->again, sizeof out->again, format, args);
    va_end(args);
}

static const char *text_of(const json_t *line, const char *key)
{
    const char *text = json_string_value(json_object_get(line, key));

    return text != NULL ? text : "";
}

/* Whole numbers that fit an int. */
static bool number_of(const json_t *line, const char *key, int *value)
{
    const json_t *item = json_object_get(line, key);

    if (!json_is_integer(item) || json_integer_value(item) < 0 ||
        json_integer_value(item) > INT32_MAX)
        return false;
    *value = (int)json_integer_value(item);
    return true;
}

/* ---- verdicts ---- */

static int verdict_by_name(const char *name)
{
    int verdict;

    for (verdict = VERDICT_UNKNOWN; verdict <= VERDICT_DISPUTED; verdict++)
        if (strcmp(verdict_name((enum verdict)verdict), name) == 0)
            return verdict;
    return -1;
}

static bool age_of(const json_t *ballot, const char *key, uint32_t *age_ms)
{
    const json_t *item = json_object_get(ballot, key);

    *age_ms = AGE_NEVER;
    if (json_is_null(item))
        return true;
    if (!json_is_integer(item) || json_integer_value(item) < 0 ||
        json_integer_value(item) >= AGE_NEVER)
        return false;
    *age_ms = (uint32_t)json_integer_value(item);
    return true;
}

static bool opinion_of(const json_t *ballot, uint8_t *opinion)
{
    const char *word = text_of(ballot, "opinion");

    *opinion = strcmp(word, "up") == 0     ? OPINION_UP
               : strcmp(word, "down") == 0 ? OPINION_DOWN
                                           : OPINION_NONE;
    return *opinion != OPINION_NONE || strcmp(word, "none") == 0;
}

/* The number of a site, in the order in which they are named; -1: too many, or no name. */
static int site_of(struct model *model, const json_t *object)
{
    const char *name = text_of(object, "site");
    int site = model_site(model, name);

    if (site >= 0)
        return site;
    if (name[0] == '\0' || strlen(name) >= LIMIT_NAME || model->n_sites == LIMIT_SITES)
        return -1;
    memcpy(model->sites[model->n_sites].name, name, strlen(name) + 1);
    return model->n_sites++;
}

/* Server 0 is the target, the observers follow in the order of their ballots. */
static bool read_ballots(struct model *model, const json_t *line, struct ballot *ballots, int *n)
{
    const json_t *list = json_object_get(line, "ballots"), *item;
    size_t i;

    model->n_sites = 0;
    model->servers[0].site = site_of(model, line);
    if (!json_is_array(list) || json_array_size(list) >= LIMIT_SERVERS ||
        model->servers[0].site < 0)
        return false;
    *n = (int)json_array_size(list);
    model->n_servers = *n + 1;
    for (i = 0; i < json_array_size(list); i++) {
        struct ballot *ballot = &ballots[i];

        item = json_array_get(list, i);
        *ballot = (struct ballot){.observer = (uint8_t)(i + 1),
                                  .abstain = json_is_true(json_object_get(item, "abstain"))};
        model->servers[i + 1].site = site_of(model, item);
        if (model->servers[i + 1].site < 0 || !opinion_of(item, &ballot->opinion) ||
            !age_of(item, "fail_age_ms", &ballot->fail_age_ms) ||
            !age_of(item, "good_age_ms", &ballot->good_age_ms) ||
            !age_of(item, "arrived_age_ms", &ballot->arrived_age_ms))
            return false;
    }
    return true;
}

static void count_text(enum verdict verdict, int agree, int assigned, int need, char *text)
{
    snprintf(text, LIMIT_TEXT, "%s: %d of %d agree, %d needed", verdict_name(verdict), agree,
             assigned, need);
}

static void replay_verdict(struct replay *replay, const json_t *line, struct replayed *out)
{
    int verdict = verdict_by_name(text_of(line, "type")),
        was = verdict_by_name(text_of(line, "was"));
    int need, agree, assigned, window_ms, patience_ms, n;
    struct ballot ballots[LIMIT_SERVERS];
    enum verdict again;
    struct count count;

    if (verdict < 0 || !number_of(line, "need", &need) || !number_of(line, "agree", &agree) ||
        !number_of(line, "assigned", &assigned)) {
        end(out, REPLAY_DIFFERS, "the line does not say what was counted");
        return;
    }
    count_text((enum verdict)verdict, agree, assigned, need, out->recorded);
    if (json_object_get(line, "was") == NULL) {
        end(out, REPLAY_LEFT_OUT, "recorded by an older version, without what it takes");
        return;
    }
    if (was < 0 || !number_of(line, "window_ms", &window_ms) ||
        !number_of(line, "patience_ms", &patience_ms) ||
        !read_ballots(replay->model, line, ballots, &n)) {
        end(out, REPLAY_DIFFERS, "the line does not say how it was counted");
        return;
    }
    count = count_ballots(replay->model, 0, ballots, n, (uint32_t)window_ms);
    again = count_verdict(&count, (enum verdict)was, (uint32_t)patience_ms);
    end(out, REPLAY_SAME, "%s", "");
    count_text(again, count_agree(&count, again), count.assigned, count.need, out->again);
    if (strcmp(out->recorded, out->again) != 0)
        out->result = REPLAY_DIFFERS;
}

/* ---- routes ---- */

/* What a line of this type may have come of. */
static bool fits_line(enum action action, const char *type, const char *kind)
{
    switch (action) {
    case ACTION_MOVE:
    case ACTION_FAILBACK:
    case ACTION_FOLLOW:
    case ACTION_LEAVE:
        return strcmp(type, "intent") == 0 && strcmp(kind, "move") == 0;
    case ACTION_MOVE_TO: /* forced onto a sick one it is hands off as well */
        return (strcmp(type, "intent") == 0 && strcmp(kind, "move") == 0) ||
               strcmp(type, "held") == 0;
    case ACTION_POOL:
        return strcmp(type, "intent") == 0 && strcmp(kind, "pool") == 0;
    case ACTION_REFUSE:
        return strcmp(type, "refused") == 0;
    case ACTION_BLOCK:
        return strcmp(type, "blocked") == 0;
    case ACTION_UNBLOCK:
        return strcmp(type, "unblocked") == 0;
    case ACTION_HOLD:
        return strcmp(type, "held") == 0;
    case ACTION_DISPUTE:
        return strcmp(type, "callers-served") == 0;
    case ACTION_NONE:
    case ACTION_ACT:
    case ACTION_VERIFY:
        break;
    }
    return false;
}

/* NULL: they are all known; else the one that is not. */
static const char *read_facts(const json_t *line, uint32_t *facts)
{
    const json_t *list = json_object_get(line, "facts");
    size_t i;

    *facts = 0;
    for (i = 0; i < json_array_size(list); i++) {
        const char *name = json_string_value(json_array_get(list, i));
        int bit = name != NULL ? fact_by_name(name) : -1;

        if (bit < 0)
            return name != NULL ? name : "?";
        *facts |= 1u << bit;
    }
    return NULL;
}

static void replay_rule(struct replay *replay, const json_t *line, struct replayed *out)
{
    const char *type = text_of(line, "type"), *kind = text_of(line, "kind"), *unknown;
    int number, phase = phase_by_name(text_of(line, "phase"));
    const struct rule *rule;
    uint32_t facts;

    if (!number_of(line, "rule", &number)) {
        end(out, REPLAY_DIFFERS, "the line has no rule");
        return;
    }
    snprintf(out->recorded, sizeof out->recorded, "rule %d: %s%s%.32s", number, type,
             kind[0] != '\0' ? " " : "", kind);
    if (number <= RULE_RENUMBERED) {
        end(out, REPLAY_LEFT_OUT, "rule %d: no row decided it", number);
        return;
    }
    if (json_object_get(line, "phase") == NULL || json_is_null(json_object_get(line, "phase"))) {
        end(out, REPLAY_LEFT_OUT, "recorded by an older version, without its phase");
        return;
    }
    unknown = read_facts(line, &facts);
    if (phase < 0 || unknown != NULL) {
        end(out, REPLAY_DIFFERS, "the %s \"%.64s\" is not known", phase < 0 ? "phase" : "fact",
            phase < 0 ? text_of(line, "phase") : unknown);
        return;
    }
    rule = rules_first(replay->rows, replay->n, (enum route_phase)phase, facts);
    if (rule == NULL) {
        end(out, REPLAY_DIFFERS, "no row fits");
        return;
    }
    end(out,
        rule->number == number && fits_line(rule->action, type, kind) ? REPLAY_SAME
                                                                      : REPLAY_DIFFERS,
        "rule %u: %s", rule->number, action_name(rule->action));
}

/* ---- lines ---- */

static bool is_decision(const char *type)
{
    static const char *const types[] = {"intent",  "refused",   "held",
                                        "blocked", "unblocked", "callers-served"};
    size_t i;

    for (i = 0; i < ARRAY_LEN(types); i++)
        if (strcmp(types[i], type) == 0)
            return true;
    return false;
}

int replay_line(struct replay *replay, const char *line, size_t len, struct replayed *out,
                struct err *err)
{
    struct line_start start;
    bool verdict, route;
    json_t *root;
    int rc;

    *out = (struct replayed){.result = REPLAY_NONE};
    rc = line_start(line, len, &start, err);
    if (rc < 0)
        return rc;
    verdict = strcmp(start.category, "verdict") == 0;
    route = strcmp(start.category, "failover") == 0 && is_decision(start.type);
    if (!verdict && !route)
        return 0;
    root = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
    if (root == NULL)
        return err_set(err, ERR_INVALID, "entry %" PRIu64 ": not JSON", start.seq);
    out->seq = start.seq;
    out->time_ms = start.time_ms;
    snprintf(out->kind, sizeof out->kind, "%.31s %.31s", start.category, start.type);
    snprintf(out->subject, sizeof out->subject, "%.*s", LIMIT_NAME - 1,
             text_of(root, verdict ? "check" : "route"));
    if (verdict)
        replay_verdict(replay, root, out);
    else
        replay_rule(replay, root, out);
    json_decref(root);
    return 0;
}
