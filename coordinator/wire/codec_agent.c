#include "agent.pb-c.h"
#include "wire/agent.h"
#include "wire/pb.h"

#include <string.h>

typedef Kirikae__V1__AgentOrder order_message;
typedef Kirikae__V1__AgentServer server_message;

void agent_kept_encode(const struct agent_order *order, const char *refused, struct buf *out)
{
    order_message message = KIRIKAE__V1__AGENT_ORDER__INIT;
    server_message servers[LIMIT_SERVERS], *list[LIMIT_SERVERS];

    for (int i = 0; i < order->n_servers; i++) {
        const struct agent_server *server = &order->servers[i];

        servers[i] = (server_message)KIRIKAE__V1__AGENT_SERVER__INIT;
        servers[i].name = (char *)server->name;
        servers[i].uri = (char *)server->uri;
        servers[i].duty = server->duty;
        servers[i].weight = (uint32_t)server->weight;
        list[i] = &servers[i];
    }
    message.route = (char *)order->route;
    message.actuator = (char *)order->actuator;
    message.epoch = order->epoch;
    message.step = order->step;
    message.candidate = (char *)order->candidate;
    message.value = (char *)order->value;
    message.kind = order->kind;
    message.timeout_ms = (uint32_t)order->timeout_ms;
    message.set = (uint32_t)order->set;
    message.program = (char *)order->program;
    message.servers = list;
    message.n_servers = (size_t)order->n_servers;
    message.refused = (char *)refused;
    pb_pack(&message, out);
}

void agent_order_encode(const struct agent_order *order, struct buf *out)
{
    agent_kept_encode(order, "", out);
}

/* As the configuration has names: never "..", never a path. */
static bool name_ok(char into[LIMIT_NAME], const char *text)
{
    return pb_text(into, LIMIT_NAME, text) && text[0] != '\0' && text[0] != '.' &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789.-") == strlen(text);
}

/* One word of a line; "" too. */
static bool word_ok(char *into, size_t size, const char *text)
{
    if (!pb_text(into, size, text))
        return false;
    for (; *text != '\0'; text++)
        if (*text <= ' ' || *text > '~' || strchr("\"'\\#!", *text) != NULL)
            return false;
    return true;
}

static bool server_ok(struct agent_server *server, const server_message *message)
{
    if (!name_ok(server->name, message->name) ||
        !word_ok(server->uri, sizeof server->uri, message->uri) || message->duty > AGENT_SERVES ||
        message->weight < 1 || message->weight > 100)
        return false;
    server->duty = (enum agent_duty)message->duty;
    server->weight = (int)message->weight;
    return true;
}

static bool kind_ok(const struct agent_order *order)
{
    if (order->kind == AGENT_EXEC)
        return order->program[0] != '\0';
    for (int i = 0; i < order->n_servers; i++) {
        if (strncmp(order->servers[i].uri, "sip:", 4) != 0)
            return false;
        for (int k = 0; k < i; k++)
            if (strcmp(order->servers[k].uri, order->servers[i].uri) == 0)
                return false;
    }
    return order->n_servers > 0;
}

static bool order_ok(struct agent_order *order, const order_message *message)
{
    char program[LIMIT_NAME];

    if (!name_ok(order->route, message->route) || !name_ok(order->actuator, message->actuator) ||
        !name_ok(order->candidate, message->candidate) ||
        !word_ok(order->value, sizeof order->value, message->value) || message->kind > AGENT_EXEC ||
        message->timeout_ms < 1 || message->timeout_ms > 60000 || message->set > INT32_MAX ||
        message->n_servers > LIMIT_SERVERS)
        return false;
    if (message->program[0] != '\0' && !name_ok(program, message->program))
        return false;
    pb_text(order->program, sizeof order->program, message->program);
    order->epoch = message->epoch;
    order->step = message->step;
    order->kind = (enum agent_kind)message->kind;
    order->timeout_ms = (int)message->timeout_ms;
    order->set = (int)message->set;
    order->n_servers = (int)message->n_servers;
    for (int i = 0; i < order->n_servers; i++)
        if (!server_ok(&order->servers[i], message->servers[i]))
            return false;
    return kind_ok(order);
}

int agent_kept_decode(const uint8_t *bytes, size_t len, struct agent_order *order,
                      char refused[LIMIT_TEXT], struct err *err)
{
    order_message *message =
        len > AGENT_ORDER ? NULL : pb_unpack(&kirikae__v1__agent_order__descriptor, bytes, len);
    bool ok;

    *order = (struct agent_order){0};
    ok = message != NULL && order_ok(order, message) &&
         pb_text(refused, LIMIT_TEXT, message->refused);
    pb_free(message);
    return ok ? 0 : err_set(err, ERR_INVALID, "not an order for an agent");
}

int agent_order_decode(const uint8_t *bytes, size_t len, struct agent_order *order, struct err *err)
{
    char refused[LIMIT_TEXT]; /* nobody may say so but the agent's own file */

    return agent_kept_decode(bytes, len, order, refused, err);
}

void agent_answer_encode(const struct agent_answer *answer, struct buf *out)
{
    Kirikae__V1__AgentAnswer message = KIRIKAE__V1__AGENT_ANSWER__INIT;

    message.code = answer->code;
    message.changed = answer->changed;
    message.epoch = answer->epoch;
    message.step = answer->step;
    message.text = (char *)answer->text;
    pb_pack(&message, out);
}

int agent_answer_decode(const uint8_t *bytes, size_t len, struct agent_answer *answer,
                        struct err *err)
{
    Kirikae__V1__AgentAnswer *message =
        len > AGENT_ORDER ? NULL : pb_unpack(&kirikae__v1__agent_answer__descriptor, bytes, len);
    bool ok;

    *answer = (struct agent_answer){0};
    ok = message != NULL && pb_text(answer->text, sizeof answer->text, message->text) &&
         message->code <= 0 && message->code >= ERR_STALE;
    if (ok) {
        answer->code = message->code;
        answer->changed = message->changed;
        answer->epoch = message->epoch;
        answer->step = message->step;
    }
    pb_free(message);
    return ok ? 0 : err_set(err, ERR_INVALID, "not an agent's answer");
}
