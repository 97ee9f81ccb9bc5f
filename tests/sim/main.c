/* Seeds through the simulator.
 *
 *   sim [--from N] [--seeds N] [--for TIME] [--nodes N] [--length TIME] [--twice]
 *                 seeds one after the other, a line for each that fails; exit 1 if one did
 *   sim --seed N [--trace] [--shrink] [--nodes N] [--length TIME]
 *                 one of them, with all that happens, or its schedule made short
 *   sim --grants …
 *                 either of these, all about the promise on exclusive routes: small and short,
 *                 with holders that are the last to know and voters that forget
 *   sim --gaps …
 *                 or all about times without a quorum, and what fails about them
 *   sim --calm TIME --config FILE
 *                 that configuration with nothing going wrong, and how fast it went
 *   sim --invariants
 *                 what must always hold, by name */
#include "base/check.h"
#include "base/log.h"
#include "run.h"
#include "simulate/truth/watch.h"
#include "wire/config.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TWICE_EVERY 16 /* so often a seed runs again and must give the same */
#define SHRINK_RUNS 200

struct options {
    uint64_t from, seeds, seed;
    int64_t for_ms;
    struct wishes wishes;
    bool one, trace, shrink, twice;
    int64_t calm_ms;
    const char *config;
};

struct total {
    uint64_t seeds, failed;
    int64_t simulated_ms;
    struct sim_counts counts;
};

static int64_t wall_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000ll + now.tv_nsec / 1000000;
}

static int64_t processor_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec * 1000ll + now.tv_nsec / 1000000;
}

static void print_note(void *context, const struct note *note)
{
    static const char *const kinds[] = {
        [NOTE_FAULT] = "fault",   [NOTE_LOG] = "log",         [NOTE_LEADER] = "leader",
        [NOTE_LEDGER] = "ledger", [NOTE_SWITCH] = "switch",   [NOTE_CALLERS] = "callers",
        [NOTE_REPLY] = "reply",   [NOTE_PROCESS] = "process", [NOTE_HOLDER] = "holder",
        [NOTE_TOLD] = "told",     [NOTE_BREACH] = "BREACH"};
    const struct model *model = context;

    printf("%10.3f %-7s %-10s %s: %s\n", (double)note->at_ms / 1000, kinds[note->kind],
           note->server >= 0 ? model->servers[note->server].name : "-", note->word, note->text);
}

static void print_schedule(const struct plan *plan, const struct model *model)
{
    struct buf text = {0};
    int i;

    printf("seed %llu: %d nodes, %lld ms, snapshots every %d, sites %d ms apart\n",
           (unsigned long long)plan->seed, plan->nodes, (long long)plan->length_ms,
           plan->snapshot_every, plan->between_sites_ms);
    for (i = 0; i < plan->n_faults; i++) {
        buf_clear(&text);
        fault_format(&plan->faults[i], model, &text);
        printf("  %s\n", buf_cstr(&text));
    }
    buf_free(&text);
}

static void print_failure(const struct options *options, const struct plan *plan,
                          const struct outcome *outcome)
{
    printf("FAIL seed %llu: %s at %.3f s: %s | sim --seed %llu --trace",
           (unsigned long long)plan->seed, outcome->breach, (double)outcome->at_ms / 1000,
           outcome->text, (unsigned long long)plan->seed);
    if (options->wishes.grants)
        printf(" --grants");
    if (options->wishes.gaps)
        printf(" --gaps");
    if (options->wishes.nodes > 0)
        printf(" --nodes %d", options->wishes.nodes);
    if (options->wishes.length_ms > 0)
        printf(" --length %lldms", (long long)options->wishes.length_ms);
    printf("\n");
    fflush(stdout);
}

static int run_one(const struct options *options)
{
    struct outcome outcome;
    struct model *model;
    struct plan plan;
    struct err err;

    plan_draw(&plan, options->seed, &options->wishes);
    CHECK(config_parse("drawn", plan.yaml.data, plan.yaml.len, &model, &err) == 0);
    if (!options->shrink || options->trace)
        print_schedule(&plan, model);
    plan_run(&plan, options->trace && !options->shrink ? print_note : NULL, model, &outcome);
    if (options->shrink && outcome.breach[0] != '\0') {
        plan_shrink(&plan, &outcome, SHRINK_RUNS);
        print_schedule(&plan, model);
        plan_run(&plan, options->trace ? print_note : NULL, model, &outcome);
    }
    if (outcome.breach[0] != '\0')
        print_failure(options, &plan, &outcome);
    else
        printf("seed %llu: all kept, digest %016llx\n", (unsigned long long)options->seed,
               (unsigned long long)outcome.digest);
    plan_free(&plan);
    model_free(model);
    return outcome.breach[0] != '\0';
}

static void add(struct total *total, const struct outcome *outcome)
{
    total->seeds++;
    total->simulated_ms += outcome->simulated_ms;
    total->counts.events += outcome->counts.events;
    total->counts.entries += outcome->counts.entries;
    total->counts.elections += outcome->counts.elections;
    total->counts.moves += outcome->counts.moves;
    total->counts.starts += outcome->counts.starts;
    total->counts.commands += outcome->counts.commands;
    total->counts.outside += outcome->counts.outside;
}

static bool run_seed(const struct options *options, uint64_t seed, struct total *total)
{
    struct outcome outcome, again;
    struct plan plan;
    bool bad;

    plan_draw(&plan, seed, &options->wishes);
    plan_run(&plan, NULL, NULL, &outcome);
    add(total, &outcome);
    if (outcome.breach[0] == '\0' && (options->twice || seed % TWICE_EVERY == 0)) {
        plan_run(&plan, NULL, NULL, &again);
        if (again.digest != outcome.digest)
            strcpy(outcome.breach, "not-repeatable");
    }
    bad = outcome.breach[0] != '\0';
    if (bad)
        print_failure(options, &plan, &outcome);
    total->failed += bad;
    plan_free(&plan);
    return bad;
}

static int run_many(const struct options *options)
{
    int64_t begin_ms = wall_ms(), spent_ms;
    struct total total = {0};
    uint64_t seed;

    for (seed = options->from; options->seeds == 0 || seed < options->from + options->seeds;
         seed++) {
        if (options->for_ms > 0 && wall_ms() - begin_ms >= options->for_ms)
            break;
        run_seed(options, seed, &total);
    }
    spent_ms = wall_ms() - begin_ms;
    printf("%llu seeds from %llu, %llu failed: %.1f simulated hours, %llu entries, %d terms led, "
           "%d moves, %d starts, %d commands, %d not covered, %llu events in %.1f s\n",
           (unsigned long long)total.seeds, (unsigned long long)options->from,
           (unsigned long long)total.failed, (double)total.simulated_ms / 3600000,
           (unsigned long long)total.counts.entries, total.counts.elections, total.counts.moves,
           total.counts.starts, total.counts.commands, total.counts.outside,
           (unsigned long long)total.counts.events, (double)spent_ms / 1000);
    return total.failed > 0;
}

#define YEAR_MS (365.25 * 24 * 3600 * 1000)

static struct buf read_file(const char *path)
{
    struct buf text = {0};
    FILE *file = fopen(path, "r");
    uint8_t bytes[4096];
    size_t n;

    if (file == NULL) {
        perror(path);
        exit(2);
    }
    while ((n = fread(bytes, 1, sizeof bytes, file)) > 0)
        buf_append(&text, bytes, n);
    fclose(file);
    return text;
}

static int run_calm(const struct options *options)
{
    struct buf yaml = read_file(options->config);
    struct sim_options o = {.name = options->config,
                            .yaml = yaml.data,
                            .yaml_len = yaml.len,
                            .seed = options->from,
                            .log_level = LOG_LEVEL_ERROR};
    int64_t begin_ms, spent_ms;
    struct sim_counts counts;
    const char *name, *text;
    struct sim *sim;
    struct err err;

    if (sim_new(&o, &sim, &err) < 0) {
        fprintf(stderr, "sim: %s\n", err.text);
        return 2;
    }
    sim_run(sim, 0);
    begin_ms = processor_ms();
    sim_run(sim, options->calm_ms);
    spent_ms = processor_ms() - begin_ms;
    counts = sim_counts(sim);
    name = sim_breach(sim, &text);
    printf("%s: %.2f h simulated in %.1f s of one core: %.0f times real time, %.2f cluster-years a "
           "day; "
           "%d terms led, %d moves, %d verdicts, %.0f events a second\n",
           options->config, (double)options->calm_ms / 3600000, (double)spent_ms / 1000,
           (double)options->calm_ms / (double)spent_ms,
           (double)options->calm_ms / (double)spent_ms * 86400000 / YEAR_MS, counts.elections,
           counts.moves, counts.verdicts, (double)counts.events * 1000 / (double)options->calm_ms);
    if (name != NULL)
        printf("FAIL %s: %s\n", name, text);
    sim_free(sim);
    buf_free(&yaml);
    return name != NULL;
}

static int print_invariants(void)
{
    int i;

    for (i = 0; invariants[i].name != NULL; i++)
        printf("%-22s%s\n", invariants[i].name, invariants[i].says);
    return 0;
}

static int64_t time_option(const char *text)
{
    struct err err;
    int64_t ms;

    if (fault_time_parse(text, &ms, &err) < 0) {
        fprintf(stderr, "sim: %s\n", err.text);
        exit(2);
    }
    return ms;
}

int main(int argc, char **argv)
{
    static const struct option longs[] = {{"from", required_argument, NULL, 'f'},
                                          {"seeds", required_argument, NULL, 'n'},
                                          {"for", required_argument, NULL, 't'},
                                          {"nodes", required_argument, NULL, 'N'},
                                          {"grants", no_argument, NULL, 'G'},
                                          {"length", required_argument, NULL, 'l'},
                                          {"seed", required_argument, NULL, 's'},
                                          {"trace", no_argument, NULL, 'T'},
                                          {"shrink", no_argument, NULL, 'S'},
                                          {"twice", no_argument, NULL, '2'},
                                          {"calm", required_argument, NULL, 'c'},
                                          {"config", required_argument, NULL, 'C'},
                                          {"invariants", no_argument, NULL, 'I'},
                                          {"gaps", no_argument, NULL, 'g'},
                                          {NULL, 0, NULL, 0}};
    struct options options = {.from = 1};
    int option;

    setvbuf(stdout, NULL, _IOLBF, 0);
    while ((option = getopt_long(argc, argv, "", longs, NULL)) != -1)
        switch (option) {
        case 'f':
            options.from = strtoull(optarg, NULL, 10);
            break;
        case 'n':
            options.seeds = strtoull(optarg, NULL, 10);
            break;
        case 't':
            options.for_ms = time_option(optarg);
            break;
        case 'G':
            options.wishes.grants = true;
            break;
        case 'g':
            options.wishes.gaps = true;
            break;
        case 'N':
            options.wishes.nodes = atoi(optarg);
            break;
        case 'l':
            options.wishes.length_ms = time_option(optarg);
            break;
        case 's':
            options.one = true;
            options.seed = strtoull(optarg, NULL, 10);
            break;
        case 'T':
            options.trace = true;
            break;
        case 'S':
            options.shrink = true;
            break;
        case '2':
            options.twice = true;
            break;
        case 'c':
            options.calm_ms = time_option(optarg);
            break;
        case 'C':
            options.config = optarg;
            break;
        case 'I':
            return print_invariants();
        default:
            return 2;
        }
    if (options.calm_ms > 0 && options.config != NULL)
        return run_calm(&options);
    if (options.one)
        return run_one(&options);
    if (options.seeds == 0 && options.for_ms == 0)
        options.seeds = 100;
    return run_many(&options);
}
