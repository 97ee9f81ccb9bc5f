/* Requests and responses. */
#include "base/mem.h"
#include "samples.h"

#include "testing.h"

static void requests_survive(void **state)
{
    struct rpc_request a = {.verb = "failover", .behalf = "sato", .behalf_role = 2}, b;
    struct buf bytes = {0};
    struct err err;

    buf_str(&a.args, "{\"route\":\"calls\"}");
    rpc_request_encode(&a, &bytes);
    assert_int_equal(rpc_request_decode(bytes.data, bytes.len, &b, &err), 0);
    assert_string_equal(b.verb, "failover");
    assert_string_equal(b.behalf, "sato");
    assert_int_equal(b.behalf_role, 2);
    assert_int_equal(b.args.len, a.args.len);
    assert_memory_equal(b.args.data, a.args.data, a.args.len);
    rpc_request_free(&b);
    for (size_t len = 0; len < bytes.len; len++) {
        uint8_t *exact = mem_dup(bytes.data, len);

        rpc_request_decode(exact, len, &b, &err);
        rpc_request_free(&b);
        mem_free(exact);
    }
    rpc_request_free(&a);
    buf_free(&bytes);
}

static void bad_requests_are_refused(void **state)
{
    struct rpc_request a = {.verb = "", .behalf_role = 0}, b;
    struct buf bytes = {0};
    struct err err;
    uint8_t *large = mem_zalloc(LIMIT_FRAME + 1, 1);
    static const uint8_t long_verb[] = {0x0a, 64};
    uint8_t verb[66];

    rpc_request_encode(&a, &bytes); /* no verb */
    assert_int_equal(rpc_request_decode(bytes.data, bytes.len, &b, &err), ERR_INVALID);
    buf_clear(&bytes);
    strcpy(a.verb, "status");
    a.behalf_role = 4;
    rpc_request_encode(&a, &bytes);
    assert_int_equal(rpc_request_decode(bytes.data, bytes.len, &b, &err), ERR_INVALID);
    buf_free(&bytes);

    memset(verb, 'v', sizeof verb);
    memcpy(verb, long_verb, sizeof long_verb);
    assert_int_equal(rpc_request_decode(verb, sizeof verb, &b, &err), ERR_INVALID);
    assert_int_equal(rpc_request_decode((const uint8_t *)"GET / HTTP/1.1", 14, &b, &err),
                     ERR_INVALID);
    assert_int_equal(rpc_request_decode(large, LIMIT_FRAME + 1, &b, &err), ERR_LIMIT);
    mem_free(large);
}

static void responses_survive(void **state)
{
    struct rpc_response a = {.code = ERR_REFUSED, .leader = "backup-1"}, b;
    struct buf bytes = {0};
    struct err err;

    memset(a.text, 't', sizeof a.text - 1);
    buf_str(&a.result, "{}");
    rpc_response_encode(&a, &bytes);
    assert_int_equal(rpc_response_decode(bytes.data, bytes.len, &b, &err), 0);
    assert_int_equal(b.code, ERR_REFUSED);
    assert_string_equal(b.text, a.text);
    assert_string_equal(b.leader, "backup-1");
    assert_int_equal(b.result.len, 2);
    rpc_response_free(&b);
    buf_clear(&bytes);

    a.code = 1; /* positive codes are no part of the protocol */
    rpc_response_encode(&a, &bytes);
    assert_int_equal(rpc_response_decode(bytes.data, bytes.len, &b, &err), ERR_INVALID);
    rpc_response_free(&a);
    buf_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_survive),
        cmocka_unit_test(bad_requests_are_refused),
        cmocka_unit_test(responses_survive),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
