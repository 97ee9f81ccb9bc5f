/* The ledger's files, one a segment: found, checked and begun. */
#include "store/ledger_private.h"
#include "base/limits.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK (64u << 10)

static void name_of(uint64_t first, char name[64])
{
    snprintf(name, 64, "ledger-%020" PRIu64 ".jsonl", first);
}

int ledger_io_error(const struct ledger *ledger, const struct segment *segment, const char *what,
                    int code, struct err *err)
{
    char name[64];

    name_of(segment->first, name);
    return err_set(err, ERR_IO, "%s/%s: %s: %s", ledger->dir, name, what, strerror(code));
}

static int corrupt(const struct ledger *ledger, const struct segment *segment, struct err *err,
                   const char *what)
{
    char name[64];

    name_of(segment->first, name);
    return err_set(err, ERR_CORRUPT, "%s/%s: line %" PRIu32 ": %s", ledger->dir, name,
                   segment->lines + 1, what);
}

void segment_count(struct segment *segment, uint64_t len)
{
    if (segment->lines % INDEX_EVERY == 0) {
        if (segment->n_offsets == segment->cap_offsets) {
            segment->cap_offsets = segment->cap_offsets > 0 ? segment->cap_offsets * 2 : 16;
            segment->offsets =
                mem_realloc(segment->offsets, segment->cap_offsets, sizeof *segment->offsets);
        }
        segment->offsets[segment->n_offsets++] = segment->bytes;
    }
    segment->lines++;
    segment->bytes += len;
}

int segment_open(const struct ledger *ledger, uint64_t first, int flags)
{
    char name[64];

    name_of(first, name);
    return openat(ledger->dir_fd, name, flags | O_CLOEXEC, 0600);
}

static struct segment *add_segment(struct ledger *ledger, uint64_t first)
{
    ledger->segments =
        mem_realloc(ledger->segments, ledger->n_segments + 1, sizeof *ledger->segments);
    ledger->segments[ledger->n_segments] = (struct segment){.first = first};
    return &ledger->segments[ledger->n_segments++];
}

/* Counts the whole lines of a file. 1: it ends in something else (a torn line, or the
 * zeros that file systems leave where a write did not reach the disk). */
static int scan(const struct ledger *ledger, struct segment *segment, int fd, struct err *err)
{
    struct buf buf = {0};
    int rc = 0;

    while (rc == 0) {
        ssize_t n = read(fd, buf_reserve(&buf, CHUNK), CHUNK);
        size_t used = 0;
        uint8_t *newline;

        buf.len -= CHUNK;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            rc = ledger_io_error(ledger, segment, "read", errno, err);
        if (n <= 0)
            break;
        buf.len += (size_t)n;
        while (rc == 0 && (newline = memchr(buf.data + used, '\n', buf.len - used)) != NULL) {
            size_t len = (size_t)(newline - buf.data) + 1 - used;

            if (memchr(buf.data + used, '\0', len) != NULL)
                rc = 1;
            else if (len == 1 || len > LIMIT_LEDGER_LINE + 1)
                rc = corrupt(ledger, segment, err, "empty or too long");
            else if (segment->lines == SEGMENT_LINES)
                rc = corrupt(ledger, segment, err, "more lines than a segment has");
            else
                segment_count(segment, len);
            used += rc == 0 ? len : 0;
        }
        buf_consume(&buf, used);
        if (rc == 0 && buf.len > LIMIT_LEDGER_LINE)
            rc = 1;
    }
    if (rc == 0 && buf.len > 0)
        rc = 1;
    buf_free(&buf);
    return rc;
}

static int load_segment(struct ledger *ledger, uint64_t first, bool is_last, struct err *err)
{
    struct segment *segment = add_segment(ledger, first);
    int fd = segment_open(ledger, first, O_RDWR);
    int rc;

    if (fd < 0)
        return ledger_io_error(ledger, segment, "open", errno, err);
    rc = scan(ledger, segment, fd, err);
    if (rc >= 0 && !is_last && (rc > 0 || segment->lines != SEGMENT_LINES))
        rc = corrupt(ledger, segment, err, "cut off, but it is not the last segment");
    if (rc > 0) { /* all that follows the last whole line goes */
        rc = ftruncate(fd, (off_t)segment->bytes) < 0 || fdatasync(fd) < 0
                 ? ledger_io_error(ledger, segment, "cut the torn line", errno, err)
                 : 0;
    }
    if (rc < 0 || !is_last) {
        close(fd);
        return rc;
    }
    ledger->fd = fd;
    ledger->written = segment->bytes;
    return 0;
}

int segment_start(struct ledger *ledger, uint64_t first, struct err *err)
{
    const struct segment fresh = {.first = first};
    int fd = segment_open(ledger, first, O_RDWR | O_CREAT | O_TRUNC);

    if (fd < 0)
        return ledger_io_error(ledger, &fresh, "create", errno, err);
    if (fsync(ledger->dir_fd) < 0) {
        int rc = ledger_io_error(ledger, &fresh, "fsync of the directory", errno, err);

        close(fd);
        return rc;
    }
    if (ledger->fd >= 0)
        close(ledger->fd);
    add_segment(ledger, first);
    ledger->fd = fd;
    ledger->written = 0;
    return 0;
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* First seqs of the files there are, sorted; owned by the caller. */
static int list(const struct ledger *ledger, uint64_t **firsts, size_t *n, struct err *err)
{
    int fd = openat(ledger->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;

    *firsts = NULL;
    *n = 0;
    if (dir == NULL) {
        if (fd >= 0)
            close(fd);
        return err_set(err, ERR_IO, "%s: %s", ledger->dir, strerror(errno));
    }
    while ((entry = readdir(dir)) != NULL) {
        uint64_t first;
        char name[64];

        if (sscanf(entry->d_name, "ledger-%20" SCNu64 ".jsonl", &first) != 1)
            continue;
        name_of(first, name);
        if (strcmp(name, entry->d_name) != 0)
            continue;
        *firsts = mem_realloc(*firsts, *n + 1, sizeof **firsts);
        (*firsts)[(*n)++] = first;
    }
    closedir(dir);
    if (*n > 0)
        qsort(*firsts, *n, sizeof **firsts, by_number);
    return 0;
}

int segments_load(struct ledger *ledger, struct err *err)
{
    uint64_t *firsts;
    size_t i, n;
    int rc = list(ledger, &firsts, &n, err);

    for (i = 0; rc == 0 && i < n; i++) {
        char name[64];

        name_of((uint64_t)i * SEGMENT_LINES, name);
        if (firsts[i] != (uint64_t)i * SEGMENT_LINES)
            rc = err_set(err, ERR_CORRUPT, "%s/%s: the segment is missing", ledger->dir, name);
        else
            rc = load_segment(ledger, firsts[i], i + 1 == n, err);
    }
    mem_free(firsts);
    if (rc == 0 && n == 0)
        rc = segment_start(ledger, 0, err);
    return rc;
}
