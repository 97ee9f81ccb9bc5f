#include "base/check.h"
#include "wire/codec.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is accepted goes out again, and from then on the bytes stay the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct entry entry, again;
    struct buf first = {0}, second = {0};
    struct err err;

    if (entry_decode(data, size, &entry, &err) == 0) {
        entry_encode(&entry, &first);
        CHECK(entry_decode(first.data, first.len, &again, &err) == 0);
        entry_encode(&again, &second);
        CHECK(first.len == second.len && memcmp(first.data, second.data, first.len) == 0);
        entry_free(&again);
    }
    entry_free(&entry);
    buf_free(&first);
    buf_free(&second);
    return 0;
}
