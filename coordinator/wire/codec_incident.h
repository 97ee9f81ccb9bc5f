/* The bodies of what operators say of an outage: ENTRY_INCIDENT, ENTRY_ACKNOWLEDGED, ENTRY_POST.
 * Internal to wire/ (codec_entry.c). */
#ifndef WIRE_CODEC_INCIDENT_H
#define WIRE_CODEC_INCIDENT_H

#include "core/entry.h"
#include "entry.pb-c.h"

/* Where the message stands while it is packed: the member of the entry's kind. */
union incident_message {
    Kirikae__V1__Incident incident;
    Kirikae__V1__Acknowledged acknowledged;
    Kirikae__V1__Post post;
};

void incident_put(const struct entry *entry, union incident_message *message);
/* False: a value is out of its range, and there is nothing to free. */
bool incident_get(const Kirikae__V1__Incident *message, struct entry *entry);
bool post_get(const Kirikae__V1__Post *message, struct entry *entry);

#endif
