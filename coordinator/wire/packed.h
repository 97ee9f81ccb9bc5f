/* Protobuf's bytes by hand, for the one message that is made and read hundreds of times a
 * second (codec_beat.c): scalars, and lists in their packed form. Internal to wire/.
 *
 * The writer gives the bytes that the generated code gives. The reader takes less than the
 * generated code: a list must come once and packed, as every writer of ours sends it. */
#ifndef WIRE_PACKED_H
#define WIRE_PACKED_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum wire_type { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

/* ---- writing: the caller sees to it that there is room ---- */

static inline uint8_t *put_varint(uint8_t *at, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        *at++ = (uint8_t)(value | 0x80);
    *at++ = (uint8_t)value;
    return at;
}

static inline uint8_t *put_fixed64(uint8_t *at, uint64_t value)
{
    value = htole64(value);
    memcpy(at, &value, sizeof value);
    return at + sizeof value;
}

static inline uint8_t *put_key(uint8_t *at, int field, enum wire_type type)
{
    return put_varint(at, (uint64_t)field << 3 | type);
}

/* A scalar; none for 0. */
static inline uint8_t *put_scalar(uint8_t *at, int field, enum wire_type type, uint64_t value)
{
    if (value == 0)
        return at;
    at = put_key(at, field, type);
    return type == WIRE_FIXED64 ? put_fixed64(at, value) : put_varint(at, value);
}

/* A list: its values go where list_begin() says; list_end() puts their length before them, and
 * takes the key back when there are none. Keys of lists are below 2^14, lists below 2^14 bytes. */
static inline uint8_t *list_begin(uint8_t *at, int field)
{
    return put_key(at, field, WIRE_BYTES) + 1;
}

static inline uint8_t *list_end(uint8_t *began, int field, uint8_t *values, uint8_t *at)
{
    size_t len = (size_t)(at - values);

    if (len == 0)
        return began;
    if (len < 0x80) {
        values[-1] = (uint8_t)len;
        return at;
    }
    memmove(values + 1, values, len);
    put_varint(values - 1, len);
    return at + 1;
}

/* ---- reading ---- */

struct in {
    const uint8_t *at, *end;
    bool bad; /* cut off, or no number: what was read since means nothing */
};

static inline uint64_t get_varint(struct in *in)
{
    uint64_t value = 0;
    int shift;

    for (shift = 0; shift < 70 && in->at < in->end; shift += 7) {
        uint8_t byte = *in->at++;

        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
    in->bad = true;
    return 0;
}

static inline uint64_t get_fixed64(struct in *in)
{
    uint64_t value;

    if (in->end - in->at < (ptrdiff_t)sizeof value) {
        in->bad = true;
        return 0;
    }
    memcpy(&value, in->at, sizeof value);
    in->at += sizeof value;
    return le64toh(value);
}

/* The next `len` bytes. */
static inline struct in get_bytes(struct in *in, uint64_t len)
{
    struct in bytes = {.at = in->at, .end = in->at};

    if (len > (uint64_t)(in->end - in->at))
        in->bad = true;
    else
        in->at = bytes.end = in->at + len;
    return bytes;
}

#endif
