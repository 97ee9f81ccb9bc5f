/* Raft messages as frames of the shell's links, with the guards that look at messages. A
 * snapshot leaves in parts, one at a time for every PACE_MS, so that heartbeats pass between
 * them; it arrives whole before libraft hears of it. */
#include "base/check.h"
#include "base/mem.h"
#include "replicate/guard.h"
#include "replicate/internal.h"

#include <string.h>

#define PACE_MS 10
#define RESULT_FEATURES 1 /* libraft's: the result says what room the disk has */

static int put_frame(struct replicate *r, uint64_t to)
{
    return r->on.send(r->on.context, replicate_server_of(to), r->frame.data, r->frame.len);
}

/* ---- snapshots that leave ---- */

static bool known_server(int server)
{
    return server >= 0 && server < LIMIT_SERVERS;
}

static struct outgoing **outgoing_to(struct replicate *r, uint64_t id)
{
    CHECK(known_server(replicate_server_of(id)));
    return &r->outgoing[replicate_server_of(id)];
}

static void finish_request(struct outgoing *out)
{
    struct raft_io_send *req = out->req;

    out->req = NULL;
    if (req != NULL)
        out->cb(req, 0); /* libraft frees configuration and data; it ignores the status */
}

static void drop_outgoing(struct outgoing **slot)
{
    struct outgoing *out = *slot;

    *slot = NULL;
    finish_request(out);
    mem_free(out);
}

static void send_part(struct replicate *r, struct outgoing **slot)
{
    struct outgoing *out = *slot;
    struct raft_part part = {.install = out->install, .offset = out->offset};
    size_t left = out->install.data.len - out->offset;

    part.bytes = (const uint8_t *)out->install.data.base + out->offset;
    part.len = left < RAFT_CODEC_PART_BYTES ? left : RAFT_CODEC_PART_BYTES;
    buf_clear(&r->frame);
    raft_codec_encode_part(&r->frame, r->id, out->to, &part);
    if (put_frame(r, out->to) < 0) {
        drop_outgoing(slot); /* libraft may begin again at once */
        return;
    }
    out->offset += part.len;
    if (part.len < left)
        return;
    out->until_ms = replicate_now(r) + ANSWER_MS;
    finish_request(out);
}

void transport_pace(struct replicate *r)
{
    bool more = false;

    for (int i = 0; i < LIMIT_SERVERS; i++) {
        if (r->outgoing[i] != NULL && r->outgoing[i]->req != NULL)
            send_part(r, &r->outgoing[i]);
        more = more || (r->outgoing[i] != NULL && r->outgoing[i]->req != NULL);
    }
    if (more)
        replicate_due(r, &r->pace_ms, replicate_now(r) + PACE_MS);
}

/* Calls `cb` now or later, once. */
static void send_snapshot(struct replicate *r, struct raft_io_send *req,
                          const struct raft_message *message, raft_io_send_cb cb)
{
    const struct raft_install_snapshot *install = &message->install_snapshot;
    struct outgoing **slot = outgoing_to(r, message->server_id);
    struct outgoing *out = *slot;

    if (out != NULL && out->to == message->server_id &&
        (out->req != NULL || replicate_now(r) < out->until_ms)) {
        r->guarded++; /* guard 6 */
        cb(req, 0);
        return;
    }
    if (install->last_index == 0 || install->data.len > RAFT_CODEC_SNAPSHOT_BYTES) {
        cb(req, 0);
        return;
    }
    if (out != NULL)
        drop_outgoing(slot);
    news_lost(r, message->server_id);
    out = mem_zalloc(1, sizeof *out);
    *out = (struct outgoing){.to = message->server_id, .install = *install, .req = req, .cb = cb};
    r->guarded += guard_snapshot_term(&out->install, r->got_index, r->got_term);
    *slot = out;
    send_part(r, slot);
    if (r->pace_ms == NEVER_MS)
        replicate_due(r, &r->pace_ms, replicate_now(r) + PACE_MS);
}

void transport_close(struct replicate *r)
{
    r->pace_ms = NEVER_MS;
    for (int i = 0; i < LIMIT_SERVERS; i++)
        if (r->outgoing[i] != NULL)
            drop_outgoing(&r->outgoing[i]);
    if (r->incoming.from != 0) {
        raft_configuration_close(&r->incoming.install.conf);
        raft_free(r->incoming.install.data.base);
        r->incoming = (struct incoming){0};
    }
}

/* ---- messages that leave ---- */

static unsigned piece_of(struct replicate *r, const struct raft_append_entries *all, unsigned first)
{
    unsigned n = raft_codec_fit(all, first);
    unsigned allowed = guard_change_first(all->entries + first, n);

    r->guarded += allowed < n;
    return allowed;
}

/* Entries that do not fit one frame leave as several messages in a row, which is what a
 * leader with less to say would have sent. */
static void send_entries(struct replicate *r, const struct raft_message *message)
{
    const struct raft_append_entries *all = &message->append_entries;
    struct raft_message piece = *message;
    unsigned first = 0;

    do {
        piece.append_entries.n_entries = all->n_entries > 0 ? piece_of(r, all, first) : 0;
        piece.append_entries.entries = all->n_entries > 0 ? all->entries + first : NULL;
        piece.append_entries.prev_log_index = all->prev_log_index + first;
        if (first > 0)
            piece.append_entries.prev_log_term = all->entries[first - 1].term;
        buf_clear(&r->frame);
        raft_codec_encode(&r->frame, r->id, message->server_id, &piece);
        if (put_frame(r, message->server_id) < 0) {
            news_lost(r, message->server_id);
            return;
        }
        news_sent(r, message->server_id, &piece.append_entries);
        first += piece.append_entries.n_entries;
    } while (first < all->n_entries);
}

static void send_result(struct replicate *r, const struct raft_message *message)
{
    struct raft_message clean = *message;
    struct raft_append_entries_result *result = &clean.append_entries_result;

    if (r->turning_away) /* guard 10 */
        result->last_log_index = 0;
    buf_clear(&r->frame);
    raft_codec_encode(&r->frame, r->id, message->server_id, &clean);
    (void)put_frame(r, message->server_id);
}

/* Always 0: on an error libraft forgets the messages to all others as well. Calling `cb`
 * before returning is fine with libraft, which then only frees the request. */
int transport_send(struct raft_io *io, struct raft_io_send *req, const struct raft_message *message,
                   raft_io_send_cb cb)
{
    struct replicate *r = replicate_of_io(io);

    req->cb = cb;
    if (r->dead || r->closing || !known_server(replicate_server_of(message->server_id))) {
        cb(req, 0);
        return 0;
    }
    switch (message->type) {
    case RAFT_INSTALL_SNAPSHOT:
        send_snapshot(r, req, message, cb);
        return 0;
    case RAFT_APPEND_ENTRIES:
        send_entries(r, message);
        break;
    case RAFT_APPEND_ENTRIES_RESULT:
        send_result(r, message);
        break;
    default:
        buf_clear(&r->frame);
        raft_codec_encode(&r->frame, r->id, message->server_id, message);
        (void)put_frame(r, message->server_id);
        break;
    }
    cb(req, 0);
    return 0;
}

/* ---- messages that arrive ---- */

static void drop_message(struct raft_message *message)
{
    struct raft_append_entries *append = &message->append_entries;

    if (message->type == RAFT_APPEND_ENTRIES && append->n_entries > 0) {
        raft_free(append->entries[0].batch);
        raft_free(append->entries);
    } else if (message->type == RAFT_INSTALL_SNAPSHOT) {
        raft_configuration_close(&message->install_snapshot.conf);
        raft_free(message->install_snapshot.data.base);
    }
}

/* Takes out of a leader's message what is committed here, when it begins where this log is
 * compacted (guard 12). Returns the index up to which all of it is known, 0: something is
 * left for libraft. Then it is a heartbeat, to which libraft answers nothing of use. */
static raft_index trim_known(struct replicate *r, struct raft_append_entries *append)
{
    unsigned known = guard_known_entries(append, r->snapshot_index, raft_commit_index(&r->raft));
    raft_index last = append->prev_log_index + append->n_entries;

    if (known == 0)
        return 0;
    r->guarded++;
    if (known == append->n_entries) {
        raft_free(append->entries[0].batch);
        raft_free(append->entries);
        append->entries = NULL;
        append->n_entries = 0;
        append->prev_log_index = append->prev_log_term = append->leader_commit = 0;
        return last;
    }
    append->prev_log_index += known;
    append->prev_log_term = append->entries[known - 1].term;
    append->n_entries -= known;
    memmove(append->entries, append->entries + known, append->n_entries * sizeof *append->entries);
    return 0;
}

/* That all of a message is known, as libraft would say it. */
static void tell_known(struct replicate *r, const struct raft_message *message, raft_index last)
{
    struct raft_message known = {.type = RAFT_APPEND_ENTRIES_RESULT,
                                 .server_id = message->server_id};

    if (message->append_entries.term != raft_current_term(&r->raft))
        return; /* a stale leader */
    known.append_entries_result = (struct raft_append_entries_result){
        .version = 2,
        .term = raft_current_term(&r->raft),
        .last_log_index = last < r->raft.last_stored ? last : r->raft.last_stored,
        .features = RESULT_FEATURES,
        .capacity = r->raft.capacity,
    };
    send_result(r, &known);
}

/* A result from a follower to which a snapshot is on its way. */
static void watch_result(struct replicate *r, uint64_t from,
                         struct raft_append_entries_result *result)
{
    struct outgoing **slot = outgoing_to(r, from);
    struct outgoing *out = *slot;

    if (out == NULL || out->to != from)
        return;
    if (result->rejected == 0 && result->last_log_index >= out->install.last_index)
        drop_outgoing(slot);
    else if (out->req == NULL && replicate_now(r) >= out->until_ms)
        drop_outgoing(slot);
    else
        r->guarded += guard_hold_rejection(result, out->install.last_index);
}

/* Hands a message and what it owns to libraft, or drops it. */
static void deliver(struct replicate *r, struct raft_message *message)
{
    bool leads = raft_state(&r->raft) == RAFT_LEADER;
    uint64_t quiet_ms = replicate_now(r) - r->heard_ms;
    bool drop = guard_two_leaders(leads, raft_current_term(&r->raft), message);
    raft_index known = 0;

    switch (message->type) {
    case RAFT_REQUEST_VOTE:
        if (!message->request_vote.disrupt_leader &&
            guard_disrupt(leads, r->silent, quiet_ms, r->election_ms)) {
            message->request_vote.disrupt_leader = true;
            r->guarded++;
        }
        break;
    case RAFT_APPEND_ENTRIES:
        known = drop ? 0 : trim_known(r, &message->append_entries);
        r->guarded += guard_clamp_commit(&message->append_entries, raft_commit_index(&r->raft));
        break;
    case RAFT_APPEND_ENTRIES_RESULT:
        watch_result(r, message->server_id, &message->append_entries_result);
        news_heard(r, message->server_id, &message->append_entries_result);
        break;
    case RAFT_INSTALL_SNAPSHOT:
        drop = drop || guard_refuse_install(r->snapshots_in_flight);
        break;
    case RAFT_REQUEST_VOTE_RESULT:
        drop =
            guard_late_vote(r->raft.state == RAFT_CANDIDATE,
                            r->raft.state == RAFT_CANDIDATE && r->raft.candidate_state.in_pre_vote,
                            &message->request_vote_result);
        break;
    default:
        break;
    }
    if (drop) {
        r->guarded++;
        drop_message(message);
        return;
    }
    message->server_address = "peer"; /* libraft keeps a copy that nobody reads */
    r->turning_away = guard_turns_away(raft_current_term(&r->raft), message);
    r->depth++;
    r->recv(&r->io, message);
    r->depth--;
    r->turning_away = false;
    if (known > 0)
        tell_known(r, message, known);
    if (message->type == RAFT_APPEND_ENTRIES || message->type == RAFT_INSTALL_SNAPSHOT)
        election_heard(r, message->server_id);
    election_settle(r);
    news_tell(r);
}

static bool goes_on(const struct incoming *in, uint64_t from, const struct raft_part *part)
{
    return in->from == from && in->got == part->offset && in->install.term == part->install.term &&
           in->install.last_index == part->install.last_index &&
           in->install.last_term == part->install.last_term &&
           in->install.data.len == part->install.data.len;
}

static void reset_incoming(struct replicate *r)
{
    if (r->incoming.from == 0)
        return;
    raft_configuration_close(&r->incoming.install.conf);
    raft_free(r->incoming.install.data.base);
    r->incoming = (struct incoming){0};
}

/* Takes the first part's configuration out of the frame. */
static void begin_incoming(struct replicate *r, uint64_t from, struct raft_part *part)
{
    struct incoming *in = &r->incoming;

    reset_incoming(r);
    in->from = from;
    in->install = part->install;
    in->install.data.base = raft_malloc(part->install.data.len);
    CHECK(in->install.data.base != NULL);
    raft_configuration_init(&part->install.conf);
}

static int take_part(struct replicate *r, uint64_t from, struct raft_part *part)
{
    struct incoming *in = &r->incoming;
    struct raft_message message = {.type = RAFT_INSTALL_SNAPSHOT, .server_id = from};

    if (part->install.term < raft_current_term(&r->raft) ||
        guard_refuse_install(r->snapshots_in_flight)) {
        reset_incoming(r);
        r->guarded++;
        return 0;
    }
    if (part->offset == 0)
        begin_incoming(r, from, part);
    else if (!goes_on(in, from, part)) {
        reset_incoming(r);
        return ERR_STALE;
    }
    memcpy((uint8_t *)in->install.data.base + in->got, part->bytes, part->len);
    in->got += part->len;
    if (in->got < in->install.data.len)
        return 0;

    if (!fsm_whole(in->install.data.base, in->install.data.len)) {
        reset_incoming(r);
        return ERR_CORRUPT;
    }
    message.install_snapshot = in->install;
    *in = (struct incoming){0};
    deliver(r, &message);
    return 0;
}

int replicate_receive(struct replicate *r, int server, const uint8_t *bytes, size_t len)
{
    struct raft_frame frame;
    struct err err;
    int code;

    CHECK(r->depth == 0);
    if (!replicate_ready(r))
        return ERR_UNAVAILABLE;
    code = raft_codec_decode(bytes, len, &frame, &err);
    if (code == 0 &&
        (!known_server(server) || replicate_server_of(frame.from) != server || frame.from == r->id))
        code = ERR_DENIED;
    else if (code == 0 && frame.to != r->id)
        code = ERR_STALE; /* meant for what this server was before */
    else if (code == 0 && frame.is_part)
        code = take_part(r, frame.from, &frame.part);
    else if (code == 0) {
        deliver(r, &frame.message);
        return 0;
    }
    if (code != ERR_INVALID) /* then there is nothing in it */
        raft_frame_free(&frame);
    if (code < 0)
        r->dropped++;
    return code;
}
