/* The body of ENTRY_JOURNAL. Internal to wire/ (codec_entry.c). */
#ifndef WIRE_CODEC_JOURNAL_H
#define WIRE_CODEC_JOURNAL_H

#include "core/entry.h"
#include "entry.pb-c.h"

/* Where the message stands while it is packed. */
struct journal_message {
    Kirikae__V1__Journal head;
    Kirikae__V1__JournalSpan spans[LIMIT_JOURNAL_SPANS];
    Kirikae__V1__JournalSpan *list[LIMIT_JOURNAL_SPANS];
};

void journal_put(const struct entry *entry, struct journal_message *message);
/* False: a value is out of its range, and there is nothing to free. */
bool journal_get(const Kirikae__V1__Journal *message, struct entry *entry);

#endif
