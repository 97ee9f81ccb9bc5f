/* Nodes in processes of their own: real link, serve, engine and ledger; no Raft (see
 * serve/world.h). All on a loopback address that belongs to this process alone. */
#ifndef TESTS_UNIT_CLIENT_NODE_H
#define TESTS_UNIT_CLIENT_NODE_H

#include "core/entry.h"

#include <stdbool.h>
#include <sys/types.h>

#define NODES 3
#define NODES_PATH 128

struct nodes {
    char dir[64];
    char host[32];
    int ports[NODES];
    pid_t pids[NODES];
    int pipes[NODES]; /* closing ends the node */
    char cluster[NODES_PATH], ca[NODES_PATH], admin[NODES_PATH];
};

/* What a node is to be. */
struct node_plan {
    bool up;
    int leader;    /* server; -1: nobody known */
    bool outage;   /* the leader has seen tokyo fail and move away */
    bool impostor; /* shows a certificate of another name */
    bool mute;     /* accepts requests and never answers */
};

/* Certificates NAME.pem, NAME.key for operators "hanako" (admin) and "taro" (viewer), the
 * cluster file, an admin file; then the nodes, ready to be asked. */
struct nodes *nodes_start(const struct node_plan plans[NODES]);
void nodes_stop(struct nodes *nodes); /* every process must end well */
void nodes_kill(struct nodes *nodes, int node);
void nodes_path(const struct nodes *nodes, const char *name, char path[NODES_PATH]);

#endif
