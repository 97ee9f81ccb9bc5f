#include "wire/holding.h"

#include <endian.h>
#include <stdbool.h>
#include <string.h>

#define VERSION 1
#define ROUTE 24
#define CANDIDATE (ROUTE + LIMIT_NAME)

_Static_assert(CANDIDATE + LIMIT_NAME == HOLDING_HEAD, "");

size_t holding_encode(const struct holding_message *message, uint8_t bytes[HOLDING_BYTES])
{
    uint32_t epoch = htole32(message->epoch), fence = htole32(message->fence_ms);
    uint64_t time = htole64((uint64_t)message->time_ms);
    size_t text = strnlen(message->text, HOLDING_TEXT - 1);

    memset(bytes, 0, HOLDING_HEAD);
    memcpy(bytes, "KH", 2);
    bytes[2] = VERSION;
    bytes[3] = (uint8_t)message->kind;
    memcpy(bytes + 4, &epoch, sizeof epoch);
    memcpy(bytes + 8, &time, sizeof time);
    memcpy(bytes + 16, &fence, sizeof fence);
    bytes[20] = (uint8_t)message->why;
    memcpy(bytes + ROUTE, message->route, strnlen(message->route, LIMIT_NAME - 1));
    memcpy(bytes + CANDIDATE, message->candidate, strnlen(message->candidate, LIMIT_NAME - 1));
    memcpy(bytes + HOLDING_HEAD, message->text, text);
    return HOLDING_HEAD + text;
}

/* A name, and zeros behind it. */
static bool get_name(const uint8_t *bytes, char name[LIMIT_NAME])
{
    size_t len = strnlen((const char *)bytes, LIMIT_NAME), i;

    for (i = len; i < LIMIT_NAME; i++)
        if (bytes[i] != 0)
            return false;
    memcpy(name, bytes, LIMIT_NAME);
    return len < LIMIT_NAME;
}

int holding_decode(const uint8_t *bytes, size_t len, struct holding_message *message,
                   struct err *err)
{
    uint32_t epoch, fence;
    uint64_t time;

    if (len < HOLDING_HEAD || len >= HOLDING_BYTES || memcmp(bytes, "KH", 2) != 0)
        return err_set(err, ERR_INVALID, "%zu bytes that are no message of a helper", len);
    if (bytes[2] != VERSION)
        return err_set(err, ERR_INVALID, "a message of version %d, this is %d", bytes[2], VERSION);
    if (bytes[3] < HOLDING_HOLD || bytes[3] > HOLDING_FAILED || bytes[20] > HOLDING_LOST)
        return err_set(err, ERR_INVALID, "a message of unknown kind %d.%d", bytes[3], bytes[20]);
    memcpy(&epoch, bytes + 4, sizeof epoch);
    memcpy(&time, bytes + 8, sizeof time);
    memcpy(&fence, bytes + 16, sizeof fence);
    message->kind = (enum holding_kind)bytes[3];
    message->epoch = le32toh(epoch);
    message->time_ms = (int64_t)le64toh(time);
    message->fence_ms = le32toh(fence);
    message->why = (enum holding_why)bytes[20];
    if (message->time_ms < 0 || message->fence_ms > HOLDING_FENCE_MAX_MS)
        return err_set(err, ERR_INVALID, "a message with a time out of range");
    if (!get_name(bytes + ROUTE, message->route) || message->route[0] == '\0' ||
        !get_name(bytes + CANDIDATE, message->candidate))
        return err_set(err, ERR_INVALID, "a message with a name that is none");
    if (memchr(bytes + HOLDING_HEAD, 0, len - HOLDING_HEAD) != NULL)
        return err_set(err, ERR_INVALID, "a message with a zero in its text");
    memcpy(message->text, bytes + HOLDING_HEAD, len - HOLDING_HEAD);
    message->text[len - HOLDING_HEAD] = '\0';
    return 0;
}
