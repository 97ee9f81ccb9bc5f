/* What may go wrong, as data and as text. The text is what operators type (kirikae simulate
 * --fault), what scenarios are written in and what a failing seed shrinks to:
 *
 *   KIND:WHAT[=VALUE]@TIME[+DURATION]      kill:voice-1@10s+5s   loss:tokyo>osaka=30%@5s+1m
 *
 * TIME counts from the start of the scenario; without a DURATION it lasts to the end, or
 * happens once. WHAT is a server, a site, a path A/B (both ways) or A>B (one way) between two
 * of them, an actuator ROUTE.NAME, a receiver of notices, or `all`; each kind takes some of these
 * (fault_usage()).
 *
 * Sites and servers may have the same names, and names may have dots: server:NAME, site:NAME
 * and ROUTE:NAME are always understood, and needed where the short form means two things.
 * Which of the dots in ROUTE.NAME parts the two is up to what the model has. `all` is never a
 * name. Texts that fault_format() writes mean what they were made from. */
#ifndef SIMULATE_FAULT_H
#define SIMULATE_FAULT_H

#include "base/buf.h"
#include "base/err.h"
#include "core/model/model.h"

enum fault_kind {
    /* coordinators */
    FAULT_KILL,    /* the daemon dies; afterwards it is started again */
    FAULT_FREEZE,  /* the daemon stands still (SIGSTOP); its clock goes on */
    FAULT_WIPE,    /* the daemon dies and its disk is empty; afterwards it is started again */
    FAULT_RESTART, /* once: stopped and started */
    FAULT_UPGRADE, /* once: one after the other, with the configuration's next version, from an
                      older program to the newest */
    /* machines: coordinator and services of a server, or of a site */
    FAULT_HOST,  /* no power: nothing answers, what was not synced is lost */
    FAULT_PAUSE, /* a hypervisor holds it: the boot clock stands still */
    /* services */
    FAULT_REFUSE, /* the service is gone, its machine answers */
    FAULT_HANG,   /* takes connections, says nothing */
    FAULT_SICK,   /* answers with an error */
    FAULT_SLOW,   /* answers VALUE later */
    FAULT_FLAP,   /* refuses and serves in turn, VALUE each */
    FAULT_UNSEEN, /* WHAT is SERVER/SITE: hangs as seen from that site only */
    /* network */
    FAULT_CUT,     /* a site or server: from everything, callers too; a path: no packet */
    FAULT_SPLIT,   /* a site or server from all other servers; callers still reach it */
    FAULT_LOSS,    /* VALUE % of packets: all, or a path */
    FAULT_DELAY,   /* VALUE more, one way: all, or a path */
    FAULT_DOUBLE,  /* VALUE % of datagrams come twice */
    FAULT_REORDER, /* VALUE % of datagrams are overtaken */
    /* disks */
    FAULT_STALL,   /* writes do not end */
    FAULT_FULL,    /* no room */
    FAULT_CRAWL,   /* writes take VALUE longer */
    FAULT_BADDISK, /* once: the next write fails */
    FAULT_CORRUPT, /* once: the newest entry on the disk is found damaged at a restart */
    /* clocks */
    FAULT_STEP,  /* once: UTC jumps by VALUE (may be negative) */
    FAULT_DRIFT, /* the clock runs VALUE ppm fast (or slow, negative) */
    /* actuators */
    FAULT_MUTE,   /* no answer */
    FAULT_LAG,    /* answers take VALUE longer */
    FAULT_DEAF,   /* takes effect, the answer is lost */
    FAULT_LATE,   /* commits land VALUE later, whatever became of their sender */
    FAULT_FORGET, /* once: restarts with what it began with */
    /* operators; WHAT is ROUTE.CANDIDATE, at the leader */
    FAULT_SWITCHOVER,
    FAULT_FAILOVER,
    FAULT_FORCE,
    /* a server's own software; services go on */
    FAULT_REPORT, /* it says that it fails, or nothing at all: enum fault_report */
    /* operators' other verbs, at the leader */
    FAULT_HANDSOFF, /* automatic moves are paused for DURATION */
    FAULT_DRAIN,    /* a server leaves all pools, and may come back afterwards */
    FAULT_LEAD,     /* once: a coordinator is to lead */
    /* the helper alone: its daemon goes on */
    FAULT_HELPER_KILL,   /* once: it dies, and is started again after a moment */
    FAULT_HELPER_FREEZE, /* it stands still (SIGSTOP) */
    FAULT_FENCE_SLOW,    /* its fences take VALUE longer: cut at F all the same */
    FAULT_FENCE_STUCK,   /* they hang, and what is done at F takes VALUE: no F bounds them */
    /* an operator's word, which moves nothing */
    FAULT_AMEND, /* once: of the newest outage */
    /* receivers of notices */
    FAULT_SILENT,  /* they take nothing */
    FAULT_UNHEARD, /* what they answer is lost */
    FAULT_KINDS
};

enum fault_report { FAULT_REPORT_FAILING, FAULT_REPORT_NOTHING };

/* A server, a site, or everything; for a path also "among themselves": a site twice. */
enum where_kind {
    WHERE_ALL,
    WHERE_SERVER,
    WHERE_SITE,
    WHERE_ACTUATOR,
    WHERE_CANDIDATE,
    WHERE_RECEIVER
};
struct where {
    enum where_kind kind;
    int index, second; /* server, site, receiver; route and actuator or candidate */
};

struct fault {
    enum fault_kind kind;
    struct where what, other; /* `other`: the path's far end; the site that sees it so */
    bool path, one_way;
    int64_t at_ms, for_ms; /* for_ms 0: to the end, or once */
    int64_t value;         /* ms, per mille, ppm, enum fault_report */
};

#define FAULT_TIME_MAX_MS (3650ll * 86400000) /* of TIME and of DURATION, each */

/* 0, or ERR_INVALID with what is wrong and what would be right. */
int fault_parse(const char *text, const struct model *model, struct fault *fault, struct err *err);
void fault_format(const struct fault *fault, const struct model *model, struct buf *out);
/* Its word, and what it does in a few words, for --help. */
const char *fault_word(enum fault_kind kind);
const char *fault_help(enum fault_kind kind);
/* How it is written: "loss:all|A/B|A>B=PERCENT%@TIME[+DURATION]". */
void fault_usage(enum fault_kind kind, struct buf *out);
/* It happens once, so it has no duration. */
bool fault_once(enum fault_kind kind);
/* The servers of a server, a site or everything; those that run no coordinator too. */
server_set where_servers(const struct where *where, const struct model *model);
/* "1m30s", "250ms", up to ten years: 0, or ERR_INVALID. */
int fault_time_parse(const char *text, int64_t *ms, struct err *err);
void fault_time_format(int64_t ms, struct buf *out);

#endif
