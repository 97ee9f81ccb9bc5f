/* What a command would change, in words. Of status_plan.c only. */
#ifndef REPORT_STATUS_PLAN_H
#define REPORT_STATUS_PLAN_H

#include "base/mem.h"
#include "core/engine.h"

struct plan {
    const struct engine *engine;
    struct moment now;
    const struct command *command;
    const struct rehearsal *rehearsal;
    void (*say)(void *context, const char *text);
    void *context;
};

void plan_words(const struct plan *plan);

#endif
