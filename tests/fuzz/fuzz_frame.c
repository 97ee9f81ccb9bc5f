/* A stream cut into frames: whole, and in pieces of a size that the input names. Both
 * ways must find the same. */
#include "base/check.h"
#include "base/limits.h"
#include "link/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int cut(const uint8_t *data, size_t size, size_t piece, struct buf *found)
{
    struct framer framer = {0};
    const uint8_t *frame;
    size_t frame_len;
    int rc = 0;

    for (size_t at = 0; at < size && rc >= 0; at += piece) {
        const uint8_t *bytes = data + at;
        size_t len = size - at < piece ? size - at : piece;

        while ((rc = framer_next(&framer, &bytes, &len, &frame, &frame_len)) == 1) {
            CHECK(frame_len <= LIMIT_FRAME);
            buf_printf(found, "%zu:", frame_len);
            buf_append(found, frame, frame_len);
        }
    }
    framer_free(&framer);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf whole = {0}, pieces = {0};
    int rc;

    if (size == 0)
        return 0;
    rc = cut(data + 1, size - 1, size, &whole);
    CHECK(rc == cut(data + 1, size - 1, data[0] % 16 + 1u, &pieces));
    CHECK(whole.len == pieces.len);
    for (size_t i = 0; i < whole.len; i++)
        CHECK(whole.data[i] == pieces.data[i]);
    buf_free(&whole);
    buf_free(&pieces);
    return 0;
}
