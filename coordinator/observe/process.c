#include "observe/process.h"
#include "base/check.h"
#include "base/mem.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOOK_MS 1000
#define PATH_MAX_BYTES (2 * LIMIT_TEXT)

struct process {
    uv_loop_t *loop;
    const struct check *check;
    char path[PATH_MAX_BYTES];    /* the pid file, cgroup.events */
    char watched[PATH_MAX_BYTES]; /* the pid file's folder; the file itself */
    void (*ended)(void *context);
    void *context;
    uv_timer_t timer;
    uv_fs_event_t *files; /* NULL: nothing is watched */
    uv_poll_t *poll;      /* of pidfd; NULL: none */
    int pidfd, pid;
    bool alive; /* the unit was, when last looked at */
    int handles;
    void (*closed)(void *context);
};

static void release(struct process *process)
{
    void (*closed)(void *context) = process->closed;
    void *context = process->context;

    if (--process->handles > 0)
        return;
    mem_free(process);
    closed(context);
}

static void on_timer_closed(uv_handle_t *handle)
{
    release(handle->data);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct process *process = handle->data;

    mem_free(handle);
    release(process);
}

static void drop_files(struct process *process)
{
    if (process->files != NULL)
        uv_close((uv_handle_t *)process->files, on_handle_closed);
    process->files = NULL;
}

static void drop_pid(struct process *process)
{
    if (process->poll == NULL)
        return;
    uv_close((uv_handle_t *)process->poll, on_handle_closed);
    close(process->pidfd);
    process->poll = NULL;
    process->pid = 0;
}

/* Up to so many bytes of a small file; false: it cannot be read. */
static bool read_text(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t n = -1;

    if (fd >= 0) {
        n = read(fd, text, size - 1);
        close(fd);
    }
    text[n > 0 ? n : 0] = '\0';
    return n >= 0;
}

/* ---- a process by its number ---- */

static void on_pid_ended(uv_poll_t *poll, int status, int events)
{
    struct process *process = poll->data;

    (void)status;
    (void)events;
    drop_pid(process);
    process->ended(process->context);
}

static void watch_pid(struct process *process, int pid)
{
    process->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (process->pidfd < 0)
        return;
    process->poll = mem_zalloc(1, sizeof *process->poll);
    if (uv_poll_init(process->loop, process->poll, process->pidfd) != 0) {
        close(process->pidfd);
        mem_free(process->poll);
        process->poll = NULL;
        return;
    }
    process->poll->data = process;
    process->handles++;
    process->pid = pid;
    uv_poll_start(process->poll, UV_READABLE, on_pid_ended);
}

static void look_at_pid(struct process *process)
{
    char text[32], *end;
    long pid = 0;

    if (read_text(process->path, text, sizeof text))
        pid = strtol(text, &end, 10);
    if (pid <= 1 || pid > INT32_MAX || pid == process->pid)
        return;
    drop_pid(process); /* another one has taken over: that is no end */
    watch_pid(process, (int)pid);
}

/* ---- a unit ---- */

static void look_at_unit(struct process *process)
{
    char text[256];
    bool there = read_text(process->path, text, sizeof text);
    bool was = process->alive;

    process->alive = there && strstr(text, "populated 1") != NULL;
    if (!there)
        drop_files(process); /* of a file that is gone */
    if (was && !process->alive)
        process->ended(process->context);
}

/* ---- both ---- */

static void look(struct process *process)
{
    if (process->check->process_kind == PROCESS_PIDFILE)
        look_at_pid(process);
    else
        look_at_unit(process);
}

static void on_file(uv_fs_event_t *files, const char *name, int events, int status)
{
    (void)name;
    (void)events;
    (void)status;
    look(files->data);
}

static void watch_files(struct process *process)
{
    uv_fs_event_t *files;

    if (process->files != NULL)
        return;
    files = mem_zalloc(1, sizeof *files);
    CHECK(uv_fs_event_init(process->loop, files) == 0);
    files->data = process;
    process->files = files;
    process->handles++;
    if (uv_fs_event_start(files, on_file, process->watched, 0) != 0)
        drop_files(process);
}

static void on_look(uv_timer_t *timer)
{
    struct process *process = timer->data;

    watch_files(process);
    look(process);
}

/* Of an instance of a template, "a-b@1.service", systemd makes a slice of its own,
 * "system-a\x2db.slice". */
static void unit_path(struct process *process, const char *cgroups)
{
    const char *unit = process->check->process, *at = strchr(unit, '@');
    char slice[PATH_MAX_BYTES / 2] = "";
    size_t used;

    if (at != NULL) {
        used = (size_t)snprintf(slice, sizeof slice, "system-");
        for (const char *c = unit; c < at; c++)
            used +=
                (size_t)snprintf(slice + used, sizeof slice - used, *c == '-' ? "\\x2d" : "%c", *c);
        snprintf(slice + used, sizeof slice - used, ".slice/");
    }
    snprintf(process->path, sizeof process->path, "%s/system.slice/%s%s/cgroup.events", cgroups,
             slice, unit);
    memcpy(process->watched, process->path, sizeof process->path);
}

static void pidfile_path(struct process *process)
{
    char *slash;

    snprintf(process->path, sizeof process->path, "%s", process->check->process);
    memcpy(process->watched, process->path, sizeof process->path);
    slash = strrchr(process->watched, '/');
    CHECK(slash != NULL);
    slash[slash == process->watched] = '\0';
}

struct process *process_open(uv_loop_t *loop, const struct check *check, const char *cgroups,
                             void (*ended)(void *context), void *context)
{
    struct process *process = mem_zalloc(1, sizeof *process);

    CHECK(check->process_kind != PROCESS_NONE);
    process->loop = loop;
    process->check = check;
    process->ended = ended;
    process->context = context;
    if (check->process_kind == PROCESS_UNIT)
        unit_path(process, cgroups);
    else
        pidfile_path(process);
    CHECK(uv_timer_init(loop, &process->timer) == 0);
    process->timer.data = process;
    process->handles = 1;
    uv_timer_start(&process->timer, on_look, 0, LOOK_MS);
    return process;
}

void process_close(struct process *process, void (*closed)(void *context))
{
    process->closed = closed;
    drop_files(process);
    drop_pid(process);
    uv_close((uv_handle_t *)&process->timer, on_timer_closed);
}
