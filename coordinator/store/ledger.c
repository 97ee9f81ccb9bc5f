#include "store/ledger.h"
#include "store/file.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEGMENT_LINES 65536u
#define INDEX_EVERY 64u /* lines between remembered offsets */
#define PENDING_MAX (64u << 10)
#define CHUNK (64u << 10)

struct segment {
    uint64_t first;    /* seq of its first line */
    uint32_t lines;    /* those not yet written included */
    uint64_t bytes;    /* likewise */
    uint64_t *offsets; /* owned; of lines 0, INDEX_EVERY, 2 * INDEX_EVERY, ... */
    uint32_t n_offsets, cap_offsets;
};

struct ledger {
    char *dir;                /* owned */
    int dir_fd;               /* holds the lock */
    struct segment *segments; /* owned; never none */
    size_t n_segments;
    int fd;           /* of the last segment */
    uint64_t written; /* bytes of it that are in the file; the rest is `pending` */
    struct buf pending;
    bool unsynced; /* written since the last sync */
    bool lost;     /* a sync failed: what the file holds is not known */
    int read_fd;   /* of read_segment, -1: none */
    size_t read_segment;
};

static struct segment *last(const struct ledger *ledger)
{
    return &ledger->segments[ledger->n_segments - 1];
}

static void name_of(uint64_t first, char name[64])
{
    snprintf(name, 64, "ledger-%020" PRIu64 ".jsonl", first);
}

static int io_error(const struct ledger *ledger, const struct segment *segment, const char *what,
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

/* One more line of `len` bytes, its newline included. */
static void count_line(struct segment *segment, uint64_t len)
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

/* ---- opening ---- */

static int open_segment(const struct ledger *ledger, uint64_t first, int flags)
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
            rc = io_error(ledger, segment, "read", errno, err);
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
                count_line(segment, len);
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
    int fd = open_segment(ledger, first, O_RDWR);
    int rc;

    if (fd < 0)
        return io_error(ledger, segment, "open", errno, err);
    rc = scan(ledger, segment, fd, err);
    if (rc >= 0 && !is_last && (rc > 0 || segment->lines != SEGMENT_LINES))
        rc = corrupt(ledger, segment, err, "cut off, but it is not the last segment");
    if (rc > 0) { /* all that follows the last whole line goes */
        rc = ftruncate(fd, (off_t)segment->bytes) < 0 || fdatasync(fd) < 0
                 ? io_error(ledger, segment, "cut the torn line", errno, err)
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

/* Starts the segment whose first line is `first`. On failure nothing has changed and
 * it can be tried again. */
static int start_segment(struct ledger *ledger, uint64_t first, struct err *err)
{
    const struct segment fresh = {.first = first};
    int fd = open_segment(ledger, first, O_RDWR | O_CREAT | O_TRUNC);

    if (fd < 0)
        return io_error(ledger, &fresh, "create", errno, err);
    if (fsync(ledger->dir_fd) < 0) {
        int rc = io_error(ledger, &fresh, "fsync of the directory", errno, err);

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

static int load(struct ledger *ledger, struct err *err)
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
        rc = start_segment(ledger, 0, err);
    return rc;
}

static int open_dir(struct ledger *ledger, struct err *err)
{
    if (mkdir(ledger->dir, 0700) == 0) {
        int rc = file_sync_parent(ledger->dir, err);

        if (rc < 0)
            return rc;
    } else if (errno != EEXIST) {
        return err_set(err, ERR_IO, "%s: %s", ledger->dir, strerror(errno));
    }
    ledger->dir_fd = open(ledger->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (ledger->dir_fd < 0)
        return err_set(err, ERR_IO, "%s: %s", ledger->dir, strerror(errno));
    if (flock(ledger->dir_fd, LOCK_EX | LOCK_NB) < 0)
        return err_set(err, ERR_IO, "%s: %s", ledger->dir,
                       errno == EWOULDBLOCK ? "in use by another process" : strerror(errno));
    return 0;
}

int ledger_open(const char *dir, struct ledger **ledger, struct err *err)
{
    struct ledger *made = mem_zalloc(1, sizeof *made);
    int rc;

    made->dir = mem_strdup(dir);
    made->dir_fd = made->fd = made->read_fd = -1;
    rc = open_dir(made, err);
    if (rc == 0)
        rc = load(made, err);
    if (rc < 0) {
        ledger_close(made);
        return rc;
    }
    *ledger = made;
    return 0;
}

/* ---- writing ---- */

/* What fails here stays pending: the same bytes go to the same place next time. */
static int flush(struct ledger *ledger, struct err *err)
{
    int rc;

    if (ledger->pending.len == 0)
        return 0;
    rc = file_pwrite(ledger->fd, ledger->pending.data, ledger->pending.len,
                     (long long)ledger->written);
    if (rc < 0)
        return io_error(ledger, last(ledger), "write", -rc, err);
    ledger->written += ledger->pending.len;
    ledger->unsynced = true;
    buf_clear(&ledger->pending);
    return 0;
}

int ledger_sync(struct ledger *ledger, struct err *err)
{
    int rc = flush(ledger, err);

    if (rc < 0)
        return rc;
    /* After a failed sync the kernel may have dropped the pages and call them clean: a
     * second one that succeeds says nothing. Only opening anew finds out. */
    if (ledger->lost)
        return io_error(ledger, last(ledger), "an earlier fdatasync failed", EIO, err);
    if (!ledger->unsynced)
        return 0;
    if (fdatasync(ledger->fd) < 0) {
        ledger->lost = true;
        return io_error(ledger, last(ledger), "fdatasync", errno, err);
    }
    ledger->unsynced = false;
    return 0;
}

void ledger_close(struct ledger *ledger)
{
    struct err ignored; /* lines that were never synced may be lost: they come again */
    size_t i;

    if (ledger == NULL)
        return;
    if (ledger->fd >= 0) {
        flush(ledger, &ignored);
        close(ledger->fd);
    }
    if (ledger->read_fd >= 0)
        close(ledger->read_fd);
    if (ledger->dir_fd >= 0)
        close(ledger->dir_fd);
    for (i = 0; i < ledger->n_segments; i++)
        mem_free(ledger->segments[i].offsets);
    mem_free(ledger->segments);
    buf_free(&ledger->pending);
    mem_free(ledger->dir);
    mem_free(ledger);
}

uint64_t ledger_size(const struct ledger *ledger)
{
    return last(ledger)->first + last(ledger)->lines;
}

static int compare(struct ledger *ledger, uint64_t seq, const char *line, size_t len,
                   struct err *err)
{
    struct buf stored = {0};
    uint64_t count;
    int rc = ledger_read(ledger, seq, 1, &stored, &count, err);

    if (rc == 0 && (stored.len != len + 1 || memcmp(stored.data, line, len) != 0))
        rc = err_set(err, ERR_CORRUPT, "%s: entry %" PRIu64 " is stored otherwise: two histories",
                     ledger->dir, seq);
    buf_free(&stored);
    return rc;
}

/* Makes the next line fit: into the segment and into memory. */
static int make_room(struct ledger *ledger, size_t len, struct err *err)
{
    int rc = 0;

    if (last(ledger)->lines == SEGMENT_LINES) {
        /* Whole on the disk before the next one exists: only the last can be torn. */
        rc = ledger_sync(ledger, err);
        if (rc == 0)
            rc = start_segment(ledger, ledger_size(ledger), err);
    } else if (ledger->pending.len + len + 1 > PENDING_MAX) {
        rc = flush(ledger, err);
    }
    return rc;
}

int ledger_put(struct ledger *ledger, uint64_t seq, const char *line, size_t len, struct err *err)
{
    int rc;

    if (len == 0 || len > LIMIT_LEDGER_LINE || memchr(line, '\n', len) != NULL ||
        memchr(line, '\0', len) != NULL)
        return err_set(err, ERR_INVALID, "entry %" PRIu64 ": not one line of 1 to %d bytes", seq,
                       LIMIT_LEDGER_LINE);
    if (seq < ledger_size(ledger))
        return compare(ledger, seq, line, len, err);
    if (seq > ledger_size(ledger))
        return 1;
    rc = make_room(ledger, len, err);
    if (rc < 0)
        return rc;
    buf_append(&ledger->pending, line, len);
    buf_append(&ledger->pending, "\n", 1);
    count_line(last(ledger), len + 1);
    return 0;
}

/* ---- reading ---- */

/* Bytes of a segment, from its file or, the newest, from memory. */
static int read_at(struct ledger *ledger, size_t index, uint64_t offset, uint8_t *out, size_t len,
                   struct err *err)
{
    bool is_last = index + 1 == ledger->n_segments;
    uint64_t in_file = is_last ? ledger->written : ledger->segments[index].bytes;
    size_t from_file = len;
    int fd = ledger->fd, rc;

    if (offset + len > in_file)
        from_file = offset < in_file ? (size_t)(in_file - offset) : 0;
    if (!is_last && (ledger->read_fd < 0 || ledger->read_segment != index)) {
        if (ledger->read_fd >= 0)
            close(ledger->read_fd);
        ledger->read_fd = open_segment(ledger, ledger->segments[index].first, O_RDONLY);
        ledger->read_segment = index;
        if (ledger->read_fd < 0)
            return io_error(ledger, &ledger->segments[index], "open", errno, err);
    }
    if (!is_last)
        fd = ledger->read_fd;
    rc = file_pread(fd, out, from_file, (long long)offset);
    if (rc < 0)
        return io_error(ledger, &ledger->segments[index], "read", -rc, err);
    if (from_file < len) {
        size_t skip = (size_t)(offset + from_file - in_file);

        CHECK(skip + len - from_file <= ledger->pending.len);
        memcpy(out + from_file, ledger->pending.data + skip, len - from_file);
    }
    return 0;
}

/* Offset just behind the `n`-th newline at or after `offset`. */
static int skip_lines(struct ledger *ledger, size_t index, uint32_t n, uint64_t *offset,
                      struct err *err)
{
    const struct segment *segment = &ledger->segments[index];
    uint8_t chunk[4096];

    while (n > 0) {
        uint64_t left = segment->bytes - *offset;
        size_t len = left < sizeof chunk ? (size_t)left : sizeof chunk;
        size_t used = 0;
        int rc = read_at(ledger, index, *offset, chunk, len, err);

        if (rc < 0)
            return rc;
        while (n > 0 && used < len) {
            uint8_t *newline = memchr(chunk + used, '\n', len - used);

            used = newline == NULL ? len : (size_t)(newline - chunk) + 1;
            n -= newline != NULL;
        }
        if (len == 0)
            return io_error(ledger, segment, "lines vanished", EIO, err);
        *offset += used;
    }
    return 0;
}

/* Appends whole lines of one segment: at most `room` bytes, or exactly one line. */
static int read_segment(struct ledger *ledger, size_t index, uint32_t line, size_t room,
                        struct buf *out, uint64_t *count, struct err *err)
{
    const struct segment *segment = &ledger->segments[index];
    uint64_t offset = segment->offsets[line / INDEX_EVERY], left;
    const size_t before = out->len;
    size_t len, used = 0, max_lines = room > 0 ? SIZE_MAX : 1;
    uint8_t *newline;
    int rc = skip_lines(ledger, index, line % INDEX_EVERY, &offset, err);

    if (rc < 0)
        return rc;
    if (room == 0)
        room = LIMIT_LEDGER_LINE + 1;
    left = segment->bytes - offset;
    len = left < room ? (size_t)left : room;
    rc = read_at(ledger, index, offset, buf_reserve(out, len), len, err);
    *count = 0;
    while (rc == 0 && *count < max_lines && used < len &&
           (newline = memchr(out->data + before + used, '\n', len - used)) != NULL) {
        used = (size_t)(newline - (out->data + before)) + 1;
        (*count)++;
    }
    out->len = before + used;
    return rc;
}

int ledger_read(struct ledger *ledger, uint64_t seq, size_t max_bytes, struct buf *out,
                uint64_t *count, struct err *err)
{
    const size_t before = out->len;

    *count = 0;
    while (seq < ledger_size(ledger) && (*count == 0 || out->len - before < max_bytes)) {
        size_t index = (size_t)(seq / SEGMENT_LINES);
        uint32_t line = (uint32_t)(seq % SEGMENT_LINES);
        uint64_t got;
        int rc = read_segment(ledger, index, line, max_bytes - (out->len - before), out, &got, err);

        if (rc == 0 && got == 0 && *count == 0) /* the first one is longer than all that */
            rc = read_segment(ledger, index, line, 0, out, &got, err);
        if (rc < 0) {
            out->len = before;
            return rc;
        }
        if (got == 0)
            return 0;
        *count += got;
        seq += got;
        if ((seq % SEGMENT_LINES) != 0)
            return 0;
    }
    return 0;
}
