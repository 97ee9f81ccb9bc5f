/* Raft messages <-> frames. Little-endian; a frame begins with format (1), type, libraft's
 * version of the message and a zero, then sender and receiver as Raft ids: a node that came
 * back under a new id must not take what was meant for its predecessor.
 *
 * Bytes may come from anyone who may speak on the port: the decoder is strict (a frame it
 * accepts encodes to the same bytes again) and lets nothing through on which libraft, built
 * without asserts, would trip. A snapshot does not fit a frame and travels in parts. */
#ifndef REPLICATE_RAFT_CODEC_H
#define REPLICATE_RAFT_CODEC_H

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"

#include <raft.h>
#include <stdint.h>

/* A batch of entries is one append to the log and must fit one segment of 1 MB. */
#define RAFT_CODEC_ENTRIES_BYTES (512u << 10)
#define RAFT_CODEC_ENTRIES_MAX 1024u
#define RAFT_CODEC_PART_BYTES (256u << 10)
#define RAFT_CODEC_SNAPSHOT_BYTES (LIMIT_SNAPSHOT + 64u) /* checksum and format included */

struct raft_part {
    struct raft_install_snapshot install; /* data: the whole; .base unused; conf: first part */
    size_t offset;
    const uint8_t *bytes; /* borrowed from the frame */
    size_t len;
};

struct raft_frame {
    uint64_t from, to;
    bool is_part;
    union {
        struct raft_message message; /* never RAFT_INSTALL_SNAPSHOT; server_id is `from` */
        struct raft_part part;
    };
};

/* Any message but InstallSnapshot. */
void raft_codec_encode(struct buf *out, uint64_t from, uint64_t to,
                       const struct raft_message *message);
void raft_codec_encode_part(struct buf *out, uint64_t from, uint64_t to,
                            const struct raft_part *part);
/* How many of the entries from `first` on fit one frame; at least 1. */
unsigned raft_codec_fit(const struct raft_append_entries *append, unsigned first);

/* 0 or ERR_INVALID. What the frame holds is owned by it: entries in one batch, a part's
 * configuration; raft_frame_free() unless libraft took them. */
int raft_codec_decode(const uint8_t *bytes, size_t len, struct raft_frame *frame, struct err *err);
void raft_frame_free(struct raft_frame *frame);

#endif
