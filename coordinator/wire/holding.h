/* What a daemon and its helper say to each other on a local socket, one message a packet
 * (SOCK_SEQPACKET). Fixed numbers, little-endian:
 *
 *   0  "KH"         magic
 *   2  version      1
 *   3  kind         enum holding_kind
 *   4  epoch        4 bytes
 *   8  time         8 bytes: boot ms; HOLD: deadline; FENCED: when
 *   16 fence        4 bytes: HOLD: F in ms
 *   20 why          FENCED: enum holding_why
 *   21 0            3 bytes
 *   24 route        LIMIT_NAME bytes, filled up with zeros
 *   88 candidate    likewise; HOLD
 *   152 text        the rest: HOLD: the things to hold; RELEASE: those that are to be held some
 *                   time, asked of one that holds nothing; FAILED: why not
 */
#ifndef WIRE_HOLDING_H
#define WIRE_HOLDING_H

#include "base/err.h"
#include "base/limits.h"
#include "core/failover/holding.h"

#include <stddef.h>
#include <stdint.h>

#define HOLDING_HEAD 152
#define HOLDING_TEXT 1024 /* its NUL included */
#define HOLDING_BYTES (HOLDING_HEAD + HOLDING_TEXT)
#define HOLDING_FENCE_MAX_MS 10000 /* of F: no lease is longer */

enum holding_kind {
    HOLDING_HOLD = 1,    /* daemon: serve `route` under `epoch` until `time_ms` */
    HOLDING_RELEASE = 2, /* daemon: never again under `epoch` or an older one */
    HOLDING_HELD = 3,    /* helper: all of it is up, under `epoch` */
    HOLDING_FENCED = 4,  /* helper: nothing of it is up, under `epoch` or an older one */
    HOLDING_FAILED = 5,  /* helper: why it cannot be held; what is up is told by the others */
};

struct holding_message {
    enum holding_kind kind;
    uint32_t epoch;
    int64_t time_ms;
    uint32_t fence_ms;
    enum holding_why why;
    char route[LIMIT_NAME], candidate[LIMIT_NAME];
    /* HOLD, RELEASE: addresses ("192.0.2.10") and names of hooks ("hook:bgp"), a space between. */
    char text[HOLDING_TEXT];
};

/* Returns the length, HOLDING_BYTES at most. */
size_t holding_encode(const struct holding_message *message, uint8_t bytes[HOLDING_BYTES]);
int holding_decode(const uint8_t *bytes, size_t len, struct holding_message *message,
                   struct err *err);

#endif
