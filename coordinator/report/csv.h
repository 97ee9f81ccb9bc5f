/* CSV that spreadsheet programs in Japan open rightly: UTF-8 with BOM, CRLF, every cell
 * quoted, and cells that would be taken for a formula made harmless with a leading
 * apostrophe. Pure. */
#ifndef REPORT_CSV_H
#define REPORT_CSV_H

#include "base/buf.h"

#include <stddef.h>
#include <stdint.h>

void csv_begin(struct buf *out); /* the BOM */
/* One more cell of the row that ends with csv_end(). NULL: an empty cell. */
void csv_text(struct buf *out, const char *text);
void csv_bytes(struct buf *out, const char *text, size_t len);
void csv_int(struct buf *out, int64_t value);
void csv_end(struct buf *out);

#endif
