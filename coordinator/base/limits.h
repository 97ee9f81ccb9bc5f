/* Limits on everything that comes from outside, in one place, so that an
 * operator can be told them and a reviewer can add them up. */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#define LIMIT_NAME 64  /* bytes of a name, its NUL included */
#define LIMIT_TEXT 256 /* bytes of an address, URL or reason */
#define LIMIT_SITES 16
#define LIMIT_SERVERS 64 /* coordinators and targets together: one bit each */
#define LIMIT_CHECKS 16384
#define LIMIT_FUNCTIONS 256
#define LIMIT_ROUTES 64
#define LIMIT_CANDIDATES 8     /* of a route */
#define LIMIT_ACTUATORS 8      /* of a route */
#define LIMIT_SPANS 8          /* allowed times of a route's failback */
#define LIMIT_WINDOWS 1024     /* maintenance windows kept in the replicated state */
#define LIMIT_COMMAND_IDS 1024 /* remembered, so that a retried command is answered once */
#define LIMIT_BEAT 1400        /* bytes of a datagram: below every usual MTU */
#define LIMIT_BEAT_VOTES 64    /* observations in one beat */
/* What a beat says of every coordinator and every exclusive route goes into each one, and a few
 * observations too: a configuration whose beats could not hold that is refused. Bytes, with
 * figures that no cluster reaches in a century: beats up to 2^42, epochs up to 2^28. */
#define BEAT_ROOM (LIMIT_BEAT - 64) /* link/ adds an envelope */
#define BEAT_FRAME 328 /* whatever the configuration is; reports, hints and a receipt included */
#define BEAT_COORDINATOR 19
#define BEAT_EXCLUSIVE 7
#define BEAT_VOTE 19
#define BEAT_VOTES_LEAST 2
#define LIMIT_REPORTS 8         /* checks of one server that its own software reports */
#define LIMIT_BEAT_RUNS 8       /* runs of a journal in one beat */
#define LIMIT_JOURNAL_SPANS 256 /* of checks, in one entry on a time without a quorum */
#define LIMIT_RECEIPT_TEXT 80   /* bytes of what a receiver of a notice said, NUL included */
#define LIMIT_HINTS 8           /* checks that one beat calls for a look at */
#define LIMIT_CHANNELS 16       /* by which notices go out */
#define LIMIT_RECEIVERS 64      /* of notices: one bit each */
#define LIMIT_NOTICE_RULES 32
#define LIMIT_NOTICE_STEPS 4       /* of a rule: the first, and those it escalates to */
#define LIMIT_TEMPLATES 32         /* texts of notices that are the operator's own */
#define LIMIT_TEMPLATE (8 << 10)   /* bytes of one */
#define LIMIT_NOTICES 128          /* that are not told yet, in the replicated state */
#define LIMIT_NOTICE_REFS 32       /* events that one notice names; more are counted */
#define LIMIT_NOTICE_DELIVERIES 64 /* of one notice */
#define LIMIT_POST 2000            /* bytes of an operator's word for customers, in one language */
#define LIMIT_FRAME (1 << 20)      /* bytes of a frame on the TLS port */
#define LIMIT_SNAPSHOT (5 << 20)
#define LIMIT_COMMAND (256 << 10)
#define LIMIT_CONFIG (128 << 10)
#define LIMIT_LEDGER_LINE (64 << 10)
#define LIMIT_CONNECTIONS 256 /* inbound, all peers and operators together */
#define LIMIT_HANDSHAKE_MS 3000
#define LIMIT_SEND_QUEUE (8 << 20) /* bytes waiting for one peer */

#endif
