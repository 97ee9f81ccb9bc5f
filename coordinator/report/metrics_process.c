/* The process: is it in time, how large is it, who connects. */
#include "base/utc.h"
#include "report/metrics_private.h"

static void time_of(struct page *page)
{
    struct om *om = &page->om;
    int64_t ahead_ms = engine_clock_ahead_ms(page->engine, page->now);

    om_histogram(om, "kirikae_loop_lag_seconds", "How late the timer of this node's loop came.",
                 OM_PLAIN);
    if (page->local->loop_lag != NULL)
        om_times(om, OM_PLAIN, page->local->loop_lag);
    om_gauge(om, "kirikae_loop_lag_longest_seconds", OM_SECONDS,
             "How late it came at most since the start.", OM_PLAIN);
    om_us(om, OM_PLAIN, page->local->loop_lag_longest_us);
    om_counter(om, "kirikae_stalls", OM_NUMBER,
               "Times that this node stood still for longer than a beat and a half.", OM_PLAIN);
    om_count(om, OM_PLAIN, page->counters->stalls);
    om_counter(om, "kirikae_stalled_seconds", OM_SECONDS,
               "How long this node stood still, together.", OM_PLAIN);
    om_ms(om, OM_PLAIN, (int64_t)page->counters->stalled_ms);
    om_gauge(om, "kirikae_clock_offset_seconds", OM_SECONDS,
             "How far UTC here is ahead of the median of the voters' clocks.", OM_PLAIN);
    if (ahead_ms != UTC_NONE)
        om_ms(om, OM_PLAIN, ahead_ms);
}

static void size_of(struct page *page)
{
    struct om *om = &page->om;

    om_gauge(om, "kirikae_memory_resident_bytes", OM_BYTES, "Memory of the process in RAM.",
             OM_PLAIN);
    om_count(om, OM_PLAIN, page->local->resident_bytes);
    om_gauge(om, "kirikae_memory_heap_bytes", OM_BYTES, "Memory that the program has allocated.",
             OM_PLAIN);
    om_count(om, OM_PLAIN, page->local->heap_bytes);
    om_counter(om, "kirikae_cpu_seconds", OM_SECONDS, "Processor time of the process.", OM_PLAIN);
    om_us(om, OM_PLAIN, page->local->cpu_us);
}

static void port(struct page *page)
{
    struct om *om = &page->om;
    int i;

    om_gauge(om, "kirikae_connections", OM_NUMBER, "Open connections to the port.", OM_PLAIN);
    om_int(om, OM_PLAIN, page->local->connections);
    om_counter(om, "kirikae_connections_refused", OM_NUMBER,
               "Connections that the port refused or broke off.", OM_PLAIN);
    om_count(om, OM_PLAIN, page->status->refused);
    om_gauge(om, "kirikae_certificate_expiry_time_seconds", OM_SECONDS,
             "Unix time at which the server's certificate ends, as it says.", OM_LABELS("server"));
    for (i = 0; i < page->model->n_coordinators; i++) {
        int64_t ends_ms = engine_peer(page->engine, page->now, i).certificate_ms;

        if (ends_ms != UTC_NONE)
            om_ms(om, OM_LABELS(page->model->servers[i].name), ends_ms);
    }
}

static void http(struct page *page)
{
    static const char *const audiences[METRICS_AUDIENCES] = {"public", "metrics", "operators"};
    const struct metrics_http *http = &page->local->http;
    struct om *om = &page->om;
    int i;

    om_gauge(om, "kirikae_http_connections", OM_NUMBER, "Open connections for pages.",
             OM_LABELS("audience"));
    for (i = 0; i < METRICS_AUDIENCES; i++)
        om_count(om, OM_LABELS(audiences[i]), http->open[i]);
    om_counter(om, "kirikae_http_requests", OM_NUMBER, "Requests for pages.",
               OM_LABELS("audience"));
    for (i = 0; i < METRICS_AUDIENCES; i++)
        om_count(om, OM_LABELS(audiences[i]), http->requests[i]);
    om_counter(om, "kirikae_http_troubles", OM_NUMBER,
               "Answers that were errors (failed) or came too late; connections that were too many "
               "(refused) or too slow.",
               OM_LABELS("trouble"));
    om_count(om, OM_LABELS("failed"), http->failed);
    om_count(om, OM_LABELS("late"), http->late);
    om_count(om, OM_LABELS("refused"), http->refused);
    om_count(om, OM_LABELS("slow"), http->slow);
}

void metrics_process(struct page *page)
{
    time_of(page);
    size_of(page);
    port(page);
    http(page);
}
