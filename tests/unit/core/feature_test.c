/* Levels: a cluster does what all its members know, and says who holds it back. */
#include "cluster.h"
#include "core/engine_private.h"
#include "core/feature.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

enum { OLD = 3 };

/* The node begins anew as a program of that level, with a file that no other start had. */
static void install(struct cluster *c, int node, uint32_t level)
{
    c->level[node] = level;
    cluster_restart(c, node, level == FEATURE_FIRST ? 1 : 2);
}

static struct engine *leader(const struct cluster *c)
{
    return (struct engine *)cluster_engine(c, c->leader);
}

static void a_new_cluster_rises_to_what_all_know(void **state)
{
    struct cluster *c = cluster_new("available", 0, 1);

    (void)state;
    assert_int_equal(cluster_shared(c)->level, FEATURE_FIRST);
    cluster_run(c, 3000);
    assert_int_equal(cluster_shared(c)->level, FEATURE_NEWEST);
    assert_true(cluster_equal(c));
    cluster_free(c);
}

/* What it needs is not proposed, and who asks for it is told why. */
static void refuses(struct cluster *c, const char *who)
{
    struct command command = {.kind = COMMAND_PAUSE, .id = {{1}}};
    struct effects effects = {0};
    struct moment now = cluster_now(c);

    assert_null(engine_propose(leader(c), now, ENTRY_CLOCK, 0, &effects));
    assert_null(command_propose(leader(c), now, ENTRY_CLOCK, &command, &effects));
    assert_int_equal(effects.n, 1);
    assert_int_equal(effects.items[0].kind, EFFECT_REPLY);
    assert_int_equal(effects.items[0].reply.code, ERR_UNAVAILABLE);
    assert_string_equal(effects.items[0].reply.text, who);
    effects_free(&effects);
}

static void one_old_member_holds_the_level(void **state)
{
    struct cluster *c = cluster_new("available", 0, 2);

    (void)state;
    install(c, OLD, FEATURE_FIRST);
    cluster_run(c, 3000);
    assert_int_equal(cluster_shared(c)->level, FEATURE_FIRST);
    refuses(c, "this needs feature level 2 (steps of clocks in the ledger), the cluster is at 1; "
               "voice-4 knows up to 1");
    /* It may come back as it was: silence is no consent. */
    c->stopped[OLD] = true;
    cluster_run(c, 3000);
    assert_int_equal(cluster_shared(c)->level, FEATURE_FIRST);
    refuses(c, "this needs feature level 2 (steps of clocks in the ledger), the cluster is at 1; "
               "voice-4 is not heard");
    c->stopped[OLD] = false;
    install(c, OLD, 0);
    cluster_run(c, 2000);
    assert_int_equal(cluster_shared(c)->level, FEATURE_NEWEST);
    assert_true(cluster_equal(c));
    cluster_free(c);
}

/* Who leads knows less than the others: as one of the members. */
static void an_old_leader_raises_nothing(void **state)
{
    struct cluster *c = cluster_new("available", 0, 3);

    (void)state;
    install(c, c->leader, FEATURE_FIRST);
    cluster_run(c, 3000);
    assert_int_equal(cluster_shared(c)->level, FEATURE_FIRST);
    cluster_free(c);
}

static void the_level_never_falls(void **state)
{
    struct entry entry = {.kind = ENTRY_FEATURES, .term = 1};
    struct cluster *c = cluster_new("available", 0, 4);

    (void)state;
    cluster_run(c, 3000);
    entry.config_version = cluster_shared(c)->model->version;
    entry.features.level = FEATURE_FIRST;
    shared_apply((struct shared *)cluster_shared(c), cluster_shared(c)->index + 1, &entry, NULL,
                 NULL);
    assert_int_equal(cluster_shared(c)->level, FEATURE_NEWEST);
    cluster_free(c);
}

static void every_level_says_what_it_brought(void **state)
{
    struct err err;

    (void)state;
    for (uint32_t level = FEATURE_FIRST; level <= FEATURE_NEWEST; level++)
        assert_string_not_equal(feature_what(level), "?");
    assert_string_equal(feature_what(FEATURE_NEWEST + 1), "?");
    assert_int_equal(feature_check("the log", 3, 3, &err), 0);
    assert_int_equal(feature_check("the log", 4, 3, &err), ERR_INVALID);
    assert_string_equal(err.text, "the log is at feature level 4, this program knows up to 3: "
                                  "install the version that the other nodes have");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_cluster_rises_to_what_all_know),
        cmocka_unit_test(one_old_member_holds_the_level),
        cmocka_unit_test(an_old_leader_raises_nothing),
        cmocka_unit_test(the_level_never_falls),
        cmocka_unit_test(every_level_says_what_it_brought),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
