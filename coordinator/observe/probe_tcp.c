/* A TCP connection is made and closed again: somebody listens. */
#include "observe/probe.h"

#include <stdio.h>
#include <string.h>

static void on_done(void *context, const struct transfer_end *end)
{
    enum reason reason = end->code == CURLE_OK ? REASON_OK : transfer_reason(end);

    probe_end(context, reason, 0, end->text);
}

static void start(struct probe *probe)
{
    struct transfer *transfer = transfer_new(probe->transfers, on_done, probe);
    CURL *easy = transfer_easy(transfer);
    const char *host = probe->check->host;
    char url[LIMIT_NAME + 16];

    /* An IPv6 address stands in brackets in a URL. */
    snprintf(url, sizeof url, strchr(host, ':') != NULL ? "http://[%s]:%d" : "http://%s:%d", host,
             probe->check->port);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    probe->state = transfer;
    transfer_start(transfer);
}

static void stop(struct probe *probe)
{
    transfer_stop(probe->state);
}

const struct probe_kind probe_tcp = {start, stop};
