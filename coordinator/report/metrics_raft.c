/* Raft, and what this node hears of the other coordinators. */
#include "report/metrics_private.h"

static void standing(struct page *page)
{
    static const char *const roles[] = {"follower", "candidate", "leader", "other"};
    struct om *om = &page->om;
    int i, leader = engine_leader(page->engine);

    om_gauge(om, "kirikae_raft_role", OM_NUMBER, "What this node is in Raft: 1 for one of these.",
             OM_LABELS("role"));
    om_one_of(om, OM_PLAIN, roles, 4, (int)page->status->role);
    om_gauge(om, "kirikae_raft_is_leader", OM_NUMBER,
             "1: this node leads, and has applied its own first entry.", OM_PLAIN);
    om_bool(om, OM_PLAIN, engine_leads(page->engine));
    om_gauge(om, "kirikae_raft_leader", OM_NUMBER,
             "1 for the server that leads, as this node knows.", OM_LABELS("server"));
    for (i = 0; i < page->model->n_coordinators; i++)
        om_bool(om, OM_LABELS(page->model->servers[i].name), i == leader);
    om_gauge(om, "kirikae_raft_quorum", OM_NUMBER,
             "1: this node hears a leader that hears a majority of voters.", OM_PLAIN);
    om_bool(om, OM_PLAIN, status_quorum(page->engine, page->now, page->self).ok);
    om_gauge(om, "kirikae_raft_term", OM_NUMBER, "Term.", OM_PLAIN);
    om_count(om, OM_PLAIN, page->status->term);
}

static void one(struct om *om, const char *name, const char *help, uint64_t value)
{
    om_gauge(om, name, OM_NUMBER, help, OM_PLAIN);
    om_count(om, OM_PLAIN, value);
}

static void total(struct om *om, const char *name, const char *help, uint64_t value)
{
    om_counter(om, name, OM_NUMBER, help, OM_PLAIN);
    om_count(om, OM_PLAIN, value);
}

static uint64_t above(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

static void log_of(struct page *page)
{
    const struct status_local *s = page->status;
    struct om *om = &page->om;

    one(om, "kirikae_raft_last_index", "Newest entry in this node's log.", s->last_index);
    one(om, "kirikae_raft_commit_index", "Newest entry that this node knows to be committed.",
        s->commit_index);
    one(om, "kirikae_raft_applied_index", "Newest entry that this node has applied.",
        s->applied_index);
    one(om, "kirikae_raft_snapshot_index", "Newest entry that this node's snapshot covers.",
        s->snapshot_index);
    one(om, "kirikae_raft_commit_lag_entries", "Entries in the log that are not committed.",
        above(s->last_index, s->commit_index));
    one(om, "kirikae_raft_apply_lag_entries", "Committed entries that are not applied.",
        above(s->commit_index, s->applied_index));
}

static void elections(struct page *page)
{
    const struct status_local *s = page->status;
    struct om *om = &page->om;

    total(om, "kirikae_raft_leader_changes", "Times that another leader became known here.",
          page->counters->leaders);
    total(om, "kirikae_raft_candidacies", "Times that this node stood for election.",
          page->counters->candidacies);
    total(om, "kirikae_raft_terms_led", "Terms that this node has led.", page->counters->led);
    total(om, "kirikae_raft_guarded", "Times that a guard around Raft's library had to act.",
          s->guarded);
    total(om, "kirikae_raft_frames_sent", "Frames of Raft sent.", s->raft_sent);
    total(om, "kirikae_raft_frames_received", "Frames of Raft received.", s->raft_received);
    total(om, "kirikae_raft_frames_dropped", "Frames of Raft that could not be sent.",
          s->raft_dropped);
}

void metrics_raft(struct page *page)
{
    standing(page);
    log_of(page);
    elections(page);
}

/* ---- coordinators ---- */

static void beats(struct page *page)
{
    const struct status_local *s = page->status;
    struct om *om = &page->om;

    total(om, "kirikae_beats_sent", "Beats sent, one to each coordinator.", s->beats_sent);
    total(om, "kirikae_beats_received", "Authenticated beats received.", s->beats_received);
    om_counter(
        om, "kirikae_beats_rejected", OM_NUMBER,
        "Datagrams that were no beat under a key of its sender (bad), or came late or twice.",
        OM_LABELS("reason"));
    om_count(om, OM_LABELS("bad"), s->beats_bad);
    om_count(om, OM_LABELS("replayed"), s->beats_replayed);
}

typedef void of_peer(struct page *page, int peer, const char *const *name);

static void received(struct page *page, int peer, const char *const *name)
{
    om_count(&page->om, name, page->counters->peers[peer].received);
}

static void lost(struct page *page, int peer, const char *const *name)
{
    om_count(&page->om, name, page->counters->peers[peer].lost);
}

static void age(struct page *page, int peer, const char *const *name)
{
    int64_t age_ms = engine_peer(page->engine, page->now, peer).age_ms;

    if (age_ms >= 0)
        om_ms(&page->om, name, age_ms);
}

static void round_trip(struct page *page, int peer, const char *const *name)
{
    int64_t ms = page->counters->peers[peer].round_trip_ms;

    if (ms >= 0)
        om_ms(&page->om, name, ms);
}

static void heard(struct page *page, int peer, const char *const *name)
{
    om_bool(&page->om, name, engine_peer(page->engine, page->now, peer).heard);
}

static void applied(struct page *page, int peer, const char *const *name)
{
    om_count(&page->om, name, engine_peer(page->engine, page->now, peer).applied);
}

static void each(struct page *page, of_peer *say)
{
    int i;

    for (i = 0; i < page->model->n_coordinators; i++)
        if (i != page->self)
            say(page, i, OM_LABELS(page->model->servers[i].name));
}

void metrics_peers(struct page *page)
{
    static const char *const label[] = {"peer", NULL};
    struct om *om = &page->om;
    int i;

    beats(page);
    om_counter(om, "kirikae_peer_beats_received", OM_NUMBER, "Beats of that coordinator.", label);
    each(page, received);
    om_counter(om, "kirikae_peer_beats_lost", OM_NUMBER,
               "Beats of it that never came, by the numbers of those that did.", label);
    each(page, lost);
    om_gauge(om, "kirikae_peer_beat_age_seconds", OM_SECONDS, "Time since its newest beat.", label);
    each(page, age);
    om_gauge(om, "kirikae_peer_round_trip_seconds", OM_SECONDS,
             "From a beat of this node to its echo, by its newest one.", label);
    each(page, round_trip);
    om_gauge(om, "kirikae_peer_heard", OM_NUMBER, "1: its beats come, and echo this node's.",
             label);
    each(page, heard);
    om_gauge(om, "kirikae_peer_applied_index", OM_NUMBER, "Newest entry that it has applied.",
             label);
    each(page, applied);
    om_gauge(om, "kirikae_server_silent", OM_NUMBER,
             "1: it is committed that this coordinator is silent to most others.",
             OM_LABELS("server"));
    for (i = 0; i < page->model->n_coordinators; i++)
        om_bool(om, OM_LABELS(page->model->servers[i].name), page->shared->nodes[i].silent);
}
