#include "helper/hook.h"
#include "base/check.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Of output at once: one that writes as fast as it is read keeps nothing else waiting. */
enum { READS_MAX = 16 };

/* Its group, its signals as a program expects them, its output into `output`. */
static int spawn(pid_t *pid, const struct helper_hook *hook, char *const *environment, int output)
{
    char *arguments[HELPER_ARGUMENTS + 2] = {(char *)hook->program};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    sigset_t all, none;
    int i, r;

    for (i = 0; i < hook->n_arguments; i++)
        arguments[i + 1] = (char *)hook->arguments[i];
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_init(&how);
    posix_spawnattr_setflags(&how, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                       POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&how, 0);
    posix_spawnattr_setsigmask(&how, &none);
    posix_spawnattr_setsigdefault(&how, &all);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, output, STDERR_FILENO);
    r = posix_spawn(pid, hook->program, &files, &how, arguments, environment);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&how);
    return r;
}

static int begin(struct hook_run *run, const struct helper_hook *hook, struct err *err)
{
    const struct hook_call *call = &run->call;
    char named[4][LIMIT_NAME + 32];
    char *environment[] = {named[0],
                           named[1],
                           named[2],
                           named[3],
                           "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                           NULL};
    int pipes[2], r;

    snprintf(named[0], sizeof named[0], "KIRIKAE_ROUTE=%s", call->route);
    snprintf(named[1], sizeof named[1], "KIRIKAE_EPOCH=%u", call->epoch);
    snprintf(named[2], sizeof named[2], "KIRIKAE_ACTION=%s", call->action);
    snprintf(named[3], sizeof named[3], "KIRIKAE_CANDIDATE=%s", call->candidate);
    if (pipe2(pipes, O_CLOEXEC) < 0)
        return err_set(err, ERR_IO, "hook %s: %s", hook->name, strerror(errno));
    fcntl(pipes[0], F_SETFL, O_NONBLOCK); /* this end: the hook may wait when it writes */
    r = spawn(&run->pid, hook, environment, pipes[1]);
    close(pipes[1]);
    if (r != 0) {
        close(pipes[0]);
        run->pid = 0;
        return err_set(err, ERR_IO, "hook %s: %s: %s", hook->name, hook->program, strerror(r));
    }
    run->pidfd = (int)syscall(SYS_pidfd_open, run->pid, 0);
    CHECK(run->pidfd >= 0); /* it is not waited for yet, so it is there */
    fcntl(run->pidfd, F_SETFD, FD_CLOEXEC);
    run->output = pipes[0];
    run->len = 0;
    return 0;
}

int hook_start(struct hook_run *run, const struct helper_hook *hook, const struct hook_call *call,
               struct err *err)
{
    CHECK(run->pid == 0 || run->killed);
    run->call = *call;
    run->has_next = run->killed;
    return run->killed ? 0 : begin(run, hook, err);
}

void hook_read(struct hook_run *run)
{
    char beyond[PIPE_BUF];
    ssize_t n;
    int i;

    for (i = 0; i < READS_MAX && run->output >= 0; i++) {
        size_t room = sizeof run->text - 1 - run->len;

        n = read(run->output, room > 0 ? run->text + run->len : beyond,
                 room > 0 ? room : sizeof beyond);
        if (n > 0 && room > 0)
            run->len += (size_t)n;
        if (n > 0 || (n < 0 && errno == EINTR))
            continue;
        if (n == 0) {
            close(run->output);
            run->output = -1;
        }
        return;
    }
}

static void forget(struct hook_run *run)
{
    close(run->pidfd);
    if (run->output >= 0)
        close(run->output);
    run->pid = 0;
}

/* One line of it, of what can be shown. */
static const char *said(struct hook_run *run)
{
    size_t i;

    while (run->len > 0 && (run->text[run->len - 1] == '\n' || run->text[run->len - 1] == ' '))
        run->len--;
    run->text[run->len] = '\0';
    for (i = 0; i < run->len; i++)
        if ((unsigned char)run->text[i] < ' ' || run->text[i] == 127)
            run->text[i] = ' ';
    return run->text;
}

static int after_killed(struct hook_run *run, const struct helper_hook *hook, struct err *err)
{
    int r;

    run->killed = false;
    if (!run->has_next)
        return 1;
    run->has_next = false;
    r = begin(run, hook, err);
    return r < 0 ? r : 1;
}

int hook_ended(struct hook_run *run, const struct helper_hook *hook, struct err *err)
{
    int status = 0;

    hook_read(run);
    while (waitpid(run->pid, &status, 0) < 0 && errno == EINTR)
        ;
    forget(run);
    if (run->killed)
        return after_killed(run, hook, err);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    return err_set(err, ERR_IO, "hook %s: %s: %s %d: %s", hook->name, run->call.action,
                   WIFEXITED(status) ? "exit code" : "ended by signal",
                   WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status), said(run));
}

void hook_kill(struct hook_run *run)
{
    if (run->pid == 0)
        return;
    kill(-run->pid, SIGKILL);
    kill(run->pid, SIGKILL); /* should it not have its group yet */
    run->killed = true;
    run->has_next = false;
    run->call.limit_ms = INT64_MAX;
}
