/* Cuts a stream of bytes into frames (link.h): a big-endian 32-bit length and that
 * many bytes. Pure; zero-initialise a framer, free it with framer_free(). */
#ifndef LINK_FRAME_H
#define LINK_FRAME_H

#include "base/buf.h"

#include <stddef.h>
#include <stdint.h>

#define FRAME_HEAD 4

struct framer {
    uint8_t head[FRAME_HEAD];
    size_t head_len;
    size_t need;     /* length of the frame under way, once its head is whole */
    struct buf body; /* what came of it; memory follows what came, not what was claimed */
};

/* Takes bytes from *bytes, *len and moves both past what it took.
 * 1: a whole frame is in *frame (valid until the next call or the input goes);
 * 0: all input taken, more is needed; ERR_LIMIT: longer than LIMIT_FRAME. */
int framer_next(struct framer *framer, const uint8_t **bytes, size_t *len, const uint8_t **frame,
                size_t *frame_len);
void framer_free(struct framer *framer);

void frame_head(uint8_t head[FRAME_HEAD], size_t len);

#endif
