/* Who was told what: the rules read anew over the ledger's lines, and what receivers really took.
 * Nothing is lost, nothing comes twice without saying so, and nothing is told that the ledger
 * does not say. */
#include "base/check.h"
#include "base/mem.h"
#include "base/utc.h"
#include "core/feature.h"
#include "simulate/inside.h"

#include <stdio.h>
#include <string.h>

#define NEAR_MS 3000 /* clocks of the ledger and of the world */

/* An event that a rule wants told. */
struct want {
    int rule;
    json_int_t seq;
    uint64_t notice; /* 0: it gathers */
};

/* What one receiver is to be told by a notice. */
struct slip {
    uint64_t notice;
    int receiver;
    char key[NOTICE_KEY_MAX];
    int taken;       /* times */
    int64_t took_ms; /* UTC of the world: the newest */
    bool done;       /* the ledger says that it was accepted, or given up */
};

struct told_log {
    bool enabled; /* the feature level is there */
    bool moving[LIMIT_ROUTES];
    struct want *wants;
    int n_wants;
    struct slip *slips;
    int n_slips;
};

void told_open(struct sim *sim)
{
    sim->told = mem_zalloc(1, sizeof *sim->told);
}

void told_free(struct sim *sim)
{
    mem_free(sim->told->wants);
    mem_free(sim->told->slips);
    mem_free(sim->told);
}

static const char *text_of(const json_t *line, const char *key)
{
    const char *text = json_string_value(json_object_get(line, key));

    return text != NULL ? text : "";
}

static uint64_t number_of(const json_t *line, const char *key)
{
    return (uint64_t)json_integer_value(json_object_get(line, key));
}

static int rule_of(const struct notice_config *config, const char *name)
{
    for (int i = 0; i < config->n_rules; i++)
        if (strcmp(config->rules[i].name, name) == 0)
            return i;
    return -1;
}

static int receiver_of(const struct notice_config *config, const char *name)
{
    for (int i = 0; i < config->n_receivers; i++)
        if (strcmp(config->receivers[i].name, name) == 0)
            return i;
    return -1;
}

/* ---- what rules want ---- */

static const struct {
    const char *category, *type;
    enum notice_event event;
} lines[] = {
    {"outage", "open", NOTICE_OUTAGE},
    {"outage", "lasting", NOTICE_LASTING},
    {"outage", "close", NOTICE_RECOVERED},
    {"outage", "disputed", NOTICE_DISPUTED},
    {"verdict", "disputed", NOTICE_DISPUTED},
    {"failover", "verified", NOTICE_FAILOVER},
    {"failover", "refused", NOTICE_REFUSED},
    {"failover", "blocked", NOTICE_BLOCKED},
    {"failover", "held", NOTICE_BLOCKED},
    {"coverage", "hole", NOTICE_COVERAGE},
    {"coverage", "no-quorum", NOTICE_QUORUM_BACK},
    {"membership", "silent", NOTICE_NODE_LOST},
    {"membership", "heard", NOTICE_NODE_BACK},
    {"clock", "stepped", NOTICE_CLOCK},
    {"incident", "post", NOTICE_POSTED},
};

static int event_of(const json_t *line)
{
    for (size_t i = 0; i < ARRAY_LEN(lines); i++)
        if (strcmp(text_of(line, "category"), lines[i].category) == 0 &&
            strcmp(text_of(line, "type"), lines[i].type) == 0)
            return (int)lines[i].event;
    return -1;
}

/* Only the first one of a move is told; what comes after it is the same candidate's pool. */
static bool ends_move(struct sim *sim, const json_t *line)
{
    int route = model_route(sim->model, text_of(line, "route"));
    bool moves = route >= 0 && sim->told->moving[route];

    if (moves)
        sim->told->moving[route] = false;
    return moves;
}

static bool wanted(const struct model *model, const struct notice_rule *rule, int event,
                   const json_t *line)
{
    int function = model_function(model, text_of(line, "function"));

    if (!(rule->events >> event & 1))
        return false;
    if (event == NOTICE_LASTING && strcmp(text_of(line, "rule"), rule->name) != 0)
        return false;
    return function < 0 || rule->severities == 0 ||
           (rule->severities >> model->functions[function].severity & 1);
}

static void take_event(struct sim *sim, const json_t *line)
{
    const struct notice_config *config = sim->model->notices;
    struct told_log *log = sim->told;
    int event = event_of(line);

    if (event == NOTICE_FAILOVER && !ends_move(sim, line))
        return;
    for (int i = 0; event >= 0 && i < config->n_rules; i++) {
        if (!wanted(sim->model, &config->rules[i], event, line))
            continue;
        log->wants = mem_realloc(log->wants, (size_t)log->n_wants + 1, sizeof log->wants[0]);
        log->wants[log->n_wants++] =
            (struct want){.rule = i, .seq = json_integer_value(json_object_get(line, "seq"))};
    }
}

/* ---- what the ledger says of telling ---- */

static bool names(const json_t *line, json_int_t seq)
{
    const json_t *events = json_object_get(line, "events"), *event;
    size_t i;

    json_array_foreach(events, i,
                       event) if ((json_int_t)number_of(event, "seq") == seq) return true;
    return false;
}

static struct slip *slip_of(struct told_log *log, uint64_t notice, int receiver)
{
    for (int i = 0; i < log->n_slips; i++)
        if (log->slips[i].notice == notice && log->slips[i].receiver == receiver)
            return &log->slips[i];
    return NULL;
}

static bool known(const struct told_log *log, uint64_t notice)
{
    for (int i = 0; i < log->n_slips; i++)
        if (log->slips[i].notice == notice)
            return true;
    return false;
}

/* A notice has all that its rule gathered. */
static void gather(struct sim *sim, const json_t *line, uint64_t notice, int rule, bool all)
{
    struct told_log *log = sim->told;

    for (int i = 0; i < log->n_wants; i++) {
        struct want *want = &log->wants[i];

        if (want->rule != rule || want->notice != 0)
            continue;
        if (!all && !names(line, want->seq))
            sim_break(sim, "told-all", "notice %llu of %s leaves line %lld out",
                      (unsigned long long)notice, sim->model->notices->rules[rule].name,
                      (long long)want->seq);
        want->notice = notice;
    }
}

static void take_intent(struct sim *sim, const json_t *line)
{
    struct told_log *log = sim->told;
    uint64_t notice = number_of(line, "notice");
    int rule = rule_of(sim->model->notices, text_of(line, "rule"));
    int receiver = receiver_of(sim->model->notices, text_of(line, "receiver"));
    struct slip *slip = slip_of(log, notice, receiver);

    if (rule >= 0 && !known(log, notice))
        gather(sim, line, notice, rule, number_of(line, "more") > 0);
    if (slip == NULL) {
        log->slips = mem_realloc(log->slips, (size_t)log->n_slips + 1, sizeof log->slips[0]);
        slip = &log->slips[log->n_slips++];
        *slip = (struct slip){.notice = notice, .receiver = receiver};
        snprintf(slip->key, sizeof slip->key, "%s", text_of(line, "key"));
    }
    if (strcmp(slip->key, text_of(line, "key")) != 0)
        sim_break(sim, "told-once", "notice %llu has two keys for %s", (unsigned long long)notice,
                  text_of(line, "receiver"));
}

static void take_accepted(struct sim *sim, const json_t *line)
{
    struct slip *slip = slip_of(sim->told, number_of(line, "notice"),
                                receiver_of(sim->model->notices, text_of(line, "receiver")));
    int64_t at_ms;

    if (slip == NULL || slip->taken == 0 || slip->done) {
        sim_break(sim, "told-true", "%s is said to have accepted notice %llu",
                  text_of(line, "receiver"), (unsigned long long)number_of(line, "notice"));
        return;
    }
    slip->done = true;
    if (!sim->crooked && !sim->murky && utc_parse(text_of(line, "accepted"), &at_ms) == 0 &&
        (at_ms - slip->took_ms > NEAR_MS || slip->took_ms - at_ms > NEAR_MS))
        sim_break(sim, "told-true", "%s accepted notice %llu %lld ms from when the ledger says",
                  text_of(line, "receiver"), (unsigned long long)slip->notice,
                  (long long)(at_ms - slip->took_ms));
}

static void take_notice(struct sim *sim, const json_t *line)
{
    const char *type = text_of(line, "type");
    uint64_t notice = number_of(line, "notice");
    struct slip *slip;

    if (strcmp(type, "intent") == 0)
        take_intent(sim, line);
    if (strcmp(type, "accepted") == 0)
        take_accepted(sim, line);
    if (strcmp(type, "dropped") == 0)
        sim_break(sim, "told-all", "notice %llu is dropped", (unsigned long long)notice);
    if (strcmp(type, "given-up") != 0)
        return;
    slip = slip_of(sim->told, notice, receiver_of(sim->model->notices, text_of(line, "receiver")));
    if (slip != NULL)
        slip->done = true;
}

void told_line(struct sim *sim, const json_t *line)
{
    struct told_log *log = sim->told;
    int route;

    if (sim->model->notices == NULL)
        return;
    if (strcmp(text_of(line, "type"), "features") == 0)
        log->enabled = number_of(line, "level") >= FEATURE_NOTICE;
    if (strcmp(text_of(line, "category"), "failover") == 0 &&
        strcmp(text_of(line, "type"), "intent") == 0 &&
        strcmp(text_of(line, "kind"), "move") == 0) {
        route = model_route(sim->model, text_of(line, "route"));
        if (route >= 0)
            log->moving[route] = true;
    }
    if (!log->enabled) {
        if (event_of(line) == NOTICE_FAILOVER)
            ends_move(sim, line);
        return;
    }
    take_event(sim, line);
    if (strcmp(text_of(line, "category"), "notice") == 0)
        take_notice(sim, line);
}

/* ---- what receivers took ---- */

void told_took(void *context, int node, const struct tell_order *order)
{
    struct sim *sim = context;
    const char *name = sim->model->notices->receivers[order->receiver].name;
    struct slip *slip = slip_of(sim->told, order->notice, order->receiver);

    sim_note(sim, NOTE_TOLD, node, "takes", "%s, notice %llu, by %s, attempt %u%s", name,
             (unsigned long long)order->notice, sim->model->servers[node].name, order->attempt,
             order->repeat ? ", perhaps again" : "");
    if (order->notice == 0) {
        if (order->since_ms <= 0)
            sim_break(sim, "told-true", "%s is told of no time without a quorum", name);
        return;
    }
    if (slip == NULL || strcmp(slip->key, order->key) != 0) {
        sim_break(sim, "told-true", "%s is told of notice %llu, and the ledger does not say so",
                  name, (unsigned long long)order->notice);
        return;
    }
    if (slip->taken > 0 && !order->repeat)
        sim_break(sim, "told-once", "%s gets notice %llu again, and it does not say that", name,
                  (unsigned long long)order->notice);
    slip->taken++;
    slip->took_ms = sim_utc_ms(sim);
}

/* ---- when all is well again ---- */

static bool is_done(struct told_log *log, const struct notice_rule *rule, uint64_t notice)
{
    const struct slip *slip;

    for (int i = 0; i < LIMIT_RECEIVERS; i++) {
        if (!(rule->steps[0].receivers & receiver_bit(i)))
            continue;
        slip = slip_of(log, notice, i);
        if (slip == NULL || !slip->done)
            return false;
    }
    return true;
}

bool told_settled(const struct sim *sim, struct buf *why)
{
    struct told_log *log = sim->told;

    for (int i = 0; i < log->n_wants; i++) {
        const struct notice_rule *rule = &sim->model->notices->rules[log->wants[i].rule];

        if (log->wants[i].notice != 0 && is_done(log, rule, log->wants[i].notice))
            continue;
        buf_printf(why, "%s is not told of line %lld; ", rule->name, (long long)log->wants[i].seq);
        return false;
    }
    return true;
}
