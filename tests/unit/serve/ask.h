/* Requests of callers of all roles; the link is a stand-in, in which a call keeps its answer. */
#ifndef TESTS_UNIT_SERVE_ASK_H
#define TESTS_UNIT_SERVE_ASK_H

#include "wire/codec.h"
#include "world.h"

#include <jansson.h>

#define ID "00112233445566778899aabbccddeeff"
#define ID_2 "fedcba9876543210fedcba9876543210"

struct link_call {
    int answered;
    struct rpc_response response;
};

struct link {
    int peer, timeout_ms, requests;
    struct rpc_request sent;
    link_answer *done;
    void *context;
};

struct caller {
    enum link_role role;
    const char *name;
    int peer;
    const char *behalf;
    enum link_role behalf_role;
};

extern const struct caller admin, viewer, node, node_for_admin, node_for_viewer, node_for_node,
    admin_for_other;
extern const char move_args[]; /* of a switchover to osaka */

void ask(struct world *world, const struct caller *who, const char *verb, const char *args,
         struct link_call *call);
json_t *result_of(struct link_call *call);
json_t *get(struct world *world, const char *verb, const char *args);
void refused(struct world *world, const struct caller *who, const char *verb, const char *args,
             int code, const char *text);
struct world *leader(void);
const char *text(const json_t *object, const char *key);
/* The commands of one test, each with an id of its own; "done" or why not. */
const char *tell(struct world *world, const struct caller *who, const char *verb, const char *args);
void told(struct world *world, const char *verb, const char *args, const char *wanted);
const struct shared *shared_of(const struct world *world);

#endif
