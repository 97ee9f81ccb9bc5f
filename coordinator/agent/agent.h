/* kirikae-agent: stands beside a switch that cannot compare epochs, is the only one that
 * commands it, and compares in its place. Orders come from the coordinators by mutual TLS
 * (link/agent.h). The newest (epoch, step) of each actuator is on disk before it is obeyed, so
 * that an older order is refused after any restart too.
 *
 * The parts, for the files of this folder: config.c, orders.c (what was ordered), kamailio.c
 * and program.c (how it is done), port.c (who asks), main.c. What does something blocks, and
 * runs on libuv's pool; the rest is on the loop thread. */
#ifndef AGENT_AGENT_H
#define AGENT_AGENT_H

#include "base/log.h"
#include "wire/agent.h"

#include <stddef.h>
#include <uv.h>

#define AGENT_PROGRAMS 32
#define AGENT_ORDERS 64 /* actuators that it keeps orders of */

struct agent_config {
    char name[LIMIT_NAME];
    char host[LIMIT_NAME]; /* to listen on: an address */
    int port;
    char ca[LIMIT_TEXT], cert[LIMIT_TEXT], key[LIMIT_TEXT];
    char state_dir[LIMIT_TEXT];
    char socket[LIMIT_TEXT], list[LIMIT_TEXT]; /* kamailio; "": there is none */
    struct {
        char name[LIMIT_NAME], path[LIMIT_TEXT];
    } programs[AGENT_PROGRAMS];
    int n_programs;
};

/* Refuses with file and line: ERR_INVALID. */
int agent_config_parse(const char *file, const uint8_t *yaml, size_t len,
                       struct agent_config *config, struct err *err);

/* ---- orders.c ---- */

struct orders;

/* Reads what was kept; ERR_IO, ERR_CORRUPT. */
int orders_open(const char *dir, struct orders **orders, struct err *err);
void orders_close(struct orders *orders); /* NULL is fine */
/* Compares, and keeps the order when it is not older than the newest of its actuator; the
 * answer's epoch and step are what was kept before. 0: it is on disk, obey it; ERR_STALE;
 * ERR_IO, ERR_LIMIT: not kept, so not to be obeyed. */
int orders_keep(struct orders *orders, const struct agent_order *order, struct agent_answer *answer,
                struct err *err);
/* An order that was refused for good is not done again, after any restart either: ERR_IO when
 * it is remembered until then only. */
int orders_refuse(struct orders *orders, const struct agent_order *order, const char *why,
                  struct err *err);
const char *orders_refused(const struct orders *orders, const struct agent_order *order);
bool agent_same_actuator(const struct agent_order *a, const struct agent_order *b);
/* By number from 0; NULL behind the last. Valid until the next orders_keep(). */
const struct agent_order *orders_at(const struct orders *orders, int i);

/* ---- kamailio.c: the dispatcher, over its datagram socket ---- */

/* Makes the dispatcher say what is ordered, and reads back. `list`: the whole list file. */
int kamailio_obey(const struct agent_config *config, const struct agent_order *order,
                  const struct buf *list, bool *changed, struct err *err);
int kamailio_write_list(const char *path, const struct buf *list, struct err *err);
/* What the list file says for all orders that are kept. */
void kamailio_list(const struct orders *orders, struct buf *out);

/* ---- program.c ---- */

/* Runs the program that is ordered: read, and when that says no, apply and read again. A
 * readable `stop` ends it, like the time's end: its whole process group is killed.
 * ERR_REFUSED: it said no for good. */
int program_obey(const struct agent_config *config, const struct agent_order *order, int stop,
                 bool *changed, struct err *err);

/* ---- port.c ---- */

struct agent;

int agent_open(uv_loop_t *loop, const struct agent_config *config, struct log *log,
               struct agent **agent, struct err *err);
int agent_reload(struct agent *agent, struct err *err); /* certificates */
void agent_close(struct agent *agent, void (*closed)(void *context), void *context);

#endif
