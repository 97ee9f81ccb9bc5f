/* Checks: what this node's probes say, what was committed, and on the leader the ballots. */
#include "core/detect/count.h"
#include "report/metrics_private.h"

static const char *const kinds[COUNTED_CHECKS] = {
    [CHECK_TCP] = "tcp", [CHECK_HTTP] = "http", [CHECK_SIP] = "sip", [CHECK_REPORT] = "report"};

/* What is reported is not probed. */
static void probes(struct page *page)
{
    struct om *om = &page->om;
    int kind, reason;

    om_histogram(om, "kirikae_probe_duration_seconds", "How long this node's probes took.",
                 OM_LABELS("kind"));
    for (kind = 0; kind < CHECK_REPORT; kind++)
        om_times(om, OM_LABELS(kinds[kind]), &page->counters->probe_time[kind]);
    om_counter(om, "kirikae_probes", OM_NUMBER, "This node's probes, by how they ended.",
               OM_LABELS("kind", "reason"));
    for (kind = 0; kind < CHECK_REPORT; kind++)
        for (reason = REASON_OK; reason <= REASON_LOCAL; reason++)
            om_count(om, OM_LABELS(kinds[kind], reason_name((enum reason)reason)),
                     page->counters->probes[kind][reason]);
}

/* Of all checks, those without series of their own too. */
static void sums(struct page *page)
{
    int i, watched = 0, down = 0, disputed = 0, unknown = 0, holes = 0;
    struct om *om = &page->om;

    for (i = 0; i < page->model->n_checks; i++)
        watched += engine_check(page->engine, i).watched;
    for (i = 0; page->committed != NULL && i < page->committed->n_checks; i++) {
        const struct check_state *state = &page->shared->checks[i];

        down += state->verdict == VERDICT_DOWN;
        disputed += state->verdict == VERDICT_DISPUTED;
        unknown += state->verdict == VERDICT_UNKNOWN;
        holes += state->hole;
    }
    om_gauge(om, "kirikae_checks", OM_NUMBER, "Checks in the configuration.", OM_PLAIN);
    om_int(om, OM_PLAIN, page->model->n_checks);
    om_gauge(om, "kirikae_checks_watched", OM_NUMBER, "Checks that this node is to watch.",
             OM_PLAIN);
    om_int(om, OM_PLAIN, watched);
    om_gauge(om, "kirikae_checks_down", OM_NUMBER, "Checks that are down by verdict.", OM_PLAIN);
    om_int(om, OM_PLAIN, down);
    om_gauge(om, "kirikae_checks_disputed", OM_NUMBER, "Checks in dispute.", OM_PLAIN);
    om_int(om, OM_PLAIN, disputed);
    om_gauge(om, "kirikae_checks_unknown", OM_NUMBER, "Checks without a verdict.", OM_PLAIN);
    om_int(om, OM_PLAIN, unknown);
    om_gauge(om, "kirikae_checks_weakly_watched", OM_NUMBER,
             "Checks that too few observers or sites watch.", OM_PLAIN);
    om_int(om, OM_PLAIN, holes);
}

typedef void of_check(struct page *page, int check, const char *const *name);

static void each(struct page *page, const struct model *model, of_check *say)
{
    int i;

    for (i = 0; model != NULL && i < model->n_checks && i < METRICS_CHECKS_MAX; i++)
        say(page, i, OM_LABELS(model->checks[i].name));
}

/* ---- this node's own ---- */

static void opinion(struct page *page, int check, const char *const *name)
{
    struct check_view view = engine_check(page->engine, check);

    if (view.watched && view.opinion != OPINION_NONE)
        om_bool(&page->om, name, view.opinion == OPINION_UP);
}

static void took(struct page *page, int check, const char *const *name)
{
    struct check_view view = engine_check(page->engine, check);

    if (view.watched && view.took_ms != AGE_NEVER)
        om_ms(&page->om, name, view.took_ms);
}

static void failures(struct page *page, int check, const char *const *name)
{
    struct check_view view = engine_check(page->engine, check);

    if (view.watched)
        om_count(&page->om, name, view.failures);
}

static void own(struct page *page, const char *const *label)
{
    struct om *om = &page->om;

    om_gauge(om, "kirikae_check_opinion", OM_NUMBER,
             "What this node's own probes say: 1 up, 0 down; nothing while it has no opinion.",
             label);
    each(page, page->model, opinion);
    om_gauge(om, "kirikae_check_duration_seconds", OM_SECONDS,
             "What this node's newest probe took.", label);
    each(page, page->model, took);
    om_counter(om, "kirikae_check_failures", OM_NUMBER, "This node's probes that failed.", label);
    each(page, page->model, failures);
}

/* ---- what is committed ---- */

static void up(struct page *page, int check, const char *const *name)
{
    enum verdict verdict = page->shared->checks[check].verdict;

    if (verdict == VERDICT_UP || verdict == VERDICT_DOWN)
        om_bool(&page->om, name, verdict == VERDICT_UP);
}

static void disputed(struct page *page, int check, const char *const *name)
{
    om_bool(&page->om, name, page->shared->checks[check].verdict == VERDICT_DISPUTED);
}

static void weak(struct page *page, int check, const char *const *name)
{
    om_bool(&page->om, name, page->shared->checks[check].hole);
}

static void verdicts(struct page *page, const char *const *label)
{
    struct om *om = &page->om;

    om_gauge(om, "kirikae_check_up", OM_NUMBER,
             "The cluster's verdict: 1 up, 0 down; nothing while there is none, or a dispute.",
             label);
    each(page, page->committed, up);
    om_gauge(om, "kirikae_check_disputed", OM_NUMBER, "1: observers contradict each other.", label);
    each(page, page->committed, disputed);
    om_gauge(om, "kirikae_check_weakly_watched", OM_NUMBER,
             "1: too few observers or sites watch it.", label);
    each(page, page->committed, weak);
}

/* ---- ballots: the leader's to count ---- */

static void votes(struct page *page, int check, const char *const *name)
{
    struct ballot ballots[LIMIT_SERVERS];
    int n = engine_ballots(page->engine, page->now, check, ballots);
    struct count count = count_ballots(page->model, page->model->checks[check].target, ballots, n,
                                       (uint32_t)page->model->timing.window_ms);

    om_int(&page->om, OM_LABELS(name[0], "down"), count.fails);
    om_int(&page->om, OM_LABELS(name[0], "up"), count.ups);
}

static void assigned(struct page *page, int check, const char *const *name)
{
    struct cover cover = engine_cover(page->engine, page->now, check);

    om_int(&page->om, name, server_count(cover.assigned));
}

static void watching(struct page *page, int check, const char *const *name)
{
    struct cover cover = engine_cover(page->engine, page->now, check);

    om_int(&page->om, name, server_count(cover.watching));
}

static void sites(struct page *page, int check, const char *const *name)
{
    om_int(&page->om, name, engine_cover(page->engine, page->now, check).sites);
}

static void ballots_of(struct page *page, const char *const *label)
{
    const struct model *model = engine_leads(page->engine) ? page->model : NULL;
    struct om *om = &page->om;

    om_gauge(om, "kirikae_check_votes", OM_NUMBER,
             "Ballots that count now for down and for up; told by the leader.",
             OM_LABELS("check", "opinion"));
    each(page, model, votes);
    om_gauge(om, "kirikae_check_observers_assigned", OM_NUMBER,
             "Observers that are to watch it; told by the leader.", label);
    each(page, model, assigned);
    om_gauge(om, "kirikae_check_observers_watching", OM_NUMBER,
             "Observers that do watch it; told by the leader.", label);
    each(page, model, watching);
    om_gauge(om, "kirikae_check_observer_sites", OM_NUMBER,
             "Sites of those observers; told by the leader.", label);
    each(page, model, sites);
}

void metrics_checks(struct page *page)
{
    static const char *const label[] = {"check", NULL};

    probes(page);
    sums(page);
    own(page, label);
    verdicts(page, label);
    ballots_of(page, label);
}
