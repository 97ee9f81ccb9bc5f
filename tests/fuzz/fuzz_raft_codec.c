/* Raft frames: what the decoder accepts must encode to the same bytes again. */
#include "base/check.h"
#include "replicate/raft_codec.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct raft_frame frame;
    struct buf again = {0};
    struct err err;

    if (raft_codec_decode(data, size, &frame, &err) < 0)
        return 0;
    if (frame.is_part)
        raft_codec_encode_part(&again, frame.from, frame.to, &frame.part);
    else
        raft_codec_encode(&again, frame.from, frame.to, &frame.message);
    CHECK(again.len == size && memcmp(again.data, data, size) == 0);
    buf_free(&again);
    raft_frame_free(&frame);
    return 0;
}
