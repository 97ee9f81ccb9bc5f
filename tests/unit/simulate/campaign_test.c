/* Campaigns: the list of faults, the bound, the runs, and what is promised of each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"
#include "core/failover/promise.h"
#include "shop.h"
#include "simulate/show/campaign.h"
#include "simulate/show/campaign_list.h"
#include "simulate/show/campaign_run.h"
#include "simulate/show/campaign_workers.h"
#include "simulate/truth/truth.h"
#include "wire/config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static struct model *model_of(const char *yaml)
{
    struct model *model;
    struct err err;

    if (config_parse("shop", (const uint8_t *)yaml, strlen(yaml), &model, &err) < 0)
        fail_msg("%s", err.text);
    return model;
}

/* ---- the bound ---- */

static void test_bound(void **state)
{
    struct model *model = model_of(shop);
    /* 1.1 x 200 + 300, 3 probes a beat of 100 ms apart + 300, 2 beats, 10 x 3 + 100, 1 s */
    int64_t ms = 220 + 300 + 3 * 100 + 300 + 200 + 130 + 1000;

    assert_int_equal(campaign_bound_ms(model, 0, 0, 3, true), ms);
    assert_int_equal(campaign_bound_ms(model, 0, 0, 5, true), ms + 20);
    assert_int_equal(campaign_bound_ms(model, 0, 0, 3, false), ms + 2 * (400 + 1000));
    model->routes[0].patience_ms = 777;
    assert_int_equal(campaign_bound_ms(model, 0, 0, 3, true), ms + 777);
    model->routes[0].kind = ROUTE_EXCLUSIVE;
    assert_int_equal(campaign_bound_ms(model, 0, 0, 3, true),
                     ms + 777 + promise_wait_ms(&model->timing));
    model_free(model);
}

/* Probes that do not fit into a confirmation come at the check's own pace. */
static void test_bound_of_patient_checks(void **state)
{
    struct model *model = model_of(shop);
    int i;

    for (i = 0; i < model->n_checks; i++)
        model->checks[i].fall_silent = 20;
    assert_int_equal(campaign_bound_ms(model, 0, 0, 3, true),
                     220 + 300 + 20 * 220 + 300 + 200 + 130 + 1000);
    assert_int_equal(campaign_fault_ms(model, 3),
                     220 + 300 + 20 * 220 + 300 + 200 + 130 + 1000 + 2 * (400 + 1000) + 5000);
    model_free(model);
}

/* ---- the list ---- */

static int count(const struct scenarios *list, const char *what)
{
    int i, n = 0;

    for (i = 0; i < list->n; i++)
        n += strcmp(list->all[i].what, what) == 0;
    return n;
}

static const struct scenario *find(const struct scenarios *list, const char *what, const char *whom)
{
    int i;

    for (i = 0; i < list->n; i++)
        if (strcmp(list->all[i].what, what) == 0 && strcmp(list->all[i].whom, whom) == 0)
            return &list->all[i];
    fail_msg("no %s of %s", what, whom);
    return NULL;
}

static void test_list(void **state)
{
    struct model *model = model_of(shop);
    struct scenarios list = {0};
    const struct scenario *pair;

    campaign_list(model, 2, 5000, &list);
    assert_int_equal(count(&list, "daemon killed"), 3);
    assert_int_equal(count(&list, "daemon frozen"), 3);
    assert_int_equal(count(&list, "host silent"), 7);
    assert_int_equal(count(&list, "service refuses"), 3); /* those that a check watches */
    assert_int_equal(count(&list, "site cut off"), 3);
    assert_int_equal(count(&list, "sites cut from each other"), 3);
    assert_int_equal(count(&list, "cut one way"), 6);
    assert_int_equal(count(&list, "10 % loss one way"), 6);
    assert_int_equal(count(&list, "actuator forgets"), 1);
    assert_int_equal(find(&list, "rolling restart", "all daemons")->n_faults, 3);
    assert_int_equal(find(&list, "service slow", "shop-1")->faults[0].value, 400);
    pair = find(&list, "active candidate silent, leader killed", "east of web");
    assert_int_equal(pair->n_faults, 3); /* both servers, or one is its least; and the leader */
    assert_int_equal(pair->faults[2].kind, FAULT_KILL);
    assert_int_equal(pair->faults[2].what.index, 2);
    assert_true(find(&list, "host silent", "shop-1")->like ==
                find(&list, "host silent", "shop-2")->like);
    assert_true(find(&list, "host silent", "shop-1")->like !=
                find(&list, "host silent", "spare-1")->like);
    scenarios_free(&list);
    model_free(model);
}

/* Whatever is in the list can be typed, and means the same then. */
static void test_list_can_be_typed(void **state)
{
    struct model *model = model_of(shop);
    struct scenarios list = {0};
    struct buf text = {0};
    struct fault fault;
    struct err err;
    int i, k;

    campaign_list(model, 0, 5000, &list);
    for (i = 0; i < list.n; i++)
        for (k = 0; k < list.all[i].n_faults; k++) {
            buf_clear(&text);
            fault_format(&list.all[i].faults[k], model, &text);
            if (fault_parse(buf_cstr(&text), model, &fault, &err) < 0)
                fail_msg("%s", err.text);
            assert_int_equal(fault.kind, list.all[i].faults[k].kind);
            assert_int_equal(fault.value, list.all[i].faults[k].value);
            assert_int_equal(fault.for_ms, list.all[i].faults[k].for_ms);
        }
    buf_free(&text);
    scenarios_free(&list);
    model_free(model);
}

/* ---- jobs ---- */

struct tally {
    int done, sum, signals;
};

static void square(void *context, int job, void *result)
{
    if (job == 3)
        raise(SIGKILL);
    *(int *)result = job * job;
}

static void add_up(void *context, int job, const void *result, int signal)
{
    struct tally *tally = context;

    assert_int_equal(job, tally->done);
    tally->done++;
    if (result != NULL)
        tally->sum += *(const int *)result;
    else
        assert_int_equal(signal, SIGKILL);
    tally->signals += result == NULL;
}

static void test_jobs(void **state)
{
    struct tally tally = {0};
    struct jobs jobs = {
        .n = 8, .result_size = sizeof(int), .run = square, .done = add_up, .context = &tally};
    struct err err;

    assert_int_equal(jobs_run(&jobs, &err), 0);
    assert_int_equal(tally.done, 8);
    assert_int_equal(tally.sum, 0 + 1 + 4 + 16 + 25 + 36 + 49);
    assert_int_equal(tally.signals, 1);
}

/* ---- the truth ---- */

static struct truth truth_with(const char *yaml, const char *const *texts)
{
    struct play_options options = {.name = "shop",
                                   .yaml = (const uint8_t *)yaml,
                                   .yaml_len = strlen(yaml),
                                   .seed = 1,
                                   .between_sites_ms = PLAY_SITES_MS,
                                   .log_level = LOG_LEVEL_ERROR};
    struct truth truth;
    struct fault fault;
    struct sim *sim;
    struct err err;

    assert_int_equal(play_open(&options, &sim, &err), 0);
    for (; *texts != NULL; texts++) {
        if (fault_parse(*texts, sim_model(sim), &fault, &err) < 0)
            fail_msg("%s", err.text);
        sim_inject(sim, &fault);
    }
    assert_int_equal(sim_run(sim, 1), 0);
    truth = truth_look(sim, 0, 0, 2);
    sim_free(sim);
    return truth;
}

#define TRUTH(yaml, ...) truth_with(yaml, (const char *const[]){__VA_ARGS__, NULL})

static void test_truth(void **state)
{
    struct truth truth = TRUTH(shop, "kill:n-1@0s");

    assert_int_equal(truth.callers, TRUTH_UNTOUCHED);
    assert_false(truth.leader_stays);
    assert_int_equal(TRUTH(shop, "refuse:shop-1@0s").callers, TRUTH_UNTOUCHED); /* one of two */
    truth = TRUTH(shop, "cut:east@0s");
    assert_int_equal(truth.callers, TRUTH_COVERED);
    assert_true(truth.leader_stays);
    assert_int_equal(TRUTH(shop, "slow:shop-1=4s@0s", "slow:shop-2=4s@0s").callers, TRUTH_COVERED);
    assert_int_equal(TRUTH(shop, "slow:shop-1=400ms@0s", "slow:shop-2=400ms@0s").callers,
                     TRUTH_UNSURE); /* slower than the check waits, not than callers do */
    /* The proxy still reaches what most take for dead. */
    assert_int_equal(TRUTH(shop, "cut:n-1/shop-1@0s", "cut:n-1/shop-2@0s", "cut:w-1/shop-1@0s",
                           "cut:w-1/shop-2@0s")
                         .callers,
                     TRUTH_UNSURE);
    truth = TRUTH(shop, "host:proxy@0s");
    assert_int_equal(truth.callers, TRUTH_NOT_COVERED);
    assert_non_null(strstr(truth.why, "as far as the actuator"));
    truth = TRUTH(shop_alone, "cut:east@0s");
    assert_non_null(strstr(truth.why, "no other candidate"));
    truth = TRUTH(shop, "refuse:east@0s", "kill:n-1@0s", "kill:w-1@0s");
    assert_non_null(strstr(truth.why, "no quorum"));
    truth = TRUTH(shop, "refuse:east@0s", "mute:web.proxy@0s");
    assert_non_null(strstr(truth.why, "does not answer"));
    /* Only the proxy's own site does not reach it. */
    truth = TRUTH(shop, "cut:north/east@0s");
    assert_int_equal(truth.callers, TRUTH_NOT_COVERED);
    assert_non_null(strstr(truth.why, "too few see it fail"));
    truth = TRUTH(shop, "refuse:east@0s", "cut:n-1/proxy@0s");
    assert_non_null(strstr(truth.why, "leader does not reach the actuator"));
}

/* ---- whole campaigns ---- */

static struct campaign run(const char *yaml, bool pairs)
{
    struct campaign_options options = {.name = "shop",
                                       .yaml = (const uint8_t *)yaml,
                                       .yaml_len = strlen(yaml),
                                       .seed = 1,
                                       .between_sites_ms = PLAY_SITES_MS,
                                       .pairs = pairs};
    struct campaign campaign;
    struct err err;

    if (campaign_run(&options, &campaign, &err) < 0)
        fail_msg("%s", err.text);
    return campaign;
}

static struct campaign_row *row(struct campaign *campaign, const char *what, const char *whom)
{
    int i;

    for (i = 0; i < campaign->n_rows; i++)
        if (strcmp(buf_cstr(&campaign->rows[i].what), what) == 0 &&
            strcmp(buf_cstr(&campaign->rows[i].whom), whom) == 0)
            return &campaign->rows[i];
    fail_msg("no %s of %s", what, whom);
    return NULL;
}

/* What a row says to type gives the outage that the row tells. */
static void again(struct campaign_row *r)
{
    const char *options_text = buf_cstr(&r->again), *seed = strstr(options_text, "--seed ");
    struct play_options options = {.name = "shop",
                                   .yaml = (const uint8_t *)shop,
                                   .yaml_len = strlen(shop),
                                   .between_sites_ms = PLAY_SITES_MS,
                                   .log_level = LOG_LEVEL_ERROR};
    struct played played;
    char text[64] = "";
    struct fault fault;
    struct sim *sim;
    int64_t length_ms;
    struct err err;

    assert_int_equal(sscanf(options_text, "--fault '%63[^']'", text), 1);
    options.seed = strtoull(seed + 7, NULL, 10);
    assert_int_equal(play_open(&options, &sim, &err), 0);
    assert_int_equal(fault_parse(text, sim_model(sim), &fault, &err), 0);
    assert_int_equal(fault_time_parse(strstr(options_text, "--length ") + 9, &length_ms, &err), 0);
    sim_inject(sim, &fault);
    play_to_rest(sim, length_ms, &played);
    assert_true(played.settled);
    assert_int_equal(sim_callers(sim, 0, 0).longest_ms, r->outage_ms);
    sim_free(sim);
}

static void test_campaign(void **state)
{
    struct campaign campaign = run(shop, false);
    const struct campaign_row *r;
    int i;

    for (i = 0; i < campaign.n_rows; i++)
        if (campaign.rows[i].result == CAMPAIGN_BROKEN)
            fail_msg("%s: %s", buf_cstr(&campaign.rows[i].what), campaign.rows[i].text);
    r = row(&campaign, "host silent", "shop-1..2");
    assert_int_equal(r->runs, 2 * CAMPAIGN_PHASES);
    assert_int_equal(r->outage_ms, 0);
    assert_int_equal(r->moves, 0);
    r = row(&campaign, "site cut off", "east");
    assert_int_equal(r->result, CAMPAIGN_KEPT);
    assert_int_equal(r->moves, 1);
    assert_in_range(r->outage_ms, 300, r->bound_ms);
    again(row(&campaign, "site cut off", "east"));
    r = row(&campaign, "host silent", "proxy");
    assert_int_equal(r->result, CAMPAIGN_NOT_COVERED);
    assert_int_equal(r->outage_ms, -1); /* nobody could help */
    campaign_free(&campaign);
}

static void test_quorum(void **state)
{
    /* Three of five voters stand where no route's first candidate does. */
    char yaml[4096];
    struct campaign campaign;
    struct campaign_row *r;

    snprintf(yaml, sizeof yaml, "%s", shop);
    CHECK(strstr(yaml, "targets:") != NULL);
    snprintf(yaml, sizeof yaml, "%.*s%s%s", (int)(strstr(shop, "targets:") - shop), shop,
             "  - {name: n-2, site: north, host: 10.0.3.2}\n"
             "  - {name: n-3, site: north, host: 10.0.3.3}\n",
             strstr(shop, "targets:"));
    campaign = run(yaml, false);
    r = row(&campaign, "quorum without the site", "north");
    assert_int_equal(r->result, CAMPAIGN_BROKEN);
    assert_int_equal(r->promises, 1u << PROMISE_QUORUM);
    assert_non_null(strstr(r->text, "2 of 5 voters would be left, 3 are needed"));
    assert_int_equal(row(&campaign, "quorum without the site", "east")->result, CAMPAIGN_KEPT);
    campaign_free(&campaign);
}

/* A bound that is missed, a move for nothing: judged on plays made for it. */
static struct run_result judge(int delay_ms, const char *text, int64_t fault_ms)
{
    struct counting counting = {0};
    struct play_options options = {.name = "shop",
                                   .yaml = (const uint8_t *)shop,
                                   .yaml_len = strlen(shop),
                                   .seed = 1,
                                   .between_sites_ms = PLAY_SITES_MS,
                                   .log_level = LOG_LEVEL_ERROR,
                                   .tell = counting_note,
                                   .context = &counting};
    struct run_result result = {0};
    struct fault faults[2];
    struct run run = {.counting = &counting,
                      .faults = faults,
                      .n_faults = 1,
                      .at_ms = 1000,
                      .fault_ms = fault_ms,
                      .leader = 2,
                      .between_sites_ms = PLAY_SITES_MS};
    struct err err;

    assert_int_equal(play_open(&options, &run.sim, &err), 0);
    assert_int_equal(fault_parse(text, sim_model(run.sim), &faults[0], &err), 0);
    if (delay_ms > 0) {
        faults[1] =
            (struct fault){.kind = FAULT_LAG, .what = {.kind = WHERE_ACTUATOR}, .value = delay_ms};
        run.n_faults = 2;
    }
    run_scenario(&run, &result);
    sim_free(run.sim);
    return result;
}

static void test_judged(void **state)
{
    struct run_result result = judge(0, "refuse:east@0s", 10000);

    assert_int_equal(result.result, CAMPAIGN_KEPT);
    assert_int_equal(result.moves, 1);
    assert_in_range(result.outage_ms, 1, 500);
    /* The actuator answers only after its time-out. */
    result = judge(1500, "refuse:east@0s", 10000);
    assert_int_equal(result.result, CAMPAIGN_BROKEN);
    assert_int_equal(result.promises, 1u << PROMISE_OUTAGE);
    assert_non_null(strstr(result.text, "the bound is"));
    /* It moves because it is told to: nothing else was the matter. */
    result = judge(0, "switchover:web.west@0s", 10000);
    assert_int_equal(result.promises, 1u << PROMISE_CALM);
    assert_non_null(strstr(result.text, "moves though its active candidate serves"));
}

static const char bare[] = "cluster: bare\n"
                           "version: 1\n"
                           "sites: [{name: here}]\n"
                           "servers:\n"
                           "  - {name: h-1, site: here, host: 10.0.1.1}\n"
                           "  - {name: h-2, site: here, host: 10.0.1.2}\n"
                           "  - {name: h-3, site: here, host: 10.0.1.3}\n"
                           "accept_quorum_loss: true\n";

static void test_pairs(void **state)
{
    struct campaign singles = run(bare, false), pairs = run(bare, true);
    int rows = singles.n_rows - 1, i; /* without that of the quorum */

    assert_int_equal(row(&singles, "daemon killed", "h-1..3")->runs, 3 * CAMPAIGN_PHASES);
    assert_int_equal(row(&singles, "quorum without the site", "here")->result,
                     CAMPAIGN_NOT_COVERED);
    assert_int_equal(pairs.n_rows, rows * (rows - 1) / 2);
    assert_int_equal(pairs.runs, pairs.n_rows);
    for (i = 0; i < pairs.n_rows; i++)
        if (pairs.rows[i].result == CAMPAIGN_BROKEN)
            fail_msg("%s: %s", buf_cstr(&pairs.rows[i].what), pairs.rows[i].text);
    row(&pairs, "daemon killed (h-1), daemon frozen (h-1)", "");
    campaign_free(&singles);
    campaign_free(&pairs);
}

static void test_wrong_file(void **state)
{
    struct campaign_options options = {
        .name = "shop", .yaml = (const uint8_t *)"cluster: x\n", .yaml_len = 11, .seed = 1};
    struct campaign campaign;
    struct err err;

    assert_int_equal(campaign_run(&options, &campaign, &err), ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bound),      cmocka_unit_test(test_bound_of_patient_checks),
        cmocka_unit_test(test_list),       cmocka_unit_test(test_list_can_be_typed),
        cmocka_unit_test(test_jobs),       cmocka_unit_test(test_truth),
        cmocka_unit_test(test_campaign),   cmocka_unit_test(test_quorum),
        cmocka_unit_test(test_judged),     cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_wrong_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
