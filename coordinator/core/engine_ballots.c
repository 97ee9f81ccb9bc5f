/* What the ballots of all say, and what the leader makes of it: verdicts, holes in the
 * coverage, silent coordinators. */
#include "base/log.h"
#include "core/engine_private.h"

#include <string.h>

#define COVERAGE_PATIENCE_MS 5000 /* a hole or silence must last before it is a fact … */
#define NODE_PATIENCE_MS 1000
#define LEADER_GRACE_MS 3000 /* … and a new leader first listens for a while */
#define SWEEP_LEAST 256      /* checks that the leader looks at on every tick … */
#define SWEEP_PARTS 40       /* … or this part of them */

/* When a word arrived. One that waits for its turn stands until that has come round, as
 * long as its observer is heard: what changes comes out of turn. */
static int64_t arrived(const struct engine *engine, struct moment now, int check, int observer)
{
    const struct cell *cell = cell_of(engine, check, observer);
    int64_t stands_ms, heard_ms = engine->peers[observer].rx_ms;

    if (cell->arrived_ms == BOOT_NEVER || observer == engine->self)
        return cell->arrived_ms == BOOT_NEVER ? BOOT_NEVER : now.boot_ms;
    if (engine->round_ms == 0 || engine->watches[check].first)
        return cell->arrived_ms;
    stands_ms = cell->arrived_ms + engine->round_ms;
    return stands_ms < heard_ms ? stands_ms : heard_ms;
}

int engine_ballots(const struct engine *engine, struct moment now, int check,
                   struct ballot *ballots)
{
    int i, n = 0;

    for (i = 0; i < engine->model->n_coordinators; i++) {
        const struct cell *cell = cell_of(engine, check, i);

        if (!(engine->watches[check].assigned & server_bit(i)))
            continue;
        ballots[n++] = (struct ballot){
            .observer = (uint8_t)i,
            .opinion = cell->opinion,
            .reason = cell->reason,
            .abstain = i == engine->self ? belief_abstains(engine, now) : engine->peers[i].abstain,
            .fail_age_ms = boot_age(now.boot_ms, cell->fail_ms),
            .good_age_ms = boot_age(now.boot_ms, cell->good_ms),
            .arrived_age_ms = boot_age(now.boot_ms, arrived(engine, now, check, i)),
        };
    }
    return n;
}

/* How old a vote may be and still count: a check that runs every 15 s is not
 * forgotten in between. */
static int64_t fresh_ms(const struct engine *engine, int check)
{
    const struct check *c = &engine->model->checks[check];

    return 2ll * c->interval_ms + c->timeout_ms + engine->model->timing.window_ms +
           engine->round_ms;
}

struct cover engine_cover(const struct engine *engine, struct moment now, int check)
{
    const struct contract *contract = &engine->model->contract;
    struct cover cover = {.assigned = engine->watches[check].assigned};
    uint64_t sites = 0;
    int i, assigned = server_count(cover.assigned), watching;

    for (i = 0; i < engine->model->n_coordinators; i++) {
        const struct cell *cell = cell_of(engine, check, i);

        if (!(cover.assigned & server_bit(i)) || cell->ended_ms == BOOT_NEVER ||
            now.boot_ms - cell->ended_ms > fresh_ms(engine, check) ||
            (i != engine->self && engine->peers[i].detector.silent))
            continue;
        cover.watching |= server_bit(i);
        sites |= 1ull << engine->model->servers[i].site;
    }
    cover.sites = __builtin_popcountll(sites);
    watching = server_count(cover.watching);
    cover.hole = watching * 2 <= assigned || cover.sites < 2 ||
                 watching < contract->minimum_observers || cover.sites < contract->minimum_sites;
    return cover;
}

/* True once `odd` has been true for `patience_ms`; *since keeps the start. */
static bool lasting(bool odd, int64_t *since, int64_t now_ms, int64_t patience_ms)
{
    if (!odd) {
        *since = 0;
        return false;
    }
    if (*since == 0)
        *since = now_ms;
    return now_ms - *since >= patience_ms;
}

/* Observers never find out all at once. Only what is still split when a whole confirmation
 * round has passed under this leader's eyes is a dispute. */
static enum verdict judge(const struct engine *engine, struct moment now, int check,
                          enum verdict is, const struct count *count)
{
    uint32_t round_ms = count_patience_ms(engine->model, check);
    enum verdict be = count_verdict(count, is, round_ms);
    bool odd = count->fails > 0 && count->result != COUNT_DOWN && is != VERDICT_DOWN;
    bool split = lasting(odd, &engine->watches[check].split_ms, now.boot_ms, round_ms);

    return be == VERDICT_DISPUTED && !split ? is : be;
}

void belief_begin(struct engine *engine)
{
    int c;

    for (c = 0; c < engine->model->n_checks; c++)
        engine->watches[c].split_ms = 0;
}

static struct count count_now(const struct engine *engine, struct moment now, int check,
                              struct ballot *ballots, int *n)
{
    *n = engine_ballots(engine, now, check, ballots);
    return count_ballots(engine->model, engine->model->checks[check].target, ballots, *n,
                         (uint32_t)engine->model->timing.window_ms);
}

bool belief_denied(const struct engine *engine, struct moment now, int check)
{
    struct ballot ballots[LIMIT_SERVERS];
    struct count count;
    int n;

    count = count_now(engine, now, check, ballots, &n);
    return count.result == COUNT_UP || (count.ups > 0 && count.fails == 0);
}

bool belief_down(const struct engine *engine, struct moment now, int check)
{
    struct ballot ballots[LIMIT_SERVERS];
    int n;

    return count_now(engine, now, check, ballots, &n).result == COUNT_DOWN;
}

/* A word that came before the failure was found says nothing of it, and one that is older than
 * a probe's interval and a round is no word on now. Until all had the time for an answer nobody
 * can tell, and whoever does not know any more is no reason to wait. */
enum callers belief_callers(const struct engine *engine, struct moment now, int check,
                            int64_t since_ms)
{
    const struct check *c = &engine->model->checks[check];
    int window_ms = engine->model->timing.window_ms;
    struct ballot ballots[LIMIT_SERVERS];
    int i, n = engine_ballots(engine, now, check, ballots), good = 0, bad = 0;

    for (i = 0; i < n; i++) {
        int64_t ended_ms = cell_of(engine, check, ballots[i].observer)->ended_ms;

        if (ballots[i].abstain || ballots[i].arrived_age_ms > (uint32_t)window_ms)
            continue;
        if (ballots[i].opinion != OPINION_UP || reason_class(ballots[i].reason) != REASON_GOOD)
            bad++;
        else
            good += ended_ms > since_ms && now.boot_ms - ended_ms <= c->interval_ms + window_ms;
    }
    if (2 * good > n)
        return CALLERS_SERVED;
    return 2 * (n - bad) > n && now.boot_ms - since_ms < window_ms + c->timeout_ms ? CALLERS_UNSURE
                                                                                   : CALLERS_LOST;
}

/* True: not all that vote see it up, or a verdict is due. */
static bool lead_check(struct engine *engine, struct moment now, int check, struct effects *effects)
{
    enum verdict is = engine->shared->checks[check].verdict, be;
    struct ballot ballots[LIMIT_SERVERS];
    struct entry *entry;
    struct count count;
    int n;

    count = count_now(engine, now, check, ballots, &n);
    be = judge(engine, now, check, is, &count);
    if (be == is)
        return count.fails > 0;
    entry = engine_propose(engine, now, ENTRY_VERDICT, check, effects);
    if (entry == NULL)
        return true;
    entry->verdict.check = check;
    entry->verdict.verdict = be;
    entry->verdict.need = (uint8_t)count.need;
    entry->verdict.agree = (uint8_t)count_agree(&count, be);
    entry->verdict.assigned = (uint8_t)count.assigned;
    entry->verdict.n_ballots = (uint8_t)n;
    memcpy(entry->verdict.ballots, ballots, sizeof ballots[0] * (size_t)n);
    engine_log(effects, be == VERDICT_UP ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, "verdict",
               "%s is %s: %d of %d assigned observers agree, %d needed",
               engine->model->checks[check].name, verdict_name(be), entry->verdict.agree,
               count.assigned, count.need);
    return true;
}

/* True: coverage differs from the committed fact. */
static bool lead_cover(struct engine *engine, struct moment now, int check, struct effects *effects)
{
    struct cover cover = engine_cover(engine, now, check);
    struct watch *watch = &engine->watches[check];
    struct entry *entry;

    /* Everyone gets the time for a first probe before its absence is a hole. */
    if (cover.hole && now.boot_ms - engine->model_ms < fresh_ms(engine, check))
        return true;
    if (!lasting(cover.hole != engine->shared->checks[check].hole, &watch->odd_ms, now.boot_ms,
                 COVERAGE_PATIENCE_MS))
        return watch->odd_ms != 0;
    entry = engine_propose(engine, now, ENTRY_COVERAGE, check, effects);
    if (entry == NULL)
        return true;
    entry->coverage.check = check;
    entry->coverage.hole = cover.hole;
    entry->coverage.observers = (uint8_t)server_count(cover.watching);
    entry->coverage.sites = (uint8_t)cover.sites;
    engine_log(effects, cover.hole ? LOG_LEVEL_WARN : LOG_LEVEL_INFO, "coverage",
               "%s is watched by %d observers from %d sites%s", engine->model->checks[check].name,
               server_count(cover.watching), cover.sites, cover.hole ? ": too few" : "");
    return true;
}

/* Silent to most of those who can speak: asked of everyone, not of the leader alone. */
static bool silent_to_most(const struct engine *engine, int server)
{
    int i, speak = 0, miss = 0;

    for (i = 0; i < engine->model->n_coordinators; i++) {
        if (i == server || (i != engine->self && engine->peers[i].detector.silent))
            continue;
        speak++;
        miss += i == engine->self ? engine->peers[server].detector.silent
                                  : !(engine->peers[i].heard & server_bit(server));
    }
    return 2 * miss > speak;
}

/* True: its silence differs from the committed fact. */
static bool lead_node(struct engine *engine, struct moment now, int server, struct effects *effects)
{
    struct peer *peer = &engine->peers[server];
    bool silent = server != engine->self && silent_to_most(engine, server);
    struct entry *entry;

    if (!lasting(silent != engine->shared->nodes[server].silent, &peer->odd_ms, now.boot_ms,
                 NODE_PATIENCE_MS))
        return peer->odd_ms != 0;
    entry = engine_propose(engine, now, ENTRY_NODE, server, effects);
    if (entry == NULL)
        return true;
    entry->node.server = server;
    entry->node.silent = silent;
    entry->node.silent_ms = boot_age(now.boot_ms, peer->rx_ms);
    engine_log(effects, silent ? LOG_LEVEL_WARN : LOG_LEVEL_INFO, "node", "coordinator %s is %s",
               engine->model->servers[server].name, silent ? "silent" : "heard again");
    return true;
}

/* What routes hang on is judged before the rest. */
static void lead_dirty(struct engine *engine, struct moment now, bool first,
                       struct effects *effects)
{
    int i;

    for (i = 0; i < engine->model->n_checks; i++) {
        struct watch *watch = &engine->watches[i];

        if (!watch->dirty || watch->first != first)
            continue;
        watch->dirty = false;
        lead_check(engine, now, i, effects);
    }
}

/* Time alone changes little: a part of the checks at a time, all within a second or so. */
static bool sweep_checks(struct engine *engine, struct moment now, bool settled,
                         struct effects *effects)
{
    int i, n = engine->model->n_checks, part = n / SWEEP_PARTS + SWEEP_LEAST;
    bool odd = part < n; /* the others have to have their turn soon */

    for (i = 0; i < n && i < part; i++) {
        int check = engine->swept++ % n;

        odd |= lead_check(engine, now, check, effects);
        if (settled)
            odd |= lead_cover(engine, now, check, effects);
    }
    engine->swept = n > 0 ? engine->swept % n : 0;
    return odd;
}

void belief_lead(struct engine *engine, struct moment now, struct effects *effects)
{
    if (!engine->dirty)
        return;
    engine->dirty = false;
    engine->odd = true;
    lead_dirty(engine, now, true, effects);
    lead_dirty(engine, now, false, effects);
}

bool belief_sweep(struct engine *engine, struct moment now, struct effects *effects)
{
    bool settled = now.boot_ms - engine->led_ms >= LEADER_GRACE_MS;
    bool odd = sweep_checks(engine, now, settled, effects);
    int i;

    for (i = 0; settled && i < engine->model->n_coordinators; i++)
        odd |= lead_node(engine, now, i, effects);
    return odd || !settled || belief_abstains(engine, now);
}
