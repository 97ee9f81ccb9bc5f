/* A conversation with HAProxy's command line in interactive mode ("prompt"): several
 * commands at once, one answer for each, over one connection for a whole call. (One
 * connection matters: a map version taken before a restart must not be committed after
 * it, where the same number may be someone else's.) Inside a call of act/call.h. */
#ifndef ACT_HAPROXY_CLI_H
#define ACT_HAPROXY_CLI_H

#include "act/haproxy_pool.h"
#include "base/buf.h"

#define HAPROXY_ASK_MAX (HAPROXY_POOL_COMMANDS + LIMIT_CANDIDATES + 8) /* commands at once */
#define HAPROXY_ANSWER_MAX (256 << 10) /* bytes of answers to one set of commands */

struct haproxy_cli;

/* `answers`: NUL-terminated, without the empty line at the end; valid until the return. */
typedef void haproxy_answers(struct call *call, const char *const *answers, int n);

/* Connects to the actuator's address. When that fails the call is finished. */
struct haproxy_cli *haproxy_cli_open(struct call *call);
/* Sends `commands` (n lines) and calls `answers` when all n came. One set at a time. The
 * first may be sent before the connection stands. */
void haproxy_cli_ask(struct haproxy_cli *cli, const struct buf *commands, int n,
                     haproxy_answers *answers);
void haproxy_cli_close(struct haproxy_cli *cli); /* NULL is fine */
void haproxy_cli_free(struct haproxy_cli *cli);  /* after the call's last release */

#endif
