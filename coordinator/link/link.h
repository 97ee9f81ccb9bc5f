/* The one port of a node: mutual TLS over TCP for Raft, peers and operators, told
 * apart by ALPN (RFC 7301), and authenticated UDP beats on the same port number.
 *
 *   "kirikae-raft/1"   one way, dialler -> listener: frames for Raft; kept open to
 *                      every other coordinator, dialled again when it breaks
 *   "kirikae-peer/1"   requests between coordinators (forwarded commands, ledger
 *                      pages, joining), dialled on demand and kept for reuse
 *   "kirikae-admin/1"  requests of operators
 *   "http/1.1"         pages for operators; the plain bytes go over a socket pair to whoever
 *                      serves them (handlers.http), as fast as the slower side
 *
 * A frame is a big-endian 32-bit length and that many bytes, at most LIMIT_FRAME.
 *
 * Raft: the listener sends one empty frame when it accepts the dialler, and nothing
 * more. (In TLS 1.3 a dialler's handshake is done before the listener has judged its
 * certificate.) Only then is the connection up, and its beat key in use. A dialler that
 * has nothing to say sends an empty frame every 5 s.
 *
 * Peer and admin: a frame to the listener is a request, a frame back is an answer:
 * a big-endian 64-bit number of the dialler's choice, then the bytes. An answer has its
 * request's number; answers come in any order. Up to 256 requests of a connection may
 * wait for answers. Connections without a frame for 60 s are closed, as are those
 * that do not read their answers. Whoever is refused gets a TLS alert.
 *
 * Who someone is comes from the certificate: subject CN is the name, OU the role
 * ("node", "admin", "operator", "viewer"; "agent": agent.h), issued by the cluster's CA. Raft and
 * peer want OU=node and CN = a coordinator's name, HTTP wants an operator's; a dialler also checks
 * that CN is the one it meant to reach. TLS 1.3, or 1.2 at the least. A node's certificate must be
 * good for servers and clients (extended key usage: both or none).
 *
 * Beats are sealed with AES-128-GCM under a key exported from the Raft session
 * dialler -> listener (RFC 5705, label "EXPORTER-kirikae-beat"); that session's
 * dialler sends, its listener opens (datagrams: beat.h). Keys outlive their session,
 * so that beats go on while TCP is dialled again: the one in use and the newest ones
 * stay valid. Replays and late beats are dropped.
 *
 * Writing to a lost connection raises SIGPIPE: the process must ignore it.
 *
 * All calls and callbacks on the loop thread. Any call is fine from any callback. */
#ifndef LINK_LINK_H
#define LINK_LINK_H

#include "base/err.h"
#include "base/limits.h"
#include "base/log.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct link;
struct link_call; /* a request that waits for its answer */

enum link_role { LINK_NODE, LINK_ADMIN, LINK_OPERATOR, LINK_VIEWER, LINK_AGENT };

struct link_peer {
    char name[LIMIT_NAME]; /* certificate's CN */
    char host[LIMIT_NAME];
    int port;
};

struct link_handlers {
    void *context;
    /* A Raft frame from a coordinator. */
    void (*raft)(void *context, int peer, const uint8_t *bytes, size_t len);
    /* An authenticated beat, newer than all before it. */
    void (*beat)(void *context, int peer, const uint8_t *bytes, size_t len);
    /* A request; answer it once with link_reply(), now or later. `name` and `role`
     * are the caller's; `peer` its server index for LINK_NODE, else -1. */
    void (*request)(void *context, struct link_call *call, enum link_role role, const char *name,
                    int peer, const uint8_t *bytes, size_t len);
    /* An operator's browser, before its first request: `fd` is yours. NULL: no HTTP here. */
    void (*http)(void *context, int fd);
    /* A connection was refused or broken off for `why` (also logged, rate-limited). */
    void (*refused)(void *context, const char *address, const char *why);
    /* The Raft connection to a peer came up or went down. */
    void (*state)(void *context, int peer, bool up);
};

struct link_options {
    uv_loop_t *loop;
    int self;
    int n_peers; /* coordinators, self included */
    struct link_peer peers[LIMIT_SERVERS];
    const char *bind_host; /* NULL: peers[self].host */
    const char *ca_file, *cert_file, *key_file;
    struct log *log;
    struct link_handlers handlers;
};

/* Binds both sockets and begins to dial. Copies the options (not the log). Diallers and
 * beats come from the address that is bound, unless that is a wildcard. After an error
 * the loop must run once more to let go of the handles. */
int link_open(const struct link_options *options, struct link **link, struct err *err);
/* No callback but `closed` comes after this; pending requests end with ERR_UNAVAILABLE. */
void link_close(struct link *link, void (*closed)(void *context), void *context);

/* Reads the certificate files again; on error the old ones stay in use. */
int link_reload(struct link *link, struct err *err);
/* UTC at which the node's own certificate, the one in use, ends. */
int64_t link_certificate_ends_ms(const struct link *link);

/* Queues a frame, len > 0. ERR_UNAVAILABLE: not connected; ERR_LIMIT: too large, or the peer
 * reads too slowly (LIMIT_SEND_QUEUE). */
int link_send_raft(struct link *link, int peer, const uint8_t *bytes, size_t len);

/* Fire and forget; silently nothing without a key. len <= LIMIT_BEAT. */
void link_send_beat(struct link *link, int peer, const uint8_t *bytes, size_t len);

/* Asks a coordinator. `done` is called once, from the loop: code 0 with the answer;
 * ERR_LIMIT: too long, or too many wait already; ERR_UNAVAILABLE: not reached, or lost
 * before the answer (the request may have been carried out); ERR_TIMEOUT: no answer in
 * time (likewise). After link_close() it is called at once. */
typedef void link_answer(void *context, int code, const uint8_t *bytes, size_t len);
void link_request(struct link *link, int peer, const uint8_t *bytes, size_t len, int timeout_ms,
                  link_answer *done, void *context);

/* Ends the call, with at most LIMIT_FRAME - 8 bytes. Every call must be ended; fine when
 * the caller is gone meanwhile, and after link_close(). */
void link_reply(struct link_call *call, const uint8_t *bytes, size_t len);

struct link_counters {
    uint64_t open;    /* connections of others, now */
    uint64_t refused; /* … since the start */
    uint64_t beats_sent, beats_received, beats_bad, beats_replayed;
    uint64_t raft_sent, raft_received, raft_dropped;
};
struct link_counters link_counters(const struct link *link);

#endif
