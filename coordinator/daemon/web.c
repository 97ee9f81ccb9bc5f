/* Where HTTP is served, and the pages there are. */
#include "daemon/daemon.h"

static struct web_address address(const struct http_address *configured)
{
    return (struct web_address){.host = configured->port != 0 ? configured->host : NULL,
                                .port = configured->port};
}

/* Pages are registered here: what makes them uses what was opened before. */
int web_module_open(struct daemon *daemon, struct err *err)
{
    const struct node_config *config = &daemon->config;
    const struct web_options options = {.loop = daemon->loop,
                                        .log = daemon->log,
                                        .listen = {
                                            [WEB_PUBLIC] = address(&config->http_public),
                                            [WEB_METRICS] = address(&config->http_metrics),
                                            [WEB_OPERATORS] = address(&config->http_operators),
                                        }};

    int r = web_open(&options, &daemon->web, err);

    if (r == 0)
        metrics_register(daemon);
    return r;
}

static void on_closed(void *context)
{
    struct daemon *daemon = context;

    daemon->web = NULL;
    daemon_module_closed(daemon);
}

void web_module_close(struct daemon *daemon)
{
    web_close(daemon->web, on_closed, daemon);
}
