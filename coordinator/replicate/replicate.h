/* libraft behind guards (guard.h): storage on any disk (disk.h), messages as frames through
 * the shell, one state machine through callbacks. Knows no TLS, no engine and no loop: the
 * daemon and the simulator run the same code. One thread only. Raft ids: server number
 * (counted from 1) + 256 * incarnation.
 *
 * Time: ms of the disk's io->time(). The shell calls replicate_run() when replicate_due_ms()
 * has come and asks for it again after; `wake` says that it is sooner than it was.
 *
 * Handlers may call anything here but replicate_receive() and replicate_run(): what would
 * come back into libraft while it is at work waits for the next replicate_run(). */
#ifndef REPLICATE_REPLICATE_H
#define REPLICATE_REPLICATE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "core/model/model.h"

#include <stdbool.h>
#include <stdint.h>

struct replicate;
struct replicate_disk; /* disk.h */

static inline int replicate_server_of(uint64_t raft_id)
{
    return (int)(raft_id & 255) - 1;
}
static inline uint64_t replicate_id(int server, uint64_t incarnation)
{
    return (uint64_t)server + 1 + 256 * incarnation;
}

struct replicate_handlers {
    void *context;
    /* Sends a frame to a coordinator; 0 or ERR_…. The bytes are only borrowed. */
    int (*send)(void *context, int server, const uint8_t *bytes, size_t len);
    /* A committed command, padded with zeros to a multiple of 8. `index` is its Raft index:
     * they rise, with gaps where Raft has entries of its own. */
    void (*apply)(void *context, uint64_t index, const uint8_t *bytes, size_t len);
    /* Appends the state up to now (the library adds checksum and format itself). Called
     * when all lines of the ledger up to it must reach the disk first; ERR_… delays it. */
    int (*snapshot)(void *context, struct buf *out, struct err *err);
    /* Replaces the state. */
    int (*restore)(void *context, const uint8_t *bytes, size_t len, struct err *err);
    /* Bytes of a command stored in (or, gone, cut from) the log, committed or not: told
     * before anything about it leaves this node. At the start for everything loaded, after
     * `restore` and before `apply`. What a restored snapshot covers is in the state, and
     * neither told nor taken back. */
    void (*stored)(void *context, uint64_t index, uint64_t term, const uint8_t *bytes, size_t len);
    void (*truncated)(void *context, uint64_t from_index);
    /* Metadata or segment writes failed, or a snapshot can't be restored: nothing leaves this
     * node any more and the process must end, by replicate_close() or at once, within a
     * second (guard 5). Called once. */
    void (*fatal)(void *context, const char *why);
    /* replicate_due_ms() is sooner than it was. Not from inside replicate_open() and
     * replicate_run(): ask after them. */
    void (*wake)(void *context);
};

struct replicate_options {
    struct replicate_disk *disk; /* owned from the call on, whatever it returns */
    uint64_t raft_id;
    const struct model *model; /* names, voters; borrowed during the call */
    struct timing timing;
    uint64_t seed;
    int snapshot_every, snapshot_trailing; /* entries; 0: the usual ones */
    struct log *log;
    struct replicate_handlers handlers;
};

/* Writes the first configuration (incarnation 0 of every coordinator) on an empty disk.
 * ERR_REFUSED when it has a log already. Of the options only `disk`, `raft_id`, `model` and
 * `log` count; no handler is called. */
int replicate_bootstrap(const struct replicate_options *options, struct err *err);

/* Loads the log and starts. `apply`, `restore`, `stored` may come from inside. ERR_CORRUPT:
 * the disk's content is damaged, this node must come back empty under a new id. On an error
 * *replicate is NULL, or what its disk has begun still has to end: then it is to be closed
 * (replicate_close(), replicate_run() until `closed`) as if it were open. */
int replicate_open(const struct replicate_options *options, struct replicate **replicate,
                   struct err *err);
/* When replicate_run() is due; UINT64_MAX: not before something happens. */
uint64_t replicate_due_ms(const struct replicate *replicate);
/* The time that it counts in, now. */
uint64_t replicate_now(const struct replicate *replicate);
/* Does what is due, nothing if it is too early. `closed` comes from here and *replicate is
 * gone then, so nothing of it is on the stack below. */
void replicate_run(struct replicate *replicate);
/* Proposals that are out end with PROPOSE_UNKNOWN first; then only `wake` and `closed` come. */
void replicate_close(struct replicate *replicate, void (*closed)(void *context), void *context);

/* Proposes a command; `done` once. PROPOSE_UNKNOWN: it may still commit. */
enum propose_fate { PROPOSE_COMMITTED, PROPOSE_FAILED, PROPOSE_UNKNOWN };
typedef void replicate_done(void *context, enum propose_fate fate);
/* Copies the bytes. 0, or ERR_UNAVAILABLE (not the leader, no room on the disks of a
 * majority), ERR_LIMIT; then `done` is not called. */
int replicate_propose(struct replicate *replicate, const uint8_t *bytes, size_t len,
                      replicate_done *done, void *context, struct err *err);

/* A frame from coordinator `server` (as its certificate says); what is garbage, pretends
 * another sender or is meant for an earlier id of ours is counted and dropped, negative
 * returned. */
int replicate_receive(struct replicate *replicate, int server, const uint8_t *bytes, size_t len);

/* Beats say the leader is silent (or not): guard 1. */
void replicate_leader_silent(struct replicate *replicate, bool silent);
/* A beat of `server` says that it leads in `term`: a follower of it does not stand for
 * election only because its TCP stream stalls. The leader itself steps down when it
 * reaches no majority by Raft's own messages, and its beats stop saying so. */
void replicate_leader_beat(struct replicate *replicate, int server, uint64_t term);
/* Stand for election now instead of when the timeout ends, and again soon while nobody
 * leads. Wins only if a majority has no leader, thinks it silent, or heard nothing of it for
 * an election timeout. Nothing happens at a leader or a standby. */
void replicate_elect(struct replicate *replicate);
/* Hand the leadership to a voter. */
int replicate_transfer(struct replicate *replicate, int server, struct err *err);

/* Leader only: takes the server's old id out and its new one in, with its role. The new node
 * runs already, opened on an empty dir without replicate_bootstrap(). `done(code)` once: 0,
 * ERR_UNAVAILABLE (leadership lost, or it did not catch up in 30 s: ask again, it goes on
 * from there), ERR_REFUSED (another replacement is under way, ourselves, a wrong id).
 * `address` must be no other member's; the server's name will do. */
void replicate_replace(struct replicate *replicate, int server, uint64_t new_raft_id,
                       const char *address, enum member_role role,
                       void (*done)(void *context, int code), void *context);

struct replicate_info {
    /* 0 follower, 1 candidate, 2 leader, 3 other (closing, or dead after `fatal`): the order
     * of enum raft_role in core/engine.h. */
    int role;
    uint64_t term, commit_index, applied_index, last_index, snapshot_index;
    uint64_t stored_index;   /* newest on this node's disk; what is applied may be newer */
    uint64_t leader_raft_id; /* 0 unknown */
    int members, voters;
    bool members_change;              /* one is in the log and not committed, whoever began it */
    uint64_t dropped_frames, guarded; /* times a guard had to act */
};
struct replicate_info replicate_info(const struct replicate *replicate);
/* The id that a server has in the current configuration; 0: none. */
uint64_t replicate_member(const struct replicate *replicate, int server);
/* Is that id, and no other of its server, in the current configuration, with this role? */
bool replicate_placed(const struct replicate *replicate, uint64_t raft_id, enum member_role role);

#endif
