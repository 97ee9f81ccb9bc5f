/* Time without a quorum. Every node keeps what its own checks said (detect/journal.h) and when it
 * last knew of a majority that can commit. A leader first asks what was before its term:
 *
 *   it asks       beats say `gap`; whoever hears it tells its journal in its beats' spare room,
 *                 and since when it knew of no majority
 *   it was short  an election, no more: verdicts after it reach back far enough
 *   it was long   when all who are heard have told, or after a while, ENTRY_JOURNAL says what was
 *                 down in it, and of what nobody could tell (detect/witness.h)
 *
 * A leader that stood still, and leads in the same term when it goes on, finds out by itself. A gap
 * whose leader falls before all is told is the next one's to tell. Who has restarted knows of
 * nothing before; if all have, nobody knows that there was one. Nothing waits for any of this. */
#include "base/log.h"
#include "base/mem.h"
#include "base/utc.h"
#include "core/detect/witness.h"
#include "core/engine_private.h"
#include "core/feature.h"

#include <string.h>

#define LISTEN_MS 1000 /* to who is heard again */
#define TELL_MS 15000  /* for all that journals may hold, at 20 % loss */
#define SETTLE_MS 5000 /* what is still down becomes a verdict by then */

void gap_account_free(struct gap_account *account)
{
    int i;

    if (account == NULL)
        return;
    for (i = 0; i < LIMIT_SERVERS; i++)
        mem_free(account->told[i].journal);
    mem_free(account);
}

/* A leader that has lost the majority notices it so late at most. */
static int64_t late_ms(const struct engine *engine)
{
    return (int64_t)DETECTOR_CEILING * engine->model->timing.silent_ms;
}

static void note_placed(struct engine *engine)
{
    int r;

    for (r = 0; r < engine->model->n_routes; r++)
        engine->account->placed[r] = engine->shared->routes[r].now.members;
}

/* ---- what this node keeps ---- */

void journal_reset(struct engine *engine, struct moment now)
{
    int c, r, i;

    if (engine->journal == NULL)
        engine->journal = mem_zalloc(1, sizeof *engine->journal);
    journal_init(engine->journal, now.boot_ms);
    engine->cut_off_run = 0;
    for (c = 0; c < engine->model->n_checks; c++)
        engine->watches[c].run = 0;
    for (r = 0; r < LIMIT_ROUTES; r++)
        engine->idle_runs[r] = 0;
    for (i = 0; engine->account != NULL && i < LIMIT_SERVERS; i++) {
        mem_free(engine->account->told[i].journal);
        engine->account->told[i].journal = NULL;
    }
    if (engine->account != NULL)
        note_placed(engine);
}

/* A check that is not told of any more is not known. */
static void note_pause(struct engine *engine, int check, int64_t before_ms)
{
    const struct check *c = &engine->model->checks[check];
    int64_t ended_ms = engine->watches[check].sensor.ended_ms;
    uint32_t run;

    if (before_ms == BOOT_NEVER || c->kind == CHECK_REPORT ||
        ended_ms - before_ms <= 2ll * c->interval_ms + c->timeout_ms)
        return;
    run = journal_begin(engine->journal, RUN_BLIND, check, before_ms, BOOT_NEVER);
    journal_end(engine->journal, run, ended_ms, ended_ms);
}

void journal_sensed(struct engine *engine, struct moment now, int check, int64_t before_ms)
{
    struct watch *watch = &engine->watches[check];
    const struct sensor *sensor = &watch->sensor;
    const struct run *run = journal_run(engine->journal, watch->run);
    bool down = sensor->opinion == OPINION_DOWN;
    bool blind = sensor->opinion == OPINION_NONE && sensor->ended_ms != BOOT_NEVER &&
                 sensor->good_ms != BOOT_NEVER;

    note_pause(engine, check, before_ms);
    if (run != NULL && run->kind == (down ? RUN_DOWN : RUN_BLIND) && (down || blind))
        return;
    if (run != NULL)
        journal_end(engine->journal, run->id,
                    run->kind == RUN_DOWN && !blind ? sensor->rise_ms : now.boot_ms,
                    sensor->last_fail_ms);
    watch->run = 0;
    if (down)
        watch->run =
            journal_begin(engine->journal, RUN_DOWN, check, sensor->fail_ms, sensor->good_ms);
    else if (blind)
        watch->run = journal_begin(engine->journal, RUN_BLIND, check, now.boot_ms, BOOT_NEVER);
}

void journal_stalled(struct engine *engine, struct moment now, int64_t gap_ms)
{
    uint32_t run;

    if (gap_ms < engine->model->timing.window_ms)
        return;
    run = journal_begin(engine->journal, RUN_BLIND, RUN_ALL, now.boot_ms - gap_ms, BOOT_NEVER);
    journal_end(engine->journal, run, now.boot_ms, now.boot_ms);
}

/* Who hears nobody of another site cannot tell its own line from what it looks at. */
static void look_out(struct engine *engine, struct moment now)
{
    const struct model *model = engine->model;
    int64_t heard_ms = BOOT_NEVER;
    bool others = false, heard = false;
    int i;

    for (i = 0; i < model->n_coordinators; i++) {
        if (model->servers[i].site == model->servers[engine->self].site)
            continue;
        others = true;
        heard |= (engine->heard & server_bit(i)) != 0;
        if (engine->peers[i].met_ms > heard_ms)
            heard_ms = engine->peers[i].met_ms;
    }
    if (heard || !others) {
        journal_end(engine->journal, engine->cut_off_run, now.boot_ms, now.boot_ms);
        engine->cut_off_run = 0;
    } else if (engine->cut_off_run == 0) {
        engine->cut_off_run =
            journal_begin(engine->journal, RUN_BLIND, RUN_ALL,
                          heard_ms == BOOT_NEVER ? engine->started_ms : heard_ms, BOOT_NEVER);
    }
}

void journal_holds(struct engine *engine, struct moment now)
{
    int r;

    for (r = 0; r < engine->model->n_routes && engine->exclusive != 0; r++) {
        bool placed = (engine->exclusive >> r & 1) &&
                      (engine->shared->routes[r].now.members & server_bit(engine->self)) != 0;

        if (placed && !hold_serves(engine, now, r)) {
            if (engine->idle_runs[r] == 0)
                engine->idle_runs[r] =
                    journal_begin(engine->journal, RUN_IDLE, r, now.boot_ms, BOOT_NEVER);
        } else if (engine->idle_runs[r] != 0) {
            journal_end(engine->journal, engine->idle_runs[r], now.boot_ms, now.boot_ms);
            engine->idle_runs[r] = 0;
        }
    }
}

/* The newest time at which a majority was heard. */
static int64_t majority_ms(const struct engine *engine, struct moment now)
{
    int64_t heard_ms[LIMIT_SERVERS];
    int i, k, n = 0;

    for (i = 0; i < engine->model->n_coordinators; i++) {
        int64_t ms = i == engine->self ? now.boot_ms : engine->peers[i].met_ms;

        if (!(engine->voters & server_bit(i)))
            continue;
        for (k = n++; k > 0 && heard_ms[k - 1] < ms; k--)
            heard_ms[k] = heard_ms[k - 1];
        heard_ms[k] = ms;
    }
    return n >= engine->majority ? heard_ms[engine->majority - 1] : BOOT_NEVER;
}

/* ---- who leads, and asks ---- */

/* What was before has still to be told, by whoever leads. */
static void owe(struct engine *engine)
{
    if (!engine->owed)
        engine->before_ms = engine->knew_ms;
    engine->owed = true;
}

/* … once in a term. */
static void new_term(struct engine *engine, uint64_t term)
{
    if (term <= engine->told_term)
        return;
    engine->told_term = term;
    owe(engine);
}

/* Longer than an election takes. */
static bool is_gap(const struct engine *engine, int64_t from_ms, int64_t to_ms)
{
    const struct timing *timing = &engine->model->timing;

    return from_ms != BOOT_NEVER && to_ms != BOOT_NEVER &&
           to_ms - from_ms >= 2ll * timing->election_ms + timing->window_ms;
}

static void ask(struct engine *engine, struct moment now)
{
    gap_account_free(engine->account);
    engine->account = NULL;
    if (engine->shared->level < FEATURE_REPORT) {
        engine->owed = false; /* nobody ever will */
        return;
    }
    engine->account = mem_zalloc(1, sizeof *engine->account);
    engine->account->since_ms = now.boot_ms;
    engine->account->index = engine->shared->index;
    note_placed(engine);
}

void journal_led(struct engine *engine, struct moment now)
{
    if (!engine_leads(engine) || engine->told_term >= engine->term)
        return;
    new_term(engine, engine->term);
    engine->knew_ms = now.boot_ms; /* a majority has stored its entry */
    ask(engine, now);
}

void journal_tick(struct engine *engine, struct moment now)
{
    int64_t ms;

    look_out(engine, now);
    journal_holds(engine, now);
    if (!engine_leads(engine))
        return;
    ms = majority_ms(engine, now);
    /* It stood still, and nobody could lead instead. */
    if (is_gap(engine, engine->knew_ms, ms)) {
        owe(engine);
        ask(engine, now);
    }
    if (ms > engine->knew_ms)
        engine->knew_ms = ms;
}

bool journal_asks(const struct engine *engine)
{
    return engine->account != NULL && engine_leads(engine);
}

static void hear(struct engine *engine, struct moment now, const struct beat *beat)
{
    struct told *told = &engine->account->told[beat->from];
    int i;

    if (told->journal == NULL)
        told->journal = mem_zalloc(1, sizeof *told->journal);
    if (told->boot != beat->boot)
        *told->journal = (struct journal){0};
    told->boot = beat->boot;
    told->first = beat->first_run;
    told->newest = beat->newest_run;
    told->knew_ms = beat->knew_age_ms == AGE_NEVER ? BOOT_NEVER : now.boot_ms - beat->knew_age_ms;
    told->journal->since_ms =
        beat->journal_age_ms == AGE_NEVER ? now.boot_ms : now.boot_ms - beat->journal_age_ms;
    for (i = 0; i < beat->n_runs; i++)
        if (journal_sane(&beat->runs[i], engine->model))
            journal_hear(told->journal, &beat->runs[i], now.boot_ms);
}

void journal_beat(struct engine *engine, struct moment now, const struct beat *beat)
{
    if (journal_asks(engine)) {
        if (beat->tells && beat->config_version == engine->model->version &&
            (uint32_t)(beat->newest_run - beat->first_run + 1) <= JOURNAL_RUNS)
            hear(engine, now, beat);
        return;
    }
    /* What waited in a buffer says nothing of now. */
    if (!beat->leader || beat->from != engine->leader || beat->term != engine->term ||
        !belief_recent(engine, now, &engine->peers[beat->from], engine->model->timing.silent_ms))
        return;
    new_term(engine, beat->term);
    engine->asked = beat->gap;
    if (beat->abstain)
        return; /* it may not know yet that there was one */
    if (is_gap(engine, engine->knew_ms, now.boot_ms))
        owe(engine);
    if (!beat->gap)
        engine->owed = false;
    engine->knew_ms = now.boot_ms;
}

/* As many runs as the votes leave room for, in turn. */
void journal_fill(struct engine *engine, struct moment now, struct beat *beat)
{
    const struct journal *journal = engine->journal;
    uint32_t n;

    beat->gap = journal_asks(engine);
    if (!engine->asked || !engine->owed || engine->role == RAFT_ROLE_LEADER)
        return;
    beat->tells = true;
    beat->knew_age_ms = boot_age(now.boot_ms, engine->before_ms);
    beat->journal_age_ms = boot_age(now.boot_ms, journal->since_ms);
    beat->first_run = journal_first(
        journal, engine->before_ms == BOOT_NEVER ? INT64_MIN : engine->before_ms - late_ms(engine));
    beat->newest_run = journal->newest;
    for (n = beat->newest_run + 1 - beat->first_run; n > 0 && beat->n_runs < LIMIT_BEAT_RUNS; n--) {
        if (engine->tell_turn < beat->first_run || engine->tell_turn > beat->newest_run)
            engine->tell_turn = beat->first_run;
        beat->runs[beat->n_runs++] =
            journal_word(journal_run(journal, engine->tell_turn++), now.boot_ms);
    }
}

/* ---- what the leader makes of it ---- */

/* All who are heard have told all. */
static bool all_told(const struct engine *engine)
{
    int i;

    for (i = 0; i < engine->model->n_coordinators; i++) {
        const struct told *told = &engine->account->told[i];

        if (i != engine->self && (engine->heard & server_bit(i)) &&
            (told->journal == NULL || !journal_whole(told->journal, told->first, told->newest)))
            return false;
    }
    return true;
}

/* The newest time at which anybody knew of a majority before this term; BOOT_NEVER. */
static int64_t gap_from(const struct engine *engine)
{
    int64_t from_ms = engine->before_ms;
    int i;

    for (i = 0; i < engine->model->n_coordinators; i++) {
        const struct told *told = &engine->account->told[i];

        if (told->journal != NULL && told->knew_ms > from_ms)
            from_ms = told->knew_ms;
    }
    return from_ms;
}

static void over(struct engine *engine)
{
    gap_account_free(engine->account);
    engine->account = NULL;
    engine->owed = false;
}

static bool ask_all(struct engine *engine, struct witness *witness, struct journal_spans *spans)
{
    const struct shared *shared = engine->shared;
    int c, r;

    for (c = 0; c < engine->model->n_checks; c++)
        if (shared->checks[c].verdict != VERDICT_UNKNOWN && !witness_check(witness, c, spans))
            return false;
    for (r = 0; r < engine->model->n_routes; r++)
        if ((engine->exclusive >> r & 1) &&
            !witness_route(witness, r, engine->account->placed[r], spans))
            return false;
    return true;
}

/* Too many to tell: nobody can tell of anything. */
static void tell_nothing(struct journal_spans *spans, const struct gap_time *gap)
{
    spans->n = 1;
    spans->spans[0] = (struct journal_span){.kind = SPAN_BLIND,
                                            .check = -1,
                                            .route = -1,
                                            .server = SERVER_NONE,
                                            .start_ms = gap->from_ms,
                                            .end_ms = gap->to_ms,
                                            .good_ms = gap->from_ms,
                                            .fail_ms = gap->to_ms};
}

/* Something is still down by the journals and by no verdict: it soon is, or is over. */
static bool unsettled(const struct engine *engine, const struct journal_spans *spans)
{
    int i;

    for (i = 0; i < spans->n; i++)
        if (spans->spans[i].kind == SPAN_DOWN && spans->spans[i].end_ms == SPAN_GOES_ON &&
            engine->shared->checks[spans->spans[i].check].verdict != VERDICT_DOWN)
            return true;
    return false;
}

static int64_t utc_of(const struct gap_time *gap, int64_t ms, int64_t utc_ms)
{
    return ms == SPAN_GOES_ON ? ms : utc_ms - (gap->now_ms - ms);
}

static void propose(struct engine *engine, struct moment now, const struct gap_time *gap,
                    struct journal_spans *spans, server_set heard, struct effects *effects)
{
    struct entry *entry = engine_propose(engine, now, ENTRY_JOURNAL, 0, effects);
    int i;

    if (entry == NULL) {
        mem_free(spans);
        return;
    }
    for (i = 0; i < spans->n; i++) {
        struct journal_span *span = &spans->spans[i];

        span->start_ms = utc_of(gap, span->start_ms, entry->time_ms);
        span->end_ms = utc_of(gap, span->end_ms, entry->time_ms);
        span->good_ms =
            span->kind == SPAN_DOWN ? utc_of(gap, span->good_ms, entry->time_ms) : span->start_ms;
        span->fail_ms =
            span->kind == SPAN_DOWN ? utc_of(gap, span->fail_ms, entry->time_ms) : span->end_ms;
    }
    entry->journal.from_ms = utc_of(gap, gap->from_ms, entry->time_ms);
    if (engine->shared->told_ms != UTC_NONE && entry->journal.from_ms < engine->shared->told_ms)
        entry->journal.from_ms = engine->shared->told_ms; /* by a rounding */
    entry->journal.to_ms = utc_of(gap, gap->to_ms, entry->time_ms);
    entry->journal.index = engine->account->index;
    entry->journal.heard = heard;
    entry->journal.spans = spans;
    engine->account->proposed = true;
    engine_log(effects, LOG_LEVEL_WARN, "no-quorum",
               "for %lld ms there was no quorum: %d nodes have told what their checks said",
               (long long)(gap->to_ms - gap->from_ms), server_count(entry->journal.heard));
}

/* What was told already is not told again: a leader that fell may have told the first part. */
static int64_t not_told_before(const struct engine *engine, struct moment now, int64_t from_ms)
{
    int64_t told_ms = engine->shared->told_ms == UTC_NONE
                          ? from_ms
                          : now.boot_ms - (engine_time_ms(engine, now) - engine->shared->told_ms);

    return from_ms > told_ms ? from_ms : told_ms;
}

static void tell(struct engine *engine, struct moment now, int64_t from_ms, bool patient,
                 struct effects *effects)
{
    const struct journal *journals[LIMIT_SERVERS] = {NULL};
    struct gap_time gap = {.from_ms = not_told_before(engine, now, from_ms - late_ms(engine)),
                           .to_ms = engine->account->since_ms,
                           .now_ms = now.boot_ms};
    server_set heard = server_bit(engine->self);
    struct journal_spans *spans;
    struct witness *witness;
    int i;

    if (gap.from_ms > gap.to_ms) {
        over(engine); /* by the ledger's clock nothing is left of it */
        return;
    }
    spans = mem_zalloc(1, sizeof *spans);
    journals[engine->self] = engine->journal;
    for (i = 0; i < engine->model->n_coordinators; i++) {
        const struct told *told = &engine->account->told[i];

        if (told->journal == NULL || !journal_whole(told->journal, told->first, told->newest))
            continue;
        journals[i] = told->journal;
        heard |= server_bit(i);
    }
    witness = witness_new(engine->model, journals, &gap);
    if (!ask_all(engine, witness, spans))
        tell_nothing(spans, &gap);
    witness_free(witness);
    if (patient && unsettled(engine, spans))
        mem_free(spans);
    else
        propose(engine, now, &gap, spans, heard, effects);
}

void journal_lead(struct engine *engine, struct moment now, struct effects *effects)
{
    int64_t from_ms, waited_ms;

    if (!journal_asks(engine) || engine_pending(engine, ENTRY_JOURNAL, 0))
        return;
    waited_ms = now.boot_ms - engine->account->since_ms;
    if (waited_ms < LISTEN_MS || (waited_ms < TELL_MS && !all_told(engine)))
        return;
    from_ms = gap_from(engine);
    if (!is_gap(engine, from_ms, engine->account->since_ms))
        over(engine);
    else
        tell(engine, now, from_ms, waited_ms < SETTLE_MS, effects);
}

/* One of another configuration took no effect, and one from before it stood still is not of this.
 */
void journal_applied(struct engine *engine, const struct entry *entry)
{
    if (engine->account != NULL && entry->term == engine->term && engine->account->proposed &&
        engine->shared->told_ms == entry->journal.to_ms)
        over(engine);
}
