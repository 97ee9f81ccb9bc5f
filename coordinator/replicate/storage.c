/* The disk stores; this looks at every result, because libraft does not. After a failure
 * the node is dead: it reports success to libraft, whose own error paths free memory twice,
 * lets nothing out any more, and waits for the process to end. */
#include "base/check.h"
#include "base/mem.h"
#include "replicate/disk.h"
#include "replicate/guard.h"
#include "replicate/internal.h"

#include <string.h>

/* A request to the disk in place of libraft's own. */
struct store_append {
    struct raft_io_append req;
    struct replicate *replicate;
    struct raft_io_append *theirs;
    raft_io_append_cb cb;
};
struct store_put {
    struct raft_io_snapshot_put req;
    struct replicate *replicate;
    struct raft_io_snapshot_put *theirs;
    raft_io_snapshot_put_cb cb;
    raft_index index;
    bool install;
};
struct store_get {
    struct raft_io_snapshot_get req;
    struct replicate *replicate;
    struct raft_io_snapshot_get *theirs;
    raft_io_snapshot_get_cb cb;
};

/* ---- what the disk reports (guard 5) ---- */

static void on_report(void *context, enum guard_disk what)
{
    struct replicate *r = context;

    switch (what) {
    case GUARD_DISK_NOTHING:
        break;
    case GUARD_DISK_WRITE_FAILED:
        r->guarded++;
        replicate_fatal(r, "writing to the log failed: %s", r->io.errmsg);
        break;
    case GUARD_DISK_CLOSING_FAILED:
        r->guarded++;
        replicate_fatal(r, "closing or removing a segment of the log failed");
        break;
    case GUARD_DISK_STALLED:
        if (!r->stalled)
            log_line(r->log, LOG_LEVEL_WARN, "raft-disk-stalled",
                     "no room for the log, trying again");
        r->stalled = true;
        break;
    case GUARD_DISK_RECOVERED:
        if (r->stalled)
            log_line(r->log, LOG_LEVEL_INFO, "raft-disk-recovered", "room for the log again");
        r->stalled = false;
        break;
    }
}

/* ---- what a dead node does not do ---- */

static void leave_unanswered(struct replicate *r, struct unanswered what)
{
    struct unanswered *u = mem_zalloc(1, sizeof *u);

    *u = what;
    u->next = r->unanswered;
    r->unanswered = u;
}

/* Only now does libraft take it for cancelled and free what belongs to it. */
static void answer_all(struct replicate *r)
{
    while (r->unanswered != NULL) {
        struct unanswered *u = r->unanswered;

        r->unanswered = u->next;
        if (u->append != NULL)
            u->append->cb(u->append, RAFT_CANCELED);
        else
            u->put->cb(u->put, RAFT_CANCELED);
        mem_free(u);
    }
}

/* ---- changes of members (guard 9) ---- */

static void note_changes(struct replicate *r, raft_index first, const struct raft_entry *entries,
                         size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (entries[i].type != RAFT_CHANGE)
            continue;
        if (r->n_changes == r->changes_room) {
            r->changes_room = r->changes_room * 2 + 8;
            r->changes = mem_realloc(r->changes, r->changes_room, sizeof *r->changes);
        }
        r->changes[r->n_changes++] = first + i;
    }
}

static void forget_changes(struct replicate *r, raft_index from)
{
    while (r->n_changes > 0 && r->changes[r->n_changes - 1] >= from)
        r->n_changes--;
}

bool storage_members_late(struct replicate *r)
{
    raft_index applied = raft_last_applied(&r->raft);
    size_t old = 0;

    while (old + 1 < r->n_changes && r->changes[old + 1] <= applied)
        old++;
    if (old > 0) {
        r->n_changes -= old;
        memmove(r->changes, r->changes + old, r->n_changes * sizeof *r->changes);
    }
    return guard_snapshot_members(r->changes, r->n_changes, applied,
                                  r->raft.configuration_committed_index);
}

/* ---- the log ---- */

void storage_forget_loaded(struct replicate *r)
{
    mem_free(r->loaded);
    r->loaded = NULL;
    r->n_loaded = 0;
}

void storage_tell_loaded(struct replicate *r)
{
    struct raft_entry *entries = r->loaded;
    size_t n = r->n_loaded;

    r->loaded = NULL; /* `stored` may come back here */
    r->n_loaded = 0;
    for (size_t i = 0; i < n; i++)
        if (entries[i].type == RAFT_COMMAND && r->loaded_index + i > r->snapshot_index)
            r->on.stored(r->on.context, r->loaded_index + i, entries[i].term, entries[i].buf.base,
                         entries[i].buf.len);
    mem_free(entries);
}

static int load(struct raft_io *io, raft_term *term, raft_id *voted_for,
                struct raft_snapshot **snapshot, raft_index *start_index,
                struct raft_entry *entries[], size_t *n_entries)
{
    struct replicate *r = replicate_of_io(io);
    int rv = r->bare.load(io, term, voted_for, snapshot, start_index, entries, n_entries);

    if (rv != 0)
        return rv;
    r->next_index = *start_index + *n_entries;
    r->snapshot_index = *snapshot != NULL ? (*snapshot)->index : 0;
    r->loaded_index = *start_index;
    r->n_loaded = *n_entries;
    r->loaded = mem_dup(*entries, *n_entries * sizeof **entries);
    note_changes(r, *start_index, *entries, *n_entries);
    return 0;
}

static void appended(struct raft_io_append *req, int status)
{
    struct store_append *store = req->data;
    struct replicate *r = store->replicate;

    if (status != 0 && !r->closing)
        replicate_fatal(r, "appending to the log failed: %s", raft_strerror(status));
    r->depth++;
    store->cb(store->theirs, status);
    r->depth--;
    mem_free(store);
    if (r->depth == 0) /* it may have been what was missing */
        news_tell(r);
}

/* libraft calls truncate() with the first index right before every append(). */
static int append(struct raft_io *io, struct raft_io_append *req, const struct raft_entry entries[],
                  unsigned n, raft_io_append_cb cb)
{
    struct replicate *r = replicate_of_io(io);
    struct store_append *store;
    int rv;

    if (r->dead) {
        req->cb = cb;
        leave_unanswered(r, (struct unanswered){.append = req});
        return 0;
    }
    for (unsigned i = 0; i < n; i++)
        if (entries[i].type == RAFT_COMMAND)
            r->on.stored(r->on.context, r->next_index + i, entries[i].term, entries[i].buf.base,
                         entries[i].buf.len);
    note_changes(r, r->next_index, entries, n);
    r->next_index += n;

    store = mem_zalloc(1, sizeof *store);
    *store = (struct store_append){.replicate = r, .theirs = req, .cb = cb};
    store->req.data = store;
    rv = r->bare.append(io, &store->req, entries, n, appended);
    if (rv != 0) /* the disk may keep the request */
        replicate_fatal(r, "cannot append to the log: %s", io->errmsg);
    return 0;
}

static int truncate_log(struct raft_io *io, raft_index index)
{
    struct replicate *r = replicate_of_io(io);

    if (r->dead)
        return 0;
    if (index < r->next_index)
        r->on.truncated(r->on.context, index);
    r->next_index = index;
    forget_changes(r, index);
    if (r->bare.truncate(io, index) != 0)
        replicate_fatal(r, "cannot truncate the log: %s", io->errmsg);
    return 0;
}

/* ---- term and vote ---- */

static int set_term(struct raft_io *io, raft_term term)
{
    struct replicate *r = replicate_of_io(io);

    if (!r->dead && r->bare.set_term(io, term) != 0)
        replicate_fatal(r, "cannot store the term: %s", io->errmsg);
    return 0;
}

static int set_vote(struct raft_io *io, raft_id id)
{
    struct replicate *r = replicate_of_io(io);

    if (!r->dead && r->bare.set_vote(io, id) != 0)
        replicate_fatal(r, "cannot store the vote: %s", io->errmsg);
    return 0;
}

/* ---- snapshots ---- */

static void put_done(struct raft_io_snapshot_put *req, int status)
{
    struct store_put *store = req->data;
    struct replicate *r = store->replicate;

    r->snapshots_in_flight--;
    if (status == 0)
        r->snapshot_index = store->index;
    else if (!r->closing && store->install)
        replicate_fatal(r, "cannot store a received snapshot: %s", raft_strerror(status));
    else if (!r->closing)
        log_line(r->log, LOG_LEVEL_WARN, "raft-snapshot-failed", "cannot store a snapshot: %s",
                 raft_strerror(status));
    r->depth++;
    store->cb(store->theirs, status);
    r->depth--;
    mem_free(store);
}

/* trailing is 0 only for a received snapshot, which takes the place of the log. */
static int snapshot_put(struct raft_io *io, unsigned trailing, struct raft_io_snapshot_put *req,
                        const struct raft_snapshot *snapshot, raft_io_snapshot_put_cb cb)
{
    struct replicate *r = replicate_of_io(io);
    bool install = trailing == 0;
    struct store_put *store;
    int rv;

    req->cb = cb;
    if (r->dead && install)
        leave_unanswered(r, (struct unanswered){.put = req});
    if (r->dead)
        return install ? 0 : RAFT_BUSY;
    if (install && r->next_index > snapshot->index + 1)
        r->on.truncated(r->on.context, snapshot->index + 1);
    if (install) {
        r->next_index = snapshot->index + 1;
        forget_changes(r, 0); /* all that it covers are in its configuration */
    }

    store = mem_zalloc(1, sizeof *store);
    *store = (struct store_put){
        .replicate = r, .theirs = req, .cb = cb, .index = snapshot->index, .install = install};
    store->req.data = store;
    rv = r->bare.snapshot_put(io, trailing, &store->req, snapshot, put_done);
    if (rv == 0) {
        r->snapshots_in_flight++;
        return 0;
    }
    mem_free(store);
    if (!install)
        return rv;
    replicate_fatal(r, "cannot store a received snapshot: %s", io->errmsg);
    leave_unanswered(r, (struct unanswered){.put = req});
    return 0;
}

/* libraft's callback frees what was never set when reading failed. An empty snapshot at
 * index 0 takes its good path instead, and transport_send() drops it. */
static void make_empty(struct raft_snapshot *snapshot)
{
    *snapshot = (struct raft_snapshot){.bufs = raft_calloc(1, sizeof *snapshot->bufs), .n_bufs = 1};
    CHECK(snapshot->bufs != NULL);
}

static void get_done(struct raft_io_snapshot_get *req, struct raft_snapshot *snapshot, int status)
{
    struct store_get *store = req->data;
    struct replicate *r = store->replicate;

    if (status != 0 || r->snapshot_index == 0) {
        log_line(r->log, LOG_LEVEL_WARN, "raft-snapshot-unread",
                 "cannot read the snapshot for a follower: %s", raft_strerror(status));
        make_empty(snapshot);
    }
    r->got_index = snapshot->index;
    r->got_term = snapshot->term;
    r->depth++;
    store->cb(store->theirs, snapshot, 0); /* sends it before it returns */
    r->depth--;
    r->got_index = 0;
    mem_free(store);
}

static int snapshot_get(struct raft_io *io, struct raft_io_snapshot_get *req,
                        raft_io_snapshot_get_cb cb)
{
    struct replicate *r = replicate_of_io(io);
    struct store_get *store = mem_zalloc(1, sizeof *store);
    int rv;

    *store = (struct store_get){.replicate = r, .theirs = req, .cb = cb};
    store->req.data = store;
    rv = r->bare.snapshot_get(io, &store->req, get_done);
    if (rv != 0)
        mem_free(store);
    return rv;
}

/* ---- start and end ---- */

static void on_tick(struct raft_io *io)
{
    struct replicate *r = replicate_of_io(io);

    if (!replicate_ready(r))
        return;
    r->depth++;
    r->tick(io);
    r->depth--;
    election_settle(r);
    member_look(r);
}

/* A disk never brings a message. */
static void on_recv(struct raft_io *io, struct raft_message *message)
{
    CHECK(false);
}

static int start(struct raft_io *io, unsigned msecs, raft_io_tick_cb tick, raft_io_recv_cb recv)
{
    struct replicate *r = replicate_of_io(io);

    storage_tell_loaded(r);
    r->tick = tick;
    r->recv = recv;
    (void)msecs; /* guard 8 */
    return r->bare.start(io, r->heartbeat_ms, on_tick, on_recv);
}

static void on_io_closed(struct raft_io *io)
{
    struct replicate *r = replicate_of_io(io);

    if (r->io_closed) /* raft_uv looks several times whether it is done */
        return;
    r->io_closed = true;
    r->io_close_cb(io);
}

static void close_io(struct raft_io *io, raft_io_close_cb cb)
{
    struct replicate *r = replicate_of_io(io);

    answer_all(r);
    r->io_close_cb = cb;
    r->bare.close(io, on_io_closed);
}

static int draw(struct raft_io *io, int min, int max)
{
    struct replicate *r = replicate_of_io(io);

    return min + (int)prng_below(&r->prng, (uint32_t)(max - min));
}

int storage_init(struct replicate *r, struct err *err)
{
    int code;

    r->disk->report = on_report;
    r->disk->context = r;
    code = r->disk->open(r->disk, &r->io, err);
    if (code < 0)
        return code;
    r->bare = r->io;
    r->io.close = close_io;
    r->io.load = load;
    r->io.start = start;
    r->io.set_term = set_term;
    r->io.set_vote = set_vote;
    r->io.send = transport_send;
    r->io.append = append;
    r->io.truncate = truncate_log;
    r->io.snapshot_put = snapshot_put;
    r->io.snapshot_get = snapshot_get;
    r->io.random = draw;
    return 0;
}
