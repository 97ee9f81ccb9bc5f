#include "wire/codec_notice.h"
#include "base/mem.h"
#include "base/utc.h"
#include "wire/pb.h"

/* ---- entries ---- */

void notice_put(const struct entry *entry, Kirikae__V1__Notice *m)
{
    kirikae__v1__notice__init(m);
    m->act = entry->notice.act;
    m->notice = entry->notice.notice;
    m->receivers = entry->notice.receivers;
    m->step = (uint32_t)(entry->notice.step + 1);
    m->node = (uint32_t)entry->notice.node;
    m->boot = entry->notice.boot;
    m->receiver = (uint32_t)entry->notice.receiver;
    m->attempt = entry->notice.attempt;
    m->at_ms = entry->notice.at_ms;
    m->unsure = entry->notice.unsure;
    m->rule = (uint32_t)entry->notice.rule;
    m->subject = entry->notice.subject;
}

bool notice_get(const Kirikae__V1__Notice *m, struct entry *entry)
{
    if (m->act < NOTICE_ACT_SEND || m->act > NOTICE_ACT_TEST || m->step > LIMIT_NOTICE_STEPS ||
        m->node >= LIMIT_SERVERS || m->receiver >= LIMIT_RECEIVERS ||
        m->rule >= LIMIT_NOTICE_RULES || m->at_ms < -UTC_MOST_MS || m->at_ms > UTC_MOST_MS)
        return false;
    entry->notice.act = (enum notice_act)m->act;
    entry->notice.notice = m->notice;
    entry->notice.receivers = m->receivers;
    entry->notice.step = (int)m->step - 1;
    entry->notice.node = (int)m->node;
    entry->notice.boot = m->boot;
    entry->notice.receiver = (int)m->receiver;
    entry->notice.attempt = m->attempt;
    entry->notice.at_ms = m->at_ms;
    entry->notice.unsure = m->unsure;
    entry->notice.rule = (int)m->rule;
    entry->notice.subject = m->subject;
    return true;
}

/* ---- snapshots ---- */

struct notice_parts {
    Kirikae__V1__NoticeState head;
    Kirikae__V1__NoticeRef refs[LIMIT_NOTICE_REFS];
    Kirikae__V1__NoticeRef *ref_list[LIMIT_NOTICE_REFS];
    Kirikae__V1__Delivery deliveries[LIMIT_NOTICE_DELIVERIES];
    Kirikae__V1__Delivery *delivery_list[LIMIT_NOTICE_DELIVERIES];
};

static void put_ref(const struct notice_ref *ref, Kirikae__V1__NoticeRef *m)
{
    kirikae__v1__notice_ref__init(m);
    m->event = ref->event;
    m->severity = ref->severity < SEVERITY_COUNT ? ref->severity + 1u : 0;
    m->over = ref->over;
    m->seq = ref->seq;
    m->outage = ref->outage;
    m->window = ref->window;
}

static void put_delivery(const struct delivery *delivery, Kirikae__V1__Delivery *m)
{
    kirikae__v1__delivery__init(m);
    m->receiver = delivery->receiver;
    m->phase = delivery->phase;
    m->node = delivery->node;
    m->boot = delivery->boot;
    m->attempts = delivery->attempts;
    m->unsure = delivery->unsure;
    m->first_time = pb_time(delivery->first_ms);
    m->sent_time = pb_time(delivery->sent_ms);
    m->due_time = pb_time(delivery->due_ms);
    m->accepted_time = pb_time(delivery->accepted_ms);
}

static void put_state(const struct notice_state *notice, struct notice_parts *p)
{
    kirikae__v1__notice_state__init(&p->head);
    p->head.id = notice->id;
    p->head.rule = (uint32_t)(notice->rule + 1);
    p->head.raised_time = pb_time(notice->raised_ms);
    p->head.acknowledged = notice->acknowledged;
    p->head.steps = (uint32_t)notice->steps;
    p->head.more = notice->more;
    for (int i = 0; i < notice->n_refs; i++) {
        put_ref(&notice->refs[i], &p->refs[i]);
        p->ref_list[i] = &p->refs[i];
    }
    p->head.n_refs = (size_t)notice->n_refs;
    p->head.refs = p->ref_list;
    for (int i = 0; i < notice->n_deliveries; i++) {
        put_delivery(&notice->deliveries[i], &p->deliveries[i]);
        p->delivery_list[i] = &p->deliveries[i];
    }
    p->head.n_deliveries = (size_t)notice->n_deliveries;
    p->head.deliveries = p->delivery_list;
}

void notices_put(const struct shared *shared, struct notices_parts *parts,
                 Kirikae__V1__State *message)
{
    const struct notices *notices = &shared->notices;
    size_t n = (size_t)notices->n;

    *parts = (struct notices_parts){0};
    if (notices->newest_id == 0)
        return;
    kirikae__v1__notices_state__init(&parts->head);
    parts->each = mem_zalloc(n, sizeof *parts->each);
    parts->head.notices = mem_zalloc(n, sizeof *parts->head.notices);
    parts->head.newest_time = mem_zalloc(LIMIT_NOTICE_RULES, sizeof *parts->head.newest_time);
    parts->head.newest_id = notices->newest_id;
    parts->head.n_newest_time = LIMIT_NOTICE_RULES;
    for (int i = 0; i < LIMIT_NOTICE_RULES; i++)
        parts->head.newest_time[i] = pb_time(notices->told_ms[i]);
    parts->head.n_notices = n;
    for (size_t i = 0; i < n; i++) {
        put_state(&notices->list[i], &parts->each[i]);
        parts->head.notices[i] = &parts->each[i].head;
    }
    message->notices = &parts->head;
}

void notices_parts_free(struct notices_parts *parts)
{
    mem_free(parts->each);
    mem_free(parts->head.notices);
    mem_free(parts->head.newest_time);
}

static bool get_ref(const Kirikae__V1__NoticeRef *m, struct notice_ref *ref)
{
    if (m->event >= NOTICE_EVENTS || m->severity > SEVERITY_COUNT)
        return false;
    *ref = (struct notice_ref){.event = (uint8_t)m->event,
                               .severity = m->severity > 0 ? (uint8_t)(m->severity - 1)
                                                           : (uint8_t)SEVERITY_COUNT,
                               .over = m->over,
                               .seq = m->seq,
                               .outage = m->outage,
                               .window = m->window};
    return true;
}

static bool get_delivery(const Kirikae__V1__Delivery *m, const struct notice_config *config,
                         struct notice_state *notice)
{
    if (m->receiver >= (uint32_t)config->n_receivers || m->phase > DELIVERY_GIVEN_UP ||
        m->node >= LIMIT_SERVERS || notice_delivery(notice, (int)m->receiver) != NULL)
        return false;
    notice->deliveries[notice->n_deliveries++] =
        (struct delivery){.receiver = (uint8_t)m->receiver,
                          .phase = (uint8_t)m->phase,
                          .node = (uint8_t)m->node,
                          .boot = m->boot,
                          .attempts = m->attempts,
                          .unsure = m->unsure,
                          .first_ms = pb_time_back(m->first_time),
                          .sent_ms = pb_time_back(m->sent_time),
                          .due_ms = pb_time_back(m->due_time),
                          .accepted_ms = pb_time_back(m->accepted_time)};
    return true;
}

static bool get_state(const Kirikae__V1__NoticeState *m, const struct notice_config *config,
                      struct notice_state *notice)
{
    if (m->rule > (uint32_t)config->n_rules || m->steps > LIMIT_NOTICE_STEPS ||
        m->n_refs > LIMIT_NOTICE_REFS || m->n_deliveries > LIMIT_NOTICE_DELIVERIES)
        return false;
    *notice = (struct notice_state){.id = m->id,
                                    .rule = (int)m->rule - 1,
                                    .raised_ms = pb_time_back(m->raised_time),
                                    .acknowledged = m->acknowledged,
                                    .steps = (int)m->steps,
                                    .more = m->more};
    for (size_t i = 0; i < m->n_refs; i++)
        if (!get_ref(m->refs[i], &notice->refs[notice->n_refs++]))
            return false;
    for (size_t i = 0; i < m->n_deliveries; i++)
        if (!get_delivery(m->deliveries[i], config, notice))
            return false;
    return true;
}

bool notices_get(const Kirikae__V1__State *message, struct shared *shared)
{
    static const struct notice_config none;
    const Kirikae__V1__NoticesState *m = message->notices;
    const struct notice_config *config = &none;
    struct notices *notices = &shared->notices;

    if (m == NULL)
        return true;
    if (shared->model != NULL && shared->model->notices != NULL)
        config = shared->model->notices;
    if (m->n_notices > LIMIT_NOTICES || m->n_newest_time > LIMIT_NOTICE_RULES ||
        (config == &none && m->n_notices > 0))
        return false;
    notices->newest_id = m->newest_id;
    for (size_t i = 0; i < m->n_newest_time; i++)
        notices->told_ms[i] = pb_time_back(m->newest_time[i]);
    notices->list = mem_zalloc(m->n_notices, sizeof *notices->list);
    for (size_t i = 0; i < m->n_notices; i++, notices->n++)
        if ((i > 0 && m->notices[i]->id <= m->notices[i - 1]->id) ||
            m->notices[i]->id > m->newest_id ||
            !get_state(m->notices[i], config, &notices->list[i]))
            return false;
    return true;
}
