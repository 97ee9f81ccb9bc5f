#include "daemon/node.h"
#include "base/check.h"
#include "base/clock.h"
#include "store/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#define SLOW_MS 1000 /* watchdog, joining, ledger lines */

struct moment node_now(void)
{
    return (struct moment){.boot_ms = clock_boot_ms(), .utc_ms = clock_utc_ms()};
}

void node_fatal(struct node *node, const char *why)
{
    log_line(node->log, LOG_LEVEL_ERROR, "fatal", "%s", why);
    _exit(1);
}

/* ---- modules ---- */

static int read_config(struct node *node, struct err *err)
{
    int r = file_read(node->config.cluster_file, LIMIT_CONFIG, &node->cluster_yaml, err);

    if (r > 0)
        return err_set(err, ERR_IO, "%s: no such file", node->config.cluster_file);
    if (r < 0)
        return r;
    r = config_parse(node->config.cluster_file, node->cluster_yaml.data, node->cluster_yaml.len,
                     &node->file_model, err);
    if (r < 0)
        return r;
    node->self = model_server(node->file_model, node->config.name);
    if (node->self < 0 || !node->file_model->servers[node->self].coordinator)
        return err_set(err, ERR_INVALID, "%s: there is no server named %s",
                       node->config.cluster_file, node->config.name);
    return 0;
}

static void forget_config(struct node *node)
{
    model_free(node->file_model);
    node->file_model = NULL;
    buf_free(&node->cluster_yaml);
}

static int open_config(struct node *node, struct err *err)
{
    int r = read_config(node, err);

    if (r == 0 && getrandom(&node->boot, sizeof node->boot, 0) != sizeof node->boot)
        r = err_set(err, ERR_IO, "no randomness: %s", strerror(errno));
    if (r < 0)
        forget_config(node);
    node->started_ms = clock_boot_ms();
    return r;
}

static void close_config(struct node *node)
{
    forget_config(node);
    node_module_closed(node);
}

static int make_dir(const char *path, struct err *err)
{
    if (mkdir(path, 0700) == 0 || errno == EEXIST)
        return 0;
    return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
}

static int make_dirs(struct node *node, struct err *err)
{
    int r;

    snprintf(node->raft_dir, sizeof node->raft_dir, "%s/raft", node->config.data_dir);
    snprintf(node->ledger_dir, sizeof node->ledger_dir, "%s/ledger", node->config.data_dir);
    r = make_dir(node->config.data_dir, err);
    if (r == 0)
        r = make_dir(node->raft_dir, err);
    if (r == 0)
        r = make_dir(node->ledger_dir, err);
    return r;
}

static int open_files(struct node *node, struct err *err)
{
    int r = make_dirs(node, err);

    if (r == 0)
        r = member_load(node, err);
    if (r < 0)
        return r;
    return ledger_open(node->ledger_dir, &node->ledger, err);
}

static void close_files(struct node *node)
{
    ledger_close(node->ledger);
    node_module_closed(node);
}

static int open_engine(struct node *node, struct err *err)
{
    struct engine_options options = {.self = node->self,
                                     .boot = node->boot,
                                     .seed = node->boot,
                                     .shared = shared_new(),
                                     .yaml = node->cluster_yaml.data,
                                     .yaml_len = (uint32_t)node->cluster_yaml.len,
                                     .now = node_now()};

    CHECK(config_parse(node->config.cluster_file, node->cluster_yaml.data, node->cluster_yaml.len,
                       &options.model, err) == 0);
    node->engine = engine_new(&options);
    return 0;
}

static void close_engine(struct node *node)
{
    engine_free(node->engine);
    effects_free(&node->effects);
    buf_free(&node->scratch);
    node_module_closed(node);
}

static void close_link(struct node *node)
{
    link_close(node->link, node_module_closed, node);
}

static void close_raft(struct node *node)
{
    replicate_close(node->replicate, node_module_closed, node);
}

static void close_serve(struct node *node)
{
    struct serve *serve = node->serve;

    node->serve = NULL; /* the port is still open */
    serve_close(serve);
    port_forget_replies(node);
    node_module_closed(node);
}

/* ---- time and signals ---- */

static void on_tick(uv_timer_t *timer)
{
    struct node *node = timer->data;
    struct event event = {.kind = EVENT_TICK, .now = node_now()};
    int64_t next;

    node_step(node, &event);
    next = engine_next_ms(node->engine) - clock_boot_ms();
    uv_timer_start(&node->tick, on_tick, next > 1 ? (uint64_t)next : 1, 0);
}

static void on_slow(uv_timer_t *timer)
{
    struct node *node = timer->data;

    sd_notify(0, "WATCHDOG=1");
    member_tick(node);
    ledger_sync_check(node);
}

static void on_after(uv_check_t *check)
{
    raft_poll(check->data);
}

static void on_stop_signal(uv_signal_t *signal, int number)
{
    struct node *node = signal->data;

    log_line(node->log, LOG_LEVEL_INFO, "stop", "stopping on signal %d", number);
    node_stop(node, 0);
}

/* Two files of one version would be in force in turn, by who leads. */
static int check_version(const struct node *node, const struct model *model, const struct buf *yaml,
                         struct err *err)
{
    const struct shared *shared = engine_shared(node->engine);

    if (shared->model == NULL || shared->model->version != model->version ||
        (shared->config_yaml_len == yaml->len &&
         memcmp(shared->config_yaml, yaml->data, yaml->len) == 0))
        return 0;
    return err_set(err, ERR_REFUSED, "%s differs from version %u, in force, but has its number",
                   node->config.cluster_file, model->version);
}

static int reload_cluster_file(struct node *node, struct err *err)
{
    struct model *model = NULL;
    struct buf yaml = {0};
    int r = file_read(node->config.cluster_file, LIMIT_CONFIG, &yaml, err);

    if (r > 0)
        r = err_set(err, ERR_IO, "%s: no such file", node->config.cluster_file);
    if (r == 0)
        r = config_parse(node->config.cluster_file, yaml.data, yaml.len, &model, err);
    if (r == 0) {
        r = check_version(node, model, &yaml, err);
        if (r < 0)
            model_free(model);
    }
    if (r == 0)
        r = engine_offer(node->engine, model, yaml.data, (uint32_t)yaml.len, err);
    buf_free(&yaml);
    return r;
}

/* Certificates are read anew. The cluster file too: the leader commits a newer version.
 * What is wrong with one of them does not keep the other back. */
static void on_reload(uv_signal_t *signal, int number)
{
    struct node *node = signal->data;
    struct err err;

    (void)number;
    if (link_reload(node->link, &err) == 0)
        log_line(node->log, LOG_LEVEL_INFO, "reload", "certificates were read");
    else
        log_line(node->log, LOG_LEVEL_ERROR, "reload", "certificates stay as they were: %s",
                 err.text);
    if (reload_cluster_file(node, &err) == 0)
        log_line(node->log, LOG_LEVEL_INFO, "reload", "the cluster file was read");
    else
        log_line(node->log, LOG_LEVEL_ERROR, "reload", "the configuration stays as it was: %s",
                 err.text);
}

static int open_clock(struct node *node, struct err *err)
{
    uv_signal_t *const signals[] = {&node->on_term, &node->on_int, &node->on_hup};
    size_t i;

    (void)err;
    CHECK(uv_timer_init(node->loop, &node->tick) == 0);
    CHECK(uv_timer_init(node->loop, &node->slow) == 0);
    CHECK(uv_check_init(node->loop, &node->after) == 0);
    node->tick.data = node->slow.data = node->after.data = node;
    for (i = 0; i < ARRAY_LEN(signals); i++) {
        CHECK(uv_signal_init(node->loop, signals[i]) == 0);
        signals[i]->data = node;
    }
    node->handles = 6;
    uv_timer_start(&node->tick, on_tick, 1, 0);
    uv_timer_start(&node->slow, on_slow, SLOW_MS, SLOW_MS);
    uv_check_start(&node->after, on_after);
    uv_signal_start(&node->on_term, on_stop_signal, SIGTERM);
    uv_signal_start(&node->on_int, on_stop_signal, SIGINT);
    uv_signal_start(&node->on_hup, on_reload, SIGHUP);
    sd_notifyf(0, "READY=1\nSTATUS=%s of %s", node->config.name, node->file_model->cluster);
    return 0;
}

static void handle_closed(uv_handle_t *handle)
{
    struct node *node = handle->data;

    if (--node->handles == 0)
        node_module_closed(node);
}

static void close_clock(struct node *node)
{
    sd_notify(0, "STOPPING=1");
    uv_close((uv_handle_t *)&node->tick, handle_closed);
    uv_close((uv_handle_t *)&node->slow, handle_closed);
    uv_close((uv_handle_t *)&node->after, handle_closed);
    uv_close((uv_handle_t *)&node->on_term, handle_closed);
    uv_close((uv_handle_t *)&node->on_int, handle_closed);
    uv_close((uv_handle_t *)&node->on_hup, handle_closed);
}

/* The architecture in one table. `close` ends with node_module_closed(), at once or
 * later. Time comes last and goes first: without it nothing new begins. */
static const struct module {
    const char *name;
    int (*open)(struct node *node, struct err *err);
    void (*close)(struct node *node);
} modules[] = {
    {"configuration", open_config, close_config}, {"files", open_files, close_files},
    {"engine", open_engine, close_engine},        {"port", port_module_open, close_link},
    {"raft", raft_module_open, close_raft},       {"world", world_module_open, world_module_close},
    {"serve", serve_module_open, close_serve},    {"clock", open_clock, close_clock},
};

static void close_next(struct node *node)
{
    if (node->modules > 0)
        modules[node->modules - 1].close(node);
}

void node_module_closed(void *context)
{
    struct node *node = context;

    node->modules--;
    close_next(node);
}

void node_stop(struct node *node, int exit_code)
{
    if (node->closing)
        return;
    node->closing = true;
    node->exit_code = exit_code;
    close_next(node);
}

int node_open(struct node *node, struct err *err)
{
    size_t i;
    int r;

    for (i = 0; i < ARRAY_LEN(modules); i++) {
        r = modules[i].open(node, err);
        if (r < 0) {
            node_stop(node, 1);
            return err_wrap(err, r, "%s", modules[i].name);
        }
        node->modules++;
    }
    return 0;
}

int node_prepare(struct node *node, bool init, struct err *err)
{
    int r = read_config(node, err);

    if (r == 0 && init)
        r = make_dirs(node, err);
    if (r == 0 && init)
        r = member_init(node, err);
    forget_config(node);
    return r;
}
