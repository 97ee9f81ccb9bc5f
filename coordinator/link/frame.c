#include "link/frame.h"
#include "base/err.h"
#include "base/limits.h"

/* Bodies up to here keep their memory between frames. */
#define BODY_KEEP 4096

void frame_head(uint8_t head[FRAME_HEAD], size_t len)
{
    head[0] = (uint8_t)(len >> 24);
    head[1] = (uint8_t)(len >> 16);
    head[2] = (uint8_t)(len >> 8);
    head[3] = (uint8_t)len;
}

static size_t head_value(const uint8_t head[FRAME_HEAD])
{
    return (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
}

/* The frame handed out by the last call is no longer read. */
static void forget_last(struct framer *framer)
{
    if (framer->body.cap > BODY_KEEP)
        buf_free(&framer->body);
    else
        buf_clear(&framer->body);
}

static void take(const uint8_t **bytes, size_t *len, size_t count)
{
    *bytes += count;
    *len -= count;
}

int framer_next(struct framer *framer, const uint8_t **bytes, size_t *len, const uint8_t **frame,
                size_t *frame_len)
{
    size_t count;

    if (framer->head_len < FRAME_HEAD) {
        forget_last(framer);
        while (framer->head_len<FRAME_HEAD && * len> 0) {
            framer->head[framer->head_len++] = **bytes;
            take(bytes, len, 1);
        }
        if (framer->head_len < FRAME_HEAD)
            return 0;
        framer->need = head_value(framer->head);
        if (framer->need > LIMIT_FRAME)
            return ERR_LIMIT;
    }
    if (framer->body.len == 0 && *len >= framer->need) {
        /* Whole in the input, as nearly always: no copy. */
        *frame = *bytes;
        take(bytes, len, framer->need);
    } else {
        count = framer->need - framer->body.len;
        if (count > *len)
            count = *len;
        buf_append(&framer->body, *bytes, count);
        take(bytes, len, count);
        if (framer->body.len < framer->need)
            return 0;
        *frame = framer->body.data;
    }
    *frame_len = framer->need;
    framer->head_len = 0;
    return 1;
}

void framer_free(struct framer *framer)
{
    buf_free(&framer->body);
}
