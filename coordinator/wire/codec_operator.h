/* What operators have said, in a snapshot: pauses, drains, who is to lead. Internal to wire/. */
#ifndef WIRE_CODEC_OPERATOR_H
#define WIRE_CODEC_OPERATOR_H

#include "core/shared.h"
#include "state.pb-c.h"

#include <stdbool.h>

/* Room for the messages while a snapshot is packed. */
struct operator_parts {
    Kirikae__V1__PauseState pause;
    Kirikae__V1__DrainState drains[LIMIT_SERVERS];
    Kirikae__V1__DrainState *drain_list[LIMIT_SERVERS];
    Kirikae__V1__HandoverState handover;
};

void operator_put(const struct shared *shared, struct operator_parts *parts,
                  Kirikae__V1__State *message);
bool operator_get(const Kirikae__V1__State *message, struct shared *shared);

/* `m`, filled; NULL when nothing is paused. */
Kirikae__V1__PauseState *pause_put(const struct pause *pause, Kirikae__V1__PauseState *m);
bool pause_get(const Kirikae__V1__PauseState *m, struct pause *pause); /* NULL: not paused */

#endif
