#include "simulate/show/campaign.h"
#include "base/check.h"
#include "base/mem.h"
#include "simulate/show/campaign_list.h"
#include "simulate/show/campaign_run.h"
#include "simulate/show/campaign_workers.h"
#include "wire/config.h"

#include <stdio.h>
#include <string.h>

#define PAIR_APART_MS 200 /* the second fault comes into the midst of finding out the first */

const char *campaign_promise_name(enum campaign_promise promise)
{
    static const char *const names[] = {"invariants", "rest", "calm", "outage", "quorum"};

    CHECK((unsigned)promise < ARRAY_LEN(names));
    return names[promise];
}

void campaign_free(struct campaign *campaign)
{
    int i;

    for (i = 0; i < campaign->n_rows; i++) {
        buf_free(&campaign->rows[i].what);
        buf_free(&campaign->rows[i].whom);
        buf_free(&campaign->rows[i].again);
    }
    mem_free(campaign->rows);
    *campaign = (struct campaign){0};
}

/* ---- rows ---- */

static struct campaign_row *add_row(struct campaign *campaign)
{
    struct campaign_row *row;

    if (campaign->n_rows == campaign->cap) {
        campaign->cap = campaign->cap > 0 ? 2 * campaign->cap : 128;
        campaign->rows =
            mem_realloc(campaign->rows, (size_t)campaign->cap, sizeof campaign->rows[0]);
    }
    row = &campaign->rows[campaign->n_rows++];
    *row = (struct campaign_row){.outage_ms = -1, .bound_ms = -1};
    return row;
}

static size_t stem_of(const char *name)
{
    size_t len = strlen(name);

    while (len > 0 && name[len - 1] >= '0' && name[len - 1] <= '9')
        len--;
    return len;
}

/* "voice-2" follows "voice-1". */
static bool follows(const char *name, const char *before)
{
    size_t len = stem_of(name);
    int a, b;

    return len == stem_of(before) && strncmp(name, before, len) == 0 &&
           sscanf(name + len, "%9d", &a) == 1 && sscanf(before + len, "%9d", &b) == 1 && a == b + 1;
}

/* "voice-1..3, mirror-1" */
static void names_format(const char *const *names, int n, struct buf *out)
{
    int i, k;

    for (i = 0; i < n; i = k) {
        for (k = i + 1; k < n && follows(names[k], names[k - 1]); k++)
            ;
        buf_printf(out, "%s%s", i > 0 ? ", " : "", names[i]);
        if (k - i > 1)
            buf_printf(out, "..%s", names[k - 1] + stem_of(names[k - 1]));
    }
}

/* One row for scenarios that are alike; which row each is in goes into `row_of`. */
static void make_rows(struct campaign *campaign, const struct scenarios *list, int *row_of)
{
    const char **names = mem_zalloc((size_t)list->n, sizeof *names);
    int i, k, n;

    for (i = 0; i < list->n; i++)
        row_of[i] = -1;
    for (i = 0; i < list->n; i++) {
        const struct scenario *first = &list->all[i];

        if (row_of[i] >= 0)
            continue;
        for (k = i, n = 0; k < list->n; k++)
            if (list->all[k].like == first->like && strcmp(list->all[k].what, first->what) == 0) {
                row_of[k] = campaign->n_rows;
                names[n++] = list->all[k].whom;
            }
        buf_str(&add_row(campaign)->what, first->what);
        names_format(names, n, &campaign->rows[campaign->n_rows - 1].whom);
    }
    mem_free(names);
}

/* ---- the runs of one phase ---- */

struct phase {
    const struct campaign_options *options;
    struct campaign *campaign;
    const struct scenarios *list;
    const int *row_of;
    struct sim *sim;
    struct counting *counting;
    uint64_t seed;
    int64_t at_ms, fault_ms;
    int leader;
};

static void run_job(void *context, int job, void *result)
{
    const struct phase *phase = context;
    const struct scenario *scenario = &phase->list->all[job];
    struct run run = {.sim = phase->sim,
                      .counting = phase->counting,
                      .faults = scenario->faults,
                      .n_faults = scenario->n_faults,
                      .at_ms = phase->at_ms,
                      .fault_ms = phase->fault_ms,
                      .leader = phase->leader,
                      .between_sites_ms = phase->options->between_sites_ms,
                      .pair = phase->options->pairs};

    run_scenario(&run, result);
}

static void format_again(const struct phase *phase, const struct scenario *scenario,
                         struct buf *out)
{
    const struct model *model = sim_model(phase->sim);
    int i;

    buf_clear(out);
    for (i = 0; i < scenario->n_faults; i++) {
        struct fault fault = scenario->faults[i];

        fault.at_ms += phase->at_ms;
        buf_str(out, "--fault '");
        fault_format(&fault, model, out);
        buf_str(out, "' ");
    }
    buf_printf(out, "--seed %llu --length ", (unsigned long long)phase->seed);
    fault_time_format(
        run_length_ms(scenario->faults, scenario->n_faults, phase->at_ms, phase->fault_ms), out);
    if (phase->options->between_sites_ms != PLAY_SITES_MS)
        buf_printf(out, " --sites-ms %d", phase->options->between_sites_ms);
}

static void count_in(struct campaign_row *row, const struct run_result *result)
{
    row->runs++;
    row->promises |= result->promises;
    row->false_moves += result->false_moves;
    if (result->moves > row->moves)
        row->moves = result->moves;
    if (result->settled_ms > row->settled_ms)
        row->settled_ms = result->settled_ms;
}

static void job_done(void *context, int job, const void *bytes, int signal)
{
    const struct phase *phase = context;
    struct campaign_row *row = &phase->campaign->rows[phase->row_of[job]];
    struct run_result ended = {.result = CAMPAIGN_BROKEN,
                               .promises = 1u << PROMISE_INVARIANTS,
                               .outage_ms = -1,
                               .bound_ms = -1};
    const struct run_result *result = bytes != NULL ? bytes : &ended;
    bool worse;

    snprintf(ended.text, sizeof ended.text, "the run ended itself (signal %d)", signal);
    phase->campaign->runs++;
    phase->campaign->simulated_ms += result->simulated_ms;
    count_in(row, result);
    worse = result->result > row->result;
    if (worse) {
        row->result = result->result;
        snprintf(row->text, sizeof row->text, "%s", result->text);
    }
    if (worse || row->again.len == 0 ||
        (result->outage_ms > row->outage_ms && row->result != CAMPAIGN_BROKEN))
        format_again(phase, &phase->list->all[job], &row->again);
    if (result->outage_ms > row->outage_ms)
        row->outage_ms = result->outage_ms;
    if (result->bound_ms > row->bound_ms)
        row->bound_ms = result->bound_ms;
}

static int open_phase(struct phase *phase, int number, struct err *err)
{
    const struct campaign_options *options = phase->options;
    struct play_options play = {.name = options->name,
                                .yaml = options->yaml,
                                .yaml_len = options->yaml_len,
                                .seed = options->seed + (uint64_t)number,
                                .between_sites_ms = options->between_sites_ms,
                                .log_level = LOG_LEVEL_ERROR,
                                .tell = counting_note,
                                .context = phase->counting};
    int r = play_open(&play, &phase->sim, err);

    if (r < 0)
        return r;
    phase->seed = play.seed;
    phase->at_ms = run_phase_ms(number);
    phase->fault_ms = campaign_fault_ms(sim_model(phase->sim), options->between_sites_ms);
    phase->leader = sim_leader(phase->sim);
    return 0;
}

static int run_jobs(struct phase *phase, const struct scenarios *list, const int *row_of,
                    struct err *err)
{
    struct jobs jobs = {.n = list->n,
                        .result_size = sizeof(struct run_result),
                        .run = run_job,
                        .done = job_done,
                        .context = phase};

    phase->list = list;
    phase->row_of = row_of;
    return jobs_run(&jobs, err);
}

/* ---- single faults ---- */

static void promise_quorum(struct campaign *campaign, const struct model *model)
{
    int i;

    for (i = 0; i < model->n_sites; i++) {
        struct site_loss loss = model_lose_site(model, i);
        struct campaign_row *row = add_row(campaign);

        buf_str(&row->what, "quorum without the site");
        buf_str(&row->whom, model->sites[i].name);
        if (loss.quorum)
            continue;
        row->result = model->accept_quorum_loss ? CAMPAIGN_NOT_COVERED : CAMPAIGN_BROKEN;
        row->promises = model->accept_quorum_loss ? 0 : 1u << PROMISE_QUORUM;
        snprintf(row->text, sizeof row->text, "%d of %d voters would be left, %d are needed%s",
                 loss.voters_left, model_voters(model), loss.majority,
                 model->accept_quorum_loss ? ": the configuration accepts that" : "");
    }
}

static int run_phase(struct phase *phase, int number, int **row_of, struct err *err)
{
    struct scenarios list = {0};
    int r = open_phase(phase, number, err);

    if (r < 0)
        return r;
    campaign_list(sim_model(phase->sim), phase->leader, phase->fault_ms, &list);
    if (*row_of == NULL) {
        promise_quorum(phase->campaign, sim_model(phase->sim));
        *row_of = mem_zalloc((size_t)list.n, sizeof **row_of);
        make_rows(phase->campaign, &list, *row_of);
    }
    r = run_jobs(phase, &list, *row_of, err);
    scenarios_free(&list);
    sim_free(phase->sim);
    return r;
}

static int run_singles(struct phase *phase, struct err *err)
{
    int *row_of = NULL, i, r = 0;

    for (i = 0; i < CAMPAIGN_PHASES && r == 0; i++)
        r = run_phase(phase, i, &row_of, err);
    mem_free(row_of);
    return r;
}

/* ---- pairs ---- */

static void put_pair(const struct scenario *a, const struct scenario *b, struct scenarios *pairs)
{
    struct scenario *pair = &pairs->all[pairs->n++];
    int i;

    *pair = (struct scenario){.n_faults = a->n_faults + b->n_faults};
    pair->faults = mem_zalloc((size_t)pair->n_faults, sizeof pair->faults[0]);
    memcpy(pair->faults, a->faults, (size_t)a->n_faults * sizeof a->faults[0]);
    memcpy(pair->faults + a->n_faults, b->faults, (size_t)b->n_faults * sizeof b->faults[0]);
    for (i = a->n_faults; i < pair->n_faults; i++)
        pair->faults[i].at_ms += PAIR_APART_MS;
}

/* Of each row of single faults the first scenario stands for all; each pair has a row. */
static void make_pairs(struct campaign *campaign, const struct scenarios *singles,
                       struct scenarios *pairs)
{
    struct campaign rows = {0};
    int *row_of = mem_zalloc((size_t)singles->n, sizeof *row_of), *first, i, k;

    make_rows(&rows, singles, row_of);
    first = mem_zalloc((size_t)rows.n_rows, sizeof *first);
    for (i = singles->n - 1; i >= 0; i--)
        first[row_of[i]] = i;
    pairs->cap = rows.n_rows * (rows.n_rows - 1) / 2;
    pairs->all = mem_zalloc((size_t)pairs->cap, sizeof pairs->all[0]);
    for (i = 0; i < rows.n_rows; i++)
        for (k = i + 1; k < rows.n_rows; k++) {
            const struct scenario *a = &singles->all[first[i]], *b = &singles->all[first[k]];
            struct campaign_row *row = add_row(campaign);

            put_pair(a, b, pairs);
            buf_printf(&row->what, "%s (%s), %s (%s)", a->what, a->whom, b->what, b->whom);
        }
    campaign_free(&rows);
    mem_free(row_of);
    mem_free(first);
}

static int run_pairs(struct phase *phase, struct err *err)
{
    struct scenarios singles = {0}, pairs = {0};
    int *row_of, i, r = open_phase(phase, 0, err);

    if (r < 0)
        return r;
    campaign_list(sim_model(phase->sim), phase->leader, phase->fault_ms, &singles);
    make_pairs(phase->campaign, &singles, &pairs);
    row_of = mem_zalloc((size_t)pairs.n, sizeof *row_of);
    for (i = 0; i < pairs.n; i++)
        row_of[i] = i;
    r = run_jobs(phase, &pairs, row_of, err);
    mem_free(row_of);
    scenarios_free(&pairs);
    scenarios_free(&singles);
    sim_free(phase->sim);
    return r;
}

int campaign_run(const struct campaign_options *options, struct campaign *campaign, struct err *err)
{
    struct counting counting = {0};
    struct phase phase = {.options = options, .campaign = campaign, .counting = &counting};
    int r;

    *campaign = (struct campaign){0};
    r = options->pairs ? run_pairs(&phase, err) : run_singles(&phase, err);
    if (r < 0)
        campaign_free(campaign);
    return r;
}
