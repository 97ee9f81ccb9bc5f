/* One run of a hook: a program of the operator's, told by its environment what to do. Its
 * output is kept (the first of it), its end comes on a pidfd. */
#ifndef HELPER_HOOK_H
#define HELPER_HOOK_H

#include "wire/config_helper.h"
#include "wire/holding.h"

#include <stdbool.h>
#include <sys/types.h>

struct hook_run {
    pid_t pid; /* 0: it does not run; its own process group */
    int pidfd, output;
    int64_t limit_ms; /* boot: killed then */
    const char *action;
    char text[HOLDING_TEXT / 2];
    size_t len;
    pid_t ghost; /* killed, and not yet seen dead; 0 */
};

/* `action`: "start", "stop", "check". */
int hook_start(struct hook_run *run, const struct helper_hook *hook, const char *action,
               const char *route, uint32_t epoch, const char *candidate, int64_t limit_ms,
               struct err *err);
/* What it has written since. */
void hook_read(struct hook_run *run);
/* It has ended, as its pidfd says. 0, or why it is no success. */
int hook_ended(struct hook_run *run, const struct helper_hook *hook, struct err *err);
/* Kills it and all that it has started in its group. Does not wait: one that the kernel holds
 * back must not hold back the fence. */
void hook_kill(struct hook_run *run);

#endif
