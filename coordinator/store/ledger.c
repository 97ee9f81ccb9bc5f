#include "store/ledger.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/mem.h"
#include "store/file.h"
#include "store/ledger_private.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PENDING_MAX (64u << 10)

static struct segment *last(const struct ledger *ledger)
{
    return &ledger->segments[ledger->n_segments - 1];
}

/* ---- opening ---- */

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
        rc = segments_load(made, err);
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
        return ledger_io_error(ledger, last(ledger), "write", -rc, err);
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
        return ledger_io_error(ledger, last(ledger), "an earlier fdatasync failed", EIO, err);
    if (!ledger->unsynced)
        return 0;
    if (fdatasync(ledger->fd) < 0) {
        ledger->lost = true;
        return ledger_io_error(ledger, last(ledger), "fdatasync", errno, err);
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

uint64_t ledger_bytes(const struct ledger *ledger)
{
    uint64_t bytes = 0;
    size_t i;

    for (i = 0; i < ledger->n_segments; i++)
        bytes += ledger->segments[i].bytes;
    return bytes;
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
            rc = segment_start(ledger, ledger_size(ledger), err);
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
    segment_count(last(ledger), len + 1);
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
        ledger->read_fd = segment_open(ledger, ledger->segments[index].first, O_RDONLY);
        ledger->read_segment = index;
        if (ledger->read_fd < 0)
            return ledger_io_error(ledger, &ledger->segments[index], "open", errno, err);
    }
    if (!is_last)
        fd = ledger->read_fd;
    rc = file_pread(fd, out, from_file, (long long)offset);
    if (rc < 0)
        return ledger_io_error(ledger, &ledger->segments[index], "read", -rc, err);
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
            return ledger_io_error(ledger, segment, "lines vanished", EIO, err);
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
