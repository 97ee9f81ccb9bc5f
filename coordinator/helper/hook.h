/* One run of a hook: a program of the operator's, told by its environment what to do. Its
 * output is kept (the first of it), its end comes on a pidfd. */
#ifndef HELPER_HOOK_H
#define HELPER_HOOK_H

#include "wire/config_helper.h"
#include "wire/holding.h"

#include <stdbool.h>
#include <sys/types.h>

struct hook_call {
    const char *action; /* "start", "stop", "check" */
    const char *route;
    uint32_t epoch;
    char candidate[LIMIT_NAME];
    int64_t limit_ms; /* boot: killed then */
};

struct hook_run {
    pid_t pid; /* 0: it does not run; its own process group */
    int pidfd, output;
    struct hook_call call;
    char text[HOLDING_TEXT / 2];
    size_t len;
    bool killed;   /* and not yet seen dead */
    bool has_next; /* `call` begins then */
};

/* Begins it, or has it begin as soon as the run that was killed before is gone. */
int hook_start(struct hook_run *run, const struct helper_hook *hook, const struct hook_call *call,
               struct err *err);
/* What it has written since, or some of it. */
void hook_read(struct hook_run *run);
/* It has ended, as its pidfd says. 0, or why it is no success; 1: it was a killed one, and when
 * another was to follow that one runs now. */
int hook_ended(struct hook_run *run, const struct helper_hook *hook, struct err *err);
/* Kills it and all that it has started in its group. Does not wait: one that the kernel holds
 * back must not hold back the fence of others. */
void hook_kill(struct hook_run *run);

#endif
