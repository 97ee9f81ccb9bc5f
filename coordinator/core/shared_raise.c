/* Which notices there are: raised as the ledger's lines are written, by the rules of the
 * configuration in force, and forgotten when nobody waits for them any more. */
#include "base/utc.h"
#include "core/feature.h"
#include "core/shared_apply.h"

#include <string.h>

bool shared_lasting_told(const struct shared *shared, int function, int rule)
{
    const struct function_state *state = &shared->functions[function];

    return state->lasting_outage == state->outage && (state->lasting >> rule & 1);
}

bool shared_goes_on(const struct shared *shared, const struct notice_state *notice)
{
    for (int i = 0; i < notice->n_refs; i++)
        if (notice->refs[i].outage != 0 && !notice->refs[i].over)
            return true;
    /* Of what it does not name nobody knows: while anything is down, that may be. */
    for (int i = 0; notice->more > 0 && i < shared->model->n_functions; i++)
        if (shared->functions[i].down)
            return true;
    return false;
}

bool shared_escalates(const struct shared *shared, const struct notice_state *notice)
{
    return notice->rule >= 0 &&
           notice->steps < shared->model->notices->rules[notice->rule].n_steps &&
           !notice->acknowledged && shared_goes_on(shared, notice);
}

/* ---- raised ---- */

static bool any_of(const uint64_t *set, const uint64_t *functions)
{
    for (size_t i = 0; i < LIMIT_FUNCTIONS / 64; i++)
        if (set[i] & functions[i])
            return true;
    return false;
}

bool shared_wants(const struct model *model, int number, const struct news *news)
{
    static const uint64_t none[LIMIT_FUNCTIONS / 64];
    const struct notice_rule *rule = &model->notices->rules[number];
    bool all = memcmp(rule->functions, none, sizeof none) == 0;

    if (!(rule->events >> news->event & 1) || (news->rule >= 0 && news->rule != number))
        return false;
    if (news->function >= 0)
        return (all || (rule->functions[news->function / 64] >> (news->function % 64) & 1)) &&
               (rule->severities == 0 ||
                (rule->severities >> model->functions[news->function].severity & 1));
    return news->functions == NULL || all || any_of(rule->functions, news->functions);
}

static bool is_waiting(const struct delivery *delivery)
{
    return delivery->phase == DELIVERY_DUE || delivery->phase == DELIVERY_SENDING;
}

/* Whoever is still to be told of it has been tried often, and so was told elsewhere. */
static bool is_only_for_the_silent(const struct shared *shared, const struct notice_state *notice)
{
    if (notice->steps == 0 || shared_escalates(shared, notice))
        return false;
    for (int i = 0; i < notice->n_deliveries; i++)
        if (is_waiting(&notice->deliveries[i]) &&
            notice->deliveries[i].attempts < NOTICE_SILENT_ATTEMPTS)
            return false;
    return true;
}

bool notices_have_room(struct recorder *r)
{
    struct notices *notices = &r->shared->notices;
    int i = 0;

    if (notices->n < LIMIT_NOTICES)
        return true;
    while (i < notices->n && !is_only_for_the_silent(r->shared, &notices->list[i]))
        i++;
    if (i == notices->n)
        return false;
    for (int k = 0; k < notices->list[i].n_deliveries; k++)
        if (is_waiting(&notices->list[i].deliveries[k]))
            record_notice_given_up(r, &notices->list[i], &notices->list[i].deliveries[k]);
    notices_drop(notices, i);
    return true;
}

static void join(struct recorder *r, int rule, const struct notice_ref *ref, bool acknowledged)
{
    struct notices *notices = &r->shared->notices;
    struct notice_state *notice = notice_gathering(notices, rule);
    struct notice_state lost = {.rule = rule};

    if (notice == NULL) {
        notices_have_room(r);
        notice = notices_begin(notices, rule, r->shared->time_ms);
        if (notice != NULL)
            notice->acknowledged = acknowledged;
    }
    if (notice != NULL) {
        if (ref->outage != 0 && !ref->over) /* nobody looks after this one yet */
            notice->acknowledged = notice->acknowledged && acknowledged;
        notice_add_ref(notice, ref);
        return;
    }
    lost.id = notices->newest_id;
    notice_add_ref(&lost, ref);
    record_notice_dropped(r, &lost);
}

/* What tells of the outage tells of nothing that goes on. */
static void end_outage(struct notices *notices, uint64_t outage)
{
    for (int i = 0; i < notices->n; i++)
        for (int k = 0; k < notices->list[i].n_refs; k++)
            if (notices->list[i].refs[k].outage == outage)
                notices->list[i].refs[k].over = true;
}

void notice_raise(struct recorder *r, const struct news *news)
{
    const struct model *model = r->shared->model;
    struct notice_ref ref = {.event = (uint8_t)news->event,
                             .severity = SEVERITY_COUNT,
                             .over = news->over,
                             .seq = news->seq,
                             .outage = news->outage,
                             .window = news->window};
    bool acknowledged;

    if (model->notices == NULL || r->shared->level < FEATURE_NOTICE)
        return;
    if (news->over)
        end_outage(&r->shared->notices, news->outage);
    if (news->function >= 0)
        ref.severity = (uint8_t)model->functions[news->function].severity;
    acknowledged = news->function >= 0 &&
                   r->shared->functions[news->function].acknowledged_outage == news->outage;
    for (int i = 0; i < model->notices->n_rules; i++)
        if (model->notices->rules[i].n_steps > 0 && shared_wants(model, i, news))
            join(r, i, &ref, acknowledged);
}

void notice_acknowledge(struct recorder *r, uint64_t outage)
{
    struct shared *shared = r->shared;

    for (int i = 0; i < shared->model->n_functions; i++)
        if (shared->functions[i].outage == outage + 1)
            shared->functions[i].acknowledged_outage = outage + 1;
    for (int i = 0; i < shared->notices.n; i++) {
        struct notice_state *notice = &shared->notices.list[i];

        for (int k = 0; k < notice->n_refs; k++)
            if (notice->refs[k].outage == outage + 1)
                notice->acknowledged = true;
    }
}

/* ---- and forgotten ---- */

void notices_settle(struct shared *shared)
{
    struct notices *notices = &shared->notices;
    int i = 0;

    while (i < notices->n)
        if (notices->list[i].steps > 0 && notice_delivered(&notices->list[i]) &&
            !shared_escalates(shared, &notices->list[i]))
            notices_drop(notices, i);
        else
            i++;
}

void notices_enabled(struct shared *shared)
{
    for (int i = 0; i < shared->n_windows; i++) {
        struct window_state *window = &shared->windows[i];

        window->begun = window->start_ms < shared->time_ms - NOTICE_LATE_MS;
        window->over = window->end_ms < shared->time_ms - NOTICE_LATE_MS;
    }
}

/* ---- another configuration ---- */

static int same_rule(const struct notice_config *old, const struct notice_config *config, int rule)
{
    for (int i = 0; config != NULL && i < config->n_rules; i++)
        if (strcmp(config->rules[i].name, old->rules[rule].name) == 0)
            return i;
    return -1;
}

static int same_receiver(const struct notice_config *old, const struct notice_config *config,
                         int receiver)
{
    for (int i = 0; config != NULL && i < config->n_receivers; i++)
        if (strcmp(config->receivers[i].name, old->receivers[receiver].name) == 0)
            return i;
    return -1;
}

static void follow_receivers(struct recorder *r, struct notice_state *notice,
                             const struct notice_config *config)
{
    const struct notice_config *old = r->shared->model->notices;
    int i, kept = 0;

    for (i = 0; i < notice->n_deliveries; i++) {
        struct delivery *delivery = &notice->deliveries[i];
        int to = same_receiver(old, config, delivery->receiver);

        if (to < 0 && is_waiting(delivery))
            record_notice_given_up(r, notice, delivery);
        if (to < 0)
            continue;
        notice->deliveries[kept] = *delivery;
        notice->deliveries[kept++].receiver = (uint8_t)to;
    }
    notice->n_deliveries = kept;
}

static void follow_times(struct shared *shared, const struct notice_config *config)
{
    const struct notice_config *old = shared->model->notices;
    int64_t told_ms[LIMIT_NOTICE_RULES] = {0};
    uint32_t lasting;
    int i, k, to;

    for (i = 0; i < old->n_rules; i++)
        if ((to = same_rule(old, config, i)) >= 0)
            told_ms[to] = shared->notices.told_ms[i];
    memcpy(shared->notices.told_ms, told_ms, sizeof told_ms);
    for (k = 0; k < shared->model->n_functions; k++) {
        lasting = 0;
        for (i = 0; i < old->n_rules; i++)
            if (shared->functions[k].lasting >> i & 1 && (to = same_rule(old, config, i)) >= 0)
                lasting |= UINT32_C(1) << to;
        shared->functions[k].lasting = lasting;
    }
}

void notices_follow(struct recorder *r, const struct model *model)
{
    struct notices *notices = &r->shared->notices;
    const struct notice_config *old;
    int i = 0, rule;

    if (r->shared->model == NULL || r->shared->model->notices == NULL)
        return;
    old = r->shared->model->notices;
    while (i < notices->n) {
        struct notice_state *notice = &notices->list[i];

        rule = notice->rule >= 0 ? same_rule(old, model->notices, notice->rule) : -1;
        if (notice->rule >= 0 && rule < 0) {
            record_notice_dropped(r, notice);
            notices_drop(notices, i);
            continue;
        }
        follow_receivers(r, notice, model->notices);
        notice->rule = rule;
        i++;
    }
    follow_times(r->shared, model->notices);
}
