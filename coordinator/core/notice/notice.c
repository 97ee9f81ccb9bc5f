#include "core/notice/notice.h"

#include <inttypes.h>
#include <openssl/sha.h>
#include <stdio.h>

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
