/* Followers learn of a commit when it happens. libraft tells them with the next entries, or
 * with a heartbeat when a tick comes: on a quick network a lone entry, which says that the next
 * holder may serve, took effect up to a tick later. So an empty AppendEntries follows such a
 * commit, anchored where the last message to the follower ended. It is what a heartbeat of
 * libraft's would be at this moment. Who has not stored the entry could make nothing of it: it is
 * told when its disk has it. */
#include "replicate/internal.h"

static struct anchor *anchor_of(struct replicate *r, uint64_t to)
{
    return &r->anchors[replicate_server_of(to)];
}

/* What a follower makes of it that is told of a commit. */
static raft_index takes(const struct anchor *anchor, raft_index commit)
{
    return commit < anchor->stored ? commit : anchor->stored;
}

void news_sent(struct replicate *r, uint64_t to, const struct raft_append_entries *sent)
{
    struct anchor *anchor = anchor_of(r, to);
    unsigned n = sent->n_entries;

    if (anchor->to != to || anchor->term != sent->term)
        *anchor = (struct anchor){.to = to, .term = sent->term};
    anchor->version = sent->version;
    anchor->last = sent->prev_log_index + n;
    anchor->last_term = n > 0 ? sent->entries[n - 1].term : sent->prev_log_term;
    anchor->told = takes(anchor, sent->leader_commit);
}

void news_lost(struct replicate *r, uint64_t to)
{
    *anchor_of(r, to) = (struct anchor){0};
}

void news_heard(struct replicate *r, uint64_t from, const struct raft_append_entries_result *result)
{
    struct anchor *anchor = anchor_of(r, from);

    if (anchor->to == from && anchor->term == result->term && result->rejected == 0)
        anchor->stored = result->last_log_index;
}

void news_tell(struct replicate *r)
{
    raft_term term = raft_current_term(&r->raft);
    raft_index commit = raft_commit_index(&r->raft);

    /* What waits for its commit brings the news itself. */
    if (!replicate_ready(r) || raft_state(&r->raft) != RAFT_LEADER ||
        raft_last_index(&r->raft) > commit)
        return;
    for (int i = 0; i < LIMIT_SERVERS; i++) {
        struct anchor *anchor = &r->anchors[i];
        struct raft_message message = {.type = RAFT_APPEND_ENTRIES, .server_id = anchor->to};

        /* Who may lack something of what was sent would reject it, and be sent a snapshot. */
        if (anchor->to == 0 || anchor->term != term || anchor->stored < anchor->last ||
            takes(anchor, commit) <= anchor->told)
            continue;
        message.append_entries = (struct raft_append_entries){
            .version = anchor->version,
            .term = term,
            .prev_log_index = anchor->last,
            .prev_log_term = anchor->last_term,
            .leader_commit = commit,
        };
        anchor->told = takes(anchor, commit);
        buf_clear(&r->frame);
        raft_codec_encode(&r->frame, r->id, anchor->to, &message);
        if (r->on.send(r->on.context, i, r->frame.data, r->frame.len) < 0)
            news_lost(r, anchor->to);
    }
}
