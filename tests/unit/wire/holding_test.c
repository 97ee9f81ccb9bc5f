/* What daemon and helper say to each other, and the helper's file. */
#include "wire/holding.h"
#include "wire/config_helper.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <cmocka.h>

static const struct holding_message sample = {.kind = HOLDING_HOLD,
                                              .epoch = 0x01020304,
                                              .time_ms = 123456789012,
                                              .fence_ms = 30,
                                              .route = "line",
                                              .candidate = "tokyo",
                                              .text = "192.0.2.10 hook:bgp"};

static void a_message_comes_back_as_it_was(void **state)
{
    uint8_t bytes[HOLDING_BYTES];
    struct holding_message back;
    struct err err;
    size_t len = holding_encode(&sample, bytes);

    (void)state;
    assert_int_equal(len, HOLDING_HEAD + strlen(sample.text));
    assert_memory_equal(bytes, "KH\x01\x01\x04\x03\x02\x01", 8);
    assert_int_equal(holding_decode(bytes, len, &back, &err), 0);
    assert_int_equal(back.kind, sample.kind);
    assert_int_equal(back.epoch, sample.epoch);
    assert_int_equal(back.time_ms, sample.time_ms);
    assert_int_equal(back.fence_ms, sample.fence_ms);
    assert_string_equal(back.route, sample.route);
    assert_string_equal(back.candidate, sample.candidate);
    assert_string_equal(back.text, sample.text);
}

static void refuses(size_t at, uint8_t value, const char *text)
{
    uint8_t bytes[HOLDING_BYTES];
    struct holding_message back;
    struct err err;
    size_t len = holding_encode(&sample, bytes);

    bytes[at] = value;
    assert_int_equal(holding_decode(bytes, len, &back, &err), ERR_INVALID);
    assert_non_null(strstr(err.text, text));
}

static void what_is_no_message_is_refused(void **state)
{
    uint8_t bytes[HOLDING_BYTES];
    struct holding_message back;
    struct err err;

    (void)state;
    refuses(0, 'X', "no message");
    refuses(2, 9, "version 9");
    refuses(3, 0, "unknown kind");
    refuses(3, 6, "unknown kind");
    refuses(15, 0x80, "out of range");
    refuses(19, 1, "out of range");
    refuses(20, 3, "unknown kind");
    refuses(24, 0, "a name");
    refuses(24 + 50, 'x', "a name");
    refuses(HOLDING_HEAD + 2, 0, "a zero");
    holding_encode(&sample, bytes);
    assert_int_equal(holding_decode(bytes, HOLDING_HEAD - 1, &back, &err), ERR_INVALID);
    memset(bytes + HOLDING_HEAD, 'x', HOLDING_TEXT);
    assert_int_equal(holding_decode(bytes, HOLDING_BYTES, &back, &err), ERR_INVALID);
}

static int parse(const char *yaml, struct helper_config *config, struct err *err)
{
    return config_parse_helper("helper.yaml", (const uint8_t *)yaml, strlen(yaml), config, err);
}

static void the_helpers_file_names_all_that_it_may_do(void **state)
{
    struct helper_config config;
    struct err err;
    const struct helper_route *route;

    (void)state;
    assert_int_equal(parse("user: kk\n"
                           "routes:\n"
                           "  - name: line\n"
                           "    addresses:\n"
                           "      - {address: 192.0.2.10/24, interface: eth0}\n"
                           "      - {address: \"2001:DB8:0::10/64\", interface: eth0.7}\n"
                           "    hooks:\n"
                           "      - {name: bgp, program: /bin/bgp, arguments: [a, b c],\n"
                           "         limit: 2s, check: 1s, last_resort: anycast0}\n",
                           &config, &err),
                     0);
    assert_string_equal(config.socket, "/run/kirikae/helper.sock");
    assert_string_equal(config.user, "kk");
    assert_int_equal(config.n_routes, 1);
    route = &config.routes[0];
    assert_string_equal(route->addresses[0].text, "192.0.2.10");
    assert_int_equal(route->addresses[0].prefix, 24);
    assert_int_equal(route->addresses[1].family, AF_INET6);
    assert_string_equal(route->addresses[1].text, "2001:db8::10");
    assert_string_equal(route->hooks[0].arguments[1], "b c");
    assert_int_equal(route->hooks[0].limit_ms, 2000);
    assert_string_equal(route->hooks[0].last_resort, "anycast0");
    helper_config_free(&config);
}

static void what_is_wrong_with_the_file_is_said(void **state)
{
    static const struct {
        const char *routes, *text;
    } wrong[] = {
        {"[{name: line}]", "neither addresses nor hooks"},
        {"[{name: line, addresses: [{address: 192.0.2.10, interface: e}]}]", "with its prefix"},
        {"[{name: line, addresses: [{address: 192.0.2.10/33, interface: e}]}]", "with its prefix"},
        {"[{name: line, addresses: [{address: 192.0.2.10/24x, interface: e}]}]", "with its prefix"},
        {"[{name: line, addresses: [{address: a.example/24, interface: e}]}]", "with its prefix"},
        {"[{name: line, addresses: [{address: 192.0.2.10/24}]}]", "interface"},
        {"[{name: line, addresses: [{address: 192.0.2.10/24, interface: a234567890123456}]}]",
         "interface"},
        {"[{name: line, addresses: [{address: 192.0.2.10/24, interface: e}]},\n"
         " {name: other, addresses: [{address: 192.0.2.10/32, interface: f}]}]",
         "stands here twice"},
        {"[{name: line, hooks: [{name: b, program: /b, last_resort: e}]},\n"
         " {name: line, hooks: [{name: b, program: /b, last_resort: e}]}]",
         "stands here twice"},
        {"[{name: line, hooks: [{name: b, program: b, last_resort: e}]}]", "absolute"},
        {"[{name: line, hooks: [{name: b, program: /b}]}]", "last_resort"},
    };
    struct helper_config config;
    struct err err;
    char yaml[512];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        snprintf(yaml, sizeof yaml, "routes: %s\n", wrong[i].routes);
        assert_int_equal(parse(yaml, &config, &err), ERR_INVALID);
        if (strstr(err.text, wrong[i].text) == NULL)
            fail_msg("%s: %s", wrong[i].routes, err.text);
        helper_config_free(&config);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_comes_back_as_it_was),
        cmocka_unit_test(what_is_no_message_is_refused),
        cmocka_unit_test(the_helpers_file_names_all_that_it_may_do),
        cmocka_unit_test(what_is_wrong_with_the_file_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
