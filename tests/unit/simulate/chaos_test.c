/* Schedules from seeds: the same again, within their bounds, of every kind; and what is not
 * harsh leaves a majority that can work. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/check.h"
#include "same_fault.h"
#include "simulate/faults/chaos.h"
#include "simulate/faults/topology.h"
#include "wire/config.h"

#define SEEDS 2000

static struct model *model_of(const struct topology *topology)
{
    struct model *model;
    struct buf yaml = {0};
    struct err err;

    topology_yaml(topology, &yaml);
    if (config_parse("topology", yaml.data, yaml.len, &model, &err) != 0)
        fail_msg("%s", err.text);
    buf_free(&yaml);
    return model;
}

static struct model *twelve(void)
{
    struct topology t = {.nodes = 12, .standbys = 1, .pairs = true, .exclusive = true};

    return model_of(&t);
}

/* Drawn, and looked at for what always holds. */
static int draw(const struct chaos *chaos, const struct model *model, uint64_t seed,
                struct fault *faults)
{
    int n = chaos_draw(chaos, model, seed, faults);

    assert_in_range(n, 1, chaos->most > 0 ? chaos->most : 24);
    for (int i = 0; i < n; i++) {
        const struct fault *f = &faults[i];
        struct buf text = {0};
        struct fault again;
        struct err err;

        assert_true(f->at_ms >= (i > 0 ? faults[i - 1].at_ms : 0));
        assert_true(f->at_ms < chaos->length_ms);
        assert_true(f->at_ms + f->for_ms <= chaos->length_ms);
        assert_int_equal(f->for_ms > 0, !fault_once(f->kind));
        if (f->kind == FAULT_STEP)
            assert_in_range(f->value < 0 ? -f->value : f->value, 1, 3600000);
        if (f->kind == FAULT_DRIFT)
            assert_in_range(f->value < 0 ? -f->value : f->value, 1, 10000);
        if (f->kind == FAULT_LOSS)
            assert_in_range(f->value, 50, 300);
        fault_format(f, model, &text);
        if (fault_parse(buf_cstr(&text), model, &again, &err) != 0)
            fail_msg("%s", err.text);
        assert_true(same_fault(f, &again));
        buf_free(&text);
    }
    return n;
}

static bool same_faults(const struct fault *a, const struct fault *b, int n)
{
    int i = 0;

    while (i < n && same_fault(&a[i], &b[i]))
        i++;
    return i == n;
}

static void a_seed_is_a_schedule(void **state)
{
    struct chaos chaos = {.length_ms = 60000};
    struct model *model = twelve();
    struct fault a[CHAOS_MAX], b[CHAOS_MAX];
    int different = 0;

    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        int n = chaos_draw(&chaos, model, seed, a);

        assert_int_equal(chaos_draw(&chaos, model, seed, b), n);
        assert_true(same_faults(a, b, n));
        different += chaos_draw(&chaos, model, seed + 1, b) != n || !same_faults(a, b, n);
    }
    assert_int_equal(different, 100);
    model_free(model);
}

/* The schedules of today: a change of them is meant, for seeds in reports refer to them. */
static void schedules_stay_what_they_are(void **state)
{
    struct chaos chaos = {.length_ms = 60000, .pauses = true};
    struct model *model = twelve();
    struct fault faults[CHAOS_MAX];
    struct buf text = {0};
    int n = chaos_draw(&chaos, model, 3, faults);

    (void)state;
    for (int i = 0; i < n; i++) {
        fault_format(&faults[i], model, &text);
        buf_str(&text, "\n");
    }
    assert_string_equal(buf_cstr(&text), "drift:backup-3=650ppm@0s+37s142ms\n"
                                         "drift:backup-4=722ppm@0s+38s420ms\n"
                                         "force:line.osaka@1s786ms\n"
                                         "freeze:voice-1@1s793ms+371ms\n"
                                         "restart:backup-1@2s98ms\n"
                                         "split:mirror-1@4s319ms+635ms\n"
                                         "force:line.tokyo@4s565ms\n"
                                         "restart:backup-1@4s750ms\n"
                                         "cut:osaka>voice-1@5s202ms+735ms\n"
                                         "cut:ishikari>voice-1@5s202ms+735ms\n"
                                         "force:line.osaka@5s873ms\n"
                                         "restart:backup-1@6s17ms\n"
                                         "freeze:mirror-1@7s123ms+1s951ms\n"
                                         "restart:mirror-3@7s190ms\n"
                                         "force:line.tokyo@7s414ms\n"
                                         "freeze:voice-1@9s385ms+1s522ms\n"
                                         "force:line.osaka@9s836ms\n"
                                         "restart:mirror-1@9s915ms\n"
                                         "amend:all@24s955ms\n");
    buf_free(&text);
    model_free(model);
}

static void every_kind_is_drawn(void **state)
{
    struct chaos chaos = {.length_ms = 60000, .pauses = true};
    struct model *model = twelve();
    struct fault faults[CHAOS_MAX];
    int drawn[FAULT_KINDS] = {0}, sizes[25] = {0}, typical = 0, all = 0, sites = 0, paths = 0;
    int long_ones = 0, mixed = 0;

    (void)state;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        int n = draw(&chaos, model, seed, faults), kinds = 0;
        bool seen[FAULT_KINDS] = {false};

        sizes[n]++;
        all += n;
        typical += n >= 2 && n <= 8;
        for (int i = 0; i < n; i++) {
            drawn[faults[i].kind]++;
            kinds += !seen[faults[i].kind];
            seen[faults[i].kind] = true;
            sites += faults[i].what.kind == WHERE_SITE;
            paths += faults[i].path;
        }
        mixed += n >= 2 && kinds >= 2;
        long_ones += n <= 2 && faults[0].for_ms >= chaos.length_ms / 4;
    }
    for (int k = 0; k < FAULT_KINDS; k++)
        /* One in 300 at least, of 37 kinds; reports are not everywhere. */
        if (k != FAULT_REPORT && (k < FAULT_HELPER_KILL || k == FAULT_AMEND) &&
            drawn[k] * 300 < all)
            fail_msg("%s: %d of %d", fault_word((enum fault_kind)k), drawn[k], all);
    assert_in_range(typical, SEEDS / 3, SEEDS * 9 / 10);
    assert_in_range(mixed, SEEDS / 2, SEEDS);
    assert_in_range(long_ones, SEEDS / 20, SEEDS / 3);
    assert_true(sizes[1] > 0 && sizes[24] > 0);
    assert_in_range(sites, all / 20, all / 3);
    assert_in_range(paths, all / 50, all / 4);
    model_free(model);
}

static void software_complains_where_it_reports(void **state)
{
    struct topology t = {.nodes = 12, .reports = true};
    struct chaos chaos = {.length_ms = 60000};
    struct model *model = model_of(&t);
    struct fault faults[CHAOS_MAX];
    int drawn[2] = {0};

    (void)state;
    for (uint64_t seed = 0; seed < 300; seed++)
        for (int i = draw(&chaos, model, seed, faults) - 1; i >= 0; i--)
            if (faults[i].kind == FAULT_REPORT)
                drawn[faults[i].value]++;
    assert_in_range(drawn[FAULT_REPORT_FAILING], 50, 300);
    assert_in_range(drawn[FAULT_REPORT_NOTHING], 50, 300);
    model_free(model);
}

static void pauses_are_asked_for(void **state)
{
    struct chaos chaos = {.length_ms = 60000};
    struct model *model = twelve();
    struct fault faults[CHAOS_MAX];

    (void)state;
    for (uint64_t seed = 0; seed < SEEDS; seed++)
        for (int n = draw(&chaos, model, seed, faults); n > 0; n--)
            assert_int_not_equal(faults[n - 1].kind, FAULT_PAUSE);
    model_free(model);
}

static bool at_work_kind(enum fault_kind kind)
{
    static const enum fault_kind stops[] = {FAULT_KILL,   FAULT_FREEZE,  FAULT_WIPE,  FAULT_RESTART,
                                            FAULT_HOST,   FAULT_PAUSE,   FAULT_CUT,   FAULT_SPLIT,
                                            FAULT_STALL,  FAULT_BADDISK, FAULT_CRAWL, FAULT_FULL,
                                            FAULT_CORRUPT};

    for (size_t i = 0; i < ARRAY_LEN(stops); i++)
        if (stops[i] == kind)
            return false;
    return true;
}

/* At one moment: voters that run, can write, never lost their disk and all hear each other. */
static int at_work(const struct model *model, const struct fault *faults, int n, int64_t now_ms,
                   int *sites)
{
    server_set working = 0;

    *sites = 0;
    for (int i = 0; i < model->n_coordinators; i++)
        if (model->servers[i].role == MEMBER_VOTER)
            working |= server_bit(i);
    for (int i = 0; i < n; i++) {
        const struct fault *f = &faults[i];
        bool for_ever =
            f->kind == FAULT_WIPE || f->kind == FAULT_BADDISK || f->kind == FAULT_CORRUPT;

        if (at_work_kind(f->kind) || f->at_ms > now_ms ||
            (!for_ever && f->at_ms + f->for_ms < now_ms))
            continue;
        if (!f->path) {
            server_set gone = where_servers(&f->what, model);

            *sites += f->what.kind == WHERE_SITE && (gone & ((1ull << model->n_coordinators) - 1));
            working &= ~gone;
        }
    }
    for (int i = 0; i < n; i++) {
        const struct fault *f = &faults[i];
        server_set a, b;

        if (f->kind != FAULT_CUT || !f->path || f->at_ms > now_ms || f->at_ms + f->for_ms < now_ms)
            continue;
        a = where_servers(&f->what, model) & working;
        b = where_servers(&f->other, model) & working;
        working &= ~(server_count(a) < server_count(b) ? a : b);
    }
    return server_count(working);
}

static void look_at_schedule(const struct model *model, const struct fault *faults, int n,
                             int *least, int *most_sites)
{
    for (int i = 0; i < n; i++) {
        int sites, working = at_work(model, faults, n, faults[i].at_ms, &sites);

        *least = working < *least ? working : *least;
        *most_sites = sites > *most_sites ? sites : *most_sites;
    }
}

static void a_majority_goes_on(void **state)
{
    struct fault faults[CHAOS_MAX];
    int to_the_edge = 0;

    (void)state;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct topology topology = topology_draw(seed);
        struct chaos chaos = {.length_ms = 1000 + (int64_t)(seed * 997 % 300000),
                              .pauses = seed & 1};
        struct model *model = model_of(&topology);
        int least = model_voters(model), sites = 0;
        int n = draw(&chaos, model, seed, faults);

        look_at_schedule(model, faults, n, &least, &sites);
        assert_true(least >= model_majority(model));
        assert_true(sites <= 1);
        to_the_edge += least == model_majority(model);
        model_free(model);
    }
    assert_in_range(to_the_edge, SEEDS / 10, SEEDS);
}

static void harsh_goes_further(void **state)
{
    struct chaos chaos = {.length_ms = 60000, .harsh = true};
    struct model *model = twelve();
    struct fault faults[CHAOS_MAX];
    int lost = 0, full = 0, two_sites = 0;

    (void)state;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        int least = 11, sites = 0, n = draw(&chaos, model, seed, faults);

        look_at_schedule(model, faults, n, &least, &sites);
        lost += least < 6;
        two_sites += sites > 1;
        for (int i = 0; i < n; i++)
            full += faults[i].kind == FAULT_FULL && faults[i].what.kind == WHERE_ALL;
    }
    assert_in_range(lost, SEEDS / 10, SEEDS * 9 / 10);
    assert_true(full > 0);
    assert_true(two_sites > 0);
    model_free(model);
}

/* Never two of one kind on one thing at once: which of two drifts would a clock follow? */
static void nothing_is_hit_twice(void **state)
{
    struct chaos chaos = {.length_ms = 30000, .pauses = true};
    struct model *model = twelve();
    struct fault faults[CHAOS_MAX];

    (void)state;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        int n = draw(&chaos, model, seed, faults);

        chaos.harsh = seed & 1;
        for (int i = 0; i < n; i++)
            for (int k = 0; k < i; k++) {
                const struct fault *a = &faults[k], *b = &faults[i];

                if (a->kind != b->kind || a->at_ms + a->for_ms < b->at_ms)
                    continue;
                if (a->what.kind > WHERE_SITE)
                    assert_false(same_place(&a->what, &b->what));
                else if (!a->path && !b->path)
                    assert_int_equal(
                        where_servers(&a->what, model) & where_servers(&b->what, model), 0);
            }
    }
    model_free(model);
}

static void wishes_are_kept(void **state)
{
    struct chaos chaos = {.length_ms = 60000};
    struct model *model = twelve();
    struct fault faults[CHAOS_MAX];

    (void)state;
    for (uint64_t seed = 0; seed < 500; seed++) {
        chaos.most = 1 + (int)(seed % 3);
        chaos.length_ms = 60000;
        draw(&chaos, model, seed, faults);
        chaos.most = 0;
        chaos.length_ms = 1 + (int64_t)(seed % 50); /* hardly room for anything */
        draw(&chaos, model, seed, faults);
        chaos.length_ms = 7 * 86400000ll;
        draw(&chaos, model, seed, faults);
    }
    model_free(model);
}

/* No routes, one site, one server: there is always something to draw. */
static void a_bare_model_is_enough(void **state)
{
    static const char yaml[] = "{cluster: c, version: 1, accept_quorum_loss: true, "
                               "sites: [{name: a}], "
                               "servers: [{name: s, site: a, host: h}]}";
    struct chaos chaos = {.length_ms = 60000, .pauses = true};
    struct fault faults[CHAOS_MAX];
    struct model *model;
    struct err err;

    (void)state;
    if (config_parse("bare", (const uint8_t *)yaml, sizeof yaml - 1, &model, &err) != 0)
        fail_msg("%s", err.text);
    for (uint64_t seed = 0; seed < 500; seed++)
        draw(&chaos, model, seed, faults);
    model_free(model);
}

/* Where helpers hold something: the same schedule, and in some of them what is beside a holder
 * fails, each for itself. */
static void helpers_fail_beside_all_else(void **state)
{
    struct topology t = {.nodes = 5, .exclusive = true, .thirds = true};
    struct chaos chaos = {.length_ms = 10000, .grants = true};
    struct model *clients = model_of(&t), *helpers;
    struct fault with[CHAOS_MAX], without[CHAOS_MAX];
    int drawn[FAULT_KINDS] = {0};
    static const enum fault_kind parts[] = {
        FAULT_HELPER_KILL, FAULT_HELPER_FREEZE, FAULT_FENCE_SLOW, FAULT_FENCE_STUCK, FAULT_KILL,
        FAULT_FREEZE,      FAULT_REFUSE,        FAULT_HOST,       FAULT_PAUSE};

    (void)state;
    t.address = true;
    helpers = model_of(&t);
    for (uint64_t seed = 0; seed < 200; seed++) {
        int n = chaos_draw(&chaos, helpers, seed, with);
        int m = chaos_draw(&chaos, clients, seed, without), kept = 0;

        for (int i = 0; i < n; i++) {
            if (kept < m && same_fault(&with[i], &without[kept]))
                kept++;
            else
                drawn[with[i].kind]++;
        }
        assert_int_equal(kept, m);
    }
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        assert_in_range(drawn[parts[i]], 5, 150);
    model_free(clients);
    model_free(helpers);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_seed_is_a_schedule),
        cmocka_unit_test(schedules_stay_what_they_are),
        cmocka_unit_test(every_kind_is_drawn),
        cmocka_unit_test(software_complains_where_it_reports),
        cmocka_unit_test(pauses_are_asked_for),
        cmocka_unit_test(a_majority_goes_on),
        cmocka_unit_test(harsh_goes_further),
        cmocka_unit_test(nothing_is_hit_twice),
        cmocka_unit_test(wishes_are_kept),
        cmocka_unit_test(a_bare_model_is_enough),
        cmocka_unit_test(helpers_fail_beside_all_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
