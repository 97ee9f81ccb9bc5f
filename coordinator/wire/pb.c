#include "wire/pb.h"
#include "base/check.h"

#include <stdlib.h>
#include <string.h>

#define FORMAT 1
#define KEY_PLAIN 0
#define HEADER 8 /* format, key id, two zeros, big-endian length */

/* Honest messages take a few times their length; two bytes of a hostile one can ask
 * for a struct of a hundred. */
#define MEMORY_PER_BYTE 24
#define MEMORY_BASE 16384

struct budget {
    size_t left;
};

static void *budget_alloc(void *data, size_t size)
{
    struct budget *budget = data;

    if (size > budget->left)
        return NULL;
    budget->left -= size;
    return malloc(size > 0 ? size : 1);
}

static void budget_free(void *data, void *memory)
{
    (void)data;
    free(memory);
}

void *pb_unpack(const ProtobufCMessageDescriptor *type, const uint8_t *bytes, size_t len)
{
    struct budget budget = {.left = MEMORY_BASE + MEMORY_PER_BYTE * len};
    ProtobufCAllocator allocator = {
        .alloc = budget_alloc, .free = budget_free, .allocator_data = &budget};

    return protobuf_c_message_unpack(type, &allocator, len, bytes);
}

void pb_free(void *message)
{
    ProtobufCAllocator allocator = {.alloc = budget_alloc, .free = budget_free};

    if (message != NULL)
        protobuf_c_message_free_unpacked(message, &allocator);
}

void pb_pack(const void *message, struct buf *out)
{
    size_t len = protobuf_c_message_get_packed_size(message);

    if (len > 0) /* all defaults: no bytes at all */
        CHECK(protobuf_c_message_pack(message, buf_reserve(out, len)) == len);
}

static size_t padded(size_t len)
{
    return (len + 7) / 8 * 8;
}

void envelope_pack(const void *message, struct buf *out)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    uint8_t *at = buf_reserve(out, HEADER + padded(len));

    CHECK(len <= UINT32_MAX);
    memset(at, 0, HEADER + padded(len));
    at[0] = FORMAT;
    at[1] = KEY_PLAIN;
    for (int i = 0; i < 4; i++)
        at[4 + i] = (uint8_t)(len >> (24 - 8 * i));
    CHECK(protobuf_c_message_pack(message, at + HEADER) == len);
}

int envelope_open(const char *what, const uint8_t *bytes, size_t len, size_t limit,
                  const uint8_t **inside, size_t *inside_len, struct err *err)
{
    size_t size = 0;

    if (len > limit)
        return err_set(err, ERR_LIMIT, "%s of %zu bytes is longer than %zu", what, len, limit);
    if (len < HEADER)
        return err_set(err, ERR_INVALID, "%s of %zu bytes is cut off", what, len);
    if (bytes[0] != FORMAT)
        return err_set(err, ERR_INVALID, "%s has format %d; this version knows %d", what, bytes[0],
                       FORMAT);
    if (bytes[1] != KEY_PLAIN)
        return err_set(err, ERR_INVALID, "%s is encrypted with the unknown key %d", what, bytes[1]);
    for (int i = 0; i < 4; i++)
        size = size << 8 | bytes[4 + i];
    if (bytes[2] != 0 || bytes[3] != 0 || len != HEADER + padded(size))
        return err_set(err, ERR_INVALID, "%s has a wrong length", what);
    for (size_t i = HEADER + size; i < len; i++)
        if (bytes[i] != 0)
            return err_set(err, ERR_INVALID, "%s has bytes after its end", what);
    *inside = bytes + HEADER;
    *inside_len = size;
    return 0;
}

bool pb_text(char *into, size_t size, const char *text)
{
    size_t len = strlen(text);

    if (len >= size)
        return false;
    memcpy(into, text, len + 1);
    return true;
}

bool pb_id(uint8_t into[16], const ProtobufCBinaryData *bytes)
{
    memset(into, 0, 16);
    if (bytes->len == 0)
        return true;
    if (bytes->len != 16)
        return false;
    memcpy(into, bytes->data, 16);
    return true;
}

ProtobufCBinaryData pb_id_of(const uint8_t id[16])
{
    static const uint8_t none[16];
    ProtobufCBinaryData bytes = {.len = 16, .data = (uint8_t *)id};

    if (memcmp(id, none, sizeof none) == 0)
        bytes.len = 0;
    return bytes;
}
