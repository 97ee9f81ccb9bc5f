#include "wire/codec_operator.h"
#include "wire/pb.h"

Kirikae__V1__PauseState *pause_put(const struct pause *pause, Kirikae__V1__PauseState *m)
{
    if (pause->until_ms == 0)
        return NULL;
    kirikae__v1__pause_state__init(m);
    m->until_time = pb_time(pause->until_ms);
    m->since_time = pb_time(pause->since_ms);
    m->who = (char *)pause->who;
    m->reason = (char *)pause->reason;
    return m;
}

bool pause_get(const Kirikae__V1__PauseState *m, struct pause *pause)
{
    if (m == NULL)
        return true;
    pause->until_ms = pb_time_back(m->until_time);
    pause->since_ms = pb_time_back(m->since_time);
    return pb_text(pause->who, sizeof pause->who, m->who) &&
           pb_text(pause->reason, sizeof pause->reason, m->reason);
}

static void put_drains(const struct shared *shared, struct operator_parts *p,
                       Kirikae__V1__State *message)
{
    for (uint32_t i = 0; i < LIMIT_SERVERS; i++) {
        Kirikae__V1__DrainState *m = &p->drains[i];

        if (shared->drains[i].since_ms == 0)
            continue;
        kirikae__v1__drain_state__init(m);
        m->server = i;
        m->since_time = pb_time(shared->drains[i].since_ms);
        m->who = (char *)shared->drains[i].who;
        m->reason = (char *)shared->drains[i].reason;
        p->drain_list[message->n_drains++] = m;
    }
    message->drains = p->drain_list;
}

void operator_put(const struct shared *shared, struct operator_parts *p,
                  Kirikae__V1__State *message)
{
    const struct handover *handover = &shared->handover;

    message->pause = pause_put(&shared->pause, &p->pause);
    put_drains(shared, p, message);
    if (handover->until_ms == 0)
        return;
    kirikae__v1__handover_state__init(&p->handover);
    p->handover.server = (uint32_t)handover->server;
    p->handover.until_time = pb_time(handover->until_ms);
    p->handover.led = handover->led;
    p->handover.command_id = pb_id_of(handover->command.bytes);
    message->handover = &p->handover;
}

static bool get_drains(const Kirikae__V1__State *message, struct shared *shared)
{
    for (size_t i = 0; i < message->n_drains; i++) {
        const Kirikae__V1__DrainState *m = message->drains[i];
        struct drain *drain;

        /* Strictly rising: each server once. */
        if (m->server >= LIMIT_SERVERS || (i > 0 && m->server <= message->drains[i - 1]->server))
            return false;
        drain = &shared->drains[m->server];
        drain->since_ms = pb_time_back(m->since_time);
        if (!pb_text(drain->who, sizeof drain->who, m->who) ||
            !pb_text(drain->reason, sizeof drain->reason, m->reason))
            return false;
    }
    return true;
}

bool operator_get(const Kirikae__V1__State *message, struct shared *shared)
{
    const Kirikae__V1__HandoverState *m = message->handover;
    struct handover *handover = &shared->handover;

    if (!pause_get(message->pause, &shared->pause) || !get_drains(message, shared))
        return false;
    if (m == NULL)
        return true;
    if (m->server >= LIMIT_SERVERS || !pb_id(handover->command.bytes, &m->command_id))
        return false;
    handover->server = (int)m->server;
    handover->until_ms = pb_time_back(m->until_time);
    handover->led = m->led;
    return true;
}
