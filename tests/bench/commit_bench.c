/* How long one entry takes to be committed, one by one over one connection, as an operator's
 * program sees it: maintenance windows far ahead are announced. Beside it a question that
 * needs no commit: what asking itself costs.
 *
 *   commit_bench CLUSTER-FILE CA CERT KEY NODE N
 *
 * Prints a JSON line: microseconds, by percentile. Ask the leader: others only point to it. */
#include "base/clock.h"
#include "base/mem.h"

#include <kirikae/client.h>
#include <stdio.h>
#include <stdlib.h>

enum { WARM_UP = 20, DEADLINE_MS = 5000 };

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* 0, or 1 and a line on stderr. */
static int ask(struct kirikae *k, const char *verb, const char *args)
{
    char *result = NULL;
    enum kirikae_result r = kirikae_call(k, verb, args, DEADLINE_MS, &result);

    kirikae_free_text(result);
    if (r == KIRIKAE_DONE)
        return 0;
    fprintf(stderr, "commit_bench: %s: %s\n", verb, kirikae_error(k));
    return 1;
}

static int announce(struct kirikae *k)
{
    char id[33], args[256];

    if (kirikae_new_id(k, id) != KIRIKAE_DONE)
        return 1;
    snprintf(args, sizeof args,
             "{\"id\":\"%s\",\"functions\":[\"calling\"],\"start\":\"2099-01-01T00:00:00Z\","
             "\"end\":\"2099-01-01T01:00:00Z\",\"reason\":\"a bench of commits\"}",
             id);
    return ask(k, "maintenance-add", args);
}

static int question(struct kirikae *k)
{
    return ask(k, "routes", NULL);
}

static int measure(struct kirikae *k, int (*once)(struct kirikae *k), int n, int64_t *took_us)
{
    int i;

    for (i = -WARM_UP; i < n; i++) {
        int64_t began_us = clock_boot_us();

        if (once(k) != 0)
            return 1;
        if (i >= 0)
            took_us[i] = clock_boot_us() - began_us;
    }
    qsort(took_us, (size_t)n, sizeof took_us[0], by_size);
    return 0;
}

int main(int argc, char **argv)
{
    int n = argc == 7 ? atoi(argv[6]) : 0, r;
    int64_t *commit_us, *ask_us;
    struct kirikae *k;

    if (n < 1 || n > 500) {
        fputs("commit_bench CLUSTER-FILE CA CERT KEY NODE N (1 to 500)\n", stderr);
        return 2;
    }
    commit_us = mem_zalloc((size_t)n, sizeof *commit_us);
    ask_us = mem_zalloc((size_t)n, sizeof *ask_us);
    k = kirikae_new();
    r = kirikae_load_cluster(k, argv[1]) != KIRIKAE_DONE ||
        kirikae_set_tls(k, argv[2], argv[3], argv[4]) != KIRIKAE_DONE ||
        kirikae_prefer(k, argv[5]) != KIRIKAE_DONE;
    if (r != 0)
        fprintf(stderr, "commit_bench: %s\n", kirikae_error(k));
    if (r == 0)
        r = measure(k, question, n, ask_us);
    if (r == 0)
        r = measure(k, announce, n, commit_us);
    if (r == 0)
        printf("{\"n\":%d,\"p50_us\":%lld,\"p99_us\":%lld,\"ask_p50_us\":%lld}\n", n,
               (long long)commit_us[n / 2], (long long)commit_us[n * 99 / 100],
               (long long)ask_us[n / 2]);
    kirikae_free(k);
    mem_free(commit_us);
    mem_free(ask_us);
    return r;
}
