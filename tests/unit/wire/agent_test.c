/* Orders for agents: what is sent arrives, and what could do harm there does not. */
#include "wire/agent.h"

#include "testing.h"

static struct agent_order sample(void)
{
    struct agent_order order = {.route = "calls",
                                .actuator = "kam-1",
                                .epoch = 7,
                                .step = 2,
                                .candidate = "tokyo",
                                .value = "voice",
                                .timeout_ms = 900,
                                .set = 3,
                                .n_servers = 2};

    order.servers[0] = (struct agent_server){
        .name = "voice-1", .uri = "sip:10.0.0.1:5060", .duty = AGENT_SERVES, .weight = 100};
    order.servers[1] = (struct agent_server){
        .name = "mirror-1", .uri = "sip:[fd00::1]:5060", .duty = AGENT_DRAINS, .weight = 1};
    return order;
}

static int pass(const struct agent_order *order, struct agent_order *back)
{
    struct buf bytes = {0};
    struct err err;
    int rc;

    agent_order_encode(order, &bytes);
    rc = agent_order_decode(bytes.data, bytes.len, back, &err);
    buf_free(&bytes);
    return rc;
}

static void orders_arrive(void **state)
{
    struct agent_order order = sample(), back;

    assert_int_equal(pass(&order, &back), 0);
    assert_memory_equal(&back, &order, sizeof order);
    order.kind = AGENT_EXEC;
    memcpy(order.program, "p", 2);
    order.servers[0].uri[0] = order.servers[1].uri[0] = '\0';
    memset(order.servers[0].uri, 0, AGENT_URI);
    memset(order.servers[1].uri, 0, AGENT_URI);
    assert_int_equal(pass(&order, &back), 0);
    assert_memory_equal(&back, &order, sizeof order);
}

static void a_refusal_is_kept_with_the_order(void **state)
{
    struct agent_order order = sample(), back;
    char refused[LIMIT_TEXT], longest[LIMIT_TEXT];
    struct buf bytes = {0};
    struct err err;

    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    agent_kept_encode(&order, longest, &bytes);
    assert_int_equal(agent_kept_decode(bytes.data, bytes.len, &back, refused, &err), 0);
    assert_memory_equal(&back, &order, sizeof order);
    assert_string_equal(refused, longest);
    assert_int_equal(agent_order_decode(bytes.data, bytes.len, &back, &err), 0);
    buf_clear(&bytes);
    agent_order_encode(&order, &bytes); /* as the files before had it */
    assert_int_equal(agent_kept_decode(bytes.data, bytes.len, &back, refused, &err), 0);
    assert_string_equal(refused, "");
    buf_free(&bytes);
}

static void harm_is_refused(void **state)
{
#define BAD(change)                                                                                \
    do {                                                                                           \
        struct agent_order order = sample(), back;                                                 \
        change;                                                                                    \
        if (pass(&order, &back) != ERR_INVALID)                                                    \
            fail_msg("%s", #change);                                                               \
    } while (0)
    BAD(memcpy(order.route, "../x", 5));
    BAD(memcpy(order.route, ".x", 3));
    BAD(memcpy(order.route, "", 1));
    BAD(memcpy(order.actuator, "a/b", 4));
    BAD(memcpy(order.actuator, "a@b", 4));
    BAD(memcpy(order.candidate, "", 1));
    BAD(memcpy(order.value, "a b", 4));
    BAD(order.kind = 2);
    BAD(order.kind = AGENT_EXEC); /* no program */
    BAD(memcpy(order.program, "/bin/sh", 8));
    BAD(order.timeout_ms = 0);
    BAD(order.timeout_ms = 60001);
    BAD(order.n_servers = 0);
    BAD(order.servers[0].weight = 0);
    BAD(order.servers[0].weight = 101);
    BAD(order.servers[0].duty = 3);
    BAD(order.servers[0].name[0] = '/');
    BAD(memcpy(order.servers[0].uri, "sip:a\n2 sip:b", 14));
    BAD(memcpy(order.servers[0].uri, "sip:a b", 8));
    BAD(memcpy(order.servers[0].uri, "sip:a\"", 7));
    BAD(memcpy(order.servers[0].uri, "tel:1", 6));
    BAD(order.servers[1] = order.servers[0]); /* one destination twice */
}

static void answers_arrive(void **state)
{
    struct agent_answer answer = {
        .code = ERR_STALE, .changed = true, .epoch = 9, .step = 1, .text = "no"};
    struct agent_answer back;
    struct buf bytes = {0};
    struct err err;

    agent_answer_encode(&answer, &bytes);
    assert_int_equal(agent_answer_decode(bytes.data, bytes.len, &back, &err), 0);
    assert_memory_equal(&back, &answer, sizeof answer);
    buf_clear(&bytes);
    answer.code = 1;
    agent_answer_encode(&answer, &bytes);
    assert_int_equal(agent_answer_decode(bytes.data, bytes.len, &back, &err), ERR_INVALID);
    assert_int_equal(agent_answer_decode((const uint8_t *)"\xff", 1, &back, &err), ERR_INVALID);
    buf_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orders_arrive),
        cmocka_unit_test(a_refusal_is_kept_with_the_order),
        cmocka_unit_test(harm_is_refused),
        cmocka_unit_test(answers_arrive),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
