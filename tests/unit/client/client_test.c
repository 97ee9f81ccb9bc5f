/* libkirikae against real nodes. */
#include "node.h"
#include "base/clock.h"
#include "kirikae/client.h"
#include "kirikae/server.h"

#include <jansson.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct node_plan led_by_a1[NODES] = {
    {.up = true, .leader = 0}, {.up = true, .leader = 0}, {.up = true, .leader = 0}};

static struct kirikae *client_as(const struct nodes *nodes, const char *who)
{
    struct kirikae *k = kirikae_new();
    char cert[NODES_PATH], key[NODES_PATH], name[32];

    snprintf(name, sizeof name, "%s.pem", who);
    nodes_path(nodes, name, cert);
    snprintf(name, sizeof name, "%s.key", who);
    nodes_path(nodes, name, key);
    assert_int_equal(kirikae_load_cluster(k, nodes->cluster), KIRIKAE_DONE);
    assert_int_equal(kirikae_set_tls(k, nodes->ca, cert, key), KIRIKAE_DONE);
    return k;
}

static void done(struct kirikae *k, enum kirikae_result result)
{
    if (result != KIRIKAE_DONE)
        fail_msg("%d: %s", (int)result, kirikae_error(k));
}

static char *move_args(struct kirikae *k, const char *to)
{
    static char args[256];
    char id[33];

    assert_int_equal(kirikae_new_id(k, id), KIRIKAE_DONE);
    snprintf(args, sizeof args,
             "{\"id\":\"%s\",\"route\":\"calls\",\"to\":\"%s\",\"reason\":\"test\"}", id, to);
    return args;
}

static void test_asks(void **state)
{
    struct nodes *nodes = nodes_start(led_by_a1);
    struct kirikae *k = client_as(nodes, "taro");
    char *result;
    int i;

    for (i = 0; i < 3; i++) { /* on one connection */
        done(k, kirikae_call(k, "status", NULL, 5000, &result));
        assert_non_null(strstr(result, "\"cluster\":\"test\""));
        assert_string_equal(kirikae_answered_by(k), "a1");
        kirikae_free_text(result);
    }
    assert_int_equal(kirikae_prefer(k, "c1"), KIRIKAE_DONE);
    done(k, kirikae_call(k, "status", NULL, 5000, NULL));
    assert_string_equal(kirikae_answered_by(k), "c1");
    assert_int_equal(kirikae_prefer(k, "z9"), KIRIKAE_USAGE);

    assert_int_equal(kirikae_call(k, "statsu", NULL, 5000, &result), KIRIKAE_USAGE);
    assert_non_null(strstr(kirikae_error(k), "known: status"));
    assert_null(result);
    assert_int_equal(kirikae_call(k, "status", "[", 5000, &result), KIRIKAE_USAGE);
    assert_int_equal(kirikae_call(k, "switchover", move_args(k, "osaka"), 5000, &result),
                     KIRIKAE_REFUSED);
    assert_non_null(strstr(kirikae_error(k), "taro has the role viewer"));
    kirikae_free(k);
    nodes_stop(nodes);
}

/* A follower passes the command on; the same id is answered again, and once done. */
static void test_command_through_a_follower(void **state)
{
    struct nodes *nodes = nodes_start(led_by_a1);
    struct kirikae *k = client_as(nodes, "hanako");
    char *result, *args;

    assert_int_equal(kirikae_prefer(k, "b1"), KIRIKAE_DONE);
    args = move_args(k, "osaka");
    done(k, kirikae_call(k, "switchover", args, 8000, &result));
    assert_string_equal(kirikae_answered_by(k), "b1");
    assert_non_null(strstr(result, "\"id\":"));
    kirikae_free_text(result);
    done(k, kirikae_call(k, "switchover", args, 8000, NULL));
    assert_int_equal(kirikae_prefer(k, "a1"), KIRIKAE_DONE);
    done(k, kirikae_call(k, "routes", NULL, 5000, &result));
    assert_non_null(strstr(result, "\"active\":\"osaka\""));
    assert_non_null(strstr(result, "\"epoch\":2"));
    kirikae_free_text(result);
    kirikae_free(k);
    nodes_stop(nodes);
}

/* Of a1's own software, by a1's certificate or an operator's; nobody else answers for it. */
static void test_reports_and_leases(void **state)
{
    struct nodes *nodes = nodes_start(led_by_a1);
    struct kirikae *own = client_as(nodes, "a1"), *k = client_as(nodes, "hanako");
    struct kirikae *other = client_as(nodes, "b1");
    unsigned epoch;
    long long until_ms;

    (void)state;
    done(own, kirikae_report(own, "phones", KIRIKAE_OK, NULL, 3000));
    done(own, kirikae_report(own, "calls@a1", KIRIKAE_FAILING, "\"no\" trunk", 3000));
    assert_string_equal(kirikae_answered_by(own), "a1");
    done(k, kirikae_report(k, "calls@a1", KIRIKAE_OK, NULL, 3000));
    assert_int_equal(kirikae_report(other, "calls@a1", KIRIKAE_OK, NULL, 3000), KIRIKAE_REFUSED);
    assert_int_equal(kirikae_report(k, "calls@b1", KIRIKAE_OK, NULL, 3000), KIRIKAE_USAGE);
    assert_non_null(strstr(kirikae_error(k), "software of b1"));
    assert_int_equal(kirikae_report(k, "calls@z9", KIRIKAE_OK, NULL, 3000), KIRIKAE_USAGE);
    assert_int_equal(kirikae_report(k, "calls@a1", KIRIKAE_OK, "\xff", 3000), KIRIKAE_USAGE);

    epoch = 7;
    until_ms = 7;
    assert_int_equal(kirikae_active(own, "trunks", &epoch, &until_ms, 3000), KIRIKAE_USAGE);
    assert_true(epoch == 0 && until_ms == 0);
    done(own, kirikae_active(own, "calls", &epoch, &until_ms, 3000));
    assert_int_equal(epoch, 1);
    assert_true(until_ms == 0 || until_ms > kirikae_now_ms() - 3000);

    nodes_kill(nodes, 0);
    assert_int_equal(kirikae_report(k, "calls@a1", KIRIKAE_OK, NULL, 500), KIRIKAE_UNREACHABLE);
    until_ms = 7;
    assert_int_equal(kirikae_active(own, "calls", &epoch, &until_ms, 500), KIRIKAE_UNREACHABLE);
    assert_int_equal(until_ms, 0);
    kirikae_free(own);
    kirikae_free(other);
    kirikae_free(k);
    nodes_stop(nodes);
}

/* Dead nodes are passed over, also when they die between two calls. */
static void test_dead_nodes(void **state)
{
    struct nodes *nodes = nodes_start(led_by_a1);
    struct kirikae *k = client_as(nodes, "hanako");
    int64_t began_ms;

    done(k, kirikae_call(k, "status", NULL, 5000, NULL));
    assert_string_equal(kirikae_answered_by(k), "a1");
    nodes_kill(nodes, 0);
    done(k, kirikae_call(k, "status", NULL, 5000, NULL));
    assert_string_equal(kirikae_answered_by(k), "b1");

    /* b1 and c1 still believe in a1: no quorum for a command, said in time. */
    began_ms = clock_boot_ms();
    assert_int_equal(kirikae_call(k, "switchover", move_args(k, "osaka"), 1500, NULL),
                     KIRIKAE_UNREACHABLE);
    assert_in_range(clock_boot_ms() - began_ms, 1400, 10000);
    nodes_kill(nodes, 1);
    nodes_kill(nodes, 2);
    assert_int_equal(kirikae_call(k, "status", NULL, 500, NULL), KIRIKAE_UNREACHABLE);
    assert_true(kirikae_error(k)[0] != '\0');
    assert_string_equal(kirikae_answered_by(k), "");
    kirikae_free(k);
    nodes_stop(nodes);
}

static void test_mute_node_and_impostor(void **state)
{
    static const struct node_plan plans[NODES] = {{.up = true, .leader = 2, .mute = true},
                                                  {.up = true, .leader = 2, .impostor = true},
                                                  {.up = true, .leader = 2}};
    struct nodes *nodes = nodes_start(plans);
    struct kirikae *k = client_as(nodes, "hanako");

    done(k, kirikae_call(k, "status", NULL, 10000, NULL));
    assert_string_equal(kirikae_answered_by(k), "c1");
    nodes_kill(nodes, 0);
    nodes_kill(nodes, 2);
    assert_int_equal(kirikae_prefer(k, "c1"), KIRIKAE_DONE);
    assert_int_equal(kirikae_prefer(k, "b1"), KIRIKAE_DONE);
    assert_int_equal(kirikae_call(k, "status", NULL, 100, NULL), KIRIKAE_UNREACHABLE);
    kirikae_free(k);
    nodes_stop(nodes);
}

static void test_impostor_is_named(void **state)
{
    static const struct node_plan plans[NODES] = {{.up = true, .leader = -1, .impostor = true}};
    struct nodes *nodes = nodes_start(plans);
    struct kirikae *k = kirikae_new();
    char cert[NODES_PATH], key[NODES_PATH];

    nodes_path(nodes, "hanako.pem", cert);
    nodes_path(nodes, "hanako.key", key);
    assert_int_equal(kirikae_add_server(k, "a1", nodes->host, nodes->ports[0]), KIRIKAE_DONE);
    assert_int_equal(kirikae_set_tls(k, nodes->ca, cert, key), KIRIKAE_DONE);
    assert_int_equal(kirikae_call(k, "status", NULL, 700, NULL), KIRIKAE_UNREACHABLE);
    assert_non_null(strstr(kirikae_error(k), "CN is not a1"));
    kirikae_free(k);
    nodes_stop(nodes);
}

static void test_wrong_use(void **state)
{
    struct kirikae *k = kirikae_new();

    assert_int_equal(kirikae_call(k, "status", NULL, 100, NULL), KIRIKAE_USAGE);
    assert_int_equal(kirikae_add_server(k, "a1", "127.0.0.1", 0), KIRIKAE_USAGE);
    assert_int_equal(kirikae_add_server(k, "", "127.0.0.1", 1), KIRIKAE_USAGE);
    assert_int_equal(kirikae_load_cluster(k, "/nonexistent/cluster.yaml"), KIRIKAE_USAGE);
    assert_non_null(strstr(kirikae_error(k), "/nonexistent/cluster.yaml"));
    assert_int_equal(kirikae_set_tls(k, "/nonexistent/ca", "/x", "/y"), KIRIKAE_USAGE);
    assert_int_equal(kirikae_load_node(k, "/nonexistent/node.yaml"), KIRIKAE_USAGE);
    kirikae_free(k);
    kirikae_free(NULL);
}

/* The library never raises SIGPIPE: the default action would end this process. */
static void test_no_sigpipe(void **state)
{
    struct nodes *nodes = nodes_start(led_by_a1);
    struct kirikae *k = client_as(nodes, "hanako");
    int i;

    signal(SIGPIPE, SIG_DFL);
    done(k, kirikae_call(k, "status", NULL, 5000, NULL));
    for (i = 0; i < NODES; i++)
        nodes_kill(nodes, i);
    for (i = 0; i < 3; i++)
        assert_int_equal(kirikae_call(k, "status", NULL, 200, NULL), KIRIKAE_UNREACHABLE);
    kirikae_free(k);
    nodes_stop(nodes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_asks),
        cmocka_unit_test(test_command_through_a_follower),
        cmocka_unit_test(test_reports_and_leases),
        cmocka_unit_test(test_dead_nodes),
        cmocka_unit_test(test_mute_node_and_impostor),
        cmocka_unit_test(test_impostor_is_named),
        cmocka_unit_test(test_wrong_use),
        cmocka_unit_test(test_no_sigpipe),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
