/* What an operator configured, as plain data: sites, servers, checks, functions,
 * routes, the contract. Filled by wire/config from YAML, validated by
 * model_validate(), never changed afterwards. Indices into the arrays are used as
 * names everywhere else; the order is the order of the configuration. */
#ifndef CORE_MODEL_MODEL_H
#define CORE_MODEL_MODEL_H

#include "base/err.h"
#include "base/limits.h"
#include "core/account/contract.h"
#include "core/model/notice.h"
#include "core/model/span.h"

#include <stdbool.h>
#include <stdint.h>

/* Bit i stands for server i. */
typedef uint64_t server_set;

#define SERVER_NONE (-1)

enum profile { PROFILE_NORMAL, PROFILE_FAST };

/* What a profile means; every time in ms. */
struct timing {
    int beat_ms;         /* between beats to each peer */
    int silent_ms;       /* without a beat: the peer is silent (floor of the adaptive bound) */
    int window_ms;       /* a confirmation round: ballots older than this do not count */
    int election_ms;     /* libraft election timeout when calm */
    int heartbeat_ms;    /* libraft heartbeat */
    int lease_holder_ms; /* L_h of protocol.md */
    int fence_ms;        /* F of protocol.md */
};

struct site {
    char name[LIMIT_NAME];
};

enum member_role { MEMBER_VOTER, MEMBER_STANDBY };

struct server {
    char name[LIMIT_NAME];
    int site;
    char host[LIMIT_NAME]; /* IPv4 or IPv6 address, or name */
    bool coordinator;      /* false: only a target, `port` and `role` mean nothing */
    int port;              /* TCP (TLS) and UDP (beats) */
    enum member_role role;
};

enum check_kind {
    CHECK_TCP,
    CHECK_HTTP,
    CHECK_SIP,
    CHECK_REPORT, /* not probed: the target's own software says how it is */
};
enum transport { TRANSPORT_UDP, TRANSPORT_TCP };
enum process_kind { PROCESS_NONE, PROCESS_PIDFILE, PROCESS_UNIT };

struct check {
    char name[LIMIT_NAME]; /* "voice-http@voice-1": template @ target */
    int target;            /* server */
    enum check_kind kind;
    int interval_ms;       /* 100 .. 3 600 000, default 15 000; report: ttl, also of timeout_ms */
    int timeout_ms;        /* of one probe */
    int rise;              /* good probes in a row before an observer says up */
    int fall;              /* refused or wrong answers in a row before it says down */
    int fall_silent;       /* unanswered probes in a row before it says down */
    int observers;         /* how many coordinators watch it; 0: all (route targets always all) */
    char host[LIMIT_NAME]; /* tcp, sip: where to */
    int port;
    enum transport transport;   /* sip */
    char url[LIMIT_TEXT];       /* http */
    char ca_file[LIMIT_TEXT];   /* https: trust this; empty: the system's */
    int status_min, status_max; /* answers that count as good: http 200..399, sip 200..299 */
    char report[LIMIT_NAME];    /* report: what the target's software calls it */
    bool keep_connection; /* tcp, http: an open connection is kept; when it breaks a probe follows
                             at once */
    /* On the target itself: when this process ends, a probe by all observers follows at once. */
    enum process_kind process_kind;
    char process[LIMIT_TEXT]; /* a file with its number; systemd's unit, "voice.service" */
};

enum need { NEED_ALL, NEED_ANY, NEED_LEAST };

/* What a customer can do. Down when its checks no longer satisfy `need` or when
 * the active candidate of `route` no longer holds its least. */
struct function {
    char name[LIMIT_NAME];
    char label_ja[LIMIT_NAME], label_en[LIMIT_NAME];
    enum severity severity; /* of an automatic incident */
    enum need need;
    int least;
    int route;   /* or -1 */
    int *checks; /* owned */
    int n_checks;
};

struct candidate {
    char name[LIMIT_NAME];
    int *members; /* servers, owned; at most LIMIT_SERVERS */
    int n_members;
    int least;              /* healthy members it needs to serve */
    char value[LIMIT_NAME]; /* what the HAProxy map says when it serves (backend name) */
    bool weighted;          /* the weights are the operator's; else all are 100, and not set */
    uint8_t weights[LIMIT_SERVERS]; /* by member, 1 .. 100: its share of what it could get */
};

/* KAMAILIO and EXEC are told by kirikae-agent, which compares epochs in their place. ADDRESS and
 * HOOK are the own ones of exclusive routes: on the servers placed, held by each one's helper. */
enum actuator_kind {
    ACTUATOR_HAPROXY,
    ACTUATOR_DNS,
    ACTUATOR_KAMAILIO,
    ACTUATOR_EXEC,
    ACTUATOR_ADDRESS,
    ACTUATOR_HOOK,
};

/* What the weights of a candidate are: percent of those in HAProxy's configuration, or all. */
enum weights { WEIGHTS_RELATIVE, WEIGHTS_ABSOLUTE };

struct actuator {
    char name[LIMIT_NAME];
    enum actuator_kind kind;
    bool optional;            /* a move is verified without it, and nobody waits for it */
    int timeout_ms;           /* of one call, reading back included */
    char address[LIMIT_TEXT]; /* haproxy: "unix:/run/…" or "host:port"; address: itself; hook:
                               * "hook:NAME"; others: "host:port" */
    /* haproxy: the map file named in its configuration; keys "active" and "epoch". */
    char map[LIMIT_TEXT];
    enum weights weights; /* haproxy */
    /* dns */
    char zone[LIMIT_TEXT];
    char record[LIMIT_TEXT]; /* owner name of the A/AAAA set; the epoch is TXT at _kirikae.<record>
                              */
    int ttl_s;
    char tsig_name[LIMIT_NAME];
    char tsig_algorithm[LIMIT_NAME]; /* hmac-sha256 … */
    char tsig_file[LIMIT_TEXT];      /* holds the base64 secret, mode 0600 */
    /* kamailio, exec */
    char agent[LIMIT_NAME]; /* CN of the agent's certificate */
    int set;                /* kamailio: the dispatcher's group, this route's alone */
    int port;               /* … of the servers */
    enum transport transport;
    char program[LIMIT_NAME]; /* exec: as named in the agent's own file */
};

enum route_kind { ROUTE_AVAILABLE, ROUTE_EXCLUSIVE };
/* In turn: an actuator is told when all required ones before it have read back. */
enum route_order { ORDER_TOGETHER, ORDER_IN_TURN };

/* Back to a more preferred candidate by itself. */
struct failback {
    bool automatic; /* false: operators do it */
    int after_ms;   /* once it has been ready, undisputed, for so long without a break … */
    struct week_span allowed[LIMIT_SPANS]; /* … at one of these times, by the contract's timezone */
    int n_allowed;                         /* 0: at any time */
};

struct route {
    char name[LIMIT_NAME];
    enum route_kind kind;
    int patience_ms;     /* a failure younger than this does not move it */
    int damp_moves;      /* automatic moves allowed … */
    int damp_window_ms;  /* … in this time; then hands off and alarm */
    int damp_backoff_ms; /* a second one waits so long, each further one twice as long; 0: no wait
                          */
    struct failback failback;
    int grace_ms; /* who is left by a planned move may finish for so long */
    int callers;  /* check of the whole way that callers take, through the switch; -1 */
    int follows;  /* route whose moves this one makes too, to the candidate of that name; -1 */
    struct candidate candidates[LIMIT_CANDIDATES]; /* in order of preference */
    int n_candidates;
    enum route_order order; /* of its actuators */
    struct actuator actuators[LIMIT_ACTUATORS];
    int n_actuators;
};

struct service {
    char name[LIMIT_NAME];
    int *critical; /* functions, owned */
    int n_critical;
};

#define STATUS_PAGE_DAYS_MAX 90

/* What the public is told; it comes from the ledger (report/board.h). */
struct status_page {
    bool given;                                   /* false: there is no such page */
    char title[LIMIT_NAME], title_ja[LIMIT_NAME]; /* empty: the contract's name */
    char url[LIMIT_TEXT];                         /* where it is, ends with '/'; empty: not said */
    int days;                                     /* of availability that it shows */
    struct function_set functions;                /* that it shows */
};

struct model {
    char cluster[LIMIT_NAME];
    uint32_t version; /* of the configuration, counted by the operator */
    enum profile profile;
    struct timing timing;
    bool accept_quorum_loss; /* allow a layout where losing the primary site ends failover */
    struct site sites[LIMIT_SITES];
    int n_sites;
    struct server servers[LIMIT_SERVERS]; /* coordinators first */
    int n_servers;
    int n_coordinators;
    struct check *checks; /* owned */
    int n_checks;
    int first_check[LIMIT_SERVERS]; /* by model_index(): of a target; -1 */
    int *next_check;                /* … the next of the same target; owned, NULL: no index */
    struct function *functions;     /* owned */
    int n_functions;
    struct service *services; /* owned */
    int n_services;
    struct route *routes; /* owned */
    int n_routes;
    struct contract contract; /* without functions and services: model_contract() */
    struct notice_config *notices; /* owned; NULL: nobody is told */
    struct status_page status_page;
};

/* Is the server one of its members? */
bool candidate_has(const struct candidate *candidate, int server);

struct model *model_new(void);
void model_free(struct model *model); /* NULL is fine */

/* The contract with the model's functions and services in it: a copy, for contract_free(). */
void model_contract(const struct model *model, struct contract *contract);
/* The same as contract_json(), appended; one without a name has the cluster's. */
struct buf;
void model_contract_json(const struct model *model, struct buf *out);

/* The numbers behind a profile. */
struct timing model_timing(enum profile profile);

/* Everything that single fields cannot show: references, least > members, sites
 * without servers, repeated names, a layout that loses the quorum with the site
 * of a route's first candidate. 0, or ERR_INVALID with the reason. */
int model_validate(const struct model *model, struct err *err);

/* Makes model_next_check() cheap, once the checks are all there. */
void model_index(struct model *model);
/* The first check of a target behind check `after` (-1: of all), -1 when there is none. */
int model_next_check(const struct model *model, int target, int after);

/* Index by name, -1 when there is none. */
int model_site(const struct model *model, const char *name);
int model_server(const struct model *model, const char *name);
int model_check(const struct model *model, const char *name);
int model_function(const struct model *model, const char *name);
int model_route(const struct model *model, const char *name);
bool model_route_has(const struct route *route, int server); /* in any candidate */
int model_candidate(const struct route *route, const char *name);

static inline bool actuator_is_own(const struct actuator *actuator)
{
    return actuator->kind == ACTUATOR_ADDRESS || actuator->kind == ACTUATOR_HOOK;
}
/* One of its actuators is. */
bool route_is_own(const struct route *route);

/* The coordinators are the same, in the same order and roles (their addresses may differ):
 * Raft's members are them, so a new configuration cannot change them. */
bool model_same_coordinators(const struct model *a, const struct model *b);

int model_voters(const struct model *model);
/* Voters / 2 + 1. */
int model_majority(const struct model *model);

/* What is left of the voters when a site is lost. */
struct site_loss {
    int voters_left;
    int majority;
    bool quorum; /* voters_left >= majority */
};
struct site_loss model_lose_site(const struct model *model, int site);

/* The actuators that are not optional, of the first `n`: a bit each. */
uint32_t model_required(const struct route *route, int n);

/* True when the server belongs to a candidate of any route. */
bool model_in_route(const struct model *model, int server);

/* True when the check is of the way that a route's callers take. */
bool model_of_callers(const struct model *model, int check);

/* Who watches a check: every coordinator but the target itself when the target is
 * in a route or `observers` is 0, else `observers` of them by rendezvous hashing
 * (Thaler and Ravishankar 1998) with at least two sites. A function of the
 * configuration alone, so all nodes agree once the configuration is committed. */
server_set model_observers(const struct model *model, int check);

/* The site that no route prefers: where the leader should live when calm.
 * Returns the set of voters there, all voters when every site is preferred. */
server_set model_calm_leaders(const struct model *model);

static inline server_set server_bit(int server)
{
    return (server_set)1 << server;
}
static inline int server_count(server_set set)
{
    return __builtin_popcountll(set);
}

#endif
