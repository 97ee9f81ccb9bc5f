/* Runs that share nothing, each in a process of its own that begins as a copy of this one:
 * so a world that has warmed up once serves many, and a run that ends itself takes no other
 * with it. */
#ifndef SIMULATE_CAMPAIGN_WORKERS_H
#define SIMULATE_CAMPAIGN_WORKERS_H

#include "base/err.h"

#include <stddef.h>

struct jobs {
    int n;
    size_t result_size; /* bytes, at most what a pipe takes (JOBS_RESULT_MAX) */
    void (*run)(void *context, int job, void *result); /* in the copy; `result` is zeroed */
    /* Here, in the jobs' order; `result` NULL: the copy ended without one, by `signal` or 0. */
    void (*done)(void *context, int job, const void *result, int signal);
    void *context;
};
#define JOBS_RESULT_MAX 16384
/* As many at once as there are processors. 0 or ERR_IO. */
int jobs_run(const struct jobs *jobs, struct err *err);

#endif
