/* Shared by the real*.c files only: processes. */
#ifndef TESTS_ACT_REAL_PRIVATE_H
#define TESTS_ACT_REAL_PRIVATE_H

#include "real.h"

/* The directory holds plain files, and directories of plain files at most two deep. */
void real_remove_tree(const char *path);
int real_bound(int type, int *port);
bool real_can_connect(int port);
/* Starts a server and waits until it is ready; a missing program fails the test. */
void real_start(struct world *world, const char *const *argv,
                bool (*is_ready)(const struct world *));
void real_append(char *text, size_t room, const char *format, ...);

#endif
