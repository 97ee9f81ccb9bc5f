/* What Kamailio answers, and the agent's own file. */
#include "agent/agent.h"
#include "agent/kamailio_text.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define DEST(uri, flags, more) "{\"DEST\":{\"URI\":\"" uri "\",\"FLAGS\":\"" flags "\"" more "}}"
#define SET(id, targets) "{\"SET\":{\"ID\":" id ",\"TARGETS\":[" targets "]}}"
#define LIST(records) "{\"jsonrpc\":\"2.0\",\"result\":{\"RECORDS\":[" records "]},\"id\":7}"
#define REFUSAL(text) "{\"error\":{\"code\":500,\"message\":\"" text "\"},\"id\":7}"
#define WEIGHT(n) ",\"ATTRS\":{\"BODY\":\"\",\"RWEIGHT\":" n "}"

static const char two_sets[] = LIST(SET("2", DEST("sip:c", "TX", "")) "," SET(
    "1", DEST("sip:b", "DX", WEIGHT("50")) "," DEST("sip:a", "AP", WEIGHT("0"))));

static int parse(const char *text, int set, int max, struct kamailio_target *targets, int *n,
                 struct err *err)
{
    char *exact = mem_dup(text, strlen(text));
    int rc = kamailio_parse_list(exact, strlen(text), 7, set, targets, max, n, err);

    mem_free(exact);
    return rc;
}

static void a_list_is_read(void **state)
{
    struct kamailio_target targets[4];
    struct err err;
    int n;

    assert_int_equal(parse(two_sets, 1, 4, targets, &n, &err), 0);
    assert_int_equal(n, 2);
    assert_string_equal(targets[0].uri, "sip:b");
    assert_int_equal(targets[0].state, 'D');
    assert_int_equal(targets[0].weight, 50);
    assert_false(targets[0].probing);
    assert_int_equal(targets[1].state, 'A');
    assert_int_equal(targets[1].weight, 0);
    assert_true(targets[1].probing);
    assert_int_equal(parse(two_sets, 2, 4, targets, &n, &err), 0);
    assert_int_equal(n, 1);
    assert_int_equal(parse(two_sets, 3, 4, targets, &n, &err), 0);
    assert_int_equal(n, 0);
    assert_int_equal(parse(REFUSAL("No Destination Sets"), 1, 4, targets, &n, &err), 0);
    assert_int_equal(n, 0);
}

static void what_is_wrong_is_told(void **state)
{
    static const struct {
        const char *text;
        int code;
        const char *told;
    } cases[] = {
        {"", ERR_INVALID, "is this Kamailio"},
        {"[]", ERR_INVALID, "is this Kamailio"},
        {"{\"result\":{},\"id\":6}", ERR_INVALID, "is this Kamailio"},
        {"{\"id\":7}", ERR_INVALID, "neither"},
        {REFUSAL("Ongoing reload"), ERR_REFUSED, "Kamailio says: Ongoing reload"},
        {LIST(SET("1", "{}")), ERR_INVALID, "without URI"},
        {LIST(SET("1", DEST("sip:a", "XX", ""))), ERR_INVALID, "without URI or known flags"},
        {LIST(SET("1", DEST("sip:a", "AXX", ""))), ERR_INVALID, "without URI or known flags"},
        {LIST(SET("1", DEST("a", "AX", "") "," DEST("b", "AX", "") "," DEST("c", "AX", ""))),
         ERR_LIMIT, "more than 2"},
    };
    struct kamailio_target targets[2];
    int n;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct err err = {{0}};

        assert_int_equal(parse(cases[i].text, 1, 2, targets, &n, &err), cases[i].code);
        if (strstr(err.text, cases[i].told) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", err.text, cases[i].told);
    }
}

static const char good[] = "name: kam-1\n"
                           "listen: {address: 10.0.0.1, port: 7411}\n"
                           "tls: {ca: /ca, cert: /cert, key: /key}\n"
                           "state_dir: /var/lib/x\n"
                           "kamailio: {socket: /run/k.sock, list: /etc/k.list}\n"
                           "programs: [{name: p, path: /bin/p}, {name: q, path: /bin/q}]\n";

static void the_file_is_read(void **state)
{
    struct agent_config config;
    struct err err;

    assert_int_equal(agent_config_parse("f", (const uint8_t *)good, strlen(good), &config, &err),
                     0);
    assert_string_equal(config.name, "kam-1");
    assert_string_equal(config.host, "10.0.0.1");
    assert_int_equal(config.port, 7411);
    assert_string_equal(config.socket, "/run/k.sock");
    assert_int_equal(config.n_programs, 2);
    assert_string_equal(config.programs[1].path, "/bin/q");
}

static void slips_are_named(void **state)
{
    static const struct {
        const char *from, *to, *told;
    } slips[] = {
        {"name: kam-1\n", "", "\"name\" is missing"},
        {"7411", "70000", "port of listen"},
        {", list: /etc/k.list", "", "\"list\" is missing"},
        {"/bin/q", "bin/q", "must begin with /"},
        {"name: q", "name: p", "two programs are named \"p\""},
        {"state_dir", "state", "state"},
    };

    for (size_t i = 0; i < sizeof slips / sizeof slips[0]; i++) {
        struct agent_config config;
        struct buf text = {0};
        const char *at = strstr(good, slips[i].from);
        struct err err;

        buf_append(&text, good, (size_t)(at - good));
        buf_str(&text, slips[i].to);
        buf_str(&text, at + strlen(slips[i].from));
        assert_int_equal(agent_config_parse("f", text.data, text.len, &config, &err), ERR_INVALID);
        if (strstr(err.text, slips[i].told) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", err.text, slips[i].told);
        buf_free(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_is_read),
        cmocka_unit_test(what_is_wrong_is_told),
        cmocka_unit_test(the_file_is_read),
        cmocka_unit_test(slips_are_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
