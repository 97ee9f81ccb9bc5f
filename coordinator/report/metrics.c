#include "report/metrics.h"
#include "core/feature.h"
#include "report/metrics_private.h"

static void program(struct page *page)
{
    const struct server *self = &page->model->servers[page->self];
    struct om *om = &page->om;

    om_info(om, "kirikae_build", "The program.", OM_LABELS("version"));
    om_is(om, OM_LABELS(page->local->version));
    om_info(om, "kirikae_node", "Who tells this: its name, cluster, site and part in votes.",
            OM_LABELS("cluster", "server", "site", "member"));
    om_is(om, OM_LABELS(page->model->cluster, self->name, page->model->sites[self->site].name,
                        self->role == MEMBER_VOTER ? "voter" : "standby"));
    om_gauge(om, "kirikae_start_time_seconds", OM_SECONDS, "Unix time at which the node started.",
             OM_PLAIN);
    om_ms(om, OM_PLAIN, page->local->started_ms);
}

static void configuration(struct page *page)
{
    struct om *om = &page->om;

    om_gauge(om, "kirikae_config_version", OM_NUMBER, "Version of the configuration in force.",
             OM_PLAIN);
    om_count(om, OM_PLAIN, page->model->version);
    om_gauge(om, "kirikae_config_committed", OM_NUMBER,
             "1: the cluster has committed it; 0: it is the local file's.", OM_PLAIN);
    om_bool(om, OM_PLAIN, page->committed != NULL);
    om_gauge(om, "kirikae_feature_level", OM_NUMBER, "Feature level in force in the cluster.",
             OM_PLAIN);
    om_count(om, OM_PLAIN, page->shared->level);
    om_gauge(om, "kirikae_feature_level_known", OM_NUMBER,
             "Newest feature level that this program knows.", OM_PLAIN);
    om_count(om, OM_PLAIN, engine_peer(page->engine, page->now, page->self).level);
}

/* What the page itself is, of which all but this is written. */
static void itself(struct page *page)
{
    struct om *om = &page->om;
    int checks = page->model->n_checks;

    om_gauge(om, "kirikae_metrics_checks_left_out", OM_NUMBER,
             "Checks that have no series of their own, because they are too many.", OM_PLAIN);
    om_int(om, OM_PLAIN, checks > METRICS_CHECKS_MAX ? checks - METRICS_CHECKS_MAX : 0);
    om_gauge(om, "kirikae_metrics_series_left_out", OM_NUMBER,
             "Other series that this page lacks, because they are too many.", OM_PLAIN);
    om_count(om, OM_PLAIN, om->left_out);
    om_gauge(om, "kirikae_metrics_page_duration_seconds", OM_SECONDS,
             "What it took to write the page before this one.", OM_PLAIN);
    om_us(om, OM_PLAIN, page->local->page_us);
    om_gauge(om, "kirikae_metrics_page_series", OM_NUMBER, "Series on this page before this one.",
             OM_PLAIN);
    om_count(om, OM_PLAIN, om->all);
}

void metrics_page(const struct engine *engine, struct moment now, const struct metrics_local *local,
                  struct buf *out)
{
    struct page page = {.engine = engine,
                        .shared = engine_shared(engine),
                        .model = engine_model(engine),
                        .committed = engine_shared(engine)->model,
                        .counters = engine_counters(engine),
                        .local = local,
                        .status = &local->status,
                        .now = now,
                        .self = local->status.self};

    om_begin(&page.om, out);
    program(&page);
    configuration(&page);
    metrics_raft(&page);
    metrics_peers(&page);
    metrics_checks(&page);
    metrics_routes(&page);
    metrics_account(&page);
    metrics_notices(&page);
    metrics_process(&page);
    itself(&page);
    om_end(&page.om);
}
