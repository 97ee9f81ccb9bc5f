/* What a leader orders of kirikae-agent, and what it answers. The agent stands beside a
 * switch that cannot compare epochs (Kamailio's dispatcher, a program) and does it in its
 * place. The file of an agent is the same bytes, and why the order was refused. */
#ifndef WIRE_AGENT_H
#define WIRE_AGENT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"

#include <stdbool.h>
#include <stdint.h>

#define AGENT_URI 160          /* bytes of "sip:HOST:PORT;transport=tcp" and its NUL */
#define AGENT_ORDER (64 << 10) /* bytes of an order, encoded */

enum agent_kind { AGENT_KAMAILIO, AGENT_EXEC };
enum agent_duty {
    AGENT_RESTS,  /* gets nothing */
    AGENT_DRAINS, /* gets nothing new */
    AGENT_SERVES,
};

struct agent_server {
    char name[LIMIT_NAME];
    char uri[AGENT_URI]; /* kamailio */
    enum agent_duty duty;
    int weight; /* 1 .. 100 */
};

struct agent_order {
    char route[LIMIT_NAME], actuator[LIMIT_NAME];
    uint32_t epoch, step;
    char candidate[LIMIT_NAME], value[LIMIT_NAME];
    enum agent_kind kind;
    int timeout_ms;           /* 1 .. 60 000: an answer later than this finds nobody */
    int set;                  /* kamailio: the dispatcher's group */
    char program[LIMIT_NAME]; /* exec: as named in the agent's own file */
    struct agent_server servers[LIMIT_SERVERS]; /* of all candidates, each once */
    int n_servers;
};

struct agent_answer {
    int code; /* 0: it says what was ordered; else as act_result.code */
    bool changed;
    uint32_t epoch, step; /* the newest it had seen before */
    char text[LIMIT_TEXT];
};

void agent_order_encode(const struct agent_order *order, struct buf *out);
/* ERR_INVALID: not an order. Names are such as can be part of a file's name, URIs such as can
 * be a word of dispatcher's list. */
int agent_order_decode(const uint8_t *bytes, size_t len, struct agent_order *order,
                       struct err *err);
/* As an agent keeps it. `refused`: why it was refused for good; "": it was not. */
void agent_kept_encode(const struct agent_order *order, const char *refused, struct buf *out);
int agent_kept_decode(const uint8_t *bytes, size_t len, struct agent_order *order,
                      char refused[LIMIT_TEXT], struct err *err);
void agent_answer_encode(const struct agent_answer *answer, struct buf *out);
int agent_answer_decode(const uint8_t *bytes, size_t len, struct agent_answer *answer,
                        struct err *err);

#endif
