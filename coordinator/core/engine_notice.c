/* The leader's half of notices: who is to tell whom, when, and when another has to; what time
 * alone brings; and the receipts of those who told. */
#include "base/utc.h"
#include "core/engine_private.h"
#include "core/feature.h"

#include <string.h>

#define GONE_MS 2000 /* a node's beats have stopped for so long: another tells in its place */

/* Of one look: when the next one is due, in UTC and by itself. */
struct look {
    struct engine *engine;
    struct moment now;
    int64_t utc_ms, next_utc_ms;
    bool again; /* something waits that no time is known of */
    struct effects *effects;
};

/* Commands count from 1. */
static int key_of(enum notice_act act, uint64_t subject, int receiver)
{
    return (int)((uint32_t)act << 28 | (uint32_t)(subject & 0x3fffff) << 6 | (uint32_t)receiver);
}

static struct entry *propose(struct look *look, enum notice_act act, uint64_t subject, int receiver)
{
    struct entry *entry = engine_propose(look->engine, look->now, ENTRY_NOTICE,
                                         key_of(act, subject, receiver), look->effects);

    look->again = true; /* it may come to nothing */
    if (entry == NULL)
        return NULL;
    entry->notice.act = act;
    entry->notice.step = -1;
    return entry;
}

/* Has the time come? */
static bool is_due(struct look *look, int64_t due_utc_ms)
{
    if (look->utc_ms >= due_utc_ms)
        return true;
    engine_due(&look->next_utc_ms, due_utc_ms);
    return false;
}

/* ---- what time brings ---- */

static void look_at_windows(struct look *look)
{
    const struct shared *shared = look->engine->shared;
    struct entry *entry;

    for (int i = 0; i < shared->n_windows; i++) {
        const struct window_state *w = &shared->windows[i];

        if (w->over || w->finished_ms != UTC_NONE)
            continue;
        if (!w->begun && is_due(look, w->start_ms)) {
            entry = propose(look, NOTICE_ACT_BEGUN, w->id, 0);
            if (entry != NULL)
                entry->notice.subject = w->id;
        }
        if (is_due(look, w->end_ms)) {
            entry = propose(look, NOTICE_ACT_OVER, w->id, 0);
            if (entry != NULL)
                entry->notice.subject = w->id;
        }
    }
}

static void look_at_outage(struct look *look, int function, int rule)
{
    const struct shared *shared = look->engine->shared;
    const struct function_state *state = &shared->functions[function];
    struct news news = {.event = NOTICE_LASTING, .function = function, .rule = rule};
    struct entry *entry;

    if (shared_lasting_told(shared, function, rule) || !shared_wants(shared->model, rule, &news) ||
        !is_due(look, state->start_ms + shared->model->notices->rules[rule].lasting_ms))
        return;
    entry = propose(look, NOTICE_ACT_LASTING, (uint64_t)function, rule);
    if (entry == NULL)
        return;
    entry->notice.rule = rule;
    entry->notice.subject = state->outage - 1;
}

static void look_at_outages(struct look *look)
{
    const struct shared *shared = look->engine->shared;

    for (int i = 0; i < shared->model->n_functions; i++)
        for (int k = 0; shared->functions[i].down && k < shared->model->notices->n_rules; k++)
            if (shared->model->notices->rules[k].lasting_ms > 0)
                look_at_outage(look, i, k);
}

static void look_at_certificate(struct look *look, int server)
{
    const struct node_state *node = &look->engine->shared->nodes[server];
    int64_t ends_ms = look->engine->peers[server].certificate_ms;
    struct entry *entry;
    int stage;

    if (ends_ms == UTC_NONE)
        return;
    stage = certificate_stage(ends_ms, look->utc_ms);
    if (stage < CERTIFICATE_STAGES)
        is_due(look, certificate_stage_ms(ends_ms, stage + 1));
    if (stage == 0 || (node->certificate_ms == ends_ms && node->certificate_told >= stage))
        return;
    look->again = true;
    entry = engine_propose(look->engine, look->now, ENTRY_TROUBLE, server, look->effects);
    if (entry == NULL)
        return;
    entry->trouble.server = server;
    entry->trouble.expires_ms = ends_ms;
}

/* ---- who tells ---- */

static bool fit(const struct engine *engine, int server)
{
    const struct peer *peer = &engine->peers[server];

    if (server == engine->self)
        return !engine->leaving;
    return peer->rx_ms != BOOT_NEVER && (engine->heard & server_bit(server)) && !peer->abstain &&
           !peer->leaving;
}

/* The next one after `server` that is in another site, in turn; else any other. */
static int elsewhere(const struct engine *engine, int server)
{
    const struct model *model = engine->model;
    int near = -1, n = model->n_coordinators;

    for (int i = 1; i < n; i++) {
        int other = (server + i) % n;

        if (!fit(engine, other))
            continue;
        if (model->servers[other].site != model->servers[server].site)
            return other;
        if (near < 0)
            near = other;
    }
    return near >= 0 ? near : engine->self;
}

/* This leader at first: nobody is asked, and nobody has to answer. */
static int first_teller(const struct engine *engine)
{
    return engine->leaving ? elsewhere(engine, engine->self) : engine->self;
}

static int teller(const struct engine *engine, const struct delivery *delivery)
{
    return delivery->attempts == 0 ? first_teller(engine) : elsewhere(engine, delivery->node);
}

/* What it was to do will not be done, or nobody will hear of it. */
static bool is_gone(const struct look *look, const struct delivery *delivery)
{
    const struct engine *engine = look->engine;
    const struct peer *peer = &engine->peers[delivery->node];

    if (look->utc_ms >= tell_lost_ms(engine, delivery))
        return true;
    if (delivery->node == engine->self)
        return delivery->boot != engine->boot;
    if (peer->rx_ms != BOOT_NEVER && peer->boot != delivery->boot)
        return true;
    return look->now.boot_ms - engine->led_ms >= GONE_MS &&
           (peer->rx_ms == BOOT_NEVER || look->now.boot_ms - peer->rx_ms >= GONE_MS);
}

static bool wants_attempt(struct look *look, const struct delivery *delivery)
{
    if (delivery->phase == DELIVERY_DUE)
        return is_due(look, delivery->due_ms);
    if (delivery->phase != DELIVERY_SENDING)
        return false;
    look->again = true;
    return is_gone(look, delivery) &&
           look->utc_ms >= delivery->sent_ms + notice_backoff_ms(delivery->attempts);
}

static void fill_send(const struct look *look, struct entry *entry,
                      const struct notice_state *notice, int node, receiver_set receivers)
{
    const struct engine *engine = look->engine;

    entry->notice.notice = notice->id;
    entry->notice.receivers = receivers;
    entry->notice.node = node;
    entry->notice.boot = node == engine->self ? engine->boot : engine->peers[node].boot;
}

/* All that the same node is to tell; what others are, the next look finds. */
static void send_again(struct look *look, const struct notice_state *notice)
{
    receiver_set receivers = 0;
    struct entry *entry;
    int node = -1;

    for (int i = 0; i < notice->n_deliveries; i++) {
        const struct delivery *delivery = &notice->deliveries[i];

        if (!wants_attempt(look, delivery))
            continue;
        if (node < 0)
            node = teller(look->engine, delivery);
        if (teller(look->engine, delivery) == node)
            receivers |= receiver_bit(delivery->receiver);
    }
    if (node < 0)
        return;
    entry = propose(look, NOTICE_ACT_SEND, notice->id, 0);
    if (entry != NULL)
        fill_send(look, entry, notice, node, receivers);
}

/* ---- when ---- */

/* Nobody has to get up for it. */
static bool is_minor(const struct notice_state *notice)
{
    for (int i = 0; i < notice->n_refs; i++) {
        const struct notice_ref *ref = &notice->refs[i];

        if (ref->severity < SEVERITY_MINOR || ref->event == NOTICE_BLOCKED ||
            ref->event == NOTICE_REFUSED || ref->event == NOTICE_QUORUM_LOST ||
            ref->event == NOTICE_QUORUM_BACK ||
            (ref->event == NOTICE_DISPUTED && ref->severity == SEVERITY_COUNT))
            return false;
    }
    return notice->more == 0;
}

/* Quiet hours begin and end with a minute. */
static bool is_quiet(struct look *look, const struct notice_rule *rule,
                     const struct notice_state *notice)
{
    int64_t local_ms;

    if (rule->n_quiet == 0 || look->engine->zone == NULL || !is_minor(notice))
        return false;
    local_ms = look->utc_ms + 1000ll * zone_offset(look->engine->zone, look->utc_ms);
    for (int i = 0; i < rule->n_quiet; i++)
        if (span_contains(&rule->quiet[i], local_ms)) {
            engine_due(&look->next_utc_ms, look->utc_ms + 60000 - local_ms % 60000);
            return true;
        }
    return false;
}

static int64_t step_due_ms(const struct shared *shared, const struct notice_state *notice)
{
    const struct notice_rule *rule = &shared->model->notices->rules[notice->rule];
    int64_t told_ms = shared->notices.told_ms[notice->rule];
    int64_t due_ms = notice->raised_ms + rule->gather_ms;

    if (notice->steps > 0)
        return notice->raised_ms + rule->steps[notice->steps].after_ms;
    if (told_ms != 0 && due_ms < told_ms + rule->apart_ms)
        due_ms = told_ms + rule->apart_ms;
    return due_ms;
}

static void begin_step(struct look *look, const struct notice_state *notice)
{
    const struct shared *shared = look->engine->shared;
    const struct notice_rule *rule = &shared->model->notices->rules[notice->rule];
    struct entry *entry;

    if (notice->steps > 0 && !shared_escalates(shared, notice))
        return;
    if (!is_due(look, step_due_ms(shared, notice)) || is_quiet(look, rule, notice))
        return;
    entry = propose(look, NOTICE_ACT_SEND, notice->id, 0);
    if (entry == NULL)
        return;
    fill_send(look, entry, notice, first_teller(look->engine),
              rule->steps[notice->steps].receivers);
    entry->notice.step = notice->steps;
}

/* ---- receipts ---- */

static void receipt(struct look *look, int node, uint64_t boot, const struct receipt_word *word)
{
    struct entry *entry;

    if (tell_under_way(look->engine, word->notice, word->receiver, node, boot, word->attempt) ==
        NULL)
        return;
    entry = propose(look, word->accepted ? NOTICE_ACT_ACCEPTED : NOTICE_ACT_FAILED, word->notice,
                    word->receiver);
    if (entry == NULL)
        return;
    entry->notice.notice = word->notice;
    entry->notice.receiver = word->receiver;
    entry->notice.attempt = word->attempt;
    entry->notice.node = node;
    entry->notice.unsure = word->unsure;
    entry->notice.at_ms = look->utc_ms - (int64_t)word->age_ms;
    memcpy(entry->reason, word->text, sizeof word->text);
}

static void own_receipts(struct look *look)
{
    const struct engine *engine = look->engine;

    for (int i = 0; i < engine->n_tellings; i++) {
        const struct telling *t = &engine->tellings[i];
        struct receipt_word word = {.notice = t->notice,
                                    .receiver = (uint8_t)t->receiver,
                                    .attempt = t->attempt,
                                    .accepted = t->accepted,
                                    .unsure = t->unsure};

        if (!t->done || t->receiver < 0)
            continue;
        word.age_ms = boot_age(look->now.boot_ms, t->done_ms);
        memcpy(word.text, t->text, sizeof word.text);
        receipt(look, engine->self, engine->boot, &word);
    }
}

static struct look look_of(struct engine *engine, struct moment now, struct effects *effects)
{
    return (struct look){.engine = engine,
                         .now = now,
                         .utc_ms = engine_time_ms(engine, now),
                         .next_utc_ms = INT64_MAX,
                         .effects = effects};
}

void notices_beat(struct engine *engine, struct moment now, const struct beat *beat,
                  struct effects *effects)
{
    struct look look;

    if (engine->peers[beat->from].certificate_ms != beat->certificate_ms) {
        engine->peers[beat->from].certificate_ms = beat->certificate_ms;
        engine->notices_ms = now.boot_ms;
    }
    if (beat->receipt.notice == 0 || beat->config_version != engine->model->version ||
        !engine_leads(engine))
        return;
    look = look_of(engine, now, effects);
    receipt(&look, beat->from, beat->boot, &beat->receipt);
}

/* ---- all of it ---- */

void notices_lead(struct engine *engine, struct moment now, struct effects *effects)
{
    const struct shared *shared = engine->shared;
    struct look look;

    if (now.boot_ms < engine->notices_ms)
        return;
    engine->notices_ms = INT64_MAX;
    if (shared->level < FEATURE_NOTICE)
        return;
    look = look_of(engine, now, effects);
    look_at_windows(&look);
    for (int i = 0; i < shared->model->n_coordinators; i++)
        look_at_certificate(&look, i);
    if (shared->model->notices != NULL)
        look_at_outages(&look);
    own_receipts(&look);
    for (int i = 0; i < shared->notices.n; i++) {
        const struct notice_state *notice = &shared->notices.list[i];

        send_again(&look, notice);
        if (notice->rule >= 0 &&
            notice->steps < shared->model->notices->rules[notice->rule].n_steps)
            begin_step(&look, notice);
    }
    if (look.next_utc_ms != INT64_MAX)
        engine->notices_ms = now.boot_ms + (look.next_utc_ms - look.utc_ms);
    if (look.again)
        engine_due(&engine->notices_ms, now.boot_ms + engine->model->timing.beat_ms);
}
