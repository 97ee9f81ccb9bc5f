#include "core/failover/outbox.h"

void outbox_init(struct outslot *slot)
{
    *slot = (struct outslot){.next_ms = INT64_MIN, .reported_ms = INT64_MIN};
}

bool outbox_due(struct outslot *slot, const struct placement *placement, int64_t now_ms)
{
    bool other = slot->epoch != placement->epoch || slot->step != placement->step;

    if (!other && (slot->busy || now_ms < slot->next_ms))
        return false;
    if (other) {
        slot->epoch = placement->epoch;
        slot->step = placement->step;
        slot->tries = 0;
        slot->reported_ms = INT64_MIN;
    }
    slot->busy = true;
    return true;
}

bool outbox_ended(struct outslot *slot, bool ok, int64_t now_ms)
{
    int64_t wait = OUTBOX_RETRY_MS;
    int i;

    slot->busy = false;
    if (ok) {
        slot->tries = 0;
        slot->next_ms = now_ms + OUTBOX_ASSERT_MS;
        return false;
    }
    for (i = 0; i < slot->tries && wait < OUTBOX_RETRY_MAX_MS; i++)
        wait *= 2;
    slot->tries++;
    slot->next_ms = now_ms + (wait < OUTBOX_RETRY_MAX_MS ? wait : OUTBOX_RETRY_MAX_MS);
    if (slot->reported_ms != INT64_MIN && now_ms - slot->reported_ms < OUTBOX_REPORT_MS)
        return false;
    slot->reported_ms = now_ms;
    return true;
}
