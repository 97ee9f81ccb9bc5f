/* Orders to tell a receiver of a notice: what there is to say is written at once, from this node's
 * ledger; a few deliveries are under way at a time, and the others wait for their turn. Each ends
 * in one EVENT_TOLD. */
#include "act/notify.h"
#include "base/check.h"
#include "base/mem.h"
#include "daemon/daemon.h"
#include "report/notice_text.h"
#include "store/zone_file.h"

#include <stdio.h>
#include <string.h>

#define WAITING_MAX 64
#define WAIT_MS 8000 /* the leader takes an order for lost 10 s after its attempt should be over   \
                      */

/* One order, written out: the configuration may change before it is its turn. */
struct telling {
    struct teller *teller;
    struct telling *next; /* of those that wait */
    struct tell_order order;
    char receiver[LIMIT_NAME], to[LIMIT_TEXT];
    struct channel channel;
    struct notice_text text;
    int64_t since_ms; /* boot */
};

struct teller {
    struct daemon *daemon;
    struct notify *notify;
    struct telling *first, **last; /* waiting, owned */
    int n_waiting, n_sending;
    struct zone *zone; /* owned; of the name below; NULL: not known */
    char zone_name[LIMIT_NAME];
};

/* ---- what came of it ---- */

static void told(struct daemon *daemon, const struct tell_order *order, int code, bool unsure,
                 const char *text)
{
    struct event event = {.kind = EVENT_TOLD, .now = daemon_now()};

    event.told.notice = order->notice;
    event.told.receiver = order->receiver;
    event.told.attempt = order->attempt;
    event.told.code = code;
    event.told.unsure = unsure;
    event.told.text = text;
    node_step(daemon->node, &event);
}

static void telling_end(struct telling *telling, int code, bool unsure, const char *text)
{
    struct daemon *daemon = telling->teller->daemon;
    const struct tell_order *order = &telling->order;

    log_line(daemon->log, code == 0 ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, "notice",
             "%llu to %s, attempt %u: %s%s%s", (unsigned long long)order->notice, telling->receiver,
             order->attempt, code == 0 ? "accepted: " : "", text,
             unsure ? " (it may have been accepted)" : "");
    told(daemon, order, code, unsure, text);
    notice_text_free(&telling->text);
    mem_free(telling);
}

/* ---- taking turns ---- */

static void send_next(struct teller *teller);

static void on_done(void *context, const struct notify_result *result)
{
    struct telling *telling = context;
    struct teller *teller = telling->teller;

    teller->n_sending--;
    telling_end(telling, result->code, result->unsure, result->text);
    send_next(teller);
}

static void begin(struct telling *telling)
{
    const struct notify_message message = {.channel = &telling->channel,
                                           .to = telling->to,
                                           .key = telling->order.key,
                                           .thread = buf_cstr(&telling->text.thread),
                                           .repeat = telling->order.repeat,
                                           .now_ms = daemon_now().utc_ms,
                                           .subject = buf_cstr(&telling->text.subject),
                                           .body = buf_cstr(&telling->text.body)};

    telling->teller->n_sending++;
    notify_send(telling->teller->notify, &message, on_done, telling);
}

static struct telling *take(struct teller *teller)
{
    struct telling *telling = teller->first;

    teller->first = telling->next;
    if (teller->first == NULL)
        teller->last = &teller->first;
    teller->n_waiting--;
    return telling;
}

/* Who has waited for too long is tried again later: by another node, which may have less to do. */
static void send_next(struct teller *teller)
{
    while (teller->first != NULL && teller->n_sending < NOTIFY_AT_ONCE) {
        struct telling *telling = take(teller);

        if (daemon_now().boot_ms - telling->since_ms > WAIT_MS)
            telling_end(telling, ERR_LIMIT, false, "too many deliveries at once");
        else
            begin(telling);
    }
}

/* ---- what there is to say ---- */

static bool line_of(void *context, uint64_t seq, struct buf *line)
{
    struct daemon *daemon = context;
    uint64_t count = 0;
    struct err err;

    if (seq >= ledger_size(daemon->ledger) ||
        ledger_read(daemon->ledger, seq, 1, line, &count, &err) < 0 || count != 1)
        return false;
    line->len--; /* the newline */
    return true;
}

/* A node that has just joined may still be fetching lines. */
static bool lines_are_here(const struct daemon *daemon, const struct notice_state *notice)
{
    for (int i = 0; i < notice->n_refs; i++)
        if (notice->refs[i].seq >= ledger_size(daemon->ledger))
            return false;
    return true;
}

static const struct zone *zone_of(struct teller *teller, const char *name)
{
    struct err err;

    if (strcmp(teller->zone_name, name) == 0)
        return teller->zone;
    zone_free(teller->zone);
    teller->zone = NULL;
    snprintf(teller->zone_name, sizeof teller->zone_name, "%s", name);
    if (zone_file_load(name, &teller->zone, &err) < 0)
        log_line(teller->daemon->log, LOG_LEVEL_ERROR, "zone", "notices have times in UTC: %s",
                 err.text);
    return teller->zone;
}

static struct telling *write_out(struct teller *teller, const struct tell_order *order,
                                 const struct notice_state *notice)
{
    struct daemon *daemon = teller->daemon;
    const struct shared *shared = engine_shared(node_engine(daemon->node));
    const struct notice_config *config = shared->model->notices;
    const struct receiver *receiver = &config->receivers[order->receiver];
    const struct notice_input input = {.shared = shared,
                                       .zone = zone_of(teller, shared->model->contract.timezone),
                                       .notice = notice,
                                       .receiver = order->receiver,
                                       .now_ms = daemon_now().utc_ms,
                                       .repeat = order->repeat,
                                       .line = line_of,
                                       .context = daemon,
                                       .server = daemon->self,
                                       .since_ms = order->since_ms};
    struct telling *telling = mem_zalloc(1, sizeof *telling);

    telling->teller = teller;
    telling->order = *order;
    telling->channel = config->channels[receiver->channel];
    telling->since_ms = daemon_now().boot_ms;
    memcpy(telling->receiver, receiver->name, sizeof telling->receiver);
    memcpy(telling->to, receiver->to, sizeof telling->to);
    notice_text_write(&input, &telling->text);
    return telling;
}

/* Without a quorum nothing is in the state: each site tells it by itself. */
static const struct notice_state quorum_lost = {
    .rule = -1, .n_refs = 1, .refs = {{.event = NOTICE_QUORUM_LOST}}};

void notices_tell(void *context, const struct tell_order *order)
{
    struct daemon *daemon = context;
    struct teller *teller = daemon->teller;
    const struct shared *shared = engine_shared(node_engine(daemon->node));
    const struct notice_state *notice =
        order->notice == 0 ? &quorum_lost : notice_find(&shared->notices, order->notice);
    struct telling *telling;

    if (teller == NULL)
        told(daemon, order, ERR_UNAVAILABLE, false, "this node is starting or stopping");
    else if (notice == NULL || shared->model == NULL || shared->model->notices == NULL ||
             order->receiver >= shared->model->notices->n_receivers)
        told(daemon, order, ERR_UNAVAILABLE, false, "there is no such notice any more");
    else if (order->notice != 0 && !lines_are_here(daemon, notice))
        told(daemon, order, ERR_UNAVAILABLE, false, "its ledger is not on this node's disk yet");
    else if (teller->n_waiting == WAITING_MAX)
        told(daemon, order, ERR_LIMIT, false, "too many deliveries at once");
    else {
        telling = write_out(teller, order, notice);
        *teller->last = telling;
        teller->last = &telling->next;
        teller->n_waiting++;
        send_next(teller);
    }
}

/* ---- the certificate, of whose end notices warn ---- */

void notices_certificate(struct daemon *daemon)
{
    node_certificate(daemon->node, link_certificate_ends_ms(daemon->link));
}

/* ---- the module ---- */

int notices_module_open(struct daemon *daemon, struct err *err)
{
    struct teller *teller = mem_zalloc(1, sizeof *teller);

    (void)err;
    teller->daemon = daemon;
    teller->last = &teller->first;
    teller->notify = notify_open(daemon->loop);
    daemon->teller = teller;
    notices_certificate(daemon);
    return 0;
}

static void on_closed(void *context)
{
    struct teller *teller = context;
    struct daemon *daemon = teller->daemon;

    CHECK(teller->n_sending == 0);
    zone_free(teller->zone);
    mem_free(teller);
    daemon_module_closed(daemon);
}

void notices_module_close(struct daemon *daemon)
{
    struct teller *teller = daemon->teller;

    daemon->teller = NULL;
    while (teller->first != NULL)
        telling_end(take(teller), ERR_UNAVAILABLE, false, "this node is stopping");
    notify_close(teller->notify, on_closed, teller);
}
