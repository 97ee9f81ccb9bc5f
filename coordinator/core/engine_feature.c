/* What the cluster may do goes by what all its members know (core/feature.h). */
#include "base/log.h"
#include "core/engine_private.h"
#include "core/feature.h"

#include <stdio.h>
#include <string.h>

/* What the member says that it knows; 0: it is not heard now. */
static uint32_t known_by(const struct engine *engine, int server)
{
    const struct peer *peer = &engine->peers[server];

    if (server == engine->self)
        return engine->level;
    return peer->rx_ms == BOOT_NEVER || peer->detector.silent ? 0 : peer->level;
}

/* A member that is not heard now may come back as an older version: it is waited for. */
void feature_raise(struct engine *engine, struct moment now, struct effects *effects)
{
    uint32_t level = engine->level;
    struct entry *entry;
    int i;

    for (i = 0; i < engine->model->n_coordinators; i++)
        if (known_by(engine, i) < level)
            level = known_by(engine, i);
    if (level <= engine->shared->level)
        return;
    entry = engine_propose(engine, now, ENTRY_FEATURES, 0, effects);
    if (entry != NULL)
        entry->features.level = level;
}

void feature_why(const struct engine *engine, uint32_t level, char *text, size_t size)
{
    size_t used;
    int i;

    snprintf(text, size, "this needs feature level %u (%s), the cluster is at %u", level,
             feature_what(level), engine->shared->level);
    for (i = 0; i < engine->model->n_coordinators; i++) {
        const char *name = engine->model->servers[i].name;
        uint32_t known = known_by(engine, i);

        used = strlen(text);
        if (known == 0)
            snprintf(text + used, size - used, "; %s is not heard", name);
        else if (known < level)
            snprintf(text + used, size - used, "; %s knows up to %u", name, known);
    }
}
