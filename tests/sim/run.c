#include "run.h"
#include "base/check.h"
#include "base/prng.h"
#include "simulate/show/play.h"
#include "simulate/faults/topology.h"
#include "wire/config.h"

#include <stdio.h>
#include <string.h>

/* Small and quick: one route is all that matters. */
static void about_grants(struct topology *topology, struct prng *prng)
{
    static const int nodes[] = {3, 3, 5, 5, 6};

    *topology = (struct topology){.nodes = nodes[prng_below(prng, ARRAY_LEN(nodes))],
                                  .fast = topology->fast,
                                  .exclusive = true,
                                  .thirds = true,
                                  .address = topology->address,
                                  .notices = topology->notices,
                                  .interval_ms = 500};
}

void plan_draw(struct plan *plan, uint64_t seed, const struct wishes *wishes)
{
    struct topology topology = topology_draw(seed);
    struct chaos chaos = {0};
    struct model *model;
    struct prng prng;
    struct err err;

    *plan = (struct plan){.seed = seed};
    prng_seed(&prng, prng_mix(seed));
    if (wishes->grants)
        about_grants(&topology, &prng);
    if (wishes->nodes > 0) {
        int nodes = topology.nodes = wishes->nodes;

        topology.standbys = topology.standbys < nodes / 4 ? topology.standbys : nodes / 4;
        topology.sites = topology.sites <= nodes ? topology.sites : 0;
    }
    topology_yaml(&topology, &plan->yaml);
    plan->nodes = topology.nodes;
    plan->exclusive = topology.exclusive;
    plan->length_ms = wishes->length_ms > 0 ? wishes->length_ms
                      : wishes->grants      ? 10000
                                            : 20000 + (int64_t)prng_below(&prng, 60000);
    /* Often so few that snapshots are taken and sent all the time. */
    if (prng_below(&prng, 2) == 0) {
        plan->snapshot_every = 8 << prng_below(&prng, 5);
        plan->snapshot_trailing = 1 + (int)prng_below(&prng, (uint32_t)plan->snapshot_every * 2);
    }
    plan->between_sites_ms = 1 + (int)prng_below(&prng, wishes->grants ? 3 : 12);
    CHECK(config_parse("drawn", plan->yaml.data, plan->yaml.len, &model, &err) == 0);
    chaos.length_ms = plan->length_ms;
    chaos.pauses = !plan->exclusive && prng_below(&prng, 4) == 0;
    chaos.harsh = prng_below(&prng, 8) == 0;
    chaos.grants = wishes->grants;
    chaos.gaps = wishes->gaps;
    plan->n_faults = chaos_draw(&chaos, model, seed, plan->faults);
    model_free(model);
}

void plan_free(struct plan *plan)
{
    buf_free(&plan->yaml);
}

static void note_breach(struct sim *sim, struct outcome *outcome, const char *name,
                        const char *text)
{
    snprintf(outcome->breach, sizeof outcome->breach, "%s", name);
    snprintf(outcome->text, sizeof outcome->text, "%s", text);
    outcome->at_ms = sim_now(sim);
}

void plan_run(const struct plan *plan, sim_tell *tell, void *context, struct outcome *outcome)
{
    struct sim_options options = {.name = "drawn",
                                  .yaml = plan->yaml.data,
                                  .yaml_len = plan->yaml.len,
                                  .seed = plan->seed,
                                  .faults = plan->faults,
                                  .n_faults = plan->n_faults,
                                  .between_sites_ms = plan->between_sites_ms,
                                  .snapshot_every = plan->snapshot_every,
                                  .snapshot_trailing = plan->snapshot_trailing,
                                  .log_level = tell != NULL ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR,
                                  .tell = tell,
                                  .context = context};
    const char *name, *text;
    struct played played;
    struct sim *sim;
    struct err err;

    *outcome = (struct outcome){0};
    CHECK(sim_new(&options, &sim, &err) == 0);
    play_to_rest(sim, plan->length_ms, &played);
    if (played.settled)
        sim_audit(sim);
    else if (played.breach[0] == '\0')
        note_breach(sim, outcome, "liveness", played.why);
    name = sim_breach(sim, &text);
    if (name != NULL)
        note_breach(sim, outcome, name, text);
    outcome->simulated_ms = sim_now(sim);
    outcome->digest = sim_digest(sim);
    outcome->counts = sim_counts(sim);
    sim_free(sim);
}

/* ---- shrinking ---- */

static bool still(const struct plan *plan, const struct outcome *outcome, int *runs)
{
    struct outcome now;

    if (--*runs < 0)
        return false;
    plan_run(plan, NULL, NULL, &now);
    return strcmp(now.breach, outcome->breach) == 0;
}

static bool without(struct plan *plan, int first, int n, const struct outcome *outcome, int *runs)
{
    struct plan less = *plan;

    memmove(less.faults + first, less.faults + first + n,
            (size_t)(less.n_faults - first - n) * sizeof less.faults[0]);
    less.n_faults -= n;
    if (!still(&less, outcome, runs))
        return false;
    *plan = less;
    return true;
}

static bool shorter(struct plan *plan, int i, const struct outcome *outcome, int *runs)
{
    struct plan less = *plan;

    less.faults[i].for_ms /= 2;
    if (less.faults[i].for_ms == 0 || !still(&less, outcome, runs))
        return false;
    *plan = less;
    return true;
}

void plan_shrink(struct plan *plan, const struct outcome *outcome, int runs)
{
    int n, i;

    for (n = plan->n_faults / 2; n >= 1; n /= 2)
        for (i = 0; i + n <= plan->n_faults;)
            if (!without(plan, i, n, outcome, &runs))
                i += n;
    for (i = 0; i < plan->n_faults; i++)
        while (shorter(plan, i, outcome, &runs))
            ;
}
