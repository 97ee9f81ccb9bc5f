/* The HTTP thread, as the loop sees it (web.c). Everything else of it is in inside.h. */
#ifndef WEB_SERVER_H
#define WEB_SERVER_H

#include "web/mailbox.h"
#include "web/web.h"

struct server;

/* No thread yet. `to_loop` is called on the HTTP thread when there is something to take. */
struct server *server_new(const struct web_patience *patience, void (*to_loop)(void *context),
                          void *context);
/* Before the thread runs. */
int server_listen(struct server *server, enum web_audience audience,
                  const struct web_address *address, struct err *err);
int server_start(struct server *server, struct err *err);
/* Takes the message. */
void server_hand(struct server *server, struct message *message);
struct message *server_take(struct server *server);
/* After MESSAGE_STOPPED. */
void server_join(struct server *server);
/* No thread runs. */
void server_free(struct server *server);
void server_counters(const struct server *server, struct web_counters *counters);

#endif
