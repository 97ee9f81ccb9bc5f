/* Notices in entries and in a snapshot. Internal to wire/ (codec_entry.c, codec_shared.c). */
#ifndef WIRE_CODEC_NOTICE_H
#define WIRE_CODEC_NOTICE_H

#include "core/shared.h"
#include "entry.pb-c.h"
#include "state.pb-c.h"

void notice_put(const struct entry *entry, Kirikae__V1__Notice *message);
/* False: a value is out of its range. */
bool notice_get(const Kirikae__V1__Notice *message, struct entry *entry);

/* Allocated while a snapshot is packed: notices_parts_free(). */
struct notices_parts {
    Kirikae__V1__NoticesState head;
    struct notice_parts *each;
};
void notices_put(const struct shared *shared, struct notices_parts *parts,
                 Kirikae__V1__State *message);
void notices_parts_free(struct notices_parts *parts);
/* After the configuration; false: it does not fit it, or the limits. */
bool notices_get(const Kirikae__V1__State *message, struct shared *shared);

#endif
