/* Who may stand for leader, and when. libraft looks at its timers only on heartbeat ticks
 * and waits for a random timeout; kirikae's beats know sooner that a leader is silent. */
#include "replicate/guard.h"
#include "replicate/internal.h"

#define EXPIRED_MS 1 /* an election timeout that is over 2 ms after the last contact */
#define HURRY_MS 25
#define TRIES 10

static bool leads(const struct replicate *r)
{
    return r->raft.state == RAFT_LEADER;
}

static unsigned retry_ms(const struct replicate *r)
{
    return r->election_ms < ELECT_RETRY_MS ? r->election_ms : ELECT_RETRY_MS;
}

static void tick(struct replicate *r)
{
    r->depth++;
    r->tick(&r->io);
    r->depth--;
}

/* A follower becomes a candidate; one that asks whether it would be voted for asks again. */
static void try_now(struct replicate *r)
{
    raft_set_election_timeout(&r->raft, EXPIRED_MS);
    tick(r);
    /* Until somebody leads: split votes are tried again soon. */
    raft_set_election_timeout(&r->raft, retry_ms(r));
    if (r->raft.state == RAFT_CANDIDATE)
        r->tries = 0;
    else if (r->tries > 0)
        r->tries--;
}

static void calm_down(struct replicate *r)
{
    r->hasty = false;
    r->hurry_ms = NEVER_MS;
    raft_set_election_timeout(&r->raft, r->election_ms);
}

void election_hurry(struct replicate *r)
{
    if (!replicate_ready(r) || !r->hasty)
        return;
    replicate_due(r, &r->hurry_ms, replicate_now(r) + HURRY_MS);
    if (r->raft.state == RAFT_FOLLOWER && r->tries > 0)
        try_now(r);
    else
        tick(r);
    election_settle(r);
}

void election_stand(struct replicate *r)
{
    bool voting = r->raft.state == RAFT_CANDIDATE && !r->raft.candidate_state.in_pre_vote;

    if (!replicate_ready(r) || leads(r) || raft_role(&r->raft) != RAFT_VOTER)
        return;
    r->hasty = true;
    r->heard_since = false;
    r->tries = TRIES;
    if (voting) /* has asked for votes: another term would only undo them */
        raft_set_election_timeout(&r->raft, retry_ms(r));
    else
        try_now(r);
    replicate_due(r, &r->hurry_ms, replicate_now(r) + HURRY_MS);
    election_settle(r);
}

void replicate_elect(struct replicate *r)
{
    if (r->depth > 0) {
        r->elect_later = true;
        replicate_defer(r);
        return;
    }
    election_stand(r);
}

void replicate_leader_silent(struct replicate *r, bool silent)
{
    r->silent = silent;
}

void replicate_leader_beat(struct replicate *r, int server, uint64_t term)
{
    raft_id leader = 0;
    const char *address;

    if (!replicate_ready(r) || r->raft.state != RAFT_FOLLOWER ||
        raft_current_term(&r->raft) != term)
        return;
    raft_leader(&r->raft, &leader, &address);
    if (leader == 0 || replicate_server_of(leader) != server)
        return;
    /* What libraft does for every message of the leader (section 5.2 of the Raft paper:
     * a follower remains one as long as it hears valid messages of a leader). */
    r->raft.election_timer_start = r->raft.now;
    r->heard_ms = replicate_now(r);
}

void election_heard(struct replicate *r, uint64_t from)
{
    raft_id leader = 0;
    const char *address;

    raft_leader(&r->raft, &leader, &address);
    if (leader != from)
        return;
    r->heard_ms = replicate_now(r);
    r->heard_since = true;
}

void election_settle(struct replicate *r)
{
    raft_term term = raft_current_term(&r->raft);

    if (r->hasty && (leads(r) || r->heard_since))
        calm_down(r);
    else if (!r->hasty && guard_redraw(r->raft.state == RAFT_FOLLOWER, r->seen_term, term))
        raft_set_election_timeout(&r->raft, r->election_ms);
    r->seen_term = term;
}

void election_init(struct replicate *r)
{
    r->heard_ms = replicate_now(r);
    r->seen_term = raft_current_term(&r->raft);
}
