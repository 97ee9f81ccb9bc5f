/* The public status page on this node, and what it runs when the page says something new. */
#ifndef DAEMON_STATUS_PAGE_H
#define DAEMON_STATUS_PAGE_H

#include "base/log.h"

#include <uv.h>

struct status_hook;

#define STATUS_HOOK_MS 30000

/* Runs `program DIR`, without a shell: one run at a time, each for limit_ms at most; what it writes
 * goes to the log. */
struct status_hook *status_hook_open(uv_loop_t *loop, struct log *log, const char *program,
                                     const char *dir, int limit_ms);
/* Now, or once more when the run that goes on is over. */
void status_hook_run(struct status_hook *hook);
/* Ends what runs. */
void status_hook_close(struct status_hook *hook, void (*closed)(void *context), void *context);

#endif
