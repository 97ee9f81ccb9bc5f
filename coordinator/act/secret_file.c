#include "act/secret_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int secret_file_read(const char *what, const char *path, char *text, size_t room, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    ssize_t n;
    int rv = 0;

    if (fd < 0)
        return err_set(err, ERR_IO, "%s %s: %s", what, path, strerror(errno));
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        rv = err_set(err, ERR_INVALID, "%s %s: not a file", what, path);
    else if (st.st_mode & 07)
        rv = err_set(err, ERR_INVALID, "%s %s: everybody may open it; want mode 0600, or 0640",
                     what, path);
    else if ((n = read(fd, text, room - 1)) < 0)
        rv = err_set(err, ERR_IO, "%s %s: %s", what, path, strerror(errno));
    else if ((size_t)n == room - 1)
        rv = err_set(err, ERR_LIMIT, "%s %s: more than %zu bytes", what, path, room - 2);
    else if (memchr(text, '\0', (size_t)n) != NULL)
        rv = err_set(err, ERR_INVALID, "%s %s: a byte of zeros in it; want one line of text", what,
                     path);
    else
        text[n] = '\0';
    close(fd);
    return rv;
}
