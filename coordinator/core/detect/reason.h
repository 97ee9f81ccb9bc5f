/* Why a probe ended as it did. The numbers travel in beats and evidence: append,
 * never renumber. */
#ifndef CORE_DETECT_REASON_H
#define CORE_DETECT_REASON_H

enum reason {
    REASON_NONE = 0, /* not probed yet */
    REASON_OK = 1,
    REASON_REFUSED = 2,     /* RST to SYN: nobody listens */
    REASON_RESET = 3,       /* connection broken while asking */
    REASON_CLOSED = 4,      /* closed without an answer */
    REASON_TIMEOUT = 5,     /* no answer in time */
    REASON_UNREACHABLE = 6, /* no route, ICMP unreachable, ARP failed */
    REASON_TLS = 7,         /* handshake or certificate */
    REASON_STATUS = 8,      /* of HTTP or SIP, outside the wanted range */
    REASON_PROTOCOL = 9,    /* not the protocol that was asked for */
    REASON_RESOLVE = 10,    /* the name has no address */
    REASON_LOCAL = 11,      /* the observer could not probe (no file descriptor …): abstains */
    REASON_REPORTED = 12,   /* the server's own software says that it fails */
    REASON_EXPIRED = 13, /* it has said nothing for its ttl, while its coordinator's beats come */
    REASON_COUNT
};

/* What a reason says. A silent failure is the absence of an answer, which one lost
 * packet gives too, so it must repeat (check.fall_silent); a wrong answer is
 * evidence at once (check.fall). */
enum reason_class { REASON_GOOD, REASON_WRONG, REASON_SILENT, REASON_ABSTAIN };

enum reason_class reason_class(enum reason reason);
const char *reason_name(enum reason reason); /* "refused", … ; "?" when unknown */

#endif
