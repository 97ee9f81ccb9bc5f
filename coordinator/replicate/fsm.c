/* The state machine as libraft calls it. A snapshot is
 *   format (1 byte), key id (1 byte, 0: plain), SHA-256 of the payload, payload
 * because libraft puts no checksum on a snapshot's data. */
#include "base/check.h"
#include "replicate/internal.h"

#include <openssl/evp.h>
#include <string.h>

#define FORMAT 1
#define PLAIN 0
#define SUM_BYTES 32
#define HEAD_BYTES (2 + SUM_BYTES)
#define SNAPSHOT_RETRY_MS 1000

static void sum(const uint8_t *bytes, size_t len, uint8_t out[SUM_BYTES])
{
    CHECK(EVP_Digest(bytes, len, out, NULL, EVP_sha256(), NULL) == 1);
}

bool fsm_whole(const uint8_t *bytes, size_t len)
{
    uint8_t expected[SUM_BYTES];

    if (len < HEAD_BYTES || bytes[0] != FORMAT || bytes[1] != PLAIN)
        return false;
    sum(bytes + HEAD_BYTES, len - HEAD_BYTES, expected);
    return memcmp(expected, bytes + 2, SUM_BYTES) == 0;
}

/* libraft swallows an error and applies the entry again at the next commit, so there is
 * none: who can't apply a committed command must end the process. */
static int apply(struct raft_fsm *fsm, const struct raft_buffer *buf, void **result)
{
    struct replicate *r = fsm->data;
    struct raft_buffer command = *buf; /* `buf` moves when the log grows */

    storage_tell_loaded(r);
    /* Set after this call, also by entries that don't come here (barriers, changes). */
    r->on.apply(r->on.context, raft_last_applied(&r->raft) + 1, command.base, command.len);
    *result = NULL;
    return 0;
}

static int snapshot(struct raft_fsm *fsm, struct raft_buffer *bufs[], unsigned *n_bufs)
{
    struct replicate *r = fsm->data;
    struct buf state = {0};
    struct err err;
    uint8_t *bytes;

    /* Asked for again at every step until it works. */
    if (r->dead || replicate_now(r) < r->snapshot_after_ms)
        return RAFT_BUSY;
    if (storage_members_late(r)) {
        r->guarded++;
        return RAFT_BUSY;
    }
    if (r->on.snapshot(r->on.context, &state, &err) < 0 ||
        (state.len > LIMIT_SNAPSHOT &&
         err_set(&err, ERR_LIMIT, "%zu bytes, at most %d", state.len, LIMIT_SNAPSHOT) < 0)) {
        if (!r->snapshot_delayed)
            log_line(r->log, LOG_LEVEL_WARN, "raft-snapshot-delayed", "no snapshot now: %s",
                     err.text);
        r->snapshot_delayed = true;
        r->snapshot_after_ms = replicate_now(r) + SNAPSHOT_RETRY_MS;
        buf_free(&state);
        return RAFT_BUSY;
    }

    r->snapshot_delayed = false;
    bytes = raft_malloc(HEAD_BYTES + state.len);
    *bufs = raft_malloc(sizeof **bufs);
    CHECK(bytes != NULL && *bufs != NULL);
    bytes[0] = FORMAT;
    bytes[1] = PLAIN;
    sum(state.data, state.len, bytes + 2);
    if (state.len > 0)
        memcpy(bytes + HEAD_BYTES, state.data, state.len);
    (*bufs)[0] = (struct raft_buffer){.base = bytes, .len = HEAD_BYTES + state.len};
    *n_bufs = 1;
    buf_free(&state);
    return 0;
}

/* Owns `buf` when it returns 0. */
static int restore(struct raft_fsm *fsm, struct raft_buffer *buf)
{
    struct replicate *r = fsm->data;
    struct err *err = &r->restore_err;
    const uint8_t *bytes = buf->base;
    int code;

    if (!fsm_whole(bytes, buf->len))
        code = err_set(err, ERR_CORRUPT, "snapshot of %zu bytes: wrong checksum", buf->len);
    else
        code = r->on.restore(r->on.context, bytes + HEAD_BYTES, buf->len - HEAD_BYTES, err);
    if (code < 0) {
        if (r->started) /* else replicate_open() returns it */
            replicate_fatal(r, "cannot restore a snapshot: %s", err->text);
        return RAFT_CORRUPT;
    }
    raft_free(buf->base);
    storage_tell_loaded(r);
    return 0;
}

void fsm_init(struct replicate *r)
{
    r->fsm = (struct raft_fsm){
        .version = 3,
        .data = r,
        .apply = apply,
        .snapshot = snapshot,
        .restore = restore,
    };
}
