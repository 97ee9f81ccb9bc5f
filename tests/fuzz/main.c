/* Runs a fuzz target without libFuzzer: every file of a corpus directory as it is, then
 * a fixed number of seeded mutations of each, so that every test run tries the same
 * few thousand bad inputs. */
#include "base/prng.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX (1 << 20)
#define MUTATIONS 200 /* of each file */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In memory of exactly its size, so that a sanitizer sees a read beyond it. */
static void try(const uint8_t *data, size_t size)
{
    uint8_t *exact = malloc(size > 0 ? size : 1);

    if (exact == NULL)
        abort();
    memcpy(exact, data, size);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
}

/* Cuts, flips, overwrites or repeats a part; gives the new size, at most size + 64. */
static size_t mutate(struct prng *prng, uint8_t *data, size_t size)
{
    uint32_t at, len;

    if (size == 0)
        return 0;
    at = prng_below(prng, (uint32_t)size);
    len = 1 + prng_below(prng, 64);
    if (len > size - at)
        len = (uint32_t)(size - at);
    switch (prng_below(prng, 5)) {
    case 0:
        return at;
    case 1:
        data[at] ^= (uint8_t)(1u << prng_below(prng, 8));
        return size;
    case 2:
        data[at] = (uint8_t)prng_next(prng);
        return size;
    case 3:
        memmove(data + at, data + at + len, size - at - len);
        return size - len;
    default:
        memmove(data + at + len, data + at, size - at);
        return size + len;
    }
}

static int run_file(const char *path)
{
    static uint8_t seed[INPUT_MAX], data[INPUT_MAX + 64 * 4];
    FILE *file = fopen(path, "rb");
    struct prng prng;
    size_t size;

    if (file == NULL) {
        perror(path);
        return -1;
    }
    size = fread(seed, 1, sizeof seed, file);
    fclose(file);
    try(seed, size);
    prng_seed(&prng, size);
    for (int i = 0; i < MUTATIONS; i++) {
        size_t now = size;

        memcpy(data, seed, size);
        for (uint32_t n = 1 + prng_below(&prng, 4); n > 0; n--)
            now = mutate(&prng, data, now);
        try(data, now);
    }
    return 0;
}

int main(int argc, char **argv)
{
    DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
    struct dirent *entry;
    int files = 0;

    if (dir == NULL) {
        fprintf(stderr, "usage: %s CORPUS-DIRECTORY\n", argv[0]);
        return 2;
    }
    while ((entry = readdir(dir)) != NULL) {
        char path[4096];

        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
        if (run_file(path) != 0)
            return 1;
        files++;
    }
    closedir(dir);
    printf("%d files, %d mutations of each\n", files, MUTATIONS);
    return files > 0 ? 0 : 1;
}
