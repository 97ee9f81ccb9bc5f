/* GET over HTTP/1.1 or HTTPS; the status decides, redirects are not followed.
 *
 * A check that comes often keeps its connections: under packet loss an open one needs
 * two packets where a new one needs four, the first of which is sent again only after a
 * second; and it costs less. A kept connection that the server has closed meanwhile is
 * replaced by libcurl without a failure. It hides a server that accepts nobody new,
 * though, so it is given up after CONNECTION_LIFE_S, and a confirmation never uses one. */
#include "observe/probe.h"

#define KEEP_INTERVAL_MS 5000 /* checks that come less often connect anew each time */
#define CONNECTION_LIFE_S 10L

static void on_done(void *context, const struct transfer_end *end)
{
    struct probe *probe = context;
    const struct check *check = probe->check;
    enum reason reason;

    if (end->code != CURLE_OK)
        reason = transfer_reason(end);
    else if (end->status < check->status_min || end->status > check->status_max)
        reason = REASON_STATUS;
    else
        reason = REASON_OK;
    probe_end(probe, reason, end->status, end->text);
}

static void start(struct probe *probe)
{
    struct transfer *transfer = transfer_new(probe->transfers, on_done, probe);
    const struct check *check = probe->check;
    CURL *easy = transfer_easy(transfer);

    curl_easy_setopt(easy, CURLOPT_URL, check->url);
    if (check->ca_file[0] != '\0') {
        curl_easy_setopt(easy, CURLOPT_CAINFO, check->ca_file);
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    }
    if (probe->fresh || check->interval_ms > KEEP_INTERVAL_MS) {
        curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
        curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    }
    curl_easy_setopt(easy, CURLOPT_MAXLIFETIME_CONN, CONNECTION_LIFE_S);
    probe->state = transfer;
    transfer_start(transfer);
}

static void stop(struct probe *probe)
{
    transfer_stop(probe->state);
}

const struct probe_kind probe_http = {start, stop};
