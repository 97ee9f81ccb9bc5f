#include "core/detect/witness.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define REFS_MOST 256 /* runs of one check in all journals: who flaps more tells nothing */

/* A run of a server's. */
struct ref {
    const struct run *run;
    int server;
};

struct witness {
    const struct model *model;
    const struct journal *const *journals;
    struct gap_time gap;
    struct ref *refs; /* by subject: those of checks, then those of all, then those of routes */
    int n_refs;
    int64_t *edges; /* room for two of every run, and more */
};

/* Checks, then blindness to all of them, then routes. */
static int order_of(const struct run *run)
{
    return run->kind == RUN_IDLE     ? LIMIT_CHECKS + 1 + run->subject
           : run->subject == RUN_ALL ? LIMIT_CHECKS
                                     : run->subject;
}

static int by_order(const void *a, const void *b)
{
    const struct ref *x = a, *y = b;
    int d = order_of(x->run) - order_of(y->run);

    return d != 0                   ? d
           : x->server != y->server ? x->server - y->server
                                    : (x->run->id > y->run->id) - (x->run->id < y->run->id);
}

struct witness *witness_new(const struct model *model, const struct journal *const *journals,
                            const struct gap_time *gap)
{
    struct witness *witness = mem_zalloc(1, sizeof *witness);
    int s, r, n = 0;

    for (s = 0; s < model->n_coordinators; s++)
        n += journals[s] != NULL ? JOURNAL_RUNS : 0;
    witness->model = model;
    witness->journals = journals;
    witness->gap = *gap;
    witness->refs = mem_zalloc((size_t)n + 1, sizeof witness->refs[0]);
    witness->edges = mem_zalloc(2 * (size_t)(n + LIMIT_SERVERS) + 2, sizeof witness->edges[0]);
    for (s = 0; s < model->n_coordinators; s++)
        for (r = 0; journals[s] != NULL && r < JOURNAL_RUNS; r++) {
            const struct run *run = &journals[s]->runs[r];

            if (run->id != 0 && run->end_ms > gap->from_ms && run->start_ms < gap->now_ms)
                witness->refs[witness->n_refs++] = (struct ref){run, s};
        }
    qsort(witness->refs, (size_t)witness->n_refs, sizeof witness->refs[0], by_order);
    return witness;
}

void witness_free(struct witness *witness)
{
    if (witness == NULL)
        return;
    mem_free(witness->refs);
    mem_free(witness->edges);
    mem_free(witness);
}

/* A part of refs. */
struct part {
    const struct ref *refs;
    int n;
};

static struct part part_of(const struct witness *witness, int order)
{
    int low = 0, high = witness->n_refs, end;

    while (low < high) {
        int middle = (low + high) / 2;

        if (order_of(witness->refs[middle].run) < order)
            low = middle + 1;
        else
            high = middle;
    }
    for (end = low; end < witness->n_refs && order_of(witness->refs[end].run) == order; end++)
        ;
    return (struct part){.refs = witness->refs + low, .n = end - low};
}

static bool covers(const struct run *run, int64_t ms)
{
    return run->start_ms <= ms && ms < run->end_ms;
}

/* ---- one check ---- */

struct look {
    struct witness *witness;
    int check;
    server_set assigned, told; /* told: who could tell when the time was over */
    struct part own, all;      /* runs of the check; of all checks */
};

/* Who fails it, and who sees it up, at a moment. */
struct saw {
    server_set fails, ups;
};

/* When a node begins it needs a probe's time to know anything. */
static int64_t knows_from(const struct look *look, int server)
{
    const struct check *check = &look->witness->model->checks[look->check];

    return look->witness->journals[server]->since_ms + check->interval_ms + check->timeout_ms;
}

static struct saw saw_at(const struct look *look, int64_t ms)
{
    server_set blind = 0, down = 0, able = 0;
    int i;

    for (i = 0; i < look->witness->model->n_coordinators; i++)
        if ((look->assigned & server_bit(i)) && look->witness->journals[i] != NULL &&
            knows_from(look, i) <= ms)
            able |= server_bit(i);
    for (i = 0; i < look->all.n; i++)
        if (covers(look->all.refs[i].run, ms))
            blind |= server_bit(look->all.refs[i].server);
    for (i = 0; i < look->own.n; i++)
        if (covers(look->own.refs[i].run, ms)) {
            if (look->own.refs[i].run->kind == RUN_DOWN)
                down |= server_bit(look->own.refs[i].server);
            else
                blind |= server_bit(look->own.refs[i].server);
        }
    able &= ~blind;
    if (ms >= look->witness->gap.to_ms)
        able &= look->told;
    return (struct saw){.fails = able & down, .ups = able & ~down};
}

static uint64_t sites_of(const struct model *model, server_set set)
{
    uint64_t sites = 0;
    int i;

    for (i = 0; i < model->n_coordinators; i++)
        if (set & server_bit(i))
            sites |= 1ull << model->servers[i].site;
    return sites;
}

/* Two sites at least, so one of them is not the target's own. */
static bool from_two_sites(const struct model *model, server_set set)
{
    return __builtin_popcountll(sites_of(model, set)) >= 2;
}

/* … and as many as the contract asks for. */
static bool enough(const struct model *model, server_set set)
{
    return from_two_sites(model, set) && server_count(set) >= model->contract.minimum_observers &&
           __builtin_popcountll(sites_of(model, set)) >= model->contract.minimum_sites;
}

static bool contradicted(const struct model *model, const struct saw *saw, int own)
{
    int fails[LIMIT_SITES] = {0}, ups[LIMIT_SITES] = {0}, i;

    for (i = 0; i < model->n_coordinators; i++) {
        fails[model->servers[i].site] += (saw->fails & server_bit(i)) != 0;
        ups[model->servers[i].site] += (saw->ups & server_bit(i)) != 0;
    }
    for (i = 0; i < model->n_sites; i++)
        if (i != own && ups[i] > fails[i])
            return true;
    return false;
}

enum known { KNOWN_OTHER, KNOWN_DOWN, KNOWN_BLIND };

static enum known judge(const struct look *look, const struct saw *saw)
{
    const struct model *model = look->witness->model;
    int own = model->servers[model->checks[look->check].target].site;

    if (!enough(model, saw->fails | saw->ups))
        return KNOWN_BLIND;
    return server_count(saw->fails) > server_count(saw->ups) && from_two_sites(model, saw->fails) &&
                   !contradicted(model, saw, own)
               ? KNOWN_DOWN
               : KNOWN_OTHER;
}

static int by_time(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* The moments at which anything may change, in order, `from` the first. */
static int edges_of(const struct look *look)
{
    const struct gap_time *gap = &look->witness->gap;
    int64_t *edges = look->witness->edges;
    int i, k, n = 0, all = 0;

    edges[all++] = gap->from_ms;
    edges[all++] = gap->to_ms;
    for (i = 0; i < look->witness->model->n_coordinators; i++)
        if ((look->assigned & server_bit(i)) && look->witness->journals[i] != NULL)
            edges[all++] = knows_from(look, i);
    for (k = 0; k < 2; k++)
        for (i = 0; i < (k == 0 ? look->own : look->all).n; i++) {
            const struct run *run = (k == 0 ? look->own : look->all).refs[i].run;

            edges[all++] = run->start_ms;
            edges[all++] = run->end_ms;
        }
    qsort(edges, (size_t)all, sizeof edges[0], by_time);
    for (i = 0; i < all; i++)
        if (edges[i] >= gap->from_ms && edges[i] < gap->now_ms &&
            (n == 0 || edges[n - 1] != edges[i]))
            edges[n++] = edges[i];
    return n;
}

static struct journal_span *add(struct journal_spans *spans, enum span_kind kind, int64_t start_ms)
{
    struct journal_span *span;

    if (spans->n == LIMIT_JOURNAL_SPANS)
        return NULL;
    span = &spans->spans[spans->n++];
    *span = (struct journal_span){.kind = kind,
                                  .check = -1,
                                  .route = -1,
                                  .server = SERVER_NONE,
                                  .start_ms = start_ms,
                                  .good_ms = BOOT_NEVER,
                                  .end_ms = SPAN_GOES_ON,
                                  .fail_ms = SPAN_GOES_ON};
    return span;
}

/* With the earliest of those who fail it now, but not before it was last over. */
static void down_begins(const struct look *look, struct journal_span *span, server_set fails,
                        int64_t ms, int64_t over_ms)
{
    int64_t start_ms = ms;
    int i;

    span->servers = fails;
    for (i = 0; i < look->own.n; i++) {
        const struct run *run = look->own.refs[i].run;

        if (run->kind != RUN_DOWN || !covers(run, ms) ||
            !(fails & server_bit(look->own.refs[i].server)))
            continue;
        if (run->start_ms < start_ms && run->start_ms >= over_ms)
            start_ms = run->start_ms;
        if (run->good_ms > span->good_ms)
            span->good_ms = run->good_ms;
    }
    span->start_ms = start_ms;
    if (span->good_ms == BOOT_NEVER || span->good_ms > start_ms)
        span->good_ms = start_ms;
}

/* With the first good probe of those who failed it until then. When it is over because nobody can
 * tell any more, then. */
static void down_ends(const struct look *look, struct journal_span *span, int64_t ms)
{
    int64_t newest[LIMIT_SERVERS];
    int i;

    for (i = 0; i < LIMIT_SERVERS; i++)
        newest[i] = BOOT_NEVER;
    span->end_ms = ms;
    for (i = 0; i < look->own.n; i++) {
        const struct run *run = look->own.refs[i].run;

        if (run->kind == RUN_DOWN && run->end_ms <= ms && run->end_ms > span->start_ms &&
            (span->servers & server_bit(look->own.refs[i].server)) &&
            run->end_ms > newest[look->own.refs[i].server])
            newest[look->own.refs[i].server] = run->end_ms;
    }
    for (i = 0; i < LIMIT_SERVERS; i++)
        if (newest[i] != BOOT_NEVER && newest[i] < span->end_ms)
            span->end_ms = newest[i];
    span->fail_ms = span->start_ms;
    for (i = 0; i < look->own.n; i++) {
        const struct run *run = look->own.refs[i].run;

        if (run->kind == RUN_DOWN && run->fail_ms <= span->end_ms && run->fail_ms > span->fail_ms)
            span->fail_ms = run->fail_ms;
    }
}

/* Walks from edge to edge. */
static bool walk(const struct look *look, struct journal_spans *spans)
{
    const struct gap_time *gap = &look->witness->gap;
    struct journal_span *span = NULL;
    enum known was = KNOWN_OTHER;
    int64_t over_ms = INT64_MIN;
    int i, n = edges_of(look);

    for (i = 0; i < n; i++) {
        int64_t ms = look->witness->edges[i];
        struct saw saw = saw_at(look, ms);
        enum known is = judge(look, &saw);

        if (ms >= gap->to_ms && was != KNOWN_DOWN)
            break; /* what comes now is seen by who leads */
        if (is == was) {
            if (is == KNOWN_DOWN)
                span->servers |= saw.fails;
            continue;
        }
        if (was == KNOWN_DOWN) {
            down_ends(look, span, ms);
            over_ms = span->end_ms;
        } else if (was == KNOWN_BLIND) {
            span->end_ms = ms;
        }
        was = ms >= gap->to_ms ? KNOWN_OTHER : is;
        if (was == KNOWN_OTHER)
            continue;
        span = add(spans, is == KNOWN_DOWN ? SPAN_DOWN : SPAN_BLIND, ms);
        if (span == NULL)
            return false;
        span->check = look->check;
        if (is == KNOWN_DOWN)
            down_begins(look, span, saw.fails, ms, over_ms);
    }
    if (was == KNOWN_BLIND)
        span->end_ms = gap->to_ms;
    return true;
}

bool witness_check(struct witness *witness, int check, struct journal_spans *spans)
{
    struct look look = {.witness = witness,
                        .check = check,
                        .assigned = model_observers(witness->model, check),
                        .own = part_of(witness, check),
                        .all = part_of(witness, LIMIT_CHECKS)};
    struct saw saw;

    if (look.own.n > REFS_MOST || look.all.n > REFS_MOST) {
        struct journal_span *span = add(spans, SPAN_BLIND, witness->gap.from_ms);

        if (span == NULL)
            return false;
        span->check = check;
        span->end_ms = witness->gap.to_ms;
        return true;
    }
    saw = saw_at(&look, witness->gap.to_ms - 1);
    look.told = saw.fails | saw.ups;
    return walk(&look, spans);
}

/* ---- one route ---- */

bool witness_route(struct witness *witness, int route, server_set placed,
                   struct journal_spans *spans)
{
    struct part part = part_of(witness, LIMIT_CHECKS + 1 + route);
    const struct gap_time *gap = &witness->gap;
    struct journal_span *span;
    int i;

    for (i = 0; i < part.n; i++) {
        const struct run *run = part.refs[i].run;

        if (!(placed & server_bit(part.refs[i].server)) || run->start_ms >= gap->to_ms)
            continue;
        if ((span = add(spans, SPAN_IDLE, run->start_ms)) == NULL)
            return false;
        span->route = route;
        span->server = part.refs[i].server;
        span->good_ms = run->start_ms;
        span->end_ms = span->fail_ms = run->end_ms;
    }
    for (i = 0; i < witness->model->n_coordinators; i++) {
        int64_t until_ms =
            witness->journals[i] == NULL ? gap->to_ms : witness->journals[i]->since_ms;

        if (!(placed & server_bit(i)) || until_ms <= gap->from_ms)
            continue;
        if ((span = add(spans, SPAN_UNTOLD, gap->from_ms)) == NULL)
            return false;
        span->route = route;
        span->server = i;
        span->end_ms = until_ms < gap->to_ms ? until_ms : gap->to_ms;
    }
    return true;
}
