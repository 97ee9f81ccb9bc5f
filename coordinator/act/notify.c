#include "act/notify.h"
#include "act/notify_call.h"
#include "act/secret_file.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/plain.h"

#include <stdio.h>
#include <string.h>

static const struct notify_kind *const kinds[] = {
    [CHANNEL_MAIL] = &notify_mail,         [CHANNEL_SLACK] = &notify_slack,
    [CHANNEL_CHATWORK] = &notify_chatwork, [CHANNEL_LINE] = &notify_line,
    [CHANNEL_WEBHOOK] = &notify_webhook,   [CHANNEL_ALERTMANAGER] = &notify_alertmanager,
};

struct notify {
    struct transfers *transfers;
    struct notify_call *calls; /* under way, owned */
    int n_calls;
    uv_async_t ready; /* something ended before it began, or all are to end */
    struct notify_call *unbegun;
    bool closing;
    int open; /* parts that are not closed yet */
    void (*closed)(void *context);
    void *context;
};

static void part_closed(void *context)
{
    struct notify *notify = context;

    if (--notify->open > 0)
        return;
    if (notify->closed != NULL)
        notify->closed(notify->context);
    mem_free(notify);
}

static void on_ready_closed(uv_handle_t *handle)
{
    part_closed(handle->data);
}

static void close_when_idle(struct notify *notify)
{
    if (!notify->closing || notify->calls != NULL || notify->unbegun != NULL ||
        uv_is_closing((uv_handle_t *)&notify->ready))
        return;
    uv_close((uv_handle_t *)&notify->ready, on_ready_closed);
    transfers_close(notify->transfers, part_closed, notify);
}

static void unlink_call(struct notify_call **at, const struct notify_call *call)
{
    while (*at != call)
        at = &(*at)->next;
    *at = call->next;
}

/* A server may say a secret back. */
static void scrub(char *text, const char *secret)
{
    size_t len = strlen(secret);

    for (char *at = text; len > 0 && (at = strstr(at, secret)) != NULL; at += len)
        memset(at, '*', len);
}

static void scrub_all(char *text, const char *secret)
{
    const char *last = strrchr(secret, '/');

    scrub(text, secret);
    if (last != NULL) /* of a URL */
        scrub(text, last + 1);
}

static void finish(struct notify_call *call, struct notify_result *result)
{
    struct notify *notify = call->notify;

    result->text[plain_cut(result->text, strlen(result->text), NOTIFY_TEXT_MAX - 4)] = '\0';
    scrub_all(result->text, call->secret);
    plain_clean(result->text);
    result->took_ms = (uint32_t)(clock_boot_ms() - call->start_ms);
    notify->n_calls--;
    explicit_bzero(call->secret, sizeof call->secret);
    call->done(call->context, result);
    mem_free(call);
    close_when_idle(notify);
}

/* Before anything is cut: of half a secret nobody would know that it is one. */
static void judge(struct notify_call *call, const struct transfer_end *end,
                  struct notify_result *result)
{
    struct transfer_end clean = *end;
    char *kept = mem_dup(end->kept, end->kept_len + 1);
    char *text = mem_strdup(end->text);

    scrub_all(kept, call->secret);
    scrub_all(text, call->secret);
    clean.kept = kept;
    clean.text = text;
    kinds[call->kind]->judge(&clean, result);
    mem_free(kept);
    mem_free(text);
}

static void on_end(void *context, const struct transfer_end *end)
{
    struct notify_call *call = context;
    struct notify_result result = {0};

    unlink_call(&call->notify->calls, call);
    judge(call, end, &result);
    if (result.code != 0 && end->code == CURLE_ABORTED_BY_CALLBACK && call->notify->closing)
        result.code = ERR_UNAVAILABLE;
    finish(call, &result);
}

static void on_ready(uv_async_t *async)
{
    struct notify *notify = async->data;
    struct notify_call *call;

    uv_unref((uv_handle_t *)async);
    while ((call = notify->unbegun) != NULL) {
        notify->unbegun = call->next;
        finish(call, &call->result);
    }
    close_when_idle(notify);
}

/* Meanwhile the loop has something to wait for. */
static void call_on_ready(struct notify *notify)
{
    uv_ref((uv_handle_t *)&notify->ready);
    uv_async_send(&notify->ready);
}

struct notify *notify_open(uv_loop_t *loop)
{
    struct notify *notify = mem_zalloc(1, sizeof *notify);

    notify->transfers = transfers_open(loop, 0);
    CHECK(uv_async_init(loop, &notify->ready, on_ready) == 0);
    notify->ready.data = notify;
    uv_unref((uv_handle_t *)&notify->ready);
    notify->open = 2;
    return notify;
}

void notify_close(struct notify *notify, void (*closed)(void *context), void *context)
{
    CHECK(!notify->closing);
    notify->closing = true;
    notify->closed = closed;
    notify->context = context;
    for (struct notify_call *call = notify->calls; call != NULL; call = call->next)
        transfer_abort(call->transfer);
    call_on_ready(notify);
}

static int read_secret(struct notify_call *call, const struct channel *channel, struct err *err)
{
    size_t len;
    int rv;

    if (channel->secret_file[0] == '\0')
        return kinds[call->kind]->secret ? err_set(err, ERR_INVALID, "it has no secret_file") : 0;
    rv = secret_file_read("secret", channel->secret_file, call->secret, sizeof call->secret, err);
    if (rv != 0)
        return rv;
    len = strlen(call->secret);
    while (len > 0 && strchr(" \t\r\n", call->secret[len - 1]) != NULL)
        call->secret[--len] = '\0';
    if (len == 0)
        return err_set(err, ERR_INVALID, "secret %s: it is empty", channel->secret_file);
    if (!plain_text(call->secret))
        return err_set(err, ERR_INVALID, "secret %s: want one line", channel->secret_file);
    return 0;
}

/* What goes into headers and addresses: nothing that ends a line. */
static int check(const struct notify_message *message, struct err *err)
{
    const struct channel *channel = message->channel;
    const struct {
        const char *what, *text;
    } lines[] = {{"url", channel->url},        {"user", channel->user}, {"from", channel->from},
                 {"to", message->to},          {"key", message->key},   {"thread", message->thread},
                 {"subject", message->subject}};

    for (size_t i = 0; i < ARRAY_LEN(lines); i++)
        if (!plain_text(lines[i].text))
            return err_set(err, ERR_INVALID, "%s: a line break, or another control character",
                           lines[i].what);
    if (strlen(message->key) == 0 ||
        strspn(message->key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") !=
            strlen(message->key))
        return err_set(err, ERR_INVALID, "key: want letters, digits, dots and hyphens");
    return 0;
}

static int prepare(struct notify_call *call, const struct notify_message *message, struct err *err)
{
    struct notify *notify = call->notify;
    int rv;

    if (notify->closing)
        return err_set(err, ERR_UNAVAILABLE, "shutting down");
    if (notify->n_calls > NOTIFY_AT_ONCE)
        return err_set(err, ERR_LIMIT, "%d deliveries are under way already", NOTIFY_AT_ONCE);
    rv = check(message, err);
    if (rv == 0)
        rv = read_secret(call, message->channel, err);
    if (rv != 0)
        return rv;
    call->transfer = transfer_new(notify->transfers, on_end, call);
    rv = kinds[call->kind]->prepare(call, message, err);
    if (rv != 0) {
        transfer_stop(call->transfer);
        call->transfer = NULL;
    }
    return rv;
}

void notify_send(struct notify *notify, const struct notify_message *message, notify_done *done,
                 void *context)
{
    struct notify_call *call = mem_zalloc(1, sizeof *call);
    struct err err = {0};
    int rv;

    call->notify = notify;
    call->kind = message->channel->kind;
    CHECK((unsigned)call->kind < ARRAY_LEN(kinds));
    call->timeout_ms = message->channel->timeout_ms;
    call->done = done;
    call->context = context;
    call->start_ms = clock_boot_ms();
    notify->n_calls++;
    rv = prepare(call, message, &err);
    if (rv == 0) {
        call->next = notify->calls;
        notify->calls = call;
        transfer_start_apart(call->transfer, call->timeout_ms);
        return;
    }
    call->result.code = rv;
    snprintf(call->result.text, sizeof call->result.text, "%.*s",
             (int)plain_cut(err.text, strlen(err.text), NOTIFY_TEXT_MAX - 1), err.text);
    call->next = notify->unbegun;
    notify->unbegun = call;
    call_on_ready(notify);
}
