/* Sees a process of this machine end, at once: by the number in its pid file (pidfd), or by
 * systemd's unit (its control group, version 2, has nobody left). What is not there yet is looked
 * for once a second, and a pid file that changes is read at once. Loop thread only. */
#ifndef OBSERVE_PROCESS_H
#define OBSERVE_PROCESS_H

#include "core/model/model.h"

#include <uv.h>

#define PROCESS_CGROUPS "/sys/fs/cgroup"

struct process;

/* `check` with a process, which must outlive it. `cgroups`: PROCESS_CGROUPS. `ended` never comes
 * from inside a call of this header; the next one comes when a new process has ended too. */
struct process *process_open(uv_loop_t *loop, const struct check *check, const char *cgroups,
                             void (*ended)(void *context), void *context);
/* `closed` when its memory is gone. May be called from inside `ended`. */
void process_close(struct process *process, void (*closed)(void *context));

#endif
