/* A delivery and its peer, for the tests of each kind of channel. */
#ifndef TEST_ACT_NOTIFY_WORLD_H
#define TEST_ACT_NOTIFY_WORLD_H

#include "act/notify.h"
#include "peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sys/types.h>

#define SECRET "s3cret-of-the-fixture"
#define KEY "acme.7.ops"

struct world {
    uv_loop_t loop;
    struct notify *notify;
    struct peer peer;
    char dir[64], secret_file[96], ca_file[96];
    struct channel channel;
    struct notify_message message;
    struct notify_result result;
    int done;
    struct buf input;
};

void write_file(const char *path, const char *text, mode_t mode);
int setup(void **state);
int teardown(void **state);
/* For notify_send() and notify_close(); the context is the world, or a bool. */
void on_done(void *context, const struct notify_result *result);
void on_closed(void *context);
/* Sends, and waits for the end. */
void deliver(struct world *w);
/* Sends to a peer that goes by the script. */
void exchange(struct world *w, const char *scheme, const struct peer_step *script);
void expect(const struct world *w, int code, bool unsure, const char *text);
/* What came to the peer. */
const char *input(struct world *w);
void expect_input(struct world *w, const char *text);

#define NOTIFY_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
