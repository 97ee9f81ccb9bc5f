#include "simulate/show/campaign_workers.h"
#include "base/check.h"
#include "base/mem.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define AT_ONCE_MAX 64

struct copy {
    pid_t pid;
    int fd, job;
};

static void write_all(int fd, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        bytes += n;
        len -= (size_t)n;
    }
}

static bool read_all(int fd, uint8_t *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = read(fd, bytes, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

static int begin(const struct jobs *jobs, int job, uint8_t *result, struct copy *copy)
{
    int ends[2];

    if (pipe(ends) != 0)
        return -1;
    *copy = (struct copy){.pid = fork(), .fd = ends[0], .job = job};
    if (copy->pid == 0) {
        close(ends[0]);
        memset(result, 0, jobs->result_size);
        jobs->run(jobs->context, job, result);
        write_all(ends[1], result, jobs->result_size);
        _exit(0); /* nothing of the original is flushed or freed twice */
    }
    close(ends[1]);
    if (copy->pid < 0)
        close(ends[0]);
    return copy->pid < 0 ? -1 : 0;
}

static void finish(const struct jobs *jobs, uint8_t *result, const struct copy *copy)
{
    bool whole = read_all(copy->fd, result, jobs->result_size);
    int status = 0;

    close(copy->fd);
    while (waitpid(copy->pid, &status, 0) < 0 && errno == EINTR)
        ;
    jobs->done(jobs->context, copy->job, whole ? result : NULL,
               WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

int jobs_run(const struct jobs *jobs, struct err *err)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    int most = processors < 1 ? 1 : processors > AT_ONCE_MAX ? AT_ONCE_MAX : (int)processors;
    struct copy copies[AT_ONCE_MAX]; /* a ring, the oldest first */
    int begun = 0, ended = 0, r = 0;
    uint8_t *result;

    CHECK(jobs->result_size <= JOBS_RESULT_MAX);
    result = mem_alloc(jobs->result_size);
    while (ended < jobs->n) {
        if (r == 0 && begun < jobs->n && begun - ended < most) {
            if (begin(jobs, begun, result, &copies[begun % AT_ONCE_MAX]) == 0) {
                begun++;
                continue;
            }
            r = err_set(err, ERR_IO, "no process for a run: %s", strerror(errno));
        }
        if (begun == ended)
            break;
        finish(jobs, result, &copies[ended++ % AT_ONCE_MAX]);
    }
    mem_free(result);
    return r;
}
