#include "daemon/status_page.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/plain.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define OUTPUT 1000 /* of it, the first bytes */

struct status_hook {
    uv_loop_t *loop;
    struct log *log;
    int limit_ms;
    char program[LIMIT_TEXT], dir[LIMIT_TEXT];
    uv_process_t process;
    uv_pipe_t output;
    uv_timer_t limit;
    int handles;             /* of a run that are not closed yet */
    bool exited, said, late; /* it has ended; its output has; it took too long */
    bool again, closing;
    int64_t status;
    int signal;
    char text[OUTPUT + 1], beyond[4096]; /* beyond: what nobody reads */
    size_t len;
    void (*closed)(void *context);
    void *context;
};

static void start(struct status_hook *hook);

struct status_hook *status_hook_open(uv_loop_t *loop, struct log *log, const char *program,
                                     const char *dir, int limit_ms)
{
    struct status_hook *hook = mem_zalloc(1, sizeof *hook);

    hook->loop = loop;
    hook->log = log;
    hook->limit_ms = limit_ms;
    snprintf(hook->program, sizeof hook->program, "%s", program);
    snprintf(hook->dir, sizeof hook->dir, "%s", dir);
    uv_timer_init(loop, &hook->limit);
    hook->limit.data = hook;
    return hook;
}

static void on_limit_closed(uv_handle_t *handle)
{
    struct status_hook *hook = handle->data;

    hook->closed(hook->context);
    mem_free(hook);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct status_hook *hook = handle->data;

    if (--hook->handles > 0)
        return;
    if (hook->closing) {
        uv_close((uv_handle_t *)&hook->limit, on_limit_closed);
    } else if (hook->again) {
        hook->again = false;
        start(hook);
    }
}

static void tell(struct status_hook *hook)
{
    bool good = hook->status == 0 && hook->signal == 0;
    size_t i;

    while (hook->len > 0 && hook->text[hook->len - 1] == '\n')
        hook->len--;
    hook->text[hook->len] = '\0';
    for (i = 0; i < hook->len; i++)
        if (hook->text[i] == '\n' || hook->text[i] == '\t' || hook->text[i] == '\0')
            hook->text[i] = ' ';
    plain_clean(hook->text);
    if (hook->late)
        log_line(hook->log, LOG_LEVEL_ERROR, "status-hook", "%s took longer than %d ms: %s",
                 hook->program, hook->limit_ms, hook->text);
    else if (!good)
        log_line(hook->log, LOG_LEVEL_ERROR, "status-hook", "%s: %s %" PRId64 ": %s", hook->program,
                 hook->signal != 0 ? "ended by signal" : "exit code",
                 hook->signal != 0 ? hook->signal : hook->status, hook->text);
    else
        log_line(hook->log, hook->len > 0 ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG, "status-hook",
                 "%s: done%s%s", hook->program, hook->len > 0 ? ": " : "", hook->text);
}

static void finish(struct status_hook *hook)
{
    uv_timer_stop(&hook->limit);
    if (!hook->closing)
        tell(hook);
    uv_close((uv_handle_t *)&hook->process, on_handle_closed);
    uv_close((uv_handle_t *)&hook->output, on_handle_closed);
}

/* With all that it has started. */
static void end(struct status_hook *hook)
{
    if (!hook->exited)
        kill(-hook->process.pid, SIGKILL);
}

static void on_limit(uv_timer_t *timer)
{
    struct status_hook *hook = timer->data;

    hook->late = true;
    end(hook);
    if (hook->exited) /* what it has started holds its output */
        finish(hook);
}

static void on_exit(uv_process_t *process, int64_t status, int signal)
{
    struct status_hook *hook = process->data;

    hook->exited = true;
    hook->status = status;
    hook->signal = signal;
    if (hook->said || hook->late)
        finish(hook);
}

static void on_room(uv_handle_t *handle, size_t wanted, uv_buf_t *buf)
{
    struct status_hook *hook = handle->data;

    (void)wanted;
    *buf = hook->len < OUTPUT ? uv_buf_init(hook->text + hook->len, (unsigned)(OUTPUT - hook->len))
                              : uv_buf_init(hook->beyond, sizeof hook->beyond);
}

static void on_output(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct status_hook *hook = stream->data;

    if (n > 0 && buf->base == hook->text + hook->len && hook->len < OUTPUT)
        hook->len += (size_t)n;
    if (n >= 0)
        return;
    uv_read_stop(stream);
    hook->said = true;
    if (hook->exited)
        finish(hook);
}

/* Both of its outputs go into one pipe. */
static int spawn(struct status_hook *hook, int output)
{
    char *arguments[] = {hook->program, hook->dir, NULL};
    char *environment[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                           "LANG=C.UTF-8", NULL};
    uv_stdio_container_t files[] = {
        {.flags = UV_IGNORE},
        {.flags = UV_INHERIT_FD, .data.fd = output},
        {.flags = UV_INHERIT_FD, .data.fd = output},
    };
    uv_process_options_t options = {.exit_cb = on_exit,
                                    .file = hook->program,
                                    .args = arguments,
                                    .env = environment,
                                    .cwd = hook->dir,
                                    .flags = UV_PROCESS_DETACHED, /* its own group */
                                    .stdio_count = 3,
                                    .stdio = files};

    return uv_spawn(hook->loop, &hook->process, &options);
}

static void start(struct status_hook *hook)
{
    uv_file ends[2];
    int r;

    hook->exited = hook->said = hook->late = false;
    hook->len = 0;
    r = uv_pipe(ends, UV_NONBLOCK_PIPE, 0);
    if (r < 0) {
        log_line(hook->log, LOG_LEVEL_ERROR, "status-hook", "status_page.hook %s: %s",
                 hook->program, uv_strerror(r));
        return;
    }
    hook->handles = 2;
    uv_pipe_init(hook->loop, &hook->output, 0);
    CHECK(uv_pipe_open(&hook->output, ends[0]) == 0);
    hook->process.data = hook->output.data = hook;
    r = spawn(hook, ends[1]);
    close(ends[1]);
    if (r < 0) {
        log_line(hook->log, LOG_LEVEL_ERROR, "status-hook", "status_page.hook %s: %s",
                 hook->program, uv_strerror(r));
        uv_close((uv_handle_t *)&hook->process, on_handle_closed);
        uv_close((uv_handle_t *)&hook->output, on_handle_closed);
        return;
    }
    uv_read_start((uv_stream_t *)&hook->output, on_room, on_output);
    uv_timer_start(&hook->limit, on_limit, (uint64_t)hook->limit_ms, 0);
}

void status_hook_run(struct status_hook *hook)
{
    if (hook->handles > 0)
        hook->again = true;
    else
        start(hook);
}

void status_hook_close(struct status_hook *hook, void (*closed)(void *context), void *context)
{
    hook->closed = closed;
    hook->context = context;
    hook->closing = true;
    if (hook->handles == 0) {
        uv_close((uv_handle_t *)&hook->limit, on_limit_closed);
    } else if (!uv_is_closing((uv_handle_t *)&hook->process)) {
        end(hook);
        finish(hook);
    }
}
