/* The node that an intent names: tells receivers, and says what came of it until the state shows
 * it. Also what each site tells by itself while the quorum is lost. */
#include "base/mem.h"
#include "base/plain.h"
#include "base/utc.h"
#include "core/engine_private.h"
#include "core/feature.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TELLINGS_MAX 256    /* at once; the leader names this node again for others */
#define LOST_AFTER_MS 10000 /* an attempt's time-out: nobody will hear of it any more */
#define TELL_LATE_MS (LOST_AFTER_MS - 2 * CLOCK_BOUND_MS - 1000)
#define LOST_MS 10000        /* no majority is known of for so long: no mere election */
#define LOST_SETTLES_MS 5000 /* who begins to tell of it later may not be the first */

const struct delivery *tell_under_way(const struct engine *engine, uint64_t notice, int receiver,
                                      int node, uint64_t boot, uint32_t attempt)
{
    const struct notice_state *state = notice_find(&engine->shared->notices, notice);
    const struct delivery *delivery =
        state != NULL && receiver >= 0 ? notice_delivery(state, receiver) : NULL;

    return delivery != NULL && delivery->phase == DELIVERY_SENDING && delivery->node == node &&
                   delivery->boot == boot && delivery->attempts == attempt
               ? delivery
               : NULL;
}

static int64_t timeout_ms(const struct engine *engine, int receiver)
{
    const struct notice_config *config = engine->model->notices;

    return config->channels[config->receivers[receiver].channel].timeout_ms;
}

int64_t tell_lost_ms(const struct engine *engine, const struct delivery *delivery)
{
    return delivery->sent_ms + timeout_ms(engine, delivery->receiver) + LOST_AFTER_MS;
}

/* ---- orders ---- */

static struct telling *telling_of(struct engine *engine, uint64_t notice, int receiver,
                                  uint32_t attempt)
{
    for (int i = 0; i < engine->n_tellings; i++) {
        struct telling *t = &engine->tellings[i];

        if (t->notice == notice && t->receiver == receiver && t->attempt == attempt)
            return t;
    }
    return NULL;
}

static void is_told(struct telling *telling, struct moment now, bool accepted, bool unsure,
                    const char *text)
{
    telling->done = true;
    telling->accepted = accepted;
    telling->unsure = unsure;
    telling->done_ms = now.boot_ms;
    text = text != NULL ? text : "";
    memcpy(telling->text, text, plain_cut(text, strlen(text), sizeof telling->text - 1));
    plain_clean(telling->text);
}

/* This node was behind: another was named by now, or would be before it is done. Clocks may differ
 * by twice their bound; and after a time without a quorum only this node's own may tell how long
 * that was. One that is wrong costs an attempt. */
static bool is_late(const struct engine *engine, struct moment now, const struct delivery *delivery)
{
    int64_t ms = engine_time_ms(engine, now);

    return (now.utc_ms > ms ? now.utc_ms : ms) >= delivery->sent_ms + TELL_LATE_MS;
}

static void order(struct engine *engine, struct moment now, const struct notice_state *notice,
                  const struct delivery *delivery, struct effects *effects)
{
    const struct notice_config *config = engine->model->notices;
    struct telling *telling;
    struct effect *effect;

    if (engine->n_tellings == TELLINGS_MAX)
        return;
    engine->tellings =
        mem_realloc(engine->tellings, (size_t)engine->n_tellings + 1, sizeof engine->tellings[0]);
    telling = &engine->tellings[engine->n_tellings++];
    *telling = (struct telling){.notice = notice->id,
                                .asked = delivery->receiver,
                                .receiver = delivery->receiver,
                                .attempt = delivery->attempts};
    if (is_late(engine, now, delivery)) {
        is_told(telling, now, false, false, "the order came too late");
        return;
    }
    effect = engine_add(effects, EFFECT_TELL);
    effect->tell = (struct tell_order){.notice = notice->id,
                                       .receiver = delivery->receiver,
                                       .attempt = delivery->attempts,
                                       .repeat = delivery->unsure};
    notice_key(engine->model->cluster, notice, config->receivers[delivery->receiver].name,
               effect->tell.key);
}

void tell_applied(struct engine *engine, struct moment now, struct effects *effects)
{
    const struct notices *notices = &engine->shared->notices;
    int i, k, kept = 0;

    for (i = 0; i < engine->n_tellings; i++) {
        const struct telling *t = &engine->tellings[i];

        if (tell_under_way(engine, t->notice, t->receiver, engine->self, engine->boot,
                           t->attempt) != NULL)
            engine->tellings[kept++] = *t;
    }
    engine->n_tellings = kept;
    for (i = 0; i < notices->n; i++)
        for (k = 0; k < notices->list[i].n_deliveries; k++) {
            const struct delivery *d = &notices->list[i].deliveries[k];

            if (d->phase == DELIVERY_SENDING && d->node == engine->self &&
                d->boot == engine->boot &&
                telling_of(engine, notices->list[i].id, d->receiver, d->attempts) == NULL)
                order(engine, now, &notices->list[i], d, effects);
        }
}

/* ---- receipts ---- */

void tell_fill(struct engine *engine, struct moment now, struct beat *beat)
{
    beat->certificate_ms = engine->peers[engine->self].certificate_ms;
    if (engine_leads(engine))
        return;
    for (int i = 0; i < engine->n_tellings; i++) {
        const struct telling *t =
            &engine->tellings[engine->tell_turn_notice++ % (unsigned)engine->n_tellings];

        if (!t->done || t->receiver < 0)
            continue;
        beat->receipt = (struct receipt_word){.notice = t->notice,
                                              .receiver = (uint8_t)t->receiver,
                                              .attempt = t->attempt,
                                              .accepted = t->accepted,
                                              .unsure = t->unsure,
                                              .age_ms = boot_age(now.boot_ms, t->done_ms)};
        memcpy(beat->receipt.text, t->text, sizeof beat->receipt.text);
        return;
    }
}

void tell_follow(struct engine *engine, const struct route_names *old)
{
    const struct notice_config *config = engine->model->notices;
    int i, k;

    engine->lost = (struct quorum_lost){0}; /* it is told anew, by what is configured now */
    for (i = 0; i < engine->n_tellings; i++) {
        struct telling *t = &engine->tellings[i];
        const char *name =
            t->receiver >= 0 && t->receiver < old->n_receivers ? old->receivers[t->receiver] : "";

        t->receiver = -1;
        for (k = 0; config != NULL && k < config->n_receivers; k++)
            if (strcmp(config->receivers[k].name, name) == 0)
                t->receiver = k;
    }
}

/* ---- the quorum is lost ---- */

/* Hears no lower one of its site that runs. */
static bool speaks_for_site(const struct engine *engine)
{
    for (int i = 0; i < engine->self; i++)
        if (engine->model->servers[i].site == engine->model->servers[engine->self].site &&
            (engine->heard & server_bit(i)))
            return false;
    return true;
}

static receiver_set told_of_loss(const struct notice_config *config)
{
    receiver_set set = 0;

    for (int i = 0; i < config->n_rules; i++)
        if ((config->rules[i].events >> NOTICE_QUORUM_LOST & 1) && config->rules[i].n_steps > 0)
            set |= config->rules[i].steps[0].receivers;
    return set;
}

static void tell_loss(struct engine *engine, struct moment now, int receiver,
                      struct effects *effects)
{
    struct lost_delivery *d = &engine->lost.deliveries[receiver];
    int site = engine->model->servers[engine->self].site;
    struct effect *effect = engine_add(effects, EFFECT_TELL);
    char what[48];

    d->attempt++;
    d->due_ms = now.boot_ms + timeout_ms(engine, receiver) + 10000;
    effect->tell = (struct tell_order){.receiver = receiver,
                                       .attempt = d->attempt,
                                       .repeat = d->unsure,
                                       .since_ms = engine->lost.since_utc_ms,
                                       .site = site};
    snprintf(what, sizeof what, "quorum-%d-%" PRIu64, site, engine->lost.index);
    notice_key_of(engine->model->cluster, what, engine->lost.time_ms,
                  engine->model->notices->receivers[receiver].name, effect->tell.key);
    d->unsure = true; /* until it is heard */
}

static void begin_loss(struct engine *engine, struct moment now, int64_t since_ms)
{
    bool late =
        engine->knew_ms == BOOT_NEVER || now.boot_ms - since_ms >= LOST_MS + LOST_SETTLES_MS;

    engine->lost =
        (struct quorum_lost){.on = true,
                             .since_utc_ms = engine_time_ms(engine, now) - (now.boot_ms - since_ms),
                             .index = engine->shared->index,
                             .time_ms = engine->shared->time_ms,
                             .receivers = told_of_loss(engine->model->notices)};
    for (int i = 0; i < LIMIT_RECEIVERS; i++) {
        engine->lost.deliveries[i].due_ms = now.boot_ms;
        engine->lost.deliveries[i].unsure = late; /* another may have told it by now */
    }
}

/* Somebody who is heard leads, and hears a majority. */
static bool is_led(const struct engine *engine)
{
    for (int i = 0; i < engine->model->n_coordinators; i++)
        if (i != engine->self && (engine->heard & server_bit(i)) && engine->peers[i].leader &&
            !engine->peers[i].abstain)
            return true;
    return false;
}

void tell_tick(struct engine *engine, struct moment now, struct effects *effects)
{
    const struct notice_config *config = engine->model->notices;
    int64_t since_ms = engine->knew_ms == BOOT_NEVER ? engine->started_ms : engine->knew_ms;

    if (config == NULL || engine->shared->model == NULL || engine->shared->level < FEATURE_NOTICE)
        return;
    if (now.boot_ms - since_ms < LOST_MS || is_led(engine)) {
        engine->lost.on = false;
        return;
    }
    if (!speaks_for_site(engine) || now.boot_ms < engine->suspect_until_ms)
        return;
    if (!engine->lost.on)
        begin_loss(engine, now, since_ms);
    for (int i = 0; i < config->n_receivers; i++)
        if ((engine->lost.receivers & receiver_bit(i)) && !engine->lost.deliveries[i].accepted &&
            now.boot_ms >= engine->lost.deliveries[i].due_ms)
            tell_loss(engine, now, i, effects);
}

static void loss_told(struct engine *engine, const struct event *event)
{
    struct lost_delivery *d = &engine->lost.deliveries[event->told.receiver];

    if (!engine->lost.on || event->told.attempt != d->attempt)
        return;
    d->accepted = event->told.code == 0;
    d->unsure = event->told.unsure;
    d->due_ms = event->now.boot_ms + notice_backoff_ms(d->attempt);
}

/* ---- what came of it ---- */

void tell_told(struct engine *engine, const struct event *event)
{
    if (event->told.receiver < 0 || event->told.receiver >= LIMIT_RECEIVERS)
        return;
    if (event->told.notice == 0) {
        loss_told(engine, event);
        return;
    }
    for (int i = 0; i < engine->n_tellings; i++) {
        struct telling *t = &engine->tellings[i];

        if (t->notice == event->told.notice && t->asked == event->told.receiver &&
            t->attempt == event->told.attempt && !t->done) {
            is_told(t, event->now, event->told.code == 0, event->told.unsure, event->told.text);
            engine->next_beat_ms = event->now.boot_ms;
            engine->notices_ms = event->now.boot_ms;
        }
    }
}
