#include "core/model/notice.h"
#include "base/check.h"
#include "base/mem.h"

#include <string.h>

static const char *const events[] = {
    [NOTICE_OUTAGE] = "outage",
    [NOTICE_LASTING] = "lasting",
    [NOTICE_RECOVERED] = "recovered",
    [NOTICE_DISPUTED] = "disputed",
    [NOTICE_FAILOVER] = "failover",
    [NOTICE_REFUSED] = "refused",
    [NOTICE_BLOCKED] = "blocked",
    [NOTICE_COVERAGE] = "coverage",
    [NOTICE_NODE_LOST] = "node-lost",
    [NOTICE_NODE_BACK] = "node-back",
    [NOTICE_CERTIFICATE] = "certificate",
    [NOTICE_CLOCK] = "clock",
    [NOTICE_MAINTENANCE] = "maintenance",
    [NOTICE_MAINTENANCE_BEGUN] = "maintenance-begun",
    [NOTICE_MAINTENANCE_OVER] = "maintenance-over",
    [NOTICE_QUORUM_LOST] = "quorum-lost",
    [NOTICE_QUORUM_BACK] = "quorum-back",
    [NOTICE_POSTED] = "posted",
    [NOTICE_TEST] = "test",
};
_Static_assert(ARRAY_LEN(events) == NOTICE_EVENTS, "");

const char *notice_event_name(enum notice_event event)
{
    return (unsigned)event < ARRAY_LEN(events) ? events[event] : "?";
}

int notice_event_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(events); i++)
        if (strcmp(events[i], name) == 0)
            return (int)i;
    return -1;
}

const char *channel_kind_name(enum channel_kind kind)
{
    static const char *const names[] = {
        [CHANNEL_MAIL] = "mail",         [CHANNEL_SLACK] = "slack",
        [CHANNEL_CHATWORK] = "chatwork", [CHANNEL_LINE] = "line",
        [CHANNEL_WEBHOOK] = "webhook",   [CHANNEL_ALERTMANAGER] = "alertmanager",
    };

    return (unsigned)kind < ARRAY_LEN(names) ? names[kind] : "?";
}

const char *audience_name(enum audience audience)
{
    return audience == AUDIENCE_CUSTOMERS ? "customers" : "operators";
}

/* Of `n` structs of `size` bytes with a name, the first of which is here; -1. */
static int find(const char *first, int n, size_t size, const char *name)
{
    for (int i = 0; i < n; i++)
        if (strcmp(first + (size_t)i * size, name) == 0)
            return i;
    return -1;
}
#define FIND(array, n, wanted) find((array)[0].name, n, sizeof *(array), wanted)

int notice_find_channel(const struct notice_config *config, const char *name)
{
    return FIND(config->channels, config->n_channels, name);
}

int notice_find_receiver(const struct notice_config *config, const char *name)
{
    return FIND(config->receivers, config->n_receivers, name);
}

int notice_find_rule(const struct notice_config *config, const char *name)
{
    return FIND(config->rules, config->n_rules, name);
}

int notice_find_template(const struct notice_config *config, const char *name)
{
    return FIND(config->templates, config->n_templates, name);
}

void notice_config_free(struct notice_config *config)
{
    if (config == NULL)
        return;
    for (int i = 0; i < config->n_templates; i++) {
        mem_free(config->templates[i].subject);
        mem_free(config->templates[i].body);
    }
    mem_free(config);
}
