/* Bytes <-> core: log entries, beats, snapshots of the shared state, admin requests.
 * The only user of the generated protobuf code. Pure. Bytes may come from anyone:
 * every decoder checks ranges against the limits and, where given, the model, and
 * returns ERR_INVALID or ERR_LIMIT without side effects. */
#ifndef WIRE_CODEC_H
#define WIRE_CODEC_H

#include "base/buf.h"
#include "core/detect/beat.h"
#include "core/entry.h"
#include "core/shared.h"

/* An entry begins with format (1 byte, 1) and key id (1 byte, 0 = plain), then
 * protobuf. Padded with zeros to a multiple of 8 (libraft); the length is inside. */
void entry_encode(const struct entry *entry, struct buf *out);
/* ENTRY_CONFIG comes with its model parsed. entry_free() afterwards, also on error.
 * Indices are only checked against the limits; shared_apply() checks them against
 * its model. */
int entry_decode(const uint8_t *bytes, size_t len, struct entry *entry, struct err *err);

/* At most LIMIT_BEAT bytes, whatever the beat holds: votes that do not fit are left
 * out from the end. */
void beat_encode(const struct beat *beat, struct buf *out);
int beat_decode(const uint8_t *bytes, size_t len, struct beat *beat, struct err *err);

/* A snapshot of everything in struct shared (the configuration as its YAML bytes). */
void shared_encode(const struct shared *shared, struct buf *out);
int shared_decode(const uint8_t *bytes, size_t len, struct shared **shared, struct err *err);

/* Requests on the port, by operators and between coordinators. Arguments and
 * results are JSON objects: the same that `kirikae VERB --json` prints. */
struct rpc_request {
    char verb[LIMIT_NAME];
    struct buf args;         /* JSON object; empty: {} */
    char behalf[LIMIT_NAME]; /* a node forwards for this operator; empty: itself */
    int behalf_role;         /* enum link_role of link/link.h */
};
struct rpc_response {
    int code;                  /* 0, or ERR_… */
    char text[LIMIT_TEXT * 4]; /* why not */
    char leader[LIMIT_NAME];   /* whom to ask instead, when known */
    struct buf result;         /* JSON */
};
void rpc_request_encode(const struct rpc_request *request, struct buf *out);
int rpc_request_decode(const uint8_t *bytes, size_t len, struct rpc_request *request,
                       struct err *err);
void rpc_request_free(struct rpc_request *request);
void rpc_response_encode(const struct rpc_response *response, struct buf *out);
int rpc_response_decode(const uint8_t *bytes, size_t len, struct rpc_response *response,
                        struct err *err);
void rpc_response_free(struct rpc_response *response);

#endif
