/* kirikaed: a node (node/) in its shell. An ordered table of modules, opened from the top and
 * closed in mirror order (daemon.c); who this node is (identity.c); the port (port.c), what
 * operators ask (requests.c) and what coordinators ask each other (peers.c); probes and
 * actuators (world.c); notices that go out (notices.c); the helper beside it (holder.c); the
 * ledger's lines for those who make pages of them (follow.c); pages (web.c, metrics.c), the
 * operators' (ops_page.c) with the month's budget (budget.c); what of all this the node uses
 * (shell.c). Everything on one loop thread; HTTP's clients have one of their own (web/). */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include "act/act.h"
#include "base/log.h"
#include "link/link.h"
#include "node/node.h"
#include "observe/observe.h"
#include "serve/serve.h"
#include "store/ledger.h"
#include "web/web.h"
#include "wire/codec.h"
#include "wire/config.h"

#include <uv.h>

/* Probes and actuators of one configuration; replaced as a whole when another takes
 * effect. Holds a copy of the model, because calls outlive the committed one. */
struct world {
    struct daemon *daemon;
    struct model *model; /* owned */
    struct observe *observe;
    struct act *act;
    int open; /* of the two */
};

struct reply_slot {
    struct command_id id;
    serve_reply *reply;
    void *arg;
};
#define REPLY_SLOTS_MAX 64

/* Who makes something of the ledger (follow.c): gets every line from `next` on, in order. It may
 * set that back, or `waits` while it takes none. */
struct follower {
    void (*line)(void *context, const char *line, size_t len);
    void *context;
    uint64_t next;
    bool waits;
};
#define FOLLOWERS_MAX 4

struct follow {
    uv_timer_t turn;
    struct follower *followers[FOLLOWERS_MAX];
    int n;
    struct buf page;
    bool open;
};

/* What is counted here for metrics.c. */
struct measured {
    int64_t started_ms;        /* UTC */
    struct histogram loop_lag; /* how late `run` came */
    int64_t loop_lag_longest_us;
    uint64_t done, refused, failed; /* answers to commands */
    int64_t page_us;                /* what the newest page took */
};

struct daemon {
    uv_loop_t *loop;
    struct node_config config;
    char raft_dir[LIMIT_TEXT + 16], ledger_dir[LIMIT_TEXT + 16];
    struct buf cluster_yaml;
    int self;
    uint64_t boot; /* random, of this start */
    uint64_t raft_id;
    int64_t started_ms;
    struct log *log;
    struct model *file_model; /* of the local file; the engine has one of its own */
    struct ledger *ledger;
    struct follow follow;
    struct link *link;
    struct node *node; /* NULL: what comes in is dropped */
    struct serve *serve;
    struct web *web; /* NULL while closing */
    struct ops_desk *ops;
    struct status_service *status_page; /* NULL while closing */
    struct holder *holder;              /* NULL: no helper is configured */
    struct world *world;                /* newest; NULL while closing */
    int worlds;                         /* not yet gone */
    struct teller *teller;              /* NULL: nobody is told anything now */

    uv_timer_t run;    /* what is due in the node … */
    int64_t run_ms;    /* … at that boot time */
    uv_check_t after;  /* every round of the loop: has Raft changed? */
    int clock_handles; /* of these that are open */
    uv_timer_t watchdog;
    uv_timer_t leave;    /* being stopped: has somebody taken over? */
    int64_t leave_by_ms; /* boot; 0: it is not being stopped */
    uv_signal_t on_term, on_int, on_hup;
    int handles; /* likewise */

    struct reply_slot replies[REPLY_SLOTS_MAX];
    int n_replies;

    struct measured measured;

    int modules; /* open now */
    bool closing;
    int exit_code;
};

/* daemon.c */
int daemon_open(struct daemon *daemon, struct err *err);
/* Reads both files and, for --init, makes the data directory; then closes again. */
int daemon_prepare(struct daemon *daemon, bool init, struct err *err);
void daemon_module_closed(void *daemon);
struct moment daemon_now(void);

/* identity.c: who am I to Raft */
int identity_load(struct daemon *daemon, struct err *err);
int identity_init(struct daemon *daemon, struct err *err); /* --init */

/* shell.c */
struct node_options shell_options(struct daemon *daemon);
/* Puts the timer where the node is due. */
void shell_wake(void *daemon);

/* port.c */
int port_module_open(struct daemon *daemon, struct err *err);

/* requests.c */
int serve_module_open(struct daemon *daemon, struct err *err);
void serve_module_close(struct daemon *daemon);
void requests_local(void *daemon, struct status_local *local);
void requests_reply(void *daemon, const struct command_id *id, int code, const char *text);

/* peers.c: node_shell's fetch and join */
void peers_fetch(void *daemon, int server, uint64_t from);
void peers_join(void *daemon, int server, uint64_t raft_id);

/* holder.c: the helper of exclusive routes; node_shell's hold */
int holder_module_open(struct daemon *daemon, struct err *err);
void holder_module_close(struct daemon *daemon);
void holder_order(void *daemon, int route, uint32_t epoch, int64_t until_ms, int fence_ms);
void holder_configured(struct daemon *daemon);

/* follow.c */
int follow_module_open(struct daemon *daemon, struct err *err);
void follow_module_close(struct daemon *daemon);
void follow_add(struct daemon *daemon, struct follower *follower); /* the caller's, to remove */
void follow_remove(struct daemon *daemon, struct follower *follower);
bool follow_done(const struct daemon *daemon, const struct follower *follower);
void follow_wake(struct daemon *daemon); /* there are more lines, or somebody waits no more */

/* metrics.c */
void metrics_register(struct daemon *daemon);
void metrics_loop_lag(struct daemon *daemon, int64_t late_us);
void metrics_answered(struct daemon *daemon, int code); /* of a command */

/* budget.c: the month's; `why` it is not known, NULL: it soon will be */
struct budget;
struct budget *budget_open(struct daemon *daemon);
void budget_close(struct budget *budget, void (*closed)(void *context), void *context);
struct sla_status;
const struct sla_status *budget_status(const struct budget *budget, const char **why);

/* ops_page.c */
int ops_module_open(struct daemon *daemon, struct err *err);
void ops_module_close(struct daemon *daemon);

/* web.c */
int web_module_open(struct daemon *daemon, struct err *err);
void web_module_close(struct daemon *daemon);

/* status_page.c: what the public is told */
int status_page_module_open(struct daemon *daemon, struct err *err);
void status_page_module_close(struct daemon *daemon);
void status_page_configured(struct daemon *daemon);

/* notices.c */
int notices_module_open(struct daemon *daemon, struct err *err);
void notices_module_close(struct daemon *daemon);
void notices_tell(void *daemon, const struct tell_order *order); /* node_shell's */
void notices_certificate(struct daemon *daemon);                 /* it was read anew */

/* world.c */
int world_module_open(struct daemon *daemon, struct err *err);
void world_module_close(struct daemon *daemon);
/* node_shell's: another configuration took effect; one more probe; one call */
void world_replace(void *daemon);
void world_probe(void *daemon, int check);
void world_act(void *daemon, int route, int actuator, const struct placement *placement);

#endif
