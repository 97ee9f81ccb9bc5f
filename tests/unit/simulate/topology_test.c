/* Configurations of every size are what operators could have written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"
#include "simulate/faults/topology.h"
#include "wire/config.h"

static struct model *parsed(const struct topology *topology)
{
    struct model *model;
    struct buf yaml = {0};
    struct err err;

    topology_yaml(topology, &yaml);
    if (config_parse("topology", yaml.data, yaml.len, &model, &err) != 0)
        fail_msg("%d nodes, %d standbys, %d sites: %s\n%s", topology->nodes, topology->standbys,
                 topology->sites, err.text, buf_cstr(&yaml));
    buf_free(&yaml);
    assert_int_equal(model_validate(model, &err), 0);
    return model;
}

static int standbys_in(const struct model *model, int site)
{
    int n = 0;

    for (int i = 0; i < model->n_coordinators; i++)
        n += model->servers[i].site == site && model->servers[i].role == MEMBER_STANDBY;
    return n;
}

/* What this many voters over this many sites can have at best: none has more than its share
 * rounded up. */
static bool can_lose_a_site(int voters, int sites)
{
    return voters - (voters + sites - 1) / sites >= voters / 2 + 1;
}

static void look_at(const struct topology *t)
{
    struct model *model = parsed(t);
    int sites = t->sites > 0 ? t->sites : t->nodes >= 24 ? 4 : 3;
    bool can = can_lose_a_site(t->nodes - t->standbys, sites);

    assert_int_equal(model->n_sites, sites);
    assert_int_equal(model->n_coordinators, t->nodes);
    assert_int_equal(model_voters(model), t->nodes - t->standbys);
    assert_int_equal(standbys_in(model, 0), t->standbys);
    assert_int_equal(model->accept_quorum_loss, sites == 2);
    for (int s = 0; s < sites; s++) /* where not all can go, those of candidates can */
        if (can || (sites > 2 && s < 2))
            assert_true(model_lose_site(model, s).quorum);
    assert_int_equal(model->profile, t->fast ? PROFILE_FAST : PROFILE_NORMAL);
    assert_int_equal(model->routes[0].patience_ms, t->patience_ms);
    assert_int_equal(model->checks[0].interval_ms, t->interval_ms > 0 ? t->interval_ms : 100);
    assert_int_equal(model_route(model, "line") >= 0, t->exclusive);
    assert_int_equal(model_route(model, "pair-1") >= 0, t->pairs);
    if (t->exclusive)
        assert_int_equal(model->routes[model_route(model, "line")].kind, ROUTE_EXCLUSIVE);
    assert_true(model->n_functions > model->n_routes);
    for (int f = 0; f < model->n_functions - 1; f++)
        assert_int_equal(model->functions[f].route, f);
    assert_int_equal(model->functions[model->n_functions - 1].route, -1);
    model_free(model);
}

static void every_size_is_valid(void **state)
{
    static const int extras[] = {0, 1, 37};

    (void)state;
    for (int nodes = 3; nodes <= 50; nodes++)
        for (int standbys = 0; standbys <= nodes / 4; standbys++)
            for (int sites = 0; sites <= 4; sites += sites == 0 ? 2 : 1)
                for (int options = 0; options < 8; options++) {
                    struct topology t = {
                        .nodes = nodes,
                        .standbys = standbys,
                        .sites = sites,
                        .fast = options & 1,
                        .pairs = options & 2,
                        .exclusive = options & 4,
                        .interval_ms = options & 1 ? 15000 : 0,
                        .patience_ms = options & 2 ? 2000 : 0,
                        .extra_checks = extras[(nodes + options) % 3],
                    };

                    if (sites <= nodes && (options == 7 || (nodes + standbys) % 8 == options))
                        look_at(&t);
                }
}

static void twelve_are_the_call_centre(void **state)
{
    struct topology t = {.nodes = 12, .standbys = 1};
    struct model *model = parsed(&t);
    const struct route *calls = &model->routes[0];

    (void)state;
    for (int i = 0; i < 12; i++)
        assert_int_equal(model->servers[i].site, i / 4);
    assert_int_equal(model->servers[model_server(model, "voice-4")].role, MEMBER_STANDBY);
    assert_int_equal(model_voters(model), 11);
    for (int s = 0; s < 3; s++)
        assert_true(model_lose_site(model, s).quorum);
    assert_true(model_calm_leaders(model) == 0xf00);
    assert_int_equal(model->n_routes, 1);
    assert_string_equal(calls->name, "calls");
    assert_int_equal(calls->n_candidates, 2);
    assert_int_equal(calls->candidates[0].n_members, 4);
    assert_int_equal(calls->candidates[0].least, 2);
    assert_int_equal(calls->candidates[1].n_members, 4);
    assert_int_equal(calls->n_actuators, 2);
    assert_int_equal(calls->actuators[0].kind, ACTUATOR_HAPROXY);
    assert_int_equal(calls->actuators[1].kind, ACTUATOR_DNS);
    assert_string_equal(calls->actuators[1].tsig_name, "kirikae");
    assert_int_equal(model->n_functions, 2);
    assert_int_equal(model->services[0].n_critical, 2);
    assert_true(model->contract.terms.target_micro == 98000000);
    model_free(model);
}

static void actuators_may_wait_for_each_other(void **state)
{
    struct topology t = {.nodes = 3, .agent = true, .in_turn = true, .optional = true};
    struct model *model = parsed(&t);
    const struct route *calls = &model->routes[0];

    (void)state;
    assert_int_equal(calls->order, ORDER_IN_TURN);
    assert_int_equal(calls->n_actuators, 3);
    assert_int_equal(calls->actuators[1].kind, ACTUATOR_KAMAILIO);
    assert_int_equal(model_required(calls, calls->n_actuators), 3);
    model_free(model);
    t = (struct topology){.nodes = 3};
    model = parsed(&t);
    assert_int_equal(model->routes[0].order, ORDER_TOGETHER);
    assert_int_equal(model_required(&model->routes[0], 2), 3);
    model_free(model);
}

/* Server i of the first site and server i of the second. */
static void pairs_are_pairs(void **state)
{
    struct topology t = {.nodes = 12, .standbys = 1, .pairs = true, .exclusive = true};
    struct model *model = parsed(&t);

    (void)state;
    assert_int_equal(model->n_routes, 6);
    for (int i = 0; i < 4; i++) {
        const struct route *pair = &model->routes[1 + i];

        assert_int_equal(pair->kind, ROUTE_AVAILABLE);
        assert_int_equal(pair->candidates[0].n_members, 1);
        assert_int_equal(pair->candidates[0].members[0], i);
        assert_int_equal(pair->candidates[1].members[0], 4 + i);
        assert_int_equal(pair->n_actuators, 1);
    }
    model_free(model);
}

/* The switches stand at servers of the configuration, so that a network leads to them. */
static void switches_have_hosts(void **state)
{
    struct topology t = {.nodes = 3, .pairs = true};
    struct model *model = parsed(&t);

    (void)state;
    for (int r = 0; r < model->n_routes; r++)
        for (int a = 0; a < model->routes[r].n_actuators; a++) {
            const char *address = model->routes[r].actuators[a].address;
            size_t len = strcspn(address, ":");
            bool found = false;

            for (int i = model->n_coordinators; i < model->n_servers; i++)
                found = found || (strlen(model->servers[i].host) == len &&
                                  strncmp(model->servers[i].host, address, len) == 0);
            assert_true(found);
        }
    model_free(model);
}

static void extra_checks_are_many(void **state)
{
    static const int counts[] = {1, 9, 10, 11, 10000};
    struct topology t = {.nodes = 50, .pairs = true, .exclusive = true};
    struct model *model = parsed(&t);
    int without = model->n_checks;

    (void)state;
    model_free(model);
    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        t.extra_checks = counts[i];
        model = parsed(&t);
        assert_int_equal(model->n_checks, without + counts[i]);
        for (int c = without; c < model->n_checks; c++) {
            assert_int_equal(model->checks[c].interval_ms, 15000);
            assert_false(model_in_route(model, model->checks[c].target));
        }
        model_free(model);
    }
}

static void impossible_ones_are_refused(void **state)
{
    static const struct {
        struct topology topology;
        const char *says;
    } wrong[] = {
        {{.nodes = 2}, "nodes: 2 is not from 3 to 50"},
        {{.nodes = 51}, "nodes: 51 is not from 3 to 50"},
        {{.nodes = 3, .standbys = 1}, "standbys: 1 is not from 0 to 0"},
        {{.nodes = 12, .standbys = 4}, "standbys: 4 is not from 0 to 3"},
        {{.nodes = 3, .sites = 4}, "sites: 4 is not from 2 to 3"},
        {{.nodes = 12, .sites = 1}, "sites: 1 is not from 2 to 4"},
        {{.nodes = 12, .sites = 5}, "sites: 5 is not from 2 to 4"},
        {{.nodes = 12, .interval_ms = 99}, "interval in ms: 99 is not"},
        {{.nodes = 12, .patience_ms = -1}, "patience in ms: -1 is not"},
        {{.nodes = 12, .extra_checks = 10001}, "extra checks: 10001 is not from 0 to 10000"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct err err = {{0}};

        assert_int_equal(topology_check(&wrong[i].topology, &err), ERR_INVALID);
        assert_non_null(strstr(err.text, wrong[i].says));
    }
}

static void assert_same(const struct topology *a, const struct topology *b)
{
    struct buf first = {0}, second = {0};

    topology_yaml(a, &first);
    topology_yaml(b, &second);
    assert_string_equal(buf_cstr(&first), buf_cstr(&second));
    buf_free(&first);
    buf_free(&second);
}

static void seeds_draw_all_sorts(void **state)
{
    int by_nodes[51] = {0}, standbys = 0, sites[5] = {0}, fast = 0, pairs = 0, exclusive = 0,
        reports = 0;

    (void)state;
    for (uint64_t seed = 0; seed < 1000; seed++) {
        struct topology t = topology_draw(seed), again = topology_draw(seed);

        assert_same(&t, &again);
        model_free(parsed(&t));
        by_nodes[t.nodes]++;
        standbys += t.standbys > 0;
        sites[t.sites]++;
        fast += t.fast;
        pairs += t.pairs;
        exclusive += t.exclusive;
        reports += t.reports;
    }
    assert_in_range(by_nodes[12], 200, 400);
    for (int nodes = 3; nodes <= 16; nodes++)
        assert_true(by_nodes[nodes] > 0);
    assert_in_range(standbys, 200, 700);
    assert_in_range(sites[0], 800, 950);
    assert_true(sites[2] > 0 && sites[3] > 0 && sites[4] > 0);
    assert_in_range(fast, 400, 600);
    assert_in_range(pairs, 400, 600);
    assert_in_range(exclusive, 400, 600);
    assert_in_range(reports, 90, 160);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_size_is_valid),
        cmocka_unit_test(twelve_are_the_call_centre),
        cmocka_unit_test(actuators_may_wait_for_each_other),
        cmocka_unit_test(pairs_are_pairs),
        cmocka_unit_test(switches_have_hosts),
        cmocka_unit_test(extra_checks_are_many),
        cmocka_unit_test(impossible_ones_are_refused),
        cmocka_unit_test(seeds_draw_all_sorts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
