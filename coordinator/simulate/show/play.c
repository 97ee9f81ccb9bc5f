#include "simulate/show/play.h"
#include "wire/config.h"

#include <stdio.h>

#define CALM_MS 5000  /* for an election, beats and connections */
#define REST_MS 60000 /* for what comes back: elections, snapshots, retries */
#define NOTICES_MS 180000 /* for who was silent, and is tried again later and later */
#define LOOK_MS 250   /* between two looks whether all is at rest */

static int64_t slowest_check_ms(const struct model *model)
{
    int64_t slowest_ms = 0;
    int i;

    for (i = 0; i < model->n_checks; i++) {
        const struct check *check = &model->checks[i];
        int64_t known_ms = (int64_t)check->interval_ms * 11 / 10 * check->rise + check->timeout_ms;

        if (known_ms > slowest_ms)
            slowest_ms = known_ms;
    }
    return slowest_ms;
}

/* How long every check takes to be known again, and so a healed world to come to rest. */
static int64_t rest_ms(const struct model *model)
{
    return REST_MS + 2 * slowest_check_ms(model) + (model->notices != NULL ? NOTICES_MS : 0);
}

int play_open(const struct play_options *options, struct sim **sim, struct err *err)
{
    struct sim_options world = {.name = options->name,
                                .yaml = options->yaml,
                                .yaml_len = options->yaml_len,
                                .seed = options->seed,
                                .between_sites_ms = options->between_sites_ms,
                                .log_level = options->log_level,
                                .tell = options->tell,
                                .context = options->context};
    struct model *model;
    const char *breach;
    int r;

    r = config_parse(options->name, options->yaml, options->yaml_len, &model, err);
    if (r < 0)
        return r;
    world.warm_up_ms = CALM_MS + slowest_check_ms(model);
    model_free(model);
    r = sim_new(&world, sim, err);
    if (r < 0)
        return r;
    sim_run(*sim, 0);
    sim_callers_begin(*sim);
    breach = sim_breach(*sim, NULL);
    if (breach == NULL && sim_leader(*sim) >= 0)
        return 0;
    err_set(err, ERR_REFUSED, "seed %llu: without any fault, %s%s",
            (unsigned long long)options->seed, breach != NULL ? "it breaks " : "nobody leads",
            breach != NULL ? breach : "");
    sim_free(*sim);
    return ERR_REFUSED;
}

void play_to_rest(struct sim *sim, int64_t length_ms, struct played *played)
{
    const char *breach, *text;
    struct buf why = {0};
    int64_t until_ms;

    *played = (struct played){0};
    sim_run(sim, length_ms);
    sim_heal(sim);
    played->healed_ms = sim_now(sim);
    until_ms = sim_now(sim) + rest_ms(sim_model(sim));
    while (!played->settled && sim_now(sim) < until_ms && sim_run(sim, sim_now(sim) + LOOK_MS) == 0)
        played->settled = sim_settled(sim, &why);
    played->settled_ms = sim_now(sim) - played->healed_ms;
    played->outside = sim_counts(sim).outside;
    breach = sim_breach(sim, &text);
    if (breach != NULL) {
        snprintf(played->breach, sizeof played->breach, "%s", breach);
        snprintf(played->breach_text, sizeof played->breach_text, "%s", text);
    } else if (!played->settled) {
        snprintf(played->why, sizeof played->why, "%s", buf_cstr(&why));
    }
    buf_free(&why);
}
