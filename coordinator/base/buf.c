#include "base/buf.h"
#include "base/check.h"
#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void buf_free(struct buf *buf)
{
    mem_free(buf->data);
    *buf = (struct buf){0};
}

void buf_clear(struct buf *buf)
{
    buf->len = 0;
}

static void grow(struct buf *buf, size_t more)
{
    size_t need = buf->len + more;
    size_t cap = buf->cap > 0 ? buf->cap : 64;

    CHECK(need >= buf->len);
    if (need <= buf->cap)
        return;
    while (cap < need)
        cap *= 2;
    buf->data = mem_realloc(buf->data, cap, 1);
    buf->cap = cap;
}

uint8_t *buf_reserve(struct buf *buf, size_t len)
{
    uint8_t *room;

    grow(buf, len);
    room = len > 0 ? buf->data + buf->len : buf->data;
    buf->len += len;
    return room;
}

void buf_append(struct buf *buf, const void *bytes, size_t len)
{
    if (len > 0)
        memcpy(buf_reserve(buf, len), bytes, len);
}

void buf_str(struct buf *buf, const char *text)
{
    buf_append(buf, text, strlen(text));
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args, again;
    int need;

    CHECK(format != NULL);
    va_start(args, format);
    va_copy(again, args);
    need = vsnprintf(NULL, 0, format, args);
    va_end(args);
    CHECK(need >= 0);
    grow(buf, (size_t)need + 1);
    vsnprintf((char *)buf->data + buf->len, (size_t)need + 1, format, again);
    va_end(again);
    buf->len += (size_t)need;
}

void buf_consume(struct buf *buf, size_t len)
{
    CHECK(len <= buf->len);
    if (len == 0)
        return;
    memmove(buf->data, buf->data + len, buf->len - len);
    buf->len -= len;
}

const char *buf_cstr(struct buf *buf)
{
    grow(buf, 1);
    buf->data[buf->len] = '\0';
    return (const char *)buf->data;
}
