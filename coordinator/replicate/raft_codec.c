#include "replicate/raft_codec.h"
#include "base/check.h"

#include <string.h>

#define FORMAT 1
#define TYPE_PART 7 /* RAFT_INSTALL_SNAPSHOT itself is never on the wire */
#define INDEX_MAX (UINT64_C(1) << 62) /* sums of two stay clear of overflow */

/* ---- writing ---- */

static void put(struct buf *out, uint64_t value, unsigned bytes)
{
    uint8_t *to = buf_reserve(out, bytes);

    for (unsigned i = 0; i < bytes; i++)
        to[i] = (uint8_t)(value >> (8 * i));
}

static void put_head(struct buf *out, unsigned type, unsigned version, uint64_t from, uint64_t to)
{
    put(out, FORMAT, 1);
    put(out, type, 1);
    put(out, version, 1);
    put(out, 0, 1);
    put(out, from, 8);
    put(out, to, 8);
}

static void put_append(struct buf *out, const struct raft_append_entries *append)
{
    put(out, append->term, 8);
    put(out, append->prev_log_index, 8);
    put(out, append->prev_log_term, 8);
    put(out, append->leader_commit, 8);
    put(out, append->n_entries, 4);
    for (unsigned i = 0; i < append->n_entries; i++) {
        const struct raft_entry *entry = &append->entries[i];

        put(out, entry->term, 8);
        put(out, entry->type, 1);
        put(out, entry->buf.len, 4);
        buf_append(out, entry->buf.base, entry->buf.len);
    }
}

static void put_result(struct buf *out, const struct raft_append_entries_result *result)
{
    put(out, result->term, 8);
    put(out, result->rejected, 8);
    put(out, result->last_log_index, 8);
    put(out, result->features, 2);
    put(out, result->capacity, 2);
}

static void put_vote(struct buf *out, const struct raft_request_vote *vote)
{
    put(out, vote->term, 8);
    put(out, vote->candidate_id, 8);
    put(out, vote->last_log_index, 8);
    put(out, vote->last_log_term, 8);
    put(out, (vote->disrupt_leader ? 1u : 0u) | (vote->pre_vote ? 2u : 0u), 1);
}

static void put_vote_result(struct buf *out, const struct raft_request_vote_result *result)
{
    put(out, result->term, 8);
    put(out, (result->vote_granted ? 1u : 0u) | (result->pre_vote ? 2u : 0u), 1);
    put(out, result->features, 2);
    put(out, result->capacity, 2);
}

void raft_codec_encode(struct buf *out, uint64_t from, uint64_t to,
                       const struct raft_message *message)
{
    switch (message->type) {
    case RAFT_APPEND_ENTRIES:
        put_head(out, RAFT_APPEND_ENTRIES, message->append_entries.version, from, to);
        put_append(out, &message->append_entries);
        break;
    case RAFT_APPEND_ENTRIES_RESULT:
        put_head(out, RAFT_APPEND_ENTRIES_RESULT, message->append_entries_result.version, from, to);
        put_result(out, &message->append_entries_result);
        break;
    case RAFT_REQUEST_VOTE:
        put_head(out, RAFT_REQUEST_VOTE, message->request_vote.version, from, to);
        put_vote(out, &message->request_vote);
        break;
    case RAFT_REQUEST_VOTE_RESULT:
        put_head(out, RAFT_REQUEST_VOTE_RESULT, message->request_vote_result.version, from, to);
        put_vote_result(out, &message->request_vote_result);
        break;
    case RAFT_TIMEOUT_NOW:
        put_head(out, RAFT_TIMEOUT_NOW, message->timeout_now.version, from, to);
        put(out, message->timeout_now.term, 8);
        put(out, message->timeout_now.last_log_index, 8);
        put(out, message->timeout_now.last_log_term, 8);
        break;
    case RAFT_INSTALL_SNAPSHOT:
        CHECK(false);
    }
}

void raft_codec_encode_part(struct buf *out, uint64_t from, uint64_t to,
                            const struct raft_part *part)
{
    const struct raft_install_snapshot *install = &part->install;

    put_head(out, TYPE_PART, install->version, from, to);
    put(out, install->term, 8);
    put(out, install->last_index, 8);
    put(out, install->last_term, 8);
    put(out, install->conf_index, 8);
    put(out, install->data.len, 4);
    put(out, part->offset, 4);
    put(out, part->offset == 0 ? install->conf.n : 0, 1);
    for (unsigned i = 0; part->offset == 0 && i < install->conf.n; i++) {
        const struct raft_server *server = &install->conf.servers[i];
        size_t len = strlen(server->address);

        CHECK(len < LIMIT_TEXT);
        put(out, server->id, 8);
        put(out, (unsigned)server->role, 1);
        put(out, len, 1);
        buf_append(out, server->address, len);
    }
    buf_append(out, part->bytes, part->len);
}

unsigned raft_codec_fit(const struct raft_append_entries *append, unsigned first)
{
    size_t bytes = 0;
    unsigned n = 0;

    while (first + n < append->n_entries && n < RAFT_CODEC_ENTRIES_MAX) {
        bytes += append->entries[first + n].buf.len;
        if (n > 0 && bytes > RAFT_CODEC_ENTRIES_BYTES)
            break;
        n++;
    }
    return n;
}

/* ---- reading ---- */

struct reader {
    const uint8_t *at, *end;
    const char *bad; /* first rule that was broken */
};

static void must(struct reader *r, bool holds, const char *what)
{
    if (!holds && r->bad == NULL)
        r->bad = what;
}

static uint64_t get(struct reader *r, unsigned bytes)
{
    uint64_t value = 0;

    must(r, (size_t)(r->end - r->at) >= bytes, "too short");
    if (r->bad != NULL)
        return 0;
    for (unsigned i = 0; i < bytes; i++)
        value |= (uint64_t)r->at[i] << (8 * i);
    r->at += bytes;
    return value;
}

static const uint8_t *get_bytes(struct reader *r, size_t len)
{
    const uint8_t *bytes = r->at;

    must(r, (size_t)(r->end - r->at) >= len, "too short");
    if (r->bad != NULL)
        return NULL;
    r->at += len;
    return bytes;
}

static uint64_t get_index(struct reader *r)
{
    uint64_t value = get(r, 8);

    must(r, value < INDEX_MAX, "number out of range");
    return value;
}

static uint64_t get_term(struct reader *r)
{
    uint64_t value = get_index(r);

    must(r, value > 0, "no term");
    return value;
}

/* A configuration as libraft encodes it in a RAFT_CHANGE entry. Its own decoder reads past
 * the end of what is too short, so the lengths come first. */
static bool change_is_whole(const uint8_t *bytes, size_t len)
{
    struct raft_buffer encoded = {.base = (void *)bytes, .len = len};
    struct reader r = {.at = bytes, .end = bytes + len};
    struct raft_configuration conf;
    uint64_t format = get(&r, 1);
    uint64_t n = get(&r, 8);

    must(&r, format == 1 && n >= 1 && n <= LIMIT_SERVERS, "configuration");
    for (uint64_t i = 0; i < n && r.bad == NULL; i++) {
        uint64_t id = get(&r, 8);
        const uint8_t *nul = memchr(r.at, 0, (size_t)(r.end - r.at));

        must(&r, id > 0 && nul != NULL && nul - r.at < LIMIT_TEXT, "configuration");
        if (r.bad != NULL)
            break;
        r.at = nul + 1;
        must(&r, get(&r, 1) <= RAFT_SPARE, "configuration");
    }
    if (r.bad != NULL || r.end - r.at >= 8 || raft_configuration_decode(&encoded, &conf) != 0)
        return false;
    raft_configuration_close(&conf);
    return true;
}

/* Looks at every entry without keeping any; the number of bytes that they hold. */
static size_t scan_entries(struct reader *r, uint64_t n, uint64_t term)
{
    struct reader s = *r;
    size_t total = 0;

    for (uint64_t i = 0; i < n && s.bad == NULL; i++) {
        uint64_t entry_term = get_term(&s);
        uint64_t type = get(&s, 1);
        uint64_t len = get(&s, 4);
        const uint8_t *bytes = get_bytes(&s, len);

        must(&s, entry_term <= term, "entry of a later term");
        must(&s, type >= RAFT_COMMAND && type <= RAFT_CHANGE, "type of entry");
        must(&s, len > 0 && len % 8 == 0 && len <= LIMIT_COMMAND, "length of entry");
        if (s.bad == NULL && type == RAFT_CHANGE)
            must(&s, change_is_whole(bytes, len), "configuration");
        total += len;
    }
    must(&s, s.at == s.end, "bytes left over");
    r->bad = s.bad;
    return total;
}

static void get_append(struct reader *r, struct raft_append_entries *append)
{
    uint64_t n;
    size_t total, used = 0;
    uint8_t *batch;

    append->term = get_term(r);
    append->prev_log_index = get_index(r);
    append->prev_log_term = get_index(r);
    append->leader_commit = get_index(r);
    n = get(r, 4);
    must(r, (append->prev_log_index == 0) == (append->prev_log_term == 0), "previous entry");
    must(r, append->prev_log_term <= append->term, "previous entry of a later term");
    must(r, n <= RAFT_CODEC_ENTRIES_MAX, "number of entries");
    if (r->bad != NULL)
        return;
    total = scan_entries(r, n, append->term);
    if (r->bad != NULL || n == 0)
        return;

    /* libraft frees one batch for all entries of a message. */
    batch = raft_malloc(total);
    append->entries = raft_calloc(n, sizeof *append->entries);
    CHECK(batch != NULL && append->entries != NULL);
    append->n_entries = (unsigned)n;
    for (uint64_t i = 0; i < n; i++) {
        struct raft_entry *entry = &append->entries[i];

        entry->term = get(r, 8);
        entry->type = (enum raft_entry_type)get(r, 1);
        entry->buf.len = get(r, 4);
        entry->buf.base = batch + used;
        entry->batch = batch;
        memcpy(entry->buf.base, get_bytes(r, entry->buf.len), entry->buf.len);
        used += entry->buf.len;
    }
}

static void get_result(struct reader *r, struct raft_append_entries_result *result)
{
    result->term = get_term(r);
    result->rejected = get_index(r);
    result->last_log_index = get_index(r);
    result->features = (unsigned short)get(r, 2);
    result->capacity = (unsigned short)get(r, 2);
    must(r, result->rejected == 0 || result->last_log_index < result->rejected, "rejection");
}

static unsigned get_flags(struct reader *r)
{
    unsigned flags = (unsigned)get(r, 1);

    must(r, flags <= 3, "flags");
    return flags;
}

static void get_vote(struct reader *r, struct raft_request_vote *vote, uint64_t from)
{
    unsigned flags;

    vote->term = get_term(r);
    vote->candidate_id = get(r, 8);
    vote->last_log_index = get_index(r);
    vote->last_log_term = get_index(r);
    flags = get_flags(r);
    vote->disrupt_leader = (flags & 1) != 0;
    vote->pre_vote = (flags & 2) != 0;
    must(r, vote->candidate_id == from, "candidate is not the sender");
    must(r, vote->last_log_term < vote->term, "last entry");
}

static void get_vote_result(struct reader *r, struct raft_request_vote_result *result)
{
    unsigned flags;

    result->term = get_term(r);
    flags = get_flags(r);
    result->vote_granted = (flags & 1) != 0;
    result->pre_vote = (flags & 2) != 0;
    result->features = (unsigned short)get(r, 2);
    result->capacity = (unsigned short)get(r, 2);
}

static void get_servers(struct reader *r, struct raft_configuration *conf, uint64_t n)
{
    for (uint64_t i = 0; i < n && r->bad == NULL; i++) {
        uint64_t id = get(r, 8);
        uint64_t role = get(r, 1);
        uint64_t len = get(r, 1);
        const uint8_t *text = get_bytes(r, len);
        char address[LIMIT_TEXT];

        if (r->bad != NULL)
            return;
        memcpy(address, text, len);
        address[len] = '\0';
        /* Checks role, repeated ids and repeated addresses as well. */
        must(r, id > 0 && strlen(address) == len, "server");
        if (r->bad == NULL)
            must(r, raft_configuration_add(conf, id, address, (int)role) == 0, "server");
    }
}

static void get_part(struct reader *r, struct raft_part *part)
{
    struct raft_install_snapshot *install = &part->install;
    uint64_t n;

    raft_configuration_init(&install->conf);
    install->term = get_term(r);
    install->last_index = get_term(r);
    install->last_term = get_term(r);
    install->conf_index = get_term(r);
    install->data.len = get(r, 4);
    part->offset = get(r, 4);
    n = get(r, 1);
    must(r, install->last_term <= install->term, "snapshot of a later term");
    must(r, install->conf_index <= install->last_index, "configuration after the snapshot");
    must(r, install->data.len <= RAFT_CODEC_SNAPSHOT_BYTES, "snapshot too large");
    must(r, n <= LIMIT_SERVERS && (n > 0) == (part->offset == 0), "number of servers");
    if (r->bad != NULL)
        return;
    get_servers(r, &install->conf, n);
    if (r->bad != NULL)
        return;
    part->len = (size_t)(r->end - r->at);
    part->bytes = get_bytes(r, part->len);
    must(r, part->len > 0 && part->offset + part->len <= install->data.len, "part out of range");
}

static void get_message(struct reader *r, unsigned type, unsigned char version,
                        struct raft_frame *frame)
{
    struct raft_message *m = &frame->message;

    switch (type) {
    case RAFT_APPEND_ENTRIES:
        m->append_entries.version = version;
        get_append(r, &m->append_entries);
        break;
    case RAFT_APPEND_ENTRIES_RESULT:
        m->append_entries_result.version = version;
        get_result(r, &m->append_entries_result);
        break;
    case RAFT_REQUEST_VOTE:
        m->request_vote.version = version;
        get_vote(r, &m->request_vote, frame->from);
        break;
    case RAFT_REQUEST_VOTE_RESULT:
        m->request_vote_result.version = version;
        get_vote_result(r, &m->request_vote_result);
        break;
    case RAFT_TIMEOUT_NOW:
        m->timeout_now.version = version;
        m->timeout_now.term = get_term(r);
        m->timeout_now.last_log_index = get_index(r);
        m->timeout_now.last_log_term = get_index(r);
        break;
    case TYPE_PART:
        frame->part.install.version = version;
        get_part(r, &frame->part);
        return;
    default:
        must(r, false, "type of message");
        return;
    }
    must(r, r->at == r->end, "bytes left over");
}

int raft_codec_decode(const uint8_t *bytes, size_t len, struct raft_frame *frame, struct err *err)
{
    struct reader r = {.at = bytes, .end = bytes + len};
    unsigned format, type, version, zero;

    memset(frame, 0, sizeof *frame);
    format = (unsigned)get(&r, 1);
    type = (unsigned)get(&r, 1);
    version = (unsigned)get(&r, 1);
    zero = (unsigned)get(&r, 1);
    frame->from = get(&r, 8);
    frame->to = get(&r, 8);
    must(&r, len <= LIMIT_FRAME, "too long");
    must(&r, format == FORMAT && zero == 0, "format");
    must(&r, version <= 2, "version of message");
    must(&r, frame->from > 0 && frame->to > 0, "id");
    if (r.bad == NULL) {
        frame->is_part = type == TYPE_PART;
        if (!frame->is_part) {
            frame->message.type = (enum raft_message_type)type;
            frame->message.server_id = frame->from;
        }
        get_message(&r, type, (unsigned char)version, frame);
        if (r.bad != NULL)
            raft_frame_free(frame);
    }
    if (r.bad != NULL)
        return err_set(err, ERR_INVALID, "raft frame of %zu bytes: %s", len, r.bad);
    return 0;
}

void raft_frame_free(struct raft_frame *frame)
{
    if (frame->is_part) {
        raft_configuration_close(&frame->part.install.conf);
        raft_configuration_init(&frame->part.install.conf);
        return;
    }
    if (frame->message.type == RAFT_APPEND_ENTRIES && frame->message.append_entries.n_entries > 0) {
        raft_free(frame->message.append_entries.entries[0].batch);
        raft_free(frame->message.append_entries.entries);
        frame->message.append_entries.entries = NULL;
        frame->message.append_entries.n_entries = 0;
    }
}
