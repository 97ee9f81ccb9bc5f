#include "base/check.h"
#include "wire/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is accepted goes out again within a datagram, and is accepted again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct beat beat, again; /* too large for some stacks */
    struct buf bytes = {0};
    struct err err;

    if (beat_decode(data, size, &beat, &err) == 0) {
        beat_encode(&beat, &bytes);
        CHECK(bytes.len <= LIMIT_BEAT);
        CHECK(beat_decode(bytes.data, bytes.len, &again, &err) == 0);
        CHECK(again.boot == beat.boot && again.heard == beat.heard);
        buf_free(&bytes);
    }
    return 0;
}
