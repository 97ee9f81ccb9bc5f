/* A message between daemon and helper: what is taken comes back as the same bytes. */
#include "base/check.h"
#include "wire/holding.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t bytes[HOLDING_BYTES];
    struct holding_message message;
    struct err err;

    if (holding_decode(data, size, &message, &err) == 0) {
        CHECK(holding_encode(&message, bytes) == size);
        CHECK(memcmp(bytes + HOLDING_HEAD, data + HOLDING_HEAD, size - HOLDING_HEAD) == 0);
        CHECK(memcmp(bytes, data, 21) == 0);
    }
    return 0;
}
