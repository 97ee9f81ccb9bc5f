#include "base/args.h"

#include <getopt.h>
#include <stdio.h>

enum { GO_ON = -1, DONE = 0, WRONG = 2 };

const char *args_version(void)
{
    return KIRIKAE_VERSION;
}

static int read_option(struct args *args, int option)
{
    switch (option) {
    case 'c':
        args->config = optarg;
        return GO_ON;
    case 'k':
        args->check = true;
        return GO_ON;
    case 'a':
        args->also_given = true;
        return GO_ON;
    case 'v':
        printf("%s %s\n", args->program, args_version());
        return DONE;
    case 'h':
        fputs(args->usage, stdout);
        return DONE;
    default:
        return WRONG; /* getopt has said what */
    }
}

int args_read(struct args *args, int argc, char **argv)
{
    const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"check", no_argument, NULL, 'k'},
        {"version", no_argument, NULL, 'v'},      {"help", no_argument, NULL, 'h'},
        {args->also, no_argument, NULL, 'a'},     {NULL, 0, NULL, 0}};
    int option;

    optind = 0; /* from the beginning, and with nothing left of a reading before */
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        int rc = read_option(args, option);

        if (rc != GO_ON)
            return rc;
    }
    if (args->config != NULL && optind == argc)
        return GO_ON;
    fputs(args->usage, stderr);
    return WRONG;
}
