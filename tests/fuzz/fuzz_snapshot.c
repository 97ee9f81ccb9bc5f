#include "base/check.h"
#include "wire/codec.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is accepted goes out again, and from then on the bytes stay the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct shared *shared, *again;
    struct buf first = {0}, second = {0};
    struct err err;

    if (shared_decode(data, size, &shared, &err) == 0) {
        shared_encode(shared, &first);
        CHECK(shared_decode(first.data, first.len, &again, &err) == 0);
        shared_encode(again, &second);
        CHECK(first.len == second.len && memcmp(first.data, second.data, first.len) == 0);
        shared_free(again);
        shared_free(shared);
    }
    buf_free(&first);
    buf_free(&second);
    return 0;
}
