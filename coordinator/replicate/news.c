/* Followers learn of a commit when it happens. libraft tells them with the next entries, or
 * with a heartbeat when a tick comes: on a quick network a lone entry, which says that the next
 * holder may serve, took effect up to a tick later. So an empty AppendEntries follows such a
 * commit, anchored where the last message to the follower ended. It is what a heartbeat of
 * libraft's would be at this moment. */
#include "replicate/internal.h"

static struct anchor *anchor_of(struct replicate *r, uint64_t to)
{
    return &r->anchors[replicate_server_of(to)];
}

void news_sent(struct replicate *r, uint64_t to, const struct raft_append_entries *sent)
{
    unsigned n = sent->n_entries;

    *anchor_of(r, to) = (struct anchor){
        .to = to,
        .term = sent->term,
        .last = sent->prev_log_index + n,
        .last_term = n > 0 ? sent->entries[n - 1].term : sent->prev_log_term,
        .commit = sent->leader_commit,
        .version = sent->version,
    };
}

void news_lost(struct replicate *r, uint64_t to)
{
    *anchor_of(r, to) = (struct anchor){0};
}

static bool has_news(const struct anchor *anchor, raft_term term, raft_index commit)
{
    return anchor->to != 0 && anchor->term == term && anchor->commit < commit &&
           anchor->commit < anchor->last;
}

void news_tell(struct replicate *r)
{
    raft_term term = raft_current_term(&r->raft);
    raft_index commit = raft_commit_index(&r->raft);

    /* What waits for its commit brings the news itself. */
    if (!replicate_ready(r) || raft_state(&r->raft) != RAFT_LEADER || r->n_proposals > 0)
        return;
    for (int i = 0; i < LIMIT_SERVERS; i++) {
        struct anchor *anchor = &r->anchors[i];
        struct raft_message message = {.type = RAFT_APPEND_ENTRIES, .server_id = anchor->to};

        if (!has_news(anchor, term, commit))
            continue;
        message.append_entries = (struct raft_append_entries){
            .version = anchor->version,
            .term = term,
            .prev_log_index = anchor->last,
            .prev_log_term = anchor->last_term,
            .leader_commit = commit,
        };
        anchor->commit = commit;
        buf_clear(&r->frame);
        raft_codec_encode(&r->frame, r->id, anchor->to, &message);
        if (r->on.send(r->on.context, i, r->frame.data, r->frame.len) < 0)
            news_lost(r, anchor->to);
    }
}
