/* Orders come, are compared and kept, wait for their turn, and are answered. One order of an
 * actuator is carried out at a time, and one of all that Kamailio gets, whose list file is
 * one. A newer order of an actuator takes the place of one that waits, and stops one that
 * runs. */
#include "agent/agent.h"
#include "base/check.h"
#include "base/mem.h"
#include "link/agent.h"

#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <unistd.h>

struct job {
    TAILQ_ENTRY(job) entry;
    struct agent *agent;
    struct agent_call *call;
    struct agent_order order;
    struct agent_answer answer;
    struct buf list; /* kamailio */
    int stop;        /* eventfd; -1 while it waits */
    uv_work_t work;
};
TAILQ_HEAD(jobs, job);

struct agent {
    struct agent_config config;
    struct log *log;
    struct orders *orders;
    struct agent_port *port;
    uv_loop_t *loop;
    struct jobs waiting, running;
    bool closing, port_closed;
    void (*closed)(void *context);
    void *closed_context;
};

static void close_when_idle(struct agent *agent)
{
    void (*closed)(void *context) = agent->closed;
    void *context = agent->closed_context;

    if (!agent->closing || !agent->port_closed || !TAILQ_EMPTY(&agent->running))
        return;
    orders_close(agent->orders);
    mem_free(agent);
    if (closed != NULL)
        closed(context);
}

static void reply(struct agent *agent, struct agent_call *call, const struct agent_answer *answer)
{
    struct buf bytes = {0};

    agent_answer_encode(answer, &bytes);
    agent_reply(call, bytes.data, bytes.len);
    buf_free(&bytes);
}

static void answer_with(struct agent_answer *answer, int code, const char *text)
{
    answer->code = code;
    snprintf(answer->text, sizeof answer->text, "%.*s", LIMIT_TEXT - 1, code != 0 ? text : "");
}

static void tell(const struct agent *agent, const struct agent_order *order,
                 const struct agent_answer *answer)
{
    if (answer->code == 0 && !answer->changed)
        return;
    log_line(agent->log, answer->code == 0 ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, "order",
             "%s/%s to %s, epoch %u.%u: %s", order->route, order->actuator, order->candidate,
             order->epoch, order->step, answer->code == 0 ? "done" : answer->text);
}

static void finish(struct job *job)
{
    tell(job->agent, &job->order, &job->answer);
    reply(job->agent, job->call, &job->answer);
    if (job->stop >= 0)
        close(job->stop);
    buf_free(&job->list);
    mem_free(job);
}

static void pump(struct agent *agent);

/* ---- on the pool ---- */

static void do_work(uv_work_t *work)
{
    struct job *job = work->data;
    const struct agent_config *config = &job->agent->config;
    struct err err;
    int rc;

    if (job->order.kind == AGENT_KAMAILIO)
        rc = kamailio_obey(config, &job->order, &job->list, &job->answer.changed, &err);
    else
        rc = program_obey(config, &job->order, job->stop, &job->answer.changed, &err);
    answer_with(&job->answer, rc, err.text);
}

static void refuse(struct agent *agent, const struct job *job)
{
    struct err err;

    if (orders_refuse(agent->orders, &job->order, job->answer.text, &err) != 0)
        log_line(agent->log, LOG_LEVEL_ERROR, "order",
                 "after a restart %s/%s, epoch %u.%u, will be tried again: %s", job->order.route,
                 job->order.actuator, job->order.epoch, job->order.step, err.text);
}

static void on_worked(uv_work_t *work, int status)
{
    struct job *job = work->data;
    struct agent *agent = job->agent;

    if (status != 0) /* it never began */
        answer_with(&job->answer, ERR_UNAVAILABLE, "ending");
    if (job->order.kind == AGENT_EXEC && job->answer.code == ERR_REFUSED)
        refuse(agent, job);
    TAILQ_REMOVE(&agent->running, job, entry);
    finish(job);
    pump(agent);
    close_when_idle(agent);
}

/* ---- whose turn it is ---- */

static bool collides(const struct agent_order *a, const struct agent_order *b)
{
    return agent_same_actuator(a, b) || (a->kind == AGENT_KAMAILIO && b->kind == AGENT_KAMAILIO);
}

static bool may_start(const struct agent *agent, const struct job *job)
{
    const struct job *other;

    TAILQ_FOREACH(other, &agent->running, entry)
    if (collides(&other->order, &job->order))
        return false;
    return true;
}

static void start(struct agent *agent, struct job *job)
{
    TAILQ_REMOVE(&agent->waiting, job, entry);
    TAILQ_INSERT_TAIL(&agent->running, job, entry);
    job->stop = eventfd(0, EFD_CLOEXEC);
    CHECK(job->stop >= 0);
    if (job->order.kind == AGENT_KAMAILIO)
        kamailio_list(agent->orders, &job->list);
    job->work.data = job;
    CHECK(uv_queue_work(agent->loop, &job->work, do_work, on_worked) == 0);
}

static void pump(struct agent *agent)
{
    struct job *job, *next;

    for (job = TAILQ_FIRST(&agent->waiting); job != NULL; job = next) {
        next = TAILQ_NEXT(job, entry);
        if (may_start(agent, job))
            start(agent, job);
    }
}

static void stop(const struct job *job)
{
    (void)!write(job->stop, &(uint64_t){1}, sizeof(uint64_t));
}

static bool newer(const struct agent_order *a, const struct agent_order *b)
{
    return a->epoch > b->epoch || (a->epoch == b->epoch && a->step > b->step);
}

/* Makes room for an order that was kept; false: the same one is under way. */
static bool clear_the_way(struct agent *agent, const struct agent_order *order)
{
    struct job *job, *next;

    for (job = TAILQ_FIRST(&agent->waiting); job != NULL; job = next) {
        next = TAILQ_NEXT(job, entry);
        if (!agent_same_actuator(&job->order, order))
            continue;
        TAILQ_REMOVE(&agent->waiting, job, entry);
        answer_with(&job->answer, ERR_UNAVAILABLE, "another order took its place");
        finish(job);
    }
    TAILQ_FOREACH(job, &agent->running, entry)
    if (agent_same_actuator(&job->order, order)) {
        if (!newer(order, &job->order))
            return false;
        stop(job);
    }
    return true;
}

static void on_request(void *context, struct agent_call *call, const char *node,
                       const uint8_t *bytes, size_t len)
{
    struct agent *agent = context;
    struct job *job = mem_zalloc(1, sizeof *job);
    const char *refused = NULL;
    struct err err;
    int rc;

    job->agent = agent;
    job->call = call;
    job->stop = -1;
    rc = agent_order_decode(bytes, len, &job->order, &err);
    if (rc == 0)
        rc = orders_keep(agent->orders, &job->order, &job->answer, &err);
    if (rc == 0)
        refused = orders_refused(agent->orders, &job->order);
    if (refused != NULL)
        rc = err_set(&err, ERR_REFUSED, "%s", refused);
    if (rc == 0 && !clear_the_way(agent, &job->order))
        rc = err_set(&err, ERR_UNAVAILABLE, "the same order is still under way");
    if (rc != 0) {
        err_wrap(&err, rc, "asked by %s", node);
        answer_with(&job->answer, rc, err.text);
        finish(job);
        return;
    }
    TAILQ_INSERT_TAIL(&agent->waiting, job, entry);
    pump(agent);
}

/* ---- opening and closing ---- */

/* Kamailio may be started before the first order comes: the list is there, and up to date. */
static int first_list(struct agent *agent, struct err *err)
{
    struct buf list = {0};
    int rc;

    if (agent->config.list[0] == '\0')
        return 0;
    kamailio_list(agent->orders, &list);
    rc = kamailio_write_list(agent->config.list, &list, err);
    buf_free(&list);
    return rc;
}

int agent_open(uv_loop_t *loop, const struct agent_config *config, struct log *log,
               struct agent **out, struct err *err)
{
    struct agent *agent = mem_zalloc(1, sizeof *agent);
    struct agent_port_options options;
    int rc;

    agent->config = *config;
    agent->log = log;
    agent->loop = loop;
    TAILQ_INIT(&agent->waiting);
    TAILQ_INIT(&agent->running);
    options = (struct agent_port_options){.loop = loop,
                                          .name = agent->config.name,
                                          .host = agent->config.host,
                                          .port = agent->config.port,
                                          .ca_file = agent->config.ca,
                                          .cert_file = agent->config.cert,
                                          .key_file = agent->config.key,
                                          .log = log,
                                          .request = on_request,
                                          .context = agent};
    rc = orders_open(config->state_dir, &agent->orders, err);
    if (rc == 0)
        rc = first_list(agent, err);
    if (rc == 0)
        rc = agent_port_open(&options, &agent->port, err);
    if (rc != 0) {
        orders_close(agent->orders);
        mem_free(agent);
        return rc;
    }
    *out = agent;
    return 0;
}

int agent_reload(struct agent *agent, struct err *err)
{
    return agent_port_reload(agent->port, err);
}

static void on_port_closed(void *context)
{
    struct agent *agent = context;

    agent->port_closed = true;
    close_when_idle(agent);
}

void agent_close(struct agent *agent, void (*closed)(void *context), void *context)
{
    struct job *job;

    CHECK(!agent->closing);
    agent->closing = true;
    agent->closed = closed;
    agent->closed_context = context;
    while ((job = TAILQ_FIRST(&agent->waiting)) != NULL) {
        TAILQ_REMOVE(&agent->waiting, job, entry);
        answer_with(&job->answer, ERR_UNAVAILABLE, "ending");
        finish(job);
    }
    TAILQ_FOREACH(job, &agent->running, entry)
    stop(job);
    agent_port_close(agent->port, on_port_closed, agent);
}
