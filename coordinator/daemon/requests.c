/* Between serve/ and the node: what can be asked, and commands with their answers. */
#include "base/clock.h"
#include "daemon/daemon.h"

#include <string.h>

static const struct engine *serve_engine(void *context)
{
    struct daemon *daemon = context;

    return node_engine(daemon->node);
}

static struct moment serve_now(void *context)
{
    (void)context;
    return daemon_now();
}

void requests_local(void *context, struct status_local *local)
{
    struct daemon *daemon = context;
    struct replicate_info info = node_raft(daemon->node);
    struct link_counters counters = link_counters(daemon->link);

    *local = (struct status_local){.self = daemon->self,
                                   .uptime_ms = clock_boot_ms() - daemon->started_ms,
                                   .role = (enum raft_role)info.role,
                                   .term = info.term,
                                   .last_index = info.last_index,
                                   .commit_index = info.commit_index,
                                   .applied_index = info.applied_index,
                                   .snapshot_index = info.snapshot_index,
                                   .ledger_lines = ledger_size(daemon->ledger),
                                   .ledger_bytes = ledger_bytes(daemon->ledger),
                                   .refused = counters.refused,
                                   .beats_sent = counters.beats_sent,
                                   .beats_received = counters.beats_received,
                                   .beats_bad = counters.beats_bad,
                                   .beats_replayed = counters.beats_replayed,
                                   .raft_sent = counters.raft_sent,
                                   .raft_received = counters.raft_received,
                                   .raft_dropped = counters.raft_dropped,
                                   .guarded = info.guarded};
}

static void serve_submit(void *context, const struct command *command, serve_reply *reply,
                         void *arg)
{
    struct daemon *daemon = context;
    struct event event = {.kind = EVENT_COMMAND, .now = daemon_now()};

    if (daemon->n_replies == REPLY_SLOTS_MAX || daemon->closing) {
        reply(arg, ERR_UNAVAILABLE, "too many commands are waiting");
        return;
    }
    daemon->replies[daemon->n_replies++] =
        (struct reply_slot){.id = command->id, .reply = reply, .arg = arg};
    event.command = command;
    node_step(daemon->node, &event);
}

/* Coordinator `server` has lost its data and asks to come back. */
static void serve_join(void *context, int server, uint64_t raft_id, serve_reply *reply, void *arg)
{
    struct daemon *daemon = context;

    node_replace(daemon->node, server, raft_id, reply, arg);
}

static void serve_report(void *context, int check, bool failing, const char *text)
{
    struct daemon *daemon = context;
    struct event event = {.kind = EVENT_REPORT, .now = daemon_now()};

    event.report.check = check;
    event.report.failing = failing;
    event.report.text = text;
    node_step(daemon->node, &event);
}

static struct lease serve_lend(void *context, int route)
{
    struct daemon *daemon = context;

    return node_lend(daemon->node, route);
}

void requests_reply(void *context, const struct command_id *id, int code, const char *text)
{
    struct daemon *daemon = context;
    int i = 0;

    while (i < daemon->n_replies) {
        struct reply_slot slot = daemon->replies[i];

        if (memcmp(&slot.id, id, sizeof *id) != 0) {
            i++;
            continue;
        }
        daemon->replies[i] = daemon->replies[--daemon->n_replies];
        metrics_answered(daemon, code);
        slot.reply(slot.arg, code, text);
    }
}

int serve_module_open(struct daemon *daemon, struct err *err)
{
    struct serve_options options = {.self = daemon->self,
                                    .link = daemon->link,
                                    .ledger = daemon->ledger,
                                    .log = daemon->log,
                                    .handlers = {.context = daemon,
                                                 .engine = serve_engine,
                                                 .now = serve_now,
                                                 .local = requests_local,
                                                 .submit = serve_submit,
                                                 .join = serve_join,
                                                 .report = serve_report,
                                                 .lend = serve_lend}};

    (void)err;
    daemon->serve = serve_open(&options);
    return 0;
}

void serve_module_close(struct daemon *daemon)
{
    struct serve *serve = daemon->serve;

    daemon->serve = NULL; /* the port is still open */
    serve_close(serve);
    daemon_module_closed(daemon);
}
