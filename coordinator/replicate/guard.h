/* What libraft 0.22 gets wrong and kirikae has to see to, as pure functions: each
 * decides about one message or one state. The callers count how often one acts. */
#ifndef REPLICATE_GUARD_H
#define REPLICATE_GUARD_H

#include <raft.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 1 (H). A follower refuses votes while it believes in a leader, and believes in it until
 * its own random timeout ends. When the leader is silent (beats say so, or nothing came
 * for an election timeout), the request may pass. Never at the leader itself. */
bool guard_disrupt(bool leads, bool silent, uint64_t quiet_ms, unsigned election_ms);

/* 1 (R). A follower draws its random timeout once and keeps it for all later elections, so
 * an unlucky pair stays unlucky: draw again whenever the term changed. */
bool guard_redraw(bool follows, raft_term before, raft_term now);

/* 2. An InstallSnapshot that arrives while a snapshot is being taken ends in a NULL
 * dereference, one that arrives while another is being installed mixes the two. */
bool guard_refuse_install(unsigned snapshots_in_flight);

/* 3. A snapshot newer than the one asked for is sent with its own index and the term of
 * the older one. True when the term had to be set right. */
bool guard_snapshot_term(struct raft_install_snapshot *install, raft_index index, raft_term term);

/* 4. An AppendEntries that ends before commit_index would pull commit_index back; and one that
 * ends before the end of this node's log would commit what an older leader left behind it
 * there: only what the message reaches is known to be the leader's (Raft, figure 2,
 * AppendEntries 5). True when leader_commit had to be clamped. */
bool guard_clamp_commit(struct raft_append_entries *append, raft_index commit_index);

/* 5. A failed write is retried from a timer that takes the wrong pointer; a failed closing
 * of a segment is only remembered. libraft tells neither by a result: both are read from
 * what it traces. Thread safe. */
enum guard_disk {
    GUARD_DISK_NOTHING,
    GUARD_DISK_WRITE_FAILED,   /* loop thread; the crash follows after the disk retry time */
    GUARD_DISK_CLOSING_FAILED, /* worker thread */
    GUARD_DISK_STALLED,        /* loop thread; no room for a segment or snapshot, it retries */
    GUARD_DISK_RECOVERED,      /* loop thread */
};
enum guard_disk guard_disk(const char *trace);

/* 6. While a snapshot is on its way, heartbeats are anchored at its index and the follower
 * rejects them, on which the leader sends the whole snapshot again. Makes the rejection
 * one that libraft takes for a stale one. */
bool guard_hold_rejection(struct raft_append_entries_result *result, raft_index on_its_way);

/* 7. A follower takes the index of a message's first new entry for that of any change of
 * members in it. It then never sees the change committed: it leads without being able to
 * change the members, and its snapshots hold the old ones. So a change must come first in
 * its message: how many of these entries may go into one. */
unsigned guard_change_first(const struct raft_entry *entries, unsigned n);

/* 8. A leader sends a heartbeat on a tick only when nothing was sent for a heartbeat timeout,
 * and counts who answered since the last tick. So an entry between two ticks makes all
 * followers look unreachable on the tick after next; to such a one it sends only once in a
 * heartbeat timeout, until an entry of its is acknowledged: every second lone commit waited
 * for that. With a time-out far below the ticks' period each tick sends, all answer in time,
 * and who is held unreachable is sent to again after that short time. What libraft is told,
 * for ticks every `period_ms`. */
unsigned guard_heartbeat(unsigned period_ms);

/* 9. When several changes of members are applied at once, each is taken into the configuration
 * by an event of its own, and a snapshot may be taken between two of them: it then covers a
 * change that its configuration lacks, and a node that starts from it knows the wrong members
 * for good. `changes`: indices of the changes in the log, rising. Must a snapshot up to
 * `applied` wait? */
bool guard_snapshot_members(const raft_index *changes, size_t n, raft_index applied,
                            raft_index configuration_index);

/* 10. The result that turns a leader of an older term away has whatever stood on the stack as
 * its last_log_index. Will libraft make one of this message? */
bool guard_turns_away(raft_term own, const struct raft_message *message);

/* 11. Who is no candidate any more takes a late answer to its request for a vote by what bytes
 * of its leader's address say (a union): it may take the term of a pre-vote, which nobody
 * is in, for real, and make a healthy leader step down. Such answers say nothing. */
bool guard_late_vote(bool candidate, bool in_pre_vote,
                     const struct raft_request_vote_result *result);

/* 12. A leader that begins at the first entry is never asked whether the logs match, and who
 * has compacted the start of its own log takes the entries there for new ones: it appends
 * them behind its last, and reads beyond the message. How many entries at the front of this
 * one are committed here, so known, and must go? */
unsigned guard_known_entries(const struct raft_append_entries *append, raft_index snapshot_index,
                             raft_index commit_index);

/* Entries or a snapshot for a leader in its own term can't be: libraft asserts it, and
 * with NDEBUG writes a follower's fields over a leader's. */
bool guard_two_leaders(bool leads, raft_term own, const struct raft_message *message);

#endif
