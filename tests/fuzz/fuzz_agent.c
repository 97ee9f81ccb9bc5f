#include "base/check.h"
#include "wire/agent.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An order that is taken is taken again as it is kept. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct agent_order order, again;
    struct agent_answer answer;
    struct buf bytes = {0};
    struct err err;

    if (agent_order_decode(data, size, &order, &err) == 0) {
        CHECK(strchr(order.route, '/') == NULL && strchr(order.actuator, '/') == NULL);
        agent_order_encode(&order, &bytes);
        CHECK(agent_order_decode(bytes.data, bytes.len, &again, &err) == 0);
        CHECK(again.epoch == order.epoch && again.n_servers == order.n_servers);
        buf_free(&bytes);
    }
    agent_answer_decode(data, size, &answer, &err);
    return 0;
}
