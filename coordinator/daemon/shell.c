/* What the node uses of the daemon: time, the port, the ledger's files. */
#include "base/check.h"
#include "base/clock.h"
#include "daemon/daemon.h"
#include "store/zone_file.h"

#include <string.h>
#include <unistd.h>

#define CHECK_BYTES (1 << 20)

/* ---- time ---- */

static struct moment shell_now(void *context)
{
    (void)context;
    return daemon_now();
}

static void on_run(uv_timer_t *timer)
{
    struct daemon *daemon = timer->data;

    metrics_loop_lag(daemon, clock_boot_us() - daemon->run_ms * 1000);
    node_run(daemon->node);
    shell_wake(daemon);
}

void shell_wake(void *context)
{
    struct daemon *daemon = context;
    int64_t now_ms = clock_boot_ms();

    if (daemon->node == NULL)
        return;
    daemon->run_ms = node_due_ms(daemon->node);
    if (daemon->run_ms < now_ms)
        daemon->run_ms = now_ms;
    uv_update_time(daemon->loop); /* else it counts from when the loop woke up: too early */
    uv_timer_start(&daemon->run, on_run, (uint64_t)(daemon->run_ms - now_ms), 0);
}

/* Something that cannot be gone on with: says why and ends the process at once. */
static void shell_fatal(void *context, const char *why)
{
    struct daemon *daemon = context;

    log_line(daemon->log, LOG_LEVEL_ERROR, "fatal", "%s", why);
    _exit(1);
}

/* ---- to the others ---- */

static int shell_send_raft(void *context, int server, const uint8_t *bytes, size_t len)
{
    struct daemon *daemon = context;

    return link_send_raft(daemon->link, server, bytes, len);
}

static void shell_send_beat(void *context, const uint8_t *bytes, size_t len)
{
    struct daemon *daemon = context;
    int i;

    for (i = 0; i < daemon->file_model->n_coordinators; i++)
        if (i != daemon->self)
            link_send_beat(daemon->link, i, bytes, len);
}

/* ---- the ledger ---- */

static uint64_t shell_ledger_size(void *context)
{
    struct daemon *daemon = context;

    return ledger_size(daemon->ledger);
}

static int shell_ledger_put(void *context, uint64_t seq, const char *line, size_t len,
                            struct err *err)
{
    struct daemon *daemon = context;

    follow_wake(daemon);
    return ledger_put(daemon->ledger, seq, line, len, err);
}

static int shell_ledger_sync(void *context, struct err *err)
{
    struct daemon *daemon = context;

    return ledger_sync(daemon->ledger, err);
}

static int shell_ledger_root(void *context, uint8_t root[TREE_HASH], struct err *err)
{
    struct daemon *daemon = context;
    struct tree tree = {0};
    struct buf page = {0};
    uint8_t leaf[TREE_HASH];
    uint64_t count;
    int r = 0;

    while (r == 0 && tree.size < ledger_size(daemon->ledger)) {
        char *line, *end;

        buf_clear(&page);
        r = ledger_read(daemon->ledger, tree.size, CHECK_BYTES, &page, &count, err);
        for (line = (char *)page.data; r == 0 && count > 0; count--, line = end + 1) {
            end = memchr(line, '\n', page.len - (size_t)(line - (char *)page.data));
            CHECK(end != NULL);
            tree_leaf(line, (size_t)(end - line), leaf);
            tree_append(&tree, leaf);
        }
    }
    tree_root(&tree, root);
    buf_free(&page);
    return r;
}

static struct zone *shell_zone(void *context, const char *name)
{
    struct daemon *daemon = context;
    struct zone *zone;
    struct err err;

    if (zone_file_load(name, &zone, &err) == 0)
        return zone;
    log_line(daemon->log, LOG_LEVEL_ERROR, "zone", "no route fails back by itself: %s", err.text);
    return NULL;
}

struct node_options shell_options(struct daemon *daemon)
{
    return (struct node_options){.self = daemon->self,
                                 .boot = daemon->boot,
                                 .raft_id = daemon->raft_id,
                                 .file = daemon->config.cluster_file,
                                 .model = daemon->file_model,
                                 .yaml = daemon->cluster_yaml.data,
                                 .yaml_len = daemon->cluster_yaml.len,
                                 .log = daemon->log,
                                 .shell = {.context = daemon,
                                           .now = shell_now,
                                           .wake = shell_wake,
                                           .send_raft = shell_send_raft,
                                           .send_beat = shell_send_beat,
                                           .probe = world_probe,
                                           .act = world_act,
                                           .hold = holder_order,
                                           .tell = notices_tell,
                                           .configured = world_replace,
                                           .zone = shell_zone,
                                           .reply = requests_reply,
                                           .ledger_size = shell_ledger_size,
                                           .ledger_put = shell_ledger_put,
                                           .ledger_sync = shell_ledger_sync,
                                           .ledger_root = shell_ledger_root,
                                           .fetch = peers_fetch,
                                           .join = peers_join,
                                           .fatal = shell_fatal}};
}
