/* Kamailio's dispatcher, by JSON-RPC over a unix datagram socket that only the agent may
 * write to, and by its list file, which belongs to the agent.
 *
 * The file comes first: it is what Kamailio knows after a restart. States are then set in
 * place, which disturbs no call. Only when the destinations or weights differ is the file
 * read again (`dispatcher.reload`, which Kamailio allows once in reload_delta seconds).
 *
 *   serves   active     picked for new calls
 *   drains   inactive   not picked; calls that stand go on, for they follow their own route
 *   rests    disabled   likewise, and told apart by ds_is_from_list() and an operator */
#include "agent/agent.h"
#include "agent/kamailio_text.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"
#include "store/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define ANSWER_MAX (256 << 10)

static const char states[] = {[AGENT_RESTS] = 'D', [AGENT_DRAINS] = 'I', [AGENT_SERVES] = 'A'};

struct rpc {
    int fd;
    int id;
    int64_t until_ms;
    char *answer; /* ANSWER_MAX */
    size_t len;
};

static int rpc_open(struct rpc *rpc, const char *path, int timeout_ms, struct err *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    sa_family_t family = AF_UNIX;

    *rpc = (struct rpc){.until_ms = clock_boot_ms() + timeout_ms};
    if (strlen(path) >= sizeof address.sun_path)
        return err_set(err, ERR_INVALID, "%s: too long for a socket", path);
    memcpy(address.sun_path, path, strlen(path) + 1);
    rpc->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (rpc->fd < 0)
        return err_set(err, ERR_IO, "socket: %s", strerror(errno));
    /* An abstract name of the kernel's choice, for the answer. */
    if (bind(rpc->fd, (struct sockaddr *)&family, sizeof family) != 0 ||
        connect(rpc->fd, (struct sockaddr *)&address, sizeof address) != 0) {
        err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
        close(rpc->fd);
        return ERR_IO;
    }
    rpc->answer = mem_alloc(ANSWER_MAX);
    return 0;
}

static void rpc_close(struct rpc *rpc)
{
    mem_free(rpc->answer);
    close(rpc->fd);
}

/* `params`: what stands between the brackets. */
static int ask(struct rpc *rpc, const char *method, const char *params, struct err *err)
{
    int64_t left_ms = rpc->until_ms - clock_boot_ms();
    struct timeval left = {.tv_sec = left_ms / 1000, .tv_usec = left_ms % 1000 * 1000};
    char text[512];
    ssize_t n;
    int len;

    if (left_ms <= 0)
        return err_set(err, ERR_TIMEOUT, "no time is left for %s", method);
    len = snprintf(text, sizeof text,
                   "{\"jsonrpc\":\"2.0\",\"method\":\"%s\",\"params\":[%s],\"id\":%d}", method,
                   params, ++rpc->id);
    CHECK(len > 0 && (size_t)len < sizeof text);
    setsockopt(rpc->fd, SOL_SOCKET, SO_RCVTIMEO, &left, sizeof left);
    setsockopt(rpc->fd, SOL_SOCKET, SO_SNDTIMEO, &left, sizeof left);
    if (send(rpc->fd, text, (size_t)len, MSG_NOSIGNAL) != len)
        return err_set(err, ERR_IO, "%s: %s", method, strerror(errno));
    n = recv(rpc->fd, rpc->answer, ANSWER_MAX, 0);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return err_set(err, ERR_TIMEOUT, "Kamailio does not answer %s", method);
    if (n < 0)
        return err_set(err, ERR_IO, "%s: %s", method, strerror(errno));
    if (n == ANSWER_MAX)
        return err_set(err, ERR_LIMIT, "%s: more than %d bytes", method, ANSWER_MAX);
    rpc->len = (size_t)n;
    return 0;
}

static int command(struct rpc *rpc, const char *method, const char *params, struct err *err)
{
    int rc = ask(rpc, method, params, err);

    return rc != 0 ? rc : kamailio_parse_done(rpc->answer, rpc->len, rpc->id, err);
}

/* What it says now, beside what it is to say. */
struct look {
    struct kamailio_target targets[LIMIT_SERVERS];
    int n;
};

static int look(struct rpc *rpc, const struct agent_order *order, struct look *look,
                struct err *err)
{
    int rc = ask(rpc, "dispatcher.list", "", err);

    return rc != 0 ? rc
                   : kamailio_parse_list(rpc->answer, rpc->len, rpc->id, order->set, look->targets,
                                         LIMIT_SERVERS, &look->n, err);
}

static const struct kamailio_target *target_of(const struct look *look, const char *uri)
{
    for (int i = 0; i < look->n; i++)
        if (strcmp(look->targets[i].uri, uri) == 0)
            return &look->targets[i];
    return NULL;
}

/* The same destinations with the same weights: only states can differ. */
static bool same_targets(const struct look *look, const struct agent_order *order)
{
    for (int i = 0; i < order->n_servers; i++) {
        const struct kamailio_target *target = target_of(look, order->servers[i].uri);

        if (target == NULL || target->weight != order->servers[i].weight || target->probing)
            return false;
    }
    return look->n == order->n_servers;
}

/* False too for one that it does not have. */
static bool other_state(const struct look *look, const struct agent_server *server)
{
    const struct kamailio_target *target = target_of(look, server->uri);

    return target != NULL && target->state != states[server->duty];
}

static bool says(const struct look *look, const struct agent_order *order)
{
    if (!same_targets(look, order))
        return false;
    for (int i = 0; i < order->n_servers; i++)
        if (other_state(look, &order->servers[i]))
            return false;
    return true;
}

/* Who serves first: the group is never emptier than before or after. */
static int set_states(struct rpc *rpc, const struct agent_order *order, const struct look *look,
                      struct err *err)
{
    for (int serves = 1; serves >= 0; serves--)
        for (int i = 0; i < order->n_servers; i++) {
            const struct agent_server *server = &order->servers[i];
            char params[AGENT_URI + 32];
            int rc;

            if ((server->duty == AGENT_SERVES) != serves || !other_state(look, server))
                continue;
            snprintf(params, sizeof params, "\"%c\",%d,\"%s\"", states[server->duty] | 0x20,
                     order->set, server->uri);
            rc = command(rpc, "dispatcher.set_state", params, err);
            if (rc != 0)
                return err_wrap(err, rc, "%s", server->name);
        }
    return 0;
}

/* When it will not read its list again yet, the states of the destinations that it has are set
 * all the same: traffic does not wait for a weight. */
static int tell(struct rpc *rpc, const struct agent_order *order, struct look *now, struct err *err)
{
    struct err refusal;
    int rc = 0, refused = 0;

    if (!same_targets(now, order)) {
        refused = command(rpc, "dispatcher.reload", "", &refusal);
        if (refused == 0)
            rc = look(rpc, order, now, err);
    }
    if (rc == 0)
        rc = set_states(rpc, order, now, err);
    if (rc == 0)
        rc = look(rpc, order, now, err);
    if (rc != 0 || says(now, order))
        return rc;
    if (refused != 0)
        return err_set(err, refused, "%s", refusal.text);
    return err_set(err, ERR_INVALID,
                   "it took the commands and group %d still says otherwise: does its list_file "
                   "name this agent's list, and does nobody else command it?",
                   order->set);
}

int kamailio_write_list(const char *path, const struct buf *list, struct err *err)
{
    struct buf now = {0};
    int rc = file_read(path, 1 << 20, &now, err);
    bool differs = rc != 0 || now.len != list->len || memcmp(now.data, list->data, list->len) != 0;

    buf_free(&now);
    return differs ? file_write(path, list->data, list->len, 0644, err) : 0;
}

int kamailio_obey(const struct agent_config *config, const struct agent_order *order,
                  const struct buf *list, bool *changed, struct err *err)
{
    struct look *now;
    struct rpc rpc;
    int rc;

    if (config->socket[0] == '\0')
        return err_set(err, ERR_INVALID, "this agent has no kamailio");
    rc = kamailio_write_list(config->list, list, err);
    if (rc == 0)
        rc = rpc_open(&rpc, config->socket, order->timeout_ms, err);
    if (rc != 0)
        return rc;
    now = mem_zalloc(1, sizeof *now);
    rc = look(&rpc, order, now, err);
    if (rc == 0 && !says(now, order)) {
        *changed = true;
        rc = tell(&rpc, order, now, err);
    }
    mem_free(now);
    rpc_close(&rpc);
    return rc;
}

void kamailio_list(const struct orders *orders, struct buf *out)
{
    static const int flags[] = {[AGENT_RESTS] = 4, [AGENT_DRAINS] = 1, [AGENT_SERVES] = 0};
    const struct agent_order *order;

    buf_str(out, "# Written by kirikae-agent. GROUP URI FLAGS PRIORITY ATTRIBUTES\n");
    for (int i = 0; (order = orders_at(orders, i)) != NULL; i++) {
        if (order->kind != AGENT_KAMAILIO)
            continue;
        buf_printf(out, "# %s: %s, epoch %u.%u\n", order->route, order->candidate, order->epoch,
                   order->step);
        for (int k = 0; k < order->n_servers; k++)
            buf_printf(out, "%d %s %d 0 rweight=%d\n", order->set, order->servers[k].uri,
                       flags[order->servers[k].duty], order->servers[k].weight);
    }
}
