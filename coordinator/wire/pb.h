/* What all codecs share: protobuf with a bound on memory, the envelope of what is
 * stored, and the small conversions of proto/. Internal to wire/. */
#ifndef WIRE_PB_H
#define WIRE_PB_H

#include "base/buf.h"
#include "base/err.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The message, or NULL when the bytes are none or would take far more memory than
 * their length can explain. pb_free() it. */
void *pb_unpack(const ProtobufCMessageDescriptor *type, const uint8_t *bytes, size_t len);
void pb_free(void *message); /* NULL is fine */

/* Appends the message. */
void pb_pack(const void *message, struct buf *out);

/* Appends format, key id, length and the message, padded with zeros to 8 bytes. */
void envelope_pack(const void *message, struct buf *out);
/* Finds the message inside; `what` names it in messages. */
int envelope_open(const char *what, const uint8_t *bytes, size_t len, size_t limit,
                  const uint8_t **inside, size_t *inside_len, struct err *err);

/* Times: UTC ms, zigzag-coded, plus one; UTC_NONE (INT64_MIN) becomes 0. */
static inline uint64_t pb_time(int64_t utc_ms)
{
    return (((uint64_t)utc_ms << 1) ^ (utc_ms < 0 ? UINT64_MAX : 0)) + 1;
}
static inline int64_t pb_time_back(uint64_t time)
{
    time -= 1;
    return (int64_t)((time >> 1) ^ ((time & 1) ? UINT64_MAX : 0));
}

/* Are all of them in the message, and in those inside of it (uint64 fields named `time` or
 * ..._time), near enough to add to and subtract, and the ones that must be known not "never"?
 * 0, or ERR_INVALID with the field's name; `what` is the message's for people. */
int pb_times(const char *what, const ProtobufCMessage *message, struct err *err);

/* Ages: plus one; AGE_NEVER (UINT32_MAX) becomes 0. */
static inline uint32_t pb_age(uint32_t age)
{
    return age + 1;
}
static inline uint32_t pb_age_back(uint32_t age)
{
    return age - 1;
}

/* Copies a text that is shorter than `size`; false when it is not. */
bool pb_text(char *into, size_t size, const char *text);
/* Copies 16 bytes, or none for all zero; false for any other length. */
bool pb_id(uint8_t into[16], const ProtobufCBinaryData *bytes);
/* Bytes of an id for a message: none when all zero. Borrowed. */
ProtobufCBinaryData pb_id_of(const uint8_t id[16]);

#endif
