/* The arguments of a program that runs by a configuration file: --config FILE, --check,
 * --version, --help, and what it has besides. */
#ifndef BASE_ARGS_H
#define BASE_ARGS_H

#include <stdbool.h>

struct args {
    const char *program; /* its name, for --version */
    const char *usage;   /* for --help, and for wrong use */
    const char *also;    /* another option, "init"; NULL: none */

    const char *config; /* read: never NULL when there is something to run */
    bool check, also_given;
};

const char *args_version(void);

/* Less than 0: go on. Else the exit code: all is said (0), or that the use was wrong (2). */
int args_read(struct args *args, int argc, char **argv);

#endif
