/* A growable run of bytes. Zero-initialise, append, free. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

struct buf {
    uint8_t *data; /* owned; NULL while empty */
    size_t len;
    size_t cap;
};

void buf_free(struct buf *buf);
void buf_clear(struct buf *buf); /* keeps the memory */
void buf_append(struct buf *buf, const void *bytes, size_t len);
void buf_str(struct buf *buf, const char *text);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Drops the first `len` bytes. */
void buf_consume(struct buf *buf, size_t len);
/* NUL-terminates (the NUL is not counted) and returns the text; owned by buf. */
const char *buf_cstr(struct buf *buf);
/* `len` bytes of room at the end, for the caller to fill. */
uint8_t *buf_reserve(struct buf *buf, size_t len);

#endif
