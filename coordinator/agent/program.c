/* A program that moves traffic. Its contract (README.md, "Programs"):
 *
 *   KIRIKAE_ACTION=read    exits 0 when what is ordered is in force, else with 1
 *   KIRIKAE_ACTION=apply   puts it in force: exits 0; 1: failed, may be tried again; 2: refused
 *                          for good, this order is not tried again
 *
 * Both know the order by KIRIKAE_ROUTE, _ACTUATOR, _EPOCH, _STEP, _CANDIDATE, _VALUE and
 * _MEMBERS. What it prints is told when it fails, so much of it as there is room for. */
#include "agent/agent.h"
#include "base/check.h"
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXIT_REFUSED = 2, ENV_MAX = 12 };

struct run {
    const char *path;
    const struct agent_order *order;
    int64_t until_ms;
    int stop;
    pid_t pid;
    char output[160]; /* its end is cut */
    size_t n_output;
};

/* One "NAME=value" after another; env[] points to them. */
struct environment {
    struct buf text[ENV_MAX];
    char *env[ENV_MAX + 1];
    int n;
};

static void put(struct environment *e, const char *name, const char *value)
{
    CHECK(e->n < ENV_MAX);
    buf_printf(&e->text[e->n], "%s=%s", name, value);
    e->env[e->n] = (char *)buf_cstr(&e->text[e->n]);
    e->n++;
}

static void put_number(struct environment *e, const char *name, uint32_t value)
{
    char text[16];

    snprintf(text, sizeof text, "%u", value);
    put(e, name, text);
}

static void put_servers(struct environment *e, const char *name, const struct agent_order *order,
                        enum agent_duty duty)
{
    struct buf list = {0};

    for (int i = 0; i < order->n_servers; i++)
        if (order->servers[i].duty == duty)
            buf_printf(&list, "%s%s", list.len > 0 ? " " : "", order->servers[i].name);
    put(e, name, buf_cstr(&list));
    buf_free(&list);
}

static void environment_make(struct environment *e, const struct agent_order *order,
                             const char *action)
{
    *e = (struct environment){0};
    put(e, "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    put(e, "KIRIKAE_ACTION", action);
    put(e, "KIRIKAE_ROUTE", order->route);
    put(e, "KIRIKAE_ACTUATOR", order->actuator);
    put_number(e, "KIRIKAE_EPOCH", order->epoch);
    put_number(e, "KIRIKAE_STEP", order->step);
    put(e, "KIRIKAE_CANDIDATE", order->candidate);
    put(e, "KIRIKAE_VALUE", order->value);
    put_servers(e, "KIRIKAE_MEMBERS", order, AGENT_SERVES);
    put_servers(e, "KIRIKAE_DRAINING", order, AGENT_DRAINS);
}

static void environment_free(struct environment *e)
{
    for (int i = 0; i < e->n; i++)
        buf_free(&e->text[i]);
}

/* In a process group of its own, signals as by default, nothing open but 0, 1 and 2. */
static int spawn(struct run *run, char **env, int output, struct err *err)
{
    char *argv[] = {(char *)run->path, NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t all, none;
    int rc;

    sigfillset(&all);
    sigemptyset(&none);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, output, 1);
    posix_spawn_file_actions_adddup2(&files, output, 2);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF |
                                              POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setsigmask(&attributes, &none);
    rc = posix_spawn(&run->pid, run->path, &files, &attributes, argv, env);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    return rc == 0 ? 0 : err_set(err, ERR_IO, "%s: %s", run->path, strerror(rc));
}

static bool has_room(const struct run *run)
{
    return run->n_output < sizeof run->output - 1;
}

/* Printable, on one line. */
static void take_output(struct run *run, int fd)
{
    char bytes[4096];
    ssize_t n = read(fd, bytes, sizeof bytes);

    for (ssize_t i = 0; i < n && has_room(run); i++)
        run->output[run->n_output++] = bytes[i] >= ' ' && bytes[i] <= '~' ? bytes[i] : ' ';
    run->output[run->n_output] = '\0';
}

/* Waits for its end; ERR_TIMEOUT, ERR_UNAVAILABLE when it was stopped. */
static int await_end(struct run *run, int output, struct err *err)
{
    struct pollfd fds[] = {{.fd = pidfd_open(run->pid, 0), .events = POLLIN},
                           {.fd = run->stop, .events = POLLIN},
                           {.fd = output, .events = POLLIN}};
    int rc = 1;

    CHECK(fds[0].fd >= 0);
    while (rc == 1) {
        int64_t left_ms = run->until_ms - clock_boot_ms();
        int n = left_ms <= 0 ? 0 : poll(fds, 3, (int)left_ms);

        if (n == 0)
            rc = err_set(err, ERR_TIMEOUT, "%s took longer than %d ms and was killed", run->path,
                         run->order->timeout_ms);
        else if (n > 0 && fds[1].revents != 0)
            rc = err_set(err, ERR_UNAVAILABLE, "%s was killed: a newer order has come", run->path);
        else if (n > 0 && fds[2].revents & POLLIN && (has_room(run) || fds[0].revents == 0))
            take_output(run, output); /* what it leaves behind may write without an end */
        else if (n > 0 && fds[0].revents != 0)
            rc = 0;
        else if (n > 0 && fds[2].revents != 0)
            fds[2].fd = -1; /* it closed its output and goes on */
    }
    close(fds[0].fd);
    return rc;
}

/* Runs it once. 0 and its status as of waitpid(), or less than 0. */
static int run_once(struct run *run, const char *action, int *status, struct err *err)
{
    struct environment environment;
    int pipe_fds[2], rc;

    run->n_output = 0;
    run->output[0] = '\0';
    if (pipe2(pipe_fds, O_CLOEXEC) != 0)
        return err_set(err, ERR_IO, "pipe: %s", strerror(errno));
    environment_make(&environment, run->order, action);
    rc = spawn(run, environment.env, pipe_fds[1], err);
    environment_free(&environment);
    close(pipe_fds[1]);
    if (rc == 0) {
        rc = await_end(run, pipe_fds[0], err);
        kill(-run->pid, SIGKILL); /* what it left behind, too */
        while (waitpid(run->pid, status, 0) < 0 && errno == EINTR)
            ;
    }
    close(pipe_fds[0]);
    return rc;
}

static const char *path_of(const struct agent_config *config, const char *name)
{
    for (int i = 0; i < config->n_programs; i++)
        if (strcmp(config->programs[i].name, name) == 0)
            return config->programs[i].path;
    return NULL;
}

static int failed(const struct run *run, const char *action, int status, struct err *err)
{
    bool exited = WIFEXITED(status);
    int number = exited ? WEXITSTATUS(status) : WTERMSIG(status);

    return err_set(err, exited && number == EXIT_REFUSED ? ERR_REFUSED : ERR_IO, "%s %s: %s %d%s%s",
                   run->path, action, exited ? "exit" : "ended by signal", number,
                   run->n_output > 0 ? ": " : "", run->output);
}

int program_obey(const struct agent_config *config, const struct agent_order *order, int stop,
                 bool *changed, struct err *err)
{
    struct run run = {.path = path_of(config, order->program),
                      .order = order,
                      .until_ms = clock_boot_ms() + order->timeout_ms,
                      .stop = stop};
    int status, rc;

    if (run.path == NULL)
        return err_set(err, ERR_INVALID, "this agent has no program \"%s\"", order->program);
    rc = run_once(&run, "read", &status, err);
    if (rc != 0 || status == 0)
        return rc;
    *changed = true;
    rc = run_once(&run, "apply", &status, err);
    if (rc == 0 && status != 0)
        return failed(&run, "apply", status, err);
    if (rc == 0)
        rc = run_once(&run, "read", &status, err);
    if (rc == 0 && status != 0)
        return err_set(err, ERR_INVALID, "%s took the order, and reading it back says no (%s %d)",
                       run.path, WIFEXITED(status) ? "exit" : "signal",
                       WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    return rc;
}
