#include "store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int file_pwrite(int fd, const void *bytes, size_t len, long long offset)
{
    const char *at = bytes;

    while (len > 0) {
        ssize_t n = pwrite(fd, at, len, offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            return -ENOSPC;
        at += n;
        offset += n;
        len -= (size_t)n;
    }
    return 0;
}

int file_pread(int fd, void *bytes, size_t len, long long offset)
{
    char *at = bytes;

    while (len > 0) {
        ssize_t n = pread(fd, at, len, offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            return -EIO;
        at += n;
        offset += n;
        len -= (size_t)n;
    }
    return 0;
}

/* Reads to the end, since the size of a pipe or of a file in /proc is not known. */
static int read_all(int fd, const char *path, size_t max, struct buf *out, struct err *err)
{
    const size_t before = out->len;

    for (;;) {
        char chunk[16384];
        ssize_t n = read(fd, chunk, sizeof chunk);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            out->len = before;
            return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
        }
        if (n == 0)
            return 0;
        if (out->len - before + (size_t)n > max) {
            out->len = before;
            return err_set(err, ERR_LIMIT, "%s: longer than %zu bytes", path, max);
        }
        buf_append(out, chunk, (size_t)n);
    }
}

int file_read(const char *path, size_t max, struct buf *out, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int rc;

    if (fd < 0) {
        int code = errno;

        err_set(err, ERR_IO, "%s: %s", path, strerror(code));
        return code == ENOENT ? 1 : ERR_IO;
    }
    rc = read_all(fd, path, max, out, err);
    close(fd);
    return rc;
}

int file_load(const char *path, size_t max, struct buf *out, struct err *err)
{
    int rc = file_read(path, max, out, err);

    return rc > 0 ? err_set(err, ERR_IO, "%s: no such file", path) : rc;
}

int file_load_trusted(const char *path, size_t max, struct buf *out, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC), rc;
    struct stat stat;

    if (fd < 0)
        return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    if (fstat(fd, &stat) < 0)
        rc = err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    else if ((stat.st_uid != 0 && stat.st_uid != geteuid()) || (stat.st_mode & 022) != 0)
        rc = err_set(err, ERR_DENIED, "%s: others than root may write it", path);
    else
        rc = read_all(fd, path, max, out, err);
    close(fd);
    return rc;
}

int file_sync_parent(const char *path, struct err *err)
{
    char dir[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
    int fd, rc = 0;

    if (len >= sizeof dir)
        return err_set(err, ERR_INVALID, "%s: the path is too long", path);
    memcpy(dir, len > 0 ? path : ".", len > 0 ? len : 1);
    dir[len > 0 ? len : 1] = '\0';
    fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_set(err, ERR_IO, "%s: %s", dir, strerror(errno));
    if (fsync(fd) < 0)
        rc = err_set(err, ERR_IO, "%s: fsync: %s", dir, strerror(errno));
    close(fd);
    return rc;
}

static int write_new(const char *path, const void *bytes, size_t len, unsigned mode,
                     struct err *err)
{
    int fd, rc;

    /* A left-over of a crash may have another mode: begin anew. */
    if (unlink(path) < 0 && errno != ENOENT)
        return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)mode);
    if (fd < 0)
        return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    rc = fchmod(fd, (mode_t)mode) < 0 ? -errno : 0; /* whatever the umask is */
    if (rc == 0)
        rc = file_pwrite(fd, bytes, len, 0);
    if (rc == 0 && fsync(fd) < 0)
        rc = -errno;
    if (close(fd) < 0 && rc == 0)
        rc = -errno;
    return rc == 0 ? 0 : err_set(err, ERR_IO, "%s: %s", path, strerror(-rc));
}

int file_write(const char *path, const void *bytes, size_t len, unsigned mode, struct err *err)
{
    char tmp[PATH_MAX];
    int rc;

    if ((size_t)snprintf(tmp, sizeof tmp, "%s.tmp", path) >= sizeof tmp)
        return err_set(err, ERR_INVALID, "%s: the path is too long", path);
    rc = write_new(tmp, bytes, len, mode, err);
    if (rc == 0 && rename(tmp, path) < 0)
        rc = err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    if (rc < 0) {
        unlink(tmp);
        return rc;
    }
    return file_sync_parent(path, err);
}

static int make_public_dir(const char *path, struct err *err)
{
    if (mkdir(path, 0755) == 0 && chmod(path, 0755) == 0) /* whatever the umask is */
        return 0;
    return errno == EEXIST ? 0 : err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
}

int file_publish(const char *dir, const char *path, const void *bytes, size_t len, struct err *err)
{
    const char *slash = strchr(path, '/');
    char full[PATH_MAX];
    int rc = make_public_dir(dir, err);

    if ((size_t)snprintf(full, sizeof full, "%s/%s", dir, path) >= sizeof full)
        return err_set(err, ERR_INVALID, "%s/%s: the path is too long", dir, path);
    if (rc == 0 && slash != NULL) {
        char *end = full + strlen(dir) + 1 + (slash - path);

        *end = '\0';
        rc = make_public_dir(full, err);
        *end = '/';
    }
    return rc == 0 ? file_write(full, bytes, len, 0644, err) : rc;
}
