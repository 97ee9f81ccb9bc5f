/* The caller's control socket: lines in, one JSON line out for each. */
#ifndef TOOLS_CONTROL_H
#define TOOLS_CONTROL_H

#include "base/buf.h"

#include <stdint.h>
#include <uv.h>

struct control;

struct control_handlers {
    void *context;
    void (*mark)(void *context, const char *label);
    void (*report)(void *context, struct buf *out); /* a JSON line */
    uint64_t (*next_call)(void *context);
    void (*quit)(void *context);
};

/* 0, or libuv's error. A socket that an earlier caller left at `path` is replaced. */
int control_open(uv_loop_t *loop, const char *path, const struct control_handlers *handlers,
                 struct control **control);
/* A call ended; `name` is NULL when it failed. */
void control_call_ended(struct control *control, uint64_t number, const char *name);
/* The memory goes when the loop has run empty. */
void control_close(struct control *control);

/* The other end: sends the words as one command and prints the answer. Waits for the socket
 * to appear. 0 done, 1 the answer is no, 2 wrong use, 3 no answer. */
int ctl_main(int n_words, char **words);

#endif
