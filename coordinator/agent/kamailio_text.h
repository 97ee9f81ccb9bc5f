/* Kamailio's JSON-RPC answers, as text -> facts. Every text is taken as what a stranger
 * sent. */
#ifndef AGENT_KAMAILIO_TEXT_H
#define AGENT_KAMAILIO_TEXT_H

#include "wire/agent.h"

/* What a destination of the dispatcher says, as one letter each of the answer's FLAGS. */
struct kamailio_target {
    char uri[AGENT_URI];
    char state;   /* A active, I inactive, T trying, D disabled */
    bool probing; /* Kamailio probes it itself, and would change its state */
    int weight;   /* rweight; 0: none */
};

/* The answer to request `id` as result or error: 0, and the group's targets (at most `max`),
 * none when there is no such group. ERR_INVALID: not an answer to it; ERR_LIMIT;
 * ERR_REFUSED: Kamailio's own error, in its words. */
int kamailio_parse_list(const char *bytes, size_t len, int id, int set,
                        struct kamailio_target *targets, int max, int *n, struct err *err);
/* The answer to a command that only succeeds or fails. */
int kamailio_parse_done(const char *bytes, size_t len, int id, struct err *err);

#endif
