#include "replicate/replicate.h"
#include "base/check.h"
#include "base/mem.h"
#include "replicate/disk.h"
#include "replicate/internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SEGMENTS_KB 256 /* room a majority must have: 16 bits of kB, so never the default */
#define SNAPSHOT_EVERY 4096
#define SNAPSHOT_TRAILING 8192
#define INFLIGHT 256
#define INSTALL_MS 30000
#define CATCH_UP_ROUND_MS 10000

uint64_t replicate_now(const struct replicate *r)
{
    struct raft_io *io = (struct raft_io *)&r->io; /* libraft's readers take no const */

    return io->time(io);
}

bool replicate_ready(const struct replicate *r)
{
    return r->started && !r->closing && !r->dead;
}

void replicate_fatal(struct replicate *r, const char *format, ...)
{
    char why[ERR_TEXT_MAX];
    va_list args;

    if (r->dead)
        return;
    r->dead = true;
    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    log_line(r->log, LOG_LEVEL_ERROR, "raft-fatal", "%s", why);
    r->depth++;
    r->on.fatal(r->on.context, why);
    r->depth--;
}

/* ---- opening ---- */

static void free_raft(struct replicate *r)
{
    r->disk->free(r->disk);
    storage_forget_loaded(r);
    mem_free(r->changes);
    buf_free(&r->frame);
    mem_free(r);
}

/* libraft initialised over the disk, nothing loaded or started. Owns the disk even when it
 * fails. */
static int new_raft(const struct replicate_options *options, struct replicate **out,
                    struct err *err)
{
    int server = replicate_server_of(options->raft_id);
    struct replicate *r;
    int code, rv;

    if (server < 0 || server >= options->model->n_servers) {
        options->disk->free(options->disk);
        return err_set(err, ERR_INVALID, "raft id %llu is no server's",
                       (unsigned long long)options->raft_id);
    }
    r = mem_zalloc(1, sizeof *r);
    r->disk = options->disk;
    r->log = options->log;
    r->on = options->handlers;
    r->id = options->raft_id;
    r->election_ms = (unsigned)options->timing.election_ms;
    r->heartbeat_ms = (unsigned)options->timing.heartbeat_ms;
    r->waiting_end = &r->waiting;
    r->next_index = 1;
    r->later_ms = r->hurry_ms = r->pace_ms = NEVER_MS;
    prng_seed(&r->prng, options->seed ^ prng_mix(options->raft_id));
    fsm_init(r);
    code = storage_init(r, err);
    if (code < 0)
        goto fail;
    rv = raft_init(&r->raft, &r->io, &r->fsm, r->id, options->model->servers[server].name);
    if (rv != 0) {
        code = err_set(err, rv == RAFT_CORRUPT ? ERR_CORRUPT : ERR_IO, "%s: %s", r->disk->name,
                       raft_errmsg(&r->raft));
        goto fail;
    }
    r->raft.data = r;
    r->raft.tracer = NULL; /* it would format every step only to throw the text away */
    *out = r;
    return 0;

fail:
    free_raft(r);
    return code;
}

static void configure(struct replicate *r, const struct replicate_options *options)
{
    int every = options->snapshot_every, trailing = options->snapshot_trailing;

    raft_set_heartbeat_timeout(&r->raft, guard_heartbeat(r->heartbeat_ms));
    raft_set_election_timeout(&r->raft, r->election_ms);
    raft_set_pre_vote(&r->raft, true);
    raft_set_snapshot_threshold(&r->raft, every > 0 ? (unsigned)every : SNAPSHOT_EVERY);
    raft_set_snapshot_trailing(&r->raft, trailing > 0 ? (unsigned)trailing : SNAPSHOT_TRAILING);
    raft_set_max_inflight_entries(&r->raft, INFLIGHT);
    raft_set_install_snapshot_timeout(&r->raft, INSTALL_MS);
    raft_set_capacity_threshold(&r->raft, SEGMENTS_KB);
    raft_set_max_catch_up_round_duration(&r->raft, CATCH_UP_ROUND_MS);
}

static int check_timing(const struct timing *timing, struct err *err)
{
    /* libraft triples exactly this pair for the sake of somebody's tests. */
    if (timing->heartbeat_ms > 0 && timing->election_ms > timing->heartbeat_ms &&
        !(timing->election_ms == 150 && timing->heartbeat_ms == 15))
        return 0;
    return err_set(err, ERR_INVALID, "election timeout %d ms with heartbeat %d ms",
                   timing->election_ms, timing->heartbeat_ms);
}

int replicate_open(const struct replicate_options *options, struct replicate **out, struct err *err)
{
    struct replicate *r;
    int code, rv;

    *out = NULL;
    code = check_timing(&options->timing, err);
    if (code < 0) {
        options->disk->free(options->disk);
        return code;
    }
    code = new_raft(options, &r, err);
    if (code < 0)
        return code;
    *out = r;
    configure(r, options);
    election_init(r);
    r->quiet = true;
    r->depth++;
    rv = raft_start(&r->raft);
    r->depth--;
    if (rv == 0) {
        r->started = true;
        election_settle(r);
    }
    r->quiet = false;
    if (rv == 0)
        return 0;
    return err_set(err, rv == RAFT_CORRUPT ? ERR_CORRUPT : ERR_IO, "%s: %s", r->disk->name,
                   r->restore_err.text[0] != '\0' ? r->restore_err.text : raft_errmsg(&r->raft));
}

static void on_bootstrapped(struct raft *raft)
{
}

int replicate_bootstrap(const struct replicate_options *options, struct err *err)
{
    struct raft_configuration conf;
    struct replicate *r;
    int code, rv;

    rv = member_bootstrap_conf(options->model, &conf);
    if (rv != 0) {
        options->disk->free(options->disk);
        return err_set(err, ERR_INVALID, "first configuration: %s", raft_strerror(rv));
    }
    code = new_raft(options, &r, err);
    if (code == 0) {
        rv = raft_bootstrap(&r->raft, &conf);
        if (rv == RAFT_CANTBOOTSTRAP)
            code = err_set(err, ERR_REFUSED, "%s has a log already", r->disk->name);
        else if (rv != 0)
            code = err_set(err, ERR_IO, "%s: %s", r->disk->name, r->io.errmsg);
        raft_close(&r->raft, on_bootstrapped);
        while (!r->io_closed)
            r->disk->turn(r->disk);
        free_raft(r);
    }
    raft_configuration_close(&conf);
    return code;
}

/* ---- what is due ---- */

uint64_t replicate_due_ms(const struct replicate *r)
{
    uint64_t due = r->later_ms;

    if (r->hurry_ms < due)
        due = r->hurry_ms;
    return r->pace_ms < due ? r->pace_ms : due;
}

void replicate_due(struct replicate *r, uint64_t *due_ms, uint64_t at_ms)
{
    uint64_t before = replicate_due_ms(r);

    *due_ms = at_ms;
    if (!r->quiet && replicate_due_ms(r) < before)
        r->on.wake(r->on.context);
}

void replicate_defer(struct replicate *r)
{
    if (r->later_ms == NEVER_MS)
        replicate_due(r, &r->later_ms, replicate_now(r));
}

static void propose_waiting(struct replicate *r);

/* The disk may still be on the stack: what is left goes with the next replicate_run(). */
static void on_raft_closed(struct raft *raft)
{
    replicate_defer(raft->data);
}

static void close_now(struct replicate *r)
{
    transport_close(r);
    propose_waiting(r);
    member_close(r);
    r->depth++;
    raft_close(&r->raft, on_raft_closed);
    r->depth--;
}

static void on_transferred(struct raft_transfer *req)
{
    mem_free(req);
}

static int start_transfer(struct replicate *r, uint64_t id, struct err *err)
{
    struct raft_transfer *req = mem_zalloc(1, sizeof *req);
    int rv;

    r->depth++;
    rv = raft_transfer(&r->raft, req, id, on_transferred);
    r->depth--;
    if (rv == 0)
        return 0;
    mem_free(req);
    return err_set(err, rv == RAFT_NOTLEADER ? ERR_UNAVAILABLE : ERR_REFUSED,
                   "leadership not handed over: %s", raft_strerror(rv));
}

/* What had to wait until libraft was idle. */
static void run_later(struct replicate *r)
{
    uint64_t transfer = r->transfer_later;
    bool elect = r->elect_later;
    struct err err;

    if (r->closing) {
        if (!r->raft.legacy.closing)
            close_now(r);
        return;
    }
    r->transfer_later = 0;
    r->elect_later = false;
    propose_waiting(r);
    if (!replicate_ready(r))
        return;
    if (elect)
        election_stand(r);
    if (transfer != 0 && start_transfer(r, transfer, &err) < 0)
        log_line(r->log, LOG_LEVEL_WARN, "raft-transfer", "%s", err.text);
    member_look(r);
}

/* Is it due by `now`? Then it is no longer. */
static bool take(uint64_t *due_ms, uint64_t now)
{
    if (*due_ms > now)
        return false;
    *due_ms = NEVER_MS;
    return true;
}

static void end_all(struct replicate *r)
{
    void (*closed)(void *context) = r->closed;
    void *context = r->closed_context;

    free_raft(r);
    closed(context);
}

void replicate_run(struct replicate *r)
{
    uint64_t now = replicate_now(r);

    CHECK(r->depth == 0 && !r->quiet);
    if (r->io_closed) {
        end_all(r);
        return;
    }
    r->quiet = true;
    if (take(&r->later_ms, now))
        run_later(r);
    if (take(&r->hurry_ms, now))
        election_hurry(r);
    if (take(&r->pace_ms, now))
        transport_pace(r);
    r->quiet = false;
}

void replicate_close(struct replicate *r, void (*closed)(void *context), void *context)
{
    CHECK(!r->closing);
    r->closing = true;
    r->closed = closed;
    r->closed_context = context;
    replicate_defer(r);
}

/* ---- proposals ---- */

static void end_proposal(struct proposal *p, enum propose_fate fate)
{
    replicate_done *done = p->done;
    void *context = p->context;

    p->replicate->n_proposals--;
    mem_free(p);
    done(context, fate);
}

static void on_applied(struct raft_apply *req, int status, void *result)
{
    struct proposal *p = (struct proposal *)((char *)req - offsetof(struct proposal, req));

    switch (status) {
    case 0:
        end_proposal(p, PROPOSE_COMMITTED);
        break;
    case RAFT_LEADERSHIPLOST: /* the entry may still be committed by the next leader */
    case RAFT_SHUTDOWN:
    case RAFT_CANCELED:
        end_proposal(p, PROPOSE_UNKNOWN);
        break;
    default:
        end_proposal(p, PROPOSE_FAILED);
        break;
    }
}

static int submit(struct proposal *p, struct err *err)
{
    struct replicate *r = p->replicate;
    int rv;

    r->depth++;
    rv = raft_apply(&r->raft, &p->req, &p->bytes, 1, on_applied);
    r->depth--;
    if (rv == 0)
        return 0;
    /* Refused before the entry was made, the bytes are still ours; else libraft has freed
     * some of them, and losing a few is the lesser harm. */
    if (rv == RAFT_NOTLEADER || rv == RAFT_NOSPACE)
        raft_free(p->bytes.base);
    return err_set(err, ERR_UNAVAILABLE, "proposal refused: %s", raft_strerror(rv));
}

static void propose_waiting(struct replicate *r)
{
    struct proposal *p = r->waiting;
    struct err err;

    r->waiting = NULL;
    r->waiting_end = &r->waiting;
    while (p != NULL) {
        struct proposal *next = p->next;

        if (!replicate_ready(r)) {
            raft_free(p->bytes.base);
            end_proposal(p, PROPOSE_FAILED);
        } else if (submit(p, &err) < 0) {
            end_proposal(p, PROPOSE_FAILED);
        }
        p = next;
    }
}

int replicate_propose(struct replicate *r, const uint8_t *bytes, size_t len, replicate_done *done,
                      void *context, struct err *err)
{
    size_t padded = (len + 7) / 8 * 8;
    struct proposal *p;
    int code;

    if (len == 0 || len > LIMIT_COMMAND)
        return err_set(err, ERR_LIMIT, "command of %zu bytes, allowed are 1 to %d", len,
                       LIMIT_COMMAND);
    if (!replicate_ready(r) || raft_state(&r->raft) != RAFT_LEADER ||
        raft_transferee(&r->raft) != 0)
        return err_set(err, ERR_UNAVAILABLE, "not the leader");
    if (r->n_proposals >= PROPOSALS_MAX)
        return err_set(err, ERR_LIMIT, "%d proposals are waiting", PROPOSALS_MAX);

    p = mem_zalloc(1, sizeof *p);
    p->replicate = r;
    p->done = done;
    p->context = context;
    p->bytes = (struct raft_buffer){.base = raft_calloc(1, padded), .len = padded};
    CHECK(p->bytes.base != NULL);
    memcpy(p->bytes.base, bytes, len);
    r->n_proposals++;
    if (r->depth > 0 || r->waiting != NULL) { /* in the order they were made */
        *r->waiting_end = p;
        r->waiting_end = &p->next;
        replicate_defer(r);
        return 0;
    }
    code = submit(p, err);
    if (code < 0) {
        r->n_proposals--;
        mem_free(p);
    }
    return code;
}

/* ---- leadership ---- */

int replicate_transfer(struct replicate *r, int server, struct err *err)
{
    uint64_t id = replicate_member(r, server);

    if (!replicate_ready(r) || raft_state(&r->raft) != RAFT_LEADER)
        return err_set(err, ERR_UNAVAILABLE, "not the leader");
    if (id == 0 || id == r->id)
        return err_set(err, ERR_REFUSED, "server %d cannot take the leadership", server);
    if (r->depth == 0)
        return start_transfer(r, id, err);
    r->transfer_later = id;
    replicate_defer(r);
    return 0;
}

/* ---- what can be asked ---- */

struct replicate_info replicate_info(const struct replicate *r)
{
    struct raft *raft = (struct raft *)&r->raft; /* libraft's readers take no const */
    struct replicate_info info = {
        .term = raft_current_term(raft),
        .commit_index = raft_commit_index(raft),
        .applied_index = raft_last_applied(raft),
        .last_index = raft_last_index(raft),
        .stored_index = raft->last_stored,
        .snapshot_index = r->snapshot_index,
        .members = (int)raft->configuration.n,
        .members_change = raft->configuration_uncommitted_index != 0,
        .dropped_frames = r->dropped,
        .guarded = r->guarded,
    };
    const char *address;
    raft_id leader = 0;

    switch (raft_state(raft)) {
    case RAFT_FOLLOWER:
        info.role = 0;
        break;
    case RAFT_CANDIDATE:
        info.role = 1;
        break;
    case RAFT_LEADER:
        info.role = 2;
        break;
    default:
        info.role = 3;
        break;
    }
    if (r->dead || r->closing)
        info.role = 3;
    raft_leader(raft, &leader, &address);
    info.leader_raft_id = leader;
    for (unsigned i = 0; i < raft->configuration.n; i++)
        info.voters += raft->configuration.servers[i].role == RAFT_VOTER;
    return info;
}
