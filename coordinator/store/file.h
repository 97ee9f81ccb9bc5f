/* Whole small files. Blocking; for start-up, reloads and tools, not for hot paths. */
#ifndef STORE_FILE_H
#define STORE_FILE_H

#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>

/* Appends the file to `out`. ERR_IO, or ERR_LIMIT when it is longer than `max` bytes;
 * 1: there is no such file. `out` is as before unless the result is 0. */
int file_read(const char *path, size_t max, struct buf *out, struct err *err);

/* The same of a file that has to be there: ERR_IO when it is not. */
int file_load(const char *path, size_t max, struct buf *out, struct err *err);
/* And that nobody else than root, or who runs this, may have written: else ERR_DENIED. */
int file_load_trusted(const char *path, size_t max, struct buf *out, struct err *err);

/* Replaces the file, or makes it, with `mode`: after a crash at any moment it is the
 * old one or the new one, and when 0 is returned it is the new one for good. */
int file_write(const char *path, const void *bytes, size_t len, unsigned mode, struct err *err);

/* The same of dir/path for others to read; a directory that is not there is made, and so is the one
 * that `path` may name. */
int file_publish(const char *dir, const char *path, const void *bytes, size_t len, struct err *err);

/* Makes an entry of the directory that holds `path` (a new or renamed file) permanent. */
int file_sync_parent(const char *path, struct err *err);

/* All of the bytes at `offset`; 0 or -errno. */
int file_pwrite(int fd, const void *bytes, size_t len, long long offset);
int file_pread(int fd, void *bytes, size_t len, long long offset); /* -EIO: the file ends */

#endif
