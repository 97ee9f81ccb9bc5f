/* ENTRY_NOTICE and ENTRY_TROUBLE: who is to tell whom, what came of it, and what time alone
 * brings that somebody may have to be told of. */
#include "base/utc.h"
#include "core/shared_apply.h"

#include <inttypes.h>
#include <stdio.h>

static const struct notice_config *config_of(const struct recorder *r)
{
    return r->shared->model->notices;
}

/* ---- intents ---- */

/* It stays silent: somebody else is told, while it goes on being tried. */
static void tell_otherwise(struct recorder *r, struct notice_state *notice,
                           const struct delivery *delivery)
{
    int to = config_of(r)->receivers[delivery->receiver].otherwise;

    if (delivery->attempts < NOTICE_SILENT_ATTEMPTS || to < 0 ||
        notice_delivery(notice, to) != NULL)
        return;
    record_notice_otherwise(r, notice, delivery, to);
    notice_deliver(notice, to, r->shared->time_ms);
}

static void give_up(struct recorder *r, const struct notice_state *notice,
                    struct delivery *delivery)
{
    delivery->phase = DELIVERY_GIVEN_UP;
    record_notice_given_up(r, notice, delivery);
}

/* Time alone is no reason: nobody may have been there to try. */
static bool in_vain(const struct delivery *delivery, int64_t now_ms)
{
    return delivery->attempts >= NOTICE_SILENT_ATTEMPTS &&
           now_ms - delivery->first_ms >= NOTICE_GIVE_UP_MS;
}

static void attempt(struct recorder *r, struct notice_state *notice, struct delivery *delivery)
{
    const struct entry *e = r->entry;
    int64_t now_ms = r->shared->time_ms;

    if (delivery->phase != DELIVERY_DUE && delivery->phase != DELIVERY_SENDING)
        return;
    if (delivery->attempts == 0)
        delivery->first_ms = now_ms;
    if (in_vain(delivery, now_ms)) {
        give_up(r, notice, delivery);
        return;
    }
    if (delivery->phase == DELIVERY_SENDING)
        delivery->unsure = true; /* nobody knows what became of it */
    delivery->attempts++;
    delivery->phase = DELIVERY_SENDING;
    delivery->node = (uint8_t)e->notice.node;
    delivery->boot = e->notice.boot;
    delivery->sent_ms = now_ms;
    record_notice_intent(r, notice, delivery, e->notice.step);
    if (delivery->attempts > NOTICE_SILENT_ATTEMPTS)
        tell_otherwise(r, notice, delivery);
}

/* False: not now, or not any more. */
static bool begin_step(struct recorder *r, struct notice_state *notice, int step)
{
    const struct notice_rule *rule;

    if (notice->rule < 0 || step != notice->steps)
        return false;
    rule = &config_of(r)->rules[notice->rule];
    if (step >= rule->n_steps || (step > 0 && !shared_escalates(r->shared, notice)))
        return false;
    for (int i = 0; i < config_of(r)->n_receivers; i++)
        if (rule->steps[step].receivers & receiver_bit(i))
            notice_deliver(notice, i, r->shared->time_ms);
    if (step == 0)
        r->shared->notices.told_ms[notice->rule] = r->shared->time_ms;
    notice->steps++;
    return true;
}

static void apply_send(struct recorder *r, struct notice_state *notice)
{
    const struct entry *e = r->entry;
    int i, n = notice->n_deliveries;

    if (e->notice.node >= r->shared->model->n_coordinators)
        return;
    if (e->notice.step >= 0) {
        if (!begin_step(r, notice, e->notice.step))
            return;
        n = notice->n_deliveries;
    }
    /* Who is told already, as another's `otherwise`, is not told again by a later step. */
    for (i = 0; i < n; i++)
        if ((e->notice.receivers & receiver_bit(notice->deliveries[i].receiver)) &&
            (e->notice.step < 0 || notice->deliveries[i].attempts == 0))
            attempt(r, notice, &notice->deliveries[i]);
}

/* ---- what came of it ---- */

/* The delivery that is under way just as the entry says; NULL: what it says is over. */
static struct delivery *under_way(const struct recorder *r, const struct notice_state *notice)
{
    const struct entry *e = r->entry;
    struct delivery *delivery = notice_delivery(notice, e->notice.receiver);

    return delivery != NULL && delivery->phase == DELIVERY_SENDING &&
                   delivery->attempts == e->notice.attempt && delivery->node == e->notice.node
               ? delivery
               : NULL;
}

static void apply_accepted(struct recorder *r, const struct notice_state *notice)
{
    struct delivery *delivery = under_way(r, notice);
    int64_t at_ms = r->entry->notice.at_ms;

    if (delivery == NULL)
        return;
    if (at_ms > r->shared->time_ms)
        at_ms = r->shared->time_ms;
    if (at_ms < delivery->sent_ms)
        at_ms = delivery->sent_ms;
    delivery->phase = DELIVERY_ACCEPTED;
    delivery->accepted_ms = at_ms;
    record_notice_accepted(r, notice, delivery);
}

static void apply_failed(struct recorder *r, struct notice_state *notice)
{
    struct delivery *delivery = under_way(r, notice);

    if (delivery == NULL)
        return;
    delivery->unsure = delivery->unsure || r->entry->notice.unsure;
    delivery->due_ms = r->shared->time_ms + notice_backoff_ms(delivery->attempts);
    delivery->phase = in_vain(delivery, delivery->due_ms) ? DELIVERY_GIVEN_UP : DELIVERY_DUE;
    record_notice_failed(r, notice, delivery);
    if (delivery->phase == DELIVERY_GIVEN_UP)
        record_notice_given_up(r, notice, delivery);
    tell_otherwise(r, notice, delivery);
}

/* ---- by time ---- */

static void apply_lasting(struct recorder *r)
{
    const struct shared *shared = r->shared;
    int rule = r->entry->notice.rule;
    uint64_t outage = r->entry->notice.subject + 1;
    struct news news = {.event = NOTICE_LASTING, .outage = outage, .rule = rule};

    if (config_of(r) == NULL || rule >= config_of(r)->n_rules ||
        config_of(r)->rules[rule].lasting_ms <= 0)
        return;
    for (int i = 0; i < shared->model->n_functions; i++) {
        struct function_state *state = &shared->functions[i];

        news.function = i;
        if (!state->down || state->outage != outage || shared_lasting_told(shared, i, rule) ||
            !shared_wants(shared->model, rule, &news) ||
            shared->time_ms - state->start_ms < config_of(r)->rules[rule].lasting_ms)
            continue;
        if (state->lasting_outage != outage)
            state->lasting = 0;
        state->lasting_outage = outage;
        state->lasting |= UINT32_C(1) << rule;
        news.seq = record_lasting(r, i, rule);
        notice_raise(r, &news);
    }
}

static struct window_state *window_of(const struct recorder *r)
{
    return (struct window_state *)shared_window(r->shared, r->entry->notice.subject);
}

/* When nobody could say so in time, the ledger does not either. */
static void apply_begun(struct recorder *r)
{
    struct window_state *window = window_of(r);
    int64_t now_ms = r->shared->time_ms, start_ms;

    if (window == NULL || window->begun || window->finished_ms != UTC_NONE ||
        window->start_ms > now_ms)
        return;
    start_ms = window->start_ms > window->announced_ms ? window->start_ms : window->announced_ms;
    window->begun = true;
    if (now_ms < window->end_ms && now_ms - start_ms <= NOTICE_LATE_MS)
        record_begun(r, window);
}

static void apply_over(struct recorder *r)
{
    struct window_state *window = window_of(r);
    int64_t now_ms = r->shared->time_ms;

    if (window == NULL || window->over || window->finished_ms != UTC_NONE ||
        window->end_ms > now_ms)
        return;
    window->begun = window->over = true;
    if (now_ms - window->end_ms <= NOTICE_LATE_MS)
        record_over(r, window);
}

/* ---- tests ---- */

static void apply_test(struct recorder *r)
{
    struct notices *notices = &r->shared->notices;
    receiver_set receivers = r->entry->notice.receivers;
    struct notice_state *notice;
    char answer[32];
    int i;

    if (config_of(r) == NULL || receivers == 0 ||
        (config_of(r)->n_receivers < LIMIT_RECEIVERS && receivers >> config_of(r)->n_receivers)) {
        operator_refused(r, "notice", "there is no such receiver");
        return;
    }
    if (!notices_have_room(r)) {
        operator_refused(r, "notice", "too many notices wait to be told");
        return;
    }
    notice = notices_begin(notices, -1, r->shared->time_ms);
    notice->steps = 1;
    notice_add_ref(notice, &(struct notice_ref){.event = NOTICE_TEST,
                                                .severity = SEVERITY_COUNT,
                                                .seq = record_notice_test(r)});
    for (i = 0; i < config_of(r)->n_receivers; i++)
        if (receivers & receiver_bit(i))
            notice_deliver(notice, i, r->shared->time_ms);
    snprintf(answer, sizeof answer, "notice %" PRIu64, notice->id);
    shared_remember(r->shared, r->entry, r->index, COMMAND_DONE, answer);
}

void apply_notice(struct recorder *r)
{
    struct notice_state *notice = notice_find(&r->shared->notices, r->entry->notice.notice);

    switch (r->entry->notice.act) {
    case NOTICE_ACT_SEND:
        if (notice != NULL)
            apply_send(r, notice);
        break;
    case NOTICE_ACT_ACCEPTED:
        if (notice != NULL)
            apply_accepted(r, notice);
        break;
    case NOTICE_ACT_FAILED:
        if (notice != NULL)
            apply_failed(r, notice);
        break;
    case NOTICE_ACT_LASTING:
        apply_lasting(r);
        break;
    case NOTICE_ACT_BEGUN:
        apply_begun(r);
        break;
    case NOTICE_ACT_OVER:
        apply_over(r);
        break;
    case NOTICE_ACT_TEST:
        apply_test(r);
        break;
    }
}

/* ---- certificates ---- */

#define DAY_MS (24ll * 3600 * 1000)

int64_t certificate_stage_ms(int64_t ends_ms, int stage)
{
    static const int days[] = {0, 14, 3, 0};

    return ends_ms - days[stage] * DAY_MS;
}

int certificate_stage(int64_t ends_ms, int64_t utc_ms)
{
    int stage = CERTIFICATE_STAGES;

    while (stage > 0 && utc_ms < certificate_stage_ms(ends_ms, stage))
        stage--;
    return stage;
}

/* Once for each stage of each certificate. */
void apply_trouble(struct recorder *r)
{
    int64_t ends_ms = r->entry->trouble.expires_ms;
    int stage = certificate_stage(ends_ms, r->shared->time_ms);
    struct node_state *node;

    if (r->entry->trouble.server >= r->shared->model->n_coordinators || stage == 0)
        return;
    node = &r->shared->nodes[r->entry->trouble.server];
    if (node->certificate_ms == ends_ms && node->certificate_told >= stage)
        return;
    node->certificate_ms = ends_ms;
    node->certificate_told = (uint8_t)stage;
    record_certificate(r);
}
