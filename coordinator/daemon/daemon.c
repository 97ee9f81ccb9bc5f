#include "daemon/daemon.h"
#include "base/check.h"
#include "base/clock.h"
#include "replicate/disk_uv.h"
#include "store/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#define WATCHDOG_MS 1000
#define LEAVE_LOOK_MS 5

struct moment daemon_now(void)
{
    return (struct moment){.boot_ms = clock_boot_ms(), .utc_ms = clock_utc_ms()};
}

/* ---- modules ---- */

static int read_config(struct daemon *daemon, struct err *err)
{
    int r = file_load(daemon->config.cluster_file, LIMIT_CONFIG, &daemon->cluster_yaml, err);

    if (r < 0)
        return r;
    r = config_parse(daemon->config.cluster_file, daemon->cluster_yaml.data,
                     daemon->cluster_yaml.len, &daemon->file_model, err);
    if (r < 0)
        return r;
    daemon->self = model_server(daemon->file_model, daemon->config.name);
    if (daemon->self < 0 || !daemon->file_model->servers[daemon->self].coordinator)
        return err_set(err, ERR_INVALID, "%s: there is no server named %s",
                       daemon->config.cluster_file, daemon->config.name);
    return 0;
}

static void forget_config(struct daemon *daemon)
{
    model_free(daemon->file_model);
    daemon->file_model = NULL;
    buf_free(&daemon->cluster_yaml);
}

static int open_config(struct daemon *daemon, struct err *err)
{
    int r = read_config(daemon, err);

    if (r == 0 && getrandom(&daemon->boot, sizeof daemon->boot, 0) != sizeof daemon->boot)
        r = err_set(err, ERR_IO, "no randomness: %s", strerror(errno));
    if (r < 0)
        forget_config(daemon);
    daemon->started_ms = clock_boot_ms();
    return r;
}

static void close_config(struct daemon *daemon)
{
    forget_config(daemon);
    daemon_module_closed(daemon);
}

static int make_dir(const char *path, struct err *err)
{
    if (mkdir(path, 0700) == 0 || errno == EEXIST)
        return 0;
    return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
}

static int make_dirs(struct daemon *daemon, struct err *err)
{
    int r;

    snprintf(daemon->raft_dir, sizeof daemon->raft_dir, "%s/raft", daemon->config.data_dir);
    snprintf(daemon->ledger_dir, sizeof daemon->ledger_dir, "%s/ledger", daemon->config.data_dir);
    r = make_dir(daemon->config.data_dir, err);
    if (r == 0)
        r = make_dir(daemon->raft_dir, err);
    if (r == 0)
        r = make_dir(daemon->ledger_dir, err);
    return r;
}

static int open_files(struct daemon *daemon, struct err *err)
{
    int r = make_dirs(daemon, err);

    if (r == 0)
        r = identity_load(daemon, err);
    if (r < 0)
        return r;
    return ledger_open(daemon->ledger_dir, &daemon->ledger, err);
}

static void close_files(struct daemon *daemon)
{
    ledger_close(daemon->ledger);
    daemon_module_closed(daemon);
}

static void close_link(struct daemon *daemon)
{
    link_close(daemon->link, daemon_module_closed, daemon);
}

/* ---- the node and its clock ---- */

static void on_after(uv_check_t *check)
{
    struct daemon *daemon = check->data;

    if (daemon->node != NULL)
        node_poll(daemon->node);
}

static void clock_handle_closed(uv_handle_t *handle)
{
    struct daemon *daemon = handle->data;

    if (--daemon->clock_handles == 0)
        daemon_module_closed(daemon);
}

static int open_clock(struct daemon *daemon, struct err *err)
{
    (void)err;
    CHECK(uv_timer_init(daemon->loop, &daemon->run) == 0);
    CHECK(uv_check_init(daemon->loop, &daemon->after) == 0);
    daemon->run.data = daemon->after.data = daemon;
    daemon->clock_handles = 2;
    uv_check_start(&daemon->after, on_after);
    return 0;
}

static void close_clock(struct daemon *daemon)
{
    uv_close((uv_handle_t *)&daemon->run, clock_handle_closed);
    uv_close((uv_handle_t *)&daemon->after, clock_handle_closed);
}

static int open_node(struct daemon *daemon, struct err *err)
{
    struct node_options options = shell_options(daemon);
    struct node *node;
    int r;

    options.disk = disk_uv_new(daemon->loop, daemon->raft_dir);
    r = node_open(&options, &node, err);
    daemon->node = node;
    if (r < 0)
        daemon->modules++; /* it has to be closed all the same */
    else
        shell_wake(daemon);
    return r;
}

static void on_node_closed(void *context)
{
    struct daemon *daemon = context;

    daemon->node = NULL;
    daemon_module_closed(daemon);
}

static void close_node(struct daemon *daemon)
{
    node_close(daemon->node, on_node_closed, daemon);
}

/* ---- signals and the watchdog ---- */

static void on_watchdog(uv_timer_t *timer)
{
    (void)timer;
    sd_notify(0, "WATCHDOG=1");
}

static void stop(struct daemon *daemon, int exit_code);

static void on_leave(uv_timer_t *timer)
{
    struct daemon *daemon = timer->data;
    struct moment now = daemon_now();
    bool left = engine_left(node_engine(daemon->node), now);

    if (!left && now.boot_ms < daemon->leave_by_ms)
        return;
    if (!left)
        log_line(daemon->log, LOG_LEVEL_WARN, "stop",
                 "within %d ms nobody took over, or receivers of notices did not answer",
                 NODE_LEAVE_MS);
    uv_timer_stop(timer);
    stop(daemon, 0);
}

/* First somebody else serves, or leads, what this node does, and what it is telling is told. Who
 * asks twice will not wait. */
static void on_stop_signal(uv_signal_t *signal, int number)
{
    struct daemon *daemon = signal->data;
    struct event event = {.kind = EVENT_LEAVE, .now = daemon_now()};

    log_line(daemon->log, LOG_LEVEL_INFO, "stop", "stopping on signal %d", number);
    if (daemon->leave_by_ms != 0) {
        stop(daemon, 0);
        return;
    }
    sd_notify(0, "STOPPING=1");
    daemon->leave_by_ms = event.now.boot_ms + NODE_LEAVE_MS;
    node_step(daemon->node, &event);
    uv_timer_start(&daemon->leave, on_leave, 0, LEAVE_LOOK_MS);
}

static int reload_cluster_file(struct daemon *daemon, struct err *err)
{
    struct model *model = NULL;
    struct buf yaml = {0};
    int r = file_load(daemon->config.cluster_file, LIMIT_CONFIG, &yaml, err);

    if (r == 0)
        r = config_parse(daemon->config.cluster_file, yaml.data, yaml.len, &model, err);
    if (r == 0)
        r = node_offer(daemon->node, model, yaml.data, (uint32_t)yaml.len, err);
    buf_free(&yaml);
    return r;
}

/* Certificates are read anew. The cluster file too: the leader commits a newer version.
 * What is wrong with one of them does not keep the other back. */
static void on_reload(uv_signal_t *signal, int number)
{
    struct daemon *daemon = signal->data;
    struct err err;

    (void)number;
    if (link_reload(daemon->link, &err) == 0) {
        log_line(daemon->log, LOG_LEVEL_INFO, "reload", "certificates were read");
        notices_certificate(daemon);
    } else
        log_line(daemon->log, LOG_LEVEL_ERROR, "reload", "certificates stay as they were: %s",
                 err.text);
    if (reload_cluster_file(daemon, &err) == 0)
        log_line(daemon->log, LOG_LEVEL_INFO, "reload", "the cluster file was read");
    else
        log_line(daemon->log, LOG_LEVEL_ERROR, "reload", "the configuration stays as it was: %s",
                 err.text);
}

static int open_signals(struct daemon *daemon, struct err *err)
{
    uv_signal_t *const signals[] = {&daemon->on_term, &daemon->on_int, &daemon->on_hup};
    size_t i;

    (void)err;
    CHECK(uv_timer_init(daemon->loop, &daemon->watchdog) == 0);
    CHECK(uv_timer_init(daemon->loop, &daemon->leave) == 0);
    daemon->watchdog.data = daemon->leave.data = daemon;
    for (i = 0; i < ARRAY_LEN(signals); i++) {
        CHECK(uv_signal_init(daemon->loop, signals[i]) == 0);
        signals[i]->data = daemon;
    }
    daemon->handles = 5;
    uv_timer_start(&daemon->watchdog, on_watchdog, WATCHDOG_MS, WATCHDOG_MS);
    uv_signal_start(&daemon->on_term, on_stop_signal, SIGTERM);
    uv_signal_start(&daemon->on_int, on_stop_signal, SIGINT);
    uv_signal_start(&daemon->on_hup, on_reload, SIGHUP);
    sd_notifyf(0, "READY=1\nSTATUS=%s of %s", daemon->config.name, daemon->file_model->cluster);
    return 0;
}

static void handle_closed(uv_handle_t *handle)
{
    struct daemon *daemon = handle->data;

    if (--daemon->handles == 0)
        daemon_module_closed(daemon);
}

static void close_signals(struct daemon *daemon)
{
    sd_notify(0, "STOPPING=1");
    uv_close((uv_handle_t *)&daemon->watchdog, handle_closed);
    uv_close((uv_handle_t *)&daemon->leave, handle_closed);
    uv_close((uv_handle_t *)&daemon->on_term, handle_closed);
    uv_close((uv_handle_t *)&daemon->on_int, handle_closed);
    uv_close((uv_handle_t *)&daemon->on_hup, handle_closed);
}

/* The architecture in one table. `close` ends with daemon_module_closed(), at once or
 * later. What the node uses comes before it: until it is closed it needs its clock. */
static const struct module {
    const char *name;
    int (*open)(struct daemon *daemon, struct err *err);
    void (*close)(struct daemon *daemon);
} modules[] = {
    {"configuration", open_config, close_config},
    {"files", open_files, close_files},
    {"port", port_module_open, close_link},
    {"clock", open_clock, close_clock},
    {"followers", follow_module_open, follow_module_close},
    {"node", open_node, close_node},
    {"world", world_module_open, world_module_close},
    {"notices", notices_module_open, notices_module_close},
    {"helper", holder_module_open, holder_module_close},
    {"serve", serve_module_open, serve_module_close},
    {"pages", web_module_open, web_module_close},
    {"operators' page", ops_module_open, ops_module_close},
    {"status page", status_page_module_open, status_page_module_close},
    {"signals", open_signals, close_signals},
};

static void close_next(struct daemon *daemon)
{
    if (daemon->modules > 0)
        modules[daemon->modules - 1].close(daemon);
}

void daemon_module_closed(void *context)
{
    struct daemon *daemon = context;

    daemon->modules--;
    close_next(daemon);
}

/* Begins to close; the loop ends when all is closed. Safe to call twice. */
static void stop(struct daemon *daemon, int exit_code)
{
    if (daemon->closing)
        return;
    daemon->closing = true;
    daemon->exit_code = exit_code;
    close_next(daemon);
}

int daemon_open(struct daemon *daemon, struct err *err)
{
    size_t i;
    int r;

    for (i = 0; i < ARRAY_LEN(modules); i++) {
        r = modules[i].open(daemon, err);
        if (r < 0) {
            stop(daemon, 1);
            return err_wrap(err, r, "%s", modules[i].name);
        }
        daemon->modules++;
    }
    return 0;
}

int daemon_prepare(struct daemon *daemon, bool init, struct err *err)
{
    int r = read_config(daemon, err);

    if (r == 0 && init)
        r = make_dirs(daemon, err);
    if (r == 0 && init)
        r = identity_init(daemon, err);
    forget_config(daemon);
    return r;
}
