/* Whom to tell what, as configured: channels, receivers, rules, texts. Plain data, filled by
 * wire/config_notice.c, validated with the model, never changed afterwards. */
#ifndef CORE_MODEL_NOTICE_H
#define CORE_MODEL_NOTICE_H

#include "base/err.h"
#include "base/limits.h"
#include "core/model/span.h"

#include <stdbool.h>
#include <stdint.h>

enum channel_kind {
    CHANNEL_MAIL,         /* SMTP (RFC 5321) */
    CHANNEL_SLACK,        /* incoming webhook */
    CHANNEL_CHATWORK,     /* API v2: a message to a room */
    CHANNEL_LINE,         /* Messaging API: push */
    CHANNEL_WEBHOOK,      /* JSON, signed with HMAC-SHA256 */
    CHANNEL_ALERTMANAGER, /* API v2: alerts that fire and are resolved */
};

/* Secrets are in files of each node (mode 0600), never in the configuration. */
struct channel {
    char name[LIMIT_NAME];
    enum channel_kind kind;
    char url[LIMIT_TEXT]; /* smtp://HOST:PORT (STARTTLS), smtps://HOST:PORT; https://HOST… without
                           * a slash at its end, which the API's path follows (webhook: as it
                           * was written); slack: in secret_file, because whoever knows it may
                           * post. Without a name or a password in it */
    char secret_file[LIMIT_TEXT]; /* mail, alertmanager: password; slack: the URL; chatwork, line:
                                   * token; webhook: key. Empty: none */
    char user[LIMIT_NAME];        /* mail, alertmanager; empty: no authentication */
    char from[LIMIT_TEXT];        /* mail: the sender's address */
    char ca_file[LIMIT_TEXT];     /* trust this; empty: the system's */
    bool plain;                   /* mail, http: without TLS, which has to be said */
    int timeout_ms;               /* of one attempt; default 20 000 */
};

enum language { LANGUAGE_JA, LANGUAGE_EN };

/* Customers get what the status page says. Only what they accept counts for the contract. */
enum audience { AUDIENCE_OPERATORS, AUDIENCE_CUSTOMERS };

struct receiver {
    char name[LIMIT_NAME];
    int channel;
    char to[LIMIT_TEXT]; /* mail: address; chatwork: room; line: user, group or room; else empty */
    enum language language;
    enum audience audience;
    int template;  /* -1: the built-in text */
    int otherwise; /* receiver that is told when this one stays silent; -1 */
};

/* Bit i stands for receiver i. */
typedef uint64_t receiver_set;
#define receiver_bit(receiver) (UINT64_C(1) << (receiver))

/* Numbers travel: append. In the ledger and in rules by their names. */
enum notice_event {
    NOTICE_OUTAGE = 0,             /* outage/open */
    NOTICE_LASTING = 1,            /* outage/lasting: open for as long as the rule says */
    NOTICE_RECOVERED = 2,          /* outage/close */
    NOTICE_DISPUTED = 3,           /* verdict/disputed, outage/disputed */
    NOTICE_FAILOVER = 4,           /* failover/verified, of a move */
    NOTICE_REFUSED = 5,            /* failover/refused */
    NOTICE_BLOCKED = 6,            /* failover/blocked, failover/held */
    NOTICE_COVERAGE = 7,           /* coverage/hole */
    NOTICE_NODE_LOST = 8,          /* membership/silent */
    NOTICE_NODE_BACK = 9,          /* membership/heard */
    NOTICE_CERTIFICATE = 10,       /* security/certificate: it ends soon, or has ended */
    NOTICE_CLOCK = 11,             /* clock/stepped */
    NOTICE_MAINTENANCE = 12,       /* maintenance/added, extended, and ended before it began */
    NOTICE_MAINTENANCE_BEGUN = 13, /* maintenance/begun */
    NOTICE_MAINTENANCE_OVER = 14,  /* maintenance/over: its end is past; ended: earlier than said */
    NOTICE_QUORUM_LOST = 15,       /* no line: each site tells it by itself */
    NOTICE_QUORUM_BACK = 16,       /* coverage/no-quorum */
    NOTICE_POSTED = 17,            /* incident/post: an operator's word for customers */
    NOTICE_TEST = 18,              /* notice/test; no rule has it */
    NOTICE_EVENTS
};
const char *notice_event_name(enum notice_event event);
/* -1: none of that name. */
int notice_event_find(const char *name);

struct notice_step {
    int64_t after_ms; /* since the notice's first event; the first step's is 0. Later ones only
                       * while nobody acknowledged it and something it tells of goes on */
    receiver_set receivers;
};

struct notice_rule {
    char name[LIMIT_NAME];
    uint32_t events;                          /* bits: enum notice_event */
    uint8_t severities;                       /* of outages; bits: enum severity; 0: all */
    uint64_t functions[LIMIT_FUNCTIONS / 64]; /* of outages and windows; none set: all */
    int64_t lasting_ms;                       /* NOTICE_LASTING; 0: never */
    int gather_ms; /* what comes within that time of the first event is in the same notice */
    int apart_ms;  /* between two notices of the rule: meanwhile it gathers */
    struct week_span
        quiet[LIMIT_SPANS]; /* minor ones wait until it is over; by the contract's zone */
    int n_quiet;
    struct notice_step steps[LIMIT_NOTICE_STEPS];
    int n_steps;
};

/* A text of the operator's own, for the receivers that name it. */
struct notice_template {
    char name[LIMIT_NAME];
    char *subject, *body; /* owned; core/notice/template.h */
    int line;             /* of the body in the configuration, for errors */
};

struct notice_config {
    struct channel channels[LIMIT_CHANNELS];
    int n_channels;
    struct receiver receivers[LIMIT_RECEIVERS];
    int n_receivers;
    struct notice_rule rules[LIMIT_NOTICE_RULES];
    int n_rules;
    struct notice_template templates[LIMIT_TEMPLATES];
    int n_templates;
};

/* What single fields cannot show, in validate_notice.c. 0, or ERR_INVALID with the field's name
 * and what is wrong with it. */
int notice_channel_check(const struct channel *channel, struct err *err);
int notice_otherwise_check(const struct notice_config *config, int receiver, struct err *err);
int notice_rule_check(const struct notice_config *config, const struct notice_rule *rule,
                      struct err *err);

/* Index by name, -1 when there is none. */
int notice_find_channel(const struct notice_config *config, const char *name);
int notice_find_receiver(const struct notice_config *config, const char *name);
int notice_find_rule(const struct notice_config *config, const char *name);
int notice_find_template(const struct notice_config *config, const char *name);

void notice_config_free(struct notice_config *config); /* NULL is fine */
const char *channel_kind_name(enum channel_kind kind); /* "mail", "slack", … */
const char *audience_name(enum audience audience);

#endif
