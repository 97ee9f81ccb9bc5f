#include "base/check.h"
#include "wire/agent.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An order that is taken is taken again as it is kept. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct agent_order order, again;
    char refused[LIMIT_TEXT], kept[LIMIT_TEXT];
    struct agent_answer answer;
    struct buf bytes = {0};
    struct err err;

    if (agent_kept_decode(data, size, &order, refused, &err) == 0) {
        CHECK(strchr(order.route, '/') == NULL && strchr(order.actuator, '/') == NULL);
        agent_kept_encode(&order, refused, &bytes);
        CHECK(agent_kept_decode(bytes.data, bytes.len, &again, kept, &err) == 0);
        CHECK(strcmp(refused, kept) == 0);
        CHECK(again.epoch == order.epoch && again.n_servers == order.n_servers);
        buf_free(&bytes);
    }
    agent_answer_decode(data, size, &answer, &err);
    return 0;
}
