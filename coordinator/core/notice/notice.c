#include "core/notice/notice.h"
#include "base/check.h"
#include "base/mem.h"

#include <inttypes.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

/* Names may be anything that people call things: the digest stands for them. */
#define DIGEST_CHARS 40

void notice_key_of(const char *cluster, const char *what, int64_t time_ms, const char *receiver,
                   char key[NOTICE_KEY_MAX])
{
    char text[2 * LIMIT_NAME + 128];
    uint8_t digest[SHA256_DIGEST_LENGTH];
    size_t used;
    int n =
        snprintf(text, sizeof text, "%s\n%s\n%" PRId64 "\n%s", cluster, what, time_ms, receiver);

    SHA256((const uint8_t *)text, (size_t)n, digest);
    used = (size_t)snprintf(key, NOTICE_KEY_MAX, "%s-", what);
    for (int i = 0; i < DIGEST_CHARS / 2; i++)
        used += (size_t)snprintf(key + used, NOTICE_KEY_MAX - used, "%02x", digest[i]);
}

void notice_key(const char *cluster, const struct notice_state *notice, const char *receiver,
                char key[NOTICE_KEY_MAX])
{
    char what[48];

    snprintf(what, sizeof what, "notice-%" PRIu64, notice->id);
    notice_key_of(cluster, what, notice->raised_ms, receiver, key);
}

struct notice_state *notice_find(const struct notices *notices, uint64_t id)
{
    for (int i = 0; i < notices->n; i++)
        if (notices->list[i].id == id)
            return &notices->list[i];
    return NULL;
}

struct delivery *notice_delivery(const struct notice_state *notice, int receiver)
{
    for (int i = 0; i < notice->n_deliveries; i++)
        if (notice->deliveries[i].receiver == receiver)
            return (struct delivery *)&notice->deliveries[i];
    return NULL;
}

struct notice_state *notice_gathering(const struct notices *notices, int rule)
{
    for (int i = 0; i < notices->n; i++)
        if (notices->list[i].rule == rule && notices->list[i].steps == 0)
            return &notices->list[i];
    return NULL;
}

struct notice_state *notices_begin(struct notices *notices, int rule, int64_t raised_ms)
{
    struct notice_state *notice;

    notices->newest_id++;
    if (notices->n == LIMIT_NOTICES)
        return NULL;
    notices->list = mem_realloc(notices->list, (size_t)notices->n + 1, sizeof notices->list[0]);
    notice = &notices->list[notices->n++];
    *notice = (struct notice_state){.id = notices->newest_id, .rule = rule, .raised_ms = raised_ms};
    return notice;
}

/* Promises are counted by it: that customers were told of an outage, or of a window. */
static bool counts(const struct notice_ref *ref)
{
    return ref->outage != 0 || ref->window != 0;
}

/* Makes room for one that counts, at the expense of the newest that does not. */
static void make_room(struct notice_state *notice)
{
    int i = notice->n_refs;

    while (i > 0 && counts(&notice->refs[i - 1]))
        i--;
    if (i == 0)
        return;
    memmove(&notice->refs[i - 1], &notice->refs[i],
            (size_t)(notice->n_refs - i) * sizeof notice->refs[0]);
    notice->n_refs--;
    notice->more++;
}

void notice_add_ref(struct notice_state *notice, const struct notice_ref *ref)
{
    if (notice->more == UINT32_MAX)
        return;
    if (notice->n_refs == LIMIT_NOTICE_REFS && counts(ref))
        make_room(notice);
    if (notice->n_refs < LIMIT_NOTICE_REFS)
        notice->refs[notice->n_refs++] = *ref;
    else
        notice->more++;
}

void notice_deliver(struct notice_state *notice, int receiver, int64_t due_ms)
{
    if (notice_delivery(notice, receiver) != NULL)
        return;
    CHECK(notice->n_deliveries < LIMIT_NOTICE_DELIVERIES);
    notice->deliveries[notice->n_deliveries++] =
        (struct delivery){.receiver = (uint8_t)receiver, .phase = DELIVERY_DUE, .due_ms = due_ms};
}

bool notice_delivered(const struct notice_state *notice)
{
    for (int i = 0; i < notice->n_deliveries; i++)
        if (notice->deliveries[i].phase == DELIVERY_DUE ||
            notice->deliveries[i].phase == DELIVERY_SENDING)
            return false;
    return true;
}

void notices_drop(struct notices *notices, int at)
{
    memmove(notices->list + at, notices->list + at + 1,
            (size_t)(notices->n - at - 1) * sizeof notices->list[0]);
    notices->n--;
}

int64_t notice_backoff_ms(uint32_t attempt)
{
    static const int seconds[] = {5, 15, 45, 120, 300, 600};
    size_t at = attempt > 0 ? attempt - 1 : 0;

    return 1000ll * seconds[at < ARRAY_LEN(seconds) ? at : ARRAY_LEN(seconds) - 1];
}
