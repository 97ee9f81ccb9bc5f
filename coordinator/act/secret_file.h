/* A secret that the configuration names by its file: small, and not for everybody to read. */
#ifndef ACT_SECRET_FILE_H
#define ACT_SECRET_FILE_H

#include "base/err.h"

#include <stddef.h>

/* The file's bytes, NUL-terminated, at most room - 2. `what` it is stands in errors. The caller
 * wipes `text`. */
int secret_file_read(const char *what, const char *path, char *text, size_t room, struct err *err);

#endif
