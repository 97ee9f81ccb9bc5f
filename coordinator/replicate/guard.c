#include "replicate/guard.h"

#include <string.h>

bool guard_disrupt(bool leads, bool silent, uint64_t quiet_ms, unsigned election_ms)
{
    return !leads && (silent || quiet_ms >= election_ms);
}

bool guard_redraw(bool follows, raft_term before, raft_term now)
{
    return follows && before != now;
}

bool guard_refuse_install(unsigned snapshots_in_flight)
{
    return snapshots_in_flight > 0;
}

bool guard_snapshot_term(struct raft_install_snapshot *install, raft_index index, raft_term term)
{
    if (install->last_index != index || install->last_term == term)
        return false;
    install->last_term = term;
    return true;
}

bool guard_clamp_commit(struct raft_append_entries *append, raft_index commit_index)
{
    raft_index known = append->prev_log_index + append->n_entries;

    if (known < commit_index)
        known = commit_index;
    if (append->leader_commit <= known)
        return false;
    append->leader_commit = known;
    return true;
}

enum guard_disk guard_disk(const char *trace)
{
    static const struct {
        const char *prefix;
        enum guard_disk means;
    } known[] = {
        {"retry failed write", GUARD_DISK_WRITE_FAILED},
        {"truncate segment ", GUARD_DISK_CLOSING_FAILED},
        {"unlink segment ", GUARD_DISK_CLOSING_FAILED},
        {"sync data directory", GUARD_DISK_CLOSING_FAILED},
        {"retry creating segment", GUARD_DISK_STALLED},
        {"retry snapshot write", GUARD_DISK_STALLED},
        {"completed creation of", GUARD_DISK_RECOVERED},
    };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strncmp(trace, known[i].prefix, strlen(known[i].prefix)) == 0)
            return known[i].means;
    return GUARD_DISK_NOTHING;
}

bool guard_hold_rejection(struct raft_append_entries_result *result, raft_index on_its_way)
{
    if (result->rejected == 0 || result->rejected != on_its_way)
        return false;
    result->rejected = on_its_way + 1;
    return true;
}

unsigned guard_change_first(const struct raft_entry *entries, unsigned n)
{
    for (unsigned i = 1; i < n; i++)
        if (entries[i].type == RAFT_CHANGE)
            return i;
    return n;
}

unsigned guard_heartbeat(unsigned period_ms)
{
    return period_ms < 40 ? 1 : period_ms / 20;
}

bool guard_snapshot_members(const raft_index *changes, size_t n, raft_index applied,
                            raft_index configuration_index)
{
    while (n > 0 && changes[n - 1] > applied)
        n--;
    return n > 0 && changes[n - 1] > configuration_index;
}

bool guard_turns_away(raft_term own, const struct raft_message *message)
{
    switch (message->type) {
    case RAFT_APPEND_ENTRIES:
        return message->append_entries.term < own;
    case RAFT_INSTALL_SNAPSHOT:
        return message->install_snapshot.term < own;
    default:
        return false;
    }
}

bool guard_late_vote(bool candidate, bool in_pre_vote,
                     const struct raft_request_vote_result *result)
{
    return !candidate || (result->version > 1 && result->pre_vote && !in_pre_vote);
}

unsigned guard_known_entries(const struct raft_append_entries *append, raft_index snapshot_index,
                             raft_index commit_index)
{
    raft_index known;

    if (append->prev_log_index >= snapshot_index || append->prev_log_index >= commit_index)
        return 0;
    known = commit_index - append->prev_log_index;
    return known < append->n_entries ? (unsigned)known : append->n_entries;
}

bool guard_two_leaders(bool leads, raft_term own, const struct raft_message *message)
{
    switch (message->type) {
    case RAFT_APPEND_ENTRIES:
        return leads && message->append_entries.term == own;
    case RAFT_INSTALL_SNAPSHOT:
        return leads && message->install_snapshot.term == own;
    default:
        return false;
    }
}
