/* The daemon's side of the helper (helper/): what this node may serve of exclusive routes goes
 * there, what it holds comes back. A helper that is gone is called again and again, and told
 * the newest order of every route. */
#include "base/check.h"
#include "base/mem.h"
#include "daemon/daemon.h"
#include "wire/holding.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define RETRY_MS 100
#define ASK_MS 500 /* so often one that holds nothing is asked whether it is there */
#define UNHEARD_MS (3 * ASK_MS)

struct order {
    uint32_t epoch;   /* 0: none yet */
    int64_t until_ms; /* 0: let go */
    int fence_ms;
    uint32_t over; /* newest epoch that was let go of */
    bool refused;  /* it could not be held, and that was said */
};

struct holder {
    struct daemon *daemon;
    uv_poll_t poll;
    uv_timer_t retry;
    int handles;      /* open */
    int fd;           /* -1: not connected */
    int64_t asked_ms; /* since when it owes an answer; 0: it does not */
    bool closing, complained;
    struct order orders[LIMIT_ROUTES];
};

static const struct model *model_of(const struct holder *holder)
{
    return engine_model(node_engine(holder->daemon->node));
}

static void step(struct holder *holder, int route, uint32_t epoch, enum holder_word word)
{
    struct event event = {.kind = EVENT_HOLDER, .now = daemon_now()};

    if (holder->daemon->node == NULL)
        return;
    event.holder.route = route;
    event.holder.epoch = epoch;
    event.holder.word = word;
    node_step(holder->daemon->node, &event);
}

/* ---- to the helper ---- */

static void put_things(const struct route *route, char *text, size_t size)
{
    size_t len = 0;
    int a;

    for (a = 0; a < route->n_actuators; a++)
        if (actuator_is_own(&route->actuators[a]) && len < size)
            len += (size_t)snprintf(text + len, size - len, "%s%s", len > 0 ? " " : "",
                                    route->actuators[a].address);
}

static bool holds(const struct order *order)
{
    return order->epoch > order->over && order->until_ms > daemon_now().boot_ms;
}

static void send_message(struct holder *holder, int r, enum holding_kind kind, uint32_t epoch)
{
    const struct engine *engine = node_engine(holder->daemon->node);
    const struct route *route = &model_of(holder)->routes[r];
    const struct order *order = &holder->orders[r];
    struct holding_message message = {.kind = kind, .epoch = epoch};
    uint8_t bytes[HOLDING_BYTES];
    size_t len;

    memcpy(message.route, route->name, sizeof message.route);
    if (kind == HOLDING_HOLD) {
        message.time_ms = order->until_ms;
        message.fence_ms = (uint32_t)order->fence_ms;
        memcpy(message.candidate,
               route->candidates[engine_shared(engine)->routes[r].now.candidate].name,
               sizeof message.candidate);
    }
    if (kind == HOLDING_HOLD || !holds(order))
        put_things(route, message.text, sizeof message.text);
    if (kind == HOLDING_RELEASE && holder->asked_ms == 0)
        holder->asked_ms = daemon_now().boot_ms;
    len = holding_encode(&message, bytes);
    /* What cannot be sent now is seen to be gone by its socket, and told anew. */
    if (holder->fd >= 0)
        (void)!send(holder->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* What is over, and what is to be held. Who has nothing to hold answers all the same: then this
 * node may be chosen. */
static void tell_route(struct holder *holder, int route)
{
    const struct order *order = &holder->orders[route];
    const struct route *r = &model_of(holder)->routes[route];

    if (order->over > 0 || (route_is_own(r) && model_route_has(r, holder->daemon->self)))
        send_message(holder, route, HOLDING_RELEASE, order->over);
    if (holds(order))
        send_message(holder, route, HOLDING_HOLD, order->epoch);
}

void holder_order(void *context, int route, uint32_t epoch, int64_t until_ms, int fence_ms)
{
    struct daemon *daemon = context;
    struct holder *holder = daemon->holder;
    struct order *order;

    if (holder == NULL || !route_is_own(&model_of(holder)->routes[route]))
        return;
    order = &holder->orders[route];
    if (until_ms == 0) {
        order->over = epoch;
        send_message(holder, route, HOLDING_RELEASE, epoch);
        return;
    }
    order->epoch = epoch;
    order->until_ms = until_ms;
    order->fence_ms = fence_ms;
    send_message(holder, route, HOLDING_HOLD, epoch);
}

/* Routes may have other numbers now: what was ordered runs out, what is to be held is ordered
 * again with its next renewal. */
void holder_configured(struct daemon *daemon)
{
    if (daemon->holder != NULL)
        memset(daemon->holder->orders, 0, sizeof daemon->holder->orders);
}

/* ---- from the helper ---- */

/* What is asked again and again is said once. Who holds nothing says with it that it could not. */
static void take_failed(struct holder *holder, int route, const struct holding_message *message)
{
    struct order *order = route >= 0 ? &holder->orders[route] : NULL;
    bool idle = order != NULL && !holds(order);

    if (!idle || !order->refused)
        log_line(holder->daemon->log, LOG_LEVEL_ERROR, "helper", "route %s: %s", message->route,
                 message->text);
    if (!idle)
        return;
    order->refused = true;
    step(holder, route, 0, HOLDER_LOST);
}

static void take(struct holder *holder, const struct holding_message *message)
{
    int route = model_route(model_of(holder), message->route);
    enum holder_word word = message->why == HOLDING_RELEASED ? HOLDER_RELEASED : HOLDER_FENCED;

    if (message->kind == HOLDING_FAILED) {
        take_failed(holder, route, message);
        return;
    }
    if (route < 0 || (message->kind != HOLDING_HELD && message->kind != HOLDING_FENCED))
        return;
    holder->orders[route].refused = false;
    step(holder, route, message->epoch, message->kind == HOLDING_HELD ? HOLDER_HELD : word);
}

static void connect_later(struct holder *holder);

static void lose(struct holder *holder, const char *why)
{
    int r, n = holder->daemon->node != NULL ? model_of(holder)->n_routes : 0;

    if (!holder->complained)
        log_line(holder->daemon->log, LOG_LEVEL_ERROR, "helper", "%s: %s",
                 holder->daemon->config.helper, why);
    holder->complained = true;
    if (holder->fd < 0)
        return;
    uv_poll_stop(&holder->poll);
    close(holder->fd);
    holder->fd = -1;
    for (r = 0; r < n; r++)
        step(holder, r, 0, HOLDER_LOST);
}

static void on_message(uv_poll_t *poll, int status, int events)
{
    struct holder *holder = poll->data;
    struct holding_message message;
    uint8_t bytes[HOLDING_BYTES];
    struct err err = {"it is gone"};
    ssize_t n;

    (void)status;
    (void)events;
    while (holder->fd >= 0) {
        n = recv(holder->fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n <= 0 || holding_decode(bytes, (size_t)n, &message, &err) < 0) {
            /* The poll handle must be closed before another file can be watched. */
            lose(holder, err.text);
            connect_later(holder);
            return;
        }
        holder->asked_ms = 0;
        holder->complained = false;
        if (holder->daemon->node != NULL)
            take(holder, &message);
    }
}

/* ---- its connection ---- */

static void on_closed(uv_handle_t *handle)
{
    struct holder *holder = handle->data;
    struct daemon *daemon = holder->daemon;

    if (--holder->handles > 0 || !holder->closing)
        return;
    daemon->holder = NULL;
    mem_free(holder);
    daemon_module_closed(daemon);
}

static int open_socket(const char *path)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    snprintf(name.sun_path, sizeof name.sun_path, "%s", path);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&name, sizeof name) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Whoever holds something answers its renewals. */
static void on_ask(uv_timer_t *timer)
{
    struct holder *holder = timer->data;
    int r;

    if (holder->closing || holder->fd < 0)
        return;
    if (holder->asked_ms != 0 && daemon_now().boot_ms - holder->asked_ms >= UNHEARD_MS) {
        lose(holder, "it does not answer");
        connect_later(holder);
        return;
    }
    for (r = 0; holder->daemon->node != NULL && r < model_of(holder)->n_routes; r++)
        if (!holds(&holder->orders[r]))
            tell_route(holder, r);
}

static void on_retry(uv_timer_t *timer)
{
    struct holder *holder = timer->data;
    int r;

    if (holder->closing || holder->handles > 1)
        return; /* the one before is not closed yet */
    holder->fd = open_socket(holder->daemon->config.helper);
    if (holder->fd < 0) {
        lose(holder, strerror(errno));
        return;
    }
    holder->asked_ms = 0;
    CHECK(uv_poll_init(holder->daemon->loop, &holder->poll, holder->fd) == 0);
    holder->poll.data = holder;
    holder->handles++;
    uv_poll_start(&holder->poll, UV_READABLE, on_message);
    for (r = 0; holder->daemon->node != NULL && r < model_of(holder)->n_routes; r++)
        tell_route(holder, r);
    uv_timer_start(&holder->retry, on_ask, ASK_MS, ASK_MS);
}

static void connect_later(struct holder *holder)
{
    if (holder->handles > 1)
        uv_close((uv_handle_t *)&holder->poll, on_closed);
    uv_timer_start(&holder->retry, on_retry, RETRY_MS / 10, RETRY_MS);
}

int holder_module_open(struct daemon *daemon, struct err *err)
{
    struct holder *holder;

    (void)err;
    if (daemon->config.helper[0] == '\0')
        return 0;
    holder = mem_zalloc(1, sizeof *holder);
    holder->daemon = daemon;
    holder->fd = -1;
    CHECK(uv_timer_init(daemon->loop, &holder->retry) == 0);
    holder->retry.data = holder;
    holder->handles = 1;
    daemon->holder = holder;
    uv_timer_start(&holder->retry, on_retry, 0, RETRY_MS);
    return 0;
}

void holder_module_close(struct daemon *daemon)
{
    struct holder *holder = daemon->holder;

    if (holder == NULL) {
        daemon_module_closed(daemon);
        return;
    }
    holder->closing = true;
    if (holder->fd >= 0) {
        uv_poll_stop(&holder->poll);
        close(holder->fd);
        holder->fd = -1;
    }
    if (holder->handles > 1 && !uv_is_closing((uv_handle_t *)&holder->poll))
        uv_close((uv_handle_t *)&holder->poll, on_closed);
    uv_close((uv_handle_t *)&holder->retry, on_closed);
}
