/* One node's Raft, as its files see it. Not for other folders; the tests look in.
 *
 *   replicate.c  opens, closes, does what is due, proposes, tells
 *   storage.c    the disk, watched (guards 2, 3, 5, 8, 9)
 *   transport.c  messages as frames, snapshots in parts (guards 1 to 4, 6, 7, 10 to 12)
 *   election.c   who may stand when (guard 1)
 *   news.c       followers learn of a commit at once
 *   fsm.c        the state machine's three calls, checksums
 *   member.c     one server's id out, another in */
#ifndef REPLICATE_INTERNAL_H
#define REPLICATE_INTERNAL_H

#include "base/prng.h"
#include "replicate/raft_codec.h"
#include "replicate/replicate.h"

#include <raft.h>
#include <stddef.h>

#define ANSWER_MS 5000     /* a follower has this long to install a snapshot it was sent */
#define ELECT_RETRY_MS 250 /* election timeout while nobody leads and somebody should */
#define PROPOSALS_MAX 4096
#define NEVER_MS UINT64_MAX

/* A snapshot on its way to one follower. */
struct outgoing {
    uint64_t to;
    struct raft_install_snapshot install; /* borrowed from libraft until `cb` is called */
    size_t offset;
    struct raft_io_send *req; /* NULL: all parts left, the answer is awaited */
    raft_io_send_cb cb;
    uint64_t until_ms; /* once the answer is awaited */
};

/* A snapshot that arrives. */
struct incoming {
    uint64_t from;                        /* 0: none */
    struct raft_install_snapshot install; /* owned */
    size_t got;
};

/* What libraft asked of the disk of a dead node: gets its answer when libraft closes. */
struct unanswered {
    struct raft_io_append *append;    /* or */
    struct raft_io_snapshot_put *put; /* of a snapshot to install */
    struct unanswered *next;
};

struct proposal {
    struct raft_apply req;
    struct replicate *replicate;
    struct raft_buffer bytes;
    replicate_done *done;
    void *context;
    struct proposal *next; /* in the queue of those made from inside a callback */
};

enum member_step { MEMBER_IDLE, MEMBER_REMOVE, MEMBER_ADD, MEMBER_ASSIGN };

struct replacement {
    enum member_step step;
    bool under_way; /* libraft has our request */
    int server;
    uint64_t old_id, new_id;
    char address[LIMIT_TEXT];
    int role; /* libraft's */
    uint64_t deadline_ms;
    struct raft_change req; /* one for all: libraft may keep a pointer longer than it says */
    void (*done)(void *context, int code);
    void *context;
};

/* Where the newest message to a follower ended, and how far it can know what is committed. */
struct anchor {
    uint64_t to; /* Raft id; 0: nothing was sent */
    raft_term term, last_term;
    raft_index last, told;
    raft_index stored;     /* on its disk, by its newest result */
    unsigned char version; /* of the message's format */
};

struct replicate {
    /* as given */
    struct replicate_disk *disk;
    struct log *log;
    struct replicate_handlers on;
    uint64_t id;
    unsigned election_ms, heartbeat_ms;
    struct prng prng;

    /* libraft */
    struct raft raft;
    struct raft_io io, bare; /* what libraft calls, and the disk's own methods */
    struct raft_fsm fsm;
    raft_io_tick_cb tick;
    raft_io_recv_cb recv;
    raft_io_close_cb io_close_cb;

    bool started, closing, dead;
    bool io_closed;
    unsigned depth; /* > 0 while libraft is at work: no new call into it */
    uint64_t dropped, guarded;
    bool quiet; /* the shell will ask what is due without being woken */
    void (*closed)(void *context);
    void *closed_context;

    /* when replicate_run() has something to do; by replicate_due() */
    uint64_t later_ms; /* what had to wait until libraft is idle */
    uint64_t hurry_ms; /* an election that can't wait for heartbeat ticks */
    uint64_t pace_ms;  /* parts of snapshots */

    /* storage */
    raft_index next_index; /* of the log */
    raft_index snapshot_index;
    raft_index *changes; /* of members, in the log: their indices, rising (guard 9) */
    size_t n_changes, changes_room;
    unsigned snapshots_in_flight;
    struct raft_entry *loaded; /* not told to `stored` yet; data belongs to libraft's log */
    size_t n_loaded;
    raft_index loaded_index; /* of loaded[0] */
    bool stalled;
    struct unanswered *unanswered;

    /* transport */
    struct buf frame;
    struct outgoing *outgoing[LIMIT_SERVERS];
    struct anchor anchors[LIMIT_SERVERS];
    struct incoming incoming;
    bool turning_away;    /* libraft is about to refuse a stale leader */
    raft_index got_index; /* snapshot that snapshot_get just read */
    raft_term got_term;

    /* election */
    uint64_t heard_ms; /* when something came from the leader */
    bool silent;
    bool hasty; /* stood by replicate_elect() and nobody leads yet */
    bool heard_since;
    unsigned tries;
    raft_term seen_term;

    /* state machine */
    uint64_t snapshot_after_ms; /* not before: the last one failed */
    bool snapshot_delayed;      /* and it was said */
    struct err restore_err;

    /* proposals and members */
    unsigned n_proposals;
    struct proposal *waiting, **waiting_end;
    bool elect_later;
    uint64_t transfer_later;
    struct replacement replacement;
};

static inline struct replicate *replicate_of_io(struct raft_io *io)
{
    return (struct replicate *)((char *)io - offsetof(struct replicate, io));
}

/* replicate.c */
void replicate_fatal(struct replicate *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool replicate_ready(const struct replicate *r); /* open, not closing, not dead */
void replicate_due(struct replicate *r, uint64_t *due_ms, uint64_t at_ms); /* one of the three */
void replicate_defer(struct replicate *r);         /* the rest to when libraft is idle */
uint64_t replicate_now(const struct replicate *r); /* as libraft counts, ms */

/* storage.c */
int storage_init(struct replicate *r, struct err *err);
void storage_tell_loaded(struct replicate *r); /* `stored` for what load() found, once */
void storage_forget_loaded(struct replicate *r);
bool storage_members_late(struct replicate *r); /* a snapshot would lack a change (guard 9) */

/* transport.c */
void transport_pace(struct replicate *r); /* the next parts of snapshots */
int transport_send(struct raft_io *io, struct raft_io_send *req, const struct raft_message *message,
                   raft_io_send_cb cb);
void transport_close(struct replicate *r); /* ends what is on its way */

/* news.c */
void news_sent(struct replicate *r, uint64_t to, const struct raft_append_entries *sent);
void news_lost(struct replicate *r, uint64_t to); /* it may not have come, or a snapshot goes */
void news_heard(struct replicate *r, uint64_t from,
                const struct raft_append_entries_result *result);
void news_tell(struct replicate *r); /* who does not know what is committed now */

/* election.c */
void election_init(struct replicate *r);
void election_stand(struct replicate *r);
void election_hurry(struct replicate *r); /* soon again, until somebody leads */
void election_heard(struct replicate *r, uint64_t from);
void election_settle(struct replicate *r); /* after every step of libraft */

/* fsm.c */
void fsm_init(struct replicate *r);
bool fsm_whole(const uint8_t *bytes, size_t len); /* a snapshot with its checksum */

/* member.c */
int member_bootstrap_conf(const struct model *model, struct raft_configuration *conf);
void member_look(struct replicate *r); /* on every tick */
void member_close(struct replicate *r);

#endif
