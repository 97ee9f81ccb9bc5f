/* A server's own software, as far as kirikae is concerned: reports how it is, again and again.
 *
 *   software NODE_FILE CHECK EVERY_MS STATE_FILE
 *
 * STATE_FILE may say "failing", or "nothing": then nothing is reported. Without it: ok. */
#include "kirikae/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void read_state(const char *path, char state[16])
{
    FILE *file = fopen(path, "re");

    state[0] = '\0';
    if (file == NULL)
        return;
    if (fscanf(file, "%15s", state) != 1)
        state[0] = '\0';
    fclose(file);
}

static void wait_ms(int ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    nanosleep(&t, NULL);
}

int main(int argc, char **argv)
{
    struct kirikae *k = kirikae_new();
    char state[16];
    int every_ms;

    if (argc != 5) {
        fprintf(stderr, "usage: software NODE_FILE CHECK EVERY_MS STATE_FILE\n");
        return 2;
    }
    every_ms = atoi(argv[3]);
    if (every_ms < 1 || kirikae_load_node(k, argv[1]) != KIRIKAE_DONE) {
        fprintf(stderr, "%s\n", kirikae_error(k));
        return 2;
    }
    for (;; wait_ms(every_ms)) {
        read_state(argv[4], state);
        if (strcmp(state, "nothing") != 0 &&
            kirikae_report(k, argv[2], strcmp(state, "failing") == 0 ? KIRIKAE_FAILING : KIRIKAE_OK,
                           state, 500) != KIRIKAE_DONE)
            fprintf(stderr, "%s\n", kirikae_error(k));
    }
}
