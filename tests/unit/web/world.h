/* A web in a loop, and clients with real sockets on loopback. */
#ifndef TESTS_WEB_WORLD_H
#define TESTS_WEB_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/clock.h"
#include "web/web.h"

#include <stdbool.h>
#include <string.h>

struct world {
    uv_loop_t loop;
    struct web *web; /* NULL: closed */
    struct log *log;
    int ports[WEB_AUDIENCES];
    int lines; /* logged */
    char line[512];
};

/* Listens for all audiences. */
struct world *world_open(const struct web_patience *patience);
void world_close(struct world *world); /* and waits until it is */
void world_free(struct world *world);  /* closes what is open */
void world_step(struct world *world);
int world_free_port(void);

/* What takes longer than this hangs: no machine is so slow. */
#define PATIENCE_MS 60000

#define UNTIL(world, condition)                                                                    \
    do {                                                                                           \
        int64_t until_ms = clock_boot_ms() + PATIENCE_MS;                                          \
        while (!(condition)) {                                                                     \
            assert_true(clock_boot_ms() < until_ms);                                               \
            world_step(world);                                                                     \
        }                                                                                          \
    } while (0)

/* One connection. */
struct client {
    int fd;
    struct buf in;
    bool over; /* the other side has closed */
};

struct client client_connect(struct world *world, enum web_audience audience);
void client_close(struct client *client);
void client_say(struct client *client, const char *text);
/* What came meanwhile; does not wait. */
void client_look(struct client *client);
/* "GET path HTTP/1.1" with a Host and these lines more ("" or "A: b\r\n"). */
void client_get(struct client *client, const char *path, const char *lines);
/* A whole answer with its Content-Length; the loop runs, or not. The text stays in `in`. */
const char *client_answer(struct world *world, struct client *client, bool loop_runs);
int status_of(const char *answer);
/* The value of a header in `answer`, in a static buffer; NULL: not there. */
const char *header_of(const char *answer, const char *name);
const char *body_of(const char *answer);

/* A connection for one request, which may be any text; the answer is static. */
const char *ask(struct world *world, enum web_audience audience, const char *text);
const char *get(struct world *world, enum web_audience audience, const char *path);

#endif
